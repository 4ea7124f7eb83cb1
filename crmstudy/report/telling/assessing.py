"""What is said about an assessment of the organisation: its own sentences, the tables it names, its figures."""

from __future__ import annotations

from typing import cast

from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.report.document import Column, Element, FigureBlock, Section, Table, TableNotes, phrase
from crmstudy.report.tables import from_frame
from crmstudy.report.telling.told import Told


def assessment_section(told: Told) -> Section:
    """Sentences, tables in their order, figures; a table without rows is not shown."""
    result = cast(AssessmentResult, told.result)
    elements: list[Element] = [told.sentences(*(phrase("{}", sentence) for sentence in result.prose("en")))]
    elements += [table for shown in result.shown for table in _table(told, result, shown)]
    for place, drawing in enumerate(result.drawings(), start=1):
        title = told.title(drawing.title)
        elements.append(FigureBlock(told.table_id(f"figure{place}"), title, drawing, (), told.mark))
    return told.section(elements)


def _table(told: Told, result: AssessmentResult, shown: Shown) -> list[Table]:
    frame = result.estimates if shown.table == "estimates" else result.tables.get(shown.table)
    if frame is None or frame.empty:
        return []
    columns = [Column(key, phrase("{}", heading), kind) for key, heading, kind in shown.columns]
    notes = TableNotes((phrase("{}", shown.note),)) if shown.note else TableNotes()
    return [
        from_frame(told.table_id(shown.table), told.title(shown.title), columns, frame, notes=notes, mark=told.mark)
    ]
