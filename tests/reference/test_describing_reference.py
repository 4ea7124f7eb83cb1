"""Tables, tests against a midpoint, Friedman's test and further correlations against R."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.describing.correlations import correlate
from crmstudy.describing.crosstab import crosstab
from crmstudy.describing.frequencies import frequencies
from crmstudy.describing.friedman import friedman
from crmstudy.describing.items import describe
from crmstudy.describing.midpoint import midpoint
from tests import tolerances
from tests.reference import Case, cases, load


def assert_near(ours: Any, theirs: Any, relative: float = tolerances.CLOSED_FORM_RELATIVE) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=relative, atol=tolerances.CLOSED_FORM
    )


def rows(case: Case) -> pd.DataFrame:
    """The rows R read; ``first`` keeps the first of them."""
    assert case.data is not None
    return case.data if not case.output.get("first") else case.data.iloc[: case.output["first"]]


def matrix(case: Case, name: str) -> np.ndarray:
    return np.array(case.output[name]["values"], dtype=float)


@pytest.mark.parametrize("name", cases("crosstab"))
def test_crosstab(name: str) -> None:
    case, output = load(name), load(name).output
    found = crosstab(rows(case), rows=output["rows"], cols=output["cols"], exact=None if "fisher" in output else False)
    counts = found.tables["counts"]
    assert counts.to_numpy().tolist() == matrix(case, "counts").tolist()
    assert (found.n, int(found.samples["dropped"].iloc[0])) == (output["n"], output["dropped"])
    cells = found.tables["cells"]
    for ours, theirs in (
        ("expected", "expected"), ("residual", "residuals"), ("adjusted_residual", "adjusted"),
        ("row_percent", "row_percent"), ("column_percent", "column_percent"),
    ):  # fmt: skip
        assert_near(cells[ours], matrix(case, theirs).ravel())
    tests = found.tables["tests"].set_index("test")
    for test in ("pearson", "likelihood_ratio", *(["pearson_yates"] if "pearson_yates" in output else [])):
        assert_near(tests.loc[test, ["statistic", "df"]], [output[test]["statistic"], output[test]["df"]])
        assert_near(tests.loc[test, "p_value"], output[test]["p_value"], tolerances.TAIL_RELATIVE)
    if "fisher" in output:
        assert_near(tests.loc["fisher_exact", "p_value"], output["fisher"], tolerances.FISHER_RELATIVE)
    table = found.estimates.set_index("term")
    assert_near(table.loc["cramers_v", "estimate"], output["cramers_v"])
    assert_near(table.loc["cramers_v", "std_error"], output["cramers_v_error"], tolerances.NUMERIC_DERIVATIVE)
    low, high = output["cramers_v_interval"]
    assert_near(table.loc["cramers_v", "ci_low"], low, tolerances.NONCENTRAL_RELATIVE)
    assert_near(table.loc["cramers_v", "ci_high"], max(high, output["cramers_v"]), tolerances.NONCENTRAL_RELATIVE)
    assert_near(table.loc["cramers_v_corrected", "estimate"], output["cramers_v_corrected"])
    assert_near(table.loc["contingency", "estimate"], output["contingency"])
    if "odds_ratio" in output:
        assert_near(table.loc["odds_ratio", "estimate"], output["odds_ratio"], tolerances.LEAST_SQUARES_RELATIVE)
        ends = table.loc["odds_ratio", ["ci_low", "ci_high"]]
        assert_near(ends, output["odds_interval"], tolerances.LEAST_SQUARES_RELATIVE)
        assert_near(table.loc["phi", "estimate"], output["phi"])


@pytest.mark.parametrize("name", [name for name in cases("crosstab") if load(name).output["ordinal"]])
def test_ordered_association(name: str) -> None:
    case = load(name)
    found = crosstab(rows(case), rows=case.output["rows"], cols=case.output["cols"], exact=False)
    ours = found.estimates.set_index("term")
    for row in case.output["associations"]:
        mine = ours.loc[row["term"]]
        assert_near(mine["estimate"], row["estimate"])
        for column in ("std_error", "statistic", "ci_low", "ci_high"):
            assert_near(mine[column], row[column], tolerances.NUMERIC_DERIVATIVE)
        np.testing.assert_allclose(mine["p_value"], row["p_value"], rtol=1e-6, atol=1e-9)
    assert_near(ours.loc["tau_b", "estimate"], case.output["kendall"])
    tests = found.tables["tests"].set_index("test")
    assert_near(tests.loc["linear_by_linear", "statistic"], case.output["linear"])


@pytest.mark.parametrize("name", cases("midpoint"))
def test_midpoint(name: str) -> None:
    case = load(name)
    found = midpoint(rows(case), items=case.output["columns"], midpoint=case.output["midpoint"])
    theirs = case.table("tests")
    ours = found.estimates
    assert_near(ours["mean"], theirs["mean"])
    for mine, other in (("std_error", "std_error"), ("statistic", "t"), ("ci_low", "ci_low"), ("ci_high", "ci_high")):
        assert_near(ours[mine], theirs[other], tolerances.LEAST_SQUARES_RELATIVE)
    assert_near(ours["p_value"], theirs["p_value"], tolerances.TAIL_RELATIVE)
    assert_near(ours["p_adjusted"], theirs["p_adjusted"], tolerances.TAIL_RELATIVE)
    effects = found.tables["effects"]
    assert_near(effects["d"], theirs["d"])
    assert_near(effects["g"], theirs["g"])
    assert_near(effects[["d_low", "d_high"]], theirs[["d_low", "d_high"]], tolerances.NONCENTRAL_T_RELATIVE)
    assert_near(effects["shapiro_p"], theirs["shapiro_p"], tolerances.SHAPIRO_RELATIVE)
    ranks = found.tables["wilcoxon"]
    assert_near(ranks["v"], theirs["v"])
    assert_near(ranks["p_value"], theirs["wilcoxon_p"], tolerances.TAIL_RELATIVE)
    assert_near(ranks["p_adjusted"], theirs["wilcoxon_adjusted"], tolerances.TAIL_RELATIVE)
    assert_near(ranks["p_uncorrected"], theirs["uncorrected_p"], tolerances.TAIL_RELATIVE)
    assert_near(ranks[["hodges_lehmann", "ci_low", "ci_high"]], theirs[["hodges_lehmann", "hl_low", "hl_high"]], 1e-9)
    assert_near(ranks["rank_biserial"], theirs["rank_biserial"])
    assert ranks["exact"].tolist() == theirs["exact"].tolist()


@pytest.mark.parametrize("name", cases("friedman"))
def test_friedman(name: str) -> None:
    case, output = load(name), load(name).output
    found = friedman(rows(case), items=output["columns"])
    assert (found.n, int(found.samples["dropped"].iloc[0])) == (output["n"], output["dropped"])
    for ours, theirs in (("chisq", "chisq"), ("df", "df"), ("f", "f"), ("kendall_w", "w")):
        assert_near(found.fit[ours], output[theirs], tolerances.LEAST_SQUARES_RELATIVE)
    assert_near(found.fit["pvalue"], output["p_value"], tolerances.TAIL_RELATIVE)
    assert_near(found.fit["f_pvalue"], output["p_f"], tolerances.TAIL_RELATIVE)
    assert_near(found.estimates["estimate"], output["mean_ranks"])
    pairs, theirs = found.tables["pairs"], case.table("pairs")
    for ours, other in (
        ("z", "z"), ("p_dunn", "p_dunn"), ("p_dunn_adjusted", "p_dunn_bonferroni"), ("t_conover", "t_conover"),
        ("p_conover", "p_conover"), ("p_conover_adjusted", "p_conover_holm"), ("v", "v"), ("p_wilcoxon", "p_wilcoxon"),
        ("p_wilcoxon_adjusted", "p_wilcoxon_holm"),
    ):  # fmt: skip
        assert_near(pairs[ours], theirs[other], tolerances.TAIL_RELATIVE)
    np.testing.assert_allclose(pairs["p_nemenyi"], theirs["p_nemenyi"], atol=tolerances.STUDENTISED_RANGE)
    means = found.tables["means"]
    for ours, other in (
        ("difference", "difference"), ("std_error", "std_error"), ("t", "t"), ("p_value", "p_mean"),
        ("p_adjusted", "p_mean_holm"), ("ci_low", "ci_low"), ("ci_high", "ci_high"),
    ):  # fmt: skip
        assert_near(means[ours], theirs[other], tolerances.LEAST_SQUARES_RELATIVE)
    anova = found.tables["anova"].iloc[0]
    assert_near(anova["f"], output["anova_f"], tolerances.LEAST_SQUARES_RELATIVE)
    assert_near(anova["p_value"], output["anova_p"], tolerances.LEAST_SQUARES_RELATIVE)
    assert_near(anova["greenhouse_geisser"], output["gg"], tolerances.LEAST_SQUARES_RELATIVE)
    assert_near(anova["p_gg"], output["p_gg"], tolerances.LEAST_SQUARES_RELATIVE)
    printed = anova[["greenhouse_geisser", "huynh_feldt"]].to_numpy(dtype=float)
    half = tolerances.PRINTED_HALF_UNIT * 10.0**-4
    theirs_printed = np.minimum([output["gg_printed"], output["hf_printed"]], 1.0)
    np.testing.assert_allclose(printed, theirs_printed, atol=half, rtol=0)


@pytest.mark.parametrize("name", cases("kendall"))
def test_kendall(name: str) -> None:
    case = load(name)
    ours, theirs = (
        correlate(rows(case), items=case.output["columns"], method="kendall").estimates,
        case.table("pairs"),
    )
    assert_near(ours["estimate"], theirs["estimate"])
    assert_near(ours["statistic"], theirs["z"])
    for column in ("p_value", "p_adjusted"):
        assert_near(ours[column], theirs[column], tolerances.TAIL_RELATIVE)
    assert_near(ours[["ci_low", "ci_high"]], theirs[["ci_low", "ci_high"]])


@pytest.mark.parametrize("name", cases("partial"))
def test_partial(name: str) -> None:
    case, output = load(name), load(name).output
    data = pd.read_csv(case.folder / output["data"])
    found = correlate(data, items=output["columns"], partial=output["held"], method=output["method"])
    theirs = case.table("pairs")
    assert found.n == output["n"]
    for column in ("estimate", "statistic", "df", "ci_low", "ci_high"):
        assert_near(found.estimates[column], theirs[column], tolerances.LEAST_SQUARES_RELATIVE)
    for column in ("p_value", "p_adjusted"):
        assert_near(found.estimates[column], theirs[column], tolerances.LEAST_SQUARES_RELATIVE)


@pytest.mark.parametrize("name", cases("pairwise"))
def test_pairwise(name: str) -> None:
    case, output = load(name), load(name).output
    found = correlate(rows(case), items=output["columns"], method=output["method"], missing="pairwise").estimates
    theirs = case.table("pairs")
    assert found["n"].tolist() == theirs["n"].tolist()
    assert_near(found["estimate"], theirs["estimate"])
    for column in ("p_value", "p_adjusted"):
        assert_near(found[column], theirs[column], tolerances.TAIL_RELATIVE)
    if output["method"] == "pearson":
        assert_near(found[["ci_low", "ci_high"]], theirs[["ci_low", "ci_high"]])


@pytest.mark.parametrize("name", cases("weighted"))
def test_weighted(name: str) -> None:
    case, output = load(name), load(name).output
    assert case.data is not None
    weight, numbers = output["weight"], output["numbers"]
    described = describe(case.data, items=numbers, weights=weight)
    theirs = case.table("means")
    for ours, other in (("estimate", "mean"), ("std_error", "std_error"), ("ci_low", "ci_low"), ("ci_high", "ci_high")):
        assert_near(described.estimates[ours], theirs[other])
    assert_near(described.tables["items"]["sd"], theirs["sd"])
    tested = midpoint(case.data, items=numbers, midpoint=3, weights=weight).estimates
    assert_near(tested["estimate"], theirs["mean"] - 3)
    assert_near(tested["std_error"], theirs["std_error"])
    shares, counted = case.table("shares"), frequencies(case.data, items=output["categories"][0], weights=weight)
    for ours, other in (
        ("estimate", "share"),
        ("std_error", "std_error"),
        ("ci_low", "ci_low"),
        ("ci_high", "ci_high"),
    ):
        assert_near(counted.estimates[ours], shares[other], tolerances.LEAST_SQUARES_RELATIVE)
    down, across = output["categories"]
    crossed = crosstab(case.data, rows=down, cols=across, weights=weight)
    test = crossed.tables["tests"].iloc[0]
    wanted = [output["f"], output["ndf"], output["ddf"], output["p_value"]]
    assert_near(test[["statistic", "df", "df_error", "p_value"]], wanted, tolerances.LEAST_SQUARES_RELATIVE)
    table = np.array(output["table"]["values"])
    assert_near(crossed.tables["cells"]["total_percent"], 100 * table.ravel() / table.sum())
    correlated = correlate(case.data, items=numbers, weights=weight).estimates
    pairs = case.table("correlations")
    for column in ("estimate", "std_error"):
        assert_near(correlated[column], pairs[column], tolerances.LEAST_SQUARES_RELATIVE)
