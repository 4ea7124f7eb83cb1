r"""Guttman's lower bounds of reliability and alpha, for one covariance matrix or a stack of them, with their gradients.

NumPy only. ``covs`` is a (..., k, k) array of covariance matrices of k items keyed in one direction; correlation
matrices give the coefficients of standardised items. A gradient is the symmetric (k, k) matrix G with
:math:`dg = \operatorname{tr}(G\,dS)`; it makes standard errors with and without normality.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from crmstudy.kernels.moments import Array

#: A coefficient of a stack of matrices, (..., k, k) to (...).
Coefficient = Callable[[Array], Array]
#: An eigenvalue of a correlation matrix below this is one of rounding: an item is a sum of others.
_SINGULAR = 1e-10
#: Matrices that are changed and analysed together.
_AT_ONCE = 200


def alpha_of(covs: Array) -> Array:
    """Cronbach's alpha (lambda-3) of every matrix of a stack."""
    k = covs.shape[-1]
    total, trace = covs.sum(axis=(-2, -1)), np.trace(covs, axis1=-2, axis2=-1)
    return np.asarray(k / (k - 1.0) * (1.0 - trace / total))


def lambda_2(covs: Array) -> Array:
    r"""Guttman's second bound (1945), never below alpha.

    :math:`\lambda_2 = 1 - \frac{\operatorname{tr}S}{1'S1} + \frac{\sqrt{\frac{k}{k-1}\sum_{i\ne j}s_{ij}^2}}{1'S1}`.
    """
    k = covs.shape[-1]
    total, trace = covs.sum(axis=(-2, -1)), np.trace(covs, axis1=-2, axis2=-1)
    squares = np.maximum((covs**2).sum(axis=(-2, -1)) - (_variances(covs) ** 2).sum(axis=-1), 0.0)
    return np.asarray(1.0 - trace / total + np.sqrt(k / (k - 1.0) * squares) / total)


def lambda_6(covs: Array) -> Array:
    r"""Guttman's sixth bound: what is left of every item after the others have explained it counts as error.

    :math:`\lambda_6 = 1 - \frac{\sum_j 1/s^{jj}}{1'S1}` with :math:`s^{jj}` the diagonal of :math:`S^{-1}`; for
    correlations :math:`1/r^{jj} = 1 - SMC_j`. NaN for a matrix that has no inverse.
    """
    left = 1.0 / np.diagonal(_inverses(covs), axis1=-2, axis2=-1)
    return np.asarray(1.0 - left.sum(axis=-1) / covs.sum(axis=(-2, -1)))


def standardised(coefficient: Coefficient) -> Coefficient:
    """The same coefficient of standardised items."""

    def of_correlations(covs: Array) -> Array:
        return coefficient(correlations(covs))

    return of_correlations


def correlations(covs: Array) -> Array:
    """Correlation matrices of a stack of covariance matrices with positive variances."""
    scale = np.sqrt(_variances(covs))
    return np.asarray(covs / (scale[..., :, None] * scale[..., None, :]))


def is_singular(cov: Array) -> bool:
    """Whether an item is a sum of others (up to rounding), so that nothing is left of it when they are known."""
    return bool(np.linalg.eigvalsh(correlations(cov))[0] < _SINGULAR * len(cov))


def squared_multiple_correlations(cov: Array) -> Array:
    """Share of every item's variance that the other items explain, (k,); of a matrix that is not singular."""
    return np.asarray(1.0 - 1.0 / (np.diagonal(_inverses(cov)) * np.diagonal(cov)))


def alpha_gradient(cov: Array) -> Array:
    """Gradient of :func:`alpha_of`."""
    k, total, trace = len(cov), cov.sum(), np.trace(cov)
    return np.asarray(k / (k - 1.0) * (trace / total**2 - np.eye(k) / total))


def lambda_2_gradient(cov: Array) -> Array:
    """Gradient of :func:`lambda_2`; the items' covariances are not all 0."""
    k, total, trace = len(cov), cov.sum(), np.trace(cov)
    off = cov - np.diag(np.diagonal(cov))
    root = np.sqrt(k / (k - 1.0) * (off**2).sum())
    slope = k / (k - 1.0) * off / root if root > 0 else np.zeros_like(off)
    return np.asarray((trace - root) / total**2 + (slope - np.eye(k)) / total)


def lambda_6_gradient(cov: Array) -> Array:
    """Gradient of :func:`lambda_6`."""
    total, inverse = cov.sum(), _inverses(cov)
    left = 1.0 / np.diagonal(inverse)
    return np.asarray(left.sum() / total**2 - (inverse * left**2) @ inverse / total)


def standardised_gradient(gradient: Callable[[Array], Array], cov: Array) -> Array:
    """Gradient, in the covariances, of the coefficient of standardised items whose own gradient is given."""
    return in_covariances(gradient(correlations(cov)), cov)


def in_covariances(own: Array, cov: Array) -> Array:
    """Gradient in the covariances of a function of the correlations, whose gradient in these is ``own``."""
    variances = np.diagonal(cov)
    scale = np.sqrt(variances)
    return np.asarray(own / np.outer(scale, scale) - np.diag((own * correlations(cov)).sum(axis=1) / variances))


def numeric_gradient(coefficient: Coefficient, matrix: Array, *, diagonal: bool, step: float = 1e-4) -> Array:
    """Gradient by central differences; ``diagonal`` says whether variances change too.

    The steps are in units of the items' standard deviations. Made for coefficients that are found by iteration, whose
    values are right to about 1e-9. Of a coefficient that gives (b, m) values for b matrices it is (m, k, k).
    """
    rows, columns = np.tril_indices(len(matrix), 0 if diagonal else -1)
    size = step * np.sqrt(np.diagonal(matrix)[rows] * np.diagonal(matrix)[columns])
    each = np.arange(len(rows))
    changes = np.zeros((len(rows), *matrix.shape))
    changes[each, rows, columns] = changes[each, columns, rows] = size
    differences = [
        coefficient(matrix + changes[part]) - coefficient(matrix - changes[part])
        for part in (slice(first, first + _AT_ONCE) for first in range(0, len(rows), _AT_ONCE))
    ]
    slope = np.concatenate(differences).T / (2.0 * size * np.where(rows == columns, 1.0, 2.0))
    gradient = np.zeros((*slope.shape[:-1], *matrix.shape))
    gradient[..., rows, columns] = gradient[..., columns, rows] = slope
    return gradient


def normal_std_error(gradient: Array, cov: Array, n: int) -> float:
    r"""Delta-method standard error under normality, :math:`\sqrt{2\operatorname{tr}(GSGS)/n}`."""
    product = gradient @ cov
    return float(np.sqrt(max(2.0 * float((product * product.T).sum()), 0.0) / n))


def influences(gradient: Array, values: Array) -> Array:
    r"""Empirical influence of every row on the coefficient, :math:`(x_i-\bar x)'G(x_i-\bar x)`, centred, (n,)."""
    centred = values - values.mean(axis=0)
    own = ((centred @ gradient) * centred).sum(axis=1)
    return np.asarray(own - own.mean())


def free_std_error(influence: Array) -> float:
    """Standard error without normality (Maydeu-Olivares, Coffman & Hartmann, 2007): from the rows' influences."""
    return float(np.sqrt((influence**2).sum()) / len(influence))


def acceleration(influence: Array) -> float:
    r"""Acceleration of a BCa interval, :math:`\sum u^3/(6(\sum u^2)^{3/2})` (Efron, 1987); 0 where nothing varies."""
    squares = float((influence**2).sum())
    return float((influence**3).sum()) / (6.0 * squares**1.5) if squares > 0 else 0.0


def bootstrap_covariances(
    values: Array, replicates: int, rng: np.random.Generator, coefficients: Callable[[Array], Array], chunk: int = 200
) -> Array:
    """Coefficients of bootstrap samples of the rows.

    The covariance matrix of a resample is a multinomial count times the products of the centred rows, so no row is
    copied.

    Parameters
    ----------
    values : array of shape (n, k)
        Complete rows.
    replicates : int
    rng : numpy.random.Generator
    coefficients : callable
        From covariance matrices (b, k, k), divisor n, to coefficients (b, m).
    chunk : int
        Replicates computed at once; part of the stream's definition, so it is fixed.

    Returns
    -------
    array of shape (replicates, m)
        NaN where a resample leaves an item, or the total, without variance.
    """
    n, k = values.shape
    centred = values - values.mean(axis=0)
    rows, columns = np.tril_indices(k)
    scale = np.einsum("ni,ni->i", centred, centred) / n
    found = []
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        weights = rng.multinomial(n, np.full(n, 1.0 / n), size=size) / n
        sums = np.zeros((size, len(rows)))
        for first in range(0, n, 4096):  # products of a part of the rows, so that they fit
            part = centred[first : first + 4096]
            sums += weights[:, first : first + 4096] @ (part[:, rows] * part[:, columns])
        covs = np.empty((size, k, k))
        covs[:, rows, columns] = covs[:, columns, rows] = sums
        means = weights @ centred
        covs -= means[:, :, None] * means[:, None, :]
        found.append(_proper(covs, scale, coefficients))
    return np.concatenate(found)


def _proper(covs: Array, scale: Array, coefficients: Callable[[Array], Array]) -> Array:
    """Coefficients of a stack; NaN for matrices in which an item or the total has no variance."""
    proper = (_variances(covs) > 1e-12 * scale).all(axis=1) & (covs.sum(axis=(1, 2)) > 1e-12 * scale.sum())
    safe = np.where(proper[:, None, None], covs, np.eye(covs.shape[1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(proper[:, None], coefficients(safe), np.nan))


def _variances(covs: Array) -> Array:
    return np.diagonal(covs, axis1=-2, axis2=-1)


def _inverses(covs: Array) -> Array:
    """Inverses of a stack; NaN for a matrix that has none."""
    try:
        return np.asarray(np.linalg.inv(covs))
    except np.linalg.LinAlgError:
        if covs.ndim == 2:
            return np.full_like(covs, np.nan)
        return np.stack([_inverses(cov) for cov in covs])
