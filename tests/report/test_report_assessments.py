"""Assessments of the organisation in a report: findings first, next steps, names in place of ids, long tables cut."""

from __future__ import annotations

import csv
from collections.abc import Mapping

import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.assessment.catalogue import LANGUAGES
from crmstudy.assessment.result import AssessmentResult
from crmstudy.notes import Note
from crmstudy.report.document import Document, Listing, Section
from crmstudy.report.record import Block, StudyRecord, samples_named
from crmstudy.report.render.render import render
from crmstudy.report.style import Writer
from crmstudy.report.telling.compose import compose
from crmstudy.report.telling.front import SIMULATED, simulated

LEAVES = [*dict.fromkeys(cs.maturity.anchors("en")["leaf"])]


def ratings() -> AssessmentResult:
    """Two raters, everything at level 1 or 2 but the leaves of technology at 3."""
    rows = [
        {"leaf": leaf, "level": 3 if leaf in ("applications", "it_architecture") else 1 + place % 2, "rater": rater}
        for place, leaf in enumerate(LEAVES)
        for rater in ("A", "B")
    ]
    return cs.maturity.rate(pd.DataFrame(rows))


def success() -> AssessmentResult:
    answers = pd.DataFrame({"entry": ["promise_stated", "promise_kept"], "answer": ["yes", "no"]})
    return cs.checklist(answers, list="employer_brand")


def purchases() -> AssessmentResult:
    frame = pd.DataFrame({"customer": [f"K{i:03d}" for i in range(150)], "amount": [10.0 + i for i in range(150)]})
    return cs.value.pareto(frame)


@pytest.fixture(scope="module")
def results() -> Mapping[str, AssessmentResult]:
    return {"maturity": ratings(), "checklist": success(), "pareto": purchases()}


@pytest.fixture(scope="module")
def document(results: Mapping[str, AssessmentResult]) -> Document:
    blocks = tuple(Block(kind, kind, "s", kind.title(), {}, result, None, {}) for kind, result in results.items())
    return compose(StudyRecord("An audit", "en", 1, 0.95, (), blocks))


def lines(document: Document, section: Section) -> list[str]:
    writer = Writer(document)
    listings = [element for element in section.elements if isinstance(element, Listing)]
    return [writer.text(sentence) for listing in listings for sentence, _ in listing.items]


def test_the_first_page_says_the_finding_of_each_and_what_comes_next(document, results):
    front = next(section for section in document.sections if section.id == "findings")
    assert lines(document, front) == [f"{kind.title()}: {result.prose('en')[0]}" for kind, result in results.items()]
    steps = next(section for section in front.sections if section.id == "next-steps")
    asked = [f"{kind.title()}: {step}" for kind, result in results.items() for step in result.next_steps("en")]
    assert lines(document, steps) == asked
    assert any("promise" in line.lower() for line in asked)
    assert not [section for section in front.sections if section.id == "state"]


def test_people_read_names_and_the_file_has_the_ids(document, tmp_path):
    writer = Writer(document)
    table = next(table for table in document.tables if table.id == "maturity_overall")
    strong, unit = table.column("strong")[0], next(column for column in table.columns if column.key == "unit")
    assert "".join(run.text for run in writer.cell(strong)) == "Technology"
    assert not unit.shown
    render(document, tmp_path, ("md",), figures=())
    with next(tmp_path.rglob("maturity_overall.csv")).open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    assert (row["strong"], row["unit"]) == ("technology", "all")


def test_a_long_table_is_read_to_a_row_and_the_file_has_all(document, tmp_path):
    table = next(table for table in document.tables if table.id == "pareto_key_customers")
    every = len(table.rows)
    assert every > 20
    assert len(table.read) == 20
    assert f"The first 20 of {every} rows" in Writer(document).text(table.notes.general[0])
    render(document, tmp_path, ("html", "md", "docx"), figures=())
    with next(tmp_path.rglob("pareto_key_customers.csv")).open(encoding="utf-8-sig", newline="") as file:
        names = [row["customer"] for row in csv.DictReader(file)]
    assert len(names) == every
    for written in ("report.html", "report.md"):
        text = (tmp_path / written).read_text(encoding="utf-8")
        assert names[19] in text
        assert names[20] not in text


def test_labels_and_next_steps_are_there_in_each_language(results):
    for result in results.values():
        said = {lang: result.next_steps(lang) for lang in LANGUAGES}
        assert len({len(steps) for steps in said.values()}) == 1
        named = {lang: result.labels(lang) for lang in LANGUAGES}
        for column, english in named["en"].items():
            for lang in ("fa", "ru"):
                assert set(named[lang][column]) == set(english)
                assert all(named[lang][column][id] != label for id, label in english.items() if label.isascii())


@pytest.mark.parametrize(
    ("names", "every", "said"),
    [
        (["a"], ["a"], "the sample 'a'"),
        (["a", "b"], ["a", "b"], "all 2 samples"),
        (["a"], ["a", "b"], "'a'"),
        (["a", "b", "c"], ["a", "b", "c", "d"], "all samples but 'd'"),
        (["a", "b"], ["a", "b", "c", "d", "e"], "'a' and 'b'"),
    ],
)
def test_samples_are_named_by_the_shorter_list(names, every, said):
    assert samples_named(names, every) == said


def test_simulated_samples_are_told_once(results):
    notes = tuple(Note(SIMULATED, f"The answers of '{name}' are simulated.", "warning", name) for name in "ab")
    record = StudyRecord("An audit", "en", 1, 0.95, (), (), notes=notes)
    assert simulated(record) == (
        "The answers of all 2 samples are simulated, not those of people. "
        "Nothing in this report is a finding about people."
    )
    table = next(table for table in compose(record).tables if table.id == "notes")
    assert len(table.rows) == 1
