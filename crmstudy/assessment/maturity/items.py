"""Maturity from below: items first, then blocks, then levels, and whether the capabilities build on each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.maturity.item_blocks import TOP, Block, read_blocks
from crmstudy.assessment.maturity.scalability import scalograms
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing, Grid
from crmstudy.errors import ModelError, did_you_mean
from crmstudy.notes import Note
from crmstudy.results import sample_table
from crmstudy.selection import coverage_faults

#: Up to so many units are drawn one by one.
_DRAWN = 30
_ORDERS = ("popularity", "declared")


@dataclass(frozen=True, eq=False, repr=False)
class BottomUpResult(AssessmentResult):
    """Levels found from items.

    ``estimates`` has Loevinger's H of every block (last columns ``items``, ``n``). Tables: ``units`` (unit, block,
    items, answered, score, maturity, level), ``profile`` (unit, blocks, mean_maturity, mean_level, weakest, strongest),
    ``levels`` (block, level, n, percent), ``cuts`` (block, level, cut), ``reproducibility`` (block, criterion, items,
    n, errors, reproducibility, minimal_reproducibility, improvement, scalability, menzel), ``capabilities`` (block,
    item, declared, found, n, share, errors, h, std_error, ci_low, ci_high), ``pairs`` (block, easier, harder, n,
    guttman_errors, expected_errors, h, std_error).
    """

    kind: ClassVar[str] = "maturity_items"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "levels", "Units at Each Level, by Block",
            (
                ("block", "Block", "text"), ("level", "Level", "n"), ("n", "Units", "n"),
                ("percent", "Percent", "percent"),
            ),
            "Levels by the cut points declared; units that answered too little of a block are not counted.",
        ),
        Shown(
            "reproducibility", "Scalogram of the Capabilities",
            (
                ("block", "Block", "text"), ("criterion", "Errors counted by", "text"), ("items", "Capabilities", "n"),
                ("n", "Units", "n"), ("errors", "Errors", "n"), ("reproducibility", "CR", "index"),
                ("minimal_reproducibility", "MMR", "index"), ("improvement", "Improvement", "index"),
                ("scalability", "CS", "index"),
            ),
            "CR: reproducibility; MMR: minimal marginal reproducibility; CS: coefficient of scalability.",
        ),
        Shown(
            "estimates", "Loevinger's H by Block",
            (
                ("term", "Block", "text"), ("estimate", "H", "index"), ("std_error", "SE", "index"),
                ("ci_low", "Low", "index"), ("ci_high", "High", "index"), ("items", "Capabilities", "n"),
                ("n", "Units", "n"),
            ),
            "Standard errors by the delta method for a multinomial sample of answer patterns.",
        ),
        Shown(
            "capabilities", "Capabilities, Declared and Found Order",
            (
                ("block", "Block", "text"), ("item", "Capability", "text"), ("declared", "Declared", "n"),
                ("found", "Found", "n"), ("share", "Share", "index"), ("errors", "Errors", "n"), ("h", "H", "index"),
                ("std_error", "SE", "index"),
            ),
            "Share of the complete units that have the capability; errors against the pattern of the same total.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Where the units stand, and whether the capabilities form an order."""
        profile = self.tables["profile"]
        scored = profile[profile["blocks"] > 0]
        told: list[str] = []
        if len(scored):
            middle = float(scored["mean_level"].median())
            told.append(say("maturity_items", "middle", lang, level=(middle, "estimate")))
        told.append(say("maturity_items", "made", lang, n=(self.n, "n"), blocks=(self.call["n_blocks"], "n")))
        rows = self.tables["reproducibility"]
        for h in self.estimates.to_dict("records"):
            block = str(h["term"]).removeprefix("H of ")
            row = rows[(rows["block"] == block) & (rows["criterion"] == "goodenough_edwards")].iloc[0]
            key = "order" if h["ci_low"] == h["ci_low"] else "order_perfect"
            told.append(
                say(
                    "maturity_items", key, lang, block=block, n=(h["n"], "n"), cr=(row["reproducibility"], "index"),
                    mmr=(row["minimal_reproducibility"], "index"), cs=(row["scalability"], "index"),
                    h=(h["estimate"], "index"), low=(h["ci_low"], "index"), high=(h["ci_high"], "index"),
                )
            )  # fmt: skip
        if len(self.estimates):
            told.append(say("maturity_items", "conventions", lang))
        return tuple(told)

    def drawings(self) -> tuple[Drawing, ...]:
        """Levels by unit and block (up to 30 units), and the share of units that have each capability."""
        units = self.tables["units"]
        found: list[Drawing] = []
        blocks, names = list(self.call["blocks"]), list(dict.fromkeys(units["unit"]))
        if len(names) <= _DRAWN:
            wide = units.pivot_table(index="unit", columns="block", values="level", dropna=False)
            wide = wide.reindex(index=names, columns=blocks)
            values = tuple(tuple(None if np.isnan(x) else float(x) for x in row) for row in wide.to_numpy(dtype=float))
            alt = f"Levels of {len(names)} units in {len(blocks)} blocks. {self.prose()[0]}"
            found.append(Grid("Levels by unit and block", alt, tuple(names), tuple(blocks), values, 0.0, float(TOP), 0))
        shares = self.tables["capabilities"]
        if len(shares):
            labels = tuple(f"{row.block}: {row.item}" for row in shares.itertuples())
            bars = tuple(100.0 * float(share) for share in shares["share"])
            alt = f"How common each of {len(shares)} capabilities is, block by block, in the declared order."
            found.append(Bars("How common the capabilities are", alt, labels, (("units", bars),), x_label="Percent"))
        return tuple(found)


def bottom_up(
    data: object,
    *,
    blocks: object = None,
    cuts: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    unit: str | None = None,
    ends: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    present: float | None = None,
    order: str = "popularity",
    min_answered: float = 0.5,
    level: float = 0.95,
) -> BottomUpResult:
    r"""Score maturity from items: means of blocks, levels 0 to 6 by cut points, and the order of the capabilities.

    Serves source documents 4.5 (bottom-up approach) and 4.6 (the scale of levels).

    Parameters
    ----------
    data : DataFrame, Responses or path
        A row a unit (organisation, branch), a column an item.
    blocks : mapping of str to sequence of str, or Instrument, optional
        Items of every block, from the basic to the advanced; an instrument's scales. Of Responses: their scales.
    cuts : sequence of six rising numbers, or mapping of blocks to such, optional
        Scores, in the unit of the answers, from which on a unit is at level 1, 2, ... 6. Without: the score brought to
        0 to 6 and rounded, halves up.
    unit : str, optional
        Column with the names of the units; each stands in one row. Without it units are numbered from 1.
    ends : (low, high), or mapping of blocks to such, optional
        The lowest and highest answer. Instruments declare it; 0/1 answers, and whole numbers of which some are 0 or 6,
        are recognised.
    present : float, optional
        The answer from which on a capability counts as there, for the scalogram; the middle of the range without it.
    order : {"popularity", "declared"}
        Which order errors are counted against: the one found, or that of ``blocks``.
    min_answered : float
        Share of a block's items that a unit must have answered to be scored, above 0 and up to 1.
    level : float
        Coverage of the intervals of H.

    Returns
    -------
    BottomUpResult

    Raises
    ------
    DataError
        For unknown or faulty columns, units that stand twice, answers out of range, unusable ``cuts`` or ``ends``.
    ModelError
        For ``blocks`` that cannot be read and for faulty options.

    Notes
    -----
    The score of a block is the mean of the answers there are; nothing missing counts as 0. Units with a score from a
    cut point on are at its level (compared after rounding to 10 decimals).

    The scalogram takes the units that answered all items of the block, and capabilities that some have and some have
    not. Errors are counted three ways: against the pattern of the same total (Goodenough, 1944; Edwards, 1957), by the
    best cut of each item (Guttman's Cornell technique, 1947) and against the nearest perfect pattern. With E errors
    among nk answers :math:`CR=1-E/(nk)`, :math:`MMR=\sum_i\max(p_i,1-p_i)/k`, improvement :math:`CR-MMR`, scalability
    :math:`(CR-MMR)/(1-MMR)`; ``menzel`` divides by the errors that both margins allow (Menzel, 1953). CR is high for
    any items that nearly all or hardly any unit has, so that it is read beside MMR; it and CS are above what chance
    alone gives also for unrelated items, because the total holds the item. H is about 0 for these. The conventions told
    are those of Guttman (1950), Menzel (1953) and Mokken (1971). Loevinger's
    :math:`H=\sum\operatorname{cov}_{ij}/\sum\operatorname{cov}_{ij}^{max}` (Mokken, 1971) has the standard error of
    Kuijpers, van der Ark and Croon (2013) and the interval that a normal distribution gives it, which may end beyond
    1. Without an error in the sample there is neither.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"plan": [1, 1, 1, 0, 1, 0], "act": [1, 1, 0, 0, 1, 0], "learn": [1, 0, 0, 0, 0, 1]})
    >>> found = bottom_up(answers, blocks={"strategy": ["plan", "act", "learn"]})
    >>> found.tables["units"]["level"].tolist()
    [6.0, 4.0, 2.0, 0.0, 4.0, 2.0]
    >>> found.estimates["estimate"].round(3).tolist()
    [0.25]
    """
    _check(order, min_answered, level)
    names, read, told = read_blocks(data, blocks, unit, cuts, ends, present)
    notes = list(told)
    units = pd.concat([_scored(block, names, min_answered, notes) for block in read], ignore_index=True)
    found = scalograms(read, order, level)
    scored = int(units.groupby("unit", sort=False)["level"].count().gt(0).sum())
    return BottomUpResult(
        estimates=found.estimates_table(),
        n=scored,
        tables={
            "units": units,
            "profile": _profile(units, names),
            "levels": pd.concat([_levels(block.name, units) for block in read], ignore_index=True),
            "cuts": pd.DataFrame(
                [(block.name, place, cut) for block in read for place, cut in enumerate(block.cuts, 1)],
                columns=["block", "level", "cut"],
            ),
            **found.tables(),
        },
        notes=(*notes, *found.notes),
        samples=sample_table(scored, len(names) - scored),
        call={
            "blocks": {block.name: list(block.items) for block in read}, "n_blocks": len(read), "unit": unit,
            "ends": {block.name: list(block.ends) for block in read}, "min_answered": min_answered, "order": order,
            "present": {block.name: block.present for block in read}, "level": level,
            "cuts": {block.name: list(block.cuts) for block in read},
        },
    )  # fmt: skip


def _check(order: str, min_answered: object, level: object) -> None:
    faults = coverage_faults(level)
    if order not in _ORDERS:
        faults.append(f"`order` is one of {', '.join(_ORDERS)}, not {order!r}.{did_you_mean(str(order), _ORDERS)}")
    if isinstance(min_answered, bool) or not isinstance(min_answered, Real) or not 0 < float(min_answered) <= 1:
        faults.append(f"`min_answered` is a share above 0 and up to 1, such as 0.5, not {min_answered!r}.")
    if faults:
        raise ModelError(faults)


def _scored(block: Block, names: Sequence[str], min_answered: float, notes: list[Note]) -> pd.DataFrame:
    """Score, place on 0 to 6 and level of every unit in one block."""
    answered = (~np.isnan(block.values)).sum(axis=1)
    enough = answered >= np.maximum(1.0, np.round(min_answered * len(block.items), 10))
    score = np.full(len(names), np.nan)
    score[enough] = np.nansum(block.values[enough], axis=1) / answered[enough]
    low, high = block.ends
    level = (np.round(score[:, None] - np.asarray(block.cuts), 10) >= 0).sum(axis=1).astype(float)
    level[~enough] = np.nan
    if not enough.any():
        message = f"No unit answered enough of '{block.name}': it has no score and no level."
        notes.append(Note("MATURITY_BLOCK_EMPTY", message, "warning", block.name))
    elif not enough.all():
        message = (
            f"{int((~enough).sum())} of {len(names)} units answered less than the share asked for of '{block.name}' "
            "and have no level in it."
        )
        notes.append(Note("MATURITY_UNITS_UNSCORED", message, "info", block.name))
    return pd.DataFrame(
        {
            "unit": list(names), "block": block.name, "items": len(block.items), "answered": answered, "score": score,
            "maturity": TOP * (score - low) / (high - low), "level": level,
        }
    )  # fmt: skip


def _profile(units: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Every unit over its blocks; where blocks tie, the first one is named."""
    blocks = list(dict.fromkeys(units["block"]))
    shape = len(blocks), len(names)  # the rows are block by block
    maturity, level = (units[name].to_numpy(dtype=float).reshape(shape).T for name in ("maturity", "level"))
    known = ~np.isnan(level)
    count = known.sum(axis=1)
    some = count > 0
    table = pd.DataFrame({"unit": list(names), "blocks": count})
    for name, values in (("mean_maturity", maturity), ("mean_level", level)):
        table[name] = np.where(some, np.where(known, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)
    ends = {
        "weakest": np.where(known, maturity, np.inf).argmin(axis=1),
        "strongest": np.where(known, maturity, -np.inf).argmax(axis=1),
    }
    for name, places in ends.items():
        table[name] = [blocks[place] if there else None for place, there in zip(places, some, strict=True)]
    return table


def _levels(block: str, units: pd.DataFrame) -> pd.DataFrame:
    """How many units stand at each of the seven levels."""
    known = units.loc[units["block"] == block, "level"].dropna()
    counts = np.array([(known == place).sum() for place in range(TOP + 1)])
    percent = 100.0 * counts / len(known) if len(known) else np.full(TOP + 1, np.nan)
    return pd.DataFrame({"block": block, "level": range(TOP + 1), "n": counts, "percent": percent})
