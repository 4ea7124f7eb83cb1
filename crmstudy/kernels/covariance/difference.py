r"""Differences of chi-squares of nested models: plain, scaled, and scaled and shifted.

``1`` is the larger model (more parameters, fewer degrees of freedom), ``0`` the smaller one nested in it. The mean of
the difference, were the smaller model true, is a trace; divided by the difference of the degrees of freedom it is the
scaling factor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from crmstudy.kernels.covariance.constrained import null_space
from crmstudy.kernels.covariance.optimise import unit_diagonal
from crmstudy.kernels.covariance.structure import Array

_RANK = 1e-8


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of chi-squares.

    ``plain`` is the difference of the two statistics, ``statistic`` on ``df`` what it is corrected to (NaN where the
    correction fails), ``trace`` the mean of ``plain`` under the smaller model, ``shift`` what was added.
    """

    plain: float
    statistic: float
    df: float
    p_value: float
    trace: float
    shift: float = float("nan")


def plain_difference(chisq1: float, df1: float, chisq0: float, df0: float) -> Difference:
    """The difference of two statistics that are chi-square distributed."""
    df = df0 - df1
    return _difference(chisq0 - chisq1, 1.0, df, df)


def mean_scaled_difference(
    chisq1: float, df1: float, trace1: float, chisq0: float, df0: float, trace0: float
) -> Difference:
    r"""The difference over its mean (Satorra & Bentler, 2001, 2010).

    :math:`(T_0 - T_1) / \{(d_0c_0 - d_1c_1)/(d_0 - d_1)\}`, where ``trace`` is :math:`dc`, degrees of freedom times
    scaling factor of a model: that of the larger model at its own estimates (2001), or at those of the smaller (2010).
    """
    df, trace = df0 - df1, trace0 - trace1
    return _difference(chisq0 - chisq1, trace / df if df else math.nan, df, trace)


def traces(sandwich: Array, inverse: Array, restriction: Array) -> tuple[float, float]:
    r"""Traces of U Gamma and of its square for a restriction of the larger model (Satorra, 2000).

    With :math:`P` the inverse information and :math:`M = PA'(APA')^{-}AP` they are those of :math:`MS` and
    :math:`MSMS`.

    Parameters
    ----------
    sandwich : (q, q) array
        :math:`S = D'V\Gamma VD`.
    inverse : (q, q) array
        Inverse information of the larger model's parameters (singular where these are constrained).
    restriction : (m, q) array
        Slopes of the functions that the smaller model holds constant.
    """
    along = restriction @ inverse
    scaled, scale = unit_diagonal(along @ restriction.T)
    middle = np.multiply.outer(scale, scale) * np.linalg.pinv((scaled + scaled.T) / 2.0, rcond=_RANK, hermitian=True)
    product = along.T @ middle @ along @ sandwich
    return float(np.trace(product)), float(np.vdot(product, product.T))


def satorra_2000(
    plain: float, df: float, trace: float, squared: float, *, shifted: bool, mean_and_variance: bool
) -> Difference:
    """The difference by the traces of U Gamma (Satorra, 2000; shifted: Asparouhov & Muthén, 2010).

    Scaled and shifted so that mean and variance are those of chi-square on ``df``; or mean and degrees of freedom
    adjusted; or divided by its mean.
    """
    if not df or not trace > 0 or not squared > 0:
        return Difference(plain, math.nan, df, math.nan, trace)
    if shifted:
        slope = math.sqrt(df / squared)
        shift = df - slope * trace
        statistic = plain * slope + shift
        return Difference(plain, statistic, df, _p_value(statistic, df), trace, shift)
    if mean_and_variance:
        adjusted = trace**2 / squared
        return _difference(plain, squared / trace, adjusted, trace)
    return _difference(plain, trace / df, df, trace)


def restriction_by_slopes(slopes1: Array, slopes0: Array) -> Array:
    """The restriction (m, q1) of the larger model's parameters that the smaller one's slopes of the moments imply.

    What moves the moments as the smaller model does is a part of what moves them as the larger one does; the rest of
    the directions, orthogonal to that part, is held back.

    Parameters
    ----------
    slopes1, slopes0 : (k, q1), (k, q0) arrays
        Derivatives of the moments by the parameters of each model, free of constraints.
    """
    inside = np.asarray(np.linalg.lstsq(slopes1, slopes0, rcond=None)[0], dtype=np.float64)
    return null_space(inside.T).T


def rmsea_of_difference(difference: Difference, df: float, n: float, groups: int) -> float:
    r"""RMSEA_D (Browne & Du Toit, 1992): misfit that the restriction adds, per degree of freedom.

    :math:`\sqrt{G\max(\Delta T - t, 0) / (N\,\Delta d)}`, where t is the mean of the difference under the smaller
    model: its degrees of freedom, or the trace of a scaled difference.
    """
    if df <= 0 or not math.isfinite(difference.trace):
        return math.nan
    return math.sqrt(groups * max(difference.plain - difference.trace, 0.0) / (n * df))


def rank_within(restriction: Array, basis: Array | None) -> int:
    """How many of the restrictions (m, q) bind parameters that move along ``basis`` (q, b)."""
    inside = restriction if basis is None else restriction @ basis
    if not inside.size:
        return 0
    return int(inside.shape[1] - null_space(inside).shape[1])


def _difference(plain: float, factor: float, df: float, trace: float) -> Difference:
    if not factor > 0:
        return Difference(plain, plain if not df else math.nan, df, math.nan, trace)
    statistic = float(plain / factor)
    return Difference(plain, statistic, df, _p_value(statistic, df), float(trace))


def _p_value(statistic: float, df: float) -> float:
    return float(chdtrc(df, max(statistic, 0.0))) if df > 0 else math.nan
