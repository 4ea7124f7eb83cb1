"""Correlations among variables, with intervals and p-values corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from crmstudy.describing.pairs import METHODS, Pairs, all_pairs, weighted_pairs
from crmstudy.describing.pooled_correlations import finish_pairs
from crmstudy.describing.weights import weights_of
from crmstudy.drawing import HeatMap
from crmstudy.errors import AnalysisError, DataError, Fault, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.classic.weighting import weighted_deviation, weighted_mean
from crmstudy.kernels.moments import Array, complete_rows, deviation
from crmstudy.kernels.multiplicity import ADJUSTMENTS, adjusted
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import FISHER, pools
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.scoring import analysis_frame
from crmstudy.selection import (
    coverage_faults,
    left_out,
    named_columns,
    nominal_notes,
    numeric_columns,
    numeric_values,
    overlap_notes,
)

MISSING = ("listwise", "pairwise")
_NAMES = {"pearson": "Pearson", "spearman": "Spearman", "kendall": "Kendall", "polychoric": "polychoric"}
_SYMBOLS = {"pearson": "r", "spearman": "ρ", "kendall": "τ", "polychoric": "ρ"}


@dataclass(frozen=True, eq=False, repr=False)
class CorrelationResult(Result):
    """Correlations among two variables or more.

    ``estimates`` has a row for each pair (term ``a ~~ b``, the correlation as estimate) and the last columns
    ``p_adjusted`` and ``n``. ``statistic`` is t, for Kendall's and polychoric correlations z. Tables: ``matrix``
    (square, variables as index), ``descriptives`` (term, n, mean, sd).
    """

    kind: ClassVar[str] = "correlations"

    @property
    def text(self) -> str:
        """How many pairs differ from zero, and the strongest of them."""
        table, level = self.estimates, 1.0 - self.call["level"]
        name, symbol = _NAMES[self.call["method"]], _SYMBOLS[self.call["method"]]
        if held := self.call.get("partial"):
            name = f"partial {name}"
        found = int((table["p_adjusted"] < level).sum())
        known = table.dropna(subset=["estimate"])
        if known.empty:
            return f"None of {len(table)} {name} correlations can be estimated (N = {write_number(self.n, 'n')})."
        top = known.to_dict("records")[int(np.argmax(np.abs(known["estimate"].to_numpy())))]
        interval = write_number((top["ci_low"], top["ci_high"]), "interval_r")
        correction = "" if self.call["adjust"] == "none" else f", {self.call['adjust'].title()}-adjusted"
        df = "" if not np.isfinite(top["df"]) else f"({write_number(top['df'], 'df')})"
        constant = f", {', '.join(held)} held constant" if held else ""
        return (
            f"{found} of {len(table)} {name} correlations differ from zero at "
            f"{write_number(level, 'p', decimals=2)} (N = {write_number(self.n, 'n')}{correction}{constant}); the "
            f"strongest is {top['term'].replace(' ~~ ', ' with ')}, {symbol}{df} = "
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


@pools(scale=FISHER, ends=True, finish=finish_pairs)
def correlate(
    data: object,
    *,
    items: Sequence[str] | None = None,
    method: str = "pearson",
    partial: Sequence[str] | str | None = None,
    missing: str = "listwise",
    weights: str | None = None,
    adjust: str = "holm",
    level: float = 0.95,
) -> CorrelationResult:
    r"""Correlations among variables.

    Parameters
    ----------
    data : DataFrame or Responses
    items : sequence of str, optional
        Variables: columns, and for Responses also items and scales. Without it: all scale scores of the responses, or
        all numeric columns of a DataFrame.
    method : {"pearson", "spearman", "kendall", "polychoric"}
        Kendall's is τ-b. Polychoric ones are for ordered answers.
    partial : str or sequence of str, optional
        Variables held constant, for Pearson's and Spearman's correlations.
    missing : {"listwise", "pairwise"}
        Rows that have all variables, or for each pair those that have both.
    weights : str, optional
        Column of sampling weights, for Pearson's and polychoric correlations.
    adjust : {"holm", "bonferroni", "none"}
        Correction of the p-values for the number of pairs (column ``p_adjusted``).
    level : float
        Coverage of the intervals.

    Returns
    -------
    CorrelationResult

    Raises
    ------
    DataError, ModelError
        For unknown or non-numeric variables and faulty options.
    UnsupportedError
        For another method or correction, and for options that this method does not have.
    AnalysisError
        When a variable does not vary, or too few rows are complete.

    Notes
    -----
    :math:`t = r\sqrt{(n-2)/(1-r^2)}` on n - 2 degrees of freedom; ``std_error`` is r/t. The interval is
    :math:`\tanh(\operatorname{artanh} r \pm z\,s)` with :math:`s = 1/\sqrt{n-3}` (Fisher, 1921), for ranks
    :math:`s = \sqrt{(1+r^2/2)/(n-3)}` (Bonett & Wright, 2000). Spearman's correlation is Pearson's of the average
    ranks. With k variables held constant n is replaced by n - k in all three; Spearman's partial correlation is the
    partial correlation of the ranks.

    Kendall's :math:`\tau_b` has the standard error under independence, corrected for ties, and z; below 50 rows without
    ties p is exact, as R's cor.test. Its interval has :math:`s=\sqrt{.437/(n-4)}` (Fieller et al., 1957), which is for
    data with few ties; :func:`crmstudy.crosstab` has the interval for tables.

    Polychoric correlations are estimated in two steps (Olsson, 1979) with standard errors from their asymptotic
    covariances; z and interval follow from these, the interval on the scale of Fisher's z. Thresholds come from all
    answers to an item; with ``missing="listwise"`` from the complete rows.

    Weighted correlations have linearised standard errors, t on n - 1 degrees of freedom, and the interval on the scale
    of Fisher's z.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"trust": [1, 2, 3, 4, 5], "loyalty": [1, 3, 2, 5, 4]})
    >>> correlate(scores).estimates["estimate"].round(3).tolist()
    [0.8]
    """
    _check_options(method, partial, missing, weights, adjust, level)
    frame, notes = analysis_frame(data)
    frame = frame.rename(columns=str)
    held = () if partial is None else named_columns(frame, partial, "partial")
    sampling, told = weights_of(frame, weights)
    names = _names(data, frame, items, (*held, *([weights] if weights else [])))
    values = numeric_values(frame, (*names, *held))
    if items is None and not isinstance(data, Responses):
        rest = [name for name in left_out(frame, names) if name not in held and name != weights]
        if rest:
            message = f"All numeric columns are correlated: {', '.join(names)}. Left out, not numbers: "
            notes = (*notes, Note("CORRELATIONS_ALL_COLUMNS", f"{message}{', '.join(rest)}."))
    notes = (*notes, *told, *overlap_notes(data, names), *nominal_notes(data, (*names, *held)))
    if sampling is not None:
        values, sampling = values[~np.isnan(sampling)], sampling[~np.isnan(sampling)]
    used = values[complete_rows(values)] if missing == "listwise" else values[~np.isnan(values).all(axis=1)]
    _refuse_few(names, held, used, missing)
    if sampling is not None:
        rows = complete_rows(values) if missing == "listwise" else ~np.isnan(values).all(axis=1)
        sampling = sampling[rows]
    dropped = len(frame) - len(used)
    if dropped and missing == "listwise":
        many = len(names) + len(held)
        message = f"{dropped} of {len(frame)} rows are left out because one of {many} variables is missing."
        notes = (*notes, Note("CORRELATIONS_ROWS_DROPPED", message))
    if sampling is None or method == "polychoric":
        pairs = all_pairs((*names, *held), used, method, len(held), level, sampling)
    else:
        pairs = weighted_pairs(names, used, sampling, level)
    return CorrelationResult(
        estimates=_estimates(names, pairs, adjust),
        n=len(used),
        tables={"matrix": pairs.matrix(names), "descriptives": _descriptives(names, used, sampling)},
        notes=(*notes, *_perfect(names, pairs), *pairs.notes, *_indefinite(pairs.matrix(names), missing, method)),
        samples=sample_table(len(used), dropped),
        call={
            "items": list(names), "method": method, "partial": list(held), "missing": missing, "weights": weights,
            "adjust": adjust, "level": level,
        },
    )  # fmt: skip


def _names(data: object, frame: pd.DataFrame, items: Sequence[str] | None, apart: tuple[str, ...]) -> tuple[str, ...]:
    if items is not None:
        names = named_columns(frame, items)
        both = [name for name in names if name in apart]
        if both:
            raise DataError(
                f"{', '.join(both)}: to be correlated, and held constant or a weight too; it can be one only."
            )
        return names
    found = tuple(data.scales) if isinstance(data, Responses) else numeric_columns(frame)
    return tuple(name for name in found if name not in apart)


def _check_options(method: str, partial: object, missing: object, weights: object, adjust: str, level: float) -> None:
    unsupported = []
    if method not in METHODS:
        hint = did_you_mean(str(method), METHODS)
        unsupported.append(f"`method` is one of {', '.join(METHODS)} in this version, not '{method}'.{hint}")
    if adjust not in ADJUSTMENTS:
        hint = did_you_mean(str(adjust), ADJUSTMENTS)
        unsupported.append(f"`adjust` is one of {', '.join(ADJUSTMENTS)} in this version, not '{adjust}'.{hint}")
    if missing not in MISSING:
        hint = did_you_mean(str(missing), MISSING)
        unsupported.append(f"`missing` is one of {', '.join(MISSING)} in this version, not '{missing}'.{hint}")
    if partial is not None and method in ("kendall", "polychoric"):
        unsupported.append(f"`partial` is for the methods pearson and spearman, not '{method}'.")
    if partial is not None and missing == "pairwise":
        unsupported.append("`partial` is for missing='listwise': every row needs the variables held constant.")
    if weights is not None and (method in ("spearman", "kendall") or partial is not None):
        unsupported.append("`weights` are for the methods pearson and polychoric without `partial`.")
    if unsupported:
        raise UnsupportedError(unsupported)
    faults: list[str | Fault] = list(coverage_faults(level))
    if faults:
        raise ModelError([str(fault) for fault in faults])


def _refuse_few(names: tuple[str, ...], held: tuple[str, ...], used: Array, missing: str) -> None:
    if len(names) < 2:
        found = f"only {names[0]} is there" if names else "there is none"
        raise AnalysisError(
            f"A correlation needs two variables, and {found}. Name at least two with `items`.",
            "CORRELATIONS_ONE_VARIABLE",
        )
    least, many = 4 + len(held), len(names) + len(held)
    if missing == "listwise" and len(used) < least:
        raise AnalysisError(
            f"Only {len(used)} rows have all {many} variables; a correlation with an interval needs {least}. Leave "
            "out the variable with the most missing values.",
            "CORRELATIONS_TOO_FEW_ROWS",
        )
    columns = [(name, used[~np.isnan(used[:, place]), place]) for place, name in enumerate((*names, *held))]
    constant = [name for name, given in columns if not len(given) or np.ptp(given) == 0.0]
    if constant:
        which = f"all {len(used)} complete rows have" if missing == "listwise" else "all answers have"
        raise AnalysisError(
            f"{', '.join(constant)}: {which} the same value, and what does not vary correlates with nothing. Leave it "
            "out.",
            "CORRELATIONS_CONSTANT",
        )


def _estimates(names: tuple[str, ...], pairs: Pairs, adjust: str) -> pd.DataFrame:
    """The lower triangle of the matrix as rows of estimates, column by column."""
    terms = [f"{names[i]} ~~ {names[j]}" for i, j in zip(pairs.first, pairs.second, strict=True)]
    columns = (
        terms, pairs.r, pairs.std_error, pairs.statistic, pairs.df, pairs.p_value, pairs.ci_low, pairs.ci_high,
    )  # fmt: skip
    table = pd.DataFrame(dict(zip(ESTIMATE_COLUMNS, columns, strict=True)), columns=list(ESTIMATE_COLUMNS))
    p_adjusted = pairs.p_value.copy()
    known = ~np.isnan(p_adjusted)
    p_adjusted[known] = adjusted(p_adjusted[known], adjust)
    return table.assign(p_adjusted=p_adjusted, n=pairs.n)


def _perfect(names: tuple[str, ...], pairs: Pairs) -> list[Note]:
    terms = [
        f"{names[i]} ~~ {names[j]}" for i, j, r in zip(pairs.first, pairs.second, pairs.r, strict=True) if abs(r) == 1.0
    ]
    return [
        Note("CORRELATIONS_PERFECT", f"{term}: the correlation is exactly 1 in size.", "warning", term)
        for term in terms
    ]


def _indefinite(matrix: pd.DataFrame, missing: str, method: str) -> list[Note]:
    """A matrix put together pair by pair may be that of no data at all."""
    values = matrix.to_numpy(dtype=float)
    if (missing == "listwise" and method != "polychoric") or np.isnan(values).any():
        return []
    smallest = float(np.linalg.eigvalsh(values).min())
    if smallest >= -1e-10:
        return []
    message = (
        f"The matrix is not positive semidefinite (smallest eigenvalue {smallest:.3f}), because its pairs were "
        "estimated one by one: read the pairs, but do not factor it as it is."
    )
    return [Note("CORRELATIONS_NOT_DEFINITE", message, "warning")]


def _descriptives(names: tuple[str, ...], used: Array, sampling: Array | None) -> pd.DataFrame:
    rows = []
    for place, name in enumerate(names):
        there = ~np.isnan(used[:, place])
        given = used[there, place]
        if sampling is None:
            rows.append((name, len(given), float(given.mean()), deviation(given)))
        else:
            own = sampling[there]
            rows.append((name, len(given), weighted_mean(given, own)[0], weighted_deviation(given, own)))
    return pd.DataFrame(rows, columns=["term", "n", "mean", "sd"])
