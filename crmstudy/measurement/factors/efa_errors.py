"""Standard errors and intervals of rotated loadings: by the delta method or the bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from crmstudy.errors import AnalysisError
from crmstudy.kernels.factors.errors import (
    Solution,
    correlation_covariances,
    resampled_correlations,
    slopes,
    solve_stack,
)
from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.polychoric import polychoric_influence
from crmstudy.kernels.resample import generator, replicate
from crmstudy.measurement.factors.association import Association, associate
from crmstudy.measurement.factors.efa_request import Asked
from crmstudy.notes import Note

#: Bootstrap samples that are to be solved for an interval to rest on them.
_FEWEST = 50


@dataclass(frozen=True)
class Errors:
    """Standard errors and ends of intervals of loadings (p, m) and factor correlations (m, m); NaN where none."""

    method: str | None
    loadings: Array
    low: Array
    high: Array
    phi: Array
    phi_low: Array
    phi_high: Array

    def tail(self, statistic: Array) -> Array:
        """Two-sided p-values of estimates over their standard errors."""
        return np.asarray(2.0 * ndtr(-np.abs(statistic)))


def sampling_errors(
    association: Association, solution: Solution, asked: Asked, *, proper: bool
) -> tuple[Errors, list[Note]]:
    """Errors by what was asked for; none, and a note where it does not say itself, when there can be none.

    Parameters
    ----------
    association : Association
    solution : Solution
    asked : Asked
    proper : bool
        Whether the solution is no Heywood case.
    """
    none = _none(solution)
    settled = solution.extraction.converged and (solution.rotation is None or solution.rotation.converged)
    if not proper or not settled:
        return none, []
    if asked.bootstrap is not None:
        return _bootstrapped(association, solution, asked)
    if association.n == 0:
        message = "The number of rows behind the matrix is not known, so there are no tests and no standard errors."
        return none, [Note("EFA_NO_N", message)]
    incomplete = bool(np.isnan(association.values).any())
    if association.changed or incomplete:
        why = "the correlation matrix was smoothed" if association.changed else "answers are missing"
        message = f"There are no standard errors by the delta method, because {why}: ask for a `bootstrap`."
        return none, [Note("EFA_NO_STD_ERRORS", message)]
    return _delta(association, solution, asked)


def _none(solution: Solution) -> Errors:
    p, m = solution.loadings.shape
    loadings, phi = np.full((p, m), np.nan), np.full((m, m), np.nan)
    return Errors(None, loadings, loadings, loadings, phi, phi, phi)


def _delta(association: Association, solution: Solution, asked: Asked) -> tuple[Errors, list[Note]]:
    found = slopes(association.corr, solution)
    if found is None:
        message = "The loadings are no smooth function of the correlations here, so they have no standard errors."
        return _none(solution), [Note("EFA_NO_STD_ERRORS", message)]
    by_loadings, by_phi = found
    p, m = solution.loadings.shape
    jacobian = np.hstack([by_loadings.reshape(-1, p * m), by_phi.reshape(-1, m * m)])
    if association.ordinal is None:
        gamma = correlation_covariances(association.corr) / association.n
        variances = np.einsum("qk,qr,rk->k", jacobian, gamma, jacobian, optimize=True)
    else:
        variances = np.zeros(jacobian.shape[1])
        for part in polychoric_influence(association.ordinal):
            variances += ((part[:, -len(jacobian) :] @ jacobian) ** 2).sum(axis=0)
    errors = np.sqrt(np.maximum(variances, 0.0))
    loadings, phi = errors[: p * m].reshape(p, m), errors[p * m :].reshape(m, m)
    z = float(ndtri(0.5 + asked.level / 2.0))
    pattern, correlations = solution.loadings, solution.factor_correlations
    return Errors(
        "delta", loadings, pattern - z * loadings, pattern + z * loadings, phi, *_fisher(correlations, phi, z)
    ), []


def _fisher(phi: Array, errors: Array, z: float) -> tuple[Array, Array]:
    """Intervals of factor correlations that stay between -1 and 1."""
    inside = np.clip(phi, -1.0 + 1e-12, 1.0 - 1e-12)
    centre, half = np.arctanh(inside), z * errors / (1.0 - inside**2)
    low, high = np.tanh(centre - half), np.tanh(centre + half)
    np.fill_diagonal(low, np.nan)
    np.fill_diagonal(high, np.nan)
    return low, high


def _bootstrapped(association: Association, solution: Solution, asked: Asked) -> tuple[Errors, list[Note]]:
    wanted = asked.bootstrap or 0
    corrs = _resampled(association, asked, wanted)
    usable = corrs[~np.isnan(corrs).any(axis=(1, 2))]
    if solution.method == "ml" and len(usable):
        usable = usable[np.linalg.eigvalsh(usable)[:, 0] > 1e-8]
    loadings, phi, converged = solve_stack(usable, solution, tolerance=1e-7) if len(usable) else _empty(solution)
    loadings, phi = loadings[converged], phi[converged]
    notes = []
    if len(loadings) < wanted:
        message = (
            f"{wanted - len(loadings)} of {wanted} bootstrap samples gave no solution; the intervals rest on the "
            "others."
        )
        notes.append(Note("EFA_BOOTSTRAP_SKIPPED", message, "warning"))
    if len(loadings) < _FEWEST:
        return _none(solution), notes
    tail = (1.0 - asked.level) / 2.0
    low, high = np.quantile(loadings, [tail, 1.0 - tail], axis=0)
    phi_low, phi_high = np.quantile(phi, [tail, 1.0 - tail], axis=0)
    errors = Errors("bootstrap", loadings.std(axis=0, ddof=1), low, high, phi.std(axis=0, ddof=1), phi_low, phi_high)
    return errors, notes


def _empty(solution: Solution) -> tuple[Array, Array, Array]:
    p, m = solution.loadings.shape
    return np.empty((0, p, m)), np.empty((0, m, m)), np.empty(0, dtype=bool)


def _resampled(association: Association, asked: Asked, wanted: int) -> Array:
    """Correlation matrices of bootstrap samples; NaN where a sample allows none."""
    if not asked.ordinal and not np.isnan(association.values).any():
        return resampled_correlations(association.values, wanted, generator(asked.seed, "efa", "bootstrap"))
    work = _Rows(association.items, association.values, asked.ordinal, asked.missing)
    return np.concatenate(replicate(work, wanted, asked.seed, "efa", "bootstrap", chunk=20))


@dataclass(frozen=True)
class _Rows:
    """Correlations of resampled rows, for correlations that are no function of moments."""

    items: tuple[str, ...]
    values: Array
    ordinal: bool
    missing: str

    def __call__(self, size: int, rng: np.random.Generator) -> Array:
        n, p = self.values.shape
        found = np.full((size, p, p), np.nan)
        for number in range(size):
            rows = self.values[rng.integers(n, size=n)]
            try:
                again, _ = associate(self.items, rows, ordinal=self.ordinal, missing=self.missing)
            except AnalysisError:
                continue
            found[number] = again.corr
        return found
