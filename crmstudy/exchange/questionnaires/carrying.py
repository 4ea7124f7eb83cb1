"""What a file of another tool carries along: the whole instrument, where the tool does not look.

A workbook has sheets for it, which can be read and edited; other formats have a text of letters and digits, packed and
cut into pieces. Neither is taken at its word: the instrument is read from it with every check an instrument file gets.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crmstudy.errors import InstrumentError
from crmstudy.instrument.load import from_mapping
from crmstudy.instrument.model import Instrument
from crmstudy.instrument.writing import to_mapping

FORMAT = 1
#: How large an instrument may become when it is unpacked.
LARGEST = 32 * 2**20
#: The most a piece of packed text holds.
PIECE = 20_000
_CELL = 30_000
_DEEPEST = 60
_PIECE = re.compile(r"crmstudy:(\d{1,2}):(\d{1,4})/(\d{1,4}):([A-Za-z0-9+/=_-]*)")
#: The parts of an instrument that have a sheet of their own: lists, and mappings by id.
_LISTS = {"crm_items": "items", "crm_scales": "scales", "crm_scores": "higher_order", "crm_sections": "sections"}
_MAPPINGS = {"crm_responses": "responses", "crm_slots": "slots"}
_HEAD = "crm_instrument"
SHEETS = (_HEAD, *_LISTS, *_MAPPINGS)

Sheets = dict[str, list[list[str]]]


def carried(instrument: Instrument, languages: Iterable[str]) -> dict[str, Any]:
    """The instrument as plain values, with the languages the file shows and the names of its shared answer sets."""
    return {
        "crmstudy_carried": FORMAT,
        "languages": list(languages),
        "shared": {id: one.shared for id, one in instrument.responses.items() if one.shared},
        "instrument": to_mapping(instrument, self_contained=True),
    }


def instrument_of(held: Mapping[str, Any], file: str) -> Instrument:
    """The instrument that was carried along; raises InstrumentError when it is none any more."""
    instrument = from_mapping(held["instrument"], file)
    shared = held.get("shared")
    if not isinstance(shared, Mapping) or not shared:
        return instrument
    return _with_shared(instrument, {str(id): str(name) for id, name in shared.items()}, held["instrument"], file)


def _with_shared(
    instrument: Instrument, shared: Mapping[str, str], mapping: Mapping[str, Any], file: str
) -> Instrument:
    """The same with the library's answer sets by name, where the library still has them as they were carried."""
    named = {id: shared.get(id, answers) for id, answers in mapping["responses"].items()}
    try:
        found = from_mapping({**mapping, "responses": named}, file)
    except InstrumentError:
        return instrument
    plain = {id: replace(one, shared="") for id, one in found.responses.items()}
    changed = [id for id, one in plain.items() if one != replace(instrument.responses[id], shared="")]
    if not changed:
        return found
    return _with_shared(instrument, {id: n for id, n in shared.items() if id not in changed}, mapping, file)


def pack(held: Mapping[str, Any], piece: int = PIECE) -> list[str]:
    """The carried instrument as pieces of text without any sign that another program could stumble over."""
    plain = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
    packed = base64.b64encode(zlib.compress(plain.encode("utf-8"), 9)).decode("ascii")
    pieces = [packed[start : start + piece] for start in range(0, len(packed), piece)]
    return [f"crmstudy:{FORMAT}:{number}/{len(pieces)}:{text}" for number, text in enumerate(pieces, start=1)]


def unpack(texts: Iterable[str]) -> dict[str, Any] | None:
    """What texts carry; None when they carry nothing, or not all of it."""
    pieces: dict[int, str] = {}
    wanted = 0
    for text in texts:
        found = _PIECE.search(re.sub(r"\s+", "", text)) if "crmstudy:" in text else None
        if found and int(found[1]) == FORMAT:
            pieces.setdefault(int(found[2]), found[4])
            wanted = int(found[3])
    if not pieces or sorted(pieces) != list(range(1, wanted + 1)):
        return None
    try:
        raw = base64.b64decode("".join(pieces[number] for number in sorted(pieces)), validate=True)
        inflate = zlib.decompressobj()
        plain = inflate.decompress(raw, LARGEST)
        if inflate.unconsumed_tail:
            return None
        return _checked(json.loads(plain.decode("utf-8")))
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        return None


def to_sheets(held: Mapping[str, Any]) -> Sheets:
    """The carried instrument as sheets of text: one line an item, scale, score, section, answer set and slot."""
    mapping = held["instrument"]
    taken = {*_LISTS.values(), *_MAPPINGS.values()}
    head = {"crmstudy_carried": held["crmstudy_carried"], "languages_shown": held["languages"],
            "shared": held["shared"]}  # fmt: skip
    head |= {key: value for key, value in mapping.items() if key not in taken}
    sheets = {_HEAD: _rows([{"key": key, "value": value} for key, value in head.items()])}
    for sheet, part in _LISTS.items():
        if part in mapping:
            sheets[sheet] = _rows(mapping[part])
    for sheet, part in _MAPPINGS.items():
        if part in mapping:
            sheets[sheet] = _rows([{"id": id, **values} for id, values in mapping[part].items()])
    return sheets


def from_sheets(sheets: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, Any] | None:
    """What sheets carry; None where there are none of ours."""
    if _HEAD not in sheets:
        return None
    head = {str(row.get("key")): row.get("value") for row in _values(sheets[_HEAD])}
    version, languages, shared = (head.pop(key, None) for key in ("crmstudy_carried", "languages_shown", "shared"))
    mapping: dict[str, Any] = dict(head)
    for sheet, part in _LISTS.items():
        if sheet in sheets:
            mapping[part] = _values(sheets[sheet])
    for sheet, part in _MAPPINGS.items():
        if sheet in sheets:
            rows = _values(sheets[sheet])
            mapping[part] = {str(row.get("id")): {k: v for k, v in row.items() if k != "id"} for row in rows}
    return _checked({"crmstudy_carried": version, "languages": languages, "shared": shared, "instrument": mapping})


def _checked(held: Any) -> dict[str, Any] | None:
    """The carried values when they have the form they must have."""
    if not isinstance(held, dict) or held.get("crmstudy_carried") != FORMAT or _depth(held) > _DEEPEST:
        return None
    languages = held.get("languages")
    if not isinstance(languages, list) or not all(isinstance(tag, str) for tag in languages):
        return None
    return held if isinstance(held.get("instrument"), dict) else None


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(one) for one in inner), default=0)


def _rows(records: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Records as a sheet: a heading, then a line each; a cell that is too long goes on in columns of its own."""
    columns: dict[str, int] = {}
    for record in records:
        for key, value in record.items():
            columns[key] = max(columns.get(key, 1), -(-len(_cell(value)) // _CELL))
    heading = []
    for key, parts in columns.items():
        heading += [key, *(f"{key} ({part})" for part in range(2, parts + 1))]
    rows = [heading]
    for record in records:
        row = []
        for key, parts in columns.items():
            text = _cell(record[key]) if key in record else ""
            row += [text[part * _CELL : (part + 1) * _CELL] for part in range(parts)]
        rows.append(row)
    return rows


def _cell(value: Any) -> str:
    """A value as a cell: a text as it is unless it could be read as JSON, everything else as JSON."""
    if isinstance(value, str) and value and value == value.strip() and not _is_json(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _values(rows: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """A sheet as records; an empty cell says nothing."""
    if not rows:
        return []
    heading = [re.sub(r" \(\d+\)$", "", cell.strip()) for cell in rows[0]]
    records = []
    for row in rows[1:]:
        texts: dict[str, str] = {}
        for key, cell in zip(heading, row, strict=False):
            if key and cell != "":
                texts[key] = texts.get(key, "") + cell
        if texts:
            records.append({key: _value(text) for key, text in texts.items()})
    return records


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
