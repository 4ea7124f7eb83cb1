"""The admissibility gate: may the numbers of a solution be interpreted at all?

Checked: convergence, identification, negative variances, latent and residual covariance matrices that are not positive
definite, correlations beyond 1. Every failure is a note of level ``inadmissible``.
"""

from __future__ import annotations

import numpy as np

from crmstudy.grammar.layout import Placement
from crmstudy.grammar.table import ParameterTable
from crmstudy.kernels.cbsem import Array, Implied
from crmstudy.kernels.optimise import Optimum, weakest_direction
from crmstudy.notes import Note

#: Below this eigenvalue of the information matrix (unit diagonal) parameters cannot be told apart.
IDENTIFIED_ABOVE = 1e-9
_ROUNDING = 1e-12


def convergence_note(optimum: Optimum) -> Note | None:
    """A note when the iteration did not reach a minimum."""
    if optimum.converged:
        return None
    message = (
        f"the estimation did not converge after {optimum.iterations} iterations ({optimum.reason}; the largest step "
        f"still asked for is {optimum.distance:.2g} standard errors). The estimates shown are where it stopped."
    )
    return Note("SEM_NOT_CONVERGED", message, "inadmissible")


def identification_note(table: ParameterTable, hessian: Array, df: int) -> Note | None:
    """A note when parameters cannot be told apart, naming those involved."""
    if df < 0:
        message = (
            f"the model is not identified: it has {table.n_free} free parameters, {-df} more than the data have "
            "moments. Fix or equate parameters, or add indicators."
        )
        return Note("SEM_NOT_IDENTIFIED", message, "inadmissible")
    smallest, direction = weakest_direction(hessian)
    if smallest > IDENTIFIED_ABOVE:
        return None
    weights = np.abs(direction)
    names = [name for name, weight in zip(table.free_names(), weights, strict=True) if weight > 0.1 * weights.max()]
    message = (
        f"the model is not identified: the data cannot tell these parameters apart: {', '.join(names)} (smallest "
        f"eigenvalue of the information {smallest:.1e}). Fix or equate one of them, or add indicators."
    )
    return Note("SEM_NOT_IDENTIFIED", message, "inadmissible")


def solution_notes(table: ParameterTable, placement: Placement, estimates: Array, implied: Implied) -> list[Note]:
    """Notes for negative variances, impossible covariance matrices and correlations beyond 1."""
    notes = []
    for row, value in zip(table.rows, estimates, strict=True):
        if row.op == "~~" and row.lhs == row.rhs and value < 0:
            what = "variance of the factor" if row.lhs in table.latent else "residual variance of"
            message = (
                f"the {what} '{row.lhs}' is negative ({value:.4f}), which no population can have (a Heywood case)."
            )
            notes.append(Note("SEM_NEGATIVE_VARIANCE", message, "inadmissible", row.lhs))
    if table.latent:
        size = len(table.latent)
        notes += _latent_notes(table.latent, implied.phi[:size, :size])
    theta = _residual_covariance(table, placement, estimates)
    smallest = float(np.linalg.eigvalsh(theta)[0]) if np.any(theta - np.diag(np.diagonal(theta))) else 0.0
    if smallest < -_ROUNDING * max(1.0, float(np.abs(theta).max())):
        message = f"the residual covariance matrix is not positive definite (smallest eigenvalue {smallest:.4f})."
        notes.append(Note("SEM_RESIDUAL_COVARIANCE", message, "inadmissible"))
    return notes


def _latent_notes(names: tuple[str, ...], covariance: Array) -> list[Note]:
    notes = []
    smallest = float(np.linalg.eigvalsh(covariance)[0])
    variances = np.diagonal(covariance)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / np.sqrt(np.multiply.outer(variances, variances))
    pairs = [(i, j) for i in range(len(names)) for j in range(i) if np.isfinite(correlation[i, j])]
    if smallest < -_ROUNDING * max(1.0, float(np.abs(covariance).max())):
        message = f"the covariance matrix of the factors is not positive definite (smallest eigenvalue {smallest:.4f})"
        if pairs:
            i, j = max(pairs, key=lambda pair: abs(correlation[pair]))
            message += f"; the largest correlation is that of {names[j]} and {names[i]}, {correlation[i, j]:.3f}"
        notes.append(Note("SEM_LATENT_COVARIANCE", message + ".", "inadmissible"))
    for i, j in pairs:
        if abs(correlation[i, j]) > 1.0 + 1e-9:
            message = f"the correlation of {names[j]} and {names[i]} is {correlation[i, j]:.3f}, beyond 1."
            notes.append(Note("SEM_CORRELATION_BEYOND_ONE", message, "inadmissible", f"{names[j]} ~~ {names[i]}"))
    return notes


def _residual_covariance(table: ParameterTable, placement: Placement, estimates: Array) -> Array:
    theta: Array = np.zeros((len(table.observed), len(table.observed)))
    for (matrix, i, j), value in zip(placement.places, estimates, strict=True):
        if matrix == "residual_covariance":
            theta[i, j] = theta[j, i] = value
    return theta
