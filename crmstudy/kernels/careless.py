"""Indices of careless answers, one value a respondent: runs, spread, consistency, and distance from the others.

Arrays are ``(n, k)`` with NaN where an answer is missing; an index that an answer pattern does not allow is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from crmstudy.kernels.moments import Array

Counts = NDArray[np.int64]
#: Squared deviations below this share of the squared values are rounding, not variation.
_ROUNDING = 1e-12
#: A correlation over two points is 1 or -1 whatever they are.
FEWEST_POINTS = 3


def longest_runs(answers: Array) -> Counts:
    """Find the longest run of equal answers in each row; NaN ends a run and is not counted."""
    longest = np.zeros(len(answers), dtype=np.int64)
    run = np.zeros(len(answers), dtype=np.int64)
    before = np.full(len(answers), np.nan)
    for column in answers.T:
        run = np.where(column == before, run + 1, np.where(np.isnan(column), 0, 1))
        longest = np.maximum(longest, run)
        before = column
    return longest


def mean_runs(answers: Array) -> Array:
    """Mean length of the runs of equal answers in each row: answers over runs; NaN without an answer."""
    given = ~np.isnan(answers)
    before = np.column_stack([np.full(len(answers), np.nan), answers[:, :-1]])
    runs = (given & (answers != before)).sum(axis=1)
    return _quotient(given.sum(axis=1).astype(float), runs.astype(float))


def answer_spread(answers: Array) -> Array:
    """Intra-individual response variability: the standard deviation (n - 1) of each row's answers; NaN below two."""
    count = (~np.isnan(answers)).sum(axis=1).astype(float)
    centred, unit = _centred(answers)
    return unit * np.sqrt(_quotient((centred**2).sum(axis=1), np.where(count > 1, count - 1.0, 0.0)))


def even_odd(halves: Sequence[tuple[Sequence[int], Sequence[int]]], answers: Array) -> Array:
    r"""Even-odd consistency: each row's correlation of its half-scale means over the scales, stepped up.

    :math:`2r/(1+r)` by Spearman-Brown, not below -1. Half means are those of the answered items; a scale counts where
    both of its halves have one, and a row needs three scales.

    Parameters
    ----------
    halves : sequence of pairs of column places
        The odd and the even items of every scale.
    answers : array of shape (n, k)
        Keyed in one direction.
    """
    first = np.column_stack([_row_means(answers[:, list(odd)]) for odd, _ in halves])
    second = np.column_stack([_row_means(answers[:, list(even)]) for _, even in halves])
    r = row_correlations(first, second)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(2.0 * r / (1.0 + r), -1.0)


def related_pairs(answers: Array, critical: float, *, opposite: bool = False) -> NDArray[np.intp]:
    """Pairs of columns whose correlation over rows is at least ``critical`` (at most its negative when ``opposite``).

    Correlations are pairwise: over the rows that have both. The result has shape (pairs, 2), first column first.
    """
    r = pairwise_correlations(answers)
    if opposite:
        r = -r
    first, second = np.triu_indices(answers.shape[1], k=1)
    with np.errstate(invalid="ignore"):
        chosen = r[first, second] >= critical
    return np.column_stack([first[chosen], second[chosen]])


def pairwise_correlations(answers: Array) -> Array:
    """Correlation of every pair of columns over the rows that have both; NaN where one of them does not vary there."""
    given = (~np.isnan(answers)).astype(float)
    with np.errstate(invalid="ignore"):
        centre = _quotient(np.nansum(answers, axis=0), given.sum(axis=0))
    filled = np.where(given > 0, answers - centre, 0.0)
    largest = np.abs(filled).max(axis=0, initial=0.0)
    filled = filled / np.where(largest > 0.0, largest, 1.0)
    count = given.T @ given
    sums = filled.T @ given
    squares = (filled**2).T @ given
    own = squares - _quotient(sums**2, count)
    both = filled.T @ filled - _quotient(sums * sums.T, count)
    own = np.where(own > _ROUNDING * squares, own, np.nan)
    return np.where(count >= FEWEST_POINTS, both / np.sqrt(own * own.T), np.nan)


def pair_consistency(answers: Array, pairs: NDArray[np.intp]) -> Array:
    """Each row's correlation between the first and the second items of the pairs; NaN below three answered pairs."""
    return row_correlations(answers[:, pairs[:, 0]], answers[:, pairs[:, 1]])


def person_total(answers: Array) -> Array:
    """Each row's correlation with the column means of all rows, over the columns it answered."""
    given = ~np.isnan(answers)
    means = _quotient(np.where(given, answers, 0.0).sum(axis=0), given.sum(axis=0).astype(float))
    return row_correlations(answers, np.broadcast_to(means, answers.shape))


def row_correlations(first: Array, second: Array) -> Array:
    """Correlation of two arrays row by row over the places that both have; NaN below three or without variation."""
    both = ~(np.isnan(first) | np.isnan(second))
    one, other = (_centred(np.where(both, values, np.nan))[0] for values in (first, second))
    product = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    r = _quotient((one * other).sum(axis=1), np.where(both.sum(axis=1) >= FEWEST_POINTS, product, 0.0))
    return np.clip(r, -1.0, 1.0)


def squared_distances(answers: Array) -> Array:
    """Compute squared Mahalanobis distances of complete rows (n × p) from their mean."""
    centred = answers - answers.mean(axis=0)
    factor = linalg.cholesky(np.cov(centred, rowvar=False, ddof=1).reshape(centred.shape[1], -1), lower=True)
    whitened = linalg.solve_triangular(factor, centred.T, lower=True)
    distances: Array = (whitened**2).sum(axis=0)
    return distances


def _centred(answers: Array) -> tuple[Array, Array]:
    """Answers less their row's mean, in units of the row's largest answer, and these units; 0 where missing.

    A row whose answers are all the same is exactly 0.
    """
    given = ~np.isnan(answers)
    filled = np.where(given, answers, 0.0)
    largest = np.abs(filled).max(axis=1, initial=0.0)
    scaled = filled / np.where(largest > 0.0, largest, 1.0)[:, None]
    count = given.sum(axis=1, keepdims=True).astype(float)
    centred = np.where(given, scaled - _quotient(scaled.sum(axis=1, keepdims=True), count), 0.0)
    varies = (centred**2).sum(axis=1) > _ROUNDING**2 * (scaled**2).sum(axis=1)
    return np.where(varies[:, None], centred, 0.0), largest


def _row_means(answers: Array) -> Array:
    given = ~np.isnan(answers)
    return _quotient(np.where(given, answers, 0.0).sum(axis=1), given.sum(axis=1).astype(float))


def _quotient(over: Array, under: Array) -> Array:
    """A quotient that is NaN where the divisor is 0."""
    quotient: Array = np.divide(over, under, out=np.full(np.shape(over), np.nan), where=under > 0)
    return quotient
