"""``crmstudy init``: the example, the questions, the proposals, the answers of a file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.cli import main
from tests.study.small import write_answers


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_answers(tmp_path / "answers.csv")
    return tmp_path


@pytest.fixture
def typed(monkeypatch):
    """Type these lines."""

    def give(*lines: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return give


@pytest.mark.slow
def test_the_example_names_the_next_command_and_it_works(here, capsys):
    assert main(["init", "my study"]) == 0
    out = capsys.readouterr().out
    assert out.rstrip().splitlines()[-1] == 'Next: crmstudy run "my study"'
    assert main(["run", "my study", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["samples"][0]["n_read"] <= 100
    report = Path("my study/out/report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in report
    assert "simulated, not those of people" in report


def test_nothing_is_overwritten(here, capsys):
    assert main(["init", "one"]) == 0
    before = {path: path.read_bytes() for path in Path("one").rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(["init", "one"]) == 2
    assert "exists already and is not overwritten" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in Path("one").rglob("*") if path.is_file()} == before


def test_at_most_eight_questions_are_asked(here, capsys, typed):
    typed("mine", "A title", "en", "answers.csv", "customer", "A=A1,A2,-A3; B=B1,B2,B3", "1-5", "B")
    assert main(["init"]) == 0
    said = capsys.readouterr()
    assert said.err.count("]: ") == 8
    assert "found: A (3 columns: A1, A2, A3)" in said.err
    assert "'answers.csv' was not copied; study.yaml refers to ../answers.csv." in said.out
    assert said.out.rstrip().splitlines()[-1] == "Next: crmstudy run mine"
    results = cs.run(cs.Study.load("mine"))
    assert results.status_code == 0
    assert [test.verdict for test in results.hypotheses] == ["supported"]
    assert results.record.samples[0].population == "customer"


def test_proposals_are_taken_by_pressing_enter(here, capsys, typed):
    typed("", "", "", "", "", "", "")
    assert main(["init", "--data", "answers.csv"]) == 0
    said = capsys.readouterr()
    assert said.err.count("]: ") == 7
    assert "other columns: age, branch" in said.err
    study = cs.Study.load("my_study")
    assert [plan.kind for plan in study.analyses] == ["items", "reliability", "correlations"]
    assert cs.run(study).record.samples[0].responses.scale_items("A") == ("A1", "A2", "A3")


def test_without_data_five_questions_lead_to_the_example(here, capsys, typed):
    typed("", "عنوان", "fa", "none", "")
    assert main(["init"]) == 0
    assert capsys.readouterr().err.count("]: ") == 5
    assert cs.Study.load("my_study").title == "عنوان"


def test_an_answer_that_will_not_do_is_asked_again(here, capsys, typed):
    typed("answers.csv", "mine", "", "de", "en", "absent.csv", "answers.csv", "stuff", "staff", "A=A1,A9",
          "A=A1,A2; B=B1,B2", "5", "0 to 5", "C", "B")  # fmt: skip
    assert main(["init"]) == 0
    err = capsys.readouterr().err
    for sentence in (
        "'answers.csv' is a file; name a folder.", "it is one of en, fa, ru.", "'absent.csv' was not found",
        "it is one of staff, customer, expert, unit. Did you mean 'staff'?", "'A9' is no column of the data.",
        "write the lowest and the highest answer, such as 1-5.", "there is no scale 'C'.",
    ):  # fmt: skip
        assert sentence in err
    assert cs.Study.load("mine").hypotheses[0].claim.target == "B ~ A"


def test_questions_without_answers_are_refused(here, capsys, typed):
    typed("mine")
    assert main(["init"]) == 2
    assert "give the answers with --answers FILE." in capsys.readouterr().err
    assert not Path("mine").exists()


def test_answers_of_a_file(here, capsys):
    Path("a.yaml").write_text("title: T\ndata: answers.csv\noutcome: B\ncopy: true\n", encoding="utf-8")
    assert main(["init", "mine", "--answers", "a.yaml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["next"]) == (0, "crmstudy run mine")
    assert told["data"] == "'answers.csv' was copied to data/answers.csv."
    assert main(["run", "mine", "--json"]) == 0


def test_faults_of_the_answers_are_told_at_once_and_nothing_is_written(here, capsys):
    Path("a.yaml").write_text("data: answers.csv\nrange: [9, 1]\noutcome: X\nreversed: [Z]\n", encoding="utf-8")
    assert main(["init", "mine", "--answers", "a.yaml"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("3 faults found; nothing was written.\n")
    assert "a.yaml:2: the range runs from 9 to 1" in err
    assert not Path("mine").exists()


def test_a_data_file_without_scales_is_said_so(here, capsys, typed):
    Path("plain.csv").write_text("name,age\nx,30\ny,40\n", encoding="utf-8")
    typed("mine", "", "", "", "", "S=age", "30-40")
    assert main(["init", "--data", "plain.csv"]) == 0
    assert "name the scales yourself" in capsys.readouterr().err


def test_after_five_answers_that_will_not_do_it_gives_up(here, capsys, typed):
    before = sorted(here.rglob("*"))
    typed("mine", "A title", *["de"] * 5, "en")
    assert main(["init"]) == 2
    err = capsys.readouterr().err
    assert err.count("it is one of en, fa, ru.") == 5
    assert "was not answered after 5 tries; nothing was written." in err
    assert sorted(here.rglob("*")) == before


def test_columns_of_an_instrument_that_ships_are_told(here, capsys, typed):
    frame = pd.DataFrame({item: [1, 3, 5] * 10 for item in cs.load_instrument("crm-sty@21").item_ids})
    frame.to_csv("crm.csv", index=False)
    Path("instruments").mkdir()
    Path("instruments/draft.yaml").write_text("no instrument", encoding="utf-8")
    typed(*[""] * 9)
    assert main(["init", "mine", "--data", "crm.csv"]) == 0
    told = capsys.readouterr().err
    assert "all 21 items of crm-sty@21, whose key is known: put crm-sty@21 under instruments" in told
    assert "crm-sty@1.0" not in told
    assert "uwes9" not in told
