"""The matching attack on what a server leaves behind: people come by their links, and its log is read as well."""

from __future__ import annotations

import datetime as dt
import json
import logging

import pytest
from asgi_browser import TODAY, Browser, application, held_study, token

from crmstudy.administration.keys import digest
from crmstudy.administration.server.running import log_of
from crmstudy.administration.store import schema
from crmstudy.administration.store.closing import close
from tests.administration.attacks.matching import Evidence, Person, attack, evidence
from tests.administration.store.test_closing import rows


def visited(database, mode, n, caplog):
    """Let people answer through the pages, every one otherwise; what is held of it after closing."""
    fieldwork = held_study(database.folder.parent, mode)
    store, at, people = database.open(), [TODAY], []
    secrets = token(store, n=n)
    if mode == "confidential":
        for i, secret in enumerate(secrets):
            store.do_now(lambda work, i=i, s=secret: name(work, s, f"P{i:05}"))
    with caplog.at_level(logging.INFO, logger="crmstudy.access"):
        app = application(fieldwork, store, now=lambda: at[0], log=log_of(fieldwork))
        for i, secret in enumerate(secrets):
            at[0] += dt.timedelta(minutes=7)
            browser = Browser(app, address=f"203.0.113.{i}")
            browser.get(f"/s/staff?t={secret}")
            browser.begin()
            before = {row["id"] for row in rows(store, schema.response)}
            answered(browser, i)
            new = [row for row in rows(store, schema.response) if row["id"] not in before]
            assert len(new) == 1, browser.answer.text
            people.append(Person(secret, str(new[0]["answers"])))
    done = close(store, fieldwork, "staff", "", today=at[0].date())
    assert done.responses == n
    if database.cluster is not None:
        for _ in range(2):
            database.cluster.run("SELECT pg_switch_wal()")
            database.cluster.run("CHECKPOINT")
    return evidence(store, database, people), [record.getMessage() for record in caplog.records], secrets


def name(work, secret, person):
    held = schema.token.c.digest == digest("token", secret)
    work.connection.execute(schema.token.update().where(held).values(person=person))


def answered(browser, i):
    """Answer page after page; what is ticked is the number of the person, written with the places of radio buttons."""
    page = 0
    while any("/p/" in form.action for form in browser.answer.forms):
        form = browser.fill(browser.page_form(), (i >> page) & 1)
        answer = browser.send(form, "next")
        assert answer.status == 200, answer.text
        page += 1


@pytest.mark.slow
def test_no_visitor_of_an_anonymous_study_is_matched(database, caplog):
    held, log, secrets = visited(database, "anonymous", 16, caplog)
    assert len(log) > 16 * 4
    for secret in secrets:
        assert not any(secret in line or digest("token", secret) in line for line in log)
    assert not any("203.0.113" in line for line in log)
    found = attack(held)
    if found.hits > found.by_chance:
        found = attack(
            Evidence([*held.people[1:], held.people[0]], held.tokens, held.responses, held.others, held.files), 3
        )
    assert found.hits <= found.by_chance, found
    parts = {name for row in held.responses for name in json.loads(row["paradata"])}
    assert parts <= {"complete", "device", "duration"}
    assert {(row["person"], row["submission"], row["attributes"]) for row in held.responses} == {("", None, "{}")}


def test_every_visitor_of_a_confidential_study_is(database, caplog):
    held, _, _ = visited(database, "confidential", 8, caplog)
    found = attack(held)
    assert found.hits == found.tried, found


def test_the_pages_hold_no_token_after_the_first(database):
    fieldwork = held_study(database.folder.parent, "anonymous")
    store = database.open()
    secret = token(store, n=2)[0]
    browser = Browser(application(fieldwork, store))
    first = browser.get(f"/s/staff?t={secret}", follow=False)
    assert first.status == 303
    assert secret not in (first.header("location") or "")
    assert secret not in browser.follow(first).text


def test_whoever_was_in_the_middle_is_told_that_it_is_closed(database):
    """Not that they have taken part: their answers were not kept."""
    fieldwork = held_study(database.folder.parent, "anonymous")
    store = database.open()
    app = application(fieldwork, store)
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}")
    browser.begin()
    page = browser.fill(browser.page_form())
    close(store, fieldwork, "staff", "", today=TODAY.date())
    answer = browser.send(page, "next")
    assert answer.status == 403
    assert "already" not in answer.text
    assert "not open" in answer.text
