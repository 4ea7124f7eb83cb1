"""The keywords of ``sem()`` and ``cfa()``: what they mean, what they resolve to, and which are refused by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from crmstudy.errors import Fault, ModelError, UnsupportedError, did_you_mean


class SemKeywords(TypedDict, total=False):
    """Keywords of :func:`crmstudy.sem` and :func:`crmstudy.cfa`; lavaan's meaning and lavaan's names."""

    sample_cov: Any
    sample_mean: Any
    sample_n: int | None
    estimator: str
    missing: str | None
    group: str | None
    group_equal: tuple[str, ...]
    group_partial: tuple[str, ...]
    ordered: tuple[str, ...] | bool
    cluster: str | None
    weights: str | None
    aux: tuple[str, ...]
    std_lv: bool
    fixed_x: bool | None
    meanstructure: bool | None
    information: str | None
    se: str | None
    test: str | None
    likelihood: str
    parameterization: str
    bootstrap: Any
    start: Any
    bounds: str | None
    level: float
    control: Mapping[str, Any] | None
    seed: int | None


#: Every keyword with its default.
DEFAULTS: dict[str, Any] = {
    "sample_cov": None, "sample_mean": None, "sample_n": None, "estimator": "ML", "missing": None, "group": None,
    "group_equal": (), "group_partial": (), "ordered": (), "cluster": None, "weights": None, "aux": (),
    "std_lv": False, "fixed_x": None, "meanstructure": None, "information": None, "se": None, "test": None,
    "likelihood": "normal", "parameterization": "delta", "bootstrap": None, "start": None, "bounds": None,
    "level": 0.95, "control": None, "seed": None,
}  # fmt: skip

#: Values that are built, for keywords of which only some are; the first is what ``None`` resolves to.
_BUILT: dict[str, tuple[Any, ...]] = {
    "estimator": ("ML",),
    "missing": ("listwise",),
    "meanstructure": (False,),
    "information": ("expected",),
    "se": ("standard", "none"),
    "test": ("standard",),
    "likelihood": ("normal",),
    "parameterization": ("delta",),
    "bounds": ("none",),
}
_UNBUILT = ("sample_mean", "group", "group_equal", "group_partial", "ordered", "cluster", "weights", "aux",
            "bootstrap", "start")  # fmt: skip
_CONTROL = {"max_iter": 500}


@dataclass(frozen=True, slots=True)
class SemOptions:
    """Resolved options; ``call`` keeps them all as plain values for the record."""

    sample_cov: Any
    sample_n: int | None
    std_lv: bool
    fixed_x: bool
    se: str
    level: float
    max_iter: int
    seed: int | None
    call: Mapping[str, Any]


def resolve_options(keywords: Mapping[str, Any]) -> SemOptions:
    """Resolve keywords as lavaan does.

    Raises
    ------
    TypeError
        For a keyword that does not exist.
    ModelError
        For values that make no sense, all at once.
    UnsupportedError
        For keywords or values that this version does not have, by name.
    """
    for name in keywords:
        if name not in DEFAULTS:
            raise TypeError(f"'{name}' is not a keyword of sem() or cfa().{did_you_mean(name, DEFAULTS)}")
    given = {**DEFAULTS, **keywords}
    refused = [Fault(f"{name}= is not built yet; leave it out.") for name in _UNBUILT if _is_set(given[name])]
    resolved = dict(given)
    for name, built in _BUILT.items():
        value = built[0] if given[name] is None else given[name]
        if not isinstance(value, str | bool) or value not in built:
            choices = ", ".join(repr(choice) for choice in built)
            refused.append(Fault(f"{name}={value!r} is not built yet; this version has {choices}."))
        resolved[name] = value
    faults = _check_values(given)
    if faults:
        raise ModelError(faults + refused)
    if refused:
        raise UnsupportedError(refused)
    resolved["fixed_x"] = given["fixed_x"] is not False
    resolved["control"] = {**_CONTROL, **(given["control"] or {})}
    call = {name: resolved[name] for name in DEFAULTS if name not in ("sample_cov", "sample_mean", *_UNBUILT)}
    return SemOptions(
        given["sample_cov"], given["sample_n"], bool(given["std_lv"]), resolved["fixed_x"], resolved["se"],
        float(given["level"]), int(resolved["control"]["max_iter"]), given["seed"], call,
    )  # fmt: skip


def with_sem_keywords(function: Callable[..., Any]) -> Callable[..., Any]:
    """Show the keywords and their defaults in the signature of a function that takes them as ``**keywords``."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    keywords = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default) for name, default in DEFAULTS.items()
    ]
    function.__signature__ = signature.replace(parameters=own + keywords)  # type: ignore[attr-defined]
    return function


def _is_set(value: Any) -> bool:
    return value is not None and value is not False and not (isinstance(value, tuple | list | str) and not value)


def _check_values(given: Mapping[str, Any]) -> list[Fault]:
    faults = []
    level = given["level"]
    if not isinstance(level, float | int) or not 0 < level < 1:
        faults.append(Fault(f"level= must be a number between 0 and 1, such as 0.95; found {level!r}."))
    for name in ("std_lv", "fixed_x"):
        if given[name] is not None and not isinstance(given[name], bool):
            faults.append(Fault(f"{name}= must be True or False; found {given[name]!r}."))
    seed = given["seed"]
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        faults.append(Fault(f"seed= must be a whole number from 0; found {seed!r}."))
    control = given["control"] or {}
    if not isinstance(control, Mapping):
        return [*faults, Fault(f"control= must be a mapping such as {{'max_iter': 500}}; found {control!r}.")]
    for name, value in control.items():
        if name not in _CONTROL:
            faults.append(Fault(f"control= has no key '{name}'.{did_you_mean(str(name), _CONTROL)} Known: max_iter."))
        elif not isinstance(value, int) or isinstance(value, bool) or value < 1:
            faults.append(Fault(f"control['max_iter'] must be a whole number from 1; found {value!r}."))
    return faults
