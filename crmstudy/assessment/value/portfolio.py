"""Customers as a portfolio: segments by profitability and potential, what each contributes, and the key customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import catalogue, language
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.tables import Type, table_of
from crmstudy.assessment.value.discounting import is_number
from crmstudy.assessment.value.telling import count, money, percent
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing, QuadrantMap
from crmstudy.errors import DataError, ModelError
from crmstudy.notes import Note
from crmstudy.quoting import shown as quoted
from crmstudy.results import sample_table

#: More customers than this are not drawn one by one.
_MOST_POINTS = 60
_QUOTED = 3
_KEY = ("rank", "customer", "profit", "share", "cumulative", "segment")


@dataclass(frozen=True, eq=False, repr=False)
class PortfolioResult(AssessmentResult):
    """Segments of customers and their contributions; nothing is estimated, so ``estimates`` is empty.

    ``fit`` has ``customers``, ``profit``, ``gains`` (of those with a profit), ``losses`` (of those who lose money),
    ``losing`` (their number), ``key_customers``, with a positive total ``key_share`` (in per cent), with a column
    ``revenue``, with potential ``potential_cut``. Tables: ``segments`` (segment, label, action, customers,
    share_customers, profit, share_profit, mean_profit, index, and where given revenue, share_revenue, potential,
    mean_potential; shares in per cent), ``key`` (rank, customer, profit, share, cumulative, segment), ``customers``
    (customer, profit, segment and what was given).
    """

    kind: ClassVar[str] = "portfolio"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "segments",
            "What Each Segment of Customers Contributes",
            (
                ("label", "Segment", "text"), ("customers", "Customers", "n"),
                ("share_customers", "% of customers", "percent"), ("profit", "Profit", "estimate"),
                ("share_profit", "% of profit", "percent"), ("mean_profit", "Profit a customer", "estimate"),
                ("index", "Index", "estimate"), ("action", "Course", "text"),
            ),
            "Index: share of the profit over share of the customers; 1 is the average. Courses are own wording.",
        ),
        Shown(
            "key",
            "Key Customers by Profit",
            (
                ("rank", "Rank", "n"), ("customer", "Customer", "text"), ("profit", "Profit", "estimate"),
                ("share", "% of profit", "percent"), ("cumulative", "Cumulative %", "percent"),
            ),
            rows=20,
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """The whole, each segment, and the key customers."""
        fit = self.fit
        said = [
            say("portfolio", "total", lang, n=count(self.n), profit=money(fit["profit"]), losing=count(fit["losing"]))
        ]
        shares = fit["profit"] > 0.0
        for row in self.tables["segments"].to_dict("records"):
            values = {"name": segment_name(str(row["segment"]), language(lang)) or str(row["label"])}
            customers = percent(row["share_customers"])
            if shares:
                share = percent(row["share_profit"])
                said.append(say("portfolio", "segment", lang, **values, customers=customers, profit=share))
            else:
                amount = money(row["profit"])
                said.append(say("portfolio", "segment_amount", lang, **values, customers=customers, profit=amount))
        if shares:
            key = percent(fit["key_share"])
            said.append(say("portfolio", "key", lang, n=count(fit["key_customers"]), share=key))
        else:
            said.append(say("portfolio", "no_share", lang))
        if fit["losses"] < 0.0:
            said.append(say("portfolio", "losses", lang, gains=money(fit["gains"])))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """Shares of customers and of profit by segment; with potential the map of profit and potential."""
        table = self.tables["segments"]
        names = tuple(map(str, table["label"]))
        series: list[tuple[str, tuple[float | None, ...]]] = [("customers", _floats(table["share_customers"]))]
        if "share_revenue" in table and table["share_revenue"].notna().all():
            series.append(("revenue", _floats(table["share_revenue"])))
        if self.fit["profit"] > 0.0:
            series.append(("profit", _floats(table["share_profit"])))
        alt = f"Bars of the shares of {len(names)} segments. {self.prose()[0]}"
        made: list[Drawing] = [
            Bars(title="Share of customers and of profit", alt=alt, names=names, series=tuple(series), x_label="%")
        ]
        customers = self.tables["customers"]
        if "potential" in customers and self.call["segment"] is None:
            points = customers if len(customers) <= _MOST_POINTS else _segment_means(customers, table)
            titles = {one["id"]: one["name"]["en"] for one in catalogue("portfolio")["segments"]}
            made.append(
                QuadrantMap(
                    title="Profitability and potential",
                    alt=f"{len(points)} points by profit and potential. {self.prose()[0]}",
                    points=tuple(
                        (str(row["customer"]), float(row["profit"]), float(row["potential"]))
                        for row in points.to_dict("records")
                    ),
                    x_label="Profit",
                    y_label="Potential",
                    x_line=float(self.call["profit_cut"]),
                    y_line=float(self.fit["potential_cut"]),
                    quadrants=(
                        titles["unprofitable_high"], titles["profitable_high"], titles["unprofitable_low"],
                        titles["profitable_low"],
                    ),
                )
            )  # fmt: skip
        return tuple(made)


def segment_name(segment: str, lang: str) -> str:
    """The name of one of the catalogue's segments; empty for a segment of the user's own."""
    for entry in catalogue("portfolio")["segments"]:
        if entry["id"] == segment:
            return str(entry["name"][lang])
    return ""


def _floats(column: pd.Series[Any]) -> tuple[float | None, ...]:
    return tuple(map(float, column))


def _segment_means(customers: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    means = customers.groupby("segment")[["profit", "potential"]].mean()
    labels = segments.set_index("segment")["label"]
    return means.assign(customer=[labels[name] for name in means.index])


def portfolio(
    data: object,
    *,
    customer: str = "customer",
    profit: str = "profit",
    revenue: str | None = None,
    potential: str | None = None,
    segment: str | None = None,
    profit_cut: float = 0.0,
    potential_cut: float | str = "median",
    key: float | int = 0.2,
) -> PortfolioResult:
    r"""Manage customers as a portfolio: what each segment contributes (Source documents 0.11, 2.1).

    Parameters
    ----------
    data : DataFrame, Responses or path
        A row a customer, such as ``transactions(...).tables["customers"]``.
    customer, profit, revenue, potential : str
        Columns; profit and revenue in money, potential on any scale that rises (money, a score). Profit may be
        negative.
    segment : str, optional
        Column of segments of your own. Left out: by profitability, with ``potential`` by both.
    profit_cut : float
        A customer is profitable above it, in money.
    potential_cut : float or "median"
        Potential is high from it on.
    key : float or int
        Key customers: a part of all below 1 (rounded up), or their number.

    Returns
    -------
    PortfolioResult

    Raises
    ------
    DataError, ModelError
        For unknown columns, customers with more than one row, and faulty options.

    Notes
    -----
    Shares are of the sums over all customers; with losses a segment's share of the profit can exceed 100 per cent or be
    negative, and where the total is not above 0 there are none. The index is the share of the profit over the share of
    the customers. Customers who lack a figure are left out and counted. Key customers are those with the highest
    profit; equal ones stand in the order of their names.

    Examples
    --------
    >>> table = pd.DataFrame({"customer": ["a", "b", "c"], "profit": [90, 20, -10], "potential": [1, 3, 2]})
    >>> found = portfolio(table, potential="potential").tables["segments"]
    >>> found[["segment", "share_profit"]].values.tolist()
    [['profitable_high', 20.0], ['profitable_low', 90.0], ['unprofitable_high', -10.0]]
    """
    _check_options(profit_cut, potential_cut, key)
    kept, notes, dropped = _read(data, customer, profit, revenue, potential, segment)
    cut = None
    if "potential" in kept:
        cut = float(kept["potential"].median()) if potential_cut == "median" else float(potential_cut)
    kept["segment"] = kept["own"] if segment is not None else _placed(kept, profit_cut, cut)
    total = float(kept["profit"].sum())
    gains, losses = float(kept["profit"].clip(lower=0.0).sum()), float(kept["profit"].clip(upper=0.0).sum())
    number = int(np.ceil(key * len(kept) - 1e-9)) if 0.0 < key < 1.0 else int(key)
    leading = _key_customers(kept, min(max(number, 1), len(kept)), total)
    fit = {
        "customers": len(kept), "profit": total, "gains": gains, "losses": losses,
        "losing": int((kept["profit"] < 0.0).sum()), "key_customers": len(leading),
    }  # fmt: skip
    if total > 0.0:
        fit["key_share"] = 100.0 * float(leading["profit"].sum()) / total
    if "revenue" in kept:
        fit["revenue"] = float(kept["revenue"].sum())
    if cut is not None:
        fit["potential_cut"] = cut
    order = None if segment is None else sorted(kept["segment"].unique())
    notes += _notes(kept, total, losses)
    wanted = [name for name in ("customer", "profit", "revenue", "potential", "segment") if name in kept]
    return PortfolioResult(
        estimates=no_estimates(), n=len(kept), fit=pd.Series(fit, dtype=float),
        tables={"segments": _segments(kept, order), "key": leading, "customers": kept[wanted]},
        notes=tuple(notes), samples=sample_table(len(kept), dropped),
        call={"customer": customer, "profit": profit, "revenue": revenue, "potential": potential, "segment": segment,
              "profit_cut": float(profit_cut), "potential_cut": potential_cut, "key": key},
    )  # fmt: skip


def _check_options(profit_cut: object, potential_cut: object, key: object) -> None:
    faults = []
    if not is_number(profit_cut):
        faults.append(f"`profit_cut` is a number, in money, not {profit_cut!r}.")
    if potential_cut != "median" and not is_number(potential_cut):
        faults.append(f"`potential_cut` is a number or 'median', not {potential_cut!r}.")
    if not is_number(key) or key <= 0.0 or (key >= 1.0 and float(key) != int(float(key))):
        faults.append(f"`key` is a part of the customers below 1 or a whole number of them, not {key!r}.")
    if faults:
        raise ModelError(faults)


def _read(
    data: object, customer: str, profit: str, revenue: str | None, potential: str | None, segment: str | None
) -> tuple[pd.DataFrame, list[Note], int]:
    parts: dict[str, tuple[str, Type]] = {"customer": (customer, "text"), "profit": (profit, "number")}
    for part, name, kind in (("revenue", revenue, "number"), ("potential", potential, "number"),
                             ("own", segment, "text")):  # fmt: skip
        if name is not None:
            parts[part] = (name, cast(Type, kind))
    frame = table_of(data, dict(parts.values()), what="customers")
    made = pd.DataFrame({part: frame[name] for part, (name, _) in parts.items()})
    return one_row_each(made)


def one_row_each(made: pd.DataFrame) -> tuple[pd.DataFrame, list[Note], int]:
    """The complete rows of a table with a row a customer, the notes on others, and how many those are."""
    notes: list[Note] = []
    nameless = made["customer"].isna()
    if nameless.any():
        message = f"{int(nameless.sum())} of {len(made)} customers name no customer and are left out."
        notes.append(Note("VALUE_NO_CUSTOMER", message, "warning"))
    lacking = made.isna().any(axis=1) & ~nameless
    if lacking.any():
        names = [quoted(str(name)) for name in made.loc[lacking, "customer"]]
        listed = ", ".join(names[:_QUOTED]) + (" ..." if len(names) > _QUOTED else "")
        message = (
            f"{len(names)} customers lack a figure and are left out whole, not counted as 0: {listed}. "
            "Totals are of the others."
        )
        notes.append(Note("VALUE_LEFT_OUT", message, "warning"))
    kept = made[~nameless & ~lacking].reset_index(drop=True)
    twice = sorted(set(kept.loc[kept["customer"].duplicated(), "customer"]))
    faults = []
    if twice:
        faults.append(
            f"{len(twice)} customers have more than one row, such as '{quoted(twice[0])}'; add them up, or keep one."
        )
    if not len(kept):
        faults.append("None of the customers is complete: every one lacks its name or a figure.")
    if faults:
        raise DataError(faults)
    return kept, notes, len(made) - len(kept)


def _placed(kept: pd.DataFrame, profit_cut: float, potential_cut: float | None) -> list[str]:
    profitable = kept["profit"] > profit_cut
    first = np.where(profitable, "profitable", "unprofitable")
    if potential_cut is None:
        return [str(name) for name in first]
    second = np.where(kept["potential"] >= potential_cut, "high", "low")
    return [f"{one}_{other}" for one, other in zip(first, second, strict=True)]


def _key_customers(kept: pd.DataFrame, number: int, total: float) -> pd.DataFrame:
    top = kept.sort_values(["profit", "customer"], ascending=[False, True], kind="stable").head(number)
    top = top.reset_index(drop=True)
    share = 100.0 * top["profit"] / total if total > 0.0 else pd.Series(np.nan, index=top.index)
    made = top.assign(rank=np.arange(1, len(top) + 1), share=share, cumulative=share.cumsum())
    return made[list(_KEY)]


def _segments(kept: pd.DataFrame, order: list[str] | None) -> pd.DataFrame:
    """A row a segment, in the order of the catalogue or of the alphabet."""
    entries: dict[str, Mapping[str, Any]] = {one["id"]: one for one in catalogue("portfolio")["segments"]}
    there = set(kept["segment"])
    names = [name for name in entries if name in there] if order is None else order
    total, rows = float(kept["profit"].sum()), []
    for name in names:
        group = kept[kept["segment"] == name]
        entry = entries.get(name) if order is None else None
        part, brings = 100.0 * len(group) / len(kept), float(group["profit"].sum())
        share = 100.0 * brings / total if total > 0.0 else float("nan")
        row: dict[str, Any] = {
            "segment": name, "label": entry["name"]["en"] if entry else name,
            "action": entry["do"]["en"] if entry else "", "customers": len(group), "share_customers": part,
            "profit": brings, "share_profit": share, "mean_profit": brings / len(group), "index": share / part,
        }  # fmt: skip
        if "revenue" in kept:
            whole = float(kept["revenue"].sum())
            row["revenue"] = float(group["revenue"].sum())
            row["share_revenue"] = 100.0 * row["revenue"] / whole if whole > 0.0 else float("nan")
        if "potential" in kept:
            row |= {"potential": float(group["potential"].sum()), "mean_potential": float(group["potential"].mean())}
        rows.append(row)
    return pd.DataFrame(rows)


def _notes(kept: pd.DataFrame, total: float, losses: float) -> list[Note]:
    notes = []
    if total <= 0.0:
        message = f"The profit of all customers is {total:g}: there are no shares of it."
        notes.append(Note("PORTFOLIO_NO_SHARES", message, "warning"))
    elif losses < 0.0:
        message = (
            f"{int((kept['profit'] < 0.0).sum())} customers lose {-losses:g} in all; shares of the profit add up to "
            "100 per cent only with the negative ones, and others can exceed it."
        )
        notes.append(Note("PORTFOLIO_LOSSES", message))
    if "revenue" in kept and float(kept["revenue"].sum()) <= 0.0:
        message = f"The revenue of all customers is {kept['revenue'].sum():g}: there are no shares of it."
        notes.append(Note("PORTFOLIO_NO_SHARES", message, "warning"))
    if len(kept) == 1:
        notes.append(
            Note("VALUE_ONE_CUSTOMER", "There is one customer: nothing can be said of differences among them.")
        )
    return notes
