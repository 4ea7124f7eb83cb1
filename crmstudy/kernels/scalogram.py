r"""Scalograms of yes-no items: errors against a perfect order, reproducibility, and Loevinger's H with standard errors.

``answers`` is (n, k) of 0 and 1, complete, and no column is constant; ``order`` lists the columns from the easiest to
the hardest. In a perfect scale whoever has a hard item has every easier one (Guttman, 1944).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from crmstudy.kernels.moments import Array

Order = NDArray[np.intp]
#: How errors are counted: against the pattern of the same total, by the best cut of each item, by the nearest pattern.
CRITERIA = ("goodenough_edwards", "cornell", "minimal")


def popularity_order(answers: Array) -> Order:
    """Columns from the most to the least common; equally common ones keep the order they come in."""
    return np.argsort(-answers.sum(axis=0), kind="stable")


def errors(answers: Array, order: Order, criterion: str) -> Array:
    """Errors of every answer, (n, k) of 0 and 1, in the columns' own order.

    ``goodenough_edwards``: a person with s items is expected to have the s easiest ones (Edwards, 1957). ``minimal``:
    the perfect pattern that is nearest to the person's own, of any total; the smallest total of several that are
    equally near. ``cornell``: each item is expected of everybody from the total on that leaves the fewest errors
    (Guttman, 1947); persons with one total are never parted, and the lowest of several best totals counts. The cuts
    do not depend on ``order``.

    Raises
    ------
    ValueError
        For a criterion that does not exist.
    """
    sorted_answers = answers[:, order]
    n, k = answers.shape
    ideal = np.tril(np.ones((k + 1, k)), -1)  # row s has the s easiest items
    if criterion == "goodenough_edwards":
        expected = ideal[sorted_answers.sum(axis=1).astype(int)]
    elif criterion == "minimal":
        away = np.abs(sorted_answers[:, None, :] - ideal[None, :, :]).sum(axis=2)
        expected = ideal[away.argmin(axis=1)]
    elif criterion == "cornell":
        total = sorted_answers.sum(axis=1)
        above = total[:, None] >= np.arange(k + 2)[None, :]  # (n, cuts): expected to have it
        wrong = (above[:, :, None] != (sorted_answers[:, None, :] > 0)).sum(axis=0)
        expected = above[:, wrong.argmin(axis=0)].astype(np.float64)
    else:
        raise ValueError(f"Errors are counted as one of {', '.join(CRITERIA)}, not {criterion!r}.")
    found = np.empty((n, k))
    found[:, order] = np.abs(sorted_answers - expected)
    return found


@dataclass(frozen=True, slots=True)
class Reproducibility:
    """How well totals give back the answers.

    ``reproducibility`` is the share of answers without an error, ``minimal`` what the most common answer of each item
    alone would reproduce, ``improvement`` the difference, ``scalability`` the difference over what was left to gain;
    ``menzel`` also takes into account what each person's most common answer would reproduce (Menzel, 1953).
    """

    errors: float
    reproducibility: float
    minimal: float
    improvement: float
    scalability: float
    menzel: float


def reproducibility(answers: Array, wrong: Array) -> Reproducibility:
    """Coefficients from answers and their errors, both (n, k); ``menzel`` is NaN where no error is possible."""
    n, k = answers.shape
    total, cells = float(wrong.sum()), n * k
    by_item = float(np.minimum(answers.sum(axis=0), n - answers.sum(axis=0)).sum())
    by_person = float(np.minimum(answers.sum(axis=1), k - answers.sum(axis=1)).sum())
    most = min(by_item, by_person)
    return Reproducibility(
        total,
        1.0 - total / cells,
        1.0 - by_item / cells,
        (by_item - total) / cells,
        1.0 - total / by_item,
        1.0 - total / most if most > 0 else float("nan"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Scalability:
    """Loevinger's coefficients with their standard errors.

    ``pairs`` are the (i, j), i < j; ``h_pairs``/``se_pairs`` belong to them, ``h_items``/``se_items`` to the columns.
    """

    pairs: tuple[tuple[int, int], ...]
    h_pairs: Array
    se_pairs: Array
    h_items: Array
    se_items: Array
    h: float
    se: float


def loevinger(answers: Array) -> Scalability:
    r"""Loevinger's H of pairs, items and the scale, as Mokken (1971) uses them.

    :math:`H_{ij}=\operatorname{cov}_{ij}/\operatorname{cov}^{max}_{ij}` with
    :math:`\operatorname{cov}^{max}_{ij}=\min(p_i,p_j)-p_ip_j`; :math:`H_i` and H are quotients of sums of these. The
    standard errors are those of the delta method for a multinomial sample of patterns (Kuijpers, van der Ark & Croon,
    2013), written as root mean squares of each row's influence; the order of two equally common items is taken as it
    comes.

    Parameters
    ----------
    answers : array of shape (n, k), k >= 2
    """
    k = answers.shape[1]
    p = answers.mean(axis=0)
    pairs = tuple(combinations(range(k), 2))
    first, second = (np.array([pair[side] for pair in pairs], dtype=np.intp) for side in (0, 1))
    harder = np.where(p[first] < p[second], first, second)
    joint = answers[:, first] * answers[:, second]
    product = p[first] * p[second]
    away = answers - p
    moved = away[:, first] * p[second] + away[:, second] * p[first]  # of the product of the two shares
    observed, largest = joint.mean(axis=0) - product, p[harder] - product
    of_observed = joint - joint.mean(axis=0) - moved
    of_largest = away[:, harder] - moved
    own = np.zeros((len(pairs), k))
    own[np.arange(len(pairs)), first] = own[np.arange(len(pairs)), second] = 1.0
    h_pairs, se_pairs = _quotients(observed, largest, of_observed, of_largest, np.eye(len(pairs)))
    h_items, se_items = _quotients(observed, largest, of_observed, of_largest, own)
    h, se = _quotients(observed, largest, of_observed, of_largest, np.ones((len(pairs), 1)))
    return Scalability(pairs, h_pairs, se_pairs, h_items, se_items, float(h[0]), float(se[0]))


def _quotients(
    observed: Array, largest: Array, of_observed: Array, of_largest: Array, sums: Array
) -> tuple[Array, Array]:
    """Quotients of sums of covariances, and their standard errors from the influence of every row."""
    top, bottom = observed @ sums, largest @ sums
    h = top / bottom
    influence = (of_observed @ sums - h * (of_largest @ sums)) / bottom
    return h, np.sqrt((influence**2).mean(axis=0) / len(influence))
