"""The restore drill, with the commands of the page that describes it: practised elsewhere, and in earnest."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from crmstudy.administration.store.engine import SCHEMAS
from crmstudy.administration.store.schema import metadata
from crmstudy.administration.store.store import Store
from tests.administration.conftest import Database
from tests.faults.respondent import Answered, Browser
from tests.faults.studies import Server, free_port, make_study

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "keeping.md"
Rows = dict[str, list[str]]


def commands() -> list[str]:
    """The commands of the section about restoring."""
    section = PAGE.read_text(encoding="utf-8").partition("### Restoring")[2].partition("\n## ")[0]
    return re.findall(r"^ {4}(.+)$", section, re.MULTILINE)


class Drill:
    """The names that stand in the commands, and how they are carried out."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.study, self.elsewhere = database, folder / "pulse", folder / "drill"
        self.new = f"{database.name}_drill"
        cluster = database.cluster
        self.address = "" if cluster is None else cluster.address(self.new)
        self.file, self.port = Path(), 0
        self.environment = {**os.environ}
        if database.db is not None and cluster is not None:
            self.environment |= {
                "CRMSTUDY_DB": database.db, "PGHOST": "127.0.0.1", "PGPORT": str(cluster.port), "PGUSER": "postgres",
                "PATH": f"{cluster.programs}{os.pathsep}{os.environ['PATH']}",
            }  # fmt: skip

    def written(self, command: str) -> str:
        """A command of the page, with the names of this drill."""
        names = {
            "STUDY": self.study, "FILE": self.file, "FOLDER": self.elsewhere, "DRILL": self.address,
            "drill": self.new, "8001": self.port,
        }  # fmt: skip
        return re.sub(r"\b(STUDY|FILE|FOLDER|DRILL|drill|8001)\b", lambda found: str(names[found[1]]), command)

    def run(self, beginning: str) -> str:
        """Carry out the command that begins like this, and stands on the page once; what it prints."""
        (command,) = (one for one in commands() if one.startswith(beginning))
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", self.written(command)], env=self.environment, capture_output=True,
            text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def server(self, folder: Path, *options: str) -> Server:
        """A server of a folder, started."""
        made = Server(folder, free_port(), options=options)
        self.port = made.port
        made.start()
        return made

    def practised(self) -> Server:
        """The server that the page starts on the copy."""
        self.port = free_port()
        (command,) = (one for one in commands() if one.startswith("crmstudy serve") and ("--db" in one) == bool(
            self.address))  # fmt: skip
        options = self.written(command).split()[3:]
        made = Server(self.elsewhere, self.port, options=tuple(options))  # which gives the port a first time
        made.start()
        return made


@pytest.fixture
def drill(database: Database, tmp_path: Path) -> Iterator[Drill]:
    made = Drill(database, tmp_path)
    make_study(made.study, pages=2, rows=2)
    yield made
    if database.cluster is not None:
        database.cluster.run(f"DROP DATABASE IF EXISTS {made.new} WITH (FORCE)")


def begin(port: int) -> tuple[Browser, Answered]:
    """Somebody agrees."""
    browser = Browser("127.0.0.1", port)
    form = browser.get("/s/staff").form("draft", go="agree")
    return browser, browser.send(form, [*form.hidden(), ("go", "agree")])


def go_on(browser: Browser, page: Answered, seed: int) -> Answered:
    """They answer a page."""
    form = page.form("q.")
    return browser.send(form, [*form.filled(random.Random(seed)), ("go", "next")])


def answer(port: int, seed: int) -> None:
    """Somebody answers both pages."""
    browser, page = begin(port)
    page = go_on(browser, go_on(browser, page, seed), seed)
    assert "/done" in browser.place
    browser.close()


def rows(folder: Path, db: str | None) -> Rows:
    """Every row of every table."""
    with Store.open(folder / "administration", db=db, create=False) as store:
        return store.read(
            lambda c: {
                name: sorted(str(tuple(row)) for row in c.execute(select(table)))
                for name, table in metadata.tables.items()
            }
        )


def test_the_drill_of_the_page_brings_everything_back(drill: Drill) -> None:
    """Answers go in, a backup is made meanwhile, the database is lost, and comes back row for row."""
    db, study = drill.database.db, drill.study
    server = drill.server(study, *(("--db", db) if db else ()))
    for seed in range(5):
        answer(server.port, seed)
    someone, page = begin(server.port)
    page = go_on(someone, page, 9)
    said = drill.run("crmstudy backup STUDY")
    (drill.file,) = (study / "administration" / "backups").glob("live-*[bp]")
    assert str(drill.file) in said
    held = rows(study, db)
    assert (len(held["response"]), len(held["draft"]), len(held["draft_page"])) == (5, 1, 1)
    answer(server.port, 10)  # after the backup: lost with the database
    server.kill()
    assert "answers: 5, drafts: 1, tokens: 0" in drill.run("crmstudy backup --verify")

    for beginning in ("mkdir -m 0700 FOLDER", "tar -C", "install -m 0600 STUDY"):
        drill.run(beginning)
    if db is None:
        drill.run("install -m 0600 FILE FOLDER")
    else:
        drill.run("createdb")
        drill.run("pg_restore")
    assert rows(drill.elsewhere, drill.address or None) == held
    practised = drill.practised()
    answer(practised.port, 11)
    practised.stop()
    assert len(rows(drill.elsewhere, drill.address or None)["response"]) == 6

    if db is None:  # the disk has holes
        (study / "administration" / "answers.db").write_bytes(bytes(50_000))
        for beginning in ("mkdir -m 0700 STUDY-damaged", "mv ", "install -m 0600 FILE STUDY"):
            drill.run(beginning)
    else:
        cluster = drill.database.cluster
        assert cluster is not None
        cluster.run(f"DROP SCHEMA {SCHEMAS['live']} CASCADE", drill.database.name)
        cluster.run(f"DROP DATABASE {drill.new} WITH (FORCE)")
        drill.run("createdb")
        drill.run("pg_restore")
        db = drill.address
    assert rows(study, db) == held
    server = drill.server(study, *(("--db", db) if db else ()))
    someone.port = server.port
    someone.close()
    page = someone.get("/s/staff/p/2")  # whoever was in the middle goes on from the pages that the backup has
    go_on(someone, page, 12)
    assert "/done" in someone.place
    someone.close()
    server.stop()
    now = rows(study, db)
    assert set(held["response"]) < set(now["response"])
    assert (len(now["response"]), len(now["draft"])) == (6, 0)


def test_every_command_of_the_page_is_carried_out() -> None:
    """A command that is added to the page is added to the drill."""
    assert [one.split()[0] for one in commands()] == [
        "crmstudy", "crmstudy", "mkdir", "tar", "install", "install", "crmstudy", "createdb", "pg_restore", "crmstudy",
        "mkdir", "mv", "install",
    ]  # fmt: skip
