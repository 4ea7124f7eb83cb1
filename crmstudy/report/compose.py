"""From the record of a study to the document that tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from crmstudy.errors import UnsupportedError
from crmstudy.report.compose_end import (
    engine_section,
    failed_block,
    hypotheses_section,
    notes_section,
    provenance_section,
)
from crmstudy.report.compose_front import card_section, findings_section, samples_section, screening_section
from crmstudy.report.compose_measurement import correlations_section, items_section, reliability_section
from crmstudy.report.compose_models import regression_section, structural_section
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
    document = Document(
        record.title, record.lang, "ltr", tuple(section for section in sections if section is not None), record.style
    )
    references = Section("references", phrase("References"), (ReferenceList(cited_keys(document)),))
    return replace(document, sections=(*document.sections, references))


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
