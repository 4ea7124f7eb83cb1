"""Means, shares and correlations of weighted rows, with linearised (design-based) standard errors.

Rows are drawn independently with unequal chances; a weight is the inverse of the chance. The variance of a statistic is
that of the sum of its influences, n/(n-1) times the sum of their squares: as R's survey with ``ids = ~1``.
"""

from __future__ import annotations

import numpy as np

from crmstudy.kernels.moments import Array


def effective_size(weights: Array) -> float:
    r"""Size of an equally weighted sample that tells as much of a mean: :math:`(\sum w)^2/\sum w^2` (Kish, 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def weighted_mean(values: Array, weights: Array) -> tuple[float, float]:
    """Weighted mean and its linearised standard error, NaN for a single row."""
    mean = float(weights @ values / weights.sum())
    return mean, _error(weights / weights.sum() * (values - mean))


def weighted_deviation(values: Array, weights: Array) -> float:
    r"""Standard deviation: root of :math:`\frac{n}{n-1}\sum w(x-\bar x)^2/\sum w`, NaN for a single row."""
    n = len(values)
    if n < 2:
        return float("nan")
    mean = weights @ values / weights.sum()
    return float(np.sqrt(n / (n - 1.0) * (weights @ (values - mean) ** 2) / weights.sum()))


def weighted_shape(values: Array, weights: Array) -> tuple[float, float]:
    """Skewness and excess kurtosis from weighted central moments, without a correction for the sample's size."""
    centred = values - weights @ values / weights.sum()
    second, third, fourth = (float(weights @ centred**power / weights.sum()) for power in (2, 3, 4))
    return third / second**1.5, fourth / second**2 - 3.0


def weighted_correlation(x: Array, y: Array, weights: Array) -> tuple[float, float]:
    r"""Weighted Pearson correlation with the linearised standard error.

    The influence of a row is :math:`\frac{w}{\sum w}\left(z_xz_y - \frac r2(z_x^2+z_y^2)\right)`.
    """
    shares = weights / weights.sum()
    zx, zy = x - shares @ x, y - shares @ y
    zx, zy = zx / np.sqrt(shares @ zx**2), zy / np.sqrt(shares @ zy**2)
    r = float(shares @ (zx * zy))
    return r, _error(shares * (zx * zy - r / 2.0 * (zx**2 + zy**2)))


def _error(influence: Array) -> float:
    n = len(influence)
    return float(np.sqrt(n / (n - 1.0) * (influence**2).sum())) if n > 1 else float("nan")
