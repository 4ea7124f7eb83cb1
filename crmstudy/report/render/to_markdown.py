"""A document as Markdown (pipe tables, pictures from the folder ``figures``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crmstudy.report.document import (
    Callout,
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
from crmstudy.report.style import MARK_WORDS, Run, Writer

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def document_markdown(document: Document) -> bytes:
    """The bytes of ``report.md``."""
    writer = Writer(document)
    lines = [f"# {_escape(document.title)}", ""]
    lines += [f"**{_escape(document.banner)}**", ""] if document.banner else []
    for section in document.sections:
        lines += _section(section, writer, 2)
    return ("\n".join(lines).rstrip("\n") + "\n").encode("utf-8")


def _section(section: Section, writer: Writer, depth: int) -> Iterator[str]:
    mark = f" – {MARK_WORDS[section.mark]}" if section.mark else ""
    yield f"{'#' * depth} {_runs(writer.runs(section.title))}{mark}"
    yield ""
    for element in section.elements:
        yield from _element(element, writer)
        yield ""
    for inner in section.sections:
        yield from _section(inner, writer, depth + 1)


def _element(element: Element, writer: Writer) -> Iterator[str]:
    match element:
        case Paragraph():
            yield " ".join(_runs(sentence) for sentence in writer.sentences(element))
        case Listing(items=items, numbered=numbered):
            sign = "1." if numbered else "-"
            yield from (f"{sign} {_runs(writer.marked(text, mark))}" for text, mark in items)
        case Callout(heading=heading, text=text, code=code):
            yield f"> **{_runs(writer.runs(heading))}**{f' (`{code}`)' if code else ''}"
            yield f"> {_runs(writer.runs(text))}"
        case Table():
            yield from _table(element, writer)
        case FigureBlock():
            yield from _figure(element, writer)
        case CodeBlock(text=text, label=label):
            yield f"{label}:" if label else ""
            yield ""
            yield "```"
            yield text.replace("```", "'''")
            yield "```"
        case ReferenceList(keys=keys):
            for key in keys:
                yield full_reference(key)
                yield ""


def _table(table: Table, writer: Writer) -> Iterator[str]:
    yield f"**{writer.label(table)}**"
    yield ""
    yield f"*{_runs(writer.runs(table.title)).replace('*', '')}*"
    yield ""
    if table.mark:
        yield f"**{MARK_WORDS[table.mark]}**"
        yield ""
    places = [i for i, column in enumerate(table.columns) if column.shown]
    columns = [table.columns[i] for i in places]
    yield _row([_runs(writer.runs(column.label)) or " " for column in columns])
    yield _row(["---:" if column.edge == "right" else ":---" for column in columns])
    for row in table.read:
        yield _row([_runs(writer.cell(row[i])) + _escape(row[i].mark) for i in places])
    yield ""
    general = [_runs(note) for note in writer.general_note(table)]
    if general:
        yield f"*Note.* {' '.join(general)}"
    for mark, note in table.notes.specific:
        yield f"<sup>{_escape(mark)}</sup> {_runs(writer.runs(note))}"
    if table.notes.probability:
        yield ""
        yield _runs(writer.runs(table.notes.probability))


def _figure(figure: FigureBlock, writer: Writer) -> Iterator[str]:
    yield f"**{writer.label(figure)}**"
    yield ""
    yield f"*{_runs(writer.runs(figure.title)).replace('*', '')}*"
    yield ""
    if figure.mark:
        yield f"**{MARK_WORDS[figure.mark]}**"
        yield ""
    yield f"![{_escape(writer.alt(figure))}](figures/{figure.id}.png)"
    yield ""
    if figure.notes:
        yield f"*Note.* {' '.join(_runs(writer.runs(note)) for note in figure.notes)}"


def _row(fields: list[str]) -> str:
    return f"| {' | '.join(fields)} |"


def _runs(runs: list[Run]) -> str:
    return "".join(map(_run, runs))


def _run(run: Run) -> str:
    if run.code:
        return f"`{run.text.replace('`', chr(39)).replace('|', chr(92) + '|')}`"
    text = _escape(run.text)
    bare = text.strip()
    if not bare or not (run.bold or run.italic):
        return text
    sign = "**" if run.bold else "*"
    return text.replace(bare, f"{sign}{bare}{sign}", 1)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("\n", " ")
