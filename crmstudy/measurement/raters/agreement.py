"""Agreement of raters: Cohen's and weighted kappa, Fleiss' kappa, Krippendorff's alpha, Kendall's W."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.agreement.krippendorff import METRICS
from crmstudy.measurement.raters import concordance, fleiss, kappa, krippendorff
from crmstudy.measurement.raters.found import ESTIMATES, Found, Options
from crmstudy.measurement.raters.ratings import Need, Ratings, read_ratings
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import pools
from crmstudy.results import Result, sample_table
from crmstudy.selection import coverage_faults, is_whole

KINDS = ("cohen", "weighted", "fleiss", "krippendorff", "kendall")
WEIGHTS = ("linear", "quadratic")
#: How a coefficient is written in a sentence.
SYMBOLS = {
    "cohen_kappa": "Cohen's κ", "weighted_kappa": "weighted κ", "light_kappa": "mean κ of all pairs of raters",
    "fleiss_kappa": "Fleiss' κ", "conger_kappa": "Conger's κ", "gwet_ac1": "AC1", "pabak": "PABAK",
    "agreement": "agreement", "krippendorff_alpha": "Krippendorff's α", "kendall_w": "Kendall's W",
    "mean_spearman": "mean ρ", "kappa_max": "largest possible κ",
}  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class RatersResult(Result):
    """Agreement of raters about the same units.

    The first row of ``estimates`` is the coefficient asked for; ``term`` is one of ``cohen_kappa``, ``weighted_kappa``,
    ``light_kappa`` (mean over pairs of more than two raters), ``fleiss_kappa``, ``krippendorff_alpha``, ``kendall_w``;
    after it stand ``agreement``, ``pabak``, ``gwet_ac1``, ``kappa_max``, ``conger_kappa`` or ``mean_spearman``. Further
    columns: ``std_error_null`` (under no agreement beyond chance; ``statistic`` is the estimate over it), ``observed``,
    ``expected``. W has no interval: its tests stand in the tables.

    Tables: ``intervals`` (term, method, level, ci_low, ci_high) and ``raters`` (rater, n, missing); by kind ``pairs``
    (rater_1, rater_2, n, kappa ...) and, of two raters, ``crosstab`` (cohen, weighted); ``categories`` (fleiss);
    ``metrics`` and ``coincidences`` (krippendorff, up to 25 values); ``tests`` and ``units`` (kendall).
    """

    kind: ClassVar[str] = "raters"

    @property
    def text(self) -> str:
        """The coefficient with its interval or test, and what stands beside it."""
        row, level = self.estimates.iloc[0], self.call["level"]
        words = f"{SYMBOLS[row['term']]} = {write_number(row['estimate'], 'r')}"
        if row["ci_low"] == row["ci_low"]:
            words += f", {level:.0%} CI {write_number((row['ci_low'], row['ci_high']), 'interval_r')}"
        if row["term"] == "kendall_w" and row["statistic"] == row["statistic"]:
            words += f", χ²({write_number(row['df'], 'df')}) = {write_number(row['statistic'], 'statistic')}"
        elif row["statistic"] == row["statistic"]:
            words += f", z = {write_number(row['statistic'], 'statistic')}"
        if row["p_value"] == row["p_value"]:
            words += f", {p_phrase(row['p_value'])}"
        beside = [
            f"{SYMBOLS[term]} = {write_number(value, 'r')}"
            for term, value in zip(self.estimates["term"][1:], self.estimates["estimate"][1:], strict=True)
            if value == value
        ]
        rest = f" ({'; '.join(beside)})" if beside else ""
        who = f"{len(self.call['items'])} raters, {write_number(self.n, 'n')} units"
        return f"Agreement of {who}: {words}{rest}."

    def plot(self) -> CoefficientPlot | None:
        """Kappa of every pair of raters with its interval; None for fewer than two pairs."""
        pairs = self.tables.get("pairs")
        if pairs is None or len(pairs) < 2 or pairs["kappa"].isna().any():
            return None
        return CoefficientPlot(
            title="Agreement of pairs of raters",
            alt=f"Kappa of {len(pairs)} pairs of raters with {self.call['level']:.0%} intervals.",
            terms=tuple(f"{a} – {b}" for a, b in zip(pairs["rater_1"], pairs["rater_2"], strict=True)),
            estimates=tuple(map(float, pairs["kappa"])),
            lows=tuple(map(float, pairs["ci_low"])),
            highs=tuple(map(float, pairs["ci_high"])),
            x_label="κ",
        )


@pools()
def raters(
    data: object,
    *,
    kind: str = "cohen",
    items: Sequence[str] | None = None,
    weights: str = "linear",
    metric: str = "nominal",
    categories: Iterable[object] | None = None,
    bootstrap: int | None = 1000,
    level: float = 0.95,
    seed: int | None = None,
) -> RatersResult:
    r"""Agreement of raters about the same units.

    Parameters
    ----------
    data : DataFrame or Responses
        One row a unit (what is rated), one column a rater.
    kind : {"cohen", "weighted", "fleiss", "krippendorff", "kendall"}
        Cohen's kappa of two raters (of more: Light's mean over all pairs); the same with weights for ordered
        categories; Fleiss' kappa; Krippendorff's alpha, which takes incomplete ratings; Kendall's W of ranks.
    items : sequence of str, optional
        The raters' columns; all numeric columns of a DataFrame when left out (all columns where they hold words).
    weights : {"linear", "quadratic"}
        With ``kind="weighted"``: agreement falls with the distance between categories, or with its square.
    metric : {"nominal", "ordinal", "interval", "ratio"}
        With ``kind="krippendorff"``: what the values are.
    categories : iterable, optional
        All categories, from low to high where they are ordered; those that occur when left out. Weights count the
        steps between them.
    bootstrap : int, optional
        Number of bootstrap samples of the units; None for no bootstrap (alpha then has no interval).
    level : float
        Coverage of the intervals.
    seed : int, optional
        Seed of the bootstrap; without it one is drawn and kept in ``.call``.

    Returns
    -------
    RatersResult

    Raises
    ------
    DataError
        For unknown columns, words where numbers or an order are needed, and values outside ``categories``.
    ModelError, UnsupportedError
        For keywords that cannot be used.
    AnalysisError
        With fewer than two raters, fewer than two units rated by all (by two, for alpha), or a single category.

    Notes
    -----
    Kappas are :math:`(p_o - p_e)/(1 - p_e)`. Cohen's has the standard errors of Fleiss, Cohen and Everitt (1969): the
    interval by that of kappa as it is, z by that of no agreement beyond chance; intervals end at ±1. Fleiss' kappa
    has z after Fleiss, Nee and Landis (1979) and an interval by Gwet's (2008) standard error and t. PABAK is
    :math:`(c\,p_o - 1)/(c - 1)` (Byrt, Bishop & Carlin, 1993). Alpha's interval is the percentile interval over
    bootstrap samples of the units (Zapf et al., 2016); ``tables["intervals"]`` has that of Hayes and Krippendorff
    (2007) too, which resamples pairs of ratings as if they were independent. No band of interpretation is applied.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"first": [1, 2, 1, 3, 3, 2], "second": [1, 2, 2, 3, 3, 2]})
    >>> raters(answers, kind="cohen", bootstrap=None).estimates["estimate"].round(2)[0]
    np.float64(0.75)
    """
    options = _resolved(kind, weights, metric, bootstrap, level, seed)
    need: Need = "ordered" if kind in ("weighted", "kendall") else "nominal"
    if kind == "krippendorff" and metric != "nominal":
        need = "ordered" if metric == "ordinal" else "numbers"
    ratings = read_ratings(data, items, categories, need=need, steps=kind == "weighted")
    found = _ANALYSE[kind](ratings, options)
    return _result(ratings, found, options)


_ANALYSE = {
    "cohen": kappa.analyse, "weighted": kappa.analyse, "fleiss": fleiss.analyse, "krippendorff": krippendorff.analyse,
    "kendall": concordance.analyse,
}  # fmt: skip


def _resolved(kind: object, weights: object, metric: object, bootstrap: object, level: float, seed: object) -> Options:
    if kind not in KINDS:
        raise UnsupportedError(f"`kind` is one of {', '.join(KINDS)}, not {kind!r}.{did_you_mean(str(kind), KINDS)}")
    faults = coverage_faults(level)
    if weights not in WEIGHTS:
        faults.append(f"`weights` is 'linear' or 'quadratic', not {weights!r}.{did_you_mean(str(weights), WEIGHTS)}")
    if metric not in METRICS:
        faults.append(f"`metric` is one of {', '.join(METRICS)}, not {metric!r}.{did_you_mean(str(metric), METRICS)}")
    if bootstrap is not None and not (is_whole(bootstrap) and bootstrap >= 100):
        faults.append(f"`bootstrap` is a number of samples from 100, or None, not {bootstrap!r}.")
    if seed is not None and not (is_whole(seed) and seed >= 0):
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    if faults:
        raise ModelError(faults)
    drawn = int(seed) if is_whole(seed) else secrets.randbits(32)
    samples = int(bootstrap) if is_whole(bootstrap) else None
    return Options(str(kind), str(weights), str(metric), samples, level, drawn)


def _without_certainty(found: Found) -> None:
    """Take away intervals of no length: all that such ratings allow is one value, which is no certainty about it."""
    sure = [row[0] for row in found.estimates if row[2] == 0.0 and not np.isnan(row[6])]
    if not sure:
        return
    found.estimates = [(*row[:6], *(float("nan"),) * 2, *row[8:]) if row[0] in sure else row for row in found.estimates]
    found.intervals = [(*row[:3], *(float("nan"),) * 2) if row[0] in sure else row for row in found.intervals]
    message = (
        f"No interval for {', '.join(sure)}: ratings that all agree, or a rater with a single category, give the same "
        "value in every sample, so that its standard error of 0 says nothing of how sure it is."
    )
    found.notes.append(Note("RATERS_NO_INTERVAL", message, "warning"))


def _result(ratings: Ratings, found: Found, options: Options) -> RatersResult:
    _without_certainty(found)
    missing = (ratings.codes < 0).sum(axis=0)
    call: dict[str, Any] = {"kind": options.kind, "items": list(ratings.raters), "categories": list(ratings.categories)}
    if options.kind == "weighted":
        call["weights"] = options.weights
    if options.kind == "krippendorff":
        call["metric"] = options.metric
    resampled = options.bootstrap if options.kind != "kendall" else None
    call |= {"level": options.level, "bootstrap": resampled, "seed": options.seed if resampled else None}
    table = pd.DataFrame({"rater": ratings.raters, "n": ratings.n_rows - missing, "missing": missing})
    return RatersResult(
        estimates=pd.DataFrame(found.estimates, columns=list(ESTIMATES)).astype(
            {name: float for name in ESTIMATES if name != "term"}
        ),
        n=found.n,
        tables={
            "intervals": pd.DataFrame(found.intervals, columns=["term", "method", "level", "ci_low", "ci_high"]),
            "raters": table, **found.tables,
        },
        notes=(*ratings.notes, *found.notes),
        samples=sample_table(found.n, ratings.n_rows - found.n),
        call=call,
    )  # fmt: skip
