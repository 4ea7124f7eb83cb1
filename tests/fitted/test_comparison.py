"""Comparing nested models: against lavaan, by identities, and what is refused or marked."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, ModelError
from crmstudy.fitted.comparison import ModelComparison, compare_models
from crmstudy.fitted.nesting import Pair
from crmstudy.results import ESTIMATE_COLUMNS
from tests import tolerances
from tests.reference import cases
from tests.reference.after import assert_close, case_of, fit_with

THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
SINGLE = f"{THREE}\nvisual ~~ 0*speed\nx1 ~~ v*x1\nx2 ~~ v*x2\nx3 ~~ v*x3"
ROBUST = ["MLM", "MLR", "MLMV"]
#: lavaan 0.6-14 has another number here. With a mean- and variance-adjusted test it puts that test's factor in the
#: place of the mean's in the differences of 2001 and 2010. At the estimates of a model that frees latent means its
#: larger model keeps them at 0, so that it does not imply the smaller one's moments. With incomplete rows it takes for
#: satorra.2000 what is missing for the mean, and for satorra.bentler.2010 uses an information matrix that is not
#: positive definite.
OTHERWISE = {
    ("sem_tests/covariance_mlmv", "satorra.bentler.2001"),
    ("sem_tests/covariance_mlmv", "satorra.bentler.2010"),
    ("sem_tests/groups_mlmv", "satorra.bentler.2001"),
    ("sem_tests/groups_mlmv", "satorra.bentler.2010"),
    ("sem_tests/groups_mlr", "satorra.bentler.2010"),
    ("sem_tests/personality_fiml_mlr", "satorra.2000"),
    ("sem_tests/personality_fiml_mlr", "satorra.bentler.2010"),
}
COMPARED = [(name, method) for name in cases("sem_tests") for method in case_of(name).output["differences"]]


@cache
def fits_of(name: str) -> tuple[Any, ...]:
    case = case_of(name)
    return tuple(fit_with(case, m.get("file", "model.lav"), **m.get("keywords", {})) for m in case.options["models"])


def holzinger() -> pd.DataFrame:
    data = case_of("sem_tests/covariance_ml").data
    assert data is not None
    return data.copy()


@cache
def fit(model: str = THREE, function: str = "cfa", **keywords: Any) -> Any:
    keywords = {name: list(value) if isinstance(value, tuple) else value for name, value in keywords.items()}
    return {"cfa": cs.cfa, "sem": cs.sem}[function](model, holzinger(), **keywords)


def step(*fits: Any, **asked: Any) -> pd.Series:
    """The last row of the comparison of two models."""
    return compare_models(*fits, **asked).tables["tests"].iloc[-1]


def codes(found: ModelComparison) -> list[str]:
    return [note.code for note in found.notes]


# --- against lavaan -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "method"), [pair for pair in COMPARED if pair not in OTHERWISE])
def test_differences_equal_lavaan(name: str, method: str) -> None:
    ours = compare_models(*fits_of(name), method=method).tables["tests"]
    theirs = case_of(name).table("differences", method, "tests")
    assert ours["df"].tolist() == theirs["df"].tolist()
    for criterion in ("aic", "bic"):
        allowed = tolerances.LOGLIK_RELATIVE * theirs[criterion].abs()
        assert_close(ours[criterion], theirs[criterion], allowed, theirs["model"])
    ours, theirs = ours[1:], theirs[1:]
    assert_close(ours["df_diff"], theirs["df_diff"], tolerances.CLOSED_FORM_RELATIVE, theirs["model"])
    spread = theirs["df"] / theirs["df_diff"]
    allowed = 2 * tolerances.CHISQ_RELATIVE * theirs["chisq"]
    if case_of(name).keywords.get("estimator", "ML") != "ML":
        allowed = allowed + tolerances.STANDARD_ERROR_RELATIVE * spread * theirs["chisq_diff"]
    assert_close(ours["chisq_diff"], theirs["chisq_diff"], allowed, theirs["model"])
    assert_close(ours["p_value"], theirs["p_value"], tolerances.P_VALUE * spread, theirs["model"])
    if "shift" in theirs:
        assert_close(ours["shift"], theirs["shift"], tolerances.STANDARD_ERROR_RELATIVE * spread, theirs["model"])
        scale = (ours["df_diff"] - ours["shift"]) / (ours["df_diff"] * ours["scaling_factor"])
        assert_close(scale, theirs["scale"], tolerances.STANDARD_ERROR_RELATIVE * spread, theirs["model"])
    if "rmsea_of_difference" in theirs:
        assert_close(ours["rmsea_diff"], theirs["rmsea_of_difference"], tolerances.DERIVED, theirs["model"])


# --- identities ---------------------------------------------------------------------------------------------------


def test_the_standard_difference_is_a_difference() -> None:
    larger, smaller = fit(), fit(SINGLE)
    row = step(larger, smaller)
    assert row["chisq_diff"] == pytest.approx(
        smaller.fit["chisq"] - larger.fit["chisq"], rel=tolerances.CLOSED_FORM_RELATIVE
    )
    for name in ("cfi", "tli", "rmsea", "srmr"):
        assert row[name] == smaller.fit[name]
        assert row[f"delta_{name}"] == smaller.fit[name] - larger.fit[name]


@pytest.mark.parametrize("method", ["satorra.bentler.2001", "satorra.bentler.2010"])
def test_a_shifted_test_has_the_same_mean_as_a_mean_scaled_one(method: str) -> None:
    """MLM and MLMV differ in what they make of the traces, not in the traces."""
    asked = {"method": method}
    first = step(fit(estimator="MLM"), fit(SINGLE, estimator="MLM"), **asked)
    second = step(fit(estimator="MLMV"), fit(SINGLE, estimator="MLMV"), **asked)
    assert second["chisq_diff"] == pytest.approx(first["chisq_diff"], rel=tolerances.INVERSE_RELATIVE)


@pytest.mark.parametrize("method", ["satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"])
def test_parametrisation_does_not_matter(method: str) -> None:
    """Scale set by the first loading or by the variance: the same models, so the same difference."""
    rows = []
    for std_lv in (False, True):
        larger, smaller = (fit(model, estimator="MLM", std_lv=std_lv) for model in (f"{THREE}\nx7 ~~ x8", THREE))
        rows.append(step(larger, smaller, method=method))
    assert rows[0]["chisq_diff"] == pytest.approx(rows[1]["chisq_diff"], rel=tolerances.DERIVED)


def test_the_larger_model_at_the_smaller_ones_moments_even_where_names_differ() -> None:
    """In a scalar model latent means are free; the metric model has the same moments with other intercepts."""
    metric, scalar = (
        fit(estimator="MLM", group="school", group_equal=held) for held in (("loadings",), ("loadings", "intercepts"))
    )
    pair = Pair(metric.solution, scalar.solution)
    theta, distance, converged = pair.embedded
    assert converged
    assert distance < tolerances.DISCREPANCY
    assert pair.is_nested
    point = metric.solution.inference.objective.evaluate(theta)
    for larger, smaller in zip(point.moments, scalar.solution.moments, strict=True):
        np.testing.assert_allclose(larger.mu, smaller.mu, rtol=tolerances.RECOVERY)
        np.testing.assert_allclose(larger.sigma, smaller.sigma, rtol=tolerances.RECOVERY)


LINEAR = "x1 ~~ x2 + x3\nx2 ~~ x3\nx1 ~~ v1*x1\nx2 ~~ v2*x2\nx3 ~~ x3"


@pytest.mark.parametrize("shifted", [True, False])
def test_exact_and_implied_restriction_agree_where_moments_are_linear_in_the_parameters(shifted: bool) -> None:
    larger, smaller = (
        fit(model, "sem", estimator="MLMV") for model in (LINEAR, f"{LINEAR.replace('x2 + x3', 'x2 + 0*x3')}\nv1 == v2")
    )
    rows = [
        step(larger, smaller, method="satorra.2000", jacobian=jacobian, scaled_shifted=shifted)
        for jacobian in ("delta", "exact")
    ]
    assert rows[0]["df_diff"] == pytest.approx(2) if shifted else rows[0]["df_diff"] < 2
    for column in ("chisq_diff", "df_diff", "p_value", "scaling_factor"):
        assert rows[0][column] == pytest.approx(rows[1][column], rel=tolerances.INVERSE_RELATIVE)


@pytest.mark.parametrize(
    "smaller",
    [
        f"{THREE}\nvisual ~~ 0*speed",
        THREE.replace("x2", "a*x2").replace("x3", "a*x3"),
        f"{THREE.replace('x2', 'a*x2').replace('x3', 'b*x3')}\na == b^2",
    ],
)
def test_the_exact_restriction_counts_the_degrees_of_freedom(smaller: str) -> None:
    larger = fit(f"{THREE}\nx7 ~~ x8", estimator="MLM")
    pair = Pair(larger.solution, fit(smaller, estimator="MLM").solution)
    assert pair.exact_restriction().shape == (2, larger.solution.table.n_free)
    exact, implied = (
        step(larger, fit(smaller, estimator="MLM"), method="satorra.2000", jacobian=jacobian)
        for jacobian in ("exact", "delta")
    )
    assert exact["chisq_diff"] == pytest.approx(implied["chisq_diff"], rel=0.25)  # equal to first order


def test_the_exact_restriction_needs_the_same_parameters() -> None:
    metric, scalar = (
        fit(estimator="MLM", group="school", group_equal=held) for held in (("loadings",), ("loadings", "intercepts"))
    )
    with pytest.raises(AnalysisError, match=r"it fixes visual ~1 \(Grant-White\)"):
        compare_models(metric, scalar, method="satorra.2000", jacobian="exact")


def test_a_saturated_model_is_the_largest() -> None:
    saturated = "x1 ~~ x2 + x3 + x4\nx2 ~~ x3 + x4\nx3 ~~ x4"
    for estimator in ("ML", "MLM"):
        larger, smaller = (fit(m, "sem", estimator=estimator) for m in (saturated, "f =~ x1 + x2 + x3 + x4"))
        row = step(larger, smaller)
        end = "" if estimator == "ML" else "_scaled"
        assert row["chisq_diff"] == pytest.approx(smaller.fit[f"chisq{end}"], rel=tolerances.DERIVED)
        assert row["p_value"] == pytest.approx(smaller.fit[f"pvalue{end}"], abs=tolerances.P_VALUE)


def test_rmsea_of_a_scaled_difference_takes_its_mean_for_the_degrees_of_freedom() -> None:
    larger, smaller = fit(estimator="MLM"), fit(SINGLE, estimator="MLM")
    row = step(larger, smaller)
    plain = smaller.fit["chisq"] - larger.fit["chisq"]
    expected = np.sqrt((plain - 3 * row["scaling_factor"]) / (301 * 3))
    assert row["rmsea_diff"] == pytest.approx(expected, rel=tolerances.CLOSED_FORM_RELATIVE)


# --- which method -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "chosen"),
    [("ML", "standard"), ("MLR", "satorra.bentler.2001"), ("MLM", "satorra.bentler.2001"), ("MLMV", "satorra.2000")],
)
def test_the_default_is_that_of_lavaan(estimator: str, chosen: str) -> None:
    found = compare_models(fit(estimator=estimator), fit(SINGLE, estimator=estimator))
    assert found.call["method"] == chosen
    assert found.notes == ()


def test_what_the_method_cannot_do_is_said() -> None:
    plain = compare_models(fit(), fit(SINGLE), method="satorra.bentler.2010")
    assert plain.call["method"] == "standard"
    assert codes(plain) == ["SEM_DIFFERENCE_STANDARD"]
    scaled = compare_models(fit(estimator="MLM"), fit(SINGLE, estimator="MLM"), method="standard")
    assert codes(scaled) == ["SEM_DIFFERENCE_STANDARD"]
    assert scaled.tables["tests"]["p_value"].iloc[1] == step(fit(), fit(SINGLE))["p_value"]


def test_spelling_of_methods() -> None:
    first, second = fit(estimator="MLM"), fit(SINGLE, estimator="MLM")
    assert compare_models(first, second, method="SatorraBentler2010").call["method"] == "satorra.bentler.2010"
    assert compare_models(first, second, method="satorra_2000").call["method"] == "satorra.2000"


# --- what a comparison shows --------------------------------------------------------------------------------------


def test_the_result() -> None:
    larger, smaller, smallest = fit(f"{THREE}\nx7 ~~ x8"), fit(), fit(SINGLE)
    found = compare_models(smallest, larger, smaller, names=["single", "more", "three"])
    table = found.tables["tests"]
    assert table["model"].tolist() == ["more", "three", "single"]
    assert table["df"].tolist() == [23, 24, 27]
    assert table["npar"].tolist() == [22, 21, 18]
    assert table.iloc[0][["chisq_diff", "df_diff", "p_value", "rmsea_diff", "delta_cfi"]].isna().all()
    assert tuple(found.estimates.columns) == ESTIMATE_COLUMNS
    assert found.estimates["term"].tolist() == ["three vs more", "single vs three"]
    assert found.estimates["statistic"].tolist() == table["chisq_diff"].tolist()[1:]
    assert found.n == 301
    assert found.admissible
    assert found.text == (
        "Three against more: Δχ²(1, N = 301) = 32.03, p < .001, ΔCFI = −.035; single against three: "
        "Δχ²(3, N = 301) = 37.98, p < .001, ΔCFI = −.040."
    )
    assert json.loads(found.to_json())["tables"]["tests"][0]["p_value"] is None
    assert "scaled Δχ²" in compare_models(fit(estimator="MLM"), fit(SINGLE, estimator="MLM")).text


def test_robust_indices_are_shown_where_every_fit_has_them() -> None:
    robust = compare_models(fit(estimator="MLR"), fit(SINGLE, estimator="MLR")).tables["tests"]
    assert {"cfi_robust", "delta_cfi_robust", "rmsea_robust", "scaling_factor", "shift"} <= set(robust.columns)
    assert "cfi_robust" not in compare_models(fit(), fit(SINGLE)).tables["tests"]


def test_the_order_of_rows_and_variables_does_not_matter() -> None:
    shuffled = cs.cfa(SINGLE.replace("x1 + x2 + x3", "x3 + x1 + x2"), holzinger().sample(frac=1.0, random_state=5))
    row = step(fit(), shuffled)
    assert row["chisq_diff"] == pytest.approx(step(fit(), fit(SINGLE))["chisq_diff"], rel=tolerances.DERIVED)
    larger = cs.cfa(
        "speed =~ x9 + x8 + x7\ntextual =~ x6 + x5 + x4\nvisual =~ x3 + x2 + x1", holzinger(), estimator="MLM"
    )
    for method in ("satorra.bentler.2010", "satorra.2000"):
        turned = step(larger, fit(SINGLE, estimator="MLM"), method=method)
        straight = step(fit(estimator="MLM"), fit(SINGLE, estimator="MLM"), method=method)
        assert turned["chisq_diff"] == pytest.approx(straight["chisq_diff"], rel=tolerances.DERIVED)


# --- what is not tested, and why ----------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ["ML", *ROBUST])
def test_models_that_are_not_nested(estimator: str) -> None:
    larger = fit(f"{THREE}\nx7 ~~ x8\nx1 ~~ x4", estimator=estimator)
    smaller = fit(f"{THREE}\nx2 ~~ x9", estimator=estimator)
    found = compare_models(larger, smaller)
    assert codes(found) == ["SEM_NOT_NESTED"]
    assert found.notes[0].level == "warning"
    assert "not nested" in found.notes[0].message
    row = found.tables["tests"].iloc[1]
    assert np.isnan(row["p_value"])
    assert np.isnan(row["rmsea_diff"])
    assert found.text.endswith("cannot be tested.")
    assert np.isfinite(row["aic"])


def test_a_smaller_model_that_fits_better() -> None:
    found = compare_models(fit(f"{THREE}\nx1 ~~ x4\nx2 ~~ x5"), fit(f"{THREE}\nx7 ~~ x8"))
    assert codes(found) == ["SEM_NOT_NESTED"]
    assert "fits better" in found.notes[0].message


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_models_of_the_same_size(estimator: str) -> None:
    first, second = (fit(f"{THREE}\n{more}", estimator=estimator) for more in ("x7 ~~ x8", "x1 ~~ x4"))
    found = compare_models(first, second)
    assert codes(found) == ["SEM_SAME_DF"]
    assert np.isnan(found.tables["tests"]["p_value"].iloc[1])


def test_nesting_that_could_not_be_verified_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pair, "embedded", property(lambda pair: (pair.larger.theta, 1.0, False)))
    found = compare_models(fit(), fit(SINGLE))
    assert codes(found) == ["SEM_NESTING_UNKNOWN"]
    assert found.notes[0].level == "info"
    assert found.tables["tests"]["p_value"].iloc[1] == pytest.approx(2.85e-8, rel=0.01)


def test_a_scaled_difference_that_fails_is_no_number() -> None:
    """At the smaller model's estimates the observed information of the larger one is not positive definite."""
    found = compare_models(*fits_of("sem_tests/personality_fiml_mlr"), method="satorra.bentler.2010")
    assert codes(found) == ["SEM_SCALED_DIFFERENCE_FAILED"]
    assert "Use method='satorra.bentler.2001'" in found.notes[0].message
    assert found.tables["tests"].iloc[1][["chisq_diff", "p_value"]].isna().all()


def test_a_negative_factor_advises_the_difference_of_2010(monkeypatch: pytest.MonkeyPatch) -> None:
    """The factor of 2001 is negative when the smaller model's factor is small enough."""
    larger, smaller = fit(estimator="MLM"), fit(SINGLE, estimator="MLM")
    factors = {larger.solution.df: 2.0, smaller.solution.df: 1.0}
    monkeypatch.setattr("crmstudy.fitted.nesting._trace", lambda inference: factors[inference.df] * inference.df)
    found = compare_models(larger, smaller)
    assert codes(found) == ["SEM_SCALED_DIFFERENCE_FAILED"]
    assert "is not positive (−7.000)" in found.notes[0].message
    assert "Use method='satorra.bentler.2010'" in found.notes[0].message
    assert np.isnan(found.tables["tests"]["chisq_diff"].iloc[1])


def test_fits_that_must_not_be_interpreted_leave_their_mark() -> None:
    stuck = cs.cfa(SINGLE, holzinger(), control={"max_iter": 1})
    found = compare_models(fit(), stuck)
    assert not found.admissible
    assert codes(found) == ["SEM_COMPARED_INADMISSIBLE"]
    assert "did not converge" in found.notes[0].message
    assert found.tables["tests"].iloc[1][["chisq_diff", "p_value"]].isna().all()
    assert "INADMISSIBLE" in found.text
    assert "INADMISSIBLE" in repr(found)


def test_an_inadmissible_fit_is_compared_and_marked() -> None:
    found = compare_models(fit(), fit(f"{THREE}\nx1 ~~ -0.01*x1"))
    assert "SEM_COMPARED_INADMISSIBLE" in codes(found)
    assert np.isfinite(found.tables["tests"]["p_value"].iloc[1])


def test_criteria_of_different_exogenous_variables_are_not_compared() -> None:
    given = fit("x7 ~ x1 + x2\nx8 ~ x7 + x1", "sem")
    modelled = fit("x7 ~ x1\nx8 ~ x7\nx2 ~~ x1", "sem")
    found = compare_models(given, modelled)
    assert codes(found) == ["SEM_DIFFERENT_EXOGENOUS"]
    assert found.tables["tests"][["aic", "bic"]].isna().all(axis=None)
    assert np.isfinite(found.tables["tests"]["p_value"].iloc[1])


# --- what is refused ----------------------------------------------------------------------------------------------


def test_other_variables_are_refused_altogether() -> None:
    with pytest.raises(ModelError, match=r"only 'model 1' has x9.*AIC and BIC of different variables"):
        compare_models(fit(), fit(THREE.replace(" + x9", "")))


def test_other_data_are_refused() -> None:
    data = holzinger()
    with pytest.raises(ModelError, match="301 rows and 'model 2' to 200"):
        compare_models(fit(), cs.cfa(SINGLE, data[:200]))
    with pytest.raises(ModelError, match="different data: their sample moments differ"):
        compare_models(fit(), cs.cfa(SINGLE, data.sample(frac=1.0, replace=True, random_state=1)))
    by_school, by_sex = (cs.cfa(THREE, data, group=name) for name in ("school", "sex"))
    with pytest.raises(ModelError, match="group='school' and 'model 2' with 'sex'"):
        compare_models(by_school, by_sex)
    relabelled = cs.cfa(THREE, data.replace({"school": {"Pasteur": "P"}}), group="school")
    with pytest.raises(ModelError, match="different groups"):
        compare_models(by_school, relabelled)


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        ({"estimator": "GLS"}, "estimator='ML' and 'model 2' with 'GLS'"),
        ({"estimator": "MLR"}, "different tests"),
        ({"meanstructure": True}, "'model 2' models means and 'model 1' does not"),
        ({"missing": "fiml"}, "missing='listwise' and 'model 2' with 'fiml'"),
        ({"likelihood": "wishart"}, "likelihood='normal' and 'model 2' with 'wishart'"),
    ],
)
def test_other_ways_of_fitting_are_refused(keywords: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelError, match=told):
        compare_models(fit(), fit(SINGLE, **keywords))


def test_requests_that_make_no_sense() -> None:
    with pytest.raises(ModelError, match="two fits or more; found 1"):
        compare_models(fit())
    with pytest.raises(ModelError, match=r"fits of sem\(\) and cfa\(\); found str"):
        compare_models(fit(), "fit")  # type: ignore[arg-type]
    with pytest.raises(ModelError) as caught:
        compare_models(fit(), fit(SINGLE), method="satora.2000", names=["one"], jacobian="numeric")
    assert len(caught.value.faults) == 3
    assert "Did you mean 'satorra.2000'?" in str(caught.value)
    with pytest.raises(ModelError, match="a name of its own"):
        compare_models(fit(), fit(SINGLE), names=["one", "one"])


def test_traces_need_complete_rows() -> None:
    fits = fits_of("sem_tests/personality_fiml_mlr")
    with pytest.raises(ModelError, match="complete, unweighted rows, not for missing='fiml'"):
        compare_models(*fits, method="satorra.2000")
