"""What has changed between two waves, leaf by leaf and block by block."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.maturity.profile import where
from crmstudy.assessment.maturity.ratings import RatingTable
from crmstudy.assessment.maturity.scale import leaves
from crmstudy.kernels.classic.ranks import signed_ranks
from crmstudy.notes import Note
from crmstudy.quoting import shown

_COLUMNS = ("unit", "wave_before", "wave_after", "of", "name", "before", "after", "change")
_TESTS = (
    "unit", "wave_before", "wave_after", "leaves", "up", "same", "down", "mean_change", "median_change", "v", "p_value",
    "exact", "rank_biserial",
)  # fmt: skip
#: With fewer changes the two-sided exact test cannot fall below .05: 2 / 2**5 is .0625.
_FEWEST = 6


def changes(table: RatingTable, profile: pd.DataFrame, notes: list[Note]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Differences of neighbouring waves, and of the first and the last, with signed ranks over the leaves.

    Those of a block are the means over its leaves that are rated in both waves.
    """
    block_of = {name: leaf.block for name, leaf in leaves().items()}
    rows: list[tuple[Any, ...]] = []
    tests: list[tuple[Any, ...]] = []
    for unit in table.units:
        mine = profile[profile["unit"] == unit]
        seen = [wave for wave in table.waves if wave in set(mine["wave"])]
        steps = list(pairwise(seen)) + ([(seen[0], seen[-1])] if len(seen) > 2 else [])
        for before, after in steps:
            leaf = _compared(mine, before, after)
            block = leaf.groupby(leaf.index.map(block_of), sort=False).mean()
            rows += [(unit, before, after, "leaf", *row) for row in leaf.itertuples()]
            rows += [(unit, before, after, "block", *row) for row in block.itertuples()]
            tests += _test(unit, before, after, leaf["change"].to_numpy(dtype=float), notes)
            _tell_raters(table, unit, before, after, notes)
    if tests:
        message = (
            "The leaves are parts of one organisation, rated by the same people, not a sample: the signed-rank p "
            "describes how one-sided the changes are, and proves no effect of what was done in between."
        )
        notes.append(Note("MATURITY_CHANGE_LEAVES", message))
    return pd.DataFrame(rows, columns=list(_COLUMNS)), pd.DataFrame(tests, columns=list(_TESTS))


def _compared(profile: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    """Levels of the leaves that are rated in both waves."""
    wave = {when: profile[profile["wave"] == when].set_index("leaf")["level"] for when in (before, after)}
    both = pd.DataFrame({"before": wave[before], "after": wave[after]}).reindex(wave[before].index).dropna()
    return both.assign(change=both["after"] - both["before"])


def _test(unit: str, before: str, after: str, change: Any, notes: list[Note]) -> list[tuple[Any, ...]]:
    start = where(unit, f"{before} to {after}")
    if not len(change):
        message = f"{start}no leaf is rated in both waves, so nothing can be compared."
        notes.append(Note("MATURITY_NO_CHANGE", message, "warning"))
        return []
    up, down = int((change > 0).sum()), int((change < 0).sum())
    counts = (unit, before, after, len(change), up, len(change) - up - down, down, change.mean(), np.median(change))
    if up + down == 0:
        message = f"{start}none of {len(change)} leaves has changed its level; there is nothing to test."
        notes.append(Note("MATURITY_NO_CHANGE", message))
        return [(*counts, *(float("nan"),) * 2, False, float("nan"))]
    if up + down < _FEWEST:
        message = f"{start}{up + down} leaves have changed; with fewer than {_FEWEST} no p below .05 is possible."
        notes.append(Note("MATURITY_FEW_CHANGES", message))
    found = signed_ranks(change)
    return [(*counts, found.positive, found.p_value, found.exact, found.rank_biserial)]


def _tell_raters(table: RatingTable, unit: str, before: str, after: str, notes: list[Note]) -> None:
    rows = table.rows[table.rows["unit"] == unit]
    who = {wave: set(rows.loc[rows["wave"] == wave, "rater"]) for wave in (before, after)}
    if who[before] != who[after]:
        message = (
            f"{where(unit)}not the same people rated in {shown(before)} ({len(who[before])}) and in {shown(after)} "
            f"({len(who[after])}); part of the change may be a change of raters."
        )
        notes.append(Note("MATURITY_RATERS_CHANGED", message, "warning"))
