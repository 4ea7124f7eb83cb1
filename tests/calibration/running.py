"""Many replications, in chunks that are kept: a run that was broken off goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import crmstudy
from tests.calibration.populations import Array
from tests.calibration.study import Condition, replicate

#: Replications in a chunk.
CHUNK = 50
Work = tuple[Condition, int, int, Path]


def fingerprint() -> str:
    """Of the whole package and of the study: kept chunks of other sources are not taken."""
    package = Path(crmstudy.__file__).parent
    sources = {source.relative_to(package).as_posix(): source for source in package.rglob("*.py")}
    sources |= {f"study/{name}": Path(__file__).with_name(name) for name in ("populations.py", "study.py")}
    whole = hashlib.sha256()
    for name in sorted(sources):
        whole.update(name.encode() + sources[name].read_bytes())
    return whole.hexdigest()[:16]


def run(
    conditions: Sequence[Condition], replications: int, workers: int, folder: Path
) -> Iterator[tuple[Condition, Array, float]]:
    """Conditions as they get done, what their replications found, (replications, methods, columns), and CPU seconds.

    Chunks are kept in ``folder``, which should be one of these sources alone (see :func:`fingerprint`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    chunks = {
        condition: [
            (condition, start, min(start + CHUNK, replications), folder) for start in range(0, replications, CHUNK)
        ]
        for condition in conditions
    }
    everything = [work for several in chunks.values() for work in several]
    if workers == 1:
        with threadpool_limits(1):
            yield from _gathered(map(chunk, everything), chunks)
        return
    spawned = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawned, initializer=threadpool_limits, initargs=(1,)) as pool:
        yield from _gathered(pool.map(chunk, everything), chunks)


def _gathered(
    found: Iterator[tuple[Array, float]], chunks: dict[Condition, list[Work]]
) -> Iterator[tuple[Condition, Array, float]]:
    for condition, several in chunks.items():
        parts, seconds = zip(*(next(found) for _ in several), strict=True)
        yield condition, np.concatenate(parts), sum(seconds)


def chunk(work: Work) -> tuple[Array, float]:
    """Some replications of a condition, computed or read, and the CPU seconds they took."""
    condition, start, stop, folder = work
    file = folder / f"{condition.name}-{start}-{stop}.npz"
    if file.exists():
        kept = np.load(file)
        return kept["found"], float(kept["seconds"])
    begun = time.process_time()
    found = np.array([replicate(condition, number) for number in range(start, stop)])
    seconds = time.process_time() - begun
    unfinished = file.with_suffix(f".{os.getpid()}.npz")
    np.savez(unfinished, found=found, seconds=seconds)
    unfinished.replace(file)  # whole or not at all
    return found, seconds
