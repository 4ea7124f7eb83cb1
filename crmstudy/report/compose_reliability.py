"""What is said about the reliability of scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.report import prose
from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    FigureBlock,
    Inline,
    Number,
    Paragraph,
    Section,
    Table,
    TableNotes,
    phrase,
)
from crmstudy.report.tables import build_table, column, from_frame
from crmstudy.report.told import Told


def reliability_section(told: Told) -> Section:
    """Coefficients of every scale, then the items."""
    result = told.result
    sentences = [
        prose.reliability_sentence(told.name(str(scale)), rows, told.level)
        for scale, rows in result.estimates.groupby("scale", sort=False)
    ]
    elements: list[Element] = []
    if sentences:
        elements += [told.listing(sentences), _coefficients(told), _item_statistics(told, result.tables["items"])]
    for note in result.notes:
        if note.code in ("RELIABILITY_SINGLE_ITEM", "RELIABILITY_TWO_ITEMS"):
            elements.append(Paragraph((phrase("{}", told.speaking(note.message)),)))
    drawing = result.plot()
    if isinstance(drawing, CoefficientPlot):
        drawing = replace(drawing, terms=tuple(map(told.name, drawing.terms)))
        method = "the bootstrap" if result.call.get("bootstrap") else "Feldt's method"
        reading = phrase("Dots are estimates of α, bars their {} by {}.", prose.percent_ci(told.level), method)
        figure_id, title = told.table_id("alpha"), told.title("Cronbach's α by Scale")
        elements.append(FigureBlock(figure_id, title, drawing, (reading,), told.mark))
    return told.section(elements)


def _coefficients(told: Told) -> Table:
    """One row a scale: every coefficient with its interval."""
    label, sizes = prose.percent_ci(told.level), told.result.tables["scales"]
    some_dropped = bool((sizes["dropped"] > 0).any())
    columns = [
        column("scale", "Scale"), Column("items", phrase("Items"), "n"), Column("n", phrase("*n*"), "n"),
        *([Column("dropped", phrase("Dropped"), "n")] if some_dropped else []), Column("alpha", phrase("α"), "r"),
        Column("alpha_ci", label, "interval_r"), Column("alpha_standardised", phrase("α std."), "r"),
        Column("omega", phrase("ω"), "r"), Column("omega_ci", label, "interval_r"),
        Column("spearman_brown", phrase("SB"), "r"), Column("spearman_brown_ci", label, "interval_r"),
    ]  # fmt: skip
    withheld = _withheld(told)
    rows = []
    for size in sizes.to_dict("records"):
        own = told.result.estimates[told.result.estimates["scale"] == size["scale"]]
        found = {str(row["term"]): row for row in own.to_dict("records")}
        scale = str(size["scale"])
        rows.append([
            Cell(scale or "all items", label=told.label(scale)), Cell(size["items"], "n"), Cell(size["n"], "n"),
            *([Cell(size["dropped"], "n")] if some_dropped else []), *_coefficient(found.get("alpha")),
            _coefficient(found.get("alpha_standardised"))[0], *_coefficient(found.get("omega"), withheld.get(scale)),
            *_coefficient(found.get("spearman_brown")),
        ])  # fmt: skip
    return build_table(
        told.table_id("coefficients"), told.title("Reliability of the Scales"), columns, rows,
        usage=told.usage_by_row(sizes["n"], "rows with a missing answer to an item of the scale"),
        notes=TableNotes(_coefficient_notes(told), tuple(withheld.values())), mark=told.mark,
    )  # fmt: skip


def _withheld(told: Told) -> dict[str, tuple[str, Inline]]:
    """For every scale whose omega is not given: the letter that stands there, and why."""
    notes = dict.fromkeys(note for note in told.result.notes if note.code.startswith("RELIABILITY_OMEGA_"))
    return {
        note.subject or "": (letter, phrase("{}", prose.capital(told.speaking(note.message))))
        for letter, note in zip("abcdefghijklmnopqrstuvwxyz", notes, strict=False)
    }


def _coefficient_notes(told: Told) -> tuple[Inline, ...]:
    replicates = told.result.call.get("bootstrap")
    if replicates:
        ends = phrase("the intervals of α and SB are percentiles of {} bootstrap samples", Number(replicates, "n"))
    else:
        ends = phrase("with the interval of {}", Citation("feldt_1987", narrative=True))
    stepped = phrase("" if replicates else ", interval by Fisher's *z*, stepped up")
    return (
        phrase("α is Cronbach's alpha {}, {}; α std. is that of standardised items.", Citation("cronbach_1951"), ends),
        phrase(
            "ω = (Σλ)² / [(Σλ)² + Σθ] of a one-factor model by maximum likelihood {}, interval by the delta method.",
            Citation("mcdonald_1999"),
        ),
        phrase("SB: Spearman–Brown, for two items in place of ω {}{}.", Citation("eisinga_2013"), stepped),
        phrase("No cut-off is applied: what is enough depends on what the scores are used for."),
    )


def _coefficient(row: Mapping[Any, Any] | None, why: tuple[str, Inline] | None = None) -> tuple[Cell, Cell]:
    """A coefficient and its interval; a dash, with the letter of the note that says why, where there is none."""
    if row is None:
        return Cell(None, "r", mark=why[0] if why else ""), Cell(None, "interval_r")
    return Cell(row["estimate"], "r"), Cell((row["ci_low"], row["ci_high"]), "interval_r")


def _item_statistics(told: Told, items: pd.DataFrame) -> Table:
    columns = [
        column("scale", "Scale"), column("item", "Item"), Column("n", phrase("*n*"), "n"),
        Column("mean", phrase("*M*"), "estimate"), Column("sd", phrase("*SD*"), "estimate"),
        Column("item_total", phrase("Item–total *r*"), "r"), Column("item_rest", phrase("Item–rest *r*"), "r"),
        Column("alpha_if_dropped", phrase("α if dropped"), "r"),
    ]  # fmt: skip
    note = phrase("The item–rest correlation leaves the item out of the total; α if dropped needs three items or more.")
    return from_frame(
        told.table_id("items"), told.title("Item Statistics Within Scales"), columns, items, group="scale",
        usage=told.usage_by_row(items["n"], "rows with a missing answer to an item of the scale"),
        notes=TableNotes((note,)), mark=told.mark, labels={"scale": told.label},
    )  # fmt: skip
