"""What an estimation left, and the numbers every table is made of: values and errors of rows and definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtri

from crmstudy.estimating.estimation import Prepared
from crmstudy.estimating.fitmeasures import FitMeasures
from crmstudy.estimating.inference import Inference
from crmstudy.estimating.layout import Placement
from crmstudy.estimating.options import SemOptions
from crmstudy.estimating.replicates import Replicates
from crmstudy.estimating.restricting import at_bounds
from crmstudy.estimating.sample import Sample
from crmstudy.estimating.standardise import COLUMNS, Standardiser
from crmstudy.grammar.spec import ModelSpec
from crmstudy.grammar.table import ParameterTable
from crmstudy.kernels.covariance.optimise import Optimum
from crmstudy.kernels.covariance.structure import Array, Implied


@dataclass(frozen=True, eq=False)
class Solution:
    """Model, sample, optimum and inference; ``estimates`` has a value for each row of the table.

    ``npar`` counts free parameters less the equalities between them. ``has_errors`` is False when the model did not
    converge or is not identified: there are no standard errors then. ``replicates`` are those of a bootstrap.
    """

    spec: ModelSpec
    prepared: Prepared
    inference: Inference
    estimates: Array
    npar: int
    has_errors: bool
    replicates: Replicates | None = None

    @property
    def table(self) -> ParameterTable:
        """The parameter table."""
        return self.prepared.table

    @property
    def placement(self) -> Placement:
        """The matrices."""
        return self.prepared.placement

    @property
    def sample(self) -> Sample:
        """The sample."""
        return self.prepared.sample

    @property
    def options(self) -> SemOptions:
        """The resolved options."""
        return self.prepared.options

    @property
    def optimum(self) -> Optimum:
        """Where the estimation ended."""
        return self.inference.optimum

    @property
    def theta(self) -> Array:
        """The free parameters, (q,)."""
        return self.optimum.point.theta

    @property
    def moments(self) -> tuple[Implied, ...]:
        """Implied moments of every group."""
        return self.optimum.point.moments

    @property
    def df(self) -> int:
        """Degrees of freedom."""
        return self.inference.df

    @property
    def level(self) -> float:
        """Confidence level."""
        return self.options.level

    @cached_property
    def vcov(self) -> Array | None:
        """Covariance matrix of the free parameters (q, q), or None when there is none."""
        if self.drawn is not None:
            return self.drawn.covariance()
        return self.inference.vcov if self.has_errors and self.options.se != "none" else None

    @property
    def drawn(self) -> Replicates | None:
        """The replicates that give standard errors and intervals, if any do."""
        known = self.replicates
        return known if known is not None and known.asked.kind == "nonparametric" else None

    @cached_property
    def measures(self) -> FitMeasures:
        """What fit indices are made of."""
        return FitMeasures(self.table, self.inference, self.npar)

    @cached_property
    def numbers(self) -> Array:
        """The number of each row's free parameter, 0 when it is fixed."""
        return np.array([row.free for row in self.table.rows])

    @cached_property
    def row_slopes(self) -> Array:
        """Derivatives of the rows by the free parameters, (rows, q): ones and zeros."""
        slopes: Array = np.zeros((len(self.numbers), self.table.n_free))
        free = np.flatnonzero(self.numbers)
        slopes[free, self.numbers[free] - 1] = 1.0
        return slopes

    @cached_property
    def row_errors(self) -> Array:
        """Standard errors of the table rows: 0 for fixed ones, NaN where they cannot be had."""
        if self.drawn is not None:
            errors = self.drawn.errors("estimate")[: len(self.numbers)]
            return np.where(self.numbers > 0, errors, 0.0)
        if self.vcov is None:
            return np.where(self.numbers > 0, np.nan, 0.0)
        errors = np.concatenate([[0.0], np.sqrt(np.maximum(np.diagonal(self.vcov), 0.0))])
        found: Array = errors[self.numbers]
        return found

    @cached_property
    def defined(self) -> tuple[Array, Array, Array]:
        """Values, delta-method standard errors and slopes (d, q) of the defined parameters."""
        labels = self.table.label_rows
        values: dict[str, Any] = {label: float(self.estimates[at]) for label, at in labels.items()}
        slopes: dict[str, Any] = {label: self.row_slopes[at] for label, at in labels.items()}
        for item in self.table.definitions:
            value, slope = item.expression.gradient(values, slopes)
            values[item.name], slopes[item.name] = float(value), slope + np.zeros(self.table.n_free)
        names = [item.name for item in self.table.definitions]
        along = np.array([slopes[name] for name in names]).reshape(len(names), self.table.n_free)
        errors = self.delta_errors(along)
        if self.drawn is not None:
            errors = self.drawn.errors("estimate")[len(self.numbers) :]
        return np.array([values[name] for name in names], dtype=float), errors, along

    @cached_property
    def pressed(self) -> frozenset[int]:
        """Numbers of the free parameters that stand at a bound, where no test of theirs has its usual distribution."""
        return at_bounds(self.table, self.options.bounds, self.theta)

    @cached_property
    def limits(self) -> tuple[Array, Array]:
        """Confidence limits of the rows, then the definitions."""
        values = np.concatenate([self.estimates, self.defined[0]])
        if self.drawn is not None:
            found = self.drawn.interval("estimate", values, self.level)
            fixed = np.concatenate([self.numbers == 0, np.zeros(len(self.defined[0]), dtype=bool)])
            return np.where(fixed, values, found.low), np.where(fixed, values, found.high)
        reach = float(ndtri(0.5 + self.level / 2)) * np.concatenate([self.row_errors, self.defined[1]])
        return values - reach, values + reach

    def delta_errors(self, slopes: Array) -> Array:
        """Standard errors of functions of the parameters with these slopes (k, q), by the delta method."""
        if self.vcov is None:
            return np.full(len(slopes), np.nan)
        variances = ((slopes @ self.vcov) * slopes).sum(axis=1)
        with np.errstate(invalid="ignore"):
            errors: Array = np.sqrt(np.where(variances < 0, 0.0, variances))
        return errors

    @cached_property
    def standardiser(self) -> Standardiser:
        """Standardised solutions of this table."""
        return Standardiser(self.table, self.placement)

    @cached_property
    def standardised(self) -> dict[str, Array]:
        """Columns ``std_lv``, ``std_all``, ``std_nox`` for the rows, then the definitions."""
        s = self.standardiser
        logs = s.logarithms(self.estimates, self.diagonals("phi"), self.diagonals("sigma"))
        found = {}
        for column in COLUMNS:
            rows = s.values(column, self.estimates, logs)
            found[column] = np.concatenate([rows, s.definitions(rows)])
        return found

    @cached_property
    def standardised_errors(self) -> dict[str, Array]:
        """Delta-method standard errors of the standardised columns."""
        found = {}
        if self.drawn is not None:
            return {column: self.drawn.errors(column) for column in COLUMNS}
        for column, slopes in self.standardiser.slopes(self.estimates, self.moments, self.row_slopes).items():
            errors = self.delta_errors(slopes)
            found[column] = np.where(np.isfinite(self.standardised[column]), errors, np.nan)
        return found

    def diagonals(self, which: str) -> Sequence[Array]:
        """Diagonals of sigma or phi of every group."""
        return [np.diagonal(getattr(implied, which)) for implied in self.moments]
