"""Rows of a printed table: what stands in each cell, read as the span of numbers that are rounded to it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import pandas as pd

from crmstudy.errors import DataError, did_you_mean
from crmstudy.kernels.classic.printed import Span, exactly, rounded

#: What a row may hold, and what it is.
KEYS: Mapping[str, str] = {
    "label": "what the row is called",
    "n": "number of respondents", "mean": "mean", "sd": "standard deviation (divisor n - 1)",
    "se": "standard error of the mean", "n2": "n of the second group", "mean2": "its mean",
    "sd2": "its standard deviation", "se2": "its standard error", "diff": "difference of the means",
    "mu": "value that the mean is tested against", "t": "t", "df": "degrees of freedom of t or χ²", "f": "F",
    "df1": "numerator degrees of freedom", "df2": "denominator degrees of freedom", "chisq": "χ²", "z": "z",
    "r": "correlation of n respondents", "p": "p", "tails": "1 or 2", "ci_low": "lower end of the interval",
    "ci_high": "upper end", "level": "coverage of the interval, 0.95 when left out", "d": "Cohen's d",
    "items": "number of whole answers that the mean is made of", "low": "smallest possible answer",
    "high": "largest possible answer", "count": "number of respondents in a category", "percent": "its percent of n",
    "chisq_df": "χ² divided by its degrees of freedom",
}  # fmt: skip
#: Other spellings of keys.
SAME = {
    "n1": "n", "mean1": "mean", "sd1": "sd", "se1": "se", "m": "mean", "m2": "mean2", "name": "label", "F": "f",
    "N": "n", "difference": "diff", "p_value": "p", "chi2": "chisq", "M": "mean", "SD": "sd", "SE": "se",
}  # fmt: skip
_WHOLE = ("n", "n2", "items", "tails", "count")
#: Figures that are not rounded, or not always.
_EXACT = (*_WHOLE, "label", "df", "df1", "df2", "level", "low", "high", "mu")
_POSITIVE = ("sd", "se", "sd2", "se2", "f", "chisq", "chisq_df", "df", "df1", "df2")
_DIGITS = {ord(digit): str(i % 10) for i, digit in enumerate("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩")}
_MARKS = {ord("٫"): ".", ord("−"): "-", ord("–"): "-", ord("٬"): "", ord("\u00a0"): "", ord(" "): ""}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?")


@dataclass(frozen=True, eq=False)
class PrintedRow:
    """One row: ``label``, the spans of its figures by key, and the texts as they were printed."""

    label: str
    figures: Mapping[str, Span]
    printed: Mapping[str, str]
    decimals: Mapping[str, int] = field(default_factory=dict)

    def has(self, *keys: str) -> bool:
        """Whether all these figures were printed."""
        return all(key in self.figures for key in keys)

    def __getitem__(self, key: str) -> Span:
        return self.figures[key]

    def whole(self, key: str) -> int:
        """A figure that is a count."""
        return round(self.figures[key].middle)


def read_rows(rows: object, decimals: object) -> tuple[tuple[PrintedRow, ...], bool]:
    """Read rows, and whether any figure came as a number whose zeros at the end cannot be known.

    Raises
    ------
    DataError
        With every fault: keys that do not exist, figures that are no numbers, counts that are not whole.
    """
    listed = _listed(rows)
    places = _places(decimals)
    faults: list[str] = []
    unknown: dict[str, list[int]] = {}
    found, bare = [], False
    for number, row in enumerate(listed, start=1):
        figures: dict[str, Span] = {}
        printed: dict[str, str] = {}
        known: dict[str, int] = {}
        label = ""
        for name, value in row.items():
            key = SAME.get(str(name), str(name))
            if _is_absent(value):
                continue
            if key not in KEYS:
                unknown.setdefault(str(name), []).append(number)
            elif key in printed:
                faults.append(f"Row {number}: '{key}' stands twice.")
            elif key == "label":
                label = str(value)
            else:
                bare |= isinstance(value, float) and key not in places
                read = _read(key, value, places.get(key))
                if isinstance(read, str):
                    faults.append(f"Row {number}: {read}")
                    continue
                figures[key], known[key], printed[key] = read
        faults += [f"Row {number}: {fault}" for fault in _impossible(figures)]
        found.append(PrintedRow(label or f"row {number}", figures, printed, known))
    faults = [_no_figure(name, numbers) for name, numbers in unknown.items()] + faults
    if faults:
        raise DataError(faults)
    return tuple(found), bare


def _no_figure(name: str, numbers: list[int]) -> str:
    """That a key is no figure, said once for all rows that have it."""
    where = f"Row {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} rows"
    return f"{where}: there is no figure '{name}'.{did_you_mean(name, KEYS)}"


def _listed(rows: object) -> list[Mapping[Any, Any]]:
    wanted = "check_table() takes rows of figures: a DataFrame, a mapping such as {'n': 370, 'mean': '3.28'}, or a list"
    if isinstance(rows, pd.DataFrame):
        table = rows if rows.index.name is None else rows.reset_index()
        twice = sorted({str(name) for name in table.columns[table.columns.duplicated()]})
        if twice:
            raise DataError([f"the column '{name}' stands twice; rename one." for name in twice])
        listed: list[Mapping[Any, Any]] = list(table.to_dict("records"))
    elif isinstance(rows, Mapping):
        listed = [rows]
    elif isinstance(rows, Iterable) and not isinstance(rows, str):
        listed = list(rows)
    else:
        raise DataError(f"{wanted} of these; found {type(rows).__name__}.")
    faults = [
        f"{wanted} of these; row {i} is {row!r}." for i, row in enumerate(listed, 1) if not isinstance(row, Mapping)
    ]
    if not listed:
        faults.append(f"{wanted} of these; there is no row.")
    if faults:
        raise DataError(faults)
    return listed


def _places(decimals: object) -> dict[str, int]:
    """Decimals that were printed, by key, for figures that are given as numbers."""
    if decimals is None:
        return {}
    if isinstance(decimals, Mapping):
        given = {SAME.get(str(key), str(key)): value for key, value in decimals.items()}
    else:
        given = {key: decimals for key in KEYS if key not in _EXACT}
    faults = [
        f"`decimals` is a number of decimals from 0 to 12, or such a number by figure; for '{key}' found {value!r}."
        for key, value in given.items()
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 12
    ]
    faults += [
        f"`decimals` names '{key}', which is no figure.{did_you_mean(key, KEYS)}" for key in given if key not in KEYS
    ]
    if faults:
        raise DataError(faults)
    return {key: int(str(value)) for key, value in given.items()}


def _is_absent(value: object) -> bool:
    if value is None or value is pd.NA:
        return True
    if isinstance(value, str):
        return value.strip() in ("", "-", "–", "—")
    return isinstance(value, float) and math.isnan(value)


def _read(key: str, value: object, places: int | None) -> tuple[Span, int, str] | str:
    """The span, the decimals and the text of a figure; or what is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, str | Real):
        return f"'{key}' is a number or a text that shows one, not {value!r}."
    text = value.strip() if isinstance(value, str) else _shortest(float(value))
    plain = text.translate(_DIGITS).translate(_MARKS).strip("*†‡ab%").lower()
    if key == "p":
        return _read_p(text, plain.removeprefix("p"), places, isinstance(value, str))
    plain = plain.replace(",", "") if key in _WHOLE or "." in plain else plain.replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        return f"'{key}' is a number or a text that shows one, not {value!r}."
    number = float(plain)
    shown = _decimals_of(plain) if places is None or isinstance(value, str) else places
    if key in _WHOLE:
        return (exactly(number), 0, text) if number.is_integer() else f"'{key}' is a whole number, not {text}."
    if key in ("level", "low", "high", "mu") or (key in ("df", "df1", "df2") and number.is_integer()):
        return exactly(number), shown, text
    return rounded(number, shown), shown, text


def _read_p(text: str, plain: str, places: int | None, is_text: bool) -> tuple[Span, int, str] | str:
    """A p-value: ``.012``, ``< .001``, ``.000`` (below half of the last decimal) or ``n.s.``."""
    if plain in ("n.s.", "ns", "n.s"):
        return Span(0.05, 1.0, 0.5), 2, text
    plain = plain.replace(",", ".")
    sign, plain = (plain[0], plain[1:].lstrip("=")) if plain[:1] in "<>≤≥=" and plain else ("=", plain)
    if not _NUMBER.fullmatch(plain) or not 0.0 <= float(plain) <= 1.0:
        return f"'p' is a probability such as '.012' or '< .001', not {text!r}."
    number = float(plain)
    shown = _decimals_of(plain) if is_text or places is None else places
    if not is_text and places is None and number == 0.0:
        shown = 2  # .00 or .000
    if sign in "<≤":
        number = number or 10.0**-shown  # "< .000" says that the last decimal printed is 0
        return Span(0.0, number, number / 2.0), shown, text
    if sign in ">≥":
        return Span(number, 1.0, (1.0 + number) / 2.0), shown, text
    span = rounded(number, shown)
    return Span(max(span.low, 0.0), min(span.high, 1.0), number), shown, text


def _decimals_of(plain: str) -> int:
    """How many decimals a figure shows: two of 1.25, five of 1.25e-3."""
    mantissa, _, power = plain.partition("e")
    return len(mantissa.partition(".")[2]) - int(power or 0)


def _shortest(value: float) -> str:
    return f"{int(value)}" if value.is_integer() and abs(value) < 1e15 else repr(value)


def _impossible(figures: Mapping[str, Span]) -> list[str]:
    """Figures that can be none of what they are said to be."""
    faults = [f"'{key}' cannot be negative." for key in _POSITIVE if key in figures and figures[key].high < 0.0]
    faults += [
        f"'{key}' is a number of people, at least 1." for key in ("n", "n2") if key in figures and figures[key].low < 1
    ]
    if "items" in figures and figures["items"].low < 1:
        faults.append("'items' is at least 1.")
    if "tails" in figures and figures["tails"].middle not in (1.0, 2.0):
        faults.append("'tails' is 1 or 2.")
    if "level" in figures and not 0.5 <= figures["level"].middle < 1.0:
        faults.append("'level' is a coverage such as 0.95.")
    if "low" in figures and "high" in figures and figures["low"].middle >= figures["high"].middle:
        faults.append("'low' is not below 'high'.")
    if "r" in figures and figures["r"].size.low > 1.0:
        faults.append("'r' is beyond 1.")
    return faults
