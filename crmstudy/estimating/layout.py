"""From the parameter table to matrices: which variables are structural, and where each parameter stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.kernels.covariance.structure import MATRICES, SYMMETRIC, Array, Implied, Layout, Matrix

Place = tuple[Matrix, int, int]


@dataclass(frozen=True)
class Placement:
    """The matrices of a model: a layout for each group, and where each row of the table stands.

    ``structural`` names the m columns of the loading matrix: the factors, then the observed variables that take part
    in regressions or covary with a factor (each measured by itself without error). ``places[k]`` is the matrix, row
    and column of row k.
    """

    layouts: tuple[Layout, ...]
    structural: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def layout(self) -> Layout:
        """The layout of the first group."""
        return self.layouts[0]


def place(table: ParameterTable, covariances: Sequence[Array], means: Sequence[Array]) -> Placement:
    """Lay a parameter table out in matrices; moments of exogenous variables are taken from the sample of each group.

    Parameters
    ----------
    covariances : sequence of (p, p) arrays
        Sample covariance matrix of each group, in the order of ``table.observed``.
    means : sequence of (p,) arrays
        Sample means of each group.
    """
    structural = table.latent + _structural_observed(table)
    at_observed = {name: index for index, name in enumerate(table.observed)}
    at_structural = {name: index for index, name in enumerate(structural)}
    scaled = {row.lhs for row in table.rows if row.op == "~*~"}
    places = tuple(_position(row, at_observed, at_structural, scaled) for row in table.rows)
    layouts = []
    for number, (covariance, mean) in enumerate(zip(covariances, means, strict=True), start=1):
        inside = [(row, spot) for row, spot in zip(table.rows, places, strict=True) if row.group == number]
        layouts.append(_layout(table, inside, at_observed, at_structural, covariance, mean))
    return Placement(tuple(layouts), structural, places)


def _layout(
    table: ParameterTable,
    inside: Sequence[tuple[Row, Place]],
    at_observed: dict[str, int],
    at_structural: dict[str, int],
    covariance: Array,
    mean: Array,
) -> Layout:
    p, m = len(at_observed), len(at_structural)
    shapes = {
        "loading": (p, m), "regression": (m, m), "latent_covariance": (m, m), "residual_covariance": (p, p),
        "intercept": (p, 1), "latent_mean": (m, 1),
    }  # fmt: skip
    fixed: dict[Matrix, Array] = {name: np.zeros(shapes[name]) for name in MATRICES}
    for name, index in at_structural.items():
        if name in at_observed:
            fixed["loading"][at_observed[name], index] = 1.0
    found: dict[Matrix, list[tuple[int, int, int]]] = {name: [] for name in MATRICES}
    for row, (matrix, i, j) in inside:
        if row.free:
            found[matrix].append((i, j, row.free - 1))
            fixed[matrix][i, j] = 0.0
            continue
        value = row.value or 0.0
        if row.exogenous:
            at = at_observed[row.lhs]
            value = mean[at] if row.op == "~1" else covariance[at, at_observed[row.rhs]]
        fixed[matrix][i, j] = value
        if matrix in SYMMETRIC:
            fixed[matrix][j, i] = value
    columns = {name: np.array(found[name], dtype=np.intp).reshape(-1, 3).T for name in MATRICES}
    return Layout(
        fixed,
        {name: columns[name][0] for name in MATRICES},
        {name: columns[name][1] for name in MATRICES},
        {name: columns[name][2] for name in MATRICES},
        table.meanstructure,
    )


def _structural_observed(table: ParameterTable) -> tuple[str, ...]:
    """Observed variables in regressions or scaled, and those that covary with them or with a factor."""
    observed = set(table.observed)
    chosen = {name for row in table.rows if row.op in ("~", "<~", "~*~") for name in (row.lhs, row.rhs)} & observed
    chosen |= {row.lhs for row in table.rows if row.op == "=~" and row.lhs in observed}
    covariances = [(row.lhs, row.rhs) for row in table.rows if row.op == "~~" and row.lhs != row.rhs]
    while True:
        inside = chosen | set(table.latent)
        added = {n for pair in covariances if inside & set(pair) for n in pair} & observed - chosen
        if not added:
            return tuple(name for name in table.observed if name in chosen)
        chosen |= added


def _position(row: Row, at_observed: dict[str, int], at_structural: dict[str, int], scaled: set[str]) -> Place:
    if row.op == "=~":
        if row.rhs in at_structural:
            return "regression", at_structural[row.rhs], at_structural[row.lhs]
        return "loading", at_observed[row.rhs], at_structural[row.lhs]
    if row.op in ("~", "<~"):
        return "regression", at_structural[row.lhs], at_structural[row.rhs]
    if row.op == "~*~":
        return "loading", at_observed[row.lhs], at_structural[row.lhs]
    if row.op == "~1":
        if row.lhs in at_structural and row.lhs not in scaled:
            return "latent_mean", at_structural[row.lhs], 0
        return "intercept", at_observed[row.lhs], 0
    if row.lhs in at_structural:
        return "latent_covariance", at_structural[row.lhs], at_structural[row.rhs]
    return "residual_covariance", at_observed[row.lhs], at_observed[row.rhs]


def row_values(table: ParameterTable, placement: Placement, theta: Array) -> Array:
    """The value of every row of the table at a parameter vector."""
    by_group = [layout.matrices(theta) for layout in placement.layouts]
    values: Array = np.array(
        [
            by_group[row.group - 1][matrix][i, j]
            for row, (matrix, i, j) in zip(table.rows, placement.places, strict=True)
        ]
    )
    return values


def structural_deviations(implied: Implied) -> Array:
    """Standard deviations of the structural variables (NaN where a variance is negative)."""
    with np.errstate(invalid="ignore"):
        deviations: Array = np.sqrt(np.diagonal(implied.phi))
    return deviations
