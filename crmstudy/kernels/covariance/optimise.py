"""Minimising a discrepancy: Fisher scoring far from the solution, quasi-Newton steps near it.

The first steps use the expected Hessian; after them a BFGS update starts from its inverse. A step that does not lower
the discrepancy is halved; when halving does not help, the expected Hessian is made afresh and damped. The
iteration ends when every step still asked for is below ``tolerance`` standard errors of its parameter, measured with a
fresh expected Hessian.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from crmstudy.kernels.covariance.discrepancy import Discrepancy, Point
from crmstudy.kernels.covariance.structure import Array

_SCORING_STEPS = 3
_SMALLEST_STEP = 1e-7
_DAMPINGS = (0.0, 1e-3, 1e-1, 1e1)


@dataclass(frozen=True)
class Optimum:
    """Where the iteration ended.

    ``hessian`` is the expected Hessian there, ``distance`` the largest step still asked for in standard errors,
    ``reason`` why it stopped when it did not converge, ``jacobian`` (r, q) the slopes of the constraints that bind.
    """

    point: Point
    hessian: Array
    distance: float
    iterations: int
    converged: bool
    reason: str = ""
    jacobian: Array | None = None


def minimise(
    objective: Discrepancy,
    start: Array,
    n: float,
    *,
    max_iter: int = 500,
    tolerance: float = 1e-7,
    scoring: bool = True,
) -> Optimum | None:
    """Minimise a discrepancy from ``start``.

    Parameters
    ----------
    objective : Discrepancy
        Gives the discrepancy, its gradient and its expected Hessian.
    start : (q,) array
        Start values; the implied matrices must be positive definite there.
    n : float
        Sample size, for the length of a standard error: ``sqrt(2/n * diag(H^-1))``.
    max_iter : int
        Largest number of steps.
    tolerance : float
        Largest step, in standard errors, that still counts as none.
    scoring : bool
        Begin with Fisher scoring; False begins with the diagonal of the expected Hessian, for a second attempt.

    Returns
    -------
    Optimum or None
        None when the implied matrices at ``start`` are not positive definite.
    """
    point = objective.evaluate(start)
    if point is None:
        return None
    return _Iteration(objective, point, n, tolerance, scoring).run(max_iter)


class _Iteration:
    def __init__(self, objective: Discrepancy, point: Point, n: float, tolerance: float, scoring: bool) -> None:
        self.objective, self.point, self.n, self.tolerance = objective, point, n, tolerance
        self.scoring_steps = _SCORING_STEPS if scoring else 0
        self.hessian = objective.expected_hessian(point)
        self.inverse = regular_inverse(self.hessian if scoring else np.diag(np.diagonal(self.hessian)))
        self.fresh = scoring  # whether the inverse is that of the present Hessian

    def run(self, max_iter: int) -> Optimum:
        for step_number in range(max_iter):
            if self.arrived():
                return self.optimum(step_number, converged=True)
            if not self.advance():
                arrived = self.arrived(slack=10.0)
                reason = "" if arrived else "no step lowers the discrepancy any further"
                return self.optimum(step_number, converged=arrived, reason=reason)
            if step_number < self.scoring_steps:
                self.refresh()
        if self.arrived():
            return self.optimum(max_iter, converged=True)
        return self.optimum(max_iter, converged=False, reason=f"{max_iter} iterations were not enough")

    def refresh(self) -> None:
        if not self.fresh:
            self.hessian = self.objective.expected_hessian(self.point)
            self.inverse = regular_inverse(self.hessian)
            self.fresh = True

    def distance(self) -> float:
        step = self.inverse @ self.point.gradient
        errors = np.sqrt(np.abs(np.diagonal(self.inverse)) * 2.0 / self.n)
        return float(np.max(np.abs(step) / np.where(errors > 0, errors, 1.0), initial=0.0))

    def arrived(self, slack: float = 1.0) -> bool:
        """True when the step asked for is negligible, by the present inverse and by a fresh one."""
        if self.distance() > self.tolerance * slack:
            return False
        if not self.fresh:
            self.refresh()
            return self.distance() <= self.tolerance * slack
        return True

    def advance(self) -> bool:
        """One accepted step; False when none can be found."""
        if self.accept(-self.inverse @ self.point.gradient):
            return True
        self.refresh()
        for damping in _DAMPINGS:
            damped = self.hessian + damping * np.diag(np.diagonal(self.hessian))
            if self.accept(-regular_inverse(damped) @ self.point.gradient):
                return True
        return False

    def accept(self, step: Array) -> bool:
        slope = float(self.point.gradient @ step)
        if not np.isfinite(slope) or slope >= 0:
            return False
        length = 1.0
        noise = 1e-13 * (1.0 + abs(self.point.value)) + 1e-15 * len(step)
        while length > _SMALLEST_STEP:
            found = self.objective.evaluate(self.point.theta + length * step)
            if found is not None and found.value <= self.point.value + 1e-4 * length * slope + noise:
                self.update(found)
                return True
            length *= 0.5 if found is not None else 0.25
        return False

    def update(self, found: Point) -> None:
        """Move to the new point and correct the inverse Hessian by what the gradient showed (BFGS)."""
        moved = found.theta - self.point.theta
        turned = found.gradient - self.point.gradient
        curvature = float(moved @ turned)
        self.point, self.fresh = found, False
        inverse_turned = self.inverse @ turned
        expected = float(turned @ inverse_turned)
        if curvature <= 1e-8 * expected or curvature <= 0.0:
            return
        scale = (1.0 + expected / curvature) / curvature
        crossed = np.multiply.outer(moved, inverse_turned) / curvature
        self.inverse = self.inverse + scale * np.multiply.outer(moved, moved) - crossed - crossed.T

    def optimum(self, iterations: int, *, converged: bool, reason: str = "") -> Optimum:
        self.refresh()
        return Optimum(self.point, self.hessian, self.distance(), iterations, converged, reason)


def unit_diagonal(hessian: Array) -> tuple[Array, Array]:
    """The Hessian scaled to a unit diagonal, and the scale: units may differ by many powers of ten.

    An element of the diagonal that is not positive keeps its scale.
    """
    diagonal = np.diagonal(hessian)
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    return hessian * np.multiply.outer(scale, scale), scale


def regular_inverse(hessian: Array) -> Array:
    """The inverse of a Hessian; directions it says nothing about are damped instead of blown up."""
    if not len(hessian):
        return hessian
    scaled, scale = unit_diagonal(hessian)
    factor, failed = lapack.dpotrf(scaled, lower=1)  # leaves zeros above the diagonal
    if not failed and np.diagonal(factor).min(initial=1.0) > 1e-5:
        lower, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
        inverse = lower + lower.T
        inverse.flat[:: len(inverse) + 1] *= 0.5
    else:
        values, vectors = np.linalg.eigh(scaled)
        inverse = (vectors / np.maximum(values, 1e-6)) @ vectors.T
    inverse *= np.multiply.outer(scale, scale)
    result: Array = inverse
    return result


def is_well_conditioned(hessian: Array, above: float) -> bool:
    """True when the smallest eigenvalue of the Hessian, scaled to a unit diagonal, is surely larger than ``above``.

    It is at least one over the trace of the inverse, which costs less than the eigenvalues.
    """
    if not len(hessian):
        return False
    factor, failed = lapack.dpotrf(unit_diagonal(hessian)[0], lower=1)
    if failed:
        return False
    inverse, failed = lapack.dpotri(factor, lower=1)
    return not failed and float(np.trace(inverse)) * above < 1.0


def weakest_direction(hessian: Array) -> tuple[float, Array]:
    """Smallest eigenvalue of the Hessian scaled to a unit diagonal, and its direction in scaled parameters.

    A value of numerical zero means that the parameters along the direction cannot be told apart.
    """
    if not len(hessian):
        return 1.0, np.zeros(0)
    values, vectors = np.linalg.eigh(unit_diagonal(hessian)[0])
    return float(values[0]), vectors[:, 0]
