"""The table of direct, indirect and total effects of a structural model."""

from __future__ import annotations

import pandas as pd

from crmstudy.report.document import Cell, Citation, Column, Inline, Pointer, Table, TableNotes, phrase, plain
from crmstudy.report.tables import build_table, column, is_absent
from crmstudy.report.telling.fitted_model import FittedModel
from crmstudy.report.telling.prose import percent_ci, small_places

_KINDS = ("direct", "indirect", "total")


def effects_table(model: FittedModel) -> Table | None:
    """Effects of each pair of variables that an indirect effect joins; None where no pair is joined so."""
    if not (model.result.estimates["op"] == "~").any() or not model.has_fit or model.pooled is not None:
        return None
    found = model.result.effects()
    shown = found[found["kind"].isin(_KINDS)]
    pairs = shown.loc[shown["kind"] == "indirect", ["from", "to"]].drop_duplicates()
    if pairs.empty:
        return None
    parts = [shown[shown["group"] == group] for group in dict.fromkeys(shown["group"])]
    rows = [row for part in parts for row in _rows(part, pairs)]
    columns = [
        column("pair", "Pair"), column("group", "Group", shown=False), column("from", "From", shown=False),
        column("to", "To", shown=False), column("kind", "Effect"), column("estimate", kind="estimate"),
        column("std_error", kind="estimate"), Column("ci", percent_ci(model.told.level), "interval"),
        Column("statistic", phrase("*z*"), "statistic"), column("p_value", kind="p"),
        column("std_all", kind="estimate"), Column("std_all_se", plain("std_all_se"), "estimate", shown=False),
    ]  # fmt: skip
    told = model.told
    fixed = any(cell.mark for row in rows for cell in row)
    specific = (("a", phrase("Fixed by the model.")),) if fixed else ()
    return build_table(
        told.table_id("effects"), told.title("Direct, Indirect and Total Effects"), columns, rows, usage=model.usage,
        notes=TableNotes(_notes(model, found), specific), group="pair", mark=model.mark,
    )  # fmt: skip


def _rows(part: pd.DataFrame, pairs: pd.DataFrame) -> list[list[Cell]]:
    """The effects of one group, pair by pair."""
    rows = []
    for cause, outcome in pairs.itertuples(index=False):
        of_pair = part[(part["from"] == cause) & (part["to"] == outcome)]
        for row in sorted(of_pair.to_dict("records"), key=lambda row: _KINDS.index(row["kind"])):
            fixed = not is_absent(row["std_error"]) and row["std_error"] == 0
            pair, places = f"{cause} → {outcome}", small_places(row["std_error"])
            rows.append([
                Cell(pair, label=phrase("{}: {}", row["group"], pair) if row["group"] else ()), Cell(str(row["group"])),
                Cell(str(cause)), Cell(str(outcome)), Cell(row["kind"], label=plain(row["kind"].capitalize())),
                Cell(row["estimate"], "estimate", places, "a" if fixed else ""),
                Cell(None if fixed else row["std_error"], "estimate", places),
                Cell((None, None) if fixed else (row["ci_low"], row["ci_high"]), "interval", places),
                Cell(row["statistic"], "statistic"), Cell(row["p_value"], "p"), Cell(row["std_all"], "estimate"),
                Cell(row["std_all_se"], "estimate"),
            ])  # fmt: skip
    return rows


def _notes(model: FittedModel, found: pd.DataFrame) -> tuple[Inline, ...]:
    """How the effects are made, what their intervals take for granted, and what else was found about them."""
    first = phrase("Pairs that an indirect effect joins; their total effect is the sum of the other two {}.",
                   Citation("bollen_1987"))  # fmt: skip
    with_errors = " with the covariances of the bootstrap" if model.drawn is not None else ""
    second = phrase("Intervals by the delta method{} {}, which takes the effect for normally distributed", with_errors,
                    Citation("sobel_1982"))  # fmt: skip
    if (model.result.estimates["op"] == ":=").any():
        other = "bootstrap and Monte Carlo intervals" if model.drawn is not None else "Monte Carlo intervals"
        second += phrase("; {} has {} of what the model defines", Pointer(model.told.table_id("defined")), other)
    if found["std_error"].isna().all():
        second = plain("There are no standard errors, so there are no intervals and tests")
    kept_out = ("SEM_EFFECTS_LOOP", "SEM_NO_STANDARD_ERRORS")
    known = [plain(str(note["message"])) for note in found.attrs.get("notes", ()) if note["code"] not in kept_out]
    return (first, second + phrase("."), *known)
