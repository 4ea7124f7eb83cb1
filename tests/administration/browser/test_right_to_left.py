"""Persian: the first answer at the right, digits as they are written there, days of its own calendar."""

from __future__ import annotations

import itertools

import pytest

from crmstudy.administration.wording.texts import months
from tests.administration.browser.walking import ANSWERS, begin, fill, press

pytestmark = pytest.mark.browser


def at(page, asked, number, lang="fa"):
    begin(page, asked, lang=lang)
    while not page.url.endswith(f"/p/{number}"):
        fill(page, ANSWERS, lang)
        press(page)


def middles(page, selector):
    return [(box["x"] + box["width"] / 2, box["y"]) for box in
            (one.bounding_box() for one in page.locator(selector).all())]  # fmt: skip


@pytest.mark.parametrize(("lang", "reverse"), [("en", False), ("fa", True)])
def test_columns_run_as_the_language_does(asked, person, lang, reverse):
    """The order of the document is the order of reading; in Persian that begins at the right."""
    page = person(1280)
    at(page, asked, 3, lang)
    row = page.locator("fieldset.q").first.locator("input")
    assert [one.get_attribute("value") for one in row.all()] == ["1", "2", "3", "4", "5", "refuse"]
    across = [x for x, _ in middles(page, "fieldset.q:first-of-type input")]
    assert across == sorted(across, reverse=reverse)
    heads = [x for x, _ in middles(page, ".heads span")][1:]
    assert all(abs(a - b) < 4 for a, b in zip(heads, across, strict=True))


@pytest.mark.parametrize("width", [390, 1280])
def test_a_scale_of_numbers_runs_from_the_right(asked, person, width):
    page = person(width)
    at(page, asked, 4)
    places = middles(page, "[name='q.likely1']:not([value=refuse])")
    assert len(places) == 11
    rows = [[x for x, _ in row] for _, row in itertools.groupby(places, key=lambda place: round(place[1]))]
    assert len(rows) == (1 if width == 1280 else len(rows))
    for row in rows:
        assert row == sorted(row, reverse=True)
        assert len(row) == 1 or row[0] > width / 2
    labels = page.locator("label:has([name='q.likely1']) > span").all_inner_texts()
    assert [label.replace("،", "\n").split("\n")[0].strip() for label in labels[:11]] == [*list("۰۱۲۳۴۵۶۷۸۹"), "۱۰"]


def test_answers_on_a_phone_stand_below_each_other_from_the_right(asked, person):
    page = person(390)
    at(page, asked, 3)
    row = [one.bounding_box() for one in page.locator("[name='q.C1']").all()]
    assert all(upper["y"] < lower["y"] for upper, lower in itertools.pairwise(row))
    card = page.locator("fieldset.q").first.bounding_box()
    assert row[0]["x"] > card["x"] + card["width"] * 0.8


def test_digits_are_shown_and_taken_in_persian(asked, person):
    page = person(390)
    begin(page, asked, lang="fa")
    assert "۱" in page.locator(".progress").inner_text()
    fill(page, ANSWERS, "fa")
    press(page)
    page.locator("[name='q.trained']").fill("٣٠")  # Arabic ones are taken too
    page.locator("[name='q.since.y']").fill("۱۳۹۷")
    page.locator("[name='q.since.m']").select_option(label=months("fa")[11])
    page.locator("[name='q.since.d']").select_option(label="۳۰")
    fill(page, {"where": 3}, "fa")
    press(page)
    assert page.locator("[name='q.since.d']").count() == 1  # 1397 has no 30 Esfand: it was no leap year
    assert "۱۳۹۷" in page.locator("[name='q.since.y']").input_value()
    page.locator("[name='q.since.d']").select_option(label="۲۹")
    press(page)
    assert page.url.endswith("/p/3")
    press(page, "back")
    assert page.locator("[name='q.trained']").input_value() == "۳۰"
    assert page.locator("[name='q.since.m']").input_value() == "12"
    stored = asked.rows("SELECT given FROM draft_page WHERE given LIKE '%2019-03-20%'")
    assert stored


def test_a_slider_is_drawn_from_the_right(asked, person):
    page = person(390)
    at(page, asked, 4)
    line = page.locator("input[type=range]")
    box = line.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 14, box["y"] + box["height"] / 2)
    assert page.locator("[name='q.help'][type=text]").input_value() in ("۰", "۱", "۲")
    ends = [x for x, _ in middles(page, "fieldset.slider .ends span")]
    assert ends[0] > ends[1]
