"""What a published score means: bands with their names, and where a score stands in a norm group.

Standard library only. Published figures belong to the published wording: they are applied to nothing else.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Band:
    """A range of scores with its name: from ``low`` to ``high``, both as published."""

    low: float
    high: float
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bands:
    """All bands of a scale, ascending; ``source`` is the key of their source, None where nobody has checked them."""

    bands: tuple[Band, ...]
    source: str | None
    note: str = ""

    def band_of(self, score: float) -> Band | None:
        """The highest band whose lower end the score reaches; None for a score that is absent or below all.

        So a score between two bands of whole numbers, as a missing answer can leave it, belongs to the lower one.
        """
        if math.isnan(score):
            return None
        at = bisect_right([band.low - 1e-9 for band in self.bands], score)
        return self.bands[at - 1] if at else None


@dataclass(frozen=True, slots=True)
class NormGroup:
    """A norm group: who it was, its mean and standard deviation, and the percentile ranks of scores, as published."""

    id: str
    population: Mapping[str, str]
    source: str | None
    n: int | None = None
    mean: float | None = None
    sd: float | None = None
    ranks: Mapping[float, float] = field(default_factory=dict)
    note: str = ""

    def t_score(self, score: float) -> float:
        """50 + 10 (score − M) / SD; NaN without a mean and a deviation."""
        if self.mean is None or self.sd is None or math.isnan(score):
            return math.nan
        return 50.0 + 10.0 * (score - self.mean) / self.sd

    def percentile(self, score: float) -> float:
        """The rank of the highest score of the table that is reached; NaN below the table, or without one.

        Nothing is interpolated and no normal distribution assumed.
        """
        if math.isnan(score):
            return math.nan
        scores = sorted(self.ranks)
        at = bisect_right([value - 1e-9 for value in scores], score)
        return self.ranks[scores[at - 1]] if at else math.nan
