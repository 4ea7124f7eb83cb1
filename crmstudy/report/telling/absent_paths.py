"""Which directed paths a structural model leaves out: what it assumes without a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmstudy.report.document import Inline, phrase
from crmstudy.report.telling import prose

if TYPE_CHECKING:
    import pandas as pd


def absent_paths(estimates: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of structural variables (from, to) without a direct path, where one could run forward.

    A variable could have a direct path to an outcome when the model leads from the one to the other by way of others,
    or when no path leads to the first at all. Asked are factors and outcomes, not observed predictors. Pairs whose
    covariance is a parameter of the model, and pairs in a loop, are not listed; a path fixed at 0 is left out.

    Parameters
    ----------
    estimates : DataFrame
        Rows ``lhs, op, rhs, estimate, std_error`` of a structural equation model.
    """
    latent = set(estimates.loc[estimates["op"] == "=~", "lhs"])
    rows = estimates[estimates["op"] == "~"]
    sources: dict[str, set[str]] = {str(name): set() for name in rows["lhs"]}
    for row in rows.to_dict("records"):
        if row["estimate"] != 0 or row["std_error"] != 0:
            sources[str(row["lhs"])].add(str(row["rhs"]))
    names = [str(name) for name in dict.fromkeys([*rows["rhs"], *rows["lhs"]])]
    asked = [name for name in names if name in latent or name in sources]
    free = estimates[(estimates["op"] == "~~") & (estimates["std_error"] != 0)]
    joined = {frozenset((str(a), str(b))) for a, b in zip(free["lhs"], free["rhs"], strict=True)}
    before = {name: _before(name, sources) for name in names}
    return [
        (first, second)
        for second in asked
        if second in sources
        for first in asked
        if first != second
        and first not in sources[second]
        and second not in before[first]
        and (first in before[second] or not sources.get(first))
        and frozenset((first, second)) not in joined
    ]


def _before(name: str, sources: Mapping[str, set[str]]) -> set[str]:
    """Every variable that leads to this one, by one path or more."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = sources.get(waiting.pop(), set()) - found
        found |= new
        waiting += sorted(new)
    return found


def absent_paths_sentences(estimates: pd.DataFrame) -> list[Inline]:
    """What the absence of paths means for the verdicts; nothing where none is left out."""
    pairs = [phrase("from {} to {}", first, second) for first, second in absent_paths(estimates)]
    if not pairs:
        return []
    listed = pairs[0] if len(pairs) == 1 else prose.joined([prose.joined(pairs[:-1]), pairs[-1]], " or ")
    return [
        phrase("The model has no direct path {}.", listed),
        phrase("That absence is assumed, not tested, and verdicts that pass through it depend on it."),
    ]
