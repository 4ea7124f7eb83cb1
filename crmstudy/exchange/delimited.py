"""Delimited text taken apart: bytes to characters, characters to cells, with the line of every row."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from crmstudy.errors import DataError, Fault

DELIMITERS = (",", ";", "\t")
#: Windows code pages that are tried when a file is not UTF-8, with the script whose words must then appear.
CODE_PAGES = {"cp1251": "CYRILLIC", "cp1256": "ARABIC"}
_SAMPLE_ROWS = 50
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """A table of text cells.

    ``columns[j][i]`` is the cell of column j in data row i (from 0), ``rows[i]`` that row's number (from 1)
    and ``lines[i]`` the line of the file it begins in. Rows with a wrong number of cells are in ``faults``
    and nowhere else.
    """

    file: str
    names: list[str]
    columns: list[list[str]]
    rows: list[int]
    lines: list[int]
    encoding: str
    guessed: bool
    empty_tail: int
    faults: list[Fault]


def read_delimited(raw: bytes, file: str, delimiter: str | None = None) -> DelimitedText:
    """Take the bytes of a delimited file apart; the first row gives the names.

    Raises DataError when nothing can be made of it: not text, no rows, a quotation mark that never ends.
    """
    text, encoding, guessed = decode(raw, file)
    delimiter = delimiter or find_delimiter(text)
    records, lines = _read_records(text, delimiter, file)
    if not records:
        raise DataError(Fault("the file is empty; the first row must hold the column names.", file))
    names = [unicodedata.normalize("NFC", name.strip()) for name in records[0]]
    body, body_lines = records[1:], lines[1:]
    while names and not names[-1] and all(len(row) < len(names) or not row[len(names) - 1].strip() for row in body):
        names.pop()  # a delimiter at the end of every line
        body = [row[: len(names)] + row[len(names) + 1 :] for row in body]
    filled = len(body)
    while filled and not any(cell.strip() for cell in body[filled - 1]):
        filled -= 1
    if not filled:
        raise DataError(Fault("the file has column names but no rows of data; check the export.", file))
    faults = [
        Fault(f"column {position + 1} has no name; give it one in the first row.", file, lines[0])
        for position, name in enumerate(names)
        if not name
    ]
    empty_tail = len(body) - filled
    body, body_lines = body[:filled], body_lines[:filled]
    faults += _ragged(body, body_lines, len(names), file)
    whole = [index for index, row in enumerate(body) if len(row) == len(names)]
    columns = [list(column) for column in zip(*(body[index] for index in whole), strict=True)]
    columns = columns or [[] for _ in names]
    return DelimitedText(
        file, names, columns, [index + 1 for index in whole], [body_lines[index] for index in whole],
        encoding, guessed, empty_tail, faults,
    )  # fmt: skip


def decode(raw: bytes, file: str) -> tuple[str, str, bool]:
    """Characters, the encoding used, and whether it is a guess.

    UTF-8 and UTF-16 with a byte-order mark are certain. Otherwise a Windows code page is taken only when
    nearly all of the words that are not plain ASCII are whole words of its script, and the other page fares
    worse.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16"), "utf-16", False
        except UnicodeDecodeError:
            raise DataError(Fault("the file begins like UTF-16 but is not; save it as CSV UTF-8.", file)) from None
    if raw.startswith(b"PK\x03\x04"):
        raise DataError(Fault("this is a workbook or archive, not text; save it as CSV UTF-8.", file))
    if b"\x00" in raw:
        raise DataError(Fault("this is not a text file; save it as CSV UTF-8.", file))
    try:
        return raw.decode("utf-8-sig"), "utf-8", False
    except UnicodeDecodeError as error:
        scores = {page: _plausibility(raw, page, script) for page, script in CODE_PAGES.items()}
        best = max(scores, key=lambda page: scores[page])
        if scores[best] >= 0.9 and sorted(scores.values())[-2] < 0.5:
            return raw.decode(best), best, True
        line = raw[: error.start].count(b"\n") + 1
        message = f"the file is not UTF-8 (byte {error.start + 1}); save it as CSV UTF-8."
        raise DataError(Fault(message, file, line)) from None


def _plausibility(raw: bytes, page: str, script: str) -> float:
    """Give the share of words with non-ASCII letters that are whole words of the script."""
    try:
        text = raw.decode(page)
    except UnicodeDecodeError:
        return 0.0
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    if not words:
        return 0.0
    fine = sum(times for word, times in Counter(words).items() if _is_word(word, script))
    return fine / len(words)


def _is_word(word: str, script: str) -> bool:
    one_script = all(unicodedata.name(letter, "").startswith(script) for letter in word)
    return one_script and (word.islower() or word.isupper() or word.istitle() or script == "ARABIC")


def find_delimiter(text: str) -> str:
    """Find the delimiter with which the first rows fall into the same number of cells, more than one."""
    head = "\n".join(text.splitlines()[: _SAMPLE_ROWS + 1])
    scores: dict[str, tuple[float, int]] = {}
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(head), delimiter=delimiter) if row]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            scores[delimiter] = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
    return max(scores, key=lambda delimiter: scores[delimiter]) if scores else ","


def _read_records(text: str, delimiter: str, file: str) -> tuple[list[list[str]], list[int]]:
    """All records that are not blank lines, with the line each begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[list[str]] = []
    lines: list[int] = []
    start = 1
    try:
        for record in reader:
            if record or (records and len(records[0]) == 1):  # in a single column, a blank line is no answer
                records.append(record or [""])
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        message = f"the cells cannot be told apart ({error}); check the quotation marks in this line."
        raise DataError(Fault(message, file, start)) from None
    return records, lines


def _ragged(body: list[list[str]], lines: list[int], width: int, file: str) -> list[Fault]:
    bad = [index for index, row in enumerate(body) if len(row) != width]
    faults = [
        Fault(
            f"row {index + 1} has {len(body[index])} cells, but there are {width} columns.",
            file,
            lines[index],
        )
        for index in bad[:_SHOWN]
    ]
    if len(bad) > _SHOWN:
        message = f"{len(bad) - _SHOWN} more rows have a wrong number of cells."
        faults.append(Fault(message, file, lines[bad[_SHOWN]]))
    return faults
