import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmstudy.kernels.moments import correlation, covariance
from crmstudy.kernels.reliability import coefficients as kernel
from crmstudy.kernels.reliability import lower_bounds as bounds
from tests import tolerances

CLOSE = {"rel": tolerances.CLOSED_FORM_RELATIVE, "abs": tolerances.CLOSED_FORM}
BOUNDS = {
    "alpha": (bounds.alpha_of, bounds.alpha_gradient),
    "lambda_2": (bounds.lambda_2, bounds.lambda_2_gradient),
    "lambda_6": (bounds.lambda_6, bounds.lambda_6_gradient),
}


SIZES = st.integers(3, 6)


@st.composite
def answers(draw, items=SIZES):
    """Answers of 12 to 40 people that share a common part."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n, k = draw(st.integers(12, 40)), draw(items)
    values = rng.normal(size=(n, 1)) + rng.normal(size=(n, k)) * draw(st.sampled_from([0.3, 1.0, 3.0]))
    return values * rng.uniform(0.5, 2.0, size=k)


def congeneric(loadings, errors):
    return np.outer(loadings, loadings) + np.diag(errors)


@given(answers())
def test_lambda_2_is_never_below_alpha(values):
    for cov in (covariance(values), correlation(covariance(values))):
        assert bounds.lambda_2(cov) >= bounds.alpha_of(cov) - 1e-12
        assert bounds.alpha_of(cov) == pytest.approx(kernel.alpha(cov), **CLOSE)


@pytest.mark.parametrize(("k", "r"), [(3, 0.3), (5, 0.5), (20, 0.1)])
def test_of_parallel_items_alpha_and_lambda_2_are_the_reliability(k, r):
    cov = np.full((k, k), r) + np.eye(k) * (1 - r)
    assert float(bounds.lambda_2(cov)) == pytest.approx(kernel.spearman_brown(r, k), **CLOSE)
    assert float(bounds.lambda_6(cov)) < kernel.spearman_brown(r, k)


@given(st.integers(0, 5000), st.integers(3, 8))
def test_bounds_of_population_moments_do_not_exceed_the_reliability(seed, k):
    rng = np.random.default_rng(seed)
    loadings, errors = rng.uniform(0.3, 1.5, k), rng.uniform(0.2, 1.5, k)
    true = loadings.sum() ** 2 / (loadings.sum() ** 2 + errors.sum())
    for of, _ in BOUNDS.values():
        assert float(of(congeneric(loadings, errors))) <= true + 1e-12


@given(answers())
def test_lambda_6_counts_what_regression_leaves(values):
    cov, left = covariance(values), []
    for j in range(values.shape[1]):
        design = np.column_stack([np.ones(len(values)), np.delete(values, j, axis=1)])
        rest = values[:, j] - design @ np.linalg.lstsq(design, values[:, j], rcond=None)[0]
        left.append(rest @ rest / (len(values) - 1))
    assert float(bounds.lambda_6(cov)) == pytest.approx(1 - sum(left) / cov.sum(), rel=1e-8, abs=1e-8)
    explained = 1 - np.array(left) / np.diag(cov)
    assert bounds.squared_multiple_correlations(cov) == pytest.approx(explained, rel=1e-8, abs=1e-8)


@given(answers(), st.sampled_from(sorted(BOUNDS)))
def test_bounds_do_not_know_units_or_the_order_of_items(values, name):
    of, _ = BOUNDS[name]
    cov, order = covariance(values), np.arange(values.shape[1])[::-1]
    assert float(of(cov * 9)) == pytest.approx(float(of(cov)), **CLOSE)
    assert float(of(cov[np.ix_(order, order)])) == pytest.approx(float(of(cov)), rel=1e-9)
    scale = np.linspace(0.5, 3, len(cov))
    standardised = bounds.standardised(of)
    assert float(standardised(cov * np.outer(scale, scale))) == pytest.approx(float(standardised(cov)), rel=1e-9)


@given(answers(), st.sampled_from(sorted(BOUNDS)))
def test_gradients_are_those_of_differences(values, name):
    of, gradient = BOUNDS[name]
    cov = covariance(values)
    assume(not bounds.is_singular(cov))
    numeric = bounds.numeric_gradient(of, cov, diagonal=True, step=1e-5)
    assert gradient(cov) == pytest.approx(numeric, rel=1e-4, abs=1e-5 / np.diag(cov).min())
    numeric = bounds.numeric_gradient(bounds.standardised(of), cov, diagonal=True, step=1e-5)
    own = bounds.standardised_gradient(gradient, cov)
    assert own == pytest.approx(numeric, rel=1e-4, abs=1e-5 / np.diag(cov).min())
    assert own == pytest.approx(own.T, **CLOSE)


@given(answers())
def test_the_gradient_of_a_ratio_is_orthogonal_to_the_matrix(values):
    """A coefficient that does not know units does not change along the matrix itself."""
    cov = covariance(values)
    for _, gradient in BOUNDS.values():
        assert float((gradient(cov) * cov).sum()) == pytest.approx(0.0, abs=1e-8)


def test_the_standard_error_of_alpha_is_duhacheks():
    cov = covariance(np.random.default_rng(3).normal(size=(40, 4)) @ np.random.default_rng(4).normal(size=(4, 4)))
    ours = bounds.normal_std_error(bounds.alpha_gradient(cov), cov, 77)
    assert ours == pytest.approx(kernel.alpha_std_error(cov, 77), **CLOSE)


def test_standard_errors_with_and_without_normality():
    """Null: both are the standard deviation of alpha over normal samples; of skewed samples only the second is."""
    rng, n, samples = np.random.default_rng(20261125), 400, 1500
    for skewed in (False, True):
        found = []
        for _ in range(samples):
            common, own = rng.normal(size=(n, 1)), rng.normal(size=(n, 4))
            values = np.exp(common) + np.exp(own) if skewed else common + own
            cov = covariance(values)
            gradient = bounds.alpha_gradient(cov)
            free = bounds.free_std_error(bounds.influences(gradient, values))
            found.append((float(bounds.alpha_of(cov)), bounds.normal_std_error(gradient, cov, n), free))
        alphas, normal, free = np.array(found).T
        spread = alphas.std()
        if skewed:
            assert normal.mean() < 0.6 * spread
            assert free.mean() == pytest.approx(spread, rel=0.25)  # heavy tails: fourth moments come slowly
        else:
            assert normal.mean() == pytest.approx(spread, rel=4 / np.sqrt(2 * samples))
            assert free.mean() == pytest.approx(spread, rel=4 / np.sqrt(2 * samples) + 0.01)


@given(answers())
def test_influences_are_the_limit_of_weighting_a_row(values):
    cov, n, step = covariance(values, ddof=0), len(values), 1e-7
    influence = bounds.influences(bounds.alpha_gradient(cov), values)
    weights = np.full(n, (1 - step) / n)
    weights[3] += step
    mean = weights @ values
    moved = (values - mean).T @ ((values - mean) * weights[:, None])
    assert (bounds.alpha_of(moved) - bounds.alpha_of(cov)) / step == pytest.approx(influence[3], rel=1e-4, abs=1e-5)
    assert influence.sum() == pytest.approx(0.0, abs=1e-9 * n)


def test_the_acceleration_is_the_skewness_of_the_influences():
    u = np.array([-1.0, -1.0, 2.0])
    assert bounds.acceleration(u) == pytest.approx(6 / (6 * 6**1.5), **CLOSE)
    assert bounds.acceleration(np.zeros(3)) == 0.0


def alphas(covs):
    return np.column_stack([bounds.alpha_of(covs), bounds.standardised(bounds.alpha_of)(covs)])


def test_bootstrap_draws_are_coefficients_of_resampled_rows():
    """The same multinomial counts, rows copied one by one."""
    values = np.random.default_rng(1).normal(size=(25, 1)) + np.random.default_rng(2).normal(size=(25, 3))
    draws = bounds.bootstrap_covariances(values, 5, np.random.default_rng(9), alphas, chunk=3)
    rng = np.random.default_rng(9)
    counts = np.vstack([rng.multinomial(25, np.full(25, 1 / 25), size=size) for size in (3, 2)])
    for draw, count in zip(draws, counts, strict=True):
        cov = covariance(np.repeat(values, count, axis=0))
        assert draw == pytest.approx([kernel.alpha(cov), kernel.standardized_alpha(cov)], rel=1e-9)


def test_many_rows_are_taken_in_parts():
    values = np.random.default_rng(1).normal(size=(9000, 1)) + np.random.default_rng(2).normal(size=(9000, 3))
    draw = bounds.bootstrap_covariances(values, 1, np.random.default_rng(9), alphas)[0]
    count = np.random.default_rng(9).multinomial(9000, np.full(9000, 1 / 9000), size=1)[0]
    assert draw[0] == pytest.approx(kernel.alpha(covariance(np.repeat(values, count, axis=0))), rel=1e-9)


def test_a_resample_without_variance_is_marked():
    values = np.array([[1.0, 1.0]] * 9 + [[2.0, 1.5]])
    values[:, 1] += np.arange(10) / 10
    draws = bounds.bootstrap_covariances(values, 200, np.random.default_rng(3), alphas)
    rng = np.random.default_rng(3)
    without = rng.multinomial(10, np.full(10, 0.1), size=200)[:, 9] % 10 == 0
    assert (np.isnan(draws).any(axis=1) == without).all()
    assert without.any()


@given(answers())
def test_bootstrap_does_not_depend_on_where_the_answers_lie(values):
    here = bounds.bootstrap_covariances(values, 3, np.random.default_rng(5), alphas)
    there = bounds.bootstrap_covariances(values + 100.0, 3, np.random.default_rng(5), alphas)
    assert there == pytest.approx(here, rel=1e-8, abs=1e-8, nan_ok=True)


def test_a_matrix_without_inverse_has_no_lambda_6():
    cov = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert bounds.is_singular(cov)
    assert np.isnan(bounds.lambda_6(cov))
    stack = np.stack([cov, np.eye(3) + 0.5])
    found = bounds.lambda_6(stack)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(float(bounds.lambda_6(stack[1])), **CLOSE)
