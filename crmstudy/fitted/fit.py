"""From a model and data to a fitted model: parse, lay out, estimate, judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Unpack

import numpy as np

from crmstudy.errors import ModelError
from crmstudy.estimating.admissibility import convergence_note, identification_note, solution_notes
from crmstudy.estimating.auxiliary import auxiliary_notes, own_part, with_auxiliaries
from crmstudy.estimating.bootstrapping import run_bootstrap
from crmstudy.estimating.estimation import Prepared, estimate, given_starts
from crmstudy.estimating.inference import Inference
from crmstudy.estimating.layout import place, row_values
from crmstudy.estimating.options import SemKeywords, SemOptions, resolve_options
from crmstudy.estimating.remaking import products_of, without_recipes
from crmstudy.estimating.replicates import Bootstrap, resolve_bootstrap
from crmstudy.estimating.sample import group_labels, read_sample
from crmstudy.estimating.solution import Solution
from crmstudy.fitted.semresult import SemResult
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.grammar.table import ParameterTable, build_table
from crmstudy.kernels.covariance.discrepancy import Discrepancy
from crmstudy.kernels.covariance.optimise import Optimum
from crmstudy.kernels.covariance.structure import Array
from crmstudy.kernels.threads import one_thread
from crmstudy.notes import Note


def fit_model(model: str, data: Any = None, *, function: str = "sem", **keywords: Unpack[SemKeywords]) -> SemResult:
    """Fit a model in lavaan syntax; the common ground of ``sem()`` and ``cfa()``.

    Parameters
    ----------
    model : str
        lavaan syntax.
    data : DataFrame or Responses, optional
        Raw rows; leave out when ``sample_cov`` and ``sample_n`` are given.
    function : str
        Name shown in ``.call``.
    **keywords
        See :class:`crmstudy.estimating.options.SemKeywords`.

    Raises
    ------
    ModelError, DataError, UnsupportedError
        Input that is refused, with all its faults.
    AnalysisError
        Data that do not allow the model.
    """
    frame, recipes = without_recipes(data)
    if recipes and "estimator" not in keywords:
        keywords = {**keywords, "estimator": "MLR"}  # products of normal variables are not normal
    with one_thread():
        prepared, spec = prepare(model, frame, keywords)
        objective, optimum = estimate(prepared)
        call = {"function": function, "model": model, **prepared.options.call}
        solution, notes = judge(prepared, spec, objective, optimum)
        asked = resolve_bootstrap(prepared.options.bootstrap)
        if asked is not None:
            call["bootstrap"] = asked.record
            solution, more = _bootstrapped(solution, asked, frame, recipes)
            notes = (*notes, *more)
        return SemResult(solution, notes, call)


def _bootstrapped(
    solution: Solution, asked: Bootstrap, frame: Any, recipes: Sequence[Any]
) -> tuple[Solution, tuple[Note, ...]]:
    """The solution with the replicates of its bootstrap, unless there is nothing to repeat."""
    if not solution.has_errors:
        message = "The bootstrap was left out: the model did not converge or is not identified."
        return solution, (Note("SEM_BOOTSTRAP_LEFT_OUT", message, "warning"),)
    found = run_bootstrap(solution, asked, products_of(recipes, frame, solution.sample))
    solution = replace(solution, replicates=found)
    values = np.concatenate([solution.estimates, solution.defined[0]])
    return solution, tuple(found.notes(found.interval("estimate", values, solution.level)))


def prepare(model: Any, data: Any, keywords: Any) -> tuple[Prepared, ModelSpec]:
    """Read the model and the sample, and lay them out."""
    if not isinstance(model, str):
        resolve_options(keywords)
        raise ModelError(f"the model must be a text in lavaan syntax; found {type(model).__name__}.")
    first = resolve_options(keywords)
    spec = _parsed(model)
    options = resolve_options(keywords, has_means=True) if spec.has_means and not first.meanstructure else first
    if options.aux and not keywords.get("fixed_x"):  # beside auxiliary variables all are random
        options = replace(options, fixed_x=False, call={**options.call, "fixed_x": False})
    labels = group_labels(data, options)
    table = _table_of(model, options, len(labels))
    exogenous = table.exogenous if table.fixed_x else ()
    sample = read_sample(spec, table.observed, exogenous, data, options, labels)
    placement = place(table, sample.covariances, sample.means)
    return Prepared.of(table, sample, placement, options, given_starts(table, options.start)), spec


def refit(solution: Solution, model: str) -> Solution:
    """Another model of the same variables, fitted to the same sample with the same options, without a bootstrap.

    Raises
    ------
    ModelError
        When the model is refused or has other observed variables.
    AnalysisError
        When it cannot be estimated.
    """
    table = _table_of(model, solution.options, len(solution.sample.groups))
    if table.observed != solution.table.observed:
        raise ModelError(f"the models do not have the same variables: {table.observed}, {solution.table.observed}.")
    sample = solution.sample
    placement = place(table, sample.covariances, sample.means)
    options = replace(solution.options, start=None, bootstrap=None)
    with one_thread():
        prepared = Prepared.of(table, sample, placement, options, given_starts(table, None))
        return judge(prepared, _parsed(model), *estimate(prepared))[0]


def _table_of(model: str, options: SemOptions, n_groups: int) -> ParameterTable:
    table = _table(
        model, options.std_lv, options.fixed_x, options.meanstructure, n_groups, options.group_equal,
        options.group_partial,
    )  # fmt: skip
    return with_auxiliaries(table, options.aux) if options.aux else table


@lru_cache(maxsize=64)
def _parsed(model: str) -> ModelSpec:
    return parse_model(model)


@lru_cache(maxsize=64)
def _table(
    model: str, std_lv: bool, fixed_x: bool, meanstructure: bool, n_groups: int, group_equal: tuple[str, ...],
    group_partial: tuple[str, ...],
) -> ParameterTable:  # fmt: skip
    return build_table(
        _parsed(model), std_lv=std_lv, fixed_x=fixed_x, meanstructure=meanstructure, n_groups=n_groups,
        group_equal=group_equal, group_partial=group_partial,
    )  # fmt: skip


def judge(
    prepared: Prepared, spec: ModelSpec, objective: Discrepancy, optimum: Optimum
) -> tuple[Solution, tuple[Note, ...]]:
    """Degrees of freedom and the admissibility gate."""
    table, sample, options = prepared.table, prepared.sample, prepared.options
    estimates = row_values(table, prepared.placement, optimum.point.theta)
    npar = table.n_free - equality_rank(prepared, optimum.point.theta)
    p = len(table.observed)
    per_group = p * (p + 1) // 2 + (p if table.meanstructure else 0) - table.n_fixed_moments
    df = per_group * table.n_groups - npar
    notes = [convergence_note(optimum), identification_note(table, optimum, df)]
    stuck = [note for note in notes if note is not None]
    has_errors = not stuck
    if optimum.converged:
        own = own_part(table, prepared.placement, estimates)
        stuck += solution_notes(*own, optimum.point.moments, sample.labels)
    if df == 0 and not stuck:
        stuck.append(Note("SEM_SATURATED", "The model has no degrees of freedom: it fits perfectly whatever the data."))
    if table.tied_across_groups:
        names = ", ".join(table.tied_across_groups)
        message = f"Labels written once hold parameters equal in all groups: {names}. Use c() for a label a group."
        stuck.append(Note("SEM_TIED_ACROSS_GROUPS", message))
    stuck += auxiliary_notes(table)
    inference = Inference(objective, optimum, sample, options, df)
    return Solution(spec, prepared, inference, estimates, npar, has_errors), (*sample.notes, *stuck)


def equality_rank(prepared: Prepared, theta: Array) -> int:
    """How many parameters the equality constraints take away."""
    restrictions = prepared.restrictions
    if restrictions is None or not restrictions.n_equal:
        return 0
    slopes = restrictions.equal_slopes(theta)
    size = np.linalg.norm(slopes, axis=1, keepdims=True)
    return int(np.linalg.matrix_rank(slopes / np.where(size > 0, size, 1.0)))
