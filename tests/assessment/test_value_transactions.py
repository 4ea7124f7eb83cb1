"""Transactions added up by customer against pandas, and every kind of faulty row."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.value import rows
from crmstudy.assessment.value.seen import Seen, marks_of
from crmstudy.assessment.value.transactions import transactions
from crmstudy.errors import DataError, ModelError
from tests import tolerances


def made_up(n: int = 4000, seed: int = 5) -> pd.DataFrame:
    """Transactions with returns, some of a customer twice a day."""
    random = np.random.default_rng(seed)
    amount = np.round(random.lognormal(3, 1, n), 2)
    amount[random.random(n) < 0.04] *= -0.5
    return pd.DataFrame(
        {
            "customer": [f"K{number:03d}" for number in (random.random(n) ** 2 * 300).astype(int)],
            "date": pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, 365, n), unit="D"),
            "amount": amount,
            "cost": np.round(np.abs(amount) * random.uniform(0.4, 1.4, n), 2),
        }
    )


def codes(result: object) -> set[str]:
    return {note.code for note in result.notes}


def by_pandas(data: pd.DataFrame) -> pd.DataFrame:
    """The same totals by another road: pandas' groupby of the whole table."""
    grouped = data.assign(profit=data["amount"] - data["cost"]).groupby("customer")
    bought = data[data["amount"] >= 0].groupby("customer")
    made = pd.DataFrame({"n": grouped.size(), "revenue": grouped["amount"].sum(), "profit": grouped["profit"].sum()})
    made["purchases"] = bought.size().reindex(made.index, fill_value=0)
    made["first"], made["last"] = bought["date"].min(), bought["date"].max()
    return made.reset_index()


def assert_totals(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    assert ours["customer"].tolist() == theirs["customer"].tolist()
    for name in ("n", "purchases"):
        assert ours[name].tolist() == theirs[name].tolist()
    for name in ("revenue", "profit"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=tolerances.CLOSED_FORM_RELATIVE, atol=1e-9)
    for name in ("first", "last"):
        assert ours[name].tolist() == theirs[name].tolist()


@pytest.mark.parametrize("suffix", ["frame", ".csv", ".tsv", ".parquet", ".xlsx"])
@pytest.mark.parametrize("piece", [37, 2**18])
def test_totals_are_those_of_pandas_from_every_source_and_size_of_piece(suffix, piece, tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "PIECE", piece)
    data = made_up(600)
    source: object = data
    if suffix != "frame":
        source = tmp_path / f"sales{suffix}"
        if suffix == ".parquet":
            pytest.importorskip("pyarrow")
            data.to_parquet(source)
        elif suffix == ".xlsx":
            data.assign(date=data["date"].dt.strftime("%Y-%m-%d")).to_excel(source, index=False)
        else:
            data.to_csv(source, index=False, sep="\t" if suffix == ".tsv" else ",")
    result = transactions(source, cost="cost")
    assert_totals(result.customers, by_pandas(data))
    assert result.n == 600
    assert result.customers["returned"].sum() == pytest.approx(data.loc[data["amount"] < 0, "amount"].sum(), rel=1e-12)


def test_ids_are_whole_numbers_where_the_source_has_such_and_keep_their_zeros_where_it_has_not(tmp_path):
    numbers = pd.DataFrame({"customer": [7, 10, 7], "amount": [1.0, 2.0, 3.0]})
    path = tmp_path / "sales.csv"
    numbers.to_csv(path, index=False)
    for source in (numbers, path, numbers.astype({"customer": float})):
        table = transactions(source, date=None).customers
        assert table["customer"].tolist() == [7, 10]
        assert table["revenue"].tolist() == [4.0, 2.0]
    path.write_text("customer,amount\n007,1\n7,2\n 007 ,4\n", encoding="utf-8")
    table = transactions(path, date=None).customers
    assert table[["customer", "revenue"]].values.tolist() == [["007", 5.0], ["7", 2.0]]
    mixed = pd.DataFrame({"customer": ["7", "A"], "amount": [1, 2]})
    assert transactions(mixed, date=None).customers["customer"].tolist() == ["7", "A"]


def test_every_row_that_cannot_be_used_is_counted_once_with_examples():
    data = pd.DataFrame(
        {
            "customer": ["A", None, " ", "B", "B", "B", "B", "B", "C"],
            "amount": ["10", "1", "1", "", "ten", "inf", "5", "5", "5"],
            "cost": ["4", "1", "1", "1", "1", "1", "?", None, "2"],
            "date": ["2026-01-05", "2026-01-05", "x", "2026-01-05", "2026-01-05", "2026-01-05", "2026-01-05",
                     "2026-01-05", "31/31/2026"],
        }
    )  # fmt: skip
    result = transactions(data, cost="cost")
    counted = result.samples.iloc[0]
    assert (counted["n"], counted["dropped"], counted["customers"]) == (1, 8, 1)
    wanted = {
        "missing_customer": 2, "missing_amount": 1, "unreadable_amount": 2, "unreadable_cost": 1, "missing_cost": 1,
        "unreadable_date": 1,
    }  # fmt: skip
    assert {name: counted[name] for name in wanted} == wanted
    assert sum(wanted.values()) == counted["dropped"]
    told = " ".join(note.message for note in result.notes)
    assert "row 5 (ten), row 6 (inf)" in told
    assert "date_format" in told
    assert result.tables["left_out"]["rows"].sum() == 8
    assert "TRANSACTIONS_ONE_CUSTOMER" in codes(result)


def test_nothing_usable_is_refused_with_every_reason():
    data = pd.DataFrame({"customer": ["A", "B"], "amount": ["x", ""], "date": ["2026-01-01", "2026-01-01"]})
    with pytest.raises(DataError) as caught:
        transactions(data)
    assert len(caught.value.faults) == 3
    with pytest.raises(DataError, match="has no rows"):
        transactions(data.iloc[:0])
    with pytest.raises(DataError, match="more than a number can hold"):
        transactions(data.assign(customer="A", amount=1e308))


def test_all_faults_of_columns_and_options_come_at_once():
    data = pd.DataFrame({"client": ["A"], "amount": [1.0], "when": ["2026-01-01"]})
    with pytest.raises(DataError) as caught:
        transactions(data, date="wen", key="bill", customer="cliient")
    assert len(caught.value.faults) == 3
    assert "Did you mean 'client'?" in str(caught.value)
    with pytest.raises(ModelError) as refused:
        transactions(data, cost="a", profit="b", repeated="twice", decimal=";", as_of="soon", date=None)
    assert len(refused.value.faults) == 5
    with pytest.raises(DataError, match="name two columns"):
        transactions(data, customer="client", amount="client", date=None)
    with pytest.raises(DataError, match="not list"):
        transactions([1, 2])
    with pytest.raises(DataError, match="no file"):
        transactions("nowhere.csv")


@pytest.mark.parametrize("piece", [2, 100])
def test_rows_that_repeat_others_are_kept_and_told_or_dropped_by_their_key(piece, monkeypatch):
    monkeypatch.setattr(rows, "PIECE", piece)
    data = pd.DataFrame(
        {
            "customer": ["A", "B", "A", "A", "B", "C"], "amount": [5.0, 1.0, 5.0, 5.0, 2.0, 4.0],
            "date": ["2026-01-01"] * 6, "bill": ["1", "2", "1", "3", "2", None],
        }
    )  # fmt: skip
    without = transactions(data.drop(columns="bill"))
    assert without.n == 6
    (told,) = [note for note in without.notes if note.code == "TRANSACTIONS_REPEATED"]
    assert told.message.startswith("2 rows repeat an earlier row in every column (row 3, row 4)")
    assert without.customers["revenue"].tolist() == [15.0, 3.0, 4.0]
    assert transactions(data.drop(columns="bill"), repeated="drop").customers["revenue"].tolist() == [5.0, 3.0, 4.0]
    assert transactions(data).samples["repeated"].tolist() == [0]  # the bill tells them apart: one equals row 1
    keyed = transactions(data, key="bill")
    assert keyed.customers["revenue"].tolist() == [10.0, 1.0, 4.0]
    assert keyed.samples["repeated"].tolist() == [2]
    assert {"TRANSACTIONS_KEYS_CONTRADICT", "TRANSACTIONS_WITHOUT_KEY"} <= codes(keyed)
    assert transactions(data, key=["bill", "amount"]).samples["repeated"].tolist() == [1]
    assert transactions(data, key="bill", repeated="keep").n == 6


def test_equal_rows_are_those_pandas_finds():
    random = np.random.default_rng(2)
    data = pd.DataFrame(
        {"customer": random.integers(0, 9, 500), "amount": random.integers(1, 5, 500) / 2, "date": "2026-01-01",
         "shop": random.choice(["a", "b"], 500)}
    )  # fmt: skip
    message = next(note.message for note in transactions(data).notes if note.code == "TRANSACTIONS_REPEATED")
    assert message.startswith(f"{int(data.duplicated().sum())} rows")
    assert transactions(data, repeated="drop").n == len(data.drop_duplicates())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=12))
def test_marks_are_known_again_in_any_piece(pieces):
    seen, before = Seen(), set()
    for piece in pieces:
        found = seen.again(marks_of([pd.Series(piece, dtype=float)]))
        for value, again in zip(piece, found, strict=True):
            assert again == (value in before)
            before.add(value)


def test_order_of_dates_is_looked_at_within_a_customer_and_changes_nothing():
    data = made_up(500)
    by_customer = data.sort_values(["customer", "date"], kind="stable")
    by_day = data.sort_values("date", kind="stable")
    assert "TRANSACTIONS_OUT_OF_ORDER" not in codes(transactions(by_customer)) | codes(transactions(by_day))
    latest, backwards = {}, 0
    for customer, day in zip(data["customer"], data["date"], strict=True):
        backwards += customer in latest and day < latest[customer]
        latest[customer] = day
    (told,) = [note for note in transactions(data).notes if note.code == "TRANSACTIONS_OUT_OF_ORDER"]
    assert told.message.startswith(f"{backwards} rows")
    assert (
        transactions(data)
        .customers.drop(columns=["revenue", "returned"])
        .equals(transactions(by_day).customers.drop(columns=["revenue", "returned"]))
    )


def test_days_after_the_last_one_that_counts_are_left_out_and_their_own_day_is_not():
    data = pd.DataFrame(
        {"customer": list("AAB"), "amount": [1, 2, 3], "date": ["2026-01-01", "2026-01-02T23:59", "2026-01-03"]}
    )
    result = transactions(data, as_of="2026-01-02")
    assert result.n == 2
    assert result.samples["after_as_of"].tolist() == [1]
    assert result.call["as_of"] == "2026-01-02"
    assert transactions(data).call["as_of"] == "2026-01-03"
    assert transactions(data, as_of=datetime.date(2026, 1, 2)).n == 2


def test_dates_and_numbers_are_read_as_people_write_them(tmp_path):
    zoned = pd.DataFrame({"customer": ["A"], "amount": [1], "date": ["2026-01-01T01:00+03:30"]})
    assert transactions(zoned).customers["first"].tolist() == [pd.Timestamp("2025-12-31 21:30")]
    days = pd.DataFrame({"customer": ["A"], "amount": [1], "date": [datetime.date(2026, 5, 1)]})
    assert transactions(days).call["as_of"] == "2026-05-01"
    whole = pd.DataFrame({"customer": ["A"], "amount": [1], "date": [20260501]})
    with pytest.raises(DataError, match="date_format"):
        transactions(whole)
    assert transactions(whole, date_format="%Y%m%d").call["as_of"] == "2026-05-01"
    path = tmp_path / "sales.csv"
    path.write_text("مشتری;مبلغ;تاریخ\nالف;۱۲,۵;01.02.2026\nب;۷;۰۲.۰۲.۲۰۲۶\n", encoding="utf-8-sig")
    result = transactions(path, customer="مشتری", amount="مبلغ", date="تاریخ", decimal=",", date_format="%d.%m.%Y")
    assert result.customers["revenue"].tolist() == [12.5, 7.0]
    assert result.customers["last"].dt.month.tolist() == [2, 2]
    russian = "клиент,сумма\nИванов,10\nПетров,20\n" * 5
    path.write_bytes(russian.encode("cp1251"))
    result = transactions(path, customer="клиент", amount="сумма", date=None)
    assert result.customers["customer"].tolist() == ["Иванов", "Петров"]
    assert "RESPONSES_ENCODING_GUESSED" in codes(result)


def test_a_file_that_cannot_be_taken_apart_is_refused(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("customer,amount\nA,1\nB,2,3\n", encoding="utf-8")
    with pytest.raises(DataError, match="taken apart"):
        transactions(path, date=None)
    path.write_text("  \n", encoding="utf-8")
    with pytest.raises(DataError, match="empty"):
        transactions(path)
    path.write_text('customer,amount\n"A,1\n', encoding="utf-8")
    with pytest.raises(DataError, match="taken apart"):
        transactions(path, date=None)
    broken = tmp_path / "sales.parquet"
    broken.write_bytes(b"PAR1 this is none")
    pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match="Parquet"):
        transactions(broken)


def test_sentences_hold_the_figures_in_every_language():
    data = pd.DataFrame({"customer": ["A", "B", None], "amount": [1000.0, 500.0, 1.0], "cost": [400.0, 600.0, 0.0]})
    result = transactions(data, date=None, cost="cost")
    assert "2 transactions of 2 customers" in result.text
    assert "1,500" in result.text
    assert "500.00" in result.text
    assert "۱٬۵۰۰" in " ".join(result.prose("fa"))
    assert "Исключено строк: 1" in " ".join(result.prose("ru"))
    assert '"left_out"' in result.to_json()
