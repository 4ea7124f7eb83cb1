"""The gate: hosts, origins, form tokens, sizes, headers, cookies, roles, the limiter, and what stands in the log."""

from __future__ import annotations

import io
import logging
from urllib.parse import urlencode

import pytest
from starlette.routing import Route

from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.server.app import ROLES
from crmstudy.administration.server.cookies import RESPONDENT, Cookies, new_visit
from crmstudy.administration.server.limiter import MOST_ADDRESSES, MOST_WRONG, Limiter, network
from crmstudy.administration.server.running import log_of
from crmstudy.administration.store.access import add_access
from crmstudy.administration.store.store import Store
from crmstudy.administration.trying.routes import trial_routes
from tests.administration.server.asgi_browser import KEY, TODAY, Browser, application, call, held_study, token

URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def site(tmp_path):
    """Makes an application over a file."""
    opened = []

    def make(mode="confidential", *, purpose="live", app=None, **more):
        fieldwork = held_study(tmp_path, mode, **more)
        store = Store.open(fieldwork.place, purpose=purpose)
        opened.append(store)
        return application(fieldwork, store, purpose=purpose, **(app or {})), store

    yield make
    for store in opened:
        store.close()


def path_of(route):
    path = route.path.replace("{sample}", "staff").replace("{number:int}", "1").replace("{name}", "style.css")
    return path.replace("{number}", "1").replace("{lang}", "en").replace("{page}", "1").replace("{round}", "1")


def posts(app):
    return [path_of(route) for route in app.routes if isinstance(route, Route) and "POST" in route.methods]


def test_every_route_is_listed_with_its_role(site):
    app, _ = site(purpose="try", app={"more_routes": tuple(trial_routes())})
    assert all(isinstance(route, Route) for route in app.routes)
    assert {route.name for route in app.routes} <= ROLES.keys()
    assert len({route.name for route in app.routes}) == len(app.routes)


def test_roles_and_routes(site):
    app, store = site()
    keys = {}
    for role in ("clerk", "researcher"):
        keys[role] = new_secret()
        store.do_now(lambda w, r=role: add_access(w, digest("access", keys[r]), r, r, TODAY.date()))
    for role in ("nobody", "respondent", "forger", "clerk", "researcher", "revoked"):
        browser = Browser(app)
        if role == "respondent":
            browser.get(f"/s/staff?t={token(store)}")
            browser.begin()
        elif role == "forger":
            browser.cookies["crmstudy-desk"] = Cookies(b"x" * 32, "crmstudy-desk", secure=False).write(
                new_visit(token=digest("access", keys["researcher"]))
            ).split(";")[0].partition("=")[2]  # fmt: skip
        elif role in keys or role == "revoked":
            if role == "revoked":
                store.do_now(lambda w: add_access(w, digest("access", keys.setdefault("revoked", new_secret())),
                                                  "gone", "researcher", TODAY.date()))  # fmt: skip
            form = browser.get("/desk/login").form("/desk/login")
            browser.send(form, follow=False, key=[keys[role]])
            if role == "revoked":
                from crmstudy.administration.store.access import revoke_access

                store.do_now(lambda w: revoke_access(w, "gone"))
        for route in app.routes:
            wanted = ROLES[route.name]
            if wanted == "anyone":
                continue
            for method in sorted(route.methods - {"HEAD"}):
                answer = browser.ask(method, path_of(route))
                within = role == wanted and method == "GET"
                assert (answer.status < 300) is within or (within and answer.status in (303, 404)), (role, route.name)


#: Headers, which form token is sent, and whether the form is refused.
FORGED = [
    ({}, "own", False),
    ({"sec-fetch-site": "same-origin"}, "own", False),
    ({"sec-fetch-site": "none"}, "own", False),
    ({"origin": "http://survey.example.org"}, "own", False),
    ({"origin": "null"}, "own", False),
    ({}, "none", True),
    ({}, "twice", True),
    ({}, "empty", True),
    ({}, "foreign", True),
    ({"sec-fetch-site": "cross-site"}, "own", True),
    ({"sec-fetch-site": "same-site"}, "own", True),
    ({"origin": "https://evil.example"}, "own", True),
    ({"origin": "http://survey.example.org:81"}, "own", True),
    ({"origin": "http://survey.example.org.evil.example"}, "own", True),
    ({"origin": "http://[bad"}, "own", True),
    ({"origin": ""}, "own", True),
    ({"origin": "http://survey.example.org", "host": "127.0.0.1:8000"}, "own", False),
    ({"origin": "http://evil.example", "host": "127.0.0.1:8000"}, "own", True),
]


def test_forms_of_other_sites_are_refused(site):
    app, store = site()
    browser, desk = Browser(app), Browser(app)
    own = browser.get(f"/s/staff?t={token(store)}").forms[0].values["csrf"][0]
    foreign = Browser(app).get("/s/customers").forms[0].values["csrf"][0]
    desk_csrf = desk.get("/desk/login").forms[0].values["csrf"][0]
    for path in posts(app):
        asked, mine = (desk, desk_csrf) if path.startswith("/desk") else (browser, own)
        for headers, csrf, refused in FORGED:
            given = {"own": [mine], "none": [], "twice": [mine, mine], "empty": [""], "foreign": [foreign]}[csrf]
            kept = dict(asked.cookies)
            body = urlencode([("csrf", one) for one in given]).encode()
            answer = asked.ask("POST", path, body=body, headers={"content-type": URLENCODED, **headers})
            asked.cookies = kept
            assert answer.status != 500
            assert (answer.status == 403 and b"expired" in answer.body) == refused, (path, headers, csrf)


def test_without_cookies_a_sentence_says_what_to_do(site):
    app, _ = site()
    browser = Browser(app, cookies=False)
    form = browser.get("/s/customers").form("/consent")
    answer = browser.send(form, "agree")
    assert answer.status == 403
    assert "cookie" in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "survey.example.org.evil.example", "", "survey.example.org@evil", "x"]
)
def test_other_hosts_are_refused(site, host):
    app, _ = site()
    assert call(app, "GET", "/s/staff", headers={"host": host}).status == 421


@pytest.mark.parametrize(
    "host", ["survey.example.org", "SURVEY.example.org:8000", "127.0.0.1:8000", "localhost", "[::1]:80"]
)
def test_own_hosts_are_known(site, host):
    app, _ = site()
    assert call(app, "GET", "/health", headers={"host": host}).status == 200


def test_headers_stand_on_every_answer(site):
    app, store = site()
    browser = Browser(app)
    answers = [browser.get("/"), browser.get(f"/s/staff?t={token(store)}", follow=False), browser.get("/s/nothing"),
               browser.get("/s/staff"), browser.get("/desk", follow=False), browser.ask("PUT", "/"),
               call(app, "GET", "/", headers={"host": "evil"}), browser.ask("POST", "/s/staff/consent")]  # fmt: skip
    for answer in answers:
        policy = answer.header("content-security-policy")
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("referrer-policy") == "no-referrer"
        assert answer.header("cache-control") == "no-store"
        assert answer.header("cross-origin-opener-policy") == "same-origin"
        assert answer.header("strict-transport-security") is None
    asset = browser.get("/static/style.css")
    assert "max-age" in asset.header("cache-control")
    assert len(asset.all("cache-control")) == 1


def test_cookies_over_https(tmp_path):
    fieldwork = held_study(tmp_path)
    with Store.open(fieldwork.place) as store:
        app = application(fieldwork, store, address="https://survey.example.org")
        browser = Browser(app)
        browser.get("/s/customers")
        (cookie,) = browser.answer.all("set-cookie")
        assert cookie.startswith("__Host-crmstudy=")
        assert {part.strip() for part in cookie.split(";")[1:]} == {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"}
        assert "max-age=31536000" in browser.answer.header("strict-transport-security")


def test_a_cookie_that_was_changed_is_no_cookie():
    cookies = Cookies(KEY, RESPONDENT, secure=False)
    line = cookies.write(new_visit(sample="staff", draft="D"))
    raw = line.split(";")[0]
    assert cookies.read(raw).draft == "D"
    name, _, value = raw.partition("=")
    for place in range(0, len(value), 7):
        changed = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
        assert cookies.read(f"{name}={changed}") is None
    assert cookies.read(f"{raw}; {name}=x") is None
    assert Cookies(b"y" * 32, RESPONDENT, secure=False).read(raw) is None
    assert Cookies(KEY, "crmstudy-desk", secure=False).read(raw.replace(name, "crmstudy-desk")) is None


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-length": "1000001"}, b"", 413),
        ({"content-length": "99999999999999999999"}, b"", 413),
        ({"content-length": "-5"}, b"", 400),
        ({}, b"a=" + b"x" * 1_000_001, 413),
        ({}, b"&".join(b"a=1" for _ in range(2001)), 413),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({"content-type": "application/json"}, b"{}", 415),
        ({}, b"a=%ff%fe", 400),
        ({}, "a=й".encode(), 400),
    ],
)
def test_bodies_have_limits(site, headers, body, status):
    app, _ = site()
    browser = Browser(app)
    browser.get("/s/customers")
    answer = browser.ask("POST", "/s/customers/consent", body=body, headers={"content-type": URLENCODED, **headers})
    assert answer.status == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "QUATSCH"])
def test_other_methods_are_refused(site, method):
    app, _ = site()
    answer = call(app, method, "/s/staff")
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "0", "1.5", "۱", "abc", "99999"])
def test_pages_that_there_are_not(site, number):
    app, store = site()
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store)}")
    browser.begin()
    assert browser.get(f"/s/staff/p/{number}").url.endswith("/p/1") or browser.answer.status == 404
    form = browser.get("/s/staff/p/1").form("/p/1")
    assert browser.post(f"/s/staff/p/{number}", form.values).status in (200, 404)


def test_a_bank_behind_one_address_is_let_in_and_guesses_are_not(site):
    app, store = site()
    secrets = token(store, n=500)
    guesses = [call(app, "GET", f"/s/staff?t={new_secret()}").status for _ in range(MOST_WRONG + 5)]
    assert guesses == [404] * MOST_WRONG + [429] * 5
    assert {call(app, "GET", f"/s/staff?t={one}").status for one in secrets} == {303}
    assert call(app, "GET", f"/s/staff?t={new_secret()}", client=("198.51.100.1", 1)).status == 404


def test_unknown_malformed_and_revoked_tokens_are_answered_alike(site):
    app, store = site()
    from sqlalchemy import update

    from crmstudy.administration.store.schema import token as tokens

    gone = token(store)
    store.do_now(lambda w: w.connection.execute(update(tokens).values(state="revoked")))
    bodies = {call(app, "GET", f"/s/staff?t={one}", client=(f"198.51.100.{n}", 1)).body
              for n, one in enumerate((new_secret(), "short", "", "%00", gone, "I" * 26))}  # fmt: skip

    def plain(body):
        import re

        return re.sub(rb'value="[0-9a-f]{40}"', b"", body)

    assert len({plain(body) for body in bodies}) == 1


def test_the_limiter_forgets_and_is_bounded():
    now = [0.0]
    limiter = Limiter(lambda: now[0])
    assert [limiter.wrong("a") for _ in range(22)] == [False] * 20 + [True] * 2
    now[0] = 60.0
    assert not limiter.wrong("a")
    for number in range(MOST_ADDRESSES + 100):
        limiter.wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(limiter) == MOST_ADDRESSES
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == "192.0.2.1"


def test_a_proxy_is_believed_only_where_it_is_declared(site):
    for proxy in (False, True):
        app, _ = site(app={"proxy": proxy})
        answers = [
            call(app, "GET", f"/s/staff?t={new_secret()}", headers={"x-forwarded-for": f"spoofed, 192.0.2.{n}"}).status
            for n in range(MOST_WRONG + 3)
        ]
        assert answers.count(429) == (0 if proxy else 3)


@pytest.mark.parametrize("mode", ["anonymous", "confidential"])
def test_the_log_tells_nothing(tmp_path, mode):
    fieldwork = held_study(tmp_path, mode)
    logger, stream = logging.getLogger("crmstudy.access"), io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with Store.open(fieldwork.place) as store:
            app = application(fieldwork, store, log=log_of(fieldwork))
            secret = token(store)
            browser = Browser(app, agent="Mozilla/5.0 (very special)")
            browser.get(f"/s/staff?t={secret}")
            browser.get(f"/s/{secret}")
            browser.ask("GET", f"/{secret}?t={secret}")
            browser.ask(secret, "/")
            browser.get("/s/staff")
            browser.begin()
            cookies = " ".join(browser.cookies.values())
            browser.answer_all()
    finally:
        logger.removeHandler(handler)
    told = stream.getvalue()
    assert ("page/staff/1" in told) is (mode == "confidential")
    assert "page/staff" in told
    assert told.count("\n") > 10
    for hidden in (secret, secret.lower(), "ответ", "پاسخ", "very special", *filter(None, cookies.split(".")), "?t"):
        assert hidden not in told.lower()
        assert hidden not in told
    assert "203.0.113.7" not in told


def test_an_error_is_told_without_values(site, caplog, monkeypatch):
    app, _store = site()
    browser = Browser(app)
    browser.get("/s/customers")

    def fails(*_):
        raise ValueError("the answer is 4242 and the token XYZ")

    monkeypatch.setattr("crmstudy.administration.server.leaving.consent_since", fails)
    with caplog.at_level(logging.ERROR, logger="crmstudy.server"):
        assert browser.get("/s/customers/privacy").status == 500
    assert "ValueError" in caplog.text
    assert "4242" not in caplog.text
    assert "XYZ" not in caplog.text
