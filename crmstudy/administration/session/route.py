"""The way of one respondent through the questionnaire: which pages there are for them, and what is handed over."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from crmstudy.administration.fieldwork import Sample
from crmstudy.administration.session.conditions import Condition
from crmstudy.administration.session.layout import layout_of
from crmstudy.administration.session.order import Seed
from crmstudy.instrument.forms import Page

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Filled:
    """A questionnaire as it is handed over.

    Attributes
    ----------
    answers : dict of str to int or None
        Every item of every instrument.
    open : dict of str to answer
        The questions that were answered.
    reasons : dict of str to str
        Why an item has no answer: ``refused``, ``not-shown`` or ``not-reached``; none where it was left out.
    complete : bool
        Whether the respondent saw every page there was for them.
    dropped : tuple of str
        Questions that were answered and that a later change of another answer hid: their answers are not handed over.
    """

    answers: dict[str, int | None]
    open: dict[str, Any]
    reasons: dict[str, str]
    complete: bool
    dropped: tuple[str, ...] = ()


class Route:
    """The questionnaire of one respondent.

    Parameters
    ----------
    sample : Sample
        What is asked; pages and conditions are made once for a sample and a language.
    lang : str
        The language it is shown in.
    seed : int, str, bytes or None
        The respondent's own, from which the order of items follows; None for the order of the questionnaire.
    attributes : mapping of str to object
        What the link or the token carries, for conditions.
    unit, wave : str
        For conditions.

    Examples
    --------
    >>> from crmstudy.instrument import load_instrument
    >>> sample = Sample("staff", "staff", (load_instrument("qwl-walton"),))
    >>> view = Route(sample, "en").given({})
    >>> view.position(view.first), view.next(view.first)
    ((1, 4), 2)
    """

    __slots__ = ("_context", "_moved", "lang", "layout")

    def __init__(
        self,
        sample: Sample,
        lang: str,
        *,
        seed: Seed | None = None,
        attributes: Mapping[str, object] | None = None,
        unit: str = "",
        wave: str = "",
    ) -> None:
        self.lang = lang
        self.layout = layout_of(sample, lang)
        self._moved = self.layout.moves(seed)
        self._context: dict[str, object] = {"unit": unit, "lang": lang, "wave": wave, **(attributes or {})}
        for id in self._context.keys() & self.layout.page_of.keys():
            del self._context[id]

    @property
    def order(self) -> tuple[str, ...]:
        """Every question in the order of this respondent, also those that conditions may hide."""
        moved = self._moved
        return tuple(moved.get(id, id) for id in self.layout.asked) if moved else self.layout.asked

    def page_of(self, id: str) -> int | None:
        """The number of the page on which this respondent is asked a question; None where it is asked nowhere."""
        place = next((place for place, moved in self._moved.items() if moved == id), id)
        return self.layout.page_of.get(place)

    def given(self, answers: Mapping[str, object], refused: Collection[str] = ()) -> View:
        """What the route looks like once some questions are answered.

        Parameters
        ----------
        answers : mapping of str to answer or None
            Of every page that was posted: None where a question was seen and left out, or refused. A question that
            is not among them was not reached.
        refused : collection of str
            Those that the respondent preferred not to answer.
        """
        return View(self, answers, refused)


class View:
    """A route as far as it is known from the answers given so far (:meth:`Route.given`).

    Attributes
    ----------
    hidden : frozenset of str
        Questions and texts that these answers hide.
    pages : tuple of int
        Numbers of the pages on which anything is left to see.
    """

    __slots__ = ("_context", "_moved", "answers", "hidden", "layout", "pages", "refused")

    def __init__(self, route: Route, answers: Mapping[str, object], refused: Collection[str]) -> None:
        layout = self.layout = route.layout
        self.answers, self.refused = answers, refused
        self._moved, self._context = route._moved, route._context
        self.hidden = self._hidden() if layout.rules else _NONE
        hidden = self.hidden
        self.pages: tuple[int, ...] = tuple(
            sheet.page.number
            for sheet in layout.sheets
            if not hidden or not sheet.ruled or any(id not in hidden for id in sheet.ids)
        )

    def _hidden(self) -> frozenset[str]:
        """One pass in the order of the questionnaire: what is hidden counts as not answered for what comes later."""
        known = {**self._context, **self.answers}
        refused = set(self.refused)
        hidden: set[str] = set()
        for id, conditions in self.layout.rules.items():
            for condition in conditions:
                if not condition.holds(known, refused):
                    hidden.add(id)
                    known.pop(id, None)
                    refused.discard(id)
                    break
        return frozenset(hidden)

    def holds(self, condition: Condition) -> bool:
        """Whether a condition holds of what is known now, such as that of a quota: hidden answers do not count."""
        hidden = self.hidden
        known = {**self._context, **self.answers}
        if not hidden:
            return condition.holds(known, self.refused)
        shown = {name: answer for name, answer in known.items() if name not in hidden}
        return condition.holds(shown, [id for id in self.refused if id not in hidden])

    @property
    def first(self) -> int | None:
        """The first page; None when nothing is asked."""
        return self.pages[0] if self.pages else None

    def next(self, number: int) -> int | None:
        """The page after one, which may itself be hidden; None after the last."""
        place = bisect_right(self.pages, number)
        return self.pages[place] if place < len(self.pages) else None

    def previous(self, number: int) -> int | None:
        """The page before one; None before the first."""
        place = bisect_left(self.pages, number)
        return self.pages[place - 1] if place else None

    def may_end(self, number: int) -> bool:
        """Whether the questionnaire can end with this page, for some answers to it: it may be submitted from it."""
        return number >= self.layout.sure

    def ends(self, number: int) -> bool:
        """Whether it is known to end with this page: whatever is answered on it, or as everything is answered now."""
        if self.next(number) is not None:
            return False
        return not self.layout.waiting.get(number) or self.unfinished is None

    def position(self, number: int) -> tuple[int, int]:
        """Which page it is, of how many that are known now: "page 3 of 8"."""
        return bisect_right(self.pages, number), len(self.pages)

    def page(self, number: int) -> Page | None:
        """A page as this respondent sees it; None where there is no such page, or nothing on it to see."""
        place = bisect_left(self.pages, number)
        if place >= len(self.pages) or self.pages[place] != number:
            return None
        sheet = self.layout.sheets[number - 1]
        before = self.pages[place - 1] if place else 0
        opens, heads = before < sheet.of_instrument, before < sheet.of_section
        return self.layout.page(number, self.hidden, self._moved, opens, heads)

    @property
    def unfinished(self) -> int | None:
        """The first page that was not posted yet, or lacks an answer it must have; None when all may be submitted."""
        layout, moved = self.layout, self._moved
        for place in layout.asked:
            id = moved.get(place, place)
            if id not in self.hidden and (id not in self.answers or (id in layout.hard and self._lacks(id))):
                return layout.page_of[place]
        return None

    def _lacks(self, id: str) -> bool:
        return self.answers.get(id) is None and id not in self.refused

    def reasons(self) -> dict[str, str]:
        """Why items have no answer, as a hand-over says it; an item that was seen and left out has no reason."""
        found: dict[str, str] = {}
        for id in self.layout.items:
            if id in self.hidden:
                found[id] = "not-shown"
            elif id not in self.answers:
                found[id] = "not-reached"
            elif id in self.refused and self.answers[id] is None:
                found[id] = "refused"
        return found

    def filled(self) -> Filled:
        """The questionnaire as it is handed over: without answers to questions that are hidden now."""
        layout, hidden, answers = self.layout, self.hidden, self.answers
        kept: dict[str, Any] = {id: answers.get(id) if id not in hidden else None for id in layout.items}
        opened = {id: answers[id] for id in layout.asked
                  if id not in kept and id not in hidden and answers.get(id) is not None}  # fmt: skip
        dropped = tuple(id for id in layout.asked if id in hidden and answers.get(id) is not None)
        complete = all(id in answers or id in hidden for id in layout.asked)
        return Filled(kept, opened, self.reasons(), complete, dropped)
