"""The verdict on a whole run: what was promised and not kept, and whether the two wrong estimators were found out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.calibration.figures import MISCOUNTED, NARROW, Figure
from tests.calibration.promises import Verdict, judge


def as_right(figure: Figure) -> Figure:
    """The figure of a wrong estimator under the name of the right one that it pretends to be."""
    return replace(figure, method="ML")


@dataclass(frozen=True)
class Judgement:
    """``judged`` counts promised figures, ``broken`` lists those flagged, ``missed`` what should have been seen."""

    judged: int
    broken: tuple[Verdict, ...]
    seen: int
    missed: tuple[Verdict, ...]

    @classmethod
    def of(cls, figures: Iterable[Figure]) -> Judgement:
        """Judge every figure, and the wrong estimators by what is promised of the right one."""
        ours, wrong = [], []
        for figure in figures:
            if figure.method in (NARROW, MISCOUNTED):
                wrong.append(replace(judge(as_right(figure)), figure=figure))
            else:
                ours.append(judge(figure))
        promised = [verdict for verdict in ours if verdict.expected is not None]
        due = [verdict for verdict in wrong if verdict.expected is not None]
        return cls(
            len(promised),
            tuple(verdict for verdict in promised if verdict.flagged),
            sum(verdict.flagged for verdict in due),
            tuple(verdict for verdict in due if not verdict.flagged),
        )

    @property
    def passed(self) -> bool:
        """Nothing promised is broken, and both wrong estimators are found out wherever they should be."""
        return not self.broken and self.seen > 0 and not self.missed
