import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import fdtr

from crmstudy.kernels.moments import correlation, covariance
from crmstudy.kernels.reliability import coefficients as kernel
from tests import tolerances

CLOSE = {"rel": tolerances.CLOSED_FORM_RELATIVE, "abs": tolerances.CLOSED_FORM}


SIZES = st.integers(2, 6)


@st.composite
def answers(draw, items=SIZES):
    """Answers of 8 to 40 people that share a common part, none constant."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n, k = draw(st.integers(8, 40)), draw(items)
    values = rng.normal(size=(n, 1)) + rng.normal(size=(n, k)) * draw(st.sampled_from([0.3, 1.0, 3.0]))
    return values * rng.uniform(0.5, 2.0, size=k)


def tau_equivalent(k: int, r: float) -> np.ndarray:
    return np.full((k, k), r) + np.eye(k) * (1 - r)


@pytest.mark.parametrize(("k", "r"), [(2, 0.3), (5, 0.5), (20, 0.1)])
def test_parallel_items_have_the_reliability_of_the_prophecy(k, r):
    cov = tau_equivalent(k, r)
    assert kernel.alpha(cov) == pytest.approx(kernel.spearman_brown(r, k), **CLOSE)
    assert kernel.standardized_alpha(cov) == pytest.approx(kernel.alpha(cov), **CLOSE)
    assert kernel.average_correlation(cov) == pytest.approx(r, **CLOSE)


@given(answers())
def test_alpha_of_standardised_items_is_the_standardised_alpha(values):
    cov = covariance(values)
    assert kernel.alpha(correlation(cov)) == pytest.approx(kernel.standardized_alpha(cov), **CLOSE)


@given(answers(items=st.just(2)))
def test_spearman_brown_of_two_items_is_the_standardised_alpha(values):
    cov = covariance(values)
    r = correlation(cov)[0, 1]
    assert kernel.spearman_brown(r) == pytest.approx(kernel.standardized_alpha(cov), **CLOSE)


@given(answers(), st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(values, random):
    order = list(range(values.shape[1]))
    random.shuffle(order)
    cov, shuffled = covariance(values), covariance(values[:, order])
    assert kernel.alpha(shuffled) == pytest.approx(kernel.alpha(cov), **CLOSE)
    assert kernel.item_statistics(shuffled).item_rest == pytest.approx(
        kernel.item_statistics(cov).item_rest[order], **CLOSE
    )


@given(answers(items=st.integers(3, 6)))
def test_item_statistics_are_those_of_the_sums_themselves(values):
    statistics = kernel.item_statistics(covariance(values))
    total = values.sum(axis=1)
    for j, item in enumerate(values.T):
        rest = np.delete(values, j, axis=1)
        assert statistics.item_total[j] == pytest.approx(np.corrcoef(item, total)[0, 1], rel=1e-9, abs=1e-9)
        assert statistics.item_rest[j] == pytest.approx(np.corrcoef(item, rest.sum(axis=1))[0, 1], rel=1e-9, abs=1e-9)
        assert statistics.alpha_if_dropped[j] == pytest.approx(kernel.alpha(covariance(rest)), rel=1e-9, abs=1e-9)


def test_one_of_two_items_has_no_alpha():
    assert np.isnan(kernel.item_statistics(tau_equivalent(2, 0.5)).alpha_if_dropped).all()


def test_rest_of_items_that_cancel_has_no_correlation():
    cov = np.array([[2.0, 0.5, -0.5], [0.5, 1.0, -1.0], [-0.5, -1.0, 1.0]])
    assert np.isnan(kernel.item_statistics(cov).item_rest[0])


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_feldt_interval_cuts_off_equal_tails(level):
    n, k, estimate = 60, 5, 0.8
    low, high = kernel.feldt_interval(estimate, n, k, level)
    assert low < estimate < high
    tails = [fdtr(n - 1, (n - 1) * (k - 1), (1 - end) / (1 - estimate)) for end in (high, low)]
    assert tails == pytest.approx([(1 - level) / 2, (1 + level) / 2], rel=1e-9)


def test_feldt_interval_covers_and_a_transposed_one_does_not():
    """Null: the interval holds the true alpha in 95 % of samples of normal parallel items."""
    rng, n, k, r, samples = np.random.default_rng(20261121), 30, 4, 0.4, 2000
    true = kernel.spearman_brown(r, k)
    root = np.linalg.cholesky(tau_equivalent(k, r))
    hits = swapped = 0
    for _ in range(samples):
        estimate = kernel.alpha(covariance(rng.normal(size=(n, k)) @ root.T))
        low, high = kernel.feldt_interval(estimate, n, k)
        hits += low <= true <= high
        low, high = kernel.feldt_interval(estimate, k, n)
        swapped += low <= true <= high
    error = np.sqrt(0.95 * 0.05 / samples)
    assert abs(hits / samples - 0.95) < tolerances.MONTE_CARLO_IN_SE * error
    assert abs(swapped / samples - 0.95) > tolerances.MONTE_CARLO_IN_SE * error


def test_spearman_brown_interval_steps_up_the_ends_of_fishers():
    low, high = kernel.spearman_brown_interval(0.6, 103)
    z = np.arctanh(0.6) + np.array([-1, 1]) * 1.959963984540054 / 10
    assert (low, high) == pytest.approx(tuple(2 * np.tanh(z) / (1 + np.tanh(z))), rel=1e-9)
    assert kernel.spearman_brown_interval(1.0, 20) == (1.0, 1.0)


def test_the_standard_error_of_alpha_is_that_of_its_gradient():
    """Delta method on S: var(vec S) of normal data is 2 S x S / n on the symmetric directions."""
    rng = np.random.default_rng(4)
    cov, n, k, step = covariance(rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4))), 120, 4, 1e-6
    gradient = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            bump = np.zeros((k, k))
            bump[i, j] += step / 2
            bump[j, i] += step / 2
            gradient[i, j] = (kernel.alpha(cov + bump) - kernel.alpha(cov - bump)) / (2 * step)
    variance = 2 * np.trace(gradient @ cov @ gradient @ cov) / n
    assert kernel.alpha_std_error(cov, n) == pytest.approx(np.sqrt(variance), rel=1e-6)


def test_omega_of_parallel_items_is_alpha_and_knows_its_slopes():
    loadings, residuals = np.full(4, 0.8), np.full(4, 0.36)
    found = kernel.omega(loadings, residuals)
    assert found.value == pytest.approx(kernel.spearman_brown(0.64, 4), **CLOSE)
    step = 1e-6
    for j in range(4):
        bump = np.eye(4)[j] * step
        slope = (
            (kernel.omega(loadings + bump, residuals).value - kernel.omega(loadings - bump, residuals).value) / 2 / step
        )
        assert found.by_loading[j] == pytest.approx(slope, rel=1e-6)
        slope = (
            (kernel.omega(loadings, residuals + bump).value - kernel.omega(loadings, residuals - bump).value) / 2 / step
        )
        assert found.by_residual == pytest.approx(slope, rel=1e-6)
    slope = (
        (kernel.omega(loadings, residuals, 1 + step).value - kernel.omega(loadings, residuals, 1 - step).value)
        / 2
        / step
    )
    assert found.by_variance == pytest.approx(slope, rel=1e-6)


@given(answers(), st.floats(0.2, 5.0))
def test_omega_does_not_depend_on_how_the_factor_is_scaled(values, scale):
    loadings, residuals = np.abs(values[0]) + 0.1, np.abs(values[1]) + 0.1
    assert kernel.omega(loadings * scale, residuals, 1 / scale**2).value == pytest.approx(
        kernel.omega(loadings, residuals).value, rel=1e-9
    )


def test_bonett_interval_is_that_of_the_logarithm():
    n, k, estimate = 60, 5, 0.8
    low, high = kernel.bonett_interval(estimate, n, k)
    half = 1.959963984540054 * np.sqrt(2 * k / ((k - 1) * (n - 2)))
    assert np.log(1 - np.array([low, high])) == pytest.approx(np.log(0.2) + half * np.array([1, -1]), **CLOSE)


def test_bonett_and_feldt_agree_in_large_samples():
    pairs = [(kernel.bonett_interval(0.8, n, 6), kernel.feldt_interval(0.8, n, 6)) for n in (50, 5000)]
    gaps = [abs(bonett[0] - feldt[0]) for bonett, feldt in pairs]
    assert gaps[1] < gaps[0] / 50


@given(answers(items=st.integers(3, 6)))
def test_omega_of_one_factor_is_found_from_population_moments(values):
    k = values.shape[1]
    loadings, errors = np.linspace(0.4, 1.5, k), np.linspace(1.3, 0.5, k)
    cov = np.outer(loadings, loadings) + np.diag(errors)
    true = loadings.sum() ** 2 / (loadings.sum() ** 2 + errors.sum())
    assert kernel.one_factor_omegas(cov[None])[0] == pytest.approx(true, abs=tolerances.RECOVERY)
    scale = np.abs(values[0]) + 0.1
    scaled = (loadings * scale).sum() ** 2
    true = scaled / (scaled + (errors * scale**2).sum())
    found = kernel.one_factor_omegas((cov * np.outer(scale, scale))[None])[0]
    assert found == pytest.approx(true, abs=tolerances.RECOVERY)


def test_omega_without_an_item_is_that_of_the_others():
    loadings, errors = np.array([0.5, 0.7, 0.9, 1.1, 1.3]), np.array([0.4, 0.5, 0.6, 0.7, 0.8])
    found = kernel.omega_if_dropped(np.outer(loadings, loadings) + np.diag(errors))
    for j in range(5):
        true = np.delete(loadings, j).sum() ** 2
        assert found[j] == pytest.approx(true / (true + np.delete(errors, j).sum()), abs=tolerances.RECOVERY)
    assert np.isnan(kernel.omega_if_dropped(np.eye(3) + 0.5)).all()


def test_an_improper_omega_is_not_a_number():
    cov = np.array([[1.0, 0.9, 0.2], [0.9, 1.0, 0.6], [0.2, 0.6, 1.0]])  # .9 * .6 / .2 is above 1
    assert np.isnan(kernel.one_factor_omegas(cov[None])[0])
