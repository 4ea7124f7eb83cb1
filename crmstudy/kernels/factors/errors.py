r"""Sampling errors of rotated loadings: by the delta method, and from resampled correlation matrices.

Loadings are a function of the correlations, whatever the extraction and the rotation, defined by the equations both
solve. The delta method takes its derivatives from these equations and the covariances of the correlations from theory
(Jennrich, 1974; Browne & Shapiro, 1986).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from crmstudy.kernels.factors.extraction import Extraction, extract_stack, extraction_slopes
from crmstudy.kernels.factors.rotation import (
    Rotation,
    RotationStack,
    Rule,
    matched,
    nearest_orthogonal,
    rotate_stack,
    rotation_slopes,
)
from crmstudy.kernels.moments import Array

Mask = np.ndarray[Any, np.dtype[np.bool_]]
_AT_ONCE = 400


@dataclass(frozen=True)
class Solution:
    """A sample's solution, from which others start: extraction, and rotation where there is one."""

    method: str
    extraction: Extraction
    how: Rule | None = None
    rotation: Rotation | None = None

    @property
    def loadings(self) -> Array:
        """Rotated if there is a rotation."""
        return self.extraction.loadings if self.rotation is None else self.rotation.loadings

    @property
    def factor_correlations(self) -> Array:
        """Of the rotated factors; without rotation they are uncorrelated."""
        m = self.extraction.loadings.shape[1]
        return np.eye(m) if self.rotation is None else self.rotation.factor_correlations


def solve_stack(corrs: Array, sample: Solution, *, tolerance: float = 1e-8) -> tuple[Array, Array, Mask]:
    """Extract and rotate every matrix of a stack, each from the sample's solution and in its order and signs.

    The unrotated loadings are turned as near as possible to the sample's before the rotation begins where the sample's
    ended, so that it stays in the same minimum if it can; then columns are matched by congruence.

    Parameters
    ----------
    corrs : (b, p, p) array
    sample : Solution
    tolerance : float
        Of the rotation.

    Returns
    -------
    (b, p, m) array, (b, m, m) array, (b,) array of bool
        Loadings, factor correlations, whether extraction and rotation converged.
    """
    start = sample.extraction
    m = start.loadings.shape[1]
    parts = []
    for first in range(0, len(corrs), _AT_ONCE):
        found = extract_stack(corrs[first : first + _AT_ONCE], m, sample.method, start.uniquenesses)
        flat = np.broadcast_to(np.eye(m), (len(found.loadings), m, m))
        if sample.rotation is None or sample.how is None:
            zero = np.zeros(len(flat))
            turned = RotationStack(found.loadings, flat, flat, zero, zero, np.ones(len(flat), dtype=bool))
        else:
            near = nearest_orthogonal(found.loadings.transpose(0, 2, 1) @ start.loadings)
            begin = sample.rotation.transformation
            if sample.how.power is not None:  # the iteration of promax is that of varimax
                begin = nearest_orthogonal(begin[None])[0]
            turned = rotate_stack(
                found.loadings @ near, sample.how, np.broadcast_to(begin, flat.shape), tolerance=tolerance
            )
        turned = matched(turned, sample.loadings)
        parts.append((turned.loadings, turned.factor_correlations, found.converged & turned.converged))
    loadings, phi, converged = (np.concatenate(part) for part in zip(*parts, strict=True))
    return loadings, phi, converged


def slopes(corr: Array, sample: Solution) -> tuple[Array, Array] | None:
    """Derivatives of loadings (q, p, m) and factor correlations (q, m, m) by each of the q correlations.

    In the order of ``numpy.triu_indices``; None where the solution is no smooth function of the correlations.
    """
    changes = extraction_slopes(corr, sample.extraction, sample.method)
    if changes is None:
        return None
    m = sample.loadings.shape[1]
    if sample.how is not None and sample.rotation is not None:
        return rotation_slopes(sample.extraction.loadings, changes, sample.rotation, sample.how)
    return _canonical(corr, sample, changes), np.zeros((len(changes), m, m))


def _canonical(corr: Array, sample: Solution, changes: Array) -> Array:
    """Derivatives of unrotated loadings, whose columns stay orthogonal (for ml in the metric of the uniquenesses)."""
    a = sample.extraction.loadings
    weight = 1.0 / sample.extraction.uniquenesses if sample.method == "ml" else np.ones(len(a))
    gram = (a * weight[:, None]).T @ a
    sizes = np.diag(gram)
    by_gram = np.einsum("i,qij,ik->qjk", weight, changes, a, optimize=True)
    by_gram = by_gram + by_gram.transpose(0, 2, 1)
    if sample.method == "ml":
        by_psi = -2.0 * (changes * a).sum(axis=2)
        by_gram = by_gram - np.einsum("qi,ij,ik->qjk", by_psi * weight**2, a, a, optimize=True)
    gap = sizes[None, :] - sizes[:, None]
    turn = np.divide(1.0, gap, out=np.zeros_like(gap), where=np.abs(gap) > 0.0) * by_gram
    return np.asarray(changes + a @ turn)


def correlation_covariances(corr: Array) -> Array:
    r"""Asymptotic covariances, times n, of the correlations of normal variables (Pearson & Filon, 1898).

    In the order of ``numpy.triu_indices``. With :math:`a = r_{ik}r_{jl} + r_{il}r_{jk}`,
    :math:`\frac12 r_{ij}r_{kl}(r_{ik}^2+r_{il}^2+r_{jk}^2+r_{jl}^2) + a - r_{ij}(r_{ik}r_{il}+r_{jk}r_{jl}) -
    r_{kl}(r_{ik}r_{jk}+r_{il}r_{jl})`.
    """
    first, second = np.triu_indices(len(corr), k=1)
    own = corr[first, second]
    ik, il = corr[np.ix_(first, first)], corr[np.ix_(first, second)]
    jk, jl = corr[np.ix_(second, first)], corr[np.ix_(second, second)]
    result = 0.5 * np.outer(own, own) * (ik**2 + il**2 + jk**2 + jl**2) + ik * jl + il * jk
    result -= own[:, None] * (ik * il + jk * jl) + own[None, :] * (ik * jk + il * jl)
    return np.asarray(result)


def resampled_correlations(values: Array, replicates: int, rng: np.random.Generator) -> Array:
    """Correlation matrices of bootstrap samples of complete rows, (replicates, p, p).

    Multinomial counts times the products of the standardised rows, so that no row is copied. A matrix is NaN where a
    variable does not vary in its sample.
    """
    n, p = values.shape
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    products = np.einsum("ni,nj->nij", z, z).reshape(n, p * p)
    results = np.empty((replicates, p, p))
    for start in range(0, replicates, 200):
        size = min(200, replicates - start)
        weights = rng.multinomial(n, np.full(n, 1.0 / n), size=size) / n
        means = weights @ z
        covs = (weights @ products).reshape(size, p, p) - means[:, :, None] * means[:, None, :]
        variances = np.diagonal(covs, axis1=1, axis2=2)
        scale = 1.0 / np.sqrt(np.where(variances > 1e-12, variances, np.nan))
        results[start : start + size] = covs * scale[:, :, None] * scale[:, None, :]
    results[:, range(p), range(p)] = np.where(np.isnan(results[:, range(p), range(p)]), np.nan, 1.0)
    return results
