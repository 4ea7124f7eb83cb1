"""A pilot, told: alpha by scale and round, the items with their flags, what became of them."""

from __future__ import annotations

import pandas as pd

from crmstudy.report.document import Citation, Column, Element, Inline, Number, Section, Table, TableNotes, phrase
from crmstudy.report.tables import column, from_frame
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_ROUNDS = {"before": "the pilot", "after": "the round after it"}


def pilot_section(told: Told) -> Section:
    """Sentences, a table of the scales, a table of the items for each round, the reasons of the flags, the changes."""
    tables = told.result.tables
    elements: list[Element] = [told.sentences(*_sentences(told)), _scales(told)]
    for name, rows in tables["items"].groupby("round", sort=False):
        elements.append(_items(told, str(name), rows))
    flags = tables["flags"]
    if len(flags):
        said = [
            phrase("{} ({}): {}", str(row["item"]), _ROUNDS[str(row["round"])], str(row["reason"]))
            for row in flags.to_dict("records")
        ]
        elements.append(told.listing(said))
    changed = tables["changes"]
    if len(changed):
        elements.append(_changes(told, changed))
    return told.section(elements)


def _sentences(told: Told) -> list[Inline]:
    sizes = told.result.samples.set_index("group")["n"].to_dict()
    said = [phrase("{} respondents answered the pilot.", Number(int(sizes["before"]), "n"))]
    if "after" in sizes:
        said.append(phrase("{} others answered after it.", Number(int(sizes["after"]), "n")))
    flags, items = told.result.tables["flags"], told.result.tables["items"]
    for name in sizes:
        flagged, asked = (frame.loc[frame["round"] == name, "item"].nunique() for frame in (flags, items))
        said.append(
            phrase("Flagged in {}: {} of {} items.", _ROUNDS[str(name)], Number(flagged, "n"), Number(asked, "n"))
        )
    said.append(phrase("A flag is a reason to read the item again, and no reason to drop it."))
    return said


def _scales(told: Told) -> Table:
    columns = [
        column("round", "Round"), column("scale", "Scale"), Column("items", phrase("Items"), "n"),
        Column("n", phrase("*n*"), "n"), Column("alpha", phrase("α"), "r"),
        Column("alpha", prose.percent_ci(told.level), "interval_r"),
    ]  # fmt: skip
    note = phrase(
        "*n*: rows complete for the items of the scale. Interval of α from the F distribution {}.",
        Citation("feldt_1965"),
    )
    return from_frame(
        told.table_id("scales"), told.title("Internal Consistency in the Pilot"), columns, told.result.tables["scales"],
        notes=TableNotes((note,)), mark=told.mark, labels={"scale": told.label},
    )  # fmt: skip


def _items(told: Told, name: str, rows: pd.DataFrame) -> Table:
    grouped = len(set(rows["scale"])) > 1
    columns = [
        *([column("scale", "Scale")] if grouped else []), column("item", "Item"), column("n", kind="n"),
        column("missing", kind="n"), column("mean", kind="estimate"), column("sd", kind="estimate"),
        Column("item_rest", phrase("*r*"), "r"), Column("item_rest", prose.percent_ci(told.level), "interval_r"),
        Column("alpha_if_dropped", phrase("α without"), "r"),
        Column("alpha_if_dropped", prose.percent_ci(told.level), "interval_r"),
        Column("floor_percent", phrase("Floor"), "percent"), Column("ceiling_percent", phrase("Ceiling"), "percent"),
        column("flags", "Flags"),
    ]  # fmt: skip
    note = phrase("*r*: correlation of the item with the other items of its scale; α without: alpha without the item.")
    title = "Items of the Pilot" if name == "before" else "Items of the Round after the Pilot"
    return from_frame(
        told.table_id(name), told.title(title), columns, rows, notes=TableNotes((note,)), mark=told.mark,
        group="scale" if grouped else "", labels={"scale": told.label},
    )  # fmt: skip


def _changes(told: Told, changed: pd.DataFrame) -> Table:
    columns = [
        column("scale", "Scale"), column("item", "Item"), column("change", "Change"),
        Column("mean_before", phrase("*M* before"), "estimate"), Column("mean_after", phrase("*M* after"), "estimate"),
        Column("item_rest_before", phrase("*r* before"), "r"), Column("item_rest_after", phrase("*r* after"), "r"),
    ]  # fmt: skip
    note = phrase("The rounds are different respondents.")
    return from_frame(
        told.table_id("changes"), told.title("Items before and after"), columns, changed, notes=TableNotes((note,)),
        mark=told.mark, labels={"scale": told.label},
    )  # fmt: skip
