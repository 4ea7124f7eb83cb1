"""Answers as an Excel workbook: a sheet of data, a sheet with the codebook, texts never as formulas."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crmstudy.errors import UnsupportedError
from crmstudy.exchange.dateless import dateless
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.stamps import write_stamp
from crmstudy.exchange.writing.cells import plain_text, tell_inexact, tell_lost_codes, tell_surrogates
from crmstudy.exchange.writing.codebook_rows import codebook_rows
from crmstudy.exchange.writing.variables import Table, Variable

MOST_ROWS, MOST_COLUMNS, LONGEST = 1_048_576, 16_384, 32_767
#: Characters that the XML of a workbook cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: Beginnings of texts that the library takes for something else.
_MISTAKEN = ("=", "'", "#")


def write_xlsx(table: Table, path: Path, log: ExportLog, *, lang: str) -> None:
    """Write the workbook; the same data give the same bytes."""
    from openpyxl import Workbook
    from openpyxl.packaging.custom import StringProperty

    _check_size(table)
    book = Workbook(write_only=True)
    _fill(book.create_sheet("data"), _data_rows(table, log), rtl=False)
    _fill(book.create_sheet("codebook"), _marked(codebook_rows(table, table.languages), log), rtl=lang == "fa")
    stamp = write_stamp(table.instruments)
    if stamp:
        book.custom_doc_props.append(StringProperty(name="crmstudy", value=stamp))
    book.properties.creator = "crmstudy"
    raw = io.BytesIO()
    book.save(raw)
    path.write_bytes(dateless(raw.getvalue()))


def _check_size(table: Table) -> None:
    if table.n + 1 > MOST_ROWS or len(table.variables) > MOST_COLUMNS:
        raise UnsupportedError(
            f"a sheet of .xlsx holds {MOST_ROWS - 1:,} rows and {MOST_COLUMNS:,} columns; these data have {table.n:,} "
            f"and {len(table.variables):,}. Write them as .csv, .sav or .parquet."
        )


def _data_rows(table: Table, log: ExportLog) -> Iterable[list[Any]]:
    columns = [_values(table, variable, log) for variable in table.variables]
    yield [_text(variable.name, variable.name, log) for variable in table.variables]
    for row in zip(*columns, strict=True):
        yield list(row)


def _values(table: Table, variable: Variable, log: ExportLog) -> list[Any]:
    """The cells of a column: numbers, dates, texts, None where there is no answer."""
    column = table.column(variable.name)
    tell_lost_codes(table, variable, log)
    if variable.type == "date":
        if getattr(column.dt, "tz", None) is not None:
            log.add("the time zone was left out; the times are those of the zone.", variable.name)
            column = column.dt.tz_localize(None)
        return [None if value is None or value != value else value.to_pydatetime() for value in column]
    if variable.type == "text":
        tell_surrogates(column, variable.name, log)
        return [
            _text(plain_text(value), variable.name, log) if value is not None and value == value else None
            for value in column
        ]
    tell_inexact(column, variable.name, log)
    values: list[Any] = [_number(value, variable, log) for value in column.to_numpy(float, na_value=np.nan).tolist()]
    own = table.declared_codes(variable)
    if own is not None:
        for place, code in own.items():
            values[int(str(place))] = int(code)
    return values


def _number(value: float, variable: Variable, log: ExportLog) -> int | float | None:
    if np.isfinite(value):
        return int(value) if value == int(value) and abs(value) < 1e15 else value
    if not np.isnan(value):
        log.add("a number beyond all bounds became an empty cell.", variable.name)
    return None


def _text(text: str, where: str, log: ExportLog) -> str:
    made = _FORBIDDEN.sub("\ufffd", text)
    if made != text:
        log.add("a control character that a workbook cannot hold was replaced by U+FFFD.", where)
    if len(made) > LONGEST:
        log.add(f"a text is longer than {LONGEST} letters and was cut.", where)
        made = made[: LONGEST - 1] + "…"
    return made


def _marked(rows: Iterable[Sequence[str]], log: ExportLog) -> Iterable[list[Any]]:
    for row in rows:
        yield [_text(cell, row[0], log) for cell in row]


def _fill(sheet: Any, rows: Iterable[list[Any]], *, rtl: bool) -> None:
    """Add rows to a sheet, the first one bold and always in sight; texts are typed as texts."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    sheet.freeze_panes = "A2"
    sheet.sheet_view.rightToLeft = rtl
    bold, first = Font(bold=True), True

    def typed(value: object, type: str) -> Any:
        cell = WriteOnlyCell(sheet, value=value)
        cell.data_type = type
        return cell

    for row in rows:
        cells: list[Any] = []
        for value in row:
            if isinstance(value, str) and (first or value[:1] in _MISTAKEN):
                cells.append(typed(value, "s"))
                if first:
                    cells[-1].font = bold
            elif isinstance(value, float) and float(f"{value:.16g}") != value:
                cells.append(typed(repr(value), "n"))  # the library writes 16 digits, which are one too few
            else:
                cells.append(value)
        sheet.append(cells)
        first = False
