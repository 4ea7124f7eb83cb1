"""What customers are worth: margins less retention costs over the relation, discounted to now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.value.discounting import (
    LONGEST,
    PERIODS_A_YEAR,
    TIMINGS,
    choice_faults,
    crossings,
    effective_rate,
    endless_values,
    is_number,
    present_values,
    probability_faults,
    rate_faults,
    retention_of_period,
    times,
)
from crmstudy.assessment.value.streams import Columns, Streams, from_table, given_numbers
from crmstudy.assessment.value.telling import money
from crmstudy.assessment.wording import say
from crmstudy.drawing import Curves, Drawing, Grid
from crmstudy.errors import ModelError
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.results import sample_table
from crmstudy.selection import is_whole

#: What is added to the rate, and to the retention probability, where no others are asked for.
_RATE_STEPS = (-0.05, -0.025, 0.0, 0.025, 0.05, 0.10)
_RETENTION_STEPS = (-0.10, -0.05, 0.0, 0.05, 0.10)
#: Periods of an endless relation that are shown.
_SHOWN_PERIODS = 20
_MOST_LINES = 40


@dataclass(frozen=True, eq=False, repr=False)
class ClvResult(AssessmentResult):
    """Customer lifetime values; nothing is estimated, so ``estimates`` is empty.

    ``fit`` has ``total``, ``mean``, ``customers``, ``rate`` (of a period), with a retention probability its mean
    ``retention``, with a cost of acquisition ``invested`` and ``after_acquisition``. Tables: ``customers`` (customer,
    customers, margin, cost, retention, clv, acquisition, after_acquisition; margin and cost are means of a period),
    ``periods`` (period, discount, margin, cost, net, expected, present, cumulative; totals), ``sensitivity`` (rate,
    retention, shift, total, mean, change), ``break_even`` (retention, side), ``improvements`` (what, total, change).
    """

    kind: ClassVar[str] = "clv"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "sensitivity",
            "Customer Lifetime Value by Discount Rate and Retention",
            (
                ("rate", "Rate", "index"), ("retention", "Retention", "index"), ("total", "Total", "estimate"),
                ("mean", "Mean", "estimate"), ("change", "Change in %", "percent"),
            ),
            "Rates and retention as they were given (a year or a period); change against the values assumed.",
        ),
        Shown(
            "periods",
            "Margins and Their Present Value by Period",
            (
                ("period", "Period", "text"), ("margin", "Margin", "estimate"), ("cost", "Retention cost", "estimate"),
                ("discount", "Discount factor", "index"), ("expected", "Expected", "estimate"),
                ("present", "Present value", "estimate"), ("cumulative", "Cumulative", "estimate"),
            ),
            "Expected: net margin times the probability of still being a customer.",
        ),
        Shown(
            "improvements",
            "What One Per Cent Better Changes",
            (("what", "Improved by 1 %", "text"), ("total", "Total", "estimate"), ("change", "Change in %", "percent")),
        ),
    )  # fmt: skip

    @property
    def total(self) -> float:
        """The value of all customers."""
        return float(self.fit["total"])

    @property
    def mean(self) -> float:
        """The value of a customer, on average."""
        return float(self.fit["mean"])

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """The value, what it assumes, where it turns, and how it depends on rate and retention."""
        call, fit = self.call, self.fit
        several = fit["customers"] != 1
        amounts = {"total": money(self.total), "mean": money(self.mean), "n": (fit["customers"], "n")}
        said = [say("clv", "value" if several else "one", lang, **amounts)]
        said.append(say("clv", f"rate_{call['rate_per']}", lang, rate=(100.0 * call["rate"], "percent")))
        said.append(say("clv", f"timing_{call['timing']}", lang))
        if call["retention"] is None:
            said.append(say("clv", "certain", lang))
        else:
            key = "retention_year" if call["retention_per"] == "year" else "retention"
            said.append(say("clv", key, lang, retention=(100.0 * fit["retention"], "percent")))
        if call["cost"] is None:
            said.append(say("clv", "no_cost", lang))
        negative = int((self.tables["customers"]["clv"] < 0.0).sum())
        if negative:
            said.append(say("clv", "negative", lang, n=(negative, "n"), all=(len(self.tables["customers"]), "n")))
        if "invested" in fit:
            left = money(fit["after_acquisition"])
            said.append(say("clv", "after_acquisition", lang, invested=money(fit["invested"]), left=left))
        for row in self.tables["break_even"].to_dict("records"):
            key = f"break_even_{row['side']}"
            said.append(say("clv", key, lang, retention=(100.0 * row["retention"], "percent")))
        table = self.tables["sensitivity"]
        if len(table) > 1:
            low, high = table["total"].min(), table["total"].max()
            said.append(say("clv", "sensitivity", lang, low=money(low), high=money(high)))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """The value by rate and retention, and how it gathers over the periods."""
        made: list[Drawing] = []
        table = self.tables["sensitivity"]
        wide = table.pivot_table(index="retention", columns="rate", values="mean", aggfunc="first", dropna=False)
        if wide.size > 1:
            values = wide.to_numpy(dtype=float)
            made.append(
                Grid(
                    title="Mean customer lifetime value by retention (rows) and discount rate (columns)",
                    alt=f"A table of mean lifetime values. {self.prose()[0]}",
                    rows=tuple(f"{name:.3g}" for name in wide.index),
                    columns=tuple(f"{name:.3g}" for name in wide.columns),
                    values=tuple(tuple(None if np.isnan(cell) else float(cell) for cell in row) for row in values),
                    low=float(np.nanmin(values)),
                    high=float(np.nanmax(values)),
                )
            )
        periods = self.tables["periods"]
        at = tuple(times(len(periods), self.call["timing"]).tolist())
        lines = (
            ("present value", at, tuple(map(float, periods["cumulative"]))),
            ("neither discounted nor lost", at, tuple(map(float, periods["net"].cumsum()))),
        )
        if len(periods) > 1:
            made.append(
                Curves(
                    title="How the value gathers",
                    alt=f"Cumulative net margins over {len(periods)} periods. {self.prose()[0]}",
                    lines=lines,
                    x_label="Period",
                    y_label="Cumulative net margin",
                )
            )
        return tuple(made)


def clv(
    data: object = None,
    *,
    rate: float,
    margin: object = "margin",
    cost: object = None,
    retention: object = None,
    acquisition: object = None,
    horizon: int | None = None,
    timing: str = "end",
    every: str = "year",
    rate_per: str = "year",
    retention_per: str = "period",
    growth: float = 0.0,
    customer: str = "customer",
    period: str | None = None,
    date: str | None = None,
    count: str | None = None,
    origin: str = "common",
    rates: Sequence[float] | None = None,
    retentions: Sequence[float] | None = None,
) -> ClvResult:
    r"""Customer lifetime value: margins net of retention cost over the relation, discounted (Source documents 0.12).

    Parameters
    ----------
    data : DataFrame, Responses or path, optional
        A row a customer or segment (the same margin every period), a row a customer and period (``period``), or a row
        a transaction (``date``). Left out: one customer, given as numbers.
    rate : float
        Discount rate, above -1; 0.12 is 12 per cent.
    margin : str, float or sequence of float
        Column of the margins, or of the transactions' contributions; without ``data`` a number, or one a period. In
        money; may be negative.
    cost : str, float or sequence of float, optional
        Retention cost of a period, in money. One number holds for every customer, in the table of periods and of
        transactions from its first to its last period.
    retention : str or float, optional
        Probability of staying for another period, 0 to 1. Left out: the relation is taken as certain.
    acquisition : str or float, optional
        What it cost to win the customer, paid at time 0; the break-even is against it.
    horizon : int, optional
        Number of periods. Left out: all periods of the table, or without end where the margin is the same every period.
    timing : {"end", "start"}
        Whether margins fall at the ends of periods (t = 1, 2, ...: earned by those who stayed) or at their starts
        (t = 0, 1, ...: the first is certain and not discounted).
    every : {"year", "quarter", "month"}
        Length of a period.
    rate_per : {"year", "period"}
        What the rate is for; a yearly one is converted to its effective rate.
    retention_per : {"period", "year"}
        What the retention probability is for.
    growth : float
        By which part the margin grows each period, above -1; only where it is otherwise the same.
    customer, period, date, count : str
        Columns; ``count`` is the number of customers in a segment.
    origin : {"common", "own"}
        Whether time starts with the first period of the table, or with each customer's own first.
    rates, retentions : sequence of float, optional
        Values for the sensitivity table; left out: steps around those assumed.

    Returns
    -------
    ClvResult

    Raises
    ------
    DataError, ModelError
        For unknown columns, a second figure for the same period, rates of -1 and below, probabilities outside 0 to 1,
        and sums without a limit.

    Notes
    -----
    .. math:: \mathrm{CLV}=\sum_t \frac{(m_t-c_t)\,r^t}{(1+i)^t}

    over t = 0 ... T-1 (``start``) or 1 ... T (``end``). Without end and with margins growing by g:
    :math:`\frac{(1+i)m}{1+i-r(1+g)}-\frac{(1+i)c}{1+i-r}` (``start``), with r instead of the leading 1 + i for ``end``
    (Gupta & Lehmann, 2003). The rate of a period is :math:`(1+i)^{1/k}-1` with k periods a year, retention
    :math:`r^{1/k}`. The value is that of what was put in: margins to come are assumptions, and nothing here estimates
    their uncertainty; the sensitivity table shows what other rates and retentions would give. Margins of the past
    without a retention probability are the value realised so far, as of the first period.

    Examples
    --------
    >>> round(clv(margin=120, cost=20, retention=0.8, rate=0.1).total, 3)
    266.667
    """
    faults = rate_faults(rate)
    faults += choice_faults(timing, TIMINGS, "timing") + choice_faults(every, tuple(PERIODS_A_YEAR), "every")
    faults += choice_faults(rate_per, ("year", "period"), "rate_per")
    faults += choice_faults(retention_per, ("year", "period"), "retention_per")
    faults += choice_faults(origin, ("common", "own"), "origin")
    if horizon is not None and (not is_whole(horizon) or not 1 <= horizon <= LONGEST):
        faults.append(f"`horizon` is a whole number of periods from 1 to {LONGEST}, not {horizon!r}.")
    if not is_number(growth) or growth <= -1.0:
        faults.append(f"`growth` is a number above -1, such as 0.02, not {growth!r}.")
    faults += _grid_faults(rates, retentions)
    if faults:
        raise ModelError(faults)
    if data is None:
        streams = given_numbers(margin, cost, retention, acquisition)
    else:
        columns = Columns(
            margin, cost, retention, acquisition, customer, period, date, count, every, origin
        )  # fmt: skip
        streams = from_table(data, columns)
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is refused
        streams, notes = _over_horizon(streams, horizon, growth)
        call = {
            "rate": float(rate), "timing": timing, "every": every, "rate_per": rate_per, "retention_per": retention_per,
            "growth": float(growth), "horizon": None if streams.endless else streams.margins.shape[1], "origin": origin,
            "margin": margin, "cost": cost, "retention": retention, "acquisition": acquisition, "period": period,
            "date": date, "customer": customer, "count": count,
        }  # fmt: skip
        value = _Value(streams, timing, every, rate_per, retention_per, float(growth))
        return _result(value, call, rates, retentions, notes)


@dataclass(frozen=True, slots=True)
class _Value:
    """Streams with the conventions by which they are valued."""

    streams: Streams
    timing: str
    every: str
    rate_per: str
    retention_per: str
    growth: float

    def rate_of_period(self, rate: float) -> float:
        return effective_rate(rate, self.every) if self.rate_per == "year" else rate

    def staying(self, retention: Array) -> Array:
        return retention_of_period(retention, self.every) if self.retention_per == "year" else retention

    def each(self, rate: float, retention: Array, better: str = "", by: float = 0.0) -> Array:
        """Values of a row's customer; ``better`` scales margins up or costs down by a part."""
        streams, inner, stay = self.streams, self.rate_of_period(rate), self.staying(retention)
        margins = streams.margins * (1.0 + by) if better == "margin" else streams.margins
        costs = streams.costs * (1.0 - by) if better == "cost" else streams.costs
        if streams.endless:
            return endless_values(margins[:, 0], costs[:, 0], stay, inner, self.timing, self.growth)
        return present_values(margins - costs, stay, inner, self.timing)

    def total(self, rate: float, retention: Array, better: str = "", by: float = 0.0) -> float:
        return float(self.streams.counts @ self.each(rate, retention, better, by))


def _grid_faults(rates: object, retentions: object) -> list[str]:
    faults: list[str] = []
    for name, given, check in (("rates", rates, rate_faults), ("retentions", retentions, probability_faults)):
        if given is None:
            continue
        if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray) or not len(given):
            faults.append(f"`{name}` lists one number or more, not {given!r}.")
        else:
            faults += [fault for value in given for fault in check(value, name)]
    return faults


def _over_horizon(streams: Streams, horizon: int | None, growth: float) -> tuple[Streams, list[Note]]:
    """The streams over the horizon: a margin that is the same every period is written out, others are cut."""
    length = streams.margins.shape[1]
    if not streams.endless:
        faults = []
        if growth != 0.0:
            faults.append("`growth` needs a margin that is the same every period; here each period has its own.")
        if horizon is not None and horizon > length:
            faults.append(f"`horizon` is {horizon} periods, but figures are given for {length}; give more or fewer.")
        if faults:
            raise ModelError(faults)
        if horizon is None or horizon == length:
            return streams, []
        cut = replace(
            streams, margins=streams.margins[:, :horizon], costs=streams.costs[:, :horizon],
            labels=streams.labels[:horizon],
        )  # fmt: skip
        message = f"Of {length} periods the first {horizon} are valued; later ones are left out, as `horizon` asks."
        return cut, [Note("CLV_SHORTENED", message, "warning")]
    if horizon is None:
        return streams, []
    grown = (1.0 + growth) ** np.arange(horizon)
    return replace(
        streams, margins=streams.margins * grown, costs=np.repeat(streams.costs, horizon, axis=1),
        labels=tuple(str(place + 1) for place in range(horizon)), endless=False,
    ), []  # fmt: skip


def _result(
    value: _Value, call: dict[str, Any], rates: Sequence[float] | None, retentions: Sequence[float] | None,
    notes: list[Note],
) -> ClvResult:  # fmt: skip
    streams, rate = value.streams, call["rate"]
    each = value.each(rate, streams.staying)
    endless = np.isnan(each) & streams.endless
    if endless.any():
        first = streams.names[int(np.flatnonzero(endless)[0])]
        raise ModelError(
            f"The value of {int(endless.sum())} of {len(each)} customers, such as '{first}', has no limit: retention "
            "times growth reaches 1 + rate. Give `horizon`, a higher rate, or a retention probability below 1."
        )
    counts = streams.counts
    if not np.isfinite(np.abs(counts * each).sum()):
        raise ModelError("The values are larger than a number can hold; check margins, growth, rate and horizon.")
    customers, total = float(counts.sum()), float(counts @ each)
    fit = {"total": total, "mean": total / customers, "customers": customers, "rate": value.rate_of_period(rate)}
    table = pd.DataFrame(
        {
            "customer": streams.names, "customers": counts, "margin": streams.margins.mean(axis=1),
            "cost": streams.costs.mean(axis=1), "retention": streams.staying, "clv": each,
        }
    )  # fmt: skip
    invested = 0.0
    if streams.retention is not None:
        fit["retention"] = float(counts @ streams.staying) / customers
    if streams.acquisition is not None:
        table["acquisition"] = streams.acquisition
        table["after_acquisition"] = each - streams.acquisition
        invested = float(counts @ streams.acquisition)
        fit |= {"invested": invested, "after_acquisition": total - invested}
    sensitivity, lost = _sensitivity(value, rate, rates, retentions, total)
    break_even = _break_even(value, rate, invested)
    tables = {
        "customers": table,
        "periods": _periods(value, rate),
        "sensitivity": sensitivity,
        "break_even": break_even,
        "improvements": _improvements(value, rate, total),
    }
    found = [*streams.notes, *notes, *_notes(streams, each, call, lost)]
    return ClvResult(
        estimates=no_estimates(), n=len(each), fit=pd.Series(fit), tables=tables, notes=tuple(found),
        samples=sample_table(len(each), streams.dropped), call=call,
    )  # fmt: skip


def _periods(value: _Value, rate: float) -> pd.DataFrame:
    """Totals by period, as the customers would bring them, and their present value."""
    streams = value.streams
    margins, costs, labels = streams.margins, streams.costs, streams.labels
    if streams.endless:
        grown = (1.0 + value.growth) ** np.arange(_SHOWN_PERIODS)
        margins, costs = margins * grown, np.repeat(costs, _SHOWN_PERIODS, axis=1)
        labels = tuple(str(place + 1) for place in range(_SHOWN_PERIODS))
    when = times(margins.shape[1], value.timing)
    inner, stays = value.rate_of_period(rate), value.staying(streams.staying)[:, None]
    expected = streams.counts @ ((margins - costs) * stays**when)
    present = streams.counts @ ((margins - costs) * (stays / (1.0 + inner)) ** when)
    margin, cost = streams.counts @ margins, streams.counts @ costs
    return pd.DataFrame(
        {
            "period": labels, "discount": (1.0 + inner) ** -when, "margin": margin, "cost": cost, "net": margin - cost,
            "expected": expected, "present": present, "cumulative": np.cumsum(present),
        }
    )  # fmt: skip


def _sensitivity(
    value: _Value, rate: float, rates: Sequence[float] | None, retentions: Sequence[float] | None, total: float
) -> tuple[pd.DataFrame, int]:
    """Totals for other rates and retention probabilities; how many of them have no limit."""
    streams = value.streams
    steps = [step for step in _RATE_STEPS if step + rate >= min(0.0, rate)]
    asked_rates = [step + rate for step in steps] if rates is None else list(rates)
    base = streams.staying
    weights = streams.counts / streams.counts.sum()
    middle = float(weights @ base)
    if retentions is not None:
        others = [np.full(len(base), float(given)) for given in retentions]
    elif streams.retention is None:
        others = [base]
    else:
        others = [np.clip(base + step, 0.0, 1.0) for step in _RETENTION_STEPS]
    rows, lost, customers = [], 0, float(streams.counts.sum())
    seen: set[tuple[float, float]] = set()
    for stay in others:
        share = float(weights @ stay)
        for given in asked_rates:
            key = round(share, 12), round(float(given), 12)
            if key in seen:
                continue
            seen.add(key)
            found = value.total(float(given), stay)
            if not np.isfinite(found):
                lost += 1
                continue
            change = 100.0 * (found - total) / abs(total) if total else None
            rows.append((key[1], key[0], key[0] - middle, found, found / customers, change))
    return pd.DataFrame(rows, columns=["rate", "retention", "shift", "total", "mean", "change"]), lost


def _break_even(value: _Value, rate: float, invested: float) -> pd.DataFrame:
    """Retention probabilities, the same for all, at which the total equals what was invested in winning them.

    ``side``: from there on the total is ``above`` or ``below`` it. Empty where it is above, or below, at all of them.
    """
    streams = value.streams
    together = replace(
        streams, names=("all",), counts=np.ones(1), margins=(streams.counts @ streams.margins)[None, :],
        costs=(streams.counts @ streams.costs)[None, :],
    )  # fmt: skip
    whole = replace(value, streams=together)

    def worth(retention: Array) -> Array:
        return whole.each(rate, retention) - invested

    found = crossings(worth, 0.0 if value.timing == "start" or invested else 1e-9, 1.0)
    rows = [(place, "above" if rises else "below") for place, rises in found]
    return pd.DataFrame(rows, columns=["retention", "side"])


def _improvements(value: _Value, rate: float, total: float) -> pd.DataFrame:
    """The total with margin, cost, retention or rate better by one per cent of itself."""
    streams = value.streams
    stay = streams.staying
    found = {"margin": value.total(rate, stay, "margin", 0.01)}
    if streams.costs.any():
        found["retention cost"] = value.total(rate, stay, "cost", 0.01)
    if streams.retention is not None:
        found["retention"] = value.total(rate, np.minimum(stay * 1.01, 1.0))
    found["discount rate"] = value.total(rate - 0.01 * abs(rate), stay)
    rows = [
        (what, now, 100.0 * (now - total) / abs(total) if total else None)
        for what, now in found.items()
        if not np.isnan(now)
    ]
    return pd.DataFrame(rows, columns=["what", "total", "change"])


def _notes(streams: Streams, each: Array, call: dict[str, Any], lost: int) -> list[Note]:
    """What belongs to the figures."""
    notes = [Note("CLV_CONVENTION", _convention(call))]
    if call["cost"] is None:
        message = "No retention cost is given: the margins are taken as net of it."
        notes.append(Note("CLV_NO_RETENTION_COST", message))
    if streams.retention is None and streams.endless:
        message = "Without a retention probability and without a horizon every customer is valued as staying for ever."
        notes.append(Note("CLV_STAYS_FOR_EVER", message, "warning"))
    elif streams.retention is None:
        notes.append(Note("CLV_CERTAIN", "Without a retention probability the relation is taken as certain."))
    losing = (streams.net < 0.0).any(axis=1)
    if losing.any():
        message = (
            f"{int(losing.sum())} of {len(each)} have a negative net margin in at least one period; "
            f"{int((each < 0.0).sum())} have a negative lifetime value. They are counted as they are."
        )
        notes.append(Note("CLV_NEGATIVE_MARGINS", message))
    if call["rate"] < 0.0:
        message = f"The discount rate is negative ({call['rate']:g}): later money counts for more than money now."
        notes.append(Note("CLV_NEGATIVE_RATE", message, "warning"))
    if len(each) == 1 and float(streams.counts[0]) == 1.0:
        notes.append(
            Note("VALUE_ONE_CUSTOMER", "There is one customer: nothing can be said of differences among them.")
        )
    if lost:
        message = f"{lost} combinations of rate and retention have no limit and are not in the sensitivity table."
        notes.append(Note("CLV_NO_LIMIT", message))
    return notes


def _convention(call: dict[str, Any]) -> str:
    """When margins fall, and what a period and its rate are."""
    falls = {
        "end": "at the ends of periods, earned by customers who stayed for them",
        "start": "at the starts of periods; the first is certain and not discounted",
    }[call["timing"]]
    rate = "a year, converted to the period" if call["rate_per"] == "year" else "a period"
    long = "without end" if call["horizon"] is None else f"over {call['horizon']} periods"
    return f"Margins fall {falls}; a period is a {call['every']}, the rate is {rate}; the relation is valued {long}."
