"""Common-method bias and differential item functioning, as analyses of a study."""

from __future__ import annotations

from crmstudy.errors import Fault, InputError, did_you_mean
from crmstudy.kernels.multiplicity import ADJUSTMENTS
from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.door import Ground, at
from crmstudy.study.forms import Choice, Flag, Key, ListOf, Number, Text
from crmstudy.study.imputation_keys import IMPUTED
from crmstudy.study.parts import AnalysisPlan

_LEVEL = Key("level", Number(0.5, 1, open_ends=True), "Confidence level of its intervals.", default=0.95)

METHOD_BIAS_KEYS = (
    Key("model", Text("a model in lavaan syntax"), "The measurement model; of a structural model its measurement part.",
        True),
    Key("marker", ListOf(Text("a column or a scale"), "columns", 1), "Items, or one scale, that are related to none of "
        "the constructs in theory: `[pol1, pol2, pol3]`."),
    Key("method", ListOf(Choice(("single_factor", "ulmc", "marker", "collinearity")), "techniques", 1),
        "Which techniques; left out: all."),
    Key("harman", Flag(), "Add Harman's single-factor test, labelled as discredited.", default=False),
    Key("estimator", Text(), "Estimator of every model; `ML`, or `MLR` for answers that are not normal."),
    Key("missing", Text(), "What the models do with missing values; `listwise` or `fiml`."),
    _LEVEL,
    IMPUTED,
)  # fmt: skip

DIF_KEYS = (
    Key("group", Text("the name of a column"), "Column of the groups.", True),
    Key("scale", Text("the id of a scale"), "The scale whose items are tested."),
    Key("items", ListOf(Text("the name of a column"), "columns", 2), "Which columns, in place of a scale."),
    Key("anchor", ListOf(Text("the name of an item"), "items", 1), "Items to match on, known to be free of DIF; left "
        "out: all."),
    Key("matching", Choice(("sum score", "rest score")), "Whether the matching score holds the tested item.",
        default="sum score"),
    Key("purify", Flag(), "Take flagged items out of the matching score and repeat.", default=True),
    Key("test", Choice(("total", "uniform", "nonuniform")), "The test that flags.", default="total"),
    Key("criterion", Choice(("p", "jodoin_gierl", "zumbo", "beta")), "What flags beside p: nothing, a change of R² of "
        ".035 or .13, or of the slope of 10 %.", default="p"),
    Key("adjust", Choice(ADJUSTMENTS), "Correction of p for the number of items.", default="holm"),
    Key("min_count", Number(0, whole=True), "Answer categories with fewer answers in a group are joined.", default=0),
    _LEVEL,
    IMPUTED,
)  # fmt: skip


def method_bias(task: Task) -> Outcome:
    """Look for common-method bias."""
    from crmstudy.measurement.method_bias.method_bias import method_bias as look_for

    options = dict(task.keywords)
    marker = options.get("marker")
    if marker is not None:
        named = list(marker)
        options["marker"] = named[0] if len(named) == 1 else named
    return Outcome(look_for(task.data, model=str(task.plan.options["model"]), **options))


def dif(task: Task) -> Outcome:
    """Test the items of a scale for differential functioning."""
    import pandas as pd

    from crmstudy.measurement.dif.dif import dif as look_for

    items = task.plan.options.get("items")
    result = look_for(task.data, items=None if items is None else list(items), **task.keywords)
    called = task.value_labels.get(str(task.plan.options["group"]), {})
    extras = {"group_labels": pd.DataFrame(list(called.items()), columns=["group", "label"])} if called else {}
    return Outcome(result, extras)


def check_method_bias(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """The model can be read and measures first-order factors; its items and the marker exist."""
    from crmstudy.grammar.spec import parse_model
    from crmstudy.measurement.method_bias.models import read_factors

    place = plan.places.get("model", plan.place)
    text = str(plan.options["model"])
    try:
        factors = read_factors(text)
    except InputError as error:
        line = place.line or 0
        return [
            at(place, f"the model of the analysis '{plan.id}': {fault.message}", line + (fault.line or 0))
            for fault in error.faults
        ]
    faults = []
    if ground.columns is not None:
        known = [*ground.columns, *(name for name in parse_model(text).observed if name not in factors.all_items)]
        faults += [
            at(place, f"the model of the analysis '{plan.id}': {fault.message}", (place.line or 0) + (fault.line or 0))
            for fault in parse_model(text).unknown_names(known)
        ]
    marker = plan.options.get("marker", ())
    scales = ground.scales or {}
    return faults + _unknown(plan, "marker", [name for name in marker if name not in scales], ground.columns)


def check_dif(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """A scale or items are named, and everything named exists."""
    options = plan.options
    faults = []
    if "scale" not in options and "items" not in options:
        faults.append(at(plan.place, f"the analysis '{plan.id}' needs 'scale', or 'items' in its place."))
    if "scale" in options and ground.scales is not None and options["scale"] not in ground.scales:
        hint = did_you_mean(str(options["scale"]), ground.scales)
        message = f"the scale '{options['scale']}' of the analysis '{plan.id}' is not in the sample '{plan.sample}'."
        faults.append(at(plan.places.get("scale", plan.place), message + hint))
    for option in ("items", "anchor", "group"):
        value = options.get(option, ())
        faults += _unknown(plan, option, [value] if isinstance(value, str) else value, ground.columns)
    if options.get("group") in options.get("items", ()):
        message = f"'{options['group']}' of the analysis '{plan.id}' is the group and an item; it can be one only."
        faults.append(at(plan.places.get("group", plan.place), message))
    return faults


def _unknown(plan: AnalysisPlan, option: str, names: object, columns: tuple[str, ...] | None) -> list[Fault]:
    if columns is None or not isinstance(names, list | tuple):
        return []
    place = plan.places.get(option, plan.place)
    return [
        at(
            place,
            f"the column '{name}' of the analysis '{plan.id}' is not in the sample '{plan.sample}'."
            f"{did_you_mean(str(name), columns)}",
        )
        for name in names
        if name not in columns
    ]
