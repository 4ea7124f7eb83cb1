"""An instrument file (YAML) read into the model; every fault is reported at once, with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from crmstudy.declared import Declared, Where, read_declared
from crmstudy.errors import InstrumentError, did_you_mean
from crmstudy.instrument.model import (
    DIRECTIONS,
    METHODS,
    RESPONDENTS,
    RIGHTS,
    STATUSES,
    TOO_WIDE,
    WIDEST,
    WORDINGS,
    Fact,
    Instrument,
    Item,
    Language,
    Origin,
    PublishedKey,
    ResponseFormat,
    Rights,
    Scale,
    Source,
)
from crmstudy.instrument.norms import Band, Bands, NormGroup

FORMAT = 1
REQUIRED = (
    "crmstudy_instrument", "id", "version", "name", "respondent", "wording", "rights", "languages",
    "responses", "items", "reversed", "scales", "provenance",
)  # fmt: skip
OPTIONAL = ("description", "instructions", "sources", "published")
PARTS = ("structure", "content", "responses", "scoring", "reversed")
_INSTRUMENT_ID = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def read_instrument(path: str | Path) -> Instrument:
    """Read one instrument file.

    Raises
    ------
    InstrumentError
        When the file is missing, is not YAML, or does not describe an instrument; ``.faults`` has every fault
        with its line.
    """
    doc = read_declared(path, InstrumentError)
    if not doc.check_keys((), required=REQUIRED, optional=OPTIONAL):
        doc.raise_faults()
    _check_head(doc)
    sources = _read_sources(doc)
    languages = _read_languages(doc)
    responses = _read_responses(doc, languages)
    reverse = _read_reversed(doc)
    items = _read_items(doc, languages, responses, reverse, sources)
    scales = _read_scales(doc, languages, items, sources)
    rights = _read_rights(doc, sources)
    provenance = _read_provenance(doc, sources)
    published = _read_published(doc, items, sources)
    name = _read_texts(doc, ("name",), languages, required=True)
    description = _read_texts(doc, ("description",), languages)
    instructions = _read_texts(doc, ("instructions",), languages)
    doc.raise_faults()
    return Instrument(
        id=doc.data["id"],
        version=doc.data["version"],
        name=name,
        respondent=doc.data["respondent"],
        wording=doc.data["wording"],
        languages=languages,
        responses=responses,
        items=tuple(items.values()),
        scales=scales,
        rights=rights,
        provenance=provenance,
        sources=sources,
        published=published,
        description=description,
        instructions=instructions,
        path=Path(path),
    )


def _check_head(doc: Declared) -> None:
    if "crmstudy_instrument" in doc.data and doc.data["crmstudy_instrument"] != FORMAT:
        found = doc.data["crmstudy_instrument"]
        doc.refuse(f"crmstudy_instrument must be {FORMAT}, the format this version reads; found {found!r}.",
                   ("crmstudy_instrument",))  # fmt: skip
    if "id" in doc.data and not (isinstance(doc.data["id"], str) and _INSTRUMENT_ID.fullmatch(doc.data["id"])):
        doc.refuse(
            f"id must be small letters a-z, digits, - and _, such as crm-sty; found {doc.data['id']!r}.",
            ("id",),
        )
    version = doc.data.get("version", "1")
    if "version" in doc.data:
        doc.check_type(("version",), str, 'a text in quotes, such as "1.0"')
    if isinstance(version, str) and not re.fullmatch(r"[\w.+-]+", version):
        doc.refuse(f"version must be letters, digits and dots; found {version!r}.", ("version",))
    for key, choices in (("respondent", RESPONDENTS), ("wording", WORDINGS)):
        if key in doc.data:
            doc.check_choice((key,), choices)


def _read_sources(doc: Declared) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for key, where in _mapping(doc, ("sources",)):
        if not doc.check_keys(where, required=["reference"], optional=["doi"]):
            continue
        text = _text(doc, (*where, "reference"))
        sources[key] = Source(key, text, _text(doc, (*where, "doi")))
    return sources


def _read_languages(doc: Declared) -> dict[str, Language]:
    languages: dict[str, Language] = {}
    if "languages" in doc.data and not doc.data["languages"]:
        message = "languages is empty; add at least one, such as en: {direction: ltr, status: draft}."
        doc.refuse(message, ("languages",))
        return languages
    for tag, where in _mapping(doc, ("languages",)):
        if not _TAG.fullmatch(tag):
            doc.refuse(
                f"'{tag}' is not a language tag; write it as en, fa, ru or pt-BR (in quotes if needed).",
                where,
            )
        if not doc.check_keys(where, required=["direction", "status"]):
            continue
        fine = [
            doc.check_choice((*where, key), choices)
            for key, choices in (("direction", DIRECTIONS), ("status", STATUSES))
            if key in doc.get(where)
        ]
        if all(fine) and len(fine) == 2:
            languages[tag] = Language(tag, doc.get((*where, "direction")), doc.get((*where, "status")))
    return languages


def _read_responses(doc: Declared, languages: Mapping[str, Language]) -> dict[str, ResponseFormat]:
    formats: dict[str, ResponseFormat] = {}
    for id, where in _mapping(doc, ("responses",), wanted="at least one response format"):
        if not doc.check_keys(where, required=["low", "high"], optional=["labels", "missing_codes"]):
            continue
        low, high = _whole(doc, (*where, "low")), _whole(doc, (*where, "high"))
        if low is None or high is None:
            continue
        if low >= high:
            doc.refuse(f"the response format '{id}' runs from {low} to {high}; low must be below high.", where)
            continue
        if high - low > WIDEST:
            doc.refuse(f"the response format '{id}' runs from {low} to {high}; {TOO_WIDE}.", where)
            continue
        codes = _read_missing_codes(doc, (*where, "missing_codes"), low, high)
        labels = _read_labels(doc, (*where, "labels"), languages, low, high)
        formats[id] = ResponseFormat(id, low, high, labels, codes)
    return formats


def _read_missing_codes(doc: Declared, where: Where, low: int, high: int) -> tuple[int, ...]:
    codes = []
    for index, code in enumerate(_list(doc, where)):
        place = (*where, index)
        if not doc.check_type(place, int, "a whole number"):
            continue
        if low <= code <= high:
            doc.refuse(f"the missing code {code} lies inside the response range {low} to {high}.", place)
        elif code in codes:
            doc.refuse(f"the missing code {code} stands twice; keep one.", place)
        codes.append(code)
    return tuple(codes)


def _read_labels(
    doc: Declared, where: Where, languages: Mapping[str, Language], low: int, high: int
) -> dict[int, dict[str, str]]:
    labels: dict[int, dict[str, str]] = {}
    value = doc.get(where)
    if value is None:
        return labels
    if not doc.check_type(where, dict, "a mapping of answers to their labels"):
        return labels
    for answer in value:
        place = (*where, answer)
        if not isinstance(answer, int) or isinstance(answer, bool):
            doc.refuse(f"a label belongs to a whole number from {low} to {high}; found {answer!r}.", where)
        elif not low <= answer <= high:
            doc.refuse(f"the label of {answer} lies outside the response range {low} to {high}.", place)
        else:
            labels[answer] = _read_texts(doc, place, languages, required=True)
    return labels


def _read_reversed(doc: Declared) -> dict[str, int]:
    """Read the reversed ids with their places in the list."""
    reverse: dict[str, int] = {}
    if "reversed" in doc.data and doc.data["reversed"] is None:
        doc.refuse(
            "reversed must be a list of item ids; where no item is reversed, write reversed: [].",
            ("reversed",),
        )
    for index, id in enumerate(_list(doc, ("reversed",))):
        if not doc.check_type(("reversed", index), str, "an item id"):
            continue
        if id in reverse:
            doc.refuse(f"'{id}' is reversed twice; keep one.", ("reversed", index))
        reverse.setdefault(id, index)
    return reverse


def _read_items(
    doc: Declared,
    languages: Mapping[str, Language],
    responses: Mapping[str, ResponseFormat],
    reverse: Mapping[str, int],
    sources: Mapping[str, Source],
) -> dict[str, Item]:
    items: dict[str, Item] = {}
    optional = ["response", "wording", "note", "source", "unverified"]
    declared = _ids(doc, ("items",), "item", required=["id"], optional=optional)
    for id, where in declared.items():
        response = _read_response_of(doc, where, responses)
        wording = _read_texts(doc, (*where, "wording"), languages)
        if doc.data.get("wording") in ("paraphrase", "published") and not wording:
            doc.refuse(f"the item '{id}' has no wording, but the file says wording: {doc.data['wording']}.", where)
        if doc.data.get("wording") == "none" and wording:
            doc.refuse(f"the item '{id}' has a wording, but the file says wording: none.", where)
        origin = _read_origin(doc, where, sources, needed=False)
        note = _text(doc, (*where, "note"))
        items[id] = Item(id, len(items) + 1, response, id in reverse, wording, note, origin)
    for id, index in reverse.items():
        if id not in declared:
            hint = did_you_mean(id, declared) or " Add the item, or take it off the list."
            doc.refuse(f"reversed names '{id}', but there is no such item.{hint}", ("reversed", index))
    return items


def _read_response_of(doc: Declared, where: Where, responses: Mapping[str, ResponseFormat]) -> ResponseFormat:
    """Find the response format of an item; with a single format in the file it need not be named."""
    declared = _names(doc, "responses")
    name = doc.get((*where, "response"))
    stand_in = ResponseFormat("", 0, 1)  # only ever used in a file that is refused
    if name is None and len(declared) == 1:
        return next(iter(responses.values()), stand_in)
    if name is None:
        doc.refuse(f"the item '{doc.get((*where, 'id'))}' names no response format; add response: NAME.", where)
    elif name not in declared:
        hint = did_you_mean(str(name), declared)
        doc.refuse(f"there is no response format '{name}'.{hint} Define it under responses.", (*where, "response"))
    return responses.get(str(name), stand_in)


def _read_scales(
    doc: Declared, languages: Mapping[str, Language], items: Mapping[str, Item], sources: Mapping[str, Source]
) -> tuple[Scale, ...]:
    scales = []
    required = ["id", "name", "items", "method", "min_answered", "model"]
    for id, where in _ids(
        doc, ("scales",), "scale", required=required, optional=["published", "bands", "norms"]
    ).items():
        if id in items:
            doc.refuse(f"'{id}' is the id of a scale and of an item; rename one of them.", where)
        name = _read_texts(doc, (*where, "name"), languages, required=True)
        members = _read_members(doc, (*where, "items"), id, items)
        method: Literal["mean", "sum"] = "sum" if doc.get((*where, "method")) == "sum" else "mean"
        for key, choices in (("method", METHODS), ("model", ("reflective", "formative"))):
            if key in doc.get(where):
                doc.check_choice((*where, key), choices)
        smallest = _whole(doc, (*where, "min_answered"))
        listed = doc.get((*where, "items"))
        count = len(listed) if isinstance(listed, list) else 0
        if smallest is not None and (smallest < 1 or smallest > count > 0):
            message = f"min_answered of '{id}' must lie between 1 and its {count} items; found {smallest}."
            doc.refuse(message, (*where, "min_answered"))
        facts = _read_facts(doc, (*where, "published"), sources)
        reflective = doc.get((*where, "model")) != "formative"
        scale = Scale(id, name, members, method, smallest or 1, reflective, facts)
        bands = _read_bands(doc, (*where, "bands"), scale, languages, sources)
        norms = _read_norms(doc, (*where, "norms"), scale, languages, sources)
        scales.append(replace(scale, bands=bands, norms=norms))
    return tuple(scales)


def _read_members(doc: Declared, where: Where, scale: str, items: Mapping[str, Item]) -> tuple[Item, ...]:
    ids = _list(doc, where)
    if not ids and doc.get(where) is not None:
        doc.refuse(f"the scale '{scale}' has no items; name at least one.", where)
    members: dict[str, Item] = {}
    for index, id in enumerate(ids):
        if not isinstance(id, str) or id not in items:
            hint = did_you_mean(str(id), items) or " Add it under items."
            doc.refuse(f"the scale '{scale}' names the item '{id}', which does not exist.{hint}", (*where, index))
        elif id in members:
            doc.refuse(f"the scale '{scale}' names the item '{id}' twice; keep one.", (*where, index))
        else:
            members[id] = items[id]
    return tuple(members.values())


def _read_facts(doc: Declared, where: Where, sources: Mapping[str, Source]) -> tuple[Fact, ...]:
    facts = []
    for index in range(len(_list(doc, where))):
        place = (*where, index)
        if not doc.check_keys(place, required=["figure", "value"], optional=["n", "source", "unverified", "note"]):
            continue
        name = _text(doc, (*place, "figure"))
        value = doc.get((*place, "value"))
        number = "value" in doc.get(place) and doc.check_type((*place, "value"), (int, float), "a number")
        n = _whole(doc, (*place, "n")) if "n" in doc.get(place) else None
        facts.append(Fact(name, float(value) if number else 0.0, _read_origin(doc, place, sources), n))
    return tuple(facts)


def _read_bands(
    doc: Declared, where: Where, scale: Scale, languages: Mapping[str, Language], sources: Mapping[str, Source]
) -> Bands | None:
    """Read the bands of a score: ascending, without gaps or overlaps, over all scores there can be, with a source."""
    if doc.get(where) is None or not doc.check_keys(
        where, required=["ranges"], optional=["source", "unverified", "note"]
    ):
        return None
    origin = _read_origin(doc, where, sources)
    bands = []
    for index in range(len(_list(doc, (*where, "ranges")))):
        place = (*where, "ranges", index)
        if not doc.check_keys(place, required=["from", "to", "label"]):
            continue
        low, high = _number(doc, (*place, "from")), _number(doc, (*place, "to"))
        label = _read_texts(doc, (*place, "label"), languages, required=True)
        if low is None or high is None:
            continue
        if low > high:
            doc.refuse(f"a band of '{scale.id}' runs from {low:g} to {high:g}; from must not be above to.", place)
            continue
        bands.append((Band(low, high, label), place))
    if not bands and doc.get((*where, "ranges")) is not None:
        doc.refuse(f"the bands of '{scale.id}' have no ranges; name at least one.", where)
    _check_bands(doc, where, scale, bands)
    return Bands(tuple(band for band, _ in bands), origin.source, origin.note)


def _check_bands(doc: Declared, where: Where, scale: Scale, bands: list[tuple[Band, Where]]) -> None:
    """Refuse bands that leave out or share scores."""
    step = 1.0 if scale.method == "sum" else 1.0 / max(len(scale.items), 1)
    for (before, _), (after, place) in pairwise(bands):
        said = (
            f"the bands of '{scale.id}' from {before.low:g} to {before.high:g} and from {after.low:g} to {after.high:g}"
        )
        shared = after.low <= before.high if scale.method == "sum" else after.low < before.high
        if after.low <= before.low:
            doc.refuse(f"{said} are not in ascending order; sort them.", place)
        elif shared:
            doc.refuse(f"{said} overlap; a score belongs to one band only.", place)
        elif after.low - before.high > step + 1e-9:
            doc.refuse(f"{said} leave a gap; every score belongs to a band.", place)
    if not bands or not scale.items:
        return
    low, high = scale.range
    if bands[0][0].low > low + 1e-9:
        doc.refuse(f"the bands of '{scale.id}' begin at {bands[0][0].low:g}, but scores begin at {low:g}.", where)
    if bands[-1][0].high < high - 1e-9:
        doc.refuse(f"the bands of '{scale.id}' end at {bands[-1][0].high:g}, but scores end at {high:g}.", where)


def _read_norms(
    doc: Declared, where: Where, scale: Scale, languages: Mapping[str, Language], sources: Mapping[str, Source]
) -> tuple[NormGroup, ...]:
    """Read norm groups: each with a population, a source, and a mean with its deviation, percentile ranks or both."""
    norms: dict[str, NormGroup] = {}
    optional = ["n", "mean", "sd", "ranks", "source", "unverified", "note"]
    for index in range(len(_list(doc, where))):
        place = (*where, index)
        if not doc.check_keys(place, required=["id", "population"], optional=optional):
            continue
        declared = doc.get(place)
        id = _text(doc, (*place, "id"))
        if id in norms:
            doc.refuse(f"the norm group '{id}' of '{scale.id}' is defined twice; rename one.", (*place, "id"))
        origin = _read_origin(doc, place, sources)
        population = _read_texts(doc, (*place, "population"), languages, required=True)
        mean, sd = (_number(doc, (*place, key)) if key in declared else None for key in ("mean", "sd"))
        if ("mean" in declared) != ("sd" in declared):
            doc.refuse(f"the norm group '{id}' of '{scale.id}' needs mean and sd together, or neither.", place)
        if sd is not None and sd <= 0:
            doc.refuse(
                f"the sd of the norm group '{id}' of '{scale.id}' must be above 0; found {sd:g}.", (*place, "sd")
            )
        ranks = _read_ranks(doc, (*place, "ranks"), scale)
        if not {"mean", "ranks"} & set(declared):
            doc.refuse(f"the norm group '{id}' of '{scale.id}' has neither mean and sd nor ranks; add one.", place)
        n = _whole(doc, (*place, "n")) if "n" in declared else None
        norms[id] = NormGroup(id, population, origin.source, n, mean, sd, ranks, origin.note)
    return tuple(norms.values())


def _read_ranks(doc: Declared, where: Where, scale: Scale) -> dict[float, float]:
    """Read percentile ranks by score: from 0 to 100, never falling as the score rises."""
    value = doc.get(where)
    if value is None or not doc.check_type(where, dict, "a mapping of scores to percentile ranks"):
        return {}
    ranks: dict[float, float] = {}
    for score in value:
        if isinstance(score, bool) or not isinstance(score, int | float):
            doc.refuse(f"a percentile rank belongs to a score, a number; found {score!r}.", where)
            continue
        rank = value[score]
        if isinstance(rank, bool) or not isinstance(rank, int | float) or not 0 <= rank <= 100:
            doc.refuse(f"the percentile rank of {score:g} must be a number from 0 to 100; found {rank!r}.", where)
        else:
            ranks[float(score)] = float(rank)
    found = sorted(ranks)
    for lower, upper in pairwise(found):
        if ranks[upper] < ranks[lower]:
            said = f"fall from {ranks[lower]:g} at {lower:g} to {ranks[upper]:g} at {upper:g}"
            doc.refuse(f"percentile ranks of '{scale.id}' {said}; a higher score has no lower rank.", where)
    return ranks


def _read_rights(doc: Declared, sources: Mapping[str, Source]) -> Rights:
    where: Where = ("rights",)
    optional = ["source", "unverified", "note"]
    if "rights" in doc.data and doc.check_keys(where, required=["holder", "status", "statement"], optional=optional):
        if "status" in doc.data["rights"]:
            doc.check_choice((*where, "status"), RIGHTS)
        holder, status, statement = (_text(doc, (*where, key)) for key in ("holder", "status", "statement"))
        return Rights(holder, status, statement, _read_origin(doc, where, sources))
    return Rights("", "unknown", "", Origin())


def _read_provenance(doc: Declared, sources: Mapping[str, Source]) -> dict[str, Origin]:
    where: Where = ("provenance",)
    if "provenance" not in doc.data or not doc.check_keys(where, required=PARTS, optional=["translations"]):
        return {}
    found = {}
    for part, place in _mapping(doc, where):
        if doc.check_keys(place, optional=["source", "unverified", "note"]):
            found[part] = _read_origin(doc, place, sources)
    return found


def _read_published(doc: Declared, items: Mapping[str, Item], sources: Mapping[str, Source]) -> PublishedKey | None:
    where: Where = ("published",)
    if "published" not in doc.data:
        return None
    optional = ["items", "scales", "reversed", "scale_items", "source", "unverified", "note"]
    if not doc.check_keys(where, optional=optional):
        return None
    counts = {key: _whole(doc, (*where, key)) for key in ("items", "scales") if key in doc.data["published"]}
    keyed = doc.get((*where, "reversed"))
    if isinstance(keyed, list):
        keyed = tuple(str(id) for id in keyed)
    elif keyed is not None:
        keyed = _whole(doc, (*where, "reversed"))
    per_scale = {}
    for id, place in _mapping(doc, (*where, "scale_items")):
        per_scale[id] = _whole(doc, place) or 0
    origin = _read_origin(doc, where, sources)
    return PublishedKey(origin, counts.get("items"), counts.get("scales"), keyed, per_scale)


def _read_origin(doc: Declared, where: Where, sources: Mapping[str, Source], *, needed: bool = True) -> Origin:
    """Read the source of a fact, or the mark that it is unverified: one of the two is needed."""
    found = doc.get(where)
    source, unverified = found.get("source"), found.get("unverified", False)
    if not isinstance(unverified, bool):
        doc.check_type((*where, "unverified"), bool, "true or false")
    if source is not None and source not in _names(doc, "sources"):
        hint = did_you_mean(str(source), sources)
        doc.refuse(f"there is no source '{source}'.{hint} Give its reference under sources.", (*where, "source"))
    if source is not None and unverified is True:
        doc.refuse("a fact has a source or is unverified, not both; keep one.", (*where, "unverified"))
    if needed and source is None and unverified is not True:
        name = ".".join(map(str, where))
        doc.refuse(f"{name} does not say where it comes from; add source: KEY, or unverified: true.", where)
    return Origin(source if isinstance(source, str) else None, unverified is True, _text(doc, (*where, "note")))


def _read_texts(
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
    declared = _names(doc, "languages")
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


def _ids(doc: Declared, where: Where, noun: str, *, required: list[str], optional: list[str]) -> dict[str, Where]:
    """Read the ids of a list of mappings with their places; an id seen before is a fault."""
    found: dict[str, Where] = {}
    name = where[0]
    if name in doc.data and not doc.data[name]:
        doc.refuse(f"{name} is empty; define at least one {noun}.", where)
    for index in range(len(_list(doc, where))):
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


def _mapping(doc: Declared, where: Where, wanted: str = "") -> list[tuple[str, Where]]:
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


def _names(doc: Declared, section: str) -> list[object]:
    """Give the names defined in a section, even those whose definition has a fault (which is told once)."""
    value = doc.data.get(section)
    return list(value) if isinstance(value, Mapping) else []


def _list(doc: Declared, where: Where) -> list[Any]:
    value = doc.get(where)
    if value is None:
        return []
    return value if doc.check_type(where, list, "a list") else []


def _whole(doc: Declared, where: Where) -> int | None:
    parent = doc.get(where[:-1])
    if not isinstance(parent, Mapping) or where[-1] not in parent:
        return None  # a missing key has its own fault
    return doc.get(where) if doc.check_type(where, int, "a whole number") else None


def _number(doc: Declared, where: Where) -> float | None:
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


def _text(doc: Declared, where: Where) -> str:
    value = doc.get(where)
    if value is None:
        return ""
    return " ".join(value.split()) if doc.check_type(where, str, "a text") else ""
