"""The nouns of a report: sections, paragraphs, tables and figures that hold typed values, not formatted text.

Text is *inline*: a tuple of pieces (words, numbers with their kind, p-values, citations, references to a table or a
figure). :func:`phrase` makes it from a template. A renderer asks ``report.style`` how each piece is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from crmstudy.drawing import Drawing
from crmstudy.numerals import Kind

#: ``partial``: some numbers, marked one by one, must not be interpreted.
Mark = Literal["", "inadmissible", "partial", "failed"]
#: The superscript of a single inadmissible value.
DAGGER = "‡"
Align = Literal["left", "right"]
#: The kinds of numbers, and ``small``: a difference near 0, written with a power of ten.
CellKind = Kind | Literal["small"]


@dataclass(frozen=True, slots=True)
class Words:
    """Text as it stands."""

    text: str
    italic: bool = False
    bold: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number in running text, with the kind that tells how it is written."""

    value: object
    kind: Kind
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class PValue:
    """A p-value in running text, written with its symbol: *p* = .012 or *p* < .001."""

    value: object


@dataclass(frozen=True, slots=True)
class Citation:
    """A work of the reference list: in parentheses, or ``narrative`` as part of the sentence."""

    key: str
    narrative: bool = False


@dataclass(frozen=True, slots=True)
class Pointer:
    """The number of a table or figure of this document: "Table 3"."""

    target: str


Piece = Words | Number | PValue | Citation | Pointer
Inline = tuple[Piece, ...]
_MARKUP = re.compile(r"\*\*(?P<bold>.+?)\*\*|\*(?P<italic>.+?)\*|`(?P<code>.+?)`|(?P<slot>\{\})")


def phrase(template: str, *values: Piece | Inline | str | None) -> Inline:
    """Inline text from a template: ``*italic*``, ``**bold**``, `` `code` `` and ``{}`` for the next value.

    Only the template is read for marks; a string among the values stands as it is.

    Examples
    --------
    >>> phrase("*N* = {}", Number(250, "n"))[0]
    Words(text='N', italic=True, bold=False, code=False)
    """
    pieces: list[Piece] = []
    rest = iter(values)
    end = 0
    for match in _MARKUP.finditer(template):
        if match.start() > end:
            pieces.append(Words(template[end : match.start()]))
        end = match.end()
        if match["slot"]:
            pieces.extend(_as_inline(next(rest)))
        elif match["bold"]:
            pieces.append(Words(match["bold"], bold=True))
        elif match["italic"]:
            pieces.append(Words(match["italic"], italic=True))
        else:
            pieces.append(Words(match["code"], code=True))
    if end < len(template):
        pieces.append(Words(template[end:]))
    return tuple(pieces)


def plain(text: str) -> Inline:
    """Inline text that holds only these words."""
    return (Words(text),)


def _as_inline(value: Piece | Inline | str | None) -> Inline:
    if value is None:
        return ()
    if isinstance(value, str):
        return (Words(value),)
    return value if isinstance(value, tuple) else (value,)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a table.

    ``value`` is a number, a string, inline text, None, or a pair for the interval kinds. ``mark`` is a superscript
    (``*`` or ``a``); ``wrap`` holds the written number (``({})`` for a reliability on a diagonal). People read
    ``label`` instead of the value where there is one (the name of a scale); CSV has the value.
    """

    value: object
    kind: CellKind = "text"
    decimals: int | None = None
    mark: str = ""
    wrap: str = "{}"
    label: Inline = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``key`` names it in CSV (ASCII), ``label`` is read by people, ``kind`` is that of its numbers.

    A column that is not ``shown`` stands in CSV only.
    """

    key: str
    label: Inline
    kind: CellKind = "text"
    align: Align | None = None
    shown: bool = True

    @property
    def edge(self) -> Align:
        """Where its cells stand: numbers on the right, so that decimals align; text on the left."""
        if self.align is not None:
            return self.align
        return "left" if self.kind == "text" else "right"


@dataclass(frozen=True, slots=True)
class TableNotes:
    """The notes below a table, in the order of the APA manual: general, specific, probability."""

    general: tuple[Inline, ...] = ()
    specific: tuple[tuple[str, Inline], ...] = ()
    probability: Inline = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table for every format.

    Attributes
    ----------
    id : str
        Name of its CSV file, and what a :class:`Pointer` points to.
    title : Inline
        Title without number.
    columns, rows
        Every row has one :class:`Cell` a column.
    used, dropped, why
        Rows of data behind the numbers, rows left out, and the reason; ``used`` is None where a table is not about
        respondents, ``dropped`` where it differs from row to row.
    group : str
        Key of a text column that is written as a heading over its rows (in CSV it stays a column).
    mark : Mark
        ``inadmissible`` where the numbers must not be interpreted.
    limit : int or None
        People read so many rows from the first on; CSV has all of them.
    """

    id: str
    title: Inline
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: TableNotes = TableNotes()
    used: int | None = None
    dropped: int | None = None
    why: str = ""
    group: str = ""
    mark: Mark = ""
    limit: int | None = None

    @property
    def read(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that people read."""
        return self.rows[: self.limit]

    @property
    def places(self) -> tuple[int, ...]:
        """The places of the columns that people see side by side: not the one that groups the rows."""
        return tuple(i for i, column in enumerate(self.columns) if column.shown and column.key != self.group)

    def column(self, key: str) -> tuple[Cell, ...]:
        """The cells of one column."""
        place = [column.key for column in self.columns].index(key)
        return tuple(row[place] for row in self.rows)


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """A figure of the document: a description, and the notes below it."""

    id: str
    title: Inline
    drawing: Drawing
    notes: tuple[Inline, ...] = ()
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences. In a marked paragraph every one of them carries the mark."""

    sentences: tuple[Inline, ...]
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of short statements, each with its own mark; ``numbered`` where the order matters."""

    items: tuple[tuple[Inline, Mark], ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Callout:
    """A box that must not be overlooked: ``info``, ``warning`` or ``danger``; ``code`` is the note's code."""

    level: Literal["info", "warning", "danger"]
    heading: Inline
    text: Inline
    code: str = ""


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Text of a program or a model, set as it was written."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """The works cited, by key, in the order of the list."""

    keys: tuple[str, ...]


Element = Paragraph | Listing | Callout | Table | FigureBlock | CodeBlock | ReferenceList


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it; ``id`` is its anchor, ``mark`` shows in the heading."""

    id: str
    title: Inline
    elements: tuple[Element, ...] = ()
    sections: tuple[Section, ...] = ()
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. ``style`` names the way numbers are written; ``direction`` is ``ltr`` or ``rtl``.

    ``banner`` is a warning that stands at the head of the document and, on paper, of every page.
    """

    title: str
    lang: str
    direction: Literal["ltr", "rtl"]
    sections: tuple[Section, ...]
    style: str = "apa"
    subtitle: str = ""
    banner: str = ""

    def elements(self) -> Iterator[Element]:
        """Every element in reading order."""
        for section in self.sections:
            yield from _walk(section)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables in reading order: table N of the report is number N - 1 here."""
        return tuple(element for element in self.elements() if isinstance(element, Table))

    @property
    def figures(self) -> tuple[FigureBlock, ...]:
        """The figures in reading order."""
        return tuple(element for element in self.elements() if isinstance(element, FigureBlock))


def _walk(section: Section) -> Iterator[Element]:
    yield from section.elements
    for inner in section.sections:
        yield from _walk(inner)


def inlines(document: Document) -> Iterator[Inline]:
    """Every piece of inline text of a document, in reading order."""
    for section in document.sections:
        yield from _section_inlines(section)


def _section_inlines(section: Section) -> Iterator[Inline]:
    yield section.title
    for element in section.elements:
        yield from _element_inlines(element)
    for inner in section.sections:
        yield from _section_inlines(inner)


def _element_inlines(element: Element) -> Iterator[Inline]:
    match element:
        case Paragraph(sentences=sentences):
            yield from sentences
        case Listing(items=items):
            yield from (text for text, _ in items)
        case Callout(heading=heading, text=text):
            yield heading
            yield text
        case Table():
            yield element.title
            yield from (column.label for column in element.columns)
            yield from (cell.label for row in element.rows for cell in row)
            yield from (cell.value for row in element.rows for cell in row if isinstance(cell.value, tuple)
                        and cell.kind == "text")  # fmt: skip
            yield from element.notes.general
            yield from (text for _, text in element.notes.specific)
            yield element.notes.probability
        case FigureBlock(title=title, notes=notes):
            yield title
            yield from notes
        case CodeBlock() | ReferenceList():
            return
