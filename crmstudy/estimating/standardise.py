"""Standardised solutions: the same estimates in units of standard deviations, with their slopes for standard errors.

``std_lv`` standardises factors, ``std_all`` factors and observed variables, ``std_nox`` all but observed exogenous
variables. Covariances of residuals become residual correlations (as lavaan does with ``cov.std = TRUE``). Every
standardised value is the estimate times at most two standard deviations to some power, so that values and slopes of
one solution, or of a whole stack of bootstrap replicates, are a few array operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from crmstudy.estimating.layout import Placement
from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.kernels.covariance.effects import structural_variance_slopes
from crmstudy.kernels.covariance.structure import Array, Implied, Indices

COLUMNS = ("std_lv", "std_all", "std_nox")
#: The powers of the deviations of both sides, by operator.
_OF_OPERATOR = {"=~": (1.0, -1.0), "~": (-1.0, 1.0), "<~": (-1.0, 1.0), "~1": (-1.0, 0.0), "~~": (-1.0, -1.0)}


@dataclass(frozen=True)
class _Powers:
    """For every row the two standard deviations it is multiplied with, and to which power; -1 is no deviation."""

    first: Indices
    second: Indices
    first_power: Array
    second_power: Array


@dataclass(frozen=True)
class Standardiser:
    """The standardised solutions of a table, for one solution or many."""

    table: ParameterTable
    placement: Placement

    @cached_property
    def _size(self) -> int:
        """Standard deviations of one group: factors, observed variables, and residuals of both."""
        return 2 * (len(self.table.latent) + len(self.table.observed))

    @cached_property
    def _powers(self) -> dict[str, _Powers]:
        latent, observed = self.table.latent, self.table.observed
        everything = {name: at for at, name in enumerate((*latent, *observed))}
        sets = {
            "std_lv": {name: everything[name] for name in latent},
            "std_all": everything,
            "std_nox": {name: at for name, at in everything.items() if name not in self.table.exogenous},
        }
        residual = {name: len(everything) + at for name, at in everything.items()}
        found: dict[str, _Powers] = {}
        for column, inside in sets.items():
            if column == "std_nox" and not self.table.exogenous:
                found[column] = found["std_all"]
                continue
            rows = [self._of_row(row, inside, residual) for row in self.table.rows]
            first, one, second, other = (np.array(part) for part in zip(*rows, strict=True))
            found[column] = _Powers(
                first.astype(np.intp), second.astype(np.intp), one.astype(float), other.astype(float)
            )
        return found

    def _of_row(self, row: Row, inside: dict[str, int], residual: dict[str, int]) -> tuple[int, float, int, float]:
        shift = (row.group - 1) * self._size
        left, right = inside.get(row.lhs, -1), inside.get(row.rhs, -1)
        one, other = _OF_OPERATOR.get(row.op, (0.0, 0.0))
        if row.op == "~~" and row.lhs != row.rhs:
            left, right = (residual[n] if n in inside else -1 for n in (row.lhs, row.rhs))
        if row.op in ("~1", "~*~"):
            right = -1
        return (
            left + shift if left >= 0 else -1, one if left >= 0 else 0.0,
            right + shift if right >= 0 else -1, other if right >= 0 else 0.0,
        )  # fmt: skip

    @cached_property
    def _variance_rows(self) -> Indices:
        """For every residual deviation the row of its variance; -1 where the table has none."""
        names = (*self.table.latent, *self.table.observed)
        where = {
            (row.group, row.lhs): at for at, row in enumerate(self.table.rows) if row.op == "~~" and row.lhs == row.rhs
        }
        return np.array(
            [where.get((group, name), -1) for group in range(1, self.table.n_groups + 1) for name in names],
            dtype=np.intp,
        )

    def logarithms(self, estimates: Array, phi: Sequence[Array], sigma: Array | Sequence[Array]) -> Array:
        """Logarithms of all standard deviations, (..., groups * size + 1); the last is 0 and stands for none.

        Parameters
        ----------
        estimates : (..., rows) array
        phi, sigma : sequences of (..., m) and (..., p) arrays
            Diagonals of the implied covariance matrices of structural and observed variables, by group.
        """
        m = len(self.table.latent)
        half = self._size // 2
        parts = []
        with np.errstate(invalid="ignore", divide="ignore"):
            for group in range(self.table.n_groups):
                rows = self._variance_rows[group * half : (group + 1) * half]
                spread = np.where(rows >= 0, np.abs(estimates[..., rows]), np.nan)
                parts += [np.log(phi[group][..., :m]), np.log(sigma[group]), np.log(spread)]
            whole = np.concatenate([*parts, np.zeros((*estimates.shape[:-1], 1))], axis=-1) / 2.0
        result: Array = whole
        return result

    def values(self, column: str, estimates: Array, logarithms: Array) -> Array:
        """Standardised rows of one column, (..., rows); NaN where a variance is not positive."""
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            found = estimates * self._factors(column, logarithms)
        result: Array = np.where(np.isfinite(found), found, np.nan)
        return result

    def _factors(self, column: str, logarithms: Array) -> Array:
        powers = self._powers[column]
        found: Array = np.exp(
            _times(powers.first_power, logarithms[..., powers.first])
            + _times(powers.second_power, logarithms[..., powers.second])
        )
        return found

    def definitions(self, values: Array) -> Array:
        """Defined parameters of standardised rows, (..., definitions)."""
        named = self.table.named_values(np.moveaxis(values, -1, 0))  # type: ignore[arg-type]
        shape = values.shape[:-1]
        found = [np.broadcast_to(np.asarray(named[item.name], dtype=float), shape) for item in self.table.definitions]
        stacked: Array = np.stack(found, axis=-1) if found else np.zeros((*shape, 0))
        return stacked

    def slopes(self, estimates: Array, moments: Sequence[Implied], row_slopes: Array) -> dict[str, Array]:
        """Derivatives of the columns (rows, then definitions) by the free parameters, (rows + definitions, q) each."""
        logs = self.logarithms(
            estimates, [np.diagonal(i.phi) for i in moments], [np.diagonal(i.sigma) for i in moments]
        )
        by_log = self._logarithm_slopes(estimates, moments, row_slopes)
        found = {
            column: self._column_slopes(column, estimates, logs, by_log, row_slopes)
            for column in COLUMNS
            if column != "std_nox" or self.table.exogenous
        }
        return {column: found.get(column, found["std_all"]) for column in COLUMNS}

    def _column_slopes(self, column: str, estimates: Array, logs: Array, by_log: Array, row_slopes: Array) -> Array:
        powers, factors = self._powers[column], self._factors(column, logs)
        with np.errstate(invalid="ignore", over="ignore"):
            moved = (
                powers.first_power[:, None] * by_log[powers.first]
                + powers.second_power[:, None] * by_log[powers.second]
            )
            moved = np.where(estimates[:, None] == 0.0, 0.0, estimates[:, None] * moved)
            rows = factors[:, None] * (row_slopes + moved)
            values = estimates * factors
        labels = self.table.label_rows
        named: dict[str, Any] = {label: float(values[at]) for label, at in labels.items()}
        along: dict[str, Any] = {label: rows[at] for label, at in labels.items()}
        extra = []
        for item in self.table.definitions:
            named[item.name], slope = item.expression.gradient(named, along)
            along[item.name] = slope + np.zeros(rows.shape[1])
            extra.append(along[item.name])
        found: Array = np.vstack([rows, *extra])
        return found

    def _logarithm_slopes(self, estimates: Array, moments: Sequence[Implied], row_slopes: Array) -> Array:
        """Derivatives of the logarithms of the standard deviations, (groups * size + 1, q)."""
        m, q = len(self.table.latent), row_slopes.shape[1]
        half = self._size // 2
        parts = []
        with np.errstate(invalid="ignore", divide="ignore"):
            for group, (layout, implied) in enumerate(zip(self.placement.layouts, moments, strict=True)):
                e, z = layout.elements, implied.z
                of_sigma = 2.0 * e.factor * z[:, e.u] * z[:, e.v] / np.diagonal(implied.sigma)[:, None]
                of_phi = structural_variance_slopes(layout, implied, q)[:m] / np.diagonal(implied.phi)[:m, None]
                parts += [of_phi, e.collect_columns(of_sigma, q)]
                rows = self._variance_rows[group * half : (group + 1) * half]
                parts.append(row_slopes[rows] / estimates[rows, None])
        found: Array = np.vstack([*parts, np.zeros((1, q))]) / 2.0
        return found


def _times(power: Array, logarithm: Array) -> Array:
    """Power times logarithm, 0 where the power is 0 (whatever the logarithm)."""
    found: Array = np.where(power == 0.0, 0.0, power * logarithm)
    return found
