"""Agreement: Krippendorff's alpha with its bootstraps, and alpha alone beside the package krippendorff."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd

import crmstudy as cs
from crmstudy.kernels.agreement.kappa import counts
from crmstudy.kernels.agreement.krippendorff import alpha
from tests.benchmarks.timing import Row, call_cpu

_OURS = f"crmstudy {cs.__version__}"
_UNITS, _RATERS, _CATEGORIES, _SAMPLES = 500, 4, 5, 1000


def rows(repeats: int) -> list[Row]:
    """Alpha of 500 units, 4 raters, 5 categories: with 1,000 bootstrap samples of units and of pairs, and alone."""
    rng = np.random.default_rng(0)
    base = rng.integers(1, _CATEGORIES + 1, (_UNITS, 1))
    table = np.clip(base + rng.integers(-1, 2, (_UNITS, _RATERS)), 1, _CATEGORIES).astype(float)
    frame = pd.DataFrame(table, columns=[f"r{j}" for j in range(_RATERS)])
    size = f"{_UNITS} units, {_RATERS} raters, {_CATEGORIES} categories"
    values = np.unique(table)
    found: list[Row] = []

    def ours() -> object:
        return cs.raters(frame, kind="krippendorff", metric="ordinal", bootstrap=_SAMPLES, seed=1)

    def kernel() -> object:
        codes = np.where(np.isnan(table), -1, np.searchsorted(values, table))
        return alpha(counts(codes, len(values)), values, "ordinal")

    timed = call_cpu(ours, repeats)
    found.append({"work": f"Krippendorff's alpha, {size}, {_SAMPLES} samples twice", "engine": _OURS, **timed})
    alone = f"Krippendorff's alpha alone, {size}"
    found.append({"work": alone, "engine": _OURS, **call_cpu(kernel, repeats)})
    if importlib.util.find_spec("krippendorff") is not None:
        import krippendorff

        timed = call_cpu(lambda: krippendorff.alpha(reliability_data=table.T, level_of_measurement="ordinal"), repeats)
        found.append({"work": alone, "engine": "krippendorff", **timed})
    return found
