r"""Multinomial logit models of several chains at once, and draws from them.

Coefficients have a normal prior with standard deviation 2.5 per standard deviation of the predictor (10 for the
constant), which keeps them finite where a category is separated from the others (Gelman et al., 2008). They are drawn
from the normal approximation of the posterior at its mode.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from crmstudy.kernels.moments import Array

_SLOPE_SD, _CONSTANT_SD = 2.5, 10.0
_STEPS, _CLOSE, _LONGEST = 25, 1e-6, 4.0


def draw_logit(
    x: Array,
    codes: np.ndarray,
    x_missing: Array,
    levels: int,
    generators: Sequence[Generator],
    start: Array | None = None,
    drawn: bool = True,
) -> tuple[Array, Array]:
    """Draw categories.

    Parameters
    ----------
    x, x_missing : (m, q, n) and (m, q, k) arrays
        Predictors of the observed rows and of the gaps, the constant first.
    codes : (n,) array of int
        Observed categories, 0 to ``levels`` - 1.
    levels : int
    generators : sequence of Generator
        One a chain.
    start : (m, levels - 1, q) array, optional
        Where the search for the mode begins.
    drawn : bool
        False leaves the coefficients at the mode.

    Returns
    -------
    (m, k) and (m, levels - 1, q) arrays
        Categories, and the coefficients at the mode.
    """
    mode, information = posterior_mode(x, codes, levels, start)
    m, free, q = mode.shape
    coefficients = mode
    normal = np.stack([g.standard_normal(free * q) for g in generators])
    if drawn:
        root = np.linalg.cholesky(information)
        shift = np.linalg.solve(root.transpose(0, 2, 1), normal[..., None])[..., 0]
        coefficients = mode + shift.reshape(m, free, q)
    shares = probabilities(coefficients, x_missing)
    chance = np.stack([g.random(x_missing.shape[2]) for g in generators])
    found: Array = (chance[:, None] > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1).astype(np.float64)
    return found, mode


def probabilities(coefficients: Array, x: Array) -> Array:
    """Probabilities of the categories, (m, levels, n); the first is the one others are compared with."""
    line = coefficients @ x
    line = np.concatenate([np.zeros_like(line[:, :1]), line], axis=1)
    line -= line.max(axis=1, keepdims=True)
    shares = np.exp(line)
    found: Array = shares / shares.sum(axis=1, keepdims=True)
    return found


def posterior_mode(x: Array, codes: np.ndarray, levels: int, start: Array | None = None) -> tuple[Array, Array]:
    """Mode (m, levels - 1, q) of the coefficients and the information matrix there, by Newton's method."""
    m, q = x.shape[:2]
    free = levels - 1
    spread = x.std(axis=2)
    prior = np.where(spread > 0, spread, 1.0) ** 2 / _SLOPE_SD**2
    prior[:, 0] = 1.0 / _CONSTANT_SD**2
    precision = np.tile(prior, (1, free))
    hits = (np.arange(1, levels)[:, None] == codes).astype(np.float64)
    found = np.zeros((m, free, q)) if start is None else start.copy()
    for _ in range(_STEPS):
        shares = probabilities(found, x)[:, 1:]
        gradient = ((hits - shares) @ x.transpose(0, 2, 1)).reshape(m, -1) - precision * found.reshape(m, -1)
        information = _information(x, shares) + precision[:, :, None] * np.eye(free * q)
        step = np.linalg.solve(information, gradient[..., None])[..., 0]
        longest = np.abs(step).max(axis=1)
        found = found + (step * np.minimum(1.0, _LONGEST / np.maximum(longest, 1e-300))[:, None]).reshape(m, free, q)
        if longest.max() < _CLOSE:
            break
    return found, information


def _information(x: Array, shares: Array) -> Array:
    """Information matrix of the likelihood, (m, free q, free q)."""
    m, q, _ = x.shape
    free = shares.shape[1]
    found = np.empty((m, free, q, free, q))
    for a in range(free):
        for b in range(a + 1):
            weight = shares[:, a] * ((a == b) - shares[:, b])
            block = (x * weight[:, None]) @ x.transpose(0, 2, 1)
            found[:, a, :, b] = block
            found[:, b, :, a] = block
    return found.reshape(m, free * q, free * q)
