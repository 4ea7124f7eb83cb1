"""What may be shown of staff by role and unit: figures of few people, or of people who nearly all agree, are withheld.

Which of them is decided by :mod:`crmstudy.disclosure`, exactly, over all groups of a figure: everybody, the roles and
the units. Whether a function is there is a fact about the organisation; there agreement gives nobody away.

Figures of one item also tell of each other. The people who use it are the same in ``used`` (of those who have it) and
``adopted`` (of all), so that one of them gives their number away where the other hides it; and so does the mean of
``frequency``, which is over just these people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.modules.figures import IN_PERCENT, SHARES, Floats
from crmstudy.disclosure import Group, Kind, Ledger, Rules, digests

#: From so many tenths of a group on that say the same, a share is given as a band.
_AGREED = 9
#: Facts about the organisation, not about people.
_FACTS = ("available", "coverage")
#: Shares of people with the same people in the numerator.
_OTHER = {"used": "adopted", "adopted": "used"}
WITHHELD, BAND, SHARED = "withheld", "band", "shared"
Codes = np.ndarray[Any, np.dtype[np.int64]]
#: Grouping, group, item, figure -> ``withheld``, or ``band`` where only a band is given, ``shared`` where the band is
#: that of the other share of the same people; others are shown.
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
        bases = {np.ones(len(rows), dtype=bool).tobytes(): "n"}
        for figure in figures:
            measure = f"{prefix}{item}.{figure}"
            values = rows[figure].to_numpy(float)
            numbers = f"{prefix}{item}.people.{bases.setdefault((~np.isnan(values)).tobytes(), figure)}"
            groups, names = people.groups(values, figure, measure)
            before = tuple(group for group in releases if {measure, numbers} & set(group.measures))
            same = (
                tuple(names), tuple((group.n, group.members, group.kind) for group in groups),
                tuple((group.members, group.banded, numbers in group.measures) for group in before),
            )  # fmt: skip
            verdict = settled.get(same) if ledger is None else None
            if verdict is None:
                shown, after = _released(groups, numbers, Ledger(before), rules)
                releases += after
                verdict = settled[same] = [name[2] if one else WITHHELD for name, one in zip(names, shown, strict=True)]
            made |= {(*name[:2], str(item), figure): said for name, said in zip(names, verdict, strict=True) if said}
    return made | _linked(made), Ledger(tuple(releases))


def _released(
    groups: Sequence[Group], numbers: str, before: Ledger, rules: Rules
) -> tuple[list[bool], tuple[Group, ...]]:
    """Whether each group's figure is shown, and what comes into the ledger.

    With a figure goes the number of its people (it follows from an interval, too), and figures of the same people have
    the same: so the ledger has these numbers as a measure of their own, and a figure whose number would give away that
    of few is withheld. A band has no number.
    """
    decisions, after = before.release(groups, rules)
    told = [
        replace(group, measures=(numbers,), kind="mean") if decision.shown and not group.banded else None
        for group, decision in zip(groups, decisions, strict=True)
    ]
    counted, after = after.release([group for group in told if group is not None], rules)
    found = iter(counted)
    shown = [
        decision.shown and (group is None or next(found).shown)
        for decision, group in zip(decisions, told, strict=True)
    ]  # fmt: skip
    return shown, after.releases[len(before.releases) :]


def _linked(found: Verdicts) -> dict[tuple[str, str, str, str], str]:
    """What follows for the figures that would tell what another one hides."""
    more = {}
    for (*place, figure), said in found.items():
        if figure not in _OTHER:
            continue
        grouping, group, item = place
        other, often = (grouping, group, item, _OTHER[figure]), (grouping, group, item, "frequency")
        if said == WITHHELD:
            more[other] = WITHHELD
        elif other not in found:
            more[other] = SHARED
        if often not in found:
            more[often] = BAND
    return more


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

    All or nobody is a band; a mean on which people agree is a band of everybody, and withheld of a group.
    """
    n = len(values)
    if figure in _FACTS or n == 0:
        return ""

    def agree(same: int) -> bool:
        return same >= n - 1 if everybody else 10 * same >= _AGREED * n

    if figure in (*SHARES, "depth") and agree(int(max((values == 0.0).sum(), (values == 1.0).sum()))):
        return BAND
    if figure in SHARES or not agree(int(np.unique(values, return_counts=True)[1].max())):
        return ""
    return BAND if everybody else WITHHELD


def hide(
    table: pd.DataFrame, grouping: str, figures: Sequence[str], found: Verdicts, rules: Rules, tops: Mapping[str, float]
) -> tuple[pd.DataFrame, int]:
    """A table without what is withheld, with a column ``hidden`` that names it, and how much that was.

    Of what is given as a band the value is missing, and the ends of its interval are those of the band. ``tops`` are
    the largest values of the means. Numbers of people add up, bands do not: so the number of a group is told only where
    a figure of just these people is, and is no band.
    """
    groups = table[grouping].astype(str) if grouping else pd.Series("", index=table.index)
    keys = list(zip(groups, table["item"].astype(str), strict=True))
    made = table.copy()
    hidden: list[list[str]] = [[] for _ in keys]
    all_told = pd.Series(grouping == "", index=table.index)
    for figure in figures:
        said = pd.Series([found.get((grouping, *key, figure), "") for key in keys], index=table.index, dtype=object)
        for names, verdict in zip(hidden, said, strict=True):
            names += [figure] if verdict else []
        counted = (said != WITHHELD) & ((said != BAND) | (grouping == ""))
        made[f"n_{figure}"] = _count(table[f"n_{figure}"].where(counted), rules)
        all_told |= counted & (table[f"n_{figure}"] == table["n"])
        if figure == "used":
            untold = said != ""
        for name in (figure, f"{figure}_sd"):
            if name in made:
                made[name] = table[name].where(said == "")
        for end, of_band in zip(("low", "high"), _band(table, figure, said, tops), strict=True):
            made[f"{figure}_{end}"] = table[f"{figure}_{end}"].where(said == "", of_band.where(said != WITHHELD))
    if "frequency" in figures:  # so many use it
        made["n_frequency"] = made["n_frequency"].where(~untold)
    made["n"] = _count(table["n"].where(all_told & (table["n"] >= rules.k())), rules)
    if rules.round_to > 1:
        made = _rounded(made, figures, rules)
    return made.assign(hidden=[", ".join(names) for names in hidden]), sum(map(len, hidden))


def _band(
    table: pd.DataFrame, figure: str, said: pd.Series[Any], tops: Mapping[str, float]
) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """The ends of the bands in which a figure may be given: half a point of a mean, ten points of a percentage."""
    if figure in tops:
        low = np.minimum(np.floor(2.0 * table[figure]) / 2.0, tops[figure] - 0.5)
        return low, low + 0.5
    low = _tenth(table[figure])
    high = low + 10.0
    other = _OTHER.get(figure, "")
    if f"n_{other}" in table:
        share = table[f"n_{other}"] / table[f"n_{figure}"].where(table[f"n_{figure}"] > 0)
        theirs = _tenth(table[other])
        shared = said == SHARED
        low = low.mask(shared, np.minimum(theirs * share, 100.0))
        high = high.mask(shared, np.minimum((theirs + 10.0) * share, 100.0))
    return low, high


def _tenth(percents: pd.Series[Any]) -> pd.Series[Any]:
    """Where the ten points begin that hold a percentage; the first hold 10 too, the last begin with 90."""
    found: pd.Series[Any] = (np.floor(percents / 10.0) * 10.0).clip(upper=90.0)
    return found.where(percents > 10.0, percents * 0.0)


def _rounded(table: pd.DataFrame, figures: Sequence[str], rules: Rules) -> pd.DataFrame:
    """Figures that do not give the exact numbers of people away, and no deviation; bands to a percent or a tenth."""
    made = table.copy()
    for figure in figures:
        unit, decimals = (100.0, 0) if figure in IN_PERCENT else (1.0, 1)
        exact = table[figure].notna() & table[f"n_{figure}"].notna()
        for name in (figure, f"{figure}_low", f"{figure}_high"):
            shown = [
                rules.figure_shown(value, int(n), unit) if one else value
                for value, n, one in zip(table[name], table[f"n_{figure}"].fillna(0.0), exact, strict=True)
            ]
            made[name] = pd.Series(shown, index=table.index, dtype=float).where(exact, table[name].round(decimals))
    return made.assign(**{str(name): np.nan for name in made if str(name).endswith("_sd")})


def _count(column: pd.Series[Any], rules: Rules) -> pd.Series[Any]:
    """Numbers of people as readers see them."""
    if rules.round_to == 1:
        return column.astype(float)
    return column.map(lambda n: float(rules.n_shown(int(n))), na_action="ignore").astype(float)
