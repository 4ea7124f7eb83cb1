"""The sample a model is fitted to: from raw rows or from printed moments, checked before anything is estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, DataError, Fault, ModelError, did_you_mean
from crmstudy.estimating.auxiliary import absent_auxiliaries
from crmstudy.estimating.moments_given import given_moments
from crmstudy.estimating.options import SCALED_TESTS, SemOptions
from crmstudy.grammar.spec import ModelSpec
from crmstudy.kernels.covariance.em import saturated_moments
from crmstudy.kernels.covariance.information import GroupSample
from crmstudy.kernels.covariance.missing import missing_patterns
from crmstudy.kernels.covariance.optimise import is_well_conditioned
from crmstudy.kernels.covariance.structure import Array, Indices
from crmstudy.notes import Note
from crmstudy.responses import frame_of

_SINGULAR = 1e-10
_FEW_CLUSTERS = 40


@dataclass(frozen=True)
class Sample:
    """What a model is fitted to, group by group.

    ``names`` fixes the order of the variables, ``labels`` names the groups (one empty label without groups), ``rows``
    holds for each group the positions of its rows in the data, ``dropped`` how many rows of it were left out and why.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[GroupSample, ...]
    rows: tuple[Indices, ...] = ()
    dropped: tuple[int, ...] = ()
    index: pd.Index = field(default_factory=lambda: pd.RangeIndex(0))
    notes: tuple[Note, ...] = ()

    @cached_property
    def n(self) -> int:
        """Rows used in all."""
        return round(sum(group.n for group in self.groups))

    @property
    def rows_used(self) -> list[int]:
        """Rows of each group (what they were given as, for moments)."""
        return [len(at) for at in self.rows] if self.rows else [round(group.n) for group in self.groups]

    @property
    def covariance(self) -> Array:
        """Covariance matrix (p, p) of the first group."""
        return self.groups[0].covariance

    @property
    def covariances(self) -> list[Array]:
        """Covariance matrix of each group."""
        return [group.covariance for group in self.groups]

    @property
    def means(self) -> list[Array]:
        """Means of each group."""
        return [group.mean for group in self.groups]

    @property
    def n_clusters(self) -> tuple[int, ...]:
        """Clusters in each group; empty when rows are not clustered."""
        return tuple(int(g.clusters.max()) + 1 for g in self.groups if g.clusters is not None)


def group_labels(data: Any, options: SemOptions) -> tuple[str, ...]:
    """Labels of the groups in the order in which they appear; one empty label where there are no groups.

    Raises
    ------
    DataError
        When the group column is missing or has fewer than two values.
    """
    if options.group is None:
        if isinstance(options.sample_n, Mapping):
            return tuple(str(name) for name in options.sample_n)
        return ("",)
    if data is None:
        raise DataError("group= names a column, which needs data; with sample_cov= give dicts by group instead.")
    frame, _ = frame_of(data)
    if options.group not in frame.columns:
        hint = did_you_mean(options.group, frame.columns)
        raise DataError(f"group='{options.group}' is not a column of the data.{hint}")
    values = frame[options.group].dropna()
    labels = tuple(str(value) for value in pd.unique(values))
    if len(labels) < 2:
        raise DataError(f"group='{options.group}' must tell at least two groups apart; it holds {len(labels)}.")
    return labels


def read_sample(
    spec: ModelSpec, names: Sequence[str], exogenous: Sequence[str], data: Any, options: SemOptions,
    labels: tuple[str, ...],
) -> Sample:  # fmt: skip
    """Moments and rows of the model's observed variables in every group.

    Raises
    ------
    ModelError
        When the model names what the data do not have (each with a caret).
    DataError
        When columns are not numeric, or no data or both kinds of data are given.
    AnalysisError
        When a variable is constant, N does not exceed the number of variables, or variables are linearly dependent.
    """
    if (data is None) == (options.sample_cov is None):
        raise DataError("give either data or sample_cov= (with sample_n=), and not both.")
    if data is not None and (options.sample_n is not None or options.sample_mean is not None):
        raise DataError("sample_n= and sample_mean= belong to sample_cov=; with data they are computed.")
    if not names:
        raise ModelError("the model has no observed variable; at least one factor must be measured by columns.")
    given = np.array([list(names).index(name) for name in exogenous], dtype=np.intp)
    if data is None:
        sample = _from_moments(spec, names, given, options, labels)
    else:
        sample = _Reader(spec, tuple(names), given, data, options, labels).read()
    _check_sample(sample, options)
    return sample


def _from_moments(
    spec: ModelSpec, names: Sequence[str], given: Indices, options: SemOptions, labels: tuple[str, ...]
) -> Sample:
    if options.is_robust:
        raise DataError(
            f"robust standard errors and tests (here se={options.se!r}, test={options.test!r}) are computed from rows; "
            "a covariance matrix does not have them. Give data, or estimator='ML'."
        )
    if options.discrepancy in ("WLS", "DWLS") or options.fiml:
        what = "missing='fiml'" if options.fiml else f"estimator='{options.estimator}'"
        raise DataError(f"{what} is computed from rows; a covariance matrix does not have them. Give data.")
    moments = given_moments(names, options, labels, spec)
    groups = []
    for covariance, mean, n in moments:
        groups.append(GroupSample(n, covariance * _divisor_from_unbiased(options, n), mean, given))
    return Sample(tuple(names), labels, tuple(groups), dropped=(0,) * len(labels))


def _divisor_from_unbiased(options: SemOptions, n: float) -> float:
    """What turns a covariance with divisor n - 1 into that of the estimator."""
    return (n - 1.0) / n if options.discrepancy == "ML" and options.likelihood == "normal" else 1.0


class _Reader:
    """Rows to groups: columns checked, missing rows left out and counted, moments computed."""

    def __init__(
        self, spec: ModelSpec, names: tuple[str, ...], given: Indices, data: Any, options: SemOptions,
        labels: tuple[str, ...],
    ) -> None:  # fmt: skip
        self.names, self.given, self.options, self.labels = names, given, options, labels
        self.frame, self.notes = frame_of(data)
        unknown = spec.unknown_names(list(self.frame.columns)) + spec.colliding_names(list(self.frame.columns))
        unknown += absent_auxiliaries(options.aux, self.frame.columns)
        if unknown:
            raise ModelError(unknown)
        same = len(self.frame.columns) == len(names) and all(self.frame.columns == list(names))
        self.columns = self.frame if same else self.frame[list(names)]
        self._check_columns()

    def read(self) -> Sample:
        values = self.columns.to_numpy(dtype=float, na_value=np.nan)
        _refuse_infinite(self.names, values)
        weights = self._weights()
        members = self._members()
        usable, reasons = self._usable(values, members, weights)
        self._note_dropped(usable, members, reasons)
        if weights is not None:
            weights = weights * (usable.sum() / weights[usable].sum())
        groups, rows, dropped = [], [], []
        for number in range(len(self.labels)):
            at = np.flatnonzero(usable & (members == number))
            dropped.append(int((members == number).sum()) - len(at))
            rows.append(at)
            groups.append(self._group(values[at], None if weights is None else weights[at], at, self.labels[number]))
        self._note_clusters(groups)
        return Sample(
            self.names, self.labels, tuple(groups), tuple(rows), tuple(dropped), self.frame.index, tuple(self.notes)
        )

    def _check_columns(self) -> None:
        faults = [Fault(text) for text in _column_faults(self.columns)]
        for keyword in ("cluster", "weights"):
            name = getattr(self.options, keyword)
            if name is not None and name not in self.frame.columns:
                hint = did_you_mean(name, self.frame.columns)
                faults.append(Fault(f"{keyword}='{name}' is not a column of the data.{hint}"))
        if self.options.group in self.names:
            faults.append(
                Fault(f"'{self.options.group}' is the group and a variable of the model; it can be one only.")
            )
        if faults:
            raise DataError(faults)

    def _weights(self) -> Array | None:
        name = self.options.weights
        if name is None:
            return None
        column = pd.to_numeric(self.frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        bad = int((~np.isfinite(column) | (column <= 0)).sum())
        if bad:
            raise DataError(
                f"weights='{name}' must be positive numbers; {bad} rows have none. Correct or drop these rows."
            )
        return column

    def _members(self) -> Indices:
        """The number of each row's group; -1 for none."""
        if self.options.group is None:
            return np.zeros(len(self.frame), dtype=np.intp)
        column = self.frame[self.options.group]
        known = {label: number for number, label in enumerate(self.labels)}
        return np.array([-1 if pd.isna(v) else known[str(v)] for v in column], dtype=np.intp)

    def _usable(
        self, values: Array, members: Indices, weights: Array | None
    ) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], dict[str, int]]:
        """Rows that take part, and how many were left out for which reason."""
        present = np.isfinite(values)
        reasons: dict[str, int] = {}
        usable = members >= 0
        reasons["no group"] = int((~usable).sum())
        if self.options.cluster is not None:
            known = self.frame[self.options.cluster].notna().to_numpy()
            reasons["no cluster"] = int((usable & ~known).sum())
            usable &= known
        if self.options.fiml:
            has_x = present[:, self.given].all(axis=1)
            reasons["exogenous"] = int((usable & ~has_x).sum())
            usable &= has_x
            some = present.any(axis=1)
            reasons["empty"] = int((usable & ~some).sum())
            return usable & some, reasons
        complete = present.all(axis=1)
        reasons["incomplete"] = int((usable & ~complete).sum())
        return usable & complete, reasons

    def _note_dropped(self, usable: Any, members: Indices, reasons: Mapping[str, int]) -> None:
        total = len(members)
        texts = {
            "no group": "have no group",
            "no cluster": "have no cluster",
            "exogenous": "lack an exogenous variable, whose moments are fixed at the sample's",
            "empty": "have no answer to any variable of the model",
            "incomplete": "lack an answer to a variable of the model",
        }
        for reason, count in reasons.items():
            if count:
                how = " (listwise)" if reason == "incomplete" else ""
                message = f"{count} of {total} rows {texts[reason]} and were left out{how}."
                self.notes = (*self.notes, Note("SEM_ROWS_DROPPED", message))

    def _group(self, values: Array, weights: Array | None, at: Indices, label: str) -> GroupSample:
        named = f" in group '{label}'" if label else ""
        if not len(values):
            raise AnalysisError(f"no usable row is left{named}; the model needs rows.", "SEM_TOO_FEW_ROWS")
        clusters = None
        if self.options.cluster is not None:
            clusters = pd.factorize(self.frame[self.options.cluster].iloc[at])[0].astype(np.intp)
            if int(clusters.max()) < 1:
                raise AnalysisError(
                    f"cluster='{self.options.cluster}' must tell at least two clusters apart{named}.",
                    "SEM_FEW_CLUSTERS",
                )
        _refuse_constant(self.names, values, named)
        if self.options.fiml:
            return self._incomplete(values, weights, clusters, named)
        w = np.ones(len(values)) if weights is None else weights
        n = float(w.sum())
        mean = w @ values / n
        centred = values - mean
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            covariance = (centred * w[:, None]).T @ centred / n
        _refuse_extreme(self.names, covariance)
        covariance = covariance / _divisor_from_unbiased_inverse(self.options, n)
        return GroupSample(n, covariance, mean, self.given, values, None, weights, clusters)

    def _incomplete(self, values: Array, weights: Array | None, clusters: Indices | None, named: str) -> GroupSample:
        patterns = missing_patterns(values, weights)
        seldom, count = _seldom_together(self.names, values)
        found = saturated_moments(patterns, len(self.names)) if count else None
        if found is None or not found.converged or not is_well_conditioned(found.covariance, _SINGULAR):
            raise AnalysisError(
                f"the means and covariances{named} cannot be estimated from these incomplete rows{seldom}. Leave out "
                "variables that are seldom answered, or that depend on others.",
                "SEM_SATURATED_FAILED",
            )
        n = float(sum(pattern.n for pattern in patterns))
        return GroupSample(n, found.covariance, found.mean, self.given, values, patterns, weights, clusters)

    def _note_clusters(self, groups: Sequence[GroupSample]) -> None:
        counts = [int(group.clusters.max()) + 1 for group in groups if group.clusters is not None]
        if counts and min(counts) < _FEW_CLUSTERS:
            message = (
                f"There are {min(counts)} clusters{' in a group' if len(counts) > 1 else ''}; cluster-robust standard "
                f"errors are reliable from about {_FEW_CLUSTERS}, scaled tests from more. Use the cluster bootstrap as "
                "well (bootstrap=Bootstrap(n, unit='cluster'))."
            )
            self.notes = (*self.notes, Note("SEM_FEW_CLUSTERS", message, "warning"))


def _divisor_from_unbiased_inverse(options: SemOptions, n: float) -> float:
    """What turns a covariance with divisor n into that of the estimator, as a divisor."""
    return 1.0 if options.discrepancy == "ML" and options.likelihood == "normal" else (n - 1.0) / n


def _column_faults(columns: pd.DataFrame) -> list[str]:
    dtypes = list(columns.dtypes)
    others = {
        dtype
        for dtype in set(dtypes)
        if not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_complex_dtype(dtype)
    }
    return [
        f"'{name}' must hold numbers; its column holds {dtype}. Convert it or correct the text in it."
        for name, dtype in zip(columns.columns, dtypes, strict=True)
        if dtype in others
    ]


def _refuse_infinite(names: Sequence[str], values: Array) -> None:
    infinite = np.isinf(values).any(axis=0)
    if infinite.any():
        found = ", ".join(np.array(names)[infinite])
        raise DataError(f"variables hold infinite values: {found}; correct them or mark them as missing.")


def _refuse_extreme(names: Sequence[str], covariance: Array) -> None:
    """Variances whose squares would leave the range of floating-point numbers."""
    variances = np.diagonal(covariance)
    extreme = [name for name, v in zip(names, variances, strict=True) if not 1e-140 < v < 1e140]
    if extreme:
        raise DataError(
            f"variables are too large or too small to compute with: {', '.join(extreme)}; change their unit."
        )


def _refuse_constant(names: Sequence[str], values: Array, named: str) -> None:
    present = np.isfinite(values)
    anywhere = np.asarray(present.any(axis=0))
    absent = [name for name, has in zip(names, anywhere, strict=True) if not has]
    if absent:
        raise AnalysisError(
            f"the model needs answers, but nobody{named} answered {', '.join(absent)}. Leave these variables out.",
            "SEM_CONSTANT_VARIABLE",
        )
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    size = np.maximum(np.abs(low), np.abs(high))
    flat = [name for name, span, top in zip(names, high - low, size, strict=True) if span <= 1e-12 * top]
    if flat:
        what = "items have" if len(flat) > 1 else "item has"
        raise AnalysisError(
            f"the model needs variables that vary, but {len(flat)} {what} the same value in every row used{named}: "
            f"{', '.join(flat)}. Leave {'them' if len(flat) > 1 else 'it'} out of the model.",
            "SEM_CONSTANT_VARIABLE",
        )


def _seldom_together(names: Sequence[str], values: Array) -> tuple[str, int]:
    """The pair of variables that is answered together in the fewest rows, as words, and in how many."""
    present = np.isfinite(values).astype(float)
    together = present.T @ present
    i, j = map(int, np.unravel_index(int(np.argmin(together)), together.shape))
    count = int(together[i, j])
    pair = f"{names[i]} is answered" if i == j else f"{names[i]} and {names[j]} are answered together"
    return f" ({pair} in {count} rows)", count


def _check_sample(sample: Sample, options: SemOptions) -> None:
    """Enough rows, and variables that do not depend on each other, in every group."""
    p = len(sample.names)
    moments = p * (p + 1) // 2 + (p if options.meanstructure else 0)
    for label, group in zip(sample.labels, sample.groups, strict=True):
        named = f" in group '{label}'" if label else ""
        if options.discrepancy in ("ML", "GLS") and group.n <= p:
            raise AnalysisError(
                f"N must exceed the number of observed variables{named}: the model has {p} variables and the data "
                f"{int(group.n)} {'rows' if options.fiml else 'complete rows'}. Collect more answers or make the model "
                "smaller.",
                "SEM_TOO_FEW_ROWS",
            )
        if options.discrepancy == "WLS" and group.n <= moments:
            raise AnalysisError(
                f"estimator='WLS' needs more rows than moments{named}: {moments} moments, {int(group.n)} rows. Use "
                "estimator='MLR' or 'ULSMV'.",
                "SEM_TOO_FEW_ROWS",
            )
        _check_rank(sample.names, group.covariance, named, options)
    if options.test in SCALED_TESTS and min(group.n for group in sample.groups) <= moments:
        message = (
            f"There are fewer rows ({int(min(g.n for g in sample.groups))}) than moments ({moments}); scaled tests "
            "rest on their fourth-order moments and are unstable."
        )
        object.__setattr__(sample, "notes", (*sample.notes, Note("SEM_FEW_ROWS_FOR_TEST", message, "warning")))


def _check_rank(names: Sequence[str], covariance: Array, named: str, options: SemOptions) -> None:
    if is_well_conditioned(covariance, _SINGULAR):
        return
    deviation = np.sqrt(np.diagonal(covariance))
    values, vectors = np.linalg.eigh(covariance / np.multiply.outer(deviation, deviation))
    if values[0] < _SINGULAR and options.discrepancy != "ULS":
        weights = np.abs(vectors[:, 0])
        involved = [name for name, weight in zip(names, weights, strict=True) if weight > 0.1 * weights.max()]
        raise AnalysisError(
            "the sample covariance matrix must be positive definite, but these variables are linearly "
            f"dependent{named}: {', '.join(involved)}. Leave one of them out of the model.",
            "SEM_SINGULAR_SAMPLE",
        )
