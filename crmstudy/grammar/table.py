"""The parameter table: every parameter of a model, written or implied, as lavaan's ``sem()`` and ``cfa()`` add them.

Rules (lavaan 0.6-14): the first loading of each factor is 1 (or, with ``std_lv``, its variance is 1); residual
variances of all observed variables and variances of all factors are free; exogenous factors covary; outcomes that
predict nothing covary; observed exogenous variables keep their sample moments (``fixed_x``); the residual variance of
a factor's only indicator is 0. Whatever the author wrote comes before these rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from crmstudy.errors import Fault, ModelError
from crmstudy.grammar.spec import Definition, ModelSpec, Term
from crmstudy.grammar.tokens import point_at

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter.

    ``free`` is its number among the free parameters (from 1; equal parameters share it) or 0 when it is fixed at
    ``value``. ``exogenous`` marks a moment of an observed exogenous variable, fixed at its sample value. ``user`` tells
    whether the author wrote it. ``block``, ``level`` and ``group`` count from 1.
    """

    lhs: str
    op: str
    rhs: str
    free: int = 0
    value: float | None = None
    label: str | None = None
    start: float | None = None
    user: bool = False
    exogenous: bool = False
    block: int = 1
    level: int = 1
    group: int = 1

    @property
    def name(self) -> str:
        """``lhs op rhs`` as it is read."""
        return f"{self.lhs} {self.op} {self.rhs}"


@dataclass(frozen=True, slots=True)
class ParameterTable:
    """All parameters of a model and the variables they join.

    ``latent`` and ``observed`` fix the order of the matrices; ``exogenous`` are the observed variables whose moments
    are only ever predictors; with ``fixed_x`` their moments stay at their sample values.
    """

    rows: tuple[Row, ...]
    latent: tuple[str, ...]
    observed: tuple[str, ...]
    exogenous: tuple[str, ...]
    fixed_x: bool
    definitions: tuple[Definition, ...]

    @property
    def n_fixed_moments(self) -> int:
        """Number of sample moments that are given rather than modelled."""
        return len(self.exogenous) * (len(self.exogenous) + 1) // 2 if self.fixed_x else 0

    @property
    def n_free(self) -> int:
        """Number of free parameters, equal ones counted once."""
        return max((row.free for row in self.rows), default=0)

    def free_names(self) -> list[str]:
        """A name for each free parameter: its label, or the first ``lhs op rhs`` that has it."""
        names: dict[int, str] = {}
        for row in self.rows:
            if row.free:
                names.setdefault(row.free, row.label or row.name)
        return [names[number] for number in sorted(names)]


def build_table(spec: ModelSpec, *, std_lv: bool = False, fixed_x: bool = True) -> ParameterTable:
    """Complete a specification with the parameters it implies.

    Parameters
    ----------
    spec : ModelSpec
        The parsed model.
    std_lv : bool
        Set the scale of every factor by a (residual) variance of 1 instead of a first loading of 1.
    fixed_x : bool
        Keep the moments of observed exogenous variables at their sample values.

    Raises
    ------
    ModelError
        When equal parameters are fixed at different values, or ``equal()`` names a parameter the model lacks.
    """
    roles = _Roles(spec)
    exogenous = roles.exogenous
    rows = [_from_term(term) for term in spec.terms]
    taken = {term.key for term in spec.terms}
    rows += _implied_rows(spec, roles, exogenous, taken, fixed_x=fixed_x)
    rows = _set_scales(rows, spec, std_lv=std_lv)
    rows = _fix_single_indicators(rows, spec)
    rows = _number(_tie(rows, spec))
    last = [name for name in spec.observed if name in exogenous]
    observed = tuple([name for name in spec.observed if name not in exogenous] + last)
    return ParameterTable(tuple(rows), spec.latent, observed, tuple(last), fixed_x, spec.definitions)


class _Roles:
    """Who measures, who predicts and who is predicted."""

    def __init__(self, spec: ModelSpec) -> None:
        self.latent = spec.latent
        self.indicators = {t.rhs for t in spec.terms if t.op == "=~"}
        self.outcomes = {t.lhs for t in spec.terms if t.op == "~"}
        self.predictors = {t.rhs for t in spec.terms if t.op == "~"}
        in_covariances = {name for t in spec.terms if t.op == "~~" for name in (t.lhs, t.rhs)}
        self.exogenous = tuple(
            name
            for name in spec.observed
            if name in self.predictors and name not in self.indicators | self.outcomes | in_covariances
        )

    def exogenous_latent(self) -> list[str]:
        return [name for name in self.latent if name not in self.indicators | self.outcomes]

    def pure_outcomes(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name in self.outcomes - self.indicators - self.predictors]


def _from_term(term: Term) -> Row:
    free = 0 if term.fixed is not None else -1
    return Row(term.lhs, term.op, term.rhs, free, term.fixed, term.label, term.start, user=True)


def _implied_rows(
    spec: ModelSpec, roles: _Roles, exogenous: Sequence[str], taken: set[Key], *, fixed_x: bool
) -> list[Row]:
    pairs = [(name, name) for name in spec.observed if name not in exogenous]
    pairs += [(name, name) for name in spec.latent]
    pairs += combinations(roles.exogenous_latent(), 2)
    outcomes = roles.pure_outcomes(spec.latent) + roles.pure_outcomes(spec.observed)
    pairs += combinations(outcomes, 2)
    rows = [Row(a, "~~", b, -1) for a, b in pairs if Term(a, "~~", b).key not in taken]
    moments = [(a, b) for i, a in enumerate(exogenous) for b in exogenous[i:]]
    return rows + [Row(a, "~~", b, 0 if fixed_x else -1, exogenous=fixed_x) for a, b in moments]


def _set_scales(rows: list[Row], spec: ModelSpec, *, std_lv: bool) -> list[Row]:
    """Fix the first loading (or, with ``std_lv``, the variance) of each factor, unless the author freed or fixed it."""
    decided = {term.key for term in spec.terms if term.fixed is not None or term.free}
    first: set[str] = set()
    scaled = []
    for row in rows:
        key = Term(row.lhs, row.op, row.rhs).key
        if std_lv:
            sets_scale = row.op == "~~" and row.lhs == row.rhs and row.lhs in spec.latent
        else:
            sets_scale = row.op == "=~" and row.lhs not in first
            first.update([row.lhs] if row.op == "=~" else [])
        scale = 1.0 if row.start is None else row.start  # lavaan: a start value of the marker is what it is fixed at
        scaled.append(replace(row, free=0, value=scale) if sets_scale and key not in decided else row)
    return scaled


def _fix_single_indicators(rows: list[Row], spec: ModelSpec) -> list[Row]:
    """The residual variance of a factor's only indicator is 0, unless it was written or serves another factor."""
    sizes = Counter(term.lhs for term in spec.terms if term.op == "=~")
    served = Counter(term.rhs for term in spec.terms if term.op == "=~")
    single = {t.rhs for t in spec.terms if t.op == "=~" and sizes[t.lhs] == 1 and served[t.rhs] == 1}
    return [
        replace(row, free=0, value=0.0)
        if not row.user and row.op == "~~" and row.lhs == row.rhs and row.lhs in single
        else row
        for row in rows
    ]


def _tie(rows: list[Row], spec: ModelSpec) -> list[Row]:
    """Turn ``equal()`` into shared labels and let a fixed parameter fix those that share its label."""
    by_key = {Term(row.lhs, row.op, row.rhs).key: index for index, row in enumerate(rows)}
    faults: list[Fault] = []
    for term in spec.terms:
        if term.equal_to is None or term.token is None:
            continue
        target = by_key.get(Term(*term.equal_to).key)
        if target is None:
            message = f"equal() names '{' '.join(term.equal_to)}', which is not a parameter of the model."
            faults.append(point_at(spec.source, term.token, message))
            continue
        label = rows[target].label or "".join(term.equal_to)
        rows[target] = replace(rows[target], label=label)
        mine = by_key[term.key]
        rows[mine] = replace(rows[mine], label=label)
    values: dict[str, float] = {}
    for row in rows:
        if row.label is None or row.value is None:
            continue
        if values.setdefault(row.label, row.value) != row.value:
            message = f"the label '{row.label}' ties parameters fixed at {values[row.label]:g} and {row.value:g}."
            faults.append(Fault(message))
    if faults:
        raise ModelError(faults)
    return [
        replace(row, free=0, value=values[row.label]) if row.label is not None and row.label in values else row
        for row in rows
    ]


def _number(rows: list[Row]) -> list[Row]:
    by_label: dict[str, int] = {}
    numbered, last = [], 0
    for row in rows:
        if row.free == 0:
            numbered.append(row)
            continue
        known = by_label.get(row.label) if row.label is not None else None
        if known is None:
            last += 1
            known = last
            if row.label is not None:
                by_label[row.label] = known
        numbered.append(replace(row, free=known))
    return numbered
