"""REDCap: raw and labelled records, checkboxes, events, forms that are not complete."""

from __future__ import annotations

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.read import read_responses
from tests.exchange.reading.platform_files import put

RAW = [
    ["record_id", "redcap_event_name", "redcap_survey_identifier", "care_form_timestamp", "care1", "care2", "care3",
     "via___1", "via___2", "via___3", "years", "remark", "care_form_complete"],
    ["1", "baseline_arm_1", "a@b.org", "2026-03-01 10:00", "5", "-9", "4", "1", "0", "1", "12", "hm", "2"],
    ["1", "month_6_arm_1", "", "[not completed]", "4", "2", "", "0", "0", "0", "", "", "0"],
]  # fmt: skip
LABELLED = [
    ["Record ID", "Event Name", "Survey Identifier", "Survey Timestamp", "My manager cares about how I feel.",
     "In my unit nobody listens to staff.", "<b>The CRM system</b> makes my work easier.",
     "How do customers reach you? (choice=Phone, or fax)", "How do customers reach you? (choice=E-mail)",
     "How do customers reach you? (choice=In person)", "Years in this job", "Anything else?", "Complete?",
     "Complete?"],
    ["1", "Baseline", "a@b.org", "2026-03-01 10:00", "Strongly agree", "Does not apply", "Agree", "Checked",
     "Unchecked", "Checked", "12", "hm", "Complete", "Complete"],
    ["1", "Month 6", "", "[not completed]", "Agree", "Disagree", "", "Unchecked", "Unchecked", "Unchecked", "", "",
     "Incomplete", "Complete"],
]  # fmt: skip


def _notes(responses):
    return {note.code: note.message for note in responses.notes}


@pytest.mark.parametrize("rows", [RAW, LABELLED], ids=["raw", "labelled"])
def test_raw_and_labelled_records_give_the_same_answers(tmp_path, care, rows):
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert read.frame[["CARE1", "CARE2", "CARE3"]].fillna(0).to_numpy().tolist() == [[5, 0, 4], [4, 2, 0]]
    assert read.codes["CARE2"].to_dict() == {0: -9}
    assert read.frame[["via_1", "via_2", "via_3"]].to_numpy().tolist() == [[1, 0, 1], [0, 0, 0]]
    assert read.frame["years"].tolist()[0] == 12
    assert rows[0][2] not in read.frame
    assert rows[0][1] in read.frame
    notes = _notes(read)
    assert "In 1 of 2 rows" in notes["RESPONSES_INCOMPLETE"]
    assert "may have more than one row" in notes["RESPONSES_SEVERAL_ROWS"]
    assert ("RESPONSES_CAPITALS_DIFFER" in notes) == (rows is RAW)


def test_forms_and_checkboxes_are_enough_to_recognise_it(tmp_path, care):
    rows = [["id", "CARE1", "CARE2", "CARE3", "via___3", "a_complete"], ["1", "1", "2", "3", "1", "2"]]
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert "REDCap" in _notes(read)["RESPONSES_SOURCE"]
    assert read.frame.loc[0, ["via_1", "via_3"]].tolist() == [0, 1]


def test_codes_below_zero_of_checkboxes(tmp_path, care):
    rows = [["record_id", "CARE1", "CARE2", "CARE3", "via___1", "via____9", "a_complete"],
            ["1", "1", "2", "3", "1", "0", "2"]]  # fmt: skip
    with pytest.raises(DataError, match="'via____9' stands for '-9', which is no answer"):
        read_responses(put(tmp_path, rows), instruments=[care])


def test_unknown_choices_and_cells_are_refused(tmp_path, care):
    rows = [list(row) for row in LABELLED]
    rows[0][8] = "How do customers reach you? (choice=Email me)"
    rows[1][7] = "Maybe"
    with pytest.raises(DataError) as caught:
        read_responses(put(tmp_path, rows), instruments=[care])
    text = str(caught.value)
    assert "stands for 'Email me'" in text
    assert "'E-mail' = 2" in text
    assert "wants 1 or 0; found 'Maybe' in row 1 (line 2)" in text
