"""What stands before a ``*``: numbers, ``NA``, labels, ``start()``, ``equal()``, ``lower()``, ``upper()``, ``c()``."""

from __future__ import annotations

import math
import re
from itertools import accumulate
from typing import Any

from crmstudy.errors import did_you_mean
from crmstudy.grammar.expressions import ExpressionFault, parse_expression
from crmstudy.grammar.functions import FUNCTIONS
from crmstudy.grammar.tokens import SyntaxFault, Token, tokenise

#: Words that are values in R and cannot be labels.
RESERVED = frozenset({"NA", "Inf", "NaN", "TRUE", "FALSE", "NULL"})
_CALLS = ("start", "label", "equal", "lower", "upper", "c")
_UNBUILT = {
    "rv": "random slopes (rv())",
    "efa": "exploratory blocks (efa())",
    "prior": "priors (prior())",
}
_PARAMETER = re.compile(r"\s*([\w.\u200c]+)\s*(=~|<~|~\*~|~~|~)\s*([\w.\u200c]+)\s*")


def read_modifier(words: list[Token], *, asks: bool) -> dict[str, Any]:
    """The fields of a term that one modifier sets, and ``places``: where it stands.

    ``asks`` tells that it is followed by ``?``, lavaan's short form of ``start()``.

    Raises
    ------
    SyntaxFault
        When it cannot be read.
    """
    first = words[0]
    called = first.kind == "name" and len(words) > 1 and words[1].text == "(" and first.text not in FUNCTIONS
    found: dict[str, Any]
    if asks:
        found = {"start": _number(words)}
    elif called:
        found = _call(first, words)
    elif len(words) == 1 and first.kind in ("name", "string"):
        found = {"free": True} if first.kind == "name" and first.text == "NA" else {"label": _label(first)}
    else:
        found = {"fixed": _number(words)}
    return found | {"places": tuple((name, first) for name in found)}


def commas(words: list[Token]) -> list[list[Token]]:
    """Cut at the commas outside parentheses."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        if depth == 0 and word.text == ",":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _call(name: Token, words: list[Token]) -> dict[str, Any]:
    if name.text in _UNBUILT:
        raise SyntaxFault(name, f"{_UNBUILT[name.text]} are not built yet.", unsupported=True)
    if name.text not in _CALLS:
        hint = did_you_mean(name.text, _CALLS)
        known = ", ".join(f"{known}()" for known in _CALLS)
        raise SyntaxFault(name, f"'{name.text}()' is not a modifier ({known}).{hint}")
    inner = _inside(words)
    if name.text == "c":
        return _by_group([_entry(part, name) for part in commas(inner)])
    given = [part for group in commas(inner) for part in _flattened(group)]
    if not all(given):
        raise SyntaxFault(name, f"'{name.text}(...)' must hold one value, or c() with one a group.")
    if name.text in ("start", "lower", "upper"):
        return {name.text: _single([None if _is_na(part) else _number(part) for part in given])}
    texts = [None if _is_na(part) else _text(part, name.text) for part in given]
    if name.text == "label":
        return {"label": _single([text if text is None else _label(text) for text in texts])}
    if all(text is None or len(tokenise(text.text.strip("\"'"))) == 1 for text in texts):
        return {"label": _single([text if text is None else _label(text) for text in texts])}
    return {"equal_to": _single([text if text is None else _reference(text) for text in texts])}


def _inside(words: list[Token]) -> list[Token]:
    """What stands between the parentheses of a call, which must end with it."""
    depths = list(accumulate({"(": 1, ")": -1}.get(word.text, 0) for word in words))
    end = depths.index(0, 1)
    if end + 1 < len(words):
        raise SyntaxFault(words[end + 1], f"'*' or '+' is missing before '{words[end + 1].text}'.")
    if end == 2:
        raise SyntaxFault(words[0], f"'{words[0].text}(...)' must hold a value.")
    return words[2:end]


def _flattened(words: list[Token]) -> list[list[Token]]:
    if len(words) > 1 and words[0].text == "c" and words[1].text == "(":
        return commas(_inside(words))
    return [words]


def _entry(words: list[Token], name: Token) -> float | str | None:
    """One group's entry of ``c()``: a number, a label, or None for ``NA`` and empty labels."""
    if not words:
        raise SyntaxFault(name, "an entry of 'c(...)' is missing beside ','.")
    if len(words) == 1 and words[0].kind in ("name", "string"):
        return None if _is_na(words) else _label(words[0])
    return _number(words)


def _by_group(found: list[float | str | None]) -> dict[str, Any]:
    """Numbers, labels and ``NA`` of ``c()``; ``NA`` frees, but beside labels alone it means no label."""
    numbers = [entry if isinstance(entry, float) else None for entry in found]
    texts = [entry if isinstance(entry, str) else None for entry in found]
    has_numbers, has_texts = any(x is not None for x in numbers), any(x is not None for x in texts)
    fields: dict[str, Any] = {}
    if has_numbers:
        fields["fixed"] = _single(numbers)
    if None in found and (has_numbers or not has_texts):
        fields["free"] = _single([entry is None for entry in found])
    if has_texts:
        fields["label"] = _single(texts)
    return fields


def _single(values: list[Any]) -> Any:
    """One entry stands for all groups; entries that say nothing are no modifier."""
    if all(value is None for value in values):
        return None
    return values[0] if len(values) == 1 else tuple(values)


def _is_na(words: list[Token]) -> bool:
    return len(words) == 1 and (words[0].text == "NA" or words[0].text in ('""', "''"))


def _text(words: list[Token], name: str) -> Token:
    if len(words) != 1 or words[0].kind not in ("string", "name"):
        raise SyntaxFault(words[0], f"'{name}()' must hold a text in quotes, or c() with one a group.")
    return words[0]


def _label(token: Token) -> str:
    text = token.text.strip("\"'")
    if token.kind == "name" and text in RESERVED:
        raise SyntaxFault(token, f"'{text}' cannot be a label or a value here.")
    words = tokenise(text)
    if len(words) != 1 or words[0].kind != "name" or words[0].text != text or text in RESERVED:
        message = "a label must be a name: letters, digits, '.' and '_', beginning with a letter."
        raise SyntaxFault(token, message)
    return text


def _reference(token: Token) -> str:
    match = _PARAMETER.fullmatch(token.text.strip("\"'"))
    if match is None:
        raise SyntaxFault(token, 'equal() must hold a parameter such as "f=~x1".')
    return "".join(match.groups())


def _number(words: list[Token]) -> float:
    try:
        expression = parse_expression(words, words[-1])
    except ExpressionFault as fault:
        raise SyntaxFault(fault.token, str(fault)) from None
    if expression.names:
        message = "a modifier is a number, NA, a label, start(), label(), equal(), lower(), upper() or c()."
        raise SyntaxFault(words[0], message)
    value = float(expression.value({}))
    if not math.isfinite(value):
        raise SyntaxFault(words[0], f"a modifier must be a finite number; this is {value}.")
    return value
