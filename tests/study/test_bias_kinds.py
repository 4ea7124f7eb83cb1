"""Method bias and item functioning in a study: what is refused at the door, and how the report tells it."""

from __future__ import annotations

import re

import pytest

import crmstudy as cs
from crmstudy.report.document import DAGGER, Document, FigureBlock, Table
from crmstudy.report.render.render import render
from crmstudy.report.telling.compose import compose
from crmstudy.study.opening import open_study
from tests.reference import HERE
from tests.study.small import ITEMS, write_small

BIAS = """\
  - id: bias
    kind: method_bias
    sample: staff
    marker: [trust]
    model: |
      ease =~ A1 + A2 + A3
"""
FAIR = "  - {id: fair, kind: dif, sample: staff, scale: ease, group: branch}\n"
COLUMNS = [f"{factor}{i}" for factor in ("st", "qw", "sa", "te") for i in range(1, 5)]
CRM = """\
crmstudy: 1
title: {en: Bias}
seed: 3
samples:
  staff:
    population: staff
    file: crm.csv
    variables: {VARIABLES}
  people:
    population: staff
    file: personality.csv
    variables: {A2: {type: number}, A3: {type: number}, A4: {type: number}, A5: {type: number},
                gender: {type: category}, education: {type: category}}
analyses:
  - id: bias
    kind: method_bias
    sample: staff
    marker: [te1, te2, te3]
    harman: true
    model: |
      st =~ st1 + st2 + st3 + st4
      qw =~ qw1 + qw2 + qw3 + qw4
      sa =~ sa1 + sa2 + sa3 + sa4
  - {id: gender, kind: dif, sample: people, items: [A2, A3, A4, A5], group: gender}
  - {id: schooling, kind: dif, sample: people, items: [A2, A3, A4, A5], group: education, criterion: jodoin_gierl}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> cs.StudyResults:
    folder = tmp_path_factory.mktemp("bias")
    for name in ("crm", "personality"):
        (folder / f"{name}.csv").write_bytes((HERE / "data" / f"{name}.csv").read_bytes())
    variables = "{" + ", ".join(f"{name}: {{type: number}}" for name in COLUMNS) + "}"
    (folder / "study.yaml").write_text(CRM.replace("{VARIABLES}", variables), encoding="utf-8")
    return cs.run(cs.Study.load(folder))


@pytest.fixture(scope="module")
def document(results: cs.StudyResults) -> Document:
    return compose(results.record)


@pytest.fixture(scope="module")
def page(results: cs.StudyResults, document: Document, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report as Markdown, without its marks of style."""
    out = tmp_path_factory.mktemp("out")
    render(document, out, formats=["md", "html", "docx"])
    assert (out / "report.html").stat().st_size > 1000
    assert (out / "report.docx").stat().st_size > 1000
    return re.sub(r"[*\\]", "", (out / "report.md").read_text(encoding="utf-8"))


def table(document: Document, id: str) -> Table:
    (found,) = [one for one in document.tables if one.id == id]
    return found


# --- at the door -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("marker: [trust]", "marker: [trst]", "the column 'trst' of the analysis 'bias'"),
        ("marker: [trust]", "marker: [B1, BB2]", "the column 'BB2' of the analysis 'bias'"),
        ("marker: [trust]", "method: [ulcm]", "ulmc"),
        ("marker: [trust]", "harman: perhaps", "harman"),
        ("A1 + A2", "A1 + AA2", "'AA2' is neither a column of the data nor measured"),
        ("ease =~ A1", "ease ~ A1", "measures no factor"),
        ("scale: ease", "scale: eese", "the scale 'eese' of the analysis 'fair'"),
        ("scale: ease, ", "", "needs 'scale', or 'items'"),
        ("scale: ease", "items: [A1, A9]", "the column 'A9' of the analysis 'fair'"),
        ("scale: ease", "items: [A1, A2], scale: ease", "keep one of them"),
        ("group: branch", "group: brnch", "the column 'brnch' of the analysis 'fair'"),
        ("scale: ease, group: branch", "items: [A1, A2], group: A1", "the group and an item"),
        ("group: branch", "group: branch, anchor: [A7]", "the column 'A7' of the analysis 'fair'"),
        ("group: branch", "group: branch, criterion: r2", "jodoin_gierl"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path, old, new, said):
    folder = write_small(tmp_path / "s", ITEMS, BIAS.replace(old, new), FAIR.replace(old, new))
    with pytest.raises(cs.InputError) as caught:
        open_study(cs.Study.load(folder))
    (told, *_) = [fault for fault in caught.value.faults if said in str(fault)]
    assert told.line is not None


def test_a_scale_as_marker_and_a_scale_of_items(tmp_path):
    results = cs.run(cs.Study.load(write_small(tmp_path / "s", BIAS, FAIR)))
    assert results["bias"].result.call["marker"] == ["B1", "B2", "B3"]
    assert results["fair"].result.tables["items"]["item"].tolist() == ["A1", "A2", "A3"]
    assert results["fair"].result.n <= 60


# --- the report ------------------------------------------------------------------------------------------------------


def test_every_table_of_bias_is_there(document):
    ids = {one.id for one in document.tables}
    wanted = {"models", "ulmc", "marker", "marker_reliability", "collinearity", "harman"}
    assert {f"bias_{name}" for name in wanted} <= ids
    models = table(document, "bias_models")
    assert len(models.rows) == 10
    marked = [row[0].value for row in models.rows if row[0].mark == DAGGER]
    assert "method factor, equal" in marked
    assert "CFA" not in marked


def test_what_is_said_of_bias(page):
    assert "A single factor behind all items fits worse than the model with three factors" in page
    assert "The model with a method factor of equal loadings has no proper solution." in page
    assert "The items carry method variance that the marker measures" in page
    assert "not above the 3.3 that Kock (2015) names" in page
    assert "The test is discredited (Howard et al., 2024)" in page
    assert "No one technique proves or excludes common-method bias" in page


def test_what_is_said_of_items(document, page):
    assert "by gender (N = 2,7" in page
    assert "Of four items none functions differently by education" in page
    assert [column.key for column in table(document, "gender_items").columns][:3] == ["item", "categories", "chisq"]
    figures = [
        block.id for section in document.sections for block in section.elements if isinstance(block, FigureBlock)
    ]
    assert "gender_differences_plot" in figures
    assert "schooling_differences_plot" not in figures


def test_every_work_is_in_the_list(page):
    for words in ("Podsakoff, P. M.", "Lindell, M. K.", "Williams, L. J.", "Kock, N. (2015)", "Zumbo, B. D. (1999)",
                  "Jodoin, M. G.", "Nagelkerke, N. J. D."):  # fmt: skip
        assert words in page


def test_groups_are_called_as_the_study_says(tmp_path):
    write_small(tmp_path, FAIR)
    file = tmp_path / "study.yaml"
    declared = "branch: {type: category}"
    text = file.read_text(encoding="utf-8")
    assert declared in text
    named = "branch: {type: category, values: {'2': {en: The north}, '3': {en: The south}}}"
    file.write_text(text.replace(declared, named), encoding="utf-8")
    document = compose(cs.run(cs.Study.load(tmp_path)).record)
    table = next(table for table in document.tables if table.id == "fair_differences")
    place = [column.key for column in table.columns].index("group")
    assert {str(row[place].value) for row in table.rows} == {"The north", "The south"}
