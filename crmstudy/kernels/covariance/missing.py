r"""Full-information maximum likelihood for rows with missing values, pattern by pattern.

Rows that lack the same variables form a pattern; each contributes the likelihood of the variables it has (Arbuckle,
1996; Enders, 2010, ch. 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crmstudy.kernels.covariance.discrepancy import (
    Point,
    implied_or_none,
    likelihood_elements,
)
from crmstudy.kernels.covariance.structure import (
    Array,
    Implied,
    Indices,
    Layout,
    curvature,
    gradient_of,
    stacked_metric_elements,
)

#: Numbers in the matrices of one stack of patterns.
_STACKED = 2**19


@dataclass(frozen=True)
class Pattern:
    """Rows that have the same variables.

    ``present`` (k,) are the variables they have, ``rows`` (r,) the rows, ``n`` their number (or sum of weights);
    ``mean`` (k,) and ``covariance`` (k, k, divisor n) are their moments.
    """

    present: Indices
    rows: Indices
    n: float
    mean: Array
    covariance: Array


def missing_patterns(values: Array, weights: Array | None = None) -> tuple[Pattern, ...]:
    """Patterns of the rows, the most complete first; rows without any value belong to none.

    Parameters
    ----------
    values : (n, p) array
        NaN where missing.
    weights : (n,) array, optional
        Sampling weights.
    """
    present = ~np.isnan(values)
    # rows of a few bytes sort much faster, and in the same order
    packed = np.ascontiguousarray(np.packbits(present, axis=1))
    _, first, which = np.unique(packed.view(f"S{packed.shape[1]}"), return_index=True, return_inverse=True)
    kinds, which = present[first], which.reshape(-1)
    found = []
    for number in np.argsort(-kinds.sum(axis=1), kind="stable"):
        columns = np.flatnonzero(kinds[number])
        rows = np.flatnonzero(which == number)
        if not len(columns):
            continue
        inside = values[np.ix_(rows, columns)]
        w = np.ones(len(rows)) if weights is None else weights[rows]
        n = float(w.sum())
        mean = w @ inside / n
        centred = inside - mean
        found.append(Pattern(columns, rows, n, mean, (centred * w[:, None]).T @ centred / n))
    return tuple(found)


@dataclass(frozen=True)
class PatternStack:
    """Patterns side by side, so that their matrices are inverted and multiplied together.

    Attributes
    ----------
    present : (r, p) array of ones and zeros
    n : (r,) array
    means : (r, p) array, 0 where missing
    covariances : (r, p, p) array, 0 where missing
    """

    present: Array
    n: Array
    means: Array
    covariances: Array

    @cached_property
    def both(self) -> Array:
        """Ones where both of a pair of variables are present, (r, p, p)."""
        return self.present[:, :, None] * self.present[:, None, :]

    @cached_property
    def _filling(self) -> Array:
        """Ones on the diagonal where a variable is missing, so that what is left out disturbs nothing."""
        return np.eye(self.present.shape[1]) * (1.0 - self.present)[:, :, None]

    def inverses(self, sigma: Array) -> tuple[Array, Array] | None:
        """Inverse (r, p, p), 0 where missing, and log-determinant (r,) of sigma; None where one is not definite."""
        filled = sigma * self.both + self._filling
        try:
            factors = np.linalg.cholesky(filled)
        except np.linalg.LinAlgError:
            return None
        log_dets = 2.0 * np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        if not np.isfinite(log_dets).all():
            return None
        inverses: Array = np.linalg.inv(filled) - self._filling
        return inverses, log_dets

    def gaps(self, mu: Array) -> Array:
        """Means of the patterns less the given ones, 0 where missing, (r, p)."""
        gaps: Array = self.means - mu * self.present
        return gaps

    def value(self, inverses: Array, log_dets: Array, mu: Array) -> float:
        r"""Sum of :math:`n_r(\log|\Sigma_r| + tr(\Sigma_r^{-1}[S_r + d_rd_r']))` over patterns."""
        gaps = self.gaps(mu)
        pulled = (inverses @ gaps[:, :, None])[:, :, 0]
        traces = (inverses * self.covariances).sum(axis=(1, 2)) + (pulled * gaps).sum(axis=1)
        return float(self.n @ (log_dets + traces))

    def spreads(self, mu: Array) -> Array:
        """S + dd' of every pattern, (r, p, p)."""
        gaps = self.gaps(mu)
        spreads: Array = self.covariances + gaps[:, :, None] * gaps[:, None, :]
        return spreads

    def slopes(self, inverses: Array, mu: Array) -> tuple[Array, Array]:
        """Derivatives of the value by sigma (p, p) and by mu (p,)."""
        weighted = inverses * self.n[:, None, None]
        by_sigma = weighted.sum(axis=0) - (weighted @ self.spreads(mu) @ inverses).sum(axis=0)
        by_mu = -2.0 * np.einsum("rij,rj->i", weighted, self.gaps(mu))
        return by_sigma, by_mu


def stack_patterns(patterns: Sequence[Pattern], p: int) -> tuple[PatternStack, ...]:
    """Patterns of p variables side by side, in as many stacks as keep the memory small."""
    size = max(1, _STACKED // (p * p))
    return tuple(_one_stack(patterns[first : first + size], p) for first in range(0, len(patterns), size))


def _one_stack(patterns: Sequence[Pattern], p: int) -> PatternStack:
    present, means = np.zeros((len(patterns), p)), np.zeros((len(patterns), p))
    covariances = np.zeros((len(patterns), p, p))
    for number, pattern in enumerate(patterns):
        present[number, pattern.present] = 1.0
        means[number, pattern.present] = pattern.mean
        covariances[number][np.ix_(pattern.present, pattern.present)] = pattern.covariance
    return PatternStack(present, np.array([pattern.n for pattern in patterns]), means, covariances)


def patterns_value(patterns: Sequence[Pattern], sigma: Array, mu: Array) -> float | None:
    r"""Sum of :math:`n_r(\log|\Sigma_r| + tr(\Sigma_r^{-1}[S_r + d_rd_r']))`; None where sigma is not definite."""
    total = 0.0
    for stack in stack_patterns(patterns, len(mu)):
        found = stack.inverses(sigma)
        if found is None:
            return None
        total += stack.value(*found, mu)
    return total


@dataclass(frozen=True)
class PatternBlock:
    """One group of incomplete rows: layout, patterns, weight n_g / N, and the saturated value it is compared with."""

    layout: Layout
    patterns: tuple[Pattern, ...]
    weight: float
    saturated: float

    @cached_property
    def n(self) -> float:
        """Rows (or their weights) of the group."""
        return sum(pattern.n for pattern in self.patterns)

    @cached_property
    def stacks(self) -> tuple[PatternStack, ...]:
        """The patterns side by side."""
        return stack_patterns(self.patterns, self.layout.shape[0])


class FullInformation:
    r"""The discrepancy of incomplete data.

    :math:`F = \sum_g w_g \{ n_g^{-1} \sum_r n_r(\log|\Sigma_r| + tr(\Sigma_r^{-1}[S_r + d_rd_r'])) - h_g \}` over
    patterns r, where h is the same at the saturated moments; N F is the likelihood-ratio statistic.

    Parameters
    ----------
    blocks : tuple of PatternBlock
    n_parameters : int
    """

    def __init__(self, blocks: tuple[PatternBlock, ...], n_parameters: int) -> None:
        self.blocks = blocks
        self.n_parameters = n_parameters

    def evaluate(self, theta: Array, *, slopes: bool = True) -> Point | None:
        """F and its gradient; None where an implied matrix is not positive definite or cannot be formed."""
        total, gradient, values, moments, inner = 0.0, np.zeros(self.n_parameters), [], [], []
        for block in self.blocks:
            implied = implied_or_none(block.layout, theta)
            if implied is None:
                return None
            found = [stack.inverses(implied.sigma) for stack in block.stacks]
            known = [inverses for inverses in found if inverses is not None]
            if len(known) < len(found):
                return None
            pairs = list(zip(block.stacks, known, strict=True))
            fit = sum(stack.value(*pair, implied.mu) for stack, pair in pairs) / block.n - block.saturated
            values.append(fit)
            total += block.weight * fit
            inverses = tuple(pair[0] for pair in known)
            if slopes:
                by_sigma, by_mu = block_slopes(block, implied, inverses)
                scale = block.weight / block.n
                gradient += scale * gradient_of(block.layout, implied, by_sigma, by_mu, self.n_parameters)
            moments.append(implied)
            inner.append(inverses)
        return Point(theta, total, gradient, tuple(values), tuple(moments), tuple(inner))

    def expected_hessian(self, point: Point) -> Array:
        """Expected second derivatives, pattern by pattern, given which values are missing."""
        hessian = np.zeros((self.n_parameters, self.n_parameters))
        for block, implied, inverses in zip(self.blocks, point.moments, point.inner, strict=True):
            found = sum(
                stacked_metric_elements(block.layout, implied, inverse, stack.n)
                for stack, inverse in zip(block.stacks, inverses, strict=True)
            )
            hessian += block.weight / block.n * block.layout.elements.collect(np.asarray(found), self.n_parameters)
        return hessian

    def observed_hessian(self, point: Point) -> Array:
        """Exact second derivatives."""
        hessian = np.zeros((self.n_parameters, self.n_parameters))
        for block, implied, inverses in zip(self.blocks, point.moments, point.inner, strict=True):
            by_sigma, by_mu = block_slopes(block, implied, inverses)
            found = curvature(block.layout, implied, by_sigma, by_mu)
            for pattern, inverse in zip(block.patterns, np.concatenate(inverses), strict=True):
                have = pattern.present
                inside = Implied(implied.sigma, implied.mu, implied.phi, implied.eta, implied.z[have], implied.total)
                gap = pattern.mean - implied.mu[have]
                found += pattern.n * likelihood_elements(
                    block.layout, inside, inverse[np.ix_(have, have)], pattern.covariance, gap
                )
            hessian += block.weight / block.n * block.layout.elements.collect(found, self.n_parameters)
        return hessian


def block_slopes(block: PatternBlock, implied: Implied, inverses: Sequence[Array]) -> tuple[Array, Array]:
    """Derivatives of a block's likelihood part by sigma (p, p) and by mu (p,)."""
    parts = [stack.slopes(inverse, implied.mu) for stack, inverse in zip(block.stacks, inverses, strict=True)]
    by_sigma: Array = np.sum([part[0] for part in parts], axis=0)
    by_mu: Array = np.sum([part[1] for part in parts], axis=0)
    return by_sigma, by_mu
