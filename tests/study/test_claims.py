"""Claims are read, and tested on estimates by sign, p and interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crmstudy.errors import AnalysisError
from crmstudy.notes import Note
from crmstudy.report.record import Block
from crmstudy.results import Result
from crmstudy.study.claims import parse_claim
from crmstudy.study.hypotheses import assess, two_sided_p
from crmstudy.study.parts import HypothesisPlan, Place

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.]{0,6}", fullmatch=True)
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: float(f"{number:g}"))


@given(NAMES, st.sampled_from(["~", "~~", "=~"]), NAMES, st.sampled_from([">", "<", "!="]), NUMBERS)
def test_a_printed_claim_reads_back_as_itself(lhs, op, rhs, relation, number):
    claim = parse_claim(f"{lhs}{op}{rhs}{relation}{number:g}")
    assert (claim.lhs, claim.op, claim.rhs, claim.relation, claim.number) == (lhs, op, rhs, relation, number)
    assert parse_claim(str(claim)) == claim


@given(NAMES, st.sampled_from([">", "<", "!="]), NUMBERS)
def test_a_label_is_a_claim_without_operator(label, relation, number):
    claim = parse_claim(f"  {label} {relation} {number:g} ")
    assert (claim.target, claim.op, claim.number) == (label, "", number)


def test_terms_with_brackets_and_signs_of_print():
    assert parse_claim("y ~ C(branch)[T.2] > −.5").target == "y ~ C(branch)[T.2]"
    assert parse_claim("y ~ x > −.5").number == -0.5
    assert parse_claim("y ~ x ≠ 1e-3").relation == "!="


@pytest.mark.parametrize("text", ["", "a", "a >", "> 0", "a > b", "a == 0", "a => 0", "a ≥ 0", "a + b > 0", "a 0 >"])
def test_what_is_no_claim_is_refused_with_its_shape(text):
    with pytest.raises(ValueError, match="write a parameter, then >, < or != and a number"):
        parse_claim(text)


def _block(estimates: pd.DataFrame, notes: tuple[Note, ...] = (), outcome: str = "", **extras: pd.DataFrame) -> Block:
    result = Result(estimates, 100, notes=notes, call={"outcome": outcome})
    return Block("m", "sem", "s", "M", result=result, extras=extras)


def _sem(*rows: tuple[str, str, str, str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["lhs", "op", "rhs", "label", "estimate", "std_error"])
    frame["ci_low"] = frame["estimate"] - 1.959964 * frame["std_error"]
    frame["ci_high"] = frame["estimate"] + 1.959964 * frame["std_error"]
    return frame.assign(std_all=0.5)


def _assess(claim: str, block: Block, level: float = 0.95):
    return assess(HypothesisPlan("H1", "It is so.", parse_claim(claim), "m", Place("study.yaml")), block, level)


PATHS = _sem(
    ("y", "~", "x", "a", 0.4, 0.1),
    ("y", "~~", "x", "", -0.3, 0.1),
    ("f", "=~", "x1", "", 1.0, 0.0),
    ("ab", ":=", "a*b", "ab", 0.2, 0.15),
)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("y ~ x > 0", "supported"),
        ("y ~ x < 0", "not supported"),
        ("y ~ x != 0", "supported"),
        ("a > 0", "supported"),
        ("a > 0.3", "not supported"),  # z = 1
        ("a < 0.6", "supported"),  # z = -2
        ("a != 0.5", "not supported"),
        ("y ~~ x < 0", "supported"),
        ("x ~~ y < 0", "supported"),
        ("f =~ x1 > 0", "not testable"),
        ("y ~ z > 0", "not testable"),
        ("ab > 0", "not supported"),  # delta interval holds 0
        ("ab != 0.9", "supported"),
        ("ab < 0.9", "supported"),
    ],
)
def test_verdicts(claim, verdict):
    assert _assess(claim, _block(PATHS)).verdict == verdict


def test_the_p_value_is_that_of_the_difference_from_the_claimed_number():
    test = _assess("a > 0.3", _block(PATHS))
    assert test.p_value == pytest.approx(2 * stats.norm.sf(1.0), rel=1e-12)
    assert (test.estimate, test.std_error, test.std_all) == (0.4, 0.1, 0.5)
    assert test.reason == "the estimate is 0.40 and p = .317 against 0.3, not below .05."
    assert test.text == "H1 is not supported (estimate 0.40, 95% CI [0.20, 0.60], p = .317 against 0.3)."
    assert test.number == 0.3
    assert "against" not in _assess("a > 0", _block(PATHS)).text + _assess("a > 0", _block(PATHS)).reason


def test_the_level_of_the_analysis_decides():
    block = _block(_sem(("y", "~", "x", "", 0.18, 0.1)))  # p = .072
    assert _assess("y ~ x > 0", block, 0.95).verdict == "not supported"
    assert _assess("y ~ x > 0", block, 0.90).verdict == "supported"


def test_a_regression_is_tested_by_t():
    rows = pd.DataFrame(
        {
            "term": ["x"],
            "estimate": [2.0],
            "std_error": [1.0],
            "df": [4.0],
            "ci_low": [-0.8],
            "ci_high": [4.8],
            "beta": [0.3],
        }
    )
    test = _assess("y ~ x > 0", _block(rows, outcome="y"))
    assert test.p_value == pytest.approx(2 * stats.t.sf(2.0, 4), rel=1e-12)
    assert (test.verdict, test.std_all) == ("not supported", 0.3)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("y ~ w:z > 0", "supported"),
        ("y ~ z:w > 0", "supported"),
        ("y ~ z : w > 0", "supported"),
        ("y ~ g[T.b] > 0", "supported"),
        ("nonsense ~ g[T.b] > 0", "not testable"),
        ("nonsense ~ z:w > 0", "not testable"),
        ("y ~~ z:w > 0", "not testable"),
        ("y ~ g[T.c] > 0", "not testable"),
        ("`my y` ~ z:w > 0", "not testable"),
    ],
)
def test_a_claim_about_a_regression_names_its_outcome_and_a_term_in_any_order(claim, verdict):
    terms = ["(Intercept)", "z:w", "g[T.b]"]
    rows = pd.DataFrame({"term": terms, "estimate": 2.0, "std_error": 0.1, "df": 50.0, "ci_low": 1.8, "ci_high": 2.2})
    assert _assess(claim, _block(rows, outcome="y")).verdict == verdict


def test_a_defined_parameter_goes_by_its_monte_carlo_interval():
    drawn = pd.DataFrame({"label": ["ab"], "estimate": [0.2], "std_error": [0.1], "ci_low": [0.02], "ci_high": [0.4]})
    test = _assess("ab > 0", _block(PATHS, monte_carlo=drawn))
    assert (test.verdict, test.ci_low, test.std_error, test.p_value) == ("supported", 0.02, 0.1, None)
    assert test.reason == "its Monte Carlo interval [0.02, 0.40] lies above 0."


@pytest.mark.parametrize(("claim", "verdict"), [("ab > 0", "not supported"), ("ab < 0.9", "supported")])
@pytest.mark.parametrize("delta", [True, False])
def test_without_a_monte_carlo_interval_the_delta_method_decides_and_says_so(claim, verdict, delta):
    nan = float("nan")
    drawn = pd.DataFrame({"label": ["ab"], "estimate": [0.2], "std_error": [nan], "ci_low": [nan], "ci_high": [nan]})
    paths = PATHS if delta else PATHS.assign(ci_low=nan, ci_high=nan)
    test = _assess(claim, _block(paths, monte_carlo=drawn))
    assert (test.verdict, test.std_error) == (verdict, 0.15)
    assert (test.ci_low, test.ci_high) == pytest.approx((0.2 - 1.959964 * 0.15, 0.2 + 1.959964 * 0.15), abs=1e-6)
    assert test.reason.startswith("its delta-method interval [−0.09, 0.49] ")
    assert "no Monte Carlo interval" in test.reason


def test_nothing_is_claimed_of_what_is_inadmissible_or_failed():
    note = Note("SEM_NOT_CONVERGED", "It did not converge.", "inadmissible")
    test = _assess("y ~ x > 0", _block(PATHS, (note,)))
    assert test.verdict == "not testable"
    assert test.text == "H1 could not be tested: the analysis 'm' is inadmissible (SEM_NOT_CONVERGED)."
    assert test.estimate is None
    failed = Block("m", "sem", "s", "M", error=AnalysisError("Too few rows."))
    assert _assess("y ~ x > 0", failed).reason == "the analysis 'm' could not be done: Too few rows."


def test_an_estimate_without_a_number_is_not_testable():
    block = _block(_sem(("y", "~", "x", "", float("nan"), 0.1)))
    assert _assess("y ~ x > 0", block).verdict == "not testable"


@given(st.floats(-30, 30), st.floats(1, 1e4))
def test_two_sided_p_is_the_survival_function(statistic, df):
    assert two_sided_p(statistic) == pytest.approx(2 * stats.norm.sf(abs(statistic)), rel=1e-9)
    assert two_sided_p(statistic, df) == pytest.approx(2 * stats.t.sf(abs(statistic), df), rel=1e-7)
    assert two_sided_p(-statistic, df) == two_sided_p(statistic, df)
    assert np.isfinite(two_sided_p(statistic))
