"""What is asked: an instrument as frozen values, and how one respondent's answers become a scale score.

Standard library only, so that a questionnaire can be served and scored without the statistics stack.
Reversal, response range and missing codes live here and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from crmstudy.errors import Fault, InstrumentError, did_you_mean
from crmstudy.instrument.norms import Bands, NormGroup
from crmstudy.instrument.slots import Slot, fill, forms_of

Direction = Literal["ltr", "rtl"]
Method = Literal["mean", "sum"]
Measure = Literal["nominal", "ordinal", "interval"]
Texts = Mapping[str, str]  # language tag -> text

DIRECTIONS = ("ltr", "rtl")
STATUSES = ("draft", "reviewed", "back-translated", "piloted")
WORDINGS = ("paraphrase", "published", "none")
METHODS = ("mean", "sum")
RESPONDENTS = ("staff", "customer", "manager", "expert")
LEVELS = ("individual", "branch", "organisation")
MEASURES = ("nominal", "ordinal", "interval")
#: Whether an answer may be left out: yes, yes after being asked again, no.
REQUIRED = ("no", "soft", "hard")
#: Closed items: one answer, one answer that only shows whether the respondent attends, a mark on a line.
CLOSED = ("single", "attention", "slider")
#: What is not scored: several answers of a list, answers put in order, open questions, a text between questions.
OPEN = ("multi", "rank", "integer", "decimal", "text", "longtext", "date", "info")
#: Those of them that have an answer set.
LISTED = ("multi", "rank")
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
    """A language of the texts: its tag, its writing direction, how far the translation has been checked.

    ``translator``, ``source`` (key) and ``validation`` (figures of a validation study) say what is known of it.
    """

    tag: str
    direction: Direction
    status: str
    translator: str = ""
    source: str | None = None
    validation: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Rights:
    """Who holds the rights in the published wording, under what status, and what that means for a user."""

    holder: str
    status: str
    statement: str
    origin: Origin
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """The answers an item takes: whole numbers from ``low`` to ``high``, with labels and missing codes.

    A missing code with a label (``missing_labels``) is an answer that forms offer, such as "does not apply".
    ``shared`` is the name of the library's set it is, or the empty string.
    """

    id: str
    low: int
    high: int
    labels: Mapping[int, Texts] = field(default_factory=dict)
    missing_codes: tuple[int, ...] = ()
    measure: Measure = "ordinal"
    missing_labels: Mapping[int, Texts] = field(default_factory=dict)
    shared: str = ""

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
    """One closed question: its place in the questionnaire (from 1), response format, key and wording by language.

    ``original`` is its number in the published form, ``required`` whether it may be left out, ``expected`` the answer
    that shows attention (of an attention check), ``unscored`` that by intent no scale has it, ``shares`` the expected
    shares of its answers, ``construct`` what an unscored question asks for, a key of the glossary. A ``slider`` is
    answered by a mark on a line from the lowest answer to the highest (a visual analogue scale), and scored as any.
    """

    id: str
    order: int
    response: ResponseFormat
    reverse: bool = False
    wording: Texts = field(default_factory=dict)
    note: str = ""
    origin: Origin = field(default_factory=Origin)
    required: str = "soft"
    original: str = ""
    unscored: bool = False
    expected: int | None = None
    shares: Mapping[int, float] = field(default_factory=dict)
    construct: str = ""
    slider: bool = False

    @property
    def type(self) -> str:
        """``attention`` for an attention check, ``slider`` for a mark on a line, otherwise ``single``."""
        if self.expected is not None:
            return "attention"
        return "slider" if self.slider else "single"

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
class Question:
    """What is asked and not scored: an open question, several answers of a list, answers put in order; or a text.

    ``type`` is one of ``multi rank integer decimal text longtext date info``. ``response`` is the list of ``multi`` and
    ``rank``; ``low`` and ``high`` bound a number; ``top`` is how many places a ``rank`` gives, where not every answer
    gets one. ``info`` is a text between questions: it has no answer, no column and no number.
    """

    id: str
    order: int
    type: str
    response: ResponseFormat | None = None
    wording: Texts = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    required: str = "soft"
    note: str = ""
    origin: Origin = field(default_factory=Origin)
    construct: str = ""
    top: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its answers in a data file: one an answer of the list, one for an open question, or none.

        Those of ``multi`` hold 1 (chosen) or 0, those of ``rank`` the place from 1, or nothing.
        """
        if self.type in LISTED and self.response is not None:
            return tuple(f"{self.id}_{value}" for value in self.response.values)
        return () if self.type == "info" else (self.id,)

    @property
    def places(self) -> int:
        """How many places a ``rank`` gives; 0 for any other type."""
        if self.type != "rank" or self.response is None:
            return 0
        return len(self.response.values) if self.top is None else self.top


@dataclass(frozen=True, slots=True)
class Section:
    """A page of the questionnaire: heading, text, and the ids of its items and questions."""

    id: str
    entries: tuple[str, ...]
    title: Texts = field(default_factory=dict)
    text: Texts = field(default_factory=dict)
    randomise: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Items that measure one thing, and how they become a score.

    ``min_answered`` is the smallest number of answered items that still gives a score. ``reflective`` says
    that the items are effects of the construct (and internal consistency has a meaning), not its components.
    ``bands`` and ``norms`` are published meanings of the score, which hold for the published wording only.
    ``construct`` is its key in the glossary; ``rescale`` the ends that a mean is mapped to, such as 0 and 100.
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
    construct: str = ""
    higher_means: Texts = field(default_factory=dict)
    rescale: tuple[float, float] | None = None

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest score there can be."""
        return self.rescale or self.raw_range

    @property
    def raw_range(self) -> tuple[float, float]:
        """The range of the score before it is rescaled."""
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
        if self.method == "sum":
            return total * len(self.items) / answered
        score = total / answered
        return score if self.rescale is None else float(rescaled(score, self.raw_range, self.rescale))


def rescaled(score: Any, raw: tuple[float, float], ends: tuple[float, float]) -> Any:
    """Map a score, or an array of them, linearly from its raw range to other ends."""
    return ends[0] + (score - raw[0]) * (ends[1] - ends[0]) / (raw[1] - raw[0])


@dataclass(frozen=True, slots=True)
class HigherOrder:
    """A score made of scale scores: a total, or a construct of the second order.

    ``parts`` are scales; those named in ``reversed_parts`` are mirrored in their range before they are put together.
    ``min_answered`` is the smallest number of parts with a score that still gives one.
    """

    id: str
    name: Texts
    parts: tuple[Scale, ...]
    method: Method
    min_answered: int
    reflective: bool = True
    reversed_parts: tuple[str, ...] = ()
    published: tuple[Fact, ...] = ()
    bands: Bands | None = None
    norms: tuple[NormGroup, ...] = ()
    construct: str = ""
    higher_means: Texts = field(default_factory=dict)

    @property
    def part_ids(self) -> tuple[str, ...]:
        """The ids of the scales."""
        return tuple(part.id for part in self.parts)

    @property
    def items(self) -> tuple[Item, ...]:
        """The items of all parts, each once."""
        return tuple({item.id: item for part in self.parts for item in part.items}.values())

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The ids of the items of all parts, each once."""
        return tuple(item.id for item in self.items)

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest score there can be."""
        low, high = sum(part.range[0] for part in self.parts), sum(part.range[1] for part in self.parts)
        return (low, high) if self.method == "sum" else (low / len(self.parts), high / len(self.parts))

    def score(self, answers: Mapping[str, float | None]) -> float | None:
        """Score one respondent from the scores of the parts, as :meth:`Scale.score` does from items."""
        total, scored = 0.0, 0
        for part in self.parts:
            value = part.score(answers)
            if value is not None:
                total += sum(part.range) - value if part.id in self.reversed_parts else value
                scored += 1
        if scored < self.min_answered:
            return None
        return total / scored if self.method == "mean" else total * len(self.parts) / scored


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """What the source says about structure and key, for ``lint`` to compare; None where it is silent."""

    origin: Origin
    items: int | None = None
    scales: int | None = None
    reversed: int | tuple[str, ...] | None = None
    scale_items: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What an adapted version changed: the version it comes from, items dropped, added and asked otherwise."""

    of: str
    version: str
    fingerprint: str
    dropped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    rescaled: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Instrument:
    """A questionnaire: structure, keys, scoring, wording and rights, and where each of these comes from.

    ``wording`` is ``paraphrase`` (our own words, not the validated text), ``published`` or ``none``.
    ``provenance`` gives the origin of each part (structure, content, responses, scoring, reversed ...).
    ``items`` are closed and may be scored, ``questions`` are not (some of them are mere texts); ``entries`` has both in
    their order. ``level`` says what the scores describe. ``path`` is the file it was loaded from.
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
    questions: tuple[Question, ...] = ()
    higher_order: tuple[HigherOrder, ...] = ()
    slots: Mapping[str, Slot] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    level: str = "individual"
    notes: Texts = field(default_factory=dict)
    adaptation: Adaptation | None = None
    path: Path | None = field(default=None, compare=False)

    @property
    def entries(self) -> tuple[Item | Question, ...]:
        """Items, questions and texts between them, in the order of the questionnaire."""
        return tuple(sorted((*self.items, *self.questions), key=lambda entry: entry.order))

    @property
    def asked(self) -> tuple[Item | Question, ...]:
        """The entries that are answered: all but texts."""
        return tuple(entry for entry in self.entries if entry.type != "info")

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

    @property
    def scores(self) -> tuple[Scale | HigherOrder, ...]:
        """Everything that is scored: the scales, then what is made of them."""
        return (*self.scales, *self.higher_order)

    def text(self, texts: Texts, lang: str) -> str:
        """A text in a language with its slots filled in; the empty string where there is none."""
        return fill(texts.get(lang, ""), self.slots, lang)

    def filled(self, words: Mapping[str, Mapping[str, str | Mapping[str, str]]]) -> Instrument:
        """The same instrument with other words in its slots.

        Parameters
        ----------
        words : mapping
            Slot, then language, then the forms the language has (``{"system": {"ru": {"nom": ..., "gen": ...}}}``);
            a plain text does where a language has one form only, or for the first form and all others alike.

        Raises
        ------
        InstrumentError
            For slots and languages that are not declared, and for missing forms; all at once.
        """
        faults: list[str] = []
        slots = dict(self.slots)
        for id, by_language in words.items():
            if id not in slots:
                known = ", ".join(slots) or "none"
                faults.append(
                    f"the instrument '{self.id}' has no slot '{id}'.{did_you_mean(id, slots)} It has: {known}."
                )
                continue
            given = dict(_given_forms(self, id, by_language, faults))
            slots[id] = replace(slots[id], forms={**slots[id].forms, **given})
        if faults:
            raise InstrumentError([Fault(fault) for fault in faults])
        return replace(self, slots=slots)

    @cached_property
    def unverified(self) -> tuple[str, ...]:
        """The names of the parts, items and figures that nobody has checked against a source yet."""
        names = [name for name, origin in self.provenance.items() if origin.unverified]
        names += ["rights"] if self.rights.origin.unverified else []
        names += [f"item {item.id}" for item in self.items if item.origin.unverified]
        names += [f"{s.id}: {fact.name}" for s in self.scores for fact in s.published if fact.origin.unverified]
        names += [f"{s.id}: bands" for s in self.scores if s.bands is not None and s.bands.source is None]
        names += [f"{s.id}: norms {norm.id}" for s in self.scores for norm in s.norms if norm.source is None]
        return tuple(names)

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 (64 hexadecimal digits) of structure, keys and scoring.

        Wording, labels, figures and the place of the file do not enter: two files with the same fingerprint
        give the same scores to the same answers.
        """
        content: dict[str, object] = {
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
                | ({"rescale": [float(end) for end in scale.rescale]} if scale.rescale else {})
                for scale in self.scales
            ],
        }
        if self.higher_order:
            content["higher_order"] = [
                {
                    "id": score.id,
                    "parts": list(score.part_ids),
                    "reversed_parts": sorted(score.reversed_parts),
                    "method": score.method,
                    "min_answered": score.min_answered,
                    "reflective": score.reflective,
                }
                for score in self.higher_order
            ]
        text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def __repr__(self) -> str:
        return f"<Instrument {self.id} {self.version}: {len(self.items)} items, {len(self.scales)} scales>"


def _given_forms(
    instrument: Instrument, slot: str, words: Mapping[str, str | Mapping[str, str]], faults: list[str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The forms of a slot by language; what is missing or unknown is added to the faults."""
    for tag, given in words.items():
        if tag not in instrument.languages:
            declared = ", ".join(instrument.languages)
            faults.append(f"the slot '{slot}' is given in '{tag}', which the instrument has not; it has: {declared}.")
            continue
        wanted = forms_of(tag)
        forms = dict.fromkeys(wanted, given) if isinstance(given, str) else dict(given)
        missing = [form for form in wanted if not str(forms.get(form, "")).strip()]
        unknown = [form for form in forms if form not in wanted]
        if missing or unknown:
            said = [f"lacks {', '.join(missing)}"] if missing else []
            said += [f"has unknown forms {', '.join(unknown)}"] if unknown else []
            faults.append(f"the slot '{slot}' in '{tag}' {' and '.join(said)}; its forms are {', '.join(wanted)}.")
            continue
        yield tag, forms
