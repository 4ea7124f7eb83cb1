"""Whether two or more raters agree about the leaves of an organisation."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.maturity.profile import BY, where
from crmstudy.assessment.maturity.ratings import RatingTable
from crmstudy.assessment.maturity.scale import TOP, leaves
from crmstudy.errors import AnalysisError
from crmstudy.measurement.raters.agreement import WEIGHTS, raters
from crmstudy.measurement.raters.icc import icc
from crmstudy.notes import Note
from crmstudy.results import ESTIMATE_COLUMNS

#: Coefficients of agreement: of a single rater, and of the mean of all.
_ICC = {"ICC2": "icc_single", "ICC2k": "icc_average"}
MORE = ("unit", "wave", "raters", "leaves")


def panel_agreement(
    table: RatingTable, level: float, bootstrap: int | None, seed: int | None, notes: list[Note]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Coefficients, and what every pair of raters did; both empty where nobody had a second rater."""
    rows: list[tuple[Any, ...]] = []
    pairs: list[tuple[Any, ...]] = []
    for (unit, wave), given in table.rows.groupby(BY, sort=False):
        wide = given.pivot(index="leaf", columns="rater", values="level")  # noqa: PD010 - nothing stands twice
        wide = wide.reindex([leaf for leaf in leaves() if leaf in wide.index])
        if wide.shape[1] < 2:
            continue
        found: list[Note] = []
        rows += [
            (*row, str(unit), str(wave), wide.shape[1], n)
            for row, n in _coefficients(wide, level, bootstrap, seed, found)
        ]
        pairs += [(str(unit), str(wave), *pair) for pair in _pairs(wide)]
        start = where(unit, wave)
        notes += [Note(note.code, start + note.message, note.level, note.subject) for note in found]
    if rows:
        message = (
            "Coefficients of agreement treat the leaves as a sample of what could be rated; the leaves of this scale "
            "are all there are, so intervals say how much the coefficients rest on single leaves. No band is applied."
        )
        notes.append(Note("MATURITY_AGREEMENT_LEAVES", message))
    estimates = pd.DataFrame(rows, columns=[*ESTIMATE_COLUMNS, *MORE])
    columns = [*BY, "rater_1", "rater_2", "leaves", "equal_percent", "within_one_percent", "mean_difference"]
    return estimates, pd.DataFrame(pairs, columns=columns)


def _coefficients(
    wide: pd.DataFrame, level: float, bootstrap: int | None, seed: int | None, notes: list[Note]
) -> list[tuple[tuple[Any, ...], int]]:
    """Rows of estimates with the number of leaves each rests on."""
    made: list[tuple[tuple[Any, ...], int]] = []
    frame = wide.reset_index(drop=True)
    frame.columns = pd.Index([str(name) for name in wide.columns])
    names = list(frame.columns)
    samples = bootstrap if len(names) > 2 else None
    for weights in WEIGHTS:
        try:
            kappa = raters(
                frame, kind="weighted", items=names, weights=weights, categories=range(TOP + 1), bootstrap=samples,
                level=level, seed=seed,
            )  # fmt: skip
        except AnalysisError as error:
            notes.append(Note("MATURITY_NO_AGREEMENT", f"No weighted kappa: {error}", "warning"))
            break
        row = kappa.estimates.iloc[0]
        made.append(((f"kappa_{weights}", *(row[name] for name in ESTIMATE_COLUMNS[1:])), kappa.n))
        notes += [note for note in kappa.notes if note not in notes]
    try:
        found = icc(frame, ratings=names, level=level)
    except AnalysisError as error:
        notes.append(Note("MATURITY_NO_AGREEMENT", f"No intraclass correlation: {error}", "warning"))
        return made
    for _, row in found.estimates[found.estimates["term"].isin(_ICC)].iterrows():
        if np.isfinite(row["estimate"]):
            made.append(((_ICC[row["term"]], *(row[name] for name in ESTIMATE_COLUMNS[1:])), found.n))
    notes += found.notes
    return made


def _pairs(wide: pd.DataFrame) -> list[tuple[Any, ...]]:
    made = []
    for one, other in combinations(wide.columns, 2):
        apart = (wide[other] - wide[one]).dropna()
        if apart.empty:
            continue
        equal, near = (apart == 0).mean(), (apart.abs() <= 1).mean()
        made.append((one, other, len(apart), 100.0 * equal, 100.0 * near, apart.mean()))
    return made
