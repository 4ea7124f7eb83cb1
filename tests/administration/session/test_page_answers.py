"""What a posted page says: every kind of answer, in the digits and calendars people use, and anything else."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session_samples import every_kind, samples

from crmstudy.administration.session.answers import FAULTS, LONGEST_TEXT, PAGE, form_values, read_page
from crmstudy.administration.session.numbers import read_date, read_number, written_number
from crmstudy.administration.session.route import Route
from crmstudy.handover.head import Head
from crmstudy.handover.records import Checker
from crmstudy.instrument.forms import Page, pages

SAMPLE = every_kind()
FIRST, SECOND = SAMPLE.instruments


def whole(instrument, lang="en"):
    """A page with every question of an instrument."""
    made = pages(instrument, lang, rows=None)
    return Page(1, lang, made[0].direction, instrument.id, tuple(block for page in made for block in page.blocks))


def read(form, lang="en", instrument=SECOND, refusal=True):
    form = {name: value if isinstance(value, list) else [value] for name, value in form.items()}
    return read_page(whole(instrument, lang), form, lang, refusal=refusal)


def checker(sample):
    head = Head("anonymous", "2026-11", 5, "none", 1, (), (), {})
    return Checker(head, sample.instruments)


def check(sample, lang, answers, opened, reasons):
    """The faults that a hand-over finds in what was read."""
    items = [item.id for one in sample.instruments for item in one.items]
    record = {
        "record": "0" * 32, "language": lang, "answers": {id: answers.get(id) for id in items},
        "open": opened, "reasons": reasons,
    }  # fmt: skip
    return checker(sample).faults(record)


def test_closed_items():
    found = read({"q.a1": "4", "q.a2": "-8", "q.a3": "refuse", "q.wide": "۵۰", "q.line": "-8", "q.uses": "0"},
                 "fa", FIRST)  # fmt: skip
    assert found.answers == {"a1": 4, "a2": -8, "a3": None, "a4": None, "uses": 0, "wide": 50, "line": -8}
    assert found.reasons == {"a3": "refused"}
    assert not found.faults
    assert found.left_out == found.soft == ("a4",)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("6", "invalid"), ("0", "invalid"), ("-9", "invalid"), ("4.0", "invalid"), ("٤", "invalid"), ("04", "invalid"),
        (" 4", "invalid"), ("4\n", "invalid"), ("nan", "invalid"), ("refused", "invalid"), (["4", "4"], "invalid"),
        (["4", "3"], "invalid"), (["4", "refuse"], "both"), (["4", "3", "refuse"], "invalid"), ("9" * 400, "invalid"),
    ],
)  # fmt: skip
def test_what_a_list_does_not_offer_is_invalid_and_not_stored(value, code):
    found = read({"q.a1": value}, instrument=FIRST)
    assert found.faults == {"a1": (code, {})}
    assert "a1" not in found.answers
    assert "a1" not in found.left_out
    assert found.again


def test_a_code_without_a_label_is_offered_to_nobody():
    assert -9 in SAMPLE.instruments[0].items[0].response.missing_codes
    assert read({"q.a1": "-9"}, instrument=FIRST).faults


def test_refusal_is_taken_where_it_is_offered_and_of_items_only():
    assert read({"q.a1": "refuse"}, instrument=FIRST, refusal=False).faults["a1"] == ("invalid", {})
    assert read({"q.wide": ["", "refuse"]}, instrument=FIRST).reasons == {"wide": "refused"}
    assert read({"q.multi": "refuse"}).faults["multi"] == ("invalid", {})
    assert read({"q.text": "refuse"}).answers["text"] == "refuse"
    assert read({"q.integer": "refuse"}).faults["integer"] == ("number", {})


def test_a_question_that_must_be_answered_may_be_refused():
    assert read({}, instrument=FIRST).hard == ("uses",)
    found = read({"q.uses": "refuse"}, instrument=FIRST)
    assert found.hard == ()
    assert found.reasons["uses"] == "refused"


def test_unknown_fields_are_a_fault_of_the_page_and_never_stored():
    found = read({"q.a1": "1", "q.b9": "1", "q.": "x", "q.a1.y": "1", "csrf": "x", "go": "next"}, instrument=FIRST)
    assert found.faults == {PAGE: ("invalid", {})}
    assert found.answers["a1"] == 1
    assert "b9" not in found.answers
    assert not read({"csrf": "x", "seen": "a1", "submission": "y"}, instrument=FIRST).faults


@pytest.mark.parametrize(
    ("text", "lang", "value"),
    [
        ("4.5", "en", 4.5), ("4,5", "en", 4.5), ("4,5", "ru", 4.5), ("4.5", "ru", 4.5), ("۴٫۵", "fa", 4.5),
        ("٤٫٥", "fa", 4.5),
        ("4/5", "fa", None), ("1,250", "en", 1250), ("1,250", "ru", 1.25), ("1 250,5", "ru", 1250.5),
        ("1\u00a0250", "ru", 1250),
        ("1\u202f250", "ru", 1250), ("۱٬۲۵۰٫۵", "fa", 1250.5), ("1'250", "en", 1250), ("−3", "en", -3),
        ("–3", "ru", -3), ("+3", "en", 3),
        (" 3 ", "en", 3), (".5", "en", 0.5), ("nan", "en", None), ("inf", "en", None), ("-inf", "en", None),
        ("1e5", "en", None),
        ("1_000", "en", None), ("0x10", "en", None), ("²", "en", None), ("½", "en", None), ("1,2,3", "en", None),
        ("1.2.3", "en", None),
        ("12,34,567", "en", None), ("1 25", "ru", None), ("", "en", None), ("-", "en", None), ("3 years", "en", None),
        ("９", "en", 9),
        ("1234567890123456", "en", None), ("--3", "en", None), ("3-", "en", None), ("1,250.5", "en", 1250.5),
        ("1.250,5", "en", None), ("1.250,5", "ru", None), ("9" * 5000, "en", None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_typed(text, lang, value):
    found = read_number(text, lang)
    assert (None if found is None else float(found)) == value


def test_numbers_have_their_bounds_and_kinds():
    assert read({"q.age": "۱۴"}, "fa").faults["age"] == ("between", {"low": 15, "high": 99})
    assert read({"q.age": "20,5"}, "ru").faults["age"] == ("whole", {})
    assert read({"q.age": "20,0"}, "ru").answers["age"] == 20
    assert read({"q.age": "NaN"}).faults["age"] == ("number", {})
    assert read({"q.share": "100,01"}, "ru").faults["share"] == ("between", {"low": 0, "high": 100})
    assert read({"q.wide": "101"}, instrument=FIRST).faults["wide"] == ("between", {"low": 0, "high": 100})
    assert read({"q.line": "50.5"}, instrument=FIRST).faults["line"] == ("whole", {})
    assert read({"q.age": ["20", "21"]}).faults["age"] == ("invalid", {})


def test_several_answers_stand_in_the_order_of_the_list():
    assert read({"q.multi": ["3", "1"]}).answers["multi"] == [1, 3]
    assert read({"q.multi": ["", ""]}).answers["multi"] is None
    for wrong in (["1", "1"], ["1", "5"], ["1", "x"]):
        assert read({"q.multi": wrong}).faults["multi"] == ("invalid", {})


def test_ranks_are_all_given_or_none_and_each_once():
    def ranks(*places, id="rank", lang="en"):
        return read({f"q.{id}.{n}": place for n, place in enumerate(places, start=1)}, lang)

    assert ranks("2", "1", "4", "3").answers["rank"] == [2, 1, 4, 3]
    assert ranks("۳", "۱", "۲", "۴", lang="fa").answers["rank"] == [2, 3, 1, 4]
    assert ranks("", "", "", "").answers["rank"] is None
    assert ranks("1", "2", "3", "").faults["rank"] == ("rank_all", {"places": 4})
    assert ranks("1", "2", "2", "4").faults["rank"] == ("rank_twice", {"place": 2})
    assert ranks("1", "2", "3", "5").faults["rank"] == ("rank_place", {"places": 4})
    assert ranks("1", "2", "3", "0").faults["rank"] == ("rank_place", {"places": 4})
    assert ranks("1", "2", "3", ["4", "4"]).faults["rank"] == ("invalid", {})
    assert ranks("", "2", "", "1", id="top2").answers["top2"] == [4, 2]
    assert ranks("1", "2", "3", "", id="top2").faults["top2"] == ("rank_place", {"places": 2})


def test_a_rank_at_fault_is_the_only_fault():
    """Places that stand behind the fault belong to the question as well."""
    for places in (("1", "1", "2", ""), ("9", "1", "", "2")):
        form = {f"q.rank.{n}": place for n, place in enumerate(places, start=1)}
        assert list(read(form).faults) == ["rank"]


def test_dates_in_the_calendar_of_the_language():
    def date(y, m, d, lang):
        return read({"q.date.y": y, "q.date.m": m, "q.date.d": d}, lang)

    assert date("2026", "11", "26", "en").answers["date"] == "2026-11-26"
    assert date("۱۴۰۵", "8", "۳۰", "fa").answers["date"] == "2026-11-21"
    assert date("1403", "12", "30", "fa").answers["date"] == "2025-03-20"
    assert date("1404", "12", "30", "fa").faults["date"] == ("date", {})
    assert date("2026", "2", "29", "ru").faults["date"] == ("date", {})
    assert date("1405", "8", "30", "en").faults["date"] == ("date", {})
    assert date("", "", "", "fa").answers["date"] is None
    assert date("1405", "", "", "fa").faults["date"] == ("date", {})
    assert date(["2026", "2025"], "1", "1", "en").faults["date"] == ("invalid", {})
    for text, lang in (("2026-11-21", "en"), ("2026-11-21", "fa"), ("۱۴۰۵/۸/۳۰", "fa"), ("2026.11.21", "ru")):
        assert read({"q.date": text}, lang).answers["date"] == "2026-11-21"
    assert read({"q.date": "2026-11-21", "q.date.y": "2026"}).faults["date"] == ("invalid", {})
    assert read_date("0026-01-01", "en") is read_date("9999-01-01", "en") is read_date("today", "en") is None


def test_texts_lose_what_nobody_sees_and_nothing_else():
    assert read({"q.text": "  a\x00b\x1b[31m\r\nc "}).answers["text"] == "ab[31m c"
    assert read({"q.longtext": "one\r\ntwo\u2028three"}).answers["longtext"] == "one\ntwo\nthree"
    assert read({"q.text": "e\u0301"}).answers["text"] == "é"
    assert read({"q.text": "می\u200cخواهم"}, "fa").answers["text"] == "می\u200cخواهم"
    assert read({"q.text": "\u202e \ud800 \x07"}).answers["text"] is None
    assert read({"q.text": "=1+1 <script>"}).answers["text"] == "=1+1 <script>"
    assert read({"q.text": ["a", "b"]}).faults["text"] == ("invalid", {})


def test_a_long_text_is_refused_and_never_cut():
    assert len(read({"q.longtext": "я" * LONGEST_TEXT}).answers["longtext"]) == LONGEST_TEXT
    for length in (LONGEST_TEXT + 1, 30 * LONGEST_TEXT):
        found = read({"q.longtext": "я" * length})
        assert found.faults["longtext"] == ("long", {"n": LONGEST_TEXT, "found": length})
        assert "longtext" not in found.answers


def test_a_soft_question_is_asked_for_once_and_a_hard_one_until_it_is_answered():
    first = read({}, instrument=FIRST)
    assert set(first.soft) == {"a1", "a2", "a3", "a4", "wide", "line"}
    assert first.hard == ("uses",)
    second = read({"seen": " ".join(first.seen)}, instrument=FIRST)
    assert second.soft == ()
    assert second.hard == ("uses",)
    assert second.again
    assert second.answers["a1"] is None
    assert not read({"seen": list(first.seen), "q.uses": "1"}, instrument=FIRST).again
    assert "a1" in read({"seen": "a2 uses x"}, instrument=FIRST).soft
    assert "share" not in read({}).soft


_ODD = st.text(max_size=30) | st.sampled_from(
    ["1", "2", "3", "5", "0", "-8", "-9", "100", "refuse", "", " ", "۳", "4,5", "nan", "1e5", "2026-02-29",
     "1404-12-30", "1403", "12", "30", "\ud800", "\x00", "９", "99999999999999999999", "1,000", "−1", "۱٬۰۰۰"]
)  # fmt: skip


@given(samples(conditions=False), st.sampled_from(["en", "fa", "ru"]), st.data())
@settings(max_examples=50, deadline=None)
def test_whatever_is_posted_what_is_read_may_be_handed_over(sample, lang, data):
    view = Route(sample, lang, seed=1).given({})
    answers, reasons, opened = {}, {}, {}
    for number in view.pages:
        page = view.page(number)
        names = ["q.other", "seen", "csrf"]
        for one in page.fields:
            names += [f"q.{one.id}"] * 3 + [f"q.{one.id}.{part}" for part in ("y", "m", "d", 1, 2, 3, 4, "x")]
        form = data.draw(st.dictionaries(st.sampled_from(names), st.lists(_ODD, max_size=3), max_size=25))
        found = read_page(page, form, lang, refusal=sample.refusal)
        closed = {one.id for one in page.fields if one.type in ("single", "slider")}
        answers |= {id: value for id, value in found.answers.items() if id in closed}
        opened |= {id: value for id, value in found.answers.items() if id not in closed}
        reasons |= found.reasons
        ids = {one.id for one in page.fields}
        assert found.answers.keys() | found.faults.keys() - {PAGE} == ids
        assert not found.answers.keys() & found.faults.keys()
        assert all(code in FAULTS and tuple(said) == FAULTS[code] for code, said in found.faults.values())
        assert (
            set(found.left_out) == {id for id, value in found.answers.items() if value is None} - found.reasons.keys()
        )
        again = read_page(page, form_values(page, found.answers, lang, refused=found.reasons), lang, refusal=True)
        assert not again.faults
        assert again.answers == {**dict.fromkeys(ids), **found.answers}
        assert again.reasons == found.reasons
    assert check(sample, lang, answers, opened, reasons) == []


def test_the_check_of_hand_overs_would_find_what_is_not_read():
    assert check(SAMPLE, "en", {"a1": 6}, {}, {})
    assert check(SAMPLE, "en", {}, {"rank": [1, 1]}, {})
    assert check(SAMPLE, "en", {}, {"text": "\x00"}, {})


@given(st.floats(-1e9, 1e9) | st.integers(-(10**14), 10**14), st.sampled_from(["en", "fa", "ru", "de"]))
@settings(max_examples=100, deadline=None)
def test_a_number_is_read_as_it_is_written(number, lang):
    written = written_number(number, lang)
    if number == 0 or (len(written.lstrip("-")) <= 15 and abs(number) > 1e-9):
        assert float(read_number(written, lang)) == number


@given(st.dates(dt.date(1730, 1, 1), dt.date(2200, 12, 31)), st.sampled_from(["en", "fa", "ru"]))
@settings(max_examples=100, deadline=None)
def test_a_date_is_read_as_it_is_shown(date, lang):
    values = form_values(whole(SECOND, lang), {"date": date.isoformat()}, lang)
    assert read(values, lang).answers["date"] == date.isoformat()
