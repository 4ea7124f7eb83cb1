"""Stamps: written where there is room, found whatever stands around them, and obeyed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.errors import DataError
from crmstudy.exchange import read_responses
from crmstudy.exchange.stamps import Stamp, check_stamps, read_stamps, write_stamp
from crmstudy.instrument import load_instrument

ECSI = load_instrument("ecsi")
OTHER = replace(ECSI, id="crm-sty", version="2.0-fa")


def _read(text: str) -> list[tuple[str, str, str]]:
    return [(stamp.id, stamp.version, stamp.fingerprint) for stamp in read_stamps(text)]


BOTH = [("ecsi", "1.0", ECSI.fingerprint), ("crm-sty", "2.0-fa", OTHER.fingerprint)]


@pytest.mark.parametrize("width", [None, 200, 80, 70])
@pytest.mark.parametrize("around", ["{}", "Survey of March 2026\n{}\nabc", '{{"stamp": "{}"}}', "x{}", "<v>{}</v>"])
def test_what_is_written_is_read(width, around):
    stamp = write_stamp([ECSI, OTHER], width=width)
    assert max(map(len, stamp.splitlines())) <= (width or 200)
    assert _read(around.format(stamp)) == BOTH
    assert _read(around.format(stamp.replace("\n", "\r\n"))) == BOTH


def test_a_stamp_in_json_is_read():
    import json

    assert _read(json.dumps({"stamp": write_stamp([ECSI, OTHER]), "items": ["ü"]})) == BOTH


@given(st.integers(0, 300))
def test_room_is_kept_and_fingerprints_are_cut_to_no_less_than_16(room):
    stamp = write_stamp([ECSI, OTHER], room=room)
    assert len(stamp) <= room
    found = read_stamps(stamp)
    assert len(found) in (0, 2)
    assert all(16 <= len(one.fingerprint) <= 64 for one in found)
    assert all(one.fits(instrument) for one, instrument in zip(found, [ECSI, OTHER], strict=False))
    assert bool(stamp) == (room >= len("crmstudy: ecsi 1.0 ") + len("crmstudy: crm-sty 2.0-fa ") + 33)


def test_no_stamp_is_nothing():
    assert write_stamp([]) == ""
    assert _read("") == _read("crmstudy: ecsi") == _read("crmstudy: ecsi 1.0 abc") == []
    assert check_stamps([], [ECSI], "a.csv") == []
    assert check_stamps([Stamp("else", "1", "0" * 64)], [ECSI], "a.csv") == []


@given(st.text())
def test_no_text_breaks_the_reader(text):
    for stamp in read_stamps(text + "crmstudy: " + text):
        assert 16 <= len(stamp.fingerprint) <= 64
        assert set(stamp.fingerprint) <= set("0123456789abcdef")


def test_a_stamp_that_fits_is_enough():
    stamps = [Stamp("ecsi", "0.9", "0" * 64), Stamp("ecsi", "1.0", ECSI.fingerprint[:20])]
    assert check_stamps(stamps, [ECSI], "a.csv") == []
    (fault,) = check_stamps(stamps[:1], [ECSI], "a.csv")
    assert fault.file == "a.csv"


@pytest.mark.parametrize(
    ("data", "beside"),
    [
        ("answers.csv", "answers.codebook.json"),
        ("answers.csv", "answers.csv.codebook.json"),
        ("data/study-mobi_data.csv", "data/study-mobi_data.json"),
        ("data/study-mobi_data.csv", "dataset_description.json"),
    ],
)
def test_a_file_beside_the_data_says_what_they_answer(tmp_path, data, beside):
    (tmp_path / "data").mkdir()
    names = ",".join(ECSI.item_ids)
    (tmp_path / data).write_text(f"{names}\n{','.join('5' * len(ECSI.items))}\n", encoding="utf-8")
    assert read_responses(tmp_path / data, instruments=[ECSI]).n == 1
    (tmp_path / beside).write_text(f'{{"crmstudy": "{write_stamp([ECSI])}"}}', encoding="utf-8")
    assert read_responses(tmp_path / data, instruments=[ECSI]).n == 1
    (tmp_path / beside).write_text(f'{{"crmstudy": "crmstudy: ecsi 0.1 {"0" * 64}"}}', encoding="utf-8")
    with pytest.raises(DataError, match=r"given to 'ecsi' version 0\.1"):
        read_responses(tmp_path / data, instruments=[ECSI])
    assert read_responses(tmp_path / data).n == 1
