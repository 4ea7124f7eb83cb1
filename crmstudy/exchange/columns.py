"""A column of text cells read as numbers, or left as text; faults name the rows.

Each different cell is looked at once, so that a hundred thousand rows of a ten-point scale cost ten readings
a column.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from crmstudy.errors import Fault
from crmstudy.exchange.delimited import DelimitedText

Role = Literal["item", "variable", "text"]

#: Cells that mean "no answer" in every column but that of the ids (what R and pandas write).
NOT_ANSWERED = frozenset({"", "NA", "NaN", "nan", "<NA>"})
_NUMBER = re.compile(r"[+-]?(\d+(?P<mark>[.,])?\d*|(?P<lead>[.,])\d+)([eE][+-]?\d+)?")
_CODE = re.compile(r"[+-]?0\d+")  # 007 is a name, not a number
_THOUSANDS = re.compile(r"[+-]?(?!0)\d{1,3}([.,]\d{3})+")  # 1.234 may be 1234, 0.234 may not
_SIGNS = str.maketrans({"\u2212": "-", "\u066b": "."})
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Marks:
    """The decimal mark of a file, and a cell that shows it."""

    decimal: Literal[".", ","] = "."
    example: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column that was read: values, faults, and how often each missing code in words stood in it."""

    values: pd.Series
    faults: list[Fault] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)


def find_marks(text: DelimitedText, items: Collection[str]) -> Marks:
    """Find the decimal mark: a comma when some numbers have one and none has a point.

    Looked at are the item columns, and other columns in which every cell is a number under one mark or the
    other. Columns whose marks may separate thousands show nothing.
    """
    example = ""
    for name, column in zip(text.names, text.columns, strict=True):
        cells = {_tidy(cell) for cell in set(column)} - NOT_ANSWERED
        found = {cell: match for cell in sorted(cells) if (match := _NUMBER.fullmatch(cell))}
        if (name not in items and len(found) < len(cells)) or _thousands(cells):
            continue
        for cell, match in found.items():
            mark = match["mark"] or match["lead"]
            if mark == ".":
                return Marks()
            if mark == ",":
                example = example or cell
    return Marks(",", example) if example else Marks()


def read_column(text: DelimitedText, position: int, role: Role, marks: Marks, codes: Collection[object] = ()) -> Column:
    """One column of a table, read by the role it has.

    An item gives numbers, and text in it is a fault that names the first rows. A variable gives numbers when
    every answered cell is one (codes such as 007 are not), otherwise text. A text column stays text, and only
    there is NA a text like any other. Marks that may separate thousands and numbers beyond all bounds are faults.
    """
    cells = pd.Series(text.columns[position], dtype=object)
    places, distinct = pd.factorize(cells)
    tidy = [_tidy(cell) for cell in distinct]
    if role == "text":
        return Column(_as_text(places, tidy))
    spoken = {str(code).strip() for code in codes if isinstance(code, str)}
    answered = set(tidy) - NOT_ANSWERED - spoken
    numbers = [_number(cell, marks, spoken) for cell in tidy]
    unread = {index for index, number in enumerate(numbers) if number is None}
    grouped = {index for index, cell in enumerate(tidy) if cell in answered and _THOUSANDS.fullmatch(cell)}
    if not _thousands(answered) or (role == "variable" and not all_numbers(answered)):
        grouped = set()
    if role == "variable" and not grouped and (unread or any(_CODE.fullmatch(cell) for cell in tidy)):
        return Column(_as_text(places, ["" if cell in NOT_ANSWERED else cell for cell in tidy]))
    boundless = {index for index, number in enumerate(numbers) if number is not None and math.isinf(number)}
    faults = [
        fault(_Cells(text, position, np.flatnonzero(np.isin(places, list(bad)))))
        for fault, bad in ((_text_fault, unread - grouped), (_thousands_fault, grouped), (_boundless_fault, boundless))
        if bad
    ]
    values = np.array([np.nan if number is None else number for number in numbers], dtype=float)
    times = np.bincount(places, minlength=len(tidy))
    found = Counter({cell: int(count) for cell, count in zip(tidy, times, strict=True) if cell in spoken})
    return Column(pd.Series(values[places]), faults, found)


def _number(cell: str, marks: Marks, spoken: Collection[str]) -> float | None:
    """Give the number in a cell, NaN where nothing is answered, None where it is text."""
    if cell in NOT_ANSWERED or cell in spoken:
        return float("nan")
    match = _NUMBER.fullmatch(cell)
    if match is None or (match["mark"] or match["lead"] or marks.decimal) != marks.decimal:
        return None
    return float(cell.replace(",", "."))  # float() reads Persian and Arabic digits too


def _as_text(places: np.ndarray[tuple[int], np.dtype[np.intp]], tidy: list[str]) -> pd.Series:
    words = np.array([cell if cell else None for cell in tidy], dtype=object)
    return pd.Series(words[places], dtype="str")


def _thousands(cells: Collection[str]) -> bool:
    """Whether every marked cell of a column is one whose mark may separate thousands."""
    grouped = [bool(_THOUSANDS.fullmatch(cell)) for cell in cells if _is_marked(cell)]
    return bool(grouped) and all(grouped)


def _is_marked(cell: str) -> bool:
    return ("." in cell or "," in cell) and bool(_NUMBER.fullmatch(cell) or _THOUSANDS.fullmatch(cell))


def all_numbers(cells: Collection[str]) -> bool:
    """Whether every cell is a number, under whatever mark."""
    return all(_NUMBER.fullmatch(cell) or _THOUSANDS.fullmatch(cell) for cell in cells)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """The cells of a column that share a fault, by their places from 0."""

    text: DelimitedText
    position: int
    places: np.ndarray[tuple[int], np.dtype[np.intp]]

    @property
    def name(self) -> str:
        return self.text.names[self.position]

    @property
    def first(self) -> str:
        return self.text.columns[self.position][int(self.places[0])].strip()

    @property
    def shown(self) -> str:
        """The first cells with their rows and lines, and how many more there are."""
        text, places = self.text, self.places
        said = ", ".join(
            f"'{text.columns[self.position][place].strip()}' in row {text.rows[place]} (line {text.lines[place]})"
            for place in places[:_SHOWN]
        )
        return said + (f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else "")

    def fault(self, message: str) -> Fault:
        return Fault(message, self.text.file, self.text.lines[int(self.places[0])])


def _text_fault(bad: _Cells) -> Fault:
    return bad.fault(
        f"the item '{bad.name}' wants numbers; found {bad.shown}. Correct the cells, or name "
        "the text in missing_codes if it means no answer."
    )


def _thousands_fault(bad: _Cells) -> Fault:
    whole = re.sub("[.,]", "", bad.first)
    return bad.fault(
        f"the marks in the numbers of the column '{bad.name}' may separate thousands or decimals; found {bad.shown}. "
        f"Write thousands without a mark ({whole}), decimals with another number of digits ({bad.first}0)."
    )


def _boundless_fault(bad: _Cells) -> Fault:
    return bad.fault(f"the column '{bad.name}' holds numbers beyond all bounds: {bad.shown}. Correct the cells.")


def _tidy(cell: str) -> str:
    return cell.strip().translate(_SIGNS)
