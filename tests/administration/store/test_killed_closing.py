"""A program that closes a wave is killed at every statement: the wave is open or closed, and nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select

from crmstudy.administration.store import schema
from crmstudy.administration.store.closing import close, finish
from crmstudy.administration.store.respondents import is_closed
from crmstudy.administration.store.store import Store
from crmstudy.administration.store.upkeep import is_untidy
from tests.administration.conftest import Database
from tests.administration.store.test_closing import TODAY, begun, invited, rows, study, submitted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by a signal of POSIX")
MOST = 200


def _close_and_die(folder: Path, db: str | None, at: int) -> None:
    """Close, and be killed before the statement of this number; end with 0 when there are fewer."""
    seen = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def _count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(Engine, "commit")
    def _count_commit(*_: object) -> None:
        _count()

    with Store.open(folder, db=db) as store:
        close(store, study(folder.parent), "staff", "w1", today=TODAY)
    os._exit(0)


def killed(folder: Path, db: str | None, at: int) -> bool:
    """Whether the process came to this statement and was killed there."""
    process = multiprocessing.get_context("fork").Process(target=_close_and_die, args=(folder, db, at))
    process.start()
    process.join(60)
    code = process.exitcode
    process.close()
    assert code in (0, -signal.SIGKILL)
    return code != 0


def answers(store: Store) -> list[str]:
    return sorted(str(row["answers"]) for row in rows(store, schema.response))


def prepared(database: Database) -> list[str]:
    with database.open() as store:
        codes = invited(store, 6)
        for i, code in enumerate(codes[:4]):
            submitted(store, code, answer=i)
        begun(store, codes[4])
        return answers(store)


def check(folder: Path, db: str | None, expected: list[str]) -> bool:
    """Open what a killed program left: it is open or closed, whole; and closing it again ends the same way."""
    with Store.open(folder, db=db) as store:
        was_closed = store.read(lambda c: is_closed(c, "staff", "w1"))
        assert answers(store) == expected
        assert len(rows(store, schema.token)) == 6
        receipts = [row["submission"] for row in rows(store, schema.response)]
        drafts = len(rows(store, schema.draft))
        assert (drafts, receipts.count(None)) == ((0, 4) if was_closed else (1, 0))
        tables = store.read(lambda c: {name for name in c.dialect.get_table_names(c) if "aside" in name})
        assert tables == set()
        if was_closed:
            finish(store, study(folder.parent))
        else:
            close(store, study(folder.parent), "staff", "w1", today=TODAY)
        assert answers(store) == expected
        assert not store.read(is_untidy)
        stale = store.read(
            lambda c: c.execute(select(schema.setting).where(schema.setting.c.name.contains("stale"))).all()
        )
        assert stale == []
    return was_closed


@pytest.mark.parametrize("step", [25, pytest.param(1, marks=pytest.mark.slow)])
def test_a_killed_program_leaves_a_wave_open_or_closed(database: Database, tmp_path: Path, step: int) -> None:
    expected = prepared(database)
    outcomes = []
    for at in range(1, MOST, step):
        if database.in_file:
            place, db = tmp_path / f"at-{at}" / "administration", None
            shutil.copytree(database.folder, place)
            alive = not killed(place, db, at)
        else:
            assert database.cluster is not None
            name = f"{database.name}_{at}"
            database.cluster.run(f"CREATE DATABASE {name} OWNER crmstudy TEMPLATE {database.name}")
            place, db = database.folder, database.cluster.address(name)
            alive = not killed(place, db, at)
        outcomes.append(check(place, db, expected))
        if not database.in_file and database.cluster is not None:
            database.cluster.run(f"DROP DATABASE {name} WITH (FORCE)")
        if alive:
            break
    else:
        pytest.fail("the program was never left to end")
    assert {True, False} == set(outcomes), "some were killed before the commit, some after"
    assert outcomes == sorted(outcomes), "what is closed stays closed"
