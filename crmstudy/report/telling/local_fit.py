"""Where a model fits worst: residual correlations, and what freeing a parameter would gain."""

from __future__ import annotations

import pandas as pd

from crmstudy.errors import AnalysisError
from crmstudy.report.document import Cell, Citation, Column, Element, Inline, Number, TableNotes, Words, phrase
from crmstudy.report.tables import build_table, column, from_frame, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.fitted_model import FittedModel

#: Residual correlations and modification indices that are listed, largest first.
_WORST = 10
#: Modification indices from here on are listed.
_LARGE = 10.0


def local_fit_elements(model: FittedModel) -> list[Element]:
    """The largest residual correlations, then the largest modification indices."""
    frame, told = model.result.tables["local_fit"], model.told
    if frame.empty or not model.has_fit:
        return []
    columns = [
        column("group", "Group"), column("lhs", "Variable"), column("rhs", "With"),
        Column("residual", phrase("Residual *r*"), "r"),
    ]  # fmt: skip
    worst = frame.head(_WORST)
    which = phrase("the {} largest of {} in size", Number(len(worst), "n"), Number(len(frame), "n"))
    note = phrase(
        "{} minus model-implied correlation; {}. A change of the model made after looking at them is exploratory.",
        "Sample" if model.pooled is None else "Sample (mean of the imputed data sets)",
        which if len(frame) > len(worst) else phrase("largest in size first"),
    )  # fmt: skip
    table = from_frame(
        told.table_id("local_fit"), told.title("Local Fit: Largest Residual Correlations"), columns, worst,
        usage=model.usage, notes=TableNotes((note,)), mark=model.mark, decimals={"residual": 3},
    )  # fmt: skip
    return [told.sentences(prose.local_fit_sentence(frame)), table, *_modification_elements(model)]


def _modification_elements(model: FittedModel) -> list[Element]:
    """Modification indices from 10 on, with the expected changes; a sentence where there is none."""
    if model.result.solution.df <= 0 or model.pooled is not None:
        return []
    told = model.told
    try:
        found = model.result.modification_indices(minimum=_LARGE)
    except AnalysisError as error:
        return [told.sentences(phrase("There are no modification indices: {}", str(error)))]
    if found.empty:
        return [told.sentences(phrase("No modification index is above {}.", Number(_LARGE, "n")))]
    shown = found.head(_WORST)
    scaled = not shown["mi_scaled"].isna().all()
    columns = [
        column("group", "Group", shown=bool(model.groups)), column("parameter", "Parameter"),
        Column("mi", phrase("MI"), "statistic"), Column("mi_scaled", phrase("MI scaled"), "statistic", shown=scaled),
        Column("epc", phrase("EPC"), "estimate"), Column("sepc_all", phrase("EPC std."), "estimate"),
    ]  # fmt: skip
    rows = [
        [
            Cell(str(row["group"])), Cell((Words(f"{row['lhs']} {row['op']} {row['rhs']}".strip(), code=True),)),
            Cell(row["mi"], "statistic"), Cell(_number(row["mi_scaled"]), "statistic"), Cell(row["epc"], "estimate"),
            Cell(_number(row["sepc_all"]), "estimate"),
        ]
        for row in shown.to_dict("records")
    ]  # fmt: skip
    table = build_table(
        told.table_id("modification"), told.title("Local Fit: Largest Modification Indices"), columns, rows,
        usage=model.usage, notes=TableNotes(_modification_notes(shown, len(found), scaled=scaled)), mark=model.mark,
    )  # fmt: skip
    return [table]


def _modification_notes(shown: pd.DataFrame, count: int, *, scaled: bool) -> tuple[Inline, ...]:
    """What the columns are, and what changes made after looking at them are worth."""
    which = phrase("the {} largest of {}", Number(len(shown), "n"), Number(count, "n")) if count > len(shown) else \
        phrase("all {}", prose.counted(count))  # fmt: skip
    first = phrase(
        "MI: how far the χ² would fall if the parameter were free {}{}; EPC: by how much it would change, std.: "
        "standardised on all variables. Listed are {} above {}.",
        Citation("sorbom_1989"), "; MI scaled: over the mean correction of the test" if scaled else None, which,
        Number(_LARGE, "n"),
    )  # fmt: skip
    second = phrase(
        "Exploratory: a model that is changed after looking at this table fits this sample by chance as well {}; a "
        "change needs a reason in the content, and another sample.", Citation("maccallum_1992"),
    )  # fmt: skip
    if shown["sepc_all"].isna().any():
        first += phrase(" No standardised value where a variance is not positive.")
    return (first, second)


def _number(value: object) -> object:
    return None if is_absent(value) else value
