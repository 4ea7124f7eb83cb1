"""Multiply imputed data: the completed data sets of one incomplete sample, checked against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.drawing import TracePlot
from crmstudy.errors import DataError, Fault, did_you_mean
from crmstudy.notes import Note

_NAMES_SHOWN = 8
TRACE_COLUMNS = ("iteration", "set", "variable", "group", "mean", "sd")
MODEL_COLUMNS = ("variable", "group", "missing", "percent", "method", "n_predictors", "rhat", "predictors")
#: Traces of more variables than this are too small to see: those least settled are drawn.
_TRACES_SHOWN = 6


@dataclass(frozen=True, eq=False, repr=False)
class Imputed:
    """Completed data sets: the same respondents and columns in each, every gap filled in m different ways.

    Made by :func:`crmstudy.impute`, or from sets imputed elsewhere. An analysis that is given them analyses each and
    puts the results together by Rubin's rules; one that cannot refuses them by name.

    Parameters
    ----------
    sets : iterable of DataFrame or Responses
        At least two, with the same columns, the same number of rows and the same index, all of one kind.

    Attributes
    ----------
    sets : tuple of DataFrame or Responses
        The completed data sets.
    given_notes : tuple of Note
        What was found where the sets come from.
    traces : DataFrame
        iteration, set, variable, group, mean, sd: mean and standard deviation of what was filled in, round by round;
        empty for sets imputed elsewhere.
    models : DataFrame
        variable, group, missing, percent, method, n_predictors, rhat, predictors: how each variable was imputed.
        ``rhat`` is the larger potential scale reduction of the traces of mean and sd (Gelman & Rubin, 1992) without the
        first round, from 20 rounds on over the second half of them. ``group`` is empty unless groups were imputed
        apart.
    call : mapping
        The options as resolved: m, seed, iterations, donors, method, group, cluster, auxiliary, items.

    Raises
    ------
    DataError
        With all faults: fewer than two sets, other things than data, columns, rows or index that differ.

    Examples
    --------
    >>> import pandas as pd, crmstudy as cs
    >>> long = pd.DataFrame({"imp": [1, 1, 2, 2], "x": [1.0, 2.0, 1.0, 3.0]})
    >>> cs.Imputed.from_long(long).m
    2
    """

    sets: Sequence[Any]
    given_notes: tuple[Note, ...] = ()
    traces: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(TRACE_COLUMNS)))
    models: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(MODEL_COLUMNS)))
    call: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.sets, pd.DataFrame | str) or not isinstance(self.sets, Iterable):
            raise DataError(
                f"Imputed wants a list of completed data sets; found {type(self.sets).__name__}. "
                "Imputed.from_long(table) reads one long table."
            )
        sets = tuple(self.sets)
        object.__setattr__(self, "sets", sets)
        faults = _faults(sets)
        if faults:
            raise DataError(faults)

    @classmethod
    def from_long(cls, frame: pd.DataFrame, imp: str = "imp", id: str | None = None) -> Imputed:
        """Take the sets from one long table, as mice's ``complete(x, "long")`` writes it.

        Parameters
        ----------
        frame : DataFrame
            The rows of all sets below each other.
        imp : str
            The column that numbers the sets (mice: ``.imp``). Rows numbered 0, the incomplete data, are left out.
        id : str, optional
            The column that identifies the respondent (mice: ``.id``): rows are brought into the order of the first set
            by it, and it becomes the index. Without it the rows of every set must be in the same order.

        Raises
        ------
        DataError
            With all faults: missing columns, rows without a number, ids that are missing, repeated or differ.
        """
        if not isinstance(frame, pd.DataFrame):
            raise DataError(f"from_long wants a DataFrame; found {type(frame).__name__}.")
        faults = []
        for keyword, name in (("imp", imp), ("id", id)):
            if name is not None and name not in frame.columns:
                hint = did_you_mean(str(name), frame.columns)
                faults.append(Fault(f"{keyword}='{name}' is not a column of the table.{hint}"))
        if frame.columns.has_duplicates:
            faults.append(Fault("columns of the table stand twice; rename one of each."))
        if faults:
            raise DataError(faults)
        lost = int(frame[imp].isna().sum())
        if lost:
            raise DataError(f"'{imp}' numbers the sets, but {lost} rows have no number. Fill it in or leave them out.")
        parts = {
            number: part.drop(columns=imp) for number, part in frame.groupby(imp, sort=True) if not _is_zero(number)
        }
        notes: tuple[Note, ...] = ()
        if len(parts) < frame[imp].nunique():
            notes = (Note("IMPUTED_ORIGINAL", "Rows numbered 0, the incomplete data, were left out."),)
        if id is None:
            return cls(tuple(part.reset_index(drop=True) for part in parts.values()), notes)
        return cls(_in_order(parts, id), notes)

    @property
    def m(self) -> int:
        """Number of completed data sets."""
        return len(self.sets)

    @property
    def n(self) -> int:
        """Number of rows of each."""
        return len(_frame(self.sets[0]))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(map(str, _frame(self.sets[0]).columns))

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """Columns whose values differ between the sets: those that had gaps."""
        frames = [_frame(data) for data in self.sets]
        return tuple(
            str(name)
            for name in frames[0].columns
            if any(not frames[0][name].equals(other[name]) for other in frames[1:])
        )

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """What was found: values still missing, sets that do not differ."""
        return (*self.given_notes, *_incomplete_notes(self.sets), *_equal_notes(self))

    @property
    def text(self) -> str:
        """One sentence for the method section."""
        if not self.call:
            return f"{self.m} completed data sets, imputed elsewhere, were pooled (N = {self.n})."
        gaps, count = int(self.models["missing"].sum()), self.models["variable"].nunique()
        apart = f" within the groups of {self.call['group']}" if self.models["group"].any() else ""
        within = f", with random intercepts of {self.call['cluster']}" if self.call["cluster"] else ""
        return (
            f"{gaps} missing values of {count} variables were imputed {self.m} times by chained equations{apart}"
            f"{within} ({self.call['iterations']} iterations, {self.call['donors']} donors, seed {self.call['seed']}; "
            f"N = {self.n})."
        )

    def plot(self) -> TracePlot | None:
        """The traces of the variables whose chains are least settled, or None for sets imputed elsewhere."""
        if self.traces.empty:
            return None
        order = self.models.sort_values("rhat", ascending=False, kind="stable", na_position="last")
        panels = []
        for variable, group in list(zip(order["variable"], order["group"], strict=True))[:_TRACES_SHOWN]:
            rows = self.traces[(self.traces["variable"] == variable) & (self.traces["group"] == group)]
            lines = tuple(tuple(map(float, part["mean"])) for _, part in rows.groupby("set", sort=True))
            panels.append((f"{variable} ({group})" if group else str(variable), lines))
        worst = order["rhat"].max()
        return TracePlot(
            title="Traces of the Imputed Means",
            alt=f"Mean of the imputed values by iteration, one line for each of {self.m} sets; largest R-hat "
            f"{worst:.2f}.",
            panels=tuple(name for name, _ in panels),
            lines=tuple(lines for _, lines in panels),
        )

    def __repr__(self) -> str:
        return f"<Imputed m={self.m}, N={self.n}, {len(self.columns)} columns, {len(self.varying)} of them imputed>"


def _frame(data: Any) -> pd.DataFrame:
    """The table of a set, which is a DataFrame or has one (Responses)."""
    frame: pd.DataFrame = data if isinstance(data, pd.DataFrame) else data.frame
    return frame


def _faults(sets: Sequence[Any]) -> list[Fault]:
    faults = []
    if len(sets) < 2:
        faults.append(Fault(f"pooling needs at least 2 completed data sets; found {len(sets)}."))
    kinds = [type(data).__name__ for data in sets]
    wrong = [
        number for number, data in enumerate(sets, 1) if not isinstance(getattr(data, "frame", data), pd.DataFrame)
    ]
    for number in wrong:
        faults.append(Fault(f"set {number} must be a DataFrame or Responses; found {kinds[number - 1]}."))
    if wrong or not sets:
        return faults
    if len(set(kinds)) > 1:
        faults.append(Fault(f"all sets must be of one kind; found {' and '.join(sorted(set(kinds)))}."))
    first = _frame(sets[0])
    if first.empty:
        faults.append(Fault("the sets have no rows; at least one is needed."))
    twice = sorted({str(name) for name in first.columns[first.columns.duplicated()]})
    if twice:
        faults.append(Fault(f"columns stand twice: {_named(twice)}; rename one of each."))
    for number, data in enumerate(sets[1:], 2):
        faults += _differences(first, _frame(data), number)
    return faults


def _differences(first: pd.DataFrame, other: pd.DataFrame, number: int) -> list[Fault]:
    """What keeps a set from being another completion of the same sample."""
    faults = []
    lacking = [str(name) for name in first.columns if name not in other.columns]
    extra = [str(name) for name in other.columns if name not in first.columns]
    if lacking:
        faults.append(Fault(f"set {number} lacks columns of set 1: {_named(lacking)}."))
    if extra:
        faults.append(Fault(f"set {number} has columns that set 1 does not have: {_named(extra)}."))
    if not lacking and not extra and list(first.columns) != list(other.columns):
        faults.append(Fault(f"the columns of set {number} are in another order than those of set 1; sort them."))
    if len(first) != len(other):
        faults.append(
            Fault(f"set {number} has {len(other)} rows, set 1 has {len(first)}; all need the same respondents.")
        )
    elif not first.index.equals(other.index):
        faults.append(
            Fault(f"the index of set {number} differs from that of set 1; all need the same respondents in order.")
        )
    return faults


def _in_order(parts: dict[Any, pd.DataFrame], id: str) -> tuple[pd.DataFrame, ...]:
    """The sets with the ids as index, in the order of the first."""
    faults, found = [], []
    order: pd.Index | None = None
    for number, part in parts.items():
        names = pd.Index(part[id])
        if names.hasnans or names.has_duplicates:
            faults.append(
                Fault(f"the ids in '{id}' must be there and differ within a set; those of set {number} do not.")
            )
            continue
        order = names if order is None else order
        if len(names) != len(order) or not names.isin(order).all():
            faults.append(
                Fault(f"set {number} has other ids in '{id}' than the first set; all need the same respondents.")
            )
            continue
        found.append(part.set_index(id).loc[order])
    if faults:
        raise DataError(faults)
    return tuple(found)


def _is_zero(number: Any) -> bool:
    return str(number) in ("0", "0.0")


def _incomplete_notes(sets: Sequence[Any]) -> list[Note]:
    gaps = np.array([_frame(data).isna().sum().to_numpy() for data in sets]).max(axis=0)
    columns = [f"{name} ({count})" for name, count in zip(_frame(sets[0]).columns, gaps, strict=True) if count]
    if not columns:
        return []
    message = (
        f"Columns still have missing values: {_named(columns)}. Rows that lack a variable of the model are left out."
    )
    return [Note("IMPUTED_INCOMPLETE", message, "warning")]


def _equal_notes(imputed: Imputed) -> list[Note]:
    if imputed.varying or any(note.code == "IMPUTE_NOTHING_MISSING" for note in imputed.given_notes):
        return []
    message = f"The {imputed.m} data sets are all the same: nothing was imputed, or one set was copied."
    return [Note("IMPUTED_EQUAL", message, "warning")]


def _named(names: list[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
