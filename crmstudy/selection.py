"""Which columns of the data an analysis is about: the checks at the door that the measurement verbs share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Integral, Real
from typing import TypeGuard

import numpy as np
import pandas as pd

from crmstudy.errors import DataError, did_you_mean
from crmstudy.instrument.model import HigherOrder, Item, Scale
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.responses import Responses

#: Largest size of a number, whose fourth power is far within the range of floating-point numbers.
_LARGEST = 1e50


@dataclass(frozen=True, slots=True)
class ItemSet:
    """The items of one scale: its id (empty where the items belong to no scale), columns, and the scale as declared."""

    scale: str
    items: tuple[str, ...]
    declared: Scale | HigherOrder | None = None

    @property
    def mirrored(self) -> dict[str, float]:
        """The items of parts that a total takes the other way round, each with low + high of its range."""
        whole = self.declared
        if not isinstance(whole, HigherOrder):
            return {}
        straight = {id for part in whole.parts if part.id not in whole.reversed_parts for id in part.item_ids}
        turned = [item for part in whole.parts if part.id in whole.reversed_parts for item in part.items]
        return {item.id: float(item.response.low + item.response.high) for item in turned if item.id not in straight}


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number of Python or NumPy; True and False are none."""
    return not isinstance(value, bool) and isinstance(value, Integral)


def coverage_faults(level: object) -> list[str]:
    """What is wrong with the coverage of intervals, as a sentence; nothing when it can be used."""
    if not isinstance(level, bool) and isinstance(level, Real) and 0.5 <= float(level) < 1.0:
        return []
    return [f"`level` is a coverage such as 0.95, from 0.5 to below 1, not {level!r}."]


def left_out(frame: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """The columns that are not among the names."""
    used = set(names)
    return [str(name) for name in frame.columns if str(name) not in used]


def named_columns(frame: pd.DataFrame, names: Sequence[str] | str, keyword: str = "items") -> tuple[str, ...]:
    """The names as asked for with a keyword, after checking that each is a column, once.

    Raises
    ------
    DataError
        With one fault for every name that is no column, stands twice in the data, or is asked for twice; or when what
        is given is no list of names.
    """
    if not isinstance(names, Iterable):
        raise DataError(f"`{keyword}` is a list of column names such as ['q1', 'q2'], not {names!r}.")
    if isinstance(names, set | frozenset):
        raise DataError(f"`{keyword}` is a set, which has no order: name the columns in a list such as ['q1', 'q2'].")
    wanted = [names] if isinstance(names, str) else [str(name) for name in names]
    present = list(map(str, frame.columns))
    faults = [
        f"There is no column '{name}' in the data.{did_you_mean(name, present)}"
        for name in dict.fromkeys(wanted)
        if name not in present
    ]
    faults += [
        f"The data have {present.count(name)} columns named '{name}': rename them so that each name stands once."
        for name in dict.fromkeys(wanted)
        if present.count(name) > 1
    ]
    faults += [
        f"'{name}' is asked for {wanted.count(name)} times: name every item once."
        for name in dict.fromkeys(wanted)
        if wanted.count(name) > 1
    ]
    if not wanted:
        faults = [f"No items are named: give at least one column, or leave `{keyword}` out."]
    if faults:
        raise DataError(faults)
    return tuple(wanted)


def numeric_columns(frame: pd.DataFrame) -> tuple[str, ...]:
    """The names of all numeric columns.

    Raises
    ------
    DataError
        When there is none.
    """
    names = [str(name) for name in frame.select_dtypes("number").columns]
    if not names:
        raise DataError("The data have no numeric column to analyse: read answers as numbers, or name `items`.")
    return named_columns(frame, names)


def numeric_values(frame: pd.DataFrame, names: Sequence[str]) -> Array:
    """The columns as an array of shape (n, k), missing values as NaN.

    Raises
    ------
    DataError
        With one fault for every column that holds text, dates, infinite values, or numbers whose powers cannot be held.
    """
    frame = frame.rename(columns=str)
    faults, columns = [], []
    for name in names:
        column = frame[name]
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_complex_dtype(column):
            faults.append(f"'{name}' holds {_content(column)}, not numbers: recode it as numbers or leave it out.")
            continue
        values = column.to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(values).any():
            faults.append(f"'{name}' holds {int(np.isinf(values).sum())} infinite values: set them to missing.")
        elif is_extreme(values):
            faults.append(f"'{name}' holds numbers too large or too small to compute with: change its unit.")
        columns.append(values)
    if faults:
        raise DataError(faults)
    return np.column_stack(columns) if columns else np.empty((len(frame), 0))


def keyed_values(frame: pd.DataFrame, chosen: ItemSet) -> Array:
    """The items of a set as :func:`numeric_values` gives them, those of parts that a total mirrors turned round."""
    values = numeric_values(frame, chosen.items)
    for place, item in enumerate(chosen.items):
        if item in chosen.mirrored:
            values[:, place] = chosen.mirrored[item] - values[:, place]
    return values


def is_extreme(values: Array) -> bool:
    """Whether values are so large, or differ by so little, that their fourth powers leave the range of numbers."""
    known = values[~np.isnan(values)]
    if not len(known):
        return False
    return bool(np.abs(known).max() > _LARGEST or 0.0 < np.ptp(known) < 1.0 / _LARGEST)


def item_sets(
    data: object, frame: pd.DataFrame, items: Sequence[str] | str | None, scale: Sequence[str] | str | None
) -> tuple[ItemSet, ...]:
    """The sets of items asked for.

    Responses: the named scales, or every scale. ``items``: those columns as one set, named by ``scale`` where the data
    are a DataFrame. A DataFrame without either: all numeric columns as one set.

    Raises
    ------
    DataError
        For an unknown scale or column, or for a scale asked of data that declare none.
    """
    if isinstance(data, Responses):
        if items is None:
            return _declared_sets(data, scale)
        if scale is not None:
            raise DataError("Give either `items` or `scale`: the instrument already says which items a scale has.")
        return (ItemSet("", named_columns(frame, items)),)
    if scale is not None and (items is None or not isinstance(scale, str)):
        raise DataError(
            f"A DataFrame declares no scales, so scale={scale!r} cannot be looked up: name the columns with `items` "
            "(then `scale` is the name of the set), or pass the Responses of read_responses()."
        )
    return (ItemSet(str(scale or ""), numeric_columns(frame) if items is None else named_columns(frame, items)),)


def declared_items(data: object) -> dict[str, Item]:
    """The items of the instruments that the data answer, by id; empty for a DataFrame."""
    if not isinstance(data, Responses):
        return {}
    return {item.id: item for instrument in data.instruments for item in instrument.items}


def nominal_notes(data: object, names: Iterable[str]) -> list[Note]:
    """A warning for each question whose answers are names (three or more) and enter as if they were amounts."""
    if not isinstance(data, Responses):
        return []
    notes = []
    for name in dict.fromkeys(names):
        item = data.unscored.get(name)
        if item is not None and item.response.measure == "nominal" and len(item.response.values) > 2:
            message = (
                f"'{name}' has {len(item.response.values)} answers without an order, which enter here as the numbers "
                f"they are coded by. Write C({name}) in a formula, or compare the groups."
            )
            notes.append(Note("NOMINAL_AS_NUMBER", message, "warning", name))
    return notes


def overlap_notes(data: object, names: Sequence[str]) -> list[Note]:
    """A warning where names share items: a score and its part, two scales of one item, a scale and its item."""
    if not isinstance(data, Responses):
        return []
    items = {name: set(data.scores[name].item_ids) if name in data.scores else {name} for name in names}
    pairs = [f"{one} and {other}" for one, other in combinations(items, 2) if items[one] & items[other]]
    if not pairs:
        return []
    message = f"These share items, so part of their correlation is that of an item with itself: {'; '.join(pairs)}."
    return [Note("CORRELATIONS_OVERLAP", message, "warning")]


def _declared_sets(responses: Responses, scale: Sequence[str] | str | None) -> tuple[ItemSet, ...]:
    scales = responses.scores
    if scale is not None and not isinstance(scale, Iterable):
        raise DataError(f"`scale` is the id of a scale or a list of ids, not {scale!r}.")
    wanted = list(responses.scales) if scale is None else [scale] if isinstance(scale, str) else list(map(str, scale))
    faults = [
        f"No instrument of these responses has a scale '{name}'."
        + (did_you_mean(name, scales) or (f" There are: {', '.join(scales)}." if scales else ""))
        for name in wanted
        if name not in scales
    ]
    if not wanted and not faults:
        faults = ["These responses answer no instrument with scales: name the columns with `items`."]
    if faults:
        raise DataError(faults)
    return tuple(ItemSet(name, tuple(responses.scale_items(name)), scales[name]) for name in dict.fromkeys(wanted))


def _content(column: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(column):
        return "dates"
    return "categories" if isinstance(column.dtype, pd.CategoricalDtype) else "text"
