"""Transactions added up by customer, piece by piece, with a count of everything that was left out or looks wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.value.rows import Source, dates_of, numbers_of
from crmstudy.assessment.value.seen import Mask, Seen, marks_of
from crmstudy.quoting import shown

_NEVER = np.iinfo(np.int64).max
_NOT_YET = np.iinfo(np.int64).min
_DAY = 86_400_000_000  # microseconds
_WHOLE = re.compile("-?[1-9][0-9]{0,17}|0")
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
    amount: str
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
    last: int = _NOT_YET

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


class Totals:
    """Sums by customer; arrays that grow as customers appear."""

    def __init__(self, asked: Columns) -> None:
        self.asked = asked
        self.found = Found()
        self._index: dict[str, int] = {}
        self._whole = True  # every id came as a whole number
        self._sums = np.zeros((3, 0))  # revenue, returned, profit
        self._counts = np.zeros((2, 0), dtype=np.int64)  # purchases, returns
        self._times = np.zeros((3, 0), dtype=np.int64)  # first and last purchase, time of the latest row so far
        self._keys, self._contents = Seen(), Seen()

    def add(self, piece: pd.DataFrame, textual: bool) -> None:
        """Add a piece of rows."""
        asked, found = self.asked, self.found
        codes = self._codes(piece[asked.customer], textual)
        amounts = numbers_of(piece[asked.amount], asked.decimal)
        keep = self._only(codes >= 0, "missing_customer", None, np.ones(len(piece), dtype=bool))
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
        if asked.date is not None:
            found.out_of_order += self._backwards(codes[keep], times[keep])
        self._sum(codes[keep], amounts[keep], profits[keep], times[keep])
        found.kept += int(keep.sum())
        found.rows += len(piece)

    def _only(self, good: Mask, reason: str, values: pd.Series[Any] | None, keep: Mask) -> Mask:
        self.found.leave_out(reason, keep & ~good, values)
        return keep & good

    def _readable(self, column: pd.Series[Any], values: np.ndarray[Any, Any], role: str, keep: Mask) -> Mask:
        good = np.isfinite(values)
        if not good.all():
            keep = self._only(good | ~_absent(column), f"missing_{role}", None, keep)
        return self._only(good, f"unreadable_{role}", column, keep)

    def _dated(self, column: pd.Series[Any], keep: Mask) -> tuple[np.ndarray[Any, np.dtype[np.int64]], Mask]:
        stamps = dates_of(column, self.asked.date_format)
        good = ~np.isnat(stamps)
        if not good.all():
            keep = self._only(good | ~_absent(column), "missing_date", None, keep)
        keep = self._only(good, "unreadable_date", column, keep)
        if self.asked.as_of is not None:
            late = stamps >= self.asked.as_of + np.timedelta64(1, "D")
            keep = self._only(~late, "after_as_of", column, keep)
        return stamps.astype(np.int64), keep

    def _codes(self, column: pd.Series[Any], textual: bool) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The number of each row's customer, -1 where none is named."""
        places, words = pd.factorize(column)
        names = [_name(word) for word in words.tolist()]
        typed = textual or pd.api.types.is_numeric_dtype(column)
        self._whole = self._whole and typed and all(map(_WHOLE.fullmatch, filter(None, names)))
        index = self._index
        numbers = [index.setdefault(name, len(index)) if name else -1 for name in names]
        self._grow(len(index))
        return np.array([*numbers, -1], dtype=np.int64)[places]

    def _grow(self, size: int) -> None:
        have = self._sums.shape[1]
        if size <= have:
            return
        more = max(size, have + have // 2) - have
        self._sums = np.pad(self._sums, ((0, 0), (0, more)))
        self._counts = np.pad(self._counts, ((0, 0), (0, more)))
        self._times = np.hstack([self._times, np.repeat([[_NEVER], [_NOT_YET], [_NOT_YET]], more, axis=1)])

    def _once(
        self, piece: pd.DataFrame, codes: np.ndarray[Any, Any], amounts: np.ndarray[Any, Any],
        profits: np.ndarray[Any, Any], times: np.ndarray[Any, Any], keep: Mask,
    ) -> Mask:  # fmt: skip
        """Find the rows that repeat an earlier one, or its key; leave them out where that was asked."""
        asked, found = self.asked, self.found
        read = {asked.customer, asked.amount, asked.date, *([asked.cost or asked.profit])}
        others = [piece[name][keep] for name in piece.columns if name not in read]
        parts = [pd.Series(part[keep]) for part in (codes, amounts, profits, times)]
        again = self._contents.again(marks_of([*parts, *others]))
        repeated = np.zeros(len(piece), dtype=bool)
        if not asked.key:
            repeated[keep] = again
        else:
            keys = [piece[name][keep] for name in asked.key]
            there = ~np.any([_absent(column) for column in keys], axis=0)
            found.without_key += int((~there).sum())
            taken = np.zeros(len(there), dtype=bool)
            taken[there] = self._keys.again(marks_of([column[there] for column in keys]))
            found.contradictory += int((taken & ~again).sum())
            repeated[keep] = taken
        found.repeated += int(repeated.sum())
        for place in np.flatnonzero(repeated)[: _QUOTED - len(found.repeated_examples)]:
            found.repeated_examples.append(found.rows + int(place) + 1)
        return self._only(~repeated, "repeated", None, keep) if asked.drop_repeated else keep

    def _backwards(self, codes: np.ndarray[Any, Any], times: np.ndarray[Any, Any]) -> int:
        """How many rows are dated before the row that stands before them for the same customer."""
        latest = self._times[2]
        if not len(codes):
            return 0
        if (np.diff(times) >= 0).all() and times[0] >= self.found.last:
            np.maximum.at(latest, codes, times)
            self.found.last = int(times[-1])
            return 0
        order = np.argsort(codes, kind="stable")
        code, time = codes[order], times[order]
        before = np.empty_like(time)
        before[1:] = time[:-1]
        starts = np.concatenate([[True], code[1:] != code[:-1]])
        before[starts] = latest[code[starts]]
        ends = np.concatenate([code[1:] != code[:-1], [True]])
        latest[code[ends]] = time[ends]
        self.found.last = max(self.found.last, int(times.max()))
        return int((time < before).sum())

    def _sum(
        self, codes: np.ndarray[Any, Any], amounts: np.ndarray[Any, Any], profits: np.ndarray[Any, Any],
        times: np.ndarray[Any, Any],
    ) -> None:  # fmt: skip
        """A negative amount is a return: it lowers the sums, and is no purchase."""
        here, places = np.unique(codes, return_inverse=True)
        back = amounts < 0
        self.found.returns += int(back.sum())
        self.found.free += int((amounts == 0).sum())
        for row, values in enumerate((amounts, np.where(back, amounts, 0.0), profits)):
            self._sums[row, here] += np.bincount(places, weights=values, minlength=len(here))
        for row, which in enumerate((~back, back)):
            self._counts[row, here] += np.bincount(places[which], minlength=len(here))
        np.minimum.at(self._times[0], codes[~back], times[~back])
        np.maximum.at(self._times[1], codes[~back], times[~back])

    def table(self) -> pd.DataFrame:
        """One row a customer, ordered by id; customers without a row that was kept are left out."""
        size = len(self._index)
        names = list(self._index)
        ids = np.array(names, dtype=np.int64) if self._whole and names else np.array(names, dtype=object)
        purchases, returns = self._counts[:, :size]
        made: dict[str, Any] = {"customer": ids, "n": purchases + returns, "purchases": purchases, "returns": returns}
        made |= {"revenue": self._sums[0, :size], "returned": self._sums[1, :size]}
        if self.asked.cost is not None or self.asked.profit is not None:
            made["profit"] = self._sums[2, :size]
        if self.asked.date is not None:
            for name, row in (("first", 0), ("last", 1)):
                stamps = self._times[row, :size].copy()
                stamps[purchases == 0] = _NOT_YET  # NaT
                made[name] = stamps.view("datetime64[us]")
        table = pd.DataFrame(made)
        return table[table["n"] > 0].sort_values("customer", kind="stable", ignore_index=True)


def add_up(source: Source, asked: Columns) -> Totals:
    """The totals of all rows of a source."""
    totals = Totals(asked)
    for piece in source.pieces(asked.numbers):
        totals.add(piece, source.textual)
    return totals


def settled(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Sums to 12 digits of the largest: what the order of adding changes must not part equal customers."""
    size = float(np.abs(values).max(initial=0.0))
    return np.round(values, 12 - int(np.ceil(np.log10(size)))) if size > 0.0 else values


def _absent(column: pd.Series[Any]) -> Mask:
    """Where a cell is missing or blank."""
    absent = column.isna().to_numpy(dtype=bool)
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return absent
    places, words = pd.factorize(column)
    blank = np.array([*(isinstance(word, str) and not word.strip() for word in words), True], dtype=bool)
    either: Mask = absent | blank[places]
    return either


def _name(word: object) -> str:
    """An id as a text: blanks at its ends go, 3.0 is 3, what is missing is empty."""
    if isinstance(word, float) and word.is_integer():
        return str(int(word))
    return str(word).strip()
