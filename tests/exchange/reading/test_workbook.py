"""Workbooks: one sheet is read as it shows itself; what would be lost without a word is refused or noted."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.packaging.custom import StringProperty

from crmstudy.errors import DataError, UnsupportedError
from crmstudy.exchange import read_responses
from crmstudy.exchange.stamps import write_stamp
from crmstudy.instrument import load_instrument
from tests.instrument.test_instrument_load import GOOD


@pytest.fixture
def tiny(tmp_path):
    """Items A1, A2 (reversed), A3 on 1 to 5 with the missing code 9; the scale alpha."""
    path = tmp_path / "tiny.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return load_instrument(path)


def _book(folder: Path, rows, change=None, name: str = "a.xlsx") -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change is not None:
        change(book)
    book.save(folder / name)
    return folder / name


def _faults(path, **keywords) -> list[tuple[int | None, str]]:
    with pytest.raises(DataError) as caught:
        read_responses(path, **keywords)
    return [(fault.line, fault.message) for fault in caught.value.faults]


def _notes(responses) -> dict[str, str]:
    return {note.code: note.message for note in responses.notes}


ROWS = [["A1", "A2", "A3", "city"], [1, 2, 3, "تهران می‌رود"], [5, None, 4, None], [2, 9, 1, "=1+1"]]


def test_cells_arrive_as_they_are(tmp_path, tiny):
    rows = [
        ["A1", "A2", "A3", "text", "when", "moment", "yes", "mixed", 2026, "half"],
        [1, 2, 3.0, " ن ", dt.datetime(2026, 3, 21), dt.datetime(2026, 3, 21, 1, 2, 3), True, 1.5, 1, 0.5],
        [4, None, 9, "007", dt.datetime(1999, 12, 31), dt.datetime(1999, 12, 31), False, "x", 2, 1.234],
        [5, 1, 2, "", None, None, None, 2, None, None],
    ]
    responses = read_responses(_book(tmp_path, rows), instruments=[tiny])
    frame = responses.frame
    assert frame["A2"].fillna(0).tolist() == [2.0, 0.0, 1.0]
    assert responses.values["A3"].fillna(0).tolist() == [3.0, 0.0, 2.0]
    assert frame["text"].fillna("-").tolist() == ["ن", "007", "-"]
    assert frame["when"].fillna("").tolist() == ["2026-03-21", "1999-12-31", ""]
    assert frame["moment"].fillna("").tolist() == ["2026-03-21 01:02:03", "1999-12-31 00:00:00", ""]
    assert frame["yes"].fillna(-1).tolist() == [1.0, 0.0, -1.0]
    assert frame["mixed"].tolist() == ["1.5", "x", "2"]
    assert frame["2026"].fillna(0).tolist() == [1.0, 2.0, 0.0]
    assert frame["half"].fillna(0).tolist() == [0.5, 1.234, 0.0]
    assert responses.rows == (1, 2, 3)


def test_numbers_stored_as_texts_are_numbers_and_noted(tmp_path, tiny):
    rows = [["A1", "A2", "A3", "age"], ["1", 2, 3, "۳۰"], [4, 5, 1, 41.5], ["5", 1, 2, 1.234]]
    responses = read_responses(_book(tmp_path, rows), instruments=[tiny])
    assert responses.frame["A1"].tolist() == [1.0, 4.0, 5.0]
    assert responses.frame["age"].tolist() == [30.0, 41.5, 1.234]
    assert "'A1' (2), 'age' (1)" in _notes(responses)["RESPONSES_NUMBERS_AS_TEXT"]
    faults = _faults(_book(tmp_path, [["A1", "A2", "A3"], [1, 2, 3], ["x", 2, 3]], name="b.xlsx"), instruments=[tiny])
    assert faults == [
        (3, "the item 'A1' wants numbers; found 'x' in row 2 (sheet row 3). Correct the cells, or name the text in "
            "missing_codes if it means no answer."),
    ]  # fmt: skip


def test_empty_rows_and_columns(tmp_path, tiny):
    rows = [[], ["A1", "A2", "A3", None], [1, 2, 3], [], [3, 2, 1], ["", " ", None]]
    responses = read_responses(_book(tmp_path, rows), instruments=[tiny])
    assert responses.n == 3
    assert list(responses.frame.columns) == ["A1", "A2", "A3"]
    assert responses.frame.iloc[1].isna().all()
    assert _faults(_book(tmp_path, [["A1", "A2"], [1, 2, 3]], name="b.xlsx")) == [
        (1, "column C has no name; give it one in the first row."),
    ]
    assert "has column names but no rows" in _faults(_book(tmp_path, [["A1"]], name="c.xlsx"))[0][1]
    assert "the sheet is empty" in _faults(_book(tmp_path, [], name="d.xlsx"))[0][1]


def test_sheets_are_chosen_by_name_and_the_others_are_noted(tmp_path, tiny):
    def more(book):
        book.active.title = "notes"
        book.active.sheet_state = "hidden"
        sheet = book.create_sheet("پاسخ‌ها")
        for row in ROWS:
            sheet.append(row[:3])
        other = book.create_sheet("again")
        other.append(["A1", "A2", "A3"])
        other.append([3, 3, 3])

    path = _book(tmp_path, [["hidden"], ["x"]], more)
    responses = read_responses(path, instruments=[tiny])
    assert responses.n == 3
    assert _notes(responses)["RESPONSES_SHEET"] == (
        "Read was the sheet 'پاسخ‌ها'; the workbook has others: 'notes' (hidden), 'again'."
    )
    assert read_responses(path, instruments=[tiny], sheet="again").n == 1
    assert read_responses(path, sheet="notes").frame.columns.tolist() == ["hidden"]
    with pytest.raises(UnsupportedError, match="sheet= names a sheet of a workbook"):
        read_responses(tmp_path / "tiny.csv", sheet="again")
    assert "no sheet 'agian'. Did you mean 'again'?" in _faults(path, sheet="agian")[0][1]


def test_merged_cells_and_formulas_without_values_are_refused_by_name(tmp_path, tiny):
    def merge(book):
        book.active.merge_cells("A2:A3")
        book.active.merge_cells("F20:G21")
        book.active["B4"] = "=SUM(A2:A3)"

    faults = _faults(_book(tmp_path, ROWS, merge), instruments=[tiny])
    assert any("formulas were never computed (B4, D4)" in message for _, message in faults)
    assert any("cells are merged (A2:A3): only the first" in message for _, message in faults)
    assert not any("F20" in message for _, message in faults)


def test_a_stamp_in_the_properties_or_a_sheet_is_obeyed(tmp_path, tiny):
    def stamped(stamp, where):
        def change(book):
            if where == "property":
                book.custom_doc_props.append(StringProperty(name="crmstudy", value=stamp))
            else:
                sheet = book.create_sheet("crmstudy")
                sheet.sheet_state = "hidden"
                sheet["A1"] = stamp

        return change

    for where in ("property", "sheet"):
        path = _book(tmp_path, ROWS[:3], stamped(write_stamp([tiny]), where), name=f"{where}.xlsx")
        responses = read_responses(path, instruments=[tiny])
        assert "RESPONSES_SHEET" not in _notes(responses)
        path = _book(tmp_path, ROWS[:3], stamped("crmstudy: tiny 0.8 " + "1" * 64, where), name=f"other-{where}.xlsx")
        assert "given to 'tiny' version 0.8" in _faults(path, instruments=[tiny])[0][1]


def _changed(path: Path, part: str, change) -> Path:
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == part else content)
    path.write_bytes(made.getvalue())
    return path


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        (SHEET, lambda x: x.replace(b"<worksheet", b'<!DOCTYPE w [<!ENTITY a "b">]><worksheet', 1), "document type"),
        ("xl/workbook.xml", lambda x: b"<!DOCTYPE w SYSTEM 'file:///x'>" + x, "document type"),
        (SHEET, lambda x: x.replace(b"</sheetData>", b"<row/>" * 9_000_000 + b"</sheetData>"), "a zip bomb"),
        (SHEET, lambda x: x.replace(b"</sheetData>", b'<row r="9999999"><c r="A1"><v>1</v></c></row></sheetData>'),
         "rows beyond 1,048,576"),
        (SHEET, lambda x: x[:200], "damaged"),
        (SHEET, lambda x: x.replace(b"<v>1</v>", b"<v>1e999</v>"), "beyond all bounds"),
        ("xl/worksheets/sheet1.xml", lambda x: x.replace(b'r="A2"', b'r="ZZZZ2"'), "damaged"),
    ],
)  # fmt: skip
def test_workbooks_that_were_made_to_do_harm_are_refused(tmp_path, part, change, words):
    path = _changed(_book(tmp_path, [["A", "B"], [1, 2], [1, 3]]), part, change)
    assert any(words in message for _, message in _faults(path))


def test_a_false_dimension_does_no_harm(tmp_path):
    path = _book(tmp_path, [["A", "B"], [1, 2]])
    _changed(path, SHEET, lambda x: x.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
    assert read_responses(path).frame.shape == (1, 2)


def test_workbooks_with_a_password_or_of_old_are_said(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    assert "protected by a password" in _faults(path)[0][1]


@pytest.mark.peer
@pytest.mark.parametrize("options", [{}, {"in_memory": True, "constant_memory": True}, {"date_1904": True}])
def test_what_another_writer_writes_is_read(tmp_path, tiny, options):
    """XlsxWriter: shared or inline texts, formatted dates of both epochs, formulas with values."""
    xlsxwriter = pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed")
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx", options)
    sheet = book.add_worksheet("Answers & more")
    day, bold = book.add_format({"num_format": "dd.mm.yyyy"}), book.add_format({"bold": True})
    for column, name in enumerate(["A1", "A2", "A3", "city", "when", "sum"]):
        sheet.write(0, column, name, bold)
    for row, (answer, city) in enumerate([(1, "تهران می‌رود"), (9, "Уфа"), (5, "<&>")], start=1):
        sheet.write_number(row, 0, answer if answer != 9 else 2)
        sheet.write_number(row, 1, 3)
        sheet.write_number(row, 2, answer)
        sheet.write_string(row, 3, city)
        sheet.write_datetime(row, 4, dt.datetime(2026, 3, 20 + row), day)
        sheet.write_formula(row, 5, f"=A{row + 1}+B{row + 1}", None, answer + 3)
    sheet.write_blank(9, 0, None, bold)
    book.close()
    responses = read_responses(tmp_path / "a.xlsx", instruments=[tiny])
    assert responses.frame["A1"].tolist() == [1.0, 2.0, 5.0]
    assert responses.codes["A3"].to_dict() == {1: 9.0}
    assert responses.frame["city"].tolist() == ["تهران می‌رود", "Уфа", "<&>"]
    assert responses.frame["when"].tolist() == ["2026-03-21", "2026-03-22", "2026-03-23"]
    assert responses.frame["sum"].tolist() == [4.0, 12.0, 8.0]
