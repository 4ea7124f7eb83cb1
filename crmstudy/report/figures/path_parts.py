"""The parts of a laid out path diagram: boxes, arrows and curves, in inches."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Literal

from crmstudy.drawing import Edge

Point = tuple[float, float]
Curve = tuple[Point, Point, Point]
Side = Literal["left", "right", "above", "below"]

NAME_SIZE, ITEM_SIZE, VALUE_SIZE = 11.0, 9.5, 9.5
#: Width and height that a coefficient needs.
LABEL = (0.37, 0.2)
#: A coefficient whose two-sided p is not below this is drawn with a broken line.
SOLID_BELOW = 0.05


@dataclass(frozen=True, slots=True)
class Box:
    """A variable on the page: centre, width, height.

    ``turned`` text reads from bottom to top. ``side`` tells on which side of its latent variable an indicator
    stands. A ``list`` holds a line "name<tab>loading" for each indicator.
    """

    name: str
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float
    role: Literal["latent", "observed", "item", "list"]
    turned: bool = False
    side: Side | None = None

    def covers(self, point: Point, margin: float = 0.0) -> bool:
        """True when a point lies in the box."""
        half_width, half_height = self.width / 2 + margin, self.height / 2 + margin
        return abs(point[0] - self.x) < half_width and abs(point[1] - self.y) < half_height


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow as a quadratic curve (start, control, end) with its coefficient and the place of that."""

    edge: Edge
    curve: Curve
    text: str
    place: Point


@dataclass(frozen=True, slots=True)
class Layout:
    """A laid out diagram; (0, 0) is the lower left corner."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def curve_between(start: Box, end: Box, bend: float) -> Curve:
    """The curve from the border of one box to that of another; ``bend`` 0 is straight, its sign the side."""
    if end.side and not bend:
        tip = _facing(end)
        foot = _border(start, tip)
        return foot, ((foot[0] + tip[0]) / 2, (foot[1] + tip[1]) / 2), tip
    dx, dy = end.x - start.x, end.y - start.y
    control = ((start.x + end.x) / 2 + bend * dy, (start.y + end.y) / 2 - bend * dx)
    if bend:
        return _border(start, control), control, _border(end, control)
    foot, tip = _border(start, (end.x, end.y)), _border(end, (start.x, start.y))
    return foot, ((foot[0] + tip[0]) / 2, (foot[1] + tip[1]) / 2), tip


def _facing(box: Box) -> Point:
    """The middle of the side of an indicator that looks at its latent variable."""
    half_width, half_height = box.width / 2, box.height / 2
    places: dict[Side | None, Point] = {
        "left": (box.x + half_width, box.y),
        "right": (box.x - half_width, box.y),
        "above": (box.x, box.y - half_height),
        "below": (box.x, box.y + half_height),
    }
    return places[box.side]


def _border(box: Box, aim: Point) -> Point:
    """Where the line from the centre of a box to a point leaves the box."""
    dx, dy = aim[0] - box.x, aim[1] - box.y
    half_width, half_height = box.width / 2, box.height / 2
    if box.role == "latent":
        scale = 1 / math.hypot(dx / half_width, dy / half_height)
        return box.x + dx * scale, box.y + dy * scale
    scale = min(half_width / abs(dx) if dx else math.inf, half_height / abs(dy) if dy else math.inf)
    return box.x + dx * scale, box.y + dy * scale


def point_at(curve: Curve, t: float) -> Point:
    """The point of a curve at a share of its way, from 0 to 1."""
    (x0, y0), (x1, y1), (x2, y2) = curve
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2


def points_of(curve: Curve, count: int = 17) -> list[Point]:
    """Points along a curve, both ends included."""
    return [point_at(curve, i / (count - 1)) for i in range(count)]


def do_cross(one: list[Point], other: list[Point]) -> bool:
    """True when two polylines cross."""

    def turn(a: Point, b: Point, c: Point) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    for a, b in itertools.pairwise(one):
        for c, d in itertools.pairwise(other):
            if turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0:
                return True
    return False


def is_weak(edge: Edge) -> bool:
    """True when a coefficient is not significant: its two-sided p is not below :data:`SOLID_BELOW`."""
    return edge.p_value is not None and edge.p_value >= SOLID_BELOW
