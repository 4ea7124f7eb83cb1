"""How much of revenue and of profit a few customers bring: shares of the top, Lorenz curve, Gini, key customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Unpack

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmstudy.assessment.catalogue import common_words
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.value.concentrated import (
    CLAIM,
    beside_the_claim,
    curve_of,
    downwards,
    key_customers,
    overlap,
    totals_of,
)
from crmstudy.assessment.value.concentration import Array, concentration, influence, resampled, scaled
from crmstudy.assessment.value.telling import money
from crmstudy.assessment.value.transactions import Reading, Transactions, transactions_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Curves, Drawing
from crmstudy.errors import AnalysisError, ModelError
from crmstudy.kernels.intervals import bca_interval, bootstrap_errors, percentile_interval
from crmstudy.kernels.resample import replicate
from crmstudy.notes import Note
from crmstudy.results import ESTIMATE_COLUMNS
from crmstudy.selection import coverage_faults, is_whole

_ROOM = "value_pareto"
_FIGURES = ("top_share", "target_share", "gini", "gini_normalised")
_REPLICATES = 2000
#: With more customers than these the bootstrap tells nothing that the linearised errors do not.
_LARGE = 50_000
_FEW = 300
_INTERVALS = ("bca", "percentile")


@dataclass(frozen=True, eq=False, repr=False)
class ParetoResult(AssessmentResult):
    """Concentration of revenue and, where it is known, of profit.

    ``estimates``: terms ``<measure>_top_share``, ``<measure>_target_share``, ``<measure>_gini`` and, where customers
    bring losses, ``<measure>_gini_normalised``, as shares of 1, with their intervals; last columns ``measure``,
    ``figure``. Tables: ``claim`` (measure, claimed, estimate, ci_low, ci_high, difference, position: ``inside``,
    ``below`` or ``above`` the interval; only where 20 % of customers are asked for), ``totals`` (measure, customers,
    total, mean, median, largest_share, negative, losses, gini_corrected, top_customers, target_customers), ``lorenz``
    (measure, customers, share; a row a hundredth of the customers), ``key_customers`` (rank, customer, revenue,
    revenue_share, cumulative_share, and profit, profit_rank where known), ``overlap`` (group, customers, revenue,
    profit: who is among the top by revenue and by profit).
    """

    kind: ClassVar[str] = "pareto"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "estimates",
            "Concentration of Revenue and Profit",
            (
                ("term", "Figure", "text"), ("estimate", "Estimate", "estimate"), ("std_error", "SE", "estimate"),
                ("ci_low", "Lower", "estimate"), ("ci_high", "Upper", "estimate"),
            ),
            "Shares of 1. A top share is the part that the customers at the top bring (above 1 where others bring "
            "losses), a target share the smallest part of the customers that brings the target. Intervals treat the "
            "customers as a sample of such customers.",
        ),
        Shown(
            "claim",
            "The Printed 80/20 Beside These Data",
            (
                ("measure", "Of", "text"), ("claimed", "Printed", "estimate"), ("estimate", "Here", "estimate"),
                ("ci_low", "Lower", "estimate"), ("ci_high", "Upper", "estimate"),
                ("position", "Printed figure", "text"),
            ),
            "The printed figure is a rule of thumb, no norm: its place beside the interval is described, not tested.",
        ),
        Shown(
            "totals",
            "Customers and Totals",
            (
                ("measure", "Of", "text"), ("customers", "Customers", "n"), ("total", "Total", "estimate"),
                ("largest_share", "Largest share", "estimate"), ("negative", "With a loss", "n"),
                ("losses", "Losses", "estimate"), ("top_customers", "At the top", "n"),
                ("target_customers", "Bring the target", "n"),
            ),
        ),
        Shown(
            "key_customers",
            "Key Customers",
            (
                ("rank", "Rank", "n"), ("customer", "Customer", "text"), ("revenue", "Revenue", "estimate"),
                ("revenue_share", "Share", "estimate"), ("cumulative_share", "Cumulative", "estimate"),
            ),
            rows=20,
        ),
        Shown(
            "overlap",
            "At the Top by Revenue and by Profit",
            (
                ("group", "At the top by", "text"), ("customers", "Customers", "n"), ("revenue", "Revenue", "estimate"),
                ("profit", "Profit", "estimate"),
            ),
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """The shares with their intervals, the printed 80/20 beside them, and who brings losses."""
        rows: dict[str, Any] = {row["term"]: row for row in self.estimates.to_dict("records")}
        said: list[str] = []
        for total in self.tables["totals"].to_dict("records"):
            measure = total["measure"]
            if f"{measure}_top_share" not in rows:
                said.append(say(_ROOM, f"no_share_{measure}", lang, total=money(total["total"])))
            for figure in _FIGURES:
                if row := rows.get(f"{measure}_{figure}"):
                    said.append(self._figure(row, lang))
            if total["negative"]:
                losing: dict[str, Any] = {"n": (total["negative"], "n"), "losses": money(-total["losses"])}
                said.append(say(_ROOM, f"losses_{measure}", lang, **losing))
        said.insert(1, say(_ROOM, "who", lang, n=(self.n, "n")))
        for row in self.tables["claim"].to_dict("records"):
            said.append(say(_ROOM, f"claim_{row['measure']}_{row['position']}", lang))
        if len(self.tables["claim"]):
            said.append(say(_ROOM, "no_norm", lang))
        return tuple(said)

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Words for the figures and what they are of."""
        said = common_words(lang)
        terms = {
            f"{measure}_{figure}": f"{said[measure]}: {said[figure]}"
            for measure in ("revenue", "profit")
            for figure in _FIGURES
        }
        return {"term": terms, "measure": said, "position": said}

    def _figure(self, row: dict[str, Any], lang: str) -> str:
        """A sentence about one figure with its interval."""
        asked = {"top": self.call["top"], "target": self.call["target"]}
        if row["figure"].startswith("gini"):
            values: dict[str, Any] = {name: (row[name], "r") for name in ("estimate", "ci_low", "ci_high")}
        else:
            values = {name: (100.0 * row[name], "percent") for name in ("estimate", "ci_low", "ci_high")}
        values |= {name: (round(100.0 * share, 9), "df") for name, share in asked.items()}
        values["level"] = (round(100.0 * self.call["level"], 9), "df")
        return say(_ROOM, f"{row['figure']}_{row['measure']}", lang, **values)

    def drawings(self) -> tuple[Drawing, ...]:
        """The Lorenz curves, and the shares of the top beside the printed figure."""
        table, rows = self.tables["lorenz"], self.estimates
        found: list[Drawing] = []
        if len(table):
            lines = tuple(
                (str(name), tuple(map(float, part["customers"])), tuple(map(float, part["share"])))
                for name, part in table.groupby("measure", sort=False)
            )
            alt = f"Lorenz curves of {', '.join(line[0] for line in lines)} below the line of equality. {self.text}"
            found.append(
                Curves(
                    title="Lorenz curve", alt=alt, lines=lines, x_label="Share of customers, smallest first",
                    y_label="Share of the sum", diagonal=True,
                )
            )  # fmt: skip
        tops = rows[(rows["figure"] == "top_share") & rows["ci_low"].notna()]
        if len(tops):
            found.append(
                Bars(
                    title=f"What the top {100 * self.call['top']:g} % of customers bring",
                    alt=f"Bars of the shares with intervals. {self.text}",
                    names=tuple(map(str, tops["measure"])),
                    series=(("share", tuple(map(float, tops["estimate"]))),),
                    lows=(tuple(map(float, tops["ci_low"])),),
                    highs=(tuple(map(float, tops["ci_high"])),),
                    x_label="Share",
                    reference=CLAIM[0] if self.call["top"] == CLAIM[1] else None,
                )
            )
        return tuple(found)


def pareto(
    data: object,
    *,
    top: float = 0.2,
    target: float = 0.8,
    bootstrap: int | None = None,
    interval: str = "bca",
    level: float = 0.95,
    listed: int = 100,
    seed: int = 1,
    **reading: Unpack[Reading],
) -> ParetoResult:
    r"""How much the customers at the top bring, by revenue and by profit.

    Parameters
    ----------
    data : DataFrame, Responses, path or Transactions
        One row a transaction, or one row a customer; profit is looked at where ``cost`` or ``profit`` is named.
    top : float
        Share of the customers at the top, between 0 and 1.
    target : float
        Share of the sum whose customers are counted, between 0 and 1.
    bootstrap : int, optional
        Number of bootstrap samples of customers; 0 for linearised standard errors and normal intervals. By default
        2,000, and 0 with more than 50,000 customers.
    interval : {"bca", "percentile"}
        Kind of bootstrap interval; the acceleration of ``bca`` is that of the influence function.
    level : float
        Coverage of the intervals.
    listed : int
        Length of the list of key customers, who are no more than the top.
    seed : int
        Seed of the bootstrap.
    **reading
        How the transactions are read: the keywords of ``transactions`` (``customer``, ``amount``, ``cost`` ...). No
        dates are read unless ``date`` names their column.

    Returns
    -------
    ParetoResult

    Raises
    ------
    DataError, ModelError
        For faulty data and options.
    AnalysisError
        For a single customer, and where nobody brings anything.

    Notes
    -----
    With N customers, the largest ``top`` N of them (the last one in part) bring A of the sum S: the share A/S. The
    target share is the smallest part of the customers that brings ``target`` S. Gini's coefficient is
    :math:`G=\sum_i\sum_j|x_i-x_j|/(2N^2\bar x)`; with losses it may exceed 1, and the normalised one,
    :math:`\sum_i\sum_j|x_i-x_j|/(2N(T_++T_-))` with the sums of gains T+ and of losses T-, stands beside it: without
    losses it is G, and it never exceeds 1 - 1/N, where one customer has all gains and another all losses (Raffinetti,
    Siletti & Vernizzi, 2015). Where the sum is not positive, shares of it mean nothing and are left out with G.
    Standard errors of the influence function: the root of its mean square over N. Shares of the top converge slowly: of
    100 customers with lognormal values (sigma 1) intervals of 95 % held the true figures in 87 to 92 % (bca) or 85 to
    90 % (percentile) of 300 samples, of 400 in 93 to 94 % (bca), of 1,000 in about 95 %. Source documents 2.5, 0.11,
    2.1.

    Examples
    --------
    >>> sums = pd.DataFrame({"customer": list("ABCDE"), "amount": [80.0, 8.0, 6.0, 4.0, 2.0]})
    >>> pareto(sums, bootstrap=200).estimates["estimate"].round(3).tolist()
    [0.8, 0.2, 0.64]
    """
    _check_options(top, target, bootstrap, interval, level, listed, seed)
    read = transactions_of(data, reading, dated=False)
    table = read.customers
    if len(table) < 2:
        raise AnalysisError(
            "One customer brings all there is; shares of the top need 2 or more.", "PARETO_ONE_CUSTOMER"
        )
    if not table["revenue"].to_numpy().any():
        raise AnalysisError("Nobody brings any revenue; there is nothing to share.", "PARETO_NOTHING")
    draws = bootstrap if bootstrap is not None else _REPLICATES if len(table) <= _LARGE else 0
    call = {
        "top": top, "target": target, "bootstrap": draws, "interval": interval if draws else "normal", "level": level,
        "listed": listed, "seed": seed, "reading": dict(read.call),
    }  # fmt: skip
    measures = [name for name in ("revenue", "profit") if name in table and table[name].to_numpy().any()]
    notes: list[Note] = [] if "profit" in measures or "profit" not in table else [_no_profit()]
    rows: list[dict[str, Any]] = []
    totals, curves = [], []
    for measure in measures:
        values = table[measure].to_numpy(dtype=float)[downwards(table, measure)]
        rows += _estimated(measure, values, call, notes)
        totals.append(totals_of(measure, values, top, target))
        if values.sum() > 0.0:
            curves.append(curve_of(measure, values))
    estimates = pd.DataFrame(rows, columns=[*ESTIMATE_COLUMNS, "measure", "figure"])
    return ParetoResult(
        estimates=estimates,
        n=len(table),
        tables={
            "claim": beside_the_claim(estimates, call),
            "totals": pd.DataFrame(totals),
            "lorenz": pd.concat(curves, ignore_index=True) if curves else curve_of("", np.empty(0)),
            "key_customers": key_customers(table, top, listed),
            "overlap": overlap(table, top),
        },
        notes=(*read.notes, *notes, *_scope(len(table), draws)),
        samples=_samples(read),
        call=call,
    )  # fmt: skip


def _check_options(
    top: object, target: object, bootstrap: object, interval: object, level: object, listed: object, seed: object
) -> None:
    faults = list(coverage_faults(level))
    for name, value in (("top", top), ("target", target)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value < 1.0:
            faults.append(f"`{name}` is a share between 0 and 1, such as 0.2, not {value!r}.")
    if bootstrap is not None and (not is_whole(bootstrap) or (bootstrap != 0 and bootstrap < 100)):
        faults.append(f"`bootstrap` is a whole number of samples, at least 100, or 0, not {bootstrap!r}.")
    if interval not in _INTERVALS:
        faults.append(f"`interval` is one of {', '.join(_INTERVALS)}, not {interval!r}.")
    for name, value in (("listed", listed), ("seed", seed)):
        if not is_whole(value) or value < 0:
            faults.append(f"`{name}` is a whole number from 0, not {value!r}.")
    if faults:
        raise ModelError(faults)


def _samples(read: Transactions) -> pd.DataFrame:
    """Customers used, and rows of transactions kept and left out."""
    left_out = int(read.samples["dropped"].iloc[0])
    return pd.DataFrame(
        [{"group": "all", "n": len(read.customers), "dropped": 0, "rows": read.n, "rows_left_out": left_out}]
    )


def _estimated(measure: str, values: Array, call: dict[str, Any], notes: list[Note]) -> list[dict[str, Any]]:
    """The figures of one measure with standard errors and intervals; none depends on the unit of the values."""
    top, target, level = call["top"], call["target"], call["level"]
    total, values = float(values.sum()), scaled(values)
    found = concentration(values, np.ones(len(values)), top, target).as_array()
    moved = influence(values, top, target)
    if call["bootstrap"]:
        work = partial(_sampled, values, top, target)
        chunk = max(10, min(200, 2_000_000 // len(values)))
        replicates = np.vstack(replicate(work, call["bootstrap"], call["seed"], "pareto", measure, chunk=chunk))
        errors = bootstrap_errors(replicates, ddof=1.0)
        if call["interval"] == "bca":
            ends = bca_interval(found, replicates, level, acceleration=_acceleration(moved))
        else:
            ends = percentile_interval(replicates, level)
        low, high = ends.low, ends.high
        if (onesided := np.isnan(low) & np.isfinite(found)).any():
            plain = percentile_interval(replicates, level)
            low, high = np.where(onesided, plain.low, low), np.where(onesided, plain.high, high)
            message = (
                f"All bootstrap samples of a figure of the {measure} lie on one side of it, so that it has no BCa "
                "interval; the percentile interval stands in its place."
            )
            notes.append(Note("PARETO_PERCENTILE", message, "warning", measure))
        lost = int((~np.isfinite(replicates[:, 0])).sum())
        if np.isfinite(found[0]) and lost:
            message = f"In {lost:,} of {len(replicates):,} samples the {measure} was not positive; they are left out."
            notes.append(Note("PARETO_SAMPLES_LOST", message, "warning", measure))
    else:
        errors = np.sqrt(np.mean(moved**2, axis=0) / len(values))
        half = float(ndtri(0.5 + level / 2.0)) * errors
        low, high = found - half, found + half
    if not np.isfinite(found[0]):
        message = (
            f"The {measure} of all customers together is {total:,.2f}; shares of a sum that is not positive "
            "mean nothing and are left out. Only the normalised Gini coefficient stands."
        )
        notes.append(Note("PARETO_NO_SHARES", message, "warning", measure))
    wanted = [True, True, True, bool((values < 0.0).any())]
    return [
        _row(measure, figure, *map(float, numbers))
        for figure, want, *numbers in zip(_FIGURES, wanted, found, errors, low, high, strict=True)
        if want and np.isfinite(numbers[0])
    ]


def _row(measure: str, figure: str, estimate: float, error: float, low: float, high: float) -> dict[str, Any]:
    nothing = dict.fromkeys(("statistic", "df", "p_value"), float("nan"))
    about = {"term": f"{measure}_{figure}", "measure": measure, "figure": figure}
    return {**about, "estimate": estimate, "std_error": error, **nothing, "ci_low": low, "ci_high": high}


def _sampled(values: Array, top: float, target: float, size: int, random: np.random.Generator) -> Array:
    return resampled(values, top, target, size, random)


def _acceleration(moved: Array) -> Array:
    """Efron's a from influence values; 0 where nothing varies."""
    squares = np.sum(moved**2, axis=0)
    found: Array = np.nan_to_num(np.sum(moved**3, axis=0) / (6.0 * np.where(squares > 0.0, squares, 1.0) ** 1.5))
    return found


def _no_profit() -> Note:
    return Note("PARETO_NO_SHARES", "All profits are 0; there is nothing to share.", "warning", "profit")


def _scope(customers: int, draws: int) -> list[Note]:
    message = (
        "Only customers with a transaction are in the data. The intervals treat them as a sample of such customers; "
        "where they are all customers of the firm, the shares themselves are exact for this period."
    )
    notes = [Note("PARETO_SCOPE", message)]
    if customers < _FEW:
        message = f"There are {customers} customers; below {_FEW} the intervals are somewhat too narrow."
        notes.append(Note("PARETO_FEW_CUSTOMERS", message, "warning"))
    if not draws:
        notes.append(Note("PARETO_LINEARISED", "Standard errors are linearised, and intervals are normal ones."))
    return notes
