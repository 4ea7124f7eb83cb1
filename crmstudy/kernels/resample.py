"""Random numbers that depend on the study's seed and on what they are for, and loops over replicates made of them."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np

from crmstudy.errors import MissingExtraError

Part = TypeVar("Part")
Watcher = Callable[[int, int], None]
#: Loops that would take less than this many seconds on one core are not worth other processes.
_WORTH_WORKERS = 5.0
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)
_workers: ContextVar[int | None] = ContextVar("workers", default=None)


def generator(seed: int, *names: str) -> np.random.Generator:
    """Random generator of one purpose.

    The stream is set by the seed and by the names (say the id of the analysis and the name of the scale), so that an
    analysis added or removed elsewhere changes no other result. Names enter by their SHA-256, the same on every
    machine.

    Parameters
    ----------
    seed : int
        The study's seed, not negative.
    *names : str
        What the numbers are for; order and borders count (``"a", "bc"`` is not ``"ab", "c"``).

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    ValueError
        For a negative seed.

    Examples
    --------
    >>> generator(1, "alpha").integers(100) == generator(1, "alpha").integers(100)
    np.True_
    """
    return np.random.default_rng(_sequence(seed, *names))


def _sequence(seed: int, *names: str) -> np.random.SeedSequence:
    if seed < 0:
        raise ValueError(f"A seed is a whole number from 0, not {seed}.")
    digests = b"".join(hashlib.sha256(name.encode("utf-8")).digest() for name in names)
    words = np.frombuffer(digests, dtype="<u4").tolist()
    return np.random.SeedSequence([seed, *words])


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Tell ``watcher(done, total)`` how far the loops inside have come."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def replicate(
    work: Callable[[int, np.random.Generator], Part],
    n: int,
    seed: int,
    *names: str,
    chunk: int = 50,
    workers: int | None = None,
) -> list[Part]:
    """Do work for n replicates, chunk by chunk; every chunk has random numbers of its own.

    The chunks are the same for any number of workers, and so is the answer. The first is done here; when the rest would
    take more than a few seconds, it is spread over processes by joblib, on this machine or on a Dask cluster
    (:func:`spread_over`).

    Parameters
    ----------
    work : callable
        Takes the number of replicates of a chunk and their generator, and gives back what it made. It must be
        picklable where processes are used.
    n : int
        Number of replicates.
    seed : int
        The study's seed.
    *names : str
        What the replicates are for.
    chunk : int
        Replicates in a chunk; part of what defines the random numbers.
    workers : int, optional
        Processes; what :func:`spread_over` says, else as many as there are cores, when left out; 1 for none.

    Returns
    -------
    list
        What ``work`` gave for every chunk, in order.
    """
    sizes = [min(chunk, n - first) for first in range(0, n, chunk)]
    streams = [np.random.default_rng(s) for s in _sequence(seed, *names, "replicate").spawn(len(sizes))]
    watcher = _watcher.get()
    found: list[Part] = []
    begun = time.perf_counter()
    for size, stream in zip(sizes, streams, strict=True):
        if len(found) == 1 and _worth_workers(time.perf_counter() - begun, len(sizes), workers):
            break
        found.append(work(size, stream))
        if watcher is not None:
            watcher(sum(sizes[: len(found)]), n)
    if len(found) < len(sizes):
        for part in _spread(work, sizes[1:], streams[1:], workers):
            found.append(part)
            if watcher is not None:
                watcher(sum(sizes[: len(found)]), n)
    return found


def _worth_workers(seconds: float, chunks: int, workers: int | None) -> bool:
    count = workers or _workers.get() or os.cpu_count() or 1
    return count > 1 and seconds * (chunks - 1) > _WORTH_WORKERS


@contextmanager
def spread_over(workers: int | None, backend: str | None = None, scheduler: str | None = None) -> Iterator[None]:
    """Let long loops inside use a number of processes, or a Dask cluster.

    Parameters
    ----------
    workers : int, optional
        Processes; all cores (or all of the cluster) when left out, 1 for none.
    backend : {None, "dask"}
        Where the processes are; None is this machine.
    scheduler : str, optional
        Address of the cluster, such as ``tcp://10.0.0.5:8786``; without one a cluster is started here.

    Raises
    ------
    MissingExtraError
        When Dask is asked for and not installed.
    """
    token = _workers.set(workers)
    try:
        if backend is None:
            yield
            return
        try:
            from distributed import Client
        except ImportError:
            raise MissingExtraError("distributed", "dask") from None
        from joblib import parallel_config

        local: dict[str, Any] = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        client: Any = Client
        with client(scheduler) if scheduler else client(**local), parallel_config(backend="dask"):
            yield
    finally:
        _workers.reset(token)


def _spread(
    work: Callable[[int, np.random.Generator], Part], sizes: list[int], streams: list[np.random.Generator],
    workers: int | None,
) -> Iterator[Part]:  # fmt: skip
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=workers or _workers.get() or -1, return_as="generator")
    parts: Iterator[Part] = pool(delayed(_alone)(work, size, s) for size, s in zip(sizes, streams, strict=True))
    return parts


def _alone(work: Callable[[int, np.random.Generator], Part], size: int, stream: np.random.Generator) -> Part:
    """One chunk in a process of its own, with linear algebra on one thread."""
    from crmstudy.kernels.threads import one_thread

    with one_thread():
        return work(size, stream)
