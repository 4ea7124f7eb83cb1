"""What all respondents of a sample have in common in one language: pages, conditions, items that may change places.

Pages are those of :func:`crmstudy.instrument.forms.pages`, parted further where the condition of a question depends on
another question of its page. Their numbers are the same for everyone, whatever anyone answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from crmstudy.administration.fieldwork import Sample
from crmstudy.administration.session.conditions import Condition, parse_condition
from crmstudy.administration.session.names import kinds
from crmstudy.administration.session.order import Seed, exchangeable, moves, prepared
from crmstudy.errors import Fault, StudyError, did_you_mean
from crmstudy.instrument.forms import Block, Field, Page, pages
from crmstudy.instrument.model import Instrument
from crmstudy.quoting import shown

_MOST_LAYOUTS, _MOST_PAGES, _MOST_ORDERS = 512, 2000, 1024
_NO_MOVES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of the layout.

    ``ids`` are all its entries, texts between questions included; ``ruled`` those that have a condition;
    ``of_instrument`` and ``of_section`` are the numbers of the first page of its instrument and its section.
    """

    page: Page
    ids: tuple[str, ...]
    ruled: frozenset[str]
    of_instrument: int
    of_section: int


class Layout:
    """Pages, conditions and exchangeable items of a sample in one language (:func:`layout_of`)."""

    def __init__(self, sample: Sample, lang: str) -> None:
        self.sample, self.lang = sample, lang
        self.instruments = prepared(sample)
        made = pages(self.instruments, lang, rows=sample.rows)
        self.rules = _rules(sample, made)
        needs = {id: frozenset(_names(conditions)) for id, conditions in self.rules.items()}
        self.sheets = tuple(_sheets(made, needs))
        self.fields: Mapping[str, Field] = {one.id: one for sheet in self.sheets for one in _all_fields(sheet.page)}
        #: Every question that is answered, in the order of the questionnaire, and the page it stands on.
        self.asked = tuple(id for id, one in self.fields.items() if one.type != "info")
        self.page_of = {id: sheet.page.number for sheet in self.sheets for id in sheet.ids}
        self.hard = frozenset(id for id, one in self.fields.items() if one.required == "hard")
        self.items = tuple(item.id for one in self.instruments for item in one.items)
        #: The last page on which anything is asked whatever was answered: no questionnaire ends before it.
        self.sure = max((one.page.number for one in self.sheets if len(one.ruled) < len(one.ids)), default=1)
        #: The numbers of the pages with a question whose condition depends on a page.
        self.waiting: dict[int, frozenset[int]] = _waiting(needs, self.page_of)
        #: Those that stay where they are in every order: with a condition of their own, or used by one.
        self.fixed = frozenset(
            {id for id in sample.conditions if id in self.fields} | {name for names in needs.values() for name in names}
        )
        self.groups = exchangeable(self.instruments, self.fixed)
        self.heads = _heads(self.instruments, lang)
        self._pages: dict[tuple[int, frozenset[str], bool, bool], Page] = {}
        self._moves: dict[Seed, Mapping[str, str]] = {}
        self._numbered: dict[tuple[str, int], Field] = {}

    def moves(self, seed: Seed | None) -> Mapping[str, str]:
        """Which item one respondent is asked in whose place."""
        if seed is None or not self.groups:
            return _NO_MOVES
        found = self._moves.get(seed)
        if found is None:
            if len(self._moves) >= _MOST_ORDERS:
                self._moves.clear()
            found = self._moves[seed] = moves(self.groups, seed)
        return found

    def page(self, number: int, hidden: frozenset[str], moved: Mapping[str, str], opens: bool, heads: bool) -> Page:
        """A page without its hidden questions; with the head of its section, or instrument, where it is the first."""
        sheet = self.sheets[number - 1]
        if hidden:
            hidden = hidden & sheet.ruled
        if moved and any(id in moved for id in sheet.ids):
            return self._made(sheet, hidden, moved, opens, heads)
        key = (number, hidden, opens, heads)
        found = self._pages.get(key)
        if found is None:
            if len(self._pages) >= _MOST_PAGES:
                self._pages.clear()
            found = self._pages[key] = self._made(sheet, hidden, moved, opens, heads)
        return found

    def _made(self, sheet: Sheet, hidden: frozenset[str], moved: Mapping[str, str], opens: bool, heads: bool) -> Page:
        blocks = []
        for block in sheet.page.blocks:
            kept = tuple(self._at(one, moved) for one in block.fields if one.id not in hidden)
            if kept:
                blocks.append(_cut(block, kept))
        instructions, title, text = self.heads[sheet.page.instrument, sheet.page.section]
        intro = tuple(said for said in (instructions if opens else "", text if heads else "") if said)
        return replace(sheet.page, blocks=tuple(blocks), title=title if heads else "", intro=intro, opens=opens)

    def _at(self, place: Field, moved: Mapping[str, str]) -> Field:
        """The question that stands in a place, with the number of the place."""
        id = moved.get(place.id)
        if id is None or id == place.id:
            return place
        found = self._numbered.get((id, place.number))
        if found is None:
            found = self._numbered[id, place.number] = replace(self.fields[id], number=place.number)
        return found


_LAYOUTS: dict[tuple[int, str], Layout] = {}


def layout_of(sample: Sample, lang: str) -> Layout:
    """The layout of a sample in a language, made once.

    Raises
    ------
    StudyError
        With every condition that cannot be read, stands for nothing, or looks ahead.
    InstrumentError, UnsupportedError
        As :func:`crmstudy.instrument.forms.pages`.
    """
    key = (id(sample), lang)
    found = _LAYOUTS.get(key)
    if found is None or found.sample is not sample:
        found = Layout(sample, lang)
        if len(_LAYOUTS) >= _MOST_LAYOUTS:
            _LAYOUTS.clear()
        _LAYOUTS[key] = found
    return found


def _all_fields(page: Page) -> Iterator[Field]:
    """The fields of a page, texts between questions included."""
    for block in page.blocks:
        yield from block.fields


def _names(conditions: Iterable[Condition]) -> Iterator[str]:
    for condition in conditions:
        yield from condition.names


def _rules(sample: Sample, made: Iterable[Page]) -> dict[str, tuple[Condition, ...]]:
    """The conditions of every entry that has any, in the order of the questionnaire."""
    made = tuple(made)
    places = {one.id: nth for nth, one in enumerate(one for page in made for one in _all_fields(page))}
    faults = [*_name_faults(made)]
    known = kinds(sample)
    found: dict[str, list[Condition]] = {}
    for key, text in sample.conditions.items():
        entries = _entries_of(sample, key, places, faults)
        try:
            condition = parse_condition(text, known)
        except StudyError as error:
            faults += [Fault(f"the condition of '{shown(key)}': {fault.message}") for fault in error.faults]
            continue
        for id in entries:
            ahead = [name for name in sorted(condition.names) if places.get(name, -1) >= places[id]]
            if ahead:
                told = ", ".join(f"'{shown(name)}'" for name in ahead)
                faults.append(
                    Fault(f"the condition of '{shown(key)}' uses {told}, not asked before it; use earlier answers.")
                )
                break
            found.setdefault(id, []).append(condition)
    if faults:
        raise StudyError(faults)
    return {id: tuple(found[id]) for id in sorted(found, key=places.__getitem__)}


def _entries_of(sample: Sample, key: str, places: Mapping[str, int], faults: list[Fault]) -> tuple[str, ...]:
    """The entries a condition stands for: one of that id, or those of a section."""
    if key in places:
        return (key,)
    sections = [section for one in sample.instruments for section in one.sections]
    named = [section for section in sections if section.id == key]
    if len(named) == 1:
        return named[0].entries
    if named:
        faults.append(Fault(f"'{shown(key)}' is a section of several instruments; write a condition for its items."))
    else:
        hint = did_you_mean(key, [*places, *(section.id for section in sections)])
        faults.append(Fault(f"a condition is given for '{shown(key)}', which is no item, question or section.{hint}"))
    return ()


def _name_faults(made: Iterable[Page]) -> Iterator[Fault]:
    """Two questions whose form fields would have one name, such as the rank ``a`` of 1 and 2 and an item ``a.1``."""
    owners: dict[str, str] = {}
    for page in made:
        for one in page.fields:
            parts = ["y", "m", "d"] if one.type == "date" else []
            parts += [str(choice.value) for choice in one.choices] if one.type == "rank" else []
            for name in (one.id, *(f"{one.id}.{part}" for part in parts)):
                if owners.setdefault(name, one.id) != one.id:
                    yield Fault(f"'{shown(one.id)}' and '{shown(owners[name])}' cannot be told apart on a page; "
                                "rename one of them.")  # fmt: skip


def _sheets(made: Iterable[Page], needs: Mapping[str, frozenset[str]]) -> Iterator[Sheet]:
    number = 0
    firsts: dict[tuple[str, ...], int] = {}
    for page in made:
        for blocks in _parted(page, needs):
            number += 1
            ids = tuple(one.id for block in blocks for one in block.fields)
            of_instrument = firsts.setdefault((page.instrument,), number)
            of_section = firsts.setdefault((page.instrument, page.section), number)
            yield Sheet(
                replace(page, number=number, blocks=blocks), ids, frozenset(id for id in ids if id in needs),
                of_instrument, of_section,
            )  # fmt: skip


def _parted(page: Page, needs: Mapping[str, frozenset[str]]) -> Iterator[tuple[Block, ...]]:
    """The blocks of a page, in parts none of which has a question that depends on another of the same part."""
    held: list[Block] = []
    there: set[str] = set()
    for block in page.blocks:
        run: list[Field] = []
        for one in block.fields:
            if not there.isdisjoint(needs.get(one.id, ())):
                yield (*held, _cut(block, tuple(run))) if run else tuple(held)
                held, run, there = [], [], set()
            run.append(one)
            there.add(one.id)
        held.append(_cut(block, tuple(run)))
    yield tuple(held)


def _cut(block: Block, kept: tuple[Field, ...]) -> Block:
    """A block of some of its fields; one row of a grid is a question of its own."""
    if kept == block.fields:
        return block
    return Block("single" if block.kind == "grid" and len(kept) == 1 else block.kind, kept)


def _waiting(needs: Mapping[str, frozenset[str]], page_of: Mapping[str, int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for id, names in needs.items():
        for name in names & page_of.keys():
            found.setdefault(page_of[name], set()).add(page_of[id])
    return {number: frozenset(later) for number, later in found.items()}


def _heads(instruments: Iterable[Instrument], lang: str) -> dict[tuple[str, str], tuple[str, str, str]]:
    """By instrument and section: what is said before the instrument, the title and the text of the section."""
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for one in instruments:
        instructions = one.text(one.instructions, lang)
        found[one.id, ""] = (instructions, "", "")
        for section in one.sections:
            found[one.id, section.id] = (instructions, one.text(section.title, lang), one.text(section.text, lang))
    return found
