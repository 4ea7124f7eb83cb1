"""Versions of the schema: what is made at once is what the migrations make, and nothing is lost on the way."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text

from crmstudy.administration.store import revisions, schema
from crmstudy.administration.store.engine import SCHEMAS, url_of, writing_engine
from crmstudy.administration.store.revisions import KNOWN, MIGRATIONS, migrate, revision_of, stamp, upgrade
from crmstudy.administration.store.store import Store
from crmstudy.errors import StudyError
from tests.administration.conftest import Database


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def dumped(database: Database, schema_name: str = SCHEMAS["live"]) -> str:
    """Everything the database knows about its tables, in one order."""
    if database.cluster is None:
        with closing(sqlite3.connect(database.folder / "answers.db")) as connection:
            rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
        lines = [" ".join(str(cell) for cell in row).replace("(", " ( ").replace(")", " ) ") for row in rows]
        return "\n".join(" ".join(line.split()) for line in lines)
    command = [str(database.cluster.programs / "pg_dump"), "--schema-only", f"--schema={schema_name}", "--no-owner"]
    done = subprocess.run([*command, str(database.db)], capture_output=True, text=True, check=True)
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("--", "\\")))


def fresh(database: Database) -> Connection:
    """A connection to a database without tables, in a transaction."""
    database.folder.mkdir(exist_ok=True)
    engine = writing_engine(url_of(database.db, database.folder, "live"), "live")
    connection = engine.connect()
    if database.cluster is not None:
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMAS['live']}"))
    return connection


def end(connection: Connection) -> None:
    connection.commit()
    connection.close()
    connection.engine.dispose()


def a_row_each(connection: Connection) -> dict[str, list[dict[str, object]]]:
    """Fill every table with two rows that differ in every column, and say what stands in them."""
    there = {}
    for table in schema.metadata.sorted_tables:
        rows = []
        for n in (1, 2):
            row: dict[str, object] = {}
            for column in table.columns:
                kind = type(column.type).__name__
                row[column.name] = {"Integer": n, "Boolean": n == 1}.get(kind, f"{column.name}-{n} ‌ي'\"")
            row |= {name: one for name, one in (("state", "used"), ("source", "web")) if name in row}
            rows.append(row)
        connection.execute(insert(table), rows)
        there[table.name] = rows
    return there


def found_rows(connection: Connection) -> dict[str, list[dict[str, object]]]:
    return {
        table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
        for table in schema.metadata.sorted_tables
    }


def test_every_revision_is_known() -> None:
    walked = [script.revision for script in scripts().walk_revisions()]
    assert tuple(reversed(walked)) == KNOWN
    assert KNOWN[-1] == schema.REVISION
    assert sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("*.py")) == sorted(KNOWN)
    assert not any(hasattr(script.module, "downgrade") for script in scripts().walk_revisions())


def test_the_migrations_make_what_is_made_at_once(database: Database) -> None:
    with database.open():
        at_once = dumped(database)
    shutil.rmtree(database.folder, ignore_errors=True)
    if database.cluster is not None:
        database.cluster.run(f"DROP SCHEMA {SCHEMAS['live']} CASCADE", database.name)
    connection = fresh(database)
    migrate(connection)
    assert revision_of(connection) == schema.REVISION
    end(connection)
    assert dumped(database) == at_once
    with database.open() as store:
        store.do_now(lambda work: work.count("staff", "", "consented"))


@pytest.mark.parametrize("revision", KNOWN)
def test_nothing_is_lost_from_any_revision_to_the_newest(database: Database, revision: str) -> None:
    """At the newest revision the tables take rows as they are; an older one needs its own rows here."""
    connection = fresh(database)
    migrate(connection, to=revision)
    rows = a_row_each(connection)
    end(connection)
    with database.open() as store:
        assert store.read(found_rows) == rows


EXTRA = '''
"""Another column, as later versions may have."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None

def upgrade() -> None:
    op.add_column("closed", sa.Column("note", sa.Text(), server_default="none", nullable=False))
'''


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations with one more."""
    folder = tmp_path / "later"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "0002_note.py").write_text(EXTRA, encoding="utf-8")
    return folder


def test_an_upgrade_keeps_a_copy_and_loses_nothing(database: Database, later: Path) -> None:
    with database.open() as store:
        rows = store.do_now(lambda work: a_row_each(work.connection))
        engine = store.engine
        kept = upgrade(engine, scripts=later, known=(*KNOWN, "0002"))
        assert store.read(found_rows) == rows
        notes = store.read(lambda c: c.execute(text("SELECT note FROM closed")).scalars().all())
        assert notes == ["none", "none"]
        assert upgrade(engine, scripts=later, known=(*KNOWN, "0002")) is None
    if database.in_file:
        assert kept is not None
        assert kept.name == "answers-before-upgrade-from-0001.db"
        with closing(sqlite3.connect(kept)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
            assert connection.execute("SELECT count(*) FROM response").fetchone() == (2,)
    else:
        assert kept is None
    with pytest.raises(StudyError, match=r"newer crmstudy \(revision 0002; this one knows 0001\)"):
        database.open()


def test_a_failing_upgrade_changes_nothing(database: Database, later: Path) -> None:
    (later / "versions" / "0002_note.py").write_text(EXTRA + '    op.execute("SELECT nothing FROM nowhere")\n')
    with database.open() as store:
        rows = store.do_now(lambda work: a_row_each(work.connection))
        before = dumped(database)
        with pytest.raises(Exception, match="nowhere"):
            upgrade(store.engine, scripts=later, known=(*KNOWN, "0002"))
        assert dumped(database) == before
        assert store.read(found_rows) == rows
        assert store.read(revision_of) == "0001"


def test_an_older_database_is_upgraded_when_it_is_opened(
    database: Database, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.open() as store:
        rows = store.do_now(lambda work: a_row_each(work.connection))
    monkeypatch.setattr(revisions, "MIGRATIONS", later)
    monkeypatch.setattr(revisions, "KNOWN", (*KNOWN, "0002"))
    for name, value in (("scripts", later), ("known", (*KNOWN, "0002"))):
        monkeypatch.setitem(upgrade.__kwdefaults__, name, value)
    monkeypatch.setattr(revision_of, "__defaults__", ((*KNOWN, "0002"),))
    monkeypatch.setattr(schema, "REVISION", "0002")
    with database.open() as store:
        assert store.read(found_rows) == rows
        assert store.read(revision_of) == "0002"


def test_tables_of_somebody_else_are_left_alone(database: Database) -> None:
    connection = fresh(database)
    connection.execute(text("CREATE TABLE response (id INTEGER)"))
    end(connection)
    with pytest.raises(StudyError, match="not made by crmstudy"):
        database.open()


def test_a_stamp_is_what_the_migrations_leave(database: Database) -> None:
    connection = fresh(database)
    stamp(connection, "0001")
    assert revision_of(connection) == "0001"
    end(connection)


def test_a_missing_database_is_not_made_where_it_must_be_there(database: Database) -> None:
    with pytest.raises(StudyError, match=r"crmstudy serve"):
        Store.open(database.folder, db=database.db, create=False)
