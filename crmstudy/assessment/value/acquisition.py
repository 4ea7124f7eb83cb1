"""What it costs to keep a customer and to win one: from an organisation's own figures, with payback and break-even."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd

from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.tables import table_of
from crmstudy.assessment.value.discounting import (
    LONGEST,
    PERIODS_A_YEAR,
    TIMINGS,
    choice_faults,
    crossings,
    effective_rate,
    endless_values,
    is_number,
    payback,
    present_values,
    probability_faults,
    rate_faults,
    retention_of_period,
    times,
)
from crmstudy.assessment.value.telling import money
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Curves, Drawing
from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.quoting import shown as quoted
from crmstudy.results import sample_table
from crmstudy.selection import is_whole

#: Periods over which the payback of an endless relation is looked for.
_PATIENCE = 600
_SHOWN_PERIODS = 24


@dataclass(frozen=True, eq=False, repr=False)
class AcquisitionResult(AssessmentResult):
    """Costs of winning and of keeping customers; nothing is estimated, so ``estimates`` is empty.

    ``fit`` has, as far as the figures allow: ``cost_per_won``, ``cost_per_kept``, ``ratio`` (of the first to the
    second); with a margin ``value`` (of a customer), ``value_after`` (less the cost of winning),
    ``break_even_retention``, ``payback`` and ``payback_undiscounted`` (whole periods), ``payback_exact``; with
    ``without`` also ``worth_by_replacement`` and ``worth_by_value`` (most to spend on keeping, a customer and period).
    Tables: ``costs`` (period, won, winning_cost, cost_per_won, kept, keeping_cost, cost_per_kept, ratio), ``payback``
    (period, expected, present, cumulative; empty without a margin).
    """

    kind: ClassVar[str] = "acquisition"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "costs",
            "Cost of Winning and of Keeping a Customer",
            (
                ("period", "Period", "text"), ("won", "Won", "n"), ("winning_cost", "Spent on winning", "estimate"),
                ("cost_per_won", "A customer won", "estimate"), ("kept", "Kept", "n"),
                ("keeping_cost", "Spent on keeping", "estimate"), ("cost_per_kept", "A customer kept", "estimate"),
                ("ratio", "Ratio", "estimate"),
            ),
            "Own figures only. The source documents give no ratio.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Both costs and their ratio, payback, break-even, and that the ratio is these data's own."""
        fit, said = self.fit, []
        if "cost_per_won" in fit:
            said.append(say("acquisition", "won", lang, cost=money(fit["cost_per_won"])))
        if "cost_per_kept" in fit:
            said.append(say("acquisition", "kept", lang, cost=money(fit["cost_per_kept"])))
        if "ratio" in fit:
            key = "dearer" if fit["ratio"] > 1.0 else "cheaper"
            said.append(say("acquisition", key, lang, ratio=(fit["ratio"], "estimate")))
        if fit.get("payback", 0.0) > 0.0:
            said.append(say("acquisition", "payback", lang, periods=(fit["payback"], "n")))
        elif "value_after" in fit and "payback" not in fit:
            said.append(say("acquisition", "no_payback", lang))
        if "value_after" in fit:
            key = "pays" if fit["value_after"] >= 0.0 else "loses"
            amounts = {"value": money(fit["value"]), "left": money(fit["value_after"])}
            said.append(say("acquisition", key, lang, **amounts))
        if "break_even_retention" in fit:
            share = 100.0 * fit["break_even_retention"]
            said.append(say("acquisition", "break_even", lang, retention=(share, "percent")))
        if "worth_by_value" in fit:
            amounts = {"replacing": money(fit["worth_by_replacement"]), "value": money(fit["worth_by_value"])}
            said.append(say("acquisition", "worth", lang, **amounts))
        said.append(say("acquisition", "own", lang))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """Both costs by period, and how a customer pays back what it cost."""
        made: list[Drawing] = []
        costs = self.tables["costs"]
        series = tuple(
            (label, tuple(None if np.isnan(value) else float(value) for value in costs[name].astype(float)))
            for label, name in (("a customer won", "cost_per_won"), ("a customer kept", "cost_per_kept"))
        )
        made.append(
            Bars(
                title="What a customer costs to win and to keep",
                alt=f"Bars of both costs in {len(costs)} periods. {' '.join(self.prose()[:3])}",
                names=tuple(map(str, costs["period"])),
                series=series,
                x_label="Cost of a customer",
            )
        )
        table = self.tables["payback"]
        if len(table):
            made.append(
                Curves(
                    title="How a customer pays back the cost of winning it",
                    alt=f"Cumulative present value less the cost of winning, over {len(table)} periods.",
                    lines=(("after cost of winning", tuple(table["period"]), tuple(map(float, table["cumulative"]))),),
                    x_label="Periods since winning",
                    y_label="Cumulative present value",
                )
            )
        return tuple(made)


def acquisition(
    data: object = None,
    *,
    won: object = "won",
    winning_cost: object = "winning_cost",
    kept: object = "kept",
    keeping_cost: object = "keeping_cost",
    period: str = "period",
    margin: float | None = None,
    retention: float | None = None,
    without: float | None = None,
    rate: float = 0.0,
    horizon: int | None = None,
    timing: str = "end",
    every: str = "year",
    rate_per: str = "year",
    retention_per: str = "period",
) -> AcquisitionResult:
    r"""Retention against acquisition cost (Source documents 2.7, 2.1).

    Parameters
    ----------
    data : DataFrame, Responses or path, optional
        A row a period. Left out: one period, given as numbers.
    won, winning_cost, kept, keeping_cost : str or float
        Columns, or numbers without ``data``: customers won, what was spent on winning them, customers kept, what was
        spent on keeping them (money). Each pair may be left out of the table.
    period : str
        Column of the period's name; optional.
    margin : float, optional
        What a customer brings in a period, in money, before the cost of keeping it.
    retention : float, optional
        Probability of staying for another period, 0 to 1; left out: the relation is taken as certain.
    without : float, optional
        The same probability were nothing spent on keeping.
    rate : float
        Discount rate, above -1.
    horizon : int, optional
        Periods over which a customer counts; left out: without end.
    timing, every, rate_per, retention_per
        As in :func:`~crmstudy.assessment.value.clv.clv`.

    Returns
    -------
    AcquisitionResult

    Raises
    ------
    DataError, ModelError
        For unknown columns, negative numbers of customers or costs, a period given twice, rates of -1 and below.
    AnalysisError
        When nobody was won and nobody was kept.

    Notes
    -----
    Costs a customer are sums over all periods, :math:`A=\sum a_p/\sum w_p` and :math:`k=\sum s_p/\sum h_p`; their
    ratio is A/k. The value of a customer is that of ``clv`` with margin m and cost k. It pays back in the first period
    by whose end the sum of present values reaches A; ``payback_undiscounted`` uses a rate of 0. Break-even retention is
    the probability at which the value equals A. With :math:`r_0` the probability ``without``: who holds the number of
    customers by winning others saves :math:`(r-r_0)A` a customer and period (``worth_by_replacement``); a customer's
    value is the same with and without keeping at a cost of :math:`m(1-V(r_0)/V(r))`, where V is the value of one unit
    of money a period (``worth_by_value``). The documents say that selling to an existing customer costs less, without
    a figure; none is assumed here.

    Examples
    --------
    >>> found = acquisition(won=200, winning_cost=30000, kept=900, keeping_cost=18000)
    >>> found.fit[["cost_per_won", "cost_per_kept", "ratio"]].round(2).tolist()
    [150.0, 20.0, 7.5]
    """
    faults = _option_faults(margin, retention, without, rate, horizon)
    faults += choice_faults(timing, TIMINGS, "timing") + choice_faults(every, tuple(PERIODS_A_YEAR), "every")
    faults += choice_faults(rate_per, ("year", "period"), "rate_per")
    faults += choice_faults(retention_per, ("year", "period"), "retention_per")
    if faults:
        raise ModelError(faults)
    columns = {"won": won, "winning_cost": winning_cost, "kept": kept, "keeping_cost": keeping_cost}
    costs, notes, dropped = _costs(data, columns, period)
    fit = _per_customer(costs, notes)
    table = pd.DataFrame(columns=["period", "expected", "present", "cumulative"])
    if margin is not None:
        if "cost_per_kept" not in fit:
            message = "No retention cost is given: the margins are taken as net of it."
            notes.append(Note("CLV_NO_RETENTION_COST", message))
        inner = effective_rate(rate, every) if rate_per == "year" else float(rate)
        relation = _Relation(float(margin), fit.get("cost_per_kept", 0.0), inner, horizon, timing)

        def stay(given: float) -> float:
            return float(retention_of_period(np.array([given]), every)[0]) if retention_per == "year" else given

        certain = stay(1.0 if retention is None else float(retention))
        more, table = _relation_figures(relation, certain, fit.get("cost_per_won"), notes)
        fit |= more
        if without is not None and retention is not None and "cost_per_won" in fit:
            fit |= _worth(relation, certain, stay(float(without)), fit["cost_per_won"])
        if "break_even_retention" in fit and retention_per == "year":
            fit["break_even_retention"] **= PERIODS_A_YEAR[every]
    notes.append(
        Note(
            "ACQUISITION_OWN_RATIO",
            "The ratio is of these data only. The source documents say that selling to an existing customer costs less "
            "than winning one, and give no figure; a ratio of 4 to 6 is not among them and is not used.",
        )
    )
    return AcquisitionResult(
        estimates=no_estimates(),
        n=len(costs),
        fit=pd.Series(fit, dtype=float),
        tables={"costs": costs, "payback": table},
        notes=tuple(notes),
        samples=sample_table(len(costs), dropped),
        call={
            **columns, "margin": margin, "retention": retention, "without": without, "rate": float(rate),
            "horizon": horizon, "timing": timing, "every": every, "rate_per": rate_per, "retention_per": retention_per,
        },
    )  # fmt: skip


def _option_faults(margin: object, retention: object, without: object, rate: object, horizon: object) -> list[str]:
    faults = rate_faults(rate)
    if margin is not None and not is_number(margin):
        faults.append(f"`margin` is a number, in money a period, not {margin!r}.")
    for name, value in (("retention", retention), ("without", without)):
        if value is not None:
            faults += probability_faults(value, name)
    if without is not None and (margin is None or retention is None):
        faults.append("`without` is compared with `retention` by means of `margin`: give both.")
    elif not faults and without is not None and cast(float, without) > cast(float, retention):
        faults.append(
            f"`without` ({without:g}) is above `retention` ({retention:g}): keeping would drive customers away."
        )
    if margin is None and retention is not None:
        faults.append("`retention` is used with `margin`: give what a customer brings in a period.")
    if horizon is not None and (not is_whole(horizon) or not 1 <= horizon <= LONGEST):
        faults.append(f"`horizon` is a whole number of periods from 1 to {LONGEST}, not {horizon!r}.")
    return faults


def _costs(data: object, columns: dict[str, object], period: str) -> tuple[pd.DataFrame, list[Note], int]:
    """Customers and spending by period, with costs a customer."""
    notes: list[Note] = []
    dropped = 0
    if data is None:
        numbers = {part: value for part, value in columns.items() if not isinstance(value, str)}
        wrong = [f"`{part}` is a number without `data`, not {value!r}." for part, value in numbers.items()
                 if not is_number(value)]  # fmt: skip
        if not numbers:
            wrong.append("Give `data`, or numbers: `won` and `winning_cost`, `kept` and `keeping_cost`.")
        if wrong:
            raise ModelError(wrong)
        frame = pd.DataFrame(
            [{"period": "all", **{part: float(cast(float, value)) for part, value in numbers.items()}}]
        )
    else:
        wrong = [f"`{part}` names a column, not {value!r}." for part, value in columns.items()
                 if not isinstance(value, str)]  # fmt: skip
        if wrong:
            raise ModelError(wrong)
        named = {str(name): part for part, name in columns.items()}
        optional: dict[str, Any] = {period: "text", **dict.fromkeys(named, "number")}
        frame = table_of(data, {}, optional, what="periods").rename(columns=named | {period: "period"})
        if "period" not in frame:
            frame.insert(0, "period", [str(place + 1) for place in range(len(frame))])
        lacking = frame.isna().any(axis=1)
        dropped = int(lacking.sum())
        if dropped:
            message = f"{dropped} of {len(frame)} periods lack a figure and are left out, not counted as 0."
            notes.append(Note("ACQUISITION_LEFT_OUT", message, "warning"))
        frame = frame[~lacking].reset_index(drop=True)
    _check_costs(frame)
    for count, cost, each in (("won", "winning_cost", "cost_per_won"), ("kept", "keeping_cost", "cost_per_kept")):
        if count not in frame:
            frame[count], frame[cost] = np.nan, np.nan
        frame[each] = (frame[cost] / frame[count]).where(frame[count] > 0.0)
    frame["ratio"] = (frame["cost_per_won"] / frame["cost_per_kept"]).where(frame["cost_per_kept"] > 0.0)
    order = ["period", "won", "winning_cost", "cost_per_won", "kept", "keeping_cost", "cost_per_kept", "ratio"]
    return frame[order], notes, dropped


def _check_costs(frame: pd.DataFrame) -> None:
    faults = []
    for count, cost in (("won", "winning_cost"), ("kept", "keeping_cost")):
        if (count in frame) != (cost in frame):
            there, lacking = (count, cost) if count in frame else (cost, count)
            faults.append(f"`{there}` is given without `{lacking}`; a cost a customer needs both.")
    if "won" not in frame and "kept" not in frame and "winning_cost" not in frame and "keeping_cost" not in frame:
        faults.append("The periods have neither customers won nor customers kept, with what was spent on them.")
    if not len(frame):
        faults.append("No period is complete; fill in customers and costs.")
    for name in ("won", "winning_cost", "kept", "keeping_cost"):
        if name in frame and (frame[name] < 0.0).any():
            least = float(frame[name].min())
            faults.append(f"`{name}` is 0 or more; the least is {least:g}. Enter costs as positive figures.")
    twice = frame.loc[frame["period"].duplicated(), "period"]
    if len(twice):
        faults.append(f"Period '{quoted(str(twice.iloc[0]))}' has more than one row; add them up or correct them.")
    if faults:
        raise DataError(faults)


def _per_customer(costs: pd.DataFrame, notes: list[Note]) -> dict[str, float]:
    """Costs a customer over all periods, and their ratio."""
    fit: dict[str, float] = {}
    for count, cost, each, verb in (
        ("won", "winning_cost", "cost_per_won", "won"),
        ("kept", "keeping_cost", "cost_per_kept", "kept"),
    ):
        if costs[count].isna().all():
            message = f"No figures are given of customers {verb}: there is no cost of one, and no ratio."
            notes.append(Note("ACQUISITION_ONE_SIDE", message))
        elif costs[count].sum() <= 0.0:
            message = (
                f"Nobody was {verb}, so that a customer {verb} has no cost; what was spent is {costs[cost].sum():g}."
            )
            notes.append(Note("ACQUISITION_NOBODY", message, "warning"))
        else:
            fit[each] = float(costs[cost].sum() / costs[count].sum())
            if (costs[count] == 0.0).any():
                message = (
                    f"In {int((costs[count] == 0.0).sum())} periods nobody was {verb}; they count in the sums only."
                )
                notes.append(Note("ACQUISITION_EMPTY_PERIODS", message))
    if not fit:
        raise AnalysisError("Nobody was won and nobody was kept: there is no cost of a customer.", "ACQUISITION_NOBODY")
    if len(fit) == 2 and fit["cost_per_kept"] > 0.0:
        fit["ratio"] = fit["cost_per_won"] / fit["cost_per_kept"]
    elif len(fit) == 2:
        notes.append(Note("ACQUISITION_FREE_KEEPING", "Nothing was spent on keeping customers: there is no ratio."))
    return fit


@dataclass(frozen=True, slots=True)
class _Relation:
    """What a customer brings and costs every period."""

    margin: float
    cost: float
    rate: float
    horizon: int | None
    timing: str

    def values(self, retention: Array, margin: float | None = None, cost: float | None = None) -> Array:
        """Its values by retention; NaN where the sum has no limit."""
        brings = np.array([self.margin if margin is None else margin])
        costs = np.array([self.cost if cost is None else cost])
        if self.horizon is None:
            return endless_values(brings, costs, retention, self.rate, self.timing)
        net = np.repeat((brings - costs)[:, None], self.horizon, axis=1)
        return present_values(net, retention, self.rate, self.timing)

    def worth(self, retention: float, margin: float | None = None, cost: float | None = None) -> float:
        """Its value at one retention."""
        return float(self.values(np.array([retention]), margin, cost)[0])

    def flows(self, retention: float, rate: float, length: int) -> Array:
        """Expected present values of the periods."""
        return np.asarray((self.margin - self.cost) * (retention / (1.0 + rate)) ** times(length, self.timing))


def _relation_figures(
    relation: _Relation, retention: float, invested: float | None, notes: list[Note]
) -> tuple[dict[str, float], pd.DataFrame]:
    """Value, payback and break-even of a customer, and the table of its periods."""
    value = relation.worth(retention)
    if np.isnan(value):
        raise ModelError(
            "A customer's value has no limit: retention reaches 1 + rate. Give `horizon` or a higher rate."
        )
    fit = {"value": value}
    length = relation.horizon or _PATIENCE
    flows = relation.flows(retention, relation.rate, length)
    if invested is not None:
        fit["value_after"] = value - invested
        whole, exact = payback(flows, invested)
        if whole is not None and exact is not None:
            fit |= {"payback": whole, "payback_exact": exact}
        else:
            message = f"The cost of winning a customer is not paid back within {length} periods."
            notes.append(Note("ACQUISITION_NO_PAYBACK", message, "warning"))
        simple, _ = payback(relation.flows(retention, 0.0, length), invested)
        if simple is not None:
            fit["payback_undiscounted"] = simple
        low = (
            0.0 if invested or relation.timing == "start" else 1e-9
        )  # at 0 nobody pays anything at the ends of periods
        found = crossings(lambda places: relation.values(places) - invested, low, 1.0)
        if found:
            fit["break_even_retention"] = found[0][0]
    if relation.margin < relation.cost:
        message = (
            f"A customer brings {relation.margin:g} a period and costs {relation.cost:g} to keep: each one loses money."
        )
        notes.append(Note("ACQUISITION_NEGATIVE_MARGIN", message, "warning"))
    shown = flows[: min(length, _SHOWN_PERIODS)]
    stays = retention ** times(len(shown), relation.timing) * (relation.margin - relation.cost)
    gathered = np.cumsum(shown) - (invested or 0.0)
    number = np.arange(1, len(shown) + 1)
    return fit, pd.DataFrame({"period": number, "expected": stays, "present": shown, "cumulative": gathered})


def _worth(relation: _Relation, retention: float, without: float, won: float) -> dict[str, float]:
    """What may be spent on keeping a customer for a period: by the cost of replacing it, and by its value."""
    unit, lesser = relation.worth(retention, 1.0, 0.0), relation.worth(without, 1.0, 0.0)
    found = {"worth_by_replacement": (retention - without) * won}
    if unit:
        found["worth_by_value"] = relation.margin * (1.0 - lesser / unit)
    return found
