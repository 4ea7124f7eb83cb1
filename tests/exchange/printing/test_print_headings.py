"""Headings of grids: every word fits its column, answers look alike, and the questions keep room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.exchange.printing.headings import ANSWERS_WIDTH, NARROW, NARROWEST, divided, headings_of
from crmstudy.instrument.forms import MOST_CHOICES, Choice
from crmstudy.instrument.library import shared_sets

LABELS = st.text(alphabet="абвгдеио abcdefgh کمزیاد\u200c", max_size=40)


def choices(labels, missing=()):
    """Answers from 1 with these labels, and missing codes with those."""
    made = [Choice(value, label) for value, label in enumerate(labels, start=1)]
    return [*made, *(Choice(-9 - nth, label, missing=True) for nth, label in enumerate(missing))]


@given(st.lists(LABELS, min_size=2, max_size=MOST_CHOICES), st.lists(LABELS.filter(bool), max_size=2),
       st.sampled_from(["en", "fa", "ru"]))  # fmt: skip
def test_the_answers_never_take_the_room_of_the_questions(labels, missing, lang):
    found = headings_of(choices(labels, missing), lang)
    assert len(found.heads) == len(found.widths) == len(labels) + len(missing)
    assert sum(found.widths) <= max(ANSWERS_WIDTH, NARROWEST * len(found.widths)) + 0.5
    assert [head.replace("\u00ad", "") for head in found.heads] == [*labels, *missing]
    assert min(found.widths) >= NARROWEST


@pytest.mark.parametrize("name", shared_sets())
@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_shared_answer_sets_keep_their_labels_over_the_columns(name, lang):
    declared = shared_sets()[name]
    values = range(declared["low"], declared["high"] + 1)
    found = headings_of(choices([declared["labels"].get(value, {}).get(lang, "") for value in values]), lang)
    if len(values) <= 7:
        assert found.kind == "labels"
        assert len(set(found.widths)) == 1, "columns of one width look like one scale"


def test_numbers_between_two_labels_and_missing_codes_beside_them():
    ends = headings_of(choices(["low", *[""] * 9, "high"], ["does not apply"]), "en")
    assert (ends.kind, set(ends.widths[:-1])) == ("ends", {NARROWEST})
    assert ends.widths[-1] >= NARROW
    assert headings_of(choices(["", "", ""]), "en").kind == "ends"
    assert headings_of(choices(["low", "", "middle", "", "high"]), "en").kind == "labels"


def test_labels_too_long_for_columns_are_explained_above():
    found = headings_of(choices(["Donaudampfschifffahrtsgesellschaftskapitaen"] * 4), "de")
    assert (found.kind, found.widths) == ("key", (NARROWEST,) * 4)


def test_russian_words_are_divided_where_syllables_end():
    assert divided("Удовлетворённость", "ru").split("\u00ad") == ["Удов", "лет", "во", "рён", "ность"]
    assert divided("подъезд, объём", "ru", 6).replace("\u00ad", "-") == "подъ-езд, объём"
    assert divided("Dissatisfied", "en") == "Dissatisfied"
    assert divided("Согласны", "ru") == "Согласны"
