"""The pages of a questionnaire made into what is printed."""

from __future__ import annotations

from collections.abc import Sequence

from crmstudy.errors import UnsupportedError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.printing.headings import headings_of
from crmstudy.exchange.printing.sheet import Line, Option, Part, Printed, Row, Sheet, footer, imprint
from crmstudy.exchange.printing.structure import structure_sheet
from crmstudy.exchange.printing.words import Words, words_in
from crmstudy.instrument.forms import Block, Field, pages
from crmstudy.instrument.model import Instrument


def sheet(
    instruments: Instrument | Sequence[Instrument],
    lang: str,
    *,
    title: str = "",
    numbers: Sequence[str] = (),
    preface: tuple[str, Sequence[str]] = ("", ()),
) -> Sheet:
    """What is printed of one or several instruments.

    Parameters
    ----------
    instruments : Instrument or sequence of Instrument
        The parts of the questionnaire; or one instrument without wording, of which a structure sheet is made.
    lang : str
        Tag of the language.
    title : str
        The heading; by default the word for questionnaire, because the name of an instrument tells respondents what
        is measured.
    numbers : sequence of str
        Numbers of copies, each printed on every page of its copy.
    preface : (str, sequence of str)
        A heading and paragraphs that stand before the first question.

    Raises
    ------
    UnsupportedError, InstrumentError
        As :func:`crmstudy.instrument.forms.pages`.
    """
    given = (instruments,) if isinstance(instruments, Instrument) else tuple(instruments)
    words = words_in(lang)
    if len(given) == 1 and given[0].wording == "none":
        return structure_sheet(given[0], lang, title)
    made = pages(given, lang, rows=None)
    starts = [page.number for page in made if page.opens]
    parts = []
    for page in made:
        opens = words.part.format(words.digits(starts.index(page.number) + 1)) if page.opens and len(given) > 1 else ""
        blocks = tuple(_printed(block, words) for block in page.blocks)
        parts.append(Part(opens, page.title, tuple(_paragraphs(page.intro)), blocks))
    if preface[1]:
        parts.insert(0, Part("", preface[0], tuple(preface[1]), ()))
    return Sheet(
        lang, made[0].direction, title or words.questionnaire, footer(given), tuple(parts),
        tuple(imprint(one, lang, made) for one in given), words, numbers=tuple(numbers),
    )  # fmt: skip


def _paragraphs(texts: Sequence[str]) -> list[str]:
    return [line.strip() for text in texts for line in text.split("\n") if line.strip()]


def _printed(block: Block, words: Words) -> Printed:
    """A block; one question whose answers are a row of numbers is printed as a grid of one row."""
    options, heading = _options(block, words)
    valid = [choice for choice in block.choices if not choice.missing]
    ends = (valid[0].label, valid[-1].label) if valid else ("", "")
    rows = tuple(_row(field, words) for field in block.fields)
    first = block.fields[0]
    kind = "grid" if block.kind == "single" and heading == "ends" else block.kind
    line = _line(first, words) if block.kind == "slider" else None
    return Printed(kind, heading, rows, options, ends, _hint(first, words), first.type == "longtext", line)


def _line(field: Field, words: Words) -> Line:
    """A line of a slider: ticks at its ends and its labels."""
    low, high = int(field.low or 0), int(field.high or 0)
    labels = {choice.value: choice.label for choice in field.choices if not choice.missing}
    places = {value: 100 * (value - low) / (high - low) for value in sorted({low, high, *labels})}
    inner = [value for value in places if low < value < high]
    middle = labels[inner[0]] if len(inner) == 1 and places[inner[0]] == 50 else ""
    others = () if middle else tuple(f"{words.digits(value)} = {labels[value]}" for value in inner)
    ends = [labels.get(end) or words.digits(end) for end in (low, high)]
    ticks = tuple(round(place, 3) for place in places.values())
    return Line(ticks, ends[0], ends[1], (str(low), str(high)), middle, others)


def _row(field: Field, words: Words) -> Row:
    return Row(words.digits(field.number), field.text, field.required == "hard", field.columns)


def _hint(field: Field, words: Words) -> str:
    if field.type == "multi":
        return words.every
    if field.type == "date":
        return words.date
    if field.type == "slider":
        return words.line
    if field.type == "rank":
        return _order_hint(field, words)
    low, high = (None if end is None else words.digits(f"{end:g}") for end in (field.low, field.high))
    if low is not None and high is not None:
        return words.between.format(low, high)
    if low is not None:
        return words.at_least.format(low)
    return "" if high is None else words.at_most.format(high)


def _order_hint(field: Field, words: Words) -> str:
    if field.top == sum(not choice.missing for choice in field.choices):
        return words.order
    return words.order_first if field.top == 1 else words.order_top.format(words.digits(field.top))


def _options(block: Block, words: Words) -> tuple[tuple[Option, ...], str]:
    """The answers with the widths of their columns, and how the grid is headed."""
    headings = headings_of(block.choices, words.lang)
    made = tuple(
        Option(str(choice.value), words.digits(choice.value), choice.label, head, choice.missing, width)
        for choice, head, width in zip(block.choices, headings.heads, headings.widths, strict=True)
    )
    return made, headings.kind


def log_losses(instruments: Sequence[Instrument], log: ExportLog) -> None:
    """Note what paper cannot do."""
    for one in instruments:
        for section in one.sections:
            if section.randomise:
                what = "its questions come in any order; on paper the order is that of the instrument."
                log.add(what, f"{one.id}, section {section.id}")


def chosen_language(instruments: Sequence[Instrument], lang: str | None) -> str:
    """The language that was asked for; otherwise English where all have it, or the first that all have.

    Raises UnsupportedError where there is none.
    """
    if lang is not None:
        return lang
    shared = [
        tag for tag in (instruments[0].languages if instruments else ()) if all(tag in i.languages for i in instruments)
    ]
    if not shared:
        raise UnsupportedError("the instruments have no language in common; name one, and use those that have it.")
    return "en" if "en" in shared else shared[0]
