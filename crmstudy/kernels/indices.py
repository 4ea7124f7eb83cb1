r"""Fit indices of covariance structure models, each one formula over the same few figures.

Names and formulas are those of lavaan 0.6-14 with ``likelihood = "normal"``: chisq = N F, RMSEA over N.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, chndtr

from crmstudy.kernels.cbsem import Array, log_determinant

Mask = np.ndarray[Any, np.dtype[np.bool_]]
_LOG_2PI = math.log(2.0 * math.pi)
_CLOSE_FIT = 0.05


@dataclass(frozen=True, slots=True)
class ChiSquares:
    """The test statistics every incremental index is made of: model and baseline, and the sample size."""

    chisq: float
    df: int
    baseline_chisq: float
    baseline_df: int
    n: float

    @property
    def excess(self) -> float:
        """Model chi-square minus its degrees of freedom."""
        return self.chisq - self.df

    @property
    def baseline_excess(self) -> float:
        """Baseline chi-square minus its degrees of freedom."""
        return self.baseline_chisq - self.baseline_df


def chisq_pvalue(chisq: float, df: int) -> float:
    """Upper tail of the chi-square distribution; NaN without degrees of freedom."""
    return float(chdtrc(df, max(chisq, 0.0))) if df > 0 else math.nan


def cfi(x: ChiSquares) -> float:
    """Comparative fit index (Bentler, 1990, eq. 13)."""
    over = max(x.excess, x.baseline_excess, 0.0)
    return 1.0 if over < 1e-12 else 1.0 - max(x.excess, 0.0) / over


def tli(x: ChiSquares) -> float:
    """Tucker-Lewis index (Tucker & Lewis, 1973), 1 for a model without degrees of freedom."""
    if x.df <= 0 or x.baseline_excess == 0 or x.baseline_df == 0:
        return 1.0
    return 1.0 - (x.excess / x.df) / (x.baseline_excess / x.baseline_df)


def nfi(x: ChiSquares) -> float:
    """Normed fit index (Bentler & Bonett, 1980)."""
    if x.df > x.baseline_df or x.baseline_chisq <= 0:
        return math.nan
    if x.df == 0:
        return 1.0
    return (x.baseline_chisq - x.chisq) / x.baseline_chisq


def ifi(x: ChiSquares) -> float:
    """Incremental fit index (Bollen, 1989)."""
    return (x.baseline_chisq - x.chisq) / (x.baseline_chisq - x.df) if x.baseline_chisq != x.df else math.nan


def rni(x: ChiSquares) -> float:
    """Relative noncentrality index (McDonald & Marsh, 1990)."""
    return 1.0 - x.excess / x.baseline_excess if x.baseline_excess != 0 else math.nan


def rmsea(x: ChiSquares) -> float:
    """Root mean square error of approximation (Steiger, 1990), over N."""
    return math.sqrt(max(x.excess / (x.df * x.n), 0.0)) if x.df > 0 else 0.0


def rmsea_interval(x: ChiSquares, level: float = 0.90) -> tuple[float, float]:
    """Confidence limits of RMSEA by inverting the noncentral chi-square distribution (Browne & Cudeck, 1993)."""
    if x.df <= 0:
        return 0.0, 0.0
    tail = (1.0 - level) / 2.0
    limits = [_noncentrality(x.chisq, x.df, probability) for probability in (1.0 - tail, tail)]
    return math.sqrt(limits[0] / (x.df * x.n)), math.sqrt(limits[1] / (x.df * x.n))


def rmsea_pclose(x: ChiSquares, close: float = _CLOSE_FIT) -> float:
    """Probability of the statistic or a larger one if RMSEA is ``close`` in the population; NaN without df."""
    if x.df <= 0:
        return math.nan
    return 1.0 - float(chndtr(max(x.chisq, 0.0), x.df, x.n * x.df * close**2))


def _noncentrality(chisq: float, df: int, probability: float) -> float:
    """The noncentrality at which the distribution function of ``chisq`` is ``probability``; 0 when none is."""

    def gap(noncentrality: float) -> float:
        return float(chndtr(chisq, df, noncentrality)) - probability

    if chisq <= 0 or gap(0.0) <= 0:
        return 0.0
    upper = max(chisq, 1.0)
    while gap(upper) > 0:
        upper *= 2.0
    root: float = brentq(gap, 0.0, upper, xtol=1e-10, rtol=1e-12)
    return root


def gfi(sample: Array, sigma: Array, given: Mask) -> float:
    """Goodness-of-fit index of Jöreskog & Sörbom for ML; moments among ``given`` variables do not count."""
    counted = sample.copy()
    counted[np.ix_(given, given)] = 0.0
    residual = np.linalg.solve(sigma, sample - sigma)
    total = np.linalg.solve(sigma, counted)
    return 1.0 - float(np.sum(residual * residual.T) / np.sum(total * total.T))


def agfi(gfi_value: float, n_moments: int, df: int) -> float:
    """GFI adjusted for degrees of freedom; 1 when there are none."""
    return 1.0 - n_moments / df * (1.0 - gfi_value) if df > 0 else 1.0


def srmr(sample: Array, sigma: Array) -> float:
    """Standardised root mean square residual (Bentler, 1995): residuals over sample standard deviations."""
    deviation = np.sqrt(np.diagonal(sample))
    residual = (sample - sigma) / np.multiply.outer(deviation, deviation)
    return _root_mean_square(residual)


def rmr(sample: Array, sigma: Array) -> float:
    """Root mean square residual, in the units of the data."""
    return _root_mean_square(sample - sigma)


def _root_mean_square(residual: Array) -> float:
    lower = residual[np.tril_indices(len(residual))]
    return math.sqrt(float(np.mean(lower * lower)))


def normal_loglik(sample: Array, sigma: Array, n: float) -> float:
    """Log-likelihood of normal data with sample covariance ``sample`` (divisor n) and saturated means."""
    p = len(sample)
    fit = log_determinant(sigma) + float(np.trace(np.linalg.solve(sigma, sample)))
    return -0.5 * n * (p * _LOG_2PI + fit)


def baseline_chisq(sample: Array, exogenous: Mask, n: float) -> float:
    """Chi-square of the independence model in which only exogenous variables (boolean mask) covary."""
    free = np.diagonal(sample)[~exogenous]
    log_det = float(np.log(free).sum())
    if exogenous.any():
        log_det += log_determinant(sample[np.ix_(exogenous, exogenous)])
    return n * (log_det - log_determinant(sample))


#: Indices that are functions of the chi-squares alone.
CHISQ_INDICES: dict[str, Callable[[ChiSquares], float]] = {
    "cfi": cfi, "tli": tli, "nfi": nfi, "ifi": ifi, "rni": rni, "rmsea": rmsea,
}  # fmt: skip
