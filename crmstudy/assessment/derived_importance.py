"""How important attributes are: as customers state it, or as it follows from what goes with an outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit

from crmstudy.errors import AnalysisError
from crmstudy.kernels.moments import Array, covariance
from crmstudy.kernels.regression import coefficient_covariance, full_leverage, least_squares

#: How importance may be found.
WAYS = ("stated", "regression", "correlation")
#: Variances not above this are rounding.
_NOTHING = 1e-28
#: Shares of the variance of the outcome not above this are rounding.
_EXACT = 1e-20


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """Importance of k attributes, from n customers.

    ``estimates`` with their ``std_errors`` and ends; ``above`` is what each is above the cut, with the ends of that
    difference, NaN where it does not vary. All arrays of shape (k,).
    """

    n: int
    cut: float
    estimates: Array
    std_errors: Array
    low: Array
    high: Array
    above: Array
    above_low: Array
    above_high: Array


def stated(values: Array, cut: float | None, level: float) -> Importance:
    """Means of what customers say, against a number, or against each customer's mean of all attributes.

    Parameters
    ----------
    values : array of shape (n, k)
        Complete, n > 1.
    cut : float, optional
        The number; left out: the mean of all attributes.
    level : float
    """
    n = len(values)
    return _against_cut(values.mean(axis=0), covariance(values) / n, cut, n, float(stdtrit(n - 1.0, 0.5 + level / 2.0)))


def by_regression(values: Array, outcome: Array, cut: float | None, level: float) -> Importance:
    r"""Standardised regression weights with HC3 standard errors, the standard deviations taken as known.

    Parameters
    ----------
    values : array of shape (n, k)
        Complete, no column constant or a combination of others, n > k + 1.
    outcome : array of shape (n,)
    cut : float, optional
        The weight that is neither low nor high; left out: the mean of all weights.
    level : float

    Raises
    ------
    AnalysisError
        Where a weight rests on one customer alone, or the outcome follows exactly from the attributes.
    """
    n, k = values.shape
    scaled = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    fit = least_squares(np.column_stack([np.ones(n), scaled]), (outcome - outcome.mean()) / float(outcome.std(ddof=1)))
    if fit.rss <= _EXACT * n:
        raise _exact()
    if len(full_leverage(fit)):
        raise AnalysisError(
            "The weight of an attribute rests on one customer alone, so that it has no standard error: leave the "
            "attribute out, or derive importance='correlation'.",
            "OVER_SERVICE_DEPENDENT",
        )
    cov = coefficient_covariance(fit, "HC3")[1:, 1:]
    return _against_cut(fit.coefficients[1:], cov, cut, n, float(stdtrit(n - k - 1.0, 0.5 + level / 2.0)))


def _exact() -> AnalysisError:
    return AnalysisError(
        "Loyalty follows exactly from the performance of the attributes, so that nothing is left to judge its relation "
        "to them by. Was it computed from them, or is it a copy of one?",
        "OVER_SERVICE_DEPENDENT",
    )


def by_correlation(values: Array, outcome: Array, cut: float | None, level: float) -> Importance:
    r"""Correlations with the outcome; their covariances hold for any distribution with fourth moments.

    With standardised :math:`z`, customer i adds :math:`z_{ij}z_{iy}-\tfrac12 r_j(z_{ij}^2+z_{iy}^2)` to the error of
    :math:`r_j`; the covariances are those of these terms over n (Browne & Shapiro, 1986). The intervals are those of
    Fisher's :math:`\operatorname{artanh}r_j`, whose error is :math:`s_j/(1-r_j^2)`, so that they end within ±1.

    Parameters
    ----------
    values : array of shape (n, k)
        Complete, no column constant.
    outcome : array of shape (n,)
    cut : float, optional
    level : float

    Raises
    ------
    AnalysisError
        Where a correlation is 1 or -1.
    """
    n = len(values)
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    y = ((outcome - outcome.mean()) / float(outcome.std()))[:, None]
    r = (z * y).mean(axis=0)
    if (1.0 - r**2 <= _EXACT**0.5).any():
        raise _exact()
    terms = z * y - r * (z**2 + y**2) / 2.0
    quantile = float(ndtri(0.5 + level / 2.0))
    found = _against_cut(r, terms.T @ terms / n**2, cut, n, quantile)
    half = quantile * found.std_errors / (1.0 - r**2)
    return replace(found, low=np.tanh(np.arctanh(r) - half), high=np.tanh(np.arctanh(r) + half))


def _against_cut(estimates: Array, cov: Array, cut: float | None, n: int, quantile: float) -> Importance:
    k = len(estimates)
    contrast = np.eye(k) - (1.0 / k if cut is None else 0.0)
    middle = float(estimates.mean()) if cut is None else cut
    errors = np.sqrt(np.diag(cov))
    above = estimates - middle
    spread = np.diag(contrast @ cov @ contrast.T)
    half = quantile * np.sqrt(np.where(spread > _NOTHING, spread, np.nan))  # no spread is no certainty
    return Importance(
        n, middle, estimates, errors, estimates - quantile * errors, estimates + quantile * errors, above,
        above - half, above + half,
    )  # fmt: skip
