"""Bootstrap intervals against R's boot, on the replicates it drew."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels.intervals import (
    basic_interval,
    bca_interval,
    bootstrap_errors,
    jackknife_acceleration,
    normal_interval,
    percentile_interval,
    regression_acceleration,
)
from tests.reference import load
from tests.tolerances import LEAST_SQUARES_RELATIVE, R_CLOSED_FORM_RELATIVE

BOOT = load("intervals/boot")


def _agree(found, limits, kind, columns=slice(None), rtol=R_CLOSED_FORM_RELATIVE):
    np.testing.assert_allclose(found.low[columns], limits[f"{kind}_low"].to_numpy(float)[columns], rtol=rtol)
    np.testing.assert_allclose(found.high[columns], limits[f"{kind}_high"].to_numpy(float)[columns], rtol=rtol)


@pytest.mark.parametrize(("table", "level"), [("limits", 0.95), ("limits_999", 0.999)])
def test_intervals_of_boot(table, level):
    limits, replicates = BOOT.table(table), BOOT.matrix("replicates").to_numpy()
    estimates, sd = np.array(BOOT.output["estimates"]), bootstrap_errors(replicates, ddof=1)
    np.testing.assert_allclose(sd, BOOT.output["sd"], rtol=R_CLOSED_FORM_RELATIVE)
    _agree(percentile_interval(replicates, level), limits, "perc")
    _agree(basic_interval(estimates, replicates, level), limits, "basic")
    _agree(normal_interval(estimates, replicates, level, errors=sd), limits, "norm")
    a = np.append(BOOT.output["acceleration_regression"], 0.0)
    _agree(bca_interval(estimates, replicates, level, acceleration=a), limits, "bca", slice(3))


def test_what_is_not_finite_is_left_out_and_counted():
    replicates = BOOT.matrix("replicates").to_numpy()
    found = percentile_interval(replicates)
    assert found.used.tolist() == [199, 199, 199, 182]
    infinite = np.where(np.isnan(replicates), -np.inf, replicates)
    np.testing.assert_array_equal(percentile_interval(infinite).low, found.low)
    np.testing.assert_array_equal(bootstrap_errors(infinite), bootstrap_errors(replicates))


def test_too_few_replicates_for_a_level_are_told():
    replicates = BOOT.matrix("replicates").to_numpy()
    assert not percentile_interval(replicates, 0.95).extreme.any()
    assert percentile_interval(replicates, 0.999).extreme.all()
    assert percentile_interval(replicates, 0.999).high[0] == replicates[:, 0].max()


def test_accelerations_of_boot():
    replicates, counts = BOOT.matrix("replicates").to_numpy()[:, :3], BOOT.matrix("counts").to_numpy()
    found = regression_acceleration(counts, replicates)
    np.testing.assert_allclose(found, BOOT.output["acceleration_regression"], rtol=LEAST_SQUARES_RELATIVE)
    within = regression_acceleration(
        BOOT.matrix("strata_counts").to_numpy(), BOOT.matrix("strata_replicates").to_numpy(), BOOT.output["strata"]
    )
    np.testing.assert_allclose(within, BOOT.output["acceleration_strata"], rtol=LEAST_SQUARES_RELATIVE)
    jackknife = jackknife_acceleration(BOOT.matrix("without_one").to_numpy())
    np.testing.assert_allclose(jackknife, BOOT.output["acceleration_jackknife"], rtol=LEAST_SQUARES_RELATIVE)


def test_replicates_that_do_not_vary_give_the_estimate():
    found = bca_interval(np.array([2.0]), np.full((50, 1), 2.0))
    assert (found.low[0], found.high[0]) == (2.0, 2.0)
    assert percentile_interval(np.full((50, 1), 2.0)).low[0] == 2.0
    assert jackknife_acceleration(np.full((9, 1), 2.0))[0] == 0.0


def test_bca_is_undefined_where_all_replicates_lie_on_one_side():
    replicates = np.linspace(1, 2, 50)[:, None]
    found = bca_interval(np.array([0.5]), replicates)
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert found.used[0] == 50


@pytest.mark.parametrize("replicates", [np.empty((0, 2)), np.full((5, 2), np.nan), np.ones((1, 2))])
def test_fewer_than_two_replicates_give_no_interval(replicates):
    estimates = np.zeros(2)
    for found in (
        percentile_interval(replicates),
        basic_interval(estimates, replicates),
        normal_interval(estimates, replicates),
        bca_interval(estimates, replicates),
    ):
        assert np.isnan(found.low).all()
        assert np.isnan(found.high).all()
        assert not found.extreme.any()


def test_the_regression_needs_more_replicates_than_rows():
    counts = np.ones((10, 12))
    with pytest.raises(ValueError, match="10 replicates are left for 12 rows"):
        regression_acceleration(counts, np.zeros((10, 1)))
