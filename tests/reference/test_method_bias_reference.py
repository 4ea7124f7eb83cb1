"""Common-method bias: models against lavaan, marker correlations and VIF against their formulas in R."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from crmstudy.measurement.method_bias.method_bias import MethodBiasResult, method_bias
from tests import tolerances
from tests.reference import Case, cases, load

NAMES = {
    "hypothesised": ("single_factor", "hypothesised"),
    "single": ("single_factor", "single factor"),
    "equal": ("ulmc", "method factor, equal"),
    "free": ("ulmc", "method factor, free"),
}
WITH_MARKER = [name for name in cases("method_bias") if load(name).output["marker_models"]]


@cache
def asked(name: str) -> tuple[Case, MethodBiasResult]:
    """A case and our result."""
    case = load(name)
    output = case.output
    found = method_bias(
        case.data, model=case.model, marker=output["marker"], estimator=output["estimator"], missing=output["missing"],
        harman=True,
    )  # fmt: skip
    assert found.n == output["n"]
    return case, found


def row_of(found: MethodBiasResult, table: str, model: str) -> dict[str, Any]:
    return next(row for row in found.tables[table].to_dict("records") if row["model"] == model)


def turned(case: Case, model: str) -> dict[str, float]:
    """-1 for factors that lavaan leaves pointing the other way than in the hypothesised model."""
    found: dict[str, float] = {}
    plain = {(row["factor"], row["item"]): row["std_all"] for row in case.output["loadings"]["hypothesised"]}
    for row in case.output["loadings"][model]:
        if (key := (row["factor"], row["item"])) in plain:
            found[key[0]] = found.get(key[0], 0.0) + plain[key] * row["std_all"]
    return {factor: float(np.sign(product)) for factor, product in found.items()}


def assert_fit(row: dict[str, Any], theirs: dict[str, Any]) -> None:
    scaled = "chisq.scaled" in theirs
    chisq = tolerances.SCALED_CHISQ_RELATIVE if scaled else tolerances.CHISQ_RELATIVE
    assert row["chisq"] == pytest.approx(theirs["chisq.scaled" if scaled else "chisq"], rel=chisq)
    assert row["df"] == theirs["df"]
    slack = tolerances.SCALED_P_VALUE if scaled else tolerances.CHISQ_P_VALUE
    assert row["p_value"] == pytest.approx(theirs["pvalue.scaled" if scaled else "pvalue"], abs=slack)
    slack = tolerances.SCALED_INDEX if scaled else tolerances.FIT_INDEX
    for ours, robust in (("cfi", "cfi.robust"), ("rmsea", "rmsea.robust")):
        assert row[ours] == pytest.approx(theirs[robust if scaled else ours], abs=max(slack, 1e-6 * (ours == "rmsea")))
    assert row["srmr"] == pytest.approx(theirs["srmr"], abs=tolerances.DERIVED)


def assert_difference(row: dict[str, Any], theirs: dict[str, Any], scaled: bool) -> None:
    """A difference of chi-squares is right to the tolerance of the larger of them, which is below 2,000 here."""
    assert row["df_diff"] == theirs["df_diff"]
    slack = 2000 * (tolerances.SCALED_CHISQ_RELATIVE if scaled else tolerances.CHISQ_RELATIVE)
    assert row["chisq_diff"] == pytest.approx(theirs["chisq_diff"], abs=slack)
    assert row["p_value_diff"] == pytest.approx(theirs["p_value"], abs=slack)


@pytest.mark.parametrize("name", cases("method_bias"))
def test_fit_of_every_model(name):
    case, found = asked(name)
    for model, theirs in case.output["models"].items():
        assert_fit(row_of(found, *NAMES[model]), theirs)


@pytest.mark.parametrize("name", cases("method_bias"))
def test_differences(name):
    case, found = asked(name)
    for model, theirs in case.output["tests"].items():
        assert_difference(row_of(found, *NAMES[model]), theirs, case.output["estimator"] == "MLR")


@pytest.mark.parametrize("name", cases("method_bias"))
def test_loadings_and_method_variance(name):
    case, found = asked(name)
    table = found.tables["ulmc_loadings"].set_index(["factor", "item"])
    columns = {"hypothesised": ("loading", ""), "equal": ("loading_equal", "method_equal"),
               "free": ("loading_free", "method_free")}  # fmt: skip
    for model, rows in case.output["loadings"].items():
        if model == "single":
            continue
        substantive, method = columns[model]
        for row in rows:
            if row["std_all"] is None:
                continue
            if row["factor"] == "method":
                ours = table[method].xs(row["item"], level="item").iloc[0]
                # a factor of free loadings has no direction
                assert abs(ours) == pytest.approx(abs(row["std_all"]), abs=tolerances.DERIVED)
            else:
                ours = table[substantive].loc[(row["factor"], row["item"])]
                theirs = row["std_all"] * turned(case, model)[row["factor"]]
                assert ours == pytest.approx(theirs, abs=tolerances.DERIVED)
    for model, theirs in case.output["method_variance"].items():
        ours = row_of(found, *NAMES[model])["method_variance"]
        assert ours == pytest.approx(np.nan if theirs is None else theirs, abs=tolerances.DERIVED, nan_ok=True)


@pytest.mark.parametrize("name", cases("method_bias"))
def test_factor_correlations(name):
    case, found = asked(name)
    ours = found.tables["ulmc_correlations"].set_index(["lhs", "rhs"])
    for model, column in (("hypothesised", "r"), ("equal", "r_equal"), ("free", "r_free")):
        for row in case.output["correlations"].get(model, []):
            way = turned(case, model)
            theirs = row["r"] * way[row["lhs"]] * way[row["rhs"]]
            assert ours.loc[(row["lhs"], row["rhs"]), column] == pytest.approx(theirs, abs=tolerances.DERIVED)


@pytest.mark.parametrize("name", cases("method_bias"))
def test_correlations_freed_of_the_marker(name):
    case, found = asked(name)
    ours, theirs = found.tables["marker"], case.output["freed"]
    close = {"rtol": tolerances.R_CLOSED_FORM_RELATIVE, "atol": tolerances.CLOSED_FORM}
    assert (ours["n"] == theirs["n"]).all()
    np.testing.assert_allclose(ours["r_marker"], theirs["r_marker"], **close)
    np.testing.assert_allclose(ours["r_marker_upper"], theirs["upper"], **close)
    for column in ("r", "r_adjusted", "statistic", "p_value"):
        np.testing.assert_allclose(ours[column], [row[column] for row in theirs["pairs"]], **close)
    for column in ("r_adjusted", "p_value"):
        np.testing.assert_allclose(ours[f"{column}_upper"], [row[column] for row in theirs["limit"]], **close)


@pytest.mark.parametrize("name", cases("method_bias"))
def test_collinearity_and_the_first_component(name):
    case, found = asked(name)
    table = found.tables["collinearity"].set_index("construct")
    for construct, theirs in case.output["vif"].items():
        assert table.loc[construct, "vif"] == pytest.approx(theirs, rel=tolerances.LEAST_SQUARES_RELATIVE)
    for construct, theirs in case.output["vif_latent"].items():
        assert table.loc[construct, "vif_latent"] == pytest.approx(theirs, rel=10 * tolerances.DERIVED)
    share = found.tables["harman"]["first_share"].iloc[0]
    assert share == pytest.approx(case.output["first_share"], rel=tolerances.R_CLOSED_FORM_RELATIVE)


@pytest.mark.parametrize("name", WITH_MARKER)
def test_marker_technique(name):
    case, found = asked(name)
    theirs = case.output["marker_models"]
    scaled = case.output["estimator"] == "MLR"
    for model, figures in theirs["models"].items():
        assert_fit(row_of(found, "marker_models", model), figures)
    for model, figures in theirs["tests"].items():
        assert_difference(row_of(found, "marker_models", model), figures, scaled)
    retained = found.tables["marker_models"].query("retained")["model"].tolist()
    assert retained == [theirs["retained"]]
    ours = found.tables["marker_reliability"].set_index("factor")
    for row in theirs["reliability"]:
        for column in ("baseline", "substantive", "method"):
            assert ours.loc[row["factor"], column] == pytest.approx(row[column], abs=tolerances.DERIVED)
    pairs = found.tables["marker_correlations"].set_index(["lhs", "rhs"])
    for row in theirs["correlations"]:
        ours = pairs.loc[(row["lhs"], row["rhs"]), "retained"]
        # lavaan leaves factors of variance 1 pointing either way
        assert abs(ours) == pytest.approx(abs(row["r"]), abs=tolerances.DERIVED)
