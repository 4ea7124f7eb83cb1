"""What ``handover.json`` says, and everything that can be wrong with it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmstudy.errors import DataError, Fault
from crmstudy.handover.strict import MOST_FAULTS, key_faults, name_faults, read_json, shown
from crmstudy.instrument.model import Instrument

FORMAT = 1
HEAD, INSTRUMENTS, RECORDS = "handover.json", "instrument.json", "records.ndjson"
MODES = ("anonymous", "confidential", "identified")
LINKINGS = ("none", "self-made-code", "key-file")
#: Paradata of all modes, and those that would tell who somebody is.
COARSE = ("complete", "device", "duration")
FINE = ("started", "submitted", "seconds", "page_seconds", "order", "visits")
#: The smallest k there may be.
LEAST = {"anonymous": 5, "confidential": 3, "identified": 3}
_LARGEST = 2**20
_HEAD_KEYS = ("crmstudy_handover", "mode", "created", "k", "linking", "records", "instruments", "attributes", "files")
RESERVED = frozenset(("record", "language", "wave", "unit", "person", *COARSE, *FINE))
_SHA = re.compile(r"[0-9a-f]{64}")
_COLUMN = re.compile(r"[^\W\d]\w{0,63}")
_DATES = {"anonymous": "%Y-%m", "confidential": "%Y-%m-%d", "identified": "%Y-%m-%d"}


@dataclass(frozen=True, slots=True)
class Head:
    """What ``handover.json`` says, see the module; ``instruments`` are triples of id, version and fingerprint."""

    mode: str
    created: str
    k: int
    records: int
    instruments: tuple[tuple[str, str, str], ...]
    linking: str = "none"
    attributes: tuple[str, ...] = ()
    study: str = ""


def read_head(path: Path) -> tuple[Head, Mapping[str, Mapping[str, object]]]:
    """The head and the seals of the other files; raises DataError with every fault."""
    data = read_json(path, _LARGEST)
    if not isinstance(data, Mapping):
        raise DataError(Fault(f"the file holds an object in braces; found {shown(data)}.", path.name))
    version = data.get("crmstudy_handover")
    if version.__class__ is not int or version != FORMAT:
        message = f"crmstudy_handover must be {FORMAT}, the format this version reads; found {shown(version)}."
        raise DataError(Fault(message, path.name))
    wrong = key_faults(data, _HEAD_KEYS, ("study",), HEAD) or type_faults(data)
    if wrong:
        raise DataError([Fault(message, path.name) for message in wrong])
    marks = tuple((one["id"], one["version"], one["fingerprint"]) for one in data["instruments"])
    head = Head(data["mode"], data["created"], data["k"], data["records"], marks, data["linking"],
                tuple(data["attributes"]), data.get("study", ""))  # fmt: skip
    wrong = head_faults(head)
    if wrong:
        raise DataError([Fault(message, path.name) for message in wrong])
    return head, data["files"]


def type_faults(data: Mapping[str, Any]) -> list[str]:
    """Values of the head that are of another type than they should be."""
    wrong = [f"{key} is a text; found {shown(data[key])}." for key in ("mode", "created", "linking", "study")
             if not isinstance(data.get(key, ""), str)]  # fmt: skip
    wrong += [f"{key} is a whole number; found {shown(data[key])}." for key in ("k", "records")
              if data[key].__class__ is not int]  # fmt: skip
    names = data["attributes"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        wrong.append(f"attributes is a list of names; found {shown(names)}.")
    marks = data["instruments"]
    if not isinstance(marks, list) or not all(_are_texts(one, ("id", "version", "fingerprint")) for one in marks):
        wrong.append(f"instruments is a list of id, version and fingerprint; found {shown(marks)}.")
    files = data["files"]
    fine = isinstance(files, Mapping) and files.keys() == {INSTRUMENTS, RECORDS}
    if not fine or not all(_is_seal(seal) for seal in files.values()):
        wrong.append(f"files gives sha256 and bytes of {INSTRUMENTS} and {RECORDS}; found {shown(files)}.")
    return wrong


def _is_seal(seal: object) -> bool:
    return (
        isinstance(seal, Mapping)
        and seal.keys() == {"sha256", "bytes"}
        and isinstance(seal["sha256"], str)
        and bool(_SHA.fullmatch(seal["sha256"]))
        and seal["bytes"].__class__ is int
    )


def _are_texts(value: object, keys: tuple[str, ...]) -> bool:
    return isinstance(value, Mapping) and value.keys() == set(keys) and all(isinstance(value[key], str) for key in keys)


def head_faults(head: Head) -> list[str]:
    """What is wrong with a head whose values have the right types."""
    wrong = []
    if head.mode not in MODES:
        wrong.append(f"mode is one of {', '.join(MODES)}; found {shown(head.mode)}.")
    elif not _is_day(head.created, _DATES[head.mode]):
        what = "month such as 2026-11" if head.mode == "anonymous" else "day such as 2026-11-26"
        wrong.append(f"created is the {what} in a hand-over that is {head.mode}; found {shown(head.created)}.")
    if head.linking not in LINKINGS:
        wrong.append(f"linking is one of {', '.join(LINKINGS)}; found {shown(head.linking)}.")
    elif head.linking == "key-file" and head.mode == "anonymous":
        wrong.append("an anonymous hand-over has no key file; linking is none or self-made-code.")
    least = LEAST.get(head.mode, 3)
    if head.k < least:
        wrong.append(f"k is at least {least} in a hand-over that is {head.mode}; found {head.k}.")
    if not head.instruments:
        wrong.append("instruments is empty; answers belong to at least one.")
    for name in head.attributes[: 2 * MOST_FAULTS]:
        if not _COLUMN.fullmatch(name) or name in RESERVED:
            wrong.append(f"the attribute {shown(name)} is no name for a column; use letters, digits and _, and none of "
                         f"{', '.join(sorted(RESERVED))}.")  # fmt: skip
    if len(set(head.attributes)) < len(head.attributes):
        wrong.append(f"attributes names one of {shown(list(head.attributes))} twice.")
    if head.study:
        wrong += name_faults(head.study, "study")
    return wrong


def clashes(head: Head, instruments: Iterable[Instrument]) -> list[str]:
    """Names that mean two things in one table."""
    owner = dict.fromkeys(head.attributes, "an attribute")
    owner |= dict.fromkeys(RESERVED, "a name of the hand-over itself")
    wrong = []
    for instrument in instruments:
        names = [column for one in instrument.entries for column in getattr(one, "columns", (one.id,))]
        for name in names:
            if name in owner:
                wrong.append(f"'{name}' of '{instrument.id}' is also {owner[name]}; rename one.")
            owner[name] = f"a name of '{instrument.id}'"
    return wrong


def _is_day(text: str, pattern: str) -> bool:
    try:
        return dt.datetime.strptime(text, pattern).strftime(pattern) == text
    except ValueError:
        return False


def head_mapping(head: Head, records: int, files: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """The head as ``handover.json`` holds it."""
    return {
        "crmstudy_handover": FORMAT,
        **({"study": head.study} if head.study else {}),
        "mode": head.mode,
        "created": head.created,
        "k": head.k,
        "linking": head.linking,
        "records": records,
        "instruments": [{"id": id, "version": version, "fingerprint": mark} for id, version, mark in head.instruments],
        "attributes": list(head.attributes),
        "files": files,
    }
