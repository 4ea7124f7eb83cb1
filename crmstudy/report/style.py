"""How the typed pieces of a document are written: the only place where a number of a report becomes text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from crmstudy.errors import UnsupportedError
from crmstudy.numerals import APA, DECIMALS, NumberStyle, p_phrase, write_number
from crmstudy.report.document import (
    Cell,
    CellKind,
    Citation,
    Document,
    FigureBlock,
    Inline,
    Mark,
    Number,
    Paragraph,
    Piece,
    Pointer,
    PValue,
    Table,
    Words,
    inlines,
)
from crmstudy.report.references import citation, sort_keys

#: A symbol and its sign before a number: "β = ".
_SYMBOL = re.compile(r"[^\s(]* = $")
#: The ways of writing numbers a report can choose from, by name.
STYLES: dict[str, NumberStyle] = {"apa": APA}
#: Names that are kept for styles this version does not have.
_PLANNED = ("thesis-fa", "thesis-ru")
#: Languages whose sentences this version has.
LANGUAGES = ("en",)
#: Digits as they stand in an exponent.
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: What a mark says where there is room for a few words, and where there is room for one.
MARK_WORDS: dict[Mark, str] = {
    "inadmissible": "INADMISSIBLE – not to be interpreted",
    "partial": "PARTLY INADMISSIBLE – values marked ‡ are not to be interpreted",
    "failed": "FAILED – no result",
}
MARK_TAGS: dict[Mark, str] = {
    "inadmissible": "[INADMISSIBLE]",
    "partial": "[PARTLY INADMISSIBLE]",
    "failed": "[FAILED]",
}


@dataclass(frozen=True, slots=True)
class Run:
    """Text with one look, as a renderer sets it; ``whole`` text is not broken over two lines."""

    text: str
    italic: bool = False
    bold: bool = False
    code: bool = False
    anchor: str = ""
    whole: bool = False
    raised: bool = False


def number_style(name: str) -> NumberStyle:
    """The way of writing numbers of this name.

    Raises
    ------
    UnsupportedError
        For a name this version does not have.
    """
    if name in STYLES:
        return STYLES[name]
    have = ", ".join(STYLES)
    if name in _PLANNED:
        raise UnsupportedError(f"The report style '{name}' is not in this version; use one of: {have}.")
    raise UnsupportedError(f"A report style is one of {have}, not '{name}'.")


def written_number(value: object, kind: CellKind, style: NumberStyle, decimals: int | None = None) -> str:
    """A number as a report writes it: thousands are grouped, a ``small`` one has a power of ten."""
    if kind == "small":
        return _with_power(value, style)
    large = isinstance(value, float) and 1000 <= abs(value) < math.inf
    if kind in ("estimate", "statistic") and large:
        return style.localise(f"{value:,.{DECIMALS[kind] if decimals is None else decimals}f}")
    return write_number(value, kind, style, decimals)


def _with_power(value: object, style: NumberStyle) -> str:
    """``4.8 × 10⁻⁸`` below one thousandth, else as an index is written."""
    if not isinstance(value, float) or not 0 < abs(value) < 0.001:
        return write_number(value, "index", style)
    if abs(value) < 1e-10:  # rounding noise, which differs from one processor to the next
        return "< 10⁻¹⁰"
    digits, power = f"{value:.1e}".split("e")
    return f"{style.localise(digits)} × 10{str(int(power)).translate(_RAISED)}"


def require_language(lang: str) -> None:
    """Refuse a report language whose sentences this version does not have.

    Raises
    ------
    UnsupportedError
        For any language but those of :data:`LANGUAGES`.
    """
    if lang not in LANGUAGES:
        raise UnsupportedError(
            f"This version writes reports in {', '.join(LANGUAGES)}, not in '{lang}'; "
            "ask for the report with lang='en'."
        )


class Writer:
    """Writes the pieces of one document: knows its style, the numbers of its tables and what it cites."""

    def __init__(self, document: Document) -> None:
        self.style = number_style(document.style)
        self._labels = {table.id: f"Table {i}" for i, table in enumerate(document.tables, start=1)}
        self._labels |= {figure.id: f"Figure {i}" for i, figure in enumerate(document.figures, start=1)}

    def label(self, element: Table | FigureBlock) -> str:
        """``Table 3`` or ``Figure 1``."""
        return self._labels[element.id]

    def alt(self, figure: FigureBlock) -> str:
        """What a figure shows, for people who cannot see it; the mark comes first."""
        return f"{MARK_TAGS[figure.mark]} {figure.drawing.alt}" if figure.mark else figure.drawing.alt

    def runs(self, inline: Inline) -> list[Run]:
        """Inline text as runs; a number stays on the line of the symbol it belongs to."""
        runs: list[Run] = []
        for piece in inline:
            made = self._piece(piece)
            symbol = _SYMBOL.search(runs[-1].text) if isinstance(piece, Number) and runs else None
            if symbol:
                before = replace(runs.pop(), text=symbol.string[: symbol.start()])
                runs += [before] if before.text else []
                made = [replace(made[0], text=symbol[0] + made[0].text)]
            runs += made
        return runs

    def text(self, inline: Inline) -> str:
        """Inline text without looks."""
        return "".join(run.text for run in self.runs(inline))

    def sentences(self, paragraph: Paragraph) -> list[list[Run]]:
        """The sentences of a paragraph, each with the paragraph's mark in front."""
        return [self.marked(sentence, paragraph.mark) for sentence in paragraph.sentences]

    def marked(self, inline: Inline, mark: Mark) -> list[Run]:
        """Inline text with a mark in front of it."""
        runs = self.runs(inline)
        return [Run(MARK_TAGS[mark], bold=True), Run(" "), *runs] if mark else runs

    def cell(self, cell: Cell) -> list[Run]:
        """A table cell as runs, without its superscript."""
        if cell.label:
            return self.runs(cell.label)
        if cell.kind == "text" and isinstance(cell.value, tuple):
            return self.runs(cell.value)
        written = written_number(cell.value, cell.kind, self.style, cell.decimals)
        return [Run(cell.wrap.format(written) if written != self.style.empty else written)]

    def general_note(self, table: Table) -> list[list[Run]]:
        """The sentences of the general note; the first says how many were used and dropped, and why."""
        notes = [self.runs(note) for note in table.notes.general]
        return [self._used(table), *notes] if table.used is not None else notes

    def _used(self, table: Table) -> list[Run]:
        count = write_number(table.used, "n", self.style)
        start = [Run("N", italic=True), Run(f" = {count}")]
        if table.dropped is None:
            return [*start, Run(f"; {table.why}." if table.why else ".")]
        reason = f" ({table.why})" if table.why else ""
        return [*start, Run(f" used, {write_number(table.dropped, 'n', self.style)} dropped{reason}.")]

    def _piece(self, piece: Piece) -> list[Run]:
        match piece:
            case Words(text=text, italic=italic, bold=bold, code=code):
                return [Run(text, italic, bold, code)]
            case Number(value=value, kind=kind, decimals=decimals):
                return [Run(written_number(value, kind, self.style, decimals), whole=True)]
            case PValue(value=value):
                return [Run("p", italic=True), Run(p_phrase(value, self.style).removeprefix("p"), whole=True)]
            case Citation(key=key, narrative=narrative):
                return [Run(citation(key, narrative=narrative), anchor=f"ref-{key}")]
            case Pointer(target=target):
                return [Run(self._labels.get(target, "the table"), anchor=target)]


def cited_keys(document: Document) -> tuple[str, ...]:
    """The keys of all works a document cites, in the order of its reference list."""
    found: Iterable[str] = {
        piece.key for inline in inlines(document) for piece in inline if isinstance(piece, Citation)
    }
    return sort_keys(found)
