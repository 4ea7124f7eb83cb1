"""Transactions added up by customer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.value.rows import Source
from crmstudy.assessment.value.usable import NOT_YET, Columns, Found, Rows, Sieve, grown
from crmstudy.kernels.moments import Array

#: The first purchase of those without one, after every time, and their last, before every time.
_NEITHER = np.array([[np.iinfo(np.int64).max], [NOT_YET]])


class _Totals:
    """Sums by customer's number; arrays that grow as customers appear."""

    def __init__(self) -> None:
        self.sums = np.zeros((3, 0))  # revenue, returned, profit
        self.counts = np.zeros((2, 0), dtype=np.int32)  # purchases, returns
        self.times = np.zeros((2, 0), dtype=np.int64)  # first and last purchase

    def add(self, rows: Rows, customers: int, dated: bool) -> None:
        """A negative amount is a return: it lowers the sums, and is no purchase."""
        self.sums, self.counts = grown(self.sums, customers, 0.0), grown(self.counts, customers, 0)
        codes, back = rows.codes, rows.amounts < 0.0
        with np.errstate(over="ignore"):  # what is too large is refused with the table
            parts = (rows.amounts, np.minimum(rows.amounts, 0.0), rows.profits)
            for total, values in zip(self.sums, parts, strict=True):
                np.add.at(total, codes, values)
        for count, which in zip(self.counts, (~back, back), strict=True):
            np.add.at(count, codes[which], 1)
        if dated:
            self.times = grown(self.times, customers, _NEITHER)
            np.minimum.at(self.times[0], codes[~back], rows.times[~back])
            np.maximum.at(self.times[1], codes[~back], rows.times[~back])


def add_up(source: Source, asked: Columns) -> tuple[pd.DataFrame, Found]:
    """The totals, one row a customer with a row that was kept, ordered by id; and what was found on the way."""
    sieve, totals = Sieve(source, asked), _Totals()
    for rows in sieve:
        totals.add(rows, sieve.customers.size, asked.date is not None)
    names, found = sieve.customers.names(), sieve.found
    del sieve  # what it remembers of 10 million rows would stand beside the table
    purchases, returns = totals.counts[:, : len(names)].astype(np.int64)
    at = np.flatnonzero(purchases + returns)
    at = at[np.argsort(names[at], kind="stable")]
    made: dict[str, Any] = {
        "customer": names[at], "n": (purchases + returns)[at], "purchases": purchases[at], "returns": returns[at],
        "revenue": totals.sums[0, at], "returned": totals.sums[1, at],
    }  # fmt: skip
    if asked.cost is not None or asked.profit is not None:
        made["profit"] = totals.sums[2, at]
    if asked.date is not None:
        for name, times in zip(("first", "last"), totals.times, strict=True):
            made[name] = np.where(made["purchases"] > 0, times[at], NOT_YET).view("datetime64[us]")
    return pd.DataFrame(made, copy=False), found


def settled(values: Array) -> Array:
    """Sums to 12 digits of the largest: what the order of adding changes must not part equal customers."""
    size = float(np.abs(values).max(initial=0.0))
    digits = 12 - int(np.ceil(np.log10(size))) if size > 0.0 else 0
    return np.round(values, digits) if size > 0.0 and digits <= 300 else values
