"""Which platform a file is of: by structure alone, in every format, and never by accident."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook

from crmstudy.errors import DataError, UnsupportedError
from crmstudy.exchange.read import column_names, read_responses
from crmstudy.exchange.sources import PLATFORMS
from tests.exchange.reading.platform_files import GOOGLE, KOBO, LIMESURVEY, REDCAP, exports, put, qualtrics

NAMES = {
    "qualtrics": "Qualtrics", "limesurvey": "LimeSurvey", "google-forms": "Google Forms", "redcap": "REDCap",
    "kobo": "KoboToolbox",
}  # fmt: skip
MOBI = Path(__file__).resolve().parents[3] / "data" / "mobi" / "responses.csv"


def _source(responses):
    return [note.message for note in responses.notes if note.code == "RESPONSES_SOURCE"]


@pytest.mark.parametrize("platform", sorted(NAMES))
def test_an_export_is_recognised_and_says_so(tmp_path, care, platform):
    path = put(tmp_path, exports()[platform])
    read = read_responses(path, instruments=[care])
    assert _source(read) == [f"The file was read as an export of {NAMES[platform]}."]
    named = read_responses(path, instruments=[care], source=platform)
    assert named.frame.equals(read.frame)
    assert named.notes == read.notes


@pytest.mark.parametrize("platform", sorted(NAMES))
def test_without_instruments_personal_columns_are_left_out_too(tmp_path, platform):
    read = read_responses(put(tmp_path, exports()[platform]))
    said = " ".join(map(str, read.frame.to_numpy().ravel()))
    assert not any(trace in said for trace in ("@", "10.0.0.1", "Karimi", "aX9", "dev1", "35.7"))
    assert any(note.code == "RESPONSES_PERSONAL_LEFT_OUT" for note in read.notes)


@pytest.mark.parametrize(
    ("rows", "answers"),
    [
        (qualtrics(["5", "1", "4", "1", "", "1", "12", "x", "1"]), [5, 1, 4]),
        (LIMESURVEY[:2], [5, 5, 4]),
        (GOOGLE[:2], [5, 3, 0]),
        (REDCAP[:2], [5, 0, 4]),
        (KOBO[:2], [5, 0, 4]),
    ],
    ids=["qualtrics", "limesurvey", "google", "redcap", "kobo"],
)
def test_workbooks_are_recognised_as_well(tmp_path, care, rows, answers):
    book = Workbook()
    for row in rows:
        book.active.append([int(cell) if cell.isascii() and cell.isdecimal() else cell or None for cell in row])
    book.save(tmp_path / "export.xlsx")
    read = read_responses(tmp_path / "export.xlsx", instruments=[care])
    assert _source(read)
    assert read.frame.loc[0, ["CARE1", "CARE2", "CARE3"]].fillna(0).tolist() == answers


@pytest.mark.parametrize(
    "rows",
    [
        [["id", "CARE1", "CARE2", "CARE3"], ["1", "1", "2", "3"]],
        [["Timestamp", "CARE1", "CARE2", "CARE3", "note"], ["2026-03-01 10:00", "1", "2", "3", "Agree"]],
        [["status", "name", "progress", "CARE1", "CARE2", "CARE3"], ["a", "b", "c", "1", "2", "3"]],
        [["_id", "seed", "CARE1", "CARE2", "CARE3", "form_complete"], ["1", "5", "1", "2", "3", "2"]],
        [["CARE1", "CARE2", "CARE3", "key", "start"], ["1", "2", "3", "k", "s"]],
    ],
)
def test_a_plain_table_is_no_export(tmp_path, care, rows):
    read = read_responses(put(tmp_path, rows), instruments=[care])
    if rows[0][0] != "Timestamp":
        assert _source(read) == []
    assert list(read.frame) == rows[0]
    assert read.frame.loc[0, ["CARE1", "CARE2", "CARE3"]].tolist() == [1, 2, 3]


def test_the_shipped_data_are_no_export():
    assert _source(read_responses(MOBI, instruments=["ecsi"])) == []


def test_a_platform_that_is_not_known(tmp_path, care):
    with pytest.raises(UnsupportedError, match=r"source='quatrics' is no platform .* Did you mean 'qualtrics'"):
        read_responses(put(tmp_path, exports()["redcap"]), instruments=[care], source="quatrics")
    with pytest.raises(UnsupportedError, match="handover"):
        read_responses(put(tmp_path, exports()["redcap"]), instruments=[care], source="handover")
    assert set(NAMES) <= set(PLATFORMS)


def test_names_of_columns_are_those_after_reading(tmp_path):
    names = column_names(put(tmp_path, exports()["qualtrics"]))
    assert "CARE1" in names
    assert "IPAddress" not in names


def test_two_instruments_in_one_export(tmp_path, care):
    items = [replace(item, id=f"O{item.id}", wording={"en": f"Other {item.wording['en']}"}) for item in care.items]
    other = replace(care, id="other", questions=(), scales=(), items=tuple(items))
    rows = [list(row) for row in GOOGLE]
    for place, item in enumerate(other.items):
        rows[0].append(other.text(item.wording, "en"))
        rows[1].append(str(place + 1))
        rows[2].append("Agree")
    read = read_responses(put(tmp_path, rows), instruments=[care, other])
    assert read.frame.loc[0, ["CARE1", "CARE2", "OCARE1", "OCARE3"]].tolist() == [5, 3, 1, 3]
    items = [replace(own, wording=care.item(own.id[1:]).wording) for own in other.items]
    same = replace(other, items=tuple(items))
    with pytest.raises(DataError, match="has the text of more than one question"):
        read_responses(put(tmp_path, rows, name="same.csv"), instruments=[care, same])


def test_a_list_of_which_only_does_not_apply_was_chosen(tmp_path, care):
    channels = replace(care.responses["channels"], missing_codes=(-9,), missing_labels={-9: {"en": "None of these"}})
    question = replace(care.questions[0], response=channels)
    care = replace(care, questions=(question, *care.questions[1:]))
    rows = [list(row) for row in GOOGLE]
    rows[1][5], rows[2][5] = "None of these", "E-mail, None of these"
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert read.frame["via_2"].fillna(-1).tolist() == [-1, 1]
    told = {note.code: note.message for note in read.notes}
    assert "'via: -9' (1 times)" in told["RESPONSES_MARKED_UNANSWERED"]


def test_labels_of_an_spss_file_stay_with_their_items(tmp_path, care):
    pyreadstat = pytest.importorskip("pyreadstat")
    import pandas as pd

    frame = pd.DataFrame({"care1": ["Agree", "Disagree"], "care2": [1.0, 2.0], "CARE3": [3.0, -9.0]})
    path = tmp_path / "export.sav"
    pyreadstat.write_sav(
        frame, str(path), column_labels=["", "In my unit nobody listens to staff.", ""],
        variable_value_labels={"care2": {1.0: "Strongly disagree", 2.0: "Disagree"}},
    )  # fmt: skip
    read = read_responses(path, instruments=[care], source="labelled")
    assert read.frame["CARE1"].tolist() == [4, 2]
    assert read.frame["CARE2"].tolist() == [1, 2]
    assert read.meanings["CARE2"].labels[2.0] == "Disagree"
    assert read.codes["CARE3"].to_dict() == {1: -9}
