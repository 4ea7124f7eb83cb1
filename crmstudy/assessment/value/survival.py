"""How long customers stay, where some of them are still there: the product-limit estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmstudy.kernels.moments import Array

INTERVALS = ("log-log", "log", "plain")
#: As near to one half as this is one half.
_TIE = float(np.sqrt(np.finfo(float).eps))


def kaplan_meier(
    time: Array, lost: np.ndarray[Any, np.dtype[np.bool_]], level: float = 0.95, interval: str = "log-log"
) -> pd.DataFrame:
    r"""Survival with Greenwood's standard error, a row for each time at which somebody was lost or last seen.

    Parameters
    ----------
    time : array, (customers,)
        Until the loss, or until the end of observation; from 0.
    lost : array of bool, (customers,)
        Whether the customer was lost then; at equal times losses come before those last seen.
    level : float
        Coverage of the intervals.
    interval : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric.

    Returns
    -------
    DataFrame
        time, at_risk, lost, censored, survival, std_error, ci_low, ci_high. Where nobody is left there is no standard
        error and no interval; before the first loss survival is 1 without error.

    Notes
    -----
    :math:`\hat S(t)=\prod_{t_j\le t}(1-d_j/n_j)` (Kaplan & Meier, 1958),
    :math:`\mathrm{se}=\hat S\sqrt{\sum d_j/(n_j(n_j-d_j))}` (Greenwood, 1926). The log-log interval is
    :math:`\hat S^{\exp(\pm z\,\mathrm{se}/(\hat S\ln\hat S))}` (Kalbfleisch & Prentice, 2002).

    Examples
    --------
    >>> kaplan_meier(np.array([2.0, 3.0, 5.0]), np.array([True, False, True]))["survival"].round(4).tolist()
    [0.6667, 0.6667, 0.0]
    """
    at, place = np.unique(time, return_inverse=True)
    deaths = np.bincount(place, weights=lost, minlength=len(at))
    leaving = np.bincount(place, minlength=len(at)).astype(float)
    at_risk = leaving[::-1].cumsum()[::-1]
    survival = np.cumprod(1.0 - deaths / at_risk)
    remaining = at_risk - deaths
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt(np.cumsum(np.where(deaths > 0.0, deaths / (at_risk * remaining), 0.0)))
        error = np.where(survival > 0.0, survival * relative, np.nan)
        low, high = _ends(survival, relative, float(ndtri(0.5 + level / 2.0)), interval)
    return pd.DataFrame(
        {
            "time": at, "at_risk": at_risk.astype(int), "lost": deaths.astype(int),
            "censored": (leaving - deaths).astype(int), "survival": survival, "std_error": error, "ci_low": low,
            "ci_high": high,
        }
    )  # fmt: skip


def _ends(survival: Array, relative: Array, z: float, interval: str) -> tuple[Array, Array]:
    """The ends of the intervals; NaN where survival is 0, both 1 where nobody was lost yet."""
    if interval == "plain":
        low, high = survival - z * survival * relative, survival + z * survival * relative
    elif interval == "log":
        low, high = survival * np.exp(-z * relative), survival * np.exp(z * relative)
    else:
        away = z * relative / np.log(survival)
        low, high = survival ** np.exp(-away), survival ** np.exp(away)
    unspoilt, over = survival == 1.0, survival == 0.0
    low, high = np.where(unspoilt, 1.0, low), np.where(unspoilt, 1.0, high)
    return np.where(over, np.nan, np.maximum(low, 0.0)), np.where(over, np.nan, np.minimum(high, 1.0))


def median_time(table: pd.DataFrame) -> tuple[float, float, float]:
    """When one half is lost, with its interval; NaN where a curve does not come down to one half.

    A curve that runs level at one half gives the middle of that stretch, as survival for R. The interval is where the
    interval of survival holds one half (Brookmeyer & Crowley, 1982).
    """
    time = table["time"].to_numpy(dtype=float)
    low, high = table["ci_low"].to_numpy(dtype=float), table["ci_high"].to_numpy(dtype=float)
    return _halfway(time, table["survival"].to_numpy(dtype=float)), _halfway(time, low), _halfway(time, high)


def _halfway(time: Array, curve: Array) -> float:
    down = ~np.isnan(curve) & (curve < 0.5 + _TIE)
    if not down.any():
        return float("nan")
    time, curve = time[down], curve[down]
    below = np.flatnonzero(curve < curve[0])
    if abs(curve[0] - 0.5) < _TIE and len(below):
        return float((time[0] + time[below[0]]) / 2.0)
    return float(time[0])
