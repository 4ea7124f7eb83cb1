"""Comparing nested models that were fitted to the same completed data sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, Fault, ModelError, did_you_mean
from crmstudy.fitted.comparable import labelled
from crmstudy.fitted.pooledfits import Method, PooledSolution, pool_solutions, pooled_difference, usual_method
from crmstudy.fitted.pooledresult import PooledSemResult
from crmstudy.kernels.covariance.scaling import ScaledTest
from crmstudy.kernels.incomplete.pooling import PooledTest
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.results import ESTIMATE_COLUMNS, Result

_METHODS = ("default", "D3", "D2")
_INDICES = ("cfi", "tli", "rmsea", "srmr")
#: Moments of one data set differ by less than this in standard deviations, however they were computed.
_SAME_MOMENTS = 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class PooledComparison(Result):
    """Nested models compared over completed data sets.

    ``.tables["tests"]``: one row a model, the one with the fewest degrees of freedom first: ``model, npar, df, chisq``,
    then the comparison with the row above: ``statistic`` (F) on ``df_diff`` and ``df2``, ``p_value``, ``ariv``,
    ``chisq_diff`` (F times df_diff), and ``scaling_factor`` where the fits are robust: then the pooled chi-square is
    divided by it and ``df2`` is infinite; then ``cfi, tli, rmsea, srmr`` with their changes. The first row has no
    comparison.

    ``.estimates``: one row a comparison (``term`` is "smaller vs larger").
    """

    kind: ClassVar[str] = "pooled_comparison"

    @property
    def text(self) -> str:
        """The differences in one sentence."""
        rows = self.tables["tests"].to_dict("records")
        parts = []
        for above, row in pairwise(rows):
            shown = (
                f"F({write_number(row['df_diff'], 'df')}, {write_number(row['df2'], 'df')}) = "
                f"{write_number(row['statistic'], 'statistic')}"
            )
            if math.isinf(row["df2"]):
                shown = (
                    f"Δχ²({write_number(row['df_diff'], 'df')}, N = {write_number(self.n, 'n')}) = "
                    f"{write_number(row['chisq_diff'], 'statistic')}"
                )
            parts.append(f"{row['model']} against {above['model']}: {shown}, {p_phrase(row['p_value'])}")
        mark = "" if self.admissible else " A compared solution is INADMISSIBLE: this must not be interpreted."
        told = f"{'; '.join(parts)} (pooled by {self.call['method']} over {self.call['imputations']} data sets)."
        return told[:1].upper() + told[1:] + mark


def compare_pooled(
    fits: Sequence[Any], *, method: str = "default", names: Sequence[str] | None = None
) -> PooledComparison:
    """Likelihood-ratio tests of nested models, pooled over the data sets in which all of them can be used.

    Parameters
    ----------
    fits : sequence of PooledSemResult
        Two fits or more, in any order.
    method : {"default", "D3", "D2"}
        How tests are pooled; ``default`` is D3 where there are likelihoods, else D2.
    names : sequence of str, optional
        Names of the models; ``model 1`` and so on without.

    Raises
    ------
    ModelError
        For fits that cannot be compared, with every reason.
    AnalysisError
        When fewer than two data sets are common, or models have equal degrees of freedom.

    Notes
    -----
    See :func:`crmstudy.fitted.pooledfits.pooled_difference`. Nesting is not verified.
    """
    labels = _check(fits, method, names)
    order = sorted(range(len(fits)), key=lambda at: fits[at].solution.df)
    ordered = [fits[at] for at in order]
    called = [labels[at] for at in order]
    usual = "D3" if all(usual_method(fit.solution) == "D3" for fit in fits) else "D2"
    chosen: Method = "D2" if method == "D2" or (method == "default" and usual == "D2") else "D3"
    if chosen == "D3" and usual == "D2":
        raise ModelError("D3 compares likelihoods, which these fits do not all have. Use method='D2'.")
    solutions, notes = _over_common_sets(ordered, chosen)
    steps = [pooled_difference(smaller, larger, chosen) for larger, smaller in pairwise(solutions)]
    for fit, name in zip(ordered, called, strict=True):
        if not fit.admissible:
            message = f"'{name}' must not be interpreted, and neither must its comparisons."
            notes.append(Note("SEM_COMPARED_INADMISSIBLE", message, "inadmissible", name))
    for (test, _), subject in zip(steps, _terms(called), strict=True):
        if test.below_zero:
            message = (
                f"The pooled statistic of {subject}, or its relative increase, came out negative and was set to 0."
            )
            notes.append(Note("SEM_POOLED_BELOW_ZERO", message, "warning", subject))
    table = _table(solutions, called, steps)
    first = ordered[0]
    call = {
        "function": "compare_models", "models": labels, "method": chosen, "imputations": len(solutions[0].parts),
    }  # fmt: skip
    return PooledComparison(
        estimates=_estimates(table, _terms(called)), n=first.n, tables={"tests": table}, notes=tuple(notes),
        samples=first.samples, call=call,
    )  # fmt: skip


def _check(fits: Sequence[Any], method: str, names: Sequence[str] | None) -> list[str]:
    faults = []
    if method not in _METHODS:
        hint = did_you_mean(str(method), _METHODS)
        faults.append(Fault(f"method={method!r} does not exist for pooled fits; choose {', '.join(_METHODS)}.{hint}"))
    labels, more = labelled(fits, names, PooledSemResult, "pooled fits with pooled fits only")
    faults += more
    if faults:
        raise ModelError(faults)
    first = fits[0].solution
    for label, fit in zip(labels[1:], fits[1:], strict=True):
        faults += _differences(labels[0], first, label, fit.solution)
    if faults:
        raise ModelError(faults)
    return labels


def _differences(one: str, first: PooledSolution, other: str, second: PooledSolution) -> list[Fault]:
    if set(first.table.observed) != set(second.table.observed):
        return [Fault(f"'{one}' and '{other}' have different variables; only models of the same ones can be compared.")]
    faults = []
    for name in ("estimator", "missing", "test", "likelihood", "group", "cluster", "weights"):
        mine, theirs = getattr(first.options, name), getattr(second.options, name)
        if mine != theirs:
            faults.append(
                Fault(f"'{one}' was fitted with {name}={mine!r} and '{other}' with {theirs!r}; use the same.")
            )
    if first.sample.n != second.sample.n:
        faults.append(Fault(f"'{one}' has {first.sample.n} rows and '{other}' {second.sample.n}; use the same rows."))
    return faults


def _over_common_sets(fits: Sequence[PooledSemResult], method: Method) -> tuple[list[PooledSolution], list[Note]]:
    """The solutions over the data sets that all fits use."""
    used = [[one.number for one in fit.judged if not one.reason] for fit in fits]
    common = [number for number in used[0] if all(number in other for other in used[1:])]
    if len(common) < 2:
        raise AnalysisError(
            f"comparing pooled models needs at least 2 data sets in which all can be used; there are {len(common)}.",
            "SEM_POOLED_NOT_COMPARABLE",
        )
    solutions = []
    for fit, numbers in zip(fits, used, strict=True):
        inside = [part for number, part in zip(numbers, fit.solution.parts, strict=True) if number in common]
        solutions.append(fit.solution.by(method) if len(inside) == len(numbers) else pool_solutions(inside, method))
    _check_moments(solutions)
    if all(len(numbers) == len(common) for numbers in used):
        return solutions, []
    told = ", ".join(map(str, common))
    message = f"The models are compared over the data sets in which all can be used: {told}."
    return solutions, [Note("SEM_POOLED_COMMON_SETS", message, "warning")]


def _check_moments(solutions: Sequence[PooledSolution]) -> None:
    """The data sets must be the same ones, one by one."""
    first = solutions[0]
    for other in solutions[1:]:
        at = [other.table.observed.index(name) for name in first.table.observed]
        for mine, theirs in zip(first.parts, other.parts, strict=True):
            for one, two in zip(mine.sample.groups, theirs.sample.groups, strict=True):
                spread = np.sqrt(np.diagonal(one.covariance))
                gap = (one.covariance - two.covariance[np.ix_(at, at)]) / np.multiply.outer(spread, spread)
                if np.abs(gap).max() > _SAME_MOMENTS:
                    raise ModelError("the fits are of different data sets; fit all models to the same Imputed data.")


def _table(
    solutions: Sequence[PooledSolution], names: Sequence[str], steps: Sequence[tuple[PooledTest, ScaledTest | None]]
) -> pd.DataFrame:
    measures = [solution.measures.all() for solution in solutions]
    rows = [_step_row(test, scaled) for test, scaled in steps]
    empty = dict.fromkeys(_step_row(PooledTest("", math.nan, 0, math.nan, math.nan), None), math.nan)
    table = pd.DataFrame(
        {
            "model": list(names),
            "npar": [solution.npar for solution in solutions],
            "df": [solution.df for solution in solutions],
            "chisq": [found["chisq"] for found in measures],
        }
    )
    table = pd.concat([table, pd.DataFrame([empty, *rows])], axis=1)
    if table["scaling_factor"].isna().all():
        table = table.drop(columns="scaling_factor")
    for name in _INDICES:
        table[name] = [found[name] for found in measures]
        table[f"delta_{name}"] = table[name].diff()
    return table


def _step_row(test: PooledTest, scaled: ScaledTest | None) -> dict[str, float]:
    found = {
        "statistic": test.statistic, "df_diff": test.df1, "df2": test.df2, "p_value": test.p_value,
        "ariv": test.increase, "chisq_diff": test.chisq, "scaling_factor": math.nan,
    }  # fmt: skip
    if scaled is None:
        return found
    return found | {
        "statistic": scaled.statistic / scaled.df, "df2": math.inf, "p_value": scaled.p_value,
        "chisq_diff": scaled.statistic, "scaling_factor": scaled.scaling_factor,
    }  # fmt: skip


def _terms(names: Sequence[str]) -> list[str]:
    return [f"{smaller} vs {larger}" for larger, smaller in pairwise(names)]


def _estimates(table: pd.DataFrame, terms: Sequence[str]) -> pd.DataFrame:
    steps = table.iloc[1:]
    frame = pd.DataFrame(
        {
            "term": list(terms),
            "statistic": steps["statistic"].to_numpy(),
            "df": steps["df_diff"].to_numpy(),
            "p_value": steps["p_value"].to_numpy(),
        }
    )
    return frame.reindex(columns=list(ESTIMATE_COLUMNS))
