"""Whole processes: the main job, asking for help, imports - beside the imports of peers."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.timing import Row, process_cpu


def rows(repeats: int) -> list[Row]:
    """The whole run, importing and asking for help, each as a process; peers' imports beside."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        run = [python, "-m", "crmstudy", "run", "analyses/mobile_loyalty", "--out", str(Path(folder) / "out")]
        timed = process_cpu(run, max(2, repeats // 5))
    found: list[Row] = [{"work": "crmstudy run analyses/mobile_loyalty", "engine": "crmstudy", **timed}]
    helped = process_cpu([python, "-m", "crmstudy", "--help"], max(2, repeats // 2))
    found.append({"work": "help", "engine": "crmstudy --help", **helped})
    for package in ("crmstudy", "semopy", "pingouin", "statsmodels.api"):
        timed = process_cpu([python, "-c", f"import {package}"], max(2, repeats // 3))
        found.append({"work": "import (whole process)", "engine": package, **timed})
    nothing = process_cpu([python, "-c", "pass"], max(2, repeats // 2))
    return [*found, {"work": "import (whole process)", "engine": "python -c pass", **nothing}]
