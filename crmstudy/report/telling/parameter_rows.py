"""The cells that every table of parameters has: estimate, standard error, interval, test, standardised values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmstudy.report.document import Cell, Column, Inline, phrase, plain
from crmstudy.report.tables import column, is_absent
from crmstudy.report.telling.fitted_model import FittedModel
from crmstudy.report.telling.prose import small_places

FIXED = ("a", phrase("Fixed, to give the latent variable its scale or by the model."))
AT_BOUND = ("b", phrase("At its bound: a test has no known distribution there, and the interval is rough."))
#: Standardised values and errors that stand in CSV only.
_HIDDEN = ("std_lv", "std_nox", "std_lv_se", "std_all_se", "std_nox_se")


def parameter_columns(model: FittedModel) -> list[Column]:
    """b, SE, interval, z, p and β."""
    return [
        column("estimate", kind="estimate"), column("std_error", kind="estimate"),
        Column("ci", model.interval_label, "interval"), Column("statistic", phrase("*z*"), "statistic"),
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


def hidden_columns() -> list[Column]:
    """What CSV has beside: the label, and the other standardised values with their standard errors."""
    return [
        column("label", "Label", shown=False),
        *(Column(name, plain(name), "estimate", shown=False) for name in _HIDDEN),
    ]


def hidden_cells(row: Mapping[Any, Any]) -> list[Cell]:
    """The cells of :func:`hidden_columns`."""
    return [Cell(str(row.get("label") or "")), *(Cell(row.get(name), "estimate") for name in _HIDDEN)]


def specific_notes(rows: list[list[Cell]]) -> tuple[tuple[str, Inline], ...]:
    """The notes of the marks that stand in a table."""
    marks = {cell.mark for row in rows for cell in row}
    return tuple(note for note in (FIXED, AT_BOUND) if note[0] in marks)


def no_errors_note(model: FittedModel) -> tuple[Inline, ...]:
    """Why nothing has a standard error, where that was asked for; an unidentified model has a box that says so."""
    if model.call.get("se") == "none" and model.drawn is None:
        return (plain("Standard errors were not asked for (se: none), so there are no intervals and tests."),)
    return ()
