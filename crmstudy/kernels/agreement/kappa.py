"""Agreement of raters about categories and ranks: Cohen's and Fleiss' kappa and their relatives, Kendall's W.

Ratings arrive as codes 0 to c - 1: of two raters as a (c, c) table of counts, of more as an (n, m) array.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, stdtrit
from scipy.stats import rankdata

from crmstudy.kernels.moments import Array

Codes = NDArray[np.int64]
NAN = float("nan")
#: A variance of shares below this is 0 but for rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True, slots=True)
class Agreement:
    """A chance-corrected coefficient.

    ``observed`` and ``expected`` are the (weighted) agreement there is and that of chance. ``std_error`` belongs to the
    coefficient as it is, ``null_error`` to the hypothesis that it is 0.
    """

    value: float
    observed: float
    expected: float
    std_error: float = NAN
    null_error: float = NAN


def weights(c: int, kind: str) -> Array:
    """Agreement weights of c categories: ``identity``, ``linear`` 1 - d/(c-1), ``quadratic`` 1 - (d/(c-1))²."""
    if kind == "identity" or c < 2:
        return np.eye(c)
    distance = np.abs(np.subtract.outer(np.arange(c), np.arange(c))) / (c - 1.0)
    return np.asarray(1.0 - (distance if kind == "linear" else distance**2), dtype=np.float64)


def cross_table(first: Codes, second: Codes, c: int) -> Array:
    """Counts of the pairs of codes, (c, c): the first rater's categories are the rows."""
    return np.bincount(first * c + second, minlength=c * c).reshape(c, c).astype(np.float64)


def cohen(table: Array, weight: Array) -> Agreement:
    r"""Cohen's kappa, weighted by ``weight`` (the identity for the plain one).

    :math:`\kappa = (p_o - p_e)/(1 - p_e)` with the standard errors of Fleiss, Cohen and Everitt (1969): with
    :math:`\bar w_{ij} = \bar w_{i\cdot} + \bar w_{\cdot j}`,
    :math:`\{\sum p_{ij}[w_{ij} - \bar w_{ij}(1-\kappa)]^2 - [\kappa - p_e(1-\kappa)]^2\} / [n(1-p_e)^2]`, and under
    :math:`\kappa = 0` :math:`\{\sum p_{i\cdot}p_{\cdot j}[w_{ij} - \bar w_{ij}]^2 - p_e^2\} / [n(1-p_e)^2]`.
    NaN where both raters use one and the same category only: nothing is left to agree about.
    """
    n = float(table.sum())
    p = table / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    chance = np.outer(rows, columns)
    observed, expected = float((weight * p).sum()), float((weight * chance).sum())
    if expected > 1.0 - 1e-12:
        return Agreement(NAN, observed, expected)
    kappa = (observed - expected) / (1.0 - expected)
    mean = (weight @ columns)[:, None] + (rows @ weight)[None, :]
    scale = n * (1.0 - expected) ** 2
    at_it = (p * (weight - mean * (1.0 - kappa)) ** 2).sum() - (kappa - expected * (1.0 - kappa)) ** 2
    at_zero = (chance * (weight - mean) ** 2).sum() - expected**2
    std_error, null_error = (float(np.sqrt(v / scale)) if v > _ROUNDING else 0.0 for v in (at_it, at_zero))
    return Agreement(kappa, observed, expected, std_error, null_error)


def largest_kappa(table: Array) -> float:
    """The largest plain kappa that the two raters' marginals allow (Cohen, 1960)."""
    p = table / table.sum()
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    expected = float(rows @ columns)
    return (float(np.minimum(rows, columns).sum()) - expected) / (1.0 - expected) if expected < 1.0 - 1e-12 else NAN


def counts(codes: Codes, c: int) -> Array:
    """How many raters gave each unit each category, (n, c); a code of -1 is a missing rating."""
    n = len(codes)
    units = np.repeat(np.arange(n), codes.shape[1])[codes.ravel() >= 0]
    return np.bincount(units * c + codes[codes >= 0], minlength=n * c).reshape(n, c).astype(np.float64)


def fleiss(table: Array) -> Agreement:
    r"""Fleiss' kappa of an (n, c) table of counts with the same number m of ratings in every row (Fleiss, 1971).

    ``null_error`` is that of Fleiss, Nee and Landis (1979):
    :math:`\frac{\sqrt2}{\sum p_jq_j\sqrt{nm(m-1)}}\sqrt{(\sum p_jq_j)^2 - \sum p_jq_j(q_j-p_j)}`. ``std_error`` is
    Gwet's (2008) linearisation, which treats the units as a sample.
    """
    n, m = len(table), table[0].sum()
    shares = table.sum(axis=0) / (n * m)
    agreed = (np.square(table).sum(axis=1) - m) / (m * (m - 1.0))
    expected, observed = float(shares @ shares), float(agreed.mean())
    if expected > 1.0 - 1e-12:
        return Agreement(NAN, observed, expected)
    kappa = (observed - expected) / (1.0 - expected)
    spread = shares * (1.0 - shares)
    inner = max(spread.sum() ** 2 - (spread * (1.0 - 2.0 * shares)).sum(), 0.0)
    null = float(np.sqrt(2.0 * inner) / (spread.sum() * np.sqrt(n * m * (m - 1.0))))
    expected_here = table @ shares / m
    return Agreement(kappa, observed, expected, _linearised(agreed, expected_here, kappa, expected), null)


def fleiss_by_category(table: Array) -> tuple[Array, float]:
    """Kappa of each category against all others, and their common standard error under 0 (Fleiss et al., 1979)."""
    n, m = len(table), table[0].sum()
    shares = table.sum(axis=0) / (n * m)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = (table * (m - table)).sum(axis=0) / (n * m * (m - 1.0) * shares * (1.0 - shares))
    return np.asarray(1.0 - apart, dtype=np.float64), float(np.sqrt(2.0 / (n * m * (m - 1.0))))


def gwet(table: Array) -> Agreement:
    r"""Gwet's AC1 of an (n, c) table of counts with the same number of ratings in every row (Gwet, 2008).

    :math:`p_e = \sum\pi_j(1-\pi_j)/(c-1)`; c counts the categories there are, used or not.
    """
    n, c = table.shape
    m = table[0].sum()
    shares = table.sum(axis=0) / (n * m)
    agreed = (np.square(table).sum(axis=1) - m) / (m * (m - 1.0))
    if c < 2:
        return Agreement(NAN, float(agreed.mean()), 0.0)
    expected, observed = float((shares * (1.0 - shares)).sum() / (c - 1.0)), float(agreed.mean())
    value = (observed - expected) / (1.0 - expected)
    expected_here = table @ (1.0 - shares) / (m * (c - 1.0))
    return Agreement(value, observed, expected, _linearised(agreed, expected_here, value, expected))


def _linearised(agreed: Array, expected_here: Array, value: float, expected: float) -> float:
    """Gwet's (2008) standard error: the spread of the units' own contributions to the coefficient."""
    n = len(agreed)
    own = (agreed - expected) / (1.0 - expected) - 2.0 * (1.0 - value) * (expected_here - expected) / (1.0 - expected)
    return float(np.sqrt(np.square(own - value).sum() / (n * (n - 1.0)))) if n > 1 else NAN


def t_interval(value: float, std_error: float, df: float, level: float) -> tuple[float, float]:
    """The value, plus and minus a quantile of t times its standard error."""
    half = float(stdtrit(df, 0.5 + level / 2.0)) * std_error
    return value - half, value + half


def conger(codes: Codes, c: int) -> float:
    """Conger's (1980) exact kappa: Fleiss' observed agreement, chance from each rater's own marginals."""
    n, m = codes.shape
    marginals = np.stack([np.bincount(codes[:, j], minlength=c) / n for j in range(m)])
    whole = marginals.sum(axis=0)
    expected = float((whole @ whole - np.square(marginals).sum()) / (m * (m - 1.0)))
    table = counts(codes, c)
    observed = float(((np.square(table).sum(axis=1) - m) / (m * (m - 1.0))).mean())
    return (observed - expected) / (1.0 - expected) if expected < 1.0 - 1e-12 else NAN


Statistic = Callable[[Array], Array]


def bootstrap_units(n: int, replicates: int, rng: np.random.Generator, statistic: Statistic, chunk: int = 100) -> Array:
    """A statistic of bootstrap samples of n units, given by how often each unit is drawn.

    ``statistic`` takes the (b, n) numbers of times and gives b values; ``chunk`` is part of the stream's definition.
    """
    found = np.empty(replicates)
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        drawn = rng.multinomial(n, np.full(n, 1.0 / n), size=size).astype(np.float64)
        found[start : start + size] = statistic(drawn)
    return found


def cohen_of_samples(codes: Codes, c: int, weight: Array) -> Statistic:
    """Mean kappa over all pairs of raters, as a statistic of :func:`bootstrap_units`; NaN where a pair has none."""
    pairs = list(combinations(range(codes.shape[1]), 2))
    cells = [codes[:, a] * c + codes[:, b] for a, b in pairs]

    def statistic(drawn: Array) -> Array:
        total = np.zeros(len(drawn))
        for cell in cells:
            used, where = np.unique(cell, return_inverse=True)
            tables = np.zeros((len(drawn), c * c))
            tables[:, used] = drawn @ np.eye(len(used))[where]
            p = (tables / drawn.sum(axis=1, keepdims=True)).reshape(-1, c, c)
            observed = np.einsum("bij,ij->b", p, weight)
            expected = np.einsum("bi,ij,bj->b", p.sum(axis=2), weight, p.sum(axis=1))
            total += _corrected(observed, expected)
        return total / len(pairs)

    return statistic


def fleiss_of_samples(table: Array) -> Statistic:
    """Fleiss' kappa as a statistic of :func:`bootstrap_units`."""
    m = table[0].sum()
    agreed = (np.square(table).sum(axis=1) - m) / (m * (m - 1.0))

    def statistic(drawn: Array) -> Array:
        n = drawn.sum(axis=1)
        shares = drawn @ table / (n[:, None] * m)
        return _corrected(drawn @ agreed / n, np.square(shares).sum(axis=1))

    return statistic


def _corrected(observed: Array, expected: Array) -> Array:
    left = 1.0 - expected
    return np.asarray(np.where(left > 1e-12, (observed - expected) / np.where(left > 1e-12, left, 1.0), np.nan))


@dataclass(frozen=True, slots=True)
class Concordance:
    """Kendall's W of m raters ranking n units, its chi-square and F tests, the mean of all Spearman correlations."""

    w: float
    uncorrected: float
    chisq: float
    chisq_df: int
    chisq_p: float
    f: float
    f_df1: float
    f_df2: float
    f_p: float
    mean_spearman: float


def ranks(ratings: Array) -> Array:
    """Each rater's ranks of the units, ties at their mean, (n, m)."""
    return np.asarray(rankdata(ratings, axis=0), dtype=np.float64)


def tie_sum(ranked: Array) -> float:
    """Sum of t³ - t over all runs of t equal ranks of all raters."""
    total = 0.0
    for column in ranked.T:
        ties = np.unique(column, return_counts=True)[1].astype(np.float64)
        total += float((ties**3 - ties).sum())
    return total


def kendall(ratings: Array) -> Concordance:
    r"""Kendall's coefficient of concordance with the correction for ties (Kendall & Babington Smith, 1939).

    :math:`W = 12\sum(R_i-\bar R)^2 / [m^2(n^3-n) - m\sum(t^3-t)]`; :math:`\chi^2 = m(n-1)W` on n - 1 degrees of
    freedom; :math:`F = (m-1)W/(1-W)` on :math:`n-1-2/m` and m - 1 times as many (Kendall & Gibbons, 1990).
    ``uncorrected`` leaves the ties out of the denominator.
    """
    n, m = ratings.shape
    ranked = ranks(ratings)
    sums = ranked.sum(axis=1)
    spread = 12.0 * float(np.square(sums - sums.mean()).sum())
    largest = m**2 * (float(n) ** 3 - n)
    w = spread / (largest - m * tie_sum(ranked))
    w = 1.0 if w > 1.0 - 1e-14 else w
    chisq = m * (n - 1.0) * w
    f = (m - 1.0) * w / (1.0 - w) if w < 1.0 else float("inf")
    df1 = n - 1.0 - 2.0 / m
    df2 = (m - 1.0) * df1
    correlations = np.atleast_2d(np.corrcoef(ranked, rowvar=False))
    return Concordance(
        w, spread / largest, chisq, n - 1, float(chdtrc(n - 1.0, chisq)), f, df1, df2,
        float(fdtrc(df1, df2, f)) if np.isfinite(f) else 0.0,
        float(correlations[np.triu_indices(m, 1)].mean()),
    )  # fmt: skip
