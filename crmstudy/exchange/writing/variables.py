"""What every format needs to know of a data set: its columns, and the texts, labels and missing codes they carry."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from crmstudy.errors import DataError, UnsupportedError, did_you_mean
from crmstudy.instrument import Instrument
from crmstudy.instrument.model import Texts

Kind = Literal["id", "item", "question", "option", "place", "variable", "score"]
Type = Literal["number", "text", "date"]
Measure = Literal["nominal", "ordinal", "scale"]

#: What 0 and 1 mean in the column of one answer of a list.
CHOSEN: Mapping[int, Texts] = {
    0: {"en": "not chosen", "fa": "انتخاب‌نشده", "ru": "не выбрано"},
    1: {"en": "chosen", "fa": "انتخاب‌شده", "ru": "выбрано"},
}
#: The tag of a text whose language nobody knows.
UNKNOWN = "und"
_BREAKS = ("Cc", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Variable:
    """A column: its name, what it is, and what there is to say about it in each language.

    ``values`` labels its values, ``missing`` are the codes for "no answer" (``missing_labels`` labels some of them).
    ``scales`` are the ids of the scales an item belongs to. A text whose language nobody knows, such as a label of the
    file the data came from, stands under the tag ``und``.
    """

    name: str
    kind: Kind
    type: Type
    measure: Measure
    label: Texts = field(default_factory=dict)
    values: Mapping[int, Texts] = field(default_factory=dict)
    missing: tuple[int, ...] = ()
    missing_labels: Mapping[int, Texts] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    reverse: bool = False
    scales: tuple[str, ...] = ()
    instrument: str = ""
    response: str = ""

    @property
    def declared(self) -> list[int]:
        """The missing codes that an instrument declares, which whoever reads the data with it will know."""
        return list(self.missing) if self.instrument else []


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A data set ready to be written: its variables, a column of values for each, and the instruments answered.

    ``frame`` is None for an instrument without data. ``codes`` are the missing codes that were answered, by column
    and place of the row.
    """

    variables: tuple[Variable, ...]
    frame: pd.DataFrame | None
    instruments: tuple[Instrument, ...] = ()
    codes: Mapping[str, pd.Series] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of rows."""
        return 0 if self.frame is None else len(self.frame)

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language of the instruments, English first where there is no instrument."""
        found = dict.fromkeys(tag for one in self.instruments for tag in one.languages)
        return tuple(found) or ("en",)

    def column(self, name: str) -> pd.Series:
        """The values of a variable, as answered, NaN or None where there is no answer."""
        if self.frame is None:
            raise DataError(f"'{name}' has no values: an instrument was given, not answers.")
        return self.frame[name]

    def declared_codes(self, variable: Variable) -> pd.Series | None:
        """The answered missing codes that the instrument itself declares for a variable, or None."""
        given = self.codes.get(variable.name)
        if given is None:
            return None
        own = given[given.isin(variable.declared)]
        return own if len(own) else None


def check_language(table: Table, lang: str) -> None:
    """Raise UnsupportedError when no instrument of the table has texts in a language."""
    if table.instruments and lang not in table.languages:
        hint = did_you_mean(lang, table.languages) or f" There is: {', '.join(table.languages)}."
        raise UnsupportedError(f"the instruments have no texts in '{lang}'.{hint}")


def said(texts: Texts, lang: str, otherwise: str = "") -> str:
    """A text in a language, else in English, else in any, on one line and without control characters."""
    text = texts.get(lang) or texts.get("en") or next((text for text in texts.values() if text), "") or otherwise
    return one_line(text)


def one_line(text: str) -> str:
    """A text without line breaks, control characters and halves of a surrogate pair; spaces are joined."""
    kept = "".join(
        "\ufffd" if "\ud800" <= letter <= "\udfff" else " " if unicodedata.category(letter) in _BREAKS else letter
        for letter in text
    )
    return " ".join(part for part in kept.split(" ") if part)


def type_of(column: pd.Series) -> Type:
    """Whether a column holds numbers, dates or texts."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        return "number"
    return "date" if pd.api.types.is_datetime64_any_dtype(column.dtype) else "text"
