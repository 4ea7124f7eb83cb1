"""How work is timed: CPU time of one call, of one replicate, or of a whole process; medians after a warm-up."""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Row = dict[str, object]


def summary(cpu: list[float], wall: list[float]) -> dict[str, float]:
    """Median and range of CPU milliseconds, median of wall milliseconds."""
    return {
        "cpu_ms": statistics.median(cpu), "cpu_min": min(cpu), "cpu_max": max(cpu), "wall_ms": statistics.median(wall),
    }  # fmt: skip


def call_cpu(work: Callable[[], object], repeats: int, *, per: int = 1) -> dict[str, float]:
    """Milliseconds of one call, after one warm-up, divided by ``per`` (the replicates a call does)."""
    work()
    cpu, wall = [], []
    for _ in range(repeats):
        before, clock = time.process_time(), time.perf_counter()
        work()
        cpu.append((time.process_time() - before) * 1000 / per)
        wall.append((time.perf_counter() - clock) * 1000 / per)
    return summary(cpu, wall)


def process_cpu(command: list[str], repeats: int, cwd: Path = ROOT) -> dict[str, float]:
    """Milliseconds of a whole process, after one warm-up."""
    cpu, wall = [], []
    for _ in range(repeats + 1):
        before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=cwd, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
        wall.append((time.perf_counter() - clock) * 1000)
    return summary(cpu[1:], wall[1:])


def r_rows(work: str, engine: str, setup: str, call: str, repeats: int, *, per: int = 1) -> list[Row]:
    """The same work by an R package, timed inside R; ``call`` is an expression, ``setup`` what comes before."""
    if shutil.which("Rscript") is None:
        return [{"work": work, "engine": f"{engine} (R not installed)"}]
    script = (
        f"suppressMessages(library({engine})); options(warn=-1)\n{setup}\n"
        f"run <- function() {{ {call} }}\n"
        "invisible(run())\n"
        "once <- function() {a <- proc.time(); run(); b <- proc.time() - a; 1000 * c(b[[1]] + b[[2]], b[[3]])}\n"
        f"t <- replicate({repeats}, once()) / {per}\n"
        f"cat(as.character(packageVersion('{engine}')), median(t[1,]), min(t[1,]), max(t[1,]), median(t[2,]))\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "time.R"
        path.write_text(script, encoding="utf-8")
        done = subprocess.run(["Rscript", "--vanilla", str(path)], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    if done.returncode or len(words) != 5:
        return [{"work": work, "engine": f"{engine} (not installed)"}]
    figures = dict(zip(("cpu_ms", "cpu_min", "cpu_max", "wall_ms"), map(float, words[1:]), strict=True))
    return [{"work": work, "engine": f"{engine} {words[0]}", **figures}]
