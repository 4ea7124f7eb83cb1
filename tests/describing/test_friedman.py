import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare, wilcoxon

import crmstudy as cs
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.notes import explanations
from crmstudy.results import ESTIMATE_COLUMNS
from tests.measurement.asked import answers, small_responses


def codes(result):
    return [note.code for note in result.notes]


def test_columns_ranks_and_scipy():
    frame = answers(50, "a", "b", "c", noise=3)
    result = cs.friedman(frame)
    assert list(result.estimates.columns) == [*ESTIMATE_COLUMNS, "mean", "sd", "median"]
    theirs = friedmanchisquare(*frame.to_numpy().T)
    assert (result.fit["chisq"], result.fit["pvalue"]) == pytest.approx((theirs.statistic, theirs.pvalue))
    np.testing.assert_allclose(result.estimates["estimate"], frame.rank(axis=1).mean(), rtol=1e-12)
    assert result.estimates["estimate"].sum() == pytest.approx(6.0)
    assert result.fit["kendall_w"] == pytest.approx(result.fit["chisq"] / (50 * 2))
    json.loads(result.to_json())


def test_only_the_order_within_a_person_matters():
    frame = answers(40, "a", "b", "c", noise=3)
    rng = np.random.default_rng(1)
    moved = frame.add(rng.normal(size=40) * 10, axis=0).mul(rng.uniform(1, 3, 40), axis=0)
    one, two = cs.friedman(frame), cs.friedman(moved)
    np.testing.assert_allclose(one.fit[["chisq", "f"]], two.fit[["chisq", "f"]], rtol=1e-9)
    three = cs.friedman(frame.sample(frac=1, random_state=1)[["c", "a", "b"]])
    assert three.fit["chisq"] == pytest.approx(one.fit["chisq"])


def test_complete_agreement():
    frame = pd.DataFrame([[1, 2, 3], [2, 3, 5], [1, 4, 5], [1, 2, 4]], columns=["a", "b", "c"])
    result = cs.friedman(frame)
    assert result.fit["kendall_w"] == pytest.approx(1.0)
    assert np.isinf(result.fit["f"])
    assert result.fit["f_pvalue"] == 0.0
    assert (result.tables["pairs"]["p_conover"] == 0.0).all()
    assert json.loads(result.to_json())["fit"]["f"] is None


def test_two_variables_give_the_sign_test_and_one_pair():
    frame = answers(60, "a", "b", noise=3)
    result = cs.friedman(frame)
    apart = frame["a"] - frame["b"]
    plus, minus = int((apart > 0).sum()), int((apart < 0).sum())
    assert result.fit["chisq"] == pytest.approx((plus - minus) ** 2 / (plus + minus))
    pair = result.tables["pairs"].iloc[0]
    theirs = wilcoxon(frame["a"], frame["b"], correction=True, method="asymptotic")
    assert pair["p_wilcoxon"] == pytest.approx(theirs.pvalue, rel=1e-9)
    assert result.tables["anova"]["f"].iloc[0] == pytest.approx(result.tables["means"]["t"].iloc[0] ** 2)
    assert result.tables["anova"]["greenhouse_geisser"].iloc[0] == pytest.approx(1.0)


def test_bootstrap_interval_of_w_is_seeded():
    frame = answers(60, "a", "b", "c", noise=3)
    one, two = (cs.friedman(frame, bootstrap=300, seed=4) for _ in range(2))
    assert one.to_json() == two.to_json()
    low, w, high = one.fit[["kendall_w_low", "kendall_w", "kendall_w_high"]]
    assert 0 <= low < high <= 1
    assert low <= w + 0.05
    assert np.isnan(cs.friedman(frame).fit["kendall_w_low"])


def test_scales_and_items_of_responses():
    assert cs.friedman(small_responses()).estimates["term"].tolist() == ["trust", "worth", "complaint"]
    assert cs.friedman(small_responses(), scales=["trust", "worth"]).n == 60
    assert cs.friedman(small_responses(), items=["t1", "t3"]).call["items"] == ["t1", "t3"]


def test_rows_with_gaps_are_counted():
    frame = answers(40, "a", "b", "c").astype(float)
    frame.loc[:4, "a"] = np.nan
    result = cs.friedman(frame)
    assert (result.n, int(result.samples["dropped"].iloc[0])) == (35, 5)
    assert codes(result) == ["FRIEDMAN_ROWS_DROPPED"]


def test_persons_with_the_same_differences():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [2, 3, 4], "c": [4, 5, 6]})
    result = cs.friedman(frame)
    assert codes(result) == ["FRIEDMAN_FEW_ROWS", "FRIEDMAN_NO_ERROR"]
    assert result.tables["anova"].empty
    assert set(codes(result)) <= set(explanations())


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"items": ["a"]}, AnalysisError, "compares two variables"),
        ({"items": ["a", "copy"]}, AnalysisError, "nothing can be ranked"),
        ({"items": ["a", "none"]}, AnalysisError, "Only 0 rows"),
        ({"items": ["a", "word"]}, DataError, "holds text"),
        ({"items": ["a", "bb"]}, DataError, "no column 'bb'"),
        ({"items": ["a", "b"], "adjust": "fdr"}, UnsupportedError, "not 'fdr'"),
        ({"items": ["a", "b"], "bootstrap": 5}, ModelError, "`bootstrap`"),
        ({"items": ["a", "b"], "seed": -1}, ModelError, "`seed`"),
        ({"items": ["a", "b"], "level": "x"}, ModelError, "coverage"),
        ({"scale": "a", "scales": "b"}, ModelError, "mean the same"),
    ],
)
def test_what_is_refused(keywords, error, message):
    frame = answers(20, "a", "b").assign(word="x", none=np.nan)
    with pytest.raises(error, match=message) as caught:
        cs.friedman(frame.assign(copy=frame["a"]), **keywords)
    if error is AnalysisError:
        assert caught.value.code in explanations()
