"""What several rooms test against: the shipped study, run once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import crmstudy as cs

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):  # before NumPy is loaded
    os.environ.setdefault(_name, "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def mobile_results() -> cs.StudyResults:
    """The mobile study, run but not reported."""
    return cs.run(cs.Study.load(ROOT / "analyses" / "mobile_loyalty"))
