"""Every page that there is, reached as people reach it, one after the other: (name, browser page)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.administration.browser.browser_study import CLIMATE, Asked, command
from tests.administration.browser.walking import ANSWERS, agree, begin, code, fill, press, push, says, walk

Stop = tuple[str, Any]
People = Callable[..., Any]
_WRONG = "7K3QX9TBMW2R5VHNC8ZD4FPG6J"


def respondents(person: People, asked: Asked, lang: str) -> Iterator[Stop]:
    """What respondents see, in a language."""
    yield from through(person, asked, lang)
    yield from _aside(person, asked, lang)
    yield from _refused(person, asked, lang)
    yield from _others(person, asked, lang)


def through(person: People, asked: Asked, lang: str) -> Iterator[Stop]:
    """From the letter to the receipt, every page also as it is when something is lacking."""
    page, link = person(), asked.link(lang)
    page.goto(link)
    yield "start", page
    push(page, "button[value=agree]")
    yield "start-faults", page
    agree(page)
    for number in range(1, 7):
        yield f"page-{number}", page
        press(page)
        if page.locator("#summary").count():
            yield f"page-{number}-asked", page
        if number == 5:
            page.locator("[name='q.years']").fill("100")
            page.locator("[name='q.share']").fill("?")
            page.locator("[name='q.order.1']").select_option("1")
            page.locator("[name='q.order.2']").select_option("1")
            press(page)
            yield "page-5-faults", page
            page.locator("[name='q.order.2']").select_option("")
        fill(page, ANSWERS, lang)
        if number == 4:
            press(page, "later")
            yield "saved", page
            page.goto(link)
            yield "start-resumable", page
            push(page, "button[value=continue]")
        else:
            press(page)
    yield "submitted", page
    receipt = code(page)
    page.goto(link)
    yield "already", page
    page.goto(f"{asked.address}/s/staff/withdraw")
    yield "withdraw", page
    page.locator("#receipt").fill("12")
    push(page, "form.secret button")
    yield "withdraw-fault", page
    page.locator("#receipt").fill(receipt)
    push(page, "form.secret button")
    yield "withdrawn", page


def _aside(person: People, asked: Asked, lang: str) -> Iterator[Stop]:
    """Pages beside the way."""
    page = person()
    page.goto(f"{asked.address}/s/open?lang={lang}")
    page.goto(asked.address)
    yield "welcome", page
    for name in ("privacy", "resume"):
        page.goto(f"{asked.address}/s/open/{name}")
        yield name, page
    page.locator("#code").fill(_WRONG)
    push(page, "form.secret button")
    yield "resume-fault", page
    page.goto(f"{asked.address}/s/open")
    push(page, "button[value=decline]")
    yield "declined", page
    page.goto(f"{asked.address}/s/open/nothing")
    yield "missing", page


def _refused(person: People, asked: Asked, lang: str) -> Iterator[Stop]:
    """Doors that stay shut."""
    page = person()
    page.goto(f"{asked.address}/s/staff?lang={lang}")
    yield "needed", page
    page.locator("[name=t]").fill("12")
    push(page, "form.secret button")
    yield "needed-fault", page
    page.goto(f"{asked.address}/s/staff?t={_WRONG}")
    yield "token", page
    page.goto(f"{asked.address}/s/over?lang={lang}")
    yield "closed", page
    page.goto(f"{asked.address}/s/open/p/1")
    yield "closed-draft", page
    begin(page, asked, lang=lang)
    page.locator("form[data-watch] [name=csrf]").evaluate("one => { one.value = 'x'; }")
    press(page)
    yield "forbidden", page
    begin(page, asked, lang=lang)
    page.context.clear_cookies()
    press(page)
    yield "cookie", page


def _others(person: People, asked: Asked, lang: str) -> Iterator[Stop]:
    """Samples that are asked in another way: with quotas, with a code of one's own, on a shared device."""
    for _ in range(2):
        page = person()
        begin(page, asked, "few", lang)
        walk(page, lang, {"V1": 5, "V2": 2, "V3": 3, "V4": 4})
        if says(page, "done.full.head", lang):
            break
    yield "full", page
    page = person()
    begin(page, asked, "panel", lang)
    yield "code", page
    push(page, "form button.main")
    yield "code-faults", page
    page = person()
    page.route(re.compile("/again$"), lambda route: route.fulfill(status=204))
    page.goto(f"{asked.device()}&lang={lang}")
    yield "kiosk-start", page
    agree(page)
    yield "kiosk-page", page
    walk(page, lang, {"V1": 5, "V2": 2, "V3": 3, "V4": 4})
    yield "kiosk-submitted", page


def desk(person: People, asked: Asked, folder: Path) -> Iterator[Stop]:
    """What those who work on the study see."""
    keys = {
        name: _key(command("access", asked.folder, f"{name} {folder.name}", "--role", role))
        for name, role in (("Ava", "researcher"), ("Bo", "clerk"), ("Cy", "clerk"), ("Di", "clerk"))
    }
    command("paper", "sheets", asked.folder, "staff", "-n", "2", "--lang", "fa", "--out", folder / "sheets.html")
    numbers = sorted(asked.rows("SELECT number FROM sheet"))
    page = person()
    page.goto(f"{asked.address}/desk")
    yield "login", page
    _sign_in(page, asked, _WRONG)
    yield "login-fault", page
    _sign_in(page, asked, keys["Ava"])
    yield "status", page
    page.goto(f"{asked.address}/desk/entry")
    yield "denied", page
    for name, shift in (("Bo", 0), ("Cy", 1)):
        page = person()
        _sign_in(page, asked, keys[name])
        if name == "Bo":
            page.locator("#number").fill("99")
            push(page, "form.secret button.main")
            yield "entry-fault", page
        page.locator("#number").fill(numbers[0][0])
        push(page, "form.secret button.main")
        if name == "Bo":
            yield "sheet", page
            page.locator("[name='e.C1']").fill("77")
            push(page, "form.entry button.main")
            yield "sheet-faults", page
        page.locator("[name='e.uses']").fill("1")
        page.locator("[name='e.years']").fill("3")
        for id in CLIMATE:
            page.locator(f"[name='e.{id}']").fill(str(2 + shift))
        push(page, "form.entry button.main")
        if name == "Bo":
            yield "sheet-blank", page
        push(page, "form.entry button.main")
    yield "entry", page
    page = person()
    _sign_in(page, asked, keys["Di"])
    yield "entry-waiting", page
    page.goto(f"{asked.address}/desk/entry/{numbers[0][0]}/decide")
    yield "decide", page


def _key(printed: str) -> str:
    found = re.search(r"(?:[0-9A-Z]{2,8}-){3,}[0-9A-Z]{2,8}", printed)
    assert found is not None, printed
    return found.group()


def _sign_in(page: Any, asked: Asked, key: str) -> None:
    page.goto(f"{asked.address}/desk/login")
    page.locator("#key").fill(key)
    push(page, "form.secret button.main")
