"""When customers bought: transactions as visits, one a customer and day, in calendar periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.tables import Type, table_of
from crmstudy.assessment.value.discounting import LONGEST
from crmstudy.assessment.value.streams import period_number
from crmstudy.errors import DataError, ModelError
from crmstudy.notes import Note

Whole = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Purchase days, ordered by customer and day.

    ``code`` numbers the customers of ``names``; ``day`` counts days; ``period`` calendar periods; ``amount`` is the sum
    of the day, or None. ``first`` is each customer's first day, ``cohort`` its period. ``until`` is the last day of
    observation, ``last`` its period, ``complete`` whether that period ends with it.
    """

    names: tuple[str, ...]
    code: Whole
    day: Whole
    period: Whole
    amount: np.ndarray[Any, np.dtype[np.float64]] | None
    first: Whole
    cohort: Whole
    begin: pd.Timestamp
    until: pd.Timestamp
    last: int
    complete: bool
    notes: tuple[Note, ...]
    dropped: int


def visits_of(data: object, customer: str, date: str, amount: str | None, every: str, until: object = None) -> Visits:
    """Read transactions as visits; ``until`` is the last day of observation, or None for that of the data.

    Times with a zone are taken to universal time.
    """
    wanted: dict[str, Type] = {customer: "text", date: "date"}
    if amount is not None:
        wanted[amount] = "number"
    frame = table_of(data, wanted, what="transactions")
    made = pd.DataFrame({"customer": frame[customer], "when": frame[date]})
    if made["when"].dt.tz is not None:
        made["when"] = made["when"].dt.tz_convert(None)
    if amount is not None:
        made["amount"] = frame[amount]
    end = _until(until)
    kept, notes = _kept(made, end)
    day = kept["when"].dt.normalize()
    notes += _order_notes(kept)
    begin, end = day.min(), day.max() if end is None else end
    names, code = np.unique(kept["customer"].to_numpy(dtype=str), return_inverse=True)
    days = (day - pd.Timestamp(0)).dt.days.to_numpy(dtype=np.int64)
    by_day = pd.DataFrame({"code": code, "day": days, "period": period_number(day, every)})
    if amount is not None:
        by_day["amount"] = kept["amount"].to_numpy(dtype=float)
    by_day = by_day.groupby(["code", "day"], as_index=False, sort=True).agg(
        {"period": "first"} | ({"amount": "sum"} if amount is not None else {})
    )
    last = int(period_number(pd.Series([end]), every)[0])
    following = int(period_number(pd.Series([end + pd.Timedelta(days=1)]), every)[0])
    length = last - int(by_day["period"].min()) + 1
    if length > LONGEST:
        raise DataError(
            f"The dates span {length} {every}s; {LONGEST} are the most. Check the earliest: {begin:%Y-%m-%d}."
        )
    opening = by_day.groupby("code", sort=True).first()
    return Visits(
        names=tuple(map(str, names)),
        code=by_day["code"].to_numpy(dtype=np.int64),
        day=by_day["day"].to_numpy(dtype=np.int64),
        period=by_day["period"].to_numpy(dtype=np.int64),
        amount=by_day["amount"].to_numpy(dtype=float) if amount is not None else None,
        first=opening["day"].to_numpy(dtype=np.int64),
        cohort=opening["period"].to_numpy(dtype=np.int64),
        begin=begin,
        until=end,
        last=last,
        complete=following > last,
        notes=tuple(notes),
        dropped=len(made) - len(kept),
    )


def _until(given: object) -> pd.Timestamp | None:
    if given is None:
        return None
    found = pd.NaT if isinstance(given, int | float) else pd.to_datetime(str(given), errors="coerce")
    if pd.isna(found):
        raise ModelError(f"`until` is a date such as 2026-03-31, not {given!r}.")
    return (found if found.tzinfo is None else found.tz_convert(None)).normalize()


def _kept(made: pd.DataFrame, until: pd.Timestamp | None) -> tuple[pd.DataFrame, list[Note]]:
    """Rows with customer, date and amount, up to the last day of observation."""
    notes: list[Note] = []
    nameless = made["customer"].isna()
    if nameless.any():
        message = f"{int(nameless.sum())} of {len(made)} transactions name no customer and are left out."
        notes.append(Note("VALUE_NO_CUSTOMER", message, "warning"))
    lacking = made.isna().any(axis=1) & ~nameless
    if lacking.any():
        message = f"{int(lacking.sum())} of {len(made)} transactions have no date or no amount and are left out."
        notes.append(Note("COHORTS_INCOMPLETE_ROWS", message, "warning"))
    kept = made[~nameless & ~lacking]
    if not len(kept):
        raise DataError(
            "No transaction has a customer and a date (and an amount, where one is asked for); fill them in."
        )
    if until is not None:
        after = kept["when"].dt.normalize() > until
        if after.all():
            raise DataError(f"All transactions are later than `until`, {until:%Y-%m-%d}; give a later day.")
        if after.any():
            message = f"{int(after.sum())} transactions are later than {until:%Y-%m-%d} (`until`) and are left out."
            notes.append(Note("COHORTS_AFTER_END", message, "warning"))
        kept = kept[~after]
    return kept.reset_index(drop=True), notes


def _order_notes(kept: pd.DataFrame) -> list[Note]:
    notes = []
    twice = int(kept.duplicated().sum())
    if twice:
        message = f"{twice} transactions equal another in every column used; they are counted as they stand."
        notes.append(Note("VALUE_DUPLICATES", message, "warning"))
    before = kept.groupby("customer")["when"].shift()
    backward = int((kept["when"] < before).sum())
    if backward:
        message = f"{backward} transactions stand below a later one of the same customer; they were put in order."
        notes.append(Note("COHORTS_OUT_OF_ORDER", message))
    return notes
