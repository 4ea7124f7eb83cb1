"""The end of a report: hypotheses in one table, the second engine, notes, provenance."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from crmstudy.notes import Note
from crmstudy.report import prose
from crmstudy.report.compose_front import block_mark, hypothesis_mark
from crmstudy.report.document import (
    DAGGER,
    Callout,
    Cell,
    Citation,
    Column,
    Element,
    Mark,
    Paragraph,
    Section,
    TableNotes,
    Words,
    phrase,
)
from crmstudy.report.record import Block, StudyRecord
from crmstudy.report.tables import build_table, column
from crmstudy.results import Result


def hypotheses_section(record: StudyRecord) -> Section | None:
    """Every hypothesis with its claim, its figures and its verdict."""
    if not record.hypotheses:
        return None
    blocks = {block.id: block for block in record.blocks}
    columns = [
        column("id", "Hypothesis"), column("statement", "Statement"), column("claim", "Claim"),
        column("analysis", "Analysis"), column("estimate", kind="estimate"),
        Column("ci", phrase("CI"), "interval"), column("p_value", kind="p"), column("std_all", kind="r"),
        column("verdict", "Verdict"),
    ]  # fmt: skip
    rows, marked = [], False
    for test in record.hypotheses:
        mark = hypothesis_mark(test, blocks)
        marked = marked or mark == "inadmissible"
        sign = DAGGER if mark == "inadmissible" else ""
        ends = (test.ci_low, test.ci_high)
        figures = [
            Cell(test.estimate, "estimate"),
            Cell(ends, "interval"),
            Cell(test.p_value, "p"),
            Cell(test.std_all, "r"),
        ]
        if test.verdict == "not testable":
            figures = [Cell(None, cell.kind, mark=sign) for cell in figures]
        verdict = phrase("{}{}", test.verdict, f" – analysis {mark}".upper() if mark else None)
        rows.append([
            Cell(test.id), Cell(test.statement), Cell((Words(test.claim, code=True),)), Cell(test.analysis), *figures,
            Cell(verdict),
        ])  # fmt: skip
    levels = sorted({test.level for test in record.hypotheses})
    notes = TableNotes(
        general=(
            phrase(
                "CI: {} confidence interval. A claim is supported when the sign agrees and the two-sided *p* is below "
                "1 minus the level; for a defined parameter, when its interval excludes the number.",
                ", ".join(f"{100 * level:g}%" for level in levels),
            ),
        ),
        specific=((DAGGER, phrase("The analysis is inadmissible: its figures are withheld.")),) if marked else (),
    )
    return Section("hypothesis-tests", phrase("Hypotheses"), (
        build_table("hypotheses", phrase("Hypotheses and Verdicts"), columns, rows, notes=notes,
                    mark="partial" if marked else ""),
    ))  # fmt: skip


def engine_section(record: StudyRecord) -> Section | None:
    """How far a second, independent engine agrees."""
    rows, marks = [], []
    for block in record.blocks:
        found = block.extras.get("second_engine")
        if found is None or isinstance(found, pd.DataFrame):
            continue
        rows.append(_engine_row(block, found))
        marks.append(block_mark(block))
    if not rows:
        return None
    columns = [
        column("analysis", "Analysis"), column("engine", "Second engine"),
        Column("compared", phrase("Parameters"), "n"), Column("largest", phrase("Largest difference"), "index"),
        Column("in_se", phrase("In *SE*"), "index"), column("parameter", "Parameter"), column("remark", "Remark"),
    ]  # fmt: skip
    mark: Mark = "partial" if "inadmissible" in marks else ""
    note = phrase(
        "Each model is fitted again by software written by others: semopy {} for structural models. The difference is "
        "that of the unstandardised estimates; *SE*: in standard errors of the estimate.",
        Citation("igolkina_meshcheryakov_2020"),
    )  # fmt: skip
    specific = ((DAGGER, phrase("The analysis is inadmissible.")),) if mark else ()
    table = build_table("second_engine", phrase("Check by a Second Engine"), columns, rows,
                        notes=TableNotes((note,), specific), mark=mark)  # fmt: skip
    return Section("second-engine", phrase("Check by a second engine"), (table,))


def _engine_row(block: Block, found: Result | Note) -> list[Cell]:
    sign = DAGGER if block.status == "inadmissible" else ""
    name = Cell(block.id, mark=sign)
    nothing = (Cell(None, "index"), Cell(None, "index"), Cell(""))
    if isinstance(found, Note):
        return [name, Cell(""), Cell(None, "n"), *nothing, Cell(found.message)]
    table = found.tables["differences"]
    engine = str(found.call.get("engine", "semopy"))
    if table.empty:
        return [name, Cell(engine), Cell(0, "n"), *nothing, Cell(_said(found))]
    worst = table.iloc[int(table["difference"].abs().to_numpy().argmax())]
    return [
        name, Cell(engine), Cell(len(table), "n"), Cell(abs(float(worst["difference"])), "index", mark=sign),
        Cell(abs(float(worst["in_se"])), "index", mark=sign), Cell(str(worst["parameter"])), Cell(_said(found)),
    ]  # fmt: skip


def _said(found: Result) -> str:
    return " ".join(prose.capital(note.message) for note in found.notes if note.level != "info")


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
        column("code", "Code"), column("level", "Level"), column("where", "Where"), column("subject", "Subject"),
        column("message", "Message"),
    ]  # fmt: skip
    note = phrase("`crmstudy explain CODE` says what a code means, what to do and what to write in the thesis.")
    table = build_table("notes", phrase("Notes of the Run"), columns, rows, notes=TableNotes((note,)))
    return Section("run-notes", phrase("Notes"), (table,))


def _all_notes(record: StudyRecord) -> Iterator[tuple[str, Note]]:
    seen: set[tuple[str, str, str | None]] = set()
    for where, note in _notes_in_order(record):
        key = (note.code, note.message, note.subject)
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
