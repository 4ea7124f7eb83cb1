"""A structural equation model pooled over completed data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from crmstudy.drawing import PathDiagram
from crmstudy.errors import AnalysisError, ModelError, UnsupportedError, did_you_mean
from crmstudy.estimating.restricting import restrictions_of
from crmstudy.fitted.picture import path_diagram
from crmstudy.fitted.pooledfits import Method, PooledInference, PooledSolution, usual_method
from crmstudy.fitted.semresult import ByGroup, SemResult
from crmstudy.grammar.spec import parse_model
from crmstudy.grammar.ties import without_definitions
from crmstudy.kernels.covariance.structure import Array
from crmstudy.kernels.incomplete import pooling
from crmstudy.kernels.incomplete.pooling import PooledTest
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.results import SEM_COLUMNS, Result

#: Columns of the estimates beyond those of one data set.
POOLED_COLUMNS = (*SEM_COLUMNS, "df", "fmi", "riv")
_METHODS: tuple[Method, ...] = ("D3", "D2")
_RESIDUAL_KINDS = ("raw", "cor", "cor.bentler")


@dataclass(frozen=True)
class CompletedFit:
    """One data set: its fit, or why there is none; ``reason`` tells why it was left out."""

    number: int
    fit: SemResult | None
    reason: str


class PooledSemResult(Result):
    """A structural equation model pooled over completed data sets.

    ``.estimates`` has the columns of :class:`~crmstudy.fitted.semresult.SemResult` and ``df`` (of t; infinite where
    nothing is missing), ``fmi`` (share of missing information) and ``riv`` (relative increase in variance). Standard
    errors are Rubin's, W + (1 + 1/m)B parameter by parameter; the degrees of freedom are those for a large complete
    sample, (m - 1)(1 + 1/riv)², because the complete-data tests of these models are large-sample tests themselves.
    Other conventions: :meth:`estimates_by`. Standardised solutions and defined parameters are computed from the pooled
    parameters and the mean moments, their standard errors by the delta method.

    ``.fit`` has pooled chi-squares (D3 for likelihoods, else D2) and indices made of them and of those of the baseline;
    ``.tables`` has ``r_squared``, ``defined``, ``local_fit``, ``pooled_tests`` and ``imputations``.
    """

    kind: ClassVar[str] = "pooled_sem"

    def __init__(
        self,
        solution: PooledSolution,
        judged: tuple[CompletedFit, ...],
        notes: tuple[Note, ...],
        call: Mapping[str, Any],
    ) -> None:
        values = (("solution", solution), ("judged", judged), ("call", dict(call)), ("n", solution.sample.n))
        for name, value in values:
            object.__setattr__(self, name, value)
        face = SemResult(solution, (), call)
        object.__setattr__(self, "face", face)
        object.__setattr__(self, "notes", (*notes, *face.notes))

    solution: PooledSolution
    judged: tuple[CompletedFit, ...]
    face: SemResult

    @property
    def m(self) -> int:
        """Number of data sets pooled."""
        return self.solution.pooled.m

    @property
    def converged(self) -> bool:
        """True: only data sets in which the model converged are pooled."""
        return True

    @property
    def latent(self) -> tuple[str, ...]:
        """Names of the factors (and composites)."""
        return self.face.latent

    @property
    def observed(self) -> tuple[str, ...]:
        """Names of the observed variables."""
        return self.face.observed

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels of the groups; empty without groups."""
        return self.face.groups

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """One row a parameter, then the defined ones; columns :data:`POOLED_COLUMNS`."""
        return self.estimates_by()

    def estimates_by(
        self, *, variance: Literal["total", "average"] = "total", df: Literal["large", "small"] = "large"
    ) -> pd.DataFrame:
        """The estimates by other conventions.

        Parameters
        ----------
        variance : {"total", "average"}
            ``total`` is W + (1 + 1/m)B; ``average`` is (1 + ARIV)W with one relative increase for all parameters, the
            default of semTools (Li, Raghunathan & Rubin, 1991), steadier when m is small but wrong for parameters that
            lose more or less information than the average.
        df : {"large", "small"}
            Degrees of freedom for a large complete sample (Rubin, 1987), or bounded by the N - 1 of the complete data
            (Barnard & Rubin, 1999).
        """
        for name, value, known in (("variance", variance, ("total", "average")), ("df", df, ("large", "small"))):
            if value not in known:
                raise ModelError(f"{name}={value!r} does not exist; choose {known[0]!r} or {known[1]!r}.")
        s = self.solution
        face = SemResult(replace(s, averaged=True), (), self.call) if variance == "average" else self.face
        frame = face.estimates.copy()
        riv = self._increases()
        degrees = pooling.large_sample_df(riv, self.m)
        if df == "small":
            degrees = pooling.small_sample_df(riv, self.m, self.n - 1.0)
        statistic, errors = frame["statistic"].to_numpy(), frame["std_error"].to_numpy()
        reach = stdtrit(degrees, 0.5 + s.level / 2.0) * errors
        fixed = ~np.isfinite(riv)
        reach = np.where(fixed, 0.0 * errors, reach)
        untested = frame["p_value"].isna()  # fixed, or at its bound in every set
        frame["p_value"] = np.where(untested, np.nan, 2.0 * stdtr(degrees, -np.abs(statistic)))
        frame["ci_low"], frame["ci_high"] = frame["estimate"] - reach, frame["estimate"] + reach
        frame["df"], frame["fmi"], frame["riv"] = degrees, riv / (1.0 + riv), riv
        return frame[list(POOLED_COLUMNS)]

    def _increases(self) -> Array:
        """Relative increase of every row, then of the defined parameters; NaN for fixed rows."""
        pooled, numbers = self.solution.pooled, self.solution.numbers
        rows = np.concatenate([[np.nan], pooled.increase])[numbers]
        values, _, slopes = self.solution.defined
        return np.concatenate([rows, pooled.along(values, slopes).increase])

    @cached_property
    def fit(self) -> pd.Series[Any]:
        """Fit indices made of pooled chi-squares, under lavaan's names; see :meth:`fit_by`."""
        return self.fit_by(self.solution.tests.method)

    def fit_by(self, method: Method) -> pd.Series[Any]:
        """Fit indices from chi-squares pooled by ``D2`` (statistics) or ``D3`` (likelihoods).

        Robust statistics are the pooled chi-squares scaled by the mean factors of the data sets.

        Raises
        ------
        ModelError
            When ``method`` does not exist, or is D3 where there is no likelihood.
        """
        self._check_method(method)
        return pd.Series(self.solution.by(method).measures.all(), dtype=float)

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """``r_squared``, ``defined``, ``local_fit``, ``pooled_tests`` and ``imputations``."""
        kept = self.face.tables
        rows = self.estimates
        columns = ["label", "rhs", "estimate", "std_error", "ci_low", "ci_high", "df", "fmi", "riv"]
        defined = rows.loc[rows["op"] == ":=", columns].rename(columns={"rhs": "expression"})
        return {
            "r_squared": kept["r_squared"],
            "defined": defined.reset_index(drop=True),
            "local_fit": kept["local_fit"],
            "pooled_tests": self._pooled_tests(),
            "imputations": self._imputations(),
        }

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Rows used and dropped in each data set, by group, and the number of data sets pooled."""
        return self.face.samples.assign(imputations=self.m)

    @property
    def vcov(self) -> pd.DataFrame:
        """Total covariance matrix of the pooled free parameters."""
        return self.face.vcov

    @property
    def r_squared(self) -> pd.Series[float]:
        """Explained share of the variance of every dependent variable, at the pooled parameters."""
        return self.face.r_squared

    @property
    def implied(self) -> ByGroup:
        """Covariance matrix of the observed variables implied by the pooled parameters."""
        return self.face.implied

    @property
    def latent_covariances(self) -> ByGroup:
        """Covariance matrix of the factors implied by the pooled parameters."""
        return self.face.latent_covariances

    @property
    def latent_correlations(self) -> ByGroup:
        """Correlations of the factors implied by the pooled parameters."""
        return self.face.latent_correlations

    def residuals(self, kind: str = "raw") -> ByGroup:
        """Mean sample moments minus those implied by the pooled parameters.

        Parameters
        ----------
        kind : {"raw", "cor", "cor.bentler"}
            In units of the data; as correlations (each side over its own standard deviations, or both over those of
            the sample).

        Raises
        ------
        UnsupportedError
            For other kinds: standard errors of pooled residuals are not built.
        """
        if kind not in _RESIDUAL_KINDS:
            hint = did_you_mean(kind, _RESIDUAL_KINDS)
            raise UnsupportedError(
                f"residuals(kind={kind!r}) of pooled fits is not built; choose {', '.join(_RESIDUAL_KINDS)}.{hint}"
            )
        return self.face.residuals(kind)

    def monte_carlo(self, n: int = 20_000, *, level: float | None = None, seed: int | None = None) -> pd.DataFrame:
        """Monte Carlo intervals of the defined parameters from the pooled parameters and their total covariances."""
        return self.face.monte_carlo(n, level=level, seed=seed)

    def to_lavaan(self) -> str:
        """The model as lavaan reads it."""
        return self.face.to_lavaan()

    def wald(self, constraints: str | Sequence[str]) -> PooledTest:
        """Whether constraints hold together: D1, an F test made of pooled parameters (Li, Raghunathan & Rubin, 1991).

        Parameters
        ----------
        constraints : str or sequence of str
            Equalities over labels (``"a == b; c == 0"``), or names of parameters that are all 0 (labels, or
            ``"y ~ x"``).

        Raises
        ------
        ModelError
            When a constraint cannot be read or names no free parameter.
        AnalysisError
            When the constraints say the same twice.
        """
        values, slopes = self._gaps(constraints)
        pooled = self.solution.pooled.along(values, slopes)
        spread = pooling.covariance_rank(pooled.within)
        if spread < len(values):
            raise AnalysisError(
                f"the {len(values)} constraints must differ, but only {spread} of them do. Leave out what follows from "
                "the others.",
                "SEM_POOLED_CONSTRAINTS",
            )
        return pooling.wald_test(pooled)

    @property
    def text(self) -> str:
        """Fit in one APA sentence."""
        method = self.solution.tests.method
        how = f" by {method}" if self.solution.df > 0 else ""
        told = self.face.text
        mark = "" if self.admissible else " The solution is INADMISSIBLE and must not be interpreted."
        return f"Pooled over {write_number(self.m, 'n')} completed data sets{how}: {told}{mark}"

    def plot(self) -> PathDiagram:
        """The path diagram with pooled standardised coefficients."""
        return path_diagram(self.solution, self.estimates, self.r_squared, admissible=self.admissible)

    def _check_method(self, method: str) -> None:
        if method not in _METHODS:
            raise ModelError(f"method={method!r} does not exist; choose 'D2' or 'D3'.{did_you_mean(method, _METHODS)}")
        if method == "D3" and usual_method(self.solution) != "D3":
            o = self.solution.options
            raise ModelError(
                f"D3 compares likelihoods, but estimator={o.estimator!r} with test={o.test!r} has none; use 'D2'."
            )

    def _pooled_tests(self) -> pd.DataFrame:
        tests = self.solution.tests
        if tests.df <= 0:
            rows: list[dict[str, Any]] = []
        elif tests.of_scaled is None:
            rows = [_test_row(test.method, test) for test in self._plain_tests(tests)]
        else:
            rows = [_test_row("D2", tests.of_scaled)]
            for test in self._plain_tests(tests):
                scaled = tests.scaled_from(test.chisq)
                if scaled is not None:
                    df = scaled.df
                    rows.append({
                        **_test_row(f"{test.method}, then scaled", test), "statistic": scaled.statistic / df, "df1": df,
                        "df2": np.inf, "p_value": scaled.p_value, "chisq": scaled.statistic,
                        "chisq_p_value": scaled.p_value, "scaling_factor": scaled.scaling_factor,
                    })  # fmt: skip
        return pd.DataFrame(rows, columns=list(_TEST_COLUMNS))

    def _plain_tests(self, tests: PooledInference) -> list[PooledTest]:
        methods = _METHODS if usual_method(self.solution) == "D3" else _METHODS[1:]
        return [tests.test_by(method) for method in methods]

    def _imputations(self) -> pd.DataFrame:
        rows = []
        for one in self.judged:
            fit = one.fit
            known = fit is not None and fit.converged and fit.solution.df >= 0
            rows.append(
                {
                    "imputation": one.number,
                    "used": not one.reason,
                    "converged": fit is not None and fit.converged,
                    "admissible": fit is not None and fit.admissible,
                    "n": 0 if fit is None else fit.n,
                    "chisq": fit.solution.inference.chisq if fit is not None and known else np.nan,
                    "reason": one.reason,
                }
            )
        return pd.DataFrame(rows)

    def _gaps(self, constraints: str | Sequence[str]) -> tuple[Array, Array]:
        """Values and slopes of what should be 0."""
        texts = [constraints] if isinstance(constraints, str) else list(constraints)
        pieces = [piece.strip() for text in texts for piece in text.replace("\n", ";").split(";") if piece.strip()]
        if not pieces:
            raise ModelError("wald() wants constraints such as 'a == b' or names of parameters; found none.")
        s = self.solution
        values: list[Array] = []
        slopes: list[Array] = []
        written = [piece for piece in pieces if "==" in piece]
        if written:
            spec = parse_model("\n".join([str(s.spec), *written]))
            fresh = spec.constraints[len(s.spec.constraints) :]
            table = replace(s.table, constraints=tuple(without_definitions(fresh, s.table.definitions)))
            found = restrictions_of(table)
            if found is not None:
                values.append(found.equal(s.theta))
                slopes.append(found.equal_slopes(s.theta))
        names = {_squeezed(name): at for at, name in enumerate(s.table.free_names())}
        names |= {_squeezed(row.name): row.free - 1 for row in s.table.rows if row.free and row.group == 1}
        faults = []
        for piece in pieces:
            key = _squeezed(piece)
            if "==" not in piece and key not in names:
                faults.append(f"'{piece}' is no free parameter of the model.{did_you_mean(key, names)}")
            elif "==" not in piece:
                values.append(s.theta[[names[key]]])
                slopes.append(np.eye(len(s.theta))[[names[key]]])
        if faults:
            raise ModelError(faults)
        return np.concatenate(values), np.vstack(slopes)


def _squeezed(name: str) -> str:
    return "".join(name.split())


_TEST_COLUMNS = (
    "method", "statistic", "df1", "df2", "p_value", "ariv", "fmi", "chisq", "chisq_p_value", "scaling_factor",
)  # fmt: skip


def _test_row(name: str, test: PooledTest) -> dict[str, Any]:
    return {
        "method": name, "statistic": test.statistic, "df1": test.df1, "df2": test.df2, "p_value": test.p_value,
        "ariv": test.increase, "fmi": test.missing_information, "chisq": test.chisq,
        "chisq_p_value": test.chisq_p_value, "scaling_factor": np.nan,
    }  # fmt: skip
