import numpy as np
import pytest

from crmstudy.kernels.classic.correlation import correlation_interval, correlation_test
from tests import tolerances


def test_the_test_and_the_interval_by_hand():
    std_error, statistic, p_value = correlation_test(np.array([0.6]), 27)
    assert std_error == pytest.approx([0.16])
    assert statistic == pytest.approx([3.75])
    assert p_value == pytest.approx([0.000938778615267214], rel=1e-12)
    low, high = correlation_interval(np.array([0.6]), 28, 0.95)
    assert (low[0], high[0]) == pytest.approx((0.292368675991, 0.795097425366), rel=1e-10)


def test_a_perfect_correlation_has_no_error():
    std_error, statistic, p_value = correlation_test(np.array([1.0, -1.0]), 10)
    assert (std_error.tolist(), statistic.tolist(), p_value.tolist()) == ([0, 0], [np.inf, -np.inf], [0, 0])
    assert [end.tolist() for end in correlation_interval(np.array([-1.0]), 10, 0.95)] == [[-1.0], [-1.0]]


def test_intervals_of_ranks_cover_and_fishers_would_not():
    """Null: the interval holds the population value of Spearman's correlation in 95 % of normal samples."""
    rng, n, r, samples = np.random.default_rng(20261121), 60, 0.85, 6000
    true = 6 / np.pi * np.arcsin(r / 2)
    x = rng.normal(size=(samples, n))
    y = r * x + np.sqrt(1 - r**2) * rng.normal(size=(samples, n))
    gaps = np.argsort(np.argsort(x)) - np.argsort(np.argsort(y))
    rho = 1 - 6 * (gaps**2).sum(axis=1) / (n * (n**2 - 1))
    covered = {}
    for ranks in (True, False):
        low, high = correlation_interval(rho, n, 0.95, ranks=ranks)
        covered[ranks] = np.mean((low <= true) & (true <= high))
    error = tolerances.MONTE_CARLO_IN_SE * np.sqrt(0.95 * 0.05 / samples)
    assert abs(covered[True] - 0.95) < error
    assert covered[False] < 0.95 - error
