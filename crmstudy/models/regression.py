"""Linear regression with heteroscedasticity-consistent standard errors, in blocks where terms are entered in steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels import regression as kernel
from crmstudy.kernels.moments import Array
from crmstudy.models.formula import (
    Design,
    Formula,
    build_design,
    formula_terms,
    formula_variables,
    read_formula,
    term_key,
)
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import JointTest, pools
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.scoring import analysis_frame
from crmstudy.selection import coverage_faults, nominal_notes

__all__ = ["RegressionResult", "formula_terms", "formula_variables", "regress"]

_BLOCK_COLUMNS = ("block", "r_squared", "adj_r_squared", "delta_r_squared", "f", "df1", "df2", "p_value", "terms")
_DIAGNOSTIC_COLUMNS = ("check", "statistic", "df", "p_value")
#: Over imputed data sets these are pooled by D2.
_POOLED_TESTS = (
    JointTest("fit", "f", "df_model", "f_pvalue", f=True, df2="f_df2"),
    JointTest("fit", "f_robust", "df_model", "f_robust_pvalue", f=True, df2="f_robust_df2"),
    JointTest("blocks", "f", "df1", "p_value", f=True),
    JointTest("diagnostics", "statistic", "df", "p_value"),
)
#: Variance inflation from which a note is written (Kutner et al., 2005, ch. 10).
VIF_CONVENTION = 10.0


@dataclass(frozen=True, eq=False, repr=False)
class RegressionResult(Result):
    """A linear regression.

    ``estimates`` has the last columns ``beta`` (standardised coefficient) and ``vif`` (variance inflation factor),
    both empty for the intercept. ``fit``: ``r_squared``, ``adj_r_squared``; ``f``, ``f_pvalue`` (the classical test
    that all slopes are zero, as ``summary(lm)`` in R); ``f_robust``, ``f_robust_pvalue`` (the same hypothesis by a Wald
    test with the covariance of the chosen standard errors; absent when they are classical); ``df_model``,
    ``df_resid``, ``sigma``, ``ntotal``. Tables: ``blocks`` (block, r_squared, adj_r_squared, delta_r_squared, f, df1,
    df2, p_value, terms) with the classical F of each step, ``diagnostics`` (check, statistic, df, p_value).
    """

    kind: ClassVar[str] = "regression"

    @property
    def text(self) -> str:
        """How much is explained and the test that it is more than nothing."""
        fit, se = self.fit, self.call["se"]
        robust = "f_robust" in fit
        f, p = (fit["f_robust"], fit["f_robust_pvalue"]) if robust else (fit["f"], fit["f_pvalue"])
        df2 = fit.get("f_robust_df2" if robust else "f_df2", fit["df_resid"])  # its own where data sets are pooled
        degrees = f"{write_number(fit['df_model'], 'df')}, {write_number(df2, 'df')}"
        return (
            f"The predictors explain {write_number(100 * fit['r_squared'], 'percent')} of the variance of "
            f"{self.call['outcome']}, R² = {write_number(fit['r_squared'], 'r')}, adjusted R² = "
            f"{write_number(fit['adj_r_squared'], 'r')}, {'Wald ' if robust else ''}F({degrees}) = "
            f"{write_number(f, 'statistic')}, {p_phrase(p)} (N = {write_number(self.n, 'n')}, {se} standard errors)."
        )

    def plot(self) -> CoefficientPlot:
        """Standardised coefficients with their intervals."""
        rows = self.estimates[self.estimates["beta"].notna()]
        scale = (rows["beta"] / rows["estimate"].where(rows["estimate"] != 0)).fillna(0.0)
        return CoefficientPlot(
            title=f"Predictors of {self.call['outcome']}",
            alt=f"Standardised coefficients with {self.call['level']:.0%} intervals. {self.text}",
            terms=tuple(rows["term"]),
            estimates=tuple(map(float, rows["beta"])),
            lows=tuple(map(float, rows["ci_low"] * scale)),
            highs=tuple(map(float, rows["ci_high"] * scale)),
            x_label="β",
        )


@dataclass
class _Findings:
    notes: list[Note] = field(default_factory=list)
    diagnostics: list[tuple[str, float, float, float]] = field(default_factory=list)


@pools(shares=("r_squared",), tests=_POOLED_TESTS)
def regress(
    formula: str,
    data: object,
    *,
    blocks: Sequence[str | Sequence[str]] | None = None,
    se: str = "HC3",
    cluster: str | None = None,
    weights: str | None = None,
    level: float = 0.95,
) -> RegressionResult:
    r"""Ordinary least squares.

    Parameters
    ----------
    formula : str
        Outcome, ``~`` and predictors: ``+``, ``:`` and ``*`` for interactions, ``C(x)`` for factors, ``I()``,
        ``log()``, ``poly()``, ``center()``, ``scale()`` ... A name with spaces stands between backticks.
    data : DataFrame or Responses
        Responses offer their items (reversed), variables and scale scores.
    blocks : sequence of str or of sequences of str, optional
        Terms entered step by step: ``["age + gender", "trust"]``. Together they hold every term of the formula once.
    se : {"HC3", "HC0", "HC1", "HC2", "classical"}
        Kind of standard errors.
    cluster, weights : str, optional
        Not available in this version.
    level : float
        Coverage of the intervals.

    Returns
    -------
    RegressionResult

    Raises
    ------
    ModelError
        For a formula that cannot be read or names unknown variables, and for blocks that do not hold its terms.
    UnsupportedError
        For another kind of standard errors, ``cluster``, ``weights``, and functions a formula may not call.
    AnalysisError
        When a predictor is a combination of others, a variable does not vary, or there are not more rows than
        coefficients.

    Notes
    -----
    :math:`b = (X'X)^{-1}X'y`, HC3 as in MacKinnon and White (1985), tests and intervals by t with n - p degrees of
    freedom. :math:`\beta_j = b_j s_{x_j}/s_y` for every column of the design. ``vif`` is :math:`1/(1-R_j^2)`, for a
    term with several columns the generalised factor to the power 1/df (Fox & Monette, 1992). Without an intercept R² is
    taken about zero, as R does.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"y": [1.0, 2.0, 2.0, 4.0, 5.0, 5.0], "x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})
    >>> regress("y ~ x", data, se="classical").fit.round(3).to_dict()["r_squared"]
    0.926
    """
    _check_options(se, cluster, weights, level)
    frame, notes = analysis_frame(data)
    frame = frame.rename(columns=str)
    read = read_formula(formula, list(frame.columns))
    steps = _steps(read, blocks)
    design = build_design(read, frame)
    _refuse_impossible(read, design)
    fit = kernel.least_squares(design.matrix, design.outcome)
    _refuse_perfect_fit(fit, design, formula)
    _refuse_full_leverage(fit, design, se)
    cov = kernel.coefficient_covariance(fit, se)
    plain = [factor.strip("`") for term in read.terms for factor in term.split(":")]
    findings = _Findings([*notes, *nominal_notes(data, plain), *design.notes])
    if design.dropped:
        message = f"{design.dropped} of {len(frame)} rows are left out because a variable of the formula is missing."
        findings.notes.append(Note("REGRESSION_ROWS_DROPPED", message))
    _diagnose(fit, design, se, findings)
    estimates = _estimates(fit, design, cov, level)
    _note_inflation(estimates, findings)
    return RegressionResult(
        estimates=estimates,
        n=len(design.outcome),
        fit=_fit_figures(fit, design, cov, se),
        tables={
            "blocks": _block_table(steps, design),
            "diagnostics": pd.DataFrame(findings.diagnostics, columns=list(_DIAGNOSTIC_COLUMNS)),
        },
        notes=tuple(findings.notes),
        samples=sample_table(len(design.outcome), design.dropped),
        call={
            "formula": formula, "outcome": str(read.parsed.lhs[0]), "se": se, "level": level,
            "blocks": [list(step) for step in steps],
        },
    )  # fmt: skip


def _check_options(se: str, cluster: str | None, weights: str | None, level: float) -> None:
    refused = []
    if se not in kernel.STANDARD_ERRORS:
        known = kernel.STANDARD_ERRORS
        refused.append(f"`se` is one of {', '.join(known)} in this version, not '{se}'.{did_you_mean(str(se), known)}")
    if cluster is not None:
        refused.append(
            "regress(cluster=...) is not available in this version: leave it out; HC3 does not allow for clusters."
        )
    if weights is not None:
        refused.append(
            "regress(weights=...) is not available in this version: leave it out; all rows then count alike."
        )
    if refused:
        raise UnsupportedError(refused)
    if faults := coverage_faults(level):
        raise ModelError(faults)


def _steps(formula: Formula, blocks: Sequence[str | Sequence[str]] | None) -> tuple[tuple[str, ...], ...]:
    """The terms entered at each step, after checking that each term of the formula is entered once."""
    if blocks is None:
        return (formula.terms,)
    given = list(blocks) if isinstance(blocks, Iterable) and not isinstance(blocks, str) else []
    if not given or not all(isinstance(block, Iterable) for block in given):
        raise ModelError(f"`blocks` is a list of steps such as ['age + gender', 'trust'], not {blocks!r}.")
    steps = tuple(
        tuple(str(part).strip() for part in (block.split("+") if isinstance(block, str) else block)) for block in given
    )
    known = {term_key(term): term for term in formula.terms}
    entered = [term_key(term) for step in steps for term in step]
    faults = [
        f"`blocks` names '{term}', which is no term of the formula '{formula.text}'.{did_you_mean(term, formula.terms)}"
        for step in steps
        for term in step
        if term_key(term) not in known
    ]
    faults += [f"`blocks` enters '{known[key]}' more than once." for key in known if entered.count(key) > 1]
    faults += [f"`blocks` leaves out '{known[key]}': every term enters once." for key in known if key not in entered]
    faults += ["`blocks` has a step without terms."] if any(not step for step in steps) else []
    if faults:
        raise ModelError(faults)
    return tuple(tuple(known[term_key(term)] for term in step) for step in steps)


def _refuse_impossible(formula: Formula, design: Design) -> None:
    n, p = design.matrix.shape
    if n <= p:
        raise AnalysisError(
            f"'{formula.text}' has {p} coefficients and only {n} complete rows; there must be more rows than "
            "coefficients. Take predictors out or collect more answers.",
            "REGRESSION_TOO_FEW_ROWS",
        )
    if np.ptp(design.outcome) == 0:
        raise AnalysisError(
            f"The outcome of '{formula.text}' is the same in all {n} rows: there is nothing to explain.",
            "REGRESSION_CONSTANT",
        )
    dependent = kernel.dependent_columns(design.matrix)
    if dependent:
        names = ", ".join(f"'{design.columns[j]}'" for j in dependent)
        raise AnalysisError(
            f"{names} in '{formula.text}' can be computed exactly from the other predictors (a copy, a sum, a factor "
            "coded twice), so the coefficients have no unique values. Take it out.",
            "REGRESSION_COLLINEAR",
        )


def _refuse_perfect_fit(fit: kernel.LeastSquares, design: Design, formula: str) -> None:
    if fit.rss <= 1e-24 * float(design.outcome @ design.outcome):
        raise AnalysisError(
            f"The predictors of '{formula}' reproduce the outcome exactly, so there is nothing to test. Was the "
            "outcome computed from them?",
            "REGRESSION_PERFECT_FIT",
        )


def _refuse_full_leverage(fit: kernel.LeastSquares, design: Design, se: str) -> None:
    rows = kernel.full_leverage(fit)
    if len(rows) and se in ("HC2", "HC3"):
        names = ", ".join(str(design.index[row]) for row in rows[:5])
        raise AnalysisError(
            f"{se} standard errors do not exist: {len(rows)} rows ({names}{' ...' if len(rows) > 5 else ''}) have a "
            "coefficient of their own, such as a factor level with one respondent. Merge that level, or use se='HC1'.",
            "REGRESSION_FULL_LEVERAGE",
        )


def _estimates(fit: kernel.LeastSquares, design: Design, cov: Array, level: float) -> pd.DataFrame:
    std_error = np.sqrt(np.diag(cov))
    statistic, p_value, low, high = kernel.t_test(fit.coefficients, std_error, fit.df_resid, level)
    beta = fit.coefficients * design.matrix.std(axis=0, ddof=1) / design.outcome.std(ddof=1)
    vif = np.full(len(beta), np.nan)
    for columns, factor in zip(design.terms.values(), _inflation(design), strict=True):
        vif[list(columns)] = factor
    if design.intercept is not None:
        beta[design.intercept] = np.nan
    figures = (design.columns, fit.coefficients, std_error, statistic, float(fit.df_resid), p_value, low, high)
    table = pd.DataFrame(dict(zip(ESTIMATE_COLUMNS, figures, strict=True)))
    return table.assign(beta=beta, vif=vif)


def _inflation(design: Design) -> Array:
    """Variance inflation by term, in the order of ``design.terms``."""
    kept = [j for columns in design.terms.values() for j in columns]
    matrix = design.matrix[:, kept]
    if design.intercept is not None:
        matrix = matrix - matrix.mean(axis=0)
    matrix = matrix / np.sqrt((matrix**2).sum(axis=0))
    place = {j: i for i, j in enumerate(kept)}
    return kernel.inflation(matrix.T @ matrix, [[place[j] for j in columns] for columns in design.terms.values()])


def _fit_figures(fit: kernel.LeastSquares, design: Design, cov: Array, se: str) -> pd.Series[float]:
    slopes = [j for columns in design.terms.values() for j in columns]
    total = _total(design)
    r_squared = 1.0 - fit.rss / total
    free = len(design.outcome) - (design.intercept is not None)
    f, p = kernel.nested_f(total, fit.rss, len(slopes), fit.df_resid)
    figures = {
        "r_squared": r_squared,
        "adj_r_squared": 1.0 - (1.0 - r_squared) * free / fit.df_resid,
        "f": f,
        "f_pvalue": p,
    }
    if se != "classical":
        wald = kernel.wald_f(fit.coefficients[slopes], cov[np.ix_(slopes, slopes)], fit.df_resid)
        figures |= {"f_robust": wald[0], "f_robust_pvalue": wald[1]}
    figures |= {"df_model": len(slopes), "df_resid": fit.df_resid, "sigma": fit.sigma, "ntotal": len(design.outcome)}
    return pd.Series(figures, dtype=float)


def _total(design: Design) -> float:
    """Sum of squares of the outcome, about its mean where there is an intercept."""
    y = design.outcome if design.intercept is None else design.outcome - design.outcome.mean()
    return float(y @ y)


def _block_table(steps: tuple[tuple[str, ...], ...], design: Design) -> pd.DataFrame:
    """Each step against the one before it, all on the same rows."""
    total = before = _total(design)
    free = len(design.outcome) - (design.intercept is not None)
    entered = [] if design.intercept is None else [design.intercept]
    rows = []
    for number, step in enumerate(steps, start=1):
        added = [j for term in step for j in design.terms[term]]
        entered = sorted([*entered, *added])
        fit = kernel.least_squares(design.matrix[:, entered], design.outcome)
        f, p = kernel.nested_f(before, fit.rss, len(added), fit.df_resid)
        r_squared = 1.0 - fit.rss / total
        adjusted = 1.0 - (1.0 - r_squared) * free / fit.df_resid
        gain = (before - fit.rss) / total
        rows.append((number, r_squared, adjusted, gain, f, len(added), fit.df_resid, p, " + ".join(step)))
        before = fit.rss
    return pd.DataFrame(rows, columns=list(_BLOCK_COLUMNS))


def _diagnose(fit: kernel.LeastSquares, design: Design, se: str, findings: _Findings) -> None:
    """Add the checks of the residuals and what they mean."""
    nan = float("nan")
    skew, kurtosis = kernel.residual_shape(fit)
    statistic, df, p = kernel.jarque_bera(fit.residuals)
    rows = [("jarque_bera", statistic, float(df), p), ("residual_skewness", skew, nan, nan)]
    rows.append(("residual_kurtosis", kurtosis, nan, nan))
    if design.intercept is not None:
        spread = kernel.breusch_pagan(fit)
        rows[:0] = [] if spread is None else [("breusch_pagan", spread[0], float(spread[1]), spread[2])]
        findings.notes.extend(_spread_notes(spread, se))
    else:
        message = (
            "Without an intercept R² and F are taken about zero; they cannot be compared with those about the mean."
        )
        findings.notes.append(Note("REGRESSION_NO_INTERCEPT", message, "warning"))
    if not len(kernel.full_leverage(fit)):
        distances = kernel.cooks_distances(fit)
        rows.append(("max_cooks_distance", float(distances.max()), nan, nan))
        strong = np.flatnonzero(distances > 1.0)
        if len(strong):
            names = ", ".join(str(design.index[row]) for row in strong[:10])
            message = f"{len(strong)} rows move the coefficients strongly (Cook's distance above 1): {names}."
            findings.notes.append(Note("REGRESSION_INFLUENTIAL", message, "warning"))
    findings.diagnostics.extend(rows)


def _spread_notes(spread: tuple[float, int, float] | None, se: str) -> list[Note]:
    """What the Breusch-Pagan test says of the standard errors, or why there is none."""
    if spread is None:
        message = "All residuals have one size, so the Breusch–Pagan test of their spread does not exist."
        return [Note("REGRESSION_EQUAL_RESIDUALS", message)]
    if spread[2] >= 0.05 or se != "classical":
        return []
    message = (
        f"The spread of the residuals changes with the predictors (Breusch–Pagan {p_phrase(spread[2])}), which makes "
        "classical standard errors wrong; use se='HC3'."
    )
    return [Note("REGRESSION_HETEROSCEDASTIC", message, "warning")]


def _note_inflation(estimates: pd.DataFrame, findings: _Findings) -> None:
    high = estimates[estimates["vif"] > VIF_CONVENTION]
    if len(high):
        listed = ", ".join(f"{term} ({vif:.1f})" for term, vif in zip(high["term"], high["vif"], strict=True))
        message = (
            f"Variance inflation above {VIF_CONVENTION:g}, a convention: {listed}. The effects of these predictors can "
            "hardly be told apart."
        )
        findings.notes.append(Note("REGRESSION_INFLATED", message, "warning"))
