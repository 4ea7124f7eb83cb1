"""Covariance-based structural equation models."""

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
def sem(model: str, data: Any = None, **keywords: Unpack[SemKeywords]) -> SemResult | PooledSemResult:
    r"""Fit a structural equation model.

    Keywords have lavaan's names (with underscores) and lavaan's meaning; ``None`` resolves as in lavaan 0.6-14, and the
    resolved values stand in ``.call``.

    Parameters
    ----------
    model : str
        The model in lavaan syntax: ``=~ ~ ~~ ~1 := <~ ~*~``, labels, fixed and freed values, ``start()``, ``equal()``,
        ``lower()``, ``upper()``, ``c()`` for groups, and the constraints ``== < >``.
    data : DataFrame, Responses, Imputed or ProductIndicators, optional
        One row a respondent; the columns the model names must be numeric. Of Responses it may name scale scores as
        well. Completed data sets are pooled by Rubin's rules. Product indicators are made again in every bootstrap
        sample, and their default estimator is MLR.
    sample_cov, sample_mean, sample_n : optional
        Moments instead of data: a covariance matrix with divisor n - 1 (DataFrame (p, p), full or lower triangle), or a
        pair of correlations and standard deviations; means (Series); the number of rows. Dicts by group for several
        groups.
    estimator : str
        ``ML``; ``MLR`` (Huber-White errors, Yuan-Bentler test), ``MLM``, ``MLMV``, ``MLMVS`` (robust errors, tests
        scaled by mean, or mean and variance), ``MLF``; ``GLS``, ``ULS`` (``ULSM``, ``ULSMV``), ``WLS`` (distribution
        free), ``DWLS`` (``WLSM``, ``WLSMV`` for continuous variables).
    missing : {"listwise", "fiml"}
        Leave rows with missing values out, or use what they have (full information; rows that lack an exogenous
        variable whose moments are fixed are left out and counted).
    group, group_equal, group_partial : str, names, names
        Column of the groups; what is equal across them (``loadings intercepts means residuals lv.variances
        lv.covariances regressions residual.covariances composite.loadings``); parameters that stay free
        (``"f =~ x2"``).
    cluster : str, optional
        Column of clusters: standard errors and test allow for dependence within them.
    weights : str, optional
        Column of sampling weights (pseudo maximum likelihood, MLR).
    aux : names
        Auxiliary variables for ``missing="fiml"``, as saturated correlates.
    std_lv : bool
        Give every factor a (residual) variance of 1 instead of fixing its first loading at 1.
    fixed_x : bool, optional
        Keep the moments of observed exogenous variables at their sample values (default for maximum likelihood).
    meanstructure : bool, optional
        Model the means; default when an intercept is written, with groups, clusters or full information.
    information : {"expected", "observed", "first.order"}, optional
    se : {"standard", "robust", "robust.sem", "robust.huber.white", "robust.cluster", "first.order", "none"}, optional
    test : {"standard", "satorra.bentler", "yuan.bentler", "yuan.bentler.mplus", "scaled.shifted", ...}, optional
        ``mean.var.adjusted`` and ``none`` besides.
    likelihood : {"normal", "wishart"}
        Covariances with divisor N, or N - 1.
    bootstrap : int or Bootstrap, optional
        Replicates of a bootstrap: standard errors and intervals of all estimates, standardised and defined ones too; or
        the Bollen-Stine test.
    start : SemResult, DataFrame or mapping, optional
        Start values: estimates of another fit, or by label or ``"f =~ x2"``.
    bounds : {"none", "pos.var", "pos.ov.var", "pos.lv.var"}, optional
        Variances that may not be negative.
    level : float
        Level of the confidence intervals.
    control : mapping, optional
        ``{"max_iter": 500}``.
    seed : int, optional
        Seed of the bootstrap and of :meth:`SemResult.monte_carlo`.
    ordered, parameterization
        Refused by name until ordinal items are built.

    Returns
    -------
    SemResult or PooledSemResult
        Estimates, fit, notes; ``.admissible`` is False when the solution must not be interpreted.

    Raises
    ------
    ModelError, DataError, UnsupportedError
        Input that is refused, with all its faults.
    AnalysisError
        Too few rows, a constant variable, linearly dependent variables.

    Notes
    -----
    Maximum likelihood minimises :math:`F = \log|\Sigma| + tr(S\Sigma^{-1}) - \log|S| - p + d'\Sigma^{-1}d` (Jöreskog,
    1970; Bollen, 1989, ch. 4 and 8); :math:`\chi^2 = N F`. docs/methods.md has the other estimators. Variances are not
    bounded at 0 unless asked for.

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
    data = with_scores(model, data, keywords.get("aux", ()))
    if isinstance(data, Imputed):
        return fit_imputed(model, data, function="sem", **keywords)
    return fit_model(model, data, function="sem", **keywords)
