"""The door: values come back as they are, every way of ending is a sentence, and the next file is read all the same."""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import crmstudy
from crmstudy.errors import CrmstudyError, DataError, InstrumentError, MissingExtraError
from crmstudy.exchange.untrusted import child, door, wire
from crmstudy.exchange.untrusted.door import fresh_processes, parse
from crmstudy.exchange.untrusted.kinds import KINDS, SMALL, Kind
from crmstudy.exchange.untrusted.limits import can_limit_memory, can_limit_processor
from tests.exchange.untrusted import parsers

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of this platform are not known here")


@pytest.fixture(autouse=True)
def bad_parsers(monkeypatch):
    """The parsers of tests.exchange.untrusted.parsers under their names."""
    for name in vars(parsers):
        if callable(getattr(parsers, name)) and getattr(parsers, name).__module__ == parsers.__name__:
            kind = Kind(f"tests.exchange.untrusted.parsers:{name}", "a test file", largest=1000, seconds=2.0)
            monkeypatch.setitem(KINDS, name, kind)


def _refusal(kind: str, *arguments, **keywords) -> str:
    with pytest.raises(DataError) as caught:
        parse(kind, *arguments, file="odd.bin", **keywords)
    assert parse("values", b"next")["raw"] == b"next"
    return str(caught.value)


def test_values_come_back_as_they_are(tmp_path):
    path = tmp_path / "پرونده.bin"
    path.write_bytes(b"\x00content")
    assert parse("values", path, a=1, b=["x", None]) == {
        "raw": b"\x00content", "file": "پرونده.bin", "options": {"a": 1, "b": ["x", None]},
    }  # fmt: skip
    found = parse("kinds", b"")
    assert found[:10] == [
        None, True, 1, 2.5, "ن\u200cو", b"\x00\xff", dt.date(2026, 3, 21), dt.datetime(2026, 3, 21, 4, 5), ["a", ["b"]],
        {"$": 1, "x": {2: "two", ".a": None}},
    ]  # fmt: skip
    np.testing.assert_array_equal(np.asarray(found[10]), [1, -2])
    np.testing.assert_array_equal(np.asarray(found[11]), [0.0, 2.0, 4.0])
    assert found[12] == 7
    assert np.asarray(found[13]).tolist() == [True, False]
    assert found[14:] == [float("inf"), "\ud800"]


def test_a_crash_is_a_sentence():
    assert "the reader of a test file crashed over it" in _refusal("crash", b"")
    assert "crashed over it" in _refusal("leave", b"")


def test_a_crash_that_an_earlier_file_prepared_is_tried_again():
    parse("mark", b"")
    assert parse("crash_if_used", b"") == "alone"


def test_a_key_that_stops_the_parent_leaves_no_answer_behind(monkeypatch):
    parse("values", b"")

    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(wire, "read", stop)
        with pytest.raises(KeyboardInterrupt):
            parse("values", b"old")
    assert parse("values", b"new")["raw"] == b"new"


def test_options_that_are_no_plain_values_are_a_fault_of_the_program():
    with pytest.raises(TypeError, match="no plain value"):
        parse("values", b"", option=object())
    assert parse("values", b"next")["raw"] == b"next"


def test_what_takes_too_long_is_stopped():
    begun = time.perf_counter()
    assert "took longer than 2 seconds and was stopped" in _refusal("sleep", b"")
    assert "took longer than" in _refusal("spin", b"", seconds=0.5)
    assert time.perf_counter() - begun < 10


@linux
@pytest.mark.parametrize("kind", ["grow", "swell"])
def test_what_wants_too_much_memory_is_stopped(kind):
    assert can_limit_memory()
    assert can_limit_processor()
    assert "wanted more than 100 MB of memory and was stopped" in _refusal(kind, b"", memory=100 * 2**20, seconds=20)


def test_what_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.bin"
    path.write_bytes(b"x" * 1001)
    assert "the file is too large" in _refusal("values", b"x" * 1001)
    with pytest.raises(DataError, match="too large: 0 MB, and at most 0 MB"):
        parse("values", path)
    with pytest.raises(DataError, match="cannot be read: No such file"):
        parse("values", tmp_path / "absent.bin")


def test_limits_grow_with_the_file():
    kind = replace(KINDS["spss"], seconds=4.0, seconds_per_mb=2.0, memory=100, memory_per_byte=3)
    assert door.limits_of(kind, 3 * 2**20 + SMALL).seconds == 10.0
    assert door.limits_of(kind, 7).memory == 121
    assert all(door.limits_of(one, SMALL).seconds <= 5 for name, one in KINDS.items())


def test_refusals_keep_their_class_and_faults():
    with pytest.raises(InstrumentError) as caught:
        parse("refuse", b"")
    assert [(f.message, f.file, f.line) for f in caught.value.faults] == [
        ("one is wrong.", "a.yaml", 3), ("two is wrong.", None, None),
    ]  # fmt: skip
    with pytest.raises(MissingExtraError, match=r"pip install 'crmstudy\[parquet\]'"):
        parse("lack", b"")


def test_other_errors_mean_a_damaged_file_and_their_words_are_tamed():
    said = _refusal("break_down", b"")
    assert "this is not a test file that can be read, or it is damaged (ValueError: bad" in said
    assert said.isprintable()
    assert len(said) < 300
    assert "nested too deeply" in _refusal("nest", b"")
    assert "no plain value" in _refusal("object_back", b"")


def test_what_a_parser_prints_is_no_answer_and_there_is_nothing_to_read():
    assert parse("print_out", b"") == "said"
    assert parse("read_input", b"") == ""


def test_a_child_that_was_taken_over_gives_no_more_than_a_refusal():
    assert "crashed" in _refusal("lie", b"")


def test_the_child_sees_no_secrets_and_writes_no_files(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVER_SECRET", "1234")
    assert "SERVER_SECRET" not in parse("surroundings", b"", fresh=True)
    if sys.platform.startswith("linux"):
        _refusal("write_file", b"", path=str(tmp_path / "made.txt"))
        assert not (tmp_path / "made.txt").exists() or not (tmp_path / "made.txt").stat().st_size


def test_one_child_serves_many_and_is_replaced(monkeypatch):
    first = parse("process", b"")
    assert parse("process", b"") == first != os.getpid()
    alone = parse("process", b"", fresh=True)
    assert alone != first
    assert parse("process", b"") == first
    with fresh_processes():
        assert parse("process", b"") not in (first, alone)
    monkeypatch.setattr(child, "SERVED", 1)
    assert parse("process", b"") != first


def test_threads_take_turns():
    found = []

    def ask(number: int) -> None:
        found.append(parse("values", b"x", number=number)["options"]["number"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(8))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_after_a_fork_each_side_has_its_own_child():
    first = parse("process", b"")
    reading, writing = os.pipe()
    other = os.fork()
    if not other:
        own = parse("process", b"")
        os.write(writing, str(int(own != first)).encode())
        child.shared.end()
        os._exit(0)
    os.waitpid(other, 0)
    assert os.read(reading, 1) == b"1"
    os.close(reading)
    os.close(writing)
    assert parse("process", b"") == first


def test_an_unknown_kind_is_a_fault_of_the_program():
    with pytest.raises(KeyError, match="no kind of file 'sva'"):
        parse("sva", b"")


def test_the_child_imports_only_what_it_needs():
    parse("delimited", b"a,b\n1,2\n", fresh=True)
    code = "import sys, crmstudy.exchange.untrusted.worker, crmstudy.exchange.delimited as d\n"
    code += "d.take_apart(b'a\\n1\\n', 'f'); sys.exit(int(bool({'numpy', 'pandas'} & set(sys.modules))))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("raw", [b"\x00", b"\x00" * 7 + b"\x02{}", b"\xff" * 20, b"\x00" * 7 + b"\x09[1,2,3,4]"])
def test_messages_that_are_none_are_refused(raw):
    with pytest.raises(wire.BrokenMessage):
        wire.read(io.BytesIO(raw), 10**6, 10**6)


@linux
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fork_and_hold", "fork_and_leave_the_group"])
def test_who_holds_the_pipes_open_keeps_nobody_waiting(kind):
    begun = time.perf_counter()
    assert "longer than 2 seconds" in _refusal(kind, b"")
    assert time.perf_counter() - begun < 6


@linux
def test_what_is_said_unasked_is_not_taken_for_the_next_answer():
    first = parse("process", b"")
    assert parse("speak_later", b"") == "said"
    time.sleep(0.6)
    assert parse("values", b"next")["raw"] == b"next"
    assert parse("process", b"") != first


@pytest.mark.parametrize(
    "value",
    [
        b'{"refused":"InputError","faults":5}', b'{"refused":"__class__","faults":[[1]]}',
        b'{"refused":[],"faults":{}}',
        b'{"damaged":["x"]}', b'{"missing":"run this: \\u001b[31m"}', b"[]", b"{}",
    ],
)  # fmt: skip
def test_hostile_answers_are_refusals_without_commands(value):
    with pytest.raises(CrmstudyError) as caught:
        parse("answer_as", b'{"buffers":[],"value":' + value + b"}", fresh=True)
    assert "".join(str(caught.value).split()).isprintable()


@pytest.mark.parametrize("header", [b'{"buffers":[900000000000],"value":1}', b'{"buffers":[-1],"value":1}', b"[1e400]"])
def test_lengths_are_not_believed(header):
    with pytest.raises(DataError, match=r"memory|crashed"):
        parse("answer_as", header, fresh=True)


def test_an_answer_larger_than_the_file_can_hold_is_refused(monkeypatch):
    monkeypatch.setattr(child, "_LARGEST_ANSWER", 1000)
    assert parse("values", b"x" * 100)["raw"] == b"x" * 100
    with pytest.raises(DataError, match="memory"):
        parse("swollen", b"x" * 10)


def test_the_standard_library_comes_before_the_packages(tmp_path, monkeypatch):
    folder = tmp_path / "packages"
    shutil.copytree(Path(crmstudy.__file__).parent, folder / "crmstudy", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("enum", "typing", "dataclasses"):
        (folder / f"{name}.py").write_text("raise RuntimeError('an old package of this name')", encoding="utf-8")
    monkeypatch.setattr(child, "_home", lambda: str(folder))
    assert parse("places", b"", fresh=True)[-1] == str(folder)


@linux
@pytest.mark.slow
def test_a_child_whose_parent_was_killed_ends_by_itself(tmp_path, monkeypatch):
    program = (
        "from crmstudy.exchange.untrusted import door, kinds, limits\n"
        "kinds.KINDS['x'] = kinds.Kind('tests.exchange.untrusted.parsers:pid_and_sleep', 'x')\n"
        f"door.parse('x', b'', seconds=1.0, path={str(tmp_path / 'child')!r})\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=Path(crmstudy.__file__).parents[1])
    while not (made := list(tmp_path.iterdir())):
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    pid = int(made[0].name.rpartition("-")[2])
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the child lives on")
