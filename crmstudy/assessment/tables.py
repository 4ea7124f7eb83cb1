"""The door of the assessments: a table is read, its columns are found and typed, and all faults are told at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from crmstudy.errors import DataError, did_you_mean
from crmstudy.quoting import shown
from crmstudy.responses import Responses

#: ``text``, ``number`` (finite or missing), ``whole`` numbers, ``date``.
Type = Literal["text", "number", "whole", "date"]
#: So many faulty values are quoted.
_QUOTED = 3


def table_of(
    data: object,
    required: Mapping[str, Type],
    optional: Mapping[str, Type] | None = None,
    *,
    what: str,
) -> pd.DataFrame:
    """A table with the columns that an assessment needs.

    Parameters
    ----------
    data : DataFrame, Responses or path
        CSV, Excel workbook, SPSS, Stata or Parquet file.
    required, optional : mapping of str to {"text", "number", "whole", "date"}
        Columns and what they hold. Texts are stripped, empty ones missing; other columns are left out.
    what : str
        What the rows are, in the plural: ``ratings``.

    Returns
    -------
    DataFrame
        The required columns and those optional ones that are there, in this order; rows as they stand, with a new
        index.

    Raises
    ------
    DataError
        For columns that are not there, values that are not what they should be, and a table without rows.
    """
    frame = _frame(data, what)
    wanted = {**required, **(optional or {})}
    faults = [
        f"The table of {what} has no column '{name}'; it has {_listed(frame)}.{did_you_mean(name, map(str, frame))}"
        for name in required
        if name not in frame
    ]
    if not len(frame):
        faults.append(f"The table of {what} has no rows.")
    made: dict[str, pd.Series] = {}
    for name, kind in wanted.items():
        if name not in frame:
            continue
        twice = int((frame.columns == name).sum())
        if twice > 1:
            faults.append(f"The table of {what} has {twice} columns '{name}'; keep one.")
            continue
        column = frame[name]
        values, bad = _typed(column.reset_index(drop=True), kind)
        if bad:
            faults.append(_bad_values(name, what, kind, bad))
        made[name] = values
    if faults:
        raise DataError(faults)
    return pd.DataFrame(made)


def _frame(data: object, what: str) -> pd.DataFrame:
    if isinstance(data, Responses):
        return data.frame
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, str | os.PathLike):
        return _read(Path(data))
    raise DataError(f"The table of {what} is a DataFrame, responses or the path of a file, not {type(data).__name__}.")


def _read(path: Path) -> pd.DataFrame:
    """Whatever a file holds, as it is."""
    from crmstudy.exchange.read import read_responses

    return read_responses(path, instruments=[]).frame


def _listed(frame: pd.DataFrame) -> str:
    names = [shown(str(name)) for name in frame.columns[:12]]
    return ", ".join(names) + (" ..." if frame.shape[1] > 12 else "") if names else "none"


def _typed(column: pd.Series, kind: Type) -> tuple[pd.Series, list[tuple[int, object]]]:
    """The values of a column, and those (row from 1, value) that are not what they should be."""
    there = column.notna()
    if kind == "text":
        made = column.astype("object").where(there)
        made = made.map(lambda value: _name(value), na_action="ignore")
        return made.where(made.notna() & (made != ""), None), []
    if kind == "date":
        numbers = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_datetime64_any_dtype(column)
        dates = pd.Series(pd.NaT, index=column.index)
        if not numbers:  # a bare number would be taken for nanoseconds
            dates = pd.to_datetime(column, errors="coerce", format="mixed")
        return dates, _where(column, there & dates.isna())
    values = pd.to_numeric(column, errors="coerce").astype(float)
    wrong = there & ~np.isfinite(values)
    if kind == "whole":
        wrong |= there & (values != np.floor(values))
    return values, _where(column, wrong)


def _name(value: object) -> str:
    """A value as a name: 3.0 is 3."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _where(column: pd.Series, wrong: pd.Series) -> list[tuple[int, object]]:
    return [(int(place) + 1, column.iloc[place]) for place in np.flatnonzero(wrong.to_numpy())]


_WANTED = {"number": "numbers", "whole": "whole numbers", "date": "dates, such as 2026-03-21"}


def _bad_values(name: str, what: str, kind: Type, bad: list[tuple[int, object]]) -> str:
    quoted = ", ".join(f"{shown(str(value))} (row {row})" for row, value in bad[:_QUOTED])
    more = f" and {len(bad) - _QUOTED} more" if len(bad) > _QUOTED else ""
    return f"'{name}' of the {what} holds {_WANTED[kind]}, but {quoted}{more} is none; correct or empty it."
