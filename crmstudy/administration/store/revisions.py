"""Versions of the schema: which one a database has, and how an older one is brought up to date (Alembic).

There is no way back to an older version: whoever needs it restores the copy that was kept before the upgrade.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from crmstudy.administration.store import schema
from crmstudy.administration.store.copies import BACKUPS, copy_file, free_name
from crmstudy.administration.store.engine import is_file
from crmstudy.errors import StudyError

MIGRATIONS = Path(__file__).parent / "migrations"
#: Every revision there was, the first one first.
KNOWN = ("0001",)
_TABLE = "alembic_version"
#: The advisory lock of PostgreSQL under which tables are made and changed.
_LOCK = 7243165901


def hold(connection: Connection) -> None:
    """Let one server at a time make or change tables, until its transaction ends (PostgreSQL)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def revision_of(connection: Connection, known: tuple[str, ...] = KNOWN) -> str | None:
    """The revision of a database; None for an empty one.

    Raises
    ------
    StudyError
        For a revision of a newer crmstudy, and for tables that are not ours.
    """
    names = set(inspect(connection).get_table_names())
    if _TABLE not in names:
        if names & set(schema.metadata.tables):
            raise StudyError("the database holds tables that were not made by crmstudy; give an empty one.")
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar_one_or_none()
    if found not in known:
        raise StudyError(
            f"the database was written by a newer crmstudy (revision {found}; this one knows {', '.join(known)}); "
            "upgrade crmstudy, or restore a backup made before the upgrade."
        )
    return str(found)


def stamp(connection: Connection, revision: str) -> None:
    """Note the revision of tables that were just made."""
    made = f"CREATE TABLE {_TABLE} (version_num VARCHAR(32) NOT NULL, "
    connection.execute(text(f"{made}CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"))
    connection.execute(text(f"INSERT INTO {_TABLE} VALUES (:revision)"), {"revision": revision})


def upgrade(
    engine: Engine, *, scripts: Path = MIGRATIONS, to: str = "head", known: tuple[str, ...] = KNOWN
) -> Path | None:
    """Bring an older database up to date, in one transaction; a copy of a file is kept before.

    Returns
    -------
    Path or None
        The copy; None with PostgreSQL, whose backups are made with ``crmstudy backup``.
    """
    kept = _keep(engine, known) if is_file(engine.url) else None
    with engine.begin() as connection:
        hold(connection)
        if revision_of(connection, known) != known[-1]:  # nobody else did it meanwhile
            migrate(connection, scripts=scripts, to=to)
    return kept


def migrate(connection: Connection, *, scripts: Path = MIGRATIONS, to: str = "head") -> None:
    """Run the migrations up to a revision within the transaction of a connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _keep(engine: Engine, known: tuple[str, ...]) -> Path | None:
    """A copy of the file as it is before the upgrade; None where there is nothing to be upgraded."""
    path = Path(str(engine.url.database))
    with engine.connect() as connection:
        found = revision_of(connection, known)
    if found == known[-1]:
        return None
    target = free_name(path.parent / BACKUPS, f"{path.stem}-before-upgrade-from-{found}", ".db")
    copy_file(path, target)
    return target
