from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.kernels.moments import covariance
from crmstudy.kernels.reliability import lower_bounds as bounds
from crmstudy.kernels.reliability import splits as halves
from tests import tolerances

CLOSE = {"rel": tolerances.CLOSED_FORM_RELATIVE, "abs": tolerances.CLOSED_FORM}
SEEDS = st.integers(0, 5000)


def some_covariances(seed, k):
    rng = np.random.default_rng(seed)
    return covariance(rng.normal(size=(60, 1)) * 0.7 + rng.normal(size=(60, k)) * rng.uniform(0.5, 2, k))


@pytest.mark.parametrize("k", range(2, 13))
def test_every_split_stands_once(k):
    found = halves.all_splits(k)
    assert len(found) == halves.count_splits(k)
    assert (found[:, 0] == 1).all()
    assert len({row.tobytes() for row in found}) == len(found)
    assert set(np.abs(found.sum(axis=1))) == {k % 2}


@given(SEEDS, st.integers(3, 7))
def test_coefficients_are_those_of_the_halves_themselves(seed, k):
    cov = some_covariances(seed, k)
    ours = sorted(halves.split_coefficients(cov, halves.all_splits(k)))
    theirs = {}
    for first in combinations(range(k), k // 2):
        second = tuple(sorted(set(range(k)) - set(first)))
        theirs[frozenset([first, second])] = 4 * cov[np.ix_(first, second)].sum() / cov.sum()
    assert ours == pytest.approx(sorted(theirs.values()), rel=1e-9, abs=1e-12)


@given(SEEDS, st.integers(1, 6))
def test_the_mean_over_all_splits_of_an_even_number_of_items_is_alpha(seed, half):
    cov = some_covariances(seed, 2 * half)
    mean = halves.split_coefficients(cov, halves.all_splits(2 * half)).mean()
    assert mean == pytest.approx(float(bounds.alpha_of(cov)), rel=1e-9, abs=1e-12)


@given(SEEDS, st.integers(1, 5))
def test_the_mean_over_all_splits_of_an_odd_number_is_a_little_less(seed, half):
    """Halves of m and m + 1 items hold 4m(m + 1) of the k^2 - 1 ordered pairs that alpha counts as k^2."""
    k = 2 * half + 1
    cov = some_covariances(seed, k)
    mean = halves.split_coefficients(cov, halves.all_splits(k)).mean()
    assert mean == pytest.approx(float(bounds.alpha_of(cov)) * (k * k - 1) / k**2, rel=1e-9, abs=1e-12)


@given(SEEDS, st.integers(4, 12))
def test_exchanges_find_the_best_of_all_splits(seed, k):
    cov = some_covariances(seed, k)
    best = halves.best_split(cov, np.random.default_rng(1))
    assert abs(int(best.sum())) == k % 2
    largest = halves.split_coefficients(cov, halves.all_splits(k)).max()
    assert halves.split_coefficients(cov, best[None])[0] == pytest.approx(largest, rel=1e-9)


@pytest.mark.parametrize("k", [19, 20])
def test_exchanges_find_the_best_of_92378_splits(k):
    for seed in range(5):
        cov = some_covariances(seed, k)
        best = halves.best_split(cov, np.random.default_rng(1))
        largest = halves.split_coefficients(cov, halves.all_splits(k)).max()
        assert halves.split_coefficients(cov, best[None])[0] == pytest.approx(largest, rel=1e-9)


@pytest.mark.parametrize("k", [4, 5, 21, 30])
def test_random_splits_are_halves_and_equally_likely(k):
    found = halves.random_splits(k, 20_000, np.random.default_rng(8))
    assert set(np.abs(found.sum(axis=1))) == {k % 2}
    share = (found > 0).mean(axis=0)
    expected = ((k + 1) // 2) / k
    assert np.abs(share - expected).max() < 4.5 * np.sqrt(0.25 / 20_000)


@given(SEEDS, st.integers(3, 9))
def test_the_formulas_of_one_split(seed, k):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(50, 1)) + rng.normal(size=(50, k))
    for split in (halves.odd_even(k), halves.first_second(k)):
        first, second = values[:, split > 0].sum(axis=1), values[:, split < 0].sum(axis=1)
        found = halves.half_split(covariance(values), split)
        r = np.corrcoef(first, second)[0, 1]
        assert found.correlation == pytest.approx(r, rel=1e-9)
        assert found.spearman_brown == pytest.approx(2 * r / (1 + r), rel=1e-9)
        rulon = 1 - np.var(first - second, ddof=1) / np.var(first + second, ddof=1)
        assert found.guttman == pytest.approx(rulon, rel=1e-9, abs=1e-12)
        if k % 2 == 0:
            assert found.spearman_brown_unequal == found.spearman_brown


@pytest.mark.parametrize(("k", "r"), [(3, 0.4), (5, 0.3), (9, 0.2)])
def test_horst_gets_the_reliability_of_parallel_items_from_unequal_halves(k, r):
    cov = np.full((k, k), r) + np.eye(k) * (1 - r)
    true = k * r / (1 + (k - 1) * r)
    for split in (halves.odd_even(k), halves.first_second(k)):
        found = halves.half_split(cov, split)
        assert found.spearman_brown_unequal == pytest.approx(true, **CLOSE)
        assert found.spearman_brown < true


@given(SEEDS, st.integers(3, 7))
def test_gradients_and_stacks(seed, k):
    cov = some_covariances(seed, k)
    for split in (halves.odd_even(k), halves.first_second(k)):
        one = halves.half_split(cov, split)
        for of, gradient, value in (
            (halves.guttman_of(split), halves.guttman_gradient(cov, split), one.guttman),
            (halves.stepped_up(split), halves.spearman_brown_gradient(cov, split), one.spearman_brown),
        ):
            assert of(np.stack([cov, 2 * cov])) == pytest.approx([value, value], rel=1e-9, abs=1e-12)
            numeric = bounds.numeric_gradient(of, cov, diagonal=True, step=1e-5)
            assert gradient == pytest.approx(numeric, rel=1e-3, abs=1e-4)


def test_halves_that_do_not_vary_or_are_opposite_have_no_reliability():
    cov = np.array([[1.0, -1.0, 0.3], [-1.0, 1.0, -0.3], [0.3, -0.3, 1.0]])
    flat = halves.half_split(cov, np.array([1, 1, -1], dtype=np.int8))
    assert np.isnan(flat.correlation)
    opposite = halves.half_split(np.array([[1.0, -1.0], [-1.0, 1.5]]), np.array([1, -1], dtype=np.int8))
    assert opposite.correlation < 0
