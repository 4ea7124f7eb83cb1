"""Words of a questionnaire that whoever uses it fills in: the name of a system, an organisation, a change.

A text marks them as ``{system}`` or, where the language inflects, ``{system:gen}``. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

#: The forms of a slot by language, the first of which is meant where a text names none. Persian: before a complement
#: stands the ezafe form. Russian: six cases.
FORMS: dict[str, tuple[str, ...]] = {
    "fa": ("base", "ezafe"),
    "ru": ("nom", "gen", "dat", "acc", "ins", "pre"),
}
_PLAIN = ("base",)
_MARK = re.compile(r"\{(?P<slot>[a-z][a-z0-9_]*)(?::(?P<form>[a-z]+))?\}")
_SENTENCE_END = re.compile(r"(^|[.!?؟…]\s+)[«\"“(]?$")


@dataclass(frozen=True, slots=True)
class Slot:
    """A word to fill in: what it stands for, and its forms by language (defaults, or what a user gave)."""

    id: str
    description: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def forms_of(tag: str) -> tuple[str, ...]:
    """The forms a slot has in a language; the first is the one that is meant by ``{slot}``."""
    return FORMS.get(tag.split("-")[0], _PLAIN)


def marks_in(text: str) -> Iterator[tuple[str, str]]:
    """Slot and form ("" for the first) of every mark in a text."""
    for found in _MARK.finditer(text):
        yield found["slot"], found["form"] or ""


def fill(text: str, slots: Mapping[str, Slot], tag: str) -> str:
    """Put the words in; a mark of no known slot or form stays as it stands, and a sentence begins with a capital."""

    def word(found: re.Match[str]) -> str:
        slot = slots.get(found["slot"])
        given = slot.forms.get(tag, {}) if slot else {}
        said = given.get(found["form"] or forms_of(tag)[0])
        if said is None:
            return found[0]
        begins = _SENTENCE_END.search(text[: found.start()])
        return said[:1].upper() + said[1:] if begins else said

    return _MARK.sub(word, text)
