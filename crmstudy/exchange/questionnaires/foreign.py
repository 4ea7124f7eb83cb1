"""A file of unknown origin as a draft: what it shows, in our terms, and nothing that it does not show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from crmstudy.exchange.questionnaires.answer_sets import answer_set
from crmstudy.exchange.questionnaires.names import identifier, slug, unique
from crmstudy.exchange.questionnaires.seen import Asked, Page, Seen, one_line, quoted
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.model import LISTED, Instrument, Item, Question, ResponseFormat, Section

_LONGEST_ID = 40
_FIELD = re.compile(r"\$?\{\S[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Draft:
    """The instrument, and what its items and questions are called in the file: ``{name in the file: id}``."""

    instrument: Instrument | None
    ids: Mapping[str, str]
    sections: Mapping[str, str]


def drafted(seen: Seen, stem: str) -> Draft:
    """Make an instrument of what a file shows.

    Parameters
    ----------
    seen : Seen
        What was read; ``unsure`` and ``left_out`` take a sentence for each decision and each thing that is not taken.
    stem : str
        The name of the file without its ending, for an id where the file has none.

    Returns
    -------
    Draft
        Without an instrument when there is no question that can be taken.
    """
    formats = _formats(seen)
    ids = _ids(seen)
    items: list[Item] = []
    questions: list[Question] = []
    for asked in _with_texts(seen):
        made = _entry(asked, ids[asked.name], len(items) + len(questions) + 1, formats, seen)
        if isinstance(made, Item):
            items.append(made)
        elif made is not None:
            questions.append(made)
    taken = {item.id for item in items} | {question.id for question in questions}
    kept = {name: id for name, id in ids.items() if id in taken}
    if not items and all(question.type == "info" for question in questions):
        return Draft(None, {}, {})
    sections, places = _sections(seen, kept)
    id = slug(seen.id or next(iter(seen.title.values()), ""), slug(stem, "questionnaire"))
    instrument = draft(
        id,
        name=seen.title or {seen.languages[0] if seen.languages else "en": stem or id},
        items=items,
        questions=questions,
        sections=sections,
        languages=seen.languages,
        version=_version(seen.version),
        description=seen.description,
        instructions=seen.instructions,
        origin=seen.origin,
    )
    _tell_fields(seen)
    if items:
        seen.unsure.append(
            "The file does not say which items make up a scale; name the scales before anything is scored."
        )
    if not any(item.reverse for item in items) and len(items) > 1:
        seen.unsure.append("The file does not say which items are reversed; list them under reversed.")
    return Draft(instrument, kept, places)


def _version(text: str) -> str:
    made = "".join(letter if letter.isalnum() or letter in ".+-_" else "-" for letter in text.strip())[:40].strip("-")
    return made or "1"


def _ids(seen: Seen) -> dict[str, str]:
    """An id for each question: its name in the file where that can be one."""
    ids: dict[str, str] = {}
    for number, asked in enumerate(seen.asked, start=1):
        made = unique(identifier(asked.name, f"q{number}"), ids.values())
        if made != asked.name:
            seen.unsure.append(f"The question '{quoted(asked.name)}' is called {made} here.")
        ids[asked.name] = made
    return ids


def _tell_fields(seen: Seen) -> None:
    """Texts with fields that the tool fills in, which are slots here, or mean nothing."""
    found = [asked.name for asked in seen.asked if any(_FIELD.search(text) for text in asked.texts.values())]
    if found:
        said = ", ".join(quoted(name, 30) for name in found[:10]) + (" ..." if len(found) > 10 else "")
        seen.unsure.append(f"Texts with fields in braces, to be written out or declared as slots: {said}.")


def _with_texts(seen: Seen) -> list[Asked]:
    """The questions; the name of one stands for the text it lacks, and where none has a text, nothing does."""
    bare = [asked for asked in seen.asked if not asked.texts]
    if not bare or len(bare) == len(seen.asked):
        return seen.asked
    tag = seen.languages[0] if seen.languages else "en"
    said = ", ".join(quoted(asked.name, 30) for asked in bare[:10]) + (" ..." if len(bare) > 10 else "")
    seen.unsure.append(f"Without a text, so that the name stands for it: {said}.")
    return [asked if asked.texts else replace(asked, texts={tag: one_line(asked.name)}) for asked in seen.asked]


def _formats(seen: Seen) -> dict[str, ResponseFormat]:
    """The answer sets of the lists that questions use; lists with the same answers are one set."""
    formats: dict[str, ResponseFormat] = {}
    made: dict[object, ResponseFormat] = {}
    names: list[str] = []
    used = dict.fromkeys(asked.choices for asked in seen.asked if asked.choices)
    for name in used:
        content = tuple((one.code, tuple(sorted(one.texts.items()))) for one in seen.lists.get(name, ()))
        if content in made:
            formats[name] = made[content]
            continue
        id = unique(identifier(name, f"answers_{len(names) + 1}"), names)
        found = answer_set(id, seen.lists.get(name, ()), seen.unsure, f"The list '{quoted(name)}'")
        if found is not None:
            names.append(id)
            formats[name] = made[content] = found
    return formats


def _entry(
    asked: Asked, id: str, order: int, formats: Mapping[str, ResponseFormat], seen: Seen
) -> Item | Question | None:
    """A question as an item or an open question; None, and told, when its answers cannot be taken."""
    if asked.type == "info":
        return Question(id, order, "info", None, asked.texts)
    if asked.type in ("single", "slider", *LISTED):
        response = formats.get(asked.choices)
        if response is None:
            seen.left_out.append(f"Not taken over: '{quoted(asked.name)}' ({_text(asked)}), for its answers cannot be.")
            return None
        if asked.type not in LISTED:
            line = asked.type == "slider"
            return Item(id, order, response, asked.reverse, asked.texts, required=asked.required, slider=line)
        top = asked.top if asked.top is not None and 0 < asked.top < len(response.values) else None
        return Question(id, order, asked.type, response, asked.texts, required=asked.required, top=top)
    low, high = asked.low, asked.high
    if low is not None and high is not None and low >= high:
        seen.unsure.append(f"The bounds of '{quoted(asked.name)}', {low:g} and {high:g}, are no range; left out.")
        low = high = None
    if asked.type not in ("integer", "decimal"):
        low = high = None
    return Question(id, order, asked.type, None, asked.texts, low, high, asked.required)


def _text(asked: Asked) -> str:
    return quoted(next(iter(asked.texts.values()), asked.type))


def _sections(seen: Seen, ids: Mapping[str, str]) -> tuple[list[Section], dict[str, str]]:
    """The pages of the file; questions on no page get pages of their own, in their place. None where it has none."""
    pages = dict.fromkeys(asked.page for asked in seen.asked if asked.name in ids)
    if not any(pages):
        return [], {}
    sections: list[Section] = []
    places: dict[str, str] = {}
    for asked in seen.asked:
        if asked.name not in ids:
            continue
        entry = ids[asked.name]
        if asked.page and asked.page in places:
            place = next(i for i, one in enumerate(sections) if one.id == places[asked.page])
            sections[place] = replace(sections[place], entries=(*sections[place].entries, entry))
        elif not asked.page and sections and sections[-1].id not in places.values():
            sections[-1] = replace(sections[-1], entries=(*sections[-1].entries, entry))
        else:
            page = seen.pages.get(asked.page, Page(asked.page))
            wanted = identifier(page.name or f"page_{len(sections) + 1}", f"page_{len(sections) + 1}")[:_LONGEST_ID]
            id = unique(wanted, [one.id for one in sections])
            if asked.page:
                places[asked.page] = id
            sections.append(Section(id, (entry,), page.title, page.text))
    return sections, places
