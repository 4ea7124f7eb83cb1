"""How the sentences about money and customers write their numbers."""

from __future__ import annotations

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
