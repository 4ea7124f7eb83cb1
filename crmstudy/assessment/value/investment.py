"""What came back of an investment in customers: multiples, payback, and profit a customer before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.value.discounting import (
    PERIODS_A_YEAR,
    choice_faults,
    effective_rate,
    is_number,
    payback,
    rate_faults,
)
from crmstudy.assessment.value.telling import money
from crmstudy.assessment.wording import say
from crmstudy.drawing import Curves, Drawing
from crmstudy.errors import ModelError
from crmstudy.notes import Note
from crmstudy.results import sample_table

#: The case of the source documents (4.11): branch investment returned threefold within a year, and customer
#: profitability raised by more than ten per cent.
PRINTED_MULTIPLE = 3.0
PRINTED_CHANGE = 10.0


@dataclass(frozen=True, eq=False, repr=False)
class InvestmentResult(AssessmentResult):
    """What an investment returned; nothing is estimated, so ``estimates`` is empty.

    ``fit`` has ``invested``, ``returned``, ``multiple``, ``npv`` (present value of the returns less the investment);
    where a year is covered ``multiple_first_year``; where it is paid back ``payback`` (whole periods),
    ``payback_exact``; with profits ``profit_change`` in per cent. Tables: ``periods`` (period, returned, cumulative,
    present, cumulative_present), ``printed`` (what, value, source, use).
    """

    kind: ClassVar[str] = "investment"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "periods",
            "What the Investment Returned",
            (
                ("period", "Period", "n"), ("returned", "Returned", "estimate"),
                ("cumulative", "Cumulative", "estimate"), ("present", "Present value", "estimate"),
                ("cumulative_present", "Cumulative present value", "estimate"),
            ),
        ),
        Shown(
            "printed",
            "The Case of the Source Documents",
            (("what", "What", "text"), ("value", "Value", "estimate"), ("source", "Statement", "text"),
             ("use", "Use", "text")),
            "One company's figures as the documents give them: no method, no comparison group.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """What came back, when, and the printed case beside it."""
        fit = self.fit
        amounts = {"invested": money(fit["invested"]), "returned": money(fit["returned"])}
        said = [say("investment", "returned", lang, **amounts, multiple=(fit["multiple"], "estimate"))]
        if "payback" in fit:
            said.append(say("investment", "payback", lang, periods=(fit["payback"], "n")))
        else:
            said.append(say("investment", "no_payback", lang))
        said.append(say("investment", "npv", lang, npv=money(fit["npv"]), rate=(100.0 * self.call["rate"], "percent")))
        if "multiple_first_year" in fit:
            said.append(say("investment", "first_year", lang, multiple=(fit["multiple_first_year"], "estimate")))
        if "profit_change" in fit:
            said.append(say("investment", "profit", lang, change=(fit["profit_change"], "percent")))
        said.append(say("investment", "printed", lang))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """How the returns gather against what was invested."""
        table = self.tables["periods"]
        at = (0.0, *map(float, table["period"]))
        lines = tuple(
            (label, at, (-float(self.fit["invested"]), *(table[name] - self.fit["invested"]).astype(float)))
            for label, name in (("returns", "cumulative"), ("discounted", "cumulative_present"))
        )
        title = "Returns less the investment"
        alt = f"Two lines that start at minus the investment. {self.prose()[0]}"
        return (Curves(title=title, alt=alt, lines=lines, x_label="Period", y_label="Cumulative"),)


def investment(
    *,
    invested: float,
    returned: Sequence[float],
    rate: float = 0.0,
    every: str = "month",
    rate_per: str = "year",
    profit_before: float | None = None,
    profit_after: float | None = None,
) -> InvestmentResult:
    r"""What an investment in customer relationships returned (Source documents 4.11).

    Parameters
    ----------
    invested : float
        Spent at time 0, in money, above 0.
    returned : sequence of float
        Returns of the periods, at their ends, in money; may be negative.
    rate : float
        Discount rate, above -1.
    every : {"month", "quarter", "year"}
        Length of a period.
    rate_per : {"year", "period"}
        What the rate is for.
    profit_before, profit_after : float, optional
        Profit a customer before and after, in money; the first not 0.

    Returns
    -------
    InvestmentResult

    Raises
    ------
    ModelError
        For numbers outside their ranges.

    Notes
    -----
    The multiple is :math:`\sum R_t/I`, that of the first year over its periods; the net present value
    :math:`\sum R_t/(1+i)^t-I` with t = 1, 2, ... Payback is not discounted. Profits are compared by
    :math:`100(p_1-p_0)/|p_0|`. What came after an investment did not all come from it: without branches that did not
    invest the share of other causes is not known.

    Examples
    --------
    >>> float(investment(invested=100, returned=[25] * 12).fit["multiple_first_year"])
    3.0
    """
    faults = rate_faults(rate) + choice_faults(every, tuple(PERIODS_A_YEAR), "every")
    faults += choice_faults(rate_per, ("year", "period"), "rate_per")
    if not is_number(invested) or invested <= 0.0:
        faults.append(f"`invested` is a number above 0, not {invested!r}.")
    listed = isinstance(returned, Sequence | np.ndarray | pd.Series) and not isinstance(returned, str)
    if not listed or not len(returned) or not all(map(is_number, returned)):
        faults.append(f"`returned` lists one number a period, not {returned!r}.")
    for name, value in (("profit_before", profit_before), ("profit_after", profit_after)):
        if value is not None and not is_number(value):
            faults.append(f"`{name}` is a number, not {value!r}.")
    if (profit_before is None) != (profit_after is None):
        faults.append("`profit_before` and `profit_after` go together.")
    if profit_before == 0:
        faults.append("`profit_before` is 0: a change in per cent of it does not exist.")
    if faults:
        raise ModelError(faults)
    flows = np.array(list(returned), dtype=float)
    inner = effective_rate(rate, every) if rate_per == "year" else float(rate)
    present = flows * (1.0 + inner) ** -np.arange(1.0, len(flows) + 1.0)
    fit = {
        "invested": float(invested), "returned": float(flows.sum()), "multiple": float(flows.sum() / invested),
        "npv": float(present.sum() - invested),
    }  # fmt: skip
    notes: list[Note] = []
    year = PERIODS_A_YEAR[every]
    if len(flows) >= year:
        fit["multiple_first_year"] = float(flows[:year].sum() / invested)
    else:
        message = (
            f"Of the first year {len(flows)} of {year} periods are given: it is not compared with the printed case."
        )
        notes.append(Note("INVESTMENT_SHORT", message))
    whole, exact = payback(flows, float(invested))
    if whole is not None and exact is not None:
        fit |= {"payback": whole, "payback_exact": exact}
    else:
        message = f"In {len(flows)} periods {fit['returned']:g} of {invested:g} came back: it is not paid back yet."
        notes.append(Note("INVESTMENT_NO_PAYBACK", message, "warning"))
    if profit_before is not None and profit_after is not None:
        fit["profit_change"] = 100.0 * (profit_after - profit_before) / abs(profit_before)
    message = "What came back after an investment need not have come from it: there is no comparison without it."
    notes.append(Note("INVESTMENT_NO_COMPARISON", message))
    periods = pd.DataFrame(
        {
            "period": np.arange(1, len(flows) + 1), "returned": flows, "cumulative": np.cumsum(flows),
            "present": present, "cumulative_present": np.cumsum(present),
        }
    )  # fmt: skip
    use = "illustration, not a norm"
    printed = [
        ("branch investment returned within a year, times", PRINTED_MULTIPLE, "4.11", use),
        ("rise of customer profitability, more than, per cent", PRINTED_CHANGE, "4.11", use),
    ]
    return InvestmentResult(
        estimates=no_estimates(), n=len(flows), fit=pd.Series(fit, dtype=float),
        tables={"periods": periods, "printed": pd.DataFrame(printed, columns=["what", "value", "source", "use"])},
        notes=tuple(notes), samples=sample_table(len(flows)),
        call={"invested": float(invested), "rate": float(rate), "every": every, "rate_per": rate_per,
              "profit_before": profit_before, "profit_after": profit_after},
    )  # fmt: skip
