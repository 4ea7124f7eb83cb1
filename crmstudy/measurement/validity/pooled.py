"""Validity of a model pooled over imputed data sets."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from crmstudy.errors import UnsupportedError
from crmstudy.fitted.pooledresult import PooledSemResult
from crmstudy.notes import Note
from crmstudy.results import Result

Given = ParamSpec("Given")
Kind = TypeVar("Kind", bound=Result)


def takes_pooled(verb: Callable[Given, Kind]) -> Callable[Given, Kind]:
    """Let validity be judged from the pooled parameters and the mean moments of the data sets."""

    @functools.wraps(verb)
    def pooling(*args: Given.args, **kwargs: Given.kwargs) -> Kind:
        fit = args[0] if args else kwargs.get("sem_result")
        if not isinstance(fit, PooledSemResult):
            return verb(*args, **kwargs)
        refused = [name for name in ("bootstrap", "ordinal") if kwargs.get(name)]
        if refused:
            raise UnsupportedError(
                f"validity({refused[0]}=...) needs the rows of one data set, and this model is pooled over {fit.m}: "
                "leave it out, or give the fit of one set."
            )
        face: Callable[..., Kind] = verb
        result = face(fit.face, *args[1:], **{name: value for name, value in kwargs.items() if name != "sem_result"})
        message = (
            f"Computed from the parameters pooled over {fit.m} imputed data sets and from their mean moments; standard "
            "errors of correlations are pooled ones, and tests against the cutoff are those of the sets pooled by D2."
        )
        given: dict[str, Any] = {**result.call, "m": fit.m}
        return replace(result, call=given, notes=(*result.notes, Note("POOLED", message)))

    return pooling
