"""What is typed from a sheet: answers and marks are read, everything else has a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.administration.paper.files import cells_of
from crmstudy.administration.paper.typed import MARKS, Typed, columns_of, fields_on_paper, read_typed
from crmstudy.handover.head import Head
from crmstudy.handover.records import Checker
from crmstudy.instrument.forms import fields_of, pages
from tests.administration.session.session_samples import every_kind, samples

SAMPLE = every_kind()
FIELDS = {asked.id: asked for asked in fields_on_paper(SAMPLE, "en")}


def read(cells, lang="en", **more):
    return read_typed(SAMPLE, lang, cells, **more)


def test_every_kind_of_question_is_read():
    typed, faults = read({
        "a1": "5", "a2": "۳", "a3": "-8", "uses": "0", "wide": "37", "line": "100", "multi_1": "1", "multi_3": "1",
        "multi_2": "0", "rank_1": "2", "rank_2": "1", "rank_3": "4", "rank_4": "3", "integer": "12", "decimal": "4.5",
        "text": " میخواهم  بله ", "longtext": "a\nb", "date": "2026-11-26", "age": "30", "top2_4": "1", "top2_2": "2",
    })  # fmt: skip
    assert faults == {}
    assert typed.answers == {
        "a1": 5, "a2": 3, "a3": -8, "uses": 0, "wide": 37, "line": 100, "multi": [1, 3], "rank": [2, 1, 4, 3],
        "integer": 12, "decimal": 4.5, "text": "میخواهم بله", "longtext": "a\nb", "date": "2026-11-26", "age": 30,
        "top2": [4, 2],
    }  # fmt: skip
    assert typed.marks == {}


@pytest.mark.parametrize("text", ["?", "؟", "-96", "illegible", "Illegible", "−96"])
@pytest.mark.parametrize("id", ["a1", "line", "wide"])
def test_a_mark_that_cannot_be_made_out(id, text):
    typed, faults = read({id: text})
    assert (typed.answers, dict(typed.marks), faults) == ({}, {id: "illegible"}, {})


@pytest.mark.parametrize("text", ["*", "-95", "two-ticks", "two ticks"])
def test_two_ticks_where_one_may_be(text):
    typed, faults = read({"uses": text})
    assert (dict(typed.marks), faults) == ({"uses": "two-ticks"}, {})


def test_an_answer_that_looks_like_a_mark_is_an_answer():
    typed, faults = read({"integer": "-96", "text": "?", "decimal": "-95"})
    assert typed.answers == {"integer": -96, "decimal": -95.0, "text": "?"}
    assert (typed.marks, faults) == ({}, {})


def test_the_calendar_and_marks_of_the_language():
    typed, faults = read({"date": "۱۴۰۵/۰۹/۰۵", "decimal": "۴٫۵"}, "fa")
    assert (typed.answers, faults) == ({"date": "2026-11-26", "decimal": 4.5}, {})
    assert read({"decimal": "4,5"}, "ru")[0].answers == {"decimal": 4.5}


@pytest.mark.parametrize(("cells", "id", "said"), [
    ({"a1": "6"}, "a1", "a1 is one of 1, 2, 3, 4, 5, -8"),
    ({"a1": "5 5"}, "a1", "a1 is one of"),
    ({"a1": "<b>"}, "a1", "found '<b>'"),
    ({"a1": "\x1b[2J1"}, "a1", "a1 is one of"),
    ({"multi_1": "2"}, "multi", "multi_1 is 1 for ticked"),
    ({"multi_1": "?", "multi_2": "1"}, "multi", "and other entries besides"),
    ({"multi_1": "*"}, "multi", "two ticks are no fault"),
    ({"rank_1": "1"}, "rank", "rank gives each place from 1 to 4 once"),
    ({"rank_1": "1", "rank_2": "1", "rank_3": "2", "rank_4": "3"}, "rank", "once"),
    ({"top2_1": "3"}, "top2", "from 1 to 2"),
    ({"age": "14"}, "age", "age is a whole number from 15 to 99"),
    ({"age": "15.5"}, "age", "whole number"),
    ({"integer": "1e5"}, "integer", "integer is a whole number"),
    ({"decimal": "nan"}, "decimal", "decimal is a number"),
    ({"date": "2026-02-30"}, "date", "date is a date such as 2026-11-26"),
    ({"line": "101"}, "line", "line is a whole number from 0 to 100"),
    ({"text": "x" * 20_001}, "text", "more than 20,000 letters"),
])  # fmt: skip
def test_what_cannot_stand_on_the_sheet_has_a_sentence(cells, id, said):
    typed, faults = read({"a2": "1", **cells})
    assert list(faults) == [id]
    assert said in faults[id]
    assert typed.answers == {"a2": 1}


def test_only_some_questions_are_read_for_a_decision():
    typed, faults = read({"a1": "1", "a2": "9"}, only=["a1"])
    assert (typed.answers, faults) == ({"a1": 1}, {})


def test_spelling_that_nobody_sees_is_no_difference():
    arabic, persian = Typed({"text": "كار خوب"}), Typed({"text": "کار  خوب"})
    assert arabic.same(persian, FIELDS["text"])
    assert not arabic.same(Typed({"text": "کار بد"}), FIELDS["text"])
    assert not Typed({"text": "?"}).same(Typed({"text": "!"}), FIELDS["text"])
    assert not Typed({}, {"a1": "illegible"}).same(Typed({}), FIELDS["a1"])


def test_the_sheet_has_the_numbers_of_the_printed_one():
    assert [one.number for one in FIELDS.values()] == [
        one.number for one in fields_of(pages(SAMPLE.instruments, "en", rows=None))
    ]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_typed_fits_the_hand_over_or_has_a_sentence(data):
    sample = data.draw(samples(conditions=False))
    fields = fields_on_paper(sample, "fa")
    text = st.one_of(
        st.sampled_from(["", "?", "*", "1", "2", "0", "۳", "-8", "-96", "2020-01-01", "blank", "4.5"]), st.text()
    )
    cells = {column: data.draw(text) for asked in fields for column in columns_of(asked)}
    typed, faults = read_typed(sample, "fa", cells)
    assert not faults.keys() & typed.answers.keys()
    head = Head("confidential", "2026-11-26", 5, 1, ())
    items = [item.id for one in sample.instruments for item in one.items]
    record = {
        "record": "0" * 32, "language": "fa", "answers": {id: typed.answers.get(id) for id in items},
        "reasons": {id: mark for id, mark in typed.marks.items() if id in items},
        "open": {id: answer for id, answer in typed.answers.items() if id not in items},
    }  # fmt: skip
    assert Checker(head, sample.instruments).faults(record) == []
    again = {column: cell for asked in fields for column, cell in cells_of(asked, typed).items()}
    if not any(asked.type in ("text", "longtext") and asked.id in typed.answers for asked in fields):
        assert read_typed(sample, "fa", again) == (typed, {})


def test_marks_are_the_shortest_way():
    assert MARKS == {"illegible": "?", "two-ticks": "*"}
