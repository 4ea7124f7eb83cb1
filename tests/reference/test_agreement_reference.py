"""Intraclass correlations, test–retest, raters and content validity against psych, psy and plain R."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.kernels.agreement import content as content_kernel
from crmstudy.measurement.raters.agreement import raters
from crmstudy.measurement.raters.icc import icc
from crmstudy.measurement.raters.retest import test_retest as retest
from tests import tolerances
from tests.reference import Case, cases, load

EXACT = tolerances.R_CLOSED_FORM_RELATIVE


def assert_near(ours: Any, theirs: Any, relative: float = EXACT) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), rtol=relative, atol=tolerances.CLOSED_FORM
    )


@pytest.mark.parametrize("name", cases("icc"))
def test_icc(name: str) -> None:
    case = load(name)
    assert case.data is not None
    complete = case.data.dropna()
    data = case.data.loc[: complete.index[case.output["rows"] - 1]]
    ours, theirs = icc(data, ratings=list(data.columns)), case.table("forms")
    assert ours.n == case.output["n"]
    assert ours.estimates["term"].tolist() == theirs["form"].tolist()
    for mine, other in (("estimate", "estimate"), ("statistic", "f"), ("df", "df1"), ("df2", "df2")):
        assert_near(ours.estimates[mine], theirs[other])
    for end in ("ci_low", "ci_high"):
        assert_near(ours.estimates[end], theirs[end], tolerances.TAIL_RELATIVE)
    assert_near(ours.estimates["p_value"], theirs["p_value"], tolerances.TAIL_RELATIVE)
    long = data.reset_index().melt("index", var_name="rater", value_name="score").sample(frac=1.0, random_state=3)
    again = icc(long, targets="index", raters="rater", ratings="score")
    assert_near(again.estimates["estimate"], theirs["estimate"])


@pytest.mark.parametrize("name", cases("retest"))
def test_retest_against_r(name: str) -> None:
    case = load(name)
    assert case.data is not None
    theirs = case.output
    result = retest(case.data, columns=theirs["columns"])
    rows = result.estimates.set_index("term")
    assert result.n == theirs["n"]

    def ours(term: str, *columns: str) -> Any:
        return rows.loc[term, list(columns)]

    pearson = theirs["pearson"]
    assert_near(ours("pearson_r", "estimate", "statistic"), [pearson["r"], pearson["t"]])
    ends = ("ci_low", "ci_high", "p_value")
    assert_near(ours("pearson_r", *ends), [pearson["low"], pearson["high"], pearson["p"]], tolerances.TAIL_RELATIVE)
    for term in ("icc_a1", "icc_c1"):
        found = theirs[term]
        wanted = [found["r"], found["low"], found["high"]]
        assert_near(ours(term, "estimate", "ci_low", "ci_high"), wanted, tolerances.TAIL_RELATIVE)
    shift = theirs["mean_difference"]
    assert_near(ours("mean_difference", "estimate", "statistic"), [shift["value"], shift["t"]])
    assert_near(ours("mean_difference", *ends), [shift["low"], shift["high"], shift["p"]], tolerances.TAIL_RELATIVE)
    for term in ("sem", "sdc", "sem_agreement", "sdc_agreement", "repeatability"):
        assert_near(ours(term, "estimate"), [theirs[term]])
    assert_near(ours("sem", "ci_low", "ci_high"), [theirs["sem_low"], theirs["sem_high"]], tolerances.TAIL_RELATIVE)
    upper = theirs["upper"]
    assert_near(ours("loa_upper", "estimate"), [upper["value"]])
    limits = result.tables["limits"].set_index(["limit", "method"])
    exact = limits.loc[("upper", "exact"), ["ci_low", "ci_high"]]
    assert_near(exact, [upper["exact_low"], upper["exact_high"]], tolerances.NONCENTRAL_T_RELATIVE)
    rough = limits.loc[("upper", "approximate"), ["ci_low", "ci_high"]]
    assert_near(rough, [upper["low"], upper["high"]], tolerances.TAIL_RELATIVE)
    line = case.matrix("line").to_numpy()
    columns = ["estimate", "std_error", "statistic", "p_value"]
    assert_near(result.tables["bias_line"][columns], line, tolerances.LEAST_SQUARES_RELATIVE)


def rated(case: Case) -> pd.DataFrame:
    assert case.data is not None
    return case.data.dropna().iloc[: case.output["rows"]]


@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic"])
@pytest.mark.parametrize("name", cases("raters"))
def test_kappa(name: str, weights: str) -> None:
    case = load(name)
    data, two = rated(case).iloc[:, :2], case.output["two"][weights]
    options: Any = {"kind": "cohen"} if weights == "identity" else {"kind": "weighted", "weights": weights}
    row = raters(data, categories=case.output["levels"], bootstrap=None, **options).estimates.iloc[0]
    assert_near(row["estimate"], two["kappa"])
    by_differences = tolerances.DIFFERENCE_QUOTIENT_RELATIVE
    assert_near(row["std_error"], two["std_error"], by_differences)
    assert_near(row["std_error_null"], two["null_error"], by_differences)
    if weights == "identity":
        assert_near([row["estimate"], row["std_error"]], [case.output["psych_kappa"], case.output["psych_se"]], 1e-9)
    else:
        assert_near(row["estimate"], case.output[f"psy_{weights}"])


@pytest.mark.parametrize("name", cases("raters"))
def test_many_raters(name: str) -> None:
    case = load(name)
    theirs, data = case.output, rated(case)
    light = raters(data, kind="cohen", categories=theirs["levels"], bootstrap=None).estimates
    assert_near(light["estimate"][0], theirs["psy_light"])
    result = raters(data, kind="fleiss", categories=theirs["levels"], bootstrap=None)
    rows = result.estimates.set_index("term")
    assert_near(rows.loc["fleiss_kappa", "estimate"], theirs["fleiss"])
    assert_near(rows.loc["fleiss_kappa", "std_error_null"], theirs["fleiss_null"])
    assert_near(rows.loc["fleiss_kappa", "std_error"], theirs["fleiss_se"], tolerances.DIFFERENCE_QUOTIENT_RELATIVE)
    assert_near(rows.loc["conger_kappa", "estimate"], theirs["conger"])
    assert_near(rows.loc["gwet_ac1", "estimate"], theirs["ac1"])
    assert_near(rows.loc["gwet_ac1", "std_error"], theirs["ac1_se"], tolerances.DIFFERENCE_QUOTIENT_RELATIVE)
    assert_near(result.tables["categories"]["kappa"], theirs["fleiss_by_category"])


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
@pytest.mark.parametrize("name", cases("raters"))
def test_krippendorff(name: str, metric: str) -> None:
    case = load(name)
    assert case.data is not None
    data = case.data.iloc[: case.output["gaps"]]
    result = raters(data, kind="krippendorff", metric=metric, bootstrap=None)
    assert_near(result.estimates["estimate"][0], case.output["alpha"][metric])


@pytest.mark.parametrize("name", cases("raters"))
def test_concordance_is_friedmans_test(name: str) -> None:
    case = load(name)
    rows = raters(rated(case), kind="kendall").estimates.set_index("term")
    w = rows.loc["kendall_w"]
    n, m = case.output["n"], case.output["raters"]
    assert_near(w["statistic"], case.output["friedman"])
    assert_near(w["estimate"], case.output["friedman"] / (m * (n - 1)))
    assert_near(w["p_value"], case.output["friedman_p"], tolerances.TAIL_RELATIVE)
    assert_near(rows.loc["mean_spearman", "estimate"], case.output["mean_spearman"])


def test_intervals_of_aikens_v_are_wilsons() -> None:
    for row in load("content/figures").table("aiken").itertuples():
        v, low, high = content_kernel.aiken(row.total + row.n, int(row.n), 1.0, 1.0 + row.k, 0.95)
        assert v == pytest.approx(row.total / row.n / row.k)
        assert_near([low, high], [row.ci_low, row.ci_high], tolerances.TAIL_RELATIVE)


def test_exact_minima_of_the_ratio() -> None:
    for row in load("content/figures").table("binomial").itertuples():
        assert_near(content_kernel.exact_minimum(int(row.n)), content_kernel.ratio(int(row.essential), int(row.n)))
