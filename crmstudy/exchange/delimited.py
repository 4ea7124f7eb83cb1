"""Delimited text taken apart: bytes to characters, characters to cells, with the line of every row."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass

from crmstudy.declared import CONTROL, name_character
from crmstudy.errors import DataError, Fault

DELIMITERS = (",", ";", "\t")
#: Windows code pages that are tried when a file is not UTF-8, with the script whose words must then appear.
CODE_PAGES = {"cp1251": "CYRILLIC", "cp1256": "ARABIC"}
#: What Excel writes into the first line to say which delimiter follows.
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<mark>[^\w\s"]|\t)"?[;,\t]*(\r\n|\n|\r)', re.IGNORECASE)
_WORD = re.compile("(?:[^\\W\\d_]|[\u064b-\u0652])+")
_SAMPLE_ROWS = 50
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """A table of text cells.

    ``columns[j][i]`` is the cell of column j in data row i (from 0), ``rows[i]`` that row's number (from 1)
    and ``lines[i]`` the line of the file it begins in; the names stand in ``names_line``. Rows with a wrong number of
    cells are in ``faults`` and nowhere else.
    """

    file: str
    names: list[str]
    columns: list[list[str]]
    rows: list[int]
    lines: list[int]
    names_line: int
    encoding: str
    guessed: bool
    empty_tail: int
    faults: list[Fault]


def read_delimited(raw: bytes, file: str, delimiter: str | None = None) -> DelimitedText:
    """Take the bytes of a delimited file apart; the first row gives the names.

    A line such as ``sep=;`` before it names the delimiter. Raises DataError when nothing can be made of the file: not
    text, no rows, a quotation mark that never ends.
    """
    text, encoding, guessed = decode(raw, file)
    said = _SEPARATOR_LINE.match(text)
    if said is not None:
        delimiter, text = said["mark"], text[said.end() :]
    delimiter = delimiter or find_delimiter(text)
    records, lines = _read_records(text, delimiter, file, 1 if said is None else 2)
    if not records:
        raise DataError(Fault("the file is empty; the first row must hold the column names.", file))
    names = [unicodedata.normalize("NFC", name.strip()) for name in records[0]]
    body, body_lines, names_at = records[1:], lines[1:], lines[0]
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
    if CONTROL.search(text):
        faults += _controls(records, lines, names, file)
    empty_tail = len(body) - filled
    body, body_lines = body[:filled], body_lines[:filled]
    faults += _ragged(body, body_lines, len(names), file)
    whole = [index for index, row in enumerate(body) if len(row) == len(names)]
    columns = [list(column) for column in zip(*(body[index] for index in whole), strict=True)]
    columns = columns or [[] for _ in names]
    return DelimitedText(
        file, names, columns, [index + 1 for index in whole], [body_lines[index] for index in whole],
        names_at, encoding, guessed, empty_tail, faults,
    )  # fmt: skip


def decode(raw: bytes, file: str) -> tuple[str, str, bool]:
    """Characters, the encoding used, and whether it is a guess.

    UTF-8 and UTF-16 with a byte-order mark are certain. Otherwise a Windows code page is taken only when
    nearly all of the words that are not plain ASCII are whole words of its script, and the other page fares
    worse; where both make sense, the file is refused.
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
        page = _guess_page(raw)
        if page is not None:
            return raw.decode(page), page, True
        line = raw[: error.start].count(b"\n") + 1
        tried = " nor clearly ".join(CODE_PAGES)
        message = f"the file is neither UTF-8 (byte {error.start + 1}) nor clearly {tried}; save it as CSV UTF-8."
        raise DataError(Fault(message, file, line)) from None


def _guess_page(raw: bytes) -> str | None:
    """The Windows code page the words speak for, or None.

    Few Russian words can also be read as Persian ones, and long Persian words, read as Cyrillic, mix capitals into
    themselves. Short Persian words may look Cyrillic, but then most lack a vowel; where they have one, the pages
    cannot be told apart.
    """
    shares = {page: _share_of_words(raw, page, script) for page, script in CODE_PAGES.items()}
    russian, persian = shares["cp1251"], shares["cp1256"]
    if russian >= 0.95 and persian < 0.9:
        return "cp1251"
    if persian >= 0.9 and (russian <= 0.5 or _share_with_vowel(raw.decode("cp1251")) < 0.5):
        return "cp1256"
    return None


def _share_with_vowel(text: str) -> float:
    words = {word for word in _WORD.findall(text.lower()) if not word.isascii()}
    return sum(bool(set(word) & set("аеёиоуыэюяіїє")) for word in words) / len(words)


def _share_of_words(raw: bytes, page: str, script: str) -> float:
    """Give the share of the different words with non-ASCII letters that are whole words of the script."""
    try:
        text = raw.decode(page)
    except UnicodeDecodeError:
        return 0.0
    words = {word for word in _WORD.findall(text) if not word.isascii()}
    return sum(_is_word(word, script) for word in words) / len(words) if words else 0.0


def _is_word(word: str, script: str) -> bool:
    names = [unicodedata.name(letter, "") for letter in word]
    if script == "ARABIC":  # marks above letters are not written, and two letters are none of Persian
        return all(name.startswith("ARABIC LETTER ") for name in names) and not set(word) & set("\u06c1\u0625")
    cased = word.islower() or word.isupper() or (word[:1].isupper() and word[1:].islower())
    return cased and all(name.startswith(script) for name in names)


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


def _read_records(text: str, delimiter: str, file: str, first: int) -> tuple[list[list[str]], list[int]]:
    """All records that are not blank lines, with the line each begins in; ``first`` is the line the text begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[list[str]] = []
    lines: list[int] = []
    start = first
    try:
        for record in reader:
            if record or (records and len(records[0]) == 1):  # in a single column, a blank line is no answer
                records.append(record or [""])
                lines.append(start)
            start = reader.line_num + first
    except csv.Error as error:
        message = f"the cells cannot be told apart ({error}); check the quotation marks in this line."
        raise DataError(Fault(message, file, start)) from None
    return records, lines


def _controls(records: list[list[str]], lines: list[int], names: list[str], file: str) -> list[Fault]:
    """Characters that no text holds, in the names and in the cells."""
    faults = []
    for index, record in enumerate(records):
        for position, cell in enumerate(record):
            found = CONTROL.search(cell)
            if found is None:
                continue
            where = f"the name of column {position + 1}"
            if index:
                column = f"'{names[position]}'" if position < len(names) else str(position + 1)
                where = f"the cell of the column {column} in row {index}"
            faults.append(Fault(f"{where} holds {name_character(found[0])}; remove it.", file, lines[index]))
            if len(faults) == _SHOWN:
                return faults
    return faults


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
