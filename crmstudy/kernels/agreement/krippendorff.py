"""Krippendorff's alpha for nominal, ordinal, interval and ratio data with missing ratings, and its bootstraps.

``table`` is (n, c): how many ratings of each of c values each unit has; every unit has two ratings at least.
``values`` are the c different values, ascending. See Hayes and Krippendorff (2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmstudy.kernels.agreement.kappa import Statistic
from crmstudy.kernels.moments import Array

METRICS = ("nominal", "ordinal", "interval", "ratio")


@dataclass(frozen=True, slots=True)
class Alpha:
    """Alpha, observed and expected disagreement, the (c, c) coincidence matrix and the squared differences."""

    value: float
    observed: float
    expected: float
    coincidences: Array
    differences: Array


def coincidences(table: Array) -> Array:
    r"""How often two values meet in a unit, :math:`\sum_u n_{uc}(n_{uk} - [c=k])/(m_u-1)`."""
    scaled = table / (table.sum(axis=1, keepdims=True) - 1.0)
    return np.asarray(scaled.T @ table - np.diag(scaled.sum(axis=0)), dtype=np.float64)


def differences(values: Array, totals: Array, metric: str) -> Array:
    """Squared differences of all pairs of values, (c, c); those of ordinal data depend on how often values occur."""
    if metric == "nominal":
        return 1.0 - np.eye(len(values))
    places = np.cumsum(totals) - totals / 2.0 if metric == "ordinal" else values
    apart = np.subtract.outer(places, places)
    if metric == "ratio":
        together = np.add.outer(places, places)
        apart = np.divide(apart, together, out=np.zeros_like(apart), where=together > 0.0)
    return np.square(apart)


def alpha(table: Array, values: Array, metric: str) -> Alpha:
    """Alpha, 1 - observed / expected disagreement; NaN where all ratings are the same value."""
    found = coincidences(table)
    totals = table.sum(axis=0)
    n = float(totals.sum())
    squared = differences(values, totals, metric)
    observed = float((found * squared).sum()) / n
    expected = float(totals @ squared @ totals) / (n * (n - 1.0))
    value = 1.0 - observed / expected if expected > 0.0 else float("nan")
    return Alpha(value, observed, expected, found, squared)


def alpha_of_samples(table: Array, values: Array, metric: str) -> Statistic:
    """Alpha of samples of the units, as a statistic of :func:`crmstudy.kernels.agreement.kappa.bootstrap_units`.

    A unit's share in the observed disagreement is fixed, except for ordinal data, whose differences change with the
    values drawn; there the disagreement of a unit is the spread of its mid-ranks.
    """
    m = table.sum(axis=1)
    if metric == "ordinal":
        return _ordinal_of_samples(table, m)
    squared = differences(values, table.sum(axis=0), metric)
    own = np.einsum("uc,uc->u", table @ squared, table) / (m - 1.0)

    def statistic(drawn: Array) -> Array:
        totals = drawn @ table
        n = totals.sum(axis=1)
        expected = np.einsum("bc,bc->b", totals @ squared, totals) / (n - 1.0)
        return _one_minus(drawn @ own, expected)

    return statistic


def _ordinal_of_samples(table: Array, m: Array) -> Statistic:
    scaled = table * (m / (m - 1.0))[:, None]

    def statistic(drawn: Array) -> Array:
        totals = drawn @ table
        n = totals.sum(axis=1)
        places = np.cumsum(totals, axis=1) - totals / 2.0
        squares = np.einsum("bc,bc->b", drawn @ scaled, places**2)
        sums = np.square(places @ table.T) / (m - 1.0)
        observed = 2.0 * (squares - np.einsum("bu,bu->b", drawn, sums))
        middle = np.einsum("bc,bc->b", totals, places)
        expected = 2.0 * (n * np.einsum("bc,bc->b", totals, places**2) - middle**2) / (n - 1.0)
        return _one_minus(observed, np.where(expected > 1e-9 * n**3, expected, 0.0))

    return statistic


def _one_minus(observed: Array, expected: Array) -> Array:
    usable = expected > 0.0
    return np.asarray(np.where(usable, 1.0 - observed / np.where(usable, expected, 1.0), np.nan))


def pair_bootstrap(found: Alpha, most_raters: int, replicates: int, rng: np.random.Generator) -> Array:
    r"""Bootstrap of the pairs of ratings (Hayes & Krippendorff, 2007).

    :math:`M = \min(25Q, (m-1)n/2)` pairs are drawn from the coincidence matrix, Q its cells above 0 and m the largest
    number of raters; each takes :math:`\delta^2/(M D_e)` from 1, with the expected disagreement held as it is. A
    sample whose pairs all agree in one and the same value has no variation and counts as 0; -1 is the lowest.
    """
    n = float(found.coincidences.sum())
    cells = found.coincidences > 0.0
    shares, cost = found.coincidences[cells] / n, found.differences[cells] / found.expected
    same = np.eye(len(found.coincidences), dtype=bool)[cells]
    drawn_pairs = max(int(min(25 * int(cells.sum()), (most_raters - 1) * n / 2.0)), 1)
    drawn = rng.multinomial(drawn_pairs, shares / shares.sum(), size=replicates)
    values = 1.0 - drawn @ cost / drawn_pairs
    flat = (drawn[:, same] == drawn_pairs).any(axis=1)
    return np.asarray(np.where(flat, 0.0, np.maximum(values, -1.0)), dtype=np.float64)
