"""The appendix: what the items ask, with the standing of the texts in every title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmstudy.report.document import Cell, Element, Inline, Section, Table, TableNotes, phrase, plain
from crmstudy.report.record import StudyRecord
from crmstudy.report.tables import build_table, column
from crmstudy.report.telling.card import instruments
from crmstudy.report.telling.naming import in_language

if TYPE_CHECKING:
    from crmstudy.instrument import Instrument
    from crmstudy.instrument.model import Item


def items_appendix(record: StudyRecord) -> Section | None:
    """A table of the items of every instrument that has texts; None where none has."""
    elements: list[Element] = [
        _items(instrument, record.lang)
        for instrument in instruments(record)
        if instrument.wording != "none" and any(item.wording for item in instrument.items)
    ]
    if not elements:
        return None
    return Section("appendix-items", phrase("Appendix: Items"), tuple(elements))


def _items(instrument: Instrument, lang: str) -> Table:
    name = in_language(instrument.name, lang) or instrument.id
    if instrument.wording == "paraphrase":
        title = phrase("Paraphrase of the Items of {} – Not the Validated Wording", name)
        text, standing = "Paraphrase, not the validated wording", phrase("The texts are a paraphrase.")
    else:
        title, text = phrase("Items of {}, Published Wording", name), "Published wording"
        standing = phrase("The texts are the published wording as the study loaded it.")
    columns = [column("item", "Item"), column("scale", "Scale"), column("text", text), column("response", "Response")]
    notes: list[Inline] = [standing]
    if instrument.wording == "paraphrase" and lang in instrument.languages:
        notes.append(phrase("Status of the texts in this language: {}.", instrument.languages[lang].status))
    if any(item.reverse for item in instrument.items):
        notes.append(phrase("(R): the item is reversed before anything is computed."))
    rows = [
        [Cell(item.id, label=plain(f"{item.id} (R)") if item.reverse else ()), _scales(instrument, item, lang),
         Cell(item.wording.get(lang, "")), Cell(_ends(item, lang))]
        for item in instrument.items
    ]  # fmt: skip
    return build_table(f"appendix_{instrument.id}", title, columns, rows, notes=TableNotes(tuple(notes)))


def _scales(instrument: Instrument, item: Item, lang: str) -> Cell:
    own = [scale for scale in instrument.scales if item.id in scale.item_ids]
    names = ", ".join(in_language(scale.name, lang) or scale.id for scale in own)
    return Cell(", ".join(scale.id for scale in own), label=plain(names))


def _ends(item: Item, lang: str) -> str:
    response = item.response
    low, high = response.label(response.low, lang), response.label(response.high, lang)
    return f"{response.low} = {low or 'low'}, {response.high} = {high or 'high'}"
