"""One item at a time: three nested regressions of its answers on the matching score and the group, and purification."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from crmstudy.kernels.moments import Array
from crmstudy.kernels.multiplicity import adjusted
from crmstudy.kernels.ordinal.regression import (
    CONVERGED,
    Codes,
    ProportionalOdds,
    null_loglik,
    proportional_odds,
    pseudo_r_squared,
)

#: Which of the nested models each test compares: the smaller, the larger.
TESTS = {"uniform": (0, 1), "nonuniform": (1, 2), "total": (0, 2)}
#: Measures of explained share, in the order of the kernel.
MEASURES = ("mcfadden", "cox_snell", "nagelkerke")
#: What makes an item one with DIF, besides a small p: the least change of Nagelkerke's share, or of the slope.
CRITERIA = {"p": 0.0, "jodoin_gierl": 0.035, "zumbo": 0.13, "beta": 0.10}
_LARGE = {"jodoin_gierl": (0.035, 0.070), "zumbo": (0.13, 0.26)}


def band(change: float, rule: str) -> str:
    """The size of a change of the explained share in words: negligible, moderate or large."""
    if not np.isfinite(change):
        return "not judged"
    moderate, large = _LARGE[rule]
    return "large" if change >= large else "moderate" if change >= moderate else "negligible"


@dataclass(frozen=True, eq=False, slots=True)
class ItemModels:
    """The three models of one item: the matching score; with the group; with their product.

    ``why`` says of each model why it has no test (empty where it has). ``shares`` are the explained shares (3, 3):
    models by :data:`MEASURES`.
    """

    fits: tuple[ProportionalOdds | None, ...]
    why: tuple[str, ...]
    categories: int
    merged: int
    shares: Array
    empty_cells: int

    def comparison(self, test: str, n_groups: int) -> tuple[float, int, float]:
        """Likelihood-ratio chi-square, its degrees of freedom and p; NaN where one of the models has none."""
        smaller, larger = TESTS[test]
        df = (larger - smaller) * (n_groups - 1)
        first, second = self.fits[smaller], self.fits[larger]
        if first is None or second is None or self.why[smaller] or self.why[larger]:
            return float("nan"), df, float("nan")
        chisq = max(2.0 * (second.loglik - first.loglik), 0.0)
        return chisq, df, float(chdtrc(df, chisq))

    def change(self, test: str, measure: str) -> float:
        """How much more the larger model explains."""
        smaller, larger = TESTS[test]
        at = MEASURES.index(measure)
        return float(self.shares[larger, at] - self.shares[smaller, at])

    @property
    def beta_change(self) -> float:
        """Relative change of the slope of the matching score once the group is in the model."""
        first, second = self.fits[:2]
        if first is None or second is None or self.why[0] or self.why[1] or first.slopes[0] == 0.0:
            return float("nan")
        return float(abs((second.slopes[0] - first.slopes[0]) / first.slopes[0]))


def fit_item(answers: Array, score: Array, groups: Codes, n_groups: int, least: int) -> ItemModels:
    """Fit the three models to one item.

    Parameters
    ----------
    answers, score : (n,) arrays
    groups : (n,) array of int
        Group of each respondent; 0 is the reference.
    n_groups : int
    least : int
        Categories with fewer answers than this in a group are joined with a neighbour.
    """
    values, codes = np.unique(answers, return_inverse=True)
    codes = codes.astype(np.intp)
    merged = 0
    if least > 0:
        codes, merged = _merged(codes, groups, n_groups, least)
    c = int(codes.max()) + 1 if len(codes) else 0
    nothing = np.full((3, len(MEASURES)), np.nan)
    if c < 2:
        said = "all answer it alike" if len(values) < 2 else "joining sparse categories left a single one"
        return ItemModels((None,) * 3, (said,) * 3, c, merged, nothing, 0)
    empty = int((_cells(codes, groups, n_groups) == 0).sum())
    cells, counts = np.unique(np.column_stack([codes, score, groups]), axis=0, return_counts=True)
    y, x, g = cells[:, 0].astype(np.intp), cells[:, 1:2], cells[:, 2].astype(np.intp)
    dummies = np.eye(n_groups)[g][:, 1:]
    weights = counts.astype(np.float64)
    if np.ptp(x) == 0.0:
        return ItemModels((None,) * 3, ("the matching score does not vary",) * 3, c, merged, nothing, empty)
    designs = (x, np.hstack([x, dummies]), np.hstack([x, dummies, x * dummies]))
    fits = tuple(proportional_odds(y, design, weights) for design in designs)
    null = null_loglik(y, weights)
    shares = np.array([pseudo_r_squared(fit.loglik, null, float(weights.sum())) for fit in fits])
    why = tuple("" if fit.status == CONVERGED else _why(fit.status) for fit in fits)
    shares[[bool(reason) for reason in why]] = np.nan
    return ItemModels(fits, why, c, merged, shares, empty)


def _why(status: str) -> str:
    if status == "separated":
        return "score and group tell its answers apart without error, so that no finite estimate exists"
    return "the likelihood has no maximum that could be found"


def _cells(codes: Codes, groups: Codes, n_groups: int) -> Array:
    """Answers of each category in each group, (c, groups)."""
    table = np.zeros((int(codes.max()) + 1, n_groups))
    np.add.at(table, (codes, groups), 1.0)
    return table


def _merged(codes: Codes, groups: Codes, n_groups: int, least: int) -> tuple[Codes, int]:
    """Join the sparsest category with its smaller neighbour until all have enough answers in every group."""
    steps = 0
    while int(codes.max()) > 0:
        table = _cells(codes, groups, n_groups)
        smallest = table.min(axis=1)
        at = int(smallest.argmin())
        if smallest[at] >= least:
            break
        totals = table.sum(axis=1)
        beside = [j for j in (at - 1, at + 1) if 0 <= j < len(totals)]
        lower = min(at, min(beside, key=lambda j: totals[j]))
        codes = np.where(codes > lower, codes - 1, codes).astype(np.intp)
        steps += 1
    return codes, steps


@dataclass(frozen=True, eq=False, slots=True)
class Pass:
    """One round over all items with one set of anchors: the models, and the verdicts they give."""

    anchors: tuple[int, ...]
    models: tuple[ItemModels, ...]
    p_values: dict[str, Array]
    p_adjusted: dict[str, Array]
    flagged: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """How items are matched and judged."""

    matching: str
    test: str
    criterion: str
    alpha: float
    adjust: str
    least: int


def run_pass(answers: Array, groups: Codes, n_groups: int, anchors: Sequence[int], rules: Rules) -> Pass:
    """Analyse every item, matched on the anchors (and on the item itself where the score is the whole sum)."""
    models = []
    for item in range(answers.shape[1]):
        others = [j for j in anchors if j != item]
        used = sorted([*others, item]) if rules.matching == "sum score" else others
        models.append(fit_item(answers[:, item], answers[:, used].sum(axis=1), groups, n_groups, rules.least))
    p_values = {test: np.array([each.comparison(test, n_groups)[2] for each in models]) for test in TESTS}
    p_adjusted = {test: _adjusted(found, rules.adjust) for test, found in p_values.items()}
    flagged = tuple(
        bool(p < rules.alpha) and _is_large(each, rules) for p, each in zip(p_adjusted[rules.test], models, strict=True)
    )
    return Pass(tuple(anchors), tuple(models), p_values, p_adjusted, flagged)


def _is_large(models: ItemModels, rules: Rules) -> bool:
    least = CRITERIA[rules.criterion]
    if rules.criterion == "p":
        return True
    if rules.criterion == "beta":
        return models.beta_change >= least
    return models.change(rules.test, "nagelkerke") >= least


def _adjusted(p_values: Array, method: str) -> Array:
    """Corrected for the number of items that have a p."""
    there = np.isfinite(p_values)
    found = np.full(len(p_values), np.nan)
    found[there] = adjusted(p_values[there], method)
    return found


@dataclass(frozen=True, eq=False, slots=True)
class Purified:
    """All rounds, and why the last one was the last: ``settled``, ``cycle``, ``no anchors``, ``limit`` or ``once``."""

    passes: tuple[Pass, ...]
    ended: str


def purify(
    analyse: Callable[[Sequence[int]], Pass], candidates: Sequence[int], *, once: bool, least_anchors: int, limit: int
) -> Purified:
    """Take flagged items out of the matching score and analyse again, until the flags no longer change.

    Parameters
    ----------
    analyse : callable
        From anchors to a round.
    candidates : sequence of int
        Items that may be anchors.
    once : bool
        Stop after the first round.
    least_anchors : int
        Fewer unflagged items than this are not matched on; the round before stands.
    limit : int
        Most rounds.
    """
    passes = [analyse(candidates)]
    seen = {tuple(candidates)}
    while not once:
        anchors = tuple(j for j in candidates if not passes[-1].flagged[j])
        if anchors == passes[-1].anchors:
            return Purified(tuple(passes), "settled")
        if len(anchors) < least_anchors:
            return Purified(tuple(passes), "no anchors")
        if anchors in seen:
            return Purified(tuple(passes), "cycle")
        if len(passes) == limit:
            return Purified(tuple(passes), "limit")
        seen.add(anchors)
        passes.append(analyse(anchors))
    return Purified(tuple(passes), "once")
