"""Customers and their values made of the rows of a sample: transactions added up, one table parted into two periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmstudy.errors import DataError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown

if TYPE_CHECKING:
    import pandas as pd

#: Two periods whose lengths differ by more than this part of the longer are told.
_UNEQUAL = 0.1


def added_up(frame: pd.DataFrame, asked: dict[str, Any], notes: list[Note]) -> pd.DataFrame:
    """A row a customer: the table itself, or its transactions added up where ``asked`` names the amounts.

    ``asked`` loses what was asked of the transactions. The table made has ``customer``, ``revenue``, ``profit`` where
    it is known, and ``value``: profit where it is known, else revenue. What was found on the way comes to ``notes``.
    """
    from crmstudy.assessment.value import transactions

    if "amount" not in asked:
        return frame
    names = ("customer", "amount", "cost", "profit")
    read = transactions(frame, date=None, **{name: asked.pop(name) for name in names if name in asked})
    notes += read.notes
    made = read.customers
    return made.assign(value=made["profit"] if "profit" in made else made["revenue"])


def two_periods(frame: pd.DataFrame, asked: dict[str, Any], notes: list[Note]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The customers of the first and of the second period, as :func:`added_up` makes them."""
    if "after" in asked:
        parts = (frame, asked.pop("after"))
    elif "wave" in asked:
        parts = _by_wave(frame, str(asked.pop("wave")), asked.pop("waves", None))
    else:
        parts = _by_day(frame, str(asked.pop("date")), str(asked.pop("split")), notes)
    options: dict[str, Any] = {
        name: asked.pop(name) for name in ("amount", "cost", "profit", "customer") if name in asked
    }
    if "amount" not in options:
        asked |= options
        return parts
    first, second = (added_up(part, dict(options), notes) for part in parts)
    return first, second


def _by_wave(frame: pd.DataFrame, wave: str, waves: list[Any] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of two waves: those named, or the only two there are, in the order of numbers or of the alphabet."""
    from crmstudy.assessment.tables import table_of

    column = table_of(frame, {wave: "text"}, what="customers")[wave]
    there = sorted(column.dropna().unique(), key=_place)
    wanted = there if waves is None else [str(one) for one in waves]
    if len(wanted) != 2:
        raise DataError(
            f"'{wave}' holds {len(there)} periods ({', '.join(map(shown, there[:6]))}); name the two with 'waves'."
        )
    faults = [
        f"'waves' names '{shown(one)}', which '{wave}' does not hold.{did_you_mean(one, there)}"
        for one in wanted
        if one not in there
    ]
    if faults:
        raise DataError(faults)
    first, second = (frame[(column == one).to_numpy()] for one in wanted)
    return first, second


def _place(wave: str) -> tuple[float, str]:
    try:
        return float(wave), ""
    except ValueError:
        return float("inf"), wave


def _by_day(frame: pd.DataFrame, date: str, split: str, notes: list[Note]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows before a day, and those from it on."""
    import pandas as pd

    from crmstudy.assessment.tables import table_of

    days = table_of(frame, {date: "date"}, what="transactions")[date]
    days = days.dt.tz_localize(None) if days.dt.tz is not None else days
    start = pd.Timestamp(split)
    if days.isna().any():
        message = f"{int(days.isna().sum())} of {len(days)} rows have no date and are in neither period."
        notes.append(Note("VALUE_UNDATED", message, "warning"))
    before, after = (days < start).to_numpy(), (days >= start).to_numpy()
    if not before.any() or not after.any():
        there = [f"{day:%Y-%m-%d}" for day in (days.min(), days.max()) if pd.notna(day)]
        found = f"the dates run from {' to '.join(there)}" if there else "no row has a date"
        raise DataError(f"The day {split} parts nothing: {found}. Take a day after the first and up to the last.")
    lengths = ((start - days.min()).days, (days.max() - start).days + 1)
    if min(lengths) < (1.0 - _UNEQUAL) * max(lengths):
        message = (
            f"The periods before and from {split} on have {lengths[0]} and {lengths[1]} days: what customers brought "
            "in them differs for that reason too."
        )
        notes.append(Note("VALUE_PERIODS_UNEQUAL", message, "warning"))
    return frame[before], frame[after]
