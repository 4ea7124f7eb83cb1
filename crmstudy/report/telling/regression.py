"""What is said about regressions."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.report.document import (
    Citation,
    Column,
    Element,
    FigureBlock,
    Inline,
    Section,
    Table,
    TableNotes,
    Words,
    phrase,
    plain,
)
from crmstudy.report.tables import column, from_frame, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_CHECKS = {
    "breusch_pagan": phrase("Studentised Breusch–Pagan χ² (equal variances)"),
    "jarque_bera": phrase("Jarque–Bera χ² (normal residuals)"),
    "residual_skewness": phrase("Skewness of the residuals"),
    "residual_kurtosis": phrase("Excess kurtosis of the residuals"),
    "max_cooks_distance": phrase("Largest Cook's distance"),
}


def regression_section(told: Told) -> Section:
    """Fit, coefficients, blocks and diagnostics of a linear regression."""
    result = told.result
    formula = str(told.block.options.get("formula") or result.call.get("formula", ""))
    slopes = [row for row in result.estimates.to_dict("records") if row["term"] not in ("Intercept", "(Intercept)")]
    elements: list[Element] = [
        told.sentences(prose.regression_sentence(result.fit, told.term(_outcome(told)), formula, result.n)),
        told.listing([prose.coefficient_sentence(told.term(str(row["term"])), row, told.level) for row in slopes]),
        _coefficients(told),
    ]
    if reliabilities := _reliabilities(told):
        elements.append(told.sentences(prose.unreliability_sentence(reliabilities)))
    elements += [table for table in (_blocks(told), _diagnostics(told)) if table is not None]
    return told.section([*elements, *_figure(told)])


def _outcome(told: Told) -> str:
    formula = str(told.block.options.get("formula") or told.result.call.get("formula", ""))
    return str(told.result.call.get("outcome") or formula.split("~")[0].strip())


def _reliabilities(told: Told) -> list[tuple[str, float]]:
    """Alpha of the outcome and of the predictors that are scales, where the study estimated it in the same sample."""
    usable = ("fine", "partly failed")
    found = next(
        (block.result for block in told.record.blocks
         if block.kind == "reliability" and block.sample == told.block.sample and block.status in usable), None,
    )  # fmt: skip
    if found is None:
        return []
    rows = found.estimates[found.estimates["term"] == "alpha"]
    alphas = dict(zip(rows["scale"].astype(str), rows["estimate"].astype(float), strict=True))
    terms = [part for term in told.result.estimates["term"] for part in str(term).split(":")]
    scales = dict.fromkeys([_outcome(told), *terms])
    return [(told.name(scale), alphas[scale]) for scale in scales if scale in alphas]


def _errors(told: Told) -> str:
    return str(told.result.call.get("se") or told.block.options.get("se") or "HC3")


def _coefficients(told: Told) -> Table:
    errors = _errors(told)
    columns = [
        column("term", "Term"), column("estimate", kind="estimate"), column("std_error", kind="estimate"),
        column("statistic", "*t*", "statistic"), column("df", kind="df"), column("p_value", kind="p"),
        Column("ci", prose.percent_ci(told.level), "interval"), column("beta", kind="estimate"),
        column("vif", kind="statistic"),
    ]  # fmt: skip
    cites = (Citation("mackinnon_white_1985"),) if errors == "HC3" else ()
    note = phrase("Standard errors: {}{}{}; ", errors, Words(" ") if cites else None, cites or None)
    note += phrase("β: standardised coefficient; VIF: variance inflation factor.")
    robust = not is_absent(told.result.fit.get("f_robust"))
    wald = [phrase("*F*: Wald test with the same {} covariance matrix.", errors)] if robust else []
    return from_frame(
        told.table_id("coefficients"), told.title("Regression Coefficients"), columns, told.result.estimates,
        usage=told.usage(), notes=TableNotes((note, *wald)), mark=told.mark, labels={"term": told.term_label},
    )  # fmt: skip


def _blocks(told: Told) -> Table | None:
    frame = told.result.tables.get("blocks")
    if frame is None or len(frame) < 2:
        return None
    columns = [
        column("block", "Block"), column("terms", "Entered"), Column("r_squared", phrase("*R*²"), "r"),
        Column("adj_r_squared", phrase("Adjusted *R*²"), "r"), Column("delta_r_squared", phrase("Δ*R*²"), "r"),
        Column("f", phrase("Δ*F*"), "statistic"), Column("df1", phrase("*df*1"), "df"),
        Column("df2", phrase("*df*2"), "df"), column("p_value", kind="p"),
    ]  # fmt: skip
    note = phrase("Each block is compared with the one before it, on the same rows. Δ*F* assumes equal variances, "
                  "unlike the tests of the coefficients.")  # fmt: skip
    if _errors(told) == "classical":
        note = phrase("Each block is compared with the one before it, on the same rows. Δ*F* assumes equal variances.")
    return from_frame(
        told.table_id("blocks"), told.title("Blocks of Predictors"), columns, frame, usage=told.usage(),
        notes=TableNotes((note,)), mark=told.mark, labels={"terms": lambda terms: _entered(told, terms)},
    )  # fmt: skip


def _entered(told: Told, terms: str) -> Inline:
    return plain(", ".join(told.term(term) for term in terms.split(" + ")))


def _diagnostics(told: Told) -> Table | None:
    frame: pd.DataFrame | None = told.result.tables.get("diagnostics")
    if frame is None or frame.empty:
        return None
    columns = [
        column("check", "Check"), Column("statistic", phrase("Value"), "statistic"), column("df", kind="df"),
        column("p_value", kind="p"),
    ]  # fmt: skip
    note = phrase(
        "Studentised Breusch–Pagan test {}. A small *p* says that these data would be unusual if the assumption held; "
        "it does not say how much the violation matters.", Citation("breusch_pagan_1979"),
    )  # fmt: skip
    return from_frame(
        told.table_id("diagnostics"), told.title("Diagnostics of the Regression"), columns, frame, usage=told.usage(),
        notes=TableNotes((note,)), mark=told.mark, labels={"check": lambda check: _CHECKS.get(check, plain(check))},
    )  # fmt: skip


def _figure(told: Told) -> list[Element]:
    drawing = told.result.plot()
    if not isinstance(drawing, CoefficientPlot):
        return []
    drawing = replace(drawing, terms=tuple(map(told.term, drawing.terms)))
    notes = (
        phrase("Dots are standardised coefficients; their {} is that of *b*, rescaled.", prose.percent_ci(told.level)),
        phrase("An open dot: the interval holds 0."),
    )
    title = phrase("Predictors of {}", told.term(_outcome(told)))
    if any(block.kind == "regression" and block.id != told.block.id for block in told.record.blocks):
        title += phrase(" ({})", told.block.id)
    return [FigureBlock(told.table_id("plot"), title, drawing, notes, told.mark)]
