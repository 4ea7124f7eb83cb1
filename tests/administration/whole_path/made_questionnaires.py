"""Any study that can be asked: instruments of every kind of question, sections, conditions, quotas, random orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from crmstudy.administration.fieldwork import Fieldwork, Paradata, Quota, Sample, Unit
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.model import HigherOrder, Item, Question, ResponseFormat, Scale, Section

TAGS = ("en", "fa", "ru")


def _labels(values, name):
    return {value: {tag: f"{name} {tag} {value}" for tag in TAGS} for value in values}


#: Answer sets: labelled, with a missing code that is offered and one that is not; one that reads the same in some
#: languages only; short; only the ends labelled; long; wide.
FIVE = ResponseFormat("five", 1, 5, _labels(range(1, 6), "five"), (-8, -9), missing_labels=_labels((-8,), "none"))
TWIN = ResponseFormat("twin", 1, 5, {
    value: {**texts, "fa": f"twin {value}"} for value, texts in FIVE.labels.items()
}, (-8,), missing_labels=FIVE.missing_labels)  # fmt: skip
TWO = ResponseFormat("two", 0, 1, _labels((0, 1), "two"), measure="nominal")
SEVEN = ResponseFormat("seven", -3, 3, _labels((-3, 3), "end"))
LONG = ResponseFormat("long", 1, 15, _labels(range(1, 16), "town"), measure="nominal")
WIDE = ResponseFormat("wide", 0, 100, _labels((0, 100), "end"), (-8,), missing_labels=_labels((-8,), "none"))
LIST = ResponseFormat("list", 1, 4, _labels(range(1, 5), "list"), (-8,), missing_labels=_labels((-8,), "none"))
CLOSED = (FIVE, FIVE, FIVE, TWIN, TWO, SEVEN, LONG, WIDE)
OPEN = ("multi", "rank", "integer", "decimal", "text", "longtext", "date", "info")


@dataclass(frozen=True)
class Made:
    """A study, and its conditions and quotas as trees, which nobody had to read from a text."""

    fieldwork: Fieldwork
    rules: dict[str, list[object]] = field(default_factory=dict)
    quotas: dict[str, tuple[object, int]] = field(default_factory=dict)

    @property
    def sample(self) -> Sample:
        """Its only sample."""
        return self.fieldwork.samples["s"]

    @property
    def entries(self):
        """Everything that stands in it, in the order of the questionnaire."""
        return [entry for one in self.sample.instruments for entry in one.entries]


def _words(id):
    return {tag: f"{tag} {id}" for tag in TAGS}


def _entry(draw, id, place):
    required = draw(st.sampled_from(["soft", "soft", "no", "hard"]))
    kind = draw(st.sampled_from(["item"] * 7 + ["check", "line", *OPEN]))
    if kind == "item":
        response = draw(st.sampled_from(CLOSED))
        return Item(id, place, response, draw(st.booleans()), _words(id), required=required)
    if kind == "check":
        return Item(id, place, FIVE, wording=_words(id), required=required, expected=draw(st.integers(1, 5)))
    if kind == "line":
        return Item(id, place, WIDE, wording=_words(id), required=required, slider=True)
    more = {}
    if kind in ("integer", "decimal"):
        more = {"low": draw(st.sampled_from([None, 0, -5])), "high": draw(st.sampled_from([None, 40, 99]))}
    if kind == "rank":
        more = {"top": draw(st.sampled_from([None, 2]))}
    response = LIST if kind in ("multi", "rank") else None
    if kind != "info":
        more["required"] = required
    return Question(id, place, kind, response, _words(id), **more)


def _instrument(draw, nth):
    entries = [_entry(draw, f"q{nth}_{place}", place) for place in range(1, draw(st.integers(2, 11)))]
    items = [one for one in entries if isinstance(one, Item)]
    if not items:
        items = [Item(f"q{nth}_x", len(entries) + 1, FIVE, wording=_words(f"q{nth}_x"))]
        entries += items
    scored = [one for one in items if one.expected is None]
    cut = draw(st.integers(0, len(scored)))
    scales = []
    for name, its in (("a", scored[:cut]), ("b", scored[cut:])):
        if its:
            least = draw(st.integers(1, len(its)))
            method = draw(st.sampled_from(["mean", "sum"]))
            scales.append(Scale(f"s{nth}{name}", _words(name), tuple(its), method, least))
    turned = tuple(scale.id for scale in scales[:1])
    whole = [HigherOrder(f"w{nth}", _words("w"), tuple(scales), "mean", 1, reversed_parts=turned)]
    sections, ids = [], [one.id for one in entries]
    while ids and (sections or draw(st.booleans())):
        size = draw(st.integers(1, len(ids)))
        sections.append(Section(f"part{nth}_{len(sections)}", tuple(ids[:size]), _words("part"), _words("text")))
        ids = ids[size:]
    return draft(
        f"i{nth}", name=_words("i"), items=items, questions=[one for one in entries if isinstance(one, Question)],
        scales=scales, higher_order=whole if len(scales) > 1 else [], sections=sections,
        languages=TAGS, instructions=_words("instructions"),
    )  # fmt: skip


def _leaf(draw, earlier):
    """A comparison with something asked before, or known of the respondent."""
    known = [one for one in earlier if not (isinstance(one, Question) and one.type == "info")]
    if not known or draw(st.integers(0, 6)) == 0:
        return draw(st.sampled_from([
            ("=", "lang", "fa"), ("!=", "unit", "north"), ("in", "shift", ["day", "night"], False), (">", "level", 2),
            ("answered", "shift"), ("=", "unit", "south"), ("!=", "lang", "ru"), ("=", "level", 3),
        ]))  # fmt: skip
    one = draw(st.sampled_from(known))
    if draw(st.integers(0, 4)) == 0:
        return (draw(st.sampled_from(["answered", "refused"])), one.id)
    if isinstance(one, Item):
        low, high = one.response.low, one.response.high
        value = draw(st.sampled_from([low, high, (low + high) // 2, *one.response.missing_codes]))
        if draw(st.booleans()):
            return ("in", one.id, [low, value], draw(st.booleans()))
        sign = draw(st.sampled_from(["=", "!=", ">", "<"]))
        if sign in "<>":
            value = low if sign == ">" else high
        return (sign, one.id, value)
    if one.type == "multi":
        return ("has", one.id, draw(st.sampled_from([1, 2, -8])), draw(st.booleans()))
    if one.type in ("integer", "decimal"):
        return (draw(st.sampled_from(["=", "!=", ">", "<=", "<"])), one.id, draw(st.sampled_from([7, 12])))
    if one.type == "date":
        return (draw(st.sampled_from(["<", ">="])), one.id, "2021-03-21")
    if one.type in ("text", "longtext"):
        return (draw(st.sampled_from(["=", "!="])), one.id, "да")
    return ("answered", one.id)


def _tree(draw, earlier, depth=2):
    how = draw(st.sampled_from(["leaf", "leaf", "leaf", "not", "and", "or"])) if depth else "leaf"
    if how == "leaf":
        return _leaf(draw, earlier)
    if how == "not":
        return ("not", _tree(draw, earlier, depth - 1))
    return (how, _tree(draw, earlier, depth - 1), _tree(draw, earlier, depth - 1))


def written(tree):
    """A tree as a text, with brackets wherever they may stand."""
    sign, *rest = tree
    if sign in ("and", "or"):
        return f"({written(rest[0])}) {sign} ({written(rest[1])})"
    if sign == "not":
        return f"not ({written(rest[0])})"
    if sign in ("answered", "refused"):
        return f"{sign}({rest[0]})"
    if sign == "has":
        return f"{rest[0]} {'not ' * rest[2]}has {rest[1]}"
    if sign == "in":
        return f"{rest[0]} {'not ' * rest[2]}in ({', '.join(map(_value, rest[1]))})"
    return f"{rest[0]} {sign} {_value(rest[1])}"


def _value(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


@st.composite
def studies(draw):
    """A study with one sample, asked by token, in three languages and any mode."""
    instruments = [_instrument(draw, nth) for nth in range(draw(st.integers(1, 2)))]
    entries = [entry for one in instruments for entry in one.entries]
    conditions, rules = {}, {}
    targets = [(entry.id, [entry.id]) for entry in entries]
    targets += [(section.id, list(section.entries)) for one in instruments for section in one.sections]
    places = {entry.id: place for place, entry in enumerate(entries)}
    for id, its in targets:
        first = places[its[0]]
        if first and draw(st.integers(0, 3)) == 0:
            tree = _tree(draw, entries[:first])
            conditions[id] = written(tree)
            for one in its:
                rules.setdefault(one, []).append(tree)
    quotas = {f"quota{n}": (_tree(draw, entries, 1), draw(st.integers(1, 2))) for n in range(draw(st.integers(0, 2)))}
    mode = draw(st.sampled_from(["anonymous", "confidential", "identified"]))
    named = mode != "anonymous"
    sample = Sample(
        "s", "staff", tuple(instruments), entry="token", rows=draw(st.integers(2, 7)), refusal=draw(st.booleans()),
        randomise=tuple(one.id for one in instruments if draw(st.booleans())), conditions=conditions,
        quotas=tuple(Quota(id, written(tree), limit) for id, (tree, limit) in quotas.items()),
        feedback=tuple(score.id for one in instruments for score in one.scores), attributes=("who", "shift", "level"),
        unfinished=draw(st.sampled_from(["discard", "keep"])), linking="key-file" if named else "none",
    )  # fmt: skip
    paradata = Paradata("fine" if named else "coarse", named, draw(st.booleans()))
    units = {id: Unit(id, {"en": id}, "branch") for id in ("north", "south")}
    fieldwork = Fieldwork(
        Path(), {"en": "Study"}, TAGS, {"s": sample}, mode=mode, k=5, units=units, levels=("branch",),
        paradata=paradata, address="http://survey.example.org",
    )  # fmt: skip
    return Made(fieldwork, rules, quotas)
