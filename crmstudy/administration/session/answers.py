"""What a posted page says: answers that may be stored, questions that were left out, and what is wrong with the rest.

Names of form fields:

======================  ===============================================================================================
``q.<id>``              the number of the answer chosen, or ``refuse``; for ``multi`` once for each; otherwise what was
                        typed
``q.<id>.y .m .d``      year, month and day of a date, in the calendar of the language
``q.<id>.<value>``      the place of an answer in a ``rank``, from 1
``seen``                ids of questions that were asked for again, parted by blanks
======================  ===============================================================================================

Whatever is posted, an answer that is given back may stand in a hand-over (:mod:`crmstudy.handover.records`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from crmstudy.administration.session.numbers import (
    date_of,
    parts_of,
    read_date,
    read_number,
    read_whole,
    written_number,
)
from crmstudy.declared import CONTROL
from crmstudy.instrument.forms import Field, Page
from crmstudy.letters import tidy

Answer = int | float | str | list[int] | None
#: A fault: its key among the wordings, and what its words are filled with.
Said = tuple[str, Mapping[str, object]]
REFUSE: Final = "refuse"
#: No text has more letters; a longer one is refused, not cut.
LONGEST_TEXT = 20_000
#: Every fault there can be, and what it is filled with.
FAULTS: Mapping[str, tuple[str, ...]] = {
    "invalid": (),  # nothing that this page offers, or two answers where one is taken
    "both": (),  # an answer, and the wish not to answer
    "number": (),
    "whole": (),
    "between": ("low", "high"),
    "least": ("low",),
    "most": ("high",),
    "long": ("n", "found"),
    "date": (),
    "rank_all": ("places",),  # some places are given, others not
    "rank_twice": ("place",),
    "rank_place": ("places",),  # a place that there is not
}
#: The fault of what belongs to no question of the page stands under this key.
PAGE: Final = ""
_CODE = re.compile(r"-?(?:0|[1-9][0-9]{0,8})", re.ASCII)
_LINE_ENDS = dict.fromkeys(map(ord, "\x0b\x0c\x85\u2028\u2029"), "\n")
_INVALID: Said = ("invalid", {})
_Read = tuple[Answer, Said | None]
Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class PageAnswers:
    """What was answered on a page.

    Attributes
    ----------
    answers : dict of str to answer or None
        By question; None for one that was seen and left out, or refused. A question whose answer is at fault is not
        among them.
    reasons : dict of str to str
        ``refused``, by item.
    faults : dict of str to (str, mapping)
        What is wrong, by question: a key of :data:`FAULTS` and what its words are filled with. :data:`PAGE` is the key
        of what belongs to no question of the page.
    left_out : tuple of str
        Questions without an answer, a refusal or a fault.
    hard : tuple of str
        Those of them that must be answered.
    soft : tuple of str
        Those of them that are to be asked for once, and have not been yet.
    seen : tuple of str
        What the hidden field ``seen`` of the page says when it is shown again.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    faults: dict[str, Said] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    hard: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def again(self) -> bool:
        """Whether the page is to be shown again."""
        return bool(self.faults or self.hard or self.soft)


def read_page(page: Page, form: Form, lang: str, *, refusal: bool) -> PageAnswers:
    """Read what was posted from a page.

    Parameters
    ----------
    page : Page
        The page as it was shown: only its questions are read.
    form : mapping of str to sequence of str
        Every value of every form field; fields whose name does not begin with ``q.`` are of no concern but ``seen``.
    lang : str
        The language it was shown in: of decimal marks and calendar.
    refusal : bool
        Whether "prefer not to answer" was offered for items.

    Returns
    -------
    PageAnswers
    """
    answers: dict[str, Answer] = {}
    reasons: dict[str, str] = {}
    faults: dict[str, Said] = {}
    left: list[Field] = []
    expected: set[str] = set()
    for asked in page.fields:
        id, name = asked.id, f"q.{asked.id}"
        expected.add(name)
        closed = asked.type in ("single", "slider")
        if closed and asked.low is None:  # most of all questions
            posted = form.get(name)
            if posted is None:
                value, fault = None, None
            elif len(posted) == 1 and posted[0] != REFUSE:
                value, fault = _choice(asked, posted[0])
            else:
                value, fault = _closed(asked, posted, lang, refusal)
        elif closed:
            value, fault = _closed(asked, form.get(name, ()), lang, refusal)
        else:
            value, fault = _OPEN[asked.type](asked, form, lang, expected)
        if fault is not None:
            faults[id] = fault
        elif value == REFUSE and closed:
            answers[id], reasons[id] = None, "refused"
        else:
            answers[id] = value
            if value is None:
                left.append(asked)
    if any(name.startswith("q.") and name not in expected for name in form):
        faults[PAGE] = _INVALID
    if not left:
        return PageAnswers(answers, reasons, faults, seen=_seen(page, form))
    seen = _seen(page, form)
    return PageAnswers(
        answers,
        reasons,
        faults,
        tuple(one.id for one in left),
        tuple(one.id for one in left if one.required == "hard"),
        tuple(one.id for one in left if one.required == "soft" and one.id not in seen),
        (*seen, *(one.id for one in left if one.required == "soft" and one.id not in seen)),
    )


def form_values(
    page: Page, answers: Mapping[str, object], lang: str, *, refused: Collection[str] = ()
) -> dict[str, list[str]]:
    """What the form fields of a page hold when stored answers are shown again: the opposite of :func:`read_page`."""
    values: dict[str, list[str]] = {}
    for asked in page.fields:
        answer, name = answers.get(asked.id), f"q.{asked.id}"
        if asked.id in refused:
            values[name] = [REFUSE]
        elif isinstance(answer, list | tuple):
            if asked.type == "rank":
                values |= {f"{name}.{value}": [written_number(nth, lang)] for nth, value in enumerate(answer, start=1)}
            else:
                values[name] = [str(value) for value in answer]
        elif isinstance(answer, str) and asked.type == "date":
            year, month, day = parts_of(dt.date.fromisoformat(answer), lang)
            values |= {f"{name}.y": [written_number(year, lang)], f"{name}.m": [str(month)], f"{name}.d": [str(day)]}
        elif isinstance(answer, int | float) and (asked.type in ("integer", "decimal") or asked.low is not None):
            coded = any(choice.missing and choice.value == answer for choice in asked.choices)
            values[name] = [str(answer) if coded else written_number(answer, lang)]
        elif answer is not None:
            values[name] = [str(answer)]
    return values


def _seen(page: Page, form: Form) -> tuple[str, ...]:
    """The questions of the page that were asked for again."""
    posted = form.get("seen")
    if not posted:
        return ()
    said = {id for text in posted[:50] if isinstance(text, str) for id in text.replace(",", " ").split()}
    return tuple(asked.id for asked in page.fields if asked.id in said) if said else ()


def _typed(posted: Sequence[str]) -> list[str]:
    """The values that say anything."""
    return [text for text in posted if not isinstance(text, str) or text.strip()]


def _choice(asked: Field, text: str) -> _Read:
    """The answer of a list whose number is posted."""
    if text == "":
        return None, None
    if isinstance(text, str) and _CODE.fullmatch(text):
        value = int(text)
        for choice in asked.choices:
            if choice.value == value:
                return value, None
    return None, _INVALID


def _closed(asked: Field, posted: Sequence[str], lang: str, refusal: bool) -> _Read:
    """A closed item: an answer of its list, a number of its range, or the wish not to answer."""
    typed = _typed(posted)
    if not typed:
        return None, None
    if len(typed) > 1:
        return None, ("both", {}) if refusal and len(typed) == 2 and typed.count(REFUSE) == 1 else _INVALID
    if typed[0] == REFUSE:
        return (REFUSE, None) if refusal else (None, _INVALID)
    if asked.low is None:
        return _choice(asked, typed[0])
    coded, _ = _choice(asked, typed[0])
    return (coded, None) if coded is not None else _number(asked, typed[0], lang, whole=True)


def _number(asked: Field, text: str, lang: str, *, whole: bool) -> _Read:
    number = read_number(text, lang) if isinstance(text, str) else None
    if number is None:
        return None, ("number", {})
    if whole and number != int(number):
        return None, ("whole", {})
    low, high = asked.low, asked.high
    value = int(number) if whole else float(number)
    if (low is not None and value < low) or (high is not None and value > high):
        if low is not None and high is not None:
            return None, ("between", {"low": low, "high": high})
        return None, ("most", {"high": high}) if low is None else ("least", {"low": low})
    return value, None


def _read_number(asked: Field, form: Form, lang: str, expected: set[str]) -> _Read:
    typed = _typed(form.get(f"q.{asked.id}", ()))
    if len(typed) > 1:
        return None, _INVALID
    return _number(asked, typed[0], lang, whole=asked.type == "integer") if typed else (None, None)


def _read_multi(asked: Field, form: Form, lang: str, expected: set[str]) -> _Read:
    chosen: list[int] = []
    for text in _typed(form.get(f"q.{asked.id}", ())):
        value, fault = _choice(asked, text)
        if fault or not isinstance(value, int) or value in chosen:
            return None, _INVALID
        chosen.append(value)
    return sorted(chosen, key=[choice.value for choice in asked.choices].index) or None, None


def _read_text(asked: Field, form: Form, lang: str, expected: set[str]) -> _Read:
    posted = form.get(f"q.{asked.id}", ())
    if len(posted) > 1 or not all(isinstance(text, str) for text in posted):
        return None, _INVALID
    said = CONTROL.sub("", posted[0].replace("\r\n", "\n").replace("\r", "\n").translate(_LINE_ENDS)) if posted else ""
    if len(said) <= 10 * LONGEST_TEXT:
        said = tidy(said)
        said = " ".join(said.split("\n")) if asked.type == "text" else said
    if len(said) > LONGEST_TEXT:
        return None, ("long", {"n": LONGEST_TEXT, "found": len(said)})
    return said or None, None


def _read_date(asked: Field, form: Form, lang: str, expected: set[str]) -> _Read:
    names = [f"q.{asked.id}.{part}" for part in "ymd"]
    expected.update(names)
    whole, parts = _typed(form.get(f"q.{asked.id}", ())), [_typed(form.get(name, ())) for name in names]
    if not whole and not any(parts):
        return None, None
    if (whole and any(parts)) or len(whole) > 1 or any(len(part) > 1 for part in parts):
        return None, _INVALID
    if not all(isinstance(text, str) for part in (whole, *parts) for text in part):
        return None, _INVALID
    found = None
    if whole:
        found = read_date(whole[0], lang)
    elif all(parts):
        year, month, day = (read_whole(part[0]) for part in parts)
        if year is not None and month is not None and day is not None:
            found = date_of(year, month, day, lang)
    return (None, ("date", {})) if found is None else (found.isoformat(), None)


def _read_rank(asked: Field, form: Form, lang: str, expected: set[str]) -> _Read:
    """The answers in the order of their places; all places are given, or none."""
    values = [choice.value for choice in asked.choices if not choice.missing]
    places = asked.top or len(values)
    given: dict[int, int] = {}
    expected.update(f"q.{asked.id}.{value}" for value in values)
    for value in values:
        name = f"q.{asked.id}.{value}"
        typed = _typed(form.get(name, ()))
        if len(typed) > 1:
            return None, _INVALID
        if not typed:
            continue
        place = read_whole(typed[0]) if isinstance(typed[0], str) else None
        if place is None or not 1 <= place <= places:
            return None, ("rank_place", {"places": places})
        if place in given:
            return None, ("rank_twice", {"place": place})
        given[place] = value
    if not given:
        return None, None
    if len(given) < places:
        return None, ("rank_all", {"places": places})
    return [given[place] for place in range(1, places + 1)], None


_OPEN: Mapping[str, Callable[[Field, Form, str, set[str]], _Read]] = {
    "integer": _read_number, "decimal": _read_number, "multi": _read_multi, "text": _read_text,
    "longtext": _read_text, "date": _read_date, "rank": _read_rank,
}  # fmt: skip
