"""Adoption over time: the share of people who have begun to use, and how far it has come in Rogers' categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import catalogue, language
from crmstudy.assessment.modules.figures import Floats, wilson
from crmstudy.assessment.modules.quantities import number, percent
from crmstudy.assessment.options import disclosure_faults, name_faults
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.tables import table_of
from crmstudy.assessment.wording import say
from crmstudy.disclosure import Group, Ledger, Rules, digests
from crmstudy.drawing import Curves
from crmstudy.errors import AnalysisError, DataError, ModelError, did_you_mean
from crmstudy.notes import Note
from crmstudy.results import sample_table
from crmstudy.selection import coverage_faults

CURVE = ("time", "n", "new", "cumulative", "low", "high")
ADOPTERS = ("category", "label", "low", "high", "reached", "begun", "complete")
#: Periods to which dates of first use are rounded down, as pandas names them.
PERIODS = {"month": "M", "quarter": "Q", "year": "Y"}
#: What rounding leaves of equal shares.
_SLACK = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class AdoptionCurveResult(AssessmentResult):
    """When people began to use.

    Tables: ``curve`` (time, n, new, cumulative, low, high; percents of all n people, with score intervals; where all
    but one or all say the same, the share is missing and the ends are those of a band),
    ``adopters`` (category, label, low, high, reached, begun, complete): Rogers' categories as parts of all people, how
    many percent of each part have begun to use by the end, and when the curve entered and left it. ``fit`` has
    ``n_adopted``, ``n_not_adopted``, ``not_adopted`` (percent) with ``not_adopted_low`` and ``not_adopted_high``.
    ``ledger`` is what a later result must be measured against, where one was given.
    """

    ledger: Ledger | None = None

    kind: ClassVar[str] = "adoption-curve"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown("curve", "Adoption Over Time",
              (("time", "Period", "text"), ("n", "n", "n"), ("new", "New users", "n"),
               ("cumulative", "Cumulative %", "percent"), ("low", "Low", "percent"), ("high", "High", "percent")),
              "Percent of all people, with score intervals; those who never began to use are part of the base."),
        Shown("adopters", "Categories of Adopters",
              (("label", "Category", "text"), ("low", "From %", "percent"), ("high", "To %", "percent"),
               ("reached", "Reached %", "percent"), ("begun", "Begun", "text"), ("complete", "Complete", "text")),
              "Categories are parts of all people in the order of adoption (Rogers, 2003)."),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """How many have adopted, which category the curve is in, and how many have not."""
        language(lang)
        return curve_prose(
            self.tables["curve"], self.tables["adopters"], {str(k): float(v) for k, v in self.fit.items()}, lang
        )

    def drawings(self) -> tuple[Curves, ...]:
        """The cumulative curve."""
        table = self.tables["curve"]
        return (curve_drawing({"adopted": table}, self.text),)


def adoption_curve(
    data: object,
    *,
    first_use: str = "first_use",
    period: str = "month",
    rules: Rules | None = None,
    ledger: Ledger | None = None,
    level: float = 0.95,
) -> AdoptionCurveResult:
    r"""Cumulative adoption from the dates of first use, in Rogers' categories.

    Parameters
    ----------
    data : DataFrame, Responses or path
        A row for each person: ``respondent`` and the date of first use; empty for those who have not begun.
    first_use : str
        The column of the dates.
    period : {"month", "quarter", "year"}
        Dates are counted by periods.
    rules : Rules, optional
        From how many people on a distribution is shown (10). With ``Rules(round_to=5)`` numbers of people are rounded,
        and percentages are whole.
    ledger : Ledger, optional
        What was shown before about the same people.
    level : float
        Coverage of the intervals.

    Returns
    -------
    AdoptionCurveResult

    Raises
    ------
    DataError
        For missing columns, values that are no dates, and people who stand there twice.
    ModelError
        For a period or level that does not exist.
    AnalysisError
        When there are too few people for a distribution to be shown, or it differs in too few from one shown before.

    Notes
    -----
    :math:`F(t)` is the number of people whose first use is in period t or before, divided by the number of all people:
    those who have not begun belong to the base, so the curve ends below 1. Rogers (2003) parts the people in the order
    in which they adopt: the first 2.5 % are innovators, up to 16 % early adopters, up to 50 % the early and up to 84 %
    the late majority, the rest laggards. People who begin in one period are not ordered: a category is reached to the
    share :math:`\min(\max((F-l)/(h-l),0),1)` of its part from l to h; where F is given as a band and this makes a
    difference, the share is missing. Periods without anybody new have no row; a first period with one person alone is
    counted with the next. Source documents 4.13.

    Examples
    --------
    >>> dates = ["2025-01-10", "2025-01-21", "2025-02-20", "2025-04-01", *[None] * 8]
    >>> found = adoption_curve(pd.DataFrame({"respondent": range(12), "first_use": dates}))
    >>> found.tables["curve"]["cumulative"].round(1).tolist(), float(found.fit["n_not_adopted"])
    ([16.7, 25.0, 33.3], 8.0)
    """
    faults = [*coverage_faults(level), *name_faults({"first_use": first_use}), *disclosure_faults(rules, ledger)]
    if period not in list(PERIODS):
        faults.append(f"`period` is one of {', '.join(PERIODS)}, not {period!r}.{did_you_mean(str(period), PERIODS)}")
    if first_use == "respondent":
        faults.append("`first_use` is the column of the dates; 'respondent' says whose they are.")
    if faults:
        raise ModelError(faults)
    frame = table_of(data, {"respondent": "text", first_use: "date"}, what="people")
    faults = _people_faults(frame)
    if faults:
        raise DataError(faults)
    rules = rules or Rules()
    if len(frame) < rules.k("distribution"):
        raise AnalysisError(
            f"There are {len(frame)} people, and a distribution is shown from {rules.k('distribution')} on.",
            "MODULES_TOO_FEW",
        )
    if ledger is not None:
        ledger = _beside(ledger, frame["respondent"], rules)
    dates = frame[first_use].dt.tz_localize(None)  # the day that it was where they stand
    periods = dates.dt.to_period(PERIODS[period])
    n = rules.n_shown(len(frame))
    codes, times = pd.factorize(periods, sort=True)
    first, at = _without_lone_first(np.where(codes < 0, np.nan, codes.astype(np.float64)))
    curve = curve_table(at, [str(time) for time in times[first:]], level)
    banded = curve["cumulative"].isna()  # (nearly) all have begun; a second row would tell which of the two
    curve = for_readers(curve[~(banded & banded.shift(fill_value=False))], rules)
    notes = () if len(curve) else (Note("MODULES_NOBODY_ADOPTED", "Nobody, or no more than one, has begun to use."),)
    return AdoptionCurveResult(
        estimates=no_estimates(), n=n, samples=sample_table(n), notes=notes,
        fit=for_readers(pd.DataFrame([adopted_figures(at, level)]), rules).iloc[0],
        tables={"curve": curve, "adopters": adopters_table(curve)},
        call={"first_use": first_use, "period": period, "level": level, "k": rules.k("distribution")}, ledger=ledger,
    )  # fmt: skip


def _beside(ledger: Ledger, names: pd.Series[Any], rules: Rules) -> Ledger:
    """The ledger with this curve; AnalysisError where with what was shown before it tells of too few people."""
    people = digests(names)
    curve = Group({}, ("first_use",), len(people), "distribution", people, "modules")
    (decision,), after = ledger.release([curve], rules)
    if not decision.shown:
        raise AnalysisError(
            "A curve of nearly the same people was shown before; both together would tell when few of them began.",
            "DISCLOSURE_EARLIER",
        )
    return after


def _without_lone_first(at: Floats) -> tuple[int, Floats]:
    """The first period that is told of, and the place of each person's period from there on, NaN for none.

    Periods in which nobody begins have no row, so that the row of somebody who begins alone, before all others, would
    tell that it is one person: who does counts with the next period.
    """
    if (at == 0.0).sum() != 1:
        return 0, at
    return 1, np.where(at == 0.0, 0.0 if np.nanmax(at) > 0.0 else np.nan, at - 1.0)


def _people_faults(frame: pd.DataFrame) -> list[str]:
    faults = []
    lacking = int(frame["respondent"].isna().sum())
    if lacking:
        faults.append(f"{lacking} rows lack 'respondent'; fill it in or leave them out.")
    names = frame["respondent"].dropna()
    twice = names[names.duplicated()].unique()
    if len(twice):
        told = ", ".join(map(str, twice[:5]))
        faults.append(f"{len(twice)} people stand there more than once, such as {told}; keep the row of the first use.")
    return faults


def curve_table(at: Floats, labels: Sequence[str], level: float) -> pd.DataFrame:
    """Cumulative shares: ``at`` (n,) is the place of each person's first use among the labels, NaN for none."""
    n = float(len(at))
    new = np.array([(at == place).sum() for place in range(len(labels))], dtype=np.float64)
    total = np.cumsum(new)
    agree = nearly_all(total, n)
    low, high = wilson(total, np.full(len(labels), n), level)
    low, high = (
        np.where(agree, np.where(total > 1, 0.9, 0.0), low),
        np.where(agree, np.where(total > 1, 1.0, 0.1), high),
    )
    told = np.where(agree | np.concatenate([[False], agree[:-1]]), np.nan, new)
    columns = (list(labels), np.full(len(labels), n), told, shown_share(total, n), 100.0 * low, 100.0 * high)
    return pd.DataFrame(dict(zip(CURVE, columns, strict=True)))


def for_readers(table: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """A table of a curve as readers see it: with ``round_to``, rounded numbers of people and whole percentages."""
    made = table.reset_index(drop=True)
    if rules.round_to == 1:
        return made
    for name in made.select_dtypes("number"):
        if name in ("n", "new", "n_adopted", "n_not_adopted"):
            made[name] = made[name].map(lambda n: float(rules.n_shown(int(n))), na_action="ignore")
        else:
            made[name] = made[name].round()
    return made


def nearly_all(hits: Floats, n: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether all say the same, or all but one."""
    return (hits <= 1) | (hits >= n - 1)


def shown_share(hits: Floats, n: float) -> Floats:
    """Percents, missing where (nearly) all say the same."""
    return np.where(nearly_all(hits, n), np.nan, 100.0 * hits / max(n, 1.0))


def adopted_figures(at: Floats, level: float) -> dict[str, float]:
    """How many have adopted and how many have not, with the score interval of the latter in percent.

    Where (nearly) all have or have not, the numbers are missing, and the ends are those of a band.
    """
    n, without = float(len(at)), float(np.isnan(at).sum())
    low, high = wilson(np.array([without]), np.array([n]), level)
    agree = bool(nearly_all(np.array([without]), n)[0])
    ends = ((0.9, 1.0) if without > 1 else (0.0, 0.1)) if agree else (float(low[0]), float(high[0]))
    return {
        "n_adopted": np.nan if agree else n - without,
        "n_not_adopted": np.nan if agree else without,
        "not_adopted": np.nan if agree else 100.0 * without / n,
        "not_adopted_low": 100.0 * ends[0],
        "not_adopted_high": 100.0 * ends[1],
    }


def adopters_table(curve: pd.DataFrame) -> pd.DataFrame:
    """Rogers' categories: how far each is reached, when the curve entered it, and when it was complete.

    A band counts as entered by its lower end, what is withheld as nothing; how far a category is reached is missing
    where the ends of a band say different things.
    """
    known = curve["cumulative"].to_numpy(float)
    cumulative = np.nan_to_num(np.where(np.isnan(known), curve["low"].to_numpy(float), known))
    ends = [0.0, 0.0]
    if len(curve):
        last = curve.iloc[-1]
        told = np.isfinite(last["cumulative"])
        ends = [float(last["cumulative" if told else end]) for end in ("low", "high")]
    rows = []
    for about in catalogue("modules")["adopters"]["categories"]:
        low, high = 100.0 * about["low"], 100.0 * about["high"]
        least, most = (100.0 * min(max((end - low) / (high - low), 0.0), 1.0) for end in ends)
        reached = least if least == most else np.nan
        begun = _first(curve, cumulative > low + _SLACK)
        complete = _first(curve, cumulative >= high - _SLACK)
        rows.append((about["id"], about["label"]["en"], low, high, reached, begun, complete))
    return pd.DataFrame(rows, columns=list(ADOPTERS))


def _first(curve: pd.DataFrame, where: np.ndarray[Any, np.dtype[np.bool_]]) -> str:
    return str(curve["time"].iloc[int(np.argmax(where))]) if where.any() else ""


def curve_prose(
    curve: pd.DataFrame, adopters: pd.DataFrame, figures: Mapping[str, float], lang: str
) -> tuple[str, ...]:
    """Sentences on a curve."""
    ends = {"low": percent(figures["not_adopted_low"]), "high": percent(figures["not_adopted_high"])}
    said = []
    if len(curve):
        last = curve.iloc[-1]
        time, n = str(last["time"]), number(last["n"])
        if np.isfinite(last["cumulative"]):
            said.append(say("modules", "adopted_by", lang, time=time, share=percent(last["cumulative"]), n=n))
        else:
            between = {"low": percent(last["low"]), "high": percent(last["high"])}
            said.append(say("modules", "adopted_by_band", lang, time=time, n=n, **between))
    if (adopters["begun"] != "").any():
        begun = adopters[adopters["begun"] != ""].iloc[-1]
        labels = {about["id"]: about["label"][lang] for about in catalogue("modules")["adopters"]["categories"]}
        category = labels[begun["category"]]
        if np.isfinite(begun["reached"]):
            said.append(say("modules", "reached", lang, category=category, share=percent(begun["reached"])))
        else:
            said.append(say("modules", "reached_band", lang, category=category))
    if np.isfinite(figures["not_adopted"]):
        n, share = number(figures["n_not_adopted"]), percent(figures["not_adopted"])
        return (*said, say("modules", "not_adopted", lang, n=n, share=share, **ends))
    return (*said, say("modules", "not_adopted_band", lang, **ends))


def _drawn(table: pd.DataFrame) -> pd.Series:
    """The cumulative percents, of a band its middle."""
    return table["cumulative"].fillna((table["low"] + table["high"]) / 2.0)


def _plotted(table: pd.DataFrame) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Numbers of the periods and what is drawn at them; what is withheld is left out."""
    drawn = _drawn(table).to_numpy(float)
    places = np.flatnonzero(np.isfinite(drawn))
    return tuple(float(place + 1) for place in places), tuple(map(float, drawn[places]))


def curve_drawing(curves: Mapping[str, pd.DataFrame], said: str) -> Curves:
    """Cumulative curves as steps over the number of the period."""
    lines = tuple((name, *_plotted(table)) for name, table in curves.items())
    longest: Sequence[str] = max((list(map(str, table["time"])) for table in curves.values()), key=len, default=[])
    times = ", ".join(f"{place} = {time}" for place, time in enumerate(longest, start=1))
    return Curves(
        title="Adoption over time",
        alt=f"Cumulative percent of people who have begun to use. {said}",
        lines=lines,
        x_label=f"Period ({times})" if len(longest) <= 8 else "Period",
        y_label="People who have begun to use (%)",
        steps=True,
    )
