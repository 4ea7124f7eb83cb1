"""What the reliability of a scale rests on: the covariances of its items, from complete rows or from all there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmstudy.kernels.covariance.em import saturated_moments
from crmstudy.kernels.covariance.missing import missing_patterns
from crmstudy.kernels.covariance.saturated import observed_information
from crmstudy.kernels.moments import Array, complete_rows, covariance
from crmstudy.kernels.reliability import lower_bounds as bounds


@dataclass(frozen=True)
class Ground:
    """Moments of k items.

    Attributes
    ----------
    cov : (k, k) array
        Covariances, divisor n - 1.
    mean, answered : (k,) arrays
        Means of the items, and how many answered each.
    n : int
        Rows used.
    answers : (n, k) array
        The rows used, NaN where missing.
    uncertainty : (m, m) array or None
        Covariance matrix of the lower triangle of ``cov`` where rows are incomplete; None for complete rows, whose
        covariances have one of a known form.
    """

    cov: Array
    mean: Array
    answered: Array
    n: int
    answers: Array
    uncertainty: Array | None = None

    def std_error(self, gradient: Array, *, free: bool = False) -> float:
        """Delta-method standard error of a function of the covariances; ``free`` does not assume normal items."""
        if self.uncertainty is not None:
            rows, columns = np.tril_indices(len(self.cov))
            slope = gradient[rows, columns] * np.where(rows == columns, 1.0, 2.0)
            return float(np.sqrt(max(float(slope @ self.uncertainty @ slope), 0.0)))
        if free:
            return bounds.free_std_error(bounds.influences(gradient, self.answers))
        return bounds.normal_std_error(gradient, self.cov, self.n)


def complete_ground(values: Array) -> Ground:
    """Moments of the rows without a missing answer."""
    answers = values[complete_rows(values)]
    n, k = answers.shape
    return Ground(covariance(answers), answers.mean(axis=0), np.full(k, float(n)), n, answers)


def incomplete_ground(values: Array) -> Ground | None:
    """Maximum-likelihood moments of all rows with an answer, by the EM algorithm; None where they do not exist.

    The uncertainty of the covariances is the inverse of the observed information of all moments. The covariances are
    brought to the divisor n - 1, so that without missing answers they are the usual ones.
    """
    present = ~np.isnan(values)
    answers = values[present.any(axis=1)]
    n, k = answers.shape
    scale = np.nanstd(answers, axis=0)  # the iteration is on items of one spread
    patterns = missing_patterns(answers / scale)
    found = saturated_moments(patterns, k)
    if found is None or not found.converged:
        return None
    try:
        inverse = np.linalg.inv(observed_information(patterns, found.covariance, found.mean))[k:, k:] / n
    except np.linalg.LinAlgError:
        return None
    rows, columns = np.tril_indices(k)
    factor, size = n / (n - 1.0), scale[rows] * scale[columns]
    uncertainty = inverse * np.outer(size, size) * factor**2
    if not (np.diagonal(uncertainty) > 0).all():
        return None
    cov = found.covariance * np.outer(scale, scale) * factor
    return Ground(cov, found.mean * scale, present.sum(axis=0).astype(np.float64), n, answers, uncertainty)
