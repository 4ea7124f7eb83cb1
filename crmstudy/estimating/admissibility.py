"""The admissibility gate: may the numbers of a solution be interpreted at all?

Checked: convergence, identification, negative variances, latent and residual covariance matrices that are not positive
definite, correlations beyond 1. Every failure is a note of level ``inadmissible``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crmstudy.estimating.layout import Placement
from crmstudy.grammar.table import ParameterTable
from crmstudy.kernels.covariance.constrained import null_space
from crmstudy.kernels.covariance.optimise import Optimum, is_well_conditioned, weakest_direction
from crmstudy.kernels.covariance.structure import Array, Implied
from crmstudy.notes import Note
from crmstudy.numerals import write_number

#: Below this eigenvalue of the information matrix (unit diagonal) parameters cannot be told apart.
IDENTIFIED_ABOVE = 1e-9
_ROUNDING = 1e-10


def convergence_note(optimum: Optimum) -> Note | None:
    """A note when the iteration did not reach a minimum."""
    if optimum.converged:
        return None
    message = (
        f"The estimation did not converge after {optimum.iterations} iterations ({optimum.reason}; the largest step "
        f"still asked for is {optimum.distance:.2g} standard errors). The estimates shown are where it stopped."
    )
    return Note("SEM_NOT_CONVERGED", message, "inadmissible")


def identification_note(table: ParameterTable, optimum: Optimum, df: int) -> Note | None:
    """A note when parameters cannot be told apart, naming those involved.

    Short of a minimum only the counts are judged: parameters on their way to infinity make the information singular
    whether or not the model is identified.
    """
    if df < 0:
        message = (
            f"The model is not identified: it has {table.n_free} free parameters, {-df} more than the data have "
            "moments. Fix or equate parameters, or add indicators."
        )
        return Note("SEM_NOT_IDENTIFIED", message, "inadmissible")
    hessian, basis = optimum.hessian, None
    if optimum.jacobian is not None:
        basis = null_space(optimum.jacobian)
        hessian = basis.T @ hessian @ basis
    if not optimum.converged or is_well_conditioned(hessian, IDENTIFIED_ABOVE):
        return None
    smallest, direction = weakest_direction(hessian)
    if smallest > IDENTIFIED_ABOVE:
        return None
    if basis is not None:
        direction = basis @ direction
    weights = np.abs(direction)
    names = [name for name, weight in zip(table.free_names(), weights, strict=True) if weight > 0.1 * weights.max()]
    message = (
        f"The model is not identified: the data cannot tell these parameters apart: {', '.join(names)} (smallest "
        f"eigenvalue of the information {smallest:.1e}). Fix or equate one of them, or add indicators."
    )
    return Note("SEM_NOT_IDENTIFIED", message, "inadmissible")


def solution_notes(
    table: ParameterTable,
    placement: Placement,
    estimates: Array,
    moments: Sequence[Implied],
    labels: Sequence[str] = (),
) -> list[Note]:
    """Notes for negative variances, impossible covariance matrices and correlations beyond 1, in every group."""
    notes = []
    for number, implied in enumerate(moments, start=1):
        label = labels[number - 1] if len(labels) > 1 else (str(number) if len(moments) > 1 else "")
        notes += _Judge(table, placement, estimates, implied, number, label).notes()
    return notes


class _Judge:
    """Looks at the solution of one group."""

    def __init__(
        self, table: ParameterTable, placement: Placement, estimates: Array, implied: Implied, group: int, label: str
    ) -> None:
        self.table, self.placement, self.estimates, self.implied = table, placement, estimates, implied
        self.group, self.named = group, f" in group '{label}'" if label else ""

    def notes(self) -> list[Note]:
        notes = self.negative_variances()
        negative = bool(notes)
        improper_factors = False
        if self.table.latent:
            size = len(self.table.latent)
            found = _latent_notes(self.table.latent, self.implied.phi[:size, :size], self.named)
            improper_factors = any(note.code == "SEM_LATENT_COVARIANCE" for note in found)
            notes += found
        if not negative:
            smallest = _improper_eigenvalue(self.residual_covariance())
            if smallest is None and not improper_factors:
                smallest = _improper_eigenvalue(self.structural_covariance())
            if smallest is not None:
                message = (
                    f"The residual covariance matrix is not positive definite{self.named} (smallest eigenvalue "
                    f"{_written(smallest)})."
                )
                notes.append(Note("SEM_RESIDUAL_COVARIANCE", message, "inadmissible"))
        return notes

    def negative_variances(self) -> list[Note]:
        notes = []
        for row, value in zip(self.table.rows, self.estimates, strict=True):
            if row.group == self.group and row.op == "~~" and row.lhs == row.rhs and value < 0:
                what = "variance of the factor" if row.lhs in self.table.latent else "residual variance of"
                found = f"The {what} '{row.lhs}' is negative{self.named} ({_written(value)})"
                message = f"{found}, which no population can have (a Heywood case)."
                notes.append(Note("SEM_NEGATIVE_VARIANCE", message, "inadmissible", row.lhs))
        return notes

    def residual_covariance(self) -> Array:
        """Residual covariance matrix of the observed variables, wherever their residuals stand in the matrices."""
        at = {name: index for index, name in enumerate(self.table.observed)}
        theta: Array = np.zeros((len(at), len(at)))
        for row, value in zip(self.table.rows, self.estimates, strict=True):
            if row.group == self.group and row.op == "~~" and row.lhs in at and row.rhs in at:
                theta[at[row.lhs], at[row.rhs]] = theta[at[row.rhs], at[row.lhs]] = value
        return theta

    def structural_covariance(self) -> Array:
        """Covariance matrix of the structural variables' residuals."""
        size = len(self.placement.structural)
        psi: Array = np.zeros((size, size))
        for row, (matrix, i, j), value in zip(self.table.rows, self.placement.places, self.estimates, strict=True):
            if row.group == self.group and matrix == "latent_covariance":
                psi[i, j] = psi[j, i] = value
        return psi


def _correlation(value: float) -> str:
    return write_number(value, "r", decimals=3)


def _written(value: float) -> str:
    """A small number with four decimals, or with two significant digits where those show nothing."""
    return write_number(value, "estimate", decimals=4) if abs(value) >= 5e-5 else f"{value:.1e}".replace("-", "−")


def _latent_notes(names: tuple[str, ...], covariance: Array, named: str) -> list[Note]:
    notes = []
    smallest = _improper_eigenvalue(covariance)
    variances = np.diagonal(covariance)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / np.sqrt(np.multiply.outer(variances, variances))
    pairs = [(i, j) for i in range(len(names)) for j in range(i) if np.isfinite(correlation[i, j])]
    if smallest is not None:
        message = (
            f"The covariance matrix of the factors is not positive definite{named} (smallest eigenvalue "
            f"{_written(smallest)})"
        )
        if pairs:
            i, j = max(pairs, key=lambda pair: abs(correlation[pair]))
            message += (
                f"; the largest correlation is that of {names[j]} and {names[i]}, {_correlation(correlation[i, j])}"
            )
        notes.append(Note("SEM_LATENT_COVARIANCE", message + ".", "inadmissible"))
    for i, j in pairs:
        if abs(correlation[i, j]) > 1.0 + 1e-9:
            value = _correlation(correlation[i, j])
            message = f"The correlation of {names[j]} and {names[i]} is {value}{named}, beyond 1."
            notes.append(Note("SEM_CORRELATION_BEYOND_ONE", message, "inadmissible", f"{names[j]} ~~ {names[i]}"))
    return notes


def _improper_eigenvalue(covariance: Array) -> float | None:
    """The smallest eigenvalue of the covariance matrix when it is negative beyond rounding, scale by scale."""
    spread = np.sqrt(np.abs(np.diagonal(covariance)))
    spread = np.where(spread > 0, spread, 1.0)
    scaled = covariance / np.multiply.outer(spread, spread)
    if not len(covariance) or float(np.linalg.eigvalsh(scaled)[0]) >= -_ROUNDING:
        return None
    return float(np.linalg.eigvalsh(covariance)[0])
