"""What is printed, as plain values that both printers take: every text final, every code and width worked out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from crmstudy.exchange.printing.words import Words, words_in
from crmstudy.instrument.forms import Page
from crmstudy.instrument.model import Direction, Instrument, Texts

#: Digits of the fingerprint in the footer: enough to tell two versions apart.
SHORT = 8
#: How many instruments the footer names.
FULL = 3


@dataclass(frozen=True, slots=True)
class Option:
    """An answer as it is printed: code for data entry, its number in the digits of the language, label.

    ``head`` is the label as the heading of a column, ``width`` that of the column in millimetres.
    """

    code: str
    number: str
    label: str
    head: str
    missing: bool
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """A question as it is printed."""

    number: str
    text: str
    required: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line to put a mark on: its ticks in per cent of its length, the texts and codes at its ends.

    ``middle`` stands at its half; other labels along it are told in ``others``.
    """

    ticks: tuple[float, ...]
    low: str
    high: str
    codes: tuple[str, str]
    middle: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Printed:
    """A block: ``kind`` of its page; how a grid is headed (``labels``, ``ends``, ``key``); rows, options, a hint.

    ``ends`` are the labels of the lowest and the highest answer, ``line`` what a slider becomes.
    """

    kind: str
    heading: str
    rows: tuple[Row, ...]
    options: tuple[Option, ...]
    ends: tuple[str, str] = ("", "")
    hint: str = ""
    long: bool = False
    line: Line | None = None

    @property
    def spans(self) -> tuple[int, int]:
        """Over how many columns the labels of the ends stand."""
        valid = sum(not option.missing for option in self.options)
        return valid // 2, valid - valid // 2


@dataclass(frozen=True, slots=True)
class Part:
    """Blocks under a heading."""

    part: str
    title: str
    intro: tuple[str, ...]
    blocks: tuple[Printed, ...]


@dataclass(frozen=True, slots=True)
class Imprint:
    """What is said of an instrument on the last page."""

    id: str
    version: str
    name: str
    fingerprint: str
    wording: str
    status: str
    translator: str
    rights: str
    statement: str
    sources: tuple[str, ...]
    columns: str


@dataclass(frozen=True, slots=True)
class StructureRow:
    """An item of which no text may be printed."""

    place: str
    item: str
    scale: str
    key: str
    answers: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole questionnaire, or a structure sheet (``structure`` and ``scoring`` instead of ``parts``).

    With ``numbers`` it is printed once for each, the number on every page, and without what is for the researcher.
    """

    lang: str
    direction: Direction
    title: str
    footer: str
    parts: tuple[Part, ...]
    imprints: tuple[Imprint, ...]
    words: Words
    structure: tuple[StructureRow, ...] = ()
    scoring: tuple[tuple[str, str], ...] = ()
    numbers: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """The same as mappings, tuples and texts."""
        return asdict(self)


def footer(instruments: Sequence[Instrument]) -> str:
    """What tells this questionnaire from another; of many instruments a fingerprint of their fingerprints."""
    if len(instruments) <= FULL:
        return "  ·  ".join(f"{one.id} {one.version} {one.fingerprint[:SHORT]}" for one in instruments)
    joined = hashlib.sha256("".join(one.fingerprint for one in instruments).encode("ascii")).hexdigest()
    return f"{instruments[0].id} … {instruments[-1].id} ({len(instruments)}) {joined[:SHORT]}"


def imprint(instrument: Instrument, lang: str, made: Sequence[Page]) -> Imprint:
    """What the last page says of an instrument; ``made`` are the pages that tell the numbers of its questions."""
    words = words_in(lang)
    language, rights = instrument.languages[lang], instrument.rights
    own = [field for page in made for field in page.fields if field.instrument == instrument.id]
    columns = "; ".join(f"{field.number} = {', '.join(field.columns)}" for field in own)
    return Imprint(
        instrument.id,
        instrument.version,
        said(instrument.name, lang),
        instrument.fingerprint[:16],
        words.wording[instrument.wording],
        words.status[language.status] if instrument.wording != "none" else "",
        language.translator,
        f"{words.rights[rights.status]}; {rights.holder}",
        rights.statement,
        tuple(source.reference for source in instrument.sources.values()),
        columns,
    )


def said(texts: Texts, lang: str) -> str:
    """A text in a language, otherwise in English or whichever there is."""
    return texts.get(lang) or texts.get("en") or next(iter(texts.values()), "")
