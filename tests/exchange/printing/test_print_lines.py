"""Lines, ranks and texts on paper."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from crmstudy.exchange.printing.composing import sheet
from crmstudy.exchange.printing.html import questionnaire_html
from crmstudy.exchange.printing.pdf import questionnaire_pdf
from crmstudy.instrument import load_instrument
from crmstudy.instrument.load import parse_instrument
from tests.exchange.printing.test_print_html import Page
from tests.instrument.lines import FILE, lines


def blocks_of(instrument, lang="en"):
    return [block for part in sheet(instrument, lang).parts for block in part.blocks]


def test_a_line_has_ticks_where_its_labels_are():
    line = next(block.line for block in blocks_of(lines()) if block.kind == "slider")
    assert (line.ticks, line.low, line.middle, line.high) == ((0, 50, 100), "not at all", "half and half", "wholly")
    assert (line.codes, line.others) == (("0", "100"), ())
    moved = parse_instrument(FILE.replace("50: {en: half and half, fa: نیمی}", "25: {en: a bit, fa: کمی}"))
    line = next(block.line for block in blocks_of(moved, "fa") if block.kind == "slider")
    assert (line.ticks, line.middle, line.others) == ((0, 25, 100), "", ("۲۵ = کمی",))
    bare = parse_instrument(re.sub(r"    labels: \{0: .*\n", "", FILE))
    line = next(block.line for block in blocks_of(bare, "fa") if block.kind == "slider")
    assert (line.ticks, line.low, line.high) == ((0, 100), "۰", "۱۰۰")


def test_what_is_to_be_done_is_said():
    hints = {block.rows[0].columns[:1]: block.hint for block in blocks_of(lines())}
    assert hints["L1",] == "Put a mark on the line."
    assert hints["ALL_1",] == "Number all of them: 1 for the first, 2 for the second and so on."
    assert hints["TOP_1",] == "Number the first places only: from 1 to 2."
    one = parse_instrument(FILE.replace("top: 2", "top: 1"))
    assert "Write 1 beside the first one only." in [block.hint for block in blocks_of(one)]
    assert "فقط رتبه‌های اول را بنویسید: از ۱ تا ۲." in [block.hint for block in blocks_of(lines(), "fa")]


def test_numbers_leave_texts_out_and_the_imprint_names_columns():
    rows = [(block.kind, block.rows[0].number) for block in blocks_of(lines())]
    numbers = [number for kind, number in rows if kind != "info"]
    assert numbers == ["1", "2", "3", "4", "5"]
    (about,) = sheet(lines(), "en").imprints
    assert about.columns == ("1 = L1; 2 = L2; 3 = ALL_1, ALL_2, ALL_3, ALL_4; 4 = TOP_1, TOP_2, TOP_3, TOP_4; 5 = SAY")


@pytest.mark.parametrize("lang", ["en", "fa"])
def test_the_html_is_well_nested_and_shows_all(lang):
    page = Page(questionnaire_html(lines(), lang).decode("utf-8"))
    assert page.faults == []
    marks = [held for tag, held, _ in page.found if held.get("class") == "tick"]
    assert [one["style"] for one in marks] == [
        "inset-inline-start: 0.0%", "inset-inline-start: 50.0%", "inset-inline-start: 100.0%",
    ] * 2  # fmt: skip
    assert sum(held.get("class") == "place" for _, held, _ in page.found) == 8
    boxes = [held["value"] for tag, held, _ in page.found if tag == "input" and held.get("type") == "checkbox"]
    assert boxes == ["-9"] * 4
    texts = " ".join(words for _, words in page.words)
    for entry in lines().entries:
        assert entry.wording[lang] in texts


def test_sheets_without_them_carry_no_style_for_them():
    assert b".tick" not in questionnaire_html(load_instrument("tam"), "en")
    assert b".tick" in questionnaire_html(lines(), "en")


@pytest.mark.parametrize("lang", ["en", "fa"])
def test_the_pdf_shows_all(tmp_path, lang):
    pytest.importorskip("typst")
    raw = questionnaire_pdf(lines(), lang)
    assert raw == questionnaire_pdf(lines(), lang)
    if shutil.which("pdftotext") is None or lang == "fa":
        return
    (tmp_path / "form.pdf").write_bytes(raw)
    text = subprocess.run(["pdftotext", "-layout", str(tmp_path / "form.pdf"), "-"], capture_output=True, text=True,
                          check=True).stdout  # fmt: skip
    for said in ("First, some questions about work.", "half and half", "Number all of them", "does not apply"):
        assert said in text


def test_a_structure_sheet_leaves_texts_out():
    mute = re.sub(r", wording: \{.*\}\}", "}", FILE).replace("wording: paraphrase", "wording: none")
    made = sheet(parse_instrument(mute), "en")
    assert [(row.place, row.item) for row in made.structure] == [
        ("1", "L1"), ("2", "L2"), ("3", "ALL"), ("4", "TOP"), ("5", "SAY"),
    ]  # fmt: skip
