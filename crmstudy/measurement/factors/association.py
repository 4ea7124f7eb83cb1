"""The correlations of items that factors are looked for in, and the people behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmstudy.errors import AnalysisError
from crmstudy.kernels.covariance.em import saturated_moments
from crmstudy.kernels.covariance.missing import missing_patterns
from crmstudy.kernels.factors.retention import pairwise_correlation
from crmstudy.kernels.moments import Array, complete_rows, constant_columns, correlation, covariance
from crmstudy.kernels.ordinal.polychoric import PolychoricMoments, polychoric, smoothed
from crmstudy.notes import Note
from crmstudy.numerals import write_number

MISSING = ("listwise", "pairwise", "em")
#: Items with more values than this are no ordinal items.
MOST_CATEGORIES = 20
#: A correlation matrix with a smaller eigenvalue than this is not inverted.
_SMALLEST = 1e-8


@dataclass(frozen=True, eq=False)
class Association:
    """Correlations of items.

    Attributes
    ----------
    items : tuple of str
    corr : array of shape (k, k)
        Positive definite, if need be after smoothing.
    values : array of shape (rows, k)
        The answers behind it; complete unless ``missing`` is another treatment than listwise.
    n : int
        Rows used.
    dropped : int
        Rows left out.
    ordinal : PolychoricMoments or None
        What the polychoric correlations rest on.
    changed : bool
        The matrix was smoothed.
    """

    items: tuple[str, ...]
    corr: Array
    values: Array
    n: int
    dropped: int
    ordinal: PolychoricMoments | None
    changed: bool


def associate(items: tuple[str, ...], values: Array, *, ordinal: bool, missing: str) -> tuple[Association, list[Note]]:
    """Pearson or polychoric correlations of the items, with notes on what became of missing answers and of the matrix.

    Parameters
    ----------
    items : tuple of str
        Three at least.
    values : array of shape (n, k)
        NaN where missing.
    ordinal : bool
        Polychoric correlations.
    missing : {"listwise", "pairwise", "em"}
        Rows without a missing answer; each pair from the rows that have both; maximum likelihood under normality (not
        for ordinal ones).

    Raises
    ------
    AnalysisError
        When there are too few items or rows, or an item does not vary; every such item is named.
    """
    _refuse_few_items(items)
    answered = ~np.isnan(values)
    kept = complete_rows(values) if missing == "listwise" else answered.any(axis=1)
    used, n = values[kept], int(kept.sum())
    _refuse_impossible(items, values, used, missing)
    notes = _missing_notes(values, used, missing)
    found: PolychoricMoments | None = None
    if ordinal:
        found = polychoric(used)
        matrix = found.correlation
        notes += _polychoric_notes(items, found)
    elif missing == "listwise":
        matrix = correlation(covariance(used))
    elif missing == "pairwise":
        matrix = pairwise_correlation(used)
    else:
        matrix = _likeliest(used)
    _refuse_unpaired(items, matrix)
    smooth, changed = smoothed(matrix, _SMALLEST, _SMALLEST)
    if changed:
        notes.append(_smoothing_note(items, matrix, smooth))
    return Association(items, smooth, used, n, len(values) - n, found, changed), notes


def _refuse_few_items(items: tuple[str, ...]) -> None:
    if len(items) < 3:
        raise AnalysisError(
            f"Factors need three items or more, and there {'is' if len(items) == 1 else 'are'} {len(items)} "
            f"({', '.join(items)}). Name more with `items`.",
            "FACTORS_TOO_FEW_ITEMS",
        )


def _refuse_impossible(items: tuple[str, ...], values: Array, used: Array, missing: str) -> None:
    empty = [name for name, column in zip(items, values.T, strict=True) if np.isnan(column).all()]
    if empty:
        raise AnalysisError(
            f"{', '.join(empty)}: every answer is missing. Leave {'it' if len(empty) == 1 else 'them'} out.",
            "FACTORS_ALL_MISSING",
        )
    needed = len(items) + 2
    if len(used) < needed:
        blame = ""
        if missing == "listwise" and len(values) >= needed:
            gaps = np.isnan(values).sum(axis=0)
            worst = int(gaps.argmax())
            blame = f" Most answers are missing in {items[worst]} ({int(gaps[worst])}): leave it out, or use another "
            blame += "treatment of missing answers."
        kind = "complete rows" if missing == "listwise" else "rows with an answer"
        raise AnalysisError(
            f"There are {len(used)} {kind} of {len(values)}, and {len(items)} items need {needed} at least (many more "
            f"for a stable answer).{blame}",
            "FACTORS_TOO_FEW_ROWS",
        )
    if missing == "listwise":
        flat = [name for name, constant in zip(items, constant_columns(used), strict=True) if constant]
    else:
        flat = [name for name, column in zip(items, used.T, strict=True) if np.ptp(column[~np.isnan(column)]) == 0.0]
    if flat:
        raise AnalysisError(
            f"{', '.join(flat)}: all {len(used)} rows used have the same answer, and what does not vary correlates "
            f"with nothing. Leave {'it' if len(flat) == 1 else 'them'} out.",
            "FACTORS_CONSTANT",
        )


def _missing_notes(values: Array, used: Array, missing: str) -> list[Note]:
    dropped, notes = len(values) - len(used), []
    if dropped:
        why = "an item is missing" if missing == "listwise" else "no item is answered"
        message = f"{dropped} of {len(values)} rows are left out because {why}."
        notes.append(Note("FACTORS_ROWS_DROPPED", message))
    if missing == "pairwise" and np.isnan(used).any():
        answered = (~np.isnan(used)).astype(float)
        fewest = int((answered.T @ answered).min())
        message = (
            f"Each correlation rests on the rows that have both items, {write_number(fewest, 'n')} at least; tests "
            f"that need one number of rows take all {write_number(len(used), 'n')} and are a little too sure."
        )
        notes.append(Note("FACTORS_PAIRWISE", message))
    return notes


def _polychoric_notes(items: tuple[str, ...], found: PolychoricMoments) -> list[Note]:
    notes = []
    first, second = found.pairs

    def named(mask: NDArray[np.bool_]) -> str:
        listed = [f"{items[i]} with {items[j]}" for i, j in zip(first, second, strict=True) if mask[i, j]]
        more = f" and {len(listed) - 6} more" if len(listed) > 6 else ""
        return ", ".join(listed[:6]) + more

    if found.at_boundary.any():
        message = (
            f"The polychoric correlation of {named(found.at_boundary)} has no estimate inside the range: the table of "
            "the two items has its answers in a corner or on a diagonal. Join rare categories, or leave an item out."
        )
        notes.append(Note("FACTORS_POLYCHORIC_BOUNDARY", message, "warning"))
    if not found.converged.all():
        message = f"The search for the polychoric correlation of {named(~found.converged)} did not come to rest."
        notes.append(Note("FACTORS_POLYCHORIC_UNSETTLED", message, "warning"))
    sparse = int(found.empty_cells[first, second].sum())
    if sparse:
        message = (
            f"{sparse} of {len(first)} tables of two items have an empty cell; polychoric correlations are less stable "
            "there."
        )
        notes.append(Note("FACTORS_EMPTY_CELLS", message))
    return notes


def _likeliest(used: Array) -> Array:
    """Correlations of the means and covariances that are likeliest under normality given all answers (EM)."""
    found = saturated_moments(missing_patterns(used), used.shape[1])
    if found is None:
        raise AnalysisError(
            "The covariances of these items cannot be estimated by maximum likelihood from the answers there are: a "
            "pair is hardly ever answered together, or an item repeats others. Use missing='listwise'.",
            "FACTORS_NO_LIKELIHOOD",
        )
    return correlation(found.covariance)


def _refuse_unpaired(items: tuple[str, ...], matrix: Array) -> None:
    rows, columns = np.nonzero(np.triu(np.isnan(matrix), 1))
    if len(rows):
        listed = ", ".join(f"{items[i]} and {items[j]}" for i, j in list(zip(rows, columns, strict=True))[:6])
        raise AnalysisError(
            f"{listed}: among the rows that have both, one does not vary, or there are none. Leave one of them out.",
            "FACTORS_UNPAIRED",
        )


def _smoothing_note(items: tuple[str, ...], matrix: Array, smooth: Array) -> Note:
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    moved = float(np.abs(matrix - smooth).max())
    largest = np.abs(np.triu(matrix, 1))
    i, j = np.unravel_index(int(largest.argmax()), largest.shape)
    message = (
        f"The correlation matrix is not positive definite (smallest eigenvalue {lowest:.2g}), so it was smoothed; no "
        f"correlation moved by more than {moved:.2g}. The largest correlation is that of {items[i]} with {items[j]} "
        f"({write_number(float(matrix[i, j]), 'r', decimals=3)}): an item that repeats others should be left out."
    )
    return Note("FACTORS_SMOOTHED", message, "warning")
