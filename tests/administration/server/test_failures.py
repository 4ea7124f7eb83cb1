"""When nothing can be kept: the answers are shown again and can be sent again, and nobody is thanked for nothing."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from crmstudy.administration.store.schema import draft_page, response
from crmstudy.administration.store.store import Store
from tests.administration.server.asgi_browser import Browser, application, held_study, token


@pytest.fixture
def site(tmp_path):
    fieldwork = held_study(tmp_path)
    with Store.open(fieldwork.place) as store:
        yield application(fieldwork, store), store


def sql(store, statement):
    """Something said to the writer's own connection, outside of any transaction."""
    with store.engine.connect() as connection:
        connection.connection.driver_connection.execute(statement)


def full(store):
    sql(store, "PRAGMA max_page_count=1")


def read_only(store):
    sql(store, "PRAGMA query_only=ON")


def mend(store):
    sql(store, "PRAGMA query_only=OFF")
    sql(store, "PRAGMA max_page_count=1000000")


def typed(browser, form):
    return {name: values for name, values in form.values.items() if name.startswith("q.") and values}


@pytest.mark.parametrize("failing", [read_only, full])
def test_the_last_page_is_shown_again_and_can_be_sent_again(site, failing):
    app, store = site
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}")
    browser.begin()
    while "submission" not in browser.page_form().values:
        browser.send(browser.fill(browser.page_form(), pick=3), "next")
    form = browser.fill(browser.page_form(), pick=3)
    for name, kind in form.kinds.items():
        if kind == "textarea":
            form.values[name] = ["x" * 19_000]
    failing(store)
    failed = browser.send(form, "next")
    assert failed.status == 503
    assert failed.header("retry-after")
    again = browser.page_form()
    assert typed(browser, again) == typed(browser, form)
    assert again.values["submission"] == form.values["submission"]
    assert store.read(lambda c: c.execute(select(response)).first()) is None
    mend(store)
    assert browser.send(again, "next").url.endswith("/done")
    kept = store.read(lambda c: c.execute(select(response)).all())
    assert len(kept) == 1


@pytest.mark.parametrize("go", ["next", "back", "later"])
def test_a_page_in_between_is_shown_again(site, go):
    app, store = site
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}&lang=fa")
    browser.begin()
    browser.send(browser.fill(browser.page_form()), "next")
    form = browser.fill(browser.page_form(), pick=2)
    read_only(store)
    failed = browser.send(form, go)
    assert failed.status == 503
    assert failed.lang == ("fa", "rtl")
    assert typed(browser, browser.page_form()) == typed(browser, form)
    mend(store)
    assert browser.send(browser.page_form(), go).status == 200
    kept = store.read(lambda c: c.execute(select(draft_page).order_by(draft_page.c.page)).all())
    assert len(json.loads(kept[1].given)["answers"]) == len(typed(browser, form))


def test_a_database_that_cannot_be_read(site, monkeypatch):
    app, store = site
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}&lang=ru")
    browser.begin()
    form = browser.fill(browser.page_form(), pick=1)

    def fails(_):
        raise OperationalError("SELECT secret", {"token": "x"}, Exception("disk I/O error"))

    with monkeypatch.context() as broken:
        broken.setattr(store, "read", fails)
        failed = browser.send(form, "next")
        assert failed.status == 503
        assert failed.lang[0] == "ru"
        assert typed(browser, browser.page_form()) == typed(browser, form)
        assert Browser(app).get("/s/customers").status == 503
        assert Browser(app).get("/health").status == 503
    assert browser.send(browser.page_form(), "next").url.endswith("/p/2")


def test_consent_that_could_not_be_kept(site):
    app, store = site
    browser = Browser(app)
    form = browser.get("/s/customers").form("/consent")
    form.values |= {"agree.1": ["yes"]}
    read_only(store)
    assert browser.send(form, "agree").status == 503
    assert browser.send(form, "decline").status == 503
    mend(store)
    assert browser.send(form, "agree").url.endswith("/p/1")


def test_a_server_that_is_stopping_thanks_nobody(site):
    app, store = site
    browser = Browser(app)
    browser.get("/s/customers")
    browser.begin()
    store.writer.stop()
    assert browser.send(browser.fill(browser.page_form()), "next").status == 503
