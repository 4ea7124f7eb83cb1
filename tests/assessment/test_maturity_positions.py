"""Levels beside those of the seven printed companies: counted by hand, said to be an illustration, never tested."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmstudy.assessment.maturity import anchors, bottom_up, positions, rate
from crmstudy.errors import DataError
from crmstudy.notes import explanations

#: As the fourth source document prints them (statement 4.7).
PRINTED = {
    "Compaq": 4, "Dow": 4, "Charles Schwab": 3, "Harrah's": 3, "Wells Fargo": 3, "BMC": 2, "Williams-Sonoma": 2,
}  # fmt: skip


def test_the_seven_companies_are_as_printed_with_a_median_of_three() -> None:
    found = positions(3)
    table = found.tables["companies"]
    assert dict(zip(table["company"], table["level"], strict=True)) == PRINTED
    assert set(table["source"]) == {"4.7"}
    assert found.fit["median_companies"] == np.median(list(PRINTED.values())) == 3.0


@pytest.mark.parametrize("level", [0, 1.999, 2, 2.5, 3, 3.5, 4, 6])
def test_a_position_is_counted_against_every_company(level: float) -> None:
    row = positions(level).tables["beside"].iloc[0]
    assert row["lower"] == sum(level > theirs for theirs in PRINTED.values())
    assert row["equal"] == sum(level == theirs for theirs in PRINTED.values())
    assert row["higher"] == sum(level < theirs for theirs in PRINTED.values())
    assert row["from_median"] == pytest.approx(level - 3)


def test_nothing_is_tested_and_the_text_says_so() -> None:
    found = positions({"north": 1.0, "south": 5.0})
    assert found.estimates.empty
    assert not [column for table in found.tables.values() for column in table if column.startswith("p_")]
    assert "illustration, not a norm" in found.text
    assert "No difference from them is tested" in found.text
    assert [note.code for note in found.notes] == ["POSITIONS_ILLUSTRATION"]
    assert "POSITIONS_ILLUSTRATION" in explanations()
    assert "نه هنجار" in " ".join(found.prose("fa"))
    assert "а не норма" in " ".join(found.prose("ru"))


def test_the_statement_about_most_firms_stands_beside_the_distribution() -> None:
    found = positions({"a": 1.0, "b": 2.9, "c": 4.0, "d": 0.0})
    table = found.tables["distribution"].set_index("level")
    assert table["companies"].tolist() == [0, 0, 2, 3, 2, 0, 0]
    assert table.index[table["most_firms"] == "yes"].tolist() == [1, 2]
    assert table.loc[[1, 2], "label"].tolist() == ["aware", "developing"]
    assert table["units"].tolist() == [1, 1, 1, 0, 1, 0, 0]  # 2.9 has reached level 2
    assert table["units_percent"].tolist() == [25.0, 25.0, 25.0, 0.0, 25.0, 0.0, 0.0]
    assert "none of the seven is at level 1 and only 2 of them are at level 2" in found.text
    assert "Of the 4 units assessed here, 2 are at the levels 1 and 2" in found.text
    assert "Of the 1" not in positions(2).text


def test_levels_scored_from_items_and_by_raters_are_taken_as_they_are() -> None:
    answers = pd.DataFrame({"u": ["p", "q"], "a": [6, 2], "b": [3, 2]})
    scored = bottom_up(answers, blocks={"A": ["a"], "B": ["b"]}, unit="u")
    assert positions(scored).tables["beside"]["level"].tolist() == [4.5, 2.0]
    leaves = list(dict.fromkeys(anchors()["leaf"]))
    rows = [(wave, leaf, "r", 1 if wave == 1 else 3) for wave in (1, 2) for leaf in leaves]
    rated = rate(
        pd.DataFrame(rows, columns=["wave", "leaf", "rater", "level"]), rater="rater", wave="wave", bootstrap=None
    )
    beside = positions(rated).tables["beside"]
    assert beside["level"].tolist() == [3.0]  # the last wave


def test_tables_and_series_are_taken() -> None:
    table = pd.DataFrame({"unit": ["x", "y"], "level": [2, None]})
    assert positions(table).n == 1
    assert positions(pd.Series([1, 2], index=["x", "y"])).tables["beside"]["level"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("level", "told"),
    [
        (7, "Levels run from 0 to 6"),
        ({"a": -1, "b": 9}, "2 faults"),
        (float("nan"), "No unit has a level"),
        (True, "not bool"),
        ("three", "not str"),
        (pd.DataFrame({"unit": ["x", "x"], "level": [1, 2]}), "stands in 2 rows"),
        (pd.DataFrame({"unit": ["x"]}), "no column 'level'"),
        ([3], "not list"),
    ],
)
def test_faults_are_sentences(level: object, told: str) -> None:
    with pytest.raises(DataError, match=told):
        positions(level)


def test_the_figure_has_both_distributions() -> None:
    (bars,) = positions({"a": 3.0, "b": 3.2}).drawings()
    assert [name for name, _ in bars.series] == ["seven printed companies", "assessed here"]  # type: ignore[union-attr]
    assert bars.series[0][1] == pytest.approx((0, 0, 200 / 7, 300 / 7, 200 / 7, 0, 0))  # type: ignore[union-attr]
    assert bars.series[1][1] == (0, 0, 0, 100.0, 0, 0, 0)  # type: ignore[union-attr]


def test_tables_shown_are_there() -> None:
    found = positions(2)
    for shown in found.shown:
        assert {column for column, _, _ in shown.columns} <= set(found.tables[shown.table].columns)
