"""Fit indices of a fitted model under lavaan's names (dots as underscores), scaled and robust ones where they apply."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from crmstudy.estimating.auxiliary import auxiliary_pairs, own_variables
from crmstudy.estimating.baseline import baseline_inference
from crmstudy.estimating.inference import Inference
from crmstudy.grammar.table import ParameterTable
from crmstudy.kernels.covariance import indices
from crmstudy.kernels.covariance.discrepancy import stacked_moments
from crmstudy.kernels.covariance.incomplete_fit import CompleteDataFit, complete_data_fit
from crmstudy.kernels.covariance.indices import ChiSquares, Residuals
from crmstudy.kernels.covariance.structure import Indices
from crmstudy.kernels.moments import available_moments

_ROBUST_TESTS = ("satorra.bentler", "yuan.bentler.mplus", "yuan.bentler", "scaled.shifted")
#: The names that a model without convergence, or with fewer moments than parameters, has all the same.
COUNTS = ("npar", "ntotal", "df")
_INCREMENTAL: dict[str, Callable[[ChiSquares], float]] = {
    "cfi": indices.cfi, "tli": indices.tli, "nnfi": indices.tli, "rfi": indices.rfi, "nfi": indices.nfi,
    "pnfi": indices.pnfi, "ifi": indices.ifi, "rni": indices.rni,
}  # fmt: skip
_ROBUST_INCREMENTAL = ("cfi", "tli", "nnfi", "rni")


@dataclass(frozen=True)
class FitMeasures:
    """Everything that fit indices are made of."""

    table: ParameterTable
    model: Inference
    npar: int

    @cached_property
    def baseline_pairs(self) -> tuple[tuple[int, int], ...]:
        """Covariances that the baseline model has as well: those of auxiliary variables."""
        return auxiliary_pairs(self.table)

    @cached_property
    def exogenous(self) -> Indices:
        """Where the exogenous variables stand."""
        names = self.table.observed
        return np.array([names.index(name) for name in self.table.exogenous], dtype=np.intp)

    @cached_property
    def baseline(self) -> Inference | None:
        """The fitted baseline model."""
        return baseline_inference(self.model.sample, self.exogenous, self.model.options, self.baseline_pairs)

    @cached_property
    def baseline_figures(self) -> tuple[float, int]:
        """Chi-square and df of the baseline; in closed form where it has one."""
        m = self.model
        p, x = len(self.table.observed), len(self.exogenous)
        if m.is_plain and not m.options.fiml and not self.baseline_pairs and not m.options.is_robust:
            mask = np.isin(np.arange(p), self.exogenous)
            found = sum(indices.baseline_chisq(group.covariance, mask, group.n) for group in m.sample.groups)
            df = p * (p + 1) // 2 - x * (x + 1) // 2 - (p - x)
            return float(found), df * len(m.sample.groups)
        base = self.baseline
        return (math.nan, 0) if base is None else (base.chisq, base.df)

    @cached_property
    def chisqs(self) -> ChiSquares:
        """The unscaled statistics."""
        chisq, df = self.baseline_figures
        m = self.model
        return ChiSquares(m.chisq, m.df, chisq, df, m.n_of_errors, len(m.sample.groups))

    def all(self) -> dict[str, float]:
        """Every index by its name."""
        found: dict[str, float] = {"npar": self.npar, "fmin": self.fmin(), **self.statistics(), **self.incremental()}
        if self.model.options.discrepancy == "ML":
            found |= self.likelihoods()
        found |= {"ntotal": float(self.model.sample.n), **self.approximation(), **self.residual(), **self.others()}
        return found

    def fmin(self) -> float:
        """Half the minimum, as lavaan prints it."""
        return max(self.model.optimum.point.value, 0.0) / 2.0

    def statistics(self) -> dict[str, float]:
        """Chi-square of model and baseline."""
        m, x = self.model, self.chisqs
        found = {"chisq": m.chisq, "df": float(m.df), "pvalue": m.p_value}
        scaled = m.scaled
        if scaled is not None:
            found |= {
                "chisq_scaled": scaled.statistic, "df_scaled": scaled.df, "pvalue_scaled": scaled.p_value,
                "chisq_scaling_factor": scaled.scaling_factor,
            }  # fmt: skip
        known = m.options.discrepancy != "ULS"
        found |= {
            "baseline_chisq": x.baseline_chisq, "baseline_df": x.baseline_df,
            "baseline_pvalue": indices.chisq_pvalue(x.baseline_chisq, x.baseline_df) if known else math.nan,
        }  # fmt: skip
        base = None if scaled is None or self.baseline is None else self.baseline.scaled
        if base is not None:
            found |= {
                "baseline_chisq_scaled": base.statistic, "baseline_df_scaled": base.df,
                "baseline_pvalue_scaled": base.p_value, "baseline_chisq_scaling_factor": base.scaling_factor,
            }  # fmt: skip
        return found

    @cached_property
    def scaled_chisqs(self) -> ChiSquares | None:
        """The scaled statistics."""
        scaled = self.model.scaled
        base = None if scaled is None or self.baseline is None else self.baseline.scaled
        if scaled is None or base is None:
            return None
        return replace(
            self.chisqs, chisq=scaled.statistic, df=scaled.df, baseline_chisq=base.statistic, baseline_df=base.df
        )

    @cached_property
    def robust_chisqs(self) -> ChiSquares | None:
        """Unscaled statistics with the means they have under the model, for robust indices."""
        scaled, x = self.model.scaled, self.chisqs
        if self.model.df <= 0:
            return None
        if self.model.options.fiml:
            found, base = self.complete_fits
            return (
                None
                if base is None
                else replace(
                    x, chisq=found.chisq, scale=found.scale, baseline_chisq=base.chisq, baseline_scale=base.scale
                )
            )
        other = None if scaled is None or self.baseline is None else self.baseline.scaled
        if scaled is None or other is None or scaled.name not in _ROBUST_TESTS:
            return None
        scales = []
        for test in (scaled, other):
            shifted = test.name == "scaled.shifted"
            scales.append(test.scaling_factor * (test.df - test.shift) / test.df if shifted else test.scaling_factor)
        return replace(x, scale=scales[0], baseline_scale=scales[1])

    @cached_property
    def complete_fits(self) -> tuple[CompleteDataFit, CompleteDataFit | None]:
        """Fit of incomplete data as if they were complete: of the model, and of the baseline where it was fitted."""
        normal = self.model.scaled is None
        unknown = CompleteDataFit(math.nan, math.nan)
        found = []
        for m in (self.model, self.baseline):
            if m is None:
                continue
            try:
                fit = complete_data_fit(m.information, m.basis, m.options.information[0], m.df, normal=normal)
            except np.linalg.LinAlgError:
                fit = unknown
            found.append(fit)
        return found[0], found[1] if len(found) > 1 else None

    def incremental(self) -> dict[str, float]:
        """CFI and its relatives."""
        found = {name: formula(self.chisqs) for name, formula in _INCREMENTAL.items()}
        if self.scaled_chisqs is not None:
            found |= {f"{name}_scaled": formula(self.scaled_chisqs) for name, formula in _INCREMENTAL.items()}
        if self.robust_chisqs is not None:
            found |= {f"{name}_robust": _INCREMENTAL[name](self.robust_chisqs) for name in _ROBUST_INCREMENTAL}
        elif self._saturated_robust:
            found |= {f"{name}_robust": math.nan for name in _ROBUST_INCREMENTAL}
        return found

    @property
    def _saturated_robust(self) -> bool:
        """Whether robust indices would apply, had the model degrees of freedom."""
        scaled = self.model.scaled
        return self.model.df == 0 and (scaled is not None or self.model.options.fiml)

    def likelihoods(self) -> dict[str, float]:
        """Log-likelihoods, conditional on the variables whose moments are given, and the criteria made of them."""
        m, q = self.model, self.npar
        n = float(m.sample.n)
        saturated, logl = 0.0, 0.0
        for number, (group, implied) in enumerate(zip(m.sample.groups, m.optimum.point.moments, strict=True)):
            part = group.covariance[np.ix_(group.given, group.given)]
            of_given = indices.normal_loglik(part, part, group.n) if len(group.given) else 0.0
            if group.patterns is not None:
                constant = sum(pattern.n * len(pattern.present) for pattern in group.patterns) * math.log(2 * math.pi)
                at_saturated = m.information.objective.blocks[number].saturated
                saturated += -0.5 * (constant + group.n * at_saturated) - of_given
                logl += -0.5 * (constant + group.n * (at_saturated + m.optimum.point.values[number])) - of_given
                continue
            gap = group.mean - implied.mu if self.table.meanstructure else None
            saturated += indices.normal_loglik(group.covariance, group.covariance, group.n) - of_given
            logl += indices.normal_loglik(group.covariance, implied.sigma, group.n, gap) - of_given
        found = {
            "logl": logl, "unrestricted_logl": saturated, "aic": -2.0 * logl + 2.0 * q,
            "bic": -2.0 * logl + q * math.log(n), "bic2": -2.0 * logl + q * math.log((n + 2) / 24),
        }  # fmt: skip
        scaled = m.scaled
        if scaled is not None and not math.isnan(scaled.scaling_h0):
            found |= {"scaling_factor_h1": scaled.scaling_h1, "scaling_factor_h0": scaled.scaling_h0}
        return found

    def approximation(self) -> dict[str, float]:
        """RMSEA with its interval and tests: plain, scaled and robust."""
        found = _rmsea_figures(self.chisqs, self.chisqs, "")
        scaled = self.model.scaled
        if scaled is not None:
            x = replace(self.chisqs, chisq=scaled.statistic, df=scaled.df)
            if scaled.name != "scaled.shifted":
                x = replace(self.chisqs, df=scaled.trace)
            found |= _rmsea_figures(x, x, "_scaled")
        robust = self.robust_chisqs
        if robust is not None:
            if self.model.options.fiml:
                limits = replace(robust, chisq=robust.chisq / robust.scale)
            else:
                factor = math.nan if scaled is None else scaled.scaling_factor
                statistic = math.nan if scaled is None else scaled.statistic
                limits = replace(robust, chisq=statistic, scale=factor)
            found |= _rmsea_figures(robust, limits, "_robust")
        elif self._saturated_robust:
            found |= _rmsea_figures(self.chisqs, self.chisqs, "_robust")
        return found

    @cached_property
    def residuals(self) -> list[Residuals]:
        """Sample and implied moments of each group, of the variables of the model itself."""
        means, own = self.table.meanstructure, own_variables(self.table)
        inside = np.ix_(own, own)
        return [
            Residuals(
                g.covariance[inside], i.sigma[inside], g.mean[own] if means else None, i.mu[own] if means else None
            )
            for g, i in zip(self.model.sample.groups, self.model.optimum.point.moments, strict=True)
        ]

    def residual(self) -> dict[str, float]:
        """Root mean square residuals: of covariances and means, weighted over groups."""
        shares = [group.n / self.model.sample.n for group in self.model.sample.groups]
        by_group = [indices.residual_figures(r) for r in self.residuals]
        return {name: sum(s * found[name] for s, found in zip(shares, by_group, strict=True)) for name in by_group[0]}

    def others(self) -> dict[str, float]:
        """GFI and its relatives, Hoelter's N, MFI, ECVI, and chi-square over df."""
        x = self.chisqs
        values, shares = self.gfis(), [group.n / self.model.sample.n for group in self.model.sample.groups]
        gfi = float(np.dot(values, shares))
        p = len(self.table.observed)
        moments = (p * (p + 1) // 2 + (p if self.table.meanstructure else 0)) * len(values)
        return {
            "cn_05": indices.critical_n(x, 0.05), "cn_01": indices.critical_n(x, 0.01), "gfi": gfi,
            "agfi": indices.agfi(gfi, moments, x.df), "pgfi": x.df / moments * gfi, "mfi": indices.mfi(x),
            "ecvi": indices.ecvi(x, self.npar), "chisq_df": x.chisq / x.df if x.df > 0 else math.nan,
        }  # fmt: skip

    def gfis(self) -> list[float]:
        """GFI of each group."""
        m = self.model
        if m.is_plain and not self.table.meanstructure:
            given = np.zeros(len(self.table.observed), dtype=bool)
            found = []
            for group, implied in zip(m.sample.groups, m.optimum.point.moments, strict=True):
                given[group.given] = True
                found.append(indices.gfi(group.covariance, implied.sigma, given))
            return found
        return [self._moment_gfi(number) for number in range(len(m.sample.groups))]

    def _moment_gfi(self, number: int) -> float:
        """GFI in the metric of the estimator; of incomplete rows, as lavaan, with moments of the available values."""
        m, means = self.model, self.table.meanstructure
        group, implied = m.sample.groups[number], m.optimum.point.moments[number]
        covariance, mean = group.covariance, group.mean
        if group.patterns is not None and group.values is not None and group.weights is None:
            covariance, mean = available_moments(group.values)
        sample = stacked_moments(covariance, mean if means else None)
        fitted = stacked_moments(implied.sigma, implied.mu if means else None)
        metrics = m.information.metrics
        if metrics is not None and metrics[number].ndim == 1:
            return indices.weighted_gfi(sample, fitted, metrics[number])
        rows = m.information.moment_rows(group) - (0 if means else len(group.mean))
        return indices.weighted_gfi(sample[rows], fitted[rows], m.information.of_moments(number, "expected"))


def _rmsea_figures(x: ChiSquares, limits: ChiSquares, ending: str) -> dict[str, float]:
    low, high = indices.rmsea_interval(limits)
    return {
        f"rmsea{ending}": indices.rmsea(x),
        f"rmsea_ci_lower{ending}": low,
        f"rmsea_ci_upper{ending}": high,
        f"rmsea_pvalue{ending}": indices.rmsea_pclose(limits),
        f"rmsea_notclose_pvalue{ending}": indices.rmsea_pnotclose(limits),
    }
