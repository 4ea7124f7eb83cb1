"""The door of the assessments: a table is read, its columns are found and typed, and all faults are told at once."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from crmstudy import letters
from crmstudy.assessment.dates import dates_of
from crmstudy.errors import DataError, did_you_mean
from crmstudy.quoting import shown
from crmstudy.responses import Responses

#: ``text``, ``number`` (finite or missing), ``whole`` numbers, ``date``.
Type = Literal["text", "number", "whole", "date"]
#: So many faulty values are quoted.
_QUOTED = 3
#: What comes before a name in the heading of a form: ``Kind of customer [kind]``.
_HEADING = re.compile(r".*\[(?P<name>[^\[\]]+)\]\s*", re.DOTALL)
#: No figure of an organisation is larger; sums and squares of smaller ones stay finite.
_LARGEST = 1e100
#: 1,234 is read as one thing here and as another there.
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+")


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
        Columns and what they hold. Texts are stripped, empty ones missing; other columns are left out. Numbers and
        dates may be texts, with the digits of any script (see :func:`number_of`, :func:`~.dates.dates_of`).
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
    wanted = {**required, **(optional or {})}
    frame = _frame(data, what)
    if frame.columns.nlevels > 1:
        raise DataError(f"The table of {what} has names of {frame.columns.nlevels} levels over its columns; keep one.")
    if found := by_name(map(str, frame), wanted):
        frame = frame.rename(columns=found)
    faults = [
        f"The table of {what} has no column '{shown(name)}'; it has {_listed(frame)}."
        f"{did_you_mean(str(name), map(str, frame))}"
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
        values, bad, hint = _typed(column.reset_index(drop=True), kind)
        if bad:
            faults.append(_bad_values(name, what, kind, bad, hint))
        made[name] = values
    if faults:
        raise DataError(faults)
    return pd.DataFrame(made)


def by_name(columns: Iterable[str], wanted: Iterable[str] | None = None) -> dict[str, str]:
    """Columns whose heading ends in a name that no column has: ``Customer [customer]`` is ``customer``.

    Parameters
    ----------
    columns : iterable of str
    wanted : iterable of str, optional
        Only these names.

    Examples
    --------
    >>> by_name(["مشتری [customer]", "Day [date]", "date"])
    {'مشتری [customer]': 'customer'}
    """
    names = list(columns)
    headings = {name: found["name"].strip() for name in names if (found := _HEADING.fullmatch(name))}
    lacking = set(headings.values() if wanted is None else wanted).difference(names)
    return {name: inner for name, inner in headings.items() if inner in lacking}


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


def number_of(text: str) -> float:
    """The number that a text writes, in the digits of any script; NaN for none.

    A comma is a decimal mark, unless it could as well separate thousands.

    Examples
    --------
    >>> number_of(" ۱۲٫۵ "), number_of("3,5"), number_of("1,234")
    (12.5, 3.5, nan)
    """
    found = letters.digits(text)
    try:
        return math.nan if _THOUSANDS.fullmatch(found) else float(found.replace(",", "."))
    except ValueError:
        return math.nan


def _typed(column: pd.Series, kind: Type) -> tuple[pd.Series, list[tuple[int, object]], str]:
    """The values of a column; those (row from 1, value) that are not what they should be, and what to know of them."""
    if kind == "text":
        made = column.astype("object").where(column.notna())
        made = made.map(lambda value: _name(value), na_action="ignore")
        return made.where(made.notna() & (made != ""), None), [], ""
    if column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype | pd.StringDtype):
        column = column.astype(object)
        column = column.mask(column.map(_is_blank).astype(bool))
    there = column.notna()
    if kind == "date":
        dates, hint = dates_of(column)
        return dates, _where(column, there & dates.isna()), hint
    values = _numbers(column)
    wrong = there & ~(values.abs() <= _LARGEST)
    if kind == "whole":
        wrong |= there & (values != np.floor(values))
    return values, _where(column, wrong), ""


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _numbers(column: pd.Series) -> pd.Series:
    """The numbers of a column, NaN for what is none: dates and lengths of time are none."""
    if column.dtype == object:
        return column.map(_number).astype(float)
    if pd.api.types.is_any_real_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.astype(float)
    return pd.Series(math.nan, index=column.index)


def _number(value: object) -> float:
    if isinstance(value, str):
        return number_of(value)
    if isinstance(value, Real | Decimal | np.bool_):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    return math.nan


def _name(value: object) -> str:
    """A value as a name: 3.0 is 3."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _where(column: pd.Series, wrong: pd.Series) -> list[tuple[int, object]]:
    return [(int(place) + 1, column.iloc[place]) for place in np.flatnonzero(wrong.to_numpy())]


_WANTED = {"number": "numbers", "whole": "whole numbers", "date": "dates, such as 2026-03-21"}


def _bad_values(name: str, what: str, kind: Type, bad: list[tuple[int, object]], hint: str) -> str:
    quoted = ", ".join(f"{shown(str(value))} (row {row})" for row, value in bad[:_QUOTED])
    more = f" and {len(bad) - _QUOTED} more" if len(bad) > _QUOTED else ""
    verb = "is" if len(bad) == 1 else "are"
    why = f" ({hint})" if hint else ""
    return f"'{name}' of the {what} holds {_WANTED[kind]}, but {quoted}{more} {verb} none{why}; correct or empty it."
