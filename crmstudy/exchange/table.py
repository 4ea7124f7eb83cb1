"""What every reader gives: a table of columns, with what the file says about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from crmstudy.errors import Fault
from crmstudy.exchange.stamps import Stamp
from crmstudy.instrument import Instrument
from crmstudy.notes import Note
from crmstudy.responses import Meaning, MissingCode


class Cells(Sequence[str]):
    """A column of text cells: ``cells[i]`` is the cell of row i. Each different cell is kept once.

    ``words`` are the different cells and ``places[i]`` says which of them stands in row i.
    """

    __slots__ = ("places", "words")

    def __init__(self, words: list[str], places: NDArray[np.int32]) -> None:
        self.words = words
        self.places = places

    @classmethod
    def of(cls, cells: Sequence[str]) -> Cells:
        """Make a column of a list of cells."""
        known = {word: place for place, word in enumerate(dict.fromkeys(cells))}
        return cls(list(known), np.fromiter((known[cell] for cell in cells), dtype=np.int32, count=len(cells)))

    def __getitem__(self, row: int) -> str:  # type: ignore[override]
        return self.words[int(self.places[row])]

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[str]:
        words = self.words
        return (words[place] for place in self.places.tolist())

    def take(self, rows: NDArray[np.intp]) -> Cells:
        """The cells of some rows, by their places from 0."""
        return Cells(self.words, self.places[rows])

    def renamed(self, words: Mapping[str, str]) -> Cells:
        """The column with other words in place of some."""
        changed = [words.get(word, word) for word in self.words]
        known = {word: place for place, word in enumerate(dict.fromkeys(changed))}
        moved = np.array([known[word] for word in changed], dtype=np.int32)
        return Cells(list(known), moved[self.places] if len(moved) else self.places)


class Numbers:
    """A column of numbers (``values``, float64); NaN where nothing was answered.

    ``reasons`` gives, for each user-missing code of the file (a number, or a text such as ``.a`` of Stata), the places
    from 0 of the rows in which it stood; the values there are NaN.
    """

    __slots__ = ("reasons", "values")

    def __init__(
        self, values: NDArray[np.float64], reasons: Mapping[MissingCode, NDArray[np.intp]] | None = None
    ) -> None:
        self.values = values
        self.reasons = reasons or {}

    def __getitem__(self, row: int) -> float:
        return float(self.values[row])

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[np.intp]) -> Numbers:
        """The numbers of some rows, by their places from 0."""
        place = np.full(len(self.values), -1, dtype=np.intp)
        place[rows] = np.arange(len(rows))
        moved = {code: place[stood] for code, stood in self.reasons.items()}
        return Numbers(self.values[rows], {code: stood[stood >= 0] for code, stood in moved.items()})


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A file taken apart.

    ``columns[j][i]`` is what column j holds in the i-th row of data (i from 0), ``rows[i]`` the number of that row in
    the file (from 1) and ``lines[i]`` the line it begins in (None: no lines, as in .sav); ``place`` is what a line is
    called. The names stand in ``names_line``. Rows with a wrong number of cells are in ``faults`` and nowhere else.
    ``notes`` is what was found out while reading, ``meanings`` what the file says about its columns, ``stamps`` which
    instruments it says the answers were given to. ``instruments`` are those the file itself brings (a hand-over
    folder). ``literal`` says that the format has its own way to leave a cell empty, so that blanks around texts, and
    the text NA, are what somebody wrote. ``texts`` are the columns that stay texts, whatever their cells look like.
    ``not_shown`` are the codes of items that the questionnaire passed over. Columns may be given as lists of texts.
    """

    file: str
    names: list[str]
    columns: Sequence[Cells | Numbers]
    rows: NDArray[np.int32]
    lines: NDArray[np.int32] | None = None
    names_line: int | None = None
    place: str = "line"
    encoding: str = "utf-8"
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    stamps: tuple[Stamp, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    literal: bool = False
    texts: frozenset[str] = frozenset()
    not_shown: frozenset[MissingCode] = frozenset()

    def __post_init__(self) -> None:
        """Take lists of texts as columns, and lists of numbers as rows and lines."""
        columns = [Cells.of(column) if isinstance(column, list) else column for column in self.columns]
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "rows", np.asarray(self.rows, dtype=np.int32))
        if self.lines is not None:
            object.__setattr__(self, "lines", np.asarray(self.lines, dtype=np.int32))

    def column(self, name: str) -> Cells | Numbers:
        """The first column of this name."""
        return self.columns[self.names.index(name)]

    def keep(self, rows: NDArray[np.bool_]) -> Table:
        """The table with the rows for which ``rows`` is true; they keep their numbers and lines."""
        stay = np.flatnonzero(rows)
        lines = None if self.lines is None else self.lines[stay]
        columns = [column.take(stay) for column in self.columns]
        return replace(self, columns=columns, rows=self.rows[stay], lines=lines)
