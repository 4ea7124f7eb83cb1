"""Test–retest: do two measurements of the same persons agree, and how far may one person's score be off?"""

# ruff: noqa: PT028  (the public name `test_retest` is no test of pytest)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmstudy.drawing import BlandAltman
from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.kernels.agreement import retest as kernel
from crmstudy.kernels.agreement.intraclass import MeanSquares, intraclass, mean_squares
from crmstudy.kernels.classic.correlation import correlation_interval, correlation_test
from crmstudy.kernels.moments import Array, complete_rows
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import COMPLEMENT, FISHER, LOG, PLAIN, pools
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.scoring import analysis_frame
from crmstudy.selection import coverage_faults, named_columns, numeric_columns, numeric_values

LIMITS = ("exact", "approximate")
_FEWEST = 4


#: On which each term is pooled over imputed data sets.
RETEST_SCALES = {
    "": PLAIN, "pearson_r": FISHER, "icc_a1": COMPLEMENT, "icc_c1": COMPLEMENT, "sem": LOG, "sdc": LOG,
    "sem_agreement": LOG, "sdc_agreement": LOG, "repeatability": LOG,
}  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class RetestResult(Result):
    """Agreement and error of two measurements. Differences are first minus second.

    ``estimates`` has the terms ``pearson_r``, ``icc_a1`` and ``icc_c1`` (agreement, consistency), ``mean_difference``
    (paired t test), ``sem`` and ``sdc`` (standard error of measurement and smallest detectable change from the
    differences, a shift of everybody left out), ``sem_agreement`` and ``sdc_agreement`` (the shift counted as error;
    no standard error), ``repeatability`` (Bland and Altman's coefficient), ``loa_lower`` and ``loa_upper`` (limits of
    agreement) and ``proportional_bias`` (slope of the differences on the means).

    Tables: ``measurements`` (measurement, n, mean, sd), ``limits`` (limit, method, value, std_error, ci_low, ci_high),
    ``bias_line`` (term, estimate, std_error, statistic, df, p_value, ci_low, ci_high).
    """

    pairs: Array = field(default_factory=lambda: np.empty((0, 2)))
    kind: ClassVar[str] = "test_retest"

    @property
    def text(self) -> str:
        """Correlation, agreement, shift, limits and smallest detectable change in one sentence."""
        level = self.call["level"]
        rows: Any = self.estimates.set_index("term")

        def value(term: str, number: Any = "estimate") -> str:
            return write_number(rows.loc[term, "estimate"], number)

        ends = tuple(float(rows.loc["icc_a1", end]) for end in ("ci_low", "ci_high"))
        shift = rows.loc["mean_difference"]
        t = f"t({write_number(shift['df'], 'df')}) = {write_number(shift['statistic'], 'statistic')}"
        return (
            f"Test–retest (N = {write_number(self.n, 'n')}): r = {value('pearson_r', 'r')}, ICC(A,1) = "
            f"{value('icc_a1', 'r')}, {level:.0%} CI {write_number(ends, 'interval_r')}; mean "
            f"difference {value('mean_difference')}, {t}, {p_phrase(shift['p_value'])}; limits of agreement "
            f"{value('loa_lower')} to {value('loa_upper')}; SEM = {value('sem')}, smallest "
            f"detectable change {value('sdc')}."
        )

    def plot(self) -> BlandAltman:
        """Differences against means, with the limits of agreement."""
        rows: Any = self.estimates.set_index("term")

        def ends(term: str) -> tuple[float, float]:
            return float(rows.loc[term, "ci_low"]), float(rows.loc[term, "ci_high"])

        first, second = self.call["columns"]
        line = self.tables["bias_line"].set_index("term")["estimate"]
        return BlandAltman(
            title=f"{first} and {second}",
            alt=(
                f"Differences between {first} and {second} against their means, {self.n} persons, with the mean "
                f"difference and {self.call['coverage']:.0%} limits of agreement."
            ),
            means=tuple(map(float, self.pairs.mean(axis=1))),
            differences=tuple(map(float, self.pairs[:, 0] - self.pairs[:, 1])),
            bias=float(rows.loc["mean_difference", "estimate"]),
            bias_ci=ends("mean_difference"),
            lower=float(rows.loc["loa_lower", "estimate"]),
            lower_ci=ends("loa_lower"),
            upper=float(rows.loc["loa_upper", "estimate"]),
            upper_ci=ends("loa_upper"),
            line=(float(line["intercept"]), float(line["slope"])) if line.notna().all() else None,
            x_label=f"Mean of {first} and {second}",
            y_label=f"{first} − {second}",
        )


@pools(scale=RETEST_SCALES)
def test_retest(
    x: object,
    y: object = None,
    *,
    columns: Sequence[str] | None = None,
    level: float = 0.95,
    coverage: float = 0.95,
    limits: str = "exact",
) -> RetestResult:
    r"""Stability of a measurement: correlation, intraclass correlations, error of measurement, limits of agreement.

    Parameters
    ----------
    x : array, Series, DataFrame or Responses
        The first measurement, or the data that hold both.
    y : array or Series, optional
        The second measurement of the same persons in the same order; two Series with different indexes are matched by
        them. Left out where ``x`` holds both.
    columns : two str, optional
        The two columns (or scales) of ``x``; not needed where it has two numeric columns only.
    level : float
        Coverage of the intervals.
    coverage : float
        Share of the differences that lie within the limits of agreement, and of the unchanged persons within the
        smallest detectable change.
    limits : {"exact", "approximate"}
        Intervals of the limits of agreement: Carkeet's (2015) by the noncentral t, or Bland and Altman's (1999).

    Returns
    -------
    RetestResult

    Raises
    ------
    DataError
        For measurements of different length, unknown columns and what is no number.
    ModelError
        For keywords that cannot be used.
    AnalysisError
        With fewer than four persons measured twice, and when nothing varies.

    Notes
    -----
    :math:`SEM = s_d/\sqrt2`, which equals :math:`s\sqrt{1 - ICC(C,1)}` with the pooled standard deviation s;
    :math:`SEM_{agreement} = \sqrt{\sigma^2_{occasion} + \sigma^2_{error}}`; :math:`SDC = z\sqrt2\,SEM` (de Vet et al.,
    2006). Repeatability is :math:`z\sqrt{\sum d^2/n}`, without the mean difference taken off (Bland & Altman, 1999).

    Examples
    --------
    >>> first, second = [10, 12, 9, 15, 11, 14], [11, 12, 8, 16, 11, 13]
    >>> test_retest(first, second).estimates.set_index("term")["estimate"].round(2)["icc_a1"]
    np.float64(0.95)
    """
    _check_keywords(level, coverage, limits)
    table, names, notes = _both(x, y, columns)
    keep = complete_rows(table)
    pairs = np.asarray(table[keep], dtype=np.float64)
    n = len(pairs)
    if n < _FEWEST:
        message = f"{n} persons have both {names[0]} and {names[1]}; at least {_FEWEST} are needed."
        raise AnalysisError(message, "RETEST_TOO_FEW")
    if np.ptp(pairs) == 0.0:
        message = f"{names[0]} and {names[1]} are {pairs[0, 0]:g} for everybody: nothing varies, so nothing can agree."
        raise AnalysisError(message, "RETEST_CONSTANT")
    if dropped := len(table) - n:
        message = f"{dropped} of {len(table)} persons are left out because one of the two measurements is missing."
        notes.append(Note("RETEST_ROWS_DROPPED", message))
    rows, line = _figures(pairs, names, float(level), float(coverage), limits, notes)
    nan = float("nan")
    estimates = [(term, f.value, f.std_error, f.statistic, f.df, f.p_value, f.low, f.high) for term, f in rows.items()]
    bias = line or (kernel.Figure(nan, nan, nan, nan),) * 2
    return RetestResult(
        estimates=pd.DataFrame(estimates, columns=list(ESTIMATE_COLUMNS)),
        n=n,
        tables={
            "measurements": pd.DataFrame(
                {"measurement": names, "n": n, "mean": pairs.mean(axis=0), "sd": pairs.std(axis=0, ddof=1)}
            ),
            "limits": _limits_table(pairs[:, 0] - pairs[:, 1], float(level), float(coverage)),
            "bias_line": pd.DataFrame(
                [(term, f.value, f.std_error, f.statistic, f.df, f.p_value, f.low, f.high)
                 for term, f in zip(("intercept", "slope"), bias, strict=True)], columns=list(ESTIMATE_COLUMNS),
            ),
        },
        notes=tuple(notes),
        samples=sample_table(n, len(table) - n),
        call={"columns": list(names), "level": float(level), "coverage": float(coverage), "limits": limits},
        pairs=pairs,
    )  # fmt: skip


test_retest.__test__ = False  # type: ignore[attr-defined]


def _check_keywords(level: object, coverage: object, limits: object) -> None:
    faults = coverage_faults(level)
    faults += [fault.replace("`level`", "`coverage`") for fault in coverage_faults(coverage)]
    if limits not in LIMITS:
        faults.append(f"`limits` is 'exact' or 'approximate', not {limits!r}.")
    if faults:
        raise ModelError(faults)


def _both(x: object, y: object, columns: Sequence[str] | None) -> tuple[Array, tuple[str, str], list[Note]]:
    """Both measurements side by side, (n, 2), their names, and the notes of the data."""
    if isinstance(x, pd.DataFrame | Responses):
        if y is not None:
            raise DataError("`x` already holds both measurements: name them with `columns` and leave `y` out.")
        frame, found = analysis_frame(x) if isinstance(x, Responses) else frame_of(x)
        frame = frame.rename(columns=str)
        names = named_columns(frame, columns, "columns") if columns is not None else numeric_columns(frame)
        if len(names) != 2:
            raise DataError(f"Two measurements are compared; found {len(names)} columns. Name two with `columns`.")
        return numeric_values(frame, names), (names[0], names[1]), list(found)
    if columns is not None:
        raise DataError("`columns` names columns of a DataFrame or of Responses; two arrays have none.")
    first, second = _series(x, "x"), _series(y, "y")
    name = [str(s.name) if s.name is not None else word for s, word in ((first, "first"), (second, "second"))]
    if name[0] == name[1]:
        name = [f"{name[0]} (first)", f"{name[1]} (second)"]
    if isinstance(x, pd.Series) and isinstance(y, pd.Series) and not first.index.equals(second.index):
        if first.index.has_duplicates or second.index.has_duplicates:
            raise DataError("The two Series have different indexes with repeated labels, so they cannot be matched.")
        frame = pd.concat([first, second], axis=1, keys=name)
    elif len(first) != len(second):
        message = f"`x` has {len(first)} values and `y` {len(second)}: give both measurements of the same persons."
        raise DataError(message)
    else:
        frame = pd.DataFrame({name[0]: first.to_numpy(), name[1]: second.to_numpy()})
    return numeric_values(frame, name), (name[0], name[1]), []


def _series(values: object, word: str) -> pd.Series[Any]:
    if isinstance(values, pd.Series):
        return values
    try:
        made = np.asarray(values)
    except ValueError:
        made = np.empty((0, 0))
    if values is None or isinstance(values, str) or made.ndim != 1:
        raise DataError(f"`{word}` is one measurement, an array or Series of numbers; found {type(values).__name__}.")
    return pd.Series(made)


def _figures(
    pairs: Array, names: tuple[str, str], level: float, coverage: float, limits: str, notes: list[Note]
) -> tuple[dict[str, kernel.Figure], tuple[kernel.Figure, kernel.Figure] | None]:
    """All estimates by term, and the line of the differences on the means where the means vary."""
    n = len(pairs)
    differences, means = pairs[:, 0] - pairs[:, 1], pairs.mean(axis=1)
    ms, z = mean_squares(pairs), float(ndtri(0.5 + coverage / 2.0))
    forms = {form.form: form for form in intraclass(ms, level)}
    rows = {"pearson_r": _pearson(pairs, names, level, notes)}
    if np.ptp(differences) <= 1e-12 * np.abs(pairs).max():
        message = (
            f"{names[0]} and {names[1]} differ by {differences[0]:g} for each of {n} persons: there is no error to "
            "test the difference against, and intervals without length are no certainty."
        )
        notes.append(Note("RETEST_NO_ERROR", message, "warning"))
    for term, form in (("icc_a1", forms["ICC2"]), ("icc_c1", forms["ICC3"])):
        rows[term] = kernel.Figure(form.estimate, form.std_error, form.low, form.high, form.f, form.df1, form.p_value)
        if form.estimate < 0.0:
            said = f"{'ICC(A,1)' if term == 'icc_a1' else 'ICC(C,1)'} is negative and shown as it is."
            notes.append(Note("ICC_NEGATIVE", said, "warning", term))
    rows["mean_difference"] = kernel.mean_difference(differences, level)
    sem = kernel.deviation(float(differences.std(ddof=1)) / float(np.sqrt(2.0)), n - 1.0, level)
    agreement = _agreement_error(ms)
    within = kernel.deviation(float(np.sqrt(np.mean(differences**2) / 2.0)), float(n), level)
    nan, factor = float("nan"), z * float(np.sqrt(2.0))
    rows |= {
        "sem": sem, "sdc": kernel.times(sem, factor),
        "sem_agreement": kernel.Figure(agreement, nan, nan, nan),
        "sdc_agreement": kernel.Figure(agreement * factor, nan, nan, nan),
        "repeatability": kernel.times(within, factor),
    }  # fmt: skip
    rows["loa_lower"], rows["loa_upper"] = kernel.limits(differences, level, coverage, exact=limits == "exact")
    if np.ptp(means) <= 1e-12 * np.abs(means).max():
        message = "The mean of both measurements is the same for everybody, so proportional bias cannot be looked for."
        notes.append(Note("RETEST_NO_BIAS_LINE", message))
        rows["proportional_bias"] = kernel.Figure(nan, nan, nan, nan)
        return rows, None
    line = kernel.proportional_bias(differences, means, level)
    rows["proportional_bias"] = line[1]
    if line[1].p_value < 1.0 - level:
        message = (
            f"The differences change with the level measured (slope {line[1].value:.2f}, {p_phrase(line[1].p_value)}): "
            "one pair of limits does not hold for everybody."
        )
        notes.append(Note("RETEST_PROPORTIONAL_BIAS", message, "warning"))
    return rows, line


def _pearson(pairs: Array, names: tuple[str, str], level: float, notes: list[Note]) -> kernel.Figure:
    nan, n = float("nan"), len(pairs)
    flat = [name for name, column in zip(names, pairs.T, strict=True) if np.ptp(column) == 0.0]
    if flat:
        message = f"{' and '.join(flat)} is the same for everybody: there is no correlation."
        notes.append(Note("RETEST_CONSTANT_MEASUREMENT", message, "warning", flat[0]))
        return kernel.Figure(nan, nan, nan, nan)
    r = np.asarray(np.clip(np.atleast_2d(np.corrcoef(pairs, rowvar=False))[0, 1], -1.0, 1.0))
    error, statistic, p_value = map(float, correlation_test(r, n))
    low, high = map(float, correlation_interval(r, n, level))
    return kernel.Figure(float(r), error, low, high, statistic, n - 2.0, p_value)


def _agreement_error(ms: MeanSquares) -> float:
    """Standard error of measurement with the occasions' variance in it, which counts as 0 where it is negative."""
    return float(np.sqrt(max((ms.raters - ms.error) / ms.n, 0.0) + ms.error))


def _limits_table(differences: Array, level: float, coverage: float) -> pd.DataFrame:
    rows = []
    for method in LIMITS:
        found = kernel.limits(differences, level, coverage, exact=method == "exact")
        rows += [(name, method, f.value, f.std_error, f.low, f.high)
                 for name, f in zip(("lower", "upper"), found, strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["limit", "method", "value", "std_error", "ci_low", "ci_high"])
