r"""Maximum likelihood for many samples of one model at once: values and gradients of a stack of replicates.

With :math:`W=\Sigma^{-1}`, :math:`M=S+dd'`, :math:`d=\bar x-\mu` and :math:`D=W-WMW` the discrepancy is
:math:`\log|\Sigma|+tr(WM)` and its derivatives are :math:`2D\Lambda\Phi` by loadings,
:math:`2A'\Lambda'D\Lambda\Phi` by regressions, :math:`2A'\Lambda'D\Lambda A` by latent and :math:`2D` by residual
covariances (halved on diagonals), beside those of the means (Jöreskog, 1970; Bollen, 1989, app. 4B). They need
:math:`D\Lambda`, :math:`\Lambda'D\Lambda` and a few elements of :math:`D`. Where residuals are uncorrelated these come
from inverses of the size of the factors alone (Jöreskog, 1969),

.. math:: W = \Theta^{-1} - UKU', \quad U = \Theta^{-1}\Lambda, \quad K = \Phi(I+\Lambda'U\Phi)^{-1},

which is used for replicates with positive residual variances and a positive definite :math:`\Psi`; the others invert
:math:`\Sigma`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.linalg import lapack

from crmstudy.kernels.covariance.discrepancy import log_determinant
from crmstudy.kernels.covariance.structure import SYMMETRIC, Array, Indices, Layout, Matrix

Mask = np.ndarray[Any, np.dtype[np.bool_]]

#: Share of the variance a residual must have for the identity above to lose no more than three digits.
_SMALLEST_SHARE = 1e-3
_SINGULAR_SHARE = 1e-12


@dataclass(frozen=True)
class StackedMatrices:
    """The matrices of b parameter vectors.

    ``loading`` (b, p, m), ``latent_covariance`` (b, m, m), ``residual`` the variances (b, p) where residuals are
    uncorrelated and else covariances (b, p, p), ``total`` (b, m, m) or None where (I - B)^-1 is the identity, ``phi``
    (b, m, m), and with means ``eta`` (b, m) and ``mu`` (b, p).
    """

    loading: Array
    latent_covariance: Array
    residual: Array
    total: Array | None
    phi: Array
    eta: Array | None
    mu: Array | None

    def take(self, rows: Mask) -> StackedMatrices:
        """Those of some replicates."""
        return StackedMatrices(
            self.loading[rows], self.latent_covariance[rows], self.residual[rows], _some(self.total, rows),
            self.phi[rows], _some(self.eta, rows), _some(self.mu, rows),
        )  # fmt: skip

    def sigma(self) -> Array:
        """Implied covariance matrices, (b, p, p)."""
        implied: Array = (self.loading @ self.phi) @ self.loading.transpose(0, 2, 1)
        if self.residual.ndim == 3:
            implied += self.residual
        else:
            on = np.arange(implied.shape[1])
            implied[:, on, on] += self.residual
        return implied

    def variances(self) -> Array:
        """Diagonals of the implied covariance matrices, (b, p)."""
        common: Array = np.einsum("bpm,bpm->bp", self.loading @ self.phi, self.loading)
        return common + (_diagonals(self.residual) if self.residual.ndim == 3 else self.residual)


def stacked_matrices(layout: Layout, theta: Array, fixed: Mapping[Matrix, Array] | None = None) -> StackedMatrices:
    """The matrices of a layout at parameter vectors (b, q).

    ``fixed`` maps matrices to (b, rows, columns) arrays of fixed values that differ between replicates. A replicate
    whose (I - B) is singular has NaN in its matrices.
    """
    own = fixed or {}
    loading, psi = _filled(layout, own, "loading", theta), _filled(layout, own, "latent_covariance", theta)
    residual = (_variances if _uncorrelated(layout, own) else _covariances)(layout, own, theta)
    total, phi = None, psi
    if not layout.without_paths:
        total = _inverses(np.eye(layout.shape[1]) - _filled(layout, own, "regression", theta))
        phi = total @ psi @ total.transpose(0, 2, 1)
    if not layout.has_means:
        return StackedMatrices(loading, psi, residual, total, phi, None, None)
    alpha = _filled(layout, own, "latent_mean", theta)
    eta = alpha if total is None else total @ alpha
    mu = _filled(layout, own, "intercept", theta) + loading @ eta
    return StackedMatrices(loading, psi, residual, total, phi, eta[..., 0], mu[..., 0])


def stack_diagonals(
    layouts: Sequence[Layout],
    theta: Array,
    *,
    fixed: Sequence[Mapping[Matrix, Array]] | None = None,
    full: bool = False,
) -> tuple[tuple[Array, Array], ...]:
    """Implied variances of observed and structural variables for a stack of solutions.

    Parameters
    ----------
    layouts : sequence of Layout
        One a group.
    theta : (b, q) array
        Parameters; a row of NaN gives rows of NaN.
    fixed : sequence of mappings of Matrix to (b, rows, columns) arrays, optional
        Fixed values of each group that differ between replicates.
    full : bool
        Whether to return the covariance matrices instead of their diagonals.

    Returns
    -------
    tuple of pairs of arrays
        One pair a group: the variances (b, p) of the observed and (b, m) of the structural variables, or with ``full``
        their covariance matrices (b, p, p) and (b, m, m).
    """
    own: Sequence[Mapping[Matrix, Array]] = [{}] * len(layouts) if fixed is None else fixed
    found = []
    with np.errstate(invalid="ignore"):
        for layout, values in zip(layouts, own, strict=True):
            parts = stacked_matrices(layout, theta, values)
            found.append((parts.sigma(), parts.phi) if full else (parts.variances(), _diagonals(parts.phi)))
    return tuple(found)


@dataclass(frozen=True)
class StackedBlock:
    """One group of the model for a stack of b replicates.

    Attributes
    ----------
    layout : Layout
        Where the parameters stand.
    covariances : (b, p, p) array
        Sample covariance matrices.
    means : (b, p) array or None
        Sample means, used where the layout has means.
    fixed : mapping of Matrix to (b, rows, columns) array
        Fixed values that differ between replicates, in place of the layout's.
    """

    layout: Layout
    covariances: Array
    means: Array | None = None
    fixed: Mapping[Matrix, Array] = field(default_factory=dict)

    def take(self, rows: Mask | Indices) -> StackedBlock:
        """The block for some replicates."""
        fixed = {name: values[rows] for name, values in self.fixed.items()}
        return StackedBlock(self.layout, self.covariances[rows], _some(self.means, rows), fixed)

    def evaluate(self, theta: Array) -> tuple[Array, Array]:
        """Discrepancies (b,), less log|S| + p, and their derivatives by element (b, k); ``theta`` is (b, q).

        A discrepancy is infinite where the implied matrix is not positive definite.
        """
        parts, spread, gap = stacked_matrices(self.layout, theta, self.fixed), self.covariances, None
        if self.means is not None and parts.mu is not None:
            gap = self.means - parts.mu
            spread = spread + gap[:, :, None] * gap[:, None, :]
        pull = _pull(self._proper(parts), parts, spread, gap, self.layout)
        return pull.value, _entries(parts, pull, self.layout)

    def _proper(self, parts: StackedMatrices) -> Mask:
        """Which have uncorrelated residuals with variances well above 0, and a positive definite Psi, (b,) bool."""
        if parts.residual.ndim == 3:
            return np.zeros(len(parts.loading), dtype=bool)
        proper: Mask = np.all(parts.residual > _SMALLEST_SHARE * _diagonals(self.covariances), axis=1)
        if proper.any():
            proper[proper] = _positive_definite(parts.latent_covariance[proper])
        return proper


def _filled(layout: Layout, own: Mapping[Matrix, Array], name: Matrix, theta: Array) -> Array:
    shape = layout.fixed[name].shape
    filled = np.empty((len(theta), *shape))
    filled[:] = own.get(name, layout.fixed[name])
    if len(layout.rows[name]):
        values, flat = theta[:, layout.parameters[name]], filled.reshape(len(theta), -1)
        flat[:, layout.rows[name] * shape[1] + layout.columns[name]] = values
        if name in SYMMETRIC:
            flat[:, layout.columns[name] * shape[1] + layout.rows[name]] = values
    return filled


def _covariances(layout: Layout, own: Mapping[Matrix, Array], theta: Array) -> Array:
    return _filled(layout, own, "residual_covariance", theta)


def _variances(layout: Layout, own: Mapping[Matrix, Array], theta: Array) -> Array:
    variances = np.empty((len(theta), layout.shape[0]))
    variances[:] = _diagonals(own.get("residual_covariance", layout.fixed["residual_covariance"]))
    variances[:, layout.rows["residual_covariance"]] = theta[:, layout.parameters["residual_covariance"]]
    return variances


def _uncorrelated(layout: Layout, own: Mapping[Matrix, Array]) -> bool:
    if (layout.rows["residual_covariance"] != layout.columns["residual_covariance"]).any():
        return False
    fixed = own.get("residual_covariance", layout.fixed["residual_covariance"])
    return not (fixed * (1.0 - np.eye(fixed.shape[-1]))).any()


@dataclass(frozen=True)
class _Pull:
    """What the gradient is made of: ``value`` (b,), D Lambda, Lambda'D Lambda, elements of D, and W d with means."""

    value: Array
    loading: Array
    latent: Array
    residual: Array
    mean: Array | None


def _entries(parts: StackedMatrices, pull: _Pull, layout: Layout) -> Array:
    """Derivatives of the discrepancy by element, (b, k)."""
    e = layout.elements
    entries = np.empty((len(pull.value), len(e.parameter)))
    by_loading, by_regression, by_psi = pull.loading @ parts.phi, pull.latent @ parts.phi, pull.latent
    if parts.total is not None:
        back = parts.total.transpose(0, 2, 1)
        by_regression, by_psi = back @ by_regression, back @ pull.latent @ parts.total
    if pull.mean is not None and parts.eta is not None:
        by_eta = -(pull.mean[:, None, :] @ parts.loading)
        if parts.total is not None:
            by_eta = by_eta @ parts.total
        by_loading -= pull.mean[:, :, None] * parts.eta[:, None, :]
        by_regression = by_regression + by_eta.transpose(0, 2, 1) * parts.eta[:, None, :]
        entries[:, e.spans["intercept"]] = -pull.mean[:, layout.rows["intercept"]]
        entries[:, e.spans["latent_mean"]] = by_eta[:, 0, layout.rows["latent_mean"]]
    grids: tuple[tuple[Matrix, Array], ...] = (
        ("loading", by_loading), ("regression", by_regression), ("latent_covariance", by_psi),
    )  # fmt: skip
    for name, grid in grids:
        entries[:, e.spans[name]] = grid[:, layout.rows[name], layout.columns[name]]
    entries[:, e.spans["residual_covariance"]] = pull.residual
    entries *= np.where(e.factor > 0, 2.0 * e.factor, 2.0)
    return entries


def _pull(proper: Mask, parts: StackedMatrices, spread: Array, gap: Array | None, layout: Layout) -> _Pull:
    """The pull of all replicates, each by the way that suits it."""
    if proper.all():
        return _by_factors(parts, spread, gap, layout)
    if not proper.any():
        return _by_inverse(parts, spread, gap, layout)
    improper = ~proper
    one = _by_factors(parts.take(proper), spread[proper], _some(gap, proper), layout)
    other = _by_inverse(parts.take(improper), spread[improper], _some(gap, improper), layout)

    def merged(first: Array, second: Array) -> Array:
        whole = np.empty((len(proper), *first.shape[1:]))
        whole[proper], whole[improper] = first, second
        return whole

    mean = None if one.mean is None or other.mean is None else merged(one.mean, other.mean)
    return _Pull(merged(one.value, other.value), merged(one.loading, other.loading), merged(one.latent, other.latent),
                 merged(one.residual, other.residual), mean)  # fmt: skip


def _by_factors(parts: StackedMatrices, spread: Array, gap: Array | None, layout: Layout) -> _Pull:
    """Without an inverse of the size of the observed variables; residuals are uncorrelated."""
    loading = parts.loading
    variances = parts.residual
    spreads = _diagonals(spread)
    u = loading / variances[:, :, None]
    gram = loading.transpose(0, 2, 1) @ u
    inner = np.eye(gram.shape[1]) + parts.phi @ gram
    shrunk = _inverses(inner)  # W Lambda = U shrunk
    k = shrunk @ parts.phi
    seen = spread @ u
    within = u.transpose(0, 2, 1) @ seen
    scaled = seen / variances[:, :, None]
    k_within = k @ within
    back = u @ k_within
    by_loading = (u - scaled + back) @ shrunk
    by_latent = (gram - within + gram @ k_within) @ shrunk
    diagonal = 1.0 / variances - spreads / variances**2
    diagonal += np.einsum("bpm,bpm->bp", u, (2.0 * scaled - u - back) @ k)
    value = np.log(variances).sum(axis=1) + np.log(np.linalg.det(inner))
    value += (spreads / variances).sum(axis=1) - np.trace(k_within, axis1=1, axis2=2)
    mean = None
    if gap is not None:
        mean = gap / variances - (u @ (k @ (u.transpose(0, 2, 1) @ gap[:, :, None])))[..., 0]
    return _Pull(value, by_loading, by_latent, diagonal[:, layout.rows["residual_covariance"]], mean)


def _by_inverse(parts: StackedMatrices, spread: Array, gap: Array | None, layout: Layout) -> _Pull:
    """By the inverse of each implied matrix."""
    inverse, log_det = _inverses_and_log_determinants(parts.sigma())
    seen = inverse @ spread
    value = log_det + np.trace(seen, axis1=1, axis2=2)
    d = inverse - seen @ inverse
    by_loading = d @ parts.loading
    by_latent = parts.loading.transpose(0, 2, 1) @ by_loading
    residual = d[:, layout.rows["residual_covariance"], layout.columns["residual_covariance"]]
    mean = None if gap is None else (inverse @ gap[:, :, None])[..., 0]
    return _Pull(value, by_loading, by_latent, residual, mean)


def _inverses_and_log_determinants(matrices: Array) -> tuple[Array, Array]:
    """Inverses (b, p, p) and log-determinants (b,); zeros and infinity where a matrix is not positive definite."""
    count, p = matrices.shape[:2]
    lower, diagonals = np.zeros((count, p, p)), np.full((count, p), np.inf)
    for index, matrix in enumerate(matrices):  # one by one: a matrix that is not positive definite fails alone
        factor, failed = lapack.dpotrf(matrix.T, lower=0)
        if not failed and np.isfinite(factor[-1, -1]):
            diagonals[index] = factor.diagonal()
            lower[index] = lapack.dpotri(factor, lower=0, overwrite_c=1)[0].T
    on = np.arange(p)
    on_diagonal = lower[:, on, on]
    inverses = np.tril(lower)
    inverses += inverses.transpose(0, 2, 1).copy()
    inverses[:, on, on] = on_diagonal
    return inverses, 2.0 * np.log(diagonals).sum(axis=1)


def log_determinants(matrices: Array) -> Array:
    """Log-determinants (b,) of covariance matrices; minus infinity where one is not positive definite.

    A variable of which the others leave less than 1e-12 of its variance makes a matrix singular.
    """
    found = np.full(len(matrices), -np.inf)
    for index, matrix in enumerate(matrices):
        factor, failed = lapack.dpotrf(matrix.T, lower=0)
        left = factor.diagonal() ** 2
        if not failed and (left > _SINGULAR_SHARE * matrix.diagonal()).all():
            found[index] = np.log(left).sum()
    return found


def _inverses(matrices: Array) -> Array:
    """Inverses (b, m, m); NaN where a matrix is singular."""
    try:
        return np.asarray(np.linalg.inv(matrices), dtype=float)
    except np.linalg.LinAlgError:
        regular = np.linalg.det(matrices) != 0
        inverses = np.full_like(matrices, np.nan)
        inverses[regular] = np.linalg.inv(matrices[regular])
        return inverses


def _positive_definite(matrices: Array) -> Mask:
    """Which matrices are positive definite, (b,) bool."""
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        return np.array([np.isfinite(log_determinant(matrix)) for matrix in matrices])
    return np.ones(len(matrices), dtype=bool)


def _diagonals(matrices: Array) -> Array:
    """Diagonals of matrices (..., p, p), (..., p)."""
    return np.diagonal(matrices, axis1=-2, axis2=-1)


def _some(values: Array | None, rows: Mask | Indices) -> Array | None:
    return None if values is None else values[rows]
