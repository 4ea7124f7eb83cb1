"""How many have, use and value modules and functions: shares and means over people, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from crmstudy.assessment.modules.answers import NO, YES
from crmstudy.assessment.modules.listed import ALL

Floats = np.ndarray[Any, np.dtype[np.float64]]
#: The figures of functions and of modules; those of 0 and 1 are shares, the others means.
OF_FUNCTIONS = ("available", "used", "frequency", "usefulness")
OF_MODULES = ("available", "used", "adopted", "coverage", "depth", "frequency", "usefulness")
SHARES = ("available", "used", "adopted")
IN_PERCENT = (*SHARES, "coverage", "depth")


def person_functions(frame: pd.DataFrame) -> pd.DataFrame:
    """What each person says of each function, as numbers; ``item`` is the function.

    ``available`` is 1 or 0, missing where it is not known; ``used`` that of those who have it; ``frequency`` that of
    those who use it; ``usefulness`` that of those who have it.
    """
    there = frame["available"] == YES
    used = _flag(frame["used"]).where(there)
    return _about_people(frame).assign(
        item=frame["function"],
        available=_flag(frame["available"]),
        used=used,
        frequency=frame["frequency"].where(used == 1.0),
        usefulness=frame["usefulness"].where(there),
    )


def person_modules(frame: pd.DataFrame, *, whole: bool = True) -> pd.DataFrame:
    """The figures of each person by ``frame["module"]``, and over all functions; ``item`` is the module or ``all``.

    A person has a module when one of its functions is there, and has it not when none is; in between nothing is known.
    In the same way a person who has a module uses it. ``coverage`` is the share of functions that are there among those
    known, ``depth`` that of functions used among those there, ``frequency`` the mean of those used, ``usefulness`` the
    mean of those there. ``adopted``: whether the person uses any function at all.
    """
    there, used = frame["available"] == YES, frame["used"] == YES
    have = there & frame["used"].notna()
    coded = pd.DataFrame({
        "there": there, "absent": frame["available"] == NO, "rows": 1, "used": there & used, "have": have,
        "doubtful": frame["doubtful"], "blank": frame["available"].isna() & frame["used"].isna(),
        "frequency": frame["frequency"].where(there & used), "usefulness": frame["usefulness"].where(there),
    })  # fmt: skip
    people = _about_people(frame)
    parts = []
    for item in (frame["module"], *([pd.Series(ALL, index=frame.index)] if whole else [])):
        keys = [item.rename("item"), *(people[name] for name in people)]
        groups = coded.groupby(keys, sort=False, dropna=False)
        sums = groups[["there", "absent", "rows", "used", "have", "doubtful", "blank"]].sum()
        parts.append(_of_sums(sums, groups[["frequency", "usefulness"]].mean()).reset_index())
    return pd.concat(parts, ignore_index=True)


def _of_sums(sums: pd.DataFrame, means: pd.DataFrame) -> pd.DataFrame:
    there, known = sums["there"], sums["there"] + sums["absent"]
    told = sums["have"] == there
    sure = told & (sums["doubtful"] == 0) & (sums["blank"] < sums["rows"])
    return means.assign(
        available=_known(there > 0, sums["absent"] == sums["rows"]),
        used=_known(sums["used"] > 0, told & (there > 0)),
        coverage=(there / known).where(known > 0),
        depth=(sums["used"] / sums["have"]).where(sums["have"] > 0),
        adopted=_known(sums["used"] > 0, sure),
    )


def _about_people(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["respondent", *(name for name in ("role", "unit", "wave") if name in frame)]]


def _known(yes: pd.Series, no: pd.Series) -> pd.Series:
    """1 where yes, 0 where no, missing otherwise."""
    return pd.Series(np.where(yes, 1.0, np.where(no, 0.0, np.nan)), index=yes.index)


def _flag(column: pd.Series) -> pd.Series:
    return column.map({YES: 1.0, NO: 0.0}).astype(float)


def summarised(coded: pd.DataFrame, by: Sequence[str], figures: Sequence[str], level: float) -> pd.DataFrame:
    """A row for each group of ``by`` and item: of each figure the base ``n_...``, the value and its interval.

    Shares have score intervals, means standard deviations and t intervals; those of :data:`IN_PERCENT` are in percent.
    Groups without a name are left out.
    """
    groups = coded.groupby([*by, "item"], sort=False)
    made = groups["respondent"].nunique().rename("n").to_frame()
    for name in figures:
        times = 100.0 if name in IN_PERCENT else 1.0
        column = groups[name]
        count, mean, sd = column.count(), column.mean(), column.std(ddof=1)
        n, middle, spread = (np.asarray(values, dtype=np.float64) for values in (count, mean, sd))
        made[f"n_{name}"], made[name] = count, times * mean
        if name in SHARES:
            low, high = wilson(np.asarray(column.sum(), dtype=np.float64), n, level)
        else:
            half = half_widths(spread, n, level)
            low, high = middle - half, middle + half
            made[f"{name}_sd"] = times * sd
        made[f"{name}_low"], made[f"{name}_high"] = times * low, times * high
    return made.reset_index()


def wilson(hits: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    """Ends of the score intervals of shares (Wilson, 1927), element by element; NaN where n is 0."""
    z2 = float(ndtri(0.5 + level / 2.0)) ** 2
    safe = np.where(n > 0, n, 1.0)
    share, whole = hits / safe, 1.0 + z2 / safe
    middle = share + z2 / (2.0 * safe)
    half = np.sqrt(z2 * (share * (1.0 - share) / safe + z2 / (4.0 * safe**2)))
    low = np.where(hits == 0, 0.0, (middle - half) / whole)
    high = np.where(hits == n, 1.0, (middle + half) / whole)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def half_widths(sd: Floats, n: Floats, level: float) -> Floats:
    """Half the widths of the t intervals of means; NaN for fewer than two answers, or answers that are all the same."""
    fine = (n > 1) & (sd > 0)
    safe = np.where(fine, n, 2.0)
    half = stdtrit(safe - 1.0, 0.5 + level / 2.0) * np.where(fine, sd, 1.0) / np.sqrt(safe)
    return np.where(fine, half, np.nan)


def with_index(table: pd.DataFrame, weights: Mapping[str, float], top: float, *, often: bool) -> pd.DataFrame:
    r"""Add ``index``, from 0 to 100: the weighted geometric mean of coverage, depth and frequency as shares of 1.

    :math:`100\,c^{w_c}d^{w_d}f^{w_f}` with weights that add up to 1; ``top`` is the frequency that counts as 1. It is 0
    where nothing is there or nothing is used. Without ``often``, where nobody at all said how often, the other weights
    are scaled up in every row, so that the rows can be compared; else there is no index where a part is not known.
    """
    coverage, depth = (table[name].to_numpy(float) / 100.0 for name in ("coverage", "depth"))
    frequency = np.minimum(table["frequency"].to_numpy(float) / top, 1.0)
    shares = {"coverage": coverage, "depth": depth} | ({"frequency": frequency} if often else {})
    counted = {name: share for name, share in shares.items() if weights[name] > 0.0}
    total = sum(weights[name] for name in counted)
    nothing = (coverage == 0.0) | (depth == 0.0)  # whatever they weigh
    lacking = ~np.isfinite(coverage) | ~np.isfinite(depth) | (total == 0.0)
    logs = np.zeros(len(table))
    for name, share in counted.items():
        nothing |= share == 0.0
        lacking |= ~np.isfinite(share)
        logs += weights[name] * np.log(np.where(share > 0.0, share, 1.0))
    made = 100.0 * np.exp(logs / (total or 1.0))
    return table.assign(index=np.where(nothing, 0.0, np.where(lacking, np.nan, made)))
