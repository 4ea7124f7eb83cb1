"""From a laid-out model to its optimum: which discrepancy, which starts, and when an arrival is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crmstudy.errors import AnalysisError, ModelError
from crmstudy.estimating.admissibility import solution_notes
from crmstudy.estimating.auxiliary import own_part
from crmstudy.estimating.layout import Placement, row_values
from crmstudy.estimating.options import SemOptions
from crmstudy.estimating.restricting import restrictions_of
from crmstudy.estimating.sample import Sample
from crmstudy.estimating.starting import Strategy, start_values
from crmstudy.grammar.table import ParameterTable
from crmstudy.kernels.covariance.constrained import Restrictions, minimise_restricted
from crmstudy.kernels.covariance.discrepancy import (
    Discrepancy,
    GeneralisedLeastSquares,
    MaximumLikelihood,
    SampleBlock,
    WeightedLeastSquares,
)
from crmstudy.kernels.covariance.information import GroupSample, moment_covariance
from crmstudy.kernels.covariance.missing import FullInformation, PatternBlock, patterns_value
from crmstudy.kernels.covariance.optimise import Optimum, is_well_conditioned, minimise
from crmstudy.kernels.covariance.structure import Array, Layout

_ATTEMPTS: tuple[tuple[Strategy, bool], ...] = (
    ("ratios", True), ("first", True), ("last", True), ("deviations", True), ("units", True),
    ("ratios", False), ("units", False),
)  # fmt: skip
_LAST_USUAL_ATTEMPT = ("units", True)
#: More iterations than this make an arrival suspicious.
_QUICK = 60


@dataclass(frozen=True)
class Prepared:
    """A model with its sample, laid out and ready to be estimated; ``starts`` are start values by parameter number."""

    table: ParameterTable
    sample: Sample
    placement: Placement
    options: SemOptions
    starts: Mapping[int, float]
    restrictions: Restrictions | None = None

    @classmethod
    def of(
        cls, table: ParameterTable, sample: Sample, placement: Placement, options: SemOptions,
        starts: Mapping[int, float] | None = None,
    ) -> Prepared:  # fmt: skip
        """Prepare a model: its constraints become functions of the free parameters."""
        return cls(table, sample, placement, options, starts or {}, restrictions_of(table, options.bounds))


def objective_for(layouts: Sequence[Layout], sample: Sample, options: SemOptions, n_parameters: int) -> Discrepancy:
    """The discrepancy that an estimator minimises, over the groups of a sample."""
    total = sum(group.n for group in sample.groups)
    if options.fiml:
        blocks = tuple(
            PatternBlock(layout, group.patterns or (), group.n / total, saturated_value(group))
            for layout, group in zip(layouts, sample.groups, strict=True)
        )
        return FullInformation(blocks, n_parameters)
    if options.discrepancy == "ML":
        return complete_likelihood(layouts, sample, n_parameters)
    moments = tuple(
        SampleBlock(layout, group.covariance, group.mean, (group.n - 1.0) / total)
        for layout, group in zip(layouts, sample.groups, strict=True)
    )
    if options.discrepancy == "GLS":
        return GeneralisedLeastSquares(moments, n_parameters)
    metrics = tuple(least_squares_metric(group, options) for group in sample.groups)
    return WeightedLeastSquares(moments, n_parameters, metrics)


def complete_likelihood(layouts: Sequence[Layout], sample: Sample, n_parameters: int) -> MaximumLikelihood:
    """Maximum likelihood of the (saturated) moments of each group."""
    total = sum(group.n for group in sample.groups)
    blocks = tuple(
        SampleBlock(layout, group.covariance, group.mean, group.n / total)
        for layout, group in zip(layouts, sample.groups, strict=True)
    )
    return MaximumLikelihood(blocks, n_parameters)


def saturated_value(group: GroupSample) -> float:
    """The likelihood part of incomplete rows at their saturated moments."""
    found = patterns_value(group.patterns or (), group.covariance, group.mean)
    if found is None:
        raise AnalysisError("the saturated covariance matrix is not positive definite.", "SEM_SATURATED_FAILED")
    return found / group.n


def least_squares_metric(group: GroupSample, options: SemOptions) -> Array:
    """The metric of ULS (ones), DWLS (inverse variances of the moments) or WLS (inverse of their covariance matrix)."""
    p = len(group.mean)
    size = p * (p + 1) // 2 + (p if options.meanstructure else 0)
    if options.discrepancy == "ULS":
        return np.ones(size)
    gamma = moment_covariance(group, means=options.meanstructure)
    inside = group.modelled if options.meanstructure else group.modelled[group.modelled >= p] - p
    if options.discrepancy == "DWLS":
        metric: Array = np.zeros(size)
        metric[inside] = 1.0 / np.diagonal(gamma)
        return metric
    whole: Array = np.zeros((size, size))
    whole[np.ix_(inside, inside)] = np.linalg.inv(gamma)
    return (whole + whole.T) / 2.0


def estimate(prepared: Prepared) -> tuple[Discrepancy, Optimum]:
    """Minimise from several starts, unless the first one arrives quickly at a proper solution.

    A slow or improper arrival may be a local minimum; then the lowest minimum found counts.

    Raises
    ------
    AnalysisError
        When no start implies positive definite covariance matrices.
    """
    table, sample = prepared.table, prepared.sample
    objective = objective_for(prepared.placement.layouts, sample, prepared.options, table.n_free)
    tied = table.n_free < sum(row.free > 0 for row in table.rows if row.group == 1) or bool(table.constraints)
    best: Optimum | None = None
    for strategy, scoring in _ATTEMPTS:
        if strategy in ("first", "last") and not tied:
            continue
        found = _attempt(prepared, objective, strategy, scoring)
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
    return objective, best


def _attempt(prepared: Prepared, objective: Discrepancy, strategy: Strategy, scoring: bool) -> Optimum | None:
    sample, options = prepared.sample, prepared.options
    start = start_values(
        prepared.table, prepared.placement, sample.covariances, sample.means, strategy, prepared.starts
    )
    if options.fiml:  # the saturated moments are nearly as good as the rows, and much quicker
        near = complete_likelihood(prepared.placement.layouts, sample, prepared.table.n_free)
        first = search(near, start, sample.n, prepared.restrictions, options.max_iter, scoring)
        if first is not None and first.converged:
            start = first.point.theta
    return search(objective, start, sample.n, prepared.restrictions, options.max_iter, scoring)


def search(
    objective: Discrepancy, start: Array, n: float, restrictions: Restrictions | None, max_iter: int,
    scoring: bool = True,
) -> Optimum | None:  # fmt: skip
    """One minimisation from one start, under constraints where there are any."""
    if restrictions is None:
        return minimise(objective, start, n, max_iter=max_iter, scoring=scoring)
    return minimise_restricted(objective, start, n, restrictions, max_iter=max_iter, scoring=scoring)


def _rank(optimum: Optimum) -> tuple[bool, float]:
    """Converged before not converged, then the lower discrepancy; differences of rounding do not count."""
    return not optimum.converged, round(optimum.point.value, 11)


def _is_proper(prepared: Prepared, optimum: Optimum) -> bool:
    if not optimum.converged or optimum.iterations > _QUICK:
        return False
    if _is_plainly_proper(prepared, optimum):
        return True
    estimates = row_values(prepared.table, prepared.placement, optimum.point.theta)
    return not solution_notes(*own_part(prepared.table, prepared.placement, estimates), optimum.point.moments)


def _is_plainly_proper(prepared: Prepared, optimum: Optimum) -> bool:
    """True when all covariance matrices are positive definite by far, which is soon seen."""
    for layout, implied in zip(prepared.placement.layouts, optimum.point.moments, strict=True):
        parts = layout.matrices(optimum.point.theta)
        for matrix in (parts["latent_covariance"], parts["residual_covariance"], implied.phi):
            if len(matrix) and not is_well_conditioned(matrix, 1e-4):
                return False
    return True


def given_starts(table: ParameterTable, start: Any) -> dict[int, float]:
    """Start values by parameter number, from a fitted model, its estimates, or a mapping of names to numbers.

    What does not name a free parameter of this model is left aside.
    """
    if start is None:
        return {}
    frame = getattr(start, "estimates", start)
    wanted = {"lhs", "op", "rhs", "estimate"}
    if not isinstance(frame, Mapping) and not wanted <= set(getattr(frame, "columns", ())):
        raise ModelError(
            "start= must be a fitted model, its .estimates, or a mapping of parameters to numbers such as "
            f"{{'f =~ x2': 0.8}}; found {type(start).__name__}."
        )
    by_name: dict[tuple[str, ...], float] = {}
    if isinstance(frame, Mapping):
        values = {" ".join(str(key).split()): float(value) for key, value in frame.items()}
        names = table.free_names()
        return {at: values[name] for at, name in enumerate(names) if name in values}
    for record in frame.to_dict("records"):
        key = (str(record["lhs"]), str(record["op"]), str(record["rhs"]), str(record.get("group", 1)))
        by_name[key] = float(record["estimate"])
    found: dict[int, float] = {}
    for row in table.rows:
        value = by_name.get((row.lhs, row.op, row.rhs, str(row.group)))
        if value is None and row.op == "~~":
            value = by_name.get((row.rhs, row.op, row.lhs, str(row.group)))
        if row.free and value is not None and np.isfinite(value):
            found.setdefault(row.free - 1, value)
    return found
