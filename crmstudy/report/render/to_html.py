"""A document as one HTML file that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources
from typing import Any

from markupsafe import Markup, escape

from crmstudy.report.document import Cell, Document, FigureBlock, Inline, Paragraph, Section, Table
from crmstudy.report.references import full_reference
from crmstudy.report.style import MARK_TAGS, MARK_WORDS, Run, Writer

_ID = re.compile(r'\bid="([^"]+)"')
#: Letters from which a text in a table needs a column of more than a few words.
_LONG = 60
_LINK = re.compile(r'(xlink:href="#|url\(#)([^")]+)')


def document_html(document: Document, picture: Callable[[str], bytes]) -> bytes:
    """The bytes of ``report.html``; ``picture`` gives the SVG of a figure by its id."""
    from jinja2 import Environment, StrictUndefined

    folder = resources.files("crmstudy.report").joinpath("templates")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string(folder.joinpath("report.html.j2").read_text(encoding="utf-8"))
    view = _View(document, picture)
    style = Markup(folder.joinpath("report.css").read_text(encoding="utf-8"))
    return template.render(document=document, view=view, style=style).encode("utf-8")


class _View:
    """What the template asks for; everything it gives is escaped."""

    def __init__(self, document: Document, picture: Callable[[str], bytes]) -> None:
        self.document = document
        self.writer = Writer(document)
        self._picture = picture

    def kind(self, element: object) -> str:
        """The name of an element's kind."""
        return type(element).__name__

    def inline(self, inline: Inline) -> Markup:
        return self.runs(self.writer.runs(inline))

    def runs(self, runs: list[Run]) -> Markup:
        return Markup("").join(_run(run) for run in runs)

    def sentences(self, paragraph: Paragraph) -> Markup:
        return Markup(" ").join(self.runs(runs) for runs in self.writer.sentences(paragraph))

    def item(self, item: tuple[Inline, Any]) -> Markup:
        return self.runs(self.writer.marked(*item))

    def mark_words(self, mark: str) -> str:
        return MARK_WORDS[mark]  # type: ignore[index]

    def mark_tag(self, mark: str) -> str:
        return MARK_TAGS[mark].strip("[]")  # type: ignore[index]

    def label(self, element: Table | FigureBlock) -> str:
        return self.writer.label(element)

    def columns(self, table: Table) -> list[tuple[int, Any, str]]:
        """The columns that are written (all but the one that groups the rows) with their classes."""
        found = []
        for i in table.places:
            column = table.columns[i]
            looks: list[str] = [column.edge]
            if column.kind != "text":
                looks += ["figure", *(["starred"] if any(row[i].mark for row in table.read) else [])]
            elif any(len(self.cell(row[i]).striptags()) > _LONG for row in table.read):
                looks.append("wide")
            found.append((i, column, " ".join(looks)))
        return found

    def groups(self, table: Table) -> list[tuple[str, list[tuple[Cell, ...]]]]:
        """The rows under the heading of their group, in the order they come."""
        return grouped(table, self.writer)

    def cell(self, cell: Cell) -> Markup:
        written = self.runs(self.writer.cell(cell))
        return written + Markup("<sup>{}</sup>").format(cell.mark) if cell.mark else written

    def general(self, table: Table) -> Markup:
        return Markup(" ").join(self.runs(note) for note in self.writer.general_note(table))

    def figure(self, figure: FigureBlock) -> Markup:
        """The SVG of a figure, made a part of the page: a role, a title, and ids of its own."""
        return inline_svg(self._picture(figure.id).decode("utf-8"), figure, self.writer.alt(figure))

    def reference(self, key: str) -> Markup:
        parts = full_reference(key).split("*")
        return Markup("").join(
            Markup("<i>{}</i>").format(part) if i % 2 else _linked(part) for i, part in enumerate(parts)
        )

    def contents(self) -> list[Section]:
        return list(self.document.sections)


def grouped(table: Table, writer: Writer) -> list[tuple[str, list[tuple[Cell, ...]]]]:
    """The rows of a table in runs of one group; one run without a name where a table has no groups."""
    if not table.group:
        return [("", list(table.read))]
    place = [column.key for column in table.columns].index(table.group)
    found: list[tuple[str, list[tuple[Cell, ...]]]] = []
    for row in table.read:
        name = "".join(run.text for run in writer.cell(row[place]))
        if not found or found[-1][0] != name:
            found.append((name, []))
        found[-1][1].append(row)
    return found


def _run(run: Run) -> Markup:
    text = escape(run.text)
    if run.whole and " " in run.text:
        text = Markup('<span class="whole">{}</span>').format(text)
    if run.code:
        look = Markup(' class="long"') if len(run.text) > 40 else ""
        text = Markup("<code{}>{}</code>").format(look, text)
    if run.italic:
        text = Markup("<i>{}</i>").format(text)
    if run.bold:
        text = Markup("<b>{}</b>").format(text)
    return Markup('<a href="#{}">{}</a>').format(run.anchor, text) if run.anchor else text


def _linked(text: str) -> Markup:
    """Text with its address, when it ends in one, as a link."""
    place = text.find("https://doi.org/")
    if place < 0:
        return escape(text)
    return escape(text[:place]) + Markup('<a href="{0}">{0}</a>').format(text[place:])


def inline_svg(svg: str, figure: FigureBlock, alt: str) -> Markup:
    """An SVG file as an element of a page."""
    start = svg.index("<svg")
    body = _ID.sub(lambda match: f'id="{figure.id}-{match[1]}"', svg[start:])
    body = _LINK.sub(lambda match: f"{match[1]}{figure.id}-{match[2]}", body)
    head, rest = body.split(">", 1)
    rest = re.sub(r"\s*<metadata>.*?</metadata>", "", rest, flags=re.DOTALL)
    width = re.search(r'width="([\d.]+)pt"', head)
    narrow = f' style="min-width:min({float(width[1]) * 1.2:.0f}px,46rem)"' if width else ""
    label = escape(alt)
    title = f"<title>{escape(figure.drawing.title)}</title><desc>{label}</desc>"
    return Markup(f'{head} role="img" aria-label="{label}"{narrow}>{title}{rest}')
