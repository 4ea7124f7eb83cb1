"""What only differential item functioning knows when it is pooled over imputed data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd

from crmstudy.kernels.moments import Array
from crmstudy.kernels.multiplicity import adjusted
from crmstudy.measurement.dif.models import CRITERIA, band
from crmstudy.pooled import JointTest
from crmstudy.results import Result

Kind = TypeVar("Kind", bound=Result)
#: Their chi-squares are pooled by D2.
DIF_TESTS = (JointTest("items", "chisq", "df", "p_value"), JointTest("tests", "chisq", "df", "p_value"))


def finish_dif(result: Kind, parts: Sequence[Kind]) -> Kind:
    """Judge the items by the pooled tests and the mean changes of explained share."""
    call, items, tests = result.call, result.tables["items"].copy(), result.tables["tests"].copy()
    tests["p_adjusted"] = np.nan
    for test in tests["test"].unique():
        rows = tests["test"] == test
        tests.loc[rows, "p_adjusted"] = _adjusted(tests.loc[rows, "p_value"], str(call["adjust"]))
    by_test = tests.set_index(["test", "item"])["p_adjusted"]
    items["p_adjusted"] = [by_test[str(call["test"]), item] for item in items["item"]]
    for rule in ("jodoin_gierl", "zumbo"):
        items[rule] = [band(float(change), rule) for change in items["delta_nagelkerke"]]
    criterion, alpha = str(call["criterion"]), 1.0 - float(call["level"])
    size = items["beta_change"].abs() if criterion == "beta" else items["delta_nagelkerke"]
    items["flagged"] = (items["p_adjusted"] < alpha) & ((criterion == "p") | (size >= CRITERIA[criterion]))
    items["form"] = [
        "none" if not flagged else "non-uniform" if by_test["nonuniform", item] < alpha else "uniform"
        for item, flagged in zip(items["item"], items["flagged"], strict=True)
    ]
    rounds = parts[0].tables["purification"].iloc[:0]  # each data set has its own
    return replace(result, tables={**result.tables, "items": items, "tests": tests, "purification": rounds})


def _adjusted(p_value: pd.Series[float], method: str) -> Array:
    found: Array = np.array(p_value, dtype=np.float64)
    known = ~np.isnan(found)
    found[known] = adjusted(found[known], method)
    return found
