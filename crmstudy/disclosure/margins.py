"""Tables of counts with margins: what else is withheld so that no small count can be computed."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crmstudy.disclosure.rules import is_count
from crmstudy.errors import DataError


@dataclass(frozen=True, slots=True)
class Hidden:
    """Which numbers of a table of counts are withheld: cells, totals of rows and of columns, and the grand total."""

    cells: tuple[tuple[bool, ...], ...]
    rows: tuple[bool, ...]
    columns: tuple[bool, ...]
    total: bool


def secondary(counts: Sequence[Sequence[int]], k: int) -> Hidden:
    r"""Which numbers of a table of counts with its margins are withheld, so that no small one can be computed.

    Every count from 1 to k - 1, margins included, is withheld, and for each as many others that it can be larger by k
    without any shown number changing: the interval of what is possible, given all shown numbers and that counts are not
    negative, is at least k wide. (Cox, 1980: in the table with its margins, a circulation, a withheld count must lie on
    a cycle of withheld counts.) Empty cells are shown and not used to hide others. Of the possible cycles the one with
    the fewest people is taken, margins last; cells that are withheld already cost nothing.

    Parameters
    ----------
    counts : rows of whole numbers, without margins
    k : int

    Returns
    -------
    Hidden

    Examples
    --------
    >>> secondary([[20, 3, 30], [15, 25, 12], [40, 18, 22]], 5).cells
    ((True, True, False), (True, True, False), (False, False, False))
    """
    _check_table(counts)
    table = [[*row, sum(row)] for row in counts]
    table.append([sum(column) for column in zip(*table, strict=True)])
    height, width = len(table), len(table[0])
    # nodes are rows 0.. and columns height..; an edge leads from a row to a column where the number is a cell or the
    # grand total, and back where it is a margin: what flows into a node then flows out of it
    edges = {}
    for i, row in enumerate(table):
        for j, n in enumerate(row):
            margin = (i == height - 1) != (j == width - 1)
            edges[i, j] = (height + j, i, n) if margin else (i, height + j, n)
    hidden = {place for place, (_, _, n) in edges.items() if 0 < n < k}
    heavy = 1 + table[-1][-1] * height * width
    for place in sorted(hidden, key=lambda place: edges[place][2]):
        costs = {
            other: 0 if other in hidden else n + (heavy if other[0] == height - 1 or other[1] == width - 1 else 0)
            for other, (_, _, n) in edges.items()
            if other != place and n > 0
        }
        hidden |= _cheapest_cycle(place, edges, costs, k)
    return Hidden(
        tuple(tuple((i, j) in hidden for j in range(width - 1)) for i in range(height - 1)),
        tuple((i, width - 1) in hidden for i in range(height - 1)),
        tuple((height - 1, j) in hidden for j in range(width - 1)),
        (height - 1, width - 1) in hidden,
    )


def _cheapest_cycle(
    place: tuple[int, int],
    edges: Mapping[tuple[int, int], tuple[int, int, int]],
    costs: Mapping[tuple[int, int], int],
    k: int,
) -> set[tuple[int, int]]:
    """The numbers to withhold so that k can flow from the head of an edge back to its tail."""
    steps: dict[int, list[tuple[int, int, tuple[int, int]]]] = {}
    for other, cost in costs.items():
        tail, head, n = edges[other]
        steps.setdefault(tail, []).append((head, cost, other))  # it may be larger ...
        if n >= k:
            steps.setdefault(head, []).append((tail, cost, other))  # ... and smaller by k
    goal, start, _ = edges[place]
    reached: dict[int, tuple[int, tuple[int, int]] | None] = {}
    heap: list[tuple[int, int, tuple[int, tuple[int, int]] | None]] = [(0, start, None)]
    while heap and goal not in reached:
        far, node, came = heapq.heappop(heap)
        if node in reached:
            continue
        reached[node] = came
        for neighbour, cost, other in steps.get(node, []):
            if neighbour not in reached:
                heapq.heappush(heap, (far + cost, neighbour, (node, other)))
    used, node = set(), goal
    while (came := reached[node]) is not None:
        node, other = came
        used.add(other)
    return used


def _check_table(counts: Sequence[Sequence[int]]) -> None:
    faults = []
    if not counts or not counts[0] or len({len(row) for row in counts}) != 1:
        faults.append("a table of counts is wanted: at least one row and column, all rows of one length.")
    faults += [
        f"row {i}, column {j} of the table of counts is {n!r}; a count is a whole number, 0 or more."
        for i, row in enumerate(counts, start=1)
        for j, n in enumerate(row, start=1)
        if not is_count(n) or n < 0
    ]
    if faults:
        raise DataError(faults)
