"""Shares of a whole with their intervals, and standardised differences of two means."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, ndtri, stdtr, stdtrit

from crmstudy.kernels.moments import Array


def wilson_interval(successes: int, trials: int, level: float) -> tuple[float, float]:
    r"""Score interval of a share, :math:`\frac{\hat p + z^2/2n \pm z\sqrt{\hat p\hat q/n + z^2/4n^2}}{1 + z^2/n}`.

    Without continuity correction (Wilson, 1927).
    """
    z2 = float(ndtri(0.5 + level / 2.0)) ** 2
    share = successes / trials
    middle = share + z2 / (2.0 * trials)
    half = math.sqrt(z2 * (share * (1.0 - share) / trials + z2 / (4.0 * trials**2)))
    whole = 1.0 + z2 / trials
    low = 0.0 if successes == 0 else (middle - half) / whole
    high = 1.0 if successes == trials else (middle + half) / whole
    return low, high


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """Second mean less first: raw with Welch's t, and in pooled standard deviations (d) with its interval."""

    difference: float
    low: float
    high: float
    statistic: float
    df: float
    p_value: float
    d: float
    d_error: float
    d_low: float
    d_high: float


def mean_difference(first: Array, second: Array, level: float) -> MeanDifference:
    r"""Compare two samples of at least two values each, one of which varies.

    Welch's t has :math:`\nu = (v_1+v_2)^2/(v_1^2/(n_1-1)+v_2^2/(n_2-1))` degrees of freedom, :math:`v=s^2/n` (Welch,
    1947). d is the difference in pooled standard deviations; its interval turns the noncentral t distribution around
    (Steiger & Fouladi, 1997), and its standard error is :math:`\sqrt{1/n_1+1/n_2+d^2/(2(n_1+n_2))}` (Hedges & Olkin,
    1985).
    """
    n1, n2 = len(first), len(second)
    var1, var2 = float(first.var(ddof=1)), float(second.var(ddof=1))
    difference = float(second.mean() - first.mean())
    v1, v2 = var1 / n1, var2 / n2
    error = math.sqrt(v1 + v2)
    df = (v1 + v2) ** 2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1))
    t = difference / error
    half = float(stdtrit(df, 0.5 + level / 2.0)) * error
    pooled = math.sqrt(((n1 - 1) * var1 + (n2 - 1) * var2) / (n1 + n2 - 2))
    d, scale = difference / pooled, math.sqrt(1.0 / n1 + 1.0 / n2)
    low, high = noncentrality_interval(d / scale, n1 + n2 - 2.0, level)
    return MeanDifference(
        difference, difference - half, difference + half, t, df, float(2.0 * stdtr(df, -abs(t))),
        d, math.sqrt(scale**2 + d**2 / (2.0 * (n1 + n2))), low * scale, high * scale,
    )  # fmt: skip


def noncentrality_interval(t: float, df: float, level: float) -> tuple[float, float]:
    """Noncentralities for which an observed t lies at the upper and at the lower end of their distribution."""
    tail = (1.0 - level) / 2.0
    return _noncentrality(t, df, 1.0 - tail), _noncentrality(t, df, tail)


def _noncentrality(t: float, df: float, share: float) -> float:
    """The noncentrality at which the share of the distribution below t is the given one; it falls as that grows."""

    def gap(noncentrality: float) -> float:
        found = float(nctdtr(df, noncentrality, t))
        if math.isnan(found):  # beyond what can be added up, which is far out in a tail
            found = 1.0 if noncentrality < t else 0.0
        return found - share

    reach = 2.0 * (1.0 + abs(float(ndtri(share)))) * math.sqrt(1.0 + t**2 / (2.0 * df))
    low, high = t - reach, t + reach
    while gap(low) < 0.0:
        low -= reach
    while gap(high) > 0.0:
        high += reach
    return float(brentq(gap, low, high, xtol=1e-12, rtol=4 * np.finfo(float).eps))
