"""From a model and data to a fitted model: parse, lay out, estimate, judge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Unpack

import numpy as np

from crmstudy.errors import AnalysisError
from crmstudy.grammar.admissibility import convergence_note, identification_note, solution_notes
from crmstudy.grammar.layout import Placement, place, start_values
from crmstudy.grammar.options import SemKeywords, SemOptions, resolve_options
from crmstudy.grammar.sample import SampleMoments, sample_moments
from crmstudy.grammar.semresult import SemResult, Solution
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.grammar.table import ParameterTable, build_table
from crmstudy.kernels.cbsem import Array, MaximumLikelihood, SampleBlock
from crmstudy.kernels.optimise import Optimum, minimise
from crmstudy.notes import Note


@dataclass(frozen=True)
class _Prepared:
    """A model with its sample, laid out and ready to be estimated."""

    spec: ModelSpec
    table: ParameterTable
    moments: SampleMoments
    placement: Placement
    options: SemOptions


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
        See :class:`crmstudy.grammar.options.SemKeywords`.

    Raises
    ------
    ModelError, DataError, UnsupportedError
        Input that is refused, with all its faults.
    AnalysisError
        Data that do not allow the model.
    """
    options = resolve_options(keywords)
    spec, table = _read(model, options.std_lv, options.fixed_x)
    moments = sample_moments(spec, table.observed, data, options)
    prepared = _Prepared(spec, table, moments, place(table, moments.covariance), options)
    optimum = _estimate(prepared)
    return _judge(prepared, optimum, {"function": function, "model": model, **options.call})


@lru_cache(maxsize=64)
def _read(model: str, std_lv: bool, fixed_x: bool) -> tuple[ModelSpec, ParameterTable]:
    spec = parse_model(model)
    return spec, build_table(spec, std_lv=std_lv, fixed_x=fixed_x)


def _estimate(prepared: _Prepared) -> Optimum:
    """Minimise from the usual start values and, if that fails, from cautious ones."""
    table, sample = prepared.table, prepared.moments.covariance
    objective = MaximumLikelihood((SampleBlock(prepared.placement.layout, sample),), table.n_free)
    best: Optimum | None = None
    for cautious in (False, True):
        start = start_values(table, sample, cautious=cautious)
        found = minimise(objective, start, prepared.moments.n, max_iter=prepared.options.max_iter)
        if found is not None and (
            best is None or (found.converged, -found.point.value) > (best.converged, -best.point.value)
        ):
            best = found
        if best is not None and best.converged:
            break
    if best is None:
        raise AnalysisError(
            "the start values must imply a positive definite covariance matrix, but none of two attempts did. Give "
            "start() values or check the fixed values of the model.",
            "SEM_NO_START",
        )
    return best


def _judge(prepared: _Prepared, optimum: Optimum, call: dict[str, Any]) -> SemResult:
    """Standard errors and the admissibility gate."""
    table, moments = prepared.table, prepared.moments
    implied = optimum.point.moments[0]
    estimates = _row_values(table, prepared.placement, optimum.point.theta)
    p = len(table.observed)
    df = p * (p + 1) // 2 - table.n_fixed_moments - table.n_free
    notes = [convergence_note(optimum), identification_note(table, optimum.hessian, df)]
    stuck = [note for note in notes if note is not None]
    vcov = None if stuck else _covariance_of_estimates(optimum.hessian, moments.n)
    if optimum.converged:
        stuck += solution_notes(table, prepared.placement, estimates, implied)
    if df == 0 and not stuck:
        stuck.append(Note("SEM_SATURATED", "the model has no degrees of freedom: it fits perfectly whatever the data."))
    solution = Solution(
        prepared.spec, table, prepared.placement, moments, optimum, estimates, vcov, df, prepared.options.level,
        prepared.options.se, prepared.options.seed,
    )  # fmt: skip
    return SemResult(solution, (*moments.notes, *stuck), call)


def _row_values(table: ParameterTable, placement: Placement, theta: Array) -> Array:
    matrices = placement.layout.matrices(theta)
    values: Array = np.array([matrices[matrix][i, j] for matrix, i, j in placement.places])
    return values


def _covariance_of_estimates(hessian: Array, n: int) -> Array:
    r"""Inverse of the expected information :math:`(N/2) H`, scaled to a unit diagonal for accuracy."""
    scale = 1.0 / np.sqrt(np.diagonal(hessian))
    inverse = np.linalg.inv(hessian * np.multiply.outer(scale, scale))
    vcov: Array = (inverse + inverse.T) / 2 * np.multiply.outer(scale, scale) * (2.0 / n)
    return vcov
