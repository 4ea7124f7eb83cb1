"""Somebody who answers: forwards and back, in one language and another, wrongly at times, today and later."""

from __future__ import annotations

import random

from crmstudy.instrument.model import Item
from tests.administration.server.asgi_browser import Browser
from tests.administration.whole_path import rules_again as rules

#: What is written into a text, and what is kept of it.
TEXTS = (
    ("да", "да"), ("  two   words ", "two words"), ("=1+1", "=1+1"), ("خوب", "خوب"), ("<b>&amp;</b>", "<b>&amp;</b>"),
    ("007", "007"), ("-99", "-99"), ("\u202ex", "x"), ("no\x00w", "now"),
)  # fmt: skip
LONG_TEXTS = (*TEXTS, ("one\r\n  two", "one\ntwo"))
#: A day, its parts in the calendar of English and Russian, and in that of Persian.
DAYS = (
    ("2021-03-21", (2021, 3, 21), (1400, 1, 1)), ("2025-03-20", (2025, 3, 20), (1403, 12, 30)),
    ("1979-02-11", (1979, 2, 11), (1357, 11, 22)), ("2026-11-21", (2026, 11, 21), (1405, 8, 30)),
    ("2024-02-29", (2024, 2, 29), (2024, 2, 29)),
)  # fmt: skip
_DIGITS = {"fa": str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫"), "ru": str.maketrans(".", ","), "en": {}}


class Someone:
    """One person with a token, and what they have answered so far, as they would tell it themselves."""

    def __init__(self, made, app, token, seed, *, unit="", attributes=None):
        self.made, self.app, self.token = made, app, token
        self.chance = random.Random(seed)
        self.given, self.refused, self.orders = {}, set(), {}
        self.kept = self.ended = self.screened = False
        self.lang = self.chance.choice(("en", "fa", "ru"))
        self.about = {"unit": unit, "wave": "", **(attributes or {})}
        self.browser = Browser(app)

    @property
    def context(self):
        """What conditions know besides answers."""
        return {**self.about, "lang": self.lang}

    def answer_it(self, most=300):
        """The whole way; ``ended`` where it came to the last page, whichever way."""
        self.browser.get(f"/s/s?t={self.token}&lang={self.lang}")
        self.browser.begin()
        if self.browser.answer.url.endswith("/consent"):  # there are enough answers of such people
            self.ended = True
            return self
        for _ in range(most):
            answer = self.browser.answer
            if answer.url.endswith("/done"):
                self.ended = True
                return self
            assert answer.status == 200, answer.text
            assert "/p/" in answer.url, answer.text
            if self.chance.random() < 0.03:
                return self
            self._page()
        raise AssertionError("the questionnaire has no end")

    def _page(self):
        """Answer a page, and go on in one way or another."""
        form = self.browser.page_form()
        number = int(form.action.rpartition("/")[2].partition("?")[0])
        asked = self._asked(form)
        gone = rules.hidden(self.made, self.given, self.refused, self.context)
        assert not gone & {entry.id for entry in asked}, "a question is shown that is hidden"
        self.orders.setdefault(number, []).append([entry.id for entry in asked])
        how = self.chance.random()
        go = "back" if how < 0.08 else "lang" if how < 0.14 else "later" if how < 0.17 else "next"
        if go == "back" and ("go", "back") not in form.buttons:
            go = "next"
        given, refused = dict(self.given), set(self.refused)
        for entry in asked:
            self._answer(form, entry, given, refused, must=go == "next" and entry.required == "hard")
        if self._mistaken(form, asked):
            return self._page()
        before = dict(form.values)
        if go == "lang":
            other = self.chance.choice([tag for tag in ("en", "fa", "ru") if tag != self.lang])
            answer = self.browser.send(form, None, lang=[other])
            self.lang = other
        else:
            answer = self.browser.send(form, go)
        self.screened = go == "next" and answer.url.endswith("/done")
        if go != "next":  # whoever leaves a page has not passed over what is still open on it
            given = {id: said for id, said in given.items() if said is not None or id in refused or id in self.given}
        self.given, self.refused, self.kept = given, refused, True
        while answer.status == 422:  # what was left out is asked for once more, and everything is still there
            again = self.browser.page_form()
            assert _told(again.values) == _told(before)
            answer = self.browser.send(again, "next")
        assert go != "next" or answer.url.partition("?")[0] != f"/s/s/p/{number}", "one does not get on from this page"
        if go == "later":
            self._come_back()
        return None

    def _come_back(self):
        """On another device, with the link of the invitation."""
        self.browser = Browser(self.app)
        answer = self.browser.get(f"/s/s?t={self.token}")
        self.browser.send(answer.form("/resume"), "continue")

    def _mistaken(self, form, asked):
        """Type something that is no number at times: nothing is kept, and nothing that was typed is lost."""
        numbers = [one.id for one in asked if form.kinds.get(f"q.{one.id}") == "text" and one.type in (
            "integer", "decimal", "slider")]  # fmt: skip
        if not numbers or self.chance.random() > 0.1:
            return False
        wrong = {f"q.{numbers[0]}": ["abc"]}
        answer = self.browser.send(form, "next", **wrong)
        assert answer.status == 422
        assert _told(self.browser.page_form().values) == _told(form.values | wrong)
        return True

    def _asked(self, form):
        """The questions of a page, in the order in which they stand there."""
        owners = {}
        for entry in self.made.entries:
            names = [f"q.{entry.id}"]
            names += [f"q.{entry.id}.{part}" for part in ("y", "m", "d")] if entry.type == "date" else []
            if entry.type == "rank":
                names += [f"q.{entry.id}.{value}" for value in entry.response.values]
            owners |= dict.fromkeys(names, entry)
        return list({owners[name].id: owners[name] for name in form.kinds if name.startswith("q.")}.values())

    def _answer(self, form, entry, given, refused, *, must):
        """Answer a question, leave it as it is, leave it out, or refuse it."""
        how, name = self.chance.random(), f"q.{entry.id}"
        if entry.id in given and how < 0.5 and not (must and given[entry.id] is None and entry.id not in refused):
            return  # as it is shown
        for one in [one for one in form.kinds if one == name or one.startswith(f"{name}.")]:
            form.values.pop(one, None)
        refused.discard(entry.id)
        given[entry.id] = None
        if "refuse" in form.choices.get(name, ()) and self.chance.random() < 0.1:
            form.values[name] = ["refuse"]
            refused.add(entry.id)
        elif must or self.chance.random() < 0.88:
            given[entry.id], fields = self._said(entry, form)
            form.values |= fields

    def _said(self, entry, form):
        """An answer as it is kept, and as it is posted."""
        chance, name, fa = self.chance, f"q.{entry.id}", self.lang == "fa"
        if isinstance(entry, Item):
            codes = list(entry.response.missing_labels)
            if codes and chance.random() < 0.15:
                return codes[0], {name: [str(codes[0])]}
            value = chance.randint(entry.response.low, entry.response.high)
            return value, {name: [self._number(value) if form.kinds[name] == "text" else str(value)]}
        if entry.type == "multi":
            values = [*entry.response.values, *entry.response.missing_labels]
            chosen = [value for value in values if chance.random() < 0.4] or [values[0]]
            return chosen, {name: [str(value) for value in chance.sample(chosen, len(chosen))]}
        if entry.type == "rank":
            order = chance.sample(entry.response.values, entry.places)
            return order, {f"{name}.{value}": [str(nth)] for nth, value in enumerate(order, start=1)}
        if entry.type in ("integer", "decimal"):
            low = int(-5 if entry.low is None else entry.low)
            value = chance.choice([7, 12, chance.randint(low, int(40 if entry.high is None else entry.high))])
            if entry.type == "decimal" and value < 40:
                value += chance.choice([0, 0.25, 0.5])
            return value, {name: [self._number(value)]}
        if entry.type == "date":
            day, others, persian = chance.choice(DAYS)
            parts = persian if fa else others
            return day, {f"{name}.{part}": [self._number(n)] for part, n in zip("ymd", parts, strict=True)}
        said, kept = chance.choice(LONG_TEXTS if entry.type == "longtext" else TEXTS)
        return kept, {name: [said]}

    def _number(self, value):
        return str(value).translate(_DIGITS[self.lang]) if self.chance.random() < 0.8 else str(value)


def _told(values):
    """What the fields of questions hold, those that hold anything; several answers in any order.

    A box to type a number in is empty where one of the answers beside it is ticked.
    """
    return {name: sorted(filter(None, held)) for name, held in values.items() if name.startswith("q.") and any(held)}
