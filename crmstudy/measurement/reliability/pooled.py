"""What only reliabilities know when they are pooled over imputed data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from crmstudy.results import Result

Kind = TypeVar("Kind", bound=Result)


def finish_reliabilities(result: Kind, parts: Sequence[Kind]) -> Kind:
    """One interval a coefficient, the pooled one: those of single data sets by other methods have no pooled form.

    The group factors of one set need not be those of another, so their loadings are not averaged.
    """
    level = float(result.call["level"])
    rows = result.estimates.dropna(subset=["ci_low", "ci_high"]).rename(columns={"term": "coefficient"})
    table = rows.assign(method="Rubin's rules", level=level)[list(parts[0].tables["intervals"].columns)]
    return replace(result, tables={**result.tables, "intervals": table.reset_index(drop=True)})
