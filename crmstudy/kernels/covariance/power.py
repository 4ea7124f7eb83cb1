r"""Power of tests of covariance structure models by their RMSEA.

The test statistic is noncentral chi-square with noncentrality :math:`\lambda = (N-1)\,d\,\varepsilon^2/G` when the
RMSEA in the population is :math:`\varepsilon` (MacCallum, Browne & Sugawara, 1996); N counts the rows of all G groups.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import chndtr, chndtrix

from crmstudy.kernels.covariance.structure import Array

LARGEST_N = 1_000_000


def noncentrality(rmsea: float, df: float, n: Any, groups: int = 1) -> Array:
    """Noncentrality (n - 1) df rmsea² / groups, for one or many n."""
    found: Array = (np.asarray(n, dtype=float) - 1.0) * df * rmsea**2 / groups
    return found


def rmsea_power(rmsea0: float, rmsea_a: float, df: float, n: Any, alpha: float, groups: int = 1) -> Array:
    """Power against ``rmsea_a`` of the test of ``rmsea0``, for one or many n.

    With ``rmsea_a`` above ``rmsea0`` the test rejects large statistics (H0: RMSEA at most ``rmsea0``: close fit, or
    exact fit for 0), below it small ones (H0: RMSEA at least ``rmsea0``: not-close fit).
    """
    null, other = noncentrality(rmsea0, df, n, groups), noncentrality(rmsea_a, df, n, groups)
    if rmsea0 < rmsea_a:
        found: Array = 1.0 - chndtr(chndtrix(1.0 - alpha, df, null), df, other)
    else:
        found = chndtr(chndtrix(alpha, df, null), df, other)
    return found


def difference_power(
    null: tuple[float, float], other: tuple[float, float], df: tuple[int, int], n: Any, alpha: float, groups: int = 1
) -> Array:
    """Power of the test of two nested models (MacCallum, Browne & Cai, 2006), for one or many n.

    Each pair is of the smaller model (more degrees of freedom), then of the larger one: their RMSEA under the null
    hypothesis, their RMSEA under the alternative, their degrees of freedom.
    """
    gap = [
        noncentrality(rmsea[0], df[0], n, groups) - noncentrality(rmsea[1], df[1], n, groups) for rmsea in (null, other)
    ]
    steps = df[0] - df[1]
    found: Array = 1.0 - chndtr(chndtrix(1.0 - alpha, steps, gap[0]), steps, gap[1])
    return found


def smallest_n(power: Callable[[int], float], target: float, least: int = 2) -> int | None:
    """The smallest n with at least the power asked for; None when a million is not enough."""
    if power(least) >= target:
        return least
    below, above = least, 2 * least
    while power(above) < target:
        below, above = above, 2 * above
        if above > LARGEST_N:
            return None
    while above - below > 1:
        middle = (below + above) // 2
        if power(middle) < target:
            below = middle
        else:
            above = middle
    return above
