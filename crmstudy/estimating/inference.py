"""What follows from an optimum: covariances of the estimates and test statistics, as the options ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import chdtrc

from crmstudy.estimating.options import SATORRA_TESTS, SCALED_TESTS, SemOptions
from crmstudy.estimating.sample import Sample
from crmstudy.kernels.covariance import scaling
from crmstudy.kernels.covariance.constrained import null_space
from crmstudy.kernels.covariance.discrepancy import Discrepancy
from crmstudy.kernels.covariance.information import ModelInformation, least_squares_metrics
from crmstudy.kernels.covariance.optimise import Optimum, unit_diagonal
from crmstudy.kernels.covariance.scaling import MomentMetric, ScaledTest
from crmstudy.kernels.covariance.structure import Array


@dataclass(frozen=True)
class Inference:
    """Standard errors and tests of one model (or baseline) at its optimum.

    ``df`` are its degrees of freedom; everything else is computed when it is first asked for.
    """

    objective: Discrepancy
    optimum: Optimum
    sample: Sample
    options: SemOptions
    df: int

    @cached_property
    def information(self) -> ModelInformation:
        """Information matrices at the optimum."""
        metrics = least_squares_metrics(self.objective)
        return ModelInformation(self.objective, self.optimum.point, self.sample.groups, metrics)

    @cached_property
    def is_plain(self) -> bool:
        """Whether likelihood, weights and divisor are those of plain maximum likelihood."""
        return self.options.discrepancy == "ML" and self.options.likelihood == "normal"

    @property
    def n_of_errors(self) -> float:
        """What an inverse information is divided by: N, or N less the groups where covariances have divisor n - 1."""
        total = float(sum(group.n for group in self.sample.groups))
        return total if self.is_plain else total - len(self.sample.groups)

    @cached_property
    def factors(self) -> Array:
        """What the discrepancy of each group is multiplied with to give its chi-square."""
        return np.array([group.n - (0.0 if self.is_plain else 1.0) for group in self.sample.groups])

    @cached_property
    def group_chisqs(self) -> Array:
        """Contribution of every group to the chi-square."""
        found: Array = np.maximum(self.factors * np.array(self.optimum.point.values), 0.0)
        return found

    @cached_property
    def chisq(self) -> float:
        """The unscaled test statistic."""
        return float(self.group_chisqs.sum())

    @property
    def p_value(self) -> float:
        """Of the unscaled statistic; NaN without degrees of freedom and for ULS, whose distribution is unknown."""
        known = self.df > 0 and self.options.discrepancy != "ULS"
        return float(chdtrc(self.df, self.chisq)) if known else float("nan")

    @cached_property
    def basis(self) -> Array | None:
        """Directions in which the constraints that bind let the parameters move; None without constraints."""
        jacobian = self.optimum.jacobian
        return None if jacobian is None or not len(jacobian) else null_space(jacobian)

    def inverse(self, information: Array) -> Array:
        """Inverse of an information matrix of the parameters, within the constraints."""
        basis = self.basis
        if basis is None:
            return scaled_inverse(information)
        inside: Array = basis @ scaled_inverse(basis.T @ information @ basis) @ basis.T
        return inside

    @cached_property
    def bread(self) -> Array:
        """Inverse information that serves the standard errors."""
        kind = self.options.information[0]
        if kind == "expected" and self.is_plain and not self.options.fiml:
            return self.inverse(self.optimum.hessian / 2.0)
        return self.inverse(self.information.of_parameters(kind, structured=self.options.structured[0]))

    @cached_property
    def bread_of_test(self) -> Array:
        """Inverse information that serves the test."""
        o = self.options
        if o.information[0] == o.information[1] and o.by_moments[0] == o.by_moments[1]:
            return self.bread
        if o.information == ("expected", "expected"):
            return self.bread
        kind, structured = o.information[1], o.structured[1]
        found = self.information.of_parameters(kind, observed_by_moments=o.by_moments[1], structured=structured)
        return self.inverse(found)

    @cached_property
    def vcov(self) -> Array:
        """Covariance matrix of the free parameters, (q, q)."""
        se = self.options.se
        if se in ("robust.sem", "robust.cluster.sem"):
            middle = self.moment_metric(0).sandwich()
        elif se in ("robust.huber.white", "robust.cluster"):
            middle = self.information.meat()
        else:
            return self.bread / self.n_of_errors
        found: Array = self.bread @ middle @ self.bread / self.n_of_errors
        return (found + found.T) / 2.0

    def moment_metric(self, serving: int) -> MomentMetric:
        """Metric, slopes and Gamma for standard errors (0) or the test (1)."""
        kind = self.options.information[serving]
        if serving == 1 and kind == self.options.information[0]:
            return self._metric_of_errors
        if serving == 0:
            return self._metric_of_errors
        return scaling.moment_metric(self.information, kind, structured=self.options.structured[serving])

    @cached_property
    def _metric_of_errors(self) -> MomentMetric:
        return scaling.moment_metric(
            self.information, self.options.information[0], structured=self.options.structured[0]
        )

    @cached_property
    def scaled(self) -> ScaledTest | None:
        """The scaled test that the options ask for; None when they ask for none or there is nothing to test."""
        name = self.options.test
        if name not in SCALED_TESTS or self.df < 0:
            return None
        if self.df == 0:
            nothing = float("nan")
            return ScaledTest(name, self.chisq, 0, nothing, nothing, nothing, nothing)
        if name in SATORRA_TESTS:
            formulas = {
                "satorra.bentler": scaling.satorra_bentler,
                "scaled.shifted": scaling.scaled_shifted,
                "mean.var.adjusted": scaling.mean_and_variance_adjusted,
            }
            return formulas[name](self.moment_metric(1), self.bread_of_test, self.chisq, self.df)
        kind = self.options.information[1]
        formula = scaling.yuan_bentler if name == "yuan.bentler" else scaling.yuan_bentler_mplus
        return formula(self.information, self.bread_of_test, kind, self.chisq, self.df)


def scaled_inverse(matrix: Array) -> Array:
    """Inverse of a symmetric matrix, scaled to a unit diagonal for accuracy."""
    if not len(matrix):
        return matrix
    scaled, scale = unit_diagonal(matrix)
    inverse = np.linalg.inv(scaled)
    found: Array = (inverse + inverse.T) / 2.0 * np.multiply.outer(scale, scale)
    return found
