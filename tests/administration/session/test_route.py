"""The way through a questionnaire: it never loops, loses nothing, and hands over only what was shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session_samples import every_kind, item, question, questionnaire, samples, words
from test_page_answers import check

from crmstudy.administration.fieldwork import Sample, Wave
from crmstudy.administration.session.answers import read_page
from crmstudy.administration.session.conditions import parse_condition
from crmstudy.administration.session.layout import layout_of
from crmstudy.administration.session.names import kinds
from crmstudy.administration.session.route import Route
from crmstudy.errors import StudyError
from crmstudy.instrument.model import Item, Section


def chained(**more):
    """Eight items of one grid: b is asked if a = 1, c if b was answered, the last section if a = 2."""
    entries = [item(id, nth) for nth, id in enumerate("abcdefgh", start=1)]
    sections = [Section("one", tuple("abcdef"), words("One"), words("Text")), Section("two", ("g", "h"), words("Two"))]
    one = questionnaire("i", entries, sections=sections)
    conditions = {"b": "a = 1", "c": "answered(b)", "two": "a = 2"}
    return Sample("s", "staff", (one,), conditions=conditions, **more)


def shown(view):
    return [[one.id for one in view.page(number).fields] for number in view.pages]


def test_a_condition_on_the_same_page_begins_a_page():
    route = Route(chained(), "en")
    assert [[*sheet.ids] for sheet in route.layout.sheets] == [["a"], ["b"], ["c", "d", "e", "f"], ["g", "h"]]
    assert shown(route.given({})) == [["a"], ["d", "e", "f"]]
    assert shown(route.given({"a": 1})) == [["a"], ["b"], ["d", "e", "f"]]
    assert shown(route.given({"a": 1, "b": 4})) == [["a"], ["b"], ["c", "d", "e", "f"]]
    assert shown(route.given({"a": 2})) == [["a"], ["d", "e", "f"], ["g", "h"]]


def test_what_is_hidden_counts_as_not_answered():
    view = Route(chained(), "en").given({"a": 2, "b": 4, "c": 3})
    assert view.hidden == {"b", "c"}
    assert shown(view) == [["a"], ["d", "e", "f"], ["g", "h"]]
    assert Route(chained(), "en").given({"a": 1, "b": None}, refused={"b"}).hidden == {"c", "g", "h"}


def test_pages_are_parted_no_more_than_they_must_be():
    one = questionnaire("i", [item(id, nth) for nth, id in enumerate("abcd", start=1)])
    route = Route(Sample("s", "staff", (one,), conditions={"b": "a = 1", "c": "a = 1", "d": "a < 3"}), "en")
    assert [[*sheet.ids] for sheet in route.layout.sheets] == [["a"], ["b", "c", "d"]]


def test_a_refusal_of_what_is_hidden_now_counts_no_more():
    one = questionnaire("i", [item(id, nth) for nth, id in enumerate("abc", start=1)])
    route = Route(Sample("s", "staff", (one,), conditions={"b": "a = 1", "c": "refused(b)"}), "en")
    assert route.given({"a": 1, "b": None}, {"b"}).hidden == frozenset()
    assert route.given({"a": 2, "b": None}, {"b"}).hidden == {"b", "c"}


def test_what_is_unfinished_is_found_where_it_stands_in_a_random_order():
    ids = "abcdefgh"
    entries = [item(id, nth, required="hard") for nth, id in enumerate(ids, start=1)]
    one = questionnaire("i", entries, scales=[("s", ids)])
    route = Route(Sample("s", "staff", (one,), rows=2, randomise=("i",)), "en", seed=1)
    for place, id in enumerate(route.order):
        view = route.given({**dict.fromkeys(ids, 1), id: None})
        assert view.unfinished == place // 2 + 1
        assert id in {one.id for one in view.page(view.unfinished).fields}


def test_page_numbers_stay_and_progress_says_what_is_known():
    route = Route(chained(), "en")
    before, after = route.given({}), route.given({"a": 2})
    assert (before.pages, after.pages) == ((1, 3), (1, 3, 4))
    assert [before.position(number) for number in before.pages] == [(1, 2), (2, 2)]
    assert [after.position(number) for number in after.pages] == [(1, 3), (2, 3), (3, 3)]
    assert (before.next(1), before.next(2), before.next(3), before.previous(3), before.previous(1)) == (
        3,
        3,
        None,
        1,
        None,
    )
    assert before.page(2) is before.page(4) is before.page(0) is before.page(99) is before.page(-1) is None


def test_answers_end_only_where_nothing_can_follow():
    one = questionnaire("i", [item("a", 1), item("b", 2)])
    route = Route(Sample("s", "staff", (one,), conditions={"b": "a > 3"}), "en")
    assert route.given({}).next(1) is None
    assert not route.given({}).ends(1)  # the answer on this page may bring another
    assert route.given({"a": 5}).ends(2)


def test_the_head_of_a_section_moves_to_its_first_page_that_is_seen():
    entries = [item(id, nth) for nth, id in enumerate("abcd", start=1)]
    one = questionnaire(
        "i", entries, sections=[Section("one", ("a",)), Section("two", tuple("bcd"), words("Two"), words("Text"))]
    )
    route = Route(Sample("s", "staff", (one,), conditions={"b": "a = 1", "c": "b = 1", "d": "a < 3"}), "en")
    pages = {number: route.given({"a": 2}).page(number) for number in (1, 3)}
    assert pages[1].opens
    assert pages[1].intro == ("en i instructions",)
    assert [one.id for one in pages[3].fields] == ["d"]
    assert (pages[3].title, pages[3].intro, pages[3].opens) == ("en Two", ("en Text",), False)
    second = route.given({"a": 1})
    assert second.page(2).title == "en Two"
    assert second.page(3).title == ""
    none = Route(Sample("s", "staff", (one,), conditions={"a": "unit = 'x'", "b": "lang = 'fa'"}), "en").given({})
    assert none.page(2).opens
    assert none.page(2).intro == ("en i instructions", "en Text")


def test_one_row_of_a_grid_is_a_question_of_its_own():
    one = questionnaire("i", [item(id, nth) for nth, id in enumerate("abc", start=1)])
    sample = Sample("s", "staff", (one,), conditions={"b": "unit = 'x'", "c": "unit = 'x'"})
    assert [block.kind for block in Route(sample, "en").given({}).page(1).blocks] == ["single"]
    assert [block.kind for block in Route(sample, "en", unit="x").given({}).page(1).blocks] == ["grid"]


def test_conditions_know_unit_language_wave_and_attributes():
    one = questionnaire("i", [item(id, nth) for nth, id in enumerate("abcde", start=1)])
    conditions = {"a": "unit = 'x'", "b": "lang = 'fa'", "c": "wave = 'w2'", "d": "tenure >= 5"}
    sample = Sample("s", "staff", (one,), conditions=conditions, attributes=("tenure",), waves=(Wave("w1"), Wave("w2")))
    assert Route(sample, "en").given({}).hidden == set("abcd")
    route = Route(sample, "fa", unit="x", wave="w2", attributes={"tenure": "۷"})
    assert route.given({}).hidden == frozenset()


def test_a_question_called_like_a_name_of_everywhere_is_meant():
    one = questionnaire("i", [item("unit", 1), item("b", 2)])
    route = Route(Sample("s", "staff", (one,), conditions={"b": "unit = 3"}), "en", unit="3")
    assert route.given({}).hidden == {"b"}
    assert route.given({"unit": 3}).hidden == frozenset()
    given = Route(Sample("s", "staff", (one,), conditions={"b": "answered(unit)"}), "en", unit="x").given({})
    assert given.hidden == {"b"}


def test_texts_between_questions_can_have_conditions_too():
    one = questionnaire("i", [item("a", 1), question("note", 2, "info"), item("b", 3)])
    sample = Sample("s", "staff", (one,), conditions={"note": "a = 1"})
    view = Route(sample, "en").given({"a": 2, "b": 1})
    assert view.hidden == {"note"}
    assert [block.kind for block in view.page(2).blocks] == ["single"]
    assert view.filled().complete
    assert view.filled().reasons == {}


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({"a": "b = 1"}, "not asked before it"), ({"a": "a = 1"}, "not asked before it"),
        ({"x": "a = 1"}, "no item, question or section"),
        ({"b": "a = 9"}, "cannot be 9"), ({"b": "a ="}, "the condition ends"),
        ({"two": "h = 1"}, "not asked before it"),
    ],
)  # fmt: skip
def test_conditions_that_cannot_be_are_refused(conditions, said):
    sample = Sample("s", "staff", chained().instruments, conditions=conditions)
    with pytest.raises(StudyError, match=said):
        layout_of(sample, "en")


def test_faults_of_all_conditions_are_told_at_once_and_no_two_fields_share_a_name():
    with pytest.raises(StudyError) as caught:
        layout_of(
            Sample("s", "staff", chained().instruments, conditions={"a": "b = 1", "b": "a = 9", "z": "a = 1"}), "en"
        )
    assert len(caught.value.faults) == 3
    one = questionnaire("i", [question("a", 1, "rank"), item("a.2", 2)])
    with pytest.raises(StudyError, match="cannot be told apart"):
        layout_of(Sample("s", "staff", (one,)), "en")


def test_sections_of_two_instruments_cannot_share_a_condition():
    both = [
        questionnaire(name, [item(f"{name}1", 1), item(f"{name}2", 2)], sections=[Section("one", (f"{name}1",))])
        for name in ("i", "j")
    ]
    with pytest.raises(StudyError, match="section of several instruments"):
        layout_of(Sample("s", "staff", tuple(both), conditions={"one": "unit = 'x'"}), "en")


def test_a_quota_does_not_count_what_is_hidden():
    sample = chained()
    known = kinds(sample)
    view = Route(sample, "en", unit="x").given({"a": 2, "b": 4}, {"c"})
    for text, wanted in (
        ("a = 2", True),
        ("b = 4", False),
        ("refused(c)", False),
        ("unit = 'x' and not answered(b)", True),
    ):
        assert view.holds(parse_condition(text, known)) is wanted
    view = Route(sample, "en").given({"a": 1, "b": 4, "c": None}, {"c"})
    assert view.holds(parse_condition("b = 4 and refused(c) and lang = 'en'", known))


def test_the_layout_is_made_once():
    sample = every_kind()
    assert layout_of(sample, "fa") is layout_of(sample, "fa")
    assert layout_of(sample, "fa") is not layout_of(every_kind(), "fa")


def test_reasons_and_what_is_dropped():
    filled = Route(chained(), "en").given({"a": 2, "b": 4, "d": None, "e": 1, "f": None}, {"d"}).filled()
    assert filled.answers == {"a": 2, "b": None, "c": None, "d": None, "e": 1, "f": None, "g": None, "h": None}
    assert filled.reasons == {
        "b": "not-shown",
        "c": "not-shown",
        "d": "refused",
        "g": "not-reached",
        "h": "not-reached",
    }
    assert filled.dropped == ("b",)
    assert not filled.complete
    assert check(chained(), "en", filled.answers, filled.open, filled.reasons) == []


def test_unfinished_is_the_first_page_that_lacks_anything():
    sample = every_kind(rows=4)
    route = Route(sample, "en")
    assert route.given({}).unfinished == 1
    answers = dict.fromkeys(route.order)
    hard = route.layout.page_of["uses"]
    assert route.given(answers).unfinished == hard
    assert route.given(answers, {"uses"}).unfinished == route.layout.page_of["age"]
    assert route.given({**answers, "uses": 1, "age": 20}).unfinished is None
    del answers["a4"]
    assert route.given({**answers, "uses": 1, "age": 20}).unfinished == route.layout.page_of["a4"]


@given(samples(), st.sampled_from(["en", "fa", "ru"]), st.data())
@settings(max_examples=60, deadline=None)
def test_a_walk_ends_and_shows_every_question_once(sample, lang, data):
    route = Route(sample, lang, seed=data.draw(st.none() | st.integers(0, 9)))
    everything = set(route.order)
    answers, refused, passed = {}, set(), []
    number = route.given({}).first
    while number is not None:
        view = route.given(answers, refused)
        assert view.position(number)[0] == len(passed) + 1 or view.position(number)[0] <= view.position(number)[1]
        page = view.page(number)
        assert page is not None
        assert page.number == number
        assert number not in passed
        ends = view.ends(number)
        assert not ends or view.may_end(number)
        passed.append(number)
        form = {}
        for one in page.fields:
            if one.type in ("single", "slider") and data.draw(st.booleans()):
                values = [*(choice.value for choice in one.choices), *(["refuse"] if sample.refusal else [])]
                form[f"q.{one.id}"] = [str(data.draw(st.sampled_from(values)))]
        found = read_page(page, form, lang, refusal=sample.refusal)
        assert not found.faults
        answers |= found.answers
        refused |= found.reasons.keys()
        after = route.given(answers, refused)
        assert set(passed) <= set(after.pages)  # an answer hides nothing that lies before it
        if ends:
            assert after.next(number) is None
        if after.next(number) is None:
            assert view.may_end(number)  # nobody gets to a page that leads nowhere
        number = after.next(number)
    view = route.given(answers, refused)
    assert view.pages == tuple(passed)
    assert answers.keys() | (view.hidden & everything) == everything
    assert not answers.keys() & view.hidden
    back, number = [], passed[-1] if passed else None
    while number is not None:
        back.append(number)
        number = view.previous(number)
    assert back == passed[::-1]
    numbers = [one.number for page in map(view.page, view.pages) for one in page.fields]
    assert numbers == sorted(set(numbers))
    filled = view.filled()
    assert filled.complete
    assert filled.dropped == ()
    assert "not-reached" not in filled.reasons.values()
    assert check(sample, lang, filled.answers, filled.open, filled.reasons) == []


@given(samples(), st.data())
@settings(max_examples=50, deadline=None)
def test_whatever_was_answered_a_route_can_be_walked_both_ways(sample, data):
    """Also with answers that no walk gives: earlier ones changed, questions that are hidden, unknown names."""
    route = Route(sample, "en", seed=3)
    items = [entry for one in sample.instruments for entry in one.entries if isinstance(entry, Item)]
    answers = {
        one.id: data.draw(st.none() | st.sampled_from(one.response.values)) for one in items if data.draw(st.booleans())
    }
    refused = {id for id, value in answers.items() if value is None and data.draw(st.booleans())}
    view = route.given({**answers, "nobody": 3}, refused)
    forth, number = [], view.first
    while number is not None and len(forth) < 1000:
        forth.append(number)
        number = view.next(number)
    assert tuple(forth) == view.pages
    assert all(view.page(number).blocks for number in forth)
    assert all(view.previous(view.next(number)) == number for number in forth if view.next(number))
    visible = {one.id for number in forth for one in view.page(number).fields}
    assert visible == set(route.order) - view.hidden
    filled = view.filled()
    assert not filled.answers.keys() - {one.id for one in items}
    assert all(filled.answers.get(id) is None for id in view.hidden)
    assert check(sample, "en", filled.answers, filled.open, filled.reasons) == []
    assert view.unfinished is None or view.unfinished in view.pages
