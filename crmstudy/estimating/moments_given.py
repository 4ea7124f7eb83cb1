"""Moments given instead of rows: covariance matrices, correlations with standard deviations, means, by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.estimating.options import SemOptions
from crmstudy.grammar.spec import ModelSpec
from crmstudy.kernels.covariance.structure import Array

Moments = tuple[Array, Array, float]


def given_moments(names: Sequence[str], options: SemOptions, labels: tuple[str, ...], spec: ModelSpec) -> list[Moments]:
    """Covariance matrix (divisor n - 1), means (0 where none are given) and n of every group.

    Raises
    ------
    DataError, ModelError
        With what is wrong with the matrices, or what the model names and they lack.
    AnalysisError
        When a variance is 0.
    """
    many = labels != ("",)
    _check_labels(options, labels, many)
    found = []
    for label in labels:
        covariance = _pick(options.sample_cov, label, many, "sample_cov")
        n = _count(_pick(options.sample_n, label, many, "sample_n"))
        matrix = _matrix(covariance)
        unknown = spec.unknown_names(list(matrix.columns)) + spec.colliding_names(list(matrix.columns))
        if unknown:
            raise ModelError(unknown)
        values = matrix.loc[list(names), list(names)].to_numpy(dtype=float)
        _check_matrix(values, names)
        mean = np.zeros(len(names))
        if options.sample_mean is not None:
            mean = _means(_pick(options.sample_mean, label, many, "sample_mean"), names)
        elif options.meanstructure:
            raise DataError("the model has means; with sample_cov= give the means too, as sample_mean=.")
        found.append(((values + values.T) / 2.0, mean, float(n)))
    return found


def _check_labels(options: SemOptions, labels: tuple[str, ...], many: bool) -> None:
    """The same groups in all that is given by group."""
    faults = []
    for keyword in ("sample_cov", "sample_mean"):
        value = getattr(options, keyword)
        if many and isinstance(value, dict) and (extra := [str(key) for key in value if str(key) not in labels]):
            named = ", ".join(extra)
            faults.append(f"{keyword}= has groups that sample_n= has not: {named}; give their numbers of rows.")
    if faults:
        raise DataError(faults)


def _pick(value: Any, label: str, many: bool, keyword: str) -> Any:
    if not many:
        if isinstance(value, Mapping) and not all(isinstance(item, Real) for item in value.values()):
            raise DataError(f"{keyword}= is a dict by group, but sample_n= names no groups; make it a dict too.")
        return value
    named = {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}
    if label not in named:
        raise DataError(f"{keyword}= must be a dict with one entry a group; it has none for '{label}'.")
    return named[label]


def _count(n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 2:
        raise DataError(f"sample_cov= needs sample_n=, the whole number of rows it was computed from; found {n!r}.")
    return int(n)


def _matrix(given: Any) -> pd.DataFrame:
    """A full matrix: of covariances, or of correlations beside standard deviations; a lower triangle is mirrored."""
    deviations: Any = None
    if isinstance(given, tuple | list) and len(given) == 2:
        given, deviations = given
    if not isinstance(given, pd.DataFrame):
        raise DataError(
            "sample_cov= must be a DataFrame with the variables as index and columns, or a pair of such a DataFrame of "
            f"correlations and a Series of standard deviations; found {type(given).__name__}."
        )
    if list(given.index) != list(given.columns):
        raise DataError("sample_cov= must have the same variables, in the same order, as index and columns.")
    values = given.to_numpy(dtype=float, na_value=np.nan)
    upper = np.triu_indices(len(values), 1)
    if np.isnan(values[upper]).all() and len(upper[0]):
        values = values.copy()
        values[upper] = values.T[upper]
    if deviations is not None:
        series = pd.Series(deviations)
        missing = [str(name) for name in given.columns if name not in series.index]
        if missing:
            raise DataError(f"the standard deviations beside sample_cov= lack {', '.join(missing)}.")
        if np.abs(np.diagonal(values) - 1.0).max(initial=0.0) > 1e-8:
            raise DataError("with standard deviations, sample_cov= must hold correlations (1 on the diagonal).")
        spread = series.loc[list(given.columns)].to_numpy(dtype=float)
        values = values * np.multiply.outer(spread, spread)
    return pd.DataFrame(values, index=given.index, columns=given.columns)


def _check_matrix(values: Array, names: Sequence[str]) -> None:
    if not np.isfinite(values).all() or np.abs(values - values.T).max() > 1e-8 * np.abs(values).max():
        raise DataError("sample_cov= must be a full symmetric matrix (or its lower triangle) without missing values.")
    variances = np.diagonal(values)
    flat = [name for name, variance in zip(names, variances, strict=True) if variance <= 0]
    if flat:
        what = "items have" if len(flat) > 1 else "item has"
        raise AnalysisError(
            f"the model needs variables that vary, but {len(flat)} {what} no variance: {', '.join(flat)}. Leave "
            f"{'them' if len(flat) > 1 else 'it'} out of the model.",
            "SEM_CONSTANT_VARIABLE",
        )
    extreme = [name for name, v in zip(names, variances, strict=True) if not 1e-140 < v < 1e140]
    if extreme:
        raise DataError(
            f"variables are too large or too small to compute with: {', '.join(extreme)}; change their unit."
        )


def _means(given: Any, names: Sequence[str]) -> Array:
    series = pd.Series(given)
    missing = [name for name in names if name not in series.index]
    if missing:
        raise DataError(f"sample_mean= must name every variable of the model; it lacks {', '.join(missing)}.")
    values = series.loc[list(names)].to_numpy(dtype=float)
    if not np.isfinite(values).all():
        raise DataError("sample_mean= must hold numbers without missing values.")
    return values
