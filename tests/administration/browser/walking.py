"""A respondent at a browser: fills in what a page asks, and presses its buttons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from crmstudy.administration.wording.calendar import to_jalali
from crmstudy.administration.wording.texts import numeral, texts
from tests.administration.browser.browser_study import Asked

#: Answers to every question of the instrument ``kinds``; a rank as its answers from the first place on.
ANSWERS: Mapping[str, Any] = {
    "uses": 1, "trained": 12, "since": dt.date(2019, 3, 21), "where": 7, "C1": 5, "C2": 4, "check": 4, "C3": "refuse",
    "C4": 1, "help": 40, "likely1": 9, "likely2": 0, "ways": [1, 3], "order": [3, 1], "years": 31, "share": 37.5,
    "post": "Teller", "more": "It is fine.\nAnd more.",
}  # fmt: skip


def fill(page: Any, answers: Mapping[str, Any], lang: str) -> list[str]:
    """Answer what the page asks; the ids of what it asked."""
    names = page.locator("form[data-watch] [name^='q.']").evaluate_all("found => found.map(one => one.name)")
    asked = list(dict.fromkeys(name.split(".")[1] for name in names))
    for id in asked:
        if id in answers:
            answer(page, id, answers[id], lang)
    return asked


def answer(page: Any, id: str, value: Any, lang: str) -> None:
    """Answer one question as its fields want it."""
    if isinstance(value, dt.date):
        year, month, day = to_jalali(value) if lang == "fa" else (value.year, value.month, value.day)
        page.locator(f"[name='q.{id}.y']").fill(_typed(year, lang))
        page.locator(f"[name='q.{id}.m']").select_option(str(month))
        page.locator(f"[name='q.{id}.d']").select_option(str(day))
        return
    fields = page.locator(f"[name^='q.{id}.']")
    if fields.count():
        for place, choice in enumerate(value, start=1):
            page.locator(f"[name='q.{id}.{choice}']").select_option(str(place))
        return
    fields = page.locator(f"[name='q.{id}']")
    kind = fields.first.evaluate("one => one.type")
    if kind == "select-one":
        fields.select_option(str(value))
    elif kind in ("radio", "checkbox"):
        for choice in value if isinstance(value, list) else [value]:
            page.locator(f"[name='q.{id}'][value='{choice}']").check()
    elif value == "refuse":
        page.locator(f"[name='q.{id}'][value='refuse']").check()
    else:
        fields.first.fill(_typed(value, lang) if isinstance(value, int | float) else value)


def _typed(value: float, lang: str) -> str:
    """A number as somebody types it in a language: Persian digits, a comma in Russian."""
    return numeral(value, lang).replace("٬", "").replace("\u00a0", "") if value < 1000 else _digits(value, lang)


def _digits(value: float, lang: str) -> str:
    return "".join(numeral(int(sign), lang) for sign in str(value))


def kept(answers: Mapping[str, Any], lang: str = "en") -> dict[str, Any]:
    """The answers as the database holds them."""
    made: dict[str, Any] = {}
    for id, value in answers.items():
        made[id] = value.isoformat() if isinstance(value, dt.date) else None if value == "refuse" else value
    return made


def push(page: Any, button: str) -> None:
    """Press a button, and wait for the page that it leads to."""
    with page.expect_event("load"):  # not for a navigation: noting what was typed is one, to a browser
        page.locator(button).click()


def press(page: Any, go: str = "next") -> None:
    """Press a button of the page's form."""
    push(page, f"form[data-watch] button[name=go][value={go}]")


def agree(page: Any) -> None:
    """Tick every statement and agree."""
    for box in page.locator("form.consent input[type=checkbox]").all():
        box.check()
    push(page, "button[value=agree]")


def come(page: Any, link: str) -> None:
    """Follow a link and agree."""
    page.goto(link)
    agree(page)


def walk(page: Any, lang: str, answers: Mapping[str, Any] = ANSWERS, most: int = 30) -> int:
    """Answer pages until there are none; how many there were."""
    for nth in range(most):
        if page.url.endswith("/done"):
            return nth
        fill(page, answers, lang)
        press(page)
    raise AssertionError(f"it does not end: {page.url} {page.locator('main').inner_text()[:500]}")


def code(page: Any) -> str:
    """The code that a page shows."""
    return str(page.locator(".secret-code").inner_text()).strip()


def heading(page: Any) -> str:
    """What a page says first."""
    return str(page.locator("h1").first.inner_text())


def says(page: Any, key: str, lang: str = "en", **values: Any) -> bool:
    """Whether a page says a wording."""
    return texts(lang).say(key, **values) in page.locator("body").inner_text()


def begin(page: Any, asked: Asked, sample: str = "open", lang: str = "en") -> None:
    """Begin by an open link in a language."""
    come(page, f"{asked.address}/s/{sample}?lang={lang}")
