r"""Little's test that values are missing completely at random.

:math:`d^2 = \sum_j n_j(\bar y_j - \hat\mu_j)'\hat\Sigma_{jj}^{-1}(\bar y_j - \hat\mu_j)` over patterns j of missing
values, with the maximum-likelihood moments of all rows by the EM algorithm (divisor n), is asymptotically chi-square
with :math:`\sum_j p_j - p` degrees of freedom, :math:`p_j` the variables present in pattern j (Little, 1988).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from crmstudy.kernels.covariance.em import IncompleteRows, saturated_moments
from crmstudy.kernels.covariance.missing import missing_patterns
from crmstudy.kernels.moments import Array

#: A smaller share of a variable's variance that the others do not explain is rounding of the EM algorithm.
_NOTHING = 1e-10


@dataclass(frozen=True, slots=True)
class McarTest:
    """The statistic, its degrees of freedom and p; patterns, rows with any value, and how EM ended."""

    d2: float
    df: int
    p_value: float
    patterns: int
    n: int
    iterations: int
    converged: bool


def _singular(covariance: Array) -> bool:
    """Whether variables follow from each other: the smallest eigenvalue of their correlations is 0 to rounding."""
    scale = np.sqrt(np.diag(covariance))
    return bool(np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] < len(scale) * _NOTHING)


def littles_test(values: Array) -> McarTest | None:
    """Test rows with missing values; rows without any value play no part.

    Parameters
    ----------
    values : array of shape (n, p)
        NaN where missing; at least two patterns.

    Returns
    -------
    McarTest or None
        None when a covariance matrix is singular: variables depend on each other or do not vary. Variables that are
        never observed together do no harm: the statistic does not involve their covariance.
    """
    p = values.shape[1]
    largest = np.nanmax(np.abs(values), axis=0)
    scaled = values / np.where(largest > 0, largest, 1.0)  # the statistic does not depend on unit and origin
    centre, spread = np.nanmean(scaled, axis=0), np.nanstd(scaled, axis=0)
    if not (spread > 0).all():
        return None
    patterns = missing_patterns(np.ascontiguousarray((scaled - centre) / spread))
    moments = saturated_moments(patterns, p)
    if moments is None or _singular(moments.covariance):
        return None
    d2 = IncompleteRows.of(patterns, p).squared_gaps(moments.mean, moments.covariance)
    if d2 is None:
        return None
    df = sum(len(pattern.present) for pattern in patterns) - p
    n = int(sum(pattern.n for pattern in patterns))
    return McarTest(d2, df, float(chdtrc(df, d2)), len(patterns), n, moments.iterations, moments.converged)
