"""The door of the assessments: what counts as a number, a date and a text, whoever typed it."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from crmstudy.assessment.dates import day_of
from crmstudy.assessment.tables import table_of
from crmstudy.errors import DataError


def typed(values: object, kind: str) -> list[object]:
    return list(table_of(pd.DataFrame({"x": values}), {"x": kind}, what="rows")["x"])  # type: ignore[dict-item]


def fault(values: object, kind: str) -> str:
    with pytest.raises(DataError) as found:
        typed(values, kind)
    return str(found.value)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (["۱۲", "٣", " 4 ", ""], [12.0, 3.0, 4.0, np.nan]),
        (["۱۲٫۵", "۱٬۲۳۴", "3,5", "\u22122"], [12.5, 1234.0, 3.5, -2.0]),
        ([Decimal("1.5"), Decimal("NaN"), None], [1.5, np.nan, np.nan]),
        (pd.array([1, None], dtype="Int64"), [1.0, np.nan]),
        (pd.Series([1, pd.NA, "2"], dtype=object), [1.0, np.nan, 2.0]),
        (pd.array([True, None], dtype="boolean"), [1.0, np.nan]),
        (pd.Categorical(["2", "1", None]), [2.0, 1.0, np.nan]),
    ],
)
def test_a_number_is_read_whatever_holds_it(values: object, numbers: list[float]) -> None:
    np.testing.assert_array_equal(typed(values, "number"), numbers)


@pytest.mark.parametrize(
    "value",
    ["1,234", "inf", "a", 10**400, 1e200, 1 + 2j, [1], pd.Timestamp("2026-01-01"), pd.Timedelta(days=1)],
    ids=str,
)
def test_what_is_no_number_is_quoted(value: object) -> None:
    assert "(row 2) is none" in fault(pd.Series([None, value], dtype=object), "number")


def test_times_in_a_column_of_numbers_are_no_numbers() -> None:
    assert "2 days 00:00:00 (row 2) are none" in fault(pd.to_timedelta([1, 2], unit="D"), "number")


@pytest.mark.parametrize(
    ("values", "days"),
    [
        (["2026-03-21", "۲۰۲۶/۳/۲۱", "20260321", "21 March 2026", "2026-03-21T10:30"], ["2026-03-21"] * 5),
        (["21.03.2026", "04.03.2026"], ["2026-03-21", "2026-03-04"]),
        # the rest of the column says which part is the month
        (["04/03/2026", "21/03/2026"], ["2026-03-04", "2026-03-21"]),
        (["04/03/2026", "03/21/2026"], ["2026-04-03", "2026-03-21"]),
        ([dt.date(2026, 3, 21), None, np.datetime64("2026-03-21"), ""], ["2026-03-21", None, "2026-03-21", None]),
        (pd.Categorical(["2026-03-21"]), ["2026-03-21"]),
    ],
)
def test_a_date_is_read_in_one_way_only(values: object, days: list[str | None]) -> None:
    assert [None if pd.isna(day) else f"{day:%Y-%m-%d}" for day in typed(values, "date")] == days


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["03/04/2026"], "day and month can be taken for one another"),
        (["13/04/2026", "04/13/2026"], "day and month can be taken for one another"),
        (["1405/01/01"], "Jalali"),
        (["۱۴۰۳/۰۲/۳۱"], "Jalali"),
        (["today"], "today (row 1) is none"),
        (["10:30"], "10:30 (row 1) is none"),
        (["21 March 2026 10:30 XYZ"], "(row 1) is none"),
        (["21.03.26"], "(row 1) is none"),
        (["2026-02-30"], "2026-02-30 (row 1) is none"),
        ([46000, "2026-01-01"], "46000 (row 1) is none"),
        ([46000.0], "46000.0 (row 1) is none"),
        ([["2026-01-01"]], "(row 1) is none"),
        ([pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-01")], "(row 2) is none (times stand with"),
    ],
    ids=str,
)
def test_a_date_that_could_be_another_is_refused(values: list[object], said: str) -> None:
    assert said in fault(values, "date")


def test_times_of_several_zones_become_universal_time() -> None:
    found = typed(["2026-01-01T00:00+03:30", "2026-07-01T00:00+04:30"], "date")
    assert found == [pd.Timestamp("2025-12-31T20:30Z"), pd.Timestamp("2026-06-30T19:30Z")]


def test_a_single_day_is_read_as_a_column_is() -> None:
    assert (
        day_of("۲۱.۰۳.۲۰۲۶") == day_of(pd.Timestamp("2026-03-21 09:00", tz="Asia/Tehran")) == pd.Timestamp("2026-03-21")
    )
    assert day_of("today") is day_of(20260321) is day_of("1405/01/01") is None


def test_a_table_is_told_what_it_lacks() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["x", "x"])
    with pytest.raises(DataError, match="2 columns 'x'"):
        table_of(frame, {"x": "number"}, what="rows")
    with pytest.raises(DataError, match="names of 2 levels"):
        table_of(pd.concat({"a": frame}, axis=1), {"x": "number"}, what="rows")
    with pytest.raises(DataError, match="no column '7'"):
        table_of(frame, {7: "number"}, what="rows")  # type: ignore[dict-item]
