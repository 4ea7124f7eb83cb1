"""The mobile study with three analyses that went wrong, told and written once for all tests of the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError
from crmstudy.models.second_engine import check_sem
from crmstudy.report.document import Document
from crmstudy.report.record import Block, StudyRecord
from crmstudy.report.render.render import render
from crmstudy.report.telling.compose import compose
from crmstudy.results import HypothesisTest

FOUR_FACTORS = """
quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
value =~ PERV1 + PERV2
satisfaction =~ CUSA1 + CUSA2 + CUSA3
loyalty =~ CUSL1 + CUSL2 + CUSL3
"""
MEDIATED = """
quality =~ PERQ1 + PERQ2 + PERQ3
value =~ PERV1 + PERV2
satisfaction =~ CUSA1 + CUSA2 + CUSA3
value ~ a*quality
satisfaction ~ b*value
indirect := a*b
"""


@pytest.fixture(scope="session")
def told_record(mobile_results: cs.StudyResults) -> StudyRecord:
    """The mobile study with an inadmissible CFA, a model that did not converge, and a failed regression."""
    record = mobile_results.record
    answers = record.samples[0].responses.values
    improper = cs.cfa(FOUR_FACTORS, answers, bootstrap=40, seed=1)
    stopped = cs.sem(MEDIATED, answers, control={"max_iter": 2})
    assert not improper.admissible
    assert not stopped.admissible
    extras = {"validity": cs.validity(improper), "second_engine": check_sem(improper)}
    blocks = (
        *record.blocks,
        Block("improper", "cfa", "customers", "Four factors", {"model": FOUR_FACTORS}, improper, None, extras),
        Block("stopped", "sem", "customers", "Stopped early", {"model": MEDIATED}, stopped, None, {}),
        Block("broken", "regression", "customers", "Broken", {}, None, AnalysisError("the item 'x' does not vary")),
    )
    on = {"improper": "quality ~~ loyalty > 0", "stopped": "value ~ quality > 0", "broken": "loyalty ~ x > 0"}
    tests = tuple(
        HypothesisTest(f"X{i}", "A claim.", claim, name, "not testable", f"the analysis '{name}' has no usable result")
        for i, (name, claim) in enumerate(on.items(), start=1)
    )
    return replace(record, blocks=blocks, hypotheses=(*record.hypotheses, *tests))


@pytest.fixture(scope="session")
def told_document(told_record: StudyRecord) -> Document:
    return compose(told_record)


@pytest.fixture(scope="session")
def example_record() -> StudyRecord:
    """The example study with its simulated answers, as `init` writes it."""
    folder = Path(cs.__file__).parent / "templates" / "study"
    return cs.run(cs.Study.load(folder)).record


@pytest.fixture(scope="session")
def example_document(example_record: StudyRecord) -> Document:
    return compose(example_record)


@pytest.fixture(scope="session")
def told_folder(told_document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report in every format."""
    folder = tmp_path_factory.mktemp("report")
    render(told_document, folder, ("html", "docx", "md"))
    return folder
