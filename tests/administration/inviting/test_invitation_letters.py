"""Letters: the study's words or ours, in three languages, and nothing left open in them."""

import re

import pytest

from crmstudy.administration.fieldwork import Invitation, Wave
from crmstudy.administration.inviting.letters import check_letters, letter, words
from crmstudy.administration.inviting.message import directed
from crmstudy.administration.wording.texts import day
from crmstudy.errors import StudyError
from tests.administration.inviting.conftest import fieldwork_of

LINK = "https://survey.example.org/s/staff?t=0123456789ABCDEFGHJKMNPQRS"
KINDS = ("invitation", "reminder_everyone", "reminder_unfinished")


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["anonymous", "confidential", "identified"])
def test_our_letters_are_whole(tmp_path, lang, kind, mode):
    fieldwork = fieldwork_of(tmp_path, mode)
    wave = fieldwork.samples["staff"].waves[0]
    check_letters(fieldwork, wave, [lang], kind)
    made = letter(fieldwork, wave, lang, kind, LINK)
    assert "{" not in made.subject + made.text
    assert "\n" not in made.subject
    assert made.text.count(LINK) == 1
    assert LINK in made.text.split("\n")  # a line of its own, so that it keeps its direction
    assert fieldwork.title[lang] in made.subject
    assert "survey@bank.example" in made.text
    assert words(lang)[f"promise_{mode}"] in made.text
    assert day(wave.closes, lang).replace("\xa0", " ").rstrip(".") in made.text
    assert {"en": "May", "fa": "اردیبهشت", "ru": "мая"}[lang] in made.text
    assert ".." not in made.text


def test_a_day_that_is_not_known_is_not_spoken_of(tmp_path):
    fieldwork = fieldwork_of(tmp_path)
    made = letter(fieldwork, Wave(), "en", "invitation", LINK)
    assert "open until" not in made.text
    assert "\n\n\n" not in made.text


def test_the_languages_say_the_same_places():
    shapes = [
        {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in words(lang).items()} for lang in ("en", "fa", "ru")
    ]
    assert shapes[0] == shapes[1] == shapes[2]


def test_persian_words_have_their_half_spaces():
    text = " ".join(words("fa").values())
    assert not re.search(r"\b(می|نمی) ", text)
    assert "ي" not in text
    assert "ك" not in text


def test_own_words_go_first_and_fill_once(tmp_path):
    own = Invitation(
        subject={"en": "About {title}"},
        text={"en": "Dear all,\n{link}\nuntil {closes}; {contact}"},
        reminder={"en": "{link}"},
    )
    fieldwork = fieldwork_of(tmp_path, invitation=own, title={"en": "A {link} study"})
    wave = fieldwork.samples["staff"].waves[0]
    made = letter(fieldwork, wave, "en", "invitation", LINK)
    assert made.subject == "About A {link} study"
    assert made.text == f"Dear all,\n{LINK}\nuntil 1 May 2090; survey@bank.example\n"
    assert letter(fieldwork, wave, "en", "reminder_everyone", LINK).text == f"{LINK}\n"


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (Invitation(text={"en": "no link"}), "has no {link}"),
        (Invitation(text={"en": "{link} {lnk}"}), "Did you mean 'link'"),
        (Invitation(subject={"en": "{name}"}), "'{name}', which is not known"),
        (Invitation(text={"en": "{link} {closes}"}), "no day is declared"),
    ],
)
def test_letters_that_are_refused(tmp_path, own, said):
    fieldwork = fieldwork_of(tmp_path, invitation=own)
    with pytest.raises(StudyError) as caught:
        check_letters(fieldwork, Wave(), ["en"], "invitation")
    assert said in str(caught.value)


def test_a_letter_names_whom_to_ask(tmp_path):
    fieldwork = fieldwork_of(tmp_path, notice={"contact": {"en": "x"}})
    with pytest.raises(StudyError, match=r"notice\.contact is not filled in in 'fa'"):
        check_letters(fieldwork, Wave(), ["en", "fa"], "invitation")


@pytest.mark.parametrize(("lang", "within"), [("en", "«A» {link} b"), ("fa", "„A“ {link} b"), ("ru", "„A“ {link} b")])
def test_marks_of_a_title_in_marks_are_of_the_second_order(tmp_path, lang, within):
    fieldwork = fieldwork_of(tmp_path, title={lang: "«A» {link} b"})
    made = letter(fieldwork, fieldwork.samples["staff"].waves[0], lang, "invitation", LINK)
    assert made.subject.endswith("«A» {link} b")
    assert f"“{within}”" in made.text if lang == "en" else f"«{within}»" in made.text
    assert made.text.count(LINK) == 1


def test_a_telephone_number_keeps_its_order_in_a_persian_letter():
    line = "برای پرسش: survey@bank.example، تلفن 021-5555 0100"
    told = directed(line, "fa")
    assert told.startswith("\u200f")
    assert "\u200e021-5555\xa00100\u200e" in told
    assert directed(line, "ru") == line


def test_persian_lines_run_from_right_to_left_and_links_do_not():
    lines = directed(f"سلام\n\nCRM چیست\n{LINK}\n", "fa").split("\n")
    assert [line[:1] == "\u200f" for line in lines] == [True, False, True, False, False]
    assert directed("Hello\n", "en") == "Hello\n"
