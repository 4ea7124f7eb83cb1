"""A column of text cells read as numbers, or left as text; faults name the rows.

Each different cell is looked at once, so that a hundred thousand rows of a ten-point scale cost ten readings
a column.
"""

from __future__ import annotations

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

#: Cells that mean "no answer" in every column but text ones (what R and pandas write).
NOT_ANSWERED = frozenset({"", "NA", "NaN", "nan", "<NA>"})
_NUMBER = re.compile(r"[+-]?(\d+(?P<mark>[.,])?\d*|(?P<lead>[.,])\d+)([eE][+-]?\d+)?")
_CODE = re.compile(r"[+-]?0\d+")  # 007 is a name, not a number
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
    other.
    """
    example = ""
    for name, column in zip(text.names, text.columns, strict=True):
        cells = {_tidy(cell) for cell in set(column)} - NOT_ANSWERED
        found = {cell: match for cell in sorted(cells) if (match := _NUMBER.fullmatch(cell))}
        if name not in items and len(found) < len(cells):
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
    every answered cell is one (codes such as 007 are not), otherwise text. A text column stays text.
    """
    cells = pd.Series(text.columns[position], dtype=object)
    places, distinct = pd.factorize(cells)
    tidy = [_tidy(cell) for cell in distinct]
    if role == "text":
        return Column(_as_text(places, tidy))
    spoken = {str(code).strip() for code in codes if isinstance(code, str)}
    numbers = [_number(cell, marks, spoken) for cell in tidy]
    unread = [index for index, number in enumerate(numbers) if number is None]
    if role == "variable" and (unread or any(_CODE.fullmatch(cell) for cell in tidy)):
        return Column(_as_text(places, tidy))
    faults = [_text_fault(text, position, places, unread)] if unread else []
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


def _text_fault(
    text: DelimitedText, position: int, places: np.ndarray[tuple[int], np.dtype[np.intp]], unread: list[int]
) -> Fault:
    """Text in an item: the first rows with their lines, and how many there are."""
    bad = np.flatnonzero(np.isin(places, unread))
    shown = ", ".join(
        f"'{text.columns[position][index].strip()}' in row {text.rows[index]} (line {text.lines[index]})"
        for index in bad[:_SHOWN]
    )
    more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    message = (
        f"the item '{text.names[position]}' wants numbers; found {shown}{more}. Correct the cells, or name "
        "the text in missing_codes if it means no answer."
    )
    return Fault(message, text.file, text.lines[int(bad[0])])


def _tidy(cell: str) -> str:
    return cell.strip().translate(_SIGNS)
