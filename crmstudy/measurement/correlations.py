"""Correlations among variables, with intervals and p-values corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import HeatMap
from crmstudy.errors import AnalysisError, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.correlation import correlation_interval, correlation_test
from crmstudy.kernels.moments import (
    Array,
    average_ranks,
    complete_rows,
    constant_columns,
    correlation,
    covariance,
)
from crmstudy.kernels.multiplicity import ADJUSTMENTS, adjusted
from crmstudy.measurement.selection import coverage_faults, left_out, named_columns, numeric_columns, numeric_values
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.scoring import analysis_frame

METHODS = ("pearson", "spearman")


@dataclass(frozen=True, eq=False, repr=False)
class CorrelationResult(Result):
    """Correlations among two variables or more.

    ``estimates`` has a row for each pair (term ``a ~~ b``, the correlation as estimate) and the last columns
    ``p_adjusted`` and ``n``. Tables: ``matrix`` (square, variables as index), ``descriptives`` (term, n, mean, sd).
    """

    kind: ClassVar[str] = "correlations"

    @property
    def text(self) -> str:
        """How many pairs differ from zero, and the strongest of them."""
        table, level = self.estimates, 1.0 - self.call["level"]
        name = {"pearson": "Pearson", "spearman": "Spearman"}[self.call["method"]]
        found = int((table["p_adjusted"] < level).sum())
        top = table.iloc[int(np.argmax(np.abs(table["estimate"].to_numpy())))]
        symbol = "r" if self.call["method"] == "pearson" else "ρ"
        interval = write_number((top["ci_low"], top["ci_high"]), "interval_r")
        correction = "" if self.call["adjust"] == "none" else f", {self.call['adjust'].title()}-adjusted"
        return (
            f"{found} of {len(table)} {name} correlations differ from zero at "
            f"{write_number(level, 'p', decimals=2)} (N = {write_number(self.n, 'n')}{correction}); the strongest is "
            f"{top['term'].replace(' ~~ ', ' with ')}, {symbol}({write_number(top['df'], 'df')}) = "
            f"{write_number(top['estimate'], 'r')}, {self.call['level']:.0%} CI {interval}, "
            f"{p_phrase(top['p_adjusted'])}."
        )

    def plot(self) -> HeatMap:
        """The matrix as a heat map."""
        matrix = self.tables["matrix"]
        return HeatMap(
            title="Correlations",
            alt=f"Correlations among {len(matrix)} variables. {self.text}",
            names=tuple(map(str, matrix.columns)),
            values=tuple(tuple(map(float, row)) for row in matrix.to_numpy()),
        )


def correlate(
    data: object,
    *,
    items: Sequence[str] | None = None,
    method: str = "pearson",
    adjust: str = "holm",
    level: float = 0.95,
) -> CorrelationResult:
    r"""Correlations among variables, from the rows that have all of them.

    Parameters
    ----------
    data : DataFrame or Responses
    items : sequence of str, optional
        Variables: columns, and for Responses also items and scales. Without it: all scale scores of the responses, or
        all numeric columns of a DataFrame.
    method : {"pearson", "spearman"}
    adjust : {"holm", "bonferroni", "none"}
        Correction of the p-values for the number of pairs (column ``p_adjusted``).
    level : float
        Coverage of the intervals.

    Returns
    -------
    CorrelationResult

    Raises
    ------
    DataError
        For unknown or non-numeric variables.
    UnsupportedError
        For another method or correction.
    AnalysisError
        When a variable does not vary, or fewer than 4 rows are complete.

    Notes
    -----
    :math:`t = r\sqrt{(n-2)/(1-r^2)}` on n - 2 degrees of freedom; ``std_error`` is r/t. The interval is
    :math:`\tanh(\operatorname{artanh} r \pm z\,s)` with :math:`s = 1/\sqrt{n-3}` (Fisher, 1921), for ranks
    :math:`s = \sqrt{(1+r^2/2)/(n-3)}` (Bonett & Wright, 2000). Spearman's correlation is Pearson's of the average
    ranks.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"trust": [1, 2, 3, 4, 5], "loyalty": [1, 3, 2, 5, 4]})
    >>> correlate(scores).estimates["estimate"].round(3).tolist()
    [0.8]
    """
    _check_options(method, adjust, level)
    frame, notes = analysis_frame(data)
    frame = frame.rename(columns=str)
    if items is None:
        names = tuple(data.scales) if isinstance(data, Responses) else numeric_columns(frame)
    else:
        names = named_columns(frame, items)
    values = numeric_values(frame, names)
    complete = values[complete_rows(values)]
    _refuse_impossible(names, complete)
    if items is None and not isinstance(data, Responses) and (others := left_out(frame, names)):
        message = f"All numeric columns are correlated: {', '.join(names)}. Left out, not numbers: {', '.join(others)}."
        notes = (*notes, Note("CORRELATIONS_ALL_COLUMNS", message))
    dropped = len(values) - len(complete)
    if dropped:
        message = f"{dropped} of {len(values)} rows are left out because one of {len(names)} variables is missing."
        notes = (*notes, Note("CORRELATIONS_ROWS_DROPPED", message))
    scored = complete if method == "pearson" else np.column_stack([average_ranks(column) for column in complete.T])
    matrix = correlation(covariance(scored))
    estimates = _pairs(names, matrix, len(complete), method, adjust, level)
    perfect = estimates.loc[estimates["std_error"] == 0.0, "term"]
    notes = (
        *notes,
        *(
            Note("CORRELATIONS_PERFECT", f"{term}: the correlation is exactly 1 in size.", "warning", term)
            for term in perfect
        ),
    )
    descriptives = pd.DataFrame(
        {"term": names, "n": len(complete), "mean": complete.mean(axis=0), "sd": complete.std(axis=0, ddof=1)}
    )
    square = pd.DataFrame(matrix, index=pd.Index(names, name="variable"), columns=list(names))
    return CorrelationResult(
        estimates=estimates,
        n=len(complete),
        tables={"matrix": square, "descriptives": descriptives},
        notes=notes,
        samples=sample_table(len(complete), dropped),
        call={"items": list(names), "method": method, "adjust": adjust, "level": level},
    )


def _check_options(method: str, adjust: str, level: float) -> None:
    if method not in METHODS:
        raise UnsupportedError(
            f"`method` is one of {', '.join(METHODS)} in this version, not '{method}'.{did_you_mean(method, METHODS)}"
        )
    if adjust not in ADJUSTMENTS:
        raise UnsupportedError(
            f"`adjust` is one of {', '.join(ADJUSTMENTS)} in this version, not '{adjust}'."
            f"{did_you_mean(adjust, ADJUSTMENTS)}"
        )
    if faults := coverage_faults(level):
        raise ModelError(faults)


def _refuse_impossible(names: tuple[str, ...], complete: Array) -> None:
    if len(names) < 2:
        found = f"only {names[0]} is there" if names else "there is none"
        raise AnalysisError(
            f"A correlation needs two variables, and {found}. Name at least two with `items`.",
            "CORRELATIONS_ONE_VARIABLE",
        )
    if len(complete) < 4:
        raise AnalysisError(
            f"Only {len(complete)} rows have all {len(names)} variables; a correlation with an interval needs 4. Leave "
            "out the variable with the most missing values.",
            "CORRELATIONS_TOO_FEW_ROWS",
        )
    constant = [name for name, flat in zip(names, constant_columns(complete), strict=True) if flat]
    if constant:
        raise AnalysisError(
            f"{', '.join(constant)}: all {len(complete)} complete rows have the same value, and what does not vary "
            "correlates with nothing. Leave it out.",
            "CORRELATIONS_CONSTANT",
        )


def _pairs(names: tuple[str, ...], matrix: Array, n: int, method: str, adjust: str, level: float) -> pd.DataFrame:
    """The lower triangle of the matrix as rows of estimates, column by column."""
    columns, rows = np.triu_indices(len(names), k=1)
    r = matrix[rows, columns]
    std_error, statistic, p_value = correlation_test(r, n)
    low, high = correlation_interval(r, n, level, ranks=method == "spearman")
    table = pd.DataFrame(
        {
            "term": [f"{names[i]} ~~ {names[j]}" for i, j in zip(columns, rows, strict=True)],
            "estimate": r,
            "std_error": std_error,
            "statistic": statistic,
            "df": float(n - 2),
            "p_value": p_value,
            "ci_low": low,
            "ci_high": high,
        },
        columns=list(ESTIMATE_COLUMNS),
    )
    return table.assign(p_adjusted=adjusted(p_value, adjust), n=n)
