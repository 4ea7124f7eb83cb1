"""From replications to figures, each with its Monte Carlo standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc, ndtri

from tests.calibration.populations import MEDIATED, Array, Shape
from tests.calibration.study import COLUMNS, PROPER, REFUSED, STUCK, TARGETS, TESTS, Condition, Kind

LEVEL = 0.95
_REACH = float(ndtri(0.5 + LEVEL / 2))
MONTE_CARLO = "indirect, Monte Carlo"
What = Literal["converged", "proper", "refused", "bias", "ratio", "coverage", "rejection", "mean over df", "type I"]
#: Figures that are shares of replications.
RATES = ("converged", "proper", "refused", "coverage", "rejection", "type I")
WITHOUT_EFFECT = ("b", "indirect")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a condition and method: ``value``, Monte Carlo standard ``error``, replications ``used``."""

    kind: Kind
    shape: Shape
    n: int
    method: str
    what: What
    target: str
    value: float
    error: float
    used: int


def figures(condition: Condition, found: Array) -> list[Figure]:
    """All figures of a condition, from what its replications found, (replications, methods, columns)."""
    made = []
    for at, method in enumerate(condition.methods):
        made += of_method(condition, method.name, found[:, at], estimates=not method.borrows)
    return made


def of_method(condition: Condition, method: str, lines: Array, *, estimates: bool = True) -> list[Figure]:
    """The figures of one method; ``estimates`` False leaves out bias, which another method with the same ones has."""
    figure = Maker(condition, method)
    status = _column(lines, "status")
    made = [
        figure.rate("converged", "", status < STUCK),
        figure.rate("proper", "", status == PROPER),
        figure.rate("refused", "", status == REFUSED),
    ]
    lines = lines[status < STUCK]
    parts: dict[Kind, Callable[[], Iterator[Figure]]] = {
        "mediated": lambda: _mediated(figure, lines, estimates),
        "without": lambda: _without(figure, lines),
        "groups": lambda: _tests(figure, lines),
    }
    return [*made, *parts[condition.kind]()]


def _mediated(figure: Maker, lines: Array, estimates: bool) -> Iterator[Figure]:
    for target, truth in MEDIATED.truth().items():
        estimate, error = _pair(lines, target)
        if len(estimate) < 2:
            continue
        if estimates:
            yield figure.mean("bias", target, estimate / truth - 1.0)
        yield figure.ratio(target, estimate, error)
        yield figure.rate("coverage", target, np.abs(estimate - truth) <= _REACH * error)
    low, high = _interval(lines)
    if len(low):
        truth = MEDIATED.truth()["indirect"]
        yield figure.rate("coverage", MONTE_CARLO, (low <= truth) & (truth <= high))
    yield from _tests(figure, lines)


def _without(figure: Maker, lines: Array) -> Iterator[Figure]:
    for target in WITHOUT_EFFECT:
        estimate, error = _pair(lines, target)
        if len(estimate):
            yield figure.rate("type I", target, np.abs(estimate) > _REACH * error)
    low, high = _interval(lines)
    if len(low):
        yield figure.rate("type I", MONTE_CARLO, (low > 0.0) | (high < 0.0))


def _tests(figure: Maker, lines: Array) -> Iterator[Figure]:
    for test in TESTS:
        statistic, df = _column(lines, f"{test}|statistic"), _column(lines, f"{test}|df")
        known = np.isfinite(statistic)
        if known.sum() > 1:
            yield figure.rate("rejection", test, chdtrc(df[known], statistic[known]) < 1.0 - LEVEL)
            yield figure.mean("mean over df", test, statistic[known] / df[known])


@dataclass(frozen=True)
class Maker:
    """Makes the figures of one condition and method."""

    condition: Condition
    method: str

    def rate(self, what: What, target: str, hits: np.ndarray) -> Figure:
        """A share, with its binomial standard error."""
        share = float(np.mean(hits))
        error = float(np.sqrt(share * (1.0 - share) / len(hits)))
        return self._figure(what, target, share, error, len(hits))

    def mean(self, what: What, target: str, values: Array) -> Figure:
        """A mean, with its standard error."""
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        return self._figure(what, target, np.mean(values), error, len(values))

    def ratio(self, target: str, estimate: Array, error: Array) -> Figure:
        """Mean standard error over the standard deviation of the estimates; its own error by influence values."""
        deviation, mean = float(np.std(estimate, ddof=1)), float(np.mean(error))
        ratio = mean / deviation
        squared = ((estimate - np.mean(estimate)) / deviation) ** 2
        influence = ratio * ((error / mean - 1.0) - (squared - 1.0) / 2.0)
        return self._figure("ratio", target, ratio, np.std(influence, ddof=1) / np.sqrt(len(error)), len(error))

    def _figure(self, what: What, target: str, value: float, error: float, used: int) -> Figure:
        c = self.condition
        return Figure(c.kind, c.shape, c.n, self.method, what, target, float(value), float(error), used)


def _pair(lines: Array, target: str) -> tuple[Array, Array]:
    """Estimates and standard errors where there are both."""
    estimate, error = _column(lines, f"{target}|estimate"), _column(lines, f"{target}|error")
    known = np.isfinite(estimate) & np.isfinite(error)
    return estimate[known], error[known]


def _interval(lines: Array) -> tuple[Array, Array]:
    low, high = _column(lines, "low"), _column(lines, "high")
    known = np.isfinite(low) & np.isfinite(high)
    return low[known], high[known]


def _column(lines: Array, name: str) -> Array:
    found: Array = lines[:, COLUMNS.index(name)]
    return found


# --- two estimators that are wrong on purpose ---------------------------------------------------------------------

NARROW, MISCOUNTED = "wrong: N doubled", "wrong: df"
#: Fixed loadings taken for free parameters by the second wrong estimator.
MARKERS = 3


def narrowed(lines: Array) -> Array:
    """Standard errors as they would be if the sample were twice as large."""
    found = lines.copy()
    found[:, [COLUMNS.index(f"{target}|error") for target in TARGETS]] /= np.sqrt(2.0)
    found[:, [COLUMNS.index(name) for name in ("low", "high")]] = np.nan
    return _without_tests(found, TESTS)


def miscounted(lines: Array) -> Array:
    """A chi-square whose degrees of freedom count the fixed loadings as free parameters."""
    found = _without_tests(lines, TESTS[1:])
    found[:, [COLUMNS.index(f"{target}|error") for target in TARGETS]] = np.nan
    found[:, [COLUMNS.index(name) for name in ("low", "high")]] = np.nan
    found[:, COLUMNS.index("chisq|df")] -= MARKERS
    return found


def _without_tests(lines: Array, names: tuple[str, ...]) -> Array:
    found = lines.copy()
    found[:, [COLUMNS.index(f"{test}|statistic") for test in names]] = np.nan
    return found


def wrong_figures(condition: Condition, found: Array) -> list[Figure]:
    """What the two wrong estimators would have shown in a condition with complete normal rows."""
    if condition.kind != "mediated" or condition.shape != "normal":
        return []
    lines = found[:, [method.name for method in condition.methods].index("ML")]
    made = of_method(condition, NARROW, narrowed(lines), estimates=False)
    made += of_method(condition, MISCOUNTED, miscounted(lines), estimates=False)
    return [figure for figure in made if figure.what not in ("converged", "proper", "refused")]
