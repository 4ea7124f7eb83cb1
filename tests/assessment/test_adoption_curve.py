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
        assert total == pytest.approx(90.0 if adopted > 1 else 0.0)
        assert np.isnan(curve["cumulative"].iloc[-1])
    assert (curve["cumulative"].dropna().diff().dropna() >= 0).all()


def test_where_all_but_one_agree_nobody_is_told():
    result = adoption_curve(people(*["2025-01-03"] * 5, *["2025-02-03"] * 14, None))
    last = result.tables["curve"].iloc[-1]
    assert np.isnan(last[["new", "cumulative"]].astype(float)).all()
    assert (last["low"], last["high"]) == (90.0, 100.0)
    assert np.isnan(result.fit["n_not_adopted"])
    assert "between 90.0% and 100.0%" in result.text
    for lang in ("fa", "ru"):
        assert len(result.prose(lang)) == len(result.prose("en"))
    drawing = result.plot()
    assert drawing.lines[0][2][-1] == 95.0
    result.to_json()


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
    with pytest.raises(ModelError, match="Did you mean 'month'"):
        adoption_curve(people(*["2025-01-03"] * 12), period="months")
