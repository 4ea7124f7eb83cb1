"""Starting a study: the example, and one made of a data file and answers."""

from __future__ import annotations

import runpy
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmstudy as cs
from crmstudy.instrument import lint, load_instrument
from crmstudy.study.proposing import propose, propose_scales, scale_id
from crmstudy.study.questions import QUESTIONS, Interview, parse_scales, print_scales, read_answers
from crmstudy.study.scaffold import copy_template, write_study
from tests.study.small import write_answers

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "crmstudy" / "templates" / "study"
NAMES = st.from_regex(r"[A-Za-z][A-Za-z_]{0,5}", fullmatch=True)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_answers(tmp_path / "answers.csv")
    return tmp_path


def test_the_example_is_copied_whole_and_runs_without_a_fault(tmp_path):
    made = copy_template(tmp_path / "my study")
    assert sorted(path.relative_to(made.folder).as_posix() for path in made.files) == [
        "README.md", "data/simulate.py", "data/simulated_answers.csv", "instruments/crm_staff.yaml", "study.yaml",
    ]  # fmt: skip
    results = cs.run(cs.Study.load(made.folder))
    assert results.status_code == 0
    assert [test.verdict for test in results.hypotheses] == ["supported"] * 3
    assert "STUDY_SIMULATED_DATA" in {note.code for note in results.record.notes}


def test_the_example_is_small_marked_and_made_as_its_readme_says():
    made = runpy.run_path(str(TEMPLATE / "data" / "simulate.py"))["simulate"]()
    assert (TEMPLATE / "data" / "simulated_answers.csv").read_text(encoding="utf-8") == made
    assert made.count("\n") - 1 <= 100
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    assert "made up by a program" in readme
    assert "20260101" in readme


def test_the_instrument_of_the_example_has_no_warning():
    instrument = load_instrument(TEMPLATE / "instruments" / "crm_staff.yaml")
    assert [note.message for note in lint(instrument) if note.level == "warning"] == []
    assert [item.id for item in instrument.items if item.reverse] == ["QWL4"]
    assert set(instrument.languages) == {"en", "fa", "ru"}


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "study.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(cs.OutputError, match=r"study.yaml' exists already and is not overwritten"):
        copy_template(tmp_path / "s")
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["study.yaml"]
    with pytest.raises(cs.OutputError, match="is a file; name a folder"):
        copy_template(tmp_path / "s" / "study.yaml")
    with pytest.raises(cs.OutputError, match="cannot be written"):
        copy_template(tmp_path / "s" / "study.yaml" / "deep")


def test_scales_are_proposed_from_names():
    columns = ["IMAG1", "IMAG2", "q1_1", "q1_2", "crm.1", "crm.2", "crm", "س۱", "س۲", "single1", "age", "name"]
    assert propose_scales(columns) == {
        "IMAG": ("IMAG1", "IMAG2"),
        "q1": ("q1_1", "q1_2"),
        "crm_scale": ("crm.1", "crm.2"),
        "س": ("س۱", "س۲"),
    }


@given(st.dictionaries(NAMES.filter(lambda name: name.strip("_")), st.integers(2, 6), min_size=1, max_size=4),
       st.sampled_from(["", "_", "."]))  # fmt: skip
def test_every_numbered_group_is_found_whole(groups, separator):
    folded = {name.rstrip("_").casefold() for name in groups}
    columns = [f"{name}{separator}{number}" for name, count in groups.items() for number in range(1, count + 1)]
    found = propose_scales(columns)
    assert sorted(column for members in found.values() for column in members) == sorted(columns)
    assert len(found) == len(folded)
    assert all(name.isidentifier() and name not in columns for name in found)


@given(st.text(max_size=8))
def test_a_scale_always_gets_a_name(text):
    assert scale_id(text).isidentifier()


@pytest.mark.parametrize(
    ("answers", "low", "high", "codes"),
    [
        ([1, 2, 3, 4, 5], 1, 5, ()),
        ([1, 2, 3, 4, 5, -99, 9], 1, 5, (-99, 9)),
        ([1, 2, 6, 99], 1, 6, (99,)),
        ([1, 7, 9], 1, 7, (9,)),
        ([1, 7, 8, 9], 1, 9, ()),
        ([2, 10], 1, 10, ()),
        ([0, 10, -1], 0, 10, (-1,)),
        ([1, 2, 3], 1, 5, ()),
        ([0, 1], 0, 1, ()),
    ],
)
def test_the_range_and_the_codes_are_proposed_from_the_values(answers, low, high, codes):
    found = propose(pd.DataFrame({"A1": answers, "A2": answers}))
    assert (found.low, found.high, found.codes, found.scales) == (low, high, codes, {"A": ("A1", "A2")})


def test_columns_that_are_no_answers_are_left_aside():
    frame = pd.DataFrame(
        {"A1": [1, 2], "A2": [2, 3], "year1": [1990, 1985], "year2": [2001, 2002], "t1": ["x", "y"], "w1": [0.5, 1.2],
         "w2": [0.1, 0.2], "b-1": [1, 2], "b-2": [2, 2]}
    )  # fmt: skip
    found = propose(frame)
    assert found.scales == {"A": ("A1", "A2")}
    assert found.unnameable == ("b-1", "b-2")
    assert set(found.others) == set(frame.columns) - {"A1", "A2"}


def test_at_most_eight_questions():
    assert len(QUESTIONS) <= 8
    assert len({question.key for question in QUESTIONS}) == len(QUESTIONS)


@given(st.dictionaries(NAMES, st.lists(NAMES, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3))
def test_printed_scales_read_back(scales):
    assert parse_scales(print_scales(scales)) == (scales, ())


@pytest.mark.parametrize("text", ["a", "=a,b", "a=", "a=b; a=c"])
def test_scales_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match=r"is no scale|stands twice"):
        parse_scales(text)


def test_a_study_is_made_of_answers_and_runs(here):
    (here / "a.yaml").write_text(
        "folder: mine\ntitle: 'Ease: and \"trust\"'\nlanguage: ru\ndata: answers.csv\npopulation: customer\n"
        "reversed: [A3]\noutcome: B\n",
        encoding="utf-8",
    )
    made = write_study(read_answers("a.yaml"))
    assert made.data == "'answers.csv' was not copied; study.yaml refers to ../answers.csv."
    assert sorted(path.name for path in made.files) == ["README.md", "mine.yaml", "study.yaml"]
    study = cs.Study.load("mine")
    assert study.title == 'Ease: and "trust"'
    assert study.hypotheses[0].statement == "A повышает B."
    results = cs.run(study)
    assert results.status_code == 0
    assert [test.verdict for test in results.hypotheses] == ["supported"]
    instrument = results.record.samples[0].responses.instruments[0]
    assert (instrument.wording, instrument.respondent) == ("none", "customer")
    assert [item.id for item in instrument.items if item.reverse] == ["A3"]
    assert {scale.id: scale.min_answered for scale in instrument.scales} == {"A": 2, "B": 2}


def test_the_data_file_is_copied_only_when_told_to(here):
    (here / "a.yaml").write_text("folder: mine\ndata: answers.csv\ncopy: true\n", encoding="utf-8")
    made = write_study(read_answers("a.yaml"))
    assert made.data == "'answers.csv' was copied to data/answers.csv."
    assert (here / "mine" / "data" / "answers.csv").read_bytes() == (here / "answers.csv").read_bytes()
    assert cs.Study.load("mine").samples["main"].file == "data/answers.csv"


def test_a_copy_that_fails_leaves_nothing_behind(here, monkeypatch):
    (here / "a.yaml").write_text("folder: deep/mine\ndata: answers.csv\ncopy: true\n", encoding="utf-8")
    answers = read_answers("a.yaml")
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.suffix == ".csv":
            write(path, content[:10])
            raise OSError(28, "No space left on device", str(path))
        return write(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(cs.OutputError, match="No space left on device"):
            write_study(answers)
    assert sorted(path.name for path in here.iterdir()) == ["a.yaml", "answers.csv"]
    (here / "deep" / "mine" / "data").mkdir(parents=True)
    (here / "deep" / "mine" / "data" / "answers.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(cs.OutputError, match="exists already and is not overwritten"):
        write_study(answers)
    assert [path.name for path in (here / "deep" / "mine").iterdir()] == ["data"]


def test_a_data_file_that_is_gone_before_it_is_copied(here):
    (here / "a.yaml").write_text("folder: mine\ndata: answers.csv\ncopy: true\n", encoding="utf-8")
    answers = read_answers("a.yaml")
    (here / "answers.csv").unlink()
    with pytest.raises(cs.OutputError, match=r"'answers.csv' cannot be copied"):
        write_study(answers)
    assert not (here / "mine").exists()


def test_the_command_line_goes_before_the_file(here):
    (here / "a.yaml").write_text("folder: mine\ndata: absent.csv\n", encoding="utf-8")
    answers = read_answers("a.yaml", folder=Path("other"), data=Path("answers.csv"))
    assert (answers.folder, answers.data) == (Path("other"), Path("answers.csv"))


def test_without_data_the_example_gets_the_title(here):
    (here / "a.yaml").write_text("folder: mine\ntitle: عنوان\nlanguage: fa\n", encoding="utf-8")
    write_study(read_answers("a.yaml"))
    assert cs.Study.load("mine").title == "عنوان"
    assert cs.run(cs.Study.load("mine")).status_code == 0


def test_all_faults_of_the_answers_are_told_at_once(here):
    text = "folder: mine\ndata: answers.csv\nscales: {ease: [A1, A9], branch: [B1, A1]}\nreversed: [B2]\n"
    text += "range: [5, 1]\noutcome: eas\nmissing_codes: [3]\n"
    (here / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(cs.StudyError) as caught:
        read_answers("a.yaml")
    told = str(caught.value)
    assert [fault.line for fault in caught.value.faults] == [3, 3, 3, 4, 5, 6]
    for sentence in (
        "'A9' is no column of the data.", "'A1' stands in more than one place", "the scale 'branch' is a column",
        "'B2' is in no scale.", "low must be below high", "there is no scale 'eas'. Did you mean 'ease'?",
    ):  # fmt: skip
        assert sentence in told


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("titel: x\n", "unknown key 'titel' in the file. Did you mean 'title'?"),
        ("language: de\npopulation: stuff\n", "2 faults found"),
        ("outcome: x\n", "'outcome' says something about the data, but no data file is named"),
        ("data: absent.csv\n", "the data file 'absent.csv' was not found"),
        ("- a\n", "must be a mapping"),
        ("data: answers.csv\nrange: [1, 5, 9]\n", "a.yaml:2: range must be a list of two numbers; found 3."),
        ("data: answers.csv\nrange: [1]\n", "a.yaml:2: range must be a list of two numbers; found 1."),
        ("data: answers.csv\nrange: [1, 9000]\n", "a.yaml:2: the range runs from 1 to 9000; a response range spans"),
    ],
)
def test_answers_that_will_not_do(here, text, sentence):
    (here / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(cs.InputError) as caught:
        read_answers("a.yaml")
    assert sentence in str(caught.value)


def test_codes_are_found_again_for_another_range(here):
    write_answers(here / "answers.csv", A1="9", B1="-9")
    interview = Interview({"folder": Path("mine"), "range": (1, 5)})
    interview.look(here / "answers.csv")
    assert interview.answers().missing_codes == (-9, 9)
    interview.given["range"] = (1, 9)
    assert interview.answers().missing_codes == (-9,)
