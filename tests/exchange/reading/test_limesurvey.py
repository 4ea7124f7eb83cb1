"""LimeSurvey: headings by code, text or both; answers by code or label; what is not submitted; personal columns."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.read import read_responses
from tests.exchange.reading.platform_files import LIMESURVEY, put

OWN = ["id", "submitdate", "lastpage", "startlanguage", "seed", "token", "ipaddr", "refurl"]
SAID = ["1", "2026-03-01 10:00:00", "3", "fa", "12345", "aX9", "10.0.0.1", "https://x.org"]
OPEN = ["2", "", "1", "ru", "777", "bY1", "10.0.0.2", ""]


def _notes(responses):
    return {note.code: note.message for note in responses.notes}


def _read(tmp_path, care, names, *rows, own=OWN, **keywords):
    table = [[*own, *names], *([*start, *row] for start, row in zip((SAID, OPEN), rows, strict=False))]
    options = {"source": keywords.pop("source", None)}
    return read_responses(put(tmp_path, table, quoting=csv.QUOTE_ALL, **keywords), instruments=[care], **options)


def test_headings_by_code_and_short_answers(tmp_path, care):
    names = ["G1[CARE1]", "G1[CARE2]", "CARE3", "via[1]", "via[2]", "via[3]", "via[other]", "years", "remark"]
    read = _read(tmp_path, care, names, ["5", "1", "4", "Y", "", "Y", "by post", "12", "'=1+1"],
                 ["", "N/A", "M9", "", "", "", "", "", ""])  # fmt: skip
    assert list(read.frame) == [
        "id", "submitdate", "lastpage", "startlanguage", "seed", "CARE1", "CARE2", "CARE3", "via_1", "via_2", "via_3",
        "via[other]", "years", "remark",
    ]  # fmt: skip
    assert read.frame.loc[0, ["CARE1", "CARE2", "CARE3", "via_1", "via_2", "via_3"]].tolist() == [5, 1, 4, 1, 0, 1]
    assert read.frame.loc[1, ["CARE1", "CARE2", "CARE3", "via_1"]].isna().all()
    assert read.codes["CARE3"].to_dict() == {1: -9}
    assert read.frame.loc[0, "remark"] == "=1+1"
    notes = _notes(read)
    assert "LimeSurvey" in notes["RESPONSES_SOURCE"]
    assert "1 of 2" in notes["RESPONSES_INCOMPLETE"]
    assert "'token', 'ipaddr', 'refurl'" in notes["RESPONSES_PERSONAL_LEFT_OUT"]
    assert "'N/A' (1 times)" in notes["RESPONSES_MARKED_UNANSWERED"]


@pytest.mark.parametrize("code", ["CARE[{}]", "G[CARE{}]", "G_CARE{}", "CARE_{}"])
def test_ids_put_together_of_code_and_subquestion(tmp_path, care, code):
    names = [code.format(number) for number in (1, 2, 3)]
    assert _read(tmp_path, care, names, ["1", "2", "3"]).frame.loc[0, ["CARE1", "CARE2", "CARE3"]].tolist() == [1, 2, 3]


def test_full_headings_and_long_answers(tmp_path, care):
    own = ["Response ID", "Date submitted", "Last page", "Start language", "Seed", "Access code", "IP address",
           "Referrer URL"]  # fmt: skip
    names = ["How much do you agree? [My manager cares about how I feel.]",
             "How much do you agree? [In my unit nobody listens to staff.]", "The CRM system makes my work easier.",
             "How do customers reach you? [Phone, or fax]", "How do customers reach you? [E-mail]",
             "How do customers reach you? [In person]", "Years in this job"]  # fmt: skip
    read = _read(tmp_path, care, names, ["Strongly agree", "Does not apply", "Agree", "Yes", "No", "No", "7"], own=own)
    assert read.frame.loc[0, ["CARE1", "CARE3", "via_1", "via_2", "years"]].tolist() == [5, 4, 1, 0, 7]
    assert read.codes["CARE2"].tolist() == [-9]
    assert "Access code" not in read.frame


def test_headings_by_code_and_text(tmp_path, care):
    own = [f"{code}. {text}" for code, text in zip(OWN, ["Response ID", "Date submitted", "Last page", "Start language",
           "Seed", "Access code", "IP address", "Referrer URL"], strict=True)]  # fmt: skip
    names = ["G1[SQ001]. Agree? [My manager cares about how I feel.]", "CARE2. In my unit nobody listens to staff.",
             "G1[SQ003]. Agree? [The CRM system makes my work easier.]",
             "Q5[SQ001]. How do customers reach you? [Phone, or fax]",
             "Q5[SQ002]. How do customers reach you? [E-mail]", "Q5[SQ003]. How do customers reach you? [In person]",
             ]  # fmt: skip
    read = _read(tmp_path, care, names, ["A5", "AO02", "4", "Y", "N", ""], own=own)
    assert read.frame.loc[0, ["CARE1", "CARE2", "CARE3", "via_1", "via_2", "via_3"]].tolist() == [5, 2, 4, 1, 0, 0]
    assert "A5, AO02" in _notes(read)["RESPONSES_NUMBERED_CODES"]
    assert "token" not in read.frame
    assert "id" in read.frame


def test_headings_and_labels_in_persian_with_semicolons(tmp_path, care):
    names = [
        "مدیرم به احساس من اهمیت میدهد",
        "در واحد ما كسي به كاركنان گوش نمی‌کند.",
        "کار با سامانه CRM آسان‌تر شده است.",
    ]
    read = _read(tmp_path, care, names, ["كاملا موافقم", "مورد ندارد", "نظري ندارم"], delimiter=";")
    assert read.frame.loc[0, ["CARE1", "CARE3"]].tolist() == [5, 3]
    assert read.codes["CARE2"].tolist() == [-9]


def test_headings_in_another_language_need_the_source(tmp_path, care):
    own = ["ID ответа", "Дата", "Страница", "Язык", "Seed", "Токен", "Адрес", "Ссылка"]
    names = ["Руководителю важно, как я себя чувствую", "В моем отделе никто не слушает сотрудников.", "CARE3"]
    read = _read(tmp_path, care, names, ["Все верно", "не согласен", "2"], own=own, source="limesurvey",
                 encoding="cp1251")  # fmt: skip
    assert read.frame.loc[0, ["CARE1", "CARE2", "CARE3"]].tolist() == [4, 2, 2]
    assert "RESPONSES_ENCODING_GUESSED" in _notes(read)


def test_cut_headings_are_found_when_long_enough(tmp_path, care):
    names = ["My manager cares about how..", "In my unit nobody listens..", "CARE3"]
    assert _read(tmp_path, care, names, ["1", "2", "3"]).frame.loc[0, ["CARE1", "CARE2"]].tolist() == [1, 2]
    with pytest.raises(DataError, match="no column answers the item 'CARE1'"):
        _read(tmp_path, care, ["My manager..", "CARE2", "CARE3"], ["1", "2", "3"], name="short.csv")


def test_numbered_codes_are_refused_where_answers_do_not_count_from_one(tmp_path, care):
    zero = replace(care.responses["agree"], low=0, high=5)
    items = tuple(replace(item, response=zero) for item in care.items)
    care = replace(care, items=items, scales=(replace(care.scales[0], items=items),), responses={"agree": zero})
    with pytest.raises(DataError, match="'A5' in row 1"):
        _read(tmp_path, care, ["CARE1", "CARE2", "CARE3"], ["A5", "1", "1"])


def test_letters_of_yes_no_questions(tmp_path, care):
    both = replace(care.responses["agree"], low=0, high=1, labels={0: {"en": "No"}, 1: {"en": "Yes"}})
    items = tuple(replace(item, response=both) for item in care.items)
    care = replace(care, items=items, scales=(replace(care.scales[0], items=items),), responses={"agree": both})
    read = _read(tmp_path, care, ["CARE1", "CARE2", "CARE3"], ["Y", "N", ""])
    assert read.frame.loc[0, ["CARE1", "CARE2"]].tolist() == [1, 0]
    with pytest.raises(DataError, match="'F' in row 1"):
        _read(tmp_path, care, ["CARE1", "CARE2", "CARE3"], ["F", "N", ""], name="odd.csv")


def test_empty_columns_of_what_a_questionnaire_carried_along_are_no_variables(tmp_path, care):
    rows = [list(row) for row in LIMESURVEY]
    rows[0] += ["crmstudykey1", "crmstudykey2. text", "crmstudykeys"]
    for row in rows[1:]:
        row += ["", "", ""]
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert [name for name in read.frame if name.startswith("crmstudykey")] == ["crmstudykeys"]
