r"""Common factors of a correlation matrix: minimum residuals, maximum likelihood, principal axes.

The three minimise a function of the uniquenesses alone, because the best loadings for given uniquenesses come from an
eigendecomposition (Jöreskog, 1967; Harman & Jones, 1966). With :math:`\lambda_k` and :math:`u_k` the eigenvalues and
eigenvectors of :math:`R - \Psi`, largest first, and m factors,

.. math:: f_{\mathrm{minres}}(\psi) = \tfrac12\sum_{k>m}\lambda_k^2;

with :math:`\theta_k`, :math:`w_k` those of :math:`\Psi^{-1/2}R\Psi^{-1/2}`,

.. math:: f_{\mathrm{ML}}(\psi) = \sum_{k>m}(\theta_k - \ln\theta_k - 1).

First and second derivatives are exact, so Newton's method ends at a stationary point whose gradient is checked.
Everything works on stacks (b, p, p), one matrix a replicate. NumPy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crmstudy.kernels.moments import Array

METHODS = ("minres", "ml", "paf")
#: The smallest uniqueness of minres and ml, as in stats::factanal and psych::fa.
BOUND = 0.005
Mask = np.ndarray[Any, np.dtype[np.bool_]]
_STEPS = 200
_AXIS_STEPS = 100
_TRIAL_STEPS = 4
_TRIED, _KEPT = 16, 4
_TOLERANCE = 1e-10
#: Minima whose values differ by less are one; one with uniquenesses further apart is not determined.
_SAME_VALUE, _SAME_PLACE = 1e-9, 1e-3


def degrees_of_freedom(p: int, m: int) -> int:
    """Correlations less free parameters of m factors of p variables, ((p - m)^2 - (p + m)) / 2."""
    return ((p - m) ** 2 - (p + m)) // 2


def most_factors(p: int) -> int:
    """The largest number of factors of p variables with degrees of freedom of 0 or more (Ledermann, 1937)."""
    return max((m for m in range(p) if degrees_of_freedom(p, m) >= 0), default=0)


def squared_multiple_correlations(corr: Array) -> Array:
    """Of each variable with all others, ``1 - 1 / diag(R^-1)``; (..., p, p) to (..., p)."""
    return np.asarray(1.0 - 1.0 / np.diagonal(np.linalg.inv(corr), axis1=-2, axis2=-1))


@dataclass(frozen=True)
class Extraction:
    """Unrotated factors.

    Attributes
    ----------
    loadings : (p, m) array
        Canonical: the columns are orthogonal (for ml in the metric of the uniquenesses), largest first, with positive
        sums.
    uniquenesses : (p,) array
        As the iteration left them; for principal axes 1 minus the communalities.
    value : float
        The function minimised.
    gradient : float
        Its largest slope among uniquenesses that are not at a bound.
    converged : bool
    at_bound : (p,) array of bool
        Uniquenesses at the smallest value allowed.
    others : tuple of (value, proper)
        Other minima that the starts led to, lowest first; a proper one has no uniqueness at its bound.
    determined : bool
        False where other uniquenesses have the same value.
    """

    loadings: Array
    uniquenesses: Array
    value: float
    gradient: float
    converged: bool
    at_bound: Mask
    others: tuple[tuple[float, bool], ...] = ()
    determined: bool = True

    @property
    def communalities(self) -> Array:
        """Sums of squared loadings; above 1 in an improper solution."""
        return np.asarray((self.loadings**2).sum(axis=1))


@dataclass(frozen=True)
class ExtractionStack:
    """Extractions side by side: loadings (b, p, m), uniquenesses (b, p), value, gradient, converged (b,)."""

    loadings: Array
    uniquenesses: Array
    value: Array
    gradient: Array
    converged: Mask


def extract(
    corr: Array, m: int, method: str = "minres", *, starts: int = 3, rng: np.random.Generator | None = None
) -> Extraction:
    """Extract m factors from a correlation matrix.

    Parameters
    ----------
    corr : (p, p) array
        A correlation matrix; positive definite for ``ml``.
    m : int
        Number of factors, from 1 to :func:`most_factors`.
    method : {"minres", "ml", "paf"}
        ``minres`` is also unweighted least squares. ``paf`` is the same function without the lower bound of the
        uniquenesses, reached by iterated principal axes from squared multiple correlations.
    starts : int
        Random start values, besides those from squared multiple correlations, from ``1 - m / 2p`` of them (Jöreskog,
        1963), and from each with one uniqueness at its bound, which is where other minima mostly are. ``paf`` has the
        first only.
    rng : numpy.random.Generator, optional
        For the random starts; a fixed one when left out.

    Returns
    -------
    Extraction
        The one with the lowest value. Where that is improper but squared multiple correlations, the start of other
        programs, lead to a proper minimum (of minres by Newton's method or by principal axes): the lowest proper one.
    """
    if method == "paf":
        found = extract_stack(corr[None], m, "paf", principal_axes(corr, m)[None])
        return _chosen(found, 0, method)
    inner = usual_start(corr)
    random = np.random.default_rng(20260) if rng is None else rng
    begin = [inner, np.clip((1.0 - 0.5 * m / len(corr)) * inner, 2.0 * BOUND, 1.0)]
    begin += [random.uniform(0.1, 0.9, len(corr)) for _ in range(starts)]
    found = _joined(_from(corr, m, method, begin), _from(corr, m, method, _near_bound(corr, m, method, inner)))
    if method == "minres" and _improper(found)[0]:  # Newton's first steps may leap over a minimum that is near
        small_steps = np.clip(principal_axes(corr, m), 2.0 * BOUND, 1.0)
        found = _joined(_from(corr, m, method, [small_steps]), found)
    value = np.where(found.converged, found.value, np.inf) if found.converged.any() else found.value
    improper = _improper(found)
    if found.converged[0] and not improper[0]:
        value = np.where(improper, np.inf, value)
    # the first of the starts that reached the minimum, so that rounding does not choose among equals
    return _chosen(found, int(np.flatnonzero(value <= value.min() + _SAME_VALUE)[0]), method)


def usual_start(corr: Array) -> Array:
    """Uniquenesses that minres and ml begin with here and in other programs: what others leave of each variable."""
    return np.clip(1.0 - _safe_smc(corr), 2.0 * BOUND, 1.0)


def _from(corr: Array, m: int, method: str, begin: Sequence[Array], steps: int = _STEPS) -> ExtractionStack:
    psi = np.array(begin)
    return extract_stack(np.broadcast_to(corr, (len(psi), *corr.shape)), m, method, psi, steps=steps)


def _improper(found: ExtractionStack) -> Mask:
    """Which of a stack have a uniqueness at its bound."""
    return np.asarray((found.uniquenesses <= BOUND * (1.0 + 1e-9)).any(axis=1))


def _joined(one: ExtractionStack, other: ExtractionStack) -> ExtractionStack:
    names = ("loadings", "uniquenesses", "value", "gradient", "converged")
    return ExtractionStack(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in names))


def _near_bound(corr: Array, m: int, method: str, inner: Array) -> list[Array]:
    """Uniquenesses on the way to minima with one of them at its bound: the most promising after a few steps.

    The variables tried are those that the others explain best.
    """
    begin = []
    for j in np.argsort(inner, kind="stable")[:_TRIED]:
        psi = inner.copy()
        psi[j] = BOUND
        begin.append(psi)
    found = _from(corr, m, method, begin, _TRIAL_STEPS)
    return [found.uniquenesses[j] for j in np.argsort(found.value, kind="stable")[:_KEPT]]


def extract_stack(corrs: Array, m: int, method: str, psi: Array, *, steps: int = _STEPS) -> ExtractionStack:
    """Extract m factors from each of a stack of correlation matrices.

    Parameters
    ----------
    corrs : (b, p, p) array
    m : int
    method : {"minres", "ml", "paf"}
    psi : (b, p) or (p,) array
        Uniquenesses to begin with.
    steps : int
        Most Newton steps.

    Returns
    -------
    ExtractionStack
    """
    problem = _ML(corrs, m) if method == "ml" else _LeastSquares(corrs, m, bounded=method != "paf")
    x = problem.inward(np.array(np.broadcast_to(psi, corrs.shape[:2]), dtype=float))
    gradient, converged = _newton(problem, x, steps)
    loadings = problem.loadings(x)
    signs = np.where(loadings.sum(axis=1) < 0.0, -1.0, 1.0)
    every = np.arange(len(x))
    return ExtractionStack(
        loadings * signs[:, None, :], problem.outward(x), problem.values(x, every), gradient, converged
    )


def extraction_slopes(corr: Array, found: Extraction, method: str) -> Array | None:
    r"""Derivatives of unrotated loadings by each of the q correlations, up to a rotation, (q, p, m).

    With :math:`A = U_m f(\Lambda_m)` of a matrix M, a change dM moves the part of A outside its span by
    :math:`u_lu_l'dM\,u_k f_k/(\lambda_k-\lambda_l)` and the part inside by half of what M changes there; rotations
    inside the span are left out, as they change no rotated solution. How the uniquenesses follow comes from the second
    derivatives.

    Parameters
    ----------
    corr : (p, p) array
    found : Extraction
        Converged.
    method : {"minres", "ml", "paf"}

    Returns
    -------
    (q, p, m) array, or None
        In the order of ``numpy.triu_indices``; None where the minimum is flat.
    """
    p, m = found.loadings.shape
    likelihood = method == "ml"
    problem = _ML(corr[None], m) if likelihood else _LeastSquares(corr[None], m, bounded=False)
    psi = found.uniquenesses
    x = np.log(psi)[None] if likelihood else psi[None]
    hessian = problem.derivatives(x, np.arange(1))[2][0]
    values, vectors = (part[0] for part in problem.decompose(x, np.arange(1)))
    size = values[:m] - (1.0 if likelihood else 0.0)
    free = ~found.at_bound & (psi < 1.0)
    curvature = hessian[np.ix_(free, free)]
    if size.min() <= 0.0 or np.linalg.eigvalsh(curvature)[0] <= 1e-10 * np.abs(curvature).max():
        return None
    vectors = vectors.copy()
    vectors[:, :m] *= np.sign((vectors[:, :m] * found.loadings).sum(axis=0))
    root = np.sqrt(size)
    apart = np.ones((p, m)) * 0.5 / root  # inside the span
    apart[m:] = root / (values[None, :m] - values[m:, None])
    top, scale = vectors[:, :m], np.exp(-0.5 * x[0]) if likelihood else np.ones(p)
    loadings = top * root

    def moved(change: Array) -> Array:
        """Changes of ``loadings`` for changes U' dM U_m (..., p, m)."""
        return np.asarray(vectors @ (change * apart))

    first, second = np.triu_indices(p, k=1)
    weight = (scale[first] * scale[second])[:, None, None]
    by_corr = vectors[first][:, :, None] * top[second][:, None, :] + vectors[second][:, :, None] * top[first][:, None]
    shift = moved(weight * by_corr)
    pull = 2.0 * (shift * loadings).sum(axis=2)  # of the diagonal of the reproduced matrix
    follow = np.zeros((len(first), p))
    follow[:, free] = -np.linalg.solve(curvature, pull[:, free].T).T
    if likelihood:
        matrix = (vectors * values) @ vectors.T
        parts = [vectors.T @ (d[:, None] * matrix) @ top + vectors.T @ (matrix * d) @ top for d in follow]
        shift = shift - 0.5 * moved(np.array(parts)) + 0.5 * follow[:, :, None] * loadings
        return np.asarray(shift / scale[:, None])
    return shift - moved(np.einsum("il,qi,ik->qlk", vectors, follow, top, optimize=True))


def principal_axes(corr: Array, m: int, *, steps: int = _AXIS_STEPS, tolerance: float = 1e-8) -> Array:
    """Uniquenesses after iterated principal axes: eigenvectors of the reduced matrix, then its diagonal anew.

    Every step lowers the sum of squared residuals, so what Newton's method finds from here is the minimum that the
    axes were on the way to.

    Parameters
    ----------
    corr : (p, p) array
    m : int
    steps : int
    tolerance : float
        Largest change of a communality that counts as none. SPSS stops at .001 or after 25 steps, psych at a change of
        .001 in their sum or after 50.

    Returns
    -------
    (p,) array
    """
    h2 = _safe_smc(corr)
    reduced = np.array(corr, dtype=float)
    for _ in range(steps):
        np.fill_diagonal(reduced, h2)
        values, vectors = np.linalg.eigh(reduced)
        new = (vectors[:, -m:] ** 2 * np.maximum(values[-m:], 0.0)).sum(axis=1)
        done = np.abs(new - h2).max() < tolerance
        h2 = new
        if done:
            break
    return np.asarray(1.0 - h2)


class _LeastSquares:
    """Half the squared residuals as a function of the uniquenesses."""

    def __init__(self, corrs: Array, m: int, *, bounded: bool) -> None:
        self.corrs, self.m = corrs, m
        self.low, self.high = (BOUND, 1.0) if bounded else (-np.inf, np.inf)

    def inward(self, psi: Array) -> Array:
        return np.clip(psi, self.low, self.high)

    def outward(self, x: Array) -> Array:
        return x

    def _reduced(self, x: Array, rows: Any) -> Array:
        reduced = np.array(self.corrs[rows])
        p = reduced.shape[-1]
        reduced[:, range(p), range(p)] -= x
        return reduced

    def decompose(self, x: Array, rows: Any) -> tuple[Array, Array]:
        values, vectors = np.linalg.eigh(self._reduced(x, rows))
        return values[:, ::-1], vectors[:, :, ::-1]

    def values(self, x: Array, rows: Any) -> Array:
        return self._value(np.asarray(np.linalg.eigvalsh(self._reduced(x, rows))[:, ::-1]))

    def _value(self, values: Array) -> Array:
        return np.asarray(0.5 * (self._left(values) ** 2).sum(axis=1))

    def _left(self, values: Array) -> Array:
        """Eigenvalues that no factor takes; a negative one is taken by none."""
        left = values.copy()
        left[:, : self.m] = np.minimum(left[:, : self.m], 0.0)
        return left

    def derivatives(self, x: Array, rows: Any) -> tuple[Array, Array, Array]:
        values, vectors = self.decompose(x, rows)
        left, m = self._left(values), self.m
        gradient = -np.einsum("bik,bk->bi", vectors**2, left)
        rest, top = vectors[:, :, m:], vectors[:, :, :m]
        outer = rest @ rest.transpose(0, 2, 1)
        weights = 2.0 * _quotient(values[:, m:, None], values[:, m:, None] - values[:, None, :m])
        return self._value(values), gradient, outer**2 + _pairs(rest, top, weights)

    def loadings(self, x: Array) -> Array:
        values, vectors = self.decompose(x, np.arange(len(x)))
        return np.asarray(vectors[:, :, : self.m] * np.sqrt(np.maximum(values[:, None, : self.m], 0.0)))


class _ML:
    """The likelihood discrepancy as a function of the logarithms of the uniquenesses."""

    def __init__(self, corrs: Array, m: int) -> None:
        self.corrs, self.m = corrs, m
        self.low, self.high = float(np.log(BOUND)), 0.0

    def inward(self, psi: Array) -> Array:
        return np.log(np.clip(psi, BOUND, 1.0))

    def outward(self, x: Array) -> Array:
        return np.exp(x)

    def _scaled(self, x: Array, rows: Any) -> Array:
        scale = np.exp(-0.5 * x)
        return np.asarray(self.corrs[rows] * scale[:, :, None] * scale[:, None, :])

    def decompose(self, x: Array, rows: Any) -> tuple[Array, Array]:
        values, vectors = np.linalg.eigh(self._scaled(x, rows))
        return np.maximum(values[:, ::-1], 1e-12), vectors[:, :, ::-1]

    def values(self, x: Array, rows: Any) -> Array:
        return self._value(np.maximum(np.linalg.eigvalsh(self._scaled(x, rows))[:, ::-1], 1e-12))

    def _value(self, values: Array) -> Array:
        left = self._left(values)
        return np.asarray((left - np.log(left) - 1.0).sum(axis=1))

    def _left(self, values: Array) -> Array:
        """Eigenvalues that no factor takes, 1 in the place of those taken."""
        left = values.copy()
        left[:, : self.m] = np.minimum(left[:, : self.m], 1.0)
        return left

    def derivatives(self, x: Array, rows: Any) -> tuple[Array, Array, Array]:
        values, vectors = self.decompose(x, rows)
        left, m = self._left(values), self.m
        gradient = np.einsum("bik,bk->bi", vectors**2, 1.0 - left)
        rest, top = vectors[:, :, m:], vectors[:, :, :m]
        theta, others = values[:, m:, None], values[:, None, :m]
        weighted = (rest * values[:, None, m:]) @ rest.transpose(0, 2, 1)
        hessian = weighted * (rest @ rest.transpose(0, 2, 1))
        weights = _quotient((theta - 1.0) * (theta + others), theta - others)
        return self._value(values), gradient, hessian + _pairs(rest, top, weights)

    def loadings(self, x: Array) -> Array:
        values, vectors = self.decompose(x, np.arange(len(x)))
        size = np.sqrt(np.maximum(values[:, None, : self.m] - 1.0, 0.0))
        return np.asarray(vectors[:, :, : self.m] * size * np.exp(0.5 * x)[:, :, None])


_Problem = _LeastSquares | _ML


def _newton(problem: _Problem, x: Array, steps: int) -> tuple[Array, Mask]:
    """Newton's method inside the bounds for every row of x, in place; gives the gradients left and what converged."""
    rows = np.arange(len(x))
    left, converged = np.full(len(x), np.inf), np.zeros(len(x), dtype=bool)
    for _ in range(steps):
        value, gradient, hessian = problem.derivatives(x[rows], rows)
        fixed = _held(problem, x[rows], gradient)
        slope = np.where(fixed, 0.0, gradient)
        left[rows] = np.abs(slope).max(axis=1)
        done = left[rows] < _TOLERANCE
        converged[rows[done]] = True
        if done.all():
            return left, converged
        keep = ~done
        rows, value, slope, fixed = rows[keep], value[keep], slope[keep], fixed[keep]
        step = -_solved(hessian[keep], slope, fixed)
        moved = _line_search(problem, x, rows, step, value, slope)
        converged[rows[~moved]] = left[rows[~moved]] < 1e4 * _TOLERANCE
        rows = rows[moved]
        if not len(rows):
            break
    return left, converged


def _held(problem: _Problem, x: Array, gradient: Array) -> Mask:
    """Uniquenesses at a bound that would leave it."""
    return np.asarray(((x <= problem.low) & (gradient > 0.0)) | ((x >= problem.high) & (gradient < 0.0)))


def _solved(hessian: Array, slope: Array, fixed: Mask) -> Array:
    """Newton steps, with the eigenvalues of each Hessian taken positive; 0 for what is held."""
    free = ~fixed
    hessian = hessian * (free[:, :, None] & free[:, None, :])
    p = hessian.shape[-1]
    hessian[:, range(p), range(p)] += fixed
    try:
        np.linalg.cholesky(hessian - 1e-6 * hessian.max(axis=(1, 2))[:, None, None] * np.eye(p))
        return np.asarray(np.linalg.solve(hessian, slope[:, :, None])[:, :, 0] * free)
    except np.linalg.LinAlgError:
        pass
    values, vectors = np.linalg.eigh(hessian)
    size = np.maximum(np.abs(values), 1e-6 * np.abs(values).max(axis=1, keepdims=True))
    step = np.einsum("bik,bk->bi", vectors, np.einsum("bik,bi->bk", vectors, slope) / size)
    return np.asarray(step * free)


def _line_search(problem: _Problem, x: Array, rows: Any, step: Array, value: Array, slope: Array) -> Mask:
    """Halve each step until it lowers its value; moves x and tells which rows did."""
    reach = np.abs(step).max(axis=1)
    length = np.minimum(1.0, 2.0 / np.maximum(reach, 1e-300))
    waiting, moved = np.arange(len(rows)), np.zeros(len(rows), dtype=bool)
    begun = x[rows]
    for _ in range(40):
        trial = np.clip(begun[waiting] + length[waiting, None] * step[waiting], problem.low, problem.high)
        expected = (slope[waiting] * (trial - begun[waiting])).sum(axis=1)
        noise = 1e-14 * (1.0 + np.abs(value[waiting]))
        better = problem.values(trial, rows[waiting]) <= value[waiting] + 1e-4 * expected + noise
        better &= np.isfinite(trial).all(axis=1) & (np.abs(trial - begun[waiting]).max(axis=1) > 0.0)
        x[rows[waiting[better]]] = trial[better]
        moved[waiting[better]] = True
        waiting = waiting[~better]
        if not len(waiting):
            break
        length[waiting] *= 0.5
    return moved


def _pairs(rest: Array, top: Array, weights: Array) -> Array:
    """Sum over k, l of weights (b, k, l) times the outer square of the products of vectors k and l."""
    b, p = rest.shape[:2]
    products = (rest[:, :, :, None] * top[:, :, None, :]).reshape(b, p, -1)
    return np.asarray((products * weights.reshape(b, 1, -1)) @ products.transpose(0, 2, 1))


def _quotient(above: Array, below: Array) -> Array:
    """A quotient whose divisor, a gap between eigenvalues, is kept from 0; the gap is never positive."""
    return np.asarray(above / np.minimum(below, -1e-9))


def _safe_smc(corr: Array) -> Array:
    """Squared multiple correlations; where the matrix is singular, the largest correlation of each variable."""
    values = np.linalg.eigvalsh(corr)
    if values[0] > 1e-10:
        return squared_multiple_correlations(corr)
    sizes = np.abs(corr)
    np.fill_diagonal(sizes, 0.0)
    return np.asarray(sizes.max(axis=1))


def _chosen(found: ExtractionStack, which: int, method: str) -> Extraction:
    psi, value = found.uniquenesses[which], float(found.value[which])
    bound = psi <= (BOUND * (1.0 + 1e-9) if method != "paf" else 0.0)
    others: list[tuple[float, bool]] = []
    determined = True
    for j in np.argsort(found.value, kind="stable"):
        if not found.converged[j]:
            continue
        other = float(found.value[j])
        if abs(other - value) <= _SAME_VALUE:
            determined &= bool(np.abs(found.uniquenesses[j] - psi).max() < _SAME_PLACE)
        elif not others or other > others[-1][0] + _SAME_VALUE:
            others.append((other, bool((found.uniquenesses[j] > BOUND * (1.0 + 1e-9)).all())))
    return Extraction(
        loadings=found.loadings[which],
        uniquenesses=psi,
        value=value,
        gradient=float(found.gradient[which]),
        converged=bool(found.converged[which]),
        at_bound=bound,
        others=tuple(others),
        determined=determined,
    )
