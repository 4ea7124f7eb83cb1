"""Columns as text cells, for files of text: numbers as short as they are exact, and nothing a spreadsheet would run."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from crmstudy.declared import CONTROL
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.writing.variables import Table, Variable
from crmstudy.quoting import FORMULA_SIGNS, UNSEEN

_GUARDED = re.compile(f"['{UNSEEN}]*[{re.escape(FORMULA_SIGNS)}]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
#: Texts that readers of CSV take for no answer.
_NOTHING = frozenset({"NA", "NaN", "nan", "<NA>"})
_SURROGATE = re.compile("[\ud800-\udfff]")
#: What a spreadsheet of a country where lists are divided by semicolons would take for a formula in a cell of its own.
_FORMULA_INSIDE = re.compile(r"[;\t][\"' ]*[=+@-](?=[A-Za-z@(])")


def text_cells(table: Table, variable: Variable, log: ExportLog, *, raw: bool) -> list[str]:
    """One cell a row: the empty text where there is no answer, the missing code where the instrument declares it.

    Texts that a spreadsheet would take for a formula get a ``'`` in front unless ``raw``. A text that begins with such
    a ``'`` gets one more, so that taking one away always gives the text back.
    """
    column = table.column(variable.name)
    if variable.type == "number":
        cells = _number_cells(column)
    elif variable.type == "date":
        cells = [_date_cell(value) for value in column]
    else:
        cells = _text_cells(column, variable.name, log, raw=raw)
    own = table.declared_codes(variable)
    if own is not None:
        for place, code in own.items():
            cells[int(str(place))] = number_text(float(code))
    tell_lost_codes(table, variable, log)
    return cells


def tell_lost_codes(table: Table, variable: Variable, log: ExportLog) -> None:
    """Say which answered codes become empty cells because nothing in the file would say that they mean no answer."""
    given = table.codes.get(variable.name)
    if given is None:
        return
    for code, times in sorted(given[~given.isin(variable.declared)].value_counts().items(), key=str):
        said = number_text(float(code)) if isinstance(code, int | float) else str(code)
        count = "1 time" if times == 1 else f"{times} times"
        log.add(
            f"the missing code {said} ({count}) is no code of the instrument and became an empty cell.", variable.name
        )


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> safe("=1+1"), safe("-2.5"), safe("a=1"), safe("'=1")
    ("'=1+1", '-2.5', 'a=1', "''=1")
    """
    return f"'{text}" if _GUARDED.match(text) and not _NUMBER.fullmatch(text) else text


def number_text(value: float) -> str:
    """A number as short as it is exact: no ``.0`` behind a whole one, empty for NaN."""
    if np.isnan(value):
        return ""
    if np.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


def plain_text(value: object) -> str:
    """A value of a column of texts; halves of a surrogate pair, which no file holds, become a replacement mark."""
    return _SURROGATE.sub("\ufffd", str(value))


def tell_inexact(column: pd.Series, name: str, log: ExportLog) -> None:
    """Say that whole numbers are larger than a format holds exactly."""
    if column.dtype.kind in "iu" and len(column) and max(abs(int(column.max())), abs(int(column.min()))) > 2**53:
        log.add("whole numbers beyond 2^53 are not held exactly.", name)


def tell_surrogates(values: pd.Series, name: str, log: ExportLog) -> None:
    """Say that a column holds halves of surrogate pairs."""
    if any(_SURROGATE.search(value) for value in values if isinstance(value, str)):
        log.add("a character that is no whole one (half of a surrogate pair) was replaced by U+FFFD.", name)


def _number_cells(column: pd.Series) -> list[str]:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    distinct, places = np.unique(values, return_inverse=True)
    if column.dtype.kind in "iu" and len(distinct) and np.abs(distinct).max() >= 2**53:  # whole numbers beyond floats
        return [str(value) for value in column]
    words = [number_text(value) for value in distinct.tolist()]
    return [words[place] for place in places.tolist()]


def _text_cells(column: pd.Series, name: str, log: ExportLog, *, raw: bool) -> list[str]:
    places, distinct = pd.factorize(column.astype(object))
    words = [plain_text(value) for value in distinct]
    tell_surrogates(pd.Series(distinct, dtype=object), name, log)
    if any(CONTROL.search(word) for word in words):
        log.add("a control character stands in a text; some programs, and this one, refuse to read the file.", name)
    for word in sorted(_NOTHING.intersection(words)):
        log.add(f"the text '{word}' stands in the file, but most programs read it as no answer.", name)
    if not raw:
        words = [safe(word) for word in words]
        if any(map(_FORMULA_INSIDE.search, words)):
            log.add(
                "a text holds what looks like a formula behind a semicolon or tab; a spreadsheet that divides cells "
                "there would run it: open the file by its import, divided at commas.", name,
            )  # fmt: skip
    words.append("")  # where there is no answer, factorize() gives the place -1
    return [words[place] for place in places.tolist()]


def _date_cell(value: object) -> str:
    if not isinstance(value, pd.Timestamp):
        return ""
    bare = value == value.normalize() and value.tzinfo is None
    return value.strftime("%Y-%m-%d") if bare else value.isoformat()
