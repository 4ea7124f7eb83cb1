"""What it costs to serve customers: per contact, per customer, per channel, and what moving contacts would save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.assessment.answered import within
from crmstudy.assessment.processes.ratios import Ratios, ratios
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.tables import Type, table_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing
from crmstudy.errors import DataError, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.moments import Array, skewness
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.results import ESTIMATE_COLUMNS, sample_table
from crmstudy.selection import coverage_faults, is_whole

_ROOM, _WHAT = "processes", "contacts"
INTERVALS = ("bootstrap", "t", "log")
#: A skewness from which costs are called skewed.
_SKEWED = 1.0
#: Intervals over fewer customers are rough, whichever they are.
_FEW = 20
_SHIFTS = (
    "from_channel", "to_channel", "percent", "contacts", "saving_per_contact", "saving", "ci_low", "ci_high",
    "percent_of_cost",
)  # fmt: skip
Shift = float | Sequence[tuple[str, str, float]] | None


@dataclass(frozen=True, eq=False, repr=False)
class CostToServe(AssessmentResult):
    """Costs of contacts, with intervals over customers.

    ``estimates`` has ``cost_per_contact``, ``cost_per_customer`` and ``cost_per_contact: CHANNEL``. Tables:
    ``channels`` (channel, contacts, customers, cost, percent_contacts, percent_cost, mean, std_error, ci_low, ci_high,
    median, sd, skew, geometric_mean), ``customers`` (customer, contacts, cost, margin, net), ``losses`` (the customers
    whose cost exceeds their margin, the largest loss first), ``shifts`` (from_channel, to_channel, percent, contacts,
    saving_per_contact, saving, ci_low, ci_high, percent_of_cost). ``fit`` has ``contacts``, ``customers``, ``cost``,
    ``skew``, and with margins ``losses``, ``percent_losses``, ``loss``.
    """

    kind: ClassVar[str] = "cost to serve"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "channels", "Cost to Serve by Channel",
            (
                ("channel", "Channel", "text"), ("contacts", "Contacts", "n"), ("customers", "Customers", "n"),
                ("percent_contacts", "Of contacts, %", "percent"), ("percent_cost", "Of cost, %", "percent"),
                ("mean", "Cost per contact", "estimate"), ("ci_low", "From", "estimate"), ("ci_high", "To", "estimate"),
                ("median", "Median", "estimate"),
            ),
            "Intervals over customers: the contacts of one customer are not independent.",
        ),
        Shown(
            "shifts", "What Moving Contacts Would Save",
            (
                ("from_channel", "From", "text"), ("to_channel", "To", "text"), ("percent", "Moved, %", "percent"),
                ("contacts", "Contacts", "estimate"), ("saving", "Saving", "estimate"), ("ci_low", "From", "estimate"),
                ("ci_high", "To", "estimate"), ("percent_of_cost", "Of all cost, %", "percent"),
            ),
            "Holds if a moved contact costs what contacts of the new channel cost on average, the old channel really "
            "spends less with fewer contacts, and customers accept the change.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Cost per contact and customer, the dearest channel, skewness, losses, savings with their assumptions."""
        rows = {row["term"]: row for row in self.estimates.to_dict("records")}
        said = []
        for term, key, n in (
            ("cost_per_contact", "cost_contact", "contacts"),
            ("cost_per_customer", "cost_customer", "customers"),
        ):
            if term in rows:
                row = rows[term]
                ends = (row["ci_low"], row["ci_high"])
                which = key if ends[0] == ends[0] else f"{key}_alone"
                said.append(
                    say(
                        _ROOM, which, lang, cost=(row["estimate"], "estimate"), interval=(ends, "interval"),
                        level=(100 * self.call["level"], "n"), n=(self.fit[n], "n"),
                    )
                )  # fmt: skip
        top = max(self.tables["channels"].to_dict("records"), key=lambda row: row["mean"])
        said.append(
            say(
                _ROOM, "cost_channel", lang, channel=str(top["channel"]), cost=(top["mean"], "estimate"),
                contacts=(top["percent_contacts"], "percent"), share=(top["percent_cost"], "percent"),
            )
        )  # fmt: skip
        said.append(say(_ROOM, f"cost_interval_{self.call['interval']}", lang))
        if "losses" in self.fit:
            said.append(
                say(
                    _ROOM, "cost_losses", lang, n=(self.fit["losses"], "n"),
                    share=(self.fit["percent_losses"], "percent"), loss=(self.fit["loss"], "estimate"),
                )
            )  # fmt: skip
        if len(self.tables["shifts"]):
            best = max(self.tables["shifts"].to_dict("records"), key=lambda row: row["saving"])
            ends = (best["ci_low"], best["ci_high"])
            said.append(
                say(
                    _ROOM, "cost_shift", lang, first=str(best["from_channel"]), second=str(best["to_channel"]),
                    percent=(best["percent"], "percent"), saving=(best["saving"], "estimate"),
                    interval=(ends, "interval"),
                )
            )  # fmt: skip
            said.append(say(_ROOM, "cost_assumptions", lang))
        said.append(say(_ROOM, "cost_printed", lang))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """Cost per contact by channel; shares of contacts and of cost."""
        channels = self.tables["channels"]
        names = tuple(channels["channel"])
        mean = tuple(map(float, channels["mean"]))
        nan = channels[["ci_low", "ci_high"]].isna().any(axis=1)
        lows, highs = (tuple(map(float, channels[end].where(~nan, channels["mean"]))) for end in ("ci_low", "ci_high"))
        alt = self.prose()[0]
        cost = Bars(
            "Cost per contact by channel", f"Mean cost of a contact on each channel. {alt}", names, (("Cost", mean),),
            (lows,), (highs,), "Cost per contact",
        )  # fmt: skip
        shares = Bars(
            "Share of contacts and of cost", f"Percent of contacts and of cost of each channel. {alt}", names,
            (
                ("Contacts, %", tuple(map(float, channels["percent_contacts"]))),
                ("Cost, %", tuple(map(float, channels["percent_cost"]))),
            ),
            x_label="Percent",
        )  # fmt: skip
        return cost, shares


def cost_to_serve(
    contacts: object,
    *,
    channel: str,
    cost: str,
    customer: str = "customer",
    margins: object | None = None,
    shift: Shift = None,
    again: float = 0.0,
    interval: str = "bootstrap",
    bootstrap: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> CostToServe:
    r"""Reckon what contacts cost, by channel and by customer.

    Parameters
    ----------
    contacts : DataFrame or path
        A row a contact.
    channel, cost, customer : str
        Columns. Costs are in any currency, not negative; a contact may lack its customer.
    margins : DataFrame or path, optional
        Columns ``customer`` and ``margin`` (may be negative), of the same period: who costs more than he brings.
    shift : float or sequence of (from, to, percent), optional
        Percent of the contacts of a channel that move to another; one number stands for every pair of a dearer and a
        cheaper channel.
    again : float
        Percent of moved contacts that come back over the old channel, because the new one did not settle the matter.
    interval : {"bootstrap", "t", "log"}
        BCa over resampled customers; t of the linearised mean; the same on the logarithm of the mean, which keeps the
        lower end above 0 and suits skewed costs.
    bootstrap : int
        Resamples, at least 100.
    level : float
        Coverage of the intervals.
    seed : int
        Of the resamples.

    Returns
    -------
    CostToServe

    Raises
    ------
    DataError, ModelError, UnsupportedError
        With all faults: negative costs, margins given twice, unknown channels, faulty options.

    Notes
    -----
    Source document 4.18 (and the metric cost to serve of 4.9.8). A cost per contact is
    :math:`R=\sum_i c_i/\sum_i n_i` over customers i with :math:`n_i` contacts; customers are resampled, not contacts,
    for those of one customer go together. Contacts without a customer stand for themselves, and have no part in the
    cost per customer. The linearised standard error is that of a ratio (Cochran, 1977, ch. 6),
    :math:`\sqrt{\frac m{m-1}\sum_i(c_i-Rn_i)^2}/\sum_in_i` with m customers on the channel, on m - 1 degrees of
    freedom. A channel of one customer has no interval. ``geometric_mean`` is NaN where a contact costs nothing. A shift
    of x % of the :math:`N_A` contacts of A to B saves
    :math:`\tfrac x{100}N_A(\bar c_A-\bar c_B-\tfrac q{100}\bar c_A)`, q being ``again``; the number of contacts counts
    as given. The printed figures of one firm are facts with no method behind them and enter nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"customer": list("aabbc"), "channel": ["phone", "web", "phone", "web", "web"],
    ...                       "cost": [6.0, 1.0, 8.0, 1.0, 2.0]})
    >>> found = cost_to_serve(table, channel="channel", cost="cost", shift=50, interval="t")
    >>> found.tables["channels"][["channel", "mean"]].round(3).values.tolist()
    [['phone', 7.0], ['web', 1.333]]
    >>> float(found.tables["shifts"]["saving"].round(3)[0])
    5.667
    """
    _check(channel, cost, customer, again, interval, bootstrap, level, seed)
    wanted: dict[str, Type] = {channel: "text", cost: "number", customer: "text"}
    frame = table_of(contacts, wanted, what=_WHAT)
    frame.columns = pd.Index(["channel", "cost", "customer"])
    notes: list[Note] = []
    used = _usable(frame, cost, notes)
    names = sorted(used["channel"].unique())
    pairs = _pairs(shift, names, used)
    margin = _margins(margins)
    found, terms = _ratios(used, names, pairs, again, interval, level, bootstrap, seed)
    _note_found(used, names, found, interval, notes)
    channels = _channels(used, names, found)
    customers = _customers(used, margin, notes)
    losses = customers[customers["net"] < 0].sort_values(["net", "customer"], ignore_index=True)
    fit = {
        "contacts": float(len(used)), "customers": float(used["customer"].nunique()), "cost": float(used["cost"].sum()),
        "skew": _skew(used["cost"].to_numpy()),
    }  # fmt: skip
    if margin is not None:
        judged = int(customers["net"].notna().sum())
        share = 100.0 * len(losses) / judged if judged else float("nan")
        fit |= {"losses": float(len(losses)), "percent_losses": share, "loss": -float(losses["net"].sum())}
    return CostToServe(
        estimates=_estimates(found, terms),
        n=len(used),
        fit=pd.Series(fit),
        tables={
            "channels": channels, "customers": customers, "losses": losses,
            "shifts": _shifts(pairs, channels, found, len(terms), float(used["cost"].sum())),
        },
        notes=tuple(notes),
        samples=sample_table(len(used), len(frame) - len(used)),
        call={
            "channel": channel, "cost": cost, "customer": customer, "shift": [list(pair) for pair in pairs],
            "again": again, "interval": interval, "bootstrap": bootstrap if interval == "bootstrap" else None,
            "level": level, "seed": seed if interval == "bootstrap" else None,
        },
    )  # fmt: skip


def _check(
    channel: str, cost: str, customer: str, again: float, interval: str, bootstrap: int, level: float, seed: int
) -> None:
    if interval not in INTERVALS:
        hint = did_you_mean(str(interval), INTERVALS)
        raise UnsupportedError(f"`interval` is one of {', '.join(INTERVALS)}, not {interval!r}.{hint}")
    faults = list(coverage_faults(level))
    if len({channel, cost, customer}) < 3:
        faults.append("`channel`, `cost` and `customer` are three different columns.")
    if not within(again, 0.0, 100.0):
        faults.append(f"`again` is a percent from 0 to 100, not {again!r}.")
    if not is_whole(bootstrap) or bootstrap < 100:
        faults.append(f"`bootstrap` is a whole number of resamples, at least 100, not {bootstrap!r}.")
    if not is_whole(seed) or seed < 0:
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    if faults:
        raise ModelError(faults)


def _usable(frame: pd.DataFrame, cost: str, notes: list[Note]) -> pd.DataFrame:
    """Rows with a channel and a cost."""
    negative = frame["cost"] < 0
    if negative.any():
        row = int(negative.to_numpy().argmax())
        raise DataError(
            f"'{cost}' of the {_WHAT} is a cost, not below 0, but {int(negative.sum())} rows are, the first in row "
            f"{row + 1} ({frame['cost'][row]:g}); enter refunds as costs of their own or leave them out."
        )
    used = frame.dropna(subset=["channel", "cost"]).reset_index(drop=True)
    if len(used) < len(frame):
        message = f"{len(frame) - len(used)} contacts lack their channel or cost and are left out."
        notes.append(Note("COST_ROWS_DROPPED", message, "warning"))
    if not len(used):
        raise DataError(f"No row of the {_WHAT} has both a channel and a cost.")
    nameless = int(used["customer"].isna().sum())
    if nameless:
        message = f"{nameless} contacts name no customer; they count for the channels, not for the cost per customer."
        notes.append(Note("COST_NO_CUSTOMER", message))
    return used


def _pairs(shift: Shift, names: Sequence[str], used: pd.DataFrame) -> list[tuple[str, str, float]]:
    """From, to, percent."""
    if shift is None:
        return []
    if isinstance(shift, Real):
        if not within(shift, 0.0, 100.0):
            raise ModelError(f"`shift` is a percent from 0 to 100, not {shift!r}.")
        mean = used.groupby("channel")["cost"].mean()
        return [(one, two, float(shift)) for one, two in permutations(names, 2) if mean[one] > mean[two]]
    faults, pairs = [], []
    for given in shift if isinstance(shift, list | tuple) else [shift]:
        if not (isinstance(given, tuple | list) and len(given) == 3 and within(given[2], 0.0, 100.0)):
            faults.append(f"`shift` is a percent, or a list of (from, to, percent), but holds {shown(given)}.")
            continue
        first, second, percent = str(given[0]), str(given[1]), float(str(given[2]))
        faults += [
            f"`shift` names '{shown(name)}', which no contact has as its channel.{did_you_mean(name, names)}"
            for name in (first, second)
            if name not in names
        ]
        if first == second:
            faults.append(f"`shift` moves contacts from '{shown(first)}' to itself; name two channels.")
        pairs.append((first, second, percent))
    for first in {pair[0] for pair in pairs}:
        if sum(percent for one, _, percent in pairs if one == first) > 100.0:
            faults.append(f"`shift` moves more than 100 % of the contacts of '{shown(first)}'.")
    if faults:
        raise ModelError(faults)
    return pairs


def _margins(margins: object | None) -> pd.Series[Any] | None:
    if margins is None:
        return None
    frame = table_of(margins, {"customer": "text", "margin": "number"}, what="margins")
    known = frame.dropna()
    faults = []
    if len(known) < len(frame):
        faults.append(f"{len(frame) - len(known)} rows of the margins lack the customer or the margin; complete them.")
    twice = known.loc[known["customer"].duplicated(), "customer"].unique()
    if len(twice):
        listed = ", ".join(shown(name) for name in twice[:3])
        faults.append(f"{len(twice)} customers have more than one margin ({listed}); add them up or keep one.")
    if faults:
        raise DataError(faults)
    return known.set_index("customer")["margin"]


def _ratios(
    used: pd.DataFrame, names: Sequence[str], pairs: Sequence[tuple[str, str, float]], again: float, interval: str,
    level: float, draws: int, seed: int,
) -> tuple[Ratios, list[str]]:  # fmt: skip
    """All costs and then the saving per contact of each pair."""
    unit, _ = pd.factorize(used["customer"], use_na_sentinel=True)
    nameless = unit < 0
    named = int(unit.max()) + 1
    unit[nameless] = named + np.arange(int(nameless.sum()))
    n, place = int(unit.max()) + 1, pd.Categorical(used["channel"], categories=list(names)).codes
    cost, count = np.zeros((n, len(names))), np.zeros((n, len(names)))
    np.add.at(cost, (unit, place), used["cost"].to_numpy())
    np.add.at(count, (unit, place), 1.0)
    is_named = (np.arange(n) < named).astype(float)
    above: list[Array] = [cost.sum(axis=1), *cost.T]
    below: list[Array] = [count.sum(axis=1), *count.T]
    terms = ["cost_per_contact", *(f"cost_per_contact: {name}" for name in names)]
    if named:
        above.append(cost.sum(axis=1) * is_named)
        below.append(is_named)
        terms.append("cost_per_customer")
    mix = [*np.eye(len(terms))]
    for first, second, _ in pairs:
        row = np.zeros(len(terms))
        row[1 + names.index(first)] = 1.0 - again / 100.0
        row[1 + names.index(second)] -= 1.0
        mix.append(row)
    matrix = np.array(mix)
    whole = len(terms)
    numerators, denominators = np.column_stack(above), np.column_stack(below)
    if interval != "log":
        return ratios(numerators, denominators, matrix, interval=interval, level=level, draws=draws, seed=seed), terms
    # a saving may be negative, and has no logarithm
    parts = [
        ratios(numerators, denominators, rows, interval=scale, level=level, draws=draws, seed=seed)
        for rows, scale in ((matrix[:whole], "log"), (matrix[whole:], "t"))
        if len(rows)
    ]
    joined = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("estimates", "units", "std_errors", "df", "low", "high")
    )
    return Ratios(*joined), terms


def _note_found(used: pd.DataFrame, names: Sequence[str], found: Ratios, interval: str, notes: list[Note]) -> None:
    units = used["customer"].nunique() + int(used["customer"].isna().sum())
    if units < 2:
        notes.append(
            Note("COST_ONE_CUSTOMER", "All contacts are those of one customer; no interval can be given.", "warning")
        )
    else:
        alone = [name for name, low in zip(names, found.std_errors[1:], strict=False) if low != low]
        if alone:
            message = f"Contacts on {', '.join(alone)} are those of one customer; there is no interval for them."
            notes.append(Note("COST_ONE_CUSTOMER", message, "warning"))
    few = [name for name, m in zip(names, found.units[1:], strict=False) if 1 < m < _FEW]
    if few:
        message = f"Contacts on {', '.join(few)} are those of fewer than {_FEW} customers; their intervals are rough."
        notes.append(Note("COST_FEW_CUSTOMERS", message, "warning"))
    skew = _skew(used["cost"].to_numpy())
    if interval == "t" and skew > _SKEWED:
        message = f"Costs are skewed ({skew:.2f}); t intervals are then too low. Take interval='bootstrap' or 'log'."
        notes.append(Note("COST_SKEWED", message, "warning"))
    if interval == "log" and np.any(found.estimates[: len(names) + 1] == 0):
        message = "A channel that costs nothing has no interval on the logarithmic scale."
        notes.append(Note("COST_NO_LOGARITHM", message, "warning"))


def _skew(values: Array) -> float:
    return skewness(values) if len(values) > 2 and np.ptp(values) > 0 else float("nan")


def _estimates(found: Ratios, terms: Sequence[str]) -> pd.DataFrame:
    nan = float("nan")
    rows = [
        (term, found.estimates[i], found.std_errors[i], nan, found.df[i], nan, found.low[i], found.high[i])
        for i, term in enumerate(terms)
    ]
    rows.sort(key=lambda row: row[0].startswith("cost_per_contact:"))
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))


def _channels(used: pd.DataFrame, names: Sequence[str], found: Ratios) -> pd.DataFrame:
    total, made = float(used["cost"].sum()), []
    for place, name in enumerate(names, start=1):
        rows = used[used["channel"] == name]
        cost = rows["cost"].to_numpy()
        made.append(
            {
                "channel": name, "contacts": len(cost), "customers": rows["customer"].nunique(), "cost": cost.sum(),
                "percent_contacts": 100.0 * len(cost) / len(used),
                "percent_cost": 100.0 * cost.sum() / total if total else float("nan"), "mean": found.estimates[place],
                "std_error": found.std_errors[place], "ci_low": found.low[place], "ci_high": found.high[place],
                "median": float(np.median(cost)), "sd": cost.std(ddof=1) if len(cost) > 1 else float("nan"),
                "skew": _skew(cost),
                "geometric_mean": float(np.exp(np.log(cost).mean())) if (cost > 0).all() else float("nan"),
            }
        )  # fmt: skip
    return pd.DataFrame(made)


def _customers(used: pd.DataFrame, margin: pd.Series[Any] | None, notes: list[Note]) -> pd.DataFrame:
    grouped = used.dropna(subset=["customer"]).groupby("customer")["cost"].agg(["size", "sum"])
    grouped.columns = pd.Index(["contacts", "cost"])
    if margin is None:
        grouped["margin"] = float("nan")
    else:
        silent = int((~margin.index.isin(grouped.index)).sum())
        unknown = int((~grouped.index.isin(margin.index)).sum())
        if silent:
            notes.append(Note("COST_NO_CONTACT", f"{silent} customers with a margin had no contact; their cost is 0."))
        if unknown:
            message = f"{unknown} customers with contacts have no margin; whether they cost more is not known."
            notes.append(Note("COST_NO_MARGIN", message, "warning"))
        if (margin < 0).any():
            message = f"{int((margin < 0).sum())} customers have a negative margin before any cost to serve."
            notes.append(Note("COST_NEGATIVE_MARGIN", message))
        grouped = grouped.reindex(grouped.index.union(margin.index), fill_value=0)
        grouped["margin"] = margin.reindex(grouped.index)
    grouped["net"] = grouped["margin"] - grouped["cost"]
    made = grouped.rename_axis("customer").reset_index()
    return made.sort_values(["cost", "customer"], ascending=[False, True], ignore_index=True)


def _shifts(
    pairs: Sequence[tuple[str, str, float]], channels: pd.DataFrame, found: Ratios, first: int, total: float
) -> pd.DataFrame:
    contacts = dict(zip(channels["channel"], channels["contacts"], strict=True))
    made = []
    for place, (one, two, percent) in enumerate(pairs, start=first):
        moved = contacts[one] * percent / 100.0
        each, low, high = found.estimates[place], found.low[place], found.high[place]
        saving = moved * each
        share = 100.0 * saving / total if total else float("nan")
        made.append((one, two, percent, moved, each, saving, moved * low, moved * high, share))
    table = pd.DataFrame(made, columns=list(_SHIFTS))
    return table.sort_values("saving", ascending=False, kind="stable", ignore_index=True)
