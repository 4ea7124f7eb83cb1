"""The figures of a cost to serve: costs per contact and customer with their intervals, by channel, and savings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.processes.ratios import Ratios, ratios
from crmstudy.kernels.moments import Array, skewness
from crmstudy.notes import Note
from crmstudy.results import ESTIMATE_COLUMNS

#: A skewness from which costs are called skewed.
_SKEWED = 1.0
#: Intervals over fewer customers are rough, whichever they are.
_FEW = 20
_SHIFTS = (
    "from_channel", "to_channel", "percent", "contacts", "saving_per_contact", "saving", "ci_low", "ci_high",
    "percent_of_cost",
)  # fmt: skip


def all_ratios(
    used: pd.DataFrame, names: Sequence[str], pairs: Sequence[tuple[str, str, float]], again: float, interval: str,
    level: float, draws: int, seed: int,
) -> tuple[Ratios, list[str]]:  # fmt: skip
    """All costs and then the saving per contact of each pair."""
    unit, _ = pd.factorize(used["customer"], use_na_sentinel=True)
    nameless = unit < 0
    named = int(unit.max()) + 1
    unit[nameless] = named + np.arange(int(nameless.sum()))
    n, place = int(unit.max()) + 1, pd.Categorical(used["channel"], categories=list(names)).codes
    cost, count = np.zeros((n, len(names))), np.zeros((n, len(names)))
    np.add.at(cost, (unit, place), used["cost"].to_numpy())
    np.add.at(count, (unit, place), 1.0)
    is_named = (np.arange(n) < named).astype(float)
    above: list[Array] = [cost.sum(axis=1), *cost.T]
    below: list[Array] = [count.sum(axis=1), *count.T]
    terms = ["cost_per_contact", *(f"cost_per_contact: {name}" for name in names)]
    if named:
        above.append(cost.sum(axis=1) * is_named)
        below.append(is_named)
        terms.append("cost_per_customer")
    mix = [*np.eye(len(terms))]
    for first, second, _ in pairs:
        row = np.zeros(len(terms))
        row[1 + names.index(first)] = 1.0 - again / 100.0
        row[1 + names.index(second)] -= 1.0
        mix.append(row)
    matrix = np.array(mix)
    whole = len(terms)
    numerators, denominators = np.column_stack(above), np.column_stack(below)
    if interval != "log":
        return ratios(numerators, denominators, matrix, interval=interval, level=level, draws=draws, seed=seed), terms
    # a saving may be negative, and has no logarithm
    parts = [
        ratios(numerators, denominators, rows, interval=scale, level=level, draws=draws, seed=seed)
        for rows, scale in ((matrix[:whole], "log"), (matrix[whole:], "t"))
        if len(rows)
    ]
    joined = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("estimates", "units", "std_errors", "df", "low", "high")
    )
    return Ratios(*joined), terms


def note_found(used: pd.DataFrame, names: Sequence[str], found: Ratios, interval: str, notes: list[Note]) -> None:
    """Say where there is no interval, or a rough one."""
    units = used["customer"].nunique() + int(used["customer"].isna().sum())
    if units < 2:
        notes.append(
            Note("COST_ONE_CUSTOMER", "All contacts are those of one customer; no interval can be given.", "warning")
        )
    else:
        alone = [name for name, low in zip(names, found.std_errors[1:], strict=False) if low != low]
        if alone:
            message = f"Contacts on {', '.join(alone)} are those of one customer; there is no interval for them."
            notes.append(Note("COST_ONE_CUSTOMER", message, "warning"))
    few = [name for name, m in zip(names, found.units[1:], strict=False) if 1 < m < _FEW]
    if few:
        message = f"Contacts on {', '.join(few)} are those of fewer than {_FEW} customers; their intervals are rough."
        notes.append(Note("COST_FEW_CUSTOMERS", message, "warning"))
    skew = skew_of(used["cost"].to_numpy())
    if interval == "t" and skew > _SKEWED:
        message = f"Costs are skewed ({skew:.2f}); t intervals are then too low. Take interval='bootstrap' or 'log'."
        notes.append(Note("COST_SKEWED", message, "warning"))
    if interval == "log" and np.any(found.estimates[: len(names) + 1] == 0):
        message = "A channel that costs nothing has no interval on the logarithmic scale."
        notes.append(Note("COST_NO_LOGARITHM", message, "warning"))


def without_given(
    used: pd.DataFrame, names: Sequence[str], pairs: Sequence[tuple[str, str, float]], found: Ratios, notes: list[Note]
) -> Ratios:
    """No interval for what follows from unit costs alone: they are given, not estimated."""
    given = used.groupby("channel")["listed"].all()
    if not given.any():
        return found
    message = f"Costs of {', '.join(given.index[given])} are unit costs: given, not estimated, so without an interval."
    notes.append(Note("COST_UNIT_GIVEN", message))
    fixed = np.zeros(len(found.estimates), dtype=bool)
    fixed[0] = len(names) == 1
    fixed[1 : len(names) + 1] = given[list(names)]
    fixed[len(fixed) - len(pairs) :] = [given[first] and given[second] for first, second, _ in pairs]
    kept = {name: np.where(fixed, np.nan, getattr(found, name)) for name in ("std_errors", "df", "low", "high")}
    return replace(found, **kept)


def skew_of(values: Array) -> float:
    """Skewness; NaN for fewer than three values or equal ones."""
    return skewness(values) if len(values) > 2 and np.ptp(values) > 0 else float("nan")


def estimates_of(found: Ratios, terms: Sequence[str]) -> pd.DataFrame:
    """The costs as rows of estimates, those over all channels first."""
    nan = float("nan")
    rows = [
        (term, found.estimates[i], found.std_errors[i], nan, found.df[i], nan, found.low[i], found.high[i])
        for i, term in enumerate(terms)
    ]
    rows.sort(key=lambda row: row[0].startswith("cost_per_contact:"))
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))


def channel_table(used: pd.DataFrame, names: Sequence[str], found: Ratios) -> pd.DataFrame:
    """A row a channel: its contacts, shares, and the cost per contact with its interval."""
    total, made = float(used["cost"].sum()), []
    for place, name in enumerate(names, start=1):
        rows = used[used["channel"] == name]
        cost = rows["cost"].to_numpy()
        made.append(
            {
                "channel": name, "contacts": len(cost), "customers": rows["customer"].nunique(), "cost": cost.sum(),
                "percent_contacts": 100.0 * len(cost) / len(used),
                "percent_cost": 100.0 * cost.sum() / total if total else float("nan"), "mean": found.estimates[place],
                "std_error": found.std_errors[place], "ci_low": found.low[place], "ci_high": found.high[place],
                "median": float(np.median(cost)), "sd": cost.std(ddof=1) if len(cost) > 1 else float("nan"),
                "skew": skew_of(cost),
                "geometric_mean": float(np.exp(np.log(cost).mean())) if (cost > 0).all() else float("nan"),
            }
        )  # fmt: skip
    return pd.DataFrame(made)


def customer_table(used: pd.DataFrame, margin: pd.Series[Any] | None, notes: list[Note]) -> pd.DataFrame:
    """A row a customer: contacts and cost, and what is left of the margin; the dearest first."""
    grouped = used.dropna(subset=["customer"]).groupby("customer")["cost"].agg(["size", "sum"])
    grouped.columns = pd.Index(["contacts", "cost"])
    if margin is None:
        grouped["margin"] = float("nan")
    else:
        silent = int((~margin.index.isin(grouped.index)).sum())
        unknown = int((~grouped.index.isin(margin.index)).sum())
        if silent:
            notes.append(Note("COST_NO_CONTACT", f"Customers with a margin and no contact, whose cost is 0: {silent}."))
        if unknown:
            message = f"Customers with contacts and no margin, of whom it is not known if they cost more: {unknown}."
            notes.append(Note("COST_NO_MARGIN", message, "warning"))
        if (margin < 0).any():
            message = f"Customers whose margin is negative before any cost to serve: {int((margin < 0).sum())}."
            notes.append(Note("COST_NEGATIVE_MARGIN", message))
        grouped = grouped.reindex(grouped.index.union(margin.index), fill_value=0)
        grouped["margin"] = margin.reindex(grouped.index)
    grouped["net"] = grouped["margin"] - grouped["cost"]
    made = grouped.rename_axis("customer").reset_index()
    return made.sort_values(["cost", "customer"], ascending=[False, True], ignore_index=True)


def shift_table(
    pairs: Sequence[tuple[str, str, float]], channels: pd.DataFrame, found: Ratios, first: int, total: float
) -> pd.DataFrame:
    """What each shift would save, with its interval; the largest saving first."""
    contacts = dict(zip(channels["channel"], channels["contacts"], strict=True))
    made = []
    for place, (one, two, percent) in enumerate(pairs, start=first):
        moved = contacts[one] * percent / 100.0
        each, low, high = found.estimates[place], found.low[place], found.high[place]
        saving = moved * each
        share = 100.0 * saving / total if total else float("nan")
        made.append((one, two, percent, moved, each, saving, moved * low, moved * high, share))
    table = pd.DataFrame(made, columns=list(_SHIFTS))
    return table.sort_values("saving", ascending=False, kind="stable", ignore_index=True)
