"""Do the capabilities of a block build on each other: scalogram errors, reproducibility, Loevinger's H."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmstudy.assessment.maturity.item_blocks import Block
from crmstudy.kernels import scalogram as kernel
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.results import ESTIMATE_COLUMNS

REPRODUCIBILITY = (
    "block", "criterion", "items", "n", "errors", "reproducibility", "minimal_reproducibility", "improvement",
    "scalability", "menzel",
)  # fmt: skip
CAPABILITIES = (
    "block", "item", "declared", "found", "n", "share", "errors", "h", "std_error", "ci_low", "ci_high",
)  # fmt: skip
PAIRS = ("block", "easier", "harder", "n", "guttman_errors", "expected_errors", "h", "std_error")
#: Below so many complete rows a note is written: every figure rests on a handful of patterns.
FEW_ROWS = 30
_NAN = float("nan")


@dataclass
class Scalograms:
    """What was found, block by block."""

    estimates: list[tuple[Any, ...]] = field(default_factory=list)
    reproducibility: list[tuple[Any, ...]] = field(default_factory=list)
    capabilities: list[tuple[Any, ...]] = field(default_factory=list)
    pairs: list[tuple[Any, ...]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of all blocks by their names."""
        return {
            "reproducibility": pd.DataFrame(self.reproducibility, columns=list(REPRODUCIBILITY)),
            "capabilities": pd.DataFrame(self.capabilities, columns=list(CAPABILITIES)),
            "pairs": pd.DataFrame(self.pairs, columns=list(PAIRS)),
        }

    def estimates_table(self) -> pd.DataFrame:
        """H of every block."""
        return pd.DataFrame(self.estimates, columns=[*ESTIMATE_COLUMNS, "items", "n"])


def scalograms(blocks: Iterable[Block], order: str, level: float) -> Scalograms:
    """Scalability of every block that has at least two capabilities which some units have and some have not."""
    found = Scalograms()
    for block in blocks:
        _one(block, order, level, found)
    return found


def _one(block: Block, order: str, level: float, found: Scalograms) -> None:
    answered = ~np.isnan(block.values)
    name, asked = block.name, np.flatnonzero(answered.any(axis=0))
    if 0 < len(asked) < len(block.items):
        silent = ", ".join(item for j, item in enumerate(block.items) if j not in asked)
        message = f"No unit answered {silent} of '{name}'; its scalogram is that of the others."
        found.notes.append(Note("SCALOGRAM_UNANSWERED", message, "warning", name))
    complete = answered[:, asked].all(axis=1)
    answers = np.zeros((int(complete.sum()), len(block.items)))
    answers[:, asked] = np.round(block.values[complete][:, asked] - block.present, 10) >= 0
    n = len(answers)
    left = int((answered.any(axis=1) & ~complete).sum())
    if left:
        message = f"{left} units answered a part of '{name}'; its scalogram rests on the {n} complete ones."
        found.notes.append(Note("SCALOGRAM_INCOMPLETE", message, "info", name))
    varying = [j for j in asked.tolist() if 0 < answers[:, j].sum() < n]
    constant = [block.items[j] for j in asked.tolist() if j not in varying]
    if constant and n:
        message = f"All or none of the units have {', '.join(constant)} of '{name}'; it says nothing about an order."
        found.notes.append(Note("SCALOGRAM_CONSTANT", message, "info", name))
    if len(varying) < 2:
        message = (
            f"'{name}' has {len(varying)} capabilities that some of {n} units have and others not; an order needs 2."
        )
        found.notes.append(Note("SCALOGRAM_NOT_POSSIBLE", message, "warning", name))
        return
    if n < FEW_ROWS:
        message = f"The scalogram of '{name}' rests on {n} units: one more or less can move every figure."
        found.notes.append(Note("SCALOGRAM_FEW", message, "warning", name))
    _measure(name, [block.items[j] for j in varying], varying, answers[:, varying], order, level, found)


def _measure(
    name: str, items: list[str], places: list[int], answers: Array, order: str, level: float, found: Scalograms
) -> None:
    n, k = answers.shape
    popular = kernel.popularity_order(answers)
    used = popular if order == "popularity" else np.arange(k)
    _note_order(name, items, answers, popular, order, found)
    wrong = {criterion: kernel.errors(answers, used, criterion) for criterion in kernel.CRITERIA}
    for criterion, misses in wrong.items():
        r = kernel.reproducibility(answers, misses)
        figures = (r.errors, r.reproducibility, r.minimal, r.improvement, r.scalability, r.menzel)
        found.reproducibility.append((name, criterion, k, n, *figures))
    h = kernel.loevinger(answers)
    reach = float(ndtri(0.5 + level / 2.0))
    found.estimates.append((*_row(f"H of {name}", h.h, h.se, reach), k, n))
    if not h.se > 0:
        message = f"No unit of '{name}' departs from the order: H is 1 without a standard error, an interval or a test."
        found.notes.append(Note("SCALOGRAM_PERFECT", message, "info", name))
    misses, share = wrong["goodenough_edwards"].sum(axis=0), answers.mean(axis=0)
    rank = np.argsort(popular)
    for j, item in enumerate(items):
        value, error = float(h.h_items[j]), float(h.se_items[j])
        ends = _ends(value, error, reach)
        row = (name, item, places[j] + 1, int(rank[j]) + 1, n, share[j], misses[j], value, error, *ends)
        found.capabilities.append(row)
    for (i, j), value, error in zip(h.pairs, h.h_pairs, h.se_pairs, strict=True):
        easy, hard = (i, j) if rank[i] < rank[j] else (j, i)
        seen = float(((answers[:, easy] == 0) & (answers[:, hard] == 1)).sum())
        by_chance = n * (1.0 - share[easy]) * share[hard]
        found.pairs.append((name, items[easy], items[hard], n, seen, by_chance, float(value), float(error)))


def _note_order(
    name: str, items: list[str], answers: Array, popular: kernel.Order, order: str, found: Scalograms
) -> None:
    counts = answers.sum(axis=0)
    tied = [items[j] for j in popular if (counts == counts[j]).sum() > 1]
    if tied:
        message = f"In '{name}' equally many units have {', '.join(tied)}; among them the declared order counts."
        found.notes.append(Note("SCALOGRAM_TIES", message, "info", name))
    if not np.array_equal(popular, np.arange(len(items))):
        seen = ", ".join(items[j] for j in popular)
        which = (
            "The figures follow the order found." if order == "popularity" else "The figures follow the one declared."
        )
        message = f"From the most to the least common the capabilities of '{name}' are {seen}, not as declared. {which}"
        found.notes.append(Note("SCALOGRAM_ORDER", message, "info", name))


def _row(term: str, value: float, error: float, reach: float) -> tuple[Any, ...]:
    """An estimate with its Wald test; of a perfect scale the standard error is 0 and there is no test."""
    z = value / error if error > 0 else _NAN
    p = float(2.0 * ndtr(-abs(z))) if error > 0 else _NAN
    return term, value, error, z, _NAN, p, *_ends(value, error, reach)


def _ends(value: float, error: float, reach: float) -> tuple[float, float]:
    """The ends of an interval; none where the error is 0, which is no certainty."""
    return (value - reach * error, value + reach * error) if error > 0 else (_NAN, _NAN)
