"""Stata files (.dta): numbers, texts and dates, labels, and extended missing values (.a to .z) kept apart."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

from crmstudy.errors import DataError, Fault
from crmstudy.exchange.reading import plain
from crmstudy.exchange.reading.spss import BLOCK

if TYPE_CHECKING:
    from crmstudy.exchange.sources import Asked
    from crmstudy.exchange.table import Table

_ORIGIN = dt.datetime(1960, 1, 1)
_DAY, _MILLISECOND = 86400.0, 0.001


def read(asked: Asked) -> Table:
    """Read a Stata file."""
    from crmstudy.exchange.untrusted.door import parse

    return plain.table_of(parse("stata", asked.raw, file=asked.file), asked, literal=True)


def take_apart(raw: bytes, file: str) -> dict[str, Any]:
    """Take a Stata file apart; runs in the child."""
    import pyreadstat

    _, about = pyreadstat.read_dta(io.BytesIO(raw), metadataonly=True, output_format="dict")
    names = list(about.column_names)
    plain.check_width(names, file)
    columns: list[dict[str, Any]] = []
    for start in range(0, len(names), BLOCK):
        block = names[start : start + BLOCK]
        data, _ = pyreadstat.read_dta(
            io.BytesIO(raw), usecols=block, user_missing=True, disable_datetime_conversion=True, output_format="dict"
        )
        for name in block:
            kind = about.readstat_variable_types.get(name, "")
            columns.append(_column(data.pop(name), about.original_variable_types.get(name) or "", kind))
    if not names or not len(columns[0].get("places", columns[0].get("numbers", ()))):
        raise DataError(Fault("the file has no rows of data; check the export.", file))
    faults = [
        fault for name, column in zip(names, columns, strict=True) for fault in plain.odd_letters(column, name, file)
    ]
    given: dict[str, dict[Any, str]] = dict(about.variable_value_labels)
    labels = {
        name: {f".{value}" if isinstance(value, str) else value: text for value, text in values.items()}
        for name, values in given.items()
    }
    return {
        "names": names,
        "columns": columns,
        "labels": about.column_names_to_labels,
        "value_labels": labels,
        "missing": {name: [value for value in values if isinstance(value, str)] for name, values in labels.items()},
        "stamp": "\n".join([about.file_label or "", *(about.notes or ())]),
        "faults": faults,
    }


def _column(cells: list[Any], format: str, kind: str) -> dict[str, Any]:
    """A column by its type and format; letters in a column of numbers are extended missing values."""
    import numpy as np

    if kind == "string":
        return plain.words("" if cell is None else str(cell).rstrip() for cell in cells)
    letters = sorted({cell for cell in cells if isinstance(cell, str)})
    reasons = [[f".{one}", np.array([place for place, cell in enumerate(cells) if cell == one])] for one in letters]
    values = np.array([None if isinstance(cell, str) else cell for cell in cells], dtype=float)
    if format.startswith(("%td", "%d")):
        return plain.moments(values.tolist(), _ORIGIN, _DAY, day=True)
    if format.lower().startswith("%tc"):
        return plain.moments(values.tolist(), _ORIGIN, _MILLISECOND, day=False)
    return {"numbers": values, "reasons": reasons}
