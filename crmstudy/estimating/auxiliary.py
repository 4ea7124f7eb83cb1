"""Auxiliary variables under full information: saturated correlates beside the model (Graham, 2003).

They covary with each other, with the residuals of indicators and outcomes and with predictors, so that they inform
about missing answers without changing the model: its degrees of freedom stay. In the baseline model they are as free
(Savalei & Bentler, 2009).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from crmstudy.errors import Fault, ModelError, did_you_mean
from crmstudy.estimating.layout import Placement
from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.kernels.covariance.structure import Array, Indices
from crmstudy.notes import Note

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class TableWithAuxiliaries(ParameterTable):
    """A parameter table with auxiliary variables; ``auxiliary`` names them, the last ones of ``observed``.

    Their rows (those that name one of them) have the last numbers of the free parameters.
    """

    auxiliary: tuple[str, ...] = ()


def auxiliary_names(table: ParameterTable) -> tuple[str, ...]:
    """The auxiliary variables of a table; empty for an ordinary one."""
    return table.auxiliary if isinstance(table, TableWithAuxiliaries) else ()


def with_auxiliaries(table: ParameterTable, aux: Sequence[str]) -> TableWithAuxiliaries:
    """Add auxiliary variables to a model as saturated correlates.

    Parameters
    ----------
    table : ParameterTable
        The model with its means, all its exogenous variables random (``fixed_x=False``).
    aux : sequence of str
        Names of the auxiliary variables.

    Returns
    -------
    TableWithAuxiliaries
        With variances and means of the auxiliary variables, and their covariances with each other and with every
        observed variable, in every group; the free parameters of the model keep their numbers. No variable is
        exogenous any more: all are random, and the baseline model lets only the auxiliary ones covary.

    Raises
    ------
    ModelError
        With all faults: names that stand twice or are part of the model, means that are not modelled, exogenous
        variables that are fixed.
    """
    faults = []
    names = (*table.observed, *table.latent)
    for name in dict.fromkeys(aux):
        if name in names:
            faults.append(Fault(f"'{name}' is a variable of the model and cannot be auxiliary too; take it off aux=."))
        if list(aux).count(name) > 1:
            faults.append(Fault(f"aux= names '{name}' {list(aux).count(name)} times; once is enough."))
    if not table.meanstructure:
        faults.append(Fault("aux= needs modelled means; leave meanstructure=False out."))
    if table.fixed_x and table.exogenous:
        held = ", ".join(table.exogenous)
        faults.append(Fault(f"aux= takes all variables as random; leave fixed_x=True out (exogenous: {held})."))
    if faults:
        raise ModelError(faults)
    rows: list[Row] = []
    free = table.n_free
    for group in range(1, table.n_groups + 1):
        rows += table.group_rows(group)
        for lhs, op, rhs in _correlates(tuple(aux), table.observed):
            free += 1
            rows.append(Row(lhs, op, rhs, free, block=group, group=group))
    kept: dict[str, Any] = {field.name: getattr(table, field.name) for field in fields(ParameterTable)}
    kept |= {"rows": tuple(rows), "observed": (*table.observed, *aux), "exogenous": ()}
    return TableWithAuxiliaries(**kept, auxiliary=tuple(aux))


def _correlates(aux: tuple[str, ...], observed: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """The parameters of the auxiliary variables."""
    among = [(one, "~~", other) for at, one in enumerate(aux) for other in aux[at:]]
    return [*among, *((name, "~~", other) for other in observed for name in aux), *((name, "~1", "") for name in aux)]


def own_rows(table: ParameterTable) -> Indices:
    """Where the rows of the model itself stand in a table."""
    aux = set(auxiliary_names(table))
    return np.array([at for at, row in enumerate(table.rows) if not aux & {row.lhs, row.rhs}], dtype=np.intp)


def own_numbers(table: ParameterTable) -> Indices:
    """Which free parameters (from 0) are those of the model itself."""
    own = {table.rows[at].free for at in own_rows(table)} - {0}
    return np.array(sorted(own), dtype=np.intp) - 1


def own_variables(table: ParameterTable) -> Indices:
    """Where the observed variables of the model itself stand in its matrices."""
    return np.arange(len(table.observed) - len(auxiliary_names(table)))


def own_frame(table: ParameterTable, found: Found) -> Found:
    """A table, matrix or series (or a dict of them) without what names an auxiliary variable.

    A table with columns ``lhs`` and ``rhs`` loses rows and is numbered again; anything else loses rows and columns.
    """
    aux = list(auxiliary_names(table))
    kept: Any = found
    if not aux:
        return found
    if isinstance(kept, dict):
        kept = {name: own_frame(table, value) for name, value in kept.items()}
    elif isinstance(kept, pd.DataFrame) and {"lhs", "rhs"} <= set(kept.columns):
        kept = kept[~(kept["lhs"].isin(aux) | kept["rhs"].isin(aux))].reset_index(drop=True)
    elif isinstance(kept, pd.DataFrame):
        kept = kept.drop(index=aux, columns=aux, errors="ignore")
    else:
        kept = kept.drop(index=aux, errors="ignore")
    result: Found = kept
    return result


def own_part(table: ParameterTable, placement: Placement, estimates: Array) -> tuple[ParameterTable, Placement, Array]:
    """The model without its auxiliary variables, for judging a solution.

    The residual covariances of auxiliary variables need not fit together with residual variances of the model: they
    stand for covariances with the factors as well.
    """
    aux = auxiliary_names(table)
    if not aux:
        return table, placement, estimates
    at = own_rows(table)
    observed = tuple(table.observed[i] for i in own_variables(table))
    own = replace(table, rows=tuple(table.rows[k] for k in at), observed=observed)
    return own, replace(placement, places=tuple(placement.places[k] for k in at)), estimates[at]


def auxiliary_pairs(table: ParameterTable) -> tuple[tuple[int, int], ...]:
    """Pairs of observed variables that covary in the baseline model because one of them is auxiliary."""
    size, first = len(table.observed), len(own_variables(table))
    return tuple((i, j) for i in range(first, size) for j in range(i))


def absent_auxiliaries(aux: Sequence[str], columns: Iterable[object]) -> list[Fault]:
    """A fault for each auxiliary variable that is no column of the data."""
    known = [str(column) for column in columns]
    return [
        Fault(f"the auxiliary variable '{name}' is not a column of the data.{did_you_mean(name, known)}")
        for name in aux
        if name not in known
    ]


def auxiliary_notes(table: ParameterTable) -> list[Note]:
    """A note that names the auxiliary variables."""
    aux = auxiliary_names(table)
    if not aux:
        return []
    message = (
        f"Auxiliary variables beside the model: {', '.join(aux)}. They inform about missing answers as saturated "
        "correlates; tables do not show them. npar, the log-likelihoods, AIC and BIC count them."
    )
    return [Note("SEM_AUXILIARY", message)]
