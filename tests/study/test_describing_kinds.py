"""Sample description and classic tests as analyses of a study, told in its report; weights of a sample."""

import json

import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.report.document import Callout, Table
from crmstudy.report.telling.compose import compose
from tests.study.small import STUDY, write_small

ANALYSES = (
    "  - {id: who, kind: frequencies, sample: staff}\n",
    "  - {id: cross, kind: crosstab, sample: staff, rows: branch, cols: A1, exact: simulate, draws: 200}\n",
    "  - {id: middle, kind: midpoint, sample: staff}\n",
    "  - {id: other, kind: midpoint, sample: staff, items: [A1, A2], midpoints: {A1: 2, A2: 3}}\n",
    "  - {id: ranks, kind: friedman, sample: staff, items: [A1, B1, B2], bootstrap: 200}\n",
    "  - {id: kendall, kind: correlations, sample: staff, items: [ease, trust, age], method: kendall}\n",
    "  - {id: partial, kind: correlations, sample: staff, partial: [age]}\n",
    "  - {id: poly, kind: correlations, sample: staff, items: [A1, A2], method: polychoric}\n",
    "  - id: banks\n    kind: check_table\n    sample: staff\n"
    "    rows: [{label: banks, n: 370, sd: '.54', se: '.046'}]\n",
)
LABELLED = STUDY.replace(
    "variables: {age: {type: number}, branch: {type: category}}",
    "variables: {age: {type: number, label: {en: Age in years}}, branch: {type: category, label: {en: Branch}, "
    "values: {'1': {en: North}, '2': {en: South}}}}",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = write_small(tmp_path_factory.mktemp("describing") / "study", *ANALYSES, study=LABELLED)
    return cs.run(cs.Study.load(folder))


@pytest.fixture(scope="module")
def document(results):
    return compose(results.record)


def tables(document):
    return {table.id: table for table in document.elements() if isinstance(table, Table)}


def texts(table, key):
    return ["".join(piece.text for piece in cell.label) or cell.value for cell in table.column(key)]


def test_every_analysis_is_done(results):
    assert [block.status for block in results.blocks] == ["fine"] * len(ANALYSES)


def test_characteristics_have_their_names(document):
    table = tables(document)["who_frequencies"]
    assert list(dict.fromkeys(texts(table, "variable"))) == ["Branch"]
    assert texts(table, "label") == ["North", "South", "3"]
    assert texts(tables(document)["who_numbers"], "variable") == ["Age in years"]


def test_every_classic_test_stands_beside_its_counterpart(document):
    found = set(tables(document))
    assert {"cross_counts", "cross_tests", "cross_association"} <= found
    assert {"middle_means", "middle_ranks", "other_means"} <= found
    assert {"ranks_mean_ranks", "ranks_rank_pairs", "ranks_differences"} <= found
    assert {"kendall_pairs", "partial_pairs", "poly_pairs", "banks_checks"} <= found


def test_numbers_are_those_of_the_verbs(results, document):
    table = tables(document)["middle_means"]
    assert [cell.value for cell in table.column("d")] == results["middle"].result.tables["effects"]["d"].tolist()
    assert [cell.value for cell in tables(document)["other_means"].column("midpoint")] == [2.0, 3.0]


def test_a_contradiction_is_told_once_above_its_table(document):
    boxes = [element for element in document.elements() if isinstance(element, Callout)]
    assert sum(box.code == "TABLE_INCONSISTENT" for box in boxes) == 1


def test_weights_of_a_sample_reach_what_can_use_them(tmp_path):
    study = STUDY.replace("    instruments: [small]\n", "    instruments: [small]\n    weights: age\n")
    model = "  - {id: model, kind: cfa, sample: staff, model: 'f =~ A1 + A2 + A3 + B1'}\n"
    reliability = "  - {id: alpha, kind: reliability, sample: staff}\n"
    items = "  - {id: items, kind: items, sample: staff}\n"
    folder = write_small(tmp_path / "s", *ANALYSES[:3], ANALYSES[5], items, reliability, model, study=study)
    results = cs.run(cs.Study.load(folder))
    used = {block.id: block.result.call.get("weights") for block in results.blocks}
    assert {id for id, weights in used.items() if weights == "age"} == {"who", "cross", "middle", "items", "model"}
    told = {block.id for block in results.blocks if "WEIGHTS_NOT_USED" in [note.code for note in block.notes]}
    assert told == {"kendall", "alpha"}
    frame = pd.read_csv(folder / "answers.csv")
    theirs = cs.describe(frame, items=["A1"], weights="age").estimates["estimate"].iloc[0]
    mine = results["items"].result.estimates.set_index("term").loc["A1", "estimate"]
    assert mine == pytest.approx(theirs)
    compose(results.record)


@pytest.mark.parametrize(
    ("analysis", "message"),
    [
        ("  - {id: x, kind: frequencies, sample: staff, variables: [brnch]}\n", "Did you mean 'branch'"),
        ("  - {id: x, kind: crosstab, sample: staff, rows: branch, cols: branch}\n", "name two columns"),
        ("  - {id: x, kind: midpoint, sample: staff, scales: [eas]}\n", "Did you mean 'ease'"),
        ("  - {id: x, kind: correlations, sample: staff, partial: [aeg]}\n", "Did you mean 'age'"),
        ("  - {id: x, kind: check_table, sample: staff, rows: [{maen: 3}]}\n", "Did you mean 'mean'"),
        ("  - {id: x, kind: crosstab, sample: staff, rows: branch}\n", "'cols'"),
    ],
)
def test_faults_are_found_at_the_door(tmp_path, analysis, message):
    folder = write_small(tmp_path / "s", analysis)
    with pytest.raises(cs.InputError, match=message):
        cs.run(cs.Study.load(folder))


def test_weights_that_are_no_column(tmp_path):
    study = STUDY.replace("    instruments: [small]\n", "    instruments: [small]\n    weights: agee\n")
    folder = write_small(tmp_path / "s", ANALYSES[0], study=study)
    with pytest.raises(cs.StudyError, match=r"the weights 'agee' of the sample 'staff' are no column.*'age'"):
        cs.run(cs.Study.load(folder))


def test_the_report_is_written_and_the_same_again(results, tmp_path):
    results.report(tmp_path / "out", formats=["html", "docx", "md"])
    first = (tmp_path / "out" / "report.html").read_bytes()
    results.report(tmp_path / "again", formats=["html"])
    assert (tmp_path / "again" / "report.html").read_bytes() == first
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert [analysis["status"] for analysis in record["analyses"]] == ["fine"] * len(ANALYSES)
