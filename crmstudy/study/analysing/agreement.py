"""Agreement, stability and content validity in a study: their keys, what must be true before, and how they are done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmstudy.errors import Fault, did_you_mean
from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.door import Ground, at
from crmstudy.study.forms import Choice, Code, Key, ListOf, Number, Text
from crmstudy.study.parts import AnalysisPlan

_COLUMN = "the name of a column"
_COLUMNS = ListOf(Text(_COLUMN), "columns", 2)
_LEVEL = Key("level", Number(0.5, 1, open_ends=True), "Confidence level of its intervals.", default=0.95)

ICC_KEYS = (
    Key("items", _COLUMNS, "Wide data: the columns of the raters or occasions, one row a target."),
    Key("targets", Text(_COLUMN), "Long data: column of who or what is rated."),
    Key("raters", Text(_COLUMN), "Long data: column of the rater; left out, every target has raters of its own."),
    Key("ratings", Text(_COLUMN), "Long data: column of the ratings."),
    _LEVEL,
)
RETEST_KEYS = (
    Key("columns", ListOf(Text("a column or a scale"), "columns", 2, 2), "First and second measurement.", True),
    Key("coverage", Number(0.5, 1, open_ends=True), "Share of the differences within the limits.", default=0.95),
    Key("limits", Choice(("exact", "approximate")), "Intervals of the limits of agreement.", default="exact"),
    _LEVEL,
)
RATERS_KEYS = (
    Key("items", _COLUMNS, "The columns of the raters, one row a unit.", True),
    Key("coefficient", Choice(("cohen", "weighted", "fleiss", "krippendorff", "kendall")), "Which coefficient.", True),
    Key("weights", Choice(("linear", "quadratic")), "With `weighted`: how agreement falls with the distance."),
    Key("metric", Choice(("nominal", "ordinal", "interval", "ratio")), "With `krippendorff`: what the values are."),
    Key("categories", ListOf(Code(), "categories", 2), "All categories, from low to high where they have an order."),
    Key("bootstrap", Number(100, whole=True), "Bootstrap samples of the units.", default=1000),
    _LEVEL,
)
CONTENT_KEYS = (
    Key("relevance", ListOf(Number(0, whole=True), "whole numbers", 2, 2), "Lowest and highest rating of relevance and "
        "clarity; `[1, 4]`."),
    Key("relevant", Number(1, whole=True), "Lowest rating that counts as relevant; 3."),
    _LEVEL,
)  # fmt: skip


def check_agreement(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """Every column that is named exists, and ratings are named in one of the two ways."""
    options, faults = plan.options, []
    if plan.kind == "icc":
        long = [name for name in ("targets", "ratings") if name in options]
        if ("items" in options) == bool(long) or len(long) == 1:
            message = (
                f"the analysis '{plan.id}' takes either 'items', the columns of the raters, or 'targets' and "
                "'ratings' of long data."
            )
            faults.append(at(plan.place, message))
    for name, wanted in (("weights", "weighted"), ("metric", "krippendorff")):
        if plan.kind == "raters" and name in options and options.get("coefficient") != wanted:
            message = f"the analysis '{plan.id}': '{name}' goes with 'coefficient: {wanted}'; remove it."
            faults.append(at(plan.places.get(name, plan.place), message))
    if ground.columns is None:
        return faults
    for option in ("items", "targets", "raters", "ratings", "columns"):
        given = options.get(option, ())
        faults += _unknown(plan, option, [given] if isinstance(given, str) else list(given), ground.columns)
    return faults


def check_panel(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """The sample is a filled panel form."""
    from crmstudy.instrument.panel import ASPECTS, heading_of

    if ground.columns is None:
        return []
    kinds = [heading_of(name) for name in ground.columns]
    if ("item", "") in kinds and any(kind is not None and kind[0] in ASPECTS for kind in kinds):
        return []
    message = (
        f"the analysis '{plan.id}' is about a panel of experts; the sample '{plan.sample}' must be the form that "
        "'crmstudy instruments panel' writes, with the columns 'Item' and 'Expert 1: relevance' ..."
    )
    return [at(plan.place, message)]


def icc(task: Task) -> Outcome:
    """Intraclass correlations of wide or long ratings."""
    from crmstudy.measurement.raters.icc import icc as icc_of

    options = task.asked
    items = options.pop("items", None)
    ratings = list(items) if items is not None else options.pop("ratings")
    return Outcome(icc_of(task.data, ratings=ratings, **options))


def test_retest(task: Task) -> Outcome:
    """Agreement of two measurements."""
    from crmstudy.measurement.raters.retest import test_retest as retest

    return Outcome(retest(task.data, **task.asked))


def raters(task: Task) -> Outcome:
    """Agreement of raters."""
    from crmstudy.measurement.raters.agreement import raters as agreement

    options = task.asked
    kind, items = options.pop("coefficient"), options.pop("items")
    return Outcome(agreement(task.data, kind=str(kind), items=list(items), seed=task.own_seed, **options))


def content_validity(task: Task) -> Outcome:
    """Content validity from the form that the experts of the sample filled in."""
    from crmstudy.measurement.content import content_validity as content_of

    options: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in task.plan.options.items()}
    return Outcome(content_of(task.responses, **options))


def _unknown(plan: AnalysisPlan, option: str, names: Sequence[str], known: Sequence[str]) -> list[Fault]:
    place = plan.places.get(option, plan.place)
    return [
        at(
            place,
            f"the column '{name}' of the analysis '{plan.id}' is not in the sample '{plan.sample}'."
            + (did_you_mean(name, known) or (f" There is: {', '.join(known)}." if len(known) <= 12 else "")),
        )
        for name in dict.fromkeys(names)
        if name not in known
    ]
