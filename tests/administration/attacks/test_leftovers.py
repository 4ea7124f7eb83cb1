"""What lies about: rights of files, copies of a killed program, errors that quote, copies made during closing."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from crmstudy.administration.exporting import _new_folder
from crmstudy.administration.inviting.lists import file_name
from crmstudy.administration.keys import study_key
from crmstudy.administration.paper.files import write_disputes
from crmstudy.administration.server.running import only_one
from crmstudy.administration.store import backup as backups_of
from crmstudy.administration.store.access import add_access
from crmstudy.administration.store.backup import back_up, verify
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.copies import copy_file, remainders
from crmstudy.administration.store.purging import note_elsewhere, purge
from crmstudy.administration.store.store import Store
from crmstudy.errors import CrmstudyError
from crmstudy.files import put_new
from tests.administration.attacks.matching import answer
from tests.administration.attacks.test_matching import study
from tests.administration.conftest import Database

TODAY = dt.date(2026, 11, 26)
posix = pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")


@pytest.fixture
def careless() -> Iterator[None]:
    """A process whose new files everybody may read and write, unless it says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """Files and folders that somebody else may look into."""
    return [str(path) for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]


@posix
def test_nobody_else_may_read_what_is_collected(tmp_path: Path, careless: None) -> None:
    folder = tmp_path / "study" / "administration"
    held = study(folder.parent, "anonymous")
    with Store.open(folder) as store:
        answer(store, 5, mode="anonymous")
        study_key(folder)
        back_up(store, folder)
        with only_one(folder, "live"):
            assert {path.suffix for path in folder.iterdir()} >= {".db", ".db-wal", ".db-shm", ".key", ".lock"}
            assert open_to_others(folder) == []
        purge(store, held, TODAY, "all")
        assert open_to_others(folder) == []
    (folder / "control").write_text("x")
    assert open_to_others(folder) == [str(folder / "control")]


@posix
def test_a_copy_that_others_can_read_is_taken_from_them(tmp_path: Path) -> None:
    folder = tmp_path / "administration"
    Store.open(folder).close()
    (folder / "answers.db").chmod(0o644)
    Store.open(folder).close()
    assert stat.S_IMODE((folder / "answers.db").stat().st_mode) == 0o600


def half_made(store: Store, folder: Path) -> Path:
    """The copy of a backup that was killed before it got its name."""
    made = back_up(store, folder).path
    left = made.with_name(f".{made.name}.0123456789ab")
    made.rename(left)
    made.with_name(f"{made.name}.sha256").unlink()
    return left


@pytest.mark.parametrize("how", ["close", "purge"])
def test_a_copy_of_a_killed_backup_goes_with_the_others(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "administration"
    held = study(tmp_path, "anonymous")
    with Store.open(folder) as store:
        answer(store, 3, mode="anonymous")
        left = half_made(store, folder)
        assert remainders(left.parent) == (left,)
        if how == "close":
            close(store, held, "staff", "", today=TODAY)
        else:
            purge(store, held, TODAY, "all")
        assert not left.exists()


def test_a_backup_made_while_a_wave_is_closed_holds_nothing_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "administration"
    held, turns = study(tmp_path, "anonymous"), []

    with Store.open(folder) as store:
        answer(store, 3, mode="anonymous")

        def slow(source: Path, target: Path) -> None:
            copy_file(source, target)
            turns.append(target)
            if len(turns) == 1:
                monkeypatch.setattr("crmstudy.administration.store.closing.backups", lambda _: ())
                close(store, held, "staff", "", today=TODAY)

        monkeypatch.setattr(backups_of, "copy_file", slow)
        made = back_up(store, folder)
        assert len(turns) == 2
        assert verify(made.path).rows == made.rows
        with contextlib.closing(sqlite3.connect(made.path)) as copy:
            assert copy.execute("SELECT count(*) FROM closed").fetchone() == (1,)
            assert copy.execute("SELECT count(*) FROM response WHERE submission IS NOT NULL").fetchone() == (0,)
        assert sorted(path.name for path in made.path.parent.iterdir()) == [made.path.name, f"{made.path.name}.sha256"]


def test_closing_names_a_backup_that_lies_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "administration"
    with Store.open(folder) as store:
        answer(store, 3, mode="anonymous")
        elsewhere = tmp_path / "copy.db"
        back_up(store, folder, elsewhere)
        note_elsewhere(store, elsewhere)
        done = close(store, study(tmp_path, "anonymous"), "staff", "", today=TODAY)
    assert any("copy.db" in one for one in done.remains)


def test_no_error_of_the_database_quotes_what_was_to_be_written(database: Database) -> None:
    store = database.open()
    store.do_now(lambda work: add_access(work, "0" * 64, "Ann", "clerk", TODAY))
    with pytest.raises(CrmstudyError) as told:
        store.do_now(lambda work: add_access(work, "0" * 64, "SECRETNAME", "clerk", TODAY))
    seen: BaseException | None = told.value
    while seen is not None:
        assert "SECRETNAME" not in f"{seen} {seen!r} {seen.args}"
        seen = seen.__cause__ or seen.__context__
    with pytest.raises(SQLAlchemyError) as told:
        store.read(lambda c: c.execute(text("SELECT :a FROM nowhere"), {"a": "SECRETNAME"}))
    assert "SECRETNAME" not in str(told.value)


@pytest.mark.parametrize(
    "name", ["../../../up", "a/../../b", "/etc/x", "..", "a\\..\\b", "con", "x" * 60 + "/y", ".hidden"]
)
def test_ids_of_units_and_waves_lead_into_no_other_folder(tmp_path: Path, name: str) -> None:
    target = tmp_path / "study" / "handover"
    folder = _new_folder(target, "staff", (name,))
    assert folder.parent == target
    assert folder.resolve().is_relative_to(target.resolve())
    assert file_name("staff", name).strip(".")
    assert not {"/", "\\", "."} & set(file_name("staff", name))
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


@posix
def test_what_was_typed_in_is_written_for_its_owner(tmp_path: Path, careless: None) -> None:
    for private, mode in ((True, 0o600), (False, 0o666)):
        path = tmp_path / f"{private}.csv"
        put_new(path, b"x", private=private)
        assert stat.S_IMODE(path.stat().st_mode) == mode
    assert write_disputes(tmp_path / "differences.csv", []) == 0
    assert stat.S_IMODE((tmp_path / "differences.csv").stat().st_mode) == 0o600
