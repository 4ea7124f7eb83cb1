"""Two instruments side by side: what was added, dropped, moved or worded otherwise, and whether scores compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from crmstudy import letters
from crmstudy.instrument.model import HigherOrder, Instrument, Item, Question, ResponseFormat, Scale, Texts
from crmstudy.instrument.writing import to_mapping

#: Parts of an instrument in the order in which differences are told.
PARTS = (
    "head", "rights", "language", "item", "question", "response", "scale", "higher_order", "section", "slot", "text",
    "source",
)  # fmt: skip
#: What a difference does to the scores.
SCORES, WORDING, OTHER = "scores", "wording", "other"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the part and its id, what differs, and how it is in either (empty where there is nothing).

    ``touches`` is ``scores`` (the same answers are scored otherwise), ``wording`` (respondents read another text) or
    ``other``.
    """

    part: str
    subject: str
    what: str
    before: str
    after: str
    touches: str = OTHER

    def as_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return {
            "part": self.part, "subject": self.subject, "what": self.what, "before": self.before, "after": self.after,
            "touches": self.touches,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Differences:
    """Everything in which two instruments differ.

    ``same_scores`` names the scores that both compute alike from the same answers, ``other_scores`` those that both
    have and compute otherwise. ``verdict`` is ``same key`` (every score of the one is the same score in the other),
    ``partly`` or ``not comparable``; ``sentence`` says it, and what the wording adds.
    """

    found: tuple[Difference, ...]
    same_scores: tuple[str, ...]
    other_scores: tuple[str, ...]
    verdict: str
    sentence: str

    def __bool__(self) -> bool:
        return bool(self.found)


def compare(a: Instrument, b: Instrument) -> Differences:
    """Compare two instruments, part by part.

    Parameters
    ----------
    a, b : Instrument
        The one before and the one after. Where they were read from does not matter.

    Returns
    -------
    Differences
        False (as a condition) when there is no difference at all.

    Examples
    --------
    >>> from crmstudy.instrument import load_instrument
    >>> ecsi = load_instrument("ecsi")
    >>> compare(ecsi, ecsi).verdict
    'same key'
    """
    found = [
        *_head(a, b), *_rights(a, b), *_languages(a, b), *_entries(a, b), *_responses(a, b), *_scales(a, b),
        *_sections(a, b), *_slots(a, b), *_texts(a, b), *_sources(a, b),
    ]  # fmt: skip
    found.sort(key=lambda one: PARTS.index(one.part))
    same, other = _scores(a, b)
    return Differences(tuple(found), same, other, *_judged(a, b, found, same, other))


def _judged(
    a: Instrument, b: Instrument, found: list[Difference], same: tuple[str, ...], other: tuple[str, ...]
) -> tuple[str, str]:
    if replace(b, id=a.id, version=a.version).fingerprint == a.fingerprint:
        verdict, sentence = "same key", "Both give the same scores to the same answers."
    elif same and not other and {s.id for s in a.scores} == {s.id for s in b.scores}:
        verdict, sentence = (
            "same key",
            "Every score is computed alike from the same answers; what is not scored differs.",
        )
    elif same:
        verdict = "partly"
        sentence = f"Computed alike: {', '.join(same)}. Not comparable: {', '.join(other) or 'none'}"
        single = [s.id for s in (*a.scores, *b.scores) if s.id not in same and s.id not in other]
        sentence += f"; in one of them only: {', '.join(dict.fromkeys(single))}." if single else "."
    else:
        verdict, sentence = "not comparable", "No score is computed alike in both; their scores cannot be compared."
    if verdict != "not comparable" and a.wording != b.wording:
        sentence += (
            f" The wording is {a.wording} in the one and {b.wording} in the other, so a difference between samples "
            "may be one of wording."
        )
    elif verdict != "not comparable" and any(one.touches == WORDING for one in found):
        sentence += " Some texts differ, so a difference between samples may be one of wording."
    return verdict, sentence


def _scores(a: Instrument, b: Instrument) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Scores that both have: those computed alike, and the others."""
    ours, theirs = {s.id: s for s in a.scores}, {s.id: s for s in b.scores}
    both = [id for id in ours if id in theirs]
    same = tuple(id for id in both if _keyed(ours[id]) == _keyed(theirs[id]))
    return same, tuple(id for id in both if id not in same)


def _keyed(score: Scale | HigherOrder) -> object:
    """What decides the score of given answers; the order of the items does not."""
    if isinstance(score, HigherOrder):
        parts = sorted((part.id, _keyed(part)) for part in score.parts)
        return (score.method, score.min_answered, tuple(sorted(score.reversed_parts)), tuple(parts))
    items = sorted(
        (i.id, i.response.low, i.response.high, i.reverse, tuple(sorted(i.response.missing_codes))) for i in score.items
    )
    return (score.method, score.min_answered, score.rescale or (), tuple(items))


def _head(a: Instrument, b: Instrument) -> Iterator[Difference]:
    for what in ("id", "version", "respondent", "level", "wording"):
        touches = WORDING if what == "wording" else OTHER
        yield from _changed("head", "", what, getattr(a, what), getattr(b, what), touches)
    for what in ("name", "description", "instructions", "notes"):
        touches = WORDING if what == "instructions" else OTHER
        yield from _worded("head" if what != "instructions" else "text", what, what, getattr(a, what), getattr(b, what),
                           touches)  # fmt: skip
    made = [
        f"of {one.of} {one.version}, dropped {', '.join(one.dropped) or 'none'}, added {', '.join(one.added) or 'none'}"
        if (one := instrument.adaptation) is not None
        else ""
        for instrument in (a, b)
    ]
    yield from _changed("head", "", "adaptation", *made)


def _rights(a: Instrument, b: Instrument) -> Iterator[Difference]:
    for what in ("holder", "status", "statement", "evidence"):
        yield from _changed("rights", "", what, getattr(a.rights, what), getattr(b.rights, what))
    yield from _changed("rights", "", "source", _origin(a.rights.origin), _origin(b.rights.origin))


def _languages(a: Instrument, b: Instrument) -> Iterator[Difference]:
    for tag in dict.fromkeys([*a.languages, *b.languages]):
        ours, theirs = a.languages.get(tag), b.languages.get(tag)
        if ours is None or theirs is None:
            yield Difference("language", tag, "dropped" if theirs is None else "added", "", "", WORDING)
            continue
        for what in ("direction", "status", "translator", "source"):
            yield from _changed("language", tag, what, getattr(ours, what) or "", getattr(theirs, what) or "")
        yield from _changed("language", tag, "validation", _shown(ours.validation), _shown(theirs.validation))


def _entries(a: Instrument, b: Instrument) -> Iterator[Difference]:
    ours, theirs = {e.id: e for e in a.entries}, {e.id: e for e in b.entries}
    scored = {id for instrument in (a, b) for scale in instrument.scales for id in scale.item_ids}
    for id, entry in ours.items():
        if id not in theirs:
            yield Difference(_part(entry), id, "dropped", _said(entry.wording), "", _touch(id, scored))
    for id, entry in theirs.items():
        if id not in ours:
            yield Difference(_part(entry), id, "added", "", _said(entry.wording), _touch(id, scored))
    yield from _moved(ours, theirs)
    for id, entry in ours.items():
        if id in theirs:
            yield from _entry(id, entry, theirs[id])


def _touch(id: str, scored: set[str]) -> str:
    return SCORES if id in scored else WORDING


def _moved(ours: Mapping[str, Item | Question], theirs: Mapping[str, Item | Question]) -> Iterator[Difference]:
    """Those of both that stand elsewhere among the others: as few as explain the new order."""
    before, after = [id for id in ours if id in theirs], [id for id in theirs if id in ours]
    if before == after:
        return
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    stayed = {id for block in blocks for id in before[block.a : block.a + block.size]}
    for id in before:
        if id not in stayed:
            yield Difference(_part(theirs[id]), id, "moved", str(ours[id].order), str(theirs[id].order), WORDING)


def _entry(id: str, ours: Item | Question, theirs: Item | Question) -> Iterator[Difference]:
    part = _part(theirs)
    shown_only = {ours.type, theirs.type} == {"single", "slider"}
    yield from _changed(part, id, "type", ours.type, theirs.type, WORDING if shown_only else SCORES)
    if isinstance(ours, Item) and isinstance(theirs, Item):
        yield from _changed(part, id, "key", _key(ours), _key(theirs), SCORES)
        yield from _changed(part, id, "answers", _range(ours.response), _range(theirs.response), SCORES)
        yield from _changed(part, id, "original number", ours.original, theirs.original)
        yield from _changed(part, id, "unscored", ours.unscored, theirs.unscored, SCORES)
        yield from _changed(part, id, "answer that shows attention", ours.expected, theirs.expected)
        yield from _changed(part, id, "shares", dict(ours.shares), dict(theirs.shares))
    elif isinstance(ours, Question) and isinstance(theirs, Question):
        yield from _changed(part, id, "answers", _range(ours.response), _range(theirs.response))
        yield from _changed(part, id, "bounds", (ours.low, ours.high), (theirs.low, theirs.high))
        yield from _changed(part, id, "places", ours.top, theirs.top)
    yield from _changed(part, id, "required", ours.required, theirs.required)
    yield from _changed(part, id, "construct", ours.construct, theirs.construct)
    yield from _changed(part, id, "note", ours.note, theirs.note)
    yield from _changed(part, id, "source", _origin(ours.origin), _origin(theirs.origin))
    yield from _worded(part, id, "wording", ours.wording, theirs.wording)


def _responses(a: Instrument, b: Instrument) -> Iterator[Difference]:
    """Answer sets: one that is named otherwise in both is no difference of its own."""
    for id in dict.fromkeys([*a.responses, *b.responses]):
        ours, theirs = a.responses.get(id), b.responses.get(id)
        if ours is None or theirs is None:
            yield Difference("response", id, "dropped" if theirs is None else "added", _range(ours), _range(theirs))
            continue
        yield from _changed("response", id, "answers", _range(ours), _range(theirs), SCORES)
        yield from _changed("response", id, "measure", ours.measure, theirs.measure)
        yield from _changed("response", id, "shared set", ours.shared, theirs.shared)
        for name, mine, yours in (
            ("label of", ours.labels, theirs.labels),
            ("label of missing code", ours.missing_labels, theirs.missing_labels),
        ):
            for value in sorted({*mine, *yours}):
                yield from _worded("response", id, f"{name} {value}", mine.get(value, {}), yours.get(value, {}))


def _scales(a: Instrument, b: Instrument) -> Iterator[Difference]:
    for part, mine, yours in (("scale", a.scales, b.scales), ("higher_order", a.higher_order, b.higher_order)):
        ours: dict[str, Scale | HigherOrder] = {s.id: s for s in mine}
        theirs: dict[str, Scale | HigherOrder] = {s.id: s for s in yours}
        for id in dict.fromkeys([*ours, *theirs]):
            if id not in theirs or id not in ours:
                yield Difference(part, id, "added" if id in theirs else "dropped", _members(ours.get(id)),
                                 _members(theirs.get(id)), SCORES)  # fmt: skip
            else:
                yield from _score(part, id, ours[id], theirs[id])


def _score(part: str, id: str, ours: Scale | HigherOrder, theirs: Scale | HigherOrder) -> Iterator[Difference]:
    what = "items" if isinstance(ours, Scale) else "parts"
    same_members = sorted(_member_ids(ours)) == sorted(_member_ids(theirs))
    yield from _changed(part, id, what, _members(ours), _members(theirs), OTHER if same_members else SCORES)
    yield from _changed(part, id, "method", ours.method, theirs.method, SCORES)
    yield from _changed(part, id, "min_answered", ours.min_answered, theirs.min_answered, SCORES)
    yield from _changed(part, id, "model", _model(ours), _model(theirs))
    if isinstance(ours, Scale) and isinstance(theirs, Scale):
        yield from _changed(part, id, "rescale", ours.rescale or "", theirs.rescale or "", SCORES)
    elif isinstance(ours, HigherOrder) and isinstance(theirs, HigherOrder):
        pair = [", ".join(sorted(score.reversed_parts)) for score in (ours, theirs)]
        yield from _changed(part, id, "reversed_parts", pair[0], pair[1], SCORES)
    yield from _changed(part, id, "construct", ours.construct, theirs.construct)
    yield from _worded(part, id, "name", ours.name, theirs.name, OTHER)
    yield from _worded(part, id, "higher_means", ours.higher_means, theirs.higher_means, OTHER)
    for name in ("published", "bands", "norms"):
        yield from _changed(part, id, name, _shown(getattr(ours, name)), _shown(getattr(theirs, name)))


def _sections(a: Instrument, b: Instrument) -> Iterator[Difference]:
    ours, theirs = {s.id: s for s in a.sections}, {s.id: s for s in b.sections}
    for id in dict.fromkeys([*ours, *theirs]):
        if id not in theirs or id not in ours:
            yield Difference("section", id, "added" if id in theirs else "dropped", "", "")
            continue
        before, after = ours[id], theirs[id]
        yield from _changed("section", id, "entries", ", ".join(before.entries), ", ".join(after.entries))
        yield from _changed("section", id, "randomise", before.randomise, after.randomise)
        yield from _worded("section", id, "title", before.title, after.title)
        yield from _worded("section", id, "text", before.text, after.text)


def _slots(a: Instrument, b: Instrument) -> Iterator[Difference]:
    for id in dict.fromkeys([*a.slots, *b.slots]):
        ours, theirs = a.slots.get(id), b.slots.get(id)
        if ours is None or theirs is None:
            yield Difference("slot", id, "dropped" if theirs is None else "added", "", "", WORDING)
            continue
        for tag in dict.fromkeys([*ours.forms, *theirs.forms]):
            pair = [dict(slot.forms.get(tag, {})) for slot in (ours, theirs)]
            yield from _changed("slot", id, f"default ({tag})", pair[0], pair[1], WORDING)
        yield from _worded("slot", id, "description", ours.description, theirs.description, OTHER)


def _texts(a: Instrument, b: Instrument) -> Iterator[Difference]:
    """Where the parts of an instrument come from, and its published key."""
    for part in dict.fromkeys([*a.provenance, *b.provenance]):
        pair = [_origin(one.provenance[part]) if part in one.provenance else "" for one in (a, b)]
        yield from _changed("source", part, "provenance", *pair)
    pair = [_shown(to_mapping(one).get("published", "")) for one in (a, b)]
    yield from _changed("source", "published", "published key", *pair)


def _sources(a: Instrument, b: Instrument) -> Iterator[Difference]:
    for key in dict.fromkeys([*a.sources, *b.sources]):
        pair = [f"{s.reference} {s.doi}".strip() if (s := one.sources.get(key)) else "" for one in (a, b)]
        yield from _changed("source", key, "reference", *pair)


def _changed(
    part: str, subject: str, what: str, before: object = "", after: object = "", touches: str = OTHER
) -> Iterator[Difference]:
    if before != after:
        yield Difference(part, subject, what, _shown(before), _shown(after), touches)


def _worded(
    part: str, subject: str, what: str, before: Texts, after: Texts, touches: str = WORDING
) -> Iterator[Difference]:
    """Texts by language; texts that only differ in how letters, digits and marks are written are said to."""
    for tag in dict.fromkeys([*before, *after]):
        ours, theirs = before.get(tag, ""), after.get(tag, "")
        if ours != theirs:
            alike = bool(ours) and letters.key(ours) == letters.key(theirs)
            name = f"{what} ({tag}{', spelling only' if alike else ''})"
            yield Difference(part, subject, name, ours, theirs, OTHER if alike else touches)


def _part(entry: Item | Question) -> str:
    return "item" if isinstance(entry, Item) else "question"


def _key(item: Item) -> str:
    return "reversed" if item.reverse else "not reversed"


def _range(response: ResponseFormat | None) -> str:
    if response is None:
        return ""
    codes = f", no answer: {', '.join(map(str, sorted(response.missing_codes)))}" if response.missing_codes else ""
    return f"{response.low} to {response.high}{codes}"


def _model(score: Scale | HigherOrder) -> str:
    return "reflective" if score.reflective else "formative"


def _member_ids(score: Scale | HigherOrder) -> tuple[str, ...]:
    return score.part_ids if isinstance(score, HigherOrder) else score.item_ids


def _members(score: Scale | HigherOrder | None) -> str:
    return "" if score is None else ", ".join(_member_ids(score))


def _origin(origin: Any) -> str:
    said = origin.source or ("unverified" if origin.unverified else "")
    return f"{said}: {origin.note}" if origin.note else said


def _said(texts: Texts) -> str:
    return next(iter(texts.values()), "")


def _shown(value: object) -> str:
    if value is None or value == () or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
