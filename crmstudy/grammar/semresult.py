"""A fitted structural equation model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmstudy.drawing import Edge, Node, PathDiagram
from crmstudy.errors import AnalysisError, UnsupportedError, did_you_mean
from crmstudy.grammar.layout import Placement
from crmstudy.grammar.sample import SampleMoments
from crmstudy.grammar.spec import ModelSpec
from crmstudy.grammar.standardise import standardised
from crmstudy.grammar.table import ParameterTable, Row
from crmstudy.kernels import indices
from crmstudy.kernels.cbsem import Array, Implied
from crmstudy.kernels.optimise import Optimum
from crmstudy.kernels.resample import generator
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.results import SEM_COLUMNS, Result, records, sample_table

RESIDUAL_KINDS = ("raw", "cor")


@dataclass(frozen=True, eq=False)
class Solution:
    """What the estimation left: table, matrices, moments, optimum; ``estimates`` has a value for each table row.

    ``vcov`` (q, q) is the covariance matrix of the free parameters, or None when the model did not converge or is
    not identified.
    """

    spec: ModelSpec
    table: ParameterTable
    placement: Placement
    moments: SampleMoments
    optimum: Optimum
    estimates: Array
    vcov: Array | None
    df: int
    level: float
    se: str
    seed: int | None


class SemResult(Result):
    """A fitted structural equation model or confirmatory factor analysis.

    Besides what every :class:`~crmstudy.results.Result` has: ``.r_squared``, ``.implied``, ``.residuals()``,
    ``.vcov``, ``.monte_carlo()``, ``.latent_correlations``, ``.to_lavaan()``, ``.to_semopy()``. ``.fit`` has lavaan's
    names with underscores; ``.tables`` has ``r_squared``, ``defined`` and ``local_fit`` (residual correlations,
    largest first). Fixed parameters have a standard error of 0 and no test.
    """

    kind: ClassVar[str] = "sem"

    # The tables of Result are computed when they are first asked for: a bootstrap needs none of them.
    def __init__(self, solution: Solution, notes: tuple[Note, ...], call: Mapping[str, Any]) -> None:
        for name, value in (("solution", solution), ("call", dict(call)), ("n", solution.moments.n)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "notes", (*notes, *self._undefined_notes()))

    solution: Solution

    @property
    def converged(self) -> bool:
        """True when the gradient vanished at the solution."""
        return self.solution.optimum.converged

    @property
    def latent(self) -> tuple[str, ...]:
        """Names of the factors."""
        return self.solution.table.latent

    @property
    def observed(self) -> tuple[str, ...]:
        """Names of the observed variables, in the order of the matrices."""
        return self.solution.table.observed

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """One row a parameter, then the defined ones; columns :data:`~crmstudy.results.SEM_COLUMNS`."""
        solution = self.solution
        table = solution.table
        values = np.concatenate([solution.estimates, self._defined[0]])
        errors = np.concatenate([self._row_errors, self._defined[1]])
        with np.errstate(invalid="ignore", divide="ignore"):
            statistic = np.where(errors > 0, values / errors, np.nan)
        reach = float(ndtri(0.5 + solution.level / 2)) * errors
        std = standardised(table, solution.placement, solution.estimates, self._implied)
        rows: list[Row] = [
            *table.rows,
            *(Row(d.name, ":=", str(d.expression), label=d.name) for d in table.definitions),
        ]
        defined = np.arange(len(rows)) >= len(table.rows)
        frame = pd.DataFrame(
            {
                "lhs": [row.lhs for row in rows],
                "op": [row.op for row in rows],
                "rhs": [row.rhs for row in rows],
                "block": np.where(defined, 0, 1),
                "level": np.where(defined, 0, 1),
                "group": np.where(defined, 0, 1),
                "label": [row.label or "" for row in rows],
                "estimate": values,
                "std_error": errors,
                "statistic": statistic,
                "p_value": 2.0 * ndtr(-np.abs(statistic)),
                "ci_low": values - reach,
                "ci_high": values + reach,
                **std,
            }
        )
        return frame[list(SEM_COLUMNS)]

    @cached_property
    def fit(self) -> pd.Series[Any]:
        """Fit indices under lavaan's names; without convergence or with negative df only the counts."""
        s = self.solution
        n, sample = s.moments.n, s.moments.covariance
        counts: dict[str, float] = {"npar": s.table.n_free, "ntotal": n, "df": s.df}
        if not self.converged or s.df < 0:
            return pd.Series({**dict.fromkeys(_FIT_NAMES, np.nan), **counts}, dtype=float)
        sigma = self._implied.sigma
        exogenous = np.array([name in s.table.exogenous for name in s.table.observed])
        p, x = len(sample), int(exogenous.sum())
        value = max(s.optimum.point.value, 0.0)
        base_df = p * (p + 1) // 2 - x * (x + 1) // 2 - (p - x)
        chisqs = indices.ChiSquares(n * value, s.df, indices.baseline_chisq(sample, exogenous, n), base_df, n)
        low, high = indices.rmsea_interval(chisqs)
        given = exogenous if s.table.fixed_x else np.zeros_like(exogenous)
        gfi = indices.gfi(sample, sigma, given)
        found: dict[str, float] = {
            **counts,
            "fmin": value / 2,
            "chisq": chisqs.chisq,
            "pvalue": indices.chisq_pvalue(chisqs.chisq, s.df),
            "baseline_chisq": chisqs.baseline_chisq,
            "baseline_df": base_df,
            "baseline_pvalue": indices.chisq_pvalue(chisqs.baseline_chisq, base_df),
            **{name: formula(chisqs) for name, formula in indices.CHISQ_INDICES.items()},
            "rmsea_ci_lower": low,
            "rmsea_ci_upper": high,
            "rmsea_pvalue": indices.rmsea_pclose(chisqs),
            "srmr": indices.srmr(sample, sigma),
            "rmr": indices.rmr(sample, sigma),
            "gfi": gfi,
            "agfi": indices.agfi(gfi, p * (p + 1) // 2, s.df),
            **self._likelihoods(given),
        }
        return pd.Series([found[name] for name in _FIT_NAMES], index=_FIT_NAMES, dtype=float)

    def _likelihoods(self, given: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, float]:
        """Log-likelihoods, conditional on the variables whose moments are fixed, and the criteria made of them."""
        n, sample = self.n, self.solution.moments.covariance
        part = sample[np.ix_(given, given)]
        of_given = indices.normal_loglik(part, part, n) if given.any() else 0.0
        logl = indices.normal_loglik(sample, self._implied.sigma, n) - of_given
        q = self.solution.table.n_free
        return {
            "logl": logl,
            "unrestricted_logl": indices.normal_loglik(sample, sample, n) - of_given,
            "aic": -2.0 * logl + 2.0 * q,
            "bic": -2.0 * logl + q * float(np.log(n)),
            "bic2": -2.0 * logl + q * float(np.log((n + 2) / 24)),
        }

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """``r_squared``, ``defined`` and ``local_fit``."""
        estimates = self.estimates
        defined = estimates.loc[estimates["op"] == ":=", ["label", "rhs", "estimate", "std_error", "ci_low", "ci_high"]]
        return {
            "r_squared": self.r_squared.rename("r_squared").rename_axis("variable").reset_index(),
            "defined": defined.rename(columns={"rhs": "expression"}).reset_index(drop=True),
            "local_fit": self._local_fit(),
        }

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Rows used and dropped."""
        return sample_table(self.n, self.solution.moments.dropped)

    @cached_property
    def r_squared(self) -> pd.Series[float]:
        """Explained share of the variance of every dependent variable: 1 - residual / implied variance.

        Missing where the residual variance is negative (a note of the result says so).
        """
        s = self.solution
        implied = {**dict(zip(s.placement.structural, np.diagonal(self._implied.phi), strict=True)),
                   **dict(zip(s.table.observed, np.diagonal(self._implied.sigma), strict=True))}  # fmt: skip
        dependent = {row.lhs for row in s.table.rows if row.op == "~"}
        dependent |= {row.rhs for row in s.table.rows if row.op == "=~"}
        shares = {
            row.lhs: 1.0 - value / implied[row.lhs] if value >= 0 else np.nan
            for row, value in zip(s.table.rows, s.estimates, strict=True)
            if row.op == "~~" and row.lhs == row.rhs and row.lhs in dependent
        }
        return pd.Series(shares, dtype=float)

    @cached_property
    def implied(self) -> pd.DataFrame:
        """Model-implied covariance matrix of the observed variables."""
        return pd.DataFrame(self._implied.sigma, index=self.observed, columns=self.observed)

    @cached_property
    def latent_covariances(self) -> pd.DataFrame:
        """Model-implied covariance matrix of the factors."""
        size = len(self.latent)
        return pd.DataFrame(self._implied.phi[:size, :size], index=self.latent, columns=self.latent)

    @cached_property
    def latent_correlations(self) -> pd.DataFrame:
        """Model-implied correlations of the factors."""
        covariance = self.latent_covariances.to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            deviation = np.sqrt(np.diagonal(covariance))
            correlation = covariance / np.multiply.outer(deviation, deviation)
        return pd.DataFrame(correlation, index=self.latent, columns=self.latent)

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the free parameters (labels, or ``lhs op rhs``).

        Raises
        ------
        AnalysisError
            When the model did not converge or is not identified.
        """
        if self.solution.vcov is None:
            raise AnalysisError(self._why_no_errors(), "SEM_NO_STANDARD_ERRORS")
        names = self.solution.table.free_names()
        return pd.DataFrame(self.solution.vcov, index=names, columns=names)

    def residuals(self, kind: str = "raw") -> pd.DataFrame:
        """Sample minus implied covariances (``raw``), or sample minus implied correlations (``cor``)."""
        if kind not in RESIDUAL_KINDS:
            hint = did_you_mean(kind, RESIDUAL_KINDS)
            raise UnsupportedError(f"residuals(kind={kind!r}) is not built; this version has raw and cor.{hint}")
        sample, sigma = self.solution.moments.covariance, self._implied.sigma
        if kind == "cor":
            sample, sigma = _correlation(sample), _correlation(sigma)
        return pd.DataFrame(sample - sigma, index=self.observed, columns=self.observed)

    def monte_carlo(self, n: int = 20_000, *, level: float | None = None, seed: int | None = None) -> pd.DataFrame:
        """Monte Carlo intervals of the defined parameters.

        Free parameters are drawn from the normal distribution with their estimates and ``vcov``; the interval is made
        of percentiles of the definition over the draws (MacKinnon, Lockwood & Williams, 2004; Preacher & Selig, 2012).

        Parameters
        ----------
        n : int
            Number of draws, at least 1,000.
        level : float, optional
            Confidence level; that of the fit when left out.
        seed : int, optional
            Seed of the draws; that of the fit, else 0, when left out.

        Returns
        -------
        DataFrame
            ``label, estimate, std_error, ci_low, ci_high``; ``std_error`` is the standard deviation over the draws,
            ``.attrs["draws"]`` their number.

        Raises
        ------
        AnalysisError
            When there are no standard errors.
        """
        s = self.solution
        if s.vcov is None:
            raise AnalysisError(self._why_no_errors(), "SEM_NO_STANDARD_ERRORS")
        if n < 1000:
            raise AnalysisError(
                f"monte_carlo() needs at least 1,000 draws for its percentiles; found {n}.", "SEM_FEW_DRAWS"
            )
        level = s.level if level is None else level
        source = seed if seed is not None else (s.seed or 0)
        values, vectors = np.linalg.eigh(s.vcov)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normal = generator(source, "monte_carlo").standard_normal((n, len(values)))
        draws = s.optimum.point.theta + normal @ root.T
        named: dict[str, Any] = self._labelled(lambda number: draws[:, number])
        rows = []
        for item, estimate in zip(s.table.definitions, self._defined[0], strict=True):
            named[item.name] = drawn = item.expression.value(named) + np.zeros(n)
            undefined = int((~np.isfinite(drawn)).sum())
            figures = [np.nan, np.nan, np.nan]
            if not undefined:
                figures = [np.std(drawn, ddof=1), *np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])]
            rows.append((item.name, estimate, *map(float, figures), undefined))
        table = pd.DataFrame(rows, columns=["label", "estimate", "std_error", "ci_low", "ci_high", "undefined"])
        table.attrs["draws"] = n
        return table

    def to_lavaan(self) -> str:
        """The model as lavaan reads it."""
        return str(self.solution.spec)

    def to_semopy(self) -> str:
        """The model as semopy reads it.

        Raises
        ------
        UnsupportedError
            When semopy would read the model as another one: factors not scaled by their first loading, start values,
            observed variables in regressions.
        """
        s = self.solution
        faults = []
        for factor in self.latent:
            first = next(row for row in s.table.rows if row.op == "=~" and row.lhs == factor)
            if first.free or first.value != 1.0:
                faults.append(
                    f"semopy fixes the first loading of a factor at 1, but this model does not for '{factor}'."
                )
        if set(s.placement.structural) - set(self.latent):
            faults.append("semopy counts the moments of observed variables in regressions wrongly.")
        if faults:
            raise UnsupportedError(faults)
        lines = []
        for row in s.table.rows:
            modifier = ""
            if not row.free:
                modifier = f"{row.value!r}*"  # also of the first loading: semopy frees it once another is fixed
            elif row.label:
                modifier = f"{row.label}*"
            elif row.op == "~~" and row.lhs == row.rhs:
                continue
            lines.append(f"{row.lhs} {row.op} {modifier}{row.rhs}")
        return "\n".join(lines)

    @property
    def text(self) -> str:
        """Fit in one APA sentence, or why there is none."""
        if not self.converged:
            return f"The model did not converge (N = {write_number(self.n, 'n')}); its numbers must not be interpreted."
        f = self.fit
        mark = "" if self.admissible else " The solution is INADMISSIBLE and must not be interpreted."
        if self.solution.df < 0:
            return f"The model has {-self.solution.df} parameters more than the data have moments.{mark}"
        if self.solution.df == 0:
            return f"The model has no degrees of freedom to test its fit (N = {write_number(self.n, 'n')}).{mark}"
        interval = write_number((f["rmsea_ci_lower"], f["rmsea_ci_upper"]), "interval_r", decimals=3)
        return (
            f"χ²({f['df']:.0f}, N = {write_number(self.n, 'n')}) = {write_number(f['chisq'], 'statistic')}, "
            f"{p_phrase(f['pvalue'])}, CFI = {write_number(f['cfi'], 'index')}, "
            f"TLI = {write_number(f['tli'], 'index')}, "
            f"RMSEA = {write_number(f['rmsea'], 'index')}, 90% CI {interval}, "
            f"SRMR = {write_number(f['srmr'], 'index')}.{mark}"
        )

    def plot(self) -> PathDiagram:
        """The path diagram with standardised coefficients."""
        frame = self.estimates
        shares = self.r_squared
        paths = {name for row in self.solution.table.rows if row.op == "~" for name in (row.lhs, row.rhs)}
        nodes = [Node(name, "latent", name, _finite(shares.get(name))) for name in self.latent]
        for name in self.observed:
            nodes.append(Node(name, "observed", name, _finite(shares.get(name)) if name in paths else None))
        kinds: dict[str, Any] = {"=~": "loading", "~": "path", "~~": "covariance"}
        edges = []
        for row in records(frame):
            if row["op"] == ":=" or row["lhs"] == row["rhs"] or row["std_all"] is None:
                continue
            source, target = (row["rhs"], row["lhs"]) if row["op"] == "~" else (row["lhs"], row["rhs"])
            edges.append(Edge(source, target, kinds[row["op"]], row["std_all"], row["p_value"]))
        title = "Path diagram with standardised estimates"
        return PathDiagram(title, self._alternative(edges), tuple(nodes), tuple(edges), self.admissible)

    def _alternative(self, edges: list[Edge]) -> str:
        told = [f"{e.source} to {e.target} {write_number(e.value, 'r')}" for e in edges if e.kind == "path"]
        measured = f"{len(self.latent)} factors measured by {sum(e.kind == 'loading' for e in edges)} indicators"
        return f"Path diagram: {measured}" + (f"; paths: {', '.join(told)}." if told else ".")

    @property
    def _implied(self) -> Implied:
        return self.solution.optimum.point.moments[0]

    @cached_property
    def _row_errors(self) -> Array:
        """Standard errors of the table rows: 0 for fixed ones, NaN where they cannot be had."""
        s = self.solution
        numbers = np.array([row.free for row in s.table.rows])
        if s.vcov is None or s.se == "none":
            return np.where(numbers > 0, np.nan, 0.0)
        errors = np.concatenate([[0.0], np.sqrt(np.diagonal(s.vcov))])
        result: Array = errors[numbers]
        return result

    @cached_property
    def _defined(self) -> tuple[Array, Array]:
        """Values and delta-method standard errors of the defined parameters."""
        s = self.solution
        theta = s.optimum.point.theta
        unit = np.eye(len(theta))
        values: dict[str, Any] = self._labelled(lambda number: float(theta[number]))
        slopes: dict[str, Any] = self._labelled(lambda number: unit[number], fixed=np.zeros(len(theta)))
        errors = []
        for item in s.table.definitions:
            value, slope = item.expression.gradient(values, slopes)
            values[item.name], slopes[item.name] = float(value), slope + np.zeros(len(theta))
            if s.vcov is None or s.se == "none":
                errors.append(np.nan)
            else:
                errors.append(float(np.sqrt(max(slopes[item.name] @ s.vcov @ slopes[item.name], 0.0))))
        return np.array([values[d.name] for d in s.table.definitions], dtype=float), np.array(errors, dtype=float)

    def _undefined_notes(self) -> list[Note]:
        """A note for each defined parameter that has no value at the estimates."""
        definitions = self.solution.table.definitions
        return [
            Note(
                "SEM_UNDEFINED",
                f"'{item.name}' has no value at these estimates: {item.expression}.",
                "warning",
                item.name,
            )
            for item, value in zip(definitions, self._defined[0] if definitions else (), strict=True)
            if not np.isfinite(value)
        ]

    def _labelled(self, free: Any, fixed: Any = None) -> dict[str, Any]:
        """A value for every label: ``free(number)`` for free parameters, ``fixed`` (or its value) for fixed ones."""
        named: dict[str, Any] = {}
        for row in self.solution.table.rows:
            if row.label is not None and row.label not in named:
                named[row.label] = free(row.free - 1) if row.free else (row.value if fixed is None else fixed)
        return named

    def _why_no_errors(self) -> str:
        reasons = [note.message for note in self.notes if note.code in ("SEM_NOT_CONVERGED", "SEM_NOT_IDENTIFIED")]
        return "there are no standard errors: " + " ".join(reasons)

    def _local_fit(self) -> pd.DataFrame:
        residual = self.residuals("cor").to_numpy()
        i, j = np.tril_indices(len(residual), -1)
        order = np.argsort(-np.abs(residual[i, j]), kind="stable")
        names = np.array(self.observed, dtype=object)
        return pd.DataFrame({"lhs": names[j][order], "rhs": names[i][order], "residual": residual[i, j][order]})


_FIT_NAMES = (
    "npar", "fmin", "chisq", "df", "pvalue", "baseline_chisq", "baseline_df", "baseline_pvalue", "cfi", "tli", "nfi",
    "ifi", "rni", "logl", "unrestricted_logl", "aic", "bic", "bic2", "ntotal", "rmsea", "rmsea_ci_lower",
    "rmsea_ci_upper", "rmsea_pvalue", "rmr", "srmr", "gfi", "agfi",
)  # fmt: skip


def _correlation(covariance: Array) -> Array:
    deviation = np.sqrt(np.diagonal(covariance))
    return covariance / np.multiply.outer(deviation, deviation)


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
