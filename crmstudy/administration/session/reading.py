"""Reading a condition: tokens, a descent through the grammar, and whether each name can be what it is compared with."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from crmstudy.administration.session.names import Kind
from crmstudy.administration.session.tree import (
    WORDS,
    Among,
    Compare,
    Given,
    Has,
    Joined,
    Not,
    Operator,
    Tree,
    Value,
)
from crmstudy.errors import Fault, StudyError, did_you_mean
from crmstudy.letters import digits
from crmstudy.quoting import shown

#: A condition has no more letters, and its brackets and ``not`` go no deeper.
LONGEST, DEEPEST = 2000, 40
_SAME = {"==": "=", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">="}
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>[-\u2212]?\d+(?:[.\u066b]\d+)?(?![\w.]))"
    r"|(?P<text>\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*')"
    r"|(?P<quoted>`[^`]+`)"
    r"|(?P<name>[^\W\d](?:[\w\u200c]|\.(?=\w))*)"
    r"|(?P<compare>==|!=|<>|<=|>=|[=<>≠≤≥])"
    r"|(?P<sign>[(),])"
)
_LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


class Reader:
    """Reads a condition by recursive descent; faults of names and values are gathered, those of grammar end it."""

    def __init__(self, text: str, known: Mapping[str, Kind]) -> None:
        self.text, self.known = text, known
        self.faults: list[Fault] = []
        self.tokens = list(self._tokens())
        self.place = self.depth = 0

    def read(self) -> Tree:
        """The whole condition."""
        if self.now.kind == "end":
            raise StudyError('a condition is empty; write one such as "a = 1", or leave it out.')
        tree = self._joined("or")
        if self.now.kind != "end":
            raise self._grammar("and, or, or the end")
        return tree

    @property
    def now(self) -> _Token:
        """The token that is read next."""
        return self.tokens[self.place]

    def _tokens(self) -> Iterator[_Token]:
        at = 0
        while at < len(self.text):
            found = _TOKEN.match(self.text, at)
            if found is None:
                sign = self.text[at]
                what = "this quote has no end" if sign in "\"'`" else f"'{shown(sign)}' means nothing here"
                raise StudyError(self._fault(f"{what}; a condition is written like: a = 1 and not (b in (2, 3)).", at))
            kind, text = str(found.lastgroup), found[0]
            if kind == "name" and text.lower() in WORDS:
                kind, text = text.lower(), text.lower()
            if kind != "space":
                yield _Token(kind, text, at)
            at = found.end()
        yield _Token("end", "", at)

    def _take(self, kind: str, wanted: str, sign: str = "") -> _Token:
        token = self.now
        if token.kind != kind or (sign and token.text != sign):
            raise self._grammar(wanted)
        self.place += 1
        return token

    def _joined(self, word: Literal["and", "or"]) -> Tree:
        self.depth += 1
        if self.depth > 2 * DEEPEST:
            raise StudyError(
                self._fault(f"brackets go deeper than {DEEPEST} levels; write it flatter", self.now.column)
            )
        read = self._single if word == "and" else lambda: self._joined("and")
        parts = [read()]
        while self.now.kind == word:
            self.place += 1
            parts.append(read())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _single(self) -> Tree:
        token = self.now
        if token.kind == "not":
            self.place += 1
            self.depth += 1
            if self.depth > 2 * DEEPEST:
                raise StudyError(self._fault(f"'not' stands more than {DEEPEST} deep; write it flatter", token.column))
            part = self._single()
            self.depth -= 1
            return Not(part)
        if token.text == "(":
            self.place += 1
            tree = self._joined("or")
            self._take("sign", "a closing bracket", ")")
            return tree
        if token.kind in ("answered", "refused"):
            return self._given(token.kind)  # type: ignore[arg-type]
        if token.kind in ("name", "quoted"):
            return self._compared()
        raise self._grammar("the name of a question, not, answered, refused or a bracket")

    def _given(self, how: Literal["answered", "refused"]) -> Tree:
        self.place += 1
        self._take("sign", "an opening bracket", "(")
        token, name, kind = self._name()
        if kind is not None and how == "refused" and not kind.asked:
            self._refuse(f"nobody is asked for '{shown(name)}', so nobody refuses it", token)
        self._take("sign", "a closing bracket", ")")
        return Given(how, name)

    def _name(self) -> tuple[_Token, str, Kind | None]:
        """A name; a fault where it is not known."""
        token = self.now
        if token.kind not in ("name", "quoted"):
            raise self._grammar("the name of a question")
        self.place += 1
        name = token.text.strip("`") if token.kind == "quoted" else token.text
        kind = self.known.get(name)
        if kind is None:
            hint = (
                did_you_mean(name, self.known) or " A name is the id of a question, an attribute, unit, lang or wave."
            )
            self._refuse(f"'{shown(name)}' is not known.{hint}", token)
        return token, name, kind

    def _compared(self) -> Tree:
        token, name, kind = self._name()
        negated = self.now.kind == "not"
        self.place += negated
        if self.now.kind == "in":
            return self._among(token, name, kind, negated)
        if self.now.kind == "has":
            self.place += 1
            value = self._take("number", "the number of an answer")
            number = _number(value.text)
            self._check_has(name, kind, number, value, token)
            return Has(name, int(number), negated)
        if negated:
            raise self._grammar("in or has")
        sign = self._take("compare", "=, !=, <, <=, >, >=, in or has")
        operator: Operator = _SAME.get(sign.text, sign.text)  # type: ignore[assignment]
        found = self._value()
        value_read = self._fitting(name, kind, operator, found, token)
        return Compare(name, operator, value_read)

    def _among(self, token: _Token, name: str, kind: Kind | None, negated: bool) -> Tree:
        self.place += 1
        self._take("sign", "an opening bracket", "(")
        values = [self._fitting(name, kind, "=", self._value(), token)]
        while self.now.text == "," and self.now.kind == "sign":
            self.place += 1
            values.append(self._fitting(name, kind, "=", self._value(), token))
        self._take("sign", "a comma or a closing bracket", ")")
        return Among(name, tuple(values), negated)

    def _value(self) -> _Token:
        token = self.now
        if token.kind not in ("number", "text"):
            if token.kind in ("name", "quoted"):
                said = shown(token.text.strip("`"))
                raise StudyError(self._fault(
                    f"a name is compared with a number or a text, not with another name; is it a text: \"{said}\"?",
                    token.column,
                ))  # fmt: skip
            raise self._grammar("a number or a text in quotes")
        self.place += 1
        return token

    def _fitting(self, name: str, kind: Kind | None, operator: Operator, token: _Token, named: _Token) -> Value:
        """The value of a token, after a fault where the name cannot be compared with it."""
        value = _number(token.text) if token.kind == "number" else _unquoted(token.text)
        if isinstance(value, int | float) and abs(value) > _LARGEST:
            self._refuse("the number is too large", token)
        if kind is None:
            return value
        if kind.type in ("multi", "rank"):
            say = f"'{shown(name)} has ...'" if kind.type == "multi" else f"'answered({shown(name)})'"
            self._refuse(f"'{shown(name)}' is answered with a list, which is not compared; write {say}", named)
            return value
        said = _misfit(kind, operator, value)
        if said:
            self._refuse(f"'{shown(name)}' {said}", token)
        return value

    def _check_has(self, name: str, kind: Kind | None, number: int | float, token: _Token, named: _Token) -> None:
        if kind is not None and kind.type != "multi":
            self._refuse(f"'{shown(name)}' is no list of several answers; write it with =", named)
        elif kind is not None and number not in kind.values:
            self._refuse(f"'{shown(name)}' cannot have {token.text}; {_span(kind)}", token)
        elif not isinstance(number, int):
            self._refuse("an answer of a list is a whole number", token)

    def _grammar(self, wanted: str) -> StudyError:
        found = "the condition ends" if self.now.kind == "end" else f"there is '{shown(self.now.text)}'"
        return StudyError(self._fault(f"{wanted} was expected, but {found}", self.now.column, len(self.now.text)))

    def _refuse(self, message: str, token: _Token) -> None:
        self.faults.append(self._fault(message, token.column, len(token.text)))

    def _fault(self, message: str, column: int, width: int = 1) -> Fault:
        """A fault with the condition (a part of a long one) and a caret under the place."""
        start = max(0, column - 60)
        said = self.text[start : start + 110]
        line = "".join(letter if letter.isprintable() or letter == "\u200c" else " " for letter in said)
        caret = " " * (column - start) + "^" * max(1, min(width, 40))
        end = "" if message.endswith((".", "?")) else "."
        return Fault(f"column {column + 1}: {message}{end}\n      {line}\n      {caret}")


def _number(text: str) -> int | float:
    plain_digits = digits(text)
    return float(plain_digits) if "." in plain_digits else int(plain_digits)


def _unquoted(text: str) -> str:
    return text[1:-1].replace(text[0] * 2, text[0])


def _misfit(kind: Kind, operator: Operator, value: Value) -> str:
    """Why a name of this kind cannot be compared with a value; empty where it can."""
    ordered = operator not in ("=", "!=")
    if kind.type in ("choice", "number"):
        if isinstance(value, str):
            return f"is a number, and is not compared with a text; write {shown(value)} without quotes, if it is one"
        return _misfit_number(kind, operator, value, ordered)
    if kind.type == "attribute":
        return "is compared with a text by = and != only" if ordered and isinstance(value, str) else ""
    if not isinstance(value, str):
        return 'is a date such as "2026-11-26"' if kind.type == "date" else f'is a text; write "{value}" in quotes'
    if kind.type == "date":
        return "" if _is_date(value) else f'is a date such as "2026-11-26"; found "{shown(value)}"'
    if ordered:
        return "is a text, and compared by =, != and in only"
    if kind.words and value not in kind.words:
        hint = did_you_mean(value, kind.words) or f" It is one of {', '.join(map(shown, kind.words[:12]))}."
        return f'is never "{shown(value)}".{hint}'
    return ""


def _misfit_number(kind: Kind, operator: Operator, value: int | float, ordered: bool) -> str:
    if kind.type == "choice":
        allowed = kind.values - kind.codes if ordered else kind.values
        if value not in allowed:
            return f"cannot be {value}; {_span(kind)}"
        ends = (min(allowed), max(allowed))
    else:
        if kind.whole and value != int(value):
            return f"is a whole number, never {value}"
        ends = (-math.inf if kind.low is None else kind.low, math.inf if kind.high is None else kind.high)  # type: ignore[assignment]
        if not ends[0] <= value <= ends[1]:
            return f"cannot be {value}; it lies between {ends[0]:g} and {ends[1]:g}"
    if (operator == "<" and value == ends[0]) or (operator == ">" and value == ends[1]):
        return f"is never {'below' if operator == '<' else 'above'} {value}"
    return ""


def _span(kind: Kind) -> str:
    points, codes = sorted(kind.values - kind.codes), sorted(kind.codes)
    said = f"its answers are {points[0]} to {points[-1]}" if points else "it has no answers"
    return said + (f", and {', '.join(map(str, codes))}" if codes else "")


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
