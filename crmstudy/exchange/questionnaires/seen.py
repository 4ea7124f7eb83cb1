"""What a file shows of a questionnaire, in its own names and codes, before any of it is an instrument."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from crmstudy.declared import CONTROL

_SHOWN = 60
_JOINERS = "\u200c\u200d"
_PERSIAN = re.compile("[\u067e\u0686\u0698\u06af\u06a9\u06cc]")
_ARABIC = re.compile("[\u0600-\u06ff]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LETTERS = re.compile(r"\w")


@dataclass(slots=True)
class Choice:
    """An answer of a list: its code as the file writes it, and its label by language."""

    code: str
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Asked:
    """A question: its name in the file, its type, its text, the list it is answered from, and the page it stands on.

    ``type`` is one of ``single slider multi rank integer decimal text longtext date info``; ``top`` is how many places
    a ``rank`` gives where not every answer gets one.
    """

    name: str
    type: str
    texts: dict[str, str] = field(default_factory=dict)
    choices: str = ""
    page: str = ""
    required: str = "no"
    low: float | None = None
    high: float | None = None
    reverse: bool = False
    top: int | None = None


@dataclass(slots=True)
class Page:
    """A group of questions: its name in the file, heading and text."""

    name: str
    title: dict[str, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Seen:
    """Everything a file shows, and what the reader was unsure of or left out (sentences)."""

    origin: str
    languages: list[str] = field(default_factory=list)
    id: str = ""
    version: str = ""
    title: dict[str, str] = field(default_factory=dict)
    description: dict[str, str] = field(default_factory=dict)
    instructions: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[Choice]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def choices_of(self, asked: Asked) -> list[Choice]:
        """The answers of a question; none where it is open."""
        return self.lists.get(asked.choices, [])


def one_line(text: object) -> str:
    """A text without control characters, with single blanks, as an instrument holds it."""
    written = "" if text is None else str(text)
    return " ".join(CONTROL.sub(" ", written).split())


def quoted(text: object, length: int = _SHOWN) -> str:
    """A text of a file as a sentence may show it: one line, shortened, without marks that nobody sees."""
    shown = "".join(letter for letter in one_line(text) if letter.isprintable() or letter in _JOINERS)
    return shown if len(shown) <= length else f"{shown[: length - 1].rstrip()}…"


def texts_of(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Texts by language, without the empty ones."""
    tidy = ((tag, one_line(text)) for tag, text in pairs)
    return {tag: text for tag, text in tidy if text}


def language_of(texts: Iterable[str]) -> str:
    """The language that texts are probably in, by their letters alone: fa, ar, ru, or en."""
    said = " ".join(texts)[:20_000]
    letters = len(_LETTERS.findall(said)) or 1
    if len(_ARABIC.findall(said)) * 2 > letters:
        return "fa" if _PERSIAN.search(said) else "ar"
    return "ru" if len(_CYRILLIC.findall(said)) * 2 > letters else "en"


def number_of(text: object) -> float | None:
    """A finite number that a cell holds, or None."""
    try:
        value = float(one_line(text))
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None
