"""Questionnaires drafted from workbooks, documents and SPSS files: what is shown is taken, what is unsure is said."""

from __future__ import annotations

import contextlib
import random
import zipfile

import pandas as pd
import pyreadstat
import pytest

import crmstudy as cs
from crmstudy.errors import DataError, InputError, UnsupportedError
from crmstudy.exchange.drafting.answer_words import answers, family_of, is_answer_row, label_of
from crmstudy.exchange.drafting.drafting import draft_questionnaire
from crmstudy.exchange.drafting.found import numbers_in
from crmstudy.exchange.drafting.headings import heading_of, is_about_person, reads_negative, says_reversed, take_mark
from crmstudy.exchange.drafting.template import LANGUAGES, write_questionnaire_template
from crmstudy.instrument import lint
from crmstudy.instrument.library import shared_sets
from crmstudy.instrument.load import parse_instrument
from crmstudy.instrument.writing import write_yaml

FIVE_FA = ["کاملاً مخالفم", "مخالفم", "نظری ندارم", "موافقم", "کاملاً موافقم"]
FIVE_RU = [
    "Полностью не согласен(на)",
    "Не согласен(на)",
    "Затрудняюсь ответить",
    "Согласен(на)",
    "Полностью согласен(на)",
]


def _draft(path, **options):
    made = draft_questionnaire(path, **options)
    assert parse_instrument(write_yaml(made.instrument)) == made.instrument
    assert made.instrument.rights.status == "unknown"
    assert all(origin.unverified for origin in made.instrument.provenance.values())
    said = next(iter(made.instrument.notes.values()))
    assert all(line in said for line in made.unsure[:5])
    return made


def _book(path, *sheets):
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        page = book.create_sheet(f"s{number}")
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def _document(path, *blocks):
    from docx import Document

    document = Document()
    for block in blocks:
        if isinstance(block, list):
            table = document.add_table(rows=0, cols=max(map(len, block)))
            for row in block:
                cells = table.add_row().cells
                if len(row) == 1:
                    cells[0].merge(cells[-1]).text = row[0]
                else:
                    for cell, text in zip(cells, row, strict=False):
                        cell.text = text
        elif block.startswith("#"):
            document.add_heading(block.lstrip("# "), block.count("#") - 1)
        elif block.startswith("+"):
            document.add_paragraph(block[1:].strip(), style="List Number")
        else:
            document.add_paragraph(block)
    document.save(path)
    return path


def _scales(made):
    return {next(iter(scale.name.values())): scale.item_ids for scale in made.instrument.scales}


@pytest.mark.parametrize("name", [name for name in shared_sets() if name != "recommendation-11"])
@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
@pytest.mark.parametrize("backwards", [False, True])
def test_every_set_of_the_library_is_recognised_by_its_labels(name, lang, backwards):
    declared = shared_sets()[name]
    labels = [label_of(texts[lang]) for texts in declared["labels"].values()]
    told: list[str] = []
    made = answers("a", labels[::-1] if backwards else labels, lang, told, "Here")
    assert (made.shared, made.low, made.high) == (name, declared["low"], declared["high"])


@pytest.mark.parametrize(
    ("cell", "text", "code"),
    [("۵", "", 5), ("موافقم (۴)", "موافقم", 4), ("1 = Never", "Never", 1), ("☐ Да", "Да", None), ("3. Иногда",
     "Иногда", 3),
     ("-1", "", -1), ("Agree", "Agree", None)],
)  # fmt: skip
def test_labels(cell, text, code):
    found = label_of(cell)
    assert (found.text, found.code) == (text, code)


def test_boxes_are_no_labels():
    assert label_of(" ☐ ") is None
    assert not is_answer_row(["1", "2", "4"])
    assert is_answer_row(["۵", "۴", "۳", "۲", "۱"])
    assert not is_answer_row(["text", "scale"])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1-3, 5", [1, 2, 3, 5]), ("۱ تا ۳ و ۷", [1, 2, 3, 7]), ("4–6; 9", [4, 5, 6, 9]), ("1 и 3", [1, 3]),
     ("۶-۴", [4, 5, 6]),
     ("about 3", []), ("", [])],
)  # fmt: skip
def test_numbers(text, numbers):
    assert numbers_in(text) == numbers


@pytest.mark.parametrize(
    ("text", "kept", "mark"),
    [("I doubt it (R)", "I doubt it", "(R)"), ("راضی نیستم (معکوس)", "راضی نیستم", "(معکوس)"),
     ("Мне скучно [обр.]", "Мне скучно", "[обр.]"),
     ("It is dull *", "It is dull", "*"), ("Read (really) twice", "Read (really) twice", "")],
)  # fmt: skip
def test_marks(text, kept, mark):
    assert take_mark(text) == (kept, mark)


def test_words_in_three_languages():
    assert [heading_of(name) for name in ("Item", "سؤالات", "Шкала", "معکوس", "№", "whatever")] == [
        "item", "text", "scale", "reversed", "number", ""
    ]  # fmt: skip
    assert [says_reversed(cell) for cell in ("R", "معکوس", "да", "−", "нет", "+", "?!")] == [True] * 4 + [
        False,
        False,
        None,
    ]
    assert all(map(reads_negative, ("I am not sure", "Мне не нравится", "راضی نیستم", "وقت ندارم")))
    assert not any(map(reads_negative, ("I know it", "Мне нравится", "راضی هستم")))
    assert all(map(is_about_person, ("Demographic questions", "مشخصات فردی", "О Вас")))


def test_a_persian_table_in_a_document(tmp_path):
    path = _document(
        tmp_path / "پرسشنامه.docx", "# پرسشنامهٔ کیفیت زندگی کاری", "لطفاً پاسخ دهید.",
        [["ردیف", "سؤالات", *FIVE_FA], ["پرداخت منصفانه"], ["۱", "حقوقم با کارم متناسب است.", *[""] * 5],
         ["۲", "از مزایای خود راضی نیستم. (معکوس)", *["☐"] * 5], ["محیط کار"], ["۳", "محیط کارم ایمن است."],
         ["۴", "در محل کارم امکانات کافی ندارم."]],
    )  # fmt: skip
    made = _draft(path)
    one = made.instrument
    assert _scales(made) == {"پرداخت منصفانه": ("q1", "q2"), "محیط کار": ("q3", "q4")}
    assert [item.reverse for item in one.items] == [False, True, False, False]
    assert one.item("q2").wording["fa"] == "از مزایای خود راضی نیستم."
    assert [one.item("q1").response.label(value, "fa") for value in range(1, 6)] == FIVE_FA
    assert [item.original for item in one.items] == ["1", "2", "3", "4"]
    assert one.languages["fa"].direction == "rtl"
    assert any("q4" in line and "worded negatively" in line for line in made.unsure)
    assert not any("q2" in line and "worded negatively" in line for line in made.unsure)


def test_a_key_in_words_and_a_table_of_dimensions(tmp_path):
    path = _document(
        tmp_path / "k.docx", "# پرسشنامه", [["بعد", "شماره سؤالات"], ["تمرکز", "۱ تا ۳"], ["فناوری", "۴-۶"]],
        "سؤالات معکوس: ۲ و ۵", *[f"{n}- سازمان ما به موضوع {word} توجه دارد." for n, word in
                                  zip("۱۲۳۴۵۶", ("نو", "کهن", "سبز", "سرخ", "زرد", "آبی"), strict=True)],
    )  # fmt: skip
    made = _draft(path)
    assert _scales(made) == {"تمرکز": ("q1", "q2", "q3"), "فناوری": ("q4", "q5", "q6")}
    assert [item.id for item in made.instrument.items if item.reverse] == ["q2", "q5"]
    assert made.instrument.items[0].response.shared == "agreement-5"
    assert any("shows no answers" in line for line in made.unsure)


def test_a_russian_list_with_boxes(tmp_path):
    boxes = [f"☐ {label}" for label in FIVE_RU]
    path = _document(
        tmp_path / "a.docx", "# Анкета", "## О Вас", "1. Ваш пол: ☐ мужской ☐ женский", "2. Ваш стаж, лет ______",
        "## Удовлетворённость", "3. Мне нравится моя работа", *boxes, "4. Я редко доволен коллегами", *boxes,
        "5. Зарплата справедлива (обр.)", *boxes,
    )  # fmt: skip
    made = _draft(path)
    one = made.instrument
    assert _scales(made) == {"Удовлетворённость": ("q3", "q4", "q5")}
    assert one.item("q1").unscored
    assert [one.item("q1").response.label(value, "ru") for value in (1, 2)] == ["мужской", "женский"]
    assert [(asked.id, asked.type) for asked in one.questions] == [("q2", "text")]
    assert one.item("q5").reverse
    assert (one.item("q3").response.low, one.item("q3").response.high) == (1, 5)


def test_a_list_numbered_by_word(tmp_path):
    path = _document(tmp_path / "l.docx", "# Survey", "Never / Rarely / Sometimes / Often / Always", "## Stress",
                     "+ I feel tired", "+ I sleep badly")  # fmt: skip
    made = _draft(path)
    assert _scales(made) == {"Stress": ("q1", "q2")}
    assert made.instrument.items[0].response.shared == "frequency-5"


def test_a_matrix_in_a_workbook(tmp_path):
    path = _book(tmp_path / "m.xlsx", [
        ["Опросник готовности"], ["Оцените каждое утверждение"], ["№", "Утверждение", "Ключ", *range(1, 8)],
        [None, "Готовность"], [1, "Я готов к изменениям", "+"], [2, "Изменения мне чужды", "-"],
        [None, "Поддержка"], [3, "Руководство помогает"], [4, "Коллеги помогают"],
    ])  # fmt: skip
    made = _draft(path)
    assert _scales(made) == {"Готовность": ("q1", "q2"), "Поддержка": ("q3", "q4")}
    assert [item.reverse for item in made.instrument.items] == [False, True, False, False]
    assert {(item.response.low, item.response.high) for item in made.instrument.items} == {(1, 7)}
    assert made.instrument.name == {"ru": "Опросник готовности"}


def test_keys_written_as_plus_and_minus_one(tmp_path):
    made = _draft(
        _book(tmp_path / "k.xlsx", [["item", "text", "key"], ["a1", "I like it", 1], ["a2", "I hate it", -1]])
    )
    assert [item.reverse for item in made.instrument.items] == [False, True]


def test_columns_with_merged_dimensions_and_listed_answers(tmp_path):
    from openpyxl import load_workbook

    path = _book(tmp_path / "c.xlsx", [
        ["Dimension", "Item", "Wording", "Reversed", "Responses"], ["Warmth", "W1", "They are kind", "", "No; Yes"],
        [None, "W2", "They are cold", "R", "No; Yes"], ["Speed", "S1", "They are fast", "", "satisfaction-5"],
    ])  # fmt: skip
    book = load_workbook(path)
    book["s0"].merge_cells("A2:A3")
    book.save(path)
    made = _draft(path)
    assert _scales(made) == {"Warmth": ("W1", "W2"), "Speed": ("S1",)}
    assert made.instrument.item("W1").response.shared == "yes-no"
    assert made.instrument.item("S1").response.shared == "satisfaction-5"
    assert made.instrument.item("W2").reverse
    assert any("merged" in line for line in made.told)


def test_an_answer_set_that_there_is_not_is_said(tmp_path):
    made = _draft(
        _book(tmp_path / "c.xlsx", [["item", "text", "answers"], ["a", "One thing", "agreemnt-5"], ["b", "Two", ""]])
    )
    assert any("agreemnt-5" in line and "Did you mean" in line for line in made.unsure)


def test_a_heading_of_two_rows_after_an_invocation(tmp_path):
    path = _document(
        tmp_path / "t.docx", "# بسمه تعالی", "# پرسشنامهٔ رضایت", "## مشخصات فردی", "1- جنسیت:   مرد □    زن □",
        "2- سابقهٔ خدمت: ............ سال", "## سؤالات تخصصی",
        [["ردیف", "گویه", "گزینه‌ها", "گزینه‌ها", "گزینه‌ها"], ["ردیف", "گویه", "زیاد", "متوسط", "کم"],
         ["1", "از کارم لذت می‌برم", "", "", ""], ["2", "از حقوقم راضی‌ام*", "", "", ""]],
    )  # fmt: skip
    made = _draft(path)
    one = made.instrument
    assert one.name == {"fa": "پرسشنامهٔ رضایت"}
    assert _scales(made) == {"سؤالات تخصصی": ("q3", "q4")}
    assert [one.item("q3").response.label(value, "fa") for value in (1, 2, 3)] == ["کم", "متوسط", "زیاد"]
    assert (one.item("q1").unscored, one.item("q4").reverse) == (True, True)
    assert [asked.id for asked in one.questions] == ["q2"]


def test_numbers_behind_statements_and_a_legend(tmp_path):
    path = _document(
        tmp_path / "t.docx", "# Customer survey", "Rate from 1 = strongly disagree to 7 = strongly agree.", "## Trust",
        "Q1. I trust them    1  2  3  4  5  6  7", "Q2. They are honest    1  2  3  4  5  6  7",
        "## Loyalty", "3. I stay    1  2  3  4  5  6  7", "4. I come back   1  2  3  4  5  6  7",
        "5. Which products do you use?", "a) Card", "b) Loan", "c) Deposit",
    )  # fmt: skip
    made = _draft(path)
    one = made.instrument
    assert one.item("q1").wording == {"en": "I trust them"}
    response = one.item("q1").response
    assert (response.low, response.high, response.label(7, "en")) == (1, 7, "strongly agree")
    assert list(_scales(made).values()) == [("q1", "q2"), ("q3", "q4")]
    assert one.item("q5").unscored
    assert [one.item("q5").response.label(value, "en") for value in (1, 2, 3)] == ["Card", "Loan", "Deposit"]
    assert any("q5" in line and "answers of their own" in line for line in made.unsure)


def test_numbers_printed_the_other_way_round(tmp_path):
    head = ["Утверждение", "совершенно не согласен", "не согласен", "трудно сказать", "согласен", "полностью согласен"]
    rows = [["1. Я доволен", *"12345"], ["2. Мой труд ценят", *"12345"], ["3. Хочу уволиться", *"54321"]]
    made = _draft(_document(tmp_path / "t.docx", "# Опросник", [head, *rows]))
    assert [item.reverse for item in made.instrument.items] == [False, False, True]
    assert made.instrument.items[0].response.label(5, "ru") == "полностью согласен"
    assert any("reversed already" in line for line in made.unsure)


def test_an_unknown_label_between_known_ones_keeps_its_place():
    labels = [label_of(text) for text in ("согласен", "трудно сказать", "не согласен", "совершенно не согласен")]
    made = answers("a", labels, "ru", [], "Here")
    assert [made.label(value, "ru") for value in (1, 2, 3, 4)] == [label.text for label in labels[::-1]]


@pytest.mark.parametrize("labels", [("Yes", "No"), ("No", "Yes"), ("Да", "Нет"), ("بله", "خیر")])
def test_yes_and_no_as_columns(tmp_path, labels):
    made = _draft(_book(tmp_path / "y.xlsx", [["№", "Statement", *labels], [1, "I use it"], [2, "I know it"]]))
    response = made.instrument.items[0].response
    lang = next(iter(made.instrument.languages))
    assert {response.label(value, lang) for value in (0, 1)} == set(labels)
    assert response.label(0, lang) in ("No", "Нет", "خیر")


def test_columns_of_boxes_are_answers_whatever_they_are_called(tmp_path):
    rows = [
        ["Утверждение", "в прошлом", "сейчас", "в будущем"],
        ["Я довольна", "☐", "☐", "☐"],
        ["Мне помогают", "", "☐", ""],
    ]
    made = _draft(_book(tmp_path / "y.xlsx", rows))
    response = made.instrument.items[0].response
    assert [response.label(value, "ru") for value in (1, 2, 3)] == rows[0][1:]
    assert any("boxes or numbers" in line for line in made.unsure)


def test_stars_at_most_statements_are_no_key(tmp_path):
    rows = [["text"], ["I like it *"], ["I know it *"], ["I see it"]]
    made = _draft(_book(tmp_path / "s.xlsx", rows))
    assert not any(item.reverse for item in made.instrument.items)
    assert any("star" in line for line in made.unsure)


def test_a_plain_list_without_a_heading_is_taken_and_said(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("1;I am proud of my work\n2;I would choose it again\n", encoding="utf-8")
    made = _draft(path, responses="agreement-7")
    assert [item.wording["en"] for item in made.instrument.items] == [
        "I am proud of my work",
        "I would choose it again",
    ]
    assert made.instrument.items[0].response.shared == "agreement-7"
    assert any("no heading" in line for line in made.unsure)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_filled_template(tmp_path, lang):
    from openpyxl import load_workbook

    path = write_questionnaire_template(tmp_path / "t.xlsx", lang)
    book = load_workbook(path)
    assert book["items"].sheet_view.rightToLeft is (lang == "fa")
    for row in (
        ["A1", "One", "Dim", "", "agreement-5"],
        ["A2", "Two", "Dim", "R", "own"],
        ["A3", "Age?", "", "", "", "integer"],
        ["A4", "Now the rest.", "", "", "", "info"],
        ["A5", "How much?", "", "", "own", "slider"],
        ["A6", "In order?", "", "", "own", "rank"],
        ["A7", "Which?", "", "", "own", "multi"],
    ):
        book["items"].append(row)
    for value, label in enumerate("abcde", start=1):
        book["answers"].append(["own", value, label])
    book["about"]["B2"], book["about"]["B3"] = "My form", "Please answer."
    book.save(path)
    one = _draft(path, lang=lang).instrument
    assert (one.name, one.instructions) == ({lang: "My form"}, {lang: "Please answer."})
    assert [(e.id, e.type) for e in one.entries] == [
        ("A1", "single"), ("A2", "single"), ("A3", "integer"), ("A4", "info"), ("A5", "slider"), ("A6", "rank"),
        ("A7", "multi"),
    ]  # fmt: skip
    assert one.questions[2].response == one.item("A5").response == one.item("A2").response
    assert one.item("A2").reverse
    assert one.item("A2").response.label(5, lang) == "e"
    with pytest.raises(InputError, match="not overwritten"):
        write_questionnaire_template(path, lang)


def test_an_empty_template_is_refused(tmp_path):
    with pytest.raises(DataError, match="no statements yet; fill in one row a question"):
        draft_questionnaire(write_questionnaire_template(tmp_path / "t.xlsx", "ru"))


def test_an_spss_file(tmp_path):
    pd, pyreadstat = pytest.importorskip("pandas"), pytest.importorskip("pyreadstat")
    labels = dict(enumerate(FIVE_RU, start=1)) | {99: "Отказ"}
    frame = pd.DataFrame({"case": [1.0], "sex": [1.0], "ГОТ1": [2.0], "ГОТ2": [99.0], "why": ["x"]})
    pyreadstat.write_sav(
        frame, tmp_path / "d.sav", column_labels={"sex": "Пол", "ГОТ1": "Я готов", "ГОТ2": "Мне чуждо (обр.)"},
        variable_value_labels={"sex": {1: "муж.", 2: "жен."}, "ГОТ1": labels, "ГОТ2": labels},
        missing_ranges={"ГОТ1": [99], "ГОТ2": [99]}, variable_measure={"sex": "nominal"},
    )  # fmt: skip
    made = _draft(tmp_path / "d.sav")
    one = made.instrument
    assert [scale.item_ids for scale in one.scales] == [("ГОТ1", "ГОТ2")]
    response = one.item("ГОТ1").response
    assert (response.low, response.high, response.missing_codes) == (1, 5, (99,))
    assert response.missing_labels[99] == {"ru": "Отказ"}
    assert one.item("ГОТ2").reverse
    assert one.item("sex").unscored
    assert {asked.id: asked.type for asked in one.questions} == {"case": "decimal", "why": "text"}
    assert any("differ in a number only" in line for line in made.unsure)


def test_drafts_are_fit_for_lint(tmp_path):
    made = _draft(_book(tmp_path / "m.xlsx", [["text", "scale", "answers"], ["I like my work", "Joy", "agreement-5"],
                                              ["Time passes quickly here", "Joy", "agreement-5"]]))  # fmt: skip
    assert [note for note in lint(made.instrument, languages=("en",)) if note.level == "warning"] == []


@pytest.mark.parametrize("name", ["q.pdf", "q.doc", "q.xls", "q.odt", "q.zip"])
def test_other_files_are_refused_by_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UnsupportedError, match="drafted from"):
        draft_questionnaire(tmp_path / name)


def test_files_that_are_not_what_they_say(tmp_path):
    for name in ("q.docx", "q.xlsx", "q.sav"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 nothing of the kind")
        with pytest.raises(DataError):
            draft_questionnaire(tmp_path / name)
    with pytest.raises(DataError, match="not found"):
        draft_questionnaire(tmp_path / "none.docx")


def _mutants(raw, count, seed):
    chance = random.Random(seed)
    for _ in range(count):
        made = bytearray(raw)
        for _ in range(chance.randint(1, 12)):
            made[chance.randrange(len(made))] = chance.randrange(256)
        yield bytes(made[: chance.randrange(len(made) // 2, len(made) + 1)])


@pytest.mark.parametrize("suffix", [".docx", ".xlsx", ".csv", ".sav"])
def test_mutants_are_drafted_or_refused_with_a_sentence(tmp_path, suffix):
    if suffix == ".docx":
        raw = _document(
            tmp_path / "a.docx", "# T", "1. I like it", "2. I know it", [["n", "text"], ["1", "More of it"]]
        ).read_bytes()
    elif suffix == ".xlsx":
        raw = _book(tmp_path / "a.xlsx", [["item", "text"], ["a", "I like it"], ["b", "I know it"]]).read_bytes()
    elif suffix == ".sav":
        pd, pyreadstat = pytest.importorskip("pandas"), pytest.importorskip("pyreadstat")
        pyreadstat.write_sav(
            pd.DataFrame({"a1": [1.0], "a2": [2.0]}), tmp_path / "a.sav", column_labels={"a1": "One", "a2": "Two"},
            variable_value_labels={"a1": {1: "no", 2: "so", 3: "yes"}, "a2": {1: "no", 2: "so", 3: "yes"}},
        )  # fmt: skip
        raw = (tmp_path / "a.sav").read_bytes()
    else:
        raw = "item;text;scale\na;I like it;X\nb;Мне нравится;Y\n".encode()
    path = tmp_path / f"m{suffix}"
    for mutant in _mutants(raw, 25, suffix):
        path.write_bytes(mutant)
        with contextlib.suppress(InputError):
            assert draft_questionnaire(path).instrument.entries


def test_boxes_in_content_controls_and_symbols_are_seen(tmp_path):
    good = _document(tmp_path / "a.docx", "1. Sex: BOX male SYM female", "2. I like it", "3. I know it")
    path = tmp_path / "b.docx"
    tick = "<w:sdt><w:sdtContent><w:r><w:t>\u2610</w:t></w:r></w:sdtContent></w:sdt>"
    box = f'</w:t></w:r>{tick}<w:r><w:t xml:space="preserve">'
    sign = '</w:t></w:r><w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r><w:r><w:t xml:space="preserve">'
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.infolist():
            text = source.read(part)
            if part.filename == "word/document.xml":
                text = text.replace(b"<w:t>1.", b'<w:t xml:space="preserve">1.')
                text = text.replace(b"BOX", box.encode()).replace(b"SYM", sign.encode())
            target.writestr(part, text)
    one = _draft(path).instrument
    assert one.items[0].wording == {"en": "Sex"}
    assert [one.items[0].response.label(value, "en") for value in (1, 2)] == ["male", "female"]


def test_a_document_that_declares_entities_is_not_opened(tmp_path):
    good = _document(tmp_path / "a.docx", "1. I like it")
    bad = tmp_path / "b.docx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for part in source.infolist():
            raw = source.read(part)
            if part.filename == "word/document.xml":
                raw = raw.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', 1)
            target.writestr(part, raw)
    with pytest.raises(DataError, match="document type"):
        draft_questionnaire(bad)


@pytest.mark.parametrize(
    ("labels", "family", "levels"),
    [
        (
            ["Совсем не согласны", "Не согласны", "Затрудняюсь", "Согласны", "Полностью согласны"],
            "agreement",
            [0, 1, 3, 5, 6],
        ),
        (
            ["Очень недовольны", "Недовольна", "Нейтрально", "Доволен", "Очень довольны"],
            "satisfaction",
            [0, 1, 2, 3, 4],
        ),
        (
            ["کاملاً مخالفم", "نسبتاً مخالفم", "نه مخالف نه موافق", "نسبتاً موافقم", "کاملاً موافقم"],
            "agreement",
            [0, 2, 3, 4, 6],
        ),
        (["هرگز", "به‌ندرت", "بعضی وقت‌ها", "بیشتر وقت‌ها", "همیشه"], "frequency", [0, 1, 2, 3, 4]),
        (["کاملاً نادرست", "نادرست", "نه درست نه نادرست", "درست", "کاملاً درست"], "truth", [0, 1, 3, 5, 6]),
    ],
)
def test_answers_in_the_forms_people_write(labels, family, levels):
    assert family_of(labels) == (family, levels)


def test_a_form_of_another_tool_is_for_import(tmp_path):
    for name in ("form.xlsx", "form.csv", "form.txt"):
        cs.write_questionnaire("tam", tmp_path / name)
        with pytest.raises(UnsupportedError, match=r"crmstudy import FILE --out FILE\.yaml"):
            draft_questionnaire(tmp_path / name)


def test_open_questions_alone_make_no_instrument(tmp_path):
    pyreadstat.write_sav(pd.DataFrame({"town": ["Rasht", "Kazan"]}), tmp_path / "open.sav")
    with pytest.raises(DataError, match="all questions of this file are open"):
        draft_questionnaire(tmp_path / "open.sav")
