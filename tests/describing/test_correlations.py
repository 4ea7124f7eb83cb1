import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from crmstudy.describing.correlations import correlate
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.notes import explanations
from crmstudy.results import ESTIMATE_COLUMNS
from tests.measurement.asked import answers, small_responses


def codes(result):
    return [note.code for note in result.notes]


def test_scale_scores_of_the_responses_by_default():
    result = correlate(small_responses())
    assert list(result.tables["matrix"].columns) == ["trust", "worth", "complaint"]
    assert result.estimates["term"].tolist() == ["trust ~~ worth", "trust ~~ complaint", "worth ~~ complaint"]
    assert list(result.estimates.columns) == [*ESTIMATE_COLUMNS, "p_adjusted", "n"]


def test_items_variables_and_scores_may_stand_side_by_side():
    result = correlate(small_responses(), items=["trust", "t1", "age"])
    assert result.tables["matrix"].loc["trust", "t1"] > 0.5


def test_listwise_rows_are_counted():
    frame = answers(40, "a", "b", "c").astype(float)
    frame.loc[:3, "a"] = np.nan
    frame.loc[3:5, "c"] = np.nan
    result = correlate(frame)
    assert (result.n, int(result.samples["dropped"].iloc[0])) == (34, 6)
    assert codes(result) == ["CORRELATIONS_ROWS_DROPPED"]
    assert (result.estimates["n"] == 34).all()
    np.testing.assert_allclose(result.tables["matrix"], frame.dropna().corr(), rtol=1e-12)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000))
def test_spearman_is_pearson_of_ranks_and_blind_to_monotone_changes(seed):
    frame = answers(20, "a", "b", seed=seed)
    result = correlate(frame, method="spearman")
    assert result.estimates["estimate"].tolist() == pytest.approx(
        correlate(frame.rank()).estimates["estimate"].tolist(), abs=1e-12
    )
    bent = correlate(frame.assign(b=np.exp(frame["b"])), method="spearman")
    assert bent.estimates["estimate"].tolist() == pytest.approx(result.estimates["estimate"].tolist(), abs=1e-12)


def test_a_perfect_correlation_is_noted():
    frame = answers(20, "a", "b")
    result = correlate(frame.assign(c=-2 * frame["a"]))
    row = result.estimates.set_index("term").loc["a ~~ c"]
    assert (row["estimate"], row["p_value"], row["ci_low"], row["ci_high"]) == (-1.0, 0.0, -1.0, -1.0)
    assert codes(result) == ["CORRELATIONS_PERFECT"]
    assert json.loads(result.to_json())["estimates"][1]["statistic"] is None


def test_adjusted_p_values_are_never_smaller():
    frame = answers(25, "a", "b", "c", "d", noise=3)
    holm, bonferroni, none = (correlate(frame, adjust=how).estimates for how in ("holm", "bonferroni", "none"))
    assert (holm["p_adjusted"] >= none["p_adjusted"]).all()
    assert (bonferroni["p_adjusted"] >= holm["p_adjusted"]).all()
    assert none["p_adjusted"].tolist() == none["p_value"].tolist()


def test_the_order_of_the_variables_only_orders_the_tables():
    frame = answers(30, "a", "b", "c")
    one, two = correlate(frame), correlate(frame[["c", "a", "b"]])
    pd.testing.assert_frame_equal(
        one.tables["matrix"], two.tables["matrix"].loc[["a", "b", "c"], ["a", "b", "c"]], rtol=1e-12
    )


def test_names_with_spaces_and_in_persian():
    frame = answers(30, "my trust", "وفاداری")
    assert correlate(frame).estimates["term"].tolist() == ["my trust ~~ وفاداری"]


def test_sentence_and_heat_map():
    frame = answers(60, "a", "b", "c")
    result = correlate(frame)
    assert result.text.startswith(
        "3 of 3 Pearson correlations differ from zero at .05 (N = 60, Holm-adjusted); the strongest"
    )
    plot = result.plot()
    assert plot.names == ("a", "b", "c")
    assert plot.values[0][0] == 1.0
    assert "Spearman" in correlate(frame, method="spearman").text


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"method": "tetrachoric"}, UnsupportedError, "pearson, spearman.*'tetrachoric'"),
        ({"method": "Pearsn"}, UnsupportedError, "Did you mean 'pearson'"),
        ({"adjust": "hollm"}, UnsupportedError, "Did you mean 'holm'"),
        ({"items": ["a", "bb"]}, DataError, "no column 'bb'"),
        ({"items": ["a"]}, AnalysisError, "needs two variables"),
        ({"items": ["a", "same"]}, AnalysisError, "same: all 30 complete rows"),
        ({"level": 1}, ModelError, "coverage"),
    ],
)
def test_what_is_refused(keywords, error, message):
    with pytest.raises(error, match=message) as caught:
        correlate(answers(30, "a", "b").assign(same=1), **keywords)
    if error is AnalysisError:
        assert caught.value.code in explanations()


def test_three_rows_are_too_few():
    with pytest.raises(AnalysisError, match="Only 3 rows"):
        correlate(answers(3, "a", "b"))


def test_columns_that_are_left_out_are_named():
    frame = answers(20, "a", "b").assign(word="x")
    note = next(note for note in correlate(frame).notes if note.code == "CORRELATIONS_ALL_COLUMNS")
    assert note.message == "All numeric columns are correlated: a, b. Left out, not numbers: word."
    assert correlate(frame, items=["a", "b"]).notes == ()
    with pytest.raises(ModelError, match="`level` is a coverage"):
        correlate(frame, level="a")


def test_kendall_and_scipy():
    frame = answers(70, "a", "b", noise=2)
    row = correlate(frame, method="kendall").estimates.iloc[0]
    theirs = kendalltau(frame["a"], frame["b"], method="asymptotic")
    assert (row["estimate"], row["p_value"]) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-9)
    assert "τ = " in correlate(frame, method="kendall").text


def test_polychoric_correlations_are_larger_than_those_of_the_codes():
    frame = answers(200, "a", "b", noise=1)
    coded, latent = (correlate(frame, method=how).estimates.iloc[0] for how in ("pearson", "polychoric"))
    assert latent["estimate"] > coded["estimate"] > 0
    assert latent["ci_low"] < latent["estimate"] < latent["ci_high"]
    assert latent["statistic"] == pytest.approx(latent["estimate"] / latent["std_error"])
    wide = frame.assign(c=np.arange(200.0))
    with pytest.raises(AnalysisError, match="c: more than 20 different values") as caught:
        correlate(wide, method="polychoric")
    assert caught.value.code in explanations()


def test_a_polychoric_correlation_without_a_maximum_has_no_error():
    frame = pd.DataFrame({"a": [1, 2, 3] * 20, "b": [1, 2, 3] * 20, "c": answers(60, "c")["c"]})
    result = correlate(frame, method="polychoric")
    row = result.estimates.set_index("term").loc["a ~~ b"]
    assert np.isnan(row["std_error"])
    assert "CORRELATIONS_POLYCHORIC_BOUNDARY" in codes(result)
    assert set(codes(result)) <= set(explanations())


def test_partial_correlations_of_what_the_control_explains():
    rng = np.random.default_rng(2)
    common = rng.normal(size=400)
    frame = pd.DataFrame({"a": common + rng.normal(size=400), "b": common + rng.normal(size=400), "control": common})
    assert correlate(frame, items=["a", "b"]).estimates["estimate"].iloc[0] > 0.35
    result = correlate(frame, items=["a", "b"], partial="control")
    assert abs(result.estimates["estimate"].iloc[0]) < 0.15
    assert result.estimates["df"].iloc[0] == 397
    assert "control held constant" in result.text
    with pytest.raises(AnalysisError, match="nothing is left when control"):
        correlate(frame.assign(twin=2 * frame["control"]), items=["a", "twin"], partial="control")
    with pytest.raises(AnalysisError, match="say the same"):
        correlate(frame.assign(twin=2 * frame["control"]), items=["a", "b"], partial=["control", "twin"])


def test_pairs_have_rows_of_their_own():
    frame = answers(60, "a", "b", "c").astype(float)
    frame.loc[:9, "a"] = np.nan
    frame.loc[50:, "c"] = np.nan
    result = correlate(frame, missing="pairwise")
    assert result.estimates["n"].tolist() == [50, 40, 50]
    assert result.tables["descriptives"]["n"].tolist() == [50, 60, 50]
    assert result.n == 60
    complete = frame.dropna()
    whole, listed = correlate(complete, missing="pairwise"), correlate(complete)
    pd.testing.assert_frame_equal(whole.estimates, listed.estimates)


def test_a_matrix_of_no_data_set_is_noted():
    nan = np.nan
    frame = pd.DataFrame(
        {
            "a": [*range(8), *range(8), *[nan] * 8],
            "b": [*[x + (x == 3) for x in range(8)], *[nan] * 8, *range(8)],
            "c": [*[nan] * 8, *[x + (x == 3) for x in range(8)], *[-x - (x == 3) for x in range(8)]],
        }
    )
    assert "CORRELATIONS_NOT_DEFINITE" in codes(correlate(frame, missing="pairwise"))


def test_equal_weights_change_the_error_only():
    frame = answers(80, "a", "b").assign(w=2.0)
    plain, weighted = correlate(frame, items=["a", "b"]), correlate(frame, items=["a", "b"], weights="w")
    assert weighted.estimates["estimate"].iloc[0] == pytest.approx(plain.estimates["estimate"].iloc[0], rel=1e-12)
    assert correlate(frame, weights="w").call["items"] == ["a", "b"]
    assert codes(weighted) == ["WEIGHTS_USED"]


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"method": "kendall", "partial": "c"}, UnsupportedError, "`partial` is for"),
        ({"partial": "c", "missing": "pairwise"}, UnsupportedError, "`partial` is for missing='listwise'"),
        ({"method": "spearman", "weights": "c"}, UnsupportedError, "`weights` are for"),
        ({"missing": "pairwse"}, UnsupportedError, "Did you mean 'pairwise'"),
        ({"items": ["a", "c"], "partial": "c"}, DataError, "it can be one only"),
        ({"partial": "d"}, DataError, "no column 'd'"),
    ],
)
def test_options_that_do_not_go_together(keywords, error, message):
    with pytest.raises(error, match=message):
        correlate(answers(30, "a", "b", "c"), **keywords)
