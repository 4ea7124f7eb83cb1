"""When customers bought: transactions as visits, one a customer and day, in calendar periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from crmstudy.assessment.value.discounting import LONGEST
from crmstudy.assessment.value.findings import TOO_LARGE, nothing_kept, row_notes
from crmstudy.assessment.value.rows import Source
from crmstudy.assessment.value.seen import Mask, Whole
from crmstudy.assessment.value.streams import period_number
from crmstudy.assessment.value.usable import Columns, Rows, Sieve
from crmstudy.errors import DataError
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note

#: A visit as one whole number: the customer's number and, in so many bits below it, the day. Numbers sort fast.
_DAY_BITS = 28
_MIDDLE = 1 << (_DAY_BITS - 1)
_MICROSECONDS = 86_400_000_000
#: The cohort of those who bought nothing: after every period.
_NONE = np.iinfo(np.int32).max
#: Half the memory of 64 bits, where there is one a visit.
Small = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Purchase days, ordered by customer and day.

    ``code`` numbers the customers who bought, ``day`` counts days from 1970-01-01, ``period`` calendar periods, one
    each a visit; ``first`` is each customer's first day, ``cohort`` its period. ``begin`` is the first day of the data,
    ``until`` the last of observation, ``last`` its period, ``complete`` whether that period ends with it. ``revenue``
    has a row for each cohort from the ``earliest`` period, that of ``begin``, to the last, and a column for each period
    after; None without amounts.
    """

    code: Small
    day: Small
    period: Small
    first: Small
    cohort: Small
    begin: int
    until: int
    earliest: int
    last: int
    complete: bool
    revenue: Array | None
    notes: tuple[Note, ...]
    dropped: int

    @property
    def opens(self) -> Mask:
        """Which visits are their customer's first."""
        return changes(self.code)

    @property
    def closes(self) -> Mask:
        """Which visits are their customer's last."""
        return np.append(changes(self.code)[1:], True)


class _Days:
    """Customers and days as rows come in; with amounts what was paid then, and whether anything was bought."""

    def __init__(self) -> None:
        self.begin = np.iinfo(np.int64).max
        self.days: list[Whole] = []
        self.paid: list[Array] = []
        self.bought: list[Mask] = []

    def add(self, rows: Rows, amounts: bool) -> None:
        if not len(rows.codes):
            return
        days = rows.times // _MICROSECONDS
        self.begin = min(self.begin, int(days.min()))
        keys, place = np.unique((rows.codes << _DAY_BITS) + (days + _MIDDLE), return_inverse=True)
        self.days.append(keys)
        if amounts:
            self.paid.append(np.bincount(place, weights=rows.amounts).astype(float))
            self.bought.append(np.bincount(place, weights=rows.amounts >= 0.0) > 0.0)

    def visits(self) -> tuple[Small, Small]:
        """The customers' numbers and the days of all visits, each once, in this order."""
        bought = self.bought or [np.ones(len(keys), dtype=bool) for keys in self.days]
        visits = np.concatenate([keys[which] for keys, which in zip(self.days, bought, strict=True)])
        visits.sort()
        return _parts(visits[changes(visits)])


def _parts(keys: Whole) -> tuple[Small, Small]:
    """Customers' numbers and days."""
    days = keys & (2 * _MIDDLE - 1)
    return (keys >> _DAY_BITS).astype(np.int32), (days - _MIDDLE).astype(np.int32)


def changes(values: np.ndarray[Any, Any]) -> Mask:
    """Where a value differs from the one before it; the first one does."""
    found = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Calendar:
    """The calendar period of each day from ``begin`` on."""

    begin: int
    periods: Small

    def __call__(self, days: Small) -> Small:
        found: Small = self.periods[days - self.begin]
        return found


def visits_of(source: Source, asked: Columns, every: str) -> Visits:
    """Read transactions as visits; a negative amount is a return, which lowers revenue and is no visit."""
    sieve, days, amounts = Sieve(source, asked), _Days(), asked.amount is not None
    for rows in sieve:
        days.add(rows, amounts)
    found, everybody = sieve.found, sieve.customers.size
    del sieve  # what it remembers of 10 million rows would stand beside the visits
    if not found.kept:
        raise DataError(nothing_kept(found, asked))
    until = (found.last if asked.as_of is None else int(asked.as_of.astype(np.int64))) // _MICROSECONDS
    ends = np.array([days.begin, until, until + 1]).astype("datetime64[D]")
    earliest, last, following = period_number(ends, every).tolist()
    if last - earliest >= LONGEST:
        raise DataError(
            f"The dates span {last - earliest + 1} {every}s; {LONGEST} are the most. Check the earliest, "
            f"{day_name(days.begin)}, and the last, {day_name(until)}."
        )
    buyers, day = days.visits()
    if not len(day):
        raise DataError("Nobody has purchased; there are only returns.")
    every_day = np.arange(days.begin, until + 1).astype("datetime64[D]")
    calendar = _Calendar(days.begin, period_number(every_day, every).astype(np.int32))
    opens, period = changes(buyers), calendar(day)
    notes = [*source.notes, *row_notes(found, asked)]
    revenue = None
    if amounts:
        cohorts = np.full(everybody, _NONE, dtype=np.int32)
        cohorts[buyers[opens]] = period[opens]
        revenue, told = _revenue(days, cohorts, calendar, last)
        notes += told
    return Visits(
        code=np.cumsum(opens, dtype=np.int32) - 1, day=day, period=period, first=day[opens], cohort=period[opens],
        begin=days.begin, until=until, earliest=earliest, last=last, complete=following > last, revenue=revenue,
        notes=tuple(notes), dropped=found.rows - found.kept,
    )  # fmt: skip


def day_name(day: int) -> str:
    """``2026-03-21``."""
    return str(np.datetime64(day, "D"))


def _revenue(days: _Days, cohorts: Small, calendar: _Calendar, last: int) -> tuple[Array, list[Note]]:
    """What each cohort paid by periods after its first, and what is in no cohort: returns before any purchase."""
    earliest = int(calendar.periods[0])
    width = last - earliest + 1
    cells, lost, never = np.zeros(width * width), 0.0, np.zeros(len(cohorts), dtype=bool)
    for keys, amounts in zip(days.days, days.paid, strict=True):
        buyers, day = _parts(keys)
        cohort = cohorts[buyers]
        after = calendar(day) - cohort
        inside = after >= 0
        cell = (cohort[inside] - earliest) * width + after[inside]
        cells += np.bincount(cell, weights=amounts[inside], minlength=len(cells))
        lost += float(amounts[~inside].sum())
        never[buyers[cohort == _NONE]] = True
    if not np.isfinite(cells).all():
        raise DataError(TOO_LARGE)
    if not lost:
        return cells.reshape(width, width), []
    message = (
        f"Returns of {-lost:,.2f} stand before the first purchase of their customers and are in no cohort; "
        f"customers with returns only: {int(never.sum()):,}."
    )
    return cells.reshape(width, width), [Note("COHORTS_RETURNS_BEFORE", message, "warning")]
