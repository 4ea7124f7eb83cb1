"""A mean against a number, and related means: effect sizes with noncentral intervals, repeated measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, fdtrc, gammaln, nctdtr, stdtr, stdtrit
from scipy.stats import ncx2

from crmstudy.kernels.moments import Array, covariance, deviation

#: For larger t the noncentral t distribution is that of a multiple of 1/chi.
_HUGE = 1e4


@dataclass(frozen=True, slots=True)
class OneSample:
    """t test of a mean against a number, with Cohen's d and its noncentral interval, and Hedges' g."""

    n: int
    mean: float
    sd: float
    std_error: float
    t: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    d: float
    d_low: float
    d_high: float
    g: float


@dataclass(frozen=True, slots=True)
class RepeatedMeasures:
    """Analysis of variance of k related means: F, partial eta squared, and the corrections for unequal covariances.

    ``greenhouse_geisser`` and ``huynh_feldt`` are the epsilons (the latter cut off at 1), ``p_gg`` and ``p_hf`` the
    p-values with the degrees of freedom multiplied with them.
    """

    f: float
    df: float
    df_error: float
    p_value: float
    eta_squared: float
    greenhouse_geisser: float
    huynh_feldt: float
    p_gg: float
    p_hf: float


def one_sample(values: Array, against: float, level: float) -> OneSample:
    r"""Test a mean: t = (mean - number) / (sd / sqrt n), d = (mean - number) / sd.

    The interval of d holds the :math:`\delta/\sqrt n` for which the noncentral t distribution with noncentrality
    :math:`\delta` has t neither in its lower nor in its upper tail (Steiger & Fouladi, 1997). g is d times
    :math:`\Gamma(\nu/2)/(\sqrt{\nu/2}\,\Gamma((\nu-1)/2))` (Hedges, 1981).

    Parameters
    ----------
    values : array of shape (n,)
        Complete, n > 1, not constant.
    against : float
    level : float

    Returns
    -------
    OneSample
    """
    n = len(values)
    df = n - 1.0
    mean, sd = float(values.mean()), deviation(values)
    error = sd / float(np.sqrt(n))
    t = (mean - against) / error
    half = float(stdtrit(df, 0.5 + level / 2.0)) * error
    low, high = noncentral_t_limits(t, df, level)
    return OneSample(
        n, mean, sd, error, t, df, float(2.0 * stdtr(df, -abs(t))), mean - half, mean + half, t / float(np.sqrt(n)),
        low / float(np.sqrt(n)), high / float(np.sqrt(n)), t / float(np.sqrt(n)) * hedges_factor(df),
    )  # fmt: skip


def hedges_factor(df: float) -> float:
    """What takes the bias out of a standardised difference with ``df`` degrees of freedom; NaN for fewer than 2."""
    if df < 2.0:
        return float("nan")
    return float(np.exp(gammaln(df / 2.0) - gammaln((df - 1.0) / 2.0)) / np.sqrt(df / 2.0))


def noncentral_t_limits(t: float, df: float, level: float) -> tuple[float, float]:
    """The noncentralities at which t cuts off (1 - level) / 2 of the upper and of the lower tail."""
    tail = (1.0 - level) / 2.0
    width = 6.0 + abs(t) * 4.0 / np.sqrt(df)

    def excess(delta: float, share: float) -> float:
        # of a negative t the mirrored lower tail is exact where the upper one would cancel
        below = float(nctdtr(df, delta, t)) if t >= 0 else 1.0 - float(nctdtr(df, -delta, -t))
        if np.isnan(below):  # too far away to be computed
            below = 1.0 if delta < t else 0.0
        return below - share

    if abs(t) > _HUGE:  # what t owes to the normal variable is nothing beside what it owes to the deviation
        ends = sorted(t * np.sqrt(chdtri(df, share) / df) for share in (tail, 1.0 - tail))
        return float(ends[0]), float(ends[1])
    return (
        _root(lambda delta: excess(delta, 1.0 - tail), t, width),
        _root(lambda delta: excess(delta, tail), t, width),
    )


def noncentral_chisq_limits(chisq: float, df: float, level: float) -> tuple[float, float]:
    """The noncentralities, not below 0, at which a chi-square cuts off (1 - level) / 2 of each tail."""
    tail = (1.0 - level) / 2.0

    def limit(share: float) -> float:
        def excess(noncentrality: float) -> float:
            return float(ncx2.cdf(chisq, df, noncentrality)) - share

        if excess(1e-12) <= 0.0:
            return 0.0
        return float(brentq(excess, 1e-12, chisq + 30.0 + 12.0 * np.sqrt(chisq + 1.0), xtol=1e-12, rtol=1e-14))

    return limit(1.0 - tail), limit(tail)


def repeated_measures(values: Array) -> RepeatedMeasures:
    r"""Analysis of variance of related means.

    With S the covariance matrix of the k variables and its double-centred form :math:`\tilde S`:
    :math:`\hat\varepsilon = \operatorname{tr}(\tilde S)^2/((k-1)\operatorname{tr}(\tilde S^2))` (Greenhouse & Geisser,
    1959), :math:`\tilde\varepsilon = (n(k-1)\hat\varepsilon-2)/((k-1)(n-1-(k-1)\hat\varepsilon))` (Huynh & Feldt,
    1976).

    Parameters
    ----------
    values : array of shape (n, k)
        Complete rows, n > 1, k > 1; the differences of the variables are not all constant.

    Returns
    -------
    RepeatedMeasures
    """
    n, k = values.shape
    cov = covariance(values)
    centred = cov - cov.mean(axis=0) - cov.mean(axis=1)[:, None] + cov.mean()
    within = float(np.trace(centred))
    between = float(n * ((values.mean(axis=0) - values.mean()) ** 2).sum())
    df, error = k - 1.0, (k - 1.0) * (n - 1.0)
    residual = within * (n - 1.0)
    f = between / df / (residual / error)
    gg = within**2 / ((k - 1.0) * float((centred**2).sum()))
    spare = (k - 1.0) * (n - 1.0 - (k - 1.0) * gg)
    hf = min((n * (k - 1.0) * gg - 2.0) / spare, 1.0) if spare > 0 else 1.0
    return RepeatedMeasures(
        f, df, error, float(fdtrc(df, error, f)), between / (between + residual), gg, hf,
        float(fdtrc(df * gg, error * gg, f)), float(fdtrc(df * hf, error * hf, f)),
    )  # fmt: skip


def _root(excess: Callable[[float], float], start: float, width: float) -> float:
    """The zero of a falling function near a start."""
    low, high = start - width, start + width
    if low < 0.0 < high:  # far on the other side of 0 the distribution cannot be computed
        low, high = (0.0, high) if excess(0.0) > 0.0 else (low, 0.0)
    while excess(low) < 0.0:
        low -= width
    while excess(high) > 0.0:
        high += width
    return float(brentq(excess, low, high, xtol=1e-13, rtol=1e-14))
