"""A questionnaire as pages: what stands on a page, in which order, with which answers to choose from.

The same pages are shown on a screen and printed. They hold what a respondent may see, and no key: neither reversed
items nor the answer that shows attention. Standard library only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from crmstudy.errors import Fault, InstrumentError, UnsupportedError, did_you_mean
from crmstudy.instrument.model import Direction, Instrument, Item, Question, ResponseFormat, Texts

BlockKind = Literal["grid", "single", "multi", "number", "text", "date", "slider", "rank", "info"]
#: Rows of a grid on a screen before a new page begins.
ROWS = 10
#: Answers that stand side by side, at most; a longer list stands as a list, a wide range is answered with a number.
MOST_CHOICES = 13
_OPEN_KINDS: Mapping[str, BlockKind] = {
    "multi": "multi", "integer": "number", "decimal": "number", "text": "text", "longtext": "text", "date": "date",
    "rank": "rank", "info": "info",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to choose: the number that is stored, its label (empty where the set has none).

    ``missing`` marks an answer such as "does not apply", which is stored as a missing code.
    """

    value: int
    label: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One question as it is asked: its number in the whole questionnaire, its text, what may be answered.

    ``type`` is ``single slider multi rank integer decimal text longtext date info``; ``required`` is ``no soft hard``;
    ``low`` and ``high`` bound a number, and are the ends of the line of a ``slider``, whose ``choices`` are the labels
    along it and the answers beside it; ``top`` is how many places a ``rank`` gives (all of its answers or fewer);
    ``columns`` are those of the data file. An ``info`` has a text only: number 0, no choices and no columns.
    """

    id: str
    number: int
    instrument: str
    type: str
    text: str
    required: str = "soft"
    choices: tuple[Choice, ...] = ()
    low: float | None = None
    high: float | None = None
    columns: tuple[str, ...] = ()
    top: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """What is shown together: rows of a grid, whose answers are the same; one question; or a text (``info``)."""

    kind: BlockKind
    fields: tuple[Field, ...]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The answers that all rows share."""
        return self.fields[0].choices

    @property
    def labelled(self) -> bool:
        """Whether every answer has a label; otherwise the labels only say what the ends mean."""
        return all(choice.label for choice in self.choices)

    @property
    def rows(self) -> int:
        """About how many rows of a grid it takes on a screen."""
        return len(self.fields) if self.kind == "grid" else 2


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its number from 1, language and direction, heading, texts, blocks.

    ``instrument`` and ``section`` tell where its questions come from; ``opens`` says that it is the first page of the
    instrument; with ``randomise`` the questions of the section (all its pages) may be asked in any order.
    """

    number: int
    lang: str
    direction: Direction
    instrument: str
    blocks: tuple[Block, ...]
    section: str = ""
    title: str = ""
    intro: tuple[str, ...] = ()
    opens: bool = False
    randomise: bool = False

    @property
    def fields(self) -> tuple[Field, ...]:
        """All questions of the page; texts between them are blocks only."""
        return tuple(field for block in self.blocks if block.kind != "info" for field in block.fields)


@dataclass(frozen=True, slots=True)
class _Part:
    """A section, or a whole instrument that has none: pages are made of it."""

    instrument: Instrument
    entries: tuple[Item | Question, ...]
    section: str = ""
    title: str = ""
    text: str = ""
    randomise: bool = False


def pages(
    instruments: Instrument | Sequence[Instrument], lang: str, *, rows: int | None = ROWS, order: Sequence[str] = ()
) -> tuple[Page, ...]:
    """Lay a questionnaire of one or several instruments out on pages.

    A page ends with its section, and before it gets longer than ``rows``. Neighbouring items with the same answers
    become a grid; all questions are numbered through, texts between them are not.

    Parameters
    ----------
    instruments : Instrument or sequence of Instrument
        What is asked, in this order.
    lang : str
        Tag of the language.
    rows : int or None
        About how many rows of a grid a page holds; None for one page a section, however long.
    order : sequence of str
        The ids of all questions (and texts) in the order they are asked, where those of randomised sections change
        places; by default the order of the questionnaire.

    Returns
    -------
    tuple of Page
        Every item, question and text stands on one page, once.

    Raises
    ------
    UnsupportedError
        For a language an instrument has not, and for an order that moves more than randomised sections allow.
    InstrumentError
        With all faults: no instrument, an id that two of them use, texts or labels that are missing, no wording.

    Examples
    --------
    >>> from crmstudy.instrument import load_instrument
    >>> first = pages(load_instrument("qwl-walton"), "fa")[0]
    >>> first.direction, first.blocks[0].kind, [choice.value for choice in first.blocks[0].choices]
    ('rtl', 'grid', [1, 2, 3, 4, 5])
    """
    given = (instruments,) if isinstance(instruments, Instrument) else tuple(instruments)
    direction = _checked(given, lang)
    parts = _ordered([part for one in given for part in _parts(one, lang)], order)
    made: list[Page] = []
    number = 1
    for place, part in enumerate(parts):
        opens = place == 0 or parts[place - 1].instrument is not part.instrument
        blocks = list(_blocks(part, lang, number, rows))
        number += sum(entry.type != "info" for entry in part.entries)
        intro = tuple(
            text
            for text in (part.instrument.text(part.instrument.instructions, lang) if opens else "", part.text)
            if text
        )
        for nth, held in enumerate(_filled_pages(blocks, rows)):
            page = Page(
                len(made) + 1, lang, direction, part.instrument.id, held, part.section, randomise=part.randomise
            )
            made.append(replace(page, title=part.title, intro=intro, opens=opens) if nth == 0 else page)
    return tuple(made)


def fields_of(made: Iterable[Page]) -> tuple[Field, ...]:
    """All questions of some pages, in their order."""
    return tuple(field for page in made for field in page.fields)


def _checked(instruments: tuple[Instrument, ...], lang: str) -> Direction:
    """The direction of the language; everything that keeps the questionnaire from being asked is told at once."""
    if not instruments:
        raise InstrumentError("a questionnaire needs at least one instrument; name one.")
    without = [one for one in instruments if lang not in one.languages]
    if without:
        raise UnsupportedError([
            Fault(f"the instrument '{one.id}' has no texts in '{lang}'."
                  f"{did_you_mean(lang, one.languages) or ' It has: ' + ', '.join(one.languages) + '.'}")
            for one in without
        ])  # fmt: skip
    faults = [
        f"the instrument '{one.id}' ships without wording (rights: {one.rights.status}), so there is nothing to ask; "
        "adopt the wording you are licensed to use, or print its structure sheet, alone."
        for one in instruments
        if one.wording == "none"
    ]
    owners = Counter(entry.id for one in instruments for entry in one.entries)
    twice = [id for id, times in owners.items() if times > 1]
    if twice:
        faults.append(f"{_some(twice)} would be asked twice; ids of items differ between the instruments of a form.")
    for one in instruments:
        if one.wording != "none":
            faults += _text_faults(one, lang)
    directions = {one.languages[lang].direction for one in instruments}
    if len(directions) > 1:
        faults.append(f"the instruments write '{lang}' in different directions; correct the languages of one of them.")
    if faults:
        raise InstrumentError(faults)
    return directions.pop()


def _text_faults(instrument: Instrument, lang: str) -> Iterator[str]:
    mute = [entry.id for entry in instrument.entries if not instrument.text(entry.wording, lang).strip()]
    if not instrument.entries:
        yield f"the instrument '{instrument.id}' has no items; there is nothing to ask."
    if mute:
        yield f"the instrument '{instrument.id}' has no wording in '{lang}' for {_some(mute)}; add it."
    used = {entry.response.id: entry.response for entry in instrument.entries if entry.response is not None}
    for response in used.values():
        labels: Mapping[int, Texts] = {**response.labels, **response.missing_labels}
        bare = [str(value) for value, texts in labels.items() if texts and not texts.get(lang, "").strip()]
        if bare:
            yield f"the answers '{response.id}' of '{instrument.id}' lack a label in '{lang}' for {_some(bare)}."


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _parts(instrument: Instrument, lang: str) -> Iterator[_Part]:
    if not instrument.sections:
        yield _Part(instrument, instrument.entries)
        return
    known = {entry.id: entry for entry in instrument.entries}
    for section in instrument.sections:
        entries = tuple(known[id] for id in section.entries)
        if entries:
            title, text = instrument.text(section.title, lang), instrument.text(section.text, lang)
            yield _Part(instrument, entries, section.id, title, text, section.randomise)


def _ordered(parts: list[_Part], order: Sequence[str]) -> list[_Part]:
    """The parts with the entries of randomised ones in the order given."""
    if not order:
        return parts
    places = {id: place for place, id in enumerate(order)}
    moved = [
        replace(part, entries=tuple(sorted(part.entries, key=lambda entry: places.get(entry.id, -1))))
        if part.randomise
        else part
        for part in parts
    ]
    if [entry.id for part in moved for entry in part.entries] != list(order):
        raise UnsupportedError(
            "the order must name every question once, and only the questions of a randomised section change places."
        )
    return moved


def _blocks(part: _Part, lang: str, number: int, rows: int | None) -> Iterator[Block]:
    """The blocks of a part; runs of items with the same answers are grids, cut evenly where they are too long.

    Answers are the same where they are in every language: a page holds the same questions in all of them.
    """
    fields: list[Field] = []
    for entry in part.entries:
        fields.append(_field(entry, part.instrument, lang, number))
        number += entry.type != "info"
    run: list[Field] = []
    first: ResponseFormat | None = None
    for field, entry in zip(fields, part.entries, strict=True):
        gridded = isinstance(entry, Item) and field.low is None and len(field.choices) <= MOST_CHOICES
        if run and not (gridded and first is not None and entry.response is not None and _alike(entry.response, first)):
            yield from _run(run, rows)
            run = []
        if gridded:
            first = first if run else entry.response
            run.append(field)
        else:
            yield Block(_kind(field), (field,))
    yield from _run(run, rows)


def _alike(one: ResponseFormat, other: ResponseFormat) -> bool:
    """Whether two sets offer the same answers in the same words, in every language."""
    if one is other:
        return True
    return (
        one.values == other.values
        and _told(one.labels) == _told(other.labels)
        and (
            [(code, one.missing_labels[code]) for code in one.missing_codes if one.missing_labels.get(code)]
            == [(code, other.missing_labels[code]) for code in other.missing_codes if other.missing_labels.get(code)]
        )
    )


def _told(labels: Mapping[int, Texts]) -> dict[int, Texts]:
    return {value: texts for value, texts in labels.items() if texts}


def _kind(field: Field) -> BlockKind:
    if field.type == "single":
        return "single" if field.low is None else "number"
    return "slider" if field.type == "slider" else _OPEN_KINDS[field.type]


def _run(run: Sequence[Field], rows: int | None) -> Iterator[Block]:
    if len(run) == 1:
        yield Block("single", (run[0],))
    elif run:
        cuts = 1 if rows is None else math.ceil(len(run) / max(2, rows))
        for nth in range(cuts):
            held = tuple(run[nth * len(run) // cuts : (nth + 1) * len(run) // cuts])
            yield Block("grid", held)


def _field(entry: Item | Question, instrument: Instrument, lang: str, number: int) -> Field:
    text = instrument.text(entry.wording, lang)
    if isinstance(entry, Item):
        type = "slider" if entry.type == "slider" else "single"
        choices, low, high = _answers(entry, instrument, lang)
        return Field(entry.id, number, instrument.id, type, text, entry.required, choices, low, high, (entry.id,))
    if entry.type == "info":
        return Field(entry.id, 0, instrument.id, "info", text, "no")
    choices = () if entry.response is None else _choices(entry.response, instrument, lang)
    return Field(
        entry.id, number, instrument.id, entry.type, text, entry.required, choices, entry.low, entry.high,
        entry.columns, entry.places,
    )  # fmt: skip


def _answers(item: Item, instrument: Instrument, lang: str) -> tuple[tuple[Choice, ...], float | None, float | None]:
    """The choices of a closed item; those of a line or a wide range are its labels, with the bounds of the number."""
    response = item.response
    choices = _choices(response, instrument, lang)
    if not item.slider and (len(response.values) <= MOST_CHOICES or all(choice.label for choice in choices)):
        return choices, None, None
    return tuple(choice for choice in choices if choice.label), response.low, response.high


def _choices(response: ResponseFormat, instrument: Instrument, lang: str) -> tuple[Choice, ...]:
    values = [Choice(value, instrument.text(response.labels.get(value, {}), lang)) for value in response.values]
    codes = [
        Choice(code, instrument.text(response.missing_labels[code], lang), missing=True)
        for code in response.missing_codes
        if response.missing_labels.get(code)
    ]
    return (*values, *codes)


def _filled_pages(blocks: Sequence[Block], rows: int | None) -> Iterator[tuple[Block, ...]]:
    """The blocks of each page: as many as fit, and at least one; a text goes with what stands behind it."""
    held: list[Block] = []
    for block in blocks:
        if held and rows is not None and sum(one.rows for one in held) + block.rows > rows:
            end = len(held)
            while end and held[end - 1].kind == "info":
                end -= 1
            if end:
                yield tuple(held[:end])
                held = held[end:]
        held.append(block)
    yield tuple(held)
