"""Figures: the descriptions of ``crmstudy.drawing`` drawn with matplotlib, as SVG or PNG with fixed bytes.

No global state is left behind: figures are made as objects, settings hold only while one is written.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from crmstudy.drawing import (
    Bars,
    BlandAltman,
    CoefficientPlot,
    Curves,
    Drawing,
    Grid,
    HeatMap,
    LikertBars,
    LoadingsPlot,
    MissingnessMap,
    ParticipantFlow,
    PathDiagram,
    QuadrantMap,
    Radar,
    ScreePlot,
    TracePlot,
)
from crmstudy.numerals import write_number
from crmstudy.report.figures.agreement import draw_bland_altman
from crmstudy.report.figures.lettering import FONT, shortened, text_width
from crmstudy.report.figures.loadings import draw_loadings
from crmstudy.report.figures.maps import draw_bars, draw_curves, draw_quadrant_map
from crmstudy.report.figures.path_drawing import draw_path_diagram
from crmstudy.report.figures.profiles import draw_grid, draw_radar
from crmstudy.report.figures.sample import draw_missingness_map, draw_participant_flow
from crmstudy.report.figures.scree import draw_scree
from crmstudy.report.figures.traces import draw_traces

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SETTINGS: Any = {
    "svg.hashsalt": "crmstudy",
    "svg.fonttype": "path",
    "font.family": FONT,
    "font.size": 10.0,
    "axes.unicode_minus": True,
    "path.simplify": False,
    "text.parse_math": False,  # a '$' in a name is a '$'
}
Form = Literal["svg", "png"]
_INK, _SOFT, _RED = "#1b1f24", "#5c6670", "#b3261e"
_BLUE = "#1f5fa8"


def draw_bytes(drawing: Drawing, forms: Sequence[Form], *, marked: bool = False) -> dict[Form, bytes]:
    """Draw a description once and give the bytes of its files.

    Parameters
    ----------
    drawing : Drawing
        What to draw.
    forms : sequence of {"svg", "png"}
        PNG has 200 dots per inch.
    marked : bool
        Draw the mark of an inadmissible analysis, also where the description does not ask for it.
    """
    import matplotlib as mpl

    files: dict[Form, bytes] = {}
    with mpl.rc_context(_SETTINGS):
        figure = draw(drawing, marked=marked)
        for form in forms:
            buffer = io.BytesIO()
            if form == "svg":
                figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "crmstudy"})
            else:
                figure.savefig(buffer, format="png", dpi=200, metadata={"Software": "crmstudy"})
            files[form] = buffer.getvalue()
    return files


def draw(drawing: Drawing, *, marked: bool = False) -> Figure:
    """Draw a description as a matplotlib figure."""
    marked = marked or not getattr(drawing, "admissible", True)
    match shortened(drawing):
        case LikertBars() as bars:
            figure = _likert(bars)
        case PathDiagram() as diagram:
            figure = draw_path_diagram(diagram)
        case CoefficientPlot() as plot:
            figure = _coefficients(plot)
        case HeatMap() as heat:
            figure = _heat_map(heat)
        case BlandAltman() as agreement:
            figure = draw_bland_altman(agreement)
        case LoadingsPlot() as loadings:
            figure = draw_loadings(loadings)
        case MissingnessMap() as missing:
            figure = draw_missingness_map(missing)
        case ParticipantFlow() as flow:
            figure = draw_participant_flow(flow)
        case ScreePlot() as scree:
            figure = draw_scree(scree)
        case TracePlot() as traces:
            figure = draw_traces(traces)
        case Radar() as radar:
            figure = draw_radar(radar)
        case Grid() as grid:
            figure = draw_grid(grid)
        case QuadrantMap() as quadrants:
            figure = draw_quadrant_map(quadrants)
        case Curves() as curves:
            figure = draw_curves(curves)
        case Bars() as rows:
            figure = draw_bars(rows)
    if marked:
        _mark(figure)
    return figure


def _mark(figure: Figure) -> None:
    """A red frame and a banner above the drawing, on paper added for it."""
    from matplotlib.patches import Rectangle

    width, height = figure.get_size_inches()
    banner = 0.42
    taller = height + banner
    for axes in figure.axes:
        box = axes.get_position()
        axes.set_position((box.x0, box.y0 * height / taller, box.width, box.height * height / taller))
    for text in figure.texts:
        text.set_y(text.get_position()[1] * height / taller)
    for legend in figure.legends:
        legend.set_bbox_to_anchor((0, 0, 1, height / taller), transform=figure.transFigure)
    figure.set_size_inches(width, taller)
    figure.add_artist(Rectangle((0, 1 - banner / taller), 1, banner / taller, transform=figure.transFigure, color=_RED))
    figure.add_artist(Rectangle((0, 0), 1, 1, transform=figure.transFigure, fill=False, edgecolor=_RED, linewidth=6))
    words = "INADMISSIBLE – not to be interpreted" if width > 4 else "INADMISSIBLE"
    size = 13 if width > 5 else 11
    figure.text(0.5, 1 - banner / taller / 2, words, color="white", weight="bold", size=size, ha="center",
                va="center")  # fmt: skip


def _sheet(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), facecolor="white")


def likert_colours(count: int) -> list[tuple[float, float, float, float]]:
    """Colours from the low to the high end: brown over grey to teal, told apart by people who see no red or green."""
    import matplotlib as mpl

    scale = mpl.colormaps["BrBG"]
    half = count // 2
    dark, pale = (0.06, 0.42) if half > 3 else (0.13, 0.35)
    low = [dark + (pale - dark) * i / max(half - 1, 1) for i in range(half)]
    colours: list[Any] = [scale(place) for place in low]
    if count % 2:
        colours.append((0.87, 0.87, 0.87, 1.0))
    colours += [scale(1 - place) for place in reversed(low)]
    return [tuple(colour) for colour in colours]


#: Room beside the bars for the sums of their sides, in percent points.
_BESIDE = 13


def _likert(bars: LikertBars) -> Figure:
    """Bars around the middle of the response range: low answers to the left, high ones to the right."""
    rows, count = len(bars.items), len(bars.values)
    longest = max((text_width(item, 10) for item in bars.items), default=0.5)
    left, right, top = min(longest, 3.2) + 0.2, 0.95, 0.08
    width = left + 5.2 + right
    foot = 0.06 if _ends_fit(bars, width) else 0.3
    bottom = 0.62 + foot
    height = top + 0.42 * rows + bottom
    figure = _sheet(width, height)
    axes = figure.add_axes((left / width, bottom / height, 5.2 / width, 0.42 * rows / height))
    colours = likert_colours(count)
    middle = count // 2
    lows, highs = [0.0], [0.0]
    for row, percents in enumerate(bars.percents):
        neutral = percents[middle] if count % 2 else 0.0
        start = -(sum(percents[:middle]) + neutral / 2)
        lows.append(start)
        for value, percent in enumerate(percents):
            axes.barh(row, percent, left=start, height=0.74, color=colours[value], edgecolor="white",
                      linewidth=0.6)  # fmt: skip
            if percent >= 5.5:
                axes.text(start + percent / 2, row, f"{percent:.0f}", ha="center", va="center", size=8.5,
                          color=_contrast(colours[value]))  # fmt: skip
            start += percent
        highs.append(start)
    _likert_axes(axes, bars, min(lows), max(highs))
    _likert_legend(figure, bars, colours, foot)
    return figure


def _likert_axes(axes: Axes, bars: LikertBars, low: float, high: float) -> None:
    count, middle = len(bars.values), len(bars.values) // 2
    axes.set_xlim(low - _BESIDE, high + _BESIDE)
    axes.set_ylim(len(bars.items) - 0.5, -0.5)
    axes.axvline(0, color=_INK, linewidth=0.9, zorder=0 if count % 2 else 2)
    for row, percents in enumerate(bars.percents):
        below, above = sum(percents[:middle]), sum(percents[middle + count % 2 :])
        neutral = percents[middle] if count % 2 else 0.0
        axes.text(-(below + neutral / 2) - 1.5, row, f"{below:.0f}%", ha="right", va="center", size=8.5,
                  color=_SOFT)  # fmt: skip
        axes.text(above + neutral / 2 + 1.5, row, f"{above:.0f}%", ha="left", va="center", size=8.5,
                  color=_SOFT)  # fmt: skip
        axes.text(1.015, row, f"n = {write_number(bars.counts[row], 'n')}", ha="left", va="center", size=8.5,
                  color=_SOFT, transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_yticks(range(len(bars.items)), bars.items)
    axes.tick_params(axis="both", length=0)
    ticks = [tick for tick in range(-100, 101, 25) if low - _BESIDE <= tick <= high + _BESIDE]
    axes.set_xticks(ticks, [f"{abs(tick)}%" for tick in ticks], size=8.5, color=_SOFT)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _ends(bars: LikertBars) -> tuple[str, str]:
    """The two ends of the answers with their words."""
    return f"{bars.values[0]} = {bars.low_label or 'low'}", f"{bars.values[-1]} = {bars.high_label or 'high'}"


def _ends_fit(bars: LikertBars, width: float) -> bool:
    """Whether the words of both ends have room beside the strip of answer values."""
    return max(text_width(end, 8.5) for end in _ends(bars)) + 0.1 < (width - 0.3 * len(bars.values)) / 2


def _likert_legend(
    figure: Figure, bars: LikertBars, colours: list[tuple[float, float, float, float]], foot: float
) -> None:
    """A strip of all answer values with the words at its two ends."""
    from matplotlib.patches import Rectangle

    strip = 0.3 * len(bars.values)
    width, height = figure.get_size_inches()
    ends, beside = _ends(bars), _ends_fit(bars, width)
    axes = figure.add_axes(((width - strip) / 2 / width, foot / height, strip / width, 0.25 / height))
    axes.set_xlim(0, len(bars.values))
    axes.set_ylim(0, 1)
    axes.set_axis_off()
    for place, (value, colour) in enumerate(zip(bars.values, colours, strict=True)):
        axes.add_patch(Rectangle((place, 0), 1, 1, facecolor=colour, edgecolor="white"))
        axes.text(place + 0.5, 0.46, str(value), ha="center", va="center", size=8.5, color=_contrast(colour))
    style: dict[str, Any] = {"size": 8.5, "color": _INK}
    if beside:
        axes.text(-0.25, 0.46, ends[0], ha="right", va="center", **style)
        axes.text(len(bars.values) + 0.25, 0.46, ends[1], ha="left", va="center", **style)
    else:
        axes.text(len(bars.values) / 2, -0.3, "   ".join(ends), ha="center", va="top", **style)


def _contrast(colour: tuple[float, ...]) -> str:
    red, green, blue = colour[:3]
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else _INK


#: What stands on the axis where the values cannot exceed 1 and are not compared with 0.
_BOUNDED_AXES = ("α", "ω", "r", "κ", "V", "ICC")


def _coefficients(plot: CoefficientPlot) -> Figure:
    rows = len(plot.terms)
    longest = max((text_width(term, 10) for term in plot.terms), default=0.5)
    left, right, bottom, top = min(longest, 3.4) + 0.35, 1.5, 0.55, 0.06
    width, height = left + 4.2 + right, top + 0.4 * rows + bottom
    figure = _sheet(width, height)
    axes = figure.add_axes((left / width, bottom / height, 4.2 / width, 0.4 * rows / height))
    bounded = plot.x_label in _BOUNDED_AXES
    if not bounded:
        axes.axvline(plot.reference, color=_SOFT, linewidth=1, linestyle=(0, (4, 3)))
    for row, (estimate, low, high) in enumerate(zip(plot.estimates, plot.lows, plot.highs, strict=True)):
        clear = low > plot.reference or high < plot.reference
        axes.plot((low, high), (row, row), color=_BLUE, linewidth=2, solid_capstyle="butt")
        axes.plot([estimate], [row], marker="o", markersize=7, color=_BLUE,
                  markerfacecolor=_BLUE if clear else "white", markeredgewidth=1.6)  # fmt: skip
        number, ends = ("r", "interval_r") if bounded else ("estimate", "interval")
        written = f"{write_number(estimate, number)} {write_number((low, high), ends)}"  # type: ignore[arg-type]
        axes.text(1.02, row, written, transform=axes.get_yaxis_transform(), va="center", ha="left", size=9,
                  color=_INK)  # fmt: skip
    axes.set_yticks(range(rows), plot.terms)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xlabel(plot.x_label, size=9.5, color=_INK)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5, color=_SOFT, labelcolor=_SOFT)
    axes.margins(x=0.08)
    if bounded:
        axes.set_xlim(min(0.0, *plot.lows), 1.0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_SOFT)
    return figure


def _heat_map(heat: HeatMap) -> Figure:
    import matplotlib as mpl
    from matplotlib.patches import Rectangle

    size = len(heat.names)
    cell = 0.62 if size <= 10 else 0.5
    longest = max((text_width(name, 10) for name in heat.names), default=0.5)
    left, bottom = longest + 0.25, longest * 0.75 + 0.15
    width, height = left + cell * size + 0.25, 0.08 + cell * size + bottom
    figure = _sheet(width, height)
    axes = figure.add_axes((left / width, bottom / height, cell * size / width, cell * size / height))
    scale = mpl.colormaps["RdBu"]
    for row in range(size):
        for column in range(row + 1):
            value = heat.values[row][column]
            colour: tuple[float, ...] = scale(0.5 + 0.42 * value)
            written = write_number(value, "r")
            if row == column:
                own = heat.diagonal[row] if heat.diagonal else None
                colour, written = (0.95, 0.95, 0.95, 1.0), f"({write_number(own, 'r')})" if own else ""
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.5))
            axes.text(column + 0.5, row + 0.52, written, ha="center", va="center", size=9,
                      color=_contrast(colour))  # fmt: skip
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    axes.set_yticks([i + 0.5 for i in range(size)], heat.names)
    axes.set_xticks([i + 0.5 for i in range(size)], heat.names, rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure
