"""Do more mature organisations earn more, and less so where customers switch easily: a moderated regression."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import fdtri, ncfdtr, ndtri, stdtr, stdtrit

from crmstudy.assessment.options import name_faults, names_of
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.tables import Type, table_of
from crmstudy.assessment.wording import Value, say
from crmstudy.drawing import Curves, Drawing
from crmstudy.errors import AnalysisError, ModelError
from crmstudy.exchange.read import read_responses
from crmstudy.kernels import regression as kernel
from crmstudy.kernels.covariance.moderation import Slope, johnson_neyman
from crmstudy.kernels.moments import Array
from crmstudy.models.formula import build_design, read_formula, term_key
from crmstudy.models.regression import RegressionResult, regress
from crmstudy.notes import Note
from crmstudy.numerals import LANGUAGE_STYLES, p_phrase
from crmstudy.responses import Responses
from crmstudy.results import ESTIMATE_COLUMNS, sample_table
from crmstudy.scoring import analysis_frame
from crmstudy.selection import coverage_faults

#: Below so many organisations a note warns: an interaction of common size is then usually missed.
FEW = 100
#: Places of the moderator, in standard deviations from its mean.
_PLACES = (-1.0, 0.0, 1.0)
_SE = "HC3"
#: What pandas calls columns of numbers.
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
#: No effect is larger than this; where it would not be found, none is.
_LARGEST_F2 = 1000.0


@dataclass(frozen=True, eq=False, repr=False)
class ProfitabilityResult(AssessmentResult):
    """Profit explained by maturity, ease of switching and their product, both centred at their means.

    ``estimates`` has the coefficients with HC3 errors (last columns ``beta``, ``vif``, as of a regression). ``fit``:
    that of the regression, with ``delta_r_squared`` (of the product) and ``detectable_f2`` (the smallest f² of the
    product that 80 percent of samples of this size would find at the level). Tables: ``slopes`` (term, estimate,
    std_error, statistic, df, p_value, ci_low, ci_high, at, switching), ``johnson_neyman`` (bound, in_sd, slope,
    significant, percent_below, inside; without rows where the slope differs from 0 everywhere or nowhere, as
    ``.call["region"]`` says), ``correlations`` (of, n, r, ci_low, ci_high, p_value).
    """

    kind: ClassVar[str] = "maturity_profitability"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "estimates", "Profitability by Maturity and Ease of Switching",
            (
                ("term", "Term", "text"), ("estimate", "b", "estimate"), ("std_error", "SE", "estimate"),
                ("statistic", "t", "statistic"), ("p_value", "p", "p"), ("ci_low", "Low", "estimate"),
                ("ci_high", "High", "estimate"), ("beta", "β", "r"),
            ),
            "Maturity and ease of switching centred at their means; HC3 standard errors. Correlational data.",
        ),
        Shown(
            "slopes", "Slope of Profitability on Maturity by Ease of Switching",
            (
                ("term", "At", "text"), ("estimate", "b", "estimate"), ("std_error", "SE", "estimate"),
                ("statistic", "t", "statistic"), ("p_value", "p", "p"), ("ci_low", "Low", "estimate"),
                ("ci_high", "High", "estimate"),
            ),
        ),
        Shown(
            "johnson_neyman", "Where the Slope Differs From 0",
            (
                ("bound", "Ease of switching", "estimate"), ("in_sd", "In SD", "estimate"),
                ("slope", "Slope there", "estimate"), ("significant", "Differs from 0", "text"),
                ("percent_below", "Percent of the data below", "percent"), ("inside", "Within the data", "text"),
            ),
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """The interaction and slopes, what the statement expects, and what such data cannot show."""
        call, rows = self.call, self.estimates.set_index("term")
        product = rows.loc[call["product"]]
        room, percent = "maturity_profit", 100.0 * call["level"]
        ends = _ends(product)
        told = [
            say(
                room, "interaction", lang, n=(self.n, "n"), b=(product["estimate"], "estimate"),
                se=(product["std_error"], "estimate"), t=(product["statistic"], "statistic"),
                p=_p(product["p_value"], lang), df=(product["df"], "df"), level=(percent, "df"), **ends,
            )
        ]  # fmt: skip
        for row in (self.tables["slopes"].iloc[0], self.tables["slopes"].iloc[-1]):
            key = "slope_low" if row["at"] < 0 else "slope_high"
            p = _p(row["p_value"], lang)
            told.append(say(room, key, lang, b=(row["estimate"], "estimate"), p=p, **_ends(row)))
        told.append(say(room, f"as_stated_{self._agreement()}", lang))
        told.append(say(room, "power", lang, n=(self.n, "n"), f2=(self.fit["detectable_f2"], "index")))
        return (*told, say(room, "correlational", lang))

    def _agreement(self) -> str:
        """Whether the interaction is as the statement has it: weaker where switching is easy."""
        row = self.estimates.set_index("term").loc[self.call["product"]]
        if row["p_value"] >= 1.0 - self.call["level"]:
            return "open"
        if row["estimate"] > 0:
            return "stronger"
        return "weaker" if self.tables["slopes"]["estimate"].iloc[0] > 0 else "absent"

    def drawings(self) -> tuple[Drawing, ...]:
        """Expected profit over maturity where switching is hard, usual and easy."""
        line = self.call["lines"]
        x = tuple(map(float, line["maturity"]))
        lines = tuple((name, x, tuple(map(float, values))) for name, values in line["expected"].items())
        title = f"{self.call['profit']} by {self.call['maturity']} and {self.call['switching']}"
        alt = f"Expected {self.call['profit']} at three values of {self.call['switching']}. {self.prose()[0]}"
        return (Curves(title, alt, lines, self.call["maturity"], self.call["profit"]),)


def profitability(
    data: object,
    *,
    maturity: str,
    profit: str,
    switching: str,
    covariates: Sequence[str] | str | None = (),
    level: float = 0.95,
) -> ProfitabilityResult:
    r"""Regress profit on maturity, ease of switching and their product.

    Serves source documents 4.10 (maturity goes with profitability, except where customers switch easily).

    Parameters
    ----------
    data : DataFrame, Responses or path
        A row an organisation or unit.
    maturity, profit, switching : str
        Columns of numbers: maturity (0 to 6), any measure of profit, how easily customers switch (higher is easier).
    covariates : str or sequence of str, optional
        Further columns, numbers or words, that are held constant (size, industry).
    level : float
        Coverage of the intervals, and of the bounds of Johnson and Neyman.

    Returns
    -------
    ProfitabilityResult

    Raises
    ------
    DataError, ModelError
        For columns that are not there or no numbers, a column with two parts to play, a faulty ``level``.
    AnalysisError
        When a variable does not vary, predictors are combinations of others, a coefficient rests on one row, or rows
        are too few.

    Notes
    -----
    :math:`y=b_0+b_1 m+b_2 s+b_3 ms+\dots` with m and s centred at the means of the complete rows, so that
    :math:`b_1` is the slope on maturity where switching is as easy as usual; HC3 errors (MacKinnon & White, 1985),
    t with n - p degrees of freedom. Simple slopes :math:`b_1+b_3c` at the mean of ``switching`` and one standard
    deviation about it; the bounds of Johnson and Neyman (1936) solve
    :math:`(b_1+b_3c)^2=t^2(v_{11}+2cv_{13}+c^2v_{33})` (Bauer & Curran, 2005). The statement expects :math:`b_3<0`. A
    slope that does not differ from 0 where switching is easy does not show that there is none. ``detectable_f2`` solves
    the noncentral F with one and n - p degrees of freedom and noncentrality :math:`nf^2` (Cohen, 1988). Everything is
    correlational: profit can pay for maturity as well as follow from it.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> firms = pd.DataFrame({"crm": rng.uniform(0, 6, 150), "ease": rng.uniform(1, 5, 150)})
    >>> firms["margin"] = 2 + firms["crm"] * (2 - 0.4 * firms["ease"]) + rng.normal(size=150)
    >>> found = profitability(firms, maturity="crm", profit="margin", switching="ease")
    >>> bool(found.estimates.set_index("term").loc["crm:ease", "ci_high"] < 0)
    True
    """
    listed, faults = names_of(covariates, "covariates")
    faults += _option_faults(maturity, profit, switching, listed, level)
    if faults:
        raise ModelError(faults)
    frame, dropped, notes = _complete(data, maturity, profit, switching, listed)
    means = {name: float(frame[name].mean()) for name in (maturity, switching)}
    sd = {name: float(frame[name].std()) for name in (maturity, switching)}
    _refuse_constant(frame, sd, profit)
    centred = frame.assign(**{name: frame[name] - mean for name, mean in means.items()})
    quoted = {name: f"`{name}`" for name in frame}
    formula = f"{quoted[profit]} ~ {quoted[maturity]} * {quoted[switching]}"
    formula += "".join(f" + {quoted[name]}" for name in listed)
    fitted = _fitted(formula, centred, level)
    design = build_design(read_formula(formula, list(map(str, centred))), centred)
    fit = kernel.least_squares(design.matrix, design.outcome)
    names = [term_key(name) for name in design.columns]
    b1, b3 = names.index(term_key(maturity)), names.index(term_key(f"{maturity}:{switching}"))
    cov = kernel.coefficient_covariance(fit, _SE)
    slope = Slope(*map(float, (fit.coefficients[b1], fit.coefficients[b3], cov[b1, b1], cov[b1, b3], cov[b3, b3])))
    without = kernel.least_squares(np.delete(design.matrix, b3, axis=1), design.outcome)
    total = float(((design.outcome - design.outcome.mean()) ** 2).sum())
    extra = {
        "delta_r_squared": (without.rss - fit.rss) / total,
        "detectable_f2": _detectable(len(frame), fit.df_resid, level),
    }
    if len(frame) < FEW:
        notes.append(_few(len(frame), extra["detectable_f2"]))
    region, bounds = _bounds(slope, frame[switching].to_numpy(dtype=float), fit.df_resid, level)
    estimates = fitted.estimates.assign(term=[name.replace("`", "") for name in fitted.estimates["term"]])
    return ProfitabilityResult(
        estimates=estimates,
        n=len(frame),
        fit=pd.concat([fitted.fit, pd.Series(extra, dtype=float)]),
        tables={
            "slopes": _slopes(slope, means[switching], sd[switching], fit.df_resid, level, maturity, switching),
            "johnson_neyman": bounds,
            "correlations": _correlations(frame, maturity, profit, switching, level),
        },
        notes=(*notes, *fitted.notes, Note("PROFITABILITY_CORRELATIONAL", _CORRELATIONAL)),
        samples=sample_table(len(frame), dropped),
        call={
            "maturity": maturity, "profit": profit, "switching": switching, "covariates": listed, "level": level,
            "se": _SE, "formula": formula, "product": estimates["term"].iloc[b3], "means": means, "sd": sd,
            "region": region,
            "lines": _lines(frame, centred, fit, design.columns, maturity, switching),
        },
    )  # fmt: skip


_CORRELATIONAL = (
    "The data are correlational: profitable organisations can afford to become mature, and what drives both is not "
    "held constant unless it is among the covariates."
)


def _option_faults(
    maturity: object, profit: object, switching: object, covariates: list[str], level: object
) -> list[str]:
    parts = {"maturity": maturity, "profit": profit, "switching": switching}
    used = [*parts.values(), *covariates]
    twice = sorted({name for name in used if isinstance(name, str) and used.count(name) > 1})
    return [
        *coverage_faults(level), *name_faults(parts),
        *(f"'{name}' is named for more than one part; every variable has one." for name in twice),
    ]  # fmt: skip


def _complete(
    data: object, maturity: str, profit: str, switching: str, covariates: list[str]
) -> tuple[pd.DataFrame, int, list[Note]]:
    """The rows that have every variable."""
    if isinstance(data, str | os.PathLike):
        data = read_responses(Path(data), instruments=[]).frame
    frame, told = analysis_frame(data) if isinstance(data, Responses) else (data, ())
    wanted: dict[str, Type] = {profit: "number", maturity: "number", switching: "number"}
    kinds = {name: _kind(frame, name) for name in covariates}
    table = table_of(frame, wanted | kinds, what="organisations")
    complete = table.dropna().reset_index(drop=True)
    if complete.empty:
        raise AnalysisError("No organisation has a value of every variable.", "PROFITABILITY_TOO_FEW")
    dropped, notes = len(table) - len(complete), list(told)
    if dropped:
        message = f"{dropped} of {len(table)} organisations lack a value of a variable and are left out."
        notes.append(Note("REGRESSION_ROWS_DROPPED", message))
    return complete, dropped, notes


def _fitted(formula: str, frame: pd.DataFrame, level: float) -> RegressionResult:
    """The regression; of a coefficient that rests on one organisation is said what can be done here."""
    try:
        return regress(formula, frame, se=_SE, level=level)
    except AnalysisError as error:
        if error.code != "REGRESSION_FULL_LEVERAGE":
            raise
        message = (
            "A coefficient rests on one organisation alone, so that it has no standard error: one that is alone in its "
            "group of a covariate, or where switching is as easy as nowhere else. Merge that group, or leave the "
            "covariate or the organisation out."
        )
        raise AnalysisError(message, error.code) from error


def _kind(frame: object, name: str) -> Type:
    """Covariates are numbers where their column holds numbers, else words."""
    if not isinstance(frame, pd.DataFrame) or list(frame).count(name) != 1:
        return "text"  # whoever reads the table says what is wrong
    return "number" if pd.api.types.infer_dtype(frame[name], skipna=True) in _NUMBERS else "text"


def _refuse_constant(frame: pd.DataFrame, sd: dict[str, float], profit: str) -> None:
    spread = {profit: float(frame[profit].std()), **sd}
    flat = [name for name, value in spread.items() if not value > 0]
    if flat:
        raise AnalysisError(
            f"{', '.join(flat)} must differ between organisations; all {len(frame)} complete rows have one value.",
            "PROFITABILITY_CONSTANT",
        )


def _slopes(slope: Slope, mean: float, sd: float, df: int, level: float, maturity: str, switching: str) -> pd.DataFrame:
    """Slopes of profit on maturity at three values of the ease of switching."""
    places = np.array(_PLACES)
    values, errors = slope.at(places * sd)
    t, p, low, high = kernel.t_test(values, errors, float(df), level)
    said = {-1.0: "1 SD below the mean", 0.0: "the mean", 1.0: "1 SD above the mean"}
    terms = [f"{maturity} at {said[place]} of {switching}" for place in _PLACES]
    figures = (terms, values, errors, t, float(df), p, low, high)
    table = pd.DataFrame(dict(zip(ESTIMATE_COLUMNS, figures, strict=True)))
    return table.assign(at=places, switching=mean + places * sd)


def _bounds(slope: Slope, switching: Array, df: int, level: float) -> tuple[str, pd.DataFrame]:
    """Where on the ease of switching the slope starts or stops to differ from 0."""
    mean, sd = float(switching.mean()), float(switching.std(ddof=1))
    region, bounds = johnson_neyman(slope, float(stdtrit(df, 0.5 + level / 2.0)))
    sides = {"outside": ("below", "above"), "inside": ("above", "below"), "below": ("below",), "above": ("above",)}
    rows = [
        (
            bound + mean, bound / sd, slope.b1 + slope.b3 * bound, side,
            100.0 * float((switching < bound + mean).mean()),
            "yes" if switching.min() <= bound + mean <= switching.max() else "no",
        )
        for bound, side in zip(bounds, sides.get(region, ()), strict=True)
    ]  # fmt: skip
    return region, pd.DataFrame(rows, columns=["bound", "in_sd", "slope", "significant", "percent_below", "inside"])


def _correlations(frame: pd.DataFrame, maturity: str, profit: str, switching: str, level: float) -> pd.DataFrame:
    """Pearson's r of profit with maturity: of all, and of the halves where switching is harder and easier."""
    middle = float(frame[switching].median())
    parts = {
        "all": frame, f"{switching} up to its median": frame[frame[switching] <= middle],
        f"{switching} above its median": frame[frame[switching] > middle],
    }  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for name, part in parts.items():
        x, y, n = part[maturity].to_numpy(dtype=float), part[profit].to_numpy(dtype=float), len(part)
        if n < 4 or not (np.ptp(x) > 0 and np.ptp(y) > 0):
            continue
        r = float(np.clip(np.corrcoef(x, y)[0, 1], -1.0, 1.0))
        rows.append((name, n, r, *_fisher(r, n, level), _p_of_r(r, n)))
    return pd.DataFrame(rows, columns=["of", "n", "r", "ci_low", "ci_high", "p_value"])


def _fisher(r: float, n: int, level: float) -> tuple[float, float]:
    if abs(r) >= 1.0:
        return r, r
    half = float(ndtri(0.5 + level / 2.0)) / np.sqrt(n - 3.0)
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def _p_of_r(r: float, n: int) -> float:
    t = abs(r) * np.sqrt((n - 2.0) / max(1.0 - r * r, 1e-300))
    return float(2.0 * stdtr(n - 2.0, -t))


def _detectable(n: int, df: int, level: float) -> float:
    """The f² of one added term that an F test on (1, df) finds in 80 percent of the samples."""
    critical, largest = float(fdtri(1, df, level)), 1.0

    def missed(f2: float) -> float:
        return float(ncfdtr(1.0, df, n * f2, critical)) - 0.2

    while missed(largest) > 0.0 and largest < _LARGEST_F2:
        largest *= 2.0
    return float(brentq(missed, 1e-9, largest, xtol=1e-14)) if missed(largest) <= 0.0 else float("inf")


def _few(n: int, f2: float) -> Note:
    message = (
        f"{n} organisations: only an interaction of f² = {f2:.3f} or more would be found in 80 percent of such "
        "samples; that none is found here says little."
    )
    return Note("PROFITABILITY_FEW", message, "warning")


def _lines(
    frame: pd.DataFrame, centred: pd.DataFrame, fit: kernel.LeastSquares, columns: Sequence[str], maturity: str,
    switching: str,
) -> dict[str, Any]:  # fmt: skip
    """Expected profit at the lowest and highest maturity, all else at the means of the rows."""
    at = {term_key(name): place for place, name in enumerate(columns)}
    row = fit.design.mean(axis=0)
    ends, sd = (float(centred[maturity].min()), float(centred[maturity].max())), float(frame[switching].std())
    expected = {}
    for place, name in zip(_PLACES, ("hard to switch", "usual", "easy to switch"), strict=True):
        values = []
        for end in ends:
            here = row.copy()
            here[at[term_key(maturity)]], here[at[term_key(switching)]] = end, place * sd
            here[at[term_key(f"{maturity}:{switching}")]] = end * place * sd
            values.append(float(here @ fit.coefficients))
        expected[name] = values
    mean = float(frame[maturity].mean())
    return {"maturity": [end + mean for end in ends], "expected": expected}


def _ends(row: pd.Series) -> dict[str, Value]:
    return {"low": (row["ci_low"], "estimate"), "high": (row["ci_high"], "estimate")}


def _p(value: float, lang: str) -> str:
    return p_phrase(value, LANGUAGE_STYLES[lang])
