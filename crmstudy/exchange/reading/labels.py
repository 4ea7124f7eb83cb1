"""Answers in words: the cells of a column as codes of a response set, by the labels of any of its languages.

A label is found by how it reads, whatever the letters, digits, blanks and punctuation it is written with (see
:mod:`crmstudy.letters`). What is no label is refused with its near misses: a guess would be a wrong answer.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from crmstudy.errors import Fault
from crmstudy.exchange.table import Cells, Table
from crmstudy.instrument.model import Instrument, ResponseFormat
from crmstudy.letters import NON_JOINER, digits, key, plain

#: Cells that say nothing.
EMPTY = frozenset({"", "NA", "NaN", "nan", "<NA>"})
#: A number as a cell may hold it.
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_NEAR = 0.6
_SHOWN = 5
#: After so many cells that are no label, no more are looked at.
_MOST_BAD = 1000
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Labels:
    """The answers of one response set by the keys of their labels: ``{language: {key: codes}}``.

    ``written`` keeps a label of each key for messages. Missing codes with a label are answers like the others.
    """

    response: ResponseFormat
    by_language: Mapping[str, Mapping[str, frozenset[int]]]
    written: Mapping[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> frozenset[int]:
        """Every code an answer may have: those of the range and the missing codes."""
        return frozenset((*self.response.values, *self.response.missing_codes))

    def find(self, cell: str, languages: Iterable[str] | None = None) -> frozenset[int]:
        """The codes whose label reads like the cell, in the languages given or in all."""
        wanted = key(cell)
        tags = self.by_language if languages is None else languages
        return frozenset().union(*(self.by_language[tag].get(wanted, frozenset()) for tag in tags))

    def near(self, cell: str) -> list[str]:
        """Up to three labels that read nearly like the cell, with their codes."""
        wanted = key(cell[: 4 * _LONGEST])
        hits = difflib.get_close_matches(wanted, list(self.written), n=3, cutoff=_NEAR)
        return [f"'{quoted(self.written[hit])}' = {', '.join(map(str, sorted(self.find(hit))))}" for hit in hits]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """One column of an export: the different cells that stand in it, and where each stands first."""

    table: Table
    position: int
    name: str

    @property
    def cells(self) -> Cells:
        """The column as text."""
        column = self.table.columns[self.position]
        return column if isinstance(column, Cells) else Cells.of([written(value) for value in column.values])

    @property
    def words(self) -> list[str]:
        """The different cells, in the order of their first rows."""
        cells = self.cells
        there, first = np.unique(cells.places, return_index=True)
        return [cells.words[place] for place in there[np.argsort(first)]]

    def first(self, word: str) -> int:
        """The place from 0 of the first row with this cell."""
        cells = self.cells
        return int(np.argmax(cells.places == cells.words.index(word)))

    def line(self, word: str) -> int | None:
        """The line of that row, where the file has lines."""
        lines = self.table.lines
        return None if lines is None else int(lines[self.first(word)])

    def shown(self, words: Sequence[str]) -> str:
        """Cells with the first row of each, and how many more there are."""
        said = []
        for word in words[:_SHOWN]:
            line = self.line(word)
            where = "" if line is None else f" ({self.table.place} {line})"
            said.append(f"'{quoted(word)}' in row {self.table.rows[self.first(word)]}{where}")
        return ", ".join(said) + (f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else "")

    def fault(self, message: str, words: Sequence[str]) -> Fault:
        """A fault at the first of these cells."""
        lines = [line for word in words[:_SHOWN] if (line := self.line(word)) is not None]
        return Fault(message, self.table.file, min(lines, default=None))


def written(value: float) -> str:
    """A number as a cell would hold it."""
    return "" if value != value else f"{value:.15g}"


def labels_of(response: ResponseFormat, instrument: Instrument) -> Labels:
    """The labels of a response set, each also with its number before or behind it (``4 - Agree``, ``Agree (4)``)."""
    by_language: dict[str, dict[str, frozenset[int]]] = {}
    written: dict[str, str] = {}
    for tag in instrument.languages:
        found: dict[str, frozenset[int]] = {}
        for code, texts in (*response.labels.items(), *response.missing_labels.items()):
            label = instrument.text(texts, tag)
            if not label.strip():
                continue
            bare = key(label)
            written.setdefault(bare, label)
            for form in _forms(bare, code):
                found[form] = found.get(form, frozenset()) | {code}
        by_language[tag] = found
    return Labels(response, by_language, written)


def _forms(bare: str, code: int) -> tuple[str, ...]:
    """How a label is written: alone, or with its number; a label without letters only alone."""
    if not any(sign.isalpha() for sign in bare):
        return (bare,)
    return (bare, f"{code}{bare}", f"{code}-{bare}", f"{code}={bare}", f"{bare}{code}", f"{bare}-{code}")


def read_labels(
    answers: Answers,
    labels: Labels,
    *,
    nothing: Iterable[str] = (),
    otherwise: Callable[[Labels, str], str | None] | None = None,
) -> tuple[dict[str, str], list[Fault]]:
    """Read the different cells of a column of answers: the code of each, and what is wrong with them.

    Parameters
    ----------
    answers : Answers
        The column.
    labels : Labels
        What may stand in it, beside numbers.
    nothing : iterable of str
        Texts that mean "no answer" here, unless a label or a missing code of the response set reads so.
    otherwise : function, optional
        Gives the code of a cell that is neither a number nor a label, or None.

    Returns
    -------
    dict of str to str, list of Fault
        A code or the empty string for every cell; one fault for all cells that are no label, one for those that are
        the label of more than one answer.
    """
    answer = labels.response.holds
    empty = {plain(word) for word in nothing if _whole(word) is None or not answer(_whole(word) or 0)}
    own = {str(code) for code in labels.response.missing_codes}
    codes: dict[str, str] = {}
    unread: list[str] = []
    for cell in answers.words:
        bare = digits(cell)
        said = labels.find(cell)
        if bare in own:
            codes[cell] = bare
        elif not said and (bare in EMPTY or plain(cell) in empty):
            codes[cell] = ""
        elif NUMBER.fullmatch(bare) and said <= {_whole(bare)}:
            codes[cell] = bare
        else:
            unread.append(cell)
    tags = [tag for tag in labels.by_language if all(labels.find(cell, [tag]) for cell in unread)]
    wrong: list[str] = []
    double: list[str] = []
    for cell in unread:
        if len(wrong) == _MOST_BAD:
            break
        there = labels.find(cell)
        if len(there) > 1 and tags:
            there = labels.find(cell, tags)
        code = str(next(iter(there))) if len(there) == 1 and not NUMBER.fullmatch(digits(cell)) else None
        if not there and otherwise is not None:
            code = otherwise(labels, cell)
        if code is not None:
            codes[cell] = code
        else:
            (double if there else wrong).append(cell)
    faults = [fault(answers, bad, labels) for fault, bad in ((_unmapped, wrong), (_ambiguous, double)) if bad]
    return codes, faults


def quoted(text: str) -> str:
    """A text of a file as a message may show it: one line, nothing that cannot be seen, not long."""
    bare = " ".join("".join(sign if sign.isprintable() or sign == NON_JOINER else " " for sign in text).split())
    return bare if len(bare) <= _LONGEST else f"{bare[:_LONGEST]}…"


def _whole(number: str) -> int | None:
    return int(number) if number.lstrip("+-").isdecimal() and len(number) < 16 else None


def _unmapped(answers: Answers, bad: list[str], labels: Labels) -> Fault:
    near = [hit for cell in bad[:_SHOWN] for hit in labels.near(cell)]
    if near:
        hint = f" Near: {', '.join(dict.fromkeys(near))}."
    else:
        known = [f"'{quoted(label)}'" for label in labels.written.values()]
        more = f" and {len(known) - 10} more" if len(known) > 10 else ""
        hint = f" Its labels are: {', '.join(known[:10])}{more}." if known else " It has no labels."
    return answers.fault(
        f"the column '{quoted(answers.name)}' wants a number from {labels.response.low} to {labels.response.high} or a "
        f"label of the response set '{labels.response.id}'; found {answers.shown(bad)}.{hint} Correct the cells, or "
        "give the instrument the label.",
        bad,
    )


def _ambiguous(answers: Answers, bad: list[str], labels: Labels) -> Fault:
    said = "; ".join(
        f"'{quoted(cell)}' may be {' or '.join(map(str, sorted(_readings(cell, labels))))}" for cell in bad[:_SHOWN]
    )
    return answers.fault(
        f"the column '{quoted(answers.name)}' has cells that may be more than one answer of the response set "
        f"'{labels.response.id}': {said}. Export numbers instead of labels, or labels that differ.",
        bad,
    )


def _readings(cell: str, labels: Labels) -> frozenset[int]:
    number = _whole(digits(cell))
    return labels.find(cell) | (frozenset() if number is None else {number})
