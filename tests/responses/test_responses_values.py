"""Responses: keyed values, notes on range, the door, and what is refused there."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import DataError, UnsupportedError
from crmstudy.instrument import Item, ResponseFormat, Scale, load_instrument
from crmstudy.responses import Responses, frame_of

FIVE = ResponseFormat("agree", 1, 5, missing_codes=(9,))
TEN = ResponseFormat("ten", 0, 10)
ITEMS = (Item("a", 1, FIVE), Item("b", 2, FIVE, reverse=True), Item("c", 3, TEN, reverse=True))
SMALL = dataclasses.replace(
    load_instrument("ecsi"), id="small", version="1", items=ITEMS,
    scales=(Scale("s", {}, ITEMS[:2], "mean", 1), Scale("t", {}, ITEMS[2:], "sum", 1)),
)  # fmt: skip
OTHER = dataclasses.replace(SMALL, id="other")


def _responses(**columns):
    return Responses.from_frame(pd.DataFrame(columns), [SMALL])


def test_values_are_mirrored_and_in_range_while_the_frame_stays_as_answered():
    responses = _responses(c=[0, 10, 11], b=[1, 9, 6], unit=["x", "y", "z"], a=[1, 5, 0])
    assert responses.values.columns.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(
        responses.values.to_numpy(), [[1, 5, 10], [5, math.nan, 0], [math.nan, math.nan, math.nan]]
    )
    np.testing.assert_array_equal(responses.frame["b"].to_numpy(), [1, math.nan, 6])
    assert responses.file_order == ("c", "b", "a")
    assert responses.variables.columns.tolist() == ["unit"]


def test_out_of_range_answers_are_named_and_counted():
    notes = {note.subject: note for note in _responses(a=[1, 0, 6], b=[1, 1, 1], c=[-1, 0, 0]).notes}
    assert notes["a"].message == (
        "2 answers to 'a' outside 1 to 5 (rows 2, 3): missing in every analysis; '.frame' still holds what the file "
        "says."
    )
    assert notes["c"].message.startswith("1 answer to 'c' outside 0 to 10 (row 1): missing")
    assert {note.code for note in notes.values()} == {"RESPONSES_OUT_OF_RANGE"}
    assert "b" not in notes


def test_infinite_answers_are_out_of_range():
    responses = _responses(a=[math.inf, 1.0], b=[1, 1], c=[1, 1])
    assert responses.values["a"].isna().tolist() == [True, False]
    assert responses.notes[0].subject == "a"


def test_the_given_frame_is_not_changed():
    frame = pd.DataFrame({"a": [9, 1], "b": [1, 1], "c": [1, 1]})
    before = frame.copy()
    responses = Responses.from_frame(frame, [SMALL], missing_codes=[-9])
    values = responses.values
    values["a"] = 0.0
    values["more"] = 1.0
    pd.testing.assert_frame_equal(frame, before)
    assert responses.values.columns.tolist() == ["a", "b", "c"]
    assert responses.values["a"].tolist()[1] == 1.0


def test_nullable_columns_are_taken():
    frame = pd.DataFrame({name: pd.array([1, None, 3], dtype="Int64") for name in "abc"})
    assert Responses.from_frame(frame, [SMALL]).values["a"].isna().tolist() == [False, True, False]


def test_scales_and_items_by_id():
    responses = _responses(a=[1], b=[1], c=[1])
    assert responses.scale_items("s") == ("a", "b")
    assert list(responses.scales) == ["s", "t"]
    assert responses.items["b"].reverse
    with pytest.raises(DataError, match="there is no scale 'loyalty'"):
        responses.scale_items("loyalty")
    assert repr(responses) == "<Responses N=1, 3 items (small), 0 variables>"


def test_keep_leaves_labels_row_numbers_and_recounts_the_range():
    responses = _responses(a=[0, 1, 2], b=[1, 2, 3], c=[1, 1, 1])
    kept = responses.keep(pd.Series([False, True, True]))
    assert kept.n == 2
    assert kept.frame.index.tolist() == [1, 2]
    assert kept.rows == (2, 3)
    assert kept.notes == ()
    assert responses.n == 3
    with pytest.raises(DataError, match=r"screen\(...\)\.kept"):
        responses.keep(pd.Series([True]))
    with pytest.raises(DataError):
        responses.keep([True, True, True])


def test_faults_at_the_door_come_together():
    with pytest.raises(DataError) as caught:
        Responses.from_frame(pd.DataFrame({"a": ["x"], "s": [1], "B": [2]}), [SMALL], id="nr", missing_codes=[3, True])
    messages = " | ".join(fault.message for fault in caught.value.faults)
    for words in (
        "the item 'a' must be numbers", "wants the column 'b'", "Did you mean 'B'?", "wants the column 'c'",
        "the column 's' has the name of a scale", "there is no id column 'nr'", "the missing code 3 is a valid answer",
        "a missing code is a number or a text; found True",
    ):  # fmt: skip
        assert words in messages, words


def test_two_instruments_may_not_share_names():
    frame = pd.DataFrame({"a": [1], "b": [1], "c": [1]})
    with pytest.raises(DataError, match="'a' belongs to both 'small' and 'other'"):
        Responses.from_frame(frame, [SMALL, OTHER])


def test_the_door_gives_values_and_variables():
    responses = _responses(a=[1, 9], b=[1, 2], c=[99, 3], age=[30, 40])
    frame, notes = frame_of(responses)
    assert frame.columns.tolist() == ["a", "b", "c", "age"]
    assert frame["b"].tolist() == [5.0, 4.0]
    assert notes == responses.notes


def test_the_door_uses_a_frame_as_it_is():
    frame = pd.DataFrame({"a": [99, 9]})
    assert frame_of(frame)[0] is frame
    assert frame_of(frame)[1] == ()


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        ([1, 2], DataError, "found list"),
        (np.zeros((2, 2)), DataError, "found ndarray"),
        (None, DataError, "found NoneType"),
        ("file.parquet", UnsupportedError, r"read_responses\(path\)"),
        (pd.DataFrame({"a": []}), DataError, "no rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), DataError, "'a' stands twice"),
    ],
)
def test_the_door_refuses_by_name(data, kind, words):
    with pytest.raises(kind, match=words):
        frame_of(data)


def test_no_rows_and_an_item_as_id_are_refused():
    with pytest.raises(DataError, match="no rows"):
        Responses.from_frame(pd.DataFrame({"a": [], "b": [], "c": []}), [SMALL])
    with pytest.raises(DataError, match="the id column 'a' is an item or scale of 'small'"):
        Responses.from_frame(pd.DataFrame({"a": [1], "b": [1], "c": [1]}), [SMALL], id="a")


def test_numbers_that_mean_no_answer_are_found_in_columns_of_words_too():
    frame = pd.DataFrame(
        {"a": [1, 2, 3], "b": [1, 1, 1], "c": [1, 1, 1], "town": ["x", "-99", "077"],
         "kind": pd.Categorical(["u", "77", "-99.0"]), "mixed": pd.Series([-99, "y", True], dtype=object)}
    )  # fmt: skip
    responses = Responses.from_frame(frame, [SMALL], missing_codes=[-99, 77])
    assert responses.frame["town"].isna().tolist() == [False, True, False]
    assert responses.frame["kind"].isna().tolist() == [False, True, True]
    assert responses.frame["mixed"].isna().tolist() == [True, False, False]
    (note,) = responses.file_notes
    assert note.message == "Missing codes were read as no answer: -99 (3 times), 77 (1 time)."
