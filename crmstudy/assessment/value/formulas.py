"""Published formulas of customer lifetime value, as functions of a few numbers."""

from __future__ import annotations

import numpy as np

from crmstudy.assessment.value.discounting import LONGEST, endless_values, is_number, probability_faults, rate_faults
from crmstudy.errors import ModelError


def gupta_lehmann(margin: float, retention: float, rate: float, growth: float = 0.0) -> float:
    r"""Lifetime value by the margin multiple, :math:`m\,\frac{r}{1+i-r(1+g)}` (Gupta & Lehmann, 2003).

    Parameters
    ----------
    margin : float
        Net of retention cost, of a period, in money.
    retention : float
        Probability of staying for another period, 0 to 1.
    rate : float
        Discount rate of a period, above -1.
    growth : float
        By which part the margin grows each period, above -1.

    Returns
    -------
    float
        Money, as of the start of the first period; margins fall at the ends of periods and never stop.

    Raises
    ------
    ModelError
        For numbers outside their ranges, and where the sum has no limit.

    Notes
    -----
    Serves source documents 0.12.

    Examples
    --------
    >>> round(gupta_lehmann(100, 0.8, 0.12), 1)
    250.0
    """
    faults = probability_faults(retention, "retention") + rate_faults(rate)
    if not is_number(margin):
        faults.append(f"`margin` is a number, not {margin!r}.")
    if not is_number(growth) or growth <= -1.0:
        faults.append(f"`growth` is a number above -1, such as 0.02, not {growth!r}.")
    if faults:
        raise ModelError(faults)
    found = float(endless_values(np.array([margin]), np.zeros(1), np.array([retention]), rate, "end", growth)[0])
    if np.isnan(found):
        raise ModelError(
            f"The sum has no limit: retention {retention:g} times growth reaches 1 + rate. Give a higher rate, or a "
            "horizon (clv)."
        )
    return found


def berger_nasr(
    contribution: float, cost: float, retention: float, rate: float, years: float, cycles: float = 1.0
) -> float:
    r"""Lifetime value with sales at the starts of cycles and retention cost in their middles (Berger & Nasr, 1998).

    Parameters
    ----------
    contribution : float
        Gross contribution of a sale, one each cycle, in money; the first is certain and now.
    cost : float
        Retention (promotion) cost of a cycle, in money.
    retention : float
        Probability of staying for another cycle, 0 to 1.
    rate : float
        Discount rate a year, above -1.
    years : float
        How far sales are projected, a whole number of cycles.
    cycles : float
        Cycles a year: 1 (case 1), 2 for half-yearly sales (case 2a), 0.25 for one every four years (case 2b).

    Returns
    -------
    float
        Money, now.

    Raises
    ------
    ModelError
        For numbers outside their ranges.

    Notes
    -----
    With p cycles a year over n years, :math:`\mathrm{CLV}=G\sum_{i=0}^{pn}\frac{r^i}{(1+d)^{i/p}}
    -M\sum_{i=1}^{pn}\frac{r^{i-1}}{(1+d)^{(i-.5)/p}}`. Serves source documents 0.12.

    Examples
    --------
    The insurance company of the article: 260 a year, 50 for keeping, 75 per cent stay, 20 per cent, ten years.

    >>> round(berger_nasr(260, 50, 0.75, 0.2, 10), 2)
    568.78
    """
    faults = probability_faults(retention, "retention") + rate_faults(rate)
    for name, value in (("contribution", contribution), ("cost", cost)):
        if not is_number(value):
            faults.append(f"`{name}` is a number, not {value!r}.")
    for name, value in (("years", years), ("cycles", cycles)):
        if not is_number(value) or value <= 0.0:
            faults.append(f"`{name}` is a number above 0, not {value!r}.")
    if not faults and abs(years * cycles - round(years * cycles)) > 1e-9:
        faults.append(f"{years:g} years are {years * cycles:g} cycles; give a number of years that ends with a cycle.")
    if not faults and not 1 <= round(years * cycles) <= LONGEST:
        faults.append(f"{years:g} years are {years * cycles:g} cycles; give years of 1 to {LONGEST} cycles.")
    if faults:
        raise ModelError(faults)
    last = round(years * cycles)
    sales, efforts = np.arange(last + 1.0), np.arange(1.0, last + 1.0)
    gained = (retention**sales * (1.0 + rate) ** (-sales / cycles)).sum()
    spent = (retention ** (efforts - 1.0) * (1.0 + rate) ** (-(efforts - 0.5) / cycles)).sum()
    return float(contribution * gained - cost * spent)
