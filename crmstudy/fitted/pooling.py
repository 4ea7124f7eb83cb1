"""Models of multiply imputed data: fitted to every completed data set, pooled by Rubin's rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError, did_you_mean
from crmstudy.estimating.admissibility import solution_notes
from crmstudy.estimating.options import DEFAULTS, SemKeywords
from crmstudy.fitted.fit import fit_model
from crmstudy.fitted.pooledfits import PooledSolution, pool_solutions, usual_method
from crmstudy.fitted.pooledresult import CompletedFit, PooledSemResult
from crmstudy.fitted.semresult import SemResult
from crmstudy.imputed import Imputed
from crmstudy.notes import Note
from crmstudy.numerals import write_number

#: What may keep a data set out of the pool, by semTools' names.
OMISSIONS = ("no.conv", "no.se", "no.npd")


def fit_imputed(
    model: str,
    imputed: Imputed,
    *,
    function: str = "sem",
    omit: Collection[str] = ("no.conv", "no.se"),
    **keywords: Unpack[SemKeywords],
) -> PooledSemResult:
    """Fit a model to every completed data set and pool the results; the common ground of ``sem()`` and ``cfa()``.

    Parameters
    ----------
    model : str
        lavaan syntax.
    imputed : Imputed
        The completed data sets.
    function : str
        Name shown in ``.call``.
    omit : collection of {"no.conv", "no.se", "no.npd"}
        Data sets to leave out: those in which the model did not converge, has no standard errors, or gave an improper
        solution. As in semTools, improper solutions stay in the pool unless told otherwise: to drop them is to select
        data by their result. They are counted in a note, and the pooled solution passes the admissibility gate itself.
    **keywords
        See :class:`crmstudy.estimating.options.SemKeywords`.

    Raises
    ------
    ModelError, DataError, UnsupportedError
        Input that is refused, with all its faults.
    AnalysisError
        When fewer than two data sets remain.
    """
    _check(imputed, omit, keywords)
    fits = [_fit(model, data, function, keywords) for data in imputed.sets]
    failures = [fit for fit in fits if isinstance(fit, AnalysisError)]
    if len(failures) == len(fits):
        raise failures[0]
    judged = tuple(_judge(number, fit, omit) for number, fit in enumerate(fits, 1))
    used = [one.fit for one in judged if one.fit is not None and not one.reason]
    if len(used) < 2:
        told = "; ".join(f"set {one.number}: {one.reason}" for one in judged if one.reason)
        raise AnalysisError(
            f"pooling needs at least 2 data sets, but {len(used)} of {imputed.m} can be used ({told}).",
            "SEM_POOLED_TOO_FEW",
        )
    _check_same_rows(used)
    solution = pool_solutions([fit.solution for fit in used], usual_method(used[0].solution))
    if solution.tests.method == "D3" and not np.isfinite(solution.tests.statistics_at_pooled).all():
        solution = solution.by("D2")
    call = {**used[0].call, "imputations": imputed.m, "omit": list(omit)}
    return PooledSemResult(solution, judged, (*imputed.notes, *_notes(solution, judged, used)), call)


def _check(imputed: Any, omit: Collection[str], keywords: Mapping[str, Any]) -> None:
    if not isinstance(imputed, Imputed):
        raise DataError(f"pooling wants Imputed data; found {type(imputed).__name__}. Build it with Imputed([...]).")
    unknown = [name for name in omit if name not in OMISSIONS]
    if unknown:
        hint = did_you_mean(str(unknown[0]), OMISSIONS)
        raise ModelError(f"omit= knows {', '.join(OMISSIONS)}; found {', '.join(map(str, unknown))}.{hint}")
    if keywords.get("se") == "none":
        raise ModelError("pooling rests on standard errors; leave se='none' out.")
    refused = [
        f"{name}= with Imputed data is not built; {why}"
        for name, why in (
            ("bootstrap", "standard errors are pooled over the data sets as they are."),
            ("aux", "put auxiliary variables into the imputation model instead."),
        )
        if keywords.get(name, DEFAULTS[name])
    ]
    if refused:
        raise UnsupportedError(refused)


def _fit(model: str, data: Any, function: str, keywords: Any) -> SemResult | AnalysisError:
    try:
        return fit_model(model, data, function=function, **keywords)
    except AnalysisError as failure:
        return failure


def _judge(number: int, fit: SemResult | AnalysisError, omit: Collection[str]) -> CompletedFit:
    """Whether a data set takes part, and if not, why. What did not converge at all can never be pooled."""
    if isinstance(fit, AnalysisError):
        return CompletedFit(number, None, str(fit))
    if not fit.converged:
        return CompletedFit(number, fit, "the model did not converge.")
    errors = fit.solution.row_errors
    if fit.solution.vcov is None or not np.isfinite(errors).all():
        return CompletedFit(number, fit, "there are no standard errors.")
    if "no.npd" in omit and not fit.admissible:
        return CompletedFit(number, fit, "the solution is improper.")
    return CompletedFit(number, fit, "")


def _check_same_rows(fits: Sequence[SemResult]) -> None:
    first = fits[0].solution.sample
    for fit in fits[1:]:
        sample = fit.solution.sample
        if sample.labels != first.labels:
            raise DataError(
                "the groups must be the same, in the same order, in every data set; do not impute the group column."
            )
        if any(not np.array_equal(a, b) for a, b in zip(sample.rows, first.rows, strict=True)):
            raise DataError(
                "every data set must use the same rows, but missing or out-of-range values leave different ones. "
                "Complete the variables of the model, and keep imputed answers within the response range."
            )


def _notes(solution: PooledSolution, judged: Sequence[CompletedFit], used: Sequence[SemResult]) -> list[Note]:
    notes = list(dict.fromkeys(note for fit in used for note in fit.notes if note.level != "inadmissible"))
    left_out = [one for one in judged if one.reason]
    if left_out:
        told = " ".join(f"Set {one.number}: {one.reason}" for one in left_out)
        message = f"{len(left_out)} of {len(judged)} data sets were left out. {told}"
        notes.append(Note("SEM_IMPUTATIONS_LEFT_OUT", message, "warning"))
    improper = [str(one.number) for one in judged if not one.reason and one.fit is not None and not one.fit.admissible]
    if improper:
        message = (
            f"The solution is improper in {len(improper)} of {len(used)} pooled data sets ({', '.join(improper)})."
        )
        notes.append(Note("SEM_IMPUTATIONS_IMPROPER", message, "warning"))
    notes += _turned_notes(solution)
    notes += _enough_notes(solution)
    tests = solution.tests
    if tests.df > 0 and tests.test.below_zero:
        message = (
            f"The chi-square pooled by {tests.method}, or its relative increase in variance, came out negative and was "
            "set to 0: the data sets differ more than the model's misfit. Indices made of it tell nothing."
        )
        notes.append(Note("SEM_POOLED_BELOW_ZERO", message, "warning"))
    notes += solution_notes(
        solution.table, solution.placement, solution.estimates, solution.moments, solution.sample.labels
    )
    return notes


def _turned_notes(solution: PooledSolution) -> list[Note]:
    """Factors that point the other way in some data sets: their mean loadings mean nothing."""
    table = solution.table
    turned: dict[str, None] = {}
    for name in table.latent:
        at = [k for k, row in enumerate(table.rows) if row.op == "=~" and row.lhs == name]
        loadings = np.array([part.estimates[at] for part in solution.parts])
        if (loadings @ loadings[0] < 0).any():
            turned[name] = None
    if not turned:
        return []
    message = (
        f"The direction of {', '.join(turned)} differs between the data sets, so that means of the parameters mean "
        "nothing. Give each factor a marker (std_lv=False) or start values."
    )
    return [Note("SEM_POOLED_TURNED", message, "inadmissible", next(iter(turned)))]


def _enough_notes(solution: PooledSolution) -> list[Note]:
    """As many data sets as the largest percentage of missing information (White, Royston & Wood, 2011)."""
    share = solution.pooled.missing_information
    if not len(share):
        return []
    at = int(np.argmax(share))
    needed = int(np.ceil(100.0 * share[at] - 1e-9))
    if needed <= solution.pooled.m:
        return []
    name = solution.table.free_names()[at]
    percent = write_number(100.0 * share[at], "percent", decimals=0)
    message = (
        f"{solution.pooled.m} data sets were pooled, but up to {percent} of the information is missing ({name}): "
        f"standard errors and p-values would change with other draws. Use at least {needed}."
    )
    return [Note("SEM_FEW_IMPUTATIONS", message, "warning", name)]
