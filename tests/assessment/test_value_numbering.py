"""Customers numbered piece by piece, odd types of cells, and numbers at the ends of what a number can hold."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.value import acquisition, clv, investment, pareto, portfolio, retention, rfm, tiers
from crmstudy.assessment.value.discounting import crossings, payback
from crmstudy.assessment.value.numbering import Numbering
from crmstudy.assessment.value.totals import settled
from crmstudy.assessment.value.transactions import transactions
from crmstudy.errors import DataError, ModelError
from tests import tolerances

NAMES = st.one_of(
    st.integers(-(10**20), 10**20), st.integers(0, 3), st.sampled_from(["7", " 7", "007", "a", "A ", "", "-0", "0"]),
    st.floats(0, 5), st.none(),
)  # fmt: skip


def said(name: object) -> str:
    if name is None or (isinstance(name, float) and np.isnan(name)):
        return ""
    if isinstance(name, float) and name.is_integer():
        return str(int(name))
    return str(name).strip()


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(NAMES, max_size=12), max_size=8))
def test_a_name_has_one_number_in_whatever_piece_and_type(pieces):
    ours, numbers = Numbering(textual=False), {}
    for piece in pieces:
        found = ours.numbers(pd.Series(piece, dtype=object))
        for name, number in zip(piece, found.tolist(), strict=True):
            assert number == (numbers.setdefault(said(name), number) if said(name) else -1)
    assert sorted(number for number in numbers.values() if number >= 0) == list(range(ours.size))
    assert {str(name): place for place, name in enumerate(ours.names().tolist())} == {
        name: number for name, number in numbers.items() if name
    }


def test_pieces_of_numbers_and_of_texts_know_each_other():
    ours = Numbering(textual=True)
    assert ours.numbers(pd.Series([5, 10**17, 5])).tolist() == [0, 1, 0]
    assert ours.numbers(pd.Series(["5", str(10**17), "6"])).tolist() == [0, 1, 2]
    assert ours.names().tolist() == [5, 10**17, 6]
    assert ours.names().dtype == np.int64
    assert ours.numbers(pd.Series([2**63], dtype="uint64")).tolist() == [3]
    assert ours.names().tolist() == ["5", str(10**17), "6", str(2**63)]


SALES = pd.DataFrame(
    {"customer": list("ABABC"), "amount": [1.0, 2.0, 3.0, 4.0, 5.0],
     "date": ["2026-01-05", "2026-01-31", "2026-02-28", "2026-03-31", "2024-02-29"]}
)  # fmt: skip
ODD = {
    "categories": {"customer": pd.Categorical(list("ABABC")), "date": pd.Categorical(SALES["date"])},
    "decimals": {"amount": [Decimal("1.5")] * 5},
    "persian": {"amount": list("۱۲۳۴۵"), "date": ["۲۰۲۶-۰۱-۰۵", *SALES["date"][1:]]},
    "several zones": {"date": ["2026-01-05T00:00+03:30", "2026-01-31T23:00-05:00", *SALES["date"][2:]]},
    "lists as customers": {"customer": [["x"], ["y"], ["x"], ["y"], None]},
    "old": {"date": ["1500-01-01", "1500-02-28", "1500-03-01", "1500-03-01", "1500-12-31"]},
    "huge": {"amount": [1e300, 1e-300, 1e300, 5.0, 7.0]},
    "tiny": {"amount": [1e-305, 2e-305, 3e-305, 0.0, 7e-305]},
}
FAULTY = {
    "lists": {"amount": [[1]] * 5},
    "complex": {"amount": [1 + 2j] * 5},
    "truth": {"amount": [True] * 5},
    "too large": {"amount": [1.7e308] * 5, "date": ["2026-01-05"] * 5},
    "infinite": {"amount": [np.inf] * 5},
}


def functions(data: pd.DataFrame):
    return (
        lambda: transactions(data),
        lambda: rfm(data),
        lambda: pareto(data, bootstrap=100),
        lambda: retention(data, amount="amount", gap=30, every="quarter"),
    )


@pytest.mark.parametrize("kind", ODD)
def test_odd_cells_are_read(kind):
    data = SALES.assign(**ODD[kind])
    for work in functions(data):
        result = work()
        assert result.prose("fa")
        result.drawings()
    shares = pareto(data, bootstrap=0).estimates
    assert np.isfinite(shares[["estimate", "std_error", "ci_low", "ci_high"]].to_numpy(dtype=float)).all()


@pytest.mark.parametrize("kind", FAULTY)
def test_cells_that_are_no_numbers_are_refused_with_a_sentence(kind):
    for work in functions(SALES.assign(**FAULTY[kind])):
        with pytest.raises(DataError):
            work()


def test_years_of_the_jalali_calendar_are_no_dates():
    data = SALES.assign(date=["۱۴۰۵-۰۱-۰۱", *SALES["date"][1:]])
    for result in (transactions(data), retention(data)):
        (told,) = [note.message for note in result.notes if note.code == "TRANSACTIONS_LEFT_OUT"]
        assert "row 1 (۱۴۰۵-۰۱-۰۱). Years from 1300 to 1499" in told


def test_the_number_of_a_row_is_no_year():
    """Row 1404 cannot be read, and its date is not of the Jalali calendar."""
    dates = ["2026-03-21"] * 1403 + ["21.03.2026"]
    data = pd.DataFrame({"customer": range(1404), "amount": 1.0, "date": dates})
    (told,) = [note.message for note in transactions(data).notes if note.code == "TRANSACTIONS_LEFT_OUT"]
    assert "row 1404 (21.03.2026). ISO dates" in told


def test_shares_do_not_depend_on_the_unit_of_money():
    random = np.random.default_rng(4)
    data = pd.DataFrame({"customer": range(60), "amount": random.normal(20.0, 15.0, 60)})
    first = pareto(data, bootstrap=200).estimates
    for unit in (2.0**-900, 2.0**900):
        other = pareto(data.assign(amount=data["amount"] * unit), bootstrap=200).estimates
        pd.testing.assert_frame_equal(first, other, rtol=1e-12)


def test_sums_are_settled_to_twelve_digits_of_any_size():
    assert settled(np.array([0.1 + 0.2, 0.3])).tolist() == [0.3, 0.3]
    for size in (1e-320, 1e-305, 1e305):
        values = np.array([size, 2.0 * size, -size])
        np.testing.assert_allclose(settled(values), values, rtol=1e-9)


def test_what_is_paid_back_but_for_rounding_is_paid_back():
    assert sum([0.1] * 10) < 1.0
    assert payback(np.full(10, 0.1), 1.0) == (10, 10.0)
    assert payback(np.full(10, 0.1), 1.0 + 1e-9) == (None, None)
    ours = investment(invested=1.0, returned=[0.1] * 10)
    assert ours.fit["payback"] == 10


def test_a_break_even_at_the_end_of_the_scale_is_one():
    # ten margins of 10 pay 100 only if everybody stays; a first margin of 10 pays 10 though nobody stays
    ours = clv(margin=10.0, acquisition=100.0, rate=0.0, retention=0.9, horizon=10)
    assert ours.tables["break_even"].values.tolist() == [[1.0, "above"]]
    ours = clv(margin=10.0, acquisition=10.0, rate=0.0, retention=0.9, horizon=10, timing="start")
    assert ours.tables["break_even"].values.tolist() == [[0.0, "above"]]
    assert crossings(lambda places: np.zeros(len(places)), 0.0, 1.0) == []
    free = acquisition(won=10, winning_cost=0, kept=10, keeping_cost=10, margin=5.0, retention=0.5, rate=0.1)
    assert "break_even_retention" not in free.fit


def test_values_beyond_all_numbers_are_refused():
    with pytest.raises(ModelError, match="larger than a number can hold"):
        clv(margin=1e300, rate=0.0, horizon=1200, growth=1.0)
    with pytest.raises(ModelError, match="larger than a number can hold"):
        clv(margin=1.0, rate=-0.9999, horizon=1200)
    table = pd.DataFrame({"customer": ["a", "b"], "value": [1.7e308, 1.7e308]})
    for work in (lambda: tiers(table), lambda: portfolio(table, profit="value")):
        with pytest.raises(DataError, match="holds numbers"):
            work()


def test_present_values_of_periods_add_up_to_the_value():
    ours = clv(margin=[10.0, -4.0, 7.0], cost=1.0, rate=-0.2, retention=0.7, timing="end")
    by_hand = sum((m - 1.0) * 0.7**t / 0.8**t for t, m in enumerate([10.0, -4.0, 7.0], start=1))
    assert ours.total == pytest.approx(by_hand, rel=tolerances.CLOSED_FORM_RELATIVE)
    assert ours.tables["periods"]["cumulative"].iloc[-1] == pytest.approx(by_hand, rel=1e-12)
