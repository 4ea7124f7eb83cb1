"""Columns whose names a format changed: SPSS and Stata allow less than an id may have.

A column is taken for an item when its name is the id as such a program would write it, or when its label is the item's
text in a language of the instrument, and when no other column could be meant. Never by place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from crmstudy.exchange.table import Table
from crmstudy.instrument import Instrument
from crmstudy.letters import key
from crmstudy.notes import Note
from crmstudy.quoting import shown

#: Names of Stata have 32 letters: one that long may be the beginning of an id.
_SHORTENED = 32
_NO_WORD = re.compile(r"[\W_]+")
_SHOWN = 8


def with_ids(table: Table, instruments: Iterable[Instrument], id: str | None) -> Table:
    """The table with its columns under the ids they stand for, and a note that says which were found so."""
    wanted = _wanted(instruments)
    if id is not None:
        wanted.setdefault(id, set())
    missing = {name: texts for name, texts in wanted.items() if name not in table.names}
    free = [name for name in table.names if name not in wanted]
    found: dict[str, str] = {}
    for name, texts in missing.items():
        meant = [column for column in free if _is_written(name, column)]
        meant = meant or [column for column in free if _label(table, column) in texts]
        if len(meant) == 1:
            found[name] = meant[0]
    taken = list(found.values())
    found = {name: column for name, column in found.items() if taken.count(column) == 1}
    if not found:
        return table
    said = ", ".join(f"'{shown(column)}' for '{shown(name)}'" for name, column in list(found.items())[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    message = f"Columns were taken for those whose names the format cannot hold, by name or label: {said}{more}."
    back = {column: name for name, column in found.items()}
    return replace(
        table,
        names=[back.get(name, name) for name in table.names],
        meanings={back.get(name, name): meaning for name, meaning in table.meanings.items()},
        notes=[*table.notes, Note("RESPONSES_NAMES_CHANGED", message)],
    )


def _wanted(instruments: Iterable[Instrument]) -> dict[str, set[str]]:
    """Every column that instruments ask for, with the texts (as keys) that its label may be."""
    wanted: dict[str, set[str]] = {}
    for instrument in instruments:
        for item in instrument.items:
            texts = {key(instrument.text(item.wording, tag)) for tag in item.wording}
            wanted[item.id] = texts - {""}
        for question in instrument.questions:
            wanted |= {column: set() for column in question.columns}
    return wanted


def _label(table: Table, column: str) -> str:
    meaning = table.meanings.get(column)
    return key(meaning.label) if meaning is not None and meaning.label else "\0"


def _is_written(id: str, column: str) -> bool:
    """Whether a column's name is an id without the letters that a program does not allow."""
    wanted, given = _NO_WORD.sub("_", id).strip("_").casefold(), _NO_WORD.sub("_", column).strip("_").casefold()
    if not wanted or not given:
        return False
    same = given in (wanted, f"v{wanted}", f"v_{wanted}")
    return same or (len(column) >= _SHORTENED - 1 and len(id) > _SHORTENED and wanted.startswith(given))
