"""What is said about the validity of factors and about where a model fits worst."""

from __future__ import annotations

import itertools
import math

import pandas as pd

from crmstudy.report import prose
from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    Inline,
    Number,
    Table,
    TableNotes,
    phrase,
)
from crmstudy.report.tables import build_table, column, from_frame, is_absent, lower_triangle
from crmstudy.report.told import Told

#: Residual correlations that are listed, largest first.
_WORST = 10


def validity_elements(told: Told) -> list[Element]:
    """CR and AVE of the factors, then the Fornell–Larcker table and what it says of each pair."""
    result = told.extra("validity")
    if result is None:
        return []
    elements: list[Element] = []
    convergent = result.tables.get("convergent")
    if convergent is not None and not convergent.empty:
        columns = [
            column("factor", "Factor"), Column("items", phrase("Items"), "n"), column("cr", kind="r"),
            column("ave", kind="r"), Column("sqrt_ave", phrase("√AVE"), "r"),
        ]  # fmt: skip
        note = phrase("CR: composite reliability {}; AVE: average variance extracted {}.", Citation("joreskog_1971"),
                      Citation("fornell_larcker_1981"))  # fmt: skip
        elements.append(from_frame(
            told.table_id("convergent"), told.title("Composite Reliability and Average Variance Extracted"), columns,
            convergent, usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
        ))  # fmt: skip
    square = result.tables.get("fornell_larcker")
    if square is None or len(square) < 2:
        return elements
    square = square.set_index("factor") if "factor" in square.columns else square
    square = square.set_axis([str(name) for name in square.columns], axis="index")
    said = discriminant_sentence(square)
    return [*elements, _fornell_larcker(told, square), *([told.sentences(said)] if said else [])]


def _fornell_larcker(told: Told, square: pd.DataFrame) -> Table:
    names = list(square.index)
    roots = square.to_numpy(dtype=float).diagonal()
    diagonal: dict[str, float | None] = dict(zip(names, map(float, roots), strict=True))
    columns, cells = lower_triangle(names, square, diagonal, wrap="{}")
    rows = [
        [Cell(name, label=phrase("{}. {}", Number(i, "n"), name)), *row]
        for i, (name, row) in enumerate(zip(names, cells, strict=True), start=1)
    ]
    note = phrase(
        "√AVE on the diagonal, correlations of the factors below it. {} ask that a factor's √AVE be larger than its "
        "correlations with the others.", Citation("fornell_larcker_1981", narrative=True),
    )  # fmt: skip
    return build_table(
        told.table_id("fornell_larcker"), told.title("Factor Correlations and √AVE (Fornell–Larcker)"),
        [column("factor", "Factor"), *columns], rows, usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip


def discriminant_sentence(square: pd.DataFrame) -> Inline | None:
    """Which pairs of factors correlate higher than the smaller of their √AVE; None where no pair has both.

    Parameters
    ----------
    square : DataFrame
        √AVE on the diagonal, correlations below it, factors as index.
    """
    names, values = [str(name) for name in square.index], square.to_numpy(dtype=float)
    failing, compared = [], 0
    for i, j in itertools.combinations(range(len(names)), 2):
        r, first, second = float(values[j, i]), float(values[i, i]), float(values[j, j])
        if any(map(math.isnan, (r, first, second))):
            continue
        compared += 1
        if abs(r) > min(first, second):
            failing.append(phrase(
                "{} and {} ({} against √AVE of {} and {})", names[i], names[j], Number(r, "r"), Number(first, "r"),
                Number(second, "r"),
            ))  # fmt: skip
    if not compared:
        return None
    every = compared == math.comb(len(names), 2)
    if not failing:
        pairs = "all pairs of factors" if every else "all pairs of factors that have an AVE"
        return phrase("The criterion is met for {}.", pairs)
    effects = phrase(": their separate effects are hard to tell apart.")
    return phrase("The criterion is not met for {}", prose.joined(failing, "; ")) + effects


def local_fit_elements(told: Told) -> list[Element]:
    """The largest residual correlations."""
    frame = told.result.tables.get("local_fit")
    if frame is None or frame.empty or is_absent(told.result.fit.get("chisq")):
        return []
    columns = [column("lhs", "Variable"), column("rhs", "With"), Column("residual", phrase("Residual *r*"), "r")]
    worst = frame.head(_WORST)
    note = phrase(
        "Sample minus model-implied correlation; the {} largest of {} in size. A change of the model made after "
        "looking at them is exploratory.", Number(len(worst), "n"), Number(len(frame), "n"),
    )  # fmt: skip
    table = from_frame(
        told.table_id("local_fit"), told.title("Local Fit: Largest Residual Correlations"), columns, worst,
        usage=told.usage(), notes=TableNotes((note,)), mark=told.mark, decimals={"residual": 3},
    )  # fmt: skip
    return [told.sentences(prose.local_fit_sentence(frame)), table]
