"""Which of several items or scales is rated higher by the same people: Friedman's test and the modern counterpart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from crmstudy.describing.scored import declared_range, scored
from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.classic.location import RepeatedMeasures, repeated_measures
from crmstudy.kernels.classic.ranks import Friedman, concordance_replicates, friedman_pairs, signed_ranks
from crmstudy.kernels.classic.ranks import friedman as test_of
from crmstudy.kernels.intervals import percentile_interval
from crmstudy.kernels.moments import Array, complete_rows
from crmstudy.kernels.multiplicity import ADJUSTMENTS, adjusted
from crmstudy.kernels.resample import generator
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import JointTest, pools
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.selection import coverage_faults, is_whole

_ANOVA = (
    "f", "df", "df_error", "p_value", "eta_squared", "greenhouse_geisser", "df_gg", "df_error_gg", "p_gg",
    "huynh_feldt", "p_hf",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class FriedmanResult(Result):
    """Related samples ranked within each person.

    ``estimates`` has the mean rank of each item or scale (term), with its standard error and t interval; last columns
    ``mean``, ``sd``, ``median``. ``fit``: chisq, df, pvalue, f, f_df, f_df_error, f_pvalue, kendall_w, kendall_w_low,
    kendall_w_high (with a bootstrap). Tables: ``ranks`` (term, n, mean_rank, rank_sum, mean, sd, median), ``pairs``
    (first, second, difference of mean ranks, std_error, z, p_dunn, p_dunn_adjusted, p_nemenyi, t_conover, p_conover,
    p_conover_adjusted, v, p_wilcoxon, p_wilcoxon_adjusted), ``means`` (first, second, difference, std_error, t, df,
    p_value, p_adjusted, ci_low, ci_high), ``anova`` (f, df, df_error, p_value, eta_squared, greenhouse_geisser, df_gg,
    df_error_gg, p_gg, huynh_feldt, p_hf).
    """

    kind: ClassVar[str] = "friedman"

    @property
    def text(self) -> str:
        """Whether the mean ranks differ, how concordant people are, and the order."""
        fit = self.fit
        table = self.estimates.sort_values("estimate", ascending=False, kind="stable")
        first, last = table.iloc[0], table.iloc[-1]
        return (
            f"The mean ranks of {len(table)} variables: Friedman χ²({write_number(fit['df'], 'df')}, "
            f"N = {write_number(self.n, 'n')}) = {write_number(fit['chisq'], 'statistic')}, {p_phrase(fit['pvalue'])}, "
            f"Kendall's W = {write_number(fit['kendall_w'], 'r')}; highest {first['term']} "
            f"({write_number(first['estimate'], 'estimate')}), lowest {last['term']} "
            f"({write_number(last['estimate'], 'estimate')})."
        )

    def plot(self) -> CoefficientPlot:
        """The mean ranks with their intervals, the highest first."""
        table = self.estimates.sort_values("estimate", ascending=False, kind="stable")
        return CoefficientPlot(
            title="Mean ranks",
            alt=f"Mean ranks with intervals. {self.text}",
            terms=tuple(map(str, table["term"])),
            estimates=tuple(map(float, table["estimate"])),
            lows=tuple(map(float, table["ci_low"])),
            highs=tuple(map(float, table["ci_high"])),
            x_label="Mean rank",
            reference=(len(table) + 1.0) / 2.0,
        )


@pools(tests=(JointTest("fit", "chisq", "df", "pvalue"),))
def friedman(
    data: object,
    *,
    items: Sequence[str] | str | None = None,
    scale: Sequence[str] | str | None = None,
    scales: Sequence[str] | str | None = None,
    adjust: str = "holm",
    bootstrap: int | None = None,
    seed: int = 1,
    level: float = 0.95,
) -> FriedmanResult:
    r"""Compare related items or scales by ranks within each person.

    Parameters
    ----------
    data : DataFrame or Responses
    items : sequence of str, optional
        Items or other columns to compare.
    scale, scales : str or sequence of str, optional
        Scales to compare; the two mean the same. Without ``items`` and scales: all scales of responses, all numeric
        columns of a DataFrame.
    adjust : {"holm", "bonferroni", "none"}
        Correction of the p-values of pairs (Dunn's is Bonferroni's, as SPSS; Nemenyi's needs none).
    bootstrap : int, optional
        Number of resamples for the interval of Kendall's W.
    seed : int
        Seed of the bootstrap.
    level : float
        Coverage of the intervals.

    Returns
    -------
    FriedmanResult

    Raises
    ------
    DataError, ModelError, UnsupportedError
        For unknown names and faulty options.
    AnalysisError
        When fewer than two variables or two complete rows are there, or nobody prefers anything.

    Notes
    -----
    χ² is corrected for ties, as R's friedman.test and SPSS; F is that of Iman and Davenport (1980), which keeps its
    level better. :math:`W=\chi^2/(n(k-1))`. Pairs: Dunn's z with Bonferroni's correction, as SPSS prints them;
    Nemenyi's; Conover's t; Wilcoxon's signed ranks. Ranks are compared only within a person: where response formats
    differ, they say nothing about levels. The modern counterpart is the analysis of variance of related means with
    Greenhouse and Geisser's (1959) correction, and the differences of the means with intervals.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": [1, 2, 1, 3], "b": [2, 3, 3, 4], "c": [3, 5, 4, 5]})
    >>> friedman(frame).fit["chisq"].round(6)
    np.float64(8.0)
    """
    _check_options(adjust, bootstrap, seed, level, scale, scales)
    about = scored(data, scale if scale is not None else scales, items)
    complete = about.values[complete_rows(about.values)]
    names, n = about.names, len(complete)
    _refuse_impossible(names, complete)
    # means of items: what rounding makes of equal scores must not break a tie
    found = test_of(np.round(complete, 10))
    notes = list(about.notes)
    dropped = len(about.values) - n
    if dropped:
        message = (
            f"{dropped} of {len(about.values)} rows are left out because one of {len(names)} variables is missing."
        )
        notes.append(Note("FRIEDMAN_ROWS_DROPPED", message))
    ends = {declared_range(data, name) for name in names}
    if len(ends) > 1:
        message = "The variables do not share one range of answers: ranks and means of different formats are not alike."
        notes.append(Note("FRIEDMAN_DIFFERENT_RANGES", message, "warning"))
    if n * len(names) < 30:
        message = f"{n} rows of {len(names)} variables are few for the χ² approximation; F is nearer."
        notes.append(Note("FRIEDMAN_FEW_ROWS", message, "warning"))
    anova = _anova(complete, notes)
    low, high = _concordance_interval(found, bootstrap, seed, level)
    estimates = _estimates(names, complete, found, level)
    return FriedmanResult(
        estimates=estimates,
        n=n,
        fit=_fit(found, low, high),
        tables={
            "ranks": _ranks(names, complete, found),
            "pairs": _pairs(names, complete, found, adjust),
            "means": _means(names, complete, adjust, level),
            "anova": _anova_table(anova),
        },
        notes=tuple(notes),
        samples=sample_table(n, dropped),
        call={"items": list(names), "adjust": adjust, "bootstrap": bootstrap, "seed": seed, "level": level},
    )


def _check_options(
    adjust: object, bootstrap: object, seed: object, level: object, scale: object, scales: object
) -> None:
    if adjust not in ADJUSTMENTS:
        hint = did_you_mean(str(adjust), ADJUSTMENTS)
        raise UnsupportedError(f"`adjust` is one of {', '.join(ADJUSTMENTS)} in this version, not {adjust!r}.{hint}")
    faults = coverage_faults(level)
    if bootstrap is not None and (not is_whole(bootstrap) or bootstrap < 100):
        faults.append(f"`bootstrap` is a whole number of resamples, at least 100, not {bootstrap!r}.")
    if not is_whole(seed) or seed < 0:
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    if scale is not None and scales is not None:
        faults.append("`scale` and `scales` mean the same: give one of them.")
    if faults:
        raise ModelError(faults)


def _refuse_impossible(names: tuple[str, ...], complete: Array) -> None:
    if len(names) < 2:
        raise AnalysisError(
            f"Friedman's test compares two variables or more, and there is {len(names)}: {', '.join(names)}. Name the "
            "items or scales that are to be compared.",
            "FRIEDMAN_ONE_VARIABLE",
        )
    if len(complete) < 2:
        raise AnalysisError(
            f"Only {len(complete)} rows have all {len(names)} variables; Friedman's test needs 2. Leave out the "
            "variable with the most missing values.",
            "FRIEDMAN_TOO_FEW_ROWS",
        )
    if not np.ptp(np.round(complete, 10), axis=1).any():
        raise AnalysisError(
            f"Every one of the {len(complete)} complete rows has the same value in {', '.join(names)}: nothing can be "
            "ranked.",
            "FRIEDMAN_ALL_TIED",
        )


def _anova(complete: Array, notes: list[Note]) -> RepeatedMeasures | None:
    centred = complete - complete.mean(axis=1, keepdims=True)
    if np.ptp(np.round(centred, 10), axis=0).any():
        return repeated_measures(complete)
    message = "Every person has the same differences: the analysis of variance has no error to test against."
    notes.append(Note("FRIEDMAN_NO_ERROR", message, "warning"))
    return None


def _concordance_interval(found: Friedman, bootstrap: int | None, seed: int, level: float) -> tuple[float, float]:
    if bootstrap is None:
        return float("nan"), float("nan")
    n = len(found.ranks)
    counts = generator(seed, "friedman").multinomial(n, np.full(n, 1.0 / n), size=bootstrap).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = concordance_replicates(found.ranks, counts)
    interval = percentile_interval(drawn[:, None], level)
    return float(interval.low[0]), float(interval.high[0])


def _estimates(names: tuple[str, ...], complete: Array, found: Friedman, level: float) -> pd.DataFrame:
    n = len(complete)
    error = found.ranks.std(axis=0, ddof=1) / np.sqrt(n)
    half = float(stdtrit(n - 1.0, 0.5 + level / 2.0)) * error
    nan = np.full(len(names), np.nan)
    columns = (list(names), found.mean_ranks, error, nan, nan, nan, found.mean_ranks - half, found.mean_ranks + half)
    return pd.DataFrame(dict(zip(ESTIMATE_COLUMNS, columns, strict=True))).assign(
        mean=complete.mean(axis=0), sd=complete.std(axis=0, ddof=1), median=np.median(complete, axis=0)
    )


def _ranks(names: tuple[str, ...], complete: Array, found: Friedman) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "term": list(names), "n": len(complete), "mean_rank": found.mean_ranks, "rank_sum": found.ranks.sum(axis=0),
            "mean": complete.mean(axis=0), "sd": complete.std(axis=0, ddof=1), "median": np.median(complete, axis=0),
        }
    )  # fmt: skip


def _fit(found: Friedman, low: float, high: float) -> pd.Series[Any]:
    return pd.Series(
        {
            "chisq": found.chisq, "df": float(found.df), "pvalue": found.p_value, "f": found.f, "f_df": float(found.df),
            "f_df_error": float(found.df_error), "f_pvalue": found.p_f, "kendall_w": found.w, "kendall_w_low": low,
            "kendall_w_high": high,
        }
    )  # fmt: skip


def _pairs(names: tuple[str, ...], complete: Array, found: Friedman, adjust: str) -> pd.DataFrame:
    compared = friedman_pairs(found)
    first, second = compared.pop("first").astype(int), compared.pop("second").astype(int)
    table = pd.DataFrame({"first": [names[i] for i in first], "second": [names[j] for j in second], **compared})
    sums, p_values = [], []
    for i, j in zip(first, second, strict=True):
        away = np.round(complete[:, i] - complete[:, j], 10)
        test = signed_ranks(away) if away.any() else None
        sums.append(float("nan") if test is None else test.positive)
        p_values.append(1.0 if test is None else test.p_value)
    wilcoxon = np.array(p_values)
    table.insert(6, "p_dunn_adjusted", adjusted(compared["p_dunn"], "bonferroni"))
    return table.assign(
        p_conover_adjusted=adjusted(compared["p_conover"], adjust), v=sums, p_wilcoxon=wilcoxon,
        p_wilcoxon_adjusted=adjusted(wilcoxon, adjust),
    )  # fmt: skip


def _means(names: tuple[str, ...], complete: Array, adjust: str, level: float) -> pd.DataFrame:
    """Differences of the means with intervals: the counterpart of the pairs of ranks."""
    n = len(complete)
    first, second = np.triu_indices(len(names), k=1)
    away = complete[:, first] - complete[:, second]
    difference = away.mean(axis=0)
    error = np.where(np.ptp(away, axis=0) > 0, away.std(axis=0, ddof=1), 0.0) / np.sqrt(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(difference == 0.0, 0.0, difference / error)
    p_value = 2.0 * stdtr(n - 1.0, -np.abs(t))
    half = float(stdtrit(n - 1.0, 0.5 + level / 2.0)) * error
    return pd.DataFrame(
        {
            "first": [names[i] for i in first], "second": [names[j] for j in second], "difference": difference,
            "std_error": error, "t": t, "df": n - 1.0, "p_value": p_value, "p_adjusted": adjusted(p_value, adjust),
            "ci_low": difference - half, "ci_high": difference + half,
        }
    )  # fmt: skip


def _anova_table(found: RepeatedMeasures | None) -> pd.DataFrame:
    if found is None:
        return pd.DataFrame(columns=list(_ANOVA))
    gg = found.greenhouse_geisser
    row = (
        found.f, found.df, found.df_error, found.p_value, found.eta_squared, gg, found.df * gg, found.df_error * gg,
        found.p_gg, found.huynh_feldt, found.p_hf,
    )  # fmt: skip
    return pd.DataFrame([row], columns=list(_ANOVA))
