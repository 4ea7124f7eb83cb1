"""Which equalities strain a level most: score tests of each parameter's release, for partial invariance."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from crmstudy.fitted.modification import evaluated
from crmstudy.fitted.semresult import SemResult
from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.grammar.terms import Key, Term
from crmstudy.kernels.covariance.score import releases_of
from crmstudy.kernels.covariance.structure import Array, Indices
from crmstudy.kernels.multiplicity import adjusted
from crmstudy.measurement.invariance.groups import Models, Occasion
from crmstudy.measurement.invariance.levels import Step
from crmstudy.notes import Note

CANDIDATE_COLUMNS = ("level", "parameter", "statistic", "df", "p_value", "p_adjusted", "epc", "epc_group", "reference")


def empty_candidates() -> pd.DataFrame:
    """The table when no level fails."""
    return pd.DataFrame(columns=list(CANDIDATE_COLUMNS))


def release_candidates(models: Models, step: Step, fit: SemResult) -> tuple[pd.DataFrame, list[Note]]:
    """Score tests of the equalities that are new at a level, each parameter freed in all groups or waves by itself.

    Parameters
    ----------
    models : Models
        How the level was made.
    step : Step
        The level.
    fit : SemResult
        Its fit, which has converged.

    Returns
    -------
    DataFrame, list of Note
        Columns :data:`CANDIDATE_COLUMNS`, the largest statistic first. ``parameter`` is written as ``group_partial``
        takes it; ``df`` counts the groups or waves beyond the first; ``p_adjusted`` is Holm's; ``epc`` is the expected
        difference from the reference once released, the largest of them, which ``epc_group`` has.

    Notes
    -----
    N s'V⁻¹s with the score s and the efficient expected information V of the differences (Sörbom, 1989); of normal
    theory whatever the standard errors.
    """
    excepted = models.plain.keys(models.partial)
    reference = models.occasions(fit)[0].label
    rows, untested = [], []
    for draft in models.plain.inside(step.added):
        key = Term(draft.lhs, draft.op, draft.rhs).key
        if not draft.free or key in excepted:
            continue
        name = f"{draft.lhs} {draft.op} {draft.rhs}".rstrip()
        found = _release(models, step, fit, name, (draft.lhs, draft.op, draft.rhs))
        if found is None:
            untested.append(name)
        else:
            rows.append((step.level, name, *found, reference))
    table = pd.DataFrame(rows, columns=[name for name in CANDIDATE_COLUMNS if name != "p_adjusted"])
    table = table.sort_values("statistic", ascending=False, kind="stable", ignore_index=True)
    table.insert(5, "p_adjusted", adjusted(table["p_value"].to_numpy(dtype=float), "holm"))
    return table, _notes(models, step, fit, untested)


def _release(
    models: Models, step: Step, fit: SemResult, name: str, parameter: Key
) -> tuple[float, int, float, float, str] | None:
    """Statistic, df, p, the largest expected difference and whose it is; None where the release is not identified."""
    relaxed = models.relaxed(fit, step.equal, name)
    solution = fit.solution
    own = {_key(row): row for row in solution.table.rows}
    if {_key(row) for row in relaxed.rows} != set(own) or relaxed.observed != solution.table.observed:
        return None
    values = dict(zip(map(_key, solution.table.rows), solution.estimates, strict=True))
    extended = evaluated(solution, relaxed, np.array([values[_key(row)] for row in relaxed.rows]))
    occasions = models.occasions(fit)
    freed = _freed(relaxed, occasions, parameter)
    if len(set(freed)) < 2 or min(freed) < 0:
        return None
    others = sorted(set(freed[1:]) - {freed[0]}, key=freed.index)
    basis: Array = np.zeros((relaxed.n_free, solution.table.n_free))
    for row in relaxed.rows:
        if row.free:
            if not own[_key(row)].free:
                return None
            basis[row.free - 1, own[_key(row)].free - 1] = 1.0
    directions = np.eye(relaxed.n_free)[:, others]
    releases = releases_of(extended.score, extended.information, basis, directions, float(solution.sample.n))
    every: Indices = np.arange(len(others))
    changes = releases.joint_changes(every)
    if changes is None:
        return None
    test = releases.joint(every)
    largest = int(np.argmax(np.abs(changes)))
    label = next(o.label for o, number in zip(occasions, freed, strict=True) if number == others[largest])
    return test.statistic, test.df, test.p_value, float(changes[largest]), label


def _freed(table: ParameterTable, occasions: Collection[Occasion], parameter: Key) -> list[int]:
    """The number (from 0) of a plain parameter in every group or wave; -1 where it is fixed."""
    numbers = {_key(row): row.free - 1 for row in table.rows}
    lhs, op, rhs = parameter
    return [numbers[o.group, Term(o.named(lhs), op, o.named(rhs)).key] for o in occasions]


def _key(row: Row) -> tuple[int, Key]:
    return row.group, Term(row.lhs, row.op, row.rhs).key


def _notes(models: Models, step: Step, fit: SemResult, untested: list[str]) -> list[Note]:
    notes = []
    if untested:
        message = (
            f"There is no test of releasing {', '.join(untested)} at the {step.level} level: it is not identified."
        )
        notes.append(Note("INVARIANCE_NOT_RELEASED", message))
    markers = [f"{row.lhs} =~ {row.rhs}" for row in models.plain.inside(step.added) if row.op == "=~" and not row.free]
    if markers:
        message = (
            "Loadings that give a factor its scale are fixed, so whether they differ was not tested: "
            f"{', '.join(markers)}. Fit with std_lv=True to test them."
        )
        notes.append(Note("INVARIANCE_MARKERS", message))
    if fit.solution.inference.scaled is not None or fit.solution.options.se != "standard":
        message = "Score tests are the ordinary ones of normal theory; they are not corrected as the fit is."
        notes.append(Note("SEM_SCORE_NOT_ROBUST", message))
    return notes
