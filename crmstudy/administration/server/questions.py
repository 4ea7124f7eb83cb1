"""Questions as HTML: drawn once for every way they can look, then kept.

A question is kept without its number, so that items in a random order are drawn no more often than others; what
respondents typed is never kept.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from crmstudy.administration.wording.calendar import to_jalali
from crmstudy.administration.wording.texts import Wording, months
from crmstudy.instrument.forms import MOST_CHOICES, Block, Choice, Field
from crmstudy.letters import digits, key

Said = tuple[str, Mapping[str, Any]]
Values = Mapping[str, Sequence[str]]
#: By columns of labelled answers: how wide their longest word may be (in Latin letters) before columns are made wider,
#: and before the answers stand as a list instead; more columns are always a list.
WIDEST_WORD: Mapping[int, tuple[float, float]] = {
    1: (12, 99), 2: (12, 99), 3: (12, 99), 4: (12, 99), 5: (12, 99), 6: (10.5, 99), 7: (10.5, 13.5), 8: (9, 9),
    9: (9, 9),
}  # fmt: skip
#: So many drawn questions are kept; then all are dropped and drawn anew.
KEPT = 6000
_BLANK = re.compile(r"\s+")
_Drawn = tuple[Markup, ...]


class Questions:
    """Draws the questions of a page.

    Parameters
    ----------
    macros : object
        The module of the template ``fields.html``.
    """

    def __init__(self, macros: Any) -> None:
        self._drawn = macros
        self._kept: dict[tuple[Any, ...], _Drawn] = {}
        self._mark = f"#{secrets.token_hex(8)}#"

    def block(
        self,
        block: Block,
        t: Wording,
        values: Values,
        faults: Mapping[str, Said],
        soft: Collection[str],
        refusal: bool,
    ) -> Markup:
        """One block: its heading, then its questions."""
        if block.kind == "info":
            return Markup("").join(Markup('<p class="info lines">{}</p>').format(one.text) for one in block.fields)
        drawn: list[Markup] = []
        grid = block.kind == "grid"
        if grid:
            what = ("head", t.lang, block.choices, refusal)
            drawn += self._once(what, lambda: self._heading(block.choices, t, refusal))
        for one in block.fields:
            drawn += self._question(one, block.kind, t, values, faults.get(one.id), one.id in soft, refusal)
        if grid:
            drawn.append(Markup("</div>"))
        return Markup("").join(drawn)

    def _heading(self, choices: Sequence[Choice], t: Wording, refusal: bool) -> _Drawn:
        """The beginning of a grid: its columns, and what the ends of a scale mean."""
        numbered, label = not _labelled(choices), _refusal(choices, refusal, t)
        css = "numbered" if numbered else _columns(choices)
        more = " apart" if label else ""
        ends = _ends(choices, t) if numbered else ()
        return (
            Markup('<div class="grid {} c{}{}">').format(css, len(choices), more),
            self._drawn.ends(ends) if ends else Markup(""),
            self._drawn.heads(choices, numbered, label, t),
        )

    def _question(
        self, one: Field, kind: str, t: Wording, values: Values, fault: Said | None, soft: bool, refusal: bool
    ) -> _Drawn:
        """One question with its number."""
        number, told = Markup(t.numeral(one.number)), fault_said(fault, t) if fault is not None else ""
        if kind not in ("grid", "single", "multi"):
            drawn = self._open(one, t, values, told, soft, refusal)
            return (drawn[0], number, *drawn[1:])
        chosen = tuple(values.get(f"q.{one.id}", ()))

        def make() -> _Drawn:
            return self._closed(one, kind, t, chosen, told, soft, refusal)

        if all(value == "refuse" or _is_choice(value, one) for value in chosen):
            look = (one.id, one.type, one.text, one.required, one.choices, chosen, told, soft, refusal)
            drawn = self._once(("ask", t.lang, kind, *look), make)
        else:
            drawn = make()
        return (drawn[0], number, *drawn[1:])

    def _once(self, what: tuple[Any, ...], make: Callable[[], _Drawn]) -> _Drawn:
        """What was drawn before of the same, or is drawn now."""
        found = self._kept.get(what)
        if found is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            found = self._kept[what] = make()
        return found

    def _closed(
        self, one: Field, kind: str, t: Wording, chosen: tuple[str, ...], told: str, soft: bool, refusal: bool
    ) -> _Drawn:
        """A question with answers to choose from, parted where its number stands."""
        label = _refusal(one.choices, refusal and one.type == "single", t)
        numbered = not _labelled(one.choices)
        if kind == "single" and len(one.choices) > MOST_CHOICES:
            return self._parted(self._drawn.select(one, dom(one.id), self._mark, chosen, told, soft, label, t))
        css = "" if kind == "grid" else f" scale c{len(one.choices)}" if numbered and one.type == "single" else " list"
        drawn = self._drawn.choices(one, dom(one.id), self._mark, chosen, told, soft, numbered, css, label, t)
        ends = _ends(one.choices, t) if css.startswith(" scale") else ()
        if ends:
            above = self._drawn.ends(ends)
            drawn = Markup(str(drawn).replace("</legend>", f"</legend>{above}", 1))
        return self._parted(drawn)

    def _open(self, one: Field, t: Wording, values: Values, told: str, soft: bool, refusal: bool) -> _Drawn:
        """A question whose answer is typed or put together; never kept."""
        name, drawn, id = f"q.{one.id}", self._drawn, dom(one.id)
        given = tuple(values.get(name, ()))
        if one.type == "date":
            return self._parted(drawn.date(one, id, self._mark, _parts(one, values, t), told, soft, months(t.lang), t))
        if one.type == "rank":
            every = sum(not choice.missing for choice in one.choices)
            places = one.top or every
            chosen = {choice.value: digits(first) for choice in one.choices
                      for first in tuple(values.get(f"{name}.{choice.value}", ()))[:1]}  # fmt: skip
            hint = t.say("hint.rank.top", n=places) if places < every else t.say("hint.rank")
            return self._parted(drawn.rank(one, id, self._mark, chosen, places, told, soft, hint, t))
        if one.type in ("text", "longtext"):
            return self._parted(drawn.text(one, id, self._mark, given, told, soft, t))
        label = _refusal(one.choices, refusal and one.type in ("single", "slider"), t)
        css = " slider" if one.type == "slider" else " open"
        return self._parted(
            drawn.number(one, id, self._mark, given, told, soft, _hint(one, t), _ends(one.choices, t), css, label, t)
        )

    def _parted(self, drawn: Markup) -> _Drawn:
        """A question before and after its number."""
        before, _, after = str(drawn).partition(self._mark)
        return Markup(before), Markup(after)


def fault_said(said: Said, t: Wording) -> str:
    """What is wrong with an answer, in words."""
    return t.say(f"fault.{said[0]}", **said[1])


def dom(id: str) -> str:
    """An id as an element may bear it."""
    return _BLANK.sub("_", id)


def _labelled(choices: Sequence[Choice]) -> bool:
    return all(choice.label for choice in choices)


def _columns(choices: Sequence[Choice]) -> str:
    """How labelled answers stand on a desk: in columns, in wider ones, or as a list."""
    widest = max(_width(word) for choice in choices for word in choice.label.split() or [""])
    wide, most = WIDEST_WORD.get(len(choices), (0, 0))
    return "long" if widest > most else "labelled wordy" if widest > wide else "labelled"


def _width(word: str) -> float:
    """About how wide a word is, in Latin letters."""
    return sum(1 + 0.2 * ("\u0400" <= sign <= "\u04ff") + 0.4 * (sign in "mwMWжмшщыюфЖМШЩЫЮФ") for sign in word)


def _ends(choices: Sequence[Choice], t: Wording) -> tuple[str, ...]:
    """What labelled points of a line or of a scale mean."""
    return tuple(
        t.say("hint.end", value=choice.value, label=choice.label)
        for choice in choices
        if choice.label and not choice.missing
    )


def _refusal(choices: Sequence[Choice], refusal: bool, t: Wording) -> str:
    """The words of "prefer not to answer", or nothing where it is not offered, or is among the answers already."""
    said = t.say("page.refuse")
    taken = any(choice.missing and key(choice.label) == key(said) for choice in choices)
    return said if refusal and not taken else ""


def _is_choice(value: str, one: Field) -> bool:
    return any(str(choice.value) == value for choice in one.choices)


def _hint(one: Field, t: Wording) -> str:
    """What number is asked for."""
    kind = "decimal" if one.type == "decimal" else "integer"
    bounds = {name: value for name, value in (("low", one.low), ("high", one.high)) if value is not None}
    how = ".between" if len(bounds) == 2 else "".join(f".{name}" for name in bounds)
    return t.say(f"hint.{kind}{how}", **bounds)


def _parts(one: Field, values: Values, t: Wording) -> tuple[str, str, str]:
    """Year (as typed), month and day (as numbers) of a date, from its three fields or from one date."""
    name = f"q.{one.id}"
    year, month, nth = ("".join(tuple(values.get(f"{name}.{part}", ()))[:1]) for part in "ymd")
    whole = "".join(tuple(values.get(name, ()))[:1])
    if whole and not (year or month or nth):
        try:
            date = dt.date.fromisoformat(digits(whole))
            numbers = to_jalali(date) if t.lang == "fa" else (date.year, date.month, date.day)
        except ValueError:
            return whole, "", ""
        return t.numeral(numbers[0]), str(numbers[1]), str(numbers[2])
    return year, digits(month).lstrip("0"), digits(nth).lstrip("0")
