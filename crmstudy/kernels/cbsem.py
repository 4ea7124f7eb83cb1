r"""Covariance structures: implied moments, the ML discrepancy, its gradient and expected Hessian.

LISREL with all variables as indicators (Jöreskog, 1973; Bollen, 1989, ch. 8):

.. math:: \Sigma = \Lambda A \Psi A' \Lambda' + \Theta, \qquad A = (I - B)^{-1}.

Every derivative of :math:`\Sigma` with respect to an element of a matrix is :math:`c(uv' + vu')` with :math:`u, v`
among the columns of :math:`Z = [I \mid \Lambda A \mid \Lambda A \Psi A']`, so that gradient and expected Hessian are
gathers from :math:`Z'WZ`, :math:`W = \Sigma^{-1}`. A model is a tuple of blocks (one a group) that share a parameter
vector; a block holds its layout, its sample covariance matrix and its weight :math:`n_g/N`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from scipy.linalg import lapack

Array = np.ndarray[Any, np.dtype[np.float64]]
Indices = np.ndarray[Any, np.dtype[np.intp]]
Matrix = Literal["loading", "regression", "latent_covariance", "residual_covariance"]
MATRICES: tuple[Matrix, ...] = ("loading", "regression", "latent_covariance", "residual_covariance")


@dataclass(frozen=True)
class Layout:
    """Where every parameter of one block stands.

    Attributes
    ----------
    fixed : dict of Matrix to (p, m), (m, m), (m, m), (p, p) arrays
        The four matrices with their fixed values (0 where free).
    rows, columns, parameters : dict of Matrix to (k,) int arrays
        Row and column of each free element and the index of its parameter; a covariance stands once.
    """

    fixed: dict[Matrix, Array]
    rows: dict[Matrix, Indices]
    columns: dict[Matrix, Indices]
    parameters: dict[Matrix, Indices]

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Numbers of observed (p) and of structural (m) variables."""
        p, m = self.fixed["loading"].shape
        return p, m

    @cached_property
    def without_paths(self) -> bool:
        """True when no structural variable depends on another, so that (I - B) needs no inverse."""
        return not len(self.rows["regression"]) and not self.fixed["regression"].any()

    @cached_property
    def elements(self) -> tuple[Indices, Indices, Array, Indices]:
        """For every free element: the columns u and v of Z, the factor c and the parameter."""
        p, m = self.shape
        r, c = self.rows, self.columns
        u = [r["loading"], p + r["regression"], p + r["latent_covariance"], r["residual_covariance"]]
        v = [
            p + m + c["loading"],
            p + m + c["regression"],
            p + c["latent_covariance"],
            c["residual_covariance"],
        ]
        symmetric = [np.where(r[name] == c[name], 0.5, 1.0) for name in MATRICES[2:]]
        factor = [np.ones(len(r["loading"])), np.ones(len(r["regression"])), *symmetric]
        parameter = [self.parameters[name] for name in MATRICES]
        return np.concatenate(u), np.concatenate(v), np.concatenate(factor), np.concatenate(parameter)

    def matrices(self, theta: Array) -> dict[Matrix, Array]:
        """The four matrices at a parameter vector."""
        filled: dict[Matrix, Array] = {}
        for name in MATRICES:
            matrix = self.fixed[name].copy()
            rows, columns, values = self.rows[name], self.columns[name], theta[self.parameters[name]]
            matrix[rows, columns] = values
            if name in ("latent_covariance", "residual_covariance"):
                matrix[columns, rows] = values
            filled[name] = matrix
        return filled


@dataclass(frozen=True)
class Implied:
    """Implied moments of one block: ``sigma`` (p, p), ``phi`` (m, m) of the structural variables, ``z`` (p, p+2m)."""

    sigma: Array
    phi: Array
    z: Array


def implied_moments(layout: Layout, theta: Array) -> Implied:
    """Implied covariance matrices and the columns that derivatives are made of."""
    parts = layout.matrices(theta)
    loading, psi = parts["loading"], parts["latent_covariance"]
    if layout.without_paths:
        total, phi = loading, psi
    else:
        reduced = np.linalg.inv(np.eye(len(psi)) - parts["regression"])
        total, phi = loading @ reduced, reduced @ psi @ reduced.T
    cross = loading @ phi
    sigma = cross @ loading.T + parts["residual_covariance"]
    return Implied(sigma, phi, np.hstack([np.eye(len(sigma)), total, cross]))


@dataclass(frozen=True)
class SampleBlock:
    """One group: its layout, its sample covariance matrix (p, p) with divisor n, and its weight n_g / N."""

    layout: Layout
    covariance: Array
    weight: float = 1.0

    @cached_property
    def log_determinant(self) -> float:
        """Log-determinant of S."""
        return log_determinant(self.covariance)


@dataclass(frozen=True)
class Point:
    """The discrepancy at a parameter vector, with its gradient (q,); ``moments`` and ``weights`` by block."""

    theta: Array
    value: float
    gradient: Array
    moments: tuple[Implied, ...]
    weights: tuple[Array, ...]


class MaximumLikelihood:
    r"""The ML discrepancy :math:`F = \sum_g w_g (\log|\Sigma_g| + tr(S_g\Sigma_g^{-1}) - \log|S_g| - p)`.

    Parameters
    ----------
    blocks : tuple of SampleBlock
        One a group.
    n_parameters : int
        Length of the shared parameter vector.
    """

    def __init__(self, blocks: tuple[SampleBlock, ...], n_parameters: int) -> None:
        self.blocks = blocks
        self.n_parameters = n_parameters

    def value(self, theta: Array) -> float:
        """F, or infinity where an implied matrix is not positive definite."""
        point = self.evaluate(theta, slopes=False)
        return np.inf if point is None else point.value

    def evaluate(self, theta: Array, *, slopes: bool = True) -> Point | None:
        """F and its gradient; None where an implied matrix is not positive definite or cannot be formed."""
        total, gradient = 0.0, np.zeros(self.n_parameters)
        moments, weights = [], []
        for block in self.blocks:
            try:
                implied = implied_moments(block.layout, theta)
            except np.linalg.LinAlgError:
                return None
            factor, failed = lapack.dpotrf(implied.sigma, lower=1)
            if failed or not np.isfinite(factor[-1, -1]):
                return None
            inverse = _symmetric_inverse(factor)
            log_det = 2.0 * float(np.log(np.diagonal(factor)).sum())
            p = len(factor)
            fit = log_det + float(np.vdot(inverse, block.covariance)) - block.log_determinant - p
            total += block.weight * fit
            if slopes:
                residual = inverse @ (implied.sigma - block.covariance) @ inverse
                gradient += block.weight * _gradient(block.layout, implied, residual, self.n_parameters)
            moments.append(implied)
            weights.append(inverse)
        return Point(theta, total, gradient, tuple(moments), tuple(weights))

    def expected_hessian(self, point: Point) -> Array:
        r"""Expected second derivatives of F, (q, q): :math:`tr(W \dot\Sigma_i W \dot\Sigma_j)` summed over blocks."""
        hessian = np.zeros((self.n_parameters, self.n_parameters))
        for block, implied, inverse in zip(self.blocks, point.moments, point.weights, strict=True):
            u, v, factor, parameter = block.layout.elements
            gram = implied.z.T @ inverse @ implied.z
            gram_u, gram_v = gram[u], gram[v]
            crossed = gram_u[:, v]
            elements = gram_u[:, u] * gram_v[:, v] + crossed * crossed.T
            elements *= (2.0 * block.weight) * np.multiply.outer(factor, factor)
            if len(parameter) == self.n_parameters and (np.bincount(parameter, minlength=1) == 1).all():
                hessian[np.ix_(parameter, parameter)] += elements
            else:
                np.add.at(hessian, (parameter[:, None], parameter[None, :]), elements)
        return hessian


def log_determinant(matrix: Array) -> float:
    """Log-determinant of a positive definite matrix by Cholesky; infinity with a minus sign when it is not."""
    factor, failed = lapack.dpotrf(matrix, lower=1)
    return -np.inf if failed else 2.0 * float(np.log(np.diagonal(factor)).sum())


def _gradient(layout: Layout, implied: Implied, residual: Array, n_parameters: int) -> Array:
    u, v, factor, parameter = layout.elements
    # each element needs one entry u'Mv: multiply by the columns that occur, then gather
    entries = np.einsum("ij,ij->j", implied.z[:, u], (residual @ implied.z)[:, v])
    gradient: Array = np.bincount(parameter, weights=2.0 * factor * entries, minlength=n_parameters).astype(float)
    return gradient


def _symmetric_inverse(factor: Array) -> Array:
    """The full inverse from a lower Cholesky factor."""
    lower, _ = lapack.dpotri(factor, lower=1)
    lower = np.tril(lower)
    full: Array = lower + lower.T
    np.fill_diagonal(full, np.diagonal(lower))
    return full
