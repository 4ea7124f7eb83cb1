"""How the two databases are opened: SQLite with every commit on the disk, PostgreSQL with a schema for each purpose."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from crmstudy.errors import MissingExtraError, StudyError

#: What a database is for; answers given in a trial or made up never stand beside real ones.
Purpose = Literal["live", "try", "simulated"]
FILES: dict[Purpose, str] = {"live": "answers.db", "try": "try.db", "simulated": "simulated.db"}
SCHEMAS: dict[Purpose, str] = {"live": "crmstudy_live", "try": "crmstudy_try", "simulated": "crmstudy_simulated"}
#: The option of a connection that says what its database is for.
PURPOSE = "crmstudy_purpose"
#: FULL: a commit has reached the disk before it is acknowledged.
PRAGMAS = (
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("busy_timeout", "15000"),  # as long as another program may need to close a wave of 100,000 answers
    ("secure_delete", "ON"),
    ("trusted_schema", "OFF"),
    ("wal_autocheckpoint", "1000"),
)
#: File systems on which SQLite's locks cannot be relied on.
_NETWORKED = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs", "glusterfs", "ceph"})


def writing_engine(place: URL, purpose: Purpose) -> Engine:
    """The engine of the writer: one connection, whose transactions take the lock when they begin."""
    return _engine(place, purpose, begin="BEGIN IMMEDIATE", pool_size=1, max_overflow=0)


def reading_engine(place: URL, purpose: Purpose) -> Engine:
    """The engine of everybody who reads; what one transaction sees is all of one moment."""
    more = {} if is_file(place) else {"isolation_level": "REPEATABLE READ"}
    return _engine(place, purpose, begin="BEGIN", pool_size=4, max_overflow=4, **more)


def url_of(db: str | None, folder: Path, purpose: Purpose) -> URL:
    """The address of the database: a file in the study's folder, or a PostgreSQL server's.

    Raises
    ------
    StudyError
        For an address that cannot be read or is of another database.
    """
    if not db:
        return URL.create("sqlite", database=str(folder / FILES[purpose]))
    try:
        url = make_url(db)
    except ArgumentError:
        url = URL.create("unreadable")
    name = url.drivername.split("+")[0]
    if name not in ("postgresql", "postgres"):
        raise StudyError(
            "--db must be the address of a PostgreSQL database, such as postgresql://crmstudy@localhost/crmstudy; "
            "leave it out for a file in the folder of the study."
        )
    return url.set(drivername="postgresql+psycopg")


def is_file(url: URL) -> bool:
    """Whether a database is SQLite's."""
    return url.get_backend_name() == "sqlite"


def refuse_network(path: Path) -> None:
    """Raise StudyError where the file would lie on a network drive, whose locks SQLite cannot rely on."""
    kind = _file_system(path)
    if kind in _NETWORKED:
        raise StudyError(
            f"'{path}' lies on a network drive ({kind}), where answers could be lost; keep the study on a local disk, "
            "or give a PostgreSQL database with --db."
        )


def _file_system(path: Path) -> str:
    """The type of the file system of a path, where the system tells (Linux); otherwise an empty text."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    best, kind = "", ""
    target = str(path.resolve())
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), parts[1])
        inside = target == point or target.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, parts[2]
    return kind


def _engine(url: URL, purpose: Purpose, begin: str, **pool: Any) -> Engine:
    if is_file(url):
        return _file_engine(url, begin, execution_options={PURPOSE: purpose}, **pool)
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise MissingExtraError("psycopg", "postgres") from None
    schema = quote(SCHEMAS[purpose])
    return create_engine(
        url,
        hide_parameters=True,  # no error quotes an answer
        pool_pre_ping=True,
        connect_args={"options": f"-csearch_path={schema} -csynchronous_commit=on", "connect_timeout": 10},
        execution_options={PURPOSE: purpose},
        **pool,
    )


def _file_engine(url: URL, begin: str, **pool: Any) -> Engine:
    engine = create_engine(
        url, hide_parameters=True, connect_args={"check_same_thread": False, "timeout": 15}, **pool
    )  # no error quotes an answer

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say
        cursor = connection.cursor()
        for name, value in PRAGMAS:
            cursor.execute(f"PRAGMA {name}={value}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
