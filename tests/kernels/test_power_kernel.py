"""Power by the RMSEA: limits, simulation, and the search for rows."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.covariance import power as kernel
from tests import tolerances


@pytest.mark.parametrize("alpha", [0.01, 0.05])
@pytest.mark.parametrize(("rmsea", "df"), [(0.0, 10), (0.05, 24), (0.08, 100)])
def test_power_against_the_null_hypothesis_itself_is_alpha(rmsea: float, df: int, alpha: float) -> None:
    assert kernel.rmsea_power(rmsea, rmsea, df, 200, alpha) == pytest.approx(alpha, rel=tolerances.TAIL_RELATIVE)
    same = kernel.difference_power((rmsea, rmsea), (rmsea, rmsea), (df, df - 4), 200, alpha)
    assert same == pytest.approx(alpha, rel=tolerances.TAIL_RELATIVE)


@pytest.mark.parametrize(("null", "other"), [(0.05, 0.08), (0.05, 0.01), (0.0, 0.05)])
def test_power_by_simulation(null: float, other: float) -> None:
    """Shares of noncentral chi-square draws beyond the quantile of draws under the null hypothesis."""
    rng, df, n, count = np.random.default_rng(3), 24, 250, 200_000
    limits = rng.noncentral_chisquare(df, kernel.noncentrality(null, df, n) + 1e-12, count)
    draws = rng.noncentral_chisquare(df, kernel.noncentrality(other, df, n) + 1e-12, count)
    upper = null < other
    share = np.mean(draws > np.quantile(limits, 0.95)) if upper else np.mean(draws < np.quantile(limits, 0.05))
    error = 2 * np.sqrt(0.25 / count)  # of the share and, through the quantile, of the level
    expected = float(kernel.rmsea_power(null, other, df, n, 0.05))
    assert share == pytest.approx(expected, abs=tolerances.MONTE_CARLO_IN_SE * error)


def test_groups_share_the_noncentrality() -> None:
    assert kernel.noncentrality(0.05, 24, 401, 2) == pytest.approx(400 * 24 * 0.05**2 / 2)


def test_a_difference_from_a_saturated_model_is_the_test_of_the_model() -> None:
    alone = kernel.rmsea_power(0.0, 0.06, 20, np.array([100, 300]), 0.05)
    nested = kernel.difference_power((0.0, 0.0), (0.06, 0.0), (20, 0), np.array([100, 300]), 0.05)
    np.testing.assert_allclose(nested, alone, rtol=tolerances.CLOSED_FORM_RELATIVE)


def test_smallest_n_is_the_smallest() -> None:
    def power(n: int) -> float:
        return float(kernel.rmsea_power(0.05, 0.08, 24, n, 0.05))

    found = kernel.smallest_n(power, 0.8)
    assert found is not None
    assert power(found) >= 0.8 > power(found - 1)


def test_a_power_that_is_never_reached() -> None:
    assert kernel.smallest_n(lambda n: 0.5, 0.8) is None
    assert kernel.smallest_n(lambda n: 0.9, 0.8) == 2
