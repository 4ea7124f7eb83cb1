"""What only intraclass correlations know when they are pooled over imputed data sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from scipy.special import stdtr

from crmstudy.kernels.moments import Array
from crmstudy.pooled import pool_estimate
from crmstudy.results import Result, records

Kind = TypeVar("Kind", bound=Result)


def finish_icc(result: Kind, parts: Sequence[Kind]) -> Kind:
    """F and its p-value of every form, pooled as log F.

    F is 1 / (1 - ICC) of an average, the one-way or the consistent one: its logarithm is the scale on which these are
    pooled, and has their standard error. (D2 does not serve: its loss of power grows with the degrees of freedom.)
    """
    table = result.estimates.copy()
    rows = [{str(row["term"]): row for row in records(part.estimates)} for part in parts]
    for at, term in enumerate(table["term"]):
        average = "ICC1k" if str(term).startswith("ICC1") else "ICC3k"
        if not all({term, average} <= set(own) for own in rows):
            continue
        f = _numbers(own[term]["statistic"] for own in rows)
        errors = _numbers(own[average]["std_error"] for own in rows)
        errors = errors / (1.0 - _numbers(own[average]["estimate"] for own in rows))
        degrees = _numbers(own[term]["df"] for own in rows)
        with np.errstate(invalid="ignore", divide="ignore"):
            pooled = pool_estimate({"estimate": np.log(f), "std_error": errors, "df": degrees})
        p_value = float("nan")
        if pooled["std_error"] > 0:
            p_value = float(stdtr(pooled["df"], -pooled["estimate"] / pooled["std_error"]))
        table.loc[at, ["statistic", "df", "p_value"]] = [float(np.exp(pooled["estimate"])), degrees[0], p_value]
    return replace(result, estimates=table)


def _numbers(values: Iterable[Any]) -> Array:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
