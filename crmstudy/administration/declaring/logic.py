"""Conditions and quotas held against the questionnaire: they can be read, and look back, never ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmstudy.administration.declaring.parts import dotted
from crmstudy.administration.fieldwork import Sample
from crmstudy.administration.session.conditions import parse_condition
from crmstudy.administration.session.names import Kind, kinds
from crmstudy.declared import Declared, Where
from crmstudy.errors import StudyError, did_you_mean
from crmstudy.quoting import shown


def check_logic(doc: Declared, where: Where, sample: Sample, languages: Sequence[str], units: Sequence[str]) -> None:
    """Refuse conditions and quotas that cannot be read, name what is not there, or look ahead."""
    known = kinds(sample, languages=languages, units=units)
    asked_at = _places(sample)
    targets = _targets(sample)
    wanted: dict[str, frozenset[str]] = {}
    for id, text in sample.conditions.items():
        place = (*where, "conditions", id)
        if id not in targets:
            hint = did_you_mean(id, targets) or " Conditions belong to items, questions and sections."
            message = (
                f"{dotted((*where, 'conditions'))} names '{shown(id)}', which is asked nowhere in the sample.{hint}"
            )
            doc.refuse(message, place)
        elif len(targets[id]) > 1:
            message = (
                f"{dotted((*where, 'conditions'))} names '{shown(id)}', which {len(targets[id])} instruments have."
            )
            doc.refuse(f"{message} Name the items of the section.", place)
        names = _names(doc, place, text, known)
        if names is not None and id in targets:
            wanted[id] = names
    circles = _circles(wanted, targets)
    for id, names in wanted.items():
        _check_past(doc, (*where, "conditions", id), id, names, targets[id][0], asked_at, circles.get(id))
    for quota in sample.quotas:
        if quota.when:
            _names(doc, (*where, "quotas", quota.id, "when"), quota.when, known)


def _names(doc: Declared, where: Where, text: str, known: Mapping[str, Kind]) -> frozenset[str] | None:
    """The names a condition uses; None, after faults, where it cannot be read."""
    try:
        return parse_condition(text, known).names
    except StudyError as error:
        for fault in error.faults:
            doc.refuse(f"{dotted(where)}: {fault.message}", where)
        return None


def _targets(sample: Sample) -> dict[str, list[tuple[str, ...]]]:
    """What a condition can stand for: an entry, or the entries of a section; sections may bear one name twice."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for instrument in sample.instruments:
        for entry in instrument.entries:
            found.setdefault(entry.id, []).append((entry.id,))
    for instrument in sample.instruments:
        for section in instrument.sections:
            if section.id not in found or found[section.id][0] != (section.id,):
                found.setdefault(section.id, []).append(section.entries)
    return found


def _places(sample: Sample) -> dict[str, int]:
    """The place of every entry in the whole questionnaire; what conditions use keeps its place in a random order."""
    return {entry.id: place for place, entry in enumerate(entry for one in sample.instruments for entry in one.entries)}


def _circles(
    wanted: Mapping[str, frozenset[str]], targets: Mapping[str, Sequence[Sequence[str]]]
) -> dict[str, list[str]]:
    """For each condition that depends on itself, the way from it back to it."""
    leads: dict[str, set[str]] = {}
    for id, names in wanted.items():
        for entry in targets[id][0]:
            leads.setdefault(entry, set()).update(names)
    return {id: way for id in wanted for entry in targets[id][0] if (way := _way_back(entry, leads))}


def _way_back(start: str, leads: Mapping[str, set[str]]) -> list[str]:
    """The shortest way from a name back to it; empty where there is none."""
    came: dict[str, str] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        for name in sorted(leads.get(here, ())):
            if name == start:
                way = [here, start]
                while way[0] != start:
                    way.insert(0, came[way[0]])
                return way
            if name not in came:
                came[name] = here
                waiting.append(name)
    return []


def _check_past(
    doc: Declared,
    where: Where,
    id: str,
    names: frozenset[str],
    entries: Sequence[str],
    asked_at: Mapping[str, int],
    circle: Sequence[str] | None,
) -> None:
    """Refuse a condition that uses what is not answered yet when it is needed."""
    if circle:
        told = " -> ".join(shown(name) for name in circle[:12])
        doc.refuse(f"{dotted(where)} goes in a circle: {told}; a question cannot depend on itself.", where)
        return
    first = min((asked_at[entry] for entry in entries), default=0)
    for name in sorted(names & asked_at.keys()):
        if asked_at[name] >= first:
            message = f"{dotted(where)} uses '{shown(name)}', which is asked later than '{shown(id)}'"
            doc.refuse(f"{message}; only earlier answers count.", where)
