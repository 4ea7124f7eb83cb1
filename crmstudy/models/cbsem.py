"""Covariance-based structural equation models."""

from __future__ import annotations

from typing import Any, Unpack

from crmstudy.grammar.fit import fit_model
from crmstudy.grammar.options import SemKeywords, with_sem_keywords
from crmstudy.grammar.semresult import SemResult


@with_sem_keywords
def sem(model: str, data: Any = None, **keywords: Unpack[SemKeywords]) -> SemResult:
    r"""Fit a structural equation model by maximum likelihood.

    Parameters
    ----------
    model : str
        The model in lavaan syntax (``=~``, ``~``, ``~~``, ``:=``, labels, fixed and free values, ``start()``).
    data : DataFrame or Responses, optional
        One row a respondent; the columns the model names must be numeric. Rows with a missing value in one of them
        are left out and counted.
    sample_cov, sample_n : DataFrame (p, p) and int, optional
        A covariance matrix with divisor n - 1 and the number of rows it was computed from, instead of data.
    std_lv : bool
        Give every factor a (residual) variance of 1 instead of fixing its first loading at 1.
    fixed_x : bool, optional
        Keep the moments of observed exogenous variables at their sample values (the default, as in lavaan).
    estimator : {"ML"}
        Maximum likelihood.
    missing : {"listwise"}
        Rows with a missing value are left out.
    meanstructure : {False}
        Means are saturated and not part of the model.
    information : {"expected"}
        Information matrix of the standard errors.
    se : {"standard", "none"}
        ``none`` leaves standard errors out.
    likelihood : {"normal"}
        Covariances have divisor N.
    level : float
        Level of the confidence intervals.
    control : mapping, optional
        ``{"max_iter": 500}``.
    seed : int, optional
        Seed of :meth:`SemResult.monte_carlo`.
    **keywords
        Every other keyword of the signature is refused by name until it is built, unless it has its default.

    Returns
    -------
    SemResult
        Estimates, fit, notes; ``.admissible`` is False when the solution must not be interpreted.

    Raises
    ------
    ModelError, DataError, UnsupportedError
        Input that is refused, with all its faults.
    AnalysisError
        Too few rows, a constant variable, linearly dependent variables.

    Notes
    -----
    Minimises :math:`F = \log|\Sigma| + tr(S\Sigma^{-1}) - \log|S| - p` (Jöreskog, 1970); standard errors from the
    expected information, :math:`\chi^2 = N F` (Bollen, 1989, ch. 4 and 8). Variances are not bounded at 0.

    Examples
    --------
    >>> import numpy as np, pandas as pd, crmstudy as cs
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=300)
    >>> data = pd.DataFrame({f"x{i}": factor + rng.normal(size=300) for i in range(1, 5)})
    >>> fit = cs.sem("f =~ x1 + x2 + x3 + x4", data)
    >>> int(fit.fit["df"]), fit.admissible
    (2, True)
    """
    return fit_model(model, data, function="sem", **keywords)
