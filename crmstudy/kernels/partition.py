r"""Parting rows into clusters, how far apart they are, and how much two partitions agree.

``values`` is (n, d); a partition is (n,) of whole numbers from 0. NumPy and SciPy only.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import cdist

from crmstudy.kernels.moments import Array

Partition = NDArray[np.intp]
#: Ways of parting: the exact one of a single variable, k-means from many starts, Ward's tree.
METHODS = ("optimal", "kmeans", "ward")
#: Random starts of k-means, beside the one from Ward's tree.
STARTS = 10
_CHUNK = 1000


def part(values: Array, k: int, method: str, rng: np.random.Generator, starts: int = STARTS) -> Partition:
    """Part rows into k clusters, numbered by their mean over all columns from low to high.

    Rows are at least k different ones; ``optimal`` takes one column; only ``kmeans`` has random ``starts``.

    Raises
    ------
    ValueError
        For a method that does not exist.
    """
    if method == "optimal":
        found = optimal(values[:, 0], k)
    elif method == "ward":
        found = ward(values, k)
    elif method == "kmeans":
        found = k_means(values, k, rng, starts)
    else:
        raise ValueError(f"A partition is made by one of {', '.join(METHODS)}, not {method!r}.")
    return by_height(values, found)


def by_height(values: Array, partition: Partition) -> Partition:
    """The same clusters, numbered by their mean over all columns; ties by the mean of the first column that differs."""
    centres = _centres(values, partition)
    order = np.lexsort((*centres.T[::-1], without_rounding(centres.mean(axis=1))))
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    return rank[partition]


def without_rounding(values: Array) -> Array:
    """Values to twelve digits of the largest, so that what differs by rounding only is equal; below 1e-100 all is 0."""
    largest = float(np.abs(values).max(initial=0.0))
    decimals = 12 - math.ceil(math.log10(largest)) if largest > 0.0 else 0
    return np.asarray(np.round(values, min(decimals, 100)), dtype=np.float64)


def optimal(x: Array, k: int) -> Partition:
    """The k clusters of one variable with the smallest sum of squares about their means, exactly.

    Optimal clusters of a line are runs of its sorted values, so that dynamic programming over the ends of the runs
    finds them (Fisher, 1958; Wang & Song, 2011). Equal values are never parted: runs of different values are cut.

    Parameters
    ----------
    x : array of shape (n,)
    k : int
        At most the number of different values.
    """
    points, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    m = len(points)
    centred = points - float(x.mean())  # sums of squares lose no digits to a large mean
    weight = np.concatenate([[0.0], np.cumsum(counts)])
    total = np.concatenate([[0.0], np.cumsum(counts * centred)])
    square = np.concatenate([[0.0], np.cumsum(counts * centred**2)])

    def cost(starts: NDArray[np.intp], end: int) -> Array:
        """Sum of squares of the runs from each start up to, not with, ``end``."""
        gap = total[end] - total[starts]
        left = square[end] - square[starts] - gap**2 / (weight[end] - weight[starts])
        return np.asarray(np.maximum(left, 0.0), dtype=np.float64)

    zero = np.zeros(1, dtype=np.intp)
    best = np.array([np.inf, *(float(cost(zero, end)[0]) for end in range(1, m + 1))])
    cuts = np.zeros((k, m + 1), dtype=np.intp)
    for cluster in range(1, k):
        previous, best = best, np.full(m + 1, np.inf)
        for end in range(cluster + 1, m + 1):
            starts = np.arange(cluster, end)
            sums = previous[starts] + cost(starts, end)
            at = int(sums.argmin())
            best[end], cuts[cluster, end] = sums[at], starts[at]
    labels, end = np.zeros(m, dtype=np.intp), m
    for cluster in range(k - 1, 0, -1):
        start = int(cuts[cluster, end])
        labels[start:end] = cluster
        end = start
    return labels[place]


def ward(values: Array, k: int) -> Partition:
    """Ward's (1963) tree, cut into k clusters; Ward's criterion on squared Euclidean distances (R's ward.D2)."""
    return np.asarray(cut_tree(linkage(values, "ward"), n_clusters=k)[:, 0], dtype=np.intp)


def k_means(values: Array, k: int, rng: np.random.Generator, starts: int = STARTS) -> Partition:
    """The best of several k-means: from Ward's clusters and from random rows, each until no single row should move.

    Steps over all rows (Lloyd, 1982) come first; then rows move one by one while the sum of squares falls, sizes of the
    clusters included (Hartigan & Wong, 1979). The best found need not be the best there is.
    """
    different = np.unique(values, axis=0)
    centres = [_centres(values, ward(values, k))]
    centres += [different[rng.choice(len(different), k, replace=False)] for _ in range(starts)]
    found = [_one_by_one(values, _all_at_once(values, first)) for first in centres]
    return min(found, key=lambda labels: within(values, labels))


def _all_at_once(values: Array, centres: Array) -> Partition:
    """Every row to its nearest centre, until that changes nothing or helps no more."""
    labels, size = np.full(len(values), -1, dtype=np.intp), np.inf
    while True:
        distance = cdist(values, centres, "sqeuclidean")
        nearest = distance.argmin(axis=1)
        for empty in np.setdiff1d(np.arange(len(centres)), nearest):  # takes the worst placed row
            left = distance[np.arange(len(values)), nearest]
            left = np.where(np.bincount(nearest, minlength=len(centres))[nearest] > 1, left, -1.0)
            nearest[int(left.argmax())] = empty
        moved = within(values, nearest)
        if np.array_equal(nearest, labels) or moved >= size:
            return labels
        labels, size = nearest, moved
        centres = _centres(values, labels)


def _one_by_one(values: Array, labels: Partition) -> Partition:
    """The row whose move to another cluster helps most is moved, until none helps."""
    labels, rows = labels.copy(), np.arange(len(values))
    least = 1e-12 * max(float(((values - values.mean(axis=0)) ** 2).sum()), 1e-300)
    while True:
        sizes = np.bincount(labels)
        distance = cdist(values, _centres(values, labels), "sqeuclidean")
        gain = np.where(sizes > 1, sizes / np.maximum(sizes - 1.0, 1.0), 0.0)[labels] * distance[rows, labels]
        cost = sizes / (sizes + 1.0) * distance
        cost[rows, labels] = np.inf
        better = np.where(sizes[labels] > 1, gain - cost.min(axis=1), -np.inf)
        row = int(better.argmax())
        if better[row] <= least:
            return labels
        labels[row] = int(cost[row].argmin())


def _centres(values: Array, partition: Partition) -> Array:
    return np.array([values[partition == cluster].mean(axis=0) for cluster in range(int(partition.max()) + 1)])


def within(values: Array, partition: Partition) -> float:
    """Sum of squared distances of the rows from the centres of their clusters."""
    return float(((values - _centres(values, partition)[partition]) ** 2).sum())


def silhouettes(values: Array, partition: Partition) -> Array:
    """Silhouette width of every row (Rousseeuw, 1987); 0 for a row alone in its cluster, and where both means are 0."""
    sizes = np.bincount(partition)
    sums = np.empty((len(values), len(sizes)))
    for first in range(0, len(values), _CHUNK):  # all distances at once would need n² numbers
        distance = cdist(values[first : first + _CHUNK], values)
        for cluster in range(len(sizes)):
            sums[first : first + _CHUNK, cluster] = distance[:, partition == cluster].sum(axis=1)
    rows = np.arange(len(values))
    own_size = sizes[partition]
    own = sums[rows, partition] / np.maximum(own_size - 1, 1)
    means = sums / sizes
    means[rows, partition] = np.inf
    other = means.min(axis=1)
    larger = np.maximum(own, other)
    width = np.divide(other - own, larger, out=np.zeros(len(values)), where=larger > 0)
    return np.where(own_size > 1, width, 0.0)


def adjusted_rand(first: Partition, second: Partition) -> float:
    """Hubert and Arabie's (1985) adjusted Rand index; 1 where both partitions are trivial and the same."""
    table = np.zeros((int(first.max()) + 1, int(second.max()) + 1))
    np.add.at(table, (first, second), 1.0)

    def chosen(counts: Array) -> float:
        return float((counts * (counts - 1.0) / 2.0).sum())

    both, rows, columns = chosen(table), chosen(table.sum(axis=1)), chosen(table.sum(axis=0))
    expected = rows * columns / chosen(np.array([float(len(first))])) if len(first) > 1 else 0.0
    largest = (rows + columns) / 2.0
    return 1.0 if largest == expected else (both - expected) / (largest - expected)


def jaccards(original: Partition, other: Partition, k: int) -> Array:
    """For every cluster of the original the largest Jaccard similarity with one of the other partition (Hennig, 2007).

    Both are over the same rows; a cluster without a row among them is NaN.
    """
    found = np.full(k, np.nan)
    for cluster in range(k):
        mine = original == cluster
        if mine.any():
            theirs = [other == label for label in np.unique(other)]
            found[cluster] = max(float((mine & them).sum() / (mine | them).sum()) for them in theirs)
    return found


def stability(
    count: int, rng: np.random.Generator, *, values: Array, original: Partition, k: int, method: str
) -> tuple[Array, Array]:
    """Jaccard similarities, (count, k), and adjusted Rand indices, (count,), of bootstrap samples.

    A row drawn more than once counts once, as in Hennig's fpc; a sample with fewer than k different rows is parted into
    as many clusters as it has different rows.
    """
    alike, rand = np.empty((count, k)), np.empty(count)
    for replicate in range(count):
        rows = np.unique(rng.integers(len(values), size=len(values)))
        different = len(np.unique(values[rows], axis=0))
        again = (
            part(values[rows], min(k, different), method, rng) if different > 1 else np.zeros(len(rows), dtype=np.intp)
        )
        alike[replicate] = jaccards(original[rows], again, k)
        # clusters without a row in the sample leave gaps in the numbers, which the counts do not mind
        rand[replicate] = adjusted_rand(original[rows], again)
    return alike, rand
