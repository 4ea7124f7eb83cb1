"""The database of a study as everybody uses it: opened and checked, read anywhere, written through its writer."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.exc import DBAPIError

from crmstudy.administration.store import schema
from crmstudy.administration.store.dialects import add_up
from crmstudy.administration.store.engine import (
    SCHEMAS,
    Purpose,
    is_file,
    reading_engine,
    refuse_network,
    url_of,
    writing_engine,
)
from crmstudy.administration.store.writer import MOST_TRIES, Job, Work, Writer, passing
from crmstudy.errors import StudyError

T = TypeVar("T")
#: PostgreSQL: what everybody holds during a transaction, so that no wave is closed meanwhile.
_SHARED = "LOCK TABLE closed IN ACCESS SHARE MODE"


class Store:
    """An open database.

    Use as a context manager, or call :meth:`close`. Reads see what is committed; whoever writes has a job done.
    """

    def __init__(self, writing: Engine, reading: Engine, purpose: Purpose) -> None:
        self.purpose: Purpose = purpose
        self.engine, self._reading = writing, reading
        self.in_file = is_file(writing.url)
        self.writer = Writer(writing, _flush, None if self.in_file else _share)

    @classmethod
    def open(cls, folder: Path, *, db: str | None = None, purpose: Purpose = "live", create: bool = True) -> Store:
        """Open the database of a study; make it where there is none, and bring an older one up to date.

        Parameters
        ----------
        folder : Path
            The folder of what is collected (``Fieldwork.place``); made when it is missing.
        db : str, optional
            The address of a PostgreSQL database; a file in the folder when left out.
        purpose : {"live", "try", "simulated"}
            Each has a database, or schema, of its own.
        create : bool
            Whether a missing database is made; otherwise it is a fault.

        Raises
        ------
        StudyError
            When it is missing, of a newer version, on a network drive, or cannot be opened.
        MissingExtraError
            When the driver of PostgreSQL is not installed.
        """
        url = url_of(db, folder, purpose)
        if is_file(url):
            _prepare_file(folder, Path(str(url.database)), create)
        writing = writing_engine(url, purpose)
        try:
            _bring_up_to_date(writing, purpose, create)
        except DBAPIError as error:
            writing.dispose()
            raise StudyError(f"the database cannot be opened: {_reason(error)}. Check --db and that it runs.") from None
        except BaseException:
            writing.dispose()
            raise
        return cls(writing, reading_engine(url, purpose), purpose)

    @property
    def path(self) -> Path | None:
        """The file of the database; None with PostgreSQL."""
        return Path(str(self.engine.url.database)) if self.in_file else None

    def read(self, look: Callable[[Connection], T]) -> T:
        """What a function finds in the database, all of one moment; it is called again when a connection was lost."""
        for _ in range(MOST_TRIES):
            try:
                return self._look(look)
            except DBAPIError as error:
                if not passing(error):
                    raise
        return self._look(look)

    async def see(self, look: Callable[[Connection], T]) -> T:
        """As :meth:`read`, without holding up the server where the database is another program."""
        return self.read(look) if self.in_file else await asyncio.to_thread(self.read, look)

    def _look(self, look: Callable[[Connection], T]) -> T:
        with self._reading.connect() as connection:
            if not self.in_file:  # no table is written anew between two looks at it, nor before the first
                connection.exec_driver_sql(_SHARED)
            return look(connection)

    def do_now(self, job: Job[T]) -> T:
        """Have a job done and wait until it is committed; raises Refused and NotKept."""
        return self.writer.submit(job).result()

    async def do(self, job: Job[T]) -> T:
        """As :meth:`do_now`; when whoever waits is gone, the job is done all the same."""
        return await asyncio.shield(asyncio.wrap_future(self.writer.submit(job)))

    def close(self) -> None:
        """Do what waits to be written, and let the database go."""
        self.writer.stop()
        self._reading.dispose()
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _flush(work: Work) -> None:
    """Write the totals of a transaction, in an order of their own, so that two servers do not wait for each other."""
    for (sample, wave, kind, name), n in sorted(work.totals.items()):
        add_up(work.connection, schema.tally, {"sample": sample, "wave": wave, "kind": kind, "name": name}, n)


def _share(connection: Connection, jobs: int) -> None:
    """Let no wave be closed while a transaction of this server is going on (PostgreSQL; see ``closing``).

    Several jobs hold many rows, and two servers may wait for each other; they then soon begin again with one at a time.
    """
    connection.exec_driver_sql(_SHARED)
    if jobs > 1:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '250ms'")


def _prepare_file(folder: Path, path: Path, create: bool) -> None:
    if not path.exists():
        if not create:
            raise StudyError(f"'{path}' was not found; nothing has been collected yet. Start with: crmstudy serve.")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        refuse_network(folder)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # nobody else reads it, from its first byte
    else:
        refuse_network(path)
        _keep_others_out(path)


def _keep_others_out(path: Path) -> None:
    """Take from others the rights to read a file that was copied here with them, and its log of changes."""
    for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if os.name != "posix" or not one.exists() or not stat.S_IMODE(one.stat().st_mode) & 0o077:
            continue
        try:
            one.chmod(0o600)
        except OSError:
            message = f"'{one}' can be read by others than its owner; take their rights away: chmod 600 '{one}'"
            raise StudyError(message) from None


def _bring_up_to_date(engine: Engine, purpose: Purpose, create: bool) -> None:
    from crmstudy.administration.store.revisions import hold, revision_of, stamp, upgrade

    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            hold(connection)
            if create:
                connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{SCHEMAS[purpose]}"')
            elif SCHEMAS[purpose] not in inspect(connection).get_schema_names():
                raise StudyError("the database holds nothing of this study yet. Start with: crmstudy serve.")
        found = revision_of(connection)
        if found is None:
            schema.metadata.create_all(connection)
            stamp(connection, schema.REVISION)
            found = schema.REVISION
    if found != schema.REVISION:
        upgrade(engine)


def setting(connection: Connection, name: str) -> str | None:
    """A setting of the study, or None."""
    return connection.execute(select(schema.setting.c.value).where(schema.setting.c.name == name)).scalar_one_or_none()


def _reason(error: DBAPIError) -> str:
    lines = str(error.orig or error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200].rstrip(".")
