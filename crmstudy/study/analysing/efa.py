"""Exploratory factor analysis, as an analysis of a study."""

from __future__ import annotations

from typing import Any

from crmstudy.errors import Fault
from crmstudy.kernels.factors.extraction import METHODS, degrees_of_freedom, most_factors
from crmstudy.kernels.factors.rotation import ROTATIONS
from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.door import Ground, at, check_columns
from crmstudy.study.forms import Choice, Flag, Key, ListOf, MapOf, Number, Text
from crmstudy.study.imputation_keys import IMPUTED
from crmstudy.study.parts import AnalysisPlan

_NORMALIZE: dict[str, bool | str] = {"kaiser": True, "none": False, "spss": "spss"}
EFA_KEYS = (
    Key("n_factors", Number(1, whole=True), "How many factors; `retention` says what the rules suggest.", True),
    Key("scales", ListOf(Text("the id of a scale"), "scales", 1, or_all=True), "The scales whose items are analysed "
        "together.", default="all"),
    Key("items", ListOf(Text("the name of a column"), "columns", 3), "Which columns, in place of scales."),
    Key("extraction", Choice(METHODS), "Minimum residuals, maximum likelihood or principal axis factoring.",
        default="minres"),
    Key("rotation", Choice(ROTATIONS), "Rotation of the factors.", default="oblimin"),
    Key("ordinal", Flag(), "Polychoric correlations in place of Pearson's.", default=False),
    Key("normalize", Choice(tuple(_NORMALIZE)), "Kaiser normalisation; left out: for varimax, equamax and promax; "
        "`spss`: as SPSS does."),
    Key("starts", Number(1, whole=True), "Starts of the rotation.", default=30),
    Key("gamma", Number(-100, 1), "Of oblimin; 0, which is SPSS's delta of 0."),
    Key("epsilon", Number(0, 1, open_ends=True), "Of geomin; 0.01."),
    Key("power", Number(1, 100, open_ends=True), "Of promax; 4."),
    Key("target", MapOf(ListOf(Text("the name of a column"), "items", 1), "factors", 2), "With a target rotation: for "
        "each factor the items that load on it, `{trust: [A1, A2], ease: [B1, B2]}`; all other loadings are wanted 0."),
    Key("missing", Choice(("listwise", "pairwise", "em")), "What happens to missing answers: rows that have all, each "
        "correlation from the rows that have both, or maximum likelihood (not with `ordinal`).", default="listwise"),
    Key("bootstrap", Number(100, whole=True), "Bootstrap samples for errors and intervals of loadings; none by "
        "default: they come from the delta method."),
    Key("level", Number(0.5, 1, open_ends=True), "Confidence level of the intervals.", default=0.95),
    IMPUTED,
)  # fmt: skip


def efa(task: Task) -> Outcome:
    """Factor the items of the scales, or the named columns."""
    from crmstudy.measurement.factors.efa import efa as factors_of

    options = dict(task.keywords)
    if (how := options.pop("normalize", None)) is not None:
        options["normalize"] = _NORMALIZE[how]
    items = task.plan.options.get("items")
    names = list(items) if items is not None else _items_of(task.scales, task.responses.scores)
    if (target := options.pop("target", None)) is not None:
        options["target"] = _target(target, names)
    about: dict[str, Any] = {"scale": list(task.scales)} if items is None else {"items": names}
    return Outcome(factors_of(task.data, seed=task.own_seed, **about, **options))


def check_efa(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """Every scale and column exists, the options go together, and the items can tell the factors apart."""
    from crmstudy.errors import ModelError
    from crmstudy.measurement.factors.efa_request import resolved

    faults, options = check_columns(plan, ground), plan.options
    given: dict[str, object] = {
        "n_factors": options["n_factors"], "extraction": "minres", "rotation": "oblimin", "ordinal": False,
        "normalize": None, "starts": 30, "gamma": None, "epsilon": None, "power": None, "target": None,
        "missing": "listwise", "bootstrap": None, "level": 0.95, "seed": None,
    }  # fmt: skip
    given |= {name: value for name, value in options.items() if name in given and name != "normalize"}
    try:
        resolved(given)
    except ModelError as error:
        faults += [at(plan.place, f"the analysis '{plan.id}': {fault.message}") for fault in error.faults]
    names = _named(plan, ground)
    if names is None or faults:
        return faults
    return faults + _number_faults(plan, names) + _target_faults(plan, names)


def _number_faults(plan: AnalysisPlan, names: list[str]) -> list[Fault]:
    m, p = int(plan.options["n_factors"]), len(names)
    if m < p and degrees_of_freedom(p, m) >= 0:
        return []
    most = most_factors(p)
    message = f"{p} items can tell {most} factor{'' if most == 1 else 's'} apart at most; 'n_factors' is {m}."
    return [at(plan.places.get("n_factors", plan.place), f"the analysis '{plan.id}': {message}")]


def _target_faults(plan: AnalysisPlan, names: list[str]) -> list[Fault]:
    target, place = plan.options.get("target"), plan.places.get("target", plan.place)
    if target is None:
        return []
    faults = []
    if len(target) != int(plan.options["n_factors"]):
        faults.append(f"'target' has {len(target)} factors; 'n_factors' is {plan.options['n_factors']}.")
    faults += [
        f"'{item}' of the factor '{factor}' in 'target' is none of the items analysed."
        for factor, own in target.items()
        for item in own
        if item not in names
    ]
    return [at(place, f"the analysis '{plan.id}': {message}") for message in faults]


def _named(plan: AnalysisPlan, ground: Ground) -> list[str] | None:
    """The items analysed; None where they could not be read."""
    if "items" in plan.options:
        return list(plan.options["items"])
    if ground.scales is None:
        return None
    asked = plan.options.get("scales", "all")
    return _items_of(ground.first_order if asked == "all" else asked, ground.scales)


def _items_of(asked: Any, scales: Any) -> list[str]:
    return list(dict.fromkeys(item.id for name in asked if name in scales for item in scales[name].items))


def _target(target: Any, names: list[str]) -> Any:
    import numpy as np
    import pandas as pd

    table = pd.DataFrame(0.0, index=names, columns=list(target))
    for factor, own in target.items():
        table.loc[list(own), factor] = np.nan
    return table
