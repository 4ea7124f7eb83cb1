"""What is said about the classic tests: means against a midpoint, and mean ranks; each with its modern counterpart."""

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
    Number,
    PValue,
    Section,
    Table,
    TableNotes,
    phrase,
)
from crmstudy.report.tables import column, from_frame, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told


def midpoint_section(told: Told) -> Section:
    """Which means lie above and below the midpoint and by how much, then the tests on ranks."""
    elements: list[Element] = [told.sentences(*_midpoint_sentences(told)), _means(told)]
    if len(told.result.tables["wilcoxon"]):
        elements.append(_signed_ranks(told))
    elements += _figure(told, "means_plot", "Means and the Midpoint", "Dots are means, bars their {}; the line is the "
                        "midpoint.")  # fmt: skip
    return told.section(elements)


def _figure(told: Told, name: str, title: str, note: str) -> list[Element]:
    drawing = told.result.plot()
    if not isinstance(drawing, CoefficientPlot):
        return []
    drawing = replace(drawing, terms=tuple(map(told.name, drawing.terms)))
    reading = phrase(note, prose.percent_ci(told.level))
    return [FigureBlock(told.table_id(name), told.title(title), drawing, (reading,), told.mark)]


def _midpoint_sentences(told: Told) -> list[Inline]:
    table = told.result.estimates
    found = table[table["p_adjusted"] < 1.0 - told.level]
    above, below = int((found["estimate"] > 0).sum()), int((found["estimate"] < 0).sum())
    top = max(table.to_dict("records"), key=lambda row: abs(row["statistic"]))
    effect = next(row for row in told.result.tables["effects"].to_dict("records") if row["term"] == top["term"])
    said = phrase(
        "Of {} {} {} above and {} below the midpoint, tested at {}.", prose.counted(len(table)),
        "mean" if len(table) == 1 else "means", phrase("{} {}", prose.counted(above), "lies" if above == 1 else "lie"),
        prose.counted(below),
        Number(1.0 - told.level, "p", 2),
    )  # fmt: skip
    size = phrase("*d* = {}", Number(effect["d"], "estimate"))
    if not is_absent(effect["d_low"]):
        size = phrase("{}, {}", size, prose.interval(told.level, effect["d_low"], effect["d_high"]))
    return [said, phrase(
        "The farthest is {}: *M* = {} against {}, *t*({}) = {}, {}, {}.", told.name(str(top["term"])),
        Number(top["mean"], "estimate"), Number(top["midpoint"], "estimate"), Number(top["df"], "df"),
        Number(top["statistic"], "statistic"), (PValue(top["p_adjusted"]),), size,
    )]  # fmt: skip


def _means(told: Told) -> Table:
    effects = told.result.tables["effects"].drop(columns=["mean", "n", "midpoint"])
    frame = told.result.estimates.merge(effects, on="term", how="left")
    weighted = told.result.call.get("weights")
    columns = [
        column("term", "Variable"), column("n", kind="n"), Column("midpoint", phrase("Midpoint"), "estimate"),
        column("mean", kind="estimate"), column("sd", kind="estimate"),
        Column("estimate", phrase("Difference"), "estimate"), Column("ci", prose.percent_ci(told.level), "interval"),
        Column("statistic", phrase("*t*"), "statistic"), column("df", kind="df"),
        Column("p_value", phrase("*p*"), "p", shown=False), Column("p_adjusted", phrase("*p*"), "p"),
        Column("d", phrase("*d*"), "estimate"), Column("d_ci", prose.percent_ci(told.level, "*d*"), "interval"),
        Column("g", phrase("*g*"), "estimate", shown=False), column("skew", "Skew", "estimate", shown=False),
    ]  # fmt: skip
    frame = frame.rename(columns={"d_low": "d_ci_low", "d_high": "d_ci_high"})
    columns = [
        replace(col, label=phrase("{} of *d*", prose.percent_ci(told.level)), shown=not weighted) if col.key == "d_ci"
        else col for col in columns
    ]  # fmt: skip
    notes = [phrase("*p* is {}; intervals are not adjusted.", _adjustment(told))]
    if weighted:
        said = "Weighted by {} with linearised standard errors {}."
        notes.append(phrase(said, str(weighted), Citation("lumley_2010")))
    else:
        notes.append(phrase("*d*: difference over *SD*, with the noncentral interval {}.",
                            Citation("steiger_fouladi_1997")))  # fmt: skip
    return from_frame(
        told.table_id("means"), told.title("Means Against the Midpoint"), columns, frame,
        usage=told.usage_by_row(frame["n"], "missing scores or answers"), notes=TableNotes(tuple(notes)),
        mark=told.mark, labels={"term": told.label},
    )  # fmt: skip


def _adjustment(told: Told) -> Inline:
    how = str(told.result.call.get("adjust", "holm"))
    words = {"holm": phrase("adjusted by {}", Citation("holm_1979", narrative=True)),
             "none": phrase("not adjusted for the number of tests")}  # fmt: skip
    return words.get(how, phrase("adjusted by the method of {}", how.title()))


def _signed_ranks(told: Told) -> Table:
    frame = told.result.tables["wilcoxon"]
    columns = [
        column("term", "Variable"), Column("n_used", phrase("*n* ≠ midpoint"), "n"),
        Column("v", phrase("*V*"), "statistic", shown=False), Column("z", phrase("*z*"), "statistic"),
        Column("p_value", phrase("*p*"), "p", shown=False),
        Column("p_adjusted", phrase("*p*"), "p"),
        Column("p_uncorrected", phrase("*p* (SPSS)"), "p"),
        Column("hodges_lehmann", phrase("Hodges–Lehmann"), "estimate"),
        Column("ci", prose.percent_ci(told.level), "interval"),
        Column("rank_biserial", phrase("*r* (rank)"), "r"),
    ]  # fmt: skip
    exact = int(frame["exact"].sum())
    notes = (
        phrase("Wilcoxon's signed ranks {}, differences of 0 left out; *p* {}, {}. *p* (SPSS) is asymptotic, without "
               "correction for continuity and not adjusted.", Citation("wilcoxon_1945"),
               "exact" if exact == len(frame) else "with correction for continuity" if not exact else
               "exact where there are no ties", _adjustment(told)),
        phrase("The Hodges–Lehmann estimate is the median of the averages of all pairs of answers {}; *r* the "
               "rank-biserial correlation.", Citation("hodges_lehmann_1963")),
        phrase("Which of the two tests counts is decided before the data; to choose by a test of normality changes the "
               "error rates of both {}.", Citation("rochon_2012")),
    )  # fmt: skip
    return from_frame(
        told.table_id("ranks"), told.title("Signed Ranks Against the Midpoint"), columns, frame,
        usage=told.usage_by_row(frame["n"], "missing scores or answers"), notes=TableNotes(notes), mark=told.mark,
        labels={"term": told.label},
    )  # fmt: skip


def friedman_section(told: Told) -> Section:
    """The test and the mean ranks, pairs of ranks; beside them the means with the analysis of variance."""
    elements: list[Element] = [told.sentences(*_friedman_sentences(told)), _mean_ranks(told)]
    elements += _figure(told, "ranks_plot", "Mean Ranks", "Dots are mean ranks (1 is lowest), bars their {}; the line "
                        "is the mean rank where nobody prefers anything.")  # fmt: skip
    elements += [_pairs(told), _differences(told)]
    return told.section(elements)


def _friedman_sentences(told: Told) -> list[Inline]:
    fit, table = told.result.fit, told.result.estimates
    ordered = sorted(table.to_dict("records"), key=lambda row: -row["estimate"])
    width = () if is_absent(fit["kendall_w_low"]) else phrase(
        ", {}", prose.interval(told.level, fit["kendall_w_low"], fit["kendall_w_high"], bounded=True)
    )  # fmt: skip
    said = [phrase(
        "Friedman's test {}: χ²({}, *N* = {}) = {}, {}; *F*({}, {}) = {}, {}; Kendall's *W* = {}{}.",
        Citation("friedman_1937"), Number(fit["df"], "df"), Number(told.result.n, "n"),
        Number(fit["chisq"], "statistic"), (PValue(fit["pvalue"]),), Number(fit["f_df"], "df"),
        Number(fit["f_df_error"], "df"), Number(fit["f"], "statistic"), (PValue(fit["f_pvalue"]),),
        Number(fit["kendall_w"], "r"), width,
    )]  # fmt: skip
    said.append(phrase(
        "The highest mean rank has {} ({}), the lowest {} ({}).", told.name(str(ordered[0]["term"])),
        Number(ordered[0]["estimate"], "estimate"), told.name(str(ordered[-1]["term"])),
        Number(ordered[-1]["estimate"], "estimate"),
    ))  # fmt: skip
    anova = told.result.tables["anova"].to_dict("records")
    if anova:
        row = anova[0]
        said.append(phrase(
            "The analysis of variance of the related means: *F*({}, {}) = {}, {} (Greenhouse–Geisser ε = {}), partial "
            "η² = {}.", Number(row["df_gg"], "df"), Number(row["df_error_gg"], "df"), Number(row["f"], "statistic"),
            (PValue(row["p_gg"]),), Number(row["greenhouse_geisser"], "r"), Number(row["eta_squared"], "r"),
        ))  # fmt: skip
    return said


def _mean_ranks(told: Told) -> Table:
    frame = told.result.estimates.sort_values("estimate", ascending=False, kind="stable")
    columns = [
        column("term", "Variable"), Column("estimate", phrase("Mean rank"), "estimate"),
        Column("ci", prose.percent_ci(told.level), "interval"), column("mean", kind="estimate"),
        column("sd", kind="estimate"), Column("median", phrase("*Mdn*"), "estimate"),
    ]  # fmt: skip
    notes = (
        phrase("Ranks within each respondent, 1 for the lowest; ties share their mean rank. χ² is corrected for ties, "
               "*F* is that of {}.", Citation("iman_davenport_1980", narrative=True)),
        phrase("Greenhouse and Geisser's correction {} allows for unequal covariances.",
               Citation("greenhouse_geisser_1959")),
    )  # fmt: skip
    return from_frame(
        told.table_id("mean_ranks"), told.title("Mean Ranks"), columns, frame, usage=told.usage(), mark=told.mark,
        notes=TableNotes(notes), labels={"term": told.label},
    )  # fmt: skip


def _pairs(told: Told) -> Table:
    columns = [
        column("first", "Variable"), column("second", "With"), Column("difference", phrase("Difference"), "estimate"),
        Column("z", phrase("*z*"), "statistic"), Column("p_dunn", phrase("Dunn"), "p", shown=False),
        Column("p_dunn_adjusted", phrase("Dunn"), "p"), Column("p_nemenyi", phrase("Nemenyi"), "p"),
        Column("p_conover_adjusted", phrase("Conover"), "p"), Column("p_wilcoxon_adjusted", phrase("Wilcoxon"), "p"),
    ]  # fmt: skip
    note = phrase(
        "*p* of each pair by four methods: {} with Bonferroni's correction, as SPSS prints it; {}; {} and Wilcoxon's "
        "signed ranks, {}. Difference of the mean ranks.", Citation("dunn_1964", narrative=True),
        Citation("nemenyi_1963", narrative=True), Citation("conover_1999", narrative=True), _adjustment(told),
    )  # fmt: skip
    return from_frame(
        told.table_id("rank_pairs"), told.title("Pairs of Mean Ranks"), columns, told.result.tables["pairs"],
        usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
        labels={"first": told.label, "second": told.label},
    )  # fmt: skip


def _differences(told: Told) -> Table:
    frame: pd.DataFrame = told.result.tables["means"]
    columns = [
        column("first", "Variable"), column("second", "With"), Column("difference", phrase("Difference"), "estimate"),
        column("std_error", kind="estimate"), Column("ci", prose.percent_ci(told.level), "interval"),
        Column("t", phrase("*t*"), "statistic"), column("df", kind="df"),
        Column("p_value", phrase("*p*"), "p", shown=False), Column("p_adjusted", phrase("*p*"), "p"),
    ]  # fmt: skip
    note = phrase("Differences of the means on the scale of the answers, with *p* {}.", _adjustment(told))
    return from_frame(
        told.table_id("differences"), told.title("Differences of the Means"), columns, frame, usage=told.usage(),
        notes=TableNotes((note,)), mark=told.mark, labels={"first": told.label, "second": told.label},
    )  # fmt: skip
