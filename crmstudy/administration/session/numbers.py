"""Numbers and dates as people type them: any digits, the decimal and thousands marks of their language, two calendars.

Nothing is guessed: what can be read in two ways in one language is refused, and so are NaN, infinity, powers of ten and
fractions.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from crmstudy.administration.wording.calendar import from_jalali, to_jalali
from crmstudy.letters import DIGITS, digits

#: Languages that part thousands by a comma; in all others a comma is a decimal mark.
COMMA_GROUPS = frozenset({"en", "fa", "ar", "he", "zh", "ja", "ko", "hi", "ur", "th"})
#: The years a date may have. Jalali years lie below them, so that a year tells its calendar.
YEARS, JALALI_YEARS = (1730, 2200), (1100, 1600)
_LONGEST = 60
_PLAIN = re.compile(r"[-+]?(?:[0-9]{1,15}(?:\.[0-9]{1,15})?|\.[0-9]{1,15})")
_BLANK_GROUPS = re.compile("[-+]?[0-9]{1,3}(?:[ \u00a0\u202f\u2009'\u2019][0-9]{3})+(?![0-9])")
_COMMA_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_GROUP_MARKS = dict.fromkeys(map(ord, " \u00a0\u202f\u2009'\u2019"))
_DATE = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_WHOLE = re.compile(r"[0-9]{1,4}")
_PERSIAN = {ord(plain): digit for digit, plain in DIGITS.items() if digit >= "\u06f0"} | {ord("."): "\u066b"}


def read_number(text: str, lang: str) -> Decimal | None:
    """The number a text says in a language, or None.

    Examples
    --------
    >>> [str(read_number(text, "ru")) for text in ("4,5", "1 250,75", "−3", "1e5", "nan")]
    ['4.5', '1250.75', '-3', 'None', 'None']
    >>> [str(read_number(text, "fa")) for text in ("۴٫۵", "۱٬۲۵۰", "١٢", "1,250")], read_number("1,250", "ru")
    (['4.5', '1250', '12', '1250'], Decimal('1.250'))
    """
    if len(text) > _LONGEST:
        return None
    said = digits(text)
    grouped = _BLANK_GROUPS.match(said)
    if grouped:
        said = grouped[0].translate(_GROUP_MARKS) + said[grouped.end() :]
    if "," in said:
        if lang.split("-")[0] in COMMA_GROUPS and _COMMA_GROUPED.fullmatch(said):
            said = said.replace(",", "")
        elif "." not in said:
            said = said.replace(",", ".")
    return Decimal(said) if _PLAIN.fullmatch(said) else None


def written_number(value: int | float, lang: str) -> str:
    """A number as a field shows it in a language; :func:`read_number` reads it back.

    Examples
    --------
    >>> written_number(4.5, "ru"), written_number(4.5, "fa"), written_number(-1e-7, "en")
    ('4,5', '۴٫۵', '-0.0000001')
    """
    said = f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)
    said = said.removesuffix(".0")
    tag = lang.split("-")[0]
    if tag == "fa":
        return said.translate(_PERSIAN)
    return said if tag in COMMA_GROUPS else said.replace(".", ",")


def read_whole(text: str) -> int | None:
    """A small whole number in any digits, such as a day or a place; None where it is none."""
    said = digits(text[:_LONGEST])
    return int(said) if _WHOLE.fullmatch(said) else None


def read_date(text: str, lang: str) -> dt.date | None:
    """The date of a text such as 2026-11-26, or in Persian also 1405/9/5; None where it is none."""
    found = _DATE.fullmatch(digits(text[:_LONGEST]))
    return None if found is None else date_of(int(found[1]), int(found[3]), int(found[4]), lang)


def date_of(year: int, month: int, day: int, lang: str) -> dt.date | None:
    """The day that three numbers name in the calendar of a language; None where there is no such day.

    In Persian a year tells whether it is Jalali (1404) or Gregorian (2026).
    """
    try:
        jalali = is_jalali(lang) and JALALI_YEARS[0] <= year <= JALALI_YEARS[1]
        found = from_jalali(year, month, day) if jalali else dt.date(year, month, day)
    except ValueError:
        return None
    return found if YEARS[0] <= found.year <= YEARS[1] else None


def parts_of(date: dt.date, lang: str) -> tuple[int, int, int]:
    """Year, month and day of a date in the calendar of a language."""
    return to_jalali(date) if is_jalali(lang) else (date.year, date.month, date.day)


def is_jalali(lang: str) -> bool:
    """Whether dates of a language are those of the Jalali calendar."""
    return lang.split("-")[0] == "fa"
