"""Every structural equation model of tests/reference/sem, fitted by us and compared with lavaan number by number."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import AnalysisError
from crmstudy.models.cbsem import sem
from tests import tolerances
from tests.reference import cases, load
from tests.reference.asking import ask, pair

EXACT = ("npar", "df", "ntotal", "baseline_df")
INDICES = ("cfi", "tli", "nfi", "ifi", "rni", "rmsea")


@cache
def merged(name: str) -> pd.DataFrame:
    """Both tables of estimates side by side, a row a parameter: lavaan's columns keep their names with dots."""
    case, ours = pair(name)
    theirs = case.table("estimates").assign(key=lambda t: _keys(t), order=lambda t: range(len(t)))
    mine = ours.estimates.assign(key=lambda t: _keys(t)).rename(
        columns={"lhs": "our_lhs", "op": "our_op", "rhs": "our_rhs", "label": "our_label"}
    )
    assert sorted(mine["key"]) == sorted(theirs["key"]), "the parameters differ from lavaan's"
    both = theirs.merge(mine, on="key", validate="one_to_one").sort_values("order", ignore_index=True)
    return both.astype(dict.fromkeys(("est", "se", "z", "pvalue", "std.all", "std.lv", "std.nox"), float))


def _keys(table: pd.DataFrame) -> list[str]:
    """``lhs op rhs``; the two sides of a covariance in the order of the alphabet, a definition by its name."""
    return [_key(lhs, op, rhs) for lhs, op, rhs in zip(table["lhs"], table["op"], table["rhs"], strict=True)]


def _key(lhs: str, op: str, rhs: str) -> str:
    if op == ":=":
        return f"{lhs} :="
    return f"{op} ".join(sorted((lhs, rhs))) if op == "~~" else f"{lhs} {op} {rhs}"


def assert_close(ours: Any, theirs: Any, tolerance: Any, names: Any) -> None:
    """Both missing, or nearer than the tolerance; the message names every offender."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    allowed = np.broadcast_to(np.asarray(tolerance, dtype=float), ours.shape)
    far = (np.isnan(ours) != np.isnan(theirs)) | (np.abs(ours - theirs) > allowed)
    told = [
        f"{name}: ours {mine:.12g}, lavaan {other:.12g}, allowed {limit:.1g}"
        for name, mine, other, limit, bad in zip(names, ours, theirs, allowed, far, strict=True)
        if bad
    ]
    assert not told, "\n".join(told)


@pytest.mark.parametrize("name", cases("sem"))
def test_estimates(name: str) -> None:
    both = merged(name)
    free = both["se"] > 0
    allowed = np.where(free, tolerances.ESTIMATE_IN_SE * both["se"].abs(), tolerances.FIXED_ESTIMATE)
    assert_close(both["estimate"], both["est"], allowed, both["key"])
    assert both["our_label"].tolist() == both["label"].tolist()


@pytest.mark.parametrize("name", cases("sem"))
def test_standard_errors_and_tests(name: str) -> None:
    both = merged(name)
    se = both["se"].to_numpy()
    assert_close(both["std_error"], se, tolerances.STANDARD_ERROR_RELATIVE * se, both["key"])
    z = both["z"].abs().fillna(0.0)
    assert_close(both["statistic"], both["z"], tolerances.Z_ABSOLUTE + tolerances.Z_RELATIVE * z, both["key"])
    assert_close(both["p_value"], both["pvalue"], tolerances.P_VALUE, both["key"])
    half = tolerances.ESTIMATE_IN_SE * se + 2 * tolerances.STANDARD_ERROR_RELATIVE * se + tolerances.FIXED_ESTIMATE
    assert_close(both["ci_low"], both["ci.lower"], half, both["key"])
    assert_close(both["ci_high"], both["ci.upper"], half, both["key"])


@pytest.mark.parametrize("name", cases("sem"))
def test_covariances_of_the_estimates(name: str) -> None:
    case, ours = pair(name)
    theirs = case.matrix("vcov")
    labels = [_free_name(label) for label in theirs.index]
    first = [labels.index(label) for label in dict.fromkeys(labels)]  # lavaan repeats parameters held equal
    named = dict(zip([_free_name(label) for label in ours.vcov.index], range(len(ours.vcov)), strict=True))
    order = [named[labels[i]] for i in first]
    assert len(order) == len(named)
    theirs_first = theirs.to_numpy()[np.ix_(first, first)]
    mine = ours.vcov.to_numpy()[np.ix_(order, order)]
    se = np.sqrt(np.diagonal(theirs_first))
    scaled = (mine - theirs_first) / np.multiply.outer(se, se)
    assert np.abs(scaled).max() <= tolerances.VCOV_RELATIVE


def _free_name(label: str) -> str:
    """A name of a free parameter: its label, or ``lhs op rhs`` written as both tables write it."""
    compact = label.replace(" ", "")
    for op in ("=~", "~~", "~"):
        if op in compact:
            lhs, rhs = compact.split(op)
            return _key(lhs, op, rhs)
    return compact


@pytest.mark.parametrize("name", cases("sem"))
def test_standardised_estimates(name: str) -> None:
    both = merged(name)
    case, _ = pair(name)
    for column, kind in (("std_all", "std.all"), ("std_lv", "std.lv")):
        table = case.table("standardised", kind)
        se = dict(zip(_keys(table), table["se"].astype(float), strict=True))
        known = np.array([se[key] for key in both["key"]])
        allowed = np.where(known > 0, tolerances.ESTIMATE_IN_SE * known, tolerances.DERIVED)
        assert_close(both[column], both[kind], allowed, [f"{key} {column}" for key in both["key"]])
    size = both["std.nox"].abs().clip(lower=1.0)
    assert_close(both["std_nox"], both["std.nox"], tolerances.DERIVED * size, both["key"])


@pytest.mark.parametrize("name", cases("sem"))
def test_the_discrepancy_is_not_above_that_of_lavaan(name: str) -> None:
    case, ours = pair(name)
    assert ours.converged is bool(case.output["optim"]["converged"])
    best = min(case.output["optim"]["fx"], case.output["optim"]["first_fx"])
    assert ours.fit["fmin"] <= best + tolerances.DISCREPANCY


@pytest.mark.parametrize("name", cases("sem"))
def test_fit(name: str) -> None:
    case, ours = pair(name)
    theirs = {key.replace(".", "_"): np.nan if value is None else value for key, value in case.output["fit"].items()}
    n = case.output["n"]
    allowed: dict[str, float] = dict.fromkeys(EXACT, 0.0) | dict.fromkeys(INDICES, tolerances.FIT_INDEX)
    floor = tolerances.CHISQ_OF_PERFECT_FIT_PER_N * n
    allowed["chisq"] = max(tolerances.CHISQ_RELATIVE * theirs["chisq"], floor)
    allowed["fmin"] = max(tolerances.CHISQ_RELATIVE * theirs["fmin"], tolerances.DISCREPANCY)
    allowed["baseline_chisq"] = tolerances.CHISQ_RELATIVE * theirs["baseline_chisq"]
    allowed["pvalue"] = allowed["baseline_pvalue"] = allowed["rmsea_pvalue"] = tolerances.CHISQ_P_VALUE
    for figure in ("logl", "unrestricted_logl", "aic", "bic", "bic2"):
        allowed[figure] = tolerances.LOGLIK_RELATIVE * abs(theirs[figure])
    for figure in ("srmr", "gfi", "agfi"):
        allowed[figure] = tolerances.DERIVED
    scale = float(np.abs(case.matrix("observed").to_numpy()).max())
    allowed["rmr"] = tolerances.DERIVED * max(scale, 1.0)
    assert_close(ours.fit[list(allowed)], [theirs[key] for key in allowed], list(allowed.values()), allowed)


@pytest.mark.parametrize("name", cases("sem"))
def test_ends_of_the_rmsea_interval(name: str) -> None:
    case, ours = pair(name)
    for end in ("lower", "upper"):
        mine, theirs = ours.fit[f"rmsea_ci_{end}"], case.output["fit"][f"rmsea.ci.{end}"]
        scale = case.output["n"] * ours.fit["df"]  # noncentrality = N df RMSEA^2
        assert (mine**2) * scale == pytest.approx(theirs**2 * scale, abs=tolerances.RMSEA_NONCENTRALITY, nan_ok=True)


@pytest.mark.parametrize("name", cases("sem"))
def test_matrices(name: str) -> None:
    case, ours = pair(name)
    implied, observed = case.matrix("implied"), case.matrix("observed")
    order = list(implied.index)
    deviation = np.sqrt(np.diagonal(observed.to_numpy()))
    size = np.multiply.outer(deviation, deviation)
    for mine, theirs in (
        (ours.implied, implied),
        (ours.residuals(), case.matrix("residuals", "raw")),
    ):
        gap = np.abs(mine.loc[order, order].to_numpy() - theirs.to_numpy()) / size
        assert gap.max() <= tolerances.DERIVED
    gap = np.abs(ours.residuals(kind="cor").loc[order, order] - case.matrix("residuals", "cor").loc[order, order])
    assert gap.to_numpy().max() <= tolerances.DERIVED


@pytest.mark.parametrize("name", cases("sem"))
def test_covariances_of_the_factors(name: str) -> None:
    case, ours = pair(name)
    if not case.output["cov_lv"]["values"]:
        assert len(ours.latent) == 0
        return
    theirs = case.matrix("cov_lv")
    factors = [factor for factor in theirs.index if factor in ours.latent]
    assert sorted(factors) == sorted(ours.latent)
    variance = np.abs(np.diagonal(theirs.loc[factors, factors].to_numpy()))
    gap = ours.latent_covariances.loc[factors, factors] - theirs.loc[factors, factors]
    scaled = np.abs(gap.to_numpy()) / np.sqrt(np.multiply.outer(variance, variance)).clip(min=1e-3)
    assert scaled.max() <= tolerances.DERIVED


@pytest.mark.parametrize("name", cases("sem"))
def test_r_squared(name: str) -> None:
    case, ours = pair(name)
    theirs = {key: np.nan if value is None else value for key, value in case.output["r_squared"].items()}
    mine = ours.r_squared
    assert sorted(mine.index) == sorted(theirs)
    assert_close([mine[key] for key in theirs], list(theirs.values()), tolerances.DERIVED, theirs)


@pytest.mark.parametrize("name", cases("sem"))
def test_admissibility_agrees(name: str) -> None:
    case, ours = pair(name)
    assert ours.admissible is bool(case.output["admissible"])


UNIDENTIFIED = [
    "sem_limits/negative_df",
    "sem_limits/no_scale",
    "sem_limits/reciprocal_without_predictors",
    "sem_limits/two_indicators",
    "sem_limits/two_uncorrelated_pairs",
]
REFUSED = {
    "sem_limits/constant_item": "SEM_CONSTANT_VARIABLE",
    "sem_limits/duplicate_item": "SEM_SINGULAR_SAMPLE",
    "sem_limits/few_rows": "SEM_TOO_FEW_ROWS",
}


@pytest.mark.parametrize("name", UNIDENTIFIED)
def test_models_without_standard_errors_in_lavaan_are_marked_unidentified(name: str) -> None:
    case, ours = pair(name)
    assert case.output["standard_errors_missing"]
    assert not ours.admissible
    assert "SEM_NOT_IDENTIFIED" in {note.code for note in ours.notes}
    assert (ours.fit["npar"], ours.fit["df"]) == (case.output["npar"], case.output["df"])
    free = ours.estimates["std_error"] != 0
    assert ours.estimates.loc[free, "std_error"].isna().all()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_data_lavaan_refuses_are_refused(name: str) -> None:
    case = load(name)
    assert case.output["error"]
    with pytest.raises(AnalysisError) as refusal:
        ask(case)
    assert refusal.value.code == REFUSED[name]


def test_too_few_iterations_are_not_convergence() -> None:
    case, ours = pair("sem_limits/two_iterations")
    assert not case.output["converged"]
    assert not ours.converged
    assert not ours.admissible
    assert ours.fit["npar"] == case.output["npar"]
    assert np.isnan(ours.fit["chisq"])


def test_two_single_indicators_leave_nothing_to_test() -> None:
    case, ours = pair("sem_limits/single_indicators")
    assert (ours.fit["npar"], ours.fit["df"]) == (case.output["npar"], case.output["df"])
    assert ours.fit["chisq"] == pytest.approx(0.0, abs=tolerances.CHISQ_OF_PERFECT_FIT_PER_N * ours.n)


def test_every_limit_is_tested() -> None:
    known = {*UNIDENTIFIED, *REFUSED, "sem_limits/two_iterations", "sem_limits/single_indicators"}
    assert set(cases("sem_limits")) == known


def test_rows_with_a_missing_value_are_left_out_as_by_lavaan() -> None:
    case = load("sem/mimic")
    whole = pd.read_csv(case.folder / case.output["data"])
    assert len(whole) == case.output["n"] + 1
    assert sem(case.model, whole).fit["chisq"] == pytest.approx(
        case.output["fit"]["chisq"], rel=tolerances.CHISQ_RELATIVE
    )
