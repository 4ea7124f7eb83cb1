r"""Robust standard errors and scaled test statistics.

Sandwich covariance matrices (Satorra & Bentler, 1994; Yuan & Bentler, 2000) and corrections of the chi-square by its
mean, or by mean and variance, from traces of :math:`U\Gamma` (Satorra & Bentler, 1994; Asparouhov & Muthén, 2010).
Names and variants are those of lavaan 0.6-14.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import chdtrc

from crmstudy.kernels.covariance.information import Kind, ModelInformation, times
from crmstudy.kernels.covariance.structure import Array


@dataclass(frozen=True, slots=True)
class ScaledTest:
    """A scaled statistic: ``statistic`` on ``df``; the factor (and shift) that made it, and the trace of U Gamma."""

    name: str
    statistic: float
    df: float
    p_value: float
    scaling_factor: float
    shift: float
    trace: float
    scaling_h0: float = float("nan")
    scaling_h1: float = float("nan")


@dataclass(frozen=True)
class MomentMetric:
    """What the traces are made of: by group the metric V, slopes D and covariance of moments Gamma; shares n_g / N."""

    metrics: tuple[Array, ...]
    slopes: tuple[Array, ...]
    gammas: tuple[Array, ...]
    shares: Array

    def sandwich(self) -> Array:
        """Sum over groups of share D'V Gamma V D, (q, q)."""
        total: Array = np.zeros((self.slopes[0].shape[1],) * 2)
        for share, metric, slopes, gamma in zip(self.shares, self.metrics, self.slopes, self.gammas, strict=True):
            weighted = times(metric, slopes)
            total += share * weighted.T @ gamma @ weighted
        return total

    def trace(self, inverse: Array) -> float:
        """Trace of U Gamma, given the inverse information of the parameters."""
        whole = sum(
            float(metric @ np.diagonal(gamma)) if metric.ndim == 1 else float(np.vdot(metric, gamma))
            for metric, gamma in zip(self.metrics, self.gammas, strict=True)
        )
        return whole - float(np.vdot(inverse, self.sandwich()))

    def squared_trace(self, inverse: Array) -> float:
        """Trace of (U Gamma)²."""
        product = self.u_matrix(inverse) @ self.whole_gamma()
        return float(np.vdot(product, product.T))

    def u_matrix(self, inverse: Array) -> Array:
        """U = V - V D E^-1 D' V over all groups."""
        metric = block_diagonal(
            [s * (np.diag(m) if m.ndim == 1 else m) for s, m in zip(self.shares, self.metrics, strict=True)]
        )
        weighted = metric @ np.vstack(self.slopes)
        found: Array = metric - weighted @ inverse @ weighted.T
        return found

    def whole_gamma(self) -> Array:
        """Covariance matrix of all moments: Gamma_g / share on the diagonal."""
        return block_diagonal([gamma / s for s, gamma in zip(self.shares, self.gammas, strict=True)])


def moment_metric(information: ModelInformation, kind: Kind, *, structured: bool = True) -> MomentMetric:
    """The metric of the moments for Satorra-Bentler statistics, with the rows' own covariance of the moments."""
    count = range(len(information.groups))
    return MomentMetric(
        tuple(information.of_moments(g, kind, structured=structured) for g in count),
        information.slopes,
        tuple(information.gamma(g) for g in count),
        information.shares,
    )


def satorra_bentler(metric: MomentMetric, inverse: Array, chisq: float, df: int) -> ScaledTest:
    """Chi-square divided by the mean of its asymptotic distribution over df (Satorra & Bentler, 1994)."""
    trace = metric.trace(inverse)
    return _divided("satorra.bentler", chisq, df, trace)


def mean_and_variance_adjusted(metric: MomentMetric, inverse: Array, chisq: float, df: int) -> ScaledTest:
    """Chi-square with mean and degrees of freedom adjusted (Satterthwaite; Satorra & Bentler, 1994)."""
    trace, squared = metric.trace(inverse), metric.squared_trace(inverse)
    new_df, factor = trace**2 / squared, squared / trace
    statistic = chisq / factor
    return ScaledTest(
        "mean.var.adjusted", statistic, new_df, float(chdtrc(new_df, statistic)), factor, float("nan"), trace
    )


def scaled_shifted(metric: MomentMetric, inverse: Array, chisq: float, df: int) -> ScaledTest:
    """Chi-square scaled and shifted so that mean and variance are those of chi-square on df (Asparouhov & Muthén)."""
    trace, squared = metric.trace(inverse), metric.squared_trace(inverse)
    slope = float(np.sqrt(df / squared))
    shift = df - slope * trace
    statistic = chisq * slope + shift
    return ScaledTest("scaled.shifted", statistic, df, float(chdtrc(df, statistic)), 1.0 / slope, shift, trace)


def yuan_bentler_mplus(information: ModelInformation, inverse: Array, kind: Kind, chisq: float, df: int) -> ScaledTest:
    """Chi-square over (tr B1 A1^-1 - tr B0 A0^-1) / df, A1 and B1 at the sample moments (Yuan & Bentler, 2000)."""
    of_h1, of_h0, count = 0.0, 0.0, 0
    for g, share in enumerate(information.shares):
        a1 = information.of_moments(g, kind, structured=False)
        b1 = information.of_moments(g, "first.order", structured=False)
        of_h1 += float(np.trace(np.linalg.solve(a1, b1)))
        of_h0 += share * float(np.vdot(information.meat_by_group[g], inverse))
        count += len(a1)
    return _with_factors(_divided("yuan.bentler.mplus", chisq, df, of_h1 - of_h0), information, of_h0, of_h1, count)


def yuan_bentler(information: ModelInformation, inverse: Array, kind: Kind, chisq: float, df: int) -> ScaledTest:
    """Chi-square scaled by U Gamma with Gamma = A1^-1 B1 A1^-1 at the sample moments (Yuan & Bentler, 2000)."""
    trace, of_h1, of_h0, count = 0.0, 0.0, 0.0, 0
    for g, share in enumerate(information.shares):
        at_model = information.of_moments(g, kind, structured=True)
        a1 = information.of_moments(g, kind, structured=False)
        b1 = information.of_moments(g, "first.order", structured=False)
        half = np.linalg.solve(a1, b1)
        omega = np.linalg.solve(a1, half.T)
        weighted = times(at_model, information.slopes[g])
        trace += float(np.vdot(at_model, omega)) - share * float(np.vdot(inverse, weighted.T @ omega @ weighted))
        of_h1, count = of_h1 + float(np.trace(half)), count + len(a1)
        of_h0 += share * float(np.vdot(information.meat_by_group[g], inverse))
    return _with_factors(_divided("yuan.bentler", chisq, df, trace), information, of_h0, of_h1, count)


def _with_factors(
    test: ScaledTest, information: ModelInformation, of_h0: float, of_h1: float, n_moments: int
) -> ScaledTest:
    """The scaling factors of model and saturated model: their traces over the numbers of their parameters."""
    n_elements = sum(len(layout.elements.u) for layout in information.layouts)
    return replace(test, scaling_h0=of_h0 / max(n_elements, 1), scaling_h1=of_h1 / max(n_moments, 1))


def _divided(name: str, chisq: float, df: int, trace: float) -> ScaledTest:
    factor = trace / df
    if not factor > 0:
        return ScaledTest(name, float("nan"), df, float("nan"), float("nan"), float("nan"), trace)
    statistic = chisq / factor
    return ScaledTest(name, statistic, df, float(chdtrc(df, statistic)), factor, float("nan"), trace)


def block_diagonal(blocks: list[Array]) -> Array:
    """One matrix with the square blocks on its diagonal and 0 elsewhere."""
    size = sum(len(block) for block in blocks)
    whole: Any = np.zeros((size, size))
    at = 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return np.asarray(whole)
