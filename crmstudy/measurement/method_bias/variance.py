"""What each technique of common-method bias finds, as tables: one factor, method factor, marker, collinearity."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.fitted.semresult import SemResult
from crmstudy.kernels.covariance.method_bias import freed_of_marker, one_component, upper_end
from crmstudy.kernels.moments import Array, complete_rows, correlation, covariance
from crmstudy.kernels.regression import inflation
from crmstudy.measurement.method_bias.models import (
    MODEL_COLUMNS,
    Attempt,
    Factors,
    attempt,
    directions,
    model_row,
    single_factor,
    with_method,
)
from crmstudy.notes import Note
from crmstudy.selection import numeric_values

HYPOTHESISED, SINGLE, EQUAL, FREE = "hypothesised", "single factor", "method factor, equal", "method factor, free"
_MARKER_COLUMNS = (
    "lhs", "rhs", "n", "r", "p_value_r", "r_marker", "r_adjusted", "statistic", "df", "p_value", "survives",
    "r_marker_upper", "r_adjusted_upper", "p_value_upper", "survives_upper",
)  # fmt: skip


# --- one factor ------------------------------------------------------------------------------------------------------


def single_factor_table(model: Attempt, factors: Factors, data: Any, keywords: Mapping[str, Any]) -> pd.DataFrame:
    """The model and the one in which a single factor is behind all items."""
    one = attempt(SINGLE, single_factor(factors, factors.free_name("common")), data, keywords)
    rows = [model_row(model), model_row(one, model)]
    verdict = _verdict(rows[1], 1.0 - float(keywords["level"]))
    return pd.DataFrame(rows, columns=list(MODEL_COLUMNS)).assign(verdict=["", verdict])


def _verdict(row: Mapping[str, Any], alpha: float) -> str:
    p_value = row["p_value_diff"]
    if not np.isfinite(p_value):
        return "not judged"
    return "fits worse" if p_value < alpha else "does not fit worse"


# --- unmeasured method factor ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class MethodFactor:
    """The models with a method factor, and their tables."""

    equal: Attempt
    free: Attempt
    models: pd.DataFrame
    loadings: pd.DataFrame
    correlations: pd.DataFrame


def method_factor(model: Attempt, factors: Factors, data: Any, keywords: Mapping[str, Any]) -> MethodFactor:
    """Add a method factor with equal loadings, then with free ones."""
    name = factors.free_name("method")
    equal = attempt(EQUAL, with_method(factors, name, equal=True), data, keywords)
    free = attempt(FREE, with_method(factors, name, equal=False), data, keywords)
    rows = [model_row(model), model_row(equal, model, smaller=False), model_row(free, equal, smaller=False)]
    loadings = _loadings(model, equal, free, factors, name)
    correlations = _correlations(model, equal, free, factors)
    for row, tried, end in ((rows[1], equal, "equal"), (rows[2], free, "free")):
        row |= _shares(tried, factors, name) | {
            "largest_loading_change": _largest(loadings[f"loading_{end}"] - loadings["loading"]),
            "largest_correlation_change": _largest(correlations[f"r_{end}"] - correlations["r"]),
        }
    columns = [*MODEL_COLUMNS, "method_variance", "substantive_variance", "largest_loading_change",
               "largest_correlation_change"]  # fmt: skip
    return MethodFactor(equal, free, pd.DataFrame(rows, columns=columns), loadings, correlations)


def _largest(changes: pd.Series[Any]) -> float:
    known = changes.to_numpy(dtype=float)
    known = known[np.isfinite(known)]
    return float(known[np.argmax(np.abs(known))]) if len(known) else float("nan")


def _shares(tried: Attempt, factors: Factors, name: str) -> dict[str, float]:
    """Mean share of the items' variance that the method factor explains, and that the other factors explain."""
    if not tried.usable or tried.fit is None:
        return {"method_variance": np.nan, "substantive_variance": np.nan}
    method = _standardised(tried.fit, name, factors.all_items) ** 2
    explained = 1.0 - _uniqueness(tried.fit, factors.all_items)
    return {"method_variance": float(method.mean()), "substantive_variance": float((explained - method).mean())}


def _standardised(fit: SemResult, factor: str, items: Sequence[str]) -> Array:
    rows = fit.estimates
    own = rows[(rows["op"] == "=~") & (rows["lhs"] == factor)].set_index("rhs")["std_all"]
    return own.reindex(list(items)).to_numpy(dtype=float)


def _uniqueness(fit: SemResult, items: Sequence[str]) -> Array:
    rows = fit.estimates
    left = rows[(rows["op"] == "~~") & (rows["lhs"] == rows["rhs"])].set_index("lhs")["std_all"]
    return left.reindex(list(items)).to_numpy(dtype=float)


def _loadings(model: Attempt, equal: Attempt, free: Attempt, factors: Factors, name: str) -> pd.DataFrame:
    """Standardised loadings of each item without and with the method factor, and on it."""
    frames = []
    for factor, items in factors.items.items():
        columns: dict[str, Any] = {"factor": factor, "item": list(items)}
        for tried, end in ((model, ""), (equal, "_equal"), (free, "_free")):
            known = tried.usable and tried.fit is not None
            nothing = np.full(len(items), np.nan)
            turned = _turned(tried, model, factors)[factor]
            own = turned * _standardised(tried.fit, factor, items) if known and tried.fit else nothing
            columns[f"loading{end}"] = own
            if end:
                columns[f"method{end}"] = _method_loadings(tried.fit, name, factors, items) if known else nothing
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def _turned(tried: Attempt, model: Attempt, factors: Factors) -> dict[str, float]:
    """Which factors point the other way than in the hypothesised model."""
    if tried.fit is None or model.fit is None or not (tried.usable and model.usable):
        return dict.fromkeys(factors.names, 1.0)
    return directions(tried.fit, model.fit, factors)


def _method_loadings(fit: SemResult | None, name: str, factors: Factors, items: Sequence[str]) -> Array:
    """Standardised loadings on the method factor, which points where most of its loadings are positive."""
    if fit is None:
        return np.full(len(items), np.nan)
    way = -1.0 if float(np.nansum(_standardised(fit, name, factors.all_items))) < 0 else 1.0
    return np.asarray(way * _standardised(fit, name, items), dtype=np.float64)


def _correlations(model: Attempt, equal: Attempt, free: Attempt, factors: Factors) -> pd.DataFrame:
    rows = []
    turned = [_turned(tried, model, factors) for tried in (model, equal, free)]
    for a, b in itertools.combinations(factors.names, 2):
        found = [
            float(tried.fit.latent_correlations.loc[a, b]) * way[a] * way[b]
            if tried.usable and tried.fit is not None
            else np.nan
            for tried, way in zip((model, equal, free), turned, strict=True)
        ]
        rows.append((a, b, *found))
    return pd.DataFrame(rows, columns=["lhs", "rhs", "r", "r_equal", "r_free"])


# --- composites ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class Composites:
    """Means of the items of each factor (and of the marker, last), from the rows that have all of them."""

    names: tuple[str, ...]
    correlations: Array
    items: Array
    n: int
    dropped: int


def composites(frame: pd.DataFrame, factors: Factors, marker: Sequence[str] = ()) -> Composites:
    """Composite scores and their correlations; ``items`` are the correlations of all items of the factors."""
    needed = [*factors.all_items, *(name for name in marker if name not in factors.all_items)]
    values = numeric_values(frame, needed)
    there = complete_rows(values)
    values = values[there]
    blocks = [factors.own(name) or factors.items[name] for name in factors.names]
    blocks += [tuple(marker)] if marker else []
    scores = np.column_stack([values[:, [needed.index(item) for item in block]].mean(axis=1) for block in blocks])
    own = values[:, : len(factors.all_items)]
    return Composites(
        (*factors.names, *(["marker"] if marker else [])), correlation(covariance(scores)),
        correlation(covariance(own)), len(values), int((~there).sum()),
    )  # fmt: skip


def marker_correlation(found: Composites, *, given: bool) -> tuple[float, str, Note | None]:
    """The method correlation: the smallest positive one of the marker, or without a marker of all constructs.

    Returns
    -------
    r, pair, note
        The correlation, the pair it is of, and what must be said about it.
    """
    k = len(found.names)
    pairs = [(i, k - 1) for i in range(k - 1)] if given else list(itertools.combinations(range(k), 2))
    positive = [(float(found.correlations[i, j]), i, j) for i, j in pairs if found.correlations[i, j] > 0]
    if not positive:
        message = (
            f"None of the correlations of {'the marker' if given else 'the constructs'} is positive, so there is no "
            "method correlation to take out: it is set to 0."
        )
        return 0.0, "", Note("BIAS_NO_POSITIVE_MARKER", message, "warning")
    r, i, j = min(positive)
    pair = f"{found.names[i]} ~~ {found.names[j]}"
    if given:
        return r, pair, None
    message = (
        f"No marker was named: the smallest positive correlation among the constructs ({pair}) stands in for the "
        "method's. Chosen after looking, it is likely too small or too large; plan a marker for the next survey."
    )
    return r, pair, Note("BIAS_POST_HOC_MARKER", message, "info")


def freed_table(found: Composites, n_constructs: int, r_marker: float, level: float) -> pd.DataFrame:
    """Correlations of the constructs before and after the method correlation is taken out, and at its upper limit."""
    columns, rows = np.triu_indices(n_constructs, 1)
    r = found.correlations[columns, rows]
    plain = freed_of_marker(r, 0.0, found.n + 1)  # n - 2 degrees of freedom, as nothing is taken out
    upper = upper_end(r_marker, found.n, level) if r_marker > 0 else r_marker
    freed, limit = freed_of_marker(r, r_marker, found.n), freed_of_marker(r, upper, found.n)
    alpha = 1.0 - level
    return pd.DataFrame({
        "lhs": [found.names[i] for i in columns], "rhs": [found.names[j] for j in rows], "n": found.n, "r": r,
        "p_value_r": plain.p_value, "r_marker": r_marker, "r_adjusted": freed.correlation,
        "statistic": freed.statistic, "df": freed.df, "p_value": freed.p_value,
        "survives": (freed.p_value < alpha) & (freed.correlation * r > 0),
        "r_marker_upper": upper, "r_adjusted_upper": limit.correlation, "p_value_upper": limit.p_value,
        "survives_upper": (limit.p_value < alpha) & (limit.correlation * r > 0),
    }, columns=list(_MARKER_COLUMNS))  # fmt: skip


def collinearity_table(found: Composites, factors: Factors, model: Attempt, threshold: float) -> pd.DataFrame:
    """VIF of each construct on all others: of composite scores, and of the factors of the model."""
    k = len(factors.names)
    scores = inflation(found.correlations[:k, :k], [[j] for j in range(k)])
    latent = np.full(k, np.nan)
    if model.admissible and model.fit is not None:
        phi = model.fit.latent_correlations.loc[list(factors.names), list(factors.names)].to_numpy(dtype=float)
        latent = inflation(phi, [[j] for j in range(k)])
    return pd.DataFrame({
        "construct": factors.names, "n": found.n, "vif": scores, "tolerance": 1.0 / scores, "vif_latent": latent,
        "threshold": threshold, "above": scores > threshold,
    })  # fmt: skip


def harman_table(found: Composites) -> pd.DataFrame:
    """Harman's single-factor test: what the first principal component of all items explains."""
    share, above = one_component(found.items)
    return pd.DataFrame([{
        "items": len(found.items), "first_share": share, "components_above_one": above, "convention": 0.5,
        "verdict": "discredited: shows neither the presence nor the absence of method bias",
    }])  # fmt: skip
