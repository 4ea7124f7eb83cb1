"""What it costs to serve customers: per contact, per customer, per channel, and what moving contacts would save."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from numbers import Real
from typing import Any, ClassVar

import pandas as pd

from crmstudy.assessment.answered import COMMAS, within
from crmstudy.assessment.processes.cost_tables import (
    all_ratios,
    channel_table,
    customer_table,
    estimates_of,
    note_found,
    shift_table,
    skew_of,
    without_given,
)
from crmstudy.assessment.processes.unit_costs import UnitCosts, costed
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.spelling import spelled_alike
from crmstudy.assessment.tables import Type, table_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing
from crmstudy.errors import DataError, ModelError, UnsupportedError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.results import sample_table
from crmstudy.selection import coverage_faults, is_whole

_ROOM, _WHAT = "processes", "contacts"
INTERVALS = ("bootstrap", "t", "log")
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
        said = [*self._means(lang), *self._dearest(lang)]
        if self.estimates["ci_low"].notna().any():
            said.append(say(_ROOM, f"cost_interval_{self.call['interval']}", lang))
        if self.fit.get("losses", 0.0):
            said.append(
                say(
                    _ROOM, "cost_losses", lang, n=(self.fit["losses"], "n"),
                    share=(self.fit["percent_losses"], "percent"), loss=(self.fit["loss"], "estimate"),
                )
            )  # fmt: skip
        elif "losses" in self.fit:
            said.append(say(_ROOM, "cost_no_losses", lang))
        if shift := self.next_steps(lang):
            said += [*shift, say(_ROOM, "cost_assumptions", lang)]
        said.append(say(_ROOM, "cost_printed", lang))
        return tuple(said)

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """The move of contacts to another channel that would save most."""
        return tuple(
            say(
                _ROOM, "cost_shift" if best["ci_low"] == best["ci_low"] else "cost_shift_alone", lang,
                first=str(best["from_channel"]), second=str(best["to_channel"]), percent=(best["percent"], "percent"),
                saving=(best["saving"], "estimate"), interval=((best["ci_low"], best["ci_high"]), "interval"),
            )
            for best in self.tables["shifts"].head(1).to_dict("records")
        )  # fmt: skip

    def _means(self, lang: str) -> Iterator[str]:
        """The cost per contact and per customer, with the interval where there is one."""
        rows = self.estimates.set_index("term")
        for term, key, n in (
            ("cost_per_contact", "cost_contact", "contacts"),
            ("cost_per_customer", "cost_customer", "customers"),
        ):
            if term in rows.index:
                cost, *ends = rows.loc[term, ["estimate", "ci_low", "ci_high"]]
                yield say(
                    _ROOM, key if ends[0] == ends[0] else f"{key}_alone", lang, cost=(cost, "estimate"),
                    interval=(tuple(ends), "interval"), level=(round(100.0 * self.call["level"], 6), "df"),
                    n=(self.fit[n], "n"),
                )  # fmt: skip

    def _dearest(self, lang: str) -> Iterator[str]:
        """The channels whose contacts cost most, if not all cost the same."""
        channels = self.tables["channels"]
        dearest = channels[channels["mean"] == channels["mean"].max()]
        if len(dearest) < len(channels):
            yield say(
                _ROOM, "cost_channel" if len(dearest) == 1 else "cost_channels", lang,
                channel=COMMAS[lang].join(dearest["channel"]), cost=(dearest["mean"].iloc[0], "estimate"),
                contacts=(dearest["percent_contacts"].sum(), "percent"),
                share=(dearest["percent_cost"].sum(), "percent"),
            )  # fmt: skip

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
    cost: str | None = None,
    unit_costs: UnitCosts = None,
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
        Columns. Costs are in any currency, not negative; a contact may lack its customer. Without ``cost`` every
        contact costs what its channel does by ``unit_costs``.
    unit_costs : mapping of channels to costs, DataFrame or path, optional
        What a contact costs on a channel (a table has the columns ``channel`` and ``cost``), for contacts that have no
        cost of their own.
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
        With all faults: negative costs, margins or unit costs given twice, unknown channels, faulty options.

    Notes
    -----
    Source document 4.18 (and the metric cost to serve of 4.9.8). A cost per contact is
    :math:`R=\sum_i c_i/\sum_i n_i` over customers i with :math:`n_i` contacts; customers are resampled, not contacts,
    for those of one customer go together. Contacts without a customer stand for themselves, and have no part in the
    cost per customer. The linearised standard error is that of a ratio (Cochran, 1977, ch. 6),
    :math:`\sqrt{\frac m{m-1}\sum_i(c_i-Rn_i)^2}/\sum_in_i` with m customers on the channel, on m - 1 degrees of
    freedom. A channel of one customer has no interval, nor has one whose costs are all unit costs: those are given, not
    estimated. ``geometric_mean`` is NaN where a contact costs nothing. A shift
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
    >>> listed = cost_to_serve(table[["customer", "channel"]], channel="channel", unit_costs={"phone": 7, "web": 1})
    >>> float(listed.fit["cost"])
    17.0
    """
    _check(channel, cost, unit_costs, customer, again, interval, bootstrap, level, seed)
    wanted: dict[str, Type] = {channel: "text", customer: "text"}
    renamed = {channel: "channel", customer: "customer"}
    if cost is not None:
        wanted[cost], renamed[cost] = "number", "cost"
    frame = table_of(contacts, wanted, what=_WHAT).rename(columns=renamed)
    frame = frame.reindex(columns=["channel", "cost", "customer"]).astype({"cost": float})
    _refuse_negative(frame["cost"], cost)
    frame["channel"], notes = spelled_alike(frame["channel"], "channels")
    priced, prices = costed(frame, unit_costs, notes)
    used = _usable(priced, notes)
    names = sorted(used["channel"].unique())
    pairs = _pairs(shift, names, used)
    margin = _margins(margins)
    found, terms = all_ratios(used, names, pairs, again, interval, level, bootstrap, seed)
    note_found(used, names, found, interval, notes)
    found = without_given(used, names, pairs, found, notes)
    channels = channel_table(used, names, found)
    customers = customer_table(used, margin, notes)
    losses = customers[customers["net"] < 0].sort_values(["net", "customer"], ignore_index=True)
    fit = {
        "contacts": float(len(used)), "customers": float(used["customer"].nunique()), "cost": float(used["cost"].sum()),
        "skew": skew_of(used["cost"].to_numpy()),
    }  # fmt: skip
    if margin is not None:
        judged = int(customers["net"].notna().sum())
        share = 100.0 * len(losses) / judged if judged else float("nan")
        fit |= {"losses": float(len(losses)), "percent_losses": share, "loss": abs(float(losses["net"].sum()))}
    return CostToServe(
        estimates=estimates_of(found, terms),
        n=len(used),
        fit=pd.Series(fit),
        tables={
            "channels": channels, "customers": customers, "losses": losses,
            "shifts": shift_table(pairs, channels, found, len(terms), float(used["cost"].sum())),
        },
        notes=tuple(notes),
        samples=sample_table(len(used), len(frame) - len(used)),
        call={
            "channel": channel, "cost": cost, "unit_costs": prices, "customer": customer,
            "shift": [list(pair) for pair in pairs],
            "again": again, "interval": interval, "bootstrap": bootstrap if interval == "bootstrap" else None,
            "level": level, "seed": seed if interval == "bootstrap" else None,
        },
    )  # fmt: skip


def _check(
    channel: str, cost: str | None, unit_costs: UnitCosts, customer: str, again: float, interval: str, bootstrap: int,
    level: float, seed: int,
) -> None:  # fmt: skip
    if interval not in INTERVALS:
        hint = did_you_mean(str(interval), INTERVALS)
        raise UnsupportedError(f"`interval` is one of {', '.join(INTERVALS)}, not {interval!r}.{hint}")
    faults = list(coverage_faults(level))
    named = [channel, customer, *([] if cost is None else [cost])]
    if not all(isinstance(name, str) for name in named) or len(set(named)) < len(named):
        faults.append("`channel`, `cost` and `customer` are the names of three different columns.")
    if cost is None and unit_costs is None:
        faults.append("Give `cost`, the column of the costs, or `unit_costs`, what a contact on each channel costs.")
    if not within(again, 0.0, 100.0):
        faults.append(f"`again` is a percent from 0 to 100, not {again!r}.")
    if not is_whole(bootstrap) or bootstrap < 100:
        faults.append(f"`bootstrap` is a whole number of resamples, at least 100, not {bootstrap!r}.")
    if not is_whole(seed) or seed < 0:
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    if faults:
        raise ModelError(faults)


def _refuse_negative(costs: pd.Series[Any], name: str | None) -> None:
    negative = costs < 0
    if negative.any():
        row = int(negative.to_numpy().argmax())
        raise DataError(
            f"'{name}' of the {_WHAT} is a cost, not below 0, but row {row + 1} has {costs[row]:g} (rows below 0: "
            f"{int(negative.sum())}); enter refunds as costs of their own or leave them out."
        )


def _usable(frame: pd.DataFrame, notes: list[Note]) -> pd.DataFrame:
    """Rows with a channel and a cost."""
    used = frame.dropna(subset=["channel", "cost"]).reset_index(drop=True)
    if len(used) < len(frame):
        message = f"Contacts that lack their channel or cost are left out: {len(frame) - len(used)}."
        notes.append(Note("COST_ROWS_DROPPED", message, "warning"))
    if not len(used):
        raise DataError(f"No row of the {_WHAT} has both a channel and a cost.")
    nameless = int(used["customer"].isna().sum())
    if nameless:
        message = f"Contacts that name no customer count for their channels, not for the cost per customer: {nameless}."
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
        faults.append(f"Rows of the margins that lack customer or margin: {len(frame) - len(known)}; complete them.")
    twice = known.loc[known["customer"].duplicated(), "customer"].unique()
    if len(twice):
        listed = ", ".join(shown(name) for name in twice[:3])
        faults.append(f"Customers with more than one margin: {len(twice)} ({listed}); add them up or keep one.")
    if faults:
        raise DataError(faults)
    return known.set_index("customer")["margin"]
