r"""Regressions with a random intercept of clusters, drawn from their posterior, for several chains at once.

.. math:: y_{ic} = x_{ic}'\beta + u_c + e_{ic}, \quad u_c \sim N(0, \tau^2), \quad e_{ic} \sim N(0, \sigma^2).

The two variances are drawn from their sums of squares (Searle, Casella & McCulloch, 1992, ch. 5): the residual sum of
squares within clusters is :math:`\sigma^2\chi^2`, and the reduction by the clusters after X (Henderson's method 3) is
:math:`(\sigma^2 + K\tau^2/\nu)\chi^2_\nu`. Given them, coefficients and intercepts are drawn from their normals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from crmstudy.kernels.moments import Array

Indices = NDArray[np.intp]
_LEAST_DF = 1.0
_SAME = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class ClusterRows:
    """To which of ``count`` clusters each of n rows belongs: ``codes`` (n,) from 0."""

    codes: Indices
    count: int

    def sums(self, rows: Array, at: Indices | None = None) -> Array:
        """Sums within clusters of the last axis: (..., n) to (..., count); ``at`` are the rows that the axis holds."""
        codes = self.codes if at is None else self.codes[at]
        order = np.argsort(codes, kind="stable")
        sizes = np.bincount(codes, minlength=self.count)
        there = np.flatnonzero(sizes)
        starts = np.concatenate([[0], np.cumsum(sizes[there])[:-1]])
        found = np.zeros((*rows.shape[:-1], self.count))
        found[..., there] = np.add.reduceat(rows[..., order], starts, axis=-1)
        return found

    def sizes(self, at: Indices | None = None) -> Array:
        """Rows of each cluster, (count,)."""
        codes = self.codes if at is None else self.codes[at]
        return np.bincount(codes, minlength=self.count).astype(np.float64)

    def means(self, rows: Array) -> Array:
        """Means within clusters of the last axis."""
        found: Array = self.sums(rows) / np.maximum(self.sizes(), 1.0)
        return found


def draw_clustered(
    clusters: ClusterRows,
    observed: Indices,
    missing: Indices,
    x: Array,
    y: Array,
    cross: Array,
    moment: Array,
    square: Array,
    normal: Array,
    generators: Sequence[Generator],
    ridge: float,
    drawn: bool = True,
) -> tuple[Array, Array, Array]:
    """Draw the regression of y on x with a random intercept.

    Parameters
    ----------
    clusters : ClusterRows
    observed, missing : arrays of int
        Rows in which y was observed, and its gaps.
    x, y : (m, q, n) and (m, n) arrays
        Predictors, the constant first, and outcome.
    cross, moment, square : (m, q, q), (m, q) and (m,) arrays
        X'X, X'y and y'y of the observed rows.
    normal : (m, q) array
        Standard normal numbers for the coefficients.
    generators : sequence of Generator
        One a chain.
    ridge : float
        Share of the diagonal added to cross-products.
    drawn : bool
        False leaves all parameters at their estimates.

    Returns
    -------
    (m, n - k), (m, k) and (m, k) arrays
        Fitted values of the observed rows and drawn predictions of the gaps, both with the drawn intercepts, and noise
        to add to the latter.
    """
    q = normal.shape[1]
    n = float(len(observed))
    sizes = clusters.sizes(observed)
    there = sizes > 0
    weight = np.where(there, 1.0 / np.maximum(sizes, 1.0), 0.0)
    sums_x = clusters.sums(x[:, :, observed], observed)
    sums_y = clusters.sums(y[:, observed], observed)

    within = cross - (sums_x * weight) @ sums_x.transpose(0, 2, 1)
    within_moment = moment - ((sums_x * weight) @ sums_y[..., None])[..., 0]
    within_square = square - (sums_y**2 * weight).sum(axis=1)
    rest, rank = _residual(within, within_moment, within_square, cross, ridge)
    pooled, _ = _residual(cross, moment, square, cross, ridge)
    df_within = np.maximum(n - there.sum() - rank, _LEAST_DF)
    df_between = np.maximum(there.sum() - (q - rank), _LEAST_DF)
    chance = np.array([g.chisquare((a, b)) for g, a, b in zip(generators, df_within, df_between, strict=True)])
    if not drawn:
        chance = np.column_stack([df_within, df_between])
    variance = np.maximum(rest, 0.0) / chance[:, 0]
    trace = np.trace(
        np.linalg.solve(_ridged(cross, cross, ridge), sums_x @ sums_x.transpose(0, 2, 1)), axis1=1, axis2=2
    )
    spread = np.maximum(n - trace, _SAME * n)
    between = np.maximum(np.maximum(pooled - rest, 0.0) / chance[:, 1] - variance, 0.0) * df_between / spread

    ratio = np.where(variance > 0, between / np.where(variance > 0, variance, 1.0), 0.0)
    shrink = ratio[:, None] / (1.0 + ratio[:, None] * sizes)
    weighted = _ridged(cross - (sums_x * shrink[:, None]) @ sums_x.transpose(0, 2, 1), cross, ridge)
    right = moment - ((sums_x * shrink[:, None]) @ sums_y[..., None])[..., 0]
    estimate = np.linalg.solve(weighted, right[..., None])[..., 0]
    root = np.linalg.cholesky(weighted)
    shift = np.linalg.solve(root.transpose(0, 2, 1), normal[..., None])[..., 0]
    coefficients = estimate + np.sqrt(variance)[:, None] * shift if drawn else estimate

    def intercepts(beta: Any) -> Array:
        found: Array = shrink * (sums_y - (beta[:, None] @ sums_x)[:, 0])
        return found

    own = np.stack([g.standard_normal(clusters.count) for g in generators])
    deviation = np.sqrt(between[:, None] / (1.0 + ratio[:, None] * sizes))
    lines = np.stack([estimate, coefficients], axis=1) @ x
    shifts: Array = intercepts(coefficients) + np.asarray(deviation * own, dtype=np.float64)
    # Donors stand where the same drawn intercepts put them: what is left of their answers then has mean 0 given these,
    # which it has not given predicted intercepts, because those are drawn towards 0 and the answers' own mean is not.
    fitted: Array = lines[:, 0] + shifts[:, clusters.codes]
    predicted: Array = lines[:, 1] + shifts[:, clusters.codes]
    noise = np.sqrt(variance)[:, None] * np.stack([g.standard_normal(len(missing)) for g in generators])
    return fitted[:, observed], predicted[:, missing], noise


def _ridged(cross: Array, size: Array, ridge: float) -> Array:
    """Cross-products with a share of the diagonal of ``size`` added, the constant's excepted."""
    diagonal = np.diagonal(size, axis1=1, axis2=2)
    penalty = np.where(diagonal > 0, ridge * diagonal, 1.0)
    penalty[:, 0] *= 1e-3
    found: Array = cross + penalty[:, :, None] * np.eye(cross.shape[-1])
    return found


def _residual(cross: Array, moment: Array, square: Array, size: Array, ridge: float) -> tuple[Array, Array]:
    """Residual sums of squares (m,) and how many columns vary in ``cross``, (m,)."""
    ridged = _ridged(cross, size, ridge)
    estimate = np.linalg.solve(ridged, moment[..., None])[..., 0]
    rest = (
        square - 2.0 * (moment * estimate).sum(axis=1) + (estimate * (cross @ estimate[..., None])[..., 0]).sum(axis=1)
    )
    varies = np.diagonal(cross, axis1=1, axis2=2) > 1e-6 * np.diagonal(size, axis1=1, axis2=2)
    return np.maximum(rest, 0.0), varies.sum(axis=1)
