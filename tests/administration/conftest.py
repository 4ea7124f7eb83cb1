"""A database for every test of what is collected: a file, and a real PostgreSQL where its programs are installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crmstudy.administration.store.engine import Purpose
from crmstudy.administration.store.store import Store

#: What a cluster of tests is started with: nobody but tests relies on it, and a new file of its log is a new file.
SETTINGS = (
    "fsync=off", "full_page_writes=off", "wal_recycle=off", "min_wal_size=32MB", "max_connections=60",
    "log_min_messages=warning", "autovacuum_naptime=3600",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running PostgreSQL server: where it listens, and where its files are."""

    programs: Path
    data: Path
    port: int
    asked_as: tuple[str, ...]

    def address(self, database: str, user: str = "crmstudy") -> str:
        """The address of a database, for an ordinary user or for ``postgres``, who may do everything."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def run(self, sql: str, database: str = "postgres") -> str:
        """What psql prints for a statement of the superuser."""
        command = [str(self.programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]
        done = subprocess.run(
            [*command, self.address(database, "postgres")], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()


@dataclass(slots=True)
class Database:
    """An empty place for answers; ``db`` is what ``--db`` would be, ``folder`` the folder of what is collected."""

    folder: Path
    db: str | None = None
    cluster: Cluster | None = None
    _open: list[Store] = field(default_factory=list)

    @property
    def in_file(self) -> bool:
        """Whether it is SQLite's."""
        return self.db is None

    @property
    def name(self) -> str:
        """The name of the database of PostgreSQL."""
        return (self.db or "").rpartition("/")[2]

    def open(self, purpose: Purpose = "live", *, create: bool = True) -> Store:
        """An open store, closed at the end of the test."""
        store = Store.open(self.folder, db=self.db, purpose=purpose, create=create)
        self._open.append(store)
        return store

    def close(self) -> None:
        """Close what is open."""
        while self._open:
            self._open.pop().close()


def _programs() -> Path | None:
    """The folder of the newest server's programs."""
    found = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    on_path = shutil.which("initdb")
    candidates = [*reversed(found), *([Path(on_path).parent] if on_path else [])]
    return next((path for path in candidates if (path / "pg_ctl").exists() and shutil.which("psql")), None)


def _asked_as() -> tuple[str, ...] | None:
    """How the server's programs are started: it refuses to run as root, who therefore becomes somebody else."""
    if os.name != "posix" or os.geteuid() != 0:
        return ()
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            if shutil.which("setpriv"):
                return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    return None


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL server for all tests."""
    pytest.importorskip("psycopg")
    programs, asked_as = _programs(), _asked_as()
    if programs is None:
        pytest.skip("the programs of a PostgreSQL server (initdb, pg_ctl, psql) are not installed")
    if asked_as is None:
        pytest.skip("PostgreSQL does not run as root, and setpriv or another user is missing")
    place = Path(tempfile.mkdtemp(prefix="crmpg"))
    try:
        if asked_as:
            uid = int(asked_as[1].partition("=")[2])
            os.chown(place, uid, -1)
        port = _free_port()
        made = Cluster(programs, place / "data", port, asked_as)
        initdb = [*asked_as, str(programs / "initdb"), "-D", str(made.data), "-U", "postgres", "-A", "trust"]
        _call([*initdb, "-E", "UTF8", "--locale=C", "-N"], place)
        options = " ".join(f"-c {one}" for one in (*SETTINGS, "listen_addresses=127.0.0.1", f"port={port}"))
        control = [*asked_as, str(programs / "pg_ctl"), "-D", str(made.data), "-w", "-t", "60"]
        _call([*control, "-l", str(place / "log"), "-o", f"{options} -k {place}", "start"], place)
        try:
            made.run("CREATE ROLE crmstudy LOGIN")
            yield made
        finally:
            _call([*control, "-m", "immediate", "stop"], place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _call(command: list[str], place: Path) -> None:
    """Run a program that leaves another running: its output goes to a file, which nobody waits to be closed."""
    with tempfile.TemporaryFile() as told:
        done = subprocess.run(
            command, cwd=place, stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.STDOUT, timeout=120
        )
        told.seek(0)
        assert done.returncode == 0, told.read().decode(errors="replace")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs PostgreSQL takes longer: the same test on the other database is the daily one."""
    for item in items:
        if item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database, once of each kind."""
    folder = tmp_path / "administration"
    if request.param == "sqlite":
        made = Database(folder)
        yield made
        made.close()
        return
    cluster = request.getfixturevalue("cluster")
    name = f"t{uuid.uuid4().hex[:12]}"
    cluster.run(f"CREATE DATABASE {name} OWNER crmstudy TEMPLATE template0")
    made = Database(folder, cluster.address(name), cluster)
    try:
        yield made
    finally:
        made.close()
        cluster.run(f"DROP DATABASE {name} WITH (FORCE)")
