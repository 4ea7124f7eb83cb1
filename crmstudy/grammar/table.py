"""The parameter table: every parameter of a model, written or implied, as lavaan's ``sem()`` and ``cfa()`` add them.

Rules (lavaan 0.6-14): the first loading of each factor is 1 (or, with ``std_lv``, its variance is 1); residual
variances of all observed variables and variances of all factors are free; a composite has no residual; exogenous
factors covary; outcomes that predict nothing covary; observed exogenous variables keep their sample moments
(``fixed_x``); the residual variance of a factor's only indicator is 0; with a mean structure, intercepts of observed
variables are free and latent means 0. Whatever the author wrote comes before these rules. In several groups all this
holds for each; ``group_equal`` ties parameters across them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmstudy.errors import ModelError
from crmstudy.grammar.grouping import check_group_equal, group_texts, modify, spread, tied_labels
from crmstudy.grammar.implied import Draft, Roles, draft_rows
from crmstudy.grammar.spec import Constraint, Definition, ModelSpec
from crmstudy.grammar.ties import Ties, join_labels, tie, without_definitions

__all__ = ["Constraint", "Definition", "ParameterTable", "Row", "build_table"]


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter.

    ``op`` is ``=~``, ``<~``, ``~``, ``~~``, ``~1`` (intercept or mean; ``rhs`` is empty) or ``~*~`` (scaling factor).
    ``free`` is its number among the free parameters (from 1; equal parameters share it) or 0 when it is fixed at
    ``value``. ``label`` is the author's, or lavaan's ``.p7.`` where equality ties rows without one. ``exogenous`` marks
    a moment of an observed exogenous variable, fixed at its sample value. ``user`` tells whether the author wrote it.
    ``block``, ``level`` and ``group`` count from 1; ``lower`` and ``upper`` are bounds.
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
    lower: float | None = None
    upper: float | None = None

    @property
    def name(self) -> str:
        """``lhs op rhs`` as it is read."""
        return f"{self.lhs} {self.op} {self.rhs}".rstrip()


@dataclass(frozen=True, slots=True)
class ParameterTable:
    """All parameters of a model and the variables they join.

    ``rows`` has all of group 1, then all of group 2, and so on. ``latent`` (composites among them) and ``observed`` fix
    the order of the matrices; ``exogenous`` are the observed variables whose moments are only ever predictors; with
    ``fixed_x`` their moments stay at their sample values. ``constraints`` are those that are no plain equality of two
    parameters, with definitions replaced by what they stand for. ``tied_across_groups`` are labels that were written
    once for several groups and so hold parameters equal across them.
    """

    rows: tuple[Row, ...]
    latent: tuple[str, ...]
    observed: tuple[str, ...]
    exogenous: tuple[str, ...]
    fixed_x: bool
    meanstructure: bool = False
    n_groups: int = 1
    definitions: tuple[Definition, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    composites: tuple[str, ...] = ()
    tied_across_groups: tuple[str, ...] = ()

    @property
    def n_fixed_moments(self) -> int:
        """Number of sample moments of one group that are given rather than modelled."""
        size = len(self.exogenous)
        return (size * (size + 1) // 2 + (size if self.meanstructure else 0)) if self.fixed_x else 0

    @property
    def n_free(self) -> int:
        """Number of free parameters, equal ones counted once."""
        return max((row.free for row in self.rows), default=0)

    @property
    def label_rows(self) -> dict[str, int]:
        """The first row of each label."""
        found: dict[str, int] = {}
        for index, row in enumerate(self.rows):
            if row.label is not None:
                found.setdefault(row.label, index)
        return found

    def group_rows(self, group: int) -> tuple[Row, ...]:
        """The rows of one group (from 1)."""
        return tuple(row for row in self.rows if row.group == group)

    def named_values(self, values: Sequence[Any]) -> Mapping[str, Any]:
        """The value of each label and of each definition, given the value (or an array of draws) of each row."""
        named = {label: values[index] for label, index in self.label_rows.items()}
        for item in self.definitions:
            named[item.name] = item.expression.value(named)
        return named

    def free_names(self) -> list[str]:
        """A name for each free parameter: its label, or the first ``lhs op rhs`` that has it, with its group."""
        names: dict[int, str] = {}
        for row in self.rows:
            if row.free:
                behind = f".g{row.group}" if row.group > 1 else ""
                names.setdefault(row.free, row.label or row.name + behind)
        return [names[number] for number in sorted(names)]


def build_table(
    spec: ModelSpec,
    *,
    std_lv: bool = False,
    fixed_x: bool = True,
    meanstructure: bool = False,
    n_groups: int = 1,
    group_equal: Collection[str] = (),
    group_partial: Collection[str] = (),
) -> ParameterTable:
    """Complete a specification with the parameters it implies.

    Parameters
    ----------
    spec : ModelSpec
        The parsed model.
    std_lv : bool
        Set the scale of every factor by a (residual) variance of 1 instead of a first loading of 1.
    fixed_x : bool
        Keep the moments of observed exogenous variables at their sample values.
    meanstructure : bool
        Model the means too; a model in which an intercept is written always does.
    n_groups : int
        Number of groups.
    group_equal : collection of str
        What is held equal across groups: ``loadings``, ``composite.loadings``, ``intercepts``, ``means``,
        ``residuals``, ``residual.covariances``, ``lv.variances``, ``lv.covariances``, ``regressions``.
    group_partial : collection of str
        Parameters that stay free of it, such as ``"f =~ x2"`` or ``"x2 ~ 1"``.

    Raises
    ------
    ModelError
        When the model names no observed variable, equal parameters are fixed at different values, ``c()`` has entries
        for another number of groups, or ``equal()`` or ``group_partial`` name a parameter the model lacks.
    UnsupportedError
        When ``group_equal`` names what this version does not have.
    """
    if not spec.observed:
        raise ModelError("the model names no observed variable; give each factor indicators, as in 'f =~ x1 + x2'.")
    check_group_equal(group_equal)
    equal = frozenset(group_equal) if n_groups > 1 else frozenset()
    partial = tuple(group_partial) if n_groups > 1 else ()
    has_means = meanstructure or spec.has_means or bool({"intercepts", "means"} & equal)
    roles = Roles(spec)
    drafts = draft_rows(roles, std_lv=std_lv, fixed_x=fixed_x, meanstructure=has_means)
    rows = spread(drafts, roles, n_groups, std_lv=std_lv, equal=equal)
    modify(rows, n_groups, spec.source)
    ties = tie(rows, group_texts(rows, roles, equal, partial), spec)
    constraints = join_labels(ties, without_definitions(spec.constraints, spec.definitions), spec.source)
    last = roles.exogenous
    return ParameterTable(
        rows=tuple(_numbered(rows, ties)),
        latent=spec.latent,
        observed=tuple(name for name in spec.observed if name not in last) + last,
        exogenous=last,
        fixed_x=fixed_x,
        definitions=spec.definitions,
        meanstructure=has_means,
        n_groups=n_groups,
        constraints=constraints,
        composites=spec.composites,
        tied_across_groups=tied_labels(rows, n_groups, equal),
    )


def _numbered(drafts: Sequence[Draft], ties: Ties) -> list[Row]:
    """Number the free parameters in the order of their first rows."""
    numbers: dict[int, int] = {}
    rows = []
    for index, draft in enumerate(drafts):
        free = numbers.setdefault(ties.root(index), len(numbers) + 1) if draft.free else 0
        rows.append(
            Row(
                draft.lhs,
                draft.op,
                draft.rhs,
                free,
                draft.value,
                draft.label,
                start=draft.start if draft.free else None,
                user=draft.user,
                exogenous=draft.exogenous,
                block=draft.group,
                group=draft.group,
                lower=draft.lower if draft.free else None,
                upper=draft.upper if draft.free else None,
            )
        )
    return rows
