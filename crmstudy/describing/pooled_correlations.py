"""What only correlations know when they are pooled over imputed data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from crmstudy.pooled import readjusted
from crmstudy.results import Result

Kind = TypeVar("Kind", bound=Result)


def finish_pairs(result: Kind, parts: Sequence[Kind]) -> Kind:
    """Adjust the pooled p-values for the number of pairs, and put pooled correlations into the matrix."""
    result = readjusted()(result, parts)
    table, matrix = result.estimates, result.tables["matrix"].copy()
    names = list(matrix.columns)
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    for (one, other), value in zip(pairs, table["estimate"], strict=True):
        matrix.loc[one, other] = matrix.loc[other, one] = value
    return replace(result, tables={**result.tables, "matrix": matrix})
