"""Start values: simple guesses for every kind of parameter, from the sample moments of each group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from statistics import fmean, median
from typing import Literal

import numpy as np

from crmstudy.estimating.layout import Placement
from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.kernels.covariance.structure import Array, implied_moments

Strategy = Literal["ratios", "first", "last", "deviations", "units"]


def start_values(
    table: ParameterTable,
    placement: Placement,
    covariances: Sequence[Array],
    means: Sequence[Array],
    strategy: Strategy = "ratios",
    given: Mapping[int, float] | None = None,
) -> Array:
    """Start values for the free parameters, (q,).

    Loadings come from ratios of covariances with the other indicators of the factor, factor variances from the
    reference indicator, residual variances are half the sample variances; paths and covariances start at 0. Means
    start where they fit the sample means best, given the rest. Equal parameters start at the mean of their guesses.
    Other strategies serve second attempts: ``first`` and ``last`` start equal parameters at one of their guesses,
    ``deviations`` gives every indicator the loading of its standard deviation and factors little variance, ``units``
    starts all loadings at 1. ``given`` are starts by parameter number that come before the guesses.
    """
    guesses: list[list[float]] = [[] for _ in range(table.n_free)]
    fixed_starts: dict[int, float] = dict(given or {})
    for number, covariance in enumerate(covariances, start=1):
        rows = [row for row in table.rows if row.group == number]
        guess = Guess(table, rows, covariance, means[number - 1], strategy)
        for row in rows:
            if row.free:
                guesses[row.free - 1].append(guess.value(row))
                if row.start is not None and (row.free - 1) not in (given or {}):
                    fixed_starts[row.free - 1] = row.start
    pick: Callable[[list[float]], float] = fmean
    if strategy in ("first", "last"):
        pick = itemgetter(0 if strategy == "first" else -1)
    theta = np.array([fixed_starts.get(number, pick(found)) for number, found in enumerate(guesses)], dtype=float)
    return _with_means(table, placement, covariances, means, theta, fixed_starts) if table.meanstructure else theta


def _with_means(
    table: ParameterTable,
    placement: Placement,
    covariances: Sequence[Array],
    means: Sequence[Array],
    theta: Array,
    given: Mapping[int, float],
) -> Array:
    """Intercepts and latent means by least squares of the standardised sample means, all else as in ``theta``."""
    free = sorted({row.free - 1 for row in table.rows if row.free and row.op == "~1"} - set(given))
    if not free:
        return theta
    theta = theta.copy()
    theta[free] = 0.0
    designs, gaps = [], []
    for layout, covariance, mean in zip(placement.layouts, covariances, means, strict=True):
        try:
            implied = implied_moments(layout, theta)
        except np.linalg.LinAlgError:
            return theta
        elements = layout.elements
        scale = np.concatenate([np.zeros(layout.shape[1]), [1.0, 0.0]])[elements.scale]
        slopes = elements.collect_columns(implied.z[:, elements.u] * scale, table.n_free)[:, free]
        deviation = np.sqrt(np.diagonal(covariance))
        designs.append(slopes / deviation[:, None])
        gaps.append((mean - implied.mu) / deviation)
    theta[free] = np.linalg.lstsq(np.vstack(designs), np.concatenate(gaps), rcond=None)[0]
    return theta


class Guess:
    """Simple guesses for each kind of parameter of one group."""

    def __init__(
        self, table: ParameterTable, rows: Sequence[Row], sample: Array, mean: Array, strategy: Strategy
    ) -> None:
        self.at = {name: index for index, name in enumerate(table.observed)}
        self.sample, self.mean, self.strategy = sample, mean, strategy
        self.scales = {row.lhs: row for row in rows if row.op == "~~" and row.lhs == row.rhs}
        self.loadings: dict[tuple[str, str], float] = {}
        self.variances: dict[str, float] = {}
        for factor in table.latent:
            self.factor(factor, [row for row in rows if row.op == "=~" and row.lhs == factor])

    def factor(self, name: str, rows: Sequence[Row]) -> None:
        """Guess the loadings and the variance of a factor."""
        scale = self.scales.get(name)
        unit = scale is not None and not scale.free and scale.value is not None
        observed = [row for row in rows if row.rhs in self.at]
        marker = next((row for row in observed if not row.free and abs(row.value or 0.0) > 1e-100), None)
        reference = marker or (observed[0] if observed else None)
        if reference is None:
            self.variances[name] = 1.0
            return
        ratios = {row.rhs: self.ratio(row.rhs, reference.rhs, [r.rhs for r in observed]) for row in observed}
        common = self.common_variance(reference.rhs, ratios)
        size = 1.0
        if marker is not None and marker.value:
            size, variance = marker.value, common / marker.value**2
        elif unit and scale is not None and scale.value:
            variance = scale.value
            size = float(np.sqrt(common / variance)) if variance > 0 else 1.0
        else:
            variance = common
        self.variances[name] = variance
        for row in observed:
            self.loadings[name, row.rhs] = size * ratios[row.rhs]

    def ratio(self, item: str, reference: str, items: list[str]) -> float:
        """Loading of an item relative to the reference, from their covariances with the other items."""
        s, i, r = self.sample, self.at[item], self.at[reference]
        alike = float(np.sqrt(s[i, i] / s[r, r]))
        sign = -1.0 if s[i, r] < 0 else 1.0
        if item == reference or self.strategy == "units":
            return 1.0
        if self.strategy == "deviations":
            return sign * alike
        others = [self.at[name] for name in items if name not in (item, reference)]
        if others:
            above, below = s[i, others], s[r, others]
            length = float(below @ below)
            ratio = float(above @ below) / length if length > 0 else 0.0
            if 0.2 * alike < abs(ratio) < 5.0 * alike:
                return ratio
        return sign * alike

    def common_variance(self, reference: str, ratios: dict[str, float]) -> float:
        """Variance the reference shares with the others, kept between a tenth and nine tenths of its own."""
        r = self.at[reference]
        own = float(self.sample[r, r])
        if self.strategy in ("deviations", "units"):
            return 0.2 * own if self.strategy == "deviations" else 0.05 * own
        shared = [self.sample[r, self.at[name]] / ratio for name, ratio in ratios.items() if name != reference]
        found = float(median(shared)) if shared else 0.5 * own
        return min(max(found, 0.1 * own), 0.9 * own)

    def value(self, row: Row) -> float:
        """The guess for one parameter."""
        if row.op == "=~":
            return self.loadings.get((row.lhs, row.rhs), 1.0)
        if row.op == "~*~":
            return 1.0
        if row.op == "~1":
            return float(self.mean[self.at[row.lhs]]) if row.lhs in self.at else 0.0
        if row.op in ("~", "<~") or row.lhs != row.rhs:
            return 0.0
        if row.lhs in self.at:
            return 0.5 * float(self.sample[self.at[row.lhs], self.at[row.lhs]])
        return self.variances.get(row.lhs, 1.0)
