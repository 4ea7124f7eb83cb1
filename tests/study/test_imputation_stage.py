"""A study that imputes: declared, run, told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import StudyError
from crmstudy.report.document import FigureBlock, Table
from crmstudy.report.telling.compose import compose
from tests.study import small

DECLARED = "    instruments: [small]\n"
ANALYSES = """\
  - {id: items, kind: items, sample: staff, imputed: true}
  - {id: alphas, kind: reliability, sample: staff, imputed: true}
  - {id: pairs, kind: correlations, sample: staff, imputed: true}
  - {id: drivers, kind: regression, sample: staff, formula: trust ~ ease + age, imputed: true}
  - {id: plain, kind: regression, sample: staff, formula: trust ~ ease + age}
hypotheses:
  H1: {statement: {en: Ease raises trust.}, claim: "trust ~ ease > 0", analysis: drivers}
"""


EVERY_KIND = """\
  - {id: f1, kind: frequencies, sample: staff, variables: [branch], imputed: true}
  - {id: f2, kind: crosstab, sample: staff, rows: branch, cols: B1, imputed: true}
  - {id: f3, kind: midpoint, sample: staff, imputed: true}
  - {id: f4, kind: friedman, sample: staff, imputed: true}
  - {id: f5, kind: retention, sample: staff, items: [A1, A2, A3, B1, B2, B3], draws: 40, imputed: true}
  - {id: f6, kind: efa, sample: staff, items: [A1, A2, A3, B1, B2, B3], n_factors: 2, imputed: true}
  - {id: f7, kind: method_bias, sample: staff, model: "a =~ A1 + A2 + A3\\nb =~ B1 + B2 + B3", imputed: true}
  - {id: f8, kind: dif, sample: staff, items: [A1, A2, A3], group: branch, imputed: true}
  - {id: f9, kind: nonresponse, sample: staff, order: age, imputed: true}
  - {id: g1, kind: icc, sample: staff, items: [A1, A2], imputed: true}
  - {id: g2, kind: test_retest, sample: staff, columns: [A1, A2], imputed: true}
  - {id: g3, kind: raters, sample: staff, items: [A1, A2], coefficient: weighted, imputed: true}
"""


def write(folder: Path, imputation: str = "{m: 4, iterations: 3}", analyses: str = ANALYSES, rows: int = 60) -> Path:
    (folder / "instruments").mkdir(exist_ok=True)
    (folder / "instruments" / "small.yaml").write_text(small.INSTRUMENT, encoding="utf-8")
    small.write_answers(folder / "answers.csv", rows=rows)
    frame = pd.read_csv(folder / "answers.csv")
    holes = np.random.default_rng(1).random((len(frame), 6)) < 0.15
    items = list(frame.columns[:6])
    frame[items] = frame[items].astype(float).mask(holes)
    frame.to_csv(folder / "answers.csv", index=False)
    text = small.STUDY.replace(DECLARED, f"{DECLARED}    imputation: {imputation}\n" if imputation else DECLARED)
    (folder / "study.yaml").write_text(text + analyses, encoding="utf-8")
    return folder


def test_a_study_pools_what_asks_for_it(tmp_path) -> None:
    results = cs.run(cs.Study.load(write(tmp_path)))
    assert results.status_code == 0, [note.message for note in results.notes]
    for id in ("items", "alphas", "pairs", "drivers"):
        assert results[id].result.call["m"] == 4
        assert "fmi" in results[id].result.estimates
    assert "m" not in results["plain"].result.call
    assert results["drivers"].result.n == 60
    assert results.hypotheses[0].verdict in ("supported", "not supported")
    sample = results.record.samples[0]
    assert sample.imputed.m == 4
    assert {"age", "branch = south"} & set(", ".join(sample.imputed.models["predictors"]).split(", "))


def test_the_report_tells_how_gaps_were_filled(tmp_path) -> None:
    results = cs.run(cs.Study.load(write(tmp_path)))
    document = compose(results.record)
    section = next(section for section in document.sections if section.id == "imputation")
    table = next(element for element in section.elements if isinstance(element, Table))
    assert {str(cell.value) for cell in table.column("variable")} == {"A1", "A2", "A3", "B1", "B2", "B3"}
    appendix = next(section for section in document.sections if section.id == "appendix-imputation")
    assert isinstance(appendix.elements[0], FigureBlock)
    files = results.report(tmp_path / "out", ["html", "docx", "md"])
    told = next(file for file in files if file.suffix == ".md").read_text(encoding="utf-8")
    assert "imputed *m* = 4 times" in told or "m* = 4" in told
    assert "fraction of missing information" in told
    assert told.count("Rubin’s rules") == 4


def test_the_same_study_gives_the_same_bytes(tmp_path) -> None:
    study = cs.Study.load(write(tmp_path))
    one, other = cs.run(study), cs.run(study)
    assert one["drivers"].result.to_json() == other["drivers"].result.to_json()


def test_imputed_analyses_need_an_imputation(tmp_path) -> None:
    with pytest.raises(StudyError, match="says nothing of its imputation") as caught:
        cs.Study.load(write(tmp_path, imputation=""))
    assert len(caught.value.faults) == 4
    assert all(fault.line for fault in caught.value.faults)


def test_unknown_columns_of_an_imputation_refuse_the_study(tmp_path) -> None:
    study = cs.Study.load(write(tmp_path, imputation="{group: brunch, auxiliary: [aeg]}"))
    with pytest.raises(StudyError) as caught:
        cs.run(study)
    assert "'brunch'" in str(caught.value)
    assert "'aeg'" in str(caught.value)
    assert all(fault.line for fault in caught.value.faults)


def test_groups_of_a_study(tmp_path) -> None:
    results = cs.run(cs.Study.load(write(tmp_path, imputation="{m: 2, iterations: 2, group: branch}")))
    assert results.record.samples[0].imputed.call["group"] == "branch"
    assert any(note.code == "IMPUTE_GROUPS" for note in results.notes)


@pytest.mark.slow
def test_every_kind_that_pools_is_run_and_told(tmp_path) -> None:
    results = cs.run(cs.Study.load(write(tmp_path, "{m: 3, iterations: 2}", EVERY_KIND, rows=160)))
    failed = {block.id: str(block.error) for block in results.blocks if block.result is None}
    assert failed == {}
    assert all(block.result.call["m"] == 3 for block in results.blocks)
    results.report(tmp_path / "out", ["html", "docx", "md"])
