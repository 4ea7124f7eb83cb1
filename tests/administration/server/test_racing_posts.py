"""Everything sent several times at once is done once; a quota is never exceeded; a token votes once."""

from __future__ import annotations

import copy
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from crmstudy.administration.fieldwork import Quota
from crmstudy.administration.store.schema import draft, response, tally
from crmstudy.administration.store.schema import token as tokens
from tests.administration.server.asgi_browser import Browser, application, held_study, token

pytestmark = pytest.mark.slow


@pytest.fixture
def site(database):
    def make(**more):
        store = database.open()
        return application(held_study(database.folder.parent, "anonymous", **more), store), store

    return make


def number(store, table, *where):
    return store.read(lambda c: c.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


def several(pool, browser, form, go, times):
    """Send a form some times at once, each with the cookies there were before; the browser keeps what came first."""
    copies = [copy.copy(browser) for _ in range(times)]
    for one in copies:
        one.cookies = dict(browser.cookies)
    answers = list(pool.map(lambda one: one.send(form, go, follow=False), copies))
    browser.cookies, browser.answer = copies[0].cookies, answers[0]
    return answers


def whole_survey(app, secret, seed):
    """One respondent whose every form is sent one to five times at once."""
    chance, browser = random.Random(seed), Browser(app, address=f"10.0.0.{seed % 250}")
    browser.get(f"/s/staff?t={secret}" if secret else "/s/customers")
    form = browser.answer.form("/consent")
    form.values |= {"agree.1": ["yes"]}
    with ThreadPoolExecutor(5) as pool:
        answers = several(pool, browser, form, "agree", chance.randint(1, 5))
        while "/done" not in answers[0].header("location"):
            page = browser.follow(answers[0])
            assert page.status == 200
            answers = several(pool, browser, browser.fill(browser.page_form()), "next", chance.randint(1, 5))
            assert {answer.status for answer in answers} == {303}
            assert len({answer.header("location") for answer in answers}) == 1
    return browser.follow(answers[0]).text


def test_every_form_sent_one_to_five_times(site):
    app, store = site()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda seed: whole_survey(app, "", seed), range(24)))
    assert len(done) == number(store, response) == 24
    assert number(store, draft) == 0
    totals = dict(
        store.read(lambda c: c.execute(select(tally.c.kind, func.sum(tally.c.n)).group_by(tally.c.kind)).all())
    )
    assert totals["consented"] == totals["submitted"] == 24


def test_one_token_on_eight_devices_votes_once(site):
    app, store = site()
    secret = token(store)
    devices = [Browser(app) for _ in range(8)]
    forms = []
    for device in devices:
        form = device.get(f"/s/staff?t={secret}").form("/consent")
        forms.append(form.values.update({"agree.1": ["yes"]}) or form)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: pair[0].send(pair[1], "agree"), zip(devices, forms, strict=True)))
        assert number(store, draft) == 1
        list(pool.map(_finish, devices))
    assert number(store, response) == 1
    assert number(store, tokens, tokens.c.state == "used") == 1


def _finish(browser):
    """Answer as far as it goes; others may be faster."""
    for _ in range(20):
        forms = [form for form in browser.answer.forms if "/p/" in form.action]
        if not forms or browser.answer.status not in (200, 422):
            return
        browser.send(browser.fill(forms[0]), "next")


def test_a_quota_is_never_exceeded(site):
    app, store = site(customers={"quotas": (Quota("all", "lang = 'en'", 7),)})

    def one(_):
        browser = Browser(app)
        browser.get("/s/customers")
        if any("/consent" in form.action for form in browser.answer.forms):
            browser.begin()
            _finish(browser)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(40)))
    assert number(store, response) == 7
