"""Words of the study's own in the slots of its instruments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from crmstudy.administration.declaring import parts
from crmstudy.administration.declaring.studying import Declaration
from crmstudy.declared import Declared
from crmstudy.errors import InstrumentError, did_you_mean
from crmstudy.instrument import Instrument
from crmstudy.quoting import shown

Words = Mapping[str, Mapping[str, str | Mapping[str, str]]]


def fill_slots(doc: Declared, asked: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """The samples with the words of the file in every instrument that has a slot for them."""
    words = _read_words(doc)
    slots = {slot for sample in asked.values() for one in sample.instruments or () for slot in one.slots}
    whole = all(sample.instruments is not None for sample in asked.values())
    for slot in words:
        if slot not in slots and whole:
            hint = did_you_mean(slot, slots) or f" There are: {', '.join(sorted(slots)) or 'none'}."
            doc.refuse(f"words gives '{shown(slot)}', which is a slot of no instrument.{hint}", ("words", slot))
    done: dict[int, Instrument] = {}
    return {
        id: replace(sample, instruments=_filled(doc, sample.instruments, words, done)) for id, sample in asked.items()
    }


def _read_words(doc: Declared) -> dict[str, dict[str, str | Mapping[str, str]]]:
    words: dict[str, dict[str, str | Mapping[str, str]]] = {}
    for slot, where in parts.mapping(doc, ("words",), "a mapping of slots to words by language"):
        words[slot] = {}
        for tag, place in parts.mapping(doc, where, "a mapping of languages to words"):
            given = doc.get(place)
            fine = isinstance(given, str) or (
                isinstance(given, Mapping) and all(isinstance(one, str) for pair in given.items() for one in pair)
            )
            if not fine:
                doc.refuse(f"{parts.dotted(place)} must be a text, or its forms by name; put them in quotes.", place)
            elif not parts.worded(tag):
                hint = did_you_mean(tag, parts.WORDED) or f" Languages are: {', '.join(parts.WORDED)}."
                doc.refuse(f"{parts.dotted(where)} has a word in '{shown(tag)}', which is not offered.{hint}", place)
            else:
                words[slot][tag] = given
    return words


def _filled(
    doc: Declared, instruments: tuple[Instrument, ...] | None, words: Words, done: dict[int, Instrument]
) -> tuple[Instrument, ...] | None:
    """The instruments with their slots filled; each is filled once, so that samples share it."""
    if instruments is None:
        return None
    for one in instruments:
        if id(one) in done:
            continue
        done[id(one)] = one
        its = {
            slot: {tag: word for tag, word in by_language.items() if tag in one.languages}
            for slot, by_language in words.items()
            if slot in one.slots
        }
        try:
            done[id(one)] = one.filled(its) if its else one
        except InstrumentError as error:
            for fault in error.faults:
                doc.refuse(f"words: {fault.message}", ("words",))
    return tuple(done[id(one)] for one in instruments)
