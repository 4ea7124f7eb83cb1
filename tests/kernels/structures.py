"""Models laid out on random samples, for the kernels' tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmstudy.estimating.layout import Placement, place
from crmstudy.estimating.starting import start_values
from crmstudy.grammar.spec import parse_model
from crmstudy.grammar.table import ParameterTable, build_table
from crmstudy.kernels.covariance.discrepancy import MaximumLikelihood, SampleBlock

MODELS = {
    "factors": "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\nx1 ~~ x4",
    "paths": "f =~ x1 + x2 + x3\ng =~ x4 + a*x5 + a*x6\ng ~ f\nx2 ~~ x5",
    "mixed": "f =~ x1 + x2 + x3\nx4 ~ f + x5\nx6 ~ x4 + f\nf ~ x5",
    "nonrecursive": "x1 ~ x2 + x3\nx2 ~ x1 + x4\nx1 ~~ x2",
    "second_order": "f =~ x1 + x2\ng =~ x3 + x4\nh =~ x5 + x6\ns =~ f + g + h",
    "composite": "c <~ x1 + x2 + x3\nf =~ x4 + x5 + x6\nf ~ c",
    "scaled": "f =~ x1 + x2 + x3 + x4\nx2 ~*~ x2",
    "growth": "i =~ 1*x1 + 1*x2 + 1*x3 + 1*x4\ns =~ 0*x1 + 1*x2 + 2*x3 + 3*x4\ni ~ x5\ns ~ x5\n"
    "i ~ 1\ns ~ 1\nx1 ~ 0*1\nx2 ~ 0*1\nx3 ~ 0*1\nx4 ~ 0*1",
}


@dataclass(frozen=True)
class Laid:
    """A model on a sample: everything a discrepancy needs, one entry a group."""

    table: ParameterTable
    placement: Placement
    covariances: list[np.ndarray]
    means: list[np.ndarray]
    rows: list[np.ndarray]

    @property
    def start(self) -> np.ndarray:
        return start_values(self.table, self.placement, self.covariances, self.means)

    def blocks(self) -> tuple[SampleBlock, ...]:
        shares = np.array([len(values) for values in self.rows]) / sum(map(len, self.rows))
        return tuple(
            SampleBlock(layout, covariance, mean, share)
            for layout, covariance, mean, share in zip(
                self.placement.layouts, self.covariances, self.means, shares, strict=True
            )
        )

    def likelihood(self) -> MaximumLikelihood:
        return MaximumLikelihood(self.blocks(), self.table.n_free)

    def near(self, seed: int = 3, size: float = 0.02) -> np.ndarray:
        """Parameters near the start values."""
        return self.start + np.random.default_rng(seed).normal(0, size, self.table.n_free)


def laid(name: str, *, groups: int = 1, means: bool = False, seed: int = 7, n: int = 120, **options) -> Laid:
    """A model of :data:`MODELS` laid out on random rows."""
    table = build_table(parse_model(MODELS[name]), n_groups=groups, meanstructure=means, **options)
    rng = np.random.default_rng(seed)
    p = len(table.observed)
    rows = [
        rng.normal(size=(n + 30 * g, p)) + rng.normal(size=(n + 30 * g, 1)) * rng.uniform(0.5, 1.5, p) + 0.4 * g
        for g in range(groups)
    ]
    covariances, centres = [np.cov(values.T, ddof=0) for values in rows], [values.mean(axis=0) for values in rows]
    return Laid(table, place(table, covariances, centres), covariances, centres, rows)


def slopes_by_difference(function, theta: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Derivatives of a number or a vector by central differences, a row a parameter."""
    return np.array(
        [(function(theta + step * e) - function(theta - step * e)) / (2 * step) for e in np.eye(len(theta))]
    )
