"""Constraints of a parameter table as functions of the free parameters, for the estimation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from crmstudy.grammar.expressions import Expression
from crmstudy.grammar.table import ParameterTable
from crmstudy.kernels.covariance.constrained import Restrictions
from crmstudy.kernels.covariance.structure import Array

#: A parameter nearer to its bound than this is at it.
_PRESSED = 1e-6


def restrictions_of(table: ParameterTable, bounds: str = "none") -> Restrictions | None:
    """The table's constraints and bounds, or None when there are none.

    Parameters
    ----------
    bounds : {"none", "pos.var", "pos.ov.var", "pos.lv.var"}
        Variances that may not be negative: all, those of observed, or those of latent variables.
    """
    values = _Values(table)
    equal = [(c.lhs, c.rhs) for c in table.constraints if c.op == "=="]
    above = [(c.rhs, c.lhs) if c.op == "<" else (c.lhs, c.rhs) for c in table.constraints if c.op != "=="]
    limits = _limits(table, bounds)
    if not equal and not above and not limits:
        return None

    def above_values(theta: Array) -> Array:
        by_limit = [sign * (theta[number] - limit) for number, limit, sign in limits]
        return np.concatenate([values.gaps(above, theta), by_limit])

    def above_slopes(theta: Array) -> Array:
        by_limit = np.zeros((len(limits), table.n_free))
        for at, (number, _, sign) in enumerate(limits):
            by_limit[at, number] = sign
        return np.vstack([values.slopes(above, theta), by_limit])

    return Restrictions(
        len(equal), len(above) + len(limits), len(limits),
        lambda theta: values.gaps(equal, theta), lambda theta: values.slopes(equal, theta),
        above_values, above_slopes, values.is_linear(equal),
    )  # fmt: skip


def at_bounds(table: ParameterTable, bounds: str, theta: Array) -> frozenset[int]:
    """Numbers (from 1) of the free parameters that stand at a bound."""
    found = set()
    for number, limit, _ in _limits(table, bounds):
        if abs(theta[number] - limit) <= _PRESSED * max(1.0, abs(limit)):
            found.add(number + 1)
    return frozenset(found)


def _limits(table: ParameterTable, bounds: str) -> list[tuple[int, float, float]]:
    """Parameter number, limit and sign (1 above it, -1 below it) of every bound."""
    found: dict[tuple[int, float], float] = {}
    for row in table.rows:
        if not row.free:
            continue
        if row.lower is not None:
            found[row.free - 1, 1.0] = max(row.lower, found.get((row.free - 1, 1.0), -np.inf))
        if row.upper is not None:
            found[row.free - 1, -1.0] = min(row.upper, found.get((row.free - 1, -1.0), np.inf))
        is_latent = row.lhs in table.latent
        wanted = bounds == "pos.var" or bounds == ("pos.lv.var" if is_latent else "pos.ov.var")
        if wanted and row.op == "~~" and row.lhs == row.rhs:
            found[row.free - 1, 1.0] = max(0.0, found.get((row.free - 1, 1.0), -np.inf))
    return [(number, limit, sign) for (number, sign), limit in found.items() if np.isfinite(limit)]


class _Values:
    """Expressions over labels as functions of the free parameters."""

    def __init__(self, table: ParameterTable) -> None:
        self.rows = {label: table.rows[index] for label, index in table.label_rows.items()}
        self.n_free = table.n_free

    def gaps(self, pairs: Sequence[tuple[Expression, Expression]], theta: Array) -> Array:
        named = {label: float(theta[r.free - 1]) if r.free else float(r.value or 0.0) for label, r in self.rows.items()}
        return np.array([float(a.value(named)) - float(b.value(named)) for a, b in pairs], dtype=float)

    def slopes(self, pairs: Sequence[tuple[Expression, Expression]], theta: Array) -> Array:
        unit = np.eye(self.n_free)
        named: dict[str, Any] = {}
        along: dict[str, Any] = {}
        for label, row in self.rows.items():
            named[label] = float(theta[row.free - 1]) if row.free else float(row.value or 0.0)
            along[label] = unit[row.free - 1] if row.free else np.zeros(self.n_free)
        rows = [a.gradient(named, along)[1] - b.gradient(named, along)[1] + np.zeros(self.n_free) for a, b in pairs]
        return np.array(rows, dtype=float).reshape(-1, self.n_free)

    def is_linear(self, pairs: Sequence[tuple[Expression, Expression]]) -> bool:
        """Whether the slopes are the same at three unrelated points."""
        rng = np.random.default_rng(0)
        places = [rng.uniform(0.3, 1.7, self.n_free) for _ in range(3)]
        found = [self.slopes(pairs, place) for place in places]
        return all(np.allclose(found[0], other, rtol=1e-9, atol=1e-12) for other in found[1:])
