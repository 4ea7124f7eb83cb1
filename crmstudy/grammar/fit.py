"""From a model and data to a fitted model: parse, lay out, estimate, judge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Unpack

import numpy as np

from crmstudy.errors import AnalysisError, ModelError
from crmstudy.grammar.admissibility import convergence_note, identification_note, solution_notes
from crmstudy.grammar.layout import Placement, Strategy, place, start_values
from crmstudy.grammar.options import SemKeywords, SemOptions, resolve_options
from crmstudy.grammar.sample import SampleMoments, sample_moments
from crmstudy.grammar.semresult import SemResult, Solution
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.grammar.table import ParameterTable, build_table
from crmstudy.kernels.cbsem import Array, MaximumLikelihood, SampleBlock
from crmstudy.kernels.optimise import Optimum, minimise, unit_diagonal
from crmstudy.notes import Note

_ATTEMPTS: tuple[tuple[Strategy, bool], ...] = (
    ("ratios", True), ("first", True), ("last", True), ("deviations", True), ("units", True),
    ("ratios", False), ("units", False),
)  # fmt: skip
_LAST_USUAL_ATTEMPT = ("units", True)
#: More iterations than this make an arrival suspicious.
_QUICK = 60


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
    if not isinstance(model, str):
        raise ModelError(f"the model must be a text in lavaan syntax; found {type(model).__name__}.")
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
    """Minimise from several starts, unless the first one arrives quickly at a proper solution.

    A slow or improper arrival may be a local minimum; then the lowest minimum found counts.
    """
    table, moments, options = prepared.table, prepared.moments, prepared.options
    layout = prepared.placement.layout
    objective = MaximumLikelihood((SampleBlock(layout, moments.covariance),), table.n_free)
    tied = table.n_free < sum(row.free > 0 for row in table.rows)
    best: Optimum | None = None
    for strategy, scoring in _ATTEMPTS:
        if strategy in ("first", "last") and not tied:
            continue
        start = start_values(table, moments.covariance, strategy)
        found = minimise(objective, start, moments.n, max_iter=options.max_iter, scoring=scoring)
        if found is None:
            continue
        if best is None or _rank(found) < _rank(best):
            best = found
        if scoring and strategy == "ratios" and not tied and _is_proper(prepared, found):
            break
        if best.converged and (strategy, scoring) == _LAST_USUAL_ATTEMPT:
            break
    if best is None:
        raise AnalysisError(
            "the start values must imply a positive definite covariance matrix, but none of those tried did. Give "
            "start() values or check the fixed values of the model.",
            "SEM_NO_START",
        )
    return best


def _rank(optimum: Optimum) -> tuple[bool, float]:
    """Converged before not converged, then the lower discrepancy; differences of rounding do not count."""
    return not optimum.converged, round(optimum.point.value, 11)


def _is_proper(prepared: _Prepared, optimum: Optimum) -> bool:
    if not optimum.converged or optimum.iterations > _QUICK:
        return False
    estimates = _row_values(prepared.table, prepared.placement, optimum.point.theta)
    return not solution_notes(prepared.table, prepared.placement, estimates, optimum.point.moments[0])


def _judge(prepared: _Prepared, optimum: Optimum, call: dict[str, Any]) -> SemResult:
    """Standard errors and the admissibility gate."""
    table, moments = prepared.table, prepared.moments
    implied = optimum.point.moments[0]
    estimates = _row_values(table, prepared.placement, optimum.point.theta)
    p = len(table.observed)
    df = p * (p + 1) // 2 - table.n_fixed_moments - table.n_free
    notes = [convergence_note(optimum), identification_note(table, optimum, df)]
    stuck = [note for note in notes if note is not None]
    vcov = None if stuck else _covariance_of_estimates(optimum.hessian, moments.n)
    if optimum.converged:
        stuck += solution_notes(table, prepared.placement, estimates, implied)
    if df == 0 and not stuck:
        stuck.append(Note("SEM_SATURATED", "The model has no degrees of freedom: it fits perfectly whatever the data."))
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
    scaled, scale = unit_diagonal(hessian)
    inverse = np.linalg.inv(scaled)
    vcov: Array = (inverse + inverse.T) / 2 * np.multiply.outer(scale, scale) * (2.0 / n)
    return vcov
