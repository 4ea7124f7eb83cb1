r"""Common-method variance without a model: correlations freed of a marker's, and the first component.

NumPy and SciPy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr

from crmstudy.kernels.moments import Array


@dataclass(frozen=True, slots=True, eq=False)
class Freed:
    """Correlations from which a marker's is taken out, each with t, its degrees of freedom and two-sided p."""

    correlation: Array
    statistic: Array
    df: float
    p_value: Array


def freed_of_marker(correlations: Array, marker: float, n: int) -> Freed:
    r"""Correlations corrected for a method correlation (Lindell & Whitney, 2001, eqs. 4 and 5).

    :math:`r_{ij\cdot M} = (r_{ij} - r_M)/(1 - r_M)`, with
    :math:`t = r_{ij\cdot M}\sqrt{(n - 3)/(1 - r_{ij\cdot M}^2)}` on n - 3 degrees of freedom.

    Parameters
    ----------
    correlations : array
    marker : float
        The method correlation, below 1.
    n : int
    """
    freed = (correlations - marker) / (1.0 - marker)
    df = float(n - 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = freed * np.sqrt(df / (1.0 - freed**2))
    return Freed(freed, statistic, df, np.asarray(2.0 * stdtr(df, -np.abs(statistic)), dtype=np.float64))


def upper_end(correlation: float, n: int, level: float) -> float:
    """Upper end of the two-sided interval of a correlation by Fisher's z."""
    return float(np.tanh(np.arctanh(correlation) + ndtri(0.5 + level / 2.0) / np.sqrt(n - 3.0)))


def one_component(correlations: Array) -> tuple[float, int]:
    """Share of the first principal component, and how many eigenvalues exceed 1."""
    values = np.linalg.eigvalsh(correlations)
    return float(values[-1] / values.sum()), int((values > 1.0 + 1e-12).sum())
