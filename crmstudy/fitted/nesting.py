"""One model within another: whether it is, what it holds back, and the difference of their chi-squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from crmstudy.errors import AnalysisError
from crmstudy.estimating.estimation import complete_likelihood, search
from crmstudy.estimating.inference import Inference
from crmstudy.estimating.restricting import restrictions_of
from crmstudy.estimating.solution import Solution
from crmstudy.grammar.table import Row
from crmstudy.grammar.terms import Key, Term
from crmstudy.kernels.covariance import difference as kernel
from crmstudy.kernels.covariance import scaling
from crmstudy.kernels.covariance.difference import Difference
from crmstudy.kernels.covariance.optimise import is_well_conditioned
from crmstudy.kernels.covariance.structure import Array, Indices, moment_slopes

#: Two sets of implied moments nearer than this (as a discrepancy) are the same.
_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Pair:
    """Two fitted models: ``larger`` has more parameters, ``smaller`` should be nested in it."""

    larger: Solution
    smaller: Solution

    @property
    def df(self) -> int:
        """Degrees of freedom of the difference."""
        return self.smaller.df - self.larger.df

    @cached_property
    def order(self) -> Indices:
        """Where the larger model's variables stand in the smaller one."""
        at = {name: index for index, name in enumerate(self.smaller.table.observed)}
        return np.array([at[name] for name in self.larger.table.observed], dtype=np.intp)

    @cached_property
    def group_order(self) -> list[int]:
        """Where the larger model's groups stand in the smaller one."""
        labels = self.smaller.sample.labels
        return [labels.index(label) for label in self.larger.sample.labels]

    @cached_property
    def embedded(self) -> tuple[Array, float, bool]:
        """The larger model's parameters that come nearest to the smaller one's moments.

        With the discrepancy left (0 when the smaller model is nested; Bentler & Satorra, 2010), and whether the search
        for them converged.
        """
        larger, smaller = self.larger, self.smaller
        groups = []
        for group, at in zip(larger.sample.groups, self.group_order, strict=True):
            implied = smaller.moments[at]
            mean = implied.mu[self.order] if smaller.table.meanstructure else group.mean
            covariance = implied.sigma[np.ix_(self.order, self.order)]
            groups.append(replace(group, covariance=covariance, mean=mean, values=None, patterns=None))
        moments = replace(larger.sample, groups=tuple(groups))
        near = complete_likelihood(larger.placement.layouts, moments, larger.table.n_free)
        start = self._values_of_smaller()
        found = near.evaluate(start, slopes=False)
        if found is not None and found.value < _SAME and self._keeps_equalities(start):
            return start, found.value, True
        best: tuple[Array, float, bool] = (larger.theta, np.inf, False)
        for theta in (start, larger.theta):
            arrived = search(near, theta, larger.sample.n, restrictions_of(larger.table), larger.options.max_iter)
            if arrived is not None and arrived.point.value < best[1]:
                best = (arrived.point.theta, arrived.point.value, arrived.converged)
            if best[1] < _SAME:
                break
        return best

    @property
    def is_nested(self) -> bool | None:
        """Whether the larger model can imply the smaller one's moments; None when that could not be found out."""
        _, distance, converged = self.embedded
        if distance < _SAME:
            return True
        return False if converged else None

    def _values_of_smaller(self) -> Array:
        """The smaller model's values of the larger one's parameters; 0 for those it does not have."""
        at = _rows_at(self.smaller)
        theta: Array = np.zeros(self.larger.table.n_free)
        for row in reversed(self.larger.table.rows):
            if row.free:
                index = at.get((_key(row), self.group_order[row.group - 1] + 1))
                theta[row.free - 1] = 0.0 if index is None else self.smaller.estimates[index]
        return theta

    def _keeps_equalities(self, theta: Array) -> bool:
        restrictions = restrictions_of(self.larger.table)
        if restrictions is None or not restrictions.n_equal:
            return True
        return bool(np.allclose(restrictions.equal(theta), 0.0, atol=1e-8))

    def plain(self) -> Difference:
        """The difference of the unscaled statistics."""
        one, other = self.larger.inference, self.smaller.inference
        return kernel.plain_difference(one.chisq, self.larger.df, other.chisq, self.smaller.df)

    def scaled(self, *, at_smaller: bool) -> Difference:
        """The difference over its mean (Satorra & Bentler): 2001, or 2010 with ``at_smaller``."""
        one, other = self.larger.inference, self.smaller.inference
        inference = self._larger_at_smaller() if at_smaller else one
        return kernel.mean_scaled_difference(
            one.chisq, self.larger.df, _trace(inference), other.chisq, self.smaller.df, _trace(other)
        )

    def _larger_at_smaller(self) -> Inference:
        """The larger model evaluated at the smaller one's moments (the M10 of Satorra & Bentler, 2010)."""
        inference = self.larger.inference
        theta = self.embedded[0]
        point = inference.objective.evaluate(theta)
        if point is None:
            raise AnalysisError(
                "the larger model implies no positive definite covariance matrix at the smaller one's estimates.",
                "SEM_NOT_NESTED",
            )
        restrictions = restrictions_of(self.larger.table)
        binding = None if restrictions is None or not restrictions.n_equal else restrictions.equal_slopes(theta)
        hessian = inference.objective.expected_hessian(point)
        return replace(inference, optimum=replace(inference.optimum, point=point, hessian=hessian, jacobian=binding))

    def by_traces(self, *, exact: bool, shifted: bool, mean_and_variance: bool) -> Difference:
        """The difference by the traces of U Gamma at the larger model (Satorra, 2000)."""
        inference = self.larger.inference
        information = inference.information
        structured = self.larger.options.structured[0]
        sandwich = scaling.moment_metric(information, "expected", structured=structured).sandwich()
        restriction = self.exact_restriction() if exact else self.implied_restriction()
        trace, squared = kernel.traces(sandwich, inference.bread, restriction)
        return kernel.satorra_2000(
            self.plain().plain, self.df, trace, squared, shifted=shifted, mean_and_variance=mean_and_variance
        )

    def implied_restriction(self) -> Array:
        """The restriction of the larger model's parameters (m, q), from what both models do to the moments."""
        one = _stacked_slopes(self.larger, np.arange(len(self.order)), range(len(self.group_order)))
        other = _stacked_slopes(self.smaller, self.order, self.group_order)
        basis, within = self.larger.inference.basis, self.smaller.inference.basis
        found = kernel.restriction_by_slopes(
            one if basis is None else one @ basis, other if within is None else other @ within
        )
        return found if basis is None else found @ basis.T

    def exact_restriction(self) -> Array:
        """The restriction of the larger model's parameters (m, q), parameter by parameter.

        Raises
        ------
        AnalysisError
            When the smaller model has a free parameter that the larger one fixes, or the restrictions are not as many
            as the difference of the degrees of freedom.
        """
        larger, smaller = self.larger.table, self.smaller.table
        unit = np.eye(larger.n_free)
        number = self._numbers_in_larger()
        fixed = {row.free for row in larger.rows if row.free} - {n for n in number if n}
        slopes = [unit[n - 1] for n in sorted(fixed)]
        first: dict[int, int] = {}
        for row, other in zip(smaller.rows, number, strict=True):
            if row.free and other and first.setdefault(row.free, other) != other:
                slopes.append(unit[first[row.free] - 1] - unit[other - 1])
            elif other and not row.free:
                slopes.append(unit[other - 1])
        rows = tuple(replace(row, free=n if row.free else 0) for row, n in zip(smaller.rows, number, strict=True))
        general = restrictions_of(replace(smaller, rows=rows))
        if general is not None and general.n_equal:
            along = general.equal_slopes(self.larger.theta)
            slopes += list(np.hstack([along, np.zeros((len(along), larger.n_free - along.shape[1]))]))
        found = np.array(slopes).reshape(-1, larger.n_free)
        if kernel.rank_within(found, self.larger.inference.basis) != self.df:
            raise AnalysisError(
                "jacobian='exact' needs a smaller model that is the larger one with parameters fixed or held equal; "
                "these two are not. Use jacobian='delta'.",
                "SEM_NOT_NESTED",
            )
        return found

    def _numbers_in_larger(self) -> list[int]:
        """For each row of the smaller model the free number of the same row in the larger one, 0 where it is fixed."""
        at = _rows_at(self.larger)
        names = self.smaller.sample.labels
        back = {group: place for place, group in enumerate(self.group_order)}
        found, faults = [], []
        for row in self.smaller.table.rows:
            index = at.get((_key(row), back[row.group - 1] + 1))
            number = 0 if index is None else self.larger.table.rows[index].free
            found.append(number)
            if row.free and not number:
                faults.append(f"{row.name} ({names[row.group - 1]})" if len(names) > 1 else row.name)
        if faults:
            raise AnalysisError(
                f"jacobian='exact' needs a larger model that frees what the smaller one does; it fixes "
                f"{', '.join(faults)}. Use jacobian='delta'.",
                "SEM_NOT_NESTED",
            )
        return found


def _trace(inference: Inference) -> float:
    """Degrees of freedom times the mean scaling factor of a scaled test; NaN where the information is not definite."""
    if inference.df == 0:
        return 0.0
    inverse = inference.bread_of_test
    if not is_well_conditioned(
        inverse if inference.basis is None else inference.basis.T @ inverse @ inference.basis, 0.0
    ):
        return float("nan")
    scaled = inference.scaled
    return float("nan") if scaled is None else scaled.trace


def _stacked_slopes(solution: Solution, order: Indices, groups: Sequence[int]) -> Array:
    """Derivatives of all moments by the free parameters, variables and groups in the order asked for."""
    p, means = len(order), solution.table.meanstructure
    whole = np.zeros((p, p), dtype=np.intp)
    i, j = np.tril_indices(p)
    whole[i, j] = whole[j, i] = np.arange(len(i))
    at = whole[np.ix_(order, order)][i, j]
    rows = np.concatenate([order, p + at]) if means else at
    found = [
        moment_slopes(solution.placement.layouts[g], solution.moments[g], solution.table.n_free, means=means)[rows]
        for g in groups
    ]
    return np.vstack(found)


def _rows_at(solution: Solution) -> Mapping[tuple[Key, int], int]:
    return {(_key(row), row.group): index for index, row in enumerate(solution.table.rows)}


def _key(row: Row) -> Key:
    return Term(row.lhs, row.op, row.rhs).key
