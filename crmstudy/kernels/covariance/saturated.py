r"""Information about means and covariances themselves: the saturated model's, from complete or incomplete rows.

Moments are stacked as means, then the lower triangle row by row. For patterns r with W the inverse covariance matrix of
the variables present, B = W(S + dd')W and d the gap of the means, expected and observed information per row are sums
of Kronecker products over patterns; they are formed for all patterns at once and gathered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crmstudy.kernels.covariance.missing import Pattern, PatternStack, stack_patterns
from crmstudy.kernels.covariance.structure import Array


def expected_information(patterns: Sequence[Pattern], sigma: Array) -> Array:
    """Expected information of all moments given what is missing, ((p + p(p+1)/2) square)."""
    p, n = len(sigma), sum(pattern.n for pattern in patterns)
    of_means, products = np.zeros((p, p)), np.zeros((p * p, p * p))
    for stack in stack_patterns(patterns, p):
        inverses, shares = _inverses(stack, sigma), stack.n / n
        flat = inverses.reshape(len(shares), -1)
        of_means += np.tensordot(shares, inverses, axes=1)
        products += (flat * shares[:, None]).T @ flat
    return _assembled(of_means, None, products)


def observed_information(patterns: Sequence[Pattern], sigma: Array, mu: Array) -> Array:
    """Observed information of all moments, ((p + p(p+1)/2) square)."""
    p, n = len(sigma), sum(pattern.n for pattern in patterns)
    of_means, mixed, products = np.zeros((p, p)), np.zeros((p * p, p)), np.zeros((p * p, p * p))
    for stack in stack_patterns(patterns, p):
        inverses, shares = _inverses(stack, sigma), stack.n / n
        turned = inverses @ stack.spreads(mu) @ inverses
        pulls = (inverses @ stack.gaps(mu)[:, :, None])[:, :, 0]
        flat = inverses.reshape(len(shares), -1)
        weighted = flat * shares[:, None]
        crossed = turned.reshape(len(shares), -1).T @ weighted
        of_means += np.tensordot(shares, inverses, axes=1)
        products += crossed + crossed.T - weighted.T @ flat
        mixed += weighted.T @ pulls
    return _assembled(of_means, mixed.reshape(p, p, p), products)


def _inverses(stack: PatternStack, sigma: Array) -> Array:
    """Inverse covariance matrix of every pattern, 0 where a variable is missing, (patterns, p, p)."""
    found = stack.inverses(sigma)
    if found is None:
        raise np.linalg.LinAlgError("A covariance matrix is not positive definite.")
    return found[0]


def _assembled(of_means: Array, mixed: Array | None, products: Array) -> Array:
    """The information matrix from its parts.

    ``products[(a, b), (c, d)]`` is the sum of products of an element (a, b) with an element (c, d); a covariance (i, j)
    and another (k, l) take (i, k) by (j, l) and (i, l) by (j, k), halved for each that is a variance.
    """
    p = len(of_means)
    i, j = np.tril_indices(p)
    factor = np.where(i == j, 0.5, 1.0)
    rows = i[:, None] * p + i[None, :], j[:, None] * p + j[None, :]
    turned = i[:, None] * p + j[None, :], j[:, None] * p + i[None, :]
    of_covariances = (products[rows] + products[turned]) * np.multiply.outer(factor, factor)
    whole: Array = np.zeros((p + len(i), p + len(i)))
    whole[:p, :p] = of_means
    whole[p:, p:] = (of_covariances + of_covariances.T) / 2.0
    if mixed is not None:
        between = (mixed[:, i, j] + mixed[:, j, i]) * factor
        whole[:p, p:] = between
        whole[p:, :p] = between.T
    return whole
