"""One model over the groups of a sample: ``group_equal`` and ``group_partial`` level by level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from crmstudy.estimating.auxiliary import with_auxiliaries
from crmstudy.fitted.fit import fit_model
from crmstudy.fitted.pooledresult import PooledSemResult
from crmstudy.fitted.pooling import fit_imputed
from crmstudy.fitted.semresult import SemResult
from crmstudy.grammar.spec import ModelSpec
from crmstudy.grammar.table import ParameterTable, build_table
from crmstudy.imputed import Imputed
from crmstudy.measurement.plain_model import PlainModel
from crmstudy.notes import Note

#: A level fitted to one data set, or pooled over completed ones.
Fitted = SemResult | PooledSemResult


@dataclass(frozen=True)
class Occasion:
    """One group or wave of a fitted model.

    ``label`` is what it is called, ``group`` its number among the groups of the fit (from 1); ``latent`` and
    ``observed`` give the name that each factor and variable of the plain model has there.
    """

    label: str
    group: int
    latent: Mapping[str, str]
    observed: Mapping[str, str]

    def named(self, name: str) -> str:
        """The name of a factor or variable here."""
        return self.latent.get(name) or self.observed.get(name, name)


class Models(Protocol):
    """The models of a ladder: how a level is fitted, and what its parameters are called in each group or wave."""

    @property
    def plain(self) -> PlainModel:
        """The model as written once."""

    @property
    def partial(self) -> tuple[str, ...]:
        """Parameters left free of the equalities."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was found where the data come from, unless the fits say it."""

    @property
    def over(self) -> str:
        """What is compared, in words."""

    def fit(self, equal: tuple[str, ...]) -> Fitted:
        """The model with these equalities."""

    def freeing(self, names: tuple[str, ...]) -> Models:
        """The same with more parameters left free."""

    def relaxed(self, fit: SemResult, equal: tuple[str, ...], name: str) -> ParameterTable:
        """The parameter table of a fitted level with one more parameter left free."""

    def occasions(self, fit: Fitted) -> tuple[Occasion, ...]:
        """The groups or waves of a fit, the reference first."""


def table_beside(
    fit: SemResult, spec: ModelSpec, equal: tuple[str, ...] = (), partial: tuple[str, ...] = ()
) -> ParameterTable:
    """The table of another model of the same variables, with everything else as in a fit."""
    table, options = fit.solution.table, fit.solution.options
    found = build_table(
        spec, std_lv=options.std_lv, fixed_x=table.fixed_x, meanstructure=table.meanstructure, n_groups=table.n_groups,
        group_equal=equal, group_partial=partial,
    )  # fmt: skip
    return with_auxiliaries(found, options.aux) if options.aux else found


def fitted(text: str, data: Any, keywords: Mapping[str, Any]) -> Fitted:
    """A level fitted to one data set, or to each of several completed ones and pooled."""
    if isinstance(data, Imputed):
        return fit_imputed(text, data, function="cfa", **keywords)
    return fit_model(text, data, function="cfa", **keywords)


def face_of(fit: Fitted) -> SemResult:
    """What a fit says as a single one: of a pooled fit its pooled parameters, their covariances and mean moments."""
    return fit.face if isinstance(fit, PooledSemResult) else fit


@dataclass(frozen=True)
class GroupModels:
    """The models of a ladder over groups; ``keywords`` are those of ``cfa()``, without ``group_equal``."""

    plain: PlainModel
    text: str
    data: Any
    keywords: Mapping[str, Any]
    partial: tuple[str, ...]
    notes: tuple[Note, ...] = ()

    @property
    def over(self) -> str:
        """The column of the groups."""
        column = self.keywords.get("group")
        return f"groups of '{column}'" if column is not None else "groups"

    def fit(self, equal: tuple[str, ...]) -> Fitted:
        """The model with these equalities."""
        return fitted(self.text, self.data, {**self.keywords, "group_equal": equal, "group_partial": self.partial})

    def freeing(self, names: tuple[str, ...]) -> GroupModels:
        """The same with more parameters left free."""
        return replace(self, partial=(*self.partial, *names))

    def relaxed(self, fit: SemResult, equal: tuple[str, ...], name: str) -> ParameterTable:
        """The parameter table of a fitted level with one more parameter left free."""
        return table_beside(fit, fit.solution.spec, equal, (*self.partial, name))

    def occasions(self, fit: Fitted) -> tuple[Occasion, ...]:
        """The groups, the first of them the reference."""
        return tuple(
            Occasion(label, number, {name: name for name in fit.latent}, {name: name for name in fit.observed})
            for number, label in enumerate(fit.groups, start=1)
        )
