"""Samples for the bootstrap: moments of resampled rows, and rows in which the model holds."""

from __future__ import annotations

import numpy as np

from crmstudy.kernels.covariance.structure import Array

_CHUNK = 64


def bootstrap_moments(
    values: Array, counts: Array, *, weights: Array | None = None, ddof: float = 0.0
) -> tuple[Array, Array]:
    r"""Covariance matrices and means of samples that hold each row a number of times.

    :math:`S_b = \frac{1}{c_b-d}\sum_i c_{bi}(x_i-\bar x_b)(x_i-\bar x_b)'` with :math:`c_b=\sum_i c_{bi}`, from the
    products of the centred rows, which are the same in all samples.

    Parameters
    ----------
    values : (n, p) array
        Complete rows.
    counts : (b, n) array
        How often each row is in each sample: multinomial for a bootstrap, ones but for one row for a jackknife.
    weights : (n,) array, optional
        Weights of the rows, which multiply the counts.
    ddof : float
        The d of the divisor: 0 for maximum likelihood, 1 for unbiased covariances.

    Returns
    -------
    covariances : (b, p, p) array
    means : (b, p) array

    Notes
    -----
    The samples go through in chunks, so that little more memory is used than for the result.
    """
    p = values.shape[1]
    i, j = np.tril_indices(p)
    position = np.empty((p, p), dtype=np.intp)
    position[i, j] = position[j, i] = p + np.arange(len(i))
    centre = values.mean(axis=0) if weights is None else weights @ values / weights.sum()
    centred = values - centre
    products = np.concatenate([centred, centred[:, i] * centred[:, j]], axis=1)
    if weights is not None:
        products *= weights[:, None]
    covariances, means = np.empty((len(counts), p, p)), np.empty((len(counts), p))
    for first in range(0, len(counts), _CHUNK):
        chunk = slice(first, first + _CHUNK)
        times = counts[chunk].astype(float)
        sizes = times.sum(axis=1) if weights is None else times @ weights
        averages = times @ products / sizes[:, None]
        shift = averages[:, :p]
        spread = np.take(averages, position.ravel(), axis=1).reshape(-1, p, p)
        spread -= shift[:, :, None] * shift[:, None, :]
        np.multiply(spread, (sizes / (sizes - ddof))[:, None, None], out=covariances[chunk])
        means[chunk] = shift + centre
    return covariances, means


def bollen_stine_rows(values: Array, covariance: Array, mean: Array, sigma: Array, mu: Array | None = None) -> Array:
    r"""Rows moved and turned so that their moments are those a model implies (Bollen & Stine, 1992).

    :math:`y_i = \Sigma^{1/2}S^{-1/2}(x_i-\bar x)+\mu` with symmetric roots: the model holds in the result, which
    is otherwise distributed as the data are.

    Parameters
    ----------
    values : (n, p) array
        Complete rows.
    covariance, mean : (p, p) and (p,) arrays
        Their moments, with the divisor and the weights of the estimator.
    sigma : (p, p) array
        Implied covariance matrix.
    mu : (p,) array, optional
        Implied means; without them the means stay as they are.

    Returns
    -------
    (n, p) array

    Raises
    ------
    numpy.linalg.LinAlgError
        When ``covariance`` is not positive definite.
    """
    roots, axes = np.linalg.eigh(covariance)
    if not roots[0] > 0:
        raise np.linalg.LinAlgError("The sample covariance matrix is not positive definite.")
    inverse_root = (axes / np.sqrt(roots)) @ axes.T
    implied, directions = np.linalg.eigh(sigma)
    root = (directions * np.sqrt(np.maximum(implied, 0.0))) @ directions.T
    turned: Array = (values - mean) @ inverse_root @ root
    return turned + (mean if mu is None else mu)
