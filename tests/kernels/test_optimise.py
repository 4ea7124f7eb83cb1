"""The minimiser: where it arrives, what it says when it does not, and the linear algebra it stands on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmstudy.fitted.fit import fit_model
from crmstudy.kernels.covariance.optimise import is_well_conditioned, minimise, regular_inverse, weakest_direction
from tests import tolerances
from tests.kernels.structures import MODELS, laid


def test_gradient_vanishes_at_the_optimum():
    rng = np.random.default_rng(11)
    data = pd.DataFrame(rng.normal(size=(200, 6)) + rng.normal(size=(200, 1)), columns=[f"x{i}" for i in range(1, 7)])
    for name in ("factors", "paths", "mixed", "second_order"):
        optimum = fit_model(MODELS[name], data).solution.optimum
        assert optimum.converged
        assert optimum.distance < tolerances.GRADIENT_IN_SE


def test_a_start_far_away_still_arrives():
    model = laid("factors")
    objective, start = model.likelihood(), model.start
    usual = minimise(objective, start, 120)
    far = start * np.where(np.arange(model.table.n_free) % 2, 4.0, 0.3)
    for scoring in (True, False):
        found = minimise(objective, far, 120, scoring=scoring)
        assert found.converged
        assert found.point.value == pytest.approx(usual.point.value, abs=1e-12)


def test_an_impossible_start_is_no_optimum_and_few_iterations_are_told():
    model = laid("paths")
    objective, start = model.likelihood(), model.start
    assert minimise(objective, -start, 120) is None
    stopped = minimise(objective, start, 120, max_iter=1)
    assert not stopped.converged
    assert "1 iterations were not enough" in stopped.reason
    assert stopped.distance > 1e-6


def test_weakest_direction_finds_what_cannot_be_told_apart():
    hessian = np.array([[2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 5.0]])
    value, direction = weakest_direction(hessian)
    assert value == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(np.abs(direction), [0.5**0.5, 0.5**0.5, 0.0], atol=1e-9)


def test_singular_hessians_are_damped_and_scale_does_not_matter():
    regular = np.array([[4.0, 1.0], [1.0, 3.0]])
    units = np.array([1e-9, 1e8])
    stretched = regular * np.outer(units, units)
    np.testing.assert_allclose(regular_inverse(stretched) * np.outer(units, units), np.linalg.inv(regular), rtol=1e-9)
    singular = np.array([[1.0, 1.0], [1.0, 1.0]])
    assert np.isfinite(regular_inverse(singular)).all()
    assert regular_inverse(np.zeros((0, 0))).shape == (0, 0)


def test_the_quick_condition_never_contradicts_the_eigenvalues():
    rng = np.random.default_rng(4)
    for size in (1, 3, 12):
        for shrink in (1.0, 1e-4, 1e-8, 0.0):
            vectors = np.linalg.qr(rng.normal(size=(size, size)))[0]
            values = np.r_[shrink, rng.uniform(0.5, 2.0, size - 1)]
            hessian = (vectors * values) @ vectors.T
            smallest = weakest_direction(hessian)[0]
            if is_well_conditioned(hessian, 1e-6):
                assert smallest > 1e-6
            if smallest > 1e-4 * size:
                assert is_well_conditioned(hessian, 1e-6)
    assert not is_well_conditioned(np.zeros((2, 2)), 1e-9)
