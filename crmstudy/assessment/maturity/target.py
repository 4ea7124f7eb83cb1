"""Which level is wanted, and how much each leaf counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real

import numpy as np

from crmstudy.assessment.maturity.scale import TOP, blocks, leaves
from crmstudy.errors import did_you_mean
from crmstudy.quoting import shown


def targets_of(target: object, faults: list[str]) -> dict[str, float]:
    """The level wanted of each leaf; leaves without one are left out.

    A number is wanted of all; a mapping names blocks and leaves, where a leaf's own number counts before its block's.
    """
    wanted = f"a whole level from 0 to {TOP}"
    return _by_leaf("target", target, wanted, lambda value: 0 <= value <= TOP and value == int(value), faults)


def weights_of(weights: object, faults: list[str]) -> dict[str, float]:
    """How much a step of each leaf counts; 1 where nothing is said."""
    if weights is not None and not isinstance(weights, Mapping):
        faults.append(
            f"`weights` gives blocks and leaves their numbers, such as {{'data': 2}}, not {_quoted(weights)}."
        )
        weights = None
    found = _by_leaf("weights", weights, "a number above 0", lambda value: value > 0, faults)
    return {leaf: found.get(leaf, 1.0) for leaf in leaves()}


def _by_leaf(
    keyword: str, asked: object, wanted: str, fits: Callable[[float], bool], faults: list[str]
) -> dict[str, float]:
    if asked is None:
        return {}
    if not isinstance(asked, Mapping):
        asked = dict.fromkeys((block.id for block in blocks()), asked)
        if _checked(keyword, "", next(iter(asked.values())), wanted, fits, faults) is None:
            return {}
    known = {block.id: tuple(leaf.id for leaf in block.leaves) for block in blocks()}
    found: dict[str, float] = {}
    own: dict[str, float] = {}
    for name, value in asked.items():
        if name not in known and name not in leaves():
            hint = did_you_mean(str(name), [*known, *leaves()])
            faults.append(f"`{keyword}` names {name!r}, which is neither a block nor a leaf of the scale.{hint}")
            continue
        number = _checked(keyword, f" of '{name}'", value, wanted, fits, faults)
        if number is not None:
            (found if name in known else own).update(dict.fromkeys(known.get(name, (name,)), number))
    return {leaf: (found | own)[leaf] for leaf in leaves() if leaf in found or leaf in own}


def _checked(
    keyword: str, where: str, value: object, wanted: str, fits: Callable[[float], bool], faults: list[str]
) -> float | None:
    if not isinstance(value, bool) and isinstance(value, Real):
        number = float(value)
        if np.isfinite(number) and fits(number):
            return number
    faults.append(f"`{keyword}`{where} is {wanted}, not {_quoted(value)}.")
    return None


def _quoted(value: object) -> str:
    return shown(repr(value))
