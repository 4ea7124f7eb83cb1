"""Columns as categories: their values in order, what these are called, and who is in which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import DataError, did_you_mean
from crmstudy.instrument.model import Item
from crmstudy.selection import declared_items, is_extreme

Labels = Mapping[str, Mapping[Any, str]]
Codes = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class Categories:
    """One column.

    ``values`` are its categories in order (numbers ascending, the order of a categorical, texts by alphabet), ``codes``
    (n,) the place of each row's category, -1 where missing; ``labels`` what the categories are called; ``ordered``
    tells whether the order means anything.
    """

    name: str
    values: tuple[Any, ...]
    labels: tuple[str, ...]
    codes: Codes
    ordered: bool

    @property
    def shown(self) -> tuple[str, ...]:
        """The labels, for categories without one the value."""
        return tuple(label or str(value) for label, value in zip(self.labels, self.values, strict=True))


def read_labels(labels: object, names: Iterable[str]) -> Labels:
    """What categories are called, by variable and value.

    Raises
    ------
    DataError
        For anything but a mapping of variables to mappings of values to texts.
    """
    if labels is None:
        return {}
    wanted = "`labels` gives, for a variable, what its values are called: {'sex': {1: 'women', 2: 'men'}}"
    if not isinstance(labels, Mapping):
        raise DataError(f"{wanted}; found {labels!r}.")
    known = list(names)
    faults = [f"{wanted}; for '{name}' found {own!r}." for name, own in labels.items() if not isinstance(own, Mapping)]
    faults += [
        f"`labels` names '{name}', which is not described.{did_you_mean(str(name), known)}"
        for name in labels
        if str(name) not in known
    ]
    if faults:
        raise DataError(faults)
    return {str(name): own for name, own in labels.items()}


def language_faults(lang: object) -> list[str]:
    """What is wrong with the language of labels, as a sentence; an instrument without it has labels in English."""
    if isinstance(lang, str) and lang:
        return []
    return [f"`lang` is a language such as 'en', 'fa' or 'ru', not {lang!r}."]


def categories(
    data: object, frame: pd.DataFrame, name: str, labels: Labels, *, lang: str = "en", declared: bool = False
) -> Categories:
    """Read a column as categories.

    Parameters
    ----------
    data, frame
        The data and the frame made of them.
    name : str
        A column.
    labels : mapping
        What :func:`read_labels` gave; an item's own labels stand where there are none.
    lang : str
        Language of the items' labels.
    declared : bool
        List the answers an item could have had too, not only those it got.

    Raises
    ------
    DataError
        For a column of dates, of infinite or complex numbers, or of numbers too large or too small.
    """
    column = frame[name]
    item = declared_items(data).get(name)
    values = _values(column, item if declared else None)
    place = {value: number for number, value in enumerate(values)}
    codes = np.array([place.get(_plain(value), -1) for value in column.array], dtype=np.int64)
    own = labels.get(name, {})
    called = tuple(_label(value, own, item, lang) for value in values)
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    numeric = numeric and (item is None or item.response.measure != "nominal")
    ordered = numeric or bool(isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered)
    return Categories(name, values, called, codes, ordered)


def _values(column: pd.Series[Any], item: Item | None) -> tuple[Any, ...]:
    _refuse(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        there = set(column.dropna())
        plain = (_plain(value) for value in column.cat.categories if value in there)
        return tuple(dict.fromkeys(value for value in plain if value is not None))
    found = {_plain(value) for value in column.dropna()} - {None}
    if item is not None and all(isinstance(value, int) for value in found):
        found |= set(item.response.values)
    numbers = all(isinstance(value, int | float) for value in found)
    return tuple(sorted(found) if numbers else sorted(found, key=str))


def _refuse(column: pd.Series[Any]) -> None:
    if pd.api.types.is_datetime64_any_dtype(column):
        raise DataError(f"'{column.name}' holds dates, not categories: make years or months of them first.")
    if pd.api.types.is_complex_dtype(column):
        raise DataError(f"'{column.name}' holds complex numbers, not categories: leave it out.")
    if pd.api.types.is_float_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        infinite = int(np.isinf(values).sum())
        if infinite:
            raise DataError(f"'{column.name}' holds {infinite} infinite values: set them to missing.")
        if is_extreme(values):
            raise DataError(f"'{column.name}' holds numbers too large or too small to compute with: change its unit.")


def _plain(value: Any) -> Any:
    """A value as Python has it; whole numbers are int, so that 2.0 is the category 2; missing and blank ones None."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if np.isnan(value):
            return None
        return int(value) if value.is_integer() else value
    return value if isinstance(value, bool | int | str) else str(value)


def _label(value: Any, own: Mapping[Any, str], item: Item | None, lang: str) -> str:
    """What a category is called: as the user says, else as the item says of what was answered."""
    for key in (value, str(value)):
        if key in own:
            return str(own[key])
    if item is None or not isinstance(value, int) or isinstance(value, bool):
        return ""
    answered = int(item.response.reverse(value)) if item.reverse else value
    return item.response.label(answered, lang) or item.response.label(answered, "en")


def total_by(codes: Codes, weights: Sequence[float] | np.ndarray[Any, np.dtype[np.float64]], size: int) -> Any:
    """Sums of weights by category; rows without a category do not count."""
    there = codes >= 0
    return np.bincount(codes[there], weights=np.asarray(weights, dtype=float)[there], minlength=size)
