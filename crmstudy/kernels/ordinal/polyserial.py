r"""Correlations of ordinal and continuous variables together, in two steps, with their asymptotic covariances.

Ordinal variables are bands of standard normal ones (see :mod:`crmstudy.kernels.ordinal.polychoric`), continuous ones
normal as they are. Thresholds, means and variances come from each variable alone; then each correlation is found by
maximum likelihood with them fixed: polychoric, polyserial (Olsson, Drasgow & Dorans, 1982) or product-moment. NumPy
and SciPy only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.bivariate_normal import bivariate_cdf, bivariate_density
from crmstudy.kernels.ordinal.polychoric import polychoric

Mask = NDArray[np.bool_]
#: The search for a polyserial or incomplete product-moment correlation ends here, as in lavaan.
LARGEST_SERIAL, LARGEST_MOMENT = 0.995, 0.999
_TINY = float(np.finfo(float).eps)
_STEPS = 80
#: Score, its slope and the expected information of a correlation.
Slopes = Callable[[float], tuple[float, float]]


@dataclass(frozen=True, eq=False)
class MixedMoments:
    """Correlations of k ordinal and continuous variables and what they rest on.

    Attributes
    ----------
    correlation : array of shape (k, k)
        NaN where a variable does not vary or a pair has no two rows in common.
    ordinal : array of bool of shape (k,)
    thresholds : tuple of k arrays
        Empty for a continuous variable.
    means, variances : array of shape (k,)
        Of continuous variables, variances over n; 0 and 1 for ordinal ones.
    at_boundary, converged : array of bool of shape (k, k)
    n : int
        Rows given.
    """

    correlation: Array
    ordinal: Mask
    thresholds: tuple[Array, ...]
    means: Array
    variances: Array
    at_boundary: Mask
    converged: Mask
    n: int
    _values: Array
    _weights: Array

    @property
    def covariance(self) -> Array:
        """Correlations times the standard deviations of the continuous variables."""
        scale = np.sqrt(self.variances)
        return np.asarray(self.correlation * np.outer(scale, scale))


def mixed_correlations(
    values: Array,
    ordinal: Mask,
    *,
    weights: Array | None = None,
    zero_add: tuple[float, float] = (0.5, 0.0),
    keep_margins: bool = True,
) -> MixedMoments:
    r"""Two-step estimates of the correlations of ordinal and continuous variables.

    A polyserial correlation maximises :math:`\sum_i \log\left[\Phi\left(\frac{\tau_{a}-\rho z_i}{\sqrt{1-\rho^2}}
    \right) - \Phi\left(\frac{\tau_{a-1}-\rho z_i}{\sqrt{1-\rho^2}}\right)\right]` over the rows that have both, with
    a the answer of row i and z the continuous variable standardised by its own mean and variance.

    Parameters
    ----------
    values : array of shape (n, k)
        NaN where missing.
    ordinal : array of bool of shape (k,)
    weights : array of shape (n,), optional
        Positive sampling weights; brought to a sum of n.
    zero_add, keep_margins
        See :func:`~crmstudy.kernels.ordinal.polychoric.polychoric`.

    Returns
    -------
    MixedMoments

    Notes
    -----
    With complete rows the correlation of two continuous variables is Pearson's. With missing values its mean and
    variance are those of all rows that have the variable, and the correlation is the likeliest given these.
    """
    values, ordinal = np.asarray(values, dtype=np.float64), np.asarray(ordinal, dtype=np.bool_)
    n, k = values.shape
    w = np.ones(n) if weights is None else np.asarray(weights, float) * (n / np.sum(weights))
    found, boundary, converged = np.eye(k), np.zeros((k, k), dtype=np.bool_), np.ones((k, k), dtype=np.bool_)
    thresholds = [np.empty(0) for _ in range(k)]
    places = np.flatnonzero(ordinal)
    codes = np.full((n, k), -1, dtype=np.int64)
    if len(places):
        banded = polychoric(values[:, places], weights=weights, zero_add=zero_add, keep_margins=keep_margins)
        square = np.ix_(places, places)
        found[square], boundary[square], converged[square] = banded.correlation, banded.at_boundary, banded.converged
        codes[:, places] = banded.coded.codes
        for place, own in zip(places, banded.thresholds, strict=True):
            thresholds[place] = own
    means, variances = _margins(values, ordinal, w)
    scored = (values - means) / np.sqrt(np.where(variances > 0.0, variances, np.nan))
    for j in np.flatnonzero(~ordinal):
        for i in range(k):
            if i == j or (not ordinal[i] and i < j):
                continue
            if ordinal[i]:
                answer = _polyserial(scored[:, j], codes[:, i], thresholds[i], w)
            else:
                answer = _product_moment(scored[:, i], scored[:, j], w)
            found[i, j] = found[j, i] = answer[0]
            converged[i, j] = converged[j, i] = answer[1]
            boundary[i, j] = boundary[j, i] = answer[2]
    return MixedMoments(found, ordinal, tuple(thresholds), means, variances, boundary, converged, n, values, w)


def _margins(values: Array, ordinal: Mask, weights: Array) -> tuple[Array, Array]:
    """Means and variances of the continuous variables from the rows that have them; 0 and 1 for the others."""
    present = ~np.isnan(values)
    shares = present * weights[:, None]
    total = shares.sum(axis=0)
    filled = np.where(present, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (shares * filled).sum(axis=0) / total
        variances = (shares * np.where(present, values - means, 0.0) ** 2).sum(axis=0) / total
    return np.where(ordinal, 0.0, means), np.where(ordinal, 1.0, variances)


def _polyserial(z: Array, codes: NDArray[np.int64], thresholds: Array, weights: Array) -> tuple[float, bool, bool]:
    """A polyserial correlation, whether its search came to rest, and whether at the boundary."""
    both = (codes >= 0) & ~np.isnan(z)
    if not len(thresholds) or both.sum() < 2 or np.ptp(z[both]) == 0.0:
        return np.nan, True, False
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    z, w = z[both], weights[both]
    low, high = edges[codes[both]], edges[codes[both] + 1]

    def slopes(rho: float) -> tuple[float, float]:
        p, first, second = _band_slopes(z, low, high, rho)
        return float(w @ (first / p)), float(w @ (second / p - (first / p) ** 2))

    centred = codes[both] - np.average(codes[both], weights=w)
    spread = np.sqrt(np.average(centred**2, weights=w))
    density = float(np.exp(-0.5 * thresholds**2).sum() / np.sqrt(2.0 * np.pi))
    start = float(np.average(centred * z, weights=w)) / max(density, _TINY) if spread > 0.0 else 0.0
    return _root(slopes, start, LARGEST_SERIAL)


def _band_slopes(z: Array, low: Array, high: Array, rho: float) -> tuple[Array, Array, Array]:
    """Probability of each row's band given z, and its first and second derivatives in the correlation."""
    free = 1.0 - rho * rho
    root = np.sqrt(free)
    p, first, second = np.zeros_like(z), np.zeros_like(z), np.zeros_like(z)
    for edge, sign in ((high, 1.0), (low, -1.0)):
        finite = np.isfinite(edge)
        tau = np.where(finite, edge, 0.0)
        reach = np.where(finite, (tau - rho * z) / root, edge)
        density = np.where(finite, np.exp(-0.5 * np.where(finite, reach, 0.0) ** 2) / np.sqrt(2.0 * np.pi), 0.0)
        speed = (tau * rho - z) / (free * root)
        bend = tau / (free * root) + 3.0 * rho * speed / free
        p += sign * ndtr(reach)
        first += sign * density * speed
        second += sign * density * (bend - np.where(finite, reach, 0.0) * speed**2)
    return np.maximum(p, _TINY), first, second


def _product_moment(x: Array, y: Array, weights: Array) -> tuple[float, bool, bool]:
    """The likeliest correlation of two standardised variables, whether its search came to rest, and the boundary."""
    both = ~(np.isnan(x) | np.isnan(y))
    if both.sum() < 2 or np.ptp(x[both]) == 0.0 or np.ptp(y[both]) == 0.0:
        return np.nan, True, False
    a, b, w = x[both], y[both], weights[both]
    total = float(w.sum())
    cross, squares = float(w @ (a * b)) / total, float(w @ (a * a + b * b)) / total
    if both.all():
        return cross, True, abs(cross) > 1.0 - 1e-12

    def slopes(rho: float) -> tuple[float, float]:
        free = 1.0 - rho * rho
        score = rho / free + ((1.0 + rho * rho) * cross - rho * squares) / free**2
        slope = (1.0 + rho * rho) / free**2 + (2.0 * rho * cross - squares) / free**2
        slope += 4.0 * rho * ((1.0 + rho * rho) * cross - rho * squares) / free**3
        return total * score, total * slope

    return _root(slopes, cross / (0.5 * squares), LARGEST_MOMENT)


def _root(slopes: Slopes, start: float, largest: float) -> tuple[float, bool, bool]:
    """Where the score is 0: Newton steps inside a bracket that shrinks."""
    low, high, rho = -largest, largest, float(np.clip(start, -0.9 * largest, 0.9 * largest))
    for _ in range(_STEPS):
        score, slope = slopes(rho)
        low, high = (rho, high) if score > 0.0 else (low, rho)
        step = -score / slope if slope < 0.0 else np.copysign(0.5, score)
        moved = min(max(rho + step, -largest), largest)
        if not low <= moved <= high:
            moved = 0.5 * (low + high)
        if abs(moved - rho) < 1e-12:
            return moved, True, abs(moved) >= largest - 1e-9
        rho = moved
    return rho, False, abs(rho) >= largest - 1e-9


# --- asymptotic covariances -----------------------------------------------------------------------------------------


def mixed_gamma(moments: MixedMoments) -> Array:
    r"""Asymptotic covariance matrix of thresholds, means, variances and covariances, times n (Muthén, 1984).

    Parameters
    ----------
    moments : MixedMoments
        All correlations estimated.

    Returns
    -------
    array of shape (m, m)
        Variable by variable its thresholds, or the negative of its mean; then the variances of the continuous
        variables; then the covariances (0, 1), (0, 2), ..., (1, 2), ... in the metric of the continuous variables. This
        is lavaan's order and sign.
    """
    firsts, owners = _first_step_scores(moments)
    first, second = np.triu_indices(len(moments.ordinal), k=1)
    scores, partners = [], []
    for a, b in zip(first, second, strict=True):
        by_rho, by_parts = _pair_scores(moments, int(a), int(b))
        scores.append(by_rho)
        partners.append(by_parts)
    w = moments._weights[:, None]
    seconds = np.column_stack(scores)
    m, size = len(owners), len(first)
    inner = np.zeros((m, m))
    for variable in range(len(moments.ordinal)):
        own = np.flatnonzero(owners == variable)
        block = firsts[:, own]
        inner[np.ix_(own, own)] = np.linalg.inv((block * w).T @ block)
    cross = np.zeros((size, m))
    for row, (a, b) in enumerate(zip(first, second, strict=True)):
        for owner, parts in zip((a, b), partners[row], strict=True):
            cross[row, np.flatnonzero(owners == owner)] = (seconds[:, row] * w[:, 0]) @ parts
    information = (w * seconds**2).sum(axis=0)
    steps = (firsts * w) @ inner
    moved = (seconds * w - steps @ cross.T) / information
    influence = np.hstack([steps, moved])
    return _in_metric(moments, influence.T @ influence * moments.n)


def _first_step_scores(moments: MixedMoments) -> tuple[Array, NDArray[np.int64]]:
    """Scores of thresholds and means, then of variances, (n, m), 0 where missing; and the variable of each."""
    columns, owners = [], []
    tail, tail_owners = [], []
    for j, ordinal in enumerate(moments.ordinal):
        parts = _own_scores(moments, j)
        columns.append(parts if ordinal else parts[:, :1])
        owners += [j] * columns[-1].shape[1]
        if not ordinal:
            tail.append(parts[:, 1:])
            tail_owners.append(j)
    return np.hstack([*columns, *tail]), np.array([*owners, *tail_owners], dtype=np.int64)


def _own_scores(moments: MixedMoments, j: int) -> Array:
    """Scores of one variable's own likelihood in its thresholds, or in its mean and variance."""
    x = moments._values[:, j]
    missing = np.isnan(x)
    if not moments.ordinal[j]:
        variance = moments.variances[j]
        gap = np.where(missing, 0.0, x - moments.means[j])
        return np.column_stack([gap / variance, np.where(missing, 0.0, gap**2 / variance - 1.0) / (2.0 * variance)])
    low, high, places = _bands(moments, j)
    p = ndtr(high) - ndtr(low)
    return _by_edges(_density(high) / p, _density(low) / p, places, len(moments.thresholds[j]))


def _bands(moments: MixedMoments, j: int) -> tuple[Array, Array, NDArray[np.int64]]:
    """Lower and upper threshold of every row's answer (the whole line where missing), and its position."""
    x, thresholds = moments._values[:, j], moments.thresholds[j]
    levels = np.unique(x[~np.isnan(x)])
    places = np.where(np.isnan(x), -1, np.searchsorted(levels, x))
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    low = np.where(places < 0, -np.inf, edges[np.maximum(places, 0)])
    high = np.where(places < 0, np.inf, edges[np.maximum(places, 0) + 1])
    return low, high, places


def _density(x: Array) -> Array:
    finite = np.isfinite(x)
    return np.asarray(np.where(finite, np.exp(-0.5 * np.where(finite, x, 0.0) ** 2), 0.0) / np.sqrt(2.0 * np.pi))


def _by_edges(upper: Array, lower: Array, places: NDArray[np.int64], count: int) -> Array:
    """Put what belongs to the upper threshold of each row's band, and the negative of what belongs to the lower one."""
    found = np.zeros((len(places), count))
    rows = np.arange(len(places))
    above, below = (places >= 0) & (places < count), places > 0
    found[rows[above], places[above]] = upper[above]
    found[rows[below], places[below] - 1] -= lower[below]
    return found


def _pair_scores(moments: MixedMoments, a: int, b: int) -> tuple[Array, tuple[Array, Array]]:
    """Scores of a pair's likelihood in its correlation, (n,), and in what belongs to each variable; 0 where missing."""
    rho = float(np.clip(moments.correlation[a, b], -LARGEST_MOMENT, LARGEST_MOMENT))
    if moments.ordinal[a] and moments.ordinal[b]:
        found = _ordinal_pair(moments, a, b, rho)
    elif moments.ordinal[a]:
        by_rho, (of_b, of_a) = _serial_pair(moments, b, a, rho)
        found = by_rho, (of_a, of_b)
    elif moments.ordinal[b]:
        found = _serial_pair(moments, a, b, rho)
    else:
        found = _moment_pair(moments, a, b, rho)
    there = ~(np.isnan(moments._values[:, a]) | np.isnan(moments._values[:, b]))
    by_rho, (of_a, of_b) = found
    rows = there[:, None]
    return np.where(there, by_rho, 0.0), (np.where(rows, of_a, 0.0), np.where(rows, of_b, 0.0))


def _ordinal_pair(moments: MixedMoments, a: int, b: int, rho: float) -> tuple[Array, tuple[Array, Array]]:
    (low_a, high_a, places_a), (low_b, high_b, places_b) = _bands(moments, a), _bands(moments, b)
    p, by_rho = np.zeros(len(low_a)), np.zeros(len(low_a))
    for x, y, sign in ((high_a, high_b, 1.0), (low_a, high_b, -1.0), (high_a, low_b, -1.0), (low_a, low_b, 1.0)):
        p += sign * bivariate_cdf(x, y, np.array(rho))
        finite = np.isfinite(x) & np.isfinite(y)
        density, _ = bivariate_density(np.where(finite, x, 0.0), np.where(finite, y, 0.0), np.array(rho))
        by_rho += sign * np.where(finite, density, 0.0)
    p = np.maximum(p, _TINY)
    root = np.sqrt(1.0 - rho * rho)

    def share(edge: Array, low: Array, high: Array) -> Array:
        """Density at an edge times the probability of the other band given it."""
        at = np.where(np.isfinite(edge), edge, 0.0)
        return np.asarray(_density(edge) * (ndtr((high - rho * at) / root) - ndtr((low - rho * at) / root)) / p)

    counts = len(moments.thresholds[a]), len(moments.thresholds[b])
    of_a = _by_edges(share(high_a, low_b, high_b), share(low_a, low_b, high_b), places_a, counts[0])
    of_b = _by_edges(share(high_b, low_a, high_a), share(low_b, low_a, high_a), places_b, counts[1])
    return by_rho / p, (of_a, of_b)


def _serial_pair(moments: MixedMoments, number: int, band: int, rho: float) -> tuple[Array, tuple[Array, Array]]:
    """The continuous variable first."""
    variance = moments.variances[number]
    z = np.nan_to_num((moments._values[:, number] - moments.means[number]) / np.sqrt(variance))
    low, high, places = _bands(moments, band)
    p, by_rho, _ = _band_slopes(z, low, high, rho)
    root = np.sqrt(1.0 - rho * rho)
    upper, lower = (_density((edge - rho * z) / root) for edge in (high, low))
    pull = (upper - lower) / p * rho / root
    by_mean = (z + pull) / np.sqrt(variance)
    by_variance = (z * z - 1.0 + z * pull) / (2.0 * variance)
    of_band = _by_edges(upper / (root * p), lower / (root * p), places, len(moments.thresholds[band]))
    return by_rho / p, (np.column_stack([by_mean, by_variance]), of_band)


def _moment_pair(moments: MixedMoments, a: int, b: int, rho: float) -> tuple[Array, tuple[Array, Array]]:
    free = 1.0 - rho * rho
    scale = np.sqrt(moments.variances[[a, b]])
    x, y = (np.nan_to_num(moments._values[:, j] - moments.means[j]) / s for j, s in zip((a, b), scale, strict=True))
    by_rho = rho / free + x * y / free - rho * (x * x - 2.0 * rho * x * y + y * y) / free**2
    parts = []
    for own, other, s in ((x, y, scale[0]), (y, x, scale[1])):
        by_mean = (own - rho * other) / (free * s)
        by_variance = ((own * own - rho * own * other) / free - 1.0) / (2.0 * s * s)
        parts.append(np.column_stack([by_mean, by_variance]))
    return by_rho, (parts[0], parts[1])


def _in_metric(moments: MixedMoments, gamma: Array) -> Array:
    """From correlations to covariances of continuous variables by the delta method, from means to their negatives."""
    scale, k = np.sqrt(moments.variances), len(moments.ordinal)
    widths = [len(t) if ordinal else 1 for t, ordinal in zip(moments.thresholds, moments.ordinal, strict=True)]
    begin = np.concatenate([[0], np.cumsum(widths)])
    numbers = np.flatnonzero(~moments.ordinal)
    of_variance = {int(j): int(begin[-1]) + place for place, j in enumerate(numbers)}
    turn = np.eye(len(gamma))
    turn[begin[numbers], begin[numbers]] = -1.0
    first, second = np.triu_indices(k, k=1)
    for row, (a, b) in enumerate(zip(first, second, strict=True), start=int(begin[-1]) + len(numbers)):
        turn[row, row] = scale[a] * scale[b]
        for own, other in ((int(a), int(b)), (int(b), int(a))):
            if own in of_variance:
                turn[row, of_variance[own]] = moments.correlation[a, b] * scale[other] / (2.0 * scale[own])
    return np.asarray(turn @ gamma @ turn.T)
