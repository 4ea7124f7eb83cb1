"""What is asked: answer sets, items, open questions, slots, sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmstudy.declared import Declared, Where
from crmstudy.errors import did_you_mean
from crmstudy.instrument.library import shared_sets
from crmstudy.instrument.loading.parts import (
    declared_names,
    read_ids,
    read_list,
    read_mapping,
    read_number,
    read_origin,
    read_text,
    read_texts,
    read_whole,
)  # fmt: skip
from crmstudy.instrument.model import (
    CLOSED,
    LISTED,
    MEASURES,
    OPEN,
    REQUIRED,
    TOO_WIDE,
    WIDEST,
    Item,
    Language,
    Question,
    ResponseFormat,
    Section,
    Source,
    Texts,
)
from crmstudy.instrument.slots import Slot, forms_of

_ENTRY_KEYS = (
    "type", "response", "wording", "note", "source", "unverified", "required", "original", "unscored", "key", "shares",
    "construct", "low", "high", "top",
)  # fmt: skip


def read_responses(doc: Declared, languages: Mapping[str, Language]) -> dict[str, ResponseFormat]:
    """Read the answer sets: the library's by name, the file's own in full."""
    formats: dict[str, ResponseFormat] = {}
    wanted = "" if _all_open(doc) else "at least one response format"
    for id, where in read_mapping(doc, ("responses",), wanted=wanted):
        if isinstance(doc.get(where), str):
            found = _shared(doc, where, id, languages)
        else:
            found = _own(doc, where, id, languages)
        if found is not None:
            formats[id] = found
    return formats


def _all_open(doc: Declared) -> bool:
    """Whether every entry is an open question, so that no answers are listed."""
    entries = doc.get(("items",))
    kinds = [entry.get("type") for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return bool(kinds) and all(kind in OPEN and kind not in LISTED for kind in kinds)


def _shared(doc: Declared, where: Where, id: str, languages: Mapping[str, Language]) -> ResponseFormat | None:
    """A set of the library, with the labels of the languages the file has."""
    name, known = doc.get(where), shared_sets()
    if name not in known:
        hint = did_you_mean(name, known) or f" There are: {', '.join(known) or 'none'}."
        doc.refuse(f"the library has no shared answer set '{name}'.{hint}", where)
        return None
    declared: Any = known[name]
    labels = {value: _restricted(texts, languages) for value, texts in declared.get("labels", {}).items()}
    codes = declared.get("missing_codes", {})
    offered = {code: _restricted(texts, languages) for code, texts in codes.items()}
    return ResponseFormat(
        id, declared["low"], declared["high"], labels, tuple(offered), declared.get("measure", "ordinal"), offered, name
    )


def _restricted(texts: Mapping[str, str], languages: Mapping[str, Language]) -> dict[str, str]:
    return {tag: text for tag, text in texts.items() if tag in languages}


def _own(doc: Declared, where: Where, id: str, languages: Mapping[str, Language]) -> ResponseFormat | None:
    optional = ["labels", "missing_codes", "measure"]
    if not doc.check_keys(where, required=["low", "high"], optional=optional):
        return None
    low, high = read_whole(doc, (*where, "low")), read_whole(doc, (*where, "high"))
    if low is None or high is None:
        return None
    if low >= high:
        doc.refuse(f"the response format '{id}' runs from {low} to {high}; low must be below high.", where)
        return None
    if high - low > WIDEST:
        doc.refuse(f"the response format '{id}' runs from {low} to {high}; {TOO_WIDE}.", where)
        return None
    codes, offered = _read_missing_codes(doc, (*where, "missing_codes"), languages, low, high)
    labels = _read_labels(doc, (*where, "labels"), languages, low, high)
    measure = doc.get(where).get("measure", "ordinal")
    if "measure" in doc.get(where) and not doc.check_choice((*where, "measure"), MEASURES):
        measure = "ordinal"
    return ResponseFormat(id, low, high, labels, codes, measure, offered)


def _read_missing_codes(
    doc: Declared, where: Where, languages: Mapping[str, Language], low: int, high: int
) -> tuple[tuple[int, ...], dict[int, Texts]]:
    """Codes as a list, or with the labels under which forms offer them."""
    value = doc.get(where)
    codes: list[int] = []
    offered: dict[int, Texts] = {}
    places: list[tuple[object, Where]] = (
        [(code, (*where, code)) for code in value]
        if isinstance(value, Mapping)
        else [(code, (*where, index)) for index, code in enumerate(read_list(doc, where))]
    )
    for code, place in places:
        if isinstance(code, bool) or not isinstance(code, int):
            doc.refuse(f"a missing code must be a whole number; found {code!r}.", place)
            continue
        if low <= code <= high:
            doc.refuse(f"the missing code {code} lies inside the response range {low} to {high}.", place)
        elif code in codes:
            doc.refuse(f"the missing code {code} stands twice; keep one.", place)
        codes.append(code)
        if isinstance(value, Mapping) and value[code] is not None:
            offered[code] = read_texts(doc, place, languages, required=True)
    return tuple(codes), offered


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
            labels[answer] = read_texts(doc, place, languages, required=True)
    return labels


def read_reversed(doc: Declared) -> dict[str, int]:
    """Read the reversed ids with their places in the list."""
    reverse: dict[str, int] = {}
    if "reversed" in doc.data and doc.data["reversed"] is None:
        doc.refuse(
            "reversed must be a list of item ids; where no item is reversed, write reversed: [].",
            ("reversed",),
        )
    for index, id in enumerate(read_list(doc, ("reversed",))):
        if not doc.check_type(("reversed", index), str, "an item id"):
            continue
        if id in reverse:
            doc.refuse(f"'{id}' is reversed twice; keep one.", ("reversed", index))
        reverse.setdefault(id, index)
    return reverse


def read_entries(
    doc: Declared,
    languages: Mapping[str, Language],
    responses: Mapping[str, ResponseFormat],
    reverse: Mapping[str, int],
    sources: Mapping[str, Source],
) -> tuple[dict[str, Item], dict[str, Question]]:
    """Read the questionnaire: closed items, and open questions, with their places in the one list."""
    items: dict[str, Item] = {}
    questions: dict[str, Question] = {}
    declared = read_ids(doc, ("items",), "item", required=["id"], optional=list(_ENTRY_KEYS))
    for order, (id, where) in enumerate(declared.items(), start=1):
        kind = doc.get(where).get("type", "single")
        if "type" in doc.get(where) and not doc.check_choice((*where, "type"), (*CLOSED, *OPEN)):
            continue
        wording = _read_wording(doc, where, id, languages)
        required = doc.get(where).get("required", "soft")
        if "required" in doc.get(where):
            doc.check_choice((*where, "required"), REQUIRED)
        origin = read_origin(doc, where, sources, needed=False)
        note, construct = read_text(doc, (*where, "note")), read_text(doc, (*where, "construct"))
        if kind in CLOSED:
            _refuse_keys(doc, where, id, kind, ("low", "high", "top"))
            response = _read_response_of(doc, where, responses)
            original = read_text(doc, (*where, "original"))
            items[id] = Item(
                id, order, response, id in reverse, wording, note, origin, required, original,
                _flag(doc, (*where, "unscored")), _read_expected(doc, where, id, kind, response),
                _read_shares(doc, (*where, "shares"), response), construct, kind == "slider",
            )  # fmt: skip
        else:
            _refuse_keys(doc, where, id, kind, ("key", "unscored", "shares", "original"))
            low, high = _read_bounds(doc, where, id, kind)
            listed = _read_response_of(doc, where, responses) if kind in LISTED else None
            top = _read_top(doc, where, id, kind, listed)
            if kind == "info":
                _refuse_keys(doc, where, id, kind, ("response", "required", "construct"))
            questions[id] = Question(
                id, order, kind, listed, wording, low, high, required, note, origin, construct, top
            )
    for id, index in reverse.items():
        if id not in declared:
            hint = did_you_mean(id, declared) or " Add the item, or take it off the list."
            doc.refuse(f"reversed names '{id}', but there is no such item.{hint}", ("reversed", index))
        elif id in items and (items[id].unscored or items[id].expected is not None):
            doc.refuse(f"reversed names '{id}', which is never scored; take it off the list.", ("reversed", index))
        elif id in questions:
            what = "a text" if questions[id].type == "info" else "an open question"
            doc.refuse(f"'{id}' is {what}, so it cannot be reversed; take it off.", ("reversed", index))
    return items, questions


def _read_wording(doc: Declared, where: Where, id: str, languages: Mapping[str, Language]) -> dict[str, str]:
    wording = read_texts(doc, (*where, "wording"), languages)
    if doc.data.get("wording") in ("paraphrase", "published") and not wording:
        doc.refuse(f"the item '{id}' has no wording, but the file says wording: {doc.data['wording']}.", where)
    if doc.data.get("wording") == "none" and wording:
        doc.refuse(f"the item '{id}' has a wording, but the file says wording: none.", where)
    return wording


def _refuse_keys(doc: Declared, where: Where, id: str, kind: str, keys: Sequence[str]) -> None:
    for key in keys:
        if key in doc.get(where):
            doc.refuse(f"'{id}' is of the type {kind}, which has no '{key}'; take it off.", (*where, key))


def _flag(doc: Declared, where: Where) -> bool:
    parent = doc.get(where[:-1])
    if where[-1] not in parent:
        return False
    return bool(doc.check_type(where, bool, "true or false") and doc.get(where))


def _read_expected(doc: Declared, where: Where, id: str, kind: str, response: ResponseFormat) -> int | None:
    """The answer that shows attention: needed by the type attention, and by no other."""
    if kind != "attention":
        _refuse_keys(doc, where, id, kind, ("key",))
        return None
    expected = read_whole(doc, (*where, "key"))
    if expected is None and "key" not in doc.get(where):
        doc.refuse(f"the attention check '{id}' lacks key, the answer that shows attention; add it.", where)
    elif expected is not None and not response.holds(expected):
        said = f"{response.low} to {response.high}"
        doc.refuse(f"the key of '{id}' must lie in its response range {said}; found {expected}.", (*where, "key"))
    return expected if expected is not None else response.low


def _read_shares(doc: Declared, where: Where, response: ResponseFormat) -> dict[int, float]:
    """Expected shares of the answers: each of the range, above 0, together 1."""
    value = doc.get(where)
    if value is None or not doc.check_type(where, dict, "a mapping of answers to shares"):
        return {}
    fine = all(
        isinstance(answer, int) and not isinstance(answer, bool) and response.holds(answer)
        and isinstance(share, int | float) and not isinstance(share, bool) and share > 0
        for answer, share in value.items()
    )  # fmt: skip
    if not fine or abs(sum(value.values()) - 1.0) > 1e-6:
        said = f"answers from {response.low} to {response.high}"
        doc.refuse(f"shares must give {said} numbers above 0 that add up to 1; found {value!r}.", where)
        return {}
    return {answer: float(share) for answer, share in value.items()}


def _read_bounds(doc: Declared, where: Where, id: str, kind: str) -> tuple[float | None, float | None]:
    if kind not in ("integer", "decimal"):
        _refuse_keys(doc, where, id, kind, ("low", "high"))
        return None, None
    low, high = (read_number(doc, (*where, key)) for key in ("low", "high"))
    if low is not None and high is not None and low >= high:
        doc.refuse(f"'{id}' runs from {low:g} to {high:g}; low must be below high.", where)
    return low, high


def _read_top(doc: Declared, where: Where, id: str, kind: str, response: ResponseFormat | None) -> int | None:
    """How many places a rank gives, where it is fewer than there are answers."""
    if kind != "rank" or response is None:
        _refuse_keys(doc, where, id, kind, ("top",))
        return None
    top, most = read_whole(doc, (*where, "top")), len(response.values) - 1
    if top is not None and not 1 <= top <= most and response.id:
        message = (
            f"top of '{id}' is how many of its {most + 1} answers get a place, from 1 to {most}; found {top}. "
            "Without top all of them get one."
        )
        doc.refuse(message, (*where, "top"))
        return None
    return top


def read_slots(doc: Declared, languages: Mapping[str, Language]) -> dict[str, Slot]:
    """Read the slots: every language has a default in all of its forms."""
    slots: dict[str, Slot] = {}
    for id, where in read_mapping(doc, ("slots",)):
        if not doc.check_keys(where, required=["description", "default"]):
            continue
        description = read_texts(doc, (*where, "description"), languages, required=True)
        forms: dict[str, dict[str, str]] = {}
        for tag, place in read_mapping(doc, (*where, "default")):
            if tag not in languages:
                doc.refuse(f"the slot '{id}' has a default in '{tag}', which languages does not declare.", place)
                continue
            wanted = forms_of(tag)
            if doc.check_keys(place, required=wanted):
                forms[tag] = {form: read_text(doc, (*place, form)) for form in wanted}
        for tag in languages:
            if tag not in forms and tag not in (doc.get((*where, "default")) or {}):
                doc.refuse(f"the slot '{id}' lacks a default in '{tag}' ({', '.join(forms_of(tag))}); add it.", where)
        slots[id] = Slot(id, description, forms)
    return slots


def read_sections(
    doc: Declared, languages: Mapping[str, Language], items: Mapping[str, Item], questions: Mapping[str, Question]
) -> tuple[Section, ...]:
    """Read the pages: together they hold every item and question once, in the order of the questionnaire."""
    if "sections" not in doc.data:
        return ()
    known = [*items, *questions]
    sections, homes = [], dict[str, str]()
    declared = read_ids(
        doc, ("sections",), "section", required=["id", "items"], optional=["title", "text", "randomise"]
    )
    for id, where in declared.items():
        members = []
        for index, entry in enumerate(read_list(doc, (*where, "items"))):
            place = (*where, "items", index)
            if entry not in known:
                hint = did_you_mean(str(entry), known)
                doc.refuse(f"the section '{id}' names '{entry}', which is no item or question.{hint}", place)
            elif entry in homes:
                doc.refuse(f"'{entry}' stands in the sections '{homes[entry]}' and '{id}'; keep one.", place)
            else:
                homes[entry] = id
                members.append(entry)
        title = read_texts(doc, (*where, "title"), languages)
        text = read_texts(doc, (*where, "text"), languages)
        sections.append(Section(id, tuple(members), title, text, _flag(doc, (*where, "randomise"))))
    left = [entry for entry in known if entry not in homes]
    if left:
        doc.refuse(f"no section holds {', '.join(left)}; sections hold every item and question.", ("sections",))
    return tuple(sections)


def _read_response_of(doc: Declared, where: Where, responses: Mapping[str, ResponseFormat]) -> ResponseFormat:
    """Find the response format of an item; with a single format in the file it need not be named."""
    declared = declared_names(doc, "responses")
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
