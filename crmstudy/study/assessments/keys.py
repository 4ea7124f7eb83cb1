"""What a row of the table of assessments says, and the keys that several of them have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from crmstudy.study.forms import AnyOf, Choice, Day, Form, Key, ListOf, MapOf, Number, Section, Text

#: Whether an analysis names a sample: it must, it may, or there is nothing to name.
Sampled = Literal["needed", "optional", "none"]

COLUMN = Text("the name of a column")
COLUMNS = ListOf(COLUMN, "columns", 1)
OTHER_SAMPLE = Text("the name of a sample")
NUMBERS = ListOf(Number(), "numbers", 1)
#: Numbers of which some may be the same: what came in period by period.
SERIES = ListOf(Number(), "numbers", 1, repeats=True)
BY_NAME = MapOf(Number(), "numbers", pattern=None)

LEVEL = Key("level", Number(0.5, 1, open_ends=True), "Confidence level of its intervals.", default=0.95)
DISCLOSURE = Key(
    "disclosure",
    Section(
        (
            Key("k_means", Number(3, whole=True), "For means of groups; that of the study."),
            Key(
                "k_distributions", Number(3, whole=True), "For shares, distributions and crossings; that of the study."
            ),
            Key(
                "round_to",
                Number(1, whole=True),
                "Numbers of people are rounded to multiples of it; that of the study.",
            ),
        ),
        "`{k_means: 5, k_distributions: 10, round_to: 1}`",
    ),
    "From how many people on figures are shown; never from fewer than the study says.",
)
AFTER = Key("of", Text("the id of an analysis"), "In place of a sample: an analysis before it, whose result is used.")


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment of the organisation.

    ``title`` is its heading and ``meaning`` what it is; ``home`` names the function that does it. ``columns`` are those
    that its table must have, under these names or those that its keys give; a key of ``spared`` makes some of them
    needless. ``further`` are columns that it uses where they are. ``called`` tells by key what the function calls it,
    where that is another word. ``follows`` names the kinds of analyses whose result it can go on from (its key ``of``);
    ``apart`` are two keys of which it has one. ``people`` tells that the rows are respondents, who are screened and
    counted as such; ``scales`` that it can use the scales of an instrument.
    """

    title: str
    meaning: str
    home: str
    columns: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    sample: Sampled = "needed"
    called: Mapping[str, str] = field(default_factory=dict)
    spared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    follows: tuple[str, ...] = ()
    apart: tuple[str, str] | None = None
    people: bool = False
    scales: bool = False
    further: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What it is, and the columns of its table that no key names."""
        keys = {key.name for key in self.keys if named_columns(key.form, "")}
        fixed = [f"`{name}`" for name in self.columns if name not in keys]
        more = [f"`{name}`" for name in self.further]
        if not fixed:
            return self.meaning
        further = f", and where they are known {', '.join(more)}" if more else ""
        return f"{self.meaning} The table has the columns {', '.join(fixed)}{further}."


def column(name: str, meaning: str, default: str | None = None, *, required: bool = False) -> Key:
    """A key that names a column."""
    return Key(name, COLUMN, meaning, required, default)


def figure(name: str, number: Number, meaning: str, default: str | None = None) -> Key:
    """A key that names a column, or gives the number itself."""
    return Key(name, AnyOf((number, COLUMN)), meaning, default=default)


def named_columns(form: Form, value: Any) -> list[str]:
    """The columns that a value names, as the form of its key has it."""
    if form == COLUMN:
        return [value] if isinstance(value, str) else []
    if isinstance(form, AnyOf):
        return [name for one in form.forms for name in named_columns(one, value)]
    if isinstance(form, ListOf) and isinstance(value, list):
        return [name for one in value for name in named_columns(form.form, one)]
    if isinstance(form, MapOf) and isinstance(value, dict):
        return [name for one in value.values() for name in named_columns(form.form, one)]
    if isinstance(form, Section) and isinstance(value, dict):
        return [name for key in form.keys for name in named_columns(key.form, value.get(key.name))]
    return []


PERIODS = (
    Key("timing", Choice(("end", "start")), "Whether margins fall at the ends of periods or at their starts.",
        default="end"),
    Key("every", Choice(("year", "quarter", "month")), "Length of a period.", default="year"),
    Key("rate_per", Choice(("year", "period")), "What the discount rate is for.", default="year"),
    Key("retention_per", Choice(("period", "year")), "What the probability of staying is for.", default="period"),
    Key("horizon", Number(1, whole=True), "Number of periods; left out: without end."),
)  # fmt: skip
#: Which rows of transactions are one, and how their dates are written.
ROWS = (
    Key("key", AnyOf((COLUMN, COLUMNS)), "Columns that together name a transaction, such as invoice and line."),
    Key("repeated", Choice(("keep", "drop")), "What becomes of rows that repeat another; left out: dropped where `key` "
        "names transactions, else kept and counted."),
    Key("date_format", Text("a pattern such as %d.%m.%Y"), "How dates are written; left out: as 2026-03-21."),
)  # fmt: skip
#: How transactions are read; the dates apart, which some can do without.
READING = (
    column("customer", "Column of the customer.", "customer"),
    column("amount", "Column of the amounts; returns are negative.", "amount"),
    column("cost", "Column of what a transaction cost, where profit is looked at."),
    column("profit", "In place of `cost`: column of what was earned by a transaction."),
    *ROWS,
    Key("as_of", Day(), "Last day that counts; left out: the latest there is."),
)  # fmt: skip
