"""Respondents come in, answer, come back and leave: in every language and mode."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from crmstudy.administration.store.schema import draft, response, tally
from crmstudy.administration.store.schema import token as tokens
from tests.administration.server.asgi_browser import Browser, application, held_study, token


@pytest.fixture
def site(database):
    """Makes an application over an open store."""

    def make(mode="confidential", **more):
        fieldwork = held_study(database.folder.parent, mode, **more)
        store = database.open()
        return application(fieldwork, store), store

    return make


def rows(store, table):
    return store.read(lambda connection: [row._asdict() for row in connection.execute(select(table))])


MODES, TAGS = ("anonymous", "confidential", "identified"), ("en", "fa", "ru")
USUAL = set(zip(MODES, TAGS, strict=True))


@pytest.mark.parametrize(
    ("mode", "lang"),
    [
        pytest.param(mode, lang, marks=() if (mode, lang) in USUAL else pytest.mark.slow)
        for mode in MODES
        for lang in TAGS
    ],
)
def test_a_whole_survey(site, mode, lang):
    app, store = site(mode)
    secret = token(store, person="" if mode == "anonymous" else "P1", unit="b1")
    browser = Browser(app, agent="Mozilla/5.0 (iPhone) Mobile")
    browser.get(f"/s/staff?t={secret}&lang={lang}")
    assert browser.answer.status == 200
    assert browser.answer.url == "/s/staff"
    assert browser.answer.lang == (lang, "rtl" if lang == "fa" else "ltr")
    browser.begin()
    assert browser.answer.url.endswith("/p/1")
    done = browser.answer_all()
    assert done.url == "/s/staff/done"
    assert done.status == 200
    (kept,) = rows(store, response)
    assert kept["language"] == lang
    assert kept["unit"] == "b1"
    assert kept["complete"]
    assert kept["person"] == ("" if mode == "anonymous" else "P1")
    answers, opened = json.loads(kept["answers"]), json.loads(kept["opened"])
    assert set(opened) >= {"ways", "order", "years", "since", "post", "more"}
    assert opened["years"] == 7
    assert opened["more"] == "Ответ پاسخ answer"
    assert None not in answers.values()
    paradata = json.loads(kept["paradata"])
    assert paradata["device"] == "phone"
    assert paradata["complete"] is True
    assert set(paradata) == {"complete", "device", "duration"}
    assert rows(store, draft) == []
    assert rows(store, tokens)[0]["state"] == "used"
    # the token is used up, and the receipt was shown once
    receipt = done.text.split("secret-code")[1].split("</bdi>")[0].rpartition(">")[2]
    again = browser.get("/s/staff/done")
    assert receipt not in again.text
    assert Browser(app).get(f"/s/staff?t={secret}").text.count("/consent") == 0


def test_asking_for_addresses_writes_nothing(site):
    app, store = site()
    secret = token(store)
    before = {table.name: rows(store, table) for table in (tokens, draft, response, tally)}
    for method in ("GET", "HEAD"):
        browser = Browser(app)
        for path in (f"/s/staff?t={secret}", "/s/staff", "/s/staff/p/1", "/s/staff/resume", "/s/staff/withdraw",
                     "/s/staff/privacy", "/s/staff/done", "/s/staff/again", "/", "/s/staff?lang=fa"):  # fmt: skip
            assert browser.ask(method, path).status < 500
    assert {table.name: rows(store, table) for table in (tokens, draft, response, tally)} == before
    browser = Browser(app)
    browser.get(f"/s/staff?t={secret}")
    browser.begin()
    assert rows(store, tokens)[0]["state"] == "started"  # the control: posted consent does


def test_consent_sent_five_times_makes_one_draft(site):
    app, store = site()
    secret = token(store)
    browser = Browser(app)
    form = browser.get(f"/s/staff?t={secret}").form("/consent")
    form.values["agree.1"] = ["yes"]
    kept = dict(browser.cookies)
    for _ in range(3):
        browser.cookies = dict(kept)
        assert browser.send(form, "agree", follow=False).status == 303
    assert browser.send(form, "agree", follow=False).header("location").endswith("/p/1")
    assert len(rows(store, draft)) == 1
    assert [row["n"] for row in rows(store, tally) if row["kind"] == "consented"] == [1]


def test_statements_must_be_ticked(site):
    app, store = site()
    browser = Browser(app)
    form = browser.get(f"/s/staff?t={token(store)}").form("/consent")
    answer = browser.send(form, "agree")
    assert answer.status == 422
    assert rows(store, draft) == []
    assert answer.form("/consent").values["draft"] == form.values["draft"]


def test_declining_is_counted_and_nothing_else(site):
    app, store = site()
    secret = token(store)
    browser = Browser(app)
    form = browser.get(f"/s/staff?t={secret}").form("/consent")
    for _ in range(2):
        browser.send(form, "decline")
    assert browser.answer.url.endswith("/done")
    assert browser.answer.status == 200
    assert rows(store, draft) == []
    assert rows(store, tokens)[0]["state"] == "new"
    assert [(row["kind"], row["n"]) for row in rows(store, tally)] == [("declined", 1)]


def test_submitting_again_and_again_is_one(site):
    app, store = site()
    browser = Browser(app)
    browser.get("/s/customers")
    browser.begin()
    while "submission" not in browser.page_form().values:
        browser.send(browser.fill(browser.page_form()), "next")
    form, before = browser.fill(browser.page_form()), dict(browser.cookies)
    first = browser.send(form, "next")
    shown = first.text
    for cookies in (dict(before), dict(browser.cookies)):
        browser.cookies = cookies
        repeated = browser.send(form, "next")
        assert repeated.url == first.url
        assert repeated.status == 200
        assert repeated.text == shown
    assert len(rows(store, response)) == 1


def test_soft_questions_are_asked_for_once(site):
    app, store = site()
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}")
    browser.begin()
    form = browser.page_form()
    asked = browser.send(form, "next")
    assert asked.status == 422
    assert browser.page_form().values["seen"][0]
    passed = browser.send(browser.page_form(), "next")
    assert passed.status == 200
    assert passed.url.endswith("/p/2")


def test_a_fault_shows_everything_typed(site):
    app, store = site()
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}&lang=fa")
    browser.begin()
    while "q.years" not in browser.page_form().kinds:
        browser.send(browser.fill(browser.page_form()), "next")
    form = browser.fill(browser.page_form())
    form.values["q.years"] = ["<b>هیچ"]
    answer = browser.send(form, "next")
    assert answer.status == 422
    assert browser.page_form().values["q.years"] == ["<b>هیچ"]
    assert "<b>هیچ" not in answer.text
    form = browser.page_form()
    form.values["q.years"] = ["۴۵"]
    assert browser.send(form, "next").status == 200
    assert any('"years":45' in row["given"] for row in store.read(
        lambda c: [r._asdict() for r in c.exec_driver_sql("SELECT * FROM draft_page")]))  # fmt: skip


def test_hard_questions_cannot_be_left_out_or_jumped_over(site):
    app, store = site()
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}")
    browser.begin()
    while "q.years" not in browser.page_form().kinds:
        browser.send(browser.fill(browser.page_form()), "next")
    here, form = browser.answer.url, browser.fill(browser.page_form())
    form.values["q.years"] = [""]
    assert browser.send(form, "next").status == 422
    last = browser.get("/s/staff/p/40")
    assert last.status in (200, 404)
    for number in range(1, 30):
        found = browser.get(f"/s/staff/p/{number}")
        if found.status == 200:
            assert int(found.url.rpartition("/")[2]) <= int(here.rpartition("/")[2])


def test_resuming_by_token_and_by_code(site):
    app, store = site()
    secret = token(store)
    browser = Browser(app)
    browser.get(f"/s/staff?t={secret}&lang=ru")
    browser.begin()
    browser.send(browser.fill(browser.page_form()), "next")
    saved = browser.send(browser.fill(browser.page_form()), "later")
    assert saved.url.endswith("/done")
    code = saved.text.split("secret-code")[1].split("</bdi>")[0].rpartition(">")[2]
    assert browser.get("/s/staff/p/2").status == 410  # nothing opens any more on this device
    other = Browser(app, address="203.0.113.8")
    other.get(f"/s/staff?t={secret}")
    assert "/consent" not in other.answer.text
    form = next(form for form in other.answer.forms if ("go", "continue") in form.buttons)
    opened = other.send(form, "continue")
    assert opened.url.endswith("/p/3")
    assert opened.lang[0] == "ru"
    third = Browser(app)
    form = third.get("/s/staff/resume").form("/resume")
    assert third.send(form, code=[code.lower().replace("-", " ")]).url.endswith("/p/3")
    assert third.get("/s/staff/p/1").form("/p/1").values != {}
    wrong = Browser(app)
    assert wrong.send(wrong.get("/s/staff/resume").form("/resume"), code=["A" * 26]).status == 422


def test_a_shared_computer_opens_no_draft_without_token_or_code(site):
    app, store = site(staff={"entry": "both"})
    secret = token(store)
    browser = Browser(app)
    browser.get(f"/s/staff?t={secret}")
    browser.begin()
    browser.send(browser.fill(browser.page_form()), "next")
    start = browser.get("/s/staff")  # somebody else comes to the same browser
    assert not any(("go", "continue") in form.buttons for form in start.forms)
    posted = browser.post("/s/staff/resume", {"csrf": start.forms[0].values["csrf"], "go": ["continue"]})
    assert posted.url.endswith("/resume")


def test_finish_and_clear(site):
    app, _store = site()
    browser = Browser(app)
    browser.get("/s/customers")
    browser.begin()
    form = browser.fill(browser.page_form())
    browser.send(form, "next")
    url, form = browser.answer.url, browser.page_form()
    left = browser.send(form, "clear", follow=False)
    assert left.status == 303
    assert "cache" in left.header("clear-site-data")
    assert browser.cookies == {}
    assert browser.get(url).status == 410


def test_another_language_keeps_the_answers(site):
    app, store = site()
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}")
    browser.begin()
    form = browser.fill(browser.page_form(), pick=2)
    chosen = {name: values for name, values in form.values.items() if name.startswith("q.")}
    browser.send(form, "next")
    browser.get("/s/staff/privacy")
    changed = browser.send(browser.answer.form("/language"), lang=["fa"], to=["p/1"])
    assert changed.lang == ("fa", "rtl")
    assert {n: v for n, v in browser.page_form().values.items() if n.startswith("q.")} == chosen


def test_another_language_on_a_page_keeps_what_was_typed_on_it(site):
    app, store = site()
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}")
    browser.begin()
    form = browser.fill(browser.page_form(), pick=3)
    chosen = {name: values for name, values in form.values.items() if name.startswith("q.")}
    for lang in ("ru", "fa"):
        changed = browser.send(browser.page_form() if lang == "fa" else form, None, lang=[lang])
        assert changed.url.endswith("/p/1")
        assert changed.lang[0] == lang
        assert {n: v for n, v in browser.page_form().values.items() if n.startswith("q.")} == chosen
    assert rows(store, draft)[0]["language"] == "fa"
    assert browser.send(browser.page_form(), None, lang=["xx"]).status == 400


def test_withdrawal(site):
    app, store = site()
    browser = Browser(app)
    browser.get("/s/customers")
    browser.begin()
    done = browser.answer_all()
    receipt = done.text.split("secret-code")[1].split("</bdi>")[0].rpartition(">")[2]
    assert len(rows(store, response)) == 1
    other = Browser(app)
    form = other.get("/s/customers/withdraw").form("/withdraw")
    assert other.send(form, receipt=["0" * 26]).status == 422
    assert len(rows(store, response)) == 1
    assert other.send(form, receipt=[receipt]).url.endswith("/done")
    assert rows(store, response) == []


def test_what_is_not_submitted_yet_is_deleted_with_the_code_for_going_on(site):
    app, store = site()
    secret = token(store)
    browser = Browser(app)
    browser.get(f"/s/staff?t={secret}")
    browser.begin()
    saved = browser.send(browser.fill(browser.page_form()), "later")
    code = saved.text.split("secret-code")[1].split("</bdi>")[0].rpartition(">")[2]
    assert len(rows(store, draft)) == 1
    other = Browser(app)
    form = other.get("/s/staff/withdraw").form("/withdraw")
    assert other.send(form, receipt=[code]).url.endswith("/done")
    assert rows(store, draft) == []
    again = other.get("/s/staff/withdraw").form("/withdraw")
    assert other.send(again, receipt=[code]).status == 422
    assert "/consent" in Browser(app).get(f"/s/staff?t={secret}").text  # the token may be used again


def test_dates_and_tokens_of_others(site, database):
    import datetime as dt

    fieldwork = held_study(database.folder.parent)
    store = database.open()
    today = [dt.datetime(2026, 10, 31, 23, 59, tzinfo=dt.UTC)]
    app = application(fieldwork, store, now=lambda: today[0])
    secret = token(store)
    assert "/consent" not in Browser(app).get(f"/s/staff?t={secret}").text
    today[0] = dt.datetime(2026, 11, 1, 0, 0, tzinfo=dt.UTC)
    browser = Browser(app)
    assert "/consent" in browser.get(f"/s/staff?t={secret}").text
    browser.begin()
    form = browser.fill(browser.page_form())
    today[0] = dt.datetime(2026, 12, 21, 0, 0, tzinfo=dt.UTC)
    assert browser.send(form, "next").status == 403
    assert Browser(app).get("/s/staff").status == 200
    assert Browser(app).get(f"/s/customers?t={secret}").status == 404  # a token of another sample is not known


def test_a_quota_ends_politely_and_exactly(site):
    from crmstudy.administration.fieldwork import Quota

    app, store = site(staff={"entry": "open", "quotas": (Quota("old", "years >= 5", 1),)})
    kinds = []
    for _ in range(2):
        browser = Browser(app)
        browser.get("/s/staff")
        browser.begin()
        kinds.append(browser.answer_all().text)
    assert kinds[0] != kinds[1]
    assert len(rows(store, response)) == 1
    assert [row["kind"] for row in rows(store, tally) if row["kind"] == "screened"] == ["screened"]
    assert rows(store, draft) == []


def test_own_scores_are_shown_with_the_receipt(site):
    app, _store = site(customers={"feedback": ("satisfaction",)})
    browser = Browser(app)
    browser.get("/s/customers")
    browser.begin()
    assert "<meter" in browser.answer_all().text
    assert "<meter" not in browser.get("/s/customers/done").text


def test_a_self_made_code_comes_before_the_questions(site):
    app, store = site(customers={"self_made_code": True, "linking": "self-made-code"})
    browser = Browser(app)
    browser.get("/s/customers")
    browser.begin()
    assert browser.answer.url.endswith("/code")
    assert browser.get("/s/customers/p/1").url.endswith("/code")
    form = browser.answer.form("/code")
    said = {"code.mother": ["Ann"], "code.town": ["Yazd"], "code.day": ["۷"], "code.older": [""]}
    assert browser.send(form, **said).status == 422
    assert browser.send(form, **{**said, "code.older": ["2"]}).url.endswith("/p/1")
    browser.answer_all()
    (kept,) = rows(store, response)
    assert len(kept["person"]) == 32


def test_a_kiosk_begins_anew(site):
    from crmstudy.administration.inviting.branches import sign_kiosk
    from tests.administration.server.asgi_browser import KEY

    app, store = site()
    browser = Browser(app)
    browser.get(f"/s/customers?k={sign_kiosk(KEY, 'customers', 'b1')}")
    assert browser.answer.status == 200
    browser.begin()
    assert browser.answer.header("refresh") == "120; url=/s/customers/again"
    url = browser.answer.url
    done = browser.answer_all()
    assert done.header("refresh") == "15; url=/s/customers/again"
    browser.get("/s/customers/again")
    assert browser.answer.url == "/s/customers"
    assert "/consent" in browser.answer.text
    assert browser.get(url).status == 410
    browser.get("/s/customers")
    browser.begin()
    browser.answer_all()
    kept = rows(store, response)
    assert [(row["source"], row["unit"]) for row in kept] == [("kiosk", "b1")] * 2
    assert Browser(app).get("/s/customers?k=b1.0000000000000000000000000").status == 404


def test_branch_links_are_signed(site):
    from crmstudy.administration.inviting.branches import sign_branch
    from tests.administration.server.asgi_browser import KEY

    app, store = site(customers={"branch_links": True})
    assert Browser(app).get("/s/customers").status == 403
    signed = sign_branch(KEY, "customers", "b1")
    assert Browser(app).get(f"/s/customers?b={signed.replace('b1', 'b2')}").status == 404
    browser = Browser(app)
    browser.get(f"/s/customers?b={signed}")
    browser.begin()
    browser.answer_all()
    assert rows(store, response)[0]["unit"] == "b1"


def test_samples_may_have_any_name(database):
    from dataclasses import replace

    fieldwork = held_study(database.folder.parent)
    other = replace(fieldwork.samples["customers"], id="مشتریان تهران")
    app = application(replace(fieldwork, samples={other.id: other}), database.open())
    browser = Browser(app)
    assert browser.get("/").status == 200
    from urllib.parse import quote

    browser.get("/s/" + quote(other.id))
    browser.begin()
    assert browser.answer_all().url.endswith("/done")


def test_a_token_typed_in_by_hand(site):
    app, store = site()
    secret = token(store)
    browser = Browser(app)
    form = browser.get("/s/staff").form("/token")
    assert browser.answer.status == 403
    assert browser.send(form, t=["nonsense"]).status == 422
    assert "/consent" in browser.send(browser.answer.form("/token"), t=[secret.lower()]).text
