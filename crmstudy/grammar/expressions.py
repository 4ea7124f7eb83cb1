"""Arithmetic over parameter labels, as ``:=`` uses it: parsed once, evaluated on numbers or arrays, differentiated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crmstudy.errors import did_you_mean
from crmstudy.grammar.tokens import Token

Values = Mapping[str, Any]
Dual = tuple[Any, Any]  # value and gradient

#: Functions of one argument: the function and its derivative.
FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda x: 1.0 / x),
    "log10": (np.log10, lambda x: 1.0 / (x * np.log(10.0))),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "abs": (np.abs, np.sign),
}
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

    ``tree`` is a nested tuple (``("+", left, right)``, ``("call", "exp", argument)``, ``("name", "a")``,
    ``("number", 2.0)``, ``("minus", argument)``).
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
        argument = self.read(0)
        self.close()
        return ("call", name.text, argument)

    def close(self) -> None:
        token = self.peek()
        if token is None or token.text != ")":
            raise ExpressionFault("')' is missing.", token or self.end)
        self.at += 1


def _names(tree: tuple[Any, ...]) -> list[str]:
    if tree[0] == "name":
        return [tree[1]]
    return [name for part in tree[1:] if isinstance(part, tuple) for name in _names(part)]


def _value(tree: tuple[Any, ...], values: Values) -> Any:
    kind = tree[0]
    if kind == "number":
        return tree[1]
    if kind == "name":
        return values[tree[1]]
    if kind == "minus":
        return -_value(tree[1], values)
    if kind == "call":
        return FUNCTIONS[tree[1]][0](_value(tree[2], values))
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
        function, derivative = FUNCTIONS[tree[1]]
        value, slope = _dual(tree[2], values, gradients)
        return function(value), derivative(value) * slope
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
    power = np.power(np.asarray(left, dtype=float), right)
    slope = right * np.power(np.asarray(left, dtype=float), right - 1.0) * left_slope
    if not _is_constant(tree[2]):
        slope = slope + power * np.log(left) * right_slope
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
        return f"{tree[1]}({_print(tree[2], 0)})"
    if kind == "minus":
        text = "-" + _print(tree[1], _UNARY_BINDING)
        return f"({text})" if binding >= _UNARY_BINDING else text
    own = _BINDING[kind]
    left_binding, right_binding = (own + 1, own) if kind == "^" else (own, own + 1)
    text = f"{_print(tree[1], left_binding)} {kind} {_print(tree[2], right_binding)}"
    return f"({text})" if own < binding else text
