"""Product indicators, latent interactions and simple slopes against semTools."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from tests import tolerances
from tests.reference import Case
from tests.reference.after import assert_close, case_of, fit_with, keyed

FITS = ["double_mean_centred_ml", "double_mean_centred_mlr", "residual_centred_mlr"]
BLOCKS = {"x": ["x1", "x2", "x3"], "w": ["w1", "w2", "w3"]}
PAIRS = {"matched": "matched", "all": "all_pairs"}
METHODS = ("mean_centred", "double_mean_centred", "residual_centred")


def made(case: Case, method: str, match: str = "matched") -> Any:
    return cs.product_indicators(case.data, **BLOCKS, method=method, match=match)


@pytest.mark.parametrize("match", PAIRS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["interaction/products", "interaction/products_incomplete"])
def test_products(name: str, method: str, match: str) -> None:
    """Every 15th row and the sums of all.

    semTools leaves a product as it is, neither centred nor a residual, where another product of the row is missing:
    of residual-centred products only the complete rows are compared.
    """
    case = case_of(name)
    found = made(case, method, match)
    theirs = case.output[PAIRS[match]][method]
    products = pd.DataFrame(np.array(theirs["products"]["values"], dtype=float), columns=theirs["products"]["columns"])
    assert list(found.names) == list(products.columns)
    ours = found.data[list(found.names)]
    assert case.data is not None
    complete = case.data[[*BLOCKS["x"], *BLOCKS["w"]]].notna().all(axis=1)
    shown = ours.loc[theirs["rows"]]
    by_row = method == "residual_centred"
    kept = complete.loc[theirs["rows"]].to_numpy() if by_row else np.full(len(shown), True)
    np.testing.assert_allclose(
        shown.to_numpy()[kept], products.to_numpy()[kept],
        rtol=tolerances.LEAST_SQUARES_RELATIVE, atol=tolerances.CLOSED_FORM_RELATIVE,
    )  # fmt: skip
    if by_row and not complete.all():
        assert ours[~complete].isna().all(axis=None)
        return
    for column in products:
        assert ours[column].notna().sum() == theirs["n"][column]
        assert ours[column].sum() == pytest.approx(theirs["sum"][column], abs=1e2 * tolerances.CLOSED_FORM_RELATIVE)
        squares = float((ours[column] ** 2).sum())
        assert squares == pytest.approx(theirs["sum_of_squares"][column], rel=tolerances.LEAST_SQUARES_RELATIVE)


@cache
def fitted(name: str) -> tuple[Case, Any]:
    case = case_of(f"interaction/{name}")
    return case, fit_with(case, data=made(case, case.output["way"]).data)


@pytest.mark.parametrize("name", FITS)
def test_fits_of_latent_interactions(name: str) -> None:
    case, ours = fitted(name)
    assert ours.fit["df"] == case.output["df"]
    assert ours.fit["chisq"] == pytest.approx(case.output["chisq"], rel=tolerances.CHISQ_RELATIVE)
    theirs = keyed(case.table("estimates"))
    mine = keyed(ours.estimates).loc[theirs.index]
    free = theirs["se"] > 0
    allowed = np.where(free, tolerances.ESTIMATE_IN_SE * theirs["se"], tolerances.FIXED_ESTIMATE)
    assert_close(mine["estimate"], theirs["est"], allowed, theirs.index)
    assert_close(mine["std_error"], theirs["se"], tolerances.STANDARD_ERROR_RELATIVE * theirs["se"], theirs.index)


def assert_slopes(ours: pd.DataFrame, theirs: pd.DataFrame, moderator: Any) -> None:
    assert_close(ours["moderator"], moderator, tolerances.DERIVED, theirs["at"])
    assert_close(ours["estimate"], theirs["slope"], tolerances.ESTIMATE_IN_SE * theirs["std_error"], theirs["at"])
    relative = tolerances.STANDARD_ERROR_RELATIVE * theirs["std_error"]
    assert_close(ours["std_error"], theirs["std_error"], relative, theirs["at"])
    allowed = tolerances.Z_ABSOLUTE + tolerances.Z_RELATIVE * theirs["z"].abs()
    assert_close(ours["statistic"], theirs["z"], allowed, theirs["at"])
    assert_close(ours["p_value"], theirs["p_value"], tolerances.P_VALUE, theirs["at"])


@pytest.mark.parametrize("name", FITS[:2])
def test_simple_slopes(name: str) -> None:
    """At standard deviations of the moderator, and at whole numbers (which are as many standard deviations)."""
    case, fit = fitted(name)
    for kind in ("deviations", "whole"):
        theirs = case.table("slopes", kind)
        sd = case.output["sd_moderator"]
        found = cs.simple_slopes(fit, x="x", w="w", at=[float(value) / sd for value in theirs["at"]])
        assert_slopes(found.estimates, theirs, theirs["at"])


@pytest.mark.parametrize("name", FITS[:2])
def test_where_a_slope_becomes_significant(name: str) -> None:
    case, fit = fitted(name)
    bounds = cs.simple_slopes(fit, x="x", w="w").tables["johnson_neyman"]
    theirs = case.output["johnson_neyman"]
    # a bound moves as the slope's z does, divided by how fast that z changes along the moderator
    np.testing.assert_allclose(bounds["bound"], theirs, rtol=10 * tolerances.Z_ABSOLUTE)


@pytest.mark.parametrize("name", FITS)
def test_standardised_interaction(name: str) -> None:
    """Wen, Marsh & Hau (2010): by the standard deviations of x and w, not by that of their product."""
    case, fit = fitted(name)
    ours = cs.standardised_interaction(fit, x="x", w="w", xw="xw", y="y").estimates.set_index("term")["estimate"]
    theirs = case.output["standardised"]
    for predictor in ("x", "w", "xw"):
        assert ours[f"y ~ {predictor}"] == pytest.approx(theirs[predictor], abs=tolerances.DERIVED)
    usual = keyed(fit.estimates).loc["y ~ xw", "std_all"]
    assert usual == pytest.approx(theirs["xw_usual"], abs=tolerances.DERIVED)
