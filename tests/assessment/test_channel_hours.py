"""Channels by hours of the week."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.assessment.processes import channel_coverage
from crmstudy.errors import DataError

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def hours(*rows, **more):
    return channel_coverage(pd.DataFrame(rows, columns=["channel", "day", "opens", "closes"]).assign(**more))


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 6), st.integers(0, 23), st.integers(1, 24)).filter(
            lambda row: row[2] % 24 != row[3] % 24
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_week_by_whole_hours_in_plain_python(rows):
    found = hours(*[(channel, DAYS[day], str(opens), f"{closes}:00") for channel, day, opens, closes in rows])
    open_ = {name: set() for name, *_ in rows}
    for name, day, opens, closes in rows:
        length = closes - opens if closes > opens else closes - opens + 24
        open_[name] |= {(day * 24 + opens + i) % 168 for i in range(length)}
    open_["any channel"] = set().union(*open_.values())
    table = found.tables["channels"].set_index("channel")
    for name, at in open_.items():
        assert table.loc[name, "hours"] == len(at)
        assert table.loc[name, "days"] == len({hour // 24 for hour in at})
        runs = "".join("o" if hour % 168 in at else "." for hour in range(336)).split("o")
        assert table.loc[name, "longest_gap"] == min(168, max(map(len, runs)))
    closed = found.tables["closed"]["hours"].sum()
    assert closed == 168 - len(open_["any channel"])
    by_hour = found.tables["hours"].set_index("channel").loc["any channel"]
    assert sum(by_hour) * 7 / 100 == pytest.approx(len(open_["any channel"]))


def test_around_the_clock_is_said_so():
    always = hours(("web", "daily", "00:00", "24:00"), ("desk", "mon", "8", "16"))
    assert "around the clock on all days: web" in always.text
    assert "without any channel" not in always.text
    not_quite = hours(("web", "daily", "00:00", "23:59"))
    assert "No single channel" in not_quite.text
    assert not_quite.tables["closed"]["opens"].tolist() == ["23:59"] * 7


def test_two_channels_together_may_cover_what_none_does_alone():
    found = hours(("desk", "daily", "8", "20"), ("night line", "daily", "20", "8"))
    table = found.tables["channels"].set_index("channel")["percent_of_week"]
    assert table.tolist() == [50.0, 50.0, 100.0]
    assert "No single channel" in found.text


def test_times_after_midnight_belong_to_the_next_day_and_sunday_runs_into_monday():
    found = hours(("line", "sun", "22:30", "6:15"))
    row = found.tables["channels"].iloc[0]
    assert row[["hours", "days", "longest_gap"]].tolist() == [7.75, 2, 168 - 7.75]
    by_hour = found.tables["hours"].iloc[0]
    assert by_hour["h22"] == pytest.approx(50 / 7)
    assert by_hour["h6"] == pytest.approx(25 / 7)


def test_overlapping_times_count_once():
    found = hours(("desk", "mon", "8", "12"), ("desk", "Понедельник", "10", "14"))
    assert found.tables["channels"]["hours"].tolist() == [6.0, 6.0]
    assert any(note.code == "CHANNELS_OVERLAP" and "2.0 hours" in note.message for note in found.notes)


def test_staffed_time_is_told_only_where_it_is_known():
    rows = (("web", "daily", "0", "24"), ("desk", "mon", "8", "16"))
    table = hours(*rows, staffed=["no", "yes"]).tables["channels"]["percent_staffed"]
    assert table.tolist() == [0.0, 100.0, pytest.approx(100 * 8 / 168)]
    some = hours(*rows, staffed=[None, "yes"])
    assert some.tables["channels"]["percent_staffed"].isna().tolist() == [True, False, True]
    assert any(note.code == "CHANNELS_STAFFED_UNKNOWN" for note in some.notes)


def test_a_channel_that_never_opens_is_named():
    found = hours(("fax", "mon", None, None), ("desk", "mon", "8", "16"))
    row = found.tables["channels"].iloc[0]
    assert row[["hours", "longest_gap"]].tolist() == [0.0, 168.0]
    assert any(note.code == "CHANNELS_NEVER_OPEN" and note.subject == "fax" for note in found.notes)


def test_all_faults_of_opening_hours_are_told_at_once():
    with pytest.raises(DataError) as refused:
        hours(
            ("a", "mon", "8", None), ("a", "moon", "8", "9"), ("a", "tue", "25", "9"), ("a", "wed", "9", "9"),
            ("a", "thu", "8:75", "9"), (None, "fri", "8", "9"), ("a", "sat", "24", "9"),
        )  # fmt: skip
    told = " ".join(fault.message for fault in refused.value.faults)
    for words in (
        "one end only",
        "moon (row 2)",
        "'25' (row 3",
        "same time",
        "'8:75'",
        "lacks its channel",
        "24:00; write",
    ):
        assert words in told


def test_a_closed_day_counts_before_what_is_said_of_every_day():
    found = hours(("desk", "daily", "8", "16"), ("desk", "fri", None, None), ("line", "daily", None, None),
                  ("line", "mon", "22:00", "02:00"))  # fmt: skip
    table = found.tables["channels"].set_index("channel")
    assert table.loc["desk", ["hours", "days"]].tolist() == [48.0, 6]
    assert table.loc["line", ["hours", "days"]].tolist() == [4.0, 2]
    with pytest.raises(DataError, match="Row 2 of the opening hours opens 'desk' when row 1 calls it closed"):
        hours(("desk", "fri", None, None), ("desk", "fri", "8", "9"))


def test_a_channel_with_unknown_staffing_has_no_staffed_share():
    rows = [("desk", "mon", "8", "12"), ("desk", "tue", "8", "12"), ("web", "mon", "0", "24")]
    found = hours(*rows, staffed=["yes", None, "no"])
    assert found.tables["channels"]["percent_staffed"].isna().tolist() == [True, False, True]
    assert [note.code for note in found.notes] == ["CHANNELS_STAFFED_UNKNOWN"]
    assert "a person answers" not in found.text
    known = hours(*rows, staffed=["yes", "no", "no"])
    assert known.tables["channels"]["percent_staffed"].tolist() == pytest.approx([50.0, 0.0, 100.0 * 4 / 28])


def test_one_channel_is_one_however_it_is_typed():
    found = hours(("تلفني", "mon", "۸", "۱۲"), ("تلفنی", "tue", "٨:٣٠", "١٢"))
    assert found.tables["channels"]["hours"].tolist() == [7.5, 7.5]
    assert [note.code for note in found.notes] == ["NAMES_READ_ALIKE"]
    with pytest.raises(DataError, match="name the channel otherwise"):
        hours(("any channel", "mon", "8", "12"))
