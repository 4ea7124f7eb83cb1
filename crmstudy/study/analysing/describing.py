"""Sample description and classic tests in a study: their keys, what must be true before, and how they are done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from crmstudy.describing.printed_rows import KEYS as FIGURES
from crmstudy.errors import Fault, InputError, did_you_mean
from crmstudy.notes import Note
from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.door import Ground, at, check_columns
from crmstudy.study.forms import Choice, Code, Flag, Key, ListOf, MapOf, Number, Text
from crmstudy.study.parts import AnalysisPlan

_COLUMN = "the name of a column"
_COLUMNS = ListOf(Text(_COLUMN), "columns", 1)
_LEVEL = Key("level", Number(0.5, 1, open_ends=True), "Confidence level of its intervals.", default=0.95)
_CORRECTIONS = Choice(("holm", "bonferroni", "none"))
_ADJUST = Key("adjust", _CORRECTIONS, "Correction of p for the number of tests.", default="holm")
_SCALES = Key("scales", ListOf(Text("the id of a scale"), "scales", 1, or_all=True), "Which scales.", default="all")
_ITEMS = Key("items", _COLUMNS, "Which columns, in place of scales.")

FREQUENCY_KEYS = (
    Key("variables", _COLUMNS, "Which columns, items or not; left out: the declared variables of the sample."),
    Key("most_values", Number(2, whole=True), "Numbers with more different values are described by their mean only.",
        default=30),
    _LEVEL,
)  # fmt: skip
CROSSTAB_KEYS = (
    Key("rows", Text(_COLUMN), "Variable in the rows.", True),
    Key("cols", Text(_COLUMN), "Variable in the columns.", True),
    Key("exact", Choice(("exact", "simulate", "none")), "Fisher's test; left out: exact where it takes seconds, else "
        "from simulated tables."),
    Key("ordinal", Flag(), "Measures of ordered association; left out: where both variables are numbers."),
    Key("draws", Number(100, whole=True), "Number of simulated tables.", default=10_000),
    _LEVEL,
)  # fmt: skip
MIDPOINT_KEYS = (
    _SCALES,
    _ITEMS,
    Key("midpoint", Number(), "What the means are compared with; left out: the middle of the declared range."),
    Key("midpoints", MapOf(Number(), "numbers", pattern=None), "In place of `midpoint`: one for each scale or column."),
    _ADJUST,
    _LEVEL,
)  # fmt: skip
FRIEDMAN_KEYS = (
    _SCALES,
    _ITEMS,
    _ADJUST,
    Key("bootstrap", Number(100, whole=True), "Bootstrap replicates of the interval of Kendall's W; none by default."),
    _LEVEL,
)
CHECK_TABLE_KEYS = (
    Key("rows", ListOf(MapOf(Code(), "figures"), "rows", 1), "Rows of the printed table, figures in quotes as they are "
        "printed: `{label: banks, n: 370, sd: '.54', se: '.046'}`; the figures are those of `cs.check_table`: "
        f"{', '.join(FIGURES)}.", True),
)  # fmt: skip
#: Kinds that use the weights of their sample.
WEIGHTED = ("items", "correlations", "frequencies", "crosstab", "midpoint", "cfa", "sem")


def check_described(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """Every scale and column that is named exists; rows and columns are two."""
    faults = check_columns(plan, ground) if plan.kind in ("midpoint", "friedman") else []
    options = plan.options
    if ground.columns is None:
        return faults
    for option in ("variables", "rows", "cols", "partial"):
        value = options.get(option, ())
        faults += _unknown(plan, option, [value] if isinstance(value, str) else value, ground.columns)
    if plan.kind == "crosstab" and options.get("rows") == options.get("cols"):
        message = f"'rows' and 'cols' of the analysis '{plan.id}' are both '{options.get('rows')}'; name two columns."
        faults.append(at(plan.places.get("cols", plan.place), message))
    if plan.kind == "frequencies" and "variables" not in options and not set(ground.columns) - _measured(ground):
        message = f"the analysis '{plan.id}' counts the variables of '{plan.sample}', which has none; name 'variables'."
        faults.append(at(plan.place, message))
    return faults


def check_correlations(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """Every scale and column that is named exists, also those held constant."""
    faults = check_columns(plan, ground)
    if ground.columns is not None:
        faults += _unknown(plan, "partial", plan.options.get("partial", ()), ground.columns)
    return faults


def check_printed(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """The figures of the printed rows are figures."""
    from crmstudy.describing.printed_rows import read_rows

    try:
        read_rows(plan.options["rows"], None)
    except InputError as error:
        place = plan.places.get("rows", plan.place)
        return [at(place, f"the analysis '{plan.id}': {fault.message}") for fault in error.faults]
    return []


def _measured(ground: Ground) -> set[str]:
    """Names that are scales or their items."""
    scales = ground.scales or {}
    return {*scales, *(item for scale in scales.values() for item in scale.item_ids)}


def _unknown(plan: AnalysisPlan, option: str, names: Iterable[str], known: Iterable[str]) -> list[Fault]:
    there = list(known)
    place = plan.places.get(option, plan.place)
    return [
        at(
            place,
            f"the column '{name}' of the analysis '{plan.id}' is not in the sample '{plan.sample}'."
            + (did_you_mean(str(name), there) or (f" There is: {', '.join(there)}." if len(there) <= 12 else "")),
        )
        for name in dict.fromkeys(names)
        if name not in there
    ]


def frequencies(task: Task) -> Outcome:
    """Count the categories of the named columns, or of the sample's variables."""
    from crmstudy.describing.frequencies import frequencies as count

    asked = task.plan.options.get("variables")
    declared = [name for name in task.variables if name in task.responses.frame.columns and name != task.weights]
    names = list(asked) if asked else declared or None
    labels = {name: own for name, own in task.value_labels.items() if names is None or name in names}
    most = task.plan.options.get("most_values", 30)
    result = count(
        task.data, variables=names, labels=labels, most_values=most, weights=task.weights, level=task.plan.level
    )  # fmt: skip
    return Outcome(result, _named(task))


def crosstab(task: Task) -> Outcome:
    """Cross two columns."""
    from crmstudy.describing.crosstab import crosstab as cross

    options = task.keywords
    if "exact" in options:
        options["exact"] = {"exact": True, "none": False}.get(options["exact"], options["exact"])
    sides = (options["rows"], options["cols"])
    labels = {name: own for name, own in task.value_labels.items() if name in sides}
    result = cross(task.data, labels=labels, weights=task.weights, seed=task.own_seed, **options)
    return Outcome(result, _named(task))


def midpoint(task: Task) -> Outcome:
    """Test scales or columns against the middle of their range."""
    from crmstudy.describing.midpoint import midpoint as against

    options = task.keywords
    number = options.pop("midpoints", None) or options.pop("midpoint", None)
    options.pop("midpoint", None)
    return Outcome(against(task.data, **_about(task), midpoint=number, weights=task.weights, **options))


def friedman(task: Task) -> Outcome:
    """Compare scales or columns by ranks within each person."""
    from crmstudy.describing.friedman import friedman as compare

    return Outcome(compare(task.data, **_about(task), seed=task.own_seed, **task.keywords))


def check_table(task: Task) -> Outcome:
    """Check whether a printed table agrees with itself."""
    from crmstudy.describing.check_table import check_table as check

    return Outcome(check([dict(row) for row in task.plan.options["rows"]]))


def weights_told(plan: AnalysisPlan, outcome: Outcome, weights: str | None) -> Outcome:
    """The outcome, with a note where its sample has weights that this analysis has no use for."""
    used = plan.kind in WEIGHTED and outcome.result.call.get("weights") is not None
    if weights is None or used or plan.kind in ("check_table", "content_validity"):
        return outcome
    whose = f"The weights '{weights}' of the sample '{plan.sample}'"
    message = f"{whose} are not used: these are numbers of the respondents."
    note = Note("WEIGHTS_NOT_USED", message, "warning", plan.id)
    return replace(outcome, result=replace(outcome.result, notes=(*outcome.result.notes, note)))


def _named(task: Task) -> dict[str, Any]:
    """What the declared variables are called, as a table beside the result; nothing where none has a label."""
    import pandas as pd

    labels = {name: variable.get("label") for name, variable in task.variables.items()}
    rows = [(name, str(text.get("en") or next(iter(text.values())))) for name, text in labels.items() if text]
    return {"variable_labels": pd.DataFrame(rows, columns=["variable", "label"])} if rows else {}


def _about(task: Task) -> Mapping[str, Any]:
    if "items" in task.plan.options:
        return {"items": list(task.plan.options["items"])}
    return {"scale": list(task.scales)}
