"""Tiers of a loyalty programme by value, and how customers move among them between two periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import catalogue, language
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.tables import table_of
from crmstudy.assessment.value.discounting import is_number
from crmstudy.assessment.value.portfolio import one_row_each
from crmstudy.assessment.value.telling import count, money, percent
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing, Grid
from crmstudy.errors import ModelError
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.results import sample_table

#: Parts of the customers below the cuts, where nothing else is asked for.
QUANTILES = (0.5, 0.8, 0.95)
#: Where customers were who are new, and where those are who left.
NEW, LEFT = "new", "left"
_MOVES = ("up", "same", "down", LEFT, NEW)


@dataclass(frozen=True, eq=False, repr=False)
class TierResult(AssessmentResult):
    """Customers in tiers by value; nothing is estimated, so ``estimates`` is empty.

    ``fit`` has ``customers``, ``tiers``, ``value``. Tables: ``tiers`` (tier from 1, label, low, high, customers,
    share_customers, value, share_value, mean; shares in per cent; low belongs to the tier and high to the next),
    ``members`` (customer, value, tier, label).
    """

    kind: ClassVar[str] = "value_tiers"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "tiers",
            "Loyalty Tiers by Value",
            (
                ("label", "Tier", "text"), ("low", "From", "estimate"), ("high", "Below", "estimate"),
                ("customers", "Customers", "n"), ("share_customers", "% of customers", "percent"),
                ("value", "Value", "estimate"), ("share_value", "% of value", "percent"), ("mean", "Mean", "estimate"),
            ),
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """How many stand in each tier, and what they bring."""
        said = [say("portfolio", "tiers", lang, n=count(self.n), tiers=count(self.fit["tiers"]))]
        positive = self.fit["value"] > 0.0
        for row in self.tables["tiers"].to_dict("records"):
            name = _tier_name(str(row["label"]), language(lang))
            value = percent(row["share_value"]) if positive else money(row["value"])
            key = "tier" if positive else "tier_amount"
            share = percent(row["share_customers"])
            said.append(say("portfolio", key, lang, name=name, n=count(row["customers"]), customers=share, value=value))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """Shares of customers and of value by tier."""
        table = self.tables["tiers"]
        series = [("customers", tuple(map(float, table["share_customers"])))]
        if self.fit["value"] > 0.0:
            series.append(("value", tuple(map(float, table["share_value"]))))
        return (
            Bars(
                title="Share of customers and of value by tier",
                alt=f"Bars of {len(table)} tiers. {self.prose()[0]}",
                names=tuple(map(str, table["label"])),
                series=tuple(series),
                x_label="%",
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class MigrationResult(AssessmentResult):
    """Movements among tiers between two periods; nothing is estimated, so ``estimates`` is empty.

    ``fit`` has ``before``, ``after`` (customers), ``value_before``, ``value_after``. Tables: ``matrix`` (before, after,
    customers, share of those who were in the tier, in per cent; with ``new`` and ``left``), ``moves`` (move, customers,
    share of those of the first period, in per cent; new ones have none), ``contribution`` (who, customers, before,
    after, change), ``tiers`` (tier, label, low, high, before, after).
    """

    kind: ClassVar[str] = "value_migration"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "matrix",
            "Movements of Customers Among Tiers",
            (("before", "First period", "text"), ("after", "Second period", "text"), ("customers", "Customers", "n"),
             ("share", "% of the tier", "percent")),
        ),
        Shown(
            "contribution",
            "Where the Change of the Total Came From",
            (("who", "Customers", "text"), ("customers", "Number", "n"), ("before", "First period", "estimate"),
             ("after", "Second period", "estimate"), ("change", "Change", "estimate")),
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Who moved, and where the change of the total came from."""
        moves = self.tables["moves"].set_index("move")["customers"]
        counts = {name: count(moves[name]) for name in _MOVES}
        said = [say("portfolio", "moved", lang, n=count(self.fit["before"]), **counts)]
        change = self.tables["contribution"].set_index("who")["change"]
        amounts = {name: money(change[name]) for name in ("existing", NEW, LEFT)}
        said.append(say("portfolio", "contribution", lang, change=money(change["all"]), **amounts))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """Where the customers of each tier went, in per cent of the tier."""
        wide = self.tables["matrix"].pivot_table(
            index="before", columns="after", values="share", aggfunc="first", sort=False
        )
        wide = wide.drop(index=[name for name in wide.index if name == NEW])
        cells = wide.to_numpy(dtype=float)
        return (
            Grid(
                title="Per cent of each tier (rows) by its tier in the second period (columns)",
                alt=f"A row a tier of the first period. {self.prose()[0]}",
                rows=tuple(map(str, wide.index)),
                columns=tuple(map(str, wide.columns)),
                values=tuple(tuple(None if np.isnan(cell) else float(cell) for cell in row) for row in cells),
                low=0.0,
                high=100.0,
                decimals=0,
            ),
        )


def tiers(
    data: object,
    *,
    customer: str = "customer",
    value: str = "value",
    cuts: Sequence[float] | None = None,
    quantiles: Sequence[float] | None = None,
    names: Sequence[str] | None = None,
) -> TierResult:
    """Put customers into tiers by their value (Source documents 4.16, 0.11).

    Parameters
    ----------
    data : DataFrame, Responses or path
        A row a customer, such as ``transactions(...).tables["customers"]``.
    customer, value : str
        Columns; the value in money (profit, revenue, lifetime value) or a score.
    cuts : sequence of float, optional
        Values from which the second tier, the third ... begins, rising.
    quantiles : sequence of float, optional
        Parts of the customers below each cut instead, rising, between 0 and 1; left out without ``cuts``: one half,
        four fifths, 95 per cent.
    names : sequence of str, optional
        Of the tiers, the lowest first; left out: base, silver, gold and platinum where there are four, else numbers.

    Returns
    -------
    TierResult

    Raises
    ------
    DataError, ModelError
        For unknown columns, customers with more than one row, and faulty cuts.

    Notes
    -----
    A customer is in the highest tier whose cut its value reaches, so that equal values are in the same tier and the
    order of rows does not matter. Quantiles are those of type 7 of Hyndman and Fan (1996), the usual ones of R.

    Examples
    --------
    >>> sales = pd.DataFrame({"customer": list("abcd"), "value": [5, 20, 100, 400]})
    >>> tiers(sales, cuts=[50, 200], names=["guest", "friend", "host"]).tables["tiers"]["customers"].tolist()
    [2, 1, 1]
    """
    _check_cuts(cuts, quantiles, names)
    kept, notes, dropped = _read(data, customer, value)
    given = kept["value"].to_numpy(dtype=float)
    limits, more = _limits(given, cuts, quantiles)
    labels = _labels(len(limits) + 1, names)
    place = np.searchsorted(limits, given, side="right")
    total = float(given.sum())
    table = _tier_table(given, place, limits, labels)
    notes += more + _tier_notes(table, total)
    members = kept.assign(tier=place + 1, label=[labels[at] for at in place])
    return TierResult(
        estimates=no_estimates(), n=len(kept),
        fit=pd.Series({"customers": len(kept), "tiers": len(labels), "value": total}, dtype=float),
        tables={"tiers": table, "members": members}, notes=tuple(notes), samples=sample_table(len(kept), dropped),
        call={"customer": customer, "value": value, "cuts": limits.tolist(), "quantiles": quantiles, "names": labels},
    )  # fmt: skip


def migration(
    before: object,
    after: object,
    *,
    customer: str = "customer",
    value: str = "value",
    cuts: Sequence[float] | None = None,
    quantiles: Sequence[float] | None = None,
    names: Sequence[str] | None = None,
) -> MigrationResult:
    r"""How customers moved among tiers of value, and who changed the total (Source documents 0.11, 4.16, 4.11).

    Parameters
    ----------
    before, after : DataFrame, Responses or path
        A row a customer, in each of two periods.
    customer, value, cuts, quantiles, names
        As in :func:`tiers`. Quantiles are taken of the first period and hold for both.

    Returns
    -------
    MigrationResult

    Raises
    ------
    DataError, ModelError
        For unknown columns, customers with more than one row in a period, and faulty cuts.

    Notes
    -----
    The change of the total is that of the customers of both periods, plus what new ones bring, less what those brought
    who left: :math:`\Delta=\sum_{both}(v_1-v_0)+\sum_{new}v_1-\sum_{left}v_0`.

    Examples
    --------
    >>> first = pd.DataFrame({"customer": ["a", "b"], "value": [10, 90]})
    >>> second = pd.DataFrame({"customer": ["a", "c"], "value": [60, 30]})
    >>> migration(first, second, cuts=[50]).tables["contribution"]["change"].tolist()
    [50.0, 30.0, -90.0, -10.0]
    """
    _check_cuts(cuts, quantiles, names)
    first, notes, lost = _read(before, customer, value)
    second, more, lost_again = _read(after, customer, value)
    limits, told = _limits(first["value"].to_numpy(dtype=float), cuts, quantiles)
    labels = _labels(len(limits) + 1, names)
    both = first.merge(second, on="customer", how="outer", suffixes=("_0", "_1"))
    for end in ("0", "1"):
        known = both[f"value_{end}"].notna()
        at = np.searchsorted(limits, both.loc[known, f"value_{end}"].to_numpy(dtype=float), side="right")
        both.loc[known, f"tier_{end}"] = at
    if not both[["value_0", "value_1"]].notna().all(axis=1).any():
        message = "No customer is in both periods: nobody can move. Check that both name customers in the same way."
        told.append(Note("VALUE_NOBODY_IN_BOTH", message, "warning"))
    table = pd.DataFrame(
        {
            "tier": range(1, len(labels) + 1), "label": labels, "low": [float("nan"), *limits],
            "high": [*limits, float("nan")],
            "before": [int((both["tier_0"] == at).sum()) for at in range(len(labels))],
            "after": [int((both["tier_1"] == at).sum()) for at in range(len(labels))],
        }
    )  # fmt: skip
    fit = {
        "before": len(first), "after": len(second), "value_before": float(first["value"].sum()),
        "value_after": float(second["value"].sum()),
    }  # fmt: skip
    return MigrationResult(
        estimates=no_estimates(), n=len(both), fit=pd.Series(fit, dtype=float),
        tables={
            "matrix": _matrix(both, labels), "moves": _moves(both), "contribution": _contribution(both), "tiers": table,
        },
        notes=(*notes, *more, *told), samples=sample_table(len(both), lost + lost_again),
        call={"customer": customer, "value": value, "cuts": limits.tolist(), "quantiles": quantiles, "names": labels},
    )  # fmt: skip


def _read(data: object, customer: str, value: str) -> tuple[pd.DataFrame, list[Note], int]:
    frame = table_of(data, {customer: "text", value: "number"}, what="customers")
    return one_row_each(pd.DataFrame({"customer": frame[customer], "value": frame[value]}))


def _check_cuts(cuts: Sequence[float] | None, quantiles: Sequence[float] | None, names: Sequence[str] | None) -> None:
    faults = []
    if cuts is not None and quantiles is not None:
        faults.append("Give `cuts` (values) or `quantiles` (parts of the customers), not both.")
    number = len(QUANTILES) + 1
    for name, given in (("cuts", cuts), ("quantiles", quantiles)):
        if given is None:
            continue
        listed = isinstance(given, Sequence | np.ndarray) and not isinstance(given, str)
        values = list(given) if listed else []
        if not values or not all(map(is_number, values)) or any(np.diff(np.array(values, dtype=float)) <= 0.0):
            example = "[100, 500]" if name == "cuts" else "[0.5, 0.9]"
            faults.append(f"`{name}` are numbers that rise, such as {example}, not {given!r}.")
        elif name == "quantiles" and not all(0.0 < value < 1.0 for value in values):
            faults.append(f"`quantiles` lie between 0 and 1, not {given!r}.")
        number = len(values) + 1
    if names is not None:
        listed = isinstance(names, Sequence) and not isinstance(names, str)
        if not listed or len(set(map(str, names))) != len(names):
            faults.append(f"`names` lists a different name for each tier, not {names!r}.")
        elif len(names) != number:
            faults.append(f"`names` has {len(names)} names, but there are {number} tiers (one more than cuts).")
        elif {NEW, LEFT} & set(map(str, names)):
            faults.append(f"'{NEW}' and '{LEFT}' cannot name a tier; they are customers without one.")
    if faults:
        raise ModelError(faults)


def _limits(given: Array, cuts: Sequence[float] | None, quantiles: Sequence[float] | None) -> tuple[Array, list[Note]]:
    """The values at which tiers begin."""
    if cuts is not None:
        return np.array(list(cuts), dtype=float), []
    limits = np.array([_quantile(np.sort(given), part) for part in (QUANTILES if quantiles is None else quantiles)])
    if len(np.unique(limits)) < len(limits):
        message = "So many customers have the same value that cuts coincide, and a tier between two of them is empty."
        return limits, [Note("VALUE_CUTS_COINCIDE", message, "warning")]
    return limits, []


def _quantile(ordered: Array, part: float) -> float:
    """Type 7; a place that is whole but for rounding is that value itself, so that the value reaches its own cut."""
    place = (len(ordered) - 1) * part
    whole = round(place)
    if abs(place - whole) < 1e-9:
        return float(ordered[whole])
    low = int(np.floor(place))
    return float(ordered[low] + (place - low) * (ordered[low + 1] - ordered[low]))


def _labels(number: int, names: Sequence[str] | None) -> list[str]:
    if names is not None:
        return [str(name) for name in names]
    own = [str(one["name"]["en"]) for one in catalogue("portfolio")["tiers"]]
    return own if len(own) == number else [str(place + 1) for place in range(number)]


def _tier_name(label: str, lang: str) -> str:
    """The catalogue's name in a language; a name of the user's own as it is."""
    named = {str(one["name"]["en"]): str(one["name"][lang]) for one in catalogue("portfolio")["tiers"]}
    return named.get(label, label)


def _tier_table(
    given: Array, place: np.ndarray[tuple[int], np.dtype[np.intp]], limits: Array, labels: list[str]
) -> pd.DataFrame:
    total, rows = float(given.sum()), []
    for at, label in enumerate(labels):
        inside = given[place == at]
        value = float(inside.sum())
        rows.append(
            (
                at + 1, label, float(limits[at - 1]) if at else float("nan"),
                float(limits[at]) if at < len(limits) else float("nan"), len(inside), 100.0 * len(inside) / len(given),
                value, 100.0 * value / total if total > 0.0 else float("nan"),
                value / len(inside) if len(inside) else float("nan"),
            )
        )  # fmt: skip
    columns = ["tier", "label", "low", "high", "customers", "share_customers", "value", "share_value", "mean"]
    return pd.DataFrame(rows, columns=columns)


def _tier_notes(table: pd.DataFrame, total: float) -> list[Note]:
    notes = []
    empty = table.loc[table["customers"] == 0, "label"]
    if len(empty):
        message = f"Nobody is in {', '.join(map(str, empty))}: it has no mean."
        notes.append(Note("VALUE_EMPTY_TIER", message))
    if total <= 0.0:
        message = f"The value of all customers is {total:g}: there are no shares of it."
        notes.append(Note("PORTFOLIO_NO_SHARES", message, "warning"))
    return notes


def _matrix(both: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Customers by their tier in both periods; in per cent of those who were in the tier."""
    rows = []
    for at, label in enumerate([*labels, NEW]):
        was = both["tier_0"].isna() if label == NEW else both["tier_0"] == at
        for to, after in enumerate([*labels, LEFT]):
            if label == NEW and after == LEFT:
                continue
            found = int((was & (both["tier_1"].isna() if after == LEFT else both["tier_1"] == to)).sum())
            share = 100.0 * found / int(was.sum()) if label != NEW and was.any() else float("nan")
            rows.append((label, after, found, share))
    return pd.DataFrame(rows, columns=["before", "after", "customers", "share"])


def _moves(both: pd.DataFrame) -> pd.DataFrame:
    was, now = both["tier_0"], both["tier_1"]
    counts = {
        "up": now > was, "same": now == was, "down": now < was, LEFT: was.notna() & now.isna(),
        NEW: was.isna() & now.notna(),
    }  # fmt: skip
    base = int(was.notna().sum())
    rows = [
        (name, int(inside.sum()), 100.0 * int(inside.sum()) / base if name != NEW else float("nan"))
        for name, inside in counts.items()
    ]
    return pd.DataFrame(rows, columns=["move", "customers", "share"])


def _contribution(both: pd.DataFrame) -> pd.DataFrame:
    """What existing, new and former customers changed of the total."""
    first, second = both["value_0"], both["value_1"]
    groups = {
        "existing": first.notna() & second.notna(), NEW: first.isna(), LEFT: second.isna(),
        "all": first.notna() | second.notna(),
    }  # fmt: skip
    rows = []
    for name, inside in groups.items():
        was, now = float(first[inside].sum()), float(second[inside].sum())
        rows.append((name, int(inside.sum()), was, now, now - was))
    return pd.DataFrame(rows, columns=["who", "customers", "before", "after", "change"])
