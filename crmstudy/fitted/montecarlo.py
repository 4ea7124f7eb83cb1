"""Monte Carlo intervals of defined parameters, from the covariance matrix of the estimates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError
from crmstudy.estimating.solution import Solution
from crmstudy.kernels.resample import generator


def monte_carlo_intervals(solution: Solution, n: int, *, level: float | None, seed: int | None) -> pd.DataFrame:
    """Percentiles of every definition over draws from the normal distribution of the estimates.

    See :meth:`crmstudy.fitted.semresult.SemResult.monte_carlo`.
    """
    if n < 1000:
        raise AnalysisError(
            f"monte_carlo() needs at least 1,000 draws for its percentiles; found {n}.", "SEM_FEW_DRAWS"
        )
    level = solution.level if level is None else level
    source = seed if seed is not None else (solution.options.seed or 0)
    vcov = np.asarray(solution.vcov)
    values, vectors = np.linalg.eigh(vcov)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T  # whatever the signs of the vectors
    normal = generator(source, "monte_carlo").standard_normal((n, len(values)))
    draws = solution.theta + normal @ root
    named: dict[str, Any] = {
        label: draws[:, row.free - 1] if (row := solution.table.rows[at]).free else solution.estimates[at]
        for label, at in solution.table.label_rows.items()
    }
    rows = []
    for item, estimate in zip(solution.table.definitions, solution.defined[0], strict=True):
        named[item.name] = drawn = item.expression.value(named) + np.zeros(n)
        undefined = int((~np.isfinite(drawn)).sum())
        figures = [np.nan, np.nan, np.nan]
        if not undefined:
            figures = [np.std(drawn, ddof=1), *np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])]
        rows.append((item.name, estimate, *map(float, figures), undefined))
    table = pd.DataFrame(rows, columns=["label", "estimate", "std_error", "ci_low", "ci_high", "undefined"])
    table.attrs["draws"] = n
    return table
