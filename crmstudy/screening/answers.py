"""What the rules look at: answers in file order, what lies outside the response range, and the columns beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmstudy.errors import DataError
from crmstudy.kernels.moments import Array
from crmstudy.responses import Responses
from crmstudy.selection import named_columns

#: Columns to screen: names, or scales with their columns.
Asked = Sequence[str] | Mapping[str, Sequence[str]] | None


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of a sample as a screening rule sees them.

    Attributes
    ----------
    raw : DataFrame
        Items as answered, in file order, not reversed; NaN unanswered.
    outside : DataFrame of bool
        Which answers lie outside the response range.
    ranged : bool
        Whether a response range is known.
    scales : mapping
        The items of every scale.
    ends : mapping
        Lowest and highest answer of every item whose format is known.
    turned : frozenset
        Reversed items.
    variables : DataFrame
        Columns that are no items.
    rows : list of int
        Numbers of the rows in their file, from 1.
    shown : array of bool (rows × items)
        Which items were put to whom; the others, passed over by a condition of the questionnaire, are not unanswered.
    hidden : mapping
        The same of closed questions beside the items: whom they were not shown.
    """

    raw: pd.DataFrame
    outside: pd.DataFrame
    ranged: bool
    scales: Mapping[str, tuple[str, ...]]
    ends: Mapping[str, tuple[float, float]]
    turned: frozenset[str]
    variables: pd.DataFrame
    rows: list[int]
    shown: NDArray[np.bool_]
    hidden: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    @cached_property
    def gone(self) -> NDArray[np.bool_]:
        """What is missing: items that were shown and have no usable answer (rows × items)."""
        return np.isnan(self.usable) & self.shown

    @cached_property
    def in_turn(self) -> Array:
        """Answers in file order, those of items that somebody was not shown taken out; the rest of a row is NaN."""
        raw = self.raw.to_numpy(dtype=float)
        if self.shown.all():
            return raw
        return np.take_along_axis(raw, np.argsort(~self.shown, axis=1, kind="stable"), axis=1)

    @cached_property
    def usable(self) -> Array:
        """Answers with those out of range missing, not reversed."""
        return np.where(self.outside.to_numpy(), np.nan, self.raw.to_numpy(dtype=float))

    @cached_property
    def items(self) -> tuple[str, ...]:
        """The names of the items in file order."""
        return tuple(str(name) for name in self.raw.columns)

    @cached_property
    def scale_of(self) -> dict[str, str]:
        """The first scale of every item that has one."""
        return {item: scale for scale, items in list(self.scales.items())[::-1] for item in items}

    @property
    def mixed(self) -> bool:
        """Whether the items are answered on different formats."""
        return len(set(self.ends.values())) > 1

    @cached_property
    def alike(self) -> Array:
        """Usable answers on one format: as they are, or as shares of their range where the formats differ."""
        if not self.mixed:
            return self.usable
        low = np.array([self.ends.get(item, (0.0, 1.0))[0] for item in self.items])
        high = np.array([self.ends.get(item, (0.0, 1.0))[1] for item in self.items])
        shares: Array = (self.usable - low) / (high - low)
        return shares

    @cached_property
    def keyed(self) -> Array:
        """The same with reversed items mirrored."""
        values = self.alike.copy()
        for place, item in enumerate(self.items):
            if item in self.turned:
                low, high = (0.0, 1.0) if self.mixed else self.ends[item]
                values[:, place] = low + high - values[:, place]
        return values


def answers_of(data: pd.DataFrame | Responses, frame: pd.DataFrame, asked: Asked, apart: Iterable[str]) -> Answers:
    """Take the answers out of the data; ``apart`` are columns that a rule names and that are no items.

    Raises
    ------
    DataError
        For columns that do not exist or are no numbers, and for data without any.
    """
    if isinstance(data, Responses):
        return _of_responses(data, asked)
    frame = frame.rename(columns=str)
    scales, names = _asked_columns(frame, asked)
    if names is None:
        beside = set(apart)
        names = tuple(name for name in frame.select_dtypes("number").columns if name not in beside)
    if not names:
        raise DataError("there is no numeric column to screen; give the answers as numbers, or Responses.")
    raw = _numbers(frame, names)
    variables = frame.drop(columns=list(names))
    outside = pd.DataFrame(False, index=raw.index, columns=raw.columns)
    shown = np.ones(raw.shape, dtype=bool)
    return Answers(raw, outside, False, scales, {}, frozenset(), variables, list(range(1, len(raw) + 1)), shown)


def _of_responses(data: Responses, asked: Asked) -> Answers:
    own = data.frame[list(data.file_order)]
    scales, names = _asked_columns(own, asked)
    order = list(data.file_order) if names is None else list(names)
    if names is None or not scales:
        scales = {id: scale.item_ids for id, scale in data.scales.items() if set(scale.item_ids) <= set(order)}
    return Answers(
        raw=data.frame[order].astype(float),
        outside=data.out_of_range[order],
        ranged=True,
        scales=scales,
        ends={item: (float(data.items[item].response.low), float(data.items[item].response.high)) for item in order},
        turned=frozenset(item for item in order if data.items[item].reverse),
        variables=data.variables,
        rows=list(data.rows),
        shown=data.shown[order].to_numpy(dtype=bool),
        hidden={name: data.hidden(name) for name in data.unscored},
    )


def _asked_columns(frame: pd.DataFrame, asked: Asked) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...] | None]:
    """The scales asked for and all columns they name, in file order; None where nothing is asked for."""
    if asked is None:
        return {}, None
    if isinstance(asked, Mapping):
        scales = {str(scale): named_columns(frame, items) for scale, items in asked.items()}
        wanted = {item for items in scales.values() for item in items}
        return scales, tuple(name for name in map(str, frame.columns) if name in wanted)
    chosen = set(named_columns(frame, asked))
    return {}, tuple(name for name in map(str, frame.columns) if name in chosen)


def _numbers(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    kinds = pd.api.types
    texts = [name for name in names if not kinds.is_numeric_dtype(frame[name]) or kinds.is_complex_dtype(frame[name])]
    if texts:
        raise DataError(f"no numbers in {', '.join(texts)}; give answers as numbers, or leave these columns out.")
    raw = frame[list(names)].astype(float)
    infinite = [name for name in names if np.isinf(raw[name].to_numpy(float)).any()]
    if infinite:
        raise DataError(f"infinite values in {', '.join(infinite)}; correct them or set them to missing.")
    return raw
