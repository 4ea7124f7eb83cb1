"""The path diagram of a fitted model, as a description."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crmstudy.drawing import Edge, Node, PathDiagram
from crmstudy.estimating.auxiliary import auxiliary_names
from crmstudy.estimating.solution import Solution
from crmstudy.numerals import write_number
from crmstudy.results import records

_KINDS: dict[str, Any] = {"=~": "loading", "~": "path", "<~": "path", "~~": "covariance"}


def path_diagram(
    solution: Solution, estimates: pd.DataFrame, shares: pd.Series[float], *, admissible: bool
) -> PathDiagram:
    """The path diagram with standardised coefficients, of the first group where there are several."""
    table = solution.table
    several = table.n_groups > 1
    explained: Any = shares.loc[solution.sample.labels[0]] if several and len(shares) else shares
    paths = {name for row in table.rows if row.op in ("~", "<~") for name in (row.lhs, row.rhs)}
    nodes = [Node(name, "latent", name, _finite(explained.get(name))) for name in table.latent]
    for name in table.observed:
        if name in auxiliary_names(table):
            continue
        nodes.append(Node(name, "observed", name, _finite(explained.get(name)) if name in paths else None))
    edges = []
    for row in records(estimates[estimates["group"] == 1]):
        if row["op"] not in _KINDS or row["lhs"] == row["rhs"] or row["std_all"] is None:
            continue
        toward = row["op"] in ("~", "<~")
        source, target = (row["rhs"], row["lhs"]) if toward else (row["lhs"], row["rhs"])
        edges.append(Edge(source, target, _KINDS[row["op"]], row["std_all"], row["p_value"]))
    title = "Path diagram with standardised estimates"
    if several:
        title += f", group {solution.sample.labels[0]}"
    return PathDiagram(title, _alternative(table.latent, edges), tuple(nodes), tuple(edges), admissible)


def _alternative(latent: tuple[str, ...], edges: list[Edge]) -> str:
    told = [f"{e.source} to {e.target} {write_number(e.value, 'r')}" for e in edges if e.kind == "path"]
    n, items = len(latent), sum(e.kind == "loading" for e in edges)
    measured = f"{n} factor{'s' * (n != 1)} measured by {items} indicator{'s' * (items != 1)}"
    return f"Path diagram: {measured}" + (f"; paths: {', '.join(told)}." if told else ".")


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
