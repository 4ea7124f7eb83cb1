"""What the report says about participants, missing and careless answers, and about the results without the flagged."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.drawing import CoefficientPlot, MissingnessMap, ParticipantFlow
from crmstudy.report.document import Document, FigureBlock, inlines
from crmstudy.report.figures.draw import draw_bytes
from crmstudy.report.render.render import render
from crmstudy.report.style import Writer
from crmstudy.report.telling.compose import compose
from crmstudy.report.telling.samples import participant_flow
from tests.study.small import REGRESSION, STUDY, write_small

LATE = "  - {id: late, kind: nonresponse, sample: staff, order: age}\n"
RELIABILITY = "  - {id: reliability, kind: reliability, sample: staff}\n"
CLAIM = "hypotheses:\n  H1: {statement: {en: Ease makes trust.}, claim: trust ~ ease > 0, analysis: drivers}\n"
SCREENING = "{longstring: 5, duplicates: true, irv: 0.5, exclude: [longstring, irv]}"


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> cs.StudyResults:
    text = STUDY.replace("seed: 7", f"seed: 7\nscreening: {SCREENING}")
    text = text.replace(
        "    instruments:", "    flow: {invited: 100, opened: 90, started: 80, completed: 62}\n    instruments:"
    )
    folder = write_small(tmp_path_factory.mktemp("s") / "s", REGRESSION, RELIABILITY, LATE, study=text, rest=CLAIM)
    answers = pd.read_csv(folder / "answers.csv", dtype=str)
    items = ["A1", "A2", "A3", "B1", "B2", "B3"]
    answers.loc[3, items] = answers.loc[11, items] = "2"
    for row, item in ((0, "A1"), (1, "A1"), (2, "B2"), (2, "B3")):
        answers.loc[row, item] = ""
    answers.loc[20, "A2"] = "9"
    answers.to_csv(folder / "answers.csv", index=False)
    return cs.run(cs.Study.load(folder))


@pytest.fixture(scope="module")
def document(results) -> Document:
    return compose(results.record)


def _text(document: Document) -> str:
    writer = Writer(document)
    return " ".join(writer.text(inline) for inline in inlines(document))


def _table(document: Document, id: str):
    return next(table for table in document.tables if table.id == id)


def _figure(document: Document, id: str) -> FigureBlock:
    return next(figure for figure in document.figures if figure.id == id)


def test_the_flow_adds_up(results, document):
    flow = _figure(document, "staff_flow").drawing
    assert isinstance(flow, ParticipantFlow)
    assert [count for _, count in flow.stages[:5]] == [100, 90, 80, 62, 60]
    assert flow.stages[-1][1] == results.record.samples[0].n_used
    lost = [sum(count for _, count in reasons) for reasons in flow.losses]
    counts = [count for _, count in flow.stages]
    assert lost == [before - after for before, after in pairwise(counts)]
    assert flow.losses[-1][0][0] == "Excluded (longstring)"


def test_rates_are_told(document):
    table = _table(document, "staff_rates")
    response = next(row for row in table.rows if row[0].value == "response")
    assert [cell.value for cell in response[1:3]] == [62, 100]
    assert response[3].value == pytest.approx(62.0)
    assert "62 of 100 people who were invited completed the questionnaire (62.0%)" in _text(document)


def test_without_flow_and_losses_there_is_no_figure(results):
    from dataclasses import replace

    sample = replace(results.record.samples[0], flow={}, n_used=60)
    document = compose(replace(results.record, samples=(sample,)))
    assert "staff_flow" not in [figure.id for figure in document.figures]
    grown = participant_flow(replace(sample, flow={"completed": 40}))
    assert grown.losses[0] == ()


def test_missing_answers_are_told(document):
    text = _text(document)
    assert "5 of 360 answers (1.4%) are missing, in 4 of 6 items." in text
    assert "56 of 60 respondents (93.3%) answered every item, 3 left out one, 1 more than one (at most 2)." in text
    assert "Little's test of data missing completely at random (Little, 1988): χ²(" in text
    scales = _table(document, "staff_missing")
    assert [cell.value for cell in scales.column("complete")] == [57, 59]
    items = _table(document, "staff_missing_items")
    assert dict(zip([c.value for c in items.column("item")], [c.value for c in items.column("out_of_range")],
                    strict=True)) == {"A1": 0, "A2": 1, "B2": 0, "B3": 0}  # fmt: skip
    assert isinstance(_figure(document, "staff_missing_map").drawing, MissingnessMap)


def test_rules_overlap_and_indices_are_told(results, document):
    rules = _table(document, "staff_screening")
    settings = {row[0].value: row[1].value for row in rules.rows}
    assert settings["irv"] == "below 0.5"
    assert settings["longstring"] == "5"
    overlap = _table(document, "staff_overlap")
    flags = results.record.samples[0].screening.flags
    both = int((flags["longstring"] & flags["irv"]).sum())
    names = [row[0].value for row in overlap.rows]
    row = overlap.rows[names.index("irv")]
    assert row[1 + names.index("longstring")].value == both
    assert _table(document, "staff_indices").column("index")[0].value == "longstring"
    assert "shows what they do to the results" in _text(document)


def test_results_with_and_without_stand_side_by_side(results, document):
    table = _table(document, "sensitivity")
    results_told = ["H1", "ease alpha", "ease omega", "trust alpha", "trust omega"]
    assert [cell.value for cell in table.column("subject")] == [name for name in results_told for _ in range(3)]
    assert [cell.value for cell in table.column("rows")] == ["all", "declared", "unflagged"] * 5
    declared = table.rows[1]
    test = results.hypotheses[0]
    assert declared[5].value == test.estimate
    assert declared[6].value == (test.ci_low, test.ci_high)
    assert declared[8].value == test.verdict
    ids = [section.id for section in document.sections]
    assert ids.index("sensitivity-flagged") == ids.index("hypothesis-tests") + 1


def test_early_and_late_are_told(results, document):
    table = _table(document, "late_comparison")
    assert [cell.value for cell in table.column("term")] == ["ease", "trust"]
    estimates = results["late"].result.estimates
    assert [cell.value for cell in table.column("estimate")] == estimates["estimate"].tolist()
    drawing = _figure(document, "late_differences").drawing
    assert isinstance(drawing, CoefficientPlot)
    assert drawing.terms == ("Ease", "Trust")
    assert "The first and the last third of the respondents by age are compared" in _text(document)


def test_everything_is_written_in_every_format(document, tmp_path):
    render(document, tmp_path, ("html", "docx", "md"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in (
        "Flow of Participants",
        "Patterns of Missing Answers",
        "Main Results With and Without",
        "Wilson, E. B.",
    ):
        assert words in page, words


@pytest.mark.slow
@pytest.mark.parametrize("items", [1, 3, 60])
@pytest.mark.parametrize("patterns", [2, 100])
def test_maps_of_any_size_are_drawn(items, patterns):
    rng = np.random.default_rng(1)
    described = MissingnessMap(
        "t", "a", tuple(f"item{i}" for i in range(items)), tuple(rng.uniform(0, 30, items)),
        tuple(tuple(bool(cell) for cell in row) for row in rng.random((patterns, items)) < 0.2),
        tuple(range(patterns, 0, -1)), 5, 9,
    )  # fmt: skip
    one, other = (draw_bytes(described, ("svg",))["svg"] for _ in range(2))
    assert one == other
    assert b"<svg" in one


def test_a_flow_of_one_box_is_drawn():
    flow = ParticipantFlow("t", "a", (("Rows", 3), ("Used", 3)), ((),))
    assert draw_bytes(flow, ("png",))["png"].startswith(b"\x89PNG")
