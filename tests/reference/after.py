"""How the cases of what comes after a fit are asked of crmstudy, and how their tables are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import crmstudy as cs
from tests import tolerances
from tests.reference import Case, load


@cache
def case_of(name: str) -> Case:
    return load(name)


@cache
def fit_of(name: str, file: str = "model.lav") -> Any:
    """Our fit of a case's model (of another file in its folder, if named) with its keywords."""
    case = case_of(name)
    return fit_with(case, file)


def fit_with(case: Case, file: str = "model.lav", data: Any = None, **more: Any) -> Any:
    """The model of a file fitted to the rows of a case (or to ``data``), with its keywords and ``more``."""
    function = {"sem": cs.sem, "cfa": cs.cfa}[case.options["function"]]
    return function(text_of(case, file), case.data if data is None else data, **case.keywords | more)


def text_of(case: Case, file: str) -> str:
    return (case.folder / file).read_text(encoding="utf-8")


def key(lhs: str, op: str, rhs: str, group: object = None) -> str:
    """A parameter's name, the two sides of a covariance in the order of the alphabet; the group where there are two."""
    name = f"{op} ".join(sorted((str(lhs), str(rhs)))) if op == "~~" else f"{lhs} {op} {'' if op == '~1' else rhs}"
    return f"{name.strip()} [{group}]" if group is not None else name.strip()


def keyed(table: pd.DataFrame, labels: Sequence[str] = ()) -> pd.DataFrame:
    """A table with the names of its parameters as index.

    ``labels`` are those of several groups, which the table names or numbers from 1; of one group none are given.
    """
    groups = [group_label(group, labels) for group in table["group"]] if labels else [None] * len(table)
    names = [key(*row) for row in zip(table["lhs"], table["op"], table["rhs"], groups, strict=True)]
    return table.set_axis(pd.Index(names, name="parameter"))


def group_label(group: object, labels: Sequence[str]) -> str:
    return str(group) if str(group) in labels else labels[int(str(group)) - 1]


def assert_close(ours: Any, theirs: Any, allowed: Any, names: Iterable[object]) -> None:
    """Both missing, or nearer than allowed; the message names every offender."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    allowed = np.broadcast_to(np.asarray(allowed, dtype=float), theirs.shape)
    assert ours.shape == theirs.shape
    far = (np.isnan(ours) != np.isnan(theirs)) | (np.abs(ours - theirs) > allowed)
    told = [
        f"{name}: ours {mine:.12g}, R {other:.12g}, allowed {limit:.1g}"
        for name, mine, other, limit, bad in zip(names, ours, theirs, allowed, far, strict=True)
        if bad
    ]
    assert not told, "\n".join(told)


def assert_square_of_z(ours: Any, theirs: Any, names: Iterable[object], spread: float = 1.0) -> None:
    """Statistics that are squares of a z (or sums of such): compared as z, like the tests of estimates.

    ``spread`` multiplies what is allowed, for a statistic in which the errors of several fits add up.
    """
    ours, theirs = np.sqrt(np.asarray(ours, dtype=float)), np.sqrt(np.asarray(theirs, dtype=float))
    assert_close(ours, theirs, spread * (tolerances.Z_ABSOLUTE + tolerances.Z_RELATIVE * theirs), names)


def tables_of(found: Any) -> Mapping[str, pd.DataFrame]:
    """The tables of a result, or a mapping of tables as it is."""
    return found if isinstance(found, Mapping) else found.tables
