"""Asking crmstudy what R was asked: the fit of a case, made once."""

from __future__ import annotations

from functools import cache
from typing import Any

from crmstudy.measurement.cfa import cfa
from crmstudy.models.cbsem import sem
from tests.reference import Case, load

FUNCTIONS: dict[str, Any] = {"sem": sem, "cfa": cfa}


def ask(case: Case) -> Any:
    """Our result for a case; of a model given by a covariance matrix ``data`` is None."""
    return FUNCTIONS[case.options["function"]](case.model, case.data, **case.keywords)


@cache
def pair(name: str) -> tuple[Case, Any]:
    """A case by its name, and our result for it."""
    case = load(name)
    return case, ask(case)
