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
class TracePlot:
    """Values by iteration, one panel a variable, one line a chain: ``lines[i][k]`` is chain k of panel i."""

    title: str
    alt: str
    panels: tuple[str, ...]
    lines: tuple[tuple[tuple[float, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class ScreePlot:
    """Eigenvalues by their number, beside those of data without factors.

    Each line has a name, its values from the first eigenvalue on, and what it is: ``observed``, or ``random`` for what
    data without factors show. Lines of one ``kind`` (components or factors) share a colour.
    """

    title: str
    alt: str
    lines: tuple[ScreeLine, ...]
    x_label: str = ""
    y_label: str = ""


@dataclass(frozen=True, slots=True)
class ScreeLine:
    """One line of a scree plot; see :class:`ScreePlot`."""

    name: str
    kind: Literal["components", "factors"]
    what: Literal["observed", "random"]
    values: tuple[float, ...]


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


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Differences of two measurements against their means, with the mean difference and the limits of agreement.

    ``bias``, ``lower`` and ``upper`` have their intervals beside them; ``line`` is intercept and slope of the
    differences on the means.
    """

    title: str
    alt: str
    means: tuple[float, ...]
    differences: tuple[float, ...]
    bias: float
    bias_ci: tuple[float, float]
    lower: float
    lower_ci: tuple[float, float]
    upper: float
    upper_ci: tuple[float, float]
    line: tuple[float, float] | None = None
    x_label: str = ""
    y_label: str = ""


@dataclass(frozen=True, slots=True)
class MissingnessMap:
    """Patterns of missing answers: a row a pattern, a column an item; dark where the answer is missing.

    ``percents[j]`` is the percent of respondents who lack item j, ``patterns[i][j]`` whether pattern i lacks it,
    ``counts[i]`` how many respondents have pattern i. ``others`` patterns of ``other_rows`` respondents are not shown.
    """

    title: str
    alt: str
    items: tuple[str, ...]
    percents: tuple[float, ...]
    patterns: tuple[tuple[bool, ...], ...]
    counts: tuple[int, ...]
    others: int = 0
    other_rows: int = 0


@dataclass(frozen=True, slots=True)
class ParticipantFlow:
    """Boxes one below the other, from those invited to those analysed.

    ``stages`` are labels with numbers; ``losses[i]`` are the reasons, with numbers, for which people left between stage
    i and the next one, drawn beside the arrow.
    """

    title: str
    alt: str
    stages: tuple[tuple[str, int], ...]
    losses: tuple[tuple[tuple[str, int], ...], ...]


@dataclass(frozen=True, slots=True)
class LoadingsPlot:
    """Loadings of items (rows) on factors (columns); those below ``salient`` in size are drawn pale."""

    title: str
    alt: str
    items: tuple[str, ...]
    factors: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    salient: float = 0.3
    admissible: bool = True


@dataclass(frozen=True, slots=True)
class Radar:
    """Profiles around a circle: one spoke a dimension, from 0 in the middle to ``top``; None where nothing is known."""

    title: str
    alt: str
    spokes: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    top: float


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of values in colours, from ``low`` to ``high``; None where nothing is known."""

    title: str
    alt: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    low: float
    high: float
    decimals: int = 1


@dataclass(frozen=True, slots=True)
class QuadrantMap:
    """Points with names on a plane that two lines part; ``quadrants`` are named from the upper left, row by row."""

    title: str
    alt: str
    points: tuple[tuple[str, float, float], ...]
    x_label: str
    y_label: str
    x_line: float
    y_line: float
    quadrants: tuple[str, str, str, str] = ("", "", "", "")


@dataclass(frozen=True, slots=True)
class Curves:
    """Lines with names over a common axis; ``steps`` for functions that jump, ``diagonal`` for the line of equality."""

    title: str
    alt: str
    lines: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...]
    x_label: str
    y_label: str
    steps: bool = False
    diagonal: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one or more series, one row a name, with intervals where there are any; ``reference`` is a line."""

    title: str
    alt: str
    names: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    lows: tuple[tuple[float, ...], ...] = ()
    highs: tuple[tuple[float, ...], ...] = ()
    x_label: str = ""
    reference: float | None = None


Drawing = (
    LikertBars
    | PathDiagram
    | CoefficientPlot
    | HeatMap
    | MissingnessMap
    | ParticipantFlow
    | BlandAltman
    | TracePlot
    | ScreePlot
    | LoadingsPlot
    | Radar
    | Grid
    | QuadrantMap
    | Curves
    | Bars
)
