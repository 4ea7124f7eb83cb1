"""Early against late respondents, as an analysis of a study."""

from __future__ import annotations

from crmstudy.errors import Fault, did_you_mean
from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.door import Ground, at, check_columns
from crmstudy.study.parts import AnalysisPlan


def nonresponse(task: Task) -> Outcome:
    """Compare early with late respondents; the rates are those of the sample's declared flow."""
    from crmstudy.screening.nonresponse import nonresponse as compare

    options = task.plan.options
    items = options.get("items")
    if items is None and options.get("scales", "all") != "all":
        items = list(task.scales)
    return Outcome(compare(task.data, items=items, **task.keywords))


def check(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """One of ``order`` and ``wave`` is named, is a column, and is not compared."""
    faults = check_columns(plan, ground)
    options = plan.options
    if "order" not in options and "wave" not in options:
        message = f"the analysis '{plan.id}' needs 'order', a column that orders the respondents, or 'wave'."
        faults.append(at(plan.place, message))
    for option in ("order", "wave"):
        name = options.get(option)
        place = plan.places.get(option, plan.place)
        if name is None or ground.columns is None:
            continue
        if name not in ground.columns:
            hint = did_you_mean(str(name), ground.columns)
            message = f"the column '{name}' of the analysis '{plan.id}' is not in the sample '{plan.sample}'.{hint}"
            faults.append(at(place, message))
        elif name in options.get("items", ()):
            faults.append(
                at(place, f"the analysis '{plan.id}' compares '{name}' and orders by it; take it off 'items'.")
            )
    if "late" in options and "wave" not in options:
        faults.append(
            at(plan.place, f"'late' of the analysis '{plan.id}' says which values of 'wave' are late; name it.")
        )
    return faults
