import json

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import DataError, ModelError
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS
from tests.measurement.asked import small_responses

PEOPLE = pd.DataFrame(
    {
        "sex": ["f", "m", "f", None, "m", "f"],
        "grade": [2, 1, 2, 3, np.nan, 2],
        "weight": [1, 2, 1, 1, 0.5, 0],
        "size": pd.Categorical(["L", "S", "M", "S", "S", None], categories=["S", "M", "L", "XL"], ordered=True),
    }
)


def codes(result):
    return [note.code for note in result.notes]


def test_a_frequency_table_by_hand():
    table = cs.frequencies(PEOPLE, items=["grade", "sex"]).tables["frequencies"]
    grade = table[table["variable"] == "grade"]
    assert grade["value"].tolist()[:3] == [1, 2, 3]
    assert grade["n"].tolist() == [1, 3, 1, 1]
    assert grade["percent"].tolist() == pytest.approx([100 / 6, 50, 100 / 6, 100 / 6])
    assert grade["valid_percent"].tolist()[:3] == pytest.approx([20, 60, 20])
    assert grade["cumulative_percent"].tolist()[:3] == pytest.approx([20, 80, 100])
    assert grade["label"].tolist()[-1] == "Missing"
    assert np.isnan(grade["valid_percent"].iloc[-1])


def test_categories_keep_their_order_and_empty_ones_do_not_enter():
    table = cs.frequencies(PEOPLE, variables="size").tables["frequencies"]
    assert table["value"].tolist()[:3] == ["S", "M", "L"]


def test_labels_stand_beside_the_values():
    result = cs.frequencies(PEOPLE, items="grade", labels={"grade": {1: "low", "2": "middle"}})
    assert result.tables["frequencies"]["label"].tolist() == ["low", "middle", "", "Missing"]
    assert "most often middle (60.0%)" in result.text


def test_wilson_intervals_and_columns():
    result = cs.frequencies(pd.DataFrame({"a": [1] * 8 + [2] * 2}))
    assert list(result.estimates.columns) == list(ESTIMATE_COLUMNS)
    row = result.estimates.iloc[1]  # 2 of 10: Wilson (1927)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.05668215, 0.50983753), abs=1e-7)
    json.loads(result.to_json())


def test_items_of_an_instrument_have_their_labels_also_after_reversal():
    responses = small_responses()
    table = cs.frequencies(responses, items=["t1", "t3"]).tables["frequencies"]
    labels = {name: dict(zip(rows["value"], rows["label"], strict=True)) for name, rows in table.groupby("variable")}
    assert labels["t1"][5] == "fully"
    assert labels["t3"][5] == "not at all"


def test_variables_of_responses_by_default():
    result = cs.frequencies(small_responses())
    assert set(result.call["items"]) == set(map(str, small_responses().variables.columns))


def test_measured_numbers_are_described_by_their_mean():
    frame = pd.DataFrame({"age": np.arange(20, 60), "name": [f"p{i}" for i in range(40)], "half": 0.5})
    result = cs.frequencies(frame)
    assert result.tables["numeric"]["variable"].tolist() == ["age", "half"]
    assert result.tables["numeric"]["mean"].tolist() == [39.5, 0.5]
    assert set(result.tables["frequencies"]["variable"]) == {"half"}
    assert codes(result) == ["FREQUENCIES_MANY_VALUES"]
    assert len(cs.frequencies(frame, items="age").tables["frequencies"]) == 40
    assert cs.frequencies(frame, items="age", most_values=12).tables["frequencies"].empty


def test_weights_change_the_percents_not_the_counts():
    result = cs.frequencies(PEOPLE, items="sex", weights="weight")
    table = result.tables["frequencies"]
    assert table["n"].tolist() == [2, 2, 1]
    assert table["valid_percent"].tolist()[:2] == pytest.approx([100 * 2 / 4.5, 100 * 2.5 / 4.5])
    assert codes(result) == ["WEIGHTS_USED", "WEIGHTS_ROWS_DROPPED"]
    assert set(codes(result)) <= set(explanations())


def test_equal_weights_change_nothing():
    frame = PEOPLE.assign(same=3.0)
    plain, weighted = (cs.frequencies(frame, items="grade", weights=w).tables["frequencies"] for w in (None, "same"))
    np.testing.assert_allclose(plain["valid_percent"], weighted["valid_percent"], rtol=1e-12)


def test_nobody_answered():
    result = cs.frequencies(pd.DataFrame({"a": [None, None], "b": [1, 2]}))
    assert codes(result) == ["FREQUENCIES_EMPTY"]
    assert result.tables["frequencies"]["n"].tolist() == [2, 1, 1]


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"items": "sx"}, DataError, "no column 'sx'.*Did you mean 'sex'"),
        ({"items": ["sex", "sex"]}, DataError, "asked for 2 times"),
        ({"items": 5}, DataError, "lists of column names"),
        ({"labels": {"sx": {}}}, DataError, "`labels` names 'sx'"),
        ({"labels": [1]}, DataError, "`labels` gives"),
        ({"weights": "sex"}, DataError, "holds text"),
        ({"weights": 1}, DataError, "name of the column"),
        ({"level": True}, ModelError, "coverage"),
        ({"most_values": True}, ModelError, "`most_values`"),
    ],
)
def test_what_is_refused(keywords, error, message):
    with pytest.raises(error, match=message):
        cs.frequencies(PEOPLE, **keywords)


def test_weights_below_zero_and_all_zero_are_refused():
    with pytest.raises(DataError, match="negative"):
        cs.frequencies(PEOPLE.assign(w=-1.0), weights="w")
    with pytest.raises(DataError, match="all missing or 0"):
        cs.frequencies(PEOPLE.assign(w=0.0), weights="w")


def test_dates_and_infinite_numbers_are_refused():
    with pytest.raises(DataError, match="holds dates"):
        cs.frequencies(pd.DataFrame({"when": pd.to_datetime(["2026-01-01", "2026-01-02"])}))
    with pytest.raises(DataError, match="infinite"):
        cs.frequencies(pd.DataFrame({"a": [1.0, np.inf]}))


def test_responses_without_variables_ask_for_items():
    responses = small_responses()
    bare = Responses.from_frame(responses.frame[list(responses.items)], responses.instruments)
    with pytest.raises(DataError, match="no variables beside their items"):
        cs.frequencies(bare)


def test_pooled_shares_keep_their_mean_and_end_within_0_and_1():
    sets = [pd.DataFrame({"q": [1] * few + [2] * (60 - few)}) for few in (1, 2, 3, 2, 1)]
    result = cs.frequencies(cs.Imputed(tuple(sets)), items=["q"])
    row = result.estimates.iloc[0]
    assert row["estimate"] == pytest.approx(1.8 / 60)
    assert result.tables["frequencies"]["valid_percent"].iloc[0] == pytest.approx(3.0)
    assert 0.0 < row["ci_low"] < row["estimate"] < row["ci_high"] < 0.2
    half = [np.log(row[end] / (1 - row[end])) - np.log(0.03 / 0.97) for end in ("ci_low", "ci_high")]
    assert half[0] == pytest.approx(-half[1])


def test_blank_texts_are_missing_and_blanks_around_a_text_do_not_count():
    frame = pd.DataFrame({"a": ["y", "n", "", "y ", " "], "b": pd.Categorical(["y", " ", "n", "y", "n"])})
    table = cs.frequencies(frame).tables["frequencies"].set_index(["variable", "label"])["n"]
    values = cs.frequencies(frame).tables["frequencies"].query("variable == 'a'")["value"].tolist()
    assert values[:2] == ["n", "y"]
    assert table["a", "Missing"] == 2
    assert table["b", "Missing"] == 1
