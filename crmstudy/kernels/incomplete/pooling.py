r"""Pooling over completed data sets: Rubin's rules for estimates, and tests of several parameters or of whole models.

With m completed data sets, estimates :math:`Q_k` and covariance matrices :math:`U_k` (Rubin, 1987, ch. 3):

.. math:: \bar Q = \tfrac1m\sum Q_k, \quad W = \tfrac1m\sum U_k, \quad B = \tfrac1{m-1}\sum (Q_k-\bar Q)(Q_k-\bar Q)',
          \quad T = W + (1+\tfrac1m)B.

The relative increase in variance of a parameter is :math:`r = (1+1/m)B/W`, its share of missing information
:math:`(1+1/m)B/T`. Tests of several degrees of freedom assume one relative increase for all of them: D1 takes it from
W and B, D2 from the statistics of the data sets, D3 from their likelihoods.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from crmstudy.kernels.covariance.discrepancy import log_determinant
from crmstudy.kernels.covariance.information import GroupSample
from crmstudy.kernels.covariance.missing import patterns_value
from crmstudy.kernels.covariance.optimise import unit_diagonal
from crmstudy.kernels.covariance.structure import Array

#: An increase below this is what optimisers leave: they stop within 1e-7 standard errors, which enters squared.
_NO_INCREASE = 1e-12
_SINGULAR = 1e-10


@dataclass(frozen=True)
class Pooled:
    """Estimates pooled over ``m`` data sets.

    Attributes
    ----------
    estimate : (q,) array
        Means over the data sets.
    within, between : (q, q) arrays
        Mean covariance matrix, and covariance matrix of the estimates (divisor m - 1).
    m : int
        Number of data sets.
    """

    estimate: Array
    within: Array
    between: Array
    m: int

    @property
    def inflation(self) -> float:
        """1 + 1/m: what the variance between is multiplied with, because the mean of m draws is no population mean."""
        return 1.0 + 1.0 / self.m

    @property
    def total(self) -> Array:
        """Covariance matrix of the pooled estimates, (q, q)."""
        found: Array = self.within + self.inflation * self.between
        return found

    @property
    def scaled(self) -> Array:
        """(1 + average increase) W, (q, q): one increase for all (Li, Raghunathan & Rubin, 1991, eq. 1.18)."""
        found: Array = (1.0 + self.average_increase) * self.within
        return found

    @property
    def increase(self) -> Array:
        """Relative increase in the variance of each parameter, (q,); NaN where there is no variance."""
        inside = np.diagonal(self.within)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.where(inside > 0, self.inflation * np.diagonal(self.between) / inside, np.nan)
        result: Array = np.where(found < _NO_INCREASE, 0.0, found)
        return result

    @property
    def missing_information(self) -> Array:
        """Share of the information about each parameter that is missing, (q,): r / (1 + r)."""
        found: Array = self.increase / (1.0 + self.increase)
        return found

    @property
    def average_increase(self) -> float:
        """Relative increase averaged over all directions: (1 + 1/m) tr(B W^-1) / rank(W)."""
        if not len(self.within):
            return 0.0
        scaled, scale = unit_diagonal(self.within)
        values, vectors = np.linalg.eigh(scaled)
        inside = values > _SINGULAR * values[-1]
        spread = vectors[:, inside].T @ (self.between * np.multiply.outer(scale, scale)) @ vectors[:, inside]
        return self.inflation * float(np.sum(np.diagonal(spread) / values[inside])) / int(inside.sum())

    def along(self, estimate: Array, slopes: Array) -> Pooled:
        """Functions of the pooled estimates, their values (k,) and slopes (k, q) given, by the delta method."""
        return Pooled(estimate, slopes @ self.within @ slopes.T, slopes @ self.between @ slopes.T, self.m)


def pool(estimates: Array, covariances: Array) -> Pooled:
    """Pool estimates (m, q) with covariance matrices (m, q, q) by Rubin's rules; m must be at least 2."""
    m = len(estimates)
    if m < 2:
        raise ValueError("Pooling needs at least two data sets.")
    centre = estimates.mean(axis=0)
    off = estimates - centre
    return Pooled(centre, covariances.mean(axis=0), off.T @ off / (m - 1), m)


def large_sample_df(increase: Array, m: int) -> Array:
    """Degrees of freedom of t for a large complete sample, (m - 1)(1 + 1/r)² (Rubin, 1987, ch. 3); inf for r = 0."""
    with np.errstate(divide="ignore"):
        found: Array = (m - 1) * (1.0 + 1.0 / increase) ** 2
    return found


def small_sample_df(increase: Array, m: int, complete: float) -> Array:
    """Degrees of freedom that stay below those of the complete data, ``complete`` (Barnard & Rubin, 1999)."""
    left = (complete + 1.0) / (complete + 3.0) * complete / (1.0 + increase)
    found: Array = 1.0 / (1.0 / large_sample_df(increase, m) + 1.0 / left)
    return found


@dataclass(frozen=True, slots=True)
class PooledTest:
    """A pooled test: ``statistic`` is an F on ``df1`` and ``df2`` (infinite when nothing is missing).

    ``increase`` is the average relative increase in variance; ``below_zero`` tells that the statistic, or the increase,
    came out negative and was set to 0.
    """

    method: str
    statistic: float
    df1: float
    df2: float
    increase: float
    below_zero: bool = False

    @property
    def p_value(self) -> float:
        """Upper tail of F."""
        if not self.df1 > 0 or math.isnan(self.statistic):
            return math.nan
        if math.isinf(self.df2):
            return float(chdtrc(self.df1, self.df1 * self.statistic))
        return float(fdtrc(self.df1, self.df2, self.statistic))

    @property
    def chisq(self) -> float:
        """df1 F, a chi-square where df2 is large."""
        return self.statistic * self.df1

    @property
    def chisq_p_value(self) -> float:
        """Upper tail of that chi-square."""
        return float(chdtrc(self.df1, self.chisq)) if self.df1 > 0 else math.nan

    @property
    def missing_information(self) -> float:
        """Average share of missing information."""
        return self.increase / (1.0 + self.increase)


def wald_test(pooled: Pooled) -> PooledTest:
    """D1: whether several parameters (or functions of them) are all 0 (Li, Raghunathan & Rubin, 1991, eq. 1.17).

    Raises
    ------
    numpy.linalg.LinAlgError
        When the covariance matrix within is singular.
    """
    k = len(pooled.estimate)
    inside = np.linalg.solve(pooled.within, pooled.between)
    increase = _no_less_than_zero(pooled.inflation * float(np.trace(inside)) / k)
    statistic = float(pooled.estimate @ np.linalg.solve(pooled.within, pooled.estimate)) / (k * (1.0 + increase))
    return PooledTest("D1", statistic, k, _reference_df(increase, k, pooled.m), increase)


def statistics_test(statistics: Array, df: float) -> PooledTest:
    """D2: chi-squares of the data sets, (m,), on ``df`` (Li, Meng, Raghunathan & Rubin, 1991, eq. 1.5).

    Less exact than D3, for it knows only how much the statistics differ. Negative statistics count as 0.
    """
    m = len(statistics)
    clean = np.maximum(statistics, 0.0)
    increase = _no_less_than_zero((1.0 + 1.0 / m) * float(np.var(np.sqrt(clean), ddof=1)))
    raw = (float(clean.mean()) / df - (m + 1.0) / (m - 1.0) * increase) / (1.0 + increase)
    df2 = math.inf if increase == 0 else df ** (-3.0 / m) * (m - 1) * (1.0 + 1.0 / increase) ** 2
    return PooledTest("D2", max(raw, 0.0), df, df2, increase, raw < 0)


def likelihood_test(mean_statistic: float, statistic_at_pooled: float, df: float, m: int) -> PooledTest:
    """D3: a likelihood-ratio test, from statistics at own and at pooled estimates (Meng & Rubin, 1992).

    Parameters
    ----------
    mean_statistic : float
        Mean of the statistics, each at the estimates of its own data set.
    statistic_at_pooled : float
        Mean of the statistics of the data sets with both models at their pooled estimates.
    df : float
        Degrees of freedom.
    m : int
        Number of data sets.
    """
    raw_increase = (m + 1.0) / (df * (m - 1.0)) * (mean_statistic - statistic_at_pooled)
    increase = _no_less_than_zero(raw_increase)
    raw = statistic_at_pooled / (df * (1.0 + increase))
    below = raw < 0 or raw_increase < -_NO_INCREASE
    return PooledTest("D3", max(raw, 0.0), df, _reference_df(increase, df, m), increase, below)


def _reference_df(increase: float, k: float, m: int) -> float:
    """Denominator degrees of freedom of D1 and D3 (Li, Raghunathan & Rubin, 1991, eq. 1.19 and 2.2)."""
    a = k * (m - 1)
    if increase == 0:
        return math.inf
    if a > 4:
        return 4.0 + (a - 4.0) * (1.0 + (1.0 - 2.0 / a) / increase) ** 2
    return a * (1.0 + 1.0 / k) * (1.0 + 1.0 / increase) ** 2 / 2.0


def _no_less_than_zero(increase: float) -> float:
    return 0.0 if increase < _NO_INCREASE else increase


def saturated_gap(group: GroupSample, covariance: Array, mean: Array, *, means: bool) -> float:
    """How much worse moments pooled over data sets fit one of them than its own.

    Parameters
    ----------
    group : GroupSample
        One group of one data set.
    covariance, mean : (p, p) and (p,) arrays
        Moments pooled over the data sets.
    means : bool
        Whether means are modelled.

    Returns
    -------
    float
        Per row, as the discrepancy of a model; conditional on the given variables.
    """
    gap = group.mean - mean if means else None
    if group.patterns is not None:
        whole = _incomplete_gap(group, covariance, mean)
    else:
        whole = _complete_gap(group.covariance, covariance, gap)
    if not len(group.given):
        return whole
    inside = np.ix_(group.given, group.given)
    return whole - _complete_gap(
        group.covariance[inside], covariance[inside], None if gap is None else gap[group.given]
    )


def _complete_gap(own: Array, other: Array, gap: Array | None) -> float:
    """log|A| + tr(S A^-1) - log|S| - p, plus d'A^-1 d where means are modelled."""
    found = log_determinant(other) - log_determinant(own) + float(np.trace(np.linalg.solve(other, own))) - len(own)
    return found if gap is None else found + float(gap @ np.linalg.solve(other, gap))


def _incomplete_gap(group: GroupSample, covariance: Array, mean: Array) -> float:
    patterns = group.patterns or ()
    values = []
    for sigma, mu in ((covariance, mean), (group.covariance, group.mean)):
        found = patterns_value(patterns, sigma, mu)
        if found is None:
            return math.nan
        values.append(found)
    return (values[0] - values[1]) / group.n


def covariance_rank(covariance: Array) -> int:
    """Rank of a covariance matrix scaled to a unit diagonal."""
    if not len(covariance):
        return 0
    values = np.linalg.eigvalsh(unit_diagonal(covariance)[0])
    return int((values > _SINGULAR * values[-1]).sum())
