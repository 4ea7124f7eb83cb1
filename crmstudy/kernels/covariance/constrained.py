r"""Minimising a discrepancy under constraints between parameters.

Linear equalities are solved by a change of parameters (:class:`Reduced`). Nonlinear equalities and inequalities are
brought near the solution by sequential quadratic programming (SciPy's SLSQP), then to it by Newton steps on the
first-order conditions with the constraints that are active there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from crmstudy.kernels.covariance.discrepancy import Discrepancy, Point
from crmstudy.kernels.covariance.optimise import Optimum, minimise, regular_inverse, unit_diagonal
from crmstudy.kernels.covariance.structure import Array, Indices

_POLISHING_STEPS = 200
_ACTIVE = 1e-7
_UNMET = "the constraints cannot all be met at a minimum"


@dataclass(frozen=True)
class Restrictions:
    """Constraints of the parameters.

    ``equal`` (theta -> values (e,) that must be 0) and ``above`` (values (a,) that must not be negative), each with its
    Jacobian. The last ``n_bounds`` of those above are bounds of single parameters: they limit the search, but are no
    part of the model that standard errors are conditional on (as in lavaan). ``linear`` tells whether the equalities
    are linear.
    """

    n_equal: int
    n_above: int
    n_bounds: int
    equal: Callable[[Array], Array]
    equal_slopes: Callable[[Array], Array]
    above: Callable[[Array], Array]
    above_slopes: Callable[[Array], Array]
    linear: bool


class Reduced:
    """A discrepancy as a function of fewer parameters: theta = origin + basis @ phi."""

    def __init__(self, objective: Discrepancy, origin: Array, basis: Array) -> None:
        self.objective, self.origin, self.basis = objective, origin, basis
        self.n_parameters = basis.shape[1]

    def full(self, phi: Array) -> Array:
        """All parameters."""
        theta: Array = self.origin + self.basis @ phi
        return theta

    def evaluate(self, theta: Array, *, slopes: bool = True) -> Point | None:
        """Value and gradient by phi."""
        point = self.objective.evaluate(self.full(theta), slopes=slopes)
        return None if point is None else replace(point, theta=theta, gradient=self.basis.T @ point.gradient)

    def expected_hessian(self, point: Point) -> Array:
        """Expected second derivatives by phi."""
        hessian: Array = self.basis.T @ self.objective.expected_hessian(point) @ self.basis
        return hessian

    def observed_hessian(self, point: Point) -> Array:
        """Exact second derivatives by phi."""
        hessian: Array = self.basis.T @ self.objective.observed_hessian(point) @ self.basis
        return hessian


def null_space(jacobian: Array) -> Array:
    """Orthonormal basis (q, q - rank) of the directions in which constraints with Jacobian (r, q) do not change."""
    if not len(jacobian):
        return np.eye(jacobian.shape[1])
    size = np.linalg.norm(jacobian, axis=1, keepdims=True)
    _, values, rows = np.linalg.svd(jacobian / np.where(size > 0, size, 1.0))
    rank = int((values > 1e-10 * max(values[0], 1e-300)).sum())
    basis: Array = rows[rank:].T
    return basis


def minimise_restricted(
    objective: Discrepancy,
    start: Array,
    n: float,
    restrictions: Restrictions,
    *,
    max_iter: int = 500,
    scoring: bool = True,
) -> Optimum | None:
    """Minimise under restrictions; ``Optimum.jacobian`` holds the slopes of those that bind at the solution.

    Returns
    -------
    Optimum or None
        None when the discrepancy is not defined at the start.
    """
    if restrictions.linear or not restrictions.n_equal:
        found = _on_linear_equalities(objective, start, n, restrictions, max_iter=max_iter, scoring=scoring)
        if found is None or not restrictions.n_above or not found.converged:
            if found is None or not restrictions.n_above:
                return found
        elif (restrictions.above(found.point.theta) >= -_ACTIVE).all():
            return found
    return _sequential(objective, start, n, restrictions, max_iter=max_iter)


def _on_linear_equalities(
    objective: Discrepancy, start: Array, n: float, restrictions: Restrictions, *, max_iter: int, scoring: bool
) -> Optimum | None:
    if not restrictions.n_equal:
        return minimise(objective, start, n, max_iter=max_iter, scoring=scoring)
    jacobian = restrictions.equal_slopes(start)
    gap = restrictions.equal(start)
    origin = start - np.linalg.lstsq(jacobian, gap, rcond=None)[0]
    reduced = Reduced(objective, origin, null_space(jacobian))
    found = minimise(reduced, np.zeros(reduced.n_parameters), n, max_iter=max_iter, scoring=scoring)
    if found is None:
        return None
    theta = reduced.full(found.point.theta)
    return _expanded(objective, found, theta, jacobian, restrictions.equal(theta))


def _expanded(objective: Discrepancy, found: Optimum, theta: Array, jacobian: Array, gap: Array) -> Optimum | None:
    point = objective.evaluate(theta)
    if point is None:
        return None
    found = replace(found, point=point, hessian=objective.expected_hessian(point), jacobian=jacobian)
    return replace(found, converged=False, reason=_UNMET) if np.abs(gap).max(initial=0.0) > _ACTIVE else found


def _sequential(
    objective: Discrepancy, start: Array, n: float, restrictions: Restrictions, *, max_iter: int
) -> Optimum | None:
    """SLSQP in parameters scaled by their standard errors, then Newton steps on the first-order conditions."""
    first = objective.evaluate(start)
    if first is None:
        return None
    scale = 1.0 / unit_diagonal(objective.expected_hessian(first))[1]
    scale = np.where(np.isfinite(scale) & (scale > 0), 1.0 / scale, 1.0)
    theta = _slsqp(objective, start, scale, restrictions, max_iter)
    point = objective.evaluate(theta)
    if point is None:
        return None
    return _polish(objective, point, n, restrictions)


def _slsqp(objective: Discrepancy, start: Array, scale: Array, restrictions: Restrictions, max_iter: int) -> Array:
    worst = [objective.evaluate(start)]

    def value(x: Array) -> tuple[float, Array]:
        point = objective.evaluate(x * scale)
        if point is None:
            last = worst[0]
            return 1e10, np.zeros_like(x) if last is None else last.gradient * scale
        worst[0] = point
        return point.value, point.gradient * scale

    constraints = []
    if restrictions.n_equal:
        constraints.append({
            "type": "eq", "fun": lambda x: restrictions.equal(x * scale),
            "jac": lambda x: restrictions.equal_slopes(x * scale) * scale,
        })  # fmt: skip
    if restrictions.n_above:
        constraints.append({
            "type": "ineq", "fun": lambda x: restrictions.above(x * scale),
            "jac": lambda x: restrictions.above_slopes(x * scale) * scale,
        })  # fmt: skip
    found = minimize(
        value, start / scale, jac=True, method="SLSQP", constraints=constraints,
        options={"ftol": 1e-13, "maxiter": max_iter},
    )  # fmt: skip
    theta: Array = np.asarray(found.x) * scale
    return theta


def _polish(objective: Discrepancy, point: Point, n: float, restrictions: Restrictions) -> Optimum:
    """Newton steps on the first-order conditions, with the inequalities that bind held as equalities."""
    active = _binding(point, restrictions)
    distance, hessian, jacobian = (
        np.inf,
        objective.expected_hessian(point),
        _jacobian(point.theta, restrictions, active),
    )
    for step_number in range(_POLISHING_STEPS):
        hessian = objective.expected_hessian(point)
        jacobian = _jacobian(point.theta, restrictions, active)
        step, multipliers = _newton(point, hessian, jacobian, _values(point.theta, restrictions, active))
        errors = np.sqrt(np.abs(np.diagonal(regular_inverse(hessian))) * 2.0 / n)
        distance = float(np.max(np.abs(step) / np.where(errors > 0, errors, 1.0), initial=0.0))
        pushed = multipliers[restrictions.n_equal :]
        if distance <= 1e-7:
            if len(pushed) and pushed.min() < -1e-9:
                active = np.delete(active, int(np.argmin(pushed)))
                continue
            feasible = restrictions.above(point.theta) >= -_ACTIVE if restrictions.n_above else np.ones(0, dtype=bool)
            if feasible.all():
                modelled = jacobian[
                    : restrictions.n_equal + int((active < restrictions.n_above - restrictions.n_bounds).sum())
                ]
                return Optimum(point, hessian, distance, step_number, True, jacobian=modelled)
            active = np.union1d(active, np.flatnonzero(~feasible))
            continue
        moved = _shortened(objective, point, step)
        if moved is None:
            break
        point = moved
    return Optimum(
        point, hessian, distance, _POLISHING_STEPS, False, _UNMET,
        jacobian=jacobian,
    )  # fmt: skip


def _binding(point: Point, restrictions: Restrictions) -> Indices:
    if not restrictions.n_above:
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(restrictions.above(point.theta) < 1e-5)


def _values(theta: Array, restrictions: Restrictions, active: Indices) -> Array:
    parts = [restrictions.equal(theta)] if restrictions.n_equal else []
    parts += [restrictions.above(theta)[active]] if len(active) else []
    return np.concatenate(parts) if parts else np.zeros(0)


def _jacobian(theta: Array, restrictions: Restrictions, active: Indices) -> Array:
    parts = [restrictions.equal_slopes(theta)] if restrictions.n_equal else []
    parts += [restrictions.above_slopes(theta)[active]] if len(active) else []
    return np.vstack(parts) if parts else np.zeros((0, len(theta)))


def _newton(point: Point, hessian: Array, jacobian: Array, gap: Array) -> tuple[Array, Array]:
    """Step and multipliers of the quadratic model under linearised constraints."""
    basis = null_space(jacobian)
    back = -np.linalg.lstsq(jacobian, gap, rcond=None)[0] if len(gap) else np.zeros(len(point.theta))
    inner = basis.T @ hessian @ basis
    along = -regular_inverse(inner) @ (basis.T @ (point.gradient + hessian @ back))
    step: Array = back + basis @ along
    multipliers: Array = np.zeros(0)
    if len(gap):
        multipliers = np.asarray(np.linalg.lstsq(jacobian.T, point.gradient + hessian @ step, rcond=None)[0])
    return step, multipliers


def _shortened(objective: Discrepancy, point: Point, step: Array) -> Point | None:
    length = 1.0
    while length > 1e-4:
        found = objective.evaluate(point.theta + length * step)
        if found is not None and np.isfinite(found.value):
            return found
        length *= 0.5
    return None
