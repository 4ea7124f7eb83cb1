r"""A model as arrows and double arrows among all its variables: implied moments and their derivatives.

With A the matrix of arrows (loadings and regressions), S that of variances and covariances of what the arrows leave and
m the intercepts (McArdle & McDonald, 1984):

.. math:: C = (I - A)^{-1} S (I - A)^{-T}, \qquad \mu = (I - A)^{-1} m.

C holds the covariances of factors and observed variables together, so that the delta method for any function of
variances, correlations and paths needs nothing else of a fitted model than its estimates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from crmstudy.kernels.moments import Array

Indices = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True)
class Entries:
    """Elements of one of the matrices: ``rows``, ``columns``, ``values`` and ``parameters`` (-1 where fixed), (k,)."""

    rows: Indices
    columns: Indices
    values: Array
    parameters: Indices


@dataclass(frozen=True)
class Reticular:
    """A model of ``size`` variables with ``n_parameters`` free parameters.

    ``paths`` are elements of A (row: effect, column: cause), ``covariances`` of S (each once), ``intercepts`` of m
    (columns not used).
    """

    size: int
    n_parameters: int
    paths: Entries
    covariances: Entries
    intercepts: Entries

    @cached_property
    def total(self) -> Array:
        """Total effects and ones, (I - A)^-1, (size, size)."""
        arrows = np.zeros((self.size, self.size))
        arrows[self.paths.rows, self.paths.columns] = self.paths.values
        return np.asarray(np.linalg.inv(np.eye(self.size) - arrows), dtype=np.float64)

    @cached_property
    def covariance(self) -> Array:
        """Implied covariances of all variables, (size, size)."""
        s = np.zeros((self.size, self.size))
        held = self.covariances
        s[held.rows, held.columns] = s[held.columns, held.rows] = held.values
        return np.asarray(self.total @ s @ self.total.T, dtype=np.float64)

    @cached_property
    def mean(self) -> Array:
        """Implied means, (size,); 0 where the model has no intercepts."""
        m = np.zeros(self.size)
        m[self.intercepts.rows] = self.intercepts.values
        return np.asarray(self.total @ m, dtype=np.float64)

    def covariance_slopes(self, i: int, j: int) -> Array:
        """Derivatives of one implied covariance with respect to the free parameters, (n_parameters,)."""
        e, c, a, s = self.total, self.covariance, self.paths, self.covariances
        along = e[i, a.rows] * c[a.columns, j] + e[j, a.rows] * c[a.columns, i]
        across = e[i, s.rows] * e[j, s.columns]
        across += np.where(s.rows == s.columns, 0.0, e[i, s.columns] * e[j, s.rows])
        return self._collected([(a.parameters, along), (s.parameters, across)])

    def _collected(self, parts: list[tuple[Indices, Array]]) -> Array:
        numbers = np.concatenate([numbers for numbers, _ in parts])
        slopes = np.concatenate([slopes for _, slopes in parts])
        free = numbers >= 0
        total = np.bincount(numbers[free], weights=slopes[free], minlength=self.n_parameters)
        return np.asarray(total, dtype=np.float64)


def correlation_with_slopes(model: Reticular, i: int, j: int) -> tuple[float, Array]:
    """An implied correlation and its derivatives with respect to the free parameters, (n_parameters,)."""
    c = model.covariance
    size = float(np.sqrt(c[i, i] * c[j, j]))
    r = float(c[i, j]) / size
    by_variances = model.covariance_slopes(i, i) / c[i, i] + model.covariance_slopes(j, j) / c[j, j]
    return r, np.asarray(model.covariance_slopes(i, j) / size - 0.5 * r * by_variances, dtype=np.float64)


def standard_error(slopes: Array, vcov: Array) -> float:
    """Delta method: root of g'Vg."""
    return float(np.sqrt(max(float(slopes @ vcov @ slopes), 0.0)))
