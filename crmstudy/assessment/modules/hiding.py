"""What may be shown of staff by role and unit: figures of few people, or of people who nearly all agree, are withheld.

Which of them is decided by :mod:`crmstudy.disclosure`, exactly, over all groups of a figure: everybody, the roles and
the units. Whether a function is there is a fact about the organisation; there agreement gives nobody away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.modules.figures import SHARES, Floats
from crmstudy.disclosure import Group, Kind, Ledger, Rules, digests

#: From so many tenths of a group on that say the same, a share is given as a band.
_AGREED = 9
#: Facts about the organisation, not about people.
_FACTS = ("available", "coverage")
WITHHELD, BAND = "withheld", "band"
Codes = np.ndarray[Any, np.dtype[np.int64]]
#: Grouping, group, item, figure -> ``withheld``, or ``band`` where only a band is given; others are shown.
Verdicts = Mapping[tuple[str, str, str, str], str]


def verdicts(
    coded: pd.DataFrame, figures: Sequence[str], rules: Rules, ledger: Ledger | None, prefix: str = ""
) -> tuple[dict[tuple[str, str, str, str], str], Ledger]:
    """Decide on every figure of everybody, each role and each unit; and what the ledger holds afterwards.

    Without a ledger only the sizes of the parts count that groups share, so that people need no names.
    """
    made: dict[tuple[str, str, str, str], str] = {}
    settled: dict[object, list[str]] = {}
    releases = list((ledger or Ledger()).releases)
    for item, rows in coded.groupby("item", sort=False):
        people = _People.of(rows, rules, exact=ledger is not None)
        for figure in figures:
            measure = f"{prefix}{item}.{figure}"
            groups, names = people.groups(rows[figure].to_numpy(float), figure, measure)
            same = (tuple(names), tuple((group.n, group.members, group.kind) for group in groups))
            verdict = settled.get(same) if ledger is None else None
            if verdict is None:
                before = Ledger(tuple(group for group in releases if measure in group.measures))
                decisions, after = before.release(groups, rules)
                releases += after.releases[len(before.releases) :]
                verdict = settled[same] = [
                    name[2] if decision.shown else WITHHELD for name, decision in zip(names, decisions, strict=True)
                ]
            made |= {(*name[:2], str(item), figure): said for name, said in zip(names, verdict, strict=True) if said}
    return made, Ledger(tuple(releases))


@dataclass(frozen=True, eq=False)
class _People:
    """The people of an item: the codes (n,) of their roles and units, of the part both share, and their names.

    Without names people are told apart within their part by a number; beyond twice the largest k, more of them make no
    difference.
    """

    codes: dict[str, tuple[Codes, list[str]]]
    cells: Codes
    names: tuple[str, ...] | None
    most: int

    @classmethod
    def of(cls, rows: pd.DataFrame, rules: Rules, *, exact: bool) -> _People:
        codes, cells = {}, np.zeros(len(rows), dtype=np.int64)
        for name in ("role", "unit"):
            if name in rows:
                found, values = pd.factorize(rows[name], sort=True)
                codes[name] = np.asarray(found, dtype=np.int64), [str(value) for value in values]
                cells = cells * (len(values) + 1) + codes[name][0] + 1
        return cls(codes, cells, tuple(map(str, rows["respondent"])) if exact else None, 2 * rules.k("distribution"))

    def groups(self, values: Floats, figure: str, measure: str) -> tuple[list[Group], list[tuple[str, str, str]]]:
        """Everybody, then the roles and units with an answer, the largest first; with how they agree."""
        known = np.flatnonzero(~np.isnan(values))
        found = [("", "", known)] if len(known) else []
        for name, (codes, labels) in self.codes.items():
            parts = [(name, label, known[codes[known] == code]) for code, label in enumerate(labels)]
            found += sorted((part for part in parts if len(part[2])), key=lambda part: -len(part[2]))
        members = self._members(known)
        groups, kept = [], []
        for name, label, places in found:
            within = frozenset(members[place] for place in places.tolist() if place in members)
            given = values[places]
            yes_or_no = figure not in _FACTS and bool(np.isin(given, (0.0, 1.0)).all())
            kind: Kind = "distribution" if yes_or_no else "mean"
            said = _agreement(given, figure, everybody=not name)
            key = {name: label} if name else {}
            groups.append(Group(key, (measure,), len(within), kind, within, "modules", bool(said)))
            kept.append((name, label, said))
        return groups, kept

    def _members(self, known: Codes) -> dict[int, str]:
        """Names of those who answered, by their place."""
        if self.names is not None:
            return {place: next(iter(digests([self.names[place]]))) for place in known.tolist()}
        count: dict[int, int] = {}
        made = {}
        for place, cell in zip(known.tolist(), self.cells[known].tolist(), strict=True):
            count[cell] = number = count.get(cell, 0) + 1
            if number <= self.most:
                made[place] = f"{cell}.{number}"
        return made


def _agreement(values: Floats, figure: str, *, everybody: bool) -> str:
    """How a figure is given in which (nearly) all say the same: of everybody all but one, of a group nine in ten.

    All or nobody is a band; in a group any other mean on which people agree is withheld.
    """
    n = len(values)
    if figure in _FACTS or n == 0:
        return ""
    ends = int(max((values == 0.0).sum(), (values == 1.0).sum())) if figure in (*SHARES, "depth") else 0
    if ends >= n - 1 if everybody else 10 * ends >= _AGREED * n:
        return BAND
    if everybody or figure in SHARES:
        return ""
    most = int(np.unique(values, return_counts=True)[1].max())
    return WITHHELD if 10 * most >= _AGREED * n else ""


def hide(
    table: pd.DataFrame, grouping: str, figures: Sequence[str], found: Verdicts, rules: Rules
) -> tuple[pd.DataFrame, int]:
    """A table without what is withheld, with a column ``hidden`` that names it, and how much that was.

    Where nearly all agree, the share is missing, and the ends of its interval are those of a band.
    """
    groups = table[grouping].astype(str) if grouping else pd.Series("", index=table.index)
    keys = list(zip(groups, table["item"].astype(str), strict=True))
    made = table.copy()
    hidden: list[list[str]] = [[] for _ in keys]
    for figure in figures:
        said = [found.get((grouping, *key, figure), "") for key in keys]
        for names, verdict in zip(hidden, said, strict=True):
            names += [figure] if verdict else []
        gone = np.array([verdict == WITHHELD for verdict in said], dtype=bool)
        band = np.array([verdict == BAND for verdict in said], dtype=bool)
        most = band & (table[figure] > 50.0).to_numpy()
        made[f"n_{figure}"] = _count(table[f"n_{figure}"].where(~gone), rules)
        if figure == "used":
            untold = gone | band
        for name in (figure, f"{figure}_sd"):
            if name in made:
                made[name] = table[name].where(~(gone | band))
        for end, few, many in (("low", 0.0, 10.0 * _AGREED), ("high", 100.0 - 10.0 * _AGREED, 100.0)):
            column = table[f"{figure}_{end}"].where(~gone)
            made[f"{figure}_{end}"] = column.mask(most, many).mask(band & ~most, few)
    if "frequency" in figures:  # so many use it
        made["n_frequency"] = made["n_frequency"].where(~untold)
    made["n"] = _count(table["n"].where(table["n"] >= rules.k()), rules)
    return made.assign(hidden=[", ".join(names) for names in hidden]), sum(map(len, hidden))


def _count(column: pd.Series, rules: Rules) -> pd.Series:
    """Numbers of people as readers see them."""
    if rules.round_to == 1:
        return column.astype(float)
    return column.map(lambda n: float(rules.n_shown(int(n))), na_action="ignore").astype(float)
