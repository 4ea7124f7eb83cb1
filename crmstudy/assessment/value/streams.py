"""Margins and retention costs of customers by period: from numbers, from a table of customers, from transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from crmstudy.assessment.tables import Type, table_of
from crmstudy.assessment.value.discounting import LONGEST, PERIODS_A_YEAR, is_number, probability_faults
from crmstudy.errors import DataError, ModelError
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.quoting import shown

#: What may stand for a column or for the same number of everybody.
Figure = str | float | None
_QUOTED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """What customers, or segments of customers, bring and cost.

    ``margins`` and ``costs`` have a row for each name and a column for each period of ``labels``; with ``endless`` one
    column that goes on for ever. ``counts`` are the customers behind each row; ``retention`` is None without one.
    """

    names: tuple[str, ...]
    counts: Array
    margins: Array
    costs: Array
    retention: Array | None
    acquisition: Array | None
    labels: tuple[str, ...]
    endless: bool = False
    notes: tuple[Note, ...] = ()
    dropped: int = 0

    @property
    def net(self) -> Array:
        """Margins less retention costs."""
        return self.margins - self.costs

    @property
    def staying(self) -> Array:
        """Retention probabilities; 1 for everybody without one."""
        return np.ones(len(self.names)) if self.retention is None else self.retention


@dataclass(frozen=True, slots=True)
class Columns:
    """How a table is to be read: columns by their part, numbers that hold for everybody."""

    margin: object
    cost: object
    retention: object
    acquisition: object
    customer: str
    period: str | None
    date: str | None
    count: str | None
    every: str
    origin: str


def given_numbers(margin: object, cost: object, retention: object, acquisition: object) -> Streams:
    """One customer, or an average one, given as numbers: a margin of every period, or one for each."""
    faults: list[str] = []
    margins, endless = _series(margin, "margin", faults)
    costs, constant = (np.zeros(1), True) if cost is None else _series(cost, "cost", faults)
    if retention is not None:
        faults += probability_faults(retention, "retention")
    if acquisition is not None and not is_number(acquisition):
        faults.append(f"`acquisition` is a number without `data`, not {acquisition!r}.")
    if not faults and not endless and not constant and len(margins) != len(costs):
        faults.append(f"`margin` has {len(margins)} periods and `cost` {len(costs)}; give one figure for each period.")
    if faults:
        raise ModelError(faults)
    length = max(len(margins), len(costs))
    return Streams(
        names=("customer",),
        counts=np.ones(1),
        margins=np.broadcast_to(margins, (1, length)).copy(),
        costs=np.broadcast_to(costs, (1, length)).copy(),
        retention=None if retention is None else np.array([float(cast(float, retention))]),
        acquisition=None if acquisition is None else np.array([float(cast(float, acquisition))]),
        labels=tuple(str(place + 1) for place in range(length)),
        endless=endless and constant,
    )


def _series(value: object, name: str, faults: list[str]) -> tuple[Array, bool]:
    """A number for every period, or a number of each; whether it is the first."""
    if is_number(value):
        return np.array([float(value)]), True
    if isinstance(value, Sequence | np.ndarray | pd.Series) and not isinstance(value, str) and len(value):
        listed = list(value)
        if all(map(is_number, listed)):
            return np.array(listed, dtype=float), False
    faults.append(f"Without `data`, `{name}` is a number, or one number a period, not {value!r}.")
    return np.zeros(1), True


def from_table(data: object, columns: Columns) -> Streams:
    """The streams of a table: a row a customer, a row a customer and period, or a row a transaction."""
    if columns.period is not None and columns.date is not None:
        raise ModelError("Give `period` for a table of periods or `date` for transactions, not both.")
    figures = {
        "margin": columns.margin, "cost": columns.cost, "retention": columns.retention,
        "acquisition": columns.acquisition, "count": columns.count,
    }  # fmt: skip
    _check_figures(figures)
    dated = columns.period or columns.date
    wanted: dict[str, Type] = {columns.customer: "text"}
    if dated is not None:
        wanted[dated] = "date" if columns.date is not None else "whole"
    wanted |= {str(name): "number" for name in figures.values() if isinstance(name, str)}
    what = "transactions" if columns.date is not None else "customers"
    frame = table_of(data, wanted, what=what)
    made = pd.DataFrame({"customer": frame[columns.customer]})
    for part, name in figures.items():
        if isinstance(name, str):
            made[part] = frame[name]
        elif name is not None:
            made[part] = float(cast(float, name))
    if dated is not None:
        made["when"] = frame[dated]
        if columns.date is not None and made["when"].dt.tz is not None:
            made["when"] = made["when"].dt.tz_convert(None)
    kept, notes, dropped = _complete(made, what)
    _check_ranges(kept)
    streams = _one_row_each(kept) if dated is None else _by_period(kept, columns)
    return replace(streams, notes=(*notes, *streams.notes), dropped=dropped)


def _check_figures(figures: Mapping[str, object]) -> None:
    faults = []
    for part, value in figures.items():
        if value is None and part == "margin":
            faults.append("`margin` names the column of the margins, or is their number.")
        elif value is not None and not isinstance(value, str) and (part == "count" or not is_number(value)):
            faults.append(f"`{part}` names a column{'' if part == 'count' else ' or is a number'}, not {value!r}.")
        elif part == "retention" and value is not None and not isinstance(value, str):
            faults += probability_faults(value, part)
    if faults:
        raise ModelError(faults)


def _complete(made: pd.DataFrame, what: str) -> tuple[pd.DataFrame, list[Note], int]:
    """The rows of customers about whom nothing is missing."""
    notes: list[Note] = []
    nameless = made["customer"].isna()
    if nameless.any():
        message = f"{int(nameless.sum())} of {len(made)} {what} name no customer and are left out."
        notes.append(Note("VALUE_NO_CUSTOMER", message, "warning"))
    lacking = made.isna().any(axis=1) & ~nameless
    without = set(made.loc[lacking, "customer"])
    if without:
        listed = ", ".join(shown(name) for name in sorted(without)[:_QUOTED]) + (
            " ..." if len(without) > _QUOTED else ""
        )
        message = (
            f"{len(without)} customers lack a figure and are left out whole, not counted as 0: {listed}. "
            "Totals are of the others."
        )
        notes.append(Note("VALUE_LEFT_OUT", message, "warning"))
    kept = made[~nameless & ~made["customer"].isin(without)].reset_index(drop=True)
    if not len(kept):
        raise DataError(
            f"None of the {what} is complete: every one lacks its customer, date, margin or another figure."
        )
    return kept, notes, len(made) - len(kept)


def _check_ranges(kept: pd.DataFrame) -> None:
    faults = []
    if "retention" in kept:
        wrong = kept.loc[~kept["retention"].between(0.0, 1.0), "retention"]
        if len(wrong):
            faults.append(
                f"Retention probabilities lie from 0 to 1; {len(wrong)} do not, such as {wrong.iloc[0]:g}. "
                "Write 80 per cent as 0.8."
            )
    if "count" in kept:
        wrong = kept.loc[kept["count"] <= 0.0, "count"]
        if len(wrong):
            faults.append(f"Numbers of customers are above 0; {len(wrong)} are not, such as {wrong.iloc[0]:g}.")
    if faults:
        raise DataError(faults)


def _one_row_each(kept: pd.DataFrame) -> Streams:
    twice = sorted(set(kept.loc[kept["customer"].duplicated(), "customer"]))
    if twice:
        raise DataError(
            f"{len(twice)} customers have more than one row, such as '{shown(twice[0])}': name the column of the "
            "period (`period`) or of the date (`date`), or keep one row each."
        )
    return Streams(
        names=tuple(kept["customer"]),
        counts=_column(kept, "count", 1.0),
        margins=kept[["margin"]].to_numpy(dtype=float),
        costs=_column(kept, "cost", 0.0)[:, None],
        retention=kept["retention"].to_numpy(dtype=float) if "retention" in kept else None,
        acquisition=kept["acquisition"].to_numpy(dtype=float) if "acquisition" in kept else None,
        labels=("1",),
        endless=True,
    )


def _column(kept: pd.DataFrame, name: str, otherwise: float) -> Array:
    return kept[name].to_numpy(dtype=float) if name in kept else np.full(len(kept), otherwise)


def _by_period(kept: pd.DataFrame, columns: Columns) -> Streams:
    notes: list[Note] = []
    names, row = np.unique(kept["customer"].to_numpy(dtype=str), return_inverse=True)
    dates = columns.date is not None
    when = kept["when"].to_numpy()
    at = period_number(when, columns.every) if dates else when.astype(np.int64)
    first, length = int(at.min()), int(at.max() - at.min()) + 1
    if length > LONGEST:
        raise DataError(f"The periods reach from {first} to {first + length - 1}: {length}; {LONGEST} are the most.")
    _check_constant(kept)
    if dates:
        notes += _transaction_notes(kept, columns.every)
    else:
        _check_unique(kept)
    start = np.full(len(names), first)
    if columns.origin == "own":
        start = np.full(len(names), first + length)
        np.minimum.at(start, row, at)
    place = at - start[row]
    width = int(place.max()) + 1
    margins, costs, seen = (np.zeros((len(names), width)) for _ in range(3))
    np.add.at(margins, (row, place), kept["margin"].to_numpy(dtype=float))
    np.add.at(seen, (row, place), 1.0)
    related = _related(seen)
    spent = _column(kept, "cost", 0.0)
    if isinstance(columns.cost, str):
        np.add.at(costs, (row, place), spent)
    else:  # paid once a period, not once a transaction
        costs = np.where(related, spent[0], 0.0)
    gaps = related & (seen == 0.0)
    if gaps.any() and not dates:
        told = f"{int(gaps.sum())} (customers concerned: {int(gaps.any(axis=1).sum())})"
        notes.append(Note("CLV_GAPS", f"Periods without a row count as margins of 0: {told}.", "warning"))
    _, where = np.unique(row, return_index=True)
    one = kept.iloc[where]
    own = columns.origin == "own"
    labels = [str(place + 1) if own else period_name(first + place, columns.every, dates) for place in range(width)]
    return Streams(
        names=tuple(map(str, names)),
        counts=_column(one, "count", 1.0),
        margins=margins,
        costs=costs,
        retention=one["retention"].to_numpy(dtype=float) if "retention" in one else None,
        acquisition=one["acquisition"].to_numpy(dtype=float) if "acquisition" in one else None,
        labels=tuple(labels),
        notes=tuple(notes),
    )


def period_number(dates: np.ndarray[Any, np.dtype[np.datetime64]], every: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The calendar period of each date, counted in months, quarters or years from year 0."""
    months = dates.astype("datetime64[M]").astype(np.int64) + 12 * 1970
    return np.asarray(months // (12 // PERIODS_A_YEAR[every]), dtype=np.int64)


def period_name(number: int, every: str, dated: bool = True) -> str:
    """``2026-03``, ``2026-Q1``, ``2026``; the number itself where it is no calendar period."""
    if not dated or every == "year":
        return str(number)
    year, part = divmod(number, PERIODS_A_YEAR[every])
    return f"{year}-{part + 1:02d}" if every == "month" else f"{year}-Q{part + 1}"


def _check_constant(kept: pd.DataFrame) -> None:
    """A customer has one retention probability, one cost of acquisition, one number of customers behind it."""
    faults = []
    for part in ("retention", "acquisition", "count"):
        if part in kept:
            differing = kept.groupby("customer")[part].nunique()
            differing = differing[differing > 1]
            if len(differing):
                faults.append(
                    f"`{part}` is one figure a customer; {len(differing)} have several, such as "
                    f"'{shown(str(differing.index[0]))}'. Correct the rows that differ."
                )
    if faults:
        raise DataError(faults)


def _check_unique(kept: pd.DataFrame) -> None:
    twice = kept[kept.duplicated(["customer", "when"])]
    if len(twice):
        example = twice.iloc[0]
        raise DataError(
            f"{len(twice)} rows give a customer a second figure for the same period, such as "
            f"'{shown(str(example['customer']))}' in period {int(example['when'])}; add them up or correct them."
        )


def _related(seen: Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The periods from a customer's first to its last."""
    begun = np.maximum.accumulate(seen > 0.0, axis=1)
    going = np.maximum.accumulate((seen > 0.0)[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(begun & going)


def _transaction_notes(kept: pd.DataFrame, every: str) -> list[Note]:
    notes = []
    twice = int(kept.duplicated().sum())
    if twice:
        message = f"{twice} transactions equal another in customer, date and amounts; they are counted as they stand."
        notes.append(Note("VALUE_DUPLICATES", message, "warning"))
    last = kept["when"].to_numpy().max().astype("datetime64[D]")
    now, following = period_number(np.array([last, last + 1]), every)
    if now == following:
        message = f"The last {every} ends with the last transaction, {last}, before its end; it may be incomplete."
        notes.append(Note("CLV_LAST_PERIOD", message))
    return notes
