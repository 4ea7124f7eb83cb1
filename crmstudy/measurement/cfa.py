"""Confirmatory factor analysis."""

from __future__ import annotations

from typing import Any, Unpack

from crmstudy.estimating.options import SemKeywords, with_sem_keywords
from crmstudy.fitted.fit import fit_model
from crmstudy.fitted.pooledresult import PooledSemResult
from crmstudy.fitted.pooling import fit_imputed
from crmstudy.fitted.semresult import SemResult
from crmstudy.imputed import Imputed
from crmstudy.scoring import with_scores


@with_sem_keywords
def cfa(model: str, data: Any = None, **keywords: Unpack[SemKeywords]) -> SemResult | PooledSemResult:
    """Fit a confirmatory factor analysis: factors covary freely, the first loading of each is 1.

    Takes what :func:`crmstudy.sem` takes; the defaults are those of lavaan's ``cfa()``, which for continuous data of
    one group equal those of ``sem()``.

    Parameters
    ----------
    model : str
        The model in lavaan syntax.
    data : DataFrame, Responses or Imputed, optional
        One row a respondent; of Responses the model may name scale scores as well. Completed data sets are pooled.
    **keywords
        See :func:`crmstudy.sem`.

    Returns
    -------
    SemResult or PooledSemResult

    Raises
    ------
    ModelError, DataError, UnsupportedError
        Input that is refused, with all its faults.
    AnalysisError
        Too few rows, a constant variable, linearly dependent variables.

    Notes
    -----
    Formula and source as in :func:`crmstudy.sem` (Jöreskog, 1969).

    Examples
    --------
    >>> import numpy as np, pandas as pd, crmstudy as cs
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=300)
    >>> data = pd.DataFrame({f"x{i}": factor + rng.normal(size=300) for i in range(1, 5)})
    >>> cs.cfa("f =~ x1 + x2 + x3 + x4", data).n
    300
    """
    data = with_scores(model, data, keywords.get("aux", ()))
    if isinstance(data, Imputed):
        return fit_imputed(model, data, function="cfa", **keywords)
    return fit_model(model, data, function="cfa", **keywords)
