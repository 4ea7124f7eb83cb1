"""Transactions piece by piece: the rows that can be used, and a count of all that was left out or looks wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.value.numbering import Numbering
from crmstudy.assessment.value.rows import Source, absent, dates_of, missing_columns, numbers_of
from crmstudy.assessment.value.seen import Mask, Seen, Whole, marks_of
from crmstudy.errors import DataError, ModelError, did_you_mean
from crmstudy.kernels.moments import Array
from crmstudy.quoting import shown

#: Before every point in time; NaT as a whole number.
NOT_YET = np.iinfo(np.int64).min
#: So many faulty rows of a kind are quoted.
_QUOTED = 3
#: Why a row is left out, in the order in which it is asked.
REASONS = (
    "missing_customer", "missing_amount", "unreadable_amount", "missing_cost", "unreadable_cost", "missing_profit",
    "unreadable_profit", "missing_date", "unreadable_date", "after_as_of", "repeated",
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """What the columns are called, how they are written, and what becomes of repeated rows."""

    customer: str
    amount: str | None
    date: str | None = None
    cost: str | None = None
    profit: str | None = None
    key: tuple[str, ...] = ()
    as_of: np.datetime64 | None = None
    date_format: str | None = None
    decimal: str = "."
    drop_repeated: bool = False

    @property
    def numbers(self) -> list[str]:
        """The columns that hold numbers."""
        return [name for name in (self.amount, self.cost, self.profit) if name is not None]


def prepared(
    data: object, roles: Mapping[str, str | None], optional: Sequence[str], last: tuple[str, object], key: Any,
    repeated: str | None, date_format: str | None, decimal: str, faults: Sequence[str] = (),
) -> tuple[Source, Columns]:  # fmt: skip
    """The source and how it is read, once every option and column is known to be there.

    ``roles`` are the columns by their part, of which the ``optional`` ones may be None; ``last`` is the keyword of the
    last day that counts, with its value; ``faults`` are those of the caller's own options.
    """
    day, told = _day(*last)
    faults = [*faults, *told]
    for part, name in roles.items():
        if not isinstance(name, str) and not (name is None and part in optional):
            faults.append(f"`{part}` names a column, not {name!r}.")
    if last[1] is not None and roles["date"] is None:
        faults.append(f"`{last[0]}` needs a column of dates: name `date`.")
    keys = (key,) if isinstance(key, str) else () if key is None else key
    if not isinstance(keys, Sequence) or not all(isinstance(name, str) for name in keys):
        faults.append(f"`key` names a column or lists columns, not {key!r}.")
    if repeated not in (None, "keep", "drop"):
        faults.append(f"`repeated` is 'keep' or 'drop', not {repeated!r}.")
    if date_format is not None and type(date_format) is not str:
        faults.append(f"`date_format` is a pattern such as '%d.%m.%Y', not {date_format!r}.")
    if decimal not in (".", ","):
        faults.append(f"`decimal` is '.' or ',', not {decimal!r}.")
    if faults:
        raise ModelError(faults)
    source = Source(data, decimal)
    source.take_headings(name for name in (*roles.values(), *keys) if name is not None)
    faults = missing_columns(source, roles)
    faults += [
        f"The transactions have no column '{shown(name)}' for `key`.{did_you_mean(name, source.columns)}"
        for name in keys
        if name not in source.columns
    ]
    if faults:
        raise DataError(faults)
    return source, Columns(
        str(roles["customer"]), roles.get("amount"), roles["date"], roles.get("cost"), roles.get("profit"), tuple(keys),
        day, date_format, decimal, (repeated or ("drop" if keys else "keep")) == "drop",
    )  # fmt: skip


def _day(name: str, given: object) -> tuple[np.datetime64 | None, list[str]]:
    """The last day that counts, or what is wrong with it."""
    if given is None:
        return None, []
    time = dates_of(pd.Series([None if isinstance(given, int | float) else str(given)], dtype=object), None)[0]
    if np.isnat(time):
        return None, [f"`{name}` is a day, such as '2026-03-21', not {given!r}."]
    return time.astype("datetime64[D]").astype("datetime64[us]"), []


@dataclass
class Found:
    """What was found on the way: rows by reason with examples, rows that repeat others, returns, order."""

    rows: int = 0
    kept: int = 0
    left_out: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    examples: dict[str, list[str]] = field(default_factory=lambda: {reason: [] for reason in REASONS})
    repeated: int = 0
    repeated_examples: list[int] = field(default_factory=list)
    contradictory: int = 0
    without_key: int = 0
    returns: int = 0
    free: int = 0
    out_of_order: int = 0
    last: int = NOT_YET

    def leave_out(self, reason: str, which: Mask, values: pd.Series[Any] | None) -> None:
        """Count rows that are left out and quote the first of them."""
        count = int(which.sum())
        if not count:
            return
        self.left_out[reason] += count
        quoted = self.examples[reason]
        for place in np.flatnonzero(which)[: _QUOTED - len(quoted)]:
            value = "" if values is None or reason.startswith("missing") else f" ({shown(str(values.iloc[place]))})"
            quoted.append(f"row {self.rows + int(place) + 1}{value}")


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that can be used: numbers of customers, amounts, profits, times in microseconds (0 without dates).

    Without a column of amounts every amount is 1; without one of costs or profits the profits are the amounts.
    """

    codes: Whole
    amounts: Array
    profits: Array
    times: Whole


class Sieve:
    """Sorts out the rows of a source; ``customers`` numbers those who appear, ``found`` says what was wrong."""

    def __init__(self, source: Source, asked: Columns) -> None:
        self.customers = Numbering(source.textual)
        self.found = Found()
        self._source, self._asked = source, asked
        self._latest = np.zeros(0, dtype=np.int64)  # time of each customer's latest row so far
        self._keys, self._contents = Seen(), Seen()

    def __iter__(self) -> Iterator[Rows]:
        for piece in self._source.pieces(self._asked.numbers):
            yield self._usable(piece)

    def _usable(self, piece: pd.DataFrame) -> Rows:
        asked, found = self._asked, self.found
        codes = self.customers.numbers(piece[asked.customer])
        keep = self._only(codes >= 0, "missing_customer", None, np.ones(len(piece), dtype=bool))
        amounts = np.ones(len(piece))
        if asked.amount is not None:
            amounts = numbers_of(piece[asked.amount], asked.decimal)
            keep = self._readable(piece[asked.amount], amounts, "amount", keep)
        profits = amounts
        for role, name in (("cost", asked.cost), ("profit", asked.profit)):
            if name is not None:
                values = numbers_of(piece[name], asked.decimal)
                keep = self._readable(piece[name], values, role, keep)
                profits = amounts - values if role == "cost" else values
        times = np.zeros(len(piece), dtype=np.int64)
        if asked.date is not None:
            times, keep = self._dated(piece[asked.date], keep)
        keep = self._once(piece, codes, amounts, profits, times, keep)
        rows = Rows(codes[keep], amounts[keep], profits[keep], times[keep])
        if asked.date is not None:
            self._latest = grown(self._latest, self.customers.size, NOT_YET)
            found.out_of_order += self._backwards(rows.codes, rows.times)
        found.returns += int((rows.amounts < 0.0).sum())
        found.free += int((rows.amounts == 0.0).sum())
        found.kept += len(rows.codes)
        found.rows += len(piece)
        return rows

    def _only(self, good: Mask, reason: str, values: pd.Series[Any] | None, keep: Mask) -> Mask:
        self.found.leave_out(reason, keep & ~good, values)
        return keep & good

    def _readable(self, column: pd.Series[Any], values: Array, role: str, keep: Mask) -> Mask:
        good = np.isfinite(values)
        if not good.all():
            keep = self._only(good | ~absent(column), f"missing_{role}", None, keep)
        return self._only(good, f"unreadable_{role}", column, keep)

    def _dated(self, column: pd.Series[Any], keep: Mask) -> tuple[Whole, Mask]:
        stamps = dates_of(column, self._asked.date_format)
        good = ~np.isnat(stamps)
        if not good.all():
            keep = self._only(good | ~absent(column), "missing_date", None, keep)
        keep = self._only(good, "unreadable_date", column, keep)
        if self._asked.as_of is not None:
            late = stamps >= self._asked.as_of + np.timedelta64(1, "D")
            keep = self._only(~late, "after_as_of", column, keep)
        return stamps.astype(np.int64), keep

    def _once(
        self, piece: pd.DataFrame, codes: Whole, amounts: Array, profits: Array, times: Whole, keep: Mask
    ) -> Mask:
        """Find the rows that repeat an earlier one, or its key; leave them out where that was asked."""
        asked, found = self._asked, self.found
        read = {asked.customer, asked.amount, asked.date, asked.cost or asked.profit}
        others = [piece[name][keep] for name in piece.columns if name not in read]
        parts = [pd.Series(part[keep]) for part in (codes, amounts, profits, times)]
        again = self._contents.again(marks_of([*parts, *others]))
        repeated = np.zeros(len(piece), dtype=bool)
        if not asked.key:
            repeated[keep] = again
        else:
            keys = [piece[name][keep] for name in asked.key]
            there = ~np.any([absent(column) for column in keys], axis=0)
            found.without_key += int((~there).sum())
            taken = np.zeros(len(there), dtype=bool)
            taken[there] = self._keys.again(marks_of([column[there] for column in keys]))
            found.contradictory += int((taken & ~again).sum())
            repeated[keep] = taken
        found.repeated += int(repeated.sum())
        for place in np.flatnonzero(repeated)[: _QUOTED - len(found.repeated_examples)]:
            found.repeated_examples.append(found.rows + int(place) + 1)
        return self._only(~repeated, "repeated", None, keep) if asked.drop_repeated else keep

    def _backwards(self, codes: Whole, times: Whole) -> int:
        """How many rows are dated before the row that stands before them for the same customer."""
        if not len(codes):
            return 0
        if (np.diff(times) >= 0).all() and times[0] >= self.found.last:
            np.maximum.at(self._latest, codes, times)
            self.found.last = int(times[-1])
            return 0
        order = np.argsort(codes, kind="stable")
        code, time = codes[order], times[order]
        other = code[1:] != code[:-1]  # another customer than in the row before
        before = np.concatenate([[NOT_YET], time[:-1]])
        starts, ends = np.append(True, other), np.append(other, True)
        before[starts] = self._latest[code[starts]]
        self._latest[code[ends]] = time[ends]
        self.found.last = max(self.found.last, int(times.max()))
        return int((time < before).sum())


def grown(values: np.ndarray[Any, Any], size: int, filled: object) -> np.ndarray[Any, Any]:
    """At least so many places in the last dimension; new ones are filled."""
    have = values.shape[-1]
    if size <= have:
        return values
    larger = np.empty((*values.shape[:-1], max(size, have + have // 4)), dtype=values.dtype)
    larger[..., :have] = values
    larger[..., have:] = filled
    return larger
