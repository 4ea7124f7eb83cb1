"""Where instruments are found: the study's own folders, then the package, then the checkout."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from crmstudy.errors import Fault, InstrumentError, did_you_mean
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
        ``"ecsi"``, ``"ecsi@1.0"`` where several versions lie side by side, or the path of a YAML file (a
        Path, or a text that ends in .yaml or .yml).
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

    Where two folders hold the same id, the folder looked in first wins, as in :func:`load_instrument`. Raises
    InstrumentError with the faults of all files that cannot be loaded.
    """
    instruments: list[Instrument] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for folder in _folders(search):
        entries = _entries(folder)
        for entry in entries:
            if entry.id in seen:
                continue
            try:
                instruments.append(read_instrument(entry.path))
            except InstrumentError as error:
                faults.extend(error.faults)
        seen.update(entry.id for entry in entries)
    if faults:
        raise InstrumentError(faults)
    return sorted(instruments, key=lambda instrument: (instrument.id, instrument.version))


def _find(name: str, search: Iterable[str | os.PathLike[str]]) -> Path:
    """Find the file of an id, from the first folder that has it."""
    id, _, version = name.partition("@")
    known: dict[str, None] = {}
    for folder in _folders(search):
        entries = _entries(folder)
        known.update(dict.fromkeys(entry.id for entry in entries))
        named = [entry for entry in entries if entry.id == id]
        if not named:
            continue
        found = [entry for entry in named if not version or entry.version == version]
        versions = ", ".join(f"{id}@{entry.version}" for entry in named)
        if not found:
            raise InstrumentError(f"the instrument '{id}' has no version '{version}'; there is {versions}.")
        if len(found) > 1:
            raise InstrumentError(f"several files define the instrument '{name}'; name one of {versions}.")
        return found[0].path
    hint = did_you_mean(id, known)
    said = f"Known are: {', '.join(sorted(known))}." if known else "No instrument was found at all."
    raise InstrumentError(f"there is no instrument '{id}'.{hint} {said} A file is named by its path, ending in .yaml.")


def _folders(search: Iterable[str | os.PathLike[str]]) -> list[Path]:
    folders = [Path(search)] if isinstance(search, str | os.PathLike) else [Path(folder) for folder in search]
    folders.append(Path(str(resources.files("crmstudy") / "_instruments")))
    root = Path(__file__).resolve().parents[2]
    if _is_checkout(root):
        folders.append(root / "instruments")
    return [folder for folder in folders if folder.is_dir()]


def _is_checkout(root: Path) -> bool:
    """Whether a folder holds a pyproject.toml that names crmstudy."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return False
    return isinstance(project, dict) and project.get("name") == "crmstudy"


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
