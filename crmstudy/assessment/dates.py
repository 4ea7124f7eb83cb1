"""Dates as people write them: read where there is one way to read them, and refused with the reason where not."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from typing import Any

import numpy as np
import pandas as pd

from crmstudy import letters

#: Years that only a date of the Jalali (Solar Hijri) calendar has in a study.
JALALI = range(1300, 1500)
IS_JALALI = f"years from {JALALI[0]} to {JALALI[-1]} are Jalali: write Gregorian dates"
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]+(\S.*))?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ]+(\S.*))?")
#: 2024, 2024-03 and 20240321, and what names its month: 21 March 2026.
_OTHER = re.compile(r"\d{4}(-\d{2})?|\d{8}|(?=.*[^\W\d]{3})(?=.*(?<!\d)\d{4}(?!\d)).*\d.*")


def dates_of(column: pd.Series[Any]) -> tuple[pd.Series[Any], str]:
    """The dates of a column, missing where a value is none, and what to know of those that are none.

    Texts may have the digits of any script. Of 03/04/2026 and its like the rest of the column decides which part is the
    month, or they are no dates; 03.04.2026 is the third of April. Words such as ``today`` are none, nor are numbers,
    nor years of the Jalali calendar. Times of several zones become universal time.

    Parameters
    ----------
    column : Series
        Dates, times or texts.

    Examples
    --------
    >>> dates, hint = dates_of(pd.Series(["۲۰۲۶-۰۳-۲۱", "1405/01/01"]))
    >>> dates.isna().tolist(), hint
    ([False, True], 'years from 1300 to 1499 are Jalali: write Gregorian dates')
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        found, hint = column, ""
    elif pd.api.types.is_numeric_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        return pd.Series(pd.NaT, index=column.index), ""
    else:
        # a bare number would be taken for nanoseconds
        dated = column.astype(object).map(
            lambda value: value if isinstance(value, str | dt.date | np.datetime64) else None
        )
        codes, values = pd.factorize(dated)
        known, hint = _read(list(values))
        found = known.take(np.where(codes < 0, len(values), codes)).set_axis(column.index)
    jalali = found.dt.year.between(JALALI[0], JALALI[-1])
    return found.mask(jalali), IS_JALALI if jalali.any() else hint


def day_of(value: object) -> pd.Timestamp | None:
    """The day of a single date or text, without a time of day or a zone; None where it is none."""
    local = value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value
    found = dates_of(pd.Series([local], dtype=object))[0].iloc[0]
    return None if pd.isna(found) else pd.Timestamp(found).tz_localize(None).normalize()


def _read(values: list[object]) -> tuple[pd.Series[Any], str]:
    """The dates of different values, and a missing one at the end; what to know of those that are none."""
    texts = {place: letters.digits(value) for place, value in enumerate(values) if isinstance(value, str)}
    plain = {place: text for place, text in texts.items() if _PLAIN.fullmatch(text)}
    read = pd.to_datetime(pd.Series(plain, dtype=object), format="ISO8601", errors="coerce").astype("datetime64[us]")
    if len(plain) == len(values):
        return pd.concat([read, pd.Series([None], dtype=read.dtype)], ignore_index=True), ""
    parts = [found for text in texts.values() if (found := _YEAR_LAST.fullmatch(text))]
    day_first, hint = _order(parts)
    made: list[pd.Timestamp | None] = [
        _of_text(texts[place], day_first) if place in texts else _stamp(value) for place, value in enumerate(values)
    ]
    zoned = [one is not None and one.tzinfo is not None for one in made]
    if any(zoned):
        made = [one.tz_convert("UTC") if at and one is not None else None for one, at in zip(made, zoned, strict=True)]
        hint = hint or "times stand with their zone where others do"
    years = [found[4] for found in parts] + [text[:4] for text in texts.values() if _YEAR_FIRST.fullmatch(text)]
    if any(int(year) in JALALI for year in years):
        hint = IS_JALALI
    return pd.Series([*made, None], dtype="datetime64[us, UTC]" if any(zoned) else "datetime64[us]"), hint


def _order(dated: list[re.Match[str]]) -> tuple[bool | None, str]:
    """Whether the day stands before the month in dates such as 13/04/2026; None where nothing decides."""
    slashed = [(int(found[1]), int(found[3])) for found in dated if found[2] != "."]
    day_first = any(first > 12 for first, _ in slashed)
    if day_first != any(second > 12 for _, second in slashed):
        return day_first, ""
    return None, "day and month can be taken for one another: write the year first" if slashed else ""


def _of_text(text: str, day_first: bool | None) -> pd.Timestamp | None:
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day, time = found[1], found[3], found[4], found[5]
    elif found := _YEAR_LAST.fullmatch(text):
        year, month, day, time = found[4], found[3], found[1], found[5]
        if found[2] != "." and month != day:
            if day_first is None:
                return None
            month, day = (month, day) if day_first else (day, month)
    elif _OTHER.fullmatch(text):
        return _stamp(text)
    else:
        return None
    return _stamp(f"{year}-{month:0>2}-{day:0>2}" + (f"T{time}" if time else ""))


def _stamp(value: object) -> pd.Timestamp | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # pandas warns where it guesses
            found = pd.Timestamp(value).as_unit("us")  # type: ignore[arg-type]
    except (ValueError, OverflowError, Warning):
        return None
    return None if pd.isna(found) else found
