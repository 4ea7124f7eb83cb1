"""What is said about the reliability of scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from crmstudy.drawing import CoefficientPlot
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
from crmstudy.report.telling import prose
from crmstudy.report.telling.reliability_tables import (
    bounds_table,
    groups_table,
    loadings_table,
    ordinal_table,
    precision_table,
    split_table,
    why_dropped,
)
from crmstudy.report.telling.told import Told

_ALL_ROWS = (
    "Covariances of the items are those of all rows with an answer, by maximum likelihood for normal items missing at "
    "random, errors from the observed information."
)
#: Notes without a warning that belong below the tables.
_TOLD_BELOW = (
    "RELIABILITY_SINGLE_ITEM", "RELIABILITY_TWO_ITEMS", "RELIABILITY_ORDINAL", "RELIABILITY_GROUP_FACTORS_FEW",
    "RELIABILITY_SPLITS_DRAWN",
)  # fmt: skip


def reliability_section(told: Told) -> Section:
    """Coefficients of every scale, then the items."""
    result = told.result
    sentences = [
        prose.reliability_sentence(told.name(str(scale)), rows, told.level)
        for scale, rows in result.estimates.groupby("scale", sort=False)
    ]
    elements: list[Element] = []
    if sentences:
        elements += [told.listing(sentences), _coefficients(told)]
        for make in (ordinal_table, bounds_table, precision_table, split_table, groups_table, loadings_table):
            if (table := make(told)) is not None:
                elements.append(table)
        elements.append(_item_statistics(told, result.tables["items"]))
    for note in result.notes:
        if note.code in _TOLD_BELOW:
            elements.append(Paragraph((phrase("{}", told.speaking(note.message)),)))
    drawing = result.plot()
    if isinstance(drawing, CoefficientPlot):
        drawing = replace(drawing, terms=tuple(map(told.name, drawing.terms)))
        reading = phrase("Dots are estimates of α, bars their {} {}.", prose.percent_ci(told.level), _method(told))
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
        usage=told.usage_by_row(sizes["n"], why_dropped(told)),
        notes=TableNotes(_coefficient_notes(told), tuple(withheld.values())), mark=told.mark,
    )  # fmt: skip


def _withheld(told: Told) -> dict[str, tuple[str, Inline]]:
    """For every scale whose omega is not given: the letter that stands there, and why."""
    notes = dict.fromkeys(note for note in told.result.notes if note.code.startswith("RELIABILITY_OMEGA_"))
    return {
        note.subject or "": (letter, phrase("{}", prose.capital(told.speaking(note.message))))
        for letter, note in zip("abcdefghijklmnopqrstuvwxyz", notes, strict=False)
    }


def _method(told: Told) -> Inline:
    """By which method the interval of alpha was made."""
    call = told.result.call
    if "m" in call:
        return phrase("by Rubin's rules over {} imputed data sets", Number(call["m"], "n"))
    if call.get("missing") == "fiml":
        return phrase("by the delta method")
    interval, replicates = call.get("interval"), Number(call.get("bootstrap"), "n")
    if interval == "percentile":
        return phrase("as percentiles of {} bootstrap samples", replicates)
    if interval == "bca":
        return phrase("by the BCa method {} from {} bootstrap samples", Citation("efron_1987"), replicates)
    key = {"bonett": "bonett_2002", "asymptotic": "duhachek_iacobucci_2004", "adf": "maydeu_olivares_2007"}
    words = {"asymptotic": " under normality", "adf": ", which does not assume normal items,"}
    said = phrase("by the method of {}", Citation(key.get(str(interval), "feldt_1987"), narrative=True))
    return said + phrase(words.get(str(interval), "").rstrip(","))


def _coefficient_notes(told: Told) -> tuple[Inline, ...]:
    drawn = told.result.call.get("bootstrap") and "m" not in told.result.call
    pooled = "m" in told.result.call
    by = phrase("" if drawn or pooled else ", interval by the delta method")
    stepped = phrase("" if drawn or pooled else ", interval by Fisher's *z*, stepped up")
    return (
        phrase("α is Cronbach's alpha {}, interval {}; α std. is that of standardised items.",
               Citation("cronbach_1951"), _method(told)),
        phrase("ω = (Σλ)² / [(Σλ)² + Σθ] of a one-factor model by maximum likelihood {}{}.",
               Citation("mcdonald_1999"), by),
        phrase("SB: Spearman–Brown, for two items in place of ω {}{}.", Citation("eisinga_2013"), stepped),
        *([phrase(_ALL_ROWS)] if told.result.call.get("missing") == "fiml" else []),
        phrase("No cut-off is applied: what is enough depends on what the scores are used for."),
    )  # fmt: skip


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
        Column("omega_if_dropped", phrase("ω if dropped"), "r"),
    ]  # fmt: skip
    note = phrase(
        "The item–rest correlation leaves the item out of the total; α if dropped needs three items or more, ω if "
        "dropped four and a proper one-factor model."
    )
    return from_frame(
        told.table_id("items"), told.title("Item Statistics Within Scales"), columns, items, group="scale",
        usage=told.usage_by_row(items["n"], why_dropped(told)),
        notes=TableNotes((note,)), mark=told.mark, labels={"scale": told.label},
    )  # fmt: skip
