"""A fitted model on its way into the report: how it was fitted, to whom, and what its rows are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from crmstudy.report.document import Cell, Inline, Mark, phrase
from crmstudy.report.tables import Usage, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

if TYPE_CHECKING:
    from crmstudy.estimating.replicates import Replicates
    from crmstudy.fitted.pooledresult import PooledSemResult
    from crmstudy.fitted.semresult import SemResult
    from crmstudy.results import Result

_LISTWISE = "rows with a missing value in a variable of this analysis"
_FULL_INFORMATION = "rows with no answer to any variable of the model, or without an exogenous one"


def has_bootstrap_intervals(result: Result) -> bool:
    """Whether the standard errors and intervals of a result are those of a bootstrap."""
    asked = result.call.get("bootstrap")
    return isinstance(asked, Mapping) and asked.get("kind") == "nonparametric"


@dataclass(frozen=True, eq=False, slots=True)
class FittedModel:
    """A block whose result is a fitted measurement or structural model."""

    told: Told

    @property
    def result(self) -> SemResult:
        """The fitted model; a pooled one has the same names but those of what there is for one data set only."""
        return cast("SemResult", self.told.result)

    @property
    def pooled(self) -> PooledSemResult | None:
        """The model where it is pooled over imputed data sets, else None."""
        from crmstudy.fitted.pooledresult import PooledSemResult

        result: object = self.told.result
        return result if isinstance(result, PooledSemResult) else None

    @property
    def call(self) -> Mapping[str, Any]:
        """The options as resolved."""
        return self.result.call

    @property
    def mark(self) -> Mark:
        """The mark that everything about the model carries."""
        return self.told.mark

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels of the groups; empty without groups."""
        return self.result.groups

    @property
    def has_fit(self) -> bool:
        """Whether there is a chi-square, and so any figure that may be told."""
        return not is_absent(self.result.fit.get("chisq"))

    @property
    def fiml(self) -> bool:
        """Whether rows with missing values take part as they are, not imputed."""
        return self.call.get("missing") == "fiml" and self.pooled is None

    @property
    def scaled(self) -> bool:
        """Whether there is a scaled test."""
        return prose.chisq_ending(self.result.fit) != ""

    @property
    def discrepancy(self) -> str:
        """What the estimator minimises: ``ML``, ``GLS``, ``ULS``, ``WLS`` or ``DWLS``."""
        from crmstudy.estimating.options import ESTIMATORS

        return ESTIMATORS[str(self.call.get("estimator", "ML"))][0]

    @property
    def drawn(self) -> Replicates | None:
        """The bootstrap replicates that give standard errors and intervals, if any do."""
        return self.result.solution.drawn

    @property
    def usage(self) -> Usage:
        """Rows used and dropped, and why; rows without a group are dropped too."""
        used = self.told.usage(_FULL_INFORMATION if self.fiml else _LISTWISE)
        sample, dropped = self.told.sample, used.dropped or 0
        lost = 0 if sample is None else sample.n_used - int(self.result.samples["n"].sum()) - dropped
        if not self.groups or lost <= 0:
            return used
        some = f"{lost} of them without a group" if dropped else "rows without a group"
        return Usage(used.used, dropped + lost, "; ".join(filter(None, (used.why, some))))

    @property
    def interval_label(self) -> Inline:
        """The heading of the column of intervals."""
        return prose.percent_ci(self.told.level, self.interval_word)

    @property
    def interval_word(self) -> str:
        """What a sentence says before an interval."""
        return "bootstrap" if self.drawn is not None else ""

    def group_name(self, row: Mapping[Any, Any]) -> str:
        """The label of the group of a row of the estimates; empty without groups and for what is defined."""
        number = int(row["group"])
        return self.groups[number - 1] if self.groups and number else ""

    def group_cell(self, row: Mapping[Any, Any], more: str = "") -> Cell:
        """The group of a row as the heading over its rows, with what tells its part of the table apart."""
        name = self.group_name(row)
        return Cell(name, label=phrase("{}: {}", name, more) if more else ())
