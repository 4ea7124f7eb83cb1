import json

import numpy as np
import pandas as pd
import pytest

from crmstudy.describing.items import describe
from crmstudy.errors import DataError, ModelError
from crmstudy.instrument.model import Item, ResponseFormat
from crmstudy.notes import explanations
from crmstudy.responses import Responses
from tests.measurement.asked import WIDE, answers, instrument, likert, scale, small_responses


def codes(result):
    return [note.code for note in result.notes]


def test_figures_of_one_item_by_hand():
    result = describe(pd.DataFrame({"q": [1, 2, 2, 5, np.nan]}))
    row = result.tables["items"].iloc[0]
    assert (row["n"], row["missing"], row["min"], row["max"]) == (4, 1, 1.0, 5.0)
    assert row["mean"] == 2.5
    assert row["sd"] == pytest.approx(np.sqrt(3))
    assert (row["floor_percent"], row["ceiling_percent"]) == (25.0, 25.0)
    assert result.n == 4
    estimate = result.estimates.iloc[0]
    assert estimate["ci_high"] - estimate["estimate"] == pytest.approx(3.182446305284263 * np.sqrt(3) / 2)


def test_items_stand_under_their_scales_in_the_order_of_the_instrument():
    result = describe(small_responses())
    assert result.tables["items"][["scale", "item"]].values.tolist() == [
        ["trust", "t1"], ["trust", "t2"], ["trust", "t3"], ["worth", "w1"], ["worth", "w2"], ["complaint", "c1"],
    ]  # fmt: skip
    assert "ITEMS_REVERSED" in codes(result)
    assert "ITEMS_RANGE_FROM_DATA" not in codes(result)
    assert set(codes(result)) <= set(explanations())


def test_floor_and_ceiling_are_those_of_the_response_format():
    responses = small_responses()
    frame = responses.frame.assign(c1=[2, 4] * 30)
    row = describe(Responses.from_frame(frame, responses.instruments)).tables["items"].set_index("item").loc["c1"]
    assert (row["floor_percent"], row["ceiling_percent"]) == (0.0, 0.0)
    row = describe(frame, items=["c1"]).tables["items"].iloc[0]
    assert (row["floor_percent"], row["ceiling_percent"]) == (50.0, 50.0)


def test_answers_never_given_are_listed_when_the_format_is_known():
    responses = small_responses()
    frame = responses.frame.assign(c1=[2, 4] * 30)
    listed = describe(Responses.from_frame(frame, responses.instruments), items=["c1"]).tables["answers"]
    assert listed["value"].tolist() == [1, 2, 3, 4, 5]
    assert listed["percent"].tolist() == [0.0, 50.0, 0.0, 50.0, 0.0]
    assert describe(frame, items=["c1"]).tables["answers"]["value"].tolist() == [2, 4]


def test_a_value_out_of_range_is_missing_and_noted():
    responses = small_responses()
    frame = responses.frame.copy()
    frame.loc[0, "c1"] = 7
    result = describe(Responses.from_frame(frame, responses.instruments))
    assert result.tables["items"].set_index("item").loc["c1", "missing"] == 1
    assert "RESPONSES_OUT_OF_RANGE" in codes(result)


def test_reversed_items_are_mirrored_and_marked_in_the_bars():
    responses = small_responses()
    result = describe(responses)
    table = result.tables["items"].set_index("item")
    assert table.loc["t3", "mean"] == pytest.approx(6 - responses.frame["t3"].mean())
    assert result.plots()[0].items == ("t1", "t2", "t3 (R)")


def test_bars_scale_by_scale_with_anchors_in_the_language_asked_for():
    bars = describe(small_responses()).plots()
    assert [bar.title for bar in bars] == ["Trust", "Worth", "Complaint"]
    assert (bars[0].low_label, bars[0].high_label) == ("not at all", "fully")
    assert bars[0].values == (1, 2, 3, 4, 5)
    assert all(sum(row) == pytest.approx(100) for row in bars[0].percents)
    assert bars[0].counts == (60, 60, 60)
    persian = describe(small_responses()).plots("fa")[0]
    assert (persian.title, persian.low_label) == ("مقیاس", "هیچ")
    assert describe(small_responses()).plots("ru")[0].low_label == "not at all"


def test_items_of_another_format_get_their_own_bars_or_none():
    items = (*likert("a", "b"), Item("slider", 3, WIDE))
    frame = answers(30, "a", "b").assign(slider=range(30))
    result = describe(Responses.from_frame(frame, [instrument(scale("mixed", items))]))
    assert [bar.items for bar in result.plots()] == [("a", "b")]
    assert next(note.message for note in result.notes if note.code == "ITEMS_MANY_VALUES").endswith("slider.")


def test_anchors_are_shown_where_all_items_share_them():
    other = ResponseFormat("often", 1, 5, {1: {"en": "never"}, 5: {"en": "fully", "fa": "کاملا"}})
    asked = instrument(scale("mixed", (*likert("a"), Item("b", 2, other))))
    (bars,) = describe(Responses.from_frame(answers(30, "a", "b"), [asked])).plots()
    assert (bars.items, bars.low_label, bars.high_label) == (("a", "b"), "", "fully")


def test_bars_of_a_frame_share_their_values_and_skip_what_has_too_many():
    frame = answers(40, "a", "b").assign(age=range(20, 60), half=0.5)
    result = describe(frame)
    plot = result.plot()
    assert plot is not None
    assert plot.items == ("a", "b")
    assert plot.values == (1, 2, 3, 4, 5)
    assert "ITEMS_RANGE_FROM_DATA" in codes(result)
    assert set(result.tables["answers"]["item"]) == {"a", "b"}


def test_no_bars_when_nothing_can_be_drawn():
    assert describe(pd.DataFrame({"x": np.linspace(0, 1, 30)})).plot() is None


def test_items_in_no_scale_and_variables_may_be_named():
    responses = small_responses()
    result = describe(responses, items=["w2", "age"])
    assert result.tables["items"][["scale", "item"]].values.tolist() == [["worth", "w2"], ["", "age"]]


def test_empty_constant_and_scarce_items_are_noted_not_hidden():
    frame = pd.DataFrame(
        {"none": [np.nan] * 6, "same": [3] * 6, "few": [1, 2, 4, None, None, None], "ok": [1, 2, 3, 4, 5, 5]}
    )
    result = describe(frame)
    subjects = {note.code: note.subject for note in result.notes if note.subject}
    assert subjects == {"ITEMS_EMPTY": "none", "ITEMS_CONSTANT": "same", "ITEMS_FEW_ANSWERS": "few"}
    table = result.tables["items"].set_index("item")
    assert table.loc["none", "n"] == 0
    assert table.loc["same", "sd"] == 0
    assert np.isnan(table.loc["same", "skew"])
    assert np.isfinite(table.loc["few", "skew"])
    json.loads(result.to_json())


def test_answers_add_up_to_the_answers_given():
    frame = answers(50, "a", "b")
    frame.loc[:6, "a"] = None
    result = describe(frame)
    sums = result.tables["answers"].groupby("item")[["n", "percent"]].sum()
    assert sums["n"].to_dict() == {"a": 43, "b": 50}
    assert sums["percent"].tolist() == pytest.approx([100.0, 100.0])


def test_the_sentence_names_the_range_of_the_means():
    assert describe(pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 4]})).text == (
        "2 items (N = 4), means from 2.50 to 3.00, skewness from 0.00 to 0.00, 0.0% of the answers missing."
    )


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"items": ["aa"]}, DataError, "no column 'aa'.*Did you mean 'a'"),
        ({"items": ["word"]}, DataError, "holds text"),
        ({"level": 0}, ModelError, "coverage"),
    ],
)
def test_what_is_refused(keywords, error, message):
    with pytest.raises(error, match=message):
        describe(answers(10, "a", "b").assign(word="x"), **keywords)


def test_text_only_data_are_refused():
    with pytest.raises(DataError, match="no numeric column"):
        describe(pd.DataFrame({"a": ["x", "y"]}))


def test_an_item_of_equal_fractions_does_not_vary():
    result = describe(pd.DataFrame({"a": [0.1] * 7, "b": [1, 2, 3, 4, 5, 4, 3]}))
    row = result.tables["items"].set_index("item").loc["a"]
    assert row["sd"] == 0.0
    assert row[["skew", "kurtosis"]].isna().all()
    assert result.estimates.set_index("term").loc["a", "std_error"] == 0.0
    assert "ITEMS_CONSTANT" in [note.code for note in result.notes]


def test_columns_that_are_left_out_are_named():
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 3, 5], "word": list("xyzw")})
    note = next(note for note in describe(frame).notes if note.code == "ITEMS_ALL_COLUMNS")
    assert note.message == "All numeric columns are described: a, b. Left out, not numbers: word."
    assert note.code in explanations()
    for quiet in (describe(frame, items=["a"]), describe(frame[["a", "b"]])):
        assert "ITEMS_ALL_COLUMNS" not in [note.code for note in quiet.notes]


@pytest.mark.parametrize("level", ["a", None, True, 1j, float("nan"), [0.9]])
def test_a_level_that_is_no_number_is_a_sentence(level):
    with pytest.raises(ModelError, match="`level` is a coverage such as"):
        describe(pd.DataFrame({"a": [1, 2, 3, 4]}), level=level)
    with pytest.raises(DataError, match="`items` is a list of column names"):
        describe(pd.DataFrame({"a": [1, 2, 3, 4]}), items=5)


def test_weights_move_the_means_and_not_the_counts():
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, None, 5], "w": [1.0, 1.0, 1.0, 3.0]})
    result = describe(frame, weights="w")
    assert result.call["items"] == ["a", "b"]
    assert result.estimates["estimate"].tolist() == pytest.approx([3.0, 19 / 5])
    assert result.tables["items"]["n"].tolist() == [4, 3]
    answered = result.tables["answers"]
    assert answered[answered["item"] == "a"]["percent"].tolist() == pytest.approx([100 / 6, 100 / 6, 100 / 6, 50])
    assert "WEIGHTS_USED" in codes(result)


def test_equal_weights_describe_as_none_do():
    frame = answers(40, "a", "b").assign(w=0.5)
    plain, weighted = describe(frame, items=["a", "b"]), describe(frame, items=["a", "b"], weights="w")
    pd.testing.assert_frame_equal(plain.estimates, weighted.estimates, rtol=1e-10)
    columns = ["mean", "sd", "floor_percent"]
    pd.testing.assert_frame_equal(plain.tables["items"][columns], weighted.tables["items"][columns], rtol=1e-10)
