"""Validity as array maths: definitions written out, population identities, numerical integration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from crmstudy.kernels.covariance import validity as kernel
from crmstudy.kernels.reliability.coefficients import alpha
from crmstudy.kernels.resample import generator
from tests import tolerances

EXACT = tolerances.CLOSED_FORM_RELATIVE
BLOCKS = [np.array([0, 1, 2]), np.array([3, 4, 5, 6]), np.array([7, 8])]


def population(loadings: list[float], r: float) -> np.ndarray:
    """Correlations of items of two factors (the first half and the second) that correlate r."""
    half = len(loadings) // 2
    factors = np.repeat([0, 1], half)
    phi = np.array([[1.0, r], [r, 1.0]])
    sigma = np.outer(loadings, loadings) * phi[np.ix_(factors, factors)]
    np.fill_diagonal(sigma, 1.0)
    return sigma


def written_out(r: np.ndarray, geometric: bool, absolute: bool) -> np.ndarray:
    """HTMT by loops over pairs of items."""
    r = np.abs(r) if absolute or geometric else r

    def average(pairs: list[tuple[int, int]]) -> float:
        values = [r[i, j] for i, j in pairs]
        return float(stats.gmean(values) if geometric else np.mean(values))

    within = [average(list(itertools.combinations(block, 2))) for block in BLOCKS]
    found = np.eye(len(BLOCKS))
    for a, b in itertools.permutations(range(len(BLOCKS)), 2):
        found[a, b] = average(list(itertools.product(BLOCKS[a], BLOCKS[b]))) / np.sqrt(within[a] * within[b])
    return found


@pytest.fixture
def stack() -> np.ndarray:
    rng = np.random.default_rng(2)
    common = rng.normal(size=(4, 80, 1))
    rows = common + rng.normal(size=(4, 80, 9)) * np.linspace(0.5, 2.0, 9)
    return np.stack([np.cov(sample, rowvar=False) for sample in rows])


@pytest.mark.parametrize(
    ("geometric", "absolute"), [(False, True), (False, False), (True, True)], ids=["htmt", "signed", "htmt2"]
)
def test_ratios_of_a_stack_are_those_of_its_definition(stack, geometric, absolute):
    found = kernel.htmt2(stack, BLOCKS) if geometric else kernel.htmt(stack, BLOCKS, absolute=absolute)
    assert not found.reasons.any()
    for covariance, values in zip(stack, found.values, strict=True):
        sd = np.sqrt(np.diag(covariance))
        np.testing.assert_allclose(values, written_out(covariance / np.outer(sd, sd), geometric, absolute), rtol=EXACT)
        alone = kernel.htmt2(covariance, BLOCKS) if geometric else kernel.htmt(covariance, BLOCKS, absolute=absolute)
        np.testing.assert_allclose(alone.values, values, rtol=EXACT)


def test_htmt2_is_the_correlation_for_congeneric_items_and_htmt_only_for_equal_loadings():
    halves = [np.arange(3), np.arange(3, 6)]
    equal, unlike = population([0.7] * 6, 0.5), population([0.9, 0.7, 0.4, 0.5, 0.8, 0.9], 0.5)
    assert kernel.htmt(equal, halves).values[0, 1] == pytest.approx(0.5, rel=EXACT)
    assert kernel.htmt2(equal, halves).values[0, 1] == pytest.approx(0.5, rel=EXACT)
    assert kernel.htmt2(unlike, halves).values[0, 1] == pytest.approx(0.5, rel=EXACT)
    assert abs(kernel.htmt(unlike, halves).values[0, 1] - 0.5) > 0.005


def test_a_ratio_without_value_says_why():
    r = population([0.7] * 6, 0.5)
    single = kernel.htmt(r, [np.arange(3), np.array([3])])
    assert np.isnan(single.values[0, 1])
    assert single.reasons[0, 1] == kernel.ONE_ITEM
    opposed = r.copy()
    opposed[:3, :3] = np.where(np.eye(3), 1.0, -0.3)
    halves = [np.arange(3), np.arange(3, 6)]
    assert kernel.htmt(opposed, halves, absolute=False).reasons[0, 1] == kernel.NO_WITHIN
    assert kernel.htmt(opposed, halves).reasons[0, 1] == kernel.DEFINED
    nothing = r.copy()
    nothing[:3, :3] = np.eye(3)
    assert kernel.htmt(nothing, halves).reasons[0, 1] == kernel.NO_WITHIN
    zero = r.copy()
    zero[0, 4] = zero[4, 0] = 0.0
    assert kernel.htmt2(zero, halves).reasons[0, 1] == kernel.ZERO_CORRELATION
    assert np.isnan(kernel.htmt2(zero, halves).values[0, 1])
    assert kernel.htmt(zero, halves).reasons[0, 1] == kernel.DEFINED
    still = r.copy()
    still[2, :] = still[:, 2] = 0.0
    both = np.stack([r, still])
    assert kernel.htmt(both, halves).reasons[:, 0, 1].tolist() == [kernel.DEFINED, kernel.NO_VARIANCE]
    assert np.isnan(kernel.htmt2(both, halves).values[:, 1, 0]).tolist() == [False, True]


def test_bootstrap_covariances_by_counts_are_those_of_the_drawn_rows():
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(60, 1)) + rng.normal(size=(60, 9)) + 50.0
    first, second = kernel.bootstrap_ratios(rows, BLOCKS, 7, generator(1, "htmt"), chunk=4)
    again = generator(1, "htmt")
    counts = np.vstack([again.multinomial(60, np.full(60, 1 / 60), size=size) for size in (4, 3)])
    for b, count in enumerate(counts):
        r = np.corrcoef(np.repeat(rows, count, axis=0), rowvar=False)
        np.testing.assert_allclose(first[b], kernel.htmt(r, BLOCKS).values, rtol=tolerances.LEAST_SQUARES_RELATIVE)
        np.testing.assert_allclose(second[b], kernel.htmt2(r, BLOCKS).values, rtol=tolerances.LEAST_SQUARES_RELATIVE)


def test_a_replicate_in_which_an_item_does_not_vary_has_no_value():
    rows = np.random.default_rng(4).normal(size=(8, 9))
    rows[:, 0] = [5.0] * 7 + [6.0]
    first, _ = kernel.bootstrap_ratios(rows, BLOCKS, 200, generator(1, "x"))
    lost = np.isnan(first[:, 0, 1])
    assert 0 < lost.sum() < 200  # the odd row is left out of about a third
    assert not np.isnan(first[:, 1, 2]).any()


# --- reliability -----------------------------------------------------------------------------------------------------


def test_for_equal_loadings_alpha_is_omega_and_otherwise_less():
    residual = np.diag([0.3, 0.5, 0.4, 0.6])
    equal, unlike = np.full(4, 0.8), np.array([0.9, 0.5, 0.8, 0.3])
    for loading, same in ((equal, True), (unlike, False)):
        sigma = np.outer(loading, loading) * 1.5 + residual
        found = kernel.composite(loading, 1.5, residual, sigma, sigma)
        assert found.omega == pytest.approx(found.implied, rel=EXACT)
        assert (found.alpha == pytest.approx(found.omega, rel=EXACT)) is same
        assert found.alpha <= found.omega + EXACT


def test_the_denominators_of_omega_differ_by_what_they_count():
    loading = np.array([1.0, 0.8, 0.6])
    residual = np.diag([0.5, 0.5, 0.5])
    residual[0, 1] = residual[1, 0] = 0.2
    implied = np.outer(loading, loading) + residual
    implied[2, :2] += 0.1
    implied[:2, 2] += 0.1
    observed = implied * 1.1
    found = kernel.composite(loading, 1.0, residual, implied, observed)
    assert found.omega == pytest.approx(2.4**2 / (2.4**2 + 1.5 + 0.4), rel=EXACT)
    assert found.implied == pytest.approx(2.4**2 / implied.sum(), rel=EXACT)
    assert found.observed == pytest.approx(found.implied / 1.1, rel=EXACT)
    assert found.alpha == pytest.approx(alpha(observed), rel=EXACT)
    assert found.ave == pytest.approx(np.mean(loading**2 / np.diag(implied)), rel=EXACT)


def test_of_a_single_factor_h_is_the_squared_determinacy():
    loadings = np.array([[0.8], [0.7], [0.5], [0.3]])
    found = kernel.bifactor(loadings, np.diag(1 - loadings[:, 0] ** 2))
    assert found.h[0] == pytest.approx(found.determinacy[0] ** 2, rel=EXACT)
    assert found.ecv[0] == found.puc == 1.0
    assert found.omega[0] == pytest.approx(found.omega_h[0], rel=EXACT)


def test_bifactor_indices_written_out():
    g, s = np.array([0.6, 0.5, 0.7, 0.4]), np.array([0.5, 0.4, 0.3, 0.6])
    loadings = np.column_stack([g, s * [1, 1, 0, 0], s * [0, 0, 1, 1]])
    residual = np.diag(1 - (loadings**2).sum(axis=1))
    found = kernel.bifactor(loadings, residual)
    error = np.diag(residual).sum()
    total = g.sum() ** 2 + 0.9**2 + 0.9**2 + error
    assert found.omega[0] == pytest.approx(1 - error / total, rel=EXACT)
    assert found.omega_h[0] == pytest.approx(g.sum() ** 2 / total, rel=EXACT)
    first = 1.1**2 + 0.9**2 + residual[0, 0] + residual[1, 1]
    assert found.omega_h[1] == pytest.approx(0.9**2 / first, rel=EXACT)
    assert found.omega[1] == pytest.approx((1.1**2 + 0.9**2) / first, rel=EXACT)
    assert found.ecv.sum() == pytest.approx(1.0, rel=EXACT)
    assert found.ecv[0] == pytest.approx((g**2).sum() / ((g**2).sum() + (s**2).sum()), rel=EXACT)
    assert found.ecv_own[2] == pytest.approx(0.45 / (0.45 + 0.65), rel=EXACT)
    assert found.puc == pytest.approx(4 / 6, rel=EXACT)
    assert found.h[1] == pytest.approx(1 / (1 + 1 / (0.25 / 0.75 + 0.16 / 0.84)), rel=EXACT)
    assert found.item_ecv[3] == pytest.approx(0.16 / (0.16 + 0.36), rel=EXACT)


def test_determinacy_is_the_correlation_of_a_factor_with_its_best_linear_prediction():
    rng = np.random.default_rng(6)
    loadings = np.array([[0.8, 0.0], [0.6, 0.3], [0.0, 0.7], [0.0, 0.5]])
    phi = np.array([[1.0, 0.4], [0.4, 2.0]])
    factors = rng.multivariate_normal([0, 0], phi, size=200_000)
    items = factors @ loadings.T + rng.normal(size=(200_000, 4)) * 0.6
    found = kernel.factor_determinacy(loadings, phi, loadings @ phi @ loadings.T + 0.36 * np.eye(4))
    for j in range(2):
        fitted = items @ np.linalg.lstsq(items, factors[:, j], rcond=None)[0]
        r = np.corrcoef(fitted, factors[:, j])[0, 1]
        assert found[j] == pytest.approx(r, abs=tolerances.MONTE_CARLO_IN_SE * (1 - r**2) / np.sqrt(200_000))


def test_a_second_order_model_is_a_bifactor_model():
    loadings = np.zeros((6, 2))
    loadings[:3, 0], loadings[3:, 1] = [1.0, 0.8, 0.6], [1.0, 1.2, 0.7]
    upper, variance, disturbances = np.array([0.9, 0.7]), 1.3, np.diag([0.4, 0.5])
    residual = np.diag(np.linspace(0.3, 0.8, 6))
    found = kernel.second_order(loadings, upper, variance, disturbances, residual)
    turned = kernel.schmid_leiman(loadings, upper, variance, disturbances)
    phi = np.outer(upper, upper) * variance + disturbances
    np.testing.assert_allclose(turned @ turned.T, loadings @ phi @ loadings.T, rtol=EXACT, atol=tolerances.CLOSED_FORM)
    as_bifactor = kernel.bifactor(turned, residual)
    assert found.omega_l1 == pytest.approx(as_bifactor.omega_h[0], rel=EXACT)
    assert found.omega_l1_partial > found.omega_l1
    assert found.omega_l2 == pytest.approx(1.6**2 * 1.3 / (1.6**2 * 1.3 + 0.9), rel=EXACT)


# --- non-equivalence -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.0, -1.3, 2.0])
@pytest.mark.parametrize("sd", [0.4, 1.0, 1.33])
def test_dmacs_in_closed_form_is_the_integral(mean, sd):
    reference, focal = (np.array([0.76, 1.1, -0.4]), np.array([0.65, 2.0, 0.0])), (
        np.array([0.74, 0.6, -0.4]), np.array([1.28, 2.0, 0.5]),
    )  # fmt: skip
    deviations = np.array([1.85, 1.0, 0.7])
    found = kernel.dmacs(*reference, *focal, mean, sd, deviations)
    for i, s in enumerate(deviations):

        def gap(eta: float, i: int = i) -> float:
            expected = [loading[i] * eta + intercept[i] for loading, intercept in (reference, focal)]
            return expected[0] - expected[1]

        def density(eta: float) -> float:
            return float(stats.norm.pdf(eta, mean, sd))

        ends = (mean - 12 * sd, mean + 12 * sd)
        squared = integrate.quad(lambda eta, gap=gap: gap(eta) ** 2 * density(eta), *ends, epsabs=1e-13)[0]
        signed = integrate.quad(lambda eta, gap=gap: gap(eta) * density(eta), *ends, epsabs=1e-13)[0]
        assert found.dmacs[i] == pytest.approx(np.sqrt(squared) / s, rel=tolerances.RECOVERY)
        assert found.signed[i] == pytest.approx(signed / s, rel=tolerances.RECOVERY, abs=tolerances.CLOSED_FORM)
        assert found.mean_difference[i] == pytest.approx(signed, rel=tolerances.RECOVERY, abs=tolerances.CLOSED_FORM)
        assert abs(found.signed[i]) <= found.dmacs[i] + tolerances.CLOSED_FORM


def test_dmacs_of_equal_items_is_zero_and_deviations_are_pooled_as_such():
    loading, intercept = np.array([0.7, 0.9]), np.array([3.0, 2.0])
    found = kernel.dmacs(loading, intercept, loading, intercept, 0.5, 1.2, np.ones(2))
    assert found.dmacs.tolist() == found.signed.tolist() == [0.0, 0.0]
    pooled = kernel.pooled_deviation(np.array([1.0]), np.array([2.0]), 101, 51)
    assert pooled[0] == pytest.approx((100 * 1.0 + 50 * 2.0) / 150, rel=EXACT)
