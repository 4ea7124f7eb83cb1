"""Arithmetic over parameter labels, as ``:=`` and constraints use it: parsed, evaluated, differentiated, printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import xlogy

from crmstudy.errors import did_you_mean
from crmstudy.grammar.functions import FUNCTIONS, UNARY, VARIADIC, combine, combine_slopes
from crmstudy.grammar.tokens import Token

Values = Mapping[str, Any]
Dual = tuple[Any, Any]  # value and gradient

_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4, "**": 4}
_UNARY_BINDING = 3


class ExpressionFault(Exception):
    """An expression that cannot be read, with the token it fails at."""

    def __init__(self, message: str, token: Token) -> None:
        super().__init__(message)
        self.token = token


@dataclass(frozen=True, slots=True)
class Expression:
    """An arithmetic expression over labels.

    ``tree`` is a nested tuple (``("+", left, right)``, ``("call", "exp", argument)`` with one argument or more,
    ``("name", "a")``, ``("number", 2.0)``, ``("minus", argument)``).
    """

    tree: tuple[Any, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The labels used, in order of first use."""
        return tuple(dict.fromkeys(_names(self.tree)))

    def value(self, values: Values) -> Any:
        """Evaluate with a number or an array for each label; arrays give arrays (one value a draw)."""
        with np.errstate(all="ignore"):
            return _value(self.tree, values)

    def gradient(self, values: Values, gradients: Mapping[str, np.ndarray[Any, Any]]) -> Dual:
        """Value and gradient by the chain rule, given each label's value and gradient (forward mode)."""
        with np.errstate(all="ignore"):
            return _dual(self.tree, values, gradients)

    def replaced(self, known: Mapping[str, Expression]) -> Expression:
        """The expression with every name in ``known`` replaced by what it stands for."""
        return Expression(_replaced(self.tree, known))

    def __str__(self) -> str:
        return _print(self.tree, 0)


def parse_expression(tokens: Sequence[Token], end: Token) -> Expression:
    """Read an expression from tokens; ``end`` is where a fault points when it stops too early.

    Raises
    ------
    ExpressionFault
        With the token at which the expression stops making sense.
    """
    reader = _Reader(list(tokens), end)
    tree = reader.read(0)
    if reader.peek() is not None:
        token = reader.take()
        raise ExpressionFault(f"an operator is missing before '{token.text}'.", token)
    return Expression(tree)


class _Reader:
    """Precedence climbing over a list of tokens."""

    def __init__(self, tokens: list[Token], end: Token) -> None:
        self.tokens, self.end, self.at = tokens, end, 0

    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self) -> Token:
        token = self.peek()
        if token is None:
            raise ExpressionFault("the expression stops too early; a label, a number or ')' is missing.", self.end)
        self.at += 1
        return token

    def read(self, binding: int) -> tuple[Any, ...]:
        left = self.operand()
        while (token := self.peek()) is not None and _BINDING.get(token.text, -1) >= max(binding, 1):
            operator = self.take().text
            right_binding = _BINDING[operator] + (operator not in ("^", "**"))
            left = ("^" if operator == "**" else operator, left, self.read(right_binding))
        return left

    def operand(self) -> tuple[Any, ...]:
        token = self.take()
        if token.text == "-":
            return ("minus", self.read(_UNARY_BINDING))
        if token.text == "+":
            return self.read(_UNARY_BINDING)
        if token.kind == "number":
            return ("number", float(token.text))
        if token.text == "(":
            inner = self.read(0)
            self.close()
            return inner
        if token.kind == "name":
            following = self.peek()
            if following is not None and following.text == "(":
                return self.call(token)
            return ("name", token.text)
        raise ExpressionFault(f"a label, a number or '(' was expected; found '{token.text}'.", token)

    def call(self, name: Token) -> tuple[Any, ...]:
        if name.text not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            hint = did_you_mean(name.text, FUNCTIONS)
            raise ExpressionFault(f"'{name.text}' is not a function known here ({known}).{hint}", name)
        self.take()
        arguments = [self.read(0)]
        while (token := self.peek()) is not None and token.text == ",":
            self.take()
            arguments.append(self.read(0))
        self.close()
        if len(arguments) > 1 and name.text not in VARIADIC:
            raise ExpressionFault(f"'{name.text}()' takes one argument; found {len(arguments)}.", name)
        return ("call", name.text, *arguments)

    def close(self) -> None:
        token = self.peek()
        if token is None or token.text != ")":
            raise ExpressionFault("')' is missing.", token or self.end)
        self.at += 1


def _names(tree: tuple[Any, ...]) -> list[str]:
    if tree[0] == "name":
        return [tree[1]]
    return [name for part in tree[1:] if isinstance(part, tuple) for name in _names(part)]


def _replaced(tree: tuple[Any, ...], known: Mapping[str, Expression]) -> tuple[Any, ...]:
    if tree[0] == "name":
        return known[tree[1]].tree if tree[1] in known else tree
    return tuple(_replaced(part, known) if isinstance(part, tuple) else part for part in tree)


def _value(tree: tuple[Any, ...], values: Values) -> Any:
    kind = tree[0]
    if kind == "number":
        return tree[1]
    if kind == "name":
        return values[tree[1]]
    if kind == "minus":
        return -_value(tree[1], values)
    if kind == "call":
        arguments = [_value(part, values) for part in tree[2:]]
        return combine(tree[1], arguments) if tree[1] in VARIADIC else UNARY[tree[1]][0](arguments[0])
    left, right = _value(tree[1], values), _value(tree[2], values)
    if kind == "+":
        return left + right
    if kind == "-":
        return left - right
    if kind == "*":
        return left * right
    return np.divide(left, right) if kind == "/" else np.power(np.asarray(left, dtype=float), right)


def _dual(tree: tuple[Any, ...], values: Values, gradients: Mapping[str, Any]) -> Dual:
    kind = tree[0]
    if kind == "number":
        return tree[1], 0.0
    if kind == "name":
        return values[tree[1]], gradients[tree[1]]
    if kind == "minus":
        value, slope = _dual(tree[1], values, gradients)
        return -value, -slope
    if kind == "call":
        return _dual_of_call(tree[1], [_dual(part, values, gradients) for part in tree[2:]])
    left, left_slope = _dual(tree[1], values, gradients)
    right, right_slope = _dual(tree[2], values, gradients)
    if kind == "+":
        return left + right, left_slope + right_slope
    if kind == "-":
        return left - right, left_slope - right_slope
    if kind == "*":
        return left * right, left_slope * right + left * right_slope
    if kind == "/":
        ratio = np.divide(left, right)
        return ratio, np.divide(left_slope - ratio * right_slope, right)
    return _dual_of_power((left, left_slope), (right, right_slope), constant=_is_constant(tree[2]))


def _dual_of_call(name: str, arguments: list[Dual]) -> Dual:
    values, slopes = [value for value, _ in arguments], [slope for _, slope in arguments]
    if name in VARIADIC:
        return combine(name, values), combine_slopes(name, values, slopes)
    function, derivative = UNARY[name]
    return function(values[0]), derivative(values[0]) * slopes[0]


def _dual_of_power(base: Dual, exponent: Dual, *, constant: bool) -> Dual:
    left, right = np.asarray(base[0], dtype=float), exponent[0]
    power = np.power(left, right)
    slope = np.where(np.equal(right, 0.0), 0.0, right * np.power(left, right - 1.0)) * base[1]
    if not constant:
        slope = slope + xlogy(power, left) * exponent[1]
    return power, slope


def _is_constant(tree: tuple[Any, ...]) -> bool:
    return not _names(tree)


def _print(tree: tuple[Any, ...], binding: int) -> str:
    kind = tree[0]
    if kind == "number":
        number = float(tree[1])
        return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if kind == "name":
        return str(tree[1])
    if kind == "call":
        return f"{tree[1]}({', '.join(_print(part, 0) for part in tree[2:])})"
    if kind == "minus":
        text = "-" + _print(tree[1], _UNARY_BINDING)
        return f"({text})" if binding >= _UNARY_BINDING else text
    own = _BINDING[kind]
    left_binding, right_binding = (own + 1, own) if kind == "^" else (own, own + 1)
    text = f"{_print(tree[1], left_binding)} {kind} {_print(tree[2], right_binding)}"
    return f"({text})" if own < binding else text
