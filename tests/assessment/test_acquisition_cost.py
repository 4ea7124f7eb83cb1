"""Cost of winning against cost of keeping, payback, break-even, and what an investment returned."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.value import acquisition, clv, investment
from crmstudy.errors import AnalysisError, DataError, ModelError
from tests import tolerances

NEAR = tolerances.CLOSED_FORM_RELATIVE
COSTS = pd.DataFrame(
    {
        "period": ["2023", "2024", "2025"],
        "won": [100, 50, 250],
        "winning_cost": [12000.0, 9000.0, 25000.0],
        "kept": [900, 950, 940],
        "keeping_cost": [18000.0, 21000.0, 20000.0],
    }
)


def codes(result):
    return {note.code for note in result.notes}


def test_costs_are_ratios_of_sums():
    ours = acquisition(COSTS)
    assert ours.fit["cost_per_won"] == pytest.approx(46000 / 400, rel=NEAR)
    assert ours.fit["cost_per_kept"] == pytest.approx(59000 / 2790, rel=NEAR)
    weights = COSTS["won"] / COSTS["won"].sum()
    weighted = float((weights * COSTS["winning_cost"] / COSTS["won"]).sum())  # the mean of the periods, by those won
    assert ours.fit["cost_per_won"] == pytest.approx(weighted, rel=NEAR)
    table = ours.tables["costs"]
    assert table["cost_per_won"].tolist() == pytest.approx([120.0, 180.0, 100.0], rel=NEAR)
    assert table["ratio"].tolist() == pytest.approx([6.0, 180 / (21000 / 950), 100 / (20000 / 940)], rel=NEAR)


def test_the_ratio_is_that_of_the_data_and_no_other():
    """Source documents 2.7: keeping costs less, without a figure; "4 to 6 times" is not in the documents."""
    cheap = acquisition(won=10, winning_cost=50, kept=10, keeping_cost=100)
    assert cheap.fit["ratio"] == 0.5
    assert "winning one costs no more than keeping one: 0.50" in cheap.text
    dear = acquisition(COSTS)
    assert f"winning one costs {dear.fit['ratio']:.2f} times" in dear.text
    note = next(note for note in dear.notes if note.code == "ACQUISITION_OWN_RATIO")
    assert "give no figure" in note.message
    assert "4 to 6 is not among them and is not used" in note.message
    for lang in ("en", "fa", "ru"):
        said = " ".join(cheap.prose(lang))
        assert not any(digit in said for digit in "46۴۶")  # none of the figures is 4 or 6


def test_value_payback_and_break_even_of_a_customer():
    ours = acquisition(COSTS, margin=80.0, retention=0.85, rate=0.1)
    won, kept = ours.fit["cost_per_won"], ours.fit["cost_per_kept"]
    same = clv(margin=80.0, cost=kept, retention=0.85, rate=0.1, acquisition=won)
    assert ours.fit["value"] == pytest.approx(same.total, rel=NEAR)
    assert ours.fit["value_after"] == pytest.approx(same.fit["after_acquisition"], rel=NEAR)
    assert ours.fit["break_even_retention"] == pytest.approx(won * 1.1 / (80 - kept + won), rel=1e-9)
    # q + ... + q^n = A / m solved for n
    q, share = 0.85 / 1.1, won / (80 - kept)
    exact = math.log(1 - share * (1 - q) / q) / math.log(q)
    assert ours.fit["payback"] == math.ceil(exact)
    assert math.floor(exact) <= ours.fit["payback_exact"] <= math.ceil(exact)
    table = ours.tables["payback"].set_index("period")["cumulative"]
    assert table[ours.fit["payback"]] >= 0.0 > table[ours.fit["payback"] - 1]
    simple = math.log(1 - share * 0.15 / 0.85) / math.log(0.85)
    assert ours.fit["payback_undiscounted"] == math.ceil(simple)


@settings(max_examples=40, deadline=None)
@given(st.floats(20.0, 500.0), st.floats(0.3, 0.95), st.floats(0.0, 0.29), st.floats(0.01, 0.5))
def test_what_keeping_is_worth_leaves_the_value_as_it_was(margin, retention, without, rate):
    ours = acquisition(COSTS, margin=margin, retention=retention, without=without, rate=rate)
    asked = {"rate": rate, "rates": [rate]}
    before = clv(margin=margin, retention=without, **asked).total
    after = clv(margin=margin, cost=ours.fit["worth_by_value"], retention=retention, **asked).total
    assert after == pytest.approx(before, rel=1e-8, abs=1e-8)
    assert ours.fit["worth_by_replacement"] == pytest.approx((retention - without) * 115.0, rel=1e-9)


def test_a_horizon_and_yearly_retention_over_months():
    monthly = acquisition(
        COSTS, margin=9.0, retention=0.6, rate=0.1, every="month", retention_per="year", horizon=24, timing="start"
    )
    kept = monthly.fit["cost_per_kept"]
    q = (0.6 / 1.1) ** (1 / 12)
    assert monthly.fit["value"] == pytest.approx((9.0 - kept) * sum(q**t for t in range(24)), rel=NEAR)
    assert {"ACQUISITION_NO_PAYBACK", "ACQUISITION_NEGATIVE_MARGIN"} <= codes(monthly)
    assert "payback" not in monthly.fit
    assert "does not pay back" in monthly.text
    good = acquisition(won=1, winning_cost=50, margin=9.0, retention=0.6, rate=0.1, every="month", retention_per="year")
    at = good.fit["break_even_retention"]
    again = clv(margin=9.0, retention=at, rate=0.1, every="month", retention_per="year").total
    assert again == pytest.approx(50.0, rel=1e-8)


def test_one_side_nobody_and_empty_periods_are_told():
    one = acquisition(COSTS[["period", "won", "winning_cost"]])
    assert "ratio" not in one.fit
    assert "ACQUISITION_ONE_SIDE" in codes(one)
    empty = acquisition(COSTS.assign(won=[0, 50, 250]))
    assert empty.fit["cost_per_won"] == pytest.approx(46000 / 300, rel=NEAR)
    assert "ACQUISITION_EMPTY_PERIODS" in codes(empty)
    assert empty.tables["costs"]["cost_per_won"].isna().tolist() == [True, False, False]
    assert "ACQUISITION_NOBODY" in codes(acquisition(COSTS.assign(won=0)))
    assert "ACQUISITION_FREE_KEEPING" in codes(acquisition(COSTS.assign(keeping_cost=0.0)))
    lacking = acquisition(COSTS.assign(won=[None, 50, 250]))
    assert "ACQUISITION_LEFT_OUT" in codes(lacking)
    assert lacking.n == 2
    with pytest.raises(AnalysisError, match="Nobody was won and nobody was kept"):
        acquisition(won=0, winning_cost=5, kept=0, keeping_cost=5)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: acquisition(), ModelError, "Give `data`, or numbers"),
        (lambda: acquisition(won=3), DataError, "`won` is given without `winning_cost`"),
        (lambda: acquisition(COSTS.assign(keeping_cost=-1.0)), DataError, "0 or more"),
        (lambda: acquisition(COSTS.assign(period="x")), DataError, "more than one row"),
        (lambda: acquisition(COSTS[["period"]]), DataError, "neither customers won nor customers kept"),
        (lambda: acquisition(COSTS, won=5), ModelError, "names a column"),
        (lambda: acquisition(COSTS, margin=5.0, rate=-1.0), ModelError, "above -1"),
        (lambda: acquisition(COSTS, margin=5.0, retention=2.0), ModelError, "probability"),
        (lambda: acquisition(COSTS, retention=0.5), ModelError, "is used with `margin`"),
        (lambda: acquisition(COSTS, margin=5.0, retention=0.5, without=0.6), ModelError, "drive customers away"),
        (lambda: acquisition(COSTS, margin=50.0), ModelError, "no limit"),
        (lambda: acquisition(COSTS, margin=5.0, horizon=0, timing="mid"), ModelError, "2 faults"),
    ],
)
def test_what_cannot_be_used_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_an_investment_returned_threefold_within_a_year():
    """Source documents 4.11: threefold within a year, customer profitability up by more than ten per cent."""
    ours = investment(invested=100.0, returned=[25.0] * 12, rate=0.1, profit_before=40.0, profit_after=44.0)
    assert ours.fit["multiple_first_year"] == 3.0
    assert ours.fit["profit_change"] == pytest.approx(10.0, rel=NEAR)
    inner = 1.1 ** (1 / 12) - 1
    assert ours.fit["npv"] == pytest.approx(25 * (1 - (1 + inner) ** -12) / inner - 100, rel=NEAR)
    assert ours.fit["payback"] == 4
    printed = ours.tables["printed"]
    assert printed["value"].tolist() == [3.0, 10.0]
    assert printed["source"].tolist() == ["4.11", "4.11"]
    assert (printed["use"] == "illustration, not a norm").all()
    assert "INVESTMENT_NO_COMPARISON" in codes(ours)


def test_an_investment_that_is_not_paid_back_yet():
    profits = {"profit_before": -5.0, "profit_after": 5.0}
    ours = investment(invested=100.0, returned=[30.0, -10.0, 20.0], every="quarter", **profits)
    assert "payback" not in ours.fit
    assert {"INVESTMENT_NO_PAYBACK", "INVESTMENT_SHORT"} <= codes(ours)
    assert ours.fit["profit_change"] == 200.0
    assert ours.fit["multiple"] == pytest.approx(0.4, rel=NEAR)
    part = investment(invested=40.0, returned=[30.0, -10.0, 80.0], every="quarter")
    assert part.fit["payback_exact"] == pytest.approx(2 + 20 / 80, rel=NEAR)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"invested": 0}, "`invested` is a number above 0"),
        ({"returned": []}, "`returned` lists one number a period"),
        ({"returned": [1, np.nan]}, "`returned` lists one number a period"),
        ({"rate": -1}, "above -1"),
        ({"profit_before": 1.0}, "go together"),
        ({"profit_before": 0, "profit_after": 1.0}, "does not exist"),
    ],
)
def test_faulty_investments(asked, words):
    with pytest.raises(ModelError, match=words):
        investment(**{"invested": 10.0, "returned": [1.0], **asked})


def test_they_say_so_in_three_languages_and_draw():
    results = [
        acquisition(COSTS, margin=80.0, retention=0.85, without=0.7, rate=0.1),
        investment(invested=100.0, returned=[25.0] * 12, profit_before=40.0, profit_after=44.0),
    ]
    for ours in results:
        english, persian, russian = (ours.prose(lang) for lang in ("en", "fa", "ru"))
        assert len(english) == len(persian) == len(russian) >= 6
        assert ours.drawings()
        for one in ours.shown:
            assert {name for name, _, _ in one.columns} <= set(ours.tables[one.table])
        assert ours.estimates.empty
        assert ours.to_json()
