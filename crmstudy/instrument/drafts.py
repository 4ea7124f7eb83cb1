"""An instrument made of what a document shows: items and scales, with rights and origins that nobody knows yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmstudy.instrument.model import (
    Direction,
    HigherOrder,
    Instrument,
    Item,
    Language,
    Origin,
    Question,
    ResponseFormat,
    Rights,
    Scale,
    Section,
    Texts,
)
from crmstudy.instrument.slots import Slot

#: Languages written from right to left, by the first part of their tag.
RIGHT_TO_LEFT = frozenset({"ar", "az-Arab", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
UNKNOWN_RIGHTS = Rights(
    "unknown",
    "unknown",
    "Nobody has established yet who holds the rights in these texts; do so before you publish them.",
    Origin(unverified=True),
)


def direction_of(tag: str) -> Direction:
    """The direction a language is written in, by its tag and never by a text."""
    return "rtl" if tag.split("-")[0] in RIGHT_TO_LEFT or tag in RIGHT_TO_LEFT else "ltr"


def draft(
    id: str,
    *,
    name: Texts,
    items: Sequence[Item],
    scales: Sequence[Scale] = (),
    questions: Sequence[Question] = (),
    higher_order: Sequence[HigherOrder] = (),
    sections: Sequence[Section] = (),
    slots: Mapping[str, Slot] | None = None,
    languages: Sequence[str] = (),
    version: str = "1",
    respondent: str = "staff",
    description: Texts | None = None,
    instructions: Texts | None = None,
    notes: Texts | None = None,
    origin: str = "",
) -> Instrument:
    """Make an instrument whose rights are unknown and whose every part is marked as unverified.

    Parameters
    ----------
    id, version, name, respondent, description, instructions, notes
        As in an instrument file.
    items, scales, questions, higher_order, sections, slots
        What the document shows; the answer sets are those of the items.
    languages : sequence of str
        Tags; by default those of the name and the items.
    origin : str
        Where it was read, for the provenance: "the XLSForm survey.xlsx".

    Returns
    -------
    Instrument
        With ``wording="published"`` nowhere: a questionnaire of one's own is marked ``paraphrase`` until its wording
        is adopted as published; ``none`` when no item has a text.
    """
    entries: list[Item | Question] = [*items, *questions]
    tags = list(dict.fromkeys([*languages, *name, *(tag for entry in entries for tag in entry.wording)]))
    formats: dict[str, ResponseFormat] = {item.response.id: item.response for item in items}
    formats |= {one.response.id: one.response for one in questions if one.response is not None}
    said = f"Read from {origin}; not checked." if origin else ""
    unchecked = Origin(unverified=True, note=said)
    worded = any(entry.wording for entry in entries)
    return Instrument(
        id=id,
        version=version,
        name=name,
        respondent=respondent,
        wording="paraphrase" if worded else "none",
        languages={tag: Language(tag, direction_of(tag), "draft") for tag in tags},
        responses=formats,
        items=tuple(items),
        scales=tuple(scales),
        rights=UNKNOWN_RIGHTS,
        provenance=dict.fromkeys(("structure", "content", "responses", "scoring", "reversed"), unchecked),
        description=description or {},
        instructions=instructions or {},
        questions=tuple(questions),
        higher_order=tuple(higher_order),
        slots=slots or {},
        sections=tuple(sections),
        notes=notes or {},
    )
