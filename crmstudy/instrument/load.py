"""An instrument file (YAML) read into the model; every fault is reported at once, with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from crmstudy.declared import Declared, Where, parse_declared, read_declared, refuse_control
from crmstudy.errors import InstrumentError
from crmstudy.instrument.loading.asked import (
    read_entries,
    read_responses,
    read_reversed,
    read_sections,
    read_slots,
)
from crmstudy.instrument.loading.parts import (
    read_facts,
    read_list,
    read_mapping,
    read_origin,
    read_text,
    read_texts,
    read_whole,
)
from crmstudy.instrument.loading.scored import read_higher_order, read_scales
from crmstudy.instrument.model import (
    DIRECTIONS,
    LEVELS,
    RESPONDENTS,
    RIGHTS,
    STATUSES,
    WORDINGS,
    Adaptation,
    Instrument,
    Item,
    Language,
    Origin,
    PublishedKey,
    Rights,
    Source,
)

FORMAT = 1
REQUIRED = (
    "crmstudy_instrument", "id", "version", "name", "respondent", "wording", "rights", "languages",
    "responses", "items", "reversed", "scales", "provenance",
)  # fmt: skip
OPTIONAL = (
    "description", "instructions", "sources", "published", "level", "slots", "sections", "higher_order", "notes",
    "adaptation",
)  # fmt: skip
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
    return replace(_built(read_declared(path, InstrumentError)), path=Path(path))


def parse_instrument(text: str, file: str = "instrument.yaml") -> Instrument:
    """Read the text of an instrument file; ``file`` is what faults name it by. Raises as :func:`read_instrument`."""
    return _built(parse_declared(text, file, InstrumentError))


def from_mapping(data: Mapping[str, Any], file: str = "instrument.json") -> Instrument:
    """Make an instrument of plain values, such as JSON holds them; raises as :func:`read_instrument`.

    The keys of labels and missing codes may be texts, as they are in JSON. Control characters are refused, as they are
    in a file.
    """
    doc = Declared(Path(file), _with_numbers(data), {(): 1}, InstrumentError)
    refuse_control(doc, doc.data)
    return _built(doc)


def _with_numbers(value: Any) -> Any:
    """Plain values with keys such as "-9" and "1" made numbers again."""
    if isinstance(value, Mapping):
        return {_number_key(key): _with_numbers(one) for key, one in value.items()}
    return [_with_numbers(one) for one in value] if isinstance(value, list) else value


def _number_key(key: object) -> object:
    if not isinstance(key, str) or not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", key):
        return key
    return float(key) if "." in key else int(key)


def _built(doc: Declared) -> Instrument:
    if not doc.check_keys((), required=REQUIRED, optional=OPTIONAL):
        doc.raise_faults()
    _check_head(doc)
    sources = _read_sources(doc)
    languages = _read_languages(doc, sources)
    responses = read_responses(doc, languages)
    reverse = read_reversed(doc)
    items, questions = read_entries(doc, languages, responses, reverse, sources)
    scales = read_scales(doc, languages, items, sources)
    higher_order = read_higher_order(doc, languages, items, scales, sources)
    instrument = Instrument(
        id=str(doc.data.get("id")),
        version=str(doc.data.get("version")),
        name=read_texts(doc, ("name",), languages, required=True),
        respondent=str(doc.data.get("respondent")),
        wording=str(doc.data.get("wording")),
        languages=languages,
        responses=responses,
        items=tuple(items.values()),
        scales=scales,
        rights=_read_rights(doc, sources),
        provenance=_read_provenance(doc, sources),
        sources=sources,
        published=_read_published(doc, items, sources),
        description=read_texts(doc, ("description",), languages),
        instructions=read_texts(doc, ("instructions",), languages),
        questions=tuple(questions.values()),
        higher_order=higher_order,
        slots=read_slots(doc, languages),
        sections=read_sections(doc, languages, items, questions),
        level=str(doc.data.get("level", "individual")),
        notes=read_texts(doc, ("notes",), languages),
        adaptation=_read_adaptation(doc),
    )
    doc.raise_faults()
    return instrument


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
    for key, choices in (("respondent", RESPONDENTS), ("wording", WORDINGS), ("level", LEVELS)):
        if key in doc.data:
            doc.check_choice((key,), choices)


def _read_sources(doc: Declared) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for key, where in read_mapping(doc, ("sources",)):
        if not doc.check_keys(where, required=["reference"], optional=["doi"]):
            continue
        text = read_text(doc, (*where, "reference"))
        sources[key] = Source(key, text, read_text(doc, (*where, "doi")))
    return sources


def _read_languages(doc: Declared, sources: Mapping[str, Source]) -> dict[str, Language]:
    languages: dict[str, Language] = {}
    if "languages" in doc.data and not doc.data["languages"]:
        message = "languages is empty; add at least one, such as en: {direction: ltr, status: draft}."
        doc.refuse(message, ("languages",))
        return languages
    for tag, where in read_mapping(doc, ("languages",)):
        if not _TAG.fullmatch(tag):
            doc.refuse(
                f"'{tag}' is not a language tag; write it as en, fa, ru or pt-BR (in quotes if needed).",
                where,
            )
        optional = ["translator", "source", "validation"]
        if not doc.check_keys(where, required=["direction", "status"], optional=optional):
            continue
        source = read_origin(doc, where, sources, needed=False).source
        validation = read_facts(doc, (*where, "validation"), sources)
        translator = read_text(doc, (*where, "translator"))
        fine = [
            doc.check_choice((*where, key), choices)
            for key, choices in (("direction", DIRECTIONS), ("status", STATUSES))
            if key in doc.get(where)
        ]
        if all(fine) and len(fine) == 2:
            direction, status = (doc.get((*where, key)) for key in ("direction", "status"))
            languages[tag] = Language(tag, direction, status, translator, source, validation)
    return languages


def _read_rights(doc: Declared, sources: Mapping[str, Source]) -> Rights:
    where: Where = ("rights",)
    optional = ["source", "unverified", "note", "evidence"]
    if "rights" in doc.data and doc.check_keys(where, required=["holder", "status", "statement"], optional=optional):
        if "status" in doc.data["rights"]:
            doc.check_choice((*where, "status"), RIGHTS)
        holder, status, statement = (read_text(doc, (*where, key)) for key in ("holder", "status", "statement"))
        return Rights(holder, status, statement, read_origin(doc, where, sources), read_text(doc, (*where, "evidence")))
    return Rights("", "unknown", "", Origin())


def _read_provenance(doc: Declared, sources: Mapping[str, Source]) -> dict[str, Origin]:
    where: Where = ("provenance",)
    if "provenance" not in doc.data or not doc.check_keys(where, required=PARTS, optional=["translations"]):
        return {}
    found = {}
    for part, place in read_mapping(doc, where):
        if doc.check_keys(place, optional=["source", "unverified", "note"]):
            found[part] = read_origin(doc, place, sources)
    return found


def _read_published(doc: Declared, items: Mapping[str, Item], sources: Mapping[str, Source]) -> PublishedKey | None:
    where: Where = ("published",)
    if "published" not in doc.data:
        return None
    optional = ["items", "scales", "reversed", "scale_items", "source", "unverified", "note"]
    if not doc.check_keys(where, optional=optional):
        return None
    counts = {key: read_whole(doc, (*where, key)) for key in ("items", "scales") if key in doc.data["published"]}
    keyed = doc.get((*where, "reversed"))
    if isinstance(keyed, list):
        keyed = tuple(str(id) for id in keyed)
    elif keyed is not None:
        keyed = read_whole(doc, (*where, "reversed"))
    per_scale = {}
    for id, place in read_mapping(doc, (*where, "scale_items")):
        per_scale[id] = read_whole(doc, place) or 0
    origin = read_origin(doc, where, sources)
    return PublishedKey(origin, counts.get("items"), counts.get("scales"), keyed, per_scale)


def _read_adaptation(doc: Declared) -> Adaptation | None:
    """What an adapted version changed."""
    where: Where = ("adaptation",)
    if "adaptation" not in doc.data:
        return None
    optional = ["dropped", "added", "rescaled"]
    if not doc.check_keys(where, required=["of", "version", "fingerprint"], optional=optional):
        return None
    of, version, fingerprint = (read_text(doc, (*where, key)) for key in ("of", "version", "fingerprint"))
    dropped, added = (tuple(str(id) for id in read_list(doc, (*where, key))) for key in ("dropped", "added"))
    rescaled = {id: read_text(doc, place) for id, place in read_mapping(doc, (*where, "rescaled"))}
    return Adaptation(of, version, fingerprint, dropped, added, rescaled)
