"""What a contact on a channel costs by a list of unit costs, for contacts whose own cost nobody wrote down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmstudy.assessment.spelling import spelled_alike
from crmstudy.assessment.tables import table_of
from crmstudy.errors import DataError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown

UnitCosts = Mapping[str, float] | object | None


def costed(
    contacts: pd.DataFrame, unit_costs: UnitCosts, notes: list[Note]
) -> tuple[pd.DataFrame, dict[str, float] | None]:
    """The contacts with a cost wherever there is one, and the unit costs by channel.

    A contact's own cost counts before that of its channel; ``listed`` says which it is.

    Parameters
    ----------
    contacts : DataFrame
        Columns ``channel`` and ``cost``, both may be missing.
    unit_costs : mapping of channels to costs, DataFrame, path or None
        A table has the columns ``channel`` and ``cost``.

    Raises
    ------
    DataError
        With all faults: costs below 0, a channel with two costs, contacts without a cost on a channel that has none.
    """
    if unit_costs is None:
        return contacts.assign(listed=False), None
    listed = _listed(unit_costs)
    alike, found = spelled_alike(pd.concat([contacts["channel"], listed["channel"]], ignore_index=True), "channels")
    notes += found
    contacts = contacts.assign(channel=alike.iloc[: len(contacts)].to_numpy())
    prices = _prices(listed.assign(channel=alike.iloc[len(contacts) :].to_numpy()))
    lacking = contacts["cost"].isna() & contacts["channel"].notna()
    unknown = sorted(set(contacts.loc[lacking, "channel"]) - set(prices))
    if unknown:
        hints = "".join(did_you_mean(name, prices) for name in unknown)
        named = ", ".join(f"'{shown(name)}'" for name in unknown)
        raise DataError(f"Contacts without a cost are on {named}, of which `unit_costs` has no cost; add it.{hints}")
    unused = [name for name in prices if name not in set(contacts["channel"])]
    if unused:
        message = f"`unit_costs` has channels without a contact: {', '.join(map(shown, unused))}."
        notes.append(Note("COST_UNIT_UNUSED", message))
    own = int((~lacking & contacts["cost"].notna()).sum())
    if own and lacking.any():
        message = f"Contacts with a cost of their own: {own}; with the unit cost of their channel: {lacking.sum()}."
        notes.append(Note("COST_UNIT_MIXED", message))
    costs = contacts["cost"].where(~lacking, contacts["channel"].map(prices))
    return contacts.assign(cost=costs, listed=lacking), prices


def _listed(unit_costs: object) -> pd.DataFrame:
    if isinstance(unit_costs, Mapping):
        unit_costs = pd.DataFrame(
            {"channel": list(unit_costs), "cost": pd.Series([*unit_costs.values()], dtype=object)}
        )
    return table_of(unit_costs, {"channel": "text", "cost": "number"}, what="unit costs")


def _prices(listed: pd.DataFrame) -> dict[str, float]:
    faults = []
    if listed.isna().any(axis=None):
        faults.append("`unit_costs` names a channel and its cost in every row, but a cell is empty; fill it in.")
    known: pd.DataFrame = listed.dropna().drop_duplicates()
    negative = known.loc[known["cost"] < 0, "channel"]
    if len(negative):
        faults.append(f"A unit cost is not below 0, but is for {_named(negative)}; correct it.")
    twice = known.loc[known["channel"].duplicated(), "channel"].drop_duplicates()
    if len(twice):
        faults.append(f"`unit_costs` has different costs for {_named(twice)}; keep one.")
    if faults:
        raise DataError(faults)
    return dict(zip(known["channel"], known["cost"], strict=True))


def _named(names: pd.Series[Any]) -> str:
    return ", ".join(f"'{shown(name)}'" for name in names)
