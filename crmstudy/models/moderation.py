"""Effects of an interaction in a fitted model: its standardised size, and slopes at values of the moderator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, Fault, ModelError, did_you_mean
from crmstudy.fitted.measured import reticular
from crmstudy.fitted.semresult import SemResult
from crmstudy.kernels.covariance.moderation import Region, Slope, centring_constants, johnson_neyman
from crmstudy.kernels.covariance.reticular import Reticular, standard_error
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.results import ESTIMATE_COLUMNS, Result, records

#: A product column may differ from the product of its two variables by rounding in a file (share of its deviation).
_IS_PRODUCT = 0.01
#: What may stand between the names of two variables in the name of their product.
_SIGNS = (".", ":", "_")


@dataclass(frozen=True, eq=False, repr=False)
class InteractionResult(Result):
    """Standardised effects of two predictors and of their interaction; ``estimates`` has a row for each."""

    kind: ClassVar[str] = "standardised_interaction"

    @property
    def text(self) -> str:
        """The standardised interaction in one sentence."""
        row = records(self.estimates)[-1]
        mark = "" if self.admissible else " The solution is INADMISSIBLE and must not be interpreted."
        return (
            f"The standardised interaction of {self.call['x']} and {self.call['w']} on {self.call['y']} is "
            f"{write_number(row['estimate'], 'estimate')}, SE = {write_number(row['std_error'], 'estimate')}, "
            f"{p_phrase(row['p_value'])}.{mark}"
        )


@dataclass(frozen=True, eq=False, repr=False)
class SimpleSlopes(Result):
    """Slopes of an outcome on a predictor at values of a moderator.

    ``estimates`` has a row for each value, with the last columns ``at`` (in standard deviations from the mean) and
    ``moderator`` (its value). Table ``johnson_neyman``: bound, in_sd, slope, significant (on which side of the bound
    the slope differs from 0: below or above); it is empty where the slope differs from 0 everywhere or nowhere.
    """

    kind: ClassVar[str] = "simple_slopes"

    @property
    def text(self) -> str:
        """Every slope and where they become significant."""
        c = self.call
        parts = [
            f"{write_number(row['estimate'], 'estimate')} ({p_phrase(row['p_value'])}) at {_place(row['at'])} of "
            f"{c['w']}"
            for row in records(self.estimates)
        ]
        mark = "" if self.admissible else " The solution is INADMISSIBLE and must not be interpreted."
        return f"The slope of {c['y']} on {c['x']} is {', '.join(parts)}. {self._region()}{mark}"

    def _region(self) -> str:
        bounds = [write_number(value, "estimate") for value in self.tables["johnson_neyman"]["bound"]]
        w = self.call["w"]
        told = {
            "everywhere": f"It differs from 0 at every value of {w}.",
            "nowhere": f"It differs from 0 at no value of {w}.",
            "outside": "It differs from 0 where {w} is below {0} or above {1}.",
            "inside": "It differs from 0 where {w} is between {0} and {1}.",
            "below": "It differs from 0 where {w} is below {0}.",
            "above": "It differs from 0 where {w} is above {0}.",
        }
        return told[self.call["region"]].format(*bounds, w=w)

    def plot(self) -> CoefficientPlot:
        """The slopes with their intervals."""
        frame, c = self.estimates, self.call
        return CoefficientPlot(
            title=f"Slope of {c['y']} on {c['x']} by {c['w']}",
            alt=f"Slopes of {c['y']} on {c['x']} at {len(frame)} values of {c['w']} with {c['level']:.0%} intervals.",
            terms=tuple(f"{c['w']}: {_place(at)}" for at in frame["at"]),
            estimates=tuple(map(float, frame["estimate"])),
            lows=tuple(map(float, frame["ci_low"])),
            highs=tuple(map(float, frame["ci_high"])),
            x_label="Slope",
            admissible=self.admissible,
        )


def standardised_interaction(fit: SemResult, *, x: str, w: str, xw: str, y: str) -> InteractionResult:
    r"""Standardised effects of two predictors and their interaction, with the interaction on the right scale.

    Parameters
    ----------
    fit : SemResult
        A model of one group in which ``y`` is regressed on ``x``, ``w`` and ``xw``.
    x, w : str
        The predictors.
    xw : str
        The interaction factor, or the product column of observed variables.
    y : str
        The outcome.

    Returns
    -------
    InteractionResult
        ``estimates``: effects of ``x``, of ``w`` and of the interaction in standard deviations, with delta-method
        standard errors that count the sampling of the standard deviations.

    Raises
    ------
    ModelError
        When the model lacks one of the three effects.
    UnsupportedError
        For a model of several groups.
    AnalysisError
        When the model has no standard errors.

    Notes
    -----
    :math:`\gamma_3'' = \gamma_3 \sqrt{\phi_{xx}\phi_{ww}/\operatorname{var}(y)}` (Wen, Marsh & Hau, 2010): a
    product of standardised variables is not a standardised product, so that ``std_all`` of the interaction, which
    counts in standard deviations of the product, is not its standardised effect. :math:`\gamma_3` is taken per unit of
    x times w: where the interaction factor is scaled otherwise (by a variance of 1, say) its effect is multiplied with
    :math:`\lambda_a\lambda_b/\lambda_{ab}` of its first product indicator, and a note says so.

    Examples
    --------
    >>> import numpy as np, pandas as pd, crmstudy as cs
    >>> rng = np.random.default_rng(1)
    >>> data = pd.DataFrame(rng.normal(size=(200, 2)), columns=["x", "w"])
    >>> data["xw"] = data["x"] * data["w"]
    >>> data["y"] = 0.5 * data["x"] + 0.3 * data["xw"] + rng.normal(size=200)
    >>> fit = cs.sem("y ~ x + w + xw", data)
    >>> standardised_interaction(fit, x="x", w="w", xw="xw", y="y").estimates["term"].tolist()
    ['y ~ x', 'y ~ w', 'y ~ xw']
    """
    found = _effects(fit, {"x": x, "w": w, "xw": xw, "y": y})
    phi, at = found.model.covariance, found.place
    for name in (x, w, y):
        if not phi[at[name], at[name]] > 0:
            raise AnalysisError(f"'{name}' has no positive variance in this model.", "INTERACTION_NO_VARIANCE")
    sd = {name: float(np.sqrt(phi[at[name], at[name]])) for name in (x, w, y)}
    relative = {  # derivatives of the logarithms of the standard deviations
        name: found.model.covariance_slopes(at[name], at[name]) / (2 * phi[at[name], at[name]]) for name in (x, w, y)
    }
    rows = []
    for predictor, factors in ((x, (x,)), (w, (w,)), (xw, (x, w))):
        effect = found.effects[predictor]
        scale = float(np.prod([sd[name] for name in factors])) / sd[y]
        moved = np.sum([relative[name] for name in factors], axis=0) - relative[y]
        slopes = scale * (effect.slopes + effect.value * moved)
        rows.append((f"{y} ~ {predictor}", effect.value * scale, standard_error(slopes, found.vcov)))
    level = float(fit.call.get("level", 0.95))
    return InteractionResult(
        estimates=_z_table(rows, level),
        n=fit.n,
        notes=(*fit.notes, *found.notes),
        samples=fit.samples,
        call={"function": "standardised_interaction", "x": x, "w": w, "xw": xw, "y": y, "level": level},
    )


def simple_slopes(
    fit: SemResult,
    *,
    x: str,
    w: str,
    xw: str | None = None,
    y: str | None = None,
    at: Sequence[float] = (-1, 0, 1),
    level: float = 0.95,
) -> SimpleSlopes:
    r"""Slopes of an outcome on a predictor at values of a moderator, and where they differ from 0.

    Parameters
    ----------
    fit : SemResult
        A model of one group in which ``y`` is regressed on ``x``, ``w`` and their interaction.
    x, w : str
        Predictor and moderator.
    xw : str, optional
        The interaction factor or product column. Found when it is named ``x:w``, ``x.w`` or ``x_w`` (in either order),
        or measured by products of the indicators of ``x`` and ``w``.
    y : str, optional
        The outcome; needed when several are regressed on ``x`` and the interaction.
    at : sequence of float
        Values of the moderator, in standard deviations from its mean.
    level : float
        Level of the intervals and of the Johnson-Neyman bounds.

    Returns
    -------
    SimpleSlopes

    Raises
    ------
    ModelError
        When the model lacks one of the effects or a name is not clear.
    UnsupportedError
        For a model of several groups.
    AnalysisError
        When the model has no standard errors, or the product column is not a product of the two variables.

    Notes
    -----
    :math:`b(c) = b_1 + b_3 (c - c_0)` with variance :math:`v_{11} + 2(c-c_0)v_{13} + (c-c_0)^2 v_{33}` from ``vcov``;
    :math:`c_0` is the value of the moderator that the product is centred at and c is taken as given (Cohen, Cohen, West
    & Aiken, 2003, ch. 7; Bauer & Curran, 2005, for the bounds). The standard deviation of the moderator is the
    model-implied one. A latent product, however its indicators were centred, counts from the factor means. An observed
    product column is compared with the rows of the model where there are any, which tells how it was centred; without
    rows it is taken as the plain product and the mean of the moderator as that of the model, or 0. An interaction
    factor is brought to the unit of x times w as in :func:`standardised_interaction`.

    Examples
    --------
    >>> import numpy as np, pandas as pd, crmstudy as cs
    >>> rng = np.random.default_rng(1)
    >>> data = pd.DataFrame(rng.normal(size=(200, 2)), columns=["x", "w"])
    >>> data["xw"] = data["x"] * data["w"]
    >>> data["y"] = 0.5 * data["x"] + 0.3 * data["xw"] + rng.normal(size=200)
    >>> fit = cs.sem("y ~ x + w + xw", data)
    >>> simple_slopes(fit, x="x", w="w").estimates["at"].tolist()
    [-1.0, 0.0, 1.0]
    """
    names = _resolved(fit, x, w, xw, y)
    steps = _checked_steps(at, level)
    found = _effects(fit, names)
    spread = found.model.covariance[found.place[w], found.place[w]]
    if not spread > 0:
        raise AnalysisError(f"'{w}' has no positive variance in this model.", "INTERACTION_NO_VARIANCE")
    sd = float(np.sqrt(spread))
    mean, origin, notes = _origin(fit, float(found.model.mean[found.place[w]]), x, w, names["xw"])
    slope = found.slope(x, names["xw"])
    moderator = mean + steps * sd
    values, errors = slope.at(moderator - origin)
    terms = [f"{x} at {_place(step)} of {w}" for step in steps]
    estimates = _z_table(list(zip(terms, values, errors, strict=True)), level)
    estimates["at"], estimates["moderator"] = steps, moderator
    region, bounds = johnson_neyman(slope, float(ndtri(0.5 + level / 2)))
    return SimpleSlopes(
        estimates=estimates,
        n=fit.n,
        tables={"johnson_neyman": _bounds(region, bounds, slope, mean, origin, sd)},
        notes=(*fit.notes, *found.notes, *notes),
        samples=fit.samples,
        call={
            "function": "simple_slopes", **names, "at": [float(step) for step in steps], "level": level,
            "region": region, "mean": mean, "sd": sd,
        },
    )  # fmt: skip


@dataclass(frozen=True)
class _Effect:
    """A coefficient and its derivatives with respect to the free parameters."""

    value: float
    slopes: Array


@dataclass(frozen=True)
class _Effects:
    """The model with all its variables, and the effects on the outcome by the name of the predictor."""

    model: Reticular
    place: dict[str, int]
    vcov: Array
    effects: dict[str, _Effect]
    notes: tuple[Note, ...]

    def slope(self, x: str, xw: str) -> Slope:
        """Main effect and interaction with their covariances."""
        main, product = self.effects[x], self.effects[xw]
        v = [float(a.slopes @ self.vcov @ b.slopes) for a, b in ((main, main), (main, product), (product, product))]
        return Slope(main.value, product.value, *v)


def _effects(fit: SemResult, names: dict[str, str]) -> _Effects:
    """The effects of x, w and xw on y, that of the interaction in units of x times w."""
    if not isinstance(fit, SemResult):
        raise ModelError("the first argument must be a fitted model, as sem() gives it.")
    model, at = reticular(fit)
    y = names["y"]
    table = fit.estimates
    causes = table.loc[(table["op"] == "~") & (table["lhs"] == y), "rhs"]
    faults = [
        Fault(f"{role}='{name}': '{y}' is not regressed on it.{did_you_mean(name, causes)}")
        for role, name in names.items()
        if role != "y" and name not in set(causes)
    ]
    if faults:
        raise ModelError(faults)
    read = {name: _effect(model, at[y], at[name]) for name in (names["x"], names["w"], names["xw"])}
    notes: tuple[Note, ...] = ()
    if names["xw"] in fit.latent:
        size, notes = _units(fit, model, at, names)
        before = read[names["xw"]]
        slopes = size.value * before.slopes + before.value * size.slopes
        read[names["xw"]] = _Effect(before.value * size.value, slopes)
    return _Effects(model, at, fit.vcov.to_numpy(), read, notes)


def _effect(model: Reticular, outcome: int, cause: int) -> _Effect:
    """One arrow of the model."""
    paths = model.paths
    (place,) = np.flatnonzero((paths.rows == outcome) & (paths.columns == cause))
    slopes = np.zeros(model.n_parameters)
    if paths.parameters[place] >= 0:
        slopes[paths.parameters[place]] = 1.0
    return _Effect(float(paths.values[place]), slopes)


def _units(
    fit: SemResult, model: Reticular, at: dict[str, int], names: dict[str, str]
) -> tuple[_Effect, tuple[Note, ...]]:
    """How many units of the interaction factor one unit of x times w is.

    A product of two indicators has the loading of one times that of the other on the product of the factors; its
    loading on the interaction factor tells the unit of that factor. Where x, w and the interaction have matching
    markers the answer is 1; otherwise (with variances fixed at 1, say) the first product counts.
    """
    one = _Effect(1.0, np.zeros(model.n_parameters))
    xw = names["xw"]
    known = _constituents(fit, names["x"], names["w"])
    loads = fit.estimates[(fit.estimates["op"] == "=~") & (fit.estimates["lhs"] == xw)]
    listed = [(item, known[item]) for item in loads["rhs"] if item in known]
    if not listed:
        message = (
            f"The indicators of '{xw}' are not named as products of indicators of '{names['x']}' and '{names['w']}'; "
            "its unit is taken to be the product of theirs."
        )
        return one, (Note("INTERACTION_ASSUMED", message, "warning", xw),)
    found = []
    for item, parts in listed:
        product = _effect(model, at[item], at[xw])
        a, b = (
            one if part == factor else _effect(model, at[part], at[factor])
            for part, factor in zip(parts, (names["x"], names["w"]), strict=True)
        )
        value = a.value * b.value / product.value
        slopes = value * (a.slopes / a.value + b.slopes / b.value - product.slopes / product.value)
        found.append(_Effect(value, slopes))
        if value == 1.0 and not slopes.any():
            return one, ()
    message = (
        f"The unit of '{xw}' is not the product of the units of '{names['x']}' and '{names['w']}'; its effect is given "
        f"in that product, through the loadings of {listed[0][0]}."
    )
    return found[0], (Note("INTERACTION_RESCALED", message, "info", xw),)


def _constituents(fit: SemResult, x: str, w: str) -> dict[str, tuple[str, str]]:
    """Names that products of indicators may have, with the indicator of x and that of w."""
    loads = fit.estimates[fit.estimates["op"] == "=~"]
    own = {name: list(loads.loc[loads["lhs"] == name, "rhs"]) or [name] for name in (x, w)}
    return {
        f"{first}{sign}{second}": (a, b)
        for a in own[x]
        for b in own[w]
        for first, second in ((a, b), (b, a))
        for sign in _SIGNS
    }


def _resolved(fit: SemResult, x: str, w: str, xw: str | None, y: str | None) -> dict[str, str]:
    """The names of outcome and interaction, found where they were left out."""
    if not isinstance(fit, SemResult):
        raise ModelError("the first argument must be a fitted model, as sem() gives it.")
    paths = fit.estimates[fit.estimates["op"] == "~"]
    by_outcome = {str(outcome): list(group["rhs"]) for outcome, group in paths.groupby("lhs", sort=False)}
    if y is None:
        found = [
            outcome
            for outcome, causes in by_outcome.items()
            if x in causes and (xw in causes if xw is not None else _interactions(fit, x, w, causes))
        ]
        if len(found) != 1:
            told = (
                f"these are: {', '.join(found)}" if found else f"there is none among {', '.join(by_outcome) or 'none'}"
            )
            raise ModelError(
                f"y= must name the outcome that is regressed on '{x}' and on its product with '{w}'; {told}."
            )
        y = found[0]
    if xw is None:
        products_found = _interactions(fit, x, w, by_outcome.get(y, []))
        if len(products_found) != 1:
            causes = ", ".join(by_outcome.get(y, [])) or "nothing"
            raise ModelError(f"xw= must name the interaction of '{x}' and '{w}'; '{y}' is regressed on {causes}.")
        xw = products_found[0]
    return {"x": x, "w": w, "xw": xw, "y": y}


def _interactions(fit: SemResult, x: str, w: str, causes: Sequence[str]) -> list[str]:
    """Predictors that are the product of two others, by name or by the names of their indicators."""
    named = {f"{a}{sign}{b}" for a, b in ((x, w), (w, x)) for sign in (*_SIGNS, "")}
    if found := [name for name in causes if name in named]:
        return found
    products = set(_constituents(fit, x, w))
    loads = fit.estimates[fit.estimates["op"] == "=~"]
    items = {str(factor): set(group["rhs"]) for factor, group in loads.groupby("lhs", sort=False)}
    return [name for name in causes if name in items and items[name] <= products]


def _checked_steps(at: Sequence[float], level: object) -> Array:
    faults = []
    steps = np.atleast_1d(np.asarray(at, dtype=object))
    numbers = [value for value in steps if isinstance(value, float | int | np.number) and np.isfinite(float(value))]
    if not len(steps) or len(numbers) < len(steps):
        faults.append(f"at= must hold numbers of standard deviations, such as (-1, 0, 1); found {at!r}.")
    if isinstance(level, bool) or not isinstance(level, float | int) or not 0 < level < 1:
        faults.append(f"level= must be a number between 0 and 1, such as 0.95; found {level!r}.")
    if faults:
        raise ModelError(faults)
    return np.array(numbers, dtype=np.float64)


def _origin(fit: SemResult, mean: float, x: str, w: str, xw: str) -> tuple[float, float, list[Note]]:
    """Mean of the moderator, the value the product is centred at, and what had to be assumed."""
    if xw in fit.latent:
        return mean, mean, []
    rows = getattr(fit, "rows", None)
    if rows is None or not {x, w, xw} <= set(fit.observed):
        message = (
            f"The complete rows of the model are not at hand, so '{xw}' is taken as the plain product of '{x}' and "
            f"'{w}' and the mean of '{w}' as {write_number(mean, 'estimate')}."
        )
        return mean, 0.0, [Note("INTERACTION_ASSUMED", message, "warning", xw)]
    columns = {name: np.asarray(rows, dtype=np.float64)[:, fit.observed.index(name)] for name in (x, w, xw)}
    _, origin, left = centring_constants(columns[x], columns[w], columns[xw])
    if left > _IS_PRODUCT:
        raise AnalysisError(
            f"'{xw}' must be the product of '{x}' and '{w}', plain or centred, but in the rows of the model it is not. "
            "Name the product column with xw=.",
            "SLOPES_NOT_A_PRODUCT",
        )
    return float(columns[w].mean()), origin, []


def _bounds(
    region: Region, bounds: tuple[float, ...], slope: Slope, mean: float, origin: float, sd: float
) -> pd.DataFrame:
    sides = {"outside": ("below", "above"), "inside": ("above", "below"), "below": ("below",), "above": ("above",)}
    rows = [
        (bound + origin, (bound + origin - mean) / sd, slope.b1 + slope.b3 * bound, side)
        for bound, side in zip(bounds, sides.get(region, ()), strict=True)
    ]
    return pd.DataFrame(rows, columns=["bound", "in_sd", "slope", "significant"])


def _z_table(rows: Sequence[tuple[str, float, float]], level: float) -> pd.DataFrame:
    """Estimates with z tests and intervals; a fixed effect has a standard error of 0 and no test."""
    frame = pd.DataFrame(rows, columns=["term", "estimate", "std_error"])
    estimate, error = frame["estimate"].to_numpy(dtype=float), frame["std_error"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        frame["statistic"] = np.where(error > 0, estimate / error, np.nan)
    reach = float(ndtri(0.5 + level / 2)) * error
    frame["df"] = np.nan
    frame["p_value"] = 2.0 * ndtr(-np.abs(frame["statistic"].to_numpy()))
    frame["ci_low"], frame["ci_high"] = estimate - reach, estimate + reach
    return frame[list(ESTIMATE_COLUMNS)]


def _place(step: float) -> str:
    if step == 0:
        return "the mean"
    size = f"{abs(step):g}"
    return f"{size} SD {'above' if step > 0 else 'below'} the mean"
