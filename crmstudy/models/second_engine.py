"""A second, independent engine beside ours: semopy, statsmodels or pingouin computes the same numbers again.

The engines run inside one guard (:func:`consult`): what they print, warn about or raise becomes notes, and a check that
cannot be made never stops the analysis it checks.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, UnsupportedError
from crmstudy.kernels.moments import Array, complete_rows, covariance
from crmstudy.kernels.reliability.coefficients import alpha, alpha_std_error
from crmstudy.models.formula import build_design, read_formula
from crmstudy.notes import Level, Note
from crmstudy.numerals import write_number
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.scoring import analysis_frame
from crmstudy.selection import ItemSet, keyed_values, named_columns, numeric_values

if TYPE_CHECKING:
    from crmstudy.fitted.pooledresult import PooledSemResult
    from crmstudy.fitted.semresult import SemResult
    from crmstudy.measurement.reliability.reliability import ReliabilityResult
    from crmstudy.models.regression import RegressionResult

T = TypeVar("T")
#: A parameter: its name, our estimate, theirs, our standard error, theirs.
_Row: TypeAlias = tuple[str, float, float, float, float]
#: Two engines agree when no parameter differs by more than this share of its standard error.
AGREEMENT = 0.01
#: Difference in the test statistic from which two minima are not the same.
SAME_MINIMUM = 1e-3
_COLUMNS = ("parameter", "ours", "theirs", "difference", "in_se", "se_ours", "se_theirs")
_NAN = float("nan")
#: Warnings that are about the engine's code, not about the numbers.
_ABOUT_CODE = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning, SyntaxWarning)


@dataclass(frozen=True, eq=False, repr=False)
class EngineCheck(Result):
    """What a second engine found, beside what we found.

    ``estimates`` are the second engine's. Table ``differences``: parameter, ours, theirs, difference (theirs minus
    ours), in_se (the difference in our standard errors), se_ours, se_theirs (empty where the engine gives none).
    """

    engine: str = ""

    kind: ClassVar[str] = "second_engine"

    @property
    def largest(self) -> float:
        """The largest difference between two estimates, in our standard errors; NaN where one has no number."""
        return float(self.tables["differences"]["in_se"].abs().max(skipna=False))

    @property
    def largest_se(self) -> float:
        """The largest relative difference between two standard errors; NaN where the engine gives none."""
        table = self.tables["differences"]
        return float((table["se_theirs"] / table["se_ours"] - 1.0).abs().max())

    @property
    def agrees(self) -> bool:
        """True when something was compared and nothing differs by more than :data:`AGREEMENT` standard errors."""
        return self.largest <= AGREEMENT  # False for NaN

    @property
    def text(self) -> str:
        """The engine, the number of parameters compared, and the largest difference."""
        count = len(self.tables["differences"])
        compared = "1 parameter" if count == 1 else f"{write_number(count, 'n')} parameters"
        verb = "gives the same solution" if self.agrees else "gives ANOTHER solution"
        size = "less than 0.0001" if self.largest < 1e-4 else f"{self.largest:.4f}"
        return f"{self.engine} {verb}: among {compared} the largest difference is {size} standard errors."


def check_sem(result: SemResult | PooledSemResult, data: object = None) -> EngineCheck | Note:
    r"""Fit a structural equation model again with semopy and compare every free parameter.

    semopy is given the covariance matrix of the standardised variables (it stops early where scales differ much), and
    its estimates are brought back to the variables' own scales. It is asked to minimise to 1e-13, and whether it
    arrived is judged from its implied covariance matrix: :math:`N\,(F_{theirs}-F_{ours})` with
    :math:`F = \log|\Sigma| + \operatorname{tr}(S\Sigma^{-1}) - \log|S| - p`.

    Parameters
    ----------
    result : SemResult or PooledSemResult
    data : DataFrame or Responses, optional
        The rows the model was fitted to; the covariance matrix is then computed anew, and not taken from the result.

    Returns
    -------
    EngineCheck or Note
        The Note says why there is no check: the model is one that semopy reads differently, or semopy failed.
    """
    from crmstudy.fitted.pooledresult import PooledSemResult

    engine = _engine("semopy")
    if isinstance(result, PooledSemResult):
        reason = f"it fits one data set, and this model is pooled over {result.m}."
        return Note("ENGINE_NOT_RUN", f"The second engine ({engine}) did not run: {reason}", "info")
    reason = _why_not_semopy(result)
    if reason:
        return Note("ENGINE_NOT_RUN", f"The second engine ({engine}) did not run: {reason}", "info")
    names = list(result.observed)
    sample = result.solution.sample.covariance if data is None else _sample_covariance(data, names)
    scales = _scales(result, sample)
    codes = {name: f"v{i}" for i, name in enumerate([*names, *result.latent])}
    deviations = np.array([scales[name] for name in names])
    coded = pd.DataFrame(
        sample / np.outer(deviations, deviations), index=[codes[n] for n in names], columns=[codes[n] for n in names]
    )
    model_text = _recode(result.to_semopy(), codes)

    def run() -> tuple[list[_Row], float]:
        table, discrepancy = _run_semopy(model_text, coded, result.n)
        return _semopy_rows(result, table, codes, scales), discrepancy

    found, notes = consult(engine, run)
    if found is None:
        return notes[0]
    rows, discrepancy = found
    notes += _minimum_notes(engine, result.n * discrepancy - float(result.fit["chisq"]))
    return _check(engine, rows, result.n, notes, {"function": result.call.get("function"), "data": data is not None})


def check_regression(result: RegressionResult, data: object) -> EngineCheck | Note:
    """Fit a regression again with statsmodels, with the same kind of standard errors.

    Parameters
    ----------
    result : RegressionResult
    data : DataFrame or Responses
        The data the regression was fitted to.

    Returns
    -------
    EngineCheck or Note
        The Note says why statsmodels did not run.
    """
    engine = _engine("statsmodels")
    frame = analysis_frame(data)[0].rename(columns=str)
    design = build_design(read_formula(result.call["formula"], list(frame.columns)), frame)
    kind = "nonrobust" if result.call["se"] == "classical" else result.call["se"]

    def run() -> tuple[Array, Array]:
        from statsmodels.regression.linear_model import OLS

        fitted = OLS(design.outcome, design.matrix).fit(cov_type=kind, use_t=True)
        return np.asarray(fitted.params), np.asarray(fitted.bse)

    found, notes = consult(engine, run)
    if found is None:
        return notes[0]
    ours = result.estimates
    rows = list(zip(ours["term"], ours["estimate"], found[0], ours["std_error"], found[1], strict=True))
    return _check(engine, rows, result.n, notes, {"formula": result.call["formula"]})


def check_reliability(result: ReliabilityResult, data: object) -> EngineCheck | Note:
    """Compute the alpha of every scale of a result again with pingouin, from the complete rows of its items.

    Parameters
    ----------
    result : ReliabilityResult
    data : DataFrame or Responses
        The data the result was computed from.

    Returns
    -------
    EngineCheck or Note
        The Note says why pingouin did not run. pingouin gives no standard error of alpha.
    """
    engine = _engine("pingouin")
    if result.call.get("missing") == "fiml":
        reason = f"The second engine ({engine}) did not run: it has no full information for incomplete rows."
        return Note("ENGINE_NOT_RUN", reason, "info")
    frame = frame_of(data)[0].rename(columns=str)
    ours = result.estimates[result.estimates["term"] == "alpha"]
    declared = data.scores if isinstance(data, Responses) else {}
    sets = {
        str(scale): (
            list(rows["item"]),
            keyed_values(frame, ItemSet("", tuple(rows["item"]), declared.get(str(scale)))),
        )
        for scale, rows in result.tables["items"].groupby("scale", sort=False)
    }

    def run() -> list[float]:
        return [_pingouin_alpha(values, names) for names, values in sets.values()]

    found, notes = consult(engine, run)
    if found is None:
        return notes[0]
    names = [f"alpha of {scale}" if scale else "alpha" for scale in ours["scale"]]
    rows = list(zip(names, ours["estimate"], found, ours["std_error"], [_NAN] * len(names), strict=True))
    return _check(engine, rows, result.n, notes, {"scales": list(sets)})


def check_alpha(data: object, items: Sequence[str]) -> EngineCheck | Note:
    """Compute Cronbach's alpha of items again with pingouin, from the complete rows.

    Parameters
    ----------
    data : DataFrame or Responses
    items : sequence of str
        At least two columns.

    Returns
    -------
    EngineCheck or Note
        The Note says why pingouin did not run. pingouin gives no standard error of alpha.
    """
    engine = _engine("pingouin")
    frame = frame_of(data)[0].rename(columns=str)
    names = named_columns(frame, items)
    values = numeric_values(frame, names)
    complete = values[complete_rows(values)]
    if len(names) < 2 or len(complete) < 3:
        raise AnalysisError(
            f"Alpha needs two items and three complete rows; found {len(names)} and {len(complete)}.",
            "RELIABILITY_TOO_FEW_ROWS",
        )

    found, notes = consult(engine, lambda: _pingouin_alpha(values, names))
    if found is None:
        return notes[0]
    cov = covariance(complete)
    row = ("alpha", alpha(cov), found, alpha_std_error(cov, len(complete)), _NAN)
    return _check(engine, [row], len(complete), notes, {"items": list(names)})


def consult(engine: str, work: Callable[[], T]) -> tuple[T | None, tuple[Note, ...]]:
    """Run another package's code so that it neither prints nor fails: the one guard.

    Parameters
    ----------
    engine : str
        Name and version, as it stands in the notes.
    work : callable
        Imports and calls the package.

    Returns
    -------
    value, tuple of Note
        The value and a note with what the package warned of; or None and one note with the reason it failed.
    """
    said: list[str] = []
    try:
        with _quiet(said):
            value = work()
    except Exception as error:
        reason = f"{type(error).__name__}: {str(error) or 'no message'}"
        return None, (
            Note("ENGINE_NOT_RUN", f"The second engine ({engine}) did not run: {_one_line(reason)}", "warning"),
        )
    if not said:
        return value, ()
    heard = "; ".join(dict.fromkeys(map(_one_line, said)))
    return value, (Note("ENGINE_WARNED", f"The second engine ({engine}) warned: {heard}", "info"),)


@contextlib.contextmanager
def _quiet(said: list[str]) -> Iterator[None]:
    """Collect warnings and log records of level WARNING and above; drop what is printed."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    sink = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
    ):
        warnings.simplefilter("always")
        root.handlers[:] = [_Collector(said)]
        try:
            yield
        finally:
            root.handlers[:] = handlers
            said += [str(item.message) for item in caught if not issubclass(item.category, _ABOUT_CODE)]


class _Collector(logging.Handler):
    """A log handler that appends messages to a list."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


def _pingouin_alpha(values: Array, names: Sequence[str]) -> float:
    from pingouin import cronbach_alpha

    return float(cronbach_alpha(data=pd.DataFrame(values, columns=list(names)), nan_policy="listwise")[0])


def _semopy_rows(
    result: SemResult,
    table: dict[tuple[str, str, str], tuple[float, float]],
    codes: dict[str, str],
    scales: dict[str, float],
) -> list[_Row]:
    """Every free parameter as semopy has it, in the variables' own units."""
    rows: list[_Row] = []
    columns = (result.estimates[name] for name in ("lhs", "op", "rhs", "estimate", "std_error"))
    for lhs, op, rhs, estimate, error in zip(*columns, strict=True):
        if op == ":=" or not error > 0:
            continue
        unit = _factor(lhs, op, rhs, scales)
        their_estimate, their_error = table[_semopy_key(codes[lhs], op, codes[rhs])]
        rows.append((f"{lhs} {op} {rhs}", estimate, their_estimate * unit, error, their_error * unit))
    return rows


def _run_semopy(
    text: str, sample: pd.DataFrame, n: int
) -> tuple[dict[tuple[str, str, str], tuple[float, float]], float]:
    """Estimates and standard errors by parameter, and the discrepancy that semopy's implied matrix really has."""
    from semopy import Model

    model = Model(text)
    model.fit(cov=sample, n_samples=n, obj="MLW", options={"ftol": 1e-13, "maxiter": 2000})
    shown = model.inspect()
    table = {
        (str(row["lval"]), str(row["op"]), str(row["rval"])): (_number(row["Estimate"]), _number(row["Std. Err"]))
        for row in shown.to_dict("records")
    }
    implied = np.asarray(model.calc_sigma()[0], dtype=float)
    return table, _discrepancy(np.asarray(model.mx_cov, dtype=float), implied)


def _number(value: Any) -> float:
    """A figure of semopy's table, which marks what does not apply by a dash."""
    return float("nan") if isinstance(value, str) and not value.strip("- ") else float(value)


def _discrepancy(sample: Array, implied: Array) -> float:
    lower, own = np.linalg.cholesky(implied), np.linalg.cholesky(sample)
    half = np.linalg.solve(lower, own)
    logs = 2.0 * float(np.log(np.diag(lower)).sum() - np.log(np.diag(own)).sum())
    return logs + float((half**2).sum()) - len(sample)


def _why_not_semopy(result: SemResult) -> str:
    """Why semopy cannot check this model, as a sentence; empty when it can."""
    if not result.converged:
        return "our own estimation did not converge, so there is nothing to compare."
    if result.solution.vcov is None:
        return "there are no standard errors."
    if (reason := _why_another_model(result)) != "":
        return reason
    table = result.estimates
    negative = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"]) & (table["estimate"] < 0)]
    if len(negative):
        return (
            f"it holds variances at zero or above, and here {', '.join(map(str, negative['lhs']))} has a negative one."
        )
    try:
        result.to_semopy()
    except UnsupportedError as error:
        return " ".join(fault.message for fault in error.faults)
    if not _scale_free(result) and (spread := _spread(result)) > 10:
        return (
            "the model ties or fixes parameters in the variables' own units, whose standard deviations differ "
            f"{spread:.0f} times; it needs variables on like scales."
        )
    return ""


def _why_another_model(result: SemResult) -> str:
    """What of a fit semopy does not have: groups, means, other estimators, incomplete rows, constraints."""
    options, table = result.solution.options, result.solution.table
    clustered = options.cluster is not None
    usual = options.estimator == "ML" and not options.fiml and not clustered
    has = {
        "several groups": table.n_groups > 1,
        "clusters": clustered,
        "sampling weights": options.weights is not None,
        "incomplete rows": options.fiml,
        "means": table.meanstructure,
        f"the estimator {options.estimator}": options.estimator != "ML" and options.weights is None,
        f"standard errors of the kind '{options.se}'": usual and options.se != "standard",
        f"information of the kind '{options.information[0]}'": usual and options.information[0] != "expected",
        f"the likelihood '{options.likelihood}'": options.likelihood != "normal",
        "bounds or constraints between parameters": result.solution.prepared.restrictions is not None,
    }
    found = [what for what, does in has.items() if does]
    listed = " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))
    return f"it cannot check a model with {listed}." if found else ""


def _sample_covariance(data: object, names: list[str]) -> Array:
    values = numeric_values(analysis_frame(data)[0], names)
    return covariance(values[complete_rows(values)], ddof=0)


def _scale_free(result: SemResult) -> bool:
    """Whether a change of units changes no restriction: nothing equal, nothing fixed but markers, zeros."""
    rows = result.solution.table.rows
    numbers = [row.free for row in rows if row.free]
    if len(set(numbers)) < len(numbers):
        return False
    markers = {id(row) for row in _markers(result).values()}
    return all(row.free or not row.value or id(row) in markers for row in rows)


def _markers(result: SemResult) -> dict[str, Any]:
    """The first loading of each factor, which sets its scale."""
    first: dict[str, Any] = {}
    for row in result.solution.table.rows:
        if row.op == "=~":
            first.setdefault(row.lhs, row)
    return first


def _spread(result: SemResult) -> float:
    deviations = np.sqrt(np.diag(result.solution.sample.covariance))
    return float(deviations.max() / deviations.min())


def _scales(result: SemResult, sample: Array) -> dict[str, float]:
    """The unit of every variable in the standardised problem; a factor has the unit of its marker."""
    if not _scale_free(result):
        return dict.fromkeys([*result.observed, *result.latent], 1.0)
    scales = dict(zip(result.observed, map(float, np.sqrt(np.diag(sample))), strict=True))
    markers = {factor: row.rhs for factor, row in _markers(result).items()}
    for factor in markers:
        name = factor
        while name in markers:
            name = markers[name]
        scales[factor] = scales[name]
    return scales


def _factor(lhs: str, op: str, rhs: str, scales: dict[str, float]) -> float:
    """What a standardised parameter is multiplied by to stand in the variables' own units."""
    if op == "~~":
        return scales[lhs] * scales[rhs]
    return scales[rhs] / scales[lhs] if op == "=~" else scales[lhs] / scales[rhs]


def _semopy_key(lhs: str, op: str, rhs: str) -> tuple[str, str, str]:
    """Where semopy's table has a parameter: a loading stands as the regression of the item on the factor."""
    return (rhs, "~", lhs) if op == "=~" else (lhs, op, rhs)


def _recode(text: str, codes: dict[str, str]) -> str:
    """Give the variables of a model plain names, which semopy can read in any language."""
    lines = []
    for line in text.splitlines():
        lhs, op, rest = line.split(" ", 2)
        modifier, star, rhs = rest.rpartition("*")
        lines.append(f"{codes[lhs]} {op} {modifier}{star}{codes[rhs.strip()]}")
    return "\n".join(lines)


def _minimum_notes(engine: str, excess: float) -> tuple[Note, ...]:
    """Notes where the two engines did not arrive at the same minimum; ``excess`` is their chi-square minus ours."""
    if excess > SAME_MINIMUM:
        message = f"The second engine ({engine}) stopped before the minimum: its chi-square is {excess:.4f} above ours."
        return (Note("ENGINE_STOPPED_SHORT", message, "warning"),)
    if excess < -SAME_MINIMUM:
        message = f"The second engine ({engine}) found a better solution: its chi-square is {-excess:.4f} below ours."
        return (Note("ENGINE_FOUND_BETTER", message, "warning"),)
    return ()


def _check(
    engine: str,
    rows: Sequence[_Row],
    n: int,
    notes: tuple[Note, ...],
    call: dict[str, Any],
) -> EngineCheck | Note:
    """The check, or why there is none: nothing was estimated, or the engine gave no number for something."""
    absent = [name for name, _, theirs, _, _ in rows if not np.isfinite(theirs)]
    if absent or not rows:
        gave = f"it gave no number for {', '.join(absent)}" if absent else "there is no estimate to compare"
        level: Level = "warning" if absent else "info"
        return Note("ENGINE_NOT_RUN", f"The second engine ({engine}) checked nothing: {gave}.", level)
    table = pd.DataFrame(rows, columns=["parameter", "ours", "theirs", "se_ours", "se_theirs"])
    table["difference"] = table["theirs"] - table["ours"]
    same = np.isclose(table["theirs"], table["ours"], rtol=1e-12, atol=0.0)  # also where our standard error is 0
    table["in_se"] = (table["difference"] / table["se_ours"]).where(~same, 0.0)
    estimates = pd.DataFrame(
        {"term": table["parameter"], "estimate": table["theirs"], "std_error": table["se_theirs"]},
        columns=list(ESTIMATE_COLUMNS),
    )
    check = EngineCheck(
        estimates=estimates,
        n=n,
        tables={"differences": table[list(_COLUMNS)]},
        notes=notes,
        samples=sample_table(n),
        call={"engine": engine, **call},
        engine=engine,
    )
    if check.agrees:
        return check
    size = table["in_se"].abs().fillna(np.inf).to_numpy()
    worst = table.iloc[int(np.argmax(size))]
    message = (
        f"The second engine ({engine}) differs from ours by {abs(float(worst['in_se'])):.3f} standard errors in "
        f"{worst['parameter']} ({float(worst['ours']):.4f} here, {float(worst['theirs']):.4f} there)."
    )
    return replace(check, notes=(*notes, Note("ENGINE_DIFFERS", message, "warning")))


def _engine(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return package


def _one_line(text: str) -> str:
    return " ".join(text.split())
