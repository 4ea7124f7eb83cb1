"""Figures: the same bytes every time, nothing covered, the mark where it must be."""

import itertools
import struct

import matplotlib as mpl
import pytest

from crmstudy.drawing import CoefficientPlot, Edge, HeatMap, LikertBars, Node, PathDiagram, ScreeLine, ScreePlot
from crmstudy.report.figures.draw import draw_bytes, likert_colours, text_width
from crmstudy.report.figures.path_layout import lay_out
from crmstudy.report.figures.path_parts import Box, points_of
from crmstudy.report.telling.prose import isolated


def diagram(factors, paths=(), covariances=(), admissible=True):
    names = [*factors, *(item for items in factors.values() for item in items if item not in factors)]
    loose = [name for edge in (*paths, *covariances) for name in edge[:2] if name not in names]
    nodes = [Node(name, "latent" if name in factors else "observed") for name in dict.fromkeys([*names, *loose])]
    edges = [Edge(factor, item, "loading", 0.7, 0.001) for factor, items in factors.items() for item in items]
    edges += [Edge(one, two, "path", 0.34, p) for one, two, p in paths]
    edges += [Edge(one, two, "covariance", 0.5, 0.001) for one, two in covariances]
    return PathDiagram("Model", "A model.", tuple(nodes), tuple(edges), admissible)


def items(prefix, count):
    return [f"{prefix}{i}" for i in range(1, count + 1)]


def four(count):
    return {name: items(name[:3].upper(), count) for name in ("quality", "value", "satisfaction", "loyalty")}


CHAIN = (("quality", "value", 0.001), ("quality", "satisfaction", 0.001), ("value", "satisfaction", 0.2))
DIAGRAMS = {
    "structure": diagram(
        {"quality": items("PERQ", 7), "value": items("PERV", 2), "satisfaction": items("CUSA", 3),
         "loyalty": items("CUSL", 3)},
        (*CHAIN, ("satisfaction", "loyalty", 0.001)),
    ),
    "cfa": diagram(four(3), covariances=tuple(itertools.combinations(four(3), 2))),
    "sixty items": diagram(four(15), (*CHAIN, ("satisfaction", "loyalty", 0.001), ("quality", "loyalty", 0.4))),
    "second order": diagram({"g": ["a", "b", "c"], "a": items("a", 3), "b": items("b", 3), "c": items("c", 4)}),
    "second order explains": diagram(
        {"g": ["a", "b"], "a": items("a", 3), "b": items("b", 3), "y": items("y", 3)}, (("g", "y", 0.001),)
    ),
    "mediators": diagram(
        {name: items(name, 3) for name in ("x", "z", "m", "n", "o", "y")},
        tuple((one, two, 0.01) for one, two in
              [("x", "m"), ("x", "n"), ("x", "o"), ("z", "n"), ("m", "y"), ("n", "y"), ("o", "y"), ("x", "y")]),
        (("x", "z"),),
    ),
    "observed": diagram({}, (("a", "m", 0.01), ("b", "m", 0.4), ("m", "y", 0.01), ("a", "y", 0.01)), (("a", "b"),)),
    "loop": diagram({}, (("a", "b", 0.01), ("b", "a", 0.01))),
    "residuals": diagram(
        {"ind": items("x", 3), "dem": items("y", 4), "late": items("w", 4)},
        (("ind", "dem", 0.01), ("ind", "late", 0.01), ("dem", "late", 0.01)),
        (("y1", "w1"), ("y2", "y4"), ("w2", "w4")),
    ),
}  # fmt: skip
OTHERS = {
    "likert 10": LikertBars("Quality", "Bars.", ("a", "b"), tuple(range(1, 11)), ((10.0,) * 10, (0.0,) * 9 + (100.0,)),
                            (250, 250), "very low", "very high"),
    "likert 5": LikertBars("Trust", "Bars.", ("a",), (1, 2, 3, 4, 5), ((20.0,) * 5,), (90,)),
    "likert 2": LikertBars("Yes", "Bars.", ("a",), (0, 1), ((40.0, 60.0),), (90,), "no", "yes"),
    "nobody answered": LikertBars("Empty", "Bars.", ("a",), (1, 2, 3), ((0.0, 0.0, 0.0),), (0,)),
    "persian": LikertBars("رضایت", "Bars.", ("پرسش ۱",), (1, 2), ((50.0, 50.0),), (10,), "کم", "زیاد"),
    "coefficients": CoefficientPlot("b", "Dots.", ("image", "trust"), (0.2, -0.1), (0.1, -0.4), (0.3, 0.2), "β"),
    "scree": ScreePlot(
        "Scree", "Lines.", (ScreeLine("components, observed", "components", "observed", (2.0, 0.6, 0.4)),
        ScreeLine("components, random", "components", "random", (1.2, 1.0, 0.8))), "Number", "Eigenvalue",
    ),
    "heat map": HeatMap("r", "Map.", ("a", "b"), ((1.0, -0.5), (-0.5, 1.0)), (0.8, None)),
}  # fmt: skip


@pytest.mark.parametrize("name", [*DIAGRAMS, *OTHERS])
def test_every_figure_has_the_same_bytes_twice(name):
    drawing = {**DIAGRAMS, **OTHERS}[name]
    first = draw_bytes(drawing, ("svg", "png"))
    assert first == draw_bytes(drawing, ("svg", "png"))
    assert first["png"].startswith(b"\x89PNG")
    assert b"<svg" in first["svg"]


def test_drawing_leaves_no_settings_behind():
    before = dict(mpl.rcParams)
    draw_bytes(OTHERS["coefficients"], ("png",))
    assert dict(mpl.rcParams) == before


def test_an_inadmissible_diagram_has_a_banner_and_a_frame():
    plain = draw_bytes(diagram({"f": items("x", 3)}), ("svg",))["svg"]
    marked = draw_bytes(diagram({"f": items("x", 3)}, admissible=False), ("svg",))["svg"]
    asked = draw_bytes(diagram({"f": items("x", 3)}), ("svg",), marked=True)["svg"]
    assert b"INADMISSIBLE" not in plain
    assert b"INADMISSIBLE" in marked
    assert b"#b3261e" in marked
    assert asked == marked


@pytest.mark.parametrize("name", list(OTHERS))
def test_every_kind_of_figure_can_carry_the_mark(name):
    plain, marked = (draw_bytes(OTHERS[name], ("png",), marked=marked)["png"] for marked in (False, True))
    assert _size(marked)[1] > _size(plain)[1]


def _size(png):
    return struct.unpack(">II", png[16:24])


def _clear(one: Box, two: Box) -> bool:
    apart_x = abs(one.x - two.x) >= (one.width + two.width) / 2 - 1e-9
    return apart_x or abs(one.y - two.y) >= (one.height + two.height) / 2 - 1e-9


@pytest.mark.parametrize("name", list(DIAGRAMS))
def test_nothing_is_covered(name):
    layout = lay_out(DIAGRAMS[name], text_width)
    for one, two in itertools.combinations(layout.boxes, 2):
        assert _clear(one, two), (one.name, two.name)
    labels = [Box("", (), *arrow.place, 0.3, 0.15, "item") for arrow in layout.arrows if arrow.text]
    for label in labels:
        assert all(_clear(label, box) for box in layout.boxes)
    for one, two in itertools.combinations(labels, 2):
        assert _clear(one, two)


@pytest.mark.parametrize("name", list(DIAGRAMS))
def test_no_arrow_runs_through_a_variable(name):
    layout = lay_out(DIAGRAMS[name], text_width)
    for arrow in layout.arrows:
        others = [box for box in layout.boxes if box.name not in (arrow.edge.source, arrow.edge.target)]
        for point in points_of(arrow.curve, 40):
            assert not any(box.covers(point, -0.02) for box in others), (arrow.edge.source, arrow.edge.target)


@pytest.mark.parametrize("name", list(DIAGRAMS))
def test_everything_is_on_the_page_and_every_arrow_is_there(name):
    drawing = DIAGRAMS[name]
    layout = lay_out(drawing, text_width)
    for box in layout.boxes:
        assert box.x - box.width / 2 >= -1e-9
        assert box.x + box.width / 2 <= layout.width + 1e-9
        assert box.y - box.height / 2 >= -1e-9
        assert box.y + box.height / 2 <= layout.height + 1e-9
    drawn = {(arrow.edge.source, arrow.edge.target) for arrow in layout.arrows}
    listed = {box.name.removesuffix(" list") for box in layout.boxes if box.role == "list"}
    for edge in drawing.edges:
        assert (edge.source, edge.target) in drawn or (edge.kind == "loading" and edge.source in listed)


def test_many_indicators_are_listed_with_all_their_loadings():
    layout = lay_out(DIAGRAMS["sixty items"], text_width)
    lists = [box for box in layout.boxes if box.role == "list"]
    assert len(lists) == 4
    assert all(len(box.lines) == 15 and all(line.endswith("\t.70") for line in box.lines) for box in lists)
    assert layout.width < 12


def test_likert_colours_differ_and_the_middle_is_grey():
    for count in range(2, 12):
        colours = likert_colours(count)
        assert len(set(colours)) == count
    red, green, blue, _ = likert_colours(5)[2]
    assert red == green == blue


def test_names_with_dollars_and_long_names_are_drawn():
    names = ("$x$", "a$\\frac{$", "long " * 600)
    plot = CoefficientPlot("t", "a", names, (0.1, 0.2, 0.3), (0.0, 0.1, 0.2), (0.2, 0.3, 0.4))
    drawn = draw_bytes(plot, ["svg"])["svg"].decode("utf-8")
    assert "<!-- $x$ -->" in drawn or "$x$" in drawn
    assert len(drawn) < 200_000


def test_right_to_left_statements_are_isolated():
    assert isolated("کیفیت باعث وفاداری می‌شود") == "\u2068کیفیت باعث وفاداری می‌شود\u2069"
    assert isolated("Quality raises loyalty") == "Quality raises loyalty"
