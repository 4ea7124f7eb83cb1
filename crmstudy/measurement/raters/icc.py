"""Intraclass correlations: how alike are the ratings that several raters, or several occasions, give to one target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.kernels.agreement.intraclass import Intraclass, MeanSquares, intraclass, mean_squares
from crmstudy.kernels.moments import Array, complete_rows
from crmstudy.measurement.raters.pooled_icc import finish_icc
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import COMPLEMENT, pools
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.selection import coverage_faults, named_columns, numeric_columns, numeric_values

#: The names of each form: Shrout and Fleiss (1979), McGraw and Wong (1996), what it is about, one rating or the mean.
NAMES = {
    "ICC1": ("ICC(1,1)", "ICC(1)", "agreement", "single"), "ICC2": ("ICC(2,1)", "ICC(A,1)", "agreement", "single"),
    "ICC3": ("ICC(3,1)", "ICC(C,1)", "consistency", "single"), "ICC1k": ("ICC(1,k)", "ICC(k)", "agreement", "average"),
    "ICC2k": ("ICC(2,k)", "ICC(A,k)", "agreement", "average"),
    "ICC3k": ("ICC(3,k)", "ICC(C,k)", "consistency", "average"),
}  # fmt: skip
ONE_WAY = ("ICC1", "ICC1k")
_MORE_COLUMNS = ("df2", "shrout_fleiss", "mcgraw_wong", "definition", "unit")


@dataclass(frozen=True, eq=False, repr=False)
class IccResult(Result):
    """Intraclass correlations of one set of ratings.

    ``estimates`` has a row for each form, ``term`` being psych's name (``ICC1`` to ``ICC3k``); ``statistic`` is F on
    ``df`` and ``df2`` degrees of freedom. Further columns: ``df2``, ``shrout_fleiss`` (``ICC(2,1)``), ``mcgraw_wong``
    (``ICC(A,1)``), ``definition`` (agreement or consistency) and ``unit`` (a single rating, or the average of all k).

    Tables: ``anova`` (source, df, sum_sq, mean_sq, f, p_value), ``variances`` (component, variance, share).
    """

    kind: ClassVar[str] = "icc"

    @property
    def text(self) -> str:
        """Agreement of a single rating and of the average, with interval, F and p."""
        k, level = self.call["k"], self.call["level"]
        names = ["ICC2", "ICC2k"] if "ICC2" in set(self.estimates["term"]) else list(ONE_WAY)
        rows = self.estimates.set_index("term")
        parts = []
        for name in names:
            row = rows.loc[name]
            interval = write_number((row["ci_low"], row["ci_high"]), "interval_r")
            parts.append(f"{row['mcgraw_wong']} = {write_number(row['estimate'], 'r')}, {level:.0%} CI {interval}")
        row = rows.loc[names[0]]
        test = f"F({write_number(row['df'], 'df')}, {write_number(row['df2'], 'df')}) = "
        test += f"{write_number(row['statistic'], 'statistic')}, {p_phrase(row['p_value'])}"
        return f"Agreement of {k} ratings of {write_number(self.n, 'n')} targets: {'; '.join(parts)}; {test}."

    def plot(self) -> CoefficientPlot:
        """The forms with their intervals."""
        rows = self.estimates
        return CoefficientPlot(
            title="Intraclass correlations",
            alt=f"{len(rows)} intraclass correlations with {self.call['level']:.0%} intervals.",
            terms=tuple(rows["mcgraw_wong"]),
            estimates=tuple(map(float, rows["estimate"])),
            lows=tuple(map(float, rows["ci_low"])),
            highs=tuple(map(float, rows["ci_high"])),
            x_label="ICC",
        )


@pools(scale=COMPLEMENT, finish=finish_icc)
def icc(
    data: object,
    *,
    targets: str | None = None,
    raters: str | None = None,
    ratings: str | Sequence[str] | None = None,
    level: float = 0.95,
) -> IccResult:
    r"""Six intraclass correlations with F tests and intervals.

    Parameters
    ----------
    data : DataFrame or Responses
        Long: one row a rating, with ``targets``, ``raters`` and ``ratings`` naming its columns. Wide: one row a target,
        with ``ratings`` the list of the raters' columns (all numeric columns when nothing is named).
    targets : str, optional
        Column of who or what is rated.
    raters : str, optional
        Column of who rates (or of the occasion). Long data without it are taken as a one-way design, in which each
        target has raters of its own: then only ICC(1) and ICC(k) are given.
    ratings : str or sequence of str, optional
        Column of the ratings (long), or the columns of the raters (wide).
    level : float
        Coverage of the intervals.

    Returns
    -------
    IccResult

    Raises
    ------
    DataError
        For unknown columns, ratings that are not numbers, and two ratings of one target by one rater.
    ModelError
        For a ``level`` that is no coverage.
    AnalysisError
        With fewer than two complete targets or raters, and when all ratings are the same.

    Notes
    -----
    Forms and F tests are those of Shrout and Fleiss (1979); the intervals of ICC(1) and ICC(C) are exact, those of
    ICC(A) McGraw and Wong's (1996). With mean squares of targets :math:`MS_R`, raters :math:`MS_C` and error
    :math:`MS_E`, :math:`ICC(A,1) = (MS_R - MS_E) / [MS_R + (k-1)MS_E + k(MS_C - MS_E)/n]`. Standard errors by the delta
    method. A target that lacks a rating is left out. Negative values are shown as they are. *Agreement* counts
    differences of level between raters as error, *consistency* does not.

    Examples
    --------
    >>> import pandas as pd
    >>> a, b, c, d = [9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]
    >>> found = icc(pd.DataFrame({"a": a, "b": b, "c": c, "d": d}), ratings=["a", "b", "c", "d"])
    >>> found.estimates["estimate"].round(2).tolist()
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    _check_keywords(targets, raters, ratings, level)
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    found = [*notes]
    one_way = False
    if isinstance(ratings, str):
        one_way = raters is None
        table, names = _from_long(frame, str(targets), raters, ratings, found)
    else:
        if ratings is None and isinstance(data, Responses):
            raise DataError("Responses hold many columns: name those of the raters with `ratings`.")
        names = numeric_columns(frame) if ratings is None else named_columns(frame, ratings, "ratings")
        table = numeric_values(frame, names)
        if ratings is None:
            message = f"No ratings are named, so every numeric column is taken for a rater: {', '.join(names)}."
            found.append(Note("ICC_ALL_COLUMNS", message))
    values = _complete(table, names, found, one_way)
    ms = mean_squares(values)
    forms = [form for form in intraclass(ms, float(level)) if not one_way or form.form in ONE_WAY]
    _note_values(forms, values, names, one_way, found)
    return IccResult(
        estimates=pd.DataFrame(list(map(_row, forms)), columns=[*ESTIMATE_COLUMNS, *_MORE_COLUMNS]),
        n=ms.n,
        tables={"anova": _anova(ms, one_way), "variances": _variances(ms, one_way)},
        notes=tuple(found),
        samples=sample_table(ms.n, len(table) - ms.n),
        call={"targets": targets, "raters": raters, "ratings": ratings if isinstance(ratings, str) else list(names),
              "k": ms.k, "design": "one-way" if one_way else "two-way", "level": float(level)},
    )  # fmt: skip


def _check_keywords(targets: object, raters: object, ratings: object, level: object) -> None:
    faults = coverage_faults(level)
    for name, value in (("targets", targets), ("raters", raters)):
        if value is not None and not isinstance(value, str):
            faults.append(f"`{name}` is the name of a column, not {value!r}.")
    if isinstance(ratings, str) and targets is None:
        faults.append(
            "Long data need `targets`, the column of who or what is rated; for wide data `ratings` is a list."
        )
    if not isinstance(ratings, str) and raters is not None:
        faults.append("`raters` is for long data, where `ratings` is one column; in wide data each rater has a column.")
    if not isinstance(ratings, str) and targets is not None:
        faults.append("`targets` is for long data, where `ratings` is one column; in wide data each row is a target.")
    if faults:
        raise ModelError(faults)


def _from_long(
    frame: pd.DataFrame, targets: str, raters: str | None, ratings: str, notes: list[Note]
) -> tuple[Array, tuple[str, ...]]:
    """Long data as a targets × raters table, NaN where there is no rating."""
    named_columns(frame, [name for name in (targets, raters, ratings) if name is not None])
    values = pd.Series(numeric_values(frame, [ratings])[:, 0], index=frame.index)
    target = frame[targets]
    rater = target.groupby(target, sort=False).cumcount() if raters is None else frame[raters]
    if raters is None:
        present = values.notna() & target.notna()
        rater = target[present].groupby(target[present], sort=False).cumcount().reindex(frame.index)
    there = target.notna() & rater.notna() & values.notna()
    named = target.notna() & (rater.notna() if raters is not None else True)
    if lost := int((~named).sum()):
        what = f"'{targets}'" if raters is None else f"'{targets}' or '{raters}'"
        notes.append(Note("ICC_NO_TARGET", f"{lost} rows are left out: they have no value in {what}.", "warning"))
    long = pd.DataFrame({"target": target[there], "rater": rater[there], "rating": values[there]})
    again = long.duplicated(["target", "rater"])
    if again.any():
        first = long[again].iloc[0]
        raise DataError(
            f"{int(again.sum())} ratings stand twice; the first is target '{first['target']}' by rater "
            f"'{first['rater']}'. Keep one rating of a target by a rater, or average them first."
        )
    if long.empty:
        raise AnalysisError(f"'{ratings}' holds no rating of a named target.", "ICC_TOO_FEW")
    wide = long.pivot(index="target", columns="rater", values="rating")  # noqa: PD010 - nothing stands twice
    everyone = target.dropna().unique()
    return wide.reindex(everyone).to_numpy(dtype=float), tuple(map(str, wide.columns))


def _complete(table: Array, names: Sequence[str], notes: list[Note], one_way: bool) -> Array:
    """The targets rated by everybody; an AnalysisError where too few are left or nothing varies."""
    keep = complete_rows(table)
    values = np.asarray(table[keep], dtype=np.float64)
    n, k = values.shape
    if k < 2:
        found = f"only {names[0]}" if names else "none"
        raise AnalysisError(f"An intraclass correlation compares two raters or more; found {found}.", "ICC_TOO_FEW")
    if n < 2 and one_way:
        each = (~np.isnan(table)).sum(axis=1)
        raise AnalysisError(
            f"The {len(table)} targets have from {int(each.min())} to {int(each.max())} ratings. Where every target "
            "has raters of its own, all need the same number: take as many of each, or name the `raters`.",
            "ICC_TOO_FEW",
        )
    if n < 2:
        gaps = np.isnan(table).sum(axis=0)
        worst = names[int(gaps.argmax())]
        raise AnalysisError(
            f"{n} of {len(table)} targets are rated by all {k} raters; at least 2 are needed. Most ratings are missing "
            f"from {worst} ({int(gaps.max())}): leave it out, or complete the ratings.",
            "ICC_TOO_FEW",
        )
    if np.ptp(values) == 0.0:
        raise AnalysisError(
            f"All {n * k} ratings are {values[0, 0]:g} ({', '.join(names)}): nothing varies, so no intraclass "
            "correlation exists. Look at how the ratings were read.",
            "ICC_CONSTANT",
        )
    if dropped := len(table) - n:
        message = f"{dropped} of {len(table)} targets are left out because a rating is missing."
        notes.append(Note("ICC_TARGETS_DROPPED", message))
    return values


def _note_values(
    forms: list[Intraclass], values: Array, names: Sequence[str], one_way: bool, notes: list[Note]
) -> None:
    flat = [name for name, column in zip(names, values.T, strict=True) if np.ptp(column) == 0.0]
    if flat and not one_way:
        message = f"{', '.join(flat)} gave every target the same rating: these ratings tell no target from another."
        notes.append(Note("ICC_CONSTANT_RATER", message, "warning", flat[0]))
    undefined = [form.form for form in forms if np.isnan(form.estimate)]
    if undefined:
        message = f"{', '.join(undefined)} cannot be computed: neither targets nor error vary, only the raters' levels."
        notes.append(Note("ICC_UNDEFINED", message, "warning"))
    endless = [form.form for form in forms if np.isinf(form.f)]
    if endless:
        message = (
            f"{', '.join(endless)}: raters differ by the same amount, or not at all, about each of the {len(values)} "
            "targets. There is no error to test against, and an interval without length is no certainty."
        )
        notes.append(Note("ICC_NO_ERROR", message, "warning"))
    negative = [form.form for form in forms if form.estimate < 0.0]
    if negative:
        message = (
            f"{', '.join(negative)} is negative: targets differ less than raters differ about one target. It is shown "
            "as it is; the reliability it estimates is 0."
        )
        notes.append(Note("ICC_NEGATIVE", message, "warning"))


def _row(form: Intraclass) -> tuple[Any, ...]:
    return (form.form, form.estimate, form.std_error, form.f, form.df1, form.p_value, form.low, form.high, form.df2,
            *NAMES[form.form])  # fmt: skip


def _anova(ms: MeanSquares, one_way: bool) -> pd.DataFrame:
    df_targets, df_raters, df_error = ms.df
    below, df_below = (ms.within, df_raters + df_error) if one_way else (ms.error, df_error)
    rows = [("targets", df_targets, ms.between), ("raters", df_raters, ms.raters), ("error", df_error, ms.error),
            ("within targets", df_raters + df_error, ms.within)]  # fmt: skip
    nan = float("nan")
    table = []
    for source, df, mean in rows:
        tested = source == "targets" or (source == "raters" and not one_way)
        f = mean / below if tested and below > 0.0 else nan
        if one_way and source in ("raters", "error"):
            continue
        table.append((source, df, df * mean, mean, f, float(fdtrc(df, df_below, f)) if f == f else nan))
    return pd.DataFrame(table, columns=["source", "df", "sum_sq", "mean_sq", "f", "p_value"])


def _variances(ms: MeanSquares, one_way: bool) -> pd.DataFrame:
    """Components of variance of the random-effects model, negative ones as they are, and shares of their sum."""
    if one_way:
        parts = {"targets": (ms.between - ms.within) / ms.k, "within targets": ms.within}
    else:
        parts = {"targets": (ms.between - ms.error) / ms.k, "raters": (ms.raters - ms.error) / ms.n, "error": ms.error}
    whole = sum(parts.values())
    share = [part / whole if whole > 0.0 else float("nan") for part in parts.values()]
    return pd.DataFrame({"component": list(parts), "variance": list(parts.values()), "share": share})
