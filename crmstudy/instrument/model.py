"""What is asked: an instrument as frozen values, and how one respondent's answers become a scale score.

Standard library only, so that a questionnaire can be served and scored without the statistics stack.
Reversal, response range and missing codes live here and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from crmstudy.errors import InstrumentError, did_you_mean
from crmstudy.instrument.norms import Bands, NormGroup

Direction = Literal["ltr", "rtl"]
Method = Literal["mean", "sum"]
Texts = Mapping[str, str]  # language tag -> text

DIRECTIONS = ("ltr", "rtl")
STATUSES = ("draft", "reviewed", "back-translated", "piloted")
WORDINGS = ("paraphrase", "published", "none")
METHODS = ("mean", "sum")
RESPONDENTS = ("staff", "customer", "manager", "expert")
#: How far apart the ends of a response format may lie: sliders of 0 to 100 and percentages in tenths fit.
WIDEST = 1000
TOO_WIDE = f"a response range spans at most {WIDEST}; a measured number (income, minutes) is no item but a variable"
RIGHTS = ("public-domain", "open-licence", "free-research", "permission", "commercial", "unknown")


@dataclass(frozen=True, slots=True)
class Source:
    """A work that facts are taken from: its key in the file, the full reference, the DOI if there is one."""

    key: str
    reference: str
    doi: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact comes from: the key of a source, or ``unverified`` when nobody has checked it."""

    source: str | None = None
    unverified: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A published or computed figure (``name`` such as alpha, ave, composite_reliability) with its origin."""

    name: str
    value: float
    origin: Origin
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the texts: its tag, its writing direction, how far the translation has been checked."""

    tag: str
    direction: Direction
    status: str


@dataclass(frozen=True, slots=True)
class Rights:
    """Who holds the rights in the published wording, under what status, and what that means for a user."""

    holder: str
    status: str
    statement: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """The answers an item takes: whole numbers from ``low`` to ``high``, with labels and missing codes."""

    id: str
    low: int
    high: int
    labels: Mapping[int, Texts] = field(default_factory=dict)
    missing_codes: tuple[int, ...] = ()

    @property
    def values(self) -> tuple[int, ...]:
        """Every answer from low to high."""
        return tuple(range(self.low, self.high + 1))

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range."""
        return self.low <= value <= self.high

    def reverse(self, value: float) -> float:
        """Mirror an answer, low + high − value: mirroring twice gives the answer back."""
        return self.low + self.high - value

    def label(self, value: int, lang: str) -> str:
        """Give the label of an answer in a language, or the empty string."""
        return self.labels.get(value, {}).get(lang, "")


@dataclass(frozen=True, slots=True)
class Item:
    """One question: its place in the questionnaire (from 1), response format, key and wording by language."""

    id: str
    order: int
    response: ResponseFormat
    reverse: bool = False
    wording: Texts = field(default_factory=dict)
    note: str = ""
    origin: Origin = field(default_factory=Origin)

    def usable(self, answer: float | None) -> float | None:
        """Give the keyed answer (mirrored when the item is reversed), or None when it is no answer.

        No answer are: None, NaN, a missing code, and a value outside the response range.
        """
        if answer is None or math.isnan(answer) or answer in self.response.missing_codes:
            return None
        if not self.response.holds(answer):
            return None
        return self.response.reverse(answer) if self.reverse else answer


@dataclass(frozen=True, slots=True)
class Scale:
    """Items that measure one thing, and how they become a score.

    ``min_answered`` is the smallest number of answered items that still gives a score. ``reflective`` says
    that the items are effects of the construct (and internal consistency has a meaning), not its components.
    ``bands`` and ``norms`` are published meanings of the score, which hold for the published wording only.
    """

    id: str
    name: Texts
    items: tuple[Item, ...]
    method: Method
    min_answered: int
    reflective: bool = True
    published: tuple[Fact, ...] = ()
    bands: Bands | None = None
    norms: tuple[NormGroup, ...] = ()

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest score there can be."""
        low, high = sum(item.response.low for item in self.items), sum(item.response.high for item in self.items)
        return (low, high) if self.method == "sum" else (low / len(self.items), high / len(self.items))

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The ids of the items, in the order of the scale."""
        return tuple(item.id for item in self.items)

    def score(self, answers: Mapping[str, float | None]) -> float | None:
        """Score one respondent.

        Parameters
        ----------
        answers : mapping of item id to number or None
            Answers as given (not reversed). An item that is absent counts as not answered.

        Returns
        -------
        float or None
            The mean of the answered items, or for ``sum`` that mean times the number of items, so that
            nothing missing is ever counted as 0. None when fewer than ``min_answered`` items were answered.

        Examples
        --------
        >>> five = ResponseFormat("agree", 1, 5)
        >>> scale = Scale("x", {}, (Item("a", 1, five), Item("b", 2, five, reverse=True)), "sum", 1)
        >>> scale.score({"a": 4, "b": 2}), scale.score({"a": 4, "b": None}), scale.score({})
        (8.0, 8.0, None)
        """
        total, answered = 0.0, 0
        for item in self.items:  # not sum(): from Python 3.12 it rounds otherwise than the vectorised scoring
            value = item.usable(answers.get(item.id))
            if value is not None:
                total += value
                answered += 1
        if answered < self.min_answered:
            return None
        return total / answered if self.method == "mean" else total * len(self.items) / answered


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """What the source says about structure and key, for ``lint`` to compare; None where it is silent."""

    origin: Origin
    items: int | None = None
    scales: int | None = None
    reversed: int | tuple[str, ...] | None = None
    scale_items: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Instrument:
    """A questionnaire: structure, keys, scoring, wording and rights, and where each of these comes from.

    ``wording`` is ``paraphrase`` (our own words, not the validated text), ``published`` or ``none``.
    ``provenance`` gives the origin of each part (structure, content, responses, scoring, reversed ...).
    ``path`` is the file it was loaded from.
    """

    id: str
    version: str
    name: Texts
    respondent: str
    wording: str
    languages: Mapping[str, Language]
    responses: Mapping[str, ResponseFormat]
    items: tuple[Item, ...]
    scales: tuple[Scale, ...]
    rights: Rights
    provenance: Mapping[str, Origin]
    sources: Mapping[str, Source] = field(default_factory=dict)
    published: PublishedKey | None = None
    description: Texts = field(default_factory=dict)
    instructions: Texts = field(default_factory=dict)
    path: Path | None = field(default=None, compare=False)

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The ids of all items, in the order of the questionnaire."""
        return tuple(item.id for item in self.items)

    @property
    def scale_ids(self) -> tuple[str, ...]:
        """The ids of all scales."""
        return tuple(scale.id for scale in self.scales)

    def item(self, id: str) -> Item:
        """Give the item with this id; raises InstrumentError with the near miss when there is none."""
        for item in self.items:
            if item.id == id:
                return item
        hint = did_you_mean(id, self.item_ids)
        raise InstrumentError(f"the instrument '{self.id}' has no item '{id}'.{hint}")

    def scale(self, id: str) -> Scale:
        """Give the scale with this id; raises InstrumentError with the near miss when there is none."""
        for scale in self.scales:
            if scale.id == id:
                return scale
        hint = did_you_mean(id, self.scale_ids) or f" It has: {', '.join(self.scale_ids)}."
        raise InstrumentError(f"the instrument '{self.id}' has no scale '{id}'.{hint}")

    @cached_property
    def unverified(self) -> tuple[str, ...]:
        """The names of the parts, items and figures that nobody has checked against a source yet."""
        names = [name for name, origin in self.provenance.items() if origin.unverified]
        names += ["rights"] if self.rights.origin.unverified else []
        names += [f"item {item.id}" for item in self.items if item.origin.unverified]
        names += [f"{s.id}: {fact.name}" for s in self.scales for fact in s.published if fact.origin.unverified]
        names += [f"{s.id}: bands" for s in self.scales if s.bands is not None and s.bands.source is None]
        names += [f"{s.id}: norms {norm.id}" for s in self.scales for norm in s.norms if norm.source is None]
        return tuple(names)

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 (64 hexadecimal digits) of structure, keys and scoring.

        Wording, labels, figures and the place of the file do not enter: two files with the same fingerprint
        give the same scores to the same answers.
        """
        content = {
            "id": self.id,
            "version": self.version,
            "items": [
                {
                    "id": item.id,
                    "low": item.response.low,
                    "high": item.response.high,
                    "missing_codes": sorted(item.response.missing_codes),
                    "reverse": item.reverse,
                }
                for item in self.items
            ],
            "scales": [
                {
                    "id": scale.id,
                    "items": list(scale.item_ids),
                    "method": scale.method,
                    "min_answered": scale.min_answered,
                    "reflective": scale.reflective,
                }
                for scale in self.scales
            ],
        }
        text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def __repr__(self) -> str:
        return f"<Instrument {self.id} {self.version}: {len(self.items)} items, {len(self.scales)} scales>"
