"""The sentences of a model as written - terms, definitions, constraints - and how each is printed.

A modifier holds for all groups (a single value) or has one entry a group (a tuple, as ``c()`` gives it); in a tuple
None says nothing about that group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from crmstudy.grammar.expressions import Expression
from crmstudy.grammar.tokens import Token

Key = tuple[str, str, str]
Numbers = float | tuple[float | None, ...] | None
Texts = str | tuple[str | None, ...] | None
Flags = bool | tuple[bool, ...]
Comparison = Literal["==", "<", ">"]


@dataclass(frozen=True, slots=True)
class Term:
    """One parameter as written: ``lhs op rhs`` and its modifiers.

    ``op`` is ``=~``, ``<~``, ``~``, ``~~``, ``~1`` (intercept, ``rhs`` empty) or ``~*~`` (scaling factor). ``fixed`` is
    the value it is fixed at, ``free`` True for ``NA*``, ``label`` its label, ``start`` its start value, ``equal_to``
    the parameter it equals (``"f=~x2"``), ``lower`` and ``upper`` its bounds; each for all groups or one a group.
    ``token`` is where its right-hand name stands, ``lhs_token`` its left-hand name, ``places`` its modifiers (not
    compared).
    """

    lhs: str
    op: str
    rhs: str
    fixed: Numbers = None
    free: Flags = False
    label: Texts = None
    start: Numbers = None
    equal_to: Texts = None
    lower: Numbers = None
    upper: Numbers = None
    token: Token | None = field(default=None, compare=False, repr=False)
    lhs_token: Token | None = field(default=None, compare=False, repr=False)
    places: tuple[tuple[str, Token], ...] = field(default=(), compare=False, repr=False)

    @property
    def key(self) -> Key:
        """What makes two terms the same parameter (a covariance has no direction)."""
        if self.op == "~~" and self.rhs < self.lhs:
            return (self.rhs, self.op, self.lhs)
        return (self.lhs, self.op, self.rhs)

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels, each once."""
        return tuple(dict.fromkeys(text for text in entries(self.label) if text is not None))

    @property
    def is_phantom(self) -> bool:
        """Whether it is ``f =~ 0``: a factor without indicators."""
        return self.op == "=~" and self.lhs == self.rhs

    @property
    def turned(self) -> Term:
        """The same covariance written the other way round."""
        return replace(self, lhs=self.rhs, rhs=self.lhs, token=self.lhs_token, lhs_token=self.token)

    def place(self, modifier: str) -> Token | None:
        """Where a modifier stands, or else the right-hand name."""
        return dict(self.places).get(modifier, self.token or self.lhs_token)

    def __str__(self) -> str:
        if self.is_phantom:
            return "0"
        name = "1" if self.op == "~1" else self.rhs
        return " + ".join(f"{modifier}*{name}" for modifier in _modifiers(self)) or name


@dataclass(frozen=True, slots=True)
class Definition:
    """A parameter defined from labels: ``name := expression``."""

    name: str
    expression: Expression
    token: Token | None = field(default=None, compare=False, repr=False)
    words: tuple[Token, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name} := {self.expression}"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A relation that the parameters must obey: ``lhs op rhs`` over labels, ``op`` being ``==``, ``<`` or ``>``."""

    lhs: Expression
    op: Comparison
    rhs: Expression
    token: Token | None = field(default=None, compare=False, repr=False)
    words: tuple[Token, ...] = field(default=(), compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The labels used, in order of first use."""
        return tuple(dict.fromkeys(self.lhs.names + self.rhs.names))

    def __str__(self) -> str:
        return f"{self.lhs} {self.op} {self.rhs}"


def entries(value: Any) -> tuple[Any, ...]:
    """A modifier's entries: one for all groups, or one a group."""
    return value if isinstance(value, tuple) else (value,)


def latent_names(terms: Iterable[Term]) -> tuple[str, ...]:
    """Factors and composites, in order of first appearance."""
    return tuple(dict.fromkeys(term.lhs for term in terms if term.op in ("=~", "<~")))


def observed_names(terms: Sequence[Term]) -> tuple[str, ...]:
    """Names that must be columns of the data: indicators, outcomes, predictors, the rest (lavaan's order)."""
    return _observed(covariances_in_order(terms, latent_names(terms) + _observed(terms)))


def covariances_in_order(terms: Sequence[Term], order: Sequence[str]) -> tuple[Term, ...]:
    """The terms with each covariance turned so that the earlier name of ``order`` stands first."""
    at = {name: index for index, name in enumerate(order)}
    return tuple(term.turned if term.op == "~~" and at[term.lhs] > at[term.rhs] else term for term in terms)


def _observed(terms: Sequence[Term]) -> tuple[str, ...]:
    latent = set(latent_names(terms))
    order = [t.rhs for t in terms if t.op == "=~"]
    order += [t.lhs for t in terms if t.op == "~"]
    order += [t.rhs for t in terms if t.op in ("~", "<~")]
    order += [t.lhs for t in terms if t.op == "~~"]
    order += [t.rhs for t in terms if t.op == "~~"]
    order += [t.lhs for t in terms if t.op == "~1"]
    return tuple(name for name in dict.fromkeys(order) if name not in latent)


def print_number(number: float) -> str:
    """A number as the language reads it back."""
    return repr(int(number)) if float(number).is_integer() and abs(number) < 1e15 else repr(float(number))


def _modifiers(term: Term) -> list[str]:
    found = []
    mixed = isinstance(term.fixed, tuple) or isinstance(term.free, tuple)
    holes = mixed and any(value is None and not free for value, free in _values(term))
    if mixed:
        names = entries(term.label) if holes else ()
        words = ["NA" if free else print_number(value) if value is not None else "" for value, free in _values(term)]
        found.append(f"c({', '.join(word or str(names[index]) for index, word in enumerate(words))})")
    elif isinstance(term.fixed, float | int):
        found.append(print_number(term.fixed))
    elif term.free:
        found.append("NA")
    if term.label is not None and not holes:
        found.append(term.label if isinstance(term.label, str) else f"c({', '.join(x or 'NA' for x in term.label)})")
    for name, numbers in (("start", term.start), ("lower", term.lower), ("upper", term.upper)):
        if numbers is not None:
            found.append(f"{name}({_joined(['NA' if x is None else print_number(x) for x in entries(numbers)])})")
    if term.equal_to is not None:
        found.append(f"equal({_joined(['NA' if x is None else _quoted(x) for x in entries(term.equal_to)])})")
    return found


def _values(term: Term) -> list[tuple[float | None, bool]]:
    """Fixed value and freedom of each group, where at least one of the two was given group by group."""
    size = max(len(entries(term.fixed)), len(entries(term.free)))
    fixed = term.fixed if isinstance(term.fixed, tuple) else (term.fixed,) * size
    free = term.free if isinstance(term.free, tuple) else (term.free,) * size
    return list(zip(fixed, free, strict=True))


def _quoted(text: str) -> str:
    return f'"{text}"'


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"c({', '.join(words)})"
