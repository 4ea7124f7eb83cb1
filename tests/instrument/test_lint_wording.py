"""What lint says of texts: copies, templates, slots, half-spaces, forms of one sex, terms, small cells."""

from __future__ import annotations

import dataclasses

import pytest

from crmstudy.instrument import Item, Question, ResponseFormat, lint, load_instrument
from crmstudy.instrument.lints.wording import check_spelling
from crmstudy.instrument.slots import Slot
from crmstudy.notes import explanations

ECSI = load_instrument("ecsi")


def _warnings(instrument, **options):
    notes = [note for note in lint(instrument, **options) if note.level == "warning"]
    assert all(note.code in explanations() for note in notes)
    return {note.code: note.message for note in notes}


def _worded(**texts):
    """The instrument with the first item's wording changed in some languages."""
    first = ECSI.items[0]
    item = dataclasses.replace(first, wording={**first.wording, **texts})
    return dataclasses.replace(ECSI, items=(item, *ECSI.items[1:]))


def _two(one, other, tag="en"):
    """The instrument with two wordings in a language."""
    items = list(ECSI.items)
    for place, text in enumerate((one, other)):
        items[place] = dataclasses.replace(items[place], wording={**items[place].wording, tag: text})
    return dataclasses.replace(ECSI, items=tuple(items))


@pytest.mark.parametrize(
    ("one", "other", "tag", "found"),
    [
        ("How satisfied are you with your pay?", "How satisfied are you with your hours?", "en", True),
        ("CRM benefit: efficiency", "CRM benefit: sales", "en", True),
        ("My work is useful.", "My work is not useful.", "en", True),
        ("از حقوق خود راضی هستم.", "از ساعات خود راضی هستم.", "fa", True),
        ("Мне нравится моя работа.", "Мне нравится моя зарплата.", "ru", True),
        ("I use {system} every day.", "I use {service} every day.", "en", True),
        ("I like my work.", "My pay is fair for what I do.", "en", False),
        ("Pay", "Hours", "en", False),
        ("I would recommend them to friends.", "I would stay even at a higher price.", "en", False),
    ],
)
def test_items_that_differ_by_a_template_word(one, other, tag, found):
    said = _warnings(_two(one, other, tag))
    assert ("INSTRUMENT_WORDING_TEMPLATE" in said) is found
    if found:
        assert f"IMAG1 and IMAG2 differ by one word in {tag}" in said["INSTRUMENT_WORDING_TEMPLATE"]


def test_the_same_text_with_other_letters_is_the_same_text():
    assert "INSTRUMENT_WORDING_REPEATED" in _warnings(_two("شركت خوبي است.", "شرکت خوبی است", "fa"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("من می خواهم بمانم.", "می and its verb stand apart"),
        ("من نمی خواهم بمانم.", "می and its verb stand apart"),
        ("من میخواهم بمانم.", "می is joined to its verb"),
        ("کتاب ها را دوست دارم.", "an ending stands apart"),
        ("خانه ی ما بزرگ است.", "the ezafe of a word in ه"),
        ("شرکت \u200cما خوب است.", "a half-space joins nothing"),
    ],
)
def test_persian_spelled_without_half_spaces(text, words):
    assert words in _warnings(_worded(fa=text))["INSTRUMENT_HALF_SPACE"]


@pytest.mark.parametrize(
    "text",
    [
        "من می‌خواهم بمانم.",
        "میزان رضایت من در میان همکاران بالاست.",
        "کتاب‌های خانهٔ ما در میدان است.",
        "میانگین و میز و میوه",
        "همه‌ی همکاران می‌دانند.",
        "بهترین شرکت‌ها",
    ],
)
def test_persian_that_is_spelled_well(text):
    assert not [note for note in check_spelling(_worded(fa=text)) if note.code == "INSTRUMENT_HALF_SPACE"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Я доволен своей работой.", "доволен"),
        ("Я уверена в завтрашнем дне.", "уверена"),
        ("Я рад(а) помочь.", "(а)"),
        ("Я часто думал об уходе.", "я часто думал"),
        ("Вернулся/лась бы снова.", "/лась"),
    ],
)
def test_russian_that_fits_one_sex_only(text, word):
    assert f"«{word}»" in _warnings(_worded(ru=text))["INSTRUMENT_GENDERED"]


@pytest.mark.parametrize(
    "text", ["Мне нравится моя работа.", "Коллектив готов помогать.", "Я могу работать дома.", "Отдел закупил товар."]
)
def test_russian_that_fits_everybody(text):
    assert "INSTRUMENT_GENDERED" not in _warnings(_worded(ru=text))


def test_labels_are_said_by_everybody_too():
    response = dataclasses.replace(
        ECSI.responses["agreement"],
        labels={1: {"en": "No", "fa": "نه", "ru": "Не согласен"}, 10: {"en": "Yes", "fa": "بله", "ru": "Да"}},
    )
    changed = dataclasses.replace(ECSI, responses={**ECSI.responses, "agreement": response})
    assert "«согласен»" in _warnings(changed)["INSTRUMENT_GENDERED"]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"en": "I like {company}."}, "has the slot 'company', which is not declared"),
        (
            {"en": "I like {system}.", "fa": "{system} خوب است.", "ru": "Плохо."},
            "different slots (en: system; fa: system; ru: none)",
        ),
        (
            {"en": "I like {system:gen}.", "fa": "{system}", "ru": "{system}"},
            "in the form 'gen'; the forms of en are base",
        ),
        ({}, "No text uses the slot 'system'"),
    ],
)
def test_slots(texts, words):
    slot = Slot(
        "system",
        forms={
            "en": {"base": "it"},
            "fa": {"base": "آن", "ezafe": "آن"},
            "ru": dict.fromkeys(("nom", "gen", "dat", "acc", "ins", "pre"), "x"),
        },
    )
    instrument = dataclasses.replace(_worded(**texts), slots={"system": slot})
    said = [note.message for note in lint(instrument) if note.code == "INSTRUMENT_SLOT"]
    assert any(words in message for message in said), said


def test_a_slot_lacks_a_form():
    slot = Slot("system", forms={"en": {"base": "it"}, "fa": {"base": "آن"}, "ru": {"nom": "x"}})
    texts = {tag: f"{text} {{system}}" for tag, text in ECSI.items[0].wording.items()}
    said = [n.message for n in lint(dataclasses.replace(_worded(**texts), slots={"system": slot}))]
    assert "The slot 'system' lacks ezafe in fa." in said
    assert "The slot 'system' lacks gen, dat, acc, ins, pre in ru." in said


def test_languages_that_are_wanted():
    english = dataclasses.replace(ECSI, languages={"en": ECSI.languages["en"]})
    assert "no texts in fa, ru" in _warnings(english)["INSTRUMENT_LANGUAGE_MISSING"]
    assert "INSTRUMENT_LANGUAGE_MISSING" not in _warnings(english, languages=["en"])
    assert "INSTRUMENT_LANGUAGE_MISSING" not in _warnings(dataclasses.replace(english, wording="none"))


def test_one_term_a_construct():
    scale = dataclasses.replace(ECSI.scales[0], construct="no_such_construct")
    changed = dataclasses.replace(ECSI, scales=(scale, *ECSI.scales[1:]))
    assert "'no_such_construct' of 'image' is not in the glossary" in _warnings(changed)["INSTRUMENT_TERM"]
    sty = load_instrument("crm-sty")
    renamed = dataclasses.replace(sty.scales[0], name={**sty.scales[0].name, "ru": "Другое"})
    said = _warnings(dataclasses.replace(sty, scales=(renamed, *sty.scales[1:])))["INSTRUMENT_TERM"]
    assert "is called «Другое» in ru; the glossary's term is «" in said


@pytest.mark.parametrize(
    ("id", "type", "text", "found"),
    [
        ("Q1", "date", "When were you born?", True),
        ("DOB", "date", "Please enter", True),
        ("Q1", "text", "تاریخ تولد شما", True),
        ("Q1", "date", "Дата рождения", True),
        ("Q1", "date", "When did you join?", False),
        ("Q1", "integer", "Year of birth", False),
    ],
)
def test_a_date_of_birth_is_refused(id, type, text, found):
    question = Question(id, 99, type, wording=dict.fromkeys(("en", "fa", "ru"), text))
    assert ("INSTRUMENT_BIRTH_DATE" in _warnings(dataclasses.replace(ECSI, questions=(question,)))) is found


def test_small_cells():
    two, four = ResponseFormat("two", 1, 2), ResponseFormat("four", 1, 4)
    asked = (Item("SEX", 30, two, unscored=True, shares={1: 0.9, 2: 0.1}), Item("AGE", 31, four, unscored=True))
    responses = {**ECSI.responses, "two": two, "four": four}
    block = dataclasses.replace(ECSI, items=(*ECSI.items, *asked), responses=responses)
    (note,) = [note for note in lint(block) if note.code == "INSTRUMENT_SMALL_CELLS"]
    assert note.level == "info"
    assert "SEX and AGE (2.5 % of the respondents, so 5 need N = 200)" in note.message
    assert "make 8 cells" in note.message
    assert "SEX × AGE (4.8)" in _warnings(block, n=190)["INSTRUMENT_SMALL_CELLS"]
    assert "INSTRUMENT_SMALL_CELLS" not in _warnings(block, n=200)
