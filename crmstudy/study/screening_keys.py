"""The keys of ``screening`` in ``study.yaml``: rules with their settings, and what else is done about doubtful rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crmstudy.declared import Declared, Where
from crmstudy.screening.settings import CUTOFFS, PAIRED, RULES
from crmstudy.study.forms import Choice, Code, Either, Flag, Key, ListOf, MapOf, Number, Section, Text, spell

_COLUMN = "the name of a column"


@dataclass(frozen=True, slots=True)
class Answer:
    """The right answer to an attention check: a number, a text, or a list of them."""

    wanted: str = "a number, a text, or a list of them"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse everything else."""
        if isinstance(doc.get(where), list):
            ListOf(Code(), "answers", 1).check(doc, where)
        else:
            Code().check(doc, where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of an answer."""
        return {"anyOf": [Code().schema(), ListOf(Code(), "answers", 1).schema()]}


@dataclass(frozen=True, slots=True)
class Columns:
    """The name of a column, or a list of them."""

    wanted: str = "the name of a column, or a list of them"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse everything else."""
        if isinstance(doc.get(where), list):
            ListOf(Text(_COLUMN), "columns", 1).check(doc, where)
        else:
            Text(_COLUMN).check(doc, where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of columns."""
        return {"anyOf": [Text().schema(), ListOf(Text(), "columns", 1).schema()]}


@dataclass(frozen=True, slots=True)
class OrOff:
    """A mapping, or the word ``false``, which switches off what it sets."""

    section: Section

    @property
    def wanted(self) -> str:
        """Both in words."""
        return f"a mapping of {', '.join(f'`{key.name}`' for key in self.section.keys)} (or `false`: off)"

    def check(self, doc: Declared, where: Where) -> None:
        """Check a mapping as such; refuse everything else but ``false``."""
        value = doc.get(where)
        if value is False:
            return
        if isinstance(value, dict):
            self.section.check(doc, where)
        else:
            doc.refuse(f"{spell(where)} must be {self.wanted}; found {value!r}.", where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of either."""
        return {"anyOf": [self.section.schema(), {"const": False}]}


def _cut(name: str, meaning: str) -> Key:
    """A rule that cuts an index: a number, or where it is cut, and for pairs from which correlation on."""
    sides, low, high = CUTOFFS[name]
    number = Number(low, None if high > 1e9 else high, or_off=True)
    said = {"below": "Flag values below it.", "above": "Flag values above it."}
    bound = Number(low, None if high > 1e9 else high)
    keys = [Key(side, bound, said[side]) for side in sides]
    if name in PAIRED:
        keys.append(Key("critical", Number(0, 1, open_ends=True), "Least correlation of a pair of items, in size."))
    return Key(name, Either(number, Section(tuple(keys))), meaning)


TIME = Section(
    (
        Key("column", Columns(), "Column of the response time; several are added up.", True),
        Key("below", Number(0), "Flag shorter times, in the unit of the column.", True),
        Key("per", Choice(("total", "item")), "Compare the time as it is, or over the number of items."),
    )
)
ATTENTION = Section(
    (
        Key("checks", MapOf(Answer(), "right answers", 1, pattern=None), "Columns and their right answers.", True),
        Key("wrong", Number(1, whole=True), "Flag so many wrong answers; 1 when left out."),
    )
)
SCREENING = Section(
    (
        Key(
            "missing", Number(0, 1, or_off=True), "Flag rows with at least this share of items unanswered.", default=0.5
        ),
        Key("range", Flag(), "Flag rows with an answer outside the response range.", default=True),
        Key("duplicates", Flag(), "Flag rows that repeat an earlier one.", default=True),
        Key(
            "longstring",
            Number(2, whole=True, or_off=True),
            "Flag rows with at least so many equal answers in a row; left out: half of the items, at least 6.",
        ),
        Key(
            "mahalanobis",
            Number(0, 1, open_ends=True, or_off=True),
            "Flag complete rows whose distance from the others has a smaller p.",
            default=0.001,
        ),
        _cut("longstring_mean", "Flag rows whose runs of equal answers are at least so long on average."),
        _cut("irv", "Flag rows whose answers have a standard deviation below it (or above)."),
        _cut("even_odd", "Flag rows whose even–odd consistency is below it."),
        _cut("psychsyn", "Flag rows that answer psychometric synonyms with a correlation below it."),
        _cut("psychant", "Flag rows that answer psychometric antonyms with a correlation above it."),
        _cut("person_total", "Flag rows whose person–total correlation is below it."),
        Key("response_time", OrOff(TIME), "Flag rows that were answered too fast."),
        Key("attention", OrOff(ATTENTION), "Flag rows that fail attention checks."),
        Key("exclude", ListOf(Choice(RULES), "rules"), "Rules whose flagged rows are left out.", default=()),
        Key(
            "sensitivity",
            Flag(),
            "Where rows are flagged, repeat the analyses of hypotheses and reliabilities with all rows, with the "
            "declared exclusions and without any flagged row.",
            default=True,
        ),
    )
)
