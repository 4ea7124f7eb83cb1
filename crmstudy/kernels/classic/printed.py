"""What printed figures allow: intervals of what was rounded, and whether whole answers can have such a mean or SD.

A printed figure is the :class:`Span` of all numbers that are rounded to it. Spans are taken through formulas corner by
corner; a check fails only when nothing in the spans agrees.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

#: Room for the last bit of binary fractions at the ends of a span, relative.
_SLACK = 1e-9
#: Sums of answers looked through before GRIMMER gives up.
_MOST_SUMS = 20_000


@dataclass(frozen=True, slots=True)
class Span:
    """All numbers from ``low`` to ``high``; ``middle`` is what was printed, or what follows from printed figures."""

    low: float
    high: float
    middle: float

    def meets(self, other: Span) -> bool:
        """Whether the two have a number in common."""
        room = _SLACK * max(1.0, abs(self.low), abs(self.high))
        return self.low <= other.high + room and other.low <= self.high + room

    @property
    def mirrored(self) -> Span:
        """The span with the other sign."""
        return Span(-self.high, -self.low, -self.middle)

    @property
    def size(self) -> Span:
        """The span of the absolute values."""
        ends = abs(self.low), abs(self.high)
        low = 0.0 if self.low <= 0.0 <= self.high else min(ends)
        return Span(low, max(ends), abs(self.middle))


def rounded(value: float, decimals: int) -> Span:
    """The numbers that are written as ``value`` with so many decimals, a half rounded either way."""
    half = 0.5 * 10.0**-decimals
    return Span(value - half, value + half, value)


def exactly(value: float) -> Span:
    """A number that was not rounded, such as an n."""
    return Span(value, value, value)


def through(formula: Callable[..., float], *spans: Span) -> Span:
    """What a formula that is monotone in each argument gives for the corners of the spans."""
    found = [formula(*corner) for corner in product(*((span.low, span.high) for span in spans))]
    found = [value for value in found if not math.isnan(value)]
    middle = formula(*(span.middle for span in spans))
    if not found:
        return Span(math.nan, math.nan, middle)
    return Span(min(*found, middle), max(*found, middle), middle)


def is_possible_mean(mean: Span, n: int, items: int = 1) -> bool:
    """GRIM (Brown & Heathers, 2017): whether a sum of whole numbers over n times ``items`` lies in the span.

    Parameters
    ----------
    mean : Span
    n : int
        Number of respondents.
    items : int
        Number of whole answers that each respondent's score is the mean of.
    """
    parts = n * items
    room = _SLACK * max(1.0, abs(mean.middle) * parts)
    return math.floor(mean.high * parts + room) >= math.ceil(mean.low * parts - room)


def nearest_means(mean: Span, n: int, items: int = 1) -> tuple[float, float]:
    """The possible means next below and next above a printed one."""
    parts = n * items
    below = math.floor(mean.middle * parts)
    return below / parts, (below + 1) / parts


def is_possible_deviation(
    mean: Span, sd: Span, n: int, items: int = 1, low: float | None = None, high: float | None = None
) -> bool | None:
    r"""GRIMMER (Allard, 2018): whether whole answers can have this standard deviation beside this mean.

    With x the sum of a respondent's ``items`` answers: for some whole sum S that fits the mean there must be a whole
    sum of squares :math:`Q = (n-1)s^2 + S^2/n` within the span of s that is even exactly when S is, and that answers
    between ``low`` and ``high`` can have.

    Parameters
    ----------
    mean, sd : Span
        Of the mean of the items, divisor n - 1.
    n : int
        Number of respondents, at least 2.
    items : int
    low, high : float, optional
        Smallest and largest possible answer.

    Returns
    -------
    bool or None
        None where too many sums fit the mean to be looked through.
    """
    room = _SLACK * max(1.0, abs(mean.middle) * n * items)
    first, last = math.ceil(mean.low * n * items - room), math.floor(mean.high * n * items + room)
    if last - first > _MOST_SUMS:
        return None
    lowest = None if low is None else round(low * items)
    highest = None if high is None else round(high * items)
    for total in range(first, last + 1):
        squares = [(n - 1) * (end * items) ** 2 + total**2 / n for end in (max(sd.low, 0.0), sd.high)]
        room = _SLACK * max(1.0, squares[1])
        least, most = math.ceil(squares[0] - room), math.floor(squares[1] + room)
        least = max(least, _least_squares(total, n))
        if lowest is not None and highest is not None:
            if not lowest * n <= total <= highest * n:
                continue
            most = min(most, _most_squares(total, n, lowest, highest))
        least += (least - total) % 2
        if least <= most:
            return True
    return False


def largest_deviation(mean: Span, n: int, low: float, high: float) -> float:
    r"""Largest standard deviation of n answers between two ends with this mean.

    :math:`\sqrt{(h-m)(m-l)\,n/(n-1)}` with the m of the span next to the middle of the ends.
    """
    at = min(max((low + high) / 2.0, mean.low), mean.high)
    return math.sqrt(max((high - at) * (at - low), 0.0) * n / (n - 1.0))


def _least_squares(total: int, n: int) -> int:
    """The smallest sum of squares of n whole numbers with this sum."""
    share, rest = divmod(total, n)
    return (n - rest) * share**2 + rest * (share + 1) ** 2


def _most_squares(total: int, n: int, lowest: int, highest: int) -> int:
    """The largest sum of squares of n whole numbers between two ends with this sum."""
    if highest == lowest:
        return n * lowest**2
    at_top, rest = divmod(total - n * lowest, highest - lowest)
    if at_top >= n:
        return n * highest**2
    return at_top * highest**2 + (lowest + rest) ** 2 + (n - at_top - 1) * lowest**2
