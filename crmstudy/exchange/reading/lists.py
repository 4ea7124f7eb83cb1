"""Questions with several answers: columns of their own or a list in one cell, made into a column an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from crmstudy.errors import Fault
from crmstudy.exchange.reading.entries import Heading
from crmstudy.exchange.reading.labels import EMPTY, NUMBER, Answers, Labels, quoted
from crmstudy.exchange.table import Cells, Table
from crmstudy.letters import digits, key, plain

#: What stands in the column of one answer of a list when it was chosen, and when it was not.
_CHOSEN = frozenset({"1", "yes", "y", "true", "checked", "selected", "x"})
_NOT_CHOSEN = frozenset({"0", "no", "n", "false", "unchecked", "not selected"})
_SHOWN = 8
#: After so many cells that cannot be read, no more are looked at.
_MOST_BAD = 50

#: What the different cells of a column say: codes, none chosen (an empty set), or None where nothing was said.
_Sets = dict[str, set[int] | None]


@dataclass(slots=True)
class Lists:
    """The lists of one question of an export: how they are written, and what was found wrong with them.

    ``nothing`` are texts that mean no answer, ``separators`` what stands between the answers in one cell, ``otherwise``
    gives the code of an answer that is neither number nor label. ``unanswered`` counts rows in which nothing but a
    missing code was chosen.
    """

    table: Table
    labels: Labels
    nothing: frozenset[str]
    separators: tuple[str, ...]
    otherwise: Callable[[Labels, str], str | None] | None
    faults: list[Fault] = field(default_factory=list)
    unanswered: Counter[int] = field(default_factory=Counter)

    def columns(self, headings: Mapping[Heading, str]) -> dict[int, Cells]:
        """A column for every answer: 1 chosen, 0 not chosen, empty where nothing was said.

        ``headings`` are the columns of the question, each with the answer it stands for, or the empty string where
        lists stand in one cell; these are left aside when there are columns of single answers.
        """
        values = self.labels.response.values
        codes = (*values, *self.labels.response.missing_codes)
        chosen = np.zeros((len(self.table.rows), len(codes)), dtype=bool)
        said = np.zeros(len(self.table.rows), dtype=bool)
        apart = {heading: option for heading, option in headings.items() if option}
        for heading, option in (apart or headings).items():
            answers = Answers(self.table, heading.position, heading.name)
            sets = self._apart(answers, self.by_label(heading) or option) if option else self._joined(answers)
            cells = answers.cells
            told = np.zeros((len(cells.words), len(codes)), dtype=bool)
            for place, word in enumerate(cells.words):
                for code in sets.get(word) or ():
                    told[place, codes.index(code)] = True
            chosen |= told[cells.places]
            said |= np.array([sets.get(word) is not None for word in cells.words], dtype=bool)[cells.places]
        alone = ~chosen[:, : len(values)].any(axis=1)
        for place, code in enumerate(codes[len(values) :], len(values)):
            if times := int(np.sum(chosen[:, place] & alone)):
                self.unanswered[code] += times
        said &= ~(alone & chosen[:, len(values) :].any(axis=1))
        made = {}
        for place, value in enumerate(values):
            states = np.where(said, chosen[:, place].astype(np.int32), 2).astype(np.int32)
            made[value] = Cells(["0", "1", ""], states)
        return made

    def by_label(self, heading: Heading) -> str:
        """The one label among the texts of a column: it counts, not the number a platform gave the answer."""
        said = [answer for _, answer in heading.lists if not NUMBER.fullmatch(digits(answer))]
        found = {answer: hits for answer in said if (hits := self.labels.find(answer))}
        codes = frozenset().union(*found.values())
        return next(iter(found)) if len(codes) == 1 else ""

    def _apart(self, answers: Answers, option: str) -> _Sets:
        """What the cells of one answer of a list say."""
        code = self.code(option)
        if code is None:
            near = ", ".join(self.labels.near(option)) or "none is near"
            message = (
                f"the column '{quoted(answers.name)}' stands for '{quoted(option)}', which is no answer of the "
                f"response set '{self.labels.response.id}' ({near}); correct it, or give the instrument the label."
            )
            self.faults.append(Fault(message, self.table.file, self.table.names_line))
            return {}
        read: _Sets = {}
        bad: list[str] = []
        for word in answers.words:
            said = plain(word)
            if word.strip() in EMPTY or said in self.nothing:
                read[word] = None
            elif said in _CHOSEN or said == str(code) or key(word) == key(option) or code in self.labels.find(word):
                read[word] = {code}
            elif said in _NOT_CHOSEN:
                read[word] = set()
            else:
                bad.append(word)
        if bad:
            message = (
                f"the column '{quoted(answers.name)}' is one answer of a list and wants 1 or 0; found "
                f"{answers.shown(bad)}. Correct the cells."
            )
            self.faults.append(answers.fault(message, bad))
        return read

    def _joined(self, answers: Answers) -> _Sets:
        """What lists in one cell say: each piece is a code or a label, and a label may hold what separates."""
        read: _Sets = {}
        bad: list[str] = []
        code = cache(self.code)
        for word in answers.words:
            if len(bad) == _MOST_BAD:
                break
            if word.strip() in EMPTY or plain(word) in self.nothing:
                read[word] = None
                continue
            chosen = self.pieces(word, code)
            read[word] = None if chosen is None else set(chosen)
            if chosen is None:
                bad.append(word)
        if bad:
            pieces = [piece for cell in bad[:_SHOWN] for piece in cell.split(",")[:5]]
            near = dict.fromkeys(hit for piece in pieces for hit in self.labels.near(piece))
            hint = f" Near: {', '.join(near)}." if near else ""
            message = (
                f"the column '{quoted(answers.name)}' wants a list of labels of the response set "
                f"'{self.labels.response.id}'; found {answers.shown(bad)}.{hint} "
                "Correct the cells, or give the instrument the label."
            )
            self.faults.append(answers.fault(message, bad))
        return read

    def pieces(self, cell: str, code: Callable[[str], int | None]) -> list[int] | None:
        """The answers in a cell, in their order, under the first separator with which every piece is one, or None."""
        whole = code(cell)
        if whole is not None:
            return [whole]
        for separator in self.separators:
            within = max((label.count(separator.strip() or " ") for label in self.labels.written.values()), default=0)
            pieces = [piece.strip() for piece in cell.split(separator)]
            if 1 < len(pieces) <= (within + 1) * len(self.labels.codes) + 1:
                found = _read_pieces(pieces, separator, within + 1, code)
                if found is not None:
                    return found
        return None

    def code(self, said: str) -> int | None:
        """The code of one answer of a list, said as a code or a label."""
        number = digits(said)
        if number.lstrip("+-").isdecimal() and len(number) < 16 and int(number) in self.labels.codes:
            return int(number)
        hits = self.labels.find(said)
        if len(hits) == 1:
            return next(iter(hits))
        other = self.otherwise(self.labels, said) if not hits and self.otherwise is not None else None
        return None if other is None else int(other)


def _read_pieces(
    pieces: list[str], separator: str, longest: int, code: Callable[[str], int | None]
) -> list[int] | None:
    """Codes of pieces, where up to so many in a row may make one label; the longest label first."""
    found: list[int] = []
    start = 0
    while start < len(pieces):
        if not pieces[start]:
            start += 1
            continue
        for end in range(min(len(pieces), start + longest), start, -1):
            one = code(separator.join(pieces[start:end]))
            if one is not None:
                found.append(one)
                start = end
                break
        else:
            return None
    return found
