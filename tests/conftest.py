"""What several rooms test against: the shipped study, run once; and the whole suite in two processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

import crmstudy as cs

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):  # before NumPy is loaded
    os.environ.setdefault(_name, "1")

ROOT = Path(__file__).resolve().parents[1]
settings.register_profile("crmstudy", deadline=None)  # a busy machine makes no test fail
settings.load_profile("crmstudy")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """The default run is shared by two processes where pytest-xdist is there (``-n 0``: one); all others have one."""
    if "PYTEST_XDIST_WORKER" in os.environ:  # one of the two
        return
    option, whole = config.option, config.args_source == pytest.Config.ArgsSource.TESTPATHS
    alone = option.usepdb or option.collectonly or option.markexpr != "not slow"
    if whole and not alone and getattr(option, "numprocesses", 0) is None and (os.cpu_count() or 1) > 1:
        option.numprocesses, option.dist, option.tx = 2, "worksteal", ["popen", "popen"]


@pytest.fixture(scope="session")
def mobile_results() -> cs.StudyResults:
    """The mobile study, run but not reported."""
    return cs.run(cs.Study.load(ROOT / "analyses" / "mobile_loyalty"))
