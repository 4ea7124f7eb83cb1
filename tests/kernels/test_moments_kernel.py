import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crmstudy.kernels.moments import (
    average_ranks,
    complete_rows,
    constant_columns,
    correlation,
    covariance,
    deviation,
    kurtosis,
    skewness,
)
from tests import tolerances

whole_answers = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=1, max_dims=1, min_side=4, max_side=40), elements=st.integers(1, 7)
)


def test_rows_with_a_missing_value_are_not_complete():
    values = np.array([[1.0, 2.0], [np.nan, 2.0], [3.0, 4.0]])
    assert complete_rows(values).tolist() == [True, False, True]


def test_a_constant_column_is_found_among_varying_ones():
    assert constant_columns(np.array([[3.0, 1.0], [3.0, 2.0]])).tolist() == [True, False]


def test_the_two_divisors_of_a_covariance():
    values = np.array([[1.0, 4.0], [2.0, 2.0], [3.0, 6.0]])
    assert covariance(values) == pytest.approx(np.array([[1.0, 1.0], [1.0, 4.0]]))
    assert covariance(values, ddof=0) == pytest.approx(covariance(values) * 2 / 3)


def test_covariance_keeps_its_digits_far_from_zero():
    values = np.array([[1.0, 4.0], [2.0, 2.0], [3.0, 6.0]])
    assert covariance(values + 1e7) == pytest.approx(covariance(values), rel=1e-12)


def test_correlation_has_ones_on_the_diagonal_and_stays_within_one():
    values = np.column_stack([np.arange(7.0) / 3, np.arange(7.0) / 7, -np.arange(7.0)])
    matrix = correlation(covariance(values))
    assert np.diag(matrix).tolist() == [1.0, 1.0, 1.0]
    assert np.abs(matrix).max() == 1.0
    assert matrix[0, 2] == pytest.approx(-1.0)


def test_shape_of_a_small_sample_by_hand():
    # 1, 1, 1, 2, 5: mean 2, m2 = 2.4, m3 = 4.8, m4 = 16.8; G1 and G2 from them
    values = np.array([1.0, 1.0, 1.0, 2.0, 5.0])
    assert skewness(values) == pytest.approx(np.sqrt(20) / 3 * 4.8 / 2.4**1.5, rel=tolerances.CLOSED_FORM_RELATIVE)
    excess = 16.8 / 2.4**2 - 3
    assert kurtosis(values) == pytest.approx(4 / 6 * (6 * excess + 6), rel=tolerances.CLOSED_FORM_RELATIVE)


@pytest.mark.parametrize(("measure", "least"), [(skewness, 3), (kurtosis, 4)])
def test_shape_does_not_exist_for_few_or_equal_values(measure, least):
    assert np.isnan(measure(np.arange(float(least - 1))))
    assert np.isnan(measure(np.full(9, 4.0)))
    assert np.isnan(measure(np.empty(0)))
    assert np.isfinite(measure(np.arange(float(least))))


@given(whole_answers)
def test_reversal_turns_skewness_round_and_keeps_kurtosis(values):
    if np.ptp(values) == 0:
        return
    assert skewness(8.0 - values) == pytest.approx(-skewness(values), abs=1e-9)
    assert kurtosis(8.0 - values) == pytest.approx(kurtosis(values), abs=1e-8)


@given(whole_answers)
def test_average_ranks_keep_their_sum_and_the_order(values):
    ranks = average_ranks(values)
    n = len(values)
    assert ranks.sum() == pytest.approx(n * (n + 1) / 2)
    assert (np.sign(ranks[:, None] - ranks) == np.sign(values[:, None] - values)).all()


def test_ties_share_the_mean_of_their_ranks():
    assert average_ranks(np.array([10.0, 20.0, 20.0, 5.0])).tolist() == [2.0, 3.5, 3.5, 1.0]


@pytest.mark.parametrize("value", [0.1, 0.7, 1 / 3, -2.2, 1e-9])
def test_equal_fractions_are_constant_though_their_mean_is_rounded(value):
    values = np.full(7, value)
    assert np.isnan(skewness(values))
    assert np.isnan(kurtosis(values))
    assert deviation(values) == 0.0
    assert deviation(np.array([1.0, 3.0])) == pytest.approx(np.sqrt(2.0))
    assert np.isnan(deviation(values[:1]))
