"""Convergent validity and composite reliability by the public doors, against semTools."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import crmstudy as cs
from tests import tolerances
from tests.reference.after import assert_close, case_of, fit_of

DISCRIMINANT = [f"validity_more/{name}_discriminant" for name in ("hs", "mobi", "personality")]


@pytest.mark.parametrize("name", DISCRIMINANT)
def test_convergent_validity(name: str) -> None:
    """CR is the omega whose denominator holds the factor and the residuals of its items.

    AVE is the mean of squared standardised loadings; semTools::AVE is another quantity, of sums over the items, so
    that items of large variance count more.
    """
    output = case_of(name).output
    table = cs.validity(fit_of(name)).tables["convergent"].set_index("factor")
    for column, theirs in (
        ("cr", output["omega"]),
        ("ave", output["ave"]),
        ("alpha", output["reliability"]["alpha"]),
    ):
        assert_close(table.loc[list(theirs), column], list(theirs.values()), tolerances.DERIVED, theirs)


@pytest.mark.parametrize("name", DISCRIMINANT)
def test_fornell_larcker(name: str) -> None:
    case = case_of(name)
    table = cs.validity(fit_of(name)).tables["fornell_larcker"]
    correlations = case.matrix("cor_lv")
    for i, row in enumerate(correlations.index):
        assert table.loc[row, row] ** 2 == pytest.approx(case.output["ave"][row], abs=tolerances.DERIVED)
        for column in correlations.columns[:i]:
            assert table.loc[row, column] == pytest.approx(correlations.loc[row, column], abs=tolerances.DERIVED)


@pytest.mark.parametrize("name", DISCRIMINANT)
def test_a_ratio_does_not_depend_on_the_key_of_an_item(name: str) -> None:
    """Correlations are taken without their sign, so an item keyed the other way changes nothing."""
    case = case_of(name)
    data = case.data
    assert data is not None
    item = str(case_of(name).model).split("=~")[1].split("+")[1].strip()
    turned = cs.validity(cs.cfa(case.model, data.assign(**{item: -data[item]}))).tables["htmt"]
    theirs = case.matrix("htmt", "htmt")
    for i, row in enumerate(theirs.index):
        for column in theirs.columns[:i]:
            assert turned.loc[row, column] == pytest.approx(
                theirs.loc[row, column], rel=tolerances.CLOSED_FORM_RELATIVE
            )


def reliability(name: str) -> pd.DataFrame:
    return fit_of(name).reliability()


@pytest.mark.parametrize("name", [*DISCRIMINANT, "validity_more/hs_covariance", "validity_more/hs_groups"])
def test_reliability_of_a_fit(name: str) -> None:
    output: Any = case_of(name).output
    table = reliability(name)
    parts = [(table, None)] if not output.get("groups") else [
        (part, str(number)) for number, (_, part) in enumerate(table.groupby("group", sort=False), start=1)
    ]  # fmt: skip
    for part, group in parts:
        ours = part.set_index("factor")
        for column in ("omega_implied", "omega_observed", "alpha"):
            theirs = output["reliability"][column]
            theirs = {
                factor: value for factor, value in (theirs[group] if group else theirs).items() if factor != "group"
            }
            assert_close(ours.loc[list(theirs), column], list(theirs.values()), tolerances.DERIVED, theirs)


@pytest.mark.parametrize("name", ["personality", "mobi"])
def test_htmt_of_polychoric_correlations(name: str) -> None:
    """A ratio of mean correlations is right to the tolerance of a correlation, times the ratio over their mean."""
    full = f"validity_more/{name}_htmt_ordinal"
    case = case_of(full)
    found = cs.validity(fit_of(full), ordinal=True)
    for ratio in ("htmt", "htmt2"):
        theirs = case.matrix(ratio)
        for i, row in enumerate(theirs.index):
            for column in theirs.columns[:i]:
                ours = found.tables[ratio].loc[row, column]
                assert ours == pytest.approx(theirs.loc[row, column], abs=10 * tolerances.POLYCHORIC)


@pytest.mark.parametrize("name", DISCRIMINANT)
def test_cross_loadings_are_structure_coefficients(name: str) -> None:
    """Items' loadings times factor correlations, standardised, from the recorded correlations and our loadings."""
    case, fit = case_of(name), fit_of(name)
    table = cs.validity(fit).tables["cross_loadings"]
    correlations = case.matrix("cor_lv")
    loadings = fit.estimates[fit.estimates["op"] == "=~"]
    for row in loadings.to_dict("records"):
        for factor in correlations.columns:
            theirs = row["std_all"] * correlations.loc[row["lhs"], factor]
            assert table.loc[row["rhs"], factor] == pytest.approx(theirs, abs=tolerances.DERIVED)
