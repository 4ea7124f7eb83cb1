"""What is wanted of roles: targets and weights, for all, by characteristic, by role or by both."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Real

from crmstudy.errors import ModelError, did_you_mean

#: (role, characteristic) -> number
Wanted = dict[tuple[str, str], float]


def wanted_of(
    given: object, keyword: str, roles: Iterable[str], facets: Iterable[str], fault: Callable[[str, float], str]
) -> tuple[Wanted, list[str]]:
    """A number for each role and characteristic, and all faults.

    Parameters
    ----------
    given : None, number or mapping
        A number for all; or by characteristic; or by role a number, or a mapping of characteristics to numbers. What
        is said of a role goes before what is said of all.
    keyword : str
        What it is called in sentences.
    roles, facets : iterable of str
    fault : callable
        Of a characteristic and a number: what is wrong with it, or the empty text.
    """
    roles, facets = list(roles), list(facets)
    faults: list[str] = []
    general: dict[str, float] = {}
    own: Wanted = {}

    def number(value: object, where: str, about: Iterable[str]) -> float | None:
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(float(value)):
            faults.append(f"`{keyword}` of {where} is a number, not {value!r}.")
            return None
        wrong = [said for facet in about if (said := fault(facet, float(value)))]
        faults.extend(f"`{keyword}` of {where}: {said}" for said in wrong[:1])
        return None if wrong else float(value)

    def entries(values: Mapping[object, object], role: str) -> None:
        for name, value in values.items():
            facet = str(name)
            if facet not in facets:
                faults.append(
                    f"`{keyword}` of the role '{role}' names the characteristic '{facet}', which is not scored."
                    f"{did_you_mean(facet, facets) or ' There are: ' + ', '.join(facets) + '.'}"
                )
            elif (found := number(value, f"the role '{role}', {facet}", [facet])) is not None:
                own[role, facet] = found

    if given is not None and not isinstance(given, Mapping):
        if (found := number(given, "all roles", facets)) is not None:
            general = dict.fromkeys(facets, found)
        given = None
    for key, value in (given or {}).items():
        name = str(key)
        if name in roles and isinstance(value, Mapping):
            entries(value, name)
        elif name in facets and not isinstance(value, Mapping):
            if (found := number(value, name, [name])) is not None:
                general[name] = found
        elif name in roles:
            if (found := number(value, f"the role '{name}'", facets)) is not None:
                own = {(name, facet): found for facet in facets} | own
        else:
            hint = did_you_mean(name, [*roles, *facets]) or f" Roles are: {', '.join(roles)}."
            faults.append(f"`{keyword}` names '{name}', which is neither a role nor a characteristic.{hint}")
    spread = {(role, facet): value for role in roles for facet, value in general.items()}
    return spread | own, faults


def checked(faults: list[str]) -> None:
    """Raise ModelError with all faults, if there are any."""
    if faults:
        raise ModelError(faults)
