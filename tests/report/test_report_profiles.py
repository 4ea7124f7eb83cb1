"""Radar, grid, map, curves and bars: the same bytes, what is not known is not drawn as a number, the mark has room."""

import itertools
import struct

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from crmstudy.drawing import Bars, Curves, Grid, QuadrantMap, Radar
from crmstudy.report.figures.draw import draw, draw_bytes

SPOKES = ("Vision", "Strategy", "Processes", "Metrics")
DRAWINGS = {
    "radar": Radar("Profile", "A radar.", SPOKES, (("today", (2, None, 4, 1)), ("target", (4, 4, 4, 4))), 6),
    "radar of nothing": Radar("Profile", "A radar.", SPOKES, (("today", (None,) * 4),), 6),
    "grid": Grid("Leaves", "A grid.", SPOKES, ("A", "B"), ((1.0, 2.0), (None, 6.0), (0.0, 3.0), (2.5, 2.5)), 0, 6),
    "flat grid": Grid("Leaves", "A grid.", ("one",), ("A",), ((3.0,),), 3, 3),
    "map": QuadrantMap("Map", "Points.", (("a", 1.0, 2.0), ("b", 1.0, 2.0), ("c", 3.0, 4.0)), "x", "y", 2, 3,
                       ("save", "keep", "low", "improve")),
    "one point": QuadrantMap("Map", "A point.", (("a", 1.0, 1.0),), "x", "y", 1.0, 1.0),
    "curves": Curves("Lorenz", "Curves.", (("revenue", (0.0, 0.5, 1.0), (0.0, 0.2, 1.0)),), "customers", "share",
                     diagonal=True),
    "steps": Curves("Kept", "Steps.", (("a", (0.0, 1.0), (1.0, 0.8)), ("b", (0.0, 1.0), (1.0, 0.5))), "months", "kept",
                    steps=True),
    "bars": Bars("Use", "Bars.", SPOKES, (("used", (1, None, 2, 3)), ("there", (2, 3, 4, 5))), ((0.5,) * 4,),
                 ((1.5,) * 4,), "percent", 3.0),
}  # fmt: skip


@pytest.mark.parametrize("name", list(DRAWINGS))
def test_a_profile_has_the_same_bytes_twice_and_room_for_the_mark(name):
    first = draw_bytes(DRAWINGS[name], ("svg", "png"))
    assert first == draw_bytes(DRAWINGS[name], ("svg", "png"))
    marked = draw_bytes(DRAWINGS[name], ("png",), marked=True)["png"]
    assert struct.unpack(">II", marked[16:24])[1] > struct.unpack(">II", first["png"][16:24])[1]


def test_a_spoke_that_is_not_known_breaks_the_line():
    figure = draw(DRAWINGS["radar"])
    (axes,) = figure.axes
    lines = [line for line in axes.lines if line.get_linewidth() == 1.8]
    assert len(lines) == 2 + 4  # of today the two sides whose ends are known, of the target all four
    assert len(axes.patches) == 1  # only the target is filled
    assert "not rated" not in "".join(text.get_text() for text in axes.texts)
    nothing = draw(DRAWINGS["radar of nothing"])
    assert sum("(not rated)" in text.get_text() for text in nothing.axes[0].texts) == 4


def test_a_cell_without_a_value_has_no_number():
    (axes,) = draw(DRAWINGS["grid"]).axes
    assert [text.get_text() for text in axes.texts] == ["1.0", "2.0", "6.0", "0.0", "3.0", "2.5", "2.5"]


@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0])
def test_names_on_a_map_touch_neither_each_other_nor_an_edge(spread):
    """Thirteen modules around one place: their names stay apart, whether the points are or not."""
    random = np.random.default_rng(4)
    names = [f"{word} management" for word in "abcdefghijklm"]
    places = [(60 + spread * x, 3 + 0.02 * spread * y) for x, y in random.normal(size=(13, 2))]
    points = tuple((name, *place) for name, place in zip(names, places, strict=True))
    figure = draw(QuadrantMap("Map", "Points.", points, "x", "y", 50, 3, ("one", "two", "three", "four")))
    renderer, axes = FigureCanvasAgg(figure).get_renderer(), figure.axes[0]
    boxes = []
    for text in axes.texts:
        if text.get_text() in names:
            text.update_positions(renderer)
            boxes.append(Text.get_window_extent(text, renderer))  # without the line to the point
    assert len(boxes) == len(names)
    for one, other in itertools.combinations(boxes, 2):
        assert min(one.x1, other.x1) <= max(one.x0, other.x0) or min(one.y1, other.y1) <= max(one.y0, other.y0)
    frame = axes.get_window_extent(renderer)
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)


def test_a_row_without_a_value_has_no_bar():
    (axes,) = draw(DRAWINGS["bars"]).axes
    assert sorted(bar.get_width() for bar in axes.patches) == [1, 2, 2, 3, 3, 4, 5]
