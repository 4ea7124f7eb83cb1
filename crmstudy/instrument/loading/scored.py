"""What is scored: scales, scores made of them, published figures, bands and norms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from crmstudy.declared import Declared, Where
from crmstudy.errors import did_you_mean
from crmstudy.instrument.loading.parts import (
    read_facts,
    read_ids,
    read_list,
    read_number,
    read_origin,
    read_text,
    read_texts,
    read_whole,
)  # fmt: skip
from crmstudy.instrument.model import METHODS, HigherOrder, Item, Language, Method, Scale, Source
from crmstudy.instrument.norms import Band, Bands, NormGroup

Scored = Scale | HigherOrder


def read_scales(
    doc: Declared, languages: Mapping[str, Language], items: Mapping[str, Item], sources: Mapping[str, Source]
) -> tuple[Scale, ...]:
    """Read the scales with their items, scoring, figures, bands and norms."""
    scales = []
    required = ["id", "name", "items", "method", "min_answered", "model"]
    optional = ["published", "bands", "norms", "construct", "higher_means", "rescale"]
    if doc.data.get("scales") == []:  # a block of questions that measures nothing, such as demographics
        return ()
    for id, where in read_ids(doc, ("scales",), "scale", required=required, optional=optional).items():
        if id in items:
            doc.refuse(f"'{id}' is the id of a scale and of an item; rename one of them.", where)
        name = read_texts(doc, (*where, "name"), languages, required=True)
        members = _read_members(doc, (*where, "items"), id, items)
        method, smallest, reflective = _read_rule(doc, where, id, "items")
        facts = read_facts(doc, (*where, "published"), sources)
        scale = Scale(
            id, name, members, method, smallest, reflective, facts,
            construct=read_text(doc, (*where, "construct")),
            higher_means=read_texts(doc, (*where, "higher_means"), languages),
            rescale=_read_rescale(doc, (*where, "rescale"), id, method),
        )  # fmt: skip
        bands = _read_bands(doc, (*where, "bands"), scale, languages, sources)
        norms = _read_norms(doc, (*where, "norms"), scale, languages, sources)
        scales.append(replace(scale, bands=bands, norms=norms))
    return tuple(scales)


def _read_rule(doc: Declared, where: Where, id: str, members: str) -> tuple[Method, int, bool]:
    """How members become a score: method, the fewest that give one, and whether the model is reflective."""
    method: Method = "sum" if doc.get((*where, "method")) == "sum" else "mean"
    for key, choices in (("method", METHODS), ("model", ("reflective", "formative"))):
        if key in doc.get(where):
            doc.check_choice((*where, key), choices)
    smallest = read_whole(doc, (*where, "min_answered"))
    listed = doc.get((*where, members))
    count = len(listed) if isinstance(listed, list) else 0
    if smallest is not None and (smallest < 1 or smallest > count > 0):
        message = f"min_answered of '{id}' must lie between 1 and its {count} {members}; found {smallest}."
        doc.refuse(message, (*where, "min_answered"))
    return method, smallest or 1, doc.get((*where, "model")) != "formative"


def _read_rescale(doc: Declared, where: Where, id: str, method: str) -> tuple[float, float] | None:
    """The ends a mean is mapped to."""
    value = doc.get(where)
    if value is None:
        return None
    ends = [end for end in value if isinstance(end, int | float) and not isinstance(end, bool)] if isinstance(
        value, list
    ) else []  # fmt: skip
    if len(ends) != 2 or len(value) != 2 or ends[0] >= ends[1]:
        doc.refuse(f"rescale of '{id}' must be two numbers, the lower first, such as [0, 100]; found {value!r}.", where)
        return None
    if method != "mean":
        doc.refuse(f"rescale of '{id}' is for means, and its method is {method}; take one of the two off.", where)
        return None
    return float(ends[0]), float(ends[1])


def read_higher_order(
    doc: Declared,
    languages: Mapping[str, Language],
    items: Mapping[str, Item],
    scales: tuple[Scale, ...],
    sources: Mapping[str, Source],
) -> tuple[HigherOrder, ...]:
    """Read the scores made of scale scores."""
    if "higher_order" not in doc.data:
        return ()
    found = []
    required = ["id", "name", "parts", "method", "min_answered", "model"]
    optional = ["reversed_parts", "published", "bands", "norms", "construct", "higher_means"]
    by_id = {scale.id: scale for scale in scales}
    for id, where in read_ids(doc, ("higher_order",), "score", required=required, optional=optional).items():
        if id in items or id in by_id:
            doc.refuse(f"'{id}' is the id of a score and of a scale or item; rename one of them.", where)
        parts = _read_parts(doc, (*where, "parts"), id, by_id)
        mirrored = _read_parts(doc, (*where, "reversed_parts"), id, {part.id: part for part in parts})
        method, smallest, reflective = _read_rule(doc, where, id, "parts")
        if len(parts) < 2:
            doc.refuse(f"the score '{id}' is made of scales; name at least two in parts.", (*where, "parts"))
            continue
        score = HigherOrder(
            id, read_texts(doc, (*where, "name"), languages, required=True), parts, method, smallest,
            reflective, tuple(part.id for part in mirrored),
            read_facts(doc, (*where, "published"), sources), construct=read_text(doc, (*where, "construct")),
            higher_means=read_texts(doc, (*where, "higher_means"), languages),
        )  # fmt: skip
        bands = _read_bands(doc, (*where, "bands"), score, languages, sources)
        norms = _read_norms(doc, (*where, "norms"), score, languages, sources)
        found.append(replace(score, bands=bands, norms=norms))
    return tuple(found)


def _read_parts(doc: Declared, where: Where, score: str, scales: Mapping[str, Scale]) -> tuple[Scale, ...]:
    parts: dict[str, Scale] = {}
    for index, id in enumerate(read_list(doc, where)):
        if not isinstance(id, str) or id not in scales:
            hint = did_you_mean(str(id), scales) or f" There are: {', '.join(scales) or 'none'}."
            doc.refuse(f"the score '{score}' names '{id}', which is none of its scales.{hint}", (*where, index))
        elif id in parts:
            doc.refuse(f"the score '{score}' names '{id}' twice; keep one.", (*where, index))
        else:
            parts[id] = scales[id]
    return tuple(parts.values())


def _read_members(doc: Declared, where: Where, scale: str, items: Mapping[str, Item]) -> tuple[Item, ...]:
    ids = read_list(doc, where)
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


def _read_bands(
    doc: Declared,
    where: Where,
    scale: Scored,
    languages: Mapping[str, Language],
    sources: Mapping[str, Source],
) -> Bands | None:
    """Read the bands of a score: ascending, without gaps or overlaps, over all scores there can be, with a source."""
    if doc.get(where) is None or not doc.check_keys(
        where, required=["ranges"], optional=["source", "unverified", "note"]
    ):
        return None
    origin = read_origin(doc, where, sources)
    bands = []
    for index in range(len(read_list(doc, (*where, "ranges")))):
        place = (*where, "ranges", index)
        if not doc.check_keys(place, required=["from", "to", "label"]):
            continue
        low, high = read_number(doc, (*place, "from")), read_number(doc, (*place, "to"))
        label = read_texts(doc, (*place, "label"), languages, required=True)
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


def _check_bands(doc: Declared, where: Where, scale: Scored, bands: list[tuple[Band, Where]]) -> None:
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
    doc: Declared,
    where: Where,
    scale: Scored,
    languages: Mapping[str, Language],
    sources: Mapping[str, Source],
) -> tuple[NormGroup, ...]:
    """Read norm groups: each with a population, a source, and a mean with its deviation, percentile ranks or both."""
    norms: dict[str, NormGroup] = {}
    optional = ["n", "mean", "sd", "ranks", "source", "unverified", "note"]
    for index in range(len(read_list(doc, where))):
        place = (*where, index)
        if not doc.check_keys(place, required=["id", "population"], optional=optional):
            continue
        declared = doc.get(place)
        id = read_text(doc, (*place, "id"))
        if id in norms:
            doc.refuse(f"the norm group '{id}' of '{scale.id}' is defined twice; rename one.", (*place, "id"))
        origin = read_origin(doc, place, sources)
        population = read_texts(doc, (*place, "population"), languages, required=True)
        mean, sd = (read_number(doc, (*place, key)) if key in declared else None for key in ("mean", "sd"))
        if ("mean" in declared) != ("sd" in declared):
            doc.refuse(f"the norm group '{id}' of '{scale.id}' needs mean and sd together, or neither.", place)
        if sd is not None and sd <= 0:
            doc.refuse(
                f"the sd of the norm group '{id}' of '{scale.id}' must be above 0; found {sd:g}.", (*place, "sd")
            )
        ranks = _read_ranks(doc, (*place, "ranks"), scale)
        if not {"mean", "ranks"} & set(declared):
            doc.refuse(f"the norm group '{id}' of '{scale.id}' has neither mean and sd nor ranks; add one.", place)
        n = read_whole(doc, (*place, "n")) if "n" in declared else None
        norms[id] = NormGroup(id, population, origin.source, n, mean, sd, ranks, origin.note)
    return tuple(norms.values())


def _read_ranks(doc: Declared, where: Where, scale: Scored) -> dict[float, float]:
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
