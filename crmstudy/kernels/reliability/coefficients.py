"""Coefficients of internal consistency from a covariance matrix, their intervals, and item statistics.

NumPy and ``scipy.special`` only. ``cov`` is a (k, k) covariance matrix of k items keyed in one direction, with
positive variances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri, ndtri

from crmstudy.kernels.classic.correlation import correlation_interval
from crmstudy.kernels.factors.extraction import BOUND, extract_stack
from crmstudy.kernels.moments import Array, correlation
from crmstudy.kernels.reliability.lower_bounds import correlations


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


def bonett_interval(estimate: float, n: int, k: int, level: float = 0.95) -> tuple[float, float]:
    r"""Interval of alpha after Bonett (2002).

    :math:`\ln(1-\hat\alpha)` is about normal with variance :math:`\frac{2k}{(k-1)(n-2)}`; the correction for bias that
    Bonett and Wright (2015) add, :math:`\ln\frac{n}{n-1}`, is not made. See :func:`feldt_interval`; n is at least 3.
    """
    half = float(ndtri(0.5 + level / 2.0)) * float(np.sqrt(2.0 * k / ((k - 1.0) * (n - 2.0))))
    return 1.0 - (1.0 - estimate) * float(np.exp(half)), 1.0 - (1.0 - estimate) * float(np.exp(-half))


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


def one_factor_omegas(covs: Array, begin: Array | None = None) -> Array:
    """Omega of a one-factor model by maximum likelihood for each of a stack of covariance matrices.

    Parameters
    ----------
    covs : (b, k, k) array
        Covariances of 3 items or more.
    begin : (b, k) or (k,) array, optional
        Uniquenesses of the standardised items to begin with.

    Returns
    -------
    (b,) array
        NaN where the search does not converge or a residual variance is not positive.
    """
    corrs, scale = correlations(covs), np.sqrt(np.diagonal(covs, axis1=1, axis2=2))
    found = extract_stack(corrs, 1, "ml", np.full(covs.shape[1], 0.5) if begin is None else begin)
    proper = found.converged & (found.uniquenesses > BOUND * (1.0 + 1e-6)).all(axis=1)
    true = (found.loadings[:, :, 0] * scale).sum(axis=1) ** 2
    error = (found.uniquenesses * scale**2).sum(axis=1)
    return np.asarray(np.where(proper, true / (true + error), np.nan))


def omega_if_dropped(cov: Array) -> Array:
    """Omega of the other items, for each item (k,); NaN for fewer than 4 items and where the model is improper."""
    k = len(cov)
    if k < 4:
        return np.full(k, np.nan)
    others = np.array([np.delete(np.arange(k), j) for j in range(k)])
    return one_factor_omegas(cov[others[:, :, None], others[:, None, :]])


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
