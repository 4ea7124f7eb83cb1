"""What is said about a bootstrap, and about parameters that are defined by others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmstudy.report.document import Cell, Citation, Column, Inline, Number, Pointer, Table, TableNotes, Words, phrase
from crmstudy.report.tables import build_table, column
from crmstudy.report.telling import prose
from crmstudy.report.telling.fitted_model import FittedModel
from crmstudy.report.telling.parameter_rows import (
    hidden_cells,
    hidden_columns,
    parameter_cells,
    parameter_columns,
    pooled_note,
)

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.estimating.replicates import Bootstrap
    from crmstudy.report.telling.told import Told

#: Draws of the Monte Carlo intervals where their table does not say how many it has.
_DRAWS = 20_000
#: The tables of parameters in their order, by operator.
_TABLES = {"~": "paths", ":=": "defined", "=~": "loadings", "<~": "weights", "~1": "intercepts"}
#: Kinds of bootstrap intervals: how they are called, and where they come from.
_INTERVALS: Mapping[str, tuple[str, str]] = {
    "percentile": ("percentile intervals", "davison_hinkley_1997"),
    "basic": ("basic intervals", "davison_hinkley_1997"),
    "normal": ("normal intervals, corrected for bias", "davison_hinkley_1997"),
    "bc": ("bias-corrected percentile intervals", "efron_1987"),
    "bca": ("bias-corrected and accelerated intervals", "efron_1987"),
}


def bootstrap_notes(model: FittedModel, table: str) -> tuple[Inline, ...]:
    """How many replicates of what were drawn, how many count, and which interval they give.

    Said under the first table of parameters of a model; the others point there.
    """
    drawn = model.drawn
    if drawn is None:
        return ()
    first = first_table(model)
    if table != first:
        return (phrase("Bootstrap: see the note of {}.", Pointer(model.told.table_id(first))),)
    name, source = _INTERVALS[drawn.asked.ci]
    return (phrase(
        "Bootstrap: {} replicates of the {}, {} converged; {} {}. Standard errors are standard deviations over the "
        "replicates; *z* and *p* rest on them, so an interval and its *p* need not agree.",
        Number(drawn.n, "n"), _unit(model, drawn.asked), Number(drawn.n - drawn.failed, "n"), name, Citation(source),
    ),)  # fmt: skip


def first_table(model: FittedModel) -> str:
    """The name of the first table of parameters."""
    ops = set(model.result.estimates["op"])
    return next((name for op, name in _TABLES.items() if op in ops), "covariances")


def _unit(model: FittedModel, asked: Bootstrap) -> str:
    cluster = model.call.get("cluster")
    by_cluster = (asked.unit or ("cluster" if cluster is not None else "row")) == "cluster"
    drawn = f"clusters ({cluster})" if by_cluster else "rows"
    return f"{drawn}, within each group" if model.groups else drawn


def simulated(told: Told, row: Mapping[Any, Any]) -> Mapping[Any, Any] | None:
    """The Monte Carlo interval of a defined parameter, where there is one."""
    table = told.extra("monte_carlo")
    if table is None:
        return None
    return next((found for found in table.to_dict("records") if found["label"] in (row["label"], row["lhs"])), None)


def defined_table(model: FittedModel, frame: pd.DataFrame) -> Table | None:
    """Defined parameters with their delta-method or bootstrap interval, and the Monte Carlo interval beside it."""
    if frame.empty:
        return None
    told, rows = model.told, []
    monte_carlo = told.extra("monte_carlo") is not None
    for row in frame.to_dict("records"):
        drawn = simulated(told, row)
        ends = (drawn["ci_low"], drawn["ci_high"]) if drawn is not None else (None, None)
        b, error, ci, z, p, beta = parameter_cells(row)
        rows.append([
            Cell(str(row["lhs"])), Cell((Words(str(row["rhs"]), code=True),)), b, error, ci,
            *([Cell(ends, "interval", ci.decimals)] if monte_carlo else []), z, p, beta, *hidden_cells(row),
        ])  # fmt: skip
    label = prose.percent_ci(told.level)
    estimate, error_column, _, z_column, p_column, beta_column = parameter_columns(model)
    columns = [
        column("lhs", "Parameter"), column("expression", "Definition"), estimate, error_column,
        Column("ci", model.interval_label if model.drawn is not None else phrase("Delta {}", label), "interval"),
        *([Column("monte_carlo", phrase("Monte Carlo {}", label), "interval")] if monte_carlo else []),
        z_column, p_column, beta_column, *hidden_columns(model),
    ]  # fmt: skip
    delta = phrase("The delta-method interval {} takes the estimate for normally distributed.", Citation("sobel_1982"))
    notes = bootstrap_notes(model, "defined") or (delta, *pooled_note(model, "defined", first_table(model)))
    return build_table(
        told.table_id("defined"), told.title("Defined Parameters"), columns, rows, usage=model.usage,
        notes=TableNotes((*notes, *_draws_note(model))), mark=model.mark,
    )  # fmt: skip


def _draws_note(model: FittedModel) -> tuple[Inline, ...]:
    """How the Monte Carlo interval was made."""
    drawn = model.told.extra("monte_carlo")
    if drawn is None:
        return ()
    beside = "it lets a product be skewed, the delta method forces a symmetric interval"
    covariance = "with the covariances of the bootstrap" if model.drawn is not None else beside
    return (phrase(
        "Monte Carlo {}: {} draws; percentile interval of draws of the coefficients from their estimated normal "
        "distribution; {}.",
        Citation("preacher_selig_2012"), Number(drawn.attrs.get("draws", _DRAWS), "n"), covariance,
    ),)  # fmt: skip
