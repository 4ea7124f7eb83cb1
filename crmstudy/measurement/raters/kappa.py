"""Cohen's kappa and weighted kappa of two raters; of more, every pair and their mean (Light)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError
from crmstudy.kernels.agreement import kappa as kernel
from crmstudy.kernels.agreement.kappa import Codes
from crmstudy.kernels.moments import Array
from crmstudy.measurement.raters.found import NAN, Found, Options, clipped, normal_interval, percentiles, two_sided
from crmstudy.measurement.raters.found import unit_samples as samples_of
from crmstudy.measurement.raters.ratings import Ratings
from crmstudy.notes import Note

_PAIR_COLUMNS = (
    "rater_1", "rater_2", "n", "kappa", "std_error", "statistic", "p_value", "ci_low", "ci_high", "std_error_null",
    "observed", "expected", "agreement", "pabak", "gwet_ac1", "kappa_max",
)  # fmt: skip


def analyse(ratings: Ratings, options: Options) -> Found:
    """Kappa of two raters, or the mean of all pairs."""
    codes, dropped = ratings.complete("kappa")
    n, m = codes.shape
    c = len(ratings.categories)
    weight = kernel.weights(c, options.weights if options.kind == "weighted" else "identity")
    found = Found(n, notes=[dropped] if dropped else [])
    pairs = [(a, b, _Pair(codes[:, [a, b]], c, weight)) for a, b in combinations(range(m), 2)]
    _refuse_undefined(pairs, ratings, found)
    rows = [(ratings.raters[a], ratings.raters[b], n, *pair.row(options.level)) for a, b, pair in pairs]
    found.tables["pairs"] = pd.DataFrame(rows, columns=list(_PAIR_COLUMNS))
    if m == 2:
        _two(pairs[0][2], found, options)
        found.tables["crosstab"] = _crosstab(pairs[0][2].table, ratings.categories)
    else:
        _light(pairs, found, options)
    drawn = (
        samples_of(n, kernel.cohen_of_samples(codes, c, weight), options, "kappa", found) if options.bootstrap else None
    )
    if drawn is not None and len(drawn) > 1:
        term = found.estimates[0][0]
        ends = percentiles(drawn, options.level)
        found.add_interval(term, f"percentile bootstrap of units ({options.bootstrap})", options.level, ends)
        if m > 2:
            row = list(found.estimates[0])
            row[2], row[6], row[7] = float(drawn.std(ddof=1)), *ends
            found.estimates[0] = tuple(row)
    return found


class _Pair:
    """Everything about two raters."""

    def __init__(self, codes: Codes, c: int, weight: Array) -> None:
        self.table = kernel.cross_table(codes[:, 0], codes[:, 1], c)
        self.kappa = kernel.cohen(self.table, weight)
        self.agreement = float(np.trace(self.table) / self.table.sum())
        self.pabak = (c * self.agreement - 1.0) / (c - 1.0) if c > 1 else NAN
        self.ac1 = kernel.gwet(kernel.counts(codes, c))
        self.largest = kernel.largest_kappa(self.table)

    def row(self, level: float) -> tuple[float, ...]:
        kappa = self.kappa
        z = kappa.value / kappa.null_error if kappa.null_error > 0.0 else NAN
        ends = normal_interval(kappa.value, kappa.std_error, level)
        return (kappa.value, kappa.std_error, z, two_sided(z), *ends, kappa.null_error, kappa.observed, kappa.expected,
                self.agreement, self.pabak, self.ac1.value, self.largest)  # fmt: skip


def _refuse_undefined(pairs: list[tuple[int, int, _Pair]], ratings: Ratings, found: Found) -> None:
    """An AnalysisError when no pair has a kappa, a note for those that have none."""
    undefined = [(a, b) for a, b, pair in pairs if np.isnan(pair.kappa.value)]
    if not undefined:
        return
    names = "; ".join(f"{ratings.raters[a]} and {ratings.raters[b]}" for a, b in undefined)
    message = f"{names} put every unit into one and the same category, which leaves nothing for kappa to compare."
    if len(undefined) == len(pairs):
        raise AnalysisError(message, "RATERS_ONE_CATEGORY")
    found.notes.append(Note("RATERS_PAIR_UNDEFINED", f"{message} The mean leaves them out.", "warning"))


def _two(pair: _Pair, found: Found, options: Options) -> None:
    level, kappa = options.level, pair.kappa
    term = "weighted_kappa" if options.kind == "weighted" else "cohen_kappa"
    ends = normal_interval(kappa.value, kappa.std_error, level)
    found.add(term, kappa.value, std_error=kappa.std_error, null_error=kappa.null_error, ends=ends,
              observed=kappa.observed, expected=kappa.expected)  # fmt: skip
    found.add_interval(term, "Fleiss, Cohen and Everitt", level, ends)
    n = float(found.n)
    error = float(np.sqrt(pair.agreement * (1.0 - pair.agreement) / n))
    found.add("agreement", pair.agreement, std_error=error)
    if options.kind == "weighted":
        return
    c = len(pair.table)
    found.add("pabak", pair.pabak, std_error=error * c / (c - 1.0), observed=pair.agreement, expected=1.0 / c)
    ac1 = pair.ac1
    ac1_ends = clipped(kernel.t_interval(ac1.value, ac1.std_error, n - 1.0, level))
    found.add("gwet_ac1", ac1.value, std_error=ac1.std_error, ends=ac1_ends, observed=ac1.observed,
              expected=ac1.expected)  # fmt: skip
    found.add_interval("gwet_ac1", "Gwet", level, ac1_ends)
    found.add("kappa_max", pair.largest)
    if ac1.value - kappa.value > 0.2:
        message = (
            f"The raters agree about {pair.agreement:.0%} of the units, but kappa is {kappa.value:.2f}: nearly all "
            "units fall into one category, where chance alone agrees often. AC1 and PABAK stand beside it."
        )
        found.notes.append(Note("RATERS_PREVALENCE", message, "warning"))


def _light(pairs: list[tuple[int, int, _Pair]], found: Found, options: Options) -> None:
    """Mean over all pairs; its standard error and interval come from the bootstrap."""
    values = [pair.kappa.value for _, _, pair in pairs if not np.isnan(pair.kappa.value)]
    observed = float(np.mean([pair.kappa.observed for _, _, pair in pairs]))
    found.add("light_kappa", float(np.mean(values)), observed=observed)
    found.add("agreement", float(np.mean([pair.agreement for _, _, pair in pairs])))
    if options.bootstrap is None:
        message = "Light's mean kappa has no standard error of its own; give `bootstrap` a number of samples for one."
        found.notes.append(Note("RATERS_NO_INTERVAL", message))


def _crosstab(table: Array, categories: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(table.astype(int), columns=list(categories))
    frame.insert(0, "category", list(categories))
    return frame
