"""One thread that writes: it gathers the jobs that wait, does them in one transaction, and tells each when it is kept.

A job checks first and writes after. It raises :class:`Refused` before it has written anything; whatever else it raises
undoes the whole transaction, and its jobs are then done one by one, so that only the faulty one fails.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from crmstudy.errors import CrmstudyError

T = TypeVar("T")
#: No transaction holds more jobs.
MOST_JOBS = 64
#: So often a job is tried again.
MOST_TRIES = 3
#: PostgreSQL: serialization failure, deadlock, a lock that was waited for too long.
_PASSING = frozenset({"40001", "40P01", "55P03"})


class Refused(CrmstudyError):
    """What the rules of the study do not allow; ``code`` is the key of the sentence that says so."""

    def __init__(self, code: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(code)


class NotKept(CrmstudyError):
    """The database did not keep what was to be written: the disk is full, or it cannot be reached."""


@dataclass(slots=True)
class Work:
    """What a job works with: the connection, and totals that are added up once a transaction."""

    connection: Connection
    totals: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    def count(self, sample: str, wave: str, kind: str, name: str = "", n: int = 1) -> None:
        """Add to a total of the table ``tally``."""
        self.totals[sample, wave, kind, name] += n


Job = Callable[[Work], T]


@dataclass(slots=True)
class _Waiting(Generic[T]):
    job: Job[T]
    future: Future[T]


class Writer:
    """The thread and its queue.

    Parameters
    ----------
    engine : Engine
        Of the database, with one connection.
    flush : callable
        Writes the totals of a transaction; called before it is committed.
    prepare : callable, optional
        What every transaction begins with; it is told how many jobs there are.
    """

    def __init__(
        self, engine: Engine, flush: Callable[[Work], None], prepare: Callable[[Connection, int], None] | None = None
    ) -> None:
        self._engine, self._flush, self._prepare = engine, flush, prepare
        self._queue: queue.SimpleQueue[_Waiting[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="crmstudy-writer", daemon=True)
        self._ended = False
        self._lock = threading.Lock()
        self._thread.start()

    def submit(self, job: Job[T]) -> Future[T]:
        """Have a job done; its future ends when the job is committed, refused or failed (NotKept)."""
        future: Future[T] = Future()
        with self._lock:
            if self._ended:
                future.set_exception(NotKept("the server is stopping; nothing is written any more."))
                return future
            self._queue.put(_Waiting(job, future))
        return future

    def stop(self) -> None:
        """Do what waits, and end."""
        with self._lock:
            if not self._ended:
                self._ended = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            first = self._queue.get()
            batch: list[_Waiting[Any]] = []
            while first is not None:
                batch.append(first)
                if len(batch) == MOST_JOBS or self._queue.empty():
                    break
                first = self._queue.get()
            ended = first is None
            if batch:
                self._transact(batch)

    def _transact(self, batch: Sequence[_Waiting[Any]]) -> None:
        """Do some jobs in one transaction; one by one when that fails."""
        try:
            told = self._attempt(batch)
        except BaseException as error:
            if len(batch) > 1:
                for one in batch:
                    self._transact([one])
                return
            told = [self._again(batch, error)]
        for one, (result, failure) in zip(batch, told, strict=True):
            with contextlib.suppress(InvalidStateError):  # whoever asked has stopped waiting
                if failure is None:
                    one.future.set_result(result)
                else:
                    one.future.set_exception(failure)

    def _again(self, batch: Sequence[_Waiting[Any]], error: BaseException) -> tuple[Any, BaseException | None]:
        """Try one job again where that may help: two servers stood in each other's way, or a connection was lost."""
        for _ in range(MOST_TRIES):
            if not passing(error):
                break
            try:
                return self._attempt(batch)[0]
            except BaseException as another:
                error = another
        return _failed(error)

    def _attempt(self, batch: Sequence[_Waiting[Any]]) -> list[tuple[Any, BaseException | None]]:
        told: list[tuple[Any, BaseException | None]] = []
        with self._engine.begin() as connection:
            if self._prepare is not None:
                self._prepare(connection, len(batch))
            work = Work(connection)
            for one in batch:
                try:
                    told.append((one.job(work), None))
                except Refused as refusal:
                    told.append((None, refusal))
            if work.totals:
                self._flush(work)
        return told


def passing(error: BaseException) -> bool:
    """Whether a failure is of the moment; jobs can be repeated, so that nothing is done twice."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _PASSING


def _failed(error: BaseException) -> tuple[None, BaseException]:
    """What a job that failed alone is told: database errors are NotKept, without any value that was to be written."""
    if isinstance(error, SQLAlchemyError | OSError):
        cause = getattr(error, "orig", None) or error
        kept = NotKept(f"nothing was kept: {type(cause).__name__}: {_first_line(cause)}")
        return None, kept
    return None, error


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else ""
