"""Customer lifetime value: conventions, closed forms, panels, transactions, break-even, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import polynomial

from crmstudy.assessment.value import berger_nasr, clv, gupta_lehmann
from crmstudy.errors import DataError, ModelError
from crmstudy.numerals import write_number
from tests import tolerances

NEAR = tolerances.CLOSED_FORM_RELATIVE
RATES = st.floats(-0.5, 2.0)
SHARES = st.floats(0.0, 1.0)
MONEY = st.floats(-1e4, 1e4).map(lambda value: round(value, 2))


def codes(result):
    return {note.code for note in result.notes}


def by_recursion(net, retention, rate, timing):
    """From the last period backwards, worth(t) = n_t + r worth(t+1) / (1+i); at the ends all is a step later."""
    worth = 0.0
    for value in reversed(net):
        worth = value + retention * worth / (1.0 + rate)
    return worth if timing == "start" else worth * retention / (1.0 + rate)


@settings(max_examples=60, deadline=None)
@given(st.lists(MONEY, min_size=1, max_size=24), MONEY, SHARES, RATES, st.sampled_from(["start", "end"]))
def test_the_sum_is_the_backward_recursion(margins, cost, retention, rate, timing):
    ours = clv(margin=margins, cost=cost, retention=retention, rate=rate, timing=timing, rates=[rate])
    expected = by_recursion([value - cost for value in margins], retention, rate, timing)
    scale = max(map(abs, [*margins, cost])) * max(1.0, 1.0 / (1.0 + rate)) ** (len(margins) + 1)
    assert ours.total == pytest.approx(expected, rel=1e-9, abs=1e-12 * scale + 1e-12)
    assert ours.tables["periods"]["cumulative"].iloc[-1] == pytest.approx(
        ours.total, rel=1e-9, abs=1e-12 * scale + 1e-12
    )


@settings(max_examples=40, deadline=None)
@given(st.floats(1.0, 1e4), st.floats(0.0, 500.0), st.floats(0.0, 0.95), st.floats(0.01, 1.0), st.floats(-0.2, 0.02))
def test_the_closed_form_is_where_long_sums_go(margin, cost, retention, rate, growth):
    for timing in ("start", "end"):
        ours = clv(margin=margin, cost=cost, retention=retention, rate=rate, timing=timing, growth=growth, rates=[rate])
        q, total = retention / (1.0 + rate), 0.0
        for t in range(800):
            total += (margin * (1.0 + growth) ** t - cost) * q ** (t + (timing == "end"))
        assert ours.total == pytest.approx(total, rel=1e-9, abs=1e-8)


def test_conventions_of_the_endless_sum():
    asked = {"margin": 100.0, "retention": 0.8, "rate": 0.12}
    assert clv(**asked).total == pytest.approx(100 * 0.8 / (1.12 - 0.8), rel=NEAR)
    assert clv(**asked, timing="start").total == pytest.approx(100 * 1.12 / (1.12 - 0.8), rel=NEAR)
    assert clv(**asked, horizon=3).total == pytest.approx(100 * sum((0.8 / 1.12) ** t for t in (1, 2, 3)), rel=NEAR)
    assert gupta_lehmann(100, 0.8, 0.12, 0.02) == pytest.approx(clv(**asked, growth=0.02).total, rel=NEAR)


def test_the_insurance_company_of_berger_and_nasr():
    assert write_number(berger_nasr(260, 50, 0.75, 0.2, 10), "estimate") == "568.78"


def test_half_yearly_cycles_are_yearly_ones_with_another_rate():
    """Twice a year at a yearly rate d is once a period at the rate that compounds to d."""
    inner = 1.21**0.5 - 1.0
    assert berger_nasr(90, 7, 0.9, 0.21, 4, cycles=2) == pytest.approx(berger_nasr(90, 7, 0.9, inner, 8), rel=NEAR)
    every_other_year = berger_nasr(90, 7, 0.9, 0.1, 8, cycles=0.5)
    assert every_other_year == pytest.approx(berger_nasr(90, 7, 0.9, 0.21, 4), rel=NEAR)


def test_a_yearly_rate_compounds_over_months():
    monthly = clv(margin=[10.0] * 24, rate=0.12, every="month", timing="start", retention=0.8, retention_per="year")
    inner, stay = 1.12 ** (1 / 12) - 1.0, 0.8 ** (1 / 12)
    assert monthly.fit["rate"] == pytest.approx(inner, rel=NEAR)
    assert (1.0 + monthly.fit["rate"]) ** 12 == pytest.approx(1.12, rel=NEAR)
    assert monthly.total == pytest.approx(10.0 * (1 - (stay / (1 + inner)) ** 24) / (1 - stay / (1 + inner)), rel=NEAR)
    plain = clv(margin=[10.0] * 24, rate=0.12, every="month", rate_per="period", timing="start", retention=0.8)
    assert plain.total == pytest.approx(10.0 * (1 - (0.8 / 1.12) ** 24) / (1 - 0.8 / 1.12), rel=NEAR)


def test_retention_cost_and_discounting_are_what_the_statement_says():
    """Source documents 0.12: transactions' value, net of retention cost, discounted at an interest rate."""
    free = clv(margin=[50.0, 50.0], rate=0.0)
    kept = clv(margin=[50.0, 50.0], cost=10.0, rate=0.0)
    later = clv(margin=[50.0, 50.0], cost=10.0, rate=0.25)
    assert (free.total, kept.total) == (100.0, 80.0)
    assert later.total == pytest.approx(40 / 1.25 + 40 / 1.25**2, rel=NEAR)
    assert "CLV_NO_RETENTION_COST" in codes(free)
    assert "CLV_NO_RETENTION_COST" not in codes(kept)
    assert "No retention cost was given" in free.text
    assert "No retention cost" not in kept.text


PANEL = pd.DataFrame(
    {
        "customer": ["b", "a", "a", "b", "b"],
        "period": [3, 1, 3, 1, 2],
        "margin": [-5.0, -50.0, 100.0, 20.0, 30.0],
        "cost": [5.0, 1.0, 2.0, 3.0, 4.0],
        "stays": [0.7, 0.9, 0.9, 0.7, 0.7],
    }
)


def test_a_panel_by_hand_whatever_the_order_of_rows():
    ours = clv(PANEL, rate=0.1, period="period", cost="cost", retention="stays", timing="start")
    a = -51 + 98 * 0.9**2 / 1.1**2
    b = 17 + 26 * 0.7 / 1.1 - 10 * 0.7**2 / 1.1**2
    table = ours.tables["customers"].set_index("customer")["clv"]
    assert [table["a"], table["b"]] == pytest.approx([a, b], rel=NEAR)
    assert ours.total == pytest.approx(a + b, rel=NEAR)
    assert {"CLV_GAPS", "CLV_NEGATIVE_MARGINS"} <= codes(ours)
    again = clv(PANEL.iloc[::-1], rate=0.1, period="period", cost="cost", retention="stays", timing="start")
    pd.testing.assert_frame_equal(ours.tables["customers"], again.tables["customers"])


def test_own_beginnings_shift_a_late_customer():
    late = pd.DataFrame({"customer": ["x", "y", "y"], "period": [3, 1, 2], "margin": [100.0, 10.0, 10.0]})
    common = clv(late, rate=0.1, period="period").tables["customers"].set_index("customer")["clv"]
    own = clv(late, rate=0.1, period="period", origin="own").tables["customers"].set_index("customer")["clv"]
    assert common["x"] == pytest.approx(100 / 1.1**3, rel=NEAR)
    assert own["x"] == pytest.approx(100 / 1.1, rel=NEAR)
    assert own["y"] == pytest.approx(common["y"], rel=NEAR)


def test_transactions_become_periods():
    sales = pd.DataFrame(
        {
            "customer": ["x", "x", "y", None, "x", "x"],
            "date": ["2024-02-03", "2024-01-02", "2024-03-31", "2024-01-01", "2024-01-30", "2024-01-30"],
            "amount": [10.0, 20.0, -5.0, 3.0, 4.0, 4.0],
        }
    )
    ours = clv(sales, rate=0.0, date="date", margin="amount", cost=2.0, every="month", timing="start")
    assert ours.tables["periods"]["period"].tolist() == ["2024-01", "2024-02", "2024-03"]
    assert ours.tables["periods"]["margin"].tolist() == [28.0, 10.0, -5.0]
    assert ours.tables["periods"]["cost"].tolist() == [2.0, 2.0, 2.0]  # a cost of each from its first to its last month
    assert ours.total == 28 + 10 - 5 - 6
    assert {"VALUE_NO_CUSTOMER", "VALUE_DUPLICATES", "CLV_NEGATIVE_MARGINS"} <= codes(ours)
    assert "CLV_LAST_PERIOD" not in codes(ours)  # the data end with the last day of a month
    assert int(ours.samples["dropped"].iloc[0]) == 1


def test_segments_count_their_customers():
    segments = pd.DataFrame(
        {"customer": ["few", "many"], "margin": [100.0, 10.0], "stays": [0.9, 0.5], "n": [2, 30], "won": [300.0, 5.0]}
    )
    ours = clv(segments, rate=0.1, retention="stays", count="n", acquisition="won")
    few, many = 100 * 0.9 / 0.2, 10 * 0.5 / 0.6
    assert ours.total == pytest.approx(2 * few + 30 * many, rel=NEAR)
    assert ours.mean == pytest.approx(ours.total / 32, rel=NEAR)
    assert ours.fit["after_acquisition"] == pytest.approx(ours.total - 2 * 300 - 30 * 5, rel=NEAR)
    assert ours.tables["periods"]["cumulative"].iloc[-1] < ours.total


def test_break_even_retention_is_a_root_of_the_polynomial():
    margins = np.array([-60.0, 30.0, 45.0, 5.0])
    ours = clv(margin=margins, retention=0.7, rate=0.1, timing="start")
    roots = polynomial.polyroots(margins / 1.1 ** np.arange(4))
    real = sorted(float(root.real) for root in roots if abs(root.imag) < 1e-9 and 0.0 < root.real < 1.0)
    assert ours.tables["break_even"]["retention"].tolist() == pytest.approx(real, rel=1e-9)
    assert ours.tables["break_even"]["side"].tolist() == ["above"]
    worth = clv(margin=margins, retention=real[0], rate=0.1, timing="start").total
    assert worth == pytest.approx(0.0, abs=1e-9)


def test_break_even_against_the_cost_of_winning_in_closed_form():
    start = clv(margin=80.0, cost=20.0, retention=0.8, rate=0.1, acquisition=150.0, timing="start")
    assert start.tables["break_even"]["retention"].tolist() == pytest.approx([1.1 * (1 - 60 / 150)], rel=1e-9)
    end = clv(margin=80.0, cost=20.0, retention=0.8, rate=0.1, acquisition=150.0)
    assert end.tables["break_even"]["retention"].tolist() == pytest.approx([150 * 1.1 / 210], rel=1e-9)
    later_losses = clv(margin=[50.0, -80.0], retention=0.5, rate=0.0, timing="start").tables["break_even"]
    assert later_losses["side"].tolist() == ["below"]
    assert later_losses["retention"].tolist() == pytest.approx([50 / 80], rel=1e-9)
    assert len(clv(margin=5.0, retention=0.5, rate=0.1).tables["break_even"]) == 0


def test_every_cell_of_the_sensitivity_table_is_a_value_of_its_own():
    ours = clv(margin=60.0, cost=10.0, retention=0.8, rate=0.1, horizon=6, rates=[0.05, 0.1], retentions=[0.6, 0.8])
    assert len(ours.tables["sensitivity"]) == 4
    for row in ours.tables["sensitivity"].to_dict("records"):
        alone = clv(margin=60.0, cost=10.0, retention=row["retention"], rate=row["rate"], horizon=6).total
        assert row["total"] == pytest.approx(alone, rel=NEAR)
        assert row["change"] == pytest.approx(100 * (alone / ours.total - 1), rel=1e-9, abs=1e-9)
    shifted = clv(PANEL, rate=0.1, period="period", retention="stays", cost="cost").tables["sensitivity"]
    lower = PANEL.assign(stays=PANEL["stays"] - 0.05)
    row = shifted[np.isclose(shifted["shift"], -0.05) & np.isclose(shifted["rate"], 0.1)].iloc[0]
    again = clv(lower, rate=0.1, period="period", retention="stays", cost="cost")
    assert row["total"] == pytest.approx(again.total, rel=NEAR)


def test_combinations_without_a_limit_are_left_out_and_told():
    ours = clv(margin=60.0, retention=0.9, rate=0.05, rates=[-0.05, 0.05], retentions=[0.9, 1.0])
    assert len(ours.tables["sensitivity"]) == 3  # staying for ever at -5 per cent has no value
    assert "CLV_NO_LIMIT" in codes(ours)


def test_one_per_cent_better():
    ours = clv(margin=100.0, cost=20.0, retention=0.8, rate=0.1).tables["improvements"].set_index("what")
    value = 80 * 0.8 / 0.3
    assert ours.loc["margin", "change"] == pytest.approx(100 * 1.0 / 80, rel=1e-9)
    assert ours.loc["retention cost", "change"] == pytest.approx(100 * 0.2 / 80, rel=1e-9)
    assert ours.loc["retention", "total"] == pytest.approx(80 * 0.808 / (1.1 - 0.808), rel=NEAR)
    assert ours.loc["discount rate", "change"] == pytest.approx(100 * (80 * 0.8 / 0.299 / value - 1), rel=1e-9)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rate": -1.0}, "above -1"),
        ({"rate": -2}, "above -1"),
        ({"rate": float("nan")}, "`rate` is a number"),
        ({"rate": "0.1"}, "`rate` is a number"),
        ({"rate": True}, "`rate` is a number"),
        ({"rate": 0.1, "retention": 1.2}, "probability from 0 to 1"),
        ({"rate": 0.1, "retention": -0.1}, "probability from 0 to 1"),
        ({"rate": 0.1, "timing": "ende"}, "Did you mean 'end'"),
        ({"rate": 0.1, "horizon": 0}, "whole number of periods"),
        ({"rate": 0.1, "growth": -1}, "above -1"),
        ({"rate": 0.1, "rates": []}, "lists one number"),
        ({"rate": 0.1, "retentions": [1.5]}, "probability from 0 to 1"),
        ({"rate": 0.0}, "no limit"),
        ({"rate": 0.1, "retention": 0.9, "growth": 0.3}, "no limit"),
        ({"rate": 0.1, "margin": [1.0, float("inf")]}, "`margin` is a number"),
        ({"rate": 0.1, "margin": [1.0, 2.0], "horizon": 3}, "given for 2"),
        ({"rate": 0.1, "margin": [1.0, 2.0], "cost": [1.0, 2.0, 3.0]}, "2 periods and `cost` 3"),
    ],
)
def test_numbers_that_cannot_be_used_are_refused(asked, words):
    with pytest.raises(ModelError, match=words):
        clv(**{"margin": 100.0, **asked})


def test_all_faulty_options_are_told_at_once():
    with pytest.raises(ModelError) as caught:
        clv(margin=1.0, rate=-3, every="week", growth=-2, horizon=1.5)
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize(
    ("change", "asked", "words"),
    [
        ({}, {"margin": "profit"}, "no column 'profit'"),
        ({"stays": [0.7, 90, 0.9, 0.7, 0.7]}, {"retention": "stays"}, "Write 80 per cent as 0.8"),
        ({"stays": [0.7, 0.8, 0.9, 0.7, 0.7]}, {"retention": "stays"}, "one figure a customer"),
        ({"period": [3, 3, 3, 1, 2]}, {}, "second figure for the same period"),
        ({"period": [1.5, 1, 3, 1, 2]}, {}, "whole numbers"),
        ({"period": [20240101, 1, 3, 1, 2]}, {}, "are the most"),
        ({"margin": ["much", 1, 2, 3, 4]}, {}, "holds numbers"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(change, asked, words):
    with pytest.raises(DataError, match=words):
        clv(PANEL.assign(**change), rate=0.1, period="period", **asked)


def test_a_second_row_needs_a_period():
    with pytest.raises(DataError, match="name the column of the period"):
        clv(PANEL, rate=0.1)


def test_who_lacks_a_figure_is_left_out_whole_and_not_counted_as_nothing():
    gaps = PANEL.assign(margin=[np.nan, -50.0, 100.0, 20.0, 30.0])
    ours = clv(gaps, rate=0.1, period="period")
    assert ours.tables["customers"]["customer"].tolist() == ["a"]
    assert {"VALUE_LEFT_OUT", "VALUE_ONE_CUSTOMER"} <= codes(ours)
    assert int(ours.samples["dropped"].iloc[0]) == 3
    with pytest.raises(DataError, match="None of the customers is complete"):
        clv(gaps.assign(margin=np.nan), rate=0.1, period="period")


def test_notes_on_what_is_assumed():
    assert "CLV_STAYS_FOR_EVER" in codes(clv(margin=1.0, rate=0.1))
    assert "CLV_CERTAIN" in codes(clv(margin=1.0, rate=0.1, horizon=2))
    assert "CLV_NEGATIVE_RATE" in codes(clv(margin=1.0, rate=-0.05, horizon=2))
    assert "CLV_SHORTENED" in codes(clv(margin=[1.0, 2.0, 3.0], rate=0.1, horizon=2))


def test_it_says_so_in_three_languages_and_draws():
    ours = clv(PANEL, rate=0.12, period="period", cost="cost", retention="stays", acquisition=3.0, timing="start")
    english, persian, russian = (ours.prose(lang) for lang in ("en", "fa", "ru"))
    assert len(english) == len(persian) == len(russian)
    assert "26" not in persian[0]
    assert "۲" in persian[0]
    assert any("12,0" in sentence for sentence in russian)
    assert {type(drawing).__name__ for drawing in ours.drawings()} == {"Grid", "Curves"}
    for one in ours.shown:
        assert {name for name, _, _ in one.columns} <= set(ours.tables[one.table])
    assert ours.estimates.empty
    assert ours.to_json()
