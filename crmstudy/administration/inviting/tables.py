"""Tables that offices hand in: any delimiter, UTF-8 or an announced Windows code page, headings in three languages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crmstudy.errors import DataError, Fault, did_you_mean
from crmstudy.files import bytes_of
from crmstudy.letters import key, tidy
from crmstudy.quoting import harmless, shown

#: Code pages of Windows that a list may be in, and the letters that its words then have.
CODE_PAGES = {"cp1251": "\u0400-\u04ff", "cp1256": "\u0600-\u06ff\u200c"}
DELIMITERS = (";", ",", "\t", "|")
LARGEST_FILE = 64 * 2**20
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<mark>[^\w\s"]|\t)"?[;,\t]*(\r\n|\n|\r)', re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WORD = re.compile(r"[^\W\d_]+(?:\u200c[^\W\d_]+)*")
#: Letters of both scripts that neither Persian nor Russian has.
_STRANGE = frozenset("\u06c1\u0625\u0402\u0403\u0409\u040a\u040b\u040c\u040f\u0452\u0453\u0459\u045a\u045b\u045c\u045f")
_SAMPLE_ROWS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells by column, and the line of the file it begins in."""

    cells: Mapping[str, str]
    line: int


@dataclass(slots=True)
class Table:
    """A table taken apart; ``notes`` says what was read and what was not."""

    file: str
    columns: tuple[str, ...]
    rows: list[Row]
    encoding: str
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, message: str, line: int | None = None) -> None:
        """Note a fault of the file."""
        self.faults.append(Fault(message, self.file, line))

    def raise_faults(self) -> None:
        """Raise DataError with every fault, in the order of their lines, if there is any."""
        if self.faults:
            raise DataError(sorted(self.faults, key=lambda fault: fault.line or 0))


def read_table(path: Path, names: Mapping[str, Sequence[str]], *, encoding: str | None = None) -> Table:
    """Read a table whose first row has headings.

    Parameters
    ----------
    path : Path
    names : mapping of str to sequence of str
        Name of a column -> the headings it may have. A heading that is none of them is told in ``notes``, and its
        column is not read.
    encoding : str, optional
        ``utf-8``, ``cp1251`` or ``cp1256``. When left out, what is not UTF-8 is read as the one page in which its
        words make sense, and the notes say so.

    Raises
    ------
    DataError
        When the file cannot be read, has no rows, or a heading stands twice. Faults of single rows are kept in
        ``faults``.
    """
    file = str(path)
    text, used, notes = _decoded(path, encoding)
    said = _SEPARATOR_LINE.match(text)
    skipped = 0
    delimiter = ""
    if said is not None:
        delimiter, text, skipped = said["mark"], text[said.end() :], 1
    records = _records(text, delimiter or _delimiter(text), file, skipped)
    head = next(records, None)
    if head is None:
        raise DataError(Fault("the file is empty; its first row must hold the headings of the columns.", file))
    places, column_notes = _columns(head, names, file)
    table = Table(file, tuple(places), [], used, notes + column_notes)
    for cells, line in records:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < len(head[0]) or any(cell.strip() for cell in cells[len(head[0]) :]):
            table.refuse(f"the row has {len(cells)} cells, but there are {len(head[0])} headings.", line)
            continue
        table.rows.append(Row({name: _cell(cells[place], name, line, table) for name, place in places.items()}, line))
    if not table.rows and not table.faults:
        table.refuse("the file has headings but no rows.", head[1])
    return table


def unguarded(cell: str) -> str:
    """A cell without the ' that keeps a spreadsheet from computing it."""
    return cell[1:] if cell[:1] == "'" and harmless(cell[1:]) != cell[1:] else cell


def _cell(text: str, column: str, line: int, table: Table) -> str:
    if _CONTROL.search(text):
        table.refuse(f"the cell of the column '{column}' holds characters that cannot be printed; remove them.", line)
    return tidy(unguarded(text))


def _decoded(path: Path, encoding: str | None) -> tuple[str, str, list[str]]:
    """Characters, the encoding used, and what to tell of it."""
    file = str(path)
    try:
        raw = bytes_of(path, LARGEST_FILE)
    except FileNotFoundError:
        raise DataError(f"'{shown(path, 200)}' was not found; check the path.") from None
    except OSError as bad:
        raise DataError(Fault(f"the file cannot be read: {bad.strerror or bad}.", file)) from None
    if raw.startswith(b"PK\x03\x04"):
        raise DataError(Fault("this is a workbook, not text; save it as CSV UTF-8.", file))
    wanted = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else encoding or "utf-8"
    known = ("utf-8", "utf-8-sig", "utf-16", *CODE_PAGES)
    if wanted not in known:
        raise DataError(
            f"--encoding must be utf-8, cp1251 or cp1256, not '{shown(wanted)}'.{did_you_mean(wanted, known)}"
        )
    try:
        return raw.decode("utf-8-sig" if wanted == "utf-8" else wanted), wanted, []
    except UnicodeDecodeError as bad:
        line = raw[: bad.start].count(b"\n") + 1
        if encoding is not None or wanted == "utf-16":
            message = f"the file is not {wanted} (byte {bad.start + 1}); save it as CSV UTF-8."
            raise DataError(Fault(message, file, line)) from None
    pages = [page for page, letters in CODE_PAGES.items() if _makes_sense(raw, page, letters)]
    if _has_half_letters(raw):
        raise DataError(
            Fault("the file holds half of a character, so it is no UTF-8; save it as CSV UTF-8.", file, line)
        )
    if len(pages) != 1:
        message = "the file is not UTF-8, and its code page is not clear; save it as CSV UTF-8, or name the page:"
        raise DataError(Fault(f"{message} --encoding cp1251 (Russian) or --encoding cp1256 (Persian).", file, line))
    note = f"The file is not UTF-8; it was read as {pages[0]}, in which its words make sense. Check the names"
    return raw.decode(pages[0]), pages[0], [f"{note}, or save it as CSV UTF-8."]


def _has_half_letters(raw: bytes) -> bool:
    """Whether a file would be UTF-8 if halves of characters were allowed."""
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _makes_sense(raw: bytes, page: str, letters: str) -> bool:
    """Whether nearly all words that are not plain English are whole words of the page's script."""
    try:
        text = raw.decode(page)
    except UnicodeDecodeError:
        return False
    words = {word for word in _WORD.findall(text) if not word.isascii()}
    whole = re.compile(f"[{letters}]+\\Z")
    return bool(words) and sum(bool(whole.match(word)) and _cased(word) for word in words) >= 0.95 * len(words)


def _cased(word: str) -> bool:
    """Whether capitals stand where a person would put them, and the letters are used in Persian and Russian."""
    if _STRANGE & set(word):
        return False
    return word == word.casefold() or word.isupper() or word[1:] == word[1:].casefold()


def _delimiter(text: str) -> str:
    """The sign with which the first rows fall into the same number of cells, more than one."""
    head = "".join(line for line, _ in zip(io.StringIO(text, newline=""), range(_SAMPLE_ROWS), strict=False))
    scores = {}
    for sign in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(head, newline=""), delimiter=sign) if row]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            scores[sign] = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
    return max(scores, key=lambda sign: scores[sign]) if scores else ","


def _records(text: str, delimiter: str, file: str, skipped: int) -> Iterator[tuple[list[str], int]]:
    """Every row that is not blank, with the line it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = skipped + 1
    try:
        for cells in reader:
            if cells:
                yield cells, start
            start = reader.line_num + skipped + 1
    except csv.Error as error:
        message = f"the cells cannot be told apart ({error}); check the quotation marks in this line."
        raise DataError(Fault(message, file, start)) from None


def _columns(
    head: tuple[list[str], int], names: Mapping[str, Sequence[str]], file: str
) -> tuple[dict[str, int], list[str]]:
    """Place of every column that is known, and a note about those that are not."""
    meant = {key(heading): name for name, headings in names.items() for heading in (name, *headings)}
    places: dict[str, int] = {}
    left, faults = [], []
    for place, cell in enumerate(head[0]):
        heading = tidy(unguarded(cell))
        name = meant.get(key(heading)) if heading else None
        if name is None:
            if heading:
                left.append(f"'{shown(heading)}'{did_you_mean(heading, names)}")
        elif name in places:
            faults.append(
                Fault(f"two columns are '{name}': '{shown(heading)}' is the second; keep one.", file, head[1])
            )
        else:
            places[name] = place
    if faults:
        raise DataError(faults)
    return places, [f"Columns that are not used: {', '.join(left)}."] if left else []
