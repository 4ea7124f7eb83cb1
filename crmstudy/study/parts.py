"""The parts of a declared study as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Relation = Literal[">", "<", "!="]


@dataclass(frozen=True, slots=True)
class Place:
    """A place of ``study.yaml``: the file as it was named, and a line (from 1)."""

    file: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """One sample: its data file (``file`` as declared, ``path`` as found) and the instruments it answers.

    ``variables`` are the declared columns that are no instrument's items: name to ``{type, label, values}``.
    ``weights`` is the column of sampling weights. ``flow`` holds the numbers of people who were invited, opened,
    started and completed, as far as they are declared. ``imputation`` says how gaps are filled for the analyses that
    ask for it.
    """

    name: str
    population: str
    file: str
    path: Path
    instruments: tuple[str, ...]
    missing_codes: tuple[int | float | str, ...] = ()
    id: str | None = None
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    simulated: bool = False
    weights: str | None = None
    flow: Mapping[str, int] = field(default_factory=dict)
    imputation: Mapping[str, Any] | None = None
    place: Place = field(default_factory=lambda: Place("study.yaml"))
    variable_places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnalysisPlan:
    """One analysis: its kind, its sample, its heading and the options that were declared (only those given).

    ``sample`` is empty for an analysis that names none.

    ``places`` gives the line of each option; a model's is the line before its first one.
    """

    id: str
    kind: str
    sample: str
    title: str
    options: Mapping[str, Any]
    place: Place
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def level(self) -> float:
        """The confidence level of its intervals and of the hypotheses tested on it."""
        return float(self.options.get("level", 0.95))


@dataclass(frozen=True, slots=True)
class Claim:
    """What a hypothesis says of one parameter: ``lhs op rhs`` or a label, compared with a number.

    For a label ``op`` and ``rhs`` are empty and ``lhs`` is the label.
    """

    lhs: str
    op: str
    rhs: str
    relation: Relation
    number: float

    @property
    def target(self) -> str:
        """The parameter as it is read."""
        return f"{self.lhs} {self.op} {self.rhs}" if self.op else self.lhs

    def __str__(self) -> str:
        return f"{self.target} {self.relation} {self.number:g}"


@dataclass(frozen=True, slots=True)
class HypothesisPlan:
    """One declared hypothesis: what it says in words, what it claims, and the analysis it is tested on."""

    id: str
    statement: str
    claim: Claim
    analysis: str
    place: Place


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """What the report is to be."""

    formats: tuple[str, ...] = ("html", "docx")
    style: str = "apa"
    audience: str = "research"
