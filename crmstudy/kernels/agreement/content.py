"""Content validity from the ratings of an expert panel: Lawshe's ratio, the content validity index, Aiken's V.

``n`` are the experts who rated an item.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr, binom, ndtri

#: Smallest content validity ratios that Lawshe (1975, Table 1) printed, by the number of experts.
LAWSHE = {5: 0.99, 6: 0.99, 7: 0.99, 8: 0.75, 9: 0.78, 10: 0.62, 11: 0.59, 12: 0.56, 13: 0.54, 14: 0.51, 15: 0.49,
          20: 0.42, 25: 0.37, 30: 0.33, 35: 0.31, 40: 0.29}  # fmt: skip
NAN = float("nan")


def ratio(essential: int, n: int) -> float:
    """Lawshe's content validity ratio, ``(n_e - n/2) / (n/2)``."""
    return (essential - n / 2.0) / (n / 2.0)


def lawshe_minimum(n: int) -> tuple[float, int]:
    """Lawshe's smallest ratio for n experts and the row of his table; between two rows the one of fewer experts.

    Fewer than five experts have no row (NaN, 0).
    """
    rows = [row for row in LAWSHE if row <= n]
    return (LAWSHE[rows[-1]], rows[-1]) if rows else (NAN, 0)


def binomial_tail(count: int, n: int) -> float:
    """Chance that ``count`` of n experts or more agree when each tosses a coin."""
    return 1.0 if count <= 0 else float(bdtr(n - count, n, 0.5))


def exact_minimum(n: int, error: float = 0.05) -> float:
    """The smallest ratio that chance reaches in at most ``error`` of all cases, one-sided; NaN where none does."""
    counts = [count for count in range(n + 1) if binomial_tail(count, n) <= error]
    return ratio(counts[0], n) if counts else NAN


def modified_kappa(agreeing: int, n: int) -> tuple[float, float]:
    r"""Chance agreement :math:`p_c = \binom{n}{A}0.5^n` and :math:`\kappa^* = (A/n - p_c)/(1 - p_c)`.

    Polit, Beck and Owen (2007).
    """
    chance = float(binom(n, agreeing)) * 0.5**n
    return chance, (agreeing / n - chance) / (1.0 - chance)


def aiken(total: float, n: int, low: float, high: float, level: float) -> tuple[float, float, float]:
    r"""Aiken's V of n ratings that add up to ``total``, with the score interval of Penfield and Giacobbi (2004).

    :math:`V = (\bar X - l)/k`, k the range; the ends are
    :math:`[2nkV + z^2 \mp z\sqrt{4nkV(1-V) + z^2}] / [2(nk + z^2)]`.
    """
    k = high - low
    v = (total / n - low) / k
    z = float(ndtri(0.5 + level / 2.0))
    middle, half = 2.0 * n * k * v + z**2, z * float(np.sqrt(max(4.0 * n * k * v * (1.0 - v), 0.0) + z**2))
    bottom = 2.0 * (n * k + z**2)
    return v, (middle - half) / bottom, (middle + half) / bottom
