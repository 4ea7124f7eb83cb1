"""From the record of a study to the document that tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from crmstudy.assessment.result import AssessmentResult
from crmstudy.errors import UnsupportedError
from crmstudy.report.document import Document, ReferenceList, Section, phrase
from crmstudy.report.record import Block, StudyRecord
from crmstudy.report.style import cited_keys, number_style, require_language
from crmstudy.report.telling.appendix import items_appendix
from crmstudy.report.telling.assessing import assessment_section
from crmstudy.report.telling.bias import bias_section
from crmstudy.report.telling.card import card_section
from crmstudy.report.telling.classics import friedman_section, midpoint_section
from crmstudy.report.telling.content import content_section
from crmstudy.report.telling.describing import check_table_section, crosstab_section, frequencies_section
from crmstudy.report.telling.dif import dif_section
from crmstudy.report.telling.distributions import distributions_section
from crmstudy.report.telling.efa import efa_section
from crmstudy.report.telling.end import failed_block, notes_section, provenance_section
from crmstudy.report.telling.front import banner, findings_section
from crmstudy.report.telling.hypotheses import engine_section, hypotheses_section
from crmstudy.report.telling.imputation import imputation_appendix, imputation_section, with_pooling
from crmstudy.report.telling.invariance import invariance_section
from crmstudy.report.telling.measurement import correlations_section, items_section
from crmstudy.report.telling.models import structural_section
from crmstudy.report.telling.nonresponse import nonresponse_section
from crmstudy.report.telling.pilot import pilot_section
from crmstudy.report.telling.raters import icc_section, raters_section, retest_section
from crmstudy.report.telling.regression import regression_section
from crmstudy.report.telling.reliability import reliability_section
from crmstudy.report.telling.retention import retention_section
from crmstudy.report.telling.samples import samples_section
from crmstudy.report.telling.screening import screening_section
from crmstudy.report.telling.sensitivity import sensitivity_section
from crmstudy.report.telling.told import Told

#: How each kind of analysis is told.
KINDS: Mapping[str, Callable[[Told], Section]] = {
    "items": items_section,
    "frequencies": frequencies_section,
    "crosstab": crosstab_section,
    "midpoint": midpoint_section,
    "friedman": friedman_section,
    "check_table": check_table_section,
    "reliability": reliability_section,
    "retention": retention_section,
    "efa": efa_section,
    "correlations": correlations_section,
    "regression": regression_section,
    "cfa": structural_section,
    "sem": structural_section,
    "invariance": invariance_section,
    "nonresponse": nonresponse_section,
    "method_bias": bias_section,
    "dif": dif_section,
    "icc": icc_section,
    "test_retest": retest_section,
    "raters": raters_section,
    "content_validity": content_section,
    "pilot": pilot_section,
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
        Typed values; :func:`~crmstudy.report.render.render.render` writes it.

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
        distributions_section(record),
        imputation_section(record),
        *(_block_section(record, block) for block in record.blocks),
        hypotheses_section(record),
        sensitivity_section(record),
        engine_section(record),
        notes_section(record),
        provenance_section(record),
    ]
    body = tuple(section for section in sections if section is not None)
    document = Document(record.title, record.lang, "ltr", body, record.style, banner=banner(record))
    references = Section("references", phrase("References"), (ReferenceList(cited_keys(document)),))
    appendices = [section for section in (items_appendix(record), imputation_appendix(record)) if section is not None]
    return replace(document, sections=(*body, references, *appendices))


def _refuse_unsupported(record: StudyRecord) -> None:
    number_style(record.style)
    require_language(record.lang)
    if record.audience not in AUDIENCES:
        raise UnsupportedError(
            f"This version writes reports for the audience {', '.join(AUDIENCES)}, not '{record.audience}'."
        )
    unknown = [
        f"'{block.kind}' ({block.id})"
        for block in record.blocks
        if block.kind not in KINDS and block.error is None and not isinstance(block.result, AssessmentResult)
    ]
    if unknown:
        raise UnsupportedError(f"A report tells analyses of the kinds {', '.join(KINDS)}, not {', '.join(unknown)}.")


def _block_section(record: StudyRecord, block: Block) -> Section:
    if block.result is None:
        return failed_block(block)
    told = Told(record, block, block.result)
    if isinstance(block.result, AssessmentResult):
        return assessment_section(told)
    return with_pooling(told, KINDS[block.kind](told))
