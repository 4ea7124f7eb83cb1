"""Pooled means, slopes, correlations, reliabilities and tests against mice, at the same completed data sets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from tests import tolerances

HERE = Path(__file__).parent / "pooled_verbs"
CASES = sorted(path.parent.name for path in HERE.glob("*/script.R"))
#: df and fmi are rational functions of riv, a quotient of variances: a few operations on closed forms.
RELATIVE = 100 * tolerances.R_CLOSED_FORM_RELATIVE


def opened(name: str):
    output = json.loads((HERE / name / "output.json").read_text(encoding="utf-8"))
    frame = pd.read_csv(HERE / name / output["imputed"])
    return output, cs.Imputed([part.drop(columns=".imp").reset_index(drop=True) for _, part in frame.groupby(".imp")])


def same(ours: pd.Series, theirs: dict, names: tuple[str, ...]) -> None:
    for name in names:
        assert ours[name] == pytest.approx(theirs[name], rel=RELATIVE), name


@pytest.mark.parametrize("name", CASES)
def test_classical_regression(name: str) -> None:
    output, imputed = opened(name)
    result = cs.regress(output["formula"], imputed, se="classical")
    for row, theirs, increase in zip(
        result.estimates.to_dict("records"), output["classical"], output["increase"], strict=True
    ):
        assert row["term"] == theirs["term"]
        same(row, theirs, ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high"))
        same(row, increase, ("riv", "fmi"))
    assert result.fit["f"] == pytest.approx(output["f"]["f"], rel=RELATIVE)
    assert result.fit["f_df2"] == pytest.approx(output["f"]["df2"], rel=RELATIVE)
    assert result.fit["f_pvalue"] == pytest.approx(output["f"]["p_value"], rel=RELATIVE)
    assert result.fit["r_squared"] == pytest.approx(output["r_squared"], rel=RELATIVE)
    assert result.fit["r_squared"] == pytest.approx(output["r_squared_mice"], rel=RELATIVE)


@pytest.mark.parametrize("name", CASES)
def test_robust_regression(name: str) -> None:
    output, imputed = opened(name)
    table = cs.regress(output["formula"], imputed).estimates.set_index("term")
    for term, theirs in output["hc3"].items():
        same(table.loc[term], theirs, ("estimate", "std_error", "df", "riv", "fmi"))


@pytest.mark.parametrize("name", CASES)
def test_means(name: str) -> None:
    output, imputed = opened(name)
    table = cs.describe(imputed).estimates.set_index("term")
    for item, theirs in output["means"].items():
        same(table.loc[item], theirs, ("estimate", "std_error"))
        if theirs["riv"]:
            same(table.loc[item], theirs, ("df", "riv", "fmi"))


@pytest.mark.parametrize("name", CASES)
def test_correlations(name: str) -> None:
    output, imputed = opened(name)
    table = cs.correlate(imputed, items=output["scale"]).estimates.set_index("term")
    for theirs in output["correlations"]:
        row = table.loc[theirs["term"]]
        assert row["estimate"] == pytest.approx(theirs["r"], rel=RELATIVE)
        same(row, theirs, ("riv", "df", "fmi", "ci_low", "ci_high"))


@pytest.mark.parametrize("name", CASES)
def test_alpha(name: str) -> None:
    output, imputed = opened(name)
    table = cs.reliability(imputed, items=output["scale"]).estimates.set_index("term")
    theirs = output["alpha"]
    row = table.loc["alpha"]
    assert row["estimate"] == pytest.approx(theirs["alpha"], rel=RELATIVE)
    same(row, theirs, ("riv", "df", "fmi", "ci_low", "ci_high"))
    assert np.isnan(row["p_value"])
