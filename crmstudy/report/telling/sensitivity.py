"""The main results with all respondents, with the declared exclusions, and without anybody who was flagged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmstudy.report.document import (
    Cell,
    CellKind,
    Column,
    Element,
    Inline,
    Number,
    Paragraph,
    Section,
    TableNotes,
    phrase,
)
from crmstudy.report.record import StudyRecord
from crmstudy.report.tables import Usage, build_table, column, is_absent
from crmstudy.report.telling.naming import scale_names
from crmstudy.report.telling.told import note_callout

_ROWS = {
    "all": "all respondents",
    "declared": "as declared",
    "unflagged": "without flagged",
}
_SYMBOLS = {"alpha": "α", "omega": "ω"}
_CODES = ("SCREENING_VERDICT_CHANGES", "SCREENING_SENSITIVITY_FAILED")


def sensitivity_section(record: StudyRecord) -> Section | None:
    """Estimates, intervals and verdicts by who is left out; None where nobody was flagged."""
    table = record.sensitivity
    if table is None or table.empty:
        return None
    excluded = {sample.name for sample in record.samples if sample.n_used < sample.n_read}
    shown = table[(table["rows"] != "declared") | table["sample"].isin(excluded)]
    columns = [
        column("subject", "Result"), column("analysis", "Analysis"), column("parameter", "Parameter", shown=False),
        column("rows", "Respondents"), column("n", kind="n"),
        column("estimate", "Estimate", kind="estimate"), Column("ci", phrase("CI"), "interval"),
        column("p_value", kind="p"), column("verdict", "Verdict"),
    ]  # fmt: skip
    rows = [_row(record, row) for row in _in_order(shown).to_dict("records")]
    read = sum(sample.n_read for sample in record.samples if sample.name in set(table["sample"]))
    notes = (
        phrase("Analyses that a hypothesis names and reliabilities (α and ω), done again with other rows."),
        phrase("All respondents: nobody is left out; without flagged: everybody whom any rule flagged is left out."),
        phrase("As declared: left out are those whom a rule under exclude flagged, as in all other tables.")
        if excluded else phrase("No rule excludes, so the other tables rest on all respondents."),
        phrase("Done without bootstrap, so intervals can differ from those of tables that have one; levels are "
               "those of the analyses."),
    )  # fmt: skip
    built = build_table(
        "sensitivity", phrase("Main Results With and Without Flagged Respondents"), columns, rows, group="subject",
        usage=Usage(read, None, "n stands in each row"), notes=TableNotes(notes),
    )  # fmt: skip
    elements: list[Element] = [Paragraph(tuple(_said(shown))), built]
    elements += [note_callout(note) for note in record.notes if note.code in _CODES]
    return Section("sensitivity-flagged", phrase("Sensitivity to doubtful respondents"), tuple(elements))


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Hypotheses before reliabilities, the rows of one result together."""
    groups = table.assign(last=(table["verdict"] == "").astype(int))
    first = groups.groupby(["analysis", "subject", "parameter"], sort=False).ngroup()
    return groups.assign(first=first).sort_values(["last", "first"], kind="stable")


def _row(record: StudyRecord, row: Mapping[Any, Any]) -> list[Cell]:
    parameter = str(row["parameter"])
    symbol = "" if row["verdict"] else _SYMBOLS.get(parameter, "")
    kind: CellKind = "r" if symbol else "estimate"
    ends: CellKind = "interval_r" if symbol else "interval"
    low, high = (None if is_absent(row[name]) else row[name] for name in ("ci_low", "ci_high"))
    subject, names = str(row["subject"]), _names(record, str(row["sample"]))
    label = phrase("{}: {}", subject, parameter)
    if symbol:
        label = phrase("{} of {}", symbol, names.get(subject, subject))
    return [
        Cell(f"{subject} {parameter}" if symbol else subject, label=label), Cell(str(row["analysis"])), Cell(parameter),
        Cell(str(row["rows"]), label=phrase("{}", _ROWS[str(row["rows"])])), Cell(row["n"], "n"),
        Cell(None if is_absent(row["estimate"]) else row["estimate"], kind), Cell((low, high), ends),
        Cell(None if is_absent(row["p_value"]) else row["p_value"], "p"), Cell(str(row["verdict"])),
    ]  # fmt: skip


def _names(record: StudyRecord, sample: str) -> dict[str, str]:
    return next((scale_names(one.responses, record.lang) for one in record.samples if one.name == sample), {})


def _said(table: pd.DataFrame) -> list[Inline]:
    """Whether any verdict hangs on who is left out, and how far an alpha moves."""
    tested = table[table["verdict"] != ""]
    said = []
    if len(tested):
        changed = [str(subject) for subject, part in tested.groupby("subject", sort=False)
                   if len(set(part["verdict"])) > 1]  # fmt: skip
        if changed:
            said.append(phrase("The verdict on {} depends on which respondents are left out.", ", ".join(changed)))
        elif len(set(tested["subject"])) == 1:
            said.append(phrase("The verdict on the hypothesis is the same whoever is left out."))
        else:
            said.append(phrase("The verdicts on all {} hypotheses are the same whoever is left out.",
                               Number(tested["subject"].nunique(), "n")))  # fmt: skip
    alphas = table[(table["verdict"] == "") & table["estimate"].notna()]
    if len(alphas):
        by_result = alphas.groupby(["analysis", "subject", "parameter"])["estimate"]
        spread = by_result.agg(lambda values: values.max() - values.min())
        said.append(phrase("α and ω of a scale differ by {} at most.", Number(float(spread.max()), "r")))
    return said
