"""The server, or the browser, ends in the middle: pages that were sent are kept, and typed answers stay in the form."""

from __future__ import annotations

import contextlib
import time

import pytest

from tests.administration.browser.browser_study import Asked, ask, free_port
from tests.administration.browser.walking import ANSWERS, begin, come, fill, kept, press, push, says
from tests.faults.studies import Server, make_study

pytestmark = pytest.mark.browser
_PAGES, _ROWS = 10, 2


@pytest.fixture
def ten(tmp_path):
    """A questionnaire of ten pages, and its server."""
    port = free_port()
    folder = make_study(tmp_path / "ten", pages=_PAGES, rows=_ROWS, address=f"http://127.0.0.1:{port}")
    server = Server(folder, port, options=("--quiet",))
    server.start()
    yield Asked(folder, server, [])
    server.kill()


def send_into_nothing(page):
    """Press the button while no server is there: the browser shows its page of errors."""
    page.locator("form[data-watch] button[value=next]").click()
    page.wait_for_selector("form[data-watch]", state="detached")


def answers(number):
    return {f"P{number}Q{row}": 1 + (number + row) % 5 for row in range(1, _ROWS + 1)}


@pytest.mark.parametrize(
    "ends", [(2, 9), pytest.param(tuple(range(1, _PAGES + 1)), marks=pytest.mark.slow)], ids=["some", "every"]
)
def test_server_and_browser_killed_on_each_page(ten, person, ends):
    """Killed with a page filled in: what was sent before is there, and the code leads to the right page."""
    page = person(390)
    page.goto(f"{ten.address}/s/staff")
    push(page, "button[value=agree]")
    page.locator("details summary").click()
    code = page.locator(".secret-code").inner_text()
    for number in range(1, _PAGES + 1):
        assert page.url.endswith(f"/p/{number}")
        fill(page, answers(number), "en")
        if number in ends:
            ten.server.kill()
            page.context.close()
            assert ten.server.start() < 20
            page = person(390)
            page.goto(f"{ten.address}/s/staff/resume")
            page.locator("#code").fill(code)
            push(page, "form.secret button")
            assert page.url.endswith(f"/p/{number}")
            assert page.locator("[name^='q.']:checked").count() == 0  # this one was not sent
            fill(page, answers(number), "en")
            if number > 1:
                press(page, "back")
                before = answers(number - 1)
                assert all(page.locator(f"[name='q.{id}'][value='{said}']").is_checked() for id, said in before.items())
                press(page)
                assert page.locator("[name^='q.']:checked").count() == _ROWS
        press(page)
    assert says(page, "done.submitted")
    (found,) = ten.answers("staff")
    del found["reasons"]
    assert found == {id: said for number in range(1, _PAGES + 1) for id, said in answers(number).items()}


def test_what_could_not_be_sent_is_sent_by_a_reload(ten, person):
    """The browser's own page of errors offers to try again: nothing has to be typed anew."""
    page = person(390, js=False)
    page.goto(f"{ten.address}/s/staff")
    push(page, "button[value=agree]")
    fill(page, answers(1), "en")
    ten.server.kill()
    send_into_nothing(page)
    ten.server.start()
    for _ in range(20):
        with contextlib.suppress(Exception):
            page.reload()
        if page.url.endswith("/p/2"):
            break
        time.sleep(0.2)
    assert page.url.endswith("/p/2")
    press(page, "back")
    assert page.locator("[name^='q.']:checked").count() == _ROWS


@pytest.fixture
def own(tmp_path):
    """The study with every kind of question, and a server that may be killed."""
    made = ask(tmp_path / "study", people=1)
    yield made
    made.server.kill()


@pytest.mark.parametrize("js", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_what_could_not_be_sent_is_still_in_the_form(own, person, js):
    """An error page of the browser, then "back": every answer stands where it was (short texts need a script)."""
    filled = """[...document.querySelectorAll("[name^='q.']")].map(one =>
      [one.name, one.type, /radio|checkbox/.test(one.type) ? (one.checked ? one.value : "") : one.value])"""
    page = person(390, js=js)
    begin(page, own)
    fill(page, ANSWERS, "en")
    press(page)
    for number in range(2, 7):
        fill(page, ANSWERS, "en")
        before = page.evaluate(filled)
        own.server.kill()
        send_into_nothing(page)
        own.server.start()
        page.go_back()
        assert page.url.endswith(f"/p/{number}")
        kinds = () if js else ("text",)
        assert [one for one in page.evaluate(filled) if one[1] not in kinds] == [
            one for one in before if one[1] not in kinds
        ]
        fill(page, ANSWERS if not js else {}, "en")
        press(page)
    assert says(page, "done.submitted")
    (found,) = own.answers("open")
    assert {id: found[id] for id in ANSWERS} == kept(ANSWERS)


def test_a_page_comes_back_after_the_link_is_followed_again(own, person):
    """The browser ends with a page filled in: the link opens that page, with what was sent before."""
    link, page = own.link(), person()
    come(page, link)
    fill(page, ANSWERS, "en")
    press(page)
    fill(page, ANSWERS, "en")
    page.context.close()
    page = person(390)
    page.goto(link)
    push(page, "button[value=continue]")
    assert page.url.endswith("/p/2")
    press(page, "back")
    assert page.locator("[name='q.uses'][value='1']").is_checked()
