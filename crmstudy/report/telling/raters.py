"""What is said about agreement: of raters, of occasions, of one measurement with its repetition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmstudy.drawing import BlandAltman, CoefficientPlot
from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    FigureBlock,
    Inline,
    Number,
    Paragraph,
    PValue,
    Section,
    Table,
    TableNotes,
    phrase,
)
from crmstudy.report.tables import build_table, column, from_frame, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_NO_BANDS = phrase("No band of interpretation is applied: what is enough depends on the decision at hand.")


def icc_section(told: Told) -> Section:
    """The six forms, and the variances they come from."""
    rows = told.result.estimates.set_index("term")
    single = rows.loc["ICC2" if "ICC2" in rows.index else "ICC1"]
    sentence = phrase(
        "{} raters or occasions, {} targets: {} = {}, {}; *F*({}, {}) = {}, {}.",
        Number(told.result.call["k"], "n"), Number(told.result.n, "n"), str(single["mcgraw_wong"]),
        Number(single["estimate"], "r"),
        prose.interval(told.level, single["ci_low"], single["ci_high"], bounded=True), Number(single["df"], "df"),
        Number(single["df2"], "df"), Number(single["statistic"], "statistic"), PValue(single["p_value"]),
    )  # fmt: skip
    return told.section([told.sentences(sentence), _icc_table(told), _variances(told), *_dropped(told)])


def _icc_table(told: Told) -> Table:
    columns = [
        column("mcgraw_wong", "Form"), column("shrout_fleiss", "Shrout & Fleiss"), column("definition", "About"),
        column("unit", "Of"), Column("estimate", phrase("ICC"), "r"),
        Column("ci", prose.percent_ci(told.level), "interval_r"), Column("statistic", phrase("*F*"), "statistic"),
        Column("df", phrase("*df*1"), "df"), Column("df2", phrase("*df*2"), "df"), column("p_value", kind="p"),
    ]  # fmt: skip
    notes = (
        phrase("Forms and tests as {}, names in the first column and interval of agreement as {}.",
               Citation("shrout_fleiss_1979", narrative=True), Citation("mcgraw_wong_1996", narrative=True)),
        phrase("Agreement counts differences of level between raters as error, consistency does not; *average* is the "
               "reliability of the mean of all {} ratings.", Number(told.result.call["k"], "n")),
        _NO_BANDS,
    )  # fmt: skip
    return from_frame(
        told.table_id("icc"), told.title("Intraclass Correlations"), columns, told.result.estimates,
        usage=told.usage("targets without a rating of every rater"), notes=TableNotes(notes), mark=told.mark,
    )  # fmt: skip


def _variances(told: Told) -> Table:
    frame = told.result.tables["variances"].assign(percent=lambda table: 100.0 * table["share"])
    columns = [column("component", "Component"), column("variance", "Variance", "estimate"),
               column("percent", "Share", "percent")]  # fmt: skip
    note = phrase(
        "Components of variance of the random-effects model, from the mean squares; negative ones as they are."
    )
    return from_frame(
        told.table_id("variances"), told.title("Sources of Variance of the Ratings"), columns, frame,
        usage=told.usage("targets without a rating of every rater"), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip


_RETEST_ROWS = (
    ("pearson_r", "Pearson's *r*", True), ("icc_a1", "ICC(A,1), agreement", True),
    ("icc_c1", "ICC(C,1), consistency", True), ("mean_difference", "Mean difference", False),
    ("sem", "SEM", False), ("sdc", "Smallest detectable change", False),
    ("sem_agreement", "SEM, shift included", False),
    ("sdc_agreement", "Smallest detectable change, shift included", False),
    ("repeatability", "Coefficient of repeatability", False), ("loa_lower", "Lower limit of agreement", False),
    ("loa_upper", "Upper limit of agreement", False), ("proportional_bias", "Slope on the mean", False),
)  # fmt: skip


def retest_section(told: Told) -> Section:
    """Coefficients and errors of two measurements, and the plot of Bland and Altman."""
    rows = told.result.estimates.set_index("term")
    first, second = map(told.name, told.result.call["columns"])
    shift = rows.loc["mean_difference"]
    agreement = rows.loc["icc_a1"]
    sentences = [
        phrase("Between {} and {}, ICC(A,1) = {}, {} (*N* = {}).", first, second, Number(agreement["estimate"], "r"),
               prose.interval(told.level, agreement["ci_low"], agreement["ci_high"], bounded=True),
               Number(told.result.n, "n")),
        phrase("They differ by {} on average, {}, {}.", Number(shift["estimate"], "estimate"),
               phrase("*t*({}) = {}", Number(shift["df"], "df"), Number(shift["statistic"], "statistic"))
               if not is_absent(shift["statistic"]) else phrase("without any spread"),
               PValue(shift["p_value"])) if not is_absent(shift["p_value"]) else
        phrase("They differ by {} for everybody.", Number(shift["estimate"], "estimate")),
        phrase("A person's score must change by more than {} to exceed the error of measurement.",
               Number(rows.loc["sdc", "estimate"], "estimate")),
    ]  # fmt: skip
    elements: list[Element] = [told.sentences(*sentences), _retest_table(told, first, second)]
    drawing = told.result.plot()
    if isinstance(drawing, BlandAltman):
        share = Number(100 * float(told.result.call["coverage"]), "n")
        note = phrase(
            "Points are persons (larger where several coincide); lines the mean difference and the {}% limits of "
            "agreement with their intervals as bands; the grey line is the regression of the differences on the means.",
            share,
        )  # fmt: skip
        elements.append(
            FigureBlock(told.table_id("bland_altman"), told.title("Agreement of Two Measurements"), drawing, (note,),
                        told.mark)
        )  # fmt: skip
    return told.section([*elements, *_dropped(told)])


def _retest_table(told: Told, first: str, second: str) -> Table:
    rows = told.result.estimates.set_index("term")
    columns = [
        column("term", "Figure"), Column("estimate", phrase("Estimate"), "estimate"),
        Column("ci", prose.percent_ci(told.level), "interval"), column("p_value", kind="p"),
    ]  # fmt: skip
    cells = []
    for term, label, bounded in _RETEST_ROWS:
        row = rows.loc[term]
        tested = term not in ("icc_a1", "icc_c1")
        cells.append([
            Cell(term, label=phrase(label)), Cell(row["estimate"], "r" if bounded else "estimate"),
            Cell((row["ci_low"], row["ci_high"]), "interval_r" if bounded else "interval"),
            Cell(row["p_value"] if tested else None, "p"),
        ])  # fmt: skip
    exact = told.result.call["limits"] == "exact"
    method = (
        phrase("exact {}", Citation("carkeet_2015"))
        if exact
        else phrase("approximate {}", Citation("bland_altman_1999"))
    )
    notes = (
        phrase("Differences are {} − {}. SEM: standard error of measurement, *s* of the differences over √2; smallest "
               "detectable change: {} √2 SEM {}; *shift included*: the mean difference counts as error.", first, second,
               Number(_quantile(told), "estimate"), Citation("de_vet_2006")),
        phrase("Limits of agreement {}, their intervals {}. Slope: of the differences on the means.",
               Citation("bland_altman_1986"), method),
        _NO_BANDS,
    )  # fmt: skip
    return build_table(
        told.table_id("retest"), told.title("Stability and Error of Measurement"), columns, cells,
        usage=told.usage("persons without one of the two measurements"), notes=TableNotes(notes), mark=told.mark,
    )  # fmt: skip


def _quantile(told: Told) -> float:
    rows = told.result.estimates.set_index("term")["estimate"]
    sem = float(rows["sem"])
    return float(rows["sdc"]) / (sem * 2.0**0.5) if sem > 0.0 else float("nan")


_COEFFICIENTS = {
    "cohen_kappa": "Cohen's κ", "weighted_kappa": "Weighted κ", "light_kappa": "Mean κ of all pairs",
    "fleiss_kappa": "Fleiss' κ", "conger_kappa": "Conger's κ", "gwet_ac1": "Gwet's AC1", "pabak": "PABAK",
    "agreement": "Agreement", "krippendorff_alpha": "Krippendorff's α", "kendall_w": "Kendall's *W*",
    "mean_spearman": "Mean Spearman ρ", "kappa_max": "Largest possible κ",
}  # fmt: skip
_METHODS = {
    "cohen": (phrase("κ {}, standard error for the interval and for *z* by {}; PABAK {}; AC1 {}.",
                     Citation("cohen_1960"), Citation("fleiss_cohen_everitt_1969", narrative=True),
                     Citation("byrt_1993"), Citation("gwet_2008")),),
    "weighted": (phrase("Weighted κ {}, standard error for the interval and for *z* by {}.", Citation("cohen_1968"),
                        Citation("fleiss_cohen_everitt_1969", narrative=True)),),
    "fleiss": (phrase("κ {}, *z* by {}, interval by {}; Conger's κ {} lets every rater have his own marginals.",
                      Citation("fleiss_1971"), Citation("fleiss_nee_landis_1979", narrative=True),
                      Citation("gwet_2008", narrative=True), Citation("conger_1980")),),
    "krippendorff": (phrase("α {}, interval by bootstrap samples of the units {}.", Citation("hayes_krippendorff_2007"),
                            Citation("zapf_2016")),),
    "kendall": (phrase("*W* {} with the correction for ties; χ² and *F* {}.", Citation("kendall_babington_smith_1939"),
                       Citation("kendall_gibbons_1990")),),
}  # fmt: skip
_LIGHT = phrase("κ of more than two raters is the mean over all pairs {}, its interval that of a bootstrap of the "
                "units.", Citation("light_1971"))  # fmt: skip


def raters_section(told: Told) -> Section:
    """The coefficient with what stands beside it, and the table that its kind has."""
    row = told.result.estimates.iloc[0]
    kind = str(told.result.call["kind"])
    figures = phrase("{} = {}", phrase(_COEFFICIENTS[str(row["term"])]), Number(row["estimate"], "r"))
    if not is_absent(row["ci_low"]):
        figures += phrase(", {}", prose.interval(told.level, row["ci_low"], row["ci_high"], bounded=True))
    if kind == "kendall" and not is_absent(row["statistic"]):
        figures += phrase(", χ²({}) = {}, {}", Number(row["df"], "df"), Number(row["statistic"], "statistic"),
                          PValue(row["p_value"]))  # fmt: skip
    elif not is_absent(row["statistic"]):
        figures += phrase(", *z* = {}, {}", Number(row["statistic"], "statistic"), PValue(row["p_value"]))
    who = phrase("{} raters, {} units: ", Number(len(told.result.call["items"]), "n"), Number(told.result.n, "n"))
    elements: list[Element] = [told.sentences(who + figures + phrase(".")), _coefficients(told, kind)]
    elements += [
        table for table in (_pairs(told), _categories(told), _metrics(told), _tests(told)) if table is not None
    ]
    drawing = told.result.plot()
    if isinstance(drawing, CoefficientPlot) and len(drawing.terms) <= 15:
        note = phrase("Dots are κ of two raters, bars its {}.", prose.percent_ci(told.level))
        figure = told.table_id("pairs_plot"), told.title("Agreement of Pairs of Raters")
        elements.append(FigureBlock(*figure, drawing, (note,), told.mark))
    return told.section([*elements, *_dropped(told)])


_WHY = "units without the ratings that the coefficient needs"


def _coefficients(told: Told, kind: str) -> Table:
    columns = [
        column("term", "Coefficient"), Column("estimate", phrase("Estimate"), "r"),
        Column("std_error", phrase("*SE*"), "r"), Column("ci", prose.percent_ci(told.level), "interval_r"),
        Column("observed", phrase("Observed"), "r"), Column("expected", phrase("By chance"), "r"),
    ]  # fmt: skip
    if kind == "krippendorff":
        columns[4:] = [Column("observed", phrase("Observed *D*"), "estimate"),
                       Column("expected", phrase("Expected *D*"), "estimate")]  # fmt: skip
    if kind == "kendall":
        columns[2:] = []
    call = told.result.call
    notes: list[Inline] = list(_METHODS[kind])
    if "weights" in call:
        notes.append(
            phrase("Weights: {}, over the categories {}.", str(call["weights"]), ", ".join(call["categories"]))
        )
    if "metric" in call:
        notes.append(phrase("Values are taken as {}; *D* is disagreement.", str(call["metric"])))
    if str(told.result.estimates["term"].iloc[0]) == "light_kappa":
        notes.append(_LIGHT)
    notes.append(_NO_BANDS)
    return from_frame(
        told.table_id("agreement"), told.title("Agreement of the Raters"), columns, told.result.estimates,
        usage=told.usage(_WHY), notes=TableNotes(tuple(notes)), mark=told.mark,
        labels={"term": lambda term: phrase(_COEFFICIENTS[term])},
    )  # fmt: skip


def _extra(told: Told, name: str, title: str, columns: Sequence[Column], note: Inline) -> Table | None:
    frame: Any = told.result.tables.get(name)
    if frame is None or frame.empty:
        return None
    return from_frame(told.table_id(name), told.title(title), list(columns), frame, usage=told.usage(_WHY),
                      notes=TableNotes((note,)), mark=told.mark)  # fmt: skip


def _pairs(told: Told) -> Table | None:
    frame: Any = told.result.tables.get("pairs")
    if frame is None or len(frame) < 2:
        return None
    columns = [
        column("rater_1", "Rater"), column("rater_2", "Rater"), Column("kappa", phrase("κ"), "r"),
        Column("ci", prose.percent_ci(told.level), "interval_r"), Column("statistic", phrase("*z*"), "statistic"),
        column("p_value", kind="p"), Column("agreement", phrase("Agreement"), "r"),
        Column("gwet_ac1", phrase("AC1"), "r"), Column("kappa_max", phrase("κ max"), "r"),
    ]  # fmt: skip
    note = phrase("*z* and *p* are those of each pair alone, not corrected for their number.")
    return _extra(told, "pairs", "Agreement of Each Pair of Raters", columns, note)


def _categories(told: Told) -> Table | None:
    columns = [
        column("category", "Category"), Column("ratings", phrase("Ratings"), "n"),
        Column("share", phrase("Share"), "r"), Column("kappa", phrase("κ"), "r"),
        Column("statistic", phrase("*z*"), "statistic"), column("p_value", kind="p"),
    ]  # fmt: skip
    return _extra(
        told, "categories", "Agreement About Each Category", columns, phrase("κ: the category against all others.")
    )


def _metrics(told: Told) -> Table | None:
    columns = [
        column("metric", "Values taken as"), Column("alpha", phrase("α"), "r"),
        Column("observed", phrase("Observed *D*"), "estimate"), Column("expected", phrase("Expected *D*"), "estimate"),
    ]  # fmt: skip
    note = phrase("The level of measurement is declared, not chosen by its α; the others show how much depends on it.")
    return _extra(told, "metrics", "Krippendorff's α at Every Level of Measurement", columns, note)


def _tests(told: Told) -> Table | None:
    columns = [
        column("test", "Test"), Column("statistic", phrase("Value"), "statistic"), Column("df1", phrase("*df*1"), "df"),
        Column("df2", phrase("*df*2"), "df"), column("p_value", kind="p"),
    ]  # fmt: skip
    note = phrase("Both test that the raters' orders are unrelated; *F* is nearer with few units.")
    return _extra(told, "tests", "Tests of Kendall's W", columns, note)


def _dropped(told: Told) -> list[Element]:
    """Notes that must be read beside the tables, in words."""
    codes = ("RATERS_TIES", "RATERS_FEW_UNITS", "RATERS_EMPTY_CATEGORY")
    said = dict.fromkeys(told.speaking(note.message) for note in told.result.notes if note.code in codes)
    return [Paragraph((phrase("{}", message),)) for message in said]
