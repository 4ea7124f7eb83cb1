"""Ordinary least squares by QR, heteroscedasticity-consistent covariances, and what is read off the residuals.

NumPy, ``scipy.linalg`` and ``scipy.special`` only. ``design`` is (n, p) with the intercept, if any, as a column;
``outcome`` is (n,).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular
from scipy.special import chdtrc, fdtrc, stdtr, stdtrit

from crmstudy.kernels.moments import Array, kurtosis, skewness

#: Kinds of standard errors: ``classical`` assumes one residual variance, the others do not (MacKinnon & White, 1985).
STANDARD_ERRORS = ("HC3", "HC0", "HC1", "HC2", "classical")


def dependent_columns(design: Array, tolerance: float = 1e-9) -> tuple[int, ...]:
    """Columns that are a linear combination of the columns before them.

    A column counts as dependent when what the earlier independent columns leave of it is below ``tolerance`` of its
    length.
    """
    length = np.sqrt((design**2).sum(axis=0))
    basis = np.empty((len(design), 0))
    dependent = []
    for j, size in enumerate(length):
        if size == 0.0:
            dependent.append(j)
            continue
        column = design[:, j] / size
        for _ in range(2):  # the second pass removes what rounding left in the first
            column = column - basis @ (basis.T @ column)
        left = float(np.sqrt(column @ column))
        if left < tolerance:
            dependent.append(j)
        else:
            basis = np.column_stack([basis, column / left])
    return tuple(dependent)


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquares:
    """A fitted linear model.

    Attributes
    ----------
    coefficients : array of shape (p,)
    residuals, leverage : arrays of shape (n,)
        Observed minus fitted; diagonal of the hat matrix.
    inverse : array of shape (p, p)
        Inverse of X'X.
    design : array of shape (n, p)
    rss : float
        Residual sum of squares.
    df_resid : int
        n - p.
    """

    coefficients: Array
    residuals: Array
    leverage: Array
    inverse: Array
    design: Array
    rss: float
    df_resid: int

    @property
    def sigma(self) -> float:
        """Residual standard error."""
        return float(np.sqrt(self.rss / self.df_resid))


def least_squares(design: Array, outcome: Array) -> LeastSquares:
    """Ordinary least squares of a design of full column rank with n > p, by Householder QR of scaled columns."""
    scale = np.sqrt((design**2).sum(axis=0))
    q, r = qr(design / scale, mode="economic")
    coefficients = solve_triangular(r, q.T @ outcome) / scale
    residuals = outcome - design @ coefficients
    half = solve_triangular(r, np.eye(len(scale))) / scale[:, None]
    leverage = np.einsum("ij,ij->i", q, q)
    rss = float(residuals @ residuals)
    return LeastSquares(coefficients, residuals, leverage, half @ half.T, design, rss, len(outcome) - len(scale))


def coefficient_covariance(fit: LeastSquares, kind: str) -> Array:
    r"""Covariance matrix of the coefficients.

    ``classical`` is :math:`s^2(X'X)^{-1}`; the others are :math:`(X'X)^{-1}X'\operatorname{diag}(w_i e_i^2)X(X'X)^{-1}`
    with weight 1 (HC0), n/(n-p) (HC1), 1/(1-h) (HC2) or 1/(1-h)² (HC3).

    Raises
    ------
    ValueError
        For a kind that does not exist.
    """
    n, p = fit.design.shape
    if kind == "classical":
        return fit.sigma**2 * fit.inverse
    weights = {
        "HC0": (1.0, 0),
        "HC1": (n / (n - p), 0),
        "HC2": (1.0, 1),
        "HC3": (1.0, 2),
    }
    if kind not in weights:
        raise ValueError(f"Standard errors are one of {', '.join(STANDARD_ERRORS)}, not {kind!r}.")
    constant, power = weights[kind]
    each = constant / (1.0 - fit.leverage) ** power if power else constant
    bread = (fit.design @ fit.inverse) * (fit.residuals * np.sqrt(each))[:, None]
    return np.asarray(bread.T @ bread, dtype=np.float64)


def wald_f(estimates: Array, cov: Array, df_resid: int) -> tuple[float, float]:
    """F statistic and p that all ``estimates`` are zero, given their covariance: the Wald chi-square over its df."""
    statistic = float(estimates @ np.linalg.solve(cov, estimates)) / len(estimates)
    return statistic, float(fdtrc(len(estimates), df_resid, statistic))


def nested_f(rss_small: float, rss_large: float, df_added: int, df_resid: int) -> tuple[float, float]:
    """F statistic and p that the terms of the larger of two nested models add nothing."""
    statistic = (rss_small - rss_large) / df_added / (rss_large / df_resid)
    return statistic, float(fdtrc(df_added, df_resid, statistic))


def t_test(estimates: Array, std_errors: Array, df: float, level: float) -> tuple[Array, Array, Array, Array]:
    """Two-sided t tests against zero: statistics, p-values, and the lower and upper ends of the intervals."""
    statistics = estimates / std_errors
    half = float(stdtrit(df, 0.5 + level / 2.0)) * std_errors
    return statistics, 2.0 * stdtr(df, -np.abs(statistics)), estimates - half, estimates + half


def inflation(correlations: Array, groups: Sequence[Sequence[int]]) -> Array:
    """Variance inflation factor of each group of columns (Fox & Monette, 1992).

    For a group of one column it is the usual VIF, 1/(1 - R²). For a term with d columns (a factor, a polynomial) it is
    the generalised factor to the power 1/d, which is on the same scale.

    Parameters
    ----------
    correlations : array of shape (p, p)
        Correlations of the columns, of full rank; without an intercept the uncentred ones.
    groups : sequence of sequences of int
        Columns of each term.
    """
    _, whole = np.linalg.slogdet(correlations)
    factors = []
    for group in groups:
        rest = [j for j in range(len(correlations)) if j not in set(group)]
        own = np.linalg.slogdet(correlations[np.ix_(group, group)])[1]
        others = np.linalg.slogdet(correlations[np.ix_(rest, rest)])[1] if rest else 0.0
        factors.append(np.exp((own + others - whole) / len(group)))
    return np.asarray(factors, dtype=np.float64)


def breusch_pagan(fit: LeastSquares) -> tuple[float, int, float] | None:
    """Studentised Breusch-Pagan test (Koenker, 1981): n R² of the squared residuals on the design, its df, p.

    None where all residuals have one size, up to rounding: their squares then have no variance to explain.
    """
    squared = fit.residuals**2
    if np.ptp(squared) <= 1e-10 * float(squared.max()):
        return None
    against = least_squares(fit.design, squared)
    centred = squared - squared.mean()
    statistic = len(squared) * max(1.0 - against.rss / float(centred @ centred), 0.0)
    df = fit.design.shape[1] - 1
    return statistic, df, float(chdtrc(df, statistic))


def jarque_bera(values: Array) -> tuple[float, int, float]:
    """Jarque-Bera test of normality from the moment skewness and kurtosis: statistic, 2, p."""
    centred = values - values.mean()
    m2 = float(np.mean(centred**2))
    skew, excess = float(np.mean(centred**3)) / m2**1.5, float(np.mean(centred**4)) / m2**2 - 3.0
    statistic = len(values) / 6.0 * (skew**2 + excess**2 / 4.0)
    return statistic, 2, float(chdtrc(2, statistic))


def cooks_distances(fit: LeastSquares) -> Array:
    """Cook's distance of every row (Cook, 1977); rows of leverage 1 must not occur."""
    p = fit.design.shape[1]
    return np.asarray(
        fit.residuals**2 / (p * fit.sigma**2) * fit.leverage / (1.0 - fit.leverage) ** 2, dtype=np.float64
    )


def residual_shape(fit: LeastSquares) -> tuple[float, float]:
    """Skewness and excess kurtosis (type 2) of the residuals."""
    return skewness(fit.residuals), kurtosis(fit.residuals)


def full_leverage(fit: LeastSquares) -> NDArray[np.intp]:
    """Rows that the model fits by a coefficient of their own (leverage 1)."""
    return np.flatnonzero(fit.leverage > 1.0 - 1e-10)
