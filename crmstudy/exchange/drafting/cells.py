"""Sheets of text taken apart: the cells of every sheet of a workbook, or of a delimited file, as texts."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmstudy.errors import DataError, Fault
from crmstudy.quoting import harmless

#: A questionnaire has hundreds of rows.
MOST_ROWS, MOST_COLUMNS = 20_000, 500
_LONGEST = 32_767
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
#: What Excel writes into the first line to say which delimiter follows, and a sign that is in no text.
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<mark>[;,\t|])"?[;,\t]*(?:\r\n|\n|\r)', re.IGNORECASE)
_NEVER = "\x1f"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, its cells as texts (rows of equal length), and how many cells were merged ones filled up."""

    name: str
    rows: list[list[str]]
    filled: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """The sheets of a file with its name, the sha256 of its bytes, and what was found out about its encoding."""

    sheets: list[Sheet]
    file: str
    sha256: str
    told: tuple[str, ...] = ()


def read_grid(path: str | Path) -> Grid:
    """Read every sheet of a workbook, or a delimited file as one sheet.

    Raises
    ------
    DataError
        When the file is missing, damaged, too large, or no such file.
    """
    import hashlib

    from crmstudy.exchange.untrusted.door import parse

    path = Path(path)
    if not path.is_file():
        raise DataError(f"'{path}' was not found; check the path.")
    raw = path.read_bytes() if path.stat().st_size <= 32 * 2**20 else path
    found = parse("text-grid", raw, file=path.name)
    digest = hashlib.sha256(raw).hexdigest() if isinstance(raw, bytes) else ""
    sheets = [Sheet(name, rows, filled) for name, rows, filled in found["sheets"]]
    return Grid(sheets, path.name, digest, tuple(found["told"]))


def take_apart(raw: bytes, file: str) -> dict[str, Any]:
    """Take a workbook or a delimited file apart, as plain values; runs in the child."""
    if raw.startswith(b"PK\x03\x04"):
        return {"sheets": _workbook(raw, file), "told": []}
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(
            Fault("this is a file of Office before 2007, or protected by a password; save it as .xlsx.", file)
        )
    rows, told = _delimited(raw, file)
    return {"sheets": [["", rows, 0]], "told": told}


def _workbook(raw: bytes, file: str) -> list[list[Any]]:
    import openpyxl

    from crmstudy.exchange.untrusted.archives import check_archive

    archive = check_archive(raw, file)
    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    sheets = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        rows = _bounded(sheet.iter_rows(values_only=True), file)
        filled = _fill(rows, archive.read(part)) if (part := getattr(sheet, "_worksheet_path", "")) else 0
        sheets.append([sheet.title, rows, filled])
    return sheets


def _bounded(found: Iterable[Iterable[object]], file: str) -> list[list[str]]:
    """Rows of texts of equal length, without the empty ones at the end."""
    rows: list[list[str]] = []
    for number, row in enumerate(found, start=1):
        if number > MOST_ROWS:
            raise DataError(
                Fault(f"a sheet has more than {MOST_ROWS:,} rows; this is no questionnaire or sheet of texts.", file)
            )
        cells = [written(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise DataError(
                Fault(f"a row has {len(cells):,} columns, and at most {MOST_COLUMNS} are read here.", file, number)
            )
        rows.append(cells)
    while rows and not rows[-1]:
        rows.pop()
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _fill(rows: list[list[str]], markup: bytes) -> int:
    """Write what a cell merged downwards shows into each of its rows; how many cells were filled."""
    from openpyxl.utils import column_index_from_string

    filled = 0
    for left, top, right, bottom in _MERGED.findall(markup):
        column, first, last = column_index_from_string(left.decode()) - 1, int(top) - 1, int(bottom) - 1
        if right != left or first >= len(rows) or column >= len(rows[first]):
            continue
        for row in rows[first + 1 : last + 1]:
            if not row[column]:
                row[column] = rows[first][column]
                filled += 1
    return filled


def _delimited(raw: bytes, file: str) -> tuple[list[list[str]], list[str]]:
    from crmstudy.exchange.delimited import find_delimiter
    from crmstudy.exchange.encodings import decode

    text, encoding, guessed = decode(raw, file)
    told = [f"The file is not UTF-8; it was read as {encoding} because its words make sense so."] if guessed else []
    said = _SEPARATOR_LINE.match(text)
    delimiter = said["mark"] if said else find_delimiter(text)
    text = text[said.end() :] if said else text
    first = next((line for line in text.splitlines() if line.strip()), "")
    if delimiter not in first:  # one column: a comma in a statement divides nothing
        delimiter = _NEVER
    try:
        rows = _bounded(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), file)
    except csv.Error as error:
        message = f"the cells cannot be told apart ({error}); check the quotation marks, or save it as .xlsx."
        raise DataError(Fault(message, file)) from None
    return rows, told


def written(cell: object) -> str:
    """A cell as a text: whole numbers without a point, days without a time."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    text = str(cell).strip()
    if text[:1] == "'" and harmless(text[1:]) != text[1:]:
        text = text[1:]
    return text[:_LONGEST]
