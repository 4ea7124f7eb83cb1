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
#: Inches of the plane of a map; points of the names in it, of a step between two of them, and of the corners' words.
_MAP = (6.0, 4.4)
_NAME, _STEP, _CORNER = 8.5, 11.0, 15.0
#: Letters take a little more room than their outlines.
_AIR = 1.05
_Box = tuple[float, float, float, float]


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


def _beside(spots: list[tuple[float, float]], widths: list[float]) -> list[tuple[float, float]]:
    """Where each name begins, counted from its point: as near as it touches no other name, no point and no edge.

    All in points; ``spots`` from the lower left corner of the map.
    """
    taken = [(x - 4.0, y - 4.0, x + 4.0, y + 4.0) for x, y in spots]
    found = [(0.0, 0.0)] * len(spots)
    for place in sorted(range(len(spots)), key=lambda i: -spots[i][1]):
        (x, y), wide = spots[place], widths[place]

        def box(begins: tuple[float, float], x: float = x, y: float = y, wide: float = wide) -> _Box:
            left, middle = x + begins[0], y + begins[1]
            return left, middle - 0.62 * _NAME, left + wide, middle + 0.62 * _NAME

        ways = [(side, up * _STEP) for ring in range(8) for up in dict.fromkeys((ring, -ring))
                for side in (7.0 + 3.0 * ring, -wide - 7.0 - 3.0 * ring)]  # fmt: skip
        found[place] = min(ways, key=lambda begins: _covered(box(begins), taken))  # the first of equals is the nearest
        taken.append(box(found[place]))
    return found


def _covered(box: _Box, taken: list[_Box]) -> float:
    """How much of a box lies over others or beyond the map."""
    left, low, right, high = box
    over = sum(
        max(0.0, min(right, other[2]) - max(left, other[0])) * max(0.0, min(high, other[3]) - max(low, other[1]))
        for other in taken
    )
    edge, head = 72.0 * _MAP[0], 72.0 * _MAP[1] - _CORNER
    beyond = max(0.0, -left) + max(0.0, right - edge) + max(0.0, _CORNER - low) + max(0.0, high - head)
    return over + beyond * 2.0 * _NAME


def draw_quadrant_map(drawing: QuadrantMap) -> Figure:
    """Points with their names, pushed apart where they would touch; the fields are named in their outer corners."""
    figure, axes = _plane(drawing.x_label, drawing.y_label, _MAP[0] + 1.0, _MAP[1] + 0.8)
    axes.axvline(drawing.x_line, color=_SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.axhline(drawing.y_line, color=_SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    xs, ys = [x for _, x, _ in drawing.points], [y for _, _, y in drawing.points]
    axes.scatter(xs, ys, s=34, color=SERIES[0][0], edgecolor="white", linewidth=0.6, zorder=3)
    low_x, high_x = min(*xs, drawing.x_line), max(*xs, drawing.x_line)
    low_y, high_y = min(*ys, drawing.y_line), max(*ys, drawing.y_line)
    wide, tall = (high_x - low_x) or 1.0, (high_y - low_y) or 1.0
    axes.set_xlim(low_x - 0.14 * wide, high_x + 0.3 * wide)
    axes.set_ylim(low_y - 0.16 * tall, high_y + 0.16 * tall)
    across, up = 72.0 * _MAP[0] / (1.44 * wide), 72.0 * _MAP[1] / (1.32 * tall)
    spots = [((x - low_x + 0.14 * wide) * across, (y - low_y + 0.16 * tall) * up) for x, y in zip(xs, ys, strict=True)]
    widths = [72.0 * _AIR * text_width(name, _NAME) for name, _, _ in drawing.points]
    for (name, x, y), begins in zip(drawing.points, _beside(spots, widths), strict=True):
        far = {"arrowstyle": "-", "color": _SOFT, "linewidth": 0.5, "relpos": (0.0 if begins[0] > 0 else 1.0, 0.5)}
        axes.annotate(
            name, (x, y), begins, textcoords="offset points", size=_NAME, color=_INK, va="center",
            arrowprops=far if begins[1] else None,
        )  # fmt: skip
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
