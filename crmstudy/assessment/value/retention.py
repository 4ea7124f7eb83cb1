"""Do customers come back: cohorts by their first purchase, repeat purchases, and how long until they are lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.value.discounting import PERIODS_A_YEAR, choice_faults
from crmstudy.assessment.value.seen import Mask, Whole
from crmstudy.assessment.value.streams import period_name
from crmstudy.assessment.value.survival import INTERVALS, kaplan_meier, median_time
from crmstudy.assessment.value.telling import day
from crmstudy.assessment.value.usable import prepared
from crmstudy.assessment.value.visits import Visits, changes, day_name, visits_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Curves, Drawing, Grid
from crmstudy.kernels.classic.rates import wilson_interval
from crmstudy.notes import Note
from crmstudy.results import ESTIMATE_COLUMNS, sample_table
from crmstudy.selection import coverage_faults, is_whole

#: Visits a year and customer in the case that the source documents describe (4.16).
PRINTED_VISITS = 5.4
_COHORTS = ("cohort", "period", "customers", "active", "rate", "ci_low", "ci_high", "complete")
_POOLED = ("period", "customers", "active", "rate", "ci_low", "ci_high")
_PERIODS = (
    "period", "active", "new", "before", "kept", "lost", "regained", "retention", "ci_low", "ci_high", "churn",
    "complete",
)  # fmt: skip
_SURVIVAL = ("time", "at_risk", "lost", "censored", "survival", "std_error", "ci_low", "ci_high")


@dataclass(frozen=True, eq=False, repr=False)
class RetentionResult(AssessmentResult):
    """Retention of customers by cohort, period and time.

    ``estimates`` has ``repeat_rate``, with a gap ``repeat_rate_in_gap`` and ``median_days`` (until a customer is lost),
    and ``retention_1``, ``retention_2`` ...: the share active so many periods after the first purchase, over all
    cohorts that were observed so long. Tables: ``cohorts`` (cohort, period, customers, active, rate, ci_low, ci_high,
    complete; with amounts revenue), ``pooled`` (period, customers, active, rate, ci_low, ci_high), ``periods`` (period,
    active, new, before, kept, lost, regained, retention, ci_low, ci_high, churn, complete), ``survival`` (time in days,
    at_risk, lost, censored, survival, std_error, ci_low, ci_high; empty without a gap), ``years`` (year, customers,
    visits, visits_per_customer, complete), ``printed`` (what, value, source, use).
    """

    kind: ClassVar[str] = "customer_retention"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "pooled",
            "Customers Active Again by Periods Since the First Purchase",
            (
                ("period", "Periods after", "n"), ("customers", "Observed", "n"), ("active", "Active", "n"),
                ("rate", "Share", "index"), ("ci_low", "Low", "index"), ("ci_high", "High", "index"),
            ),
            "Wilson's intervals. Only cohorts observed for the whole of the period count.",
        ),
        Shown(
            "periods",
            "Customers Kept and Lost From Period to Period",
            (
                ("period", "Period", "text"), ("active", "Active", "n"), ("new", "New", "n"), ("kept", "Kept", "n"),
                ("lost", "Not seen", "n"), ("regained", "Back again", "n"), ("retention", "Kept, share", "index"),
                ("ci_low", "Low", "index"), ("ci_high", "High", "index"),
            ),
            "Kept: active in the period before and in this one.",
        ),
        Shown(
            "years",
            "Visits by Year",
            (
                ("year", "Year", "text"), ("customers", "Customers", "n"), ("visits", "Visits", "n"),
                ("visits_per_customer", "Visits a customer", "estimate"),
            ),
            "A visit is a day with a purchase.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Repeat purchases, retention after a period, losses and how they were defined, where observation ends."""
        call, fit = self.call, self.fit
        rows = self.estimates.set_index("term")
        again = rows.loc["repeat_rate"]
        said = [
            say(
                "retention", "repeat", lang, n=(self.n, "n"), share=(100.0 * again["estimate"], "percent"),
                low=(100.0 * again["ci_low"], "percent"), high=(100.0 * again["ci_high"], "percent"),
            )
        ]  # fmt: skip
        if "retention_1" in rows.index:
            next_one = rows.loc["retention_1"]
            said.append(
                say(
                    "retention", f"next_{call['every']}", lang, share=(100.0 * next_one["estimate"], "percent"),
                    low=(100.0 * next_one["ci_low"], "percent"), high=(100.0 * next_one["ci_high"], "percent"),
                )
            )  # fmt: skip
        if call["gap"] is not None:
            said.append(say("retention", "gap", lang, gap=(call["gap"], "n"), lost=(fit["lost"], "n")))
            if "median_days" in rows.index:
                said.append(say("retention", "median", lang, days=(rows.loc["median_days", "estimate"], "df")))
            else:
                said.append(say("retention", "no_median", lang))
        if "visits_per_year" in fit:
            visits = fit["visits_per_year"]
            said.append(
                say("retention", "visits", lang, visits=(visits, "estimate"), printed=(PRINTED_VISITS, "estimate"))
            )
        said.append(say("retention", "window", lang, begin=day(call["begin"]), until=day(call["until"])))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """Cohorts by period, and the survival curve."""
        made: list[Drawing] = []
        table = self.tables["cohorts"]
        wide = table[table["complete"]].pivot_table(index="cohort", columns="period", values="rate", aggfunc="first")
        if wide.shape[1] > 1:
            cells = 100.0 * wide.to_numpy(dtype=float)
            made.append(
                Grid(
                    title="Per cent of each cohort active again, by periods since the first purchase",
                    alt=f"A row a cohort, a column a period. {self.prose()[0]}",
                    rows=tuple(map(str, wide.index)),
                    columns=tuple(map(str, wide.columns)),
                    values=tuple(tuple(None if np.isnan(cell) else float(cell) for cell in row) for row in cells),
                    low=0.0,
                    high=100.0,
                    decimals=0,
                )
            )
        survival = self.tables["survival"]
        if len(survival):
            curve = (0.0, *map(float, survival["time"])), (1.0, *map(float, survival["survival"]))
            made.append(
                Curves(
                    title="Share of customers not lost, by days since the first purchase",
                    alt=f"A survival curve that steps down from 1. {self.prose()[0]}",
                    lines=(("not lost", *curve),),
                    x_label="Days since the first purchase",
                    y_label="Share not lost",
                    steps=True,
                )
            )
        return tuple(made)


def retention(
    data: object,
    *,
    customer: str = "customer",
    date: str = "date",
    amount: str | None = None,
    every: str = "month",
    until: object = None,
    gap: int | None = None,
    interval: str = "log-log",
    level: float = 0.95,
    key: str | Sequence[str] | None = None,
    repeated: str | None = None,
    date_format: str | None = None,
    decimal: str = ".",
) -> RetentionResult:
    r"""Retention, repeat purchases and churn from transactions (Source documents 2.7, 4.16, 0.12).

    Parameters
    ----------
    data : DataFrame, Responses or path
        A row a transaction; a CSV or Parquet file may be larger than the memory. A visit is a day with a purchase.
    customer, date, amount : str
        Columns; the amount, in money, is summed by cohort and period. A negative one is a return, which is no visit;
        without amounts every row is a purchase.
    every : {"month", "quarter", "year"}
        Calendar periods, of the cohorts too: a cohort are those whose first purchase falls in the same one.
    until : date, optional
        Last day of observation; left out: that of the last transaction.
    gap : int, optional
        Days without a purchase after which a customer counts as lost. Left out: no losses and no survival.
    interval : {"log-log", "log", "plain"}
        Scale of the intervals of survival.
    level : float
        Coverage of the intervals.
    key, repeated, date_format, decimal
        How the rows are read, as in :func:`~crmstudy.assessment.value.transactions.transactions`.

    Returns
    -------
    RetentionResult

    Raises
    ------
    DataError, ModelError
        For unknown columns, faulty options, and data of which no row can be used.

    Notes
    -----
    Shares have Wilson's (1927) intervals. A customer is lost at the first stretch of more than ``gap`` days without a
    purchase, ``gap`` days after the purchase before it, even if it comes back; who is not lost is censored on the last
    day of observation. Survival is the product-limit estimate with Greenwood's standard error (Kaplan & Meier, 1958;
    Greenwood, 1926); nobody can be lost before ``gap`` days. Cells of a cohort whose period is not over are marked
    (``complete`` is False) and are in none of the pooled shares. Customers who bought before the data begin count as
    new. The repeat rate counts late customers who had little time to come back; ``repeat_rate_in_gap`` is among those
    observed for the gap at least, and counts a second visit within it.

    Examples
    --------
    >>> sales = pd.DataFrame({"customer": ["a", "a", "b"], "date": ["2026-01-05", "2026-02-07", "2026-01-20"]})
    >>> found = retention(sales, until="2026-02-28")
    >>> found.tables["pooled"][["period", "customers", "active"]].values.tolist()
    [[0, 2, 2], [1, 2, 1]]
    """
    faults = choice_faults(every, tuple(PERIODS_A_YEAR), "every") + choice_faults(interval, INTERVALS, "interval")
    faults += coverage_faults(level)
    if gap is not None and (not is_whole(gap) or gap < 1):
        faults.append(f"`gap` is a whole number of days from 1, not {gap!r}.")
    roles = {"customer": customer, "amount": amount, "date": date}
    source, asked = prepared(data, roles, ("amount",), ("until", until), key, repeated, date_format, decimal, faults)
    visits = visits_of(source, asked, every)
    cohorts = _cohorts(visits, every, level)
    pooled = _pooled(cohorts, level)
    lives = None if gap is None else _lives(visits, gap)
    survival = pd.DataFrame(columns=list(_SURVIVAL))
    if lives is not None:
        survival = kaplan_meier(lives.time.astype(float), lives.lost, level, interval)
    years = _years(visits)
    whole = years[years["complete"]]
    fit: dict[str, float] = {"customers": len(visits.first), "visits": len(visits.code)}
    if lives is not None:
        fit |= {"lost": int(lives.lost.sum()), "returned": lives.returned}
    if len(whole):
        fit["visits_per_year"] = float(whole["visits"].sum() / whole["customers"].sum())
    printed = [("visits a year and customer", PRINTED_VISITS, "4.16", "illustration, not a norm")]
    return RetentionResult(
        estimates=_estimates(visits, pooled, survival, gap, level),
        n=len(visits.first),
        fit=pd.Series(fit, dtype=float),
        tables={
            "cohorts": cohorts, "pooled": pooled, "periods": _periods(visits, every, level), "survival": survival,
            "years": years, "printed": pd.DataFrame(printed, columns=["what", "value", "source", "use"]),
        },
        notes=(*visits.notes, *_notes(visits, lives, every, gap)),
        samples=sample_table(len(visits.first), transactions=len(visits.code), rows_dropped=visits.dropped),
        call={
            "customer": customer, "date": date, "amount": amount, "every": every, "gap": gap, "interval": interval,
            "level": level, "begin": day_name(visits.begin), "until": day_name(visits.until), "key": list(asked.key),
            "repeated": "drop" if asked.drop_repeated else "keep", "date_format": date_format, "decimal": decimal,
        },
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Lives:
    """Days until each customer was lost or last observed, whether lost, and how many of the lost came back."""

    time: Whole
    lost: Mask
    returned: int


def _lives(visits: Visits, gap: int) -> _Lives:
    """Lost at the first stretch of more than ``gap`` days, else censored at the end of observation."""
    closes = visits.closes
    pause = np.where(closes, visits.until, np.append(visits.day[1:], visits.day[-1])) - visits.day
    rows = np.flatnonzero(pause > gap)
    who, first = np.unique(visits.code[rows], return_index=True)
    at = rows[first]
    lost = np.zeros(len(visits.first), dtype=bool)
    lost[who] = True
    time = visits.until - visits.first.astype(np.int64)
    if len(who):
        time[who] = visits.day[at] + gap - visits.first[who]
    return _Lives(time, lost, int((~closes[at]).sum()))


def _active(visits: Visits) -> np.ndarray[Any, np.dtype[np.intp]]:
    """One visit of each customer and period in which it was active."""
    return np.flatnonzero(visits.opens | changes(visits.period))


def _cohorts(visits: Visits, every: str, level: float) -> pd.DataFrame:
    """A row for each cohort and period up to the last one."""
    begin = int(visits.cohort.min())
    width = visits.last - begin + 1
    at = _active(visits)
    cohort = visits.cohort[visits.code[at]]
    cell = (cohort - begin) * width + visits.period[at] - cohort
    active = np.bincount(cell, minlength=width * width).reshape(width, width)
    sizes = active[:, 0].tolist()  # everybody is active in the period of the first purchase
    rows: list[tuple[Any, ...]] = []
    for place in np.flatnonzero(sizes).tolist():
        size, cohort_name = sizes[place], period_name(begin + place, every)
        for after, came in enumerate(active[place, : width - place].tolist()):
            over = place + after < width - 1 or visits.complete
            rows.append((cohort_name, after, size, came, came / size, *wilson_interval(came, size, level), over))
            if visits.revenue is not None:
                rows[-1] += (float(visits.revenue[begin + place - visits.earliest, after]),)
    return pd.DataFrame(rows, columns=[*_COHORTS, *([] if visits.revenue is None else ["revenue"])])


def _pooled(cohorts: pd.DataFrame, level: float) -> pd.DataFrame:
    """Shares over all cohorts that were observed for the whole of the period."""
    whole = cohorts[cohorts["complete"]]
    rows = []
    for after, group in whole.groupby("period", sort=True):
        size, came = int(group["customers"].sum()), int(group["active"].sum())
        rows.append((after, size, came, came / size, *wilson_interval(came, size, level)))
    return pd.DataFrame(rows, columns=list(_POOLED))


def _periods(visits: Visits, every: str, level: float) -> pd.DataFrame:
    """Who was active in each calendar period, and how many of them in the one before."""
    at = _active(visits)
    period, code = visits.period[at], visits.code[at]
    begin = int(period.min())
    active = np.bincount(period - begin, minlength=visits.last - begin + 1)
    new = np.bincount(visits.cohort - begin, minlength=len(active))
    follows = (code[1:] == code[:-1]) & (period[1:] == period[:-1] + 1)
    kept = np.bincount(period[1:][follows] - begin, minlength=len(active))
    rows: list[tuple[Any, ...]] = []
    for place, now in enumerate(active.tolist()):
        name, stayed, fresh = period_name(begin + place, every), int(kept[place]), int(new[place])
        over = begin + place < visits.last or visits.complete
        before = int(active[place - 1]) if place else 0
        rate = (stayed / before, *wilson_interval(stayed, before, level), 1.0 - stayed / before) if before else None
        shares = rate or (None, None, None, None)
        rows.append((name, now, fresh, before, stayed, before - stayed, now - fresh - stayed, *shares, over))
    return pd.DataFrame(rows, columns=list(_PERIODS))


def _years(visits: Visits) -> pd.DataFrame:
    """Visits and customers by calendar year; complete where the data cover the year from its first day to its last."""
    year = visits.day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int32) + 1970
    fresh = visits.opens | changes(year)
    names, counts = np.unique(year, return_counts=True)
    customers = np.unique(year[fresh], return_counts=True)[1]
    rows = []
    for one, count, active in zip(names, counts.tolist(), customers.tolist(), strict=True):
        begins, next_begins = np.array([one - 1970, one - 1969]).astype("datetime64[Y]").astype("datetime64[D]")
        whole = visits.begin <= int(begins.astype(int)) and int(next_begins.astype(int)) <= visits.until + 1
        rows.append((str(one), active, count, count / active, whole))
    return pd.DataFrame(rows, columns=["year", "customers", "visits", "visits_per_customer", "complete"])


def _estimates(
    visits: Visits, pooled: pd.DataFrame, survival: pd.DataFrame, gap: int | None, level: float
) -> pd.DataFrame:
    opening, customers = np.flatnonzero(visits.opens), len(visits.first)
    again = ~visits.closes[opening]
    rows = [_share("repeat_rate", int(again.sum()), customers, level)]
    if gap is not None:
        long = visits.until - visits.first >= gap
        second = visits.day[np.minimum(opening + 1, len(visits.day) - 1)]
        soon = again & (second - visits.first <= gap)
        if long.any():
            rows.append(_share("repeat_rate_in_gap", int((soon & long).sum()), int(long.sum()), level))
        median, low, high = median_time(survival)
        if not np.isnan(median):
            rows.append(("median_days", median, *(float("nan"),) * 4, low, high))
    for row in pooled[pooled["period"] > 0].to_dict("records"):
        rows.append(_share(f"retention_{row['period']}", row["active"], row["customers"], level))
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))


def _share(term: str, successes: int, trials: int, level: float) -> tuple[Any, ...]:
    share = successes / trials
    error = float(np.sqrt(share * (1.0 - share) / trials))
    return (term, share, error, *(float("nan"),) * 3, *wilson_interval(successes, trials, level))


def _notes(visits: Visits, lives: _Lives | None, every: str, gap: int | None) -> list[Note]:
    begin, until = day_name(visits.begin), day_name(visits.until)
    notes = [
        Note("COHORTS_BEGINS", f"The data begin on {begin}: who bought before counts as new, in the first cohorts."),
    ]
    if not visits.complete:
        message = f"Observation ends on {until}, within a {every}: its cells are marked and are in no pooled share."
        notes.append(Note("COHORTS_LAST_PERIOD", message))
    if len(visits.first) == 1:
        notes.append(
            Note("VALUE_ONE_CUSTOMER", "There is one customer: nothing can be said of differences among them.")
        )
    if lives is None:
        message = (
            "No gap is given after which a customer counts as lost: no losses are counted, and there is no survival."
        )
        notes.append(Note("COHORTS_NO_GAP", message))
        return notes
    censored = int((~lives.lost).sum())
    message = (
        f"Lost means no purchase for more than {gap} days; {censored} of {len(lives.lost)} customers were not lost by "
        f"{until} and are censored there."
    )
    notes.append(Note("COHORTS_CENSORED", message))
    if censored == len(lives.lost):
        message = f"Nobody was lost: no customer was without a purchase for more than {gap} days up to {until}."
        notes.append(Note("COHORTS_NOBODY_LOST", message, "warning"))
    if lives.returned:
        message = f"{lives.returned} customers came back after they had counted as lost; a longer gap would keep them."
        notes.append(Note("COHORTS_CAME_BACK", message))
    if lives.lost[lives.time == lives.time.max()].all():
        notes.append(
            Note("COHORTS_NONE_LEFT", "The survival curve ends at 0, where it has no standard error and no interval.")
        )
    return notes
