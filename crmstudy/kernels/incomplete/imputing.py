r"""Multiple imputation by chained equations: every gap filled in m ways, all chains side by side.

A variable with gaps is regressed on the others where it was observed; the parameters are *drawn* from their posterior
(Rubin, 1987, ch. 5; van Buuren, 2018, alg. 3.1), and the gaps are filled from the drawn regression:

.. math:: \sigma^{*2} = \mathrm{SSR}/\chi^2_{n-q}, \quad
          \beta^* = \hat\beta + \sigma^* (X'X + \kappa\,\mathrm{diag}\,X'X)^{-1/2} z, \qquad \kappa = 10^{-5}.

``pmm`` takes the answer of one of the ``donors`` respondents whose fitted value :math:`x\hat\beta` is nearest to the
drawn :math:`x\beta^*` of the gap (type-1 matching), so that only answers that were given are filled in; ``norm`` adds
noise to the drawn prediction; ``logit`` draws a category from a multinomial logit model whose coefficients are drawn.

Arrays are ``(m, P, n)``: chains, columns, rows. The cross-products of all columns are kept up to date, and the rows
with gaps are taken off them for each regression, which is what makes it fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from crmstudy.kernels.incomplete.clustered_regression import ClusterRows, draw_clustered
from crmstudy.kernels.incomplete.logit import draw_logit
from crmstudy.kernels.moments import Array

Indices = NDArray[np.intp]
Method = Literal["pmm", "norm", "logit"]
#: Added to the diagonal of X'X, times that diagonal, as mice does.
RIDGE = 1e-5
#: Fitted values nearer than this share of their spread count as equal.
_TIED = 1e-9
#: Bytes that the chains worked on at a time may take.
_MEMORY = 256e6
#: Column of ones in every work array.
CONSTANT = 0


@dataclass(frozen=True, eq=False, slots=True)
class Target:
    """One variable with gaps.

    Attributes
    ----------
    name : str
        What its random numbers are named after.
    column : int
        Its column of the work array; -1 for categories, whose codes are kept apart and enter by their indicators.
    missing, observed : (k,) and (n - k,) arrays
        Rows.
    predictors : (q,) array
        Columns of the work array, the constant first.
    method : {"pmm", "norm", "logit"}
    values : (n - k,) array
        What was observed, in the order of ``observed``; whole numbers from 0 for categories.
    levels : int
        Number of categories; 0 for numbers.
    """

    name: str
    column: int
    missing: Indices
    observed: Indices
    predictors: Indices
    method: Method
    values: Array
    levels: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Derived:
    """A column computed from others: a weighted sum of ``members``, or the mean of a column within clusters."""

    column: int
    members: Indices
    weights: Array
    by_cluster: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """What is imputed from what.

    Attributes
    ----------
    start : (P, n) array
        Work columns, NaN in the gaps of targets and in what is derived from them; the first is all ones.
    targets : sequence of Target
        In the order in which they are visited.
    derived : sequence of Derived
        Each after those it rests on.
    indicators : mapping of int to (levels - 1,) array
        Columns of the indicators of a categorical target, by its place among the targets.
    clusters : ClusterRows, optional
        Rows by cluster; a random intercept is then drawn with every regression.
    """

    start: Array
    targets: Sequence[Target]
    derived: Sequence[Derived] = ()
    indicators: dict[int, Indices] = field(default_factory=dict)
    clusters: ClusterRows | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Imputations:
    """What the chains gave.

    ``values[t]`` is (m, k): what target t has in its gaps. ``means`` and ``deviations`` are (iterations, m, targets):
    mean and standard deviation of what was filled in.
    """

    values: tuple[Array, ...]
    means: Array
    deviations: Array


def impute_chains(
    plan: Plan,
    m: int,
    iterations: int,
    streams: Callable[[str, int], Generator],
    *,
    donors: int = 5,
    drawn: bool = True,
) -> Imputations:
    """Run m chains.

    Parameters
    ----------
    plan : Plan
    m, iterations : int
        Chains, and rounds through all targets.
    streams : callable
        Gives the generator of a target's name in a chain: every pair has random numbers of its own, so that a chain
        does not depend on how many there are, nor a variable on the order of the others.
    donors : int
        Number of nearest respondents one of whom gives the answer.
    drawn : bool
        False leaves the parameters at their estimates, which is **improper**: intervals come out too short. It is here
        to be found out by the calibration study.

    Returns
    -------
    Imputations
    """
    size = max(1, int(_MEMORY // (8.0 * plan.start.size)))
    parts = [
        _Chains(plan, range(first, min(first + size, m)), streams, donors, drawn).run(iterations)
        for first in range(0, m, size)
    ]
    return Imputations(
        tuple(np.concatenate(values) for values in zip(*(part.values for part in parts), strict=True)),
        np.concatenate([part.means for part in parts], axis=1),
        np.concatenate([part.deviations for part in parts], axis=1),
    )


class _Chains:
    """Some of the chains, and where they stand."""

    def __init__(
        self, plan: Plan, chains: range, streams: Callable[[str, int], Generator], donors: int, drawn: bool
    ) -> None:
        self.plan, self.donors, self.drawn = plan, donors, drawn
        self.m = len(chains)
        self.generators = [[streams(target.name, chain) for chain in chains] for target in plan.targets]
        self.work = np.repeat(plan.start[None], self.m, axis=0)
        self.filled = [
            np.stack([target.values[g.integers(len(target.values), size=len(target.missing))] for g in own])
            for target, own in zip(plan.targets, self.generators, strict=True)
        ]
        self.coefficients: dict[int, Array] = {}
        for place in range(len(plan.targets)):
            self._store(place)
        for derived in plan.derived:
            self._derive(derived)
        self.products = self.work @ self.work.transpose(0, 2, 1)

    def run(self, iterations: int) -> Imputations:
        shape = (iterations, self.m, len(self.plan.targets))
        means, deviations = np.empty(shape), np.empty(shape)
        for round_ in range(iterations):
            for place in range(len(self.plan.targets)):
                self._visit(place)
                means[round_, :, place] = self.filled[place].mean(axis=1)
                deviations[round_, :, place] = self.filled[place].std(axis=1)
        return Imputations(tuple(self.filled), means, deviations)

    def _visit(self, place: int) -> None:
        """Draw the regression of one target and fill its gaps."""
        target = self.plan.targets[place]
        if target.method == "logit":
            self.filled[place] = self._categories(place)
        else:
            fitted, wanted, noise = self._regression(place)
            if target.method == "norm":
                self.filled[place] = wanted + noise
            else:
                self.filled[place] = self._donated(place, fitted, wanted)
        changed = self._store(place)
        moved = set(changed)
        for derived in self.plan.derived:
            if moved.intersection(derived.members.tolist()):
                self._derive(derived)
                moved.add(derived.column)
        columns = sorted(moved)
        fresh = self.work @ self.work[:, columns].transpose(0, 2, 1)
        self.products[:, :, columns] = fresh
        self.products[:, columns, :] = fresh.transpose(0, 2, 1)

    def _regression(self, place: int) -> tuple[Array, Array, Array]:
        """Fitted values of the observed rows, drawn predictions of the gaps, and noise to add to these."""
        target, own = self.plan.targets[place], self.generators[place]
        cross, moment, square = self._moments(target)
        q = len(target.predictors)
        normal = np.stack([g.standard_normal(q) for g in own])
        if self.plan.clusters is not None:
            return draw_clustered(
                self.plan.clusters, target.observed, target.missing, self.work[:, target.predictors],
                self.work[:, target.column], cross, moment, square, normal, own, RIDGE, self.drawn,
            )  # fmt: skip
        chance = np.array([g.chisquare(max(len(target.observed) - q, 1)) for g in own])
        estimate, root, rest = least_squares(cross, moment, square)
        sigma = np.sqrt(rest / (chance if self.drawn else max(len(target.observed) - q, 1)))
        shift = np.linalg.solve(root.transpose(0, 2, 1), normal[..., None])[..., 0]
        both = np.zeros((self.m, 2, self.work.shape[1]))
        both[:, 0, target.predictors] = estimate
        both[:, 1, target.predictors] = estimate + sigma[:, None] * shift if self.drawn else estimate
        lines = both @ self.work
        noise = np.zeros((self.m, len(target.missing)))
        if target.method == "norm":
            noise = sigma[:, None] * np.stack([g.standard_normal(len(target.missing)) for g in own])
        return lines[:, 0, target.observed], lines[:, 1, target.missing], noise

    def _moments(self, target: Target) -> tuple[Array, Array, Array]:
        """X'X (m, q, q), X'y (m, q) and y'y (m,) of the observed rows."""
        at = target.predictors
        few = len(target.missing) <= len(target.observed)
        rows = target.missing if few else target.observed
        # columns first, then rows: one gather each, and the products of few rows only
        x = self.work[:, at][:, :, rows]
        y = self.work[:, target.column][:, rows]
        cross, moment, square = x @ x.transpose(0, 2, 1), (x @ y[..., None])[..., 0], (y * y).sum(axis=1)
        if not few:
            return cross, moment, square
        whole = self.products
        return (
            whole[:, at[:, None], at[None, :]] - cross,
            whole[:, at, target.column] - moment,
            whole[:, target.column, target.column] - square,
        )

    def _donated(self, place: int, fitted: Array, wanted: Array) -> Array:
        target, own = self.plan.targets[place], self.generators[place]
        chance = np.stack([g.random((2, len(target.missing))) for g in own])
        return target.values[nearest_donors(fitted, wanted, chance, self.donors)]

    def _categories(self, place: int) -> Array:
        target, own = self.plan.targets[place], self.generators[place]
        if target.levels == 1:
            return self.filled[place]
        x = self.work[:, target.predictors]
        codes, self.coefficients[place] = draw_logit(
            x[:, :, target.observed], target.values.astype(np.intp), x[:, :, target.missing], target.levels,
            own, self.coefficients.get(place), self.drawn,
        )  # fmt: skip
        return codes

    def _store(self, place: int) -> list[int]:
        """Write what was filled in into the work columns; which columns changed."""
        target = self.plan.targets[place]
        if not target.levels:
            self.work[:, target.column, target.missing] = self.filled[place]
            return [target.column]
        columns = self.plan.indicators[place]
        for level, column in enumerate(columns, start=1):
            self.work[:, column, target.missing] = self.filled[place] == level
        return [int(column) for column in columns]

    def _derive(self, derived: Derived) -> None:
        if derived.by_cluster and self.plan.clusters is not None:
            rows = self.work[:, derived.members[0]]
            self.work[:, derived.column] = self.plan.clusters.means(rows)[:, self.plan.clusters.codes]
        else:
            self.work[:, derived.column] = np.einsum("j,mjn->mn", derived.weights, self.work[:, derived.members])


def least_squares(cross: Array, moment: Array, square: Array) -> tuple[Array, Array, Array]:
    """Ridge regressions from stacked cross-products, the constant being the first column and left unpenalised.

    Parameters
    ----------
    cross, moment, square : (m, q, q), (m, q) and (m,) arrays
        X'X, X'y and y'y.

    Returns
    -------
    (m, q), (m, q, q) and (m,) arrays
        Coefficients, the Cholesky root of the ridged X'X, and residual sums of squares.
    """
    penalty = RIDGE * np.diagonal(cross, axis1=1, axis2=2).copy()
    penalty[:, 0] = 0.0
    # a column that is 0 in all observed rows tells nothing: its coefficient is then 0, with the spread of one row
    penalty = np.where(np.diagonal(cross, axis1=1, axis2=2) > 0, penalty, 1.0)
    ridged = cross + penalty[:, :, None] * np.eye(cross.shape[-1])
    root = np.linalg.cholesky(ridged)
    estimate: Array = np.asarray(np.linalg.solve(ridged, moment[..., None])[..., 0], dtype=np.float64)
    rest = (
        square - 2.0 * (moment * estimate).sum(axis=1) + (estimate * (cross @ estimate[..., None])[..., 0]).sum(axis=1)
    )
    least: Array = np.maximum(rest, 0.0)
    return np.asarray(estimate), np.asarray(root, dtype=np.float64), least


def nearest_donors(fitted: Array, wanted: Array, chance: Array, donors: int) -> Indices:
    """Places of the donors: for each wanted value one of the nearest fitted values of its chain, drawn at random.

    Respondents with one and the same fitted value (they answered the predictors alike) are equally near, and one of
    all of them is drawn.

    Parameters
    ----------
    fitted, wanted : (m, n) and (m, k) arrays
    chance : (m, 2, k) array
        Uniform random numbers.
    donors : int
        How many of the nearest may give; fewer where there are fewer.

    Returns
    -------
    (m, k) array of int
    """
    m, n = fitted.shape
    donors = min(donors, n)
    width = min(2 * donors, n)
    order = np.argsort(fitted, axis=1, kind="stable")
    lines = np.take_along_axis(fitted, order, axis=1)
    first = np.stack([np.searchsorted(line, row) for line, row in zip(lines, wanted, strict=True)]) - donors
    first = np.minimum(np.maximum(first, 0), n - width)
    window = first[:, :, None] + np.arange(width)
    distance = np.abs(lines[np.arange(m)[:, None, None], window] - wanted[:, :, None])
    near = np.argsort(distance, axis=2, kind="stable")
    rank = (chance[:, 0] * donors).astype(np.intp)
    pick = first + np.take_along_axis(near, rank[:, :, None], axis=2)[:, :, 0]
    value = np.take_along_axis(lines, pick, axis=1)
    reach = _TIED * (lines[:, -1:] - lines[:, :1])
    low = np.stack([np.searchsorted(line, row, side="left") for line, row in zip(lines, value - reach, strict=True)])
    high = np.stack([np.searchsorted(line, row, side="right") for line, row in zip(lines, value + reach, strict=True)])
    places: Indices = np.take_along_axis(order, low + ((high - low) * chance[:, 1]).astype(np.intp), axis=1)
    return places


def scale_reduction(traces: Array) -> Array:
    r"""Potential scale reduction R-hat of several chains (Gelman & Rubin, 1992, without the factor for df).

    :math:`\hat R = \sqrt{((T-1)/T \cdot W + B/T) / W}` with the mean variance W within chains and T times the variance
    of their means, B.

    Parameters
    ----------
    traces : (T, m, ...) array
        T rounds of m chains.

    Returns
    -------
    array
        NaN for fewer than two rounds or chains; 1 where nothing varies.
    """
    rounds, chains = traces.shape[:2]
    if rounds < 2 or chains < 2:
        return np.full(traces.shape[2:], np.nan)
    within = traces.var(axis=0, ddof=1).mean(axis=0)
    between = traces.mean(axis=0).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.sqrt((rounds - 1) / rounds + between / within)
    result: Array = np.where(within > 0, found, np.where(between > 0, np.inf, 1.0))
    return result
