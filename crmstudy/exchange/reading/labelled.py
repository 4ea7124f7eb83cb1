"""Any table whose columns are named by id and whose answers are labels instead of numbers."""

from __future__ import annotations

from crmstudy.exchange.reading.entries import Heading, bare, entries_of
from crmstudy.exchange.reading.export import Export, answers_of
from crmstudy.exchange.reading.labels import EMPTY, NUMBER
from crmstudy.exchange.sources import Asked
from crmstudy.exchange.table import Cells, Table
from crmstudy.letters import digits


def recognises(table: Table, asked: Asked) -> bool:
    """Whether in the column of some item stands a text that is one of its labels."""
    labels = {one.id: one.labels for one in entries_of(asked.instruments) if one.labels is not None}
    for name, column in zip(table.names, table.columns, strict=True):
        known = labels.get(name)
        if known is None or not isinstance(column, Cells):
            continue
        words = [word for word in column.words if digits(word) not in EMPTY and not NUMBER.fullmatch(digits(word))]
        if any(known.find(word) for word in words[: len(known.codes) + 1]):
            return True
    return False


def shape(table: Table, asked: Asked) -> Table:
    """The answers; raises DataError with all faults."""
    headings = [Heading(position, name, (name,), (bare(name),)) for position, name in enumerate(table.names)]
    return answers_of(Export("a program that writes labels", table, headings), asked.instruments)
