"""Figures of profiles: the radar and the grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crmstudy.drawing import Grid, Radar
from crmstudy.report.figures.lettering import text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _SOFT, _PALE = "#1b1f24", "#5c6670", "#d6dade"
#: Colours that people who see no red or green tell apart, with the dashes of their lines.
SERIES = (("#1f5fa8", "solid"), ("#b35806", (0, (5, 2))), ("#35978f", (0, (1, 1.5))), ("#762a83", (0, (4, 1, 1, 1))))


def draw_radar(radar: Radar) -> Figure:
    """A polygon a series; where a spoke is not known, the line is broken and the spoke says so."""
    from matplotlib.figure import Figure

    count = len(radar.spokes)
    longest = max((text_width(spoke, 9.5) for spoke in radar.spokes), default=0.5)
    side, beside = 3.6, min(longest, 2.6) + 0.25
    width, height = side + 2 * beside, side + 0.75 + 0.25 * len(radar.series)
    figure = Figure(figsize=(width, height), facecolor="white")
    foot = 0.1 + 0.25 * len(radar.series)
    axes = figure.add_axes((beside / width, (foot + 0.3) / height, side / width, side / height))
    places = [(math.sin(2 * math.pi * i / count), math.cos(2 * math.pi * i / count)) for i in range(count)]
    _web(axes, radar, places)
    for (name, values), (colour, dashes) in zip(radar.series, _styles(len(radar.series)), strict=True):
        _polygon(axes, [_at(place, value, radar.top) for place, value in zip(places, values, strict=True)], colour,
                 dashes, name)  # fmt: skip
    axes.set_xlim(-1.02, 1.02)
    axes.set_ylim(-1.02, 1.02)
    axes.set_axis_off()
    if any(value is not None for _, values in radar.series for value in values):
        figure.legend(loc="lower center", frameon=False, fontsize=9, labelcolor=_INK)
    return figure


def _styles(count: int) -> Sequence[tuple[str, object]]:
    return [SERIES[i % len(SERIES)] for i in range(count)]


def _at(place: tuple[float, float], value: float | None, top: float) -> tuple[float, float] | None:
    if value is None or value != value:
        return None
    return place[0] * value / top, place[1] * value / top


def _web(axes: Axes, radar: Radar, places: Sequence[tuple[float, float]]) -> None:
    whole = int(radar.top) if radar.top <= 10 else 5
    for ring in range(1, whole + 1):
        share = ring / whole
        line = [(x * share, y * share) for x, y in (*places, places[0])]
        axes.plot(*zip(*line, strict=True), color=_PALE, linewidth=0.8, zorder=1)
        axes.text(0.02, share, f"{radar.top * share:g}", size=7.5, color=_SOFT, va="center", ha="left", zorder=4)
    for place, (x, y) in enumerate(places):
        axes.plot((0, x), (0, y), color=_PALE, linewidth=0.8, zorder=1)
        known = any(values[place] is not None for _, values in radar.series)
        words = radar.spokes[place] if known else f"{radar.spokes[place]}\n(not rated)"
        across = "center" if abs(x) < 0.1 else "left" if x > 0 else "right"
        up = "bottom" if y > 0.9 else "top" if y < -0.9 else "center"
        axes.text(1.06 * x, 1.06 * y, words, size=9.5, color=_INK if known else _SOFT, ha=across, va=up)


def _polygon(axes: Axes, points: Sequence[tuple[float, float] | None], colour: str, dashes: object, name: str) -> None:
    """The line from spoke to spoke; closed and filled only where every spoke is known."""
    if all(points):
        closed = [point for point in (*points, points[0]) if point]
        axes.fill(*zip(*closed, strict=True), color=colour, alpha=0.08, zorder=2)
    named = False
    for first, second in zip(points, (*points[1:], points[0]), strict=True):
        if first and second:
            label = "" if named else name
            axes.plot(*zip(first, second, strict=True), color=colour, linewidth=1.8, linestyle=dashes, zorder=3,
                      label=label or None)  # fmt: skip
            named = True
    alone = [point for point in points if point]
    if alone:
        axes.scatter(
            [x for x, _ in alone], [y for _, y in alone], color=colour, s=22, zorder=4, label=None if named else name
        )


def draw_grid(grid: Grid) -> Figure:
    """Cells from pale to dark blue with their numbers; a cell without a value is hatched."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    longest = max((text_width(name, 9.5) for name in grid.rows), default=0.5)
    over = max((text_width(name, 9.5) for name in grid.columns), default=0.5)
    cell, high = 0.66, 0.32
    left, top = min(longest, 3.6) + 0.25, 0.75 * over + 0.25
    width, height = left + cell * len(grid.columns) + 0.6 * over + 0.2, top + high * len(grid.rows) + 0.1
    figure = Figure(figsize=(width, height), facecolor="white")
    box = (left / width, 0.1 / height, cell * len(grid.columns) / width, high * len(grid.rows) / height)
    axes = figure.add_axes(box)
    scale, span = mpl.colormaps["Blues"], (grid.high - grid.low) or 1.0
    for row, values in enumerate(grid.values):
        for column, value in enumerate(values):
            if value is None or value != value:
                axes.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor=_PALE, hatch="////"))
                continue
            share = min(1.0, max(0.0, (value - grid.low) / span))
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=scale(0.05 + 0.8 * share), edgecolor="white"))
            axes.text(column + 0.5, row + 0.52, f"{value:.{grid.decimals}f}", ha="center", va="center", size=9,
                      color="white" if share > 0.6 else _INK)  # fmt: skip
    axes.set_xlim(0, len(grid.columns))
    axes.set_ylim(len(grid.rows), 0)
    axes.xaxis.tick_top()
    axes.set_yticks([i + 0.5 for i in range(len(grid.rows))], grid.rows, size=9.5)
    axes.set_xticks([i + 0.5 for i in range(len(grid.columns))], grid.columns, size=9.5, rotation=40, ha="left",
                    rotation_mode="anchor")  # fmt: skip
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure
