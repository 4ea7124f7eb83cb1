"""What is said about items and correlations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from crmstudy.drawing import HeatMap, LikertBars
from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    FigureBlock,
    Inline,
    Number,
    Piece,
    Pointer,
    Section,
    Table,
    TableNotes,
    phrase,
)
from crmstudy.report.tables import build_table, column, from_frame, is_absent, lower_triangle
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_TERMS = {
    "alpha": "α", "alpha_standardised": "α, standardised", "omega": "ω", "spearman_brown": "Spearman–Brown",
}  # fmt: skip
_SYMBOLS = {"pearson": "r", "spearman": "ρ", "kendall": "τ", "polychoric": "ρ"}
_STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))


def items_section(told: Told) -> Section:
    """Descriptives of the items, and their answers as diverging bars."""
    table = told.result.tables["items"]
    elements: list[Element] = [
        told.sentences(prose.items_sentence(table.drop_duplicates("item"))),
        _items_table(told, table),
    ]
    drawings: tuple[Any, ...] = getattr(told.result, "plots", lambda lang: (told.result.plot(),))(told.record.lang)
    for number, drawing in enumerate(drawing for drawing in drawings if drawing is not None):
        elements.append(_bars(told, drawing, number))
    return told.section(elements)


def _ends(told: Told, drawing: LikertBars) -> Inline:
    """The words at the ends of the response formats, item by item, where the items of a figure do not share them."""
    if drawing.low_label or drawing.high_label or told.sample is None:
        return ()
    lang, asked = told.record.lang, told.sample.responses.items
    said = []
    for name in (name.removesuffix(" (R)") for name in drawing.items):
        if name not in asked:
            continue
        response = asked[name].response
        low, high = response.label(response.low, lang), response.label(response.high, lang)
        if asked[name].reverse:
            low, high = high, low
        said += [phrase("{}: {} – {}", name, low, high)] if low and high else []
    return phrase("Ends of the response formats: {}.", prose.joined(said, "; ")) if said else ()


def _items_table(told: Told, table: pd.DataFrame) -> Table:
    columns = [
        column("scale", "Scale"), column("item", "Item"), column("n", kind="n"), column("missing", kind="n"),
        column("mean", kind="estimate"), column("sd", kind="estimate"), column("skew", "Skew", "estimate"),
        column("kurtosis", "Kurtosis", "estimate"), column("min", "Min", "n"), column("max", "Max", "n"),
        column("floor_percent", "Floor", "percent"), column("ceiling_percent", "Ceiling", "percent"),
    ]  # fmt: skip
    notes = TableNotes(
        general=(
            phrase("Every item is described from all its own answers; *n* is their number. "
                   "Reversed items are described after reversal."),
            phrase("Skewness and kurtosis: G1, G2 (as SPSS), 0 for a normal distribution. Floor and ceiling are the "
                   "percent of answers at the two ends of the response format."),
        )
    )  # fmt: skip
    return from_frame(
        told.table_id("items"), told.title("Item Descriptives"), columns, table,
        usage=told.usage_by_row(table["n"], "answers missing on that item"), notes=notes, group="scale", mark=told.mark,
        labels={"scale": told.label},
    )  # fmt: skip


def _bars(told: Told, drawing: LikertBars, number: int) -> FigureBlock:
    odd = len(drawing.values) % 2
    half = len(drawing.values) // 2
    split = f"; the middle answer {drawing.values[half]} is divided between the sides" if odd else ""
    note = phrase(
        "Percent of the answers to each item {}. Left of the line: answers {} to {}; right of it: {} to {}{}. The "
        "percentages at the ends are the sums of each side; shares below 5.5% are not labelled.",
        Citation("heiberger_robbins_2014"), str(drawing.values[0]), str(drawing.values[half - 1]),
        str(drawing.values[half + odd]), str(drawing.values[-1]), split,
    )  # fmt: skip
    if number:
        note = phrase("To be read as {}.", Pointer(told.table_id("answers_1")))
    title = phrase("Answers to the Items of {}", drawing.title)
    ends = _ends(told, drawing)
    notes = (note, ends) if ends else (note,)
    return FigureBlock(told.table_id(f"answers_{number + 1}"), title, drawing, notes, told.mark)


def correlations_section(told: Told) -> Section:
    """Means, deviations, correlations and reliabilities in one triangle, then every pair with its interval."""
    result = told.result
    symbol = _SYMBOLS[str(result.call.get("method", "pearson"))]
    elements: list[Element] = [
        told.sentences(prose.correlation_sentence(result.estimates, told.level, symbol, told.name))
    ]
    reliabilities = told.extra("reliability")
    elements += [_triangle(told, reliabilities), _heat_map(told, reliabilities), _pairs(told, symbol)]
    return told.section([*told.absences("reliability"), *elements])


def _reliability_of(table: pd.DataFrame | None) -> dict[str, float | None]:
    if table is None:
        return {}
    return {str(row["scale"]): float(row["value"]) for row in table.to_dict("records") if not is_absent(row["value"])}


def _triangle(told: Told, reliabilities: pd.DataFrame | None) -> Table:
    result = told.result
    matrix = result.tables["matrix"]
    names = [str(name) for name in matrix.columns]
    facts = result.tables["descriptives"].set_index("term").to_dict("index")
    diagonal = _reliability_of(reliabilities)
    square, cells = lower_triangle(names, matrix, diagonal)
    stars = _stars(result.estimates)
    rows = []
    for i, (name, triangle) in enumerate(zip(names, cells, strict=True)):
        starred = [
            replace(cell, mark=stars.get(frozenset((name, names[j])), "")) if j < i else cell
            for j, cell in enumerate(triangle)
        ]
        label = Cell(name, label=phrase("{}. {}", Number(i + 1, "n"), told.name(name)))
        rows.append([label, Cell(facts[name]["mean"], "estimate"), Cell(facts[name]["sd"], "estimate"), *starred])
    columns = [column("variable", "Variable"), column("mean", kind="estimate"), column("sd", kind="estimate"), *square]
    adjust = result.call.get("adjust", "holm")
    notes = TableNotes(_diagonal_note(told, reliabilities), (), _star_note(adjust))
    return build_table(
        told.table_id("matrix"), told.title("Means, Standard Deviations, Correlations and Reliabilities"), columns,
        rows, usage=told.usage(), notes=notes, mark=told.mark,
    )  # fmt: skip


def _diagonal_note(told: Told, reliabilities: pd.DataFrame | None) -> tuple[Inline, ...]:
    if reliabilities is None or reliabilities.empty:
        return (phrase("A dash on the diagonal: no reliability was estimated."),)
    said = [
        phrase("{} for {}", _TERMS.get(str(term), str(term)), ", ".join(map(told.name, rows["scale"])))
        for term, rows in reliabilities.groupby("coefficient", sort=True)
    ]
    return (
        phrase(
            "Reliabilities stand in parentheses on the diagonal: {}; a dash: no reliability can be estimated.",
            prose.joined(said, "; "),
        ),
    )


def _star_note(adjust: str) -> Inline:
    stars: list[Piece] = []
    for limit, mark in reversed(_STARS):
        stars += phrase("{}*p* < {}. ", mark, Number(limit, "p", 3 if limit < 0.01 else 2))
    words = {"holm": phrase("*p* adjusted by {}.", Citation("holm_1979", narrative=True)),
             "none": phrase("*p* not adjusted for the number of correlations.")}  # fmt: skip
    return (*stars, *words.get(adjust, phrase("*p* adjusted by the method of {}.", adjust.title())))


def _stars(estimates: pd.DataFrame) -> Mapping[frozenset[str], str]:
    found = {}
    for row in estimates.to_dict("records"):
        p = row["p_adjusted"]
        mark = next((stars for limit, stars in _STARS if not is_absent(p) and p < limit), "")
        found[frozenset(str(row["term"]).split(" ~~ "))] = mark
    return found


def _heat_map(told: Told, reliabilities: pd.DataFrame | None) -> FigureBlock:
    drawing = told.result.plot()
    known = _reliability_of(reliabilities)
    note = phrase("Blue: positive, red: negative. In parentheses: reliabilities.")
    if isinstance(drawing, HeatMap) and drawing.diagonal is None and known:
        drawing = replace(drawing, diagonal=tuple(known.get(name) for name in drawing.names))
    elif not known:
        note = phrase("Blue: positive, red: negative.")
    if not isinstance(drawing, HeatMap):
        raise ValueError("a correlation result draws its matrix")
    drawing = replace(drawing, names=tuple(map(told.name, drawing.names)))
    return FigureBlock(told.table_id("heat_map"), told.title("Correlations"), drawing, (note,), told.mark)


def _pairs(told: Told, symbol: str) -> Table:
    frame = told.result.estimates.copy()
    sides = frame["term"].str.split(" ~~ ", expand=True)
    frame = frame.assign(first=sides[0], second=sides[1])
    columns = [
        column("first", "Variable"), column("second", "With"), Column("n", phrase("*n*"), "n"),
        Column("estimate", phrase(f"*{symbol}*"), "r"), Column("ci", prose.percent_ci(told.level), "interval_r"),
        Column("statistic", phrase("*z*" if told.result.call.get("method") in ("kendall", "polychoric") else "*t*"),
               "statistic"),
        Column("df", phrase("*df*"), "df", shown=bool(frame["df"].notna().any())),
        Column("p_value", phrase("*p*"), "p"), Column("p_adjusted", phrase("*p* adjusted"), "p"),
    ]  # fmt: skip
    notes = _pair_notes(told)
    return from_frame(
        told.table_id("pairs"), told.title("Correlations With Intervals"), columns, frame, usage=told.usage(),
        notes=TableNotes(notes), mark=told.mark, labels={"first": told.label, "second": told.label},
    )  # fmt: skip


def _pair_notes(told: Told) -> tuple[Inline, ...]:
    """By which method the correlations and their intervals were made, of whom, and what was held constant."""
    call = told.result.call
    method = str(call.get("method", "pearson"))
    ranks = phrase("Intervals on the scale of Fisher's *z* {}; they are not adjusted.", Citation("bonett_wright_2000"))
    words = {
        "pearson": phrase("Intervals by Fisher's *z* {}; they are not adjusted.", Citation("fisher_1921")),
        "spearman": (*phrase("Spearman's correlation of ranks. "), *ranks),
        "kendall": (*phrase("Kendall's τ-*b* with *z* corrected for ties. "), *ranks),
        "polychoric": phrase("Polychoric correlations in two steps {}; standard errors from their asymptotic "
                             "covariances, intervals on the scale of Fisher's *z*, not adjusted.",
                             Citation("olsson_1979")),
    }  # fmt: skip
    notes = [words[method]]
    if held := call.get("partial"):
        notes.append(phrase("Held constant: {}.", ", ".join(map(told.name, held))))
    if call.get("missing") == "pairwise":
        notes.append(phrase("Each pair rests on the rows that have both variables; *n* differs."))
    if weights := call.get("weights"):
        notes.append(phrase("Weighted by {}, standard errors linearised {}.", str(weights), Citation("lumley_2010")))
    return tuple(notes)
