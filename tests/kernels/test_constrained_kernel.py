"""Minimising under restrictions: solutions that can be worked out by hand, and restrictions that contradict."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.covariance.constrained import Restrictions, minimise_restricted, null_space
from crmstudy.kernels.covariance.discrepancy import Point

CURVATURE = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 3.0]])
LOWEST = np.array([1.0, 2.0, -0.5])


class Bowl:
    """A quadratic discrepancy with its minimum at LOWEST."""

    n_parameters = 3

    def evaluate(self, theta, *, slopes=True):
        away = theta - LOWEST
        value = float(away @ CURVATURE @ away / 2)
        return Point(theta, value, CURVATURE @ away, (value,), ())

    def expected_hessian(self, point):
        return CURVATURE

    observed_hessian = expected_hessian


def restrictions(equal=None, above=None, n_bounds=0, linear=True):
    """Restrictions from functions and their Jacobians, ``(function, jacobian)``."""
    none = (lambda theta: np.zeros(0), lambda theta: np.zeros((0, 3)))
    (f, df), (g, dg) = equal or none, above or none
    start = np.zeros(3)
    return Restrictions(len(f(start)), len(g(start)), n_bounds, f, df, g, dg, linear)


def line(row, at):
    """A linear restriction: ``row @ theta - at``."""
    row = np.atleast_2d(np.asarray(row, dtype=float))
    return (lambda theta: row @ theta - at), (lambda theta: row)


def on_plane(row, at):
    """The minimum of the bowl on ``row @ theta = at``, by its multiplier."""
    away = np.linalg.solve(CURVATURE, row)
    return LOWEST - away * (row @ LOWEST - at) / (row @ away)


@pytest.mark.parametrize("linear", [True, False])
def test_a_linear_equality_is_met_at_the_lowest_point_of_its_plane(linear):
    row = np.array([1.0, 1.0, 1.0])
    found = minimise_restricted(Bowl(), np.zeros(3), 100.0, restrictions(line(row, 0.5), linear=linear))
    assert found.converged
    np.testing.assert_allclose(found.point.theta, on_plane(row, 0.5), atol=1e-9)
    np.testing.assert_allclose(found.jacobian, [row])


def test_an_inequality_that_does_not_bind_changes_nothing_and_is_no_part_of_the_model():
    found = minimise_restricted(Bowl(), np.zeros(3), 100.0, restrictions(above=line([0.0, 1.0, 0.0], 1.0)))
    np.testing.assert_allclose(found.point.theta, LOWEST, atol=1e-9)
    assert found.jacobian is None or not len(found.jacobian)


@pytest.mark.parametrize("n_bounds", [0, 1])
def test_an_inequality_that_binds_holds_and_counts_unless_it_is_a_bound(n_bounds):
    row = np.array([0.0, 1.0, 0.0])
    asked = restrictions(above=line(row, 2.5), n_bounds=n_bounds)
    found = minimise_restricted(Bowl(), np.array([0.0, 3.0, 0.0]), 100.0, asked)
    assert found.converged
    np.testing.assert_allclose(found.point.theta, on_plane(row, 2.5), atol=1e-8)
    assert len(found.jacobian) == 1 - n_bounds


def test_an_inequality_let_go_is_found_from_a_start_on_its_edge():
    found = minimise_restricted(Bowl(), np.array([1.0, 1.0, 0.0]), 100.0, restrictions(above=line([0, 1.0, 0], 1.0)))
    np.testing.assert_allclose(found.point.theta, LOWEST, atol=1e-8)


def test_a_curved_equality_is_met_with_a_gradient_along_its_normal():
    curved = ((lambda t: np.array([t @ t - 1.0])), (lambda t: 2.0 * t[None]))
    found = minimise_restricted(Bowl(), np.array([0.5, 0.5, 0.1]), 100.0, restrictions(curved, linear=False))
    theta = found.point.theta
    assert found.converged
    assert theta @ theta == pytest.approx(1.0, abs=1e-9)
    assert np.linalg.norm(np.cross(found.point.gradient, theta)) < 1e-6
    angles = np.random.default_rng(1).normal(size=(2000, 3))
    elsewhere = angles / np.linalg.norm(angles, axis=1, keepdims=True) - LOWEST
    assert found.point.value <= (np.einsum("ni,ij,nj->n", elsewhere, CURVATURE, elsewhere) / 2).min() + 1e-9


def test_restrictions_that_contradict_are_told():
    rows = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    found = minimise_restricted(Bowl(), np.zeros(3), 100.0, restrictions(line(rows, np.array([0.0, 1.0]))))
    assert not found.converged
    assert "cannot all be met" in found.reason


def test_directions_left_free_are_orthonormal_whatever_the_scale_of_the_restrictions():
    rows = np.array([[1e6, 1e6, 0.0], [2e-6, 2e-6, 0.0]])
    basis = null_space(rows)
    assert basis.shape == (3, 2)
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(rows @ basis, 0.0, atol=1e-9)
    assert null_space(np.zeros((0, 3))).shape == (3, 3)
