"""Tokens, cookies, links and receipts where they do not belong: of another survey, another wave, another person."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import pytest
from asgi_browser import KEY, TODAY, Browser, application, held_study, token
from sqlalchemy import select

from crmstudy.administration.fieldwork import Kiosk, Wave
from crmstudy.administration.inviting.branches import sign_branch, sign_kiosk
from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.server.cookies import RESPONDENT, STAFF, Cookies, Visit, new_visit
from crmstudy.administration.store.invitations import NewToken, add_tokens
from crmstudy.administration.store.schema import draft, response
from crmstudy.administration.store.schema import token as tokens
from crmstudy.administration.store.store import Store


@pytest.fixture
def site(tmp_path):
    """A study of two surveys: staff with tokens in two waves, customers by signed links."""
    day = TODAY.date()
    waves = (Wave("one", None, day), Wave("two", day + dt.timedelta(days=1), day + dt.timedelta(days=9)))
    now = [TODAY]
    fieldwork = held_study(tmp_path, "anonymous", staff={"waves": waves},
                           customers={"branch_links": True, "kiosk": Kiosk(), "entry": "both"})  # fmt: skip
    with Store.open(fieldwork.place) as store:
        yield application(fieldwork, store, now=lambda: now[0]), store, now


def of_wave(store, wave, sample="staff"):
    secret = new_secret()
    store.do_now(lambda w: add_tokens(w, sample, wave, [NewToken(digest("token", secret), f"{wave}{secret[:6]}")]))
    return secret


def rows(store, table):
    return store.read(lambda c: c.execute(select(table)).all())


def cookie_of(visit, key=KEY, name=RESPONDENT):
    """A cookie as somebody would make it who knows everything but the key."""
    return Cookies(key, name, secure=False).write(visit).split(";")[0].partition("=")[2]


def test_a_token_lets_into_its_own_survey_and_wave_only(site):
    app, store, now = site
    first, second, other = of_wave(store, "one"), of_wave(store, "two"), token(store, "customers")
    browser = Browser(app)
    assert browser.get(f"/s/customers?t={first}").status == 404
    assert browser.get(f"/s/staff?t={other}").status == 404
    assert b"/consent" not in browser.get(f"/s/staff?t={second}").body  # its wave has not begun
    assert b"/consent" in browser.get(f"/s/staff?t={first}").body  # the control
    browser.begin()
    now[0] += dt.timedelta(days=2)
    assert b"q." not in browser.get("/s/staff/p/1").body
    late = Browser(app)
    assert b"/consent" not in late.get(f"/s/staff?t={first}").body
    assert b"/consent" in late.get(f"/s/staff?t={second}").body
    assert len(rows(store, draft)) == 1


def test_a_cookie_of_one_survey_is_worth_nothing_in_another(site):
    app, store, _ = site
    browser = Browser(app)
    browser.begin(browser.get(f"/s/staff?t={of_wave(store, 'one')}"))
    for path in ("p/1", "p/2", "code", "done"):
        assert b'name="q.' not in browser.get(f"/s/customers/{path}").body
    csrf = browser.get("/s/customers/resume").forms[0].values["csrf"]
    for path in ("p/1", "consent", "resume"):
        browser.post(f"/s/customers/{path}", {"csrf": csrf, "go": ["continue"], "draft": [new_secret()]})
        assert b'name="q.' not in browser.answer.body
    assert len(rows(store, draft)) == 1


@pytest.mark.parametrize("made", [
    {"draft": True}, {"token": True}, {"draft": True, "at": 2_000_000_000}, {"unit": "b1", "signed": True},
    {"kiosk": True}, {"said": "submitted", "receipt": "0" * 26},
])  # fmt: skip
def test_no_cookie_can_be_made_without_the_key(site, made):
    app, store, _ = site
    victim = Browser(app)
    victim.begin(victim.get(f"/s/staff?t={of_wave(store, 'one')}"))
    held = rows(store, draft)[0]
    secret = Cookies(KEY, RESPONDENT, secure=False).read(f"crmstudy={victim.cookies['crmstudy']}").draft
    values = made | {"draft": secret if "draft" in made else "", "token": held.token if "token" in made else ""}
    visit = new_visit(sample="staff", **values)
    for key, name in ((b"x" * 32, RESPONDENT), (KEY, STAFF), (b"", RESPONDENT)):
        attacker = Browser(app)
        attacker.cookies["crmstudy"] = cookie_of(visit, key or b"\0" * 32, name)
        for path in ("p/1", "done", ""):
            assert b'name="q.' not in attacker.get(f"/s/staff/{path}".rstrip("/")).body
        assert b"/consent" not in attacker.get("/s/customers").body
    if made.get("draft") or made.get("token"):  # the control: with the key it would be as good as the victim's
        attacker = Browser(app)
        attacker.cookies["crmstudy"] = Cookies(KEY, RESPONDENT, secure=False, clock=TODAY.timestamp).write(
            Visit(visit.id, sample="staff", draft=visit.draft, token=visit.token)
        ).split(";")[0].partition("=")[2]  # fmt: skip
        assert b'name="q.' in attacker.get("/s/staff/p/1").body


def test_nothing_of_a_link_stays_in_the_address(site):
    """After the first redirect neither the address nor the page knows what the link carried."""
    app, store, _ = site
    links = {
        "staff?t=": of_wave(store, "one"),
        "customers?b=": sign_branch(KEY, "customers", "b1"),
        "customers?k=": sign_kiosk(KEY, "customers", "b1"),
    }
    for path, carried in links.items():
        browser = Browser(app)
        answer = browser.get(f"/s/{path}{quote(carried)}&lang=fa&w=one&shift=night", follow=False)
        assert (answer.status, answer.header("location")) == (303, f"/s/{path.partition('?')[0]}")
        assert answer.body == b""
        opened = browser.get(answer.header("location"))
        assert opened.lang == ("fa", "rtl")
        assert carried.rpartition(".")[2] not in opened.text + str(opened.headers)
        assert "night" not in opened.text


def test_signed_links_are_of_one_survey_one_unit_and_one_purpose(site):
    app, _, _ = site
    good = sign_branch(KEY, "customers", "b1")
    wrong = [
        sign_branch(b"x" * 32, "customers", "b1"), sign_branch(KEY, "staff", "b1"), sign_kiosk(KEY, "customers", "b1"),
        good.replace("b1.", "b2."), good.replace("b1.", "."), good.replace("b1.", "b1..."), good[:-1], f"{good}0",
        "b1.", "b1", "", ".", f"b1\0.{good[3:]}", f" b1.{good[3:]}", f"B1.{good[3:]}",
    ]  # fmt: skip
    for n, one in enumerate(wrong):
        browser = Browser(app)
        browser.address = f"198.51.100.{n}"
        assert browser.get(f"/s/customers?b={quote(one)}").status == 404, one
        assert b"/consent" not in browser.get("/s/customers").body
    assert Browser(app).get(f"/s/customers?k={quote(good)}").status == 404
    assert b"/consent" in Browser(app).get(f"/s/customers?b={quote(good)}").body  # the control
    assert Browser(app).get(f"/s/staff?k={quote(sign_kiosk(KEY, 'staff', 'b1'))}").status == 404  # no kiosk there


def test_a_receipt_is_of_one_answer_and_a_code_of_one_draft(site):
    app, store, _ = site
    people = []
    for _ in range(2):
        browser = Browser(app)
        browser.begin(browser.get(f"/s/staff?t={of_wave(store, 'one')}"))
        code = browser.answer.text.split("secret-code")[1].split("</bdi>")[0].rpartition(">")[2]
        done = browser.answer_all()
        people.append((code, done.text.split("secret-code")[1].split("</bdi>")[0].rpartition(">")[2]))
    stranger = Browser(app)
    for secret in (people[0][0], new_secret(), people[0][1][:-1], ""):  # a code of a draft is no receipt
        assert stranger.send(stranger.get("/s/staff/withdraw").form("/withdraw"), receipt=[secret]).status == 422
    for secret in people[0]:  # neither a receipt nor the code of what was submitted opens anything
        assert stranger.send(stranger.get("/s/staff/resume").form("/resume"), code=[secret]).status == 422
    assert len(rows(store, response)) == 2
    assert stranger.send(stranger.get("/s/staff/withdraw").form("/withdraw"), receipt=[people[0][1]]).status == 200
    assert len(rows(store, response)) == 1


def test_a_planted_link_or_cookie_shows_its_maker_nothing_of_an_open_survey(tmp_path):
    """Session fixation: the victim goes on with a cookie that the attacker has too; the draft is the victim's alone."""
    fieldwork = held_study(tmp_path, "anonymous")
    with Store.open(fieldwork.place) as store:
        app = application(fieldwork, store)
        attacker, victim = Browser(app), Browser(app)
        attacker.get("/s/customers")
        victim.cookies = dict(attacker.cookies)
        victim.begin(victim.get("/s/customers"))
        victim.send(victim.fill(victim.page_form()), "next")
        for path in ("p/1", "p/2", "", "done", "resume"):
            assert "checked" not in attacker.get(f"/s/customers/{path}".rstrip("/")).text
        csrf = attacker.get("/s/customers/resume").forms[0].values["csrf"]
        attacker.post("/s/customers/p/1", {"csrf": csrf, "go": ["back"]})
        assert "checked" not in attacker.answer.text
        assert victim.get("/s/customers/p/1").text.count("checked") > 0  # the control


def test_a_used_token_tells_nobody_what_was_answered(site):
    app, store, _ = site
    secret = of_wave(store, "one")
    browser = Browser(app)
    browser.begin(browser.get(f"/s/staff?t={secret}"))
    browser.answer_all()
    again = Browser(app)
    page = again.get(f"/s/staff?t={secret}")
    assert b'name="q.' not in page.body
    assert b"/consent" not in page.body
    for path in ("p/1", "done", "resume"):
        assert "checked" not in again.get(f"/s/staff/{path}").text
    assert [row.state for row in rows(store, tokens)] == ["used"]
