"""Modification indices: which fixed parameter would improve the fit most, were it free.

The model is laid out once more with every parameter lavaan's ``modindices()`` offers appended to its own, and slopes
and expected information are evaluated at the solution; nothing is estimated again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, ModelError
from crmstudy.estimating.estimation import objective_for
from crmstudy.estimating.layout import Placement, place
from crmstudy.estimating.solution import Solution
from crmstudy.estimating.standardise import COLUMNS, Standardiser
from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.grammar.terms import Key, Term
from crmstudy.kernels.covariance.information import ModelInformation, least_squares_metrics
from crmstudy.kernels.covariance.score import releases_of_last
from crmstudy.kernels.covariance.structure import Array

MODIFICATION_COLUMNS = ("lhs", "op", "rhs", "group", "mi", "mi_scaled", "epc", "sepc_lv", "sepc_all", "sepc_nox")


def modification_indices(solution: Solution, *, minimum: float = 0.0, standardized: bool = True) -> pd.DataFrame:
    """Score tests of every fixed parameter that could be free, largest first.

    Offered are what lavaan 0.6-14 offers: the model's fixed parameters, loadings of all factors, covariances of
    indicators' residuals and of factors, regressions among all variables that take part in regressions, and, with a
    mean structure, intercepts and latent means; in every group. What is not identified beside the model's own
    parameters (a marker, say) is left out, and so are moments and explanations of exogenous variables whose moments
    are given.

    Parameters
    ----------
    solution : Solution
        A converged and identified solution.
    minimum : float
        Show only indices above this.
    standardized : bool
        Add the standardised expected changes.

    Returns
    -------
    DataFrame
        ``lhs, op, rhs, group`` (its label; ``all`` without groups), ``mi`` (expected decrease of the chi-square, one
        degree of freedom), ``mi_scaled`` (over the mean scaling factor of the fit's scaled test; missing without one),
        ``epc`` (expected change of the parameter) and, standardised, ``sepc_lv``, ``sepc_all``, ``sepc_nox``
        (a covariance as a residual correlation; missing where a variance is not positive).

    Raises
    ------
    ModelError
        When ``minimum`` is no number from 0.
    AnalysisError
        When the model did not converge or is not identified.

    Notes
    -----
    mi = N s²/V and epc = s/V with the score s and the efficient expected information V of the parameter (Sörbom, 1989;
    Saris, Satorra & Sörbom, 1987). lavaan puts the estimate of a variance in the place of its expected change before it
    standardises; here the expected change itself is standardised.
    """
    if isinstance(minimum, bool) or not isinstance(minimum, int | float) or not minimum >= 0:
        raise ModelError(f"minimum= must be a number from 0, such as 3.84; found {minimum!r}.")
    require_optimum(solution, "modification indices")
    extended, rows = extended_by(solution, _candidates(solution.table))
    own = solution.table.n_free
    found = releases_of_last(
        extended.score, extended.information, solution.inference.basis, own, float(solution.sample.n)
    )
    frame = changes_frame(extended, rows, found.changes, standardized=standardized)
    frame.insert(4, "mi", found.statistics)
    frame.insert(5, "mi_scaled", found.statistics / mean_scaling(solution))
    frame = frame[np.isfinite(found.statistics)]
    if minimum > 0:
        frame = frame[frame["mi"] > minimum]
    return frame.sort_values("mi", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Extended:
    """A fitted model with more free parameters than it has, evaluated at its solution.

    ``values`` holds every row of the table, ``score`` (q,) the slopes of the mean log-likelihood, ``information``
    (q, q) the expected information per observation; ``labels`` names the groups.
    """

    table: ParameterTable
    placement: Placement
    values: Array
    score: Array
    information: Array
    solution: Solution

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the groups, ``all`` without groups."""
        return tuple(label or "all" for label in self.solution.sample.labels)


def extended_by(solution: Solution, candidates: Sequence[Row]) -> tuple[Extended, list[Row]]:
    """The fitted model with fixed rows freed and rows appended, and these in the order of their parameters.

    A candidate that stands where another row of its group stands already is left out.
    """
    table, sample = solution.table, solution.sample
    rows, freed = _with_candidates(table, candidates)
    placement = place(replace(table, rows=tuple(rows)), sample.covariances, sample.means)
    twice = _occupied(rows, placement, len(table.rows))
    if twice:
        freed = [row for row in freed if row.name + str(row.group) not in twice]
        rows, freed = _with_candidates(table, freed)
    values = np.concatenate([solution.estimates, np.zeros(len(rows) - len(table.rows))])
    return evaluated(solution, replace(table, rows=tuple(rows)), values, None if twice else placement), freed


def evaluated(solution: Solution, table: ParameterTable, values: Array, placement: Placement | None = None) -> Extended:
    """Slopes and expected information of a table at the values (rows,) of its rows."""
    sample, options = solution.sample, solution.options
    placement = placement or place(table, sample.covariances, sample.means)
    numbers = np.array([row.free for row in table.rows])
    theta: Array = np.zeros(table.n_free)
    theta[numbers[numbers > 0] - 1] = values[numbers > 0]
    objective = objective_for(placement.layouts, sample, options, table.n_free)
    point = objective.evaluate(theta)
    if point is None:
        raise AnalysisError("the solution implies no positive definite covariance matrix.", "SEM_NOT_IDENTIFIED")
    matrices = ModelInformation(objective, point, sample.groups, least_squares_metrics(objective))
    information = matrices.of_parameters("expected", structured=options.structured[0])
    return Extended(table, placement, values, -point.gradient / 2.0, information, solution)


def require_optimum(solution: Solution, what: str) -> None:
    """Refuse a solution that is no optimum, or one of many.

    Raises
    ------
    AnalysisError
    """
    if not solution.optimum.converged:
        raise AnalysisError(
            f"{what} are slopes at the minimum of the discrepancy, but this model did not converge.",
            "SEM_NOT_CONVERGED",
        )
    if not solution.has_errors:
        raise AnalysisError(
            f"{what} need parameters that can be told apart, but this model is not identified.", "SEM_NOT_IDENTIFIED"
        )


def mean_scaling(solution: Solution) -> float:
    """The mean of the chi-square over its degrees of freedom by the fit's scaled test; NaN without one."""
    scaled = solution.inference.scaled
    if scaled is None or solution.df <= 0 or not scaled.trace > 0:
        return float("nan")
    return scaled.trace / solution.df


def changes_frame(extended: Extended, rows: Sequence[Row], changes: Array, *, standardized: bool) -> pd.DataFrame:
    """Names of rows and their expected changes, raw and standardised."""
    frame = pd.DataFrame(
        {
            "lhs": [row.lhs for row in rows],
            "op": [row.op for row in rows],
            "rhs": [row.rhs for row in rows],
            "group": [extended.labels[row.group - 1] for row in rows],
            "epc": changes,
        }
    )
    if not standardized:
        return frame
    solution = extended.solution
    standardiser = Standardiser(extended.table, extended.placement)
    logs = standardiser.logarithms(extended.values, solution.diagonals("phi"), solution.diagonals("sigma"))
    first = solution.table.n_free
    at = {row.free: index for index, row in enumerate(extended.table.rows) if row.free > first}
    places = [at[row.free] for row in rows]
    whole: Array = np.zeros(len(extended.table.rows))
    whole[places] = changes
    for column in COLUMNS:
        frame[column.replace("std", "sepc")] = standardiser.values(column, whole, logs)[places]
    return frame


def _with_candidates(table: ParameterTable, candidates: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The table's rows with the candidates numbered behind its parameters: in their place where they are its own."""
    rows = list(table.rows)
    at = {(Term(row.lhs, row.op, row.rhs).key, row.group): index for index, row in enumerate(rows)}
    freed = []
    for number, row in enumerate(candidates, start=table.n_free + 1):
        index = at.get((Term(row.lhs, row.op, row.rhs).key, row.group))
        if index is None:
            freed.append(replace(row, free=number))
            rows.append(freed[-1])
        else:
            rows[index] = replace(rows[index], free=number)
            freed.append(rows[index])
    return rows, freed


def _occupied(rows: Sequence[Row], placement: Placement, first: int) -> set[str]:
    """Appended rows whose element of a matrix belongs to an earlier row of their group."""
    taken: set[tuple[object, ...]] = set()
    twice = set()
    for index, (row, (matrix, i, j)) in enumerate(zip(rows, placement.places, strict=True)):
        spot = (row.group, matrix, i, j)
        if spot in taken and index >= first:
            twice.add(row.name + str(row.group))
        taken.add(spot)
    return twice


def _candidates(table: ParameterTable) -> list[Row]:
    """Fixed rows of the table, then the parameters it does not have, group by group."""
    found = [
        row for row in table.rows if not row.free and not row.exogenous and not (row.op == "=~" and row.lhs == row.rhs)
    ]
    for group in range(1, table.n_groups + 1):
        known = {Term(row.lhs, row.op, row.rhs).key for row in table.group_rows(group)}
        for key in _offered(table):
            if Term(*key).key not in known:
                known.add(Term(*key).key)
                found.append(Row(*key, value=0.0, group=group, block=group))
    return found


def _offered(table: ParameterTable) -> Iterator[Key]:
    """Loadings, covariances, regressions and intercepts in lavaan's order; exogenous variables stay unexplained."""
    given = set(table.exogenous) if table.fixed_x else set()
    own = [name for name in table.observed if name not in table.exogenous]
    measured = {row.rhs for row in table.rows if row.op == "=~"} - set(table.latent)
    pairs = [(row.lhs, row.rhs) for row in table.rows if row.op == "~"]
    composed = [row.rhs for row in table.rows if row.op == "<~"]
    equations = list(dict.fromkeys([lhs for lhs, _ in pairs] + [rhs for _, rhs in pairs] + composed))
    for factor in table.latent:
        yield from ((factor, "=~", name) for name in own if name not in equations)
    yield from ((a, "~~", b) for a, b in combinations_with_replacement([n for n in own if n in measured], 2))
    yield from ((a, "~~", b) for a, b in combinations_with_replacement(table.latent, 2))
    for lhs in equations:
        if lhs not in given:
            known = {lhs} | (set(table.latent) if lhs in measured else set())
            yield from ((lhs, "~", rhs) for rhs in equations if rhs not in known)
    if table.meanstructure:
        yield from ((name, "~1", "") for name in (*table.observed, *table.latent) if name not in given)
