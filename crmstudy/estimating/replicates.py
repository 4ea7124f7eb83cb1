"""The bootstrap of a structural equation model: what is asked, and what the replicates say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from crmstudy.errors import Fault, ModelError, did_you_mean
from crmstudy.kernels.covariance.structure import Array
from crmstudy.kernels.intervals import (
    Intervals,
    basic_interval,
    bca_interval,
    bootstrap_errors,
    normal_interval,
    percentile_interval,
)
from crmstudy.notes import Note

Kind = Literal["nonparametric", "bollen.stine"]
Interval = Literal["percentile", "bca", "bc", "normal", "basic"]
Unit = Literal["row", "cluster"]


@dataclass(frozen=True)
class Bootstrap:
    """What is asked of a bootstrap.

    Parameters
    ----------
    n : int
        Replicates, at least 2; 2,000 or more for intervals that are reported.
    kind : {"nonparametric", "bollen.stine"}
        ``nonparametric`` draws rows with replacement and gives standard errors and intervals; ``bollen.stine`` draws
        from rows in which the model holds and gives the p-value of the chi-square (Bollen & Stine, 1992).
    ci : {"percentile", "bca", "bc", "normal", "basic"}
        Kind of interval. ``bc`` corrects for bias (lavaan's ``bca.simple``), ``bca`` for bias and acceleration (Efron,
        1987).
    unit : {"row", "cluster"}, optional
        What is drawn; clusters where rows are clustered, rows otherwise.
    workers : int, optional
        Processes for models whose replicates are fitted one by one; all cores when left out. The answer does not
        depend on it.

    Raises
    ------
    ModelError
        With everything that is wrong.
    """

    n: int = 2000
    kind: Kind = "nonparametric"
    ci: Interval = "percentile"
    unit: Unit | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        faults = []
        for name, least in (("n", 2), ("workers", 1)):
            value = getattr(self, name)
            if name == "workers" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                faults.append(Fault(f"Bootstrap({name}=) must be a whole number from {least}; found {value!r}."))
        for name, choices in (("kind", get_args(Kind)), ("ci", get_args(Interval)), ("unit", (None, *get_args(Unit)))):
            value = getattr(self, name)
            if value not in choices:
                shown = ", ".join(repr(choice) for choice in choices if choice is not None)
                hint = did_you_mean(str(value), [c for c in choices if c is not None])
                faults.append(Fault(f"Bootstrap({name}={value!r}) does not exist; choose {shown}.{hint}"))
        if faults:
            raise ModelError(faults)

    @property
    def record(self) -> dict[str, Any]:
        """The plain values for ``.call``; not the workers, on which nothing depends."""
        return {"n": int(self.n), "kind": self.kind, "ci": self.ci, "unit": self.unit}


def resolve_bootstrap(value: Any) -> Bootstrap | None:
    """A :class:`Bootstrap` from the keyword: None, a number of replicates, a mapping of its fields, or one itself.

    Raises
    ------
    ModelError
        For anything else.
    """
    if value is None or isinstance(value, Bootstrap):
        return value
    if isinstance(value, Mapping):
        known = ("n", "kind", "ci", "unit", "workers")
        faults = [Fault(f"bootstrap= has no key '{k}'.{did_you_mean(str(k), known)}") for k in value if k not in known]
        if faults:
            raise ModelError(faults)
        return Bootstrap(**{str(key): item for key, item in value.items()})
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ModelError(f"bootstrap= must be a number of replicates or Bootstrap(...); found {value!r}.")
    return Bootstrap(int(value))


@dataclass(frozen=True, eq=False)
class Replicates:
    """What the replicates of a model gave.

    Attributes
    ----------
    asked : Bootstrap
    theta : (b, q) array
        Free parameters; NaN where a replicate did not converge.
    columns : mapping of str to (b, rows + definitions) arrays
        ``estimate``, ``std_lv``, ``std_all``, ``std_nox`` of every replicate.
    chisq : (b,) array
        Chi-square of every replicate.
    improper : int
        Replicates that converged at an improper solution (a negative variance).
    acceleration : mapping of str to arrays
        By column, for BCa intervals.
    """

    asked: Bootstrap
    theta: Array
    columns: Mapping[str, Array]
    chisq: Array
    improper: int
    acceleration: Mapping[str, Array]

    @property
    def n(self) -> int:
        """Replicates drawn."""
        return len(self.theta)

    @property
    def failed(self) -> int:
        """Replicates that did not converge and are left out."""
        return int(np.isnan(self.chisq).sum())

    def errors(self, column: str) -> Array:
        """Standard deviation over the replicates of every row and definition; 0 where nothing varies."""
        return bootstrap_errors(self.columns[column], ddof=1.0)

    def interval(self, column: str, estimates: Array, level: float) -> Intervals:
        """Confidence limits of every row and definition."""
        values, ci = self.columns[column], self.asked.ci
        if ci == "percentile":
            return percentile_interval(values, level)
        if ci == "basic":
            return basic_interval(estimates, values, level)
        if ci == "normal":
            return normal_interval(estimates, values, level, errors=self.errors(column))
        acceleration: Array | float = self.acceleration[column] if ci == "bca" else 0.0
        return bca_interval(estimates, values, level, acceleration=acceleration)

    def covariance(self) -> Array:
        """Covariance matrix of the free parameters over the replicates, (q, q)."""
        used = self.theta[~np.isnan(self.chisq)]
        found: Array = np.atleast_2d(np.cov(used, rowvar=False))
        return found

    def notes(self, intervals: Intervals) -> list[Note]:
        """What a reader must know: replicates left out, improper ones, limits at the last replicate."""
        notes = []
        used = self.n - self.failed
        if self.failed:
            level: Any = "warning" if self.failed > 0.05 * self.n else "info"
            message = (
                f"{self.failed} of {self.n} bootstrap replicates did not converge and are left out; what is reported "
                f"rests on {used}."
            )
            notes.append(Note("SEM_BOOTSTRAP_FAILED", message, level))
        if self.improper:
            message = (
                f"{self.improper} of {used} bootstrap replicates have a negative variance; they are kept, as the "
                "variation they show is real."
            )
            notes.append(Note("SEM_BOOTSTRAP_IMPROPER", message, "info"))
        if intervals.extreme.any():
            message = (
                f"Some limits are the smallest or largest of {used} replicates; draw more for intervals at this level."
            )
            notes.append(Note("SEM_BOOTSTRAP_FEW", message, "warning"))
        return notes
