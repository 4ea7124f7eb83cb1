"""Differences of latent means between groups or waves of a fitted model, raw and over the latent deviation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmstudy.fitted.semresult import SemResult
from crmstudy.kernels.covariance.structure import Array, Implied, Layout
from crmstudy.measurement.invariance.groups import Occasion

#: Columns of the table of latent mean differences.
MEAN_COLUMNS = (
    "factor", "group", "reference", "estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high",
    "effect_size", "effect_size_se", "effect_ci_low", "effect_ci_high",
)  # fmt: skip


def latent_mean_differences(fit: SemResult, occasions: Sequence[Occasion]) -> pd.DataFrame:
    r"""Differences of the implied latent means of each group or wave from the first.

    Parameters
    ----------
    fit : SemResult
        A model in which intercepts are equal and latent means are free beyond the first group or wave.
    occasions : sequence of Occasion
        The groups or waves, the reference first.

    Returns
    -------
    DataFrame
        Columns :data:`MEAN_COLUMNS`; one row a factor and a group or wave. Standard errors are missing where the fit
        has none.

    Notes
    -----
    With implied means :math:`\kappa` and variances :math:`\phi` of a factor, and n rows of the two groups (n alike for
    waves), the effect size is :math:`d = (\kappa_g - \kappa_1) / \sqrt{(n_1\phi_1 + n_g\phi_g)/(n_1 + n_g)}`, Cohen's d
    with the pooled latent standard deviation (Hancock, 2001). Its standard error is that of the delta method.
    """
    solution = fit.solution
    z = float(ndtri(0.5 + solution.level / 2))
    composites = set(solution.table.composites)
    first, rows = occasions[0], []
    for factor in (name for name in first.latent if name not in composites):
        start = _Standing.of(fit, first, factor)
        for occasion in occasions[1:]:
            other = _Standing.of(fit, occasion, factor)
            difference, slopes = other.mean - start.mean, other.mean_slopes - start.mean_slopes
            effect, effect_slopes = _over_pooled(start, other)
            error, effect_error = solution.delta_errors(np.array([slopes, effect_slopes]))
            statistic = difference / error if error > 0 else np.nan
            rows.append((
                factor, occasion.label, first.label, difference, error, statistic, 2.0 * ndtr(-abs(statistic)),
                difference - z * error, difference + z * error, effect, effect_error, effect - z * effect_error,
                effect + z * effect_error,
            ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(MEAN_COLUMNS))


class _Standing:
    """Mean and variance of a factor in one group or wave, with their slopes by the free parameters."""

    def __init__(self, n: float, mean: float, variance: float, mean_slopes: Array, variance_slopes: Array) -> None:
        self.n, self.mean, self.variance = n, mean, variance
        self.mean_slopes, self.variance_slopes = mean_slopes, variance_slopes

    @classmethod
    def of(cls, fit: SemResult, occasion: Occasion, factor: str) -> _Standing:
        """The standing of a factor in an occasion of a fit."""
        solution = fit.solution
        block, name = occasion.group - 1, occasion.latent[factor]
        layout, implied = solution.placement.layouts[block], solution.moments[block]
        at, q = solution.table.latent.index(name), solution.table.n_free
        return cls(
            solution.sample.groups[block].n, float(implied.eta[at]), float(implied.phi[at, at]),
            *(layout.elements.collect_columns(row[None], q)[0] for row in latent_slopes(layout, implied, at)),
        )  # fmt: skip


def latent_slopes(layout: Layout, implied: Implied, at: int) -> tuple[Array, Array]:
    r"""Derivatives of a structural variable's implied mean and variance by the free elements of a block, (k,) each.

    From :math:`\eta = A\alpha` and :math:`\Phi = A\Psi A'` with :math:`A = (I - B)^{-1}`.
    """
    e = layout.elements
    reach = np.eye(layout.shape[1])[at] if implied.total is None else implied.total[at]
    mean, variance = np.zeros(len(e.rows)), np.zeros(len(e.rows))
    paths, psi, alpha = e.spans["regression"], e.spans["latent_covariance"], e.spans["latent_mean"]
    mean[alpha] = reach[e.rows[alpha]]
    mean[paths] = reach[e.rows[paths]] * implied.eta[e.columns[paths]]
    variance[paths] = 2.0 * reach[e.rows[paths]] * implied.phi[at, e.columns[paths]]
    variance[psi] = 2.0 * e.factor[psi] * reach[e.rows[psi]] * reach[e.columns[psi]]
    return mean, variance


def _over_pooled(start: _Standing, other: _Standing) -> tuple[float, Array]:
    """The difference over the pooled standard deviation, and its slopes; NaN where a variance is not positive."""
    share = other.n / (start.n + other.n)
    pooled = (1.0 - share) * start.variance + share * other.variance
    if min(start.variance, other.variance) <= 0:
        return float("nan"), np.full(len(start.mean_slopes), np.nan)
    effect = (other.mean - start.mean) / np.sqrt(pooled)
    moved = (1.0 - share) * start.variance_slopes + share * other.variance_slopes
    slopes: Array = (other.mean_slopes - start.mean_slopes) / np.sqrt(pooled) - effect * moved / (2.0 * pooled)
    return float(effect), slopes
