"""Figures of groups of staff, each with the decision whether it may be shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from crmstudy.assessment.staff.scores import StaffScores
from crmstudy.disclosure import Group, Kind, Ledger, Rules, mean_band
from crmstudy.kernels.classic.location import OneSample, one_sample
from crmstudy.kernels.moments import Array

_Mask = np.ndarray[Any, np.dtype[np.bool_]]
#: Of more roles in units that are large enough, none is decided on: nobody reads so many.
MOST_CELLS = 300
#: What stands in place of a figure. Whether its group is small, or larger and protects a small one, or nobody is in it,
#: is not told: that would narrow down how many people the hidden groups have.
WITHHELD = "protects few people"


@dataclass(frozen=True, eq=False)
class Figure:
    """One characteristic of one group.

    ``level`` is ``all``, ``role``, ``unit`` or ``cell`` (role and unit). ``reason`` is why the figure is withheld,
    empty when it is shown; ``band`` stands in place of the mean where (nearly) all agree. ``values`` are the scores,
    which nobody may see.
    """

    level: str
    role: str
    unit: str
    facet: str
    values: Array
    reason: str
    band: tuple[float, float] | None

    @property
    def exact(self) -> bool:
        """Whether mean, deviation and interval may be shown."""
        return not self.reason and self.band is None

    def against(self, number: float, level: float) -> OneSample:
        """The mean tested against a number."""
        return one_sample(self.values, number, level)


@dataclass(frozen=True, eq=False)
class _Part:
    level: str
    role: str
    unit: str
    mask: _Mask

    @property
    def key(self) -> dict[str, str]:
        named = {"role": self.role, "unit": self.unit}
        return {name: value for name, value in named.items() if value}


def figures_of(staff: StaffScores, rules: Rules, ledger: Ledger) -> tuple[list[Figure], Ledger]:
    """The figures of everybody, of roles, units and roles in units, and the ledger with what is shown of them.

    Totals are decided before their parts and large groups before small ones. Roles in units are a crossing.
    """
    parts = list(_parts(staff, rules))
    groups: list[Group] = []
    places: dict[tuple[int, str], int] = {}
    bands: dict[tuple[int, str], tuple[float, float] | None] = {}
    people = np.array(staff.people, dtype=object)
    there = ~np.isnan(staff.values)
    scores: dict[tuple[int, str], Array] = {}
    for number, part in enumerate(parts):
        alike: dict[tuple[bytes, bool], list[str]] = {}
        rows = np.flatnonzero(part.mask)
        for column, facet in enumerate(staff.facets):
            inside = rows[there[rows, column]]
            values = scores[number, facet] = staff.values[inside, column]
            if len(values):
                bands[number, facet] = mean_band(float(values.mean()), _deviation(values), *staff.ranges[facet])
                alike.setdefault((inside.tobytes(), bands[number, facet] is not None), []).append(facet)
        for (found_rows, banded), facets in alike.items():
            members = frozenset(people[np.frombuffer(found_rows, dtype=rows.dtype)])
            kind: Kind = "crossing" if part.level == "cell" else "mean"
            for facet in facets:
                places[number, facet] = len(groups)
            groups.append(Group(part.key, tuple(facets), len(members), kind, members, staff.source, banded))
    decisions, after = ledger.release(groups, rules)
    reasons = {(id(decision.group), decision.measure): decision.reason for decision in decisions}
    found = []
    for number, part in enumerate(parts):
        for facet in staff.facets:
            place = places.get((number, facet))
            reason = "empty" if place is None else reasons[id(groups[place]), facet]
            band = bands.get((number, facet)) if not reason else None
            found.append(Figure(part.level, part.role, part.unit, facet, scores[number, facet], reason, band))
    return found, after


def _parts(staff: StaffScores, rules: Rules) -> Iterator[_Part]:
    """Groups in the order in which they are decided."""
    yield _Part("all", "", "", np.ones(len(staff.roles), dtype=bool))
    roles = {str(role): (staff.roles == role).to_numpy(dtype=bool) for role in sorted(set(staff.roles))}
    yield from _by_size(_Part("role", role, "", mask) for role, mask in roles.items())
    if staff.units is None:
        return
    names = sorted(set(staff.units.dropna()))
    units = {str(unit): (staff.units == unit).to_numpy(dtype=bool) for unit in names}
    yield from _by_size(_Part("unit", "", unit, mask) for unit, mask in units.items())
    cells = (_Part("cell", role, unit, a & b) for role, a in roles.items() for unit, b in units.items())
    found = _by_size(cells)
    if sum(int(part.mask.sum()) >= rules.k("crossing") for part in found) <= MOST_CELLS:
        yield from found


def _by_size(parts: Iterator[_Part]) -> list[_Part]:
    return sorted(parts, key=lambda part: -int(part.mask.sum()))


def _deviation(values: Array) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
