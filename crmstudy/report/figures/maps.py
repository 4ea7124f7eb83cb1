"""Figures on a plane: maps with four fields, curves, and bars side by side."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from crmstudy.drawing import Bars, Curves, QuadrantMap
from crmstudy.report.figures.lettering import text_width
from crmstudy.report.figures.profiles import SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _SOFT = "#1b1f24", "#5c6670"


def _plane(x_label: str, y_label: str, width: float = 6.4, height: float = 4.4) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((0.75 / width, 0.6 / height, (width - 1.0) / width, (height - 0.8) / height))
    axes.set_xlabel(x_label, size=9.5, color=_INK)
    axes.set_ylabel(y_label, size=9.5, color=_INK)
    axes.tick_params(labelsize=8.5, color=_SOFT, labelcolor=_SOFT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(_SOFT)
    return figure, axes


def draw_quadrant_map(drawing: QuadrantMap) -> Figure:
    """Points with their names, pushed apart where they would touch; the fields are named in their outer corners."""
    figure, axes = _plane(drawing.x_label, drawing.y_label, 7.0, 5.2)
    axes.axvline(drawing.x_line, color=_SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.axhline(drawing.y_line, color=_SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    xs, ys = [x for _, x, _ in drawing.points], [y for _, _, y in drawing.points]
    axes.scatter(xs, ys, s=34, color=SERIES[0][0], edgecolor="white", linewidth=0.6, zorder=3)
    low_x, high_x = min(*xs, drawing.x_line), max(*xs, drawing.x_line)
    low_y, high_y = min(*ys, drawing.y_line), max(*ys, drawing.y_line)
    wide, tall = (high_x - low_x) or 1.0, (high_y - low_y) or 1.0
    axes.set_xlim(low_x - 0.14 * wide, high_x + 0.3 * wide)
    axes.set_ylim(low_y - 0.16 * tall, high_y + 0.16 * tall)
    taken: list[tuple[float, float]] = []
    for name, x, y in sorted(drawing.points, key=lambda point: -point[2]):
        place = y
        while any(abs(place - other) < 0.045 * tall and abs(x - at) < 0.3 * wide for at, other in taken):
            place -= 0.045 * tall
        taken.append((x, place))
        arrow = {"arrowstyle": "-", "color": _SOFT, "linewidth": 0.5} if place != y else None
        axes.annotate(name, (x, y), (x + 0.018 * wide, place), size=8.5, color=_INK, va="center", arrowprops=arrow)
    corners = ((0.01, 0.985, "left", "top"), (0.99, 0.985, "right", "top"), (0.01, 0.015, "left", "bottom"),
               (0.99, 0.015, "right", "bottom"))  # fmt: skip
    for words, (across, up, ha, va) in zip(drawing.quadrants, corners, strict=True):
        axes.text(across, up, words, transform=axes.transAxes, size=9, color=_SOFT, style="italic", ha=ha, va=va)
    return figure


def draw_curves(drawing: Curves) -> Figure:
    """Lines, or steps, with a legend where there is more than one."""
    figure, axes = _plane(fill(drawing.x_label, 84), drawing.y_label)
    if drawing.diagonal:
        ends = [end for _, xs, _ in drawing.lines for end in (min(xs), max(xs))]
        axes.plot((min(ends), max(ends)), (min(ends), max(ends)), color=_SOFT, linewidth=0.9, linestyle=(0, (1, 2)))
    for place, (name, xs, ys) in enumerate(drawing.lines):
        colour, dashes = SERIES[place % len(SERIES)]
        axes.plot(xs, ys, color=colour, linewidth=1.8, linestyle=dashes, label=name,
                  drawstyle="steps-post" if drawing.steps else "default")  # fmt: skip
    if len(drawing.lines) > 1:
        axes.legend(frameon=False, fontsize=9, labelcolor=_INK)
    return figure


def draw_bars(drawing: Bars) -> Figure:
    """Rows of bars, with whiskers for intervals; a row without a value stays empty."""
    from matplotlib.figure import Figure

    series = len(drawing.series)
    longest = max((text_width(name, 9.5) for name in drawing.names), default=0.5)
    left, high = min(longest, 3.6) + 0.25, 0.24 * series + 0.14
    foot = 0.6 + (0.25 if series > 1 else 0.0)
    width, height = left + 4.4 + 0.3, 0.1 + high * len(drawing.names) + foot
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((left / width, foot / height, 4.4 / width, high * len(drawing.names) / height))
    thick = 0.8 / series
    for place, (name, values) in enumerate(drawing.series):
        rows = [row - 0.4 + thick * (place + 0.5) for row in range(len(values))]
        known = [(row, value) for row, value in zip(rows, values, strict=True) if value is not None and value == value]
        axes.barh([row for row, _ in known], [value for _, value in known], height=0.9 * thick,
                  color=SERIES[place % len(SERIES)][0], label=name)  # fmt: skip
        if place < len(drawing.lows):
            for row, low, top in zip(rows, drawing.lows[place], drawing.highs[place], strict=True):
                axes.plot((low, top), (row, row), color=_INK, linewidth=1.1)
    if drawing.reference is not None:
        axes.axvline(drawing.reference, color=_SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_yticks(range(len(drawing.names)), drawing.names, size=9.5)
    axes.set_ylim(len(drawing.names) - 0.5, -0.5)
    axes.set_xlabel(drawing.x_label, size=9.5, color=_INK)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5, color=_SOFT, labelcolor=_SOFT)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    if series > 1:
        figure.legend(loc="lower center", ncols=min(series, 3), frameon=False, fontsize=9, labelcolor=_INK)
    return figure
