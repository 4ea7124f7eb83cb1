"""Fleiss' kappa of two or more raters, with every category's own, Conger's and Gwet's coefficients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError
from crmstudy.kernels.agreement import kappa as kernel
from crmstudy.kernels.moments import Array
from crmstudy.measurement.raters.found import NAN, Found, Options, clipped, percentiles, two_sided, unit_samples
from crmstudy.measurement.raters.ratings import Ratings
from crmstudy.notes import Note


def analyse(ratings: Ratings, options: Options) -> Found:
    """Fleiss' kappa with what stands beside it."""
    codes, dropped = ratings.complete("Fleiss' kappa")
    n, c, level = len(codes), len(ratings.categories), options.level
    found = Found(n, notes=[dropped] if dropped else [])
    table = kernel.counts(codes, c)
    kappa = kernel.fleiss(table)
    if np.isnan(kappa.value):
        used = ratings.categories[int(table.sum(axis=0).argmax())]
        message = f"Every rating of {', '.join(ratings.raters)} is '{used}': with one category there is no kappa."
        raise AnalysisError(message, "RATERS_ONE_CATEGORY")
    ends = clipped(kernel.t_interval(kappa.value, kappa.std_error, n - 1.0, level))
    found.add("fleiss_kappa", kappa.value, std_error=kappa.std_error, null_error=kappa.null_error, ends=ends,
              observed=kappa.observed, expected=kappa.expected)  # fmt: skip
    found.add_interval("fleiss_kappa", "Gwet", level, ends)
    found.add("conger_kappa", kernel.conger(codes, c), observed=kappa.observed)
    ac1 = kernel.gwet(table)
    ac1_ends = clipped(kernel.t_interval(ac1.value, ac1.std_error, n - 1.0, level))
    found.add("gwet_ac1", ac1.value, std_error=ac1.std_error, ends=ac1_ends, observed=ac1.observed,
              expected=ac1.expected)  # fmt: skip
    found.add_interval("gwet_ac1", "Gwet", level, ac1_ends)
    found.add("agreement", kappa.observed)
    if options.bootstrap:
        draws = unit_samples(n, kernel.fleiss_of_samples(table), options, "fleiss", found)
        method = f"percentile bootstrap of units ({options.bootstrap})"
        found.add_interval("fleiss_kappa", method, level, percentiles(draws, level))
    if ac1.value - kappa.value > 0.2:
        message = (
            f"Pairs of raters agree about {kappa.observed:.0%} of the units, but kappa is {kappa.value:.2f}: nearly "
            "all ratings fall into one category, where chance alone agrees often. AC1 stands beside it."
        )
        found.notes.append(Note("RATERS_PREVALENCE", message, "warning"))
    found.tables["categories"] = _categories(table, ratings.categories, found)
    return found


def _categories(table: Array, names: tuple[str, ...], found: Found) -> pd.DataFrame:
    kappas, error = kernel.fleiss_by_category(table)
    numbers = table.sum(axis=0)
    rows = []
    for name, number, value in zip(names, numbers, kappas, strict=True):
        value = float(value)
        if np.isnan(value) or np.isinf(value):
            message = f"Nobody used the category '{name}', so it has no kappa of its own."
            found.notes.append(Note("RATERS_EMPTY_CATEGORY", message, "info", name))
            rows.append((name, int(number), float(number / numbers.sum()), NAN, NAN, NAN, NAN))
            continue
        rows.append((name, int(number), float(number / numbers.sum()), value, error, value / error,
                     two_sided(value / error)))  # fmt: skip
    columns = ["category", "ratings", "share", "kappa", "std_error_null", "statistic", "p_value"]
    return pd.DataFrame(rows, columns=columns)
