"""The door of bottom-up scoring: items by block, the range they are answered on, the cut points between levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.options import name_faults
from crmstudy.assessment.tables import Type, table_of
from crmstudy.describing.scored import declared_range
from crmstudy.errors import DataError, ModelError, did_you_mean
from crmstudy.instrument.model import Instrument
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.responses import Responses
from crmstudy.scoring import analysis_frame

#: The highest level of the scale; the lowest is 0.
TOP = 6
Ends = tuple[float, float]
_Asked = Mapping[str, Any] | Sequence[Any] | None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Items of one block, from the basic to the advanced as declared.

    ``values`` is (units, items) with NaN for no answer; ``ends`` the lowest and the highest answer; ``cuts`` the six
    scores from which on a unit is at level 1 to 6; ``present`` the answer from which on a capability is there.
    """

    name: str
    items: tuple[str, ...]
    values: Array
    ends: Ends
    cuts: tuple[float, ...]
    present: float


def read_blocks(
    data: object, blocks: object, unit: str | None, cuts: _Asked, ends: _Asked, present: object
) -> tuple[tuple[str, ...], tuple[Block, ...], tuple[Note, ...]]:
    """Names of the units, their answers by block, and what had to be assumed; all faults at once."""
    if isinstance(blocks, Instrument) and isinstance(data, pd.DataFrame):
        data = Responses.from_frame(data, [blocks])
    grouped = _grouped(data, blocks)
    wrong = name_faults({"unit": unit}, optional=["unit"])
    wrong += [f"'{unit}' is an item of '{name}'; the `unit` has a column of its own." for name, items in grouped.items()
              if unit in items]  # fmt: skip
    if wrong:
        raise ModelError(wrong)
    frame, notes = analysis_frame(data) if isinstance(data, Responses) else (data, ())
    frame = frame.rename(columns=str) if isinstance(frame, pd.DataFrame) else frame
    cuts, ends = ({str(name): own for name, own in asked.items()} if isinstance(asked, Mapping) else asked
                  for asked in (cuts, ends))  # fmt: skip
    wanted: dict[str, Type] = {} if unit is None else {unit: "text"}
    wanted |= {item: "number" for items in grouped.values() for item in items}
    table = table_of(frame, wanted, what="units")
    told, faults, made = list(notes), _mapping_faults(grouped, cuts, ends), []
    names = _units(table, unit, faults)
    open_blocks = [
        name for name, items in grouped.items() if _own(ends, name) is None and _declared(items, data) is None
    ]
    assumed = _recognised(open_blocks, [item for name in open_blocks for item in grouped[name]], table, told)
    for name, items in grouped.items():
        values = table[list(items)].to_numpy(dtype=float)
        low_high = _ends_of(name, items, values, data, _own(ends, name), assumed, faults)
        marks = _cuts_of(name, low_high, _own(cuts, name), faults)
        if low_high is None:
            continue
        there = _present_of(name, low_high, present, faults)
        if marks is not None and there is not None:
            made.append(Block(name, items, values, low_high, marks, there))
    if faults:
        raise DataError(faults)
    return names, tuple(made), tuple(told)


def _grouped(data: object, blocks: object) -> dict[str, tuple[str, ...]]:
    """Items by block: a mapping, or the scales of an instrument."""
    if blocks is None and isinstance(data, Responses):
        blocks = {scale: data.scale_items(scale) for scale in data.scales}
    if isinstance(blocks, Instrument):
        blocks = {scale: blocks.scale(scale).item_ids for scale in blocks.scale_ids}
    if not isinstance(blocks, Mapping) or not blocks:
        raise ModelError(
            "`blocks` says which items belong to which block, from the basic to the advanced: a mapping such as "
            f"{{'vision': ['leadership', 'value_proposition']}}, or an instrument with scales; not {blocks!r:.200}."
        )
    found, faults = {}, []
    for name, items in blocks.items():
        listed = [items] if isinstance(items, str) else list(items) if isinstance(items, Iterable) else []
        if not listed:
            faults.append(f"The block '{name}' of `blocks` names no items; it has {items!r:.200}.")
        found[str(name)] = tuple(map(str, listed))
    homes: dict[str, list[str]] = {}
    for name, items in found.items():
        for item in items:
            homes.setdefault(item, []).append(name)
    faults += [
        f"The item '{item}' stands {len(where)} times in `blocks` ({', '.join(where)}); each item belongs to one block."
        for item, where in homes.items()
        if len(where) > 1
    ]
    if faults:
        raise ModelError(faults)
    return found


def _units(table: pd.DataFrame, unit: str | None, faults: list[str]) -> tuple[str, ...]:
    """The name of every row, each once; without a column of names they are counted from 1."""
    if unit is None:
        return tuple(str(row) for row in range(1, len(table) + 1))
    names = table[unit]
    if names.isna().any():
        rows = ", ".join(str(row + 1) for row in np.flatnonzero(names.isna())[:5])
        faults.append(f"Every row needs a name in '{unit}'; row {rows} has none.")
    twice = names[names.duplicated(keep=False) & names.notna()]
    for name in twice.unique():
        places = ", ".join(str(row + 1) for row in np.flatnonzero(names == name))
        faults.append(
            f"The unit '{name}' stands in the rows {places}; keep one row a unit, or bring several raters to "
            "one answer first."
        )
    return tuple(names.astype(str))


def _own(asked: _Asked, name: str) -> Any:
    return asked.get(name) if isinstance(asked, Mapping) else asked


def _mapping_faults(grouped: Mapping[str, object], *asked: _Asked) -> list[str]:
    return [
        f"`{keyword}` names the block '{name}', which `blocks` does not have.{did_you_mean(str(name), grouped)}"
        for keyword, given in zip(("cuts", "ends"), asked, strict=True)
        if isinstance(given, Mapping)
        for name in given
        if name not in grouped
    ]


def _ends_of(
    name: str, items: tuple[str, ...], values: Array, data: object, asked: Any, assumed: Ends | None, faults: list[str]
) -> Ends | None:
    """The range of the answers: as given, as the instrument says, or as all blocks together suggest."""
    found = _numbers(asked, 2) if asked is not None else _declared(items, data)
    if asked is not None and (found is None or not found[0] < found[1]):
        faults.append(f"`ends` of '{name}' are the lowest and the highest answer, such as (1, 5); not {asked!r:.200}.")
        return None
    known = values[~np.isnan(values)]
    found = assumed if found is None else found
    if found is None and not len(known):
        found = (0.0, 1.0)  # nobody answered: no score depends on it
    if found is None:
        low, high = known.min(), known.max()
        faults.append(
            f"The answers of '{name}' run from {low:g} to {high:g}, and nothing says which were possible: give `ends`, "
            "such as (1, 5)."
        )
        return None
    outside = (values < found[0]) | (values > found[1])
    for item, wrong in zip(items, outside.T, strict=True):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            faults.append(
                f"The item '{item}' is answered from {found[0]:g} to {found[1]:g}, but {int(wrong.sum())} answers lie "
                f"outside, the first in row {row + 1}; correct them or empty them."
            )
    return found[0], found[1]


def _recognised(blocks: list[str], items: list[str], table: pd.DataFrame, told: list[Note]) -> Ends | None:
    """The range of all blocks of which nothing is said: one for all, because a low block of a scale looks like 0/1."""
    known = table[items].to_numpy(dtype=float).ravel()
    known = known[~np.isnan(known)]
    if not len(known) or not np.isin(known, range(TOP + 1)).all() or not (known.min() == 0 or known.max() == TOP):
        return None
    found, said = (
        ((0.0, 1.0), "0 and 1 only and are taken as no and yes")
        if known.max() <= 1
        else ((0.0, float(TOP)), f"whole numbers from 0 to {TOP} and are taken as levels")
    )
    message = f"The answers of {', '.join(blocks)} are {said}; `ends` says otherwise."
    told.append(Note("MATURITY_RANGE_ASSUMED", message))
    return found


def _declared(items: tuple[str, ...], data: object) -> tuple[float, ...] | None:
    """The range an instrument declares, where all items share one."""
    ranges = {declared_range(data, item) for item in items} if isinstance(data, Responses) else {None}
    return next(iter(ranges)) if len(ranges) == 1 else None


def _cuts_of(name: str, ends: Ends | None, asked: Any, faults: list[str]) -> tuple[float, ...] | None:
    """Six rising cut points; without any, those of the score brought to 0 to 6 and rounded."""
    if asked is None and ends is None:
        return None
    low, high = ends or (-np.inf, np.inf)
    if asked is None:
        return tuple(low + (level - 0.5) / TOP * (high - low) for level in range(1, TOP + 1))
    found = _numbers(asked, TOP)
    if found is None or any(a >= b for a, b in pairwise(found)):
        faults.append(
            f"`cuts` of '{name}' are {TOP} rising numbers, the scores from which on a unit is at level 1 to {TOP}; not "
            f"{asked!r:.200}."
        )
        return None
    if not low < found[0] or found[-1] > high:
        faults.append(
            f"`cuts` of '{name}' run from {found[0]:g} to {found[-1]:g}; they must lie above the lowest answer {low:g} "
            f"and not beyond the highest, {high:g}, so that every level can be reached."
        )
        return None
    return found


def _present_of(name: str, ends: Ends, asked: object, faults: list[str]) -> float | None:
    """The answer from which on a capability counts as there; the middle of the range unless said otherwise."""
    low, high = ends
    if asked is None:
        return (low + high) / 2.0
    found = _numbers([asked], 1)
    if found is None or not low < found[0] <= high:
        faults.append(
            f"`present` is the answer from which on a capability counts as there, above {low:g} and up to {high:g} in "
            f"'{name}'; not {asked!r:.200}."
        )
        return None
    return found[0]


def _numbers(asked: Any, count: int) -> tuple[float, ...] | None:
    """So many finite numbers, or None."""
    listed = list(asked) if isinstance(asked, Iterable) and not isinstance(asked, str | Mapping) else []
    good = [x for x in listed if not isinstance(x, bool) and isinstance(x, Real) and np.isfinite(float(x))]
    return tuple(map(float, good)) if len(listed) == len(good) == count else None
