"""How the sentences about money and customers write their numbers."""

from __future__ import annotations

import datetime as dt

from crmstudy.assessment.wording import Value
from crmstudy.numerals import Kind

#: From here on amounts are written without cents.
_LARGE = 1000.0


def money(amount: float) -> tuple[float, Kind]:
    """An amount: with thousands marks and without cents where it is large."""
    return float(amount), "n" if abs(amount) >= _LARGE else "estimate"


def percent(share: float) -> tuple[float, Kind]:
    """A share that is in per cent already."""
    return float(share), "percent"


def count(number: float) -> tuple[float, Kind]:
    """How many."""
    return float(number), "n"


def day(name: str) -> Value:
    """A day from its name (2026-03-21), written as the language does; years of more than four digits stand as named."""
    try:
        return dt.date.fromisoformat(name)
    except ValueError:
        return name
