import numpy as np
import pytest
from scipy.special import ndtr

from crmstudy.kernels.ordinal.polychoric import polychoric, polychoric_gamma
from crmstudy.kernels.ordinal.polyserial import LARGEST_SERIAL, mixed_correlations, mixed_gamma
from tests import tolerances


def answers(seed=1, n=300, missing=0):
    """Two ordinal and two continuous variables with one common factor."""
    rng = np.random.default_rng(seed)
    latent = 0.7 * rng.normal(size=(n, 1)) + np.sqrt(0.51) * rng.normal(size=(n, 4))
    bands = (np.digitize(latent[:, 0], [-0.5, 0.7]), np.digitize(latent[:, 1], [0.2]))
    values = np.column_stack([*bands, 50 + 10 * latent[:, 2], latent[:, 3]]).astype(float)
    for _ in range(missing):
        values[rng.integers(n), rng.integers(4)] = np.nan
    return values


ORDINAL = np.array([True, True, False, False])


def test_ordinal_variables_alone_are_the_polychoric_case():
    values = answers(missing=30)[:, :2]
    alone, mixed = polychoric(values), mixed_correlations(values, ORDINAL[:2])
    np.testing.assert_array_equal(mixed.correlation, alone.correlation)
    np.testing.assert_allclose(mixed_gamma(mixed), polychoric_gamma(alone), rtol=tolerances.INVERSE_RELATIVE)


def test_continuous_variables_alone_have_pearsons_correlations():
    values = answers()[:, 2:]
    found = mixed_correlations(values, ORDINAL[2:])
    assert found.correlation[0, 1] == pytest.approx(np.corrcoef(values.T)[0, 1], abs=tolerances.CLOSED_FORM)
    np.testing.assert_allclose(found.covariance, np.cov(values.T, ddof=0), rtol=tolerances.CLOSED_FORM_RELATIVE)
    assert mixed_gamma(found).shape == (5, 5)


@pytest.mark.parametrize("rho", [-0.9, -0.2, 0.0, 0.6])
def test_a_population_gives_its_correlation_back(rho):
    """Nodes of a Gauss-Hermite rule in place of persons: mean 0, variance 1, bands by their probability given z."""
    nodes, shares = np.polynomial.hermite_e.hermegauss(80)
    edges = np.array([-np.inf, -0.8, 0.3, 1.4, np.inf])
    below = ndtr((edges - rho * nodes[:, None]) / np.sqrt(1 - rho**2))
    weights = shares[:, None] * np.diff(below, axis=1) / np.sqrt(2 * np.pi)
    rows = np.column_stack([np.tile(np.arange(4.0), 80), np.repeat(nodes, 4)])
    kept = weights.ravel() > 1e-300
    found = mixed_correlations(rows[kept], np.array([True, False]), weights=weights.ravel()[kept])
    assert found.correlation[0, 1] == pytest.approx(rho, abs=tolerances.RECOVERY)
    np.testing.assert_allclose(found.thresholds[0], edges[1:-1], atol=tolerances.RECOVERY)


def test_units_direction_and_order():
    values = answers(missing=20)
    found = mixed_correlations(values, ORDINAL)
    changed = mixed_correlations(values * [-1, 1, 3, -2] + [0, 0, 7, 1], ORDINAL)
    signs = np.array([-1, 1, 1, -1])
    np.testing.assert_allclose(changed.correlation, found.correlation * np.outer(signs, signs), atol=1e-9)
    order = [3, 1, 0, 2]
    turned = mixed_correlations(values[:, order], ORDINAL[order])
    np.testing.assert_allclose(turned.correlation, found.correlation[np.ix_(order, order)], atol=1e-9)
    assert found.converged.all()


def test_whole_weights_are_repeated_rows():
    values, weights = answers(n=120, missing=10), np.random.default_rng(5).integers(1, 4, 120)
    weighted = mixed_correlations(values, ORDINAL, weights=weights)
    repeated = mixed_correlations(np.repeat(values, weights, axis=0), ORDINAL)
    np.testing.assert_allclose(weighted.correlation, repeated.correlation, atol=1e-9)
    np.testing.assert_allclose(weighted.variances, repeated.variances, rtol=tolerances.CLOSED_FORM_RELATIVE)


def test_the_asymptotic_covariance_of_a_polyserial_correlation_is_its_spread():
    """Over 200 samples of 300 rows; the spread of a spread is 1/20 of it."""
    drawn = [mixed_correlations(answers(seed), ORDINAL) for seed in range(200)]
    spread = np.std([found.covariance[0, 3] for found in drawn], ddof=1)
    place = 3 + 2 + 2 + 2  # thresholds, means, variances, then the third covariance
    told = np.mean([np.sqrt(mixed_gamma(found)[place, place] / 300) for found in drawn[:40]])
    assert told == pytest.approx(spread, rel=tolerances.MONTE_CARLO_IN_SE / 20)


def test_what_cannot_be_estimated_is_marked():
    z = np.linspace(-2, 2, 40)
    values = np.column_stack([(z > 0).astype(float), z, np.ones(40), 2 * z])
    found = mixed_correlations(values, np.array([True, False, False, False]))
    assert found.correlation[0, 1] == pytest.approx(LARGEST_SERIAL)
    assert found.at_boundary[0, 1]
    assert np.isnan(found.correlation[2, :2]).all()
    assert found.at_boundary[1, 3]
