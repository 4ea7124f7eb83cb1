"""Who took part, what is missing, and what screening found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    Number,
    Paragraph,
    Section,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.naming import in_scale_order, scale_names
from crmstudy.report.record import SampleRecord, StudyRecord
from crmstudy.report.tables import Usage, build_table, column, from_frame
from crmstudy.report.told import note_callout

if TYPE_CHECKING:
    import pandas as pd

#: What each rule compares with its setting.
_RULES = {
    "missing": phrase("missing: share of items unanswered at or above"),
    "range": phrase("range: an answer outside the response range"),
    "duplicates": phrase("duplicates: the same answers as an earlier row"),
    "longstring": phrase("longstring: equal answers in a row, at least"),
    "mahalanobis": phrase("mahalanobis: *p* of *D*² (χ², *df* = number of items) below"),
}


def samples_section(record: StudyRecord) -> Section:
    """From the rows of each file to the rows used, then what is missing."""
    columns = [
        column("sample", "Sample"), column("population", "Population"), column("file", "File"),
        Column("read", phrase("Rows read"), "n"), Column("excluded", phrase("Excluded"), "n"),
        Column("used", phrase("Used"), "n"),
    ]  # fmt: skip
    rows = [
        [Cell(s.name), Cell(s.population), Cell(s.file), Cell(s.n_read, "n"), Cell(s.n_read - s.n_used, "n"),
         Cell(s.n_used, "n")]
        for s in record.samples
    ]  # fmt: skip
    used, read = sum(s.n_used for s in record.samples), sum(s.n_read for s in record.samples)
    flow = build_table(
        "participants", phrase("Participants"), columns, rows,
        usage=Usage(used, read - used, "excluded by the declared screening rules" if read > used else ""),
        notes=TableNotes((phrase("Rows that an analysis drops for missing values are counted with that analysis."),)),
    )  # fmt: skip
    elements: list[Element] = [flow]
    for sample in record.samples:
        elements += _missing(sample, record.lang)
        elements += [note_callout(note) for note in dict.fromkeys(sample.responses.notes) if note.level != "info"]
    return Section("samples", phrase("Participants and missing data"), tuple(elements))


def _missing(sample: SampleRecord, lang: str) -> list[Element]:
    if sample.screening is None or "missing" not in sample.screening.tables:
        return []
    names = scale_names(sample.responses, lang)
    table = sample.screening.tables["missing"]
    order = in_scale_order(sample.responses, [str(scale) for scale in table["scale"].unique()])
    table = table.sort_values("scale", key=lambda scales: scales.map(order.index), kind="stable")
    some = table[table["missing"] > 0]
    counted = table.drop_duplicates("item")
    total, answers = int(counted["missing"].sum()), int((counted["missing"] + counted["n"]).sum())
    said = phrase("Sample {}: none of its {} answers is missing.", sample.name, Number(answers, "n"))
    if total:
        said = phrase(
            "Sample {}: {} of {} answers ({}) are missing, in {} of {} items.",
            sample.name, Number(total, "n"), Number(answers, "n"), Number(100 * total / answers, "percent"),
            Number(some["item"].nunique(), "n"), Number(len(counted), "n"),
        )  # fmt: skip
    columns = [
        column("scale", "Scale"), Column("items", phrase("Items"), "n"), Column("n", phrase("Answered"), "n"),
        Column("missing", phrase("Missing"), "n"), Column("percent", phrase("Percent missing"), "percent"),
    ]  # fmt: skip
    note = phrase("All rows of the file, before exclusions; answers out of range count as missing.")
    usage, notes = Usage(sample.n_read, 0), TableNotes((note,))
    elements: list[Element] = [Paragraph((said,))]
    elements.append(build_table(
        f"{sample.name}_missing", phrase("Missing Answers by Scale"), columns, _missing_by_scale(table, names),
        usage=usage, notes=notes,
    ))  # fmt: skip
    if not some.empty:
        columns = [column("item", "Item"), column("scale", "Scale"), *columns[2:]]
        title = phrase("Items With Missing Answers")
        elements.append(from_frame(
            f"{sample.name}_missing_items", title, columns, some, usage=usage, notes=notes,
            labels={"scale": lambda id: plain(names.get(id, id))},
        ))  # fmt: skip
    return elements


def _missing_by_scale(table: pd.DataFrame, names: Mapping[str, str]) -> list[list[Cell]]:
    rows = []
    for scale, part in table.groupby("scale", sort=False):
        missing, answered = int(part["missing"].sum()), int(part["n"].sum())
        share = 100 * missing / (missing + answered) if missing + answered else None
        rows.append([
            Cell(str(scale), label=plain(names.get(str(scale), str(scale)))), Cell(part["item"].nunique(), "n"),
            Cell(answered, "n"), Cell(missing, "n"),
            Cell(share, "percent"),
        ])  # fmt: skip
    return rows


def screening_section(record: StudyRecord) -> Section:
    """What every rule flagged, and what was excluded."""
    elements: list[Element] = []
    for sample in record.samples:
        screening = sample.screening
        if screening is None or "rules" not in screening.tables:
            elements.append(Paragraph((phrase("Sample {} was not screened.", sample.name),)))
            continue
        flagged = int(screening.flags.any(axis=1).sum())
        said = phrase(
            "Sample {}: {} of {} respondents were flagged by at least one rule and {} excluded. Every rule flags; only "
            "rules that the study names under exclude remove.",
            sample.name, Number(flagged, "n"), Number(sample.n_read, "n"),
            Number(sample.n_read - sample.n_used, "n"),
        )  # fmt: skip
        elements += [Paragraph((said,)), _rules(sample)]
        elements += [note_callout(note) for note in dict.fromkeys(screening.notes) if note.code.startswith("SCREENING_")
                     and note.level != "info"]  # fmt: skip
    return Section("screening", phrase("Screening of the answers"), tuple(elements))


def _rules(sample: SampleRecord) -> Table:
    if sample.screening is None:
        raise ValueError("a sample that was not screened has no rules")
    columns = [
        column("rule", "Rule"), column("setting", "Setting"), Column("flagged", phrase("Flagged"), "n"),
        Column("excluded", phrase("Excluded"), "n"),
    ]  # fmt: skip
    note = phrase(
        "Longstring as described by {}, the distance *D*² by {}. A respondent can be flagged by several rules; "
        "careless answers are discussed by {}.", Citation("johnson_2005", narrative=True),
        Citation("mahalanobis_1936", narrative=True), Citation("meade_craig_2012", narrative=True),
    )  # fmt: skip
    rules = sample.screening.tables["rules"]
    rules = rules.assign(setting=["on" if setting is True else str(setting) for setting in rules["setting"]])
    return from_frame(
        f"{sample.name}_screening", phrase("Screening Rules"), columns, rules,
        usage=Usage(sample.n_read, sample.n_read - sample.n_used, "excluded by the rules named in the study"
                    if sample.n_read > sample.n_used else ""),
        notes=TableNotes((note,)), labels={"rule": lambda rule: _RULES.get(rule, plain(rule))},
    )  # fmt: skip
