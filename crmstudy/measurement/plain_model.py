"""A model as it is written once for all groups or waves: what can be held equal between them, and by which names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from crmstudy.errors import Fault, InputError, ModelError, did_you_mean
from crmstudy.grammar.grouping import EQUAL, modify
from crmstudy.grammar.implied import Draft, Roles, draft_rows
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.grammar.terms import Key, Term


@dataclass(frozen=True)
class PlainModel:
    """A specification with the parameters it implies, means among them, for one group or wave."""

    spec: ModelSpec
    std_lv: bool
    fixed_x: bool

    @cached_property
    def roles(self) -> Roles:
        """Who measures, predicts and is predicted."""
        return Roles(self.spec)

    @cached_property
    def drafts(self) -> tuple[Draft, ...]:
        """Every parameter, written or implied."""
        rows = draft_rows(self.roles, std_lv=self.std_lv, fixed_x=self.fixed_x, meanstructure=True)
        modify(rows, 1, self.spec.source)
        return tuple(rows)

    def inside(self, words: Collection[str]) -> list[Draft]:
        """The parameters that ``group_equal`` words hold equal, fixed ones among them."""
        return [row for row in self.drafts if any(EQUAL[word](row, self.roles) for word in words)]

    def free(self, words: Collection[str]) -> list[str]:
        """Names of the free ones among them, as ``group_partial`` writes them: ``"f =~ x2"``, ``"x2 ~1"``."""
        return [name_of(row) for row in self.inside(words) if row.free]

    def keys(self, names: Collection[str]) -> set[Key]:
        """The parameters that names mean; see :meth:`spelled`."""
        return {key for name in self.spelled(names) if (key := _key(name)) is not None}

    def spelled(self, names: Collection[str]) -> tuple[str, ...]:
        """Names such as ``"f=~x2"`` as the model itself writes them, each once.

        Raises
        ------
        ModelError
            With a fault for each name that is no parameter of the model.
        """
        known = {Term(row.lhs, row.op, row.rhs).key: name_of(row) for row in self.drafts}
        found: list[str] = []
        faults = []
        for name in names:
            key = _key(name)
            if key in known:
                found.append(known[key])
                continue
            hint = did_you_mean(name, known.values())
            faults.append(Fault(f"group_partial= names '{name}', which is no parameter of the model.{hint}"))
        if faults:
            raise ModelError(faults)
        return tuple(dict.fromkeys(found))


def name_of(row: Draft) -> str:
    """A parameter as it is read."""
    return f"{row.lhs} {row.op} {row.rhs}".rstrip()


def model_faults(spec: ModelSpec) -> list[Fault]:
    """What a model must not have when the equalities between groups or waves are written for it."""
    faults = []
    if not any(term.op == "=~" for term in spec.terms):
        faults.append(Fault("invariance compares the measurement of factors; the model measures none (f =~ x1 + x2)."))
    if spec.labels or spec.definitions or spec.constraints:
        shown = ", ".join((*spec.labels, *(d.name for d in spec.definitions), *map(str, spec.constraints)))
        faults.append(
            Fault(
                "labels, := and constraints hold parameters equal at every level, but invariance() writes the "
                f"equalities itself, level by level; take them out of the model. Found: {shown}."
            )
        )
    given = ("fixed", "free", "start", "equal_to", "lower", "upper")
    apart = [
        f"{term.lhs} {term.op} {term.rhs}".rstrip()
        for term in spec.terms
        if any(isinstance(getattr(term, name), tuple) for name in given) or term.equal_to is not None
    ]
    if apart:
        shown = ", ".join(apart)
        faults.append(
            Fault(f"c() and equal() say themselves what is equal; write the model once for all. Found at: {shown}.")
        )
    return faults


def _key(name: str) -> Key | None:
    try:
        terms = parse_model(name).terms
    except InputError:
        return None
    return terms[0].key if len(terms) == 1 else None
