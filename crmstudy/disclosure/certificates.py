r"""Quick proofs that a figure gives nothing about few people, for tables too large to be searched.

With what is shown already, a further group :math:`g` gives :math:`v=g-u`, :math:`u` from the span of the shown rows. A
vector :math:`h` that is orthogonal to all shown rows has :math:`h'v=h'g`; where that is not 0, :math:`v` is about
somebody in :math:`h`. So many such vectors with no person in common, so many people at least.

Two people of the same shown groups, one of them in :math:`g`, are such a vector: :func:`pairs`. Where the shown groups
are the rows and columns of a table and perhaps all together and some of its cells, they are a graph: a cell is an edge
between its row and its column, and :math:`u` a difference of potentials. Of a part of a cell, paths round it are such
vectors: :class:`Table`. As many go round as there are people in the smallest cut (Ford & Fulkerson, 1956), so the
number is not only a bound.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import and_

#: The shown groups of a person as the bits of a number, and how many people have them.
Sizes = Mapping[int, int]
#: Where the row or the column of a table is not shown.
_NO_ROW, _NO_COLUMN = -1, -2


def pairs(sizes: Sizes, inside: Sizes) -> int:
    """So many people at least; ``inside`` counts those of the new group. Who is in no shown group counts alone."""
    return sum(n if not mask else min(n, sizes[mask] - n) for mask, n in inside.items())


def common(inside: Sizes) -> Counter[int]:
    """How many people the new group has in common with each shown one, by the bit of the shown one."""
    found: Counter[int] = Counter()
    for mask, n in inside.items():
        for bit in bits(mask):
            found[bit] += n
    return found


class Table:
    """The shown groups as the rows and columns of a table; ``known`` is False where they are none."""

    def __init__(self, sizes: Sizes) -> None:
        masks = {mask for mask, n in sizes.items() if mask and n > 0}
        self.whole = bool(reduce(and_, masks, ~0)) and bool(masks)
        ends = _ends(masks)
        self.known = ends is not None
        self.ends = ends or {}
        self.room: dict[int, dict[int, int]] = {}
        for cell in self.ends:
            self._widen(self.ends[cell], sizes[cell])

    def _widen(self, ends: tuple[int, int], people: int) -> None:
        for one, other in (ends, ends[::-1]):
            to = self.room.setdefault(one, {})
            to[other] = to.get(other, 0) + people

    def take_out(self, cell: int, people: int) -> None:
        """A whole cell is shown by itself: what is there no longer depends on its row and column."""
        if cell in self.ends:
            self._widen(self.ends.pop(cell), -people)

    def follows(self, inside: Sizes) -> bool:
        """Whether the new group is what is left of everybody beside the rows, or the columns, that are shown."""
        ends = [self.ends.get(mask, ()) for mask in inside]
        return any(
            all(node in found for found in ends) and sum(self.room[node].values()) == sum(inside.values())
            for node in ((_NO_ROW, _NO_COLUMN) if self.whole else ())
        )

    def around(self, cell: int, people: int, enough: int) -> int:
        """How many people the ways round a cell have room for, up to ``enough``; ``people`` are in the cell."""
        if cell not in self.ends:
            return 0
        start, end = self.ends[cell]
        used: list[tuple[int, int, int]] = [(start, end, people), (end, start, people)]
        for one, other, n in used:
            self.room[one][other] -= n
        found = 0
        while found < enough and (way := self._way(start, end)):
            least = min(self.room[one][other] for one, other in way)
            for one, other in way:
                for here, there, n in ((one, other, least), (other, one, -least)):
                    self.room[here][there] -= n
                    used.append((here, there, n))
            found += least
        for one, other, n in used:
            self.room[one][other] += n
        return min(found, enough)

    def _way(self, start: int, end: int) -> list[tuple[int, int]]:
        """The shortest way with room on it; none when there is none."""
        came: dict[int, int] = {start: start}
        waiting = deque([start])
        while waiting:
            one = waiting.popleft()
            for other, left in self.room[one].items():
                if left > 0 and other not in came:
                    came[other] = one
                    if other == end:
                        way = []
                        while other != start:
                            way.append((came[other], other))
                            other = came[other]
                        return way
                    waiting.append(other)
        return []


def bits(mask: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _ends(masks: set[int]) -> dict[int, tuple[int, int]] | None:
    """The row and the column of each cell that is not shown itself; None where the groups are no rows and columns."""
    whole = reduce(and_, masks, ~0)
    held = Counter(bit for mask in masks for bit in bits(mask))
    cells: dict[int, list[int]] = {}
    beside: dict[int, set[int]] = {}
    for mask in masks:
        found = list(bits(mask & ~whole))
        if len(found) > 1 and any(held[bit] == 1 for bit in found):
            continue  # shown by itself: what is there does not depend on its row and column
        if len(found) > 2:
            return None
        cells[mask] = found
        for bit in found:
            beside.setdefault(bit, set()).update(found)
    sides = _sides(beside)
    if sides is None:
        return None
    nowhere = (_NO_ROW, _NO_COLUMN) if whole else (_NO_ROW, _NO_ROW)
    ends = {}
    for mask, found in cells.items():
        rows = [bit for bit in found if sides[bit] == 0]
        columns = [bit for bit in found if sides[bit] == 1]
        ends[mask] = (rows or nowhere[:1])[0], (columns or nowhere[1:])[0]
    return ends


def _sides(beside: Mapping[int, set[int]]) -> dict[int, int] | None:
    """Each group as a row (0) or a column (1), so that those with common people are on different sides."""
    sides: dict[int, int] = {}
    for first in beside:
        waiting = [] if first in sides else [first]
        sides.setdefault(first, 0)
        while waiting:
            one = waiting.pop()
            for other in beside[one] - {one}:
                if other not in sides:
                    sides[other] = 1 - sides[one]
                    waiting.append(other)
                elif sides[other] == sides[one]:
                    return None
    return sides
