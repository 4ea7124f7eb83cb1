r"""Proportional-odds regression by maximum likelihood; with two categories it is logistic regression.

NumPy and SciPy only. Categories are coded 0 … c - 1 and each of them occurs; a row may stand for several respondents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import linprog
from scipy.special import expit, log_expit, logit

from crmstudy.kernels.moments import Array

Codes = np.ndarray[Any, np.dtype[np.intp]]

#: How a fit ended.
CONVERGED, SEPARATED, STOPPED = "converged", "separated", "stopped"
_STEPS = 60
#: Newton's decrement, half of which is about what the log-likelihood has still to gain.
_DECREMENT = 1e-20
#: Coefficients of standardised predictors beyond this raise the question whether the maximum is finite.
_STEEP = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class ProportionalOdds:
    r"""A fitted model :math:`\operatorname{logit} P(Y \le j) = \theta_j - x'\beta`.

    Attributes
    ----------
    slopes : (p,) array
    thresholds : (c - 1,) array, increasing
    covariance : (p + c - 1, p + c - 1) array
        Inverse of the observed information; slopes first.
    loglik : float
        Log-likelihood at the maximum; without a finite maximum the value reached.
    status : str
        :data:`CONVERGED`; :data:`SEPARATED` where the predictors order the categories without error along some
        direction, so that no finite maximum exists; :data:`STOPPED` after 60 steps.
    """

    slopes: Array
    thresholds: Array
    covariance: Array
    loglik: float
    status: str


def proportional_odds(codes: Codes, predictors: Array, weights: Array | None = None) -> ProportionalOdds:
    r"""Fit a proportional-odds model (McCullagh, 1980).

    The log-likelihood :math:`\sum_i w_i \log[F(\theta_{y_i} - x_i'\beta) - F(\theta_{y_i-1} - x_i'\beta)]` is concave
    (Pratt, 1981), so Newton's steps, halved where they overshoot, end at the only maximum.

    Parameters
    ----------
    codes : (n,) array of int
        Category of each row, 0 … c - 1, c at least 2, every one of them present.
    predictors : (n, p) array
        Without an intercept; p may be 0.
    weights : (n,) array, optional
        How many respondents a row stands for.
    """
    counts = np.ones(len(codes)) if weights is None else np.asarray(weights, dtype=np.float64)
    centre = np.average(predictors, axis=0, weights=counts)
    spread = np.sqrt(np.average((predictors - centre) ** 2, axis=0, weights=counts))
    scale = np.where(spread > 0.0, spread, 1.0)
    scaled = (predictors - centre) / scale
    point = np.concatenate([np.zeros(scaled.shape[1]), _thresholds_alone(codes, counts)])
    value, gradient, hessian = _derivatives(point, codes, scaled, counts)
    status = STOPPED
    for _ in range(_STEPS):
        step = _newton_step(hessian, gradient)
        decrement = float(gradient @ step) if step is not None else np.inf
        if step is None or decrement < _DECREMENT * max(1.0, abs(value)):
            status = STOPPED if step is None else CONVERGED
            break
        moved = _climb(point, step, value, codes, scaled, counts)
        if moved is None:  # the value cannot be raised beyond rounding
            status = CONVERGED if decrement < 1e-9 * max(1.0, abs(value)) else STOPPED
            break
        point, (value, gradient, hessian) = moved, _derivatives(moved, codes, scaled, counts)
    p = scaled.shape[1]
    steep = bool((np.abs(point[:p]) > _STEEP).any() or (np.abs(point[p:]) > 3 * _STEEP).any())
    if (status == STOPPED or steep) and is_separated(codes, scaled):
        status = SEPARATED
    return _in_raw_units(point, hessian, value, status, centre, scale)


def null_loglik(codes: Codes, weights: Array | None = None) -> float:
    """Log-likelihood of the thresholds alone, sum of n_j log(n_j / n)."""
    counts = np.bincount(codes, weights=weights)
    counts = counts[counts > 0]
    return float((counts * np.log(counts / counts.sum())).sum())


def pseudo_r_squared(loglik: float, null: float, n: float) -> tuple[float, float, float]:
    r"""Explained share after McFadden (1974), Cox and Snell (1989) and Nagelkerke (1991).

    :math:`1 - \ell/\ell_0`; :math:`1 - e^{2(\ell_0-\ell)/n}`; the latter over its largest value,
    :math:`1 - e^{2\ell_0/n}`.
    """
    cox_snell = -float(np.expm1(2.0 * (null - loglik) / n))
    return 1.0 - loglik / null, cox_snell, cox_snell / -float(np.expm1(2.0 * null / n))


def is_separated(codes: Codes, predictors: Array) -> bool:
    """Whether a direction exists along which the likelihood never falls and somewhere rises (Albert & Anderson, 1984).

    Found by a linear program over directions of slopes and thresholds within a unit box.
    """
    c = int(codes.max()) + 1
    below, above = codes < c - 1, codes > 0
    # Rising threshold above a row's category, falling threshold below it: both differences must not be negative.
    upper = np.hstack([-predictors[below], np.eye(c - 1)[codes[below]]])
    lower = np.hstack([predictors[above], -np.eye(c - 1)[codes[above] - 1]])
    rows = np.unique(np.vstack([upper, lower]), axis=0)
    found = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1.0, 1.0), method="highs")
    return bool(found.status == 0 and -found.fun > 1e-6 * max(1.0, float(np.abs(rows).max())))


def _thresholds_alone(codes: Codes, counts: Array) -> Array:
    shares = np.cumsum(np.bincount(codes, weights=counts))[:-1] / counts.sum()
    return np.asarray(logit(shares), dtype=np.float64)


def _newton_step(hessian: Array, gradient: Array) -> Array | None:
    """The step to the top of the quadratic through the point; None where the information is not positive definite."""
    try:
        return np.asarray(cho_solve(cho_factor(-hessian), gradient), dtype=np.float64)
    except (LinAlgError, ValueError):
        return None


def _climb(point: Array, step: Array, value: float, codes: Codes, x: Array, counts: Array) -> Array | None:
    """The step, halved until thresholds stay in order and the value rises; None when it does not."""
    p = x.shape[1]
    for halving in range(40):
        tried = point + step / 2.0**halving
        if (np.diff(tried[p:]) > 0).all() and _loglik(tried, codes, x, counts) > value:
            return np.asarray(tried, dtype=np.float64)
    return None


def _ends(point: Array, codes: Codes, x: Array) -> tuple[Array, Array]:
    """The latent borders of each row's category, infinite at the outer ones."""
    p = x.shape[1]
    borders = np.concatenate([[-np.inf], point[p:], [np.inf]])
    shift = x @ point[:p]
    return borders[codes + 1] - shift, borders[codes] - shift


def _log_probability(high: Array, low: Array) -> Array:
    """log(F(high) - F(low)) = log F(high) + log F(-low) + log(1 - exp(low - high)), without cancellation."""
    with np.errstate(invalid="ignore"):
        gap = np.where(np.isinf(high) | np.isinf(low), -np.inf, low - high)
    return np.asarray(log_expit(high) + log_expit(-low) + np.log(-np.expm1(gap)), dtype=np.float64)


def _loglik(point: Array, codes: Codes, x: Array, counts: Array) -> float:
    return float(counts @ _log_probability(*_ends(point, codes, x)))


def _derivatives(point: Array, codes: Codes, x: Array, counts: Array) -> tuple[float, Array, Array]:
    """Log-likelihood, gradient and Hessian, from its slopes in the two borders of each row's category."""
    c = int(codes.max()) + 1
    high, low = _ends(point, codes, x)
    logs = _log_probability(high, low)
    with np.errstate(invalid="ignore", over="ignore"):
        ratio = np.exp(np.where(np.isinf(high) | np.isinf(low), -np.inf, low - high))  # F's odds between the borders
    up, down = expit(high), expit(low)
    # d log P/d high = F(-high)/(1 - ratio) - what the other border takes; both without differences of tails.
    slope_high = np.where(np.isinf(high), 0.0, expit(-high) + ratio / (1.0 - ratio))
    slope_low = np.where(np.isinf(low), 0.0, -down - ratio / (1.0 - ratio))
    cross = ratio / (1.0 - ratio) ** 2
    bend_high = np.where(np.isinf(high), 0.0, -up * expit(-high) - cross)
    bend_low = np.where(np.isinf(low), 0.0, -down * expit(-low) - cross)
    rows = np.arange(len(codes))
    at_high, at_low = np.zeros((2, len(codes), c + 1))
    at_high[rows, codes + 1] = 1.0
    at_low[rows, codes] = 1.0
    first, second = np.hstack([-x, at_high[:, 1:-1]]), np.hstack([-x, at_low[:, 1:-1]])
    gradient = first.T @ (counts * slope_high) + second.T @ (counts * slope_low)
    mixed = first.T @ (second * (counts * cross)[:, None])
    hessian = (
        first.T @ (first * (counts * bend_high)[:, None])
        + second.T @ (second * (counts * bend_low)[:, None])
        + mixed
        + mixed.T
    )
    return float(counts @ logs), gradient, hessian


def _in_raw_units(
    point: Array, hessian: Array, value: float, status: str, centre: Array, scale: Array
) -> ProportionalOdds:
    """Back from standardised predictors: slopes over their spreads, thresholds moved by the centre."""
    p, k = len(centre), len(point) - len(centre)
    back = np.eye(p + k)
    back[:p, :p] = np.diag(1.0 / scale)
    back[p:, :p] = centre / scale
    raw = back @ point
    try:
        covariance = back @ cho_solve(cho_factor(-hessian), np.eye(p + k)) @ back.T
    except (LinAlgError, ValueError):
        covariance = np.full((p + k, p + k), np.nan)
    return ProportionalOdds(raw[:p], raw[p:], np.asarray(covariance, dtype=np.float64), value, status)
