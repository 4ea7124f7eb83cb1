"""Answers as CSV: UTF-8 with its mark, commas, one line a respondent, the codebook as JSON beside it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.writing.cells import safe, text_cells
from crmstudy.exchange.writing.delivery import Delivery
from crmstudy.exchange.writing.record import codebook_json
from crmstudy.exchange.writing.variables import Table

MARK = b"\xef\xbb\xbf"
_ROWS = 20_000
_SPECIAL = frozenset(',"\r\n')


def write_csv(
    table: Table, path: Path, delivery: Delivery, log: ExportLog, *, raw: bool = False, companion: bool = False
) -> None:
    """Write the data and ``NAME.codebook.json``; as a companion, files that are there with the same bytes stay."""
    write_rows(table, delivery.new(path, companion=companion), log, raw=raw)
    beside = path.with_name(f"{path.stem}.codebook.json")
    delivery.write(beside, codebook_json(table, neutralised=not raw), companion=companion)


def write_rows(table: Table, made: Path, log: ExportLog, *, raw: bool = False, mark: bool = True) -> None:
    """Write only the rows, under a line of names."""
    names = [_cell(name) for name in _header(table, raw=raw)]
    columns = [_quoted(text_cells(table, variable, log, raw=raw)) for variable in table.variables]
    with made.open("xb") as stream:
        stream.write((MARK if mark else b"") + (",".join(names) + "\n").encode("utf-8"))
        single = len(columns) == 1
        for start in range(0, table.n, _ROWS):
            rows = zip(*(column[start : start + _ROWS] for column in columns), strict=True)
            # in a single column an empty cell would be an empty line, which readers pass over
            lines = (",".join(row) or '""' for row in rows) if single else map(",".join, rows)
            stream.write(("\n".join(lines) + "\n").encode("utf-8"))


def rows_of(rows: list[list[str]]) -> str:
    """A small table as CSV text, safe for spreadsheets."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[safe(cell) for cell in row] for row in rows])
    return text.getvalue()


def _header(table: Table, *, raw: bool) -> list[str]:
    names = [variable.name.encode("utf-8", "replace").decode("utf-8") for variable in table.variables]
    return names if raw else [safe(name) for name in names]


def _quoted(cells: list[str]) -> list[str]:
    """Quotation marks around the cells that need them; each different cell is looked at once."""
    changed = {cell: quoted for cell in set(cells) if (quoted := _cell(cell)) is not cell}
    return [changed.get(cell, cell) for cell in cells] if changed else cells


def _cell(cell: str) -> str:
    if _SPECIAL.isdisjoint(cell) and cell[:1] != " " and cell[-1:] != " ":
        return cell
    return '"' + cell.replace('"', '""') + '"'
