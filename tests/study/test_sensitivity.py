"""The main results with other respondents are those of a study that declares these exclusions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.study.outputs import run_record
from tests.study.small import REGRESSION, STUDY, write_small

SEM = """\
  - id: paths
    kind: sem
    sample: staff
    model: |
      ease =~ A1 + A2 + A3
      trust =~ B1 + B2 + B3
      trust ~ b*ease
      twice := 2*b
"""
RELIABILITY = "  - {id: reliability, kind: reliability, sample: staff}\n"
CLAIMS = """\
hypotheses:
  H1: {statement: {en: x}, claim: trust ~ ease > 0, analysis: drivers}
  H2: {statement: {en: x}, claim: trust ~ ease > 0, analysis: paths}
  H3: {statement: {en: x}, claim: twice > 0, analysis: paths}
"""
ANALYSES = (REGRESSION, SEM, RELIABILITY)
RULES = "{range: true, longstring: 4, duplicates: true, mahalanobis: false, missing: 0.5"


def _study(folder, screening: str, *analyses: str, rest: str = CLAIMS):
    text = STUDY.replace("seed: 7", f"seed: 7\nscreening: {screening}")
    path = write_small(folder, *(analyses or ANALYSES), study=text, rest=rest)
    answers = pd.read_csv(path / "answers.csv", dtype=str)
    for row, value in ((5, "1"), (17, "5")):
        answers.loc[row, ["A1", "A2", "A3", "B1", "B2", "B3"]] = value
    answers.loc[30, "A1"] = "9"
    answers.to_csv(path / "answers.csv", index=False)
    return cs.run(cs.Study.load(path))


def _side(results, rows: str) -> pd.DataFrame:
    table = results.record.sensitivity
    return table[table["rows"] == rows].set_index("subject")


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """One study that excludes by a rule, and the same without exclusions and with all of them."""
    folder = tmp_path_factory.mktemp("three")
    return {
        "declared": _study(folder / "declared", RULES + ", exclude: [range]}"),
        "all": _study(folder / "all", RULES + "}"),
        "unflagged": _study(folder / "unflagged", RULES + ", exclude: [range, longstring, duplicates]}"),
    }


@pytest.mark.parametrize("rows", ["all", "declared", "unflagged"])
def test_numbers_are_those_of_a_study_that_declares_the_exclusions(three, rows):
    ours, study = _side(three["declared"], rows), three[rows]
    for test in study.hypotheses:
        found = ours.loc[test.id]
        assert found["verdict"] == test.verdict
        for name in ("estimate", "ci_low", "ci_high", "p_value"):
            theirs = getattr(test, name)
            assert (found[name] != found[name]) if theirs is None else found[name] == theirs, (test.id, name)
        assert found["n"] == study[test.analysis].result.n
    theirs = study["reliability"].result.estimates.set_index(["scale", "term"])
    found = ours.reset_index().set_index(["subject", "parameter"])
    for place in [(scale, term) for scale in ("ease", "trust") for term in ("alpha", "omega")]:
        assert found.loc[place, "estimate"] == theirs.loc[place, "estimate"]
        assert found.loc[place, "ci_low"] == theirs.loc[place, "ci_low"]


def test_every_variant_uses_its_rows(three):
    table = three["declared"].record.sensitivity
    sizes = table[(table["subject"] == "trust") & (table["parameter"] == "alpha")].set_index("rows")["n"].to_dict()
    flags = three["declared"].record.samples[0].screening.flags
    kept = {"all": 60, "declared": 59, "unflagged": 60 - int(flags.any(axis=1).sum())}
    assert sizes == kept
    assert kept["unflagged"] < 59
    assert list(dict.fromkeys(table["rows"])) == ["all", "declared", "unflagged"]


def test_it_is_written_into_the_run(three):
    told = json.loads(json.dumps(run_record(three["declared"].record)))
    assert {row["rows"] for row in told["sensitivity"]} == {"all", "declared", "unflagged"}


def test_nothing_is_repeated_where_nobody_is_flagged_or_it_is_switched_off(tmp_path, three):
    off = "{range: false, longstring: false, duplicates: false, mahalanobis: false, missing: false}"
    assert _study(tmp_path / "quiet", off, REGRESSION, rest="").record.sensitivity is None
    switched = _study(tmp_path / "off", RULES + ", sensitivity: false}")
    assert switched.record.sensitivity is None
    assert [test.verdict for test in switched.hypotheses] == [test.verdict for test in three["all"].hypotheses]
    only_items = "  - {id: items, kind: items, sample: staff}\n"
    assert _study(tmp_path / "items", RULES + "}", only_items, rest="").record.sensitivity is None


def test_bootstrap_is_left_out_and_the_main_result_keeps_it(tmp_path):
    results = _study(tmp_path / "s", RULES + "}", SEM + "    bootstrap: 20\n", rest=CLAIMS.replace("analysis: drivers",
                     "analysis: paths"))  # fmt: skip
    assert results["paths"].result.solution.drawn is not None
    table = results.record.sensitivity
    whole = table[(table["rows"] == "all") & (table["subject"] == "H2")].iloc[0]
    assert whole["estimate"] == pytest.approx(results.hypotheses[1].estimate, rel=1e-9)


def test_a_variant_without_rows_is_a_note_and_not_a_failure(tmp_path):
    folder = tmp_path / "s"
    text = STUDY.replace("seed: 7", "seed: 7\nscreening: {irv: {below: 10}}")
    results = cs.run(cs.Study.load(write_small(folder, REGRESSION, study=text, rest=CLAIMS.splitlines()[0] + "\n"
                                   + CLAIMS.splitlines()[1] + "\n")))  # fmt: skip
    table = results.record.sensitivity.set_index("rows")
    assert table.loc["unflagged", "verdict"] == "not testable"
    assert table.loc["all", "verdict"] == results.hypotheses[0].verdict
    assert any(note.code == "SCREENING_SENSITIVITY_FAILED" for note in results.record.notes)
    assert results.status_code == 0


def test_a_verdict_that_changes_is_a_warning(tmp_path):
    results = _study(tmp_path / "s", RULES + "}")
    table = results.record.sensitivity
    notes = [note for note in results.record.notes if note.code == "SCREENING_VERDICT_CHANGES"]
    changed = {subject for subject, part in table[table["verdict"] != ""].groupby("subject")
               if len(set(part["verdict"])) > 1}  # fmt: skip
    assert {note.subject for note in notes} == changed
    from crmstudy.study.sensitivity import _changed

    rows = pd.DataFrame({"subject": ["H1", "H1"], "rows": ["all", "unflagged"], "n": [9, 8],
                         "verdict": ["supported", "not supported"]})  # fmt: skip
    (note,) = _changed(rows)
    assert "The verdict on H1 depends" in note.message
    assert note.level == "warning"


def test_the_keys_of_screening_reach_the_rules(tmp_path):
    rules = (
        "{irv: {below: 0.2, above: 2.5}, person_total: -0.5, response_time: {column: age, below: 25, per: total}, "
        "attention: {checks: {branch: [1, 2]}}, exclude: [attention]}"
    )
    results = _study(tmp_path / "s", rules, REGRESSION, rest="")
    screening = results.record.samples[0].screening
    assert screening.call["irv"] == {"below": 0.2, "above": 2.5}
    frame = results.record.samples[0].responses.frame
    np.testing.assert_array_equal(screening.flags["response_time"], frame["age"] < 25)
    np.testing.assert_array_equal(screening.flags["attention"], frame["branch"] == "3")
    assert results.record.samples[0].n_used == int((frame["branch"] != "3").sum())


@pytest.mark.parametrize(
    ("screening", "sentence"),
    [
        ("{irv: {belw: 1}}", "belw"),
        ("{even_odd: 2}", "must be a number from -1 to 1"),
        ("{response_time: {column: age}}", "below"),
        ("{attention: {checks: {}}}", "at least 1"),
        ("{exclude: [irv]}", "the rule 'irv', which is switched off"),
        ("{sensitivity: yes please}", "must be true or false"),
        ("{response_time: 30}", "must be a mapping of"),
    ],
)
def test_bad_settings_are_refused_at_their_line(tmp_path, screening, sentence):
    with pytest.raises(cs.StudyError) as caught:
        _study(tmp_path / "s", screening, REGRESSION, rest="")
    assert sentence in str(caught.value)


def test_columns_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(cs.StudyError, match="names the column 'tim', which is not there"):
        _study(tmp_path / "s", "{response_time: {column: tim, below: 5}}", REGRESSION, rest="")


@pytest.mark.parametrize(
    ("flow", "sentence"),
    [
        ("{invited: 100, opened: 120}", "opened (120) is above invited (100)"),
        ("{invted: 100}", "Did you mean 'invited'?"),
        ("{invited: many}", "must be a whole number"),
    ],
)
def test_a_flow_is_checked(tmp_path, flow, sentence):
    text = STUDY.replace("    instruments:", f"    flow: {flow}\n    instruments:")
    with pytest.raises(cs.StudyError) as caught:
        cs.Study.load(write_small(tmp_path / "s", study=text))
    assert sentence in str(caught.value)


def test_early_and_late_respondents_as_an_analysis(tmp_path):
    kind = "  - {id: late, kind: nonresponse, sample: staff, order: age, split: quarter}\n"
    results = _study(tmp_path / "s", "{}", kind, rest="")
    result = results["late"].result
    direct = cs.nonresponse(results.record.samples[0].responses, order="age", split="quarter")
    pd.testing.assert_frame_equal(result.estimates, direct.estimates)
    assert result.estimates["term"].tolist() == ["ease", "trust"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("", "needs 'order', a column that orders the respondents, or 'wave'"),
        (", order: age, wave: branch", "has both 'order' and 'wave'"),
        (", order: agee", "the column 'agee' of the analysis 'late' is not in the sample 'staff'. Did you mean 'age'?"),
        (", order: age, items: [age]", "take it off 'items'"),
        (", order: age, late: [1]", "which values of 'wave' are late"),
        (", order: age, split: half of it", "split"),
    ],
)
def test_bad_requests_for_late_respondents(tmp_path, options, sentence):
    kind = f"  - {{id: late, kind: nonresponse, sample: staff{options}}}\n"
    with pytest.raises(cs.InputError) as caught:
        _study(tmp_path / "s", "{}", kind, rest="")
    assert sentence in str(caught.value)


def test_imputed_analyses_are_imputed_again_from_the_rows_of_each_variant(tmp_path):
    kind = "  - {id: drivers, kind: regression, sample: staff, formula: trust ~ ease + age, imputed: true}\n"
    text = STUDY.replace("    instruments:", "    imputation: {m: 3}\n    instruments:")
    found = {}
    for name, exclude in (("some", "[longstring]"), ("none", "[]"), ("every", "[longstring, irv]")):
        screening = f"{{longstring: 5, irv: 0.5, duplicates: false, mahalanobis: false, exclude: {exclude}}}"
        study = text.replace("seed: 7", f"seed: 7\nscreening: {screening}")
        folder = write_small(tmp_path / name, kind, study=study, rest="\n".join(CLAIMS.splitlines()[:2]) + "\n")
        answers = pd.read_csv(folder / "answers.csv", dtype=str)
        answers.loc[8, ["A1", "A2", "A3", "B1", "B2", "B3"]] = "4"
        answers.loc[[2, 5, 9], "B1"] = ""
        answers.to_csv(folder / "answers.csv", index=False)
        found[name] = cs.run(cs.Study.load(folder))
    for rows, name in (("declared", "some"), ("all", "none"), ("unflagged", "every")):
        ours = _side(found["some"], rows).loc["H1"]
        assert ours["estimate"] == found[name].hypotheses[0].estimate, rows
        assert ours["ci_low"] == found[name].hypotheses[0].ci_low
