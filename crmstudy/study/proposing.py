"""What the columns of a data file look like: which are items of one scale, and what range they are answered in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: Persian and Arabic digits, as they stand in column names.
_DIGITS = {ord(digit): str(index % 10) for index, digit in enumerate("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩")}
_NUMBERED = re.compile(r"(?P<prefix>.*?[^\W\d_].*?)[ ._-]*(?P<number>\d+)")
#: Numbers that stand for "no answer" in many files, when they lie outside the response range.
USUAL_CODES = frozenset({-999, -99, -98, -97, -9, -8, -7, -1, 8, 9, 77, 88, 97, 98, 99, 999})
_WIDEST = 10


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was found in a data file.

    ``scales`` is name to item columns; ``low``/``high`` the range of their answers; ``codes`` the numbers outside it
    that look like "no answer"; ``others`` the columns that belong to no scale; ``unnameable`` those that cannot be
    items because of a sign in their name.
    """

    scales: Mapping[str, tuple[str, ...]]
    low: int
    high: int
    codes: tuple[int, ...]
    others: tuple[str, ...]
    unnameable: tuple[str, ...] = ()


def propose(frame: pd.DataFrame) -> Proposal:
    """Propose scales for the columns of a data file."""
    columns = [str(name) for name in frame.columns]
    answered = [name for name in columns if _looks_answered(frame[name])]
    scales = propose_scales([name for name in answered if is_item_id(name)], columns)
    items = [name for members in scales.values() for name in members]
    low, high = _range({value for name in items for value in _values(frame[name])})
    return Proposal(
        scales,
        low,
        high,
        codes_outside(frame, items, low, high),
        tuple(name for name in columns if name not in items),
        tuple(name for name in answered if not is_item_id(name) and _numbered(name)),
    )


def propose_scales(columns: Sequence[str], taken: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """Group columns whose names differ only in a number at their end.

    Parameters
    ----------
    columns : sequence of str
        Names that may be items.
    taken : sequence of str
        Names that a scale must not have.

    Examples
    --------
    >>> propose_scales(["IMAG1", "IMAG2", "q1_1", "q1_2", "age"])
    {'IMAG': ('IMAG1', 'IMAG2'), 'q1': ('q1_1', 'q1_2')}
    """
    groups: dict[str, list[str]] = {}
    spelling: dict[str, str] = {}
    for name in columns:
        prefix = _numbered(name)
        if prefix is not None:
            spelling.setdefault(prefix.casefold(), prefix)
            groups.setdefault(prefix.casefold(), []).append(name)
    scales: dict[str, tuple[str, ...]] = {}
    used = {name.casefold() for name in (*columns, *taken)}
    for key, members in groups.items():
        if len(members) > 1:
            scale = scale_id(spelling[key])
            while scale.casefold() in used:
                scale += "_scale"
            used.add(scale.casefold())
            scales[scale] = tuple(members)
    return scales


def scale_id(text: str) -> str:
    """A name a scale can have, made of any text.

    Examples
    --------
    >>> scale_id("work life.2"), scale_id("1st")
    ('work_life_2', 's_1st')
    """
    letters = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in text)
    name = re.sub(r"_+", "_", letters).strip("_") or "scale"
    return name if name.isidentifier() else f"s_{name}"


def is_item_id(name: str) -> bool:
    """Whether a column name can be the id of an item."""
    return name.replace(".", "_").isidentifier()


def codes_outside(frame: pd.DataFrame, items: Sequence[str], low: int, high: int) -> tuple[int, ...]:
    """The usual codes for "no answer" that occur in the items outside the range."""
    found = {value for name in items for value in _values(frame[name])}
    return tuple(sorted(int(v) for v in found if v in USUAL_CODES and not low <= v <= high))


def _numbered(name: str) -> str | None:
    found = _NUMBERED.fullmatch(name.translate(_DIGITS))
    return None if found is None else name[: found.end("prefix")]


def _values(column: pd.Series[float]) -> set[float]:
    return {float(value) for value in column.dropna().unique()}


def _looks_answered(column: pd.Series[float]) -> bool:
    """Whether a column holds whole numbers of a narrow range, codes for "no answer" left aside."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(column):
        return False
    values = _values(column)
    low, high = _range(values)
    inside = {value for value in values if low <= value <= high}
    return (
        bool(inside)
        and high - low <= _WIDEST
        and all(value.is_integer() and (value in inside or value in USUAL_CODES) for value in values)
    )


def _range(values: set[float]) -> tuple[int, int]:
    """The range that answers come from: from 0 or 1 to the largest, without what looks like a code."""
    real = {value for value in values if 0 <= value < 77}
    rest = real - {8.0, 9.0}
    if rest and (max(rest) <= 6 or (max(rest) == 7 and 8.0 not in real)):
        real = rest
    if not real:
        return 1, 5
    largest = int(max(real))
    if 0 in real:
        return 0, max(largest, 1)
    return 1, largest if largest >= 4 else 5
