r"""Products of indicators for latent interactions, from rows and from moments.

A product indicator is :math:`p = ab` of one indicator of each factor, made comparable by centring. Whatever the method,
the centred product is the plain one minus a combination of the indicators that depends on moments alone:

.. math:: p^* = ab - \beta_0 - \sum_k \beta_k v_k,

with :math:`\beta_a = \bar b, \beta_b = \bar a` for mean centring (Marsh, Wen & Hau, 2004), the same and a mean of 0 for
double mean centring (Lin, Wen, Marsh & Lin, 2010), and the least-squares coefficients of all indicators of both factors
for residual centring (Little, Bovaird & Widaman, 2006). Therefore the moments of products made anew in a resample
follow from the resample's moments of the indicators and of products that were made once (:func:`remade_moments`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from crmstudy.kernels.moments import Array, complete_rows

Indices = np.ndarray[Any, np.dtype[np.intp]]
Method = Literal["mean_centred", "double_mean_centred", "residual_centred"]
METHODS: tuple[Method, ...] = ("mean_centred", "double_mean_centred", "residual_centred")


@dataclass(frozen=True)
class ProductPlan:
    """Which columns are multiplied and how the products are centred.

    Attributes
    ----------
    first, second : (m,) int arrays
        Columns of the two indicators of each product.
    method : {"mean_centred", "double_mean_centred", "residual_centred"}
    """

    first: Indices
    second: Indices
    method: Method

    @cached_property
    def columns(self) -> Indices:
        """All columns that enter a product, each once, in ascending order."""
        return np.unique(np.concatenate([self.first, self.second]))


def products(values: Array, plan: ProductPlan) -> Array:
    """Product indicators of rows.

    Parameters
    ----------
    values : (n, k) array
        Answers; NaN where missing.
    plan : ProductPlan

    Returns
    -------
    (n, m) array
        Means are taken over the values there are. A product is NaN where one of its two indicators is; a
        residual-centred one also where any other indicator of the two factors is, because its residual needs them all.
    """
    residual = plan.method == "residual_centred"
    inside = complete_rows(values[:, plan.columns]) if residual else None
    # any centre leaves the same residual; this one keeps the sums small
    centre = _means(values[inside] if residual else values)
    centred = values - centre
    made = np.asarray(centred[:, plan.first] * centred[:, plan.second], dtype=np.float64)
    if plan.method == "mean_centred":
        return made
    if plan.method == "double_mean_centred":
        return np.asarray(made - _means(made), dtype=np.float64)
    out = np.full(made.shape, np.nan)
    if inside is not None and inside.any():
        out[inside] = _residuals(centred[np.ix_(inside, plan.columns)], made[inside])
    return out


def remade_moments(mean: Array, covariance: Array, plan: ProductPlan) -> tuple[Array, Array]:
    r"""Moments of indicators and remade products from moments of indicators and products made once.

    Parameters
    ----------
    mean : (..., k + m) array
        Means of the k columns and, after them, of the m products, in a sample or a stack of resamples. The products
        may be plain or centred at any fixed point; when they are centred at a point c, so must be the columns.
    covariance : (..., k + m, k + m) array
        Their covariances with divisor n.
    plan : ProductPlan
        Its columns count from 0 to k - 1.

    Returns
    -------
    mean, covariance : arrays of the same shapes
        As if the products had been made from the rows of each resample.

    Notes
    -----
    :math:`p^* = p - \beta'v - \beta_0` is linear in what is given, so that
    :math:`\operatorname{cov}^* = T \operatorname{cov} T'` with :math:`-\beta'` in the rows of T of the products.
    """
    m = len(plan.first)
    k = mean.shape[-1] - m
    transform = np.broadcast_to(np.eye(k + m), covariance.shape).copy()
    row = k + np.arange(m)
    if plan.method == "residual_centred":
        used = plan.columns
        within = covariance[..., used[:, None], used[None, :]]
        crossed = covariance[..., used, k:]
        slopes = np.linalg.solve(within, crossed)
        transform[..., k + np.arange(m)[:, None], used[None, :]] = -np.swapaxes(slopes, -1, -2)
    else:
        transform[..., row, plan.first] -= mean[..., plan.second]
        transform[..., row, plan.second] -= mean[..., plan.first]
    remade = transform @ covariance @ np.swapaxes(transform, -1, -2)
    centre = np.array(mean, dtype=np.float64)
    centre[..., k:] = 0.0
    if plan.method == "mean_centred":  # the mean of (a - ā)(b - b̄) is the covariance of a and b
        centre[..., k:] = covariance[..., plan.first, plan.second]
    return centre, np.asarray(remade, dtype=np.float64)


def _means(values: Array) -> Array:
    """Column means over the values there are; NaN for a column without any."""
    there = np.isfinite(values)
    count = there.sum(axis=0)
    total = np.where(there, values, 0.0).sum(axis=0)
    means = np.asarray(np.divide(total, count, out=np.full(values.shape[1], np.nan), where=count > 0))
    # a second pass takes away the rounding of the first
    left = np.where(there, values - means, 0.0).sum(axis=0)
    return np.asarray(means + np.divide(left, count, out=np.zeros(values.shape[1]), where=count > 0))


def _residuals(predictors: Array, outcomes: Array) -> Array:
    """Residuals of least squares with an intercept; linearly dependent predictors do no harm."""
    design = np.column_stack([np.ones(len(predictors)), predictors])
    coefficients, *_ = np.linalg.lstsq(design, outcomes, rcond=None)
    return np.asarray(outcomes - design @ coefficients, dtype=np.float64)
