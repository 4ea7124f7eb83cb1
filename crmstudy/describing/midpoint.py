"""Is the mean above or below the middle of the scale: t test and signed ranks, with how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit
from scipy.stats import shapiro

from crmstudy.describing.scored import Scored, declared_range, scored
from crmstudy.describing.weights import weights_of
from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.classic.location import OneSample, one_sample
from crmstudy.kernels.classic.ranks import hodges_lehmann, signed_ranks
from crmstudy.kernels.classic.weighting import weighted_deviation, weighted_mean
from crmstudy.kernels.moments import Array, skewness
from crmstudy.kernels.multiplicity import ADJUSTMENTS, adjusted
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import pools
from crmstudy.results import ESTIMATE_COLUMNS, Result
from crmstudy.selection import coverage_faults

_EFFECTS = ("term", "n", "midpoint", "mean", "sd", "difference", "d", "d_low", "d_high", "g", "skew", "shapiro_p")
_RANKS = (
    "term", "n", "n_used", "v", "z", "p_value", "p_adjusted", "exact", "z_uncorrected", "p_uncorrected",
    "hodges_lehmann", "ci_low", "ci_high", "rank_biserial",
)  # fmt: skip
_Midpoint = float | Mapping[str, float] | None


@dataclass(frozen=True, eq=False, repr=False)
class MidpointResult(Result):
    """Means of scales or items against the middle of their range.

    ``estimates`` has a row for each: the difference of the mean from the midpoint with its interval and t; last columns
    ``p_adjusted``, ``midpoint``, ``mean``, ``n``. Tables: ``effects`` (term, n, midpoint, mean, sd, difference, d,
    d_low, d_high, g, skew, shapiro_p), ``wilcoxon`` (term, n, n_used, v, z, p_value, p_adjusted, exact, z_uncorrected,
    p_uncorrected, hodges_lehmann, ci_low, ci_high, rank_biserial; empty with weights).
    """

    kind: ClassVar[str] = "midpoint"

    @property
    def text(self) -> str:
        """Which means lie above and below, and the one farthest away."""
        table, limit = self.estimates, 1.0 - self.call["level"]
        found = table[table["p_adjusted"] < limit]
        above, below = int((found["estimate"] > 0).sum()), int((found["estimate"] < 0).sum())
        top = max(table.to_dict("records"), key=lambda row: abs(row["statistic"]))
        effect = next(row for row in self.tables["effects"].to_dict("records") if row["term"] == top["term"])
        return (
            f"Of {len(table)} means {above} are above and {below} below the midpoint at "
            f"{write_number(limit, 'p', decimals=2)} (N = {write_number(self.n, 'n')}); the farthest is {top['term']}, "
            f"M = {write_number(top['mean'], 'estimate')} against {top['midpoint']:g}, "
            f"t({write_number(top['df'], 'df')}) = {write_number(top['statistic'], 'statistic')}, "
            f"{p_phrase(top['p_adjusted'])}, d = {write_number(effect['d'], 'estimate')}."
        )

    def plot(self) -> CoefficientPlot | None:
        """The means with their intervals, where all have the same midpoint."""
        table = self.estimates
        if len(set(table["midpoint"])) != 1:
            return None
        return CoefficientPlot(
            title="Means against the midpoint",
            alt=f"Means with intervals of {len(table)} variables and the midpoint. {self.text}",
            terms=tuple(map(str, table["term"])),
            estimates=tuple(map(float, table["estimate"] + table["midpoint"])),
            lows=tuple(map(float, table["ci_low"] + table["midpoint"])),
            highs=tuple(map(float, table["ci_high"] + table["midpoint"])),
            x_label="Mean",
            reference=float(table["midpoint"].iloc[0]),
        )


def _finish(result: MidpointResult, parts: Sequence[MidpointResult]) -> MidpointResult:
    """Adjust the pooled p-values for the number of tests."""
    p_value = result.estimates["p_value"].to_numpy(dtype=float)
    return replace(result, estimates=result.estimates.assign(p_adjusted=_adjust_known(p_value, result.call["adjust"])))


@pools(finish=_finish)
def midpoint(
    data: object,
    *,
    scale: Sequence[str] | str | None = None,
    items: Sequence[str] | str | None = None,
    midpoint: _Midpoint = None,
    adjust: str = "holm",
    weights: str | None = None,
    level: float = 0.95,
) -> MidpointResult:
    r"""Test means against the midpoint of their scale.

    Parameters
    ----------
    data : DataFrame or Responses
    scale : str or sequence of str, optional
        Scales of responses, or columns of scores of a DataFrame; with ``items`` of a DataFrame the name of the mean of
        the items. Without either: all scales, or all numeric columns.
    items : str or sequence of str, optional
        Items or other columns, each tested for itself.
    midpoint : float or mapping of names to float, optional
        What the means are compared with; left out: the middle of the declared range (3 for answers from 1 to 5).
    adjust : {"holm", "bonferroni", "none"}
        Correction of the p-values for the number of tests (column ``p_adjusted``).
    weights : str, optional
        Column of sampling weights: weighted means with linearised standard errors on n - 1 degrees of freedom.
    level : float
        Coverage of the intervals.

    Returns
    -------
    MidpointResult

    Raises
    ------
    DataError, ModelError, UnsupportedError
        For unknown names and faulty options; also when no midpoint is declared and none is given.
    AnalysisError
        When no variable has two different answers.

    Notes
    -----
    :math:`t=(\bar x-m)/(s/\sqrt n)`, :math:`d=(\bar x-m)/s` with the interval from the noncentral t distribution
    (Steiger & Fouladi, 1997), g with Hedges' (1981) factor. Wilcoxon's test leaves out differences of 0; below 50
    differences without ties it is exact, else z has the correction for continuity, as R's wilcox.test.
    ``p_uncorrected`` is the asymptotic p of SPSS. Differences are rounded to 10 decimals first, so that means of items
    that are equal are tied. The Hodges–Lehmann estimate is the median of all averages of two answers, ties and zeros
    included. Which of the two tests is reported should be decided before looking at the data:
    to choose by a test of normality is itself a test that fails (Rochon, Gondan & Kieser, 2012).

    Examples
    --------
    >>> import pandas as pd
    >>> found = midpoint(pd.DataFrame({"trust": [3, 4, 5, 4, 3, 5, 2, 4]}), items=["trust"], midpoint=3)
    >>> found.estimates["statistic"].round(3).tolist()
    [2.049]
    """
    faults = coverage_faults(level)
    if faults:
        raise ModelError(faults)
    if adjust not in ADJUSTMENTS:
        hint = did_you_mean(str(adjust), ADJUSTMENTS)
        raise UnsupportedError(f"`adjust` is one of {', '.join(ADJUSTMENTS)} in this version, not {adjust!r}.{hint}")
    about = scored(data, scale, items)
    if scale is None and items is None and weights is not None:
        about = _without(about, weights)
    against = _midpoints(data, about.names, midpoint)
    sampling, told = weights_of(about.frame, weights)
    findings: list[Note] = []
    rows, effects, ranks = [], [], []
    for name, values in zip(about.names, about.values.T, strict=True):
        use = ~np.isnan(values) if sampling is None else ~np.isnan(values) & ~np.isnan(sampling)
        given = values[use]
        if _cannot_be_tested(name, given, findings):
            continue
        weighted = None if sampling is None else sampling[use]
        row, effect = _tested(name, given, against[name], weighted, level)
        rows.append(row)
        effects.append(effect)
        if weighted is None:
            ranks.append(_ranked(name, given, against[name], level, findings))
    if not rows:
        raise AnalysisError(f"No mean can be tested. {findings[0].message}", "MIDPOINT_NOTHING_TO_TEST")
    if sampling is not None:
        findings.append(Note("MIDPOINT_WEIGHTED", "With weights there are no signed-rank tests and no intervals of d."))
    else:
        message = "Both the t test and the signed-rank test are given; which one counts is decided before the data."
        findings.append(Note("MIDPOINT_BOTH_TESTS", message))
    estimates = pd.DataFrame(rows, columns=[*ESTIMATE_COLUMNS, "midpoint", "mean", "n"])
    estimates.insert(len(ESTIMATE_COLUMNS), "p_adjusted", adjusted(estimates["p_value"].to_numpy(), adjust))
    wilcoxon = pd.DataFrame(ranks, columns=[name for name in _RANKS if name != "p_adjusted"])
    known = wilcoxon["p_value"].to_numpy(dtype=float)
    wilcoxon.insert(_RANKS.index("p_adjusted"), "p_adjusted", _adjust_known(known, adjust))
    there = ~np.isnan(about.values).all(axis=1)
    n = int((there if sampling is None else there & ~np.isnan(sampling)).sum())
    return MidpointResult(
        estimates=estimates,
        n=n,
        tables={"effects": pd.DataFrame(effects, columns=list(_EFFECTS)), "wilcoxon": wilcoxon},
        notes=(*about.notes, *told, *findings),
        samples=pd.DataFrame([{"group": "all", "n": n, "dropped": len(about.values) - n}]),
        call={
            "items": list(about.names), "midpoint": {name: against[name] for name in about.names}, "adjust": adjust,
            "weights": weights, "level": level,
        },
    )  # fmt: skip


def _without(about: Scored, weights: str) -> Scored:
    """All numeric columns but that of the weights."""
    kept = [place for place, name in enumerate(about.names) if name != weights]
    return Scored(tuple(about.names[place] for place in kept), about.values[:, kept], about.frame, about.notes)


def _midpoints(data: object, names: tuple[str, ...], asked: _Midpoint) -> dict[str, float]:
    """The number each variable is compared with."""
    given: dict[str, Any] = {str(name): value for name, value in asked.items()} if isinstance(asked, Mapping) else {}
    faults = [
        f"`midpoint` names '{name}', which is not tested.{did_you_mean(name, names)}"
        for name in given
        if name not in names
    ]
    found: dict[str, float] = {}
    for name in names:
        value = given.get(name) if isinstance(asked, Mapping) else asked
        ends = declared_range(data, name)
        if value is None and ends is not None:
            value = (ends[0] + ends[1]) / 2.0
        if value is None:
            faults.append(f"No instrument says what the middle of '{name}' is: give `midpoint`, such as 3 for 1 to 5.")
        elif isinstance(value, bool) or not isinstance(value, Real) or not np.isfinite(float(value)):
            faults.append(f"The midpoint of '{name}' is a number, not {value!r}.")
        elif ends is not None and not ends[0] <= float(value) <= ends[1]:
            faults.append(f"The midpoint {value:g} of '{name}' is outside its range, {ends[0]:g} to {ends[1]:g}.")
        else:
            found[name] = float(value)
    if faults:
        raise DataError(faults)
    return found


def _cannot_be_tested(name: str, given: Array, notes: list[Note]) -> bool:
    if len(given) < 2:
        message = f"'{name}' has {len(given)} answers; a test needs 2."
        notes.append(Note("MIDPOINT_TOO_FEW", message, "warning", name))
    elif np.ptp(given) == 0.0:
        message = f"'{name}' is {given[0]:g} for all {len(given)} respondents: there is no variance to test against."
        notes.append(Note("MIDPOINT_CONSTANT", message, "warning", name))
    else:
        return False
    return True


def _tested(
    name: str, given: Array, against: float, weighted: Array | None, level: float
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """A row of the estimates, and one of the effect sizes."""
    nan, n = float("nan"), len(given)
    test: OneSample = one_sample(given, against, level)
    shape = skewness(given), float(shapiro(given).pvalue) if 3 <= n <= 5000 else nan
    if weighted is None:
        ends = test.ci_low - against, test.ci_high - against
        row = (name, test.mean - against, test.std_error, test.t, test.df, test.p_value, *ends, against, test.mean, n)
        sizes = (test.d, test.d_low, test.d_high, test.g)
        return row, (name, n, against, test.mean, test.sd, test.mean - against, *sizes, *shape)
    mean, error = weighted_mean(given, weighted)
    sd, t = weighted_deviation(given, weighted), (mean - against) / error
    half = float(stdtrit(n - 1.0, 0.5 + level / 2.0)) * error
    p_value = float(2.0 * stdtr(n - 1.0, -abs(t)))
    away = mean - against
    row = (name, away, error, t, n - 1.0, p_value, away - half, away + half, against, mean, n)
    return row, (name, n, against, mean, sd, away, away / sd, nan, nan, nan, nan, nan)


def _ranked(name: str, given: Array, against: float, level: float, notes: list[Note]) -> tuple[Any, ...]:
    # fractions such as means of items: what rounding makes of equal differences must not break a tie
    away = np.round(given - against, 10)
    nan = float("nan")
    if not away.any():
        return (name, len(given), 0, nan, nan, nan, False, nan, nan, *(nan,) * 4)
    test = signed_ranks(away)
    centre, low, high = hodges_lehmann(away, level)
    return (
        name, len(given), test.used, test.positive, test.z, test.p_value, test.exact, test.z_uncorrected,
        test.p_uncorrected, against + centre, against + low, against + high, test.rank_biserial,
    )  # fmt: skip


def _adjust_known(p_values: Array, how: str) -> Array:
    found = p_values.copy()
    known = ~np.isnan(p_values)
    found[known] = adjusted(p_values[known], how)
    return found
