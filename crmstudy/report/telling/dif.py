"""What is said about differential item functioning."""

from __future__ import annotations

from dataclasses import replace

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
    plain,
)
from crmstudy.report.tables import column, from_frame, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_TESTS = {"total": "uniform and non-uniform DIF together", "uniform": "uniform DIF", "nonuniform": "non-uniform DIF"}
_BESIDES = {
    "p": "", "jodoin_gierl": " and a change of *R*² of .035 or more", "zumbo": " and a change of *R*² of .13 or more",
    "beta": " and a change of the slope of 10% or more",
}  # fmt: skip
_FORMS = {"none": "–", "uniform": "uniform", "non-uniform": "non-uniform"}


def dif_section(told: Told) -> Section:
    """How many items are flagged and how much that matters; the items, the groups, the differences and the rounds."""
    elements: list[Element] = [told.sentences(*_sentences(told)), _items(told), _differences(told)]
    drawing = told.result.plot()
    if isinstance(drawing, CoefficientPlot):
        reading = phrase("Dots are differences in log-odds at equal score, bars their {}; 0 is no difference.",
                         prose.percent_ci(told.level))  # fmt: skip
        title = told.title("Differences Between Groups at Equal Score")
        groups = [_called(told, group) for group in told.result.tables["groups"]["group"]]
        drawing = replace(drawing, x_label=f"log-odds, {groups[1]} against {groups[0]}")
        elements.append(FigureBlock(told.table_id("differences_plot"), title, drawing, (reading,), told.mark))
    if len(told.result.tables["purification"]) > 1:
        elements.append(_rounds(told))
    return told.section(elements)


def _sentences(told: Told) -> list[Inline]:
    table, call = told.result.tables["items"], told.result.call
    flagged = table[table["flagged"]]
    groups = [phrase("{} {}", _called(told, row["group"]), Number(row["n"], "n"))
              for row in told.result.tables["groups"].to_dict("records")]  # fmt: skip
    said = [phrase(
        "Of {} items {} by {} (*N* = {}: {}).", prose.counted(len(table)),
        "none functions differently" if flagged.empty else
        phrase("{} {} differently", prose.counted(len(flagged)), "functions" if len(flagged) == 1 else "function"),
        str(call["group"]), Number(told.result.n, "n"), prose.joined(groups),
    )]  # fmt: skip
    known = [row for row in table.to_dict("records") if not is_absent(row["delta_nagelkerke"])]
    if known:
        top = max(known, key=lambda row: float(row["delta_nagelkerke"]))
        said.append(phrase(
            "The largest effect has {}, χ²({}) = {}, {}, Δ*R*² = {}, which is {} by {}.", str(top["item"]),
            Number(top["df"], "df"), Number(top["chisq"], "statistic"), (PValue(top["p_adjusted"]),),
            Number(top["delta_nagelkerke"], "index"), str(top["jodoin_gierl"]),
            Citation("jodoin_gierl_2001", narrative=True),
        ))  # fmt: skip
    if not flagged.empty and (flagged["jodoin_gierl"] == "negligible").all():
        said.append(plain("All differences are negligible in size: with many respondents a small one is significant."))
    return said


def _items(told: Told) -> Table:
    call = told.result.call
    columns = [
        column("item", "Item"), Column("categories", phrase("Categories"), "n", shown=False),
        Column("chisq", phrase("χ²"), "statistic"), column("df", kind="df"),
        Column("p_value", phrase("*p*"), "p", shown=False),
        Column("p_adjusted", phrase("*p*"), "p"), Column("delta_nagelkerke", phrase("Δ*R*²"), "index"),
        Column("delta_mcfadden", phrase("Δ*R*² (McFadden)"), "index", shown=False), column("jodoin_gierl", "Size"),
        column("zumbo", "Size (Zumbo)", shown=False), Column("beta_change", phrase("Δβ"), "percent"),
        column("flagged", "Flagged", align="right"), column("form", "Form"),
    ]  # fmt: skip
    frame = told.result.tables["items"]
    frame = frame.assign(
        beta_change=100.0 * frame["beta_change"], flagged=["yes" if x else "no" for x in frame["flagged"]],
        form=[_FORMS[str(x)] for x in frame["form"]],
    )  # fmt: skip
    correction = {"holm": "Holm-adjusted ", "bonferroni": "Bonferroni-adjusted "}.get(str(call["adjust"]), "")
    score = "the sum of the items" if call["matching"] == "sum score" else "the sum of the other items"
    pure = " that are not flagged" if call["purify"] else ""
    notes = [
        phrase(
            "Likelihood-ratio tests of {} by proportional-odds regression {}, at equal score ({}{}); {}*p*. Flagged: "
            f"*p* below {{}}{_BESIDES[str(call['criterion'])]}.",
            _TESTS[str(call["test"])], Citation("zumbo_1999"), score, pure, correction, prose.below(told.level),
        ),
        phrase(
            "Δ*R*²: change of the share of {}; size: negligible below .035, moderate below .070, large from there {} "
            "(by {} negligible below .13, large from .26). Δβ: change of the slope of the score {}.",
            Citation("nagelkerke_1991", narrative=True), Citation("jodoin_gierl_2001"),
            Citation("zumbo_thomas_1997", narrative=True), Citation("crane_2004"),
        ),
        *(plain(prose.capital(note.message)) for note in told.result.notes if note.code == "DIF_NOT_TESTED"),
    ]  # fmt: skip
    return from_frame(
        told.table_id("items"), told.title("Differential Item Functioning"), columns, frame,
        usage=told.usage("rows with a missing item or group"), notes=TableNotes(tuple(notes)), mark=told.mark,
    )  # fmt: skip


def _differences(told: Told) -> Table:
    """How much higher a group answers than the reference at equal score."""
    columns = [
        column("item", "Item"), column("group", "Group"), Column("estimate", phrase("Log-odds"), "estimate"),
        column("std_error", kind="estimate"), Column("ci", prose.percent_ci(told.level), "interval"),
        Column("statistic", phrase("*z*"), "statistic"), column("p_value", kind="p"),
    ]  # fmt: skip
    frame = told.result.estimates
    frame = frame[frame["effect"] == "uniform"]
    frame = frame.assign(group=[_called(told, group) for group in frame["group"]])
    note = phrase(
        "Positive: the group answers higher than {} at equal score. The *p* are not adjusted.",
        _called(told, told.result.call["reference"]),
    )  # fmt: skip
    return from_frame(
        told.table_id("differences"), told.title("Differences Between Groups at Equal Score"), columns, frame,
        usage=told.usage("rows with a missing item or group"), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip


def _called(told: Told, group: object) -> str:
    """What a group is called: the label that the study gives the value, else the value itself."""
    labels = told.extra("group_labels")
    own = {} if labels is None else dict(zip(labels["group"].astype(str), labels["label"], strict=True))
    return str(own.get(str(group), group))


def _rounds(told: Told) -> Table:
    columns = [Column("round", phrase("Round"), "n"), column("anchors", "Matched on"), column("flagged", "Flagged")]
    frame = told.result.tables["purification"]
    frame = frame.assign(flagged=[value or "none" for value in frame["flagged"]])
    note = plain("Flagged items leave the matching score (but for the tested item itself) until nothing changes.")
    return from_frame(
        told.table_id("purification"), told.title("Purification of the Matching Score"), columns, frame,
        usage=told.usage("rows with a missing item or group"), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip
