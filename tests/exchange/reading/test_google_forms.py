"""Google Forms: headings are questions, answers are labels, lists stand in one cell."""

from __future__ import annotations

import csv

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.read import read_responses
from tests.exchange.reading.platform_files import put

EN = ["Timestamp", "Email Address", "How do you feel? [My manager cares about how I feel.]",
      "How do you feel? [In my unit nobody listens to staff.]", "The CRM system makes my work easier.",
      "How do customers reach you?", "Years in this job", "Anything else?", "Branch"]  # fmt: skip
FA = ["مهر زمان", "نشانی ایمیل", "چه احساسی دارید؟ [مديرم به احساس من اهميت مي‌دهد]",
      "چه احساسی دارید؟ [در واحد ما کسی به کارکنان گوش نمی کند.]", "کار با سامانهٔ CRM آسان‌تر شده است.",
      "مشتریان چگونه با شما تماس می‌گیرند؟", "سابقه‌ی کار به سال", "نکتهٔ دیگر", "شعبه"]  # fmt: skip
RU = ["Отметка времени", "Адрес электронной почты", "1. Руководителю важно, как я себя чувствую",
      "2. В моем отделе никто не слушает сотрудников", "3. CRM-система облегчает мою работу",
      "Как с Вами связываются клиенты?", "Стаж в годах", "Что-нибудь ещё?", "Филиал"]  # fmt: skip
EN_ROWS = [
    ["2026/03/01 10:00:00 AM GMT+3:30", "a@b.org", "Strongly agree", "Neither agree, nor disagree", "Does not apply",
     "Phone, or fax, In person", "12", "no, thanks", "North"],
    ["2026/03/01 10:01:00 AM GMT+3:30", "c@d.org", "", "disagree", "Agree ", "E-mail;Phone, or fax", "3", "a\nb",
     "South"],
]  # fmt: skip
FA_ROWS = [
    ["۱۴۰۴/۱۲/۱۰ ۱۰:۰۰:۰۰", "a@b.org", "كاملاً موافقم", "نظری ندارم", "مورد ندارد", "تلفن یا نمابر, حضوری",
     "۱۲", "", "یزد"],
    ["۱۴۰۴/۱۲/۱۰ ۱۰:۰۱:۰۰", "c@d.org", "", "مخالفم", "موافقم", "رایانامه", "۳", "سلام", "یزد"],
]  # fmt: skip
RU_ROWS = [
    ["01.03.2026 10:00:00", "a@b.org", "Полностью согласен", "ни то ни другое", "Не относится ко мне", "Телефон, Лично",
     "12", "", "Казань"],
    ["01.03.2026 10:01:00", "c@d.org", "", "Не согласен", "Все верно", "Электронная почта", "3", "", "Уфа"],
]  # fmt: skip
FILES = [(EN, EN_ROWS), (FA, FA_ROWS), (RU, RU_ROWS)]


def _notes(responses):
    return {note.code: note.message for note in responses.notes}


@pytest.mark.parametrize(("names", "rows"), FILES, ids=["en", "fa", "ru"])
@pytest.mark.parametrize("layout", [{"quoting": csv.QUOTE_ALL}, {"encoding": "utf-8", "end": "\n"}], ids=["all", "lf"])
def test_the_same_answers_in_three_languages(tmp_path, care, names, rows, layout):
    read = read_responses(put(tmp_path, [names, *rows], **layout), instruments=[care])
    assert read.frame[["CARE1", "CARE2", "CARE3"]].fillna(0).to_numpy().tolist() == [[5, 3, 0], [0, 2, 4]]
    assert read.codes["CARE3"].to_dict() == {0: -9}
    assert read.frame.loc[0, ["via_1", "via_2", "via_3"]].tolist() == [1, 0, 1]
    assert read.frame["via_2"].tolist() == [0, 1]
    assert read.frame["years"].tolist() == [12, 3]
    assert next(iter(read.frame)) == names[0]
    assert names[1] not in read.frame
    assert names[-1] in read.frame
    notes = _notes(read)
    assert "Google Forms" in notes["RESPONSES_SOURCE"]
    assert "CARE1" in notes["RESPONSES_FOUND_BY_TEXT"]


@pytest.mark.parametrize(("page", "position"), [("cp1256", 1), ("cp1251", 2)])
def test_windows_code_pages(tmp_path, care, page, position):
    names, rows = FILES[position]
    digits = {chr(0x6F0 + number): str(number) for number in range(10)}
    fit = str.maketrans({"ی": "ي", "ٔ": "", "ک": "ك", **digits})  # what the code page has no place for
    table = [[cell.translate(fit) if page == "cp1256" else cell for cell in row] for row in [names, *rows]]
    read = read_responses(put(tmp_path, table, encoding=page), instruments=[care])
    assert read.frame[["CARE1", "CARE2", "CARE3"]].fillna(0).to_numpy().tolist() == [[5, 3, 0], [0, 2, 4]]


def test_pages_in_several_languages_are_one_column(tmp_path, care):
    names = [EN[0], "Язык", *EN[2:5], *FA[2:5], *RU[2:5]]
    rows = [
        ["2026/03/01 10:00", "en", "Agree", "Disagree", "Agree", *[""] * 6],
        ["2026/03/01 10:01", "fa", *[""] * 3, "موافقم", "مخالفم", "کاملاً موافقم", *[""] * 3],
        ["2026/03/01 10:02", "ru", *[""] * 6, "Всё верно", "Не согласен", "Не согласен"],
    ]
    read = read_responses(put(tmp_path, [names, *rows]), instruments=[care])
    assert read.frame[["CARE1", "CARE2", "CARE3"]].to_numpy().tolist() == [[4, 2, 4], [4, 2, 5], [4, 2, 2]]
    assert "different languages" in _notes(read)["RESPONSES_COLUMNS_MERGED"]
    rows[0][5] = "کاملاً مخالفم"
    with pytest.raises(DataError, match="all answer 'CARE1', but differ in row 1"):
        read_responses(put(tmp_path, [names, *rows], name="odd.csv"), instruments=[care])


def test_every_fault_at_once_with_near_misses(tmp_path, care):
    names = list(EN)
    names[4] = "The CRM system makes my job easier."
    rows = [list(EN_ROWS[0]), list(EN_ROWS[1])]
    rows[0][2], rows[1][5] = "Strongly agrees", "E-mails, In person"
    with pytest.raises(DataError) as caught:
        read_responses(put(tmp_path, [names, *rows]), instruments=[care])
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert "is nearly the text of 'CARE3' ('The CRM system makes my work easier.')" in text
    assert "'Strongly agrees' in row 1 (line 2). Near: 'Strongly agree' = 5" in text
    assert "'E-mails, In person' in row 2 (line 3). Near: 'E-mail' = 2" in text


def test_a_heading_without_a_question_that_is_asked_is_named(tmp_path, care):
    names = [*EN[:4], "My work is easier with it", *EN[5:]]
    with pytest.raises(DataError, match=r"no column answers the item 'CARE3' of 'care' \('The CRM system makes"):
        read_responses(put(tmp_path, [names, *EN_ROWS]), instruments=[care])


def test_the_same_question_twice_is_refused(tmp_path, care):
    names = [*EN, EN[4]]
    rows = [[*row, "Agree"] for row in EN_ROWS]
    with pytest.raises(DataError, match="2 columns have the text of 'CARE3'"):
        read_responses(put(tmp_path, [names, *rows]), instruments=[care])


def test_other_columns_with_the_same_heading_are_numbered(tmp_path, care):
    names = [*EN, "Branch", "Branch"]
    rows = [[*row, "x", "y"] for row in EN_ROWS]
    read = read_responses(put(tmp_path, [names, *rows]), instruments=[care])
    assert [name for name in read.frame if name.startswith("Branch")] == ["Branch", "Branch_2", "Branch_3"]
    assert "'Branch_2', 'Branch_3'" in _notes(read)["RESPONSES_NAMES_NUMBERED"]


def test_columns_of_addresses_are_left_out_whatever_their_heading(tmp_path, care):
    names = [*EN, "How can we reach you?"]
    rows = [[*row, f"person{number}@mail.example.com"] for number, row in enumerate(EN_ROWS)]
    read = read_responses(put(tmp_path, [names, *rows]), instruments=[care])
    assert "How can we reach you?" not in read.frame
    assert "'How can we reach you?'" in _notes(read)["RESPONSES_PERSONAL_LEFT_OUT"]


def test_linear_scales_are_numbers_and_labels_may_carry_theirs(tmp_path, care):
    rows = [[*EN_ROWS[0][:2], "5", "4 - Agree", "Strongly disagree (1)", *EN_ROWS[0][5:]]]
    read = read_responses(put(tmp_path, [EN, *rows]), instruments=[care])
    assert read.frame.loc[0, ["CARE1", "CARE2", "CARE3"]].tolist() == [5, 4, 1]
    rows[0][3] = "4 - Strongly agree"
    with pytest.raises(DataError, match="'4 - Strongly agree' in row 1"):
        read_responses(put(tmp_path, [EN, *rows], name="odd.csv"), instruments=[care])


def test_headings_that_begin_with_ids(tmp_path, care):
    names = [EN[0], "CARE1. Whatever is asked", "Block [CARE2: Something]", "CARE3", *EN[5:]]
    rows = [[row[0], "Agree", "Agree", "Agree", *row[5:]] for row in EN_ROWS]
    assert read_responses(put(tmp_path, [names, *rows]), instruments=[care]).frame["CARE2"].tolist() == [4, 4]


def test_ids_as_headings_and_labels_as_answers(tmp_path, care):
    rows = [["branch", "CARE1", "CARE2", "CARE3"], ["x", "Agree", "۴", ""], ["y", "Не согласен", "موافقم", "5"]]
    read = read_responses(put(tmp_path, rows), instruments=[care])
    assert read.frame[["CARE1", "CARE2", "CARE3"]].fillna(0).to_numpy().tolist() == [[4, 4, 0], [2, 4, 5]]
    assert "labels" in _notes(read)["RESPONSES_LABELS_READ"].lower()


@pytest.mark.parametrize("address", ["10.0.{}.1", "2001:db8:0:{}:0:0:0:1"])
def test_columns_of_addresses_in_the_net_are_left_out_too(tmp_path, care, address):
    rows = [[*row, address.format(number)] for number, row in enumerate(EN_ROWS)]
    read = read_responses(put(tmp_path, [[*EN, "IP-адрес"], *rows]), instruments=[care])
    assert "IP-адрес" not in read.frame
    kept = read_responses(put(tmp_path, [[*EN, "IP-адрес"], *rows], name="kept.csv"), instruments=[care], personal=True)
    assert kept.frame["IP-адрес"].tolist()[0] == address.format(0)
