"""The scree plot: eigenvalues beside those of data without factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmstudy.drawing import ScreePlot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _SOFT = "#1b1f24", "#5c6670"
_COLOURS = {"components": "#1f5fa8", "factors": "#b35806"}
_MARKERS = {"components": "o", "factors": "^"}


def draw_scree(plot: ScreePlot) -> Figure:
    """Observed eigenvalues as joined points, random ones as broken lines of the same colour, named in the corner."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    width, height = 6.8, 4.0
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((0.68 / width, 0.6 / height, (width - 0.8) / width, (height - 0.7) / height))
    for line in plot.lines:
        observed = line.what == "observed"
        axes.plot(
            range(1, len(line.values) + 1), line.values, color=_COLOURS[line.kind], label=line.name,
            linewidth=1.6 if observed else 1.3, linestyle="solid" if observed else (0, (5, 3)),
            marker=_MARKERS[line.kind] if observed else "", markersize=5.5,
            markerfacecolor=_COLOURS[line.kind] if line.kind == "components" else "white", markeredgewidth=1.3,
        )  # fmt: skip
    axes.legend(frameon=False, fontsize=9, labelcolor=_INK, loc="upper right", handlelength=2.8)
    axes.set_xlabel(plot.x_label, size=9.5, color=_INK)
    axes.set_ylabel(plot.y_label, size=9.5, color=_INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=14))
    axes.tick_params(labelsize=8.5, color=_SOFT, labelcolor=_SOFT)
    count = max((len(line.values) for line in plot.lines), default=1)
    axes.set_xlim(0.5, count + 0.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(_SOFT)
    return figure
