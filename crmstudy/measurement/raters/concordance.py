"""Kendall's coefficient of concordance: do raters put the units into the same order?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError
from crmstudy.kernels.agreement import kappa as kernel
from crmstudy.measurement.raters.found import Found, Options
from crmstudy.measurement.raters.ratings import Ratings
from crmstudy.notes import Note


def analyse(ratings: Ratings, options: Options) -> Found:
    """W with its chi-square and F tests."""
    codes, dropped = ratings.complete("Kendall's W")
    n, m = codes.shape
    found = Found(n, notes=[dropped] if dropped else [])
    values = codes.astype(np.float64)
    flat = [name for name, column in zip(ratings.raters, values.T, strict=True) if np.ptp(column) == 0.0]
    if flat:
        message = f"{', '.join(flat)} gave every unit the same rating, which puts them in no order. Leave it out."
        raise AnalysisError(message, "RATERS_NO_ORDER")
    if n < 3:
        message = f"{n} units are rated by all {m} raters; at least 3 are needed to compare orders."
        raise AnalysisError(message, "RATERS_TOO_FEW")
    w = kernel.kendall(values)
    found.add("kendall_w", w.w, statistic=w.chisq, df=w.chisq_df, p_value=w.chisq_p)
    found.add("mean_spearman", w.mean_spearman)
    ranked = kernel.ranks(values)
    found.tables["tests"] = pd.DataFrame(
        [("chi-square", w.chisq, w.chisq_df, np.nan, w.chisq_p), ("F", w.f, w.f_df1, w.f_df2, w.f_p)],
        columns=["test", "statistic", "df1", "df2", "p_value"],
    )
    found.tables["units"] = pd.DataFrame({"unit": np.arange(1, n + 1), "mean_rank": ranked.mean(axis=1)})
    if kernel.tie_sum(ranked):
        message = (
            f"Raters gave equal ratings; W is corrected for these ties (without the correction {w.uncorrected:.3f})."
        )
        found.notes.append(Note("RATERS_TIES", message))
    if n <= 7:
        message = f"With {n} units the chi-square of W is rough; read the F test beside it."
        found.notes.append(Note("RATERS_FEW_UNITS", message))
    return found
