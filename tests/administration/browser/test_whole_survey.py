"""A whole survey in each language, on a phone and on a desk, without JavaScript; and the rules it follows."""

from __future__ import annotations

import pytest

from crmstudy.administration.wording.texts import numeral, texts
from tests.administration.browser.browser_study import KINDS, TAGS, TITLES
from tests.administration.browser.walking import (
    ANSWERS,
    agree,
    begin,
    code,
    fill,
    heading,
    kept,
    press,
    push,
    says,
    walk,
)

pytestmark = pytest.mark.browser
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def assert_fits(page, width):
    """Nothing is wider than the window, nor than one of 320 pixels."""
    for wide in (320, width):
        page.set_viewport_size({"width": wide, "height": 800})
        assert not page.evaluate(_TOO_WIDE), (page.url, wide)


@pytest.mark.parametrize(
    ("lang", "width"),
    [("fa", 390), *(pytest.param(lang, width, marks=pytest.mark.slow if (lang, width) != ("en", 1280) else ())
                    for lang in TAGS for width in (390, 1280) if (lang, width) != ("fa", 390))],
)  # fmt: skip
def test_a_whole_survey_without_scripts(asked, person, lang, width):
    page, before, t = person(width, js=False), asked.mark("staff"), texts(lang)
    page.goto(asked.link(lang))
    assert page.url == f"{asked.address}/s/staff"
    assert page.locator("html").get_attribute("lang") == lang
    assert page.locator("html").get_attribute("dir") == ("rtl" if lang == "fa" else "ltr")
    assert_fits(page, width)
    agree(page)
    seen = []
    for number, section in enumerate(("about", "about", "climate", "views", "service", "end"), start=1):
        assert t.say("page.progress", number=number, of=6) in page.locator(".progress").inner_text()
        if number != 2:
            assert heading(page) == TITLES[section][TAGS.index(lang)]
        assert_fits(page, width)
        seen += fill(page, ANSWERS, lang)
        press(page)
    assert seen == list(KINDS)
    assert page.url.endswith("/s/staff/done")
    assert says(page, "done.submitted", lang)
    assert len(code(page).replace("-", "")) == 26
    assert_fits(page, width)
    shown = page.locator(".scores").inner_text()
    assert t.say("done.score", score=3.3, low=1, high=5) in shown
    assert t.say("done.score", score=4.5, low=0, high=10) in shown
    if lang == "fa":
        assert "۳٫۳" in shown
    (found,) = asked.since("staff", before)
    assert found.pop("lang") == lang
    assert found.pop("reasons") == {"C3": "refused"}
    assert found == kept(ANSWERS)


def test_where_nothing_is_used_nothing_more_is_asked(asked, person):
    """A condition that does not hold: its question is not shown, and the record says so."""
    page, before = person(), asked.mark("open")
    begin(page, asked)
    walk(page, "en", {**ANSWERS, "uses": 2})
    (found,) = asked.since("open", before)
    assert found["uses"] == 2
    assert found.get("trained") is None


def test_an_answer_changed_on_the_way_back_hides_what_hung_on_it(asked, person):
    page, before = person(390), asked.mark("open")
    begin(page, asked)
    fill(page, ANSWERS, "en")
    press(page)
    assert fill(page, ANSWERS, "en") == ["trained", "since", "where"]
    press(page, "back")
    assert page.locator("[name='q.uses'][value='1']").is_checked()
    page.locator("[name='q.uses'][value='2']").check()
    press(page)
    assert page.locator("[name='q.trained']").count() == 0
    assert page.locator("[name='q.since.y']").input_value() == "2019"
    walk(page, "en", {id: value for id, value in ANSWERS.items() if id != "uses"})
    (found,) = asked.since("open", before)
    assert found.get("trained") is None


def test_what_must_be_answered_is_asked_for_until_it_is(asked, person):
    page = person(390, js=False)
    begin(page, asked)
    for _ in range(2):
        press(page)
        assert page.url.endswith("/p/1?sent")
        assert page.locator(":focus").get_attribute("id") == "summary"
        assert page.locator(".fault").inner_text() == texts("en").say("fault.left_out")
    page.locator("#summary a").click()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.locator(":focus").get_attribute("name") == "q.uses"
    page.locator("[name='q.uses'][value='1']").check()
    press(page)
    assert page.url.endswith("/p/2")


def test_what_should_be_answered_is_asked_for_once(asked, person):
    page, before = person(js=False), asked.mark("open")
    begin(page, asked)
    fill(page, ANSWERS, "en")
    press(page)
    fill(page, ANSWERS, "en")
    press(page)
    fill(page, {"C1": 3}, "en")
    press(page)
    assert page.locator("#summary.gentle li").count() == 4
    assert page.locator("fieldset.marked").count() == 4
    assert page.locator("[name='q.C1'][value='3']").is_checked()
    page.locator("[name='q.C2'][value='refuse']").check()
    press(page)
    assert page.url.endswith("/p/4")
    walk(page, "en")
    (found,) = asked.since("open", before)
    assert (found["C1"], found["C2"], found["C3"]) == (3, None, None)
    assert found["reasons"].get("C2") == "refused"
    assert "C3" not in found["reasons"]


def test_a_wrong_answer_is_shown_as_it_was_typed(asked, person):
    page = person(390, js=False)
    begin(page, asked, lang="fa")
    for answers in ({"uses": 1}, ANSWERS, ANSWERS, ANSWERS):
        fill(page, answers, "fa")
        press(page)
    fill(page, {**ANSWERS, "years": "۹۹", "share": "سی"}, "fa")
    page.locator("[name='q.order.2']").select_option("1")
    press(page)
    assert page.locator("fieldset.marked").count() == 3
    assert page.locator("#summary li").count() == page.locator("#summary a").count() == 3
    assert page.locator("[name='q.years']").input_value() == "۹۹"
    assert page.locator("[name='q.share']").input_value() == "سی"
    assert f"{numeral(0, 'fa')} تا {numeral(60, 'fa')}" in page.locator("#summary").inner_text()
    assert page.locator("[name='q.ways'][value='3']").is_checked()


def test_declining_takes_one_click_and_is_counted_only(asked, person):
    page = person(390, js=False)
    before = asked.rows("SELECT coalesce(sum(n), 0) FROM tally WHERE sample = 'open' AND kind = 'declined'")[0][0]
    drafts = asked.count("open", "draft")
    page.goto(f"{asked.address}/s/open")
    push(page, "button[value=decline]")
    assert page.url.endswith("/s/open/done")
    assert says(page, "done.thanks")
    assert says(page, "done.declined")
    after = asked.rows("SELECT coalesce(sum(n), 0) FROM tally WHERE sample = 'open' AND kind = 'declined'")[0][0]
    assert (after - before, asked.count("open", "draft") - drafts) == (1, 0)


def test_a_statement_that_is_not_ticked_keeps_people_from_beginning(asked, person):
    page = person(390, js=False)
    page.goto(f"{asked.address}/s/open")
    push(page, "button[value=agree]")
    assert page.locator("#summary a").count() == 1
    assert page.locator(":focus").get_attribute("id") == "summary"
    agree(page)
    assert page.url.endswith("/p/1")


def test_a_full_quota_ends_politely_and_takes_no_answer(asked, person):
    for nth in range(2):
        page = person(390, js=False)
        begin(page, asked, "scarce")
        fill(page, {"V1": 5, "V2": 2}, "en")
        press(page)
        if nth == 0:
            walk(page, "en", {"V3": 1, "V4": 1})
            assert says(page, "done.submitted")
    assert says(page, "done.full.head")
    assert asked.count("scarce") == 1
