"""The front door for data files: choose the reader, check the columns, give Responses.

The formats and the platforms that are read are the tables of :mod:`crmstudy.exchange.sources`.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from crmstudy.errors import DataError, Fault, InputError, UnsupportedError, did_you_mean
from crmstudy.exchange.columns import Column, Marks, Role, all_numbers, find_marks, read_column
from crmstudy.exchange.meanings import check_labels
from crmstudy.exchange.names import with_ids
from crmstudy.exchange.sources import FOLDERS, Asked, check_start, folder_reader, format_of, shaped
from crmstudy.exchange.stamps import check_stamps, stamps_beside
from crmstudy.exchange.table import Numbers, Table
from crmstudy.exchange.untrusted.kinds import LARGEST
from crmstudy.files import bytes_of
from crmstudy.instrument import Instrument, load_instrument
from crmstudy.notes import Note, Provenance, installed_versions
from crmstudy.responses import MissingCode, Responses, code_faults, column_faults


def read_responses(
    path: str | os.PathLike[str],
    *,
    instruments: Iterable[str | os.PathLike[str] | Instrument] = (),
    missing_codes: Iterable[MissingCode] = (),
    id: str | None = None,
    sheet: str | None = None,
    source: str | None = None,
    personal: bool = False,
) -> Responses:
    """Read a data file of answers: one row a respondent, one column a question.

    Read are delimited text (.csv, .tsv, .tab, .txt), SPSS (.sav, .zsav), Stata (.dta), Excel (.xlsx) and Parquet
    (.parquet; needs ``crmstudy[parquet]``). The file is taken apart in a process of its own, under limits of size, time
    and memory, and never changed.

    Delimited text has its names in the first row. Encoding (UTF-8, UTF-16 with its mark, otherwise Windows Cyrillic or
    Arabic when the words say so), delimiter (comma, semicolon, tab, or what a first line such as ``sep=;`` says) and
    decimal mark are found out; every guess is noted. A workbook has them in the first row of its first visible sheet,
    or of ``sheet``.

    A cell is "no answer" when it is empty, ``NA`` or ``NaN``, or a missing code, in columns of words too: a
    country code ``NA`` reads as missing, so write it out in the file (``Namibia``, ``NAM``). Only in the id
    column is it a text like any other. Rows are counted from 1, the first row of data. A column that belongs to
    no instrument is kept as a variable: as numbers when every cell is one. Answers that are not whole numbers
    (such as imputed ones) are kept and noted; answers outside the response range stay in ``.frame``, are missing
    in ``.values``, and are noted.

    What a file declares as user-missing (.sav, .dta) is no answer either: it is NaN in ``.frame`` and in ``.values``,
    counted in a note, and kept apart, cell by cell, in ``.codes``. Labels of columns and values are kept in
    ``.meanings`` and compared with the instrument's, in each of its languages; differences are noted. Dates become
    texts such as ``2026-03-21``. Where the file says which instruments it was answered with (see
    :mod:`crmstudy.exchange.stamps`), another version of them is refused.

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
    sheet : str, optional
        The sheet of a workbook; the first visible one when left out.
    source : str, optional
        The platform the file was exported from; found out from its structure when left out.
    personal : bool
        Keep what a platform records about the person (address, e-mail, place), which is left out otherwise.

    Returns
    -------
    Responses

    Raises
    ------
    DataError
        With every fault of the file: unreadable, no rows, names that stand twice, missing columns with the
        near miss, text in an item with its rows, numbers whose mark may separate thousands or decimals
        (``1,234`` or ``1.234`` and nothing else in the column), control characters, answers given to another version
        of an instrument, a file that takes too much time or memory.
    UnsupportedError
        For a format that is not read, and for a ``sheet`` of a file without sheets.
    MissingExtraError
        For Parquet, when pyarrow is not installed.

    Examples
    --------
    >>> read_responses("data/mobi/responses.csv", instruments=["ecsi"])  # doctest: +SKIP
    <Responses N=250, 24 items (ecsi), 0 variables>
    """
    if not isinstance(path, str | os.PathLike):
        raise DataError(f"read_responses() takes the path of a data file; found {type(path).__name__}.")
    codes = (missing_codes,) if isinstance(missing_codes, str | int | float) else tuple(missing_codes)
    asked = Asked(Path(path), b"", _load_all(instruments), codes, id, sheet, source, personal)
    table, raw = _table_of(asked)
    loaded = table.instruments or asked.instruments
    table = _without_scores(table, loaded)
    faults: list[Fault] = [*table.faults, *code_faults(codes, loaded), *check_stamps(table.stamps, loaded, table.file)]
    faults += [Fault(fault.message, table.file, table.names_line) for fault in column_faults(table.names, loaded, id)]
    marks, columns = _columns(table, loaded, codes, id)
    faults += [fault for column in columns.values() for fault in column.faults]
    labels = check_labels(table, loaded)
    faults += labels.faults
    if faults and all_numbers(table.names):
        message = "every name of a column is a number; the first row must hold names, so add it if the file has none."
        faults.append(Fault(message, table.file, table.names_line))
    if faults:
        raise DataError(sorted(faults, key=lambda fault: fault.line or 0))
    responses = Responses.from_frame(
        pd.DataFrame({name: column.values for name, column in columns.items()}),
        loaded,
        missing_codes=codes,
        id=id,
        file_notes=[*table.notes, *_column_notes(table, marks, columns), *labels.notes],
        provenance=Provenance(
            inputs={table.file: hashlib.sha256(raw).hexdigest()},
            versions=installed_versions(("crmstudy", "numpy", "pandas")),
        ),
    )
    return replace(
        responses,
        rows=tuple(table.rows.tolist()),
        codes=_codes(responses.codes, columns),
        meanings={name: meaning for name, meaning in table.meanings.items() if name in columns},
        not_shown=table.not_shown,
    )


def column_names(path: str | os.PathLike[str]) -> tuple[str, ...] | None:
    """The column names of a data file whatever its cells hold, or None when even they cannot be read."""
    try:
        return tuple(_table_of(Asked(Path(path)))[0].names)
    except InputError:
        return None


def _table_of(asked: Asked) -> tuple[Table, bytes]:
    """The file as a table, and the bytes that its provenance is taken from."""
    path = asked.path
    if path.is_dir():
        reader = folder_reader(path)
        if reader is None:
            raise DataError(f"the data file '{path}' is a folder; name the file in it.")
        table = reader(asked)
        return table, b"".join((path / name).read_bytes() for name in FOLDERS if (path / name).is_file())
    format = format_of(path)
    if asked.sheet is not None and not format.sheets:
        raise UnsupportedError(f"sheet= names a sheet of a workbook, and '{path}' is none; leave it out.")
    raw = _read_bytes(path)
    check_start(format, raw, path)
    asked = replace(asked, raw=raw)
    table = format.read(asked)
    table = replace(table, stamps=(*table.stamps, *stamps_beside(path)))
    if format.renames:
        table = with_ids(table, asked.instruments, asked.id)
    return shaped(table, asked), raw


def _without_scores(table: Table, instruments: tuple[Instrument, ...]) -> Table:
    """The table without scale scores, where the file says that it was made with these instruments: they come anew."""
    made_with = [one for one in instruments if any(stamp.id == one.id and stamp.fits(one) for stamp in table.stamps)]
    scores = {score.id for one in made_with for score in one.scores}
    left = [name for name in table.names if name in scores]
    if not left:
        return table
    stay = [place for place, name in enumerate(table.names) if name not in scores]
    said = ", ".join(f"'{name}'" for name in left[:8]) + (f" and {len(left) - 8} more" if len(left) > 8 else "")
    message = f"Scale scores that the file holds were left out, as scores are computed from the answers: {said}."
    return replace(
        table,
        names=[table.names[place] for place in stay],
        columns=[table.columns[place] for place in stay],
        notes=[*table.notes, Note("RESPONSES_SCORES_LEFT_OUT", message)],
    )


def _read_bytes(path: Path) -> bytes:
    try:
        return bytes_of(path, LARGEST)
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


def _columns(
    table: Table, instruments: tuple[Instrument, ...], codes: tuple[MissingCode, ...], id: str | None
) -> tuple[Marks, dict[str, Column]]:
    """Every column by its role, and the decimal mark they share."""
    items = {item.id for instrument in instruments for item in instrument.items}
    marks = find_marks(table, items)
    columns = {}
    for position, name in enumerate(table.names):
        role: Role = "text" if name == id or name in table.texts else "item" if name in items else "variable"
        columns[name] = read_column(table, position, role, marks, codes)
    return marks, columns


def _codes(found: Mapping[str, pd.Series], columns: Mapping[str, Column]) -> dict[str, pd.Series]:
    """The missing codes by column and place: those the instruments and the call name, and those of the file."""
    codes = dict(found)
    for name, column in columns.items():
        parts = [pd.Series([code] * len(places), index=places) for code, places in column.reasons.items()]
        parts += [codes[name]] if name in codes else []
        if any(len(part) for part in parts):
            codes[name] = pd.concat([part for part in parts if len(part)]).sort_index()
    return codes


def _column_notes(table: Table, marks: Marks, columns: Mapping[str, Column]) -> list[Note]:
    notes = []
    if all_numbers(table.names):
        said = ", ".join(table.names[:5]) + (" ..." if len(table.names) > 5 else "")
        message = f"The first row was taken as the names of the columns, though all are numbers: {said}."
        notes.append(Note("RESPONSES_NAMES_ARE_NUMBERS", message, "warning"))
    if marks.decimal == ",":
        message = f"A comma was read as the decimal mark (such as '{marks.example}')."
        notes.append(Note("RESPONSES_DECIMAL_COMMA", message))
    words: defaultdict[str, int] = defaultdict(int)
    user: defaultdict[str, int] = defaultdict(int)
    for name, column in columns.items():
        numbers = isinstance(table.column(name), Numbers)
        labels = table.meanings[name].labels if name in table.meanings else {}
        for code, places in column.reasons.items():
            if numbers:
                label = labels.get(code, "")
                shown = code if isinstance(code, str) else f"{code:g}"
                user[f"{shown} '{label}'" if label else shown] += len(places)
            else:
                words[str(code)] += len(places)
    if words:
        said = ", ".join(f"'{code}' ({times} times)" for code, times in sorted(words.items()))
        notes.append(Note("RESPONSES_MISSING_CODES", f"Missing codes in words were read as no answer: {said}."))
    if user:
        said = ", ".join(f"{code} ({times} time{'' if times == 1 else 's'})" for code, times in sorted(user.items()))
        message = (
            f"Codes that the file declares as missing were read as no answer, and are kept apart in .codes: {said}."
        )
        notes.append(Note("RESPONSES_USER_MISSING", message))
    return notes
