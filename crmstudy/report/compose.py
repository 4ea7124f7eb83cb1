"""From the record of a study to the document that tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from crmstudy.errors import UnsupportedError
from crmstudy.report.compose_appendix import items_appendix
from crmstudy.report.compose_card import card_section
from crmstudy.report.compose_end import failed_block, notes_section, provenance_section
from crmstudy.report.compose_front import banner, findings_section
from crmstudy.report.compose_hypotheses import engine_section, hypotheses_section
from crmstudy.report.compose_invariance import invariance_section
from crmstudy.report.compose_measurement import correlations_section, items_section
from crmstudy.report.compose_models import structural_section
from crmstudy.report.compose_regression import regression_section
from crmstudy.report.compose_reliability import reliability_section
from crmstudy.report.compose_samples import samples_section, screening_section
from crmstudy.report.document import Document, ReferenceList, Section, phrase
from crmstudy.report.record import Block, StudyRecord
from crmstudy.report.style import cited_keys, number_style, require_language
from crmstudy.report.told import Told

#: How each kind of analysis is told.
KINDS: Mapping[str, Callable[[Told], Section]] = {
    "items": items_section,
    "reliability": reliability_section,
    "correlations": correlations_section,
    "regression": regression_section,
    "cfa": structural_section,
    "sem": structural_section,
    "invariance": invariance_section,
}
AUDIENCES = ("research",)


def compose(record: StudyRecord) -> Document:
    """Tell a study: findings, study card, participants, screening, the analyses in their order, then the rest.

    Parameters
    ----------
    record : StudyRecord
        The study as it was run.

    Returns
    -------
    Document
        Typed values; :func:`~crmstudy.report.render.render` writes it.

    Raises
    ------
    UnsupportedError
        For a style, a language, an audience or a kind of analysis this version does not have.
    """
    _refuse_unsupported(record)
    sections = [
        findings_section(record),
        card_section(record),
        samples_section(record),
        screening_section(record),
        *(_block_section(record, block) for block in record.blocks),
        hypotheses_section(record),
        engine_section(record),
        notes_section(record),
        provenance_section(record),
    ]
    body = tuple(section for section in sections if section is not None)
    document = Document(record.title, record.lang, "ltr", body, record.style, banner=banner(record))
    references = Section("references", phrase("References"), (ReferenceList(cited_keys(document)),))
    appendix = items_appendix(record)
    return replace(document, sections=(*body, references, *([appendix] if appendix else [])))


def _refuse_unsupported(record: StudyRecord) -> None:
    number_style(record.style)
    require_language(record.lang)
    if record.audience not in AUDIENCES:
        raise UnsupportedError(
            f"This version writes reports for the audience {', '.join(AUDIENCES)}, not '{record.audience}'."
        )
    unknown = [f"'{block.kind}' ({block.id})" for block in record.blocks if block.kind not in KINDS]
    if unknown:
        raise UnsupportedError(f"A report tells analyses of the kinds {', '.join(KINDS)}, not {', '.join(unknown)}.")


def _block_section(record: StudyRecord, block: Block) -> Section:
    if block.result is None:
        return failed_block(block)
    return KINDS[block.kind](Told(record, block, block.result))
