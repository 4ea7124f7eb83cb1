"""Workbooks of text: sheets of cells out, always typed as text and never as a formula; sheets of cells in."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from crmstudy.declared import CONTROL
from crmstudy.errors import DataError, Fault
from crmstudy.exchange.dateless import dateless

LONGEST = 32_767
_MOST_ROWS, _MOST_COLUMNS, _MOST_CELLS, _MOST_EMPTY = 50_000, 1_000, 1_000_000, 2_000


def sheets_to_bytes(
    sheets: Mapping[str, Sequence[Sequence[str]]], *, widths: Mapping[str, Sequence[int]] | None = None
) -> bytes:
    """The bytes of a workbook with these sheets; the same sheets give the same bytes."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    bold = Font(bold=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for place, width in enumerate((widths or {}).get(name, ()), start=1):
            sheet.column_dimensions[get_column_letter(place)].width = width
        for number, row in enumerate(rows):
            cells: list[Any] = []
            for text in row:
                if text == "":
                    cells.append(None)
                    continue
                cell = WriteOnlyCell(sheet, value=text)
                cell.data_type = "s"
                if text[0] in "=+-@'":
                    cell.style = "Normal"
                    cell.quotePrefix = True  # so that it stays a text when somebody edits it
                if number == 0:
                    cell.font = bold
                cells.append(cell)
            sheet.append(cells)
    book.properties.creator = "crmstudy"
    raw = io.BytesIO()
    book.save(raw)
    return dateless(raw.getvalue())


def sheets_of(raw: bytes, file: str) -> dict[str, list[list[str]]]:
    """The cells of every sheet as texts, without empty rows at the end; hidden sheets are read as well.

    Raises DataError when the file is no workbook, or is larger than any questionnaire.
    """
    from openpyxl import load_workbook

    from crmstudy.exchange.untrusted.archives import check_archive

    check_archive(raw, file)
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, AttributeError, TypeError):
        raise DataError(Fault("this is no workbook that can be read; save it as .xlsx again.", file)) from None
    sheets, cells = {}, 0
    for sheet in book.worksheets:
        rows: list[list[str]] = []
        empty = 0
        for row in sheet.iter_rows(values_only=True):
            row = row[:_MOST_COLUMNS]
            filled = sum(value is not None for value in row)
            empty = 0 if filled else empty + 1
            if empty > _MOST_EMPTY:  # a sheet that was formatted to its end
                break
            cells += filled
            rows.append([_written(value) for value in row] if filled else [])
            if len(rows) - empty > _MOST_ROWS or cells > _MOST_CELLS:
                message = f"the sheet '{sheet.title[:40]}' is larger than any questionnaire; remove what is not needed."
                raise DataError(Fault(message, file))
        while rows and not any(rows[-1]):
            rows.pop()
        sheets[str(sheet.title)] = rows
    book.close()
    return sheets


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return CONTROL.sub(" ", str(value))
