"""What the coefficients of agreement share: options, rows of estimates, percentile intervals of a bootstrap."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmstudy.kernels.agreement.kappa import Statistic, bootstrap_units
from crmstudy.kernels.moments import Array
from crmstudy.kernels.resample import generator
from crmstudy.notes import Note
from crmstudy.results import ESTIMATE_COLUMNS

ESTIMATES = (*ESTIMATE_COLUMNS, "std_error_null", "observed", "expected")
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Options:
    """How agreement is asked for, as resolved."""

    kind: str
    weights: str
    metric: str
    bootstrap: int | None
    level: float
    seed: int


@dataclass(slots=True)
class Found:
    """What one coefficient gave: rows of estimates and intervals, further tables, notes, units used."""

    n: int
    estimates: list[tuple[Any, ...]] = field(default_factory=list)
    intervals: list[tuple[Any, ...]] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def add(
        self, term: str, value: float, *, std_error: float = NAN, null_error: float = NAN, statistic: float = NAN,
        df: float = NAN, p_value: float = NAN, ends: tuple[float, float] = (NAN, NAN), observed: float = NAN,
        expected: float = NAN,
    ) -> None:  # fmt: skip
        """Add a row of estimates; without a statistic of its own it is z by the error under 0."""
        if statistic != statistic and null_error > 0.0:
            statistic = value / null_error
            p_value = two_sided(statistic)
        row = (term, value, std_error, statistic, df, p_value, *ends, null_error, observed, expected)
        self.estimates.append(row)

    def add_interval(self, term: str, method: str, level: float, ends: tuple[float, float]) -> None:
        """Add a row to the table of intervals."""
        self.intervals.append((term, method, level, *ends))


def two_sided(z: float) -> float:
    """Two-sided p of a standard normal."""
    return float(2.0 * ndtr(-abs(z)))


def normal_interval(value: float, std_error: float, level: float) -> tuple[float, float]:
    """The value plus and minus a normal quantile of standard errors, not beyond -1 and 1."""
    half = float(ndtri(0.5 + level / 2.0)) * std_error
    return clipped((value - half, value + half))


def clipped(ends: tuple[float, float]) -> tuple[float, float]:
    """Both ends within -1 and 1."""
    low, high = (float(np.clip(end, -1.0, 1.0)) for end in ends)
    return low, high


def unit_samples(n: int, statistic: Statistic, options: Options, name: str, found: Found) -> Array:
    """The coefficient in bootstrap samples of the units, without those in which it does not exist."""
    replicates = options.bootstrap or 0
    draws = bootstrap_units(n, replicates, generator(options.seed, "raters", name), statistic)
    usable = draws[~np.isnan(draws)]
    if len(usable) < replicates:
        message = (
            f"{replicates - len(usable)} of {replicates} bootstrap samples had a single category, so they have no "
            "coefficient; the interval rests on the others."
        )
        found.notes.append(Note("RATERS_BOOTSTRAP_SKIPPED", message, "warning"))
    return np.asarray(usable, dtype=np.float64)


def percentiles(draws: Array, level: float) -> tuple[float, float]:
    """Percentile interval; NaN where there are no draws."""
    if len(draws) == 0:
        return NAN, NAN
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return float(low), float(high)
