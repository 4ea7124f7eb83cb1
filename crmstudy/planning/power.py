"""Power and sample size of structural equation models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, Fault, ModelError
from crmstudy.kernels.covariance import power as kernel
from crmstudy.numerals import write_number
from crmstudy.results import ESTIMATE_COLUMNS, Result

_CURVE = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)


@dataclass(frozen=True, eq=False, repr=False)
class PowerResult(Result):
    """The power of a test at a number of rows, or the rows that a power needs.

    ``.fit`` has ``power``, ``n`` (rows of all groups), ``alpha``, ``groups``, degrees of freedom and the RMSEA of both
    hypotheses; ``.tables["curve"]`` the power (``n, power``) around that number of rows.
    """

    kind: ClassVar[str] = "power"

    @property
    def text(self) -> str:
        """Rows and power in one sentence."""
        f = self.fit
        power, rows, alpha = write_number(f["power"], "r"), write_number(f["n"], "n"), f"{f['alpha']:g}".lstrip("0")
        return f"{self.call['test']} has a power of {power} with N = {rows} at α = {alpha} ({self.call['against']})."


def rmsea(
    *,
    df: int,
    n: int | None = None,
    power: float | None = None,
    rmsea0: float = 0.05,
    rmsea_a: float = 0.08,
    alpha: float = 0.05,
    groups: int = 1,
) -> PowerResult:
    """Power of a test of model fit by the RMSEA, or the number of rows a power needs.

    Parameters
    ----------
    df : int
        Degrees of freedom of the model.
    n : int, optional
        Rows, of all groups together; gives the power.
    power : float, optional
        Power that is wanted; gives the smallest number of rows.
    rmsea0, rmsea_a : float
        RMSEA of the null hypothesis and of the alternative. ``rmsea_a`` above ``rmsea0`` is a test of close fit (of
        exact fit with ``rmsea0=0``), below it one of not-close fit, such as .05 against .01.
    alpha : float
        Level of the test.
    groups : int
        Groups of a multi-group model.

    Returns
    -------
    PowerResult

    Raises
    ------
    ModelError
        With every fault of the request.
    AnalysisError
        When a million rows do not have the power.

    Notes
    -----
    MacCallum, Browne & Sugawara (1996); noncentrality (N - 1) df rmsea² / groups.

    Examples
    --------
    >>> rmsea(df=24, power=0.8).n
    375
    """
    faults = _faults(n, power, alpha, groups, {"df": df}, {"rmsea0": rmsea0, "rmsea_a": rmsea_a})
    if power is not None and rmsea0 == rmsea_a:
        faults.append(Fault(f"rmsea0= and rmsea_a= are both {rmsea0}; no number of rows tells them apart."))
    if faults:
        raise ModelError(faults)
    kinds = "not-close fit" if rmsea_a < rmsea0 else "exact fit" if rmsea0 == 0 else "close fit"
    figures = {"df": float(df), "rmsea0": rmsea0, "rmsea_a": rmsea_a, "alpha": alpha, "groups": float(groups)}
    against = (
        f"df = {df}, RMSEA = {write_number(rmsea0, 'index', decimals=2)} against "
        f"{write_number(rmsea_a, 'index', decimals=2)}"
    )
    call = {"function": "power.rmsea", "test": f"The test of {kinds}", "against": against, **figures}
    return _result(lambda rows: kernel.rmsea_power(rmsea0, rmsea_a, df, rows, alpha, groups), n, power, figures, call)


def rmsea_difference(
    *,
    df_smaller: int,
    df_larger: int,
    rmsea_smaller: float,
    rmsea_larger: float,
    rmsea0_smaller: float = 0.0,
    rmsea0_larger: float = 0.0,
    n: int | None = None,
    power: float | None = None,
    alpha: float = 0.05,
    groups: int = 1,
) -> PowerResult:
    """Power of the chi-square difference test of two nested models, or the number of rows a power needs.

    Parameters
    ----------
    df_smaller, df_larger : int
        Degrees of freedom of the model with fewer parameters (the larger number) and of the one it is nested in.
    rmsea_smaller, rmsea_larger : float
        Their RMSEA under the alternative.
    rmsea0_smaller, rmsea0_larger : float
        Their RMSEA under the null hypothesis; with 0 both fit exactly and equally well.
    n, power, alpha, groups
        As in :func:`rmsea`.

    Raises
    ------
    ModelError
        With every fault of the request.
    AnalysisError
        When a million rows do not have the power.

    Notes
    -----
    MacCallum, Browne & Cai (2006): noncentrality (N - 1)(df_s rmsea_s² - df_l rmsea_l²) / groups.
    """
    values = {
        "rmsea_smaller": rmsea_smaller, "rmsea_larger": rmsea_larger, "rmsea0_smaller": rmsea0_smaller,
        "rmsea0_larger": rmsea0_larger,
    }  # fmt: skip
    faults = _faults(n, power, alpha, groups, {"df_smaller": df_smaller, "df_larger": df_larger}, values)
    if not faults:
        faults = _difference_faults(df_smaller, df_larger, values, asks_rows=power is not None)
    if faults:
        raise ModelError(faults)
    figures = {"df_smaller": float(df_smaller), "df_larger": float(df_larger), **values, "alpha": alpha}
    figures["groups"] = float(groups)
    written = [write_number(value, "index", decimals=2) for value in (rmsea_smaller, rmsea_larger)]
    against = f"df = {df_smaller} and {df_larger}, RMSEA = {written[0]} and {written[1]}"
    call = {
        "function": "power.rmsea_difference", "test": "The test of the nested models", "against": against, **figures
    }  # fmt: skip
    null, other = (rmsea0_smaller, rmsea0_larger), (rmsea_smaller, rmsea_larger)
    return _result(
        lambda rows: kernel.difference_power(null, other, (df_smaller, df_larger), rows, alpha, groups),
        n, power, figures, call,
    )  # fmt: skip


def _result(
    formula: Callable[[Any], Any], n: int | None, power: float | None, figures: Mapping[str, float],
    call: Mapping[str, Any],
) -> PowerResult:  # fmt: skip
    found = n
    if power is not None:
        found = kernel.smallest_n(lambda rows: float(formula(rows)), power)
    if found is None:
        raise AnalysisError(
            f"{kernel.LARGEST_N:,} rows do not have a power of {power}; the hypotheses are too near to each other.",
            "POWER_NOT_REACHED",
        )
    reached = float(formula(found))
    rows = np.unique(np.maximum(np.round(np.array(_CURVE) * found), 2)).astype(int)
    estimates = pd.DataFrame([{"term": "power", "estimate": reached}]).reindex(columns=list(ESTIMATE_COLUMNS))
    fit = pd.Series({"power": reached, "n": float(found), **figures}, dtype=float)
    curve = pd.DataFrame({"n": rows, "power": [float(formula(row)) for row in rows]})
    asked = {"n": n, "power": power}
    return PowerResult(estimates, int(found), fit, {"curve": curve}, call={**call, **asked})


def _faults(
    n: Any, power: Any, alpha: Any, groups: Any, dfs: Mapping[str, Any], rmseas: Mapping[str, Any]
) -> list[Fault]:
    """Every fault of what both functions take."""
    faults = []
    if (n is None) == (power is None):
        faults.append(Fault("give either n= for the power of that many rows, or power= for the rows it needs."))
    whole = {"n": n} if n is not None else {}
    for name, value in {**whole, "groups": groups, **dfs}.items():
        least = 2 if name == "n" else 1
        if not _is_whole(value) or value < least:
            faults.append(Fault(f"{name}= must be a whole number from {least}; found {value!r}."))
    shares = {"power": power} if power is not None else {}
    for name, value in {**shares, "alpha": alpha}.items():
        if not _is_number(value) or not 0 < value < 1:
            faults.append(Fault(f"{name}= must be a number between 0 and 1; found {value!r}."))
    for name, value in rmseas.items():
        if not _is_number(value) or not 0 <= value < 1:
            faults.append(Fault(f"{name}= is an RMSEA, a number from 0 to 1, such as 0.05; found {value!r}."))
    if not faults and power is not None and power <= alpha:
        faults.append(Fault(f"power= must be above alpha=, which every number of rows has; found {power} and {alpha}."))
    return faults


def _difference_faults(df_smaller: int, df_larger: int, values: Mapping[str, float], *, asks_rows: bool) -> list[Fault]:
    faults = []
    if df_smaller <= df_larger:
        message = "the smaller model has more degrees of freedom than the one it is nested in; "
        faults.append(Fault(message + f"found df_smaller={df_smaller} and df_larger={df_larger}."))
    gaps = []
    for kind in ("rmsea0", "rmsea"):
        smaller, larger = values[f"{kind}_smaller"], values[f"{kind}_larger"]
        gaps.append(df_smaller * smaller**2 - df_larger * larger**2)
        if gaps[-1] < 0:
            message = f"{kind}_smaller={smaller} and {kind}_larger={larger} would make the smaller model fit better: "
            faults.append(Fault(message + "df times squared RMSEA cannot be less than in the model it is nested in."))
    if not faults and asks_rows and gaps[1] <= gaps[0]:
        faults.append(Fault("the alternative must be further from exact equality than the null hypothesis; it is not."))
    return faults


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.floating | np.integer) and not isinstance(value, bool)
