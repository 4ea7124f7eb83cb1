"""A declared adaptation: items dropped, added or answered otherwise make a version of its own with its own key."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crmstudy.declared import Declared, Where, read_declared
from crmstudy.errors import InstrumentError, did_you_mean
from crmstudy.instrument.load import from_mapping
from crmstudy.instrument.loading.parts import read_list, read_mapping, read_text
from crmstudy.instrument.model import Instrument
from crmstudy.instrument.writing import to_mapping

_KEYS = ("drop", "add", "rescale", "min_answered", "id", "version", "reason")
_ADDED = ("after", "scale", "wording", "reverse", "response", "note")
#: What is published about a scale and holds for its published items only.
_PUBLISHED = ("published", "bands", "norms")


@dataclass(frozen=True, slots=True)
class Added:
    """An item to add: its id, the entry it comes after (empty: the end), its scale, wording, key and answers."""

    id: str
    after: str = ""
    scale: str = ""
    wording: Mapping[str, str] = field(default_factory=dict)
    reverse: bool = False
    response: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What an adaptation declares.

    ``rescale`` gives answer sets by name: the name of a shared set of the library, or one declared in full as in an
    instrument file. ``min_answered`` is by scale; where it is left out, the share of items is kept.
    """

    drop: tuple[str, ...] = ()
    add: tuple[Added, ...] = ()
    rescale: Mapping[str, Any] = field(default_factory=dict)
    min_answered: Mapping[str, int] = field(default_factory=dict)
    id: str = ""
    version: str = ""
    reason: str = ""
    file: str = "the adaptation"


def read_changes(path: str | Path) -> Changes:
    """Read a declared adaptation (YAML).

    The keys are ``drop`` (ids), ``add`` (``{id, after, scale, wording, reverse, response}``), ``rescale``
    (``{set: name of a shared set, or low, high and labels}``), ``min_answered`` (``{scale: number}``), ``id``,
    ``version`` and ``reason``.

    Raises
    ------
    InstrumentError
        With every fault and its line.
    """
    doc = read_declared(path, InstrumentError)
    if not doc.check_keys((), optional=_KEYS):
        doc.raise_faults()
    drop = tuple(id for i, id in enumerate(read_list(doc, ("drop",))) if doc.check_type(("drop", i), str, "an item id"))
    added = [_read_added(doc, ("add", i)) for i in range(len(read_list(doc, ("add",))))]
    rescale = {name: doc.get(where) for name, where in read_mapping(doc, ("rescale",))}
    fewest = {
        name: doc.get(where)
        for name, where in read_mapping(doc, ("min_answered",))
        if doc.check_type(where, int, "a whole number")
    }
    id, version, reason = (read_text(doc, (key,)) for key in ("id", "version", "reason"))
    if not (drop or added or rescale or fewest or doc.faults):
        doc.refuse("the adaptation changes nothing; name what it does under drop, add, rescale or min_answered.")
    doc.raise_faults()
    return Changes(drop, tuple(one for one in added if one), rescale, fewest, id, version, reason, file=Path(path).name)


def _read_added(doc: Declared, where: Where) -> Added | None:
    if not doc.check_keys(where, required=["id"], optional=_ADDED):
        return None
    given = doc.get(where)
    if "reverse" in given and not doc.check_type((*where, "reverse"), bool, "true or false"):
        return None
    wording: dict[str, str] = {}
    if "wording" in given and doc.check_type((*where, "wording"), dict, "a text for each language, such as {en: ...}"):
        wording = {tag: read_text(doc, place) for tag, place in read_mapping(doc, (*where, "wording"))}
    id, after, scale, response, note = (
        read_text(doc, (*where, key)) for key in ("id", "after", "scale", "response", "note")
    )
    return Added(id, after, scale, wording, bool(given.get("reverse", False)), response, note)


def adapt(base: Instrument, changes: Changes, *, id: str = "", version: str = "") -> tuple[dict[str, Any], list[str]]:
    """Apply an adaptation.

    Parameters
    ----------
    base : Instrument
        The instrument as published.
    changes : Changes
        What is declared.
    id, version : str
        Of the adapted instrument; those of ``changes`` when left out, then the id of the base and its version with
        ``-adapted`` behind it.

    Returns
    -------
    dict, list of str
        The adapted instrument as plain values in the layout of a file (texts of added items may still be missing), and
        a sentence for everything that follows from the changes.

    Raises
    ------
    InstrumentError
        With every item, scale, answer set and version that cannot be used.
    """
    faults = _faults(base, changes)
    data = copy.deepcopy(to_mapping(base))
    data["id"] = id or changes.id or base.id
    data["version"] = version or changes.version or f"{base.version}-adapted"
    if (data["id"], data["version"]) == (base.id, base.version):
        faults.append(
            f"an adaptation is a version of its own, and {base.id} {base.version} is the published one; give another "
            "--version (or version: in the adaptation)."
        )
    if faults:
        raise InstrumentError(faults)
    told: list[str] = []
    touched = _dropped(data, changes, told) | _added(base, data, changes, told) | _rescaled(base, data, changes, told)
    _tidy_scores(base, data, changes, touched, told)
    if data.pop("published", None) is not None and (changes.drop or changes.add):
        told.append("The published key was taken off: it describes the form before the adaptation.")
    data["adaptation"] = {"of": base.id, "version": base.version, "fingerprint": base.fingerprint}
    lists = {
        "dropped": list(changes.drop),
        "added": [one.id for one in changes.add],
        "rescaled": _ranges(base, changes),
    }
    data["adaptation"] |= {key: value for key, value in lists.items() if value}
    return _ordered(data), told


def _faults(base: Instrument, changes: Changes) -> list[str]:
    entries = [entry.id for entry in base.entries]
    faults = []
    for id in dict.fromkeys(changes.drop):
        if id not in entries:
            faults.append(f"drop names '{id}', which is no item of '{base.id}'.{did_you_mean(id, entries)}")
        if changes.drop.count(id) > 1:
            faults.append(f"drop names '{id}' twice; keep one.")
    left = [id for id in entries if id not in changes.drop]
    if all(entry.id in changes.drop for entry in base.asked):
        faults.append("every item would be dropped; an adaptation keeps some.")
    for one in changes.add:
        faults += _added_faults(base, one, left)
        left.append(one.id)
    for name in changes.rescale:
        if name not in base.responses:
            known = ", ".join(base.responses)
            faults.append(f"rescale names the answer set '{name}', which '{base.id}' has not.{_near(name, known)}")
    for name in changes.min_answered:
        if name not in base.scale_ids:
            faults.append(
                f"min_answered names '{name}', which is no scale of "
                f"'{base.id}'.{_near(name, ', '.join(base.scale_ids))}"
            )
    return faults


def _added_faults(base: Instrument, one: Added, there: list[str]) -> list[str]:
    faults = []
    if one.id in there or one.id in base.scale_ids:
        faults.append(f"add names '{one.id}', which there is already; choose another id.")
    if one.after and one.after not in there:
        faults.append(f"'{one.id}' is to come after '{one.after}', which is not there.{did_you_mean(one.after, there)}")
    if one.scale and one.scale not in base.scale_ids:
        faults.append(
            f"'{one.id}' is to belong to the scale '{one.scale}'.{_near(one.scale, ', '.join(base.scale_ids))}"
        )
    if one.response and one.response not in base.responses:
        faults.append(
            f"'{one.id}' is to be answered as '{one.response}'.{_near(one.response, ', '.join(base.responses))}"
        )
    unknown = [tag for tag in one.wording if tag not in base.languages]
    if unknown:
        faults.append(f"'{one.id}' has a text in {', '.join(unknown)}, which '{base.id}' does not declare.")
    if one.reverse and not one.scale:
        faults.append(f"'{one.id}' is reversed but in no scale; name its scale.")
    return faults


def _near(name: str, known: str) -> str:
    return did_you_mean(name, known.split(", ")) or f" There are: {known or 'none'}."


def _dropped(data: dict[str, Any], changes: Changes, told: list[str]) -> set[str]:
    gone = set(changes.drop)
    data["items"] = [entry for entry in data["items"] if entry["id"] not in gone]
    data["reversed"] = [id for id in data["reversed"] if id not in gone]
    touched = set()
    for scale in data["scales"]:
        left = [id for id in scale["items"] if id not in gone]
        if len(left) < len(scale["items"]):
            touched.add(scale["id"])
            scale["items"], scale["before"] = left, len(scale["items"])
    empty = {scale["id"] for scale in data["scales"] if not scale["items"]}
    for id in sorted(empty):
        told.append(f"The scale '{id}' has no items left and was taken off.")
    data["scales"] = [scale for scale in data["scales"] if scale["id"] not in empty]
    _without_parts(data, empty, told)
    for section in data.get("sections", ()):
        section["items"] = [id for id in section["items"] if id not in gone]
    if "sections" in data:
        data["sections"] = [section for section in data["sections"] if section["items"]]
    return touched - empty


def _without_parts(data: dict[str, Any], gone: set[str], told: list[str]) -> None:
    """Take scales off the scores made of them."""
    kept = []
    for score in data.get("higher_order", ()):
        left = [id for id in score["parts"] if id not in gone]
        if len(left) < 2:
            told.append(f"The score '{score['id']}' has fewer than two scales left and was taken off.")
            continue
        if len(left) < len(score["parts"]):
            score["min_answered"] = _in_proportion(score["min_answered"], len(score["parts"]), len(left))
            told.append(
                f"The score '{score['id']}' is made of {len(left)} scales now, at least {score['min_answered']} scored."
            )
            score["parts"] = left
            if "reversed_parts" in score:
                score["reversed_parts"] = [id for id in score["reversed_parts"] if id not in gone]
        kept.append(score)
    data.pop("higher_order", None)
    if kept:
        data["higher_order"] = kept


def _added(base: Instrument, data: dict[str, Any], changes: Changes, told: list[str]) -> set[str]:
    touched = set()
    for one in changes.add:
        entry: dict[str, Any] = {"id": one.id, "response": one.response or _response_for(base, one, told)}
        shown_as = {item.slider for item in base.items if item.response.id == entry["response"]}
        if shown_as == {True}:
            entry["type"] = "slider"
        if not one.scale:
            entry["unscored"] = True
            told.append(f"'{one.id}' was added and is in no scale, so it is never scored.")
        if one.wording:
            entry["wording"] = dict(one.wording)
        if one.note:
            entry["note"] = one.note
        places = [known["id"] for known in data["items"]]
        place = places.index(one.after) + 1 if one.after else len(places)
        data["items"].insert(place, entry)
        if one.reverse:
            data["reversed"].append(one.id)
        for scale in data["scales"]:
            if scale["id"] == one.scale:
                scale.setdefault("before", len(scale["items"]))
                scale["items"].append(one.id)
                touched.add(scale["id"])
        for section in data.get("sections", ()):
            if one.after in section["items"]:
                section["items"].insert(section["items"].index(one.after) + 1, one.id)
                break
        else:
            if data.get("sections"):
                data["sections"][-1]["items"].append(one.id)
    return touched


def _response_for(base: Instrument, one: Added, told: list[str]) -> str:
    """The answers of an added item: those of its scale, or of the entry before it."""
    pool = base.scale(one.scale).items if one.scale else base.items
    near = next((item for item in base.items if item.id == one.after), None)
    item = near if near is not None and (not one.scale or near in pool) else pool[0]
    told.append(f"'{one.id}' is answered as '{item.id}' is ({item.response.id}).")
    return item.response.id


def _rescaled(base: Instrument, data: dict[str, Any], changes: Changes, told: list[str]) -> set[str]:
    for name, given in changes.rescale.items():
        data["responses"][name] = copy.deepcopy(given)
        uses = [item.id for item in base.items if item.response.id == name and item.id not in changes.drop]
        told.append(f"{len(uses)} items are answered on other steps ('{name}').")
    used = {item.id for item in base.items if item.response.id in changes.rescale}
    return {scale["id"] for scale in data["scales"] if used & set(scale["items"])}


def _tidy_scores(base: Instrument, data: dict[str, Any], changes: Changes, touched: set[str], told: list[str]) -> None:
    """What follows for scales whose items or answers changed, and for the scores made of them."""
    for scale in data["scales"]:
        before = scale.pop("before", len(scale["items"]))
        id, now = scale["id"], len(scale["items"])
        if id in changes.min_answered:
            scale["min_answered"] = changes.min_answered[id]
        elif before != now:
            scale["min_answered"] = _in_proportion(base.scale(id).min_answered, before, now)
            told.append(
                f"The scale '{id}' has {now} items now, not {before}; at least "
                f"{scale['min_answered']} must be answered."
            )
        if id in touched:
            _unpublish(scale, told)
    for score in data.get("higher_order", ()):
        changed = any(s.id == score["id"] and list(s.part_ids) != score["parts"] for s in base.higher_order)
        if changed or touched & set(score["parts"]):
            _unpublish(score, told)


def _unpublish(score: dict[str, Any], told: list[str]) -> None:
    gone = [key for key in _PUBLISHED if score.pop(key, None)]
    if gone:
        said = ", ".join({"published": "published figures"}.get(key, key) for key in gone)
        told.append(f"Taken off '{score['id']}', because they hold for its published form only: {said}.")


def _in_proportion(fewest: int, before: int, now: int) -> int:
    """The smallest number of answers that keeps the share of the items."""
    return min(max(math.ceil(fewest / before * now - 1e-9), 1), now)


def _ranges(base: Instrument, changes: Changes) -> dict[str, str]:
    said = {}
    for name, given in changes.rescale.items():
        old = base.responses[name]
        new = (
            given
            if isinstance(given, str)
            else f"{given.get('low')} to {given.get('high')}"
            if isinstance(given, dict)
            else "?"
        )
        said[name] = f"{old.shared or f'{old.low} to {old.high}'} -> {new}"
    return said


def _ordered(data: dict[str, Any]) -> dict[str, Any]:
    """The keys in the order of a file: the adaptation stands after the wording."""
    made = data.pop("adaptation")
    ordered: dict[str, Any] = {}
    for key, value in data.items():
        ordered[key] = value
        if key == "wording":
            ordered["adaptation"] = made
    return ordered


def adapted(base: Instrument, changes: Changes, *, id: str = "", version: str = "") -> tuple[Instrument, list[str]]:
    """The adapted instrument with our own wording, and what follows; raises as :func:`adapt` and for missing texts."""
    data, told = adapt(base, changes, id=id, version=version)
    return from_mapping(data, changes.file), told
