"""Extraction and rotation: derivatives, recovery, invariances, special cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.kernels.factors import extraction, rotation
from crmstudy.kernels.factors.errors import (
    Solution,
    correlation_covariances,
    resampled_correlations,
    slopes,
    solve_stack,
)
from crmstudy.kernels.factors.fit import complexity, explained, factor_fit
from tests import tolerances


def simple(m=3, each=4, low=0.5, high=0.85, phi=0.3):
    """Loadings of simple structure, factor correlations and the correlations they imply."""
    loadings = np.zeros((m * each, m))
    for j in range(m):
        loadings[j * each : (j + 1) * each, j] = np.linspace(high - 0.05 * j, low, each)
    between = np.full((m, m), phi)
    np.fill_diagonal(between, 1.0)
    corr = loadings @ between @ loadings.T
    np.fill_diagonal(corr, 1.0)
    return loadings, between, corr


def noisy(p=10, n=200, m=2, seed=1):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, m)) @ rng.uniform(0.3, 1, size=(m, p)) + rng.normal(size=(n, p))
    return np.corrcoef(scores.T)


def clear(seed=1, n=500):
    """Correlations of a sample from three clear factors, where no uniqueness comes near its bound."""
    corr = simple()[2]
    return np.corrcoef(np.random.default_rng(seed).multivariate_normal(np.zeros(len(corr)), corr, size=n).T)


def with_general_factor(seed=3, n=2000):
    rng = np.random.default_rng(seed)
    loadings = np.hstack([rng.uniform(0.3, 0.7, (18, 1)), np.kron(np.eye(3), rng.uniform(0.4, 0.7, (6, 1)))])
    corr = loadings @ loadings.T
    np.fill_diagonal(corr, 1.0)
    return np.corrcoef(rng.multivariate_normal(np.zeros(18), corr, size=n).T)


def target_for(m, p):
    wanted = np.zeros((p, m))
    for j in range(m):
        wanted[j::m, j] = np.nan
    return wanted


def all_rules(m, p):
    return [rotation.rule(name, m, target=target_for(m, p)) for name in rotation.ROTATIONS[:-1]]


@pytest.mark.parametrize("method", ["minres", "ml"])
def test_derivatives_of_the_extraction(method):
    corr = noisy()[None]
    kind = extraction._ML if method == "ml" else extraction._LeastSquares
    problem = kind(corr, 2) if method == "ml" else kind(corr, 2, bounded=True)
    x = problem.inward(np.linspace(0.3, 0.8, 10)[None])
    _, slope, hessian = problem.derivatives(x, np.arange(1))
    step, rows = 1e-5, np.arange(1)
    for i in range(10):
        away = np.zeros((1, 10))
        away[0, i] = step
        by_value = (problem.values(x + away, rows) - problem.values(x - away, rows)) / (2 * step)
        by_slope = (problem.derivatives(x + away, rows)[1] - problem.derivatives(x - away, rows)[1]) / (2 * step)
        assert by_value[0] == pytest.approx(slope[0, i], abs=1e-8)
        np.testing.assert_allclose(by_slope[0], hessian[0, i], atol=1e-7)


@pytest.mark.parametrize("how", all_rules(4, 9), ids=lambda how: how.name)
def test_derivatives_of_the_criteria(how):
    loadings = np.random.default_rng(3).normal(size=(1, 9, 4))
    _, slope = how.criterion(loadings)
    step = 1e-6
    for i, j in ((0, 0), (3, 1), (8, 3), (5, 2)):
        away = np.zeros_like(loadings)
        away[0, i, j] = step
        found = (how.criterion(loadings + away)[0] - how.criterion(loadings - away)[0]) / (2 * step)
        assert found[0] == pytest.approx(slope[0, i, j], rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("method", extraction.METHODS)
@pytest.mark.parametrize("m", [1, 2, 3])
def test_population_loadings_come_back(method, m):
    loadings, between, corr = simple(m)
    found = extraction.extract(corr, m, method)
    assert found.converged
    assert found.value < 1e-15
    wanted = ((loadings @ between) * loadings).sum(axis=1)
    np.testing.assert_allclose(found.communalities, wanted, atol=tolerances.RECOVERY)


@pytest.mark.parametrize("name", ["oblimin", "quartimin", "geomin", "promax", "target"])
def test_simple_structure_comes_back(name):
    loadings, between, corr = simple()
    found = extraction.extract(corr, 3, "ml").loadings
    near = {"promax": 0.08, "geomin": 0.02}.get(name, 1e-6)  # these two have no minimum exactly at simple structure
    wanted = np.where(loadings == 0, 0.0, np.nan)
    turned = rotation.rotate(found, rotation.rule(name, 3, target=wanted))
    order = np.abs(rotation.congruence(loadings, turned.loadings)).argmax(axis=1)
    np.testing.assert_allclose(turned.loadings[:, order], loadings, atol=near)
    np.testing.assert_allclose(turned.factor_correlations[np.ix_(order, order)], between, atol=2 * near)


def test_orthogonal_simple_structure_comes_back():
    loadings, _, corr = simple(phi=0.0)
    found = extraction.extract(corr, 3, "minres").loadings
    for name in ("varimax", "quartimax", "equamax", "geomin_orthogonal"):
        turned = rotation.rotate(found, rotation.rule(name, 3))
        order = np.abs(rotation.congruence(loadings, turned.loadings)).argmax(axis=1)
        np.testing.assert_allclose(turned.loadings[:, order], loadings, atol=1e-6, err_msg=name)


def test_a_bifactor_structure_comes_back():
    general = np.full((12, 1), 0.6)
    group = np.kron(np.eye(3), np.array([[0.5], [0.45], [0.4], [0.35]]))
    loadings = np.hstack([general, group])
    corr = loadings @ loadings.T
    np.fill_diagonal(corr, 1.0)
    found = extraction.extract(corr, 4, "minres").loadings
    turned = rotation.rotate(found, rotation.rule("bifactor", 4))
    order = np.abs(rotation.congruence(loadings, turned.loadings)).argmax(axis=1)
    assert order[0] == 0
    np.testing.assert_allclose(turned.loadings[:, order], loadings, atol=1e-6)


@pytest.mark.parametrize("how", all_rules(3, 10), ids=lambda how: how.name)
def test_what_no_rotation_changes(how):
    corr = noisy(10, m=3, seed=5)
    found = extraction.extract(corr, 3, "minres")
    turned = rotation.rotate(found.loadings, how)
    phi = turned.factor_correlations
    model = turned.loadings @ phi @ turned.loadings.T
    np.testing.assert_allclose(model, found.loadings @ found.loadings.T, atol=1e-12)
    np.testing.assert_allclose(np.diag(phi), 1.0, atol=1e-12)
    np.testing.assert_allclose(explained(turned.loadings, phi).sum(), found.communalities.sum(), atol=1e-12)
    np.testing.assert_allclose(found.loadings @ np.linalg.inv(turned.transformation).T, turned.loadings, atol=1e-10)
    assert turned.converged
    assert turned.gradient < 1e-6
    if how.oblique:
        assert np.linalg.eigvalsh(phi)[0] > 0
    else:
        np.testing.assert_allclose(phi, np.eye(3), atol=1e-12)
    if how.name not in ("target", "target_orthogonal"):
        assert (turned.loadings.sum(axis=0) >= 0).all()


def test_a_full_target_is_procrustes():
    loadings, _, corr = simple(phi=0.0)
    found = extraction.extract(corr, 3, "ml").loadings
    wanted = loadings + np.random.default_rng(2).normal(scale=0.1, size=loadings.shape)
    turned = rotation.rotate(found, rotation.rule("target_orthogonal", 3, target=wanted))
    best = rotation.nearest_orthogonal((found.T @ wanted)[None])[0]
    np.testing.assert_allclose(turned.loadings, found @ best, atol=1e-7)


def test_quartimin_is_oblimin_without_gamma_and_gamma_tells_factors_apart():
    found = extraction.extract(noisy(12, m=3, seed=9), 3).loadings
    one = rotation.rotate(found, rotation.rule("oblimin", 3))
    two = rotation.rotate(found, rotation.rule("quartimin", 3))
    np.testing.assert_array_equal(one.loadings, two.loadings)
    apart = rotation.rotate(found, rotation.rule("oblimin", 3, gamma=-5.0))
    largest = [np.abs(np.triu(r.factor_correlations, 1)).max() for r in (apart, one)]
    assert largest[0] < largest[1]


def test_paf_is_minres_when_no_bound_is_reached():
    corr = clear()
    one, two = extraction.extract(corr, 3, "minres"), extraction.extract(corr, 3, "paf")
    np.testing.assert_allclose(one.loadings, two.loadings, atol=1e-7)
    residual = corr - two.loadings @ two.loadings.T
    np.testing.assert_allclose(np.diag(residual), two.uniquenesses, atol=1e-8)  # the fixed point of principal axes


def test_ml_does_not_depend_on_units_and_solves_its_equations():
    corr = clear(2)
    found = extraction.extract(corr, 3, "ml")
    assert not found.at_bound.any()
    sigma = found.loadings @ found.loadings.T + np.diag(found.uniquenesses)
    inverse = np.linalg.inv(sigma)
    np.testing.assert_allclose(np.diag(inverse @ (sigma - corr) @ inverse), 0.0, atol=1e-8)
    np.testing.assert_allclose(np.diag(sigma), 1.0, atol=1e-8)


@given(st.integers(0, 10_000), st.sampled_from(["minres", "ml"]))
@settings(max_examples=15, deadline=None)
def test_order_and_sign_of_items_do_not_matter(seed, method):
    rng = np.random.default_rng(seed)
    corr = noisy(9, n=150, m=2, seed=seed)
    order, signs = rng.permutation(9), rng.choice([-1.0, 1.0], 9)
    other = (corr * np.outer(signs, signs))[np.ix_(order, order)]
    one, two = extraction.extract(corr, 2, method), extraction.extract(other, 2, method)
    if one.converged and two.converged:
        np.testing.assert_allclose(one.communalities[order], two.communalities, atol=1e-6)
        how = rotation.rule("oblimin", 2)
        first, second = rotation.rotate(one.loadings, how), rotation.rotate(two.loadings, how)
        assert first.value == pytest.approx(second.value, abs=1e-7)


def test_other_minima_are_found_and_a_proper_one_is_preferred():
    """Starts with a uniqueness at its bound lead to minima that squared multiple correlations miss."""
    preferred = 0
    for seed in (11, 25, 27, 35, 49, 56):
        corr = noisy(9, n=150, m=2, seed=seed)
        for method in ("minres", "ml"):
            found = extraction.extract(corr, 2, method)
            psi = np.random.default_rng(seed).uniform(0.006, 0.99, (60, 9))
            many = extraction.extract_stack(np.broadcast_to(corr, (60, 9, 9)), 2, method, psi)
            lowest = min([found.value, *(value for value, _ in found.others)])
            assert lowest <= many.value[many.converged].min() + 1e-9
            if lowest < found.value - 1e-9:
                preferred += 1
                assert not found.at_bound.any()
    assert preferred > 0


def test_a_proper_minimum_near_the_usual_start_is_not_leapt_over():
    """Newton's steps from squared multiple correlations end at a bound; small ones, as those of psych::fa, do not."""
    corr = np.array([
        [1.0, 0.26, 0.13, 0.2, 0.1, 0.1, 0.17], [0.26, 1.0, 0.2, 0.03, 0.15, 0.09, 0.1],
        [0.13, 0.2, 1.0, 0.07, 0.09, 0.15, 0.28], [0.2, 0.03, 0.07, 1.0, 0.12, 0.06, 0.19],
        [0.1, 0.15, 0.09, 0.12, 1.0, 0.05, 0.24], [0.1, 0.09, 0.15, 0.06, 0.05, 1.0, 0.24],
        [0.17, 0.1, 0.28, 0.19, 0.24, 0.24, 1.0],
    ])  # fmt: skip
    found = extraction.extract(corr, 2, "minres")
    assert not found.at_bound.any()
    assert found.value == pytest.approx(0.024811577, abs=1e-7)
    of_psych = [0.2360249, 0.3003211, 0.1448087, 0.0662948, 0.0897029, 0.0781523, 0.9639016]
    assert found.communalities == pytest.approx(of_psych, abs=1e-4)
    assert found.others[0][0] < found.value


def test_too_many_factors_of_equal_correlations_are_not_determined():
    corr = np.full((6, 6), 0.5) + 0.5 * np.eye(6)
    assert extraction.extract(corr, 1).determined
    assert not extraction.extract(corr, 2).determined


def test_ledermann():
    assert [extraction.most_factors(p) for p in (3, 4, 5, 6, 8, 9, 10, 25)] == [1, 1, 2, 3, 4, 5, 6, 18]
    assert extraction.degrees_of_freedom(25, 5) == 185


def test_an_item_without_loadings_has_no_complexity():
    found = complexity(np.array([[0.7, 0.0], [0.5, 0.5], [0.0, 0.0]]))
    np.testing.assert_allclose(found[:2], [1.0, 2.0])
    assert np.isnan(found[2])


def test_fit_of_a_model_that_holds():
    loadings, between, corr = simple()
    found = factor_fit(corr, loadings, between, 500)
    assert found.chisq == pytest.approx(0.0, abs=1e-9)
    assert found.rmsr == pytest.approx(0.0, abs=1e-12)
    assert found.rmsea == 0.0
    assert found.fit_off == pytest.approx(1.0)
    alone = factor_fit(corr, loadings, between, None)
    assert np.isnan([alone.chisq, alone.tli, alone.rmsea, alone.bic]).all()
    assert alone.objective == found.objective


def test_covariances_of_correlations():
    """r of two variables: (1 - r^2)^2; of uncorrelated variables: 1, and 0 between pairs."""
    two = np.array([[1.0, 0.6], [0.6, 1.0]])
    np.testing.assert_allclose(correlation_covariances(two), (1 - 0.36) ** 2)
    np.testing.assert_allclose(correlation_covariances(np.eye(4)), np.eye(6), atol=1e-15)


@pytest.mark.parametrize("method", extraction.METHODS)
@pytest.mark.parametrize("name", rotation.ROTATIONS)
def test_slopes_are_differences_of_solutions(method, name):
    bifactor, m = name.startswith("bifactor"), 4 if name.startswith("bifactor") else 3
    corr = with_general_factor() if bifactor else clear(4)
    start = extraction.extract(corr, m, method)
    assert not start.at_bound.any()
    how = None if name == "none" else rotation.rule(name, m, target=target_for(m, len(corr)))
    sample = Solution(method, start, how, None if how is None else rotation.rotate(start.loadings, how))
    found = slopes(corr, sample)
    assert found is not None
    step = 1e-4
    for number, (i, j) in enumerate(zip(*np.triu_indices(len(corr), k=1), strict=True)):
        if number % 17:
            continue
        both = np.repeat(corr[None], 2, axis=0)
        for sign, which in ((1, 0), (-1, 1)):
            both[which, i, j] += sign * step
            both[which, j, i] += sign * step
        loadings, phi, converged = solve_stack(both, sample, tolerance=1e-12)
        assert converged.all()
        for own, both_ends in ((found[0][number], loadings), (found[1][number], phi)):
            wanted = (both_ends[0] - both_ends[1]) / (2 * step)
            np.testing.assert_allclose(own, wanted, atol=2e-5 * (1 + np.abs(wanted).max()))


@pytest.mark.parametrize("name", ["oblimin", "varimax"])
def test_delta_errors_are_those_of_simulated_samples(name):
    _, _, corr = simple(2, 4)
    corr = 0.9 * corr + 0.1 * noisy(8, m=3, seed=2)  # factors do not explain everything
    start = extraction.extract(corr, 2, "ml")
    how = rotation.rule(name, 2)
    sample = Solution("ml", start, how, rotation.rotate(start.loadings, how))
    derivatives = slopes(corr, sample)
    assert derivatives is not None
    by_loadings = derivatives[0]
    gamma = correlation_covariances(corr)
    theory = np.sqrt(np.einsum("qij,qr,rij->ij", by_loadings, gamma, by_loadings))
    rng, n, draws = np.random.default_rng(8), 4000, 2000
    root = np.linalg.cholesky(corr)
    drawn = []
    for _ in range(draws):
        triangle = np.tril(rng.normal(size=(8, 8)), -1) + np.diag(np.sqrt(rng.chisquare(n - 1 - np.arange(8))))
        half = root @ triangle
        cov = half @ half.T
        scale = 1 / np.sqrt(np.diag(cov))
        drawn.append(cov * np.outer(scale, scale))
    found, _, converged = solve_stack(np.array(drawn), sample)
    assert converged.all()
    ratio = found.std(axis=0) * np.sqrt(n) / theory
    assert np.abs(ratio - 1).max() < tolerances.MONTE_CARLO_IN_SE / np.sqrt(2 * draws)


def test_resampled_correlations_are_those_of_copied_rows():
    values = np.random.default_rng(3).normal(size=(30, 4))
    found = resampled_correlations(values, 3, np.random.default_rng(5))
    again = np.random.default_rng(5).multinomial(30, np.full(30, 1 / 30), size=3)
    for corr, counts in zip(found, again, strict=True):
        np.testing.assert_allclose(corr, np.corrcoef(np.repeat(values, counts, axis=0).T), atol=1e-12)


def test_a_resample_without_variance_is_marked():
    values = np.zeros((12, 3))
    values[0, 0] = 1.0
    values[:, 1:] = np.random.default_rng(1).normal(size=(12, 2))
    found = resampled_correlations(values, 60, np.random.default_rng(2))
    lost = np.isnan(found).any(axis=(1, 2))
    assert 0 < lost.sum() < 60
    assert np.isnan(found[lost, 0, 0]).all()


def test_replicates_take_the_order_and_signs_of_the_sample():
    _, _, corr = simple()
    start = extraction.extract(corr, 3)
    how = rotation.rule("oblimin", 3)
    turned = rotation.rotate(start.loadings, how)
    order, signs = [2, 0, 1], np.array([-1.0, 1.0, -1.0])
    mixed = rotation.RotationStack(
        (turned.loadings * signs)[:, order][None], np.eye(3)[None], np.eye(3)[None], *(np.zeros(1),) * 2, np.ones(1)
    )
    found = rotation.matched(mixed, turned.loadings)
    np.testing.assert_allclose(found.loadings[0], turned.loadings)


def test_unknown_rotations_are_refused():
    with pytest.raises(ValueError, match="a rotation is one of"):
        rotation.rule("oblimax", 3)
    with pytest.raises(ValueError, match="target with its loadings"):
        rotation.rule("target", 3)
