"""The server as a process: one at a time for a file, stopped without cutting anybody off, with a log that tells little.

The log has a line for each request: minute, method, route, status, milliseconds. It has no query, no name that a
visitor made up, no token, no answer and no network address: pages promise in every mode that none is stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

import uvicorn
from starlette.routing import BaseRoute

from crmstudy.administration.declaring.readiness import require_ready
from crmstudy.administration.fieldwork import Fieldwork
from crmstudy.administration.keys import study_key
from crmstudy.administration.server.app import build_app, now_utc, told_without_values
from crmstudy.administration.server.composing import composer
from crmstudy.administration.server.connections import Patient
from crmstudy.administration.server.guard import Log
from crmstudy.administration.server.opening import closed_before_their_time, open_live
from crmstudy.administration.store.closing import close_due, expire_drafts, waiting_for_sheets
from crmstudy.administration.store.engine import Purpose
from crmstudy.administration.store.own_key import own_key
from crmstudy.administration.store.store import Store
from crmstudy.errors import OutputError, StudyError

#: So long a request may take to end when the server is told to stop (seconds).
PATIENCE = 15
#: So many files and connections may be open at once, where the system allows it.
MOST_FILES = 16_384
#: Parts that have a log of their own, and may quote in it what was sent or was to be written.
OTHERS = ("uvicorn", "asyncio", "concurrent.futures", "sqlalchemy", "psycopg", "alembic")
#: So often the thread that writes and the one that answers take turns (seconds): a commit does not wait for pages.
TURN = 0.001
_access, _errors = logging.getLogger("crmstudy.access"), logging.getLogger("crmstudy.server")


@dataclass(frozen=True, slots=True)
class Serving:
    """How a study is served."""

    purpose: Purpose = "live"
    db: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    proxy: bool = False
    log: bool = True
    new_key: bool = False


def serve(
    fieldwork: Fieldwork,
    how: Serving,
    ready: Callable[[str], None],
    routes: Callable[[], list[BaseRoute]] | None = None,
) -> None:
    """Serve a study until the process is told to stop.

    Parameters
    ----------
    fieldwork : Fieldwork
    how : Serving
    ready : callable
        Told the address when the server answers.
    routes : callable, optional
        Gives the routes of a trial.

    Raises
    ------
    StudyError
        When the study may not open, or another server has it open.
    OutputError
        When the port is taken.
    """
    _quiet_others(how.log)
    _keep_to_itself()
    sys.setswitchinterval(TURN)
    if how.purpose == "live":
        require_ready(fieldwork)  # before anything is made
    with contextlib.ExitStack() as stack:
        if how.db is None:
            stack.enter_context(only_one(fieldwork.place, how.purpose))
        store = stack.enter_context(Store.open(fieldwork.place, db=how.db, purpose=how.purpose))
        if how.purpose == "live":
            open_live(fieldwork, store, now_utc().date())
            secret = own_key(store, fieldwork.place, anew=how.new_key)
            for shut in closed_before_their_time(fieldwork, store, now_utc().date()):
                _errors.warning("%s", f"{shut} was closed, and takes no more answers.")
        else:
            secret = study_key(fieldwork.place)
        listening = stack.enter_context(contextlib.closing(_listen(how.host, how.port)))
        local = f"http://{_shown_host(how.host)}:{listening.getsockname()[1]}"
        address = fieldwork.address if how.purpose == "live" and fieldwork.address else local
        app = build_app(
            fieldwork,
            store,
            secret=secret,
            purpose=how.purpose,
            address=address,
            hosts=() if how.host in ("0.0.0.0", "::") else (how.host,),
            proxy=how.proxy,
            log=log_of(fieldwork) if how.log else None,
            more_routes=tuple(routes()) if routes is not None else (),
            on_start=lambda: ready(local),
        )
        _settle_memory()
        config = uvicorn.Config(
            app, http=Patient, ws="none", loop="asyncio", lifespan="on", access_log=False, log_config=None,
            log_level="warning", server_header=False, proxy_headers=False, timeout_graceful_shutdown=PATIENCE,
            timeout_keep_alive=20, backlog=2048,
        )  # fmt: skip
        server = _Server(config)
        asyncio.run(_run(server, listening, fieldwork, store, how.purpose))


def _settle_memory() -> None:
    """Keep what was loaded at the start out of garbage collection, and collect the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _run(
    server: uvicorn.Server, listening: socket.socket, fieldwork: Fieldwork, store: Store, purpose: Purpose
) -> None:
    closing = asyncio.create_task(_look_after(fieldwork, store)) if purpose == "live" else None
    try:
        await server.serve(sockets=[listening])
    finally:
        if closing is not None:
            closing.cancel()


async def _look_after(fieldwork: Fieldwork, store: Store) -> None:
    """Close waves whose last day is over and let go of old drafts, when the server starts and every ten minutes."""
    told: dict[tuple[str, str], int] = {}
    while True:
        try:
            waiting = await asyncio.to_thread(look_after, fieldwork, store, now_utc())
            for (sample, wave), n in waiting.items():
                if told.get((sample, wave)) != n:
                    _errors.warning("%s", left_open(sample, wave, n))
            told = waiting
        except Exception as error:
            _errors.error("what is due could not be closed or deleted: %s", told_without_values(error))
        await asyncio.sleep(600)


def look_after(fieldwork: Fieldwork, store: Store, now: dt.datetime) -> dict[tuple[str, str], int]:
    """Close waves whose last day is over, and delete drafts that are older than is promised.

    Returns
    -------
    dict
        (sample, wave) -> number of paper sheets that keep a wave from being closed.
    """
    composers = {id: composer(fieldwork, sample, now) for id, sample in fieldwork.samples.items()}
    close_due(store, fieldwork, now.date(), lambda draft, pages: composers[draft.sample](draft, pages))
    expire_drafts(store, fieldwork, now.date())
    return waiting_for_sheets(fieldwork, store, now.date())


def left_open(sample: str, wave: str, n: int) -> str:
    """What is told of a wave that is over and waits for paper sheets."""
    named = f"{sample}, {wave}" if wave else sample
    return (
        f"{named} is over and takes no more answers, but is not closed: {n} paper {'sheet' if n == 1 else 'sheets'} "
        "typed in and not settled. Settle them, or close it with: crmstudy close STUDY --yes"
    )


class _Server(uvicorn.Server):
    """A server that ends by itself when told to, so that the database is closed after it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        wanted = [signal.SIGINT, signal.SIGTERM]
        before = {one: signal.signal(one, stop) for one in wanted}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def log_of(fieldwork: Fieldwork) -> Log:
    """What notes requests, without the address they come from; in anonymous mode without the page either.

    Which pages somebody is led past tells what they answered, and the log tells when.
    """
    numbers = not fieldwork.anonymous

    def note(method: str, scope: Mapping[str, Any], status: int, taken: float) -> None:
        params = scope.get("path_params") or {}
        sample = params.get("sample", "") if params.get("sample", "") in fieldwork.samples else ""
        number = str(params.get("number", ""))
        number = number if numbers and number.isascii() and number.isdecimal() and len(number) <= 5 else ""
        route = getattr(scope.get("endpoint"), "__name__", "-")
        place = "/".join(str(part) for part in (route, sample, number) if part)
        day = now_utc().strftime("%Y-%m-%dT%H:%MZ")
        shown = method if method in ("GET", "HEAD", "POST") else "other"
        _access.info("%s", f"{day} {shown} {place} {status} {taken:.0f} ms")

    return note


def _keep_to_itself() -> None:
    """Whatever this process writes is for its user alone; and it may have as many connections as the system lets it."""
    if os.name == "posix":
        import resource

        os.umask(0o077)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _quiet_others(log: bool) -> None:
    """Only what this package says goes to the log: other parts' messages may quote what was sent."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name, level in (
        ("crmstudy.access", logging.INFO if log else logging.WARNING),
        ("crmstudy.server", logging.INFO),
    ):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False
    told = logging.StreamHandler(sys.stderr)
    told.setFormatter(_WithoutValues())
    for name in OTHERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [told]
        logger.setLevel(logging.WARNING)
        logger.propagate = False


class _WithoutValues(logging.Formatter):
    """Of what the server program says only its pattern, and of an error only its type."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        return f"server: {str(record.msg).splitlines()[0][:200]}{f' ({kind})' if kind else ''}"


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens; raises OutputError with the reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host.strip("[]"), port))
        made.listen(2048)
        made.setblocking(False)
    except OSError as error:
        made.close()
        raise OutputError(
            f"the server cannot listen at {host}, port {port}: {error.strerror or error}. Choose another with --port."
        ) from None
    return made


def _shown_host(host: str) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown


@contextlib.contextmanager
def only_one(place: Path, purpose: Purpose) -> Iterator[None]:
    """Hold the lock of a study's file, so that one server at a time writes to it; raises StudyError."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = place / f"{purpose}.lock"
    try:
        handle = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+b")
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {error.strerror or error}.") from None
    with handle:
        if not _locked(handle):
            raise StudyError(
                f"another server has this study open ('{path}' is locked). Two servers on one file would wait for each "
                "other; stop the other one, or keep the answers in PostgreSQL with --db."
            )
        yield  # the lock ends with the file


def _locked(handle: IO[bytes]) -> bool:
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            lock: Any = msvcrt
            lock.locking(handle.fileno(), lock.LK_NBLCK, 1)
    except OSError:
        return False
    return True
