"""What data files can be read: the table of formats, and the table of platforms whose exports are recognised.

A **format** makes a :class:`~crmstudy.exchange.table.Table` of a file. It is known by the ending of the file and by
how the file begins, and its reader is ``read(asked: Asked) -> Table``. Files are taken apart in the child process
(:mod:`crmstudy.exchange.untrusted`); what arrives is checked by the parent.

A **platform** (Qualtrics, LimeSurvey ...) makes a table whose columns are named by item of a table as it exports it.
It is a module of :mod:`crmstudy.exchange.reading` with two functions::

    def recognises(table: Table, asked: Asked) -> bool:
        '''Whether the names and first rows of a table are those of an export of this platform.'''

    def shape(table: Table, asked: Asked) -> Table:
        '''The table with items under their ids, answers as numbers, and notes; raises DataError with all faults.'''

and a row in :data:`PLATFORMS`. ``recognises`` looks at structure only and never raises. ``shape`` gives a new table:
names under which the items are found, columns as :class:`~crmstudy.exchange.table.Cells` (texts; numbers in them, in
any digits, are read later) or :class:`~crmstudy.exchange.table.Numbers`, rows left out by ``table.keep``, and notes
added. The first platform that recognises a table is taken, unless ``source=`` names one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from crmstudy.errors import DataError, UnsupportedError, did_you_mean
from crmstudy.exchange.table import Table
from crmstudy.instrument import Instrument
from crmstudy.responses import MissingCode

_READING = "crmstudy.exchange.reading"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a reader: the file and its bytes, the instruments, and the options of read_responses()."""

    path: Path
    raw: bytes = b""
    instruments: tuple[Instrument, ...] = ()
    missing_codes: tuple[MissingCode, ...] = ()
    id: str | None = None
    sheet: str | None = None
    source: str | None = None
    personal: bool = False

    @property
    def file(self) -> str:
        """The name of the file in sentences."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, the endings of its files, how they begin (empty: anyhow), and ``"module:function"``.

    ``renames`` says that it does not allow every name a column may have, so that columns may be named otherwise,
    ``sheets`` that a file has several tables.
    """

    name: str
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...]
    reader: str
    renames: bool = False
    sheets: bool = False

    def read(self, asked: Asked) -> Table:
        """Read a file of this format."""
        module, _, name = self.reader.partition(":")
        table: Table = getattr(import_module(module), name)(asked)
        return table


FORMATS: tuple[Format, ...] = (
    Format("delimited text", (".csv", ".tsv", ".tab", ".txt"), (), "crmstudy.exchange.delimited:read"),
    Format("SPSS", (".sav", ".zsav"), (b"$FL2", b"$FL3"), f"{_READING}.spss:read", renames=True),
    Format("Stata", (".dta",), (), f"{_READING}.stata:read", renames=True),
    Format("Parquet", (".parquet",), (b"PAR1",), f"{_READING}.parquet:read"),
    Format("Excel", (".xlsx", ".xlsm"), (b"PK\x03\x04",), f"{_READING}.workbook:read", sheets=True),
)

#: Platforms by name, with the module that knows them; the order is that of asking.
PLATFORMS: dict[str, str] = {
    "qualtrics": f"{_READING}.qualtrics",
    "limesurvey": f"{_READING}.limesurvey",
    "redcap": f"{_READING}.redcap",
    "kobo": f"{_READING}.kobo",
    "google-forms": f"{_READING}.google_forms",
    "labelled": f"{_READING}.labelled",
}

#: What a folder must hold to be read, and the reader: ``handover.json`` makes a hand-over folder.
FOLDERS: dict[str, str] = {"handover.json": f"{_READING}.handover:read"}

#: Endings of files that are known but not read, with the program, and what to do about it.
_AS_CSV = "save it as CSV UTF-8 or .xlsx"
REFUSED: dict[str, tuple[str, str]] = {
    ".por": ("SPSS (portable)", "save it as .sav"),
    ".xls": ("Excel before 2007", "open it and save it as .xlsx or CSV UTF-8"),
    ".xlsb": ("Excel (binary)", "open it and save it as .xlsx or CSV UTF-8"),
    ".ods": ("OpenDocument", _AS_CSV),
    ".numbers": ("Numbers", _AS_CSV),
    ".feather": ("Feather", "save it as .parquet or CSV UTF-8"),
    ".json": ("JSON", _AS_CSV),
    ".ndjson": ("JSON", _AS_CSV),
    ".rds": ("R", "in R, write.csv(readRDS(file), name, row.names = FALSE, fileEncoding = 'UTF-8') makes a CSV"),
    ".rda": ("R", "in R, load() it and write.csv(..., row.names = FALSE, fileEncoding = 'UTF-8')"),
    ".rdata": ("R", "in R, load() it and write.csv(..., row.names = FALSE, fileEncoding = 'UTF-8')"),
    ".sas7bdat": ("SAS", "export it as CSV UTF-8 or .sav"),
    ".xpt": ("SAS", "export it as CSV UTF-8 or .sav"),
    ".zip": ("ZIP", "unpack it and name the file in it"),
    ".docx": ("Word", "answers are read from tables of data: save them as CSV UTF-8 or .xlsx"),
    ".pdf": ("PDF", "get the data from the program that made it, as CSV UTF-8 or .xlsx"),
}  # fmt: skip


def format_of(path: Path) -> Format:
    """The format of a file, by its ending; raises UnsupportedError for what is not read, with what to do."""
    suffix = path.suffix.lower()
    if suffix in REFUSED:
        program, advice = REFUSED[suffix]
        raise UnsupportedError(f"'{path}' is a file of {program} ({suffix}), which is not read; {advice}.")
    for one in FORMATS:
        if suffix in one.suffixes:
            return one
    said = ", ".join(suffix for one in FORMATS for suffix in one.suffixes)
    raise UnsupportedError(f"'{path}' ends in '{suffix}'; read are {said}. Save it as CSV UTF-8.")


def folder_reader(path: Path) -> Callable[[Asked], Table] | None:
    """The reader of a folder, by the file that says what the folder is."""
    for name, reader in FOLDERS.items():
        if (path / name).is_file():
            module, _, function = reader.partition(":")
            found: Callable[[Asked], Table] = getattr(import_module(module), function)
            return found
    return None


def check_start(format: Format, raw: bytes, path: Path) -> None:
    """Refuse a file that does not begin as its ending says; raises DataError with what it looks like."""
    if not format.starts or raw.startswith(format.starts):
        return
    if not raw:
        raise DataError(f"the data file '{path}' is empty.")
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(
            f"'{path}' is protected by a password, or a file of Excel before 2007; save it without, as .xlsx."
        )
    other = next((one for one in FORMATS if one.starts and raw.startswith(one.starts)), None)
    looks = f" It begins like one of {other.name}: name it {other.suffixes[0]}." if other else ""
    raise DataError(
        f"'{path}' ends in {path.suffix} but does not begin like a file of {format.name}; save it again from the "
        f"program it comes from.{looks}"
    )


def shaped(table: Table, asked: Asked) -> Table:
    """The table as the platform that it comes from means it; itself when it comes from none."""
    if asked.source is not None:
        if asked.source not in PLATFORMS:
            hint = did_you_mean(asked.source, PLATFORMS) or f" There is: {', '.join(PLATFORMS) or 'none'}."
            raise UnsupportedError(f"source='{asked.source}' is no platform that is known.{hint}")
        return _shape(asked.source, table, asked)
    for name in PLATFORMS:
        if _module(name).recognises(table, asked):
            return _shape(name, table, asked)
    return table


def _shape(name: str, table: Table, asked: Asked) -> Table:
    shaped: Table = _module(name).shape(table, asked)
    return shaped


def _module(name: str) -> Any:
    return import_module(PLATFORMS[name])
