"""Time crmstudy beside its peers in one run and print a table; ``--json FILE`` writes the figures too.

CPU time, one BLAS thread, medians after a warm-up; peers that are not installed are left out by name.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "tests" / "reference" / "sem" / "crm"


def _summary(cpu: list[float], wall: list[float]) -> dict[str, float]:
    median = statistics.median
    return {"cpu_ms": median(cpu), "cpu_min": min(cpu), "cpu_max": max(cpu), "wall_ms": median(wall)}


def median_cpu(work: Callable[[], object], repeats: int) -> dict[str, float]:
    """Median and range of CPU and wall milliseconds of one call, after one warm-up."""
    work()
    cpu, wall = [], []
    for _ in range(repeats):
        before, clock = time.process_time(), time.perf_counter()
        work()
        cpu.append((time.process_time() - before) * 1000)
        wall.append((time.perf_counter() - clock) * 1000)
    return {
        "cpu_ms": statistics.median(cpu),
        "cpu_min": min(cpu),
        "cpu_max": max(cpu),
        "wall_ms": statistics.median(wall),
    }


def process_cpu(command: list[str], repeats: int, cwd: Path = ROOT) -> dict[str, float]:
    """Median CPU and wall milliseconds of a whole process."""
    cpu, wall = [], []
    for _ in range(repeats + 1):
        before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=cwd, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
        wall.append((time.perf_counter() - clock) * 1000)
    cpu, wall = cpu[1:], wall[1:]
    return {
        "cpu_ms": statistics.median(cpu),
        "cpu_min": min(cpu),
        "cpu_max": max(cpu),
        "wall_ms": statistics.median(wall),
    }


def sem_rows(repeats: int) -> list[dict[str, object]]:
    """SEM with 8 factors x 4 items, 5 paths, N = 400: fit, standard errors, all indices, standardised solution."""
    from tests.reference import load

    case = load("sem/crm")
    import crmstudy as cs

    runs = itertools.count()

    def ours() -> object:
        fitted = cs.sem(f"{case.model}\n# {next(runs)}", case.data)  # a new text each time, so that it is parsed
        return fitted.fit, fitted.estimates

    work = "SEM 8 x 4, 5 paths, N=400: fit + SE + indices"
    rows: list[dict[str, object]] = [
        {"work": work, "engine": f"crmstudy {cs.__version__}", **median_cpu(ours, repeats)}
    ]
    rows += semopy_rows(work, case, repeats) + lavaan_rows(work, repeats)
    return rows


def semopy_rows(work: str, case: object, repeats: int) -> list[dict[str, object]]:
    """The same by semopy, at its default and at a tolerance that reaches the minimum."""
    try:
        import semopy
    except ImportError:
        return [{"work": work, "engine": "semopy (not installed)"}]

    rows: list[dict[str, object]] = []
    for name, options in (("default", None), ("ftol 1e-13", {"ftol": 1e-13})):

        def theirs(options: dict[str, float] | None = options) -> object:
            model = semopy.Model(case.model)  # type: ignore[attr-defined]
            model.fit(case.data, options=options) if options else model.fit(case.data)  # type: ignore[attr-defined]
            return semopy.calc_stats(model), model.inspect(std_est=True)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            timed = median_cpu(theirs, max(3, repeats // 3))
        rows.append({"work": work, "engine": f"semopy {metadata.version('semopy')} ({name})", **timed})
    return rows


def lavaan_rows(work: str, repeats: int) -> list[dict[str, object]]:
    """The same by lavaan through Rscript, timed inside R."""
    if shutil.which("Rscript") is None:
        return [{"work": work, "engine": "lavaan (R not installed)"}]
    script = (
        "suppressMessages(library(lavaan)); options(warn=-1)\n"
        f"d <- read.csv('{(ROOT / 'tests' / 'reference' / 'data' / 'crm.csv').as_posix()}')\n"
        f"m <- paste(readLines('{(CASE / 'model.lav').as_posix()}'), collapse='\\n')\n"
        "run <- function() {f <- sem(m, d); fitMeasures(f); parameterEstimates(f, standardized=TRUE)}\n"
        "invisible(run())\n"
        "once <- function() {a <- proc.time(); run(); b <- proc.time() - a; 1000 * c(b[[1]] + b[[2]], b[[3]])}\n"
        f"t <- replicate({max(3, repeats // 3)}, once())\n"
        "cat(as.character(packageVersion('lavaan')), median(t[1,]), min(t[1,]), max(t[1,]), median(t[2,]))\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "time.R"
        path.write_text(script)
        done = subprocess.run(["Rscript", str(path)], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    if done.returncode or len(words) != 5:
        return [{"work": work, "engine": "lavaan (not installed)"}]
    figures = dict(zip(("cpu_ms", "cpu_min", "cpu_max", "wall_ms"), map(float, words[1:]), strict=True))
    return [{"work": work, "engine": f"lavaan {words[0]}", **figures}]


def process_rows(repeats: int) -> list[dict[str, object]]:
    """The whole run, importing and asking for help, each as a process; peers' imports beside."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        run = [python, "-m", "crmstudy", "run", "analyses/mobile_loyalty", "--out", str(Path(folder) / "out")]
        timed = process_cpu(run, max(2, repeats // 5))
    rows: list[dict[str, object]] = [{"work": "crmstudy run analyses/mobile_loyalty", "engine": "crmstudy", **timed}]
    helped = process_cpu([python, "-m", "crmstudy", "--help"], repeats // 2)
    rows.append({"work": "help", "engine": "crmstudy --help", **helped})
    for package in ("crmstudy", "semopy", "pingouin", "statsmodels.api"):
        timed = process_cpu([python, "-c", f"import {package}"], max(2, repeats // 3))
        rows.append({"work": "import (whole process)", "engine": package, **timed})
    nothing = process_cpu([python, "-c", "pass"], repeats // 2)
    return [*rows, {"work": "import (whole process)", "engine": "python -c pass", **nothing}]


def print_table(rows: list[dict[str, object]]) -> None:
    """Write the figures as a Markdown table."""
    print("| work | engine | CPU ms, median | min–max | wall ms |")
    print("|---|---|---:|---:|---:|")
    for row in rows:
        if "cpu_ms" not in row:
            print(f"| {row['work']} | {row['engine']} | – | – | – |")
            continue
        spread = f"{row['cpu_min']:.1f}–{row['cpu_max']:.1f}"
        print(f"| {row['work']} | {row['engine']} | {row['cpu_ms']:.1f} | {spread} | {row['wall_ms']:.1f} |")


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--repeats", type=int, default=15, help="timed calls of each piece of work (default 15)")
    given = parser.parse_args()
    rows = sem_rows(given.repeats) + process_rows(given.repeats)
    print_table(rows)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
