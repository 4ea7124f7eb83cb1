"""A table as CSV: raw numbers at full precision, nothing a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import io
import math

from crmstudy.quoting import harmless
from crmstudy.report.document import DAGGER, Cell, Citation, Column, Inline, Number, PValue, Table, Words
from crmstudy.report.references import citation


def table_csv(table: Table) -> bytes:
    """The bytes of the CSV file of a table (UTF-8, comma, one header line).

    An interval is two columns, ``<key>_low`` and ``<key>_high``. What is absent is empty. A table with inadmissible
    numbers ends with a column ``status``: ``inadmissible`` in every row concerned.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    header = [name for column in table.columns for name in _names(column)]
    writer.writerow([neutral(name) for name in header] + (["status"] if table.mark else []))
    for row in table.rows:
        fields = [field for column, cell in zip(table.columns, row, strict=True) for field in _fields(column, cell)]
        writer.writerow(fields + ([_status(table, row)] if table.mark else []))
    return buffer.getvalue().encode("utf-8")


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before what would begin one."""
    return harmless(text).replace("\r\n", "\n").replace("\r", " ")


def _names(column: Column) -> tuple[str, ...]:
    if column.kind in ("interval", "interval_r"):
        return f"{column.key}_low", f"{column.key}_high"
    return (column.key,)


def _fields(column: Column, cell: Cell) -> list[str]:
    if column.kind in ("interval", "interval_r"):
        ends = cell.value if isinstance(cell.value, tuple) and len(cell.value) == 2 else (None, None)
        return [_raw(end) for end in ends]
    if isinstance(cell.value, tuple):
        return [neutral(plain_text(cell.value))]
    if isinstance(cell.value, str):
        return [neutral(cell.value)]
    return [_raw(cell.value)]


def plain_text(inline: Inline) -> str:
    """Inline text without looks, its numbers at full precision."""
    words = []
    for piece in inline:
        match piece:
            case Words(text=text):
                words.append(text)
            case Number(value=value) | PValue(value=value):
                words.append(_raw(value))
            case Citation(key=key, narrative=narrative):
                words.append(citation(key, narrative=narrative))
    return "".join(words)


def _raw(value: object) -> str:
    """A number as the shortest text that reads back as the same number."""
    if value is None:
        return ""
    if isinstance(value, bool | int | str):
        return str(value)
    number = float(value)  # type: ignore[arg-type]
    if math.isnan(number):
        return ""
    whole = hasattr(value, "dtype") and value.dtype.kind in "iu"
    return str(int(number)) if whole else repr(number)


def _status(table: Table, row: tuple[Cell, ...]) -> str:
    if table.mark != "partial":
        return table.mark
    return "inadmissible" if any(cell.mark == DAGGER for cell in row) else ""
