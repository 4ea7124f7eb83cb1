"""Discriminant validity: correlations of factors with their intervals, HTMT, and tests against a cutoff."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtri

from crmstudy.errors import CrmstudyError
from crmstudy.estimating.solution import Solution
from crmstudy.fitted.comparison import default_difference
from crmstudy.fitted.fit import refit
from crmstudy.fitted.measured import Measurement, reticular
from crmstudy.fitted.nesting import Pair
from crmstudy.fitted.pooledfits import PooledSolution
from crmstudy.fitted.semresult import SemResult
from crmstudy.grammar.spec import ModelSpec
from crmstudy.kernels.covariance.reticular import correlation_with_slopes, standard_error
from crmstudy.kernels.incomplete.pooling import statistics_test
from crmstudy.notes import Note

COLUMNS = (
    "lhs", "rhs", "correlation", "std_error", "ci_low", "ci_high", "ave_check", "htmt", "htmt2", "cutoff",
    "chisq_diff", "df_diff", "p_value",
)  # fmt: skip
#: A model whose scale is set another way has the same chi-square but for what two optimisers leave.
_SAME_CHISQ = 1e-5


class _NotMade(Exception):
    """Why a test against a cutoff is not made."""


def discriminant_table(
    fit: SemResult,
    part: Measurement,
    factors: list[str],
    roots: dict[str, float],
    ratios: dict[str, pd.DataFrame],
    cutoff: float,
) -> tuple[pd.DataFrame, list[Note]]:
    """One row a pair of factors; columns :data:`COLUMNS`.

    Parameters
    ----------
    fit : SemResult
    part : Measurement
    factors : list of str
        Factors to compare.
    roots : dict of str to float
        Root of the average variance extracted, where there is one.
    ratios : dict of str to DataFrame
        Lower triangles of ``htmt`` and ``htmt2``.
    cutoff : float
        Correlation the factors' correlations are tested against.
    """
    level = float(fit.call.get("level", 0.95))
    errors = _correlation_errors(fit, factors)
    rows: list[tuple[Any, ...]] = []
    why: dict[str, list[str]] = {}
    for a, b in itertools.combinations(factors, 2):
        i, j = part.latent.index(a), part.latent.index(b)
        scale = part.phi[i, i] * part.phi[j, j]
        r = float(part.phi[i, j] / np.sqrt(scale)) if scale > 0 else np.nan
        error = errors.get((a, b), np.nan)
        reach = float(ndtri(0.5 + level / 2)) * error
        larger = min(roots[a], roots[b]) > abs(r) if a in roots and b in roots else None
        try:
            pooled = isinstance(fit.solution, PooledSolution)
            test = (_pooled_cutoff_test if pooled else _cutoff_test)(fit, (a, b), r, cutoff)
        except _NotMade as reason:
            why.setdefault(str(reason), []).append(f"{a} with {b}")
            test = (np.nan, np.nan, np.nan)
        found = [float(ratios[name][a][b]) for name in ("htmt", "htmt2")]
        rows.append((a, b, r, error, r - reach, r + reach, larger, *found, cutoff, *test))
    notes = [
        Note("VALIDITY_TEST_NOT_MADE", f"No test against {cutoff:g} for {', '.join(pairs)}: {reason}", "info")
        for reason, pairs in why.items()
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"ave_check": object}), notes


def _correlation_errors(fit: SemResult, factors: list[str]) -> dict[tuple[str, str], float]:
    """Delta-method standard errors of the correlations; none where the model has no standard errors."""
    if fit.call.get("se") == "none":
        return {}
    try:
        model, at = reticular(fit)
    except CrmstudyError:  # the notes of the fit say why
        return {}
    vcov = fit.vcov.to_numpy()
    with np.errstate(invalid="ignore"):
        return {
            (a, b): standard_error(correlation_with_slopes(model, at[a], at[b])[1], vcov)
            for a, b in itertools.combinations(factors, 2)
        }


def _cutoff_test(fit: SemResult, pair: tuple[str, str], r: float, cutoff: float) -> tuple[float, float, float]:
    """Likelihood-ratio test of a correlation against plus or minus ``cutoff``: chi-square, df and p.

    The difference is scaled where the model's test is. A correlation beyond the cutoff is not tested: it is not below
    it (chi-square 0, p = 1), as in Rönkkö and Cho (2022).
    """
    if not (fit.converged and np.isfinite(fit.fit["chisq"])):
        raise _NotMade("the model has no chi-square.")
    if abs(r) > cutoff:
        return 0.0, 1.0, 1.0
    held = _held_at(fit, pair, cutoff if r >= 0 else -cutoff)
    if held.df - fit.solution.df != 1:
        raise _NotMade("fixing the correlation does not change the degrees of freedom by one.")
    found = default_difference(Pair(fit.solution, held))
    if not np.isfinite(found.statistic):
        raise _NotMade("the scaling factor of the difference is not positive.")
    difference = max(found.statistic, 0.0)
    return difference, 1.0, float(chdtrc(1.0, difference))


def _pooled_cutoff_test(fit: SemResult, pair: tuple[str, str], r: float, cutoff: float) -> tuple[float, float, float]:
    """The test in every imputed data set, pooled by D2; ``p`` is that of the pooled F."""
    if abs(r) > cutoff or not isinstance(fit.solution, PooledSolution):
        return 0.0, 1.0, 1.0
    found = []
    for part in fit.solution.parts:
        one = SemResult(part, (), fit.call)
        found.append(_cutoff_test(one, pair, float(one.latent_correlations.loc[pair]), cutoff)[0])
    test = statistics_test(np.array(found), 1.0)
    return test.chisq, 1.0, test.p_value


def _held_at(fit: SemResult, pair: tuple[str, str], cutoff: float) -> Solution:
    """The model with the correlation of a pair of factors fixed at ``cutoff``.

    Both factors get a variance of 1 instead of fixed loadings, which leaves the model as it is; their covariance is
    then the correlation.
    """
    _refuse_other_pairs(fit, pair)
    spec = fit.solution.spec
    text, size, checked = _in_correlations(spec, pair, std_lv=bool(fit.call.get("std_lv")))
    if checked or spec.has_means:
        same = _refit(fit, text)
        chisq = float(fit.fit["chisq"])
        if abs(same.inference.chisq - chisq) > _SAME_CHISQ * max(1.0, chisq) or same.df != fit.solution.df:
            raise _NotMade("the restrictions of the model depend on how its factors are scaled.")
    return _refit(fit, f"{text}\n{pair[0]} ~~ {cutoff * size!r}*{pair[1]}")


def _refuse_other_pairs(fit: SemResult, pair: tuple[str, str]) -> None:
    """Refuse factors whose covariance is no free parameter."""
    if not fit.solution.has_errors:
        raise _NotMade("the model is not identified.")
    rows = fit.solution.table.rows
    if any((row.op == "~" and row.lhs in pair) or (row.op == "=~" and row.rhs in pair) for row in rows):
        raise _NotMade("a factor is explained by others in this model; ask it of a measurement model fitted by cfa().")
    if not any(row.op == "~~" and {row.lhs, row.rhs} == set(pair) and row.free for row in rows):
        raise _NotMade("their covariance is fixed in this model.")


def _refit(fit: SemResult, text: str) -> Solution:
    try:
        again = refit(fit.solution, text)
    except CrmstudyError as error:
        raise _NotMade(f"the model could not be fitted with this restriction ({error}).") from None
    if not again.optimum.converged:
        raise _NotMade("the model did not converge with this restriction.")
    return again


@dataclass
class _Scaled:
    """Terms of a model while a factor's scale is moved from its loadings to its variance."""

    terms: list[Any]
    lines: list[str]
    size: float = 1.0
    checked: bool = False


def _in_correlations(spec: ModelSpec, pair: tuple[str, str], *, std_lv: bool) -> tuple[str, float, bool]:
    """The model with a fixed variance for both factors and no word on their covariance.

    Returns
    -------
    text : str
    size : float
        Product of the standard deviations they are given.
    checked : bool
        Whether the chi-square must be compared, because restrictions may depend on the scale.
    """
    key = tuple(sorted(pair))
    others = [t for t in spec.terms if not (t.op == "~~" and tuple(sorted((t.lhs, t.rhs))) == key)]
    scaled = _Scaled(others, [])
    scaled.checked = bool(spec.labels) or any(term.equal_to is not None for term in spec.terms)
    for factor in pair:
        _fix_variance(scaled, factor, spec, std_lv=std_lv)
    text = str(replace(spec, terms=tuple(scaled.terms), definitions=()))
    return "\n".join([text, *scaled.lines]), scaled.size, scaled.checked


def _fix_variance(scaled: _Scaled, factor: str, spec: ModelSpec, *, std_lv: bool) -> None:
    own = next((t for t in scaled.terms if t.op == "~~" and t.lhs == t.rhs == factor), None)
    value = own.fixed if own is not None else 1.0 if std_lv else None
    if value is None and own is not None and std_lv and not own.free:
        value = 1.0
    if value is not None:
        if not isinstance(value, float | int) or value <= 0:
            raise _NotMade(f"the variance of '{factor}' is fixed at {value}.")
        scaled.size *= float(np.sqrt(value))
        return
    loadings = [t for t in scaled.terms if t.op == "=~" and t.lhs == factor]
    first = loadings[0]
    markers = {t.rhs: t.fixed for t in loadings if t.fixed}
    if first.fixed is None and not first.free and not std_lv:
        markers[first.rhs] = 1.0 if first.start is None else first.start
    if len(set(markers.values())) != 1:
        raise _NotMade(f"several loadings of '{factor}' are fixed, at different values.")
    label = None
    if len(markers) > 1:
        label, scaled.checked = f"{factor}.loading", True
        while label in spec.labels:
            label += "."
    scaled.terms = [
        replace(t, fixed=None, free=True, start=None, label=label or t.label)
        if t.op == "=~" and t.lhs == factor and t.rhs in markers
        else t
        for t in scaled.terms
        if t is not own
    ]
    scaled.lines.append(f"{factor} ~~ 1*{factor}")
