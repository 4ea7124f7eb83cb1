"""The door: a file goes to the child process, plain values or a sentence come back. How to use it: see the package."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any

from crmstudy.errors import DataError
from crmstudy.exchange.untrusted.child import Worker, shared
from crmstudy.exchange.untrusted.endings import told, too_large
from crmstudy.exchange.untrusted.kinds import KINDS, MEGABYTE, SMALL, Kind
from crmstudy.exchange.untrusted.limits import Limits
from crmstudy.files import bytes_of

_alone: ContextVar[bool] = ContextVar("alone", default=False)


def parse(
    kind: str,
    source: str | os.PathLike[str] | bytes,
    *,
    file: str = "",
    seconds: float | None = None,
    memory: int | None = None,
    fresh: bool = False,
    **options: Any,
) -> Any:
    """Take a file apart in the child process.

    Parameters
    ----------
    kind : str
        A name in :data:`crmstudy.exchange.untrusted.kinds.KINDS`.
    source : path or bytes
        The file, or what it holds.
    file : str, optional
        The name of the file in sentences; that of the path when left out.
    seconds : float, optional
        Seconds by the clock; from the kind and the size of the file when left out.
    memory : int, optional
        Bytes of memory; from the kind and the size of the file when left out.
    fresh : bool
        A process of its own, ended afterwards, so that files of different people never meet. A server wants this.
    **options
        Plain values, passed on to the parser.

    Returns
    -------
    plain values
        What the parser gave, see :mod:`crmstudy.exchange.untrusted`.

    Raises
    ------
    DataError
        When the file is too large, takes too long or too much memory, crashes its parser, is damaged or no such file.
    InputError
        Whatever the parser itself refuses (its class and all faults are kept).
    MissingExtraError
        When the parser needs a package that is not installed.
    """
    if kind not in KINDS:
        raise KeyError(f"no kind of file '{kind}'; there is: {', '.join(KINDS)}")
    wanted = KINDS[kind]
    file = file or ("the file" if isinstance(source, bytes) else Path(source).name)
    raw = source if isinstance(source, bytes) else _read(Path(source), file, wanted.largest)
    if len(raw) > wanted.largest:
        raise DataError(too_large(file, len(raw), wanted.largest))
    limits = limits_of(wanted, len(raw))
    limits = replace(limits, seconds=seconds or limits.seconds, memory=memory or limits.memory)
    request: dict[str, Any] = {"function": wanted.function, "file": file, "raw": raw, "options": options}
    request |= {"seconds": limits.seconds, "memory": limits.memory}
    if fresh or _alone.get():
        worker = Worker()
        try:
            answer = worker.ask(request, limits)
        finally:
            worker.end()
    else:
        answer = shared.ask(request, limits)
    return told(answer, file, wanted, limits)


@contextlib.contextmanager
def fresh_processes() -> Iterator[None]:
    """Inside, every file gets a process of its own, as with ``fresh=True``."""
    token = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(token)


def limits_of(kind: Kind, size: int) -> Limits:
    """The limits of a file of this many bytes."""
    seconds = kind.seconds + kind.seconds_per_mb * max(0, size - SMALL) / MEGABYTE
    return Limits(seconds, kind.memory + kind.memory_per_byte * size)


def _read(path: Path, file: str, largest: int) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > largest:
            raise DataError(too_large(file, path.stat().st_size, largest))
        return bytes_of(path, largest)
    except OSError as error:
        raise DataError(f"the file '{path}' cannot be read: {error.strerror or error}.") from None
