r"""How well factors reproduce correlations, with the formulas of psych's ``fa``, and what each factor explains.

With R the correlations of p variables, :math:`\hat R = L\Phi L'` with ones in its diagonal, m factors and n rows,
:math:`F = \operatorname{tr}\hat R^{-1}R - \ln|\hat R^{-1}R| - p` whatever the extraction; :math:`\chi^2 = cF` with
Bartlett's (1951) :math:`c = n - 1 - (2p+5)/6 - 2m/3`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from crmstudy.kernels.covariance.indices import ChiSquares, rmsea_interval
from crmstudy.kernels.factors.extraction import degrees_of_freedom
from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.polychoric import smoothed

_NAN = float("nan")


@dataclass(frozen=True)
class FactorFit:
    """Figures of fit.

    ``rmsr`` is the root of the mean squared residual correlation and ``crms`` the same over degrees of freedom;
    ``fit`` and ``fit_off`` are shares of squared correlations reproduced, with and without the diagonal;
    ``chisq_empirical`` is n times the squared residuals. Figures that need n, or degrees of freedom, are NaN without.
    """

    objective: float
    df: int
    chisq: float
    p_value: float
    chisq_empirical: float
    p_value_empirical: float
    baseline_chisq: float
    baseline_df: int
    rmsr: float
    crms: float
    tli: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    bic: float
    fit: float
    fit_off: float


def factor_fit(corr: Array, loadings: Array, phi: Array, n: float | None, level: float = 0.90) -> FactorFit:
    r"""Fit of a solution.

    Parameters
    ----------
    corr : (p, p) array
        Positive definite.
    loadings : (p, m) array
        Pattern.
    phi : (m, m) array
        Factor correlations.
    n : float, optional
        Rows; without it there are no tests.
    level : float
        Coverage of the interval of RMSEA.

    Notes
    -----
    :math:`RMSEA = \sqrt{\chi^2/(n\,df) - 1/(n-1)}` with ends :math:`\sqrt{\hat\delta/((n-1)df)}`;
    :math:`TLI = (M_0 - M)/(M_0 - 1/c)` with M = F/df; :math:`BIC = \chi^2 - df\ln n`. A reproduced matrix that is not
    positive definite (an improper solution) is smoothed.
    """
    p, m = loadings.shape
    df = degrees_of_freedom(p, m)
    model = loadings @ phi @ loadings.T
    residual = corr - model
    squares, off = float((residual**2).sum()), 2.0 * float((np.tril(residual, -1) ** 2).sum())
    total, total_off = float((corr**2).sum()), 2.0 * float((np.tril(corr, -1) ** 2).sum())
    np.fill_diagonal(model, 1.0)
    objective = _discrepancy(corr, smoothed(model)[0])
    null = -float(np.linalg.slogdet(corr)[1])
    baseline_df = p * (p - 1) // 2
    chisq = chisq_empirical = baseline = tli = rmsea = low = high = bic = _NAN
    if n is not None:
        factor = n - 1.0 - (2.0 * p + 5.0) / 6.0 - 2.0 * m / 3.0
        chisq, chisq_empirical = max(objective * factor, 0.0), off * n
        baseline = null * (n - 1.0 - (2.0 * p + 5.0) / 6.0)
        if df > 0:
            base, own = null / baseline_df, objective / df
            tli = (base - own) / (base - 1.0 / factor)
            rmsea = float(np.sqrt(max(chisq / (df * n) - 1.0 / (n - 1.0), 0.0)))
            low, high = rmsea_interval(ChiSquares(chisq, df, baseline, baseline_df, n - 1.0), level)
            bic = chisq - df * float(np.log(n))
    return FactorFit(
        objective=objective,
        df=df,
        chisq=chisq,
        p_value=float(chdtrc(df, chisq)) if df > 0 else _NAN,
        chisq_empirical=chisq_empirical,
        p_value_empirical=float(chdtrc(df, chisq_empirical)) if df > 0 else _NAN,
        baseline_chisq=baseline,
        baseline_df=baseline_df,
        rmsr=float(np.sqrt(off / (p * (p - 1.0)))),
        crms=float(np.sqrt(off / (2.0 * df))) if df > 0 else _NAN,
        tli=tli,
        rmsea=rmsea,
        rmsea_low=low,
        rmsea_high=high,
        bic=bic,
        fit=1.0 - squares / total,
        fit_off=1.0 - off / total_off if total_off > 0.0 else _NAN,
    )


def explained(loadings: Array, phi: Array) -> Array:
    r"""Variance that each factor explains, the diagonal of :math:`\Phi L'L`; sums of squared loadings if orthogonal."""
    return np.asarray(np.diag(phi @ loadings.T @ loadings))


def complexity(loadings: Array) -> Array:
    r"""How many factors an item measures, :math:`(\sum\lambda^2)^2/\sum\lambda^4` (Hofmann, 1978); NaN without any."""
    fourth = (loadings**4).sum(axis=1)
    above = (loadings**2).sum(axis=1) ** 2
    return np.asarray(np.divide(above, fourth, out=np.full_like(above, np.nan), where=fourth > 0.0))


def _discrepancy(corr: Array, model: Array) -> float:
    ratio = np.linalg.solve(model, corr)
    return float(np.trace(ratio) - np.linalg.slogdet(ratio)[1] - len(corr))
