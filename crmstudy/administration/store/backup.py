"""Copies of the database: made while it is in use, checked before they get their name, never over an older file.

A copy holds what the database holds: guard it alike. With SQLite it is one file that can be opened at once; with
PostgreSQL an archive of ``pg_dump``. Beside it stands its SHA-256, in the form that ``sha256sum --check`` reads.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.engine import URL

from crmstudy.administration.store import schema
from crmstudy.administration.store.copies import (
    BACKUPS,
    CHECKSUM,
    copy_file,
    free_name,
    look_into,
    new_draft,
    put_in_place,
    sha256_of,
    wipe,
)
from crmstudy.administration.store.engine import SCHEMAS
from crmstudy.administration.store.revisions import KNOWN
from crmstudy.administration.store.store import Store
from crmstudy.errors import StudyError

#: How the rows of a table begin in an archive that is written out, and how they end.
_ROWS = re.compile(rb"COPY \S+?\.(\w+) \(")
_NO_MORE_ROWS = b"\\."


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made or looked at, with its rows by table."""

    path: Path
    sha256: str
    bytes: int
    rows: Mapping[str, int]


def back_up(store: Store, folder: Path, to: Path | None = None) -> Backup:
    """Make a backup while the database is in use.

    Parameters
    ----------
    store : Store
    folder : Path
        The folder of what is collected; the backup lies in its ``backups`` unless ``to`` says otherwise.
    to : Path, optional
        A new file.

    Raises
    ------
    OutputError
        When the file is there already or cannot be written.
    StudyError
        When the copy is not sound, and when ``pg_dump`` is missing or fails.
    """
    target = to or free_name(folder / BACKUPS, f"{store.purpose}-{_now()}", ".db" if store.in_file else ".dump")
    while True:
        closed = store.read(_closed_waves)
        if store.path is not None:
            copy_file(store.path, target)
        else:
            _dump(store.engine.url, SCHEMAS[store.purpose], target)
        if store.read(_closed_waves) == closed:
            return verify(target)
        wipe(target)  # a wave was closed meanwhile: the copy may hold its answers as they came in


def verify(path: Path) -> Backup:
    """Open a copy as a restore would, check it whole and count its rows; nothing is changed.

    Raises
    ------
    StudyError
        When it is no backup, is damaged, was altered since it was made, or is of a newer version.
    """
    if not path.is_file():
        raise StudyError(f"'{path}' was not found; name a file that crmstudy backup has written.")
    found = sha256_of(path)
    beside = path.with_name(path.name + CHECKSUM)
    if beside.is_file():
        noted = beside.read_text(encoding="utf-8", errors="replace").split(" ")[0].strip()
        if noted != found:
            raise StudyError(f"'{path}' is not as it was written: its SHA-256 differs from '{beside.name}'.")
    with path.open("rb") as stream:
        head = stream.read(16)
    if head.startswith(b"PGDMP"):
        rows = _rows_of_archive(path)
    elif head == b"SQLite format 3\0":
        revision, rows = look_into(path)
        if revision not in KNOWN:
            raise StudyError(f"'{path}' was written by a newer crmstudy (revision {revision}); upgrade crmstudy.")
    else:
        raise StudyError(f"'{path}' is no backup: neither a file of SQLite nor an archive of pg_dump.")
    return Backup(path, found, path.stat().st_size, rows)


def rotate(folder: Path, keep: int, purpose: str = "live") -> tuple[Path, ...]:
    """Delete all but the newest ``keep`` of the backups in the default folder; copies kept by upgrades stay."""
    there = [path for path in backups(folder) if path.name.startswith(f"{purpose}-") and "-before-" not in path.name]
    gone = tuple(there[: max(len(there) - max(keep, 1), 0)])
    for path in gone:
        wipe(path)
    return gone


def backups(folder: Path) -> tuple[Path, ...]:
    """Every backup in the default folder, the oldest first; of one second in the order of their names."""
    place = folder / BACKUPS
    if not place.is_dir():
        return ()
    there = [path for path in place.iterdir() if path.is_file() and path.suffix in (".db", ".dump")]
    return tuple(sorted(there, key=lambda path: (path.stat().st_mtime_ns, path.name)))


def _closed_waves(connection: Connection) -> set[tuple[str, str]]:
    """The waves that are closed for good."""
    table = schema.closed
    return {(row.sample, row.wave) for row in connection.execute(select(table.c.sample, table.c.wave))}


def _dump(url: URL, schema_name: str, target: Path) -> None:
    program = _program("pg_dump")
    draft = new_draft(target)
    try:
        command = [program, "--format=custom", f"--schema={schema_name}", "--no-owner", f"--file={draft}"]
        _run([*command, _without_password(url)], url, f"the backup '{target}' was not made")
        put_in_place(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def _rows_of_archive(path: Path) -> dict[str, int]:
    """The rows by table of an archive, which is read whole; raises StudyError when it is none of a study."""
    found: dict[str, int] = {}
    table = ""
    with tempfile.TemporaryFile() as told:
        command = [_program("pg_restore"), "--file=-", str(path)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=told) as reading:
            for line in reading.stdout or ():
                if table and line.rstrip() == _NO_MORE_ROWS:
                    table = ""
                elif table:
                    found[table] += 1
                elif begins := _ROWS.match(line):
                    table = begins[1].decode()
                    found[table] = 0
        told.seek(0)
        _check(reading.returncode, told.read(), f"'{path}' cannot be read")
    if "response" not in found:
        raise StudyError(f"'{path}' is an archive of pg_dump, but not of a study.")
    return found


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise StudyError(
            f"{name} was not found; it makes and reads backups of PostgreSQL and comes with its client programs "
            "(Debian: apt install postgresql-client)."
        )
    return found


def _without_password(url: URL) -> str:
    """The address for a program of PostgreSQL; whoever lists processes sees no password."""
    query = {name: value for name, value in url.query.items() if name != "password"}
    return url.set(drivername="postgresql", password=None, query=query).render_as_string(hide_password=False)


def _run(command: list[str], url: URL | None, failed: str) -> None:
    environment = dict(os.environ)
    password = (url.password or url.query.get("password")) if url is not None else None
    if password:
        environment["PGPASSWORD"] = str(password)
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    _check(done.returncode, done.stderr, failed)


def _check(code: int, told: bytes, failed: str) -> None:
    """Raise StudyError with the first line of what a program told, where it failed."""
    if code != 0:
        lines = told.decode(errors="replace").strip().splitlines()
        raise StudyError(f"{failed}: {lines[0] if lines else f'exit code {code}'}")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
