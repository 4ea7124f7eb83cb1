"""Standardised solutions: the same estimates in units of standard deviations.

``std_lv`` standardises factors, ``std_all`` factors and observed variables, ``std_nox`` all but observed exogenous
variables. Covariances of residuals become residual correlations (as lavaan does with ``cov.std = TRUE``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from crmstudy.grammar.layout import Placement
from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.kernels.cbsem import Array, Implied


def standardised(table: ParameterTable, placement: Placement, estimates: Array, implied: Implied) -> dict[str, Array]:
    """Columns ``std_lv``, ``std_all``, ``std_nox`` for the rows of the table, then for its definitions.

    Parameters
    ----------
    estimates : (rows,) array
        Value of every row of the table.
    implied : Implied
        Moments at the solution.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        factors = dict(zip(placement.structural, np.sqrt(np.diagonal(implied.phi)), strict=True))
        observed = dict(zip(table.observed, np.sqrt(np.diagonal(implied.sigma)), strict=True))
        latent = {name: factors[name] for name in table.latent}
        everything = {**observed, **latent}
        without_x = {name: size for name, size in everything.items() if name not in table.exogenous}
        residual = _residual_deviations(table, estimates)
        columns = {}
        for column, deviations in (("std_lv", latent), ("std_all", everything), ("std_nox", without_x)):
            values = [
                _rescale(row, value, deviations, residual) for row, value in zip(table.rows, estimates, strict=True)
            ]
            columns[column] = np.array(values + _definitions(table, values), dtype=float)
    return columns


def _residual_deviations(table: ParameterTable, estimates: Array) -> dict[str, float]:
    return {
        row.lhs: float(np.sqrt(abs(value)))
        for row, value in zip(table.rows, estimates, strict=True)
        if row.op == "~~" and row.lhs == row.rhs
    }


def _rescale(row: Row, value: float, deviations: Mapping[str, float], residual: Mapping[str, float]) -> float:
    left, right = deviations.get(row.lhs, 1.0), deviations.get(row.rhs, 1.0)
    if row.op == "=~":
        return value * left / right
    if row.op == "~":
        return value * right / left
    if row.lhs == row.rhs:
        return value / (left * right)
    for name in (row.lhs, row.rhs):
        if name in deviations:
            spread = residual.get(name, float("nan"))
            value = value / spread if spread else float("nan")
    return float(value)


def _definitions(table: ParameterTable, values: list[float]) -> list[float]:
    named: dict[str, float] = {}
    for row, value in zip(table.rows, values, strict=True):
        if row.label is not None:
            named.setdefault(row.label, value)
    for item in table.definitions:
        named[item.name] = float(item.expression.value(named))
    return [named[item.name] for item in table.definitions]
