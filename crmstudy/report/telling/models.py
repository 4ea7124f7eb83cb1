"""What is said about measurement models and structural models."""

from __future__ import annotations

import pandas as pd

from crmstudy.report.document import CodeBlock, Element, FigureBlock, Inline, Number, Section, phrase
from crmstudy.report.telling import prose
from crmstudy.report.telling.absent_paths import absent_paths_sentences
from crmstudy.report.telling.bootstrap import simulated
from crmstudy.report.telling.estimates import estimate_elements
from crmstudy.report.telling.fit import fit_elements, fit_sentences
from crmstudy.report.telling.fitted_model import FittedModel
from crmstudy.report.telling.local_fit import local_fit_elements
from crmstudy.report.telling.told import Told
from crmstudy.report.telling.validity import validity_elements


def structural_section(told: Told) -> Section:
    """A measurement model or a structural model, from its fit to its local fit."""
    model = FittedModel(told)
    elements: list[Element] = []
    if model.has_fit:
        said = _path_sentences(model)
        elements.append(fit_sentences(model))
        elements += [told.listing(said)] if said else []
        absent = absent_paths_sentences(_first_group(model))
        elements += [told.sentences(*absent)] if absent else []
        elements += fit_elements(model)
    elements += _diagram(model)
    elements += estimate_elements(model)
    elements += validity_elements(model)
    elements += local_fit_elements(model)
    text = str(told.block.options.get("model") or told.result.call.get("model", ""))
    elements.append(CodeBlock(text.strip(), "The model as declared, in lavaan syntax"))
    return told.section([*told.absences("validity", "monte_carlo"), *elements])


def _path_sentences(model: FittedModel) -> list[Inline]:
    """Each structural path, and each parameter that is defined."""
    told, frame = model.told, model.result.estimates
    paths = frame[frame["op"] == "~"].to_dict("records")
    defined = frame[frame["op"] == ":="].to_dict("records")
    said = [
        prose.path_sentence(row, told.level, group=model.group_name(row), method=model.interval_word) for row in paths
    ]
    method = model.interval_word or "delta-method"
    return said + [prose.defined_sentence(row, told.level, simulated(told, row), method=method) for row in defined]


def _first_group(model: FittedModel) -> pd.DataFrame:
    """The parameters of the first group: every group has the same paths."""
    frame = model.result.estimates
    return frame[frame["group"] <= 1]


def _diagram(model: FittedModel) -> list[Element]:
    drawing, told = model.result.plot(), model.told
    notes: list[Inline] = [phrase(
        "Ellipses are latent variables, boxes observed ones; residual variances are not drawn. Values are standardised "
        "coefficients; a broken line: *p* is {} or more.", Number(0.05, "p", 2),
    )]  # fmt: skip
    if any(node.r_squared is not None for node in drawing.nodes):
        notes.append(phrase("*R*² is the explained share of a variable's variance."))
    words = "Path Diagram"
    if model.groups:
        words = f"Path Diagram of Group {model.groups[0]}"
        notes.append(phrase("Drawn is the first of {} groups.", prose.counted(len(model.groups))))
    return [FigureBlock(told.table_id("diagram"), told.title(words), drawing, tuple(notes), model.mark)]
