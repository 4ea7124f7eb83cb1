"""Score tests: what would be gained by releasing equality constraints, or by adding parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import Fault, ModelError, UnsupportedError, did_you_mean
from crmstudy.estimating.restricting import restrictions_of
from crmstudy.estimating.solution import Solution
from crmstudy.fitted.modification import (
    Extended,
    changes_frame,
    evaluated,
    extended_by,
    require_optimum,
)
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.grammar.terms import Term
from crmstudy.kernels.covariance.constrained import null_space
from crmstudy.kernels.covariance.score import JointTest, Releases, directions_of, releases_of, releases_of_last
from crmstudy.kernels.covariance.structure import Array, Indices
from crmstudy.notes import Note


@dataclass(frozen=True, eq=False)
class ScoreTests:
    """Score tests of a fitted model.

    ``.tables`` (also ``result["total"]``):

    - ``total``: ``stat, df, p_value`` of all together, and ``df_identified, p_identified``: the same with only those
      counted that can be told apart once all are released (a note says where the two differ);
    - ``univariate``: one row each, with ``statistic, df, p_value``. An equality is named by its two sides (``lhs, op,
      rhs``) and has the expected changes of both, ``epc_lhs`` and ``epc_rhs``; an added parameter by ``lhs, op, rhs,
      group`` and has ``epc, sepc_lv, sepc_all, sepc_nox``;
    - ``epc``: all parameters with the changes to be expected when everything is released: ``lhs, op, rhs, group,
      label, estimate, epc, epv`` (the expected value); empty where that is not identified;
    - ``cumulative``, where asked for: one after the other, the largest first, with ``df_identified, p_identified``.
    """

    tables: Mapping[str, pd.DataFrame]
    notes: tuple[Note, ...] = field(default=())

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]


def score_tests(solution: Solution, add: str | None = None, *, cumulative: bool = False) -> ScoreTests:
    """Score (Lagrange multiplier) tests of equality constraints, or of parameters that could be added.

    Parameters
    ----------
    solution : Solution
        A converged and identified solution.
    add : str, optional
        Parameters to free, in lavaan syntax (``"f1 =~ x4"``), in every group; without it the equality constraints of
        the model are released: shared labels, ``group_equal`` (each group against the first) and ``==``.
    cumulative : bool
        Also release one after the other.

    Raises
    ------
    ModelError
        When ``add`` cannot be read, names unknown variables or free parameters, or there is nothing to release.
    UnsupportedError
        When the model has inequality constraints.
    AnalysisError
        When the model did not converge or is not identified.

    Notes
    -----
    With s the score and V the efficient expected information, N s'V⁻s is chi-square distributed when the constraints
    hold (Sörbom, 1989). As in lavaan 0.6-14 ``df`` counts the constraints, and the test is the ordinary one whatever
    the standard errors; both get a note where they matter.
    """
    require_optimum(solution, "score tests")
    if any(constraint.op != "==" for constraint in solution.table.constraints):
        raise UnsupportedError(
            "score tests hold parameters by equalities; this model has inequality constraints (< or >). Fit it without."
        )
    return _added(solution, add, cumulative) if add is not None else _released(solution, cumulative)


def _added(solution: Solution, add: str, cumulative: bool) -> ScoreTests:
    asked = _rows_to_add(solution.table, add)
    extended, rows = extended_by(solution, asked)
    if len(rows) < len(asked):
        found = {(row.name, row.group) for row in rows}
        twice = ", ".join(dict.fromkeys(row.name for row in asked if (row.name, row.group) not in found))
        raise ModelError(f"add= has {twice}, which is another parameter of the model by another name; leave it out.")
    own, basis = solution.table.n_free, solution.inference.basis
    releases = releases_of_last(extended.score, extended.information, basis, own, float(solution.sample.n))
    names = changes_frame(extended, rows, releases.changes, standardized=True)
    univariate = _with_tests(names, 4, releases)
    changes = releases.joint_changes(np.arange(len(rows)))
    whole: Array | None = None
    if changes is not None:
        adapted = -releases.adaptation @ changes
        whole = np.concatenate([adapted if basis is None else basis @ adapted, changes])
    return _told(
        solution, releases, univariate, _changes_table(extended, whole), cumulative, ["lhs", "op", "rhs", "group"]
    )


def _released(solution: Solution, cumulative: bool) -> ScoreTests:
    table = solution.table
    split = replace(table, rows=tuple(_each_alone(table.rows)))
    equalities, jacobian = _equalities(solution, split)
    if not equalities:
        raise ModelError(
            "there is no equality constraint to release: the model has no shared labels, no group_equal and no '=='. "
            "For parameters that are not in the model give add='lhs op rhs'."
        )
    extended = evaluated(solution, split, solution.estimates)
    independent, directions = directions_of(jacobian)
    basis = null_space(jacobian)
    releases = releases_of(extended.score, extended.information, basis, directions, float(solution.sample.n))
    along = directions - basis @ releases.adaptation
    kept = [equalities[index] for index in independent]
    names = pd.DataFrame([equality.names for equality in kept], columns=["lhs", "op", "rhs"])
    univariate = _with_tests(names, 3, releases)
    univariate["epc_lhs"], univariate["epc_rhs"] = _sides(kept, along * releases.changes)
    changes = releases.joint_changes(np.arange(len(kept)))
    whole = None if changes is None else along @ changes
    notes = []
    if len(kept) < len(equalities):
        left_out = [" ".join(e.names) for number, e in enumerate(equalities) if number not in independent]
        message = f"These equalities follow from the others and were not tested: {'; '.join(left_out)}."
        notes.append(Note("SEM_CONSTRAINT_REDUNDANT", message))
    found = _told(solution, releases, univariate, _changes_table(extended, whole), cumulative, ["lhs", "op", "rhs"])
    return replace(found, notes=(*notes, *found.notes))


@dataclass(frozen=True, slots=True)
class _Equality:
    """One equality: its two sides as they are read, and the parameters (from 0) they are, where they are parameters."""

    names: tuple[str, str, str]
    lhs: int | None = None
    rhs: int | None = None


def _each_alone(rows: Sequence[Row]) -> list[Row]:
    """The rows with a free number of their own each."""
    free = [row for row in rows if row.free]
    numbers = {id(row): number for number, row in enumerate(free, start=1)}
    return [replace(row, free=numbers[id(row)]) if row.free else row for row in rows]


def _equalities(solution: Solution, split: ParameterTable) -> tuple[list[_Equality], Array]:
    """What holds parameters equal, and the slopes (r, q) of these constraints by the parameters of ``split``."""
    rows, labels = solution.table.rows, solution.sample.labels
    pairs = _label_pairs(rows)
    at = solution.table.label_rows
    written = [c for c in solution.spec.constraints if c.op == "==" and c.lhs.tree[0] == c.rhs.tree[0] == "name"]
    for constraint in written:
        one, other = at.get(str(constraint.lhs.tree[1])), at.get(str(constraint.rhs.tree[1]))
        if one is not None and other is not None and rows[one].free and one != other:
            pairs.append((one, other))
    pairs += _unjoined(rows, pairs)
    found, slopes = [], []
    unit = np.eye(split.n_free)
    for one, other in pairs:
        first, second = split.rows[one].free - 1, split.rows[other].free - 1
        names = (_told_name(rows[one], labels), "==", _told_name(rows[other], labels))
        found.append(_Equality(names, first, second))
        slopes.append(unit[first] - unit[second])
    general = restrictions_of(split)
    if general is not None and general.n_equal:
        theta = solution.estimates[[index for index, row in enumerate(split.rows) if row.free]]
        found += [_Equality((str(c.lhs), "==", str(c.rhs))) for c in split.constraints if c.op == "=="]
        slopes += list(general.equal_slopes(theta))
    return found, np.array(slopes).reshape(len(found), split.n_free)


def _label_pairs(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """The first row of each label with every other free row of it."""
    first: dict[str, int] = {}
    pairs = []
    for index, row in enumerate(rows):
        if row.free and row.label is not None:
            start = first.setdefault(row.label, index)
            if start != index and rows[start].free == row.free:
                pairs.append((start, index))
    return pairs


def _unjoined(rows: Sequence[Row], pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Rows of one parameter that labels and constraints do not join yet, with the first row of the parameter."""
    parent = list(range(len(rows)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    for one, other in pairs:
        parent[root(other)] = root(one)
    first: dict[int, int] = {}
    found = []
    for index, row in enumerate(rows):
        if row.free and root(index) != root(first.setdefault(row.free, index)):
            found.append((first[row.free], index))
            parent[root(index)] = root(first[row.free])
    return found


def _told_name(row: Row, labels: Sequence[str]) -> str:
    return f"{row.name} ({labels[row.group - 1]})" if len(labels) > 1 else row.name


def _sides(equalities: Sequence[_Equality], moves: Array) -> tuple[list[float], list[float]]:
    """Expected changes of the two sides of each equality; missing for sides that are no single parameter."""

    def of(parameter: int | None, column: int) -> float:
        return float("nan") if parameter is None else float(moves[parameter, column])

    left = [of(equality.lhs, column) for column, equality in enumerate(equalities)]
    return left, [of(equality.rhs, column) for column, equality in enumerate(equalities)]


def _with_tests(names: pd.DataFrame, at: int, releases: Releases) -> pd.DataFrame:
    """Names of directions with the test of each by itself."""
    found = names.copy()
    tests = [releases.joint(np.array([number])) for number in range(len(names))]
    known = np.isfinite(releases.statistics)
    found.insert(at, "statistic", releases.statistics)
    found.insert(at + 1, "df", [1] * len(names))
    found.insert(at + 2, "p_value", [test.p_value if yes else np.nan for test, yes in zip(tests, known, strict=True)])
    return found


def _told(
    solution: Solution, releases: Releases, univariate: pd.DataFrame, changes: pd.DataFrame, cumulative: bool,
    names: list[str],
) -> ScoreTests:  # fmt: skip
    """All tables, and the notes they need."""
    everything = np.arange(len(univariate))
    total = releases.joint(everything)
    tables = {
        "total": pd.DataFrame([_joint_row(total, "stat")]),
        "univariate": univariate,
        "epc": changes,
    }
    if cumulative:
        tables["cumulative"] = _cumulative(releases, univariate[names])
    notes = _notes(solution, releases, total, univariate[names])
    return ScoreTests(MappingProxyType(tables), tuple(notes))


def _joint_row(test: JointTest, name: str) -> dict[str, Any]:
    return {
        name: test.statistic, "df": test.df, "p_value": test.p_value, "df_identified": test.rank,
        "p_identified": test.p_of_rank,
    }  # fmt: skip


def _cumulative(releases: Releases, names: pd.DataFrame) -> pd.DataFrame:
    order: Indices = np.argsort(-np.nan_to_num(releases.statistics, nan=-1.0), kind="stable")
    steps = pd.DataFrame([_joint_row(releases.joint(order[: step + 1]), "statistic") for step in range(len(order))])
    return pd.concat([names.iloc[order].reset_index(drop=True), steps], axis=1)


def _notes(solution: Solution, releases: Releases, total: JointTest, names: pd.DataFrame) -> list[Note]:
    notes = []
    if total.rank < total.df:
        message = (
            f"With all {total.df} released the model is not identified: only {total.rank} can be told apart, and the "
            f"total statistic belongs to {total.rank} degrees of freedom (df_identified), not to {total.df}."
        )
        notes.append(Note("SEM_RELEASED_UNIDENTIFIED", message, "warning"))
    for number in np.flatnonzero(~np.isfinite(releases.statistics)):
        subject = " ".join(str(part) for part in names.iloc[number] if part)
        message = f"Without it the model is not identified; there is no test of {subject}."
        notes.append(Note("SEM_RELEASED_UNIDENTIFIED", message, "warning", subject))
    if solution.inference.scaled is not None or solution.options.se != "standard":
        message = "Score tests are the ordinary ones of normal theory; they are not corrected as the fit is."
        notes.append(Note("SEM_SCORE_NOT_ROBUST", message))
    return notes


def _changes_table(extended: Extended, changes: Array | None) -> pd.DataFrame:
    """Every row of the table with its expected change and value, when everything is released."""
    columns = ["lhs", "op", "rhs", "group", "label", "estimate", "epc", "epv"]
    if changes is None:
        return pd.DataFrame(columns=columns)
    records = []
    for row, value in zip(extended.table.rows, extended.values, strict=True):
        change = float(changes[row.free - 1]) if row.free else 0.0
        label = row.label or ""
        name = (row.lhs, row.op, row.rhs, extended.labels[row.group - 1], label)
        records.append((*name, float(value), change, float(value) + change))
    return pd.DataFrame(records, columns=columns)


def _rows_to_add(table: ParameterTable, add: str) -> list[Row]:
    """The parameters that ``add`` names, in every group.

    Raises
    ------
    ModelError
        With every fault found.
    """
    if not isinstance(add, str):
        raise ModelError(f"add= must be a text in lavaan syntax, such as 'f1 =~ x4'; found {type(add).__name__}.")
    spec = parse_model(add)
    faults = _faults_of(spec, table)
    if faults:
        raise ModelError(faults)
    return [
        Row(term.lhs, term.op, term.rhs, value=0.0, group=group, block=group)
        for group in range(1, table.n_groups + 1)
        for term in spec.terms
    ]


def _faults_of(spec: ModelSpec, table: ParameterTable) -> list[Fault]:
    faults = []
    if spec.definitions or spec.constraints:
        faults.append(Fault("add= takes parameters such as 'f1 =~ x4'; it has definitions or constraints too."))
    known = (*table.latent, *table.observed)
    rows = {Term(row.lhs, row.op, row.rhs).key: row for row in table.rows if row.free or row.exogenous}
    for term in spec.terms:
        shown = f"{term.lhs} {term.op} {term.rhs}".rstrip()
        unknown = [name for name in dict.fromkeys((term.lhs, term.rhs)) if name and name not in known]
        faults += [
            Fault(f"add= names '{name}', which is no variable of the model.{did_you_mean(name, known)}")
            for name in unknown
        ]
        if unknown:
            continue
        if str(term) not in (term.rhs, "1"):
            faults.append(Fault(f"add= frees a parameter; leave the modifier of '{shown}' out."))
        if term.op == "=~" and term.lhs not in table.latent:
            faults.append(Fault(f"add= has '{shown}', but '{term.lhs}' is no factor of the model."))
        if term.op == "~1" and not table.meanstructure:
            faults.append(Fault(f"add= has '{shown}', but the model has no means; fit it with meanstructure=True."))
        if term.op == "~*~":
            faults.append(Fault(f"add= has '{shown}'; scaling factors cannot be added."))
        row = rows.get(term.key)
        if row is not None:
            why = "is given, not estimated" if row.exogenous else "is free in the model already"
            faults.append(Fault(f"add= has '{shown}', which {why}; leave it out."))
    return faults
