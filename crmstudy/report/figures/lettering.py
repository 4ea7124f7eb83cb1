"""Labels of figures: how wide they will be, and cut where they would leave no room for the figure."""

from __future__ import annotations

from dataclasses import replace

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

FONT = "DejaVu Sans"
#: Longer labels are cut; the full ones stand in the tables beside the figure.
LONGEST_LABEL = 48


def shortened(drawing: Drawing) -> Drawing:
    """The same drawing with long labels cut."""
    match drawing:
        case LikertBars():
            low, high = _cut(drawing.low_label), _cut(drawing.high_label)
            return replace(drawing, items=tuple(map(_cut, drawing.items)), low_label=low, high_label=high)
        case PathDiagram():
            return replace(drawing, nodes=tuple(replace(n, label=_cut(n.label or n.name)) for n in drawing.nodes))
        case CoefficientPlot():
            return replace(drawing, terms=tuple(map(_cut, drawing.terms)))
        case HeatMap():
            return replace(drawing, names=tuple(map(_cut, drawing.names)))
        case MissingnessMap():
            return replace(drawing, items=tuple(map(_cut, drawing.items)))
        case LoadingsPlot():
            return replace(drawing, items=tuple(map(_cut, drawing.items)))
        case Radar():
            return replace(drawing, spokes=tuple(map(_cut, drawing.spokes)))
        case Grid():
            rows, columns = tuple(map(_cut, drawing.rows)), tuple(map(_cut, drawing.columns))
            return replace(drawing, rows=rows, columns=columns)
        case QuadrantMap():
            return replace(drawing, points=tuple((_cut(name), x, y) for name, x, y in drawing.points))
        case Bars():
            return replace(drawing, names=tuple(map(_cut, drawing.names)))
        case Curves() | BlandAltman() | ParticipantFlow() | ScreePlot() | TracePlot():
            return drawing


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"


def text_width(text: str, size: float) -> float:
    """Width of a line of text of a font size (points), in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    width, _, _ = TextToPath().get_text_width_height_descent(text, FontProperties(family=FONT, size=size), ismath=False)
    return float(width) / 72
