"""Intraclass correlations of a complete targets × raters table: mean squares, six forms, F tests, intervals.

Rows are targets (the persons or objects that are judged), columns raters, occasions or items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc, fdtri

from crmstudy.kernels.moments import Array

#: The six forms by psych's names, single ratings first.
FORMS = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Two-way analysis of variance of n targets by k raters without replication.

    ``between`` is the mean square of the targets, ``raters`` that of the raters, ``error`` the residual one and
    ``within`` raters and residual together (a one-way design).
    """

    n: int
    k: int
    between: float
    raters: float
    error: float
    within: float

    @property
    def df(self) -> tuple[int, int, int]:
        """Degrees of freedom of targets, raters and residual."""
        return self.n - 1, self.k - 1, (self.n - 1) * (self.k - 1)


@dataclass(frozen=True, slots=True)
class Intraclass:
    """One form: coefficient, delta-method standard error, F test against 0, and the ends of the interval."""

    form: str
    estimate: float
    std_error: float
    f: float
    df1: float
    df2: float
    p_value: float
    low: float
    high: float


def mean_squares(ratings: Array) -> MeanSquares:
    """Mean squares of a complete (n, k) table, n and k at least 2.

    Sums of squares below rounding error (1e-14 of the total) count as 0.
    """
    n, k = ratings.shape
    centred = ratings - ratings.mean()
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    rest = centred - rows[:, None] - columns
    sums = np.array([k * (rows @ rows), n * (columns @ columns), np.square(rest).sum()])
    sums[sums < 1e-14 * sums.sum()] = 0.0
    between, raters, error = map(float, sums)
    return MeanSquares(
        n, k, between / (n - 1), raters / (k - 1), error / ((n - 1) * (k - 1)), (raters + error) / (n * (k - 1))
    )


def intraclass(ms: MeanSquares, level: float = 0.95) -> tuple[Intraclass, ...]:
    r"""Give the six forms of Shrout and Fleiss (1979) in the order of :data:`FORMS`.

    ICC1 and ICC3: exact intervals from F. ICC2: the interval of McGraw and Wong (1996) with Satterthwaite's degrees of
    freedom. Standard errors by the delta method with :math:`\operatorname{var}(MS) = 2MS^2/df`. Where the error mean
    square is 0, F is infinite and the interval of ICC1 and ICC3 ends at 1.
    """
    n, k = ms.n, ms.k
    df1, one_way, two_way = n - 1.0, n * (k - 1.0), (n - 1.0) * (k - 1.0)
    f1, f3 = _ratio(ms.between, ms.within), _ratio(ms.between, ms.error)
    ends1, ends3 = _f_ends(f1, df1, one_way, level), _f_ends(f3, df1, two_way, level)
    ends2 = _agreement_ends(ms, level)
    means = {"one": (ms.between, ms.within), "two": (ms.between, ms.raters, ms.error)}
    dfs = {"one": (df1, one_way), "two": (df1, k - 1.0, two_way)}
    rows = (
        ("ICC1", "one", lambda b, w: (b - w) / (b + (k - 1) * w), f1, one_way, _single(ends1, k)),
        ("ICC2", "two", lambda b, j, e: (b - e) / (b + (k - 1) * e + k * (j - e) / n), f3, two_way, ends2),
        ("ICC3", "two", lambda b, j, e: (b - e) / (b + (k - 1) * e), f3, two_way, _single(ends3, k)),
        ("ICC1k", "one", lambda b, w: (b - w) / b, f1, one_way, _average(ends1)),
        ("ICC2k", "two", lambda b, j, e: (b - e) / (b + (j - e) / n), f3, two_way, _stepped(ends2, k)),
        ("ICC3k", "two", lambda b, j, e: (b - e) / b, f3, two_way, _average(ends3)),
    )
    found = []
    for form, design, formula, f, df2, (low, high) in rows:
        estimate, std_error = _delta(formula, means[design], dfs[design])
        p_value = float(fdtrc(df1, df2, f)) if np.isfinite(f) else 0.0 if np.isinf(f) else float("nan")
        found.append(Intraclass(form, estimate, std_error, f, df1, df2, p_value, low, high))
    return tuple(found)


def _ratio(above: float, below: float) -> float:
    if below > 0.0:
        return above / below
    return float("inf") if above > 0.0 else float("nan")


def _f_ends(f: float, df1: float, df2: float, level: float) -> tuple[float, float]:
    """F over its upper quantile, and F times the one with the degrees of freedom exchanged."""
    upper = 0.5 + level / 2.0
    return f / float(fdtri(df1, df2, upper)), f * float(fdtri(df2, df1, upper))


def _single(ends: tuple[float, float], k: int) -> tuple[float, float]:
    return tuple(1.0 if np.isinf(f) else (f - 1.0) / (f + k - 1.0) for f in ends)  # type: ignore[return-value]


def _average(ends: tuple[float, float]) -> tuple[float, float]:
    with np.errstate(divide="ignore"):
        return tuple(float(1.0 - np.divide(1.0, f)) for f in ends)  # type: ignore[return-value]


def _stepped(ends: tuple[float, float], k: int) -> tuple[float, float]:
    """Ends of a single rating's coefficient, stepped up to the mean of k ratings; below the lowest r it is -inf."""
    low, high = (k * r / (1.0 + (k - 1.0) * r) if r > -1.0 / (k - 1.0) else float("-inf") for r in ends)
    return low, high


def _agreement_ends(ms: MeanSquares, level: float) -> tuple[float, float]:
    """Interval of ICC2 (McGraw & Wong, 1996, case 2A)."""
    n, k, b, j, e = ms.n, ms.k, ms.between, ms.raters, ms.error
    whole = b + (k - 1) * e + k * (j - e) / n
    if whole <= 0.0:
        return float("nan"), float("nan")
    rho = (b - e) / whole
    # v of McGraw and Wong, with a and b multiplied by n (1 - rho); this form also holds when rho is 1.
    by_raters, by_error = k * rho * j, (n * (1.0 + (k - 1.0) * rho) - k * rho) * e
    bottom = by_raters**2 / (k - 1.0) + by_error**2 / ((n - 1.0) * (k - 1.0))
    if bottom <= 0.0:
        return rho, rho
    v = (by_raters + by_error) ** 2 / bottom
    upper = 0.5 + level / 2.0
    first, second = float(fdtri(n - 1.0, v, upper)), float(fdtri(v, n - 1.0, upper))
    noise = k * j + (k * n - k - n) * e
    return n * (b - first * e) / (first * noise + n * b), n * (second * b - e) / (noise + n * second * b)


def _delta(formula: Callable[..., float], means: tuple[float, ...], dfs: tuple[float, ...]) -> tuple[float, float]:
    """A function of independent mean squares and its standard error; derivatives by complex steps are exact."""
    with np.errstate(divide="ignore", invalid="ignore"):
        at = [np.complex128(mean) for mean in means]
        value = complex(formula(*at))
        if not np.isfinite(value):
            return float("nan"), float("nan")
        scale = max(means)
        variance = 0.0
        for i, (mean, df) in enumerate(zip(means, dfs, strict=True)):
            moved = [*at]
            moved[i] = np.complex128(mean + 1e-30j * scale)
            slope = complex(formula(*moved)).imag / (1e-30 * scale)
            variance += slope**2 * 2.0 * mean**2 / df
    return value.real, float(np.sqrt(variance))
