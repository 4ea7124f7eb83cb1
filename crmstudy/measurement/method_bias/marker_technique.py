"""The confirmatory marker technique: how much of the items' variance and correlations a marker factor carries."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmstudy.fitted.semresult import SemResult
from crmstudy.measurement.method_bias.models import (
    MODEL_COLUMNS,
    Attempt,
    Factors,
    attempt,
    difference,
    directions,
    model_row,
    standard_scale,
)

_LABEL = "marker_loading"


@dataclass(frozen=True, eq=False)
class MarkerModels:
    """The sequence of Williams, Hartman and Cavazotte (2010).

    ``tried`` are the models in their order, ``retained`` the name of the one with method loadings that is kept
    (``Method-C`` equal, ``Method-U`` free), empty where there is none.
    """

    factors: Factors
    marker: str
    items: tuple[str, ...]
    tried: tuple[Attempt, ...]
    retained: str
    hypothesised: SemResult | None = None

    def get(self, name: str) -> Attempt | None:
        """A model by its name."""
        return next((each for each in self.tried if each.name == name), None)


def fit_marker_models(
    factors: Factors, items: Sequence[str], data: Any, keywords: Mapping[str, Any], level: float,
    hypothesised: SemResult | None,
) -> MarkerModels:  # fmt: skip
    """Fit CFA, Baseline, Method-C, Method-U, Method-R and Method-S, each as far as those before allow."""
    marker = factors.free_name("marker", items)
    base = standard_scale(factors)
    own = f"{marker} =~ " + " + ".join([f"NA*{items[0]}", *items[1:]])
    cfa = attempt("CFA", "\n".join([*base, own, f"{marker} ~~ 1*{marker}"]), data, keywords)
    tried = [cfa]
    if not cfa.usable or cfa.fit is None:
        return MarkerModels(factors, marker, tuple(items), tuple(tried), "", hypothesised)
    held = _held_marker(cfa.fit, marker, items, factors)
    baseline = attempt("Baseline", "\n".join([*base, *held]), data, keywords)
    equal = attempt("Method-C", "\n".join([*base, *held, _method(factors, marker, f"{_LABEL}*")]), data, keywords)
    free = attempt("Method-U", "\n".join([*base, *held, _method(factors, marker, "")]), data, keywords)
    tried += [baseline, equal, free]
    kept = _kept(equal, free, 1.0 - level)
    if kept is not None and kept.fit is not None and baseline.usable and baseline.fit is not None:
        correlations = _held_correlations(baseline.fit, kept.fit, factors)
        if correlations:
            tried.append(attempt("Method-R", "\n".join([kept.text, *correlations]), data, keywords))
        sensitive = [*base, *held, _upper_loadings(kept.fit, factors, marker, level)]
        tried.append(attempt("Method-S", "\n".join(sensitive), data, keywords))
    retained = kept.name if kept is not None else ""
    return MarkerModels(factors, marker, tuple(items), tuple(tried), retained, hypothesised)


def _held_marker(cfa: SemResult, marker: str, items: Sequence[str], factors: Factors) -> list[str]:
    """Loadings and residual variances of the marker's items at what the CFA found; no correlation with factors."""
    loadings = " + ".join(f"{_value(cfa, marker, '=~', item)!r}*{item}" for item in items)
    lines = [f"{marker} =~ {loadings}", f"{marker} ~~ 1*{marker}"]
    lines += [f"{item} ~~ {_value(cfa, item, '~~', item)!r}*{item}" for item in items]
    return [*lines, f"{marker} ~~ " + " + ".join(f"0*{factor}" for factor in factors.names)]


def _method(factors: Factors, marker: str, mark: str) -> str:
    """Loadings of the substantive items on the marker factor."""
    return f"{marker} =~ " + " + ".join(f"{mark}{item}" for item in factors.all_items)


def _kept(equal: Attempt, free: Attempt, alpha: float) -> Attempt | None:
    """Free loadings where they fit better than equal ones, otherwise equal ones."""
    if not free.admissible:
        return equal if equal.usable else free if free.usable else None
    if not equal.usable:
        return free
    p_value = difference(equal, free)["p_value_diff"]
    return free if p_value < alpha else equal


def _held_correlations(baseline: SemResult, kept: SemResult, factors: Factors) -> list[str]:
    """The correlations of the baseline, for factors that point where they do in the retained model."""
    way = directions(kept, baseline, factors)
    written = [{term.lhs, term.rhs} for term in factors.between]
    pairs = [(a, b) for a, b in itertools.combinations(factors.names, 2) if {a, b} not in written]
    return [f"{a} ~~ {_value(baseline, a, '~~', b) * way[a] * way[b]!r}*{b}" for a, b in pairs]


def _upper_loadings(kept: SemResult, factors: Factors, marker: str, level: float) -> str:
    """Method loadings at the end of their interval that is farther from 0."""
    reach, parts = float(ndtri(0.5 + level / 2.0)), []
    for item in factors.all_items:
        row = _row(kept, marker, "=~", item)
        value, error = float(row["estimate"]), float(row["std_error"])
        parts.append(f"{value + (reach if value >= 0 else -reach) * error!r}*{item}")
    return f"{marker} =~ " + " + ".join(parts)


def _row(fit: SemResult, lhs: str, op: str, rhs: str) -> pd.Series[Any]:
    rows = fit.estimates
    same = (rows["op"] == op) & (rows["lhs"] == lhs) & (rows["rhs"] == rhs)
    if op == "~~":
        same |= (rows["op"] == op) & (rows["lhs"] == rhs) & (rows["rhs"] == lhs)
    return rows[same].iloc[0]


def _value(fit: SemResult, lhs: str, op: str, rhs: str) -> float:
    return float(_row(fit, lhs, op, rhs)["estimate"])


def model_table(models: MarkerModels) -> pd.DataFrame:
    """One row a model, with the difference from the one it is tested against."""
    against = {"Method-C": ("Baseline", False), "Method-U": ("Method-C", False), "Method-R": (models.retained, True)}
    rows = []
    for tried in models.tried:
        other, smaller = against.get(tried.name, ("", True))
        rows.append(model_row(tried, models.get(other), smaller=smaller) | {"retained": tried.name == models.retained})
    return pd.DataFrame(rows, columns=[*MODEL_COLUMNS, "retained"])


def reliability_table(models: MarkerModels) -> pd.DataFrame:
    r"""Reliability of each factor's sum, of which part is due to the marker factor.

    With standardised loadings of the retained model, over :math:`D = (\sum\lambda_s)^2 + (\sum\lambda_m)^2 +
    \sum\theta`: substantive :math:`(\sum\lambda_s)^2/D`, method :math:`(\sum\lambda_m)^2/D`.
    """
    columns = ["factor", "baseline", "total", "substantive", "method", "method_percent"]
    kept, baseline = models.get(models.retained), models.get("Baseline")
    if kept is None or kept.fit is None or baseline is None or baseline.fit is None or not baseline.usable:
        return pd.DataFrame(columns=columns)
    rows = []
    for factor, items in models.factors.items.items():
        before = _parts(baseline.fit, factor, models.marker, items)
        own, method, error = _parts(kept.fit, factor, models.marker, items)
        whole = own + method + error
        rows.append((factor, before[0] / (before[0] + before[2]), (own + method) / whole, own / whole, method / whole,
                     100.0 * method / (own + method)))  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _parts(fit: SemResult, factor: str, marker: str, items: Sequence[str]) -> tuple[float, float, float]:
    """Squared sums of the standardised loadings on factor and marker, and the sum of residual variances."""
    rows = fit.estimates
    loadings = rows[(rows["op"] == "=~") & rows["rhs"].isin(items)]
    own = float(loadings.loc[loadings["lhs"] == factor, "std_all"].sum())
    method = float(loadings.loc[loadings["lhs"] == marker, "std_all"].sum())
    left = rows[(rows["op"] == "~~") & (rows["lhs"] == rows["rhs"]) & rows["lhs"].isin(items)]
    return own**2, method**2, float(left["std_all"].sum())


def _correlation(models: MarkerModels, fit: SemResult, a: str, b: str) -> float:
    """A factor correlation, the factors pointing where they do in the hypothesised model."""
    way = dict.fromkeys(models.factors.names, 1.0)
    if models.hypothesised is not None:
        way = directions(fit, models.hypothesised, models.factors)
    return float(fit.latent_correlations.loc[a, b]) * way[a] * way[b]


def correlation_table(models: MarkerModels) -> pd.DataFrame:
    """Correlations of the factors without method loadings, with them, and with them at the end of their interval."""
    columns = ["lhs", "rhs", "baseline", "retained", "sensitivity", "p_value"]
    kept, baseline = models.get(models.retained), models.get("Baseline")
    if kept is None or kept.fit is None or baseline is None or baseline.fit is None:
        return pd.DataFrame(columns=columns)
    sensitive = models.get("Method-S")
    last = sensitive.fit if sensitive is not None and sensitive.usable else None
    rows = []
    for a, b in itertools.combinations(models.factors.names, 2):
        found = [np.nan if fit is None else _correlation(models, fit, a, b) for fit in (baseline.fit, kept.fit, last)]
        rows.append((a, b, *found, float(_row(kept.fit, a, "~~", b)["p_value"])))
    return pd.DataFrame(rows, columns=columns)
