"""A condition as a tree, and the one way it is written as a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Value = int | float | str
Operator = Literal["=", "!=", "<", "<=", ">", ">="]
#: Words of the language; a name that is one of them stands between backquotes.
WORDS = frozenset({"and", "or", "not", "in", "has", "answered", "refused"})
_NAME = re.compile(r"[^\W\d](?:[\w\u200c]|\.(?=\w))*")


@dataclass(frozen=True, slots=True)
class Compare:
    """A name against a value."""

    name: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Among:
    """A name is one of some values, or (``negated``) is answered with none of them."""

    name: str
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Has:
    """Among several chosen answers is one value, or (``negated``) something was chosen and it is not among them."""

    name: str
    value: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A question was answered, or was refused."""

    how: Literal["answered", "refused"]
    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Tree


@dataclass(frozen=True, slots=True)
class Joined:
    """All of two or more parts hold (``and``), or at least one (``or``)."""

    word: Literal["and", "or"]
    parts: tuple[Tree, ...]


Tree = Compare | Among | Has | Given | Not | Joined


def printed(tree: Tree, inside: str = "") -> str:
    """A condition as a text; brackets stand where they are needed. Read again it is the same tree."""
    if isinstance(tree, Compare):
        return f"{_printed_name(tree.name)} {tree.operator} {_printed_value(tree.value)}"
    if isinstance(tree, Among):
        values = ", ".join(map(_printed_value, tree.values))
        return f"{_printed_name(tree.name)} {'not ' * tree.negated}in ({values})"
    if isinstance(tree, Has):
        return f"{_printed_name(tree.name)} {'not ' * tree.negated}has {tree.value}"
    if isinstance(tree, Given):
        return f"{tree.how}({_printed_name(tree.name)})"
    if isinstance(tree, Not):
        return f"not {printed(tree.part, 'not')}"
    said = f" {tree.word} ".join(printed(part, tree.word) for part in tree.parts)
    return f"({said})" if inside and not (inside == "or" and tree.word == "and") else said


def _printed_name(name: str) -> str:
    return name if _NAME.fullmatch(name) and name.lower() not in WORDS else f"`{name}`"


def _printed_value(value: Value) -> str:
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    said = repr(value)
    return said if "e" not in said else f"{Decimal(said):f}"


def names(tree: Tree) -> Iterator[str]:
    """Every name a condition uses, as often as it does."""
    if isinstance(tree, Joined):
        for part in tree.parts:
            yield from names(part)
    elif isinstance(tree, Not):
        yield from names(tree.part)
    else:
        yield tree.name
