r"""Split halves: the coefficient of one split, of all splits of a scale, and the best of them (lambda-4).

NumPy only. A split is a row of ±1, the half each item is in. The halves are as equal in size as they can be. With
:math:`s` a split and :math:`S` the covariance matrix, four times the covariance of the halves is
:math:`1'S1 - s'Ss`, so that one product gives a split's coefficient.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np

from crmstudy.kernels.moments import Array
from crmstudy.kernels.reliability.lower_bounds import Coefficient

Signs = np.ndarray[Any, np.dtype[np.int8]]

#: Scales of up to so many items have all their splits looked at: 92,378 of them for 19 or 20 items.
MOST_ITEMS = 20
_STARTS = 200


@dataclass(frozen=True, slots=True)
class HalfSplit:
    """One split: correlation of the halves and the reliabilities of the whole that follow from it."""

    correlation: float
    spearman_brown: float
    spearman_brown_unequal: float
    guttman: float


def count_splits(k: int) -> int:
    """How many splits of k items into halves there are (for an odd number into halves that differ by one item)."""
    return comb(k, k // 2) // (1 if k % 2 else 2)


def odd_even(k: int) -> Signs:
    """Items 1, 3, 5 ... against items 2, 4, 6 ..."""
    return np.where(np.arange(k) % 2 == 0, 1, -1).astype(np.int8)


def first_second(k: int) -> Signs:
    """The first half against the second; of an odd number of items the first half has one more."""
    return np.where(np.arange(k) < (k + 1) // 2, 1, -1).astype(np.int8)


def half_split(cov: Array, split: Signs) -> HalfSplit:
    r"""Reliability of the whole from two halves that correlate r, with k1 and k2 of the k items.

    Spearman-Brown :math:`2r/(1+r)`, for unequal lengths after Horst (1951)
    :math:`\frac{\sqrt{r^4 + 4r^2(1-r^2)k_1k_2/k^2} - r^2}{2(1-r^2)k_1k_2/k^2}`, and Guttman's (Flanagan's, Rulon's)
    :math:`4s_{12}/s_X^2`, which does not need halves of equal variance.
    """
    a, b = (split > 0).astype(float), (split < 0).astype(float)
    first, second, between = float(a @ cov @ a), float(b @ cov @ b), float(a @ cov @ b)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = float(np.clip(np.divide(between, np.sqrt(first * second)), -1.0, 1.0)) if first * second > 0 else np.nan
        stepped = 2.0 * r / (1.0 + r) if r > -1.0 else -np.inf
    share = float(a.sum() * b.sum()) / len(cov) ** 2
    whole = first + second + 2.0 * between
    return HalfSplit(r, stepped, _horst(r, share), 4.0 * between / whole)


def _horst(r: float, share: float) -> float:
    """Horst's formula; for halves of equal length, or against each other, Spearman-Brown."""
    if share == 0.25 or not 0.0 < r < 1.0:
        return 2.0 * r / (1.0 + r) if r > -1.0 else -np.inf
    part = (1.0 - r**2) * share
    return float((np.sqrt(r**4 + 4.0 * r**2 * part) - r**2) / (2.0 * part))


def guttman_of(split: Signs) -> Coefficient:
    """A split's Guttman coefficient as a function of a stack of covariance matrices."""
    s = split.astype(float)
    return lambda covs: np.asarray(1.0 - np.einsum("...ij,i,j->...", covs, s, s) / covs.sum(axis=(-2, -1)))


def stepped_up(split: Signs) -> Coefficient:
    """A split's Spearman-Brown coefficient as a function of a stack; NaN where a half does not vary."""
    a, b = (split > 0).astype(float), (split < 0).astype(float)

    def of(covs: Array) -> Array:
        first, second, between = (np.einsum("...ij,i,j->...", covs, x, y) for x, y in ((a, a), (b, b), (a, b)))
        with np.errstate(divide="ignore", invalid="ignore"):
            r = between / np.sqrt(first * second)
            return np.asarray(np.where(r > -1.0, 2.0 * r / (1.0 + r), np.nan))

    return of


def guttman_gradient(cov: Array, split: Signs) -> Array:
    """Gradient of a split's Guttman coefficient (see :mod:`crmstudy.kernels.reliability.lower_bounds`)."""
    s, total = split.astype(float), cov.sum()
    return np.asarray(float(s @ cov @ s) / total**2 - np.outer(s, s) / total)


def spearman_brown_gradient(cov: Array, split: Signs) -> Array:
    """Gradient of a split's Spearman-Brown coefficient; both halves vary."""
    a, b = (split > 0).astype(float), (split < 0).astype(float)
    first, second, between = float(a @ cov @ a), float(b @ cov @ b), float(a @ cov @ b)
    root = np.sqrt(first * second)
    r = between / root
    cross = np.outer(a, b)
    slope = (cross + cross.T) / (2.0 * root) - r * (np.outer(a, a) / first + np.outer(b, b) / second) / 2.0
    return np.asarray(2.0 / (1.0 + r) ** 2 * slope)


def split_coefficients(cov: Array, splits: Signs) -> Array:
    r"""Guttman's coefficient of every split, :math:`1 - s'Ss/1'S1`, shape (number of splits,)."""
    signs = splits.astype(np.float64)
    return np.asarray(1.0 - np.einsum("si,si->s", signs @ cov, signs) / cov.sum())


@lru_cache(maxsize=32)
def all_splits(k: int) -> Signs:
    """Every split of k items once, the first item in the half +1, shape (number, k); for k up to 20 or so."""
    codes = np.arange(2 ** (k - 1), dtype="<u4")
    bits = np.unpackbits(codes.view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")[:, : k - 1]
    first = 1 + bits.sum(axis=1, dtype=np.int64)
    kept = bits[(first == k // 2) | (first == (k + 1) // 2)].astype(np.int8)
    found = np.concatenate([np.ones((len(kept), 1), dtype=np.int8), 2 * kept - 1], axis=1)
    found.flags.writeable = False
    return found


def random_splits(k: int, number: int, rng: np.random.Generator) -> Signs:
    """Splits drawn at random, each as likely as any other, shape (number, k)."""
    return np.asarray(rng.permuted(np.tile(first_second(k), (number, 1)), axis=1), dtype=np.int8)


def best_split(cov: Array, rng: np.random.Generator, starts: int = _STARTS) -> Signs:
    """The split with the largest coefficient that exchanges of two items find from random starts, shape (k,).

    Every start is improved by the best exchange between its halves until none helps; the best of all is a lower bound
    of lambda-4, and lambda-4 itself as a rule.
    """
    k = len(cov)
    at = random_splits(k, starts, rng).astype(np.float64)
    deviations, vectors = np.linalg.eigh(cov)
    order = np.argsort(np.argsort(vectors[:, np.argsort(deviations)], axis=0), axis=0)
    at = np.concatenate([at, np.where(order < (k + 1) // 2, 1.0, -1.0).T])  # halves along every principal axis
    if k % 2 == 0:
        half = k // 2
        at = at[np.abs((at > 0).sum(axis=1) - half) == 0]
    diagonal = np.diagonal(cov)
    running = np.arange(len(at))
    while len(running):
        s = at[running]
        single = diagonal - s * (s @ cov)  # a quarter of what moving one item alone changes
        change = single[:, :, None] + single[:, None, :] + 2.0 * s[:, :, None] * s[:, None, :] * cov
        change[s[:, :, None] * s[:, None, :] > 0] = np.inf
        flat = change.reshape(len(s), -1)
        chosen = flat.argmin(axis=1)
        better = flat[np.arange(len(s)), chosen] < -1e-12 * cov.sum()
        running, chosen = running[better], chosen[better]
        at[running, chosen // k] *= -1.0
        at[running, chosen % k] *= -1.0
    values = split_coefficients(cov, at.astype(np.int8))
    return np.asarray(at[values.argmax()], dtype=np.int8)
