import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.measurement.correlations import correlate
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
        ({"method": "kendall"}, UnsupportedError, "pearson, spearman.*'kendall'"),
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
