"""Whoever sits down after somebody else, or holds a copy of a cookie, reads nothing and answers for nobody."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from asgi_browser import TODAY, Browser, application, held_study, token
from sqlalchemy import select

from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.server.cookies import RESTING
from crmstudy.administration.store.access import add_access
from crmstudy.administration.store.invitations import reissue
from crmstudy.administration.store.schema import draft, draft_page
from crmstudy.administration.store.store import Store


@pytest.fixture
def site(tmp_path):
    """An application whose clock can be moved on, and its store."""
    now = [TODAY]
    fieldwork = held_study(tmp_path, "anonymous")
    with Store.open(fieldwork.place) as store:
        yield application(fieldwork, store, now=lambda: now[0]), store, now


def begun(app, store, sample="staff"):
    """Somebody who has answered the first page."""
    browser = Browser(app)
    browser.get(f"/s/{sample}?t={token(store)}" if sample == "staff" else f"/s/{sample}")
    browser.begin()
    browser.send(browser.fill(browser.page_form()), "next")
    assert browser.answer.url.endswith("/p/2")
    return browser


def opens(browser, sample):
    """Whether an address alone shows answers."""
    return browser.get(f"/s/{sample}/p/1").status == 200 and "checked" in browser.answer.text


def by_language_in_the_address(browser, sample):
    browser.get(f"/s/{sample}?lang=fa")


def by_language_at_the_door(browser, sample):
    browser.send(browser.get("/").form("/language"), lang=["fa"])


def by_language_of_the_survey(browser, sample):
    browser.send(browser.get(f"/s/{sample}").form("/language"), lang=["fa"])


def by_language_behind_the_door(browser, sample):
    browser.send(browser.get(f"/s/{sample}").form("/language"), lang=["fa"], to=["p/1"])


def by_going_on_without_a_code(browser, sample):
    browser.send(browser.get(f"/s/{sample}/resume").form("/resume"), "continue")


def by_a_form_made_by_hand(go):
    """What a person with the browser's tools can send: the forms of the pages that still open give the form token."""

    def way(browser, sample):
        csrf = browser.get(f"/s/{sample}/resume").forms[0].values["csrf"]
        said = {
            "csrf": csrf,
            "go": [go],
            "lang": ["fa"] if go == "stay" else [],
            "since": ["1764151200.0123456789abcdef"],
        }
        browser.post(f"/s/{sample}/p/1", said)

    way.__name__ = f"by_hand_{go}"
    return way


WAYS = (by_language_in_the_address, by_language_at_the_door, by_language_of_the_survey, by_language_behind_the_door,
        by_going_on_without_a_code, *map(by_a_form_made_by_hand, ("stay", "back", "next", "later")))  # fmt: skip


@pytest.mark.parametrize("sample", ["staff", "customers"])
@pytest.mark.parametrize("way", WAYS)
def test_what_was_left_open_an_hour_ago_is_opened_by_nothing(site, sample, way):
    app, store, now = site
    browser = begun(app, store, sample)
    assert opens(browser, sample)  # the control: so long as somebody is at work it does open
    now[0] += dt.timedelta(seconds=RESTING + 60)
    for _ in range(2):
        with contextlib.suppress(StopIteration):  # the page has no such form
            way(browser, sample)
        assert "checked" not in browser.answer.text
        assert "secret-code" not in browser.answer.text
        assert not opens(browser, sample), way.__name__


def test_whoever_comes_back_from_lunch_loses_no_page(site):
    app, store, now = site
    browser = begun(app, store)
    form = browser.fill(browser.page_form())
    now[0] += dt.timedelta(hours=3)
    assert browser.send(form, "next").url.endswith("/p/3")
    assert store.read(lambda c: len(c.execute(select(draft_page)).all())) == 2
    assert opens(browser, "staff")


def test_a_page_of_one_survey_opens_no_other_page_after_a_rest(site):
    """What a form of page 2 proves holds for page 2 alone."""
    app, store, now = site
    browser = begun(app, store)
    form = browser.fill(browser.page_form())
    now[0] += dt.timedelta(hours=3)
    kept = form.action
    form.action = kept.replace("/p/2", "/p/1")
    browser.send(form, "next")
    assert not opens(browser, "staff")


@pytest.mark.parametrize("sample", ["staff", "customers"])
def test_a_copied_cookie_is_worth_nothing_once_the_computer_was_cleared(site, sample):
    app, store, _ = site
    browser = begun(app, store, sample)
    thief = Browser(app)
    thief.cookies = dict(browser.cookies)
    assert opens(thief, sample)  # the control
    browser.get(f"/s/{sample}/p/2")
    form = browser.page_form()
    browser.send(form, "clear")
    thief.cookies = dict(thief.cookies)
    assert not opens(thief, sample)


def test_a_copied_cookie_of_the_desk_ends_with_signing_out(site):
    app, store, _ = site
    secret = new_secret()
    store.do_now(lambda w: add_access(w, digest("access", secret), "R", "researcher", TODAY.date()))
    desk, thief = Browser(app), Browser(app)
    desk.send(desk.get("/desk/login").form("/desk/login"), key=[secret])
    thief.cookies = dict(desk.cookies)
    assert thief.get("/desk").url == "/desk"  # the control
    desk.send(desk.get("/desk").form("/desk/logout"))
    thief.cookies = dict(desk.cookies) | thief.cookies
    assert thief.get("/desk").url == "/desk/login"
    assert desk.send(desk.get("/desk/login").form("/desk/login"), key=[secret]).url == "/desk"


def test_whoever_found_a_lost_link_is_shut_out_when_it_is_replaced(site):
    """The draft goes to the new token; the cookie and the code of whoever had the old one open it no more."""
    app, store, _ = site
    finder = begun(app, store)
    code = finder.get("/s/staff/p/2").text.split("secret-code")[1].split("</bdi>")[0].rpartition(">")[2]
    serial = store.read(lambda c: c.exec_driver_sql("SELECT serial FROM token").scalar())
    fresh = new_secret()
    done = store.do_now(lambda w: reissue(w, "staff", digest=digest("token", fresh), new_serial="77", serial=serial))
    assert done.draft_moved
    owner = Browser(app)
    owner.get(f"/s/staff?t={fresh}")
    owner.send(owner.answer.form("/resume"), "continue")
    assert owner.answer.url.endswith("/p/2")
    assert opens(owner, "staff")
    assert not opens(finder, "staff")
    other = Browser(app)
    assert other.send(other.get("/s/staff/resume").form("/resume"), code=[code]).status == 422
    assert owner.get("/s/staff/p/2").status == 200
    owner.answer_all()
    assert owner.answer.url == "/s/staff/done"
    assert store.read(lambda c: c.execute(select(draft)).all()) == []


def test_a_browser_that_does_not_let_go_of_its_cookie_can_begin_anew(site):
    """The next person at a browser that kept the old cookie is not shut out by it, and sees nothing of it."""
    app, store, _ = site
    browser = begun(app, store, "customers")
    kept = dict(browser.cookies)
    form = browser.page_form()
    browser.send(form, "clear")
    for _ in range(2):  # a second press on the button
        browser.cookies = dict(kept)
        assert browser.send(form, "clear").url == "/s/customers"
    browser.cookies = dict(kept)
    browser.begin(browser.get("/s/customers"))
    assert browser.answer.url.endswith("/p/1")
    assert "checked" not in browser.answer.text
    browser.answer_all()
    assert browser.answer.url == "/s/customers/done"
