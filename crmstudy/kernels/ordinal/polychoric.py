r"""Polychoric correlations of many ordinal items at once, in two steps, with their asymptotic covariances.

An answer is the band of a standard normal variable between two thresholds. The first step takes the thresholds of each
item from its own margin; the second finds the correlation of each pair by maximum likelihood with the thresholds fixed
(Olsson, 1979), for all pairs together by Newton steps. NumPy and SciPy only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.bivariate_normal import bivariate_cdf, bivariate_density

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]
_Kind = TypeVar("_Kind", bound=np.generic)
#: The search for a correlation ends here; a correlation found at this size is flagged.
LARGEST = 0.999
#: Where a row tells less than this about the correlation (expected information), the likelihood counts as flat.
FLAT = 2e-6
#: Probabilities of a cell below this are rounding errors.
_TINY = 1e-16
_STEPS = 60
_PRECISION = float(np.finfo(float).eps)
_ROWS_AT_ONCE = 4000


@dataclass(frozen=True, eq=False)
class PolychoricMoments:
    """Polychoric correlations of k items and what they rest on.

    Attributes
    ----------
    correlation : array of shape (k, k)
        NaN where a pair has no two answers in common or an item does not vary.
    thresholds : tuple of k arrays
        Item j has as many thresholds as observed categories less one.
    categories : tuple of k arrays
        The observed values of each item, ascending.
    n_pairs : array of int of shape (k, k)
        Rows that have both items; in the diagonal those that have the item.
    at_boundary : array of bool of shape (k, k)
        The likelihood has no maximum inside the range: it rises to its end (the correlation is .999 in size, or 1 where
        a table of two by two is perfect), or rises ever more slowly (the correlation is the one from which on the table
        tells less than :data:`FLAT` a row). What is reported is no estimate to build on.
    converged : array of bool of shape (k, k)
        The search came to rest (also at the boundary).
    empty_cells : array of bool of shape (k, k)
        The table of the pair has an empty cell.
    adjusted : array of bool of shape (k, k)
        An empty cell was filled before the correlation was estimated.
    n : int
        Rows given, with or without answers.
    """

    correlation: Array
    thresholds: tuple[Array, ...]
    categories: tuple[Array, ...]
    n_pairs: Whole
    at_boundary: Mask
    converged: Mask
    empty_cells: Mask
    adjusted: Mask
    n: int
    coded: Coded = field(repr=False)

    @property
    def pairs(self) -> tuple[Whole, Whole]:
        """Items of each pair, the first fixed longest: (0, 1), (0, 2), ..., (1, 2), ...; the order of gamma."""
        first, second = np.triu_indices(len(self.correlation), k=1)
        return first, second

    @property
    def lower(self) -> Array:
        """The correlations in the order of ``pairs``."""
        return np.asarray(self.correlation[self.pairs])


@dataclass(frozen=True, slots=True)
class Coded:
    """Answers as positions of categories: ``codes`` (n, k) with -1 where missing, and a weight for every row."""

    codes: Whole
    counts: tuple[int, ...]
    weights: Array | None

    @property
    def starts(self) -> Whole:
        """Where the categories of each item begin when all are laid side by side, and their number at the end."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    def indicators(self, rows: slice = slice(None)) -> Array:
        """A column for every category of every item: 1 where it was answered."""
        codes = self.codes[rows]
        laid = np.zeros((len(codes), int(self.starts[-1]) + 1))
        places = np.where(codes >= 0, codes + self.starts[:-1], self.starts[-1])
        np.put_along_axis(laid, places, 1.0, axis=1)
        return laid[:, :-1]


def polychoric(
    values: Array,
    *,
    weights: Array | None = None,
    zero_add: tuple[float, float] = (0.5, 0.0),
    keep_margins: bool = True,
) -> PolychoricMoments:
    r"""Two-step maximum likelihood estimates of the polychoric correlations of all pairs of items.

    :math:`\hat\rho = \arg\max_\rho \sum_{ab} n_{ab} \log \pi_{ab}(\rho)` with
    :math:`\pi_{ab} = \Phi_2(\tau_a, \tau_b) - \Phi_2(\tau_{a-1}, \tau_b) - \Phi_2(\tau_a, \tau_{b-1}) +
    \Phi_2(\tau_{a-1}, \tau_{b-1})` and thresholds :math:`\tau` from the cumulative margins (Olsson, 1979).

    Parameters
    ----------
    values : array of shape (n, k)
        Ordered answers, NaN where missing. Categories are the values that occur.
    weights : array of shape (n,), optional
        Sampling weights, not negative; brought to a sum of n. A row of weight 0 counts as unanswered.
    zero_add : pair of float
        Added to an empty cell of a two by two table, and of a larger one. ``(0.5, 0)`` is what lavaan does,
        ``(0.5, 0.5)`` with ``keep_margins=False`` what psych does, ``(0, 0)`` leaves tables as they are.
    keep_margins : bool
        In a two by two table take from the neighbours what is added to the empty cell.

    Returns
    -------
    PolychoricMoments

    Notes
    -----
    An item's thresholds come from all its answers, a pair's table from the rows that have both. A two by two table with
    two empty cells gives 1 or -1. The search is confined to :data:`LARGEST`, as in lavaan.
    """
    coded, categories = _code(values, weights)
    thresholds = _thresholds(coded)
    joint = _joint_counts(coded)
    answered = (coded.codes >= 0).astype(np.float64)
    n_pairs = np.rint(answered.T @ answered).astype(np.int64)
    k = len(coded.counts)
    first, second = np.triu_indices(k, k=1)
    found = np.full(len(first), np.nan)
    converged, boundary, empty, adjusted = (np.zeros(len(first), dtype=np.bool_) for _ in range(4))
    for shape, members in _by_shape(coded.counts, first, second):
        tables = _tables(joint, coded.starts, first[members], second[members], shape)
        filled, changed = _fill(tables, zero_add, keep_margins)
        estimated = _correlate(filled, _stacked(thresholds, first[members]), _stacked(thresholds, second[members]))
        found[members], converged[members], boundary[members] = estimated
        empty[members], adjusted[members] = (tables == 0.0).any(axis=(1, 2)), changed
    return PolychoricMoments(
        correlation=_square(found, k, 1.0),
        thresholds=thresholds,
        categories=categories,
        n_pairs=n_pairs,
        at_boundary=_square(boundary, k, False),
        converged=_square(converged, k, True),
        empty_cells=_square(empty, k, False),
        adjusted=_square(adjusted, k, False),
        n=len(values),
        coded=coded,
    )


def polychoric_gamma(moments: PolychoricMoments) -> Array:
    r"""Asymptotic covariance matrix of thresholds and correlations, times n (Muthén, 1984).

    The scores of both steps are stacked: thresholds solve the univariate, correlations the bivariate likelihood
    equations, and :math:`\Gamma = n B^{-1} (\sum_i s_i s_i') B^{-1\prime}`, where B holds the sums of products of
    scores in place of the derivatives. Divided by n it is the covariance matrix of the estimates.

    Parameters
    ----------
    moments : PolychoricMoments
        What :func:`polychoric` found.

    Returns
    -------
    array of shape (m, m)
        Thresholds of item 1, 2, ... and then correlations in the order of ``moments.pairs``. Rows and columns of a
        correlation that cannot be estimated are NaN.
    """
    m = sum(len(t) for t in moments.thresholds) + len(moments.lower)
    total = np.zeros((m, m))
    for part in polychoric_influence(moments):
        total += part.T @ part
    return total * moments.n


def polychoric_std_errors(moments: PolychoricMoments) -> tuple[Array, Array]:
    """Standard errors of the thresholds (in one row) and of the correlations (a square matrix with 0 as diagonal)."""
    m = sum(len(t) for t in moments.thresholds) + len(moments.lower)
    variances = np.zeros(m)
    for part in polychoric_influence(moments):
        variances += np.einsum("ij,ij->j", part, part)
    errors = np.sqrt(variances)
    k = len(moments.correlation)
    split = m - len(moments.lower)
    return errors[:split], _square(errors[split:], k, 0.0)


def shuffled_correlations(moments: PolychoricMoments, draws: int, rng: np.random.Generator) -> Array:
    """Polychoric correlations after the answers to every item are shuffled on their own, (draws, k, k).

    The margins, and so the thresholds, stay what they are; only chance is left to correlate the items. The search ends
    with the first Newton step below .001, which leaves errors of about its square.
    """
    coded, k = moments.coded, len(moments.correlation)
    first, second = moments.pairs
    shapes = _by_shape(coded.counts, first, second)
    sides = [(_stacked(moments.thresholds, first[m]), _stacked(moments.thresholds, second[m])) for _, m in shapes]
    columns = np.ascontiguousarray(coded.codes.T)
    found = np.empty((draws, k, k))
    for draw in range(draws):
        joint = _joint_counts(Coded(rng.permuted(columns, axis=1).T, coded.counts, None))
        rho = np.full(len(first), np.nan)
        for (shape, members), (rows, across) in zip(shapes, sides, strict=True):
            tables = _tables(joint, coded.starts, first[members], second[members], shape)
            filled, _ = _fill(tables, (0.5, 0.0), keep_margins=True)
            rho[members], _, _ = _correlate(filled, rows, across, tolerance=1e-3)
        found[draw] = _square(rho, k, 1.0)
    return found


def smoothed(matrix: Array, tolerance: float = 1e-12, trigger: float = _PRECISION) -> tuple[Array, bool]:
    """A correlation matrix without negative eigenvalues, and whether it had to be changed.

    When one is below ``trigger``, eigenvalues below ``tolerance`` are lifted to 100 times that, all are scaled to their
    old sum, and the product is brought back to a diagonal of 1 (Bock, Gibbons & Muraki, 1988; with the defaults as
    psych's ``cor.smooth``).
    """
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= trigger:
        return matrix, False
    values = np.where(values < tolerance, 100.0 * tolerance, values)
    values *= len(matrix) / values.sum()
    product = (vectors * values) @ vectors.T
    scale = np.sqrt(np.diag(product))
    product = product / np.outer(scale, scale)
    np.fill_diagonal(product, 1.0)
    return product, True


# --- first step -----------------------------------------------------------------------------------------------------


def _code(values: Array, weights: Array | None) -> tuple[Coded, tuple[Array, ...]]:
    """Answers as positions among the values that occur."""
    values = np.asarray(values, dtype=np.float64)
    codes = np.full(values.shape, -1, dtype=np.int64)
    categories = []
    for j, column in enumerate(values.T):
        present = ~np.isnan(column) if weights is None else ~np.isnan(column) & (weights > 0.0)
        levels, places = np.unique(column[present], return_inverse=True)
        codes[present, j] = places
        categories.append(levels)
    if weights is not None:
        weights = np.asarray(weights, dtype=np.float64)
        weights = weights * (len(weights) / weights.sum())
    return Coded(codes, tuple(len(c) for c in categories), weights), tuple(categories)


def _joint_counts(coded: Coded) -> Array:
    """Weighted counts of every category with every other: the tables of all pairs in one square."""
    size = int(coded.starts[-1])
    joint = np.zeros((size, size))
    for begin in range(0, len(coded.codes), _ROWS_AT_ONCE):
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        laid = coded.indicators(rows)
        joint += laid.T @ (laid if coded.weights is None else laid * coded.weights[rows, None])
    return joint


def _thresholds(coded: Coded) -> tuple[Array, ...]:
    found = []
    for codes, count in zip(coded.codes.T, coded.counts, strict=True):
        present = codes >= 0
        weights = None if coded.weights is None else coded.weights[present]
        shares = np.bincount(codes[present], weights, minlength=count).cumsum()
        found.append(np.asarray(ndtri(shares[:-1] / shares[-1])) if count else np.empty(0))
    return tuple(found)


# --- second step ----------------------------------------------------------------------------------------------------


def _by_shape(counts: tuple[int, ...], first: Whole, second: Whole) -> list[tuple[tuple[int, int], Whole]]:
    """Pairs whose tables have one shape, so that they can be computed as one stack; constant items are left out."""
    sizes = np.asarray(counts, dtype=np.int64)
    key = sizes[first] * (sizes.max(initial=0) + 1) + sizes[second]
    shapes = [np.flatnonzero(key == value) for value in np.unique(key)]
    listed = [((counts[first[m[0]]], counts[second[m[0]]]), m) for m in shapes]
    return [(shape, members) for shape, members in listed if min(shape) > 1]


def _tables(joint: Array, starts: Whole, first: Whole, second: Whole, shape: tuple[int, int]) -> Array:
    rows = starts[first][:, None] + np.arange(shape[0])
    columns = starts[second][:, None] + np.arange(shape[1])
    return np.asarray(joint[rows[:, :, None], columns[:, None, :]])


def _stacked(thresholds: tuple[Array, ...], items: Whole) -> Array:
    return np.stack([thresholds[j] for j in items])


def _fill(tables: Array, zero_add: tuple[float, float], keep_margins: bool) -> tuple[Array, Mask]:
    """Tables with their empty cells filled as asked, and which were changed."""
    empty = tables == 0.0
    if tables.shape[1:] != (2, 2):
        changed = empty.any(axis=(1, 2)) & (zero_add[1] > 0.0)
        return np.where(empty & (zero_add[1] > 0.0), zero_add[1], tables), changed
    changed = (empty.sum(axis=(1, 2)) == 1) & (zero_add[0] > 0.0)
    extra = zero_add[0] * (empty & changed[:, None, None])
    if keep_margins:
        extra = extra + extra[:, ::-1, ::-1]  # the cell across takes as much, the neighbours give it
        extra = extra - extra[:, ::-1, :]
    return tables + extra, changed


def _correlate(tables: Array, rows: Array, columns: Array, tolerance: float = 1e-11) -> tuple[Array, Mask, Mask]:
    """Correlations of a stack of tables, whether each search came to rest, and whether it did so at the boundary."""
    total = tables.sum(axis=(1, 2))
    known = total > 0.0
    rho = _start(tables, rows, columns, total)
    flat = np.zeros_like(known)
    low, high = np.full(len(rho), -LARGEST), np.full(len(rho), LARGEST)
    moving = np.flatnonzero(known)
    for _ in range(_STEPS):
        if not len(moving):
            break
        at = rho[moving]
        slope, bend, expected = _slopes(tables[moving], rows[moving], columns[moving], at)
        upward = slope > 0.0
        low[moving], high[moving] = np.where(upward, at, low[moving]), np.where(upward, high[moving], at)
        flat[moving] = (expected < FLAT * total[moving]) & (slope * at >= 0.0)
        curvature = np.where(bend < -1e-3 * expected, -bend, expected)
        step = np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 0.0)
        reached = np.clip(at + step, -LARGEST, LARGEST)
        outside = (reached < low[moving]) | (reached > high[moving])
        rho[moving] = np.where(outside, 0.5 * (low[moving] + high[moving]), reached)
        moving = moving[(np.abs(rho[moving] - at) > tolerance) & ~flat[moving]]
    rested = known.copy()
    rested[moving] = False
    if flat.any():
        rho[flat] = _flat_from(rows[flat], columns[flat], rho[flat])
    boundary = known & (flat | (np.abs(rho) >= LARGEST - 1e-9))
    if tables.shape[1:] == (2, 2):
        perfect = known & ((tables[:, 0, 1] == 0.0) & (tables[:, 1, 0] == 0.0))
        opposed = known & ((tables[:, 0, 0] == 0.0) & (tables[:, 1, 1] == 0.0))
        rho = np.where(perfect, 1.0, np.where(opposed, -1.0, rho))
        boundary, rested = boundary | perfect | opposed, rested | perfect | opposed
    return np.where(known, rho, np.nan), rested, boundary


def _flat_from(rows: Array, columns: Array, rho: Array) -> Array:
    """The correlation, towards the sign of ``rho``, at which the expected information of a row falls to ``FLAT``."""
    low, high = np.zeros_like(rho), np.full_like(rho, LARGEST)
    sign = np.where(rho < 0.0, -1.0, 1.0)
    for _ in range(40):
        middle = 0.5 * (low + high)
        probability, by_rho, _ = _cells(rows, columns, sign * middle)
        informed = np.einsum("pab,pab->p", by_rho, by_rho / probability) > FLAT
        low, high = np.where(informed, middle, low), np.where(informed, high, middle)
    return np.asarray(sign * high)


def _start(tables: Array, rows: Array, columns: Array, total: Array) -> Array:
    """One scoring step from independence: the covariance of the scores of both margins over their variances."""
    share = tables / np.where(total > 0.0, total, 1.0)[:, None, None]
    x, y = _margin_scores(rows), _margin_scores(columns)
    product = np.einsum("pab,pa,pb->p", share, x, y)
    spread = np.einsum("pab,pa->p", share, x**2) * np.einsum("pab,pb->p", share, y**2)
    found = np.divide(product, spread, out=np.zeros_like(product), where=spread > 1e-12)
    return np.asarray(np.clip(found, -0.9, 0.9))


def _margin_scores(thresholds: Array) -> Array:
    """Mean of a standard normal variable within each of its bands, (pairs, categories)."""
    edge = np.zeros((len(thresholds), 1))
    density = np.hstack([edge, np.exp(-0.5 * thresholds**2) / np.sqrt(2.0 * np.pi), edge])
    return np.asarray(-np.diff(density, axis=1) / np.diff(np.hstack([edge, ndtr(thresholds), edge + 1.0]), axis=1))


def _cells(rows: Array, columns: Array, rho: Array) -> tuple[Array, Array, Array]:
    """Probabilities of the cells of a stack of tables, and their first and second derivatives in the correlation."""
    x, y, r = rows[:, :, None], columns[:, None, :], rho[:, None, None]
    pairs, a, b = len(rho), rows.shape[1] + 1, columns.shape[1] + 1
    below = np.zeros((pairs, a + 1, b + 1))
    below[:, 1:a, 1:b] = bivariate_cdf(x, y, r)
    below[:, 1:a, b], below[:, a, 1:b], below[:, a, b] = ndtr(rows), ndtr(columns), 1.0
    slope, bend = np.zeros_like(below), np.zeros_like(below)
    slope[:, 1:a, 1:b], bend[:, 1:a, 1:b] = bivariate_density(x, y, r)
    probability, by_rho, twice = (np.diff(np.diff(corner, axis=1), axis=2) for corner in (below, slope, bend))
    return np.maximum(probability, _TINY), by_rho, twice


def _slopes(tables: Array, rows: Array, columns: Array, rho: Array) -> tuple[Array, Array, Array]:
    """Score and second derivative of the log-likelihoods in the correlations, and the expected information."""
    probability, by_rho, twice = _cells(rows, columns, rho)
    relative = by_rho / probability
    score = np.einsum("pab,pab->p", tables, relative)
    bend = np.einsum("pab,pab->p", tables, twice / probability - relative**2)
    return score, bend, tables.sum(axis=(1, 2)) * np.einsum("pab,pab->p", by_rho, relative)


# --- asymptotic covariances -----------------------------------------------------------------------------------------


def polychoric_influence(moments: PolychoricMoments) -> Iterator[Array]:
    """What each row contributes to the estimates: blocks of rows by thresholds and correlations, in gamma's order.

    The sum over rows of the products of two columns is the asymptotic covariance of two estimates.
    """
    coded = moments.coded
    begin = np.concatenate([[0], np.cumsum([len(t) for t in moments.thresholds])]).astype(np.int64)
    by_threshold = [_threshold_scores(t) for t in moments.thresholds]
    joint = _joint_counts(coded)
    starts = coded.starts
    inverse = []
    for j, scores in enumerate(by_threshold):
        margin = np.diag(joint)[starts[j] : starts[j + 1]]
        inverse.append(np.linalg.inv((scores.T * margin) @ scores) if len(scores) > 1 else np.zeros((0, 0)))
    cell_scores, cross, information = _pair_scores(moments, joint, begin)
    for top in range(0, len(coded.codes), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        codes = coded.codes[rows]
        weight = 1.0 if coded.weights is None else coded.weights[rows, None]
        steps = np.zeros((len(codes), int(begin[-1])))
        for j, scores in enumerate(by_threshold):
            padded = np.vstack([scores @ inverse[j], np.zeros((1, scores.shape[1]))])
            steps[:, begin[j] : begin[j + 1]] = padded[codes[:, j]]
        first, second = moments.pairs
        offsets, widths, laid = cell_scores
        both = (codes[:, first] >= 0) & (codes[:, second] >= 0)
        places = np.where(both, offsets + codes[:, first] * widths + codes[:, second], len(laid) - 1)
        found = (laid[places] - steps @ cross.T) / information
        yield np.hstack([steps, found]) * weight


def _threshold_scores(thresholds: Array) -> Array:
    """Derivatives of the log-probability of each category (rows) in each threshold (columns)."""
    edges = np.concatenate([[0.0], ndtr(thresholds), [1.0]])
    density = np.exp(-0.5 * thresholds**2) / np.sqrt(2.0 * np.pi)
    count = len(thresholds)
    change = np.zeros((count + 1, count))
    change[np.arange(count), np.arange(count)] = density
    change[np.arange(1, count + 1), np.arange(count)] = -density
    return np.asarray(change / np.diff(edges)[:, None])


def _pair_scores(
    moments: PolychoricMoments, joint: Array, begin: Whole
) -> tuple[tuple[Whole, Whole, Array], Array, Array]:
    """Scores of the correlations by cell, laid in one row; their products with those of the thresholds, and squares."""
    coded = moments.coded
    first, second = moments.pairs
    sizes = np.asarray(coded.counts, dtype=np.int64)
    widths = sizes[second]
    offsets = np.concatenate([[0], np.cumsum(sizes[first] * widths)])
    laid = np.full(int(offsets[-1]) + 1, np.nan)
    laid[-1] = 0.0  # a pair with a missing answer
    cross = np.zeros((len(first), int(begin[-1])))
    information = np.full(len(first), np.nan)
    for shape, members in _by_shape(coded.counts, first, second):
        a, b = first[members], second[members]
        rows, columns = _stacked(moments.thresholds, a), _stacked(moments.thresholds, b)
        rho = np.clip(moments.lower[members], -LARGEST, LARGEST)
        tables = _tables(joint, coded.starts, a, b, shape)
        probability, by_rho, _ = _cells(rows, columns, rho)
        scores = by_rho / probability
        laid[offsets[members][:, None] + np.arange(shape[0] * shape[1])] = scores.reshape(len(members), -1)
        information[members] = np.einsum("pab,pab->p", tables, scores**2)
        weighted = tables * scores / probability
        by_row = _by_threshold(rows, columns, rho, weighted)
        by_column = _by_threshold(columns, rows, rho, weighted.transpose(0, 2, 1))
        cross[members[:, None], begin[a][:, None] + np.arange(shape[0] - 1)] = by_row
        cross[members[:, None], begin[b][:, None] + np.arange(shape[1] - 1)] = by_column
    information[information == 0.0] = np.nan
    return (offsets[:-1], widths, laid), cross, information


def _by_threshold(own: Array, other: Array, rho: Array, weighted: Array) -> Array:
    """Sum over cells of weighted derivatives of their probabilities in each own threshold, (pairs, thresholds)."""
    root = np.sqrt((1.0 - rho) * (1.0 + rho))[:, None, None]
    reach = (other[:, None, :] - rho[:, None, None] * own[:, :, None]) / root
    edges = np.zeros((*reach.shape[:2], reach.shape[2] + 2))
    edges[:, :, 1:-1], edges[:, :, -1] = ndtr(reach), 1.0
    change = np.exp(-0.5 * own**2)[:, :, None] / np.sqrt(2.0 * np.pi) * np.diff(edges, axis=2)
    return np.asarray(np.einsum("ptb,ptb->pt", change, weighted[:, :-1, :] - weighted[:, 1:, :]))


def _square(pairs: NDArray[_Kind], k: int, diagonal: float) -> NDArray[_Kind]:
    """A symmetric matrix with the values of the pairs off the diagonal."""
    matrix = np.full((k, k), diagonal).astype(pairs.dtype)
    first, second = np.triu_indices(k, k=1)
    matrix[first, second] = matrix[second, first] = pairs
    return matrix
