"""Sent twice, in two windows, again after a reload or on the way back: one row, and never an error."""

from __future__ import annotations

import re

import pytest

from tests.administration.browser.walking import ANSWERS, begin, code, come, fill, heading, kept, press, push, says

pytestmark = pytest.mark.browser
_LAST = "form[data-watch] button[name=go][value=next]"


def at_the_end(page, asked, sample="open"):
    """Everything is answered, and the last button not pressed yet."""
    begin(page, asked, sample)
    while not page.url.endswith("/p/6"):
        fill(page, ANSWERS, "en")
        press(page)
    fill(page, ANSWERS, "en")


@pytest.mark.parametrize("js", [True, False])
def test_a_double_click_makes_one_row(asked, person, js):
    from playwright.sync_api import expect

    page, before = person(js=js), asked.mark("open")
    at_the_end(page, asked)
    page.locator(_LAST).dblclick()
    expect(page).to_have_url(re.compile("/done$"))  # the second click breaks off the page that the first one asked for
    assert says(page, "done.submitted")
    assert code(page)
    (found,) = asked.since("open", before)
    assert {id: found[id] for id in ANSWERS} == kept(ANSWERS)


def test_the_same_form_sent_many_times_makes_one_row(asked, person):
    """As a browser, or a network, does that got no answer."""
    page, before = person(), asked.mark("open")
    at_the_end(page, asked)
    form = page.locator("form[data-watch]").evaluate(
        "form => Object.fromEntries(new FormData(form, form.querySelector('button[value=next]')))"
    )
    url, ends = page.url, set()
    for _ in range(4):
        answer = page.request.post(url, form=form, headers={"Origin": asked.address})
        ends.add((answer.status, answer.url.rpartition("/")[2]))
    assert ends == {(200, "done")}
    press(page)
    assert says(page, "done.submitted")
    assert len(asked.since("open", before)) == 1


def test_a_reload_of_what_was_sent_sends_nothing_new(asked, person):
    page, before = person(), asked.mark("open")
    begin(page, asked)
    while not page.url.endswith("/p/6"):
        fill(page, ANSWERS, "en")
        press(page)
    press(page)  # something is left out: the answer to a POST is the page itself
    assert page.locator("#summary").count() == 1
    page.reload()
    assert page.locator("#summary").count() == 1
    assert asked.since("open", before) == []
    fill(page, ANSWERS, "en")
    press(page)
    page.reload()
    page.reload()
    assert says(page, "done.submitted")
    assert len(asked.since("open", before)) == 1


def test_two_windows_make_one_row(asked, person):
    page, before = person(), asked.mark("staff")
    come(page, asked.link())
    while not page.url.endswith("/p/6"):
        fill(page, ANSWERS, "en")
        press(page)
    other = page.context.new_page()
    other.goto(page.url)
    fill(page, ANSWERS, "en")
    fill(other, {**ANSWERS, "post": "Other"}, "en")
    press(page)
    press(other)
    assert says(page, "done.submitted")
    assert says(other, "message.closed_draft.head")  # the browser has forgotten the access code by then
    (found,) = asked.since("staff", before)
    assert found["post"] == "Teller"


def test_two_windows_begin_one_draft_with_one_token(asked, person):
    link, drafts = asked.link(), asked.count("staff", "draft")
    page, other = person(), person(390)
    page.goto(link)
    other.goto(link)
    page.locator("[name='agree.1']").check()
    other.locator("[name='agree.1']").check()
    push(page, "button[value=agree]")
    push(other, "button[value=agree]")
    assert page.url.endswith("/p/1")
    assert asked.count("staff", "draft") == drafts + 1


def test_going_back_from_the_thanks_sends_nothing_again(asked, person):
    page, before = person(), asked.mark("open")
    at_the_end(page, asked)
    press(page)
    page.go_back()
    assert page.locator(_LAST).count() == 0
    assert heading(page)
    assert len(asked.since("open", before)) == 1


def test_agreeing_twice_begins_once(asked, person):
    page, drafts = person(), asked.count("open", "draft")
    page.goto(f"{asked.address}/s/open")
    page.locator("[name='agree.1']").check()
    page.locator("button[value=agree]").dblclick()
    page.wait_for_url("**/p/1")
    assert asked.count("open", "draft") == drafts + 1
