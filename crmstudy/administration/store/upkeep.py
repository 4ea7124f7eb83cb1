"""What the databases themselves keep of rows that are gone, and how they are made to let go of it.

SQLite: free pages, and the log of changes (``-wal``). Both are made anew. PostgreSQL: dead rows and files of dropped
tables, which go with the next checkpoint, and its own log of changes, which belongs to the server and is the business
of whoever runs it; :func:`tidy` does what it is allowed to do and says what remains.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, delete, inspect, select, text
from sqlalchemy.exc import DBAPIError

from crmstudy.administration.store import schema
from crmstudy.administration.store.dialects import put_over
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.writer import Work

#: The setting that stands while something deleted may still lie in the files.
UNTIDY = "untidy"
#: So many seconds readers are waited for.
PATIENCE = 30.0
#: Files smaller than this are written anew through memory, and larger ones through a temporary file.
IN_MEMORY = 64 * 2**20
#: What remains with PostgreSQL, whatever is done here.
REMAINS = (
    "PostgreSQL's own log of changes (pg_wal, archived segments, replicas, base backups) still holds how answers came "
    "in; it goes as its segments are removed (see docs/how-to/deploying.md)"
)
UNCHECKED = (
    "files of tables that were dropped go with the next checkpoint, which this user may not ask for; it comes by "
    "itself within checkpoint_timeout (usually 5 minutes)"
)
_SET_ASIDE = "_set_aside"


def note_untidy(work: Work) -> None:
    """Note, in the transaction that deletes, that the files are to be tidied."""
    put_over(work.connection, schema.setting, {"name": UNTIDY, "value": "1"}, replaced=("value",))


def is_untidy(connection: Connection) -> bool:
    """Whether a deletion was committed and the files were not tidied since, as after a power cut."""
    query = select(schema.setting.c.value).where(schema.setting.c.name == UNTIDY)
    return connection.execute(query).first() is not None


def tidy(store: Store) -> tuple[str, ...]:
    """Make the files of a database hold nothing of what was deleted; may be repeated, and while a server runs.

    Returns
    -------
    tuple of str
        What remains where, in sentences without an end; empty with SQLite.
    """
    remains = _tidy_file(store.path) if store.path is not None else _tidy_server(store)
    store.do_now(_forget)
    return remains


def set_aside(connection: Connection, table: Table) -> Table:
    """Give a table another name, and put an empty one into its place; its rows are to be copied, and it dropped."""
    aside = f"{table.name}{_SET_ASIDE}"
    connection.execute(text(f"ALTER TABLE {table.name} RENAME TO {aside}"))
    for index in table.indexes:
        connection.execute(text(f"DROP INDEX {index.name}"))
    if connection.dialect.name == "postgresql":  # names of keys are names of indexes, of which there is one each
        look = inspect(connection)
        keys = [look.get_pk_constraint(aside)["name"], *(one["name"] for one in look.get_unique_constraints(aside))]
        for name in keys:
            connection.execute(text(f"ALTER TABLE {aside} RENAME CONSTRAINT {name} TO {name}{_SET_ASIDE}"))
    table.create(connection)
    return table.to_metadata(MetaData(), name=aside)


def drop(connection: Connection, tables: Sequence[Table]) -> None:
    """Drop tables that were set aside."""
    for table in tables:
        connection.execute(text(f"DROP TABLE {table.name}"))


def empty(connection: Connection, tables: Sequence[Table]) -> None:
    """Delete all rows of tables, with PostgreSQL their files too."""
    for table in tables:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"TRUNCATE TABLE {table.name}"))
        else:
            connection.execute(delete(table))


def _forget(work: Work) -> None:
    work.connection.execute(delete(schema.setting).where(schema.setting.c.name == UNTIDY))


def _tidy_file(path: Path) -> tuple[str, ...]:
    """Write the file anew without free pages, and empty its log of changes."""
    with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        if path.stat().st_size < IN_MEMORY:
            connection.execute("PRAGMA temp_store=MEMORY")  # no other file holds the answers meanwhile
        connection.execute("VACUUM")
        until = time.monotonic() + PATIENCE
        while True:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return ()
            if time.monotonic() > until:
                return (f"another program is reading '{path.name}'; its '-wal' file keeps older pages until it ends",)
            time.sleep(0.05)


def _tidy_server(store: Store) -> tuple[str, ...]:
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        with contextlib.suppress(DBAPIError):
            connection.execute(text("SELECT pg_switch_wal()"))
        try:
            connection.execute(text("CHECKPOINT"))
        except DBAPIError:
            return (UNCHECKED, REMAINS)
    return (REMAINS,)
