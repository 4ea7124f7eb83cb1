"""Adoption from dates of first use: cumulative shares, Rogers' categories, odd dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.modules.curve import adopters_table, adoption_curve, curve_table
from crmstudy.disclosure import Rules
from crmstudy.errors import AnalysisError, DataError, ModelError


def people(*dates: str | None) -> pd.DataFrame:
    return pd.DataFrame({"respondent": range(len(dates)), "first_use": list(dates)})


def test_shares_are_of_all_people():
    dates = ["2025-01-03"] * 2 + ["2025-03-09"] * 3 + ["2025-03-31"] + ["2026-01-01"] * 4 + [None] * 10
    result = adoption_curve(people(*dates))
    curve = result.tables["curve"]
    assert curve["time"].tolist() == ["2025-01", "2025-03", "2026-01"]
    assert curve["cumulative"].tolist() == [10.0, 30.0, 50.0]
    assert curve["new"].tolist() == [2.0, 4.0, 4.0]
    assert result.fit["n_not_adopted"] == 10
    assert result.fit["not_adopted_low"] == pytest.approx(100 - result.fit["not_adopted_high"])  # half: symmetric
    assert adoption_curve(people(*dates), period="year").tables["curve"]["cumulative"].tolist() == [30.0, 50.0]
    assert adoption_curve(people(*reversed(dates))).tables["curve"].equals(curve)


def test_categories_are_reached_in_their_order():
    result = adoption_curve(people(*["2025-01-03"] * 8, *["2025-02-03"] * 50, *[None] * 42))
    table = result.tables["adopters"].set_index("category")
    assert table["reached"].tolist() == pytest.approx([100.0, 100.0, 100.0, 100 * 8 / 34, 0.0])
    assert table.loc["early-adopters", ["begun", "complete"]].tolist() == ["2025-01", "2025-02"]
    assert "late majority" in result.text
    assert "42 people (42.0%" in result.text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=10, max_size=80))
def test_categories_add_up_to_the_curve(places):
    """The parts that are reached, weighted by their widths, are the share of all people who have adopted."""
    at = np.array([np.nan if place is None else place for place in places], dtype=float)
    curve = curve_table(at, [str(place) for place in range(6)], 0.95)
    table = adopters_table(curve)
    adopted = float(np.isfinite(at).sum())
    total = ((table["high"] - table["low"]) * table["reached"] / 100.0).sum()
    if 1 < adopted < len(at) - 1:
        assert total == pytest.approx(100.0 * adopted / len(at))
        assert curve["cumulative"].iloc[-1] == pytest.approx(100.0 * adopted / len(at))
    else:
        assert np.isnan(curve["cumulative"].iloc[-1])
        reached = table.set_index("category")["reached"]  # up to 10 percent, or from 90 on
        unknown = ["innovators", "early-adopters"] if adopted <= 1 else ["laggards"]
        assert reached.index[reached.isna()].tolist() == unknown
        assert (reached.dropna() == (0.0 if adopted <= 1 else 100.0)).all()
    assert (curve["cumulative"].dropna().diff().dropna() >= 0).all()


def test_where_all_but_one_agree_nobody_is_told():
    result = adoption_curve(people(*["2025-01-03"] * 5, *["2025-02-03"] * 14, None))
    last = result.tables["curve"].iloc[-1]
    assert np.isnan(last[["new", "cumulative"]].astype(float)).all()
    assert (last["low"], last["high"]) == (90.0, 100.0)
    assert "come to the laggards; how many of them have begun is not told" in result.text
    assert np.isnan(result.fit["n_not_adopted"])
    assert "between 90.0% and 100.0%" in result.text
    for lang in ("fa", "ru"):
        assert len(result.prose(lang)) == len(result.prose("en"))
    drawing = result.plot()
    assert drawing.lines[0][2][-1] == 95.0
    result.to_json()


def test_rows_do_not_tell_what_their_bands_hide():
    """Only periods with somebody new have a row: one more row of a band would tell that there is one person more."""
    one = adoption_curve(people("2025-01-03", *[None] * 19))
    nobody = adoption_curve(people(*[None] * 20))
    for table in ("curve", "adopters"):
        pd.testing.assert_frame_equal(one.tables[table], nobody.tables[table])
    assert (one.text, one.notes) == (nobody.text, nobody.notes)
    early = adoption_curve(people("2025-01-03", *["2025-03-03"] * 7, *[None] * 12)).tables["curve"]
    assert early[["time", "new", "cumulative"]].to_numpy().tolist() == [["2025-03", 8.0, 40.0]]
    all_but_one = adoption_curve(people(*["2025-01-03"] * 9, *["2025-02-03"] * 10, None))
    last = adoption_curve(people(*["2025-01-03"] * 9, *["2025-02-03"] * 10, "2025-03-03"))
    at_once = adoption_curve(people(*["2025-01-03"] * 9, *["2025-02-03"] * 11))
    for other in (last, at_once):
        pd.testing.assert_frame_equal(other.tables["curve"], all_but_one.tables["curve"])
        assert other.text == all_but_one.text


def test_a_day_is_that_of_its_place():
    """Half past midnight of the first of March in Tehran is still February in universal time."""
    tehran = pd.Timestamp("2025-03-01 00:30", tz="Asia/Tehran")
    frame = pd.DataFrame({"respondent": range(12), "first_use": [tehran] * 6 + [tehran.replace(month=5)] * 6})
    assert adoption_curve(frame).tables["curve"]["time"].tolist() == ["2025-03", "2025-05"]


def test_numbers_of_people_are_rounded_for_readers_who_know_the_staff():
    data = people(*["2025-01-03"] * 7, *["2025-02-03"] * 11, *[None] * 13)
    result = adoption_curve(data, rules=Rules(round_to=5))
    curve = result.tables["curve"]
    assert (result.n, curve["n"].tolist(), curve["new"].tolist()) == (30, [30, 30], [5, 10])
    assert curve["cumulative"].tolist() == [23.0, 58.0]  # 7 and 18 of 31
    assert result.fit["n_not_adopted"] == 15
    assert "15 people (42.0%" in result.text


def test_nobody_has_begun():
    result = adoption_curve(people(*[None] * 12))
    assert result.tables["curve"].empty
    assert [note.code for note in result.notes] == ["MODULES_NOBODY_ADOPTED"]
    assert "Between 90.0% and 100.0% have not begun" in result.text
    assert result.plot().lines[0][1] == ()


def test_faults():
    with pytest.raises(AnalysisError, match="shown from 10 on"):
        adoption_curve(people(*["2025-01-03"] * 4))
    assert adoption_curve(people(*["2025-01-03"] * 2, *[None] * 4), rules=Rules(5, 5)).n == 6
    with pytest.raises(DataError, match="more than once"):
        adoption_curve(pd.concat([people(*["2025-01-03"] * 12)] * 2))
    with pytest.raises(DataError, match="soon"):
        adoption_curve(people(*["2025-01-03"] * 12, "soon"))
    with pytest.raises(ModelError) as caught:
        adoption_curve(people(*["2025-01-03"] * 12), first_use=["first_use"], period=["month"], rules=3)
    assert len(caught.value.faults) == 3
    with pytest.raises(ModelError, match="'respondent' says whose"):
        adoption_curve(people(*["2025-01-03"] * 12), first_use="respondent")
    with pytest.raises(ModelError, match="Did you mean 'month'"):
        adoption_curve(people(*["2025-01-03"] * 12), period="months")
