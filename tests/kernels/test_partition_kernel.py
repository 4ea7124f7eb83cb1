"""Partitions and scalograms: ways that do not exist, clusters that would be empty, moves that only single rows find."""

from __future__ import annotations

import numpy as np
import pytest

from crmstudy.kernels import partition, scalogram

RNG = np.random.default_rng(0)


def test_ways_that_do_not_exist_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="not 'median'"):
        partition.part(np.arange(6.0)[:, None], 2, "median", RNG)
    with pytest.raises(ValueError, match="not 'guttman'"):
        scalogram.errors(np.eye(3), np.arange(3), "guttman")


def test_k_means_parts_into_as_many_clusters_as_asked_whatever_its_starts() -> None:
    values = np.array([0.0, 0.0, 0.0, 0.1, 10.0, 10.1])[:, None]
    for k in (2, 3, 4):
        found = partition.k_means(values, k, RNG, starts=5)
        assert len(np.unique(found)) == k
    assert partition.k_means(values, 2, RNG).tolist() in ([0, 0, 0, 0, 1, 1], [1, 1, 1, 1, 0, 0])


@pytest.mark.parametrize("seed", range(5))
def test_k_means_of_one_variable_is_not_better_than_the_exact_partition(seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(30, 1))
    exact = partition.within(x, partition.optimal(x[:, 0], 4))
    assert partition.within(x, partition.k_means(x, 4, RNG, starts=30)) == pytest.approx(exact, rel=1e-10)
    assert partition.within(x, partition.ward(x, 4)) >= exact - 1e-12


def test_no_single_row_could_move_with_gain() -> None:
    values = np.random.default_rng(3).normal(size=(25, 2))
    found = partition.k_means(values, 3, RNG)
    size = partition.within(values, found)
    for row in range(25):
        for cluster in range(3):
            moved = found.copy()
            moved[row] = cluster
            if len(np.unique(moved)) == 3:
                assert partition.within(values, moved) >= size - 1e-9


def test_silhouettes_in_parts_are_those_of_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).normal(size=(17, 2))
    labels = np.arange(17) % 3
    whole = partition.silhouettes(values, labels)
    monkeypatch.setattr(partition, "_CHUNK", 4)
    np.testing.assert_array_equal(partition.silhouettes(values, labels), whole)


def test_clusters_are_numbered_by_their_height() -> None:
    values = np.array([[5.0, 5.0], [1.0, 1.0], [3.0, 3.0], [1.0, 1.2]])
    assert partition.by_height(values, np.array([0, 1, 2, 1])).tolist() == [2, 0, 1, 0]
    level = np.array([[1.0, 3.0], [0.0, 4.0]])  # equal means: the lower first column comes first
    assert partition.by_height(level, np.array([0, 1])).tolist() == [1, 0]


def test_agreement_of_single_rows_and_of_one_cluster_is_whole() -> None:
    one = np.zeros(1, dtype=np.intp)
    assert partition.adjusted_rand(one, one) == 1.0
    assert partition.adjusted_rand(np.zeros(5, dtype=np.intp), np.zeros(5, dtype=np.intp)) == 1.0
