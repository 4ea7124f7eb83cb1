"""KoboToolbox and ODK: groups in names, values or labels, lists in columns of their own, places left out."""

from __future__ import annotations

import csv

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.read import read_responses
from tests.exchange.reading.platform_files import put

VALUES = [
    ["start", "end", "deviceid", "G1/CARE1", "G1/CARE2", "G1/sub/CARE3", "via", "via/1", "via/2", "via/3", "years",
     "remark", "where", "_where_latitude", "_where_longitude", "_where_altitude", "_where_precision", "_id", "_uuid",
     "_submission_time", "_validation_status", "_submitted_by", "__version__", "_index"],
    ["2026-03-01", "2026-03-01", "dev1", "5", "-9", "4", "1 3", "1", "0", "1", "۱۲", "hm", "35.7 51.4 0 0", "35.7",
     "51.4", "0", "0", "11", "uuid:1", "2026-03-01T10:00:00", "", "sara", "v1", "1"],
    ["2026-03-01", "2026-03-01", "dev2", "4", "2", "", "", "", "", "", "3", "", "", "", "", "", "", "12", "uuid:2",
     "2026-03-01T10:01:00", "", "ali", "v1", "2"],
]  # fmt: skip


def _labels():
    rows = [list(row) for row in VALUES]
    rows[0][3:12] = [
        "Group/My manager cares about how I feel.", "Group/In my unit nobody listens to staff.",
        "Group/Part/The CRM system makes my work easier.", "How do customers reach you?",
        "How do customers reach you?/Phone, or fax", "How do customers reach you?/E-mail",
        "How do customers reach you?/In person", "Years in this job", "Anything else?",
    ]  # fmt: skip
    rows[1][3:7] = ["Strongly agree", "Does not apply", "Agree", "Phone, or fax In person"]
    rows[2][3:5] = ["Agree", "Disagree"]
    return rows


def _notes(responses):
    return {note.code: note.message for note in responses.notes}


@pytest.mark.parametrize("rows", [VALUES, _labels()], ids=["values", "labels"])
def test_values_and_labels_give_the_same_answers(tmp_path, care, rows):
    path = put(tmp_path, rows, delimiter=";", quoting=csv.QUOTE_ALL, encoding="utf-8")
    read = read_responses(path, instruments=[care])
    assert read.frame[["CARE1", "CARE2", "CARE3"]].fillna(0).to_numpy().tolist() == [[5, 0, 4], [4, 2, 0]]
    assert read.codes["CARE2"].to_dict() == {0: -9}
    assert read.frame[["via_1", "via_2", "via_3"]].fillna(-1).to_numpy().tolist() == [[1, 0, 1], [-1, -1, -1]]
    assert read.frame["years"].tolist() == [12, 3]
    assert not {"deviceid", "_submitted_by", "where", "_where_latitude", "_where_altitude"} & set(read.frame)
    assert {"_uuid", "_id", "start", "remark"} <= set(read.frame)
    assert "KoboToolbox" in _notes(read)["RESPONSES_SOURCE"]


def test_lists_in_one_cell_alone(tmp_path, care):
    for name, rows in (("values.csv", VALUES), ("labels.csv", _labels())):
        alone = [row[:7] + row[10:] for row in rows]
        read = read_responses(put(tmp_path, alone, name=name), instruments=[care])
        assert read.frame[["via_1", "via_2", "via_3"]].fillna(-1).to_numpy().tolist() == [[1, 0, 1], [-1, -1, -1]]


def test_odk_central_names(tmp_path, care):
    rows = [
        ["SubmissionDate", "start", "end", "G1-CARE1", "G1-CARE2", "G1-CARE3", "via", "via/1", "via/2", "via/3",
         "spot-Latitude", "spot-Longitude", "meta-instanceID", "KEY", "SubmitterID", "SubmitterName", "ReviewState",
         "DeviceID"],
        ["2026-03-01", "x", "y", "5", "2", "۴", "1 3", "1", "0", "1", "35", "51", "uuid:1", "uuid:1", "5", "Sara", "",
         "d"],
    ]  # fmt: skip
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert read.frame.loc[0, ["CARE1", "CARE2", "CARE3", "via_1", "via_2"]].tolist() == [5, 2, 4, 1, 0]
    assert not {"spot-Latitude", "SubmitterName", "DeviceID", "SubmitterID"} & set(read.frame)
    assert "ODK" in _notes(read)["RESPONSES_SOURCE"]


def test_a_value_that_is_no_answer_is_refused(tmp_path, care):
    rows = [list(row) for row in VALUES]
    rows[1][3] = "opt_5"
    with pytest.raises(DataError, match="'opt_5' in row 1"):
        read_responses(put(tmp_path, rows), instruments=[care])


def test_two_groups_with_a_question_of_the_same_name_are_refused(tmp_path, care):
    rows = [[*row, row[3]] for row in VALUES]
    rows[0][-1] = "G2/CARE1"
    with pytest.raises(DataError, match="both go by the id 'CARE1'"):
        read_responses(put(tmp_path, rows), instruments=[care])
