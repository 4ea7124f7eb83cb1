"""Money at different times: rates of a period, present values of streams, where a stream pays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import TypeGuard

import numpy as np
from scipy.optimize import brentq

from crmstudy.errors import did_you_mean
from crmstudy.kernels.moments import Array

#: Lengths of a period, as parts of a year.
PERIODS_A_YEAR = {"month": 12, "quarter": 4, "year": 1}
TIMINGS = ("start", "end")
#: Longest horizon, in periods.
LONGEST = 1200
#: What adding up to 1,200 numbers may lose, relatively.
_ROUNDING = 1e-12
#: Retention probabilities between which a change of sign is looked for.
_GRID = 2001


def effective_rate(rate: float, every: str) -> float:
    r"""The rate of a period that compounds to ``rate`` a year, :math:`(1+i)^{1/k}-1` with k periods a year.

    >>> round(effective_rate(0.12, "month"), 6)
    0.009489
    """
    return math.expm1(math.log1p(rate) / PERIODS_A_YEAR[every])


def retention_of_period(retention: Array, every: str) -> Array:
    r"""The retention probability of a period where that of a year is known, :math:`r^{1/k}`."""
    return np.asarray(retention ** (1.0 / PERIODS_A_YEAR[every]), dtype=float)


def times(length: int, timing: str) -> Array:
    """When the margins of successive periods fall: at 0, 1, 2 ... or at 1, 2, 3 ..."""
    return np.arange(length, dtype=float) + (timing == "end")


def present_values(net: Array, retention: Array, rate: float, timing: str) -> Array:
    r"""Present values of rows of net margins, :math:`\sum_t n_t r^t/(1+i)^t`.

    Parameters
    ----------
    net : array, (customers, periods)
    retention : array, (customers,)
        Probability of staying for another period, 0 to 1.
    rate : float
        Discount rate of a period, above -1.
    timing : {"start", "end"}
        t is 0, 1, 2 ... or 1, 2, 3 ...
    """
    weights = (retention[:, None] / (1.0 + rate)) ** times(net.shape[1], timing)
    return np.asarray((net * weights).sum(axis=1), dtype=float)


def endless_values(
    margin: Array, cost: Array, retention: Array, rate: float, timing: str, growth: float = 0.0
) -> Array:
    r"""Present values of margins and costs without end; infinite or NaN where the sum has no limit.

    With :math:`q=r/(1+i)` the sum from 0 is :math:`m/(1-q(1+g))-c/(1-q)`, that from 1 q times as much.
    """
    ratio = retention / (1.0 + rate)
    grown = ratio * (1.0 + growth)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(margin == 0.0, 0.0, margin / (1.0 - grown)) - np.where(cost == 0.0, 0.0, cost / (1.0 - ratio))
    value = value * ratio if timing == "end" else value
    endless = ((grown >= 1.0) & (margin != 0.0)) | ((ratio >= 1.0) & (cost != 0.0))
    return np.where(endless, np.nan, value)


def crossings(worth: Callable[[Array], Array], low: float, high: float) -> list[tuple[float, bool]]:
    """Where a continuous function of probabilities crosses 0, from low to high, and whether it rises there.

    A change of sign is looked for between 2,001 places and refined by Brent's method; where the function only touches
    0 it does not cross, but it begins or ends there.
    """
    places = np.linspace(low, high, _GRID)
    values = worth(places)

    def alone(place: float) -> float:
        return float(worth(np.array([place]))[0])

    found: list[tuple[float, bool]] = []
    known = [float(value) for value in values if value != 0.0 and not math.isnan(value)]
    if known and values[0] == 0.0:
        found.append((low, known[0] > 0.0))
    before: tuple[float, float] | None = None
    for place, value in zip(map(float, places), map(float, values), strict=True):
        if value == 0.0 or math.isnan(value):
            continue
        if before is not None and (before[1] < 0.0) != (value < 0.0):
            root = float(brentq(alone, before[0], place, xtol=1e-14, rtol=4 * np.finfo(float).eps))
            found.append((root, value > 0.0))
        before = place, value
    if known and values[-1] == 0.0:
        found.append((high, known[-1] < 0.0))
    return found


def payback(flows: Array, invested: float) -> tuple[int | None, float | None]:
    """The first period (from 1) by whose end the flows have paid back what was invested, and the same with its part.

    The part of the last period takes its flow as spread evenly over it. A stream that pays back and then loses again
    has paid back at the first time. None where it never does; 0 where nothing was invested. Ten times 0.1 pay back 1,
    though floating-point numbers add up to less.
    """
    if invested <= 0.0:
        return 0, 0.0
    gathered, enough = 0.0, invested * (1.0 - _ROUNDING)
    for place, flow in enumerate(map(float, flows), start=1):
        if gathered + flow >= enough:
            return place, place - 1 + min((invested - gathered) / flow, 1.0)
        gathered += flow
    return None, None


def rate_faults(rate: object, name: str = "rate") -> list[str]:
    """What is wrong with a discount rate."""
    if not is_number(rate):
        return [f"`{name}` is a number such as 0.12 for 12 per cent, not {rate!r}."]
    if float(rate) <= -1.0:
        return [f"`{name}` is above -1 (a loss of everything); {float(rate):g} cannot discount."]
    return []


def probability_faults(value: object, name: str) -> list[str]:
    """What is wrong with a probability given as a number."""
    if not is_number(value) or not 0.0 <= float(value) <= 1.0:
        return [f"`{name}` is a probability from 0 to 1, not {value!r}."]
    return []


def choice_faults(value: object, known: Sequence[str], name: str) -> list[str]:
    """What is wrong with one of a few words."""
    if value not in known:
        return [f"`{name}` is one of {', '.join(known)}, not {value!r}.{did_you_mean(str(value), known)}"]
    return []


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number, and no truth value."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(float(value))
