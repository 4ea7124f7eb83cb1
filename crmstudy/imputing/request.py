"""What an imputation is asked for, checked at the door, and which columns it is about."""

from __future__ import annotations

import secrets
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_number

from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError, did_you_mean
from crmstudy.imputed import Imputed
from crmstudy.instrument.model import Item
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.responses import Responses, frame_of
from crmstudy.selection import is_whole

METHODS = ("pmm", "norm")
#: A column of words with more different ones than this is taken for free text.
MOST_CATEGORIES = 20
#: Fewer clusters than this are groups: a variance between them cannot be estimated.
LEAST_CLUSTERS = 5
#: A variable observed fewer times than this has no model.
LEAST_OBSERVED = 3


@dataclass(frozen=True, slots=True)
class Options:
    """The options as resolved."""

    m: int
    seed: int
    method: Mapping[str, str]
    otherwise: str
    iterations: int
    donors: int

    def method_of(self, name: str) -> str:
        """How a numeric column is imputed."""
        return self.method.get(name, self.otherwise)


@dataclass(frozen=True, eq=False, slots=True)
class Variable:
    """One column: its values as numbers (NaN in gaps), or the places of its ``categories``."""

    name: str
    values: Array
    categories: tuple[Any, ...] = ()

    @property
    def missing(self) -> np.ndarray:
        """Mask of the gaps."""
        return np.isnan(self.values)

    @property
    def constant(self) -> bool:
        """Whether everything observed is the same."""
        given = self.values[~self.missing]
        return bool(len(given) and (given == given[0]).all())


@dataclass(frozen=True, eq=False, slots=True)
class Request:
    """Everything that is imputed from: columns, scales, groups and clusters, with what was found on the way.

    ``variables`` are in the order of their names, which makes the answer independent of the order of columns.
    """

    frame: pd.DataFrame
    variables: Mapping[str, Variable]
    scales: Mapping[str, tuple[str, ...]]
    group: str | None
    cluster: str | None
    auxiliary: tuple[str, ...]
    options: Options
    notes: tuple[Note, ...]


def resolved(
    m: object, seed: object, method: object, iterations: object, donors: object, items: Mapping[str, Item],
) -> Options:  # fmt: skip
    """Check the numbers and the method; all faults at once."""
    faults = [
        f"`{name}` is a whole number from {least} ({usual} is usual), not {value!r}."
        for name, value, least, usual in (
            ("m", m, 2, 20), ("iterations", iterations, 1, 10), ("donors", donors, 1, 5),
        )
        if not (is_whole(value) and value >= least)
    ]  # fmt: skip
    if seed is not None and not (is_whole(seed) and seed >= 0):
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    by_name = dict(method) if isinstance(method, Mapping) else {}
    given = by_name.values() if isinstance(method, Mapping) else [method]
    unknown = [one for one in given if not isinstance(one, str) or one not in METHODS]
    if faults:
        raise ModelError(faults)
    if unknown:
        raise UnsupportedError(
            f"`method` is one of {', '.join(METHODS)}, or a mapping of columns to them, not {unknown[0]!r}."
            f"{did_you_mean(str(unknown[0]), METHODS)} Columns of words are imputed by a logit model by themselves."
        )
    otherwise = "pmm" if isinstance(method, Mapping) else str(method)
    asked = items if otherwise == "norm" else [name for name in by_name if by_name[name] == "norm" and name in items]
    if asked:
        raise ModelError(
            f"method 'norm' fills in fractions, which are no answers to {', '.join(list(asked)[:5])}: use 'pmm' for "
            "items of an instrument, and method={'age': 'norm'} for single other columns."
        )
    number = int(seed) if is_whole(seed) else secrets.randbits(32)
    sets, rounds, givers = (int(value) for value in (m, iterations, donors) if is_whole(value))
    return Options(sets, number, {str(k): str(v) for k, v in by_name.items()}, otherwise, rounds, givers)


def request(
    data: object,
    items: Sequence[str] | Mapping[str, Sequence[str]] | None,
    group: str | None,
    cluster: str | None,
    auxiliary: Sequence[str],
    options: Options,
) -> Request:
    """Look the columns up, and sort out what cannot be imputed or used.

    Raises
    ------
    DataError
        With all faults: unknown columns, a group or cluster with gaps, infinite values, data imputed already.
    """
    if isinstance(data, Imputed):
        raise DataError(f"these data are imputed already ({data.m} sets); impute the incomplete ones.")
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    scales = _scales(data, items)
    wanted, found = _wanted(data, frame, items, scales, group, cluster, auxiliary)
    unknown = [name for name in options.method if name not in wanted]
    if unknown:
        raise DataError([
            f"`method` names '{name}', which is not imputed.{did_you_mean(name, wanted)}" for name in unknown
        ])  # fmt: skip
    _check_complete(frame, group=group, cluster=cluster)
    named = {*([] if items is None else wanted), *auxiliary}
    variables, told = _variables(frame, wanted, named, _nominal(data))
    scales = {scale: kept for scale, names in scales.items() if (kept := tuple(n for n in names if n in variables))}
    return Request(
        frame, dict(sorted(variables.items())), scales, group, cluster, tuple(auxiliary), options,
        (*notes, *found, *told, *_range_notes(data)),
    )  # fmt: skip


def _scales(data: object, items: object) -> dict[str, tuple[str, ...]]:
    if isinstance(items, Mapping):
        odd = {scale: names for scale, names in items.items() if not isinstance(names, Iterable)}
        if odd:
            raise DataError([
                f"`items` gives the scale '{scale}' a list of column names such as ['q1', 'q2'], not {names!r}."
                for scale, names in odd.items()
            ])  # fmt: skip
        return {str(scale): tuple(map(str, [names] if isinstance(names, str) else names))
                for scale, names in items.items()}  # fmt: skip
    if isinstance(data, Responses):
        return {scale: tuple(data.scale_items(scale)) for scale in data.scales}
    return {}


def _wanted(
    data: object,
    frame: pd.DataFrame,
    items: Sequence[str] | Mapping[str, Sequence[str]] | None,
    scales: Mapping[str, tuple[str, ...]],
    group: Any,
    cluster: Any,
    auxiliary: Sequence[str],
) -> tuple[list[str], list[Note]]:
    """The columns to impute and to impute from, after checking every name given."""
    faults, present = [], list(frame.columns)
    if isinstance(auxiliary, str) or not isinstance(auxiliary, Iterable):
        faults.append(f"`auxiliary` is a list of column names such as ['age'], not {auxiliary!r}.")
        auxiliary = ()
    if items is not None and (isinstance(items, str) or not isinstance(items, Iterable)):
        faults.append(f"`items` is a list of column names, or a mapping of scales to such lists, not {items!r}.")
        items = None
    for keyword, place in (("group", group), ("cluster", cluster)):
        if place is not None and not isinstance(place, str):
            faults.append(f"`{keyword}` is the name of a column, not {place!r}.")
    group, cluster = (place if isinstance(place, str) else None for place in (group, cluster))
    asked = (
        None if items is None
        else list(dict.fromkeys(name for names in scales.values() for name in names)) if isinstance(items, Mapping)
        else [str(name) for name in items]
    )  # fmt: skip
    if asked is not None and not asked:
        faults.append("No items are named: give at least one column, or leave `items` out.")
    for keyword, names in (("items", asked or []), ("auxiliary", [str(name) for name in auxiliary]),
                           ("group", [] if group is None else [str(group)]),
                           ("cluster", [] if cluster is None else [str(cluster)])):  # fmt: skip
        for name in dict.fromkeys(names):
            if name not in present:
                faults.append(f"`{keyword}` names '{name}', which is no column.{did_you_mean(name, present)}")
            elif present.count(name) > 1:
                faults.append(f"The data have {present.count(name)} columns named '{name}': rename them.")
            if names.count(name) > 1:
                faults.append(f"`{keyword}` names '{name}' {names.count(name)} times: name it once.")
    both = {*(asked or [])} & {str(name) for name in auxiliary}
    faults += [f"'{name}' is named by `items` and by `auxiliary`; keep one." for name in sorted(both)]
    places = [name for name in (group, cluster) if name is not None]
    if group is not None and group == cluster:
        faults.append(f"'{group}' is named as `group` and as `cluster`; a column is one of them.")
    faults += [f"'{name}' is a group or cluster and cannot be imputed as well." for name in places
               if name in (asked or []) or name in auxiliary]  # fmt: skip
    if faults:
        raise DataError(faults)
    if asked is not None:
        return [*asked, *map(str, auxiliary)], []
    id = data.id if isinstance(data, Responses) else None
    return [name for name in present if name not in places and name != id], []


def _check_complete(frame: pd.DataFrame, *, group: str | None, cluster: str | None) -> None:
    faults = []
    for keyword, name in (("group", group), ("cluster", cluster)):
        if name is None:
            continue
        gaps, count = int(frame[name].isna().sum()), int(frame[name].nunique())
        if gaps:
            faults.append(f"{keyword} '{name}' is missing in {gaps} rows; fill it in or leave those rows out.")
        if keyword == "group" and count < 2:
            faults.append(f"group '{name}' has one value in all rows; leave `group` out.")
        if keyword == "cluster" and count < LEAST_CLUSTERS:
            faults.append(f"cluster '{name}' has {count} clusters, too few for a variance between them (at least "
                          f"{LEAST_CLUSTERS}); name it as `group`.")  # fmt: skip
        if keyword == "cluster" and count == len(frame):
            faults.append(f"cluster '{name}' has one row in each cluster; leave `cluster` out.")
    if faults:
        raise DataError(faults)


def _nominal(data: object) -> set[str]:
    """Questions of the instruments whose answers are codes without an order."""
    asked = data.unscored if isinstance(data, Responses) else {}
    return {name for name, item in asked.items() if item.response.measure == "nominal"}


def _variables(
    frame: pd.DataFrame, wanted: list[str], named: set[str], nominal: Container[str] = ()
) -> tuple[dict[str, Variable], list[Note]]:
    """The columns as numbers or categories; those that can be neither are left out with a note, or refused if named."""
    faults: list[str] = []
    found: dict[str, Variable] = {}
    words, empty, few = [], [], []
    for name in wanted:
        column = frame[name]
        count = int(column.notna().sum())
        if not count:
            empty.append(name)
            continue
        if _is_number(column) and (name not in nominal or column.nunique() > MOST_CATEGORIES):
            plain = column.astype(float) if column.dtype == object else column
            values = np.asarray(plain.to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
            if np.isinf(values).any():
                faults.append(f"'{name}' holds {int(np.isinf(values).sum())} infinite values: set them to missing.")
                continue
            found[name] = Variable(name, values)
        elif kind := _neither(column):
            if name in named:
                faults.append(f"'{name}' holds {kind}, which cannot be imputed: recode it, or leave it out.")
            words.append(name)
            continue
        else:
            levels = _levels(column)
            codes = pd.Categorical(column, categories=levels).codes.astype(float)
            found[name] = Variable(name, np.where(codes < 0, np.nan, codes), tuple(levels))
        if count < LEAST_OBSERVED:
            few.append(name)
            del found[name]
    if faults:
        raise DataError(faults)
    notes = [_note("IMPUTE_EMPTY", f"{name}: nobody answered, so nothing can be filled in.", name) for name in empty]
    notes += [_note("IMPUTE_TOO_FEW", f"{name}: fewer than {LEAST_OBSERVED} answers are no basis for a model; its gaps "
                    "stay.", name) for name in few]  # fmt: skip
    if words:
        message = (
            f"Not used and not imputed (dates, or more than {MOST_CATEGORIES} different texts, or neither numbers nor "
            f"texts): {', '.join(words)}."
        )
        notes.append(Note("IMPUTE_LEFT_OUT", message))
    if not found:
        raise AnalysisError("No column can be imputed: " + " ".join(note.message for note in notes), "IMPUTE_EMPTY")
    return found, notes


def _is_number(column: pd.Series[Any]) -> bool:
    kinds = pd.api.types
    if kinds.is_bool_dtype(column):
        return not column.isna().any()
    if column.dtype == object:
        there = column.dropna()
        return bool(len(there)) and all(is_number(value) and not isinstance(value, bool) for value in there)
    return bool(kinds.is_numeric_dtype(column) and not kinds.is_complex_dtype(column))


def _neither(column: pd.Series[Any]) -> str:
    """What a column holds that is neither numbers nor categories; empty where it holds categories."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return "dates"
    if pd.api.types.is_complex_dtype(column) or not all(isinstance(value, Hashable) for value in column):
        return "neither numbers nor texts"
    different = int(column.nunique())
    return f"{different} different texts" if different > MOST_CATEGORIES else ""


def _levels(column: pd.Series[Any]) -> list[Any]:
    """The categories that occur: in their own order, or sorted as texts."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        there = set(column.dropna().unique())
        return [level for level in column.cat.categories if level in there]
    return sorted(column.dropna().unique(), key=str)


def _range_notes(data: object) -> list[Note]:
    if not isinstance(data, Responses):
        return []
    count = int(data.out_of_range.to_numpy().sum())
    if not count:
        return []
    message = f"{count} answers outside the response range count as missing and are imputed like other gaps."
    return [Note("IMPUTE_OUT_OF_RANGE", message, "warning")]


def _note(code: str, message: str, subject: str) -> Note:
    return Note(code, message, "warning", subject)
