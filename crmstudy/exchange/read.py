"""The front door for data files: choose the reader, check the columns, give Responses."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from crmstudy.errors import DataError, Fault, InputError, UnsupportedError, did_you_mean
from crmstudy.exchange.columns import Marks, Role, all_numbers, find_marks, read_column
from crmstudy.exchange.delimited import DelimitedText, read_delimited
from crmstudy.instrument import Instrument, load_instrument
from crmstudy.notes import Note, Provenance, installed_versions
from crmstudy.responses import MissingCode, Responses, code_faults, column_faults

#: File endings that are read, with the delimiter that is taken for granted (None: found out).
READABLE: dict[str, str | None] = {".csv": None, ".tsv": "\t", ".tab": "\t", ".txt": None}
#: File endings that are known but not read by this version.
REFUSED = {
    ".sav": "SPSS", ".zsav": "SPSS", ".por": "SPSS", ".xlsx": "Excel", ".xls": "Excel", ".xlsm": "Excel",
    ".ods": "OpenDocument", ".dta": "Stata", ".parquet": "Parquet", ".feather": "Feather", ".json": "JSON",
    ".ndjson": "JSON", ".rds": "R", ".rda": "R", ".rdata": "R", ".sas7bdat": "SAS", ".xpt": "SAS",
}  # fmt: skip


def read_responses(
    path: str | os.PathLike[str],
    *,
    instruments: Iterable[str | os.PathLike[str] | Instrument] = (),
    missing_codes: Iterable[MissingCode] = (),
    id: str | None = None,
) -> Responses:
    """Read a data file of answers: one row a respondent, one column a question.

    Delimited text (.csv, .tsv, .tab, .txt) is read, with its first row as names. Encoding (UTF-8, UTF-16 with
    its mark, otherwise Windows Cyrillic or Arabic when the words say so), delimiter (comma, semicolon, tab, or
    what a first line such as ``sep=;`` says) and decimal mark are found out; every guess is noted. The file is
    never changed.

    A cell is "no answer" when it is empty, ``NA`` or ``NaN``, or a missing code, in columns of words too: a
    country code ``NA`` reads as missing, so write it out in the file (``Namibia``, ``NAM``). Only in the id
    column is it a text like any other. Rows are counted from 1, the first row of data. A column that belongs to
    no instrument is kept as a variable: as numbers when every cell is one. Answers that are not whole numbers
    (such as imputed ones) are kept and noted; answers outside the response range stay in ``.frame``, are missing
    in ``.values``, and are noted.

    Parameters
    ----------
    path : str or path
        The file.
    instruments : iterable of str, path or Instrument
        What the columns answer: ids of shipped instruments, paths of instrument files, or loaded ones.
    missing_codes : iterable of numbers or texts
        Values that stand for "no answer", beside the instruments' own.
    id : str, optional
        The column that identifies the respondent; it is kept as text.

    Returns
    -------
    Responses

    Raises
    ------
    DataError
        With every fault of the file: unreadable, no rows, names that stand twice, missing columns with the
        near miss, text in an item with its rows, numbers whose mark may separate thousands or decimals
        (``1,234`` or ``1.234`` and nothing else in the column), control characters.
    UnsupportedError
        For a format this version does not read.

    Examples
    --------
    >>> read_responses("data/mobi/responses.csv", instruments=["ecsi"])  # doctest: +SKIP
    <Responses N=250, 24 items (ecsi), 0 variables>
    """
    if not isinstance(path, str | os.PathLike):
        raise DataError(f"read_responses() takes the path of a data file; found {type(path).__name__}.")
    path = Path(path)
    raw = _read_bytes(path)
    loaded = _load_all(instruments)
    codes = (missing_codes,) if isinstance(missing_codes, str | int | float) else tuple(missing_codes)
    text = read_delimited(raw, path.name, READABLE[path.suffix.lower()])
    names = text.names
    items = {item.id for instrument in loaded for item in instrument.items}
    faults: list[Fault] = [*text.faults, *code_faults(codes, loaded)]
    faults += [Fault(fault.message, path.name, text.names_line) for fault in column_faults(names, loaded, id)]
    marks = find_marks(text, items)
    columns = {}
    for position, name in enumerate(names):
        role: Role = "text" if name == id else "item" if name in items else "variable"
        columns[name] = read_column(text, position, role, marks, codes)
        faults += columns[name].faults
    if faults and all_numbers(names):
        message = "every name of a column is a number; the first row must hold names, so add it if the file has none."
        faults.append(Fault(message, path.name, text.names_line))
    if faults:
        raise DataError(sorted(faults, key=lambda fault: fault.line or 0))
    return Responses.from_frame(
        pd.DataFrame({name: column.values for name, column in columns.items()}),
        loaded,
        missing_codes=codes,
        id=id,
        file_notes=_file_notes(text, marks, sum((column.codes for column in columns.values()), Counter())),
        provenance=Provenance(
            inputs={path.name: hashlib.sha256(raw).hexdigest()},
            versions=installed_versions(("crmstudy", "numpy", "pandas")),
        ),
    )


def column_names(path: str | os.PathLike[str]) -> tuple[str, ...] | None:
    """The column names of a data file whatever its cells hold, or None when even they cannot be read."""
    path = Path(path)
    try:
        return tuple(read_delimited(_read_bytes(path), path.name, READABLE[path.suffix.lower()]).names)
    except InputError:
        return None


def _read_bytes(path: Path) -> bytes:
    suffix = path.suffix.lower()
    if suffix in REFUSED:
        raise UnsupportedError(
            f"'{path}' is a file of {REFUSED[suffix]} ({suffix}), which this version does not read; "
            "save it as CSV UTF-8."
        )
    if path.is_dir():
        raise DataError(f"the data file '{path}' is a folder; name the file in it.")
    if suffix not in READABLE:
        said = ", ".join(READABLE)
        raise UnsupportedError(f"'{path}' ends in '{suffix}'; this version reads {said}. Save it as CSV UTF-8.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        folder = path.parent
        near = did_you_mean(path.name, [p.name for p in folder.iterdir()]) if folder.is_dir() else ""
        lost = "" if folder.is_dir() else f" The folder '{folder}' does not exist."
        raise DataError(f"the data file '{path}' was not found; check the path.{near}{lost}") from None
    except OSError as error:
        raise DataError(f"the data file '{path}' cannot be read: {error.strerror}.") from None


def _load_all(instruments: Iterable[str | os.PathLike[str] | Instrument]) -> tuple[Instrument, ...]:
    if isinstance(instruments, str | os.PathLike | Instrument):
        instruments = [instruments]
    loaded = []
    for instrument in instruments:
        loaded.append(instrument if isinstance(instrument, Instrument) else load_instrument(instrument))
    return tuple(loaded)


def _file_notes(text: DelimitedText, marks: Marks, codes: Counter[str]) -> list[Note]:
    notes = []
    if text.guessed:
        message = f"The file is not UTF-8; it was read as {text.encoding} because its words make sense so."
        notes.append(Note("RESPONSES_ENCODING_GUESSED", message, "warning"))
    if all_numbers(text.names):
        said = ", ".join(text.names[:5]) + (" ..." if len(text.names) > 5 else "")
        message = f"The first row was taken as the names of the columns, though all are numbers: {said}."
        notes.append(Note("RESPONSES_NAMES_ARE_NUMBERS", message, "warning"))
    if marks.decimal == ",":
        message = f"A comma was read as the decimal mark (such as '{marks.example}')."
        notes.append(Note("RESPONSES_DECIMAL_COMMA", message))
    if text.empty_tail:
        message = f"{text.empty_tail} empty rows at the end of the file were left out."
        notes.append(Note("RESPONSES_EMPTY_ROWS", message))
    if codes:
        said = ", ".join(f"'{code}' ({times} times)" for code, times in sorted(codes.items()))
        notes.append(Note("RESPONSES_MISSING_CODES", f"Missing codes in words were read as no answer: {said}."))
    return notes
