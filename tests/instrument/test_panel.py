"""The form for an expert panel: written in three languages, read back, with every fault of it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.errors import DataError, InstrumentError, OutputError, UnsupportedError
from crmstudy.instrument import load_instrument
from crmstudy.instrument import panel as form

ECSI = load_instrument("ecsi")


@pytest.mark.parametrize("lang", form.LANGUAGES)
def test_the_form_is_understood_again(lang):
    rows = form.panel_form(ECSI, 2, lang)
    assert [form.heading_of(name) for name in rows[0]] == [
        ("item", ""), ("scale", ""), ("text", ""),
        *[(aspect, expert) for expert in "12" for aspect in ("relevance", "necessity", "clarity", "comment")],
    ]  # fmt: skip
    assert [row[0] for row in rows[1:]] == list(ECSI.item_ids)
    assert all(row[2] and len(row) == len(rows[0]) for row in rows)
    filled = [[*row[:3], "4", "3", "3", "", "۲", "مفید", "", "?"] for row in rows[1:]]
    panel = form.read_panel(rows[0], filled)
    assert panel.experts == ("1", "2")
    assert set(panel.ratings["relevance"]) == {(4, 2)}
    assert set(panel.ratings["necessity"]) == {(3, 2)}
    assert set(panel.ratings["clarity"]) == {(3, None)}
    assert panel.items[0].scale == ECSI.scales[0].id


@pytest.mark.parametrize(
    ("cell", "aspect", "value"),
    [
        ("4", "relevance", 4), (" ۳ ", "relevance", 3), ("٢", "clarity", 2), ("1.0", "relevance", 1),
        ("", "relevance", None), ("–", "clarity", None), ("Essential", "necessity", 3), ("ضروري", "necessity", 3),
        ("غیر ضروری", "necessity", 1), ("غیر\u200cضروری", "necessity", 1),
        ("Useful, but not essential", "necessity", 2),
        ("не нужно", "necessity", 1), ("полезно", "necessity", 2), ("2", "necessity", 2),
    ],
)  # fmt: skip
def test_cells(cell, aspect, value):
    assert form.read_rating(cell, aspect, 1, 4) == value


@pytest.mark.parametrize(
    ("cell", "aspect"),
    [("5", "relevance"), ("3.5", "clarity"), ("good", "relevance"), ("0", "necessity"), ("4", "necessity"),
     ("maybe", "necessity")],
)  # fmt: skip
def test_cells_that_are_no_rating(cell, aspect):
    with pytest.raises(ValueError, match="or nothing"):
        form.read_rating(cell, aspect, 1, 4)


@given(st.text())
def test_any_cell_is_a_rating_nothing_or_refused(cell):
    for aspect in form.ASPECTS:
        try:
            value = form.read_rating(cell, aspect, 1, 4)
        except ValueError:
            continue
        assert value is None or 1 <= value <= 4


@given(st.text())
def test_any_heading_is_understood_or_not(name):
    found = form.heading_of(name)
    assert found is None or found[0] in (*form.ASPECTS, "comment", "item", "scale", "text")


def test_all_faults_at_once():
    names = ["item", "Expert 1: relevance", "Expert 2: relevance"]
    rows = [["q1", "4", "7"], ["", "3", "3"], ["q1", "x", "2"]]
    with pytest.raises(DataError) as caught:
        form.read_panel(names, rows, file="panel.csv", lines=[2, 3, 4])
    told = [str(fault) for fault in caught.value.faults]
    assert len(told) == 4
    assert told[0] == (
        "panel.csv:2: row 1 (item 'q1'), column 'Expert 2: relevance': found '7'; wanted is a whole number from 1 to 4 "
        "or nothing."
    )
    assert "names no item" in told[1]
    assert "stands twice" in told[2]
    assert "found 'x'" in told[3]


@pytest.mark.parametrize(
    ("names", "rows", "words"),
    [
        (["text", "relevance_1"], [["a", "1"]], "no column says which item"),
        (["item", "text"], [["a", "1"]], "no column holds ratings"),
        (["item", "relevance_1", "Expert 1: relevance"], [["a", "1", "2"]], "mean the same"),
        (["item", "relevance_1"], [], "no items"),
        (["item", "relevance_1"], [["a", ""]], "nobody has rated"),
    ],
)
def test_forms_that_cannot_be_read(names, rows, words):
    with pytest.raises(DataError, match=words):
        form.read_panel(names, rows)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_files(tmp_path, suffix):
    target = form.write_panel(ECSI, tmp_path / f"پنل{suffix}", experts=2, lang="fa")
    raw = target.read_bytes()
    if suffix == ".csv":
        assert raw.startswith(b"\xef\xbb\xbf")
        cells = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    else:
        from crmstudy.exchange.drafting.cells import read_grid

        cells = read_grid(target).sheets[0].rows
    assert cells == form.panel_form(ECSI, 2, "fa")
    with pytest.raises(OutputError, match="not overwritten"):
        form.write_panel(ECSI, target, experts=2)
    assert target.read_bytes() == raw


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(UnsupportedError, match=r"\.csv or \.xlsx"):
        form.write_panel(ECSI, tmp_path / "panel.txt", experts=2)
    with pytest.raises(OutputError, match="does not exist"):
        form.write_panel(ECSI, tmp_path / "none" / "panel.csv", experts=2)
    with pytest.raises(UnsupportedError, match="not 0"):
        form.panel_form(ECSI, 0)
    with pytest.raises(UnsupportedError, match="'de'"):
        form.panel_form(ECSI, 2, "de")


def test_wording_is_never_a_formula_and_must_exist():
    from dataclasses import replace

    items = (replace(ECSI.items[0], wording={"en": "=1+1"}), *ECSI.items[1:])
    rows = form.panel_form(replace(ECSI, items=items), 1)
    text = form._delimited(rows).decode("utf-8-sig")
    assert "'=1+1" in text
    with pytest.raises(InstrumentError, match="no wording in 'fa'"):
        form.panel_form(replace(ECSI, items=items), 1, "fa")
