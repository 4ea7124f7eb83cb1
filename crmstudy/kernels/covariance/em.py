r"""Mean and covariance matrix of incomplete normal rows by the EM algorithm (Little & Rubin, 2019, sec. 11.2).

Accelerated by SQUAREM (Varadhan & Roland, 2008). Patterns that lack few variables are taken by what they lack: with P
the inverse covariance matrix, the missing given the others have the covariance matrix :math:`C = P_{mm}^{-1}` and the
slopes :math:`-C P_{mo}`, so that only matrices of the size of the gap are inverted, and :math:`|\Sigma_{oo}| =
|\Sigma|\,|P_{mm}|`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmstudy.kernels.covariance.discrepancy import inverse_and_log_determinant
from crmstudy.kernels.covariance.missing import Pattern, PatternStack, patterns_value, stack_patterns
from crmstudy.kernels.covariance.structure import Array, Indices

_EM_STEPS = 5000
_EM_TOLERANCE = 1e-9
_VANISHING = 1e-12
#: With fewer patterns than this, all are taken by what they have.
_MANY_PATTERNS = 60
#: Largest variance inflation with which the inverse of the whole matrix is still right to ten digits.
_MOST_INFLATION = 1e5


@dataclass(frozen=True)
class SaturatedMoments:
    """Maximum-likelihood mean (p,) and covariance (p, p) of incomplete rows; ``value`` is the h of the discrepancy."""

    mean: Array
    covariance: Array
    value: float
    iterations: int
    converged: bool


@dataclass(frozen=True)
class Expected:
    """Expected deviations from the mean and their products, summed over rows: (p,) and (p, p)."""

    first: Array
    second: Array


@dataclass(frozen=True)
class GapStack:
    """Patterns that lack the same number m of variables, side by side.

    Attributes
    ----------
    missing : (r, m) indices of the variables they lack
    n : (r,) array
    means : (r, p) array, 0 where missing
    present : (r, p) array of ones and zeros
    spread : (s,) indices of the patterns whose rows differ
    covariances : (s, p, p) array, their covariances, 0 where missing
    """

    missing: Indices
    n: Array
    means: Array
    present: Array
    spread: Indices
    covariances: Array

    def _given(self, inverse: Array, mean: Array) -> tuple[Array, Array, Array, Array]:
        """Gaps (r, p), conditional covariances (r, m, m), log |P_mm| (r,) and P_m times the gaps (r, m)."""
        gaps = self.means - mean * self.present
        within = inverse[self.missing[:, :, None], self.missing[:, None, :]]
        log_dets = np.asarray(np.linalg.slogdet(within)[1], dtype=np.float64)
        pulled = np.take_along_axis(gaps @ inverse, self.missing, axis=1)
        conditional = np.asarray(np.linalg.inv(within), dtype=np.float64)
        return gaps, conditional, log_dets, pulled

    def _slopes(self, inverse: Array, conditional: Array) -> Array:
        """Regressions of what is missing on what is there, for patterns whose rows differ, (s, m, p)."""
        reach = inverse[self.missing[self.spread]] * self.present[self.spread][:, None, :]
        found: Array = -conditional[self.spread] @ reach
        return found

    def expected(self, inverse: Array, mean: Array) -> Expected:
        """Expected sums given the values there are."""
        p = len(mean)
        gaps, conditional, _, pulled = self._given(inverse, mean)
        filled = -(conditional @ pulled[:, :, None])[:, :, 0]
        np.put_along_axis(gaps, self.missing, filled, axis=1)
        second = (gaps * self.n[:, None]).T @ gaps
        left_over = conditional * self.n[:, None, None]
        if len(self.spread):
            weights = self.n[self.spread]
            slopes = self._slopes(inverse, conditional)
            across = slopes @ self.covariances
            left_over[self.spread] += (across @ slopes.transpose(0, 2, 1)) * weights[:, None, None]
            second += np.tensordot(weights, self.covariances, axes=1)
            mixed = np.zeros((p, p))
            np.add.at(mixed, self.missing[self.spread], across * weights[:, None, None])
            second += mixed + mixed.T
        places = self.missing[:, :, None] * p + self.missing[:, None, :]
        second += np.bincount(places.ravel(), left_over.ravel(), p * p).reshape(p, p)
        return Expected(self.n @ gaps, second)

    def squared_gaps(self, inverse: Array, mean: Array) -> float:
        """Sum of n times the squared distances of the patterns' means."""
        gaps, conditional, _, pulled = self._given(inverse, mean)
        return float(self.n @ self._distances(inverse, gaps, conditional, pulled))

    @staticmethod
    def _distances(inverse: Array, gaps: Array, conditional: Array, pulled: Array) -> Array:
        known = (conditional @ pulled[:, :, None])[:, :, 0]
        found: Array = ((gaps @ inverse) * gaps).sum(axis=1) - (known * pulled).sum(axis=1)
        return found

    def value(self, inverse: Array, log_det: float, mean: Array) -> float:
        """Sum of n times log-determinant and trace, as of :meth:`PatternStack.value`."""
        gaps, conditional, log_dets, pulled = self._given(inverse, mean)
        total = self.n @ (log_det + log_dets + self._distances(inverse, gaps, conditional, pulled))
        if len(self.spread):
            reach = inverse[self.missing[self.spread]] * self.present[self.spread][:, None, :]
            lost = (conditional[self.spread] * (reach @ self.covariances @ reach.transpose(0, 2, 1))).sum(axis=(1, 2))
            total += self.n[self.spread] @ ((inverse * self.covariances).sum(axis=(1, 2)) - lost)
        return float(total)


@dataclass(frozen=True)
class IncompleteRows:
    """All patterns of incomplete rows: those that lack little by what they lack, the others by what they have."""

    n: float
    p: int
    wide: tuple[PatternStack, ...]
    narrow: tuple[GapStack, ...]

    @classmethod
    def of(cls, patterns: Sequence[Pattern], p: int, *, many: int = _MANY_PATTERNS) -> IncompleteRows:
        """Put patterns of p variables side by side."""
        n = sum(pattern.n for pattern in patterns)
        if len(patterns) < many:
            return cls(n, p, stack_patterns(patterns, p), ())
        groups: dict[int, list[Pattern]] = {}
        rest = []
        for pattern in patterns:
            lacking = p - len(pattern.present)
            if 0 < lacking <= p // 3:
                groups.setdefault(lacking, []).append(pattern)
            else:
                rest.append(pattern)
        return cls(n, p, stack_patterns(rest, p), tuple(_gap_stack(group, p) for group in groups.values()))

    def step(self, mean: Array, covariance: Array) -> tuple[Array, Array] | None:
        """One EM step; None where a matrix is not positive definite."""
        first, second = np.zeros(self.p), np.zeros((self.p, self.p))
        for stack in self.wide:
            found = stack.inverses(covariance)
            if found is None:
                return None
            reach = covariance @ found[0]  # regression of every variable on those present
            expected = (reach @ stack.gaps(mean)[:, :, None])[:, :, 0]
            spread = reach @ stack.covariances @ reach.transpose(0, 2, 1)
            left_over = covariance - reach @ covariance
            first += stack.n @ expected
            second += np.tensordot(stack.n, spread + left_over + expected[:, :, None] * expected[:, None, :], axes=1)
        whole = _whole(covariance) if self.narrow else None
        if self.narrow and whole is None:
            return None
        for gap in self.narrow:
            if whole is not None:
                sums = gap.expected(whole[0], mean)
                first, second = first + sums.first, second + sums.second
        shift = first / self.n
        moved = second / self.n - np.multiply.outer(shift, shift)
        return mean + shift, (moved + moved.T) / 2.0

    def value(self, mean: Array, covariance: Array) -> float:
        """Sum over patterns of n times log-determinant and trace; infinite where a matrix is not definite."""
        total = 0.0
        for stack in self.wide:
            found = stack.inverses(covariance)
            total += np.inf if found is None else stack.value(*found, mean)
        if self.narrow:
            whole = _whole(covariance)
            total += np.inf if whole is None else sum(gap.value(*whole, mean) for gap in self.narrow)
        return total

    def squared_gaps(self, mean: Array, covariance: Array) -> float | None:
        """Sum over patterns of n times the squared distance of their mean; None where a matrix is not definite."""
        total = 0.0
        for stack in self.wide:
            found = stack.inverses(covariance)
            if found is None:
                return None
            gaps = stack.gaps(mean)
            total += float(stack.n @ ((found[0] @ gaps[:, :, None])[:, :, 0] * gaps).sum(axis=1))
        if self.narrow:
            whole = _whole(covariance)
            if whole is None:
                return None
            total += sum(gap.squared_gaps(whole[0], mean) for gap in self.narrow)
        return total


def _whole(covariance: Array) -> tuple[Array, float] | None:
    """Inverse and log-determinant; None where a variable nearly follows from the others and digits would be lost."""
    scale = np.sqrt(np.diagonal(covariance))
    if not (scale > 0).all():
        return None
    found = inverse_and_log_determinant(covariance / np.multiply.outer(scale, scale))
    if found is None or np.diagonal(found[0]).max() > _MOST_INFLATION:
        return None
    return found[0] / np.multiply.outer(scale, scale), found[1] + 2.0 * float(np.log(scale).sum())


def _gap_stack(patterns: Sequence[Pattern], p: int) -> GapStack:
    everything = np.arange(p)
    present, means = np.zeros((len(patterns), p)), np.zeros((len(patterns), p))
    for number, pattern in enumerate(patterns):
        present[number, pattern.present] = 1.0
        means[number, pattern.present] = pattern.mean
    spread = [number for number, pattern in enumerate(patterns) if pattern.covariance.any()]
    covariances = np.zeros((len(spread), p, p))
    for place, number in enumerate(spread):
        have = patterns[number].present
        covariances[place][np.ix_(have, have)] = patterns[number].covariance
    missing = np.array([np.setdiff1d(everything, pattern.present) for pattern in patterns])
    n = np.array([pattern.n for pattern in patterns])
    return GapStack(missing, n, means, present, np.array(spread, dtype=np.intp), covariances)


def saturated_moments(patterns: tuple[Pattern, ...], p: int) -> SaturatedMoments | None:
    """Mean and covariance matrix of incomplete normal data by the EM algorithm.

    Returns
    -------
    SaturatedMoments or None
        None when a covariance matrix on the way is not positive definite: some pair of variables is never, or too
        seldom, observed together, or variables depend on each other.
    """
    found = _climb(IncompleteRows.of(patterns, p), patterns)
    if found is None:
        return None
    (mean, covariance), steps = found
    n, value = sum(pattern.n for pattern in patterns), patterns_value(patterns, covariance, mean)
    return None if value is None else SaturatedMoments(mean, covariance, value / n, steps, steps < _EM_STEPS)


def _climb(rows: IncompleteRows, patterns: Sequence[Pattern]) -> tuple[tuple[Array, Array], int] | None:
    """The moments at which EM stands still, and its steps."""
    state = _available_moments(patterns, rows.p)
    for steps in range(1, _EM_STEPS + 1):
        first = rows.step(*state)
        second = None if first is None else rows.step(*first)
        if (first is None or second is None) and rows.narrow:
            # the whole matrix may be singular where those of the patterns are not
            rows = IncompleteRows.of(patterns, rows.p, many=len(patterns) + 1)
            continue
        if first is None or second is None:
            return None
        deviation = np.sqrt(np.diagonal(second[1]))
        if not np.isfinite(deviation).all() or (deviation <= 0).any():
            return None
        if _distance(first, second, deviation) < _EM_TOLERANCE:
            return second, steps
        state = _squarem(rows, state, first, second)
    return state, _EM_STEPS


def _available_moments(patterns: Sequence[Pattern], p: int) -> tuple[Array, Array]:
    """Means and variances of the values there are, covariances 0: where the iteration starts."""
    counts, sums, squares = np.full(p, _VANISHING), np.zeros(p), np.zeros(p)
    for pattern in patterns:
        counts[pattern.present] += pattern.n
        sums[pattern.present] += pattern.n * pattern.mean
    mean = sums / counts
    for pattern in patterns:
        gap = pattern.mean - mean[pattern.present]
        squares[pattern.present] += pattern.n * (np.diagonal(pattern.covariance) + gap**2)
    return mean, np.diag(squares / counts)


def _distance(one: tuple[Array, Array], other: tuple[Array, Array], deviation: Array) -> float:
    """Largest change in units of standard deviations."""
    by_mean = np.abs(one[0] - other[0]) / deviation
    by_covariance = np.abs(one[1] - other[1]) / np.multiply.outer(deviation, deviation)
    return float(max(by_mean.max(), by_covariance.max()))


def _squarem(
    rows: IncompleteRows, start: tuple[Array, Array], first: tuple[Array, Array], second: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Extrapolate two EM steps; the second step itself where that would be impossible or lose likelihood."""
    moved = [b - a for a, b in zip(start, first, strict=True)]
    turned = [c - b - r for b, c, r in zip(first, second, moved, strict=True)]
    length = np.sqrt(sum(float(np.sum(v * v)) for v in turned))
    if length <= 0:
        return second
    alpha = -np.sqrt(sum(float(np.sum(r * r)) for r in moved)) / length
    if alpha > -1.0:
        return second
    mean, covariance = (a - 2.0 * alpha * r + alpha**2 * v for a, r, v in zip(start, moved, turned, strict=True))
    if inverse_and_log_determinant(covariance) is None:
        return second
    if rows.value(mean, covariance) > rows.value(*second):
        return second
    return mean, covariance
