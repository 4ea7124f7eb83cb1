"""What is said about content validity: the experts' ratings, item by item and scale by scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    Inline,
    Number,
    Section,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.tables import build_table, column, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_KAPPA = "κ*"
#: More items than this are counted in the sentence, and named by the marks of the table.
_NAMED = 4
#: The letter that marks a figure below the minimum of a rule.
_RULES = {
    "I-CVI": ("i_cvi", "a", "I-CVI below 1.00 of three to five experts, or below .78 of more {}.", "lynn_1986"),
    _KAPPA: ("kappa", "b", "Modified kappa not above .74 {}.", "polit_2007"),
    "CVR (Lawshe's table)": ("cvr", "c", "CVR below the minimum of the printed table {}.", "lawshe_1975"),
    "CVR (exact)": (
        "cvr",
        "d",
        "CVR within chance by the exact one-sided binomial test at .05 {}.",
        "ayre_scally_2014",
    ),
    "S-CVI/Ave": ("s_cvi_ave", "e", "S-CVI/Ave below .90 {}.", "polit_beck_2006"),
    "S-CVI/UA": ("s_cvi_ua", "f", "S-CVI/UA below .80 {}.", "polit_beck_2006"),
}


def content_section(told: Told) -> Section:
    """Sentences, the table of items, the table of scales."""
    elements: list[Element] = [told.sentences(*_sentences(told)), _items(told)]
    elements.append(_scales(told))
    return told.section(elements)


def _sentences(told: Told) -> list[Inline]:
    items, whole = told.result.tables["items"], told.result.tables["scales"].iloc[-1]
    said = [phrase("{} experts judged {} items.", Number(told.result.n, "n"), Number(len(items), "n"))]
    if items["i_cvi"].notna().any():
        low, high = (Number(float(items["i_cvi"].agg(end)), "r") for end in ("min", "max"))
        said.append(
            phrase("I-CVI runs from {} to {}; S-CVI/Ave = {}, S-CVI/UA = {}.", low, high,
                   Number(whole["s_cvi_ave"], "r"), Number(whole["s_cvi_ua"], "r"))
        )  # fmt: skip
    if items["cvr"].notna().any():
        low, high = (Number(float(items["cvr"].agg(end)), "r") for end in ("min", "max"))
        said.append(phrase("CVR runs from {} to {}, mean {}.", low, high, Number(whole["mean_cvr"], "r")))
    rules = told.result.tables["rules"]
    failing = rules[(rules["met"] == "no") & (rules["item"] != "")]
    if failing.empty:
        said.append(phrase("No item is below a minimum that applies to a panel of this size."))
    else:
        parts = [
            phrase("{} by {}", Number(len(rows), "n"), f"{rule}{_named(rows['item'].tolist())}")
            for rule, rows in failing.groupby("rule", sort=False)
        ]
        said.append(phrase("Below a minimum (marked in the table): {}.", prose.joined(parts)))
    return said


def _named(items: list[str]) -> str:
    return f" ({', '.join(items)})" if len(items) <= _NAMED else ""


def _items(told: Told) -> Table:
    items = told.result.tables["items"]
    aspects = told.result.call["aspects"]
    grouped = len(set(items["scale"])) > 1
    columns = [*([column("scale", "Scale")] if grouped else []), column("item", "Item")]
    if "relevance" in aspects:
        columns += [
            Column("experts", phrase("*n*"), "n"), Column("i_cvi", phrase("I-CVI"), "r"),
            Column("kappa", plain(_KAPPA), "r"), Column("aiken_v", phrase("*V*"), "r"),
            Column("v", prose.percent_ci(told.level), "interval_r"),
        ]  # fmt: skip
    if "necessity" in aspects:
        columns += [
            Column("panel", phrase("*n*"), "n"), Column("cvr", phrase("CVR"), "r"),
            Column("cvr_lawshe", phrase("min. Lawshe"), "r"), Column("cvr_exact", phrase("min. exact"), "r"),
            Column("cvr_p", phrase("*p*"), "p"),
        ]  # fmt: skip
    if "clarity" in aspects:
        columns.append(Column("clarity_cvi", phrase("Clarity"), "r"))
    marks = _marks(told.result.tables["rules"])
    rows = [[_cell(told, col, record, marks) for col in columns] for record in items.to_dict("records")]
    used = [rule for rule in _RULES if any(letter in marks.get(key, "") for key in marks for letter in _RULES[rule][1])]
    return build_table(
        told.table_id("items"), told.title("Content Validity of the Items"), columns, rows,
        notes=TableNotes(_item_notes(told), tuple(_specific(rule) for rule in used if rule in list(_RULES)[:4])),
        group="scale" if grouped else "", mark=told.mark,
    )  # fmt: skip


def _specific(rule: str) -> tuple[str, Inline]:
    _, letter, words, source = _RULES[rule]
    return letter, phrase(words, Citation(source))


def _marks(rules: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """The letters of a figure: by scale, item and column."""
    found: dict[tuple[str, str, str], str] = {}
    for row in rules[rules["met"] == "no"].to_dict("records"):
        key, letter, _, _ = _RULES[row["rule"]]
        place = (str(row["scale"]), str(row["item"]), key)
        found[place] = found[place] + "," + letter if place in found else letter
    return found


def _cell(told: Told, col: Column, record: Mapping[Any, Any], marks: Mapping[tuple[str, str, str], str]) -> Cell:
    if col.key == "v":
        return Cell((record["v_low"], record["v_high"]), "interval_r")
    value = record[col.key]
    if col.kind == "text":
        return Cell(str(value), label=told.label(str(value)) if col.key == "scale" and value else ())
    mark = marks.get((str(record["scale"]), str(record.get("item", "")), col.key), "")
    return Cell(None if is_absent(value) else value, col.kind, mark=mark)


def _item_notes(told: Told) -> tuple[Inline, ...]:
    aspects, notes = told.result.call["aspects"], []
    low, high = told.result.call["relevance"]
    if "relevance" in aspects:
        notes.append(
            phrase("I-CVI: share of the *n* experts who rated relevance {} or more on {}–{}; {}: the same "
                   "corrected for chance {}; *V*: Aiken's coefficient {}, score interval {}.",
                   Number(told.result.call["relevant"], "n"), Number(low, "n"), Number(high, "n"), _KAPPA,
                   Citation("polit_2007"), Citation("aiken_1985"),
                   Citation("penfield_giacobbi_2004"))
        )  # fmt: skip
    if "necessity" in aspects:
        notes.append(
            phrase("CVR: (*n*e − *n*/2) / (*n*/2), *n*e experts finding the item essential {}; its minima by the "
                   "printed table and by the binomial distribution; *p*: one-sided, that chance brings as many.",
                   Citation("lawshe_1975"))
        )  # fmt: skip
    if "clarity" in aspects:
        notes.append(phrase("Clarity: share of the experts who found the item clear."))
    both = ", first its relevance, then its necessity" if {"relevance", "necessity"} <= set(aspects) else ""
    notes.append(phrase("*n* counts the experts who rated the item{}. No item is left out.", both))
    return tuple(notes)


def _scales(told: Told) -> Table:
    frame = told.result.tables["scales"]
    columns = [
        column("scale", "Scale"), Column("items", phrase("Items"), "n"), Column("s_cvi_ave", phrase("S-CVI/Ave"), "r"),
        Column("s_cvi_ua", phrase("S-CVI/UA"), "r"), Column("aiken_v", phrase("Mean *V*"), "r"),
        Column("mean_cvr", phrase("Mean CVR"), "r"), Column("clarity_cvi", phrase("Clarity"), "r"),
    ]  # fmt: skip
    columns = [col for col in columns if frame[col.key].notna().any()]
    marks = _marks(told.result.tables["rules"])
    records = frame.assign(item="").to_dict("records")
    rows = [[_cell(told, col, record, marks) for col in columns] for record in records]
    letters = {letter for (_, item, _), found in marks.items() if not item for letter in found.split(",")}
    used = [rule for rule in ("S-CVI/Ave", "S-CVI/UA") if _RULES[rule][1] in letters]
    note = phrase("S-CVI/Ave: mean of the items' indices; S-CVI/UA: share of items that every expert found relevant "
                  "{}.",
                  Citation("polit_beck_2006"))  # fmt: skip
    return build_table(
        told.table_id("scales"), told.title("Content Validity of the Scales"), columns, rows,
        notes=TableNotes((note,), tuple(map(_specific, used))), mark=told.mark,
    )  # fmt: skip
