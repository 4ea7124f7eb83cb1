"""How each sample is asked: entry, waves, questions left out or put in random order, quotas, feedback, links."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import cast

from crmstudy.administration.declaring import keys, parts
from crmstudy.administration.declaring.logic import check_logic
from crmstudy.administration.declaring.modes import allowed
from crmstudy.administration.declaring.studying import Declaration
from crmstudy.administration.fieldwork import Entry, Kiosk, Linking, Quota, Sample, Unit, Wave
from crmstudy.declared import Declared, Where
from crmstudy.handover.head import Head, clashes, head_faults
from crmstudy.quoting import shown

ENTRIES = ("token", "open", "both")
LINKINGS = ("none", "self-made-code", "key-file")
UNFINISHED = ("discard", "keep")
_LONGEST_NAME = 64
_FAR = dt.date.max


def read_sample(
    doc: Declared,
    where: Where,
    declared: Declaration,
    languages: Sequence[str],
    units: Mapping[str, Unit],
    mode: str,
) -> Sample:
    """A sample of study.yaml and what ``administration.yaml`` says of it; ``where`` need not exist."""
    parts.section(doc, where, keys.SAMPLE)
    instruments = declared.instruments or ()
    entry = cast(Entry, parts.choice(doc, (*where, "entry"), ENTRIES, "open"))
    linked = "key-file" if allowed(mode, "linking-by-key-file") and entry != "open" else "none"
    linking = cast(Linking, parts.choice(doc, (*where, "linking"), LINKINGS, linked))
    attributes = tuple(name for name, _ in parts.words(doc, (*where, "attributes"), "names"))
    sample = Sample(
        id=declared.id,
        population=declared.population,
        instruments=instruments,
        entry=entry,
        waves=_read_waves(doc, where),
        rows=parts.whole(doc, (*where, "rows"), 2, 60, 10),
        refusal=parts.flag(doc, (*where, "refusal"), True),
        randomise=_named(doc, (*where, "randomise"), "instruments", declared, [one.id for one in instruments]),
        conditions={
            id: parts.text(doc, place) for id, place in _texts(doc, (*where, "conditions"), "conditions by item")
        },
        quotas=_read_quotas(doc, (*where, "quotas")),
        feedback=_read_feedback(doc, (*where, "feedback"), declared),
        attributes=attributes,
        self_made_code=linking == "self-made-code",
        unfinished="keep" if parts.choice(doc, (*where, "unfinished"), UNFINISHED, "discard") == "keep" else "discard",
        linking=linking,
        branch_links=parts.flag(doc, (*where, "branch_links"), False),
        kiosk=_read_kiosk(doc, (*where, "kiosk")),
        simulated=declared.simulated,
    )
    if sample.branch_links and entry == "token":
        message = f"{parts.dotted(where)}.branch_links is for open links; say entry: open or both, or take it off."
        doc.refuse(message, (*where, "branch_links"))
    if sample.branch_links and not units and not doc.get(("units",)):
        message = (
            f"{parts.dotted(where)}.branch_links signs each link with its unit, and there are no units; declare them."
        )
        doc.refuse(message, (*where, "branch_links"))
    for message in _name_faults(sample):
        doc.refuse(f"{parts.dotted(where)}: {message}", (*where, "attributes"))
    if declared.instruments is not None:
        check_logic(doc, where, sample, languages, tuple(units))
    return sample


def _read_waves(doc: Declared, where: Where) -> tuple[Wave, ...]:
    """The periods in which a sample is asked, each ended before the next begins."""
    if not parts.given(doc, (*where, "waves")):
        wave = Wave("", parts.day(doc, (*where, "opens")), parts.day(doc, (*where, "closes")))
        _check_order(doc, where, wave)
        return (wave,)
    for key in ("opens", "closes"):
        if parts.given(doc, (*where, key)):
            message = f"{parts.dotted(where)} has waves, each with its own {key}; take {key} off."
            doc.refuse(message, (*where, key))
    found: list[tuple[Wave, Where]] = []
    for id, place in parts.mapping(doc, (*where, "waves"), "a mapping of waves by name"):
        if len(id) > _LONGEST_NAME:
            doc.refuse(f"the name of a wave has at most {_LONGEST_NAME} letters; found '{shown(id)}'.", place)
        if parts.section(doc, place, keys.WAVE):
            wave = Wave(id, parts.day(doc, (*place, "opens")), parts.day(doc, (*place, "closes")))
            _check_order(doc, place, wave)
            found.append((wave, place))
        elif not parts.given(doc, place):
            found.append((Wave(id), place))
    if not found:
        doc.refuse(
            f"{parts.dotted(where)}.waves is empty; name at least one, or write opens and closes.", (*where, "waves")
        )
        return (Wave(),)
    for (before, _), (after, place) in pairwise(found):
        if (before.closes or _FAR) >= (after.opens or dt.date.min):
            ends = f"closes on {before.closes}" if before.closes else "never closes"
            begins = f"opens on {after.opens}" if after.opens else "says not when it opens"
            message = (f"the wave '{shown(before.id)}' {ends} and '{shown(after.id)}' {begins}; waves stand in their "
                       "order, and each closes before the next opens.")  # fmt: skip
            doc.refuse(message, place)
    return tuple(wave for wave, _ in found)


def _check_order(doc: Declared, where: Where, wave: Wave) -> None:
    if wave.opens and wave.closes and wave.closes < wave.opens:
        message = f"{parts.dotted(where)} closes on {wave.closes}, before it opens on {wave.opens}; change one of them."
        doc.refuse(message, (*where, "closes"))


def _texts(doc: Declared, where: Where, wanted: str) -> list[tuple[str, Where]]:
    """The names of a mapping of texts, those that are filled in."""
    found = parts.mapping(doc, where, f"a mapping of {wanted}")
    return [(name, place) for name, place in found if parts.given(doc, place)]


def _read_quotas(doc: Declared, where: Where) -> tuple[Quota, ...]:
    quotas = []
    for id, place in parts.mapping(doc, where, "a mapping of quotas by name"):
        if doc.check_keys(place, required=keys.required(keys.QUOTA)):
            when = parts.text(doc, (*place, "when"))
            limit = parts.whole(doc, (*place, "limit"), 1, 10**9, 1)
            for key in keys.required(keys.QUOTA):
                if key in doc.get(place) and not parts.given(doc, (*place, key)):
                    doc.refuse(f"{parts.dotted((*place, key))} is empty; fill it in.", (*place, key))
            quotas.append(Quota(id, when, limit))
    return tuple(quotas)


def _read_feedback(doc: Declared, where: Where, declared: Declaration) -> tuple[str, ...]:
    """Scales of the sample; one whose id two instruments have would be ambiguous."""
    owners: dict[str, list[str]] = {}
    for instrument in declared.instruments or ():
        for score in instrument.scores:
            owners.setdefault(score.id, []).append(instrument.id)
    chosen = _named(doc, where, "scales", declared, list(owners))
    for id in chosen:
        if len(owners.get(id, ())) > 1:
            message = (
                f"{parts.dotted(where)} names '{id}', which is a scale of {' and of '.join(owners[id])}; leave it out."
            )
            doc.refuse(message, where)
    return chosen


def _named(doc: Declared, where: Where, wanted: str, declared: Declaration, known: Sequence[str]) -> tuple[str, ...]:
    found = parts.words(doc, where, wanted)
    if declared.instruments is None:
        return tuple(word for word, _ in found)
    what = f"{wanted[:-1]} of the sample '{declared.id}'"
    return tuple(word for word, place in found if parts.known(doc, word, place, known, what))


def _read_kiosk(doc: Declared, where: Where) -> Kiosk | None:
    value = doc.get(where)
    if value is None or isinstance(value, bool):
        return Kiosk() if value else None
    if not doc.check_keys(where, optional=("idle_seconds", "thanks_seconds")):
        return None
    idle = parts.whole(doc, (*where, "idle_seconds"), 20, 3600, 120)
    return Kiosk(idle, parts.whole(doc, (*where, "thanks_seconds"), 3, 600, 15))


def _name_faults(sample: Sample) -> list[str]:
    """Attributes that are no names for columns, and names that would mean two things in the exported table."""
    head = Head("identified", "2026-01-01", 5, 0, (("any", "1", ""),), attributes=sample.attributes)
    wrong = head_faults(head)
    if "lang" in sample.attributes:
        wrong.append("the attribute 'lang' would be the language in conditions; choose another name.")
    return wrong + clashes(head, sample.instruments)
