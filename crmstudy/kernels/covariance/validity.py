r"""Validity of measurement: HTMT, composite reliability, average variance extracted, bifactor indices, dMACS.

NumPy only. Loadings are (p, f), factor covariances (f, f), residual covariances (p, p); a block is the array of the
columns that one factor has for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crmstudy.kernels.moments import Array
from crmstudy.kernels.reliability.coefficients import alpha

Indices = np.ndarray[Any, np.dtype[np.intp]]
Codes = np.ndarray[Any, np.dtype[np.int8]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

#: Why a ratio of correlations has no value.
DEFINED, ONE_ITEM, NO_WITHIN, ZERO_CORRELATION, NO_VARIANCE = range(5)


@dataclass(frozen=True)
class Ratios:
    """Ratios of correlations between and within blocks.

    ``values`` (..., f, f) is symmetric with ones on the diagonal and NaN where undefined; ``reasons`` of the same shape
    says why: :data:`ONE_ITEM` (a block of one item has no correlation within), :data:`NO_WITHIN` (the mean correlation
    within a block is not positive), :data:`ZERO_CORRELATION` (a correlation of 0 under a geometric mean),
    :data:`NO_VARIANCE` (an item does not vary); :data:`DEFINED` elsewhere.
    """

    values: Array
    reasons: Codes


def htmt(matrix: Array, blocks: Sequence[Indices], *, absolute: bool = True) -> Ratios:
    r"""Heterotrait-monotrait ratio of correlations (Henseler, Ringle & Sarstedt, 2015).

    :math:`HTMT_{ij} = \bar r_{ij} / \sqrt{\bar r_i \bar r_j}`: mean correlation between the items of two blocks over
    the geometric mean of the mean correlations within them.

    Parameters
    ----------
    matrix : (..., p, p) array
        A covariance or correlation matrix, or a stack of them.
    blocks : sequence of int arrays
        Columns of each block; a column belongs to one block only.
    absolute : bool
        Take absolute correlations, so that items keyed the other way do not cancel.
    """
    r, flat = _correlations(matrix)
    sums, counts = _block_sums(np.abs(r) if absolute else r, blocks)
    return _ratios(sums / counts, blocks, flat, zero=None)


def htmt2(matrix: Array, blocks: Sequence[Indices]) -> Ratios:
    """HTMT2: as :func:`htmt`, with geometric means of absolute correlations (Roemer, Schuberth & Henseler, 2021).

    Consistent for congeneric items, where HTMT assumes equal loadings.
    """
    r, flat = _correlations(matrix)
    size = np.abs(r)
    none = size == 0.0
    sums, counts = _block_sums(np.log(np.where(none, 1.0, size)), blocks)
    zeros, _ = _block_sums(none.astype(np.float64), blocks)
    return _ratios(np.exp(sums / counts), blocks, flat, zero=zeros > 0.0)


def _correlations(matrix: Array) -> tuple[Array, Mask]:
    """Correlations, and which variables have no variance."""
    variances = np.diagonal(matrix, axis1=-2, axis2=-1)
    flat = ~(variances > 0.0)
    sd = np.sqrt(np.where(flat, 1.0, variances))
    r = matrix / (sd[..., :, None] * sd[..., None, :])
    return np.asarray(np.where(flat[..., :, None] | flat[..., None, :], 1.0, r)), flat


def _membership(blocks: Sequence[Indices], p: int) -> Array:
    member = np.zeros((len(blocks), p))
    for row, block in enumerate(blocks):
        member[row, block] = 1.0
    return member


def _block_sums(r: Array, blocks: Sequence[Indices]) -> tuple[Array, Array]:
    """Sums of correlations between and (without the diagonal) within blocks, and how many there are."""
    p = r.shape[-1]
    member = _membership(blocks, p)
    off = r * (1.0 - np.eye(p))
    sizes = member.sum(axis=1)
    counts = np.multiply.outer(sizes, sizes) - np.diag(sizes)
    return member @ off @ member.T, np.where(counts > 0, counts, np.nan)


def _ratios(means: Array, blocks: Sequence[Indices], flat: Mask, *, zero: Mask | None) -> Ratios:
    f = len(blocks)
    reasons = np.zeros(means.shape, dtype=np.int8)
    within = np.diagonal(means, axis1=-2, axis2=-1)
    low = ~(within > 0.0)
    if zero is not None:
        reasons[zero] = ZERO_CORRELATION
        empty = np.diagonal(zero, axis1=-2, axis2=-1)
        reasons[empty[..., :, None] | empty[..., None, :]] = ZERO_CORRELATION
    reasons[low[..., :, None] | low[..., None, :]] = NO_WITHIN
    single = np.array([len(block) < 2 for block in blocks])
    reasons[..., single[:, None] | single[None, :]] = ONE_ITEM
    still = np.stack([flat[..., block].any(axis=-1) for block in blocks], axis=-1)
    reasons[still[..., :, None] | still[..., None, :]] = NO_VARIANCE
    scale = np.sqrt(np.where(low, np.nan, within))
    with np.errstate(invalid="ignore"):
        values = means / (scale[..., :, None] * scale[..., None, :])
    values = np.where(reasons == DEFINED, values, np.nan)
    values[..., np.eye(f, dtype=bool)] = 1.0
    reasons[..., np.eye(f, dtype=bool)] = DEFINED
    return Ratios(np.asarray(values, dtype=np.float64), reasons)


def bootstrap_ratios(
    values: Array, blocks: Sequence[Indices], replicates: int, rng: np.random.Generator, chunk: int = 100
) -> tuple[Array, Array]:
    """HTMT and HTMT2 of bootstrap samples of the rows, whose covariances are multinomial counts times products.

    Parameters
    ----------
    values : (n, p) array
        Complete rows.
    blocks : sequence of int arrays
    replicates : int
    rng : numpy.random.Generator
    chunk : int
        Replicates computed at once; part of the stream's definition, so it is fixed.

    Returns
    -------
    htmt, htmt2 : (replicates, f, f) arrays
        NaN where a replicate has no value.
    """
    n, p = values.shape
    centred = values - values.mean(axis=0)
    rows, columns = np.tril_indices(p)
    products = centred[:, rows] * centred[:, columns]
    smallest = 1e-12 * np.mean(centred**2, axis=0)  # tells rounding from a variance
    found = np.empty((2, replicates, len(blocks), len(blocks)))
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        weights = rng.multinomial(n, np.full(n, 1.0 / n), size=size) / n
        means = weights @ centred
        covariances = np.empty((size, p, p))
        covariances[:, rows, columns] = covariances[:, columns, rows] = weights @ products
        covariances -= means[:, :, None] * means[:, None, :]
        still = np.diagonal(covariances, axis1=1, axis2=2) <= smallest
        covariances[:, np.arange(p), np.arange(p)] = np.where(still, 0.0, covariances[:, np.arange(p), np.arange(p)])
        found[0, start : start + size] = htmt(covariances, blocks).values
        found[1, start : start + size] = htmt2(covariances, blocks).values
    return found[0], found[1]


@dataclass(frozen=True, slots=True)
class Composite:
    """Reliability of the sum of the items of one factor.

    ``omega`` has the factor's own common and the residual variance in its denominator, ``implied`` the whole
    model-implied and ``observed`` the whole observed variance of the sum; the three differ only where items load on
    other factors too or the model does not fit. ``ave`` is the mean squared standardised loading, ``alpha`` that of the
    observed covariances.
    """

    omega: float
    implied: float
    observed: float
    ave: float
    alpha: float


def composite(loading: Array, variance: float, residual: Array, implied: Array, observed: Array) -> Composite:
    r"""Reliability coefficients of one factor.

    :math:`\omega = (\sum\lambda)^2\psi / ((\sum\lambda)^2\psi + 1'\Theta1)` (Bollen, 1980; Raykov, 2001), which counts
    residual covariances; the other denominators after Bentler (1972; implied) and McDonald (1999; observed).

    Parameters
    ----------
    loading : (k,) array
        Unstandardised loadings of the factor's items.
    variance : float
        Factor variance.
    residual, implied, observed : (k, k) arrays
        Residual, model-implied and observed covariances of these items.
    """
    common = float(loading.sum()) ** 2 * variance
    return Composite(
        omega=common / (common + float(residual.sum())),
        implied=common / float(implied.sum()),
        observed=common / float(observed.sum()),
        ave=average_variance_extracted(loading, variance, implied),
        alpha=alpha(observed),
    )


def average_variance_extracted(loading: Array, variance: float, implied: Array) -> float:
    """Mean squared standardised loading of a factor's items (Fornell & Larcker, 1981, eq. 12)."""
    return float(np.mean(loading**2 * variance / np.diagonal(implied)))


@dataclass(frozen=True)
class Bifactor:
    """Indices of a bifactor model, whose first factor is the general one.

    By factor, (1 + s,): ``omega`` (the sum of the factor's items, all common variance counted), ``omega_h`` (the factor
    alone: hierarchical omega, for a group factor omega_hs), ``ecv`` (share of all common variance; sums to 1),
    ``ecv_own`` (share of the common variance of its own items), ``h`` (construct replicability), ``determinacy`` of
    factor scores. ``puc`` is the share of correlations that the general factor alone explains; ``item_ecv`` (p,) each
    item's share of common variance due to the general factor.
    """

    omega: Array
    omega_h: Array
    ecv: Array
    ecv_own: Array
    h: Array
    determinacy: Array
    puc: float
    item_ecv: Array


def bifactor(loadings: Array, residual: Array) -> Bifactor:
    r"""Bifactor indices (Rodriguez, Reise & Haviland, 2016) from loadings on uncorrelated factors of variance 1.

    :math:`\omega_h = (\sum\lambda_g)^2/1'\Sigma1`,
    :math:`\omega_{hs} = (\sum_{i\in s}\lambda_{is})^2/1'\Sigma_s1`, :math:`ECV = \sum\lambda_g^2/\sum\sum\lambda^2`,
    :math:`H = 1/(1 + 1/\sum\frac{\lambda^2}{1-\lambda^2})` (Hancock & Mueller, 2001),
    :math:`FD = \sqrt{\operatorname{diag}(\Lambda'\Sigma^{-1}\Lambda)}` (Grice, 2001).

    Parameters
    ----------
    loadings : (p, 1 + s) array
        Standardised loadings; the first column is the general factor, which all items load on. Exact zeros say which
        items do not belong to a group factor.
    residual : (p, p) array
        Residual covariances in the same metric.
    """
    member = loadings != 0.0
    sigma = loadings @ loadings.T + residual
    squares = loadings**2
    common = squares.sum(axis=1)
    omega, omega_h, own = np.empty((3, loadings.shape[1]))
    for j in range(loadings.shape[1]):
        items = member[:, j]
        sums = loadings[items].sum(axis=0)
        whole = float(sigma[np.ix_(items, items)].sum())
        omega[j], omega_h[j] = float(sums @ sums) / whole, float(sums[j]) ** 2 / whole
        own[j] = squares[items, j].sum() / common[items].sum()
    uniqueness = np.diagonal(sigma)[:, None] - squares
    with np.errstate(divide="ignore"):  # an item without uniqueness makes its factor perfectly replicable
        replicable = np.where(member, squares / np.where(member, uniqueness, 1.0), 0.0).sum(axis=0)
    p, sizes = len(loadings), member[:, 1:].sum(axis=0)
    return Bifactor(
        omega=omega,
        omega_h=omega_h,
        ecv=np.asarray(squares.sum(axis=0) / squares.sum()),
        ecv_own=own,
        h=np.asarray(1.0 / (1.0 + 1.0 / replicable)),
        determinacy=factor_determinacy(loadings, np.eye(loadings.shape[1]), sigma),
        puc=1.0 - float((sizes * (sizes - 1)).sum()) / (p * (p - 1)),
        item_ecv=np.asarray(squares[:, 0] / common),
    )


def factor_determinacy(loadings: Array, phi: Array, sigma: Array) -> Array:
    r"""Correlation of each factor with its regression scores, (f,).

    :math:`\sqrt{\operatorname{diag}(\Phi\Lambda'\Sigma^{-1}\Lambda\Phi)/\operatorname{diag}\Phi}` (Grice, 2001).
    """
    cross = loadings @ phi
    explained = np.einsum("pf,pf->f", cross, np.linalg.solve(sigma, cross))
    return np.asarray(np.sqrt(explained / np.diagonal(phi)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """Reliability under a second-order factor.

    ``omega_l1``: of the sum of all items as a measure of the second-order factor; ``omega_l2``: of the sum of the
    first-order factors as such a measure; ``omega_l1_partial``: of the sum of all items, what is particular to the
    first-order factors left aside.
    """

    omega_l1: float
    omega_l2: float
    omega_l1_partial: float


def second_order(loadings: Array, upper: Array, variance: float, disturbances: Array, residual: Array) -> SecondOrder:
    r"""Omega of a second-order factor (Raykov & Zinbarg, 2011; Cho, 2016).

    Parameters
    ----------
    loadings : (p, f) array
        Loadings of the items on the first-order factors.
    upper : (f,) array
        Loadings of the first-order factors on the second-order factor.
    variance : float
        Variance of the second-order factor.
    disturbances : (f, f) array
        Covariances of what the second-order factor leaves of the first-order factors.
    residual : (p, p) array
        Residual covariances of the items.
    """
    sums = loadings.sum(axis=0)
    common = float(sums @ upper) ** 2 * variance
    particular = float(sums @ disturbances @ sums)
    error = float(residual.sum())
    higher = float(upper.sum()) ** 2 * variance
    return SecondOrder(
        omega_l1=common / (common + particular + error),
        omega_l2=higher / (higher + float(disturbances.sum())),
        omega_l1_partial=common / (common + error),
    )


def schmid_leiman(loadings: Array, upper: Array, variance: float, disturbances: Array) -> Array:
    """A second-order model with uncorrelated disturbances as a bifactor one (Schmid & Leiman, 1957).

    Returns
    -------
    (p, 1 + f) array
        Loadings on the general factor, then on what is particular to each first-order factor, all of variance 1.
    """
    general = loadings @ upper * np.sqrt(variance)
    return np.asarray(np.column_stack([general, loadings * np.sqrt(np.diagonal(disturbances))]), dtype=np.float64)


def pooled_deviation(reference: Array, focal: Array, n_reference: int, n_focal: int) -> Array:
    """Pooled standard deviation of items as dMACS takes it: the deviations themselves weighted with n - 1."""
    first, second = n_reference - 1.0, n_focal - 1.0
    return np.asarray((first * reference + second * focal) / (first + second), dtype=np.float64)


@dataclass(frozen=True)
class NonEquivalence:
    """How far two groups' expected answers differ at equal standing on the factor, over the focal group, (k,) each.

    ``dmacs`` is not negative; ``signed`` is positive where the reference group is expected to answer higher;
    ``mean_difference`` is the same in units of the item.
    """

    dmacs: Array
    signed: Array
    mean_difference: Array


def dmacs(
    reference_loadings: Array,
    reference_intercepts: Array,
    focal_loadings: Array,
    focal_intercepts: Array,
    focal_mean: float,
    focal_deviation: float,
    deviations: Array,
) -> NonEquivalence:
    r"""Effect size of measurement non-equivalence (Nye & Drasgow, 2011, eq. 3; signed: Nye et al., 2019).

    With differences :math:`\Delta\tau, \Delta\lambda` (reference minus focal) and
    :math:`\eta \sim N(\kappa, \phi)` in the focal group the integral has a closed form:

    .. math:: d^2 = \frac{1}{s^2}\int (\Delta\tau + \Delta\lambda\,\eta)^2 f(\eta)\,d\eta
              = \frac{(\Delta\tau + \Delta\lambda\,\kappa)^2 + \Delta\lambda^2\phi}{s^2}.

    Parameters
    ----------
    reference_loadings, reference_intercepts, focal_loadings, focal_intercepts : (k,) arrays
        Unstandardised, on one scale of the factor.
    focal_mean, focal_deviation : float
        Mean and standard deviation of the factor in the focal group.
    deviations : (k,) array
        Standard deviations of the items, see :func:`pooled_deviation`.
    """
    slope = reference_loadings - focal_loadings
    difference = reference_intercepts - focal_intercepts + slope * focal_mean
    return NonEquivalence(
        dmacs=np.asarray(np.sqrt(difference**2 + (slope * focal_deviation) ** 2) / deviations),
        signed=np.asarray(difference / deviations),
        mean_difference=np.asarray(difference),
    )
