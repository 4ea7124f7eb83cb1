"""Which variable is imputed from which: the work array of the chains, and the predictors of every target.

An item is predicted by the other items of its own scales, the mean scores of the other scales, and every other
variable; anything else by all mean scores and all other variables. That keeps a model of 60 items small without leaving
out what an analysis of scale scores will ask about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crmstudy.imputing.request import Request, Variable
from crmstudy.kernels.incomplete.clustered_regression import ClusterRows
from crmstudy.kernels.incomplete.imputing import CONSTANT, Derived, Indices, Method, Plan, Target
from crmstudy.kernels.moments import Array

#: Observed rows for each predictor; with fewer the weakest predictors are left out.
ROWS_A_PREDICTOR = 3
#: Clusters for each cluster mean among the predictors.
CLUSTERS_A_MEAN = 4
#: What is left of a predictor after the stronger ones, below which it says nothing of its own.
_DEPENDENT = 1e-8


@dataclass(eq=False)
class _Work:
    """The work columns as they are gathered: values (n,), NaN in gaps; what each is called and which variable's."""

    rows: Indices
    columns: list[Array] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    derived: list[Derived] = field(default_factory=list)
    of_variable: dict[str, list[int]] = field(default_factory=dict)
    of_scale: dict[str, int] = field(default_factory=dict)
    of_mean: dict[int, int] = field(default_factory=dict)
    shift: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, name: str, values: Array) -> int:
        self.columns.append(values)
        self.names.append(name)
        return len(self.columns) - 1


@dataclass(frozen=True, eq=False)
class Planned:
    """A plan with the words for it.

    ``shift`` gives mean and standard deviation by which a numeric target was standardised; ``predictors`` the names by
    target; ``dropped`` and ``dependent`` the predictors left out because rows were too few, or because they follow
    from others; ``level_two`` variables that do not vary within clusters.
    """

    plan: Plan
    rows: Indices
    shift: Mapping[str, tuple[float, float]]
    predictors: Mapping[str, tuple[str, ...]]
    dropped: Mapping[str, tuple[str, ...]]
    dependent: Mapping[str, tuple[str, ...]]
    level_two: tuple[str, ...] = ()


def make_plan(asked: Request, rows: Indices, indicators: Mapping[str, Array]) -> Planned:
    """The plan for some rows: all of them, or those of one group.

    Parameters
    ----------
    asked : Request
    rows : array of int
    indicators : mapping of str to (n,) array
        Indicators of the groups, where these are in the model.
    """
    clusters = None
    if asked.cluster is not None:
        codes, values = asked.frame[asked.cluster].iloc[rows].factorize(sort=False)
        clusters = ClusterRows(np.asarray(codes, dtype=np.intp), len(values))
    variables = {name: Variable(name, one.values[rows], one.categories) for name, one in asked.variables.items()}
    level_two = () if clusters is None else tuple(
        name for name, one in variables.items() if one.missing.any() and _flat_within(one, clusters)
    )  # fmt: skip
    variables = {name: one for name, one in variables.items() if name not in level_two}
    work = _gather(asked, rows, variables, indicators, clusters)
    whole = np.stack(work.columns)
    targets: list[Target] = []
    predictors, dropped, dependent, where = {}, {}, {}, {}
    order = sorted(
        (one for one in variables.values() if one.missing.any()), key=lambda one: (int(one.missing.sum()), one.name)
    )
    for variable in order:
        chosen, weak, bound = _predictors(asked, variable, work, whole, clusters)
        predictors[variable.name] = tuple(work.names[column] for column in chosen)
        dropped[variable.name] = tuple(work.names[column] for column in weak)
        dependent[variable.name] = tuple(work.names[column] for column in bound)
        if variable.categories:
            where[len(targets)] = np.array(work.of_variable[variable.name], dtype=np.intp)
        targets.append(_target(asked, variable, work, chosen))
    plan = Plan(whole, targets, tuple(work.derived), where, clusters)
    return Planned(plan, rows, work.shift, predictors, dropped, dependent, level_two)


def _target(asked: Request, variable: Variable, work: _Work, chosen: Sequence[int]) -> Target:
    missing = np.flatnonzero(variable.missing)
    observed = np.flatnonzero(~variable.missing)
    at = np.array([CONSTANT, *chosen], dtype=np.intp)
    if variable.categories:
        levels = len(variable.categories)
        return Target(variable.name, -1, missing, observed, at, "logit", variable.values[observed], levels)
    column = work.of_variable[variable.name][0]
    method: Method = "norm" if asked.options.method_of(variable.name) == "norm" else "pmm"
    return Target(variable.name, column, missing, observed, at, method, work.columns[column][observed])


def _gather(
    asked: Request,
    rows: Indices,
    variables: Mapping[str, Variable],
    indicators: Mapping[str, Array],
    clusters: ClusterRows | None,
) -> _Work:
    work = _Work(rows)
    work.add("1", np.ones(len(rows)))
    for name, one in variables.items():
        if one.categories:
            work.of_variable[name] = [
                work.add(f"{name} = {level}", np.where(one.missing, np.nan, one.values == place))
                for place, level in enumerate(one.categories)
                if place
            ]
            continue
        given = one.values[~one.missing]
        mean = float(given.mean()) if len(given) else 0.0
        spread = float(given.std()) if len(given) and not one.constant else 0.0
        spread = spread if spread > 0 else 1.0
        work.shift[name] = (mean, spread)
        work.of_variable[name] = [work.add(name, (one.values - mean) / spread)]
    for name, values in indicators.items():
        work.of_variable[name] = [work.add(name, values[rows])]
    for scale, members in sorted(asked.scales.items()):
        own = [name for name in members if name in variables and not variables[name].categories]
        if own:
            work.of_scale[scale] = _add_mean(work, scale, own)
    if clusters is not None:
        for column in range(1, len(work.columns)):
            _add_cluster_mean(work, column, clusters)
    return work


def _add_mean(work: _Work, scale: str, members: Sequence[str]) -> int:
    """The mean score of a scale, from its items in their own units; NaN where none was answered."""
    at = np.array([work.of_variable[name][0] for name in members], dtype=np.intp)
    weights = np.array([work.shift[name][1] for name in members]) / len(members)
    items = np.stack([work.columns[column] for column in at])
    there = ~np.isnan(items)
    total = np.where(there, items * weights[:, None], 0.0).sum(axis=0)
    share = (there * weights[:, None]).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        column = work.add(f"mean of {scale}", np.where(share > 0, total / share * weights.sum(), np.nan))
    work.derived.append(Derived(column, at, weights))
    return column


def _add_cluster_mean(work: _Work, column: int, clusters: ClusterRows) -> None:
    values = work.columns[column]
    there = ~np.isnan(values)
    sums, counts = clusters.sums(np.where(there, values, 0.0)), clusters.sums(there.astype(np.float64))
    means = sums / np.maximum(counts, 1.0)
    spread = values - means[clusters.codes]
    if not np.nansum(spread**2) > _DEPENDENT * np.nansum(values**2):
        return  # a property of the cluster is its own mean
    place = work.add(f"cluster mean of {work.names[column]}", np.where(counts > 0, means, np.nan)[clusters.codes])
    work.of_mean[column] = place
    work.derived.append(Derived(place, np.array([column], dtype=np.intp), np.ones(1), by_cluster=True))


def _predictors(
    asked: Request, variable: Variable, work: _Work, whole: Array, clusters: ClusterRows | None
) -> tuple[list[int], list[int], list[int]]:
    """Columns that predict a variable; those left out because rows are too few; those that follow from others."""
    name = variable.name
    own = {scale for scale, members in asked.scales.items() if name in members}
    beside = {item for scale in own for item in asked.scales[scale]}
    scaled = {item for members in asked.scales.values() for item in members}
    candidates = [
        column
        for other, columns in work.of_variable.items()
        if other != name and (other in beside or other not in scaled)
        for column in columns
    ]
    candidates += [column for scale, column in work.of_scale.items() if scale not in own]
    outcome = variable.values if not variable.categories else _scores(variable, whole, candidates)
    strength = _strength(outcome, whole, candidates)
    varying = [column for column in candidates if np.isfinite(strength[column])]
    varying.sort(key=lambda column: -strength[column])
    kept, dependent = _independent(varying, whole)
    room = max(1, int((~variable.missing).sum() - 1) // ROWS_A_PREDICTOR)
    means = [] if clusters is None else _cluster_means(outcome, work, whole, kept, clusters)
    chosen, weak = kept[:room], kept[room:]
    spare = max(0, room - len(chosen))
    return sorted([*chosen, *means[:spare]]), sorted(weak), sorted(dependent)


def _scores(variable: Variable, whole: Array, candidates: Sequence[int]) -> Array:
    """Categories in the order that the first direction of their differences gives: whether one is the most frequent."""
    given = variable.values[~variable.missing]
    usual = float(np.bincount(given.astype(int)).argmax())
    return np.where(variable.missing, np.nan, (variable.values == usual).astype(np.float64))


def _strength(outcome: Array, whole: Array, candidates: Sequence[int]) -> dict[int, float]:
    """Size of the correlation with each candidate over the rows that have both; NaN where the candidate is constant."""
    found: dict[int, float] = {}
    for column in candidates:
        both = ~(np.isnan(outcome) | np.isnan(whole[column]))
        x, y = whole[column][both], outcome[both]
        if len(x) < 2 or np.ptp(x) <= 1e-12 * max(1.0, float(np.abs(x).max())):
            found[column] = np.nan
            continue
        size = float(np.sqrt(((x - x.mean()) ** 2).sum() * ((y - y.mean()) ** 2).sum()))
        found[column] = abs(float((x - x.mean()) @ (y - y.mean()))) / size if size > 0 else 0.0
    return found


def _independent(columns: Sequence[int], whole: Array) -> tuple[list[int], list[int]]:
    """Columns that are not determined by those before them, judged in the rows that have all; and the others."""
    if not columns:
        return [], []
    values = whole[list(columns)]
    complete = ~np.isnan(values).any(axis=0)
    if complete.sum() <= 2 * len(columns):
        return _without_copies(columns, whole)
    rows: NDArray[np.float64] = values[:, complete]
    rows = rows - rows.mean(axis=1, keepdims=True)
    basis: list[Array] = []
    kept, dependent = [], []
    for column, row in zip(columns, rows, strict=True):
        size = float(row @ row)
        left = row.copy()
        for _ in range(2):
            for direction in basis:
                left = left - (direction @ left) * direction
        rest = float(left @ left)
        if size > 0 and rest <= _DEPENDENT * size:
            dependent.append(column)
            continue
        kept.append(column)
        if rest > 0:
            basis.append(left / np.sqrt(rest))
    return kept, dependent


def _without_copies(columns: Sequence[int], whole: Array) -> tuple[list[int], list[int]]:
    """With too few complete rows only copies can be seen: correlations of 1 over the rows that have both."""
    kept: list[int] = []
    copies: list[int] = []
    for column in columns:
        against = _strength(whole[column], whole, kept)
        shared = {other: int((~np.isnan(whole[other]) & ~np.isnan(whole[column])).sum()) for other in kept}
        same = any(value > 1.0 - _DEPENDENT and shared[other] > 3 for other, value in against.items())
        (copies if same else kept).append(column)
    return kept, copies


def _cluster_means(outcome: Array, work: _Work, whole: Array, kept: Sequence[int], clusters: ClusterRows) -> list[int]:
    """Cluster means of the predictors, the strongest first, one for every few clusters."""
    places = [work.of_mean[column] for column in kept if column in work.of_mean]
    strength = _strength(outcome, whole, places)
    places = [place for place in places if np.isfinite(strength[place])]
    places.sort(key=lambda place: -strength[place])
    return places[: max(1, clusters.count // CLUSTERS_A_MEAN)]


def _flat_within(variable: Variable, clusters: ClusterRows) -> bool:
    """Whether a variable is the same for all of a cluster, in clusters that have two answers or more."""
    there = ~variable.missing
    low, high = np.full(clusters.count, np.inf), np.full(clusters.count, -np.inf)
    np.minimum.at(low, clusters.codes[there], variable.values[there])
    np.maximum.at(high, clusters.codes[there], variable.values[there])
    counts = clusters.sums(there.astype(np.float64))
    several = counts > 1
    return bool(several.any() and (low[several] == high[several]).all() and not variable.constant)
