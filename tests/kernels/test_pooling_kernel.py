"""Rubin's rules and the tests D1, D2 and D3: their formulas, their invariances, and how often they reject."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from crmstudy.kernels.covariance.em import saturated_moments
from crmstudy.kernels.covariance.information import GroupSample
from crmstudy.kernels.covariance.missing import missing_patterns
from crmstudy.kernels.incomplete import pooling
from tests import tolerances

RELATIVE = tolerances.CLOSED_FORM_RELATIVE


def _sets(m=5, q=3, seed=1):
    rng = np.random.default_rng(seed)
    estimates = rng.normal(size=(m, q))
    roots = rng.normal(size=(m, q, q + 2))
    return estimates, roots @ roots.transpose(0, 2, 1)


# --- estimates ------------------------------------------------------------------------------------------------------


def test_rubins_rules_by_hand():
    """Two data sets, one parameter: mean 2, within 1.5, between 2, total 1.5 + 1.5 * 2."""
    found = pooling.pool(np.array([[1.0], [3.0]]), np.array([[[1.0]], [[2.0]]]))
    assert found.estimate == pytest.approx([2.0])
    assert (found.within[0, 0], found.between[0, 0], found.total[0, 0]) == (1.5, 2.0, 4.5)
    assert found.increase == pytest.approx([2.0])
    assert found.missing_information == pytest.approx([2.0 / 3.0])
    assert pooling.large_sample_df(found.increase, 2) == pytest.approx([1.0 * (1.5) ** 2])


def test_pooling_needs_two_data_sets():
    with pytest.raises(ValueError, match="two data sets"):
        pooling.pool(np.ones((1, 2)), np.ones((1, 2, 2)))


def test_nothing_missing_leaves_everything_as_it_is():
    _, covariances = _sets()
    same = np.repeat(covariances[:1], 5, axis=0)
    found = pooling.pool(np.repeat([[1.0, 2.0, 3.0]], 5, axis=0), same)
    assert found.total == pytest.approx(covariances[0], rel=RELATIVE)
    assert found.scaled == pytest.approx(covariances[0], rel=RELATIVE)
    assert (found.increase == 0).all()
    assert np.isinf(pooling.large_sample_df(found.increase, 5)).all()
    assert pooling.small_sample_df(found.increase, 5, 99.0) == pytest.approx(100.0 / 102.0 * 99.0)


def test_rounding_between_the_data_sets_is_no_increase():
    estimates = np.full((4, 1), 2.0) + np.array([[0.0], [1e-9], [0.0], [-1e-9]])
    assert pooling.pool(estimates, np.ones((4, 1, 1))).increase[0] == 0.0


def test_a_parameter_without_variance_has_no_increase_to_speak_of():
    found = pooling.pool(np.zeros((3, 1)), np.zeros((3, 1, 1)))
    assert np.isnan(found.increase[0])


def test_pooling_linear_functions_is_a_linear_function_of_what_was_pooled():
    estimates, covariances = _sets()
    slopes = np.array([[1.0, -1.0, 0.0], [0.5, 2.0, 3.0]])
    direct = pooling.pool(estimates @ slopes.T, slopes @ covariances @ slopes.T)
    pooled = pooling.pool(estimates, covariances)
    along = pooled.along(slopes @ pooled.estimate, slopes)
    for name in ("estimate", "within", "between", "total"):
        assert getattr(along, name) == pytest.approx(getattr(direct, name), rel=RELATIVE)


def test_the_average_increase_does_not_depend_on_units_and_is_a_mean():
    estimates, covariances = _sets()
    pooled = pooling.pool(estimates, covariances)
    turn = np.array([[2.0, 1.0, 0.0], [0.0, 1e3, 1.0], [0.0, 0.0, 1e-3]])
    other = pooling.pool(estimates @ turn.T, turn @ covariances @ turn.T)
    assert other.average_increase == pytest.approx(pooled.average_increase, rel=tolerances.INVERSE_RELATIVE)
    apart = pooling.Pooled(np.zeros(2), np.diag([2.0, 4.0]), np.diag([1.0, 6.0]), 5)
    assert apart.average_increase == pytest.approx(apart.increase.mean(), rel=RELATIVE)


def test_the_average_increase_within_constraints_counts_free_directions_only():
    estimates, covariances = _sets(q=2)
    basis = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    inside = pooling.pool(estimates, covariances)
    whole = pooling.pool(estimates @ basis.T, basis @ covariances @ basis.T)
    assert whole.average_increase == pytest.approx(inside.average_increase, rel=tolerances.INVERSE_RELATIVE)
    assert pooling.covariance_rank(whole.within) == 2


@pytest.mark.parametrize("complete", [10.0, 200.0])
def test_small_samples_have_fewer_degrees_of_freedom(complete):
    increase = np.array([0.05, 0.5, 3.0])
    small = pooling.small_sample_df(increase, 10, complete)
    assert (small < complete).all()
    assert (small < pooling.large_sample_df(increase, 10)).all()
    limit = pooling.small_sample_df(increase, 10, 1e15)
    assert limit == pytest.approx(pooling.large_sample_df(increase, 10), rel=RELATIVE)


# --- tests ----------------------------------------------------------------------------------------------------------


def test_d1_of_one_parameter_is_the_square_of_its_t():
    estimates, covariances = _sets(q=1, m=6)
    pooled = pooling.pool(estimates, covariances)
    found = pooling.wald_test(pooled)
    assert found.statistic == pytest.approx(pooled.estimate[0] ** 2 / pooled.total[0, 0], rel=RELATIVE)
    assert found.increase == pytest.approx(pooled.increase[0], rel=RELATIVE)
    assert found.p_value == pytest.approx(stats.f.sf(found.statistic, 1, found.df2), abs=tolerances.CLOSED_FORM)


def test_d1_does_not_depend_on_how_the_hypothesis_is_written():
    estimates, covariances = _sets()
    pooled = pooling.pool(estimates, covariances)
    turn = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, -1.0], [3.0, 0.0, 1.0]])
    one, other = pooling.wald_test(pooled), pooling.wald_test(pooled.along(turn @ pooled.estimate, turn))
    assert other.statistic == pytest.approx(one.statistic, rel=tolerances.INVERSE_RELATIVE)
    assert other.df2 == pytest.approx(one.df2, rel=tolerances.INVERSE_RELATIVE)


def test_statistics_that_agree_are_pooled_to_themselves():
    found = pooling.statistics_test(np.full(5, 12.0), 4)
    assert (found.statistic, found.df2, found.below_zero) == (3.0, np.inf, False)
    assert found.p_value == pytest.approx(stats.chi2.sf(12.0, 4), abs=tolerances.CLOSED_FORM)
    likelihood = pooling.likelihood_test(12.0, 12.0, 4, 5)
    assert (likelihood.statistic, likelihood.p_value) == (found.statistic, found.p_value)
    assert found.chisq_p_value == found.p_value


def test_statistics_that_differ_more_than_they_show_are_set_to_zero_and_say_so():
    found = pooling.statistics_test(np.array([0.1, 30.0, 0.2]), 5)
    assert found.below_zero
    assert (found.statistic, found.p_value) == (0.0, 1.0)
    increase_below = pooling.likelihood_test(10.0, 12.0, 4, 5)
    assert increase_below.below_zero
    assert (increase_below.increase, increase_below.statistic) == (0.0, 3.0)
    statistic_below = pooling.likelihood_test(3.0, -1.0, 4, 5)
    assert statistic_below.below_zero
    assert statistic_below.statistic == 0.0


def test_a_negative_difference_of_statistics_counts_as_none():
    assert pooling.statistics_test(np.array([-1.0, 4.0, 1.0]), 1) == pooling.statistics_test(
        np.array([0.0, 4.0, 1.0]), 1
    )


def test_few_data_sets_and_degrees_of_freedom_take_the_other_formula():
    """For k (m - 1) of at most 4 (Li, Raghunathan & Rubin, 1991, eq. 2.2)."""
    found = pooling.likelihood_test(6.0, 4.0, 2, 3)
    increase = 4.0 / 4.0 * 2.0
    assert found.increase == pytest.approx(increase)
    assert found.df2 == pytest.approx(4.0 * 1.5 * (1.0 + 1.0 / increase) ** 2 / 2.0)


def test_a_test_without_degrees_of_freedom_has_no_p_value():
    empty = pooling.PooledTest("D2", np.nan, 0, np.nan, np.nan)
    assert np.isnan(empty.p_value)
    assert np.isnan(empty.chisq_p_value)


def test_d1_rejects_a_true_hypothesis_as_often_as_it_says_and_leaving_out_the_between_variance_does_not():
    """3 parameters, 10 data sets, relative increase 0.5 for all, 4000 draws at a level of 5 %."""
    rng = np.random.default_rng(20261125)
    draws, m, k, increase, level = 4000, 10, 3, 0.5, 0.05
    between = increase / (1.0 + 1.0 / m)
    # the estimate of infinitely many data sets has variance W + B; each data set adds a draw with variance B
    centre = rng.normal(size=(draws, 1, k)) * np.sqrt(1.0 + between)
    estimates = centre + rng.normal(size=(draws, m, k)) * np.sqrt(between)
    within = np.repeat(np.eye(k)[None], m, axis=0)
    found = [pooling.pool(one, within) for one in estimates]
    rejected = np.mean([pooling.wald_test(pooled).p_value < level for pooled in found])
    naive = [pooling.Pooled(pooled.estimate, pooled.within, 0.0 * pooled.between, m) for pooled in found]
    wrong = np.mean([pooling.wald_test(pooled).p_value < level for pooled in naive])
    error = np.sqrt(level * (1.0 - level) / draws)
    assert abs(rejected - level) < tolerances.MONTE_CARLO_IN_SE * error
    assert wrong - level > tolerances.MONTE_CARLO_IN_SE * error


# --- saturated moments ----------------------------------------------------------------------------------------------


def _group(values, given=()):
    centred = values - values.mean(axis=0)
    return GroupSample(
        len(values), centred.T @ centred / len(values), values.mean(axis=0), np.array(given, dtype=int), values
    )


def _minus_two_loglik(values, covariance, mean):
    return float(-2.0 * stats.multivariate_normal(mean, covariance).logpdf(values).mean())


def test_the_gap_of_other_moments_is_that_of_the_likelihood():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(60, 3)) @ np.array([[1.0, 0.5, 0.2], [0.0, 1.0, 0.3], [0.0, 0.0, 1.0]])
    group = _group(values)
    other, mean = group.covariance + 0.2 * np.eye(3), group.mean + 0.1
    expected = _minus_two_loglik(values, other, mean) - _minus_two_loglik(values, group.covariance, group.mean)
    found = pooling.saturated_gap(group, other, mean, means=True)
    assert found == pytest.approx(expected, rel=tolerances.INVERSE_RELATIVE)
    assert pooling.saturated_gap(group, group.covariance, group.mean, means=True) == pytest.approx(
        0.0, abs=tolerances.CLOSED_FORM
    )
    apart = pooling.saturated_gap(group, other, mean, means=False)
    at_own_mean = _minus_two_loglik(values, other, group.mean) - _minus_two_loglik(values, group.covariance, group.mean)
    assert apart == pytest.approx(at_own_mean, rel=tolerances.INVERSE_RELATIVE)


def test_given_variables_are_conditioned_on():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(50, 3)) @ np.array([[1.0, 0.5, 0.2], [0.0, 1.0, 0.3], [0.0, 0.0, 1.0]])
    other, mean = np.cov(values.T) + 0.1 * np.eye(3), np.full(3, 0.05)
    whole = pooling.saturated_gap(_group(values), other, mean, means=True)
    of_given = pooling.saturated_gap(_group(values[:, 1:]), other[1:, 1:], mean[1:], means=True)
    found = pooling.saturated_gap(_group(values, given=(1, 2)), other, mean, means=True)
    assert found == pytest.approx(whole - of_given, rel=tolerances.INVERSE_RELATIVE)


def test_incomplete_rows_count_what_they_have():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(40, 2)) @ np.array([[1.0, 0.6], [0.0, 1.0]])
    values[:10, 0] = np.nan
    patterns = missing_patterns(values)
    own = saturated_moments(patterns, 2)
    group = GroupSample(40, own.covariance, own.mean, np.arange(0), values, patterns)
    other, mean = own.covariance * 1.3, own.mean + 0.2

    def minus_two_loglik(covariance, centre):
        whole = stats.multivariate_normal(centre, covariance).logpdf(values[10:]).sum()
        part = stats.norm(centre[1], np.sqrt(covariance[1, 1])).logpdf(values[:10, 1]).sum()
        return -2.0 * (whole + part) / 40

    expected = minus_two_loglik(other, mean) - minus_two_loglik(own.covariance, own.mean)
    found = pooling.saturated_gap(group, other, mean, means=True)
    assert found == pytest.approx(expected, rel=tolerances.INVERSE_RELATIVE)
    assert np.isnan(pooling.saturated_gap(group, -other, mean, means=True))
