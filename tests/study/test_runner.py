"""A study runs stage by stage; an analysis that fails leaves its sentence and nothing else undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import crmstudy as cs
from crmstudy.notes import Note, explanations
from crmstudy.study import kinds
from tests.study.small import ITEMS, REGRESSION, STUDY, write_answers, write_small

ROOT = Path(__file__).resolve().parents[2]
CFA = """\
  - id: measured
    kind: cfa
    sample: staff
    model: |
      ease =~ A1 + A2 + A3
      trust =~ B1 + B2 + B3
"""
BOOTSTRAP = "  - {id: rel, kind: reliability, sample: staff, bootstrap: 200}\n"
H1 = "hypotheses:\n  H1: {statement: {en: x}, claim: ease ~~ trust > 0, analysis: measured}\n"
FOUR_FACTORS = """\
  - id: four
    kind: cfa
    sample: customers
    model: |
      quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
      value =~ PERV1 + PERV2
      satisfaction =~ CUSA1 + CUSA2 + CUSA3
      loyalty =~ CUSL1 + CUSL2 + CUSL3
"""


def _run(folder: Path) -> cs.StudyResults:
    return cs.run(cs.Study.load(folder))


def _statuses(results: cs.StudyResults) -> dict[str, str]:
    return {block.id: block.status for block in results.blocks}


def test_the_mobile_study_says_what_the_field_says(mobile_results):
    blocks = {block.id: block for block in mobile_results.blocks}
    measured, structure = blocks["measurement"].result, blocks["structure"].result
    assert measured.fit["chisq"] == pytest.approx(134.716, abs=5e-4)
    assert measured.fit["df"] == 51
    assert measured.admissible
    assert structure.fit["chisq"] == pytest.approx(196.860, abs=5e-4)
    assert (structure.fit["df"], structure.n) == (86, 250)
    assert structure.fit["cfi"] == pytest.approx(0.939, abs=5e-4)
    assert structure.fit["rmsea"] == pytest.approx(0.072, abs=5e-4)
    assert [test.verdict for test in mobile_results.hypotheses] == ["supported"] * 5
    assert mobile_results.hypotheses[4].p_value is None
    assert set(blocks["structure"].extras) == {"second_engine", "monte_carlo"}
    assert set(blocks["measurement"].extras) == {"second_engine", "validity"}
    assert list(blocks["correlations"].extras["reliability"].columns) == ["scale", "coefficient", "value"]
    sample = mobile_results.record.samples[0]
    assert (sample.n_read, sample.n_used, sample.population) == (250, 250, "customer")


def test_only_known_note_codes_are_used(mobile_results):
    assert {note.code for note in mobile_results.notes} <= set(explanations())


def test_the_inputs_are_recorded_by_hash_and_version(mobile_results):
    provenance = mobile_results.record.provenance
    assert set(provenance.inputs) == {
        "study.yaml", "../../data/mobi/responses.csv", "instrument ecsi 1.0", "instrument ecsi 1.0, file ecsi.yaml",
    }  # fmt: skip
    assert all(len(digest) == 64 for digest in provenance.inputs.values())
    assert {"crmstudy", "python", "numpy", "scipy", "pandas"} <= set(provenance.versions)
    assert provenance.seed == 20261121


def test_the_inadmissible_four_factor_model_is_marked(tmp_path):
    study = (ROOT / "analyses" / "mobile_loyalty" / "study.yaml").read_text(encoding="utf-8")
    head = study.split("analyses:")[0].replace("../../data", str(ROOT / "data"))
    (tmp_path / "study.yaml").write_text(f"{head}analyses:\n{FOUR_FACTORS}", encoding="utf-8")
    results = _run(tmp_path)
    assert (_statuses(results), results.status_code) == ({"four": "inadmissible"}, 1)
    assert results.blocks[0].result.fit["chisq"] == pytest.approx(179.664, abs=5e-4)
    assert repr(results).endswith("1 inadmissible>")


def test_each_analysis_that_cannot_be_done_leaves_its_sentence(tmp_path):
    folder = write_small(tmp_path / "s", ITEMS, REGRESSION, CFA, rest=H1)
    rows = [
        f"3,{i % 5 + 1},{i * i % 5 + 1},{(3 * i + i // 7) % 5 + 1},{i // 3 % 5 + 1},{7 * i // 5 % 5 + 1},{i},1"
        for i in range(60)
    ]
    (folder / "answers.csv").write_text("\n".join(["A1,A2,A3,B1,B2,B3,age,branch", *rows]), encoding="utf-8")
    results = _run(folder)
    assert (_statuses(results), results.status_code) == ({"items": "fine", "drivers": "fine", "measured": "failed"}, 1)
    assert "A1" in str(results.blocks[2].error)
    assert results.hypotheses[0].verdict == "not testable"
    assert "'measured' could not be done" in results.hypotheses[0].text


def test_fewer_rows_than_variables(tmp_path):
    folder = write_small(tmp_path / "s", ITEMS, CFA)
    write_answers(folder / "answers.csv", rows=5)
    results = _run(folder)
    assert _statuses(results) == {"items": "fine", "measured": "failed"}
    assert "N must exceed the number of observed variables" in str(results.blocks[1].error)


def test_a_model_that_is_not_identified_and_one_that_cannot_converge(tmp_path):
    loose = CFA.replace("measured", "loose").replace(
        "A1 + A2 + A3\n      trust =~ B1 + B2 + B3", "A1 + A2\n      ease ~~ 0*A3"
    )
    stopped = CFA + "    control: {max_iter: 2}\n"
    results = _run(write_small(tmp_path / "s", ITEMS, loose, stopped, rest=H1))
    assert _statuses(results) == {"items": "fine", "loose": "inadmissible", "measured": "inadmissible"}
    assert results.hypotheses[0].reason == "the analysis 'measured' is inadmissible (SEM_NOT_CONVERGED)."
    assert "did not converge after 2 iterations" in results["measured"].notes[0].message


def test_answers_out_of_range_are_flagged_and_never_used(tmp_path):
    folder = write_small(tmp_path / "s")
    write_answers(folder / "answers.csv", A1="55", B1="-9")
    results = _run(folder)
    sample = results.record.samples[0]
    assert bool(sample.screening.flags["range"].iloc[0])
    table = results.blocks[0].result.tables["items"].set_index("item")
    assert table.loc["A1", "max"] <= 5
    assert table.loc[["A1", "B1"], "missing"].tolist() == [1, 1]
    assert {"RESPONSES_OUT_OF_RANGE", "RESPONSES_MISSING_CODES"} <= {note.code for note in sample.notes}


def test_excluded_rows_are_left_out_of_every_analysis(tmp_path):
    text = STUDY.replace("seed: 7", "seed: 7\nscreening: {missing: 0.5, exclude: [missing]}")
    folder = write_small(tmp_path / "s", ITEMS, CFA, study=text)
    write_answers(folder / "answers.csv", A1="", A2="", A3="", B1="")
    results = _run(folder)
    assert (results.record.samples[0].n_read, results.record.samples[0].n_used) == (60, 59)
    assert [block.result.n for block in results.blocks] == [59, 59]
    assert results.record.samples[0].responses.n == 60


def test_an_unexpected_error_fails_its_block_only(tmp_path, monkeypatch):
    def broken(task):
        raise ZeroDivisionError("by nothing")

    _replace_kind(monkeypatch, "items", broken)
    results = _run(write_small(tmp_path / "s", ITEMS, REGRESSION))
    assert _statuses(results) == {"items": "failed", "drivers": "fine"}
    assert str(results.blocks[0].error) == "an unexpected ZeroDivisionError stopped it: by nothing."
    assert results.blocks[0].error.code == "ANALYSIS_FAILED"
    assert isinstance(results.blocks[0].error.__cause__, ZeroDivisionError)
    assert [note.code for note in results.notes if note.subject == "items"] == ["ANALYSIS_FAILED"]


@pytest.mark.parametrize("stage", ["screening.screen", "scoring.score"])
def test_an_unexpected_error_of_a_stage_leaves_the_analyses(tmp_path, monkeypatch, stage):
    def broken(*arguments, **keywords):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(f"crmstudy.{stage}", broken)
    results = _run(write_small(tmp_path / "s", ITEMS))
    sample = results.record.samples[0]
    assert (_statuses(results), results.status_code, sample.n_used) == ({"items": "fine"}, 1, 60)
    assert (sample.screening is None) == (stage == "screening.screen")
    assert (sample.scores is None) == (stage == "scoring.score")
    note = next(note for note in sample.notes if note.code == "STUDY_STAGE_FAILED")
    assert note.message.endswith("was not done: an unexpected ZeroDivisionError stopped it: by nothing.")
    assert note.code in explanations()


def _with_constant_item(folder: Path) -> Path:
    lines = [line.split(",") for line in (folder / "answers.csv").read_text(encoding="utf-8").splitlines()]
    rows = [",".join(["3" if name == "A2" and number else cell for name, cell in zip(lines[0], cells, strict=True)])
            for number, cells in enumerate(lines)]  # fmt: skip
    (folder / "answers.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_a_constant_item_takes_its_scale_and_nothing_else(tmp_path):
    reliability = "  - {id: rel, kind: reliability, sample: staff}\n"
    results = _run(_with_constant_item(write_small(tmp_path / "s", ITEMS, reliability, REGRESSION)))
    assert _statuses(results) == {"items": "fine", "rel": "partly failed", "drivers": "fine"}
    assert results.status_code == 1
    block = results["rel"]
    assert [(note.code, note.subject) for note in block.failures] == [("RELIABILITY_CONSTANT_ITEM", "ease")]
    assert set(block.failures) <= set(block.notes)
    assert block.result.tables["scales"]["scale"].tolist() == ["trust"]
    assert block.extras["second_engine"].agrees
    assert repr(results).endswith("2 fine, 1 partly failed>")
    from crmstudy.report.telling.told import Told

    callout = Told(results.record, block, block.result).opening()[0]
    assert (callout.code, callout.level) == ("RELIABILITY_CONSTANT_ITEM", "danger")


def test_a_constant_item_fails_a_block_about_its_scale_alone(tmp_path):
    reliability = "  - {id: rel, kind: reliability, sample: staff, scales: [ease]}\n"
    results = _run(_with_constant_item(write_small(tmp_path / "s", ITEMS, reliability)))
    assert (_statuses(results), results.status_code) == ({"items": "fine", "rel": "failed"}, 1)
    assert results["rel"].error.code == "RELIABILITY_CONSTANT_ITEM"


def test_every_engine_checks_what_it_can(mobile_results):
    checks = {block.id: block.extras.get("second_engine") for block in mobile_results.blocks}
    engines = {id: check.engine.split()[0] for id, check in checks.items() if check is not None}
    assert engines == {
        "reliability": "pingouin", "measurement": "semopy", "drivers": "statsmodels", "structure": "semopy",
    }  # fmt: skip
    assert all(checks[id].agrees for id in engines)
    assert len(checks["reliability"].tables["differences"]) == 6


def test_a_block_is_found_by_its_id(tmp_path):
    results = _run(write_small(tmp_path / "s", ITEMS, REGRESSION))
    assert results["drivers"] is results.blocks[1]
    with pytest.raises(KeyError, match=r"the study has no analysis 'driver'.*Did you mean 'drivers'"):
        results["driver"]


def test_run_takes_a_study_and_no_path(tmp_path):
    with pytest.raises(cs.StudyError, match=r"run\(\) takes a study: run\(Study.load\(path\)\); found str"):
        cs.run("analyses/mobile_loyalty")


def test_an_interruption_is_not_caught(tmp_path, monkeypatch):
    def interrupted(task):
        raise KeyboardInterrupt

    _replace_kind(monkeypatch, "items", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _run(write_small(tmp_path / "s", ITEMS))


def test_what_stands_beside_an_analysis_does_not_take_it_down(tmp_path, monkeypatch):
    def broken(result):
        raise RuntimeError("engine on fire")

    monkeypatch.setattr("crmstudy.models.second_engine.check_sem", broken)
    results = _run(write_small(tmp_path / "s", CFA))
    note = results.blocks[0].extras["second_engine"]
    assert isinstance(note, Note)
    assert (note.code, results.status_code) == ("STUDY_EXTRA_FAILED", 0)
    assert "engine on fire" in note.message


def test_random_numbers_of_an_analysis_do_not_depend_on_the_others(tmp_path):
    alone = _run(write_small(tmp_path / "a", BOOTSTRAP))
    beside = _run(write_small(tmp_path / "b", ITEMS, BOOTSTRAP.replace("id: rel", "id: first"), BOOTSTRAP))
    other = _run(write_small(tmp_path / "c", BOOTSTRAP, study=STUDY.replace("seed: 7", "seed: 8")))

    def intervals(results: cs.StudyResults, name: str) -> np.ndarray:
        block = next(block for block in results.blocks if block.id == name)
        return block.result.tables["intervals"][["ci_low", "ci_high"]].to_numpy()

    np.testing.assert_array_equal(intervals(alone, "rel"), intervals(beside, "rel"))
    assert not np.array_equal(intervals(alone, "rel"), intervals(beside, "first"))
    assert not np.array_equal(intervals(alone, "rel"), intervals(other, "rel"))


def test_a_path_model_of_scale_scores_and_a_factor_named_like_a_scale(tmp_path):
    path = "  - {id: path, kind: sem, sample: staff, model: 'trust ~ b*ease + age'}\n"
    mixed = '  - {id: mixed, kind: sem, sample: staff, model: "ease =~ A1 + A2 + A3\\ntrust ~ ease"}\n'
    results = _run(write_small(tmp_path / "s", path, mixed))
    assert results.status_code == 0
    assert results.blocks[1].result.latent == ("ease",)


def test_claims_about_the_levels_of_a_category(tmp_path):
    rest = "hypotheses:\n" + "".join(
        f"  H{level}: {{statement: {{en: x}}, claim: 'trust ~ branch[T.{level}] != 0', analysis: drivers}}\n"
        for level in (2, 9)
    )
    results = _run(write_small(tmp_path / "s", REGRESSION.replace("age}", "branch}"), rest=rest))
    assert [test.verdict for test in results.hypotheses] == ["not supported", "not testable"]
    assert "It has: (Intercept), ease, branch[T.2], branch[T.3]." in results.hypotheses[1].reason


def test_the_level_of_an_analysis_is_that_of_its_hypotheses(tmp_path):
    results = _run(write_small(tmp_path / "s", CFA + "    level: 0.9\n", rest=H1))
    assert results.hypotheses[0].level == 0.9
    row = results.blocks[0].result.estimates.query("lhs == 'ease' and rhs == 'trust'").iloc[0]
    assert results.hypotheses[0].ci_low == row["ci_low"]


def test_progress_is_told_step_by_step(tmp_path):
    told = []
    cs.run(cs.Study.load(write_small(tmp_path / "s", ITEMS)), progress=lambda *step: told.append(step))
    assert told == [("sample staff", 0, 3), ("analysis items", 1, 3), ("hypotheses", 2, 3)]


def test_simulated_answers_are_marked(tmp_path):
    results = _run(write_small(tmp_path / "s", study=STUDY.replace("file:", "simulated: true\n    file:")))
    assert [note.code for note in results.record.notes] == ["STUDY_SIMULATED_DATA"]
    assert results.record.card["Simulated"].startswith("SIMULATED by a program, not those of people")


def _replace_kind(monkeypatch: pytest.MonkeyPatch, name: str, analyse) -> None:
    monkeypatch.setitem(kinds.KINDS, name, replace(kinds.KINDS[name], analyse=analyse))


def test_the_study_card_says_where_the_data_come_from(mobile_results):
    card = mobile_results.record.card
    assert "Tenenhaus" in card["Origin of customers"]
    assert card["Licence of customers"] == "GPL-3.0-only"
