"""Intraclass correlations and test–retest: printed table, identities, invariances, recovery, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmstudy as cs
from crmstudy.drawing import BlandAltman
from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.kernels.agreement.intraclass import intraclass, mean_squares
from crmstudy.kernels.agreement.retest import limits
from crmstudy.kernels.resample import generator
from crmstudy.measurement.raters.icc import icc
from crmstudy.measurement.raters.retest import test_retest as retest
from crmstudy.report.figures.draw import draw_bytes
from tests import tolerances

#: Table 2 of Shrout and Fleiss (1979): six targets, four judges.
JUDGES = pd.DataFrame(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], columns=list("abcd")
)


def values(result, column="estimate"):
    return result.estimates.set_index("term")[column]


def test_the_table_of_shrout_and_fleiss():
    printed = {"ICC1": 0.17, "ICC2": 0.29, "ICC3": 0.71, "ICC1k": 0.44, "ICC2k": 0.62, "ICC3k": 0.91}
    found = values(icc(JUDGES, ratings=list("abcd")))
    for form, value in printed.items():
        assert abs(found[form] - value) <= tolerances.PRINTED_HALF_UNIT * 0.01
    table = icc(JUDGES, ratings=list("abcd")).tables["anova"].set_index("source")["mean_sq"].round(2)
    assert table.to_dict() == {"targets": 11.24, "raters": 32.49, "error": 1.02, "within targets": 6.26}


def test_names_of_the_forms():
    rows = icc(JUDGES, ratings=list("abcd")).estimates.set_index("term")
    assert rows.loc["ICC2", ["shrout_fleiss", "mcgraw_wong", "definition", "unit"]].tolist() == [
        "ICC(2,1)", "ICC(A,1)", "agreement", "single"]  # fmt: skip
    assert rows.loc["ICC3k", "mcgraw_wong"] == "ICC(C,k)"
    assert rows["std_error"].notna().all()


def test_long_and_wide_are_one_and_rows_may_come_in_any_order():
    long = JUDGES.reset_index().melt("index", var_name="judge", value_name="score").sample(frac=1, random_state=1)
    wide = icc(JUDGES, ratings=list("abcd"))
    again = icc(long, targets="index", raters="judge", ratings="score")
    np.testing.assert_allclose(values(again), values(wide), rtol=1e-12)
    one_way = icc(long, targets="index", ratings="score")
    assert one_way.estimates["term"].tolist() == ["ICC1", "ICC1k"]
    np.testing.assert_allclose(values(one_way), values(wide)[["ICC1", "ICC1k"]], rtol=1e-12)


def test_consistency_of_the_mean_is_alpha_and_shares_are_agreement():
    result = icc(JUDGES, ratings=list("abcd"))
    alpha = cs.reliability(JUDGES, items=list("abcd")).estimates.set_index("term").loc["alpha"]
    row = result.estimates.set_index("term").loc["ICC3k"]
    np.testing.assert_allclose([row["estimate"], row["ci_low"], row["ci_high"]],
                               alpha[["estimate", "ci_low", "ci_high"]].astype(float), rtol=1e-10)  # fmt: skip
    share = result.tables["variances"].set_index("component")["share"]
    assert share["targets"] == pytest.approx(values(result)["ICC2"], rel=1e-12)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 10), st.floats(-50, 50))
def test_units_and_levels_of_raters(seed, scale, shift):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(8, 1)) + rng.normal(size=(8, 3))
    names = ["x", "y", "z"]
    plain = values(icc(pd.DataFrame(table, columns=names)))
    moved = values(icc(pd.DataFrame(table * scale + shift, columns=names)))
    np.testing.assert_allclose(moved, plain, rtol=1e-7, atol=1e-9)
    levels = values(icc(pd.DataFrame(table + np.array([0.0, 5.0, -3.0]), columns=names)))
    np.testing.assert_allclose(levels[["ICC3", "ICC3k"]], plain[["ICC3", "ICC3k"]], rtol=1e-7, atol=1e-9)
    assert levels["ICC2"] == pytest.approx(plain["ICC2"]) or abs(levels["ICC2"]) < abs(plain["ICC2"])


def test_standard_errors_and_intervals_in_samples():
    rng = generator(5, "icc calibration")
    n, k, replicates = 60, 3, 1500
    estimates, errors, inside = [], [], 0
    for _ in range(replicates):
        table = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
        row = intraclass(mean_squares(table))[2]
        estimates.append(row.estimate)
        errors.append(row.std_error)
        inside += row.low <= 0.5 <= row.high
    share_error = np.sqrt(0.95 * 0.05 / replicates)
    assert abs(inside / replicates - 0.95) < tolerances.MONTE_CARLO_IN_SE * share_error
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=4 / np.sqrt(2 * replicates))


def test_missing_ratings_leave_out_the_target():
    gaps = JUDGES.astype(float)
    gaps.loc[2, "b"] = np.nan
    result = icc(gaps, ratings=list("abcd"))
    assert result.n == 5
    assert result.samples["dropped"].tolist() == [1]
    assert [note.code for note in result.notes] == ["ICC_TARGETS_DROPPED"]


def test_negative_values_stand_with_a_note():
    result = icc(pd.DataFrame({"a": [1, 2, 3, 4.0], "b": [4, 3, 2, 1.5]}), ratings=["a", "b"])
    assert values(result)["ICC3"] < 0
    assert "ICC_NEGATIVE" in {note.code for note in result.notes}


def test_perfect_consistency():
    result = icc(pd.DataFrame({"a": [1, 2, 3.0], "b": [3, 4, 5.0]}), ratings=["a", "b"])
    row = result.estimates.set_index("term").loc["ICC3"]
    assert row[["estimate", "ci_low", "ci_high", "p_value"]].tolist() == [1.0, 1.0, 1.0, 0.0]
    assert values(result)["ICC2"] < 1
    identical = icc(pd.DataFrame({"a": [1, 2, 3.0], "b": [1, 2, 3.0]}), ratings=["a", "b"])
    assert values(identical).tolist() == [1.0] * 6


@pytest.mark.parametrize(
    ("frame", "keywords", "error", "words"),
    [
        (JUDGES, {"ratings": ["a", "z"]}, DataError, "'z'"),
        (JUDGES, {"ratings": ["a"]}, AnalysisError, "only a"),
        (JUDGES * 0 + 3, {"ratings": list("abcd")}, AnalysisError, "nothing varies"),
        (JUDGES.assign(a=np.nan), {"ratings": list("abcd")}, AnalysisError, "missing from a"),
        (JUDGES.assign(a="x"), {"ratings": list("abcd")}, DataError, "'a' holds text"),
        (JUDGES.assign(a=np.inf), {"ratings": list("abcd")}, DataError, "infinite"),
        (JUDGES, {"ratings": "a"}, ModelError, "targets"),
        (JUDGES, {"ratings": list("abcd"), "level": float("nan")}, ModelError, "level"),
        (JUDGES, {"ratings": list("abcd"), "level": True}, ModelError, "level"),
        (JUDGES, {"ratings": list("abcd"), "raters": "a"}, ModelError, "raters"),
        (JUDGES.head(1), {"ratings": list("abcd")}, AnalysisError, "at least 2"),
    ],
)
def test_bad_input(frame, keywords, error, words):
    with pytest.raises(error, match=words):
        icc(frame, **keywords)


def test_two_ratings_of_one_target_by_one_rater():
    long = pd.DataFrame({"t": [1, 1, 1, 2, 2], "r": ["a", "a", "b", "a", "b"], "x": [1, 2, 3, 4, 5]})
    with pytest.raises(DataError, match="target '1' by rater 'a'"):
        icc(long, targets="t", raters="r", ratings="x")


# --- test and retest ----------------------------------------------------------------------------------------------

FIRST = [52.0, 47, 60, 38, 55, 49, 63, 44, 51, 58]
SECOND = [50.0, 49, 57, 41, 54, 45, 66, 43, 52, 55]


def test_error_of_measurement_by_two_roads():
    rows = values(retest(FIRST, SECOND))
    sd = np.sqrt((np.var(FIRST, ddof=1) + np.var(SECOND, ddof=1)) / 2)
    assert rows["sem"] == pytest.approx(sd * np.sqrt(1 - rows["icc_c1"]), rel=1e-12)
    assert rows["sdc"] == pytest.approx(1.959963984540054 * np.sqrt(2) * rows["sem"], rel=1e-12)
    assert rows["loa_upper"] - rows["loa_lower"] == pytest.approx(2 * rows["sdc"], rel=1e-12)


def test_differences_are_first_minus_second():
    rows, turned = values(retest(FIRST, SECOND)), values(retest(SECOND, FIRST))
    assert rows["mean_difference"] == pytest.approx(np.mean(FIRST) - np.mean(SECOND))
    assert turned["mean_difference"] == pytest.approx(-rows["mean_difference"])
    assert turned["loa_upper"] == pytest.approx(-rows["loa_lower"])
    same = ["pearson_r", "icc_a1", "icc_c1", "sem", "sdc", "sem_agreement", "repeatability"]
    np.testing.assert_allclose(turned[same], rows[same], rtol=1e-12)


def test_a_shift_of_everybody_is_error_for_agreement_only():
    rows, moved = values(retest(FIRST, SECOND)), values(retest(FIRST, np.array(SECOND) + 9))
    assert moved["icc_c1"] == pytest.approx(rows["icc_c1"])
    assert moved["icc_a1"] < rows["icc_a1"]
    assert moved["sem"] == pytest.approx(rows["sem"])
    assert moved["sem_agreement"] > rows["sem_agreement"]


def test_series_are_matched_by_their_index():
    first = pd.Series(FIRST, index=list("abcdefghij"), name="t1")
    second = pd.Series(SECOND, index=list("abcdefghij"), name="t2").iloc[::-1].drop("c")
    result = retest(first, second)
    assert result.n == 9
    assert result.call["columns"] == ["t1", "t2"]
    frame = pd.DataFrame({"t1": FIRST, "t2": SECOND}).drop(index=2)
    np.testing.assert_allclose(values(result), values(retest(frame)), rtol=1e-12)


def test_exact_limits_cover():
    rng = generator(11, "limits")
    inside = {"exact": 0, "approximate": 0}
    true, replicates = 1.959963984540054 * np.sqrt(2), 2000
    for _ in range(replicates):
        pair = rng.normal(size=(12, 2))
        for method in inside:
            upper = limits(pair[:, 0] - pair[:, 1], 0.95, 0.95, exact=method == "exact")[1]
            inside[method] += upper.low <= true <= upper.high
    assert abs(inside["exact"] / replicates - 0.95) < tolerances.MONTE_CARLO_IN_SE * np.sqrt(0.95 * 0.05 / replicates)


def test_proportional_bias_is_warned_of():
    level = np.linspace(10, 60, 20)
    second = level * 0.8 + np.where(np.arange(20) % 2, 0.5, -0.5)
    result = retest(level, second)
    assert "RETEST_PROPORTIONAL_BIAS" in {note.code for note in result.notes}
    assert values(result)["proportional_bias"] == pytest.approx(0.2 / 0.9, abs=0.01)


def test_the_plot_describes_and_draws():
    drawing = retest(FIRST, SECOND).plot()
    assert isinstance(drawing, BlandAltman)
    assert drawing.bias_ci[0] < drawing.bias < drawing.bias_ci[1]
    assert len(drawing.means) == 10
    assert draw_bytes(drawing, ("svg",))["svg"].startswith(b"<?xml")


def test_no_difference_at_all():
    result = retest(FIRST, FIRST)
    rows = values(result)
    assert rows[["pearson_r", "icc_a1", "icc_c1"]].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert rows[["sem", "sdc", "mean_difference"]].tolist() == [0.0, 0.0, 0.0]
    assert "null" in result.to_json()


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "words"),
    [
        ((FIRST, SECOND[:-1]), {}, DataError, "10 values and `y` 9"),
        ((FIRST[:3], SECOND[:3]), {}, AnalysisError, "at least 4"),
        (([3.0] * 5, [3.0] * 5), {}, AnalysisError, "nothing varies"),
        ((FIRST, None), {}, DataError, "`y`"),
        ((FIRST, "abc"), {}, DataError, "`y`"),
        ((FIRST, list("abcdefghij")), {}, DataError, "second"),
        ((FIRST, SECOND), {"level": 2, "coverage": True, "limits": "carkeet"}, ModelError, "3 faults"),
        ((pd.DataFrame({"a": FIRST, "b": SECOND, "c": FIRST}),), {}, DataError, "3 columns"),
        ((pd.DataFrame({"a": FIRST, "b": SECOND}),), {"columns": ["a", "bb"]}, DataError, "'bb'"),
    ],
)
def test_bad_input_of_a_retest(arguments, keywords, error, words):
    with pytest.raises(error, match=words):
        retest(*arguments, **keywords)


def test_a_constant_occasion_has_no_correlation_but_limits():
    result = retest([3.0] * 6, [1.0, 2, 3, 4, 5, 6])
    assert np.isnan(values(result)["pearson_r"])
    assert {"RETEST_CONSTANT_MEASUREMENT"} <= {note.code for note in result.notes}
    assert np.isfinite(values(result)["loa_upper"])


def test_ratings_without_error_are_told():
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 3, 4, 5]})
    notes = {note.code: note.message for note in icc(frame, ratings=["a", "b"]).notes}
    assert notes["ICC_NO_ERROR"].startswith("ICC2, ICC3, ICC2k, ICC3k: ")
    again = retest(frame)
    assert np.isnan(again.estimates.set_index("term").loc["mean_difference", "p_value"])
    assert "differ by -1 for each of 4 persons" in {note.code: note.message for note in again.notes}["RETEST_NO_ERROR"]
