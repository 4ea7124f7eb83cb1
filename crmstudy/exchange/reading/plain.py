"""Columns as plain values, for the way out of the child process, and the table they become in the parent.

What runs in the child imports neither pandas nor the rest of the package.
"""

from __future__ import annotations

import datetime as dt
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmstudy.declared import CONTROL, name_character
from crmstudy.errors import DataError, Fault
from crmstudy.exchange.delimited import MOST_COLUMNS, tidy_name
from crmstudy.quoting import shown

if TYPE_CHECKING:
    from crmstudy.exchange.sources import Asked
    from crmstudy.exchange.table import Table

_MOST_FAULTS = 5


def words(cells: Iterable[object]) -> dict[str, Any]:
    """A column of texts: the different ones, and which stands where."""
    known: dict[str, int] = {}
    places = array("i", (known.setdefault("" if cell is None else str(cell), len(known)) for cell in cells))
    return {"words": list(known), "places": places}


def moment(origin: dt.datetime, seconds: float, *, day: bool) -> str:
    """A point in time as ISO 8601; a number beyond the years 1 to 9999 stays a number."""
    try:
        found = origin + dt.timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return f"{seconds:g}"
    return found.date().isoformat() if day else found.isoformat(sep=" ", timespec="seconds")


def moments(values: Sequence[float], origin: dt.datetime, unit: float, *, day: bool) -> dict[str, Any]:
    """A column of dates, counted in units of so many seconds, as texts."""
    said: dict[float, str] = {}
    for value in values:
        if value not in said and not math.isnan(value):
            said[value] = moment(origin, value * unit, day=day)
    return words("" if math.isnan(value) else said[value] for value in values)


def check_width(names: Sequence[object], file: str) -> None:
    """Refuse a table with more columns than a questionnaire has."""
    if len(names) > MOST_COLUMNS:
        raise DataError(
            Fault(f"the file has {len(names):,} columns, and at most {MOST_COLUMNS:,} are read; divide it.", file)
        )


def odd_letters(column: Mapping[str, Any], name: str, file: str) -> list[tuple[str, None]]:
    """Faults for texts that hold control characters or halves of characters."""
    for word in column.get("words", ()):
        found = CONTROL.search(word)
        if found is not None:
            row = column["places"].index(column["words"].index(word)) + 1
            where = f"the cell of the column '{shown(name)}' in row {row}"
            return [(f"{where} holds {name_character(found[0])}; remove it.", None)]
    return []


def table_of(found: Mapping[str, Any], asked: Asked, *, place: str = "line", literal: bool = False) -> Table:
    """The table of what a child has found.

    ``found`` has ``names``, ``columns`` (as :func:`words` gives them, or ``numbers`` with ``reasons``, pairs of a
    code and places), and where there are any ``rows``, ``lines``, ``names_line``, ``labels`` (name to text),
    ``value_labels`` (name to value to text), ``missing`` (name to labelled values that mean no answer), ``stamp`` (a
    text), ``faults`` (message, line) and ``notes`` (code, message, level).
    """
    import numpy as np

    from crmstudy.exchange.stamps import read_stamps
    from crmstudy.exchange.table import Cells, Numbers, Table
    from crmstudy.notes import Note
    from crmstudy.responses import Meaning

    columns: list[Cells | Numbers] = []
    for column in found["columns"]:
        if "words" in column:
            columns.append(Cells(column["words"], np.asarray(column["places"], dtype=np.int32)))
        else:
            reasons = {code: np.asarray(places, dtype=np.intp) for code, places in column.get("reasons", ())}
            columns.append(Numbers(np.asarray(column["numbers"], dtype=float), reasons))
    names = [tidy_name(str(name)) for name in found["names"]]
    labels, values, missing = (found.get(part, {}) for part in ("labels", "value_labels", "missing"))
    meanings = {
        new: Meaning(str(labels.get(old) or "").strip(), dict(values.get(old) or {}), frozenset(missing.get(old, ())))
        for old, new in zip(found["names"], names, strict=True)
        if labels.get(old) or values.get(old)
    }
    count = len(columns[0]) if columns else 0
    if not count:
        raise DataError(Fault("the file has columns but no rows of data; check the export.", asked.file))
    lines = found.get("lines")
    return Table(
        file=asked.file,
        names=names,
        columns=columns,
        rows=np.asarray(found["rows"]) if "rows" in found else np.arange(1, count + 1, dtype=np.int32),
        lines=None if lines is None else np.asarray(lines),
        names_line=found.get("names_line"),
        place=place,
        faults=[Fault(message, asked.file, line) for message, line in found.get("faults", ())],
        notes=[Note(code, message, level) for code, message, level in found.get("notes", ())],
        meanings=meanings,
        stamps=tuple(read_stamps(found.get("stamp", ""))),
        literal=literal,
    )
