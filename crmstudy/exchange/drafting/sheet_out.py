"""Sheets for people to fill in, written as a workbook or as delimited text; never over a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from crmstudy.errors import Fault, OutputError, UnsupportedError, did_you_mean
from crmstudy.files import put_new
from crmstudy.quoting import harmless

FORMATS = (".xlsx", ".csv")
#: Down to this row a workbook says what a cell may hold.
LAST_ROW = 20_000
#: Wider sheets (in letters) are not made to fit the width of a printed page.
_WIDEST = 300
#: Points of a line, and of the highest row that spreadsheets have.
_LINE, _HIGHEST = 15, 405
_FONT = "Calibri"
#: Letters that a spreadsheet takes of the sentences about a column.
_LONGEST_REFUSAL, _LONGEST_PROMPT = 225, 255
_HEAD, _TO_FILL = "D9D9D9", "FFF8DC"


@dataclass(frozen=True, slots=True)
class Rule:
    """What the cells of a column (from 0) may hold; a workbook refuses anything else with a sentence.

    ``prompt`` is shown where a cell is chosen. ``any``: anything; ``list``: one of ``offered`` (numbers), or of the
    cells ``where`` of another sheet; otherwise a number, or the serial number of a day, from ``low`` to ``high``.
    """

    column: int
    kind: Literal["any", "list", "whole", "decimal", "date"]
    prompt: str
    refusal: str = ""
    offered: Sequence[str] = ()
    where: str = ""
    low: float = -1e100
    high: float = 1e100


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet to write: its name, its rows (the first is the heading), the widths of its columns, its direction.

    ``to_fill`` are the columns (from 0) that people fill in, which are shaded; ``texts`` those in which nothing is
    taken for a number or a day, ``days`` those of days; ``strong`` are further rows in bold.
    """

    name: str
    rows: Sequence[Sequence[str]]
    widths: Sequence[int] = ()
    rtl: bool = False
    heading: bool = True
    rules: Sequence[Rule] = ()
    to_fill: Collection[int] = ()
    texts: Collection[int] = ()
    days: Collection[int] = ()
    strong: Collection[int] = ()


def write_pages(path: str | Path, pages: Sequence[Page]) -> Path:
    """Write sheets as a workbook; a .csv holds the first one.

    Raises
    ------
    OutputError
        When the file exists or its folder does not.
    UnsupportedError
        For other kinds of files.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        hint = did_you_mean(suffix, FORMATS)
        raise UnsupportedError(f"sheets are written as {' or '.join(FORMATS)}, not '{target.suffix}'.{hint}")
    if not target.parent.is_dir():
        raise OutputError(Fault(f"the folder '{target.parent}' does not exist; make it first.", str(target)))
    raw = _workbook(pages) if suffix == ".xlsx" else _delimited(pages[0])
    try:
        put_new(target, raw)
    except FileExistsError:
        message = "the file exists, and work may be in it: it is not overwritten. Choose another name."
        raise OutputError(Fault(message, str(target))) from None
    except OSError as error:
        raise OutputError(Fault(f"the file cannot be written: {error.strerror or error}.", str(target))) from None
    return target


def _delimited(page: Page) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows([[harmless(cell) for cell in row] for row in page.rows])
    return buffer.getvalue().encode("utf-8-sig")


def _workbook(pages: Sequence[Page]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for page in pages:
        sheet = book.create_sheet(page.name)
        sheet.sheet_view.rightToLeft = page.rtl
        for row in page.rows:
            sheet.append([harmless(cell) for cell in row])
        _dress(sheet, page)
        for rule in page.rules:
            _add_rule(sheet, rule)
        _lay_out(sheet, page)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _dress(sheet: Any, page: Page) -> None:
    """Wrapped cells, headings in bold, columns to fill in shaded, and their format, also in rows to come."""
    from openpyxl.styles import Alignment, Font, PatternFill

    head, to_fill = (PatternFill("solid", fgColor=color) for color in (_HEAD, _TO_FILL))
    formats = dict.fromkeys(page.texts, "@") | dict.fromkeys(page.days, "yyyy-mm-dd")
    for row, cells in enumerate(sheet.iter_rows()):
        for column, cell in enumerate(cells):
            cell.alignment = Alignment(wrap_text=True, vertical="top", readingOrder=2 if page.rtl else 0)
            cell.font = Font(_FONT, bold=(row == 0 and page.heading) or row in page.strong)
            if column in page.to_fill:
                cell.fill = to_fill
            elif row == 0 and page.to_fill:
                cell.fill = head
            if row and column in formats:
                cell.number_format = formats[column]
    for column, format in formats.items():
        sheet.column_dimensions[_letter(column)].number_format = format


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column + 1))


def _add_rule(sheet: Any, rule: Rule) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    if rule.kind == "any":
        made = DataValidation()
    elif rule.kind == "list":
        made = DataValidation("list", formula1=f"={rule.where}" if rule.where else f'"{",".join(rule.offered)}"')
    else:
        made = DataValidation(rule.kind, operator="between", formula1=f"{rule.low:G}", formula2=f"{rule.high:G}")
    made.allow_blank = made.showErrorMessage = made.showInputMessage = True
    made.error, made.prompt = rule.refusal[:_LONGEST_REFUSAL], rule.prompt[:_LONGEST_PROMPT]
    made.add(f"{_letter(rule.column)}2:{_letter(rule.column)}{LAST_ROW}")
    sheet.add_data_validation(made)


def _lay_out(sheet: Any, page: Page) -> None:
    """Widths and heights, the heading that stays in sight, and how the sheet is printed."""
    from openpyxl.worksheet.properties import PageSetupProperties

    if page.heading:
        sheet.freeze_panes = "B2" if page.to_fill else "A2"
        sheet.print_title_rows = "1:1"
    for place, width in enumerate(page.widths):
        sheet.column_dimensions[_letter(place)].width = width
    for row, cells in enumerate(page.rows, start=1):
        lines = max((_lines(cell, width) for cell, width in zip(cells, page.widths, strict=False)), default=1)
        if lines > 1:  # not every spreadsheet makes room by itself
            sheet.row_dimensions[row].height = min(_LINE * lines, _HIGHEST)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    if sum(page.widths) <= _WIDEST:
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToHeight = 0
    else:
        sheet.print_title_cols = "A:A"


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column of so many letters; words are not cut."""
    return sum(max(1, -(-len(line) // width)) for line in text.split("\n"))
