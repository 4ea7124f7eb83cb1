"""The tables of a staff profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.staff.figures import WITHHELD, Figure
from crmstudy.assessment.staff.scores import StaffScores
from crmstudy.assessment.staff.wanted import Wanted
from crmstudy.disclosure import Rules
from crmstudy.kernels.multiplicity import adjusted
from crmstudy.results import ESTIMATE_COLUMNS

_FIGURES = ("n", "mean", "sd", "ci_low", "ci_high", "band_low", "band_high", "withheld")
_GAPS = (
    "role", "facet", "characteristic", "n", "target", "mean", "gap", "std_error", "statistic", "df", "p_value",
    "p_adjusted", "ci_low", "ci_high", "d", "d_low", "d_high", "verdict",
)  # fmt: skip
_PRIORITIES = ("rank", "role", "facet", "characteristic", "shortfall", "weight", "priority", "tied", "verdict")
_HIDDEN = ("group", "role", "unit", "withheld", "figures")
_NAN = float("nan")


def figure_table(
    staff: StaffScores, figures: Sequence[Figure], what: str, by: tuple[str, ...], rules: Rules, level: float
) -> pd.DataFrame:
    """The figures of one kind of group: ``all``, ``role``, ``unit`` or ``cell``."""
    rows = []
    for figure in sorted((each for each in figures if each.level == what), key=lambda each: (each.role, each.unit)):
        row: dict[str, Any] = {"role": figure.role, "unit": figure.unit, "facet": figure.facet}
        row |= {"characteristic": staff.names[figure.facet]["en"], "withheld": WITHHELD if figure.reason else ""}
        if figure.exact:  # of a band not even the number of people, which would add up with others
            test = figure.against(0.0, level)
            mean, low, high = for_readers(rules, len(figure.values), test.mean, test.ci_low, test.ci_high)
            row |= {
                "n": rules.n_shown(len(figure.values)),
                "mean": mean,
                "ci_low": low,
                "ci_high": high,
                "sd": test.sd if rules.round_to == 1 else _NAN,
            }
        elif figure.band is not None:
            row["band_low"], row["band_high"] = figure.band
        rows.append(row)
    return pd.DataFrame(rows, columns=[*by, "facet", "characteristic", *_FIGURES])


def for_readers(rules: Rules, n: int, *values: float) -> tuple[float, ...]:
    """Means of n people as readers see them: as exact as does not tell how many people there are."""
    return tuple(rules.figure_shown(value, n, 1.0) for value in values)


def estimates_of(staff: StaffScores, figures: Sequence[Figure], rules: Rules, level: float) -> pd.DataFrame:
    """Means of the roles that may be shown."""
    rows = []
    for figure in sorted((each for each in figures if each.level == "role" and each.exact), key=lambda each: each.role):
        test = figure.against(0.0, level)
        error, df = (test.std_error, test.df) if rules.round_to == 1 else (_NAN, _NAN)
        mean, low, high = for_readers(rules, len(figure.values), test.mean, test.ci_low, test.ci_high)
        rows.append((f"{figure.role}: {figure.facet}", mean, error, _NAN, df, _NAN, low, high))
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))


def gap_table(staff: StaffScores, figures: Sequence[Figure], aims: Wanted, rules: Rules, level: float) -> pd.DataFrame:
    """A row for each role and characteristic with a target; figures of what is withheld or banded are missing."""
    rows = []
    for figure in sorted((each for each in figures if each.level == "role"), key=lambda each: each.role):
        target = aims.get((figure.role, figure.facet))
        if target is None:
            continue
        row: dict[str, Any] = {"role": figure.role, "facet": figure.facet, "target": target}
        row["characteristic"] = staff.names[figure.facet]["en"]
        row["verdict"] = "withheld" if figure.reason else "banded"
        if figure.exact:
            test = figure.against(target, level)
            mean, low, high = for_readers(rules, len(figure.values), test.mean, test.ci_low, test.ci_high)
            row |= {
                "n": rules.n_shown(len(figure.values)), "mean": mean, "gap": mean - target,
                "std_error": test.std_error, "statistic": test.t,
                "df": test.df, "p_value": test.p_value, "ci_low": low - target, "ci_high": high - target,
                "d": test.d, "d_low": test.d_low, "d_high": test.d_high,
                "verdict": "below" if test.ci_high < target else "above" if test.ci_low > target else "not called",
            }  # fmt: skip
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(_GAPS))
    p_value = table["p_value"].to_numpy(dtype=float)
    known = ~np.isnan(p_value)
    p_adjusted = p_value.copy()
    if known.any():
        p_adjusted[known] = adjusted(p_value[known], "holm")
    return table.assign(p_adjusted=p_adjusted)


def priority_table(gaps: pd.DataFrame, importance: Wanted) -> pd.DataFrame:
    """Shortfalls times weights, the largest first; what differs by rounding only is a tie."""
    rows: list[dict[str, Any]] = []
    for entry in gaps.to_dict("records"):
        row: dict[str, Any] = {str(name): value for name, value in entry.items()}
        weight = importance.get((str(row["role"]), str(row["facet"])), 1.0)
        if row["gap"] < 0 and weight > 0:  # a missing gap is neither
            kept = {name: row[name] for name in ("role", "facet", "characteristic", "verdict")}
            rows.append(kept | {"shortfall": -row["gap"], "weight": weight, "priority": -row["gap"] * weight})
    rows.sort(key=lambda row: -round(row["priority"], 10))
    values = [round(row["priority"], 10) for row in rows]
    for row, value in zip(rows, values, strict=True):
        row |= {"rank": values.index(value) + 1, "tied": "yes" if values.count(value) > 1 else ""}
    return pd.DataFrame(rows, columns=list(_PRIORITIES))


def hidden_table(figures: Sequence[Figure]) -> pd.DataFrame:
    """How many figures of which groups are withheld."""
    counts: dict[tuple[str, str, str, str], int] = {}
    for figure in figures:
        if figure.reason:
            group = {"all": "everybody", "cell": "role in unit"}.get(figure.level, figure.level)
            place = (group, figure.role, figure.unit, WITHHELD)
            counts[place] = counts.get(place, 0) + 1
    order = ["everybody", "role", "unit", "role in unit"]
    rows = sorted(((*place, n) for place, n in counts.items()), key=lambda row: (order.index(row[0]), *row[1:]))
    return pd.DataFrame(rows, columns=list(_HIDDEN))
