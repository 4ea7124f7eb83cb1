r"""Discrepancies between sample and implied moments: maximum likelihood and the least-squares family.

A model is a tuple of blocks (one a group) that share a parameter vector; a block holds its layout, its sample moments
and its weight. Every discrepancy gives its value, its gradient, and an expected and an exact Hessian.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from scipy.linalg import lapack

from crmstudy.kernels.covariance.structure import (
    Array,
    Implied,
    Layout,
    curvature,
    gradient_of,
    implied_moments,
    mean_scales,
    metric_elements,
    moment_slopes,
)


@dataclass(frozen=True)
class SampleBlock:
    """One group: its layout, its sample moments, and its weight in the discrepancy (n_g / N).

    ``covariance`` (p, p) with the divisor of the estimator; ``mean`` (p,) where the layout has means.
    """

    layout: Layout
    covariance: Array
    mean: Array | None = None
    weight: float = 1.0

    @cached_property
    def log_determinant(self) -> float:
        """Log-determinant of S."""
        return log_determinant(self.covariance)

    def mean_gap(self, implied: Implied) -> Array | None:
        """Sample minus implied means, or None where means are not modelled."""
        return None if self.mean is None or not self.layout.has_means else self.mean - implied.mu


@dataclass(frozen=True)
class Point:
    """The discrepancy at a parameter vector, with its gradient (q,).

    ``values`` are the discrepancies of the blocks before weighting; ``moments`` the implied moments by block, ``inner``
    what the discrepancy keeps for its Hessians.
    """

    theta: Array
    value: float
    gradient: Array
    values: tuple[float, ...]
    moments: tuple[Implied, ...]
    inner: tuple[Any, ...] = field(default=(), repr=False)


class Discrepancy(Protocol):
    """What can be minimised: see :class:`MaximumLikelihood`."""

    n_parameters: int

    def evaluate(self, theta: Array, *, slopes: bool = True) -> Point | None:
        """Value and gradient, or None where the discrepancy is not defined."""

    def expected_hessian(self, point: Point) -> Array:
        """Expected second derivatives (q, q)."""

    def observed_hessian(self, point: Point) -> Array:
        """Exact second derivatives (q, q)."""


def implied_or_none(layout: Layout, theta: Array) -> Implied | None:
    """Implied moments, or None where they cannot be formed."""
    try:
        return implied_moments(layout, theta)
    except np.linalg.LinAlgError:
        return None


class MaximumLikelihood:
    r"""Normal-theory maximum likelihood for complete data.

    :math:`F = \sum_g w_g (\log|\Sigma_g| + tr(S_g\Sigma_g^{-1}) - \log|S_g| - p + d_g'\Sigma_g^{-1}d_g)` with
    :math:`d = \bar x - \mu` where means are modelled (Jöreskog, 1967; Bollen, 1989, eq. 4B.1).

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

    def evaluate(self, theta: Array, *, slopes: bool = True) -> Point | None:
        """F and its gradient; None where an implied matrix is not positive definite or cannot be formed."""
        total, gradient = 0.0, np.zeros(self.n_parameters)
        values, moments, inner = [], [], []
        for block in self.blocks:
            implied = implied_or_none(block.layout, theta)
            factored = None if implied is None else inverse_and_log_determinant(implied.sigma)
            if implied is None or factored is None:
                return None
            inverse, log_det = factored
            gap = block.mean_gap(implied)
            fit = log_det + float(np.vdot(inverse, block.covariance)) - block.log_determinant - len(inverse)
            spread = implied.sigma - block.covariance
            if gap is not None:
                fit += float(gap @ inverse @ gap)
                spread = spread - np.multiply.outer(gap, gap)
            values.append(fit)
            total += block.weight * fit
            if slopes:
                by_sigma = inverse @ spread @ inverse
                by_mu = None if gap is None else -2.0 * (inverse @ gap)
                gradient += block.weight * gradient_of(block.layout, implied, by_sigma, by_mu, self.n_parameters)
            moments.append(implied)
            inner.append(inverse)
        return Point(theta, total, gradient, tuple(values), tuple(moments), tuple(inner))

    def expected_hessian(self, point: Point) -> Array:
        r"""Expected second derivatives of F: :math:`tr(W\dot\Sigma_i W\dot\Sigma_j) + 2\dot\mu_i'W\dot\mu_j`."""
        return metric_hessian(self.blocks, point, point.inner, self.n_parameters)

    def observed_hessian(self, point: Point) -> Array:
        """Exact second derivatives of F."""
        hessian = np.zeros((self.n_parameters, self.n_parameters))
        for block, implied, inverse in zip(self.blocks, point.moments, point.inner, strict=True):
            gap = block.mean_gap(implied)
            found = likelihood_elements(block.layout, implied, inverse, block.covariance, gap)
            spread = block.covariance if gap is None else block.covariance + np.multiply.outer(gap, gap)
            by_sigma = inverse - inverse @ spread @ inverse
            found += curvature(block.layout, implied, by_sigma, None if gap is None else -2.0 * (inverse @ gap))
            hessian += block.weight * block.layout.elements.collect(found, self.n_parameters)
        return hessian


def metric_hessian(
    blocks: tuple[SampleBlock, ...], point: Point, metrics: tuple[Array, ...], n_parameters: int
) -> Array:
    """Sum over blocks of the products of first derivatives in the metric of each block."""
    hessian = np.zeros((n_parameters, n_parameters))
    for block, implied, metric in zip(blocks, point.moments, metrics, strict=True):
        elements = metric_elements(block.layout, implied, metric)
        hessian += block.weight * block.layout.elements.collect(elements, n_parameters)
    return hessian


def likelihood_elements(
    layout: Layout, implied: Implied, inverse: Array, covariance: Array, gap: Array | None
) -> Array:
    r"""The part of the exact ML Hessian that is made of first derivatives, (k, k) over elements.

    :math:`-tr(W\dot\Sigma_fW\dot\Sigma_e) + 2tr(W\dot\Sigma_f WMW\dot\Sigma_e)` with :math:`M = S + dd'`, and the terms
    of the means.
    """
    e, z = layout.elements, implied.z
    spread = covariance if gap is None else covariance + np.multiply.outer(gap, gap)
    half = inverse @ z
    gram = z.T @ half
    both = half.T @ spread @ half
    gu, gv, bu, bv = gram[e.u], gram[e.v], both[e.u], both[e.v]
    guu, guv, gvv = gu[:, e.u], gu[:, e.v], gv[:, e.v]
    buu, buv, bvv = bu[:, e.u], bu[:, e.v], bv[:, e.v]
    crossed = buv * guv.T
    found = 2.0 * (crossed + crossed.T + bvv * guu + buu * gvv)
    found -= 2.0 * (guu * gvv + guv * guv.T)
    found *= np.multiply.outer(e.factor, e.factor)
    if gap is not None:
        s, pull = mean_scales(layout, implied), gap @ half
        found += 2.0 * np.multiply.outer(s, s) * guu
        mixed = 2.0 * s[None, :] * e.factor[:, None] * (guu * pull[e.v][:, None] + guv.T * pull[e.u][:, None])
        found += mixed + mixed.T
    return found


class GeneralisedLeastSquares:
    r"""Normal-theory generalised least squares (Browne, 1974).

    :math:`F = \sum_g w_g(\tfrac12 tr([(S_g-\Sigma_g)S_g^{-1}]^2) + d_g'S_g^{-1}d_g)`.
    """

    def __init__(self, blocks: tuple[SampleBlock, ...], n_parameters: int) -> None:
        self.blocks = blocks
        self.n_parameters = n_parameters
        self.metrics: tuple[Array, ...] = tuple(np.asarray(np.linalg.inv(block.covariance)) for block in blocks)

    def evaluate(self, theta: Array, *, slopes: bool = True) -> Point | None:
        """F and its gradient; None where an implied matrix cannot be formed."""
        total, gradient, values, moments = 0.0, np.zeros(self.n_parameters), [], []
        for block, metric in zip(self.blocks, self.metrics, strict=True):
            implied = implied_or_none(block.layout, theta)
            if implied is None or not np.isfinite(implied.sigma).all():
                return None
            off = (block.covariance - implied.sigma) @ metric
            gap = block.mean_gap(implied)
            fit = 0.5 * float(np.sum(off * off.T))
            fit += 0.0 if gap is None else float(gap @ metric @ gap)
            values.append(fit)
            total += block.weight * fit
            if slopes:
                by_mu = None if gap is None else -2.0 * (metric @ gap)
                by_sigma = -(metric @ off)
                by_sigma = (by_sigma + by_sigma.T) / 2.0
                gradient += block.weight * gradient_of(block.layout, implied, by_sigma, by_mu, self.n_parameters)
            moments.append(implied)
        return Point(theta, total, gradient, tuple(values), tuple(moments))

    def expected_hessian(self, point: Point) -> Array:
        """Products of first derivatives in the metric of the sample."""
        return metric_hessian(self.blocks, point, self.metrics, self.n_parameters)

    def observed_hessian(self, point: Point) -> Array:
        """Exact second derivatives of F."""
        hessian = self.expected_hessian(point)
        for block, implied, metric in zip(self.blocks, point.moments, self.metrics, strict=True):
            by_sigma = -(metric @ (block.covariance - implied.sigma) @ metric)
            gap = block.mean_gap(implied)
            found = curvature(block.layout, implied, by_sigma, None if gap is None else -2.0 * (metric @ gap))
            hessian += block.weight * block.layout.elements.collect(found, self.n_parameters)
        return hessian


class WeightedLeastSquares:
    r"""Least squares of the moments in any metric: :math:`F = \sum_g w_g (s_g-\sigma_g)'V_g(s_g-\sigma_g)`.

    ``metrics`` holds V for each block, (k, k) or its diagonal (k,), in the order of :func:`stacked_moments`: a vector
    of ones is ULS, the inverse of the moments' asymptotic covariance matrix is WLS (ADF; Browne, 1984), the inverse of
    its diagonal DWLS.
    """

    def __init__(self, blocks: tuple[SampleBlock, ...], n_parameters: int, metrics: tuple[Array, ...]) -> None:
        self.blocks = blocks
        self.n_parameters = n_parameters
        self.metrics = metrics
        self._observed = tuple(stacked_moments(b.covariance, b.mean if b.layout.has_means else None) for b in blocks)

    def evaluate(self, theta: Array, *, slopes: bool = True) -> Point | None:
        """F and its gradient; None where an implied variance is negative or cannot be formed."""
        total, gradient = 0.0, np.zeros(self.n_parameters)
        values, moments, inner = [], [], []
        for block, metric, observed in zip(self.blocks, self.metrics, self._observed, strict=True):
            implied = implied_or_none(block.layout, theta)
            if implied is None or not np.isfinite(implied.sigma).all() or (np.diagonal(implied.sigma) < 0).any():
                return None
            means = implied.mu if block.layout.has_means else None
            gap = observed - stacked_moments(implied.sigma, means)
            pull = metric * gap if metric.ndim == 1 else metric @ gap
            fit = float(gap @ pull)
            values.append(fit)
            total += block.weight * fit
            if slopes:
                jacobian = moment_slopes(block.layout, implied, self.n_parameters, means=block.layout.has_means)
                gradient -= 2.0 * block.weight * (pull @ jacobian)
                inner.append((jacobian, pull))
            moments.append(implied)
        return Point(theta, total, gradient, tuple(values), tuple(moments), tuple(inner))

    def expected_hessian(self, point: Point) -> Array:
        """Gauss-Newton matrix 2 D'VD."""
        hessian = np.zeros((self.n_parameters, self.n_parameters))
        for block, metric, (jacobian, _) in zip(self.blocks, self.metrics, point.inner, strict=True):
            weighted = metric[:, None] * jacobian if metric.ndim == 1 else metric @ jacobian
            hessian += 2.0 * block.weight * (jacobian.T @ weighted)
        return (hessian + hessian.T) / 2.0

    def observed_hessian(self, point: Point) -> Array:
        """Exact second derivatives of F."""
        hessian = self.expected_hessian(point)
        for block, implied, (_, pull) in zip(self.blocks, point.moments, point.inner, strict=True):
            p = len(implied.sigma)
            means = p if block.layout.has_means else 0
            by_sigma = np.zeros((p, p))
            i, j = np.tril_indices(p)
            by_sigma[i, j] = by_sigma[j, i] = np.where(i == j, -2.0, -1.0) * pull[means:]
            found = curvature(block.layout, implied, by_sigma, -2.0 * pull[:means] if means else None)
            hessian += block.weight * block.layout.elements.collect(found, self.n_parameters)
        return hessian


def stacked_moments(covariance: Array, mean: Array | None) -> Array:
    """Means (where given), then the lower triangle of the covariance matrix row by row."""
    lower = covariance[np.tril_indices(len(covariance))]
    return lower if mean is None else np.concatenate([mean, lower])


def inverse_and_log_determinant(matrix: Array) -> tuple[Array, float] | None:
    """Inverse and log-determinant of a symmetric matrix, or None where it is not positive definite."""
    factor, failed = lapack.dpotrf(matrix, lower=1)  # leaves zeros above the diagonal
    if failed or not np.isfinite(factor[-1, -1]):
        return None
    log_det = 2.0 * float(np.log(factor.diagonal()).sum())
    lower, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    full: Array = lower + lower.T
    full.flat[:: len(full) + 1] *= 0.5
    return full, log_det


def log_determinant(matrix: Array) -> float:
    """Log-determinant of a positive definite matrix by Cholesky; infinity with a minus sign when it is not."""
    factor, failed = lapack.dpotrf(matrix, lower=1)
    return -np.inf if failed else 2.0 * float(np.log(np.diagonal(factor)).sum())
