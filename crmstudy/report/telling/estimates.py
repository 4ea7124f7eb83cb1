"""The tables of the parameters of a model: paths, loadings, weights, means, covariances, explained variance."""

from __future__ import annotations

import pandas as pd

from crmstudy.report.document import Cell, Column, Element, Inline, Table, TableNotes, phrase, plain
from crmstudy.report.tables import build_table, column, from_frame
from crmstudy.report.telling.bootstrap import bootstrap_notes, defined_table, first_table
from crmstudy.report.telling.effects import effects_table
from crmstudy.report.telling.fitted_model import FittedModel
from crmstudy.report.telling.parameter_rows import (
    hidden_cells,
    hidden_columns,
    no_errors_note,
    parameter_cells,
    parameter_columns,
    pooled_note,
    specific_notes,
    statistic_heading,
)

_STANDARDISED = phrase("*b*: unstandardised with its interval; β: standardised on all variables.")


def estimate_elements(model: FittedModel) -> list[Element]:
    """Every parameter of the model in a table; by group where there are several."""
    frame = model.result.estimates
    made = [
        _parameters(model, "paths", "Structural Paths", frame[frame["op"] == "~"], ("Outcome", "Predictor")),
        defined_table(model, frame[frame["op"] == ":="]),
        effects_table(model),
        _explained(model),
        _parameters(model, "loadings", "Factor Loadings", frame[frame["op"] == "=~"], ("Factor", "Indicator")),
        _parameters(model, "weights", "Composite Weights", frame[frame["op"] == "<~"], ("Composite", "Indicator")),
        _means(model, frame[frame["op"] == "~1"]),
        _covariances(model, frame[frame["op"] == "~~"]),
    ]
    return [table for table in made if table is not None]


def _parameters(
    model: FittedModel, name: str, title: str, frame: pd.DataFrame, labels: tuple[str, str]
) -> Table | None:
    """One row a parameter; loadings and weights stand under their factor, everything under its group."""
    if frame.empty:
        return None
    shares = _shares(model) if name == "loadings" else {}
    headed, several = name != "paths", bool(model.groups)
    columns = [
        *([column("group", "Group")] if several else []), column("lhs", labels[0], shown=not (headed and several)),
        column("rhs", labels[1]), *parameter_columns(model),
        *([Column("r_squared", phrase("*R*²"), "r")] if shares else []), *hidden_columns(model),
    ]  # fmt: skip
    rows = []
    for row in frame.to_dict("records"):
        group = [model.group_cell(row, str(row["lhs"]) if headed else "")] if several else []
        share = [Cell(shares.get((model.group_name(row), str(row["rhs"]))), "r")] if shares else []
        names = [Cell(str(row["lhs"])), Cell(str(row["rhs"]))]
        rows.append([*group, *names, *parameter_cells(row), *share, *hidden_cells(row)])
    return _table(model, name, title, columns, rows, _STANDARDISED, "group" if several else "lhs" if headed else "")


def _table(
    model: FittedModel, name: str, title: str, columns: list[Column], rows: list[list[Cell]], note: Inline, heading: str
) -> Table:
    told = model.told
    pooled = pooled_note(model, name, first_table(model))
    general = (note, *no_errors_note(model), *bootstrap_notes(model, name), *pooled)
    return build_table(
        told.table_id(name), told.title(title), columns, rows, usage=model.usage,
        notes=TableNotes(general, specific_notes(rows)), group=heading, mark=model.mark,
    )  # fmt: skip


def _means(model: FittedModel, frame: pd.DataFrame) -> Table | None:
    """Means and intercepts: the factors first, then what is observed."""
    if frame.empty:
        return None
    several, latent = bool(model.groups), set(model.result.latent)
    inside = frame["lhs"].isin(latent)
    kinds = [("factors", inside), ("observed variables", ~inside)]
    columns = [
        *([column("group", "Group")] if several else []), column("kind", "Kind", shown=not several),
        column("lhs", "Variable"), *parameter_columns(model)[:5], Column("std_all", phrase("Std. all"), "estimate"),
        *hidden_columns(model),
    ]  # fmt: skip
    rows = []
    for number in sorted(set(frame["group"])):
        for kind, which in kinds:
            for row in frame[which & (frame["group"] == number)].to_dict("records"):
                group = [model.group_cell(row, kind)] if several else []
                rows.append([*group, Cell(kind, label=plain(kind.capitalize())), Cell(str(row["lhs"])),
                             *parameter_cells(row), *hidden_cells(row)])  # fmt: skip
    note = phrase("*b*: the intercept of a variable that is explained, the mean of any other; Std. all: over the "
                  "standard deviation of the variable.")  # fmt: skip
    return _table(model, "intercepts", "Means and Intercepts", columns, rows, note, "group" if several else "kind")


def _covariances(model: FittedModel, frame: pd.DataFrame) -> Table | None:
    """Covariances first, then variances, which are not tested against 0."""
    if frame.empty:
        return None
    own = frame["lhs"] == frame["rhs"]
    several, both = bool(model.groups), not own.all()
    columns = [
        *([column("group", "Group")] if several else []), column("kind", "Kind", shown=both and not several),
        column("lhs", "Variable"), column("rhs", "With", shown=both), *(parameter_columns(model)[:3]),
        Column("statistic", statistic_heading(model), "statistic", shown=both),
        Column("p_value", phrase("*p*"), "p", shown=both),
        Column("std_all", phrase("Std. all"), "r"), *hidden_columns(model),
    ]  # fmt: skip
    rows = []
    for number in sorted(set(frame["group"])):
        for kind, which in (("Covariances", ~own), ("Variances", own)):
            for row in frame[which & (frame["group"] == number)].to_dict("records"):
                cells = parameter_cells(row)
                if kind == "Variances":
                    cells[3:5] = [Cell(None, "statistic"), Cell(None, "p")]
                other = plain("") if kind == "Variances" else ()
                group = [model.group_cell(row, kind.lower())] if several else []
                rows.append([*group, Cell(kind), Cell(str(row["lhs"])), Cell(str(row["rhs"]), label=other), *cells,
                             *hidden_cells(row)])  # fmt: skip
    title = "Covariances and Variances" if both else "Variances"
    heading = "group" if several else "kind" if both else ""
    return _table(model, "covariances", title, columns, rows, _covariance_note(both), heading)


def _covariance_note(both: bool) -> Inline:
    said = phrase("*b*: unstandardised with its interval; Std. all: standardised on all variables")
    said += phrase(", a correlation for a covariance. " if both else ". ")
    return said + phrase("Variances of explained variables are residual; a variance cannot be below 0, so no test "
                         "against 0 is given.")  # fmt: skip


def _shares(model: FittedModel) -> dict[tuple[str, str], float]:
    """R² by group (empty without groups) and variable."""
    frame = model.result.tables["r_squared"]
    groups = frame["group"].astype(str) if "group" in frame.columns else [""] * len(frame)
    return dict(zip(zip(groups, frame["variable"].astype(str), strict=True), frame["r_squared"], strict=True))


def _explained(model: FittedModel) -> Table | None:
    """R² of the outcomes of the structural part; that of indicators stands with their loadings."""
    told, frame, estimates = model.told, model.result.tables["r_squared"], model.result.estimates
    if frame.empty:
        return None
    frame = frame[frame["variable"].isin(set(estimates.loc[estimates["op"] == "~", "lhs"]))]
    if frame.empty:
        return None
    columns = [column("group", "Group"), column("variable", "Variable"), Column("r_squared", phrase("*R*²"), "r")]
    return from_frame(
        told.table_id("r_squared"), told.title("Explained Variance"), columns, frame, usage=model.usage,
        group="group" if model.groups else "", mark=model.mark,
    )  # fmt: skip
