"""Two measurements of the same persons: limits of agreement, error of measurement, proportional bias.

``differences`` are first minus second, of n persons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, nctdtrit, ndtri, stdtr, stdtrit

from crmstudy.kernels.moments import Array


@dataclass(frozen=True, slots=True)
class Figure:
    """An estimate with what is known of its error; NaN where there is none."""

    value: float
    std_error: float
    low: float
    high: float
    statistic: float = float("nan")
    df: float = float("nan")
    p_value: float = float("nan")


def mean_difference(differences: Array, level: float) -> Figure:
    """Mean, its paired t test and interval."""
    n = len(differences)
    mean, error = float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(n))
    half = float(stdtrit(n - 1.0, 0.5 + level / 2.0)) * error
    t = mean / error if error > 0.0 else float("nan")
    return Figure(mean, error, mean - half, mean + half, t, n - 1.0, float(2.0 * stdtr(n - 1.0, -abs(t))))


def deviation(sd: float, df: float, level: float) -> Figure:
    """A standard deviation on ``df`` degrees of freedom, with its interval by chi-square."""
    tail = (1.0 - level) / 2.0
    low, high = (sd * float(np.sqrt(df / chdtri(df, p))) for p in (tail, 1.0 - tail))
    return Figure(sd, sd / float(np.sqrt(2.0 * df)), low, high)


def times(figure: Figure, factor: float) -> Figure:
    """A positive multiple of an estimate without a test."""
    return Figure(*(factor * part for part in (figure.value, figure.std_error, figure.low, figure.high)))


def limits(differences: Array, level: float, coverage: float, *, exact: bool) -> tuple[Figure, Figure]:
    r"""Lower and upper limit of agreement, :math:`\bar d \mp z s`, each with its interval.

    ``exact``: from the noncentral t distribution, :math:`\bar d + t_{p;\,n-1,\,z\sqrt n}\,s/\sqrt n` for the upper
    limit (Carkeet, 2015). Otherwise :math:`\pm t_{n-1}\,s\sqrt{1/n + z^2/[2(n-1)]}` (Bland & Altman, 1999).
    """
    n = len(differences)
    mean, sd = float(differences.mean()), float(differences.std(ddof=1))
    z = float(ndtri(0.5 + coverage / 2.0))
    error = sd * float(np.sqrt(1.0 / n + z**2 / (2.0 * (n - 1.0))))
    if exact:
        tail = (1.0 - level) / 2.0
        near, far = (float(nctdtrit(n - 1.0, z * np.sqrt(n), p)) * sd / np.sqrt(n) for p in (tail, 1.0 - tail))
    else:
        half = float(stdtrit(n - 1.0, 0.5 + level / 2.0)) * error
        near, far = z * sd - half, z * sd + half
    return (
        Figure(mean - z * sd, error, mean - far, mean - near),
        Figure(mean + z * sd, error, mean + near, mean + far),
    )


def proportional_bias(differences: Array, means: Array, level: float) -> tuple[Figure, Figure]:
    """Intercept and slope of the least-squares line of the differences on the means, with t tests."""
    n = len(differences)
    centred = means - means.mean()
    spread = float(centred @ centred)
    slope = float(centred @ differences) / spread
    intercept = float(differences.mean() - slope * means.mean())
    rest = differences - intercept - slope * means
    variance = float(rest @ rest) / (n - 2.0)
    errors = (np.sqrt(variance * (1.0 / n + means.mean() ** 2 / spread)), np.sqrt(variance / spread))
    quantile = float(stdtrit(n - 2.0, 0.5 + level / 2.0))
    found = []
    for value, raw in zip((intercept, slope), errors, strict=True):
        error = float(raw)
        t = value / error if error > 0.0 else float("nan")
        p = float(2.0 * stdtr(n - 2.0, -abs(t)))
        found.append(Figure(value, error, value - quantile * error, value + quantile * error, t, n - 2.0, p))
    return found[0], found[1]
