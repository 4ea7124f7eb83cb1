"""Bounds, split halves, omega_t and omega_h, ordinal coefficients against psych, lavaan and plain R."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.measurement.reliability.reliability import ReliabilityResult, reliability
from tests import tolerances
from tests.reference import Case, cases, load

NAMES = cases("reliability")
EXACT = tolerances.R_CLOSED_FORM_RELATIVE


def answers(case: Case) -> pd.DataFrame:
    """The rows and items of a case, keyed as the script keys them."""
    assert case.data is not None
    data = case.data.copy()
    if case.output["rows"]:
        data = data.iloc[[row - 1 for row in case.output["rows"]]].reset_index(drop=True)
    for item in case.output["reversed"]:
        data[item] = case.output["low"] + case.output["high"] - data[item]
    return data


def analysed(name: str, **keywords: Any) -> tuple[Case, ReliabilityResult]:
    case = load(name)
    hierarchy = case.output["hierarchy"]
    groups = {"group_factors": hierarchy["group_factors"]} if hierarchy else {}
    return case, reliability(answers(case), ordinal=case.output["ordinal"] is not None, **groups, **keywords)


@pytest.fixture(scope="module")
def results() -> dict[str, tuple[Case, ReliabilityResult]]:
    return {name: analysed(name) for name in NAMES}


def assert_near(ours: Any, theirs: Any, relative: float = EXACT, absolute: float = tolerances.CLOSED_FORM) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=relative, atol=absolute
    )


def estimates(result: ReliabilityResult) -> pd.DataFrame:
    return result.estimates.set_index("term")


@pytest.mark.parametrize("name", NAMES)
def test_coefficients_of_the_covariances(name: str, results: dict[str, Any]) -> None:
    case, result = results[name]
    found, theirs = estimates(result), case.output
    assert result.n == theirs["n"]
    for term, value in theirs["estimates"].items():
        assert_near(found.loc[term, "estimate"], value, tolerances.INVERSE_RELATIVE if "6" in term else EXACT)
        # their gradients are differences (Richardson), right to about 1e-9 of themselves
        assert_near(found.loc[term, "std_error"], theirs["std_error"][term], tolerances.DIFFERENCES_RELATIVE)
    for term in ("lambda_2", "lambda_6"):
        for kind in ("", "_standardised"):
            assert_near(found.loc[term + kind, "estimate"], theirs[f"psych_{term}{kind}"], tolerances.INVERSE_RELATIVE)
    row = result.tables["intervals"].set_index(["coefficient", "method"]).loc[("alpha", "Bonett")]
    assert_near(row[["ci_low", "ci_high"]], [theirs["bonett"]["ci_low"], theirs["bonett"]["ci_high"]])


@pytest.mark.parametrize("name", NAMES)
def test_standard_errors_without_normality(name: str) -> None:
    case, result = analysed(name, interval="adf")
    found = estimates(result)
    for term, value in case.output["std_error_free"].items():
        assert_near(found.loc[term, "std_error"], value, tolerances.DIFFERENCES_RELATIVE)
    row = (
        result.tables["intervals"].set_index(["coefficient", "method"]).loc[("alpha", "asymptotic, distribution-free")]
    )
    assert found.loc["alpha", "ci_low"] == row["ci_low"]
    assert_near((row["ci_high"] - row["ci_low"]) / 2, 1.959963984540054 * found.loc["alpha", "std_error"])


@pytest.mark.parametrize("name", NAMES)
def test_splits(name: str, results: dict[str, Any]) -> None:
    case, result = results[name]
    table = result.tables["splits"].set_index("matrix")
    if case.output["splits"] is None:
        assert table["drawn"].all()
        return
    for matrix, theirs in case.output["splits"].items():
        ours = table.loc[matrix]
        assert not ours["drawn"]
        assert ours["splits"] == theirs["count"]
        columns = [name for name in theirs if name != "count"]
        assert_near(ours[columns], [theirs[name] for name in columns])
        best = "lambda_4" if matrix == "covariances" else "lambda_4_standardised"
        assert_near(estimates(result).loc[best, "estimate"], theirs["max"])
        psych = (case.output["psych_splits"] or {}).get(matrix, {})
        assert_near(ours[list(psych)], list(psych.values()))


@pytest.mark.parametrize("name", NAMES)
def test_split_halves_and_items(name: str, results: dict[str, Any]) -> None:
    case, result = results[name]
    rows = result.tables["split_halves"].set_index("split")
    for split, key in (("odd–even", "odd_even"), ("first–second half", "first_second")):
        theirs = case.output["halves"][key]
        columns = ["r", "spearman_brown", "spearman_brown_unequal", "guttman"]
        assert_near(rows.loc[split, columns], [theirs[column] for column in columns])
        assert rows.loc[split, "items_first"] == theirs["first"]
    items, theirs = result.tables["items"], case.output
    assert_near(items["smc"], theirs["smc"], tolerances.INVERSE_RELATIVE)
    for column in ("alpha_standardised_if_dropped", "average_r_if_dropped"):
        assert_near(items[column], theirs[column])
    if theirs["omega_if_dropped"]:
        known = [value is not None for value in theirs["omega_if_dropped"]]
        assert (items["omega_if_dropped"].notna() == known).all()
        expected = [value for value in theirs["omega_if_dropped"] if value is not None]
        assert_near(items["omega_if_dropped"][known], expected, 0.0, tolerances.FACTANAL)
    sizes = result.tables["scales"].iloc[0]
    for column in ("average_r", "median_r", "min_r", "max_r"):
        assert_near(sizes[column], theirs[column])
    precision = result.tables["precision"]
    assert_near(precision["sd"], [theirs["sd_mean"]] * len(precision))
    assert_near(precision["sem"], theirs["sd_mean"] * np.sqrt(1 - precision["reliability"]))


def of_size(names: Iterable[str]) -> list[str]:
    return [name for name in names if load(name).output["hierarchy"]]


@pytest.mark.parametrize("name", of_size(NAMES))
def test_total_and_hierarchical_omega(name: str, results: dict[str, Any]) -> None:
    """Ours against the same minimum found in R to the last digit, and against what psych prints."""
    case, result = results[name]
    theirs = case.output["hierarchy"]
    exact, found = theirs["exact"], estimates(result)
    ours = result.tables["general_factor"].set_index("matrix").loc["correlations"]
    for term in ("omega_t", "omega_h"):
        assert_near(found.loc[term, "estimate"], exact[term], 0.0, tolerances.EXTRACTION)
        assert found.loc[term, "estimate"] == ours[term]
    assert_near(ours["ecv"], exact["ecv"], 0.0, tolerances.EXTRACTION)
    loadings = result.tables["group_factors"]
    loadings = loadings[loadings["matrix"] == "correlations"]
    assert_near(loadings["general"], exact["general"], 0.0, tolerances.EXTRACTION)
    assert_near(loadings["h2"], exact["h2"], 0.0, tolerances.EXTRACTION)
    for column, key in (("omega_t", "psych_omega_t"), ("omega_h", "psych_omega_h"), ("ecv", "psych_ecv")):
        assert_near(ours[column], theirs[key], 0.0, tolerances.PSYCH_MINRES_COMMUNALITY)
    improper = [note.code for note in result.notes].count("RELIABILITY_GROUP_FACTORS_IMPROPER") > 0
    assert improper or not exact["heywood"]


@pytest.mark.parametrize("name", of_size(NAMES))
def test_omegas_of_the_groups(name: str, results: dict[str, Any]) -> None:
    """psych lists the groups in an order of its own, so they are compared sorted."""
    case, result = results[name]
    table = result.tables["group_omegas"]
    table = table[table["matrix"] == "correlations"]
    theirs = case.output["hierarchy"]
    if theirs["group_factors"] == 1:
        return
    for column, key in (("total", "total"), ("by_general", "general"), ("by_group", "group")):
        expected = sorted(value for value in theirs[f"psych_group_{key}"][1:] if value is not None)
        assert_near(sorted(table[column].dropna()), expected, 0.0, tolerances.PSYCH_MINRES_COMMUNALITY)


@pytest.mark.parametrize("name", [name for name in NAMES if load(name).output["ordinal"]])
def test_ordinal_coefficients(name: str, results: dict[str, Any]) -> None:
    case, result = results[name]
    theirs, found = case.output["ordinal"], estimates(result)
    for term in ("alpha", "lambda_2", "lambda_6"):
        assert_near(found.loc[f"{term}_ordinal", "estimate"], theirs[term], 0.0, tolerances.POLYCHORIC)
        assert_near(found.loc[f"{term}_ordinal", "std_error"], theirs[f"{term}_std_error"], tolerances.GAMMA_RELATIVE)


@pytest.mark.parametrize("name", cases("reliability_fiml"))
def test_coefficients_from_incomplete_rows(name: str) -> None:
    """lavaan's saturated and one-factor models by full information, with errors from the observed information."""
    case = load(name)
    theirs, result = case.output, reliability(answers(case), missing="fiml")
    found = estimates(result)
    assert result.n == theirs["n"]
    for term, value in theirs["estimates"].items():
        assert_near(found.loc[term, "estimate"], value, 0.0, tolerances.DERIVED)
        assert_near(found.loc[term, "std_error"], theirs["std_error"][term], tolerances.STANDARDISED_SE_RELATIVE)
    assert_near(
        found.loc["omega", "estimate"], theirs["omega"], 0.0, tolerances.ESTIMATE_IN_SE * theirs["omega_std_error"]
    )
    assert_near(found.loc["omega", "std_error"], theirs["omega_std_error"], tolerances.STANDARD_ERROR_RELATIVE)
    items = result.tables["items"]
    assert items["n"].tolist() == list(theirs["answered"].values())
    for column in ("mean", "sd"):
        assert_near(items[column], theirs[column], tolerances.DERIVED)
    if theirs["hierarchy"]:
        for term in ("omega_t", "omega_h"):
            assert_near(found.loc[term, "estimate"], theirs["hierarchy"]["exact"][term], 0.0, tolerances.EXTRACTION)
            assert np.isfinite(found.loc[term, "std_error"])
