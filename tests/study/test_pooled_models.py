"""``imputed: true`` of ``cfa`` and ``sem``: figures of the functions on the same sets, claims, refusals, other rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import InputError
from crmstudy.notes import Note
from crmstudy.study.opening import open_study
from crmstudy.study.outputs import run_record
from tests.study.test_imputation_stage import write
from tests.tolerances import CLOSED_FORM

FACTORS = "ease =~ A1 + A2 + A3\ntrust =~ B1 + B2 + B3"
PATHS = "E =~ A1 + A2 + A3\nT =~ B1 + B2 + B3\nT ~ a*E\ntwice := 2*a"


def analysis(id: str, kind: str, model: str, *more: str) -> str:
    text = model.replace("\n", "\\n")
    rest = "".join(f", {one}" for one in more)
    return f'  - {{id: {id}, kind: {kind}, sample: staff, model: "{text}"{rest}, imputed: true}}\n'


ANALYSES = "".join(
    [
        analysis("measured", "cfa", FACTORS),
        analysis("paths", "sem", PATHS, "estimator: MLR", "level: 0.9"),
        analysis("scores", "sem", "trust ~ ease + age"),
        analysis("branches", "cfa", FACTORS, "group: branch"),
    ]
)
CLAIMS = """\
hypotheses:
  H1: {statement: {en: x}, claim: "T ~ E > 0", analysis: paths}
  H2: {statement: {en: x}, claim: "twice > 0", analysis: paths}
  H3: {statement: {en: x}, claim: "trust ~ ease > 0", analysis: scores}
  H4: {statement: {en: x}, claim: "ease ~~ trust > 5", analysis: measured}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> cs.StudyResults:
    folder = tmp_path_factory.mktemp("pooled")
    return cs.run(cs.Study.load(write(folder, "{m: 4, iterations: 3}", ANALYSES + CLAIMS, rows=160)))


@pytest.fixture(scope="module")
def again(results: cs.StudyResults) -> cs.Imputed:
    """The sets of the sample, imputed once more with the seed and the variables it tells."""
    sample = results.record.samples[0]
    call = sample.imputed.call
    return cs.impute(
        sample.responses.keep(sample.screening.kept), m=call["m"], seed=call["seed"],
        items={"ease": ["A1", "A2", "A3"], "trust": ["B1", "B2", "B3"]},
        auxiliary=call["auxiliary"], iterations=call["iterations"], donors=call["donors"],
    )  # fmt: skip


def same(mine: pd.DataFrame, theirs: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(mine, theirs, rtol=0, atol=CLOSED_FORM)


def test_figures_are_those_of_the_functions_on_the_same_sets(results, again):
    assert results.status_code == 0, [str(block.error) for block in results.blocks]
    measured = cs.cfa(FACTORS, again)
    paths = cs.sem(PATHS, again, estimator="MLR", level=0.9)
    grouped = cs.cfa(FACTORS, again, group="branch")
    for id, fit in (("measured", measured), ("paths", paths), ("branches", grouped)):
        found = results[id].result
        same(found.estimates, fit.estimates)
        pd.testing.assert_series_equal(found.fit, fit.fit)
        same(found.tables["pooled_tests"], fit.tables["pooled_tests"])
        assert found.m == 4
    validity = results["measured"].extras["validity"]
    same(validity.tables["convergent"], cs.validity(measured).tables["convergent"])
    same(validity.tables["discriminant"], cs.validity(measured).tables["discriminant"])
    assert "validity" not in results["branches"].extras


def test_scale_scores_are_made_in_every_set(results, again):
    frames = []
    for one in again.sets:
        scores = cs.score(one).frame
        frames.append(scores.assign(age=one.frame["age"].astype(float)))
    fit = cs.sem("trust ~ ease + age", cs.Imputed(frames))
    assert results["scores"].result.n == 160
    mine, theirs = results["scores"].result.estimates, fit.estimates
    assert mine["estimate"].to_numpy() == pytest.approx(theirs["estimate"].to_numpy(), abs=CLOSED_FORM)
    assert mine["std_error"].to_numpy() == pytest.approx(theirs["std_error"].to_numpy(), abs=CLOSED_FORM)


def test_claims_rest_on_pooled_estimates(results):
    tests = {test.id: test for test in results.hypotheses}
    estimates = results["paths"].result.estimates
    row = estimates[estimates["op"] == "~"].iloc[0]
    assert tests["H1"].estimate == row["estimate"]
    assert tests["H1"].p_value == pytest.approx(row["p_value"], rel=1e-12)
    assert (tests["H1"].ci_low, tests["H1"].ci_high, tests["H1"].level) == (row["ci_low"], row["ci_high"], 0.9)
    drawn = results["paths"].extras["monte_carlo"].iloc[0]
    assert (tests["H2"].ci_low, tests["H2"].ci_high) == (drawn["ci_low"], drawn["ci_high"])
    assert "Monte Carlo" in tests["H2"].reason
    assert tests["H3"].verdict == "supported"
    assert tests["H4"].verdict == "not supported"


def test_a_note_stands_in_place_of_the_second_engine(results):
    for id in ("measured", "paths", "scores", "branches"):
        note = results[id].extras["second_engine"]
        assert isinstance(note, Note)
        assert (note.code, note.level) == ("ENGINE_NOT_RUN", "info")


@pytest.mark.slow
def test_every_format_is_written_and_the_record_is_the_same_twice(results, tmp_path):
    files = results.report(tmp_path / "out", ["html", "docx", "md"])
    told = next(file for file in files if file.suffix == ".md").read_text(encoding="utf-8")
    for words in ("Pooled Tests of the Model", "FMI", "Meng & Rubin", "A pooled model has no GFI"):
        assert words in told
    assert told.count("IMPUTE_NOT_CONVERGED") <= 2  # with the sample and among the notes, not at every analysis
    again = cs.run(results.study)
    assert run_record(again.record) == run_record(results.record)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("bootstrap: 500", "'bootstrap' does not go with 'imputed: true'; standard errors are pooled over the sets."),
        ("aux: [age]", "'aux' does not go with 'imputed: true'; name the columns under 'auxiliary'"),
        ("se: none", "'se' does not go with 'imputed: true'; Rubin's rules rest on standard errors."),
    ],
)
def test_options_that_do_not_go_with_pooling_are_refused_at_the_door(tmp_path: Path, option: str, said: str):
    more = (option, "missing: fiml") if option.startswith("aux") else (option,)
    study = cs.Study.load(write(tmp_path, "{m: 2, iterations: 1}", analysis("m", "cfa", FACTORS, *more)))
    with pytest.raises(InputError) as caught:
        open_study(study)
    assert [fault for fault in caught.value.faults if said in fault.message and fault.line]


def test_other_standard_errors_go_with_pooling(tmp_path: Path):
    text = analysis("m", "cfa", FACTORS, "se: robust.sem", "test: satorra.bentler")
    results = cs.run(cs.Study.load(write(tmp_path, "{m: 2, iterations: 1}", text, rows=120)))
    assert results.status_code == 0
    assert results["m"].result.call["se"] == "robust.sem"


def test_invariance_refuses_imputed_sets_by_name(tmp_path: Path):
    text = analysis("steps", "invariance", FACTORS, "group: branch")
    with pytest.raises(InputError, match="imputed"):
        cs.Study.load(write(tmp_path, "{m: 2, iterations: 1}", text))


def test_models_of_imputed_sets_need_an_imputation(tmp_path: Path):
    with pytest.raises(InputError, match="says nothing of its imputation"):
        cs.Study.load(write(tmp_path, "", analysis("m", "cfa", FACTORS)))


def test_a_model_that_can_be_pooled_in_no_set_fails_alone(tmp_path: Path):
    text = analysis("lost", "cfa", "f =~ A1 + A2") + analysis("fine", "cfa", FACTORS)
    results = cs.run(cs.Study.load(write(tmp_path, "{m: 2, iterations: 1}", text, rows=120)))
    assert [block.status for block in results.blocks] == ["failed", "fine"]
    assert results.status_code == 1
    results.report(tmp_path / "out", ["html", "docx", "md"])


def test_other_respondents_are_imputed_and_pooled_again(tmp_path: Path):
    folder = write(tmp_path, "{m: 3, iterations: 2}", ANALYSES + CLAIMS, rows=160)
    answers = pd.read_csv(folder / "answers.csv")
    answers.loc[[5, 9, 17], list(answers.columns[:6])] = 1.0
    answers.to_csv(folder / "answers.csv", index=False)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    rules = "screening: {longstring: 6, mahalanobis: false, missing: 0.9, duplicates: false, exclude: [longstring]}\n"
    (folder / "study.yaml").write_text(text.replace("seed: 7\n", f"seed: 7\n{rules}"), encoding="utf-8")
    results = cs.run(cs.Study.load(folder))
    table = results.record.sensitivity
    assert results.record.samples[0].n_used < 160
    assert set(table["subject"]) == {"H1", "H2", "H3", "H4"}
    assert not table["estimate"].isna().any()
    kept = table[(table["rows"] == "declared") & (table["subject"] == "H1")].iloc[0]
    estimates = results["paths"].result.estimates
    assert kept["estimate"] == estimates.loc[estimates["op"] == "~", "estimate"].iloc[0]
    whole = table[(table["rows"] == "all") & (table["subject"] == "H1")].iloc[0]
    assert whole["n"] == 160
    assert np.isfinite(whole["p_value"])
    assert whole["estimate"] != kept["estimate"]
