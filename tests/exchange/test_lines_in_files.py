"""Lines, ranks and texts in hand-overs, in data files and their codebooks, in the exports of platforms."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmstudy.errors import DataError
from crmstudy.exchange.read import read_responses
from crmstudy.exchange.writing.codebook import write_codebook
from crmstudy.exchange.writing.gathering import instrument_variables
from crmstudy.exchange.writing.write import write_responses
from crmstudy.handover import read_handover, write_handover
from crmstudy.scoring import score
from tests.instrument.lines import lines

RANKS = ["ALL_1", "ALL_2", "ALL_3", "ALL_4", "TOP_1", "TOP_2", "TOP_3", "TOP_4"]


def record(number=1, **changes):
    made = {
        "record": f"{number:032x}", "language": "fa", "answers": {"L1": 80, "L2": 30},
        "open": {"ALL": [3, 1, 4, 2], "TOP": [4, 1], "SAY": "خوب"},
    }  # fmt: skip
    return made | changes


def handed(folder, *records, mode="identified", **options):
    created = "2026-11" if mode == "anonymous" else "2026-11-26"
    return write_handover(folder, [lines()], records or [record()], mode=mode, created=created, **options)


@pytest.fixture
def answers(tmp_path):
    """Answers of a hand-over: whole, with codes, with nothing."""
    return read_responses(handed(
        tmp_path / "out", record(1), record(2, answers={"L1": -9, "L2": 100}, open={"ALL": [-9]}),
        record(3, answers={"L1": None, "L2": 0}, open={"TOP": None}),
    ))  # fmt: skip


def test_places_are_columns_and_a_line_is_scored(answers):
    assert list(answers.frame) == ["record", "language", "L1", "L2", *RANKS, "SAY"]
    np.testing.assert_array_equal(answers.frame[RANKS].iloc[0], [2, 4, 1, 3, 2, np.nan, np.nan, 1])
    assert answers.frame[RANKS].iloc[1:].isna().all(axis=None)
    np.testing.assert_array_equal(score(answers).frame["mood"], [75.0, 0.0, 100.0])
    assert dict(answers.codes["L1"]) == {1: -9}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=st.lists(st.none() | st.permutations([1, 2, 3, 4]), min_size=1, max_size=8))
def test_every_order_can_be_read_off_its_columns(tmp_path_factory, orders):
    records = [
        record(number, open={} if order is None else {"ALL": order, "TOP": order[:2]})
        for number, order in enumerate(orders)
    ]
    frame = read_responses(handed(tmp_path_factory.mktemp("h") / "out", *records)).frame
    for question, places in (("ALL", 4), ("TOP", 2)):
        for row, order in enumerate(orders):
            held = {
                n: frame[f"{question}_{n}"].iloc[row] if f"{question}_{n}" in frame else np.nan for n in range(1, 5)
            }
            placed = {value: place for value, place in held.items() if place == place}
            assert sorted(placed, key=placed.__getitem__) == (order or [])[:places]
            assert sorted(placed.values()) == [*range(1, len(placed) + 1)]


@pytest.mark.parametrize(
    ("open", "sentence"),
    [
        ({"ALL": [1, 2, 3]}, "a list of 4 different values out of 1 to 4 in their order"),
        ({"ALL": [1, 2, 3, 3]}, "a list of 4 different values"),
        ({"ALL": [1, 2, 3, 5]}, "found [1, 2, 3, 5]"),
        ({"ALL": [1, 2, 3, True]}, "a list of 4 different values"),
        ({"ALL": [-9, 1, 2, 3]}, "or a list of one missing code (-9)"),
        ({"ALL": []}, "a list of 4 different values"),
        ({"ALL": 3}, "found 3"),
        ({"ALL": {"1": 1}}, "a list of 4 different values"),
        ({"TOP": [1, 2, 3]}, "the answer to TOP is a list of 2 different values"),
        ({"TOP": [1]}, "the answer to TOP is a list of 2 different values"),
        ({"HELLO": "x"}, 'open has "HELLO", which no instrument asks'),
        ({"L1": 5}, 'open has "L1", which no instrument asks'),
    ],
)
def test_an_order_is_whole_or_none(tmp_path, open, sentence):
    with pytest.raises(DataError) as refused:
        handed(tmp_path / "out", record(open=open))
    assert sentence in refused.value.faults[0].message


def test_a_line_takes_whole_numbers_of_its_range(tmp_path):
    for wrong in (101, 50.5, "50"):
        with pytest.raises(DataError, match="the answer to L1 is one of -9, 0 to 100"):
            handed(tmp_path / "out", record(answers={"L1": wrong, "L2": 3}))


def test_the_order_shown_may_name_texts(tmp_path):
    shown = {"order": ["HELLO", "L2", "L1", "BETWEEN", "ALL", "TOP", "SAY"]}
    folder = handed(tmp_path / "out", record(paradata=shown))
    assert next(iter(read_handover(folder).records()))["paradata"] == shown
    with pytest.raises(DataError, match="order has ids that no instrument asks"):
        handed(tmp_path / "other", record(paradata={"order": ["L9"]}))


def test_what_the_columns_are():
    found = {one.name: one for one in instrument_variables(lines())}
    assert list(found) == ["L1", "L2", *RANKS, "SAY"]
    assert (found["L1"].measure, found["L1"].low, found["L1"].high) == ("scale", 0, 100)
    assert set(found["L1"].values) == {0, 50, 100}
    assert (found["ALL_3"].kind, found["ALL_3"].measure, found["ALL_3"].low, found["ALL_3"].high) == (
        "place", "ordinal", 1, 4,
    )  # fmt: skip
    assert found["TOP_3"].high == 2
    assert found["ALL_3"].label["en"] == "Put the ways in order — branch"
    assert not found["ALL_3"].values


@pytest.mark.parametrize("ending", [".csv", ".sav", ".dta", ".xlsx", ".parquet"])
def test_answers_come_back_from_a_file(answers, tmp_path, ending):
    path = tmp_path / f"answers{ending}"
    write_responses(answers, path)
    back = read_responses(path, instruments=[lines()], id="record")
    np.testing.assert_array_equal(back.frame[["L1", "L2", *RANKS]].to_numpy(float),
                                  answers.frame[["L1", "L2", *RANKS]].to_numpy(float))  # fmt: skip


def test_a_sav_file_labels_lines_and_places(answers, tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    write_responses(answers, tmp_path / "answers.sav", lang="en")
    _, meta = pyreadstat.read_sav(tmp_path / "answers.sav")
    assert meta.variable_value_labels["L1"] == {
        0.0: "not at all", 50.0: "half and half", 100.0: "wholly", -9.0: "does not apply",
    }  # fmt: skip
    assert meta.variable_measure["L1"] == "scale"
    assert meta.variable_measure["ALL_1"] == "ordinal"
    assert meta.column_names_to_labels["ALL_1"] == "Put the ways in order — telephone"
    assert "HELLO" not in meta.column_names


@pytest.mark.parametrize(("lang", "word"), [("en", "place in an order"), ("fa", "رتبه")])
def test_a_codebook_says_what_a_place_is(answers, tmp_path, lang, word):
    for ending in (".html", ".csv", ".json", ".xml"):
        write_codebook(answers, tmp_path / f"book{ending}", lang=lang)
    assert word in (tmp_path / "book.html").read_text(encoding="utf-8")
    held = {one["name"]: one for one in json.loads((tmp_path / "book.json").read_text(encoding="utf-8"))["variables"]}
    assert held["ALL_3"]["kind"] == "place"
    assert [entry["value"] for entry in held["TOP_1"]["values"]] == [1, 2]
    assert [entry["value"] for entry in held["L1"]["values"]] == [0, 50, 100]
    assert held["ALL_3"]["observed"]["out_of_range"] == 0
    assert "HELLO" not in held


def read_text(tmp_path, text, **options):
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    return read_responses(path, instruments=[lines()], **options)


def test_limesurvey_has_a_column_a_place(tmp_path):
    text = (
        "id,submitdate,lastpage,startlanguage,L1,L2,ALL[1],ALL[2],ALL[3],ALL[4],TOP[1],TOP[2],SAY\n"
        "1,2026-11-01 10:00:00,2,en,80,30,3,1,4,2,4,1,x\n"
        "2,2026-11-01 11:00:00,2,en,M9,20,M9,,,,,,\n"
    )
    back = read_text(tmp_path, text)
    np.testing.assert_array_equal(back.frame[RANKS].iloc[0], [2, 4, 1, 3, 2, np.nan, np.nan, 1])
    assert back.frame[RANKS].iloc[1].isna().all()
    labelled = text.replace(",3,1,4,2,4,1,x", ",branch,telephone,internet,letter,internet,telephone,x")
    again = read_text(tmp_path, labelled)
    np.testing.assert_array_equal(again.frame[RANKS], back.frame[RANKS])
    with pytest.raises(DataError, match=r"the column 'ALL\[1\]' holds the answer in place 1"):
        read_text(tmp_path, text.replace(",3,1,4,2,4,1,x", ",7,1,4,2,4,1,x"))


def test_limesurvey_has_a_line_as_a_number_in_a_row(tmp_path):
    text = (
        "id,submitdate,lastpage,startlanguage,line[L1],line2[L2],ALL[1]. Put the ways in order [Rank 1],"
        "ALL[2]. Put the ways in order [Rank 2],ALL[3]. Put the ways in order [Rank 3],"
        "ALL[4]. Put the ways in order [Rank 4],TOP[1],TOP[2],SAY\n"
        "1,2026-11-01 10:00:00,2,en,80.0000000000,30.0000000000,3,1,4,2,4,1,x\n"
    )
    back = read_text(tmp_path, text)
    assert back.frame[["L1", "L2"]].iloc[0].tolist() == [80, 30]
    np.testing.assert_array_equal(back.frame[RANKS].iloc[0], [2, 4, 1, 3, 2, np.nan, np.nan, 1])


def test_redcap_has_the_fields_of_a_ranked_matrix(tmp_path):
    head = "record_id,l1,l2,all_1,all_2,all_3,all_4,top_1,top_2,top_3,top_4,say,lines_complete\n"
    back = read_text(tmp_path, f"{head}1,80,30,2,4,1,3,2,,,1,x,2\n2,,20,,,,,,,,,,2\n")
    np.testing.assert_array_equal(back.frame[RANKS].iloc[0], [2, 4, 1, 3, 2, np.nan, np.nan, 1])
    assert back.frame[RANKS].iloc[1].isna().all()


def test_kobo_has_the_order_in_a_cell(tmp_path):
    text = (
        "_id,_uuid,_submission_time,L1,L2,ALL,TOP,SAY\n"
        "1,a,2026-11-01T10:00:00,80,30,3 1 4 2,4 1,x\n2,b,2026-11-01T10:00:00,80,30,,,\n"
    )
    back = read_text(tmp_path, text)
    np.testing.assert_array_equal(back.frame[RANKS].iloc[0], [2, 4, 1, 3, 2, np.nan, np.nan, 1])
    with pytest.raises(DataError, match="the column 'ALL' wants different answers in their order"):
        read_text(tmp_path, text.replace("3 1 4 2", "3 1 4 3"))


def test_qualtrics_has_a_column_an_answer(tmp_path):
    text = (
        "StartDate,Status,Finished,ResponseId,L1,L2,ALL_1,ALL_2,ALL_3,ALL_4,TOP_1,TOP_4,SAY\n"
        "Start Date,Response Type,Finished,Response ID,How content are you,How tired are you,"
        "Put the ways in order - telephone,Put the ways in order - letter,Put the ways in order - branch,"
        "Put the ways in order - internet,Which two come first - telephone,Which two come first - internet,"
        "Anything else\n"
        + ",".join(f'"{{""ImportId"":""{name}""}}"' for name in
                   ("startDate", "status", "finished", "_recordId", "QID1", "QID2", "QID3_1", "QID3_2", "QID3_3",
                    "QID3_4", "QID4_1", "QID4_4", "QID5_TEXT"))
        + "\n2026-11-01 10:00:00,0,1,R_1,80,30,2,4,1,3,2,1,x\n"
    )  # fmt: skip
    back = read_text(tmp_path, text)
    np.testing.assert_array_equal(back.frame[RANKS].iloc[0], [2, 4, 1, 3, 2, np.nan, np.nan, 1])
    swapped = text.replace("order - telephone", "order - X").replace("order - letter", "order - telephone")
    swapped = swapped.replace("order - X", "order - letter")  # the label counts, not the number of the platform
    assert read_text(tmp_path, swapped).frame[["ALL_1", "ALL_2"]].iloc[0].tolist() == [4, 2]
    with pytest.raises(DataError, match="is the place of one answer and wants a whole number from 1"):
        read_text(tmp_path, text.replace(",2,4,1,3,2,1,x", ",first,4,1,3,2,1,x"))
