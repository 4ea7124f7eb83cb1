"""Products of indicators and moderated slopes as array maths: identities, recovery, brute force."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.covariance.moderation import Slope, centring_constants, johnson_neyman
from crmstudy.kernels.covariance.products import METHODS, ProductPlan, products, remade_moments
from crmstudy.kernels.covariance.reticular import Entries, Reticular, correlation_with_slopes
from tests import tolerances

EXACT = tolerances.CLOSED_FORM_RELATIVE
#: Residuals and covariances of values whose condition number is about 1e4.
SOLVED = tolerances.INVERSE_RELATIVE


def plan(method: str) -> ProductPlan:
    """Columns 0, 1, 2 measure one factor and 3, 4 another; column 5 takes no part."""
    return ProductPlan(np.array([0, 0, 1, 2]), np.array([3, 4, 3, 4]), method)


@pytest.fixture
def rows() -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.gamma(2.0, size=(150, 6)) @ rng.normal(size=(6, 6)) + 10.0


def test_mean_centred_products_are_products_of_deviations(rows):
    centred = rows - rows.mean(axis=0)
    expected = centred[:, [0, 0, 1, 2]] * centred[:, [3, 4, 3, 4]]
    np.testing.assert_allclose(products(rows, plan("mean_centred")), expected, rtol=EXACT)
    doubled = products(rows, plan("double_mean_centred"))
    np.testing.assert_allclose(doubled, expected - expected.mean(axis=0), rtol=EXACT, atol=EXACT)


def test_residual_centred_products_are_uncorrelated_with_every_indicator(rows):
    made = products(rows, plan("residual_centred"))
    assert np.abs(made.mean(axis=0)).max() < EXACT
    assert np.abs(made.T @ rows[:, :5]).max() < SOLVED * np.abs(made).max() * len(rows)
    assert np.abs(made.T @ rows[:, 5]).max() > 1.0  # the column that takes no part is left alone
    # residuals of the plain products and of the centred ones are the same
    design = np.column_stack([np.ones(len(rows)), rows[:, :5]])
    plain = rows[:, 0] * rows[:, 3]
    residual = plain - design @ np.linalg.lstsq(design, plain, rcond=None)[0]
    np.testing.assert_allclose(made[:, 0], residual, rtol=SOLVED, atol=SOLVED)


@pytest.mark.parametrize("method", METHODS)
def test_the_origin_of_the_indicators_does_not_matter(rows, method):
    np.testing.assert_allclose(
        products(rows + 1000.0, plan(method)), products(rows, plan(method)), rtol=SOLVED, atol=SOLVED
    )


@pytest.mark.parametrize("method", METHODS)
def test_missing_answers(rows, method):
    holed = rows.copy()
    holed[3, 0] = holed[7, 4] = holed[9, 5] = np.nan
    made = products(holed, plan(method))
    if method == "residual_centred":  # a residual needs every indicator
        assert np.isnan(made[[3, 7]]).all()
        used = np.delete(np.arange(len(rows)), [3, 7])
        np.testing.assert_allclose(made[used], products(rows[used], plan(method)), rtol=SOLVED, atol=SOLVED)
    else:
        assert np.isnan(made[3]).tolist() == [True, True, False, False]
        assert np.isnan(made[7]).tolist() == [False, True, False, True]
        centre = np.nanmean(holed, axis=0)
        first = (holed[:, 1] - centre[1]) * (holed[:, 3] - centre[3])
        shift = np.nanmean(first) if method == "double_mean_centred" else 0.0
        np.testing.assert_allclose(made[:, 2], first - shift, rtol=EXACT, atol=EXACT)
    assert not np.isnan(made[9]).any()


@pytest.mark.parametrize("method", METHODS)
def test_moments_of_remade_products_are_those_of_products_made_from_the_resampled_rows(rows, method):
    rng = np.random.default_rng(8)
    n = len(rows)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=5)
    once = np.hstack([rows, products(rows, plan("mean_centred"))])
    once[:, :6] -= rows.mean(axis=0)  # the products count from these means
    weights = counts / n
    means = weights @ once
    covariances = np.einsum("bn,ni,nj->bij", weights, once, once) - means[:, :, None] * means[:, None, :]
    found_mean, found = remade_moments(means, covariances, plan(method))
    for b, count in enumerate(counts):
        drawn = np.repeat(rows, count, axis=0)
        again = np.hstack([drawn, products(drawn, plan(method))])
        expected = np.cov(again, rowvar=False, ddof=0)
        np.testing.assert_allclose(found[b], expected, rtol=SOLVED, atol=SOLVED * np.abs(expected).max())
        np.testing.assert_allclose(found_mean[b, 6:], again[:, 6:].mean(axis=0), rtol=SOLVED, atol=SOLVED)
        # products that are only drawn, not made again, have other moments
        assert np.abs(covariances[b] - expected).max() > 1e-3 * np.abs(expected).max()


def test_one_sample_and_a_stack_of_one_are_the_same(rows):
    once = np.hstack([rows, products(rows, plan("mean_centred"))])
    once[:, :6] -= rows.mean(axis=0)
    mean, covariance = once.mean(axis=0), np.cov(once, rowvar=False, ddof=0)
    alone = remade_moments(mean, covariance, plan("residual_centred"))
    stacked = remade_moments(mean[None], covariance[None], plan("residual_centred"))
    for one, many in zip(alone, stacked, strict=True):
        np.testing.assert_allclose(many[0], one, rtol=EXACT, atol=tolerances.CLOSED_FORM)


# --- slopes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slope", "region"),
    [
        (Slope(0.1, 0.5, 0.04, 0.001, 0.01), "outside"),
        (Slope(0.8, 0.05, 0.04, 0.0, 0.01), "inside"),
        (Slope(0.1, 0.05, 0.04, 0.0, 0.01), "nowhere"),
        (Slope(1.0, 0.0, 0.01, 0.0, 0.0), "everywhere"),
        (Slope(0.1, 0.0, 0.04, 0.0, 0.0), "nowhere"),
        (Slope(0.3, 0.196, 0.04, 0.0, 0.01), "above"),
        (Slope(0.3, -0.196, 0.04, 0.0, 0.01), "below"),
        (Slope(0.0, 0.5, 0.04, 0.0, 0.01), "outside"),
    ],
)
def test_johnson_neyman_region_against_a_grid(slope, region):
    found, bounds = johnson_neyman(slope, 1.96)
    assert found == region
    grid = np.linspace(-60, 60, 240_001)
    values, errors = slope.at(grid)
    significant = np.abs(values) > 1.96 * errors
    changes = grid[1:][np.diff(significant.astype(int)) != 0]
    np.testing.assert_allclose(bounds, changes, atol=1e-3)
    expected = {"outside": significant[[0, -1]].all(), "inside": not significant[[0, -1]].any(),
                "everywhere": significant.all(), "nowhere": not significant.any(), "above": significant[-1],
                "below": significant[0]}  # fmt: skip
    assert expected[region]
    for bound in bounds:
        value, error = slope.at(np.array(bound))
        assert abs(value) == pytest.approx(1.96 * error, rel=tolerances.LEAST_SQUARES_RELATIVE)


def test_how_a_product_was_centred_is_found():
    rng = np.random.default_rng(5)
    x, w = rng.normal(50, 3, 200), rng.gamma(2.0, size=200)
    assert centring_constants(x, w, x * w)[:2] == pytest.approx((0.0, 0.0), abs=tolerances.LEAST_SQUARES_RELATIVE)
    assert centring_constants(x, w, (x - 49) * (w - 1.5) + 7)[:2] == pytest.approx(
        (49.0, 1.5), rel=tolerances.LEAST_SQUARES_RELATIVE
    )
    design = np.column_stack([np.ones(200), x, w])
    coefficients = np.linalg.lstsq(design, x * w, rcond=None)[0]
    residual = x * w - design @ coefficients
    c_x, c_w, left = centring_constants(x, w, residual)
    assert (c_x, c_w) == pytest.approx((coefficients[2], coefficients[1]), rel=SOLVED)
    assert left < SOLVED
    assert centring_constants(x, w, x**2)[2] > 0.1


def test_derivatives_of_covariances_and_correlations_against_differences():
    paths = Entries(np.array([2, 3, 3]), np.array([0, 2, 1]), np.array([0.5, 0.7, -0.3]), np.array([0, 1, -1]))
    kept = Entries(
        np.array([0, 1, 2, 3, 0]), np.array([0, 1, 2, 3, 1]), np.array([1.0, 2.0, 0.6, 0.4, 0.3]),
        np.array([2, 3, 4, -1, 5]),
    )  # fmt: skip
    none = Entries(*(np.array([], dtype=t) for t in (np.intp, np.intp, np.float64, np.intp)))

    def model(theta: np.ndarray) -> Reticular:
        parts = [
            Entries(e.rows, e.columns, np.where(e.parameters >= 0, theta[e.parameters], e.values), e.parameters)
            for e in (paths, kept)
        ]
        return Reticular(4, 6, *parts, none)

    theta = np.array([0.5, 0.7, 1.0, 2.0, 0.6, 0.3])
    step = 1e-6
    for i, j in ((0, 0), (0, 3), (3, 3), (1, 2)):
        moved = [(model(theta + step * e).covariance - model(theta - step * e).covariance)[i, j] for e in np.eye(6)]
        np.testing.assert_allclose(
            model(theta).covariance_slopes(i, j), np.array(moved) / (2 * step), atol=tolerances.RECOVERY
        )
    moved = [
        correlation_with_slopes(model(theta + step * e), 0, 3)[0]
        - correlation_with_slopes(model(theta - step * e), 0, 3)[0]
        for e in np.eye(6)
    ]
    np.testing.assert_allclose(
        correlation_with_slopes(model(theta), 0, 3)[1], np.array(moved) / (2 * step), atol=tolerances.RECOVERY
    )
