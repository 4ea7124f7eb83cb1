"""What the columns of a data file look like: which are items of one scale, and what range they are answered in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crmstudy.errors import InstrumentError
from crmstudy.instrument import Instrument, list_instruments
from crmstudy.instrument.prefixes import is_item_id, numbered, propose_scales, scale_id

if TYPE_CHECKING:
    import pandas as pd

#: Numbers that stand for "no answer" in many files, when they lie outside the response range.
USUAL_CODES = frozenset({-999, -99, -98, -97, -96, -95, -9, -8, -7, -1, 8, 9, 77, 88, 97, 98, 99, 999})
_WIDEST = 10

__all__ = ["Proposal", "codes_outside", "is_item_id", "known_instruments", "propose", "propose_scales", "scale_id"]


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
        tuple(name for name in answered if not is_item_id(name) and numbered(name)),
    )


def known_instruments(columns: Iterable[str], search: Iterable[Path] = ()) -> list[Instrument]:
    """The instruments whose items are all among the columns; of several versions of one the one with most items."""
    there = set(columns)
    found: dict[str, Instrument] = {}
    try:
        known = list_instruments(search)
    except InstrumentError:  # a file that is no instrument yet is for lint to tell about
        known = list_instruments()
    for one in known:
        if set(one.item_ids) <= there and (one.id not in found or len(one.items) > len(found[one.id].items)):
            found[one.id] = one
    return list(found.values())


def codes_outside(frame: pd.DataFrame, items: Sequence[str], low: int, high: int) -> tuple[int, ...]:
    """The usual codes for "no answer" that occur in the items outside the range."""
    found = {value for name in items for value in _values(frame[name])}
    return tuple(sorted(int(v) for v in found if v in USUAL_CODES and not low <= v <= high))


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
