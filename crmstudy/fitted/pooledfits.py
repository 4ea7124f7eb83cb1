"""One model fitted to several completed data sets: pooled parameters, pooled tests, and fit indices made of these.

The pooled solution has the face of an ordinary :class:`~crmstudy.estimating.solution.Solution`: its parameters are
means,
its covariance matrix is Rubin's, its sample has the mean moments; so standardised solutions, defined parameters and
residuals follow by the same formulas as those of one data set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from crmstudy.errors import AnalysisError
from crmstudy.estimating.fitmeasures import FitMeasures
from crmstudy.estimating.inference import Inference
from crmstudy.estimating.layout import place, row_values
from crmstudy.estimating.options import SCALED_TESTS
from crmstudy.estimating.sample import Sample
from crmstudy.estimating.solution import Solution
from crmstudy.kernels.covariance.discrepancy import Point
from crmstudy.kernels.covariance.indices import ChiSquares
from crmstudy.kernels.covariance.information import GroupSample
from crmstudy.kernels.covariance.optimise import Optimum
from crmstudy.kernels.covariance.scaling import ScaledTest
from crmstudy.kernels.covariance.structure import Array, Layout, implied_moments
from crmstudy.kernels.incomplete import pooling
from crmstudy.kernels.incomplete.pooling import Pooled, PooledTest

Method = Literal["D2", "D3"]
#: Scaled tests whose differences are those of factors times degrees of freedom.
_DIVIDED = ("satorra.bentler", "yuan.bentler", "yuan.bentler.mplus")


@dataclass(frozen=True)
class PooledInference(Inference):
    """Tests of one model (or baseline) pooled over data sets; ``parts`` are those of each data set."""

    parts: tuple[Inference, ...] = ()
    method: Method = "D3"

    @cached_property
    def at_pooled(self) -> tuple[Point, ...] | None:
        """Every data set at the pooled parameters; None where one of them does not allow these."""
        theta = self.optimum.point.theta
        found = [part.objective.evaluate(theta, slopes=False) for part in self.parts]
        points = tuple(point for point in found if point is not None)
        return points if len(points) == len(found) else None

    @cached_property
    def statistics_at_pooled(self) -> Array:
        """Chi-square of every data set with the model at the pooled parameters, against its own saturated moments."""
        if self.at_pooled is None:
            return np.full(len(self.parts), np.nan)
        pairs = zip(self.parts, self.at_pooled, strict=True)
        return np.array([float(part.factors @ np.array(point.values)) for part, point in pairs])

    @cached_property
    def saturated_statistics(self) -> Array:
        """The same for the saturated model at the pooled moments."""
        means = self.options.meanstructure
        pooled = self.sample.groups
        return np.array(
            [
                sum(
                    factor * pooling.saturated_gap(own, mean_of.covariance, mean_of.mean, means=means)
                    for factor, own, mean_of in zip(part.factors, part.sample.groups, pooled, strict=True)
                )
                for part in self.parts
            ],
            dtype=float,
        )

    def test_by(self, method: Method) -> PooledTest:
        """The unscaled chi-square pooled by a method."""
        statistics = np.array([part.chisq for part in self.parts])
        if method == "D2":
            return pooling.statistics_test(statistics, self.df)
        at_pooled = float(np.mean(self.statistics_at_pooled - self.saturated_statistics))
        return pooling.likelihood_test(float(statistics.mean()), at_pooled, self.df, len(self.parts))

    @cached_property
    def test(self) -> PooledTest:
        """The unscaled chi-square pooled."""
        return self.test_by(self.method)

    @cached_property
    def chisq(self) -> float:
        """The pooled chi-square: df times the pooled F."""
        return self.test.chisq if self.df > 0 else 0.0

    @cached_property
    def scaled(self) -> ScaledTest | None:
        """The pooled chi-square, then scaled by the mean factor (and shift) of the data sets."""
        if self.options.test not in SCALED_TESTS or self.df <= 0:
            return None
        return self.scaled_from(self.chisq)

    def scaled_from(self, chisq: float) -> ScaledTest | None:
        """A pooled chi-square scaled by the mean factor (and shift) of the data sets."""
        tests = [test for part in self.parts if (test := part.scaled) is not None]
        if len(tests) < len(self.parts):
            return None
        factor, df, trace = (
            float(np.mean([getattr(test, name) for test in tests])) for name in ("scaling_factor", "df", "trace")
        )
        shift = float(np.mean([test.shift for test in tests]))
        statistic = max(chisq / factor + (0.0 if np.isnan(shift) else shift), 0.0)
        return ScaledTest(tests[0].name, statistic, df, float(chdtrc(df, statistic)), factor, shift, trace)

    @cached_property
    def of_scaled(self) -> PooledTest | None:
        """The scaled statistics of the data sets pooled by D2."""
        tests = [test for part in self.parts if (test := part.scaled) is not None]
        if len(tests) < len(self.parts) or self.df <= 0:
            return None
        df = float(np.mean([test.df for test in tests]))
        return pooling.statistics_test(np.array([test.statistic for test in tests]), df)

    @property
    def p_value(self) -> float:
        """Of the pooled chi-square."""
        known = self.df > 0 and self.options.discrepancy != "ULS"
        return self.test.chisq_p_value if known else float("nan")


def pool_inferences(
    parts: Sequence[Inference], sample: Sample, layouts: Sequence[Layout], method: Method
) -> PooledInference:
    """The inferences of one model in every data set, pooled; ``layouts`` are those of the pooled sample."""
    theta = np.mean([part.optimum.point.theta for part in parts], axis=0)
    moments = tuple(implied_moments(layout, theta) for layout in layouts)
    point = Point(theta, float("nan"), np.zeros(len(theta)), (), moments)
    hessian = np.mean([part.optimum.hessian for part in parts], axis=0)
    first = parts[0]
    optimum = Optimum(point, hessian, max(part.optimum.distance for part in parts), 0, True)
    return PooledInference(first.objective, optimum, sample, first.options, first.df, tuple(parts), method)


@dataclass(frozen=True)
class PooledMeasures(FitMeasures):
    """Fit indices made of the pooled chi-squares of model and baseline, and of pooled moments."""

    parts: tuple[FitMeasures, ...] = ()

    @property
    def pooled_model(self) -> PooledInference:
        """The pooled inference of the model."""
        if not isinstance(self.model, PooledInference):
            raise TypeError("Pooled measures are made of a pooled inference.")
        return self.model

    @cached_property
    def baseline(self) -> PooledInference | None:
        """The baseline model fitted to every data set, pooled; None where one of them has none."""
        found = [base for part in self.parts if (base := part.baseline) is not None]
        if len(found) < len(self.parts):
            return None
        # the layouts differ by the moments of fixed variables only, which the tests do not need
        return pool_inferences(found, self.model.sample, found[0].information.layouts, self.pooled_model.method)

    @cached_property
    def baseline_figures(self) -> tuple[float, int]:
        """Pooled chi-square and df of the baseline."""
        base = self.baseline
        return (float("nan"), 0) if base is None else (base.chisq, base.df)

    @cached_property
    def robust_chisqs(self) -> ChiSquares | None:
        """For robust indices; none for incomplete rows within the data sets."""
        return None if self.model.options.fiml else super().robust_chisqs

    def all(self) -> dict[str, float]:
        """Every index that several data sets have."""
        test = self.pooled_model
        found: dict[str, float] = {"npar": self.npar, **self.statistics()}
        if test.df > 0:
            found |= {"ariv": test.test.increase, "fmi": test.test.missing_information}
        found |= self.incremental()
        if test.method == "D3" and test.at_pooled is not None:
            found |= self.likelihoods()
        found |= {"ntotal": float(test.sample.n), **self.approximation(), **self.residual()}
        return found

    def likelihoods(self) -> dict[str, float]:
        """Mean log-likelihoods at the pooled parameters and the pooled saturated moments, and criteria made of them."""
        model = self.pooled_model
        logl, saturated = [], []
        for part, point, worse in zip(self.parts, model.at_pooled or (), model.saturated_statistics, strict=True):
            there = replace(part.model, optimum=replace(part.model.optimum, point=point))
            found = FitMeasures(self.table, there, self.npar).likelihoods()
            logl.append(found["logl"])
            saturated.append(found["unrestricted_logl"] - worse / 2.0)
        mean, n, q = float(np.mean(logl)), float(model.sample.n), self.npar
        return {
            "logl": mean, "unrestricted_logl": float(np.mean(saturated)), "aic": -2.0 * mean + 2.0 * q,
            "bic": -2.0 * mean + q * float(np.log(n)), "bic2": -2.0 * mean + q * float(np.log((n + 2.0) / 24.0)),
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class PooledSolution(Solution):
    """A model's solutions in several data sets, pooled by Rubin's rules.

    ``averaged`` takes one relative increase in variance for all parameters.
    """

    parts: tuple[Solution, ...] = ()
    pooled: Pooled = field(default_factory=lambda: Pooled(np.zeros(0), np.zeros((0, 0)), np.zeros((0, 0)), 0))
    averaged: bool = False

    @cached_property
    def vcov(self) -> Array:
        """Covariance matrix of the pooled free parameters, (q, q)."""
        return self.pooled.scaled if self.averaged else self.pooled.total

    @cached_property
    def tests(self) -> PooledInference:
        """The pooled tests."""
        if not isinstance(self.inference, PooledInference):
            raise TypeError("A pooled solution has a pooled inference.")
        return self.inference

    def by(self, method: Method) -> PooledSolution:
        """The same with the tests pooled by another method."""
        return replace(self, inference=replace(self.tests, method=method))

    @cached_property
    def measures(self) -> PooledMeasures:
        """What fit indices are made of."""
        parts = tuple(part.measures for part in self.parts)
        return PooledMeasures(self.table, self.inference, self.npar, parts)


def pool_solutions(parts: Sequence[Solution], method: Method) -> PooledSolution:
    """Pool the solutions of the same model in at least two completed data sets."""
    first = parts[0]
    sample = pooled_sample([part.sample for part in parts])
    placement = place(first.table, sample.covariances, sample.means)
    inference = pool_inferences([part.inference for part in parts], sample, placement.layouts, method)
    theta = np.array([part.theta for part in parts])
    pooled = pooling.pool(theta, np.array([part.vcov for part in parts]))
    return PooledSolution(
        spec=first.spec,
        prepared=replace(first.prepared, sample=sample, placement=placement),
        inference=inference,
        estimates=row_values(first.table, placement, pooled.estimate),
        npar=first.npar,
        has_errors=True,
        parts=tuple(parts),
        pooled=pooled,
    )


def pooled_sample(samples: Sequence[Sample]) -> Sample:
    """A sample with the mean moments of several."""
    groups = []
    for number, first in enumerate(samples[0].groups):
        own = [sample.groups[number] for sample in samples]
        covariance = np.mean([group.covariance for group in own], axis=0)
        mean = np.mean([group.mean for group in own], axis=0)
        groups.append(GroupSample(first.n, covariance, mean, first.given, clusters=first.clusters))
    return replace(samples[0], groups=tuple(groups))


def usual_method(solution: Solution) -> Method:
    """D3 where there is a likelihood and a mere scaling factor, as semTools; else D2."""
    likelihood = solution.options.discrepancy == "ML" and solution.options.test != "scaled.shifted"
    return "D3" if likelihood else "D2"


def pooled_difference(
    restricted: PooledSolution, free: PooledSolution, method: Method | None = None
) -> tuple[PooledTest, ScaledTest | None]:
    """Likelihood-ratio test of two nested models over the same data sets.

    D2 pools the differences of the chi-squares, D3 compares the likelihoods at the pooled parameters of both models. A
    robust test divides the pooled chi-square by the factor of Satorra & Bentler (2001) made of mean factors.

    Parameters
    ----------
    restricted, free : PooledSolution
        The model with more, and the one with fewer degrees of freedom; fitted to the same data sets.
    method : {"D2", "D3"}, optional
        How the test is pooled; that of the fits when left out.

    Returns
    -------
    PooledTest, ScaledTest or None
        The unscaled test, and its scaled version where the fits are robust.

    Raises
    ------
    AnalysisError
        When the models were not fitted to the same data sets, are not nested by their degrees of freedom, or have
        shifted tests.
    """
    less, more = restricted.tests, free.tests
    df, how = less.df - more.df, method or less.method
    if df <= 0:
        raise AnalysisError(
            f"the restricted model must have more degrees of freedom than the free one; found {less.df} and {more.df}.",
            "SEM_POOLED_NOT_COMPARABLE",
        )
    if len(less.parts) != len(more.parts) or less.sample.n != more.sample.n:
        raise AnalysisError(
            f"pooled models are compared over the same data sets; found {len(less.parts)} sets of {less.sample.n} rows "
            f"and {len(more.parts)} of {more.sample.n}. Fit both to the sets in which both converge.",
            "SEM_POOLED_NOT_COMPARABLE",
        )
    gaps = np.array([a.chisq - b.chisq for a, b in zip(less.parts, more.parts, strict=True)])
    if how == "D2":
        test = pooling.statistics_test(gaps, df)
    else:
        at_pooled = float(np.mean(less.statistics_at_pooled - more.statistics_at_pooled))
        test = pooling.likelihood_test(float(gaps.mean()), at_pooled, df, len(gaps))
    return test, _scaled_difference(less, more, test, df)


def _scaled_difference(less: PooledInference, more: PooledInference, test: PooledTest, df: int) -> ScaledTest | None:
    tests = [inference.scaled_from(0.0) for inference in (less, more) if inference.df > 0]
    robust = [found for found in tests if found is not None]
    if not robust:
        return None
    if any(found.name not in _DIVIDED for found in robust):
        raise AnalysisError(
            f"differences of the test {robust[0].name!r} cannot be scaled by factors. Use estimator='MLR' or 'MLM'.",
            "SEM_POOLED_NOT_COMPARABLE",
        )
    weights = [found.scaling_factor * found.df for found in robust]
    factor = (weights[0] - sum(weights[1:])) / df
    nothing = float("nan")
    if not factor > 0:
        return ScaledTest(robust[0].name, nothing, df, nothing, factor, nothing, factor * df)
    statistic = test.chisq / factor
    return ScaledTest(robust[0].name, statistic, df, float(chdtrc(df, statistic)), factor, nothing, factor * df)
