"""Next steps: the leaves farthest from what is wanted, each with what the next level looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.maturity.ratings import RatingTable
from crmstudy.assessment.maturity.scale import TOP, blocks, leaves

_COLUMNS = (
    "unit", "wave", "step", "block", "leaf", "lenses", "reached", "next_level", "target", "gap", "weight", "priority",
    "ready", "waits_for",
)  # fmt: skip


def plan(
    table: RatingTable, profile: pd.DataFrame, found: pd.DataFrame, target: Mapping[str, float],
    weights: Mapping[str, float],
) -> pd.DataFrame:  # fmt: skip
    """Steps of each unit from its last wave on.

    Steps whose foundations are laid come first; within these the largest weighted gap, then the lowest level, then the
    order of the scale. A step to level L waits for a block its own block rests on whose mean is below L - 1, or that
    nobody rated. Without a target the gap is that to the highest level, so that the weakest leaves come first.
    """
    made: list[tuple[Any, ...]] = []
    order = {leaf: place for place, leaf in enumerate(leaves())}
    for unit in table.units:
        mine = profile[profile["unit"] == unit]
        last = [wave for wave in table.waves if wave in set(mine["wave"])][-1]
        means = found[(found["unit"] == unit) & (found["wave"] == last)].set_index("block")["mean"]
        steps = [
            _step(row, target, weights, means)
            for row in mine[(mine["wave"] == last) & mine["level"].notna()].itertuples(index=False)
        ]
        open_ = [step for step in steps if step["gap"] > 0]
        open_.sort(key=lambda step: (not step["ready"], -step["priority"], step["level"], order[step["leaf"]]))
        for number, step in enumerate(open_, start=1):
            known = {"unit": unit, "wave": last, "step": number, **step}
            made.append(tuple(known[name] for name in _COLUMNS))
    return pd.DataFrame(made, columns=list(_COLUMNS))


def _step(row: Any, target: Mapping[str, float], weights: Mapping[str, float], means: pd.Series) -> dict[str, Any]:
    wanted = target.get(row.leaf, np.nan) if target else float(TOP)
    gap = wanted - row.level
    reached = int(row.reached)
    goes = min(reached + 1, TOP)
    rests_on = next(block.rests_on for block in blocks() if block.id == row.block)
    waits = [block for block in rests_on if not means[block] >= goes - 1]
    return {
        "block": row.block, "leaf": row.leaf, "lenses": row.lenses, "level": row.level, "reached": reached,
        "next_level": goes, "target": wanted if target else np.nan, "gap": gap, "weight": weights[row.leaf],
        "priority": gap * weights[row.leaf], "ready": not waits, "waits_for": ", ".join(waits),
    }  # fmt: skip


def in_words(steps: pd.DataFrame, lang: str) -> pd.DataFrame:
    """The steps with what stands now and what comes next, in a language."""
    named = [leaves()[leaf] for leaf in steps["leaf"]]
    return steps.assign(
        label=[leaf.label[lang] for leaf in named],
        now=[leaf.anchors[level][lang] for leaf, level in zip(named, steps["reached"], strict=True)],
        next=[leaf.anchors[level][lang] for leaf, level in zip(named, steps["next_level"], strict=True)],
    )
