"""Convergent and discriminant validity from a fitted measurement model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.errors import ModelError, UnsupportedError
from crmstudy.grammar.semresult import SemResult
from crmstudy.kernels.cbsem import Array
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.results import ESTIMATE_COLUMNS, Result, records


@dataclass(frozen=True, eq=False, repr=False)
class ValidityResult(Result):
    """Composite reliability and average variance extracted.

    ``.tables``: ``convergent`` (factor, items, cr, ave, sqrt_ave), ``fornell_larcker`` (square root of AVE on the
    diagonal, factor correlations below it; the index holds the factors).
    """

    kind: ClassVar[str] = "validity"

    @property
    def text(self) -> str:
        """The lowest composite reliability and AVE."""
        table = self.tables["convergent"]
        if table.empty:
            return "No factor has two or more indicators of its own; CR and AVE do not apply."
        rows = records(table)
        cr, ave = min(rows, key=lambda row: float(row["cr"])), min(rows, key=lambda row: float(row["ave"]))
        mark = "" if self.admissible else " The solution is INADMISSIBLE and must not be interpreted."
        return (
            f"The lowest composite reliability is {write_number(cr['cr'], 'r')} ({cr['factor']}) and the lowest "
            f"average variance extracted {write_number(ave['ave'], 'r')} ({ave['factor']}).{mark}"
        )


def validity(sem_result: SemResult, *, bootstrap: Any = None, seed: int | None = None) -> ValidityResult:
    r"""Composite reliability (CR), average variance extracted (AVE) and the Fornell-Larcker table of a fitted model.

    Parameters
    ----------
    sem_result : SemResult
        A model with factors measured by observed indicators.
    bootstrap : None
        Not built yet; refused by name.
    seed : int, optional
        Seed of the bootstrap.

    Returns
    -------
    ValidityResult

    Raises
    ------
    ModelError
        When the argument is not a fitted model with factors.
    UnsupportedError
        For ``bootstrap``.

    Notes
    -----
    For factor :math:`j` with loadings :math:`\lambda`, factor variance :math:`\psi` and residual covariance matrix
    :math:`\Theta` of its indicators: :math:`CR = (\sum\lambda)^2\psi / ((\sum\lambda)^2\psi + 1'\Theta 1)`
    (Jöreskog, 1971; Bollen, 1980) and :math:`AVE` the mean of the squared standardised loadings (Fornell & Larcker,
    1981, eq. 12). An indicator of two factors counts in neither.

    Examples
    --------
    >>> import numpy as np, pandas as pd, crmstudy as cs
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=300)
    >>> data = pd.DataFrame({f"x{i}": factor + rng.normal(size=300) for i in range(1, 5)})
    >>> found = cs.validity(cs.cfa("f =~ x1 + x2 + x3 + x4", data))
    >>> list(found.tables["convergent"].columns)
    ['factor', 'items', 'cr', 'ave', 'sqrt_ave']
    """
    if not isinstance(sem_result, SemResult) or not sem_result.latent:
        raise ModelError("validity() takes a fitted model with factors, as sem() or cfa() give it.")
    if bootstrap is not None:
        raise UnsupportedError("bootstrap= is not built yet for validity(); leave it out.")
    notes = list(sem_result.notes)
    rows = []
    loadings, residual = _matrices(sem_result)
    for factor in sem_result.latent:
        own = _own_indicators(sem_result, factor)
        if len(own) < 2:
            message = (
                f"CR and AVE do not apply to '{factor}': it has {len(own)} indicator(s) of its own, and they need two."
            )
            notes.append(Note("VALIDITY_FEW_INDICATORS", message, "info", factor))
            continue
        inside = [sem_result.observed.index(name) for name in own]
        position = sem_result.latent.index(factor)
        variance = float(sem_result.latent_covariances.to_numpy()[position, position])
        implied = np.diagonal(sem_result.implied.to_numpy())[inside]
        cr, ave = _cr_ave(loadings[inside, position], variance, residual[np.ix_(inside, inside)], implied)
        rows.append((factor, len(own), cr, ave))
    convergent = pd.DataFrame(rows, columns=["factor", "items", "cr", "ave"])
    convergent["sqrt_ave"] = np.sqrt(convergent["ave"].astype(float))
    return ValidityResult(
        estimates=_as_estimates(convergent),
        n=sem_result.n,
        tables={"convergent": convergent, "fornell_larcker": _fornell_larcker(sem_result, convergent)},
        notes=tuple(notes),
        samples=sem_result.samples,
        call={"function": "validity", "model": sem_result.call["model"]},
    )


def _matrices(fitted: SemResult) -> tuple[Array, Array]:
    """Loadings (observed x factors) and residual covariances (observed x observed) from the estimates."""
    observed = {name: index for index, name in enumerate(fitted.observed)}
    latent = {name: index for index, name in enumerate(fitted.latent)}
    loadings: Array = np.zeros((len(observed), len(latent)))
    residual: Array = np.zeros((len(observed), len(observed)))
    solution = fitted.solution
    for row, value in zip(solution.table.rows, solution.estimates, strict=True):
        if row.op == "=~" and row.rhs in observed:
            loadings[observed[row.rhs], latent[row.lhs]] = value
        elif row.op == "~~" and row.lhs in observed and row.rhs in observed:
            residual[observed[row.lhs], observed[row.rhs]] = value
            residual[observed[row.rhs], observed[row.lhs]] = value
    return loadings, residual


def _own_indicators(fitted: SemResult, factor: str) -> list[str]:
    rows = [row for row in fitted.solution.table.rows if row.op == "=~" and row.rhs in fitted.observed]
    served: dict[str, set[str]] = {}
    for row in rows:
        served.setdefault(row.rhs, set()).add(row.lhs)
    return [row.rhs for row in rows if row.lhs == factor and served[row.rhs] == {factor}]


def _cr_ave(loading: Array, variance: float, residual: Array, implied: Array) -> tuple[float, float]:
    common = float(loading.sum()) ** 2 * variance
    cr = common / (common + float(residual.sum()))
    return cr, float(np.mean(loading**2 * variance / implied))


def _fornell_larcker(fitted: SemResult, convergent: pd.DataFrame) -> pd.DataFrame:
    values = fitted.latent_correlations.to_numpy().copy()
    values[np.triu_indices(len(values))] = np.nan
    for row in records(convergent):
        position = fitted.latent.index(row["factor"])
        values[position, position] = row["sqrt_ave"] if row["sqrt_ave"] is not None else np.nan
    return pd.DataFrame(values, index=pd.Index(fitted.latent, name="factor"), columns=list(fitted.latent))


def _as_estimates(convergent: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {"term": f"{row['factor']} {name}", "estimate": row[name]}
        for row in records(convergent)
        for name in ("cr", "ave")
    ]
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))
