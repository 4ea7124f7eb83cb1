"""How often two people who typed in the same sheets disagree."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from crmstudy.administration.paper.typed import Typed
from crmstudy.instrument.forms import Field

#: The quantile of the normal distribution for an interval of 95 %.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Fields that two people typed in, and in how many they differ; ``clerks`` in the order of the alphabet."""

    clerks: tuple[str, ...]
    differing: int
    fields: int

    @property
    def rate(self) -> float:
        """Differing fields over fields; NaN without any."""
        return self.differing / self.fields if self.fields else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of 95 % for the rate (Wilson, 1927).

        Examples
        --------
        >>> [round(end, 4) for end in ErrorRate(("a", "b"), 0, 100).interval]
        [0.0, 0.037]
        """
        n = self.fields
        if not n:
            return math.nan, math.nan
        centre = self.rate + _Z * _Z / (2 * n)
        half = _Z * math.sqrt(self.rate * (1 - self.rate) / n + _Z * _Z / (4 * n * n))
        below = 1 + _Z * _Z / n
        low = 0.0 if self.differing == 0 else (centre - half) / below
        return low, 1.0 if self.differing == n else (centre + half) / below


def differing(first: Typed, second: Typed, fields: Iterable[Field]) -> tuple[str, ...]:
    """The questions in which two entries of a sheet are not the same."""
    return tuple(asked.id for asked in fields if not first.same(second, asked))


def settled(first: Typed, second: Typed, decided: Typed, fields: Iterable[Field]) -> Typed:
    """What a sheet says once a third person has decided where two entries differ."""
    disputed = set(differing(first, second, fields))
    answers = {id: value for id, value in first.answers.items() if id not in disputed}
    marks = {id: mark for id, mark in first.marks.items() if id not in disputed}
    answers |= {id: value for id, value in decided.answers.items() if id in disputed}
    marks |= {id: mark for id, mark in decided.marks.items() if id in disputed}
    return Typed(answers, marks)
