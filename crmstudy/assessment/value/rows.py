"""Transactions read a piece at a time, so that a file may be larger than the memory."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.dates import JALALI
from crmstudy.assessment.tables import by_name
from crmstudy.errors import DataError, MissingExtraError, did_you_mean
from crmstudy.exchange.columns import NOT_ANSWERED
from crmstudy.exchange.delimited import find_delimiter, tidy_name
from crmstudy.exchange.encodings import decode
from crmstudy.exchange.read import read_responses
from crmstudy.letters import digits
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.responses import Responses

#: Rows of a piece.
PIECE = 2**18
_SAMPLE = 2**18
_DELIMITED = (".csv", ".tsv", ".tab", ".txt")


class Source:
    """Where transactions come from: their columns are known at once, their rows come in pieces.

    ``textual`` tells that the source has no types of its own, so that an id of digits may be a number.
    """

    def __init__(self, data: object, decimal: str) -> None:
        self._decimal = decimal
        self._path, self._frame = _opened(data)
        self.textual = self._path is not None and self._path.suffix.lower() in _DELIMITED
        self.notes: tuple[Note, ...] = ()
        self._layout: dict[str, Any] = {}
        self._found: dict[str, str] = {}
        self.columns = self._names()

    def _names(self) -> list[str]:
        if self._frame is not None:
            return [str(name) for name in self._frame.columns]
        path = self._file
        if path.suffix.lower() == ".parquet":
            return [str(name) for name in _parquet(path).schema_arrow.names]
        return self._look(path)

    def _look(self, path: Path) -> list[str]:
        """The names in the first row of a text file; its encoding and delimiter are found from its beginning."""
        begin = _beginning(path)
        text, encoding, guessed = decode(begin, path.name)
        delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") else find_delimiter(text)
        names = [tidy_name(name) for name in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))]
        if guessed:
            message = f"The file is not UTF-8; it was read as {encoding} because its words make sense so."
            self.notes = (Note("RESPONSES_ENCODING_GUESSED", message, "warning"),)
        apart = [name if names.index(name) == place else f"{name} ({place + 1})" for place, name in enumerate(names)]
        encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        self._layout = {"sep": delimiter, "encoding": encoding, "names": apart}
        return names

    def take_headings(self, wanted: Iterable[str]) -> None:
        """Columns that end in a wanted name in brackets, as those of a form do, go by that name from now on."""
        self._found = by_name(self.columns, wanted)
        self.columns = [self._found.get(name, name) for name in self.columns]
        if "names" in self._layout:
            self._layout["names"] = [self._found.get(name, name) for name in self._layout["names"]]

    @property
    def _file(self) -> Path:
        if self._path is None:
            raise DataError("There is no file to read.")
        return self._path

    def pieces(self, numbers: list[str]) -> Iterator[pd.DataFrame]:
        """The rows, in their order; ``numbers`` are the columns whose values a text file may give as numbers."""
        if self._frame is not None:
            frame = self._frame.set_axis(self.columns, axis=1)
            for first in range(0, len(frame), PIECE):
                yield frame.iloc[first : first + PIECE].reset_index(drop=True)
        elif self._file.suffix.lower() == ".parquet":
            for batch in _parquet(self._file).iter_batches(batch_size=PIECE):
                yield batch.to_pandas().rename(columns=self._found)
        else:
            yield from self._delimited_pieces(numbers)

    def _delimited_pieces(self, numbers: list[str]) -> Iterator[pd.DataFrame]:
        """A text file by pandas' reader; a row with more cells than names is refused, one with fewer lacks values."""
        texts = {name: "str" for name in self._layout["names"] if name not in numbers}
        try:
            reader = pd.read_csv(
                self._file, **self._layout, header=0, dtype=texts, decimal=self._decimal, keep_default_na=False,
                na_values=sorted(NOT_ANSWERED), low_memory=False, index_col=False, skipinitialspace=True,
                chunksize=PIECE,
            )  # fmt: skip
            with reader:
                while (piece := _next(reader)) is not None:
                    yield piece.reset_index(drop=True)
        except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeDecodeError) as error:
            said = " ".join(str(error).split())
            raise DataError(f"{self._file.name} cannot be taken apart into rows ({said}); check that row.") from None


def _opened(data: object) -> tuple[Path | None, pd.DataFrame | None]:
    """The file that is read in pieces, or the table that is there already."""
    if isinstance(data, Responses):
        return None, data.frame
    if isinstance(data, pd.DataFrame):
        return None, data
    if not isinstance(data, str | os.PathLike):
        wanted = "Transactions are a DataFrame or the path of a file (.csv, .parquet, .xlsx)"
        raise DataError(f"{wanted}, not {type(data).__name__}.")
    path = Path(data)
    if not path.is_file():
        raise DataError(f"There is no file {shown(str(path))}; give the path of a table of transactions.")
    if path.suffix.lower() in (*_DELIMITED, ".parquet"):
        return path, None
    return None, read_responses(path, instruments=[]).frame


def _next(reader: Iterator[pd.DataFrame]) -> pd.DataFrame | None:
    """The next piece, None at the end; a warning of the parser is an error, for it leaves cells out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return next(reader, None)


def missing_columns(source: Source, wanted: Mapping[str, str | None]) -> list[str]:
    """Sentences about columns that are not there, that are there twice, or that have two parts to play."""
    faults = []
    taken: dict[str, str] = {}
    for role, name in wanted.items():
        if name is None:
            continue
        found = source.columns.count(name)
        if found == 0:
            faults.append(
                f"The transactions have no column '{shown(name)}' for `{role}`; they have {_listed(source.columns)}."
                f"{did_you_mean(name, source.columns)}"
            )
        elif found > 1:
            faults.append(f"The transactions have {found} columns '{shown(name)}'; keep one.")
        if name in taken:
            faults.append(f"`{role}` and `{taken[name]}` are both '{shown(name)}'; name two columns.")
        taken[name] = role
    return faults


def factorized(column: pd.Series[Any]) -> tuple[np.ndarray[Any, np.dtype[np.intp]], pd.Index[Any]]:
    """The place of each value among the different ones (-1 where it is missing), and those; lists go as their texts."""
    try:
        return pd.factorize(column)
    except TypeError:  # what cannot be hashed
        return pd.factorize(column.map(str, na_action="ignore"))


def absent(column: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where a cell is missing or blank."""
    missing = column.isna().to_numpy(dtype=bool)
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return missing
    places, words = factorized(column)
    blank = np.array([*(isinstance(word, str) and not word.strip() for word in words), True], dtype=bool)
    either: np.ndarray[Any, np.dtype[np.bool_]] = missing | blank[places]
    return either


def numbers_of(column: pd.Series[Any], decimal: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The values as numbers, NaN where there is none; Persian and Arabic digits are read too."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_complex_dtype(column):
        return np.full(len(column), np.nan)
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    codes, words = factorized(column)
    read = np.array([*(_number(word, decimal) for word in words), np.nan], dtype=float)
    found: np.ndarray[Any, np.dtype[np.float64]] = read[codes]
    return found


def _number(word: object, decimal: str) -> float:
    if isinstance(word, bool):
        return float("nan")
    if not isinstance(word, str):
        try:
            return float(word)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return float("nan")
    text = digits(word).strip()
    if decimal != ".":
        text = text.replace(decimal, ".") if "." not in text else "?"
    try:
        return float("?" if "_" in text else text)
    except ValueError:
        return float("nan")


def dates_of(column: pd.Series[Any], how: str | None) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """The values as points in time, NaT where there is none; with a zone, in universal time.

    ``how`` is the format as strptime has it; without one ISO dates are read. Numbers are no dates, nor are texts with a
    year of the Jalali calendar.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return _plain_times(column)
    if pd.api.types.is_numeric_dtype(column) and how is None:
        return np.full(len(column), np.datetime64("NaT"), dtype="datetime64[us]")
    codes, words = factorized(column)
    texts = pd.Series(
        [digits(word).strip() if isinstance(word, str) else _day(word, how) for word in words], dtype=object
    )
    times = pd.to_datetime(texts, format=how or "ISO8601", errors="coerce", utc=True)
    days = np.append(_plain_times(times), np.datetime64("NaT", "us"))
    first, after = np.datetime64(f"{JALALI.start}-01-01"), np.datetime64(f"{JALALI.stop}-01-01")
    days[(days >= first) & (days < after)] = np.datetime64("NaT")
    found: np.ndarray[Any, np.dtype[np.datetime64]] = days[codes]
    return found


def _day(value: object, how: str | None) -> object:
    """What is no text: a date as it is, a number as the text it stands for (20260321.0 is 20260321)."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        number = float(value)
        return str(int(number)) if how is not None and number.is_integer() else None
    return value


def _plain_times(times: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    if getattr(times.dtype, "tz", None) is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    return times.to_numpy(dtype="datetime64[us]")


def _listed(names: list[str]) -> str:
    quoted = [shown(name) for name in names[:12]]
    return ", ".join(quoted) + (" ..." if len(names) > 12 else "") if quoted else "none"


def _parquet(path: Path) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path.name} cannot be read as Parquet: {error}") from None


def _beginning(path: Path) -> bytes:
    """So many bytes of a text file that its first rows are among them, cut at the end of a row."""
    with path.open("rb") as file:
        begin, more = file.read(_SAMPLE), bool(file.read(1))
    if not begin.strip():
        raise DataError(f"{path.name} is empty; the first row must hold the column names.")
    wide = begin.startswith((b"\xff\xfe", b"\xfe\xff"))
    return begin[: begin.rfind(b"\n") + 1] or begin if more and not wide else begin
