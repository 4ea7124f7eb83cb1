r"""Rotation of factor loadings by gradient projection, orthogonal and oblique, for many starts or replicates at once.

For unrotated loadings A and a matrix T whose columns have length 1, the pattern is :math:`L = A(T^{-1})'` and the
factor correlations are :math:`\Phi = T'T`; an orthogonal rotation has :math:`T'T = I`, so :math:`L = AT`. A criterion
Q(L) is lowered along its gradient projected on the matrices of that kind (Jennrich, 2001, 2002), with the step lengths
of Barzilai and Borwein (1988) and a search that lets no step end above the last few values. The iteration ends when
the projected gradient is negligible. NumPy only; everything works on stacks (b, p, m).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from crmstudy.kernels.moments import Array

#: A criterion: values (b,) and gradients (b, p, m) of loadings (b, p, m).
Criterion = Callable[[Array], tuple[Array, Array]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

ORTHOGONAL = ("varimax", "quartimax", "equamax", "bifactor", "geomin_orthogonal", "target_orthogonal")
OBLIQUE = ("oblimin", "quartimin", "promax", "geomin", "bifactor_oblique", "target")
ROTATIONS = (*ORTHOGONAL, *OBLIQUE, "none")
_STEPS = 3000
_MEMORY = 5
_HALVINGS = 25
_DIFFERENCE = 1e-4
#: Projected gradients below this are 0: the criteria are sums of squares of about 1, and a loading moves by less.
TOLERANCE = 1e-9
#: Starts whose criterion differs by less have found the same minimum.
_SAME = 1e-7
#: A solution whose factor correlations have a smaller eigenvalue has lost a factor.
_COLLAPSED = 1e-6


@dataclass(frozen=True)
class Rule:
    """How to rotate.

    ``kaiser`` divides the rows by the roots of their communalities while rotating. ``power`` is that of promax, whose
    target is made of loadings divided so too where ``kaiser_target`` says so. ``placed`` columns have a place of their
    own: the general factor of a bifactor rotation, every factor of a target. ``signed`` ones have a sign of their own:
    factors whose target has a loading other than 0.
    """

    name: str
    criterion: Criterion
    oblique: bool
    kaiser: bool = False
    power: float | None = None
    kaiser_target: bool = False
    placed: tuple[int, ...] = ()
    signed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Rotation:
    """A rotated solution.

    ``transformation`` is T; ``value`` the criterion, ``gradient`` the length of its projected gradient; ``minima`` the
    different criterion values that the starts ended with, lowest first, and ``found`` how many starts found each;
    ``failed`` counts the starts that did not converge or lost a factor.
    """

    loadings: Array
    factor_correlations: Array
    transformation: Array
    value: float
    gradient: float
    converged: bool
    starts: int
    minima: tuple[float, ...]
    found: tuple[int, ...]
    failed: int


@dataclass(frozen=True)
class RotationStack:
    """Rotated loadings (b, p, m), factor correlations and T (b, m, m), criterion, gradient and converged (b,)."""

    loadings: Array
    factor_correlations: Array
    transformation: Array
    value: Array
    gradient: Array
    converged: Mask


def rule(
    name: str,
    m: int,
    *,
    kaiser: bool | None = None,
    gamma: float = 0.0,
    epsilon: float = 0.01,
    power: float = 4.0,
    kaiser_target: bool = False,
    target: Array | None = None,
) -> Rule:
    r"""The rule of a named rotation.

    Parameters
    ----------
    name : str
        One of :data:`ROTATIONS` but ``none``.
    m : int
        Number of factors.
    kaiser : bool, optional
        Kaiser normalisation; when left out, as the field does: for varimax, equamax and promax only.
    gamma : float
        Of oblimin: 0 is quartimin (direct oblimin with delta 0), negative values make factors less correlated.
    epsilon : float
        Of geomin.
    power : float
        Of promax.
    kaiser_target : bool
        Whether the target of promax is made of normalised loadings, as in SPSS.
    target : (p, m) array, optional
        Loadings wanted; NaN is free.

    Notes
    -----
    With :math:`N` a matrix of ones off its diagonal, and squares and products taken element by element:
    varimax and its family, :math:`-\frac14\sum_j[\sum_i\lambda_{ij}^4 - \frac{w}{p}(\sum_i\lambda_{ij}^2)^2]` with
    w = 1 (varimax), 0 (quartimax), m/2 (equamax) (Kaiser, 1958; Crawford & Ferguson, 1970); oblimin,
    :math:`\frac14\langle L^2, (I - \frac{\gamma}{p}11')L^2N\rangle` (Jennrich & Sampson, 1966); geomin,
    :math:`\sum_i\prod_j(\lambda_{ij}^2+\epsilon)^{1/m}` (Yates, 1987); bifactor, quartimin of all factors but the first
    (Jennrich & Bentler, 2011, 2012); target, the sum of squared differences from the loadings wanted (Browne, 2001).
    """
    oblique = name in OBLIQUE
    if name in ("varimax", "quartimax", "equamax", "promax"):
        weight = {"varimax": 1.0, "promax": 1.0, "quartimax": 0.0, "equamax": m / 2.0}[name]
        normal = name != "quartimax" if kaiser is None else kaiser
        return Rule(
            name, _orthomax(weight), oblique, normal, power if name == "promax" else None, kaiser_target=kaiser_target
        )
    normal = bool(kaiser)
    if name in ("oblimin", "quartimin"):
        return Rule(name, _oblimin(gamma if name == "oblimin" else 0.0, m), True, normal)
    if name.startswith("geomin"):
        return Rule(name, _geomin(epsilon), oblique, normal)
    if name.startswith("bifactor"):
        return Rule(name, _bifactor(m), oblique, normal, placed=(0,))
    if name.startswith("target") and target is not None:
        given = tuple(j for j in range(m) if np.nan_to_num(target[:, j]).any())
        return Rule(name, _target(target), oblique, normal, placed=tuple(range(m)), signed=given)
    raise ValueError(f"a rotation is one of {', '.join(ROTATIONS[:-1])} (target with its loadings), not {name!r}")


def rotate(
    loadings: Array,
    how: Rule,
    *,
    starts: int = 30,
    rng: np.random.Generator | None = None,
    tolerance: float = TOLERANCE,
) -> Rotation:
    """Rotate to the lowest criterion that any start leads to.

    Parameters
    ----------
    loadings : (p, m) array
        Unrotated, m > 1.
    how : Rule
    starts : int
        The first is the unrotated solution, the others random orthogonal matrices.
    rng : numpy.random.Generator, optional
        A fixed one when left out.
    tolerance : float
        Of the projected gradient.

    Returns
    -------
    Rotation
        Columns as :func:`arranged` leaves them.
    """
    m = loadings.shape[1]
    random = np.random.default_rng(20260) if rng is None else rng
    begin = np.array([np.eye(m), *(random_orthogonal(m, random) for _ in range(starts - 1))])
    stack = rotate_stack(np.broadcast_to(loadings, (starts, *loadings.shape)), how, begin, tolerance=tolerance)
    proper = stack.converged & (np.linalg.eigvalsh(stack.factor_correlations)[:, 0] > _COLLAPSED)
    ranked = np.where(proper, stack.value, np.inf) if proper.any() else stack.value
    values, counts = _distinct(stack.value[proper])
    # the first of the starts that reached the minimum, so that rounding does not choose among equals
    best = int(np.flatnonzero(ranked <= ranked.min() + _SAME * (1.0 + abs(ranked.min())))[0])
    chosen = Rotation(
        loadings=stack.loadings[best],
        factor_correlations=stack.factor_correlations[best],
        transformation=stack.transformation[best],
        value=float(stack.value[best]),
        gradient=float(stack.gradient[best]),
        converged=bool(proper[best]),
        starts=starts,
        minima=values,
        found=counts,
        failed=int((~proper).sum()),
    )
    return arranged(chosen, how)


def rotate_stack(
    loadings: Array, how: Rule, begin: Array, *, steps: int = _STEPS, tolerance: float = TOLERANCE
) -> RotationStack:
    """Rotate each of a stack of loadings from a start of its own.

    Parameters
    ----------
    loadings : (b, p, m) array
    how : Rule
    begin : (b, m, m) array
        Transformations T to begin with; orthogonal ones for an orthogonal rotation and for promax.
    steps : int
    tolerance : float

    Returns
    -------
    RotationStack
        Columns in the order and with the signs that the iteration left.
    """
    weights = _weights(loadings, how)
    scaled = loadings / weights
    t, value, gradient, converged = _descend(scaled, begin, how.criterion, _on_sphere(how), steps, tolerance)
    return RotationStack(*_finished(loadings, t, how), value, gradient, converged)


def rotation_slopes(loadings: Array, changes: Array, found: Rotation, how: Rule) -> tuple[Array, Array] | None:
    """How a rotated solution moves when the unrotated loadings do (implicit function theorem).

    Parameters
    ----------
    loadings : (p, m) array
        Unrotated.
    changes : (q, p, m) array
        Directions in which they move.
    found : Rotation
        Their rotation, converged.
    how : Rule

    Returns
    -------
    (q, p, m) and (q, m, m) arrays, or None
        Derivatives of the rotated loadings and of the factor correlations; None where the minimum is flat, so that the
        solution is no function of the loadings.
    """
    a, t, q = loadings[None], found.transformation[None], len(changes)
    sphere = _on_sphere(how)
    if how.power is not None:  # the iteration of promax is that of varimax
        t = _descend(a / _weights(a, how), nearest_orthogonal(t), how.criterion, False, _STEPS, TOLERANCE)[0]
    frame = _frame(t[0], sphere)

    def equations(moved: Array, at: Array) -> Array:
        slope = _slope(moved / _weights(moved, how), at, how.criterion, sphere)[1]
        if sphere:
            return np.asarray(np.einsum("bij,kij->bk", _project(at, slope, True), frame))
        return np.asarray(np.einsum("bij,bin,knj->bk", slope, at, frame, optimize=True))

    def turned(x: Array) -> Array:
        step = np.einsum("bk,kij->bij", x, frame)
        return _retract(t + (step if sphere else t @ step), sphere)

    size = len(frame)
    away = _DIFFERENCE * np.eye(size)
    whole = np.broadcast_to(a, (size, *loadings.shape))
    curvature = (equations(whole, turned(away)) - equations(whole, turned(-away))).T / (2.0 * _DIFFERENCE)
    singular = np.linalg.svd(curvature, compute_uv=False)
    if not singular[-1] > 1e-8 * singular[0]:
        return None
    ahead, behind = a + _DIFFERENCE * changes, a - _DIFFERENCE * changes
    here = np.broadcast_to(t, (q, *t.shape[1:]))
    force = (equations(ahead, here) - equations(behind, here)) / (2.0 * _DIFFERENCE)
    x = np.asarray(-_DIFFERENCE * np.linalg.solve(curvature, force.T).T, dtype=np.float64)
    one, other = _finished(ahead, turned(x), how), _finished(behind, turned(-x), how)
    return (one[0] - other[0]) / (2.0 * _DIFFERENCE), (one[1] - other[1]) / (2.0 * _DIFFERENCE)


def _frame(t: Array, sphere: bool) -> Array:
    """Directions in which T can move, (k, m, m): each column across itself, or a turn of two of them."""
    m = len(t)
    if not sphere:
        rows, columns = np.triu_indices(m, k=1)
        turns = np.zeros((len(rows), m, m))
        turns[range(len(rows)), rows, columns], turns[range(len(rows)), columns, rows] = 1.0, -1.0
        return turns
    directions = np.zeros((m * (m - 1), m, m))
    for j in range(m):
        across = np.linalg.svd(t[:, j : j + 1])[0][:, 1:]
        directions[j * (m - 1) : (j + 1) * (m - 1), :, j] = across.T
    return directions


def _weights(loadings: Array, how: Rule) -> Array:
    """What rows are divided by while rotating, (b, p, 1)."""
    if not how.kaiser:
        return np.ones(1)
    weights = np.sqrt((loadings**2).sum(axis=2, keepdims=True))
    return np.where(weights > 0.0, weights, 1.0)


def _on_sphere(how: Rule) -> bool:
    """Whether the columns of T move on spheres of their own; else T stays orthogonal."""
    return how.oblique and how.power is None


def _finished(loadings: Array, t: Array, how: Rule) -> tuple[Array, Array, Array]:
    """Pattern, factor correlations and T from the unrotated loadings and what the iteration gave."""
    if how.power is not None:
        t = _promax(loadings @ t, t, how.power, kaiser_target=how.kaiser_target)
    if not how.oblique:
        return loadings @ t, np.array(np.broadcast_to(np.eye(t.shape[1]), t.shape)), t
    return loadings @ np.linalg.inv(t).transpose(0, 2, 1), t.transpose(0, 2, 1) @ t, t


def arranged(found: Rotation, how: Rule) -> Rotation:
    r"""Factors with positive sums of loadings, those that explain most first, where the rule leaves that open.

    What a factor explains is its diagonal element of :math:`\Phi L'L`.
    """
    m = found.loadings.shape[1]
    signs = np.where(found.loadings.sum(axis=0) < 0.0, -1.0, 1.0)
    signs[list(how.signed)] = 1.0
    explained = np.diag(found.factor_correlations @ found.loadings.T @ found.loadings)
    free = [j for j in np.argsort(-explained, kind="stable").tolist() if j not in how.placed]
    order = np.array([j if j in how.placed else free.pop(0) for j in range(m)])
    phi = found.factor_correlations * np.outer(signs, signs)
    return replace(
        found,
        loadings=(found.loadings * signs)[:, order],
        factor_correlations=phi[np.ix_(order, order)],
        transformation=(found.transformation * signs)[:, order],
    )


def random_orthogonal(m: int, rng: np.random.Generator) -> Array:
    """A random orthogonal matrix, uniform over all of them."""
    q, r = np.linalg.qr(rng.standard_normal((m, m)))
    return np.asarray(q * np.sign(np.diag(r)))


def congruence(one: Array, other: Array) -> Array:
    """Tucker's congruence of the columns of one (..., p, m) with those of other (..., p, k), shape (..., m, k)."""
    products = np.swapaxes(one, -1, -2) @ other
    lengths = np.sqrt((one**2).sum(axis=-2))[..., :, None] * np.sqrt((other**2).sum(axis=-2))[..., None, :]
    return np.asarray(np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0.0))


def matched(stack: RotationStack, reference: Array) -> RotationStack:
    """Each replicate with its factors in the order and with the signs that agree best with reference loadings.

    The order maximises the sum of the sizes of Tucker's congruences with the columns of ``reference`` (p, m).
    """
    from scipy.optimize import linear_sum_assignment

    alike = congruence(np.broadcast_to(reference, stack.loadings.shape), stack.loadings)
    order = np.array([linear_sum_assignment(-np.abs(table))[1] for table in alike])
    signs = np.sign(np.take_along_axis(alike, order[:, :, None], axis=2)[:, :, 0])
    signs = np.where(signs == 0.0, 1.0, signs)
    loadings = np.take_along_axis(stack.loadings, order[:, None, :], axis=2) * signs[:, None, :]
    phi = np.take_along_axis(stack.factor_correlations, order[:, :, None], axis=1)
    phi = np.take_along_axis(phi, order[:, None, :], axis=2) * signs[:, :, None] * signs[:, None, :]
    t = np.take_along_axis(stack.transformation, order[:, None, :], axis=2) * signs[:, None, :]
    return replace(stack, loadings=loadings, factor_correlations=phi, transformation=t)


def nearest_orthogonal(matrices: Array) -> Array:
    """The orthogonal matrix nearest to each of a stack (b, m, m), U V' of its singular value decomposition."""
    left, _, right = np.linalg.svd(matrices)
    return np.asarray(left @ right)


def _descend(
    a: Array, t: Array, criterion: Criterion, oblique: bool, steps: int, tolerance: float
) -> tuple[Array, Array, Array, Mask]:
    """Lower the criterion from t for every member of a stack: T, values, lengths of the gradients, what converged."""
    t = np.array(t)
    value, slope = _slope(a, t, criterion, oblique)
    projected = _project(t, slope, oblique)
    length = np.sqrt((projected**2).sum(axis=(1, 2)))
    recent = np.repeat(value[:, None], _MEMORY, axis=1)
    alpha = 1.0 / np.maximum(length, 1.0)
    active = np.flatnonzero(length >= tolerance)
    for step in range(steps):
        if not len(active):
            break
        moved, new = _search(a, t, projected, recent, alpha, length, active, criterion, oblique)
        if not len(moved):
            break
        value[moved], slope = _slope(a[moved], new, criterion, oblique)
        before, shift = projected[moved], new - t[moved]
        t[moved] = new
        projected[moved] = _project(new, slope, oblique)
        turn = projected[moved] - before
        length[moved] = np.sqrt((projected[moved] ** 2).sum(axis=(1, 2)))
        recent[moved, step % _MEMORY] = value[moved]
        alpha[moved] = _barzilai_borwein(shift, turn, odd=bool(step % 2))
        active = moved[length[moved] >= tolerance]
    return t, value, length, np.asarray(length < max(tolerance, 1e-6))


def _search(
    a: Array, t: Array, projected: Array, recent: Array, alpha: Array, length: Array, active: Any,
    criterion: Criterion, oblique: bool,
) -> tuple[Any, Array]:  # fmt: skip
    """A step for each active member that ends below the highest of its recent values: which moved, and where to."""
    highest = recent[active].max(axis=1)
    waiting, places = np.arange(len(active)), t[active]
    moved = np.zeros(len(active), dtype=bool)
    size = alpha[active].copy()
    for _ in range(_HALVINGS):
        rows = active[waiting]
        trial = _retract(t[rows] - size[waiting, None, None] * projected[rows], oblique)
        found = criterion(_pattern(a[rows], trial, oblique))[0]
        limit = highest[waiting] - 1e-4 * size[waiting] * length[rows] ** 2 + 1e-15 * (1.0 + np.abs(highest[waiting]))
        better = found <= limit
        places[waiting[better]] = trial[better]
        moved[waiting[better]] = True
        waiting = waiting[~better]
        if not len(waiting):
            break
        size[waiting] *= 0.4
    return active[moved], places[moved]


def _barzilai_borwein(shift: Array, turn: Array, *, odd: bool) -> Array:
    """The next step length of each member, from how its gradient turned over the last step."""
    crossed = np.abs((shift * turn).sum(axis=(1, 2)))
    above = (shift**2).sum(axis=(1, 2)) if odd else crossed
    below = crossed if odd else (turn**2).sum(axis=(1, 2))
    return np.asarray(np.clip(np.divide(above, below, out=np.ones_like(above), where=below > 0.0), 1e-6, 1e6))


def _pattern(a: Array, t: Array, oblique: bool) -> Array:
    return np.asarray(a @ np.linalg.inv(t).transpose(0, 2, 1) if oblique else a @ t)


def _slope(a: Array, t: Array, criterion: Criterion, oblique: bool) -> tuple[Array, Array]:
    """The criterion and its gradient by T."""
    if not oblique:
        value, by_loadings = criterion(a @ t)
        return value, a.transpose(0, 2, 1) @ by_loadings
    inverse = np.linalg.inv(t)
    pattern = a @ inverse.transpose(0, 2, 1)
    value, by_loadings = criterion(pattern)
    return value, -(pattern.transpose(0, 2, 1) @ by_loadings @ inverse).transpose(0, 2, 1)


def _project(t: Array, slope: Array, oblique: bool) -> Array:
    """The part of a gradient along which columns keep length 1, or T stays orthogonal."""
    if oblique:
        return np.asarray(slope - t * (t * slope).sum(axis=1, keepdims=True))
    inner = t.transpose(0, 2, 1) @ slope
    return np.asarray(slope - t @ ((inner + inner.transpose(0, 2, 1)) / 2.0))


def _retract(t: Array, oblique: bool) -> Array:
    if oblique:
        return np.asarray(t / np.sqrt((t**2).sum(axis=1, keepdims=True)))
    return nearest_orthogonal(t)


def _promax(x: Array, t: Array, power: float, *, kaiser_target: bool) -> Array:
    """T of promax: least squares of the loadings on their own powers (Hendrickson & White, 1964).

    ``x`` holds the loadings after varimax. The powers are those of the loadings themselves, or of loadings over the
    roots of their communalities.
    """
    size = np.sqrt((x**2).sum(axis=2, keepdims=True))
    base = np.divide(x, size, out=np.zeros_like(x), where=size > 0.0) if kaiser_target else x
    wanted = base * np.abs(base) ** (power - 1.0)
    u = np.linalg.solve(x.transpose(0, 2, 1) @ x, x.transpose(0, 2, 1) @ wanted)
    u = u * np.sqrt(np.diagonal(np.linalg.inv(u.transpose(0, 2, 1) @ u), axis1=1, axis2=2))[:, None, :]
    return np.asarray(np.linalg.inv((t @ u).transpose(0, 2, 1)))


def _orthomax(weight: float) -> Criterion:
    def criterion(loadings: Array) -> tuple[Array, Array]:
        squares = loadings**2
        centred = squares - weight * squares.mean(axis=1, keepdims=True)
        return -(squares * centred).sum(axis=(1, 2)) / 4.0, -loadings * centred

    return criterion


def _oblimin(gamma: float, m: int) -> Criterion:
    others = 1.0 - np.eye(m)

    def criterion(loadings: Array) -> tuple[Array, Array]:
        squares = loadings**2
        crossed = squares @ others
        crossed = crossed - gamma * crossed.mean(axis=1, keepdims=True) if gamma else crossed
        return (squares * crossed).sum(axis=(1, 2)) / 4.0, loadings * crossed

    return criterion


def _geomin(epsilon: float) -> Criterion:
    def criterion(loadings: Array) -> tuple[Array, Array]:
        raised = loadings**2 + epsilon
        m = loadings.shape[2]
        product = np.exp(np.log(raised).sum(axis=2, keepdims=True) / m)
        return product.sum(axis=(1, 2)), (2.0 / m) * loadings / raised * product

    return criterion


def _bifactor(m: int) -> Criterion:
    others = 1.0 - np.eye(m)
    others[0] = others[:, 0] = 0.0

    def criterion(loadings: Array) -> tuple[Array, Array]:
        squares = loadings**2
        crossed = squares @ others
        return (squares * crossed).sum(axis=(1, 2)) / 4.0, loadings * crossed

    return criterion


def _target(target: Array) -> Criterion:
    given = ~np.isnan(target)
    wanted = np.where(given, target, 0.0)

    def criterion(loadings: Array) -> tuple[Array, Array]:
        away = (loadings - wanted) * given
        return (away**2).sum(axis=(1, 2)), 2.0 * away

    return criterion


def _distinct(values: Array) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Values that differ by more than rounding, lowest first, and how often each stands there."""
    kept: list[float] = []
    counts: list[int] = []
    for value in np.sort(values):
        if kept and value - kept[-1] <= _SAME * (1.0 + abs(kept[-1])):
            counts[-1] += 1
        else:
            kept.append(float(value))
            counts.append(1)
    return tuple(kept), tuple(counts)
