"""The words of the model language, each with the line and column it stands in, and faults that point there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from crmstudy.errors import Fault

TokenKind = Literal["name", "number", "string", "operator", "sign", "break", "unknown"]

_WORDS = re.compile(
    r"(?P<comment>[#!][^\n]*)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>(?:[^\W\d]|\.(?=[^\W\d]))[\w.\u200c]*)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')"
    r"|(?P<operator>~\*~|=~|<~|~~|~|:=|==|<|>|\|)"
    r"|(?P<sign>\*\*|[-+*/^(),?:])"
    r"|(?P<break>[\n;])"
    r"|(?P<space>[^\S\n]+)"
    r"|(?P<unknown>.)"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its kind, its text, and where it stands (``line`` and ``column`` from 1)."""

    kind: TokenKind
    text: str
    line: int
    column: int


class SyntaxFault(Exception):
    """Ends the reading of a formula or a part of it: the token it fails at, and whether it is right but not built."""

    def __init__(self, token: Token, message: str, *, unsupported: bool = False) -> None:
        super().__init__(message)
        self.token, self.unsupported = token, unsupported


def tokenise(text: str) -> list[Token]:
    """Cut a model text into words; comments (``#``, ``!``) and spaces are left out, line breaks are kept."""
    tokens: list[Token] = []
    line, line_start = 1, 0
    for match in _WORDS.finditer(text.replace("\u02dc", "~")):  # the small tilde that comes out of printed pages
        kind = match.lastgroup
        if kind not in ("comment", "space"):
            tokens.append(Token(kind, match.group(), line, match.start() - line_start + 1))  # type: ignore[arg-type]
        if match.group() == "\n":
            line, line_start = line + 1, match.end()
    return tokens


def point_at(source: str, token: Token, message: str) -> Fault:
    """A fault that shows the line of the model with a caret under the token."""
    lines = source.split("\n")
    shown = lines[token.line - 1].replace("\t", " ") if token.line <= len(lines) else ""
    caret = " " * (token.column - 1) + "^" * max(1, len(token.text.strip()))
    return Fault(f"column {token.column}: {message}\n      {shown}\n      {caret}", None, token.line)
