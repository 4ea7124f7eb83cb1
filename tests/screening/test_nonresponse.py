"""Early against late respondents, and rates, by hand and with bad input."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import crmstudy as cs
from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.kernels.classic.rates import mean_difference, wilson_interval
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from crmstudy.screening.nonresponse import response_rates
from tests import tolerances

ROOT = Path(__file__).resolve().parents[2]
NAN = math.nan


def _frame(n: int = 60, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    place = np.arange(n)
    return pd.DataFrame(
        {
            "day": place,
            "x": rng.normal(size=n) + place / n,
            "y": rng.normal(size=n),
            "date": pd.date_range("2026-01-01", periods=n).strftime("%Y-%m-%d"),
            "wave": np.where(place < 25, "first", np.where(place < 40, "second", "third")),
        }
    )


def test_thirds_and_quarters_by_hand():
    frame = _frame()
    for split, size in (("third", 20), ("quarter", 15), ("half", 30)):
        result = cs.nonresponse(frame, order="day", split=split, items=["x", "y"])
        assert result.n == 2 * size
        early, late = frame["x"][:size], frame["x"][-size:]
        row = result.estimates.set_index("term").loc["x"]
        pooled = math.sqrt((early.var() + late.var()) / 2)
        assert row["estimate"] == pytest.approx((late.mean() - early.mean()) / pooled, rel=1e-12)
        test = stats.ttest_ind(late, early, equal_var=False)
        assert row["statistic"] == pytest.approx(test.statistic, rel=1e-10)
        assert row["p_value"] == pytest.approx(test.pvalue, rel=1e-9)
        assert row["df"] == pytest.approx(test.df, rel=1e-10)
        interval = test.confidence_interval()
        assert (row["difference_low"], row["difference_high"]) == pytest.approx((interval.low, interval.high))
    assert result.samples["n"].tolist() == [30, 30]


def test_holm_and_the_interval_of_d():
    result = cs.nonresponse(_frame(), order="day", items=["x", "y"])
    p = sorted(result.estimates["p_value"])
    assert sorted(result.estimates["p_adjusted"]) == pytest.approx([2 * p[0], max(2 * p[0], p[1])])
    for row in result.estimates.to_dict("records"):
        scale = math.sqrt(1 / row["n_early"] + 1 / row["n_late"])
        df, t = row["n_early"] + row["n_late"] - 2, row["estimate"] / scale
        assert stats.nct.sf(t, df, row["ci_low"] / scale) == pytest.approx(0.025, abs=1e-9)
        assert stats.nct.cdf(t, df, row["ci_high"] / scale) == pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize("sizes", [(5, 5), (12, 90), (400, 300)])
def test_the_interval_of_d_covers(sizes):
    rng = np.random.default_rng(1)
    truth, inside = 0.5, 0
    for _ in range(200):
        found = mean_difference(rng.normal(size=sizes[0]), truth + rng.normal(size=sizes[1]), 0.9)
        inside += found.d_low <= truth <= found.d_high
    assert abs(inside / 200 - 0.9) < tolerances.MONTE_CARLO_IN_SE * math.sqrt(0.09 / 200)


def test_dates_in_any_form_give_the_same_order():
    frame = _frame()
    wanted = cs.nonresponse(frame, order="day", items=["x"]).estimates
    stamps = frame.assign(date=pd.to_datetime(frame["date"]))
    zoned = frame.assign(date=frame["date"] + "T10:00:00+03:30")
    for one in (frame, stamps, zoned, frame.sample(frac=1, random_state=1)):
        pd.testing.assert_frame_equal(cs.nonresponse(one, order="date", items=["x"]).estimates, wanted)


def test_turning_the_order_turns_the_sign():
    frame = _frame()
    one = cs.nonresponse(frame, order="day", items=["x"]).estimates.iloc[0]
    other = cs.nonresponse(frame.assign(day=-frame["day"]), order="day", items=["x"]).estimates.iloc[0]
    assert other["estimate"] == pytest.approx(-one["estimate"])
    assert other["ci_low"] == pytest.approx(-one["ci_high"], rel=1e-8)


def test_waves_and_named_late_values():
    frame = _frame()
    ends = cs.nonresponse(frame, wave="wave", items=["x"])
    assert ends.tables["groups"]["n"].tolist() == [25, 20]
    assert [note.code for note in ends.notes if note.subject == "wave"] == ["NONRESPONSE_NO_ORDER"]
    late = cs.nonresponse(frame, wave="wave", late=["second", "third"], items=["x"])
    assert late.tables["groups"]["n"].tolist() == [25, 35]
    marked = frame.assign(late=frame["wave"] != "first")
    pd.testing.assert_frame_equal(cs.nonresponse(marked, wave="late", items=["x"]).estimates, late.estimates)
    ordered = frame.assign(wave=pd.Categorical(frame["wave"], ["third", "second", "first"]))
    assert cs.nonresponse(ordered, wave="wave", items=["x"]).tables["groups"]["first"].tolist() == ["third", "first"]


def test_waves_whose_names_are_numbers_stand_in_the_order_of_the_numbers():
    frame = _frame().assign(wave=lambda d: d["wave"].map({"first": "2", "second": "9", "third": "10"}))
    assert cs.nonresponse(frame, wave="wave", items=["x"]).tables["groups"]["first"].tolist() == ["2", "10"]


def test_ties_stay_together_and_are_told():
    frame = _frame().assign(day=lambda d: d["day"] // 9)
    result = cs.nonresponse(frame, order="day", items=["x"])
    assert result.tables["groups"]["n"].tolist() == [27, 24]
    assert "NONRESPONSE_TIES" in [note.code for note in result.notes]


def test_responses_are_compared_by_their_scales():
    mobi = cs.read_responses(ROOT / "data" / "mobi" / "responses.csv", instruments=["ecsi"])
    frame = mobi.frame.assign(day=range(mobi.n))
    result = cs.nonresponse(Responses.from_frame(frame, mobi.instruments), order="day")
    assert result.estimates["term"].tolist() == list(mobi.scales)
    assert isinstance(result.plot(), CoefficientPlot)
    assert "early" in result.text.lower()


def test_what_cannot_be_compared_is_a_note():
    frame = _frame().assign(flat=1.0, gone=NAN, half=lambda d: d["x"].where(d["day"] > 30))
    result = cs.nonresponse(frame, order="day", items=["x", "flat", "gone", "half"])
    found = result.estimates.set_index("term")
    assert found.loc[["flat", "gone", "half"], "estimate"].isna().all()
    assert found.loc["x", "p_adjusted"] == found.loc["x", "p_value"]
    notes = {note.subject for note in result.notes if note.code == "NONRESPONSE_NOT_COMPARED"}
    assert notes == {"flat", "gone", "half"}
    assert all(note.code in explanations() for note in result.notes)
    assert "could not be compared" in cs.nonresponse(frame, order="day", items=["flat"]).text


@pytest.mark.parametrize(
    ("keywords", "error", "sentence"),
    [
        ({}, ModelError, "Give either `order`"),
        ({"order": "day", "wave": "wave"}, ModelError, "Give either `order`"),
        ({"order": "day", "split": "fifth"}, ModelError, "`split` is one of third, quarter, half"),
        ({"order": "day", "late": 3}, ModelError, "name the column with `wave`"),
        ({"order": "day", "level": 1.5}, ModelError, "coverage"),
        ({"order": "dya"}, DataError, "Did you mean 'day'?"),
        ({"order": "wave"}, DataError, "which is no date"),
        ({"order": "day", "items": ["day"]}, DataError, "Take it off"),
        ({"order": "day", "items": ["wave"]}, DataError, "'wave' holds text"),
        ({"order": "day", "items": ["z"]}, DataError, "no column 'z'"),
        ({"wave": "wave", "late": ["fourth"]}, DataError, "has no value 'fourth'"),
        ({"wave": "wave", "late": ["first", "second", "third"]}, AnalysisError, "none is early"),
        ({"order": "one"}, AnalysisError, "cannot be told apart"),
        ({"order": "gone"}, AnalysisError, "too few"),
        ({"order": "infinite"}, DataError, "infinite"),
        ({"order": "truth"}, DataError, "no order"),
        ({"wave": "one"}, AnalysisError, "1 value"),
        ({"order": "day", "flow": {"invited": 3, "opened": 5}}, DataError, "cannot grow"),
    ],
)
def test_bad_requests(keywords, error, sentence):
    frame = _frame().assign(one=1, gone=NAN, infinite=math.inf, truth=True)
    with pytest.raises(error) as caught:
        cs.nonresponse(frame, **({"items": ["x"]} | keywords))
    assert sentence in str(caught.value)


def test_rates_and_their_intervals():
    rates = response_rates({"invited": 500, "opened": 430, "started": 410, "completed": 380}).set_index("rate")
    assert rates["percent"].tolist() == pytest.approx([86, 100 * 410 / 430, 100 * 380 / 410, 76])
    interval = stats.binomtest(380, 500).proportion_ci(method="wilson")
    found = rates.loc["response", ["ci_low", "ci_high"]].tolist()
    assert found == pytest.approx([100 * interval.low, 100 * interval.high], rel=1e-10)
    assert response_rates({"invited": 500, "completed": 380})["rate"].tolist() == ["response"]
    assert response_rates({"started": 10}).empty
    assert response_rates({"invited": 0, "completed": 0}).empty
    result = cs.nonresponse(_frame(), order="day", items=["x"], flow={"invited": 80, "completed": 60})
    assert result.tables["rates"]["number"].tolist() == [60]


@pytest.mark.parametrize(("x", "n"), [(0, 20), (20, 20), (1, 3)])
def test_wilson_stays_within_bounds(x, n):
    low, high = wilson_interval(x, n, 0.95)
    theirs = stats.binomtest(x, n).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert 0 <= low <= x / n <= high <= 1


@pytest.mark.parametrize(
    ("flow", "sentence"),
    [([1], "is a mapping"), ({"inv": 1}, "a flow has no 'inv'"), ({"invited": 1.5}, "is a number of people"),
     ({"invited": True}, "is a number of people"), ({"invited": -1}, "is a number of people")],
)  # fmt: skip
def test_bad_flows(flow, sentence):
    with pytest.raises(DataError) as caught:
        response_rates(flow)
    assert sentence in str(caught.value)
