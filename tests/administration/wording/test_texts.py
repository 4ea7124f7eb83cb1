"""The words of the pages: complete and alike in three languages, right in number and day, and none without a use."""

from __future__ import annotations

import ast
import datetime as dt
import re
import string
from pathlib import Path

import pytest

import crmstudy.administration as room
from crmstudy.administration.inviting.letters import words
from crmstudy.administration.session.answers import FAULTS
from crmstudy.administration.session.code import ELEMENTS
from crmstudy.administration.wording.texts import (
    DIRECTIONS,
    LANGUAGES,
    base,
    day,
    marked,
    months,
    numeral,
    runs,
    said,
    texts,
)
from crmstudy.errors import UnsupportedError

HOUSE = Path(room.__file__).parent
PLURALS = {"en": {"one", "other"}, "fa": {"one", "other"}, "ru": {"one", "few", "many", "other"}}


def forms(entry):
    return [entry] if isinstance(entry, str) else list(entry.values())


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("lang", ["fa", "ru"])
def test_the_languages_have_the_same_texts_with_the_same_places(lang):
    mine, theirs = texts("en").entries, texts(lang).entries
    assert list(mine) == list(theirs)
    for key, entry in mine.items():
        assert isinstance(entry, str) == isinstance(theirs[key], str), key
        wanted = {frozenset(places(form)) for form in forms(entry)}
        assert {frozenset(places(form)) for form in forms(theirs[key])} == wanted, key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_texts_with_forms_have_all_forms_of_the_language(lang):
    for key, entry in texts(lang).entries.items():
        if not isinstance(entry, str):
            assert set(entry) == PLURALS[lang], key
            assert all("n" in places(form) for form in entry.values()), key


def said_by_code():
    """Keys that the code and the templates say; a key put together at run time as a pattern."""
    found = set()
    for path in HOUSE.rglob("*.py"):
        if "inviting" in path.parts or "declaring" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.escape(node.value))
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(one.value) if isinstance(one, ast.Constant) else r"[\w.]*" for one in node.values]
                if isinstance(node.values[0], ast.Constant) and "." in node.values[0].value:
                    found.add("".join(parts))
                elif path.name == "rendering.py":  # the two pages where a code is entered
                    found.add("(?:resume|withdraw)" + "".join(parts[1:]))
    for path in (HOUSE / "templates").glob("*.html"):
        for part in re.findall(r"\{[{%].*?[%}]\}", path.read_text(encoding="utf-8"), re.DOTALL):
            found |= {re.escape(text) for text in re.findall(r'"([a-z_.]+)"', part)}
    return found


def test_no_text_is_without_a_use():
    used = re.compile("|".join(f"(?:{pattern})" for pattern in sorted(said_by_code(), key=len, reverse=True)))
    idle = [key for key in texts("en").entries if not used.fullmatch(key)]
    assert idle == []


def test_every_key_that_is_said_is_there():
    keys = set(texts("en").entries)
    heads = {key.split(".")[0] for key in keys}
    pattern = re.compile(r"say\(\s*\"([a-z_.]+)\"")
    for path in [*HOUSE.rglob("*.py"), *(HOUSE / "templates").glob("*.html")]:
        if "inviting" not in path.parts:
            for key in pattern.findall(path.read_text(encoding="utf-8")):
                assert key in keys or key.split(".")[0] not in heads, (path.name, key)


def test_every_message_of_the_server_has_words():
    said = re.compile(r"Wrong\(\s*\d+,\s*\"(\w+)\"|\.message\(\w+, \"(\w+)\"")
    keys = {
        key
        for path in (HOUSE / "server").glob("*.py")
        for found in said.findall(path.read_text(encoding="utf-8"))
        for key in found
        if key
    }
    assert len(keys) >= 5
    assert {key for key in keys if {f"message.{key}", f"message.{key}.head"} - set(texts("en").entries)} == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_fault_of_an_answer_has_words(lang):
    for code, values in FAULTS.items():
        words = texts(lang).say(f"fault.{code}", **dict.fromkeys(values, 1234.5))
        assert "{" not in words
        assert places(texts(lang).entries[f"fault.{code}"]) <= set(values)
    for element in ELEMENTS:
        assert texts(lang).say(element.wording)


def test_russian_numbers_take_their_forms():
    counted = {n: texts("ru").say("start.questions", n=n) for n in (0, 1, 2, 4, 5, 11, 14, 21, 22, 25, 101, 111, 112)}
    assert counted == {
        0: "0 вопросов", 1: "1 вопрос", 2: "2 вопроса", 4: "4 вопроса", 5: "5 вопросов", 11: "11 вопросов",
        14: "14 вопросов", 21: "21 вопрос", 22: "22 вопроса", 25: "25 вопросов", 101: "101 вопрос",
        111: "111 вопросов", 112: "112 вопросов",
    }  # fmt: skip


#: Text -> the word that goes by the number: with 1 and 21, with 2 to 4, with 0, 5 to 20, 111.
COUNTED = {
    "start.questions": ("вопрос", "вопроса", "вопросов"), "start.questions.most": ("вопроса", "вопросов", "вопросов"),
    "start.groups": ("человека", "человек", "человек"), "notice.drafts_days": ("день", "дня", "дней"),
    "page.soft.head": ("вопрос", "вопроса", "вопросов"), "page.faults.head": ("ответ", "ответа", "ответов"),
    "hint.rank.top": ("вариант", "варианта", "вариантов"), "message.busy": ("минуту", "минуты", "минут"),
}  # fmt: skip


def test_every_russian_text_with_a_number_agrees_with_it():
    t = texts("ru")
    assert {key for key, entry in t.entries.items() if not isinstance(entry, str)} == set(COUNTED)
    for key, (one, few, many) in COUNTED.items():
        for n, word in {0: many, 1: one, 2: few, 4: few, 5: many, 11: many, 12: many, 14: many, 21: one, 22: few,
                        25: many, 101: one, 102: few, 111: many, 112: many}.items():  # fmt: skip
            assert re.search(rf"\b{n} {word}\b", t.say(key, n=n)), (key, n)


def test_a_form_of_the_number_one_is_true_of_twenty_one_in_russian():
    assert "21 вариант и" in texts("ru").say("hint.rank.top", n=21)
    assert "перв" not in texts("ru").say("hint.rank.top", n=21).replace("1 — первое место", "")


def test_english_and_persian_numbers_take_their_forms():
    assert [texts("en").say("start.questions", n=n) for n in (0, 1, 2)] == ["0 questions", "1 question", "2 questions"]
    assert texts("fa").say("start.questions", n=120) == "۱۲۰ پرسش"


def test_a_text_with_forms_wants_a_whole_number():
    with pytest.raises(KeyError):
        texts("en").say("start.questions")
    with pytest.raises(KeyError):
        texts("en").say("start.questions", n=1.5)
    with pytest.raises(KeyError):
        texts("en").say("page.progress", number=1)
    with pytest.raises(KeyError):
        texts("en").say("no.such.text")


def test_numbers_are_written_as_the_language_does():
    assert [numeral(1234.5, lang) for lang in ("en", "fa", "ru")] == ["1234.5", "۱۲۳۴٫۵", "1234,5"]
    assert [numeral(-3, lang) for lang in ("en", "fa", "ru")] == ["−3", "\u200e−۳", "−3"]
    assert numeral(100.0, "fa") == "۱۰۰"


def test_days_are_written_as_the_language_does():
    assert day(dt.date(2024, 3, 20), "fa") == "۱ فروردین ۱۴۰۳"
    assert day(dt.date(2026, 3, 1), "ru") == "1 марта 2026\xa0г."
    assert day(dt.date(2026, 3, 1), "en") == "1 March 2026"
    assert months("ru")[0] == "январь"
    assert months("fa")[11] == "اسفند"
    assert [len(months(lang)) for lang in LANGUAGES] == [12, 12, 12]


def test_a_value_in_another_direction_is_set_apart_and_cannot_get_out():
    words = texts("fa").say("start.refuse", refuse="a\u202eb\u2069c")
    assert "\u2068abc\u2069" in words


def test_values_are_not_read_as_texts_with_places():
    assert "{n}" in texts("en").say("start.refuse", refuse="{n} {0.__class__}")


def test_a_language_tag_finds_its_language_and_others_are_refused():
    assert base("fa-IR") == "fa"
    assert texts("RU-ru").direction == DIRECTIONS["ru"]
    with pytest.raises(UnsupportedError, match=r"no words in 'de'.*en, fa, ru"):
        texts("de")


def test_a_study_says_what_it_has():
    assert said({"en": "a", "fa": "b"}, "fa-IR") == "b"
    assert said({"en": "a"}, "ru") == "a"
    assert said({}, "ru") == ""


def of_letters(lang):
    return "\n".join(words(lang).values())


def of_pages(lang):
    return "\n".join(form for entry in texts(lang).entries.values() for form in forms(entry))


@pytest.mark.parametrize("source", [of_pages, of_letters])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_words_are_typed_as_the_language_is(lang, source):
    whole = source(lang)
    bare = re.sub(r"\{\w+\}", "", whole)
    if lang == "fa":
        assert not re.search("[يكى0-9٠-٩ـ]", bare), "Arabic letters, foreign digits, tatweel"
        assert set(re.findall("[A-Za-z]+", bare)) <= {"IP"}, "words in Latin letters"
        assert not re.search(r"\bمی [آ-ی]|[آ-ی] ها\b|[آ-ی] های\b", bare), "a blank where a half-space belongs"
        assert not re.search(r"[,;?]", bare), "Latin punctuation"
    if lang == "ru":
        assert not re.search(r"\b(вы|вас|вам|ваш\w*|вами)\b", bare), "a small letter in the formal address"
        assert not re.search(r"[\"“”]", bare), "foreign quotation marks"
        assert not re.search(r"\bВы (?:\w+ )?\w{2,}(?:л|ла|лся|лась)\b", bare), "a respondent of one sex"
    else:
        assert "ё" not in bare
    if lang == "en":
        assert not re.search("[«»„؟،]", bare)
    assert not re.search(r" [.,:;!?،؛؟](?!\S)", whole), "a blank before a mark"
    assert "  " not in whole


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_paragraphs_of_letters_begin_with_a_capital(lang):
    paragraphs = [part for text in words(lang).values() for part in text.split("\n") if part and part[0] != "{"]
    small = [part for part in paragraphs if part[0].islower()]
    assert small == [words(lang)["slip_code"]]


def test_telephone_numbers_and_addresses_run_from_left_to_right_in_persian():
    text = "ایمیل: survey@bank.example، تلفن ۰۲۱-۵۵۵۵ ۰۱۰۰ و +98 (21) 5555، سال‌های ۱۴۰۴-۱۴۰۵، https://x.example/a/"
    apart = [part for part, alone in runs(text, "fa") if alone]
    assert apart == ["survey@bank.example", "۰۲۱-۵۵۵۵ ۰۱۰۰", "+98 (21) 5555", "https://x.example/a/"]
    assert "".join(part for part, _ in runs(text, "fa")) == text
    told = marked(text, "fa")
    assert "\u200e۰۲۱-۵۵۵۵\xa0۰۱۰۰\u200e" in told
    assert " survey@bank.example،" in told  # an address is copied as it is, with no mark at its ends
    assert marked(told.replace("\xa0", " "), "fa") == told
    assert marked(text, "ru") == text
    assert list(runs(text, "en")) == [(text, False)]
