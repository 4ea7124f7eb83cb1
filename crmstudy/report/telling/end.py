"""The end of a report: hypotheses in one table, the second engine, notes, provenance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from crmstudy.notes import Note
from crmstudy.report.document import (
    Callout,
    Cell,
    Citation,
    Element,
    Paragraph,
    Section,
    TableNotes,
    Words,
    phrase,
)
from crmstudy.report.record import Block, StudyRecord
from crmstudy.report.tables import build_table, column
from crmstudy.report.telling import prose
from crmstudy.report.telling.front import SIMULATED, simulated
from crmstudy.results import Result


def notes_section(record: StudyRecord) -> Section:
    """Every note of the run with its code."""
    rows = [
        [Cell((Words(note.code, code=True),)), Cell(note.level), Cell(where), Cell(note.subject or ""),
         Cell(prose.capital(note.message))]
        for where, note in _all_notes(record)
    ]  # fmt: skip
    if not rows:
        return Section("run-notes", phrase("Notes"), (Paragraph((phrase("The run left no notes."),)),))
    columns = [
        column("code", "Code"), column("level", "Level"), column("where", "Where"),
        column("subject", "Subject", shown=False), column("message", "Message"),
    ]  # fmt: skip
    note = phrase("`crmstudy explain CODE` says what a code means, what to do and what to write in the thesis.")
    table = build_table("notes", phrase("Notes of the Run"), columns, rows, notes=TableNotes((note,)))
    return Section("run-notes", phrase("Notes"), (table,))


def _all_notes(record: StudyRecord) -> Iterator[tuple[str, Note]]:
    seen: set[tuple[str, str, str | None]] = set()
    for where, note in _notes_in_order(record):
        key = (note.code, note.message, note.subject)
        if note.code == SIMULATED:
            key, note = (note.code, "", None), replace(note, message=simulated(record), subject=None)
        if key not in seen:
            seen.add(key)
            yield where, note


def _notes_in_order(record: StudyRecord) -> Iterator[tuple[str, Note]]:
    yield from (("study", note) for note in record.notes)
    for sample in record.samples:
        parts = (sample, sample.responses, sample.screening, sample.scores)
        yield from ((sample.name, note) for part in parts if part is not None for note in part.notes)
    for block in record.blocks:
        if block.error is not None:
            yield block.id, Note(block.error.code, str(block.error), "warning", block.id)
        if block.result is not None:
            yield from ((block.id, note) for note in block.result.notes)
        for extra in block.extras.values():
            if isinstance(extra, Note):
                yield block.id, extra
            elif isinstance(extra, Result):
                yield from ((block.id, note) for note in extra.notes)


def provenance_section(record: StudyRecord) -> Section:
    """What went in and what it was computed with."""
    columns = [column("kind", "Kind"), column("name", "Name"), column("value", "Value")]
    rows = [[Cell("input (sha256)"), Cell(name), Cell((Words(value, code=True),))]
            for name, value in sorted(record.provenance.inputs.items())]  # fmt: skip
    rows += [[Cell("version"), Cell(name), Cell(value)] for name, value in sorted(record.provenance.versions.items())]
    rows.append([Cell("seed"), Cell(""), Cell("none" if record.seed is None else str(record.seed))])
    elements: list[Element] = [
        Paragraph((phrase("The same inputs, versions and seed give the same report. Tables follow APA style {}.",
                          Citation("apa_2020")),)),
        build_table("provenance", phrase("Inputs and Versions"), columns, rows),
    ]  # fmt: skip
    return Section("origin", phrase("Provenance"), tuple(elements))


def failed_block(block: Block) -> Section:
    """A block without a result: its message in its place."""
    code = block.error.code if block.error is not None else "ANALYSIS_FAILED"
    message = phrase("{}", prose.capital(str(block.error)))
    callout = Callout("danger", phrase("FAILED: this analysis has no result"), message, code)
    return Section(f"analysis-{block.id}", phrase("{}", block.title), (callout,), mark="failed")
