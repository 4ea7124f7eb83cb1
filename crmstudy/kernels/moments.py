"""Moments of complete numeric arrays: complete rows, covariance, correlation, skewness, kurtosis.

Arrays are ``(n, k)``: rows are respondents, columns variables. NumPy only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def complete_rows(values: Array) -> NDArray[np.bool_]:
    """Mask of the rows without a missing value.

    Parameters
    ----------
    values : array of shape (n, k)

    Returns
    -------
    array of bool of shape (n,)
    """
    return np.asarray(~np.isnan(values).any(axis=1), dtype=np.bool_)


def covariance(values: Array, *, ddof: int = 1) -> Array:
    """Covariance matrix of complete rows, from centred values.

    Parameters
    ----------
    values : array of shape (n, k)
        Complete rows, n > ddof.
    ddof : int
        1 divides by n - 1 (unbiased), 0 by n (maximum likelihood under normality).

    Returns
    -------
    array of shape (k, k)
    """
    centred = values - values.mean(axis=0)
    return np.asarray(centred.T @ centred / (len(values) - ddof), dtype=np.float64)


def available_moments(values: Array) -> tuple[Array, Array]:
    """Covariances pair by pair and means variable by variable, from the values there are.

    Parameters
    ----------
    values : array of shape (n, k)
        NaN where missing; every pair is present in two rows at least.

    Returns
    -------
    (k, k) and (k,) arrays
        Covariances over n_pair - 1, times (n - 1) / n, and means.
    """
    present = ~np.isnan(values)
    filled, counted = np.where(present, values, 0.0), present.astype(np.float64)
    pairs = counted.T @ counted
    sums = filled.T @ counted  # sum of variable i over rows that have j too
    products = filled.T @ filled - sums * sums.T / pairs
    n = len(values)
    return products / (pairs - 1.0) * (n - 1.0) / n, np.asarray(filled.sum(axis=0) / counted.sum(axis=0))


def correlation(cov: Array) -> Array:
    """Correlation matrix of a covariance matrix with positive variances; what rounding leaves near 1 in size is 1."""
    scale = np.sqrt(np.diag(cov))
    matrix = cov / np.outer(scale, scale)
    matrix = np.where(np.abs(matrix) > 1.0 - 1e-14, np.sign(matrix), matrix)
    np.fill_diagonal(matrix, 1.0)
    return np.asarray(matrix, dtype=np.float64)


def constant_columns(values: Array) -> NDArray[np.bool_]:
    """Mask of the columns in which every row has the same value; ``values`` holds complete rows."""
    return np.asarray((values == values[:1]).all(axis=0))


def deviation(values: Array) -> float:
    """Standard deviation (n - 1) of one variable; exactly 0 where all values are the same, NaN for fewer than two."""
    if len(values) < 2:
        return float("nan")
    return float(values.std(ddof=1)) if np.ptp(values) > 0.0 else 0.0


def skewness(values: Array) -> float:
    r"""Sample skewness G1, as SPSS, SAS and Excel print it (type 2).

    :math:`G_1 = \frac{\sqrt{n(n-1)}}{n-2}\,\frac{m_3}{m_2^{3/2}}` with :math:`m_r` the r-th central moment. NaN for
    fewer than 3 values or without variance.
    """
    n = len(values)
    if n < 3 or np.ptp(values) == 0.0:  # the mean of equal fractions may miss them by rounding
        return float("nan")
    centred = values - values.mean()
    m2 = float(np.mean(centred**2))
    if m2 == 0.0:
        return float("nan")
    return float(np.sqrt(n * (n - 1.0)) / (n - 2.0) * np.mean(centred**3) / m2**1.5)


def kurtosis(values: Array) -> float:
    r"""Sample excess kurtosis G2, as SPSS, SAS and Excel print it (type 2); 0 for a normal distribution.

    :math:`G_2 = \frac{n-1}{(n-2)(n-3)}\left[(n+1)\left(\frac{m_4}{m_2^2} - 3\right) + 6\right]`. NaN for fewer than 4
    values or without variance.
    """
    n = len(values)
    if n < 4 or np.ptp(values) == 0.0:
        return float("nan")
    centred = values - values.mean()
    m2 = float(np.mean(centred**2))
    if m2 == 0.0:
        return float("nan")
    excess = float(np.mean(centred**4)) / m2**2 - 3.0
    return (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * excess + 6.0)


def average_ranks(values: Array) -> Array:
    """Ranks from 1 of a one-dimensional array; ties share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse], dtype=np.float64)
