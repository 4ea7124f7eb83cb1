r"""Fit indices of covariance structure models, each one formula over the same few figures.

Names and formulas are those of lavaan 0.6-14 with ``likelihood = "normal"``: chisq = N F, RMSEA over N.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, chndtr

from crmstudy.kernels.covariance.discrepancy import log_determinant
from crmstudy.kernels.covariance.structure import Array

Mask = np.ndarray[Any, np.dtype[np.bool_]]
_LOG_2PI = math.log(2.0 * math.pi)
_CLOSE_FIT = 0.05
_NOT_CLOSE_FIT = 0.08


@dataclass(frozen=True, slots=True)
class ChiSquares:
    """The test statistics every incremental index is made of: model and baseline, and the sample size.

    ``scale`` and ``baseline_scale`` are the means of the statistics over their degrees of freedom when the model holds
    (1 for a chi-square; a scaling factor for robust indices); ``groups`` the number of groups.
    """

    chisq: float
    df: float
    baseline_chisq: float
    baseline_df: float
    n: float
    groups: int = 1
    scale: float = 1.0
    baseline_scale: float = 1.0

    @property
    def excess(self) -> float:
        """Model chi-square minus what it is expected to be."""
        return self.chisq - self.scale * self.df

    @property
    def baseline_excess(self) -> float:
        """Baseline chi-square minus what it would be expected to be."""
        return self.baseline_chisq - self.baseline_scale * self.baseline_df


def chisq_pvalue(chisq: float, df: float) -> float:
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


def pnfi(x: ChiSquares) -> float:
    """Parsimony-adjusted normed fit index (James, Mulaik & Brett, 1982)."""
    if x.baseline_df <= 0 or x.baseline_chisq <= 0:
        return math.nan
    return x.df / x.baseline_df * (x.baseline_chisq - x.chisq) / x.baseline_chisq


def rfi(x: ChiSquares) -> float:
    """Relative fit index (Bollen, 1986)."""
    if x.df > x.baseline_df:
        return math.nan
    if x.df <= 0 or x.baseline_df <= 0:
        return 1.0
    per_df = x.baseline_chisq / x.baseline_df
    gained = per_df - x.chisq / x.df
    return 1.0 if gained < 0 or per_df < 0 else gained / per_df


def ifi(x: ChiSquares) -> float:
    """Incremental fit index (Bollen, 1989)."""
    below = x.baseline_chisq - x.df
    if below < 0:
        return 1.0
    return (x.baseline_chisq - x.chisq) / below if below else math.nan


def rni(x: ChiSquares) -> float:
    """Relative noncentrality index (McDonald & Marsh, 1990)."""
    return 1.0 - x.excess / x.baseline_excess if x.baseline_excess != 0 else math.nan


def rmsea(x: ChiSquares) -> float:
    """Root mean square error of approximation (Steiger, 1990), over N; with G groups times the root of G."""
    if math.isnan(x.df) or math.isnan(x.excess):
        return math.nan
    return math.sqrt(max(x.excess / (x.df * x.n), 0.0) * x.groups) if x.df > 0 else 0.0


def rmsea_interval(x: ChiSquares, level: float = 0.90) -> tuple[float, float]:
    """Confidence limits of RMSEA by inverting the noncentral chi-square distribution (Browne & Cudeck, 1993)."""
    if not math.isfinite(x.chisq) or math.isnan(x.df):
        return math.nan, math.nan
    if x.df < 1:
        return 0.0, 0.0
    tail = (1.0 - level) / 2.0
    limits = [_noncentrality(x.chisq, x.df, probability) for probability in (1.0 - tail, tail)]
    per = x.scale * x.groups / (x.df * x.n)
    return math.sqrt(limits[0] * per), math.sqrt(limits[1] * per)


def rmsea_pclose(x: ChiSquares, close: float = _CLOSE_FIT) -> float:
    """Probability of the statistic or a larger one if RMSEA is ``close`` in the population; NaN without df."""
    if not x.df > 0:
        return math.nan
    return 1.0 - float(chndtr(max(x.chisq, 0.0), x.df, x.n * x.df * close**2 / x.scale / x.groups))


def rmsea_pnotclose(x: ChiSquares, notclose: float = _NOT_CLOSE_FIT) -> float:
    """Probability of the statistic or a smaller one if RMSEA is ``notclose`` in the population; NaN without df."""
    if not x.df > 0:
        return math.nan
    return float(chndtr(max(x.chisq, 0.0), x.df, x.n * x.df * notclose**2 / x.scale / x.groups))


def mfi(x: ChiSquares) -> float:
    """McDonald's fit index (McDonald, 1989)."""
    return math.exp(-0.5 * (x.chisq - x.df) / x.n)


def critical_n(x: ChiSquares, alpha: float) -> float:
    """Hoelter's critical N: the sample size at which the chi-square would just be significant at ``alpha``."""
    if x.df <= 0 or x.chisq <= 0:
        return math.nan
    return float(chdtri(x.df, alpha)) / (x.chisq / x.n) + 1.0


def ecvi(x: ChiSquares, npar: float) -> float:
    """Expected cross-validation index (Browne & Cudeck, 1993)."""
    return x.chisq / x.n + 2.0 * npar / x.n


def _noncentrality(chisq: float, df: float, probability: float) -> float:
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


def weighted_gfi(sample: Array, implied: Array, metric: Array) -> float:
    """Goodness-of-fit index in the metric of the moments: 1 - (s - sigma)'V(s - sigma) / s'Vs (Tanaka & Huba, 1985)."""
    residual = sample - implied
    if metric.ndim == 1:
        return 1.0 - float(metric @ residual**2) / float(metric @ sample**2)
    return 1.0 - float(residual @ metric @ residual) / float(sample @ metric @ sample)


def agfi(gfi_value: float, n_moments: int, df: float) -> float:
    """GFI adjusted for degrees of freedom; 1 when there are none."""
    return 1.0 - n_moments / df * (1.0 - gfi_value) if df > 0 else 1.0


@dataclass(frozen=True)
class Residuals:
    """Sample minus implied moments of one group: ``covariance`` (p, p) and ``mean`` (p,) or None."""

    sample: Array
    sigma: Array
    sample_mean: Array | None = None
    mu: Array | None = None

    def raw(self) -> tuple[Array, Array | None]:
        """In the units of the data."""
        known = self.mu is not None and self.sample_mean is not None
        return self.sample - self.sigma, self.sample_mean - self.mu if known else None  # type: ignore[operator]

    def over_sample_deviations(self) -> tuple[Array, Array | None]:
        """Over sample standard deviations (Bentler)."""
        deviation = np.sqrt(np.diagonal(self.sample))
        covariance, mean = self.raw()
        return covariance / np.multiply.outer(deviation, deviation), None if mean is None else mean / deviation

    def of_correlations(self) -> tuple[Array, Array | None]:
        """Sample minus implied correlations (Bollen); means over sample standard deviations."""
        one, other = np.sqrt(np.diagonal(self.sample)), np.sqrt(np.diagonal(self.sigma))
        covariance = self.sample / np.multiply.outer(one, one) - self.sigma / np.multiply.outer(other, other)
        return covariance, self.over_sample_deviations()[1]


def root_mean_square(covariance: Array, mean: Array | None = None, *, diagonal: bool = True) -> float:
    """Root mean square of the lower triangle (with its diagonal unless told otherwise) and of mean residuals."""
    p, diagonals = len(covariance), np.diagonal(covariance)
    squares = (float(np.vdot(covariance, covariance)) + float(diagonals @ diagonals)) / 2.0
    count = p * (p + 1) // 2 - (0 if diagonal else p)
    if mean is not None:
        squares, count = squares + float(mean @ mean), count + len(mean)
    return math.sqrt(squares / count) if count else math.nan


def srmr_mplus(residuals: Residuals, correlations: Array, *, means: bool) -> float:
    """SRMR as Mplus prints it: residual correlations, relative residuals of variances, means over their deviations."""
    mixed = correlations.copy()
    variance, implied = np.diagonal(residuals.sample), np.diagonal(residuals.sigma)
    np.fill_diagonal(mixed, (variance - implied) / variance)
    mean = None
    if means and residuals.mu is not None and residuals.sample_mean is not None:
        mean = residuals.sample_mean / np.sqrt(variance) - residuals.mu / np.sqrt(implied)
    return root_mean_square(mixed, mean)


def residual_figures(residuals: Residuals) -> dict[str, float]:
    """Root mean square residuals of one group under lavaan's names: raw, standardised, of correlations, Mplus's."""
    raw, bentler, bollen = residuals.raw(), residuals.over_sample_deviations(), residuals.of_correlations()
    standardised = root_mean_square(*bentler)
    return {
        "rmr": root_mean_square(*raw),
        "rmr_nomean": root_mean_square(raw[0]),
        "srmr": standardised,
        "srmr_bentler": standardised,
        "srmr_bentler_nomean": root_mean_square(bentler[0]),
        "crmr": root_mean_square(*bollen, diagonal=False),
        "crmr_nomean": root_mean_square(bollen[0], diagonal=False),
        "srmr_mplus": srmr_mplus(residuals, bollen[0], means=True),
        "srmr_mplus_nomean": srmr_mplus(residuals, bollen[0], means=False),
    }


def normal_loglik(sample: Array, sigma: Array, n: float, gap: Array | None = None) -> float:
    """Log-likelihood of normal data with sample covariance ``sample``; ``gap``: sample minus implied means, if any."""
    p = len(sample)
    fit = log_determinant(sigma) + float(np.trace(np.linalg.solve(sigma, sample)))
    if gap is not None:
        fit += float(gap @ np.linalg.solve(sigma, gap))
    return -0.5 * n * (p * _LOG_2PI + fit)


def baseline_chisq(sample: Array, exogenous: Mask, n: float) -> float:
    """Chi-square of the independence model in which only exogenous variables (boolean mask) covary."""
    free = np.diagonal(sample)[~exogenous]
    log_det = float(np.log(free).sum())
    if exogenous.any():
        log_det += log_determinant(sample[np.ix_(exogenous, exogenous)])
    return n * (log_det - log_determinant(sample))
