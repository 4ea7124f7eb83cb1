"""Path diagrams drawn: ellipses for latent variables, boxes for observed ones, coefficients on white ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmstudy.drawing import PathDiagram
from crmstudy.report.figures.lettering import text_width
from crmstudy.report.figures.path_layout import lay_out
from crmstudy.report.figures.path_parts import ITEM_SIZE, NAME_SIZE, VALUE_SIZE, Arrow, Box, Layout, is_weak

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARGIN = 0.22
_FOOT = 0.3
_INK, _SOFT = "#1b1f24", "#69737d"
_FILL = {"latent": "#e8eff8", "observed": "#f4f4f2", "item": "#ffffff", "list": "#ffffff"}


def draw_path_diagram(diagram: PathDiagram) -> Figure:
    """Draw a path diagram; its size follows from what is in it."""
    from matplotlib.figure import Figure

    layout = lay_out(diagram, text_width)
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN + _FOOT
    width = max(width, 4.0)
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    shift = (width - layout.width) / 2
    axes.set_xlim(-shift, width - shift)
    axes.set_ylim(-_MARGIN - _FOOT, height - _MARGIN - _FOOT)
    axes.set_axis_off()
    for arrow in layout.arrows:
        _arrow(axes, arrow)
    for box in layout.boxes:
        _box(axes, box)
    for arrow in layout.arrows:
        _value(axes, arrow)
    _foot(axes, layout)
    return figure


def _arrow(axes: Axes, arrow: Arrow) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    path = Path(list(arrow.curve), [Path.MOVETO, Path.CURVE3, Path.CURVE3])
    kind = arrow.edge.kind
    axes.add_patch(
        FancyArrowPatch(
            path=path,
            arrowstyle="<|-|>" if kind == "covariance" else "-|>",
            mutation_scale=9 if kind == "covariance" else 11,
            linewidth=1.7 if kind == "path" else 1.0,
            linestyle=(0, (4, 2.6)) if is_weak(arrow.edge) else "-",
            color=_INK if kind == "path" else _SOFT,
            shrinkA=0,
            shrinkB=0,
            zorder=2,
        )
    )


def _box(axes: Axes, box: Box) -> None:
    from matplotlib.patches import Ellipse, Rectangle

    line: dict[str, Any] = {
        "facecolor": _FILL[box.role],
        "edgecolor": _SOFT if box.role in ("item", "list") else _INK,
        "zorder": 3,
    }
    if box.role == "latent":
        axes.add_patch(Ellipse((box.x, box.y), box.width, box.height, linewidth=1.4, **line))
    else:
        corner = (box.x - box.width / 2, box.y - box.height / 2)
        axes.add_patch(Rectangle(corner, box.width, box.height, linewidth=1.0, **line))
    if box.role == "list":
        _list(axes, box)
        return
    size = ITEM_SIZE if box.role == "item" else NAME_SIZE
    rise = 0.1 if len(box.lines) > 1 else 0.0
    axes.text(box.x, box.y + rise, box.lines[0], ha="center", size=size, color=_INK, zorder=4,
              va="center" if box.turned else "center_baseline", rotation=90 if box.turned else 0)  # fmt: skip
    for extra in box.lines[1:]:
        axes.text(box.x, box.y - 0.12, extra, ha="center", va="center_baseline", size=8.5, color=_SOFT,
                  zorder=4)  # fmt: skip


def _list(axes: Axes, box: Box) -> None:
    """Names and loadings in two columns, read downwards."""
    rows = (len(box.lines) + 1) // 2
    half, top = box.width / 2, box.y + box.height / 2
    step = (box.height - 0.14) / rows
    for i, line in enumerate(box.lines):
        name, value = line.split("\t")
        left = box.x - half + (half if i >= rows else 0.0)
        y = top - 0.07 - (i % rows + 0.5) * step
        axes.text(left + 0.09, y, name, ha="left", va="center_baseline", size=ITEM_SIZE, color=_INK, zorder=4)
        axes.text(left + half - 0.09, y, value, ha="right", va="center_baseline", size=ITEM_SIZE, color=_INK,
                  zorder=4)  # fmt: skip
    axes.plot((box.x, box.x), (box.y - box.height / 2, top), color="#d5d9dd", linewidth=0.8, zorder=4)


def _value(axes: Axes, arrow: Arrow) -> None:
    if not arrow.text:
        return
    strong = arrow.edge.kind == "path"
    axes.text(
        *arrow.place,
        arrow.text,
        ha="center",
        va="center_baseline",
        size=VALUE_SIZE + (1 if strong else 0),
        weight="bold" if strong else "normal",
        color=_INK,
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
    )


def _foot(axes: Axes, layout: Layout) -> None:
    words = "Standardised coefficients."
    if any(is_weak(arrow.edge) for arrow in layout.arrows):
        words += " Broken line: p ≥ .05."
    if any("°" in line for box in layout.boxes for line in box.lines):
        words += " °: p ≥ .05."
    axes.text(layout.width / 2, -0.28, words, ha="center", va="top", size=8.5, color=_SOFT)
