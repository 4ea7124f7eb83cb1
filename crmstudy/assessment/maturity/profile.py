"""Profiles of a rated organisation: leaves, blocks, lenses, the overall level, levels by how many leaves have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.maturity.ratings import ALL, RatingTable
from crmstudy.assessment.maturity.scale import TOP, blocks, leaves, lenses, level_name
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.quoting import shown

#: A block is strong when each of its leaves is practised at least.
STRONG = 3
#: Raters who are farther apart than this talk about the leaf before its level counts.
APART = 1
BY = ["unit", "wave"]
Mask = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def leaf_profile(table: RatingTable, target: Mapping[str, float]) -> pd.DataFrame:
    """A row for each leaf of each unit and wave, rated or not.

    The level is the median of the raters' levels; ``reached`` the highest whole level not above it.
    """
    rows = table.rows.assign(bare=(table.rows["level"] > 0) & table.rows["evidence"].isna())
    grouped = rows.groupby([*BY, "leaf"], sort=False)
    found = grouped["level"].agg(n_raters="count", level="median", lowest="min", highest="max")
    found["without_evidence"] = grouped["bare"].sum()
    pairs = set(zip(rows["unit"], rows["wave"], strict=True))
    every = [
        (unit, wave, leaf) for unit in table.units for wave in table.waves if (unit, wave) in pairs for leaf in leaves()
    ]
    made = found.reindex(pd.MultiIndex.from_tuples(every, names=[*BY, "leaf"])).reset_index()
    made = made.fillna({"n_raters": 0, "without_evidence": 0}).astype({"n_raters": int, "without_evidence": int})
    made.insert(2, "block", [leaves()[leaf].block for leaf in made["leaf"]])
    made.insert(4, "lenses", [" ".join(leaves()[leaf].lenses) for leaf in made["leaf"]])
    made["reached"] = np.floor(made["level"])
    made["discuss"] = (made["highest"] - made["lowest"]) > APART
    made["target"] = [target.get(leaf, np.nan) for leaf in made["leaf"]]
    made["gap"] = made["target"] - made["level"]
    order = [
        *BY, "block", "leaf", "lenses", "n_raters", "level", "reached", "lowest", "highest", "discuss",
        "without_evidence", "target", "gap",
    ]  # fmt: skip
    return made[order]


def block_profile(profile: pd.DataFrame) -> pd.DataFrame:
    """A row for each block of each unit and wave; no numbers where nobody rated it."""
    inside = {block.id: np.array([leaf.block == block.id for leaf in leaves().values()]) for block in blocks()}
    columns = ["block", "n_leaves", "rated", "mean", "minimum", "maximum", "weakest", "strong", "target", "gap"]
    return _summaries(profile, inside, columns)


def lens_profile(profile: pd.DataFrame) -> pd.DataFrame:
    """A row for each lens of each unit and wave; a leaf seen through two lenses counts in both."""
    inside = {lens: np.array([lens in leaf.lenses for leaf in leaves().values()]) for lens in lenses()}
    return _summaries(profile, inside, ["lens", "n_leaves", "rated", "mean", "minimum", "maximum", "weakest"])


def _summaries(profile: pd.DataFrame, inside: Mapping[str, Mask], columns: list[str]) -> pd.DataFrame:
    """Groups of leaves summed up; the profile has all leaves of each unit and wave in their order."""
    names = np.array(list(leaves()))
    levels, targets = (profile[what].to_numpy(dtype=float).reshape(-1, len(names)) for what in ("level", "target"))
    pairs = profile[BY].iloc[:: len(names)].itertuples(index=False)
    made = [
        (*pair, group, *_summary(names[mask], level[mask], target[mask]))[: len(BY) + len(columns)]
        for pair, level, target in zip(pairs, levels, targets, strict=True)
        for group, mask in inside.items()
    ]
    return pd.DataFrame(made, columns=[*BY, *columns])


def _summary(names: Any, level: Array, target: Array) -> tuple[object, ...]:
    """Leaves, rated ones, mean, minimum, maximum, the weakest, whether strong, target and gap of a group of leaves."""
    nan = float("nan")
    known = level[~np.isnan(level)]
    if not len(known):
        return (len(level), 0, nan, nan, nan, "", False, nan, nan)
    low = float(known.min())
    strong = len(known) == len(level) and low >= STRONG
    both = ~np.isnan(level) & ~np.isnan(target)
    aim = (target[both].mean(), (target - level)[both].mean()) if both.any() else (nan, nan)
    return (len(level), len(known), known.mean(), low, known.max(), ", ".join(names[level == low]), strong, *aim)


def overall_profile(found: pd.DataFrame) -> pd.DataFrame:
    """A row for each unit and wave: the mean of the blocks, and the level that the lowest block allows."""
    made = []
    for (unit, wave), rows in found.groupby(BY, sort=False):
        rated = rows[rows["mean"].notna()]
        low = rated["mean"].min()
        # means of the same levels differ by rounding
        lowest = ", ".join(rated.loc[np.isclose(rated["mean"], low, rtol=0.0, atol=1e-9), "block"])
        whole = len(rated) == len(rows)
        level = float(np.floor(low + 1e-9)) if whole else float("nan")
        strong = ", ".join(rated.loc[rated["strong"].astype(bool), "block"])
        made.append((
            unit, wave, len(rated), rated["mean"].mean(), lowest, low, level, level_name(level) if whole else "",
            rated["minimum"].min(), strong,
        ))  # fmt: skip
    columns = [
        *BY, "blocks_rated", "mean", "lowest_block", "lowest_mean", "level", "level_name", "weakest_leaf", "strong",
    ]  # fmt: skip
    return pd.DataFrame(made, columns=columns)


def distribution(profile: pd.DataFrame) -> pd.DataFrame:
    """How many leaves have reached each level, for each unit and wave."""
    made = []
    for (unit, wave), rows in profile.groupby(BY, sort=False):
        reached = rows["reached"].dropna()
        for level in range(TOP + 1):
            n = int((reached == level).sum())
            made.append((unit, wave, level, level_name(level), n, 100.0 * n / len(reached)))
    return pd.DataFrame(made, columns=[*BY, "level", "level_name", "leaves", "percent"])


def to_discuss(table: RatingTable, profile: pd.DataFrame) -> pd.DataFrame:
    """The leaves whose raters are more than one level apart, with who gave what."""
    rows = table.rows.set_index([*BY, "leaf"]).sort_index()
    made = []
    for row in profile[profile["discuss"]].itertuples(index=False):
        given = rows.loc[[(row.unit, row.wave, row.leaf)]]
        said = "; ".join(f"{rater}: {level:g}" for rater, level in zip(given["rater"], given["level"], strict=True))
        made.append((row.unit, row.wave, row.block, row.leaf, row.lowest, row.highest, row.level, said))
    return pd.DataFrame(made, columns=[*BY, "block", "leaf", "lowest", "highest", "level", "ratings"])


def lacking_evidence(table: RatingTable) -> pd.DataFrame:
    """Ratings above 0 for which nothing is named that shows them."""
    rows = table.rows
    bare = rows[(rows["level"] > 0) & rows["evidence"].isna()]
    return bare[[*BY, "leaf", "rater", "level"]].reset_index(drop=True)


def where(*names: object) -> str:
    """The beginning of a sentence about a unit, a wave or both; empty where there is only one of them."""
    told = ", ".join(shown(name) for name in names if name != ALL)
    return f"{told}: " if told else ""


def profile_notes(profile: pd.DataFrame, found: pd.DataFrame) -> list[Note]:
    """What is not rated, and what that does to the numbers."""
    notes = []
    for (unit, wave), rows in found.groupby(BY, sort=False):
        start = where(unit, wave)
        empty = list(rows.loc[rows["rated"] == 0, "block"])
        if empty:
            message = (
                f"{start}Nobody rated {', '.join(empty)}: no number is given for it, and none for the overall level, "
                "which the lowest of all eight blocks decides. The mean is that of the other blocks."
            )
            notes.append(Note("MATURITY_BLOCK_UNRATED", message, "warning"))
        partly = rows[(rows["rated"] > 0) & (rows["rated"] < rows["n_leaves"])]
        if len(partly):
            mine = profile[(profile["unit"] == unit) & (profile["wave"] == wave) & profile["level"].isna()]
            gaps = ", ".join(mine.loc[mine["block"].isin(partly["block"]), "leaf"])
            message = (
                f"{start}In {', '.join(partly['block'])} these leaves are not rated: {gaps}. The block's mean and "
                "weakest leaf are those of the rated ones, and the block is not counted as strong."
            )
            notes.append(Note("MATURITY_LEAVES_UNRATED", message, "warning"))
    return notes
