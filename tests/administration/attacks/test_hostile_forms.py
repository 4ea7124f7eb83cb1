"""Whatever is posted in the place of an answer: a page comes back soon, never a failure, and no row that was not asked.

The values are long, deep, of other scripts and directions, halves of characters, numbers without end, and what regular
expressions choke on.
"""

from __future__ import annotations

import json
import time
from urllib.parse import quote_plus

import pytest
from asgi_browser import Browser, application, held_study, token
from sqlalchemy import select

from crmstudy.administration.fieldwork import Paradata
from crmstudy.administration.keys import read_secret
from crmstudy.administration.server.guard import MOST_FIELDS
from crmstudy.administration.store.schema import draft_page, response
from crmstudy.administration.store.store import Store
from crmstudy.handover import write_handover

pytestmark = pytest.mark.slow

LONG = 90_000
VALUES = (
    "9" * LONG, "-" * LONG, "1," * (LONG // 2), "1 000" * 15_000, "0" * 59 + "1", "\u06f1" * LONG,
    "\u0661\u066b\u0661", "1e9999", "nan", "-inf", "0x10", "1_000", "\u00b2", "\u2460", "\u0000",
    "\u202e\u2066" * 5000, "a\u0300" * 20_000, "\ufdfa" * 20_000, " " * LONG, "\n" * LONG, "\u200c" * LONG,
    "a" * 20_001, "a" * 20_000, "2026-02-30", "0000-00-00", "9999-99-99", "1404/12/30", "refuse", "-8", "1" * 400,
    "\U0001f600" * 9000, "'; DROP TABLE response; --", "{{7*7}}", "../../etc/passwd", "%00", "null", "[]", "{}",
    "true", "\u0130\u0131\u1e9e" * 3000, "\ue000", "\ufffe\uffff", "\r\n\r\n", "\x1b[2J", "\x85\u2028\u2029",
)  # fmt: skip


@pytest.fixture(params=["fa", *(pytest.param(lang, marks=pytest.mark.slow) for lang in ("en", "ru"))])
def at_work(request, tmp_path):
    """Somebody who begins in a language, and the store."""
    fieldwork = held_study(tmp_path, "confidential", paradata=Paradata("fine", True))
    with Store.open(fieldwork.place) as store:
        browser = Browser(application(fieldwork, store))
        browser.get(f"/s/staff?t={token(store, person='P1')}&lang={request.param}")
        browser.begin()
        yield browser, store, fieldwork


@pytest.mark.parametrize(
    "values", [pytest.param(VALUES[::6], id="some"), pytest.param(VALUES, id="all", marks=pytest.mark.slow)]
)
def test_no_value_breaks_a_page(at_work, values):
    browser, store, fieldwork = at_work
    slowest = 0.0
    for _ in range(40):
        if not any("/p/" in form.action for form in browser.answer.forms):
            break
        form = browser.page_form()
        names = [name for name in form.kinds if name.startswith("q.")]
        for value in values:
            for go in ("back", "next"):
                began = time.perf_counter()
                answer = browser.post(
                    form.action, form.values | {name: [value] for name in names} | {"go": [go]}, follow=False
                )
                slowest = max(slowest, time.perf_counter() - began)
                assert answer.status in (200, 303, 413, 422), (answer.status, value[:20], names)
        browser.get(form.action)
        browser.send(browser.fill(browser.page_form()), "next")
    assert browser.answer.url == "/s/staff/done"
    assert slowest < 2
    (kept,) = store.read(lambda c: c.execute(select(response)).all())
    assert store.read(lambda c: c.execute(select(draft_page)).all()) == []
    record = {"record": kept.id, "language": kept.language, "answers": json.loads(kept.answers),
              "open": json.loads(kept.opened), "paradata": {"complete": True}}  # fmt: skip
    write_handover(fieldwork.folder / "out", fieldwork.samples["staff"].instruments, [record], mode="confidential",
                   created="2026-11-26", k=5)  # fmt: skip


@pytest.mark.parametrize("body", [
    "&".join(f"q.A{n}=1" for n in range(MOST_FIELDS - 5)), "=".join("q" * 3000), "&" * 500_000,
    "q." + "x" * 400_000 + "=1",
    "q.PAY1=1&" * 1900, "%" * 300_000, "q.PAY1=%u0041&%=%", "q.__proto__=1&q.constructor=1&__class__=1",
    "q.PAY1[]=1&q.PAY1[$gt]=",
    "csrf[]=1", "go=next;go=back", "submission=" + "0" * 26, "submission=", "since=" + "9" * 4301 + ".0",
    "lang=" + "x" * 9000,
    "seen=" + quote_plus(" a" * 100_000), "draft=" + "0" * 26,
])  # fmt: skip
def test_no_shape_of_a_form_breaks_a_page(tmp_path, body):
    fieldwork = held_study(tmp_path, "anonymous")
    with Store.open(fieldwork.place) as store:
        browser = Browser(application(fieldwork, store))
        browser.get(f"/s/staff?t={token(store)}")
        browser.begin()
        form = browser.page_form()
        csrf = form.values["csrf"][0]
        for path in (form.action, "/s/staff/consent", "/s/staff/resume", "/s/staff/withdraw", "/s/staff/token"):
            kept, began = dict(browser.cookies), time.perf_counter()
            answer = browser.ask("POST", path, body=f"csrf={csrf}&{body}".encode(),
                                 headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip
            assert answer.status < 500, (path, answer.status)
            assert time.perf_counter() - began < 2
            browser.cookies = kept
        assert browser.get(form.action).status == 200
        assert store.read(lambda c: c.execute(select(response)).all()) == []


def test_codes_are_read_without_surprises():
    for text in (
        "\u0130" * 26,
        "\u1e9e" * 13,
        "\u0000" * 26,
        "\ud800" * 26,
        "\u0131" * 26,
        "\ufb00" * 13,
        "A" * 10_000,
        "\u2460" * 26,
    ):
        assert read_secret(text) is None or len(read_secret(text)) == 26
    assert read_secret("\u0410\u0412" + "0" * 24) == "AB" + "0" * 24  # Cyrillic letters that look the same are meant
