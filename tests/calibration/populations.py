"""The populations of the calibration study: one mediation model, five ways in which its rows can come about.

Three factors with three items each; x acts on y directly and through m. Every kind of data is built from independent
generators with mean 0 and variance 1, one for each source of the model (the factor x, two disturbances, nine errors),
so that means and covariances of the items are those of the model exactly, whatever the shape of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[np.float64]
Shape = Literal["normal", "skewed", "heavy", "missing", "clustered"]

ITEMS = tuple(f"{factor}{number}" for factor in "xmy" for number in (1, 2, 3))
#: Rows in a cluster, and the share of every generator's variance that lies between clusters.
CLUSTER_SIZE, BETWEEN = 10, 0.3
#: A squared generator has correlation BETWEEN**2 within a cluster, and so have products of two: the design effect of
#: covariances and of everything computed from them alone, and that of means.
DESIGN_EFFECT = 1.0 + (CLUSTER_SIZE - 1) * BETWEEN**2
DESIGN_EFFECT_OF_MEANS = 1.0 + (CLUSTER_SIZE - 1) * BETWEEN
#: Degrees of freedom of the chi-squares that skewed generators come from: skewness 1.63, kurtosis 7 (excess 4).
SKEWED_DF = 3
#: Shape of the gamma distribution (mean 1) that multiplies the covariance matrix of each heavy-tailed row. The rows are
#: elliptical with relative kurtosis 1 + 1 / shape: that much larger are the covariances of the sample moments.
HEAVY_SHAPE = 2.0
RELATIVE_KURTOSIS = 1.0 + 1.0 / HEAVY_SHAPE
#: Items that may be missing, and how often above and below the mean of the always observed item y1.
HOLED = ("x2", "m2", "y2")
HOLE_ITEM, HOLES_ABOVE, HOLES_BELOW = "y1", 0.5, 0.1


@dataclass(frozen=True)
class Population:
    """Parameters of the mediation model; the loadings and error variances are the same for all three factors."""

    a: float = 0.5
    b: float = 0.4
    c: float = 0.2
    loadings: tuple[float, float, float] = (1.0, 0.9, 0.8)
    error: float = 0.6
    variance_of_x: float = 1.0
    disturbances: tuple[float, float] = (0.75, 0.72)
    intercept: float = 1.0

    @property
    def factor_covariance(self) -> Array:
        """Covariance matrix of x, m and y, (3, 3)."""
        root = self._factor_root
        return root @ root.T

    @property
    def covariance(self) -> Array:
        """Covariance matrix of the items, (9, 9)."""
        root = self._root
        return root @ root.T

    @property
    def _factor_root(self) -> Array:
        paths = np.array([[0.0, 0.0, 0.0], [self.a, 0.0, 0.0], [self.c, self.b, 0.0]])
        found: Array = np.linalg.inv(np.eye(3) - paths) * np.sqrt([self.variance_of_x, *self.disturbances])
        return found

    @property
    def _root(self) -> Array:
        """Items by generators, (9, 12)."""
        loadings = np.kron(np.eye(3), np.reshape(self.loadings, (3, 1)))
        return np.hstack([loadings @ self._factor_root, np.sqrt(self.error) * np.eye(9)])

    def rows(self, n: int, shape: Shape, random: Generator) -> Array:
        """``n`` rows of the nine items; NaN where an answer is missing."""
        rows = self.intercept + generators(n, shape, random) @ self._root.T
        if shape == "missing":
            rows = with_holes(rows, self.intercept, random)
        return rows

    def truth(self) -> dict[str, float]:
        """The parameters that are followed, by target."""
        phi = self.factor_covariance
        return {
            "x =~ x2": self.loadings[1],
            "y =~ y3": self.loadings[2],
            "a": self.a,
            "b": self.b,
            "c": self.c,
            "indirect": self.a * self.b,
            "total": self.c + self.a * self.b,
            "std b": self.b * float(np.sqrt(phi[1, 1] / phi[2, 2])),
            "m2 ~~ m2": self.error,
            "y2 ~ 1": self.intercept,
        }


MEDIATED = Population()
#: No indirect effect: m does not act on y.
WITHOUT = replace(MEDIATED, b=0.0, c=0.4, disturbances=(0.75, 0.84))
#: The second of two groups: other means, variances and paths, the same loadings.
SECOND_GROUP = replace(MEDIATED, a=0.3, variance_of_x=1.5, error=0.8, intercept=1.5)


def generators(n: int, shape: Shape, random: Generator) -> Array:
    """Rows of the twelve generators, each with mean 0 and variance 1, uncorrelated."""
    size = (n, 12)
    if shape == "skewed":
        return (random.chisquare(SKEWED_DF, size) - SKEWED_DF) / np.sqrt(2 * SKEWED_DF)
    found = random.standard_normal(size)
    if shape == "heavy":
        found *= np.sqrt(random.gamma(HEAVY_SHAPE, 1.0 / HEAVY_SHAPE, (n, 1)))
    if shape == "clustered":
        between = random.standard_normal((-(-n // CLUSTER_SIZE), 12))
        found = np.sqrt(1.0 - BETWEEN) * found + np.sqrt(BETWEEN) * between[clusters(n)]
    return found


def clusters(n: int) -> NDArray[np.intp]:
    """The cluster of each row."""
    return np.arange(n) // CLUSTER_SIZE


def with_holes(rows: Array, mean: float, random: Generator) -> Array:
    """Answers missing at random: the chance hangs on the observed item ``y1`` alone; 10 % of all cells on average."""
    above = rows[:, ITEMS.index(HOLE_ITEM)] > mean
    chance = np.where(above, HOLES_ABOVE, HOLES_BELOW)
    holed = [ITEMS.index(name) for name in HOLED]
    missing = random.random((len(rows), len(holed))) < chance[:, None]
    found = rows.copy()
    found[:, holed] = np.where(missing, np.nan, found[:, holed])
    return found
