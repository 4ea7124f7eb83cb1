"""Discriminant validity, composite reliability and bifactor indices against lavaan and semTools."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmstudy.measurement.cfa import cfa
from crmstudy.measurement.validity.validity import validity
from tests import tolerances
from tests.reference import Case, load

DISCRIMINANT = [
    f"validity_more/{name}" for name in ("hs_discriminant", "mobi_discriminant", "personality_discriminant")
]


def rows(case: Case) -> pd.DataFrame:
    assert case.data is not None
    return case.data


@pytest.mark.parametrize("name", [*DISCRIMINANT, "validity_more/mobi_htmt"])
def test_heterotrait_monotrait_ratios(name):
    case = load(name)
    found = validity(cfa(case.model, rows(case))).tables
    for coefficient in ("htmt", "htmt2"):
        theirs = case.matrix(coefficient) if "rows" in case.output["htmt"] else case.matrix("htmt", coefficient)
        ours = found[coefficient].loc[theirs.index, theirs.columns].to_numpy()
        below = np.tril_indices(len(ours), -1)
        np.testing.assert_allclose(
            ours[below], theirs.to_numpy()[below], rtol=tolerances.R_CLOSED_FORM_RELATIVE, equal_nan=True
        )
        assert np.isnan(ours[np.triu_indices(len(ours), 1)]).all()


@pytest.mark.parametrize("ending", ["mlr", "mlmv", "fiml", "fiml_mlr"])
def test_correlations_against_a_cutoff_by_the_test_of_the_estimator(ending):
    case = load(f"validity_more/hs_discriminant_{ending}")
    asked = case.output["cutoff_tests"]
    fit = cfa(case.model, rows(case), **case.keywords)
    ours = validity(fit, cutoff=asked["cutoff"]).tables["discriminant"]
    theirs = pd.DataFrame(asked["table"])
    assert ours[["lhs", "rhs"]].equals(theirs[["lhs", "rhs"]])
    theirs = theirs.astype({"chisq_diff": float})
    np.testing.assert_allclose(ours["chisq_diff"], theirs["chisq_diff"], rtol=tolerances.SCALED_CHISQ_RELATIVE)
    tested = theirs["chisq_diff"].notna()  # with a negative scaling factor neither has a test
    assert (ours.loc[tested, "df_diff"] == theirs.loc[tested, "df_diff"]).all()


@pytest.mark.parametrize("at", [0, 1], ids=["0.9", "1"])
@pytest.mark.parametrize("name", DISCRIMINANT)
def test_correlations_against_a_cutoff(name, at):
    case = load(name)
    asked = case.output["cutoff_tests"][at]
    fit = cfa(case.model, rows(case))
    ours = validity(fit, cutoff=asked["cutoff"]).tables["discriminant"].set_index(["lhs", "rhs"])
    theirs = pd.DataFrame(asked["table"]).set_index(["lhs", "rhs"])
    assert set(ours.index) == set(theirs.index)
    ours = ours.loc[theirs.index]
    np.testing.assert_array_less(
        np.abs(ours["correlation"] - theirs["correlation"]), tolerances.ESTIMATE_IN_SE * theirs["std_error"]
    )
    np.testing.assert_allclose(ours["std_error"], theirs["std_error"], rtol=tolerances.STANDARD_ERROR_RELATIVE)
    for end in ("ci_low", "ci_high"):
        np.testing.assert_allclose(ours[end], theirs[end], atol=tolerances.DERIVED)
    # a difference of two chi-squares, each good to its own size
    size = tolerances.CHISQ_RELATIVE * (fit.fit["chisq"] + theirs["chisq_diff"])
    assert (np.abs(ours["chisq_diff"] - theirs["chisq_diff"]) <= 2 * size).all()
    assert (ours["df_diff"] == theirs["df_diff"]).all()
    np.testing.assert_allclose(ours["p_value"], theirs["p_value"], atol=tolerances.CHISQ_P_VALUE)
    # small ones are compared on the scale they are read on, unless they are beyond what a number can hold
    small = (theirs["p_value"] < tolerances.CHISQ_P_VALUE) & (theirs["p_value"] > 0)
    np.testing.assert_allclose(
        np.log(ours["p_value"][small]), np.log(theirs["p_value"][small]), rtol=tolerances.CHISQ_P_VALUE
    )


@pytest.mark.parametrize("name", [*DISCRIMINANT, "validity_more/hs_covariance", "validity_more/crm_bifactor"])
def test_composite_reliability(name):
    case = load(name)
    table = cfa(case.model, rows(case), **case.keywords).reliability().set_index("factor")
    theirs = case.output["reliability"]
    for ours, column in (("omega_implied", "omega_implied"), ("omega_observed", "omega_observed"), ("alpha", "alpha")):
        for factor, value in theirs[column].items():
            assert table.loc[factor, ours] == pytest.approx(value, abs=tolerances.DERIVED), (factor, ours)
    for factor, value in case.output.get("omega", {}).items():
        assert table.loc[factor, "omega"] == pytest.approx(value, abs=tolerances.DERIVED)


def test_composite_reliability_of_groups():
    case = load("validity_more/hs_groups")
    table = cfa(case.model, rows(case), **case.keywords).reliability()
    assert list(dict.fromkeys(table["group"])) == case.output["groups"]
    for number, (_, ours) in enumerate(table.groupby("group", sort=False), start=1):
        ours = ours.set_index("factor")
        for column in ("omega_implied", "omega_observed", "alpha"):
            for factor, value in case.output["reliability"][column][str(number)].items():
                if factor in ours.index:
                    assert ours.loc[factor, column] == pytest.approx(value, abs=tolerances.DERIVED)


def assert_bifactor(ours: pd.DataFrame, items: pd.DataFrame, theirs: dict) -> None:
    ours, expected = ours.set_index("factor"), pd.DataFrame(theirs["factors"]).set_index("factor")
    assert list(ours.index) == list(expected.index)
    for column in expected.columns:
        np.testing.assert_allclose(ours[column], expected[column], atol=tolerances.DERIVED, err_msg=column)
    assert ours["puc"].iloc[0] == pytest.approx(theirs["puc"], rel=tolerances.CLOSED_FORM_RELATIVE)
    assert list(ours["role"]) == ["general", *["group"] * (len(ours) - 1)]
    items, listed = items.set_index("item"), pd.DataFrame(theirs["items"]).set_index("item")
    for column in listed.columns:
        np.testing.assert_allclose(items.loc[listed.index, column], listed[column], atol=tolerances.DERIVED)


def test_bifactor_model():
    case = load("validity_more/crm_bifactor")
    found = validity(cfa(case.model, rows(case), **case.keywords))
    assert_bifactor(found.tables["bifactor"], found.tables["bifactor_items"], dict(case.output))
    assert found.tables["convergent"].empty
    assert found.tables["discriminant"].empty
    assert [note.code for note in found.notes] == ["VALIDITY_GENERAL_FACTOR"]
    assert "hierarchical omega of .66" in found.text


@pytest.mark.parametrize("name", ["validity_more/crm_second_order", "validity_more/hs_second_order"])
def test_second_order_model(name):
    case = load(name)
    found = validity(cfa(case.model, rows(case), **case.keywords))
    theirs = case.output["reliability"]["second_order"]
    (ours,) = found.tables["second_order"].to_dict("records")
    assert ours["factor"] == case.options["general"]
    for column, name_of in (("omega_l1", "omegaL1"), ("omega_l2", "omegaL2"), ("omega_l1_partial", "partialOmegaL1")):
        assert ours[column] == pytest.approx(theirs[name_of], abs=tolerances.DERIVED)
    implied = case.output["reliability"]["higher_implied"][case.options["general"]]
    assert ours["omega_l1"] == pytest.approx(implied, abs=tolerances.DERIVED)
    assert_bifactor(found.tables["bifactor"], found.tables["bifactor_items"], case.output["schmid_leiman"])
    assert len(found.tables["convergent"]) == len(found.tables["htmt"])
