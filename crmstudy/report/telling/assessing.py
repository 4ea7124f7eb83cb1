"""What is said about an assessment of the organisation: its own sentences, the tables it names, its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import pandas as pd

from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.report.document import (
    Column,
    Element,
    FigureBlock,
    Inline,
    Number,
    Section,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.tables import from_frame, is_absent
from crmstudy.report.telling.told import Told

#: What stands for every row together in a column of groups; nobody needs a column that says nothing else.
_ALL = "all"
#: Up to so many sentences stand in one paragraph.
_PARAGRAPH = 3


def assessment_section(told: Told) -> Section:
    """Sentences, tables in their order, figures; a table without rows is not shown."""
    result = cast(AssessmentResult, told.result)
    elements = _sentences(told, result.prose("en"))
    elements += [table for shown in result.shown for table in _table(told, result, shown)]
    for place, drawing in enumerate(result.drawings(), start=1):
        title = told.title(drawing.title)
        elements.append(FigureBlock(told.table_id(f"figure{place}"), title, drawing, (), told.mark))
    return told.section(elements)


def _sentences(told: Told, said: tuple[str, ...]) -> list[Element]:
    """A few sentences as a paragraph; of more, the finding alone and the others below each other."""
    sentences = [phrase("{}", sentence) for sentence in said]
    if len(sentences) <= _PARAGRAPH:
        return [told.sentences(*sentences)]
    return [told.sentences(sentences[0]), told.listing(sentences[1:])]


def _table(told: Told, result: AssessmentResult, shown: Shown) -> list[Table]:
    frame = result.estimates if shown.table == "estimates" else result.tables.get(shown.table)
    if frame is None or frame.empty:
        return []
    labels = result.labels("en")
    columns = [
        Column(key, phrase("{}", heading), kind, shown=key not in frame or _says_something(frame[key]))
        for key, heading, kind in shown.columns
    ]
    notes = [phrase("{}", shown.note)] if shown.note else []
    if shown.rows is not None and len(frame) > shown.rows:
        first, every = Number(shown.rows, "n"), Number(len(frame), "n")
        notes.append(phrase("The first {} of {} rows; the file of this table has all of them.", first, every))
    table = from_frame(
        told.table_id(shown.table), told.title(shown.title), columns, frame,
        notes=TableNotes(tuple(notes)), mark=told.mark,
        labels={column.key: _read(labels[column.key]) for column in columns if column.key in labels},
    )  # fmt: skip
    return [replace(table, limit=shown.rows)]


def _says_something(values: pd.Series[Any]) -> bool:
    """False for a column that is empty, and for one that stands for all rows together in each row."""
    return not all(is_absent(value) or value in ("", _ALL) for value in values)


def _read(labels: Mapping[str, str]) -> Callable[[str], Inline]:
    """From an id, or several with commas between them, to what people read."""
    return lambda ids: plain(", ".join(labels.get(id, id) for id in ids.split(", ")))
