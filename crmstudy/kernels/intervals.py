r"""Bootstrap confidence intervals (Efron, 1987; Davison & Hinkley, 1997, ch. 5), as R's boot and lavaan compute them.

Replicates are (b, k), one column a parameter; those that are not finite are left out, column by column, and counted.
Quantiles are order statistics interpolated on the normal scale (Davison & Hinkley, 1997, eq. 5.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import lstsq
from scipy.special import ndtr, ndtri

from crmstudy.kernels.covariance.structure import Array

Counts = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Intervals:
    """Confidence limits of k parameters.

    Attributes
    ----------
    low, high : (k,) arrays
        The limits; NaN where fewer than two replicates are left, or, for BCa, where all lie on one side of the
        estimate.
    used : (k,) int array
        Number of replicates they rest on.
    extreme : (k,) bool array
        Whether a limit is the smallest or largest replicate, so that more replicates are needed for this level.
    """

    low: Array
    high: Array
    used: Counts
    extreme: Mask


def bootstrap_errors(replicates: Array, *, ddof: float | Array = 0.0) -> Array:
    """Standard deviations (k,) of the replicates (b, k); NaN for fewer than two replicates.

    The divisor is b - ``ddof``. R's boot has 1; lavaan has 0 for parameters and 1 for functions of parameters.
    """
    values, used = _finite(replicates)
    mean = _mean(values, used)
    squares = np.where(np.isfinite(values), values - mean, 0.0) ** 2
    errors: Array = np.sqrt(squares.sum(axis=0) / np.maximum(used - ddof, 1))
    return np.where(used > 1, errors, np.nan)


def percentile_interval(replicates: Array, level: float = 0.95) -> Intervals:
    """Quantiles of the replicates: what R's boot calls ``perc``.

    Parameters
    ----------
    replicates : (b, k) array
        Replicates; a row of a failed replicate is NaN.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Intervals
    """
    values, used = _finite(replicates)
    tails = np.repeat(_tails(level)[:, None], values.shape[1], axis=1)
    (low, high), extreme = _quantiles(values, used, tails)
    return Intervals(low, high, used, extreme)


def basic_interval(estimates: Array, replicates: Array, level: float = 0.95) -> Intervals:
    """The quantiles reflected at the estimates (k,): R's ``basic``. See :func:`percentile_interval`."""
    found = percentile_interval(replicates, level)
    return Intervals(2.0 * estimates - found.high, 2.0 * estimates - found.low, found.used, found.extreme)


def normal_interval(
    estimates: Array,
    replicates: Array,
    level: float = 0.95,
    *,
    errors: Array | None = None,
    centres: Array | None = None,
) -> Intervals:
    """Normal interval around the estimates less their bias: ``norm`` of R's boot and of lavaan.

    Parameters
    ----------
    estimates : (k,) array
        Estimates of the full sample.
    replicates : (b, k) array
        Replicates; a row of a failed replicate is NaN.
    level : float
        Confidence level, between 0 and 1.
    errors : (k,) array, optional
        Standard errors; default :func:`bootstrap_errors`.
    centres : (k,) array, optional
        What the bias is measured to, in place of the mean of the replicates. (For a function of parameters lavaan
        takes the function of their means.)

    Returns
    -------
    Intervals
    """
    values, used = _finite(replicates)
    width = ndtri((1.0 + level) / 2.0) * (bootstrap_errors(values) if errors is None else errors)
    middle = 2.0 * estimates - (_mean(values, used) if centres is None else centres)
    enough = used > 1
    low, high = np.where(enough, middle - width, np.nan), np.where(enough, middle + width, np.nan)
    return Intervals(low, high, used, np.zeros(len(used), dtype=bool))


def bca_interval(
    estimates: Array, replicates: Array, level: float = 0.95, *, acceleration: Array | float = 0.0
) -> Intervals:
    r"""Bias-corrected and accelerated interval (Efron, 1987); with acceleration 0 lavaan's ``bca.simple``.

    The limits are the quantiles :math:`\Phi(w + (w+z)/(1-a(w+z)))` with :math:`w=\Phi^{-1}(P(t^*<t))`. Replicates that
    do not vary give the estimate itself.

    Parameters
    ----------
    estimates : (k,) array
        Estimates of the full sample.
    replicates : (b, k) array
        Replicates; a row of a failed replicate is NaN.
    level : float
        Confidence level, between 0 and 1.
    acceleration : (k,) array or float
        The a: see :func:`jackknife_acceleration` and :func:`regression_acceleration`.

    Returns
    -------
    Intervals
    """
    values, used = _finite(replicates)
    z = ndtri(_tails(level))[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        w = ndtri((values < estimates).sum(axis=0) / used)
        tails = ndtr(w + (w + z) / (1.0 - acceleration * (w + z)))
    tails = np.where(np.isfinite(w), tails, np.nan)
    (low, high), extreme = _quantiles(values, used, tails)
    constant = (used > 1) & (values.max(axis=0, initial=-np.inf, where=np.isfinite(values))
                             == values.min(axis=0, initial=np.inf, where=np.isfinite(values)))  # fmt: skip
    low, high = np.where(constant, estimates, low), np.where(constant, estimates, high)
    return Intervals(low, high, used, extreme & ~constant)


def jackknife_acceleration(estimates: Array) -> Array:
    r"""Acceleration (k,) from the estimates without one row each, (n, k).

    :math:`a=\sum l_i^3/(6(\sum l_i^2)^{3/2})` with :math:`l_i=\bar\theta-\theta_{(i)}` (Efron & Tibshirani,
    1993, eq. 14.15). Rows that are not finite are left out; 0 where nothing varies.
    """
    values, used = _finite(estimates)
    return _acceleration(np.where(np.isfinite(values), _mean(values, used) - values, 0.0))


def regression_acceleration(counts: Array, replicates: Array, groups: Sequence[int] | None = None) -> Array:
    """Acceleration (k,) by regression of the replicates on how often each row was drawn, as lavaan's ``bca``.

    The coefficients, centred within groups, are the rows' empirical influence divided by the sizes of their groups
    (Davison & Hinkley, 1997, sec. 2.7.4, 3.2.1), which is what the acceleration of several samples is made of. R's boot
    leaves the sizes out, lavaan the centring; with one group all are the same.

    Parameters
    ----------
    counts : (b, n) array
        How often each row is in each replicate, groups side by side.
    replicates : (b, k) array
        Replicates; a row of a failed replicate is NaN and left out.
    groups : sequence of int, optional
        Numbers of rows of the groups, whose counts add up to a constant each; default one group of n.

    Returns
    -------
    (k,) array

    Raises
    ------
    ValueError
        When there are not more replicates than rows.
    """
    sizes = [counts.shape[1]] if groups is None else list(groups)
    whole = np.isfinite(replicates).all(axis=1)
    if whole.sum() <= counts.shape[1]:
        raise ValueError(
            f"The regression for the acceleration needs more replicates than rows: {int(whole.sum())} replicates are "
            f"left for {counts.shape[1]} rows. Draw more, or take the acceleration from a jackknife."
        )
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])  # the first row of each group stands for the constant
    others = np.setdiff1d(np.arange(counts.shape[1]), first)
    design = np.column_stack([np.ones(int(whole.sum())), counts[whole][:, others]])
    influence = np.zeros((counts.shape[1], replicates.shape[1]))
    influence[others] = lstsq(design, replicates[whole], lapack_driver="gelsy")[0][1:]
    for begin, size in zip(first, sizes, strict=True):
        influence[begin : begin + size] -= influence[begin : begin + size].mean(axis=0)
    return _acceleration(influence)


def _acceleration(influence: Array) -> Array:
    squares = np.sum(influence**2, axis=0)
    cubes = np.sum(influence**3, axis=0)
    found: Array = cubes / (6.0 * np.where(squares > 0, squares, 1.0) ** 1.5)
    return found


def _finite(replicates: Array) -> tuple[Array, Counts]:
    """The replicates with NaN for all that is not finite, and how many are finite in each column."""
    finite = np.isfinite(replicates)
    return np.where(finite, replicates, np.nan), finite.sum(axis=0)


def _mean(values: Array, used: Counts) -> Array:
    mean: Array = np.nansum(values, axis=0) / np.maximum(used, 1)
    return mean


def _tails(level: float) -> Array:
    return np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0])


def _quantiles(values: Array, used: Counts, tails: Array) -> tuple[Array, Mask]:
    """Quantiles (2, k) at ``tails`` (2, k) of the columns of ``values``; whether one is the smallest or largest."""
    if not len(values):
        return np.full(tails.shape, np.nan), np.zeros(len(used), dtype=bool)
    known = np.isfinite(tails) & (used > 1)
    safe = np.where(known, tails, 0.5)
    rank = (used + 1) * safe
    below = np.clip(np.trunc(rank), 0, used).astype(np.int64)
    ordered = np.sort(values, axis=0)  # NaN last
    at = np.clip(below - 1, 0, np.maximum(used - 1, 0))
    lower = np.take_along_axis(ordered, at, axis=0)
    upper = np.take_along_axis(ordered, np.minimum(at + 1, np.maximum(used - 1, 0)), axis=0)
    inside = known & (below > 0) & (below < used) & (below != rank)
    left, right = ndtri(np.where(inside, below, 1) / (used + 1)), ndtri(np.where(inside, below + 1, 2) / (used + 1))
    share = np.where(inside, (ndtri(safe) - left) / np.where(inside, right - left, 1.0), 0.0)
    found = np.where(known, lower + share * (np.where(inside, upper, lower) - lower), np.nan)
    extreme: Mask = np.any(known & ~((rank > 1) & (rank < used)), axis=0)
    return found, extreme
