"""A whole survey by keyboard alone: what has the focus is seen, comes in the order of reading, and lets go again."""

from __future__ import annotations

import datetime as dt

import pytest

from crmstudy.administration.wording.texts import texts
from tests.administration.browser.browser_study import KINDS
from tests.administration.browser.walking import ANSWERS, kept, says

pytestmark = pytest.mark.browser
#: What has the focus: what it is, where it is, and whether that is seen.
_FOCUS = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const seen = [one, one.closest("label")].some(part => part &&
    getComputedStyle(part).outlineStyle !== "none" && parseFloat(getComputedStyle(part).outlineWidth) >= 2);
  const box = one.getBoundingClientRect();
  return {tag: one.tagName, type: one.type || "", name: one.name || "", value: one.value || "", seen,
          top: box.top + scrollY, inside: box.bottom > 0 && box.top < innerHeight, index: one.selectedIndex,
          href: one.href || "", options: one.options ? [...one.options].map(option => option.value) : []};
}"""


def key(page, name, times=1):
    for _ in range(times):
        page.keyboard.press(name)


def enter(page):
    """Press Enter on a button, and wait for the page that it leads to."""
    with page.expect_event("load"):
        page.keyboard.press("Enter")


def tab(page, told):
    """Go on; what has the focus now."""
    page.keyboard.press("Tab")
    found = page.evaluate(_FOCUS)
    if found is not None and not (found["seen"] and found["inside"]):
        told.append(f"{page.url}: the focus is not seen on {found}")
    return found


def select(page, found, value):
    key(page, "ArrowDown", found["options"].index(str(value)) - found["index"])


def give(page, found, answers):
    """Answer what has the focus."""
    _, id, *part = found["name"].split(".")
    value = answers[id]
    if found["type"] == "radio":
        if value == "refuse" or isinstance(value, int):
            key(page, "Space")  # the first answer; the arrows go on from it
            for _ in range(30):
                now = page.evaluate(_FOCUS)
                if now["value"] == str(value):
                    return
                key(page, "ArrowDown")
            raise AssertionError(f"{id}: no arrow leads to {value}")
    elif found["type"] == "checkbox":
        if isinstance(value, list) and int(found["value"]) in value:
            key(page, "Space")
    elif found["tag"] == "SELECT":
        if part:
            value = (
                {"d": value.day, "m": value.month}.get(part[0])
                if isinstance(value, dt.date)
                else (value.index(int(part[0])) + 1 if int(part[0]) in value else "")
            )
        select(page, found, value)
    elif found["type"] != "range":
        page.keyboard.type(str(value.year if part else value) if not isinstance(value, str) else value)


@pytest.mark.parametrize(("lang", "js"), [("en", True), pytest.param("fa", False, marks=pytest.mark.slow)])
def test_a_whole_survey_by_keyboard(asked, person, lang, js):
    page, before, told, asked_for = person(js=js), asked.mark("open"), [], []
    page.goto(f"{asked.address}/s/open?lang={lang}")
    found = tab(page, told)
    assert found["href"].endswith("#content")
    while (found["name"], found["value"]) != ("go", "agree"):
        found = tab(page, told)
        if found["name"] == "agree.1":
            key(page, "Space")
    enter(page)
    answers = {**ANSWERS, "more": "Fine."}
    for _ in range(6):
        url, last = page.url, 0
        for _ in range(80):
            found = tab(page, told)
            if found["name"].startswith("q."):
                id = found["name"].split(".")[1]
                asked_for += [id] if id not in asked_for else []
                if found["tag"] != "A" and found["top"] < last - 60:
                    told.append(f"{url}: {found} stands above what came before it")
                last = found["top"]
                give(page, found, answers)
                assert page.url == url, "a page goes on by itself"
            elif found["name"] == "go":
                break
        assert found["value"] == "next"
        enter(page)
    assert says(page, "done.submitted", lang)
    assert told == []
    assert asked_for == list(KINDS)
    (response,) = asked.since("open", before)
    assert response.pop("lang") == lang
    assert response.pop("reasons") == {"C3": "refused"}
    wanted = kept(answers)
    if lang == "fa":
        del response["since"], wanted["since"]  # the same keys name another day there
    assert response == wanted


@pytest.mark.parametrize("where", ["", "/privacy", "/resume", "/withdraw"])
def test_the_focus_is_never_held(asked, person, where):
    """Going on leads through everything once, and out of the page again."""
    page, told, met = person(390), [], []
    page.goto(f"{asked.address}/s/open{where}")
    for _ in range(60):
        found = tab(page, told)
        if found is None:
            break
        met.append((found["tag"], found["name"], found["value"], found["href"]))
    else:
        raise AssertionError("the focus does not leave the page")
    assert len(met) == len(set(met)) > 4
    assert told == []


def test_enter_in_a_text_goes_on_and_nothing_else(asked, person):
    """The first button of the form is "next": Enter in a field never goes back, nor leaves."""
    page = person(390, js=False)
    page.goto(f"{asked.address}/s/open")
    page.locator("[name='agree.1']").check()
    page.locator("[name='agree.1']").press("Enter")
    page.wait_for_url("**/p/1")
    page.locator("[name='q.uses'][value='1']").check()
    with page.expect_event("load"):
        page.locator("[name='q.uses'][value='1']").press("Enter")
    assert page.url.endswith("/p/2")
    page.locator("[name='q.trained']").fill("3")
    with page.expect_event("load"):
        page.locator("[name='q.trained']").press("Enter")
    assert texts("en").say("page.soft.mark") in page.locator("main").inner_text()
    assert page.locator("[name='q.trained']").input_value() == "3"
