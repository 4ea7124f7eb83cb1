r"""Information matrices of a fitted model: expected, observed and first-order, of the parameters and of the moments.

The saturated model (h1) is a layout of its own, in which every moment that is not given is a parameter; its information
matrices come from the same formulas as those of the model. All matrices are per observation: the covariance matrix of
the estimates is an inverse divided by N.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from crmstudy.kernels.covariance.discrepancy import MaximumLikelihood, Point, WeightedLeastSquares
from crmstudy.kernels.covariance.missing import FullInformation, Pattern
from crmstudy.kernels.covariance.saturated import expected_information, observed_information
from crmstudy.kernels.covariance.structure import (
    Array,
    Implied,
    Indices,
    Layout,
    mean_scales,
    moment_slopes,
    saturated_layout,
)

Kind = Literal["expected", "observed", "first.order"]


@dataclass(frozen=True)
class GroupSample:
    """What one group contributes.

    Attributes
    ----------
    n : float
        Rows (or the sum of their weights).
    covariance, mean : (p, p) and (p,) arrays
        Saturated moments; the divisor is that of the estimator.
    given : (x,) int array
        Variables whose moments are held fixed.
    values : (n, p) array, optional
        Rows, NaN where missing; None when only moments are known.
    patterns : tuple of Pattern, optional
        For full information.
    weights : (n,) array, optional
        Sampling weights.
    clusters : (n,) int array, optional
        Number of each row's cluster.
    """

    n: float
    covariance: Array
    mean: Array
    given: Indices
    values: Array | None = None
    patterns: tuple[Pattern, ...] | None = None
    weights: Array | None = None
    clusters: Indices | None = None

    @cached_property
    def modelled(self) -> Indices:
        """Where the moments that are not given stand among means and lower triangle."""
        p = len(self.mean)
        i, j = np.tril_indices(p)
        inside = np.isin(np.arange(p), self.given)
        return np.flatnonzero(np.concatenate([~inside, ~(inside[i] & inside[j])]))

    @cached_property
    def whole_patterns(self) -> tuple[Pattern, ...]:
        """The patterns of incomplete rows; of complete ones (or of moments alone) the one there is."""
        if self.patterns is not None:
            return self.patterns
        p = len(self.mean)
        return (Pattern(np.arange(p), np.arange(0), self.n, self.mean, self.covariance),)

    @cached_property
    def _known(self) -> dict[str, Array]:
        """Information matrices at the saturated moments, once they were asked for."""
        return {}

    def information_of(self, kind: Kind) -> Array:
        """Information of all moments at the saturated moments; kept, because model and baseline share it."""
        if kind not in self._known:
            self._known[kind] = moment_information(self, kind, self.covariance, self.mean)
        return self._known[kind]

    @cached_property
    def complete_information(self) -> Array:
        """Information of the modelled moments if the rows were complete."""
        bare = GroupSample(self.n, self.covariance, self.mean, self.given)
        return bare.information_of("expected")[np.ix_(self.modelled, self.modelled)]

    @cached_property
    def lost(self) -> Array:
        """The inverse of the information that is left, times the information if the rows were complete."""
        left = self.information_of("observed")[np.ix_(self.modelled, self.modelled)]
        found: Array = np.asarray(np.linalg.solve(left, self.complete_information))
        return found


class ModelInformation:
    """Information matrices of a model at a point.

    Parameters
    ----------
    objective
        The discrepancy that was minimised, at ``point``.
    groups : sequence of GroupSample
        One a block.
    metrics : sequence of (k, k) or (k,) arrays, optional
        The metric of a least-squares estimator (over means where modelled, then the lower triangle); None for ML.
    """

    def __init__(self, objective: Any, point: Point, groups: Sequence[GroupSample], metrics: Sequence[Array] | None):
        self.objective, self.point, self.groups, self.metrics = objective, point, tuple(groups), metrics
        self.layouts: tuple[Layout, ...] = tuple(block.layout for block in objective.blocks)
        self.has_means = self.layouts[0].has_means
        total = sum(group.n for group in groups)
        self.shares = np.array([group.n / total for group in groups])
        self.n_parameters: int = objective.n_parameters

    def of_parameters(self, kind: Kind, *, observed_by_moments: bool = False, structured: bool = True) -> Array:
        """Information matrix of the parameters (q, q).

        ``observed_by_moments`` takes the observed information of the moments between the slopes instead of the exact
        Hessian; ``structured`` evaluates at the implied instead of the sample moments.
        """
        if kind == "observed" and not observed_by_moments:
            return np.asarray(self.objective.observed_hessian(self.point)) / 2.0
        if kind == "expected" and self.metrics is None and structured:
            return np.asarray(self.objective.expected_hessian(self.point)) / 2.0
        if kind == "first.order" and structured:
            return self.meat()
        middle = [self.of_moments(g, kind, structured=structured) for g in range(len(self.groups))]
        total: Array = np.zeros((self.n_parameters, self.n_parameters))
        for share, slopes, inside in zip(self.shares, self.slopes, middle, strict=True):
            total += share * slopes.T @ times(inside, slopes)
        return (total + total.T) / 2.0

    def meat(self) -> Array:
        """First-order information of the parameters: mean product of their casewise (or cluster) scores."""
        total: Array = np.zeros((self.n_parameters, self.n_parameters))
        for share, part in zip(self.shares, self.meat_by_group, strict=True):
            total += share * part
        return total

    @cached_property
    def meat_by_group(self) -> tuple[Array, ...]:
        """First-order information of the parameters in each group."""
        found = []
        for layout, implied, group in zip(self.layouts, self.point.moments, self.groups, strict=True):
            if not self.has_means:
                implied = _at_mean(implied, group.mean)
            by_element = casewise_scores(layout, implied, group)
            scores = layout.elements.collect_columns(by_element, self.n_parameters)
            found.append(_mean_product(scores, group))
        return tuple(found)

    @cached_property
    def slopes(self) -> tuple[Array, ...]:
        """Derivatives of the modelled moments of each group by the parameters, (k, q)."""
        found = []
        for layout, implied, group in zip(self.layouts, self.point.moments, self.groups, strict=True):
            whole = moment_slopes(layout, implied, self.n_parameters, means=True)
            found.append(whole[self.moment_rows(group)])
        return tuple(found)

    def moment_rows(self, group: GroupSample) -> Indices:
        """Which rows (of means and lower triangle) are moments of the model."""
        rows = group.modelled
        return rows if self.has_means else rows[rows >= len(group.mean)]

    def of_moments(self, number: int, kind: Kind, *, structured: bool = True) -> Array:
        """Information of one group's moments under the saturated model, (k, k) or the diagonal metric (k,)."""
        group = self.groups[number]
        if self.metrics is not None:
            metric = self.metrics[number]
            rows = self.moment_rows(group) - (0 if self.has_means else len(group.mean))
            return metric[rows] if metric.ndim == 1 else metric[np.ix_(rows, rows)]
        rows = self.moment_rows(group)
        if not structured:
            whole = group.information_of(kind)
            return whole[np.ix_(rows, rows)]
        fitted = self.point.moments[number]
        mu = fitted.mu if self.has_means else group.mean
        return moment_information(group, kind, fitted.sigma, mu)[np.ix_(rows, rows)]

    def gamma(self, number: int) -> Array:
        """Asymptotic covariance matrix of one group's modelled moments, from its rows."""
        group = self.groups[number]
        return moment_covariance(group, means=self.has_means)


def moment_information(group: GroupSample, kind: Kind, sigma: Array, mu: Array) -> Array:
    """Information of all moments (means, then lower triangle) of a group, evaluated at given moments."""
    if kind == "expected":
        return expected_information(group.whole_patterns, sigma)
    if kind == "observed":
        return observed_information(group.whole_patterns, sigma, mu)
    p = len(mu)
    layout = saturated_layout(p, np.arange(0), means=True)
    bare = Implied(sigma, mu, np.zeros((0, 0)), np.zeros(0), np.eye(p), None)
    by_element = casewise_scores(layout, bare, group)
    return _mean_product(layout.elements.collect_columns(by_element, by_element.shape[1]), group)


def times(metric: Array, matrix: Array) -> Array:
    """A metric, full or diagonal, times a matrix."""
    return metric[:, None] * matrix if metric.ndim == 1 else metric @ matrix


def casewise_scores(layout: Layout, implied: Implied, group: GroupSample) -> Array:
    r"""Derivatives of every row's log-likelihood by the elements of a block, (n, k).

    :math:`c[(y'u)(y'v) - u'Wv] + s\,y'u` with :math:`y = W(x-\mu)`, over the variables a row has; times its weight.
    """
    if group.values is None:
        raise ValueError("Casewise scores need the rows.")
    e = layout.elements
    scale = mean_scales(layout, implied) if layout.has_means else None
    scores: Array = np.zeros((len(group.values), len(e.u)))
    for rows, present in _runs(group):
        z = implied.z[present]
        inverse = np.linalg.inv(implied.sigma[np.ix_(present, present)])
        reach = inverse @ z
        gram = z.T @ reach
        pulled = (group.values[np.ix_(rows, present)] - implied.mu[present]) @ reach
        u = pulled[:, e.u]
        found = (u * pulled[:, e.v] - gram[e.u, e.v]) * e.factor
        if scale is not None:
            found += u * scale
        scores[rows] = found
    return scores if group.weights is None else scores * group.weights[:, None]


def _runs(group: GroupSample) -> list[tuple[Indices, Indices]]:
    """Rows that have the same variables, and which."""
    if group.patterns is not None:
        return [(pattern.rows, pattern.present) for pattern in group.patterns]
    n, p = np.asarray(group.values).shape
    return [(np.arange(n), np.arange(p))]


def _mean_product(scores: Array, group: GroupSample) -> Array:
    """Mean product of scores, summed over clusters first where there are any (with the factor C / (C - 1))."""
    if group.clusters is None:
        product: Array = scores.T @ scores / group.n
        return product
    sums = cluster_sums(scores, group.clusters)
    count = len(sums)
    product = sums.T @ sums / group.n * (count / (count - 1.0))
    return product


def cluster_sums(scores: Array, clusters: Indices) -> Array:
    """Sums of rows over clusters numbered from 0."""
    sums: Array = np.zeros((int(clusters.max()) + 1, scores.shape[1]))
    np.add.at(sums, clusters, scores)
    return sums


def moment_covariance(group: GroupSample, *, means: bool) -> Array:
    """Asymptotic covariance matrix (times N) of means (where modelled) and covariances from complete rows, (k, k).

    Moments of given variables are conditioned on: what the given variables explain of the products is taken out.
    """
    if group.values is None:
        raise ValueError("The covariance matrix of the moments needs the rows.")
    products = moment_products(group.values, group.given)[:, group.modelled]
    if not means:
        products = products[:, group.modelled >= group.values.shape[1]]
    products = products - products.mean(axis=0)
    if group.clusters is not None:
        sums = cluster_sums(products, group.clusters)
        found: Array = sums.T @ sums / len(products) * (len(sums) / (len(sums) - 1.0))
        return found
    found = products.T @ products / len(products)
    return found


def moment_products(values: Array, given: Indices) -> Array:
    """Values and products of centred values (lower triangle row by row), less what the given variables explain."""
    products = _with_products(values)
    if not len(given):
        return products
    design = np.column_stack([np.ones(len(values)), values[:, given]])
    others = np.setdiff1d(np.arange(values.shape[1]), given)
    explained = values.copy()
    explained[:, others] = design @ np.linalg.lstsq(design, values[:, others], rcond=None)[0]
    return products - _with_products(explained)


def _with_products(values: Array) -> Array:
    i, j = np.tril_indices(values.shape[1])
    centred = values - values.mean(axis=0)
    return np.hstack([values, centred[:, i] * centred[:, j]])


def _at_mean(implied: Implied, mean: Array) -> Implied:
    """Implied moments of a model without means, with the sample means in their place."""
    return Implied(implied.sigma, mean, implied.phi, implied.eta, implied.z, implied.total)


def least_squares_metrics(objective: Any) -> tuple[Array, ...] | None:
    """The metrics of a least-squares discrepancy over its moments; None for likelihoods.

    The metric of generalised least squares is that of the normal distribution at the sample covariance matrix.
    """
    if isinstance(objective, WeightedLeastSquares):
        return objective.metrics
    if isinstance(objective, MaximumLikelihood | FullInformation):
        return None
    found = []
    for block in objective.blocks:
        p = len(block.covariance)
        whole = expected_information(
            (Pattern(np.arange(p), np.arange(0), 1.0, np.zeros(p), block.covariance),), block.covariance
        )
        found.append(whole if block.layout.has_means else whole[p:, p:])
    return tuple(found)
