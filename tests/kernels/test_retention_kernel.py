import numpy as np
import pandas as pd
import pytest

from crmstudy.kernels.factors import retention as kernel
from crmstudy.kernels.moments import correlation, covariance
from tests import tolerances

FOUR = tolerances.MONTE_CARLO_IN_SE


def simple_structure(factors: int = 3, items: int = 5, loading: float = 0.7, between: float = 0.2) -> np.ndarray:
    loadings = np.kron(np.eye(factors), np.full((items, 1), loading))
    corr = loadings @ (between + (1 - between) * np.eye(factors)) @ loadings.T
    np.fill_diagonal(corr, 1.0)
    return corr


def test_two_variables_have_a_sampling_adequacy_of_one_half():
    """Their partial correlation given no other is their correlation."""
    overall, each = kernel.sampling_adequacy(np.array([[1.0, 0.6], [0.6, 1.0]]))
    assert overall == pytest.approx(0.5)
    np.testing.assert_allclose(each, 0.5)


def test_uncorrelated_variables_pass_bartletts_test():
    found = kernel.sphericity(np.eye(4), 100)
    assert (found.chisq, found.df, found.p_value) == (0.0, 6, 1.0)
    assert kernel.sphericity(simple_structure(), 200).p_value < 1e-10


def test_bartletts_test_holds_its_level():
    """5 % of 1,000 samples without correlation, give or take four standard errors of a share."""
    drawn = kernel.normal_correlations(100, 6, 1000, np.random.default_rng(1))
    rejected = np.mean([kernel.sphericity(corr, 100).p_value < 0.05 for corr in drawn])
    assert abs(rejected - 0.05) < FOUR * np.sqrt(0.05 * 0.95 / 1000)


def test_correlations_drawn_are_those_of_whole_samples():
    n, k, draws = 40, 5, 2000
    rng = np.random.default_rng(2)
    short = kernel.descending(kernel.normal_correlations(n, k, draws, rng))
    whole = kernel.descending(np.stack([np.corrcoef(rng.normal(size=(n, k)), rowvar=False) for _ in range(draws)]))
    gap, spread = short.mean(axis=0) - whole.mean(axis=0), np.sqrt((short.var(axis=0) + whole.var(axis=0)) / draws)
    assert (np.abs(gap) < FOUR * spread).all()
    assert np.abs(short.std(axis=0) / whole.std(axis=0) - 1).max() < FOUR / np.sqrt(draws)
    first = kernel.normal_correlations(n, k, draws, rng)[:, 0, 1]
    assert first.var() == pytest.approx(1 / (n - 1), rel=FOUR * np.sqrt(2 / draws))


def test_shuffled_columns_keep_their_values():
    values = np.random.default_rng(3).exponential(size=(80, 4)) + np.arange(80)[:, None]
    drawn = kernel.permuted_correlations(values, 300, np.random.default_rng(4))
    np.testing.assert_allclose(np.diagonal(drawn, axis1=1, axis2=2), 1.0)
    off = drawn[:, *np.triu_indices(4, 1)]
    assert np.abs(off.mean(axis=0)).max() < FOUR / np.sqrt(79 * 300)
    assert off.var() == pytest.approx(1 / 79, rel=0.15)


def test_standard_errors_of_eigenvalues_are_their_spread():
    """Over 1,000 samples of 500 rows; the spread of a spread is 1/45 of it, and the formula is of order 1/n."""
    corr = simple_structure(2, 4, between=0.4)
    root = np.linalg.cholesky(corr)
    rng = np.random.default_rng(5)
    drawn = [kernel.descending(correlation(covariance(rng.normal(size=(500, 8)) @ root.T))) for _ in range(1000)]
    spread, told = np.std(drawn, axis=0)[:2], kernel.eigenvalue_errors(corr, 500)[:2]
    np.testing.assert_allclose(told, spread, rtol=FOUR / np.sqrt(2000) + 0.02)


def test_the_reduced_matrix_has_squared_multiple_correlations():
    corr = simple_structure()
    by_regression = corr[0, 1:] @ np.linalg.solve(corr[1:, 1:], corr[1:, 0])
    assert kernel.reduced(corr)[0, 0] == pytest.approx(by_regression, rel=tolerances.CLOSED_FORM_RELATIVE)
    np.testing.assert_array_equal(kernel.reduced(np.stack([corr, corr]))[1], kernel.reduced(corr))


@pytest.mark.parametrize("factors", [1, 2, 4])
def test_population_matrices_give_their_number_of_factors(factors):
    corr = simple_structure(factors, 6)
    eigenvalues = kernel.descending(corr)
    found = kernel.minimum_average_partial(corr)
    assert np.nanargmin(found, axis=0).tolist() == [factors, factors]
    assert kernel.leading(eigenvalues > kernel.empirical_kaiser_references(eigenvalues, 1000)) == factors
    if factors < 3:  # with more, the eigenvalues after the first are equal here, and no line tells them apart
        coordinates = kernel.optimal_coordinates(eigenvalues)
        assert kernel.leading(eigenvalues[:-2] > coordinates[:-2] + 1e-9) == factors


def test_without_components_the_average_partial_is_the_average_square():
    corr = simple_structure()
    off = corr[np.triu_indices(len(corr), 1)]
    found = kernel.minimum_average_partial(corr)
    np.testing.assert_allclose(found[0], [np.mean(off**2), np.mean(off**4)], rtol=tolerances.CLOSED_FORM_RELATIVE)


def test_a_matrix_of_low_rank_ends_the_average_partials():
    corr = np.ones((4, 4))
    found = kernel.minimum_average_partial(corr)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1:]).all()


def test_the_first_reference_of_the_empirical_kaiser_criterion():
    """Marčenko and Pastur's largest eigenvalue."""
    references = kernel.empirical_kaiser_references(np.array([3.0, 1.0, 0.5, 0.5]), 100)
    assert references[0] == pytest.approx((1 + np.sqrt(4 / 100)) ** 2)
    assert references[1] == 1.0


def test_where_the_scree_bends():
    eigenvalues = np.array([5.0, 4.8, 1.0, 0.8, 0.6])
    assert np.nanargmax(kernel.acceleration(eigenvalues)) == 2  # the third: two factors before it
    assert np.isnan(kernel.acceleration(eigenvalues)[[0, -1]]).all()
    np.testing.assert_allclose(kernel.optimal_coordinates(np.arange(5.0, 0.0, -1.0))[:3], [5.0, 4.0, 3.0])


def test_the_hull_leaves_out_what_lies_below():
    df = np.array([100.0, 90.0, 81.0, 73.0, 66.0])
    fit = np.array([0.0, 0.2, 0.8, 0.85, 0.86])
    found = kernel.hull(fit, df)
    assert found.on.tolist() == [True, False, True, True, True]
    assert found.best == 2
    assert found.ratio[2] == pytest.approx((0.8 / 19) / (0.05 / 8))


def test_a_worse_fit_or_too_few_solutions():
    df = np.array([10.0, 8.0, 6.0, 4.0])
    straight = kernel.hull(np.array([0.0, 0.5, 0.4, 0.45]), df)
    assert (straight.best, straight.elbow) == (1, False)
    assert kernel.hull(np.array([0.3, 0.2, 0.1, 0.1]), df).best == 0
    found = kernel.hull(np.array([0.0, 0.5, np.nan, 0.6]), df)
    assert found.on.tolist() == [True, True, False, True]
    assert (found.best, found.elbow) == (1, True)


def test_pairwise_correlations_are_those_of_pandas():
    values = np.random.default_rng(6).normal(size=(60, 4)) + 100.0
    values[np.random.default_rng(7).random((60, 4)) < 0.3] = np.nan
    theirs = pd.DataFrame(values).corr().to_numpy()
    np.testing.assert_allclose(kernel.pairwise_correlation(values), theirs, atol=tolerances.CLOSED_FORM_RELATIVE)
    values[~np.isnan(values[:, 0]), 1] = 3.0
    assert np.isnan(kernel.pairwise_correlation(values)[0, 1])
    assert np.isfinite(kernel.pairwise_correlation(values)[1, 2])


def test_common_part_of_a_perfect_solution():
    """What is left of the correlations is then nothing, and the sampling adequacy of nothing is not defined."""
    corr = simple_structure(1)
    worse = kernel.common_part_accounted_for(corr, np.zeros((5, 1)))
    assert worse == pytest.approx(1 - kernel.sampling_adequacy(corr)[0])


@pytest.mark.parametrize(("above", "number"), [([True, True, False, True], 2), ([False, True], 0), ([True, True], 2)])
def test_leading(above, number):
    assert kernel.leading(np.array(above)) == number
