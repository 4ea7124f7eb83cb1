r"""Factor scores of the rows a model was fitted to, and how well they stand for the factors.

With implied moments :math:`\mu, \Sigma` of the observed variables, :math:`\kappa, \Phi` of the factors and the
covariances :math:`\Phi\Lambda'` between both, the scores of a row y are :math:`\kappa + W(y - \mu)`:

- regression (Thurstone, 1935; Thomson, 1951): :math:`W = \Phi\Lambda'\Sigma^{-1}`, the expectation given y;
- Bartlett (1937): :math:`W = (\Lambda'\Sigma^{-1}\Lambda)^{-1}\Lambda'\Sigma^{-1}`, unbiased given the factors.

Among the factors count the observed variables that stand in the structural part without being its outcomes: they are
measured by themselves. Observed outcomes are further indicators of what they depend on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError, did_you_mean
from crmstudy.estimating.solution import Solution
from crmstudy.kernels.covariance.information import GroupSample
from crmstudy.kernels.covariance.structure import Array, Indices
from crmstudy.notes import Note

METHODS = ("regression", "bartlett")
_EXACT = 1e-10
_RANK = 1e-10


def factor_scores(
    solution: Solution, *, method: str = "regression", se: bool = False, append: bool = False
) -> pd.DataFrame:
    r"""Scores of all factors (and composites).

    Parameters
    ----------
    solution : Solution
        A model fitted to rows.
    method : str
        ``regression`` or ``bartlett``.
    se : bool
        Add a column ``<factor>_se`` for each factor: the root of the variance of factor minus score.
    append : bool
        Add the observed variables of the model behind.

    Returns
    -------
    DataFrame
        One row for each row used, in the order (and with the index) of the data; with groups the column ``group`` comes
        first. Rows with missing values are scored from what they have. A Bartlett score is missing where nothing a row
        has measures the factor (a factor of factors has no Bartlett score); a standard error where the solution is
        inadmissible. ``.attrs["notes"]`` tells of both.

    Raises
    ------
    UnsupportedError
        For another method.
    DataError
        When the model was fitted to a covariance matrix.
    ModelError
        When two columns would have the same name.
    AnalysisError
        When the model did not converge or an implied covariance matrix cannot be inverted.

    Notes
    -----
    As lavaan's ``lavPredict(se = "standard")``, but in three cases. A composite is known exactly, and both methods give
    it. Regression scores of a factor that depends on an observed outcome, or covaries with its residual, are the
    expectation given all observed variables, and Bartlett scores take that outcome as measured by itself. A factor
    that nothing measures has no Bartlett score instead of a constant one. Where means are not modelled, observed
    variables have their sample means and factors the means that follow from these.
    """
    _refuse_method(method)
    if any(group.values is None for group in solution.sample.groups):
        raise DataError("factor scores are computed from rows; a covariance matrix does not have them. Give data.")
    _refuse_not_converged(solution)
    names = _column_names(solution, se=se, append=append)
    blocks = [_score_group(solution, number, method) for number in range(len(solution.sample.groups))]
    columns = [block.scores for block in blocks]
    if se:
        columns = [np.hstack([block.scores, block.errors]) for block in blocks]
    if append:
        rows = [np.asarray(group.values) for group in solution.sample.groups]
        columns = [np.hstack([block, values]) for block, values in zip(columns, rows, strict=True)]
    at = np.concatenate(solution.sample.rows)
    order = np.argsort(at, kind="stable")
    found = pd.DataFrame(np.vstack(columns)[order], index=solution.sample.index[at[order]], columns=names)
    if len(solution.sample.labels) > 1:
        sizes = [len(rows) for rows in solution.sample.rows]
        found.insert(0, "group", np.repeat(np.array(solution.sample.labels, dtype=object), sizes)[order])
    found.attrs["notes"] = [note.as_dict() for note in _score_notes(solution, blocks, se=se)]
    return found


def indeterminacy(solution: Solution) -> pd.DataFrame:
    r"""How well the scores of complete rows stand for the factors.

    Parameters
    ----------
    solution : Solution
        A fitted model.

    Returns
    -------
    DataFrame
        ``factor, regression, bartlett, minimum`` (with ``group`` first where there are groups): the correlation of each
        factor with its scores by both methods, and :math:`2\rho^2 - 1`, the smallest correlation that two sets of
        scores can have which both fit the model (Guttman, 1955). Missing where the solution is inadmissible, for
        Bartlett also where a factor has no such score; ``.attrs["notes"]`` tells of both.

    Raises
    ------
    AnalysisError
        When the model did not converge or an implied covariance matrix cannot be inverted.

    Notes
    -----
    :math:`\rho_j^2 = (\Phi\Lambda'\Sigma^{-1}\Lambda\Phi)_{jj}/\Phi_{jj}` (Grice, 2001); for Bartlett scores with error
    variance :math:`v_j`, :math:`\rho_j^2 = \Phi_{jj}/(\Phi_{jj} + v_j)`. Scores are good enough to be used as data from
    about .90 (Gorsuch, 1983).
    """
    _refuse_not_converged(solution)
    factors = solution.table.latent
    frames, blocks = [], []
    for number, label in enumerate(solution.sample.labels):
        system = _System.of(solution, number)
        variances = np.diagonal(system.phi)[: len(factors)]
        everything = np.arange(len(system.sigma))
        one, other = (system.weights(method, everything) for method in METHODS)
        with np.errstate(invalid="ignore", divide="ignore"):
            squared = 1.0 - one.variances / variances
            of_bartlett = np.where(other.known, variances / (variances + other.variances), np.nan)
            frame = pd.DataFrame(
                {
                    "factor": factors,
                    "regression": np.sqrt(squared),
                    "bartlett": np.sqrt(of_bartlett),
                    "minimum": 2.0 * squared - 1.0,
                }
            )
        if len(solution.sample.labels) > 1:
            frame.insert(0, "group", label)
        frames.append(frame)
        blocks.append(_Scores(np.zeros((0, 0)), np.sqrt(one.variances)[None], other.known[None]))
    found = pd.concat(frames, ignore_index=True)
    found.attrs["notes"] = [note.as_dict() for note in _score_notes(solution, blocks, se=True)]
    return found


@dataclass(frozen=True)
class _Weights:
    """What turns the deviations of a row into scores, (f, k); variances of the errors (f,); which are known (f,)."""

    matrix: Array
    variances: Array
    known: np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class _Scores:
    """Scores and standard errors (n, f) of one group; which of them can be told (n, f)."""

    scores: Array
    errors: Array
    known: np.ndarray[Any, np.dtype[np.bool_]]


def _score_group(solution: Solution, number: int, method: str) -> _Scores:
    group, system = solution.sample.groups[number], _System.of(solution, number)
    values = np.asarray(group.values)
    expected, means = _expectations(solution, number)
    size = len(solution.table.latent)
    scores, errors = np.empty((2, len(values), size))
    known = np.empty((len(values), size), dtype=bool)
    for rows, present in _patterns(group):
        found = system.weights(method, present)
        gaps = values[np.ix_(rows, present)] - expected[present]
        scores[rows] = np.where(found.known, gaps @ found.matrix.T + means[:size], np.nan)
        with np.errstate(invalid="ignore"):
            errors[rows] = np.sqrt(found.variances)
        known[rows] = found.known
    return _Scores(scores, errors, known)


def _patterns(group: GroupSample) -> Iterator[tuple[Indices, Indices]]:
    """Rows that have the same variables, and which."""
    if group.patterns is None:
        n, p = np.asarray(group.values).shape
        yield np.arange(n), np.arange(p)
        return
    for pattern in group.patterns:
        yield pattern.rows, pattern.present


def _expectations(solution: Solution, number: int) -> tuple[Array, Array]:
    """Means of observed (p,) and structural (m,) variables; observed ones are the sample's where not modelled."""
    moments, group = solution.moments[number], solution.sample.groups[number]
    if solution.table.meanstructure:
        return moments.mu, moments.eta
    structural, observed = solution.placement.structural, solution.table.observed
    own = np.arange(len(solution.table.latent), len(structural))
    at = [observed.index(structural[j]) for j in own]
    if moments.total is None or not len(own):
        return group.mean, np.zeros(len(structural))
    total = moments.total[:, own]
    found: Array = total @ np.linalg.solve(total[own], group.mean[at])
    return group.mean, found


@dataclass(frozen=True)
class _System:
    """Implied moments and loadings of one group, of the first ``size`` structural variables (the factors) as unknowns.

    ``loading`` (p, m) are those of all structural variables, ``phi`` (m, m) their covariances; ``unknown`` (u,) are
    those that Bartlett scores are computed of and ``reduced`` (p, u) the loadings on them when the others are replaced
    by what they depend on.
    """

    size: int
    sigma: Array
    phi: Array
    loading: Array
    unknown: Indices
    reduced: Array

    @classmethod
    def of(cls, solution: Solution, number: int) -> _System:
        """The system of a group at the estimates."""
        layout, moments = solution.placement.layouts[number], solution.moments[number]
        parts, names = layout.matrices(solution.theta), solution.placement.structural
        loading, regression, left = parts["loading"], parts["regression"], parts["latent_covariance"]
        latent = len(solution.table.latent)
        total = np.eye(len(names)) if moments.total is None else moments.total
        spread = np.sqrt(np.abs(np.diagonal(moments.phi)))
        touched = np.abs(left @ total.T) > _EXACT * np.multiply.outer(spread, spread)
        depends = (regression != 0.0).any(axis=1)
        replaced = depends & (np.arange(len(names)) >= latent)
        replaced |= np.isin(names, solution.table.composites) & (np.diagonal(left) == 0.0)
        while (bound := replaced & touched[:, ~replaced].any(axis=1)).any():
            replaced &= ~bound
        k, r = np.flatnonzero(~replaced), np.flatnonzero(replaced)
        steps = np.linalg.solve(np.eye(len(r)) - regression[np.ix_(r, r)], regression[np.ix_(r, k)])
        return cls(latent, moments.sigma, moments.phi, loading, k, loading[:, k] + loading[:, r] @ steps)

    def weights(self, method: str, present: Indices) -> _Weights:
        """Weights of the variables that are present; a factor they determine exactly has one score by both methods."""
        try:
            inverse = np.linalg.inv(self.sigma[np.ix_(present, present)])
        except np.linalg.LinAlgError:
            raise AnalysisError(
                "factor scores need an implied covariance matrix that can be inverted; that of this model cannot be."
            ) from None
        cross = (self.loading[present] @ self.phi)[:, : self.size]
        regression = cross.T @ inverse
        spread = np.diagonal(self.phi)[: self.size]
        left = _rounded(spread - np.einsum("fk,kf->f", regression, cross), spread)
        if method == "regression":
            return _Weights(regression, left, np.ones(self.size, dtype=bool))
        inside = self.reduced[present]
        scores, determined = _pseudo_inverse(inside.T @ inverse @ inside)
        matrix, error, known = regression.copy(), np.zeros(self.size), left == 0.0
        at = np.flatnonzero(self.unknown < self.size)
        own = self.unknown[at]
        matrix[own] = np.where(known[own, None], regression[own], (scores @ inside.T @ inverse)[at])
        error[own] = np.where(known[own], 0.0, _rounded(np.diagonal(scores)[at] - spread[own], spread[own]))
        known[own] |= determined[at]
        return _Weights(matrix, np.where(known, error, np.nan), known)


def _rounded(variances: Array, spread: Array) -> Array:
    """Error variances: 0 where they are rounding, NaN where they are negative."""
    small = np.abs(variances) <= _EXACT * np.abs(spread)
    found: Array = np.where(small, 0.0, np.where(variances < 0, np.nan, variances))
    return found


def _pseudo_inverse(gram: Array) -> tuple[Array, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Pseudo-inverse (m, m) of a Gram matrix, and which of its unknowns are determined."""
    scale = np.sqrt(np.maximum(np.diagonal(gram), 0.0))
    measured = scale > 0
    inverse_scale = np.where(measured, 1.0 / np.where(measured, scale, 1.0), 0.0)
    values, vectors = np.linalg.eigh(gram * np.multiply.outer(inverse_scale, inverse_scale))
    kept = values > _RANK * max(float(values[-1]), 0.0)
    basis = vectors[:, kept]
    inverse = (basis / values[kept]) @ basis.T * np.multiply.outer(inverse_scale, inverse_scale)
    determined = measured & (1.0 - np.einsum("ij,ij->i", basis, basis) < np.sqrt(_RANK))
    return inverse, determined


def _score_notes(solution: Solution, blocks: list[_Scores], *, se: bool) -> Iterator[Note]:
    """Which factors have no score in how many rows, and which have no standard error."""
    factors = solution.table.latent
    known = np.vstack([block.known for block in blocks])
    untold = [(name, int(count)) for name, count in zip(factors, (~known).sum(axis=0), strict=True) if count]
    for name, count in untold:
        whole = count == len(known)
        where = "" if whole else f" in {count} of {len(known)} rows"
        reason = (
            "no variable of the model measures it directly" if whole else "these rows have nothing that measures it"
        )
        yield Note(
            "SEM_NO_SCORE", f"'{name}' has no Bartlett score{where}: {reason}. Use regression scores.", "info", name
        )
    errors = np.vstack([block.errors for block in blocks])
    lost = [name for name, bad in zip(factors, (np.isnan(errors) & (known | ~se)).any(axis=0), strict=True) if bad]
    if se and lost:
        message = f"The error variance of the scores of {', '.join(lost)} is negative: the solution is inadmissible."
        yield Note("SEM_SCORE_NO_ERROR", message, "warning")


def _column_names(solution: Solution, *, se: bool, append: bool) -> list[str]:
    """Names of the columns; refused when two are the same."""
    names = list(solution.table.latent)
    if not names:
        raise ModelError("factor scores need factors, and the model has none; its variables are all observed.")
    if se:
        names += [f"{name}_se" for name in solution.table.latent]
    if append:
        names += list(solution.table.observed)
    whole = ["group", *names] if len(solution.sample.labels) > 1 else names
    twice = sorted({name for name in whole if whole.count(name) > 1})
    if twice:
        raise ModelError(f"columns of the scores would have the same name: {', '.join(twice)}. Rename the factors.")
    return names


def _refuse_method(method: str) -> None:
    if method not in METHODS:
        hint = did_you_mean(str(method), METHODS)
        raise UnsupportedError(f"factor_scores(method={method!r}) does not exist; choose regression or bartlett.{hint}")


def _refuse_not_converged(solution: Solution) -> None:
    if not solution.optimum.converged:
        raise AnalysisError(
            "factor scores need a model that converged; the notes of the fit say more.", "SEM_NOT_CONVERGED"
        )
