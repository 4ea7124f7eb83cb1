"""Cost to serve: figures by hand, the bootstrap against drawing rows, shifts, losses, bad input."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.processes import cost_to_serve
from crmstudy.errors import DataError, ModelError, UnsupportedError
from tests import tolerances

NAMES = {"channel": "channel", "cost": "cost"}


def made(n: int = 300, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    channel = rng.choice(["phone", "web", "visit"], n, p=[0.5, 0.35, 0.15])
    scale = pd.Series(channel).map({"phone": 2.0, "web": 0.4, "visit": 7.0}).to_numpy()
    customer = rng.integers(0, 80, n).astype(str)
    return pd.DataFrame({"customer": customer, "channel": channel, "cost": np.exp(rng.normal(0, 0.8, n)) * scale})


def test_one_contact_a_customer_is_the_classic_mean():
    table = made().assign(customer=np.arange(300).astype(str))
    found = cost_to_serve(table, interval="t", **NAMES).tables["channels"].set_index("channel")
    for name, rows in table.groupby("channel"):
        error = rows["cost"].std(ddof=1) / np.sqrt(len(rows))
        assert found.loc[name, "std_error"] == pytest.approx(error, rel=tolerances.CLOSED_FORM_RELATIVE)
        assert found.loc[name, "mean"] == pytest.approx(rows["cost"].mean(), rel=tolerances.CLOSED_FORM_RELATIVE)


def test_contacts_of_one_customer_are_not_independent():
    table = made().assign(cost=lambda t: t["customer"].astype(float))
    clustered = cost_to_serve(table, interval="t", **NAMES).estimates["std_error"][0]
    alone = cost_to_serve(table.assign(customer=np.arange(300)), interval="t", **NAMES).estimates["std_error"][0]
    assert clustered > 1.5 * alone


def test_bootstrap_draws_customers():
    table = made()
    found = cost_to_serve(table, bootstrap=4000, seed=1, **NAMES)
    totals = table.groupby("customer")["cost"].agg(["sum", "size"]).to_numpy()
    rng = np.random.default_rng(9)
    drawn = totals[rng.integers(0, len(totals), (4000, len(totals)))].sum(axis=1)
    spread = (drawn[:, 0] / drawn[:, 1]).std(ddof=1)
    row = found.estimates.set_index("term").loc["cost_per_contact"]
    # a standard deviation of 4,000 draws is known to one part in 89
    assert row["std_error"] == pytest.approx(spread, rel=4 * np.sqrt(2 / 8000))
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    assert row["ci_high"] - row["estimate"] > row["estimate"] - row["ci_low"]
    again = cost_to_serve(table, bootstrap=4000, seed=1, **NAMES)
    pd.testing.assert_frame_equal(found.estimates, again.estimates)


def test_shares_add_up_and_figures_do_not_depend_on_the_order():
    table = made()
    found = cost_to_serve(table, interval="log", **NAMES)
    channels = found.tables["channels"]
    assert channels["percent_cost"].sum() == pytest.approx(100.0)
    assert channels["percent_contacts"].sum() == pytest.approx(100.0)
    assert found.tables["customers"]["cost"].sum() == pytest.approx(table["cost"].sum())
    turned = cost_to_serve(table.sample(frac=1.0, random_state=2), interval="log", **NAMES)
    pd.testing.assert_frame_equal(found.estimates, turned.estimates, rtol=1e-12)


def test_a_shift_saves_what_its_formula_says():
    table = made()
    found = cost_to_serve(table, interval="t", shift=[("phone", "web", 20), ("visit", "web", 10)], again=25, **NAMES)
    mean, count = table.groupby("channel")["cost"].mean(), table["channel"].value_counts()
    shifts = found.tables["shifts"].set_index("from_channel")
    for name, share in (("phone", 0.2), ("visit", 0.1)):
        saving = share * count[name] * (mean[name] - mean["web"] - 0.25 * mean[name])
        assert shifts.loc[name, "saving"] == pytest.approx(saving, rel=tolerances.CLOSED_FORM_RELATIVE)
        assert shifts.loc[name, "ci_low"] < saving < shifts.loc[name, "ci_high"]
    # the interval of a difference of two independent groups, when no customer uses both
    apart = table.assign(customer=np.arange(300).astype(str))
    row = cost_to_serve(apart, interval="t", shift=[("phone", "web", 100)], **NAMES).tables["shifts"].iloc[0]
    groups = [apart.loc[apart["channel"] == name, "cost"] for name in ("phone", "web")]
    smaller = min(map(len, groups))
    between = sum(((g - g.mean()) ** 2).sum() / len(g) ** 2 for g in groups) * smaller / (smaller - 1)
    from scipy.stats import t

    half = t.ppf(0.975, smaller - 1) * np.sqrt(between)
    low = len(groups[0]) * (groups[0].mean() - groups[1].mean() - half)
    assert row["ci_low"] == pytest.approx(low, rel=tolerances.CLOSED_FORM_RELATIVE)


def test_one_number_shifts_every_dearer_channel_to_every_cheaper_one():
    shifts = cost_to_serve(made(), interval="t", shift=10, **NAMES).tables["shifts"]
    assert {(a, b) for a, b in zip(shifts["from_channel"], shifts["to_channel"], strict=True)} == {
        ("visit", "phone"), ("visit", "web"), ("phone", "web"),
    }  # fmt: skip
    assert (shifts["saving"] > 0).all()
    assert shifts["saving"].is_monotonic_decreasing


def test_losses_are_customers_who_cost_more_than_they_bring():
    table = pd.DataFrame(
        {"customer": ["a", "a", "b", "c", None], "channel": list("pwpwp"), "cost": [5.0, 1.0, 5.0, 1.0, 9.0]}
    )
    margins = pd.DataFrame({"customer": ["a", "b", "d", "e"], "margin": [10.0, 3.0, -2.0, 4.0]})
    found = cost_to_serve(table, margins=margins, interval="t", **NAMES)
    assert found.tables["losses"][["customer", "net"]].to_numpy().tolist() == [["b", -2.0], ["d", -2.0]]
    assert found.fit[["losses", "percent_losses", "loss"]].tolist() == [2.0, 50.0, 4.0]
    codes = {note.code for note in found.notes}
    assert {"COST_NO_MARGIN", "COST_NO_CONTACT", "COST_NEGATIVE_MARGIN", "COST_NO_CUSTOMER"} <= codes
    # the nameless contact counts for its channel only
    assert found.estimates.set_index("term").loc["cost_per_customer", "estimate"] == pytest.approx(4.0)
    assert found.estimates.set_index("term").loc["cost_per_contact: p", "estimate"] == pytest.approx(19.0 / 3.0)


def test_a_single_customer_has_no_interval():
    table = pd.DataFrame({"customer": ["a", "a", "b"], "channel": ["p", "p", "w"], "cost": [2.0, 4.0, 1.0]})
    for interval in ("t", "log", "bootstrap"):
        found = cost_to_serve(table, interval=interval, **NAMES)
        assert found.tables["channels"][["std_error", "ci_low", "ci_high"]].isna().all(axis=None)
        assert any(note.code == "COST_ONE_CUSTOMER" for note in found.notes)
        whole = cost_to_serve(table.assign(customer="a"), interval=interval, **NAMES)
        assert whole.estimates[["std_error", "ci_low", "ci_high"]].isna().all(axis=None)
        assert "no interval" in whole.text
    assert found.estimates.loc[0, "estimate"] == pytest.approx(7.0 / 3.0)


def test_intervals_over_few_customers_are_called_rough():
    table = made()
    few = table[(table["channel"] != "visit") | table["customer"].isin(["1", "2", "3", "4", "5", "6", "7"])]
    told = [note for note in cost_to_serve(few, interval="t", **NAMES).notes if note.code == "COST_FEW_CUSTOMERS"]
    assert [note.message.split(" are ")[0] for note in told] == ["Contacts on visit"]
    assert not any(note.code == "COST_FEW_CUSTOMERS" for note in cost_to_serve(table, interval="t", **NAMES).notes)


def test_skewed_costs_are_named_only_where_the_interval_suffers():
    table = made()
    codes = {interval: {note.code for note in cost_to_serve(table, interval=interval, **NAMES).notes}
             for interval in ("t", "log", "bootstrap")}  # fmt: skip
    assert "COST_SKEWED" in codes["t"]
    assert "COST_SKEWED" not in codes["log"] | codes["bootstrap"]


def test_a_channel_that_costs_nothing_has_no_logarithm():
    table = made().assign(cost=lambda t: t["cost"].where(t["channel"] != "web", 0.0))
    found = cost_to_serve(table, interval="log", **NAMES)
    web = found.tables["channels"].set_index("channel").loc["web"]
    assert web["mean"] == 0.0
    assert np.isnan(web["ci_low"])
    assert np.isnan(web["geometric_mean"])
    assert any(note.code == "COST_NO_LOGARITHM" for note in found.notes)


def test_rows_without_channel_or_cost_are_dropped_and_counted():
    table = made()
    table.loc[[0, 5], "cost"] = None
    table.loc[7, "channel"] = " "
    found = cost_to_serve(table, interval="t", **NAMES)
    assert found.samples[["n", "dropped"]].to_numpy().tolist() == [[297, 3]]
    assert any(note.code == "COST_ROWS_DROPPED" and note.message.endswith(" 3.") for note in found.notes)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"interval": "normal"}, UnsupportedError, "bootstrap, t, log"),
        ({"shift": 120}, ModelError, "percent from 0 to 100"),
        ({"shift": [("phon", "web", 5)]}, ModelError, "Did you mean 'phone'"),
        ({"shift": [("phone", "phone", 5)]}, ModelError, "itself"),
        ({"shift": [("phone", "web", 60), ("phone", "visit", 60)]}, ModelError, "more than 100 %"),
        ({"shift": "all"}, ModelError, "list of"),
        ({"again": -1}, ModelError, "`again`"),
        ({"bootstrap": 5}, ModelError, "at least 100"),
        ({"level": 95}, ModelError, "coverage"),
        ({"customer": "cost"}, ModelError, "three different columns"),
        ({"margins": pd.DataFrame({"customer": ["1", "1"], "margin": [1, 2]})}, DataError, "more than one margin"),
        ({"margins": pd.DataFrame({"customer": ["1"], "margin": [None]})}, DataError, "complete them"),
    ],
)
def test_faulty_options_are_refused_in_words(options, error, words):
    with pytest.raises(error, match=words):
        cost_to_serve(made(60), **{**NAMES, **options})


def test_negative_costs_and_missing_columns_are_refused():
    with pytest.raises(DataError, match=r"not below 0, but row 4 has -1 \(rows below 0: 1\)"):
        cost_to_serve(made().assign(cost=lambda t: t["cost"].where(t.index != 3, -1.0)), **NAMES)
    with pytest.raises(DataError, match="no column 'price'"):
        cost_to_serve(made(), channel="channel", cost="price")


@settings(max_examples=8, deadline=None)
@given(st.floats(0.01, 1000.0), st.integers(0, 1000))
def test_money_in_another_unit_changes_nothing_else(unit, seed):
    table = made(60, seed)
    one, other = (cost_to_serve(t, interval="log", **NAMES) for t in (table, table.assign(cost=table["cost"] * unit)))
    columns = ["estimate", "std_error", "ci_low", "ci_high"]
    np.testing.assert_allclose(other.estimates[columns], one.estimates[columns] * unit, rtol=1e-9)


def test_prose_in_three_languages_says_the_assumptions_and_no_benchmark():
    found = cost_to_serve(made(), interval="log", shift=20, **NAMES)
    english, persian, russian = (found.prose(lang) for lang in ("en", "fa", "ru"))
    assert len(english) == len(persian) == len(russian)
    mean = found.estimates["estimate"][0]
    assert f"{mean:.2f}" in english[0]
    assert f"{mean:.2f}".replace(".", ",") in russian[0]
    assert not set("0123456789") & set(persian[0])
    assert any("customers accept the change" in sentence for sentence in english)
    assert "no benchmark" in english[-1]
    cost, shares = found.drawings()
    assert cost.names == shares.names == ("phone", "visit", "web")
    assert all(
        low <= value <= high for low, value, high in zip(cost.lows[0], cost.series[0][1], cost.highs[0], strict=True)
    )


def test_channels_that_a_resample_misses_do_not_touch_the_other_figures():
    table = pd.DataFrame({"customer": list("abc"), "channel": list("pqr"), "cost": [9.0, 5.0, 1.0]})
    found = cost_to_serve(table, bootstrap=20_000, **NAMES).estimates.set_index("term")
    # all 27 resamples of three customers, each as likely as the others
    means = np.array([np.mean(drawn) for drawn in product([9.0, 5.0, 1.0], repeat=3)])
    for term in ("cost_per_contact", "cost_per_customer"):
        row = found.loc[term]
        assert row["std_error"] == pytest.approx(means.std(), rel=4 * np.sqrt(2 / 40_000))
        assert row["ci_low"] < 3.0 < 7.0 < row["ci_high"]


LIST = {"phone": 6.0, "visit": 25.0, "web": 0.5}


def test_unit_costs_stand_in_for_a_column_of_costs():
    table = made().drop(columns="cost")
    found = cost_to_serve(table, channel="channel", unit_costs=LIST, shift=[("phone", "web", 50)])
    priced = cost_to_serve(table.assign(cost=table["channel"].map(LIST)), **NAMES)
    pd.testing.assert_series_equal(found.fit, priced.fit)
    whole = ["term", "estimate", "std_error", "ci_low", "ci_high"]
    pd.testing.assert_frame_equal(found.estimates.loc[:1, whole], priced.estimates.loc[:1, whole])
    saved = 0.5 * (table["channel"] == "phone").sum() * 5.5
    assert found.tables["shifts"]["saving"].tolist() == pytest.approx([saved])
    # a given price has no uncertainty of its own, and none is claimed
    assert found.tables["channels"]["mean"].tolist() == [6.0, 25.0, 0.5]
    assert found.tables["channels"][["std_error", "ci_low", "ci_high"]].isna().all(axis=None)
    assert found.tables["shifts"][["ci_low", "ci_high"]].isna().all(axis=None)
    assert "no interval can be given" in found.text
    assert any(note.code == "COST_UNIT_GIVEN" for note in found.notes)
    assert found.call["unit_costs"] == LIST
    assert '"unit_costs"' in found.to_json()


def test_a_contact_keeps_its_own_cost_and_takes_the_unit_cost_only_for_want_of_one():
    table = pd.DataFrame(
        {
            "customer": list("aabbc"),
            "channel": ["Phone", "web", "phone", "web", "web"],
            "cost": [8.0, None, None, 2.0, 5.0],
        }
    )
    listed = pd.DataFrame({"channel": ["PHONE", "web", "fax"], "cost": ["6", "۱", "3"]})
    found = cost_to_serve(table, unit_costs=listed, interval="t", **NAMES)
    assert found.tables["channels"][["channel", "cost"]].to_numpy().tolist() == [["Phone", 14.0], ["web", 8.0]]
    codes = {note.code for note in found.notes}
    assert {"NAMES_READ_ALIKE", "COST_UNIT_MIXED", "COST_UNIT_UNUSED"} <= codes
    assert "COST_UNIT_GIVEN" not in codes
    # one price for all: the cost per contact is no estimate, the number of contacts of a customer is
    single = cost_to_serve(table[["customer"]].assign(channel="web"), channel="channel", unit_costs={"web": 2})
    assert single.estimates.set_index("term")["std_error"].notna().to_dict() == {
        "cost_per_contact": False, "cost_per_customer": True, "cost_per_contact: web": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (None, "Give `cost`"),
        ({"phone": 1.0, "visit": 2.0}, "on 'web', of which `unit_costs` has no cost"),
        ({**LIST, "phone": -1.0}, "not below 0, but is for 'phone'"),
        ({**LIST, "Phone": 2.0}, "different costs for"),
        ({**LIST, "phone": None}, "a cell is empty"),
        ({**LIST, "phone": "dear"}, "dear .row 1. is none"),
        (5.0, "is a DataFrame, responses or the path"),
    ],
)
def test_faulty_unit_costs_are_refused_in_words(listed, words):
    with pytest.raises((DataError, ModelError), match=words):
        cost_to_serve(made(60).drop(columns="cost"), channel="channel", unit_costs=listed)


@pytest.mark.parametrize(
    "table", [made(60).assign(cost=0.0), made(60).assign(cost=3.0), made(1)], ids=["0", "3", "one"]
)
@pytest.mark.parametrize("interval", ["bootstrap", "t", "log"])
def test_prose_of_an_extreme_table_has_no_dash_for_a_figure(table, interval):
    margins = pd.DataFrame({"customer": table["customer"].unique(), "margin": 1e6})
    found = cost_to_serve(table, interval=interval, margins=margins, shift=50, **NAMES)
    assert "–" not in found.text
    assert "dearest" not in found.text
    assert "No customer whose margin is known costs more" in found.text
