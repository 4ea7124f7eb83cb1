"""One replication of one condition: rows drawn, models fitted by every method, what they say kept as numbers."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.random import Generator, SeedSequence, default_rng

from crmstudy.errors import AnalysisError
from crmstudy.estimating.solution import Solution
from crmstudy.fitted.fit import fit_model
from crmstudy.fitted.nesting import Pair
from crmstudy.fitted.semresult import SemResult
from tests.calibration.populations import ITEMS, MEDIATED, SECOND_GROUP, WITHOUT, Array, Shape, clusters

SEED = 20_240_607
#: Draws of a Monte Carlo interval.
DRAWS = 2_000
Kind = Literal["mediated", "without", "groups"]

MEASUREMENT = "\n".join(f"{f} =~ {f}1 + {f}2 + {f}3" for f in "xmy")
EQUAL = "\n".join(f"{f} =~ {f}1 + l2*{f}2 + l3*{f}3" for f in "xmy")
PATHS = "m ~ a*x\ny ~ b*m + c*x"
DEFINED = "indirect := a*b\ntotal := c + a*b"
MODEL = f"{MEASUREMENT}\n{PATHS}\n{DEFINED}"
#: The loadings of the three factors are equal in the population: a true restriction with 4 degrees of freedom.
NESTED = f"{EQUAL}\n{PATHS}"

#: What is followed, and where it stands in the parameter table.
TARGETS = tuple(MEDIATED.truth())
_ROWS = {
    "x =~ x2": ("x", "=~", "x2"), "y =~ y3": ("y", "=~", "y3"), "a": ("m", "~", "x"), "b": ("y", "~", "m"),
    "c": ("y", "~", "x"), "m2 ~~ m2": ("m2", "~~", "m2"), "y2 ~ 1": ("y2", "~1", ""),
}  # fmt: skip
#: The model's own test, plain and scaled; likelihood-ratio tests of a true restriction: plain, scaled by Satorra and
#: Bentler's factors of 2001 and of 2010.
TESTS = ("chisq", "scaled", "lrt", "lrt 2001", "lrt 2010")
COLUMNS = (
    "status", *(f"{target}|estimate" for target in TARGETS), *(f"{target}|error" for target in TARGETS),
    "low", "high", *(f"{test}|statistic" for test in TESTS), *(f"{test}|df" for test in TESTS),
)  # fmt: skip
#: Values of the column ``status``.
PROPER, IMPROPER, STUCK, REFUSED = 0.0, 1.0, 2.0, 3.0


@dataclass(frozen=True)
class Method:
    """A way to estimate; ``borrows`` names the method whose estimates (not errors) are the same."""

    name: str
    keywords: Mapping[str, Any]
    borrows: str = ""


_COMPLETE = (
    Method("ML", {}),
    Method("MLR", {"estimator": "MLR"}, "ML"),
    Method("MLM", {"estimator": "MLM"}, "ML"),
)
_BY_SHAPE: dict[Shape, tuple[Method, ...]] = {
    "normal": (*_COMPLETE, Method("GLS", {"estimator": "GLS"})),
    "skewed": _COMPLETE,
    "heavy": _COMPLETE,
    "missing": (
        Method("FIML", {"missing": "fiml"}),
        Method("FIML, MLR", {"missing": "fiml", "estimator": "MLR"}, "FIML"),
        Method("ML, listwise", {}),
    ),
    "clustered": (
        Method("MLR, clusters", {"estimator": "MLR", "cluster": "branch"}),
        Method("ML, clusters ignored", {}, "MLR, clusters"),
    ),
}


@dataclass(frozen=True, order=True)
class Condition:
    """Kind of population, shape of the rows, and their number (in each group, where there are two)."""

    kind: Kind
    shape: Shape
    n: int

    @property
    def name(self) -> str:
        """Short, for files and seeds."""
        return f"{self.kind}-{self.shape}-{self.n}"

    @property
    def methods(self) -> tuple[Method, ...]:
        """Methods that are tried."""
        found = _BY_SHAPE[self.shape]
        return found if self.kind == "mediated" else tuple(m for m in found if m.name not in ("MLM", "GLS"))

    def random(self, replication: int) -> tuple[Generator, int]:
        """The source of a replication's rows, and the seed of its Monte Carlo intervals.

        Both hang on the condition's name and the replication's number alone: the answer is the same whatever else is
        run, in whatever order, by however many workers.
        """
        rows, draws = SeedSequence(SEED, spawn_key=(zlib.crc32(self.name.encode()), replication)).spawn(2)
        return default_rng(rows), int(draws.generate_state(1)[0])


SIZES = (100, 200, 500, 2000)
CONDITIONS = (
    *(Condition("mediated", shape, n) for shape in _BY_SHAPE for n in SIZES),
    *(Condition("without", shape, n) for shape in _BY_SHAPE for n in SIZES),
    *(Condition("groups", shape, n) for shape in ("normal", "heavy") for n in SIZES),
)


def replicate(condition: Condition, replication: int) -> Array:
    """What every method says about one sample, (methods, COLUMNS)."""
    random, seed = condition.random(replication)
    data = draw(condition, random)
    fitted = {"mediated": _mediated, "without": _without, "groups": _groups}[condition.kind]
    return np.array([_line(fitted, data, method, seed) for method in condition.methods])


def draw(condition: Condition, random: Generator) -> pd.DataFrame:
    """The rows of one sample, with a column ``branch`` for clusters and ``group`` for groups."""
    populations = {"mediated": (MEDIATED,), "without": (WITHOUT,), "groups": (MEDIATED, SECOND_GROUP)}[condition.kind]
    rows = [population.rows(condition.n, condition.shape, random) for population in populations]
    data = pd.DataFrame(np.vstack(rows), columns=list(ITEMS))
    if condition.shape == "clustered":
        data["branch"] = clusters(condition.n)
    if condition.kind == "groups":
        data["group"] = np.repeat(["one", "two"], condition.n)
    return data


def _line(fitted: Any, data: pd.DataFrame, method: Method, seed: int) -> Array:
    found = dict.fromkeys(COLUMNS, np.nan)
    try:
        fitted(data, {**method.keywords, "meanstructure": True}, seed, found)
    except AnalysisError:
        found["status"] = REFUSED
    return np.array(list(found.values()))


def _mediated(data: pd.DataFrame, keywords: dict[str, Any], seed: int, found: dict[str, float]) -> None:
    fit = _fitted(MODEL, data, keywords, seed, found)
    if found["status"] < STUCK:
        with suppress(AnalysisError):
            _compare(fit_model(NESTED, data, **keywords), fit, found)


def _without(data: pd.DataFrame, keywords: dict[str, Any], seed: int, found: dict[str, float]) -> None:
    _fitted(MODEL, data, keywords, seed, found)


def _groups(data: pd.DataFrame, keywords: dict[str, Any], seed: int, found: dict[str, float]) -> None:
    metric = fit_model(MEASUREMENT, data, group="group", group_equal=("loadings",), **keywords)
    found["status"] = status(metric)
    if found["status"] < STUCK:
        _keep_tests(metric.solution, found)
        with suppress(AnalysisError):
            _compare(metric, fit_model(MEASUREMENT, data, group="group", **keywords), found)


def _fitted(model: str, data: pd.DataFrame, keywords: dict[str, Any], seed: int, found: dict[str, float]) -> SemResult:
    fit = fit_model(model, data, **keywords)
    found["status"] = status(fit)
    if found["status"] < STUCK:
        _keep_estimates(fit.solution, found)
        _keep_tests(fit.solution, found)
        interval = fit.monte_carlo(DRAWS, seed=seed).set_index("label").loc["indirect"]
        found["low"], found["high"] = float(interval["ci_low"]), float(interval["ci_high"])
    return fit


def status(fit: SemResult) -> float:
    """Proper, improper (an inadmissible solution with standard errors), or stuck."""
    if not fit.converged or fit.solution.vcov is None:
        return STUCK
    return PROPER if fit.admissible else IMPROPER


def _keep_estimates(solution: Solution, found: dict[str, float]) -> None:
    rows = _rows(tuple((row.lhs, row.op, row.rhs or "") for row in solution.table.rows))
    names = [item.name for item in solution.table.definitions]
    for target in TARGETS:
        if target in rows:
            estimate, error = solution.estimates[rows[target]], solution.row_errors[rows[target]]
        elif target in names:
            estimate, error = (part[names.index(target)] for part in solution.defined[:2])
        else:
            at = rows["b"]
            estimate, error = solution.standardised["std_all"][at], solution.standardised_errors["std_all"][at]
        found[f"{target}|estimate"], found[f"{target}|error"] = float(estimate), float(error)


@cache
def _rows(keys: tuple[tuple[str, str, str], ...]) -> dict[str, int]:
    return {target: keys.index(key) for target, key in _ROWS.items()}


def _keep_tests(solution: Solution, found: dict[str, float]) -> None:
    inference = solution.inference
    found["chisq|statistic"], found["chisq|df"] = inference.chisq, float(inference.df)
    if inference.scaled is not None:
        found["scaled|statistic"], found["scaled|df"] = inference.scaled.statistic, float(inference.scaled.df)


def _compare(narrow: SemResult, wide: SemResult, found: dict[str, float]) -> None:
    """Likelihood-ratio tests of a true restriction."""
    if status(narrow) >= STUCK or status(wide) >= STUCK:
        return
    pair = Pair(wide.solution, narrow.solution)
    found["lrt|statistic"], found["lrt|df"] = pair.plain().statistic, float(pair.df)
    if wide.solution.inference.scaled is not None:
        for year in ("2001", "2010"):
            difference = pair.scaled(at_smaller=year == "2010")
            found[f"lrt {year}|statistic"], found[f"lrt {year}|df"] = difference.statistic, float(difference.df)
