"""A column of text cells read as numbers, or left as text; faults name the rows.

Each different cell is looked at once, so that a hundred thousand rows of a ten-point scale cost ten readings
a column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmstudy.errors import Fault
from crmstudy.exchange.table import Cells, Numbers, Table
from crmstudy.letters import digits
from crmstudy.quoting import shown
from crmstudy.responses import MissingCode

Role = Literal["item", "variable", "text"]

#: Cells that mean "no answer" in every column but that of the ids (what R and pandas write).
NOT_ANSWERED = frozenset({"", "NA", "NaN", "nan", "<NA>"})
_NUMBER = re.compile(r"[+-]?(\d+(?P<mark>[.,])?\d*|(?P<lead>[.,])\d+)([eE][+-]?\d+)?")
_CODE = re.compile(r"[+-]?0\d+")  # 007 is a name, not a number
_THOUSANDS = re.compile(r"[+-]?(?!0)\d{1,3}([.,]\d{3})+")  # 1.234 may be 1234, 0.234 may not
_GROUPED = re.compile(r"[^\d]*\d{1,3}(\u066c\d{3})+(?!\d)[^\u066c]*")
_SHOWN = 5
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Marks:
    """The decimal mark of a file, and a cell that shows it."""

    decimal: Literal[".", ","] = "."
    example: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column that was read: values, faults, and which missing codes of the file or in words stood in which rows."""

    values: pd.Series
    faults: list[Fault] = field(default_factory=list)
    reasons: Mapping[MissingCode, NDArray[np.intp]] = field(default_factory=dict)


def find_marks(table: Table, items: Collection[str]) -> Marks:
    """Find the decimal mark: a comma when some numbers have one and none has a point.

    Looked at are the item columns, and other columns in which every cell is a number under one mark or the
    other, but no texts. Columns whose marks may separate thousands show nothing.
    """
    example = ""
    for name, column in zip(table.names, table.columns, strict=True):
        if name in table.texts:
            continue
        cells = {_digits(cell) for cell in column.words} - NOT_ANSWERED if isinstance(column, Cells) else set()
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


def read_column(table: Table, position: int, role: Role, marks: Marks, codes: Collection[object] = ()) -> Column:
    """One column of a table, read by the role it has.

    An item gives numbers, and text in it is a fault that names the first rows. A variable gives numbers when
    every answered cell is one (codes such as 007 are not), otherwise text. A text column stays text, and only
    there is NA a text like any other. Marks that may separate thousands and numbers beyond all bounds are faults.
    """
    cells = table.columns[position]
    if isinstance(cells, Numbers):
        return _numbers(table, position, role, cells)
    places = cells.places
    tidy = cells.words if table.literal else [cell.strip() for cell in cells.words]
    if role == "text":
        return Column(_as_text(places, tidy))
    spoken = {str(code).strip() for code in codes if isinstance(code, str)}
    bare = [cell.strip() for cell in tidy]
    figures = [cell if cell in spoken else _digits(cell) for cell in bare]
    answered = set(figures) - NOT_ANSWERED - spoken
    numbers = [_number(cell, marks, spoken) for cell in figures]
    unread = {index for index, number in enumerate(numbers) if number is None}
    grouped = {index for index, cell in enumerate(figures) if cell in answered and _THOUSANDS.fullmatch(cell)}
    if not _thousands(answered) or (role == "variable" and not all_numbers(answered)):
        grouped = set()
    if role == "variable" and not grouped and (unread or any(_CODE.fullmatch(cell) for cell in figures)):
        nothing = NOT_ANSWERED if not table.literal else {""}
        return Column(_as_text(places, ["" if cell in nothing else cell for cell in tidy]))
    boundless = {index for index, number in enumerate(numbers) if number is not None and math.isinf(number)}
    faults = [
        fault(_Cells(table, position, np.flatnonzero(np.isin(places, list(bad)))))
        for fault, bad in ((_text_fault, unread - grouped), (_thousands_fault, grouped), (_boundless_fault, boundless))
        if bad
    ]
    values = np.array([np.nan if number is None else number for number in numbers], dtype=float)
    reasons: dict[MissingCode, NDArray[np.intp]] = {
        cell: np.flatnonzero(places == index) for index, cell in enumerate(bare) if cell in spoken
    }
    return Column(pd.Series(values[places]), faults, reasons)


def _numbers(table: Table, position: int, role: Role, cells: Numbers) -> Column:
    """A column of a format that has numbers; an id is written without a mark where it is whole."""
    boundless = np.flatnonzero(np.isinf(cells.values))
    faults = [_boundless_fault(_Cells(table, position, boundless))] if len(boundless) else []
    if role == "text":
        words = [None if value != value else f"{value:.0f}" if value == np.floor(value) else repr(value)
                 for value in cells.values.tolist()]  # fmt: skip
        return Column(pd.Series(words, dtype="str"), faults, cells.reasons)
    return Column(pd.Series(cells.values), faults, cells.reasons)


def _number(cell: str, marks: Marks, spoken: Collection[str]) -> float | None:
    """Give the number in a cell, NaN where nothing is answered, None where it is text."""
    if cell in NOT_ANSWERED or cell in spoken:
        return float("nan")
    match = _NUMBER.fullmatch(cell)
    if match is None or (match["mark"] or match["lead"] or marks.decimal) != marks.decimal:
        return None
    return float(cell.replace(",", "."))  # float() reads Persian and Arabic digits too


def _as_text(places: NDArray[np.int32], tidy: list[str]) -> pd.Series:
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

    table: Table
    position: int
    places: NDArray[np.intp]

    @property
    def name(self) -> str:
        return self.table.names[self.position]

    @property
    def first(self) -> str:
        return self._said(int(self.places[0]))

    @property
    def shown(self) -> str:
        """The first cells with their rows and lines, and how many more there are."""
        table, places = self.table, self.places
        lines = ["" if table.lines is None else f" ({table.place} {table.lines[place]})" for place in places[:_SHOWN]]
        said = ", ".join(
            f"'{self._said(place)}' in row {table.rows[place]}{line}"
            for place, line in zip(places[:_SHOWN], lines, strict=True)
        )
        return said + (f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else "")

    def fault(self, message: str) -> Fault:
        lines = self.table.lines
        return Fault(message, self.table.file, None if lines is None else int(lines[int(self.places[0])]))

    def _said(self, place: int) -> str:
        return shown(str(self.table.columns[self.position][place]).strip(), _LONGEST)


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


def _digits(cell: str) -> str:
    """A cell as a number is looked for in it: digits and marks of any script; ٬ only where it separates thousands."""
    if "\u066c" in cell and not _GROUPED.fullmatch(cell):
        return cell.strip()
    return digits(cell)
