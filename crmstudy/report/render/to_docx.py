"""A document as a Word file: real tables with APA rules, captions that Word can number, pictures with alt text."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from typing import Any

from crmstudy.report.document import (
    Callout,
    Cell,
    CodeBlock,
    Document,
    Element,
    FigureBlock,
    Listing,
    Paragraph,
    ReferenceList,
    Section,
    Table,
)
from crmstudy.report.references import full_reference
from crmstudy.report.render.docx_parts import (
    add_field,
    cells_of,
    column_widths,
    draw_rules,
    keep_with_next,
    repacked,
    repeat_header,
    set_widths,
    shade,
)
from crmstudy.report.render.to_html import grouped
from crmstudy.report.style import MARK_WORDS, Run, Writer

_FONT = "Times New Roman"
_RED = "B3261E"
_GROUND = {"info": "F0F5FB", "warning": "FDF7E8", "danger": "FDF1F0"}
_TEXT_WIDTH_CM = 16.6


def document_docx(document: Document, picture: Callable[[str], bytes]) -> bytes:
    """The bytes of ``report.docx``; ``picture`` gives the PNG of a figure by its id."""
    return _Word(document, picture).bytes()


class _Word:
    """One Word file being written."""

    def __init__(self, document: Document, picture: Callable[[str], bytes]) -> None:
        import docx

        self.document = document
        self.writer = Writer(document)
        self.picture = picture
        self.word: Any = docx.Document()
        self._set_up()

    def bytes(self) -> bytes:
        """Write everything and pack it with fixed dates."""
        title = self.word.add_heading(level=0)
        title.add_run(self.document.title)
        for section in self.document.sections:
            self._section(section, 1)
        buffer = io.BytesIO()
        self.word.save(buffer)
        return repacked(buffer.getvalue())

    def _set_up(self) -> None:
        from docx.shared import Cm

        page = self.word.sections[0]
        page.page_width, page.page_height = Cm(21.0), Cm(29.7)
        page.left_margin = page.right_margin = Cm((21.0 - _TEXT_WIDTH_CM) / 2)
        page.top_margin = page.bottom_margin = Cm(2.3)
        self._styles()
        self._footer(page)
        moment = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
        facts = self.word.core_properties
        facts.title, facts.author, facts.last_modified_by = self.document.title, "crmstudy", "crmstudy"
        facts.comments, facts.created, facts.modified, facts.revision = "", moment, moment, 1
        facts.language = self.document.lang

    def _styles(self) -> None:
        from docx.enum.style import WD_STYLE_TYPE
        from docx.oxml.ns import qn
        from docx.shared import Pt, RGBColor

        sizes = {"Normal": 11, "Title": 20, "Heading 1": 15, "Heading 2": 12, "Caption": 11, "List Bullet": 11}
        for name, size in sizes.items():
            style = self.word.styles[name]
            style.font.name, style.font.size, style.font.italic = _FONT, Pt(size), False
            style.font.color.rgb = RGBColor(0x1B, 0x1F, 0x24)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
                fonts.set(qn(script), _FONT)
            for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
                fonts.attrib.pop(qn(theme), None)
        normal = self.word.styles["Normal"].paragraph_format
        normal.space_after, normal.line_spacing = Pt(6), 1.15
        self.word.styles["Heading 1"].paragraph_format.space_before = Pt(22)
        self.word.styles["Heading 1"].paragraph_format.space_after = Pt(8)
        caption = self.word.styles["Caption"].paragraph_format
        caption.space_before, caption.space_after, caption.keep_with_next = Pt(14), Pt(0), True
        title = self.word.styles["Title"]
        border = title.element.find(f".//{qn('w:pBdr')}")
        if border is not None:
            border.getparent().remove(border)
        for name, size in (("Table Text", 9), ("Table Note", 9), ("Table Title", 11)):
            style = self.word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            style.base_style = self.word.styles["Normal"]
            style.font.size = Pt(size)
            style.paragraph_format.space_after = Pt(4 if name == "Table Title" else 0)
            style.paragraph_format.line_spacing = 1.0
            style.paragraph_format.keep_with_next = name == "Table Title"
        self._cell_style = self.word.styles["Table Text"].style_id

    def _footer(self, page: Any) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        line = page.footer.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        add_field(line, "PAGE", "1")
        if self.document.banner:
            head = page.header.paragraphs[0]
            head.alignment = WD_ALIGN_PARAGRAPH.CENTER
            self._marked_run(head, self.document.banner)
            self._marked_run(line, f"  {self.document.banner}")

    def _section(self, section: Section, depth: int) -> None:
        heading = self.word.add_heading(level=depth)
        self._runs(heading, self.writer.runs(section.title))
        if section.mark:
            self._marked_run(heading, f" – {MARK_WORDS[section.mark]}")
        for element in section.elements:
            self._element(element)
        for inner in section.sections:
            self._section(inner, depth + 1)

    def _element(self, element: Element) -> None:
        match element:
            case Paragraph():
                line = self.word.add_paragraph()
                for i, sentence in enumerate(self.writer.sentences(element)):
                    self._runs(line, [*([Run(" ")] if i else []), *sentence])
            case Listing(items=items, numbered=numbered):
                for text, mark in items:
                    line = self.word.add_paragraph(style="List Number" if numbered else "List Bullet")
                    self._runs(line, self.writer.marked(text, mark))
            case Callout():
                self._callout(element)
            case Table():
                self._table(element)
            case FigureBlock():
                self._figure(element)
            case CodeBlock(text=text, label=label):
                self._code(text, label)
            case ReferenceList(keys=keys):
                for key in keys:
                    self._reference(key)

    def _callout(self, callout: Callout) -> None:
        from docx.shared import Pt

        for i, inline in enumerate((callout.heading, callout.text)):
            line = self.word.add_paragraph()
            shade(line, _GROUND[callout.level])
            line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(8)
            line.paragraph_format.space_after = Pt(0 if i == 0 else 10)
            line.paragraph_format.space_before = Pt(8 if i == 0 else 0)
            line.paragraph_format.keep_with_next = i == 0
            line.paragraph_format.keep_together = True
            runs = self.writer.runs(inline)
            if i == 0:
                runs = [Run(run.text, run.italic, True) for run in runs]
                runs += [Run(f"  {callout.code}", code=True)] if callout.code else []
            self._runs(line, runs)

    def _code(self, text: str, label: str) -> None:
        from docx.shared import Pt

        if label:
            self.word.add_paragraph(f"{label}:").paragraph_format.keep_with_next = True
        line = self.word.add_paragraph()
        shade(line, "F6F7F8")
        line.paragraph_format.line_spacing = 1.0
        for i, row in enumerate(text.splitlines()):
            run = line.add_run(row.rstrip())
            run.font.name, run.font.size = "Courier New", Pt(9)
            if i < len(text.splitlines()) - 1:
                run.add_break()

    def _reference(self, key: str) -> None:
        from docx.shared import Cm

        line = self.word.add_paragraph()
        line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Cm(1.0), Cm(-1.0)
        for i, part in enumerate(full_reference(key).split("*")):
            line.add_run(part).italic = bool(i % 2)

    def _caption(self, element: Table | FigureBlock) -> None:
        label, number = self.writer.label(element).split(" ")
        line = self.word.add_paragraph(style="Caption")
        line.add_run(f"{label} ").bold = True
        add_field(line, f"SEQ {label} \\* ARABIC", number, bold=True)
        title = self.word.add_paragraph(style="Table Title")
        for run in self.writer.runs(element.title):
            title.add_run(run.text).italic = not run.italic
        if element.mark:
            line = self.word.add_paragraph(style="Table Title")
            self._marked_run(line, MARK_WORDS[element.mark])

    def _table(self, table: Table) -> None:
        from docx.enum.table import WD_TABLE_ALIGNMENT

        self._caption(table)
        places = table.places
        groups = grouped(table, self.writer)
        count = 1 + len(table.read) + sum(1 for name, _ in groups if name)
        grid = self.word.add_table(rows=count, cols=len(places))
        grid.alignment = WD_TABLE_ALIGNMENT.LEFT
        grid.autofit = False
        size = 9.0 if len(places) <= 9 else 8.0
        written = [[self._text(row[i]) for i in places] for row in table.read]
        labels = [self.writer.text(table.columns[i].label) for i in places]
        if table.group:
            written = [[f"    {row[0]}", *row[1:]] for row in written]
        wraps = [table.columns[i].kind == "text" for i in places]
        typed = [any(self._is_typed(row[i]) for row in table.read) for i in places]
        set_widths(grid, column_widths(labels, written, wraps, typed, size, _TEXT_WIDTH_CM))
        rows, headings = iter(grid.rows), []
        header = next(rows)
        for field, i in zip(cells_of(header), places, strict=True):
            self._fill(field, self.writer.runs(table.columns[i].label), table.columns[i].edge, size)
        repeat_header(header)
        for name, cells in groups:
            if name:
                heading = next(rows)
                headings.append(heading)
                fields = cells_of(heading)
                whole = fields[0].merge(fields[-1]) if len(fields) > 1 else fields[0]
                self._fill(whole, [Run(name, bold=True)], "left", size)
            for row in cells:
                for field, i in zip(cells_of(next(rows)), places, strict=True):
                    indent = bool(name) and i == places[0]
                    self._fill(field, self.writer.cell(row[i]), table.columns[i].edge, size, row[i].mark, indent)
        last = draw_rules(grid)
        for heading in headings:
            keep_with_next(heading)
        self._notes(table, last)

    def _text(self, cell: Cell) -> str:
        """The text of a cell, for measuring."""
        return "".join(run.text for run in self.writer.cell(cell)) + cell.mark

    def _is_typed(self, cell: Cell) -> bool:
        """Whether a cell holds nothing but typewriter letters."""
        return all(run.code for run in self.writer.cell(cell))

    def _fill(self, field: Any, runs: list[Run], edge: str, size: float, mark: str = "", indent: bool = False) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        line = field.paragraphs[0]
        line._p.style = self._cell_style
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT if edge == "right" else WD_ALIGN_PARAGRAPH.LEFT
        line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(1.5)
        if indent:
            line.paragraph_format.left_indent = Pt(8)
        self._runs(line, runs, size)
        if mark:
            sign = line.add_run(mark)
            sign.font.superscript, sign.font.size = True, Pt(size)

    def _notes(self, table: Table, last_row: Any) -> None:
        lines: list[list[Run]] = []
        general = self.writer.general_note(table)
        if general:
            lines.append([Run("Note.", italic=True), *(run for note in general for run in (Run(" "), *note))])
        for mark, note in table.notes.specific:
            lines.append([Run(mark, raised=True), Run(" "), *self.writer.runs(note)])
        if table.notes.probability:
            lines.append(self.writer.runs(table.notes.probability))
        if lines:
            keep_with_next(last_row)
        self._note_lines(lines)

    def _note_lines(self, lines: list[list[Run]]) -> None:
        from docx.shared import Pt

        for i, runs in enumerate(lines):
            line = self.word.add_paragraph(style="Table Note")
            line.paragraph_format.space_before = Pt(3 if i == 0 else 0)
            line.paragraph_format.keep_with_next = i < len(lines) - 1
            line.paragraph_format.keep_together = True
            line.paragraph_format.space_after = Pt(12 if i == len(lines) - 1 else 2)
            self._runs(line, runs, 9.0)

    def _figure(self, figure: FigureBlock) -> None:
        from docx.shared import Cm, Pt

        self._caption(figure)
        line = self.word.add_paragraph()
        line.paragraph_format.keep_with_next = bool(figure.notes)
        line.paragraph_format.space_after = Pt(2)
        line.paragraph_format.line_spacing = 1.0
        shape = line.add_run().add_picture(io.BytesIO(self.picture(figure.id)))
        widest, highest = Cm(_TEXT_WIDTH_CM), Cm(19.5)
        scale = min(1.0, widest / shape.width, highest / shape.height)
        shape.width, shape.height = int(shape.width * scale), int(shape.height * scale)
        facts = shape._inline.docPr
        facts.set("descr", self.writer.alt(figure))
        facts.set("title", figure.drawing.title)
        facts.set("name", figure.id)
        notes = [run for note in figure.notes for run in (Run(" "), *self.writer.runs(note))]
        if notes:
            self._note_lines([[Run("Note.", italic=True), *notes]])

    def _marked_run(self, line: Any, text: str) -> None:
        from docx.shared import RGBColor

        run = line.add_run(text)
        run.bold = True
        run.font.color.rgb = RGBColor.from_string(_RED)

    def _runs(self, line: Any, runs: list[Run], size: float | None = None) -> None:
        from docx.shared import Pt, RGBColor

        for run in runs:
            whole = run.whole or (run.code and size is not None and len(run.text) <= 40)
            made = line.add_run(run.text.replace(" ", "\u00a0") if whole else run.text)
            made.italic, made.bold = run.italic or None, run.bold or None
            made.font.superscript = run.raised or None
            if run.code:
                made.font.name = "Courier New"
            if run.code or size:
                made.font.size = Pt((size or 11) - (1 if run.code else 0))
            if run.bold and run.text.startswith("[") and run.text.endswith("]"):
                made.font.color.rgb = RGBColor.from_string(_RED)
