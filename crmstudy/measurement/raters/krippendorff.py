"""Krippendorff's alpha with both bootstraps, the coincidences, and alpha at the other levels of measurement."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, DataError
from crmstudy.kernels.agreement import krippendorff as kernel
from crmstudy.kernels.agreement.kappa import counts
from crmstudy.kernels.moments import Array
from crmstudy.kernels.resample import generator
from crmstudy.measurement.raters.found import NAN, Found, Options, percentiles, unit_samples
from crmstudy.measurement.raters.ratings import Ratings
from crmstudy.notes import Note

#: More different values than this make a table of coincidences that nobody reads.
_SHOWN_VALUES = 25


def analyse(ratings: Ratings, options: Options) -> Found:
    """Alpha of the units that two raters rated at least."""
    table, values, n_raters = _pairable(ratings, options)
    n, level = len(table), options.level
    found = Found(n)
    if lost := ratings.n_rows - n:
        message = f"{lost} of {ratings.n_rows} units are left out because fewer than two raters rated them."
        found.notes.append(Note("RATERS_UNITS_DROPPED", message))
    alpha = kernel.alpha(table, values, options.metric)
    if np.isnan(alpha.value):
        used = ratings.categories[int(table.sum(axis=0).argmax())]
        message = f"Every rating of {', '.join(ratings.raters)} is '{used}': without variation there is no alpha."
        raise AnalysisError(message, "RATERS_ONE_CATEGORY")
    ends, error = (NAN, NAN), NAN
    if options.bootstrap:
        statistic = kernel.alpha_of_samples(table, values, options.metric)
        draws = unit_samples(n, statistic, options, "krippendorff", found)
        ends, error = percentiles(draws, level), float(draws.std(ddof=1)) if len(draws) > 1 else NAN
        pairs = kernel.pair_bootstrap(alpha, n_raters, options.bootstrap, generator(options.seed, "raters", "pairs"))
        units = f"percentile bootstrap of units ({options.bootstrap})"
        found.add_interval("krippendorff_alpha", units, level, ends)
        of_pairs = f"Hayes and Krippendorff's bootstrap of pairs ({options.bootstrap})"
        found.add_interval("krippendorff_alpha", of_pairs, level, percentiles(pairs, level))
    else:
        message = "Alpha has no interval without a bootstrap: give `bootstrap` a number of samples."
        found.notes.append(Note("RATERS_NO_INTERVAL", message))
    found.add("krippendorff_alpha", alpha.value, std_error=error, ends=ends, observed=alpha.observed,
              expected=alpha.expected)  # fmt: skip
    found.tables["metrics"] = _metrics(table, ratings, values)
    if len(ratings.categories) <= _SHOWN_VALUES:
        frame = pd.DataFrame(alpha.coincidences, columns=list(ratings.categories))
        frame.insert(0, "value", list(ratings.categories))
        found.tables["coincidences"] = frame
    return found


def _pairable(ratings: Ratings, options: Options) -> tuple[Array, Array, int]:
    """Counts of the units rated twice at least, the values, and the number of raters."""
    c = len(ratings.categories)
    values = np.arange(c, dtype=np.float64) if ratings.values is None else ratings.values
    if options.metric == "ratio" and values.min() < 0.0:
        raise DataError(f"A ratio scale has no values below 0; found {values.min():g}. Use metric='interval'.")
    table = counts(ratings.codes, c)
    table = table[table.sum(axis=1) >= 2]
    if len(table) < 2:
        message = f"{len(table)} units are rated by two raters or more; at least 2 are needed."
        raise AnalysisError(message, "RATERS_TOO_FEW")
    return table, values, int(table.sum(axis=1).max())


def _metrics(table: Array, ratings: Ratings, values: Array) -> pd.DataFrame:
    """Alpha at every level of measurement that the values allow."""
    known = ["nominal", "ordinal"]
    if ratings.values is not None:
        known += ["interval"] + (["ratio"] if values.min() >= 0.0 else [])
    rows = []
    for metric in known:
        alpha = kernel.alpha(table, values, metric)
        rows.append((metric, alpha.value, alpha.observed, alpha.expected))
    return pd.DataFrame(rows, columns=["metric", "alpha", "observed", "expected"])
