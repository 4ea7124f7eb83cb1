"""Answers as SPSS .sav or .zsav: labels in one language, missing codes, measures, widths; the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.stamps import write_stamp
from crmstudy.exchange.writing.cells import number_text, plain_text, tell_inexact, tell_surrogates
from crmstudy.exchange.writing.naming import SPSS, cut_bytes, legal_names, shortened
from crmstudy.exchange.writing.variables import Table, Variable, one_line, said

#: What SPSS holds, in bytes of UTF-8.
LONGEST_LABEL, LONGEST_VALUE_LABEL, LONGEST_TEXT, LONGEST_FILE_LABEL, LONGEST_NOTE = 256, 120, 32_767, 64, 80
#: Where the header of a .sav file has its date and time of creation.
_DATE_PLACE, _DATE = 92, b"01 Jan 8000:00:00"
_WIDEST_COLUMN = 40
#: Significant digits that tell any two numbers apart that a column is likely to hold.
_MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a file for SPSS says about one variable, cut to what it can hold."""

    name: str
    variable: Variable
    label: str
    values: Mapping[int | float, str]
    missing: tuple[Any, ...]
    format: str
    width: int


def write_sav(table: Table, path: Path, log: ExportLog, *, lang: str, compress: bool = False) -> None:
    """Write the file; texts are shortened and names changed where SPSS asks for it, and the log says so."""
    import pyreadstat

    labelled = label_for_spss(table, log, lang=lang)
    columns = {one.name: values_for(table, one.variable, log) for one in labelled}
    for one in labelled:
        tell_letters(table, one.variable, log)
    pyreadstat.write_sav(
        pd.DataFrame(columns, copy=False),
        path,
        file_label=cut_bytes(" + ".join(said(one.name, lang, one.id) for one in table.instruments), LONGEST_FILE_LABEL),
        column_labels=[one.label for one in labelled],
        compress=compress,
        row_compress=not compress,
        note=notes_of(table, labelled),
        variable_value_labels={one.name: dict(one.values) for one in labelled if one.values},
        missing_ranges={one.name: list(one.missing) for one in labelled if one.missing},
        variable_display_width={one.name: one.width for one in labelled},
        variable_measure={one.name: one.variable.measure for one in labelled},
        variable_format={one.name: one.format for one in labelled if one.format},
    )
    with path.open("r+b") as stream:
        stream.seek(_DATE_PLACE)
        stream.write(_DATE)


def label_for_spss(table: Table, log: ExportLog, *, lang: str) -> list[Labelled]:
    """Names, labels, missing codes and formats of every variable."""
    names = legal_names((variable.name for variable in table.variables), SPSS, log)
    return [_labelled(table, variable, names[variable.name], log, lang) for variable in table.variables]


def _labelled(table: Table, variable: Variable, name: str, log: ExportLog, lang: str) -> Labelled:
    full = said(variable.label, lang, variable.name)
    label = shortened(full, LONGEST_LABEL, variable.name, "the label", log)
    values: dict[int | float, str] = {}
    if variable.type == "number":
        texts = {**variable.values, **variable.missing_labels}
        for value in sorted(texts):
            whole = said(texts[value], lang)
            if whole:
                what = f"the label of {value}"
                values[value] = shortened(whole, LONGEST_VALUE_LABEL, variable.name, what, log)
    elif variable.values:
        log.add("the column holds text, so its values have no labels.", variable.name)
    missing = _missing(table, variable, log)
    format, width = _format(table, variable)
    return Labelled(name, variable, label, values, missing, format, width)


def notes_of(table: Table, labelled: Sequence[Labelled]) -> list[str]:
    """The lines of the notes, 80 bytes at most: the stamp, and as many changed names as fit a line each."""
    stamps = [line for stamp in write_stamp(table.instruments).split("\n") for line in _wrapped(stamp)]
    renamed = [f"crmstudy-name: {one.name} {one.variable.name}" for one in labelled if one.name != one.variable.name]
    return stamps + [line for line in map(one_line, renamed) if len(line.encode("utf-8")) <= LONGEST_NOTE]


def _wrapped(line: str) -> list[str]:
    """A line broken at its spaces where it is longer than a note."""
    lines = [""]
    for word in line.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer.encode("utf-8")) <= LONGEST_NOTE:
            lines[-1] = longer
        else:
            lines.append(word[:LONGEST_NOTE])
    return [part for part in lines if part]


def values_for(table: Table, variable: Variable, log: ExportLog) -> pd.Series:
    """The values of a column, missing codes put back, texts as SPSS can hold them."""
    column = table.column(variable.name)
    if variable.type == "date":
        if getattr(column.dt, "tz", None) is not None:
            log.add("the time zone was left out; the times are those of the zone.", variable.name)
            column = column.dt.tz_localize(None)
        return column
    if variable.type == "text":
        return _texts(table, variable, log)
    tell_inexact(column, variable.name, log)
    values = np.array(column.to_numpy(dtype=float, na_value=np.nan))
    if np.isinf(values).any():
        log.add("a number beyond all bounds became a missing value.", variable.name)
        values[np.isinf(values)] = np.nan
    for place, code in codes_of(table, variable).items():
        values[place] = code
    return pd.Series(values)


def tell_letters(table: Table, variable: Variable, log: ExportLog) -> None:
    """Say which missing codes in letters become plain missing values."""
    given = table.codes.get(variable.name, ())
    for letter in sorted({code for code in given if isinstance(code, str)} if variable.type == "number" else ()):
        log.add(f"the missing code {letter} is no number and became a plain missing value.", variable.name)


def codes_of(table: Table, variable: Variable) -> dict[int, float]:
    """The answered missing codes that are numbers, by the place of the row."""
    given = table.codes.get(variable.name)
    if given is None or variable.type != "number":
        return {}
    return {int(str(place)): float(code) for place, code in given.items() if not isinstance(code, str)}


def _texts(table: Table, variable: Variable, log: ExportLog) -> pd.Series:
    column = table.column(variable.name)
    tell_surrogates(column, variable.name, log)
    places, distinct = pd.factorize(column.astype(object))
    words = []
    for value in distinct:
        text = plain_text(value)
        if "\0" in text:
            log.add("a NUL character ends a text in this format; it became a space.", variable.name)
            text = text.replace("\0", " ")
        if text != text.rstrip(" "):
            log.add("spaces at the end of a text are not kept.", variable.name)
        words.append(shortened(text, LONGEST_TEXT, variable.name, "a text", log, quote=False))
    words.append("")
    given = table.codes.get(variable.name)
    if given is not None:
        log.add(f"{len(given)} missing codes became empty texts.", variable.name)
    return pd.Series([words[place] for place in places.tolist()], dtype=object)


def _missing(table: Table, variable: Variable, log: ExportLog) -> tuple[Any, ...]:
    """Missing values as SPSS declares them: three codes, or a range and one code."""
    if variable.type != "number":
        return ()
    codes = sorted({float(code) for code in variable.missing} | set(codes_of(table, variable).values()))
    made, left = declared_missing(codes, variable.low, variable.high)
    if left:
        listed = ", ".join(map(number_text, left))
        log.add(f"SPSS declares three missing codes or a range and one; not declared: {listed}.", variable.name)
    elif any(isinstance(one, dict) for one in made):
        spans = " and ".join(
            f"{number_text(one['lo'])} to {number_text(one['hi'])}" if isinstance(one, dict) else number_text(one)
            for one in made
        )
        log.add(
            f"{len(codes)} missing codes were declared as {spans}, which takes in what lies between.", variable.name
        )
    return tuple(made)


def declared_missing(
    codes: Iterable[float], low: float | None = None, high: float | None = None
) -> tuple[list[float | dict[str, float]], list[float]]:
    """How SPSS declares codes, and the codes that it cannot declare.

    Up to three stand alone. Of more, those on one side of the answers make a range and one may stand beside it; the
    range that takes in the most codes is used.

    Examples
    --------
    >>> declared_missing([-9, -8]), declared_missing([-99, -98, -97, -96, 9], 1, 5)
    (([-9, -8], []), ([{'lo': -99, 'hi': -96}, 9], []))
    """
    codes = sorted(codes)
    if len(codes) <= 3:
        return list(codes), []
    below = [code for code in codes if low is None or code < low]
    above = [code for code in codes if low is not None and high is not None and code > high]
    span = below if len(below) >= len(above) else above
    beside = [code for code in codes if code not in span]
    return [{"lo": span[0], "hi": span[-1]}, *beside[:1]], beside[1:]


def _format(table: Table, variable: Variable) -> tuple[str, int]:
    """How numbers are shown, and how wide the column is."""
    column = table.column(variable.name)
    if variable.type == "date":
        dates = column.dropna()
        days = bool(len(dates)) and bool((dates.dt.normalize() == dates).all())
        return ("EDATE10", 12) if days else ("DATETIME20", 22)
    if variable.type == "text":
        longest = max((len(str(value)) for value in column.dropna().unique()), default=1)
        return "", max(4, min(longest, _WIDEST_COLUMN))
    values = column.to_numpy(dtype=float, na_value=np.nan)
    values = np.concatenate([values[np.isfinite(values)], np.array(list(variable.missing), dtype=float)])
    values = np.concatenate([values, np.array(list(codes_of(table, variable).values()), dtype=float)])
    decimals = 2 if variable.kind == "score" else decimals_of(values)
    whole = len(str(int(np.abs(values).max()))) if len(values) else 1
    sign = int(bool(len(values)) and bool(values.min() < 0))
    width = min(whole + sign + (decimals + 1 if decimals else 0), 40)
    return f"F{width}.{decimals}", max(width, 6)


def decimals_of(values: np.ndarray[Any, np.dtype[np.float64]]) -> int:
    """How many decimals show these numbers, at most six."""
    for decimals in range(_MOST_DECIMALS):
        scaled = values * 10**decimals
        if np.all(np.abs(scaled - np.round(scaled)) < 1e-9):
            return decimals
    return _MOST_DECIMALS
