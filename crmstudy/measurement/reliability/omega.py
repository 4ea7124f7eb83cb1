"""Omega: the composite reliability that a one-factor model implies, with a delta-method interval."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmstudy.errors import AnalysisError
from crmstudy.fitted.fit import fit_model
from crmstudy.kernels.moments import Array
from crmstudy.kernels.reliability.coefficients import omega
from crmstudy.notes import Note


@dataclass(frozen=True, slots=True)
class OmegaEstimate:
    """Omega of one scale with its standard error and interval."""

    value: float
    std_error: float
    ci_low: float
    ci_high: float


def one_factor_omega(
    values: Array, items: Sequence[str], scale: str, level: float, *, missing: str = "listwise"
) -> OmegaEstimate | Note:
    """Fit one factor by maximum likelihood and read omega off the loadings.

    Parameters
    ----------
    values : array of shape (n, k)
        Rows of at least 3 items.
    items : sequence of str
        Names of the k items in the notes.
    scale : str
        The scale's name in the notes.
    level : float
        Coverage of the interval.
    missing : {"listwise", "fiml"}
        Complete rows only, or all by full information.

    Returns
    -------
    OmegaEstimate or Note
        The Note says why the one-factor model could not be fitted, or why its solution is improper: an omega that
        must not be interpreted is not given.
    """
    names = [f"i{j + 1}" for j in range(values.shape[1])]  # columns may have names that no model syntax could hold
    model = "factor =~ " + " + ".join(names)
    try:
        fit = fit_model(model, pd.DataFrame(values, columns=names), function="cfa", std_lv=True, missing=missing)
        cov = fit.vcov
    except AnalysisError as error:
        message = (
            f"Omega of {_of(scale)} is not given: the one-factor model could not be fitted ({_named(error, items)})."
        )
        return Note("RELIABILITY_OMEGA_FAILED", message, "warning", scale or None)
    if not fit.admissible:
        return _improper(scale, items, fit.notes)
    table = fit.estimates
    loadings, residuals = (
        table[(table["op"] == "=~")].set_index("rhs")["estimate"].reindex(names).to_numpy(dtype=float),
        table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])]
        .set_index("lhs")["estimate"].reindex(names).to_numpy(dtype=float),
    )  # fmt: skip
    composite = omega(loadings, residuals)
    gradient = np.concatenate([composite.by_loading, np.full(len(names), composite.by_residual)])
    parameters = [f"factor =~ {name}" for name in names] + [f"{name} ~~ {name}" for name in names]
    within = cov.loc[parameters, parameters].to_numpy(dtype=float)
    std_error = float(np.sqrt(max(gradient @ within @ gradient, 0.0)))
    half = float(ndtri(0.5 + level / 2.0)) * std_error
    return OmegaEstimate(composite.value, std_error, composite.value - half, composite.value + half)


def _improper(scale: str, items: Sequence[str], notes: tuple[Note, ...]) -> Note:
    reasons = "; ".join(_named(note.message, items) for note in notes if note.level == "inadmissible")
    message = f"Omega of {_of(scale)} is not given: its one-factor model is improper: {reasons}."
    return Note("RELIABILITY_OMEGA_IMPROPER", message, "warning", scale or None)


def _named(reason: object, items: Sequence[str]) -> str:
    """A reason with the items' own names in it, and without its full stop."""
    return re.sub(r"\bi([0-9]+)\b", lambda match: items[int(match.group(1)) - 1], str(reason)).rstrip(".")


def _of(scale: str) -> str:
    return f"'{scale}'" if scale else "these items"
