"""Rows that came before, and names that were numbered before, however many pieces they come in: 64 bits each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Whole = np.ndarray[Any, np.dtype[np.int64]]
Marks = np.ndarray[Any, np.dtype[np.uint64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
_SPREAD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class Runs:
    """Marks, with or without a number each, in sorted runs whose sizes grow as powers: each is merged a few times only.

    A dictionary of 3 million names takes several times the memory, and longer than all the rest of reading.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[np.ndarray[Any, Any], ...]] = []

    def find(self, marks: np.ndarray[Any, Any]) -> tuple[Mask, Whole]:
        """Which of the rising marks are there, and their numbers (0 for those that are not, and without numbers)."""
        known, numbers = np.zeros(len(marks), dtype=bool), np.zeros(len(marks), dtype=np.int64)
        for there, *given in self._runs:
            place = np.minimum(np.searchsorted(there, marks), len(there) - 1)
            same = there[place] == marks
            known |= same
            for values in given:
                numbers[same] = values[place[same]]
        return known, numbers

    def add(self, marks: np.ndarray[Any, Any], *numbers: np.ndarray[Any, Any]) -> None:
        """Remember rising marks that are not there yet, always with a number each or always without."""
        if not len(marks):
            return
        run = (marks, *numbers)
        while self._runs and len(self._runs[-1][0]) <= 2 * len(run[0]):
            run = _merged(self._runs.pop(), run)
        self._runs.append(run)


def _merged(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    both = tuple(map(np.concatenate, zip(one, other, strict=True)))
    if len(both) == 1:
        both[0].sort(kind="stable")  # in its place
        return both
    order = np.argsort(both[0], kind="stable")
    return tuple(part[order] for part in both)


class Seen:
    """Remembers rows by their marks.

    Two different rows have the same mark with a probability of about n²/2⁶⁵: 3 in a million for 10 million rows.
    """

    def __init__(self) -> None:
        self._runs = Runs()

    def again(self, marks: Marks) -> Mask:
        """Which of the marks were given before, in this piece or an earlier one; all are remembered."""
        order = np.argsort(marks, kind="stable")
        ordered = marks[order]
        first = np.ones(len(marks), dtype=bool)
        first[1:] = ordered[1:] != ordered[:-1]
        new = ordered[first]
        known, _ = self._runs.find(new)
        repeated = ~first
        repeated[first] = known
        self._runs.add(new[~known])
        found = np.empty(len(marks), dtype=bool)
        found[order] = repeated
        return found


def marks_of(columns: list[pd.Series[Any]]) -> Marks:
    """A mark of 64 bits for every row; rows with the same values have the same."""
    mark = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        mark = _mixed(mark * np.uint64(31) + _hashed(column))
    return mark


def _hashed(column: pd.Series[Any]) -> Marks:
    if pd.api.types.is_float_dtype(column):
        column = column + 0.0  # -0 is 0
    try:
        marks: Marks = np.asarray(pd.util.hash_pandas_object(column, index=False), dtype=np.uint64)
    except TypeError:  # lists and the like
        marks = np.asarray(pd.util.hash_pandas_object(column.astype(str), index=False), dtype=np.uint64)
    return marks


def _mixed(mark: Marks) -> Marks:
    """Steele, Lea and Flood's finaliser of 64 bits: every bit of the sum reaches all others."""
    mark = mark + _SPREAD[0]
    mark = (mark ^ (mark >> np.uint64(30))) * _SPREAD[1]
    mark = (mark ^ (mark >> np.uint64(27))) * _SPREAD[2]
    mixed: Marks = mark ^ (mark >> np.uint64(31))
    return mixed
