"""Reliability of the sums of the items of every factor, from a fitted model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.estimating.solution import Solution
from crmstudy.fitted.measured import Measurement
from crmstudy.kernels.covariance.structure import Array
from crmstudy.kernels.covariance.validity import Composite, composite
from crmstudy.notes import Note

COLUMNS = ("factor", "order", "items", "alpha", "omega", "omega_implied", "omega_observed", "ave")


def reliabilities(solution: Solution) -> pd.DataFrame:
    r"""Alpha, omega (composite reliability) and AVE of every factor, by group.

    Parameters
    ----------
    solution : Solution
        A fitted model.

    Returns
    -------
    DataFrame
        ``factor, order, items, alpha, omega, omega_implied, omega_observed, ave``, with ``group`` (its label) first
        where there are groups. ``order`` is 1 for a factor of items and higher for a factor of factors, whose items are
        those of all the factors below it. Factors with fewer than two items and composites are left out. AVE is missing
        where items load on other factors too. ``.attrs["notes"]`` tells of all of these.

    Notes
    -----
    The omegas are the variance that the factor brings to the sum of its items, :math:`(\sum\lambda)^2\phi`, over

    - ``omega``: the same plus the variance that is left in the items, residual covariances counted (Bollen, 1980;
      Raykov, 2001); of a factor of factors also what is particular to the factors below it;
    - ``omega_implied``, ``omega_observed``: the whole implied or observed variance of the sum (semTools:
      ``compRelSEM`` with ``obs.var`` FALSE or TRUE, of a factor of factors with ``higher``). They differ from ``omega``
      where items load on other factors; in a bifactor model ``omega_implied`` is hierarchical omega, and
      :func:`crmstudy.validity` has its other indices.

    ``alpha`` comes from the observed covariances (Cronbach, 1951). ``ave`` is the mean squared standardised loading
    (Fornell & Larcker, 1981, eq. 12), of a factor of factors that of the factors and items it is measured by directly.
    """
    labels = solution.sample.labels
    rows: list[tuple[Any, ...]] = []
    notes: list[Note] = []
    for number, label in enumerate(labels):
        part = measurement_of(solution, number)
        for factor in part.latent:
            if factor in solution.table.composites:
                _add(notes, _formative_note(factor))
                continue
            composed = _Composed(part, factor)
            if len(composed.items) < 2:
                _add(notes, _few_items_note(factor, len(composed.items)))
                continue
            found = composed.reliability
            shared = composed.shared
            ave = float("nan") if shared else composed.average_variance_extracted
            rows.append((
                label, factor, composed.order, len(composed.items), found.alpha, found.omega, found.implied,
                found.observed, ave,
            ))  # fmt: skip
            for note in _item_notes(composed, shared):
                _add(notes, note)
    table = pd.DataFrame(rows, columns=["group", *COLUMNS])
    table = table if len(labels) > 1 else table.drop(columns="group")
    table.attrs["notes"] = [note.as_dict() for note in notes]
    return table


def measurement_of(solution: Solution, number: int) -> Measurement:
    """The measurement part of one group's model (counted from 0)."""
    table, moments = solution.table, solution.moments[number]
    at = {name: index for index, name in enumerate(table.observed)}
    factor = {name: index for index, name in enumerate(table.latent)}
    p, f = len(at), len(factor)
    loadings, upper, residual = np.zeros((p, f)), np.zeros((f, f)), np.zeros((p, p))
    left = np.zeros((f, f))
    for row, value in zip(table.rows, solution.estimates, strict=True):
        if row.group != number + 1:
            continue
        if row.op == "=~" and row.lhs in factor:
            inside, where = (loadings, at) if row.rhs in at else (upper, factor)
            inside[where[row.rhs], factor[row.lhs]] = value
        elif row.op == "~~":
            for inside, where in ((residual, at), (left, factor)):
                if row.lhs in where and row.rhs in where:
                    one, other = where[row.lhs], where[row.rhs]
                    inside[one, other] = inside[other, one] = value
    return Measurement(
        table.observed, table.latent, loadings, upper, residual, left, moments.phi[:f, :f], moments.sigma,
        solution.sample.groups[number].covariance,
    )  # fmt: skip


@dataclass(frozen=True)
class _Composed:
    """The sum of the items under one factor."""

    part: Measurement
    factor: str

    @property
    def _own(self) -> int:
        return self.part.latent.index(self.factor)

    @cached_property
    def below(self) -> list[int]:
        """Factors under this one, at any depth."""
        found: list[int] = []
        waiting = [self._own]
        while waiting:
            for after in np.flatnonzero(self.part.upper[:, waiting.pop()]):
                if int(after) not in found and after != self._own:
                    found.append(int(after))
                    waiting.append(int(after))
        return sorted(found)

    @cached_property
    def order(self) -> int:
        """1 for a factor of items, one more for each level of factors below it."""
        arrows = (self.part.upper != 0.0).astype(float)
        levels, reached = 1, arrows[:, self._own]
        while reached.any() and levels <= len(self.below):
            levels, reached = levels + 1, np.minimum(arrows @ reached, 1.0)
        return levels

    @cached_property
    def items(self) -> list[int]:
        """Items that this factor or one below it has."""
        return [int(i) for i in np.flatnonzero(self.part.loadings[:, [self._own, *self.below]].any(axis=1))]

    @cached_property
    def shared(self) -> list[str]:
        """Those of them that a factor above or beside this one has as well."""
        others = np.ones(len(self.part.latent), dtype=bool)
        others[[self._own, *self.below]] = False
        on_others = (self.part.loadings[:, others] != 0.0).any(axis=1)
        return [self.part.observed[i] for i in self.items if on_others[i]]

    @cached_property
    def _reach(self) -> Array:
        """What a unit of this factor and of each below it moves the items by, (k, 1 + d)."""
        inside = [self._own, *self.below]
        steps = self.part.upper[np.ix_(inside, inside)]
        found: Array = self.part.loadings[np.ix_(self.items, inside)] @ np.linalg.inv(np.eye(len(inside)) - steps)
        return found

    @cached_property
    def reliability(self) -> Composite:
        """Reliability coefficients of the sum."""
        part, square = self.part, np.ix_(self.items, self.items)
        particular = self._reach[:, 1:]
        left = particular @ part.disturbances[np.ix_(self.below, self.below)] @ particular.T
        return composite(
            self._reach[:, 0], float(part.phi[self._own, self._own]), part.residual[square] + left,
            part.implied[square], part.sample[square],
        )  # fmt: skip

    @property
    def loadings(self) -> Array:
        """Loadings of the factors and items that measure this factor directly."""
        part, own = self.part, self._own
        both = np.concatenate([part.upper[:, own], part.loadings[:, own]])
        found: Array = both[both != 0.0]
        return found

    @property
    def average_variance_extracted(self) -> float:
        """Mean squared standardised loading of what measures the factor directly."""
        part, own = self.part, self._own
        variances = np.concatenate([np.diagonal(part.phi), np.diagonal(part.implied)])
        measured = np.concatenate([part.upper[:, own], part.loadings[:, own]]) != 0.0
        return float(np.mean(self.loadings**2 * part.phi[own, own] / variances[measured]))


def _add(notes: list[Note], note: Note) -> None:
    if note not in notes:
        notes.append(note)


def _formative_note(factor: str) -> Note:
    message = (
        f"'{factor}' is a composite: its items make it up and need not agree, so reliability does not apply to it."
    )
    return Note("RELIABILITY_FORMATIVE", message, "info", factor)


def _few_items_note(factor: str, count: int) -> Note:
    message = f"Reliability does not apply to '{factor}': it has {count} item{'' if count == 1 else 's'}; it needs two."
    return Note("VALIDITY_FEW_INDICATORS", message, "info", factor)


def _item_notes(composed: _Composed, shared: list[str]) -> Iterator[Note]:
    """Items on several factors, and items that run in opposite directions."""
    factor = composed.factor
    if shared:
        message = (
            f"Items of '{factor}' load on other factors too ({', '.join(shared)}): AVE does not apply to it, and "
            "omega_implied and omega_observed count what the other factors bring to the sum as error."
        )
        yield Note("RELIABILITY_SHARED_ITEMS", message, "info", factor)
    loadings = composed.loadings
    if (loadings > 0).any() and (loadings < 0).any():
        message = (
            f"Indicators of '{factor}' run in opposite directions; alpha and omega are those of a plain sum, in which "
            "they cancel. Reverse them first."
        )
        yield Note("VALIDITY_MIXED_SIGNS", message, "warning", factor)
