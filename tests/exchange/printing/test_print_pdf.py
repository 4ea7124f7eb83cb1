"""The printed questionnaire as PDF: every text in reading order, harmless, A4, the same bytes always."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import unicodedata
from importlib import resources
from importlib.util import find_spec

import pytest

from crmstudy import letters
from crmstudy.errors import MissingExtraError, OutputError
from crmstudy.exchange.printing.pdf import _NOT_IN_FONTS as NOT_IN_FONTS
from crmstudy.exchange.printing.pdf import questionnaire_pdf, write_pdf
from crmstudy.instrument import list_instruments, load_instrument
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.load import parse_instrument
from crmstudy.instrument.model import Item, ResponseFormat
from tests.exchange.printing.hostile import HOSTILE, named

needs_typst = pytest.mark.skipif(find_spec("typst") is None, reason="needs the Python package typst")
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext (poppler-utils)")
ASKED = [one for one in list_instruments() if one.wording != "none"]
#: Signs that pdftotext takes for the end of a piece of a line.
VOWEL = re.compile("[\u064b-\u0652]")


def words_of(raw, path, lang):
    """The text of a PDF; of Persian in the order of the page, of others in the order of the file."""
    path.write_bytes(raw)
    order = [] if lang == "fa" else ["-raw"]
    command = ["pdftotext", *order, "-enc", "UTF-8", str(path), "-"]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode("utf-8")


def bare(text):
    """A text without what stands between its lines (codes) and what pdftotext turns round or doubles in Persian."""
    key = letters.key(re.sub("[\u200b\u202a-\u202e\u00ad]", "", text))
    return re.sub(r"(.)\1+", r"\1", re.sub(r"\d", "", key).replace("لا", "ال"))


@needs_typst
@needs_poppler
@pytest.mark.parametrize("instrument", ASKED, ids=named)
def test_every_question_can_be_read_in_the_pdf(instrument, tmp_path):
    for lang in instrument.languages:
        text = bare(words_of(questionnaire_pdf(instrument, lang), tmp_path / "form.pdf", lang))
        at = 0
        for entry in sorted(instrument.entries, key=lambda entry: place_of(instrument, entry)):
            asked = instrument.text(entry.wording, lang)
            if lang == "fa":
                pieces = [word for word in asked.split() if not VOWEL.search(word)] if VOWEL.search(asked) else [asked]
                assert all(bare(piece) in text for piece in pieces), entry.id
                continue
            at = text.find(bare(asked), at)
            assert at >= 0, f"{entry.id} in {lang}"
            at += len(bare(asked)) - 1  # letters at a seam may have become one


def place_of(instrument, entry):
    """Where a question is asked: sections come before the order of the entries."""
    asked = [id for section in instrument.sections for id in section.entries]
    return asked.index(entry.id) if asked else entry.order


@needs_typst
def test_the_same_instrument_gives_the_same_bytes_and_no_date():
    instrument = load_instrument("crm-sty")
    raw = questionnaire_pdf(instrument, "fa")
    assert raw == questionnaire_pdf(instrument, "fa")
    assert raw.startswith(b"%PDF-")
    assert b"CreationDate" not in raw
    assert raw != questionnaire_pdf(instrument, "ru")


@needs_typst
@needs_poppler
def test_pages_are_a4_and_counted_in_the_digits_of_the_language(tmp_path):
    path = tmp_path / "form.pdf"
    text = words_of(questionnaire_pdf(load_instrument("qwl-walton"), "fa"), path, "fa")
    told = subprocess.run(["pdfinfo", str(path)], capture_output=True, check=True, timeout=60).stdout.decode("utf-8")
    pages = int(re.search(r"Pages:\s+(\d+)", told)[1])
    assert "595.276 x 841.89" in told
    assert f"qwl-walton 1.0 {load_instrument('qwl-walton').fingerprint[:8]}" in text
    last = str(pages).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    assert f"از {last}" in re.sub("[\u202a-\u202e]", "", text)
    assert text.count("بسیار") >= 2, "the heading stands on the second page too"
    fonts = subprocess.run(["pdffonts", str(path)], capture_output=True, check=True, timeout=60).stdout.decode("utf-8")
    assert "Vazirmatn" in fonts
    embedded = [line.split()[-5] for line in fonts.splitlines()[2:]]
    assert set(embedded) == {"yes"}


@needs_typst
@needs_poppler
def test_hostile_texts_come_out_as_text_and_run_nothing(tmp_path):
    instrument = parse_instrument(HOSTILE)
    text = words_of(questionnaire_pdf(instrument, "en"), tmp_path / "form.pdf", "en")
    flat = re.sub(r"\s+", "", text.replace("\u200b", ""))
    for entry in instrument.entries:
        assert re.sub(r"\s+", "", entry.wording["en"]) in flat, entry.id
    for said in (instrument.instructions["en"], instrument.rights.statement, instrument.rights.holder):
        assert re.sub(r"\s+", "", said) in flat


@needs_typst
@needs_poppler
def test_a_structure_sheet_names_every_item_and_no_box(tmp_path):
    instrument = load_instrument("jss")
    text = words_of(questionnaire_pdf(instrument, "ru"), tmp_path / "sheet.pdf", "ru")
    assert all(re.search(rf"\b{item.id}\b", text) for item in instrument.items)
    assert text.count("(обратный)") == sum(item.reverse for item in instrument.items)
    assert "№ респондента" not in text


@needs_typst
def test_never_over_a_file(tmp_path):
    target = tmp_path / "form.pdf"
    assert write_pdf(load_instrument("uwes9"), target).files == [target]
    with pytest.raises(OutputError, match="exists already"):
        write_pdf(load_instrument("uwes9"), target)


def test_the_signs_taken_to_be_in_the_fonts_are_there():
    fonts = pytest.importorskip("fontTools.ttLib")
    folder = resources.files("crmstudy") / "fonts"
    for style in ("Regular", "Bold"):
        there = set()
        for family in ("GolosText", "Vazirmatn"):
            there |= set(fonts.TTFont(str(folder / f"{family}-{style}.ttf")).getBestCmap())
        claimed = {code for code in range(0x20, 0xFFFF) if not NOT_IN_FONTS.match(chr(code))}
        inkless = {code for code in claimed if chr(code).isspace() or unicodedata.category(chr(code)) in ("Cf", "Zl")}
        missing = sorted(claimed - inkless - there)
        assert missing == []


def test_every_letter_of_the_library_is_in_the_fonts():
    from crmstudy.exchange.printing.composing import sheet

    for instrument in list_instruments():
        for lang in instrument.languages:
            assert NOT_IN_FONTS.findall(str(sheet(instrument, lang).plain())) == [], (instrument.id, lang)


@needs_typst
def test_letters_that_no_font_has_are_told(tmp_path):
    instrument = draft("odd", name={"zh": "x"}, items=[
        Item("q", 1, ResponseFormat("r", 1, 5), wording={"zh": "您对工作满意吗"})
    ])  # fmt: skip
    log = write_pdf(instrument, tmp_path / "form.pdf")
    assert "7 letters" in log.text
    assert "您" in log.text
    assert write_pdf(load_instrument("uwes9"), tmp_path / "other.pdf", "ru").lines == ()


def test_without_typst_the_command_that_brings_it_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'crmstudy\[pdf\]'"):
        write_pdf(load_instrument("uwes9"), tmp_path / "form.pdf", "en")
    assert list(tmp_path.iterdir()) == []
