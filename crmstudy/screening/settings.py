"""The settings of the rules: what each may be, what it is when left out, and every fault of what is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crmstudy.errors import DataError, did_you_mean

#: Rules that compare an index with a cut-off: the sides it may be cut at, the plain number first, and its limits.
CUTOFFS: Mapping[str, tuple[tuple[str, ...], float, float]] = {
    "longstring_mean": (("above",), 1.0, math.inf),
    "irv": (("below", "above"), 0.0, math.inf),
    "even_odd": (("below",), -1.0, 1.0),
    "psychsyn": (("below",), -1.0, 1.0),
    "psychant": (("above",), -1.0, 1.0),
    "person_total": (("below",), -1.0, 1.0),
}
#: Rules whose pairs of items are chosen by their correlation.
PAIRED = ("psychsyn", "psychant")
CRITICAL = 0.6
#: Settings of rules that are not named, in the order of the tables; ``longstring`` None: half of the items, at least
#: six. All others that are None are off.
DEFAULTS: dict[str, Any] = {
    "missing": 0.5,
    "range": True,
    "duplicates": True,
    "longstring": None,
    "mahalanobis": 0.001,
    **dict.fromkeys(CUTOFFS),
    "response_time": None,
    "attention": None,
}
RULES = tuple(DEFAULTS)
Fault = str | None


def resolved(rules: Mapping[str, Any] | None, items: int) -> tuple[dict[str, Any], list[str]]:
    """Resolve the rules switched on with their settings, and those that exclude; every fault at once.

    Raises
    ------
    DataError
        With one fault for every rule that does not exist and every setting that makes no sense.
    """
    rules = {} if rules is None else rules
    if not isinstance(rules, Mapping):
        raise DataError(f"rules must be a mapping such as {{'longstring': 20}}; found {type(rules).__name__}.")
    faults = []
    known = [*RULES, "exclude"]
    for name in rules:
        if name not in known:
            hint = did_you_mean(str(name), known)
            faults.append(f"there is no screening rule '{name}'.{hint} The rules are: {', '.join(RULES)}.")
    given: dict[str, Any] = {**DEFAULTS, "longstring": max(6, math.ceil(items / 2))}
    given.update({name: value for name, value in rules.items() if name in RULES})
    settings = {name: given[name] for name in RULES if given.get(name) is not None and given[name] is not False}
    for name, value in settings.items():
        faults += _faults(name, value)
    exclude = rules.get("exclude") or []
    if isinstance(exclude, str) or not isinstance(exclude, Iterable):
        faults.append(f"exclude must be a list of rules, such as [duplicates]; found {exclude!r}.")
        exclude = []
    for name in exclude:
        if name not in RULES:
            hint = did_you_mean(str(name), RULES)
            faults.append(f"exclude names '{name}', which is no rule.{hint} The rules are: {', '.join(RULES)}.")
        elif name not in settings:
            faults.append(f"exclude names '{name}', which is switched off; give it a setting or take it off exclude.")
    if faults:
        raise DataError(faults)
    return settings, [name for name in settings if name in set(exclude)]


def switched_off(rule: str, setting: Any) -> bool:
    """Whether a rule is off with this setting, None for one that is not named."""
    return setting is False or (setting is None and DEFAULTS[rule] is None and rule != "longstring")


def columns_named(rules: object) -> list[str]:
    """The columns that rules name: response times and attention checks; nothing where they are not well formed."""
    if not isinstance(rules, Mapping):
        return []
    times, checks = rules.get("response_time"), rules.get("attention")
    named: list[str] = []
    if isinstance(times, Mapping):
        column = times.get("column", ())
        named += [column] if isinstance(column, str) else [str(name) for name in column] if _listed(column) else []
    if isinstance(checks, Mapping) and isinstance(checks.get("checks"), Mapping):
        named += [str(name) for name in checks["checks"]]
    return list(dict.fromkeys(named))


def cutoffs(name: str, setting: Any) -> dict[str, float]:
    """The sides an index is cut at with their numbers: ``{"below": 0.3}``; a plain number is the first side's."""
    sides = CUTOFFS[name][0]
    if not isinstance(setting, Mapping):
        return {sides[0]: float(setting)}
    return {side: float(setting[side]) for side in sides if setting.get(side) is not None}


def critical_of(setting: Any) -> float:
    """The least correlation of a pair of items, as set or .60."""
    found = setting.get("critical") if isinstance(setting, Mapping) else None
    return CRITICAL if found is None else float(found)


def written(name: str, setting: Any) -> str:
    """A setting in words, for tables: ``below 0.3``, ``on``, ``20``."""
    if setting is True:
        return "on"
    if name in CUTOFFS:
        said = " or ".join(f"{side} {value:g}".replace("-", "−") for side, value in cutoffs(name, setting).items())
        return f"{said} (pairs from {critical_of(setting):g})" if name in PAIRED else said
    if name == "response_time":
        columns = setting["column"]
        each = " an item" if setting.get("per") == "item" else ""
        return f"{columns if isinstance(columns, str) else ' + '.join(columns)} below {setting['below']:g}{each}"
    if name == "attention":
        return f"{setting.get('wrong') or 1} of {len(setting['checks'])} wrong"
    return str(setting)


def _faults(name: str, value: Any) -> list[str]:
    if name in CUTOFFS:
        return _cutoff_faults(name, value)
    fault = _PLAIN[name](value)
    return fault if isinstance(fault, list) else [fault] if fault else []


def _cutoff_faults(name: str, value: Any) -> list[str]:
    sides, low, high = CUTOFFS[name]
    limits = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
    if not isinstance(value, Mapping):
        if _is_number(value) and low <= float(value) <= high:
            return []
        return [f"{name} must be a number {limits}; found {value!r}."]
    known = [*sides, *(["critical"] if name in PAIRED else [])]
    faults = [
        f"{name} has no setting '{key}'.{did_you_mean(str(key), known)} It has: {', '.join(known)}."
        for key in value
        if key not in known
    ]
    for side in sides:
        number = value.get(side)
        if number is not None and not (_is_number(number) and low <= float(number) <= high):
            faults.append(f"{name}: {side} must be a number {limits}; found {number!r}.")
    if not faults and all(value.get(side) is None for side in sides):
        faults.append(f"{name} must say where it is cut: {{{sides[0]}: number}}; found {dict(value)!r}.")
    critical = value.get("critical")
    if name in PAIRED and critical is not None and not (_is_number(critical) and 0 < float(critical) < 1):
        faults.append(f"{name}: critical must be a correlation between 0 and 1, such as 0.6; found {critical!r}.")
    return faults


def _switch_fault(name: str) -> Callable[[Any], Fault]:
    return lambda value: None if value is True else f"{name} must be true or false; found {value!r}."


def _missing_fault(value: Any) -> Fault:
    fine = _is_number(value) and 0 < float(value) <= 1
    return None if fine else f"missing must be a share above 0 and up to 1; found {value!r}."


def _longstring_fault(value: Any) -> Fault:
    fine = isinstance(value, int) and not isinstance(value, bool) and value >= 2
    return None if fine else f"longstring must be a whole number of at least 2; found {value!r}."


def _mahalanobis_fault(value: Any) -> Fault:
    fine = _is_number(value) and 0 < float(value) < 1
    return None if fine else f"mahalanobis must be a p value between 0 and 1, such as 0.001; found {value!r}."


def _time_faults(value: Any) -> list[str]:
    shape = "response_time must be a mapping such as {column: seconds, below: 120}"
    if not isinstance(value, Mapping):
        return [f"{shape}; found {value!r}."]
    faults = _unknown("response_time", value, ("column", "below", "per"))
    column = value.get("column")
    if not (isinstance(column, str) and column) and not (_listed(column) and list(column or ())):
        faults.append(f"{shape}; column must name one column or a list of them, found {column!r}.")
    below = value.get("below")
    if below is None or not _is_number(below) or float(below) <= 0:
        faults.append(f"{shape}; below must be a number above 0, found {below!r}.")
    if value.get("per") not in (None, "total", "item"):
        faults.append(f"response_time: per must be total or item; found {value['per']!r}.")
    return faults


def _attention_faults(value: Any) -> list[str]:
    shape = "attention must be a mapping such as {checks: {ac1: 4}, wrong: 1}"
    if not isinstance(value, Mapping):
        return [f"{shape}; found {value!r}."]
    faults = _unknown("attention", value, ("checks", "wrong"))
    checks = value.get("checks")
    if not isinstance(checks, Mapping) or not checks:
        return [*faults, f"{shape}; checks must give the right answer to each column, found {checks!r}."]
    for name, right in checks.items():
        options = list(right) if _listed(right) else [right]
        if not options or any(not isinstance(one, str) and not _is_number(one) for one in options):
            faults.append(
                f"attention: the right answer to '{name}' must be a number, a text or a list; found {right!r}."
            )
    wrong = 1 if value.get("wrong") is None else value["wrong"]
    if not isinstance(wrong, int) or isinstance(wrong, bool) or not 1 <= wrong <= len(checks):
        faults.append(f"attention: wrong must be a whole number from 1 to {len(checks)}; found {wrong!r}.")
    return faults


def _unknown(rule: str, value: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    return [
        f"{rule} has no setting '{key}'.{did_you_mean(str(key), known)} It has: {', '.join(known)}."
        for key in value
        if key not in known
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _listed(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | Mapping)


_PLAIN: Mapping[str, Callable[[Any], Fault | list[str]]] = {
    "missing": _missing_fault,
    "range": _switch_fault("range"),
    "duplicates": _switch_fault("duplicates"),
    "longstring": _longstring_fault,
    "mahalanobis": _mahalanobis_fault,
    "response_time": _time_faults,
    "attention": _attention_faults,
}
