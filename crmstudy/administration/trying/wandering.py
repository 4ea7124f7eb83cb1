"""Which conditional questions can appear at all: respondents of chance go through the questionnaire."""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass
from typing import Any

from crmstudy.administration.fieldwork import Fieldwork, Sample
from crmstudy.administration.session.route import Route
from crmstudy.instrument.forms import Field

#: So many respondents of chance; a question that depends on a rarer pattern of answers may be missed.
WALKS = 400


@dataclass(frozen=True, slots=True)
class Seen:
    """Conditional questions that no walk showed, and those that every walk showed."""

    never: tuple[str, ...]
    always: tuple[str, ...]


def wander(fieldwork: Fieldwork, sample: Sample, *, walks: int = WALKS) -> Seen:
    """Walk through a questionnaire with answers of chance, the same ones every time.

    Attributes of links and tokens are not known here: they are left empty.
    """
    chance = random.Random(20_261_126)
    rules = Route(sample, fieldwork.languages[0]).layout.rules
    shown, hidden = set[str](), set[str]()
    for walk in range(walks if rules else 0):
        view_hidden = _walk(fieldwork, sample, walk, chance)
        hidden |= view_hidden
        shown |= rules.keys() - view_hidden
    return Seen(tuple(sorted(rules.keys() - shown)), tuple(sorted(rules.keys() - hidden)))


def _walk(fieldwork: Fieldwork, sample: Sample, walk: int, chance: random.Random) -> frozenset[str]:
    """One respondent: the conditional questions that were hidden from them at the end."""
    languages, units, waves = fieldwork.languages, tuple(fieldwork.units) or ("",), sample.waves
    route = Route(
        sample,
        languages[walk % len(languages)],
        unit=units[walk % len(units)],
        wave=waves[walk % len(waves)].id,
    )
    answers: dict[str, Any] = {}
    refused: set[str] = set()
    for sheet in route.layout.sheets:
        page = route.given(answers, refused).page(sheet.page.number)
        for asked in page.fields if page is not None else ():
            answers[asked.id] = None if asked.required != "hard" and chance.random() < 0.05 else _answer(asked, chance)
            if answers[asked.id] is None and chance.random() < 0.5:
                refused.add(asked.id)
    return frozenset(route.given(answers, refused).hidden & route.layout.rules.keys())


def _answer(asked: Field, chance: random.Random) -> Any:
    """Any answer that may be given to a question."""
    values = [choice.value for choice in asked.choices]
    if asked.type == "multi":
        return [value for value in values if chance.random() < 0.5] or None
    if asked.type == "rank":
        places = [choice.value for choice in asked.choices if not choice.missing]
        return chance.sample(places, asked.top or len(places))
    if asked.type == "date":
        return (dt.date(1950, 1, 1) + dt.timedelta(days=chance.randrange(36_525))).isoformat()
    if asked.type in ("text", "longtext"):
        return "text"
    if values and asked.low is None:
        return chance.choice(values)
    low, high = _bounds(asked)
    return chance.randint(low, high)


def _bounds(asked: Field) -> tuple[int, int]:
    low = math.ceil(asked.low) if asked.low is not None else 0
    high = math.floor(asked.high) if asked.high is not None else low + 100
    return low, max(low, high)
