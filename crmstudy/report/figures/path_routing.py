"""The ways of the arrows of a path diagram: straight where free, bent where not, with a place for each coefficient."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from crmstudy.drawing import Edge
from crmstudy.numerals import write_number
from crmstudy.report.figures.path_parts import (
    LABEL,
    Arrow,
    Box,
    Curve,
    Point,
    Side,
    curve_between,
    do_cross,
    point_at,
    points_of,
)


def route(edges: Sequence[Edge], boxes: dict[str, Box], listed: Iterable[str], *, lone: bool) -> list[Arrow]:
    """Find a way for every arrow: indicators first, then paths, then covariances, short ones before long ones.

    ``listed`` are the latent variables whose indicators stand in one list. ``lone`` says that all structural
    variables stand in one column; their covariances then bend to the side without indicators.
    """
    routed = [_list_arrow(name, boxes) for name in listed]
    rank = {"loading": 0, "path": 1, "covariance": 2}
    ordered = sorted(
        (edge for edge in edges if edge.source in boxes and edge.target in boxes and edge.source != edge.target),
        key=lambda edge: (rank[edge.kind], _length(boxes[edge.source], boxes[edge.target])),
    )
    labels: list[Box] = []
    for edge in ordered:
        arrow = _best_way(edge, boxes, routed, labels, lone=lone)
        routed.append(arrow)
        labels.append(_label_box(arrow.place))
    return routed


def _list_arrow(name: str, boxes: dict[str, Box]) -> Arrow:
    """The one arrow from a latent variable to the list of its indicators; it has no coefficient of its own."""
    target = boxes[f"{name} list"]
    curve = curve_between(boxes[name], target, 0.0)
    return Arrow(Edge(name, target.name, "loading", math.nan), curve, "", curve[1])


def _best_way(edge: Edge, boxes: dict[str, Box], routed: list[Arrow], labels: list[Box], *, lone: bool) -> Arrow:
    start, end = boxes[edge.source], boxes[edge.target]
    obstacles = [box for box in boxes.values() if box.name not in (edge.source, edge.target)]
    near = edge.kind == "loading" and end.role == "item"
    text = write_number(edge.value, "estimate" if edge.kind == "path" else "r")
    ways: list[tuple[float, Arrow]] = []
    for cost, curve in _ways(edge, start, end, near=near):
        points = points_of(curve)
        cost += sum(4.0 for p in points for box in obstacles if box.covers(p, 0.06))
        if lone and edge.kind == "covariance" and start.role == end.role == "latent":
            cost += 2.0 if curve[1][0] < start.x else 0.0
        if not near:
            cost += sum(_disturbs(points, other) for other in routed)
        place, extra = _label_place(curve, near, [*obstacles, start, end], labels, routed)
        ways.append((cost + extra, Arrow(edge, curve, text, place)))
    return min(ways, key=lambda way: way[0])[1]


def _ways(edge: Edge, start: Box, end: Box, *, near: bool) -> list[tuple[float, Curve]]:
    """The curves an arrow may take, each with what its bend costs."""
    if edge.kind == "covariance" and start.side and end.side:
        return _outer_ways(start, end)
    if near:
        return [(0.0, curve_between(start, end, 0.0))]
    bends: tuple[float, ...] = (0.0, 0.12, 0.22, 0.34, 0.46, 0.6, 0.75, 0.95)
    if edge.kind == "covariance":
        bends = (0.35, 0.45, 0.55, 0.7, 0.85, 1.0, 1.2)
    return [(abs(bend), curve_between(start, end, sign * bend)) for bend in bends for sign in (1, -1)]


def _outer_ways(start: Box, end: Box) -> list[tuple[float, Curve]]:
    """Curves between two indicators: they leave and arrive on the side that looks away from the latent variable."""
    out: dict[Side | None, Point] = {"left": (-1, 0), "right": (1, 0), "above": (0, 1), "below": (0, -1)}
    first, second = out[start.side], out[end.side]
    one = (start.x + first[0] * start.width / 2, start.y + first[1] * start.height / 2)
    two = (end.x + second[0] * end.width / 2, end.y + second[1] * end.height / 2)
    length = math.hypot(two[0] - one[0], two[1] - one[1])
    ways = []
    for bend in (0.25, 0.4, 0.55, 0.7, 0.9, 1.1, 1.4):
        reach = bend * length
        x, y = (one[0] + two[0]) / 2, (one[1] + two[1]) / 2
        if start.side != end.side:
            x = two[0] if second[0] else one[0]
            y = one[1] if first[1] else two[1]
        control = (x + (first[0] or second[0]) * reach, y + (first[1] or second[1]) * reach * 0.6)
        ways.append((bend, (one, control, two)))
    return ways


def _disturbs(points: list[Point], other: Arrow) -> float:
    """What it costs to cross another arrow, to run along it, or to begin or end where it does."""
    theirs = points_of(other.curve)
    price = 2.0 if other.edge.kind == "loading" else 0.8
    cost = price if do_cross(points, theirs[::2]) else 0.0
    ends = (points[0], points[-1])
    cost += sum(0.9 for mine in ends for end in (theirs[0], theirs[-1]) if math.dist(mine, end) < 0.16)
    close = sum(1 for mine in points[2:-2] if min(math.dist(mine, their) for their in theirs) < 0.1)
    return cost + 0.35 * max(close - 1, 0)


def _label_place(
    curve: Curve, near: bool, boxes: list[Box], labels: list[Box], routed: list[Arrow]
) -> tuple[Point, float]:
    """The place on a curve where its coefficient covers least, and what it still covers."""
    best: tuple[float, Point] | None = None
    for t in (0.62, 0.52, 0.72, 0.42) if near else (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74):
        place = point_at(curve, t)
        mine = _label_box(place)
        cost = sum(6.0 for box in boxes if _overlap(mine, box))
        cost += sum(6.0 for box in labels if _overlap(mine, box))
        cost += sum(0.7 for other in routed if any(mine.covers(p) for p in points_of(other.curve, 25)))
        cost += abs(t - (0.62 if near else 0.5))
        if best is None or cost < best[0]:
            best = (cost, place)
    return (best[1], best[0]) if best else (point_at(curve, 0.5), 0.0)


def _label_box(place: Point) -> Box:
    return Box("", (), place[0], place[1], *LABEL, "item")


def _overlap(one: Box, other: Box) -> bool:
    return (
        abs(one.x - other.x) < (one.width + other.width) / 2 and abs(one.y - other.y) < (one.height + other.height) / 2
    )


def _length(start: Box, end: Box) -> float:
    return math.hypot(end.x - start.x, end.y - start.y)
