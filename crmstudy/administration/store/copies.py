"""New files beside the database: whole, checked, on the disk, and never over another file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import sqlite3
from pathlib import Path

from crmstudy.administration.store import schema
from crmstudy.errors import OutputError, StudyError

#: The folder of backups, in the folder of what is collected.
BACKUPS = "backups"
#: What the name of a checksum ends in.
CHECKSUM = ".sha256"
_MEGABYTE = 2**20
_REMAINDER = re.compile(r"\..+\.(?:db|dump)\.[0-9a-f]{12}(?:-journal|-wal|-shm)?")


def copy_file(source: Path, target: Path) -> None:
    """Copy a file of SQLite that may be in use, whole and of one moment, to a new one.

    Raises
    ------
    OutputError
        When the new file is there already or cannot be written.
    StudyError
        When the copy is not sound.
    """
    draft = new_draft(target)
    try:
        with contextlib.closing(sqlite3.connect(source, timeout=30, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(draft),))
        look_into(draft)
        put_in_place(draft, target)
    except sqlite3.Error as bad:
        raise OutputError(f"the backup '{target}' was not made: {bad}.") from None
    finally:
        draft.unlink(missing_ok=True)


def free_name(folder: Path, stem: str, ending: str) -> Path:
    """A name in a folder, made when it is missing, that no file has."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as bad:
        raise OutputError(f"the folder '{folder}' cannot be made: {bad.strerror}.") from None
    n, path = 1, folder / f"{stem}{ending}"
    while path.exists() or path.with_name(path.name + CHECKSUM).exists():
        n += 1
        path = folder / f"{stem}-{n}{ending}"
    return path


def wipe(path: Path) -> None:
    """Write zeros over a file, as far as the drive honours it, and delete it with its checksum."""
    for one in (path, path.with_name(path.name + CHECKSUM)):
        if one.is_symlink() or not one.is_file():
            one.unlink(missing_ok=True)
            continue
        with one.open("r+b") as stream:
            left = one.stat().st_size
            while left > 0:
                left -= stream.write(bytes(min(left, _MEGABYTE)))
            stream.flush()
            os.fsync(stream.fileno())
        one.unlink()


def remainders(folder: Path) -> tuple[Path, ...]:
    """Copies that were being made when the program was killed: whole or in part, and of no use to anybody."""
    return (
        tuple(sorted(path for path in folder.iterdir() if _REMAINDER.fullmatch(path.name))) if folder.is_dir() else ()
    )


def new_draft(target: Path) -> Path:
    """An empty file beside the target, for nobody else to read; raises OutputError when the target is there."""
    if target.exists() or target.with_name(target.name + CHECKSUM).exists():
        raise OutputError(f"'{target}' is there already, and backups never replace a file; give a new name.")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as bad:
        raise OutputError(f"'{target}' cannot be written: {bad.strerror}.") from None
    return draft


def put_in_place(draft: Path, target: Path) -> None:
    """Bring a copy onto the disk, and give it its name with its checksum beside it; a file there stays."""
    draft.chmod(0o600)
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    beside = target.with_name(target.name + CHECKSUM)
    handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(f"{sha256_of(draft)}  {target.name}\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(draft, target)
    except FileExistsError:
        beside.unlink()
        raise OutputError(f"'{target}' is there already, and backups never replace a file; give a new name.") from None
    except OSError:  # a file system without hard links
        if target.exists():
            beside.unlink()
            raise OutputError(f"'{target}' is there already; give a new name.") from None
        draft.rename(target)
    if os.name == "posix":
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def look_into(path: Path) -> tuple[str, dict[str, int]]:
    """The revision and the rows by table of a file of SQLite that is not in use; StudyError for an unsound one."""
    try:
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            state = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if state != "ok":
                raise StudyError(f"'{path}' is damaged: {state}.")
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            ours = [name for name in schema.metadata.tables if name in names]
            counted = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ours}
            return str(revision), counted
    except sqlite3.Error as bad:
        raise StudyError(f"'{path}' cannot be read as a database: {bad}.") from None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
