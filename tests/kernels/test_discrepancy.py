"""Discrepancies: values, gradients, both Hessians, and what must coincide."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.covariance.discrepancy import (
    GeneralisedLeastSquares,
    MaximumLikelihood,
    SampleBlock,
    WeightedLeastSquares,
)
from crmstudy.kernels.covariance.em import saturated_moments
from crmstudy.kernels.covariance.missing import FullInformation, PatternBlock, missing_patterns
from crmstudy.kernels.covariance.optimise import minimise
from crmstudy.kernels.covariance.structure import implied_moments
from tests import tolerances
from tests.kernels.structures import MODELS, Laid, laid, slopes_by_difference

SHAPES = [(1, False), (1, True), (2, False), (2, True)]


def _metrics(model: Laid, *, diagonal: bool) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(2)
    p = len(model.table.observed)
    size = p * (p + 1) // 2 + (p if model.table.meanstructure else 0)
    found = []
    for _ in model.rows:
        if diagonal:
            found.append(rng.uniform(0.5, 2.0, size))
        else:
            root = rng.normal(size=(size, size + 3))
            found.append(root @ root.T / size)
    return tuple(found)


def _holes(model: Laid, share: float = 0.1) -> FullInformation:
    rng = np.random.default_rng(9)
    blocks = []
    total = sum(map(len, model.rows))
    given = [model.table.observed.index(name) for name in model.table.exogenous]
    for layout, rows in zip(model.placement.layouts, model.rows, strict=True):
        values = rows.copy()
        holes = rng.random(values.shape) < share
        holes[:, given] = False
        values[holes] = np.nan
        patterns = missing_patterns(values)
        saturated = saturated_moments(patterns, values.shape[1])
        blocks.append(PatternBlock(layout, patterns, len(rows) / total, saturated.value))
    return FullInformation(tuple(blocks), model.table.n_free)


def _objectives(model: Laid) -> dict[str, object]:
    q = model.table.n_free
    found: dict[str, object] = {
        "ml": model.likelihood(),
        "gls": GeneralisedLeastSquares(model.blocks(), q),
        "wls": WeightedLeastSquares(model.blocks(), q, _metrics(model, diagonal=False)),
        "dwls": WeightedLeastSquares(model.blocks(), q, _metrics(model, diagonal=True)),
    }
    if model.table.meanstructure:
        found["fiml"] = _holes(model)
    return found


@pytest.mark.parametrize(("groups", "means"), SHAPES)
@pytest.mark.parametrize("name", MODELS)
def test_gradients_and_exact_hessians_equal_differences(name: str, groups: int, means: bool) -> None:
    model = laid(name, groups=groups, means=means)
    theta = model.near()
    for objective in _objectives(model).values():
        point = objective.evaluate(theta)
        size = 1.0 + np.abs(point.gradient).max()
        numeric = slopes_by_difference(lambda at, o=objective: o.evaluate(at).value, theta)
        np.testing.assert_allclose(point.gradient, numeric, atol=1e-6 * size)
        numeric = slopes_by_difference(lambda at, o=objective: o.evaluate(at).gradient, theta)
        hessian = objective.observed_hessian(point)
        np.testing.assert_allclose(hessian, numeric, atol=1e-6 * (1.0 + np.abs(hessian).max()))


@pytest.mark.parametrize(("groups", "means"), SHAPES)
@pytest.mark.parametrize("name", MODELS)
def test_where_the_model_is_true_expected_and_exact_hessian_agree(name: str, groups: int, means: bool) -> None:
    model = laid(name, groups=groups, means=means)
    theta = model.near()
    blocks = []
    for block in model.blocks():
        implied = implied_moments(block.layout, theta)
        mean = implied.mu if model.table.meanstructure else None
        blocks.append(SampleBlock(block.layout, implied.sigma, mean, block.weight))
    q = model.table.n_free
    for objective in (
        MaximumLikelihood(tuple(blocks), q),
        GeneralisedLeastSquares(tuple(blocks), q),
        WeightedLeastSquares(tuple(blocks), q, _metrics(model, diagonal=False)),
    ):
        point = objective.evaluate(theta)
        assert point.value == pytest.approx(0.0, abs=1e-11)
        expected, exact = objective.expected_hessian(point), objective.observed_hessian(point)
        np.testing.assert_allclose(expected, exact, atol=1e-9 * np.abs(exact).max())


@pytest.mark.parametrize("name", ["factors", "mixed", "growth", "second_order"])
def test_complete_rows_have_the_same_likelihood_pattern_by_pattern(name: str) -> None:
    model = laid(name, groups=2, means=True)
    whole, by_pattern = model.likelihood(), _holes(model, share=0.0)
    theta = model.near()
    one, other = whole.evaluate(theta), by_pattern.evaluate(theta)
    assert other.value == pytest.approx(one.value, rel=tolerances.CLOSED_FORM_RELATIVE)
    np.testing.assert_allclose(other.gradient, one.gradient, atol=1e-10)
    np.testing.assert_allclose(by_pattern.expected_hessian(other), whole.expected_hessian(one), atol=1e-10)
    np.testing.assert_allclose(by_pattern.observed_hessian(other), whole.observed_hessian(one), atol=1e-9)


@pytest.mark.parametrize("name", ["factors", "paths", "mixed", "growth"])
def test_population_moments_in_population_parameters_out(name: str) -> None:
    model = laid(name, means=name == "growth")
    theta = model.near(seed=5, size=0.05)
    implied = implied_moments(model.placement.layout, theta)
    truth = SampleBlock(model.placement.layout, implied.sigma, implied.mu)
    found = minimise(MaximumLikelihood((truth,), model.table.n_free), model.start, 500)
    assert found.converged
    np.testing.assert_allclose(found.point.theta, theta, atol=tolerances.RECOVERY)
    assert found.point.value == pytest.approx(0.0, abs=1e-12)


def test_two_blocks_share_parameters() -> None:
    model = laid("factors")
    (block,) = model.blocks()
    one = MaximumLikelihood((block,), model.table.n_free)
    parts = tuple(SampleBlock(block.layout, block.covariance, block.mean, weight) for weight in (0.3, 0.7))
    two = MaximumLikelihood(parts, model.table.n_free)
    theta = model.start
    assert two.evaluate(theta).value == pytest.approx(one.evaluate(theta).value, rel=1e-13)
    np.testing.assert_allclose(two.evaluate(theta).gradient, one.evaluate(theta).gradient, rtol=1e-12, atol=1e-14)


def test_outside_the_admissible_region_there_is_no_value() -> None:
    model = laid("factors")
    assert model.likelihood().evaluate(-model.start) is None


def test_normal_weights_make_least_squares_the_same_as_gls() -> None:
    from crmstudy.kernels.covariance.information import least_squares_metrics

    model = laid("paths", groups=2, means=True)
    gls = GeneralisedLeastSquares(model.blocks(), model.table.n_free)
    wls = WeightedLeastSquares(model.blocks(), model.table.n_free, least_squares_metrics(gls))
    theta = model.near()
    one, other = gls.evaluate(theta), wls.evaluate(theta)
    assert other.value == pytest.approx(one.value, rel=tolerances.CLOSED_FORM_RELATIVE)
    np.testing.assert_allclose(other.gradient, one.gradient, atol=1e-10)
