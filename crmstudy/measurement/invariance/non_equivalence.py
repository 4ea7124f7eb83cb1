"""How much items differ between groups or waves at equal standing on their factor: dMACS of a configural model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmstudy.fitted.semresult import SemResult
from crmstudy.kernels.covariance.validity import dmacs, pooled_deviation
from crmstudy.kernels.moments import Array
from crmstudy.measurement.invariance.groups import Occasion
from crmstudy.measurement.plain_model import PlainModel
from crmstudy.notes import Note

DMACS_COLUMNS = ("item", "factor", "group", "reference", "dmacs", "signed", "mean_difference", "referent")


def non_equivalence(
    fit: SemResult, plain: PlainModel, occasions: Sequence[Occasion]
) -> tuple[pd.DataFrame, list[Note]]:
    r"""Effect size dMACS of every item of one factor, of each group or wave against the first.

    Parameters
    ----------
    fit : SemResult
        The configural model: nothing is equal.
    plain : PlainModel
        The model as written once.
    occasions : sequence of Occasion
        The groups or waves, the reference first.

    Returns
    -------
    DataFrame, list of Note
        Columns :data:`DMACS_COLUMNS`: ``dmacs`` is not negative; ``signed`` and ``mean_difference`` (in units of the
        item) are positive where the reference is expected to answer higher; ``referent`` marks the item that gives
        the factor its scale, whose dMACS is 0 because it is taken for invariant.

    Notes
    -----
    Loadings and intercepts are brought to the scale of the factor's first item r, which has loading 1 and the
    reference's intercept in every group: with :math:`\lambda' = \lambda/\lambda_r` and a latent mean of
    :math:`(\tau_r - \tau_{r1})` the others are :math:`\tau' = \tau - \lambda'(\tau_r - \tau_{r1})`. Then Nye & Drasgow
    (2011, eq. 3) over the distribution of the factor in the focal group, items in pooled standard deviations.
    """
    first, rows = occasions[0], []
    for factor, items in _own_items(plain).items():
        reference = _on_scale(fit, first, factor, items, None)
        for occasion in occasions[1:]:
            focal = _on_scale(fit, occasion, factor, items, float(reference.intercepts[0]))
            spread = pooled_deviation(reference.deviations, focal.deviations, round(reference.n), round(focal.n))
            found = dmacs(
                reference.loadings, reference.intercepts, focal.loadings, focal.intercepts, focal.mean, focal.deviation,
                spread,
            )  # fmt: skip
            for at, item in enumerate(items):
                rows.append((
                    item, factor, occasion.label, first.label, float(found.dmacs[at]), float(found.signed[at]),
                    float(found.mean_difference[at]), at == 0,
                ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(DMACS_COLUMNS)), _notes(plain)


class _Scaled:
    """A factor's items in one group, on the scale of its first item."""

    def __init__(
        self, loadings: Array, intercepts: Array, mean: float, deviation: float, deviations: Array, n: float
    ) -> None:
        self.loadings, self.intercepts, self.mean, self.deviation = loadings, intercepts, mean, deviation
        self.deviations, self.n = deviations, n


def _on_scale(fit: SemResult, occasion: Occasion, factor: str, items: Sequence[str], level: float | None) -> _Scaled:
    """Loadings, intercepts and the factor's distribution; ``level`` is the first item's intercept in the reference."""
    solution, block = fit.solution, occasion.group - 1
    values = {
        (row.lhs, row.op, row.rhs): float(value)
        for row, value in zip(solution.table.rows, solution.estimates, strict=True)
        if row.group == occasion.group
    }
    name, columns = occasion.latent[factor], [occasion.observed[item] for item in items]
    raw = np.array([values[name, "=~", column] for column in columns])
    levels = np.array([values[column, "~1", ""] for column in columns])
    implied, at = solution.moments[block], solution.table.latent.index(name)
    unit = raw[0] if raw[0] != 0 else np.nan
    levels = levels + raw * float(implied.eta[at])  # as if the latent mean were 0
    mean = 0.0 if level is None else float(levels[0] - level)
    with np.errstate(invalid="ignore"):
        deviation = float(abs(unit) * np.sqrt(implied.phi[at, at]))
    return _Scaled(raw / unit, levels - raw / unit * mean, mean, deviation, _deviations(fit, block, columns),
                   solution.sample.groups[block].n)  # fmt: skip


def _deviations(fit: SemResult, block: int, columns: Sequence[str]) -> Array:
    """Standard deviations of observed variables with divisor n - 1."""
    solution = fit.solution
    group, options = solution.sample.groups[block], solution.options
    at = [solution.table.observed.index(column) for column in columns]
    by_n = options.discrepancy == "ML" and options.likelihood == "normal"
    variances = np.diagonal(group.covariance)[at] * (group.n / (group.n - 1.0) if by_n else 1.0)
    found: Array = np.sqrt(variances)
    return found


def _own_items(plain: PlainModel) -> dict[str, list[str]]:
    """For every factor the observed items that measure no other; factors with fewer than two are left out."""
    pairs = [(row.lhs, row.rhs) for row in plain.drafts if row.op == "=~" and row.rhs in plain.roles.observed]
    served = [item for _, item in pairs]
    found: dict[str, list[str]] = {}
    for factor, item in pairs:
        if served.count(item) == 1:
            found.setdefault(factor, []).append(item)
    return {factor: items for factor, items in found.items() if len(items) > 1}


def _notes(plain: PlainModel) -> list[Note]:
    served = [row.rhs for row in plain.drafts if row.op == "=~" and row.rhs in plain.roles.observed]
    left_out = sorted({item for item in served if served.count(item) > 1}, key=served.index)
    if not left_out:
        return []
    message = f"dMACS is about items of one factor; left out are items of several: {', '.join(left_out)}."
    return [Note("INVARIANCE_NO_DMACS", message)]
