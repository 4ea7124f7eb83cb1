"""Customers by number: whatever type their names come in, and in however many pieces, a name has one number."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.value.rows import factorized
from crmstudy.assessment.value.seen import Runs, Whole

_WHOLE = re.compile("-?[1-9][0-9]{0,17}|0")
_MOST = 10**18


class Numbering:
    """Numbers from 0 for names, as they appear; 7, 7.0 and ``" 7"`` are one name, ``"007"`` is another.

    Whole numbers are known again by themselves, texts by 64 bits of hash: among a million of them any two are
    mistaken for each other with a probability of 3 in a hundred million.
    """

    def __init__(self, textual: bool) -> None:
        self.size = 0
        self._textual = textual
        self._whole, self._texts = Runs(), Runs()
        self._names: list[np.ndarray[Any, Any]] = []  # in the order of their numbers, a piece of one type each
        self._only_numbers = True

    def numbers(self, column: pd.Series[Any]) -> Whole:
        """The number of each row's name; -1 where there is none."""
        places, words = factorized(column)
        found = np.full(len(words) + 1, -1, dtype=np.int64)  # the last is for rows without a name
        if pd.api.types.is_integer_dtype(column) and (np.abs(np.asarray(words, dtype=float)) < _MOST).all():
            found[:-1] = self._numbered(self._whole, np.asarray(words, dtype=np.int64))
        else:
            names = np.array([_name(word) for word in words.tolist()], dtype=object)
            there = np.array([name != "" for name in names], dtype=bool)
            whole = np.array([_WHOLE.fullmatch(name) is not None for name in names], dtype=bool)
            typed = self._textual or pd.api.types.is_numeric_dtype(column)
            self._only_numbers &= typed and bool((whole | ~there).all())
            found[:-1][whole] = self._numbered(self._whole, names[whole].astype(np.int64))
            found[:-1][there & ~whole] = self._numbered(self._texts, names[there & ~whole])
        numbers: Whole = found[places]
        return numbers

    def _numbered(self, runs: Runs, names: np.ndarray[Any, Any]) -> Whole:
        """The numbers of names of one type, new ones for those that are new."""
        if not len(names):
            return np.empty(0, dtype=np.int64)
        marks = pd.util.hash_array(names, categorize=False) if names.dtype == object else names
        rising, first, places = np.unique(marks, return_index=True, return_inverse=True)
        known, numbers = runs.find(rising)
        new = ~known
        numbers[new] = self.size + np.arange(int(new.sum()))
        self.size += int(new.sum())
        self._names.append(names[first[new]])
        runs.add(rising[new], numbers[new].astype(np.int32))
        found: Whole = numbers[places]
        return found

    def names(self) -> np.ndarray[Any, Any]:
        """All names by number: whole numbers where the source has nothing else, else texts."""
        if self._only_numbers and self._names:
            return np.concatenate(self._names)
        return np.concatenate([np.empty(0, dtype=object), *(_texts(part) for part in self._names)])


def _texts(names: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return names if names.dtype == object else np.array(list(map(str, names.tolist())), dtype=object)


def _name(word: object) -> str:
    """A name as a text: blanks at its ends go, 3.0 is 3, what is missing is empty."""
    if isinstance(word, float) and word.is_integer():
        return str(int(word))
    return str(word).strip()
