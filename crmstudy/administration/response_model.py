r"""Made-up respondents: what they would answer, by a model that is stated here and no survey ever had.

**Traits.** A respondent has a general level g ~ N(0, 1), a twentieth of whose variance is that of the unit. The trait
of every scale is

.. math:: \theta_s = \pm\sqrt{.36}\, g + \sqrt{.64}\, u_s, \qquad u_s \sim N(0, 1),

so that any two scales correlate by .36; minus for a scale that a score of the second order reverses. In a panel g and
:math:`u_s` are those of the person, and four fifths of their variance last from wave to wave.

**Items.** An item of a scale is answered by :math:`x = \lambda\theta_s + \sqrt{1-\lambda^2}\, e` with a loading drawn
once for the item from .65 to .85; an item of no scale has a trait of its own and :math:`\lambda = .4` on g. Thresholds
cut x into answers: at the expected shares of the item where its file has them, otherwise they part -2.2 to 2.2 evenly,
moved by -0.35, as people agree more often than not. A reversed item is answered by the mirror image, so that its key
puts it right again. A mark on a line is :math:`\Phi(0.8 x + 0.25)` of the way. With four items of five answers this
gives a coefficient alpha of about .8.

**Behaviour.** A share of people is careless: half of them tick the same place all along, half at random, and all are
fast. The others pass checks of attention with probability .97. Answers are left out at random; where "prefer not to
answer" is offered, a third of them are refused. A share breaks off, at a page at random.

Everything follows from the seed: normal deviates are quantiles of uniform ones of Python's Mersenne Twister.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from crmstudy.administration.fieldwork import Sample
from crmstudy.administration.session.answers import REFUSE
from crmstudy.instrument.forms import Field, Page
from crmstudy.instrument.model import Item

Style = Literal["attentive", "straight", "random"]
#: Correlation of two scales; share of the variance of g between units; share of a trait that lasts between waves.
BETWEEN_SCALES, BETWEEN_UNITS, LASTING = 0.36, 0.05, 0.8
LOADINGS, LONE_LOADING = (0.65, 0.85), 0.4
_EDGE, _SHIFT = 2.2, -0.35
_ATTENTIVE, _REFUSED, _CHOSEN = 0.97, 1 / 3, 0.35
_WRITES = {"text": 0.7, "longtext": 0.25}
_NORMAL = NormalDist()
_DAYS = (dt.date(1965, 1, 1), dt.date(2005, 12, 31))
#: What made-up people write.
_WRITTEN = {"fa": "پاسخ ساختگی", "ru": "Вымышленный ответ", "en": "Made-up answer"}


@dataclass(frozen=True, slots=True)
class Measured:
    """How an item measures: the trait it belongs to, its loading, thresholds of its answers (raw ones with shares)."""

    item: Item
    trait: str
    loading: float
    thresholds: tuple[float, ...]
    raw: bool


@dataclass(frozen=True, slots=True)
class World:
    """What all made-up respondents of a sample share."""

    sample: Sample
    seed: int
    items: Mapping[str, Measured]
    signs: Mapping[str, int]


@dataclass(slots=True)
class Person:
    """One made-up respondent in one wave."""

    rng: random.Random
    traits: Mapping[str, float]
    g: float
    style: Style
    place: float


def make_world(sample: Sample, seed: int) -> World:
    """The loadings and thresholds of the items of a sample."""
    items: dict[str, Measured] = {}
    signs: dict[str, int] = {}
    for instrument in sample.instruments:
        owner = {item.id: scale.id for scale in reversed(instrument.scales) for item in scale.items}
        turned = {part for score in instrument.higher_order for part in score.reversed_parts}
        signs |= {f"{instrument.id} {scale.id}": -1 if scale.id in turned else 1 for scale in instrument.scales}
        for item in instrument.items:
            rng = random.Random(f"{seed} item {instrument.id} {item.id}")
            alone = item.id not in owner
            loading = LONE_LOADING if alone else LOADINGS[0] + (LOADINGS[1] - LOADINGS[0]) * rng.random()
            trait = f"{instrument.id} {item.id}" if alone else f"{instrument.id} {owner[item.id]}"
            items[item.id] = Measured(item, trait if not alone else "", loading, _thresholds(item), bool(item.shares))
    return World(sample, seed, items, signs)


def _thresholds(item: Item) -> tuple[float, ...]:
    values = item.response.values
    if item.shares:
        total, held, cuts = sum(item.shares.values()) or 1.0, 0.0, []
        for value in values[:-1]:
            held += item.shares.get(value, 0.0) / total
            cuts.append(_NORMAL.inv_cdf(min(max(held, 1e-6), 1 - 1e-6)))
        return tuple(cuts)
    n = len(values)
    return tuple(_SHIFT - _EDGE + 2 * _EDGE * nth / n for nth in range(1, n))


def make_person(world: World, number: int, wave: str, unit: str, careless: float) -> Person:
    """A respondent: the same number is the same person in every wave."""
    sample = world.sample.id
    lasting = random.Random(f"{world.seed} person {sample} {number}")
    passing = random.Random(f"{world.seed} wave {sample} {number} {wave}")
    among = random.Random(f"{world.seed} unit {sample} {unit}")
    level = math.sqrt(BETWEEN_UNITS) * _normal(among) if unit else 0.0
    own = _mixed(lasting, passing)
    g = level + math.sqrt(1 - BETWEEN_UNITS) * own if unit else own
    traits = {
        name: sign * math.sqrt(BETWEEN_SCALES) * g + math.sqrt(1 - BETWEEN_SCALES) * _mixed(lasting, passing)
        for name, sign in world.signs.items()
    }
    style: Style = "attentive"
    if passing.random() < careless:
        style = "straight" if passing.random() < 0.5 else "random"
    return Person(passing, traits, g, style, passing.random())


def post(world: World, person: Person, page: Page, lang: str, missing: float, *, refusal: bool) -> dict[str, list[str]]:
    """What a made-up respondent posts from a page."""
    form: dict[str, list[str]] = {}
    for asked in page.fields:
        measured = world.items.get(asked.id)
        drawn = person.rng.random()
        if asked.required != "hard" and drawn < missing:
            if measured is not None and refusal and drawn < missing * _REFUSED:
                form[f"q.{asked.id}"] = [REFUSE]
        elif measured is not None:
            form[f"q.{asked.id}"] = [str(_closed(person, measured, asked))]
        else:
            form |= _open(person, asked, lang)
    return form


def _closed(person: Person, measured: Measured, asked: Field) -> int:
    item = measured.item
    values = item.response.values
    if person.style == "straight":
        return values[min(int(person.place * len(values)), len(values) - 1)]
    if person.style == "random":
        return values[int(person.rng.random() * len(values))]
    if item.expected is not None and person.rng.random() < _ATTENTIVE:
        return item.expected
    theta = person.traits[measured.trait] if measured.trait else person.g
    x = measured.loading * theta + math.sqrt(1 - measured.loading**2) * _normal(person.rng)
    if item.slider or asked.low is not None:
        place = round((len(values) - 1) * _NORMAL.cdf(0.8 * x + 0.25))
    elif measured.raw:
        return values[_place(-x if item.reverse else x, measured.thresholds)]
    else:
        place = _place(x, measured.thresholds)
    return values[len(values) - 1 - place] if item.reverse else values[place]


def _place(x: float, thresholds: tuple[float, ...]) -> int:
    return sum(x > cut for cut in thresholds)


def _open(person: Person, asked: Field, lang: str) -> dict[str, list[str]]:
    rng, name = person.rng, f"q.{asked.id}"
    if asked.type == "multi":
        values = [choice.value for choice in asked.choices if not choice.missing]
        chosen = [value for value in values if rng.random() < _CHOSEN]
        return {name: [str(value) for value in chosen or [values[int(rng.random() * len(values))]]]}
    if asked.type == "rank":
        values = [choice.value for choice in asked.choices if not choice.missing]
        order = sorted(values, key=lambda value: rng.random() + 0.15 * values.index(value))
        return {f"{name}.{value}": [str(nth)] for nth, value in enumerate(order[: asked.top or len(order)], start=1)}
    if asked.type in ("integer", "decimal"):
        low = asked.low if asked.low is not None else min(0.0, asked.high if asked.high is not None else 0.0)
        high = asked.high if asked.high is not None else low + 100
        number = low + (high - low) * (rng.random() + rng.random() + rng.random()) / 3
        return {
            name: [str(_whole_within(number, low, high)) if asked.type == "integer" else _decimal(number, low, high)]
        }
    if asked.type == "date":
        first, last = _DAYS
        day = first + dt.timedelta(days=int(rng.random() * (last - first).days))
        return {name: [day.isoformat()]}
    if asked.required != "hard" and rng.random() > _WRITES[asked.type]:
        return {}
    said = _WRITTEN.get(lang.split("-")[0], _WRITTEN["en"])
    return {name: [f"{said} {int(rng.random() * 1000)}"]}


def _whole_within(number: float, low: float, high: float) -> int:
    return min(max(round(number), math.ceil(low)), math.floor(high))


def _decimal(number: float, low: float, high: float) -> str:
    rounded = round(number, 2)
    return f"{rounded if low <= rounded <= high else number:f}".rstrip("0").rstrip(".")


def seconds(person: Person, page: Page) -> int:
    """How long a made-up respondent takes for a page."""
    each = 1.2 if person.style != "attentive" else 5.5
    return max(1, round(each * len(page.fields) * math.exp(0.35 * _normal(person.rng))))


def _mixed(lasting: random.Random, passing: random.Random) -> float:
    return math.sqrt(LASTING) * _normal(lasting) + math.sqrt(1 - LASTING) * _normal(passing)


def _normal(rng: random.Random) -> float:
    return _NORMAL.inv_cdf(min(max(rng.random(), 1e-12), 1 - 1e-12))
