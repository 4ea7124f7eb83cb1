"""The desk: keys open it, roles part it, and its status page counts without pointing at anybody."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.server.desk import shown_units
from crmstudy.administration.store.access import add_access
from crmstudy.administration.store.flow import Flow
from crmstudy.administration.store.store import Store
from tests.administration.server.asgi_browser import TODAY, Browser, application, held_study, token


@pytest.fixture
def site(tmp_path):
    fieldwork = held_study(tmp_path, "anonymous")
    with Store.open(fieldwork.place) as store:
        yield application(fieldwork, store), store


def key_of(store, role="researcher"):
    secret = new_secret()
    store.do_now(lambda work: add_access(work, digest("access", secret), f"A {role}", role, TODAY.date()))
    return secret


def test_status(site):
    app, store = site
    for secret in token(store, n=6, unit="b1"):
        browser = Browser(app)
        browser.get(f"/s/staff?t={secret}")
        browser.begin()
        browser.answer_all()
    token(store, n=2, unit="small")
    desk = Browser(app)
    assert desk.get("/desk").url == "/desk/login"
    assert desk.send(desk.answer.form("/desk/login"), key=["0" * 26]).status == 422
    page = desk.send(desk.answer.form("/desk/login"), key=[key_of(store).lower()])
    assert page.url == "/desk"
    assert "<dt>Invited</dt><dd>8</dd>" in page.text
    assert "<dt>Submitted</dt><dd>6</dd>" in page.text
    assert "small" not in page.text
    assert page.header("cache-control") == "no-store"
    out = desk.send(desk.answer.form("/desk/logout"))
    assert out.url == "/desk/login"
    assert desk.get("/desk").url == "/desk/login"


def test_guessing_keys_is_limited(site):
    app, store = site
    desk = Browser(app)
    form = desk.get("/desk/login").form("/desk/login")
    told = [desk.send(form, key=[new_secret()]).status for _ in range(25)]
    assert told == [422] * 20 + [429] * 5
    assert desk.send(form, key=[key_of(store)]).url == "/desk"


def test_a_key_rests_after_a_day(tmp_path):
    import datetime as dt

    now = [TODAY]
    fieldwork = held_study(tmp_path)
    with Store.open(fieldwork.place) as store:
        desk = Browser(application(fieldwork, store, now=lambda: now[0]))
        desk.send(desk.get("/desk/login").form("/desk/login"), key=[key_of(store)])
        assert desk.get("/desk").url == "/desk"
        now[0] += dt.timedelta(hours=9)
        assert desk.get("/desk").url == "/desk/login"


def test_names_are_escaped(tmp_path):
    fieldwork = held_study(tmp_path)
    with Store.open(fieldwork.place) as store:
        app, secret = application(fieldwork, store), new_secret()
        name = "<script>alert(1)</script>"
        store.do_now(lambda w: add_access(w, digest("access", secret), name, "researcher", TODAY.date()))
        token(store, n=9, unit="<img src=x onerror=alert(1)>")
        desk = Browser(app)
        page = desk.send(desk.get("/desk/login").form("/desk/login"), key=[secret]).text
        assert "&lt;script&gt;" in page
        assert "&lt;img" in page
        assert "<script>" not in page
        assert "<img" not in page


def flow_of(sizes):
    units = {f"u{n}": {"used": used, "new": size - used} for n, (size, used) in enumerate(sizes)}
    return Flow("s", "", {}, units, 0, 0, 0, 0, 0, 0, {}, {}, 0, (), {}, "")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), max_size=8),
    st.integers(3, 10),
)
def test_no_group_smaller_than_k_is_shown_or_left_over(sizes, k):
    rows = shown_units(flow_of(sizes), k)
    total, told = sum(size for size, _ in sizes), sum(invited for _, invited, _ in rows)
    assert all(invited >= k for _, invited, _ in rows)
    assert all(used is None or used % 5 == 0 for _, _, used in rows)
    left = total - told
    assert left == 0 or told == 0
    assert len([unit for unit, _, _ in rows if unit == ""]) <= 1
