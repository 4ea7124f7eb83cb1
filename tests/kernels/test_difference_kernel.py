"""Differences of chi-squares: formulas, and what must come out when nothing needs a correction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from crmstudy.kernels.covariance import difference as kernel
from tests import tolerances

RNG = np.random.default_rng(7)


def test_plain_difference() -> None:
    found = kernel.plain_difference(20.0, 10, 31.5, 14)
    assert (found.statistic, found.df, found.trace) == (11.5, 4, 4)
    assert found.p_value == pytest.approx(stats.chi2.sf(11.5, 4), rel=tolerances.TAIL_RELATIVE)


def test_mean_scaled_difference_by_its_formula() -> None:
    """Satorra & Bentler (2001): cd = (d0 c0 - d1 c1) / (d0 - d1)."""
    factor = (14 * 1.3 - 10 * 1.2) / 4
    found = kernel.mean_scaled_difference(20.0, 10, 12.0, 31.5, 14, 14 * 1.3)
    assert found.statistic == pytest.approx(11.5 / factor, rel=tolerances.CLOSED_FORM_RELATIVE)
    assert found.trace / found.df == pytest.approx(factor, rel=tolerances.CLOSED_FORM_RELATIVE)


@pytest.mark.parametrize("trace", [-0.5, 0.0, math.nan])
def test_a_factor_that_is_not_positive_gives_no_number(trace: float) -> None:
    found = kernel.mean_scaled_difference(20.0, 10, 12.0, 31.5, 14, 12.0 + trace)
    assert math.isnan(found.statistic)
    assert math.isnan(found.p_value)
    assert found.plain == 11.5


def normal_case(q: int = 6, k: int = 15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slopes, metric and covariance of moments of normal data: the metric is the inverse of the covariance."""
    slopes = RNG.normal(size=(k, q))
    root = RNG.normal(size=(k + 3, k))
    metric = root.T @ root
    return slopes, metric, np.linalg.inv(metric)


@pytest.mark.parametrize(("shifted", "adjusted"), [(True, True), (False, True), (False, False)])
def test_satorra_2000_of_normal_data_is_the_plain_difference(shifted: bool, adjusted: bool) -> None:
    slopes, metric, gamma = normal_case()
    information = slopes.T @ metric @ slopes
    weighted = metric @ slopes
    restriction = RNG.normal(size=(2, 6))
    trace, squared = kernel.traces(weighted.T @ gamma @ weighted, np.linalg.inv(information), restriction)
    assert trace == pytest.approx(2.0, rel=tolerances.INVERSE_RELATIVE)
    assert squared == pytest.approx(2.0, rel=tolerances.INVERSE_RELATIVE)
    found = kernel.satorra_2000(9.0, 2, trace, squared, shifted=shifted, mean_and_variance=adjusted)
    assert found.statistic == pytest.approx(9.0, rel=tolerances.INVERSE_RELATIVE)
    assert found.df == pytest.approx(2.0, rel=tolerances.INVERSE_RELATIVE)


def test_traces_are_those_of_the_long_formula() -> None:
    slopes, metric, _ = normal_case()
    gamma = np.diag(RNG.uniform(0.5, 2.0, len(metric)))
    inverse = np.linalg.inv(slopes.T @ metric @ slopes)
    a = RNG.normal(size=(3, 6))
    middle = inverse @ a.T @ np.linalg.inv(a @ inverse @ a.T) @ a @ inverse
    u_gamma = metric @ slopes @ middle @ slopes.T @ metric @ gamma
    weighted = metric @ slopes
    trace, squared = kernel.traces(weighted.T @ gamma @ weighted, inverse, a)
    assert trace == pytest.approx(np.trace(u_gamma), rel=tolerances.INVERSE_RELATIVE)
    assert squared == pytest.approx(np.trace(u_gamma @ u_gamma), rel=tolerances.INVERSE_RELATIVE)
    shifted = kernel.satorra_2000(9.0, 3, trace, squared, shifted=True, mean_and_variance=True)
    slope = math.sqrt(3 / squared)
    assert shifted.statistic == pytest.approx(9.0 * slope + 3 - slope * trace, rel=tolerances.CLOSED_FORM_RELATIVE)


def test_a_repeated_restriction_counts_once() -> None:
    slopes, metric, gamma = normal_case()
    weighted = metric @ slopes
    sandwich, inverse = weighted.T @ gamma @ weighted, np.linalg.inv(slopes.T @ metric @ slopes)
    restriction = RNG.normal(size=(2, 6))
    twice = np.vstack([restriction, 3.0 * restriction[0]])
    np.testing.assert_allclose(
        kernel.traces(sandwich, inverse, twice), kernel.traces(sandwich, inverse, restriction),
        rtol=tolerances.INVERSE_RELATIVE,
    )  # fmt: skip
    assert kernel.rank_within(twice, None) == 2


def test_restriction_found_from_the_slopes_is_the_one_that_made_them() -> None:
    """With theta = H phi in the smaller model, what it holds back is orthogonal to the columns of H."""
    slopes, _, _ = normal_case()
    inside = RNG.normal(size=(6, 4))
    found = kernel.restriction_by_slopes(slopes, slopes @ inside)
    assert found.shape == (2, 6)
    np.testing.assert_allclose(found @ inside, 0.0, atol=1e3 * tolerances.CLOSED_FORM)


def test_rmsea_of_the_difference() -> None:
    plain = kernel.plain_difference(20.0, 10, 31.5, 14)
    assert kernel.rmsea_of_difference(plain, 4, 200, 2) == pytest.approx(
        math.sqrt(2 * (11.5 - 4) / (200 * 4)), rel=tolerances.CLOSED_FORM_RELATIVE
    )
    assert kernel.rmsea_of_difference(kernel.plain_difference(20.0, 10, 22.0, 14), 4, 200, 1) == 0.0
    assert math.isnan(kernel.rmsea_of_difference(plain, 0, 200, 1))


def test_restrictions_within_constraints() -> None:
    basis = np.eye(4)[:, :2]
    assert kernel.rank_within(np.eye(4)[2:], basis) == 0
    assert kernel.rank_within(np.eye(4)[1:], basis) == 1
    assert kernel.rank_within(np.zeros((0, 4)), basis) == 0
