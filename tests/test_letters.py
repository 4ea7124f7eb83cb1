"""Ways of writing the same: what is folded, what stays, and that storing changes nothing a reader could see."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.letters import HARAKAT, INVISIBLE, SAME_LETTERS, digits, key, plain, tidy

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
WRITTEN = st.text(
    "آأإاٱبةهۀیيىئكکؤوءـًٔ‌‍‏ ёЁеЕйЙ«»“”–—−۰۱۹٠٩٫٬.,;؟?()Aa1 \t\n\u00a0\u202f\ufeff", max_size=40
)  # what this is about, rather than all of Unicode


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كيفيت", "کیفیت"), ("موسى", "موسی"), ("مسئول", "مسؤول".replace("ؤو", "یو")), ("مسؤول", "مسوول"),
        ("تأثیر", "تاثیر"), ("إسلام", "اسلام"), ("خانهٔ ما", "خانه ما"), ("خانۀ ما", "خانه ما"), ("خانه‌ی ما", "خانه ما"),
        ("دایرة", "دایره"), ("كاملاً", "کاملا"), ("کـــتاب", "کتاب"), ("می‌خواهم", "میخواهم"), ("ﻛﺘﺎﺏ", "کتاب"),
        ("‏سلام‎", "سلام"), ("Всё ещё", "все еще"), ("ещё", "еще\u0308"), ("«Да»", '"да"'), ("“yes”", '"YES"'),
        ("don’t", "don't"), ("2–3", "2-3"), ("−5", "-5"), ("۱۲٫۵", "12.5"), ("۱٬۰۰۰", "1000"), ("a\u00a0 b", "A b"),
    ],
)  # fmt: skip
def test_written_otherwise_and_the_same(one, other):
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("آن", "ان"), ("خانه‌ای", "خانه"), ("й", "и"), ("پا", "با"), ("کار", "گار"), ("5", "-5"), ("½", "12"), ("a+", "a")],
)
def test_what_is_another_word_stays_another(one, other):
    assert key(one) != key(other)


def test_keys_leave_blanks_and_punctuation_out_and_nothing_that_means_something():
    assert key(" 1. Strongly   agree! ") == key("1) strongly agree")
    assert key("کاملا موافقم") == key("كاملاً‌موافقم.")
    assert key("18-25") != key("1825")
    assert key("> 5") != key("< 5")
    assert key("?") == "?"
    assert key(" ") == ""


def test_numbers_in_any_digits():
    assert float(digits(" ۴٫۵ ")) == 4.5
    assert int(digits("−٣")) == -3
    assert int(digits("‏۱٬۲۳۴‎")) == 1234
    assert digits("۱٬۲") == "1٬2"
    assert digits("۱٬۲۳۴٬۵۶۷") == "1234567"
    assert digits("४२") == "42"
    assert digits("۱,۵") == "1,5"
    assert digits("²") == "²"
    assert digits("گزینهٔ ۲") == "گزینهٔ 2"


def test_storing_keeps_what_is_spelling():
    assert tidy("می‌خواهم") == "می‌خواهم"
    assert tidy("كيفي") == "كيفي"
    assert tidy("كيفيـت", "fa") == "کیفیت"
    assert tidy("كتاب", "ar") == "كتاب"
    assert tidy("a \u200c b\u200d") == "a b"
    assert tidy("می‌‌شود") == "می‌شود"
    assert tidy(" two\r\nlines\u00a0 ") == "two\nlines"
    assert tidy("ё") == "ё"
    assert tidy("«а» – 5") == "«а» – 5"
    assert tidy("👩\u200d💻") == "👩\u200d💻"
    assert tidy("\u202eevil\u202c") == "evil"
    assert tidy("﷼") == "﷼"


def test_the_table_leads_nowhere_in_circles():
    assert not set(SAME_LETTERS.values()) & set(SAME_LETTERS)
    assert all(unicodedata.category(sign) in ("Mn", "Cf", "Zs") for sign in HARAKAT + INVISIBLE)


@given(TEXTS | WRITTEN)
def test_folding_twice_changes_nothing_more(text):
    assert plain(plain(text)) == plain(text)
    assert key(key(text)) == key(text)
    assert digits(digits(text)) == digits(text)


@given(WRITTEN, st.sampled_from(["", "fa", "ru", "fa-IR"]))
def test_stored_texts_still_compare_equal_and_are_stored_once(text, lang):
    stored = tidy(text, lang)
    assert tidy(stored, lang) == stored
    assert key(stored) == key(text)


@given(TEXTS)
def test_equal_texts_have_equal_keys(text):
    assert key(text) == key(unicodedata.normalize("NFD", text))
    assert key(text) == key(f"  {text}\u200f ")
