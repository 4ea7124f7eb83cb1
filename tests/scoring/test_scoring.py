"""Vectorised scores against Scale.score, to the last bit, and the tables by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.errors import DataError
from crmstudy.instrument import Item, ResponseFormat, Scale, load_instrument
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS
from crmstudy.scoring import analysis_frame, score

ECSI = load_instrument("ecsi")
ANSWERS = st.one_of(
    st.none(), st.just(math.nan), st.integers(-2, 12), st.sampled_from([99, -99]),
    st.floats(0, 11, allow_nan=False), st.sampled_from([0.1, 3.3, 2 / 3]),
)  # fmt: skip


@st.composite
def _cases(draw):
    """An instrument of one or two scales with odd formats and keys, and answers to it."""
    formats = [
        ResponseFormat("f", low, low + width, missing_codes=codes)
        for low, width, codes in draw(
            st.lists(st.tuples(st.integers(-1, 2), st.integers(1, 10), st.sampled_from([(), (99,), (-99, 99)])),
                     min_size=1, max_size=3)
        )
    ]  # fmt: skip
    count = draw(st.integers(1, 9))
    items = tuple(
        Item(f"i{k}", k + 1, draw(st.sampled_from(formats)), reverse=draw(st.booleans())) for k in range(count)
    )
    cut = draw(st.integers(1, count))
    scales = tuple(
        Scale(name, {}, members, draw(st.sampled_from(["mean", "sum"])), draw(st.integers(1, len(members))))
        for name, members in (("s", items[:cut]), ("t", items[cut - 1 :]))
    )
    instrument = dataclasses.replace(ECSI, id="drawn", items=items, scales=scales)
    rows = draw(st.lists(st.lists(ANSWERS, min_size=count, max_size=count), min_size=1, max_size=6))
    return instrument, pd.DataFrame(rows, columns=[item.id for item in items], dtype=float)


@settings(max_examples=200, deadline=None)
@given(_cases())
def test_vectorised_scores_equal_scale_score_to_the_last_bit(case):
    instrument, frame = case
    scores = score(Responses.from_frame(frame, [instrument])).frame
    for scale in instrument.scales:
        alone = [scale.score(row) for row in frame.to_dict("records")]
        np.testing.assert_array_equal(scores[scale.id].to_numpy(), [math.nan if s is None else s for s in alone])


@settings(max_examples=50, deadline=None)
@given(_cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_matter(case, random):
    instrument, frame = case
    rows, columns = list(frame.index), list(frame.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    straight = score(Responses.from_frame(frame, [instrument])).frame
    shuffled = score(Responses.from_frame(frame.loc[rows, columns], [instrument])).frame
    pd.testing.assert_frame_equal(straight.loc[rows], shuffled)


FIVE = ResponseFormat("agree", 1, 5)
ITEMS = tuple(Item(name, k + 1, FIVE, reverse=name == "b") for k, name in enumerate("abc"))
SMALL = dataclasses.replace(
    ECSI, id="small", version="1", items=ITEMS,
    scales=(Scale("s", {}, ITEMS, "sum", 2), Scale("m", {}, ITEMS[:2], "mean", 2)),
)  # fmt: skip
NAN = math.nan
RESPONSES = Responses.from_frame(
    pd.DataFrame({"a": [1, 5, NAN, 2], "b": [5, NAN, NAN, 4], "c": [1, 3, 5, 7], "age": [20, 30, 40, 50]}), [SMALL]
)


def test_scores_and_tables_by_hand():
    scores = score(RESPONSES)
    # s: 1+1+1; (5+3)·3/2; one answer only; (2+2)·3/2 as 7 is out of range
    np.testing.assert_array_equal(scores.frame["s"].to_numpy(), [3, 12, NAN, 6])
    np.testing.assert_array_equal(scores.frame["m"].to_numpy(), [1, NAN, NAN, 2])
    table = scores.tables["scales"].set_index("scale")
    assert table.loc["s", ["n", "missing", "mean", "min", "max"]].tolist() == [3, 1, 7.0, 3.0, 12.0]
    assert table.loc["s", "sd"] == pytest.approx(math.sqrt((16 + 25 + 1) / 2))
    assert scores.n == 4
    assert scores.estimates.columns.tolist() == list(ESTIMATE_COLUMNS)


def test_the_interval_of_a_mean_is_the_t_interval():
    row = score(RESPONSES).estimates.set_index("term").loc["s"]
    error = math.sqrt(21 / 3)
    assert row["std_error"] == pytest.approx(error)
    assert row["df"] == 2
    t = 4.302652729911275  # the .975 quantile of t with 2 df, from any printed table
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((7 - t * error, 7 + t * error))


def test_notes_say_who_has_no_score_and_which_scores_are_partial():
    notes = {(note.code, note.subject): note.message for note in score(RESPONSES).notes}
    assert notes["SCORING_TOO_FEW_ANSWERED", "s"].startswith("1 of 4 respondents answered fewer than 2 of the 3 items")
    assert notes["SCORING_PARTLY_ANSWERED", "s"].startswith("2 scores of 's'")
    assert ("RESPONSES_OUT_OF_RANGE", "c") in notes
    assert ("SCORING_PARTLY_ANSWERED", "m") not in notes


def test_a_scale_nobody_answered_is_a_note_and_no_number():
    empty = Responses.from_frame(pd.DataFrame({"a": [NAN, NAN], "b": [NAN, NAN], "c": [1.0, 2.0]}), [SMALL])
    scores = score(empty)
    assert scores.frame["s"].isna().all()
    assert [note.subject for note in scores.notes if note.code == "SCORING_NO_SCORE"] == ["s", "m"]
    assert scores.tables["scales"]["n"].tolist() == [0, 0]
    assert "null" in scores.to_json()


def test_the_analysis_frame_has_items_variables_and_scores():
    frame, notes = analysis_frame(RESPONSES)
    assert frame.columns.tolist() == ["a", "b", "c", "age", "s", "m"]
    assert frame["b"].tolist()[0] == 1.0
    assert any(note.code == "SCORING_TOO_FEW_ANSWERED" for note in notes)
    plain = pd.DataFrame({"x": [1.0]})
    assert analysis_frame(plain)[0] is plain
    bare = Responses.from_frame(plain)
    assert analysis_frame(bare)[0].columns.tolist() == ["x"]


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(DataError, match="found DataFrame"):
        score(pd.DataFrame({"a": [1]}))
    with pytest.raises(DataError, match="answer no instrument"):
        score(Responses.from_frame(pd.DataFrame({"a": [1]})))


def test_the_sentence_reads_in_apa_style():
    text = score(RESPONSES).text
    assert text.startswith("Scale scores, N = 4: s (M = 7.00, SD = 4.58), m (M = 1.50")
