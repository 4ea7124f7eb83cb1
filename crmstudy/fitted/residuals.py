r"""Residuals of a fitted model: sample minus implied moments, over their errors, and summarised.

A residual vector :math:`e = s - \sigma(\hat\theta)` has the asymptotic covariance matrix :math:`Q\,\Gamma\,Q'/n` with
:math:`Q = I - \Delta(\Delta'V\Delta)^{-1}\Delta'V` (Maydeu-Olivares, 2017), where :math:`\Gamma/n` is the covariance
matrix of the sample moments, :math:`V` their information and :math:`\Delta` the derivatives of the implied moments.
Which matrices are taken follows the standard errors of the fit, as in lavaan 0.6-14.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmstudy.errors import AnalysisError, Fault, ModelError, UnsupportedError, did_you_mean
from crmstudy.estimating.inference import scaled_inverse
from crmstudy.estimating.solution import Solution
from crmstudy.kernels.covariance.indices import Residuals
from crmstudy.kernels.covariance.information import times
from crmstudy.kernels.covariance.structure import Array
from crmstudy.notes import Note

KINDS = ("raw", "cor", "cor.bollen", "cor.bentler", "normalized", "standardized", "standardized.mplus")
OVER_ERRORS = ("normalized", "standardized", "standardized.mplus")
TABLE_COLUMNS = ("lhs", "op", "rhs", "group", "residual", "std_error", "z", "p_value")
SUMMARY_COLUMNS = (
    "group", "moments", "index", "estimate", "std_error", "exact_fit_z", "exact_fit_p_value", "unbiased",
    "unbiased_se", "ci_low", "ci_high", "close_fit_z", "close_fit_p_value",
)  # fmt: skip
_INDEX = {"raw": "rmr", "cor.bentler": "srmr", "cor.bollen": "crmr"}
#: A variance below this share of that of the sample moment, and a residual below this share of its error, are rounding.
_NO_VARIANCE, _NO_RESIDUAL = 1e-12, 1e-6


def residuals(solution: Solution, kind: str = "raw") -> Any:
    """Residual covariances or correlations.

    Parameters
    ----------
    solution : Solution
        A fitted model.
    kind : str
        ``raw``: sample minus implied covariances. ``cor`` or ``cor.bollen``: sample minus implied correlations.
        ``cor.bentler``: raw ones over sample standard deviations. ``normalized``: raw ones over the standard error of
        the sample moment. ``standardized``: over the standard error of the residual. ``standardized.mplus``: the same
        with the difference of two covariance matrices for its variance, which need not be positive.

    Returns
    -------
    DataFrame or dict of str to DataFrame
        (p, p); by group label with groups. Over errors: 0 where the model reproduces a moment whatever the data;
        missing where the error is (see :func:`residual_table`), with a note in ``.attrs["notes"]``.

    Raises
    ------
    UnsupportedError
        For a kind that does not exist.
    AnalysisError
        When the kind needs errors and the model is not identified or did not converge.
    """
    names = list(solution.table.observed)
    found = []
    for part in _groups(solution, kind):
        square = pd.DataFrame(part.of_kind(kind)[0], index=names, columns=names)
        square.attrs["notes"] = [note.as_dict() for note in part.notes(kind)] if kind in OVER_ERRORS else []
        found.append(square)
    return _by_group(solution, found)


def mean_residuals(solution: Solution, kind: str = "raw") -> Any:
    """Residual means of the same kinds as :func:`residuals`; 0 where means are not modelled.

    Residual means of ``cor`` and ``cor.bollen`` are over sample standard deviations, like those of ``cor.bentler``.

    Returns
    -------
    Series or dict of str to Series
        (p,); by group label with groups.
    """
    found = []
    for part in _groups(solution, kind):
        means = pd.Series(part.of_kind(kind)[1], index=list(solution.table.observed))
        means.attrs["notes"] = [note.as_dict() for note in part.notes(kind)] if kind in OVER_ERRORS else []
        found.append(means)
    return _by_group(solution, found)


def residual_table(solution: Solution, kind: str = "cor.bentler") -> pd.DataFrame:
    """Residuals one a row, with standard errors and tests.

    Parameters
    ----------
    solution : Solution
        A fitted model.
    kind : str
        See :func:`residuals`. Of ``normalized``, ``standardized`` and ``standardized.mplus`` the column ``residual``
        is the raw one, with the standard error of that kind.

    Returns
    -------
    DataFrame
        ``lhs, op, rhs, group, residual, std_error, z, p_value`` with the means (``~1``) first where they are modelled.
        Moments that are given are left out, of ``cor`` also the variances. A moment that the model reproduces whatever
        the data has a standard error of 0 and no test; so has, in a model that does not hold, a residual whose
        variance is of higher order. The variance of ``standardized.mplus`` can be negative, which gives no standard
        error. ``.attrs["notes"]`` tells of both.

    Raises
    ------
    UnsupportedError, AnalysisError
        As :func:`residuals`.
    """
    parts = _groups(solution, kind, errors=True)
    whole = pd.concat([part.table(kind) for part in parts], ignore_index=True)[list(TABLE_COLUMNS)]
    whole.attrs["notes"] = [note.as_dict() for part in parts for note in part.notes(kind)]
    return whole


def residual_summary(
    solution: Solution, kind: str = "cor.bentler", *, level: float = 0.90, close: float = 0.05
) -> pd.DataFrame:
    r"""Root mean square residuals with their unbiased estimates and tests of exact and close fit.

    Parameters
    ----------
    solution : Solution
        A fitted model.
    kind : str
        ``cor.bentler`` (SRMR), ``cor.bollen`` (CRMR) or ``raw`` (RMR).
    level : float
        Confidence level of the interval of the unbiased estimate.
    close : float
        The value that the test of close fit compares with.

    Returns
    -------
    DataFrame
        A row for ``cov`` and, where means are modelled, for ``mean`` and ``total``, by group: ``group, moments, index,
        estimate, std_error, exact_fit_z, exact_fit_p_value, unbiased, unbiased_se, ci_low, ci_high, close_fit_z,
        close_fit_p_value``. Without residuals that can vary only the estimate has a value (a note in
        ``.attrs["notes"]`` says so).

    Raises
    ------
    UnsupportedError, AnalysisError
        As :func:`residuals`.
    ModelError
        When ``level`` is no share or ``close`` no positive number.

    Notes
    -----
    With :math:`T = e'e`, the covariance matrix of the residuals C, :math:`t_1 = tr\,C`, :math:`t_2 = tr\,C^2` and
    :math:`v = e'Ce` over m moments (Maydeu-Olivares, 2017; Maydeu-Olivares, Shi & Rosseel, 2018): the statistic of
    exact fit is :math:`\sqrt{T/m}` less its expectation :math:`\sqrt{t_1/m}(4t_1^2 - t_2)/4t_1^2`, over
    :math:`\sqrt{t_2/2mt_1}`; the unbiased estimate :math:`\sqrt{\max(T - t_1, 0)/m}/k` with
    :math:`k = 1 - (t_2 + 2v)/4T^2` and standard error :math:`\sqrt{(t_2 + 2v)/2mT}/k`.
    """
    chosen = "cor.bollen" if kind == "cor" else kind
    if chosen not in _INDEX:
        _refuse_kind(kind)
        raise UnsupportedError(
            f"residual_summary(kind={kind!r}) does not exist; choose raw, cor.bentler or cor.bollen."
        )
    faults = []
    if isinstance(level, bool) or not isinstance(level, float | int) or not 0 < level < 1:
        faults.append(Fault(f"level= must be a number between 0 and 1, such as 0.9; found {level!r}."))
    if isinstance(close, bool) or not isinstance(close, float | int) or not close > 0:
        faults.append(Fault(f"close= must be a positive number, such as 0.05; found {close!r}."))
    if faults:
        raise ModelError(faults)
    rows: list[dict[str, Any]] = []
    for part in _groups(solution, chosen, errors=True):
        for moments, at, count in part.summarised(chosen):
            varies = part.errors(chosen)[at] > 0
            covariance = part.covariance(chosen)[np.ix_(at, at)] * np.multiply.outer(varies, varies)
            found = _root_mean_square(part.vector(chosen)[at], covariance, count)
            figures = _figures(found, level, close)
            rows.append({"group": part.label, "moments": moments, "index": _INDEX[chosen], **figures})
    table = pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))
    silent = list(dict.fromkeys(table.loc[table["unbiased"].isna(), "moments"]))
    message = f"The residuals of {', '.join(silent)} cannot vary: the model reproduces these moments whatever the data."
    table.attrs["notes"] = [Note("SEM_RESIDUALS_SATURATED", message).as_dict()] if silent else []
    return table


@dataclass(frozen=True)
class _GroupResiduals:
    """The residuals of one group; moments stand as means (where modelled), then the lower triangle row by row."""

    solution: Solution
    number: int
    label: str

    @cached_property
    def n_means(self) -> int:
        """How many means are among the moments."""
        return len(self.solution.table.observed) if self.solution.table.meanstructure else 0

    @cached_property
    def given(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which moments are given rather than modelled."""
        found = np.ones(self.n_means + len(self._triangle[0]), dtype=bool)
        found[self._modelled] = False
        return found

    @cached_property
    def _triangle(self) -> tuple[Any, Any]:
        return np.tril_indices(len(self.solution.table.observed))

    @cached_property
    def _modelled(self) -> Any:
        """Where the modelled moments stand among all of them."""
        group = self.solution.sample.groups[self.number]
        rows = self.solution.inference.information.moment_rows(group)
        return rows - (0 if self.n_means else len(group.mean))

    @cached_property
    def source(self) -> Residuals:
        """Sample and implied moments."""
        group, moments = self.solution.sample.groups[self.number], self.solution.moments[self.number]
        means = (group.mean, moments.mu) if self.n_means else (None, None)
        return Residuals(group.covariance, moments.sigma, *means)

    def of_kind(self, kind: str) -> tuple[Array, Array]:
        """Covariance residuals (p, p) and mean residuals (p,) of a kind."""
        vector = self._over_errors(kind) if kind in OVER_ERRORS else self.vector(kind)
        p = len(self.solution.table.observed)
        square: Array = np.zeros((p, p))
        i, j = self._triangle
        square[i, j] = square[j, i] = vector[self.n_means :]
        means: Array = vector[: self.n_means] if self.n_means else np.zeros(p)
        return square, means

    def vector(self, kind: str) -> Array:
        """Residuals (k,) in the metric of a kind; raw ones for kinds over errors."""
        ways = {
            "cor": self.source.of_correlations,
            "cor.bollen": self.source.of_correlations,
            "cor.bentler": self.source.over_sample_deviations,
        }
        square, means = ways.get(kind, self.source.raw)()
        lower = square[self._triangle]
        return lower if means is None else np.concatenate([means, lower])

    def _over_errors(self, kind: str) -> Array:
        raw, errors, sampling = self.vector(kind), self.errors(kind), self.errors("normalized")
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.where(errors > 0, raw / errors, np.nan)
        none = self.given | (np.abs(raw) <= _NO_RESIDUAL * sampling)
        with_zeros: Array = np.where(~(errors > 0) & none, 0.0, found)
        return with_zeros

    def errors(self, kind: str) -> Array:
        """Standard errors (k,) of the residuals: 0 where they cannot vary, NaN where a variance is negative."""
        if kind not in self._known:
            variances = np.diagonal(self.covariance(kind))
            whole = np.abs(np.diagonal(self._to_metric(kind, self._of_sample)))
            variances = np.where(np.abs(variances) <= _NO_VARIANCE * whole, 0.0, variances)
            if kind == "standardized.mplus":  # what fits perfectly does not vary
                variances = np.where((variances < 0) & ~self._large, 0.0, variances)
            with np.errstate(invalid="ignore"):
                self._known[kind] = np.sqrt(variances)
        return self._known[kind]

    @cached_property
    def _large(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which residuals are more than rounding, (k,)."""
        found: np.ndarray[Any, np.dtype[np.bool_]]
        found = np.abs(self.vector("raw")) > _NO_RESIDUAL * self.errors("normalized")
        return found

    @cached_property
    def _known(self) -> dict[str, Array]:
        """Standard errors by kind, once they were asked for."""
        return {}

    def covariance(self, kind: str) -> Array:
        """Covariance matrix (k, k) of the residuals in the metric of a kind."""
        if kind == "normalized":
            return self._of_sample
        if kind == "standardized.mplus":
            return self._of_difference
        return self._to_metric(kind, self._of_residuals)

    def _to_metric(self, kind: str, matrix: Array) -> Array:
        if not kind.startswith("cor"):
            return matrix
        if kind == "cor.bentler":
            return matrix * np.multiply.outer(self._inverse_deviations, self._inverse_deviations)
        found: Array = self._correlation_slopes @ matrix @ self._correlation_slopes.T
        return found

    @cached_property
    def _inverse_deviations(self) -> Array:
        """What turns raw residuals into those over sample standard deviations, (k,)."""
        inverse = 1.0 / np.sqrt(np.diagonal(self.source.sample))
        i, j = self._triangle
        lower = inverse[i] * inverse[j]
        return np.concatenate([inverse, lower]) if self.n_means else lower

    @cached_property
    def _correlation_slopes(self) -> Array:
        """Derivatives of the sample correlations (and scaled means) by the sample moments, (k, k)."""
        sample = self.source.sample
        i, j = self._triangle
        slopes = np.diag(self._inverse_deviations)
        variances = np.flatnonzero(i == j) + self.n_means
        inverse = 1.0 / np.sqrt(np.diagonal(sample))
        correlations = sample[i, j] * inverse[i] * inverse[j]
        rows = np.arange(len(i)) + self.n_means
        for side in (i, j):
            np.add.at(slopes, (rows, variances[side]), -0.5 * correlations / np.diagonal(sample)[side])
        return slopes

    @cached_property
    def _of_sample(self) -> Array:
        """Covariance matrix (k, k) of the sample moments, 0 for given ones; from the rows where errors are robust.

        The metric of ULS and DWLS is no inverse of that matrix: with these it always comes from the rows.
        """
        options, group = self.solution.options, self.solution.sample.groups[self.number]
        information, kind = self.solution.inference.information, options.information[0]
        robust = options.se.startswith("robust")
        plain = group.patterns is None and group.weights is None and kind != "first.order"
        if options.discrepancy in ("ULS", "DWLS") or (robust and plain):
            return self._whole(information.gamma(self.number) / group.n)
        bread = scaled_inverse(information.of_moments(self.number, kind, structured=False))
        if not robust:
            return self._whole(bread / group.n)
        meat = information.of_moments(self.number, "first.order", structured=False)
        return self._whole(bread @ meat @ bread / group.n)

    @cached_property
    def _of_residuals(self) -> Array:
        """Q Gamma Q' / n."""
        inference, options = self.solution.inference, self.solution.options
        information, kind, structured = inference.information, options.information[0], options.structured[0]
        slopes = information.slopes[self.number]
        inverse = inference.inverse(information.of_parameters(kind, observed_by_moments=True, structured=structured))
        metric = information.of_moments(self.number, kind, structured=structured)
        share = information.shares[self.number]
        q = np.eye(len(slopes)) - share * slopes @ inverse @ times(metric, slopes).T
        inside = self._of_sample[np.ix_(self._modelled, self._modelled)]
        return self._whole(q @ inside @ q.T)

    @cached_property
    def _of_difference(self) -> Array:
        """Covariance matrix of the sample moments less that of the implied ones."""
        slopes = self.solution.inference.information.slopes[self.number]
        return self._of_sample - self._whole(slopes @ self.solution.inference.vcov @ slopes.T)

    def _whole(self, inside: Array) -> Array:
        size = len(self.given)
        whole: Array = np.zeros((size, size))
        whole[np.ix_(self._modelled, self._modelled)] = inside
        return whole

    def table(self, kind: str) -> pd.DataFrame:
        """Residuals with errors and tests."""
        names = np.array(self.solution.table.observed, dtype=object)
        i, j = self._triangle
        residual, errors = self.vector(kind), self.errors(kind)
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.where(errors > 0, residual / errors, np.nan)
        frame = pd.DataFrame(
            {
                "lhs": np.concatenate([names[: self.n_means], names[j]]),
                "op": np.repeat(["~1", "~~"], [self.n_means, len(i)]),
                "rhs": np.concatenate([np.full(self.n_means, "", dtype=object), names[i]]),
                "group": self.label,
                "residual": residual,
                "std_error": errors,
                "z": z,
                "p_value": 2.0 * ndtr(-np.abs(z)),
            }
        )
        return frame[self._shown(kind)]

    def _shown(self, kind: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which moments stand in tables of a kind: modelled ones, of correlations not the diagonal."""
        i, j = self._triangle
        counted = np.concatenate([np.ones(self.n_means, dtype=bool), i != j])
        return ~self.given & (counted | (kind not in ("cor", "cor.bollen")))

    def notes(self, kind: str) -> tuple[Note, ...]:
        """Which residuals have no error that they could be divided by."""
        errors, shown = self.errors(kind), self._shown(kind)
        negative, still = int((np.isnan(errors) & shown).sum()), int(((errors == 0.0) & self._large & shown).sum())
        named = f" in group '{self.label}'" if self.label else ""
        reasons = []
        if negative:
            reasons.append(
                f"{negative} residuals{named} have no standard error: the difference of two covariance matrices that "
                "stands for their variance is negative. kind='standardized' has one."
            )
        if still:
            reasons.append(
                f"{still} residuals{named} are not 0 and have a standard error of 0: the model does not hold, and what "
                "moves them is of higher order. They have no test."
            )
        return tuple(Note("SEM_RESIDUAL_NO_ERROR", reason) for reason in reasons)

    def summarised(self, kind: str) -> Iterator[tuple[str, Any, int]]:
        """Parts of the moments: name, positions, and how many are counted."""
        p, size = len(self.solution.table.observed), len(self.given)
        fewer = p if kind == "cor.bollen" else 0  # the diagonal of a correlation matrix is no residual
        yield "cov", np.arange(self.n_means, size), size - self.n_means - fewer
        if self.n_means:
            yield "mean", np.arange(self.n_means), p
            yield "total", np.arange(size), size - fewer


def _groups(solution: Solution, kind: str, *, errors: bool = False) -> list[_GroupResiduals]:
    """The residuals of every group, after what cannot be had is refused."""
    _refuse_kind(kind)
    if errors or kind in OVER_ERRORS:
        _refuse_without_errors(solution)
    return [_GroupResiduals(solution, number, label) for number, label in enumerate(solution.sample.labels)]


def _refuse_without_errors(solution: Solution) -> None:
    if not solution.has_errors:
        raise AnalysisError(
            "residuals over their errors need a converged, identified model; the notes of the fit say what is wrong. "
            "kind='raw' and 'cor' are there.",
            "SEM_NO_STANDARD_ERRORS",
        )
    if solution.options.discrepancy in ("ULS", "DWLS") and solution.sample.groups[0].values is None:
        raise AnalysisError(
            f"with estimator='{solution.options.estimator}' errors of residuals are computed from rows; a covariance "
            "matrix does not have them. Give data, or estimator='ML'.",
            "SEM_NO_STANDARD_ERRORS",
        )


def _refuse_kind(kind: str) -> None:
    if kind not in KINDS:
        hint = did_you_mean(str(kind), KINDS)
        raise UnsupportedError(f"residuals of kind={kind!r} do not exist; choose {', '.join(KINDS)}.{hint}")


def _by_group(solution: Solution, values: list[Any]) -> Any:
    labels = solution.sample.labels
    return dict(zip(labels, values, strict=True)) if len(labels) > 1 else values[0]


@dataclass(frozen=True, slots=True)
class _RootMeanSquare:
    """A root mean square residual, what it is expected to be, and its unbiased estimate; errors beside them."""

    value: float
    error: float
    expected: float
    unbiased: float
    unbiased_error: float


def _root_mean_square(residual: Array, covariance: Array, count: int) -> _RootMeanSquare:
    total = float(residual @ residual)
    value = float(np.sqrt(total / count))
    one, two = float(np.trace(covariance)), float(np.vdot(covariance, covariance))
    if not one > 0 or not total > 0:
        nothing = float("nan")
        return _RootMeanSquare(value, nothing, nothing, nothing, nothing)
    along = float(residual @ covariance @ residual)
    correction = 1.0 - (two + 2.0 * along) / (4.0 * total**2)
    return _RootMeanSquare(
        value=value,
        error=float(np.sqrt(two / (2.0 * count * one))),
        expected=float(np.sqrt(one / count)) * (4.0 * one**2 - two) / (4.0 * one**2),
        unbiased=float(np.sqrt(max(total - one, 0.0) / count)) / correction,
        unbiased_error=float(np.sqrt((two + 2.0 * along) / (2.0 * count * total))) / abs(correction),
    )


def _figures(found: _RootMeanSquare, level: float, close: float) -> dict[str, float]:
    exact = max(found.value - found.expected, 0.0) / found.error if found.error > 0 else float("nan")
    near = (found.unbiased - close) / found.unbiased_error
    reach = float(ndtri(0.5 + level / 2)) * found.unbiased_error
    return {
        "estimate": found.value, "std_error": found.error, "exact_fit_z": exact,
        "exact_fit_p_value": float(ndtr(-exact)), "unbiased": found.unbiased, "unbiased_se": found.unbiased_error,
        "ci_low": found.unbiased - reach, "ci_high": found.unbiased + reach, "close_fit_z": near,
        "close_fit_p_value": float(ndtr(-near)),
    }  # fmt: skip
