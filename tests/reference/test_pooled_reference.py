"""Multiply imputed and auxiliary data against semTools, mice's data sets and the formulas written out in R."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from tests import tolerances
from tests.reference import Case, cases
from tests.reference.after import assert_close, case_of, keyed, text_of

#: riv, fmi and df are quotients of variances, each good to twice the relative error of a standard error, or powers of
#: such quotients.
POOLED_RELATIVE = 10 * tolerances.STANDARD_ERROR_RELATIVE


def imputed(case: Case) -> Any:
    frame = pd.read_csv(case.folder / case.output["imputed"])
    return cs.Imputed([part.drop(columns=".imp").reset_index(drop=True) for _, part in frame.groupby(".imp")])


@cache
def pooled(name: str, file: str = "model.lav") -> Any:
    case = case_of(name)
    return cs.cfa(text_of(case, file), imputed(case), **case.keywords)


@pytest.mark.parametrize(("file", "table"), [("model.lav", "pooled"), ("nested.lav", "nested")])
@pytest.mark.parametrize("name", cases("pooled"))
def test_pooled_estimates(name: str, file: str, table: str) -> None:
    """Rubin's rules parameter by parameter; semTools' default multiplies all variances by one number instead."""
    theirs = keyed(case_of(name).table(table))
    ours = keyed(pooled(name, file).estimates).loc[theirs.index]
    se = theirs["std_error"]
    assert_close(ours["estimate"], theirs["estimate"], tolerances.ESTIMATE_IN_SE * se, theirs.index)
    assert_close(ours["std_error"], se, tolerances.STANDARD_ERROR_RELATIVE * se, theirs.index)
    for column in ("riv", "fmi"):
        assert_close(ours[column], theirs[column], POOLED_RELATIVE * theirs[column], theirs.index)
    # infinite degrees of freedom (nothing is missing) are null in the file
    assert_close(
        1 / ours["df"], (1 / theirs["df"]).fillna(0.0), POOLED_RELATIVE / theirs["df"].fillna(1.0), theirs.index
    )
    t = theirs["t"].abs()
    assert_close(ours["statistic"], theirs["t"], tolerances.Z_ABSOLUTE + tolerances.Z_RELATIVE * t, theirs.index)
    assert_close(ours["p_value"], theirs["p_value"], tolerances.P_VALUE, theirs.index)
    for end in ("ci_low", "ci_high"):
        assert_close(ours[end], theirs[end], 2 * tolerances.ESTIMATE_IN_SE * se, theirs.index)


def assert_pooled_test(ours: Any, theirs: Any) -> None:
    """``ours``: a row with statistic (an F), df1, df2, p_value, ariv."""
    for column, name_of in (("statistic", "f"), ("df1", "df1"), ("df2", "df2"), ("ariv", "ariv")):
        assert ours[column] == pytest.approx(theirs[name_of], rel=POOLED_RELATIVE), column
    assert ours["p_value"] == pytest.approx(theirs["p_value"], abs=tolerances.P_VALUE)


@pytest.mark.parametrize("method", ["D2", "D3"])
def test_pooled_chisquare(method: str) -> None:
    tests = pooled("pooled/cfa_ml").tables["pooled_tests"].set_index("method")
    assert_pooled_test(tests.loc[method], case_of("pooled/cfa_ml").output[method.lower()]["free"])


@pytest.mark.parametrize("method", ["D2", "D3"])
def test_pooled_difference(method: str) -> None:
    fits = [pooled("pooled/cfa_ml", file) for file in ("model.lav", "nested.lav")]
    (_, row) = cs.compare_models(*fits, method=method).tables["tests"].to_dict("records")
    theirs = case_of("pooled/cfa_ml").output[method.lower()]["difference"]
    assert row["df_diff"] == theirs["df1"]
    assert row["statistic"] == pytest.approx(theirs["f"], rel=POOLED_RELATIVE)
    assert row["p_value"] == pytest.approx(theirs["p_value"], abs=tolerances.P_VALUE)


@pytest.mark.parametrize("method", ["D2", "D3"])
def test_pooled_scaled_difference(method: str) -> None:
    """The pooled difference over the scaling factor of the difference, from the mean factors of both models."""
    fits = [pooled("pooled/cfa_mlr", file) for file in ("model.lav", "nested.lav")]
    (_, row) = cs.compare_models(*fits, method=method).tables["tests"].to_dict("records")
    theirs = case_of("pooled/cfa_mlr").output["robust"][f"{method.lower()}_difference"]
    spread = row["df"] / row["df_diff"]
    assert row["chisq_diff"] == pytest.approx(theirs["chisq"], rel=POOLED_RELATIVE * spread)
    assert row["scaling_factor"] == pytest.approx(theirs["scaling_factor"], rel=POOLED_RELATIVE * spread)
    assert row["p_value"] == pytest.approx(theirs["p_value"], abs=tolerances.P_VALUE)


def test_pooled_robust_chisquare() -> None:
    """The robust statistics of the data sets pooled by D2 (semTools: pool.robust)."""
    tests = pooled("pooled/cfa_mlr").tables["pooled_tests"].set_index("method")
    assert_pooled_test(tests.loc["D2"], case_of("pooled/cfa_mlr").output["robust"]["pooled_scaled"])


@pytest.mark.parametrize("method", ["D2", "D3"])
def test_pooled_chisquare_then_scaled(method: str) -> None:
    """The pooled chi-square over the mean scaling factor, which is semTools' default for robust tests."""
    row = pooled("pooled/cfa_mlr").tables["pooled_tests"].set_index("method").loc[f"{method}, then scaled"]
    theirs = case_of("pooled/cfa_mlr").output["robust"][method.lower()]
    assert row["df1"] == theirs["df"]
    for column in ("chisq", "scaling_factor"):
        assert row[column] == pytest.approx(theirs[column], rel=POOLED_RELATIVE)
    assert row["p_value"] == pytest.approx(theirs["p_value"], abs=tolerances.P_VALUE)


def test_pooled_fit_indices() -> None:
    """Indices of the pooled chi-squares of model and baseline (D2); SRMR of mean moments at the pooled parameters."""
    output, result = case_of("pooled/cfa_ml").output, pooled("pooled/cfa_ml")
    by_d2 = result.fit_by("D2")
    for index, theirs in output["indices_d2"].items():
        assert by_d2[index] == pytest.approx(theirs, abs=tolerances.DERIVED)
    assert result.fit["srmr"] == pytest.approx(output["srmr"], abs=tolerances.DERIVED)
    assert result.fit["chisq"] == pytest.approx(output["d3"]["free"]["chisq"], rel=POOLED_RELATIVE)


def test_statistics_of_the_data_sets() -> None:
    """Each completed data set on its own gives the chi-square that was pooled."""
    case = case_of("pooled/cfa_ml")
    found = [cs.cfa(case.model, data).fit["chisq"] for data in sets(case)]
    theirs = case.output["statistics"]["free"]
    assert_close(found, theirs, tolerances.CHISQ_RELATIVE * np.array(theirs), range(1, len(theirs) + 1))


def sets(case: Case) -> list[pd.DataFrame]:
    frame = pd.read_csv(case.folder / case.output["imputed"])
    return [part.drop(columns=".imp").reset_index(drop=True) for _, part in frame.groupby(".imp")]


# --- auxiliary variables ------------------------------------------------------------------------------------------


@cache
def with_auxiliaries(name: str) -> Any:
    case = case_of(name)
    return {"sem": cs.sem, "cfa": cs.cfa}[case.options["function"]](case.model, case.data, **case.keywords)


@pytest.mark.parametrize("name", cases("auxiliary"))
def test_estimates_beside_auxiliary_variables(name: str) -> None:
    """The parameters of the model; rows beyond these are of the auxiliary variables."""
    ours = keyed(with_auxiliaries(name).estimates)
    theirs = keyed(case_of(name).table("estimates"))
    more = ours.drop(index=theirs.index)
    aux = case_of(name).output["aux"]
    assert (more["lhs"].isin(aux) | more["rhs"].isin(aux)).all()
    ours, se = ours.loc[theirs.index], theirs["se"]
    allowed = np.where(se > 0, tolerances.ESTIMATE_IN_SE * se, tolerances.FIXED_ESTIMATE)
    assert_close(ours["estimate"], theirs["est"], allowed, theirs.index)
    assert_close(ours["std_error"], se, tolerances.STANDARD_ERROR_RELATIVE * se, theirs.index)
    for column, name_of in (("std_all", "std.all"), ("std_lv", "std.lv")):
        size = theirs[name_of].abs().clip(lower=1.0)
        assert_close(ours[column], theirs[name_of], tolerances.DERIVED * size, theirs.index)


@pytest.mark.parametrize("name", cases("auxiliary"))
def test_fit_beside_auxiliary_variables(name: str) -> None:
    """The baseline model leaves the auxiliary variables as free as they are in the model (Savalei & Bentler, 2009)."""
    ours, theirs = with_auxiliaries(name).fit, case_of(name).output
    assert (ours["df"], ours["baseline_df"]) == (theirs["fit"]["df"], theirs["baseline"]["df"])
    for figure, of in (("chisq", "fit"), ("baseline_chisq", "baseline")):
        assert ours[figure] == pytest.approx(theirs[of]["chisq"], rel=tolerances.CHISQ_RELATIVE)
    for index in ("cfi", "rmsea"):
        assert ours[index] == pytest.approx(theirs[index], abs=tolerances.FIT_INDEX)
    if "chisq.scaled" in theirs["fit"]:
        relative = tolerances.STANDARD_ERROR_RELATIVE
        assert ours["chisq_scaled"] == pytest.approx(theirs["fit"]["chisq.scaled"], rel=relative)
        assert ours["baseline_chisq_scaled"] == pytest.approx(theirs["baseline"]["chisq.scaled"], rel=relative)
