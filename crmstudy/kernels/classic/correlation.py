"""Inference about a correlation: t test and interval by Fisher's z, for values and ranks; partial correlations."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, stdtr

from crmstudy.kernels.moments import Array


def correlation_test(r: Array, n: Array | int, controls: int = 0) -> tuple[Array, Array, Array]:
    r"""Standard error :math:`\sqrt{(1-r^2)/(n-2)}`, t = r / SE on n - 2 degrees of freedom, two-sided p.

    With k variables held constant n - 2 - k in place of n - 2. A correlation of 1 in size has a standard error of 0, an
    infinite t and p = 0.
    """
    df = np.asarray(n, dtype=np.float64) - 2.0 - controls
    std_error = np.sqrt((1.0 - r**2) / df)
    with np.errstate(divide="ignore"):
        statistic = np.asarray(r / std_error, dtype=np.float64)
    return std_error, statistic, np.asarray(2.0 * stdtr(df, -np.abs(statistic)), dtype=np.float64)


def correlation_interval(
    r: Array, n: Array | int, level: float, *, ranks: bool = False, controls: int = 0
) -> tuple[Array, Array]:
    r"""Interval :math:`\tanh(\operatorname{artanh} r \pm z s)`, n > 3 + k with k variables held constant.

    :math:`s = 1/\sqrt{n-3}` (Fisher, 1921); for a correlation of ranks :math:`s = \sqrt{(1+r^2/2)/(n-3)}` (Bonett &
    Wright, 2000), because Fisher's is too short there. n - 3 - k for partial correlations.
    """
    spread = np.sqrt((1.0 + (r**2 / 2.0 if ranks else 0.0)) / (np.asarray(n, dtype=np.float64) - 3.0 - controls))
    half = float(ndtri(0.5 + level / 2.0)) * spread
    with np.errstate(divide="ignore"):
        z = np.arctanh(r)
    return np.asarray(np.tanh(z - half), dtype=np.float64), np.asarray(np.tanh(z + half), dtype=np.float64)


def delta_interval(r: Array, std_error: Array, level: float) -> tuple[Array, Array]:
    """Interval on the scale of Fisher's z with the standard error of r divided by 1 - r²."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z, half = np.arctanh(r), float(ndtri(0.5 + level / 2.0)) * std_error / (1.0 - r**2)
        return np.asarray(np.tanh(z - half), dtype=np.float64), np.asarray(np.tanh(z + half), dtype=np.float64)


def partial_covariance(cov: Array, held: int) -> Array:
    r"""Covariances of what is left of the first variables when the last ``held`` are held constant.

    :math:`S_{aa} - S_{ac}S_{cc}^{-1}S_{ca}` for an array ``cov`` of shape (k + held, k + held).

    Raises
    ------
    numpy.linalg.LinAlgError
        When one of the last is a combination of the others.
    """
    k = len(cov) - held
    scale = np.sqrt(np.diag(cov))
    scaled = cov / np.outer(scale, scale)
    if np.linalg.cond(scaled[k:, k:]) > 1e12:
        raise np.linalg.LinAlgError("The variables held constant are linearly dependent.")
    rest = scaled[:k, :k] - scaled[:k, k:] @ np.linalg.solve(scaled[k:, k:], scaled[k:, :k])
    return np.asarray(rest * np.outer(scale[:k], scale[:k]), dtype=np.float64)
