"""Delimited text taken apart: bytes to characters, characters to cells, with the line of every row.

:func:`take_apart` runs in the child process (see :mod:`crmstudy.exchange.untrusted`); standard library only.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from crmstudy.declared import CONTROL, name_character
from crmstudy.errors import DataError, Fault
from crmstudy.exchange.encodings import decode
from crmstudy.letters import INVISIBLE

if TYPE_CHECKING:
    from crmstudy.exchange.sources import Asked
    from crmstudy.exchange.table import Table

_Record = tuple[list[str], int]  # the cells, and the line they begin in

DELIMITERS = (",", ";", "\t")
#: What Excel writes into the first line to say which delimiter follows.
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<mark>[^\w\s"]|\t)"?[;,\t]*(\r\n|\n|\r)', re.IGNORECASE)
#: A mark that keeps spreadsheets from computing a text; a text that begins so by itself has one more.
_GUARDED = re.compile("^'(?='*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
_UNSEEN = dict.fromkeys(map(ord, INVISIBLE))
_SAMPLE_ROWS = 50
_SAMPLE = 2**20
_CHUNK = 4096
_SHOWN = 5
_MOST_FAULTS = 50
#: A questionnaire has hundreds of columns; more than this are a table lying on its side, or no table.
MOST_COLUMNS = 20_000
#: A name may be the text of a question, but no more.
LONGEST_NAME = 5_000


#: Endings that say which delimiter follows.
_SAID = {".tsv": "\t", ".tab": "\t"}


def read(asked: Asked) -> Table:
    """Read a file of delimited text; its ending may name the delimiter."""
    return read_delimited(asked.raw, asked.file, _SAID.get(asked.path.suffix.lower()))


def read_delimited(raw: bytes, file: str, delimiter: str | None = None) -> Table:
    """Take the bytes of a delimited file apart, in the child process; the first row gives the names.

    A line such as ``sep=;`` before it names the delimiter. Raises DataError when nothing can be made of the file: not
    text, no rows, a quotation mark that never ends.
    """
    import numpy as np

    from crmstudy.exchange.table import Cells, Table
    from crmstudy.exchange.untrusted.door import parse
    from crmstudy.notes import Note

    found = parse("delimited", raw, file=file, delimiter=delimiter)
    notes = []
    if found["guessed"]:
        message = f"The file is not UTF-8; it was read as {found['encoding']} because its words make sense so."
        notes.append(Note("RESPONSES_ENCODING_GUESSED", message, "warning"))
    if found["empty_tail"]:
        message = f"{found['empty_tail']} empty rows at the end of the file were left out."
        notes.append(Note("RESPONSES_EMPTY_ROWS", message))
    guarded = 0
    columns = []
    for words, places in found["columns"]:
        plain = [_GUARDED.sub("", word, count=1) for word in words]
        guarded += 0 if plain == words else sum(word != bare for word, bare in zip(words, plain, strict=True))
        columns.append((plain, places))
    if guarded:
        message = (
            f"{guarded} different texts begin with a ' before a sign that spreadsheets compute (= + - @); it is a "
            "guard and was taken off."
        )
        notes.append(Note("RESPONSES_GUARDS_TAKEN_OFF", message))
    return Table(
        file=file,
        names=[_GUARDED.sub("", name, count=1) for name in found["names"]],
        columns=[Cells(words, np.asarray(places)) for words, places in columns],
        rows=np.asarray(found["rows"]),
        lines=np.asarray(found["lines"]),
        names_line=found["names_line"],
        encoding=found["encoding"],
        faults=[Fault(message, file, line) for message, line in found["faults"]],
        notes=notes,
    )


def take_apart(raw: bytes, file: str, delimiter: str | None = None) -> dict[str, Any]:
    """Take the bytes of a delimited file apart, as plain values: the columns as different cells and their places."""
    text, encoding, guessed = decode(raw, file)
    said = _SEPARATOR_LINE.match(text)
    if said is not None:
        delimiter, text = said["mark"], text[said.end() :]
    delimiter = delimiter or find_delimiter(text)
    records = _records(text, delimiter, file, 1 if said is None else 2)
    first = next(records, None)
    if first is None:
        raise DataError(Fault("the file is empty; the first row must hold the column names.", file))
    names, names_line = [tidy_name(name) for name in first[0]], first[1]
    if len(names) > MOST_COLUMNS:
        message = (
            f"the first row names {len(names):,} columns, and at most {MOST_COLUMNS:,} are read; write one row a "
            "respondent and one column a question, or check the delimiter."
        )
        raise DataError(Fault(message, file, names_line))
    gathering = _Gathering(names, names_line, file, controls=bool(CONTROL.search(text)))
    del text
    gathering.look(*first)
    body: Iterable[_Record] = records
    if not names[-1]:
        body = gathering.without_last(list(records))
    for record in body:
        gathering.take(*record)
    return gathering.values() | {"encoding": encoding, "guessed": guessed}


def tidy_name(name: str) -> str:
    """A name without blanks at its ends and marks that nobody sees (of direction, of no width), composed."""
    return unicodedata.normalize("NFC", name.translate(_UNSEEN).strip())


def _records(text: str, delimiter: str, file: str, first: int) -> Iterator[_Record]:
    """All records that are not blank lines, with the line each begins in; ``first`` is the line the text begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    single: bool | None = None
    start = first
    try:
        for record in reader:
            if record or single:  # in a single column, a blank line is no answer
                single = len(record) == 1 if single is None else single
                yield record or [""], start
            start = reader.line_num + first
    except csv.Error as error:
        what = f"the cells cannot be told apart ({error}); check the quotation marks in this line."
        if "field larger" in str(error):
            what = (
                f"a cell is longer than {csv.field_size_limit():,} characters; check the quotation marks from this "
                "line on, or shorten the cell."
            )
        raise DataError(Fault(what, file, start)) from None


class _Numbering(dict[str, int]):
    """Numbers cells from 0 in the order in which they are first asked for."""

    def __missing__(self, cell: str) -> int:
        number = self[cell] = len(self)
        return number


class _Gathering:
    """Records gathered column by column, so that no more than a few thousand rows are held as lists."""

    def __init__(self, names: list[str], names_line: int, file: str, *, controls: bool) -> None:
        self.names = names
        self.names_line = names_line
        self.file = file
        self.controls = controls
        self.words = [_Numbering() for _ in names]
        self.places = [array("i") for _ in names]
        self.rows, self.lines = array("i"), array("i")
        self.number = self.taken = 0
        self.chunk: list[list[str]] = []
        self.blank = array("i"), array("i")  # cells and line of empty records that wait
        self.odd: list[tuple[str, int]] = []
        self.ragged: list[tuple[int, int, int]] = []
        self.more_ragged = 0

    def take(self, record: list[str], line: int) -> None:
        """Take the next record; blank ones wait, since those at the end are no respondents."""
        self.look(record, line)
        if not any(map(str.strip, record)):
            self.blank[0].append(len(record))
            self.blank[1].append(line)
            return
        if self.blank[0]:
            for cells, earlier in zip(*self.blank, strict=True):
                self._add([""] * cells, earlier)
            self.blank = array("i"), array("i")
        self._add(record, line)

    def look(self, record: list[str], line: int) -> None:
        """Find characters that no text holds; the first record given is that of the names."""
        number, self.number = self.number, self.number + 1
        if not self.controls or len(self.odd) == _SHOWN:
            return
        for position, cell in enumerate(record):
            found = CONTROL.search(cell)
            if found is None:
                continue
            where = f"the name of column {position + 1}"
            if number:
                column = f"'{self.names[position]}'" if position < len(self.names) else str(position + 1)
                where = f"the cell of the column {column} in row {number}"
            self.odd.append((f"{where} holds {name_character(found[0])}; remove it.", line))
            if len(self.odd) == _SHOWN:
                return

    def without_last(self, records: list[_Record]) -> list[_Record]:
        """The records without columns that have neither name nor cells: a delimiter at the end of every line."""
        while self.names and not self.names[-1]:
            last = len(self.names) - 1
            if not all(len(row) <= last or not row[last].strip() for row, _ in records):
                break
            for dropped in (self.names, self.words, self.places):
                dropped.pop()
            records = [(row[:last] + row[last + 1 :], line) for row, line in records]
        return records

    def _add(self, record: list[str], line: int) -> None:
        self.taken += 1
        if len(record) != len(self.names):
            if len(self.ragged) <= _SHOWN:
                self.ragged.append((self.taken, len(record), line))
            self.more_ragged += 1
            return
        self.chunk.append(record)
        self.rows.append(self.taken)
        self.lines.append(line)
        if len(self.chunk) == _CHUNK:
            self._file()

    def _file(self) -> None:
        for words, places, cells in zip(self.words, self.places, zip(*self.chunk, strict=True), strict=False):
            places.extend(map(words.__getitem__, cells))
        self.chunk = []

    def values(self) -> dict[str, Any]:
        """What was gathered, as plain values."""
        self._file()
        if not self.taken:
            raise DataError(Fault("the file has column names but no rows of data; check the export.", self.file))
        return {
            "names": self.names,
            "names_line": self.names_line,
            "columns": [[list(words), places] for words, places in zip(self.words, self.places, strict=True)],
            "rows": self.rows,
            "lines": self.lines,
            "empty_tail": len(self.blank[0]),
            "faults": [*self._bad_names(), *self.odd, *self._ragged()],
        }

    def _bad_names(self) -> list[tuple[str, int]]:
        faults = []
        for position, name in enumerate(self.names):
            if not name:
                hint = "" if position else " R and pandas number rows so; write with row.names = FALSE, index=False."
                message = f"column {position + 1} has no name; give it one in the first row.{hint}"
                faults.append((message, self.names_line))
            elif len(name) > LONGEST_NAME:
                message = (
                    f"the name of column {position + 1} has {len(name):,} letters, at most {LONGEST_NAME:,} are read."
                )
                faults.append((message, self.names_line))
        return faults[:_MOST_FAULTS]

    def _ragged(self) -> list[tuple[str, int]]:
        width = len(self.names)
        faults = [
            (f"row {row} has {cells} cells, but there are {width} columns.", line)
            for row, cells, line in self.ragged[:_SHOWN]
        ]
        if self.more_ragged > _SHOWN:
            message = f"{self.more_ragged - _SHOWN} more rows have a wrong number of cells."
            faults.append((message, self.ragged[_SHOWN][2]))
        return faults


def find_delimiter(text: str) -> str:
    """Find the delimiter with which the first rows fall into the same number of cells, more than one."""
    head = "".join(islice(io.StringIO(text[:_SAMPLE], newline=""), _SAMPLE_ROWS + 1))
    scores: dict[str, tuple[float, int]] = {}
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if row]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            scores[delimiter] = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
    return max(scores, key=lambda delimiter: scores[delimiter]) if scores else ","
