"""KoboToolbox and ODK, submissions as CSV or workbook: names with or without their groups, values or labels.

The answers of select_multiple stand in columns of their own (``question/answer``) beside the list in one cell. Left out
are columns that may say who somebody is, among them places.
"""

from __future__ import annotations

import re

from crmstudy.exchange.reading.entries import Heading, bare
from crmstudy.exchange.reading.export import Export, answers_of, drop_personal
from crmstudy.exchange.sources import Asked
from crmstudy.exchange.table import Table

_SIGNS = frozenset({
    "_uuid", "_submission_time", "_id", "_index", "_validation_status", "_submitted_by", "_xform_id_string",
})  # fmt: skip
_ODK = frozenset({
    "submissiondate", "key", "instanceid", "meta-instanceid", "meta/instanceid", "meta:instanceid", "submittername",
    "submitterid", "__id", "__system-submissiondate", "__version__", "formversion",
})  # fmt: skip
PERSONAL = frozenset({
    "_submitted_by", "username", "deviceid", "device_id", "phonenumber", "phone_number", "simserial", "sim_serial",
    "subscriberid", "subscriber_id", "email", "_geolocation", "submittername", "submitterid", "_attachments",
})  # fmt: skip
#: Columns the platform writes of itself, beside those that begin with an underscore.
_OWN = PERSONAL | _ODK | {"start", "end", "today", "reviewstate", "attachmentspresent", "attachmentsexpected", "status",
                          "deviceid", "edits", "audit"}  # fmt: skip
#: So many groups within groups are looked at, from the innermost.
_DEEPEST = 8
_PLACE = re.compile(r"_(?P<name>.+)_(latitude|longitude|altitude|precision)", re.IGNORECASE)
_ODK_PLACE = re.compile(r"(?P<name>.+)-(latitude|longitude|altitude|accuracy)", re.IGNORECASE)


def recognises(table: Table, asked: Asked) -> bool:
    """Whether the platform's own columns are there."""
    names = {name.casefold() for name in table.names}
    return len(names & _SIGNS) >= 2 or len(names & _ODK) >= 2


def shape(table: Table, asked: Asked) -> Table:
    """The answers; raises DataError with all faults."""
    odk = not any(name.casefold() in _SIGNS for name in table.names)
    places = _places(table.names)
    headings = [_heading(position, name, odk=odk) for position, name in enumerate(table.names)]
    kept, notes = drop_personal(
        headings, lambda heading: _last(heading.name, odk=odk).casefold() in PERSONAL or heading.name in places,
        asked,
    )  # fmt: skip
    platform = "ODK" if odk else "KoboToolbox"
    export = Export(platform, table, kept, separators=(" ", ", ", ";", ","), notes=tuple(notes))
    return answers_of(export, asked.instruments)


def _heading(position: int, name: str, *, odk: bool) -> Heading:
    """A column: a question under its groups, or one answer of a list."""
    said = bare(name)
    if said.startswith("_") or _last(said, odk=odk).casefold() in _OWN:
        return Heading(position, said)
    parts = _parts(said, odk=odk)
    codes = dict.fromkeys((said, "/".join(parts[1:]) or said, parts[-1]))
    texts = dict.fromkeys((said, *("/".join(parts[start:]) for start in range(1, len(parts)))))
    lists = [("/".join(parts[start:-1]), parts[-1]) for start in range(len(parts) - 1)]
    if len(parts) > 2:
        lists.append((parts[-2], parts[-1]))
    return Heading(position, parts[-1] if len(parts) > 1 else said, tuple(codes), tuple(texts), tuple(lists))


def _parts(name: str, *, odk: bool) -> list[str]:
    """A name without its groups: Kobo writes ``group/name``, ODK Central ``group-name``."""
    parts = [part.strip() for part in name.rsplit("/", _DEEPEST) if part.strip()]
    if odk and len(parts) == 1:
        parts = [part for part in name.rsplit("-", _DEEPEST) if part]
    return parts or [name]


def _last(name: str, *, odk: bool) -> str:
    return _parts(name, odk=odk)[-1]


def _places(names: list[str]) -> set[str]:
    """The columns of a question that asks for a place on the map, and the question itself."""
    found: set[str] = set()
    for name in names:
        place = _PLACE.fullmatch(name) or _ODK_PLACE.fullmatch(name)
        if place is not None:
            found |= {name, place["name"]} | {other for other in names if other.rsplit("/", 1)[-1] == place["name"]}
    return found
