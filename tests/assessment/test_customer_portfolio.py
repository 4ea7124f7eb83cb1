"""Segments, key customers, tiers and movements among them: sums that must agree, ties, losses, faulty tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.value import migration, portfolio, tiers, transactions
from crmstudy.errors import DataError, ModelError
from tests import tolerances

NEAR = tolerances.CLOSED_FORM_RELATIVE
CUSTOMERS = pd.DataFrame(
    {
        "customer": list("abcdef"),
        "profit": [90.0, 20.0, -10.0, 0.0, 40.0, -40.0],
        "potential": [1, 5, 4, 2, 5, 1],
        "revenue": [300.0, 100.0, 80.0, 50.0, 400.0, 70.0],
        "region": ["n", "n", "s", "s", "s", "n"],
    }
)
VALUES = st.lists(st.integers(-50, 200).map(float), min_size=1, max_size=40)


def codes(result):
    return {note.code for note in result.notes}


def table_of_values(values, start=0):
    return pd.DataFrame({"customer": [f"k{start + at}" for at in range(len(values))], "value": values})


def test_segments_by_profit_and_potential():
    """Source documents 0.11: contribution of existing customers, and of those with potential."""
    ours = portfolio(CUSTOMERS, potential="potential", revenue="revenue")
    placed = ours.tables["customers"].set_index("customer")["segment"].to_dict()
    assert placed == {
        "a": "profitable_low", "b": "profitable_high", "c": "unprofitable_high", "d": "unprofitable_low",
        "e": "profitable_high", "f": "unprofitable_low",
    }  # fmt: skip
    assert ours.fit["potential_cut"] == 3.0
    table = ours.tables["segments"].set_index("segment")
    assert table["profit"].to_dict() == {
        "profitable_high": 60.0, "profitable_low": 90.0, "unprofitable_high": -10.0, "unprofitable_low": -40.0,
    }  # fmt: skip
    assert table["share_profit"].tolist() == pytest.approx([60.0, 90.0, -10.0, -40.0], rel=NEAR)
    assert table["share_revenue"].tolist() == pytest.approx([50.0, 30.0, 8.0, 12.0], rel=NEAR)
    assert table.loc["profitable_high", "index"] == pytest.approx(60 / (100 * 2 / 6), rel=NEAR)
    assert [ours.fit["gains"], ours.fit["losses"], ours.fit["losing"]] == [150.0, -50.0, 2]
    assert "PORTFOLIO_LOSSES" in codes(ours)
    assert table.loc["unprofitable_high", "action"] == "raise their contribution"


def test_the_highest_return_comes_from_few():
    """Source documents 2.1: customers as an asset; key customers by what they bring."""
    ours = portfolio(CUSTOMERS, key=2)
    assert ours.tables["key"]["customer"].tolist() == ["a", "e"]
    assert ours.tables["key"]["cumulative"].tolist() == pytest.approx([90.0, 130.0], rel=NEAR)
    assert ours.fit["key_share"] == pytest.approx(130.0, rel=NEAR)
    assert portfolio(CUSTOMERS, key=0.2).fit["key_customers"] == 2  # one fifth of six, rounded up
    assert portfolio(CUSTOMERS, key=0.5).fit["key_customers"] == 3
    assert portfolio(CUSTOMERS, key=99).fit["key_customers"] == 6
    assert ours.tables["segments"]["segment"].tolist() == ["profitable", "unprofitable"]


def test_own_segments_and_cuts():
    ours = portfolio(CUSTOMERS, segment="region")
    assert ours.tables["segments"].set_index("segment")["profit"].to_dict() == {"n": 70.0, "s": 30.0}
    moved = portfolio(CUSTOMERS, potential="potential", profit_cut=20.0, potential_cut=5)
    assert moved.tables["customers"]["segment"].tolist() == [
        "profitable_low", "unprofitable_high", "unprofitable_low", "unprofitable_low", "profitable_high",
        "unprofitable_low",
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(VALUES, st.floats(0.05, 0.95))
def test_segments_add_up_to_the_whole(values, key):
    frame = table_of_values(values).rename(columns={"value": "profit"}).assign(potential=np.arange(len(values)) % 3)
    ours = portfolio(frame, potential="potential", key=key)
    table = ours.tables["segments"]
    assert table["customers"].sum() == len(values)
    assert table["profit"].sum() == pytest.approx(sum(values), abs=1e-9)
    assert table["share_customers"].sum() == pytest.approx(100.0)
    if sum(values) > 0:
        assert table["share_profit"].sum() == pytest.approx(100.0)
        best = sorted(values, reverse=True)[: len(ours.tables["key"])]
        assert ours.fit["key_share"] == pytest.approx(100 * sum(best) / sum(values))
    else:
        assert table["share_profit"].isna().all()
        assert "PORTFOLIO_NO_SHARES" in codes(ours)
        assert "there are no shares of the profit" in ours.text


def test_tiers_by_declared_cuts():
    """Source documents 4.16: a loyalty programme in several levels, by profitability."""
    ours = tiers(CUSTOMERS, value="profit", cuts=[0, 20, 90], names=["guest", "friend", "partner", "star"])
    assert ours.tables["members"].set_index("customer")["label"].to_dict() == {
        "a": "star", "b": "partner", "c": "guest", "d": "friend", "e": "partner", "f": "guest",
    }  # fmt: skip
    table = ours.tables["tiers"].set_index("label")
    assert table["value"].to_dict() == {"guest": -50.0, "friend": 0.0, "partner": 60.0, "star": 90.0}
    assert table["share_value"].tolist() == pytest.approx([-50.0, 0.0, 60.0, 90.0], rel=NEAR)
    assert np.isnan(table.loc["guest", "low"])
    assert table.loc["guest", "high"] == 0.0


@settings(max_examples=40, deadline=None)
@given(VALUES, st.integers(0, 5))
def test_equal_values_are_in_one_tier_whatever_the_order(values, seed):
    frame = table_of_values(values)
    ours = tiers(frame)
    members = ours.tables["members"]
    assert len(members[["value", "tier"]].drop_duplicates()) == len(set(values))
    assert members.sort_values("value")["tier"].is_monotonic_increasing
    mixed = tiers(frame.sample(frac=1.0, random_state=seed))
    pd.testing.assert_frame_equal(ours.tables["tiers"], mixed.tables["tiers"])
    assert ours.tables["tiers"]["customers"].sum() == len(values)


def test_a_value_reaches_the_quantile_that_it_is():
    """(n - 1) p is 7 but for rounding: the eighth value is the cut and belongs above it."""
    ours = tiers(table_of_values([float(at) for at in range(101)]), quantiles=[0.07])
    assert ours.call["cuts"] == [7.0]
    assert ours.tables["tiers"]["customers"].tolist() == [7, 94]


def test_values_that_are_all_equal_make_empty_tiers():
    ours = tiers(table_of_values([5.0] * 10))
    assert ours.tables["tiers"]["customers"].tolist() == [0, 0, 0, 10]
    assert {"VALUE_CUTS_COINCIDE", "VALUE_EMPTY_TIER"} <= codes(ours)


def test_movements_by_hand():
    first = pd.DataFrame({"customer": list("abcd"), "value": [10.0, 90.0, 60.0, 20.0]})
    second = pd.DataFrame({"customer": list("bcde"), "value": [40.0, 70.0, 55.0, 5.0]})
    ours = migration(first, second, cuts=[50], names=["low", "high"])
    cells = ours.tables["matrix"].set_index(["before", "after"])["customers"].to_dict()
    assert cells == {
        ("low", "low"): 0, ("low", "high"): 1, ("low", "left"): 1, ("high", "low"): 1, ("high", "high"): 1,
        ("high", "left"): 0, ("new", "low"): 1, ("new", "high"): 0,
    }  # fmt: skip
    moves = ours.tables["moves"].set_index("move")
    assert moves["customers"].to_dict() == {"up": 1, "same": 1, "down": 1, "left": 1, "new": 1}
    assert moves["share"].iloc[:4].tolist() == [25.0] * 4
    change = ours.tables["contribution"].set_index("who")["change"].to_dict()
    assert change == {"existing": -50 + 10 + 35, "new": 5.0, "left": -10.0, "all": -10.0}
    assert "1 moved up, 1 stayed in their tier, 1 moved down and 1 left; 1 is new" in ours.text


@settings(max_examples=40, deadline=None)
@given(VALUES, VALUES, st.integers(0, 30))
def test_the_change_of_the_total_is_the_sum_of_its_parts(first, second, shift):
    before, after = table_of_values(first), table_of_values(second, shift)
    ours = migration(before, after)
    change = ours.tables["contribution"].set_index("who")["change"]
    assert change["all"] == pytest.approx(sum(second) - sum(first), abs=1e-9)
    assert change[["existing", "new", "left"]].sum() == pytest.approx(change["all"], abs=1e-9)
    matrix, table = ours.tables["matrix"], ours.tables["tiers"]
    assert matrix["customers"].sum() == ours.n
    assert table["before"].sum() == len(first)
    assert table["after"].sum() == len(second)
    known = tiers(before).tables["tiers"]
    assert table["before"].tolist() == known["customers"].tolist()
    if shift >= len(first):
        assert "VALUE_NOBODY_IN_BOTH" in codes(ours)


def test_it_takes_what_transactions_added_up():
    sales = pd.DataFrame(
        {
            "customer": ["a", "b", "a"],
            "date": ["2026-01-01"] * 3,
            "amount": [10.0, 4.0, 5.0],
            "earned": [3.0, -1.0, 2.0],
        }
    )
    table = transactions(sales, profit="earned").tables["customers"]
    ours = portfolio(table, revenue="revenue").tables["segments"].set_index("segment")
    assert ours["profit"].to_dict() == {"profitable": 5.0, "unprofitable": -1.0}
    assert ours["revenue"].to_dict() == {"profitable": 15.0, "unprofitable": 4.0}
    assert tiers(table, value="revenue", cuts=[5]).tables["tiers"]["value"].tolist() == [4.0, 15.0]


def test_who_lacks_a_figure_is_left_out_and_told():
    gaps = CUSTOMERS.assign(profit=[90.0, None, -10.0, 0.0, 40.0, -40.0], customer=[*"abcde", None])
    ours = portfolio(gaps)
    assert ours.n == 4
    assert {"VALUE_LEFT_OUT", "VALUE_NO_CUSTOMER"} <= codes(ours)
    assert int(ours.samples["dropped"].iloc[0]) == 2
    assert "VALUE_ONE_CUSTOMER" in codes(portfolio(CUSTOMERS.iloc[:1]))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: portfolio(pd.concat([CUSTOMERS, CUSTOMERS])), DataError, "more than one row"),
        (lambda: portfolio(CUSTOMERS, profit="gain"), DataError, "no column 'gain'"),
        (lambda: portfolio(CUSTOMERS.assign(profit=np.nan)), DataError, "None of the customers is complete"),
        (lambda: portfolio(CUSTOMERS, key=0), ModelError, "`key`"),
        (lambda: portfolio(CUSTOMERS, key=2.5), ModelError, "`key`"),
        (lambda: portfolio(CUSTOMERS, profit_cut=None, potential_cut="mean", key="all"), ModelError, "3 faults"),
        (lambda: tiers(CUSTOMERS, value="profit", cuts=[5, 5]), ModelError, "numbers that rise"),
        (lambda: tiers(CUSTOMERS, value="profit", cuts=[]), ModelError, "numbers that rise"),
        (lambda: tiers(CUSTOMERS, value="profit", quantiles=[0.5, 1.5]), ModelError, "between 0 and 1"),
        (lambda: tiers(CUSTOMERS, value="profit", cuts=[1], quantiles=[0.5]), ModelError, "not both"),
        (lambda: tiers(CUSTOMERS, value="profit", cuts=[1], names=["x"]), ModelError, "there are 2 tiers"),
        (lambda: tiers(CUSTOMERS, value="profit", cuts=[1], names=["x", "x"]), ModelError, "different name"),
        (lambda: tiers(CUSTOMERS, value="profit", cuts=[1], names=["new", "old"]), ModelError, "cannot name a tier"),
        (lambda: migration(CUSTOMERS, CUSTOMERS, value="worth"), DataError, "no column 'worth'"),
    ],
)
def test_what_cannot_be_used_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_they_say_so_in_three_languages_and_draw():
    first = CUSTOMERS.rename(columns={"profit": "value"})
    results = [
        portfolio(CUSTOMERS, potential="potential", revenue="revenue"),
        tiers(first),
        migration(first, first.assign(value=[5.0, 100.0, 3.0, 2.0, 1.0, 9.0])),
    ]
    for ours in results:
        english, persian, russian = (ours.prose(lang) for lang in ("en", "fa", "ru"))
        assert len(english) == len(persian) == len(russian)
        assert not any("customers" in sentence for sentence in (*persian, *russian))
        assert ours.drawings()
        for one in ours.shown:
            assert {name for name, _, _ in one.columns} <= set(ours.tables[one.table])
        assert ours.estimates.empty
        assert ours.to_json()
    assert "نقره‌ای" in " ".join(results[1].prose("fa"))
    quadrants = results[0].drawings()[1]
    assert quadrants.points[0] == ("a", 90.0, 1.0)
    assert quadrants.quadrants[1] == "Profitable, high potential"
