"""The parts of ``administration.yaml``, each read with all its faults; what is left empty counts as left out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from crmstudy.administration.declaring import keys
from crmstudy.declared import Declared, Where
from crmstudy.errors import did_you_mean
from crmstudy.letters import digits, tidy
from crmstudy.quoting import shown

#: Languages in which pages, letters and messages are worded.
WORDED = ("en", "fa", "ru")
_YEARS = (2000, 2200)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]+")
_NAMED_ADDRESS = re.compile(r"[^\n<>@]*<(?P<address>[^\n<>]*)>")


def worded(tag: str) -> str:
    """The language of the pages for a language tag, ``fa`` for ``fa-IR``; empty where they are not worded in it."""
    base = tag.split("-")[0].lower()
    return base if base in WORDED else ""


def dotted(where: Where) -> str:
    """A place in words: ``samples.staff.opens``."""
    return ".".join(shown(step) for step in where)


def given(doc: Declared, where: Where) -> bool:
    """Whether something stands at a place."""
    return doc.get(where) is not None


def section(doc: Declared, where: Where, name: str) -> bool:
    """Whether a section is there and is a mapping; unknown and missing keys are refused."""
    if where and not given(doc, where):
        return False
    return doc.check_keys(where, required=keys.required(name), optional=keys.optional(name))


def mapping(doc: Declared, where: Where, wanted: str) -> list[tuple[str, Where]]:
    """The names of a mapping whose names are the user's own, with their places."""
    if not given(doc, where) or not doc.check_type(where, dict, wanted):
        return []
    places: list[tuple[str, Where]] = []
    for name in doc.get(where):
        if isinstance(name, str) and name.strip() == name != "":
            places.append((name, (*where, name)))
        else:
            message = (
                f"a name in {dotted(where)} must be a text; put {shown(repr(name))} in quotes, without blanks around."
            )
            doc.refuse(message, where)
    return places


def text(doc: Declared, where: Where) -> str:
    """A text of one line; empty where there is none."""
    if not given(doc, where) or not doc.check_type(where, str, "a text; put numbers, yes and no in quotes"):
        return ""
    return " ".join(tidy(doc.get(where)).split())


def flag(doc: Declared, where: Where, default: bool) -> bool:
    """True or false."""
    if not given(doc, where) or not doc.check_type(where, bool, "true or false"):
        return default
    return bool(doc.get(where))


def whole(doc: Declared, where: Where, low: int, high: int, default: int) -> int:
    """A whole number within bounds."""
    if not given(doc, where) or not doc.check_type(where, int, f"a whole number from {low} to {high}"):
        return default
    value = int(doc.get(where))
    if not low <= value <= high:
        doc.refuse(f"{dotted(where)} must be a whole number from {low} to {high}; found {value}.", where)
        return default
    return value


def choice(doc: Declared, where: Where, choices: Sequence[str], default: str) -> str:
    """One of some words."""
    if not given(doc, where) or not doc.check_choice(where, choices):
        return default
    return str(doc.get(where))


def words(doc: Declared, where: Where, wanted: str) -> list[tuple[str, Where]]:
    """A list of texts with their places; one that stands twice is refused."""
    if not given(doc, where) or not doc.check_type(where, list, f"a list of {wanted}, such as [a, b]"):
        return []
    found: dict[str, Where] = {}
    for index, word in enumerate(doc.get(where)):
        place = (*where, index)
        if not isinstance(word, str) or not word.strip():
            doc.refuse(f"{dotted(where)} is a list of {wanted}; found {shown(repr(word))}. Put it in quotes.", place)
        elif word in found:
            doc.refuse(f"{dotted(where)} names '{shown(word)}' twice; keep one.", place)
        else:
            found[word] = place
    return list(found.items())


def known(doc: Declared, word: str, where: Where, names: Sequence[str], what: str) -> bool:
    """Whether a word is one of some names; otherwise it is refused with the near miss."""
    if word in names:
        return True
    told = ", ".join(shown(name) for name in names[:12]) + (" ..." if len(names) > 12 else "")
    hint = did_you_mean(word, names) or f" There are: {told or 'none'}."
    doc.refuse(f"{dotted(where[:-1])} names '{shown(word)}', which is no {what}.{hint}", where)
    return False


def day(doc: Declared, where: Where) -> dt.date | None:
    """A day of the Gregorian calendar."""
    value = doc.get(where)
    if value is None:
        return None
    if isinstance(value, str):
        with suppress(ValueError):
            value = dt.date.fromisoformat(digits(value))
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        doc.refuse(f"{dotted(where)} must be a day such as 2027-12-31; found {shown(repr(value))}.", where)
        return None
    if not _YEARS[0] <= value.year <= _YEARS[1]:
        message = (
            f"{dotted(where)} is in the year {value.year}; days are written in the Gregorian calendar (2027-12-31)."
        )
        doc.refuse(message, where)
        return None
    return value


def texts(doc: Declared, where: Where, languages: Sequence[str], *, lines: bool = False) -> dict[str, str]:
    """Texts by language, those that are filled in; a plain text will do where one language is offered."""
    value = doc.get(where)
    if value is None:
        return {}
    if isinstance(value, str) and len(languages) == 1:
        return _filled({languages[0]: value}, lines)
    if not isinstance(value, Mapping):
        told = ", ".join(f"{tag}: ..." for tag in languages or WORDED)
        doc.refuse(f"{dotted(where)} must give a text for each language, as {{{told}}}; found {_told(value)}.", where)
        return {}
    found: dict[str, str] = {}
    for tag, one in value.items():
        place = (*where, tag)
        if tag not in WORDED and tag not in languages:
            hint = did_you_mean(str(tag), WORDED) or f" Languages are: {', '.join(WORDED)}."
            doc.refuse(f"{dotted(where)} has a text in '{shown(tag)}', which is not offered.{hint}", place)
        elif one is not None and not isinstance(one, str):
            doc.refuse(f"{dotted(place)} must be a text; put it in quotes; found {_told(one)}.", place)
        elif one is not None:
            found[tag] = one
    return _filled(found, lines)


def _filled(found: Mapping[str, str], lines: bool) -> dict[str, str]:
    tidied = {tag: tidy(one, tag) for tag, one in found.items()}
    if not lines:
        tidied = {tag: " ".join(one.split()) for tag, one in tidied.items()}
    return {tag: one.strip() for tag, one in tidied.items() if one.strip()}


def mail_address(doc: Declared, where: Where) -> str:
    """An address, with a name or without: ``Survey team <survey@example.org>``."""
    value = text(doc, where)
    named = _NAMED_ADDRESS.fullmatch(value)
    if value and not _ADDRESS.fullmatch(named["address"].strip() if named else value):
        doc.refuse(
            f"{dotted(where)} must be an address such as Name <name@example.org>; found '{shown(value)}'.", where
        )
        return ""
    return value


def _told(value: Any) -> str:
    kinds = {Mapping: "a mapping", list: "a list"}
    return next((said for kind, said in kinds.items() if isinstance(value, kind)), f"'{shown(value)}'")
