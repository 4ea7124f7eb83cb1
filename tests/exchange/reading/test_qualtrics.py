"""Qualtrics: header rows, numbers or choice texts, previews, personal columns, -99."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.read import read_responses
from crmstudy.instrument.load import parse_instrument
from crmstudy.instrument.writing import write_yaml
from tests.exchange.reading.platform_files import put, qualtrics

NUMBERS = [
    ["5", "1", "۴", "1", "", "1", "۱۲", "fine, thanks", "100"],
    ["-99", "-9", "3", "", "", "", "3", "", "-99"],
    ["2", "2", "2", "1", "1", "1", "4", "x", "7"],
]
LABELS = [
    ["Strongly agree", "Strongly disagree", "Agree", "Phone, or fax", "", "In person", "12", "fine, thanks", "100"],
    ["", "Does not apply", "Neither agree, nor disagree", "", "", "", "3", "", ""],
    ["Disagree", "Disagree", "Disagree", "Phone, or fax", "E-mail", "In person", "4", "x", "7"],
]


def _notes(responses):
    return {note.code: note.message for note in responses.notes}


def _same(left, right):
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("answers", [NUMBERS, LABELS], ids=["numbers", "labels"])
def test_numbers_and_choice_texts_give_the_same_answers(tmp_path, care, answers):
    read = read_responses(put(tmp_path, qualtrics(*answers)), instruments=[care])
    assert read.n == 3
    assert _same(read.frame["CARE1"], [5, math.nan, 2])
    assert _same(read.frame["CARE2"], [1, math.nan, 2])
    assert _same(read.values["CARE2"], [5, math.nan, 4])
    assert _same(read.frame["CARE3"], [4, 3, 2])
    assert [list(read.frame[f"via_{n}"].fillna(-1)) for n in (1, 2, 3)] == [[1, -1, 1], [0, -1, 1], [1, -1, 1]]
    assert list(read.frame["years"]) == [12, 3, 4]
    assert read.frame["Q9"].fillna(-1).tolist() == [100, -1, 7]
    assert read.codes["CARE2"].to_dict() == {1: -9}
    assert read.rows == (1, 2, 3)
    assert read.meanings["Q9"].label == "What is your income?"


def test_personal_columns_are_left_out_unless_asked_for(tmp_path, care):
    path = put(tmp_path, qualtrics(*NUMBERS))
    read = read_responses(path, instruments=[care])
    assert not {"IPAddress", "RecipientEmail", "LocationLatitude", "ExternalReference"} & set(read.frame)
    assert "ResponseId" in read.frame
    assert "'IPAddress'" in _notes(read)["RESPONSES_PERSONAL_LEFT_OUT"]
    whole = read_responses(path, instruments=[care], personal=True)
    assert list(whole.frame["RecipientLastName"]) == ["Karimi"] * 3
    assert "RESPONSES_PERSONAL_LEFT_OUT" not in _notes(whole)
    named = read_responses(path, instruments=[care], id="RecipientEmail")
    assert named.id == "RecipientEmail"
    assert "IPAddress" not in named.frame


@pytest.mark.parametrize(
    ("states", "left"),
    [
        (["0", "1", "8"], "previews (1), spam (1)"),
        (["IP Address", "Survey Preview", "Spam"], "previews (1), spam (1)"),
        (["16", "17", "2"], "previews (1), tests (1)"),
        (["Imported", "Offline Survey Preview", "Survey Test"], "previews (1), tests (1)"),
    ],
)
def test_rows_nobody_gave_are_left_out(tmp_path, care, states, left):
    answers = [NUMBERS[0], ["2", "2", "2", "", "", "", "many", "x", "7"], NUMBERS[2]]
    read = read_responses(put(tmp_path, qualtrics(*answers, status=states)), instruments=[care])
    assert read.n == 1
    assert left in _notes(read)["RESPONSES_PREVIEWS_LEFT_OUT"]
    assert read.frame["years"].tolist() == [12.0]  # "many" of the preview does not make it a column of words


def test_an_unknown_status_is_kept_and_told(tmp_path, care):
    path = put(tmp_path, qualtrics(*NUMBERS, status=["IP-Adresse", "IP Address", "Spam"]))
    read = read_responses(path, instruments=[care])
    assert read.rows == (1, 2)
    assert "'IP-Adresse' (1)" in _notes(read)["RESPONSES_STATUS_UNKNOWN"]


def test_unfinished_rows_are_kept_and_counted(tmp_path, care):
    read = read_responses(put(tmp_path, qualtrics(*NUMBERS, finished=["1", "0", "False"])), instruments=[care])
    assert read.n == 3
    assert "2 of 3" in _notes(read)["RESPONSES_INCOMPLETE"]


def test_a_label_that_is_none_is_refused_with_row_line_and_near_miss(tmp_path, care):
    answers = [list(LABELS[0]), list(LABELS[1]), list(LABELS[2])]
    answers[1][0], answers[2][1] = "Strongly agre", "Whatever"
    with pytest.raises(DataError) as caught:
        read_responses(put(tmp_path, qualtrics(*answers)), instruments=[care])
    first, second = caught.value.faults
    assert (first.line, second.line) == (6, 7)  # line 3 is the break within a heading
    assert "'Strongly agre' in row 2 (line 6). Near: 'Strongly agree' = 5" in first.message
    assert "'Whatever' in row 3 (line 7)" in second.message


def test_a_label_that_is_a_number_may_not_mean_another(tmp_path, care):
    odd = replace(care.responses["agree"], labels={**care.responses["agree"].labels, 2: {"en": "5"}})
    items = tuple(replace(item, response=odd) for item in care.items)
    swapped = replace(care, items=items, scales=(replace(care.scales[0], items=items),), responses={"agree": odd})
    with pytest.raises(DataError, match="'5' may be 2 or 5"):
        read_responses(put(tmp_path, qualtrics(*NUMBERS)), instruments=[swapped])


def test_two_header_rows_of_old_exports(tmp_path, care):
    rows = [
        ["V1", "V3", "V5", "V6", "V8", "V9", "V10", "CARE1", "CARE2", "CARE3", "LocationLatitude"],
        ["ResponseID", "Name", "EmailAddress", "IPAddress", "StartDate", "EndDate", "Finished",
         "My manager cares about how I feel.", "In my unit nobody...", "The CRM system...", "LocationLatitude"],
        ["R_1", "Ali", "a@b.org", "10.0.0.1", "2013-01-01", "2013-01-01", "1", "1", "2", "3", "35"],
        ["R_2", "Ali", "a@b.org", "10.0.0.1", "2013-01-01", "2013-01-01", "0", "5", "5", "5", "35"],
    ]  # fmt: skip
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert list(read.frame) == ["ResponseID", "StartDate", "EndDate", "Finished", "CARE1", "CARE2", "CARE3"]
    assert list(read.frame["CARE3"]) == [3, 5]


def test_the_name_of_one_item_with_the_text_of_another_is_refused(tmp_path, care):
    rows = qualtrics(*NUMBERS)
    rows[0][17] = "CARE2"
    with pytest.raises(DataError, match="has the name of 'CARE2' but the text of 'CARE1'"):
        read_responses(put(tmp_path, rows), instruments=[care])


def test_names_in_other_capitals_are_taken_with_a_note(tmp_path, care):
    rows = qualtrics(*NUMBERS)
    rows[0][17:20] = ["care1", "Care2", "CARE3"]
    rows[1][17:20] = ["", "", ""]
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert _notes(read)["RESPONSES_CAPITALS_DIFFER"].endswith("'care1' as CARE1, 'Care2' as CARE2.")


def test_columns_are_never_found_by_their_place(tmp_path, care):
    rows = qualtrics(*NUMBERS)
    rows[0][17:20] = ["Q1", "Q2", "Q3"]
    rows[1][17:20] = ["One", "Two", "Three"]
    with pytest.raises(DataError, match="none of the 3 items of 'care' was found"):
        read_responses(put(tmp_path, rows), instruments=[care])


def test_other_words_in_a_slot_are_found_and_told(tmp_path, care):
    rows = qualtrics(*NUMBERS)
    rows[1][19] = "How much do you agree? - Bitrix24 makes my work easier."
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert "CARE3 by 'Q7_2'" in _notes(read)["RESPONSES_SLOTS_DIFFER"]
    assert list(read.frame["CARE3"]) == [4, 3, 2]


def test_different_words_in_one_slot_are_refused(tmp_path, care):
    another = replace(care.items[1], wording={"en": "{system} is easy to learn."})
    items = (care.items[0], another, care.items[2])
    care = replace(care, items=items, scales=(replace(care.scales[0], items=items),))
    rows = qualtrics(*NUMBERS)
    rows[1][18] = "How much do you agree? - Bitrix24 is easy to learn."
    rows[1][19] = "How much do you agree? - Bitrix24 makes my work easier."
    assert list(read_responses(put(tmp_path, rows), instruments=[care]).frame["CARE2"])[:1] == [1]
    rows[1][19] = "How much do you agree? - The training makes my work easier."
    with pytest.raises(DataError, match="with different words, so one of them asks something else"):
        read_responses(put(tmp_path, rows, name="odd.csv"), instruments=[care])


def test_without_header_rows_source_qualtrics_is_refused(tmp_path, care):
    rows = [*qualtrics()[:1], *qualtrics(*NUMBERS)[3:]]
    with pytest.raises(DataError, match="no export of Qualtrics: the second row"):
        read_responses(put(tmp_path, rows), instruments=[care], source="qualtrics")


def test_header_rows_without_answers_are_refused(tmp_path, care):
    with pytest.raises(DataError, match="no row of the file is an answer"):
        read_responses(put(tmp_path, qualtrics()), instruments=[care])


def test_tab_separated_in_utf16(tmp_path, care):
    path = put(tmp_path, qualtrics(*NUMBERS), name="export.tsv", delimiter="\t", encoding="utf-16")
    assert read_responses(path, instruments=[care]).frame["CARE3"].tolist() == [4, 3, 2]


def test_the_label_of_a_choice_counts_and_not_the_number_the_platform_gave_it(tmp_path, care):
    rows = qualtrics(*NUMBERS)
    rows[1][20], rows[1][21] = rows[1][21], rows[1][20]
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert read.frame.loc[0, ["via_1", "via_2", "via_3"]].tolist() == [0, 1, 1]


def test_minus_99_is_an_answer_where_the_range_has_it(tmp_path, care):
    wide = replace(care.responses["agree"], low=-100, high=100, labels={}, missing_codes=(), missing_labels={})
    items = tuple(replace(item, response=wide) for item in care.items)
    care = replace(care, items=items, scales=(replace(care.scales[0], items=items),), responses={"agree": wide})
    assert read_responses(put(tmp_path, qualtrics(*NUMBERS)), instruments=[care]).frame["CARE1"].tolist() == [5, -99, 2]


def test_a_missing_label_that_looks_like_nothing_is_that_code(tmp_path, care):
    agree = replace(care.responses["agree"], missing_labels={-9: {"en": "NA"}})
    items = tuple(replace(item, response=agree) for item in care.items)
    care = replace(care, items=items, scales=(replace(care.scales[0], items=items),), responses={"agree": agree})
    answers = [list(row) for row in LABELS]
    answers[0][0], answers[1][1] = "NA", "-9"
    assert read_responses(put(tmp_path, qualtrics(*answers)), instruments=[care]).codes["CARE1"].to_dict() == {0: -9}


def test_columns_of_the_platform_are_known_by_their_import_id(tmp_path, care):
    rows = qualtrics(*NUMBERS, status=["0", "1", "0"])
    rows[0][2:4] = ["Antworttyp", "IP-Adresse"]
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert read.n == 2
    assert not any("IP" in name for name in read.frame)


def test_a_question_called_like_a_column_of_the_platform_is_a_question(tmp_path, care):
    rows = qualtrics(*NUMBERS)
    rows[0][25], rows[1][25] = "Status", "What is your marital status?"
    rows[3][25] = rows[4][25] = rows[5][25] = "1"
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert read.n == 3
    assert read.frame["Status_2"].tolist() == [1, 1, 1]


def test_import_ids_in_single_quotation_marks_are_a_header_row_too(tmp_path, care):
    rows = qualtrics(*NUMBERS)
    rows[2] = [cell.replace('"', "'") for cell in rows[2]]
    assert "'ImportId'" in rows[2][0]
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert read.n == 3
    assert "RESPONSES_STATUS_UNKNOWN" not in _notes(read)
    assert "IPAddress" not in read.frame


def test_a_file_of_previews_alone_says_why_nothing_is_left(tmp_path, care):
    path = put(tmp_path, qualtrics(*NUMBERS, status=["1", "2", "2"]))
    with pytest.raises(DataError, match=r"were left out: previews \(1\), tests \(2\)"):
        read_responses(path, instruments=[care])


def _named_like(care, ids):
    """The instrument with other ids for its items."""
    text = write_yaml(care)
    for old, new in ids.items():
        text = text.replace(old, new)
    return parse_instrument(text, "other.yaml")


def test_names_with_signs_an_id_cannot_have_are_taken_with_a_note(tmp_path, care):
    other = _named_like(care, {"CARE1": "my_boss", "CARE2": "q_2nd"})
    rows = qualtrics(*NUMBERS)
    rows[0][17:20] = ["my-boss", "2nd", "CARE3"]
    rows[1][17:20] = ["", "", ""]
    read = read_responses(put(tmp_path, rows), instruments=[other])
    assert _notes(read)["RESPONSES_SIGNS_DIFFER"].endswith("'my-boss' as my_boss, '2nd' as q_2nd.")
    assert read.frame["my_boss"].fillna(-1).tolist() == [5, -1, 2]
    rows[0].append("my boss")  # two columns for one item: neither is taken on trust
    for row in rows[1:]:
        row.append("")
    with pytest.raises(DataError, match="'my-boss', 'my boss' both go by the id 'my_boss'"):
        read_responses(put(tmp_path, rows, name="two.csv"), instruments=[other])


def test_the_tag_of_a_matrix_may_stand_twice_in_a_name(tmp_path, care):
    rows = qualtrics(*NUMBERS)
    rows[0][17:20] = ["CARE_CARE_1", "CARE_CARE_2", "CARE3"]
    rows[1][17:20] = ["", "", ""]
    read = read_responses(put(tmp_path, rows), instruments=[_named_like(care, {"CARE1": "CARE_1", "CARE2": "CARE_2"})])
    assert read.frame["CARE_1"].fillna(-1).tolist() == [5, -1, 2]
