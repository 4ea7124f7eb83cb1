"""Everything a study has shown about groups, and whether one more figure may be shown beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal

from crmstudy.disclosure.certificates import Table, bits, common, pairs
from crmstudy.disclosure.rules import KINDS, Kind, Rules, is_count
from crmstudy.disclosure.span import Row, gives_few, in_span
from crmstudy.errors import DataError, did_you_mean

Reason = Literal["", "small", "difference", "overlap", "undecided"]
#: Conditions whose values do not exclude each other: the people of two filters, files or waves may be the same.
OVERLAPPING = frozenset({"filter", "file", "wave", "snapshot"})
_TIMES = frozenset({"file", "wave", "snapshot"})
#: Figures that tell more of each answer than a mean.
_TOLD = frozenset({"distribution", "text"})
#: Rows squared times places: more is not searched, and nothing ruled out.
_MOST_WORK = 4_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people of whom figures are to be shown, or were.

    ``key`` are its conditions (``{"unit": "North", "role": "sales"}``; none: everybody). ``measures`` are the variables
    whose figures are about exactly these people. ``members`` are ids or digests of the people where they are known, and
    ``source`` says where these ids mean the same person (a file, or the column that identifies people in several).
    ``banded``: the answers (nearly) agree, so the figure is to be given as a band; what is shown beside it must not let
    it be computed.
    """

    key: Mapping[str, str]
    measures: tuple[str, ...]
    n: int
    kind: Kind = "mean"
    members: frozenset[str] | None = None
    source: str = ""
    banded: bool = False

    def __post_init__(self) -> None:
        if self.members is not None and len(self.members) != self.n:
            raise DataError(f"the group {self.name} has n = {self.n} but {len(self.members)} members; give all, once.")
        object.__setattr__(self, "key", dict(self.key))

    @property
    def name(self) -> str:
        """Its conditions in words."""
        return ", ".join(f"{name} {value}" for name, value in self.key.items()) or "everybody"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a figure of a group is shown, and if not why: a ``reason`` and a ``sentence``.

    Reasons: ``small`` (fewer than k), ``difference`` (with what is shown it would give a figure of fewer than k, or of
    a group that is banded), ``overlap`` (the people are not known and might be nearly those of a group shown before),
    ``undecided`` (there are too many combinations to rule a difference out).
    """

    group: Group
    measure: str
    reason: Reason = ""
    sentence: str = ""

    @property
    def shown(self) -> bool:
        """True when the figure may be shown."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that was shown about groups, so that what comes next is measured against it.

    A value: :meth:`release` gives the decisions and the ledger that has what was allowed. A second run over the same
    data decides the same.
    """

    releases: tuple[Group, ...] = ()

    def release(self, groups: Iterable[Group], rules: Rules | None = None) -> tuple[tuple[Decision, ...], Ledger]:
        """Decide which figures are shown, in the order given: what comes first is shown first.

        Parameters
        ----------
        groups : iterable of Group
            Totals before parts, large groups before small ones, so that the smallest are withheld.
        rules : Rules, optional

        Returns
        -------
        tuple of Decision, Ledger
            A decision for each measure of each group, groups in the order given; and the ledger with what is shown.
        """
        rules, asked = rules or Rules(), tuple(groups)
        found = {
            (place, measure): Decision(group, measure, "small", _small(group, rules))
            for place, group in enumerate(asked)
            for measure in (group.measures if group.n < rules.k(group.kind) else ())
        }
        large = [place for place, group in enumerate(asked) if group.n >= rules.k(group.kind)]
        for measures in _families((*self.releases, *(asked[place] for place in large))):
            before = [group for group in self.releases if measures[0] in group.measures]
            state = _Shown(rules, before)
            places = [place for place in large if measures[0] in asked[place].measures]
            for place in sorted(places, key=lambda place: not asked[place].banded):
                reason, sentence = state.ask(asked[place])
                for measure in measures:
                    found[place, measure] = Decision(asked[place], measure, reason, sentence)
        decisions = tuple(found[place, measure] for place, group in enumerate(asked) for measure in group.measures)
        return decisions, Ledger((*self.releases, *_news(self.releases, asked, found)))

    def to_records(self) -> list[dict[str, Any]]:
        """The ledger as plain values for JSON."""
        return [
            {
                "key": dict(group.key), "measures": list(group.measures), "n": group.n, "kind": group.kind,
                "members": None if group.members is None else sorted(group.members), "source": group.source,
                "banded": group.banded,
            }
            for group in self.releases
        ]  # fmt: skip

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]]) -> Ledger:
        """The ledger that :meth:`to_records` wrote; DataError with every fault when it is not one."""
        faults: list[str] = []
        groups: list[Group] = []
        for place, record in enumerate(records, start=1):
            wrong = _record_faults(record)
            if wrong:
                faults += [f"entry {place} of the ledger: {fault}" for fault in wrong]
                continue
            members = record["members"]
            groups.append(
                Group(
                    record["key"], tuple(record["measures"]), record["n"], record["kind"],
                    None if members is None else frozenset(members), record["source"], record["banded"],
                )
            )  # fmt: skip
        if faults:
            raise DataError(faults)
        return cls(tuple(groups))


def digests(ids: Iterable[object], salt: str = "") -> frozenset[str]:
    """Ids as digests, so that a ledger holds no names. Who knows the salt and the ids can make them again."""
    return frozenset(sha256(f"{salt}\x00{id}".encode()).hexdigest()[:20] for id in ids)


class _Shown:
    """What is shown of one measure: who is in which figure, and what can be computed from them."""

    def __init__(self, rules: Rules, earlier: Iterable[Group]) -> None:
        self.rules = rules
        self.releases: list[Group] = []
        #: By source: the groups whose people are known, for each person in which of them (bits), how many share bits.
        self.known: dict[str, list[Group]] = {}
        self.masks: dict[str, dict[str, int]] = {}
        self.sizes: dict[str, Counter[int]] = {}
        self.tables: dict[str, Table] = {}
        for group in earlier:
            self._add(group)

    def _add(self, group: Group) -> None:
        self.releases.append(group)
        if group.members is None:
            return
        known = self.known.setdefault(group.source, [])
        masks = self.masks.setdefault(group.source, {})
        sizes = self.sizes.setdefault(group.source, Counter())
        if group.source in self.tables:
            cells = {masks.get(member, 0) for member in group.members}
            (cell, *others) = cells
            if others or not cell or sizes[cell] != group.n:
                del self.tables[group.source]
            else:
                self.tables[group.source].take_out(cell, group.n)
        for member in group.members:
            before = masks.get(member, 0)
            masks[member] = before | 1 << len(known)
            sizes[before] -= 1
            sizes[masks[member]] += 1
        known.append(group)

    def ask(self, group: Group) -> tuple[Reason, str]:
        """Decide about one group, and keep it when it is shown."""
        k = self.rules.k(group.kind)
        if any(_same(group, other) for other in self.releases):
            return "", ""
        for other in self.releases:
            few = max(k, self.rules.k(other.kind))
            if not _apart(group, other) and _may_differ_by_few(group, other, few):
                return "overlap", (
                    f"The group {group.name} might differ from the group {other.name}, shown before, in fewer than "
                    f"{few} people; where it is known who they are, this can be settled."
                )
        left = self._remainder(group)
        if left:
            return "difference", left
        reason = "" if group.members is None else self._computed(group, group.members)
        if reason == "difference":
            return reason, f"With what else is shown, the group {group.name} would give a figure that is withheld."
        if reason:
            return reason, f"It is not ruled out that the group {group.name} would give a figure that is withheld."
        self._add(group)
        return "", ""

    def _remainder(self, group: Group) -> str:
        """Groups known by conditions only: a whole less all its shown parts by one more condition."""
        everything = [*self.releases, group]
        if all(each.members is not None for each in everything):
            return ""
        for whole in everything:
            parts: dict[str, dict[str, Group]] = {}
            for part in everything:
                more = set(part.key) - set(whole.key)
                if len(more) == 1 and whole.key.items() <= part.key.items() and not more & OVERLAPPING:
                    (name,) = more
                    parts.setdefault(name, {})[part.key[name]] = part
            for name, found in parts.items():
                few = max(self.rules.k(each.kind) for each in (whole, *found.values()))
                left = whole.n - sum(part.n for part in found.values())
                if 0 < left < few and any(each is group for each in (whole, *found.values())):
                    return f"The groups by {name} that are shown would leave fewer than {few} people of {whole.name}."
        return ""

    def _computed(self, group: Group, members: frozenset[str]) -> Reason:
        """Whether a figure of too few people, or one that is banded, could be computed with this group."""
        inside = Counter(self.masks.get(group.source, {}).get(member, 0) for member in members)
        proved = self._proved(group, inside)
        if proved is not None:
            return proved
        everything = [*self.known.get(group.source, []), group]
        rows, weights = self._rows(group, inside)
        if len(rows) ** 2 * len(weights) > _MOST_WORK:
            return "undecided"
        banded = [row for row, each in zip(rows, everything, strict=True) if each.banded]
        exact = [(row, each.kind) for row, each in zip(rows, everything, strict=True) if not each.banded]
        new = [row for row, _ in exact]
        old = new if group.banded else new[:-1]
        if group.banded:
            return "difference" if in_span(rows[-1], old) else ""
        if any(in_span(row, new) and not in_span(row, old) for row in banded):
            return "difference"
        means = [row for row, kind in exact if kind != "crossing"]
        told = [row for row, kind in exact if kind in _TOLD]
        reasons = [gives_few(new, old, [], weights, self.rules.k_means)]
        if any(kind == "crossing" for _, kind in exact):
            reasons.append(gives_few(new, old, means, weights, self.rules.k_distributions))
        if group.kind in _TOLD:
            reasons.append(gives_few(told, told[:-1], [], weights, self.rules.k_distributions))
        return "difference" if "difference" in reasons else next((found for found in reasons if found), "")

    def _proved(self, group: Group, inside: Counter[int]) -> Reason | None:
        """What can be told without a search; None where that is nothing."""
        known, sizes = self.known.get(group.source, []), self.sizes.get(group.source, Counter())
        together = [*known, group]
        means = all(each.kind == "mean" for each in together)
        enough = self.rules.k_means if means else self.rules.k_distributions
        people = pairs(sizes, inside)
        if people >= (1 if group.banded else enough):
            return ""
        if group.banded:
            return None
        shared = common(inside)
        for place, each in enumerate(known):
            if not each.banded and 0 < group.n + each.n - 2 * shared[place] < self.rules.k_means:
                return "difference"
        if group.source not in self.tables:
            self.tables[group.source] = Table(sizes)
        table, exact = self.tables[group.source], not any(each.banded for each in known)
        if exact and group.kind not in _TOLD and table.follows(inside):
            return ""
        if not table.known or len(inside) > 1 or group.n < enough or 0 in inside:
            return None
        (cell,) = inside
        people += table.around(cell, sizes[cell], enough - people)
        if people >= enough:
            return ""
        return "difference" if exact and people and (means or group.kind == "crossing") else None

    def _rows(self, group: Group, inside: Counter[int]) -> tuple[list[Row], list[int]]:
        """Every shown group and the new one as a row over those who share all their groups, and how many these are."""
        sizes = Counter(self.sizes.get(group.source, {}))
        number = len(self.known.get(group.source, []))
        for mask, n in inside.items():
            sizes[mask] -= n
            sizes[mask | 1 << number] += n
        there = sorted(mask for mask, n in sizes.items() if mask and n > 0)
        rows: list[Row] = [{} for _ in range(number + 1)]
        for place, mask in enumerate(there):
            for number in bits(mask):
                rows[number][place] = 1
        return rows, [sizes[mask] for mask in there]


def _small(group: Group, rules: Rules) -> str:
    return f"The group {group.name} has fewer than {rules.k(group.kind)} people."


def _families(groups: Sequence[Group]) -> list[list[str]]:
    """Measures that share all their groups: one decision holds for them all."""
    places: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        for measure in group.measures:
            places.setdefault(measure, []).append(place)
    families: dict[tuple[int, ...], list[str]] = {}
    for measure, found in places.items():
        families.setdefault(tuple(found), []).append(measure)
    return list(families.values())


def _news(
    before: Sequence[Group], asked: Sequence[Group], found: Mapping[tuple[int, str], Decision]
) -> Iterator[Group]:
    """The groups as they enter the ledger: those shown, without what it has already."""
    kept = list(before)
    for place, group in enumerate(asked):
        measures = tuple(
            measure
            for measure in group.measures
            if found[place, measure].shown
            and not any(_same(group, other) and measure in other.measures for other in kept)
        )
        if measures:
            new = replace(group, measures=measures)
            kept.append(new)
            yield new


def _same(group: Group, other: Group) -> bool:
    """Whether a figure tells nothing beside another; where it is not known who they are, by conditions and count.

    People of two sources, such as two states of a file, are never taken to be the same: one may have come for another.
    """
    if group.banded != other.banded or group.n != other.n or (group.kind in _TOLD and other.kind not in _TOLD):
        return False
    if _both_known(group, other):
        return group.members == other.members
    if _of_two_sources(group, other):
        return False
    return _without_time(group) == _without_time(other)


def _both_known(group: Group, other: Group) -> bool:
    return group.members is not None and other.members is not None and group.source == other.source


def _of_two_sources(group: Group, other: Group) -> bool:
    return group.members is not None and other.members is not None and group.source != other.source


def _without_time(group: Group) -> dict[str, str]:
    return {name: value for name, value in group.key.items() if name not in _TIMES}


def _apart(group: Group, other: Group) -> bool:
    """Whether counts need not be compared: it is known who the people are, or the conditions exclude each other."""
    both = (set(group.key) & set(other.key)) - OVERLAPPING
    return _both_known(group, other) or any(group.key[name] != other.key[name] for name in both)


def _may_differ_by_few(group: Group, other: Group, few: int) -> bool:
    small, large = sorted((group, other), key=lambda each: each.n)
    nested = large.key.items() <= small.key.items() and not (set(small.key) - set(large.key)) & _TIMES
    return large.n - small.n < few and not (nested and small.n == large.n and not _of_two_sources(group, other))


def _record_faults(record: object) -> list[str]:
    names = {"key", "measures", "n", "kind", "members", "source", "banded"}
    if not isinstance(record, Mapping):
        return [f"a mapping is wanted, not {type(record).__name__}."]
    faults = [f"the key '{name}' is missing." for name in sorted(names - set(record))]
    faults += [f"unknown key '{name}'.{did_you_mean(str(name), names)}" for name in record if name not in names]
    if faults:
        return faults
    members, n = record["members"], record["n"]
    if not _texts(record["measures"]) or not record["measures"]:
        faults.append("`measures` is a list of names.")
    key = record["key"]
    if not isinstance(key, Mapping) or not _texts([*key.keys(), *key.values()]):
        faults.append("`key` is a mapping of texts to texts.")
    if not is_count(n) or n < 1:
        faults.append(f"`n` is a whole number from 1 on, not {n!r}.")
    if record["kind"] not in KINDS:
        faults.append(f"`kind` is one of {', '.join(KINDS)}, not {record['kind']!r}.")
    if members is not None and (not _texts(members) or len(set(members)) != n or len(members) != n):
        faults.append(f"`members` is null or a list of {n} different texts.")
    if not isinstance(record["source"], str) or not isinstance(record["banded"], bool):
        faults.append("`source` is a text and `banded` true or false.")
    return faults


def _texts(values: object) -> bool:
    return isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)
