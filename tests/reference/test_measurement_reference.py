"""Reliability, validity, items, correlations, screening and regression against psych, semTools, sandwich and stats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.describing.correlations import correlate
from crmstudy.describing.items import describe
from crmstudy.measurement.cfa import cfa
from crmstudy.measurement.reliability.reliability import reliability
from crmstudy.measurement.validity.validity import validity
from crmstudy.models.regression import regress
from crmstudy.screening import screen
from tests import tolerances
from tests.reference import Case, cases, load


def assert_near(ours: Any, theirs: Any, relative: float) -> None:
    """Both arrays equal to a relative tolerance, with rounding allowed where the reference is 0."""
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float),
        np.asarray(theirs, dtype=float),
        rtol=relative,
        atol=tolerances.CLOSED_FORM,
    )


def answers(case: Case) -> pd.DataFrame:
    """The items of a case, keyed in one direction as the script keys them."""
    assert case.data is not None
    data = case.data.copy()
    for item in case.output.get("reversed", []):
        data[item] = case.output["low"] + case.output["high"] - data[item]
    return data


def coefficients(result: Any) -> pd.DataFrame:
    return result.estimates.set_index("term")


@pytest.mark.parametrize("name", cases("alpha"))
def test_alpha(name: str) -> None:
    case = load(name)
    theirs = case.output
    ours = reliability(answers(case))
    exact = tolerances.R_CLOSED_FORM_RELATIVE
    found = coefficients(ours)
    assert_near(
        found.loc[["alpha", "alpha_standardised"], "estimate"], [theirs["alpha"], theirs["alpha_standardised"]], exact
    )
    assert_near(found.loc["alpha", "std_error"], theirs["std_error_duhachek"], exact)
    interval = ours.tables["intervals"].set_index(["coefficient", "method"])[["ci_low", "ci_high"]]
    for method, key in (("Feldt", "feldt"), ("asymptotic", "duhachek")):
        assert_near(interval.loc[("alpha", method)], [theirs[key]["ci_low"], theirs[key]["ci_high"]], exact)
    assert_near(found.loc["alpha", ["ci_low", "ci_high"]], interval.loc[("alpha", "Feldt")], exact)
    items = ours.tables["items"]
    assert items["item"].tolist() == theirs["items"]
    for column in ("item_total", "item_rest"):
        assert_near(items[column], theirs[column], exact)
    assert_near(items["mean"], theirs["item_mean"], exact)
    assert_near(items["sd"], theirs["item_sd"], exact)
    if theirs["alpha_if_dropped"] is not None:
        assert_near(items["alpha_if_dropped"], theirs["alpha_if_dropped"], exact)


def test_spearman_brown_of_two_items() -> None:
    case = load("alpha/mobi_value")
    found = coefficients(reliability(answers(case)))
    assert_near(
        found.loc["spearman_brown", "estimate"],
        case.output["spearman_brown"],
        tolerances.R_CLOSED_FORM_RELATIVE,
    )


@pytest.mark.parametrize("name", cases("omega"))
def test_omega(name: str) -> None:
    case = load(name)
    theirs = case.output
    assert theirs["omega"] == pytest.approx(theirs["semtools_model"], abs=tolerances.OMEGA)
    result = reliability(answers(case))
    if min(theirs["residual_variances"]) < 0:  # an improper one-factor model gives no omega
        assert "omega" not in set(result.estimates["term"])
        assert "RELIABILITY_OMEGA_IMPROPER" in [note.code for note in result.notes]
        return
    found = coefficients(result).loc["omega"]
    assert found["estimate"] == pytest.approx(theirs["omega"], abs=tolerances.ESTIMATE_IN_SE * theirs["std_error"])
    assert found["std_error"] == pytest.approx(theirs["std_error"], rel=tolerances.STANDARD_ERROR_RELATIVE)
    for end in ("ci_low", "ci_high"):
        assert found[end] == pytest.approx(theirs[end], abs=tolerances.OMEGA)


@pytest.mark.parametrize("name", cases("validity"))
def test_validity(name: str) -> None:
    case = load(name)
    fitted = cfa(case.model, case.data)
    ours = validity(fitted)
    table = ours.tables["convergent"].set_index("factor")
    assert list(table.index) == list(case.output["factors"])
    for factor, theirs in case.output["factors"].items():
        assert table.loc[factor, "items"] == len(theirs["items"])
        assert table.loc[factor, "cr"] == pytest.approx(theirs["omega"], abs=tolerances.DERIVED)
        assert table.loc[factor, "cr"] == pytest.approx(case.output["semtools_omega"][factor], abs=tolerances.DERIVED)
        assert table.loc[factor, "ave"] == pytest.approx(theirs["ave"], abs=tolerances.DERIVED)
        assert table.loc[factor, "sqrt_ave"] == pytest.approx(theirs["sqrt_ave"], abs=tolerances.DERIVED)
    correlations = case.matrix("cor_lv")
    gap = fitted.latent_correlations.loc[correlations.index, correlations.columns] - correlations
    assert np.abs(gap.to_numpy()).max() <= tolerances.DERIVED
    below = ours.tables["fornell_larcker"].to_numpy()
    rows, columns = np.tril_indices(len(below), -1)
    assert_near(below[rows, columns], correlations.to_numpy()[rows, columns], tolerances.DERIVED)


def test_an_inadmissible_solution_marks_its_validity() -> None:
    case = load("validity/mobi_cfa4")
    assert not validity(cfa(case.model, case.data)).admissible


@pytest.mark.parametrize("name", cases("items"))
def test_items(name: str) -> None:
    case = load(name)
    theirs = case.table("items").set_index("item")
    ours = describe(case.data).tables["items"].set_index("item")
    assert sorted(ours.index) == sorted(theirs.index)
    for column in ("n", "mean", "sd", "skew", "kurtosis", "min", "max"):
        assert_near(ours.loc[theirs.index, column], theirs[column], tolerances.R_CLOSED_FORM_RELATIVE)


@pytest.mark.parametrize("adjust", ["holm", "bonferroni"])
@pytest.mark.parametrize("name", cases("correlation"))
def test_correlations(name: str, adjust: str) -> None:
    case = load(name)
    theirs = case.table("pairs")
    ours = correlate(case.data, items=case.output["columns"], method=case.output["method"], adjust=adjust)
    table = coefficients(ours)
    rows = {frozenset(term.split(" ~~ ")): term for term in table.index}
    order = [rows[frozenset(pair)] for pair in zip(theirs["first"], theirs["second"], strict=True)]
    assert len(order) == len(table)
    exact = tolerances.R_CLOSED_FORM_RELATIVE
    for column in ("estimate", "statistic", "df", "ci_low", "ci_high", "n"):
        assert_near(table.loc[order, column], theirs[column], exact)
    assert_near(table.loc[order, "p_value"], theirs["p_value"], tolerances.TAIL_RELATIVE)
    assert_near(table.loc[order, "p_adjusted"], theirs[f"p_{adjust}"], tolerances.TAIL_RELATIVE)
    descriptives = ours.tables["descriptives"].set_index("term").loc[case.output["columns"]]
    assert_near(descriptives["mean"], case.output["mean"], exact)
    assert_near(descriptives["sd"], case.output["sd"], exact)


def test_mahalanobis_distances() -> None:
    case = load("mahalanobis/mobi")
    ours = screen(case.data, rules={"mahalanobis": 0.001}).tables["careless"]
    assert_near(ours["mahalanobis"], case.output["distance"], tolerances.INVERSE_RELATIVE)
    assert_near(ours["p_value"], case.output["p_value"], tolerances.INVERSE_RELATIVE)


@pytest.mark.parametrize("se", ["HC3", "HC0", "HC1", "HC2", "classical"])
@pytest.mark.parametrize("name", cases("regression"))
def test_regression_coefficients(name: str, se: str) -> None:
    case = load(name)
    theirs = case.table("coefficients", se).assign(term=lambda t: t["term"].map(_term)).set_index("term")
    ours = coefficients(regress(case.output["formula"], case.data, se=se))
    ours.index = ours.index.map(_term)
    assert sorted(ours.index) == sorted(theirs.index)
    exact = tolerances.LEAST_SQUARES_RELATIVE
    for column in ("estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high"):
        assert_near(ours.loc[theirs.index, column], theirs[column], exact)
    betas = {_term(term): value for term, value in case.output["beta"].items()}
    assert_near(ours.loc[list(betas), "beta"], list(betas.values()), exact)


def _term(written: str) -> str:
    """A coefficient as R writes it, whatever the order of an interaction: ``gender[T.male]`` is ``gendermale``."""
    bare = written.replace("[T.", "").replace("]", "")
    return ":".join(sorted("(Intercept)" if part == "Intercept" else part for part in bare.split(":")))


@pytest.mark.parametrize("name", cases("regression"))
def test_regression_fit(name: str) -> None:
    case = load(name)
    theirs: Mapping[str, float] = case.output["fit"]
    ours = regress(case.output["formula"], case.data, se="HC3")
    exact = tolerances.LEAST_SQUARES_RELATIVE
    for figure in ("r_squared", "adj_r_squared", "f", "f_pvalue", "df_model", "df_resid", "sigma"):
        assert_near(ours.fit[figure], theirs[figure], exact)
    assert_near(ours.fit["f_robust"], theirs["f_hc3"], tolerances.INVERSE_RELATIVE)
    assert_near(ours.fit["f_robust_pvalue"], theirs["f_hc3_pvalue"], tolerances.INVERSE_RELATIVE)
    assert ours.n == case.output["n"]


@pytest.mark.parametrize("name", cases("regression"))
def test_regression_diagnostics(name: str) -> None:
    case = load(name)
    theirs = case.output
    ours = regress(theirs["formula"], case.data).tables["diagnostics"].set_index("check")
    exact = tolerances.LEAST_SQUARES_RELATIVE
    for check in ("breusch_pagan", "jarque_bera"):
        assert_near(ours.loc[check, ["statistic", "df", "p_value"]], list(theirs[check].values()), exact)
    assert_near(ours.loc["residual_skewness", "statistic"], theirs["residual_shape"]["skew"], exact)
    assert_near(ours.loc["residual_kurtosis", "statistic"], theirs["residual_shape"]["kurtosis"], exact)
    assert_near(ours.loc["max_cooks_distance", "statistic"], theirs["largest_cook"], exact)


@pytest.mark.parametrize("name", cases("regression"))
def test_variance_inflation(name: str) -> None:
    case = load(name)
    theirs = case.table("inflation")
    ours = coefficients(regress(case.output["formula"], case.data))["vif"].dropna()
    for term, df, gvif in zip(theirs["term"], theirs["df"], theirs["gvif"], strict=True):
        own = [value for name, value in ours.items() if _belongs(str(name), term)]
        assert len(own) == df
        assert_near(own, [gvif ** (1 / df)] * int(df), tolerances.INVERSE_RELATIVE)


def _belongs(coefficient: str, term: str) -> bool:
    """Whether a coefficient is one of a term: same variables, levels aside."""
    return sorted(part.split("[")[0] for part in coefficient.split(":")) == sorted(term.split(":"))


def test_regression_in_blocks() -> None:
    case = load("regression/mobi_blocks")
    theirs = case.output["blocks"]
    ours = regress(case.output["formula"], case.data, blocks=["image + expectation", "quality + satisfaction"]).tables[
        "blocks"
    ]
    exact = tolerances.LEAST_SQUARES_RELATIVE
    assert_near(ours.loc[0, ["r_squared", "adj_r_squared"]], list(theirs["first"].values()), exact)
    assert_near(
        ours.loc[1, ["delta_r_squared", "f", "df1", "df2", "p_value"]],
        [theirs[key] for key in ("delta_r_squared", "f", "df1", "df2", "p_value")],
        exact,
    )
