"""Whether two or more raters agree about the leaves of an organisation."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmstudy.assessment.agreement import agreement, pairs_of
from crmstudy.assessment.maturity.profile import BY, where
from crmstudy.assessment.maturity.ratings import RatingTable
from crmstudy.assessment.maturity.scale import TOP, leaves
from crmstudy.notes import Note
from crmstudy.results import ESTIMATE_COLUMNS

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
            for row, n in agreement(
                wide, TOP, "MATURITY_NO_AGREEMENT", found, level=level, bootstrap=bootstrap, seed=seed
            )
        ]
        pairs += [(str(unit), str(wave), *pair) for pair in pairs_of(wide)]
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
