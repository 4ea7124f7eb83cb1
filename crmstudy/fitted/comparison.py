"""Comparing nested models that were fitted to the same data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, overload

import numpy as np
import pandas as pd

from crmstudy.estimating.options import SCALED_TESTS
from crmstudy.estimating.solution import Solution
from crmstudy.fitted.comparable import check_comparable, spelled, test_of
from crmstudy.fitted.nesting import Pair
from crmstudy.fitted.pooledcomparison import PooledComparison, compare_pooled
from crmstudy.fitted.pooledresult import PooledSemResult
from crmstudy.fitted.semresult import SemResult
from crmstudy.kernels.covariance.difference import Difference, rmsea_of_difference
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.results import ESTIMATE_COLUMNS, Result

#: Tests whose scaling is a mean: the difference of two can be scaled by their factors.
_MEAN_SCALED = ("satorra.bentler", "yuan.bentler", "yuan.bentler.mplus")
_INDICES = ("cfi", "tli", "rmsea", "srmr")
_ROBUST = ("cfi_robust", "tli_robust", "rmsea_robust")


@dataclass(frozen=True, eq=False, repr=False)
class ModelComparison(Result):
    """Nested models compared by their chi-squares and indices.

    ``.tables["tests"]``: one row a model, the one with the fewest degrees of freedom first: ``model, npar, df, aic,
    bic, chisq`` (unscaled, as the scaled difference is made of unscaled ones), then the comparison with the row above:
    ``chisq_diff, df_diff, p_value, rmsea_diff`` (RMSEA_D) and, where it was scaled, ``scaling_factor`` and ``shift``;
    then ``cfi, tli, rmsea, srmr`` (and ``cfi_robust`` and so on where every fit has them) with their changes
    ``delta_cfi`` ... The first row has no comparison, and a comparison that fails is missing with a note.

    ``.estimates``: one row a comparison (``term`` is "smaller vs larger") with ``statistic``, ``df`` and ``p_value``.
    """

    kind: ClassVar[str] = "comparison"

    @property
    def text(self) -> str:
        """The differences in one sentence."""
        rows = self.tables["tests"].to_dict("records")
        parts = [self._step(above, row) for above, row in pairwise(rows)]
        mark = "" if self.admissible else " A compared solution is INADMISSIBLE: this must not be interpreted."
        return "; ".join(parts)[:1].upper() + "; ".join(parts)[1:] + "." + mark

    def _step(self, above: dict[Any, Any], row: dict[Any, Any]) -> str:
        name = f"{row['model']} against {above['model']}"
        if not math.isfinite(row["p_value"]):
            return f"{name} cannot be tested"
        symbol = "Δχ²" if "scaling_factor" not in row else "scaled Δχ²"
        return (
            f"{name}: {symbol}({write_number(row['df_diff'], 'df')}, N = {write_number(self.n, 'n')}) = "
            f"{write_number(row['chisq_diff'], 'statistic')}, {p_phrase(row['p_value'])}, "
            f"ΔCFI = {write_number(row['delta_cfi'], 'index')}"
        )


@overload
def compare_models(
    *fits: SemResult,
    method: str = ...,
    names: Sequence[str] | None = ...,
    jacobian: str = ...,
    scaled_shifted: bool = ...,
) -> ModelComparison: ...


@overload
def compare_models(
    *fits: PooledSemResult, method: str = ..., names: Sequence[str] | None = ...
) -> PooledComparison: ...


def compare_models(
    *fits: Any,
    method: str = "default",
    names: Sequence[str] | None = None,
    jacobian: str = "delta",
    scaled_shifted: bool = True,
) -> ModelComparison | PooledComparison:
    """Compare nested models by the difference of their chi-squares.

    Parameters
    ----------
    *fits : SemResult or PooledSemResult
        Two fits or more, in any order, of the same variables of the same rows, with the same estimator and test.
    method : str
        ``standard``, ``satorra.bentler.2001``, ``satorra.bentler.2010`` (the larger model scaled at the smaller one's
        estimates: never negative where that is well defined) or ``satorra.2000`` (by traces; needs complete rows).
        ``default`` is what lavaan 0.6-14 takes: the standard difference of unscaled fits, the one of 2001 of
        mean-scaled fits (MLM, MLR), that of 2000 of mean- and variance-adjusted ones.
    names : sequence of str, optional
        Names of the models; ``model 1`` and so on without.
    jacobian : {"delta", "exact"}
        For ``satorra.2000``: the restriction from what the models do to the moments, or parameter by parameter.
    scaled_shifted : bool
        For ``satorra.2000``: scale and shift; False divides by the mean, or adjusts the degrees of freedom where the
        fits' own test does.

    Returns
    -------
    ModelComparison or PooledComparison
        The latter for fits of imputed data, whose ``method`` is ``D2`` or ``D3``.

    Raises
    ------
    ModelError
        For fits that cannot be compared, with every reason; chi-squares and information criteria of different data or
        different variables are not comparable at all.
    AnalysisError
        When ``jacobian="exact"`` asks for what these models do not have.

    Notes
    -----
    Whether the smaller model is nested is found out by fitting the larger one to its implied moments (Bentler &
    Satorra, 2010); without that there is no p-value. The scaling factors of 2001 and 2010 are those of the mean
    (Satorra & Bentler, 1994), also for fits with a mean- and variance-adjusted test. ``rmsea_diff`` follows Browne & Du
    Toit (1992), with the mean of the difference in the place of its degrees of freedom where it was scaled.
    """
    if any(isinstance(fit, PooledSemResult) for fit in fits):
        return compare_pooled(fits, method=method, names=names)
    labels = check_comparable(fits, method, names, jacobian)
    order = sorted(range(len(fits)), key=lambda at: fits[at].solution.df)
    ordered = [fits[at] for at in order]
    called = [labels[at] for at in order]
    solutions = [fit.solution for fit in ordered]
    chosen, notes = _resolved(method, solutions)
    notes += _marks(ordered, called)
    steps = []
    for (larger, smaller), pair_names in zip(pairwise(solutions), pairwise(called), strict=True):
        found, said = _step(Pair(larger, smaller), pair_names, chosen, jacobian, scaled_shifted)
        steps.append(found)
        notes += said
    table, more = _table(ordered, called, steps, scaled=chosen != "standard")
    first = ordered[0]
    return ModelComparison(
        estimates=_estimates(called, steps),
        n=first.n,
        tables={"tests": table},
        notes=(*notes, *more),
        samples=first.samples,
        call={
            "function": "compare_models", "models": labels, "method": chosen, "jacobian": jacobian,
            "scaled_shifted": scaled_shifted,
        },
    )  # fmt: skip


def default_difference(pair: Pair) -> Difference:
    """The difference of two models of which one is known to be nested, by the method that suits their estimator."""
    method, _ = _resolved("default", (pair.larger, pair.smaller))
    return _difference(pair, method, "delta", shifted=True)


def _resolved(method: str, solutions: Sequence[Solution]) -> tuple[str, list[Note]]:
    """The method under its own name, and what there is to say about it."""
    asked = spelled(method)
    test = test_of(solutions)
    if test not in SCALED_TESTS:
        if asked in ("default", "standard"):
            return "standard", []
        message = f"The fits have no scaled test, so method='{asked}' scales nothing; this is the standard difference."
        return "standard", [Note("SEM_DIFFERENCE_STANDARD", message, "warning")]
    if asked == "default":
        return ("satorra.bentler.2001" if test in _MEAN_SCALED else "satorra.2000"), []
    if asked == "standard":
        message = "The fits have scaled tests, but their difference was not scaled; its p-value assumes normal data."
        return asked, [Note("SEM_DIFFERENCE_STANDARD", message, "warning")]
    return asked, []


def _step(
    pair: Pair, names: tuple[str, str], method: str, jacobian: str, shifted: bool
) -> tuple[Difference, list[Note]]:
    """The difference of two models, with the reasons where it cannot be had."""
    larger, smaller = names
    subject = f"{smaller} vs {larger}"
    scaled = method != "standard"
    if not all(_is_usable(solution, scaled) for solution in (pair.larger, pair.smaller)):
        return _untested(pair, math.nan), []  # what is wrong with the fits is said about them
    plain = pair.plain().plain
    shown = math.nan if scaled else plain
    if pair.df == 0:
        message = f"'{smaller}' and '{larger}' have the same degrees of freedom: neither is nested in the other."
        return _untested(pair, shown), [Note("SEM_SAME_DF", message, "warning", subject)]
    if plain < -1e-6 or pair.is_nested is False:
        return _untested(pair, shown), [_not_nested_note(plain, larger, smaller, subject)]
    notes = []
    if pair.is_nested is None:
        message = f"Whether '{smaller}' is nested in '{larger}' could not be verified; the test holds only if it is."
        notes.append(Note("SEM_NESTING_UNKNOWN", message, "info", subject))
    found = _difference(pair, method, jacobian, shifted)
    if not math.isfinite(found.statistic):
        notes.append(_failed_note(found, pair, method, larger, smaller, subject))
    return found, notes


def _is_usable(solution: Solution, scaled: bool) -> bool:
    return solution.optimum.converged and solution.df >= 0 and (solution.has_errors or not scaled)


def _untested(pair: Pair, statistic: float) -> Difference:
    return Difference(statistic, statistic, pair.df, math.nan, math.nan)


def _difference(pair: Pair, method: str, jacobian: str, shifted: bool) -> Difference:
    if method == "standard":
        return pair.plain()
    if method == "satorra.2000":
        adjusted = pair.larger.options.test not in _MEAN_SCALED
        return pair.by_traces(exact=jacobian == "exact", shifted=shifted, mean_and_variance=adjusted)
    return pair.scaled(at_smaller=method == "satorra.bentler.2010")


def _not_nested_note(plain: float, larger: str, smaller: str, subject: str) -> Note:
    if plain < -1e-6:
        message = (
            f"'{smaller}' has fewer parameters than '{larger}' but fits better: it is not nested in it, or '{larger}' "
            "did not reach its best fit. There is no test."
        )
    else:
        message = (
            f"'{smaller}' is not nested in '{larger}', which cannot imply its moments: a chi-square difference is no "
            "test of the two. Compare them by their information criteria."
        )
    return Note("SEM_NOT_NESTED", message, "warning", subject)


def _failed_note(found: Difference, pair: Pair, method: str, larger: str, smaller: str, subject: str) -> Note:
    why = f"is not positive ({write_number(found.trace / pair.df, 'estimate', decimals=3)})"
    if not math.isfinite(found.trace):
        why = f"is not defined: the information of '{larger}' is not positive definite at the estimates of '{smaller}'"
    rows = "satorra.bentler.2001" if pair.larger.options.fiml else "satorra.2000"
    other = "satorra.bentler.2010" if method == "satorra.bentler.2001" else rows
    message = (
        f"The scaling factor of the difference of '{smaller}' and '{larger}' {why}, so there is no scaled difference. "
        f"Use method='{other}'."
    )
    return Note("SEM_SCALED_DIFFERENCE_FAILED", message, "warning", subject)


def _marks(fits: Sequence[SemResult], names: Sequence[str]) -> list[Note]:
    """A mark for each fit that must not be interpreted."""
    notes = []
    for fit, name in zip(fits, names, strict=True):
        reasons = [note.message for note in fit.notes if note.level == "inadmissible"]
        if not fit.admissible or not fit.converged:
            message = " ".join([f"'{name}' must not be interpreted, and neither must its comparisons:", *reasons])
            notes.append(Note("SEM_COMPARED_INADMISSIBLE", message, "inadmissible", name))
    return notes


def _table(
    fits: Sequence[SemResult], names: Sequence[str], steps: Sequence[Difference], *, scaled: bool
) -> tuple[pd.DataFrame, list[Note]]:
    solutions = [fit.solution for fit in fits]
    table = pd.DataFrame(
        {
            "model": list(names),
            "npar": [solution.npar for solution in solutions],
            "df": [solution.df for solution in solutions],
            "aic": _figures(fits, "aic"),
            "bic": _figures(fits, "bic"),
            "chisq": _figures(fits, "chisq"),
            "chisq_diff": [math.nan, *(step.statistic for step in steps)],
            "df_diff": [math.nan, *(step.df for step in steps)],
            "p_value": [math.nan, *(step.p_value for step in steps)],
        }
    )
    gaps = [smaller.df - larger.df for larger, smaller in pairwise(solutions)]
    table["rmsea_diff"] = [math.nan, *(_rmsea(step, gap, fits[0]) for step, gap in zip(steps, gaps, strict=True))]
    if scaled:
        factors = [step.trace / gap if gap else math.nan for step, gap in zip(steps, gaps, strict=True)]
        table["scaling_factor"] = [math.nan, *factors]
        table["shift"] = [math.nan, *(step.shift for step in steps)]
    robust = [name for name in _ROBUST if all(np.isfinite(fit.fit.get(name, math.nan)) for fit in fits)]
    for name in (*_INDICES, *robust):
        table[name] = _figures(fits, name)
        table[f"delta_{name}"] = table[name].diff()
    given = {solution.table.exogenous if solution.table.fixed_x else () for solution in solutions}
    if len({frozenset(names) for names in given}) == 1:
        return table, []
    table[["aic", "bic"]] = math.nan
    message = (
        "The models are conditional on different exogenous variables, so their likelihoods are of different things: "
        "AIC and BIC are not compared. Fit all with fixed_x=False to compare them."
    )
    return table, [Note("SEM_DIFFERENT_EXOGENOUS", message, "warning")]


def _rmsea(step: Difference, df: int, fit: SemResult) -> float:
    if not math.isfinite(step.p_value):
        return math.nan
    return rmsea_of_difference(step, df, float(fit.n), len(fit.solution.sample.groups))


def _figures(fits: Sequence[SemResult], name: str) -> list[float]:
    return [float(fit.fit.get(name, math.nan)) for fit in fits]


def _estimates(names: Sequence[str], steps: Sequence[Difference]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "term": [f"{smaller} vs {larger}" for larger, smaller in pairwise(names)],
            "statistic": [step.statistic for step in steps],
            "df": [step.df for step in steps],
            "p_value": [step.p_value for step in steps],
        }
    )
    return frame.reindex(columns=list(ESTIMATE_COLUMNS))
