"""The cells that every table of parameters has: estimate, standard error, interval, test, standardised values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmstudy.report.document import Cell, Citation, Column, Inline, Pointer, phrase, plain
from crmstudy.report.tables import column, is_absent
from crmstudy.report.telling.fitted_model import FittedModel
from crmstudy.report.telling.prose import small_places

FIXED = ("a", phrase("Fixed, to give the latent variable its scale or by the model."))
AT_BOUND = ("b", phrase("At its bound: a test has no known distribution there, and the interval is rough."))
#: Standardised values and errors that stand in CSV only.
_HIDDEN = ("std_lv", "std_nox", "std_lv_se", "std_all_se", "std_nox_se")


def statistic_heading(model: FittedModel) -> Inline:
    """What the test of one parameter is called: *z*, and *t* of a pooled model."""
    return phrase("*z*") if model.pooled is None else phrase("*t*")


def parameter_columns(model: FittedModel) -> list[Column]:
    """b, SE, interval, z, p and β."""
    return [
        column("estimate", kind="estimate"), column("std_error", kind="estimate"),
        Column("ci", model.interval_label, "interval"), Column("statistic", statistic_heading(model), "statistic"),
        column("p_value", kind="p"), column("std_all", kind="estimate"),
    ]  # fmt: skip


def parameter_cells(row: Mapping[Any, Any]) -> list[Cell]:
    """b, SE, interval, z, p and β; a fixed parameter has neither standard error nor test, one at a bound no test.

    The standardised coefficient of a path can exceed 1; a loading or a correlation cannot.
    """
    fixed = not is_absent(row["std_error"]) and row["std_error"] == 0 and row["op"] != ":="
    pressed = not fixed and not is_absent(row["std_error"]) and row["std_error"] > 0 and is_absent(row["p_value"])
    error = None if fixed else row["std_error"]
    ends = (None, None) if fixed else (row["ci_low"], row["ci_high"])
    places = small_places(error)
    return [
        Cell(row["estimate"], "estimate", places, "a" if fixed else "b" if pressed else ""),
        Cell(error, "estimate", places), Cell(ends, "interval", places),
        Cell(None if pressed else row["statistic"], "statistic"), Cell(row["p_value"], "p"),
        Cell(row["std_all"], "r" if row["op"] in ("=~", "~~") else "estimate"),
    ]  # fmt: skip


def hidden_columns(model: FittedModel) -> list[Column]:
    """What CSV has beside: the label, and the other standardised values with their standard errors.

    Of a pooled model first the share of missing information, which is shown, then *df* and the increase in variance.
    """
    pooled = [
        Column("fmi", phrase("FMI"), "r"), column("df", kind="df", shown=False),
        Column("riv", phrase("RIV"), "estimate", shown=False),
    ]  # fmt: skip
    return [
        *(pooled if model.pooled is not None else []),
        column("label", "Label", shown=False),
        *(Column(name, plain(name), "estimate", shown=False) for name in _HIDDEN),
    ]


def hidden_cells(row: Mapping[Any, Any]) -> list[Cell]:
    """The cells of :func:`hidden_columns`."""
    pooled = [Cell(row["fmi"], "r"), Cell(row["df"], "df"), Cell(row["riv"], "estimate")] if "fmi" in row else []
    return [*pooled, Cell(str(row.get("label") or "")), *(Cell(row.get(name), "estimate") for name in _HIDDEN)]


def specific_notes(rows: list[list[Cell]]) -> tuple[tuple[str, Inline], ...]:
    """The notes of the marks that stand in a table."""
    marks = {cell.mark for row in rows for cell in row}
    return tuple(note for note in (FIXED, AT_BOUND) if note[0] in marks)


def pooled_note(model: FittedModel, table: str, first: str) -> tuple[Inline, ...]:
    """What the columns of a pooled model are, under the ``first`` table of its parameters; the others point there."""
    if model.pooled is None:
        return ()
    if table != first:
        return (phrase("Pooling and FMI: see the note of {}.", Pointer(model.told.table_id(first))),)
    return (phrase(
        "*t* has (*m* − 1)(1 + 1/RIV)² degrees of freedom {}; RIV: relative increase in variance; FMI: share of the "
        "information about the parameter that is missing, RIV/(1 + RIV). *df* and RIV stand in the CSV file.",
        Citation("rubin_1987"),
    ),)  # fmt: skip


def no_errors_note(model: FittedModel) -> tuple[Inline, ...]:
    """Why nothing has a standard error, where that was asked for; an unidentified model has a box that says so."""
    if model.call.get("se") == "none" and model.drawn is None:
        return (plain("Standard errors were not asked for (se: none), so there are no intervals and tests."),)
    return ()
