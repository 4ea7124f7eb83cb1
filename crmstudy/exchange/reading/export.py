"""What a survey platform exported, made into a table whose columns are items: names, codes, lists, left-out columns.

A platform's module says what its columns are (:class:`Export`); what follows is the same for all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from crmstudy.errors import DataError, Fault
from crmstudy.exchange.reading.entries import Entry, Heading, entries_of
from crmstudy.exchange.reading.labels import EMPTY, Answers, Labels, quoted, read_labels
from crmstudy.exchange.reading.lists import Lists
from crmstudy.exchange.reading.matching import Matching, match
from crmstudy.exchange.reading.ranks import Ranks
from crmstudy.exchange.sources import Asked
from crmstudy.exchange.table import Cells, Numbers, Table
from crmstudy.instrument.model import LISTED, Instrument
from crmstudy.letters import digits, plain
from crmstudy.notes import Note
from crmstudy.responses import Meaning

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Export:
    """The rows of an export of a platform and what its columns are.

    ``headings`` are the columns that are kept. ``nothing`` are texts that mean no answer on this platform,
    ``separators`` what stands between the answers of a list in one cell, ``otherwise`` reads a cell that is neither
    number nor label. ``notes`` is what was found so far. ``by_place`` says that answers put in order have a column a
    place, not a column an answer.
    """

    platform: str
    table: Table
    headings: Sequence[Heading]
    nothing: tuple[str, ...] = ()
    separators: tuple[str, ...] = (", ", ";", ",", "\n")
    otherwise: Callable[[Labels, str], str | None] | None = None
    notes: tuple[Note, ...] = ()
    by_place: bool = False


@dataclass(slots=True)
class _New:
    """The new table while it is made."""

    faults: list[Fault]
    notes: list[Note]
    names: list[str] = field(default_factory=list)
    columns: list[Cells | Numbers] = field(default_factory=list)
    meanings: dict[str, Meaning] = field(default_factory=dict)
    by_label: list[str] = field(default_factory=list)
    unanswered: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, column: Cells | Numbers, meaning: Meaning | None = None) -> None:
        self.names.append(name)
        self.columns.append(column)
        if meaning is not None:
            self.meanings.setdefault(name, meaning)


def answers_of(export: Export, instruments: Iterable[Instrument]) -> Table:
    """The export as a table whose item columns are named by id and hold codes.

    Raises
    ------
    DataError
        With every fault: rows of a wrong width, columns that fit no question or two, items without a column, labels
        that are no answer.
    """
    table = export.table
    found = match(export.headings, entries_of(instruments), table.file, table.names_line)
    said = Note("RESPONSES_SOURCE", f"The file was read as an export of {export.platform}.")
    new = _New([*table.faults, *found.faults], [*table.notes, said, *export.notes, *found.notes])
    homes: dict[str, list[Heading]] = defaultdict(list)
    for heading in export.headings:
        if heading.position in found.placed:
            homes[found.placed[heading.position].id].append(heading)
    done: set[str] = set()
    for heading in export.headings:
        one = found.placed.get(heading.position)
        if one is None:
            column = table.columns[heading.position]
            if heading.codes and isinstance(column, Cells):
                column = _without_marks(export, column, new)
            text = heading.texts[0] if heading.texts else ""
            meaning = table.meanings.get(table.names[heading.position])
            if meaning is None and text not in ("", heading.name):
                meaning = Meaning(text)
            new.add(heading.name, column, meaning)
        elif one.id not in done:
            done.add(one.id)
            _answer(export, one, homes[one.id], found, new)
    if new.faults:
        raise DataError(sorted(new.faults, key=lambda fault: fault.line or 0))
    _number_names(new, {column for one in found.placed.values() for column in one.columns})
    _tell(found, new)
    return replace(table, names=new.names, columns=new.columns, notes=new.notes, meanings=new.meanings)


def drop_personal(
    headings: Iterable[Heading], personal: Callable[[Heading], bool], asked: Asked
) -> tuple[list[Heading], list[Note]]:
    """The columns without those that say who somebody is, unless they are asked for, with a note that names them."""
    kept: list[Heading] = []
    left: list[Heading] = []
    for heading in headings:
        (left if not asked.personal and heading.name != asked.id and personal(heading) else kept).append(heading)
    if not left:
        return kept, []
    said = _listed([f"'{quoted(heading.name)}'" for heading in left])
    message = (
        f"Columns that may say who somebody is were left out: {said}. They are kept with personal=True (--personal)."
    )
    return kept, [Note("RESPONSES_PERSONAL_LEFT_OUT", message)]


def keep_rows(table: Table, keep: NDArray[np.bool_], why: str = "") -> Table:
    """The rows for which ``keep`` is true; raises DataError when there is none, with the reason the others went for."""
    if not keep.any():
        said = f" ({why})" if why else ""
        message = f"no row of the file is an answer that counts{said}; check what was exported."
        raise DataError(Fault(message, table.file))
    if keep.all():
        return table
    kept = table.keep(keep)
    return replace(kept, columns=[_compact(column) for column in kept.columns])


def _compact(column: Cells | Numbers) -> Cells | Numbers:
    """A column without the words that stand in none of its rows any more."""
    if not isinstance(column, Cells):
        return column
    there, places = np.unique(column.places, return_inverse=True)
    return Cells([column.words[place] for place in there], places.astype(np.int32))


def cells_of(table: Table, position: int) -> list[str]:
    """The cells of a column, without blanks at the ends."""
    column = Answers(table, position, "").cells
    return list(column.renamed({word: word.strip() for word in column.words}))


def _without_marks(export: Export, column: Cells, new: _New) -> Cells:
    """A column of no known item with nothing in the place of what means no answer on this platform."""
    marks = {plain(word): word for word in export.nothing}
    times = np.bincount(column.places, minlength=len(column.words))
    blank = {}
    for word, count in zip(column.words, times.tolist(), strict=True):
        if count and (said := marks.get(plain(word))) is not None:
            blank[word] = ""
            new.unanswered[said] += count
    return column.renamed(blank) if blank else column


def _answer(export: Export, one: Entry, headings: Sequence[Heading], found: Matching, new: _New) -> None:
    """Add the column or columns of one question."""
    if one.type in LISTED and one.labels is not None:
        nothing = frozenset(plain(word) for word in export.nothing)
        lists = Lists(export.table, one.labels, nothing, export.separators, export.otherwise)
        options = {heading: found.options.get(heading.position, "") for heading in headings}
        ranked = one.type == "rank"
        made = Ranks(lists, export.by_place).columns(options) if ranked else lists.columns(options)
        for value, cells in made.items():
            new.add(f"{one.id}_{value}", cells)
        new.faults += lists.faults
        new.unanswered.update({f"{one.id}: {code}": times for code, times in lists.unanswered.items()})
        return
    columns: list[Cells | Numbers] = []
    for heading in headings:
        column = export.table.columns[heading.position]
        if isinstance(column, Cells) and one.labels is not None:
            column = _codes(export, heading, one.labels, column, new)
        elif isinstance(column, Cells):
            column = _without_marks(export, column, new)
            if one.type in ("integer", "decimal"):
                column = column.renamed({word: digits(word) for word in column.words})
        columns.append(column)
    if len(columns) > 1:
        new.add(one.id, _merged(export, one, headings, columns, new))
        return
    new.add(one.id, columns[0], export.table.meanings.get(export.table.names[headings[0].position]))


def _codes(export: Export, heading: Heading, labels: Labels, column: Cells, new: _New) -> Cells:
    """The codes of a column of answers."""
    answers = Answers(export.table, heading.position, heading.name)
    codes, faults = read_labels(answers, labels, nothing=export.nothing, otherwise=export.otherwise)
    new.faults += faults
    if any(code not in ("", digits(cell)) for cell, code in codes.items()):
        new.by_label.append(heading.name)
    words = {plain(word): word for word in export.nothing}
    for cell, code in codes.items():
        if not code and cell.strip() not in EMPTY and (said := words.get(plain(cell))) is not None:
            new.unanswered[said] += int(np.sum(column.places == column.words.index(cell)))
    return column.renamed({word: codes.get(word, "") for word in column.words})


def _merged(
    export: Export, one: Entry, headings: Sequence[Heading], columns: Sequence[Cells | Numbers], new: _New
) -> Cells:
    """One column out of several that ask the same in different languages."""
    table = export.table
    merged: list[str] = []
    clash: list[int] = []
    as_text = [Answers(replace(table, columns=list(columns)), place, "").cells for place in range(len(columns))]
    for place, cells in enumerate(zip(*as_text, strict=True)):
        said = {cell for cell in cells if cell.strip() not in EMPTY}
        if len(said) > 1:
            clash.append(place)
        merged.append(said.pop() if len(said) == 1 else "")
    names = ", ".join(f"'{quoted(heading.name)}'" for heading in headings)
    if clash:
        rows = _listed([str(table.rows[place]) for place in clash])
        message = f"the columns {names} all answer '{one.id}', but differ in row {rows}; keep one answer a row."
        line = None if table.lines is None else int(table.lines[clash[0]])
        new.faults.append(Fault(message, table.file, line))
    message = f"The columns {names} ask the same in different languages and were read as '{one.id}'."
    new.notes.append(Note("RESPONSES_COLUMNS_MERGED", message, subject=one.id))
    return Cells.of(merged)


def _number_names(new: _New, ids: set[str]) -> None:
    """Give columns that are called alike a number; those of questions keep their names."""
    seen = set(ids)
    changed: list[str] = []
    kept: set[str] = set()
    for place, name in enumerate(new.names):
        if name in ids and name not in kept:
            kept.add(name)
            continue
        other, number = name, 2
        while other in seen:
            other, number = f"{name}_{number}", number + 1
        seen.add(other)
        if other != name:
            changed.append(f"'{quoted(other)}'")
            new.names[place] = other
    if changed:
        message = f"Columns with the same name were numbered: {_listed(changed)}."
        new.notes.append(Note("RESPONSES_NAMES_NUMBERED", message))


def _tell(found: Matching, new: _New) -> None:
    """Notes on what was found by text and what was read as codes."""
    by_text = list(dict.fromkeys(one.id for place, one in found.placed.items() if place in found.languages))
    if by_text:
        tags = ", ".join(sorted(set(found.languages.values())))
        message = f"{len(by_text)} columns were found by the text of the question ({tags}): {_listed(by_text)}."
        new.notes.append(Note("RESPONSES_FOUND_BY_TEXT", message))
    if new.by_label:
        said = _listed([f"'{quoted(name)}'" for name in new.by_label])
        message = f"Labels were read as their codes in {len(new.by_label)} columns: {said}."
        new.notes.append(Note("RESPONSES_LABELS_READ", message))
    if new.unanswered:
        said = ", ".join(f"'{word}' ({times} times)" for word, times in sorted(new.unanswered.items()))
        new.notes.append(Note("RESPONSES_MARKED_UNANSWERED", f'Cells in which the platform says "no answer": {said}.'))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
