"""Recency, frequency and monetary value: scores against R and by counting, segments, odd data."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.catalogue import LANGUAGES, catalogue
from crmstudy.assessment.value.rfm import DIMENSIONS, rfm, segment_of
from crmstudy.assessment.value.transactions import transactions
from crmstudy.drawing import Bars, Grid
from crmstudy.errors import AnalysisError, ModelError
from tests import tolerances
from tests.reference import cases, load


def codes(result: object) -> set[str]:
    return {note.code for note in result.notes}


@pytest.mark.parametrize("name", cases("rfm"))
def test_scores_and_cut_points_are_those_of_r(name):
    case = load(name)
    result, theirs = rfm(case.data), case.output
    ours = result.tables["customers"].assign(customer=lambda table: table["customer"].astype(str)).set_index("customer")
    ours = ours.loc[theirs["customer"]]
    assert (result.n, result.call["as_of"]) == (theirs["n"], theirs["as_of"])
    for letter in DIMENSIONS.values():
        assert ours[letter].tolist() == theirs[letter]
    np.testing.assert_allclose(ours["monetary"], theirs["monetary"], rtol=tolerances.R_CLOSED_FORM_RELATIVE, atol=1e-9)
    cuts = result.tables["cuts"].set_index("dimension")
    for dimension, expected in theirs["cuts"].items():
        found = cuts.loc[dimension, ["cut_1", "cut_2", "cut_3", "cut_4"]].astype(float)
        np.testing.assert_allclose(found, expected, rtol=tolerances.R_CLOSED_FORM_RELATIVE)


def shop(n: int = 900, seed: int = 11) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "customer": (random.random(n) ** 2 * 120).astype(int),
            "date": pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, 300, n), unit="D"),
            "amount": np.round(random.lognormal(3, 1, n), 2),
        }
    )
    return made.assign(cost=np.round(made["amount"] * random.uniform(0.5, 1.3, n), 2))


def test_segments_add_up_to_all_customers_revenue_and_profit():
    data = shop()
    result = rfm(data, cost="cost")
    table, customers = result.tables["segments"], result.tables["customers"]
    assert table["customers"].sum() == result.n == data["customer"].nunique()
    assert table["revenue"].sum() == pytest.approx(data["amount"].sum(), rel=1e-12)
    assert table["profit"].sum() == pytest.approx((data["amount"] - data["cost"]).sum(), rel=1e-9)
    for name in ("share", "revenue_share", "profit_share"):
        assert table[name].sum() == pytest.approx(1.0, abs=1e-12)
    for row in table.to_dict("records"):  # each from the transactions themselves
        members = set(customers.loc[customers["segment"] == row["segment"], "customer"])
        part = data[data["customer"].isin(members)]
        assert row["customers"] == len(members)
        assert row["revenue"] == pytest.approx(part["amount"].sum(), rel=1e-12)
        assert row["profit"] == pytest.approx((part["amount"] - part["cost"]).sum(), rel=1e-9, abs=1e-9)
        assert row["revenue_share"] == pytest.approx(part["amount"].sum() / data["amount"].sum(), rel=1e-12)
    assert result.tables["grid"]["customers"].sum() == result.n
    assert result.tables["scores"].groupby("dimension")["customers"].sum().tolist() == [result.n] * 3


def test_the_rule_of_scores_by_hand():
    data = pd.DataFrame(
        {
            "customer": list("AABCDE"), "amount": [50.0, 70.0, 10.0, 20.0, 30.0, 40.0],
            "date": ["2026-01-05", "2026-03-01", "2026-01-09", "2026-02-02", "2026-02-20", "2026-02-25"],
        }
    )  # fmt: skip
    table = rfm(data, as_of="2026-03-11").tables["customers"]
    assert table["recency"].tolist() == [10, 61, 37, 19, 14]
    assert table["frequency"].tolist() == [2, 1, 1, 1, 1]
    # quintiles of five different values lie between them; four equal frequencies lie on every cut
    assert table["score"].tolist() == ["555", "111", "212", "313", "414"]


def test_equal_values_have_equal_scores_and_the_order_of_rows_does_not_matter():
    data = pd.DataFrame({"customer": np.repeat(np.arange(40), 3), "amount": [0.1, 0.2, 0.3] * 40, "date": "2026-01-01"})
    data.loc[data["customer"] < 5, "amount"] = [0.3, 0.1, 0.2] * 5
    result = rfm(data)
    assert len(set(result.tables["customers"]["score"])) == 1  # 0.1 + 0.2 + 0.3 depends on the order in its last bit
    assert {note.subject for note in result.notes if note.code == "RFM_SCORES_UNUSED"} == set(DIMENSIONS)
    mixed = shop()
    again = rfm(mixed.sample(frac=1.0, random_state=4))
    first = rfm(mixed)
    assert again.tables["customers"]["score"].tolist() == first.tables["customers"]["score"].tolist()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 400), st.integers(0, 60)), min_size=2, max_size=60))
def test_scores_rise_with_what_they_measure(rows):
    data = pd.DataFrame(rows, columns=["customer", "amount", "day"])
    data["date"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(data["day"], unit="D")
    if data["customer"].nunique() < 2:
        return
    table = rfm(data).tables["customers"]
    for name, letter, sign in (("recency", "r", -1), ("frequency", "f", 1), ("monetary", "m", 1)):
        ordered = table.assign(value=sign * table[name]).sort_values("value", kind="stable")
        assert ordered[letter].is_monotonic_increasing
        assert len(ordered[["value", letter]].drop_duplicates()) == len(set(ordered["value"]))
        assert table[letter].between(1, 5).all()


def test_fixed_cut_points_score_each_customer_by_itself():
    data = shop()
    cuts = {"recency": (10, 30, 90, 180), "frequency": [1, 2, 4, 8], "monetary": (20.0, 50.0, 100.0, 300.0)}
    result = rfm(data, cuts=cuts, as_of="2025-12-31")
    for row in result.tables["customers"].to_dict("records"):
        assert row["r"] == 5 - sum(row["recency"] > cut for cut in cuts["recency"])
        assert row["f"] == 1 + sum(row["frequency"] > cut for cut in cuts["frequency"])
        assert row["m"] == 1 + sum(round(row["monetary"], 9) > cut for cut in cuts["monetary"])
    assert set(result.tables["cuts"]["rule"]) == {"fixed"}
    assert not any("compare customers" in sentence for sentence in result.prose())
    half = rfm(data, cuts={"frequency": (1, 2, 4, 8)}).tables["cuts"].set_index("dimension")["rule"]
    assert half.to_dict() == {"recency": "quantile", "frequency": "fixed", "monetary": "quantile"}


def test_every_combination_of_scores_has_a_segment_and_every_segment_a_combination():
    found = {scores: segment_of(*scores) for scores in product(range(1, 6), repeat=3)}
    assert set(found.values()) == {segment["id"] for segment in catalogue("rfm_segments")["segments"]}
    # what the names promise: key customers are high in all three, dormant ones low in all three
    assert {scores for scores, segment in found.items() if segment == "key"} == set(product((4, 5), repeat=3))
    assert {scores for scores, segment in found.items() if segment == "dormant"} == set(product((1, 2), repeat=3))
    assert all(r <= 2 and f >= 4 and m >= 4 for (r, f, m), segment in found.items() if segment == "win_back")
    assert all(r >= 4 and f == 1 and m <= 3 for (r, f, m), segment in found.items() if segment == "new")
    assert catalogue("rfm_segments")["source"] == "0.11"


def test_customers_with_returns_only_have_no_scores_and_are_told():
    data = shop()
    back = pd.DataFrame(
        {"customer": [900, 900], "date": ["2025-02-01"] * 2, "amount": [-5.0, -2.5], "cost": [0.0, 0.0]}
    )
    result = rfm(pd.concat([data.assign(date=data["date"].dt.strftime("%Y-%m-%d")), back]))
    assert 900 not in set(result.tables["customers"]["customer"])
    (told,) = [note for note in result.notes if note.code == "RFM_NO_PURCHASE"]
    assert "-7.50" in told.message
    assert result.samples["dropped"].tolist() == [1]
    with pytest.raises(AnalysisError) as caught:
        rfm(back)
    assert caught.value.code == "RFM_NO_PURCHASE"


def test_one_customer_and_faulty_options_are_refused():
    data = shop()
    with pytest.raises(AnalysisError) as caught:
        rfm(data[data["customer"] == data["customer"].iloc[0]])
    assert caught.value.code == "RFM_ONE_CUSTOMER"
    with pytest.raises(ModelError) as refused:
        rfm(data, cuts={"recncy": (1, 2, 3, 4), "frequency": (1, 2, 2, 4), "monetary": (1, 2, 3)}, monetary="most")
    assert len(refused.value.faults) == 4
    assert "Did you mean 'recency'?" in str(refused.value)
    read = transactions(data)
    with pytest.raises(ModelError, match="read before"):
        rfm(read, as_of="2025-03-01")
    with pytest.raises(ModelError, match="without dates"):
        rfm(transactions(data, date=None))
    assert rfm(read).tables["customers"].equals(rfm(data).tables["customers"])


def test_shares_of_a_profit_that_is_not_positive_are_left_out_with_a_reason():
    data = shop().assign(cost=lambda table: 2.0 * table["amount"])
    result = rfm(data, cost="cost")
    assert result.tables["segments"]["profit_share"].isna().all()
    assert "RFM_NO_SHARES" in codes(result)
    assert not any("part of the profit" in sentence for sentence in result.prose())
    assert any("bring a loss of" in sentence for sentence in result.prose())


def test_value_by_purchase():
    data = shop()
    table = rfm(data, monetary="mean").tables["customers"].set_index("customer")
    np.testing.assert_allclose(table["monetary"], data.groupby("customer")["amount"].mean(), rtol=1e-12)


def test_sentences_and_figures():
    result = rfm(shop(), cost="cost")
    table = result.tables["segments"]
    top = table.loc[table["revenue"].idxmax()]
    said = {lang: " ".join(result.prose(lang)) for lang in LANGUAGES}
    assert f"{100 * top['revenue_share']:.1f}%, comes from “{top['name']}”" in said["en"]
    assert top["name_fa"] in said["fa"]
    assert f"{100 * top['revenue_share']:.1f}".replace(".", ",") in said["ru"]
    bars, grid = result.drawings()
    assert isinstance(bars, Bars)
    assert isinstance(grid, Grid)
    assert dict(bars.series)["revenue"] == pytest.approx(tuple(table["revenue_share"]))
    assert sum(map(sum, grid.values)) == result.n
    cells = result.tables["grid"].set_index(["r", "f"])["customers"]
    assert grid.values[0][4] == cells[5, 5]
    assert grid.values[4][0] == cells[1, 1]
