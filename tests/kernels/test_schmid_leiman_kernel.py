import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.kernels.factors import schmid_leiman as kernel
from crmstudy.kernels.moments import correlation, covariance
from tests import tolerances


def second_order_model():
    """Nine items of three factors, one above them: correlations, general loadings, group loadings, error."""
    upper = np.array([0.8, 0.7, 0.6])
    pattern = np.zeros((9, 3))
    for j, loadings in enumerate([(0.8, 0.7, 0.6), (0.75, 0.65, 0.7), (0.6, 0.8, 0.5)]):
        pattern[3 * j : 3 * j + 3, j] = loadings
    phi = np.outer(upper, upper)
    np.fill_diagonal(phi, 1.0)
    corr = pattern @ phi @ pattern.T
    u2 = 1 - np.diag(corr)
    np.fill_diagonal(corr, 1.0)
    return corr, pattern @ upper, pattern * np.sqrt(1 - upper**2), u2


def test_a_second_order_model_is_found_from_its_correlations():
    corr, general, group, u2 = second_order_model()
    found = kernel.group_factors(corr, 3)
    assert found.converged
    assert not found.improper.any()
    assert found.general == pytest.approx(general, abs=1e-6)
    order = [int(np.argmax(column)) // 3 for column in found.group.T]
    assert sorted(order) == [0, 1, 2]
    assert found.group == pytest.approx(group[:, order], abs=1e-6)
    shares = kernel.hierarchy(corr, found)
    assert shares.omega_t == pytest.approx(1 - u2.sum() / corr.sum(), abs=1e-6)
    assert shares.omega_h == pytest.approx(general.sum() ** 2 / corr.sum(), abs=1e-6)
    assert shares.ecv == pytest.approx((general**2).sum() / ((general**2).sum() + (group**2).sum()), abs=1e-6)
    assert shares.puc == pytest.approx(1 - 3 * 3 / 36)
    for j, column in enumerate(order):
        items = slice(3 * column, 3 * column + 3)
        within = corr[items, items].sum()
        assert shares.by_general[j] == pytest.approx(general[items].sum() ** 2 / within, abs=1e-6)
        assert shares.total[j] == pytest.approx(1 - u2[items].sum() / within, abs=1e-6)


def test_one_factor_is_the_general_factor_itself():
    loadings = np.array([0.5, 0.6, 0.7, 0.8, 0.4, 0.9])
    corr = np.outer(loadings, loadings)
    np.fill_diagonal(corr, 1.0)
    found = kernel.group_factors(corr, 1)
    shares = kernel.hierarchy(corr, found)
    true = loadings.sum() ** 2 / corr.sum()
    assert (shares.omega_t, shares.omega_h, shares.ecv) == pytest.approx((true, true, 1.0), abs=tolerances.RECOVERY)
    assert not found.group.any()


def test_two_factors_load_equally_on_the_general_one():
    pattern = np.zeros((6, 2))
    pattern[:3, 0], pattern[3:, 1] = 0.7, 0.6
    corr = pattern @ np.array([[1.0, 0.49], [0.49, 1.0]]) @ pattern.T
    np.fill_diagonal(corr, 1.0)
    found = kernel.group_factors(corr, 2)
    assert found.second_order == pytest.approx([0.7, 0.7], abs=1e-6)
    assert kernel.second_order(np.array([[1.0, -0.25], [-0.25, 1.0]]))[0].tolist() == [0.5, -0.5]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 3000))
def test_the_order_of_items_and_their_common_direction_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    corr, *_ = second_order_model()
    values = rng.normal(size=(400, 9)) @ np.linalg.cholesky(corr).T
    r, order = correlation(covariance(values)), rng.permutation(9)
    first, second = kernel.group_factors(r, 3), kernel.group_factors(r[np.ix_(order, order)], 3)
    one, other = kernel.hierarchy(r, first), kernel.hierarchy(r[np.ix_(order, order)], second)
    assert other.omega_t == pytest.approx(one.omega_t, abs=1e-6)
    assert other.omega_h == pytest.approx(one.omega_h, abs=1e-5)
    assert first.general.sum() >= 0


def test_an_item_turned_lowers_the_general_factor_of_the_sum():
    corr, general, _, _ = second_order_model()
    signs = np.ones(9)
    signs[4] = -1
    turned = kernel.group_factors(corr * np.outer(signs, signs), 3)
    assert turned.general == pytest.approx(general * signs, abs=1e-6)


def test_a_stack_starts_where_the_sample_ended_and_ends_where_it_would_alone():
    corr, *_ = second_order_model()
    rng = np.random.default_rng(5)
    found = kernel.group_factors(corr, 3)
    root = np.linalg.cholesky(corr).T
    stack = np.stack([correlation(covariance(rng.normal(size=(500, 9)) @ root)) for _ in range(20)])
    together = kernel.omegas_of_stack(stack, found)
    for r, ours in zip(stack, together, strict=True):
        alone = kernel.hierarchy(r, kernel.group_factors(r, 3))
        assert ours == pytest.approx([alone.omega_t, alone.omega_h], abs=1e-5)
    for m in (1, 2):
        found = kernel.group_factors(corr, m)
        alone = kernel.hierarchy(corr, found)
        assert kernel.omegas_of_stack(corr[None], found)[0] == pytest.approx([alone.omega_t, alone.omega_h], abs=1e-6)


def test_a_heywood_case_is_marked():
    corr, *_ = second_order_model()
    corr[0, 1] = corr[1, 0] = 0.97
    found = kernel.group_factors(corr, 3)
    assert found.improper.any() or found.capped


def test_a_second_minimum_of_the_extraction_is_told_with_its_omega():
    """Two minima of nearly equal residuals; squared multiple correlations lead to the other, as in R's psych (.469)."""
    corr = np.eye(10)
    corr[np.tril_indices(10, -1)] = [
        -0.404, -0.268, 0.58, -0.072, 0.305, 0.396, -0.201, 0.408, 0.581, 0.337, -0.046, 0.167, 0.148, 0.086, 0.133,
        0.01, 0.18, 0.196, 0.227, 0.112, 0.444, -0.015, 0.222, 0.128, 0.189, 0.134, 0.349, 0.467, 0.116, -0.167,
        -0.097, -0.111, -0.112, -0.319, -0.31, -0.305, 0.039, -0.119, -0.159, -0.183, -0.165, -0.237, -0.262, -0.333,
        0.434,
    ]  # fmt: skip
    corr = np.tril(corr) + np.tril(corr, -1).T
    found = kernel.group_factors(corr, 3)
    assert kernel.hierarchy(corr, found).omega_h == pytest.approx(0.19, abs=0.005)
    assert found.other_extraction is not None
    assert found.other_extraction[1] == pytest.approx(0.47, abs=0.005)
    assert kernel.group_factors(second_order_model()[0], 3).other_extraction is None
    twice = np.append(np.arange(10), 0)
    assert kernel.group_factors(corr[np.ix_(twice, twice)], 3).improper.any()  # singular, and no error
