"""Whether two or more raters agree about what they placed on ordered levels."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError
from crmstudy.measurement.raters.agreement import WEIGHTS, raters
from crmstudy.measurement.raters.icc import icc
from crmstudy.notes import Note
from crmstudy.results import ESTIMATE_COLUMNS

#: Coefficients of agreement: of a single rater, and of the mean of all.
_ICC = {"ICC2": "icc_single", "ICC2k": "icc_average"}


def agreement(
    wide: pd.DataFrame, top: int, code: str, notes: list[Note], *, level: float, bootstrap: int | None, seed: int | None
) -> list[tuple[tuple[Any, ...], int]]:
    """Weighted kappas and intraclass correlations.

    Parameters
    ----------
    wide : (n, k) DataFrame
        A row a thing that was rated, a column a rater; levels from 0 to ``top``, missing where a rater gave none.
    code : str
        Of the note that says which coefficient there is not.
    notes : list of Note
        Takes what is to be said.

    Returns
    -------
    list of (row of estimates, int)
        With the number of things each rests on: ``kappa_linear``, ``kappa_quadratic``, ``icc_single``, ``icc_average``.
    """
    made: list[tuple[tuple[Any, ...], int]] = []
    frame = wide.reset_index(drop=True)
    frame.columns = pd.Index([str(name) for name in wide.columns])
    names = list(frame.columns)
    samples = bootstrap if len(names) > 2 else None
    for weights in WEIGHTS:
        try:
            kappa = raters(
                frame, kind="weighted", items=names, weights=weights, categories=range(top + 1), bootstrap=samples,
                level=level, seed=seed,
            )  # fmt: skip
        except AnalysisError as error:
            notes.append(Note(code, f"No weighted kappa: {error}", "warning"))
            break
        row = kappa.estimates.iloc[0]
        made.append(((f"kappa_{weights}", *(row[name] for name in ESTIMATE_COLUMNS[1:])), kappa.n))
        notes += [note for note in kappa.notes if note not in notes]
    try:
        found = icc(frame, ratings=names, level=level)
    except AnalysisError as error:
        notes.append(Note(code, f"No intraclass correlation: {error}", "warning"))
        return made
    for _, row in found.estimates[found.estimates["term"].isin(_ICC)].iterrows():
        if np.isfinite(row["estimate"]):
            made.append(((_ICC[row["term"]], *(row[name] for name in ESTIMATE_COLUMNS[1:])), found.n))
    notes += found.notes
    return made


def pairs_of(wide: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Of every pair of raters: how many things, percent equal and at most one level apart, mean difference."""
    made = []
    for one, other in combinations(wide.columns, 2):
        apart = (wide[other] - wide[one]).dropna()
        if apart.empty:
            continue
        equal, near = (apart == 0).mean(), (apart.abs() <= 1).mean()
        made.append((one, other, len(apart), 100.0 * equal, 100.0 * near, apart.mean()))
    return made
