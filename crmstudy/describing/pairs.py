"""Correlations pair by pair, by the method asked for: estimate, standard error, test and interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtr

from crmstudy.errors import AnalysisError
from crmstudy.kernels.classic.correlation import (
    correlation_interval,
    correlation_test,
    delta_interval,
    partial_covariance,
)
from crmstudy.kernels.classic.ranks import kendall, kendall_interval
from crmstudy.kernels.classic.weighting import weighted_correlation
from crmstudy.kernels.moments import Array, average_ranks, constant_columns, correlation, covariance
from crmstudy.kernels.ordinal.polychoric import polychoric, polychoric_std_errors
from crmstudy.notes import Note

METHODS = ("pearson", "spearman", "kendall", "polychoric")
#: An item with more different answers than this is no ordered category.
MOST_CATEGORIES = 20
_Places = np.ndarray[tuple[int, ...], np.dtype[np.intp]]


@dataclass(frozen=True, eq=False)
class Pairs:
    """What was found for each pair: places ``first`` < ``second`` of its variables, of the rest one value a pair."""

    first: _Places
    second: _Places
    r: Array
    std_error: Array
    statistic: Array
    df: Array
    p_value: Array
    ci_low: Array
    ci_high: Array
    n: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    notes: tuple[Note, ...] = ()

    def matrix(self, names: tuple[str, ...]) -> pd.DataFrame:
        """The correlations as a square."""
        values = np.eye(len(names))
        values[self.first, self.second] = values[self.second, self.first] = self.r
        return pd.DataFrame(values, index=pd.Index(names, name="variable"), columns=list(names))


def all_pairs(
    names: tuple[str, ...], values: Array, method: str, held: int, level: float, sampling: Array | None = None
) -> Pairs:
    """Correlate every pair of the first variables, the last ``held`` held constant.

    Parameters
    ----------
    names : tuple of str
    values : (n, k) array
        NaN where missing; rows are complete where ``held`` is not 0.
    method : str
        One of :data:`METHODS`.
    held : int
    level : float
    sampling : (n,) array, optional
        Weights, for polychoric correlations.

    Raises
    ------
    AnalysisError
        When a pair has too few rows or does not vary in them, and when an item has too many categories.
    """
    if method == "polychoric":
        return _polychoric(names, values, level, sampling)
    if not np.isnan(values).any() and method != "kendall":
        return _together(names, values, method, held, level)
    k = values.shape[1]
    first, second = np.triu_indices(k, k=1)
    parts = [
        _pair(tuple(names[place] for place in pair), values[:, list(pair)], method, level)
        for pair in zip(first, second, strict=True)
    ]
    return _joined(first, second, parts)


def weighted_pairs(names: tuple[str, ...], values: Array, weights: Array, level: float) -> Pairs:
    """Weighted Pearson correlations with linearised standard errors, from the rows that have both."""
    first, second = np.triu_indices(len(names), k=1)
    parts = []
    for i, j in zip(first, second, strict=True):
        there = ~np.isnan(values[:, [i, j]]).any(axis=1)
        both = values[np.ix_(there, [i, j])]
        _refuse((names[i], names[j]), both, 4)
        r, error = weighted_correlation(both[:, 0], both[:, 1], weights[there])
        n = len(both)
        perfect = abs(r) > 1.0 - 1e-12
        r, error = (float(np.sign(r)), 0.0) if perfect else (r, error)
        t = float(np.inf * r) if perfect else r / error
        low, high = (r, r) if perfect else map(float, delta_interval(np.array(r), np.array(error), level))
        parts.append((r, error, t, n - 1.0, float(2.0 * stdtr(n - 1.0, -abs(t))), low, high, n))
    return _joined(first, second, parts)


def _joined(first: _Places, second: _Places, parts: Sequence[tuple[float, ...]]) -> Pairs:
    r, error, statistic, df, p_value, low, high, n = np.array(parts, dtype=np.float64).T
    return Pairs(first, second, r, error, statistic, df, p_value, low, high, n.astype(np.int64))


def _together(names: tuple[str, ...], values: Array, method: str, held: int, level: float) -> Pairs:
    """All pairs at once from complete rows."""
    n, k = len(values), values.shape[1] - held
    scores = values if method == "pearson" else np.column_stack([average_ranks(column) for column in values.T])
    cov = covariance(scores)
    if held:
        cov = _without_held(names, cov, held)
    matrix = correlation(cov)
    first, second = np.triu_indices(k, k=1)
    r = matrix[first, second]
    std_error, statistic, p_value = correlation_test(r, n, held)
    low, high = correlation_interval(r, n, level, ranks=method == "spearman", controls=held)
    size = np.full(len(r), n, dtype=np.int64)
    return Pairs(first, second, r, std_error, statistic, np.full(len(r), n - 2.0 - held), p_value, low, high, size)


def _without_held(names: tuple[str, ...], cov: Array, held: int) -> Array:
    k = len(cov) - held
    try:
        rest = partial_covariance(cov, held)
    except np.linalg.LinAlgError:
        raise AnalysisError(
            f"The variables held constant ({', '.join(names[k:])}) say the same: one is made of the others. Leave it "
            "out.",
            "CORRELATIONS_CONTROLS_DEPENDENT",
        ) from None
    explained = [names[i] for i in range(k) if rest[i, i] < 1e-10 * cov[i, i]]
    if explained:
        raise AnalysisError(
            f"{', '.join(explained)}: nothing is left when {', '.join(names[k:])} is held constant. Leave it out.",
            "CORRELATIONS_CONSTANT",
        )
    return rest


def _pair(pair: tuple[str, ...], values: Array, method: str, level: float) -> tuple[float, ...]:
    """One pair from the rows that have both."""
    both = values[~np.isnan(values).any(axis=1)]
    n = len(both)
    _refuse(pair, both, 5 if method == "kendall" else 4)
    if method == "kendall":
        found = kendall(both[:, 0], both[:, 1])
        low, high = kendall_interval(np.array(found.tau), n, level)
        nan = float("nan")
        return found.tau, found.std_error, found.z, nan, found.p_value, float(low), float(high), n
    scores = both if method == "pearson" else np.column_stack([average_ranks(column) for column in both.T])
    r = correlation(covariance(scores))[:1, 1]
    error, t, p_value = correlation_test(r, n)
    low, high = correlation_interval(r, n, level, ranks=method == "spearman")
    return float(r[0]), float(error[0]), float(t[0]), n - 2.0, float(p_value[0]), float(low[0]), float(high[0]), n


def _refuse(pair: tuple[str, ...], both: Array, least: int) -> None:
    if len(both) < least:
        raise AnalysisError(
            f"Only {len(both)} rows have both {pair[0]} and {pair[1]}; a correlation with an interval needs {least}. "
            "Leave one of them out.",
            "CORRELATIONS_TOO_FEW_ROWS",
        )
    constant = [name for name, flat in zip(pair, constant_columns(both), strict=True) if flat]
    if constant:
        raise AnalysisError(
            f"{', '.join(constant)}: all {len(both)} rows that have both {pair[0]} and {pair[1]} have the same value, "
            "and what does not vary correlates with nothing. Leave it out.",
            "CORRELATIONS_CONSTANT",
        )


def _polychoric(names: tuple[str, ...], values: Array, level: float, sampling: Array | None) -> Pairs:
    many = [
        name
        for name, column in zip(names, values.T, strict=True)
        if len(np.unique(column[~np.isnan(column)])) > MOST_CATEGORIES
    ]
    if many:
        raise AnalysisError(
            f"{', '.join(many)}: more than {MOST_CATEGORIES} different values, too many for ordered categories. Use "
            "method='pearson', or the items in place of the scale.",
            "CORRELATIONS_NOT_ORDINAL",
        )
    first, second = np.triu_indices(len(names), k=1)
    for i, j in zip(first, second, strict=True):
        both = values[:, [i, j]]
        _refuse((names[i], names[j]), both[~np.isnan(both).any(axis=1)], 4)
    found = polychoric(values, weights=sampling)
    errors = polychoric_std_errors(found)[1]
    r, error = found.correlation[first, second], errors[first, second].copy()
    bound = found.at_boundary[first, second] | ~found.converged[first, second]
    error[bound] = np.nan
    statistic = r / error
    low, high = delta_interval(r, error, level)
    notes = [
        Note(
            "CORRELATIONS_POLYCHORIC_BOUNDARY",
            f"{names[i]} ~~ {names[j]}: the likelihood has no maximum (answers nearly agree, or say too little); the "
            f"value {value:.3f} is no estimate and has no standard error.",
            "warning",
            f"{names[i]} ~~ {names[j]}",
        )
        for i, j, value, no in zip(first, second, r, bound, strict=True)
        if no
    ]
    n = found.n_pairs[first, second].astype(np.int64)
    p_value = np.asarray(2.0 * ndtr(-np.abs(statistic)))
    return Pairs(first, second, r, error, statistic, np.full(len(r), np.nan), p_value, low, high, n, tuple(notes))
