r"""Fitting one model to a stack of samples at once: the replicates of a bootstrap, a jackknife, a simulation.

Every replicate starts at the solution of the full sample with the inverse of the expected Hessian there, and corrects
that inverse by what its own gradients show (BFGS, kept as the steps taken: Nocedal & Wright, 2006, alg. 7.4). Only
gradients are computed, for all replicates of a batch together. A step that does not lower a replicate's
discrepancy is halved for that replicate alone. What does not arrive this way is fitted singly by
:func:`crmstudy.kernels.covariance.optimise.minimise` before it counts as failed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from crmstudy.kernels.covariance.constrained import Reduced
from crmstudy.kernels.covariance.discrepancy import MaximumLikelihood, SampleBlock
from crmstudy.kernels.covariance.optimise import minimise, regular_inverse
from crmstudy.kernels.covariance.stack_moments import Mask, StackedBlock, log_determinants
from crmstudy.kernels.covariance.structure import Array, Indices, Layout, Matrix

_BATCH = 250
_SINGLE_STEPS = 100
_SHORTEST = 1e-6
_NOISE = 1e-12
#: 16 MB: having freed a block of this size, C's allocator keeps smaller ones instead of handing them back to the
#: system after every operation, which halves the time of a batch.
_ROOM = 2**21


@dataclass(frozen=True)
class StackFit:
    """Solutions of a stack of b replicates.

    Attributes
    ----------
    theta : (b, q) array
        Parameters; NaN for a replicate that did not converge.
    value : (b,) array
        Discrepancies; NaN for a replicate that did not converge.
    converged : (b,) bool array
        Whether the step still asked for is negligible.
    iterations : (b,) int array
        Steps taken, those of a single fit included.
    refitted : (b,) bool array
        Whether the batch gave up and a single fit was tried.
    singular : (b,) bool array
        Whether a sample covariance matrix is not positive definite, so that there is nothing to fit.
    """

    theta: Array
    value: Array
    converged: Mask
    iterations: Indices
    refitted: Mask
    singular: Mask

    @property
    def failed(self) -> int:
        """Number of replicates that did not converge."""
        return int((~self.converged).sum())


def fit_stack(
    layouts: Sequence[Layout],
    n_parameters: int,
    covariances: Sequence[Array],
    means: Sequence[Array | None],
    weights: Sequence[float] | Array,
    start: Array,
    n: float,
    *,
    basis: Array | None = None,
    fixed: Sequence[Mapping[Matrix, Array]] | None = None,
    own_start: Callable[[int], Array] | None = None,
    tolerance: float = 1e-5,
    max_iter: int = 80,
) -> StackFit:
    r"""Maximum likelihood estimates of many samples of one model.

    Parameters
    ----------
    layouts : sequence of Layout
        One a group.
    n_parameters : int
        Length q of the shared parameter vector.
    covariances : sequence of (b, p, p) arrays
        Sample covariance matrices of each group, with the divisor of the estimator.
    means : sequence of (b, p) arrays or None
        Sample means of each group, used where its layout has means.
    weights : sequence of g numbers, or (b, g) array
        Weight of each group in the discrepancy.
    start : (q,) array
        Where all replicates start, best the solution of the full sample.
    n : float
        Sample size, for the length of a standard error.
    basis : (q, f) array, optional
        Linear constraints: the parameters stay in ``start + basis @ phi``.
    fixed : sequence of mappings of Matrix to (b, rows, columns) arrays, optional
        Fixed values of each group that differ between replicates (moments of exogenous variables); the layouts hold
        those that belong to ``start``.
    own_start : callable, optional
        Start values (q,) for the replicate of the given number, within the constraints, for a last attempt.
    tolerance : float
        Largest step still asked for, in standard errors of the parameter at ``start``, at which a replicate has
        arrived; that last step is taken without another look.
    max_iter : int
        Largest number of steps in the batch; every single fit is allowed 100 more.

    Returns
    -------
    StackFit

    Raises
    ------
    ValueError
        When an implied matrix at ``start`` is not positive definite.

    Notes
    -----
    A replicate's numbers do not depend on which others are fitted with it, but for rounding.
    """
    stack = _Stack(layouts, n_parameters, covariances, means, weights, start, n, basis, fixed)
    fit = stack.unfitted()
    np.empty(_ROOM)
    regular = np.flatnonzero(~fit.singular)
    for first in range(0, len(regular), _BATCH):
        _Batch(stack, regular[first : first + _BATCH], tolerance, fit).run(max_iter)
    for row in np.flatnonzero(~fit.converged & ~fit.singular):
        stack.refit(int(row), fit, own_start)
    return fit


class _Stack:
    """The discrepancies of all replicates, and the inverse Hessian (q, q) they start with."""

    def __init__(
        self,
        layouts: Sequence[Layout],
        n_parameters: int,
        covariances: Sequence[Array],
        means: Sequence[Array | None],
        weights: Sequence[float] | Array,
        start: Array,
        n: float,
        basis: Array | None,
        fixed: Sequence[Mapping[Matrix, Array]] | None,
    ) -> None:
        self.n_parameters, self.n, self.start, self.basis = n_parameters, n, start, basis
        own: Sequence[Mapping[Matrix, Array]] = [{}] * len(layouts) if fixed is None else fixed
        self.blocks = tuple(StackedBlock(*parts) for parts in zip(layouts, covariances, means, own, strict=True))
        self.collectors = tuple(np.eye(n_parameters)[layout.elements.parameter] for layout in layouts)
        count = len(covariances[0])
        shares = np.asarray(weights, dtype=float)
        self.weights: Array = np.broadcast_to(shares, (count, len(layouts)))
        log_dets = np.column_stack([log_determinants(matrices) for matrices in covariances])
        self.saturated = np.sum(self.weights * (log_dets + [c.shape[1] for c in covariances]), axis=1)
        self.inverse = self._inverse_at_start(shares if shares.ndim == 1 else shares.mean(axis=0))
        errors = np.sqrt(np.abs(np.diagonal(self.inverse)) * 2.0 / n)
        self.errors = np.where(errors > 0, errors, 1.0)

    def unfitted(self) -> StackFit:
        """A result to be filled in."""
        count, singular = len(self.weights), ~np.isfinite(self.saturated)
        no = np.zeros(count, dtype=bool)
        theta, value = np.full((count, self.n_parameters), np.nan), np.full(count, np.nan)
        return StackFit(theta, value, no, np.zeros(count, dtype=np.intp), no.copy(), singular)

    def evaluate(self, blocks: tuple[StackedBlock, ...], weights: Array, theta: Array) -> tuple[Array, Array]:
        """Discrepancies, less those of the saturated model, (b,) and their gradients (b, q)."""
        value, gradient = np.zeros(len(theta)), np.zeros((len(theta), self.n_parameters))
        with np.errstate(all="ignore"):  # far from the solution anything may happen; the line search turns back
            for block, weight, collector in zip(blocks, weights.T, self.collectors, strict=True):
                fit, entries = block.evaluate(theta)
                value += weight * fit
                entries *= weight[:, None]
                gradient += entries @ collector
        return value, gradient

    def refit(self, row: int, fit: StackFit, own_start: Callable[[int], Array] | None) -> None:
        """Fit one replicate by itself: from where the batch left it, from the start, from start values of its own."""
        stopped = fit.theta[row].copy()
        fit.theta[row], fit.value[row], fit.refitted[row] = np.nan, np.nan, True
        objective = self.single(row)
        for attempt in range(2 if own_start is None else 3):
            begin = (stopped, self.start)[attempt] if attempt < 2 or own_start is None else own_start(row)
            theta, value, steps = _minimise_within(objective, begin, self.basis, self.n)
            fit.iterations[row] += steps
            if theta is not None:
                fit.theta[row], fit.value[row], fit.converged[row] = theta, value, True
                return

    def single(self, row: int) -> MaximumLikelihood:
        """The discrepancy of one replicate."""
        blocks = []
        for block, weight in zip(self.blocks, self.weights[row], strict=True):
            own = {name: values[row] for name, values in block.fixed.items()}
            layout = replace(block.layout, fixed=block.layout.fixed | own)
            mean = None if block.means is None else block.means[row]
            blocks.append(SampleBlock(layout, block.covariances[row], mean, float(weight)))
        return MaximumLikelihood(tuple(blocks), self.n_parameters)

    def _inverse_at_start(self, weights: Array) -> Array:
        """Inverse of the expected Hessian at the start, which needs no sample, within the constraints."""
        pairs = zip((block.layout for block in self.blocks), weights.tolist(), strict=True)
        blocks = [SampleBlock(layout, np.eye(layout.shape[0]), None, weight) for layout, weight in pairs]
        objective = MaximumLikelihood(tuple(blocks), self.n_parameters)
        point = objective.evaluate(self.start, slopes=False)
        if point is None:
            raise ValueError("An implied covariance matrix is not positive definite at the start values.")
        hessian = objective.expected_hessian(point)
        if self.basis is None:
            return regular_inverse(hessian)
        within: Array = self.basis @ regular_inverse(self.basis.T @ hessian @ self.basis) @ self.basis.T
        return within


class _Batch:
    """The iteration of some replicates; those that have arrived or are stuck leave it."""

    def __init__(self, stack: _Stack, rows: Indices, tolerance: float, fit: StackFit) -> None:
        self.stack, self.rows, self.tolerance, self.fit = stack, rows, tolerance, fit
        self.blocks = tuple(block.take(rows) for block in stack.blocks)
        self.theta = np.tile(stack.start, (len(rows), 1))
        self.value, self.gradient = self.evaluate(self.theta)
        self.pairs: list[tuple[Array, Array, Array]] = []  # steps, changes of the gradient, one over their product

    def run(self, max_iter: int) -> None:
        """Iterate until all have left, or ``max_iter`` steps are taken."""
        for taken in range(max_iter + 1):
            step = -self.descent()
            slope = np.einsum("bq,bq->b", step, self.gradient)
            arrived = (np.abs(step) / self.stack.errors).max(axis=1, initial=0.0) <= self.tolerance
            if arrived.any():
                self.leave(arrived, taken, step, slope)
                step, slope = step[~arrived], slope[~arrived]
            if not len(self.rows):
                return
            if taken == max_iter:
                break
            stuck = self.advance(step, slope)
            if stuck.any():
                self.leave(stuck, taken)
        self.leave(np.ones(len(self.rows), dtype=bool), max_iter)

    def evaluate(self, theta: Array, among: Indices | None = None) -> tuple[Array, Array]:
        """Discrepancies and gradients at ``theta`` of all that are left, or of some of them."""
        blocks = self.blocks if among is None else tuple(block.take(among) for block in self.blocks)
        rows = self.rows if among is None else self.rows[among]
        return self.stack.evaluate(blocks, self.stack.weights[rows], theta)

    def descent(self) -> Array:
        """The inverse Hessian times the gradient, (b, q)."""
        direction = self.gradient.copy()
        shares = []
        for moved, turned, rho in reversed(self.pairs):
            share = rho * np.einsum("bq,bq->b", moved, direction)
            direction -= share[:, None] * turned
            shares.append(share)
        direction = direction @ self.stack.inverse
        for (moved, turned, rho), share in zip(self.pairs, reversed(shares), strict=True):
            back = share - rho * np.einsum("bq,bq->b", turned, direction)
            direction += back[:, None] * moved
        return direction

    def advance(self, step: Array, slope: Array) -> Mask:
        """One accepted step of each replicate; returns which found none, (b,) bool."""
        length = np.ones(len(self.rows))
        slack = _NOISE * (1.0 + np.abs(self.value))
        theta = self.theta + step
        value, gradient = self.evaluate(theta)
        while True:
            worse = ~(value <= self.value + 1e-4 * length * slope + slack)
            again = np.flatnonzero(worse & (length > _SHORTEST))
            if not len(again):
                break
            length[again] *= 0.5
            theta[again] = self.theta[again] + length[again, None] * step[again]
            value[again], gradient[again] = self.evaluate(theta[again], again)
        self.remember(theta - self.theta, gradient - self.gradient, -slope * length**2, worse)
        keep = ~worse
        self.theta[keep], self.value[keep], self.gradient[keep] = theta[keep], value[keep], gradient[keep]
        return worse

    def remember(self, moved: Array, turned: Array, expected: Array, worse: Mask) -> None:
        """Keep a step and the change of the gradient along it, where the discrepancy is convex along the step."""
        curvature = np.einsum("bq,bq->b", moved, turned)
        flat = worse | ~(curvature > 1e-8 * expected)
        moved[flat], turned[flat] = 0.0, 0.0
        self.pairs.append((moved, turned, np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, curvature))))

    def leave(self, going: Mask, taken: int, step: Array | None = None, slope: Array | None = None) -> None:
        """Write down where some replicates are, with their last step if they have arrived, and go on without them."""
        rows, fit = self.rows[going], self.fit
        fit.iterations[rows] = taken
        fit.theta[rows] = self.theta[going]
        if step is not None and slope is not None:
            fit.theta[rows] += step[going]
            fit.value[rows] = self.value[going] + 0.5 * slope[going] - self.stack.saturated[rows]
            fit.converged[rows] = True
        stay = ~going
        self.rows, self.theta, self.value = self.rows[stay], self.theta[stay], self.value[stay]
        self.gradient = self.gradient[stay]
        self.blocks = tuple(block.take(stay) for block in self.blocks)
        self.pairs = [(moved[stay], turned[stay], rho[stay]) for moved, turned, rho in self.pairs]


def _minimise_within(
    objective: MaximumLikelihood, begin: Array, basis: Array | None, n: float
) -> tuple[Array | None, float, int]:
    """Parameters (None when it does not converge), discrepancy and number of steps of a single fit."""
    if basis is None:
        found = minimise(objective, begin, n, max_iter=_SINGLE_STEPS)
        theta = None if found is None else found.point.theta
    else:
        reduced = Reduced(objective, begin, basis)
        found = minimise(reduced, np.zeros(reduced.n_parameters), n, max_iter=_SINGLE_STEPS)
        theta = None if found is None else reduced.full(found.point.theta)
    if found is None:
        return None, np.nan, 0
    return (theta if found.converged else None), found.point.value, found.iterations
