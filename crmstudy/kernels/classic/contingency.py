"""Two-way tables of counts: tests of independence, their effect sizes, and association of ordered categories.

A table is (r, c); every row and every column of it has a count above 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtri

from crmstudy.kernels.classic.location import noncentral_chisq_limits
from crmstudy.kernels.moments import Array

Codes = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Chisquare:
    """A test statistic that is compared with a chi-square distribution."""

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True)
class Association:
    """A measure of association of ordered categories.

    ``std_error`` is the asymptotic standard error (ASE1), ``null_error`` that under independence (ASE0), with which z
    is made: as SPSS and SAS print them.
    """

    name: str
    estimate: float
    std_error: float
    null_error: float


def expected_counts(table: Array) -> Array:
    """Row total times column total over the number of all."""
    return np.asarray(np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum(), dtype=np.float64)


def pearson(table: Array, *, yates: bool = False) -> Chisquare:
    r"""Pearson's :math:`\chi^2 = \sum (O-E)^2/E`; with ``yates`` each :math:`|O-E|` less ½, but not below 0."""
    expected = expected_counts(table)
    apart = np.abs(table - expected)
    if yates:
        apart = apart - min(0.5, float(apart.min()))
    return _against_chisquare(float((apart**2 / expected).sum()), table)


def likelihood_ratio(table: Array) -> Chisquare:
    r""":math:`G^2 = 2 \sum O \ln(O/E)`; empty cells add nothing."""
    there = table > 0
    ratio = np.where(there, table, 1.0) / np.where(there, expected_counts(table), 1.0)
    return _against_chisquare(float(2.0 * (table * np.log(ratio)).sum()), table)


def linear_by_linear(table: Array, rows: Array, columns: Array) -> Chisquare:
    """(n - 1) r² with the scores of the rows and columns, on 1 degree of freedom (Mantel, 1963)."""
    shares = table / table.sum()
    x, y = rows - shares.sum(axis=1) @ rows, columns - shares.sum(axis=0) @ columns
    r = float(x @ shares @ y / np.sqrt(shares.sum(axis=1) @ x**2 * (shares.sum(axis=0) @ y**2)))
    statistic = (float(table.sum()) - 1.0) * r**2
    return Chisquare(statistic, 1, float(chdtrc(1.0, statistic)))


def standardised_residuals(table: Array) -> tuple[Array, Array]:
    r"""Pearson residuals :math:`(O-E)/\sqrt E`, and adjusted ones.

    The latter are divided by :math:`\sqrt{(1-p_{i.})(1-p_{.j})}` too and are standard normal under independence
    (Haberman, 1973).
    """
    expected, n = expected_counts(table), table.sum()
    residual = (table - expected) / np.sqrt(expected)
    rest = np.outer(1.0 - table.sum(axis=1) / n, 1.0 - table.sum(axis=0) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        adjusted = np.where(rest > 0, residual / np.sqrt(rest), np.nan)
    return residual, np.asarray(adjusted, dtype=np.float64)


def cramers_v(table: Array, level: float) -> tuple[float, float, float, float]:
    r""":math:`V = \sqrt{\chi^2/(n(k-1))}`, k the smaller of r and c, with its standard error and interval.

    The standard error is the delta method's, NaN at V = 0. The interval has :math:`\sqrt{\lambda/(n(k-1))}` of the
    noncentralities :math:`\lambda` with which :math:`\chi^2` cuts off either tail; it does not end below V.

    Returns
    -------
    estimate, std_error, low, high : float
    """
    n, least = float(table.sum()), min(table.shape) - 1.0
    test = pearson(table)
    estimate = float(np.sqrt(test.statistic / (n * least)))
    p = table / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    ratio = p**2 / np.outer(rows, columns)
    slope = 2.0 * p / np.outer(rows, columns) - (ratio.sum(axis=1) / rows)[:, None] - ratio.sum(axis=0) / columns
    spread = float((p * slope**2).sum() - (p * slope).sum() ** 2) / n
    known = estimate > 1e-8
    error = float(np.sqrt(max(spread, 0.0))) / (2.0 * estimate * least) if known else float("nan")
    limits = noncentral_chisq_limits(test.statistic, float(test.df), level)
    low, high = (min(float(np.sqrt(limit / (n * least))), 1.0) for limit in limits)
    return estimate, error, low, max(high, estimate)


def corrected_v(table: Array) -> float:
    r"""Cramér's V without most of its bias (Bergsma, 2013).

    :math:`\sqrt{\tilde\varphi^2/(\tilde k-1)}` with
    :math:`\tilde\varphi^2 = \max(0, \chi^2/n - (r-1)(c-1)/(n-1))` and :math:`\tilde r = r - (r-1)^2/(n-1)`.
    """
    n, (r, c) = float(table.sum()), table.shape
    phi = max(0.0, pearson(table).statistic / n - (r - 1.0) * (c - 1.0) / (n - 1.0))
    least = min(r - (r - 1.0) ** 2 / (n - 1.0), c - (c - 1.0) ** 2 / (n - 1.0)) - 1.0
    return float(np.sqrt(phi / least)) if least > 0 else float("nan")


def odds_ratio(table: Array, level: float) -> tuple[float, float, float, float]:
    """Odds ratio ad / (bc) of a 2×2 table, the standard error of its logarithm, and Woolf's (1955) interval.

    An empty cell leaves no interval.
    """
    (a, b), (c, d) = table
    if a * d == 0 and b * c == 0:
        return (float("nan"),) * 4
    ratio = float(a * d / (b * c)) if b * c > 0 else float("inf")
    if min(a, b, c, d) == 0:
        return ratio, float("nan"), float("nan"), float("nan")
    error = float(np.sqrt((1.0 / table).sum()))
    half = float(ndtri(0.5 + level / 2.0)) * error
    return ratio, error, ratio * float(np.exp(-half)), ratio * float(np.exp(half))


def ordinal_associations(table: Array) -> tuple[Association, ...]:
    r"""Gamma, tau-b, tau-c and Somers' d of a table with ordered rows and columns (Brown & Benedetti, 1977).

    With P and Q twice the concordant and discordant pairs: :math:`\gamma=(P-Q)/(P+Q)`,
    :math:`\tau_b=(P-Q)/\sqrt{w_rw_c}`, :math:`\tau_c=k(P-Q)/((k-1)n^2)`, :math:`d(c|r)=(P-Q)/w_r`,
    :math:`w_r=n^2-\sum n_{i.}^2`. ``somers_d_columns`` has the columns as the dependent variable, ``somers_d_rows`` the
    rows.

    Returns
    -------
    tuple of Association
        ``gamma``, ``tau_b``, ``tau_c``, ``somers_d_columns``, ``somers_d_rows``.
    """
    n = float(table.sum())
    with_it, against_it = _pairs_of_cells(table)
    p, q = float((table * with_it).sum()), float((table * against_it).sum())
    d = with_it - against_it
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    wr, wc = n**2 - float((rows**2).sum()), n**2 - float((columns**2).sum())
    null = float((table * d**2).sum()) - (p - q) ** 2 / n
    root = float(np.sqrt(max(null, 0.0)))
    k = min(table.shape)

    def made(name: str, value: float, spread: float, scale: float) -> Association:
        return Association(name, value, float(np.sqrt(max(spread, 0.0))), scale * root)

    gamma = (p - q) / (p + q) if p + q > 0 else float("nan")
    spread = 16.0 / (p + q) ** 4 * float((table * (q * with_it - p * against_it) ** 2).sum()) if p + q > 0 else 0.0
    w = float(np.sqrt(wr * wc))
    tau = (p - q) / w
    v = rows[:, None] * wc + columns[None, :] * wr
    tau_spread = (float((table * (2.0 * w * d + tau * v) ** 2).sum()) - n**3 * tau**2 * (wr + wc) ** 2) / w**4
    tau_c = k * (p - q) / ((k - 1.0) * n**2)
    by_rows = (wr * d - (p - q) * (n - rows)[:, None]) ** 2
    by_columns = (wc * d - (p - q) * (n - columns)[None, :]) ** 2
    return (
        made("gamma", gamma, spread, 2.0 / (p + q) if p + q > 0 else float("nan")),
        made("tau_b", tau, tau_spread, 2.0 / w),
        made("tau_c", tau_c, (2.0 * k / ((k - 1.0) * n**2)) ** 2 * null, 2.0 * k / ((k - 1.0) * n**2)),
        made("somers_d_columns", (p - q) / wr, 4.0 / wr**4 * float((table * by_rows).sum()), 2.0 / wr),
        made("somers_d_rows", (p - q) / wc, 4.0 / wc**4 * float((table * by_columns).sum()), 2.0 / wc),
    )


def rao_scott(rows: Codes, columns: Codes, weights: Array) -> tuple[float, float, float, float, float]:
    r"""Rao and Scott's (1984) second-order correction of Pearson's chi-square for sampling weights.

    :math:`F = \chi^2/\operatorname{tr}\Delta` on :math:`d = \operatorname{tr}(\Delta)^2/\operatorname{tr}(\Delta^2)`
    and d(n - 1) degrees of freedom, :math:`\Delta` the generalised design effects of the interactions; as svychisq of
    survey for R.

    Parameters
    ----------
    rows, columns : int arrays of shape (n,)
        Places of each respondent's categories, from 0, all used.
    weights : array of shape (n,)

    Returns
    -------
    chisq, f, df, df_error, p_value : float
        ``chisq`` is Pearson's statistic of the weighted table with n as its total.
    """
    n = len(weights)
    r, c = int(rows.max()) + 1, int(columns.max()) + 1
    shares = weights / weights.sum()
    cells = np.zeros((n, r * c))
    cells[np.arange(n), rows * c + columns] = 1.0
    mean = shares @ cells
    influence = shares[:, None] * (cells - mean)
    variance = influence.T @ influence * n / (n - 1.0)
    chisq = pearson(mean.reshape(r, c) * n).statistic
    row_part, column_part = np.eye(r)[:, 1:], np.eye(c)[:, 1:]
    main = np.hstack([np.ones((r * c, 1)), np.kron(row_part, np.ones((c, 1))), np.kron(np.ones((r, 1)), column_part)])
    crossed = np.kron(row_part, column_part)
    contrast = crossed - main @ np.linalg.lstsq(main, crossed, rcond=None)[0]
    inverse = np.where(mean > 0, 1.0 / np.where(mean > 0, mean, 1.0), 0.0)
    scaled = contrast * inverse[:, None]
    simple = contrast.T @ scaled / n
    delta = np.linalg.solve(simple, scaled.T @ variance @ scaled)
    trace = float(np.trace(delta))
    df = trace**2 / float(np.trace(delta @ delta))
    return chisq, chisq / trace, df, df * (n - 1.0), float(fdtrc(df, df * (n - 1.0), chisq / trace))


def _against_chisquare(statistic: float, table: Array) -> Chisquare:
    df = (table.shape[0] - 1) * (table.shape[1] - 1)
    return Chisquare(statistic, df, float(chdtrc(float(df), statistic)))


def _pairs_of_cells(table: Array) -> tuple[Array, Array]:
    """For each cell how many observations are concordant and discordant with it."""
    r, c = table.shape
    sums = np.zeros((r + 1, c + 1))
    sums[1:, 1:] = table.cumsum(axis=0).cumsum(axis=1)
    total, below_right = sums[r, c], sums[1:, 1:]
    lower_left = sums[:-1, :-1]
    upper_right = total - sums[1:, c][:, None] - sums[r, 1:][None, :] + below_right
    lower_right = sums[:-1, c][:, None] - sums[:-1, 1:]
    upper_left = sums[r, :-1][None, :] - sums[1:, :-1]
    return lower_left + upper_right, lower_right + upper_left
