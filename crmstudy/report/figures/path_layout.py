"""Where everything in a path diagram stands: boxes, arrows and the places of the coefficients, in inches.

Structural variables stand in columns by their depth in the structural part. The indicators of the first column stand
on its left, those of the last on its right, all others above or below their latent variable. Arrows are straight
where the way is free and bend where it is not; a coefficient looks for a place on its arrow that covers nothing.
Where there are too many indicators for arrows of their own, each latent variable has one list of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from crmstudy.drawing import Edge, Node, PathDiagram
from crmstudy.numerals import write_number
from crmstudy.report.figures.path_parts import (
    ITEM_SIZE,
    LABEL,
    NAME_SIZE,
    Arrow,
    Box,
    Layout,
    Point,
    Side,
    is_weak,
    points_of,
)
from crmstudy.report.figures.path_routing import route

#: (text, font size) -> width in inches.
Measure = Callable[[str, float], float]

_LATENT_HEIGHT, _ITEM_HEIGHT = 0.66, 0.27
_ROW = 0.33
_ARM = 0.85
_WIDE_GAP, _SLANT_GAP = 0.9, 0.38
_NODE_GAP = 0.4
_STAGGER = 1.15
#: More indicators than these (of one latent variable, of the diagram) are listed instead of drawn one by one.
MOST_ITEMS, MOST_IN_ALL = 10, 30
_LIST_LINE = 0.19


@dataclass(slots=True)
class _Plan:
    """What stands where, before anything has a coordinate."""

    columns: list[list[Node]]
    items: dict[str, list[str]]
    sides: dict[str, Side] = field(default_factory=dict)

    @property
    def listed(self) -> bool:
        """True when indicators are listed rather than drawn one by one."""
        sizes = [len(names) for names in self.items.values()]
        return max(sizes, default=0) > MOST_ITEMS or sum(sizes) > MOST_IN_ALL


def lay_out(diagram: PathDiagram, measure: Measure) -> Layout:
    """Place the variables of a diagram and route its arrows."""
    plan = _plan(diagram)
    boxes = _place(plan, diagram, measure)
    arrows = route(diagram.edges, boxes, plan.items if plan.listed else (), lone=len(plan.columns) == 1)
    return _fit(boxes, arrows)


def _plan(diagram: PathDiagram) -> _Plan:
    on_paths = {name for edge in diagram.edges if edge.kind == "path" for name in (edge.source, edge.target)}
    shapes = {node.name: node.shape for node in diagram.nodes}
    items: dict[str, list[str]] = {}
    parents: dict[str, str] = {}
    for edge in diagram.edges:
        if edge.kind != "loading" or edge.target in on_paths or edge.target in parents:
            continue
        parents[edge.target] = edge.source
        if shapes[edge.target] == "observed":
            items.setdefault(edge.source, []).append(edge.target)
    tops = [node for node in diagram.nodes if node.name not in parents]
    lower = [node for node in diagram.nodes if node.shape == "latent" and node.name in parents]
    depth = _depths([node.name for node in tops], diagram.edges)
    last = max(depth.values(), default=0)
    for node in lower:
        above = depth.get(parents[node.name], 0)
        depth[node.name] = last + 1 if above == last and above > 0 else -1
    first = min(depth.values(), default=0)
    columns: list[list[Node]] = [[] for _ in range(max(depth.values(), default=0) - first + 1)]
    for node in (*tops, *lower):
        columns[depth[node.name] - first].append(node)
    columns = [column for column in columns if column]
    _order(columns, diagram.edges)
    plan = _Plan(columns, items)
    _choose_sides(plan)
    return plan


def _depths(names: Sequence[str], edges: Iterable[Edge]) -> dict[str, int]:
    """Longest way to each variable along the paths; a variable that explains nothing stands in the last column."""
    sources: dict[str, list[str]] = {name: [] for name in names}
    explains: set[str] = set()
    for edge in edges:
        if edge.kind == "path" and edge.source in sources and edge.target in sources:
            sources[edge.target].append(edge.source)
            explains.add(edge.source)
    depth: dict[str, int] = {}

    def visit(name: str, way: tuple[str, ...]) -> int:
        if name not in depth:
            found = [visit(source, (*way, name)) for source in sources[name] if source not in (*way, name)]
            depth[name] = max(found, default=-1) + 1
        return depth[name]

    for name in names:
        visit(name, ())
    last = max(depth.values(), default=0)
    return {name: last if sources[name] and name not in explains else value for name, value in depth.items()}


def _order(columns: list[list[Node]], edges: Sequence[Edge]) -> None:
    """Sort each column by the mean place of what its variables are tied to, to keep arrows from crossing."""
    place = {node.name: i / max(len(column), 1) for column in columns for i, node in enumerate(column)}

    def weight(node: Node) -> float:
        tied = [
            place[other]
            for edge in edges
            for mine, other in ((edge.source, edge.target), (edge.target, edge.source))
            if mine == node.name and other in place and edge.kind != "covariance"
        ]
        return sum(tied) / len(tied) if tied else place[node.name]

    for column in columns[1:]:
        column.sort(key=weight)
        place.update({node.name: i / max(len(column), 1) for i, node in enumerate(column)})


def _choose_sides(plan: _Plan) -> None:
    last = len(plan.columns) - 1
    inside = plan.listed and last > 0
    for number, column in enumerate(plan.columns):
        for place, node in enumerate(column):
            if inside:
                plan.sides[node.name] = "above" if place * 2 < len(column) else "below"
            elif number == 0:
                plan.sides[node.name] = "left"
            elif number == last:
                plan.sides[node.name] = "right"
            else:
                plan.sides[node.name] = "above" if place * 2 < len(column) else "below"


def _place(plan: _Plan, diagram: PathDiagram, measure: Measure) -> dict[str, Box]:
    labels = {node.name: node.label or node.name for node in diagram.nodes}
    bodies = {node.name: _body(node, measure) for column in plan.columns for node in column}
    groups: dict[str, list[Box]] = {}
    for name, items in plan.items.items():
        labelled = [(item, labels[item]) for item in items]
        if plan.listed:
            groups[name] = [_list(name, plan.sides[name], labelled, diagram.edges, measure)]
        else:
            groups[name] = _items(plan.sides[name], labelled, measure)
    heights = [_column_places(column, plan, bodies, groups) for column in plan.columns]
    _stagger(plan, heights, diagram.edges)
    boxes: dict[str, Box] = {}
    x = 0.0
    for number, column in enumerate(plan.columns):
        half = max(_half_width(node, plan, bodies, groups) for node in column)
        if number:
            x += half + _gap(heights[number - 1], heights[number])
        for node in column:
            body = replace(bodies[node.name], x=x, y=heights[number][node.name])
            boxes[node.name] = body
            for box in groups.get(node.name, []):
                boxes[box.name] = _beside(box, body, plan.sides[node.name], groups[node.name])
        x += half
    return boxes


def _body(node: Node, measure: Measure) -> Box:
    lines = [node.label or node.name]
    if node.r_squared is not None:
        lines.append(f"R² = {write_number(node.r_squared, 'r')}")
    room = 0.36 if node.shape == "latent" else 0.2
    width = max(1.0, max(measure(line, NAME_SIZE) for line in lines) + room)
    height = _LATENT_HEIGHT if node.shape == "latent" else 0.28 + 0.2 * (len(lines) - 1)
    return Box(node.name, tuple(lines), 0.0, 0.0, width, height, node.shape)


def _items(side: Side, items: list[tuple[str, str]], measure: Measure) -> list[Box]:
    """Boxes of the indicators with their offsets along the row, the first one uppermost or leftmost."""
    texts = [measure(label, ITEM_SIZE) for _, label in items]
    long = max(0.5, max(texts) + 0.14)
    along = side in ("left", "right")
    turned = not along and len(items) * (long + 0.12) > 2.6
    step = _ROW if along else (0.4 if turned else long + 0.12)
    boxes = []
    for i, (name, label) in enumerate(items):
        offset = (i - (len(items) - 1) / 2) * step
        width, height = (_ITEM_HEIGHT, long) if turned else (long, _ITEM_HEIGHT)
        x, y = (0.0, -offset) if along else (offset, 0.0)
        boxes.append(Box(name, (label,), x, y, width, height, "item", turned, side))
    return boxes


def _list(source: str, side: Side, items: list[tuple[str, str]], edges: Sequence[Edge], measure: Measure) -> Box:
    """One box that holds the indicators of a latent variable with their loadings, in two columns."""
    loadings = {edge.target: edge for edge in edges if edge.kind == "loading" and edge.source == source}
    lines = []
    for name, label in items:
        edge = loadings[name]
        broken = "°" if is_weak(edge) else ""
        lines.append(f"{label}\t{write_number(edge.value, 'r')}{broken}")
    half = max(measure(label, ITEM_SIZE) for _, label in items) + 0.62
    height = math.ceil(len(lines) / 2) * _LIST_LINE + 0.14
    return Box(f"{source} list", tuple(lines), 0.0, 0.0, 2 * half + 0.1, height, "list", side=side)


def _beside(box: Box, body: Box, side: Side, group: list[Box]) -> Box:
    """Move an indicator from its offset in the row to its place beside the latent variable."""
    reach = 0.4 if box.role == "list" else _ARM + 0.035 * max(len(group) - 5, 0)
    across = body.width / 2 + reach + box.width / 2
    along = body.height / 2 + reach * 0.8 + box.height / 2
    shift = {"left": (-across, 0.0), "right": (across, 0.0), "above": (0.0, along), "below": (0.0, -along)}
    dx, dy = shift[side]
    return replace(box, x=body.x + box.x + dx, y=body.y + box.y + dy)


def _extent(name: str, plan: _Plan, body: Box, group: list[Box]) -> tuple[float, float]:
    """How far a variable with its indicators reaches above and below its own centre."""
    up = down = body.height / 2
    for box in group:
        placed = _beside(box, body, plan.sides[name], group)
        up = max(up, placed.y - body.y + box.height / 2)
        down = max(down, body.y - placed.y + box.height / 2)
    return up, down


def _half_width(node: Node, plan: _Plan, bodies: dict[str, Box], groups: dict[str, list[Box]]) -> float:
    half = bodies[node.name].width / 2
    if plan.sides[node.name] in ("above", "below"):
        return max([half, *(abs(box.x) + box.width / 2 for box in groups.get(node.name, []))])
    return half


def _column_places(
    column: list[Node], plan: _Plan, bodies: dict[str, Box], groups: dict[str, list[Box]]
) -> dict[str, float]:
    """Heights of the variables of one column, stacked from the top and centred on zero."""
    extents = [_extent(node.name, plan, bodies[node.name], groups.get(node.name, [])) for node in column]
    places: dict[str, float] = {}
    y = 0.0
    for i, (node, (up, down)) in enumerate(zip(column, extents, strict=True)):
        if i:
            y -= _NODE_GAP + up
        places[node.name] = y
        y -= down
    middle = (max(places.values()) + min(places.values())) / 2
    return {name: value - middle for name, value in places.items()}


def _stagger(plan: _Plan, heights: list[dict[str, float]], edges: Sequence[Edge]) -> None:
    """Lift a lone variable out of the way of arrows that pass over its column."""
    where = {node.name: i for i, column in enumerate(plan.columns) for node in column}
    for number in range(1, len(plan.columns) - 1):
        if len(plan.columns[number]) != 1:
            continue
        spans = [
            sorted((where[edge.source], where[edge.target]))
            for edge in edges
            if edge.kind == "path" and edge.source in where and edge.target in where
        ]
        if any(low < number < high for low, high in spans):
            name = plan.columns[number][0].name
            before = heights[number - 1].values()
            heights[number][name] = 0.0 if max(before) > 0.9 and len(before) == 1 else _STAGGER


def _gap(left: dict[str, float], right: dict[str, float]) -> float:
    """Columns whose variables stand at different heights may stand closer together."""
    nearest = min(abs(a - b) for a in left.values() for b in right.values())
    return _SLANT_GAP if nearest > 0.9 and len(left) + len(right) == 2 else _WIDE_GAP


def _fit(boxes: dict[str, Box], arrows: list[Arrow]) -> Layout:
    """Move everything into the first quadrant and measure the page."""
    if not boxes:
        return Layout(1.0, 1.0, (), ())
    corners = [(b.x + sx * b.width / 2, b.y + sy * b.height / 2) for b in boxes.values() for sx in (-1, 1)
               for sy in (-1, 1)]  # fmt: skip
    corners += [point for arrow in arrows for point in points_of(arrow.curve)]
    corners += [(a.place[0] + s * LABEL[0] / 2, a.place[1]) for a in arrows for s in (-1, 1)]
    left, low = min(x for x, _ in corners), min(y for _, y in corners)
    width, height = max(x for x, _ in corners) - left, max(y for _, y in corners) - low

    def move(point: Point) -> Point:
        return point[0] - left, point[1] - low

    moved = tuple(replace(box, x=box.x - left, y=box.y - low) for box in boxes.values())
    shifted = tuple(
        Arrow(a.edge, (move(a.curve[0]), move(a.curve[1]), move(a.curve[2])), a.text, move(a.place)) for a in arrows
    )
    return Layout(width, height, moved, shifted)
