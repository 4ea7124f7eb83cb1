"""Going on later, in another language, on another device; leaving nothing behind on a device that others use."""

from __future__ import annotations

import contextlib
import time

import pytest

from crmstudy.administration.wording.texts import texts
from tests.administration.browser.browser_study import TAGS
from tests.administration.browser.walking import (
    ANSWERS,
    agree,
    begin,
    code,
    come,
    fill,
    heading,
    kept,
    press,
    push,
    says,
    walk,
)

pytestmark = pytest.mark.browser
#: What is filled in on a page.
FILLED = """[...document.querySelectorAll("[name^='q.']")]
  .map(one => [one.name, /radio|checkbox/.test(one.type) ? (one.checked ? one.value : "") : one.value])
  .filter(one => one[1] !== "")"""


def at(page, number, lang="en"):
    """Answer every page before one."""
    while not page.url.endswith(f"/p/{number}"):
        fill(page, ANSWERS, lang)
        press(page)


def test_the_link_of_the_invitation_opens_what_was_begun(asked, person):
    """On another device too; and nothing is begun twice."""
    link, before, first = asked.link(), asked.mark("staff"), person()
    come(first, link)
    at(first, 4)
    first.context.close()
    page = person(390, js=False)
    page.goto(link)
    assert page.locator("button[value=agree]").count() == 0
    push(page, "button[value=continue]")
    assert page.url.endswith("/p/4")
    press(page, "back")
    assert page.locator("[name='q.C1'][value='5']").is_checked()
    assert page.locator("[name='q.C3'][value=refuse]").is_checked()
    walk(page, "en")
    (found,) = asked.since("staff", before)
    assert {id: found[id] for id in ANSWERS} == kept(ANSWERS)
    page.goto(link)
    assert says(page, "done.already.head")


def test_the_code_opens_what_was_saved(asked, person):
    page, before = person(390, js=False), asked.mark("open")
    begin(page, asked, lang="ru")
    at(page, 3, "ru")
    fill(page, {"C1": 2}, "ru")
    shown = page.locator("details")
    shown.locator("summary").click()
    said = code(page)
    press(page, "later")
    assert code(page) == said
    assert says(page, "done.saved.head", "ru")
    other = person(js=False)
    other.goto(f"{asked.address}/s/open/resume")
    other.locator("#code").fill(said.lower().replace("-", " "))
    push(other, "form.secret button")
    assert other.url.endswith("/p/3")
    assert other.locator("html").get_attribute("lang") == "ru"
    assert other.locator("[name='q.C1'][value='2']").is_checked()
    walk(other, "ru")
    (found,) = asked.since("open", before)
    assert (found["C1"], found["trained"], found["lang"]) == (ANSWERS["C1"], 12, "ru")


def test_another_language_keeps_every_answer(asked, person):
    page, before = person(390, js=False), asked.mark("open")
    begin(page, asked, lang="en")
    langs = [*TAGS, *TAGS]
    for nth in range(6):
        lang, following = langs[nth], langs[(nth + 1) % 3]
        if nth == 5:
            break
        fill(page, ANSWERS, lang)
        filled = page.evaluate(FILLED)
        push(page, f"form[data-watch] button[name=lang][value={following}]")
        assert page.locator("html").get_attribute("lang") == following
        now = page.evaluate(FILLED)
        assert [name for name, _ in now] == [name for name, _ in filled]
        radios = [
            one for one in filled if not one[0].startswith(("q.since", "q.trained", "q.help", "q.years", "q.share"))
        ]
        assert [one for one in now if one in radios] == radios
        press(page)
    fill(page, ANSWERS, "ru")
    press(page)
    (found,) = asked.since("open", before)
    assert {id: found[id] for id in ANSWERS} == kept(ANSWERS)


def test_going_back_keeps_what_is_on_the_page(asked, person):
    page = person(390, js=False)
    begin(page, asked)
    at(page, 3)
    fill(page, {"C1": 1, "C2": 3}, "en")
    press(page, "back")
    assert page.url.endswith("/p/2")
    press(page)
    assert page.locator("[name='q.C1'][value='1']").is_checked()
    assert page.locator("[name='q.C2'][value='3']").is_checked()
    page.go_back()
    page.go_forward()
    assert page.locator("[name='q.C1'][value='1']").is_checked()


def back(page):
    """The browser's own "back", wherever it leads."""
    with contextlib.suppress(Exception):  # there may be nothing to go back to
        page.go_back()
    page.wait_for_load_state()


def nothing_is_left(page, asked):
    """Wherever "back" leads, no answer stands on the page."""
    for _ in range(6):
        if page.evaluate("history.length") < 2:
            break
        back(page)
        if page.url == "about:blank":
            break
        assert page.evaluate(FILLED) == [], page.url
        assert page.locator(".secret-code").count() == 0, page.url


@pytest.mark.parametrize("where", ["middle", "end"])
def test_after_finish_and_clear_back_shows_nothing(asked, person, where):
    page = person()
    begin(page, asked)
    at(page, 4)
    if where == "middle":
        fill(page, ANSWERS, "en")
        press(page, "clear")
    else:
        walk(page, "en")
        assert code(page)
        push(page, "form.end button")
    assert page.url.endswith("/s/open")
    assert not [one for one in page.context.cookies() if one["name"] == "crmstudy" and len(one["value"]) > 200]
    nothing_is_left(page, asked)


@pytest.mark.parametrize("where", ["middle", "end"])
def test_a_browser_that_keeps_pages_shows_nothing_either(asked, keeping, where):
    """Pages that are left are kept by browsers; those of a survey are not shown again once it was cleared."""
    context = keeping.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    begin(page, asked)
    fill(page, {"uses": 1}, "en")
    if where == "middle":
        press(page, "clear")
    else:
        walk(page, "en")
        push(page, "form.end button")
    session = context.new_cdp_session(page)
    held = session.send("Page.getNavigationHistory")
    for entry in held["entries"][: held["currentIndex"]]:
        if "/p/" in entry["url"]:
            session.send("Page.navigateToHistoryEntry", {"entryId": entry["id"]})
            time.sleep(0.7)
            fresh = context.new_cdp_session(context.pages[0])
            said = fresh.send("Runtime.evaluate", {"expression": f"JSON.stringify({FILLED})", "returnByValue": True})
            assert said["result"]["value"] == "[]"
            break
    else:
        raise AssertionError("there is nothing to go back to")
    context.close()


def test_the_next_person_sees_nothing_of_the_one_before(asked, person):
    """A browser fills in forms again on the way back: those of the same person only."""
    page = person()
    begin(page, asked)
    at(page, 6)
    fill(page, {"post": "Secret", "more": "Secret"}, "en")
    press(page)
    page.goto(f"{asked.address}/s/open")
    agree(page)
    fill(page, {"uses": 2}, "en")
    for _ in range(12):
        back(page)
        if page.url == "about:blank":
            break
        assert [one for one in page.evaluate(FILLED) if one != ["q.uses", "2"]] == [], page.url


def test_nothing_opens_without_token_or_code(asked, person):
    first = person()
    begin(first, asked)
    at(first, 3)
    page = person()
    for number in (1, 2, 3):
        page.goto(f"{asked.address}/s/open/p/{number}")
        assert says(page, "message.closed_draft.head")
    page.goto(f"{asked.address}/s/staff")
    assert heading(page) == texts("en").say("message.needed.head")


def test_a_second_person_with_a_link_does_not_see_the_first(asked, person):
    page = person()
    come(page, asked.link())
    at(page, 3)
    page.goto(asked.link())
    assert page.locator("button[value=continue]").count() == 0
    page.goto(f"{asked.address}/s/staff/p/2")
    assert page.evaluate(FILLED) == []


def test_a_shared_device_is_ready_for_the_next_person_by_itself(asked, person):
    page, before = person(390, js=False), asked.mark("branch")
    page.goto(asked.device())
    for nth in range(2):
        assert page.url.endswith("/s/branch")
        assert says(page, "frame.kiosk")
        agree(page)
        assert page.locator("button[value=later]").count() == 0
        assert page.locator("[name^='q.']:checked").count() == 0
        walk(page, "en", {"V1": 5, "V2": 4, "V3": 3, "V4": nth + 1})
        assert says(page, "done.thanks")
        if nth == 0:
            page.wait_for_url("**/s/branch", timeout=15_000)  # nobody presses anything
            nothing_is_left(page, asked)
            page.goto(f"{asked.address}/s/branch")
        else:
            push(page, "form.end button")
            assert page.url.endswith("/s/branch")
    found = asked.since("branch", before)
    assert sorted(one["V4"] for one in found) == [1, 2]
    assert asked.rows("SELECT DISTINCT unit, source FROM response WHERE sample = 'branch'") == [("B1", "kiosk")]


@pytest.mark.slow
def test_a_shared_device_that_is_left_begins_anew(asked, person):
    page = person(390, js=False)
    page.goto(asked.device())
    agree(page)
    fill(page, {"V1": 5}, "en")
    page.wait_for_url("**/s/branch", timeout=40_000)
    agree(page)
    assert page.evaluate(FILLED) == []


def test_the_receipt_withdraws_once(asked, person):
    page, before = person(390, js=False), asked.mark("open")
    begin(page, asked)
    walk(page, "en")
    receipt = code(page)
    page.reload()
    assert page.locator(".secret-code").count() == 0  # it is shown once
    assert len(asked.since("open", before)) == 1
    other = person(390, js=False)
    for said in ("done.withdrawn.head", "fault.code"):
        other.goto(f"{asked.address}/s/open/withdraw")
        other.locator("#receipt").fill(receipt)
        push(other, "form.secret button")
        assert says(other, said)
        assert asked.since("open", before) == []


def test_a_code_of_ones_own_is_asked_for_before_the_questions(asked, person):
    page = person(390, js=False)
    begin(page, asked, "panel", "fa")
    assert page.url.endswith("/code")
    page.locator("[name='code.mother']").fill("زه")
    page.locator("[name='code.town']").fill("شی")
    page.locator("[name='code.day']").fill("۷")
    push(page, "form button.main")
    assert page.locator("#summary li").count() == 1
    assert page.locator("[name='code.day']").input_value() == "۷"
    page.locator("[name='code.older']").fill("۰")
    push(page, "form button.main")
    assert page.url.endswith("/p/1")
