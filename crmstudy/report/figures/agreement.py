"""Figures of agreement: the plot of Bland and Altman."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmstudy.drawing import BlandAltman
from crmstudy.numerals import write_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _SOFT, _BLUE, _ORANGE = "#1b1f24", "#5c6670", "#1f5fa8", "#b35806"


def draw_bland_altman(plot: BlandAltman) -> Figure:
    """Differences over means; three lines with bands for their intervals, each named and numbered at the right."""
    from matplotlib.figure import Figure

    width, height = 7.0, 4.2
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((0.8 / width, 0.62 / height, 4.75 / width, (height - 0.8) / height))
    lines = ((plot.upper, plot.upper_ci, "Upper limit", (0, (5, 3))), (plot.bias, plot.bias_ci, "Mean", "solid"),
             (plot.lower, plot.lower_ci, "Lower limit", (0, (5, 3))))  # fmt: skip
    for value, ends, _, dashes in lines:
        colour = _BLUE if dashes == "solid" else _ORANGE
        if all(end == end for end in ends):
            axes.axhspan(*ends, color=colour, alpha=0.13, linewidth=0)
        axes.axhline(value, color=colour, linewidth=1.4, linestyle=dashes)
    axes.axhline(0, color=_SOFT, linewidth=0.8, linestyle=(0, (1, 2)))
    points = _counted(plot)
    sizes = [18.0 * count for _, _, count in points]
    axes.scatter([x for x, _, _ in points], [y for _, y, _ in points], s=sizes, facecolor=_INK, edgecolor="white",
                 linewidth=0.5, alpha=0.75, zorder=3)  # fmt: skip
    low, high = min(plot.means), max(plot.means)
    if plot.line is not None and high > low:
        line = [plot.line[0] + plot.line[1] * x for x in (low, high)]
        axes.plot((low, high), line, color=_SOFT, linewidth=1.1)
    _name_lines(axes, [(value, ends, name) for value, ends, name, _ in lines])
    axes.set_xlabel(plot.x_label, size=9.5, color=_INK)
    axes.set_ylabel(plot.y_label, size=9.5, color=_INK)
    axes.tick_params(labelsize=8.5, color=_SOFT, labelcolor=_SOFT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(_SOFT)
    return figure


def _counted(plot: BlandAltman) -> list[tuple[float, float, int]]:
    """The points with how many persons stand on each."""
    found: dict[tuple[float, float], int] = {}
    for point in zip(plot.means, plot.differences, strict=True):
        found[point] = found.get(point, 0) + 1
    return [(x, y, count) for (x, y), count in sorted(found.items())]


def _name_lines(axes: Axes, lines: list[tuple[float, tuple[float, float], str]]) -> None:
    """Names and numbers beside the lines, pushed apart where they would touch."""
    values = [end for _, ends, _ in lines for end in ends if end == end] + [value for value, _, _ in lines]
    low, high = axes.get_ylim()
    low, high = min(low, *values), max(high, *values)
    spare = 0.04 * (high - low) or 1.0
    axes.set_ylim(low - spare, high + spare)
    apart = 0.13 * (high - low + 2 * spare)
    middle = lines[1][0]
    places = [max(lines[0][0], middle + apart), middle, min(lines[2][0], middle - apart)]
    for (value, ends, name), place in zip(lines, places, strict=True):
        text = f"{name} {write_number(value, 'estimate')}\n{write_number(ends, 'interval')}"
        axes.text(1.02, place, text, transform=axes.get_yaxis_transform(), va="center", ha="left", size=8.5, color=_INK)
