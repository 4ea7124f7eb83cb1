"""Which rows are one parameter: shared labels, ``equal()``, ``group_equal`` and constraints such as ``a == b``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from crmstudy.errors import Fault, ModelError, did_you_mean
from crmstudy.grammar.expressions import Expression
from crmstudy.grammar.implied import Draft
from crmstudy.grammar.spec import ModelSpec
from crmstudy.grammar.terms import Constraint, Definition
from crmstudy.grammar.tokens import point_at


class Ties:
    """Sets of rows that are one parameter, joined step by step."""

    def __init__(self, rows: Sequence[Draft]) -> None:
        self.rows = rows
        self._parent = list(range(len(rows)))
        self._joined: set[int] = set()

    def root(self, index: int) -> int:
        """The first row of the set that a row belongs to."""
        while self._parent[index] != index:
            index = self._parent[index]
        return index

    def join(self, one: int, other: int) -> None:
        """Make two rows one parameter."""
        first, second = sorted((self.root(one), self.root(other)))
        if first != second:
            self._parent[second] = first
            self._joined |= {first, second, one, other}

    def sets(self) -> list[list[int]]:
        """The sets of two rows and more, each in the order of the rows."""
        found: dict[int, list[int]] = {}
        for index in sorted(self._joined):
            found.setdefault(self.root(index), []).append(index)
        return list(found.values())


def tie(rows: list[Draft], texts: list[str], spec: ModelSpec) -> Ties:
    """Tie rows with the same text and those that ``equal()`` joins; give tied rows lavaan's labels and common bounds.

    A fixed row fixes those it is tied to. A tied free row without a label is shown with the name of the first row of
    its set, ``.p7.`` for row 7; bounds of a set are the widest of those given.

    Raises
    ------
    ModelError
        When tied rows are fixed at different values, or ``equal()`` names no parameter.
    """
    ties = Ties(rows)
    first: dict[str, int] = {}
    for index, text in enumerate(texts):
        ties.join(first.setdefault(text, index), index)
    _join_equal(ties, rows, spec)
    faults = settle_fixed(ties)
    if faults:
        raise ModelError(faults)
    for members in ties.sets():
        tied = [rows[index] for index in members]
        lower = [row.lower for row in tied if row.lower is not None]
        upper = [row.upper for row in tied if row.upper is not None]
        for row in tied:
            row.lower, row.upper = min(lower, default=None), max(upper, default=None)
            if row.free and row.label is None:
                row.label = f".p{members[0] + 1}."
    return ties


def settle_fixed(ties: Ties) -> list[Fault]:
    """Fix the rows of a set that has a fixed one; a fault for each set whose values disagree."""
    faults = []
    for members in ties.sets():
        tied = [ties.rows[index] for index in members]
        fixed = [row for row in tied if not row.free]
        if not fixed:
            continue
        if any(row.exogenous for row in fixed):
            names = ", ".join(row.text for row in tied)
            message = "the moment of an exogenous variable is given, not estimated; use fixed_x=False to tie it."
            faults.append(Fault(f"equal parameters {names}: {message}"))
            continue
        other = next((row for row in fixed if row.value != fixed[0].value), None)
        if other is not None:
            faults.append(Fault(_disagreement(fixed[0], other)))
        for row in tied:
            row.fix(fixed[0].value)
    return faults


def join_labels(ties: Ties, constraints: Iterable[Constraint], source: str) -> tuple[Constraint, ...]:
    """Join the parameters of every ``a == b``; what is left are the other constraints.

    Raises
    ------
    ModelError
        When this ties parameters fixed at different values, or a constraint among fixed parameters does not hold.
    """
    at: dict[str, int] = {}
    for index, row in enumerate(ties.rows):
        if row.label is not None:
            at.setdefault(row.label, index)
    left = []
    for constraint in constraints:
        one, other = constraint.lhs.tree, constraint.rhs.tree
        if constraint.op == "==" and one[0] == other[0] == "name":
            ties.join(at[one[1]], at[other[1]])
        else:
            left.append(constraint)
    faults = settle_fixed(ties)
    _narrow_bounds(ties)
    fixed = {label: ties.rows[index].value for label, index in at.items() if not ties.rows[index].free}
    kept = []
    for constraint in left:
        if not all(name in fixed for name in constraint.names):
            kept.append(constraint)
        elif not _holds(constraint, fixed):
            message = f"'{constraint}' joins fixed parameters only, and does not hold."
            faults.append(point_at(source, constraint.token, message) if constraint.token else Fault(message))
    if faults:
        raise ModelError(faults)
    return tuple(kept)


def without_definitions(constraints: Iterable[Constraint], definitions: Iterable[Definition]) -> list[Constraint]:
    """The constraints with every defined name replaced by what it stands for."""
    known: dict[str, Expression] = {}
    for item in definitions:
        known[item.name] = item.expression.replaced(known)
    return [replace(c, lhs=c.lhs.replaced(known), rhs=c.rhs.replaced(known)) for c in constraints]


def _join_equal(ties: Ties, rows: Sequence[Draft], spec: ModelSpec) -> None:
    if all(term.equal_to is None for term in spec.terms):
        return
    by_text = {row.text: index for index, row in enumerate(rows)}
    by_text |= {_turned(row).text: index for index, row in enumerate(rows) if row.op == "~~"}
    faults: dict[str, Fault] = {}
    for index, row in enumerate(rows):
        given = row.term.equal_to if row.term else None
        text = given[row.group - 1] if isinstance(given, tuple) else given
        if text is None or row.term is None:
            continue
        target = by_text.get(text)
        if target is None:
            hint = did_you_mean(text, by_text)
            message = f"equal() names '{text}', which is not a parameter of the model.{hint}"
            place = row.term.place("equal_to")
            faults.setdefault(text, point_at(spec.source, place, message) if place else Fault(message))
            continue
        ties.join(target, index)
        row.label = row.label or rows[target].label or rows[target].text
    if faults:
        raise ModelError(faults.values())


def _turned(row: Draft) -> Draft:
    """The same covariance the other way round."""
    return replace(row, lhs=row.rhs, rhs=row.lhs)


def _disagreement(one: Draft, other: Draft) -> str:
    values = f"{one.value:g} and {other.value:g}"
    if one.label is not None and one.label == other.label:
        return f"the label '{one.label}' ties parameters fixed at {values}."
    return f"{one.text} and {other.text} are held equal, but fixed at {values}."


def _narrow_bounds(ties: Ties) -> None:
    """Parameters joined by ``a == b`` keep within the bounds of each."""
    for members in ties.sets():
        tied = [ties.rows[index] for index in members]
        lower = [row.lower for row in tied if row.lower is not None]
        upper = [row.upper for row in tied if row.upper is not None]
        for row in tied:
            row.lower, row.upper = max(lower, default=None), min(upper, default=None)


def _holds(constraint: Constraint, values: dict[str, float | None]) -> bool:
    one, other = float(constraint.lhs.value(values)), float(constraint.rhs.value(values))
    slack = 1e-12 * max(1.0, abs(one), abs(other))
    return {
        "==": abs(one - other) <= slack,
        "<": one <= other + slack,
        ">": one >= other - slack,
    }[constraint.op]
