"""How many factors: sampling adequacy, sphericity, and the rules that read the number from the eigenvalues.

NumPy and ``scipy.special`` only. ``corr`` is a (k, k) correlation matrix, ``eigenvalues`` its eigenvalues, largest
first. A rule gives the number of components or factors to keep, from 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from crmstudy.kernels.moments import Array

_VANISHING = 1e-12


def sampling_adequacy(corr: Array) -> tuple[float, Array]:
    r"""Kaiser-Meyer-Olkin measure of all variables together and of each (Kaiser, 1974).

    :math:`\sum r_{ij}^2 / (\sum r_{ij}^2 + \sum q_{ij}^2)` over :math:`i \ne j`, with q the partial correlations given
    all other variables; for one variable the sums run over its row.

    Parameters
    ----------
    corr : array of shape (k, k)
        Positive definite.
    """
    inverse = np.linalg.inv(corr)
    scale = np.sqrt(np.diag(inverse))
    partial, simple = (inverse / np.outer(scale, scale)) ** 2, corr**2
    np.fill_diagonal(partial, 0.0)
    np.fill_diagonal(simple, 0.0)
    return float(simple.sum() / (simple.sum() + partial.sum())), simple.sum(0) / (simple.sum(0) + partial.sum(0))


def pairwise_correlation(values: Array) -> Array:
    """Product-moment correlations, each from the rows that have both variables; NaN where one is constant in them.

    Parameters
    ----------
    values : array of shape (n, k)
        NaN where missing.
    """
    present = ~np.isnan(values)
    counted = present.astype(np.float64)
    filled = np.where(present, values - np.nanmean(values, axis=0), 0.0)
    pairs = counted.T @ counted
    sums, squares = filled.T @ counted, (filled**2).T @ counted
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = squares - sums**2 / pairs
        spread[spread <= _VANISHING * np.maximum(squares, 1e-300)] = np.nan
        found = (filled.T @ filled - sums * sums.T / pairs) / np.sqrt(spread * spread.T)
    np.fill_diagonal(found, 1.0)
    return np.asarray(np.clip(found, -1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Sphericity:
    """Bartlett's test: chi-square, degrees of freedom, p, and the logarithm of the determinant it rests on."""

    chisq: float
    df: int
    p_value: float
    log_determinant: float


def sphericity(corr: Array, n: float) -> Sphericity:
    r"""Bartlett's (1951) test that all correlations are zero, :math:`-(n - 1 - (2k+5)/6)\,\ln|R|`.

    Follows a chi-square distribution with k(k - 1)/2 degrees of freedom when the variables are normal and independent.
    """
    k = len(corr)
    log_determinant = 2.0 * float(np.log(np.diag(np.linalg.cholesky(corr))).sum())
    chisq = max(-(n - 1.0 - (2.0 * k + 5.0) / 6.0) * log_determinant, 0.0)
    df = k * (k - 1) // 2
    return Sphericity(chisq, df, float(chdtrc(df, chisq)), log_determinant)


def descending(corrs: Array) -> Array:
    """Eigenvalues of symmetric matrices (..., k, k), largest first."""
    return np.asarray(np.linalg.eigvalsh(corrs)[..., ::-1], dtype=np.float64)


def reduced(corrs: Array) -> Array:
    """Correlation matrices (..., k, k) with squared multiple correlations in the diagonal, 1 - 1 / diag(R^-1)."""
    found = np.array(corrs)
    k = found.shape[-1]
    found[..., range(k), range(k)] = 1.0 - 1.0 / np.diagonal(np.linalg.inv(corrs), axis1=-2, axis2=-1)
    return found


def eigenvalue_errors(corr: Array, n: float) -> Array:
    r"""Asymptotic standard errors of the eigenvalues of a correlation matrix of normal variables, largest first.

    An eigenvalue with vector v moves by :math:`\operatorname{tr}(M\,dS)` with
    :math:`M = vv' - \lambda\operatorname{diag}(v^2)`, and the variance of that is
    :math:`\tfrac2n\operatorname{tr}(RMRM)` (Girshick, 1939). For an eigenvalue that is not a multiple one.
    """
    values, vectors = np.linalg.eigh(corr)
    errors = []
    for value, vector in zip(values[::-1], vectors.T[::-1], strict=True):
        turned = corr @ (np.outer(vector, vector) - value * np.diag(vector**2))
        errors.append(np.sqrt(max(2.0 / n * float((turned * turned.T).sum()), 0.0)))
    return np.array(errors)


# --- eigenvalues of data without factors ----------------------------------------------------------------------------


def normal_correlations(n: int, k: int, draws: int, rng: np.random.Generator) -> Array:
    """Correlation matrices of samples of n rows of k independent normal variables, (draws, k, k).

    The cross-products of such a sample follow a Wishart distribution with n - 1 degrees of freedom, which is drawn as
    the square of a lower triangle: roots of chi-squares in the diagonal, normal values below (Bartlett, 1933). The
    matrices are those of whole samples at a fraction of the work. Needs n > k.
    """
    triangle = np.zeros((draws, k, k))
    below = np.tril_indices(k, -1)
    triangle[:, below[0], below[1]] = rng.standard_normal((draws, len(below[0])))
    triangle[:, range(k), range(k)] = np.sqrt(rng.chisquare(n - 1.0 - np.arange(k), (draws, k)))
    triangle /= np.sqrt((triangle**2).sum(axis=2, keepdims=True))
    return np.asarray(triangle @ triangle.transpose(0, 2, 1))


def permuted_correlations(values: Array, draws: int, rng: np.random.Generator) -> Array:
    """Product-moment correlations after the rows of every column are shuffled on their own, (draws, k, k)."""
    centred = values - values.mean(axis=0)
    columns = np.ascontiguousarray((centred / np.sqrt((centred**2).sum(axis=0))).T)
    found = np.empty((draws, len(columns), len(columns)))
    for draw in range(draws):
        shuffled = rng.permuted(columns, axis=1)
        found[draw] = shuffled @ shuffled.T
    return found


# --- rules ----------------------------------------------------------------------------------------------------------


def leading(above: NDArray[np.bool_]) -> int:
    """How many values from the first on are True before the first that is not."""
    return len(above) if above.all() else int(np.argmin(above))


def minimum_average_partial(corr: Array) -> Array:
    r"""Average squared, and fourth power of, partial correlations given 0, 1, ... components, (k - 1, 2).

    The minimum of the first column is the rule of Velicer (1976), that of the second the one of Velicer, Eaton and Fava
    (2000). NaN from where a variable has nothing left.
    """
    values, vectors = np.linalg.eigh(corr)
    values, vectors = values[::-1], vectors[:, ::-1]
    k = len(corr)
    found = np.full((k - 1, 2), np.nan)
    left = np.array(corr)
    for m in range(k - 1):
        if m:
            left = left - values[m - 1] * np.outer(vectors[:, m - 1], vectors[:, m - 1])
        variances = np.diag(left)
        if variances.min() <= _VANISHING:
            break
        squares = left**2 / np.outer(variances, variances)
        np.fill_diagonal(squares, 0.0)
        found[m] = squares.sum() / (k * (k - 1)), (squares**2).sum() / (k * (k - 1))
    return found


def empirical_kaiser_references(eigenvalues: Array, n: float) -> Array:
    r"""Reference eigenvalues of the empirical Kaiser criterion (Braeken & van Assen, 2017).

    :math:`l_j^{ref} = \max\left[\frac{k - \sum_{i<j} l_i}{k - j + 1}\left(1 + \sqrt{k/n}\right)^2, 1\right]`: what the
    first eigenvalue of the rest would be without a further factor. Keep the eigenvalues before the first that does not
    exceed its reference.
    """
    k = len(eigenvalues)
    before = np.concatenate([[0.0], np.cumsum(eigenvalues)[:-1]])
    return np.asarray(np.maximum((k - before) / (k - np.arange(k)) * (1.0 + np.sqrt(k / n)) ** 2, 1.0))


def acceleration(eigenvalues: Array) -> Array:
    """Second differences of the eigenvalues, NaN at both ends; the scree begins where they are largest (Raîche et al.).

    The number of factors is the place of the largest, less one (Raîche, Walls, Magis, Riopel & Blais, 2013).
    """
    found = np.full(len(eigenvalues), np.nan)
    found[1:-1] = eigenvalues[2:] - 2.0 * eigenvalues[1:-1] + eigenvalues[:-2]
    return found


def optimal_coordinates(eigenvalues: Array) -> Array:
    """What a line through the next and the last eigenvalue foretells for each; NaN for the last two (Raîche et al.).

    Keep the eigenvalues before the first that does not exceed its coordinate (Raîche, Walls, Magis, Riopel & Blais,
    2013).
    """
    k = len(eigenvalues)
    found = np.full(k, np.nan)
    for i in range(k - 2):
        found[i] = eigenvalues[i + 1] + (eigenvalues[i + 1] - eigenvalues[-1]) / (k - 2 - i)
    return found


@dataclass(frozen=True, eq=False, slots=True)
class Hull:
    """The upper boundary of fit against degrees of freedom.

    ``on`` marks the solutions that are on it, ``ratio`` holds the scree test value of those with neighbours (NaN
    elsewhere), ``best`` is the place of the largest. Where fewer than three solutions are on the boundary there is no
    elbow (``elbow`` is False), and ``best`` is the best-fitting of them.
    """

    on: NDArray[np.bool_]
    ratio: Array
    best: int
    elbow: bool


def hull(fit: Array, df: Array) -> Hull:
    r"""The elbow of the convex hull of fit (the higher, the better) against degrees of freedom.

    Solutions that fit worse than a simpler one are taken off, then those below the line between their neighbours, until
    none is; of the rest the largest
    :math:`\frac{(f_i - f_{i-1})/(df_i - df_{i-1})}{(f_{i+1} - f_i)/(df_{i+1} - df_i)}` marks the elbow
    (Lorenzo-Seva, Timmerman & Kiers, 2011).

    Parameters
    ----------
    fit, df : array of shape (s,)
        Solutions with 0, 1, ... factors; NaN where there is none. The first has a fit.
    """
    kept: list[int] = []
    for i in range(len(fit)):
        if np.isfinite(fit[i]) and (not kept or fit[i] > fit[kept[-1]]):
            kept.append(i)
    place = 1
    while place < len(kept) - 1:
        a, b, c = kept[place - 1 : place + 2]
        line = fit[a] + (fit[c] - fit[a]) * (df[b] - df[a]) / (df[c] - df[a])
        if fit[b] <= line + _VANISHING:
            del kept[place]
            place = max(place - 1, 1)
        else:
            place += 1
    on = np.isin(np.arange(len(fit)), kept)
    ratio = np.full(len(fit), np.nan)
    for a, b, c in zip(kept, kept[1:], kept[2:], strict=False):
        ratio[b] = ((fit[b] - fit[a]) / (df[b] - df[a])) / ((fit[c] - fit[b]) / (df[c] - df[b]))
    elbow = len(kept) > 2
    return Hull(on, ratio, int(np.nanargmax(ratio)) if elbow else kept[-1], elbow)


def common_part_accounted_for(corr: Array, loadings: Array) -> float:
    """1 less the sampling adequacy of what the factors leave of the correlations (Lorenzo-Seva et al., 2011)."""
    left = corr - loadings @ loadings.T
    np.fill_diagonal(left, 1.0)
    return 1.0 - sampling_adequacy(left)[0]
