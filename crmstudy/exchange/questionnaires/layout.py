"""How an instrument is laid out in the forms of other tools: pages, grids of items with the same answers, texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from crmstudy.errors import UnsupportedError, did_you_mean
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.printing.words import words_in
from crmstudy.instrument.model import Instrument, Item, Question, ResponseFormat, Section, Texts

#: Answers that still fit beside each other in a grid.
WIDEST_GRID = 12


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive entries that stand together: a grid of items, or a single question (``grid`` is None)."""

    section: Section | None
    entries: tuple[Item | Question, ...]
    grid: ResponseFormat | None = None


def blocks(instrument: Instrument, together: Callable[[Item], object] = lambda item: item.response.id) -> list[Block]:
    """The blocks of an instrument, in its order; items that have ``together`` in common make a grid."""
    by_id = {entry.id: entry for entry in instrument.entries}
    homes: list[tuple[Section | None, list[Item | Question]]]
    if instrument.sections:
        homes = [(section, [by_id[id] for id in section.entries]) for section in instrument.sections]
    else:
        homes = [(None, list(instrument.entries))]
    made = []
    for section, entries in homes:
        run: list[Item | Question] = []
        for entry in entries:
            if run and not _joins(run[-1], entry, together):
                made.append(_block(section, run))
                run = []
            run.append(entry)
        if run:
            made.append(_block(section, run))
    return made


def _joins(before: Item | Question, entry: Item | Question, together: Callable[[Item], object]) -> bool:
    if not isinstance(before, Item) or not isinstance(entry, Item) or before.response.id != entry.response.id:
        return False
    if before.slider or entry.slider:
        return False
    return len(offered(entry.response)) <= WIDEST_GRID and together(before) == together(entry)


def _block(section: Section | None, run: list[Item | Question]) -> Block:
    first = run[0]
    return Block(section, tuple(run), first.response if len(run) > 1 and isinstance(first, Item) else None)


def offered(response: ResponseFormat) -> list[tuple[int, Texts]]:
    """The answers a form offers: the range, then the missing codes that have a label."""
    codes = [code for code in response.missing_codes if response.missing_labels.get(code)]
    answers = [(value, response.labels.get(value, {})) for value in response.values]
    return [*answers, *((code, response.missing_labels[code]) for code in codes)]


def beside(response: ResponseFormat) -> list[int]:
    """The missing codes with a label, which a line and a rank have no place for in the forms of other tools."""
    return [code for code in response.missing_codes if response.missing_labels.get(code)]


def shown_languages(instrument: Instrument, lang: str | None) -> list[str]:
    """The languages a file shows: the one asked for, or all."""
    if lang is None:
        return list(instrument.languages)
    if lang not in instrument.languages:
        hint = did_you_mean(lang, instrument.languages) or f" It has: {', '.join(instrument.languages)}."
        raise UnsupportedError(f"the instrument '{instrument.id}' has no texts in '{lang}'.{hint}")
    return [lang]


class Writer:
    """Texts of an instrument as a form shows them; what is missing is told once."""

    def __init__(self, instrument: Instrument, languages: list[str], log: ExportLog) -> None:
        self.instrument = instrument
        self.languages = languages
        self.log = log

    def text(self, texts: Texts, lang: str) -> str:
        """A text with its slots filled in."""
        return self.instrument.text(texts, lang)

    def title(self, lang: str, tool: str) -> str:
        """What respondents see at the head of the form: no name of an instrument, which tells what is measured."""
        neutral = words_in(lang).questionnaire
        self.log.add(
            f"respondents see the title, so it is '{neutral}': the name of an instrument tells what is measured. "
            f"Rename it in {tool} if you like."
        )
        return neutral

    def wording(self, entry: Item | Question) -> dict[str, str]:
        """The wording of an entry by language; its id where it has none, for nothing is asked without."""
        texts = {lang: self.text(entry.wording, lang) for lang in self.languages}
        if not any(texts.values()):
            if self.instrument.wording == "none":
                self.log.add(
                    "the instrument ships without wording; the form shows the ids of the items. Adopt the published "
                    "wording before it is used (crmstudy instruments adopt)."
                )
            return dict.fromkeys(self.languages, entry.id)
        for lang, text in texts.items():
            if not text:
                self.log.add(f"there is no wording in '{lang}'.", entry.id)
        return texts

    def tell_beside(self, entry: Item | Question, tool: str) -> None:
        """Say which answers beside a line or a rank the form does not offer."""
        codes = beside(entry.response) if entry.response is not None else []
        if codes:
            what = "a mark on a line" if isinstance(entry, Item) else "an order"
            said = ", ".join(map(str, codes))
            self.log.add(f"{tool} takes {what} or nothing; the answers beside it are not offered: {said}.", entry.id)

    def label(self, code: int, texts: Texts) -> dict[str, str]:
        """The label of an answer by language; its number where it has none."""
        return {lang: self.text(texts, lang) or str(code) for lang in self.languages}


def tell_unheld(instrument: Instrument, languages: list[str], log: ExportLog, tool: str) -> None:
    """What no form of these tools has a place for, so that it goes with the carried instrument only."""
    told: Mapping[str, bool] = {
        "scales, reversed items and scoring": bool(instrument.scales),
        "scores made of scale scores": bool(instrument.higher_order),
        "answers that show attention": any(item.expected is not None for item in instrument.items),
        "missing codes without a label": any(_bare(one) for one in instrument.responses.values()),
        "rights, sources and provenance": True,
        "slots (the texts are written with their words filled in)": bool(instrument.slots),
    }
    held = [what for what, there in told.items() if there]
    log.add(f"{tool} has no place for {'; '.join(held)}: kept in the file for crmstudy, not used by {tool}.")
    left = [tag for tag in instrument.languages if tag not in languages]
    if left:
        log.add(f"the file shows {', '.join(languages)}; texts in {', '.join(left)} are only carried along.")


def _bare(response: ResponseFormat) -> bool:
    return any(code not in response.missing_labels for code in response.missing_codes)


def grids_of(made: list[Block]) -> Iterator[Block]:
    """The blocks that are grids."""
    return (block for block in made if block.grid is not None)
