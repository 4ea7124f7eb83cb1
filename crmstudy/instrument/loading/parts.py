"""What every part of an instrument file is made of: texts by language, origins, numbers, lists of ids."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from crmstudy.declared import Declared, Where
from crmstudy.errors import did_you_mean
from crmstudy.instrument.model import Fact, Language, Origin, Source


def read_facts(doc: Declared, where: Where, sources: Mapping[str, Source]) -> tuple[Fact, ...]:
    """Read published figures, each with its origin."""
    facts = []
    for index in range(len(read_list(doc, where))):
        place = (*where, index)
        if not doc.check_keys(place, required=["figure", "value"], optional=["n", "source", "unverified", "note"]):
            continue
        name = read_text(doc, (*place, "figure"))
        value = doc.get((*place, "value"))
        number = "value" in doc.get(place) and doc.check_type((*place, "value"), (int, float), "a number")
        n = read_whole(doc, (*place, "n")) if "n" in doc.get(place) else None
        facts.append(Fact(name, float(value) if number else 0.0, read_origin(doc, place, sources), n))
    return tuple(facts)


def read_origin(doc: Declared, where: Where, sources: Mapping[str, Source], *, needed: bool = True) -> Origin:
    """Read the source of a fact, or the mark that it is unverified: one of the two is needed."""
    found = doc.get(where)
    source, unverified = found.get("source"), found.get("unverified", False)
    if not isinstance(unverified, bool):
        doc.check_type((*where, "unverified"), bool, "true or false")
    if source is not None and source not in declared_names(doc, "sources"):
        hint = did_you_mean(str(source), sources)
        doc.refuse(f"there is no source '{source}'.{hint} Give its reference under sources.", (*where, "source"))
    if source is not None and unverified is True:
        doc.refuse("a fact has a source or is unverified, not both; keep one.", (*where, "unverified"))
    if needed and source is None and unverified is not True:
        name = ".".join(map(str, where))
        doc.refuse(f"{name} does not say where it comes from; add source: KEY, or unverified: true.", where)
    return Origin(source if isinstance(source, str) else None, unverified is True, read_text(doc, (*where, "note")))


def read_texts(
    doc: Declared, where: Where, languages: Mapping[str, Language], *, required: bool = False
) -> dict[str, str]:
    """Read texts by language; one that is not declared is a fault, one that is missing is left to lint."""
    value = doc.get(where)
    name = ".".join(map(str, where))
    if value is None and not required:
        return {}
    if not isinstance(value, Mapping) or not value:
        if value is not None:
            doc.refuse(f"{name} must give a text for each language, such as {{en: ...}}; found {value!r}.", where)
        return {}
    declared = declared_names(doc, "languages")
    texts = {}
    for tag, text in value.items():
        if tag not in declared:
            hint = did_you_mean(str(tag), languages) or f" Declared are: {', '.join(languages)}."
            doc.refuse(f"{name} has a text in '{tag}', which languages does not declare.{hint}", (*where, tag))
        elif not isinstance(text, str):
            message = f"{name}.{tag} must be a text; put numbers, yes, no, on and off in quotes; found {text!r}."
            doc.refuse(message, (*where, tag))
        else:
            texts[tag] = " ".join(text.split())
    return texts


def read_ids(doc: Declared, where: Where, noun: str, *, required: list[str], optional: list[str]) -> dict[str, Where]:
    """Read the ids of a list of mappings with their places; an id seen before is a fault."""
    found: dict[str, Where] = {}
    name = where[0]
    if name in doc.data and not doc.data[name]:
        doc.refuse(f"{name} is empty; define at least one {noun}.", where)
    for index in range(len(read_list(doc, where))):
        place = (*where, index)
        if not doc.check_keys(place, required=required, optional=optional):
            continue
        id = doc.get((*place, "id"))
        if id is None:
            continue
        if not isinstance(id, str) or not id.replace(".", "_").isidentifier():
            doc.refuse(
                f"{noun} ids are letters, digits, _ and ., not beginning with a digit; found {id!r}.",
                (*place, "id"),
            )
        elif id in found:
            first = doc.line((*found[id], "id"))
            doc.refuse(f"the {noun} '{id}' is defined twice (first in line {first}); rename one.", (*place, "id"))
        else:
            found[id] = place
    return found


def read_mapping(doc: Declared, where: Where, wanted: str = "") -> list[tuple[str, Where]]:
    """Keys of a mapping with their places; nothing, after a fault, when it is no mapping."""
    value = doc.get(where)
    name = ".".join(map(str, where))
    if value is None or value == {}:
        if wanted and name in doc.data:
            doc.refuse(f"{name} is empty; define {wanted}.", where)
        return []
    if not doc.check_type(where, dict, "a mapping of keys to values"):
        return []
    places: list[tuple[str, Where]] = []
    for key in value:
        if isinstance(key, str):
            places.append((key, (*where, key)))
        else:
            doc.refuse(f"the key {key!r} in {name} must be a text; put it in quotes.", where)
    return places


def declared_names(doc: Declared, section: str) -> list[object]:
    """Give the names defined in a section, even those whose definition has a fault (which is told once)."""
    value = doc.data.get(section)
    return list(value) if isinstance(value, Mapping) else []


def read_list(doc: Declared, where: Where) -> list[Any]:
    """Read a list; an empty one where there is nothing, or no list (a fault)."""
    value = doc.get(where)
    if value is None:
        return []
    return value if doc.check_type(where, list, "a list") else []


def read_whole(doc: Declared, where: Where) -> int | None:
    """Read a whole number; None where there is none, which for a wrong one is a fault."""
    parent = doc.get(where[:-1])
    if not isinstance(parent, Mapping) or where[-1] not in parent:
        return None  # a missing key has its own fault
    return doc.get(where) if doc.check_type(where, int, "a whole number") else None


def read_number(doc: Declared, where: Where) -> float | None:
    """Read a finite number; None where there is none, which for a wrong one is a fault."""
    parent = doc.get(where[:-1])
    if not isinstance(parent, Mapping) or where[-1] not in parent:
        return None  # a missing key has its own fault
    if not doc.check_type(where, (int, float), "a number"):
        return None
    value = float(doc.get(where))
    if not math.isfinite(value):
        doc.refuse(f"{'.'.join(map(str, where))} must be a number; found {value}.", where)
        return None
    return value


def read_text(doc: Declared, where: Where) -> str:
    """Read a text with its white space tidied; empty where there is none."""
    value = doc.get(where)
    if value is None:
        return ""
    return " ".join(value.split()) if doc.check_type(where, str, "a text") else ""
