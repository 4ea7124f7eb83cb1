"""From the parameter table to matrices: which variables are structural, where each parameter stands, where to start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from statistics import fmean
from typing import Literal

import numpy as np

from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.kernels.cbsem import MATRICES, Array, Layout, Matrix

Strategy = Literal["ratios", "first", "last", "deviations", "units"]


@dataclass(frozen=True)
class Placement:
    """The matrices of a model: their layout, and where each row of the table stands.

    ``structural`` names the m columns of the loading matrix: the factors, then the observed variables that take part
    in regressions or covary with a factor (each measured by itself without error). ``places[k]`` is the matrix, row
    and column of row k.
    """

    layout: Layout
    structural: tuple[str, ...]
    places: tuple[tuple[Matrix, int, int], ...]


def place(table: ParameterTable, sample: Array) -> Placement:
    """Lay a parameter table out in matrices; moments of exogenous variables are taken from ``sample`` (p, p)."""
    structural = table.latent + _structural_observed(table)
    at_observed = {name: index for index, name in enumerate(table.observed)}
    at_structural = {name: index for index, name in enumerate(structural)}
    places = tuple(_position(row, at_observed, at_structural) for row in table.rows)
    p, m = len(table.observed), len(structural)
    shapes = {
        "loading": (p, m),
        "regression": (m, m),
        "latent_covariance": (m, m),
        "residual_covariance": (p, p),
    }
    fixed: dict[Matrix, Array] = {name: np.zeros(shapes[name]) for name in MATRICES}
    for name, index in at_structural.items():
        if name in at_observed:
            fixed["loading"][at_observed[name], index] = 1.0
    found: dict[Matrix, list[tuple[int, int, int]]] = {name: [] for name in MATRICES}
    for row, (matrix, i, j) in zip(table.rows, places, strict=True):
        if row.free:
            found[matrix].append((i, j, row.free - 1))
            continue
        value = sample[at_observed[row.lhs], at_observed[row.rhs]] if row.exogenous else (row.value or 0.0)
        fixed[matrix][i, j] = value
        if matrix.endswith("covariance"):
            fixed[matrix][j, i] = value
    columns = {name: np.array(found[name], dtype=np.intp).reshape(-1, 3).T for name in MATRICES}
    layout = Layout(
        fixed,
        {name: columns[name][0] for name in MATRICES},
        {name: columns[name][1] for name in MATRICES},
        {name: columns[name][2] for name in MATRICES},
    )
    return Placement(layout, structural, places)


def _structural_observed(table: ParameterTable) -> tuple[str, ...]:
    """Observed variables in regressions, and those that covary with them or with a factor (until none is added)."""
    observed = set(table.observed)
    chosen = {name for row in table.rows if row.op == "~" for name in (row.lhs, row.rhs)} & observed
    chosen |= {row.lhs for row in table.rows if row.op == "=~" and row.lhs in observed}
    covariances = [(row.lhs, row.rhs) for row in table.rows if row.op == "~~" and row.lhs != row.rhs]
    while True:
        inside = chosen | set(table.latent)
        added = {n for pair in covariances if inside & set(pair) for n in pair} & observed - chosen
        if not added:
            return tuple(name for name in table.observed if name in chosen)
        chosen |= added


def _position(row: Row, at_observed: dict[str, int], at_structural: dict[str, int]) -> tuple[Matrix, int, int]:
    if row.op == "=~":
        if row.rhs in at_structural:
            return "regression", at_structural[row.rhs], at_structural[row.lhs]
        return "loading", at_observed[row.rhs], at_structural[row.lhs]
    if row.op == "~":
        return "regression", at_structural[row.lhs], at_structural[row.rhs]
    if row.lhs in at_structural:
        return "latent_covariance", at_structural[row.lhs], at_structural[row.rhs]
    return "residual_covariance", at_observed[row.lhs], at_observed[row.rhs]


def start_values(table: ParameterTable, sample: Array, strategy: Strategy = "ratios") -> Array:
    """Start values for the free parameters, (q,).

    Loadings come from ratios of covariances with the other indicators of the factor, factor variances from the
    reference indicator, residual variances are half the sample variances; paths and covariances start at 0.
    Equal parameters start at the mean of their guesses. Other strategies serve second attempts: ``first`` and
    ``last`` start equal parameters at one of their guesses, ``deviations`` gives every indicator the loading of its
    standard deviation and factors little variance, ``units`` starts all loadings at 1.
    """
    guess = _Guess(table, sample, strategy)
    guesses: list[list[float]] = [[] for _ in range(table.n_free)]
    given: dict[int, float] = {}
    for row in table.rows:
        if row.free:
            guesses[row.free - 1].append(guess.value(row))
            if row.start is not None:
                given[row.free - 1] = row.start
    pick: Callable[[list[float]], float] = fmean
    if strategy in ("first", "last"):
        pick = itemgetter(0 if strategy == "first" else -1)
    return np.array([given.get(number, pick(found)) for number, found in enumerate(guesses)], dtype=float)


class _Guess:
    """Simple guesses for each kind of parameter."""

    def __init__(self, table: ParameterTable, sample: Array, strategy: Strategy) -> None:
        self.at = {name: index for index, name in enumerate(table.observed)}
        self.sample, self.strategy = sample, strategy
        self.loadings: dict[tuple[str, str], float] = {}
        self.variances: dict[str, float] = {}
        for factor in table.latent:
            self.factor(factor, [row for row in table.rows if row.op == "=~" and row.lhs == factor], table)

    def factor(self, name: str, rows: Sequence[Row], table: ParameterTable) -> None:
        scale = next((r for r in table.rows if r.op == "~~" and r.lhs == r.rhs == name), None)
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
        found = float(np.median(shared)) if shared else 0.5 * own
        return min(max(found, 0.1 * own), 0.9 * own)

    def value(self, row: Row) -> float:
        if row.op == "=~":
            return self.loadings.get((row.lhs, row.rhs), 1.0)
        if row.op == "~" or row.lhs != row.rhs:
            return 0.0
        if row.lhs in self.at:
            return 0.5 * float(self.sample[self.at[row.lhs], self.at[row.lhs]])
        return self.variances.get(row.lhs, 1.0)
