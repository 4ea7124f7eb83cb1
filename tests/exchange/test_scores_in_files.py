"""Files that hold scale scores: those crmstudy wrote are read back without them, others are refused."""

from __future__ import annotations

import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import DataError, UnsupportedError
from crmstudy.responses import Responses


def _answers() -> Responses:
    rows = [{f"UWES{item}": (row + item) % 7 for item in range(1, 10)} for row in range(12)]
    return Responses.from_frame(pd.DataFrame(rows), [cs.load_instrument("uwes9")])


@pytest.mark.parametrize("ending", ["csv", "xlsx", "sav", "dta"])
def test_scores_that_we_wrote_are_left_out_and_told(tmp_path, ending):
    given = _answers()
    target = tmp_path / f"answers.{ending}"
    cs.write_responses(given, target, scores=True)
    read = cs.read_responses(target, instruments=["uwes9"])
    assert list(read.frame.columns) == list(given.frame.columns)
    (note,) = [note for note in read.notes if note.code == "RESPONSES_SCORES_LEFT_OUT"]
    assert "'vigor', 'dedication', 'absorption', 'uwes_total'" in note.message
    pd.testing.assert_frame_equal(cs.score(read).frame, cs.score(given).frame)


def test_a_column_with_the_name_of_a_scale_is_refused_where_nothing_says_that_it_is_the_score(tmp_path):
    target = tmp_path / "answers.csv"
    frame = _answers().frame.assign(vigor=3.0)
    frame.to_csv(target, index=False)
    with pytest.raises(DataError, match=r"'vigor' has the name of a scale of 'uwes9'.*rename the column, or take it"):
        cs.read_responses(target, instruments=["uwes9"])


def test_scores_of_another_version_stay_refused(tmp_path):
    target = tmp_path / "answers.csv"
    cs.write_responses(_answers(), target, scores=True)
    beside = tmp_path / "answers.codebook.json"
    print_of = cs.load_instrument("uwes9").fingerprint
    beside.write_text(beside.read_text(encoding="utf-8").replace(print_of, "0" * 64), encoding="utf-8")
    with pytest.raises(DataError) as refused:
        cs.read_responses(target, instruments=["uwes9"])
    assert "another key" in str(refused.value)
    assert "has the name of a scale" in str(refused.value)


def test_a_dta_file_of_many_instruments_still_knows_their_versions(tmp_path):
    names = ("crm-sty@21", "qwl-walton@20", "tcm-acs", "uwes9")
    asked = [cs.load_instrument(name) for name in names]
    frame = pd.DataFrame({item: [3.0, 4.0, 2.0] for one in asked for item in one.item_ids})
    log = cs.write_responses(Responses.from_frame(frame, asked), tmp_path / "answers.dta")
    assert "answers.dta.codebook.json" in [path.name for path in log.files]
    assert any("no room to say which 4 instruments" in line for line in log.lines)
    assert cs.read_responses(tmp_path / "answers.dta", instruments=asked).n == 3
    fewer = [cs.load_instrument(name) for name in ("qwl-walton", *names[2:])]
    with pytest.raises(DataError, match="answers were given to 'qwl-walton' version 20"):
        cs.read_responses(tmp_path / "answers.dta", instruments=fewer)


@pytest.mark.parametrize(
    ("name", "format", "right"),
    [("a.csv", "sav", ".sav"), ("a.xlsx", "csv", ".csv"), ("a.sav", "psych-ds", "folder"), ("a.xml", "dta", ".dta")],
)
def test_an_ending_that_belies_the_format_is_refused(tmp_path, name, format, right):
    with pytest.raises(UnsupportedError, match=rf"'{name}' ends like a file of the format .*{right}"):
        cs.write_responses(_answers(), tmp_path / name, format=format)
    assert list(tmp_path.iterdir()) == []
    cs.write_responses(_answers(), tmp_path / "answers.sav", format="zsav")
    cs.write_responses(_answers(), tmp_path / "answers.txt", format="csv")
