"""The Jalali calendar against the sun, against printed dates, and against itself."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from crmstudy.administration.wording.calendar import (
    FIRST,
    LAST,
    MONTHS_FA,
    from_jalali,
    is_leap,
    month_days,
    to_jalali,
)

#: Periodic terms of the March equinox (Meeus, Astronomical Algorithms, 2nd ed., table 27.C).
TERMS = (
    (485, 324.96, 1934.136), (203, 337.23, 32964.467), (199, 342.08, 20.186), (182, 27.85, 445267.112),
    (156, 73.14, 45036.886), (136, 171.52, 22518.443), (77, 222.54, 65928.934), (74, 296.72, 3034.906),
    (70, 243.58, 9037.513), (58, 119.81, 33718.147), (52, 297.17, 150.678), (50, 21.02, 2281.226),
    (45, 247.54, 29929.562), (44, 325.15, 31555.956), (29, 60.93, 4443.417), (18, 155.12, 67555.328),
    (17, 288.79, 4562.452), (16, 198.04, 62894.029), (14, 199.76, 31436.921), (12, 95.39, 14577.848),
    (12, 287.11, 31931.756), (12, 320.81, 34777.259), (9, 227.73, 1222.114), (8, 15.45, 16859.074),
)  # fmt: skip


def equinox(year):
    """The March equinox of a Gregorian year in the time of Tehran (52.5° east), as days of :mod:`datetime`."""
    y = (year - 2000) / 1000
    mean = 2451623.80984 + 365242.37404 * y + 0.05169 * y**2 - 0.00411 * y**3 - 0.00057 * y**4
    t = (mean - 2451545.0) / 36525
    w = math.radians(35999.373 * t - 2.47)
    longitude = 1 + 0.0334 * math.cos(w) + 0.0007 * math.cos(2 * w)
    sum_ = sum(a * math.cos(math.radians(b + c * t)) for a, b, c in TERMS)
    dynamical = mean + 0.00001 * sum_ / longitude
    return dynamical - (30 + 0.8 * max(0, year - 1960)) / 86400 + 3.5 / 24 - 1721424.5


def nowruz(year):
    """The first day of a Jalali year by its definition: the equinox falls before its noon, after the noon before."""
    moment = equinox(year + 621)
    return dt.date.fromordinal(math.floor(moment) + (moment % 1 >= 0.5))


def test_a_year_begins_with_the_sun_from_1300_to_1450():
    assert [from_jalali(year, 1, 1) for year in range(1300, 1452)] == [nowruz(year) for year in range(1300, 1452)]
    by_sun = {year for year in range(1300, 1451) if (nowruz(year + 1) - nowruz(year)).days == 366}
    assert {year for year in range(1300, 1451) if is_leap(year)} == by_sun


def test_a_leap_year_every_four_years_would_not_pass():
    """The control: counting by fours from 1300 leaves the sun within a few years."""
    days = [dt.date(1921, 3, 21) + dt.timedelta(days=365 * nth + (nth + 3) // 4) for nth in range(40)]
    assert days[:5] == [nowruz(year) for year in range(1300, 1305)]
    assert days != [nowruz(year) for year in range(1300, 1340)]


@pytest.mark.parametrize(
    ("jalali", "date"),
    [
        ((1357, 11, 22), "1979-02-11"), ((1300, 1, 1), "1921-03-21"), ((1399, 12, 30), "2021-03-20"),
        ((1400, 1, 1), "2021-03-21"),
        ((1403, 12, 30), "2025-03-20"), ((1405, 8, 30), "2026-11-21"), ((1404, 12, 29), "2026-03-20"),
        ((1348, 10, 11), "1970-01-01"),
    ],
)  # fmt: skip
def test_known_dates(jalali, date):
    assert from_jalali(*jalali) == dt.date.fromisoformat(date)
    assert to_jalali(dt.date.fromisoformat(date)) == jalali


def test_every_day_there_and_back():
    day, last = from_jalali(1300, 1, 1), from_jalali(1451, 1, 1)
    before = (1299, 12, month_days(1299, 12))
    while day <= last:
        found = to_jalali(day)
        assert from_jalali(*found) == day
        assert found > before
        before, day = found, day + dt.timedelta(days=1)


def test_every_year_from_first_to_last_follows_the_one_before():
    for year in range(FIRST, LAST + 1):
        days = sum(month_days(year, month) for month in range(1, 13))
        assert days == (366 if is_leap(year) else 365)
        assert to_jalali(from_jalali(year, 12, month_days(year, 12))) == (year, 12, month_days(year, 12))
        if year < LAST:
            assert from_jalali(year + 1, 1, 1) - from_jalali(year, 1, 1) == dt.timedelta(days=days)


@pytest.mark.parametrize(
    "wrong", [(1404, 12, 30), (1404, 7, 31), (1404, 13, 1), (1404, 0, 1), (1404, 1, 0), (0, 1, 1), (1634, 1, 1)]
)
def test_days_that_are_none(wrong):
    with pytest.raises(ValueError):
        from_jalali(*wrong)


@pytest.mark.parametrize("date", [dt.date.min, dt.date(622, 3, 21), dt.date(2255, 3, 22), dt.date.max])
def test_dates_that_cannot_be_told(date):
    with pytest.raises(ValueError):
        to_jalali(date)


def test_months_have_their_names():
    assert len(MONTHS_FA) == len(set(MONTHS_FA)) == 12
    assert "ي" not in "".join(MONTHS_FA)
