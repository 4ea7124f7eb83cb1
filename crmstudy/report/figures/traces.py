"""Traces of imputed means: one panel a variable, one line a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmstudy.drawing import TracePlot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _SOFT = "#1b1f24", "#5c6670"
_WIDTH, _ROW, _COLUMNS = 6.8, 1.75, 2


def draw_traces(plot: TracePlot) -> Figure:
    """Thin lines that mix where the chains have settled, and stay apart where they have not."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    columns = min(_COLUMNS, len(plot.panels))
    rows = -(-len(plot.panels) // columns)
    height = _ROW * rows + 0.45
    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    width = (_WIDTH - 0.2) / columns
    colours = mpl.colormaps["cividis"]
    for place, (name, lines) in enumerate(zip(plot.panels, plot.lines, strict=True)):
        row, column = divmod(place, columns)
        left, bottom = 0.1 + column * width + 0.5, height - (row + 1) * _ROW + 0.2
        axes = figure.add_axes((left / _WIDTH, bottom / height, (width - 0.65) / _WIDTH, (_ROW - 0.5) / height))
        for number, line in enumerate(lines):
            shade = 0.1 + 0.8 * number / max(len(lines) - 1, 1)
            axes.plot(range(1, len(line) + 1), line, color=colours(shade), linewidth=0.8)
        axes.set_title(name, size=9.5, color=_INK, loc="left", pad=3)
        axes.tick_params(labelsize=8, color=_SOFT, labelcolor=_SOFT)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("bottom", "left"):
            axes.spines[side].set_color(_SOFT)
        if row == rows - 1 or place + columns >= len(plot.panels):
            axes.set_xlabel("Iteration", size=8.5, color=_SOFT)
    return figure
