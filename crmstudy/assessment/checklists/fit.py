"""Which kind of CRM fits the diversity of the customers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmstudy.assessment.answered import within
from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.checklists.checklist import ROOM
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.spelling import spelled_alike
from crmstudy.assessment.tables import Type, table_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing
from crmstudy.errors import AnalysisError, DataError, ModelError
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.results import ESTIMATE_COLUMNS, sample_table
from crmstudy.selection import coverage_faults

#: Effective numbers of kinds from which a segmented and a personalising CRM fit; ours, no published norm.
CUTS = (2.0, 5.0)
LARGEST = 1e6
#: More customers than that cannot be counted one by one in a floating-point number.
LARGEST_COUNT = 1e12
#: A bias of more than this part of the standard error is told.
_BIASED = 0.25
_FITS = ("low", "middle", "high")


@dataclass(frozen=True, eq=False, repr=False)
class CrmFit(AssessmentResult):
    """Diversity of the customers, and the kind of CRM that fits it.

    ``call["fit"]`` is ``low``, ``middle`` or ``high``; ``call["between"]`` are all kinds that the interval of the
    effective number allows. ``estimates`` has ``richness``, ``shannon``, ``effective_number``, ``simpson``,
    ``inverse_simpson`` and ``evenness`` (empty for a rating). Tables: ``kinds`` (kind, customers, percent), ``rule``
    (fit, from, below, label, description, source).
    """

    kind: ClassVar[str] = "crm fit"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "kinds", "Kinds of Customers",
            (("kind", "Kind", "text"), ("customers", "Customers", "n"), ("percent", "Of all, %", "percent")),
        ),
        Shown(
            "rule", "Which CRM Fits How Many Effective Kinds",
            (
                ("label", "CRM", "text"), ("from", "From", "estimate"), ("below", "Below", "estimate"),
                ("description", "What it is", "text"),
            ),
            "The bounds are ours; the source documents say only that little diversity asks for a cheaper CRM.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """How many kinds there are in effect, what fits, how sure that is, and whose rule it is."""
        fits = {one["id"]: one for one in catalogue("checklists/common")["fits"]}
        said = []
        if len(self.estimates):
            found = self.estimates.set_index("term")["estimate"].to_dict()
            said.append(
                say(
                    ROOM, "fit_kinds", lang, kinds=(found["richness"], "n"), customers=(self.n, "n"),
                    effective=(found["effective_number"], "estimate"),
                )
            )  # fmt: skip
        else:
            said.append(say(ROOM, "fit_rating", lang, rating=(self.call["rating"], "df")))
        fit = fits[self.call["fit"]]
        said.insert(0, say(ROOM, "fit_found", lang, label=fit["label"][lang], description=fit["description"][lang]))
        between = self.call["between"]
        if len(between) > 1:
            ends = {"first": fits[between[0]]["label"][lang], "last": fits[between[-1]]["label"][lang]}
            said.append(say(ROOM, "fit_between", lang, **ends))
        return (*said, say(ROOM, "fit_rule", lang))

    def drawings(self) -> tuple[Drawing, ...]:
        """Percent of the customers of each kind."""
        kinds = self.tables["kinds"]
        if not len(kinds):
            return ()
        alt = f"Percent of the customers of each of {len(kinds)} kinds. {self.prose()[0]}"
        percent = tuple(map(float, kinds["percent"]))
        return (Bars("Kinds of customers", alt, tuple(kinds["kind"]), (("Percent", percent),), x_label="Percent"),)


def crm_fit(
    customers: object | None = None,
    *,
    kind: str = "kind",
    count: str | None = None,
    rating: float | None = None,
    sample: bool = False,
    cuts: Sequence[float] = CUTS,
    level: float = 0.95,
) -> CrmFit:
    r"""Find the kind of CRM that fits the diversity of the customers.

    Parameters
    ----------
    customers : DataFrame or path, optional
        A row a customer with the column ``kind``, or a row a kind with ``count``.
    kind : str
        Column of the kind of customer.
    count : str, optional
        Column of the number of customers of a kind, whole numbers.
    rating : float, optional
        Judged diversity from 1 (all alike) to 5 (all different), in place of a table or beside it.
    sample : bool
        The table is a random sample of the customers: intervals are given.
    cuts : sequence of two floats
        Effective numbers of kinds from which the middle and the high kind fit.
    level : float
        Coverage of the intervals.

    Returns
    -------
    CrmFit

    Raises
    ------
    DataError, ModelError
        With all faults of the table or the options; without both table and rating.
    AnalysisError
        When no customer has a kind.

    Notes
    -----
    Source document 1.10: with little diversity of customers a cheaper CRM fits. The rule is ours: the effective number
    of kinds, :math:`e^H` with Shannon's :math:`H=-\sum p\ln p` (Hill, 1973), is as many equally frequent kinds as would
    be as diverse; below ``cuts[0]`` a lean CRM fits, from ``cuts[1]`` a personalising one. Evenness is
    :math:`H/\ln S`, Simpson's index :math:`1-\sum p^2`. Of a sample the variance of H is
    :math:`(\sum p\ln^2p-H^2)/n+(S-1)/2n^2` (Hutcheson, 1970), the interval of :math:`e^H` that of H raised; the
    variance of Simpson's index is his own (Simpson, 1949). Kinds that a sample misses make H too small, by about
    :math:`(S-1)/2n` (Miller, 1955); nothing is corrected for it, and a note says where it is more than a quarter of the
    standard error, so that the interval covers less often than ``level``. A rating up to 2 stands for low, from 4 for
    high diversity.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"kind": ["firm", "household"], "n": [50, 50]})
    >>> found = crm_fit(table, count="n")
    >>> found.call["fit"], round(float(found.estimates["estimate"][2]), 3)
    ('middle', 2.0)
    """
    low, high = _check(customers, kind, count, rating, sample, cuts, level)
    notes: list[Note] = []
    judged = None if rating is None else (0 if rating <= 2 else 2 if rating >= 4 else 1)
    kinds, n, dropped, estimates = pd.DataFrame(columns=["kind", "customers", "percent"]), 0, 0, no_estimates()
    between: list[int] = [] if judged is None else [judged]
    if customers is not None:
        kinds, dropped = _kinds(customers, kind, count, notes)
        n = int(kinds["customers"].sum())
        estimates = _estimates(kinds["customers"].to_numpy(dtype=float), sample, level)
        found, *ends = estimates.set_index("term").loc["effective_number", ["estimate", "ci_low", "ci_high"]]
        places = [int(np.searchsorted((low, high), value, side="right")) for value in (found, *ends) if value == value]
        fit, between = places[0], list(range(min(places), max(places) + 1))
        _note_bias(estimates, n, notes)
        if len(between) > 1:
            message = "The interval of the effective number of kinds reaches over a bound of the rule."
            notes.append(Note("FIT_BETWEEN", message, "warning"))
        if judged is not None and judged != fit:
            message = f"The table says {_FITS[fit]}, the rating {_FITS[judged]} diversity; the table counts."
            notes.append(Note("FIT_RATING_DIFFERS", message, "warning"))
    else:
        fit = between[0]
    return CrmFit(
        estimates=estimates,
        n=n,
        tables={"kinds": kinds, "rule": _rule(low, high)},
        notes=tuple(notes),
        samples=sample_table(n, dropped),
        call={
            "fit": _FITS[fit], "between": [_FITS[place] for place in between], "rating": rating, "sample": sample,
            "cuts": [low, high], "level": level,
        },
    )  # fmt: skip


def _check(
    customers: object, kind: object, count: object, rating: object, sample: object, cuts: Sequence[float], level: float
) -> tuple[float, float]:  # fmt: skip
    faults = list(coverage_faults(level))
    if not isinstance(kind, str) or not isinstance(count, str | None) or kind == count:
        faults.append("`kind` and `count` are the names of two columns.")
    if customers is None and rating is None:
        faults.append("Give a table of customers, or a `rating` of their diversity from 1 to 5.")
    if rating is not None and not within(rating, 1.0, 5.0):
        faults.append(f"`rating` is a number from 1 (all alike) to 5 (all different), not {rating!r}.")
    if not isinstance(sample, bool | np.bool_):
        faults.append(f"`sample` is True or False, not {sample!r}.")
    pair = [*cuts] if isinstance(cuts, list | tuple) else []
    if len(pair) != 2 or not all(within(one, 1.0, LARGEST) for one in pair) or not pair[0] < pair[1]:
        faults.append(f"`cuts` are two rising numbers of kinds, from 1, such as (2, 5), not {cuts!r}.")
    if faults:
        raise ModelError(faults)
    return float(pair[0]), float(pair[1])


def _kinds(customers: object, kind: str, count: str | None, notes: list[Note]) -> tuple[pd.DataFrame, int]:
    wanted: dict[str, Type] = {kind: "text"} if count is None else {kind: "text", count: "whole"}
    frame = table_of(customers, wanted, what="customers")
    numbers = pd.Series(1.0, index=frame.index) if count is None else frame[count]
    if not numbers.dropna().between(0, LARGEST_COUNT).all():
        raise DataError(f"'{shown(count)}' of the customers is a number of customers, from 0 to {LARGEST_COUNT:g}.")
    use = frame[kind].notna() & numbers.notna()
    dropped = int((~use).sum())
    if dropped:
        message = f"Rows that lack the kind of customer or their number, left out: {dropped}."
        notes.append(Note("FIT_ROWS_DROPPED", message))
    alike, found = spelled_alike(frame.loc[use, kind], "kinds of customers")
    notes += found
    totals = numbers[use].groupby(alike).sum()
    totals = totals[totals > 0].sort_index().sort_values(ascending=False, kind="stable")
    if not len(totals):
        raise AnalysisError("No customer has a kind, so there is no diversity to judge.", "FIT_NO_KINDS")
    if len(totals) == 1:
        message = "All customers are of one kind: diversity is 0, and evenness has no meaning."
        notes.append(Note("FIT_ONE_KIND", message))
    made = pd.DataFrame({"kind": list(totals.index), "customers": totals.to_numpy(dtype=int)})
    return made.assign(percent=100.0 * made["customers"] / made["customers"].sum()), dropped


def _estimates(counts: Array, sample: bool, level: float) -> pd.DataFrame:
    nan, n, s = float("nan"), float(counts.sum()), len(counts)
    p = counts / n
    shannon = max(0.0, -float((p * np.log(p)).sum()))
    squares, cubes = float((p**2).sum()), float((p**3).sum())
    values = {
        "richness": float(s), "shannon": shannon, "effective_number": math.exp(shannon), "simpson": 1.0 - squares,
        "inverse_simpson": 1.0 / squares, "evenness": shannon / math.log(s) if s > 1 else nan,
    }  # fmt: skip
    rows = {name: [value, nan, nan, nan] for name, value in values.items()}
    if sample and n > 1 and s > 1:
        z = float(ndtri(0.5 + level / 2.0))
        error = math.sqrt((float((p * np.log(p) ** 2).sum()) - shannon**2) / n + (s - 1.0) / (2.0 * n**2))
        rows["shannon"][1:] = error, max(0.0, shannon - z * error), shannon + z * error
        ends = [math.exp(end) for end in rows["shannon"][2:]]
        rows["effective_number"][1:] = values["effective_number"] * error, *ends
        pairs = n * (n - 1.0)
        variance = (4.0 * (n - 2.0) * cubes + 2.0 * squares - 2.0 * (2.0 * n - 3.0) * squares**2) / pairs
        spread = math.sqrt(max(0.0, variance))
        found = values["simpson"]
        rows["simpson"][1:] = spread, max(0.0, found - z * spread), min(1.0, found + z * spread)
    table = [(name, row[0], row[1], nan, nan, nan, *row[2:]) for name, row in rows.items()]
    return pd.DataFrame(table, columns=list(ESTIMATE_COLUMNS))


def _note_bias(estimates: pd.DataFrame, n: int, notes: list[Note]) -> None:
    """Say where the sample is so small that its diversity is noticeably below that of the customers."""
    rows = {row["term"]: row for row in estimates.to_dict("records")}
    bias, error = (rows["richness"]["estimate"] - 1.0) / (2.0 * n), rows["shannon"]["std_error"]
    if bias > _BIASED * error:
        message = (
            f"The sample is small for its kinds: Shannon's index is too low by about {bias:.2f}, its standard error is "
            f"{error:.2f}, and the intervals lie too low."
        )
        notes.append(Note("FIT_SMALL_SAMPLE", message, "warning"))


def _rule(low: float, high: float) -> pd.DataFrame:
    bounds: list[tuple[float, float]] = [(1.0, low), (low, high), (high, math.inf)]
    made: list[dict[str, Any]] = [
        {
            "fit": one["id"], "from": first, "below": last, "label": one["label"]["en"],
            "description": one["description"]["en"], "source": one["source"],
        }
        for one, (first, last) in zip(catalogue("checklists/common")["fits"], bounds, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(made)
