"""What became of each item between two rounds of a pilot."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmstudy.instrument import Instrument
from crmstudy.instrument.revising.differences import compare
from crmstudy.responses import Responses

CHANGE_COLUMNS = (
    "scale", "item", "change", "mean_before", "mean_after", "item_rest_before", "item_rest_after", "flags_before",
    "flags_after",
)  # fmt: skip
_NAN = float("nan")


def changes(items: pd.DataFrame, before: object, after: object) -> pd.DataFrame:
    """A row an item and scale: kept, reworded, key, answers, dropped, added; and its figures in both rounds.

    Parameters
    ----------
    items : DataFrame
        The table of items of both rounds.
    before, after : DataFrame or Responses
        Where both have instruments, these say what was reworded or keyed otherwise; columns do not.
    """
    rounds = {name: rows.set_index(["scale", "item"]) for name, rows in items.groupby("round", sort=False)}
    ours, theirs = rounds["before"], rounds["after"]
    said = _declared(before, after)
    rows: list[tuple[Any, ...]] = []
    for scale, item in dict.fromkeys([*ours.index, *theirs.index]):
        pair = [table.loc[(scale, item)] if (scale, item) in table.index else None for table in (ours, theirs)]
        change = "added" if pair[0] is None else "dropped" if pair[1] is None else said.get(item, "kept")
        figures = [
            (_NAN if name != "flags" else "") if row is None else row[name]
            for name in ("mean", "item_rest", "flags")
            for row in pair
        ]
        rows.append((scale, item, change, *figures))
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def _declared(before: object, after: object) -> dict[str, str]:
    """What the instruments say about items that both have."""
    if not isinstance(before, Responses) or not isinstance(after, Responses):
        return {}
    said: dict[str, list[str]] = {}
    for one, other in _pairs(before, after):
        for found in compare(one, other).found:
            if found.part != "item" or found.what in ("dropped", "added"):
                continue
            word = (
                "reworded" if found.what.startswith("wording") and "spelling only" not in found.what
                else found.what if found.what in ("key", "answers", "moved") else ""
            )  # fmt: skip
            if word and word not in said.setdefault(found.subject, []):
                said[found.subject].append(word)
    return {item: ", ".join(words) for item, words in said.items() if words}


def _pairs(before: Responses, after: Responses) -> list[tuple[Instrument, Instrument]]:
    """Instruments of the two rounds that belong together: by id, or the only ones there are."""
    known = {one.id: one for one in after.instruments}
    pairs = [(one, known[one.id]) for one in before.instruments if one.id in known]
    if not pairs and len(before.instruments) == len(after.instruments) == 1:
        pairs = [(before.instruments[0], after.instruments[0])]
    return pairs
