"""A fitted structural equation model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr

from crmstudy.drawing import PathDiagram
from crmstudy.errors import AnalysisError
from crmstudy.estimating import auxiliary
from crmstudy.estimating.auxiliary import Found
from crmstudy.estimating.fitmeasures import COUNTS
from crmstudy.estimating.replicates import Replicates
from crmstudy.estimating.solution import Solution
from crmstudy.fitted import effects, modification, prediction, reliabilities, residuals, score_tests
from crmstudy.fitted.export import to_semopy
from crmstudy.fitted.montecarlo import monte_carlo_intervals
from crmstudy.fitted.picture import path_diagram
from crmstudy.fitted.score_tests import ScoreTests
from crmstudy.grammar.table import Row
from crmstudy.kernels.covariance.structure import Array
from crmstudy.notes import Note
from crmstudy.numerals import index_phrase, p_phrase, write_number
from crmstudy.results import SEM_COLUMNS, Result

ByGroup = Any  # one value without groups, a dict from group label to value with them


class SemResult(Result):
    """A fitted structural equation model or confirmatory factor analysis.

    Besides what every :class:`~crmstudy.results.Result` has: ``.r_squared``, ``.implied``, ``.implied_means``,
    ``.residuals()``, ``.vcov``, ``.monte_carlo()``, ``.latent_correlations``, ``.latent_means``, ``.effects()``,
    ``.factor_scores()``, ``.reliability()``, ``.modification_indices()``, ``.score_tests()``, ``.to_lavaan()``,
    ``.to_semopy()``. With groups, matrices are dicts from group label to matrix. ``.fit`` has lavaan's names with
    underscores; ``.tables`` has ``r_squared``, ``defined``, ``local_fit`` (residual correlations, largest first) and,
    after a bootstrap, ``bootstrap``.
    Fixed parameters have a standard error of 0 and no test.
    """

    kind: ClassVar[str] = "sem"

    # The tables of Result are computed when they are first asked for: a bootstrap needs none of them.
    def __init__(self, solution: Solution, notes: tuple[Note, ...], call: Mapping[str, Any]) -> None:
        for name, value in (("solution", solution), ("call", dict(call)), ("n", solution.sample.n)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "notes", (*notes, *self._undefined_notes(), *self._bound_notes()))

    solution: Solution

    @property
    def converged(self) -> bool:
        """True when the gradient vanished at the solution."""
        return self.solution.optimum.converged

    @property
    def latent(self) -> tuple[str, ...]:
        """Names of the factors (and composites)."""
        return self.solution.table.latent

    @property
    def observed(self) -> tuple[str, ...]:
        """Names of the observed variables, in the order of the matrices (without auxiliary ones)."""
        names = self.solution.table.observed
        return tuple(names[at] for at in auxiliary.own_variables(self.solution.table))

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels of the groups; empty without groups."""
        labels = self.solution.sample.labels
        return labels if len(labels) > 1 else ()

    @property
    def rows(self) -> Any:
        """The complete rows a one-group model was fitted to, (n, p), or None when only moments were given."""
        groups = self.solution.sample.groups
        return groups[0].values if len(groups) == 1 and groups[0].patterns is None else None

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """One row a parameter, then the defined ones; columns :data:`~crmstudy.results.SEM_COLUMNS`."""
        solution = self.solution
        table = solution.table
        values = np.concatenate([solution.estimates, solution.defined[0]])
        errors = np.concatenate([solution.row_errors, solution.defined[1]])
        with np.errstate(invalid="ignore", divide="ignore"):
            statistic = np.where(errors > 0, values / errors, np.nan)
        low, high = solution.limits
        p_values = 2.0 * ndtr(-np.abs(statistic))
        p_values[: len(table.rows)][np.isin(solution.numbers, list(solution.pressed))] = np.nan
        rows: list[Row] = [
            *table.rows,
            *(Row(d.name, ":=", str(d.expression), label=d.name, block=0, level=0, group=0) for d in table.definitions),
        ]
        columns = {
            "lhs": [row.lhs for row in rows],
            "op": [row.op for row in rows],
            "rhs": [row.rhs for row in rows],
            "block": [row.block for row in rows],
            "level": [row.level for row in rows],
            "group": [row.group for row in rows],
            "label": [row.label or "" for row in rows],
            "estimate": values,
            "std_error": errors,
            "statistic": statistic,
            "p_value": p_values,
            "ci_low": low,
            "ci_high": high,
            **solution.standardised,
            **{f"{name}_se": column for name, column in solution.standardised_errors.items()},
        }
        return self._own(pd.DataFrame({name: columns[name] for name in SEM_COLUMNS}))

    @cached_property
    def fit(self) -> pd.Series[Any]:
        """Fit indices under lavaan's names; without convergence or with negative df only the counts."""
        s = self.solution
        if not self.converged or s.df < 0:
            counts = dict(zip(COUNTS, (s.npar, s.sample.n, s.df), strict=True))
            return pd.Series({**dict.fromkeys(_BASIC, np.nan), **counts}, dtype=float)
        found = s.measures.all()
        if s.replicates is not None and s.replicates.asked.kind == "bollen.stine":
            known = s.replicates.chisq[np.isfinite(s.replicates.chisq)]
            found["pvalue_bollen_stine"] = float(np.mean(known >= s.inference.chisq))
        return pd.Series(found, dtype=float)

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """``r_squared``, ``defined`` and ``local_fit``."""
        estimates = self.estimates
        defined = estimates.loc[estimates["op"] == ":=", ["label", "rhs", "estimate", "std_error", "ci_low", "ci_high"]]
        shares = self.r_squared.rename("r_squared")
        shares = shares.rename_axis(["group", "variable"] if self.groups else "variable")
        found = {
            "r_squared": shares.reset_index(),
            "defined": defined.rename(columns={"rhs": "expression"}).reset_index(drop=True),
            "local_fit": self._local_fit(),
        }
        if self.solution.drawn is not None:
            found["bootstrap"] = self._bootstrap_table(self.solution.drawn)
        return found

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Rows used and dropped, by group, with clusters and patterns where there are any."""
        sample = self.solution.sample
        table = pd.DataFrame(
            {
                "group": [label or "all" for label in sample.labels],
                "n": sample.rows_used,
                "dropped": list(sample.dropped),
            }
        )
        if sample.n_clusters:
            table["clusters"] = sample.n_clusters
        if self.solution.options.fiml:
            table["patterns"] = [len(group.patterns or ()) for group in sample.groups]
        return table

    @cached_property
    def r_squared(self) -> pd.Series[float]:
        """Explained share of the variance of every dependent variable: 1 - residual / implied variance.

        Missing where the residual variance is negative (a note of the result says so). With groups the index has
        group and variable.
        """
        s = self.solution
        dependent = {row.lhs for row in s.table.rows if row.op == "~"} - set(s.table.composites)
        dependent |= {row.rhs for row in s.table.rows if row.op == "=~"}
        implied = [
            {
                **dict(zip(s.placement.structural, np.diagonal(moments.phi), strict=True)),
                **dict(zip(s.table.observed, np.diagonal(moments.sigma), strict=True)),
            }
            for moments in s.moments
        ]
        shares = {
            (row.group, row.lhs): 1.0 - value / implied[row.group - 1][row.lhs] if value >= 0 else np.nan
            for row, value in zip(s.table.rows, s.estimates, strict=True)
            if row.op == "~~" and row.lhs == row.rhs and row.lhs in dependent
        }
        if not self.groups:
            return pd.Series({name: share for (_, name), share in shares.items()}, dtype=float)
        keys = [(self.groups[group - 1], name) for group, name in shares]
        return pd.Series(list(shares.values()), index=pd.MultiIndex.from_tuples(keys), dtype=float)

    @cached_property
    def implied(self) -> ByGroup:
        """Model-implied covariance matrix of the observed variables."""
        return self._by_group([self._square(moments.sigma) for moments in self.solution.moments])

    @cached_property
    def implied_means(self) -> ByGroup:
        """Model-implied means of the observed variables; those of the sample where means are not modelled."""
        s = self.solution
        means = [m.mu for m in s.moments] if s.table.meanstructure else s.sample.means
        return self._own(self._by_group([pd.Series(mean, index=s.table.observed) for mean in means]))

    @cached_property
    def latent_covariances(self) -> ByGroup:
        """Model-implied covariance matrix of the factors."""
        size = len(self.latent)
        return self._by_group(
            [
                pd.DataFrame(moments.phi[:size, :size], index=self.latent, columns=self.latent)
                for moments in self.solution.moments
            ]
        )

    @cached_property
    def latent_correlations(self) -> ByGroup:
        """Model-implied correlations of the factors."""
        size = len(self.latent)
        return self._by_group(
            [
                pd.DataFrame(_correlation(moments.phi[:size, :size]), index=self.latent, columns=self.latent)
                for moments in self.solution.moments
            ]
        )

    @cached_property
    def latent_means(self) -> ByGroup:
        """Model-implied means of the factors; 0 where means are not modelled."""
        size = len(self.latent)
        return self._by_group([pd.Series(m.eta[:size], index=self.latent) for m in self.solution.moments])

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the free parameters (labels, or ``lhs op rhs``).

        Raises
        ------
        AnalysisError
            When the model did not converge or is not identified, or standard errors were not asked for.
        """
        if self.solution.vcov is None:
            raise AnalysisError(self._why_no_errors(), "SEM_NO_STANDARD_ERRORS")
        names = self.solution.table.free_names()
        own = auxiliary.own_numbers(self.solution.table)
        return pd.DataFrame(self.solution.vcov, index=names, columns=names).iloc[own, own]

    def residuals(self, kind: str = "raw") -> ByGroup:
        """Sample minus implied covariances.

        Parameters
        ----------
        kind : {"raw", "cor", "cor.bentler", "normalized", "standardized", "standardized.mplus"}
            In units of the data; as correlations (each side over its own standard deviations, or both over those of
            the sample); over the standard errors of the sample moments, or of the residuals.

        Raises
        ------
        UnsupportedError
            For another kind.
        """
        return self._own(residuals.residuals(self.solution, kind))

    def mean_residuals(self, kind: str = "raw") -> ByGroup:
        """Sample minus implied means, of the kinds of :meth:`residuals`."""
        return self._own(residuals.mean_residuals(self.solution, kind))

    def residual_table(self, kind: str = "cor.bentler") -> pd.DataFrame:
        """Every residual with its z and p: ``lhs, op, rhs, group, residual, z, p_value``."""
        return self._own(residuals.residual_table(self.solution, kind))

    def residual_summary(self, kind: str = "cor.bentler", *, level: float = 0.90, close: float = 0.05) -> pd.DataFrame:
        """Root mean square residuals, biased and unbiased, with intervals and the test of close fit."""
        return residuals.residual_summary(self.solution, kind, level=level, close=close)

    def factor_scores(self, *, method: str = "regression", se: bool = False, append: bool = False) -> pd.DataFrame:
        """Factor scores of the rows used, one column a factor; see :func:`crmstudy.fitted.prediction.factor_scores`."""
        return self._own(prediction.factor_scores(self.solution, method=method, se=se, append=append))

    def indeterminacy(self) -> pd.DataFrame:
        """How well regression scores determine their factors: the correlation of each score with its factor."""
        return prediction.indeterminacy(self.solution)

    def effects(self, *, from_: Any = None, to: Any = None, standardized: bool = True) -> pd.DataFrame:
        """Total, direct and indirect effects with errors and intervals; see :func:`crmstudy.fitted.effects.effects`."""
        return effects.effects(self.solution, from_=from_, to=to, standardized=standardized)

    def modification_indices(self, minimum: float = 0.0, standardized: bool = True) -> pd.DataFrame:
        """What freeing each fixed parameter would gain, largest first: ``mi, mi_scaled, epc, sepc_*``.

        See :func:`crmstudy.fitted.modification.modification_indices`. A change made after looking at these is
        exploratory.
        """
        found = modification.modification_indices(self.solution, minimum=minimum, standardized=standardized)
        return self._own(found)

    def score_tests(self, add: str | None = None, *, cumulative: bool = False) -> ScoreTests:
        """Score tests of releasing equalities, or of adding parameters.

        See :func:`crmstudy.fitted.score_tests.score_tests`.
        """
        return score_tests.score_tests(self.solution, add, cumulative=cumulative)

    def reliability(self) -> pd.DataFrame:
        """Alpha, omega and AVE of every factor; see :func:`crmstudy.fitted.reliabilities.reliabilities`."""
        return reliabilities.reliabilities(self.solution)

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
        if self.solution.vcov is None:
            raise AnalysisError(self._why_no_errors(), "SEM_NO_STANDARD_ERRORS")
        return monte_carlo_intervals(self.solution, n, level=level, seed=seed)

    def to_lavaan(self) -> str:
        """The model as lavaan reads it."""
        return str(self.solution.spec)

    def to_semopy(self) -> str:
        """The model as semopy reads it.

        Raises
        ------
        UnsupportedError
            When semopy would read the model as another one: groups, means, constraints, factors not scaled by their
            first loading, start values, observed variables in regressions.
        """
        return to_semopy(self.solution)

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
        scaled = "chisq_scaled" in f and np.isfinite(f["chisq_scaled"])
        end, name = ("_scaled", "scaled χ²") if scaled else ("", "χ²")
        best = "_robust" if "cfi_robust" in f and np.isfinite(f["cfi_robust"]) else end
        interval = write_number((f[f"rmsea_ci_lower{best}"], f[f"rmsea_ci_upper{best}"]), "interval_r", decimals=3)
        df = f"{f['df_scaled']:.2f}".rstrip("0").rstrip(".") if scaled else f"{f['df']:.0f}"
        which = {"": "", "_scaled": "scaled ", "_robust": "robust "}[best]
        return (
            f"{name}({df}, N = {write_number(self.n, 'n')}) = {write_number(f[f'chisq{end}'], 'statistic')}, "
            f"{_p_part(f[f'pvalue{end}'])}{which}{index_phrase('CFI', f[f'cfi{best}'])}, "
            f"{which}{index_phrase('TLI', f[f'tli{best}'])}, "
            f"{which}{index_phrase('RMSEA', f[f'rmsea{best}'])}, 90% CI {interval}, "
            f"{index_phrase('SRMR', f['srmr'])}.{mark}"
        )

    def plot(self) -> PathDiagram:
        """The path diagram with standardised coefficients (of the first group, where there are several)."""
        return path_diagram(self.solution, self.estimates, self.r_squared, admissible=self.admissible)

    def _bootstrap_table(self, drawn: Replicates) -> pd.DataFrame:
        """Bias, standard error, limits and number of replicates of every estimate that varies."""
        columns = ["lhs", "op", "rhs", "group", "label", "estimate", "std_error", "ci_low", "ci_high"]
        table = self.estimates[columns].copy()
        table_of = self.solution.table
        shown = np.concatenate(
            [auxiliary.own_rows(table_of), len(table_of.rows) + np.arange(len(table_of.definitions), dtype=np.intp)]
        )
        values = drawn.columns["estimate"][:, shown]
        used = np.isfinite(values).sum(axis=0)
        means = np.where(np.isfinite(values), values, 0.0).sum(axis=0) / np.maximum(used, 1)
        table.insert(6, "bias", means - table["estimate"])
        table["replicates"] = used
        errors: Array = drawn.errors("estimate")[shown]
        return table[errors > 0].reset_index(drop=True)

    def _by_group(self, values: list[Any]) -> ByGroup:
        return dict(zip(self.groups, values, strict=True)) if self.groups else values[0]

    def _square(self, matrix: Array) -> pd.DataFrame:
        names = self.solution.table.observed
        return self._own(pd.DataFrame(matrix, index=names, columns=names))

    def _own(self, found: Found) -> Found:
        """What was found without rows and columns of auxiliary variables."""
        return auxiliary.own_frame(self.solution.table, found)

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
            for item, value in zip(definitions, self.solution.defined[0] if definitions else (), strict=True)
            if not np.isfinite(value)
        ]

    def _bound_notes(self) -> list[Note]:
        """A note when parameters stand at a bound."""
        if not self.solution.pressed:
            return []
        names = self.solution.table.free_names()
        pressed = [names[number - 1] for number in sorted(self.solution.pressed)]
        message = f"At a bound: {', '.join(pressed)}. A test of such a parameter has no known distribution."
        return [Note("SEM_AT_BOUND", message, "warning")]

    def _why_no_errors(self) -> str:
        if self.solution.options.se == "none" and self.solution.has_errors:
            return "there are no standard errors: se='none' was asked for."
        reasons = [note.message for note in self.notes if note.code in ("SEM_NOT_CONVERGED", "SEM_NOT_IDENTIFIED")]
        return "there are no standard errors: " + " ".join(reasons)

    def _local_fit(self) -> pd.DataFrame:
        parts = []
        for label, residual in zip(self.groups or ("",), self._residual_list(), strict=True):
            i, j = np.tril_indices(len(residual), -1)
            names = np.array(self.observed, dtype=object)
            part = pd.DataFrame({"lhs": names[j], "rhs": names[i], "residual": residual[i, j]})
            parts.append(part.assign(group=label) if self.groups else part)
        whole = pd.concat(parts, ignore_index=True)
        order = np.argsort(-np.abs(whole["residual"].to_numpy()), kind="stable")
        return whole.iloc[order].reset_index(drop=True)

    def _residual_list(self) -> list[Array]:
        found = self.residuals("cor")
        return [m.to_numpy() for m in found.values()] if self.groups else [found.to_numpy()]


#: Names that a model without indices has all the same.
_BASIC = (
    "npar", "fmin", "chisq", "df", "pvalue", "baseline_chisq", "baseline_df", "baseline_pvalue", "cfi", "tli", "nfi",
    "ifi", "rni", "logl", "unrestricted_logl", "aic", "bic", "bic2", "ntotal", "rmsea", "rmsea_ci_lower",
    "rmsea_ci_upper", "rmsea_pvalue", "rmr", "srmr", "gfi", "agfi",
)  # fmt: skip


def _p_part(p: float) -> str:
    """The p-value and a comma; nothing where there is none."""
    return f"{p_phrase(p)}, " if np.isfinite(p) else ""


def _correlation(covariance: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.sqrt(np.diagonal(covariance))
        return covariance / np.multiply.outer(deviation, deviation)
