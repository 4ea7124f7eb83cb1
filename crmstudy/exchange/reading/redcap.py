"""REDCap, records exported as CSV: raw (names and codes) or labelled (field labels and choices).

The answers of a checkbox stand in columns of their own: ``name___code``, or ``Label (choice=Choice)``. Left out are
columns that may say who somebody is.
"""

from __future__ import annotations

import re

from crmstudy.exchange.reading.entries import Heading, bare
from crmstudy.exchange.reading.export import Export, answers_of, cells_of, drop_personal
from crmstudy.exchange.reading.labels import quoted
from crmstudy.exchange.sources import Asked
from crmstudy.exchange.table import Cells, Table
from crmstudy.letters import digits, key, plain
from crmstudy.notes import Note

PERSONAL = frozenset(map(key, ("redcap_survey_identifier", "Survey Identifier")))
_OWN = frozenset(map(key, (
    "record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_data_access_group",
    "redcap_survey_identifier", "Record ID", "Event Name", "Repeat Instrument", "Repeat Instance", "Data Access Group",
    "Survey Identifier", "Survey Timestamp", "Complete?",
)))  # fmt: skip
_EVENT = frozenset(map(key, ("redcap_event_name", "redcap_repeat_instrument", "Event Name", "Repeat Instrument")))
_BOX = re.compile(r"(?P<name>[a-z][a-z0-9_]*?)___(?P<code>_?[A-Za-z0-9]+)", re.IGNORECASE)
_STATE = {"0": "0", "1": "1", "2": "2", "incomplete": "0", "unverified": "1", "complete": "2", "": ""}


def recognises(table: Table, asked: Asked) -> bool:
    """Whether REDCap's own columns are there, or its checkboxes beside the state of a form."""
    names = [name.casefold() for name in table.names]
    if any(name.startswith("redcap_") for name in names) or any(map(_choice, table.names)):
        return True
    if any(key(name) == key("Complete?") for name in names):
        return True
    states = [
        position for position, name in enumerate(names) if name.endswith("_complete") and _is_state(table, position)
    ]
    return bool(states) and (names[0] == "record_id" or any(_BOX.fullmatch(name) for name in names) or len(states) > 1)


def shape(table: Table, asked: Asked) -> Table:
    """The answers; raises DataError with all faults."""
    headings = [_heading(position, name) for position, name in enumerate(table.names)]
    kept, notes = drop_personal(headings, lambda heading: key(heading.name) in PERSONAL, asked)
    export = Export("REDCap", table, kept, notes=(*notes, *_unfinished(table), *_several_rows(table)))
    return answers_of(export, asked.instruments)


def _heading(position: int, name: str) -> Heading:
    if key(name) in _OWN or name.casefold().endswith(("_complete", "_timestamp")):
        return Heading(position, name)
    choice = _choice(name)
    if choice is not None:
        return Heading(position, name, (), (bare(name),), ((bare(choice[0]), bare(choice[1])),))
    box = _BOX.fullmatch(name)
    if box is not None:  # a code below zero is written _9
        return Heading(position, name, (name,), (), ((box["name"], box["code"].replace("_", "-")),))
    return Heading(position, name, (name,), (bare(name),))


def _choice(name: str) -> tuple[str, str] | None:
    """Question and answer of a heading such as ``Channels (choice=Phone)``; None for any other."""
    stem, mark, choice = name.strip().partition("(choice=")
    return (stem, choice[:-1]) if mark and stem.strip() and len(choice) > 1 and choice.endswith(")") else None


def _is_state(table: Table, position: int) -> bool:
    column = table.columns[position]
    words = column.words if isinstance(column, Cells) else []
    return bool(words) and all(plain(digits(word)) in _STATE for word in words)


def _unfinished(table: Table) -> list[Note]:
    """How many rows have a form that is not marked complete; they are kept."""
    open_rows = [False] * len(table.rows)
    forms = 0
    for position, name in enumerate(table.names):
        if (name.casefold().endswith("_complete") or key(name) == key("Complete?")) and _is_state(table, position):
            forms += 1
            for place, cell in enumerate(cells_of(table, position)):
                open_rows[place] = open_rows[place] or _STATE.get(plain(digits(cell))) in ("0", "1")
    if not any(open_rows):
        return []
    what = "the form" if forms == 1 else f"one of {forms} forms"
    message = f"In {sum(open_rows)} of {len(table.rows)} rows {what} is not marked complete; they were kept."
    return [Note("RESPONSES_INCOMPLETE", message)]


def _several_rows(table: Table) -> list[Note]:
    """Events and repeated forms: a respondent may have several rows, and none of them is all of it."""
    found = []
    for position, name in enumerate(table.names):
        if key(name) in _EVENT:
            values = sorted({cell for cell in cells_of(table, position) if cell})
            if values:
                found.append(f"'{quoted(name)}' ({', '.join(quoted(value) for value in values[:5])})")
    if not found:
        return []
    message = f"The file has rows of {' and '.join(found)}: a respondent may have more than one row."
    return [Note("RESPONSES_SEVERAL_ROWS", message, "warning")]
