"""Indices of careless answering: a value for every respondent, and why it is not there where it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, special

from crmstudy.kernels import careless as kernel
from crmstudy.kernels.moments import Array
from crmstudy.screening.answers import Answers
from crmstudy.screening.missing import patterns_of
from crmstudy.screening.settings import critical_of

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Index:
    """Values by respondent (NaN: none), in words what they rest on, and why nobody has one."""

    values: Array
    about: str = ""
    why_not: str = ""


@dataclass(frozen=True, eq=False)
class Distances:
    """Squared Mahalanobis distances of complete rows with their p, or why there are none.

    ``alike`` says whether everybody was shown the same items.
    """

    d2: Array
    p_value: Array
    why_not: str = ""
    alike: bool = True


def indices(answers: Answers, settings: Mapping[str, Any]) -> dict[str, Index]:
    """Every index of :data:`INDICES`, by its name."""
    return {name: make(answers, settings.get(name)) for name, make in INDICES.items()}


def _longstring(answers: Answers, setting: Any) -> Index:
    return Index(kernel.longest_runs(answers.in_turn).astype(float))


def _longstring_mean(answers: Answers, setting: Any) -> Index:
    return Index(kernel.mean_runs(answers.in_turn))


def _irv(answers: Answers, setting: Any) -> Index:
    if len(answers.items) < 2:
        return _nobody(answers, "one item has no spread within a respondent.")
    return Index(kernel.answer_spread(answers.usable))


def _even_odd(answers: Answers, setting: Any) -> Index:
    scales = split_scales(answers)
    if len(scales) < kernel.FEWEST_POINTS:
        known = f"found {len(scales)}" if answers.scales else "none is known"
        return _nobody(answers, f"it needs three scales of two items or more, and {known}.")
    place = {item: number for number, item in enumerate(answers.items)}
    halves = [([place[i] for i in items[::2]], [place[i] for i in items[1::2]]) for items in scales.values()]
    return _some(Index(kernel.even_odd(halves, answers.keyed), f"{len(scales)} scales"), answers)


def split_scales(answers: Answers) -> dict[str, tuple[str, ...]]:
    """The scales whose halves are compared: of two items or more, and not made up of another scale's items and more."""
    sets = {name: frozenset(items) for name, items in answers.scales.items() if len(items) > 1}
    first = {items: name for name, items in reversed(sets.items())}
    return {
        name: answers.scales[name]
        for name, items in sets.items()
        if first[items] == name and not any(other < items for other in sets.values())
    }


def _pairs(opposite: bool) -> Callable[[Answers, Any], Index]:
    def make(answers: Answers, setting: Any) -> Index:
        critical = critical_of(setting)
        pairs = kernel.related_pairs(answers.usable, critical, opposite=opposite)
        bound = f"{'−' if opposite else ''}{critical:g} or {'below' if opposite else 'above'}"
        if len(pairs) < kernel.FEWEST_POINTS:
            there = {0: "no pair of items correlates", 1: "one pair of items correlates"}
            said = there.get(len(pairs), f"{len(pairs)} pairs of items correlate")
            return _nobody(answers, f"{said} at {bound}, and three are needed.")
        about = f"{len(pairs)} pairs of items that correlate at {bound}"
        return _some(Index(kernel.pair_consistency(answers.alike, pairs), about), answers)

    return make


def _person_total(answers: Answers, setting: Any) -> Index:
    if len(answers.items) < kernel.FEWEST_POINTS:
        return _nobody(answers, f"it needs three items or more, and found {len(answers.items)}.")
    return _some(Index(kernel.person_total(answers.alike)), answers)


def _nobody(answers: Answers, why: str) -> Index:
    return Index(np.full(len(answers.raw), np.nan), "", why)


def _some(index: Index, answers: Answers) -> Index:
    if np.isnan(index.values).all():
        return _nobody(answers, "nobody has three answered points that vary.")
    return index


#: How each index is made, in the order of the table.
INDICES: Mapping[str, Callable[[Answers, Any], Index]] = {
    "longstring": _longstring,
    "longstring_mean": _longstring_mean,
    "irv": _irv,
    "even_odd": _even_odd,
    "psychsyn": _pairs(opposite=False),
    "psychant": _pairs(opposite=True),
    "person_total": _person_total,
}


def distances(answers: Answers) -> Distances:
    """Squared Mahalanobis distances of the rows that have an answer to every item they were shown.

    Where conditions of the questionnaire pass over items, rows that were shown the same items are measured on these,
    from the mean and by the covariance of all rows that answered them.
    """
    usable, shown = answers.usable, answers.shown
    d2, p_values = np.full(len(usable), np.nan), np.full(len(usable), np.nan)
    problems = []
    for hidden in ~shown[:1] if shown.all() else patterns_of(~shown)[0]:
        items = ~hidden
        if not items.any():
            continue
        own, problem = _distances(usable[:, items], answers.raw.columns[items])
        problems.append(problem)
        members = (shown == items).all(axis=1)
        d2[members] = own[members]
        p_values[members] = special.chdtrc(int(items.sum()), own[members])
    why_not = "" if problems else "no item was shown to anybody."
    if problems and all(problems):
        why_not = problems[0]  # that of the items most people were shown
    return Distances(d2, p_values, why_not, bool(shown.all()))


def _distances(usable: Array, names: pd.Index[Any]) -> tuple[Array, str]:
    """Squared distances of the complete rows on some items, NaN for the others; and why there are none."""
    d2 = np.full(len(usable), np.nan)
    complete = ~np.isnan(usable).any(axis=1)
    largest = np.abs(usable[complete]).max(axis=0, initial=0)
    scaled = usable[complete] / np.where(largest > 0, largest, 1)  # leaves the distances as they are
    problem = _why_no_distance(scaled, names)
    if problem:
        return d2, problem
    try:
        d2[complete] = kernel.squared_distances(scaled)
    except linalg.LinAlgError:
        return d2, "the covariance matrix of the items is singular to the precision of a computer."
    return d2, ""


def _why_no_distance(complete: Array, names: pd.Index[Any]) -> str:
    """Why the covariance of the complete rows, scaled to at most 1, cannot be inverted; empty when it can."""
    rows, items = complete.shape
    if rows <= items:
        return f"{rows} complete rows are too few for {items} items; more rows than items are needed."
    spread = np.ptp(complete, axis=0)  # rounding keeps the standard deviation of equal answers above 0
    constant = [str(name) for name, value in zip(names, spread, strict=True) if value <= _ROUNDING]
    if constant:
        return f"everyone gave the same answer to {', '.join(constant)}."
    correlation = np.corrcoef(complete, rowvar=False).reshape(items, items)
    smallest = float(linalg.eigvalsh(correlation)[0])
    if smallest < items * _ROUNDING:
        return "some items follow exactly from others, so their covariance matrix is singular."
    return ""
