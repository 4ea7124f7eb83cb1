"""Implied moments, gradient, Hessian and recovery of the covariance structure kernel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmstudy.grammar.fit import fit_model
from crmstudy.grammar.layout import place, start_values
from crmstudy.grammar.spec import parse_model
from crmstudy.grammar.table import build_table
from crmstudy.kernels.cbsem import MaximumLikelihood, SampleBlock, implied_moments
from crmstudy.kernels.optimise import is_well_conditioned, minimise, regular_inverse, weakest_direction

MODELS = {
    "factors": "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\nx1 ~~ x4",
    "paths": "f =~ x1 + x2 + x3\ng =~ x4 + a*x5 + a*x6\ng ~ f\nx2 ~~ x5",
    "mixed": "f =~ x1 + x2 + x3\nx4 ~ f + x5\nx6 ~ x4 + f\nf ~ x5",
    "nonrecursive": "x1 ~ x2 + x3\nx2 ~ x1 + x4\nx1 ~~ x2",
    "second_order": "f =~ x1 + x2\ng =~ x3 + x4\nh =~ x5 + x6\ns =~ f + g + h",
}


def _sample(p, seed=7, n=120):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, p)) + rng.normal(size=(n, 1)) * rng.uniform(0.5, 1.5, p)
    return np.cov(values.T, ddof=0)


def _objective(model, seed=7):
    table = build_table(parse_model(model))
    sample = _sample(len(table.observed), seed)
    placement = place(table, sample)
    return table, placement, MaximumLikelihood((SampleBlock(placement.layout, sample),), table.n_free), sample


@pytest.mark.parametrize("name", MODELS)
def test_gradient_equals_differences(name):
    table, _, objective, sample = _objective(MODELS[name])
    theta = start_values(table, sample) + np.random.default_rng(3).normal(0, 0.02, table.n_free)
    step = 1e-6
    numeric = [
        (objective.value(theta + step * e) - objective.value(theta - step * e)) / (2 * step)
        for e in np.eye(table.n_free)
    ]
    np.testing.assert_allclose(objective.evaluate(theta).gradient, numeric, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", MODELS)
def test_expected_hessian_is_the_hessian_where_the_model_is_true(name):
    table, placement, _, sample = _objective(MODELS[name])
    theta = start_values(table, sample) + np.random.default_rng(3).normal(0, 0.02, table.n_free)
    truth = implied_moments(placement.layout, theta).sigma
    objective = MaximumLikelihood((SampleBlock(placement.layout, truth),), table.n_free)
    step = 1e-5
    numeric = np.array(
        [
            (objective.evaluate(theta + step * e).gradient - objective.evaluate(theta - step * e).gradient) / (2 * step)
            for e in np.eye(table.n_free)
        ]
    )
    np.testing.assert_allclose(objective.expected_hessian(objective.evaluate(theta)), numeric, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["factors", "paths", "mixed"])
def test_population_moments_in_population_parameters_out(name):
    table, placement, _, sample = _objective(MODELS[name])
    theta = start_values(table, sample) + np.random.default_rng(5).normal(0, 0.05, table.n_free)
    truth = implied_moments(placement.layout, theta).sigma
    objective = MaximumLikelihood((SampleBlock(place(table, truth).layout, truth),), table.n_free)
    found = minimise(objective, start_values(table, truth), 500)
    assert found.converged
    np.testing.assert_allclose(found.point.theta, theta, atol=1e-8)
    assert found.point.value == pytest.approx(0.0, abs=1e-12)


def test_two_blocks_share_parameters():
    table, placement, _, sample = _objective(MODELS["factors"])
    layout = placement.layout
    one = MaximumLikelihood((SampleBlock(layout, sample),), table.n_free)
    two = MaximumLikelihood((SampleBlock(layout, sample, 0.3), SampleBlock(layout, sample, 0.7)), table.n_free)
    theta = start_values(table, sample)
    assert two.value(theta) == pytest.approx(one.value(theta), rel=1e-13)
    np.testing.assert_allclose(two.evaluate(theta).gradient, one.evaluate(theta).gradient, rtol=1e-12, atol=1e-14)


def test_outside_the_admissible_region_there_is_no_value():
    table, _, objective, sample = _objective(MODELS["factors"])
    assert objective.evaluate(start_values(table, sample) * -1.0) is None
    assert objective.value(start_values(table, sample) * -1.0) == np.inf


def test_weakest_direction_finds_what_cannot_be_told_apart():
    hessian = np.array([[2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 5.0]])
    value, direction = weakest_direction(hessian)
    assert value == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(np.abs(direction), [0.5**0.5, 0.5**0.5, 0.0], atol=1e-9)


def test_gradient_vanishes_at_the_optimum():
    rng = np.random.default_rng(11)
    data = pd.DataFrame(rng.normal(size=(200, 6)) + rng.normal(size=(200, 1)), columns=[f"x{i}" for i in range(1, 7)])
    for name in ("factors", "paths", "mixed", "second_order"):
        optimum = fit_model(MODELS[name], data).solution.optimum
        assert optimum.converged
        assert optimum.distance < 1e-6


def test_a_start_far_away_still_arrives():
    table, _, objective, sample = _objective(MODELS["factors"])
    usual = minimise(objective, start_values(table, sample), 120)
    far = start_values(table, sample) * np.where(np.arange(table.n_free) % 2, 4.0, 0.3)
    for scoring in (True, False):
        found = minimise(objective, far, 120, scoring=scoring)
        assert found.converged
        assert found.point.value == pytest.approx(usual.point.value, abs=1e-12)


def test_an_impossible_start_is_no_optimum_and_few_iterations_are_told():
    table, _, objective, sample = _objective(MODELS["paths"])
    start = start_values(table, sample)
    assert minimise(objective, -start, 120) is None
    stopped = minimise(objective, start, 120, max_iter=1)
    assert not stopped.converged
    assert "1 iterations were not enough" in stopped.reason
    assert stopped.distance > 1e-6


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
