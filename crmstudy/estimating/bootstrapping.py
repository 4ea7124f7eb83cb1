"""Drawing and fitting the replicates of a bootstrap: all at once where maximum likelihood allows, else one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from crmstudy.errors import AnalysisError, ModelError
from crmstudy.estimating.estimation import objective_for, search
from crmstudy.estimating.layout import place
from crmstudy.estimating.remaking import Products
from crmstudy.estimating.replicates import Bootstrap, Replicates
from crmstudy.estimating.sample import Sample
from crmstudy.estimating.solution import Solution
from crmstudy.estimating.standardise import COLUMNS
from crmstudy.kernels.covariance.bootstrap import bollen_stine_rows, bootstrap_moments
from crmstudy.kernels.covariance.constrained import null_space
from crmstudy.kernels.covariance.information import GroupSample, casewise_scores, cluster_sums
from crmstudy.kernels.covariance.missing import missing_patterns
from crmstudy.kernels.covariance.stack import fit_stack
from crmstudy.kernels.covariance.stack_moments import stack_diagonals
from crmstudy.kernels.covariance.structure import Array, Indices, Matrix
from crmstudy.kernels.resample import replicate

_CHUNK = 250
_SINGLE_CHUNK = 20
Fixed = list[dict[Matrix, Array]]


def run_bootstrap(solution: Solution, asked: Bootstrap, products: Products | None = None) -> Replicates:
    """Draw and fit the replicates of a fitted model.

    Raises
    ------
    ModelError
        When the model was fitted to moments alone, or the bootstrap asked for does not go with it.
    AnalysisError
        When fewer than two replicates can be fitted.
    """
    task = _Task(solution, asked, products)
    task.check()
    seed = solution.options.seed or 0
    work = task.stacked if task.is_fast else task.one_by_one
    chunk = _CHUNK if task.is_fast else _SINGLE_CHUNK
    parts = replicate(work, int(asked.n), seed, "bootstrap", asked.kind, chunk=chunk, workers=asked.workers)
    theta = np.concatenate([part[0] for part in parts])
    chisq = np.concatenate([part[1] for part in parts])
    if np.isfinite(chisq).sum() < 2:
        raise AnalysisError(
            f"the bootstrap needs replicates that converge; of {asked.n} fewer than two did.", "SEM_BOOTSTRAP_FAILED"
        )
    columns = {name: np.concatenate([part[2][name] for part in parts]) for name in ("estimate", *COLUMNS)}
    improper = sum(part[3] for part in parts)
    accelerations = task.accelerations() if asked.ci == "bca" and asked.kind == "nonparametric" else {}
    return Replicates(asked, theta, columns, chisq, improper, accelerations)


Part = tuple[Array, Array, dict[str, Array], int]


@dataclass(frozen=True)
class _Task:
    solution: Solution
    asked: Bootstrap
    products: Products | None

    @property
    def sample(self) -> Sample:
        return self.solution.sample

    @cached_property
    def unit(self) -> str:
        return self.asked.unit or ("cluster" if self.solution.options.cluster is not None else "row")

    def check(self) -> None:
        options, groups = self.solution.options, self.sample.groups
        faults = []
        if any(group.values is None for group in groups):
            faults.append("bootstrap= draws rows; a covariance matrix does not have them. Give data.")
        if self.unit == "cluster" and options.cluster is None:
            faults.append("Bootstrap(unit='cluster') draws clusters; name their column in cluster=.")
        if self.asked.kind == "bollen.stine":
            if options.fiml or options.discrepancy != "ML" or options.weights is not None:
                faults.append("Bootstrap(kind='bollen.stine') is for complete rows and maximum likelihood.")
            if self.unit == "cluster":
                faults.append("Bootstrap(kind='bollen.stine') draws rows, not clusters.")
        if self.asked.ci == "bca" and options.discrepancy != "ML":
            faults.append(f"Bootstrap(ci='bca') is for maximum likelihood; with {options.estimator} use ci='bc'.")
        if faults:
            raise ModelError(faults)

    @cached_property
    def is_fast(self) -> bool:
        """Whether all replicates of a chunk can be fitted at once."""
        o, restrictions = self.solution.options, self.solution.prepared.restrictions
        linear = restrictions is None or (restrictions.linear and not restrictions.n_above)
        return o.discrepancy == "ML" and not o.fiml and linear and self.products is None

    @cached_property
    def rows(self) -> tuple[Array, ...]:
        """The rows that are drawn from: those of the data, or rows in which the model holds."""
        found = []
        for group, implied in zip(self.sample.groups, self.solution.moments, strict=True):
            values = np.asarray(group.values)
            if self.asked.kind == "bollen.stine":
                spread = np.cov(values.T, ddof=0)
                mu = implied.mu if self.solution.table.meanstructure else None
                sigma = implied.sigma * np.mean(np.diagonal(spread) / np.diagonal(group.covariance))
                values = bollen_stine_rows(values, spread, values.mean(axis=0), sigma, mu)
            found.append(values)
        return tuple(found)

    def counts(self, size: int, stream: np.random.Generator) -> list[Indices]:
        """How often every row of each group is drawn, (size, n) by group."""
        found = []
        for group in self.sample.groups:
            n = len(np.asarray(group.values))
            if self.unit == "cluster" and group.clusters is not None:
                many = int(group.clusters.max()) + 1
                found.append(stream.multinomial(many, np.full(many, 1.0 / many), size=size)[:, group.clusters])
            else:
                found.append(stream.multinomial(n, np.full(n, 1.0 / n), size=size))
        return found

    # --- all at once --------------------------------------------------------------------------------------------

    def stacked(self, size: int, stream: np.random.Generator) -> Part:
        """A chunk of replicates fitted at once."""
        counts = self.counts(size, stream)
        ddof = 0.0 if self.solution.inference.is_plain else 1.0
        moments = [
            bootstrap_moments(rows, times.astype(float), weights=group.weights, ddof=ddof)
            for rows, times, group in zip(self.rows, counts, self.sample.groups, strict=True)
        ]
        sizes = np.column_stack(
            [
                times.sum(axis=1) if group.weights is None else times @ group.weights
                for times, group in zip(counts, self.sample.groups, strict=True)
            ]
        ).astype(float)
        layouts, solution = self.solution.placement.layouts, self.solution
        fixed = self._fixed([m[0] for m in moments], [m[1] for m in moments])
        jacobian = solution.optimum.jacobian
        basis = None if jacobian is None or not len(jacobian) else null_space(jacobian)
        fit = fit_stack(
            layouts, solution.table.n_free, [m[0] for m in moments], [m[1] for m in moments],
            sizes / sizes.sum(axis=1, keepdims=True), solution.theta, float(self.sample.n), basis=basis, fixed=fixed,
        )  # fmt: skip
        total = sizes.sum(axis=1) - (0.0 if ddof == 0.0 else len(layouts))
        diagonals = stack_diagonals(layouts, fit.theta, fixed=fixed)
        return self._part(fit.theta, fit.value * total, fixed, diagonals)

    def _fixed(self, covariances: Sequence[Array], means: Sequence[Array]) -> Fixed:
        """The matrices of fixed values of every replicate, where exogenous variables have the replicate's moments."""
        table, placement = self.solution.table, self.solution.placement
        at = {name: index for index, name in enumerate(table.observed)}
        found: Fixed = [{} for _ in placement.layouts]
        for row, (matrix, i, j) in zip(table.rows, placement.places, strict=True):
            if not row.exogenous:
                continue
            group = row.group - 1
            if matrix not in found[group]:
                size = len(covariances[group])
                shape = placement.layouts[group].fixed[matrix].shape
                found[group][matrix] = np.broadcast_to(placement.layouts[group].fixed[matrix], (size, *shape)).copy()
            values = means[group][:, at[row.lhs]] if row.op == "~1" else covariances[group][:, at[row.lhs], at[row.rhs]]
            found[group][matrix][:, i, j] = values
            if matrix == "latent_covariance":
                found[group][matrix][:, j, i] = values
        return found

    def _part(self, theta: Array, chisq: Array, fixed: Fixed, diagonals: Sequence[tuple[Array, Array]]) -> Part:
        """Rows, standardised rows and definitions of a chunk."""
        solution = self.solution
        table = solution.table
        estimates = np.empty((len(theta), len(table.rows)))
        for k, (row, (matrix, i, j)) in enumerate(zip(table.rows, solution.placement.places, strict=True)):
            if row.free:
                estimates[:, k] = theta[:, row.free - 1]
            elif row.exogenous:
                estimates[:, k] = fixed[row.group - 1][matrix][:, i, j]
            else:
                estimates[:, k] = solution.estimates[k]
        estimates[np.isnan(theta).any(axis=1)] = np.nan
        s = solution.standardiser
        logs = s.logarithms(estimates, [d[1] for d in diagonals], [d[0] for d in diagonals])
        columns = {"estimate": np.hstack([estimates, s.definitions(estimates)])}
        for column in COLUMNS:
            values = s.values(column, estimates, logs)
            columns[column] = np.hstack([values, s.definitions(values)])
        variance = [k for k, row in enumerate(table.rows) if row.op == "~~" and row.lhs == row.rhs]
        with np.errstate(invalid="ignore"):
            improper = int((estimates[:, variance] < 0).any(axis=1).sum())
        return theta, np.where(np.isnan(theta).any(axis=1), np.nan, chisq), columns, improper

    # --- one by one ---------------------------------------------------------------------------------------------

    def one_by_one(self, size: int, stream: np.random.Generator) -> Part:
        """A chunk of replicates fitted one after the other: any estimator, incomplete rows, any constraints."""
        counts = self.counts(size, stream)
        table = self.solution.table
        theta, chisq = np.full((size, table.n_free), np.nan), np.full(size, np.nan)
        p, m = self.solution.placement.layout.shape
        diagonals = [(np.full((size, p), np.nan), np.full((size, m), np.nan)) for _ in self.sample.groups]
        covariances = [np.full((size, p, p), np.nan) for _ in self.sample.groups]
        means = [np.full((size, p), np.nan) for _ in self.sample.groups]
        for k in range(size):
            found = self._refit([times[k] for times in counts])
            if found is None:
                continue
            theta[k], chisq[k], groups, moments = found
            for g, (group, implied) in enumerate(zip(groups, moments, strict=True)):
                covariances[g][k], means[g][k] = group.covariance, group.mean
                diagonals[g][0][k], diagonals[g][1][k] = np.diagonal(implied.sigma), np.diagonal(implied.phi)
        return self._part(theta, chisq, self._fixed(covariances, means), diagonals)

    def _refit(self, counts: Sequence[Indices]) -> tuple[Array, float, tuple[GroupSample, ...], Any] | None:
        solution, options = self.solution, self.solution.options
        try:
            groups = tuple(self._drawn(g, times) for g, times in enumerate(counts))
            sample = replace(self.sample, groups=groups)
            placement = place(solution.table, sample.covariances, sample.means)
            objective = objective_for(placement.layouts, sample, options, solution.table.n_free)
            restrictions = solution.prepared.restrictions
            found = search(objective, solution.theta, solution.sample.n, restrictions, options.max_iter)
        except (np.linalg.LinAlgError, AnalysisError):
            return None
        if found is None or not found.converged:
            return None
        loss = 0.0 if solution.inference.is_plain else 1.0
        factors = np.array([group.n - loss for group in groups])
        value = float(np.maximum(factors * np.array(found.point.values), 0.0).sum())
        return found.point.theta, value, groups, found.point.moments

    def _drawn(self, number: int, counts: Indices) -> GroupSample:
        """The sample of one group in a replicate."""
        group, options = self.sample.groups[number], self.solution.options
        rows = np.repeat(np.arange(len(counts)), counts)
        values = self.rows[number][rows]
        if self.products is not None:
            values = self.products.remade(number, rows, values)
        weights = None if group.weights is None else group.weights[rows]
        if options.fiml:
            return _incomplete(group, values, weights)
        w = np.ones(len(values)) if weights is None else weights
        n = float(w.sum())
        mean = w @ values / n
        centred = values - mean
        divisor = n if self.solution.inference.is_plain else n - 1.0
        covariance = (centred * w[:, None]).T @ centred / divisor
        return GroupSample(n, covariance, mean, group.given, values, None, weights)

    # --- acceleration -------------------------------------------------------------------------------------------

    def accelerations(self) -> Mapping[str, Array]:
        """Acceleration of every row and definition from the influence of each unit on the parameters.

        Influence is the score of a row (or the sum over a cluster) times the inverse information; skewness of the
        influence over six is the acceleration (Efron, 1987; Davison & Hinkley, 1997, sec. 5.3.2).
        """
        solution = self.solution
        information = solution.inference.information
        parts = []
        for layout, implied, group in zip(information.layouts, solution.moments, self.sample.groups, strict=True):
            at = implied if solution.table.meanstructure else replace(implied, mu=group.mean)
            scores = layout.elements.collect_columns(casewise_scores(layout, at, group), solution.table.n_free)
            if self.unit == "cluster" and group.clusters is not None:
                scores = cluster_sums(scores, group.clusters)
            parts.append(scores - scores.mean(axis=0))
        influence = np.vstack(parts) @ solution.inference.bread
        found = {"estimate": _skewness(influence @ np.vstack([solution.row_slopes, solution.defined[2]]).T)}
        along = solution.standardiser.slopes(solution.estimates, solution.moments, solution.row_slopes)
        for column, slopes in along.items():
            found[column] = _skewness(influence @ np.nan_to_num(slopes).T)
        return found


def _incomplete(group: GroupSample, values: Array, weights: Array | None) -> GroupSample:
    """A replicate of incomplete rows.

    Only the moments of given variables, which are complete, are the replicate's own: estimates do not depend on the
    saturated moments, and the EM algorithm would take longer than the fit.
    """
    patterns = missing_patterns(values, weights)
    n = float(sum(pattern.n for pattern in patterns))
    covariance, mean = group.covariance.copy(), group.mean.copy()
    if len(group.given):
        w = np.ones(len(values)) if weights is None else weights
        inside = values[:, group.given]
        mean[group.given] = w @ inside / n
        centred = inside - mean[group.given]
        covariance[np.ix_(group.given, group.given)] = (centred * w[:, None]).T @ centred / n
    return GroupSample(n, covariance, mean, group.given, values, patterns, weights)


def _skewness(influence: Array) -> Array:
    squares = (influence**2).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (influence**3).sum(axis=0) / (6.0 * squares**1.5)
    result: Array = np.where(squares > 0, found, 0.0)
    return result
