r"""The language of skip logic and quotas: small, closed, and without surprises.

::

    condition   =  both { "or" both }
    both        =  single { "and" single }
    single      =  "not" single  |  "(" condition ")"
                |  name ("=" | "==" | "!=" | "<" | "<=" | ">" | ">=") value
                |  name ["not"] "in" "(" value { "," value } ")"
                |  name ["not"] "has" number
                |  "answered" "(" name ")"  |  "refused" "(" name ")"
    value       =  number  |  quoted text

A name is the id of an item or question, an attribute, ``unit``, ``lang`` or ``wave``; between backquotes it may be
anything. Numbers may be written in any digits, texts stand in single or double quotes, a doubled quote is one. Dates
are texts such as ``"2026-11-26"``.

**Missing answers.** A comparison with a question that was not answered, was refused, was not shown or was not reached
is false, whichever way it goes: ``a = 3`` and ``a != 3`` are both false. ``not (a = 3)`` then is true, as ``not`` only
turns what stands behind it. Answers that are no point of the scale ("does not apply") can be named by their code
(``a = -8``), count as answered, and are neither above nor below anything.

Examples
--------
>>> from crmstudy.administration.session.names import Kind
>>> known = {"uses": Kind("choice", frozenset({1, 2})), "age": Kind("number", low=15, high=99, whole=True)}
>>> condition = parse_condition("uses = 1 and (age >= 30 or not answered(age))", known)
>>> condition.holds({"uses": 1, "age": 29}), condition.holds({"uses": 1, "age": None}), condition.holds({})
(False, True, False)
>>> str(condition)
'uses = 1 and (age >= 30 or not answered(age))'
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmstudy.administration.session.names import Kind
from crmstudy.administration.session.reading import LONGEST, Reader
from crmstudy.administration.session.tree import Among, Given, Has, Joined, Not, Tree, Value, names, printed
from crmstudy.errors import StudyError
from crmstudy.letters import digits, plain
from crmstudy.quoting import shown

Answers = Mapping[str, object]
_Test = Callable[[Answers, Collection[str]], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read and fits the names it uses. As a text it is written in the one canonical way."""

    tree: Tree
    _test: _Test

    @property
    def names(self) -> frozenset[str]:
        """Every name it uses."""
        return frozenset(names(self.tree))

    def holds(self, answers: Answers, refused: Collection[str] = ()) -> bool:
        """Whether it holds.

        Parameters
        ----------
        answers : mapping of name to answer
            Numbers, texts, ISO dates, lists of numbers; None, or no key, where there is no answer.
        refused : collection of str
            Questions that the respondent preferred not to answer.
        """
        return self._test(answers, refused)

    def __str__(self) -> str:
        return printed(self.tree)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(self.tree)


def parse_condition(text: str, known: Mapping[str, Kind]) -> Condition:
    """Read a condition and check that every comparison in it can be made.

    Parameters
    ----------
    text : str
        The condition.
    known : mapping of str to Kind
        The names it may use (:func:`.names.kinds`).

    Returns
    -------
    Condition

    Raises
    ------
    StudyError
        With each fault's column and a caret: the first of the grammar, or all of names and values.
    """
    if not isinstance(text, str):
        raise StudyError(f'a condition is a text such as "a = 1"; found {shown(text)}.')
    if len(text) > LONGEST:
        raise StudyError(f"a condition has at most {LONGEST:,} letters; found {len(text):,}. Split it over questions.")
    reader = Reader(text, known)
    tree = reader.read()
    if reader.faults:
        raise StudyError(reader.faults)
    return Condition(tree, _test_of(tree, known))


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _test_of(tree: Tree, known: Mapping[str, Kind]) -> _Test:
    """A condition as one function of answers and refusals."""
    if isinstance(tree, Joined):
        tests = tuple(_test_of(part, known) for part in tree.parts)
        wanted = tree.word == "or"
        return lambda answers, refused: any(test(answers, refused) is wanted for test in tests) is wanted
    if isinstance(tree, Not):
        inner = _test_of(tree.part, known)
        return lambda answers, refused: not inner(answers, refused)
    name = tree.name
    if isinstance(tree, Given):
        if tree.how == "refused":
            return lambda answers, refused: name in refused
        return lambda answers, refused: answers.get(name) not in (None, "", [])
    if isinstance(tree, Has):
        return _has(name, tree.value, tree.negated)
    if isinstance(tree, Among):
        return _equal(name, tree.values, known[name], tree.negated)
    if tree.operator in ("=", "!="):
        return _equal(name, (tree.value,), known[name], tree.operator == "!=")
    return _ordered(name, tree.operator, tree.value, known[name])


def _has(name: str, value: int, negated: bool) -> _Test:
    def test(answers: Answers, refused: Collection[str]) -> bool:
        chosen = answers.get(name)
        return isinstance(chosen, Sequence) and bool(chosen) and (value in chosen) is not negated

    return test


def _equal(name: str, values: tuple[Value, ...], kind: Kind, negated: bool) -> _Test:
    """Texts are equal when they read alike (letters, digits and blanks of any keyboard); words must be the same."""
    folded = kind.type in ("text", "attribute")
    numbers = frozenset(value for value in values if not isinstance(value, str))
    texts = frozenset(plain(value) if folded else value for value in values if isinstance(value, str))

    def test(answers: Answers, refused: Collection[str]) -> bool:
        answer = answers.get(name)
        if answer is None or answer == "" or isinstance(answer, list | tuple | bool):
            return False
        if not isinstance(answer, str):
            found = answer in numbers or (bool(texts) and str(answer) in texts)
        else:
            found = (plain(answer) if folded else answer) in texts
            if not found and numbers and kind.type == "attribute":
                found = _as_number(answer) in numbers
        return found is not negated

    return test


def _ordered(name: str, sign: str, value: Value, kind: Kind) -> _Test:
    compare, codes, as_text = _COMPARE[sign], kind.codes, isinstance(value, str)

    def test(answers: Answers, refused: Collection[str]) -> bool:
        answer = answers.get(name)
        if kind.type == "attribute" and isinstance(answer, str):
            answer = _as_number(answer)
        if answer is None or isinstance(answer, str) is not as_text or answer == "":
            return False
        if not isinstance(answer, str | int | float) or isinstance(answer, bool) or answer in codes:
            return False
        return compare(answer, value)

    return test


def _as_number(text: str) -> float | None:
    found = digits(text)
    return float(found) if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", found) else None
