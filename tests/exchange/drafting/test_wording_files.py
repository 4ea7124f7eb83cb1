"""Published wording from CSV, workbooks and YAML; and translation sheets through a workbook."""

from __future__ import annotations

import csv

import pytest

from crmstudy.errors import InputError, InstrumentError, UnsupportedError
from crmstudy.exchange.drafting.translation_sheets import read_sheet, write_sheet
from crmstudy.exchange.drafting.wording_files import read_wording, write_template
from crmstudy.instrument import load_instrument
from crmstudy.instrument.revising.adopting import adopt
from crmstudy.instrument.revising.translating import sheet

STY = load_instrument("crm-sty")


def _csv(path, *rows, encoding="utf-8", delimiter=","):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_template_comes_back_filled(tmp_path, suffix):
    from openpyxl import load_workbook

    path = write_template(STY, tmp_path / f"w{suffix}", ["fa"])
    spelled = [
        f"جملهٔ {word}"
        for word in ["الف", "ب", "پ", "ت", "ث", "ج", "چ", "ح", "خ", "د", "ذ", "ر", "ز", "ژ", "س", "ش", "ص", "ض"]
    ]
    if suffix == ".xlsx":
        book = load_workbook(path)
        for line, text in enumerate(spelled, start=2):
            book.active.cell(line, 4).value = text
        book.save(path)
    else:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
        for row, text in zip(rows[1:], spelled, strict=False):
            row[3] = text
        path = _csv(tmp_path / "again.csv", *rows)
    wording = read_wording(path)
    assert wording.languages == ("fa",)
    assert len(wording.sha256) == 64
    made = adopt(STY, wording).instrument
    assert [item.wording["fa"] for item in made.items] == spelled


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1256"])
@pytest.mark.parametrize(
    "head", [("item", "text"), ("گویه", "متن"), ("code", "text_fa"), ("id", "Persian"), ("کد", "فارسی")]
)
def test_headings_and_encodings(tmp_path, encoding, head):
    words = ["سازمان", "مشتری", "دانش", "فناوری", "مدیریت", "کارکنان", "همکاری", "آموزش"]
    rows = [(f"KCF{n}", f"{word} در این پرسشنامه مهم است") for n, word in enumerate(words, start=1)]
    if encoding == "cp1256":  # the page has the Arabic letters only
        rows = [(id, text.replace("ی", "ي").replace("ک", "ك")) for id, text in rows]
        head = tuple(name.replace("ی", "ي").replace("ک", "ك") for name in head)
    wording = read_wording(_csv(tmp_path / "w.csv", head, *rows, encoding=encoding, delimiter=";"), "fa")
    assert [(row.id, row.texts) for row in wording.rows] == [(id, {"fa": text}) for id, text in rows]
    assert bool(wording.told) is (encoding == "cp1256")


@pytest.mark.parametrize(
    "text",
    ["KCF1: {fa: یک, ru: один}\nKCF2: {fa: دو, ru: два}\n",
     "items:\n  KCF1: {fa: یک, ru: один}\n  KCF2: {fa: دو, ru: два}\n",
     "- {item: KCF1, fa: یک, ru: один}\n- {id: KCF2, wording: {fa: دو, ru: два}}\n"],
)  # fmt: skip
def test_yaml(tmp_path, text):
    path = tmp_path / "w.yaml"
    path.write_text(text, encoding="utf-8")
    wording = read_wording(path)
    assert wording.languages == ("fa", "ru")
    assert [row.texts["ru"] for row in wording.rows] == ["один", "два"]
    assert [row.texts for row in read_wording(path, "fa").rows] == [{"fa": "یک"}, {"fa": "دو"}]


def test_texts_of_no_language_are_refused(tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text("KCF1: something\nKCF2: 5\n", encoding="utf-8")
    with pytest.raises(InstrumentError) as caught:
        read_wording(path)
    assert len(caught.value.faults) == 2
    with pytest.raises(InstrumentError, match="--lang"):
        read_wording(_csv(tmp_path / "w.csv", ("item", "text"), ("KCF1", "x")))
    with pytest.raises(InstrumentError, match="no column 'item'"):
        read_wording(_csv(tmp_path / "x.csv", ("thing", "fa"), ("KCF1", "x")))
    with pytest.raises(InstrumentError, match="no column named"):
        read_wording(_csv(tmp_path / "y.csv", ("item", "thing"), ("KCF1", "x")))
    with pytest.raises(UnsupportedError, match=r"\.docx"):
        read_wording(tmp_path / "w.docx")


def test_columns_that_are_not_read_are_told(tmp_path):
    wording = read_wording(_csv(tmp_path / "w.csv", ("item", "fa", "weight"), ("KCF1", "یک", "2")))
    assert any("weight" in line for line in wording.told)


def test_a_text_that_a_comma_divided_is_refused(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("item,en\nKCF1,We listen\nKCF2,We listen, and learn\n", encoding="utf-8")
    with pytest.raises(InstrumentError, match="and learn' stands in a column without a heading"):
        read_wording(path)


def test_one_column_keeps_its_commas_and_a_line_may_name_the_delimiter(tmp_path):
    from crmstudy.exchange.drafting.cells import read_grid

    path = tmp_path / "x.csv"
    path.write_text('text\nI like it, really\n"Yes, ""so"""\n', encoding="utf-8")
    assert read_grid(path).sheets[0].rows == [["text"], ["I like it, really"], ['Yes, "so"']]
    path.write_text("sep=;\nitem;text\na;b, c\n", encoding="utf-8")
    assert read_grid(path).sheets[0].rows == [["item", "text"], ["a", "b, c"]]


def test_nothing_is_written_over(tmp_path):
    path = write_template(STY, tmp_path / "w.csv", ["en"])
    with pytest.raises(InputError, match="not overwritten"):
        write_template(STY, path, ["en"])
    made = sheet(load_instrument("ecsi"), "forward", "de")
    target = write_sheet(tmp_path / "s.xlsx", made)
    with pytest.raises(InputError, match="not overwritten"):
        write_sheet(target, made)
    with pytest.raises(UnsupportedError, match=r"\.xlsx"):
        write_sheet(tmp_path / "s.csv", made)


def test_a_translation_sheet_comes_back_as_it_was(tmp_path):
    made = sheet(load_instrument("ecsi"), "forward", "fa")
    again = read_sheet(write_sheet(tmp_path / "s.xlsx", made))
    assert (again.head, again.rows) == (made.head, made.rows)
    assert {key: again.about[key] for key in made.about} == dict(made.about)


def test_another_workbook_is_no_translation_sheet(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["x"])
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(InstrumentError, match="no translation sheet"):
        read_sheet(tmp_path / "x.xlsx")
