"""What can be computed from sums over groups of people: the span of their rows of zeros and ones, in whole numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

Row = dict[int, int]
#: So many steps are taken to look for a figure of too few people; beyond, nothing is ruled out.
_MOST_STEPS = 3_000


def gives_few(
    rows: Sequence[Row], old: Sequence[Row], low: Sequence[Row], weights: Sequence[int], limit: int
) -> Literal["", "difference", "undecided"]:
    """Whether the span of the rows has a vector about fewer than ``limit`` people that neither other span has.

    A row gives the weight of each place; people who are in the same groups share a place, and ``weights`` says how many
    they are. ``old`` and ``low`` span parts of what the rows span. ``undecided`` when the search is too long.
    """
    large = {place for place, weight in enumerate(weights) if weight >= limit}
    left = without(rows, large) if len(large) < len(weights) else []
    before, below = without(old, large) if left else [], without(low, large) if left else []
    if len(left) in (len(before), len(below)):
        return ""
    steps = 0
    for block in _blocks(left):
        inside = {place for row in block for place in row}
        others = {place for row in left for place in row} - inside
        # the parts of the three spans that are zero at the places excluded, and the places included so far
        stack = [(block, without(before, others), without(below, others), frozenset[int](), 0)]
        while stack:
            basis, first, second, chosen, people = stack.pop()
            if len(basis) in (len(first), len(second)):
                continue
            steps += 1
            if steps > _MOST_STEPS:
                return "undecided"
            open_ = {place for row in basis for place in row} - chosen
            if not open_:
                return "difference"
            place = max(open_, key=lambda place: (weights[place], -place))
            less = _zero_at(place, basis), _zero_at(place, first), _zero_at(place, second)
            stack.append((*less, chosen, people))
            if people + weights[place] < limit:
                stack.append((basis, first, second, chosen | {place}, people + weights[place]))
    return ""


def in_span(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a row is a combination of the others."""
    return len(without([*rows, row], set())) == len(without(rows, set()))


def without(rows: Iterable[Row], zero: set[int]) -> list[Row]:
    """A basis of the part of the span that is zero at some places, in reduced echelon form."""
    pivots, rest = _Echelon(), _Echelon()
    for row in sorted(rows, key=len):  # short rows first, so that few places are filled in
        left = pivots.reduced(row)
        here = next((place for place in left if place in zero), None)
        if here is not None:
            pivots.enter(left, here)
            continue
        left = rest.reduced(left)
        if left:
            rest.enter(left, next(iter(left)))
    return list(rest.rows.values())


def _zero_at(place: int, basis: list[Row]) -> list[Row]:
    """A basis of the part of a span that is zero at one more place."""
    having = [row for row in basis if place in row]
    if not having:
        return basis
    pivot = min(having, key=len)
    return [_eliminated(row, pivot, place) if place in row else row for row in basis if row is not pivot]


class _Echelon:
    """Rows in reduced echelon form by the place of their pivot; ``holders`` are the pivots of rows with a place."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.holders: dict[int, set[int]] = {}

    def reduced(self, row: Row) -> Row:
        left = dict(row)
        for place in row:
            pivot = self.rows.get(place)
            if pivot is None:
                continue
            if abs(pivot[place]) != 1:
                left = _eliminated(left, pivot, place)
                continue
            times = left[place] * pivot[place]
            for other, value in pivot.items():
                changed = left.get(other, 0) - times * value
                if changed:
                    left[other] = changed
                else:
                    left.pop(other, None)
        return left

    def enter(self, row: Row, pivot: int) -> None:
        """Add a reduced row; those that have its pivot lose it."""
        for other in sorted(self.holders.get(pivot, ())):
            self._store(other, _eliminated(self.rows[other], row, pivot))
        self._store(pivot, row)

    def _store(self, pivot: int, row: Row) -> None:
        before = self.rows.get(pivot, {})
        for place in before:
            if place not in row:
                self.holders[place].discard(pivot)
        for place in row:
            if place not in before:
                self.holders.setdefault(place, set()).add(pivot)
        self.rows[pivot] = row


def _eliminated(row: Row, pivot: Row, place: int) -> Row:
    """The row without its entry at a place, whole numbers without a common divisor."""
    ours, theirs = pivot[place], row[place]
    found = {other: ours * value for other, value in row.items()}
    for other, value in pivot.items():
        found[other] = found.get(other, 0) - theirs * value
    found = {other: value for other, value in found.items() if value}
    common = math.gcd(*found.values()) if found else 1
    return {other: value // common for other, value in found.items()} if common > 1 else found


def _blocks(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that share places, directly or through others; a vector about few people has a part in one block."""
    blocks: list[tuple[set[int], list[Row]]] = []
    for row in rows:
        joined: tuple[set[int], list[Row]] = (set(row), [row])
        apart = []
        for block in blocks:
            if block[0] & joined[0]:
                joined = (joined[0] | block[0], [*block[1], *joined[1]])
            else:
                apart.append(block)
        blocks = [*apart, joined]
    return [found for _, found in blocks]
