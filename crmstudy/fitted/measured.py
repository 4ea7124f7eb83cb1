"""The measurement part of a fitted model as matrices, taken from what every fitted model shows of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from crmstudy.errors import UnsupportedError
from crmstudy.kernels.covariance.reticular import Entries, Reticular
from crmstudy.kernels.moments import Array

_ARROWS = ("=~", "~", "<~")


class Fitted(Protocol):
    """What is used of a fitted model."""

    @property
    def estimates(self) -> pd.DataFrame:
        """Parameters, one a row."""

    @property
    def latent(self) -> tuple[str, ...]:
        """Names of the factors."""

    @property
    def observed(self) -> tuple[str, ...]:
        """Names of the observed variables."""

    @property
    def implied(self) -> Any:
        """Implied covariances of the observed variables; by group where there are several."""

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariances of the free parameters."""

    def residuals(self, kind: str = "raw") -> Any:
        """Sample minus implied covariances."""


@dataclass(frozen=True)
class Measurement:
    """One group's model.

    Attributes
    ----------
    observed, latent : tuple of str
        Names, in the order of the matrices.
    loadings : (p, f) array
        Unstandardised; 0 where an item does not belong to a factor.
    upper : (f, f) array
        Loadings of factors (rows) on factors of higher order (columns).
    residual : (p, p) array
        Residual covariances of the observed variables.
    disturbances : (f, f) array
        Covariances of what is left of the factors (of an exogenous factor: its variance).
    phi, implied, sample : (f, f), (p, p), (p, p) arrays
        Implied covariances of the factors and of the observed variables, and the sample's.
    """

    observed: tuple[str, ...]
    latent: tuple[str, ...]
    loadings: Array
    upper: Array
    residual: Array
    disturbances: Array
    phi: Array
    implied: Array
    sample: Array

    @cached_property
    def standardised(self) -> Array:
        """Standardised loadings, (p, f); NaN where a variance is not positive."""
        with np.errstate(invalid="ignore", divide="ignore"):
            factors, items = np.sqrt(np.diagonal(self.phi)), np.sqrt(np.diagonal(self.implied))
            scaled = self.loadings * factors / items[:, None]
        return np.asarray(np.where(self.loadings != 0.0, scaled, 0.0), dtype=np.float64)

    def items(self, factor: str) -> list[str]:
        """Observed variables that load on a factor."""
        column = self.loadings[:, self.latent.index(factor)]
        return [name for name, value in zip(self.observed, column, strict=True) if value != 0.0]

    def own(self, factor: str) -> list[str]:
        """Those of them that load on no other factor."""
        alone = (self.loadings != 0.0).sum(axis=1) == 1
        return [name for name in self.items(factor) if alone[self.observed.index(name)]]

    def at(self, names: list[str]) -> list[int]:
        """Positions of observed variables."""
        return [self.observed.index(name) for name in names]


def measurements(fit: Fitted) -> Iterator[tuple[int, Measurement]]:
    """The measurement part of every group, with the number of its block."""
    rows = fit.estimates
    numbers = [int(number) for number in dict.fromkeys(rows["block"]) if number > 0]
    implied, left = fit.implied, fit.residuals("raw")
    for order, number in enumerate(numbers):
        sample = _of_block(implied, order) + _of_block(left, order)
        yield number, _measurement(rows[rows["block"] == number], fit.latent, fit.observed, sample)


def measurement(fit: Fitted) -> Measurement:
    """The measurement part of a model of one group.

    Raises
    ------
    UnsupportedError
        When there are several groups or levels.
    """
    refuse_groups(fit)
    return next(found for _, found in measurements(fit))


def reticular(fit: Fitted) -> tuple[Reticular, dict[str, int]]:
    """A model of one group as arrows among all its variables, and where each variable stands.

    The free parameters are numbered as in ``fit.vcov``.

    Raises
    ------
    UnsupportedError
        When there are several groups or levels.
    AnalysisError
        When the model has no standard errors.
    """
    refuse_groups(fit)
    numbers = {str(name): index for index, name in enumerate(fit.vcov.columns)}
    return _arrows(fit.estimates, numbers)


def refuse_groups(fit: Fitted) -> None:
    """Refuse a model of several groups or levels by name."""
    if len({int(number) for number in fit.estimates["block"] if number > 0}) > 1:
        raise UnsupportedError(
            "this analysis takes a model of one group; the model has several. Fit it to the rows of each group."
        )


def _of_block(found: Any, order: int) -> pd.DataFrame:
    """A matrix that is one frame, or one a group by order or by label."""
    if isinstance(found, pd.DataFrame):
        return found
    frame: pd.DataFrame = list(found.values() if isinstance(found, Mapping) else found)[order]
    return frame


def _measurement(
    rows: pd.DataFrame, latent: tuple[str, ...], observed: tuple[str, ...], sample: pd.DataFrame
) -> Measurement:
    model, at = _arrows(rows, {})
    f, p = [at[name] for name in latent], [at[name] for name in observed]
    arrows = np.zeros((model.size, model.size))
    loading = rows["op"] == "=~"
    for lhs, rhs, value in rows.loc[loading, ["lhs", "rhs", "estimate"]].itertuples(index=False, name=None):
        arrows[at[rhs], at[lhs]] = value
    left = np.zeros((model.size, model.size))
    held = model.covariances
    left[held.rows, held.columns] = left[held.columns, held.rows] = held.values
    c = model.covariance
    return Measurement(
        observed=observed,
        latent=latent,
        loadings=arrows[np.ix_(p, f)],
        upper=arrows[np.ix_(f, f)],
        residual=left[np.ix_(p, p)],
        disturbances=left[np.ix_(f, f)],
        phi=c[np.ix_(f, f)],
        implied=c[np.ix_(p, p)],
        sample=sample.loc[list(observed), list(observed)].to_numpy(dtype=float),
    )


def _arrows(rows: pd.DataFrame, numbers: Mapping[str, int]) -> tuple[Reticular, dict[str, int]]:
    """The rows of one group as matrices; ``numbers`` tells which parameter has which name."""
    kinds: dict[str, list[tuple[int, int, float, int]]] = {"path": [], "covariance": [], "mean": []}
    at: dict[str, int] = {}
    columns = ["lhs", "op", "rhs", "label", "estimate"]
    for lhs, op, rhs, label, value in rows[columns].itertuples(index=False, name=None):
        if op not in (*_ARROWS, "~~", "~1") or (op == "=~" and lhs == rhs):
            continue
        left = at.setdefault(lhs, len(at))
        right = left if op == "~1" else at.setdefault(rhs, len(at))
        number = numbers.get(label or "", numbers.get(f"{lhs} {op} {rhs}".strip(), -1))
        if op == "=~":
            left, right = right, left
        kind = "path" if op in _ARROWS else "covariance" if op == "~~" else "mean"
        kinds[kind].append((left, right, float(value), number))
    entries = {kind: _entries(found) for kind, found in kinds.items()}
    size = len(numbers)
    return Reticular(len(at), size, entries["path"], entries["covariance"], entries["mean"]), at


def _entries(found: list[tuple[int, int, float, int]]) -> Entries:
    rows, columns, values, parameters = zip(*found, strict=True) if found else ((), (), (), ())
    return Entries(
        np.array(rows, dtype=np.intp),
        np.array(columns, dtype=np.intp),
        np.array(values, dtype=np.float64),
        np.array(parameters, dtype=np.intp),
    )
