"""Ends that few respondents meet, and each of which would cost them their answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from crmstudy.administration.fieldwork import Quota, Sample
from crmstudy.administration.session.layout import layout_of
from crmstudy.administration.store.quotas import taken
from crmstudy.administration.store.schema import response
from crmstudy.administration.store.store import Store
from crmstudy.instrument.model import ResponseFormat
from tests.administration.server.asgi_browser import Browser, application, held_study
from tests.administration.session.session_samples import FIVE, TAGS, TWO, item, questionnaire


@pytest.fixture
def served(tmp_path):
    """Serves a sample, each time anew over one database, as after a restart."""
    stores = []

    def serve(sample):
        fieldwork = replace(held_study(tmp_path), samples={sample.id: sample})
        while stores:
            stores.pop().close()
        stores.append(Store.open(fieldwork.place))
        return application(fieldwork, stores[-1]), stores[-1]

    yield serve
    while stores:
        stores.pop().close()


def sample(*entries, **more):
    return Sample("s", "staff", (questionnaire("one", list(entries)),), **more)


def begun(app):
    browser = Browser(app)
    browser.get("/s/s")
    browser.begin()
    return browser


def kept(store):
    found = store.read(lambda c: c.execute(select(response.c.answers, response.c.reasons)).all())
    return [(json.loads(row.answers), json.loads(row.reasons)) for row in found]


def test_an_answer_that_hides_the_rest_ends_the_questionnaire(served):
    app, store = served(sample(item("a", 1, TWO), item("b", 2, TWO), conditions={"b": "a = 1"}))
    browser = begun(app)
    assert "Submit" not in browser.answer.text  # it is not known yet
    browser.send(browser.page_form(), "next", **{"q.a": ["0"]})
    assert browser.answer.url == "/s/s/done"
    assert kept(store) == [({"a": 0, "b": None}, {"b": "not-shown"})]


def test_the_end_may_come_earlier_after_going_back(served):
    app, store = served(sample(item("a", 1, TWO), item("b", 2, TWO), conditions={"b": "a = 1"}))
    browser = begun(app)
    browser.send(browser.page_form(), "next", **{"q.a": ["1"]})
    assert "/p/2" in browser.answer.url
    browser.send(browser.page_form(), "back", **{"q.b": ["1"]})
    browser.send(browser.page_form(), "next", **{"q.a": ["0"]})
    assert browser.answer.url == "/s/s/done"
    assert kept(store) == [({"a": 0, "b": None}, {"b": "not-shown"})]


def test_a_hidden_answer_takes_no_place_of_a_quota(served):
    held = sample(
        item("a", 1, TWO), item("b", 2, TWO), item("c", 3, TWO), rows=2, conditions={"b": "a = 1"},
        quotas=(Quota("few", "b = 1", 1),),
    )  # fmt: skip
    app, store = served(held)
    for _ in range(2):
        browser = begun(app)
        browser.send(browser.page_form(), "next", **{"q.a": ["1"]})
        browser.send(browser.page_form(), "back", **{"q.b": ["1"]})
        browser.send(browser.page_form(), "next", **{"q.a": ["0"]})
        browser.send(browser.page_form(), "next", **{"q.c": ["1"]})
        assert browser.answer.url == "/s/s/done"
    assert len(kept(store)) == 2
    assert store.read(lambda c: dict(taken(c, "s", ""))).get("few", 0) == 0


def test_the_id_of_somebody_elses_submission_is_no_thank_you(served):
    app, store = served(sample(item("a", 1, TWO)))
    first, second = begun(app), begun(app)
    form = first.page_form()
    first.send(form, "next", **{"q.a": ["0"]})
    second.send(second.page_form(), "next", **{"q.a": ["1"]}, submission=form.values["submission"])
    assert "/p/1" in second.answer.url
    assert second.page_form().values["q.a"] == ["1"]
    second.send(second.page_form(), "next")
    assert second.answer.url == "/s/s/done"
    assert sorted(answers["a"] for answers, _ in kept(store)) == [0, 1]


def test_a_page_that_was_laid_out_anew_keeps_what_was_corrected_on_it(served):
    entries = [item(f"a{n}", n) for n in range(1, 9)]
    app, _ = served(sample(*entries, rows=2))
    browser = begun(app)
    for n in (1, 3):
        browser.send(browser.page_form(), "next", **{f"q.a{n}": ["1"], f"q.a{n + 1}": ["1"]})
    app, store = served(sample(*entries, rows=4))
    browser.app = app
    browser.get("/s/s/p/1")
    browser.send(browser.page_form(), "next", **{f"q.a{n}": ["2"] for n in range(1, 5)})
    browser.send(browser.page_form(), "next", **{f"q.a{n}": ["2"] for n in range(5, 9)})
    assert browser.answer.url == "/s/s/done"
    assert kept(store) == [({f"a{n}": 2 for n in range(1, 9)}, {})]


def test_a_page_holds_the_same_questions_in_every_language():
    """The answers of two sets read the same in English only: they are one grid in no language."""
    other = ResponseFormat("other", 1, 5, {n: {**FIVE.labels[n], "fa": f"another {n}"} for n in range(1, 6)}, (-8, -9),
                           missing_labels=FIVE.missing_labels)  # fmt: skip
    held = sample(*(item(f"a{n}", n, (FIVE, other)[n % 2]) for n in range(1, 9)), rows=4)
    one, *others = [[sheet.ids for sheet in layout_of(held, tag).sheets] for tag in TAGS]
    assert others == [one, one]
