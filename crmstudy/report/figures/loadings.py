"""The heat map of factor loadings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmstudy.drawing import LoadingsPlot
from crmstudy.numerals import write_number
from crmstudy.report.figures.lettering import text_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _PALE = "#1b1f24", "#8a929a"


def draw_loadings(plot: LoadingsPlot) -> Figure:
    """A row an item, a column a factor; colour by sign and size, small loadings pale, a line between factors."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    rows, columns = len(plot.items), len(plot.factors)
    wide, high = 0.72 if columns <= 6 else 0.58, 0.27
    left = max((text_width(name, 9.5) for name in plot.items), default=0.5) + 0.2
    longest = max((text_width(name, 9.5) for name in plot.factors), default=0.0)
    slanted = longest > wide - 0.06
    top = 0.36 if not slanted else 0.2 + 0.72 * longest
    width, height = left + wide * columns + (0.72 * longest if slanted else 0.2), top + high * rows + 0.1
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((left / width, 0.1 / height, wide * columns / width, high * rows / height))
    scale = mpl.colormaps["RdBu"]
    for i, values in enumerate(plot.values):
        for j, value in enumerate(values):
            bold = abs(value) >= plot.salient
            strength = 0.45 * max(-1.0, min(1.0, value)) * (1.0 if bold else 0.45)
            colour = scale(0.5 + strength)
            axes.add_patch(Rectangle((j, i), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.2))
            ink = "white" if abs(strength) > 0.3 else _INK if bold else _PALE
            axes.text(j + 0.5, i + 0.52, write_number(value, "r"), ha="center", va="center", size=8.5, color=ink,
                      weight="bold" if bold else "normal")  # fmt: skip
    for i in range(1, rows):
        if _owner(plot, i) != _owner(plot, i - 1):
            axes.axhline(i, color=_INK, linewidth=0.9)
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_yticks([i + 0.5 for i in range(rows)], plot.items, size=9.5, color=_INK)
    axes.xaxis.tick_top()
    axes.set_xticks([j + 0.5 for j in range(columns)], plot.factors, size=9.5)
    if slanted:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="left", rotation_mode="anchor")
    axes.tick_params(length=0, labelcolor=_INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _owner(plot: LoadingsPlot, item: int) -> int:
    """The factor an item loads on most."""
    sizes = [abs(value) for value in plot.values[item]]
    return sizes.index(max(sizes))
