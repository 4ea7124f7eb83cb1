"""The key of a study, and the codes that respondents hold."""

import os
import stat
import threading

import pytest

from crmstudy.administration import keys
from crmstudy.errors import OutputError


def test_a_code_has_130_bits_in_26_signs():
    many = {keys.new_secret() for _ in range(2000)}
    assert len(many) == 2000
    assert all(len(code) == 26 and set(code) <= set(keys.SIGNS) for code in many)
    for place in range(26):  # every sign of every place takes every value, the first too: 26 * 5 = 130
        assert len({code[place] for code in many}) == 32


def test_a_code_is_read_as_people_write_it():
    code = "0123456789ABCDEFGHJKMNPQRS"
    for written in (
        code.lower(),
        keys.grouped(code),
        " ".join(keys.grouped(code).split("-")),
        code.replace("0", "O").replace("1", "I"),
        code.replace("0", "o").replace("1", "l"),
        code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")),
        code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        code.translate(str.maketrans("ABCEHKMP", "АВСЕНКМР")),
        "\u200f" + keys.grouped(code).replace("-", "\u2011") + "\u200e\n",
        f"«{code}»،",
        f"<{keys.grouped(code)}>.",
        keys.grouped(code).replace("-", "\u200c"),
    ):
        assert keys.read_secret(written) == code, written
    for wrong in ("", "0" * 25, "0" * 27, "U" + code[1:], "é" + code[1:], code + "\x00", "0" * 10**6, "ﷺ" * 26):
        assert keys.read_secret(wrong) is None


def test_traces_of_one_code_differ_by_kind():
    code = keys.new_secret()
    traces = {keys.digest(kind, code) for kind in keys.KINDS}
    assert len(traces) == 4
    assert all(len(trace) == 64 and code not in trace for trace in traces)
    with pytest.raises(ValueError, match="token"):
        keys.digest("else", code)  # type: ignore[arg-type]


def test_the_key_is_made_once_and_for_its_owner(tmp_path):
    place = tmp_path / "administration"
    key = keys.study_key(place)
    assert len(key) == 32
    assert keys.study_key(place) == key
    assert [path.name for path in place.iterdir()] == ["secret.key"]
    if os.name == "posix":
        assert stat.S_IMODE((place / "secret.key").stat().st_mode) == 0o600


def test_programs_that_start_at_once_get_one_key(tmp_path):
    start, got = threading.Barrier(16), []

    def run():
        start.wait()
        got.append(keys.study_key(tmp_path / "administration"))

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 16
    assert len(set(got)) == 1


def test_a_key_without_hard_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(95, "not supported")

    monkeypatch.setattr(os, "link", refuse)
    assert len(keys.study_key(tmp_path)) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_damaged_or_open_key_is_refused_and_kept(tmp_path):
    path = tmp_path / "secret.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(OutputError, match="32 bytes"):
        keys.study_key(tmp_path)
    assert path.read_bytes() == b"short"
    path.write_bytes(bytes(32))
    path.chmod(0o644)
    if os.name == "posix":
        with pytest.raises(OutputError, match="chmod 600"):
            keys.study_key(tmp_path)


def test_derived_keys_differ():
    key = bytes(range(32))
    assert keys.derived(key, "cookie") != keys.derived(key, "branch")
    assert keys.derived(key, "cookie") == keys.derived(key, "cookie")
    assert len(keys.derived(key, "cookie")) == 32
