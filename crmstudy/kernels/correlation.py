"""Inference about a correlation: t test and interval by Fisher's z, for values and for ranks."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, stdtr

from crmstudy.kernels.moments import Array


def correlation_test(r: Array, n: int) -> tuple[Array, Array, Array]:
    r"""Standard error :math:`\sqrt{(1-r^2)/(n-2)}`, t = r / SE on n - 2 degrees of freedom, two-sided p.

    A correlation of 1 in size has a standard error of 0, an infinite t and p = 0.
    """
    std_error = np.sqrt((1.0 - r**2) / (n - 2.0))
    with np.errstate(divide="ignore"):
        statistic = np.asarray(r / std_error, dtype=np.float64)
    return std_error, statistic, np.asarray(2.0 * stdtr(n - 2.0, -np.abs(statistic)), dtype=np.float64)


def correlation_interval(r: Array, n: int, level: float, *, ranks: bool = False) -> tuple[Array, Array]:
    r"""Interval :math:`\tanh(\operatorname{artanh} r \pm z s)`, n > 3.

    :math:`s = 1/\sqrt{n-3}` (Fisher, 1921); for a correlation of ranks :math:`s = \sqrt{(1+r^2/2)/(n-3)}` (Bonett &
    Wright, 2000), because Fisher's is too short there.
    """
    spread = np.sqrt((1.0 + (r**2 / 2.0 if ranks else 0.0)) / (n - 3.0))
    half = float(ndtri(0.5 + level / 2.0)) * spread
    with np.errstate(divide="ignore"):
        z = np.arctanh(r)
    return np.asarray(np.tanh(z - half), dtype=np.float64), np.asarray(np.tanh(z + half), dtype=np.float64)
