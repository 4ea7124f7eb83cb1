"""Descriptions of figures: what is to be drawn, as plain frozen values. Only ``report`` draws them.

Standard library only. Every description has a ``title`` and an ``alt`` text for people who cannot see the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class LikertBars:
    """Diverging stacked bars of the answers to the items of one scale.

    ``items`` are the row labels, ``values`` the answer values from low to high, ``percents[i][j]`` the percent (0-100)
    of item i that gave value j, ``counts[i]`` the number of answers of item i. ``low_label``/``high_label`` are the
    anchors of the response format.
    """

    title: str
    alt: str
    items: tuple[str, ...]
    values: tuple[int, ...]
    percents: tuple[tuple[float, ...], ...]
    counts: tuple[int, ...]
    low_label: str = ""
    high_label: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A variable of a path diagram: ``latent`` (ellipse) or ``observed`` (rectangle); ``r_squared`` when explained."""

    name: str
    shape: Literal["latent", "observed"]
    label: str = ""
    r_squared: float | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow of a path diagram.

    ``kind``: ``loading`` (latent to indicator), ``path`` (regression) or ``covariance`` (two heads). ``value`` is the
    standardised coefficient, ``p_value`` its two-sided p (None for a fixed one).
    """

    source: str
    target: str
    kind: Literal["loading", "path", "covariance"]
    value: float
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class PathDiagram:
    """A path diagram with standardised coefficients. ``admissible`` False is drawn with a visible mark."""

    title: str
    alt: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    admissible: bool = True


@dataclass(frozen=True, slots=True)
class CoefficientPlot:
    """Estimates with their intervals, one row a term; ``reference`` is the value of no effect."""

    title: str
    alt: str
    terms: tuple[str, ...]
    estimates: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    x_label: str = ""
    reference: float = 0.0
    admissible: bool = True


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A square matrix of values in [-1, 1] (correlations), lower triangle shown; ``diagonal`` replaces the ones."""

    title: str
    alt: str
    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    diagonal: tuple[float | None, ...] | None = None


Drawing = LikertBars | PathDiagram | CoefficientPlot | HeatMap
