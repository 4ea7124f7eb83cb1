from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal

from crmstudy.kernels.ordinal.bivariate_normal import bivariate_cdf, bivariate_density
from crmstudy.kernels.ordinal.polychoric import (
    LARGEST,
    polychoric,
    polychoric_gamma,
    polychoric_std_errors,
    shuffled_correlations,
    smoothed,
)
from tests import tolerances
from tests.reference import load

LIMITS = st.floats(-4.0, 4.0)
CORRELATIONS = st.floats(-0.999, 0.999)


def by_quadrature(x, y, rho):
    """Plackett's integral over the angle whose sine is the correlation."""

    def density(angle):
        sine = np.sin(angle)
        return np.exp(-(x * x - 2 * sine * x * y + y * y) / (2 * np.cos(angle) ** 2)) / (2 * np.pi)

    steps = np.linspace(0.0, np.arcsin(rho), 9)
    parts = [quad(density, a, b, epsabs=1e-15, epsrel=1e-14)[0] for a, b in pairwise(steps)]
    return ndtr(x) * ndtr(y) + sum(parts)


def answers(seed, n=300, cuts=((-1.0, 0.0, 1.0), (0.3,), (-0.5, 0.8), (-1.2, -0.4, 0.3, 1.1)), missing=0):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    latent = 0.7 * common + np.sqrt(0.51) * rng.normal(size=(n, len(cuts)))
    values = np.column_stack([np.digitize(latent[:, j], cut) + 1.0 for j, cut in enumerate(cuts)])
    for _ in range(missing):
        values[rng.integers(n), rng.integers(len(cuts))] = np.nan
    return values


@given(LIMITS, LIMITS, CORRELATIONS)
def test_the_distribution_function_is_the_integral_of_the_density(x, y, rho):
    assert float(bivariate_cdf(x, y, rho)) == pytest.approx(by_quadrature(x, y, rho), abs=tolerances.CLOSED_FORM)


@pytest.mark.parametrize(
    "place",
    [(0.0, 1.0, 0.5), (0.0, -1.0, 0.5), (1.0, 0.0, -0.9), (-1.0, 0.0, 0.3), (0.0, 0.0, 0.7), (1.0, 1.0, 0.999),
     (1.0, -1.0, -0.999), (1e-12, -1e-12, 0.3)],
)  # fmt: skip
def test_the_distribution_function_at_its_corners(place):
    assert float(bivariate_cdf(*place)) == pytest.approx(by_quadrature(*place), abs=tolerances.CLOSED_FORM)


def test_the_distribution_function_against_scipy():
    """SciPy integrates to 1e-8 at worst by default."""
    rng = np.random.default_rng(3)
    for x, y, rho in zip(*rng.normal(size=(2, 30)), rng.uniform(-0.95, 0.95, 30), strict=True):
        theirs = multivariate_normal(cov=[[1.0, rho], [rho, 1.0]]).cdf([x, y])
        assert float(bivariate_cdf(x, y, rho)) == pytest.approx(theirs, abs=1e-8)


@pytest.mark.parametrize(
    ("place", "expected"),
    [((np.inf, 1.0, 0.3), ndtr(1.0)), ((-1.0, np.inf, 0.3), ndtr(-1.0)), ((-np.inf, 1.0, 0.3), 0.0),
     ((np.inf, np.inf, 0.1), 1.0), ((1.0, 2.0, 1.0), ndtr(1.0)), ((1.0, 2.0, -1.0), ndtr(1.0) + ndtr(2.0) - 1.0),
     ((-1.0, -2.0, -1.0), 0.0)],
)  # fmt: skip
def test_infinite_limits_and_perfect_correlations(place, expected):
    assert float(bivariate_cdf(*place)) == pytest.approx(expected, abs=tolerances.CLOSED_FORM)


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.floats(-0.9, 0.9))
def test_the_density_is_the_slope_of_the_distribution_in_the_correlation(x, y, rho):
    step = 1e-5
    slope = (bivariate_cdf(x, y, rho + step) - bivariate_cdf(x, y, rho - step)) / (2 * step)
    density, bend = bivariate_density(np.array(x), np.array(y), np.array(rho))
    assert float(density) == pytest.approx(float(slope), abs=1e-6)  # differences: step squared and rounding over step
    higher, lower = (bivariate_density(np.array(x), np.array(y), np.array(rho + d))[0] for d in (step, -step))
    assert float(bend) == pytest.approx(float(higher - lower) / (2 * step), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("rho", [-0.85, -0.3, 0.0, 0.5, 0.95])
def test_population_tables_give_the_population_correlation_back(rho):
    """Every cell a row, weighted with its probability."""
    cuts = np.array([-1.3, -0.2, 0.4, 1.5]), np.array([-0.6, 0.9])
    edges = [np.concatenate([[-np.inf], cut, [np.inf]]) for cut in cuts]
    below = bivariate_cdf(edges[0][:, None], edges[1][None, :], rho)
    cells = np.diff(np.diff(below, axis=0), axis=1)
    rows = [(a, b) for a in range(5) for b in range(3)]
    found = polychoric(np.array(rows, dtype=float), weights=cells.ravel() * 500.0)
    assert found.correlation[0, 1] == pytest.approx(rho, abs=tolerances.RECOVERY)
    np.testing.assert_allclose(found.thresholds[0], cuts[0], atol=tolerances.RECOVERY)
    np.testing.assert_allclose(found.thresholds[1], cuts[1], atol=tolerances.RECOVERY)


def test_two_medians_have_a_closed_form():
    values = np.repeat([(0, 0), (0, 1), (1, 0), (1, 1)], [40, 10, 10, 40], axis=0).astype(float)
    assert polychoric(values).correlation[0, 1] == pytest.approx(-np.cos(2 * np.pi * 0.4), abs=tolerances.CLOSED_FORM)


def test_an_independent_table_correlates_zero():
    table = np.outer([2, 3, 5], [1, 4, 5])
    values = np.array([(a, b) for a in range(3) for b in range(3) for _ in range(table[a, b])], dtype=float)
    assert polychoric(values).correlation[0, 1] == pytest.approx(0.0, abs=tolerances.CLOSED_FORM)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_order_coding_and_reversal(seed):
    values = answers(seed, n=150, missing=40)
    rng = np.random.default_rng(seed)
    found = polychoric(values)
    shuffled = polychoric(values[rng.permutation(len(values))])
    np.testing.assert_allclose(shuffled.correlation, found.correlation, atol=tolerances.CLOSED_FORM_RELATIVE)
    order = rng.permutation(4)
    turned = polychoric(values[:, order])
    np.testing.assert_allclose(turned.correlation, found.correlation[np.ix_(order, order)], atol=1e-9)
    other = polychoric(np.column_stack([values[:, 0] ** 3, *values[:, 1:].T]))  # other numbers, the same order
    np.testing.assert_array_equal(other.correlation, found.correlation)
    mirrored = polychoric(np.column_stack([-values[:, 0], *values[:, 1:].T]))
    np.testing.assert_allclose(mirrored.correlation[0, 1:], -found.correlation[0, 1:], atol=1e-9)
    np.testing.assert_allclose(mirrored.thresholds[0], -found.thresholds[0][::-1], atol=tolerances.CLOSED_FORM)


def test_whole_weights_are_repeated_rows():
    values, weights = answers(5, n=120, missing=10), np.random.default_rng(5).integers(1, 4, 120)
    weighted, repeated = polychoric(values, weights=weights), polychoric(np.repeat(values, weights, axis=0))
    np.testing.assert_allclose(weighted.correlation, repeated.correlation, atol=tolerances.CLOSED_FORM_RELATIVE)
    assert weighted.n_pairs[0, 0] < repeated.n_pairs[0, 0]


def test_pairs_are_counted_and_empty_cells_told():
    values = answers(1, n=60, missing=30)
    found = polychoric(values)
    present = ~np.isnan(values)
    assert found.n_pairs.tolist() == (present.T.astype(int) @ present.astype(int)).tolist()
    both = present[:, 0] & present[:, 3]
    cells = {(a, b) for a, b in values[both][:, [0, 3]]}
    assert found.empty_cells[0, 3] == (len(cells) < 4 * 5)


def test_an_item_that_repeats_another_is_flagged():
    values = answers(2)
    found = polychoric(np.column_stack([values, values[:, 0], -values[:, 1]]))
    assert found.correlation[0, 4] == pytest.approx(LARGEST)
    assert found.correlation[1, 5] == -1.0  # two by two: the perfect table is known
    assert found.at_boundary[0, 4]
    assert found.at_boundary[1, 5]
    assert not found.at_boundary[0, 1]
    assert found.converged.all()


def test_a_flat_likelihood_is_flagged():
    values = np.repeat([(0, 0), (1, 0), (1, 1), (1, 2)], [3, 23, 3, 2], axis=0).astype(float)
    found = polychoric(values)
    assert found.at_boundary[0, 1]
    assert 0.9 < found.correlation[0, 1] < 1.0
    assert np.isfinite(polychoric_gamma(found)).all()


def test_constant_and_unanswered_items_have_no_correlations():
    values = answers(3, n=50)
    values = np.column_stack([values, np.ones(50), np.full(50, np.nan)])
    found = polychoric(values)
    assert np.isnan(found.correlation[:4, 4:]).all()
    assert np.isfinite(found.correlation[:4, :4]).all()
    gamma = polychoric_gamma(found)
    known = np.isfinite(np.diag(gamma))
    assert known.sum() == len(gamma) - 9  # the pairs with one of the two
    alone = polychoric_gamma(polychoric(values[:, :4]))
    np.testing.assert_allclose(gamma[np.ix_(known, known)], alone, rtol=tolerances.CLOSED_FORM_RELATIVE)


def test_a_half_is_added_as_psych_adds_it():
    values = np.repeat([(0, 0), (0, 1), (1, 1)], [20, 10, 30], axis=0).astype(float)
    kept, added, bare = polychoric(values), polychoric(values, keep_margins=False), polychoric(values, zero_add=(0, 0))
    assert kept.adjusted[0, 1]
    assert not bare.adjusted[0, 1]
    assert kept.correlation[0, 1] < bare.correlation[0, 1]
    assert added.correlation[0, 1] < bare.correlation[0, 1]
    assert bare.at_boundary[0, 1]


def test_standard_errors_are_the_spread_over_samples():
    """Means over 200 samples of 400 rows; the spread of a spread is 1/20 of it."""
    cuts = ((-1.0, 0.2), (-0.5, 0.5, 1.2))
    drawn = [polychoric(answers(seed, n=400, cuts=cuts)) for seed in range(200)]
    spread = np.std([moments.correlation[0, 1] for moments in drawn], ddof=1)
    told = np.mean([polychoric_std_errors(moments)[1][0, 1] for moments in drawn])
    assert told == pytest.approx(spread, rel=tolerances.MONTE_CARLO_IN_SE / 20)


def test_thresholds_are_normal_quantiles_of_the_margin():
    values = answers(4, missing=30)
    found = polychoric(values)
    column = values[~np.isnan(values[:, 3]), 3]
    expected = ndtri([np.mean(column <= value) for value in (1, 2, 3, 4)])
    np.testing.assert_allclose(found.thresholds[3], expected, atol=tolerances.CLOSED_FORM)
    variance = np.diag(polychoric_gamma(found))[-6 - 4 : -6] / found.n
    share, density = ndtr(expected), np.exp(-(expected**2) / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(variance, share * (1 - share) / density**2 / len(column), rtol=1e-9)


def test_shuffled_answers_are_uncorrelated_but_for_chance():
    found = polychoric(answers(6, n=500))
    drawn = shuffled_correlations(found, 60, np.random.default_rng(1))
    off = drawn[:, *np.triu_indices(4, 1)]
    assert np.abs(off.mean(axis=0)).max() < tolerances.MONTE_CARLO_IN_SE * off.std() / np.sqrt(60)
    values = found.coded.codes.astype(float)
    exact = polychoric(np.random.default_rng(1).permuted(np.ascontiguousarray(values.T), axis=1).T)
    np.testing.assert_allclose(drawn[0], exact.correlation, atol=1e-5)


def test_smoothing_as_psych_does_it():
    case = load("smoothing/feelings")
    ours, changed = smoothed(case.matrix("matrix").to_numpy())
    assert changed
    assert case.output["smallest"] < 0
    np.testing.assert_allclose(ours, case.matrix("smoothed").to_numpy(), atol=tolerances.CLOSED_FORM_RELATIVE)
    again, changed = smoothed(ours)
    assert not changed
    np.testing.assert_array_equal(again, ours)
