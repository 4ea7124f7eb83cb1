"""Which fits can be compared: the same variables of the same rows, fitted in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from crmstudy.errors import Fault, ModelError, did_you_mean
from crmstudy.estimating.options import SCALED_TESTS
from crmstudy.estimating.solution import Solution
from crmstudy.fitted.nesting import Pair
from crmstudy.fitted.semresult import SemResult
from crmstudy.numerals import write_number

METHODS = ("default", "standard", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000")
#: Moments of one data set differ by less than this in standard deviations, however they were computed.
_SAME_MOMENTS = 1e-6


def spelled(method: str) -> str:
    """The method's own name, however it is written; empty for one that does not exist."""
    plain = "".join(sign for sign in str(method).lower() if sign not in "-_. ")
    known = {name.replace(".", ""): name for name in METHODS}
    return known.get(plain, "")


def test_of(solutions: Sequence[Solution]) -> str:
    """The test that the fits share; a fit without degrees of freedom has any."""
    tests = [s.options.test for s in solutions if s.df > 0] or [solutions[0].options.test]
    return next((test for test in tests if test in SCALED_TESTS), "standard")


def labelled(
    fits: Sequence[Any], names: Sequence[str] | None, wanted: type, words: str
) -> tuple[list[str], list[Fault]]:
    """Names of the models, and what is wrong with the fits (all should be ``wanted``, two or more) or the names."""
    faults = []
    strange = [type(fit).__name__ for fit in fits if not isinstance(fit, wanted)]
    if strange:
        faults.append(Fault(f"compare_models() compares {words}; found {', '.join(strange)}."))
    elif len(fits) < 2:
        faults.append(Fault(f"compare_models() compares two fits or more; found {len(fits)}."))
    labels = [f"model {number}" for number in range(1, len(fits) + 1)] if names is None else [str(n) for n in names]
    if len(labels) != len(fits) or len(set(labels)) != len(labels):
        faults.append(Fault(f"names= must hold a name of its own for each of the {len(fits)} fits; found {labels}."))
    return labels, faults


def check_comparable(fits: Sequence[Any], method: str, names: Sequence[str] | None, jacobian: str) -> list[str]:
    """Names of the models, after every fault of the request was looked for."""
    faults = []
    if not spelled(method):
        hint = did_you_mean(str(method), METHODS)
        faults.append(Fault(f"method={method!r} does not exist; choose {', '.join(METHODS)}.{hint}"))
    if jacobian not in ("delta", "exact"):
        faults.append(Fault(f"jacobian={jacobian!r} does not exist; choose 'delta' or 'exact'."))
    labels, more = labelled(fits, names, SemResult, "fits of sem() and cfa()")
    faults += more
    if faults:
        raise ModelError(faults)
    solutions = [fit.solution for fit in fits]
    for name, solution in zip(labels[1:], solutions[1:], strict=True):
        faults += _differences(labels[0], solutions[0], name, solution)
    faults += _test_faults(labels, solutions, method)
    if faults:
        raise ModelError(faults)
    return labels


def _differences(one: str, first: Solution, other: str, second: Solution) -> list[Fault]:
    """What makes a fit incomparable with the first one."""
    ours, theirs = set(first.table.observed), set(second.table.observed)
    if ours != theirs:
        only = [f"only '{one}' has {', '.join(sorted(ours - theirs))}"] if ours - theirs else []
        only += [f"only '{other}' has {', '.join(sorted(theirs - ours))}"] if theirs - ours else []
        message = (
            f"models of the same variables can be compared; {' and '.join(only)}. Neither chi-squares nor AIC and BIC "
            "of different variables are comparable; keep a variable in the model with its paths fixed at 0 instead."
        )
        return [Fault(message)]
    faults = []
    for name, shown in (
        ("discrepancy", "estimator"), ("likelihood", "likelihood"), ("missing", "missing"), ("cluster", "cluster"),
        ("weights", "weights"), ("group", "group"),
    ):  # fmt: skip
        mine, others = getattr(first.options, name), getattr(second.options, name)
        if mine != others:
            message = f"'{one}' was fitted with {shown}={mine!r} and '{other}' with {others!r}; use the same."
            faults.append(Fault(message))
    if first.table.meanstructure != second.table.meanstructure:
        with_means, without = (one, other) if first.table.meanstructure else (other, one)
        message = f"'{with_means}' models means and '{without}' does not; fit both with meanstructure=True."
        faults.append(Fault(message))
    return faults or _data_faults(one, first, other, second)


def _data_faults(one: str, first: Solution, other: str, second: Solution) -> list[Fault]:
    if set(first.sample.labels) != set(second.sample.labels):
        return [Fault(f"'{one}' and '{other}' have different groups; fit both to the same data.")]
    pair = Pair(first, second)
    groups = [second.sample.groups[at] for at in pair.group_order]
    counts = [(group.n, against.n) for group, against in zip(first.sample.groups, groups, strict=True)]
    if any(abs(n - against) > 1e-6 for n, against in counts):
        mine, others = (write_number(sum(pair[at] for pair in counts), "n") for at in (0, 1))
        message = f"'{one}' was fitted to {mine} rows and '{other}' to {others} (by group or in all); "
        return [Fault(message + "drop the rows that lack an answer to any variable first.")]
    for group, against in zip(first.sample.groups, groups, strict=True):
        spread = np.sqrt(np.diagonal(group.covariance))
        means = (group.mean - against.mean[pair.order]) / spread
        gaps = group.covariance - against.covariance[np.ix_(pair.order, pair.order)]
        if max(np.abs(means).max(), np.abs(gaps / np.multiply.outer(spread, spread)).max()) > _SAME_MOMENTS:
            message = f"'{one}' and '{other}' were fitted to different data: their sample moments differ; "
            return [Fault(message + "use the same rows.")]
    return []


def _test_faults(names: Sequence[str], solutions: Sequence[Solution], method: str) -> list[Fault]:
    """Fits with degrees of freedom must share one test, and the method must be one for them."""
    tests = {n: s.options.test for n, s in zip(names, solutions, strict=True) if s.df > 0}
    kinds = {"standard" if test not in SCALED_TESTS else test for test in tests.values()}
    if len(kinds) > 1:
        told = ", ".join(f"'{name}' {test}" for name, test in tests.items())
        return [Fault(f"the fits have different tests ({told}); fit all with the same estimator and test.")]
    asked = spelled(method)
    by_traces = asked == "satorra.2000" or (asked == "default" and kinds & {"scaled.shifted", "mean.var.adjusted"})
    if not by_traces or not kinds & set(SCALED_TESTS):
        return []
    options = solutions[0].options
    if options.fiml or options.weights is not None:
        what = "missing='fiml'" if options.fiml else "weights="
        message = f"method='satorra.2000' is for complete, unweighted rows, not for {what}; use satorra.bentler.2001."
        return [Fault(message)]
    return []
