"""Declared hypotheses tested on finished analyses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy.special import ndtri, stdtr

from crmstudy.models.formula import same_name, term_key
from crmstudy.numerals import p_phrase, write_number
from crmstudy.report.telling.fitted_model import has_bootstrap_intervals
from crmstudy.results import HypothesisTest, Result
from crmstudy.study.parts import Claim, HypothesisPlan, Relation

if TYPE_CHECKING:
    from crmstudy.report.record import Block


def assess(plan: HypothesisPlan, block: Block, level: float) -> HypothesisTest:
    """Test one hypothesis on the block of its analysis.

    A claim is supported when the estimate lies on the claimed side of the number and the two-sided p of that difference
    is below 1 − ``level`` (z, or t where the row has degrees of freedom); for a defined parameter, when its interval
    (that of the bootstrap where one was asked for, else Monte Carlo, else delta method) leaves the number out on that
    side.

    Parameters
    ----------
    plan : HypothesisPlan
    block : Block
    level : float
        Confidence level of the analysis.
    """
    if block.result is None:
        return _untestable(plan, level, f"the analysis '{plan.analysis}' could not be done: {block.error}")
    if not block.result.admissible:
        codes = dict.fromkeys(note.code for note in block.result.notes if note.level == "inadmissible")
        return _untestable(plan, level, f"the analysis '{plan.analysis}' is inadmissible ({', '.join(codes)}).")
    row = _find(plan.claim, block.result)
    if row is None:
        names = block.result.estimates.get("term", ())
        there = f" It has: {', '.join(names)}." if len(names) else ""
        reason = f"the analysis '{plan.analysis}' has no parameter '{plan.claim.target}'.{there}"
        return _untestable(plan, level, reason)
    estimate, std_error = _number(row, "estimate"), _number(row, "std_error")
    if estimate is None:
        return _untestable(plan, level, f"'{plan.claim.target}' has no estimate.")
    if row.get("op") == ":=":
        return _by_interval(plan, block, row, level)
    if not std_error:
        return _untestable(plan, level, f"'{plan.claim.target}' has no standard error: it is fixed, not estimated.")
    return _by_p_value(plan, row, estimate, std_error, level)


def _by_p_value(
    plan: HypothesisPlan, row: pd.Series[Any], estimate: float, std_error: float, level: float
) -> HypothesisTest:
    claim = plan.claim
    p_value = two_sided_p((estimate - claim.number) / std_error, _number(row, "df"))
    agrees = _agrees(estimate, claim.relation, claim.number)
    supported = agrees and p_value < 1 - level
    against = f" against {claim.number:g}" if claim.number else ""
    said = f"the estimate is {write_number(estimate, 'estimate')} and {p_phrase(p_value)}{against}"
    if not agrees:
        reason = f"{said}: it does not lie on the claimed side of {claim.number:g}."
    else:
        reason = f"{said}, {'' if supported else 'not '}below {write_number(1 - level, 'p', decimals=2)}."
    low, high = _number(row, "ci_low"), _number(row, "ci_high")
    return _verdict(plan, row, supported, reason, level, (estimate, std_error, p_value, low, high))


def _by_interval(plan: HypothesisPlan, block: Block, row: pd.Series[Any], level: float) -> HypothesisTest:
    claim = plan.claim
    values: list[float | None] = [_number(row, name) for name in ("estimate", "std_error", "ci_low", "ci_high")]
    method, remark = "delta-method", ""
    drawn = block.extras.get("monte_carlo")
    if block.result is not None and has_bootstrap_intervals(block.result) and None not in values:
        method = "bootstrap"
    elif isinstance(drawn, pd.DataFrame):
        own = drawn[drawn["label"] == claim.lhs]
        simulated = [_number(row, name) for _, row in own.iterrows() for name in ("std_error", "ci_low", "ci_high")]
        if len(simulated) == 3 and None not in simulated:
            values[1:], method = simulated, "Monte Carlo"
        elif len(own):
            remark = " (some draws have no value, so there is no Monte Carlo interval)"
    estimate, std_error, low, high = values
    if (low is None or high is None) and estimate is not None and std_error:
        half = float(ndtri(0.5 + level / 2)) * std_error
        low, high = estimate - half, estimate + half
    if low is None or high is None:
        return _untestable(plan, level, f"the defined parameter '{claim.target}' has no interval.")
    above, below = low > claim.number, high < claim.number
    supported = {">": above, "<": below, "!=": above or below}[claim.relation]
    interval = write_number((low, high), "interval")
    side = {">": "above", "<": "below", "!=": "beside"}[claim.relation]
    lies = "lies" if supported else "does not lie"
    reason = f"its {method} interval {interval} {lies} {side} {claim.number:g}{remark}."
    return _verdict(plan, row, supported, reason, level, (estimate, std_error, None, low, high))


def two_sided_p(statistic: float, df: float | None = None) -> float:
    """Two-sided p of a z value, or of a t value with ``df`` degrees of freedom.

    Examples
    --------
    >>> round(two_sided_p(1.959963984540054), 12)
    0.05
    """
    if df is None:
        return math.erfc(abs(statistic) / math.sqrt(2))
    return float(2 * stdtr(df, -abs(statistic)))


def _find(claim: Claim, result: Result) -> pd.Series[Any] | None:
    """The row of the estimates that a claim is about, or None."""
    estimates = result.estimates
    if "op" not in estimates.columns:
        if claim.op != "~" or not same_name(claim.lhs, str(result.call.get("outcome", ""))):
            return None
        rows = estimates[[term_key(str(term)) == term_key(claim.rhs) for term in estimates["term"]]]
    elif not claim.op:
        rows = estimates[(estimates["label"] == claim.lhs)]
    else:
        same = (estimates["lhs"] == claim.lhs) & (estimates["rhs"] == claim.rhs)
        if claim.op == "~~":
            same |= (estimates["lhs"] == claim.rhs) & (estimates["rhs"] == claim.lhs)
        rows = estimates[same & (estimates["op"] == claim.op)]
    return rows.iloc[0] if len(rows) else None


def _agrees(estimate: float, relation: Relation, number: float) -> bool:
    return {">": estimate > number, "<": estimate < number, "!=": estimate != number}[relation]


def _verdict(
    plan: HypothesisPlan,
    row: pd.Series[Any],
    supported: bool,
    reason: str,
    level: float,
    figures: tuple[float | None, float | None, float | None, float | None, float | None],
) -> HypothesisTest:
    estimate, std_error, p_value, low, high = figures
    return HypothesisTest(
        id=plan.id,
        statement=plan.statement,
        claim=str(plan.claim),
        analysis=plan.analysis,
        verdict="supported" if supported else "not supported",
        reason=reason,
        estimate=estimate,
        std_error=std_error,
        p_value=p_value,
        ci_low=low,
        ci_high=high,
        std_all=_number(row, "std_all") if "std_all" in row.index else _number(row, "beta"),
        level=level,
        number=plan.claim.number,
    )


def _untestable(plan: HypothesisPlan, level: float, reason: str) -> HypothesisTest:
    return HypothesisTest(plan.id, plan.statement, str(plan.claim), plan.analysis, "not testable", reason, level=level)


def _number(row: pd.Series[Any], name: str) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None
