"""Where instruments are found: the study's own folders, then the package, then the checkout."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from crmstudy.errors import Fault, InstrumentError, did_you_mean
from crmstudy.instrument.library import library_folders
from crmstudy.instrument.load import read_instrument
from crmstudy.instrument.model import Instrument

SUFFIXES = (".yaml", ".yml")
_HEADER = re.compile(r"^(id|version):[ \t]*(['\"]?)([^'\"#\n]*?)\2[ \t]*(?:#.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file of the catalog, known by the id and version that stand in it."""

    id: str
    version: str
    path: Path


def load_instrument(id_or_path: str | os.PathLike[str], *, search: Iterable[str | os.PathLike[str]] = ()) -> Instrument:
    """Load an instrument by id or from a file.

    Parameters
    ----------
    id_or_path : str or path
        ``"ecsi"``, ``"ecsi@1.0"`` where several versions lie side by side (without a version the one whose file bears
        the plain id), or the path of a YAML file (a Path, or a text that ends in .yaml or .yml).
    search : iterable of paths
        Folders looked in first, in this order (a study's own ``instruments/``); one that does not exist is
        passed over.

    Raises
    ------
    InstrumentError
        For an id that is in no folder (with the near miss and the ids there are), and for a file with faults,
        with every fault and its line.

    Examples
    --------
    >>> load_instrument("ecsi")
    <Instrument ecsi 1.0: 24 items, 7 scales>
    """
    if isinstance(id_or_path, os.PathLike) or str(id_or_path).lower().endswith(SUFFIXES):
        return read_instrument(Path(id_or_path))
    return read_instrument(_find(str(id_or_path), search))


def list_instruments(search: Iterable[str | os.PathLike[str]] = ()) -> list[Instrument]:
    """Every instrument that :func:`load_instrument` can find, sorted by id and version.

    Where two folders hold the same id and version, the folder looked in first wins, as in :func:`load_instrument`.
    Raises InstrumentError with the faults of all files that cannot be loaded.
    """
    instruments: list[Instrument] = []
    faults: list[Fault] = []
    seen: set[tuple[str, str]] = set()
    for folder in _folders(search):
        entries = _entries(folder)
        for entry in entries:
            if (entry.id, entry.version) in seen:
                continue
            try:
                instruments.append(read_instrument(entry.path))
            except InstrumentError as error:
                faults.extend(error.faults)
        seen.update((entry.id, entry.version) for entry in entries)
    if faults:
        raise InstrumentError(faults)
    return sorted(instruments, key=lambda instrument: (instrument.id, instrument.version))


def _find(name: str, search: Iterable[str | os.PathLike[str]]) -> Path:
    """Find the file of an id, from the first folder that has it."""
    id, _, version = name.partition("@")
    known: dict[str, None] = {}
    versions: list[str] = []
    for folder in _folders(search):
        entries = _entries(folder)
        known.update(dict.fromkeys(entry.id for entry in entries))
        named = [entry for entry in entries if entry.id == id]
        if not named:
            continue
        found = [entry for entry in named if not version or entry.version == version]
        versions += [f"{id}@{entry.version}" for entry in named]
        if not found:
            continue
        if len(found) > 1:  # the file that bears the plain id is the version that is meant by it
            found = [entry for entry in found if entry.path.stem == id] or found
        if len(found) > 1:
            said = ", ".join(versions)
            raise InstrumentError(f"several files define the instrument '{name}'; name one of {said}.")
        return found[0].path
    if versions:
        said = ", ".join(dict.fromkeys(versions))
        raise InstrumentError(f"the instrument '{id}' has no version '{version}'; there is {said}.")
    hint = did_you_mean(id, known)
    said = f"Known are: {', '.join(sorted(known))}." if known else "No instrument was found at all."
    raise InstrumentError(f"there is no instrument '{id}'.{hint} {said} A file is named by its path, ending in .yaml.")


def _folders(search: Iterable[str | os.PathLike[str]]) -> list[Path]:
    folders = [Path(search)] if isinstance(search, str | os.PathLike) else [Path(folder) for folder in search]
    return [*(folder for folder in folders if folder.is_dir()), *library_folders()]


def _entries(folder: Path) -> list[_Entry]:
    """Files of a folder with their ids, read from the head of each without parsing it; sorted by file name.

    A file that names no id is entered under its file name, so that loading it tells what is wrong with it.
    """
    entries = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        head = path.read_bytes().decode("utf-8", errors="replace")
        found = {key: value.strip() for key, _, value in reversed(_HEADER.findall(head))}
        entries.append(_Entry(found.get("id") or path.stem, found.get("version", ""), path))
    return entries
