"""Tests of normality: printed figures, invariance, level under normality and power against skewness."""

from __future__ import annotations

import math

import numpy as np
import pytest

from crmstudy.kernels.classic.normality import (
    henze_zirkler,
    kolmogorov_p,
    kolmogorov_smirnov,
    lilliefors_p,
    mardia,
    moment_errors,
    shapiro_wilk,
    whitened,
)


@pytest.mark.parametrize(("z", "p", "half"), [(2.750, 5.4e-7, 0.05e-7), (1.993, 0.00071, 0.000005)])
def test_kolmogorov_p_as_spss_prints_it(z, p, half):
    """Two tests printed by SPSS for 176 respondents as p .000 and .001."""
    assert abs(kolmogorov_p(z) - p) <= half


def test_kolmogorov_p_is_the_alternating_series():
    for z in (0.6, 1.0, 1.36, 2.0):
        series = 2.0 * math.fsum((-1) ** (k - 1) * math.exp(-2.0 * k * k * z * z) for k in range(1, 60))
        assert kolmogorov_p(z) == pytest.approx(series, rel=1e-10)


def test_distance_by_hand():
    """Of 0, 1, 1, 2 the normal curve with mean 1 and SD sqrt(2/3) lies farthest from the steps at the tied ones."""
    found = kolmogorov_smirnov(np.array([0.0, 1.0, 1.0, 2.0]))
    assert found.d == pytest.approx(0.25)
    assert found.z == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("d", "n", "p"), [(0.161, 30, 0.05), (0.187, 30, 0.01), (0.0886, 100, 0.05), (0.0285, 1000, 0.05)]
)
def test_lilliefors_table(d, n, p):
    """Critical values printed for 30 and 100 respondents, and one of 1,000 from 20,000 normal samples."""
    assert lilliefors_p(d, n) == pytest.approx(p, rel=0.12)


def test_lilliefors_holds_its_level():
    rng = np.random.default_rng(11)
    p = np.array([kolmogorov_smirnov(rng.normal(size=40)).p_lilliefors for _ in range(4000)])
    assert abs((p < 0.05).mean() - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 4000)
    naive = np.array([kolmogorov_smirnov(rng.normal(size=40)).p_asymptotic for _ in range(2000)])
    assert (naive < 0.05).mean() < 0.005  # what SPSS prints hardly ever rejects


def test_moment_errors_of_250_as_spss_prints_them():
    assert moment_errors(250) == pytest.approx((0.154, 0.307), abs=0.0005)


def test_multivariate_tests_do_not_depend_on_scale_rotation_or_order():
    rng = np.random.default_rng(3)
    values = rng.exponential(size=(80, 4))
    turned = (values @ rng.normal(size=(4, 4)) + 5.0)[rng.permutation(80)]
    one, other = whitened(values), whitened(turned)
    assert mardia(one).skewness == pytest.approx(mardia(other).skewness, rel=1e-9)
    assert mardia(one).kurtosis == pytest.approx(mardia(other).kurtosis, rel=1e-9)
    assert henze_zirkler(one).statistic == pytest.approx(henze_zirkler(other).statistic, rel=1e-9)


def test_mardia_by_all_pairs_of_rows():
    values = np.random.default_rng(4).gamma(2.0, size=(37, 3))
    white = whitened(values)
    products = white @ white.T
    found = mardia(white)
    assert found.skewness == pytest.approx((products**3).mean(), rel=1e-12)
    assert found.kurtosis == pytest.approx((np.diag(products) ** 2).mean(), rel=1e-12)


def test_level_and_power():
    rng = np.random.default_rng(12)
    normal = [whitened(rng.normal(size=(100, 3))) for _ in range(800)]
    skewed = [whitened(rng.exponential(size=(100, 3))) for _ in range(50)]
    for p_of in (
        lambda white: henze_zirkler(white).p_value,
        lambda white: mardia(white).skewness_small.p_value,
    ):
        rejected = np.mean([p_of(white) < 0.05 for white in normal])
        assert abs(rejected - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 800)
        assert all(p_of(white) < 0.05 for white in skewed)


def test_singular_rows_are_not_whitened():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(20, 2))
    assert whitened(np.column_stack([values, values.sum(axis=1)])) is None
    assert whitened(values[:2]) is None
    assert whitened(np.column_stack([values, np.ones(20)])) is None


def test_shapiro_does_not_depend_on_place_and_scale():
    values = np.random.default_rng(6).gamma(2.0, size=50)
    assert shapiro_wilk(values * 1e6 + 1e9).statistic == pytest.approx(shapiro_wilk(values).statistic, rel=1e-9)
