"""Assessments of the organisation in a study: what must be true before, and how they are done.

What there is and which keys it has stands in :mod:`crmstudy.study.assessments`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from inspect import signature
from typing import Any

from crmstudy.errors import AnalysisError, DataError, Fault, did_you_mean
from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.analysing.values_added import added_up, two_periods
from crmstudy.study.assessments import ASSESSMENTS, Assessment
from crmstudy.study.assessments.keys import DISCLOSURE, OTHER_SAMPLE, named_columns
from crmstudy.study.door import Ground, at
from crmstudy.study.forms import Day, Number
from crmstudy.study.parts import AnalysisPlan


def check_assessment(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """What the assessment rests on is named once, and every column it needs or names is there."""
    assessment = ASSESSMENTS[plan.kind]
    faults = [
        at(plan.places.get(key, plan.place), f"the analysis '{plan.id}' {message}")
        for key, message in _CHECKS.get(plan.kind, _no_more)(plan, ground)
    ]
    named = dict.fromkeys(_columns(assessment, plan.options))
    if not plan.sample and "of" not in plan.options:
        faults += [
            at(plan.places[key], f"the analysis '{plan.id}' names the column '{name}', but no sample; add `sample`.")
            for key, name in named
            if key in plan.options
        ]
    elif ground.columns is not None:
        for key, name in named:
            if name not in ground.columns:
                message = f"the analysis '{plan.id}' needs the column '{name}', which '{plan.sample}' does not have."
                near = did_you_mean(name, ground.columns)
                faults.append(at(plan.places.get(key, plan.place), message + near))
    return faults


def _columns(assessment: Assessment, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The columns that are needed or named, each with the key that names it."""
    keys = {key.name: key for key in assessment.keys}
    needless = {name for key, names in assessment.spared.items() if key in options for name in names}
    for name in assessment.columns:
        key = keys.get(name)
        if key is None or not named_columns(key.form, name):
            yield name, name
        elif name not in needless:
            yield from ((name, one) for one in named_columns(key.form, options.get(name, key.default)))
    for key in assessment.keys:
        yield from ((key.name, one) for one in named_columns(key.form, options.get(key.name)))


Faulty = Iterator[tuple[str, str]]


def _no_more(plan: AnalysisPlan, ground: Ground) -> Faulty:
    yield from ()


def _rests_on_one(plan: AnalysisPlan, ground: Ground) -> Faulty:
    """The levels come from a sample, an analysis before or, for a position, a number."""
    ways = ("of", "own") if plan.kind == "maturity_positions" else ("of",)
    given = [name for name in ways if name in plan.options] + (["sample"] if plan.sample else [])
    if len(given) != 1:
        wanted = ", ".join(f"'{name}'" for name in ways)
        found = " and ".join(f"'{name}'" for name in given) or "none of them"
        yield given[0] if given else "", f"has one of {wanted} and 'sample'; found {found}."


def _has_blocks(plan: AnalysisPlan, ground: Ground) -> Faulty:
    """Blocks are named, or the sample has scales."""
    if "blocks" not in plan.options and ground.scales is not None and not ground.scales:
        message = f"has no blocks: name the items of each with 'blocks', or give '{plan.sample}' an instrument."
        yield "", message


def _is_summed(plan: AnalysisPlan, ground: Ground) -> Faulty:
    """Amounts of transactions are what cost and profit belong to; a portfolio is by profit."""
    own = () if plan.kind == "portfolio" else ("profit",)
    if "amount" not in plan.options:
        for name in ("cost", *own):
            if name in plan.options:
                yield name, f"has '{name}' without 'amount'; name the column of the amounts, or take it out."
    elif "cost" in plan.options and "profit" in plan.options:
        yield "profit", "has both 'cost' and 'profit'; keep one of them."
    elif plan.kind == "portfolio" and not {"cost", "profit"} & set(plan.options):
        yield "amount", "is by profit; name the column 'cost' or 'profit' beside 'amount'."
    for name in ("value", "revenue", "potential", "segment"):
        if "amount" in plan.options and name in plan.options:
            yield name, f"has both 'amount' and '{name}'; amounts are added up by customer, keep one of them."


def _has_two_periods(plan: AnalysisPlan, ground: Ground) -> Faulty:
    """The second period comes from another sample, from a column of periods or from a day."""
    yield from _is_summed(plan, ground)
    ways = [name for name in ("after", "wave", "split") if name in plan.options]
    if len(ways) != 1:
        found = " and ".join(f"'{name}'" for name in ways) or "none of them"
        yield ways[0] if ways else "", f"has one of 'after', 'wave' and 'split'; found {found}."
    for name, other in (("split", "date"), ("date", "split"), ("split", "amount"), ("waves", "wave")):
        if name in plan.options and other not in plan.options:
            yield name, f"has '{name}' without '{other}'; add it."


def _has_a_column(plan: AnalysisPlan, ground: Ground) -> Faulty:
    """A sample is named for the sake of its column of returns."""
    if plan.sample and not isinstance(plan.options["returned"], str):
        yield "returned", f"gives 'returned' as numbers and names '{plan.sample}' too; name its column, or no sample."


_CHECKS: Mapping[str, Callable[[AnalysisPlan, Ground], Faulty]] = {
    "maturity_positions": _rests_on_one,
    "maturity_clusters": _rests_on_one,
    "maturity_items": _has_blocks,
    "value_tiers": _is_summed,
    "portfolio": _is_summed,
    "value_migration": _has_two_periods,
    "investment": _has_a_column,
}


def assess(task: Task) -> Outcome:
    """Do it with the rows of the sample, with another result, or with the numbers given."""
    assessment = ASSESSMENTS[task.plan.kind]
    module, _, name = assessment.home.partition(":")
    function: Any = getattr(import_module(module), name)
    asked = _keywords(task, assessment)
    if "seed" in signature(function).parameters:
        asked["seed"] = task.own_seed
    notes: list[Any] = []
    given = _GIVEN.get(task.plan.kind, _table)(task, asked, notes)
    if DISCLOSURE in assessment.keys and task.disclosing is not None:
        result = task.disclosing.result(task, function, given, asked)
    else:
        result = function(*given, **asked)
    return Outcome(replace(result, notes=tuple(dict.fromkeys((*notes, *result.notes)))) if notes else result)


def _keywords(task: Task, assessment: Assessment) -> dict[str, Any]:
    """The declared options as the function takes them."""
    asked = {}
    for key in assessment.keys:
        value = task.asked.get(key.name)
        if value is None or key == DISCLOSURE:
            continue
        if value is False and isinstance(key.form, Number):
            value = None
        elif isinstance(key.form, Day):
            value = (value if isinstance(value, dt.date) else dt.date.fromisoformat(value)).isoformat()
        elif key.form == OTHER_SAMPLE:
            value = _second(task, assessment, key.name)
        asked[assessment.called.get(key.name, key.name)] = value
    return asked


def _second(task: Task, assessment: Assessment, key: str) -> Any:
    """The rows of the sample that a key names, which must have their columns."""
    options, name = task.plan.options, str(task.plan.options[key])
    frame = task.others[name].frame
    needed: dict[str, list[Any]] = {
        "margins": ["customer", "margin"],
        "truth": [options.get("key")],
        "after": [column for _, column in _columns(assessment, options)],
    }
    lacking = [str(column) for column in dict.fromkeys(needed[key]) if column not in frame]
    if lacking:
        raise DataError([
            f"'{key}' names the sample '{name}', which has no column '{column}'.{did_you_mean(column, frame)}"
            for column in lacking
        ])  # fmt: skip
    return frame


def _table(task: Task, asked: dict[str, Any], notes: list[Any]) -> list[Any]:
    """The rows of the sample, where there is one; with its instruments where they say something."""
    if not task.plan.sample:
        return []
    assessment = ASSESSMENTS[task.plan.kind]
    known = assessment.people or (assessment.scales and task.responses.instruments)
    return [task.responses if known else task.responses.frame]


def _levels(task: Task, asked: dict[str, Any], notes: list[Any]) -> list[Any]:
    """The result of the analysis before, the level given, or a table."""
    named = asked.pop("of", None)
    if named is None:
        return [asked.pop("level")] if "level" in asked else _table(task, asked, notes)
    if named not in task.done:
        raise AnalysisError(f"it goes on from the analysis '{named}', which has no result.")
    return [task.done[named]]


def _records(task: Task, asked: dict[str, Any], notes: list[Any]) -> list[Any]:
    """Customer records; a rule of two numbers is a range."""
    ranges = {name: tuple(rule) for name, rule in asked.get("rules", {}).items() if _is_range(rule)}
    if ranges:
        asked["rules"] = asked["rules"] | ranges
    return _table(task, asked, notes)


def _is_range(rule: object) -> bool:
    return isinstance(rule, list) and len(rule) == 2 and all(isinstance(end, int | float) for end in rule)


def _purchases(task: Task, asked: dict[str, Any], notes: list[Any]) -> list[Any]:
    """Transactions, whose dates are read where a column of them is named."""
    asked.setdefault("date", None)
    return _table(task, asked, notes)


def _customers(task: Task, asked: dict[str, Any], notes: list[Any]) -> list[Any]:
    """A row a customer, made of transactions where amounts are named."""
    if task.plan.kind == "portfolio" and "amount" in asked:
        asked["revenue"] = "revenue"
    return [added_up(task.responses.frame, asked, notes)]


def _periods(task: Task, asked: dict[str, Any], notes: list[Any]) -> list[Any]:
    """The customers of two periods."""
    return list(two_periods(task.responses.frame, asked, notes))


def _returns(task: Task, asked: dict[str, Any], notes: list[Any]) -> list[Any]:
    """Nothing but numbers; a column of returns becomes its numbers."""
    if task.plan.sample and isinstance(asked["returned"], str):
        from crmstudy.assessment.tables import table_of

        column = asked["returned"]
        returned = table_of(task.responses.frame, {column: "number"}, what="returns")[column]
        if returned.isna().any():
            row = int(returned.isna().to_numpy().argmax()) + 1
            raise DataError(f"'{column}' lacks the return of the period in row {row}; write 0 where nothing came back.")
        asked["returned"] = returned.tolist()
    return []


#: What some functions are given in place of the rows of the sample.
_GIVEN: Mapping[str, Callable[[Task, dict[str, Any], list[Any]], list[Any]]] = {
    "maturity_positions": _levels,
    "maturity_clusters": _levels,
    "customer_data": _records,
    "transactions": _purchases,
    "value_tiers": _customers,
    "portfolio": _customers,
    "value_migration": _periods,
    "investment": _returns,
}
