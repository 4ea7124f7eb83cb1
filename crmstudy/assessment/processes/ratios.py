"""Costs per contact and per customer as ratios of sums over customers, with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from crmstudy.kernels.intervals import bca_interval, bootstrap_errors, jackknife_acceleration
from crmstudy.kernels.moments import Array
from crmstudy.kernels.resample import generator

#: So many numbers are drawn at a time.
_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Ratios:
    """Ratios (k,) of sums, combinations of them, and the interval of each; NaN where fewer than two units have it.

    ``units`` are how many have a part in each.
    """

    estimates: Array
    units: Array
    std_errors: Array
    df: Array
    low: Array
    high: Array


def ratios(
    numerators: Array, denominators: Array, mix: Array, *, interval: str, level: float, draws: int, seed: int
) -> Ratios:
    r"""Combinations :math:`A R` of the ratios :math:`R_k=\sum_i y_{ik}/\sum_i x_{ik}` over independent units i.

    Parameters
    ----------
    numerators, denominators : (n, k) arrays
        A row a unit; a unit with :math:`x_{ik}=0` has no part in ratio k.
    mix : (j, k) array
        The A.
    interval : {"bootstrap", "t", "log"}
        BCa over ``draws`` resamples of the units; t on the number of units less one; the same on the logarithm.
    level : float
    draws, seed : int

    Returns
    -------
    Ratios

    Notes
    -----
    Linearised: :math:`z_{ik}=(y_{ik}-R_kx_{ik})/\sum_i x_{ik}`, the variance of a combination
    :math:`\frac m{m-1}\sum_i(\sum_kA_{jk}z_{ik})^2` with m units that have a part in it, on m - 1 degrees of freedom,
    m the smallest number where several ratios are combined.
    """
    # the sums of a combination over a unit without any part are 0
    sums, sizes = numerators.sum(axis=0), denominators.sum(axis=0)
    found = mix @ (sums / sizes)
    parts = (denominators > 0).sum(axis=0)
    units = np.array([parts[row != 0].min() for row in mix], dtype=float)
    known = units > 1
    if interval == "bootstrap":
        replicates = _replicates(numerators, denominators, mix, draws, seed)
        with np.errstate(divide="ignore", invalid="ignore"):
            without = _mixed((sums - numerators) / (sizes - denominators), mix)
        found_interval = bca_interval(found, replicates, level, acceleration=jackknife_acceleration(without))
        errors, low, high = bootstrap_errors(replicates, ddof=1.0), found_interval.low, found_interval.high
        df = np.full(len(found), np.nan)
    else:
        influence = ((numerators - sums / sizes * denominators) / sizes) @ mix.T
        df = units - 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = np.sqrt(units / df * (influence**2).sum(axis=0))
            width = stdtrit(np.maximum(df, 1.0), 0.5 + level / 2.0) * errors
            low, high = found - width, found + width
            if interval == "log":
                low, high = found * np.exp(-width / found), found * np.exp(width / found)
                low, high = np.where(found > 0, low, np.nan), np.where(found > 0, high, np.nan)
    return Ratios(found, units, *(np.where(known, values, np.nan) for values in (errors, df, low, high)))


def _replicates(numerators: Array, denominators: Array, mix: Array, draws: int, seed: int) -> Array:
    n = len(numerators)
    stream = generator(seed, "cost to serve")
    both, chunk = np.hstack([numerators, denominators]), max(1, _AT_ONCE // n)
    made = []
    for first in range(0, draws, chunk):
        size = min(chunk, draws - first)
        counts = stream.multinomial(n, np.full(n, 1.0 / n), size=size).astype(float)
        drawn = counts @ both
        with np.errstate(divide="ignore", invalid="ignore"):
            made.append(_mixed(drawn[:, : numerators.shape[1]] / drawn[:, numerators.shape[1] :], mix))
    return np.vstack(made)


def _mixed(values: Array, mix: Array) -> Array:
    """Combinations of ratios; NaN only where a ratio that has a part in one is."""
    known = np.isfinite(values)
    return np.where(~known @ (mix != 0.0).T, np.nan, np.where(known, values, 0.0) @ mix.T)
