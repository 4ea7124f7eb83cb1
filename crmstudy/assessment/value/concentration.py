r"""How unequally a sum is spread over customers: Lorenz curve, shares of the top, Gini coefficient, with weights.

Values come sorted from the largest to the smallest, ``counts`` says how often each is there, so that a bootstrap sample
is a row of counts. All figures are those of the distribution itself: a share of the top that ends within a customer
takes that customer in part (the curves are straight between customers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Concentration:
    """Figures of one distribution.

    ``top_share`` is what the top customers bring; ``target_share`` the smallest share of customers that brings the
    target; both, and ``gini``, are NaN where the sum is not positive. ``normalised`` is the Gini coefficient over its
    largest possible value, which exists for negative values and sums too.
    """

    top_share: float
    target_share: float
    gini: float
    normalised: float

    def as_array(self) -> Array:
        """The four figures in this order."""
        return np.array([self.top_share, self.target_share, self.gini, self.normalised])


def scaled(values: Array) -> Array:
    """Values over a power of two so that the largest is about 1: no square is too large or 0, and no digit is lost."""
    return np.asarray(np.ldexp(values, -np.frexp(np.abs(values).max())[1]), dtype=float)


def concentration(values: Array, counts: Array, top: float, target: float) -> Concentration:
    r"""The figures of values (n,), sorted downwards, each there ``counts`` (n,) times.

    With N customers, the sum S and the largest ``top * N`` of them summing to A, the share is A/S. The Gini coefficient
    is :math:`\sum_i\sum_j|x_i-x_j|/(2N^2\bar x)`; the normalised one has :math:`2N(T_++T_-)` below the line with the
    sums of gains T+ and of losses T- (Raffinetti, Siletti & Vernizzi, 2015). The double sum is at most 2(N-1)(T+ + T-):
    one customer has all gains, another all losses.
    """
    customers = counts.sum()
    gained = counts * values
    below = np.cumsum(counts)
    summed = np.cumsum(gained)
    total, size = summed[-1], float(np.abs(gained).sum())
    # each value is larger than the N - below customers after it and smaller than the below - counts before it
    spread = 2.0 * float(np.sum(gained * (customers - 2.0 * below + counts)))
    normalised = spread / (2.0 * customers * size) if size > 0.0 else float("nan")
    if not total > 0.0:
        return Concentration(float("nan"), float("nan"), float("nan"), normalised)
    share = _at(top * customers, below, summed, values) / total
    needed = _reached(target * total, below, summed, values) / customers
    return Concentration(float(share), float(needed), spread / (2.0 * customers * total), normalised)


def _at(place: float, below: Array, summed: Array, values: Array) -> float:
    """The sum of the first ``place`` customers, the last one in part."""
    last = min(int(np.searchsorted(below, place, side="left")), len(values) - 1)
    return float(summed[last] - (below[last] - place) * values[last])


def _reached(goal: float, below: Array, summed: Array, values: Array) -> float:
    """How many of the first customers bring ``goal``, the last one in part."""
    last = int(np.argmax(summed >= goal)) if summed.max() >= goal else int(np.argmax(summed))
    return float(below[last] - max(summed[last] - goal, 0.0) / values[last])


def lorenz(values: Array) -> tuple[Array, Array]:
    """Shares of customers and of the sum, from (0, 0), the smallest value first; ``values`` sorted downwards."""
    upward = values[::-1]
    customers = np.arange(len(values) + 1) / len(values)
    return customers, np.concatenate([[0.0], np.cumsum(upward)]) / upward.sum()


def influence(values: Array, top: float, target: float) -> Array:
    r"""Influence of each customer on the four figures, (n, 4): derivatives in the direction of one more such customer.

    With mean :math:`\mu`, q the value at the end of the top share p and C(p) the share: :math:`((x-q)_++pq-A)/\mu -
    C(x-\mu)/\mu` for C; minus the same at the target over :math:`q/\mu` for the share of customers;
    :math:`(E|x-X|-\Delta)/\mu-G(x-\mu)/\mu` for the Gini coefficient with :math:`\Delta=E|X-X'|`. Standard errors are
    the roots of their mean squares over n; a column is NaN where the figure is.
    """
    n = len(values)
    figures = concentration(values, np.ones(n), top, target)
    below, summed = np.arange(1.0, n + 1.0), np.cumsum(values)
    mean, size = values.mean(), np.abs(values).mean()
    found = np.full((n, 4), np.nan)
    away = _mean_distance(values, summed)
    spread = away.mean()
    if size > 0.0:
        found[:, 3] = (away - spread) / size - spread / (2.0 * size**2) * (np.abs(values) - size)
    if not mean > 0.0:
        return found

    def of_share(share: float) -> tuple[Array, float]:
        last = min(int(np.searchsorted(below, share * n, side="left")), n - 1)
        edge = float(values[last])
        part = _at(share * n, below, summed, values) / n
        moved = np.maximum(values - edge, 0.0) + share * edge - part
        return (moved - part / mean * (values - mean)) / mean, edge / mean

    found[:, 0] = of_share(top)[0]
    moved, slope = of_share(figures.target_share)
    found[:, 1] = -moved / slope
    found[:, 2] = (away - spread) / mean - figures.gini * (values - mean) / mean
    return found


def _mean_distance(values: Array, summed: Array) -> Array:
    """Mean distance of each value to all values, which are sorted downwards."""
    n = len(values)
    rank = np.arange(1.0, n + 1.0)
    found: Array = (2.0 * (summed - rank * values) + n * values - summed[-1]) / n
    return found


def resampled(values: Array, top: float, target: float, size: int, random: np.random.Generator) -> Array:
    """Figures (size, 4) of bootstrap samples; an error of rounding has no part in them, for the counts are exact."""
    n = len(values)
    found = np.empty((size, 4))
    for row in found:
        counts = np.bincount(random.integers(0, n, n), minlength=n).astype(float)
        row[:] = concentration(values, counts, top, target).as_array()
    return found
