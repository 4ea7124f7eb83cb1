"""One model over the waves of a panel: the long model with a set of factors a wave, and the data it is fitted to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import pandas as pd

from crmstudy.errors import DataError, Fault, did_you_mean
from crmstudy.fitted.semresult import SemResult
from crmstudy.grammar.grouping import EQUAL
from crmstudy.grammar.implied import Draft
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.grammar.table import ParameterTable
from crmstudy.grammar.terms import Term
from crmstudy.imputed import Imputed
from crmstudy.measurement.invariance.groups import Fitted, Occasion, fitted, table_beside
from crmstudy.measurement.plain_model import PlainModel
from crmstudy.notes import Note

_NAME = re.compile(r"(?:[^\W\d]|\.(?=[^\W\d]))[\w.\u200c]*")


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave: what it is called, what stands behind a factor's name, and the column of each variable."""

    label: str
    suffix: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class WaveModels:
    """The models of a ladder over waves; ``data`` has the columns of all waves side by side."""

    plain: PlainModel
    waves: tuple[Wave, ...]
    data: pd.DataFrame | Imputed
    keywords: Mapping[str, Any]
    partial: tuple[str, ...]
    like_items: bool
    notes: tuple[Note, ...] = ()

    @property
    def over(self) -> str:
        """The waves, counted."""
        return f"{len(self.waves)} waves"

    def fit(self, equal: tuple[str, ...]) -> Fitted:
        """The long model with these equalities."""
        return fitted(self.text(equal), self.data, {**self.keywords, "meanstructure": True})

    def freeing(self, names: tuple[str, ...]) -> WaveModels:
        """The same with more parameters left free."""
        return replace(self, partial=(*self.partial, *names))

    def relaxed(self, fit: SemResult, equal: tuple[str, ...], name: str) -> ParameterTable:
        """The parameter table of a fitted level with one more parameter left free."""
        return table_beside(fit, parse_model(self.freeing((name,)).text(equal)))

    def occasions(self, fit: Fitted) -> tuple[Occasion, ...]:
        """The waves, the first of them the reference."""
        return tuple(
            Occasion(wave.label, 1, {name: name + wave.suffix for name in self.plain.spec.latent}, wave.columns)
            for wave in self.waves
        )

    @cached_property
    def _names(self) -> list[dict[str, str]]:
        factors = self.plain.spec.latent
        return [{**wave.columns, **{name: name + wave.suffix for name in factors}} for wave in self.waves]

    def text(self, equal: Sequence[str]) -> str:
        """The long model in lavaan syntax: equal parameters share a label over the waves.

        Latent means of later waves are free once intercepts are equal (unless means are), latent variances once
        loadings are equal and ``std_lv`` fixes them (unless variances are).
        """
        excepted = self.plain.keys(self.partial)
        tied = [self._is_tied(row, equal, excepted) for row in self.plain.drafts]
        written: list[Term] = []
        implied: list[Term] = []
        for number, names in enumerate(self._names):
            for at, (row, is_tied) in enumerate(zip(self.plain.drafts, tied, strict=True), start=1):
                term = row.term or Term(row.lhs, row.op, row.rhs)
                term = replace(term, lhs=names[row.lhs], rhs=names.get(row.rhs, row.rhs))
                if is_tied:
                    term = replace(term, label=f"equal{at}")
                elif number and self._is_released(row, equal):
                    term = replace(term, free=True)
                elif not row.user:
                    continue
                (written if row.user else implied).append(term)
        measured = [term for term in written if term.op in ("=~", "<~")]
        others = [term for term in written if term.op not in ("=~", "<~")]
        return str(ModelSpec((*measured, *others, *implied, *self._across())))

    def _is_tied(self, row: Draft, equal: Sequence[str], excepted: set[Any]) -> bool:
        inside = any(EQUAL[word](row, self.plain.roles) for word in equal)
        return row.free and inside and Term(row.lhs, row.op, row.rhs).key not in excepted

    def _is_released(self, row: Draft, equal: Sequence[str]) -> bool:
        if row.user or row.lhs not in self.plain.spec.latent:
            return False
        if row.op == "~1":
            return "intercepts" in equal and "means" not in equal
        return row.is_variance and self.plain.std_lv and "loadings" in equal and "lv.variances" not in equal

    def _across(self) -> list[Term]:
        """Covariances of what is left of an item, or of an explained factor, with itself in other waves."""
        roles = self.plain.roles
        alike = [
            row.lhs
            for row in self.plain.drafts
            if row.is_variance and row.free
            and ((self.like_items and row.lhs in roles.indicators) or (row.lhs in roles.outcomes & set(roles.latent)))
        ]  # fmt: skip
        return [Term(one[name], "~~", other[name]) for name in alike for one, other in combinations(self._names, 2)]


def read_waves(waves: object, spec: ModelSpec) -> tuple[tuple[Wave, ...], list[Fault]]:
    """Waves from a mapping of names to columns, or from a list of what stands behind each name.

    ``{"t1": {"y1": "y1_t1"}, ...}`` gives the column of every variable in every wave; ``["_1", "_2"]`` says that the
    column is the variable's name with this behind it.
    """
    if isinstance(waves, Mapping):
        found = [_of_mapping(str(name), columns, spec) for name, columns in waves.items()]
    elif isinstance(waves, list | tuple) and all(isinstance(ending, str) for ending in waves):
        found = [
            (Wave(ending.strip("_. ") or ending, ending, {name: name + ending for name in spec.observed}), [])
            for ending in waves
        ]
    else:
        return (), [Fault(
            "waves= must be a list of what stands behind each variable's name, such as ['_1', '_2'], or a mapping "
            f"{{'t1': {{'y1': 'y1_t1', ...}}, ...}}; found {waves!r}."
        )]  # fmt: skip
    read = tuple(wave for wave, _ in found)
    faults = [fault for _, own in found for fault in own]
    if len(read) < 2:
        faults.append(Fault(f"waves= must name at least two waves; found {len(read)}."))
    return read, faults + _name_faults(read, spec)


def _of_mapping(label: str, columns: object, spec: ModelSpec) -> tuple[Wave, list[Fault]]:
    if not isinstance(columns, Mapping):
        return Wave(label, "", {}), [Fault(f"waves['{label}'] must map variables to columns; found {columns!r}.")]
    given = {str(name): str(column) for name, column in columns.items()}
    faults = [
        Fault(f"waves['{label}'] names no column for '{name}' of the model.")
        for name in spec.observed
        if name not in given
    ]
    for name in given:
        if name not in spec.observed:
            hint = did_you_mean(name, spec.observed)
            faults.append(Fault(f"waves['{label}'] names '{name}', which is no variable of the model.{hint}"))
    return Wave(label, f"_{label}", {name: given[name] for name in spec.observed if name in given}), faults


def _name_faults(waves: Sequence[Wave], spec: ModelSpec) -> list[Fault]:
    """Columns that stand for two variables, and names that a model cannot hold."""
    faults = []
    seen: dict[str, str] = {}
    for wave in waves:
        for name, column in wave.columns.items():
            what = f"'{name}' of wave '{wave.label}'"
            if column in seen:
                message = f"the column '{column}' stands for {seen[column]} and for {what}; name one of each."
                faults.append(Fault(message))
            seen.setdefault(column, what)
            if not _NAME.fullmatch(column):
                message = f"a model cannot hold the name of the column '{column}'; rename it (letters, digits, _)."
                faults.append(Fault(message))
        for factor in spec.latent:
            if not _NAME.fullmatch(factor + wave.suffix):
                faults.append(Fault(f"the wave '{wave.label}' must be named by letters, digits and _ alone."))
                break
    return faults


def column_faults(waves: Sequence[Wave], spec: ModelSpec, columns: Iterable[object]) -> list[Fault]:
    """Columns of the waves that the data do not have, and factors that would have the name of one."""
    known = [str(name) for name in columns]
    there = set(known)
    faults = [
        Fault(f"wave '{wave.label}' needs the column '{column}' for '{name}', which the data do not have."
              f"{did_you_mean(column, known)}")
        for wave in waves
        for name, column in wave.columns.items()
        if column not in there
    ]  # fmt: skip
    faults += [
        Fault(f"the factor '{factor}' would be called '{factor + wave.suffix}' in wave '{wave.label}', which is a "
              "column of the data; rename the factor.")
        for wave in waves
        for factor in spec.latent
        if factor + wave.suffix in there
    ]  # fmt: skip
    return faults


def side_by_side(
    frame: pd.DataFrame, wave: str, id: str | None, spec: ModelSpec, constant: Sequence[str]
) -> tuple[pd.DataFrame, tuple[Wave, ...]]:
    """A stacked file (one row a respondent and wave) with the waves side by side.

    Parameters
    ----------
    wave, id : str
        The columns of the wave and of the respondent.
    constant : sequence of str
        Further columns to keep; each has one value a respondent.

    Raises
    ------
    DataError
        With all faults: missing columns, rows without wave or respondent, a respondent twice in a wave.
    """
    wanted = [name for name in (wave, id, *spec.observed, *constant) if name is not None]
    faults = [
        Fault(f"'{name}' is not a column of the data.{did_you_mean(name, frame.columns)}")
        for name in dict.fromkeys(wanted)
        if name not in frame.columns
    ]
    if id is None:
        faults.append(Fault(
            f"waves='{wave}' is the column of the wave in a file with one row a respondent and wave; id= must name the "
            "column of the respondent. In a file with one row a respondent, give waves= the endings of its columns."
        ))  # fmt: skip
    if faults or id is None:
        raise DataError(faults)
    rows = frame[frame[wave].notna() & frame[id].notna()]
    faults = _stacked_faults(frame, rows, wave, id, constant)
    if faults:
        raise DataError(faults)
    values = {_spelled(value): value for value in sorted(rows[wave].unique())}
    waves = tuple(Wave(label, f"_{label}", {name: f"{name}_{label}" for name in spec.observed}) for label in values)
    parts = [
        rows[rows[wave] == value].set_index(id)[list(spec.observed)].add_suffix(f"_{label}")
        for label, value in values.items()
    ]
    kept = rows.drop_duplicates(id).set_index(id)[list(constant)]
    return pd.concat([kept, *parts], axis=1).reset_index(drop=True), waves


def _stacked_faults(
    frame: pd.DataFrame, rows: pd.DataFrame, wave: str, id: str, constant: Sequence[str]
) -> list[Fault]:
    faults = []
    if len(rows) < len(frame):
        lost = len(frame) - len(rows)
        faults.append(Fault(f"{lost} rows have no value in '{wave}' or '{id}'; fill them in or leave the rows out."))
    twice = int(rows.duplicated([id, wave]).sum())
    if twice:
        faults.append(
            Fault(f"{twice} rows repeat a respondent ('{id}') within a wave ('{wave}'); keep one row of each.")
        )
    if rows[wave].nunique() < 2:
        faults.append(Fault(f"waves='{wave}' must tell at least two waves apart; it holds {rows[wave].nunique()}."))
    for name in constant:
        if len(rows[[id, name]].drop_duplicates()) > rows[id].nunique():
            faults.append(Fault(f"'{name}' must have one value a respondent, but it changes between the waves."))
    return faults


def _spelled(value: Any) -> str:
    """A value of the wave column as a part of names."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return re.sub(r"\W", "_", text)
