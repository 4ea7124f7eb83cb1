"""Fisher's exact test of a table of any size, by the network of its columns, or by simulated tables.

The test of Freeman and Halton (1951): the probability, given both margins, of all tables that are not more probable
than the one observed.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, logsumexp
from scipy.stats import hypergeom, random_table

from crmstudy.kernels.moments import Array

#: A table counts as not more probable when its probability exceeds the observed one by less than this share, as in R.
_SLACK = 1e-7
#: What it takes to look at a node at all, in steps.
_NODE = 2000
_Key = tuple[int, ...]


def exact_p(table: Array, *, budget: int = 5_000_000) -> float | None:
    """The exact p of a table of counts, or None where it would take more than ``budget`` steps.

    Parameters
    ----------
    table : (r, c) array of whole numbers
        No row and no column is empty.
    budget : int
        Most extensions of part tables that are looked at.

    Returns
    -------
    float or None
    """
    if table.shape == (2, 2):
        return _two_by_two(table)
    return _Network(table if table.shape[0] <= table.shape[1] else table.T, budget).p_value()


def simulated_p(table: Array, draws: int, stream: np.random.Generator) -> float:
    """Estimate p from tables drawn with the margins of this one: (1 + as improbable ones) / (1 + draws).

    Parameters
    ----------
    table : (r, c) array of whole numbers
    draws : int
    stream : Generator

    Returns
    -------
    float
    """
    rows, columns = table.sum(axis=1).astype(int), table.sum(axis=0).astype(int)
    observed = -float(gammaln(table + 1.0).sum())
    found, left = 0, draws
    while left:
        size = min(left, max(1, 2_000_000 // table.size))
        drawn = random_table(rows, columns, seed=stream).rvs(size)
        found += int((-gammaln(drawn + 1.0).sum(axis=(1, 2)) <= observed + _SLACK).sum())
        left -= size
    return (1.0 + found) / (1.0 + draws)


def _two_by_two(table: Array) -> float:
    """The sum over the possible upper left cells."""
    n, first, drawn = int(table.sum()), int(table[0].sum()), int(table[:, 0].sum())
    cells = np.arange(max(0, first + drawn - n), min(first, drawn) + 1)
    shares = hypergeom.pmf(cells, n, first, drawn)
    observed = float(hypergeom.pmf(int(table[0, 0]), n, first, drawn))
    return min(1.0, float(shares[shares <= observed * (1.0 + _SLACK)].sum()))


class _Network:
    """Column by column from the observed margins to nothing left.

    A node is what is left of the row totals, in any order; a path to it has the logarithm of the product of 1/x! of
    its cells. Of a path all ways on count as soon as even the most probable one is improbable enough, and none as soon
    as the least probable one is too probable (Mehta & Patel, 1983).
    """

    def __init__(self, table: Array, budget: int) -> None:
        self.columns = sorted((int(total) for total in table.sum(axis=0)), reverse=True)
        self.rows: _Key = tuple(sorted(int(total) for total in table.sum(axis=1)))
        self.limit = -float(gammaln(table + 1.0).sum()) + _SLACK
        self.budget = budget
        self.factorials = gammaln(np.arange(int(table.sum()) + 2) + 1.0)
        self.counted: list[float] = []

    def p_value(self) -> float | None:
        nodes: dict[_Key, tuple[Array, Array]] = {self.rows: (np.zeros(1), np.zeros(1))}
        for place in range(len(self.columns)):
            nodes_after: dict[_Key, list[tuple[Array, Array]]] = {}
            for left, (paths, logs) in nodes.items():
                kept = self._settle(left, place, paths, logs)
                if not kept.any():
                    continue
                self.budget -= _NODE + _number_of_ways(left, self.columns[place]) * int(kept.sum())
                if self.budget < 0:
                    return None
                ways = _ways(left, self.columns[place])
                self._extend(left, ways, paths[kept], logs[kept], nodes_after)
                if len(nodes_after) * _NODE > self.budget and place + 2 < len(self.columns):
                    return None
            nodes = {left: _merged(parts) for left, parts in nodes_after.items()}
        for paths, logs in nodes.values():
            self.counted += list(logs[paths <= self.limit])
        all_tables = self._log_total(self.rows, 0)
        return min(1.0, float(np.exp(logsumexp(self.counted) - all_tables))) if self.counted else 0.0

    def _settle(self, left: _Key, place: int, paths: Array, logs: Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Count the paths whose every way on is improbable enough; which paths must be followed further."""
        f, columns = self.factorials, self.columns[place:]
        rows = np.array(left)
        most = min(
            -float((len(columns) * gammaln(rows / len(columns) + 1.0)).sum()),
            -float((len(rows) * gammaln(np.array(columns) / len(rows) + 1.0)).sum()),
        )
        least = max(-float(f[rows].sum()), -float(f[columns].sum()))
        done = paths + most <= self.limit
        if done.any():
            self.counted += list(logs[done] + self._log_total(left, place))
        return ~done & (paths + least <= self.limit)

    def _log_total(self, left: _Key, place: int) -> float:
        """Logarithm of the sum of the products of 1/x! over all tables with these margins."""
        f, columns = self.factorials, self.columns[place:]
        return float(f[sum(columns)] - f[list(left)].sum() - f[columns].sum())

    def _extend(
        self, left: _Key, ways: Array, paths: Array, logs: Array, after: dict[_Key, list[tuple[Array, Array]]]
    ) -> None:
        costs = self.factorials[ways.astype(int)].sum(axis=1)
        rest = np.sort(np.array(left) - ways.astype(int), axis=1)
        keys, inverse = np.unique(rest, axis=0, return_inverse=True)
        parts = np.split(costs[np.argsort(inverse, kind="stable")], np.cumsum(np.bincount(inverse))[:-1])
        for key, own in zip(keys, parts, strict=True):
            made = (paths[:, None] - own).ravel(), (logs[:, None] - own).ravel()
            after.setdefault(tuple(int(total) for total in key), []).append(made)


def _number_of_ways(left: _Key, total: int) -> int:
    """How many columns :func:`_ways` would list."""
    counts = np.ones(1)
    for most in left:
        counts = np.convolve(counts, np.ones(min(most, total) + 1))[: total + 1]
    return int(min(counts[total], 1e15)) if len(counts) > total else 0


def _ways(left: _Key, total: int) -> Array:
    """All columns of whole numbers with this total that do not exceed what is left of the rows, (ways, r)."""
    found = np.zeros((1, 0), dtype=np.int64)
    spent = np.zeros(1, dtype=np.int64)
    for place, most in enumerate(left):
        later = sum(left[place + 1 :])
        low, high = np.maximum(total - spent - later, 0), np.minimum(total - spent, most)
        times = np.maximum(high - low + 1, 0)
        again = np.repeat(np.arange(len(spent)), times)
        offset = np.arange(len(again)) - np.repeat(np.cumsum(times) - times, times)
        cell = low[again] + offset
        found = np.column_stack([found[again], cell])
        spent = spent[again] + cell
    return found.astype(np.float64)


def _merged(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Paths of the same length to a node as one; the weights of equal paths add up."""
    paths = np.concatenate([path for path, _ in parts])
    logs = np.concatenate([log for _, log in parts])
    _, first, inverse = np.unique(np.round(paths, 9), return_index=True, return_inverse=True)
    highest = np.full(len(first), -np.inf)
    np.maximum.at(highest, inverse, logs)
    sums = np.zeros(len(first))
    np.add.at(sums, inverse, np.exp(logs - highest[inverse]))
    return paths[first], highest + np.log(sums)
