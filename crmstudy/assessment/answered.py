"""What people wrote into a form or a table: answers in the words of any language, and lists in one cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.form import Field, filled_in
from crmstudy.assessment.tables import Type, table_of
from crmstudy.assessment.wording import COMMAS as COMMAS
from crmstudy.errors import did_you_mean
from crmstudy.quoting import shown

#: What programs write for yes and no.
_TRUTH = {"yes": ("true", "1", "y"), "no": ("false", "0", "n")}
_APART = re.compile(r"[;,|/،؛]")
_QUOTED = 3


def answered(data: object, fields: Sequence[Field], what: str) -> pd.DataFrame:
    """The rows of a form that was filled in, or of a table with its columns.

    Raises
    ------
    DataError
        For what cannot be read, and for columns that lack or hold what they should not.
    """
    frame = filled_in(data, fields, what)
    kinds: dict[str, Type] = {one.name: one.kind for one in fields}
    required = {one.name: kinds[one.name] for one in fields if one.required}
    optional = {one.name: kinds[one.name] for one in fields if not one.required}
    return table_of(frame, required, optional, what=what)


def text_column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """A column of texts; all missing where the table does not have it."""
    return frame[name] if name in frame else pd.Series([None] * len(frame), index=frame.index, dtype=object)


def choices(
    column: pd.Series[Any], words: Mapping[str, Mapping[str, str]], name: str, what: str
) -> tuple[pd.Series[Any], list[str]]:
    """The values that the words of a column stand for, and one sentence on all words that stand for none."""
    known = _known(words)
    found = column.map(lambda word: known.get(letters.key(str(word))), na_action="ignore")
    bad = column[column.notna() & found.isna()]
    return found.where(found.notna(), None), _faults(bad.items(), words, name, what)


def lists(
    column: pd.Series[Any], words: Mapping[str, Mapping[str, str]], name: str, what: str
) -> tuple[list[tuple[str, ...]], list[str]]:
    """The values in each cell, which are parted by commas or semicolons; and one sentence on words that are none."""
    known = _known(words)
    found, bad = [], []
    for row, cell in column.items():
        parts = parted(cell)
        values = [known.get(letters.key(part)) for part in parts]
        bad += [(row, part) for part, value in zip(parts, values, strict=True) if value is None]
        found.append(tuple(dict.fromkeys(value for value in values if value is not None)))
    return found, _faults(bad, words, name, what)


def within(value: object, low: float, high: float) -> bool:
    """Whether a value is a number (no truth value) from low to high."""
    return not isinstance(value, bool) and isinstance(value, Real) and low <= float(value) <= high


def parted(cell: object) -> list[str]:
    """The texts in a cell, which are parted by commas or semicolons."""
    if cell is None or cell != cell:
        return []
    return [part.strip() for part in _APART.split(str(cell)) if part.strip()]


def recognised(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Ids by the keys of all the words they go by."""
    return {letters.key(word): one for one, named in words.items() for word in (one, *named)}


def _known(words: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return recognised({value: (*said.values(), *_TRUTH.get(value, ())) for value, said in words.items()})


def _faults(bad: Iterable[Any], words: Mapping[str, Mapping[str, str]], name: str, what: str) -> list[str]:
    wrong = list(bad)
    if not wrong:
        return []
    quoted = ", ".join(f"{shown(str(word))} (row {int(row) + 1})" for row, word in wrong[:_QUOTED])
    more = f" and {len(wrong) - _QUOTED} more" if len(wrong) > _QUOTED else ""
    hint = did_you_mean(str(wrong[0][1]), [*words, *(text for said in words.values() for text in said.values())])
    return [f"'{name}' of the {what} is one of {', '.join(words)}, but {quoted}{more} is none.{hint}"]
