"""What a document shows of a questionnaire, before it is an instrument: statements, headings, marks, answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from crmstudy.exchange.drafting.answer_words import Label
from crmstudy.exchange.questionnaires.seen import one_line
from crmstudy.letters import digits


@dataclass(slots=True)
class Statement:
    """A question or statement: its texts, what the file calls it, its heading, its answers and its key.

    ``reverse`` is True or False where the file says so and None where it is silent; ``mark`` is what said so.
    ``answers`` are labels as printed, or the name of a set. ``type`` is empty for one answer of a list.
    """

    texts: dict[str, str]
    name: str = ""
    number: str = ""
    scale: str = ""
    reverse: bool | None = None
    mark: str = ""
    answers: tuple[Label, ...] | str = ()
    type: str = ""
    missing: dict[int, str] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    unscored: bool = False
    place: str = ""
    note: str = ""

    @property
    def closed(self) -> bool:
        """Whether it is answered by one answer of a set, and so an item."""
        return self.type in ("", "slider")


@dataclass(slots=True)
class Found:
    """Everything a document shows, with what was decided in reading it (``told``) and what is unsure."""

    origin: str
    lang: str
    statements: list[Statement] = field(default_factory=list)
    title: dict[str, str] = field(default_factory=dict)
    instructions: dict[str, str] = field(default_factory=dict)
    scales: dict[str, dict[str, str]] = field(default_factory=dict)
    sets: dict[str, dict[int, dict[str, str]]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


def numbers_in(text: str) -> list[int]:
    """Whole numbers and ranges in a text: "1-6, 9 and 12", «۱ تا ۶ و ۹»; empty where anything else stands in it."""
    import re

    plain = digits(text)
    plain = re.sub(r"(?<=\d)\s*(?:-|–|—|\.\.|…|to|تا|الی|до)\s*(?=\d)", "-", plain)
    parts = [part for part in re.split(r"[\s,;،؛]+|(?<=\d)و(?=\d)|\bи\b|\band\b|\bو\b", plain) if part]
    found: list[int] = []
    for part in parts:
        match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?\.?", part)
        if match is None:
            return []
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:  # written from right to left
            first, last = last, first
        found += range(first, last + 1)
    return found


def tidy_texts(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Texts by language in one line each, without the empty ones."""
    return {tag: tidied for tag, text in texts if (tidied := one_line(text))}


def joined(cells: Sequence[str]) -> str:
    """Cells as one text."""
    return " ".join(cell for cell in cells if cell)
