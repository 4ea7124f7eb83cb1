"""Real purchases of 2,357 customers: the data set against its description, and what is made of it by other roads."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from crmstudy.assessment.value import pareto, retention, rfm, transactions

FOLDER = Path(__file__).resolve().parents[2] / "data" / "cdnow"
CARD = yaml.safe_load((FOLDER / "dataset.yaml").read_text(encoding="utf-8"))
FILE = FOLDER / CARD["file"]


@pytest.fixture(scope="module")
def purchases() -> pd.DataFrame:
    return pd.read_csv(FILE, parse_dates=["date"])


def test_the_file_is_the_one_described(purchases):
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == CARD["sha256"]
    assert purchases.shape == (CARD["rows"], CARD["columns"]) == (6919, 5)
    assert list(purchases.columns) == list(CARD["codebook"])
    for name, entry in CARD["codebook"].items():
        ends = (entry["low"], entry["high"])
        low, high = map(pd.Timestamp, ends) if entry["type"] == "date" else ends
        assert purchases[name].between(low, high).all()
        assert purchases[name].notna().all()
    assert "MIT License" in (FOLDER / "LICENSE.txt").read_text(encoding="utf-8")
    assert set(CARD["title"]) == {"en", "fa", "ru"}


def test_the_original_is_restored_from_it_byte_by_byte():
    """Blanks for commas, dates without hyphens, columns aligned: the checksum of the package's file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    lines = [
        f" {master} {customer} {day.replace('-', '')} {cds:>2} {amount:>7}"
        for master, customer, day, cds, amount in rows
    ]
    made = "".join(f"{line}\r\n" for line in lines).encode()
    assert CARD["origin"]["package_sha256"] in {
        hashlib.sha256(made).hexdigest(), hashlib.sha256(made.replace(b"\r\n", b"\n")).hexdigest(),
    }  # fmt: skip


def test_what_the_readme_says_of_the_data_is_so(purchases):
    result = transactions(FILE)
    codes = {note.code: note.message for note in result.notes}
    assert codes["TRANSACTIONS_REPEATED"].startswith("21 rows")
    assert codes["TRANSACTIONS_FREE"].startswith("8 rows")
    assert "TRANSACTIONS_RETURNS" not in codes
    assert result.samples[["n", "dropped", "customers"]].values.tolist() == [[6919, 0, 2357]]
    assert result.customers["first"].max() <= pd.Timestamp("1997-03-31")
    assert result.call["as_of"] == "1998-06-30"
    assert result.customers["revenue"].sum() == pytest.approx(244_091.94, abs=0.005)


def test_a_fifth_of_the_customers_by_sorting(purchases):
    sums = np.sort(purchases.groupby("customer")["amount"].sum())[::-1]
    place = 0.2 * len(sums)  # 471.4 customers
    whole = int(place)
    share = (sums[:whole].sum() + (place - whole) * sums[whole]) / sums.sum()
    result = pareto(FILE, bootstrap=200)
    assert result.estimates["estimate"].iloc[0] == pytest.approx(share, rel=1e-10)
    totals = result.tables["totals"].iloc[0]
    enough = int(totals["target_customers"])
    assert sums[:enough].sum() >= 0.8 * sums.sum() > sums[: enough - 1].sum()
    assert result.tables["claim"].loc[0, "position"] == "above"  # one cohort: less than 80 % from a fifth
    assert 0.55 < share < 0.75


def test_rfm_by_ranking(purchases):
    """pandas' qcut on recency and money, which are cut where no ties lie on several cuts; frequency by counting."""
    table = rfm(FILE).tables["customers"]
    assert table["customer"].str.lstrip("0").astype(int).tolist() == list(range(1, 2358))
    grouped = purchases.groupby("customer")
    days = (pd.Timestamp("1998-06-30") - grouped["date"].max()).dt.days
    assert table["r"].tolist() == pd.qcut(days, 5, labels=[5, 4, 3, 2, 1]).tolist()
    money = grouped["amount"].sum().round(2)
    assert table["m"].tolist() == pd.qcut(money, 5, labels=[1, 2, 3, 4, 5]).tolist()
    counts = grouped.size().to_numpy()
    assert (table.loc[counts == 1, "f"] == 1).all()
    cuts = np.quantile(counts, [0.2, 0.4, 0.6, 0.8])
    assert (table["f"] == 1 + (counts[:, None] > cuts).sum(axis=1)).all()


def test_repeat_purchases_of_the_first_39_weeks_are_those_of_the_package():
    """Its own summary (cdnow_customers_summary.csv), to 30 September 1997: 1,411 without a repeat, 2,457 repeats."""
    found = retention(FILE, until="1997-09-30")
    rows = found.estimates.set_index("term")
    assert rows.loc["repeat_rate", "estimate"] == pytest.approx((2357 - 1411) / 2357, rel=1e-12)
    assert found.samples["transactions"].tolist() == [2357 + 2457]
