"""The same factors in every imputed data set: in one order and one direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from crmstudy.kernels.moments import Array
from crmstudy.results import Result

Kind = TypeVar("Kind", bound=Result)
_SIGNED = ("estimate", "statistic", "ci_low", "ci_high")


def align_factors(results: Sequence[Kind]) -> Sequence[Kind]:
    """Rename and turn the factors of every result so that they agree best with those of the first.

    Factors come sorted by what they explain, which changes from set to set where two explain about as much, and their
    direction is arbitrary. Matched are the columns of loadings with the largest congruences in all.
    """
    first = _loadings(results[0])
    return [results[0], *(_like(first, result) for result in results[1:])]


def _loadings(result: Result) -> pd.DataFrame:
    table = result.estimates
    return pd.DataFrame({
        factor: part.set_index("item")["estimate"] for factor, part in table.groupby("factor", sort=False)
    })  # fmt: skip


def _like(first: pd.DataFrame, result: Kind) -> Kind:
    own = _loadings(result).loc[first.index]
    alike = congruence_of(first.to_numpy(), own.to_numpy())
    rows, columns = linear_sum_assignment(-np.abs(alike))
    source = {
        first.columns[i]: (own.columns[j], float(np.sign(alike[i, j]) or 1.0))
        for i, j in zip(rows, columns, strict=True)
    }
    if all(name == old and sign > 0 for name, (old, sign) in source.items()):
        return result
    tables = dict(result.tables)
    for name in ("pattern", "structure"):
        if name in tables:
            tables[name] = tables[name].assign(
                **{to: sign * result.tables[name][old] for to, (old, sign) in source.items()}
            )
    if "factor_correlations" in tables:
        tables["factor_correlations"] = _matrix(tables["factor_correlations"], source)
    if "correlation_estimates" in tables:
        tables["correlation_estimates"] = _pairs(tables["correlation_estimates"], source)
    if "variance" in tables:
        tables["variance"] = _variance(tables["variance"], source)
    return replace(result, estimates=_rows(result.estimates, source), tables=tables)


def congruence_of(one: Array, other: Array) -> Array:
    """Tucker's congruence of every pair of columns."""
    size = np.sqrt(np.outer((one**2).sum(axis=0), (other**2).sum(axis=0)))
    found: Array = one.T @ other / np.where(size > 0, size, 1.0)
    return found


Source = dict[str, tuple[str, float]]


def _turned(part: pd.DataFrame, sign: float) -> pd.DataFrame:
    """Rows with estimates of the other sign; the ends of intervals change places."""
    if sign > 0:
        return part
    part = part.assign(**{name: -part[name] for name in _SIGNED if name in part.columns})
    if "ci_low" in part.columns:
        part = part.assign(ci_low=part["ci_high"], ci_high=part["ci_low"])
    return part


def _rows(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    parts = []
    for name, (old, sign) in source.items():
        part = _turned(table[table["factor"] == old], sign)
        terms = [f"{name} =~ {item}" for item in part["item"]]
        parts.append(part.assign(factor=name, term=terms))
    return pd.concat(parts, ignore_index=True)


def _matrix(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    order, signs = [old for old, _ in source.values()], np.array([sign for _, sign in source.values()])
    values = table.loc[order, order].to_numpy() * np.outer(signs, signs)
    return pd.DataFrame(values, index=pd.Index(list(source), name=table.index.name), columns=list(source))


def _pairs(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Rows of factor correlations in the order of the new names."""
    parts = []
    names = list(source)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            (a, first), (b, second) = source[one], source[other]
            here = ((table["factor_1"] == a) & (table["factor_2"] == b)) | (
                (table["factor_1"] == b) & (table["factor_2"] == a)
            )
            parts.append(_turned(table[here], first * second).assign(factor_1=one, factor_2=other))
    return pd.concat(parts, ignore_index=True) if parts else table


def _variance(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    by_factor = table.set_index("factor")
    found = by_factor.loc[[old for old, _ in source.values()]].reset_index(drop=True)
    found.insert(0, "factor", list(source))
    return found.assign(cumulative=found["proportion"].cumsum())[list(table.columns)]
