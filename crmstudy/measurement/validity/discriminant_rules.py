"""What every rule of discriminant validity says of a pair of factors, and how items relate to the factors of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crmstudy.fitted.measured import Measurement
from crmstudy.results import records

#: Rule -> the work it comes from.
RULES = {
    "fornell_larcker": "fornell_larcker_1981", "htmt_85": "henseler_2015", "htmt_90": "henseler_2015",
    "htmt_interval": "franke_sarstedt_2019", "correlation_interval": "ronkko_cho_2022",
    "correlation_test": "ronkko_cho_2022",
}  # fmt: skip
#: The rules as a sentence names them.
WORDS = {
    "fornell_larcker": "the rule of Fornell and Larcker", "htmt_85": "HTMT against .85", "htmt_90": "HTMT against .90",
    "htmt_interval": "the interval of HTMT", "correlation_interval": "the interval of the correlation",
    "correlation_test": "the test of the correlation",
}  # fmt: skip
COLUMNS = ("lhs", "rhs", "rule", "value", "limit", "decision", "source")
HOLDS, FAILS, NOT_JUDGED = "holds", "fails", "not judged"


def decision_table(
    discriminant: pd.DataFrame, roots: dict[str, float], intervals: pd.DataFrame | None, level: float
) -> pd.DataFrame:
    """One row a pair and rule; a rule fails where the factors cannot be told apart by it.

    Parameters
    ----------
    discriminant : DataFrame
        One row a pair, as :func:`crmstudy.measurement.validity.discriminant.discriminant_table` gives it.
    roots : dict of str to float
        Root of the average variance extracted, where there is one.
    intervals : DataFrame or None
        Bootstrap intervals of HTMT.
    level : float
    """
    upper = {} if intervals is None else {
        (row["lhs"], row["rhs"]): row["ci_high"] for row in records(intervals) if row["coefficient"] == "htmt"
    }  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for row in records(discriminant):
        pair = (row["lhs"], row["rhs"])
        smaller = min(roots[name] for name in pair) if all(name in roots for name in pair) else None
        farther = None
        if row["ci_low"] is not None and row["ci_high"] is not None:
            farther = max(abs(row["ci_low"]), abs(row["ci_high"]))
        found = [
            ("fornell_larcker", _size(row["correlation"]), smaller), ("htmt_85", row["htmt"], 0.85),
            ("htmt_90", row["htmt"], 0.90), ("correlation_interval", farther, row["cutoff"]),
            ("correlation_test", row["p_value"], 1.0 - level),
        ]  # fmt: skip
        if intervals is not None:
            found.insert(3, ("htmt_interval", upper.get(pair), row["cutoff"]))
        rows += [(*pair, rule, value, limit, _decision(value, limit), RULES[rule]) for rule, value, limit in found]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"value": float, "limit": float})


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _decision(value: float | None, limit: float | None) -> str:
    if value is None or limit is None or not np.isfinite(value) or not np.isfinite(limit):
        return NOT_JUDGED
    return HOLDS if value < limit else FAILS


def cross_loadings(part: Measurement) -> pd.DataFrame:
    r"""Implied correlations of every item with every factor, :math:`D^{-1/2}\Lambda\Phi F^{-1/2}`; items are the index.

    ``factor`` is the item's own (the first it loads on), ``highest`` whether none correlates higher with it.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.multiply.outer(np.sqrt(np.diagonal(part.implied)), np.sqrt(np.diagonal(part.phi)))
        values = (part.loadings @ part.phi) / scale
    return _item_table(part, values)


def item_score_correlations(part: Measurement) -> pd.DataFrame:
    """Sample correlations of every item with the sum of each factor's own items, without the item itself."""
    items = [name for name in part.observed if part.loadings[part.observed.index(name)].any()]
    values = np.full((len(part.observed), len(part.latent)), np.nan)
    for j, factor in enumerate(part.latent):
        own = part.at(part.own(factor))
        for name in items:
            i = part.observed.index(name)
            others = [k for k in own if k != i]
            if others:
                variance = float(part.sample[np.ix_(others, others)].sum()) * float(part.sample[i, i])
                values[i, j] = part.sample[i, others].sum() / np.sqrt(variance) if variance > 0 else np.nan
    return _item_table(part, values)


def _item_table(part: Measurement, values: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Items by factors, with the factor each belongs to."""
    rows, names = [], []
    for i, name in enumerate(part.observed):
        belongs = np.flatnonzero(part.loadings[i])
        if not len(belongs):
            continue
        own = abs(values[i, belongs[0]])
        others = np.abs(np.delete(values[i], belongs))
        highest = bool(own > np.nanmax(others)) if np.isfinite(others).any() and np.isfinite(own) else True
        names.append(name)
        rows.append((part.latent[belongs[0]], *values[i], highest))
    return pd.DataFrame(rows, index=pd.Index(names, name="item"), columns=["factor", *part.latent, "highest"])
