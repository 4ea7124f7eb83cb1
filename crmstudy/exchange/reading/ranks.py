"""Answers put in order: columns of answers that hold places, columns of places that hold answers, or a list in a cell.

Whatever the platform writes becomes a column an answer, with its place from 1, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmstudy.errors import Fault
from crmstudy.exchange.reading.entries import Heading
from crmstudy.exchange.reading.labels import EMPTY, Answers, quoted
from crmstudy.exchange.reading.lists import Lists
from crmstudy.exchange.table import Cells
from crmstudy.letters import digits, plain

_HIGHEST = 1000


@dataclass(slots=True)
class Ranks:
    """The order in which one question was answered; ``lists`` says how its cells are written and gathers the faults.

    ``by_place`` says that the columns of the platform are places (LimeSurvey), not answers.
    """

    lists: Lists
    by_place: bool = False

    def columns(self, headings: Mapping[Heading, str]) -> dict[int, Cells]:
        """A column for every answer: its place from 1, empty where it has none.

        ``headings`` are the columns of the question, each with the answer (or place) it stands for, or the empty string
        where the order stands in one cell; these are left aside when there are others.
        """
        response = self.lists.labels.response
        codes = (*response.values, *response.missing_codes)
        found = np.zeros((len(self.lists.table.rows), len(codes)), dtype=np.int32)
        apart = {heading: option for heading, option in headings.items() if option}
        for heading, option in (apart or headings).items():
            answers = Answers(self.lists.table, heading.position, heading.name)
            if not option:
                read = self._joined(answers)
            elif self.by_place:
                read = self._of_place(answers, option)
            else:
                read = self._of_answer(answers, self.lists.by_label(heading) or option)
            cells = answers.cells
            told = np.zeros((len(cells.words), len(codes)), dtype=np.int32)
            for row, word in enumerate(cells.words):
                for code, place in read.get(word, {}).items():
                    told[row, codes.index(code)] = place
            found = np.where(told[cells.places] > 0, told[cells.places], found)
        self._count_unanswered(found, len(response.values))
        return {value: _cells(found[:, place]) for place, value in enumerate(response.values)}

    def _count_unanswered(self, found: NDArray[np.int32], valid: int) -> None:
        alone = ~(found[:, :valid] > 0).any(axis=1)
        for place, code in enumerate(self.lists.labels.response.missing_codes, valid):
            if times := int(np.sum((found[:, place] > 0) & alone)):
                self.lists.unanswered[code] += times

    def _says_nothing(self, word: str) -> bool:
        return word.strip() in EMPTY or plain(word) in self.lists.nothing

    def _of_answer(self, answers: Answers, option: str) -> dict[str, dict[int, int]]:
        """The cells of the column of one answer: its places."""
        code = self.lists.code(option)
        if code is None:
            self._refuse(answers, f"stands for '{quoted(option)}', which is no answer")
            return {}
        own = {str(one) for one in self.lists.labels.response.missing_codes}
        read: dict[str, dict[int, int]] = {}
        bad: list[str] = []
        for word in answers.words:
            place = _whole(digits(word))
            if place:
                read[word] = {code: place}
            elif not self._says_nothing(word) and digits(word) not in own:
                bad.append(word)
        self._refuse_cells(answers, bad, "is the place of one answer and wants a whole number from 1")
        return read

    def _of_place(self, answers: Answers, option: str) -> dict[str, dict[int, int]]:
        """The cells of the column of one place: the answers that have it."""
        number = "".join(sign for sign in digits(option) if sign.isdecimal())
        place = _whole(number)
        if not place:
            self._refuse(answers, f"stands for '{quoted(option)}', which is no place")
            return {}
        read: dict[str, dict[int, int]] = {}
        bad: list[str] = []
        for word in answers.words:
            code = None if self._says_nothing(word) else self.lists.code(word)
            if code is not None:
                read[word] = {code: place}
            elif not self._says_nothing(word):
                bad.append(word)
        self._refuse_cells(answers, bad, f"holds the answer in place {place}")
        return read

    def _joined(self, answers: Answers) -> dict[str, dict[int, int]]:
        """The cells that hold the whole order, first place first."""
        read: dict[str, dict[int, int]] = {}
        bad: list[str] = []
        for word in answers.words:
            if self._says_nothing(word):
                continue
            order = self.lists.pieces(word, self.lists.code)
            if order is None or len(set(order)) < len(order):
                bad.append(word)
            else:
                read[word] = {code: place for place, code in enumerate(order, start=1)}
        self._refuse_cells(answers, bad, "wants different answers in their order")
        return read

    def _refuse(self, answers: Answers, what: str) -> None:
        message = (
            f"the column '{quoted(answers.name)}' {what} of the response set '{self.lists.labels.response.id}'; "
            "correct it, or give the instrument the label."
        )
        self.lists.faults.append(Fault(message, self.lists.table.file, self.lists.table.names_line))

    def _refuse_cells(self, answers: Answers, bad: list[str], what: str) -> None:
        if bad:
            message = (
                f"the column '{quoted(answers.name)}' {what} (response set '{self.lists.labels.response.id}'); found "
                f"{answers.shown(bad)}. Correct the cells."
            )
            self.lists.faults.append(answers.fault(message, bad))


def _whole(number: str) -> int:
    """A place as a cell holds it (``3``, ``3.0``), or 0."""
    bare = number.removesuffix(".0")
    return int(bare) if bare.isdecimal() and len(bare) < 5 and int(bare) <= _HIGHEST else 0


def _cells(places: NDArray[np.int32]) -> Cells:
    return Cells.of(["" if place == 0 else str(place) for place in places.tolist()])
