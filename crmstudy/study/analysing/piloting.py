"""A pilot, and the round after it, as an analysis of a study."""

from __future__ import annotations

from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.forms import Key, ListOf, Number, Text

KEYS = (
    Key("after", Text("the name of a sample"), "The sample of the round after the items were mended."),
    Key("scales", ListOf(Text("the id of a scale"), "scales", 1, or_all=True), "Which scales.", default="all"),
    Key("level", Number(0.5, 1, open_ends=True), "Confidence level of its intervals.", default=0.95),
)


def pilot(task: Task) -> Outcome:
    """The items of the sample, and of the sample after it where one is named."""
    from crmstudy.measurement.pilot import pilot as look_at

    options = task.plan.options
    after = options.get("after")
    named = options.get("scales", "all")
    return Outcome(
        look_at(
            task.responses,
            after=None if after is None else task.others[str(after)],
            scale=None if named == "all" else list(task.scales),
            level=float(options.get("level", 0.95)),
        )
    )
