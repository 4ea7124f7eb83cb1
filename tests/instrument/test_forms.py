"""Pages of a questionnaire: every question once, grids of equal answers, no key, faults told at once."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from crmstudy.errors import InstrumentError, UnsupportedError
from crmstudy.instrument import list_instruments, load_instrument
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.forms import MOST_CHOICES, Choice, fields_of, pages
from crmstudy.instrument.model import Item, Question, ResponseFormat, Section
from crmstudy.instrument.slots import Slot

LIBRARY = list_instruments()
FIVE = ResponseFormat("five", 1, 5, {n: {"en": f"label {n}", "fa": f"برچسب {n}"} for n in range(1, 6)})
ENDS = ResponseFormat("ends", 0, 10, {0: {"en": "low", "fa": "کم"}, 10: {"en": "high", "fa": "زیاد"}})
BOTH = {"en": "What?", "fa": "چه؟"}


def made(*entries, sections=(), **more):
    """An instrument of (kind, answers) pairs, in two languages."""
    items, questions = [], []
    for order, (kind, response) in enumerate(entries, start=1):
        wording = {tag: f"{text} {order}" for tag, text in BOTH.items()}
        if kind in ("single", "attention"):
            expected = 3 if kind == "attention" else None
            items.append(Item(f"q{order}", order, response, wording=wording, expected=expected))
        else:
            questions.append(Question(f"q{order}", order, kind, response, wording))
    return draft("own", name={"en": "Own", "fa": "خود"}, items=items, questions=questions, sections=sections, **more)


def shape(instrument, **options):
    """Kinds and numbers of rows of every page."""
    return [[(block.kind, len(block.fields)) for block in page.blocks] for page in pages(instrument, "en", **options)]


@pytest.mark.parametrize("instrument", LIBRARY, ids=lambda one: f"{one.id}-{one.version}")
@pytest.mark.parametrize("rows", [10, 3, None])
def test_every_question_of_the_library_stands_on_one_page(instrument, rows):
    for lang, language in instrument.languages.items():
        if instrument.wording == "none":
            with pytest.raises(InstrumentError, match="without wording"):
                pages(instrument, lang)
            continue
        found = pages(instrument, lang, rows=rows)
        fields = fields_of(found)
        wanted = [id for part in instrument.sections for id in part.entries] or [e.id for e in instrument.entries]
        assert [field.id for field in fields] == wanted
        assert [field.number for field in fields] == list(range(1, len(wanted) + 1))
        assert [page.number for page in found] == list(range(1, len(found) + 1))
        assert {page.direction for page in found} == {language.direction}
        assert all(field.text.strip() and "{" not in field.text for field in fields)
        assert [page.opens for page in found] == [True] + [False] * (len(found) - 1)


def test_neighbours_with_the_same_answers_are_a_grid_and_others_are_not():
    other = replace(FIVE, id="other", labels={**FIVE.labels, 1: {"en": "never", "fa": "هرگز"}})
    same = replace(FIVE, id="same")  # another name, the same answers
    entries = [("single", FIVE), ("single", same), ("attention", FIVE), ("single", other), ("text", None)]
    instrument = made(*entries, ("single", FIVE), ("multi", FIVE), ("integer", None), ("date", None))
    assert shape(instrument) == [
        [("grid", 3), ("single", 1), ("text", 1), ("single", 1)], [("multi", 1), ("number", 1), ("date", 1)]
    ]  # fmt: skip
    assert shape(instrument, rows=None)[0][0] == ("grid", 3)


def test_an_attention_check_looks_like_its_neighbours_and_no_page_tells_a_key():
    found = pages(made(("single", FIVE), ("attention", FIVE)), "en")
    one, two = found[0].fields
    assert (one.type, one.choices, one.required) == (two.type, two.choices, two.required)
    reversed_ = replace(load_instrument("crm-sty"))
    mirrored = replace(reversed_, items=tuple(replace(item, reverse=True) for item in reversed_.items))
    assert pages(reversed_, "fa") == pages(mirrored, "fa")


def test_pages_end_with_the_section_and_before_they_get_long():
    sections = (
        Section("a", ("q1", "q2", "q3"), {"en": "A", "fa": "آ"}, {"en": "Text", "fa": "متن"}),
        Section("b", tuple(f"q{n}" for n in range(4, 27)), randomise=True),
    )
    instrument = made(*[("single", FIVE)] * 26, sections=sections, instructions={"en": "Do", "fa": "کن"})
    assert shape(instrument, rows=10) == [[("grid", 3)], [("grid", 7)], [("grid", 8)], [("grid", 8)]]
    first, second, third, _ = pages(instrument, "en", rows=10)
    assert (first.section, first.title, first.intro) == ("a", "A", ("Do", "Text"))
    assert (second.section, second.title, second.intro) == ("b", "", ())
    assert [page.randomise for page in (first, second, third)] == [False, True, True]
    assert shape(instrument, rows=None) == [[("grid", 3)], [("grid", 23)]]


def test_no_piece_of_a_grid_is_a_single_row():
    for count in range(2, 60):
        for rows in (2, 3, 5, 10):
            pieces = [n for page in shape(made(*[("single", FIVE)] * count), rows=rows) for _, n in page]
            assert sum(pieces) == count
            assert max(pieces) <= rows
            assert min(pieces) >= (1 if rows <= 3 else 2)
            assert max(pieces) - min(pieces) <= 1


def test_only_a_randomised_section_may_be_asked_in_another_order():
    sections = (Section("a", ("q1", "q2")), Section("b", ("q3", "q4", "q5"), randomise=True))
    instrument = made(*[("single", FIVE)] * 5, sections=sections)
    found = fields_of(pages(instrument, "en", order=["q1", "q2", "q5", "q3", "q4"]))
    assert [(field.number, field.id) for field in found] == [(1, "q1"), (2, "q2"), (3, "q5"), (4, "q3"), (5, "q4")]
    for wrong in (["q2", "q1", "q3", "q4", "q5"], ["q1", "q2", "q3", "q4"], ["q1", "q3", "q2", "q4", "q5"],
                  ["q1", "q2", "q3", "q4", "q5", "q5"]):  # fmt: skip
        with pytest.raises(UnsupportedError, match="randomised"):
            pages(instrument, "en", order=wrong)


def test_a_shuffled_order_keeps_every_question():
    sections = (Section("all", tuple(f"q{n}" for n in range(1, 31)), randomise=True),)
    instrument = made(*[("single", random.Random(1).choice([FIVE, ENDS])) for _ in range(30)], sections=sections)
    order = list(sections[0].entries)
    random.Random(7).shuffle(order)
    assert [field.id for field in fields_of(pages(instrument, "en", order=order))] == order


def test_labelled_missing_codes_are_choices_and_bare_ones_are_not():
    response = replace(FIVE, missing_codes=(-9, -8), missing_labels={-9: {"en": "n/a", "fa": "ندارد"}})
    field = pages(made(("single", response)), "fa")[0].fields[0]
    assert [choice.value for choice in field.choices] == [1, 2, 3, 4, 5, -9]
    assert field.choices[-1] == Choice(-9, "ندارد", missing=True)


def test_a_wide_range_is_answered_with_a_number_and_a_long_list_stays_a_list():
    wide = ResponseFormat(
        "wide", 0, 100, {0: {"en": "none"}, 100: {"en": "all"}}, (-1,), missing_labels={-1: {"en": "?"}}
    )
    listed = ResponseFormat("listed", 1, 20, {n: {"en": f"province {n}"} for n in range(1, 21)})
    instrument = draft("own", name={"en": "Own"}, items=[
        Item(f"q{n}", n, response, wording={"en": "?"}) for n, response in enumerate([wide, wide, listed], start=1)
    ])  # fmt: skip
    first, second, third = [block for page in pages(instrument, "en") for block in page.blocks]
    assert (first.kind, second.kind, third.kind) == ("number", "number", "single")
    assert (first.fields[0].low, first.fields[0].high) == (0, 100)
    assert [choice.value for choice in first.choices] == [0, 100, -1]
    assert len(third.choices) == 20 > MOST_CHOICES


def test_several_instruments_are_numbered_through():
    found = pages([load_instrument("crm-sty"), load_instrument("qwl-walton")], "ru")
    fields = fields_of(found)
    assert [field.number for field in fields] == list(range(1, len(fields) + 1))
    assert [page.instrument for page in found if page.opens] == ["crm-sty", "qwl-walton"]


def test_slots_are_filled_in_texts_and_labels():
    response = replace(FIVE, labels={**FIVE.labels, 1: {"en": "not {it} at all", "fa": "{it:ezafe}"}})
    instrument = made(("single", response))
    instrument = replace(
        instrument, slots={"it": Slot("it", {}, {"en": {"base": "X"}, "fa": {"base": "ا", "ezafe": "ای"}})}
    )
    assert pages(instrument, "en")[0].fields[0].choices[0].label == "not X at all"
    assert pages(instrument, "fa")[0].fields[0].choices[0].label == "ای"


def test_all_faults_are_told_at_once():
    with pytest.raises(UnsupportedError, match="no texts in 'farsi'"):
        pages(load_instrument("ecsi"), "farsi")
    with pytest.raises(InstrumentError, match="at least one"):
        pages([], "en")
    bare = made(("single", FIVE), ("single", replace(FIVE, id="half", labels={1: {"en": "x"}})))
    bare = replace(bare, items=(replace(bare.items[0], wording={"en": "x"}), bare.items[1]))
    with pytest.raises(InstrumentError) as caught:
        pages([bare, bare], "fa")
    said = str(caught.value)
    assert "'q1', 'q2' would be asked twice" in said
    assert "no wording in 'fa' for 'q1'" in said
    assert "'half' of 'own' lack a label in 'fa' for '1'" in said
