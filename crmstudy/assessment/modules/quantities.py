"""Numbers of sentences with their kinds."""

from __future__ import annotations

from crmstudy.assessment.wording import Value


def number(value: object) -> Value:
    """How many."""
    return value, "n"


def percent(value: object) -> Value:
    """A percentage, 0 to 100."""
    return value, "percent"


def points(value: object) -> Value:
    """Points of a scale or an index."""
    return value, "estimate"
