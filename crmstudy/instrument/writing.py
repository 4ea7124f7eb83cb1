"""An instrument as plain values and as the text of a file that reads back to the same instrument."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from crmstudy.instrument.model import (
    Fact,
    HigherOrder,
    Instrument,
    Item,
    Language,
    Origin,
    PublishedKey,
    Question,
    ResponseFormat,
    Scale,
)
from crmstudy.instrument.norms import Bands, NormGroup

FORMAT = 1
#: Mappings and lists that fit into a line of this width are written in one.
WIDTH = 118


def to_mapping(instrument: Instrument, *, self_contained: bool = False) -> dict[str, Any]:
    """An instrument as mappings, lists, texts and numbers, in the layout of the file.

    Parameters
    ----------
    instrument : Instrument
        What to write.
    self_contained : bool
        Write the library's shared answer sets out in full, so that the result can be read without the library.

    Returns
    -------
    dict
        :func:`crmstudy.instrument.load.from_mapping` makes an equal instrument of it (but for ``path``, and for the
        name of a shared set that was written out).
    """
    data: dict[str, Any] = {
        "crmstudy_instrument": FORMAT,
        "id": instrument.id,
        "version": instrument.version,
        "name": dict(instrument.name),
        "description": dict(instrument.description),
        "respondent": instrument.respondent,
        "level": "" if instrument.level == "individual" else instrument.level,
        "wording": instrument.wording,
        "adaptation": _adaptation(instrument),
        "sources": {s.key: _filled(reference=s.reference, doi=s.doi) for s in instrument.sources.values()},
        "rights": _rights(instrument),
        "provenance": {part: _origin(origin) for part, origin in instrument.provenance.items()},
        "published": _published(instrument.published) if instrument.published else {},
        "languages": {tag: _language(language) for tag, language in instrument.languages.items()},
        "notes": dict(instrument.notes),
        "instructions": dict(instrument.instructions),
        "slots": {
            id: {"description": dict(slot.description), "default": {tag: dict(f) for tag, f in slot.forms.items()}}
            for id, slot in instrument.slots.items()
        },
        "responses": {id: _response(one, self_contained) for id, one in instrument.responses.items()},
        "items": [_entry(entry) for entry in instrument.entries],
        "reversed": [item.id for item in instrument.items if item.reverse],
        "scales": [_scale(scale) for scale in instrument.scales],
        "higher_order": [_higher_order(score) for score in instrument.higher_order],
        "sections": [
            _filled(id=s.id, title=dict(s.title), text=dict(s.text), items=list(s.entries), randomise=s.randomise)
            for s in instrument.sections
        ],
    }
    kept = ("responses", "reversed", "scales")
    return {key: value for key, value in data.items() if key in kept or value not in ("", {}, [])}


def write_yaml(instrument: Instrument, *, heading: str = "") -> str:
    """The text of an instrument file, UTF-8 and LF, that :func:`crmstudy.instrument.load.parse_instrument` reads back.

    Parameters
    ----------
    instrument : Instrument
        What to write.
    heading : str
        A comment for the head of the file.
    """
    comment = "".join(f"# {line}".rstrip() + "\n" for line in heading.splitlines())
    parts = []
    for key, value in to_mapping(instrument).items():
        text = _dumped({key: value})
        parts.append(("\n" if "\n" in text.rstrip("\n") else "") + text)
    return comment + ("\n" if comment else "") + "".join(parts)


class _Dumper(yaml.SafeDumper):
    """Short mappings and lists in a line of their own, longer ones in blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value out."""
        return True

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        node = super().represent_sequence(tag, sequence, flow_style)
        node.flow_style = _fits(node)
        return node

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        node.flow_style = _fits(node)
        return node


_Dumper.add_representer(dict, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items()))


def _fits(node: yaml.Node) -> bool:
    return _width(node) <= WIDTH - 20


def _width(node: yaml.Node) -> int:
    """About how many characters a node takes in a line."""
    if isinstance(node, yaml.ScalarNode):
        return len(str(node.value)) + 2
    if isinstance(node, yaml.MappingNode):
        return 2 + sum(_width(key) + _width(value) + 2 for key, value in node.value)
    return 2 + sum(_width(value) + 2 for value in node.value)


def _dumped(data: Any) -> str:
    node = _Dumper(io.StringIO()).represent_data(data)
    if isinstance(node, yaml.CollectionNode):
        node.flow_style = False
    return str(yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=WIDTH))


def _filled(**values: Any) -> dict[str, Any]:
    """Without what says nothing."""
    return {key: value for key, value in values.items() if value is not None and value not in ("", {}, [], False)}


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _origin(origin: Origin) -> dict[str, Any]:
    return _filled(source=origin.source, unverified=origin.unverified, note=origin.note)


def _rights(instrument: Instrument) -> dict[str, Any]:
    rights = instrument.rights
    said = {"holder": rights.holder, "status": rights.status, "statement": rights.statement}
    return said | _filled(evidence=rights.evidence) | _origin(rights.origin)


def _language(language: Language) -> dict[str, Any]:
    return {"direction": language.direction, "status": language.status} | _filled(
        translator=language.translator, source=language.source, validation=_facts(language.validation)
    )


def _facts(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    return [{"figure": f.name, "value": _number(f.value)} | _filled(n=f.n) | _origin(f.origin) for f in facts]


def _published(key: PublishedKey) -> dict[str, Any]:
    reverse = list(key.reversed) if isinstance(key.reversed, tuple) else key.reversed
    data = {"items": key.items, "scales": key.scales, "reversed": reverse}
    data = {name: value for name, value in data.items() if value is not None}
    return data | _filled(scale_items=dict(key.scale_items)) | _origin(key.origin)


def _adaptation(instrument: Instrument) -> dict[str, Any]:
    made = instrument.adaptation
    if made is None:
        return {}
    return {"of": made.of, "version": made.version, "fingerprint": made.fingerprint} | _filled(
        dropped=list(made.dropped), added=list(made.added), rescaled=dict(made.rescaled)
    )


def _response(response: ResponseFormat, self_contained: bool) -> dict[str, Any] | str:
    if response.shared and not self_contained:
        return response.shared
    labelled = {code: dict(response.missing_labels[code]) for code in response.missing_codes
                if code in response.missing_labels}  # fmt: skip
    bare = [code for code in response.missing_codes if code not in labelled]
    codes: Any = bare
    if labelled:
        codes = {code: labelled.get(code) for code in response.missing_codes}
    measure = "" if response.measure == "ordinal" else response.measure
    labels = {value: dict(texts) for value, texts in response.labels.items()}
    return {"low": response.low, "high": response.high} | _filled(measure=measure, labels=labels, missing_codes=codes)


def _entry(entry: Item | Question) -> dict[str, Any]:
    own: dict[str, Any]
    if isinstance(entry, Item):
        own = _filled(
            type="" if entry.type == "single" else entry.type, response=entry.response.id, original=entry.original,
            unscored=entry.unscored, construct=entry.construct, shares=dict(entry.shares),
        )  # fmt: skip
        if entry.expected is not None:
            own["key"] = entry.expected
    else:
        bounds = {key: _number(end) for key, end in (("low", entry.low), ("high", entry.high)) if end is not None}
        own = (
            {"type": entry.type}
            | _filled(response=entry.response.id if entry.response else "", top=entry.top, construct=entry.construct)
            | bounds
        )
    required = "" if entry.required == "soft" else entry.required
    about = _filled(required=required, wording=dict(entry.wording), note=entry.note)
    origin = _filled(source=entry.origin.source, unverified=entry.origin.unverified)
    return {"id": entry.id} | own | about | origin


def _scale(scale: Scale) -> dict[str, Any]:
    rescale = [_number(end) for end in scale.rescale] if scale.rescale else []
    members = _filled(rescale=rescale)
    return _scored(scale, {"items": list(scale.item_ids)}, members)


def _higher_order(score: HigherOrder) -> dict[str, Any]:
    parts = {"parts": list(score.part_ids)}
    return _scored(score, parts, _filled(reversed_parts=list(score.reversed_parts)))


def _scored(score: Scale | HigherOrder, members: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": score.id,
        **_filled(construct=score.construct),
        "name": dict(score.name),
        **members,
        "method": score.method,
        "min_answered": score.min_answered,
        "model": "reflective" if score.reflective else "formative",
        **own,
        **_filled(
            higher_means=dict(score.higher_means),
            published=_facts(score.published),
            bands=_bands(score.bands) if score.bands else {},
            norms=[_norm(norm) for norm in score.norms],
        ),
    }


def _bands(bands: Bands) -> dict[str, Any]:
    ranges = [{"from": _number(b.low), "to": _number(b.high), "label": dict(b.label)} for b in bands.bands]
    return {"ranges": ranges} | _source_or_not(bands.source, bands.note)


def _norm(norm: NormGroup) -> dict[str, Any]:
    figures = {key: _number(v) for key, v in (("n", norm.n), ("mean", norm.mean), ("sd", norm.sd)) if v is not None}
    ranks = {_number(score): _number(rank) for score, rank in norm.ranks.items()}
    about = {"id": norm.id, "population": dict(norm.population)}
    return about | figures | _filled(ranks=ranks) | _source_or_not(norm.source, norm.note)


def _source_or_not(source: str | None, note: str) -> dict[str, Any]:
    return _filled(source=source, unverified=source is None, note=note)
