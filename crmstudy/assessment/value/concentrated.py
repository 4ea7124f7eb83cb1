"""The tables of concentration: totals, Lorenz curve, the printed figure, key customers, who is at the top by what."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.value.concentration import Array, concentration, lorenz, scaled
from crmstudy.assessment.value.totals import settled

#: The figure of source document 2.5: so much of revenue and profit, from so many of the customers.
CLAIM = (0.8, 0.2)


def downwards(table: pd.DataFrame, measure: str) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The places of the customers by what they bring; equal ones by their ids, whatever the order of the rows was."""
    return np.argsort(-settled(table[measure].to_numpy(dtype=float)), kind="stable")


def whole_top(n: int, top: float) -> int:
    """The number of customers at the top, the last one counted whole."""
    return max(1, math.ceil(round(n * top, 9)))


def totals_of(measure: str, values: Array, top: float, target: float) -> dict[str, Any]:
    """How many customers bring how much, and how many of them are at the top or bring the target."""
    total, n = float(values.sum()), len(values)
    positive = total > 0.0
    gini = concentration(scaled(values), np.ones(n), top, target).gini
    summed = np.cumsum(values)
    enough = int(np.argmax(settled(summed) >= settled(np.append(summed, target * total))[-1])) + 1 if positive else None
    return {
        "measure": measure, "customers": n, "total": total, "mean": total / n, "median": float(np.median(values)),
        "largest_share": float(values[0]) / total if positive else None, "negative": int((values < 0.0).sum()),
        "losses": float(values[values < 0.0].sum()), "gini_corrected": gini * n / (n - 1.0) if positive else None,
        "top_customers": whole_top(n, top), "target_customers": enough,
    }  # fmt: skip


def curve_of(measure: str, values: Array) -> pd.DataFrame:
    """The Lorenz curve at every hundredth of the customers; without values there is none."""
    if not len(values):
        return pd.DataFrame(columns=["measure", "customers", "share"])
    customers, share = lorenz(values)
    at = np.arange(101) / 100.0
    return pd.DataFrame({"measure": measure, "customers": at, "share": np.interp(at, customers, share)})


def beside_the_claim(estimates: pd.DataFrame, call: dict[str, Any]) -> pd.DataFrame:
    """The printed figure beside each share of the top, where the same part of the customers was asked for."""
    rows = []
    for row in estimates[estimates["figure"] == "top_share"].to_dict("records"):
        if call["top"] != CLAIM[1]:
            break
        low, high = row["ci_low"], row["ci_high"]
        position = "below" if CLAIM[0] < low else "above" if CLAIM[0] > high else "inside"
        rows.append((row["measure"], CLAIM[0], row["estimate"], low, high, row["estimate"] - CLAIM[0], position))
    names = ["measure", "claimed", "estimate", "ci_low", "ci_high", "difference", "position"]
    return pd.DataFrame(rows, columns=names)


def key_customers(table: pd.DataFrame, top: float, listed: int) -> pd.DataFrame:
    """The customers at the top by revenue, no more than are to be listed."""
    places = downwards(table, "revenue")[: min(whole_top(len(table), top), listed)]
    made = table.iloc[places][["customer", "revenue"]].reset_index(drop=True)
    made.insert(0, "rank", np.arange(1, len(made) + 1))
    total = float(table["revenue"].sum())
    if total > 0.0:
        made["revenue_share"] = made["revenue"] / total
        made["cumulative_share"] = made["revenue_share"].cumsum()
    if "profit" in table:
        ranks = np.empty(len(table), dtype=np.int64)
        ranks[downwards(table, "profit")] = np.arange(1, len(table) + 1)
        made["profit"], made["profit_rank"] = table["profit"].to_numpy()[places], ranks[places]
    return made


def overlap(table: pd.DataFrame, top: float) -> pd.DataFrame:
    """Who is at the top by revenue, by profit, by both; and who of the top by revenue brings a loss."""
    names = ["group", "customers", "revenue", "profit"]
    if "profit" not in table:
        return pd.DataFrame(columns=names)
    count = whole_top(len(table), top)
    revenue, profit = (np.zeros(len(table), dtype=bool) for _ in range(2))
    for name, at_top in (("revenue", revenue), ("profit", profit)):
        at_top[downwards(table, name)[:count]] = True
    groups = {
        "both": revenue & profit, "revenue only": revenue & ~profit, "profit only": profit & ~revenue,
        "revenue, at a loss": revenue & (table["profit"] < 0.0).to_numpy(),
    }  # fmt: skip
    rows = [
        (name, int(who.sum()), float(table["revenue"][who].sum()), float(table["profit"][who].sum()))
        for name, who in groups.items()
    ]
    return pd.DataFrame(rows, columns=names)
