"""study.yaml: what it declares, and every fault of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmstudy import Study, StudyError
from crmstudy.study.assessments import ASSESSMENTS
from crmstudy.study.kinds import KINDS
from crmstudy.study.plan import draft
from tests.study.small import ITEMS, REGRESSION, STUDY, write_small

ROOT = Path(__file__).resolve().parents[2]


def _faults(folder: Path) -> list[str]:
    with pytest.raises(StudyError) as caught:
        Study.load(folder)
    return [str(fault) for fault in caught.value.faults]


def test_the_shipped_study_is_read_as_declared():
    study = Study.load(ROOT / "analyses" / "mobile_loyalty")
    assert study.title == "Service quality and loyalty of mobile-phone customers"
    assert (study.lang, study.seed) == ("en", 20261121)
    assert study.screening == {"longstring": 20, "mahalanobis": 0.001, "exclude": []}
    assert [plan.kind for plan in study.analyses] == [
        "items", "reliability", "cfa", "correlations", "regression", "sem",
    ]  # fmt: skip
    assert study.analyses[4].options == {"formula": "loyalty ~ image + satisfaction", "se": "HC3"}
    assert [str(plan.claim) for plan in study.hypotheses][-1] == "indirect > 0"
    assert study.samples["customers"].path.resolve() == ROOT / "data" / "mobi" / "responses.csv"
    assert study.report.formats == ("html", "docx")


def test_a_study_is_loaded_from_its_file_too(tmp_path):
    write_small(tmp_path / "s")
    assert Study.load(tmp_path / "s" / "study.yaml").digest == Study.load(tmp_path / "s").digest
    assert repr(Study.load(tmp_path / "s")) == "<Study 'A small study': 1 samples, 1 analyses>"


def test_three_faults_are_told_at_once_with_their_lines_and_near_misses(tmp_path):
    text = STUDY.replace("population: staff", "population: stuff").replace("seed: 7", "sead: 7")
    folder = write_small(tmp_path / "s", ITEMS.replace("kind: items", "kind: itms"), study=text)
    faults = _faults(folder)
    assert len(faults) == 3
    assert faults[0].endswith("study.yaml:3: unknown key 'sead' in the file. Did you mean 'seed'?")
    assert "study.yaml:6: samples.staff.population must be one of" in faults[1]
    assert faults[1].endswith("found 'stuff'. Did you mean 'staff'?")
    assert faults[2].endswith("found 'itms'. Did you mean 'items'?")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("crmstudy: 1", "crmstudy: 2", "crmstudy must be one of 1; found 2."),
        ("title: {en: A small study}", "title: Mine", "title must say its language: write {en: Mine}."),
        ("title: {en: A small study}", "title: {en: ''}", "title.en must be text; found ''."),
        ("title: {en: A small study}", "title: {}", "title is empty; write {en: ...}."),
        ("seed: 7", "seed: -1", "seed must be a whole number of at least 0; found -1."),
        ("seed: 7", "seed: true", "seed must be a whole number of at least 0; found True."),
        ("seed: 7", "lang: fa", "lang 'fa' is not built yet; use en."),
        ("seed: 7", "lang: de", "lang must be one of en; found 'de'."),
        ("seed: 7", "links: [{by: branch, samples: [a, b]}]", "links between samples are not built yet"),
        ("seed: 7", "report: {audience: hr}", "report.audience 'hr' is not built yet; use research."),
        ("seed: 7", "report: {style: thesis-fa}", "report.style 'thesis-fa' is not built yet; use apa."),
        ("seed: 7", "report: {formats: [pdf]}", "report.formats.0 must be one of html, docx, md; found 'pdf'."),
        ("seed: 7", "report: {formats: [html, html]}", "report.formats.1: 'html' stands twice; keep one."),
        ("seed: 7", "report: {formats: []}", "report.formats must hold at least 1 of its formats."),
        ("seed: 7", "screening: {longstring: x}", "screening.longstring must be a whole number of at least 2"),
        ("seed: 7", "screening: {mahalanobis: 1}", "must be a number between 0 and 1 (or `false`: off); found 1."),
        ("seed: 7", "screening: {exclude: [longstrin]}", "found 'longstrin'. Did you mean 'longstring'?"),
        ("seed: 7", "screening: {range: false, exclude: [range]}", "the rule 'range', which is switched off"),
        ("population: staff", "population: staff\n    unit: branch", "samples.staff.unit is used, but samples in"),
        ("population: staff", "population: staff\n    wave: w", "samples in waves are not built yet"),
        ("file: answers.csv", "file: 3", "samples.staff.file must be the path of a data file"),
        ("instruments: [small]", "instruments: small", "samples.staff.instruments must be a list of instruments"),
        ("{type: number}", "{type: text}", "samples.staff.variables.age.type must be one of number, category"),
        ("{age: {type: number}", "{1: {type: number}", "the name 1 in samples.staff.variables must be a text"),
        ("{age: {type: number}", "{no: {type: number}", "the name False in samples.staff.variables must be a text"),
        ("title: {en: A small study}", 'title: {en: "A\\x02b"}', "title.en holds the control character U+0002"),
        ("title: {en: A small study}", "title: &t {en: A}", "study.yaml:2: aliases (&, *) are not read here"),
        ("seed: 7", "report: {<<: {style: apa}}", "study.yaml:3: merge keys (<<) are not read here"),
        ("sample: staff", "sample: stuff", "the sample 'stuff' is not declared. Did you mean 'staff'?"),
        ("sample: staff", "sample: staff, items: [A1]", "has both 'scales' and 'items'; keep one of them."),
        ("id: items", "id: items/1", "analyses.0.id must be a name of letters"),
        ("kind: items, ", "", "analyses.0 lacks the key 'kind'; add it."),
        ("scales: all", "scales: some", "analyses.0.scales must be `all`, or a list of scales; found 'some'."),
        ("scales: all", "scale: all", "unknown key 'scale' in analyses.0. Did you mean 'scales'?"),
    ],
)  # fmt: skip
def test_each_fault_is_a_sentence(tmp_path, old, new, sentence):
    text = STUDY + ITEMS
    assert old in text
    folder = write_small(tmp_path / "s")
    (folder / "study.yaml").write_text(text.replace(old, new), encoding="utf-8")
    assert any(sentence in fault for fault in _faults(folder)), _faults(folder)


@pytest.mark.parametrize(
    ("hypothesis", "sentence"),
    [
        ("{statement: {en: x}, claim: trust ~ ease > 0, analysis: driver}", "'driver' is not declared. Did you mean"),
        (
            "{statement: {en: x}, claim: trust ~ ease > 0, analysis: items}",
            "is of the kind items; a claim is tested on",
        ),
        ("{statement: {en: x}, claim: trust ~ ease >= 0, analysis: drivers}", "compares with >=, <= or ="),
        ("{statement: {en: x}, claim: trust ~ ease, analysis: drivers}", "cannot be read; write a parameter, then"),
        ("{statement: {en: x}, analysis: drivers}", "hypotheses.H1 lacks the key 'claim'; add it."),
        ("{statement: x, claim: trust ~ ease > 0, analysis: drivers}", "write {en: x}."),
    ],
)
def test_faults_of_a_hypothesis(tmp_path, hypothesis, sentence):
    folder = write_small(tmp_path / "s", ITEMS, REGRESSION, rest=f"hypotheses:\n  H1: {hypothesis}\n")
    assert any(sentence in fault for fault in _faults(folder)), _faults(folder)


def test_two_analyses_of_one_name_are_refused(tmp_path):
    folder = write_small(tmp_path / "s", ITEMS, ITEMS)
    assert _faults(folder) == [f"{folder}/study.yaml:12: two analyses have the id 'items'; rename one."]


def test_names_that_differ_in_capitals_only_are_refused(tmp_path):
    sample = "  Staff: {population: staff, file: answers.csv, instruments: [small]}\nanalyses:\n"
    again = REGRESSION.replace("drivers", "ITEMS")
    folder = write_small(tmp_path / "s", ITEMS, again, study=STUDY.replace("analyses:\n", sample))
    why = "differ in capitals only, which names of files do not tell apart; rename one."
    assert _faults(folder) == [
        f"{folder}/study.yaml:10: 'staff' and 'Staff' {why}",
        f"{folder}/study.yaml:13: 'items' and 'ITEMS' {why}",
    ]


def test_empty_keys_count_as_left_out(tmp_path):
    text = STUDY.replace("seed: 7", "seed: null\nlinks: []\nscreening: null\nhypotheses: null\nreport: {style: null}")
    text = text.replace("file: answers.csv", "file: answers.csv\n    id: null\n    unit: null\n    wave: ''")
    study = Study.load(write_small(tmp_path / "s", study=text))
    assert (study.seed, study.screening, study.hypotheses) == (1, {}, ())
    assert study.report.style == "apa"


def test_the_sound_parts_of_a_faulty_study_are_kept_for_the_next_door(tmp_path):
    text = STUDY.replace("seed: 7", "seed: x")
    folder = write_small(tmp_path / "s", ITEMS, REGRESSION.replace("formula:", "formul:"), study=text)
    study, faults = draft(folder)
    assert len(faults) == 3
    assert list(study.samples) == ["staff"]
    assert [plan.id for plan in study.analyses] == ["items"]


def test_headings_tell_analyses_of_one_kind_apart(tmp_path):
    again = REGRESSION.replace("id: drivers", "id: more")
    titled = REGRESSION.replace("id: drivers", "id: own, title: {fa: عنوان, en: Mine}")
    study = Study.load(write_small(tmp_path / "s", ITEMS, REGRESSION, again, titled))
    assert [plan.title for plan in study.analyses] == [
        "Item descriptives", "Regression: drivers", "Regression: more", "Mine",
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["", "- a\n", "just text\n", "a: [1\n", "\ttabs: 1\n"])
def test_a_file_that_is_no_study_is_refused(tmp_path, content):
    (tmp_path / "study.yaml").write_text(content, encoding="utf-8")
    assert _faults(tmp_path)


def test_a_folder_without_a_study_is_refused(tmp_path):
    assert _faults(tmp_path) == [
        f"the folder '{tmp_path}' has no study.yaml; name a study's folder, or write one: crmstudy init"
    ]
    assert "there is no study at" in _faults(tmp_path / "absent")[0]


def test_windows_paths_are_found(tmp_path):
    folder = write_small(tmp_path / "s", study=STUDY.replace("file: answers.csv", "file: 'data\\answers.csv'"))
    (folder / "data").mkdir()
    (folder / "answers.csv").rename(folder / "data" / "answers.csv")
    assert Study.load(folder).samples["staff"].path.is_file()


def test_every_kind_is_in_the_design_or_later():
    assert list(KINDS) == [
        "items", "reliability", "frequencies", "crosstab", "midpoint", "friedman", "check_table", "retention", "efa",
        "correlations", "regression", "cfa", "sem", "invariance", "method_bias", "dif", "nonresponse", "icc",
        "test_retest", "raters", "pilot", "content_validity", *ASSESSMENTS,
    ]  # fmt: skip
