"""Sheets for people to fill in, written as a workbook or as delimited text; never over a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crmstudy.errors import Fault, OutputError, UnsupportedError, did_you_mean
from crmstudy.files import put_new
from crmstudy.quoting import harmless

FORMATS = (".xlsx", ".csv")


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet to write: its name, its rows (the first is the heading), the widths of its columns, its direction."""

    name: str
    rows: Sequence[Sequence[str]]
    widths: Sequence[int] = ()
    rtl: bool = False
    heading: bool = True


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
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    book.remove(book.active)
    for page in pages:
        sheet = book.create_sheet(page.name)
        sheet.sheet_view.rightToLeft = page.rtl
        for row in page.rows:
            sheet.append([harmless(cell) for cell in row])
        for cells in sheet.iter_rows():
            for cell in cells:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
        if page.heading:
            for cell in sheet[1]:
                cell.font = Font(bold=True)
            sheet.freeze_panes = "A2"
        for place, width in enumerate(page.widths):
            sheet.column_dimensions[sheet.cell(1, place + 1).column_letter].width = width
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
