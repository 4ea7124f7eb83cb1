"""What is said about an exploratory factor analysis: loadings sorted by factor, what they rest on, and how they fit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from crmstudy.drawing import LoadingsPlot
from crmstudy.numerals import write_number
from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    FigureBlock,
    Inline,
    Number,
    PValue,
    Section,
    Table,
    TableNotes,
    phrase,
)
from crmstudy.report.tables import build_table, column, from_frame, is_absent, lower_triangle
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_EXTRACTIONS: Mapping[str, Inline] = {
    "minres": phrase("minimum residuals {}", Citation("harman_jones_1966")),
    "ml": phrase("maximum likelihood {}", Citation("joreskog_1967")),
    "paf": phrase("principal axis factoring, iterated until nothing changed"),
}
_ROTATIONS: Mapping[str, Inline] = {
    "varimax": phrase("varimax {}", Citation("kaiser_1958")),
    "quartimax": phrase("quartimax {}", Citation("browne_2001")),
    "equamax": phrase("equamax {}", Citation("crawford_ferguson_1970")),
    "bifactor": phrase("orthogonal bifactor {}", Citation("jennrich_bentler_2011")),
    "geomin_orthogonal": phrase("orthogonal geomin {}", Citation("yates_1987")),
    "target_orthogonal": phrase("orthogonal target {}", Citation("browne_2001")),
    "oblimin": phrase("oblimin {}", Citation("jennrich_sampson_1966")),
    "quartimin": phrase("quartimin {}", Citation("jennrich_sampson_1966")),
    "promax": phrase("promax {}", Citation("hendrickson_white_1964")),
    "geomin": phrase("geomin {}", Citation("yates_1987")),
    "bifactor_oblique": phrase("oblique bifactor {}", Citation("jennrich_bentler_2012")),
    "target": phrase("target {}", Citation("browne_2001")),
}
_PARAMETERS = {"gamma": "γ", "epsilon": "ε", "power": "power"}
#: More factors than this do not stand beside each other on a page.
_WIDEST = 9


def efa_section(told: Told) -> Section:
    """Loadings, their intervals, factor correlations, variance explained, and a heat map."""
    elements: list[Element] = [
        told.sentences(_method_sentence(told), _rotation_sentence(told)),
        told.sentences(_variance_sentence(told), *_fit_sentences(told)),
        _pattern_table(told),
        *_heat_map(told),
        _primary_table(told),
        _variance_table(told),
        *_correlations(told),
    ]
    return told.section(elements)


def _factors(told: Told) -> list[str]:
    return list(dict.fromkeys(told.result.estimates["factor"]))


def _method_sentence(told: Told) -> Inline:
    call, m = told.result.call, len(_factors(told))
    kind = phrase("polychoric correlations {}", Citation("olsson_1979")) if call["ordinal"] else phrase(
        "Pearson correlations"
    )  # fmt: skip
    return phrase(
        "{} factor{} of {} items extracted by {} from {} (*N* = {}).",
        _counted(m),
        "" if m == 1 else "s", Number(len(call["items"]), "n"), _EXTRACTIONS[call["extraction"]], kind,
        Number(told.result.n, "n"),
    )  # fmt: skip


def _counted(m: int) -> str | Number:
    """A number that begins a sentence: as a word where it has one."""
    word = prose.counted(m)
    return word.capitalize() if isinstance(word, str) else word


def _rotation_sentence(told: Told) -> Inline:
    call = told.result.call
    if call["rotation"] == "none":
        single = len(_factors(told)) == 1
        return phrase("One factor needs no rotation.") if single else phrase("The factors are not rotated.")
    kind = "oblique" if call["oblique"] else "orthogonal"
    said = phrase("Rotation: {} ({}", _ROTATIONS[call["rotation"]], kind)
    for name, symbol in _PARAMETERS.items():
        if call.get(name) is not None:
            said += phrase("; {} = {}", symbol, f"{call[name]:g}")
    normal = call["normalize"]
    said += phrase("; {} Kaiser normalisation", "without" if normal is False else "with")
    if normal == "spss":
        said += phrase(" as in SPSS")
    minima = told.result.tables.get("rotation")
    said += phrase("; {} starts", Number(call["starts"], "n"))
    if minima is not None and len(minima) > 1:
        said += phrase(", {} minima, the lowest is shown", Number(len(minima), "n"))
    return said + phrase(").")


def _variance_sentence(told: Told) -> Inline:
    table = told.result.tables["variance"]
    share = 100.0 * float(table["proportion"].sum())
    one = len(table) == 1
    return phrase(
        "{} of the variance of the items.",
        phrase("{} {}", "The factor explains" if one else "Together they explain", Number(share, "percent")),
    )  # fmt: skip


def _fit_sentences(told: Told) -> list[Inline]:
    fit = told.result.fit
    parts = []
    if not is_absent(fit["chisq"]) and fit["df"] > 0:
        test = phrase("χ²({}) = {}", Number(fit["df"], "df"), Number(fit["chisq"], "statistic"))
        parts.append(test if is_absent(fit["pvalue"]) else test + phrase(", {}", (PValue(fit["pvalue"]),)))
    if not is_absent(fit["rmsea"]):
        ends = (float(fit["rmsea_ci_lower"]), float(fit["rmsea_ci_upper"]))
        parts.append(phrase("TLI = {}", Number(fit["tli"], "index")))
        parts.append(phrase("RMSEA = {}", Number(fit["rmsea"], "index")))
        if not is_absent(ends[0]):  # pooled over imputed sets there is none
            parts.append(phrase("90% CI {}", Number(ends, "interval_r", decimals=3)))
    sign = "" if write_number(fit["rmsr"], "index")[:1] == "<" else "= "
    parts.append(phrase(f"root mean square residual correlation (RMSR) {sign}{{}}", Number(fit["rmsr"], "index")))
    residuals = told.result.tables["residuals"]
    sizes = np.abs(np.tril(residuals.to_numpy(dtype=float), -1))
    i, j = divmod(int(sizes.argmax()), len(sizes))
    largest = phrase(
        "The largest residual correlation is that of {} and {}, {}.",
        str(residuals.columns[j]), str(residuals.columns[i]), Number(float(residuals.to_numpy()[i, j]), "r"),
    )  # fmt: skip
    return [phrase("Fit: {}.", prose.joined(parts)), largest]


def _usage_reason(told: Told) -> str:
    listwise = told.result.call["missing"] == "listwise"
    return "rows with a missing answer to one of the items" if listwise else "rows without any answer"


def _pattern_table(told: Told) -> Table:
    """All loadings, items under the factor they load on most."""
    factors, tables = _factors(told), told.result.tables
    shared = tables["communalities"].set_index("item")
    pattern = tables["pattern"].copy()
    for name in ("complexity", "heywood"):
        pattern[name] = shared[name].reindex(pattern["item"]).to_numpy()
    columns = [column("factor", "Factor"), column("item", "Item")]
    columns += [Column(name, phrase("{}", name), "r") for name in factors]
    columns += [Column("h2", phrase("*h*²"), "r"), Column("complexity", phrase("*c*"), "estimate")]
    rows = []
    for row in pattern.to_dict("records"):
        heading = Cell(str(row["factor"]), label=phrase("{}", f"Largest loading on {row['factor']}"))
        cells = [heading, Cell(str(row["item"]))]
        cells += [Cell(float(row[name]), "r") for name in factors]
        cells.append(Cell(float(row["h2"]), "r", mark="a" if bool(row["heywood"]) else ""))
        value = row["complexity"]
        rows.append([*cells, Cell(None if is_absent(value) else float(value), "estimate", decimals=1)])
    kind = "pattern loadings" if told.result.call["oblique"] else "loadings, which are also correlations with factors"
    notes = [
        phrase(
            "Items stand under the factor they load on most, by size; all {} are shown. *h*²: communality; *c*: "
            "complexity, about how many factors the item measures {}.",
            kind, Citation("hofmann_1978"),
        )
    ]  # fmt: skip
    heywood = bool(pattern["heywood"].astype(bool).any())
    specific = (("a", phrase("Heywood case: no error is left to this item.")),) if heywood else ()
    return build_table(
        told.table_id("pattern"), told.title("Factor Loadings"), columns, rows, usage=told.usage(_usage_reason(told)),
        notes=TableNotes(tuple(notes), specific), group="factor", mark=told.mark,
    )  # fmt: skip


def _heat_map(told: Told) -> list[Element]:
    drawing = told.result.plot()
    if not isinstance(drawing, LoadingsPlot) or len(drawing.factors) > _WIDEST:
        return []
    note = phrase(
        "Blue is positive, red negative; loadings below {} in size are pale. Items sorted by factor and size.",
        Number(drawing.salient, "r"),
    )  # fmt: skip
    title = told.title("Heat Map of Factor Loadings")
    return [FigureBlock(told.table_id("heatmap"), title, drawing, (note,), told.mark)]


def _primary_table(told: Told) -> Table:
    """For each item its largest loading with its interval, and the next largest."""
    pattern = told.result.tables["pattern"]
    estimates = told.result.estimates.set_index(["factor", "item"])
    factors = _factors(told)
    rows = []
    for row in pattern.to_dict("records"):
        own = estimates.loc[(row["factor"], row["item"])]
        others = [(abs(float(row[name])), name) for name in factors if name != row["factor"]]
        cross = max(others)[1] if others else ""
        rows.append({
            "item": row["item"], "factor": row["factor"], "estimate": own["estimate"], "std_error": own["std_error"],
            "ci_low": own["ci_low"], "ci_high": own["ci_high"], "cross_factor": cross,
            "cross": float(row[cross]) if cross else None,
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    columns = [
        column("item", "Item"), column("factor", "Factor"), column("estimate", "λ", "r"),
        column("std_error", "*SE*", "r"), Column("ci", prose.percent_ci(told.level), "interval_r"),
        column("cross_factor", "Next factor"), column("cross", "λ", "r"),
    ]  # fmt: skip
    if len(factors) == 1:
        frame = frame.drop(columns=["cross_factor", "cross"])
    if frame["std_error"].isna().all():
        frame, columns = frame.drop(columns=["std_error", "ci_low", "ci_high"]), columns
    return from_frame(
        told.table_id("largest"), told.title("Largest Loading of Each Item, and the Next"), columns, frame,
        usage=told.usage(_usage_reason(told)), notes=TableNotes((_errors_note(told),)), mark=told.mark,
        decimals={"std_error": 3},
    )  # fmt: skip


def _errors_note(told: Told) -> Inline:
    call = told.result.call
    if call["std_errors"] == "bootstrap":
        return phrase(
            "Standard errors and percentile intervals from {} bootstrap samples of the rows, each solved from the "
            "solution shown and matched to it by Tucker's congruence (seed {}).",
            Number(call["bootstrap"], "n"), str(call["seed"]),
        )  # fmt: skip
    if call["std_errors"] == "delta":
        source = Citation("muthen_1984") if call["ordinal"] else Citation("pearson_filon_1898")
        assumed = "" if call["ordinal"] else " of normal variables"
        return phrase(
            "Standard errors by the delta method on the asymptotic covariances of the correlations{} {}; they do not "
            "count the choice of the number of factors.",
            assumed, source,
        )  # fmt: skip
    return phrase("There are no standard errors for this solution; the notes say why.")


def _variance_table(told: Told) -> Table:
    columns = [
        column("factor", "Factor"), column("ss_loadings", "SS loadings", "estimate"),
        column("proportion", "% of variance", "percent"), column("cumulative", "Cumulative %", "percent"),
        column("of_explained", "% of explained", "percent"),
    ]  # fmt: skip
    frame = told.result.tables["variance"].copy()
    for name in ("proportion", "cumulative", "of_explained"):
        frame[name] = 100.0 * frame[name]
    oblique = phrase(
        "SS loadings of correlated factors are the diagonal of ΦΛ′Λ: what a factor explains, with half of what it "
        "shares with others."
    )
    notes = (oblique,) if told.result.call["oblique"] else ()
    return from_frame(
        told.table_id("variance"), told.title("Variance Explained by the Factors"), columns, frame,
        usage=told.usage(_usage_reason(told)), notes=TableNotes(notes), mark=told.mark,
    )  # fmt: skip


def _correlations(told: Told) -> list[Element]:
    """Correlations among oblique factors below the diagonal, their intervals beside them."""
    found = told.result.tables.get("correlation_estimates")
    if found is None or found.empty:
        return []
    factors = _factors(told)
    columns, cells = lower_triangle(factors, told.result.tables["factor_correlations"], dict.fromkeys(factors))
    rows = [[Cell(name, label=phrase("{}", f"{i}. {name}")), *row] for i, (name, row) in
            enumerate(zip(factors, cells, strict=True), start=1)]  # fmt: skip
    shown = build_table(
        told.table_id("factor_correlations"), told.title("Correlations Among the Factors"),
        [column("factor", "Factor"), *columns], rows, usage=told.usage(_usage_reason(told)),
        notes=TableNotes((_ends_note(told, found),)), mark=told.mark,
    )  # fmt: skip
    return [shown, _structure_table(told)]


def _structure_table(told: Told) -> Table:
    """Correlations of the items with oblique factors, in the order of the loadings."""
    factors, tables = _factors(told), told.result.tables
    order = tables["pattern"]["item"]
    frame = tables["structure"].set_index("item").loc[order].reset_index()
    columns = [column("item", "Item"), *(Column(name, phrase("{}", name), "r") for name in factors)]
    note = phrase("Correlations of the items with the factors, in the order of the loadings.")
    return from_frame(
        told.table_id("structure"), told.title("Structure Coefficients"), columns, frame,
        usage=told.usage(_usage_reason(told)), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip


def _ends_note(told: Told, found: pd.DataFrame) -> Inline:
    known = found.dropna(subset=["ci_low", "ci_high"])
    if known.empty:
        return phrase("Factors as in the loadings table.")
    parts = [
        phrase("{} with {} {}", str(row["factor_1"]), str(row["factor_2"]),
               Number((float(row["ci_low"]), float(row["ci_high"])), "interval_r"))
        for row in known.to_dict("records")
    ]  # fmt: skip
    return phrase("{}: {}.", prose.percent_ci(told.level), prose.joined(parts, "; "))
