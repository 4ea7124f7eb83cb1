"""The Jalali (Solar Hijri) calendar of Iran beside the Gregorian one, and the names of its months.

Leap years follow the 33-year rule of Borkowski's break table, which agrees with the astronomical calendar of Iran from
1178 to 1633 and beyond; dates are converted for the years 1 to 1633 (622 to 2255).
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

#: The years that can be converted.
FIRST, LAST = 1, 1633
MONTHS_FA = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
#: Years in which the pattern of 33 years (leap at the years 1 5 9 13 17 22 26 30 of it) begins anew or is broken.
_BREAKS = (-61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635)


def is_leap(year: int) -> bool:
    """Whether a Jalali year has 366 days."""
    since = _leaps_before(year)[1]
    return ((since + 1) % 33 - 1) % 4 == 0


def month_days(year: int, month: int) -> int:
    """How many days a month of a Jalali year has."""
    return 31 if month <= 6 else 30 if month <= 11 or is_leap(year) else 29


def from_jalali(year: int, month: int, day: int) -> dt.date:
    """The Gregorian date of a Jalali one.

    Raises
    ------
    ValueError
        When there is no such day, or its year cannot be converted.

    Examples
    --------
    >>> from_jalali(1405, 8, 30).isoformat(), from_jalali(1403, 12, 30).isoformat()
    ('2026-11-21', '2025-03-20')
    """
    if not FIRST <= year <= LAST:
        raise ValueError(f"Jalali years from {FIRST} to {LAST} are known, not {year}")
    if not (1 <= month <= 12 and 1 <= day <= month_days(year, month)):
        raise ValueError(f"there is no day {day} in month {month} of {year}")
    before = 31 * (month - 1) if month <= 7 else 186 + 30 * (month - 7)
    return _start(year) + dt.timedelta(days=before + day - 1)


def to_jalali(date: dt.date) -> tuple[int, int, int]:
    """Year, month and day of a date in the Jalali calendar.

    Raises
    ------
    ValueError
        When its year cannot be converted.

    Examples
    --------
    >>> to_jalali(__import__("datetime").date(2026, 11, 21))
    (1405, 8, 30)
    """
    year = date.year - 621
    if not FIRST <= year <= LAST + 1:
        raise ValueError(f"Jalali years from {FIRST} to {LAST} are known, not that of {date.isoformat()}")
    if year > LAST or date < _start(year):
        year -= 1
    if year < FIRST:
        raise ValueError(f"Jalali years from {FIRST} to {LAST} are known, not that of {date.isoformat()}")
    passed = (date - _start(year)).days
    if passed >= 366 or (passed == 365 and not is_leap(year)):
        raise ValueError(f"Jalali years from {FIRST} to {LAST} are known, not that of {date.isoformat()}")
    if passed < 186:
        return year, passed // 31 + 1, passed % 31 + 1
    return year, (passed - 186) // 30 + 7, (passed - 186) % 30 + 1


def _leaps_before(year: int) -> tuple[int, int]:
    """Leap years since the year -14 up to a year, and how many years lie between it and the break before it."""
    leaps, start = -14, _BREAKS[0]
    length = 0
    for end in _BREAKS[1:]:
        length = end - start
        if year < end:
            break
        leaps += length // 33 * 8 + length % 33 // 4
        start = end
    since = year - start
    leaps += since // 33 * 8 + (since % 33 + 3) // 4
    if length % 33 == 4 and length - since == 4:
        leaps += 1
    return leaps, since if length - since >= 6 else since - length + (length + 4) // 33 * 33


@lru_cache(maxsize=512)
def _start(year: int) -> dt.date:
    """The first of Farvardin of a year: a day between 19 and 22 March."""
    leaps = _leaps_before(year)[0]
    gregorian = year + 621
    leap_days = gregorian // 4 - (gregorian // 100 + 1) * 3 // 4 - 150
    return dt.date(gregorian, 3, 1) + dt.timedelta(days=20 + leaps - leap_days - 1)
