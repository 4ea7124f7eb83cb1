"""Missing answers of a sample: by scale and item, by pattern, and Little's test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmstudy.report.document import (
    Citation,
    Column,
    Element,
    FigureBlock,
    Inline,
    Number,
    Paragraph,
    PValue,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.record import SampleRecord
from crmstudy.report.tables import Usage, column, from_frame
from crmstudy.report.telling.naming import in_scale_order, scale_names
from crmstudy.report.telling.prose import capital

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.screening import Screening


#: What is said about Little's test beyond its figures.
_CAUTIONS = ("SCREENING_MCAR_MANY_PATTERNS", "SCREENING_MCAR_NOT_CONVERGED", "SCREENING_MCAR_EMPTY_ROWS")


def missing_elements(sample: SampleRecord, lang: str) -> list[Element]:
    """What is missing in a sample: sentences, tables by scale and by item, and the map of the patterns."""
    screening = sample.screening
    if screening is None or "missing" not in screening.tables:
        return []
    names = scale_names(sample.responses, lang)
    table = screening.tables["missing"]
    order = in_scale_order(sample.responses, [str(scale) for scale in table["scale"].unique()])
    table = table.sort_values("scale", key=lambda scales: scales.map(order.index), kind="stable")
    some = table[table["missing"] > 0]
    usage = Usage(sample.n_read, 0)
    note = phrase("All rows of the file, before exclusions; answers out of range count as missing.")
    notes = TableNotes((note,))
    sentences = [_how_many(sample, table, some), *_by_respondent(screening), *_little(screening)]
    elements: list[Element] = [Paragraph(tuple(sentences)), _by_scale(sample, screening, names, usage, notes)]
    if not some.empty:
        columns = [
            column("item", "Item"), column("scale", "Scale"), Column("n", phrase("Answered"), "n"),
            Column("unanswered", phrase("Unanswered"), "n"), Column("out_of_range", phrase("Out of range"), "n"),
            Column("percent", phrase("Percent missing"), "percent"),
        ]  # fmt: skip
        if not some["out_of_range"].any():
            columns.pop(4)
        elements.append(from_frame(
            f"{sample.name}_missing_items", phrase("Items With Missing Answers"), columns, some, usage=usage,
            notes=notes, labels={"scale": lambda id: plain(names.get(id, id))},
        ))  # fmt: skip
    return [*elements, *_map(sample, screening)]


def _how_many(sample: SampleRecord, table: pd.DataFrame, some: pd.DataFrame) -> Inline:
    counted = table.drop_duplicates("item")
    total, answers = int(counted["missing"].sum()), int((counted["missing"] + counted["n"]).sum())
    if not total:
        return phrase("Sample {}: none of its {} answers is missing.", sample.name, Number(answers, "n"))
    return phrase(
        "Sample {}: {} of {} answers ({}) are missing, in {} of {} items.",
        sample.name, Number(total, "n"), Number(answers, "n"), Number(100 * total / answers, "percent"),
        Number(some["item"].nunique(), "n"), Number(len(counted), "n"),
    )  # fmt: skip


def _by_respondent(screening: Screening) -> list[Inline]:
    """How many answered everything, and how much the others left out."""
    counts = screening.tables["missing_counts"]
    rows, gaps = int(counts["n"].sum()), counts[counts["missing"] > 0]
    if gaps.empty:
        return []
    whole = rows - int(gaps["n"].sum())
    one = int(gaps.loc[gaps["missing"] == 1, "n"].sum())
    return [
        phrase(
            "{} of {} respondents ({}) answered every item, {} left out one, {} more than one (at most {}).",
            Number(whole, "n"), Number(rows, "n"), Number(100 * whole / rows, "percent"), Number(one, "n"),
            Number(int(gaps["n"].sum()) - one, "n"), Number(int(gaps["missing"].max()), "n"),
        )
    ]  # fmt: skip


def _little(screening: Screening) -> list[Inline]:
    """Little's test with what it rests on; why there is none where answers are missing."""
    if "mcar" not in screening.tables or not screening.tables["missing"]["missing"].any():
        return []
    row = screening.tables["mcar"].iloc[0]
    notes = {note.code: note for note in screening.notes if note.subject == "mcar"}
    if row["d2"] != row["d2"]:
        absent = notes.get("SCREENING_MCAR_NOT_COMPUTED")
        return [phrase("{}", capital(absent.message))] if absent else []
    said = [
        phrase(
            "Little's test of data missing completely at random {}: χ²({}) = {}, {}, over {} patterns in {} rows.",
            Citation("little_1988"), Number(int(row["df"]), "n"), Number(float(row["d2"]), "statistic"),
            PValue(float(row["p_value"])), Number(int(row["patterns"]), "n"), Number(int(row["n"]), "n"),
        )
    ]  # fmt: skip
    if "SCREENING_NOT_MCAR" in notes:
        said.append(phrase("Missing completely at random is rejected at .05: leaving out incomplete rows can bias the "
                           "results."))  # fmt: skip
    else:
        said.append(phrase("The test does not reject it at .05, which does not prove it."))
    return said + [phrase("{}", capital(note.message)) for code, note in notes.items() if code in _CAUTIONS]


def _by_scale(
    sample: SampleRecord, screening: Screening, names: Mapping[str, str], usage: Usage, notes: TableNotes
) -> Table:
    columns = [
        column("scale", "Scale"), Column("items", phrase("Items"), "n"), Column("answers", phrase("Answered"), "n"),
        Column("missing", phrase("Missing"), "n"), Column("percent", phrase("Percent missing"), "percent"),
        Column("complete", phrase("All items"), "n"), Column("partly", phrase("Some"), "n"),
        Column("none", phrase("None"), "n"),
    ]  # fmt: skip
    table = screening.tables["missing_scales"]
    about = phrase("All items, some and none: respondents by how many items of the scale they answered.")
    return from_frame(
        f"{sample.name}_missing", phrase("Missing Answers by Scale"), columns, table, usage=usage,
        notes=TableNotes((*notes.general, about)),
        labels={"scale": lambda id: plain(names.get(id, id))},
    )  # fmt: skip


def _map(sample: SampleRecord, screening: Screening) -> list[Element]:
    described = screening.plot()
    if described is None or len(described.patterns) < 2:
        return []
    note = phrase(
        "A row is a pattern of missing answers, the most frequent above, with the number of its respondents; dark "
        "cells are missing. Bars: percent of respondents who lack the item."
    )
    title = phrase("Patterns of Missing Answers ({})", sample.name)
    return [FigureBlock(f"{sample.name}_missing_map", title, described, (note,))]
