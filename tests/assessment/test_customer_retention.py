"""Cohorts, repeat purchases, losses by a gap, visits a year: by hand, by other formulas, and with faulty dates."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.value import retention
from crmstudy.assessment.value import rows as source_rows
from crmstudy.assessment.value.survival import kaplan_meier, median_time
from crmstudy.errors import DataError, ModelError
from tests import tolerances

NEAR = tolerances.CLOSED_FORM_RELATIVE


def codes(result):
    return {note.code for note in result.notes}


def frame(*rows):
    return pd.DataFrame(rows, columns=["customer", "date"])


SALES = frame(
    ("a", "2026-01-05"), ("a", "2026-02-10"), ("a", "2026-02-10"), ("a", "2026-04-01"),
    ("b", "2026-01-20"), ("b", "2026-03-02"),
    ("c", "2026-02-14"),
    ("d", "2026-04-10"),
)  # fmt: skip


def wilson(successes, trials, z=1.959963984540054):
    """The interval as the roots of (p - share)^2 = z^2 p(1-p)/n."""
    share = successes / trials
    a, b, c = 1 + z**2 / trials, -(2 * share + z**2 / trials), share**2
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def test_cohorts_by_hand():
    ours = retention(SALES, until="2026-04-15")
    cells = ours.tables["cohorts"].set_index(["cohort", "period"])
    assert cells.loc["2026-01", "active"].tolist() == [2, 1, 1, 1]
    assert cells.loc["2026-02", "active"].tolist() == [1, 0, 0]
    assert cells.loc["2026-04", "active"].tolist() == [1]
    assert cells.loc["2026-01", "complete"].tolist() == [True, True, True, False]
    pooled = ours.tables["pooled"].set_index("period")
    assert pooled["customers"].tolist() == [3, 3, 2]  # April is not over: nobody is followed into it
    assert pooled["active"].tolist() == [3, 1, 1]
    row = ours.estimates.set_index("term").loc["retention_1"]
    assert [row["estimate"], row["ci_low"], row["ci_high"]] == pytest.approx([1 / 3, *wilson(1, 3)], rel=NEAR)
    assert "COHORTS_LAST_PERIOD" in codes(ours)
    whole = retention(SALES, until="2026-04-30")
    assert "COHORTS_LAST_PERIOD" not in codes(whole)
    assert whole.tables["pooled"]["customers"].tolist() == [4, 3, 3, 2]


def test_periods_by_hand():
    table = retention(SALES, until="2026-04-30").tables["periods"].set_index("period")
    assert table["active"].tolist() == [2, 2, 1, 2]
    assert table["new"].tolist() == [2, 1, 0, 1]
    assert table["kept"].tolist() == [0, 1, 0, 0]
    assert table["lost"].tolist() == [0, 1, 2, 1]
    assert table["regained"].tolist() == [0, 0, 1, 1]
    assert (table["active"] == table["new"] + table["kept"] + table["regained"]).all()
    assert table["churn"].iloc[1:].tolist() == [0.5, 1.0, 1.0]
    assert table["retention"].isna().tolist() == [True, False, False, False]


def test_days_count_once_and_the_repeat_rate_is_of_days():
    twice = frame(("a", "2026-01-05 09:00"), ("a", "2026-01-05 18:00"), ("b", "2026-01-05"), ("b", "2026-01-06"))
    ours = retention(twice, until="2026-01-31")
    row = ours.estimates.set_index("term").loc["repeat_rate"]
    assert row["estimate"] == 0.5
    assert row["std_error"] == pytest.approx(math.sqrt(0.25 / 2), rel=NEAR)
    assert ours.fit["visits"] == 3


def test_a_lost_customer_is_lost_at_the_first_long_gap():
    ours = retention(SALES, until="2026-04-15", gap=45)
    # a: 50 days from 10 February to 1 April; b: 44 days from 2 March; c: 60 days from 14 February; d: 5 days
    table = ours.tables["survival"].set_index("time")
    assert table.index.tolist() == [5, 45, 81, 85]
    assert table["lost"].tolist() == [0, 1, 1, 0]  # c after 0 + 45 days, a after 36 + 45, though it came back
    assert table["censored"].tolist() == [1, 0, 0, 1]
    assert table["survival"].tolist() == pytest.approx([1.0, 2 / 3, 1 / 3, 1 / 3], rel=NEAR)
    assert [ours.fit["lost"], ours.fit["returned"]] == [2, 1]
    assert {"COHORTS_CAME_BACK", "COHORTS_CENSORED"} <= codes(ours)
    within = ours.estimates.set_index("term").loc["repeat_rate_in_gap"]
    assert within["estimate"] == pytest.approx(2 / 3, rel=NEAR)  # d was not observed for 45 days


def test_exactly_the_gap_is_not_lost():
    pair = frame(("a", "2026-01-01"), ("a", "2026-01-31"))
    assert retention(pair, until="2026-03-02", gap=30).fit["lost"] == 0
    assert retention(pair, until="2026-03-03", gap=30).fit["lost"] == 1
    assert retention(pair, until="2026-03-02", gap=29).fit["lost"] == 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=2, max_size=30))
def test_survival_without_censoring_is_the_share_left(pairs):
    time = np.array([float(one) for one, _ in pairs])
    all_lost = kaplan_meier(time, np.ones(len(time), dtype=bool))
    for row in all_lost.to_dict("records"):
        left = float((time > row["time"]).mean())
        assert row["survival"] == pytest.approx(left, abs=1e-12)
        if 0.0 < left < 1.0:  # Greenwood is the binomial error then
            assert row["std_error"] == pytest.approx(math.sqrt(left * (1 - left) / len(time)), rel=1e-9)
    lost = np.array([was for _, was in pairs])
    table = kaplan_meier(time, lost)
    assert (np.diff(table["survival"]) <= 1e-15).all()
    ends = table[table["survival"] > 0.0]
    assert (ends["ci_low"] <= ends["survival"] + 1e-12).all()
    assert (ends["survival"] <= ends["ci_high"] + 1e-12).all()
    assert int(table["lost"].sum()) == int(lost.sum())


def test_no_median_where_more_than_half_stay():
    table = kaplan_meier(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, False, False]))
    assert np.isnan(median_time(table)[0])
    ours = retention(SALES, until="2026-04-15", gap=50)
    assert "median_days" not in ours.estimates["term"].tolist()
    assert "no median is given" in ours.text


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 300)), min_size=1, max_size=60), st.randoms())
def test_the_order_of_rows_does_not_matter(pairs, random):
    rows = [(f"k{who}", pd.Timestamp("2025-01-15") + pd.Timedelta(days=day)) for who, day in pairs]
    first = retention(frame(*rows), gap=40)
    random.shuffle(rows)
    second = retention(frame(*rows), gap=40)
    for name in ("cohorts", "pooled", "periods", "survival", "years"):
        pd.testing.assert_frame_equal(first.tables[name], second.tables[name])
    pd.testing.assert_frame_equal(first.estimates, second.estimates)
    active = first.tables["cohorts"]["active"]
    assert int(active.sum()) == int(first.tables["periods"]["active"].sum())


def test_visits_a_year_beside_the_printed_case():
    """Source documents 4.16: 5.4 visits a year and customer, shown as an illustration."""
    days = [("a", f"2025-{month:02d}-01") for month in range(1, 13)] + [("b", "2025-01-01"), ("b", "2025-12-31")]
    ours = retention(frame(*days, ("a", "2026-01-15")), until="2026-01-31")
    assert ours.fit["visits_per_year"] == 14 / 2  # 2026 is not over
    assert ours.tables["years"]["complete"].tolist() == [True, False]
    printed = ours.tables["printed"].iloc[0]
    assert [printed["value"], printed["source"]] == [5.4, "4.16"]
    assert "not a norm" in printed["use"]
    assert "7.00 times a year; the source documents tell of 5.40" in ours.text


def test_quarters_and_years_are_calendar_ones():
    rows = frame(("a", "2025-03-31"), ("a", "2025-04-01"), ("b", "2024-12-31"), ("b", "2026-01-01"))
    quarters = retention(rows, every="quarter", until="2026-03-31").tables["cohorts"].set_index("cohort")
    assert quarters.loc["2025-Q1", "active"].tolist() == [1, 1, 0, 0, 0]
    years = retention(rows, every="year", until="2026-12-31").tables["cohorts"].set_index("cohort")
    assert years.loc["2024", "active"].tolist() == [1, 0, 1]


def test_dates_out_of_order_and_rows_entered_twice_are_told():
    messy = pd.concat([SALES.iloc[::-1], frame((None, "2026-02-01"), ("e", None), ("f", "2027-01-01"))])
    ours = retention(messy, until="2026-04-30", gap=45)
    assert {"TRANSACTIONS_OUT_OF_ORDER", "TRANSACTIONS_REPEATED", "TRANSACTIONS_LEFT_OUT"} <= codes(ours)
    assert ours.n == 4
    assert int(ours.samples["rows_dropped"].iloc[0]) == 3
    pd.testing.assert_frame_equal(
        ours.tables["cohorts"], retention(SALES, until="2026-04-30", gap=45).tables["cohorts"]
    )


def test_times_with_a_zone_are_taken_to_universal_time():
    late = frame(("a", "2026-01-31 23:30-05:00"), ("b", "2026-01-31 10:00-05:00"))  # 1 February in universal time
    cells = retention(late, until="2026-02-28").tables["cohorts"]
    assert cells[cells["period"] == 0]["cohort"].tolist() == ["2026-01", "2026-02"]


def test_a_return_lowers_revenue_and_is_no_visit():
    money = SALES.assign(amount=[10.0, 20.0, 5.0, -40.0, 7.0, 8.0, 9.0, 1.0])
    ours = retention(money, amount="amount", until="2026-04-30", gap=60)
    cells = ours.tables["cohorts"].set_index(["cohort", "period"])
    assert cells.loc["2026-01", "revenue"].tolist() == [17.0, 25.0, 8.0, -40.0]
    assert cells.loc["2026-01", "active"].tolist() == [2, 1, 1, 0]  # a came back in April to return something
    assert ours.fit[["visits", "lost"]].tolist() == [6, 2]  # a after 10 February, c after the 14th
    once = pd.DataFrame({"customer": ["a", "a"], "date": ["2026-01-05", "2026-01-09"], "amount": [9.0, -9.0]})
    again = retention(once, amount="amount").estimates.set_index("term").loc["repeat_rate", "estimate"]
    assert again == 0.0
    with pytest.raises(DataError, match="only returns"):
        retention(once.iloc[1:], amount="amount")


def test_returns_without_a_purchase_before_are_in_no_cohort_and_told():
    rows = pd.DataFrame(
        {"customer": ["a", "a", "b", "c"], "date": ["2026-01-05", "2026-02-09", "2026-02-10", "2026-02-11"],
         "amount": [-9.0, 30.0, -5.0, 1.0]}
    )  # fmt: skip
    rows.loc[len(rows)] = ["d", "2027-01-01", 5.0]  # after the end: a customer that is not there
    ours = retention(rows, amount="amount", until="2026-02-28")
    assert ours.n == 2
    assert ours.tables["cohorts"][["cohort", "revenue"]].values.tolist() == [["2026-02", 31.0]]
    (told,) = [note for note in ours.notes if note.code == "COHORTS_RETURNS_BEFORE"]
    assert "Returns of 14.00" in told.message
    assert told.message.endswith("customers with returns only: 1.")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("size", [2, 2**18])
def test_files_and_pieces_of_any_size_give_what_the_table_gives(suffix, size, tmp_path, monkeypatch):
    monkeypatch.setattr(source_rows, "PIECE", size)
    random = np.random.default_rng(3)
    data = pd.DataFrame(
        {
            "customer": random.choice([7, 8, 9, 10, 11], 90),
            "date": pd.Timestamp("2023-12-15") + pd.to_timedelta(random.integers(0, 450, 90), unit="D"),
            "amount": np.round(random.normal(20, 15, 90), 2),
        }
    )
    path = tmp_path / f"sales{suffix}"
    if suffix == ".csv":
        data.to_csv(path, index=False)
    else:
        pytest.importorskip("pyarrow")
        data.to_parquet(path)
    ours = retention(path, amount="amount", gap=50, until="2025-03-31")
    monkeypatch.setattr(source_rows, "PIECE", 2**18)
    whole = retention(data, amount="amount", gap=50, until="2025-03-31")
    for name in ("cohorts", "pooled", "periods", "survival", "years"):
        pd.testing.assert_frame_equal(ours.tables[name], whole.tables[name], rtol=1e-12)
    by_month = data.assign(month=data["date"].dt.to_period("M")).query("amount >= 0")
    first = by_month.groupby("customer")["month"].transform("min")
    after = by_month["month"].astype("int64") - first.astype("int64")
    cells = by_month.assign(cohort=first.astype(str), after=after).groupby(["cohort", "after"])["customer"].nunique()
    table = ours.tables["cohorts"].query("active > 0").set_index(["cohort", "period"])["active"]
    assert table.to_dict() == cells.to_dict()  # counted by pandas


def test_days_of_any_year():
    for year in (1500, 1969, 2400, 9999):
        rows = frame(("a", f"{year}-02-28"), ("a", f"{year}-03-01"), ("b", f"{year}-12-31"))
        ours = retention(rows, gap=10**12)
        leap = pd.Timestamp(year, 1, 1).is_leap_year
        assert ours.tables["years"]["year"].tolist() == [str(year)]
        assert ours.tables["cohorts"]["cohort"].unique().tolist() == [f"{year}-02", f"{year}-12"]
        assert ours.tables["survival"]["time"].tolist() == [0.0, 307.0 if leap else 306.0]


def test_one_customer_and_nobody_lost_are_said():
    ours = retention(frame(("a", "2026-01-05")), gap=30)
    assert {"VALUE_ONE_CUSTOMER", "COHORTS_NOBODY_LOST", "COHORTS_BEGINS"} <= codes(ours)
    assert ours.estimates.set_index("term").loc["repeat_rate", "estimate"] == 0.0
    assert "COHORTS_NO_GAP" in codes(retention(SALES))
    over = retention(frame(("a", "2026-01-05")), gap=30, until="2026-06-30")
    assert "COHORTS_NONE_LEFT" in codes(over)
    assert over.tables["survival"]["survival"].tolist() == [0.0]


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"every": "week"}, ModelError, "`every` is one of"),
        ({"gap": 0}, ModelError, "whole number of days"),
        ({"gap": 2.5}, ModelError, "whole number of days"),
        ({"interval": "loglog"}, ModelError, "Did you mean 'log-log'"),
        ({"level": 95}, ModelError, "level"),
        ({"until": "soon"}, ModelError, "`until` is a day"),
        ({"until": 20260430}, ModelError, "`until` is a day"),
        ({"until": "2025-01-01"}, DataError, "after the last day that counts"),
        ({"date": "day"}, DataError, "no column 'day'"),
        ({"date": None}, ModelError, "`date` names a column"),
        ({"amount": 3}, ModelError, "`amount` names a column"),
        ({"key": 3}, ModelError, "`key` names a column"),
        ({"repeated": "twice"}, ModelError, "`repeated` is"),
    ],
)
def test_faulty_options(asked, error, words):
    with pytest.raises(error, match=words):
        retention(SALES, **asked)


def test_rows_that_cannot_be_used_are_left_out_and_told():
    with pytest.raises(DataError, match="the date cannot be read"):
        retention(frame(("a", "2026-13-01")))
    with pytest.raises(DataError, match="no customer is named"):
        retention(frame((None, "2026-01-01")))
    with pytest.raises(DataError, match="has no rows"):
        retention(SALES.iloc[:0])
    ours = retention(pd.concat([SALES, frame(("a", "03/04/2026"))]), until="2026-04-30")
    assert ours.fit["visits"] == 7  # day and month are not guessed at
    assert "TRANSACTIONS_LEFT_OUT" in codes(ours)
    assert retention(frame(("a", "03/04/2026")), date_format="%d/%m/%Y").call["until"] == "2026-04-03"
    with pytest.raises(DataError, match="are the most"):
        retention(frame(("a", "1700-01-01"), ("b", "2026-01-01")))


def test_it_says_so_in_three_languages_and_draws():
    ours = retention(SALES, until="2026-04-15", gap=45)
    english, persian, russian = (ours.prose(lang) for lang in ("en", "fa", "ru"))
    assert len(english) == len(persian) == len(russian)
    assert english[0].startswith("Of 4 customers 50.0%")
    assert "۵۰٫۰٪" in persian[0]
    assert "50,0" in russian[0]
    grid, curve = ours.drawings()
    assert grid.rows == ("2026-01", "2026-02")
    assert grid.values[1] == (100.0, 0.0, None)
    assert curve.lines[0][2][0] == 1.0
    for one in ours.shown:
        assert {name for name, _, _ in one.columns} <= set(ours.tables[one.table])
    assert ours.to_json()
