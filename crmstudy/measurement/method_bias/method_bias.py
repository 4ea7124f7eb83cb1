"""Common-method bias: does the way of asking make constructs look related?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, DataError, InputError, ModelError, did_you_mean
from crmstudy.grammar.spec import parse_model
from crmstudy.kernels.moments import complete_rows, constant_columns
from crmstudy.measurement.method_bias import marker_technique
from crmstudy.measurement.method_bias import variance as method_variance
from crmstudy.measurement.method_bias.models import Attempt, Factors, attempt, read_factors
from crmstudy.measurement.method_bias.pooled import MODEL_TESTS, finish_method_bias
from crmstudy.measurement.method_bias.variance import Composites, MethodFactor
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import pools
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, records, sample_table
from crmstudy.selection import coverage_faults, named_columns, numeric_values

TECHNIQUES = ("single_factor", "ulmc", "marker", "collinearity")
#: Kock (2015), after Kock and Lynn (2012).
VIF_THRESHOLD = 3.3
_FEWEST_ROWS = 10


@dataclass(frozen=True, eq=False, repr=False)
class MethodBiasResult(Result):
    """What several techniques say about common-method bias; no one of them proves or excludes it.

    ``.tables``, as far as asked for:

    - ``single_factor``, ``ulmc``, ``marker_models``: one row a model: model, n, chisq, df, p_value, cfi, tli, rmsea,
      srmr, aic, bic, compared_with, chisq_diff, df_diff, p_value_diff, converged, admissible; then ``verdict`` (fits
      worse, does not fit worse); ``method_variance``, ``substantive_variance`` (mean shares of the items' variance),
      ``largest_loading_change``, ``largest_correlation_change``; ``retained``;
    - ``ulmc_loadings``: factor, item, loading, loading_equal, method_equal, loading_free, method_free (standardised);
    - ``ulmc_correlations``: lhs, rhs, r, r_equal, r_free;
    - ``marker``: lhs, rhs, n, r, p_value_r, r_marker, r_adjusted, statistic, df, p_value, survives, and the same at the
      upper limit of the marker's correlation;
    - ``marker_reliability``: factor, baseline, total, substantive, method, method_percent;
    - ``marker_correlations``: lhs, rhs, baseline, retained, sensitivity, p_value;
    - ``collinearity``: construct, n, vif, tolerance, vif_latent, threshold, above;
    - ``harman``, on request: items, first_share, components_above_one, convention, verdict.

    ``.estimates``: method variances, adjusted correlations (``a ~~ b adjusted``) and VIFs (``a vif``).
    """

    kind: ClassVar[str] = "method_bias"

    @property
    def text(self) -> str:
        """What each technique found, in one sentence."""
        parts = [said for said in (self._one_factor(), self._method(), self._marker(), self._collinearity()) if said]
        told = "; ".join(parts) if parts else "no technique gave a result"
        mark = "" if self.admissible else " The solution is INADMISSIBLE and must not be interpreted."
        return f"{told[:1].upper()}{told[1:]}.{mark}"

    def _one_factor(self) -> str:
        table = self.tables.get("single_factor")
        if table is None:
            return ""
        row = records(table)[-1]
        if row["verdict"] == "not judged":
            return "a single factor could not be compared with the model"
        figures = (
            f"Δχ²({write_number(row['df_diff'], 'df')}, N = {write_number(row['n'], 'n')}) = "
            f"{write_number(row['chisq_diff'], 'statistic')}, {p_phrase(row['p_value_diff'])}"
        )
        return f"a single factor {row['verdict']} than the model ({figures})"

    def _method(self) -> str:
        table = self.tables.get("ulmc")
        if table is None:
            return ""
        usable = [row for row in records(table)[1:] if row["admissible"]]
        if not usable:
            return "no model with a method factor has a proper solution"
        shares = " and ".join(
            f"{write_number(100.0 * row['method_variance'], 'percent')} ({row['model'].split(', ')[-1]} loadings)"
            for row in usable
        )
        return f"an unmeasured method factor takes {shares} of the items' variance"

    def _marker(self) -> str:
        table = self.tables.get("marker")
        if table is None or table.empty:
            return ""
        before = int((table["p_value_r"] < 1.0 - self.call["level"]).sum())
        return (
            f"{int(table['survives'].sum())} of {before} significant correlations stay so when "
            f"{write_number(table['r_marker'].iloc[0], 'r')} is taken out for the method"
        )

    def _collinearity(self) -> str:
        table = self.tables.get("collinearity")
        if table is None:
            return ""
        top = max(records(table), key=lambda row: float(row["vif"]))
        side = "above" if top["above"] else "not above"
        return (
            f"the largest full-collinearity VIF is {write_number(top['vif'], 'estimate')} ({top['construct']}), {side} "
            f"{write_number(top['threshold'], 'estimate', decimals=1)}"
        )

    def plot(self) -> CoefficientPlot | None:
        """Full-collinearity VIFs against their threshold; None where they were not asked for."""
        table = self.tables.get("collinearity")
        if table is None:
            return None
        values = tuple(map(float, table["vif"]))
        return CoefficientPlot(
            title="Full-Collinearity VIF", alt=f"VIF of {len(values)} constructs. {self.text}",
            terms=tuple(map(str, table["construct"])), estimates=values, lows=values, highs=values, x_label="VIF",
            reference=VIF_THRESHOLD,
        )  # fmt: skip


@pools(tests=MODEL_TESTS, finish=finish_method_bias)
def method_bias(
    data: object,
    *,
    model: str,
    marker: Sequence[str] | str | None = None,
    method: Sequence[str] | str = TECHNIQUES,
    harman: bool = False,
    estimator: str = "ML",
    missing: str | None = None,
    level: float = 0.95,
) -> MethodBiasResult:
    r"""Look for common-method bias by several techniques.

    Parameters
    ----------
    data : DataFrame or Responses
    model : str
        The measurement model in lavaan syntax; of a structural model its measurement part is used.
    marker : str or sequence of str, optional
        Items (or for Responses a scale) that are related to none of the constructs in theory and were asked in the same
        way. With two items or more the confirmatory marker technique is applied too.
    method : str or sequence of str
        Any of ``single_factor``, ``ulmc``, ``marker``, ``collinearity``; all by default.
    harman : bool
        Add Harman's test, which is discredited: it is given because reviewers still ask for it, and labelled so.
    estimator, missing : str
        As in :func:`crmstudy.cfa`; for every model alike. Scaled differences are taken where the test is scaled.
    level : float
        Coverage of intervals; a correlation counts as significant at 1 − level.

    Returns
    -------
    MethodBiasResult

    Raises
    ------
    ModelError, DataError, UnsupportedError
        A model, column or option that cannot be used, with all faults.
    AnalysisError
        Too few complete rows, or an item that does not vary.

    Notes
    -----
    *Single factor*: one factor behind all items against the model, by :math:`\Delta\chi^2`. That it fits worse is
    expected and shows only that not all covariance is due to the method (Podsakoff et al., 2003). *Method factor*
    (``ulmc``): a factor of variance 1, uncorrelated with the others, on which all items load; equally (in the units of
    the items, so that scales should be alike), then freely (Podsakoff et al., 2003; Richardson et al., 2009, on how
    little it can tell). Its share is the mean squared standardised loading. *Marker*: correlations of the composite
    scores (means of each factor's own items) freed of the marker's smallest positive correlation :math:`r_M`,
    :math:`(r - r_M)/(1 - r_M)` (Lindell & Whitney, 2001), again at the upper limit of its interval; and the sequence
    CFA, Baseline, Method-C, Method-U, Method-R, Method-S of Williams, Hartman and Cavazotte (2010), with their
    decomposition of reliability from the retained model. *Collinearity*: :math:`1/(1 - R_j^2)` of each composite on all
    others, named as too high above 3.3 by Kock (2015); ``vif_latent`` is the same of the factor correlations, which are
    not attenuated. A model that does not converge or is inadmissible is marked; the other techniques stand.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> factors = rng.normal(size=(400, 2)) @ [[1, 0.5], [0, 0.8]]
    >>> items = np.repeat(factors, 3, axis=1) + rng.normal(size=(400, 6))
    >>> data = pd.DataFrame(items, columns=["a1", "a2", "a3", "b1", "b2", "b3"])
    >>> found = method_bias(data, model="a =~ a1 + a2 + a3\nb =~ b1 + b2 + b3", method="single_factor")
    >>> found.tables["single_factor"]["verdict"].tolist()
    ['', 'fits worse']
    """
    techniques = _checked(method, harman, level)
    factors = read_factors(model)
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    markers = _markers(data, frame, factors, marker, model)
    keywords = {"estimator": estimator, "missing": missing, "level": level}
    _refuse_impossible(frame, [*factors.all_items, *markers])
    hypothesised = attempt(method_variance.HYPOTHESISED, factors.text, frame, keywords)
    found = _Findings({}, [*notes, *_model_notes(hypothesised, factors)])
    if "single_factor" in techniques:
        _find_single(found, hypothesised, factors, frame, keywords)
    if "ulmc" in techniques:
        _find_method_factor(found, hypothesised, factors, frame, keywords)
    if "marker" in techniques:
        _find_marker(found, hypothesised, factors, markers, frame, keywords)
    scores = method_variance.composites(frame, factors)
    if "collinearity" in techniques:
        _find_collinearity(found, scores, factors, hypothesised)
    if harman:
        found.tables["harman"] = method_variance.harman_table(scores)
        found.notes.append(Note("BIAS_HARMAN_DISCREDITED", _HARMAN, "warning"))
    n = hypothesised.fit.n if hypothesised.fit is not None else scores.n
    return MethodBiasResult(
        estimates=_estimates(found.tables),
        n=n,
        tables=found.tables,
        notes=tuple(dict.fromkeys(found.notes)),
        samples=hypothesised.fit.samples if hypothesised.fit is not None else sample_table(n, len(frame) - n),
        call={
            "function": "method_bias", "model": model, "marker": list(markers) or None, "method": list(techniques),
            "harman": harman, "estimator": estimator, "missing": missing, "level": float(level),
        },
    )  # fmt: skip


_HARMAN = (
    "Harman's single-factor test is discredited: a first component below half of the variance is usual even with "
    "strong method bias, and one above it does not show any. Do not rest a claim on it."
)


@dataclass(frozen=True, eq=False, slots=True)
class _Findings:
    tables: dict[str, pd.DataFrame]
    notes: list[Note]


def _checked(method: Any, harman: Any, level: Any) -> tuple[str, ...]:
    """The techniques asked for; every fault at once."""
    faults = coverage_faults(level)
    asked = [method] if isinstance(method, str) else list(method) if isinstance(method, list | tuple | set) else None
    if not asked:
        faults.append(f"`method` is any of {', '.join(TECHNIQUES)}, not {method!r}.")
    for name in asked or ():
        if name not in TECHNIQUES:
            hint = did_you_mean(str(name), TECHNIQUES)
            faults.append(f"`method` is any of {', '.join(TECHNIQUES)}, not {name!r}.{hint}")
    if not isinstance(harman, bool):
        faults.append(f"`harman` is True or False, not {harman!r}.")
    if faults:
        raise ModelError(faults)
    return tuple(name for name in TECHNIQUES if name in (asked or ()))


def _markers(data: object, frame: pd.DataFrame, factors: Factors, marker: Any, model: str) -> tuple[str, ...]:
    """Items of the marker, after checking the names of the model and of the marker."""
    spec = parse_model(model)
    columns = list(map(str, frame.columns))
    unknown = set(factors.all_items) - set(columns)
    faults: list[Any] = list(spec.unknown_names([*columns, *(set(spec.observed) - unknown)]))
    faults += spec.colliding_names(columns)
    names: tuple[str, ...] = ()
    if marker is not None:
        try:
            is_scale = isinstance(data, Responses) and isinstance(marker, str) and marker in data.scores
            wanted = list(data.scale_items(marker)) if is_scale and isinstance(data, Responses) else marker
            names = named_columns(frame, wanted)
        except InputError as error:
            faults += error.faults
        faults += [
            f"'{name}' is an item of the model and of the marker; a marker has items of its own."
            for name in names
            if name in factors.all_items
        ]
    if faults:
        raise DataError(faults)
    return names


def _refuse_impossible(frame: pd.DataFrame, names: Sequence[str]) -> None:
    values = numeric_values(frame, names)
    missing = np.isnan(values).sum(axis=0)
    values = values[complete_rows(values)]
    if len(values) < _FEWEST_ROWS:
        worst = int(np.argmax(missing)) if len(missing) else 0
        raise AnalysisError(
            f"Only {len(values)} rows have all {len(names)} items; {_FEWEST_ROWS} are the least. Most often missing is "
            f"'{names[worst]}' ({missing[worst]} of {len(frame)} rows).",
            "BIAS_TOO_FEW_ROWS",
        )
    constant = [name for name, flat in zip(names, constant_columns(values), strict=True) if flat]
    if constant:
        raise AnalysisError(
            f"{', '.join(constant)}: all {len(values)} complete rows have the same value. Leave it out of the model.",
            "BIAS_CONSTANT_ITEM",
        )


def _model_notes(model: Attempt, factors: Factors) -> list[Note]:
    notes = []
    if factors.dropped:
        message = "Only the measurement part of the model is used: its factors, their items and residual covariances."
        notes.append(Note("BIAS_MEASUREMENT_PART", message))
    if not model.admissible:
        message = f"The hypothesised model has no proper solution: {model.reason}"
        notes.append(Note("BIAS_MODEL_INADMISSIBLE", message, "inadmissible", model.name))
    elif model.fit is not None:
        notes += [note for note in model.fit.notes if note.level != "inadmissible"]
        rows = model.fit.estimates
        against = rows[(rows["op"] == "=~") & (rows["std_all"] < 0)]["rhs"].tolist()
        if against:
            message = (
                f"Loadings below 0: {', '.join(map(str, against))}. Composite scores cancel there; reverse these items "
                "first."
            )
            notes.append(Note("BIAS_MIXED_SIGNS", message, "warning", str(against[0])))
    return notes


def _improper(tried: Attempt) -> list[Note]:
    """What is wrong with a method model: a warning, as the other techniques stand."""
    if tried.admissible:
        return []
    message = f"The model '{tried.name}' must not be interpreted: {tried.reason or 'it did not converge.'}"
    return [Note("BIAS_METHOD_MODEL_IMPROPER", message, "warning", tried.name)]


def _find_single(found: _Findings, model: Attempt, factors: Factors, frame: pd.DataFrame, keywords: Any) -> None:
    if len(factors.names) < 2:
        found.notes.append(Note("BIAS_ONE_FACTOR", "The model has one factor: a single factor is the model itself."))
        return
    found.tables["single_factor"] = method_variance.single_factor_table(model, factors, frame, keywords)


def _find_method_factor(
    found: _Findings, model: Attempt, factors: Factors, frame: pd.DataFrame, keywords: Any
) -> MethodFactor:
    made = method_variance.method_factor(model, factors, frame, keywords)
    found.tables["ulmc"] = made.models
    found.tables["ulmc_loadings"], found.tables["ulmc_correlations"] = made.loadings, made.correlations
    found.notes.extend([*_improper(made.equal), *_improper(made.free)])
    return made


def _find_marker(
    found: _Findings, model: Attempt, factors: Factors, markers: tuple[str, ...], frame: pd.DataFrame, keywords: Any
) -> None:
    level = float(keywords["level"])
    k = len(factors.names)
    if k < 2 or (k < 3 and not markers):
        message = "Without a marker three constructs are needed to find a method correlation among them."
        if k < 2:
            message = "With one construct there is no correlation to correct."
        found.notes.append(Note("BIAS_MARKER_NOT_POSSIBLE", message))
        return
    scores = method_variance.composites(frame, factors, markers)
    r_marker, pair, note = method_variance.marker_correlation(scores, given=bool(markers))
    found.notes.extend([note] if note is not None else [])
    table = method_variance.freed_table(scores, k, r_marker, level)
    table.attrs["pair"] = pair
    found.tables["marker"] = table
    if scores.dropped:
        message = f"{scores.dropped} of {len(frame)} rows lack an item and are not in the correlations of the scores."
        found.notes.append(Note("BIAS_ROWS_DROPPED", message))
    if len(markers) < 2:
        if markers:
            message = "The confirmatory marker technique needs two items of the marker or more; it has one."
            found.notes.append(Note("BIAS_MARKER_ONE_ITEM", message))
        return
    models = marker_technique.fit_marker_models(
        factors, markers, frame, keywords, level, model.fit if model.usable else None
    )
    found.tables["marker_models"] = marker_technique.model_table(models)
    found.tables["marker_reliability"] = marker_technique.reliability_table(models)
    found.tables["marker_correlations"] = marker_technique.correlation_table(models)
    for tried in models.tried:
        found.notes.extend(_improper(tried))


def _find_collinearity(found: _Findings, scores: Composites, factors: Factors, model: Attempt) -> None:
    if len(factors.names) < 2:
        found.notes.append(Note("BIAS_ONE_FACTOR", "With one construct there is no collinearity of constructs."))
        return
    singular = np.linalg.eigvalsh(scores.correlations).min() < 1e-10
    if singular:
        message = "The composite scores determine one another exactly, so that there is no VIF."
        found.notes.append(Note("BIAS_SCORES_SINGULAR", message, "warning"))
        return
    found.tables["collinearity"] = method_variance.collinearity_table(scores, factors, model, VIF_THRESHOLD)
    if not model.admissible:
        message = "The VIF of the factors is left out, as the model has no proper solution; that of the scores stands."
        found.notes.append(Note("BIAS_NO_LATENT_VIF", message))


def _estimates(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for row in records(tables["ulmc"])[1:] if "ulmc" in tables else ():
        rows.append({"term": f"method variance ({row['model'].split(', ')[-1]} loadings)",
                     "estimate": row["method_variance"]})  # fmt: skip
    for row in records(tables["marker"]) if "marker" in tables else ():
        statistic, value = row["statistic"], row["r_adjusted"]
        error = abs(value / statistic) if statistic else None
        rows.append({"term": f"{row['lhs']} ~~ {row['rhs']} adjusted", "estimate": value, "std_error": error,
                     "statistic": statistic, "df": row["df"], "p_value": row["p_value"]})  # fmt: skip
    for row in records(tables["collinearity"]) if "collinearity" in tables else ():
        rows.append({"term": f"{row['construct']} vif", "estimate": row["vif"]})
    frame = pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))
    return frame.astype(dict.fromkeys(ESTIMATE_COLUMNS[1:], float))
