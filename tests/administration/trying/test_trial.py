"""A trial: its checklist, every page of it, and test answers that are kept apart."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from crmstudy.administration.store.engine import FILES
from crmstudy.administration.store.schema import response
from crmstudy.administration.store.store import Store
from crmstudy.administration.trying.checklist import checklist, minutes
from crmstudy.administration.trying.routes import trial_routes
from crmstudy.administration.trying.wandering import wander
from tests.administration.server.asgi_browser import Browser, application, held_study

TODAY = dt.date(2026, 11, 26)


def states(found):
    return {one.what: one.state for one in found}


def test_the_checklist_tells_what_is_missing_first(tmp_path):
    found = checklist(held_study(tmp_path, "", k=0, notice={}), today=TODAY)
    order = [one.state for one in found]
    assert order == sorted(order, key=("missing", "look", "done").index)
    assert states(found)["mode"] == states(found)["notice.ethics"] == "missing"
    assert states(found)["staff, pages"] == "done"
    assert states(found)["test answers"] == "look"


def test_the_estimate_states_what_it_rests_on(tmp_path):
    fieldwork = held_study(tmp_path)
    (length,) = [one for one in checklist(fieldwork, today=TODAY) if one.what == "staff, length"]
    least, most = minutes(fieldwork, fieldwork.samples["staff"])
    assert least == most
    assert f"about {most} minutes" in length.message
    assert "assuming 7.5 s an item" in length.message
    ruled = replace(fieldwork.samples["staff"], conditions={"more": "years > 5"})
    assert minutes(fieldwork, ruled)[0] <= most


@pytest.mark.parametrize(
    ("condition", "never", "always"),
    [
        ("years > 5", (), ()),
        ("years > 59 and years < 60", ("more",), ()),
        ("years >= 0 or not answered(years)", (), ("more",)),
        ('unit = "b1"', (), ("more",)),
        ("ways has 2 and likely1 <= 5", (), ()),
    ],
)
def test_conditions_that_nobody_or_everybody_fulfils_are_found(tmp_path, condition, never, always):
    fieldwork = held_study(tmp_path)
    seen = wander(fieldwork, replace(fieldwork.samples["staff"], conditions={"more": condition}))
    assert (seen.never, seen.always) == (never, always)


def test_test_answers_are_seen_and_kept_apart(tmp_path):
    fieldwork = held_study(tmp_path, languages=("en",))
    with Store.open(fieldwork.place, purpose="try") as store:
        app = application(fieldwork, store, purpose="try")
        for sample in fieldwork.samples:
            browser = Browser(app)
            browser.get(f"/s/{sample}")
            assert "trial" in browser.answer.text
            browser.begin()
            assert browser.answer_all().url.endswith("/done")
        kept = store.read(lambda c: c.execute(select(response.c.source)).scalars().all())
    assert kept == ["test", "test"]
    assert states(checklist(fieldwork, today=TODAY))["test answers"] == "done"
    assert not (fieldwork.place / FILES["live"]).exists()


def test_every_page_in_every_language_at_two_widths(tmp_path):
    fieldwork = held_study(tmp_path)
    with Store.open(fieldwork.place, purpose="try") as store:
        app = application(fieldwork, store, purpose="try", more_routes=tuple(trial_routes()))
        browser = Browser(app)
        for lang in fieldwork.languages:
            for width in ("phone", "desk"):
                page = browser.get(f"/try?lang={lang}&width={width}").text
                frames = re.findall(r'<iframe src="([^"]+)"[^>]*width="(\d+)"', page)
                assert {pixels for _, pixels in frames} == {{"phone": "390", "desk": "1280"}[width]}
            for path, _ in frames:
                shown = browser.get(path)
                assert shown.status == 200
                assert shown.lang[0] == lang
                assert "frame-ancestors 'self'" in shown.header("content-security-policy")
        assert browser.get("/try?lang=xx").status == 404
        assert browser.get("/try/staff/en/99").status == 404
        assert browser.get("/try/nobody/en/1").status == 404


def test_a_live_server_has_no_trial(tmp_path):
    fieldwork = held_study(tmp_path)
    with Store.open(fieldwork.place) as store:
        assert Browser(application(fieldwork, store)).get("/try").status == 404
