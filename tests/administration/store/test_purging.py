"""After a purge nothing of anybody is found in any file; before it, it is."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from crmstudy.administration.fieldwork import Fieldwork, Retention
from crmstudy.administration.keys import digest
from crmstudy.administration.store import schema
from crmstudy.administration.store.backup import back_up
from crmstudy.administration.store.dialects import put_over
from crmstudy.administration.store.flow import flow
from crmstudy.administration.store.purging import PERSONAL, deletions, note_elsewhere, plan, purge
from crmstudy.administration.store.store import Store
from tests.administration.conftest import Database
from tests.administration.store.test_closing import begun, invited, rows, study, submitted

CANARY = "kanarienvogel-7f31"
LAST = dt.date(2027, 1, 31)


@pytest.fixture(autouse=True)
def _programs(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if database.cluster is not None:
        monkeypatch.setenv("PATH", f"{database.cluster.programs}{os.pathsep}{os.environ['PATH']}")


def kept_until(folder: Path, mode: str = "anonymous", key: dt.date | None = None) -> Fieldwork:
    return replace(study(folder, mode), retention=Retention(answers=LAST, key=key, drafts_days=30))


def filled(database: Database, store: Store) -> list[str]:
    """A study with answers everywhere; the words that are looked for."""
    codes = invited(store, 4)
    for i, code in enumerate(codes[:2]):
        submitted(store, code, answer=f"{CANARY}-{i}")
    begun(store, codes[2], answer=f"{CANARY}-draft")
    entry = {"sample": "staff", "number": "12", "round": 1, "clerk": "a", "given": f"{CANARY}-paper"}
    store.do_now(lambda work: work.connection.execute(insert(schema.entry), entry))
    other = database.open("try")
    submitted(other, invited(other, 1)[0], answer=f"{CANARY}-trial")
    other.close()
    for name in ("one", "two"):
        folder = database.folder.parent / "handover" / name
        folder.mkdir(parents=True)
        for file in ("handover.json", "instrument.json", "records.ndjson"):
            (folder / file).write_text(CANARY)
    (database.folder.parent / "handover" / "two" / "notes.txt").write_text("mine")
    value = f'[{{"folder": "{folder.parent / "one"}"}}, {{"folder": "handover/two"}}, {{"folder": "/nowhere/x"}}]'
    store.do_now(
        lambda work: put_over(work.connection, schema.setting, {"name": "exports", "value": value}, replaced=("value",))
    )
    (database.folder / "keys").mkdir(parents=True)
    (database.folder / "keys" / "staff.csv").write_text(f"{CANARY},who")
    back_up(store, database.folder)
    return [CANARY, digest("token", codes[0]), digest("token", codes[3])]


def found_in(database: Database, words: list[str]) -> list[str]:
    """The files that hold one of the words, wherever the database writes; the log of changes of PostgreSQL too."""
    places = [database.folder.parent]
    if database.cluster is not None:
        for _ in range(2):
            database.cluster.run("SELECT pg_switch_wal()")
            database.cluster.run("CHECKPOINT")
        oid = database.cluster.run(f"SELECT oid FROM pg_database WHERE datname = '{database.name}'")
        places += [database.cluster.data / "base" / oid, database.cluster.data / "pg_wal"]
    found = []
    for place in places:
        for path in sorted(place.rglob("*")):
            if path.is_file() and any(word.encode() in path.read_bytes() for word in words):
                found.append(path.name)
    return found


def test_nothing_is_deleted_before_its_time_or_without_being_asked(database: Database) -> None:
    store = database.open()
    filled(database, store)
    fieldwork = kept_until(database.folder.parent)
    assert plan(store, fieldwork, LAST - dt.timedelta(70)).parts == ()
    early = plan(store, fieldwork, LAST - dt.timedelta(20))
    assert [(part.what, part.n) for part in early.parts] == [("drafts", 1)]
    due = plan(store, fieldwork, LAST + dt.timedelta(1))
    assert [part.what for part in due.parts] == ["answers", "keys", "trial", "backups", "exports"]
    assert due.parts[0].reason == "kept until 2027-01-31"
    assert plan(store, fieldwork, LAST + dt.timedelta(1), "drafts").parts[0].what == "drafts"
    assert len(rows(store, schema.response)) == 2


def test_after_a_purge_nothing_is_found_anywhere(database: Database) -> None:
    store = database.open()
    words = filled(database, store)
    assert found_in(database, words), "a control: before the purge there is something to be found"
    before = store.read(lambda c: flow(c, "staff", "w1")).submitted
    done = purge(store, kept_until(database.folder.parent), LAST + dt.timedelta(1))
    assert {part.what for part in done.parts} == {"answers", "keys", "trial", "backups", "exports"}
    assert any("/nowhere/x" in one for one in done.remains)
    assert found_in(database, words) == []
    for table in PERSONAL:
        assert store.read(lambda c, table=table: c.execute(select(func.count()).select_from(table)).scalar()) == 0
    assert store.read(lambda c: flow(c, "staff", "w1")).submitted == before
    assert (database.folder.parent / "handover" / "two" / "notes.txt").read_text() == "mine"
    assert not (database.folder.parent / "handover" / "one").exists()
    noted = store.read(deletions)
    assert {(day, what) for day, what, _, _ in noted} == {("2027-02-01", part.what) for part in done.parts}
    record = (database.folder / "deletions.csv").read_text().splitlines()
    assert record[0] == "day,what,number,reason"
    assert "2027-02-01,answers,2,kept until 2027-01-31" in record
    assert len(record) == 1 + len(done.parts)
    again = purge(store, kept_until(database.folder.parent), LAST + dt.timedelta(2))
    assert again.parts == ()
    assert len(store.read(deletions)) == len(noted)
    submitted(store, invited(store, 1, "w2")[0], "w2")


def test_the_key_goes_on_its_own_day(database: Database) -> None:
    store = database.open()
    filled(database, store)
    fieldwork = kept_until(database.folder.parent, "confidential", dt.date(2026, 12, 24))
    (database.folder.parent.with_name(f"{database.folder.parent.name}-letters")).mkdir()
    done = purge(store, fieldwork, dt.date(2026, 12, 25))
    assert {part.what for part in done.parts} == {"keys", "drafts"}
    assert any("send lists" in one for one in done.remains)
    assert not (database.folder / "keys").exists()
    assert len(rows(store, schema.response)) == 2


def test_everything_can_be_deleted_early_and_copies_elsewhere_are_named(database: Database) -> None:
    store = database.open()
    filled(database, store)
    outside = database.folder.parent / "stick.db"
    back_up(store, database.folder, outside)
    note_elsewhere(store, outside)
    done = purge(store, kept_until(database.folder.parent), dt.date(2026, 11, 27), "all")
    assert any("stick.db" in one for one in done.remains)
    assert outside.exists()
    assert rows(store, schema.response) == []
    assert {part.reason for part in done.parts} == {"everything was asked for"}


def test_a_purge_that_was_stopped_goes_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    store = database.open()
    words = filled(database, store)
    fieldwork = kept_until(database.folder.parent)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("crmstudy.administration.store.purging._delete_files", stopped)
        with pytest.raises(KeyboardInterrupt):
            purge(store, fieldwork, LAST + dt.timedelta(1))
    assert rows(store, schema.response) == []
    assert "keys" in {part.what for part in plan(store, fieldwork, LAST + dt.timedelta(1)).parts}
    purge(store, fieldwork, LAST + dt.timedelta(1))
    assert found_in(database, words) == []
