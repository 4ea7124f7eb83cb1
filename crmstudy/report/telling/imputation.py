"""How gaps were filled, whether the chains settled, and how much information was missing in what was pooled."""

from __future__ import annotations

from dataclasses import replace

from crmstudy.imputed import Imputed
from crmstudy.report.document import (
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
from crmstudy.report.record import SampleRecord, StudyRecord
from crmstudy.report.tables import Usage, column, from_frame
from crmstudy.report.telling.told import Told, note_callout

_METHODS = {
    "pmm": phrase("predictive mean matching"), "norm": phrase("normal draws"), "logit": phrase("logit model"),
}  # fmt: skip


def imputation_section(record: StudyRecord) -> Section | None:
    """The imputation of every sample that has one; None where none has."""
    elements: list[Element] = []
    for sample in record.samples:
        if sample.imputed is not None:
            elements += _told(sample, sample.imputed)
    return Section("imputation", phrase("Multiple imputation"), tuple(elements)) if elements else None


def _told(sample: SampleRecord, imputed: Imputed) -> list[Element]:
    notes = [
        note_callout(note) for note in imputed.given_notes if note.code.startswith("IMPUTE_") and note.level != "info"
    ]
    if imputed.models.empty:
        return [Paragraph((phrase("Sample {}: no answer is missing, so nothing was imputed.", sample.name),)), *notes]
    return [Paragraph((_how(sample, imputed),)), _models(sample, imputed), *notes]


def _how(sample: SampleRecord, imputed: Imputed) -> Inline:
    call, models = imputed.call, imputed.models
    gaps = int(models["missing"].sum())
    text = phrase(
        "Sample {}: {} missing values of {} variables were imputed *m* = {} times by chained equations {} with {} "
        "iterations (seed {}). Regression parameters were drawn from their posterior, and answers taken from one of "
        "the {} respondents with the nearest prediction (type-1 predictive mean matching).",
        sample.name, Number(gaps, "n"), Number(models["variable"].nunique(), "n"), Number(imputed.m, "n"),
        Citation("van_buuren_2018"), Number(call["iterations"], "n"), str(call["seed"]), Number(call["donors"], "n"),
    )  # fmt: skip
    text += phrase(
        " An item was predicted by the other items of its scale, the mean scores of the other scales{}.",
        f" and {', '.join(call['auxiliary'])}" if call["auxiliary"] else "",
    )
    if call["group"]:
        apart = bool(models["group"].any())
        text += phrase(
            " The groups of {} were imputed apart." if apart else " Indicators of {} were among the predictors.",
            str(call["group"]),
        )
    if call["cluster"]:
        text += phrase(" Models had random intercepts of {} and cluster means of the predictors.", str(call["cluster"]))
    return text


def _models(sample: SampleRecord, imputed: Imputed) -> Table:
    columns = [
        column("variable", "Variable"), column("group", "Group", shown=bool(imputed.models["group"].any())),
        Column("missing", phrase("Missing"), "n"), Column("percent", phrase("Percent"), "percent"),
        column("method", "Method"), Column("n_predictors", phrase("Predictors"), "n"),
        Column("rhat", phrase("*R̂*"), "statistic"), column("predictors", "Names of the predictors", shown=False),
    ]  # fmt: skip
    general = phrase(
        "*R̂* compares the spread of all chains with that within chains, of the means and standard deviations of what "
        "was filled in {}; 1 where they have settled, above 1.1 not yet. The names of the predictors stand in the CSV "
        "file.", Citation("gelman_rubin_1992"),
    )  # fmt: skip
    return from_frame(
        f"{sample.name}_imputation", phrase("Imputed Variables"), columns, imputed.models,
        usage=Usage(sample.n_used, 0), notes=TableNotes((general,)),
        labels={"method": lambda method: _METHODS[method]},
    )  # fmt: skip


def imputation_appendix(record: StudyRecord) -> Section | None:
    """The traces of every imputed sample; None where there is none."""
    elements: list[Element] = []
    for sample in record.samples:
        drawing = None if sample.imputed is None else sample.imputed.plot()
        if drawing is None:
            continue
        note = phrase(
            "Mean of the imputed values by iteration, one line a data set; the variables with the largest *R̂*. Lines "
            "that mix and have no trend speak for convergence."
        )
        elements.append(
            FigureBlock(f"{sample.name}_traces", phrase("Traces of the Imputation ({})", sample.name), drawing, (note,))
        )
    return Section("appendix-imputation", phrase("Appendix: Imputation"), tuple(elements)) if elements else None


def with_pooling(told: Told, section: Section) -> Section:
    """The section of a block, with a paragraph on the pooling where its result comes from imputed data."""
    table = told.result.estimates
    if "m" not in told.result.call or "fmi" not in table.columns:
        return section
    shares = table["fmi"].dropna()
    text = phrase(
        "Pooled over *m* = {} imputed data sets by Rubin’s rules {}, with degrees of freedom by {}.",
        Number(told.result.call["m"], "n"), Citation("rubin_1987"), Citation("barnard_rubin_1999", narrative=True),
    )  # fmt: skip
    if len(shares):
        text += phrase(
            " The fraction of missing information is {} to {}.",
            Number(float(shares.min()), "r"), Number(float(shares.max()), "r"),
        )  # fmt: skip
    return replace(section, elements=(*section.elements, Paragraph((text,))))
