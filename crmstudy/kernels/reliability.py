"""Coefficients of internal consistency from a covariance matrix, their intervals, and item statistics.

NumPy and ``scipy.special`` only. ``cov`` is a (k, k) covariance matrix of k items keyed in one direction, with
positive variances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from crmstudy.kernels.correlation import correlation_interval
from crmstudy.kernels.moments import Array, correlation


def alpha(cov: Array) -> float:
    r"""Cronbach's alpha, :math:`\frac{k}{k-1}\left(1 - \frac{\operatorname{tr} S}{1'S1}\right)` (Cronbach, 1951)."""
    k = len(cov)
    return float(k / (k - 1.0) * (1.0 - np.trace(cov) / cov.sum()))


def average_correlation(cov: Array) -> float:
    """Mean of the k(k-1)/2 correlations between the items."""
    k = len(cov)
    return float((correlation(cov).sum() - k) / (k * (k - 1.0)))


def standardized_alpha(cov: Array) -> float:
    r"""Alpha of the items brought to one variance, :math:`k\bar r / (1 + (k-1)\bar r)`."""
    return spearman_brown(average_correlation(cov), len(cov))


def spearman_brown(r: float, k: float = 2.0) -> float:
    """Spearman-Brown prophecy, ``k r / (1 + (k - 1) r)``: reliability of k parallel parts that correlate r."""
    return k * r / (1.0 + (k - 1.0) * r)


def feldt_interval(estimate: float, n: int, k: int, level: float = 0.95) -> tuple[float, float]:
    r"""Interval of alpha after Feldt (1965).

    :math:`(1-\alpha)/(1-\hat\alpha)` follows :math:`F(n-1, (n-1)(k-1))` when items are parallel and normal.

    Parameters
    ----------
    estimate : float
        Sample alpha.
    n, k : int
        Respondents and items, both at least 2.
    level : float
        Coverage, between 0 and 1.
    """
    tail = (1.0 - level) / 2.0
    low, high = (float(fdtri(n - 1.0, (n - 1.0) * (k - 1.0), p)) for p in (1.0 - tail, tail))
    return 1.0 - (1.0 - estimate) * low, 1.0 - (1.0 - estimate) * high


def spearman_brown_interval(r: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of the two-item Spearman-Brown coefficient: Fisher's z interval of r, both ends stepped up (n > 3)."""
    low, high = correlation_interval(np.asarray(r), n, level)
    return spearman_brown(float(low)), spearman_brown(float(high))


def alpha_std_error(cov: Array, n: int) -> float:
    r"""Asymptotic standard error of alpha under normality (Duhachek & Iacobucci, 2004).

    :math:`\sqrt{Q/n}` with
    :math:`Q = \frac{2k^2}{(k-1)^2 t^3}\left[t(\operatorname{tr}S^2 + v^2) - 2uv\right]`, :math:`t = 1'S1`,
    :math:`u = 1'S^21` and :math:`v = \operatorname{tr}S`.
    """
    k = len(cov)
    total, trace, squared = cov.sum(), np.trace(cov), cov @ cov
    bracket = total * (np.trace(squared) + trace**2) - 2.0 * trace * squared.sum()
    return float(np.sqrt(max(2.0 * k**2 / ((k - 1.0) ** 2 * total**3) * bracket, 0.0) / n))


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """Arrays of length k: correlation with the total, with the rest of the scale, and alpha without the item.

    ``alpha_if_dropped`` is NaN for two items: one item has no alpha. ``item_rest`` is NaN where the other items cancel.
    """

    item_total: Array
    item_rest: Array
    alpha_if_dropped: Array


def item_statistics(cov: Array) -> ItemStatistics:
    """Item-total and item-rest correlations, and alpha if the item is dropped, for every item."""
    k = len(cov)
    variances, with_total, total = np.diag(cov), cov.sum(axis=0), cov.sum()
    rest_variance = total - 2.0 * with_total + variances
    rest_trace = np.trace(cov) - variances
    rest_variance = np.where(rest_variance > 1e-12 * total, rest_variance, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        item_total = with_total / np.sqrt(variances * total)
        item_rest = (with_total - variances) / np.sqrt(variances * rest_variance)
        dropped = (k - 1.0) / (k - 2.0) * (1.0 - rest_trace / rest_variance) if k > 2 else np.full(k, np.nan)
    return ItemStatistics(item_total, item_rest, dropped)


@dataclass(frozen=True, slots=True)
class Omega:
    """Composite reliability of a one-factor model and its gradient.

    ``by_loading`` holds the derivative for every loading; ``by_variance`` for the factor variance, ``by_residual`` for
    each residual variance (the same for all).
    """

    value: float
    by_loading: Array
    by_variance: float
    by_residual: float


def omega(loadings: Array, residuals: Array, variance: float = 1.0) -> Omega:
    r"""Omega of a one-factor model (McDonald, 1999), with the derivatives the delta method needs.

    :math:`\omega = \frac{(\sum\lambda)^2\psi}{(\sum\lambda)^2\psi + \sum\theta}` for uncorrelated residuals.

    Parameters
    ----------
    loadings, residuals : array of shape (k,)
        Unstandardised loadings and residual variances.
    variance : float
        Variance of the factor.
    """
    together = float(loadings.sum())
    true, error = together**2 * variance, float(residuals.sum())
    whole = true + error
    by_true, by_error = error / whole**2, -true / whole**2
    by_loading = np.full(len(loadings), by_true * 2.0 * together * variance)
    return Omega(true / whole, by_loading, by_true * together**2, by_error)


def bootstrap_alphas(values: Array, replicates: int, rng: np.random.Generator, chunk: int = 200) -> Array:
    """Alpha and standardised alpha of bootstrap samples of the rows.

    The covariance matrix of a resample is a multinomial count times the products of the centred rows, so no row is
    copied.

    Parameters
    ----------
    values : array of shape (n, k)
        Complete rows.
    replicates : int
    rng : numpy.random.Generator
    chunk : int
        Replicates computed at once; part of the stream's definition, so it is fixed.

    Returns
    -------
    array of shape (replicates, 2)
        NaN where a resample leaves an item, or the total, without variance.
    """
    n, k = values.shape
    centred = values - values.mean(axis=0)
    products = np.einsum("ni,nj->nij", centred, centred).reshape(n, k * k)
    scale = np.einsum("ni,ni->i", centred, centred) / n
    results = np.empty((replicates, 2))
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        weights = rng.multinomial(n, np.full(n, 1.0 / n), size=size) / n
        means = weights @ centred
        covs = (weights @ products).reshape(size, k, k) - np.einsum("bi,bj->bij", means, means)
        results[start : start + size] = _alphas_of_stack(covs, scale)
    return results


def _alphas_of_stack(covs: Array, scale: Array) -> Array:
    """Raw and standardised alpha of a (b, k, k) stack; ``scale`` are the variances that tell rounding from zero."""
    k = covs.shape[1]
    variances = np.diagonal(covs, axis1=1, axis2=2)
    total = covs.sum(axis=(1, 2))
    proper = (variances > 1e-12 * scale).all(axis=1) & (total > 1e-12 * scale.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = k / (k - 1.0) * (1.0 - variances.sum(axis=1) / total)
        sd = np.sqrt(variances)
        mean_r = ((covs / (sd[:, :, None] * sd[:, None, :])).sum(axis=(1, 2)) - k) / (k * (k - 1.0))
        standardized = k * mean_r / (1.0 + (k - 1.0) * mean_r)
    return np.asarray(np.where(proper[:, None], np.column_stack([raw, standardized]), np.nan))
