"""Early and late respondents, told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crmstudy.drawing import CoefficientPlot
from crmstudy.report.document import Citation, Column, Element, FigureBlock, Number, Section, Table, TableNotes, phrase
from crmstudy.report.tables import column, from_frame
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told


def nonresponse_section(told: Told) -> Section:
    """Means of both groups, the difference and its test, and the standardised differences as a figure."""
    result, call = told.result, told.result.call
    early, late = ({str(k): v for k, v in row.items()} for row in result.tables["groups"].to_dict("records"))
    sizes = Number(int(early["n"]), "n"), Number(int(late["n"]), "n")
    if call["order"] is not None:
        said = phrase(
            "The first and the last {} of the respondents by {} are compared: {} early ({}) and {} late ({}).",
            str(call["split"]), str(call["order"]), sizes[0], _span(early), sizes[1], _span(late),
        )  # fmt: skip
    else:
        said = phrase("Respondents are compared by {}: {} early ({}) and {} late ({}).",
                      str(call["wave"]), sizes[0], _span(early), sizes[1], _span(late))  # fmt: skip
    caution = phrase(
        "That late respondents resemble those who never answered {} is an assumption that these data cannot test.",
        Citation("armstrong_overton_1977"),
    )
    summary = result.text
    for name in result.estimates["term"]:
        summary = summary.replace(f"({name}, ", f"({told.name(str(name))}, ")
    elements: list[Element] = [told.sentences(said, phrase("{}", summary), caution), _table(told)]
    figure = result.plot()
    if isinstance(figure, CoefficientPlot):
        figure = replace(figure, terms=tuple(map(told.name, figure.terms)))
        note = phrase("Points: standardised mean difference *d*, late less early, with its interval.")
        elements.append(FigureBlock(
            told.table_id("differences"), told.title("Differences of Late and Early Respondents"),
            figure, (note,), told.mark,
        ))  # fmt: skip
    return told.section(elements)


def _span(group: Mapping[str, Any]) -> str:
    """The ends of a group in the column that orders the respondents."""
    first, last = str(group["first"]), str(group["last"])
    return first if first == last else f"{first} to {last}"


def _table(told: Told) -> Table:
    columns = [
        column("term", "Variable"), Column("n_early", phrase("*n* early"), "n"),
        Column("mean_early", phrase("*M*"), "estimate"), Column("sd_early", phrase("*SD*"), "estimate"),
        Column("n_late", phrase("*n* late"), "n"), Column("mean_late", phrase("*M*"), "estimate"),
        Column("sd_late", phrase("*SD*"), "estimate"), Column("estimate", phrase("*d*"), "estimate"),
        Column("ci", prose.percent_ci(told.level), "interval"), Column("statistic", phrase("*t*"), "statistic"),
        Column("df", phrase("*df*"), "df"), column("p_value", kind="p"),
        Column("p_adjusted", phrase("*p* Holm"), "p"),
    ]  # fmt: skip
    note = phrase(
        "*t*: Welch's test {}; *d*: difference in pooled standard deviations, late less early, with an interval from "
        "the noncentral *t* distribution {}; *p* Holm is corrected for the number of variables {}.",
        Citation("welch_1947"), Citation("steiger_fouladi_1997"), Citation("holm_1979"),
    )  # fmt: skip
    return from_frame(
        told.table_id("comparison"), told.title("Early and Late Respondents"), columns, told.result.estimates,
        usage=told.usage("respondents who are neither early nor late"), notes=TableNotes((note,)), mark=told.mark,
        labels={"term": told.label}, decimals={"df": 1},
    )  # fmt: skip
