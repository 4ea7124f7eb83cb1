r"""Total and hierarchical omega of an exploratory solution: oblique factors, a general factor above them.

Minimum-residual factors of a correlation matrix are rotated by oblimin; one factor is extracted from their correlations
and the whole is turned into a general and orthogonal group factors (Schmid & Leiman, 1957). NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from crmstudy.kernels.covariance.validity import schmid_leiman
from crmstudy.kernels.factors.extraction import (
    BOUND,
    Extraction,
    extract,
    extract_stack,
    usual_start,
)
from crmstudy.kernels.factors.rotation import RotationStack, nearest_orthogonal, random_orthogonal, rotate_stack, rule
from crmstudy.kernels.moments import Array

Places = np.ndarray[Any, np.dtype[np.intp]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
#: Rotations whose criteria differ by less have found the same minimum.
_SAME = 1e-6
_STARTS = 20


@dataclass(frozen=True)
class GroupFactors:
    """A general factor and m group factors, uncorrelated, of k standardised items.

    Attributes
    ----------
    general : (k,) array
        Loadings on the general factor, with a sum that is not negative.
    group : (k, m) array
        Loadings on the group factors, each with a sum that is not negative, those that explain most first.
    communalities : (k,) array
        Shares of variance that the factors explain; the rest is error.
    second_order : (m,) array
        Loadings of the oblique factors on the general one.
    factor_correlations : (m, m) array
        Of the oblique factors.
    improper : (k,) array of bool
        Items of whose variance the factors leave nothing.
    capped : bool
        A factor of the second order is the general factor itself.
    converged : bool
    unrotated, transformation : (k, m) and (m, m) arrays
        What was extracted and how it was rotated: where replicates start.
    uniquenesses, apart : (k,) and (m,) arrays
        Uniquenesses of the items, and of the oblique factors under the general one.
    other_minima : tuple of (criterion, omega_h)
        What other starts of the rotation led to, and how far above the lowest criterion.
    other_extraction : tuple of (sum of squares, omega_h), or None
        Residuals and omega_h of the factors that squared multiple correlations, the start of other programs, lead to,
        where these are others than the ones above.
    """

    general: Array
    group: Array
    communalities: Array
    second_order: Array
    factor_correlations: Array
    improper: Mask
    capped: bool
    converged: bool
    unrotated: Array
    transformation: Array
    uniquenesses: Array
    apart: Array
    other_minima: tuple[tuple[float, float], ...] = ()
    other_extraction: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Omegas of the sum of the items.

    ``omega_t`` and ``omega_h`` of all items and, by group factor (m,), of the items that load on it most: ``sizes``,
    ``total`` (general and own factor), ``by_general``, ``by_group`` (NaN for a factor without items of its own,
    and for one whose items cancel each other).
    ``ecv`` is the general factor's share of the common variance, ``puc`` the share of correlations that it alone
    explains.
    """

    omega_t: float
    omega_h: float
    ecv: float
    puc: float
    sizes: Places
    total: Array
    by_general: Array
    by_group: Array


def group_factors(corr: Array, m: int) -> GroupFactors:
    """Extract m factors from correlations of the items and put a general factor above them.

    Three factors or more identify the general one; of two its loadings are set equal, and a single factor is the
    general one itself, with nothing left for groups.

    Parameters
    ----------
    corr : (k, k) array
    m : int
        Number of group factors, at most :func:`~crmstudy.kernels.factors.extraction.most_factors`.
    """
    found = extract(corr, m, "minres")
    communalities = found.communalities
    improper = found.at_bound | (communalities >= 1.0)
    others: tuple[tuple[float, float], ...] = ()
    usual = _from_usual_start(corr, m, found) if m > 1 and found.others else None
    if m == 1:
        pattern, phi, t, turned = found.loadings, np.ones((1, 1)), np.eye(1), True
        second, apart, capped = np.ones(1), np.zeros(1), False
    else:
        (pattern, phi, t), rest, turned = _oblimin(found.loadings)
        second, apart, capped = second_order(phi)
        others = tuple((value, _general_share(corr, *solution)) for value, solution in rest)
    loadings = schmid_leiman(pattern, second, 1.0, np.diag(np.maximum(1.0 - second**2, 0.0)))
    general, group = loadings[:, 0], loadings[:, 1:]
    turn = -1.0 if general.sum() < 0.0 else 1.0
    signs = np.where(group.sum(axis=0) < 0.0, -1.0, 1.0)
    order = np.argsort(-(group**2).sum(axis=0), kind="stable")
    return GroupFactors(
        general=turn * general, group=(group * signs)[:, order] + 0.0, communalities=communalities,
        second_order=(turn * signs * second)[order], improper=improper, capped=capped,
        factor_correlations=(phi * np.outer(signs, signs))[np.ix_(order, order)],
        converged=found.converged and turned, unrotated=found.loadings, transformation=t,
        uniquenesses=found.uniquenesses, apart=apart, other_minima=others, other_extraction=usual,
    )  # fmt: skip


def hierarchy(corr: Array, found: GroupFactors) -> Hierarchy:
    r"""Omegas of group factors and what is above them.

    :math:`\omega_t = 1 - \sum_i u_i^2/1'R1`, :math:`\omega_h = (\sum_i\lambda_{ig})^2/1'R1` (McDonald, 1999; Zinbarg,
    Revelle, Yovel & Li, 2005), :math:`ECV = \sum\lambda_g^2/\sum\sum\lambda^2`.
    """
    whole, general, group = float(corr.sum()), found.general, found.group
    m = group.shape[1]
    own = np.abs(group).argmax(axis=1)
    sizes = np.bincount(own, minlength=m)
    total, by_general, by_group = np.full((3, m), np.nan)
    for j in range(m):
        items = own == j
        if items.any():
            variance = float(corr[np.ix_(items, items)].sum())
            if variance < 1e-10:  # items that cancel each other have a sum that does not vary
                continue
            by_general[j] = general[items].sum() ** 2 / variance
            by_group[j] = group[items, j].sum() ** 2 / variance
            total[j] = by_general[j] + by_group[j]
    k, squares = len(corr), float((general**2).sum())
    within = float((sizes * (sizes - 1)).sum())
    return Hierarchy(
        omega_t=1.0 - float((1.0 - found.communalities).sum()) / whole,
        omega_h=float(general.sum()) ** 2 / whole,
        ecv=squares / (squares + float((group**2).sum())),
        puc=1.0 - within / (k * (k - 1.0)) if m > 1 else 1.0,
        sizes=sizes, total=total, by_general=by_general, by_group=by_group,
    )  # fmt: skip


def omegas_of_stack(corrs: Array, found: GroupFactors) -> Array:
    """Total and hierarchical omega (b, 2) of a stack of correlation matrices near the one that ``found`` is of.

    Every matrix is extracted and rotated anew, starting where ``found`` ended; NaN where that does not converge.
    """
    m = len(found.second_order)
    taken = extract_stack(corrs, m, "minres", found.uniquenesses)
    whole = corrs.sum(axis=(1, 2))
    omega_t = 1.0 - (1.0 - (taken.loadings**2).sum(axis=2)).sum(axis=1) / whole
    if m == 1:
        sums, turned = taken.loadings.sum(axis=(1, 2)), taken.converged
    else:
        aligned = taken.loadings @ nearest_orthogonal(np.swapaxes(taken.loadings, 1, 2) @ found.unrotated)
        begin = np.broadcast_to(found.transformation, (len(corrs), m, m))
        stack = rotate_stack(aligned, rule("oblimin", m), begin)
        second, done = _second_orders(stack.factor_correlations, found.apart)
        sums = np.einsum("bkm,bm->b", stack.loadings, second)
        turned = taken.converged & stack.converged & done
    values = np.column_stack([np.where(taken.converged, omega_t, np.nan), np.where(turned, sums**2 / whole, np.nan)])
    return np.asarray(values)


def second_order(phi: Array) -> tuple[Array, Array, bool]:
    """Loadings (m,) of correlated factors on one above them, what it leaves of each, and whether one is at a bound."""
    if len(phi) == 2:
        size = float(np.sqrt(abs(phi[0, 1])))
        loadings = np.array([size, size if phi[0, 1] >= 0.0 else -size])
        return loadings, 1.0 - loadings**2, bool(size**2 >= 1.0 - BOUND)
    found = extract(phi, 1, "minres")
    return found.loadings[:, 0], found.uniquenesses, bool(found.at_bound.any())


def _second_orders(phis: Array, begin: Array) -> tuple[Array, Mask]:
    if phis.shape[1] == 2:
        r = phis[:, 0, 1]
        size = np.sqrt(np.abs(r))
        return np.column_stack([size, np.where(r >= 0.0, size, -size)]), np.ones(len(phis), dtype=bool)
    found = extract_stack(phis, 1, "minres", begin)
    return found.loadings[:, :, 0], found.converged


def _oblimin(loadings: Array) -> tuple[tuple[Array, Array, Array], list[tuple[float, tuple[Array, Array]]], bool]:
    """Pattern, factor correlations and transformation of the lowest criterion, and the first two of other minima.

    The rotation starts at the varimax solution and at random; the first start that reaches the lowest criterion counts.
    """
    k, m = loadings.shape
    simple = rotate_stack(loadings[None], rule("varimax", m), np.eye(m)[None])
    rng = np.random.default_rng(20260)
    begin = np.array([simple.transformation[0], *(random_orthogonal(m, rng) for _ in range(_STARTS - 1))])
    stack = rotate_stack(np.broadcast_to(loadings, (_STARTS, k, m)), rule("oblimin", m), begin)
    proper = stack.converged & (np.linalg.eigvalsh(stack.factor_correlations)[:, 0] > _SAME)
    if not proper.any():
        return (stack.loadings[0], stack.factor_correlations[0], stack.transformation[0]), [], False
    lowest = stack.value[proper].min()
    at = int(np.flatnonzero(proper & (stack.value <= lowest + _SAME))[0])
    best = (stack.loadings[at], stack.factor_correlations[at], stack.transformation[at])
    return best, _others(stack, proper, float(lowest)), True


def _from_usual_start(corr: Array, m: int, found: Extraction) -> tuple[float, float] | None:
    """Residuals and omega_h of the proper minimum that other programs find, where it is another one."""
    usual = extract_stack(corr[None], m, "minres", usual_start(corr))
    proper = usual.converged[0] and usual.uniquenesses[0].min() > BOUND * (1.0 + _SAME)
    if not proper or abs(usual.value[0] - found.value) <= _SAME:
        return None
    (pattern, phi, _), _, turned = _oblimin(usual.loadings[0])
    return (float(usual.value[0]), _general_share(corr, pattern, phi)) if turned else None


def _others(stack: RotationStack, proper: Mask, lowest: float) -> list[tuple[float, tuple[Array, Array]]]:
    """One solution for every other minimum, by its distance from the lowest."""
    found: list[tuple[float, tuple[Array, Array]]] = []
    for j in np.argsort(stack.value, kind="stable"):
        above = float(stack.value[j]) - lowest
        if proper[j] and above > _SAME and not any(abs(above - other) <= _SAME for other, _ in found):
            found.append((above, (stack.loadings[j], stack.factor_correlations[j])))
    return found


def _general_share(corr: Array, pattern: Array, phi: Array) -> float:
    return float((pattern @ second_order(phi)[0]).sum() ** 2 / corr.sum())
