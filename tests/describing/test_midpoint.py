import json

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.kernels.classic.location import noncentral_t_limits
from crmstudy.notes import explanations
from crmstudy.results import ESTIMATE_COLUMNS
from tests.measurement.asked import answers, small_responses


def codes(result):
    return [note.code for note in result.notes]


def test_a_t_test_by_hand():
    result = cs.midpoint(pd.DataFrame({"a": [3, 4, 5, 4]}), items=["a"], midpoint=3)
    row = result.estimates.iloc[0]
    assert list(result.estimates.columns) == [*ESTIMATE_COLUMNS, "p_adjusted", "midpoint", "mean", "n"]
    assert (row["mean"], row["estimate"], row["df"]) == (4.0, 1.0, 3.0)
    assert row["statistic"] == pytest.approx(1 / (np.sqrt(2 / 3) / 2))
    assert result.tables["effects"]["d"].iloc[0] == pytest.approx(1 / np.sqrt(2 / 3))
    json.loads(result.to_json())


def test_scales_are_compared_with_the_middle_of_their_declared_range():
    result = cs.midpoint(small_responses())
    assert result.estimates["term"].tolist() == ["trust", "worth", "complaint"]
    assert result.estimates["midpoint"].tolist() == [3.0, 3.0, 3.0]
    assert cs.midpoint(small_responses(), items=["t3"]).estimates["midpoint"].tolist() == [3.0]
    other = cs.midpoint(small_responses(), scale="trust", midpoint=2.5).estimates
    assert other["midpoint"].tolist() == [2.5]


def test_items_of_a_frame_may_be_made_a_score():
    frame = answers(40, "a", "b")
    one = cs.midpoint(frame, items=["a", "b"], scale="both", midpoint=3).estimates
    assert one["term"].tolist() == ["both"]
    assert one["mean"].iloc[0] == pytest.approx(frame.mean(axis=1).mean())
    assert cs.midpoint(frame, scale=["a"], midpoint={"a": 2}).estimates["midpoint"].tolist() == [2.0]


def test_mirrored_answers_change_signs_only():
    frame = answers(50, "a", "b")
    one, two = (cs.midpoint(data, midpoint=3) for data in (frame, 6 - frame))
    np.testing.assert_allclose(one.estimates["statistic"], -two.estimates["statistic"], rtol=1e-9)
    np.testing.assert_allclose(one.tables["effects"]["d_low"], -two.tables["effects"]["d_high"], rtol=1e-7)
    ranks, mirrored = one.tables["wilcoxon"], two.tables["wilcoxon"]
    np.testing.assert_allclose(ranks["p_value"], mirrored["p_value"], rtol=1e-9)
    np.testing.assert_allclose(ranks["hodges_lehmann"], 6 - mirrored["hodges_lehmann"], rtol=1e-12)
    np.testing.assert_allclose(ranks["ci_low"], 6 - mirrored["ci_high"], rtol=1e-12)


def test_each_variable_has_all_its_own_answers():
    frame = answers(40, "a", "b").astype(float)
    frame.loc[:9, "a"] = np.nan
    result = cs.midpoint(frame, midpoint=3)
    assert result.estimates["n"].tolist() == [30, 40]
    assert result.n == 40


def test_constant_and_scarce_variables_are_named():
    frame = answers(20, "a").assign(same=4, few=[1.0] + [np.nan] * 19, middle=3)
    result = cs.midpoint(frame, midpoint=3)
    assert result.estimates["term"].tolist() == ["a"]
    subjects = [(note.code, note.subject) for note in result.notes if note.subject]
    assert subjects == [("MIDPOINT_CONSTANT", "same"), ("MIDPOINT_TOO_FEW", "few"), ("MIDPOINT_CONSTANT", "middle")]
    assert set(codes(result)) <= set(explanations())
    with pytest.raises(AnalysisError, match="'same' is 4 for all") as caught:
        cs.midpoint(frame, items="same", midpoint=3)
    assert caught.value.code in explanations()


def test_all_answers_at_the_midpoint_but_two():
    result = cs.midpoint(pd.DataFrame({"a": [3, 3, 3, 2, 4]}), midpoint=3)
    row = result.tables["wilcoxon"].iloc[0]
    assert (row["n_used"], row["v"], row["rank_biserial"]) == (2, 1.5, 0.0)
    assert row["p_value"] == 1.0


def test_equal_weights_give_the_plain_t_test():
    frame = answers(30, "a").assign(w=1.7)
    plain, weighted = cs.midpoint(frame[["a"]], midpoint=3), cs.midpoint(frame, midpoint=3, weights="w")
    for column in ("estimate", "std_error", "statistic", "p_value", "ci_low"):
        np.testing.assert_allclose(plain.estimates[column], weighted.estimates[column], rtol=1e-10)
    assert weighted.tables["wilcoxon"].empty
    assert codes(weighted) == ["WEIGHTS_USED", "MIDPOINT_WEIGHTED"]


def test_sentence_and_figure():
    result = cs.midpoint(answers(60, "a", "b") + 1, midpoint=3)
    assert result.text.startswith("Of 2 means ")
    plot = result.plot()
    assert plot.reference == 3.0
    assert plot.estimates == pytest.approx(result.estimates["mean"].tolist())


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"items": ["a"]}, DataError, "what the middle of 'a' is"),
        ({"midpoint": True}, DataError, "is a number, not True"),
        ({"midpoint": {"b": 3}, "items": ["a"]}, DataError, "names 'b', which is not tested"),
        ({"midpoint": float("inf")}, DataError, "is a number"),
        ({"midpoint": 3, "adjust": "hollm"}, UnsupportedError, "Did you mean 'holm'"),
        ({"midpoint": 3, "level": 0}, ModelError, "coverage"),
        ({"midpoint": 3, "items": ["word"]}, DataError, "holds text"),
        ({"midpoint": 3, "items": ["aa"]}, DataError, "no column 'aa'"),
    ],
)
def test_what_is_refused(keywords, error, message):
    with pytest.raises(error, match=message):
        cs.midpoint(answers(20, "a", "b").assign(word="x"), **keywords)


def test_faults_of_responses():
    with pytest.raises(DataError, match=r"has a scale 'trst'.*Did you mean 'trust'"):
        cs.midpoint(small_responses(), scale="trst")
    with pytest.raises(DataError, match="outside its range"):
        cs.midpoint(small_responses(), scale="trust", midpoint=50)
    with pytest.raises(DataError, match="either `items` or `scale`"):
        cs.midpoint(small_responses(), scale="trust", items=["t1"])


@pytest.mark.parametrize("x", [[1, 2], [1e6, 1e6 + 1, 1e6 + 2], [5, 5, 5, 5, 4.999999], [3, 3, 3, 3.0000001]])
def test_intervals_of_d_for_hardly_any_variance(x):
    row = cs.midpoint(pd.DataFrame({"a": x}), midpoint=3).tables["effects"].iloc[0]
    assert row["d_low"] < row["d"] < row["d_high"]


def test_noncentral_limits_are_one_curve():
    below, above = noncentral_t_limits(9_999.9, 30.0, 0.95), noncentral_t_limits(10_000.1, 30.0, 0.95)
    np.testing.assert_allclose(below, above, rtol=1e-4)
    low, high = noncentral_t_limits(5.0, 20.0, 0.9)
    assert noncentral_t_limits(-5.0, 20.0, 0.9) == pytest.approx((-high, -low))
    low, high = noncentral_t_limits(99.0, 1.0, 0.999)
    assert low < 99.0 < high
