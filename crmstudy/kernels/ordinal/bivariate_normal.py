"""The standard bivariate normal distribution at many points at once: cumulative, density, slope in the correlation."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, owens_t

from crmstudy.kernels.moments import Array

#: A smaller limit is 0: its quotients overflow, and the probability is the same to the last digit.
_NO_LIMIT = 1e-100


def bivariate_cdf(x: Array, y: Array, rho: Array) -> Array:
    r"""Probability that both of two standard normal variables with correlation ``rho`` stay below ``x`` and ``y``.

    By Owen's (1956) T function, elementwise over arrays that broadcast:
    :math:`\Phi_2(x, y; \rho) = \tfrac12[\Phi(x) + \Phi(y)] - T(x, a_x) - T(y, a_y) - \tfrac12[xy < 0]`, with
    :math:`a_x = (y - \rho x) / (x\sqrt{1-\rho^2})` and :math:`a_y` with x and y exchanged. The error is a few units of
    the sixteenth decimal.

    Parameters
    ----------
    x, y : array
        Limits; infinite ones are allowed.
    rho : array
        Correlations from -1 to 1.

    Returns
    -------
    array
    """
    x, y, rho = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float), np.asarray(rho, float))
    x, y = np.where(np.abs(x) < _NO_LIMIT, 0.0, x), np.where(np.abs(y) < _NO_LIMIT, 0.0, y)
    below_x, below_y = ndtr(x), ndtr(y)
    root = np.sqrt((1.0 - rho) * (1.0 + rho))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        at_x = _slope(x, y - rho * x, root, y)
        at_y = _slope(y, x - rho * y, root, x)
        opposite = (x < 0.0) ^ (y < 0.0)
        found = 0.5 * (below_x + below_y) - owens_t(x, at_x) - owens_t(y, at_y) - 0.5 * opposite
    found = np.where((x == 0.0) & (y == 0.0), 0.25 + np.arcsin(rho) / (2.0 * np.pi), found)
    found = np.where(rho >= 1.0, np.minimum(below_x, below_y), found)
    found = np.where(rho <= -1.0, np.maximum(below_x + below_y - 1.0, 0.0), found)
    found = np.where(np.isinf(x) | np.isinf(y), below_x * below_y, found)  # one of them is 0 or 1
    return np.asarray(np.clip(found, 0.0, 1.0), dtype=np.float64)


def _slope(x: Array, rest: Array, root: Array, y: Array) -> Array:
    """The second argument of Owen's T; where the first is 0 it is infinite with the sign of the other limit."""
    return np.asarray(np.where(x == 0.0, np.where(y >= 0.0, np.inf, -np.inf), rest / (x * root)))


def bivariate_density(x: Array, y: Array, rho: Array) -> tuple[Array, Array]:
    r"""Density :math:`\varphi_2` and its derivative in ``rho``; the density is that of the cumulative in ``rho``.

    :math:`\partial\Phi_2/\partial\rho = \varphi_2 =
    \exp[-(x^2 - 2\rho xy + y^2) / 2(1-\rho^2)] / (2\pi\sqrt{1-\rho^2})`, for finite limits and correlations between
    -1 and 1.
    """
    free = (1.0 - rho) * (1.0 + rho)
    product, squares = x * y, x * x + y * y
    density = np.exp(-(squares - 2.0 * rho * product) / (2.0 * free)) / (2.0 * np.pi * np.sqrt(free))
    slope = density * (rho / free + (product * (1.0 + rho * rho) - rho * squares) / (free * free))
    return density, slope
