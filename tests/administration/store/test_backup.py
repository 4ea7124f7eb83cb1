"""Backups: of one moment, sound, checked, never over another file; damaged and foreign ones are named."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from crmstudy.administration.store import backup as backups_module
from crmstudy.administration.store.backup import back_up, backups, rotate, verify
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.copies import wipe
from crmstudy.errors import OutputError, StudyError
from tests.administration.conftest import Database
from tests.administration.store.test_closing import TODAY, begun, invited, study, submitted


@pytest.fixture(autouse=True)
def _programs(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump of the same version as the server."""
    if database.cluster is not None:
        monkeypatch.setenv("PATH", f"{database.cluster.programs}{os.pathsep}{os.environ['PATH']}")


def test_a_backup_holds_everything_and_says_so(database: Database) -> None:
    store = database.open()
    codes = invited(store, 5)
    for code in codes[:3]:
        submitted(store, code)
    begun(store, codes[3])
    made = back_up(store, database.folder)
    assert made.path.parent == database.folder / "backups"
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()
    beside = made.path.with_name(made.path.name + ".sha256")
    assert beside.read_text() == f"{made.sha256}  {made.path.name}\n"
    assert verify(made.path) == made
    if os.name == "posix":
        assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert (made.rows["response"], made.rows["draft"], made.rows["token"]) == (3, 1, 5)
    if database.in_file:
        assert sorted(path.name for path in made.path.parent.iterdir()) == sorted([made.path.name, beside.name])


def test_a_backup_can_be_worked_with_as_it_is(database: Database, tmp_path: Path) -> None:
    if not database.in_file:
        pytest.skip("an archive is restored by pg_restore; see the next test")
    store = database.open()
    submitted(store, invited(store, 1)[0])
    made = back_up(store, database.folder)
    folder = tmp_path / "restored"
    folder.mkdir()
    (folder / "answers.db").write_bytes(made.path.read_bytes())
    with Database(folder).open() as restored:
        submitted(restored, invited(restored, 1, "w2")[0], "w2")
        assert close(restored, study(tmp_path), "staff", "w1", today=TODAY).responses == 1


def test_an_archive_can_be_restored(database: Database) -> None:
    if database.cluster is None:
        pytest.skip("a file is copied; see the test before")
    store = database.open()
    submitted(store, invited(store, 1)[0])
    made = back_up(store, database.folder)
    name = f"{database.name}_again"
    database.cluster.run(f"CREATE DATABASE {name} OWNER crmstudy TEMPLATE template0")
    backups_module._run(
        ["pg_restore", "--no-owner", "--exit-on-error", f"--dbname={database.cluster.address(name)}", str(made.path)],
        None,
        "restoring failed",
    )
    with Database(database.folder, database.cluster.address(name), database.cluster).open() as restored:
        submitted(restored, invited(restored, 1, "w2")[0], "w2")
        assert close(restored, study(database.folder.parent), "staff", "w1", today=TODAY).responses == 1
    database.cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_backup_under_load_is_of_one_moment(database: Database) -> None:
    """Every used token has its answer and every answer its token, in every copy."""
    if not database.in_file:
        pytest.skip("pg_dump reads one snapshot")
    store = database.open()
    codes, stop = invited(store, 120), threading.Event()

    def work() -> None:
        for code in codes:
            if stop.is_set():
                return
            submitted(store, code)

    thread = threading.Thread(target=work)
    thread.start()
    seen = []
    while thread.is_alive() and len(seen) < 12:
        made = back_up(store, database.folder)
        with closing(sqlite3.connect(made.path)) as copy:
            used = copy.execute("SELECT count(*) FROM token WHERE state = 'used'").fetchone()[0]
            seen.append((used, copy.execute("SELECT count(*) FROM response").fetchone()[0]))
    stop.set()
    thread.join()
    assert all(used == answers for used, answers in seen)
    assert len({used for used, _ in seen}) > 1


def test_a_backup_never_replaces_a_file(database: Database, tmp_path: Path) -> None:
    store = database.open()
    target = tmp_path / "copy.db"
    target.write_text("mine")
    with pytest.raises(OutputError, match="never replace"):
        back_up(store, database.folder, target)
    assert target.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir() if path != database.folder) == ["copy.db"]
    assert back_up(store, database.folder, tmp_path / "other.db").path.name == "other.db"
    first, second = back_up(store, database.folder), back_up(store, database.folder)
    assert first.path != second.path
    with pytest.raises(OutputError, match="cannot be written"):
        back_up(store, database.folder, tmp_path / "nowhere" / "copy.db")


def test_rotation_keeps_the_newest(database: Database) -> None:
    store = database.open()
    made = [back_up(store, database.folder).path for _ in range(4)]
    for i, path in enumerate(made):
        os.utime(path, (i, i))
    (database.folder / "backups" / "answers-before-upgrade-from-0001.db").write_bytes(b"old")
    gone = rotate(database.folder, 2)
    assert gone == tuple(made[:2])
    assert [path for path in backups(database.folder) if path.name.startswith("live-")] == made[2:]
    assert (database.folder / "backups" / "answers-before-upgrade-from-0001.db").exists()
    assert not made[0].with_name(made[0].name + ".sha256").exists()


def test_what_is_no_sound_backup_is_named(database: Database, tmp_path: Path) -> None:
    store = database.open()
    submitted(store, invited(store, 1)[0])
    made = back_up(store, database.folder)
    changed = bytearray(made.path.read_bytes())
    changed[len(changed) // 2] ^= 1
    made.path.write_bytes(bytes(changed))
    with pytest.raises(StudyError, match="not as it was written"):
        verify(made.path)
    cut = tmp_path / "cut"
    cut.write_bytes(bytes(changed)[: len(changed) // 3])
    with pytest.raises(StudyError):
        verify(cut)
    (tmp_path / "text").write_text("answers")
    with pytest.raises(StudyError, match="is no backup"):
        verify(tmp_path / "text")
    with pytest.raises(StudyError, match="not found"):
        verify(tmp_path / "nothing")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, other:
        other.execute("CREATE TABLE t (a)")
    with pytest.raises(StudyError, match="cannot be read as a database"):
        verify(tmp_path / "other.db")


def test_a_missing_pg_dump_is_said(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if database.in_file:
        pytest.skip("files are copied without other programs")
    store = database.open()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StudyError, match="postgresql-client"):
        back_up(store, database.folder)


def test_closing_replaces_the_backups_from_before(database: Database) -> None:
    store = database.open()
    codes = invited(store, 3)
    submitted(store, codes[0])
    old = [back_up(store, database.folder).path for _ in range(2)]
    elsewhere = database.folder.parent / "elsewhere.db"
    back_up(store, database.folder, elsewhere)
    done = close(store, study(database.folder.parent), "staff", "w1", today=TODAY)
    assert done.replaced == tuple(path.name for path in old)
    there = backups(database.folder)
    assert len(there) == 1
    assert there[0] not in old
    verify(there[0])
    with Database(database.folder, database.db, database.cluster).open() as again:
        confidential = close(again, study(database.folder.parent, "confidential"), "staff", "w2", today=TODAY)
    assert confidential.replaced == ()
    assert backups(database.folder) == there


def test_wiping_leaves_nothing(tmp_path: Path, database: Database) -> None:
    path = tmp_path / "gone"
    path.write_bytes(b"x" * 3_000_000)
    os.link(path, tmp_path / "same")
    wipe(path)
    assert not path.exists()
    assert set((tmp_path / "same").read_bytes()) == {0}
