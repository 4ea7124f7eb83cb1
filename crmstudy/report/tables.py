"""Tables from the DataFrames of results: every value keeps its kind, nothing is rounded here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmstudy.report.document import Align, Cell, CellKind, Column, Inline, Mark, Table, TableNotes, phrase

#: Headings that many tables share, by the name of the DataFrame column.
HEADINGS: Mapping[str, Inline] = {
    "estimate": phrase("*b*"), "std_error": phrase("*SE*"), "p_value": phrase("*p*"), "df": phrase("*df*"),
    "std_all": phrase("β"), "beta": phrase("β"), "n": phrase("*n*"), "mean": phrase("*M*"), "sd": phrase("*SD*"),
    "vif": phrase("VIF"), "cr": phrase("CR"), "ave": phrase("AVE"), "missing": phrase("Missing"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Usage:
    """How many rows stand behind a table, how many do not, and why."""

    used: int | None = None
    dropped: int | None = None
    why: str = ""


#: For tables that are not about respondents.
NOT_COUNTED = Usage()
NO_NOTES = TableNotes()


def column(
    key: str, label: str | Inline = "", kind: CellKind = "text", align: Align | None = None, *, shown: bool = True
) -> Column:
    """A column; without a label it has the one that is common for its key."""
    if isinstance(label, str):
        label = phrase(label) if label else HEADINGS[key]
    return Column(key, label, kind, align, shown)


def build_table(
    id: str,
    title: Inline,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    usage: Usage = NOT_COUNTED,
    notes: TableNotes = NO_NOTES,
    group: str = "",
    mark: Mark = "",
) -> Table:
    """A table from cells that are already made."""
    return Table(
        id, title, tuple(columns), tuple(tuple(row) for row in rows), notes, usage.used, usage.dropped, usage.why,
        group, mark,
    )  # fmt: skip


def from_frame(
    id: str,
    title: Inline,
    columns: Sequence[Column],
    frame: pd.DataFrame,
    *,
    usage: Usage = NOT_COUNTED,
    notes: TableNotes = NO_NOTES,
    group: str = "",
    mark: Mark = "",
    decimals: Mapping[str, int] | None = None,
    labels: Mapping[str, Callable[[str], Inline]] | None = None,
) -> Table:
    """A table from a DataFrame: the columns it has, in the order asked for.

    An interval column ``ci`` takes its ends from ``ci_low`` and ``ci_high``. Columns the frame does not have are
    left out. ``labels`` gives, for a column of texts, what people read in place of each.
    """
    present = [col for col in columns if _names(col)[0] in frame.columns]
    places, read = decimals or {}, labels or {}
    rows = [
        [_cell(value_of(record, col), col, places.get(col.key), read.get(col.key)) for col in present]
        for record in frame.to_dict("records")
    ]
    return build_table(id, title, present, rows, usage=usage, notes=notes, group=group, mark=mark)


def _cell(value: object, col: Column, places: int | None, label: Callable[[str], Inline] | None) -> Cell:
    return Cell(value, col.kind, places, label=label(str(value)) if label is not None and value else ())


def value_of(record: Mapping[Any, Any], col: Column) -> object:
    """The value of a column in one row: a number, a text, or the two ends of an interval."""
    names = _names(col)
    if len(names) == 2:
        return record[names[0]], record[names[1]]
    value = record[names[0]]
    if col.kind == "text":
        return "" if is_absent(value) else str(value)
    return None if is_absent(value) else value


def is_absent(value: object) -> bool:
    """True for None, NaN and pandas' missing values."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and math.isnan(value)


def _names(col: Column) -> tuple[str, ...]:
    if col.kind in ("interval", "interval_r"):
        return f"{col.key}_low", f"{col.key}_high"
    return (col.key,)


def lower_triangle(
    names: Sequence[str], values: pd.DataFrame, diagonal: Mapping[str, float | None], *, wrap: str = "({})"
) -> tuple[list[Column], list[list[Cell]]]:
    """Columns and cells of a lower triangle with values of its own on the diagonal (in parentheses)."""
    numbers = values.loc[list(names), list(names)].to_numpy(dtype=float)
    columns = [Column(name, phrase("{}", str(i)), "r") for i, name in enumerate(names, start=1)]
    rows = []
    for i, row in enumerate(names):
        cells = []
        for j in range(len(names)):
            if j < i:
                cells.append(Cell(float(numbers[i, j]), "r"))
            elif i == j and diagonal.get(row) is not None:
                cells.append(Cell(diagonal[row], "r", wrap=wrap))
            elif i == j:
                cells.append(Cell(None, "r"))
            else:
                cells.append(Cell(""))
        rows.append(cells)
    return columns, rows
