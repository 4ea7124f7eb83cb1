"""Tests on ranks: Kendall's tau-b, Wilcoxon's signed ranks with the Hodges–Lehmann estimate, Friedman."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import fdtrc, gammaincc, ndtr, ndtri, stdtr
from scipy.stats import studentized_range

from crmstudy.kernels.moments import Array, average_ranks

#: Exact distributions are used for fewer observations than this, when there are no ties, as in R.
EXACT_BELOW = 50
#: Of more different values than this the averages of pairs are not listed but searched.
_MOST_LISTED = 3000


@dataclass(frozen=True, slots=True)
class Kendall:
    """Kendall's tau-b with its standard error under independence, z, two-sided p, and whether p is exact."""

    tau: float
    std_error: float
    z: float
    p_value: float
    exact: bool


@dataclass(frozen=True, slots=True)
class SignedRanks:
    """Wilcoxon's signed-rank test.

    ``used`` is the number of differences other than 0, ``positive`` the sum V of the ranks of the positive ones, ``z``
    with continuity correction, ``p_value`` exact where ``exact``, else from ``z``; ``z_uncorrected`` and
    ``p_uncorrected`` without the correction. ``rank_biserial`` is (V+ - V-) / (V+ + V-).
    """

    used: int
    positive: float
    z: float
    p_value: float
    exact: bool
    z_uncorrected: float
    p_uncorrected: float
    rank_biserial: float


@dataclass(frozen=True, slots=True)
class Friedman:
    """Friedman's test of k related samples, corrected for ties, and what follows from it.

    ``f`` is the statistic of Iman and Davenport (1980) on ``df`` and ``df_error`` degrees of freedom, ``w`` Kendall's
    coefficient of concordance. ``mean_ranks`` (k,), ``ranks`` (n, k).
    """

    chisq: float
    df: int
    p_value: float
    f: float
    df_error: int
    p_f: float
    w: float
    mean_ranks: Array
    ranks: Array


def ties(values: Array) -> Array:
    """How many observations share each value that occurs more than once."""
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return np.asarray(counts[counts > 1.0])


def kendall(x: Array, y: Array) -> Kendall:
    r"""Kendall's :math:`\tau_b = S / \sqrt{(T_0-T_x)(T_0-T_y)}` and the test of independence.

    S is the number of concordant less discordant pairs, :math:`T_0 = n(n-1)/2`, :math:`T_x` and :math:`T_y` the pairs
    tied in one variable. The variance of S under independence is corrected for ties (Kendall, 1970, ch. 4). Without
    ties and for n < 50 p is exact; as R's cor.test.

    Parameters
    ----------
    x, y : arrays of shape (n,)
        Complete, not constant, n > 2.

    Returns
    -------
    Kendall
    """
    n = float(len(x))
    s = concordance(x, y)
    tx, ty = ties(x), ties(y)
    pairs = n * (n - 1.0) / 2.0
    untied = np.sqrt(pairs - (tx * (tx - 1.0)).sum() / 2.0) * np.sqrt(pairs - (ty * (ty - 1.0)).sum() / 2.0)
    variance = (_fives(np.array([n])) - _fives(tx) - _fives(ty)) / 18.0
    variance += (tx * (tx - 1.0)).sum() * (ty * (ty - 1.0)).sum() / (2.0 * n * (n - 1.0))
    thirds = (tx * (tx - 1.0) * (tx - 2.0)).sum() * (ty * (ty - 1.0) * (ty - 2.0)).sum()
    variance += thirds / (9.0 * n * (n - 1.0) * (n - 2.0))
    tau = float(np.clip(s / untied, -1.0, 1.0))
    error = float(np.sqrt(variance)) / float(untied)
    z = float(s / np.sqrt(variance))
    exact = not len(tx) and not len(ty) and n < EXACT_BELOW
    if exact:
        counts = _inversions(int(n))
        below = round((pairs - abs(s)) / 2.0)  # pairs in the rarer order: as extreme, on either side
        return Kendall(tau, error, z, float(min(1.0, 2.0 * counts[: below + 1].sum())), True)
    return Kendall(tau, error, z, float(2.0 * ndtr(-abs(z))), False)


def concordance(x: Array, y: Array) -> float:
    """Concordant less discordant pairs; through the table of the values where they are few."""
    _, row = np.unique(x, return_inverse=True)
    _, col = np.unique(y, return_inverse=True)
    shape = (int(row.max()) + 1, int(col.max()) + 1)
    if shape[0] * shape[1] <= 4 * len(x):
        table = np.zeros(shape)
        np.add.at(table, (row, col), 1.0)
        below = np.zeros((shape[0] + 1, shape[1] + 1))
        below[1:, 1:] = table.cumsum(axis=0).cumsum(axis=1)
        smaller = below[:-1, :-1]  # pairs lower in both
        higher = below[:-1, -1:] - below[:-1, 1:]  # lower in the row, higher in the column
        return float((table * (smaller - higher)).sum())
    total = 0.0
    for i in range(1, len(x)):
        total += float((np.sign(x[i] - x[:i]) * np.sign(y[i] - y[:i])).sum())
    return total


def kendall_interval(tau: Array, n: Array | float, level: float) -> tuple[Array, Array]:
    r"""Interval :math:`\tanh(\operatorname{artanh} \tau \pm z\sqrt{.437/(n-4)})`, n > 4.

    The variance is that of Fieller, Hartley and Pearson (1957); see Bonett and Wright (2000).
    """
    half = float(ndtri(0.5 + level / 2.0)) * np.sqrt(0.437 / (np.asarray(n, dtype=np.float64) - 4.0))
    with np.errstate(divide="ignore"):
        z = np.arctanh(tau)
    return np.asarray(np.tanh(z - half)), np.asarray(np.tanh(z + half))


def signed_ranks(differences: Array) -> SignedRanks:
    r"""Wilcoxon's signed-rank test of symmetry around 0, zeros left out.

    :math:`z = (V - n(n+1)/4 \mp 1/2) / \sigma` with :math:`\sigma^2 = n(n+1)(2n+1)/24 - \sum(t^3-t)/48`. Exact for
    n < 50 without ties and zeros. As R's wilcox.test with its defaults; SPSS has no continuity correction.

    Parameters
    ----------
    differences : array of shape (n,)
        Complete; at least one is not 0.

    Returns
    -------
    SignedRanks
    """
    apart = differences[differences != 0.0]
    n = len(apart)
    ranks = average_ranks(np.abs(apart))
    positive = float(ranks[apart > 0.0].sum())
    tied = ties(np.abs(apart))
    sigma = float(np.sqrt(n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - (tied**3 - tied).sum() / 48.0))
    centred = positive - n * (n + 1.0) / 4.0
    corrected = (centred - np.sign(centred) * 0.5) / sigma
    exact = not len(tied) and n == len(differences) and n < EXACT_BELOW
    p_value = 2.0 * float(ndtr(-abs(corrected)))
    if exact:
        lower = int(min(positive, n * (n + 1) / 2 - positive))
        p_value = 2.0 * float(_rank_sums(n)[: lower + 1].sum())
    plain = centred / sigma
    return SignedRanks(
        n, positive, float(corrected), min(1.0, p_value), exact, float(plain), float(2.0 * ndtr(-abs(plain))),
        4.0 * centred / (n * (n + 1.0)),
    )  # fmt: skip


def hodges_lehmann(values: Array, level: float) -> tuple[float, float, float]:
    r"""Median of the n(n+1)/2 averages of pairs (each value with itself too), and its interval.

    The limits are the averages at the places q and n(n+1)/2 + 1 - q, with q the quantile of the signed-rank
    distribution (Hollander, Wolfe & Chicken, 2014, sec. 3.3), exact for n < 200.

    Parameters
    ----------
    values : array of shape (n,)
        Complete.
    level : float

    Returns
    -------
    estimate, low, high : float
    """
    n = len(values)
    total = n * (n + 1) // 2
    tail = (1.0 - level) / 2.0
    if n < 200:
        place = int(np.searchsorted(np.cumsum(_rank_sums(n)), tail, side="left"))
    else:
        spread = np.sqrt(n * (n + 1.0) * (2.0 * n + 1.0) / 24.0)
        place = int(np.round(total / 2.0 + float(ndtri(tail)) * spread))
    place = max(place, 1)
    middle = [(total + 1) // 2, total // 2 + 1]
    low, first, second, high = _pair_averages(values, [place, *middle, total + 1 - place])
    return (first + second) / 2.0 + 0.0, low + 0.0, high + 0.0  # no minus zero


def friedman(values: Array) -> Friedman:
    r"""Friedman's test.

    :math:`\chi^2 = \frac{12\sum_j (R_j - n(k+1)/2)^2}{nk(k+1) - \sum(t^3-t)/(k-1)}` with rank sums :math:`R_j`;
    :math:`F = (n-1)\chi^2/(n(k-1)-\chi^2)` (Iman & Davenport, 1980); :math:`W = \chi^2/(n(k-1))`.

    Parameters
    ----------
    values : array of shape (n, k)
        Complete rows, n > 1, k > 1; not every row constant.

    Returns
    -------
    Friedman
        With an infinite ``f`` when all rows have the same order.
    """
    n, k = values.shape
    ranks = row_ranks(values)
    sums = ranks.sum(axis=0)
    # the sum of squared ranks tells the ties: n k (k+1)(2k+1)/6 less sum(t^3 - t)/12
    excess = (ranks**2).sum() - n * k * (k + 1.0) ** 2 / 4.0
    chisq = float((k - 1.0) * ((sums - n * (k + 1.0) / 2.0) ** 2).sum() / excess)
    df, error = k - 1, (k - 1) * (n - 1)
    rest = n * (k - 1.0) - chisq
    f = float("inf") if rest <= 1e-9 * n else (n - 1.0) * chisq / rest
    p_f = 0.0 if np.isinf(f) else float(fdtrc(df, error, f))
    p_value = float(gammaincc(df / 2.0, chisq / 2.0))
    return Friedman(chisq, df, p_value, f, error, p_f, min(chisq / (n * (k - 1.0)), 1.0), sums / n, ranks)


def row_ranks(values: Array) -> Array:
    """Ranks within each row of an (n, k) array; ties share the mean of their ranks."""
    less = (values[:, :, None] > values[:, None, :]).sum(axis=2)
    same = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    return np.asarray(less + (same + 1.0) / 2.0, dtype=np.float64)


def concordance_replicates(ranks: Array, counts: Array) -> Array:
    """Kendall's W of samples (b, n) that hold each row of ranks (n, k) a number of times."""
    n, k = ranks.shape
    sums = counts @ ranks
    excess = counts @ (ranks**2).sum(axis=1) - n * k * (k + 1.0) ** 2 / 4.0
    return np.asarray(((sums - n * (k + 1.0) / 2.0) ** 2).sum(axis=1) / (n * excess))


def friedman_pairs(found: Friedman) -> dict[str, Array]:
    r"""Comparisons of every pair of mean ranks after Friedman's test.

    ``z`` is the difference of the mean ranks over :math:`\sqrt{k(k+1)/(6n)}`: as SPSS prints it, with p from the
    normal distribution (``p_dunn``), and with p from the studentised range (``p_nemenyi``; Nemenyi, 1963).
    ``t_conover`` and ``p_conover`` (Conover, 1999, sec. 5.8) use the ranks' own variance on (n-1)(k-1) degrees of
    freedom. None is adjusted but Nemenyi's, which is by its distribution.

    Returns
    -------
    dict of (k (k-1) / 2,) arrays
        ``first`` and ``second`` (places), ``difference``, ``std_error``, ``z``, ``p_dunn``, ``p_nemenyi``,
        ``t_conover``, ``p_conover``.
    """
    n, k = found.ranks.shape
    first, second = np.triu_indices(k, k=1)
    difference = found.mean_ranks[first] - found.mean_ranks[second]
    error = float(np.sqrt(k * (k + 1.0) / (6.0 * n)))
    z = difference / error
    sums = found.ranks.sum(axis=0)
    spread = np.sqrt(max(2.0 * (n * (found.ranks**2).sum() - (sums**2).sum()), 0.0) / ((n - 1.0) * (k - 1.0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(difference == 0.0, 0.0, n * difference / spread)
    return {
        "first": first,
        "second": second,
        "difference": difference,
        "std_error": np.full(len(z), error),
        "z": z,
        "p_dunn": np.asarray(2.0 * ndtr(-np.abs(z))),
        "p_nemenyi": np.asarray(studentized_range.sf(np.abs(z) * np.sqrt(2.0), k, np.inf)),
        "t_conover": t,
        "p_conover": np.asarray(2.0 * stdtr(float(found.df_error), -np.abs(t))),
    }


def _fives(t: Array) -> float:
    return float((t * (t - 1.0) * (2.0 * t + 5.0)).sum())


@lru_cache(maxsize=64)
def _inversions(n: int) -> Array:
    """Probabilities of 0, 1, ... inversions of a random order of n."""
    shares = np.ones(1)
    for size in range(2, n + 1):
        shares = np.convolve(shares, np.full(size, 1.0 / size))
    return shares


@lru_cache(maxsize=64)
def _rank_sums(n: int) -> Array:
    """Probabilities of 0, 1, ... n(n+1)/2 as the sum of the positive ranks among n."""
    shares = np.ones(1)
    for rank in range(1, n + 1):
        more = np.zeros(len(shares) + rank)
        more[: len(shares)] += shares / 2.0
        more[rank:] += shares / 2.0
        shares = more
    return shares


def _pair_averages(values: Array, places: list[int]) -> list[float]:
    """The averages of pairs at these places (from 1) in the order of their size."""
    different, counts = np.unique(values, return_counts=True)
    if len(different) <= _MOST_LISTED:
        i, j = np.triu_indices(len(different))
        times = np.where(i == j, counts[i] * (counts[i] + 1) // 2, counts[i] * counts[j])
        averages = (different[i] + different[j]) / 2.0
        order = np.argsort(averages, kind="stable")
        reached = np.cumsum(times[order])
        return [float(averages[order][np.searchsorted(reached, place)]) for place in places]
    ordered = np.sort(values)
    return [_searched(ordered, place) for place in places]


def _searched(ordered: Array, place: int) -> float:
    """The average of pairs at a place, found by halving the range."""
    low, high = float(ordered[0]), float(ordered[-1])
    for _ in range(200):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        both = np.searchsorted(ordered, 2.0 * middle - ordered, side="right")
        own = int((ordered <= middle).sum())
        if (int(both.sum()) + own) // 2 >= place:
            high = middle
        else:
            low = middle
    return high
