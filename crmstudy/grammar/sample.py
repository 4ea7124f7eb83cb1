"""The moments a model is fitted to: from raw rows or from a covariance matrix, checked before anything is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.grammar.options import SemOptions
from crmstudy.grammar.spec import ModelSpec
from crmstudy.kernels.cbsem import Array
from crmstudy.notes import Note
from crmstudy.responses import frame_of

_SINGULAR = 1e-10


@dataclass(frozen=True)
class SampleMoments:
    """Covariance matrix (p, p) with divisor n in the order of ``names``, rows used and dropped, and what was noted."""

    names: tuple[str, ...]
    covariance: Array
    n: int
    dropped: int = 0
    notes: tuple[Note, ...] = ()


def sample_moments(spec: ModelSpec, names: Sequence[str], data: Any, options: SemOptions) -> SampleMoments:
    """Moments of the model's observed variables.

    Raises
    ------
    ModelError
        When the model names what the data do not have (each with a caret).
    DataError
        When columns are not numeric, or no data or both kinds of data are given.
    AnalysisError
        When a variable is constant, N does not exceed the number of variables, or variables are linearly dependent.
    """
    if (data is None) == (options.sample_cov is None):
        raise DataError("give either data or sample_cov= (with sample_n=), and not both.")
    if data is not None and options.sample_n is not None:
        raise DataError("sample_n= belongs to sample_cov=; with data the rows are counted.")
    if not names:
        raise ModelError("the model has no observed variable; at least one factor must be measured by columns.")
    moments = _from_covariance(spec, names, options) if data is None else _from_rows(spec, names, data)
    _check_rank(moments)
    return moments


def _from_rows(spec: ModelSpec, names: Sequence[str], data: Any) -> SampleMoments:
    frame, notes = frame_of(data)
    unknown = spec.unknown_names(list(frame.columns)) + spec.colliding_names(list(frame.columns))
    if unknown:
        raise ModelError(unknown)
    columns = frame[list(names)]
    _check_numeric(columns)
    values = columns.to_numpy(dtype=float, na_value=np.nan)
    _refuse_infinite(names, values)
    complete = np.isfinite(values).all(axis=1)
    dropped = int((~complete).sum())
    if dropped:
        values = values[complete]
        message = (
            f"{dropped} of {len(complete)} rows lack an answer to a variable of the model and were left out (listwise)."
        )
        notes = (*notes, Note("SEM_ROWS_DROPPED", message))
    n = len(values)
    _refuse_few_rows(names, n)
    span, size = np.ptp(values, axis=0), np.abs(values).max(axis=0)
    _refuse_constant([name for name, flat in zip(names, span <= 1e-12 * size, strict=True) if flat])
    centred = values - values.mean(axis=0)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        covariance = centred.T @ centred / n
    _refuse_extreme(names, covariance)
    return SampleMoments(tuple(names), covariance, n, dropped, notes)


def _check_numeric(columns: pd.DataFrame) -> None:
    faults = [
        f"'{name}' must hold numbers; its column holds {dtype}. Convert it or correct the text in it."
        for name, dtype in zip(columns.columns, columns.dtypes, strict=True)
        if not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_complex_dtype(dtype)
    ]
    if columns.columns.has_duplicates:
        twice = sorted(set(columns.columns[columns.columns.duplicated()]))
        faults.append(f"columns stand twice in the data: {', '.join(map(str, twice))}; keep one of each.")
    if faults:
        raise DataError(faults)


def _refuse_infinite(names: Sequence[str], values: Array) -> None:
    infinite = [name for name, column in zip(names, values.T, strict=True) if np.isinf(column).any()]
    if infinite:
        found = ", ".join(infinite)
        raise DataError(f"variables hold infinite values: {found}; correct them or mark them as missing.")


def _refuse_few_rows(names: Sequence[str], n: int) -> None:
    if n <= len(names):
        raise AnalysisError(
            f"N must exceed the number of observed variables: the model has {len(names)} variables and the data "
            f"{n} complete rows. Collect more answers or make the model smaller.",
            "SEM_TOO_FEW_ROWS",
        )


def _refuse_extreme(names: Sequence[str], covariance: Array) -> None:
    """Variances whose squares would leave the range of floating-point numbers."""
    variances = np.diagonal(covariance)
    extreme = [name for name, v in zip(names, variances, strict=True) if not 1e-140 < v < 1e140]
    if extreme:
        raise DataError(
            f"variables are too large or too small to compute with: {', '.join(extreme)}; change their unit."
        )


def _refuse_constant(names: Sequence[str]) -> None:
    if names:
        what = "items have" if len(names) > 1 else "item has"
        raise AnalysisError(
            f"the model needs variables that vary, but {len(names)} {what} the same value in every row used: "
            f"{', '.join(names)}. Leave {'them' if len(names) > 1 else 'it'} out of the model.",
            "SEM_CONSTANT_VARIABLE",
        )


def _from_covariance(spec: ModelSpec, names: Sequence[str], options: SemOptions) -> SampleMoments:
    matrix = options.sample_cov
    if not isinstance(matrix, pd.DataFrame):
        raise DataError(
            f"sample_cov= must be a DataFrame with the variables as index and columns; found {type(matrix).__name__}."
        )
    n = options.sample_n
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 2:
        raise DataError(f"sample_cov= needs sample_n=, the whole number of rows it was computed from; found {n!r}.")
    _refuse_few_rows(names, int(n))
    if list(matrix.index) != list(matrix.columns):
        raise DataError("sample_cov= must have the same variables, in the same order, as index and columns.")
    unknown = spec.unknown_names(list(matrix.columns)) + spec.colliding_names(list(matrix.columns))
    if unknown:
        raise ModelError(unknown)
    values = matrix.loc[list(names), list(names)].to_numpy(dtype=float)
    if not np.isfinite(values).all() or np.abs(values - values.T).max() > 1e-8 * np.abs(values).max():
        raise DataError("sample_cov= must be a full symmetric matrix without missing values.")
    _refuse_constant([name for name, variance in zip(names, np.diagonal(values), strict=True) if variance <= 0])
    _refuse_extreme(names, values)
    covariance = (values + values.T) / 2 * (n - 1) / n  # divisor n - 1 as software prints it; likelihood takes n
    return SampleMoments(tuple(names), covariance, int(n))


def _check_rank(moments: SampleMoments) -> None:
    deviation = np.sqrt(np.diagonal(moments.covariance))
    values, vectors = np.linalg.eigh(moments.covariance / np.multiply.outer(deviation, deviation))
    if values[0] < _SINGULAR:
        weights = np.abs(vectors[:, 0])
        involved = [name for name, weight in zip(moments.names, weights, strict=True) if weight > 0.1 * weights.max()]
        raise AnalysisError(
            "the sample covariance matrix must be positive definite, but these variables are linearly dependent: "
            f"{', '.join(involved)}. Leave one of them out of the model.",
            "SEM_SINGULAR_SAMPLE",
        )
