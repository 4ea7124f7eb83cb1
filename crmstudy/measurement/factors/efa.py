"""Exploratory factor analysis: extraction, rotation, fit, and the errors of the loadings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, DataError
from crmstudy.kernels.factors.errors import Solution
from crmstudy.kernels.factors.extraction import BOUND, extract
from crmstudy.kernels.factors.fit import factor_fit
from crmstudy.kernels.factors.rotation import rotate
from crmstudy.kernels.moments import Array
from crmstudy.measurement.factors.aligned import align_factors
from crmstudy.measurement.factors.association import MOST_CATEGORIES, Association, associate
from crmstudy.measurement.factors.efa_errors import Errors, sampling_errors
from crmstudy.measurement.factors.efa_request import (
    Asked,
    given_correlations,
    refuse_too_many,
    resolved,
    rule_of,
    target_of,
)
from crmstudy.measurement.factors.efa_result import (
    EfaResult,
    finish_pooled,
    fit_of,
    solution_notes,
    tables_of,
)
from crmstudy.notes import Note
from crmstudy.pooled import JointTest, pools
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, sample_table
from crmstudy.selection import item_sets, left_out, named_columns, numeric_values

#: A correlation this near to 1 is one: the two items are the same.
_PERFECT = 0.9999
#: Correlations that are all smaller are zero.
_NOTHING = 1e-10


@pools(
    keys=("factor", "item"),
    tests=(JointTest("fit", "chisq", "df", "pvalue"),),
    finish=finish_pooled,
    prepare=align_factors,
    skip=("unrotated", "rotation"),
)
def efa(
    data: object = None,
    *,
    n_factors: int,
    items: Sequence[str] | None = None,
    scale: str | Sequence[str] | None = None,
    extraction: str = "minres",
    rotation: str = "oblimin",
    ordinal: bool = False,
    normalize: bool | str | None = None,
    starts: int = 30,
    gamma: float | None = None,
    epsilon: float | None = None,
    power: float | None = None,
    target: object = None,
    missing: str = "listwise",
    sample_cov: object = None,
    sample_n: float | None = None,
    bootstrap: int | None = None,
    level: float = 0.95,
    seed: int | None = None,
) -> EfaResult:
    r"""Common factors of items, rotated, with fit and standard errors.

    Parameters
    ----------
    data : DataFrame or Responses
        Responses are analysed reversed and in range. The columns of a DataFrame are taken as they are. Left out where
        ``sample_cov`` is given.
    n_factors : int
        How many factors; ``retention()`` says what the rules suggest.
    items : sequence of str, optional
        Columns. Without it: the items of all scales of the responses together, or all numeric columns of a DataFrame.
    scale : str or sequence of str, optional
        Scales of the responses whose items are analysed together.
    extraction : {"minres", "ml", "paf"}
        Minimum residuals (the same as unweighted least squares, ``"uls"``), maximum likelihood, or principal axis
        factoring, iterated until nothing changes.
    rotation : str
        Orthogonal: ``varimax, quartimax, equamax, geomin_orthogonal, bifactor, target_orthogonal``. Oblique:
        ``oblimin, quartimin, promax, geomin, bifactor_oblique, target``. Or ``none``.
    ordinal : bool
        Polychoric correlations in place of Pearson's.
    normalize : {None, True, False, "spss"}
        Kaiser normalisation. None: for varimax, equamax and promax only, as in R. ``"spss"``: for every rotation, and
        in the target of promax, as SPSS does.
    starts : int
        Starts of the rotation: one from the unrotated factors, the others random. The lowest minimum is taken.
    gamma : float, optional
        Of oblimin, 0 when left out (SPSS's delta): negative values make the factors less correlated.
    epsilon : float, optional
        Of geomin, .01 when left out.
    power : float, optional
        Of promax, 4 when left out (SPSS's kappa).
    target : DataFrame or array, optional
        Of the target rotations: items by factors, the loadings wanted, NaN where free. The index of a DataFrame names
        the items, its columns name the factors.
    missing : {"listwise", "pairwise", "em"}
        Rows without a missing answer; each correlation from the rows that have both items; or covariances by maximum
        likelihood from all answers (not for ordinal ones).
    sample_cov : DataFrame or array, optional
        A covariance or correlation matrix in place of data.
    sample_n : float, optional
        The rows behind it; without it there are no tests and no standard errors.
    bootstrap : int, optional
        Number of bootstrap samples of the rows for standard errors and percentile intervals. Without it they come from
        the delta method.
    level : float
        Coverage of the intervals.
    seed : int, optional
        Seed of the bootstrap; without it one is drawn and kept in ``.call``. The starts of the rotation do not depend
        on it.

    Returns
    -------
    EfaResult

    Raises
    ------
    DataError
        For unknown scales or columns, columns that are not numbers, more than 20 categories with ``ordinal``, and a
        matrix that is none.
    ModelError
        For options that cannot be used, all at once, and for more factors than the items can tell apart.
    AnalysisError
        With fewer than three items, hardly more rows than items, items that do not vary or that repeat others; each is
        named.

    Notes
    -----
    Extraction: Harman and Jones (1966), Jöreskog (1967); uniquenesses of minres and ml are .005 at least, as in R, and
    one at that bound is a Heywood case. Fit figures have the formulas of psych's ``fa``, with Bartlett's (1951)
    chi-square; they assume normal items. Rotations: see ``crmstudy.kernels.factors.rotation``. Factors have positive
    sums of loadings and are in the order of the variance they explain, except those of a target.

    Standard errors: the delta method on the asymptotic covariances of the correlations (Pearson & Filon, 1898; for
    polychoric ones Muthén, 1984). Bootstrap samples are solved from the sample's solution and matched to it by
    congruence, because order and sign of factors are arbitrary.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> scores = np.repeat(rng.normal(size=(200, 2)), 3, axis=1) + rng.normal(size=(200, 6))
    >>> found = efa(pd.DataFrame(scores, columns=list("abcdef")), n_factors=2)
    >>> found.tables["pattern"].groupby("factor")["item"].apply(sorted).tolist()
    [['d', 'e', 'f'], ['a', 'b', 'c']]
    """
    asked = resolved({
        "n_factors": n_factors, "extraction": extraction, "rotation": rotation, "ordinal": ordinal,
        "normalize": normalize, "starts": starts, "gamma": gamma, "epsilon": epsilon, "power": power, "target": target,
        "missing": missing, "bootstrap": bootstrap, "level": level, "seed": seed,
    })  # fmt: skip
    association, notes = _association(data, items, scale, sample_cov, sample_n, asked)
    refuse_too_many(asked, len(association.items))
    wanted, factors = target_of(target, association.items, asked)
    _refuse_singular(association, asked)
    solution = _solve(association.corr, asked, wanted)
    heywood = _heywood(solution)
    n = association.n or None
    fit = factor_fit(association.corr, solution.loadings, solution.factor_correlations, n)
    notes += solution_notes(association.items, factors, solution, heywood, fit.df)
    notes += _fit_notes(association, asked)
    errors, error_notes = sampling_errors(association, solution, asked, proper=not heywood.any())
    tables = tables_of(association.items, factors, association.corr, solution, heywood)
    return EfaResult(
        estimates=_estimates(association.items, factors, solution.loadings, errors, asked),
        fit=fit_of(fit, solution, n, tests=not association.changed),
        n=association.n,
        tables={**tables, "correlation_estimates": _correlation_estimates(factors, solution, errors)},
        notes=(*notes, *error_notes),
        samples=sample_table(association.n, association.dropped),
        call=_call(association, asked, errors, solution),
    )


def _association(
    data: object, items: Any, scale: Any, sample_cov: object, sample_n: object, asked: Asked
) -> tuple[Association, list[Note]]:
    """The correlations of the items asked for, from data or from a matrix."""
    if sample_cov is not None:
        faults = [
            f"`{name}` is for data, not for a matrix: leave it or `sample_cov` out."
            for name, given in (
                ("data", data is not None), ("scale", scale is not None), ("ordinal", asked.ordinal),
                ("bootstrap", asked.bootstrap is not None), ("missing", asked.missing != "listwise"),
            )
            if given
        ]  # fmt: skip
        if faults:
            raise DataError(faults)
        return given_correlations(sample_cov, sample_n, items), []
    if sample_n is not None:
        raise DataError("`sample_n` belongs to `sample_cov`: the rows of data are counted.")
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    sets = item_sets(data, frame, items, scale)
    names = named_columns(frame, tuple(dict.fromkeys(item for chosen in sets for item in chosen.items)))
    values = numeric_values(frame, names)
    if asked.ordinal:
        _refuse_many_categories(names, values)
    if len(names) >= 3:  # before what the data may lack
        refuse_too_many(asked, len(names))
    found, more = associate(names, values, ordinal=asked.ordinal, missing=asked.missing)
    if items is None and not isinstance(data, Responses):
        message = f"No items are named, so all numeric columns are analysed together: {', '.join(names)}."
        if others := left_out(frame, names):
            message += f" Left out, not numbers: {', '.join(others)}."
        more.append(Note("EFA_ALL_COLUMNS", message))
    return found, [*notes, *more]


def _refuse_many_categories(names: Sequence[str], values: Array) -> None:
    counts = [len(np.unique(column[~np.isnan(column)])) for column in values.T]
    faults = [
        f"'{name}' has {count} different values: polychoric correlations are for answers in categories "
        f"({MOST_CATEGORIES} at most). Leave it out, or use ordinal=False."
        for name, count in zip(names, counts, strict=True)
        if count > MOST_CATEGORIES
    ]
    if faults:
        raise DataError(faults)


def _refuse_singular(association: Association, asked: Asked) -> None:
    """Refuse items without any correlation, items that are the same, and likelihood for a smoothed matrix."""
    if np.abs(np.tril(association.corr, -1)).max() < _NOTHING:
        raise AnalysisError(
            f"All correlations among {', '.join(association.items)} are zero: no factor is behind them.",
            "EFA_NO_CORRELATION",
        )
    rows, columns = np.nonzero(np.triu(np.abs(association.corr) > _PERFECT, 1))
    if len(rows):
        pairs = [f"{association.items[i]} and {association.items[j]}" for i, j in zip(rows, columns, strict=True)]
        raise AnalysisError(
            f"{', '.join(pairs[:6])} correlate perfectly: they are the same item, and no factor has to be found behind "
            "them. Leave one of them out.",
            "EFA_PERFECT",
        )
    if association.changed and asked.extraction == "ml":
        raise AnalysisError(
            "The correlation matrix is not positive definite, and maximum likelihood needs one that is: an item "
            f"repeats others ({', '.join(association.items)}). Leave it out, or use extraction='minres'.",
            "EFA_SINGULAR",
        )


def _solve(corr: Array, asked: Asked, target: Array | None) -> Solution:
    extraction = extract(corr, asked.n_factors, asked.extraction)
    how = rule_of(asked, target)
    rotation = None if how is None else rotate(extraction.loadings, how, starts=asked.starts)
    return Solution(asked.extraction, extraction, how, rotation)


def _heywood(solution: Solution) -> Array:
    """Items whose uniqueness is at its bound, or whose communality reaches 1."""
    h2 = solution.extraction.communalities
    return np.asarray(solution.extraction.at_bound | (h2 > 1.0 - (0.0 if solution.method == "paf" else BOUND)))


def _fit_notes(association: Association, asked: Asked) -> list[Note]:
    if association.changed:
        message = (
            "The correlation matrix was smoothed, so that its determinant means nothing: chi-square, TLI, RMSEA and "
            "BIC are not given."
        )
        return [Note("EFA_NO_TESTS", message, "warning")]
    if asked.ordinal:
        message = (
            "Chi-square, TLI, RMSEA and BIC take the polychoric correlations for those of normal variables; as tests "
            "they reject too often. RMSR and the loadings are not affected."
        )
        return [Note("EFA_ORDINAL_TESTS", message, "warning")]
    return []


def _estimates(
    items: Sequence[str], factors: Sequence[str], loadings: Array, errors: Errors, asked: Asked
) -> pd.DataFrame:
    """A row for every loading, factor by factor."""
    flat = loadings.T.ravel()
    error = errors.loadings.T.ravel()
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, flat / error, np.nan)
    rows = pd.DataFrame({
        "term": [f"{factor} =~ {item}" for factor in factors for item in items], "estimate": flat, "std_error": error,
        "statistic": statistic, "df": np.nan, "p_value": errors.tail(statistic), "ci_low": errors.low.T.ravel(),
        "ci_high": errors.high.T.ravel(), "factor": [factor for factor in factors for _ in items],
        "item": [item for _ in factors for item in items],
    })  # fmt: skip
    return rows[[*ESTIMATE_COLUMNS, "factor", "item"]]


def _correlation_estimates(factors: Sequence[str], solution: Solution, errors: Errors) -> pd.DataFrame:
    """The correlations among factors; none for orthogonal ones."""
    columns = ["factor_1", "factor_2", "estimate", "std_error", "ci_low", "ci_high"]
    if solution.how is None or not solution.how.oblique:
        return pd.DataFrame([], columns=columns)
    phi, rows = solution.factor_correlations, []
    for i in range(len(phi)):
        for j in range(i + 1, len(phi)):
            ends = (errors.phi[i, j], errors.phi_low[i, j], errors.phi_high[i, j])
            rows.append((factors[i], factors[j], phi[i, j], *ends))
    return pd.DataFrame(rows, columns=columns)


def _call(association: Association, asked: Asked, errors: Errors, solution: Solution) -> dict[str, Any]:
    how = solution.how
    return {
        "items": list(association.items), "n_factors": asked.n_factors, "extraction": asked.extraction,
        "rotation": asked.rotation, "oblique": bool(how is not None and how.oblique), "ordinal": asked.ordinal,
        "normalize": None if how is None else asked.normalize if asked.normalize == "spss" else how.kaiser,
        "starts": asked.starts, "gamma": asked.gamma if asked.rotation == "oblimin" else None,
        "epsilon": asked.epsilon if asked.rotation.startswith("geomin") else None,
        "power": asked.power if asked.rotation == "promax" else None,
        "missing": None if not len(association.values) else asked.missing,
        "std_errors": errors.method, "bootstrap": asked.bootstrap, "level": asked.level,
        "seed": asked.seed if asked.bootstrap else None,
    }  # fmt: skip
