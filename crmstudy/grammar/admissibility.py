"""The admissibility gate: may the numbers of a solution be interpreted at all?

Checked: convergence, identification, negative variances, latent and residual covariance matrices that are not positive
definite, correlations beyond 1. Every failure is a note of level ``inadmissible``.
"""

from __future__ import annotations

import numpy as np

from crmstudy.grammar.layout import Placement
from crmstudy.grammar.table import ParameterTable
from crmstudy.kernels.cbsem import Array, Implied
from crmstudy.kernels.optimise import Optimum, is_well_conditioned, weakest_direction
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
    if not optimum.converged or is_well_conditioned(optimum.hessian, IDENTIFIED_ABOVE):
        return None
    smallest, direction = weakest_direction(optimum.hessian)
    if smallest > IDENTIFIED_ABOVE:
        return None
    weights = np.abs(direction)
    names = [name for name, weight in zip(table.free_names(), weights, strict=True) if weight > 0.1 * weights.max()]
    message = (
        f"The model is not identified: the data cannot tell these parameters apart: {', '.join(names)} (smallest "
        f"eigenvalue of the information {smallest:.1e}). Fix or equate one of them, or add indicators."
    )
    return Note("SEM_NOT_IDENTIFIED", message, "inadmissible")


def solution_notes(table: ParameterTable, placement: Placement, estimates: Array, implied: Implied) -> list[Note]:
    """Notes for negative variances, impossible covariance matrices and correlations beyond 1."""
    notes = []
    for row, value in zip(table.rows, estimates, strict=True):
        if row.op == "~~" and row.lhs == row.rhs and value < 0:
            what = "variance of the factor" if row.lhs in table.latent else "residual variance of"
            found = f"The {what} '{row.lhs}' is negative ({_written(value)})"
            message = f"{found}, which no population can have (a Heywood case)."
            notes.append(Note("SEM_NEGATIVE_VARIANCE", message, "inadmissible", row.lhs))
    if table.latent:
        size = len(table.latent)
        notes += _latent_notes(table.latent, implied.phi[:size, :size])
    codes = {note.code for note in notes}
    if "SEM_NEGATIVE_VARIANCE" not in codes:
        smallest = _improper_eigenvalue(_residual_covariance(table, estimates))
        if smallest is None and "SEM_LATENT_COVARIANCE" not in codes:
            smallest = _improper_eigenvalue(_structural_covariance(placement, estimates))
        if smallest is not None:
            message = (
                f"The residual covariance matrix is not positive definite (smallest eigenvalue {_written(smallest)})."
            )
            notes.append(Note("SEM_RESIDUAL_COVARIANCE", message, "inadmissible"))
    return notes


def _correlation(value: float) -> str:
    return write_number(value, "r", decimals=3)


def _written(value: float) -> str:
    """A small number with four decimals, or with two significant digits where those show nothing."""
    return write_number(value, "estimate", decimals=4) if abs(value) >= 5e-5 else f"{value:.1e}".replace("-", "−")


def _latent_notes(names: tuple[str, ...], covariance: Array) -> list[Note]:
    notes = []
    smallest = _improper_eigenvalue(covariance)
    variances = np.diagonal(covariance)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / np.sqrt(np.multiply.outer(variances, variances))
    pairs = [(i, j) for i in range(len(names)) for j in range(i) if np.isfinite(correlation[i, j])]
    if smallest is not None:
        message = (
            f"The covariance matrix of the factors is not positive definite (smallest eigenvalue {_written(smallest)})"
        )
        if pairs:
            i, j = max(pairs, key=lambda pair: abs(correlation[pair]))
            message += (
                f"; the largest correlation is that of {names[j]} and {names[i]}, {_correlation(correlation[i, j])}"
            )
        notes.append(Note("SEM_LATENT_COVARIANCE", message + ".", "inadmissible"))
    for i, j in pairs:
        if abs(correlation[i, j]) > 1.0 + 1e-9:
            message = f"The correlation of {names[j]} and {names[i]} is {_correlation(correlation[i, j])}, beyond 1."
            notes.append(Note("SEM_CORRELATION_BEYOND_ONE", message, "inadmissible", f"{names[j]} ~~ {names[i]}"))
    return notes


def _residual_covariance(table: ParameterTable, estimates: Array) -> Array:
    """Residual covariance matrix of the observed variables, wherever their residuals stand in the matrices."""
    at = {name: index for index, name in enumerate(table.observed)}
    theta: Array = np.zeros((len(at), len(at)))
    for row, value in zip(table.rows, estimates, strict=True):
        if row.op == "~~" and row.lhs in at and row.rhs in at:
            theta[at[row.lhs], at[row.rhs]] = theta[at[row.rhs], at[row.lhs]] = value
    return theta


def _structural_covariance(placement: Placement, estimates: Array) -> Array:
    """Covariance matrix of the structural variables' residuals."""
    psi: Array = np.zeros((len(placement.structural), len(placement.structural)))
    for (matrix, i, j), value in zip(placement.places, estimates, strict=True):
        if matrix == "latent_covariance":
            psi[i, j] = psi[j, i] = value
    return psi


def _improper_eigenvalue(covariance: Array) -> float | None:
    """The smallest eigenvalue of the covariance matrix when it is negative beyond rounding, scale by scale."""
    spread = np.sqrt(np.abs(np.diagonal(covariance)))
    spread = np.where(spread > 0, spread, 1.0)
    scaled = covariance / np.multiply.outer(spread, spread)
    if not len(covariance) or float(np.linalg.eigvalsh(scaled)[0]) >= -_ROUNDING:
        return None
    return float(np.linalg.eigvalsh(covariance)[0])
