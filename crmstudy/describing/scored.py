"""What a classic test is about: scale scores or columns, side by side, as an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from crmstudy.errors import DataError, did_you_mean
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.responses import Responses, frame_of
from crmstudy.scoring import analysis_frame
from crmstudy.selection import declared_items, left_out, named_columns, numeric_columns, numeric_values


@dataclass(frozen=True, eq=False)
class Scored:
    """Variables to be tested: ``names``, their ``values`` (n, k) with NaN where missing, the whole ``frame``."""

    names: tuple[str, ...]
    values: Array
    frame: pd.DataFrame
    notes: tuple[Note, ...]


def scored(data: object, scale: Sequence[str] | str | None, items: Sequence[str] | str | None) -> Scored:
    """Scale scores, items or columns as numbers.

    Parameters
    ----------
    data : DataFrame or Responses
    scale : str or sequence of str, optional
        Scales of responses, or columns of scores of a DataFrame. With ``items`` of a DataFrame: the name of the score
        that is made of them, the mean of the items of rows that have all.
    items : str or sequence of str, optional
        Items or other columns, each for itself.

    Without either: all scales of responses, all numeric columns of a DataFrame.

    Raises
    ------
    DataError
        For unknown scales and columns, and what is no number.
    """
    if isinstance(data, Responses):
        return _of_responses(data, scale, items)
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    if items is not None and scale is not None:
        if not isinstance(scale, str):
            raise DataError(f"With `items`, `scale` is the name of the score that is made of them, not {scale!r}.")
        values = numeric_values(frame, named_columns(frame, items))
        return Scored((scale,), values.mean(axis=1, keepdims=True), frame, notes)
    asked = scale if items is None else items
    names = numeric_columns(frame) if asked is None else named_columns(frame, asked)
    if asked is None and (others := left_out(frame, names)):
        message = f"All numeric columns are tested: {', '.join(names)}. Left out, not numbers: {', '.join(others)}."
        notes = (*notes, Note("TESTS_ALL_COLUMNS", message))
    return Scored(names, numeric_values(frame, names), frame, notes)


def _of_responses(data: Responses, scale: Sequence[str] | str | None, items: Sequence[str] | str | None) -> Scored:
    if scale is not None and items is not None:
        raise DataError("Give either `items` or `scale`: the instrument already says which items a scale has.")
    frame, notes = analysis_frame(data)
    frame = frame.rename(columns=str)
    if items is not None:
        names = named_columns(frame, items)
        return Scored(names, numeric_values(frame, names), frame, notes)
    wanted = list(data.scales) if scale is None else [scale] if isinstance(scale, str) else list(scale)
    faults = [
        f"No instrument of these responses has a scale '{name}'."
        + (did_you_mean(str(name), data.scores) or (f" There are: {', '.join(data.scales)}." if data.scales else ""))
        for name in dict.fromkeys(wanted)
        if name not in data.scores
    ]
    if not wanted and not faults:
        faults = ["These responses answer no instrument with scales: name the columns with `items`."]
    if faults:
        raise DataError(faults)
    names = named_columns(frame, wanted)
    return Scored(names, numeric_values(frame, names), frame, notes)


def declared_range(data: object, name: str) -> tuple[float, float] | None:
    """The smallest and the largest possible score of a scale or answer of an item, where an instrument says it."""
    if not isinstance(data, Responses):
        return None
    if name in data.scores:
        low, high = data.scores[name].range
        return float(low), float(high)
    item = declared_items(data).get(name)
    return None if item is None else (float(item.response.low), float(item.response.high))
