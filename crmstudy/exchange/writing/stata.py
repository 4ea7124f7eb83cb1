"""Answers as Stata .dta (release 118, Stata 14 and later): labels in one language, missing codes as .a to .z."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.stamps import write_stamp
from crmstudy.exchange.writing.cells import number_text
from crmstudy.exchange.writing.naming import STATA, cut_letters, legal_names, shortened
from crmstudy.exchange.writing.spss import codes_of, decimals_of, values_for
from crmstudy.exchange.writing.variables import Table, Variable, said

#: The argument by which the library is asked for release 118.
_VERSION = 14
LONGEST_LABEL, LONGEST_VALUE_LABEL = 80, 32_000
_TIMESTAMP = re.compile(rb"<timestamp>\x11[^<]{17}</timestamp>")
_DATE = b"<timestamp>\x1101 Jan 1980 00:00</timestamp>"
_HEADER = 2048


def write_dta(table: Table, path: Path, log: ExportLog, *, lang: str) -> None:
    """Write the file; texts are shortened and names changed where Stata asks for it, and the log says so."""
    import pyreadstat

    names = legal_names((variable.name for variable in table.variables), STATA, log)
    columns: dict[str, pd.Series] = {}
    labels: list[str | None] = []
    values: dict[str, dict[Any, str]] = {}
    missing: dict[str, list[str]] = {}
    formats: dict[str, str] = {}
    spoken: dict[str, list[str]] = {}
    for variable in table.variables:
        name = names[variable.name]
        letters = _letters(table, variable, log)
        if letters:
            which = ", ".join(f"{_code_text(code)} is .{letter}" for code, letter in letters.items())
            spoken.setdefault(which, []).append(variable.name)
        columns[name] = _column(table, variable, letters, log)
        full = said(variable.label, lang, variable.name)
        labels.append(shortened(full, LONGEST_LABEL, variable.name, "the label", log, in_bytes=False))
        own = _value_labels(variable, letters, lang, log)
        if own:
            values[name] = own
        if letters:
            missing[name] = sorted(letters.values())
        if variable.type == "number":
            formats[name] = _format(table, variable)
    for which, concerned in spoken.items():
        log.add(f"missing codes are letters in Stata: {which}.", ", ".join(concerned))
    pyreadstat.write_dta(
        pd.DataFrame(columns, copy=False),
        path,
        file_label=_file_label(table, lang),
        column_labels=labels,
        version=_VERSION,
        variable_value_labels=values,
        missing_user_values=missing,
        variable_format=formats,
    )
    _remove_date(path)


def stamp_fits(table: Table) -> bool:
    """Whether the label of the data has room for the stamp of all instruments."""
    return not table.instruments or bool(write_stamp(table.instruments, room=LONGEST_LABEL))


def _file_label(table: Table, lang: str) -> str:
    """The stamp where it fits, otherwise what was asked."""
    stamp = write_stamp(table.instruments, room=LONGEST_LABEL).replace("\n", " ")
    return stamp or cut_letters(" + ".join(said(one.name, lang, one.id) for one in table.instruments), LONGEST_LABEL)


def _letters(table: Table, variable: Variable, log: ExportLog) -> dict[float | str, str]:
    """The letter of each missing code: the smallest is .a. Codes that are letters stay where there is room."""
    if variable.type != "number":
        return {}
    codes = sorted({float(code) for code in variable.missing} | set(codes_of(table, variable).values()))
    letters: dict[float | str, str] = dict(zip(codes, string.ascii_lowercase, strict=False))
    for code in sorted({code for code in table.codes.get(variable.name, ()) if isinstance(code, str)}):
        letter = code.removeprefix(".")
        free = [one for one in (letter, *string.ascii_lowercase) if one not in letters.values() and len(one) == 1]
        if free and free[0].islower():
            letters[code] = free[0]
        else:
            log.add(f"the missing code {code} became a plain missing value.", variable.name)
    if len(codes) > len(string.ascii_lowercase):
        log.add(
            "Stata has 26 letters for missing codes; the codes beyond them became plain missing values.", variable.name
        )
    return letters


def _column(table: Table, variable: Variable, letters: Mapping[float | str, str], log: ExportLog) -> pd.Series:
    """The values; a column in which a missing code was answered holds its letter there."""
    given = table.codes.get(variable.name)
    column = values_for(table, variable, log)
    if given is None or variable.type != "number":
        return column
    cells: list[Any] = [None if np.isnan(value) else value for value in column.to_numpy(dtype=float).tolist()]
    for place, code in given.items():
        cells[int(str(place))] = letters.get(code) if isinstance(code, str) else letters.get(float(code))
    return pd.Series(cells, dtype=object)


def _value_labels(variable: Variable, letters: Mapping[float | str, str], lang: str, log: ExportLog) -> dict[Any, str]:
    if variable.type != "number":
        return {}
    made: dict[Any, str] = {}
    for value in sorted(variable.values):
        text = said(variable.values[value], lang)
        if text:
            what = f"the label of {value}"
            made[float(value)] = shortened(text, LONGEST_VALUE_LABEL, variable.name, what, log)
    for code, letter in letters.items():
        whole = not isinstance(code, str) and code == int(code)
        text = said(variable.missing_labels.get(int(code), {}), lang) if whole else ""
        made[letter] = text or _code_text(code)
    return made


def _code_text(code: float | str) -> str:
    return code if isinstance(code, str) else number_text(code)


def _format(table: Table, variable: Variable) -> str:
    if variable.kind == "score":
        return "%9.2f"
    values = table.column(variable.name).to_numpy(dtype=float, na_value=np.nan)
    decimals = decimals_of(values[np.isfinite(values)])
    return f"%{10 + decimals}.{decimals}f" if decimals else "%12.0g"


def _remove_date(path: Path) -> None:
    """Give the header a fixed date, so that the same data make the same bytes."""
    with path.open("r+b") as stream:
        head = stream.read(_HEADER)
        found = _TIMESTAMP.search(head)
        if found is not None:
            stream.seek(found.start())
            stream.write(_DATE)
