"""Figures about the sample: the map of missing answers, and the flow of participants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crmstudy.drawing import MissingnessMap, ParticipantFlow
from crmstudy.numerals import write_number
from crmstudy.report.figures.lettering import text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _SOFT, _GRID = "#1b1f24", "#5c6670", "#d5dae0"
_DARK, _PALE = "#8c510a", "#eef1f4"
#: Sizes of the map in inches: its body at most, a cell at most.
_WIDEST, _TALLEST, _CELL_WIDE, _CELL_TALL = 5.6, 6.8, 0.34, 0.24


def draw_missingness_map(described: MissingnessMap) -> Figure:
    """Patterns as rows, the most frequent above, items as columns; bars of percent above, numbers of people beside."""
    items, patterns = len(described.items), len(described.patterns)
    cell_wide, cell_tall = min(_CELL_WIDE, _WIDEST / items), min(_CELL_TALL, _TALLEST / patterns)
    wide, tall = cell_wide * items, cell_tall * patterns
    size = min(9.0, cell_wide * 72 * 0.82)
    longest = max((text_width(item, size) for item in described.items), default=0.4)
    left, right, bars, gap, top = 0.62, 0.85, 0.7, 0.1, 0.3
    bottom = longest + 0.2 + (0.2 if described.others else 0.0)
    width, height = max(left + wide + right, 3.6), top + bars + gap + tall + bottom
    figure = _sheet(width, height)
    above = figure.add_axes((left / width, (bottom + tall + gap) / height, wide / width, bars / height))
    _percent_bars(above, described)
    axes = figure.add_axes((left / width, bottom / height, wide / width, tall / height))
    _cells(axes, described, cell_tall)
    axes.set_xticks([i + 0.5 for i in range(items)], described.items, rotation=90, size=size, color=_INK)
    axes.set_ylabel("Patterns", size=9, color=_SOFT, labelpad=6)
    if described.others:
        said = f"{described.others} further patterns with {described.other_rows} respondents are not shown."
        figure.text(0.02, 0.05 / height, said, size=8, color=_SOFT, va="bottom")
    return figure


def _percent_bars(axes: Axes, described: MissingnessMap) -> None:
    places = [i + 0.5 for i in range(len(described.items))]
    axes.bar(places, described.percents, width=0.72, color=_DARK)
    axes.set_xlim(0, len(places))
    highest = max(described.percents)
    axes.set_ylim(0, highest * 1.12)
    axes.set_xticks([])
    axes.set_yticks([0, highest], ["0%", f"{write_number(highest, 'percent')}"], size=8, color=_SOFT)
    axes.set_ylabel("Missing", size=9, color=_SOFT, rotation=0, ha="left", va="bottom")
    axes.yaxis.set_label_coords(0.0, 1.0)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_SOFT)


def _cells(axes: Axes, described: MissingnessMap, cell_tall: float) -> None:
    from matplotlib.patches import Rectangle

    rows, columns = len(described.patterns), len(described.items)
    axes.add_patch(Rectangle((0, 0), columns, rows, facecolor=_PALE, edgecolor="none"))
    for row, pattern in enumerate(described.patterns):
        for column, missing in enumerate(pattern):
            if missing:
                axes.add_patch(Rectangle((column, row), 1, 1, facecolor=_DARK, edgecolor="none"))
    lines: dict[str, Any] = {"color": "white", "linewidth": 0.7 if cell_tall > 0.12 else 0.35}
    axes.hlines(range(1, rows), 0, columns, **lines)
    axes.vlines(range(1, columns), 0, rows, **lines)
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_yticks([])
    style: dict[str, Any] = {"textcoords": "offset points", "ha": "left"}
    size = min(8.5, cell_tall * 72 * 0.92)
    for row, count in enumerate(described.counts):
        axes.annotate(write_number(count, "n"), (columns, row + 0.5), xytext=(4, 0), va="center", size=size,
                      color=_INK, **style)  # fmt: skip
    axes.annotate("n", (columns, 0), xytext=(4, 3), va="bottom", size=8.5, color=_SOFT, style="italic", **style)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_color(_GRID)


#: Sizes of the flow in inches: boxes, the room between them, a line of text.
_BOX, _SIDE, _LINE, _BETWEEN, _BESIDE = 2.5, 2.6, 0.19, 0.3, 0.35


def draw_participant_flow(described: ParticipantFlow) -> Figure:
    """Boxes one below the other with arrows; who left stands in a box beside the arrow."""
    losses = [_lost(reasons) for reasons in described.losses]
    own = 2 * _LINE + 0.14
    gaps = [max(_BETWEEN, len(lines) * _LINE + 0.16 + 0.14) if lines else _BETWEEN for lines in losses]
    gaps = gaps[: len(described.stages) - 1]
    height = own * len(described.stages) + sum(gaps) + 0.1
    aside = max((text_width(line, 9) for lines in losses for line in lines), default=0.0) + 0.24
    side = max(_SIDE, aside) if any(losses) else 0.0
    width = max(_BOX, max(text_width(label, 9.5) for label, _ in described.stages) + 0.3)
    whole = width + (_BESIDE + side - width / 2 + width / 2 if side else 0.0) + 0.1
    figure = _sheet(whole, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, whole)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    top = 0.05
    for place, (label, count) in enumerate(described.stages):
        _box(axes, 0.05, top, width, own)
        middle = 0.05 + width / 2
        axes.text(middle, top + own / 2 - 0.09, label, size=9.5, ha="center", va="center", color=_INK)
        axes.text(middle, top + own / 2 + 0.11, f"n = {write_number(count, 'n')}", size=9.5, ha="center", va="center",
                  color=_INK)  # fmt: skip
        top += own
        if place < len(gaps):
            _arrow(axes, (middle, top), (middle, top + gaps[place]))
            if losses[place]:
                tall = len(losses[place]) * _LINE + 0.16
                beside, centre = 0.05 + width + _BESIDE, top + gaps[place] / 2
                _arrow(axes, (middle, centre), (beside, centre))
                _box(axes, beside, centre - tall / 2, side, tall, soft=True)
                for number, line in enumerate(losses[place]):
                    axes.text(beside + 0.1, centre - tall / 2 + 0.08 + (number + 0.5) * _LINE, line, size=9, ha="left",
                              va="center", color=_INK)  # fmt: skip
            top += gaps[place]
    return figure


def _lost(reasons: Sequence[tuple[str, int]]) -> list[str]:
    return [f"{label}: n = {write_number(count, 'n')}" for label, count in reasons]


def _box(axes: Axes, left: float, top: float, wide: float, tall: float, *, soft: bool = False) -> None:
    from matplotlib.patches import Rectangle

    face = "#f6f7f9" if soft else "white"
    axes.add_patch(Rectangle((left, top), wide, tall, facecolor=face, edgecolor=_SOFT if soft else _INK, linewidth=1.0))


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style: dict[str, Any] = {"arrowstyle": "-|>", "color": _INK, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)


def _sheet(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), facecolor="white")
